"""`read_responses`: from a survey export to checked, coded answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from internal_coherence.errors import ResponseError, closest, listing
from internal_coherence.instrument import Instrument, load_instrument
from internal_coherence.responses.coding import code_answers
from internal_coherence.responses.files import Export, Format, read_export
from internal_coherence.responses.labels import MissingCodes, number
from internal_coherence.responses.log import CodingLog, LogEntry
from internal_coherence.responses.platforms import under_item_keys, without_extra_headings
from internal_coherence.responses.record import CODED, Responses
from internal_coherence.responses.roster import Roster, read_roster
from internal_coherence.responses.rows import LEADER_ROLES, RowFilter, check_spellings, tidy_labels


def read_responses(
    source: str | Path | pd.DataFrame,
    instrument: Instrument | str | Path,
    *,
    school: str,
    teacher: str | None = None,
    wave: str | None = None,
    role: str | None = None,
    roster: Roster | None = None,
    format: Format | None = None,
    columns: Mapping[str, str] | None = None,
    missing_codes: Sequence[object] = (),
    invalid: Literal["error", "missing"] = "error",
    keep_leaders: bool = False,
    leader_roles: Collection[str] = LEADER_ROLES,
) -> Responses:
    """Read a survey export, check it against what was asked, and code it.

    Parameters
    ----------
    source : path or DataFrame
        CSV (comma, semicolon or tab), XLSX, Parquet, SPSS or Stata, one row a teacher; exports of Qualtrics are
        recognised by their heading rows, those of Google Forms by question texts as column names. Cells hold codes or
        labels ("Agree", "5 - Agree").
    instrument : Instrument, name or path
        What was asked.
    school : str
        The column that names each teacher's school.
    teacher, wave, role : str, optional
        Columns with the teacher's identifier, the wave of the survey, and the role.
    roster : mapping, Series, DataFrame or path, optional
        School to the number of teachers asked, perhaps by wave. Without it the response rate is unknown.
    format : {"csv", "xlsx", "parquet", "spss", "stata", "qualtrics", "google_forms"}, optional
        By default found from the file.
    columns : mapping, optional
        Item key to column name, for columns that are not named as their items.
    missing_codes : sequence, optional
        Codes and words that mean no answer, as ``[9, -99, "N/A", "Don't know"]``. An empty cell always does.
    invalid : {"error", "missing"}
        What an answer that the item does not allow is.
    keep_leaders : bool
        Whether rows whose role is a leader's stay in. The survey is for teachers, so by default they don't.
    leader_roles : collection of str
        Which roles are leaders'.

    Returns
    -------
    Responses

    Raises
    ------
    ResponseError
        Saying what was found, what is allowed and where.

    Notes
    -----
    Rows go by these rules, in this order, each with a count in the log: leaders' rows; rows in which no item is
    answered; rows without a school; and, where `teacher` is given, all but one row of the same teacher, school and wave:
    the one with the most answers stands, of several with as many the last. School names are freed of surplus spaces;
    names that differ only in case or accents are an error.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> import pandas as pd
    >>> codebook = ic.read_codebook(pd.DataFrame({
    ...     "item": ["safe", "guarded"], "scale": "safety", "low": 1, "high": 4, "reversed": ["no", "yes"],
    ...     "labels": "Disagree|Rather disagree|Rather agree|Agree"}))
    >>> export = pd.DataFrame({
    ...     "School": ["Elm", "Elm ", "Oak"], "safe": ["agree", "4 - Agree", "Don't know"], "guarded": [1, 2, 4]})
    >>> responses = ic.read_responses(export, codebook, school="School", missing_codes=["Don't know"])
    >>> responses.items
       safe  guarded
    0   4.0      4.0
    1   4.0      3.0
    2   NaN      1.0
    >>> print(responses.log)
    3 rows read, 3 kept
      declared missing codes        1
      school names tidied           1
      answers reverse-coded         3
    """
    if isinstance(instrument, (str, Path)):
        instrument = load_instrument(instrument)
    if not isinstance(instrument, Instrument):
        raise ResponseError(f"instrument must be an Instrument, a name or a path, not {type(instrument).__name__}")
    if invalid not in ("error", "missing"):
        raise ResponseError(f"invalid={invalid!r} is neither 'error' nor 'missing'")
    if isinstance(missing_codes, str) or not isinstance(missing_codes, Iterable):
        raise ResponseError(f"missing_codes is a list, for instance [9, 'N/A'], not {missing_codes!r}")
    if isinstance(leader_roles, str):
        raise ResponseError(f"leader_roles is a list, for instance ['Principal'], not {leader_roles!r}")
    if isinstance(source, pd.DataFrame) and source.attrs.get(CODED):
        msg = "this frame came out of Responses.items: its items are reverse-coded already; pass Responses.raw, or the export"
        raise ResponseError(msg)

    roles = {"school": school, "teacher": teacher, "wave": wave, "role": role}
    wanted = {kind: name for kind, name in roles.items() if name is not None}
    export = read_export(source, format, tuple(wanted.values()))
    n_read = len(export.cells)
    export = without_extra_headings(export, format)
    _check_columns(wanted, export)
    people, tidied = _people(export, wanted)
    if "teacher" in people:
        people["teacher"] = _without(people["teacher"], missing_codes)
    export = under_item_keys(export, instrument, columns or {}, set(wanted.values()))
    keys = [item.key for item in instrument.items]
    _check_once(export, keys)
    before = [*export.entries, *_ignored(export, keys, wanted)]

    filtered = RowFilter(people, export.cells[keys])
    if not keep_leaders:
        filtered.leave_out_leaders(leader_roles)
    filtered.answers, coded = code_answers(filtered.answers, instrument, missing_codes, invalid, export.value_labels)
    filtered.entries += coded
    filtered.leave_out_those_who_can_not_count()
    people, answers = filtered.people, filtered.answers
    if answers.empty:
        raise ResponseError(
            f"{export.name}: none of {n_read} rows is a teacher's answer:\n{_summary(before, filtered.entries, n_read)}"
        )
    check_spellings(people["school"])

    tidied = tidied.loc[people.index]
    after = _notes(tidied, answers, people, instrument)
    head_count = None
    if roster is not None:
        head_count, notes = read_roster(roster, people)
        after += notes
    entries = (*before, *filtered.entries, *after)
    log = CodingLog(n_read=n_read, n_kept=len(answers), entries=entries)
    return Responses(instrument=instrument, log=log, _answers=answers, _people=people, _head_count=head_count)


def _check_columns(wanted: Mapping[str, str], export: Export) -> None:
    names = [str(name) for name in export.cells.columns]
    for kind, name in wanted.items():
        if name not in names:
            msg = f"{kind}={name!r}: {export.name} has no such column; it has {listing(names)}{closest(name, names)}"
            raise ResponseError(msg)
    _check_once(export, list(wanted.values()))


def _check_once(export: Export, keys: Sequence[str]) -> None:
    names = export.cells.columns
    if repeated := sorted(set(names[names.duplicated()]) & set(keys)):
        raise ResponseError(f"{export.name} has more than one column named {listing(repeated)}")


def _people(export: Export, wanted: Mapping[str, str]) -> tuple[pd.DataFrame, pd.Series]:
    """Return who answered, and which rows had their school's name tidied."""
    columns, tidied = {}, pd.Series(False, index=export.cells.index)
    for kind, name in wanted.items():
        cells = export.cells[name]
        if kind != "wave" and (labels := export.value_labels.get(name)):  # codes of waves keep their order
            cells = cells.map(lambda code, labels=labels: labels.get(code, code))
        columns[kind], changed = tidy_labels(cells)
        if kind == "school":
            tidied = pd.Series(changed, index=cells.index)
    return pd.DataFrame(columns), tidied


