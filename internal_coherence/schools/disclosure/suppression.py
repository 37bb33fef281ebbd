"""Which means to withhold so that nothing withheld can be had by subtraction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import DisclosureError
from internal_coherence.schools.disclosure.examination import Examined
from internal_coherence.schools.disclosure.question import Question
from internal_coherence.schools.disclosure.relations import Composites, Groups, groups_by_scale
from internal_coherence.schools.disclosure.released import Released

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Cell = tuple[int, int]


def withheld_for_others(question: Question, hidden: Flags, open_to_choice: Flags) -> Flags:
    """Withhold further means, the smallest first, until no protected mean is told too closely.

    Parameters
    ----------
    question : Question
        How to audit, and the tables with all their means.
    hidden : (K, S) array of bool
        What is withheld for its own sake.
    open_to_choice : (K, S) array of bool
        What may be withheld; a mean that has been published can't.

    Returns
    -------
    (K, S) array of bool
        What must be withheld for others' sake.

    Raises
    ------
    DisclosureError
        If what has been published already gives a group away.
    """
    more = np.zeros_like(hidden)
    groups = groups_by_scale(question.released, question.composites)
    asked = np.arange(hidden.shape[1])
    safe: set[tuple[int, str]] = set()  # and stays so, whatever else is withheld
    while True:
        stage = _stage(question.released, hidden, more)
        failing = _failing(question, stage, groups, asked, safe)
        if not failing:
            return more
        chosen, spent = [], set[Cell]()
        for e in sorted(failing, key=lambda e: e.target.n):
            if spent.intersection(e.causes):
                continue  # what was chosen for another may do for this one too
            cell = _next(e, stage, groups, question.composites, open_to_choice)
            if cell is None:
                msg = (
                    f"{e.target.cell}, {stage.scales[e.target.scale]}: what has been published already tells this mean within"
                    f" {min(e.upper - e.lower, e.colleague if e.colleague == e.colleague else np.inf):.2f} points; nothing"
                    " that is withheld now can protect it"
                )
                raise DisclosureError(msg)
            chosen.append(cell)
            spent.update(e.causes)
        for k, s in chosen:
            more[k, s] = True
        if not question.composites:  # scales do not speak of each other
            asked = np.unique([s for _, s in chosen])


def _stage(released: Released, hidden: Flags, more: Flags) -> Released:
    mean = np.where(hidden | more, np.nan, released.mean)
    return replace(released, mean=mean, complementary=more & ~hidden)


def _failing(
    question: Question, stage: Released, groups: list[Groups], asked: NDArray[np.intp], safe: set[tuple[int, str]]
) -> list[Examined]:
    """Examine some of the scales; the positions are those among all of them."""
    part = replace(
        stage,
        scales=tuple(stage.scales[s] for s in asked),
        **{name: getattr(stage, name)[:, asked] for name in ("n", "mean", "listed", "complementary", "table")},
    )
    sub = replace(question, low=question.low[asked], high=question.high[asked])
    local = {int(s): place for place, s in enumerate(asked)}
    known = {(local[s], mark) for s, mark in safe if s in local}
    failing = []
    for e in sub.examined(part, [groups[s] for s in asked], known):
        here = replace(
            e,
            target=replace(e.target, scale=int(asked[e.target.scale])),
            causes=tuple((k, int(asked[s])) for k, s in e.causes),
        )
        if e.safe:
            safe.add((here.target.scale, here.target.mark))
        else:
            failing.append(here)
    return failing


def _next(
    e: Examined, stage: Released, groups: list[Groups], composites: Composites, open_to_choice: Flags
) -> Cell | None:
    """Return the smallest shown group in the relations that tell a mean too closely."""
    place = {scale: s for s, scale in enumerate(stage.scales)}
    shown = ~np.isnan(stage.mean) & open_to_choice
    candidates: list[tuple[float, int, int, int]] = []
    for k, s in e.causes:
        name = stage.scales[s]
        if name in composites and shown[k, s]:
            candidates.append((0.0, 0, k, s))
        for t in [place[part] for part in composites.get(name, {})] or [s]:
            candidates += _inside(stage, groups[t], t, groups[t].cover[[k]].toarray().ravel(), shown)
    if not candidates:
        s = e.target.scale
        own = np.zeros(len(groups[s].n))
        own[e.target.members] = 1.0
        candidates = _inside(stage, groups[s], s, own, shown)
    return min(candidates)[2:] if candidates else None


def _inside(stage: Released, g: Groups, s: int, whole: Array, shown: Flags) -> list[tuple[float, int, int, int]]:
    """Return shown groups that lie in another one, itself included, with their size."""
    rows = np.flatnonzero(shown[:, s] & (np.diff(g.cover.indptr) > 0))
    within = rows[(g.cover[rows] @ whole) == np.diff(g.cover.indptr)[rows]]
    return [(float(stage.n[k, s]), 1, int(k), s) for k in within]
