"""Reading a file of any of the usual formats into a table of cells, nothing interpreted yet."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from internal_coherence.errors import ResponseError, listing
from internal_coherence.responses.log import LogEntry

Format = Literal["csv", "xlsx", "parquet", "spss", "stata", "qualtrics", "google_forms"]
FORMATS: Final[tuple[str, ...]] = get_args(Format)
_BY_ENDING: Final[dict[str, Format]] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".parquet": "parquet",
    ".sav": "spss", ".zsav": "spss", ".dta": "stata",
}  # fmt: skip
_QUOTED: Final = re.compile(r'"[^"]*"')
_EXTRA: Final = {"openpyxl": "excel", "pyreadstat": "spss", "pyarrow": "parquet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A table as it came out of a file, or out of a survey platform.

    Parameters
    ----------
    cells : DataFrame
        Cells as they stand; the index is the line a spreadsheet shows.
    name : str
        The file's name, for messages.
    texts : mapping
        Column to the question's text, where the file holds it.
    value_labels : mapping
        Column to the file's labels of its codes.
    entries : tuple of LogEntry
        What reading the file did.
    """

    cells: pd.DataFrame
    name: str
    texts: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[float, str]] = field(default_factory=dict)
    entries: tuple[LogEntry, ...] = ()


def read_export(
    source: str | Path | pd.DataFrame, format: str | None, text_columns: Collection[str] | Literal["all"]
) -> Export:
    """Read a source into cells.

    Parameters
    ----------
    source : path or DataFrame
        What to read.
    format : str, optional
        One of `FORMATS`; by default the file's ending tells.
    text_columns : collection of str or "all"
        Columns to keep as text, so that a school ``007`` stays one.

    Returns
    -------
    Export

    Raises
    ------
    ResponseError
        If the file is missing, empty, of an unknown format, or needs a package that is not installed.
    """
    if format is not None and format not in FORMATS:
        raise ResponseError(f"format={format!r} is not one of {listing(FORMATS)}")
    if isinstance(source, pd.DataFrame):
        export = Export(cells=_checked_frame(source), name="the data frame")
    elif not isinstance(source, (str, Path)):
        raise ResponseError(f"give a data frame or a file's path, not {type(source).__name__}")
    else:
        path = Path(source)
        if not path.is_file():
            raise ResponseError(f"there is no file {str(path)!r}")
        kind = format if format in _BY_ENDING.values() else _BY_ENDING.get(path.suffix.lower())
        if kind is None:
            msg = f"can't tell the format of {path.name!r} from its ending; pass format=, one of {listing(FORMATS)}"
            raise ResponseError(msg)
        export = _read_file(path, kind, text_columns)
    if export.cells.empty:
        raise ResponseError(
            f"{export.name} is empty: it has {len(export.cells)} rows and {export.cells.shape[1]} columns"
        )
    return export


def _checked_frame(frame: pd.DataFrame) -> pd.DataFrame:
    if isinstance(frame.columns, pd.MultiIndex):
        raise ResponseError("the data frame has several levels of column names; give it one")
    cells = frame.rename(columns=str)
    if not frame.index.is_unique or isinstance(frame.index, pd.MultiIndex):
        cells = cells.reset_index(drop=True)
    return cells


def _read_file(path: Path, kind: str, text_columns: Collection[str] | Literal["all"]) -> Export:
    try:
        if kind == "csv":
            return _read_csv(path, text_columns)
        if kind == "xlsx":
            sheet = pd.read_excel(path, header=None, dtype=object, keep_default_na=False, na_values=[""])
            header = list(sheet.iloc[0]) if len(sheet) else []
            _check_headings(header, path.name)
            names = [f"column {k}" if pd.isna(name) else str(name) for k, name in enumerate(header, 1)]
            return Export(cells=_numbered(sheet.iloc[1:].set_axis(names, axis=1)), name=path.name)
        if kind == "parquet":
            return Export(cells=_checked_frame(pd.read_parquet(path)), name=path.name)
        return _read_labelled(path, kind)
    except ImportError as error:
        package = next((name for name in _EXTRA if name in str(error)), error.name or "")
        extra = f": pip install 'internal-coherence[{_EXTRA[package]}]'" if package in _EXTRA else ""
        raise ResponseError(f"reading {path.name} needs the package {package}{extra}") from None
    except ResponseError:
        raise
    except Exception as error:
        raise ResponseError(f"{path.name} can't be read as {kind}: {error}") from error


def _numbered(cells: pd.DataFrame) -> pd.DataFrame:
    """Index the rows as a spreadsheet numbers them below its heading."""
    return cells.set_axis(pd.RangeIndex(2, len(cells) + 2, name="row"))