def _without(teachers: pd.Series, missing_codes: Sequence[object]) -> pd.Series:
    """Return identifiers without those that are words for no answer."""
    words = MissingCodes(code for code in missing_codes if number(str(code)) is None)
    nameless = teachers.map(words.__contains__, na_action="ignore").eq(True)
    return teachers.mask(nameless)


def _ignored(export: Export, keys: Sequence[str], wanted: Mapping[str, str]) -> list[LogEntry]:
    used = {*keys, *wanted.values()}
    return [
        LogEntry(rule="columns that are not the instrument's, not read", count=1, subject=str(name))
        for name in export.cells.columns
        if name not in used
    ]


def _notes(tidied: pd.Series, answers: pd.DataFrame, people: pd.DataFrame, instrument: Instrument) -> list[LogEntry]:
    """Return what else a reader of the log should know about the rows that were kept."""
    notes = []
    if tidied.any():
        rows = tuple(tidied.index[tidied])
        notes.append(LogEntry(rule="school names tidied", count=len(rows), rows=rows))
    if "teacher" in people:
        if nameless := int(people["teacher"].isna().sum()):
            notes.append(LogEntry(rule="rows without a teacher's identifier, kept", count=nameless))
        by = [column for column in ("wave", "teacher") if column in people]
        schools = people.dropna(subset="teacher").groupby(by)["school"].nunique()
        if several := int((schools > 1).sum()):
            notes.append(LogEntry(rule="teachers who answered in several schools, kept in each", count=several))
    for scale in instrument.scales:
        for item in scale.items:
            answered = answers[item.key].notna()
            if not answered.any():
                notes.append(LogEntry(rule="items that nobody answered", count=1, subject=item.key))
            elif item.reversed:
                notes.append(LogEntry(rule="answers reverse-coded", count=int(answered.sum()), subject=item.key))
    return notes


def _summary(before: Sequence[LogEntry], rules: Sequence[LogEntry], n_read: int) -> str:
    return repr(CodingLog(n_read=n_read, n_kept=0, entries=(*before, *rules)))
