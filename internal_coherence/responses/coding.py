"""From a column of a file to checked codes, and the one place where codes are reversed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceWarning, ResponseError, warn
from internal_coherence.instrument import Instrument, Item
from internal_coherence.instrument.spelling import fold
from internal_coherence.responses.labels import Labels, MissingCodes, number
from internal_coherence.responses.log import LogEntry

Values = TypeVar("Values", float, NDArray[np.float64], pd.Series, pd.DataFrame)
MOST_ITEMS_NAMED = 8


def reverse_code(values: Values, low: float, high: float) -> Values:
    """Reverse responses within their declared bounds: low + high − x.

    Parameters
    ----------
    values : float, array, Series or DataFrame
        Responses; NaN stays NaN.
    low, high : float
        The lowest and highest code that the item *allows*, which need not have been chosen by anyone.

    Returns
    -------
    same type as `values`

    Raises
    ------
    ResponseError
        If low is not less than high, or a response lies outside of them.

    Notes
    -----
    ``psych::reverse.code(-1, x, mini=low, maxi=high)`` in R.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.reverse_code(2.0, low=1, high=6)
    5.0
    """
    if not low < high:
        raise ResponseError(f"reverse_code: low must be less than high, but {low} ≥ {high}")
    array = np.asarray(values, dtype=np.float64)
    if isinstance(values, (list, tuple)):
        values = array
    if outside := int(np.sum((array < low) | (array > high))):
        raise ResponseError(f"reverse_code: {outside} responses lie outside {low}–{high}")
    return low + high - values


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedColumn:
    """One item's answers, coded: `codes` with NaN, and at which positions something happened."""

    codes: NDArray[np.float64]
    declared_missing: NDArray[np.intp]
    not_available: NDArray[np.intp]
    relabelled: NDArray[np.intp]
    invalid: NDArray[np.intp]
    invalid_cells: tuple[str, ...]


def code_column(
    cells: pd.Series, item: Item, missing: MissingCodes, value_labels: Mapping[float, str] | None = None
) -> CodedColumn:
    """Code one column: numbers and labels to codes, declared missing codes to NaN, all else marked invalid.

    Parameters
    ----------
    cells : Series
        Numbers, texts or both, one a row.
    item : Item
        What may stand there.
    missing : MissingCodes
        Declared to mean no answer.
    value_labels : mapping, optional
        The file's own labels of its codes.

    Returns
    -------
    CodedColumn
        Invalid cells are NaN in ``codes``.
    """
    place, distinct = pd.factorize(cells, use_na_sentinel=True)
    labels, named = Labels(item), value_labels or {}
    texts = [str(cell).strip() for cell in distinct]
    codes = [labels.code(text) for text in texts]
    kind = np.full(len(distinct) + 1, "", dtype="<U8")  # the last stands for an empty cell, which factorize calls -1
    for k, (text, code) in enumerate(zip(texts, codes, strict=True)):
        label = named.get(code, "") if code is not None else ""
        if text in missing and label and fold(label) in labels.codes:
            raise ResponseError(
                f"item {item.key!r}: missing code {code:g} is labelled {label!r} in the file, which is an answer"
            )
        if not text:
            kind[k] = "blank"
        elif text in missing or (label and label in missing):
            kind[k] = "missing"
        elif text == "NA" and "na" not in labels.codes:
            kind[k] = "NA"
    used = {code for code, what in zip(codes, kind[:-1], strict=True) if code is not None and not what}
    recoded = labels.recoding(named, used) if labels.codes else {}
    meaning = np.full(len(distinct) + 1, np.nan)
    for k, code in enumerate(codes):
        if kind[k]:
            continue
        if code in recoded:
            meaning[k], kind[k] = recoded[code], "relabel"
        elif code is not None and code.is_integer() and item.low <= code <= item.high:
            meaning[k] = code
        else:
            kind[k] = "invalid"
    happened = kind[place]
    invalid = np.flatnonzero(happened == "invalid")
    return CodedColumn(
        codes=meaning[place],
        declared_missing=np.flatnonzero(happened == "missing"),
        not_available=np.flatnonzero(happened == "NA"),
        relabelled=np.flatnonzero(happened == "relabel"),
        invalid=invalid,
        invalid_cells=tuple(str(distinct[k]) for k in place[invalid]),
    )


