"""What is left unsaid: a written model is completed as lavaan's `cfa` and `sem` do it.

- A latent variable's unit: its first loading is 1, or (`std_lv`) its variance.
- Residual variances of all that is observed, variances of all that is latent. What is the only indicator of a latent
  variable has no residual.
- Covariances among latent variables that nothing predicts, and among the residuals of final outcomes.
- Covariates of regressions: their variances, covariances and means, as the data give them (`fixed_x`).
- With a mean structure, intercepts of what is observed; means of latent variables are 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

from internal_coherence.latent.table.roles import Roles
from internal_coherence.latent.table.row import Row
from internal_coherence.latent.table.written import Written

Kind = Literal["cfa", "sem", "growth"]
FREE: Final = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How to complete a model.

    Parameters
    ----------
    std_lv : bool
        The unit of a latent variable is its standard deviation.
    orthogonal : bool
        Latent variables that nothing predicts do not covary.
    meanstructure : bool
        Means and intercepts are part of the model.
    effect_coding : tuple of str
        Of ``"loadings"`` and ``"intercepts"``: which average to 1 and to 0.
    fixed_x : bool
        Covariates are taken as given.
    auto : bool
        Complete at all.
    covary_outcomes : bool
        Residuals of final outcomes covary.
    kind : {"cfa", "sem", "growth"}
        In a growth model intercepts are 0, and means of latent variables are free.
    """

    std_lv: bool = False
    orthogonal: bool = False
    meanstructure: bool = False
    effect_coding: tuple[str, ...] = ()
    fixed_x: bool = True
    auto: bool = True
    covary_outcomes: bool = True
    kind: Kind = "sem"


def complete(written: Sequence[Written], roles: Roles, habits: Habits, group: int) -> list[Row]:
    """Return all rows of one group, not numbered yet: `free` is 1 or 0.

    Parameters
    ----------
    written : sequence of Written
        What the user said.
    roles : Roles
        Of the variables.
    habits : Habits
        How to complete.
    group : int
        Which, from 1.

    Returns
    -------
    list of Row
    """
    markers = _markers(written, habits)
    standard = set(roles.latent) if habits.auto and habits.std_lv and not _coded(habits, "loadings") else set()
    rows = []
    for w in written:
        value = w.values[group - 1]
        start = w.starts[group - 1]
        if value is None and (w.triple in markers or (w.op == "~~" and w.lhs == w.rhs and w.lhs in standard)):
            value = 1.0 if math.isnan(start) else start  # lavaan's way: a start on what is fixed is its value
        free = value is None or math.isnan(value)
        rows.append(
            Row(
                lhs=w.lhs,
                op=w.op,
                rhs=w.rhs,
                user=1,
                block=group,
                group=group,
                free=int(free),
                value=FREE if value is None else value,
                start=start if free else math.nan,
                label=w.labels[group - 1],
            )
        )
    present = {w.triple for w in written} | {(w.rhs, w.op, w.lhs) for w in written if w.op == "~~"}
    for lhs, op, rhs, value, exo in _unsaid(written, roles, habits, standard):
        if (lhs, op, rhs) not in present:
            unknown = int(math.isnan(value) and not exo)
            rows.append(Row(lhs=lhs, op=op, rhs=rhs, block=group, group=group, free=unknown, value=value, exo=exo))
    return rows


Unsaid = tuple[str, str, str, float, int]


def _unsaid(written: Sequence[Written], roles: Roles, habits: Habits, standard: set[str]) -> Iterator[Unsaid]:
    if habits.auto:
        yield from _variances(written, roles, standard)
        yield from _covariances(roles, habits)
    if habits.auto or habits.fixed_x:
        given = int(habits.fixed_x)
        for k, x in enumerate(roles.covariates):
            for z in roles.covariates[k:]:
                yield x, "~~", z, FREE, given
    if habits.meanstructure:
        yield from _means(roles, habits)


def _variances(written: Sequence[Written], roles: Roles, standard: set[str]) -> Iterator[Unsaid]:
    factors_of = Counter(w.rhs for w in written if w.op == "=~")
    items_of = Counter(w.lhs for w in written if w.op == "=~")
    alone = {w.rhs for w in written if w.op == "=~" and items_of[w.lhs] == 1 and factors_of[w.rhs] == 1}
    for v in roles.observed:
        if v not in roles.covariates:
            yield v, "~~", v, 0.0 if v in alone else FREE, 0
    for f in roles.latent:
        yield f, "~~", f, 0.0 if f in alone else 1.0 if f in standard else FREE, 0


def _covariances(roles: Roles, habits: Habits) -> Iterator[Unsaid]:
    for f, g in combinations(roles.exogenous_latent(), 2):
        yield f, "~~", g, 0.0 if habits.orthogonal else FREE, 0
    if habits.covary_outcomes:
        for y, z in combinations(roles.final_outcomes(), 2):
            yield y, "~~", z, FREE, 0


def _means(roles: Roles, habits: Habits) -> Iterator[Unsaid]:
    growth = habits.kind == "growth"
    for v in roles.observed:
        if v in roles.covariates:
            if habits.auto or habits.fixed_x:
                yield v, "~1", "", FREE, int(habits.fixed_x)
        elif habits.auto:
            yield v, "~1", "", 0.0 if growth else FREE, 0
    if habits.auto:
        for f in roles.latent:
            yield f, "~1", "", FREE if growth or _coded(habits, "intercepts") else 0.0, 0


def _coded(habits: Habits, what: str) -> bool:
    return what in habits.effect_coding


def _markers(written: Sequence[Written], habits: Habits) -> set[tuple[str, str, str]]:
    # The first loading of each latent variable, where nothing else gives it a unit.
    if not habits.auto or habits.std_lv or _coded(habits, "loadings"):
        return set()
    first: dict[str, tuple[str, str, str]] = {}
    for w in written:
        if w.op == "=~":
            first.setdefault(w.lhs, w.triple)
    return set(first.values())
