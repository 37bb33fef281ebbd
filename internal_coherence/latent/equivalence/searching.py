"""Which parameter to let differ, where not all can be equal: the one whose equality costs most, by score tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from internal_coherence.latent.fit.released import Parting
from internal_coherence.latent.inference.testing import p_value
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.groups import Triple, kind_of
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.roles import roles
from internal_coherence.latent.table.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A parameter that is held equal over groups, and what letting it differ would do.

    Parameters
    ----------
    row : Row
        Its row in the first group.
    chisq, df, pvalue : float
        The score test of its equalities, all others kept.
    largest, epc : float
        The largest univariate score test among them, and by how much its two sides would then part.
    """

    row: Row
    chisq: float
    df: int
    pvalue: float
    largest: float
    epc: float


def ties(fit: SemFit, kind: str) -> list[Tie]:
    """Return the parameters of one kind that are held equal, by what their equality costs.

    Parameters
    ----------
    fit : SemFit
        Converged, with parameters held equal.
    kind : str
        As `group_equal` has it.

    Returns
    -------
    list of Tie
        The costliest first.
    """
    fitted, table = fit._fitted, fit.table
    if fitted.problem.constraints is None:
        return []
    parting = Parting.of(fitted, fitted.problem.constraints.jacobian(fitted.theta))
    alone, change = parting.alone()
    found = []
    for row, pairs in _tied(table, kind):
        chisq, best = parting.statistic(pairs), max(pairs, key=lambda k: np.nan_to_num(alone[k], nan=-1.0))
        found.append(
            Tie(
                row=row,
                chisq=chisq,
                df=len(pairs),
                pvalue=p_value(chisq, len(pairs)),
                largest=float(alone[best]),
                epc=float(change[best]),
            )
        )
    return sorted((tie for tie in found if np.isfinite(tie.chisq)), key=lambda tie: (tie.pvalue, -tie.chisq))


def _tied(table: ParTable, kind: str) -> Iterator[tuple[Row, list[int]]]:
    """Yield each parameter of a kind that is tied, and the positions of its pairs among all."""
    by_number = {row.free: row for row in table.entries if row.free}
    who = roles((row.lhs, row.op, row.rhs) for row in table.entries if row.group and not row.exo)
    members: dict[str, list[int]] = defaultdict(list)
    for k, (a, _) in enumerate(table.equal_pairs):
        members[by_number[a].label].append(k)
    for row in by_number.values():
        pairs = members.pop(row.label, None) if row.label else None
        if pairs and kind_of(row, who) == kind:
            yield row, pairs


def may_go(tie: Tie, fit: SemFit, kind: str, kept: Collection[Triple], free: Collection[Triple]) -> bool:
    """Return whether a parameter may be let go: of every factor two loadings, or intercepts, stay equal.

    Parameters
    ----------
    tie : Tie
        Which.
    fit : SemFit
        The fit in which it is tied.
    kind : str
        As `group_equal` has it.
    kept : collection of (str, str, str)
        What must stay equal in any case. With a loading its item's intercept goes too, so that neither may be among them.
    free : collection of (str, str, str)
        What is free already. An item whose intercept is free does not link groups, whatever its loading.

    Returns
    -------
    bool
    """
    row = tie.row
    item = row.rhs if kind == "loadings" else row.lhs
    if (row.lhs, row.op, row.rhs) in kept or (kind == "loadings" and (item, "~1", "") in kept):
        return False
    if kind not in ("loadings", "intercepts"):
        return True
    tied = {(other.lhs, other.op, other.rhs) for other, _ in _tied(fit.table, kind)}
    first = [other for other in fit.table.entries if other.op == "=~" and other.group == 1]
    for factor in {other.lhs for other in first if other.rhs == item}:
        items = [other.rhs for other in first if other.lhs == factor and (other.rhs, "~1", "") not in free]
        equal = [(factor, "=~", i) if kind == "loadings" else (i, "~1", "") for i in items if i != item]
        if sum(triple in tied for triple in equal) < 2:
            return False
    return True
