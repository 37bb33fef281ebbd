"""The classical coefficients of a sum of items, as functions of a covariance matrix alone.

Every function takes covariances C of k items, or their correlations for the standardised coefficient, and works on
stacks of matrices too: a leading axis gives one coefficient a matrix, NaN where the sum of the items does not vary.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def total_variance(C: Array) -> Array:
    """Return the variance of the sum of the items, 1'C1; NaN where it is not positive.

    Parameters
    ----------
    C : (..., k, k) array

    Returns
    -------
    (...) array
    """
    total = C.sum(axis=(-2, -1))
    return np.where(total > 0, total, np.nan)


def item_variances(C: Array) -> Array:
    """Return the variances of the items.

    Parameters
    ----------
    C : (..., k, k) array

    Returns
    -------
    (..., k) array
    """
    return np.diagonal(C, axis1=-2, axis2=-1)


def coefficient_alpha(C: Array) -> Array:
    """Return Cronbach's alpha, which is Guttman's λ3: k/(k−1) (1 − tr C / 1'C1).

    Parameters
    ----------
    C : (..., k, k) array

    Returns
    -------
    (...) array
    """
    k = C.shape[-1]
    alpha: Array = k / (k - 1) * (1 - item_variances(C).sum(axis=-1) / total_variance(C))
    return alpha


def average_off_diagonal(C: Array) -> Array:
    """Return the mean of the entries off the diagonal: the average correlation, where C holds correlations.

    Parameters
    ----------
    C : (..., k, k) array

    Returns
    -------
    (...) array
    """
    k = C.shape[-1]
    mean: Array = (C.sum(axis=(-2, -1)) - item_variances(C).sum(axis=-1)) / (k * (k - 1))
    return mean


def median_off_diagonal(C: Array) -> Array:
    """Return the median of the entries below the diagonal.

    Parameters
    ----------
    C : (..., k, k) array

    Returns
    -------
    (...) array
    """
    rows, columns = np.tril_indices(C.shape[-1], -1)
    return np.median(C[..., rows, columns], axis=-1)


def signal_to_noise(R: Array) -> Array:
    """Return k r̄ / (1 − r̄), the true against the error variance of the sum of standardised items.

    Parameters
    ----------
    R : (..., k, k) array
        Correlations.

    Returns
    -------
    (...) array
    """
    r = average_off_diagonal(R)
    with np.errstate(divide="ignore"):
        ratio: Array = R.shape[-1] * r / (1 - r)
    return ratio


def squared_multiple_correlations(R: Array) -> Array:
    """Return how much of each item the other items explain: 1 − 1/(R⁻¹)ᵢᵢ.

    Parameters
    ----------
    R : (k, k) array
        Correlations.

    Returns
    -------
    (k,) array
        NaN if R can't be inverted.
    """
    if not np.isfinite(R).all() or np.linalg.cond(R) > 1e13:
        return np.full(len(R), np.nan)
    smc: Array = 1 - 1 / np.diag(np.linalg.inv(R))
    return smc


def lambda_6(C: Array) -> float:
    """Return Guttman's λ6: 1 − Σ eᵢ²/1'C1, with eᵢ² the part of item i that the others do not explain.

    Parameters
    ----------
    C : (k, k) array

    Returns
    -------
    float
        NaN if C can't be inverted.
    """
    variances = np.diag(C)
    if not (variances > 0).all():
        return float("nan")
    R = C / np.sqrt(np.outer(variances, variances))
    return float(1 - (variances * (1 - squared_multiple_correlations(R))).sum() / total_variance(C))


def dropping_each(C: Array) -> Array:
    """Return the matrices of the items that are left when each in turn is dropped.

    Parameters
    ----------
    C : (k, k) array

    Returns
    -------
    (k, k − 1, k − 1) array
    """
    k = len(C)
    kept = np.array([[j for j in range(k) if j != i] for i in range(k)])
    left: Array = C[kept[:, :, None], kept[:, None, :]]
    return left


def alpha_if_dropped(C: Array) -> Array:
    """Return alpha of the items that are left when each in turn is dropped.

    Parameters
    ----------
    C : (k, k) array

    Returns
    -------
    (k,) array
        NaN with two items: one is no scale.
    """
    return np.full(len(C), np.nan) if len(C) < 3 else coefficient_alpha(dropping_each(C))


def alpha_variance_normal(C: Array) -> Array:
    """Return n times the sampling variance of alpha for independent rows of a normal distribution.

    van Zyl, Neudecker & Nel (2000); Duhachek & Iacobucci (2004):
    2k²/((k−1)² t³) [t (tr C² + tr² C) − 2 tr C · 1'C²1] with t = 1'C1.

    Parameters
    ----------
    C : (..., k, k) array

    Returns
    -------
    (...) array
    """
    k = C.shape[-1]
    t, trace = total_variance(C), item_variances(C).sum(axis=-1)
    rows = C.sum(axis=-1)
    inner = t * ((C**2).sum(axis=(-2, -1)) + trace**2) - 2 * trace * (rows**2).sum(axis=-1)
    variance: Array = 2 * k**2 / ((k - 1) ** 2 * t**3) * inner
    return variance


def alpha_influence(Z: Array, C: Array) -> Array:
    """Return how much each row moves alpha: k/(k−1) (tr C · yᵢ²/t² − qᵢ/t), y its sum and q its sum of squares.

    The gradient of alpha in the covariances, times the row's cross-products; their mean is zero. Maydeu-Olivares,
    Coffman & Hartmann (2007).

    Parameters
    ----------
    Z : (n, k) array
        Complete rows, about their means.
    C : (k, k) array
        Their covariances.

    Returns
    -------
    (n,) array
    """
    k, t = len(C), total_variance(C)
    influence: Array = k / (k - 1) * (np.trace(C) * Z.sum(axis=1) ** 2 / t**2 - (Z**2).sum(axis=1) / t)
    return influence
