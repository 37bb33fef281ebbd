"""Totals over the groups that are shown, which tell nothing but what these tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.schools.disclosure.reasons import COMPLEMENTARY
from internal_coherence.schools.disclosure.released import ALL, Released


class Shown(tuple[str, ...]):
    """The values that a total over what is shown takes in."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"all {len(self)} shown"


def total_rows(released: Released, rows: pd.DataFrame, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which rows of a table are totals over others of it.

    Parameters
    ----------
    released : Released
        For the keys.
    rows : DataFrame
        The table's, of `Released`.
    frame : DataFrame
        The table.

    Returns
    -------
    (m,) array of bool
        Rows that say ``"all"`` in a column of the table.
    """
    own = [c for c, column in enumerate(released.columns) if column in frame]
    is_total = np.array([any(key[c] is None for c in own) for key in released.keys], dtype=bool)
    total: NDArray[np.bool_] = is_total[rows["key"].to_numpy(dtype=np.intp)]
    return total


def over_what_is_shown(safe: pd.DataFrame, released: Released, rows: pd.DataFrame) -> pd.DataFrame:
    """Compute a table's totals anew, over its shown groups.

    Parameters
    ----------
    safe : DataFrame
        The table without what is withheld.
    released : Released
        For the keys.
    rows : DataFrame
        The table's, of `Released`.

    Returns
    -------
    DataFrame
        A total's ``"all"`` becomes the tuple of those it is over; a total over several columns of which some groups are
        withheld is left out, since its groups are no rectangle.
    """
    total = total_rows(released, rows, safe)
    if not total.any():
        return safe
    own = [c for c, column in enumerate(released.columns) if column in safe]
    keys = [released.keys[k] for k in rows["key"]]
    scale = rows["scale"].to_numpy()
    members = _Members(keys, scale, total, own)
    n, mean = safe["n"].to_numpy(dtype=float, copy=True), safe["mean"].to_numpy(dtype=float, copy=True)
    everyone = released.n[rows["key"], scale]
    shown = ~np.isnan(mean) & ~total
    why = safe["withheld"].to_numpy(dtype=object, copy=True)
    labels = {c: safe[released.columns[c]].to_numpy(dtype=object, copy=True) for c in own}
    left_out: list[int] = []
    for i in np.flatnonzero(total).tolist():
        inside = members.of(i)
        parts = inside[shown[inside]]
        over = [c for c in own if keys[i][c] is None]
        whole = len(parts) == len(inside) and everyone[i] == n[parts].sum()
        mean[i] = np.nan
        if len(over) > 1 and not whole:
            left_out.append(i)
            continue
        if len(parts) == 0:
            why[i] = why[i] or COMPLEMENTARY
            continue
        n[i], why[i] = n[parts].sum(), ""
        mean[i] = float(n[parts] @ mean[parts] / n[i])
        if not whole:
            labels[over[0]][i] = Shown(v for j in parts for v in sorted(keys[j][over[0]] or (ALL,)))
    safe = safe.assign(n=n, mean=mean, withheld=why)
    for c in own:
        safe[released.columns[c]] = pd.Series(labels[c], index=safe.index, dtype=object)
    return safe.drop(index=safe.index[left_out])


class _Members:
    """Which rows of a table each of its totals is over."""

    def __init__(self, keys: list[Any], scale: Any, total: NDArray[np.bool_], own: list[int]) -> None:
        self.keys, self.scale, self.own = keys, scale, own
        self.parts = np.flatnonzero(~total).tolist()
        self.places: dict[tuple[int, ...], dict[Any, list[int]]] = {}

    def of(self, i: int) -> NDArray[np.intp]:
        key = self.keys[i]
        given = tuple(c for c in self.own if key[c] is not None)
        if any(len(key[c]) > 1 for c in given):  # of joined values: their parts may stand alone
            rows = [j for j in self.parts if self.scale[j] == self.scale[i] and _within(self.keys[j], key, given)]
            return np.array(rows, dtype=np.intp)
        if given not in self.places:
            place: dict[Any, list[int]] = {}
            for j in self.parts:
                place.setdefault((self.scale[j], *(self.keys[j][c] for c in given)), []).append(j)
            self.places[given] = place
        return np.array(self.places[given].get((self.scale[i], *(key[c] for c in given)), []), dtype=np.intp)


def _within(key: Any, whole: Any, given: tuple[int, ...]) -> bool:
    return all(key[c] is not None and key[c] <= whole[c] for c in given)
