"""How many teachers, their mean, and their sum of squares, by school: all that one variable's variance needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.grouping import Groups

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
ROWS: Final = 2**20
"""Teachers that are looked at together: more would only take more memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolSpread:
    """Sufficient statistics of q variables in J schools, each from the teachers who have it.

    Parameters
    ----------
    labels : tuple of str
        Schools.
    size, mean, sum_of_squares : (J, q) array
        Teachers; their mean, 0 where there is nobody; their sum of squares about it.
    """

    labels: tuple[str, ...]
    size: Array
    mean: Array
    sum_of_squares: Array

    def columns(self, place: Sequence[int]) -> SchoolSpread:
        """Return the statistics of some of the variables.

        Parameters
        ----------
        place : sequence of int
            Which.

        Returns
        -------
        SchoolSpread
        """
        at = np.array(place, dtype=np.intp)
        return replace(self, size=self.size[:, at], mean=self.mean[:, at], sum_of_squares=self.sum_of_squares[:, at])

    def schools(self, kept: NDArray[np.bool_]) -> SchoolSpread:
        """Return the statistics of some of the schools.

        Parameters
        ----------
        kept : (J,) array of bool
            Which.

        Returns
        -------
        SchoolSpread
        """
        return SchoolSpread(
            labels=tuple(label for label, keep in zip(self.labels, kept, strict=True) if keep),
            size=self.size[kept],
            mean=self.mean[kept],
            sum_of_squares=self.sum_of_squares[kept],
        )

    def where(self, known: NDArray[np.bool_]) -> SchoolSpread:
        """Return the statistics as if nobody had answered elsewhere.

        Parameters
        ----------
        known : (J, q) array of bool
            Which to keep.

        Returns
        -------
        SchoolSpread
        """
        return replace(self, size=self.size * known, mean=self.mean * known, sum_of_squares=self.sum_of_squares * known)

    def merge(self, other: SchoolSpread) -> SchoolSpread:
        """Return the statistics of both sets of teachers together.

        Parameters
        ----------
        other : SchoolSpread
            Of other teachers in the same schools.

        Returns
        -------
        SchoolSpread
        """
        size = self.size + other.size
        share, apart = other.size / np.maximum(size, 1), other.mean - self.mean
        return SchoolSpread(
            labels=self.labels,
            size=size,
            mean=self.mean + apart * share,
            sum_of_squares=self.sum_of_squares + other.sum_of_squares + self.size * share * apart**2,
        )


def school_spread(X: Array, groups: Groups) -> SchoolSpread:
    """Return each school's count, mean and sum of squares of each column, in one pass.

    Parameters
    ----------
    X : (n, q) array
        NaN is missing.
    groups : Groups
        Of the n rows.

    Returns
    -------
    SchoolSpread
    """
    parts = (_spread(X[start : start + ROWS], groups, groups.codes[start : start + ROWS]) for start in _starts(len(X)))
    whole = next(parts)
    for part in parts:
        whole = whole.merge(part)
    return whole


def _starts(n: int) -> range:
    return range(0, max(n, 1), ROWS)


def _spread(X: Array, groups: Groups, codes: Integers) -> SchoolSpread:
    J = groups.n_schools
    everyone = np.bincount(codes, minlength=J).astype(np.float64)
    columns = [_of_column(x, codes, everyone) for x in X.T]
    size, mean, squares = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
    return SchoolSpread(labels=groups.labels, size=size, mean=mean, sum_of_squares=squares)


def _of_column(x: Array, codes: Integers, everyone: Array) -> tuple[Array, Array, Array]:
    J, size = len(everyone), everyone
    present = ~np.isnan(x)
    if not present.all():
        x, codes = x[present], codes[present]
        size = np.bincount(codes, minlength=J).astype(np.float64)
    centre = x.mean() if len(x) else 0.0
    z = x - centre
    apart: Array = np.bincount(codes, z, J) / np.maximum(size, 1)
    z -= apart[codes]
    z *= z
    squares: Array = np.asarray(np.bincount(codes, z, J), dtype=np.float64)
    mean: Array = np.where(size > 0, centre + apart, 0.0)
    return size, mean, squares
