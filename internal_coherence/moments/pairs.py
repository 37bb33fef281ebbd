"""Counts, means and cross-products of incomplete data, pair by pair: what a covariance needs, and what can be added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROUNDING: Final = 1e-12
"""A sum of squares below this share of itself before centring is rounding, not variation."""
ROWS: Final = 2048
"""Rows that are summed at a time: a block of fifty items stays in the processor's cache."""
LARGEST_EXACT: Final = 90.0
"""Whole numbers up to this size have products that `ROWS` rows of single precision add without any rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMoments:
    """Moments of k variables, each pair over the rows that have both; arrays may have leading axes, one set each.

    Parameters
    ----------
    n : (..., k, k) array
        Rows that have both.
    centre : (k,) array
        Whole numbers near the means; kept apart, so that a mean of 10⁸ costs its deviations no digits.
    offset : (..., k, k) array
        Entry a, b is the mean of a, less its centre, over the rows that have a and b; 0 where there are none.
    cross : (..., k, k) array
        Sums of cross-products about those means.
    square : (..., k, k) array
        Entry a, b is the sum of squares of a, about its mean, over the rows that have a and b.
    """

    n: Array
    centre: Array
    offset: Array
    cross: Array
    square: Array

    @property
    def mean(self) -> Array:
        """Entry a, b is the mean of a over the rows that have a and b; NaN where there are none."""
        return np.where(self.n > 0, self.centre[:, None] + self.offset, np.nan)

    def merge(self, other: PairMoments) -> PairMoments:
        """Return the moments of both sets of rows together (Chan, Golub & LeVeque 1983).

        Parameters
        ----------
        other : PairMoments
            Of other rows of the same variables.

        Returns
        -------
        PairMoments
        """
        n = self.n + other.n
        share = other.n / np.maximum(n, 1)
        theirs = other.offset + (other.centre - self.centre)[:, None]
        apart = np.where((self.n > 0) & (other.n > 0), theirs - self.offset, 0.0)
        weight = self.n * share
        return PairMoments(
            n=n,
            centre=self.centre,
            offset=np.where(self.n > 0, self.offset + apart * share, np.where(other.n > 0, theirs, 0.0)),
            cross=self.cross + other.cross + weight * apart * np.swapaxes(apart, -1, -2),
            square=self.square + other.square + weight * apart**2,
        )

    def less(self, within: PairMoments) -> PairMoments:
        """Return what is left of the cross-products when those within schools are taken away.

        Parameters
        ----------
        within : PairMoments
            About the schools' own means, of the same rows.

        Returns
        -------
        PairMoments
        """
        cross, square = self.cross - within.cross, np.maximum(self.square - within.square, 0.0)
        return PairMoments(n=self.n, centre=self.centre, offset=self.offset, cross=cross, square=square)

    def at(self, place: tuple[NDArray[np.intp], ...]) -> PairMoments:
        """Return the moments of some of the variables.

        Parameters
        ----------
        place : tuple of arrays
            As ``numpy.ix_`` makes it.

        Returns
        -------
        PairMoments
        """
        chosen = {name: getattr(self, name)[place] for name in ("n", "offset", "cross", "square")}
        return PairMoments(centre=self.centre[place[0].ravel()], **chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSums:
    """Sums about a fixed point: linear in the rows, so they may be added and weighted.

    Parameters
    ----------
    n, sums, products, squares : (..., k, k) array
        Over the rows that have a and b: their number, the sum of a, of a·b, and of a².
    """

    n: Array
    sums: Array
    products: Array
    squares: Array

    def centred(self, about: Array) -> PairMoments:
        """Return the moments about the pairs' own means.

        Parameters
        ----------
        about : (k,) array
            The point that the sums are about.

        Returns
        -------
        PairMoments
        """
        mean = self.sums / np.maximum(self.n, 1)
        square = self.squares - self.sums * mean
        square[square <= ROUNDING * self.squares] = 0.0
        return PairMoments(
            n=self.n,
            centre=about,
            offset=mean,
            cross=self.products - self.sums * np.swapaxes(mean, -1, -2),
            square=square,
        )


def pair_moments(X: Array, *, listwise: bool = False) -> PairMoments:
    """Return the moments of each pair of columns over the rows that have both.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    listwise : bool
        Of the rows that have every column, instead.

    Returns
    -------
    PairMoments
    """
    k = X.shape[1]
    about = a_centre(X)
    total = np.zeros((4, k, k))
    work = np.empty((2 * k, ROWS))
    complete = True  # until a block is met that is not: its products tell, without a look at every answer
    for start in range(0, len(X), ROWS):
        Z = X[start : start + ROWS].T - about[:, None]
        block = _complete_sums(Z) if complete else _incomplete_sums(Z, work)
        if complete and np.isnan(block[2]).any():
            complete = listwise
            block = _complete_sums(Z[:, ~np.isnan(Z).any(axis=0)]) if listwise else _incomplete_sums(Z, work)
        total += block
    return PairSums(n=total[0], sums=total[1], products=total[2], squares=total[3]).centred(about)


def a_centre(X: Array) -> Array:
    """Return a whole number near the middle of each column: sums about it keep their digits.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.

    Returns
    -------
    (k,) array
        From rows spread over the whole table; 0 for a column without values.
    """
    sample = X[:: max(len(X) // ROWS, 1)]
    if np.isnan(sample).all(axis=0).any():
        sample = X
    present = ~np.isnan(sample)
    middle: Array = np.rint(np.where(present, sample, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1))
    return middle


def _complete_sums(Z: Array) -> Array:
    """Return n, sums, products and squares of one block of k × rows; NaN in the products if an answer is missing."""
    k, rows = Z.shape
    sums, products = np.tile((Z @ np.ones(rows))[:, None], k), Z @ Z.T
    return np.stack([np.full((k, k), float(rows)), sums, products, np.tile(np.diag(products)[:, None], k)])


def _incomplete_sums(Z: Array, work: Array) -> Array:
    """Return n, sums, products and squares of one block of k × rows, NaN missing; `work` is scratch space."""
    k, rows = Z.shape
    answered = Z == Z
    single = _exact_in_single(Z, answered)
    real, bits = (np.dtype(np.float32), np.int32) if single else (np.dtype(np.float64), np.int64)
    both: NDArray[np.floating] = work.view(real)[:, :rows]
    # A NaN's bits AND zeros are 0.0: three times as fast as a masked copy.
    np.bitwise_and(Z.astype(real, copy=False).view(bits), -answered.astype(bits), out=both[:k].view(bits))
    np.square(both[:k], out=both[k:])
    sums = both @ answered.astype(real).T
    counts = answered.astype(np.float32)
    return np.stack([counts @ counts.T, sums[:k], both[:k] @ both[:k].T, sums[k:]])


def _exact_in_single(Z: Array, answered: NDArray[np.bool_]) -> bool:
    """Say whether the block holds small whole numbers only, so that single precision adds its products exactly."""
    if np.fmax.reduce(Z, axis=None) > LARGEST_EXACT or np.fmin.reduce(Z, axis=None) < -LARGEST_EXACT:
        return False
    return bool(np.count_nonzero(np.rint(Z) == Z) == np.count_nonzero(answered))
