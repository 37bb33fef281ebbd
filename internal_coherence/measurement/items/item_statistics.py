"""What each item of a scale does: kernels of plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.measurement.consistency.coefficients import squared_multiple_correlations

Array = NDArray[np.float64]
SkewType = Literal[1, 2, 3]
MOST_CATEGORIES: Final = 20
"""With more different answers than this, their shares are not laid out one by one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """Central moments of the answers to each of k items.

    Parameters
    ----------
    n, mean : (k,) array
        Answers, and their mean; NaN where there are none.
    m2, m3, m4 : (k,) array
        Mean second, third and fourth powers about it.
    """

    n: Array
    mean: Array
    m2: Array
    m3: Array
    m4: Array

    @property
    def sd(self) -> Array:
        """Standard deviations, divisor n − 1."""
        return np.sqrt(self.m2 * self.n / np.where(self.n > 1, self.n - 1, np.nan))


def code_counts(X: Array, low: float, high: float) -> Array | None:
    """Count how often each whole number was answered to each item.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    low, high : float
        Between which the answers lie.

    Returns
    -------
    (k, c) array, or None
        Counts of low, low + 1, …, high; None if there are too many of them, or other answers between them.
    """
    if not (low == np.rint(low) and 0 <= high - low < MOST_CATEGORIES):
        return None
    codes = np.arange(low, high + 1)
    counts, answered = np.empty((X.shape[1], len(codes))), np.empty(X.shape[1])
    for j in range(X.shape[1]):
        x = np.ascontiguousarray(X[:, j])
        counts[j], answered[j] = [np.count_nonzero(x == code) for code in codes], np.count_nonzero(x == x)
    return counts if (counts.sum(axis=1) == answered).all() else None


def distribution_of_codes(counts: Array, low: float) -> Distribution:
    """Return the central moments of answers that were counted.

    Parameters
    ----------
    counts : (k, c) array
        Of the codes low, low + 1, …
    low : float
        The first code.

    Returns
    -------
    Distribution
    """
    codes, n = low + np.arange(counts.shape[1]), counts.sum(axis=1)
    share = counts / np.where(n > 0, n, np.nan)[:, None]
    mean = share @ codes
    z = codes - mean[:, None]
    m2, m3, m4 = ((share * z**power).sum(axis=1) for power in (2, 3, 4))
    return Distribution(n=n, mean=mean, m2=m2, m3=m3, m4=m4)


def distribution_of_numbers(X: Array) -> Distribution:
    """Return the central moments of answers of any kind.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.

    Returns
    -------
    Distribution
    """
    n = np.array([np.count_nonzero(x == x) for x in X.T], dtype=np.float64)
    mean, m2, m3, m4 = np.full((4, X.shape[1]), np.nan)
    for j in np.flatnonzero(n > 0):
        x = X[X[:, j] == X[:, j], j]
        mean[j] = x.mean()
        z = x - mean[j]
        square = z * z
        m2[j], m3[j], m4[j] = square.mean(), (square @ z) / n[j], (square @ square) / n[j]
    return Distribution(n=n, mean=mean, m2=m2, m3=m3, m4=m4)


def shape(d: Distribution, kind: SkewType) -> tuple[Array, Array]:
    """Return the skew and the excess kurtosis of each item.

    Parameters
    ----------
    d : Distribution
        Of the answers.
    kind : {1, 2, 3}
        Moments g₁ and g₂; G₁ and G₂, as SAS and SPSS give them; or b₁ and b₂, moments over powers of the standard
        deviation with divisor n − 1 (Joanes & Gill 1998).

    Returns
    -------
    skew, kurtosis : (k,) array
        NaN where an item does not vary or has too few answers.
    """
    n = d.n
    with np.errstate(divide="ignore", invalid="ignore"):
        g1, g2 = d.m3 / d.m2**1.5, d.m4 / d.m2**2 - 3
        if kind == 2:
            g1, g2 = g1 * np.sqrt(n * (n - 1)) / (n - 2), ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
        elif kind == 3:
            g1, g2 = g1 * (1 - 1 / n) ** 1.5, (g2 + 3) * (1 - 1 / n) ** 2 - 3
    return np.where(np.isfinite(g1), g1, np.nan), np.where(np.isfinite(g2), g2, np.nan)


def item_score_correlation(X: Array, score: Array) -> Array:
    """Return each item's correlation with the scale score, the item itself being part of it.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    score : (n,) array
        The mean of the items that a teacher answered; NaN for one who answered none.

    Returns
    -------
    (k,) array
        Each over the teachers who answered the item.
    """
    r = np.full(X.shape[1], np.nan)
    for j in range(X.shape[1]):
        x = np.ascontiguousarray(X[:, j])
        answered = x == x
        x, m = x[answered], score[answered]
        if len(x) > 1:
            x, m = x - x.mean(), m - m.mean()
            spread = (x @ x) * (m @ m)
            r[j] = x @ m / np.sqrt(spread) if spread > 0 else np.nan
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
