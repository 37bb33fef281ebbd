"""What each item of a scale does: kernels of plain arrays."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.measurement.consistency.coefficients import squared_multiple_correlations

Array = NDArray[np.float64]
SkewType = Literal[1, 2, 3]


def shape(X: Array, kind: SkewType) -> tuple[Array, Array]:
    """Return the skew and the excess kurtosis of each column.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    kind : {1, 2, 3}
        Moments g₁ and g₂; G₁ and G₂, as SAS and SPSS give them; or b₁ and b₂, moments over powers of the standard
        deviation with divisor n − 1 (Joanes & Gill 1998).

    Returns
    -------
    skew, kurtosis : (k,) array
        NaN where a column does not vary or has too few answers.
    """
    n = np.count_nonzero(~np.isnan(X), axis=0).astype(np.float64)
    m2, m3, m4 = np.full((3, X.shape[1]), np.nan)
    for j in np.flatnonzero(n > 0):
        z = X[~np.isnan(X[:, j]), j]
        z = z - z.mean()
        square = z * z
        m2[j], m3[j], m4[j] = square.mean(), (square @ z) / n[j], (square @ square) / n[j]
    with np.errstate(divide="ignore", invalid="ignore"):
        g1, g2 = m3 / m2**1.5, m4 / m2**2 - 3
        if kind == 2:
            g1, g2 = g1 * np.sqrt(n * (n - 1)) / (n - 2), ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
        elif kind == 3:
            g1, g2 = g1 * (1 - 1 / n) ** 1.5, (g2 + 3) * (1 - 1 / n) ** 2 - 3
    return np.where(np.isfinite(g1), g1, np.nan), np.where(np.isfinite(g2), g2, np.nan)


def item_mean_correlation(X: Array) -> Array:
    """Return each item's correlation with the mean of a teacher's answered items, the item itself among them.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.

    Returns
    -------
    (k,) array
        Each over the teachers who answered the item.
    """
    answered = ~np.isnan(X)
    mean = np.where(answered, X, 0.0).sum(axis=1) / np.maximum(answered.sum(axis=1), 1)
    r = np.full(X.shape[1], np.nan)
    for j in range(X.shape[1]):
        x, m = X[answered[:, j], j], mean[answered[:, j]]
        x, m = (values - values.mean() if len(values) else values for values in (x, m))
        if (spread := (x @ x) * (m @ m)) > 0:
            r[j] = (x @ m) / np.sqrt(spread)
    return r


def item_total_correlation(cov: Array) -> Array:
    """Return each item's correlation with the sum of all items, itself among them.

    Parameters
    ----------
    cov : (k, k) array
        Covariances of the items; with their correlations, the items count by standard deviations.

    Returns
    -------
    (k,) array
    """
    return _over(cov.sum(axis=1), np.diag(cov) * cov.sum())


def item_rest_correlation(cov: Array) -> Array:
    """Return each item's correlation with the sum of the other items.

    Parameters
    ----------
    cov : (k, k) array

    Returns
    -------
    (k,) array
    """
    total, variance = cov.sum(axis=1), np.diag(cov)
    return _over(total - variance, variance * (cov.sum() - 2 * total + variance))


def corrected_item_total_correlation(R: Array) -> Array:
    """Return each item's correlation with the scale, its own variance replaced by what it shares with the others.

    Parameters
    ----------
    R : (k, k) array
        Correlations of the items.

    Returns
    -------
    (k,) array
        Row sums over the root of the sum of R, with the squared multiple correlations on the diagonal. NaN where R has
        no inverse.

    Notes
    -----
    Cureton (1966): the item–total correlation freed of the item's overlap with the total.
    """
    common = R.copy()
    np.fill_diagonal(common, squared_multiple_correlations(R))
    return _over(common.sum(axis=1), np.full(len(R), common.sum()))


def _over(cross: Array, squares: Array) -> Array:
    """Return cross-products over the root of squares, NaN where those are not above 0."""
    root = np.sqrt(np.where(squares > 0, squares, np.nan))
    ratio: Array = cross / root
    return ratio
