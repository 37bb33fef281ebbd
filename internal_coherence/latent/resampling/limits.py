"""Confidence limits from bootstrap draws: percentiles, bias-corrected and accelerated ones, and Student's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


def percentile(draws: Array, level: float) -> tuple[Array, Array]:
    """Return the limits between which the middle of the draws lies.

    Parameters
    ----------
    draws : (B, K) array
        Draws that failed are NaN.
    level : float

    Returns
    -------
    (K,) array, (K,) array
    """
    tail = (1 - level) / 2
    lower, upper = np.nanquantile(draws, [tail, 1 - tail], axis=0)
    return lower, upper


def accelerated(draws: Array, estimate: Array, acceleration: Array, level: float) -> tuple[Array, Array]:
    """Return Efron's (1987) bias-corrected and accelerated limits.

    Parameters
    ----------
    draws : (B, K) array
        Draws that failed are NaN.
    estimate : (K,) array
        From the sample itself.
    acceleration : (K,) array
        A sixth of the skewness of the units' influence on the estimate.
    level : float

    Returns
    -------
    (K,) array, (K,) array
        NaN where all draws lie on one side, and where the estimate does not vary.
    """
    n = np.isfinite(draws).sum(axis=0)
    below = (draws < estimate).sum(axis=0) + 0.5 * (draws == estimate).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z0 = ndtri(below / n)
        a = acceleration
        ends = []
        for tail in ((1 - level) / 2, (1 + level) / 2):
            z = z0 + ndtri(tail)
            ends.append(ndtr(z0 + z / (1 - a * z)))
    limits = np.full((2, draws.shape[1]), np.nan)
    for k in np.flatnonzero(np.isfinite(z0) & np.isfinite(a)):
        limits[:, k] = np.nanquantile(draws[:, k], [ends[0][k], ends[1][k]])
    return limits[0], limits[1]


def studentized(draws: Array, errors: Array, estimate: Array, error: Array, level: float) -> tuple[Array, Array]:
    """Return limits from the distribution of draws less the estimate, each in its own standard errors.

    Parameters
    ----------
    draws, errors : (B, K) array
        The draws and their standard errors; those that failed are NaN.
    estimate, error : (K,) array
        From the sample itself.
    level : float

    Returns
    -------
    (K,) array, (K,) array
    """
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(errors > 0, (draws - estimate) / errors, np.nan)
        t[:, ~(error > 0)] = 0.0
        low, high = np.nanquantile(t, [tail, 1 - tail], axis=0)
    return estimate - high * error, estimate - low * error
