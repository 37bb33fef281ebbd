"""The smallest groups that a set of tables tells apart, and how many teachers are in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from internal_coherence.errors import ModelError
from internal_coherence.schools.disclosure.released import Key

Array = NDArray[np.float64]
REST: Final = "any other"
MOST: Final = 4_000_000
SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Atoms:
    """Groups of teachers whom no table tells apart any further.

    Parameters
    ----------
    cover : (K, A) sparse array of 0 and 1
        Which of the A smallest groups each of the K published groups takes in.
    labels : list of tuple of str
        One value a column for each; `REST` for those that no table names.
    """

    cover: Any
    labels: list[tuple[str, ...]]


def smallest_groups(keys: Sequence[Key], n_columns: int) -> Atoms:
    """Cross-classify the teachers, and put together who is always counted together.

    Parameters
    ----------
    keys : sequence of Key
        K published groups.
    n_columns : int
        The number of classifying columns.

    Returns
    -------
    Atoms
        Every combination of the columns' values, those that no table names included, is a corner of a grid; corners
        that lie in the same published groups are one.

    Raises
    ------
    ModelError
        If there are too many columns and values to cross.
    """
    values = [sorted({v for key in keys for v in key[c] or ()}) for c in range(n_columns)]
    place = [{v: k for k, v in enumerate(own)} for own in values]
    shape = tuple(len(own) + 1 for own in values)
    corners = int(np.prod(shape, dtype=float))
    if corners > MOST:
        raise ModelError(
            f"the classifying columns make {corners:,} groups, more than can be audited; give fewer in by="
        )
    grid = np.arange(corners).reshape(shape)
    everything = [np.arange(size) for size in shape]
    inside = [
        grid[
            np.ix_(
                *(everything[c] if (own := key[c]) is None else [place[c][v] for v in own] for c in range(n_columns))
            )
        ].ravel()
        if n_columns
        else grid.ravel()
        for key in keys
    ]
    return _put_together(inside, corners, values, shape)


def _put_together(inside: list[Any], corners: int, values: list[list[str]], shape: tuple[int, ...]) -> Atoms:
    """Make one group of all corners that lie in the same published groups, by the sum of random marks of these."""
    marks = np.random.default_rng(0).integers(1, 2**63, size=(len(inside), 2), dtype=np.uint64)
    signature = np.zeros((corners, 2), dtype=np.uint64)
    for mark, corner in zip(marks, inside, strict=True):
        signature[corner] += mark
    _, first, group = np.unique(signature, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    nowhere: NDArray[np.bool_] = np.asarray((signature == 0).all(axis=1))
    members = [np.unique(group[corner]) for corner in inside]
    indptr = np.concatenate(([0], np.cumsum([len(m) for m in members])))
    indices = np.concatenate(members) if members else np.zeros(0, dtype=int)
    cover = sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(len(inside), len(first)))
    keep = np.flatnonzero(~nowhere[first])
    labels: list[tuple[str, ...]] = (
        [
            tuple(
                own[at] if at < len(own) else REST
                for own, at in zip(values, np.unravel_index(first[k], shape), strict=True)
            )
            for k in keep
        ]
        if shape
        else [() for _ in keep]
    )
    return Atoms(cover=cover[:, keep], labels=labels)


def head_counts(cover: Any, n: Array) -> Array:
    """Return how many teachers are in each smallest group, as far as the published numbers tell it.

    Parameters
    ----------
    cover : (K, A) sparse array
        Who is in which published group.
    n : (K,) array
        Teachers in each published group; NaN where it is not known.

    Returns
    -------
    (A,) array
        NaN where it does not follow by subtraction.

    Raises
    ------
    ModelError
        If a group has fewer teachers than its parts.
    """
    equations = cover[~np.isnan(n)]
    total = n[~np.isnan(n)]
    count = np.full(cover.shape[1], np.nan)
    while True:
        unknown = np.isnan(count)
        left = total - equations @ np.where(unknown, 0.0, count)
        if (left < -SLACK).any():
            raise ModelError(
                "a group has fewer teachers than its parts together; are these tables of the same teachers?"
            )
        open_parts = equations @ unknown.astype(float)
        nobody = equations[(np.abs(left) < SLACK) & (open_parts > 0)]
        single = (open_parts == 1) & (left > SLACK)
        found = unknown & (equations[single].T @ np.ones(single.sum()) > 0)
        zero = unknown & (nobody.T @ np.ones(nobody.shape[0]) > 0)
        if not (found | zero).any():
            if ((left > SLACK) & (open_parts == 0)).any():
                raise ModelError("a group has more teachers than its parts; are these tables of the same teachers?")
            return count
        row, column = equations[single].nonzero()
        mine = unknown[column]
        count[column[mine]] = left[single][row[mine]]
        count[zero] = 0.0
