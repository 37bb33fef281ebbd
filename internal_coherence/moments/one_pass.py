"""One walk through a table of answers, block by block, for all that moments need.

A block is small enough to stay in the processor's cache, and a complete one takes nothing but a product with itself.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.pairs import PairMoments, PairSums

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Floats = NDArray[np.floating]
Walked = tuple[Array, Array]
ONE_AT_A_TIME: Final = Lock()
"""Limits that two callers set in turns would be lifted in the wrong order, and stay."""
PART: Final = 2_500_000
"""Answers that one processor walks through at a time."""
BLOCK: Final = 150_000
"""Answers that are summed at a time: so many stay in the processor's cache."""
FEW: Final = 20
"""Fewer items than this are too few for more than one processor, and for a BLAS's symmetric product."""
EXACT: Final = 2**24
"""Up to this size single precision holds every whole number."""
BEYOND_SINGLE: Final = 2**29 - 1
"""The bits of a double that single precision has no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreMoments:
    """Moments of the scale score, the mean of the items that a teacher answered.

    Parameters
    ----------
    n, n_complete : int
        Teachers who answered any item, and every item.
    mean : float
        Of their scores.
    square : float
        Sum of squares about it.
    """

    n: int
    n_complete: int
    mean: float
    square: float

    @property
    def sd(self) -> float:
        """Standard deviation, divisor n − 1; NaN with fewer than two teachers."""
        return float(np.sqrt(max(self.square, 0.0) / (self.n - 1))) if self.n > 1 else float("nan")

    def merge(self, other: ScoreMoments) -> ScoreMoments:
        """Return the moments of both sets of teachers together.

        Parameters
        ----------
        other : ScoreMoments
            Of other teachers.

        Returns
        -------
        ScoreMoments
        """
        n = self.n + other.n
        share, apart = other.n / max(n, 1), other.mean - self.mean
        return ScoreMoments(
            n=n,
            n_complete=self.n_complete + other.n_complete,
            mean=self.mean + apart * share if self.n and other.n else self.mean if self.n else other.mean,
            square=self.square + other.square + (self.n * share * apart**2 if self.n and other.n else 0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableMoments:
    """What one walk through a table of answers finds: `pairs` of items, and teachers' `scores`."""

    pairs: PairMoments
    scores: ScoreMoments


