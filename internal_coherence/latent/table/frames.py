"""A table read from rows: a user's own, or lavaan's ``parTable``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.syntax.arithmetic import read_expression
from internal_coherence.latent.syntax.expressions import name
from internal_coherence.latent.syntax.grammar import NOT_YET
from internal_coherence.latent.syntax.modifiers import is_label
from internal_coherence.latent.table.building import numbered
from internal_coherence.latent.table.groups import unused
from internal_coherence.latent.table.row import Row

PARAMETERS: Final = ("=~", "~", "~~", "~1")
CONSTRAINTS: Final = (":=", "==", "<", ">")


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame, checked and numbered.

    Parameters
    ----------
    frame : DataFrame
        Columns lhs, op, rhs and, as far as known, user, group, free, value (or ustart), start, label, exo, plabel.

    Returns
    -------
    list of Row

    Raises
    ------
    ModelError
        Naming the row that makes no sense.
    """
    if missing := [c for c in ("lhs", "op", "rhs") if c not in frame.columns]:
        raise ModelError(f"a parameter table has columns lhs, op and rhs; missing: {listing(missing)}")
    records = [{str(k): v for k, v in record.items()} for record in frame.to_dict("records")]
    rows = [_row(record, k + 1) for k, record in enumerate(records)]
    if not any(row.op in PARAMETERS for row in rows):
        raise ModelError("the table has no parameters")
    _check_unique(rows)
    names = [_text(record.get("plabel")) for record in records]
    return numbered(_without_place_labels(rows, names))


def _row(record: dict[str, Any], k: int) -> Row:
    lhs, op, rhs = (_text(record[c]) for c in ("lhs", "op", "rhs"))
    if op not in (*PARAMETERS, *CONSTRAINTS):
        reason = NOT_YET.get(op, f"operators are {listing((*PARAMETERS, *CONSTRAINTS))}")
        raise ModelError(f"row {k}: the operator {op!r} is not one: {reason}")
    if not lhs or (not rhs and op != "~1"):
        raise ModelError(f"row {k}: lhs or rhs is empty")
    if op in ("=~", "~") and lhs == rhs:
        raise ModelError(f"row {k}: {lhs!r} can't be {'measured by' if op == '=~' else 'regressed on'} itself")
    label = _text(record.get("label"))
    if label and not is_label(label):
        raise ModelError(f"row {k}: {label!r} is no label")
    if op in CONSTRAINTS:
        user = int(_number(record, "user", k, 1))
        return Row(lhs=lhs, op=op, rhs=rhs, user=user, label=lhs if op == ":=" else "")
    group = int(_number(record, "group", k, 1))
    if group < 1:
        raise ModelError(f"row {k}: groups are counted from 1, and this is {group}")
    value = _number(record, "value", k, _number(record, "ustart", k, math.nan))
    exo = int(_number(record, "exo", k, 0)) > 0
    free = bool(_number(record, "free", k, float(math.isnan(value)))) and not exo
    if not free and not exo and math.isnan(value):
        raise ModelError(f"row {k}: '{lhs} {op} {rhs}' is neither free nor has it a value")
    started = _number(record, "start", k, value if "ustart" in record else math.nan)
    return Row(
        lhs=lhs,
        op=op,
        rhs="" if op == "~1" else rhs,
        user=int(_number(record, "user", k, 1)),
        block=group,
        group=group,
        free=int(free),
        value=math.nan if free or exo else value,
        start=started if free else math.nan,
        label=label,
        exo=int(exo),
    )


def _text(value: object) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA
    return "" if missing else str(value)


def _number(record: dict[str, Any], column: str, k: int, otherwise: float) -> float:
    given = record.get(column)
    if _text(given) in ("", "NA"):
        return otherwise
    try:
        value = float(given)  # type: ignore[arg-type]  # whatever it is, float() says whether it is a number
    except (TypeError, ValueError):
        raise ModelError(f"row {k}: {column} is {given!r}, which is no number") from None
    if math.isinf(value):
        raise ModelError(f"row {k}: {column} is infinite")
    return value


def _check_unique(rows: Sequence[Row]) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for k, row in enumerate(rows):
        if row.group:
            ends = frozenset((row.lhs, row.rhs)) if row.op == "~~" else (row.lhs, row.rhs)
            before = seen.setdefault((ends, row.op, row.group), k)
            if before != k:
                raise ModelError(f"rows {before + 1} and {k + 1} are of the same parameter, '{row.name}'")


def _without_place_labels(rows: list[Row], places: Sequence[str]) -> list[Row]:
    # lavaan's constraints may name a row by its plabel: such a row gets that label, unless it has one.
    named = {n for row in rows if not row.group for side in (row.lhs, row.rhs) for n in read_expression(side).names}
    labels = {row.label for row in rows if row.label}
    stands_for = {}
    for k, place in enumerate(places):
        if place and place in named and rows[k].group:
            if not rows[k].label:
                rows[k] = rows[k]._replace(label=unused(place, labels))
                labels.add(rows[k].label)
            if rows[k].label != place:
                stands_for[place] = name(rows[k].label)
    if not stands_for:
        return rows
    return [
        row if row.group else row._replace(lhs=_renamed(row.lhs, stands_for), rhs=_renamed(row.rhs, stands_for))
        for row in rows
    ]


def _renamed(side: str, stands_for: dict[str, Any]) -> str:
    return str(read_expression(side).substitute(stands_for))
