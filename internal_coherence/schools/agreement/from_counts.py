"""Spread from the counts of each answer: of groups drawn at random, and of schools that answered in whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
MOST_ANSWERS: Final = 32
"""Different answers that are counted; of more, sorting is faster."""


def few_whole_numbers(X: Array) -> bool:
    """Return whether answers are whole numbers of at most 32 sizes, so that they can be counted.

    Parameters
    ----------
    X : (n, k) array
        Answers, without NaN.

    Returns
    -------
    bool
    """
    return bool(X.size and X.max() - X.min() < MOST_ANSWERS and (np.rint(X) == X).all())


def answer_counts(X: Array, codes: Integers, n_schools: int) -> Iterator[Array]:
    """Yield for each item how often each answer was given in each school.

    Parameters
    ----------
    X : (n, k) array
        Answers, a few whole numbers.
    codes : (n,) array of int
        Each teacher's school.
    n_schools : int
        Schools, J.

    Yields
    ------
    (J, 1, A) array
        From the lowest answer to the highest.
    """
    low, A = X.min(), int(X.max() - X.min()) + 1
    for x in X.T:
        cell = codes * A + (x - low).astype(np.intp)
        yield np.bincount(cell, minlength=n_schools * A).reshape(n_schools, 1, A).astype(np.float64)


def mean_item_variance(counts: Array, n: int) -> Array:
    """Return the mean over the items of the variance of each drawn group.

    Parameters
    ----------
    counts : (B, k, A) array
        Of each answer.
    n : int
        Teachers, 2 or more.

    Returns
    -------
    (B,) array
    """
    answer = np.arange(counts.shape[2]) - counts.shape[2] // 2  # whole numbers: the sums are exact
    squares, sums = counts @ answer.astype(np.float64) ** 2, counts @ answer.astype(np.float64)
    variance: Array = ((squares - sums**2 / n) / (n - 1)).mean(axis=1)
    return variance


def mean_deviation(counts: Array, n: int) -> Array:
    """Return AD_M of each drawn group.

    Parameters
    ----------
    counts : (B, k, A) array
        Of each answer.
    n : int
        Teachers.

    Returns
    -------
    (B,) array
    """
    answer = np.arange(counts.shape[2], dtype=np.float64)
    centre = counts @ answer / n
    total = sum(counts[:, :, a] * np.abs(a - centre) for a in range(counts.shape[2]))
    deviation: Array = np.asarray(total).mean(axis=1) / n
    return deviation


def median_deviation(counts: Array, size: int | Integers) -> Array:
    """Return AD_Md of each group.

    Parameters
    ----------
    counts : (B, k, A) array
        Of each answer.
    size : int or (B,) array of int
        Teachers of all groups, or of each.

    Returns
    -------
    (B,) array
        NaN for a group without teachers.
    """
    n = np.reshape(np.asarray(size, dtype=np.float64), (-1, 1))
    # Any value between the two middle answers is as near to all as the median, so the lower one will do.
    below, centre = np.zeros(counts.shape[:2]), np.zeros(counts.shape[:2])
    for a in range(counts.shape[2]):
        below += counts[:, :, a]
        centre += below < n / 2
    total = sum(counts[:, :, a] * np.abs(a - centre) for a in range(counts.shape[2]))
    deviation: Array = np.asarray(total).mean(axis=1) / np.where(n > 0, n, np.nan)[:, 0]
    return deviation
