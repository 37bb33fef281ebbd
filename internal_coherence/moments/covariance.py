"""Covariances of incomplete data, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROUNDING: Final = 1e-12
"""A sum of squares below this share of itself before centring is rounding, not variation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairwiseCovariance:
    """Covariances from the rows that answered both of a pair.

    Parameters
    ----------
    n : (k, k) array
        Rows that answered both.
    cov : (k, k) array
        Divisor n − 1; NaN where fewer than two rows answered both.
    cor : (k, k) array
        Correlations, each with the standard deviations of the rows that answered both, so that it lies in −1 to 1;
        NaN where one of the pair does not vary.
    """

    n: Array
    cov: Array
    cor: Array


def pairwise_covariance(X: Array) -> PairwiseCovariance:
    """Return the covariance of each pair of columns over the rows that have both.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.

    Returns
    -------
    PairwiseCovariance

    Notes
    -----
    ``cov(X, use = "pairwise.complete.obs")`` and ``cor`` of the same use in R: a pair's means and standard deviations,
    too, are over the rows that have both. So ``cor`` is not ``cov2cor`` of ``cov`` where answers are missing.
    """
    M = ~np.isnan(X)
    centre = np.where(M, X, 0.0).sum(axis=0) / np.maximum(M.sum(axis=0), 1)
    Z = np.where(M, X - centre, 0.0)
    F = M.astype(np.float64)
    n = F.T @ F
    sums = Z.T @ F
    with np.errstate(invalid="ignore", divide="ignore"):
        cross = Z.T @ Z - sums * sums.T / n
        squares = (Z**2).T @ F - sums**2 / n
        squares[squares <= ROUNDING * ((Z**2).T @ F)] = np.nan
        cov = cross / (n - 1)
        cor = cross / np.sqrt(squares * squares.T)
    cov[n < 2] = cor[n < 2] = np.nan
    return PairwiseCovariance(n=n, cov=cov, cor=cor)
