"""Four signs of careless answering, each a number for every row: kernels of plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
ROWS: Final = 8192
"""Rows that are worked on at a time."""
SMALL_SYSTEMS: Final = 2_000_000
"""Numbers in a batch of the small systems of equations that rows with missing answers need."""
ROUNDING: Final = 1e-12
"""A sum of squares below this share of itself before centring is rounding, not variation."""
FEWEST_SCALES: Final = 3
"""Below this a correlation across scales is always 1 or −1."""


def longest_run(X: Array) -> Integers:
    """Return the longest run of identical answers in each row.

    Parameters
    ----------
    X : (n, k) array
        Answers in the order of the questionnaire. A missing answer ends a run and is none.

    Returns
    -------
    (n,) array of int
        0 for a row without answers.
    """
    run = (~np.isnan(X[:, 0])).astype(np.intp)
    longest = run.copy()
    for j in range(1, X.shape[1]):
        run *= X[:, j] == X[:, j - 1]
        run += ~np.isnan(X[:, j])
        np.maximum(longest, run, out=longest)
    return longest


def response_variability(X: Array) -> Array:
    """Return the standard deviation of each row's answers, divisor n − 1.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.

    Returns
    -------
    (n,) array
        NaN with fewer than two answers.
    """
    n = np.count_nonzero(~np.isnan(X), axis=1)
    mean = np.nansum(X, axis=1) / np.maximum(n, 1)
    square = np.nansum((X - mean[:, None]) ** 2, axis=1)
    variance: Array = np.divide(square, n - 1, out=np.full(len(X), np.nan), where=n > 1)
    return np.sqrt(variance)


def squared_distances(Z: Array, P: Array) -> Array:
    """Return each row's squared Mahalanobis distance over the items that it answers.

    Parameters
    ----------
    Z : (n, k) array
        Deviations from the items' means; NaN is missing.
    P : (k, k) array
        Inverse of the items' covariances.

    Returns
    -------
    (n,) array
        NaN for a row without answers.

    Notes
    -----
    With o the answered and m the missing items of a row, (S_oo)⁻¹ = P_oo − P_om (P_mm)⁻¹ P_mo. So with z set to 0 where
    it is missing, D² = z'Pz − (Pz)_m' (P_mm)⁻¹ (Pz)_m: no row needs a system larger than the number of its missing
    answers.
    """
    missing = np.isnan(Z)
    z = np.where(missing, 0.0, Z)
    w = z @ P
    D2: Array = np.einsum("ij,ij->i", z, w)
    count = missing.sum(axis=1)
    D2[count == Z.shape[1]] = np.nan
    for m in np.unique(count[(count > 0) & (count < Z.shape[1])]):
        rows = np.flatnonzero(count == m)
        for part in np.array_split(rows, -(-len(rows) * m * m // SMALL_SYSTEMS)):
            which = np.nonzero(missing[part])[1].reshape(len(part), m)
            P_mm = P[which[:, :, None], which[:, None, :]]
            w_m = np.take_along_axis(w[part], which, axis=1)
            D2[part] -= np.einsum("ij,ij->i", w_m, np.linalg.solve(P_mm, w_m[:, :, None])[:, :, 0])
    return D2


def half_means(X: Array, scales: Sequence[Sequence[int]]) -> tuple[Array, Array]:
    """Return each row's mean over the odd and over the even items of every scale.

    Parameters
    ----------
    X : (n, k) array
        Items coded in one direction; NaN is missing.
    scales : sequence of sequence of int
        The columns of each scale, in order.

    Returns
    -------
    odd, even : (n, S) array
        Over the answered items; NaN where none of a half is.
    """
    odd, even = np.empty((2, len(X), len(scales)))
    for half, first in ((odd, 0), (even, 1)):
        for s, columns in enumerate(scales):
            answers = X[:, list(columns)[first::2]]
            n = np.count_nonzero(~np.isnan(answers), axis=1)
            half[:, s] = np.divide(np.nansum(answers, axis=1), n, out=np.full(len(X), np.nan), where=n > 0)
    return odd, even


def consistency(odd: Array, even: Array) -> Array:
    """Return the correlation of two half scores across the scales of each row, stepped up to the whole scales.

    Parameters
    ----------
    odd, even : (n, S) array
        Half scores; NaN is missing.

    Returns
    -------
    (n,) array
        2r / (1 + r) (Spearman–Brown), not below −1. NaN with fewer than three scales, or halves that do not vary.
    """
    both = ~np.isnan(odd) & ~np.isnan(even)
    n = both.sum(axis=1)
    a, b = (_deviations(half, both, n) for half in (odd, even))
    aa, bb, ab = (np.einsum("ij,ij->i", x, y) for x, y in ((a, a), (b, b), (a, b)))
    raw = [np.where(both, half, 0.0) for half in (odd, even)]
    varies = (aa > ROUNDING * np.einsum("ij,ij->i", raw[0], raw[0])) & (
        bb > ROUNDING * np.einsum("ij,ij->i", raw[1], raw[1])
    )
    r = np.divide(ab, np.sqrt(aa * bb), out=np.full(len(odd), np.nan), where=varies & (n >= FEWEST_SCALES))
    r = np.clip(r, -1, 1)
    with np.errstate(divide="ignore"):
        stepped_up: Array = np.maximum(2 * r / (1 + r), -1.0)
    return stepped_up


def _deviations(half: Array, both: NDArray[np.bool_], n: Integers) -> Array:
    mean = np.where(both, half, 0.0).sum(axis=1) / np.maximum(n, 1)
    return np.where(both, half - mean[:, None], 0.0)
