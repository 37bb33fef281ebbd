"""Distributions and shares in guarded form: sparse bars joined, extreme shares coded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.intp]


def pooled_bins(counts: Counts, min_cell: int) -> list[tuple[int, int, int]]:
    """Join sparse bars of a distribution with their neighbours towards the middle, until each is empty or large enough.

    Parameters
    ----------
    counts : (m,) array of int
        Teachers in each bar, in order.
    min_cell : int
        The fewest that a bar may show.

    Returns
    -------
    list of (first, last, count)
        The joined bars, by position. Empty if fewer than two are left with anyone in them: teachers who all answered
        alike are told apart by nothing, so each one's answer would be known.

    Examples
    --------
    >>> import numpy as np
    >>> pooled_bins(np.array([0, 1, 4, 9, 2]), min_cell=3)
    [(0, 0, 0), (1, 2, 5), (3, 4, 11)]
    """
    middle = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    bins = [(k, k, int(count)) for k, count in enumerate(counts)]
    while len(bins) > 1 and (sparse := [k for k, bar in enumerate(bins) if 0 < bar[2] < min_cell]):
        k = max(sparse, key=lambda k: max(bins[k][0] - middle, middle - bins[k][1]))  # from the outside inwards
        inwards = k + 1 if bins[k][1] < middle or k == 0 else k - 1
        one, other = sorted((bins[k], bins[inwards]))
        bins[min(k, inwards) : max(k, inwards) + 1] = [(one[0], other[1], one[2] + other[2])]
    return bins if sum(count > 0 for *_, count in bins) > 1 else []


def coded_share(count: int, n: int, min_cell: int) -> tuple[float, str]:
    """Return a share of teachers, top and bottom coded so that it does not single out a few.

    Parameters
    ----------
    count, n : int
        Teachers in question, and all.
    min_cell : int
        The fewest that either part may show.

    Returns
    -------
    share : float
    bound : {"", "at most", "at least"}
        What the share is a bound for, where it was coded.
    """
    if count < min_cell:
        return min_cell / n, "at most"
    if n - count < min_cell:
        return (n - min_cell) / n, "at least"
    return count / n, ""
