"""A user's items as numbers: checked once, at the door."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ResponseError, listing
from internal_coherence.moments.grouping import Groups, group
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

    @property
    def complete(self) -> NDArray[np.bool_]:
        """The rows that answered every item."""
        return np.logical_not(np.isnan(self.X).any(axis=1))

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
        If the items are not a table of finite numbers with a name each, or the rows of items and schools differ.
    """
    if isinstance(data, Responses):
        if school is not None:
            raise ResponseError(f"{what}: these responses know their schools; leave school= out")
        wave = data.one_wave(what)
        data, school = wave.items, wave.school
    frame = _frame(data, what)
    names = tuple(str(name) for name in frame.columns)
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ResponseError(f"{what}: several columns are called {listing(repeated)}")
    if isinstance(school, pd.Series) and isinstance(data, pd.DataFrame) and not frame.index.equals(school.index):
        raise ResponseError(f"{what}: items and school have different indexes, so their rows may not belong together")
    X = _numbers(frame)
    if infinite := [name for name, x in zip(names, X.T, strict=True) if np.isinf(x).any()]:
        raise ResponseError(f"{what}: infinite values in {listing(infinite)}")
    groups = None if school is None else group(school, len(X))
    return ItemTable(X=X, names=names, index=frame.index, groups=groups)


def _frame(data: pd.DataFrame | ArrayLike, what: str) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        frame = data
    else:
        array = np.asarray(data)
        if array.ndim != 2:
            raise ResponseError(f"{what}: items are a table, teachers × items; got {array.ndim} dimension(s)")
        frame = pd.DataFrame(array, columns=[f"item {k + 1}" for k in range(array.shape[1])])
    wrong = [str(name) for name, kind in frame.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if wrong:
        raise ResponseError(f"{what}: items must be numbers; these columns are not: {listing(wrong)}")
    return frame


def _numbers(frame: pd.DataFrame) -> Array:
    if all(kind == np.float64 for kind in frame.dtypes):
        return frame.to_numpy()  # the frame's own memory: no copy
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)