def table_moments(X: Array, *, listwise: bool = False) -> TableMoments:
    """Return the moments of each pair of columns over the rows that have both, and those of the rows' means.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    listwise : bool
        Of the rows that have every column, instead.

    Returns
    -------
    TableMoments
    """
    k, about = X.shape[1], a_centre(X)
    base = np.rint(about.mean())
    size = max(PART // k, 1)
    walk = partial(_walk, about=about, base=base, listwise=listwise)
    parts = [X[start : start + size] for start in range(0, len(X), size)]
    sums, scores = np.zeros((4, k, k)), np.zeros(4)
    for of_pairs, of_scores in map(walk, parts) if len(parts) < 2 else _side_by_side(walk, parts, k):
        sums += of_pairs
        scores += of_scores
    pairs = PairSums(n=sums[0], sums=sums[1], products=sums[2], squares=sums[3]).centred(about)
    n, n_complete, first, second = scores.tolist()
    mean = first / n if n else 0.0
    found = ScoreMoments(n=int(n), n_complete=int(n_complete), mean=float(base + mean), square=second - first * mean)
    return TableMoments(pairs=pairs, scores=found)


def _side_by_side(walk: Callable[[Array], Walked], parts: list[Array], k: int) -> Iterator[Walked]:
    """Walk through the parts, on all processors where it pays, and yield what was found in their order.

    Each walk multiplies small blocks, for which the threads of a BLAS cost more than they bring; they rest meanwhile.
    """
    from threadpoolctl import threadpool_limits

    with ONE_AT_A_TIME, threadpool_limits(1, user_api="blas"):
        if k < FEW:
            yield from map(walk, parts)
            return
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from pool.map(walk, parts)


@dataclass(frozen=True, slots=True)
class _Scratch:
    """Memory that one block after another is worked in: asking for it anew would cost as much as the work."""

    z: Array
    missing: Mask
    keep: NDArray[np.int64]
    stacked: Array

    @classmethod
    def of(cls, k: int, rows: int) -> _Scratch:
        return cls(
            np.empty((k, rows)),
            np.empty((k, rows), dtype=np.bool_),
            np.empty((k, rows), dtype=np.int64),
            np.empty((3 * k, rows)),
        )


def _walk(X: Array, *, about: Array, base: float, listwise: bool) -> Walked:
    """Return the sums over some rows, block by block."""
    k = X.shape[1]
    sums, scores, apart = np.zeros((4, k, k)), np.zeros(4), about - base
    rows = max(BLOCK // k, 64)
    scratch = _Scratch.of(k, rows)
    complete = True  # until a block is met that is not: its products tell, without a look at every answer
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range(0, len(X), rows):
            part = X[start : start + rows].T
            Z = np.subtract(part, about[:, None], out=scratch.z[:, : part.shape[1]])
            block = _complete_sums(Z, apart) if complete else _incomplete_sums(Z, apart, scratch)
            if complete and np.isnan(block[0][2]).any():
                complete = listwise
                full = ~np.isnan(Z).any(axis=0)
                block = _complete_sums(Z[:, full], apart) if listwise else _incomplete_sums(Z, apart, scratch)
            sums += block[0]
            scores += block[1]
    return sums, scores


def pair_moments(X: Array) -> PairMoments:
    """Return the moments of each pair of columns over the rows that have both.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.

    Returns
    -------
    PairMoments
    """
    return table_moments(X).pairs


def a_centre(X: Array) -> Array:
    """Return a number near the middle of each column, a whole one for codes: sums about it keep their digits.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.

    Returns
    -------
    (k,) array
        From rows spread over the whole table; 0 for a column without values.
    """
    sample = X[:: max(len(X) // 2048, 1)]
    if np.isnan(sample).all(axis=0).any():
        sample = X
    present = ~np.isnan(sample)
    known = np.where(present, sample, 0.0)
    middle = known.sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    whole = (np.rint(known) == known).all(axis=0)
    centre: Array = np.where(whole, np.rint(middle), middle)
    return np.where(np.isfinite(centre), centre, 0.0)  # an infinite one would make everything NaN


def _complete_sums(Z: Array, apart: Array) -> Walked:
    """Return a block's sums, and those of its rows' means; NaN in the products if an answer is missing.

    The block is k × rows, about the centre. The sums are n, sums, products and squares of pairs; of the rows, how
    many have any and every answer, the sum of their means and of its square, about the base from which the centres are
    `apart`.
    """
    k, rows = Z.shape
    sums, products = Z @ np.ones(rows), _product(Z, Z)
    ones = np.ones((k, k))
    of_pairs = np.stack([ones * rows, sums[:, None] * ones, products, np.diag(products)[:, None] * ones])
    first, second, far = sums.sum() / k, products.sum() / k**2, apart.mean()
    return of_pairs, np.array([rows, rows, first + far * rows, second + far * (2 * first + far * rows)])


def _incomplete_sums(Z: Array, apart: Array, scratch: _Scratch) -> Walked:
    """Return the same of a block in which NaN is missing; in single precision where that adds exactly."""
    missing = np.not_equal(Z, Z, out=scratch.missing[:, : Z.shape[1]])
    if _single_holds(Z, apart):
        masked = _masked(Z, missing, scratch, np.dtype(np.float32))
        found = _masked_sums(*masked, apart)
        z, _, squares = masked
        # Whole numbers whose squares stay below the limit have no sum, nor a part of one, beyond it.
        if found[0][3].max() < EXACT and np.array_equal(np.rint(z, out=squares), z):
            return found
    return _masked_sums(*_masked(Z, missing, scratch, np.dtype(np.float64)), apart)


def _single_holds(Z: Array, apart: Array) -> bool:
    """Say whether single precision holds every number of a block, and the centres' distances are small and whole."""
    far = float(np.abs(apart).max()) + math.sqrt(EXACT)
    low = int(np.bitwise_or.reduce(Z.view(np.int64), axis=None)) & BEYOND_SINGLE
    return low == 0 and far * len(Z) <= EXACT and np.array_equal(np.rint(apart), apart)


def _masked(Z: Array, missing: Mask, scratch: _Scratch, real: np.dtype[Any]) -> tuple[Floats, Floats, Floats]:
    """Return the answers, 0 where missing; 1 where there is one; and the squares."""
    k, rows = Z.shape
    both: Floats = scratch.stacked.view(real)[:, :rows]
    z, m, squares = both[:k], both[k : 2 * k], both[2 * k :]
    bits = np.dtype(f"i{real.itemsize}")
    # A NaN's bits AND zeros are 0.0: faster than any masked copy.
    keep = scratch.keep.view(bits)[:, :rows]
    np.subtract(missing, 1, out=keep, dtype=bits)
    z[:] = Z
    np.bitwise_and(z.view(bits), keep, out=z.view(bits))
    np.logical_not(missing, out=m, casting="unsafe")
    np.square(z, out=squares)
    return z, m, squares


def _masked_sums(z: Floats, m: Floats, squares: Floats, apart: Array) -> Walked:
    k = len(z)
    ones = np.ones(k, dtype=z.dtype)
    counts = (ones @ m).astype(np.float64)
    totals = (ones @ z + apart.astype(z.dtype) @ m).astype(np.float64)
    means = totals / np.maximum(counts, 1)  # 0 for a row without answers
    of_rows = [np.count_nonzero(counts), np.count_nonzero(counts == k), means.sum(), means @ means]
    of_pairs = np.stack([_product(m, m), _product(z, m), _product(z, z), _product(squares, m)])
    return of_pairs.astype(np.float64), np.array(of_rows, dtype=np.float64)


def _product(A: Floats, B: Floats) -> Floats:
    """Return AB'; of few rows in two halves: a BLAS is fast at small products and slow where it sees A in B."""
    half = len(A) // 2
    return np.concatenate([A[:half] @ B.T, A[half:] @ B.T]) if len(A) < FEW else A @ B.T
