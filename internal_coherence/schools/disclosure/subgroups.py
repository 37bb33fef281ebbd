"""Means of groups of teachers within schools (by role, grade, years), guarded like the schools' own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import pandas as pd

from internal_coherence.errors import DisclosureError, ModelError, ResponseError, check_option, closest, listing
from internal_coherence.records import Record, plain
from internal_coherence.responses import Responses
from internal_coherence.responses.record import as_label, check_responses
from internal_coherence.schools.disclosure.attacker import Attacker
from internal_coherence.schools.disclosure.gates import Audience, Gates, check_audience
from internal_coherence.schools.disclosure.group_means import By, cells_of, teachers_groups
from internal_coherence.schools.disclosure.pooling import pooled_labels
from internal_coherence.schools.disclosure.protecting import TOTALS, Totals, protect_tables
from internal_coherence.schools.disclosure.released import ALL, Table

SmallGroups = Literal["suppress", "pool"]
SMALL_GROUPS: Final[tuple[str, ...]] = get_args(SmallGroups)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SubgroupTable(Record):
    """Groups of teachers by schools and scales.

    Parameters
    ----------
    by : tuple of str
        What groups the teachers.
    audience : {"school", "district", "research"}
        Whom the table is for.
    school : str or None
        The only school in it.
    small_groups : {"suppress", "pool"}
        What became of small groups.
    totals : {"all", "shown"}
        Over whom totals are.
    min_answered : int or float
        How much of a scale a teacher's score needs.
    gates : Gates
        What had to hold.
    wave : str or None
        Of the answers.
    """

    _table: pd.DataFrame
    by: tuple[str, ...]
    audience: Audience
    school: str | None
    small_groups: SmallGroups
    totals: Totals
    min_answered: float
    gates: Gates
    wave: str | None

    @property
    def classified_by(self) -> tuple[str, ...]:
        """The columns that say who stands behind a row."""
        return ("school", *self.by)

    def cells(self) -> pd.DataFrame:
        """Return the table as `audit_disclosure` reads it: groups shown together are tuples.

        Returns
        -------
        DataFrame
        """
        return self._table.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return the table, unrounded.

        Returns
        -------
        DataFrame
            One row a school, group and scale: ``school``, what groups them, ``scale, n, mean, withheld``; in totals
            ``"all"`` stands for everyone, or ``"all 7 shown"`` for those that are shown. Only research sees ``sd`` and
            ``se``, from which others could work out the spread, and with it the answers, of a small group.
        """
        table = self._table.copy()
        for column in self.classified_by:
            table[column] = table[column].map(_in_words)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            The rows under ``table``, and the decisions.
        """
        return {"table": plain(self.to_frame()), **Record.to_dict(self)}

    def to_csv(self, path: str | Path) -> Path:
        """Write the table as CSV that a spreadsheet opens without running anything in it.

        Parameters
        ----------
        path : path
            The file to write.

        Returns
        -------
        Path
        """
        from internal_coherence.report import write_csv

        return write_csv(self.to_frame(), path)

    def __repr__(self) -> str:
        hidden = int((self._table["withheld"] != "").sum())
        what = " × ".join(self.by)
        where = f" of {self.school!r}" if self.school else ""
        return f"<SubgroupTable by {what}{where}, for {self.audience}: {len(self._table)} means, {hidden} withheld>"


def _in_words(value: object) -> object:
    if isinstance(value, tuple):
        return repr(value) if repr(value).startswith("all ") else " + ".join(value)
    return value


def subgroup_table(
    responses: Responses,
    by: By,
    *,
    audience: Audience = "district",
    school: object = None,
    small_groups: SmallGroups = "suppress",
    totals: Totals = "all",
    min_answered: float = 0.5,
    gates: Gates | None = None,
    released: Sequence[Table] = (),
    width: float = 1.0,
) -> SubgroupTable:
    """Mean of every scale for groups of teachers in every school, with totals, and nothing that tells on a few.

    Parameters
    ----------
    responses : Responses
        Of one wave. Leaders are in it only if it was read with ``keep_leaders=True``.
    by : "role", Series, array, or a list of these
        What groups the teachers: their role, or a value for each row of the responses, for instance a grade, or years put
        into bands. Of several, every combination is a group.
    audience : {"school", "district", "research"}
        A school sees its own groups only, of which it must be told, ``school=``. What is withheld is the same for a school
        and for a district, since their tables may be laid beside each other. Research sees all numbers, and in
        ``withheld`` what others would not see.
    school : str, optional
        Show this school only.
    small_groups : {"suppress", "pool"}
        Withhold small groups, or join them with the next smallest group of the school (of several groupings, by the
        last), until at least ``min_teachers`` are in each.
    totals : {"all", "shown"}
        Whether totals are over everyone, for which further groups may have to be withheld, or over the groups shown.
    min_answered : int or float
        How much of a scale a teacher's score needs.
    gates : Gates, optional
        What must hold before a mean is shown.
    released : sequence of table
        What the same readers have already, for instance an earlier `SchoolTable`.
    width : float
        In scale points. What can be told more narrowly counts as known.

    Returns
    -------
    SubgroupTable

    Raises
    ------
    DisclosureError
        If no group may be shown at all, or what was released before can't be protected any more.
    ModelError, ResponseError
        For groups or options that do not fit.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> import pandas as pd
    >>> grade = pd.Series(["lower", "middle", "upper"] * 198, name="grade")[: len(now)].set_axis(now.school.index)
    >>> table = ic.subgroup_table(now, grade, small_groups="pool")
    >>> table
    <SubgroupTable by grade, for district: ... means, ... withheld>
    """
    check_audience(audience)
    check_option("small_groups", small_groups, SMALL_GROUPS)
    check_option("totals", totals, TOTALS)
    if audience == "school" and school is None:
        raise ModelError("audience='school' needs school=, the only one that it may see")
    gates = gates or Gates()
    check_responses(responses, "subgroup_table")
    responses = responses.one_wave("subgroup_table")
    chosen = None if school is None else _known_school(responses, as_label(school))
    groups = teachers_groups(responses, by)
    own = list(groups.columns)
    cells = counts = cells_of(responses, groups, groups, min_answered, gates)
    if small_groups == "pool":
        joined = groups.assign(**{own[-1]: pooled_labels(groups, gates.min_teachers)})
        cells = cells_of(responses, groups, joined, min_answered, gates)
    wave = responses.waves[0] if responses.waves else None
    dated = {} if wave is None else {"wave": wave}
    safe = protect_tables(
        cells.assign(**dated),
        released=released,
        gates=gates,
        totals=totals,
        attacker=Attacker(counts=counts[[*own, "scale", "n"]].assign(**dated)),
        instrument=responses.instrument,
        width=width,
    ).tables["table 1"]
    safe = safe.drop(columns=list(dated))
    if audience == "research":
        everyone = (cells[own] == ALL).any(axis=1) & (totals == "shown")
        safe = safe.reindex(columns=cells.columns).where(everyone, cells.assign(withheld=safe["withheld"]))
    if chosen is not None:
        safe = safe[safe["school"] == chosen].reset_index(drop=True)
    if audience != "research":
        _check_something_shown(safe, own, chosen)
    return SubgroupTable(
        _table=safe,
        by=tuple(own[1:]),
        audience=audience,
        school=chosen,
        small_groups=small_groups,
        totals=totals,
        min_answered=min_answered,
        gates=gates,
        wave=wave,
    )


def _known_school(responses: Responses, school: str) -> str:
    if school not in responses.schools:
        raise ResponseError(
            f"no school {school!r}; there are {listing(responses.schools)}{closest(school, responses.schools)}"
        )
    return school


def _check_something_shown(safe: pd.DataFrame, own: list[str], school: str | None) -> None:
    """Refuse a table in which no group of teachers may be shown."""
    of_groups = (safe[own] != ALL).all(axis=1)
    if not (safe.loc[of_groups, "withheld"] == "").any():
        where = f"of school {school!r}" if school else "of any school"
        why = safe.loc[of_groups, "withheld"].value_counts().index[0]
        msg = f"no group {where} by {listing(own[1:])} may be shown: {why}; take broader groups, or small_groups='pool'"
        raise DisclosureError(msg)
