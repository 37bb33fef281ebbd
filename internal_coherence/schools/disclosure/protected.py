"""Whom the tables must protect: what is withheld, and what is left when one shown group is taken from another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from internal_coherence.schools.disclosure.editions import EDITION
from internal_coherence.schools.disclosure.relations import Groups
from internal_coherence.schools.disclosure.released import Key, Released

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
SLACK = 1e-6
Kind = Literal["withheld", "withheld for others", "small group", "difference"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Protected:
    """A group whose mean must not be told.

    Parameters
    ----------
    cell : str
        Who they are, in words.
    scale : int
        Position of the scale.
    table : int
        The table that lists it, −1 if none does.
    key : int
        The published group, −1 if it is none.
    members : array of int
        The smallest groups that it consists of, by position among those of its scale.
    unknowns : array of int
        The same, by position among those of all scales.
    n : float
        Teachers; NaN if nobody says.
    kind : {"withheld", "withheld for others", "small group", "difference"}
        Why it is looked at.
    """

    cell: str
    scale: int
    table: int
    key: int
    members: Integers
    unknowns: Integers
    n: float
    kind: Kind

    @property
    def mark(self) -> str:
        """A name for the group and why it is looked at, within its scale."""
        return f"{self.kind == 'withheld for others'} {self.members.tolist()}"


def in_words(columns: tuple[str, ...], key: Key | tuple[str, ...]) -> str:
    """Return who is meant, for instance ``school Elm, role Teacher``.

    Parameters
    ----------
    columns : tuple of str
        The classifying columns.
    key : Key, or tuple of str
        Their values.

    Returns
    -------
    str
    """
    parts = []
    for column, values in zip(columns, key, strict=True):
        if values is None or column == EDITION:
            continue
        text = values if isinstance(values, str) else " + ".join(sorted(values))
        parts.append(f"{column} {text}")
    return ", ".join(parts) or "all teachers"


def protected_groups(
    released: Released, groups: list[Groups], min_teachers: int, low: Array, high: Array, width: float
) -> list[Protected]:
    """List whom to protect.

    Parameters
    ----------
    released : Released
        The tables.
    groups : list of Groups
        The smallest groups on every scale.
    min_teachers : int
        The fewest whose mean may be known.
    low, high : (S,) array
        The ends of the scales.
    width : float
        Scale points between which an answer counts as known.

    Returns
    -------
    list of Protected
        No group twice: withheld means; smallest groups of fewer than `min_teachers` of which nothing is listed, as those
        who sent late forms; differences of fewer between shown groups, or of more who all answered at an end of the scale.
    """
    start = np.concatenate(([0], np.cumsum([len(g.n) for g in groups]))).astype(int)
    found: list[Protected] = []
    for s, g in enumerate(groups):
        seen: set[bytes] = set()
        for target in (
            *_withheld(released, g, s, min_teachers),
            *_small(released, g, s, min_teachers),
            *_differences(released, g, s, min_teachers, Ends(low=low[s], high=high[s], width=width)),
        ):
            mark = target.members.tobytes()
            if mark not in seen:
                seen.add(mark)
                found.append(replace(target, unknowns=target.members + start[s]))
    return found


def _members(g: Groups, k: int) -> Integers:
    return np.sort(g.cover.indices[g.cover.indptr[k] : g.cover.indptr[k + 1]]).astype(np.intp)


def _withheld(released: Released, g: Groups, s: int, min_teachers: int) -> Any:
    hidden = released.listed[:, s] & np.isnan(released.mean[:, s]) & (np.diff(g.cover.indptr) > 0)
    for k in np.flatnonzero(hidden).tolist():
        own = _members(g, k)
        n = float(g.n[own].sum())
        for_others = bool(released.complementary[k, s]) and n >= min_teachers
        yield Protected(
            cell=in_words(released.columns, released.keys[k]),
            scale=s,
            table=int(released.table[k, s]),
            key=int(k),
            members=own,
            unknowns=own,
            n=n,
            kind="withheld for others" if for_others else "withheld",
        )


def _small(released: Released, g: Groups, s: int, min_teachers: int) -> Any:
    alone = np.diff(g.cover.indptr) == 1
    listed = set(g.cover.indices[g.cover.indptr[:-1][alone & released.listed[:, s]]].tolist())
    for a in np.flatnonzero((g.n > 0) & (g.n < min_teachers)):
        if a not in listed:
            yield _unlisted(released, g, s, np.array([a], dtype=np.intp), "small group", "")


def _unlisted(released: Released, g: Groups, s: int, own: Integers, kind: Kind, cell: str) -> Protected:
    label = g.labels[own[0]]
    late = EDITION in released.columns and label[-1] != "0"
    words = cell or in_words(released.columns, label) + (", late forms" if late else "")
    n = float(g.n[own].sum())
    return Protected(cell=words, scale=s, table=-1, key=-1, members=own, unknowns=own, n=n, kind=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The ends of a scale, and between how many points an answer counts as known."""

    low: float
    high: float
    width: float

    def reached(self, n: Any, total: Any) -> Any:
        """Say whether n answers of this sum are all so near one end that each is known."""
        return np.minimum(total - n * self.low, n * self.high - total) < self.width - SLACK


def _differences(released: Released, g: Groups, s: int, min_teachers: int, ends: Ends) -> Any:
    """Yield what is left of a shown group without a shown part of it, and without all shown parts."""
    shown = np.flatnonzero(~np.isnan(released.mean[:, s]) & (np.diff(g.cover.indptr) > 0))
    cover = sparse.csr_array(g.cover[shown])
    size = cover @ np.nan_to_num(g.n, nan=np.inf)
    total = size * released.mean[shown, s]
    overlap = sparse.csr_array(cover @ sparse.diags_array(np.nan_to_num(g.n)) @ cover.T)
    for i, k in enumerate(shown.tolist()):
        js = overlap.indices[overlap.indptr[i] : overlap.indptr[i + 1]]
        common = overlap.data[overlap.indptr[i] : overlap.indptr[i + 1]]
        parts = js[(common == size[js]) & (size[js] < size[i])]
        if len(parts) == 0:
            continue
        whole = _members(g, k)
        left, left_total = size[i] - size[parts], total[i] - total[parts]
        close = parts[(left < min_teachers) | ends.reached(left, left_total)]
        parts = parts[np.argsort(-size[parts], kind="stable")]
        known = total[i]
        rests = [np.setdiff1d(whole, _members(g, int(shown[j]))) for j in close]
        free = np.ones(cover.shape[1], dtype=bool)
        for j in parts:
            own = _members(g, int(shown[j]))
            if free[own].all():
                free[own] = False
                known -= total[j]
        without_all = whole[free[whole]]
        if g.n[without_all].sum() < min_teachers or ends.reached(g.n[without_all].sum(), known):
            rests.append(without_all)
        for rest in rests:
            if g.n[rest].sum() > 0:
                cell = f"{in_words(released.columns, released.keys[k])}, without those who are shown by themselves"
                yield _unlisted(released, g, s, rest, "difference", cell if len(rest) > 1 else "")
