"""What survey platforms add to their exports: Qualtrics' extra heading rows, Google Forms' question texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from internal_coherence.errors import ResponseError, closest
from internal_coherence.instrument import Instrument
from internal_coherence.instrument.spelling import fold
from internal_coherence.responses.files import Export, renamed
from internal_coherence.responses.log import LogEntry

_IMPORT_ID = re.compile(r"\{\s*['\"]ImportId['\"]")
_TRIAL_STATUS = {"survey preview", "survey test", "spam", "1", "2", "8", "9", "17"}
_GRID_ROW = re.compile(r"\[([^\[\]]+)\]\s*$")
_NUMBERING = re.compile(r"^\s*(?:[Qq]?\d+\s*[.):]\s*)+")


def without_extra_headings(export: Export, format: str | None) -> Export:
    """Take Qualtrics' heading rows off the answers and keep the question texts they hold.

    Parameters
    ----------
    export : Export
        The table as read.
    format : str or None
        ``"qualtrics"`` says that the second line holds question texts; otherwise only its ImportId line gives it away.

    Returns
    -------
    Export
        Without heading, preview and spam rows; the log says so.
    """
    cells = export.cells
    marked = [k for k in range(min(2, len(cells))) if any(_IMPORT_ID.match(str(cell)) for cell in cells.iloc[k])]
    if not marked and (format != "qualtrics" or export.value_labels):
        return export
    n_headings = marked[0] + 1 if marked else 1
    texts = {str(c): str(t) for c, t in cells.iloc[0].items() if not pd.isna(t)} if marked != [0] else {}
    entries = [LogEntry(rule="Qualtrics heading rows", count=n_headings, rows=tuple(cells.index[:n_headings]))]
    cells = cells.iloc[n_headings:]
    if "Status" in cells:
        trial = cells["Status"].map(lambda cell: str(cell).strip().casefold() in _TRIAL_STATUS).to_numpy(dtype=bool)
        if trial.any():
            rows = tuple(cells.index[trial])
            entries.append(LogEntry(rule="Qualtrics previews, tests and spam left out", count=len(rows), rows=rows))
            cells = cells[~trial]
    return replace(export, cells=cells, texts=texts, entries=(*export.entries, *entries))


def under_item_keys(
    export: Export, instrument: Instrument, columns: Mapping[str, str], taken: Collection[str] = ()
) -> Export:
    """Give the columns of the items the items' keys, by mapping, by name, or by the question's text.

    Parameters
    ----------
    export : Export
        The table.
    instrument : Instrument
        Whose items are sought.
    columns : mapping
        Item key to column, where they differ.
    taken : collection of str
        Columns that name the school, the teacher and so on; no item is found there by its text.

    Returns
    -------
    Export

    Raises
    ------
    ResponseError
        Naming every item without a column and the closest column to each, or a mapping that fits nothing.
    """
    names = [str(name) for name in export.cells.columns]
    _check_mapping(columns, instrument, names)
    free = [name for name in names if name not in taken]
    by_name = _unshared((fold(name), name) for name in free)
    by_text = _unshared(_questions(free, export.texts))
    found: dict[str, str] = {}
    matched_by_text = []
    missing = []
    for item in instrument.items:
        column = columns.get(item.key) or (item.key if item.key in names else by_name.get(fold(item.key)))
        if column is None and item.text and (column := by_text.get(_question(item.text))):
            matched_by_text.append(item.key)
        if column is None:
            missing.append(item.key)
        else:
            found[item.key] = column
    if missing:
        _complain(missing, instrument, [name for name in free if name not in found.values()], export.name)
    _check_single_use(found)
    entries = [LogEntry(rule="columns found by their question's text", count=1, subject=key) for key in matched_by_text]
    clash = {name: f"{name} (not an item)" for name in names if name in found and found[name] != name}
    moved = renamed(export, {**clash, **{column: key for key, column in found.items()}})
    return replace(moved, entries=(*export.entries, *entries))


def _check_mapping(columns: Mapping[str, str], instrument: Instrument, names: list[str]) -> None:
    keys = [item.key for item in instrument.items]
    for key, column in columns.items():
        if key not in keys:
            turned = (
                "; columns= maps item keys to column names, not the reverse" if column in keys else closest(key, keys)
            )
            raise ResponseError(f"columns={{{key!r}: {column!r}}}: the instrument has no item {key!r}{turned}")
        if column not in names:
            msg = f"columns={{{key!r}: {column!r}}}: the data have no column {column!r}{closest(column, names)}"
            raise ResponseError(msg)


def _check_single_use(found: Mapping[str, str]) -> None:
    used: dict[str, str] = {}
    for key, column in found.items():
        if column in used:
            raise ResponseError(f"items {used[column]!r} and {key!r} would both be read from column {column!r}")
        used[column] = key


def _question(text: str) -> str:
    return fold(_NUMBERING.sub("", text))


def _questions(names: Iterable[str], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each question's text, as it may be compared, with its column."""
    for name in names:
        for text in {name, texts.get(name, name)}:
            ends = {text, *(match[1] for match in [_GRID_ROW.search(text)] if match), text.rsplit(" - ", 1)[-1]}
            for end in ends:
                yield _question(end), name


def _unshared(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return text to column; a text that two columns share finds neither."""
    candidates: dict[str, set[str]] = {}
    for text, name in pairs:
        candidates.setdefault(text, set()).add(name)
    return {text: next(iter(columns)) for text, columns in candidates.items() if len(columns) == 1}


def _complain(missing: list[str], instrument: Instrument, names: list[str], where: str) -> None:
    shown = [f"{key!r}{closest(key, names).replace('; ', ' (').replace('?', '?)')}" for key in missing[:6]]
    more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
    whole = [s.key for s in instrument.scales if set(s.item_keys) <= set(missing)]
    advice = "map them with columns={item key: column name}"
    if whole and len(whole) < len(instrument.scales):
        kept = [s.key for s in instrument.scales if s.key not in whole]
        advice += f", or, if the survey left those scales out, read with instrument.select({kept!r})"
    raise ResponseError(
        f"{where} has no column for {len(missing)} of {len(instrument.items)} items: {', '.join(shown)}{more}; {advice}"
    )
