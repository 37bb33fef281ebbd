"""The formulas of agreement, school by school: functions of plain arrays, in the papers' symbols."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from internal_coherence.schools.agreement.from_counts import answer_counts, few_whole_numbers, median_deviation

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


def rwg_from_variance(variance: Array, null_variance: float) -> Array:
    """Return r_WG = 1 − s²/σ² of one item (James, Demaree & Wolf 1984).

    Parameters
    ----------
    variance : array
        Within a school, divisor n − 1.
    null_variance : float
        σ², of answering at random; a larger observed variance is set to it, which gives 0.

    Returns
    -------
    array
    """
    return 1 - np.minimum(variance, null_variance) / null_variance


def rwg_j_from_variance(variance: Array, k: int, null_variance: float) -> Array:
    """Return r_WG(J) = J (1 − s̄²/σ²) / (J (1 − s̄²/σ²) + s̄²/σ²) of J items (James, Demaree & Wolf 1984).

    Parameters
    ----------
    variance : array
        s̄², the mean over the items of the variance within a school.
    k : int
        Items, the paper's J.
    null_variance : float
        σ², of answering at random; a larger observed variance is set to it, which gives 0.

    Returns
    -------
    array
    """
    noise = np.minimum(variance, null_variance) / null_variance
    values: Array = k * (1 - noise) / (k * (1 - noise) + noise)
    return values


def rwg_lindell_from_variance(variance: Array, null_variance: float) -> Array:
    """Return r*_WG(J) = 1 − s̄²/σ², which does not grow with the number of items and may be negative.

    Parameters
    ----------
    variance : array
        s̄², the mean over the items of the variance within a school.
    null_variance : float
        σ², of answering at random.

    Returns
    -------
    array
        Lindell, Brandt & Whitney (1999).
    """
    return 1 - variance / null_variance


def awg_from_moments(mean: Array, variance: Array, size: Array, low: float, high: float) -> Array:
    """Return a_WG = 1 − 2 s² / {[(H + L) M − M² − HL] · k/(k − 1)}: spread against the most that this mean allows.

    Parameters
    ----------
    mean, variance : (J, q) array
        M and s² (divisor k − 1) of q items in J schools.
    size : (J, 1) array
        Teachers, the paper's k.
    low, high : float
        L and H, the ends of the scale.

    Returns
    -------
    (J, q) array
        1 where the mean is the end of the scale; else NaN where it is so near to one that k teachers could not disagree
        to the full: below (L (k − 1) + H)/k or above (H (k − 1) + L)/k. Brown & Hauenstein (2005).
    """
    hair = 1e-9 * (high - low)
    at_end = (mean <= low + hair) | (mean >= high - hair)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = (low * (size - 1) + high) / size - hair
        interpretable = (mean >= apart) & (mean <= low + high - apart)
        most = ((high + low) * mean - mean**2 - high * low) * size / (size - 1)
        values = 1 - 2 * variance / most
    return np.where(size < 2, np.nan, np.where(at_end, 1.0, np.where(interpretable, values, np.nan)))


def deviation_from_mean(X: Array, codes: Integers, size: Integers) -> Array:
    """Return AD_M: the mean distance of answers from their school's mean, averaged over the items.

    Parameters
    ----------
    X : (n, k) array
        Answers, without NaN.
    codes : (n,) array of int
        Each teacher's school.
    size : (J,) array of int
        Teachers by school.

    Returns
    -------
    (J,) array
        NaN for a school without teachers. Burke, Finkelstein & Dusig (1999).
    """
    n = np.where(size > 0, size, np.nan)
    total = np.zeros(len(size))
    for x in X.T:
        z = x - x.mean() if len(x) else x
        z = z - (np.bincount(codes, z, len(size)) / np.maximum(size, 1))[codes]
        total += np.bincount(codes, np.abs(z), len(size))
    deviation: Array = total / n / X.shape[1]
    return deviation


def deviation_from_median(X: Array, codes: Integers, size: Integers) -> Array:
    """Return AD_Md: the mean distance of answers from their school's median, averaged over the items.

    Parameters
    ----------
    X : (n, k) array
        Answers, without NaN.
    codes : (n,) array of int
        Each teacher's school.
    size : (J,) array of int
        Teachers by school.

    Returns
    -------
    (J,) array
        NaN for a school without teachers.

    Notes
    -----
    Whole numbers are counted. Else Σ|x − Md| is the sum of a school's upper half of answers less that of its lower half,
    so the median itself is not needed. Burke, Finkelstein & Dusig (1999).
    """
    if few_whole_numbers(X):
        counted = [median_deviation(counts, size) for counts in answer_counts(X, codes, len(size))]
        return np.asarray(np.mean(counted, axis=0), dtype=np.float64)
    n = np.where(size > 0, size, np.nan)
    # Rows sorted by school keep their places for every item: only the answers move, within their school.
    own = np.repeat(np.arange(len(size)), size)
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(size) - size, size)
    half = np.repeat(size // 2, size)
    sign = (rank >= np.repeat(size, size) - half).astype(np.float64) - (rank < half)
    total = np.zeros(len(size))
    for x in X.T:
        z = x - x.mean() if len(x) else x
        total += np.bincount(own, sign * z[np.lexsort((z, codes))], len(size))
    deviation: Array = total / n / X.shape[1]
    return deviation
