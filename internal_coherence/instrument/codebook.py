"""Reading a user's own codebook: a TOML, CSV or Excel file, or a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from internal_coherence.errors import InstrumentError, closest, listing
from internal_coherence.instrument.definitions import ONE_DIMENSION, Dimension, Instrument, Item, Scale, user_provenance
from internal_coherence.instrument.exchange import ITEM_FIELDS, LABEL_SEPARATOR, SCALE_FIELDS, read_toml
from internal_coherence.instrument.provenance import Provenance, Provenances

REQUIRED: Final = ("item", "scale", "low", "high")
OPTIONAL: Final = (
    "reversed", "text", "labels", "scale_label", "dimension", "dimension_label", "strand",
    "instrument", "title", "status", "notes", "title_provenance", "dimension_construct_provenance",
    *(f"{name}_provenance" for name in ITEM_FIELDS),
    *(f"scale_{name}_provenance" for name in SCALE_FIELDS),
)  # fmt: skip
TRUE: Final = frozenset({"true", "yes", "y", "1", "r", "x", "-", "reversed"})
FALSE: Final = frozenset({"false", "no", "n", "0", "", "+"})


def read_codebook(source: str | Path | pd.DataFrame) -> Instrument:
    """Read the definition of your own instrument.

    A codebook has one row an item and the columns ``item``, ``scale``, ``low``, ``high``; further columns are optional:
    ``reversed`` (true/false, yes/no, 1/0), ``text``, ``labels`` (from the lowest code to the highest, with ``|``
    between them), ``scale_label``, ``dimension`` (without it all scales are in one dimension), ``dimension_label``,
    ``strand``. Column names are matched whatever their case and spaces.

    Parameters
    ----------
    source : path or DataFrame
        A ``.toml``, ``.csv``, ``.tsv`` or ``.xlsx`` file, or a table of that shape.

    Returns
    -------
    Instrument
        With ``status="user"``, and every field marked as the user's, unless the file says otherwise.

    Raises
    ------
    InstrumentError
        Naming the row and the column of what can't be read.

    See Also
    --------
    Instrument.to_toml, Instrument.to_frame : write what this reads.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> import pandas as pd
    >>> ic.read_codebook(pd.DataFrame({
    ...     "item": ["trust_1", "trust_2", "trust_3"], "scale": "trust", "low": 1, "high": 4,
    ...     "reversed": ["no", "no", "yes"], "labels": "Never|Seldom|Often|Always"}))
    <Instrument 'codebook': 1 dimension, 1 scale, 3 items>
    """
    if isinstance(source, pd.DataFrame):
        return _from_table(source, "codebook", first_row=1)
    path = Path(source)
    if not path.is_file():
        raise InstrumentError(f"there is no codebook file {str(path)!r}")
    kind = path.suffix.lower()
    if kind == ".toml":
        return read_toml(_decoded(path), path.name)
    if kind in {".csv", ".tsv", ".txt"}:
        return _from_table(_csv_table(path), path.stem, first_row=2)
    if kind == ".xlsx":
        try:
            table = pd.read_excel(path, dtype=object, keep_default_na=False)
        except ImportError:
            msg = "reading an .xlsx codebook needs openpyxl: pip install 'internal-coherence[excel]'"
            raise InstrumentError(msg) from None
        return _from_table(table, path.stem, first_row=2)
    raise InstrumentError(f"a codebook is a .toml, .csv, .tsv or .xlsx file; {path.name!r} is none of them")


def _decoded(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path.name} is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8' and try again"
        raise InstrumentError(msg) from None


def _csv_table(path: Path) -> pd.DataFrame:
    """Read a delimited codebook as text, its delimiter found from the heading."""
    text = _decoded(path)
    if not text.strip():
        raise InstrumentError(f"{path.name} is empty")
    delimiter = max(",;\t", key=text.splitlines()[0].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    header = rows[0]
    for number, row in enumerate(rows[1:], 2):
        if len(row) > len(header):
            msg = f"{path.name}: row {number} has {len(row)} cells, the heading {len(header)}; quote a text that holds {delimiter!r}"
            raise InstrumentError(msg)
    body = [row + [""] * (len(header) - len(row)) for row in rows[1:]]
    return pd.DataFrame(body, columns=header, dtype=object)


def _from_table(table: pd.DataFrame, name: str, first_row: int) -> Instrument:
    """Build an instrument from a codebook table; rows are counted as the user sees them."""
    rows = _rows(table, name)
    if not rows:
        raise InstrumentError(f"codebook {name!r} has no rows")
    scales: dict[str, dict[str, Any]] = {}
    dimensions: dict[str, Dimension] = {}
    named: dict[str, Mapping[str, str]] = {}
    head: Mapping[str, str] | None = None
    for number, row in enumerate(rows, first_row):
        if not any(row.values()):
            continue
        where = f"codebook {name!r}, row {number}"
        item = _item(row, where)
        key = _required(row, "scale", where)
        dimension = row["dimension"] or ONE_DIMENSION
        dimensions.setdefault(dimension, _dimension(dimension, row, where))
        scale = scales.setdefault(key, {"dimension": dimension, "row": row, "where": where, "items": []})
        head = head or row
        for column in ("instrument", "title", "status", "notes"):
            _check_repeated(row, head, column, "the instrument", where)
        for column in ("scale_label", "strand"):
            _check_repeated(row, scale["row"], column, f"scale {key!r}", where)
        _check_repeated(row, named.setdefault(dimension, row), "dimension_label", f"dimension {dimension!r}", where)
        if scale["dimension"] != dimension:
            msg = (
                f"{where}, column 'dimension': scale {key!r} is in {dimension!r} here and in {scale['dimension']!r} above;"
                " a scale belongs to one dimension"
            )
            raise InstrumentError(msg)
        scale["items"].append(item)
    if not scales:
        raise InstrumentError(f"codebook {name!r} has no filled rows")
    first = next(row for row in rows if any(row.values()))
    return Instrument(
        key=first["instrument"] or name,
        title=first["title"],
        status=first["status"] or "user",  # type: ignore[arg-type]  # Instrument checks it
        notes=first["notes"],
        provenance=Provenances(_mark(first, "title_provenance", f"codebook {name!r}", "title", default=False)),
        dimensions=tuple(dimensions.values()),
        scales=tuple(_scale(key, parts) for key, parts in scales.items()),
    )


def _rows(table: pd.DataFrame, name: str) -> list[dict[str, str]]:
    """Return the rows as stripped text under the known column names, '' where nothing stands."""
    folded: dict[str, Any] = {}
    for column in table.columns:
        key = "_".join(str(column).strip().casefold().split())
        if key in folded:
            raise InstrumentError(f"codebook {name!r} has two columns {key!r}")
        folded[key] = column
    for column in REQUIRED:
        if column not in folded:
            msg = f"codebook {name!r} has no column {column!r}; it needs {listing(REQUIRED)}{closest(column, folded)}"
            raise InstrumentError(msg)
    allowed = (*REQUIRED, *OPTIONAL)
    for column in folded:
        if column not in allowed:
            msg = f"codebook {name!r}: unknown column {column!r}; allowed are {listing(allowed, 20)}{closest(column, allowed)}"
            raise InstrumentError(msg)
    cells = {
        column: [_cell(value) for value in table[folded[column]]] if column in folded else [""] * len(table)
        for column in allowed
    }
    return [dict(zip(allowed, values, strict=True)) for values in zip(*cells.values(), strict=True)]


def _cell(value: object) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):  # type: ignore[call-overload]
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _required(row: Mapping[str, str], column: str, where: str) -> str:
    if not row[column]:
        raise InstrumentError(f"{where}: column {column!r} is empty")
    return row[column]


def _check_repeated(row: Mapping[str, str], first: Mapping[str, str], column: str, what: str, where: str) -> None:
    """Refuse a cell that says something else than the first row of the same scale or dimension."""
    if row[column] and row[column] != first[column]:
        msg = f"{where}, column {column!r}: {what} is {row[column]!r} here and {first[column]!r} in its first row"
        raise InstrumentError(msg)


def _item(row: Mapping[str, str], where: str) -> Item:
    flag = row["reversed"].casefold()
    if flag not in TRUE | FALSE:
        raise InstrumentError(f"{where}, column 'reversed': {row['reversed']!r} is neither yes nor no")
    labels = tuple(label.strip() for label in row["labels"].split(LABEL_SEPARATOR)) if row["labels"] else ()
    marks: dict[str, Provenance] = {}
    for name in ITEM_FIELDS:
        marks |= _mark(row, f"{name}_provenance", where, name)
    try:
        return Item(
            key=_required(row, "item", where),
            text=row["text"],
            low=_whole(row, "low", where),
            high=_whole(row, "high", where),
            labels=labels,
            reversed=flag in TRUE,
            provenance=Provenances(marks),
        )
    except InstrumentError as error:
        raise InstrumentError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None


def _whole(row: Mapping[str, str], column: str, where: str) -> int:
    text = _required(row, column, where)
    try:
        value = float(text)
    except ValueError:
        value = 0.5
    if not value.is_integer():
        raise InstrumentError(f"{where}, column {column!r}: {text!r} is not a whole number")
    return int(value)


def _dimension(key: str, row: Mapping[str, str], where: str) -> Dimension:
    mark = _mark(row, "dimension_construct_provenance", where, "construct")
    return Dimension(key=key, label=row["dimension_label"], provenance=Provenances(mark))


def _scale(key: str, parts: Mapping[str, Any]) -> Scale:
    row, where = parts["row"], parts["where"]
    marks: dict[str, Provenance] = {}
    for name in SCALE_FIELDS:
        marks |= _mark(row, f"scale_{name}_provenance", where, name)
    return Scale(
        key=key,
        label=row["scale_label"],
        dimension=parts["dimension"],
        strand=row["strand"],
        items=tuple(parts["items"]),
        provenance=Provenances(marks),
    )


def _mark(
    row: Mapping[str, str], column: str, where: str, field: str, *, default: bool = True
) -> dict[str, Provenance]:
    """Return the provenance that a cell states, as ``mark`` or ``mark: citation``; an empty cell means the user."""
    if not (text := row[column]):
        return dict(user_provenance(field)) if default else {}
    mark, _, citation = text.partition(":")
    entry = {"mark": mark.strip(), **({"citation": citation.strip()} if citation else {})}
    return {field: Provenance.parse(entry, f"{where}, column {column!r}")}