def _read_csv(path: Path, text_columns: Collection[str] | Literal["all"]) -> Export:
    encoding, entries = _encoding(path)
    with path.open(encoding=encoding, newline="") as lines:
        start = lines.read(1 << 18)
        first = _QUOTED.sub("", start).split("\n", 1)[0]
        if not first.strip():
            raise ResponseError(f"{path.name} is empty, or its first line is")
        delimiter = max(",;\t|", key=first.count)
        lines.seek(0)
        header = [name.strip("\ufeff") for name in next(csv.reader(lines, delimiter=delimiter))]
    _check_headings(header, path.name)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        text = header if text_columns == "all" else text_columns
        try:
            cells = _parsed(path, encoding, delimiter, text)
        except (pd.errors.ParserWarning, pd.errors.ParserError):
            _check_surplus(path, encoding, delimiter, len(header))
            cells = _parsed(path, encoding, delimiter, text, range(len(header)))
    return Export(cells=_numbered(cells), name=path.name, entries=entries)


def _parsed(
    path: Path, encoding: str, delimiter: str, text: Collection[str], places: range | None = None
) -> pd.DataFrame:
    return pd.read_csv(
        path,
        sep=delimiter,
        encoding=encoding,
        dtype=dict.fromkeys(text, "str"),
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=False,
        low_memory=False,
        index_col=False,
        usecols=places,
    )


def _check_headings(header: Sequence[object], where: str) -> None:
    names = [str(name) for name in header if name not in ("", None) and not pd.isna(name)]  # type: ignore[call-overload]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ResponseError(f"{where} has more than one column named {listing(repeated)}")


def _check_surplus(path: Path, encoding: str, delimiter: str, width: int) -> None:
    """Refuse rows that hold more than there are headings; empty surplus cells do no harm."""
    with path.open(encoding=encoding, newline="") as lines:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter), 1):
            if any(cell.strip() for cell in row[width:]):
                msg = f"{path.name}: row {number} has {len(row)} cells, the heading {width}; quote a text that holds {delimiter!r}"
                raise ResponseError(msg)


def _encoding(path: Path) -> tuple[str, tuple[LogEntry, ...]]:
    """Return the encoding of a text file: by its mark, else UTF-8, else, with a log entry, that of Western Windows."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16", ()
        if start.startswith(b"PK"):
            raise ResponseError(f"{path.name} is not text but a zipped file, perhaps an .xlsx by another name")
    try:
        with path.open(encoding="utf-8") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252", (LogEntry(rule="file read as Windows-1252, for it is not UTF-8", count=1, subject=path.name),)
    return "utf-8-sig", ()


def _read_labelled(path: Path, kind: str) -> Export:
    """Read SPSS or Stata: codes, value labels and question texts; user-missing values become empty and are logged."""
    import pyreadstat

    read: Any = pyreadstat.read_sav if kind == "spss" else pyreadstat.read_dta
    cells, meta = read(str(path), user_missing=True)
    cells = _numbered(cells)
    entries = []
    for column in cells.columns:
        absent = _user_missing(cells[column], meta, column)
        if absent.any():
            entries.append(
                LogEntry(
                    rule="user-missing values of the file",
                    count=int(absent.sum()),
                    subject=column,
                    rows=tuple(cells.index[absent]),
                )
            )
            cells[column] = cells[column].mask(absent)
    return Export(
        cells=cells,
        name=path.name,
        texts={name: label for name, label in meta.column_names_to_labels.items() if label},
        value_labels={column: _numeric_labels(labels) for column, labels in meta.variable_value_labels.items()},
        entries=tuple(entries),
    )


def _numeric_labels(labels: Mapping[Any, str]) -> dict[float, str]:
    return {float(code): label for code, label in labels.items() if isinstance(code, (int, float))}


def _user_missing(cells: pd.Series, meta: Any, column: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which cells hold what the file itself declares missing: ranges in SPSS, the letters .a to .z in Stata."""
    letters = set(meta.missing_user_values.get(column, ()))
    absent = cells.isin(letters).to_numpy() if letters else np.zeros(len(cells), dtype=bool)
    for bounds in meta.missing_ranges.get(column, ()):
        low, high = bounds["lo"], bounds["hi"]
        absent |= cells.map(lambda value, low=low, high=high: _within(value, low, high)).to_numpy(dtype=bool)
    return absent


def _within(value: object, low: Any, high: Any) -> bool:
    if isinstance(value, str) or isinstance(low, str):
        return bool(value == low)
    return isinstance(value, (int, float)) and bool(float(low) <= value <= float(high))


def renamed(export: Export, columns: Mapping[str, str]) -> Export:
    """Return the export with columns under new names, texts and labels with them.

    Parameters
    ----------
    export : Export
        The table.
    columns : mapping
        Present name to new name.

    Returns
    -------
    Export
    """
    return replace(
        export,
        cells=export.cells.rename(columns=columns),
        texts={columns.get(name, name): text for name, text in export.texts.items()},
        value_labels={columns.get(name, name): labels for name, labels in export.value_labels.items()},
    )