def code_answers(
    cells: pd.DataFrame,
    instrument: Instrument,
    missing_codes: Sequence[object],
    invalid: Literal["error", "missing"],
    value_labels: Mapping[str, Mapping[float, str]],
) -> tuple[pd.DataFrame, list[LogEntry]]:
    """Code all items, and say what was done.

    Parameters
    ----------
    cells : DataFrame
        One column an item, under the items' keys.
    instrument : Instrument
        What may stand there.
    missing_codes : sequence
        Declared to mean no answer.
    invalid : {"error", "missing"}
        What an answer outside of the format is.
    value_labels : mapping
        Item key to the file's labels of its codes.

    Returns
    -------
    DataFrame
        Codes as answered, before any reversal, of the shape of `cells`; NaN is missing.
    list of LogEntry

    Raises
    ------
    ResponseError
        Naming every item with answers that it does not allow, unless they are to be missing.
    """
    missing = MissingCodes(missing_codes)
    _check_missing_codes(missing, instrument)
    answers = np.empty(cells.shape)
    entries: list[LogEntry] = []
    complaints: list[str] = []
    place = 0
    for scale in instrument.scales:
        for item in scale.items:
            column = code_column(cells[item.key], item, missing, value_labels.get(item.key))
            answers[:, place] = column.codes
            place += 1
            steps = [
                ("declared missing codes", column.declared_missing),
                ("cells that say NA, read as no answer", column.not_available),
                ("codes changed to those of the codebook's labels", column.relabelled),
            ]
            shift = _shift(item, column) if column.invalid_cells else ""
            if column.invalid_cells and invalid == "error":
                complaints.append(_complaint(item, scale.key, column.invalid_cells) + shift)
            else:
                steps.append(("answers that the item does not allow, set to missing", column.invalid))
                if shift:
                    warn(f"item {item.key!r} of scale {scale.key!r}{shift}", CoherenceWarning)
            for rule, at in steps:
                if len(at):
                    entries.append(LogEntry(rule=rule, count=len(at), subject=item.key, rows=tuple(cells.index[at])))
    if complaints:
        more = len(complaints) - MOST_ITEMS_NAMED
        shown = complaints[:MOST_ITEMS_NAMED] + ([f"and {more} more items"] if more > 0 else [])
        advice = "Declare codes that mean no answer with missing_codes=[...], or pass invalid='missing'."
        raise ResponseError("\n".join([*shown, advice]))
    return pd.DataFrame(answers, index=cells.index, columns=[i.key for i in instrument.items]), entries


def _check_missing_codes(missing: MissingCodes, instrument: Instrument) -> None:
    for item in instrument.items:
        if words := missing.words & set(Labels(item).codes):
            raise ResponseError(
                f"missing code {min(words)!r} is an answer of item {item.key!r}; a word can't mean both"
            )
        if clash := sorted(code for code in missing.numbers if code.is_integer() and item.low <= code <= item.high):
            msg = (
                f"missing code {clash[0]:g} is one of the answers {item.low}–{item.high} of item {item.key!r};"
                " a code can't mean both"
            )
            raise ResponseError(msg)


def _shift(item: Item, column: CodedColumn) -> str:
    """Say if the answers fill a range as long as the item's, one code lower or higher than its own."""
    values = [value for value in map(number, column.invalid_cells) if value is not None]
    found = np.concatenate([column.codes[~np.isnan(column.codes)], values])
    if len(found) and (found.min(), found.max()) in ((item.low - 1, item.high - 1), (item.low + 1, item.high + 1)):
        return f"; its answers run {found.min():g}–{found.max():g}, as if they were coded otherwise than {item.low}–{item.high}"
    return ""


def _complaint(item: Item, scale: str, cells: Sequence[str]) -> str:
    """Say which cells of an item are wrong: *item 'ps_4' of scale 'safety' has 7 responses outside 1–6: {0: 4, 9: 3}*."""
    counts = Counter(cells).most_common(6)
    shown = ", ".join(f"{_code(cell)}: {count}" for cell, count in counts)
    words = [cell for cell, _ in counts if number(cell) is None]
    hint = Labels(item).suggestion(words[0]) if words else ""
    more = ", …" if len(set(cells)) > len(counts) else ""
    plural = "response" if len(cells) == 1 else "responses"
    return f"item {item.key!r} of scale {scale!r} has {len(cells)} {plural} outside {item.low}–{item.high}: {{{shown}{more}}}{hint}"


def _code(cell: str) -> str:
    """Return a cell as a message shows it: a number plainly, a text in quotes."""
    value = number(cell)
    return repr(cell) if value is None else f"{value:g}"
