"""A table written back as lavaan's syntax, everything explicit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from internal_coherence.errors import ModelError
from internal_coherence.latent.syntax.arithmetic import read_expression
from internal_coherence.latent.syntax.expressions import name
from internal_coherence.latent.table.groups import unused
from internal_coherence.latent.table.row import Row

if TYPE_CHECKING:
    from internal_coherence.latent.table.par_table import ParTable

_PLAIN: Final = re.compile(r"(?:[^\W\d_]|\.(?!\d))[\w.]*")
_MADE: Final = re.compile(r"\.p(\d+)\._*")
_RESERVED: Final = frozenset(
    {"NA", "NaN", "Inf", "TRUE", "FALSE", "NULL", "if", "else", "for", "while", "function", "in"}
)
Triple = tuple[str, str, str]


def to_lavaan(table: ParTable) -> str:
    """Write a table as lavaan's syntax.

    Parameters
    ----------
    table : ParTable

    Returns
    -------
    str
        Lines; what is fixed to the data is left out.

    Raises
    ------
    ModelError
        If a name can't be quoted.
    """
    label = label_names(table.entries)
    across: dict[Triple, list[Row | None]] = {}
    for row in table.entries:
        if row.group and not row.exo:
            across.setdefault((row.lhs, row.op, row.rhs), [None] * table.n_groups)[row.group - 1] = row
    first = {lhs: rhs for (lhs, op, rhs) in reversed(across) if op == "=~"}
    lines = []
    for (lhs, op), several in groupby(across, key=lambda triple: triple[:2]):
        terms = [_term(t, across[t], label, marker=op == "=~" and first[lhs] == t[2]) for t in several]
        lines.append(f"{quoted(lhs)} {'~' if op == '~1' else op} {' + '.join(terms)}")
    return "\n".join([*lines, *constraint_lines(table.entries, label)]) + "\n"


def label_names(rows: Sequence[Row]) -> dict[str, str]:
    """Return each label as it is written: those that were made here, ``.p7.``, get a plain name.

    Parameters
    ----------
    rows : sequence of Row

    Returns
    -------
    dict of str to str
    """
    labels = list(dict.fromkeys(row.label for row in rows if row.label))
    taken = set(labels) | {row.lhs for row in rows if row.op == ":="}
    written = {}
    for label in labels:
        made = _MADE.fullmatch(label)
        written[label] = unused(f"p{made[1]}", taken) if made else label
        taken.add(written[label])
    return written


def constraint_lines(rows: Sequence[Row], label: Mapping[str, str]) -> list[str]:
    """Return definitions and constraints, one a line.

    Parameters
    ----------
    rows : sequence of Row
    label : mapping of str to str
        How labels are written.

    Returns
    -------
    list of str
    """
    renamed = {old: name(new) for old, new in label.items()}
    lines = []
    for row in rows:
        if not row.group:
            left, right = (str(read_expression(side).substitute(renamed)) for side in (row.lhs, row.rhs))
            lines.append(f"{left} {row.op} {right}")
    return lines


def _term(triple: Triple, rows: Sequence[Row | None], label: Mapping[str, str], *, marker: bool) -> str:
    what = "1" if triple[1] == "~1" else quoted(triple[2])
    # What a group does not have is 0 there.
    values = [0.0 if row is None else math.nan if row.free else row.value for row in rows]
    labels = [label[row.label] if row is not None and row.label else "" for row in rows]
    starts = [math.nan if row is None else row.start for row in rows]
    modifiers = []
    if marker or not all(math.isnan(v) for v in values):
        modifiers.append(_joined([number_text(v) for v in values]))
    if any(labels):
        modifiers.append(_joined([v or '""' for v in labels]))
    if not all(math.isnan(v) for v in starts):
        modifiers.append(f"start({_joined([number_text(v) for v in starts])})")
    return " + ".join(f"{modifier}*{what}" for modifier in modifiers) or what


def _joined(entries: Sequence[str]) -> str:
    return entries[0] if len(entries) == 1 else f"c({', '.join(entries)})"


def number_text(value: float) -> str:
    """Return a number as syntax has it, to the last digit; NaN is ``NA``.

    Parameters
    ----------
    value : float

    Returns
    -------
    str
    """
    return "NA" if math.isnan(value) else repr(float(value)).removesuffix(".0")


def quoted(variable: str) -> str:
    """Return a variable's name, in quotes where it is no plain word.

    Parameters
    ----------
    variable : str

    Returns
    -------
    str

    Raises
    ------
    ModelError
        If it holds a line break, or every kind of quote.
    """
    if _PLAIN.fullmatch(variable) and variable not in _RESERVED:
        return variable
    for quote in "\"'`":
        if quote not in variable and "\n" not in variable:
            return f"{quote}{variable}{quote}"
    raise ModelError(f"the name {variable!r} can't be written in a model: it holds a line break or every kind of quote")
