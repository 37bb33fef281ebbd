"""The same teachers over time: a table in which every wave has its own variables, and rows that link them.

What is equal over groups in a model of several groups is here equal over waves, and what a group's latent means are to the
first group's, a wave's are to the first wave's. Beyond that latent variables covary over waves, and so does what each item,
and each factor below others, has of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from internal_coherence.errors import CoherenceWarning, ModelError, ResponseError, listing, warn
from internal_coherence.latent.table.building import numbered
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.row import Row
from internal_coherence.responses.record import natural_order


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """The answers of the same teachers over waves.

    Parameters
    ----------
    frame : DataFrame
        A row a teacher; a column an item and wave, ``<item>.<wave>``, and, where known, ``school``.
    waves : tuple of str
        In their order.
    """

    frame: pd.DataFrame
    waves: tuple[str, ...]


SCHOOL = "school of the teacher"
"""The column of a panel that holds schools; no item is called so."""


def in_wave(name: str, wave: str) -> str:
    """Return what a variable is called in one wave."""
    return f"{name}.{wave}"


def panel(
    frame: pd.DataFrame, items: Sequence[str], *, wave: pd.Series, person: pd.Series, school: pd.Series | None
) -> Panel:
    """Lay out answers with a row a teacher.

    Parameters
    ----------
    frame : DataFrame
        A row a teacher and wave.
    items : sequence of str
        The columns that the model needs.
    wave, person : Series
        Of each row.
    school : Series or None
        Of each row.

    Returns
    -------
    Panel

    Raises
    ------
    ResponseError
        If a teacher stands twice in a wave, nobody in two waves, or there is one wave only.

    Warns
    -----
    CoherenceWarning
        If teachers changed schools: they are counted to their first.
    """
    labels = wave.map(str)
    waves = tuple(sorted(labels.unique(), key=natural_order))
    if len(waves) < 2:
        raise ResponseError(f"invariance over time needs two waves or more; these answers are of {listing(waves)}")
    who = person.map(str)
    parts = {w: frame.loc[(labels == w).to_numpy(), list(items)] for w in waves}
    for w, part in parts.items():
        part.index = pd.Index(who[(labels == w).to_numpy()])
        if part.index.has_duplicates:
            twice = part.index[part.index.duplicated()].unique()
            raise ResponseError(
                f"invariance: the same person stands twice in wave {w!r}: {listing(twice, 4)}; if ids are"
                " those of a school, give person=school + '/' + id"
            )
    wide = pd.concat([part.add_suffix(in_wave("", w)) for w, part in parts.items()], axis=1)
    if sum(len(part) for part in parts.values()) == len(wide):
        raise ResponseError("invariance: nobody answered in two waves; do the ids mean the same person in every wave?")
    if school is not None:
        wide[SCHOOL] = _first_schools(school, labels, who, waves).reindex(wide.index)
    return Panel(frame=wide, waves=waves)


def _first_schools(school: pd.Series, wave: pd.Series, person: pd.Series, waves: Sequence[str]) -> pd.Series:
    rows = pd.DataFrame({"school": school.to_numpy(), "wave": wave.to_numpy(), "person": person.to_numpy()})
    schools = rows.sort_values("wave", key=lambda x: x.map(waves.index), kind="stable").groupby("person")["school"]
    if moved := int(schools.nunique().gt(1).sum()):
        warn(
            f"invariance: {moved} teacher{'s' * (moved > 1)} changed schools, and count to the first", CoherenceWarning
        )
    return schools.first()


def over_waves(by_group: ParTable) -> ParTable:
    """Return a model of several groups as one of the same persons over as many waves.

    Parameters
    ----------
    by_group : ParTable
        The measurement model, a group a wave.

    Returns
    -------
    ParTable
        Of one group.

    Raises
    ------
    ModelError
        If the model has regressions: a measurement model is asked for.
    """
    if any(row.op == "~" for row in by_group.entries):
        raise ModelError("invariance over time is of measurement: the model may not have regressions (~)")
    waves = by_group.groups
    own = [_renamed(row, waves[row.group - 1]) if row.group else row for row in by_group.entries]
    parameters, constraints = [row for row in own if row.group], [row for row in own if not row.group]
    measured = {row.rhs for row in by_group.entries if row.op == "=~"}
    pairs = list(combinations(waves, 2))
    free = [f for f in by_group.latent if f not in measured]
    over = [
        *((in_wave(f, a), in_wave(g, b)) for a, b in pairs for f in free for g in free),
        *(
            (in_wave(v, a), in_wave(v, b))
            for a, b in pairs
            for v in (*by_group.observed, *by_group.latent)
            if v in measured
        ),
    ]
    links = [Row(lhs=a, op="~~", rhs=b, block=1, group=1, free=1) for a, b in over]
    return ParTable(
        entries=tuple(numbered([*parameters, *links, *constraints])),
        observed=tuple(in_wave(v, w) for w in waves for v in by_group.observed),
        latent=tuple(in_wave(f, w) for w in waves for f in by_group.latent),
        meanstructure=by_group.meanstructure,
        fixed_x=by_group.fixed_x,
    )


def _renamed(row: Row, wave: str) -> Row:
    rhs = in_wave(row.rhs, wave) if row.rhs else ""
    return row._replace(lhs=in_wave(row.lhs, wave), rhs=rhs, block=1, group=1)


def names_without_waves(by_group: ParTable) -> dict[str, str]:
    """Return what every variable of a wave is called without it."""
    return {in_wave(v, w): v for w in by_group.groups for v in (*by_group.observed, *by_group.latent)}
