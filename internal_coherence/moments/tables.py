"""A user's items as numbers: checked once, at the door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError, ResponseError, closest, listing
from internal_coherence.moments.grouping import Groups, group
from internal_coherence.moments.one_pass import BLOCK
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Items = pd.DataFrame | ArrayLike | Responses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemTable:
    """Answers to some items, as numbers.

    Parameters
    ----------
    X : (n, k) array
        Rows are teachers, NaN is missing.
    names : tuple of str
        Of the k items.
    index : Index
        Of the rows, as they were given.
    groups : Groups or None
        The teachers' schools, where they are known.
    scale : str
        The scale's key where the items are one of a survey's, else empty; for messages.
    """

    X: Array
    names: tuple[str, ...]
    index: pd.Index
    groups: Groups | None = None
    scale: str = ""

    @property
    def where(self) -> str:
        """How a message begins: ``"scale 'trust': "``, or nothing."""
        return f"scale {self.scale!r}: " if self.scale else ""

    def select(self, items: Sequence[str], scale: str) -> ItemTable:
        """Return the table of some of the items.

        Parameters
        ----------
        items : sequence of str
            Their names.
        scale : str
            The scale that they make, for messages.

        Returns
        -------
        ItemTable

        Raises
        ------
        ModelError
            For a name that is not there.
        """
        for item in items:
            if str(item) not in self.names:
                raise ModelError(f"scale {scale!r}: no item {str(item)!r}{closest(item, self.names)}")
        place = [self.names.index(str(item)) for item in items]
        return replace(self, X=self.X[:, place], names=tuple(str(item) for item in items), scale=scale)

    def infinite(self) -> list[str]:
        """Return the items that hold an infinite value."""
        return [name for name, x in zip(self.names, self.X.T, strict=True) if np.isinf(x).any()]

    @property
    def complete(self) -> NDArray[np.bool_]:
        """The rows that answered every item."""
        return np.logical_not(np.isnan(self.X).any(axis=1))

    def row_totals(self) -> tuple[NDArray[np.intp], Array]:
        """Return how many items each teacher answered, and their sum.

        Returns
        -------
        (n,) array of int
        (n,) array
        """
        counts, sums = np.empty(len(self.X), dtype=np.intp), np.empty(len(self.X))
        for rows in blocks(self.X):
            present = self.X[rows] == self.X[rows]
            counts[rows] = np.count_nonzero(present, axis=1)
            sums[rows] = np.where(present, self.X[rows], 0.0).sum(axis=1)
        return counts, sums

    def listwise(self) -> ItemTable:
        """Return the table of the rows that answered every item.

        Returns
        -------
        ItemTable
        """
        keep = self.complete
        if keep.all():
            return self
        groups = None if self.groups is None else self.groups.keeping(keep)
        return replace(self, X=self.X[keep], index=self.index[keep], groups=groups)


def item_table(data: Items, what: str, *, school: ArrayLike | pd.Series | None = None) -> ItemTable:
    """Return a user's items as numbers.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, or Responses
        `Responses` of one wave give all their items, and their schools.
    what : str
        The statistic asked for, for messages.
    school : (n,) array or Series, optional
        Each row's school.

    Returns
    -------
    ItemTable

    Raises
    ------
    ResponseError
        If the items are not a table of numbers with a name each, or the rows of items and schools differ.
    """
    if isinstance(data, Responses):
        if school is not None:
            raise ResponseError(f"{what}: these responses know their schools; leave school= out")
        wave = data.one_wave(what)
        data, school = wave.items, wave.school
    X, names = _of_frame(data, what) if isinstance(data, pd.DataFrame) else _of_array(data, what)
    index = data.index if isinstance(data, pd.DataFrame) else pd.RangeIndex(len(X))
    if not names:
        raise ResponseError(f"{what}: there are no items")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ResponseError(f"{what}: several columns are called {listing(repeated)}")
    if isinstance(school, pd.Series) and isinstance(data, pd.DataFrame) and not index.equals(school.index):
        raise ResponseError(f"{what}: items and school have different indexes, so their rows may not belong together")
    groups = None if school is None else group(school, len(X))
    return ItemTable(X=X, names=names, index=index, groups=groups)


def _of_frame(frame: pd.DataFrame, what: str) -> tuple[Array, tuple[str, ...]]:
    wrong = [str(name) for name, kind in frame.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if wrong:
        raise ResponseError(f"{what}: items must be numbers; these columns are not: {listing(wrong)}")
    names = tuple(str(name) for name in frame.columns)
    if all(kind == np.float64 for kind in frame.dtypes):
        return frame.to_numpy(), names  # the frame's own memory: no copy
    return frame.to_numpy(dtype=np.float64, na_value=np.nan), names


def _of_array(data: ArrayLike, what: str) -> tuple[Array, tuple[str, ...]]:
    array = np.asarray(data)
    if array.ndim != 2:
        got = f"{array.ndim} dimension(s)" if array.ndim else f"{type(data).__name__}"
        raise ResponseError(f"{what}: items are a table, teachers × items; got {got}")
    if array.dtype.kind not in "fiub":
        raise ResponseError(f"{what}: items must be numbers; these are {array.dtype}")
    return array.astype(np.float64, copy=False), tuple(f"item {k + 1}" for k in range(array.shape[1]))


def blocks(X: Array) -> Iterator[slice]:
    """Yield the rows of a table in blocks that stay in the processor's cache.

    Parameters
    ----------
    X : (n, k) array

    Yields
    ------
    slice
    """
    size = max(BLOCK // max(X.shape[1], 1), 64)
    yield from (slice(start, start + size) for start in range(0, len(X), size))
