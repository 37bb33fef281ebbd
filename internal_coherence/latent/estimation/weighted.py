"""Weighted least squares: ADF (WLS), its diagonal (DWLS). Only for as many items as their moments' covariances allow.

With s the different covariances and σ what the model says of them, F = ½ (s − σ)'V(s − σ) [+ ½ d'S⁻¹d], V the inverse of the
covariances Γ of the s, which come from fourth moments (Browne 1984), or of its diagonal alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.estimation.scoring import Point
from internal_coherence.latent.model.derivatives import columns
from internal_coherence.latent.model.ram import Ram, implied, inverse
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import Sample, shares, told_by_covariates

Array = NDArray[np.float64]


def products_of_rows(sample: Sample) -> Array:
    """Return every row's products of two deviations from the mean, in the order of the lower triangle of S.

    Where covariates are fixed to the data, less the products of what these tell of the row.

    Parameters
    ----------
    sample : Sample
        With complete rows.

    Returns
    -------
    (n, p(p + 1)/2) array
    """
    if sample.X is None:
        raise ModelError("this needs the answers themselves, not only their moments")
    Z = sample.X - sample.mean
    i, j = triangle(sample.p)
    products: Array = Z[:, i] * Z[:, j]
    told = told_by_covariates(sample, Z)
    return products if told is None else products - told[:, i] * told[:, j]


def gamma(sample: Sample) -> Array:
    """Return Γ, n times the covariances of the different entries of S, from fourth moments (divisor n).

    Parameters
    ----------
    sample : Sample
        With complete rows.

    Returns
    -------
    (p(p + 1)/2, p(p + 1)/2) array
    """
    P = products_of_rows(sample)
    P -= P.mean(axis=0)
    fourth: Array = P.T @ P / len(P)
    return fourth


def enough_rows(sample: Sample) -> Array:
    """Return Γ of a sample that has rows enough for it to be inverted.

    Parameters
    ----------
    sample : Sample
        With complete rows.

    Returns
    -------
    (p*, p*) array

    Raises
    ------
    ModelError
        If there are no more rows than moments.
    """
    moments = sample.p * (sample.p + 1) // 2
    if sample.X is not None and len(sample.X) <= moments:
        raise ModelError(
            f"estimator='WLS' weighs {moments} variances and covariances by their own covariances, which {len(sample.X)} rows"
            " can't tell; 'DWLS' and 'MLR' need fewer"
        )
    return gamma(sample)


def inverse_of_free(G: Array, sample: Sample) -> Array:
    """Return the inverse of covariances of moments; 0 for those among covariates that are fixed to the data.

    Parameters
    ----------
    G : (p*, p*) array
        Γ.
    sample : Sample
        Which covariates are fixed.

    Returns
    -------
    (p*, p*) array
    """
    i, j = triangle(sample.p)
    free = np.flatnonzero(~(np.isin(i, sample.exogenous) & np.isin(j, sample.exogenous)))
    V = np.zeros_like(G)
    V[free[:, None], free] = inverse(G[free[:, None], free])
    return V


def normal_theory_weight(W: Array) -> Array:
    """Return Γ⁻¹ of the different covariances under normal answers.

    Parameters
    ----------
    W : (p, p) array
        The inverse of their covariances, as implied or as observed.

    Returns
    -------
    (p(p + 1)/2, p(p + 1)/2) array
    """
    i, j = triangle(len(W))
    halves = np.where(i == j, 0.5, 1.0)
    products = W[i[:, None], i] * W[j[:, None], j] + W[i[:, None], j] * W[j[:, None], i]
    weight: Array = products * halves[:, None] * halves
    return weight


@dataclass(frozen=True)
class WeightedLeastSquares:
    """The discrepancy of a model of one or several groups.

    Parameters
    ----------
    rams : sequence of Ram
        The model, group by group.
    samples : sequence of Sample
        The data.
    weights : sequence of (p*, p*) array
        V of every group.
    n_parameters : int
        Over all groups.
    """

    rams: Sequence[Ram]
    samples: Sequence[Sample]
    weights: Sequence[Array]
    n_parameters: int

    @property
    def unit(self) -> float:
        """1: the discrepancy has no unit."""
        return 1.0

    def hessian(self, theta: Array) -> Array | None:
        """Return None: steps by the expected curvature cost less."""

    def value(self, theta: Array) -> float:
        """Return the discrepancy."""
        try:
            return self.point(theta).value
        except np.linalg.LinAlgError:
            return float("inf")

    def point(self, theta: Array) -> Point:
        """Return the discrepancy, its gradient and curvature."""
        q = self.n_parameters
        total, gradient, curvature = 0.0, np.zeros(q), np.zeros((q, q))
        for ram, sample, V, share in zip(self.rams, self.samples, self.weights, shares(self.samples), strict=True):
            at = implied(ram, theta)
            c, own = columns(at, ram.free), ram.free.parameter
            J, e = c.jacobian(), (sample.cov - at.sigma)[triangle(sample.p)]
            VJ = V @ J
            total += share * 0.5 * float(e @ V @ e)
            gradient[own] -= share * (VJ.T @ e)
            curvature[np.ix_(own, own)] += share * (J.T @ VJ)
            if len(ram.free.m_row):
                W, d = inverse(sample.cov), sample.mean - at.mu
                total += share * 0.5 * float(d @ W @ d)
                gradient[own] -= share * (c.M.T @ W @ d)
                curvature[np.ix_(own, own)] += share * (c.M.T @ W @ c.M)
        return Point(value=total, gradient=gradient, expected=lambda: curvature)
