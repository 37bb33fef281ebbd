"""The roster: how many teachers each school asked, so that a response rate is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from internal_coherence.errors import ResponseError, listing
from internal_coherence.responses.files import read_export
from internal_coherence.responses.log import LogEntry
from internal_coherence.responses.record import natural_order
from internal_coherence.responses.rows import check_spellings, tidy_labels

Roster = Mapping[str, int] | pd.Series | pd.DataFrame | str | Path


def read_roster(source: Roster, people: pd.DataFrame) -> tuple[pd.DataFrame, list[LogEntry]]:
    """Read a roster and check it against those who answered.

    Parameters
    ----------
    source : mapping, Series, DataFrame or path
        School to number of teachers; a table has the columns ``school``, ``teachers`` and perhaps ``wave``, or is a
        table of two columns, school and number.
    people : DataFrame
        Those who answered.

    Returns
    -------
    DataFrame
        Columns ``wave`` (None where it holds for every wave), ``school``, ``teachers``.
    list of LogEntry

    Raises
    ------
    ResponseError
        For numbers that aren't, schools listed twice, or fewer teachers than respondents.
    """
    table = _columns(_table(source))
    schools, _ = tidy_labels(table["school"])
    waves = tidy_labels(table["wave"])[0] if "wave" in table else pd.Series(None, index=table.index, dtype="str")
    numbers = pd.to_numeric(table["teachers"], errors="coerce")
    wrong = numbers.isna() | (numbers < 1) | (numbers % 1 != 0) | schools.isna()
    if wrong.any():
        row = table[wrong].iloc[0]
        msg = f"roster: school {row['school']!r} has {row['teachers']} teachers; each row needs a school and a whole number ≥ 1"
        raise ResponseError(msg)
    roster = pd.DataFrame({"wave": waves, "school": schools, "teachers": numbers.astype("int64")}).reset_index(
        drop=True
    )
    if 0 < roster["wave"].isna().sum() < len(roster):
        raise ResponseError("roster: some rows have a wave and some have none")
    if (twice := roster.duplicated(["wave", "school"])).any():
        raise ResponseError(f"roster: listed more than once: {listing(roster.loc[twice, 'school'].unique())}")
    return roster, _check_against(roster, people)


def _table(source: Roster) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return source.rename(columns=str)
    if isinstance(source, pd.Series):
        return pd.DataFrame({"school": source.index, "teachers": source.to_numpy()})
    if isinstance(source, Mapping):
        return pd.DataFrame({"school": list(source), "teachers": list(source.values())})
    if not isinstance(source, (str, Path)):
        raise ResponseError(f"a roster is a mapping, Series, data frame or file, not {type(source).__name__}")
    return read_export(source, None, "all").cells


def _columns(table: pd.DataFrame) -> pd.DataFrame:
    named = table.rename(columns={name: str(name).strip().casefold() for name in table.columns})
    if named.columns.duplicated().any():
        raise ResponseError(f"roster: columns of the same name: {listing(table.columns)}")
    if {"school", "teachers"} <= set(named.columns):
        return named
    if len(table.columns) == 2:
        return table.set_axis(["school", "teachers"], axis=1)
    msg = f"a roster has the columns 'school', 'teachers' and perhaps 'wave'; this one has {listing(table.columns)}"
    raise ResponseError(msg)


def _check_against(roster: pd.DataFrame, people: pd.DataFrame) -> list[LogEntry]:
    """Check that nobody answered who was not asked."""
    by = ["school"]
    if roster["wave"].notna().any():
        if "wave" not in people:
            raise ResponseError("the roster is by wave, but the responses were read without wave=...")
        by = ["wave", "school"]
    answered = people.groupby([c for c in ("wave", "school") if c in people]).size().rename("answered").reset_index()
    joined = answered.merge(roster[[*by, "teachers"]], on=by, how="left")
    over = joined[joined["answered"] > joined["teachers"]]
    if len(over):
        places = [f"{r.school!r}{f' in wave {r.wave}' if 'wave' in over else ''}" for r in over.head(5).itertuples()]
        shown = ", ".join(
            f"{place} ({answered} answered, {teachers:.0f} on the roster)"
            for place, answered, teachers in zip(places, over["answered"], over["teachers"], strict=False)
        )
        msg = (
            f"roster: more respondents than teachers in {len(over)} place(s): {shown}; if rows repeat teachers, pass teacher=..."
            " or wave=...; else mend the roster"
        )
        raise ResponseError(msg)
    check_spellings(pd.concat([people["school"], roster["school"]]), "the answers and the roster: ")
    unknown = sorted(set(joined.loc[joined["teachers"].isna(), "school"]), key=natural_order)
    rule = "schools not on the roster, withheld since their response rate is unknown"
    entries = [LogEntry(rule=rule, count=1, subject=school) for school in unknown]
    silent = sorted(set(roster["school"]) - set(people["school"]), key=natural_order)
    entries += [LogEntry(rule="schools on the roster from which nobody answered", count=1, subject=s) for s in silent]
    return entries
