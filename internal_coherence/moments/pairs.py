"""Counts, means and cross-products of incomplete data, pair by pair: what a covariance needs, and what can be added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DIGITS: Final = 4 * float(np.finfo(np.float64).eps)
"""Answers that differ by less than this share of their size differ by rounding."""
ROUNDING: Final = 1e-12
"""A sum of squares below this share of itself before centring is rounding, not variation."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairMoments:
    """Moments of k variables, each pair over the rows that have both; arrays may have leading axes, one set each.

    Parameters
    ----------
    n : (..., k, k) array
        Rows that have both.
    centre : (k,) array
        Numbers near the means, whole where they come from answers; kept apart, so that a mean of 10⁸ costs its
        deviations no digits. NaN where the means are not known.
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

    def __post_init__(self) -> None:
        for part in (self.n, self.centre, self.offset, self.cross, self.square):
            part.flags.writeable = False

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
        left = _without_noise(self.cross - within.cross, self.square - within.square, ROUNDING * self.square)
        return PairMoments(n=self.n, centre=self.centre, offset=self.offset, **left)

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
        with np.errstate(invalid="ignore"):  # infinite answers are refused by whoever knows their names
            square = self.squares - self.sums * mean
            cross = self.products - self.sums * np.swapaxes(mean, -1, -2)
            size = np.where(self.n > 0, np.abs(about[:, None] + mean), 0.0)
            noise = np.maximum(ROUNDING * self.squares, self.n * (DIGITS * size) ** 2)
        return PairMoments(n=self.n, centre=about, offset=mean, **_without_noise(cross, square, noise))


def _without_noise(cross: Array, square: Array, noise: Array) -> dict[str, Array]:
    """Return the sums with 0 where a variable's variation is no more than rounding."""
    still = square <= noise  # of infinite answers neither is a number, and both stay
    return {
        "cross": np.where(still | np.swapaxes(still, -1, -2), 0.0, cross),
        "square": np.where(still, 0.0, square),
    }
