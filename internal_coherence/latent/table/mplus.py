"""A table written as Mplus input: MODEL and MODEL CONSTRAINT, with names of at most eight characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from internal_coherence.latent.syntax.arithmetic import read_expression
from internal_coherence.latent.syntax.expressions import name
from internal_coherence.latent.table.row import Row
from internal_coherence.records import Record

if TYPE_CHECKING:
    from internal_coherence.latent.table.par_table import ParTable

LONGEST: Final = 8
_VERBS: Final = {"=~": "BY", "~": "ON", "~~": "WITH"}
_RESERVED: Final = frozenset(
    {"by", "on", "with", "new", "model", "exp", "log", "sqrt", "abs", "all", "do", "if", "pwith", "pon"}
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MplusModel(Record):
    """A model as Mplus reads it.

    Parameters
    ----------
    text : str
        MODEL, MODEL of each further group, and MODEL CONSTRAINT.
    names : mapping of str to str
        Each variable's name here to its name there.
    labels : mapping of str to str
        The same of labels, definitions and groups.
    """

    text: str
    names: Mapping[str, str]
    labels: Mapping[str, str]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        shortened = sum(old != new for old, new in self.names.items())
        return f"<MplusModel: {len(self.text.splitlines())} lines; {shortened} of {len(self.names)} names changed>"


def to_mplus(table: ParTable) -> MplusModel:
    """Write a table as Mplus input.

    Parameters
    ----------
    table : ParTable

    Returns
    -------
    MplusModel
        Everything explicit: what Mplus would add of its own is fixed to 0.
    """
    names = short_names([*table.observed, *table.latent])
    rows = [row for row in table.entries if row.group and not row.exo]
    defined = [row for row in table.entries if row.op == ":="]
    labels = short_names([*(row.label for row in rows if row.label), *(row.lhs for row in defined), *table.groups])
    groups = [[row for row in rows if row.group == g + 1] for g in range(table.n_groups)]
    # What MODEL labels, Mplus makes equal in all groups: so there it goes without, and each group says all of its own.
    lines = ["MODEL:", *_group_lines(groups[0], table, names, {} if table.groups else labels)]
    for g, group in enumerate(table.groups):
        lines += [f"MODEL {labels[group]}:", *_group_lines(groups[g], table, names, labels)]
    constraints = [row for row in table.entries if not row.group]
    if constraints:
        lines.append("MODEL CONSTRAINT:")
        if defined:
            lines += _wrapped(f"NEW({' '.join(labels[row.lhs] for row in defined)});")
        for row in constraints:
            lines += _wrapped(_constraint(row, labels))
    return MplusModel(text="\n".join(lines) + "\n", names=names, labels=labels)


def _group_lines(
    rows: Sequence[Row], table: ParTable, names: Mapping[str, str], labels: Mapping[str, str]
) -> Iterator[str]:
    for row in rows:
        said = f"*{'' if row.start != row.start else f'{row.start:.10g}'}" if row.free else f"@{row.value:.10g}"
        label = f" ({labels[row.label]})" if row.label in labels and row.free else ""
        lhs, rhs = names[row.lhs], names.get(row.rhs, "")
        if row.op == "~1":
            yield f"  [{lhs}{said}]{label};"
        elif row.lhs == row.rhs:
            yield f"  {lhs}{said}{label};"
        else:
            yield f"  {lhs} {_VERBS[row.op]} {rhs}{said}{label};"
    # Mplus lets exogenous factors covary, and final outcomes; where the table does not, it must be told.
    present = {frozenset((row.lhs, row.rhs)) for row in rows if row.op == "~~"}
    predicted = {row.lhs for row in rows if row.op == "~"}
    measured = {row.rhs for row in rows if row.op == "=~"}
    predicting = {row.rhs for row in rows if row.op == "~"}
    free = [f for f in table.latent if f not in predicted and f not in measured]
    final = [v for v in (*table.latent, *table.observed) if v in predicted - predicting - measured]
    for several in (free, final):
        for one, other in combinations(several, 2):
            if frozenset((one, other)) not in present:
                yield f"  {names[one]} WITH {names[other]}@0;"


def _constraint(row: Row, labels: Mapping[str, str]) -> str:
    renamed = {old: name(new) for old, new in labels.items()}
    left, right = (read_expression(side).substitute(renamed) for side in (row.lhs, row.rhs))
    line = f"0 = {left.minus(right)};" if row.op == "==" else f"{left} {row.op.removeprefix(':')} {right};"
    return line.replace("^", "**")


def _wrapped(line: str) -> list[str]:
    # Mplus reads 90 columns of a line.
    spaced = re.sub(r"(?<=[\w)])([+*/-])(?=[\w(])(?<!\de[+-])(?<!\*)(?!\*)", r"\1 ", line)
    return [f"  {part}" for part in wrap(spaced if len(line) > 84 else line, 84, break_on_hyphens=False)]


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name of at most eight letters, digits and underscores for each, all different.

    Parameters
    ----------
    names : iterable of str
        Any.

    Returns
    -------
    dict of str to str
        Mplus does not tell capitals from small letters, so neither do these.
    """
    found: dict[str, str] = {}
    taken = set(_RESERVED)
    every = list(dict.fromkeys(names))
    # Names that need no change keep theirs.
    for given in sorted(every, key=lambda text: _plain(text) != text):
        plain = _plain(given)
        short, k = plain, 1
        while short.casefold() in taken:
            k += 1
            short = f"{plain[: LONGEST - len(str(k)) - 1]}_{k}"
        taken.add(short.casefold())
        found[given] = short
    return {given: found[given] for given in every}


def _plain(text: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_") or "v"
    return (kept if kept[0].isalpha() else f"v{kept}")[:LONGEST]
