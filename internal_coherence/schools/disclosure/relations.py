"""What the published means say of sums that were withheld: bounds of each group's sum, and equations between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from internal_coherence.errors import ModelError, listing
from internal_coherence.schools.disclosure.atoms import REST, Atoms, head_counts, smallest_groups
from internal_coherence.schools.disclosure.released import Flags, Released

Array = NDArray[np.float64]
Composites = Mapping[str, Mapping[str, float]]
EXACT: Final = 1e-9
SUM_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """The smallest groups on one scale, with someone in them.

    Parameters
    ----------
    cover : (K, A) sparse array of 0 and 1
        Which of them each published group takes in.
    labels : list of tuple of str
        Who they are.
    n : (A,) array
        Teachers; NaN where it is not known.
    """

    cover: Any
    labels: list[tuple[str, ...]]
    n: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relations:
    """Unknown sums x of V groups (a group and a scale each), with lo ≤ x ≤ hi and b_lo ≤ A x ≤ b_hi.

    Parameters
    ----------
    A : (C, V) sparse array
        A row for every shown mean of several groups.
    b_lo, b_hi : (C,) array
        What the rounded mean leaves open.
    source : (C, 2) array of int
        The published group and the scale of each row's mean.
    lo, hi : (V,) array
        Of the sums: by the ends of the scale, or by a shown mean.
    shown : (V,) array of bool
        Whether a mean of just this group is shown.
    n : (V,) array
        Teachers; NaN where nobody says.
    low, high : (V,) array
        The ends of the scale.
    """

    A: Any
    b_lo: Array
    b_hi: Array
    source: NDArray[np.intp]
    lo: Array
    hi: Array
    shown: Flags
    n: Array
    low: Array
    high: Array


def groups_by_scale(released: Released, composites: Composites) -> list[Groups]:
    """Return the smallest groups on every scale that is not itself made of scales.

    Parameters
    ----------
    released : Released
        The tables.
    composites : mapping
        Which scales are made of which.

    Returns
    -------
    list of Groups
        In the order of the scales; of composites, empty ones.
    """
    done: dict[bytes, Atoms] = {}
    result = []
    place = {scale: s for s, scale in enumerate(released.scales)}
    for s, scale in enumerate(released.scales):
        above = [place[c] for c, parts in composites.items() if scale in parts and c in place]
        n = released.n[:, s].copy()
        for c in above:
            n = np.where(np.isnan(n), released.n[:, c], n)
        used = released.listed[:, [s, *above]].any(axis=1) | ~np.isnan(n)
        if scale in composites:
            used[:] = False
        if used.tobytes() not in done:
            keys = [released.keys[k] for k in np.flatnonzero(used)]
            done[used.tobytes()] = smallest_groups(keys, len(released.columns))
        atoms = done[used.tobytes()]
        count = head_counts(atoms.cover, n[used])
        someone = np.flatnonzero(~(count == 0))
        spread = sparse.csr_array(
            (np.ones(used.sum()), (np.flatnonzero(used), np.arange(used.sum()))), shape=(len(used), int(used.sum()))
        )
        result.append(
            Groups(
                cover=sparse.csr_array(spread @ atoms.cover[:, someone]),
                labels=[atoms.labels[a] for a in someone],
                n=count[someone],
            )
        )
    return result


def relations(
    released: Released, groups: list[Groups], low: Array, high: Array, composites: Composites, decimals: int | None
) -> Relations:
    """Write the shown means as equations between sums.

    Parameters
    ----------
    released : Released
        The tables.
    groups : list of Groups
        From `groups_by_scale`.
    low, high : (S,) array
        The ends of the scales.
    composites : mapping
        Which scales are weighted means of which.
    decimals : int or None
        To which the means are rounded.

    Returns
    -------
    Relations

    Raises
    ------
    ModelError
        If means contradict each other.
    """
    sizes = [len(g.n) for g in groups]
    start = np.concatenate(([0], np.cumsum(sizes))).astype(int)
    n = np.concatenate([g.n for g in groups]) if groups else np.zeros(0)
    of = np.repeat(np.arange(len(groups)), sizes)
    one = np.where(np.isnan(n), 1.0, n)
    lo, hi, shown = one * low[of], one * high[of], np.zeros(len(n), dtype=bool)
    half = (0.5 * 10.0**-decimals if decimals is not None else 0.0) + EXACT * np.maximum(np.abs(low), np.abs(high))
    blocks, b_lo, b_hi, source = [], [], [], []
    for s, g in enumerate(groups):
        N = np.where(np.isnan(released.n[:, s]), g.cover @ g.n, released.n[:, s])
        rows = np.flatnonzero(~np.isnan(released.mean[:, s]) & (np.diff(g.cover.indptr) > 0))
        least, most = N[rows] * (released.mean[rows, s] - half[s]), N[rows] * (released.mean[rows, s] + half[s])
        alone = np.diff(g.cover.indptr)[rows] == 1
        at = start[s] + g.cover.indices[g.cover.indptr[rows[alone]]]
        np.maximum.at(lo, at, least[alone])
        np.minimum.at(hi, at, most[alone])
        shown[at] = True
        blocks.append(_placed(g.cover[rows[~alone]], start[s], len(n)))
        b_lo.append(least[~alone])
        b_hi.append(most[~alone])
        source += [(k, s) for k in rows[~alone]]
    for c, rows, block, size in _composite_rows(released, groups, start, composites):
        blocks.append(block)
        b_lo.append(size * (released.mean[rows, c] - half[c]))
        b_hi.append(size * (released.mean[rows, c] + half[c]))
        source += [(k, c) for k in rows]
    if (crossed := lo > hi + SUM_SLACK * np.maximum(1.0, np.abs(hi))).any():
        v = int(np.flatnonzero(crossed)[0])
        msg = (
            f"scale {released.scales[of[v]]!r}: a shown mean lies outside of {low[of[v]]:g} to {high[of[v]]:g}, or two shown means"
            " of the same teachers differ; if the means are rounded, say to how many decimals="
        )
        raise ModelError(msg)
    A = sparse.csr_array(sparse.vstack(blocks)) if blocks else sparse.csr_array((0, len(n)))
    _check_counted(A, n, [label for g in groups for label in g.labels])
    return Relations(
        A=A,
        b_lo=np.concatenate(b_lo) if b_lo else np.zeros(0),
        b_hi=np.concatenate(b_hi) if b_hi else np.zeros(0),
        source=np.array(source, dtype=np.intp).reshape(-1, 2),
        lo=lo,
        hi=np.maximum(lo, hi),
        shown=shown,
        n=n,
        low=low[of],
        high=high[of],
    )


def _check_counted(A: Any, n: Array, labels: list[tuple[str, ...]]) -> None:
    """Refuse to guess how many stand behind a group that a shown mean takes in."""
    uncounted = np.isnan(n) & (np.bincount(A.indices, minlength=len(n)) > 0)
    if uncounted.any():
        names = [labels[v] for v in np.flatnonzero(uncounted)]
        who = dict.fromkeys(" × ".join(own) for own in ([own for own in names if REST not in own] or names))
        msg = (
            f"the tables do not say how many teachers are in {listing(who, 6)}, of whom a shown mean is a mean; others know,"
            " so pass attacker=Attacker(counts=...): a table with n by the same columns (such as a subgroup table for research)"
        )
        raise ModelError(msg)


def _placed(block: Any, start: int, width: int) -> Any:
    """Return a scale's rows over all unknowns."""
    return sparse.csr_array((block.data, block.indices + start, block.indptr), shape=(block.shape[0], width))


def _composite_rows(released: Released, groups: list[Groups], start: Any, composites: Composites) -> Any:
    """Yield the equations of shown means of composites, Σ w_s · (sum of the group on s)/n_s, times the largest n_s."""
    place = {scale: s for s, scale in enumerate(released.scales)}
    for name, parts in composites.items():
        c = place[name]
        N = np.stack([groups[place[scale]].cover @ groups[place[scale]].n for scale in parts], axis=1)
        rows = np.flatnonzero(~np.isnan(released.mean[:, c]) & ~(N == 0).any(axis=1))
        size = N[rows].max(axis=1, initial=0.0)
        block = sparse.csr_array((len(rows), int(start[-1])))
        for (scale, weight), own in zip(parts.items(), N[rows].T, strict=True):
            s = place[scale]
            block = block + sparse.diags_array(weight * size / own) @ _placed(
                groups[s].cover[rows], start[s], int(start[-1])
            )
        yield c, rows, sparse.csr_array(block), size
