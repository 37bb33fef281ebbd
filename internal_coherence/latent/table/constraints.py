"""What must hold between parameters, and what is defined from them: labels, ``==``, ``<``, ``>`` and ``:=``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.latent.syntax.arithmetic import read_expression
from internal_coherence.latent.syntax.expressions import Expression, name, number
from internal_coherence.latent.table.row import Row

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constraints:
    """Expressions of labels of free parameters only: definitions and fixed labels are filled in.

    Parameters
    ----------
    definitions : tuple of (str, Expression)
        Name and what it is, in the order written.
    equalities : tuple of Expression
        Each is 0.
    inequalities : tuple of Expression
        Each is 0 or more.
    pairs : tuple of (int, int)
        Parameters that are equal, by their numbers from 1; none follows from the others.
    """

    definitions: tuple[tuple[str, Expression], ...]
    equalities: tuple[Expression, ...]
    inequalities: tuple[Expression, ...]
    pairs: tuple[Pair, ...]


def constraints(rows: Sequence[Row]) -> Constraints:
    """Work out what must hold.

    Parameters
    ----------
    rows : sequence of Row
        A whole table, numbered.

    Returns
    -------
    Constraints

    Raises
    ------
    ModelError
        For an unknown label, a definition that needs itself, a name defined twice, or what can't hold.
    """
    free, fixed = _labels(rows)
    known = {label: number(value) for label, value in fixed.items() if label not in free}
    ready = _definitions(rows, free, known)
    family = _Family()
    for numbers in free.values():
        for other in numbers[1:]:
            family.join(numbers[0], other)
    equalities: list[Expression] = []
    inequalities: list[Expression] = []
    pins = [_Pin(numbers[0], fixed[label], label) for label, numbers in free.items() if label in fixed]
    for row in rows:
        if row.op not in ("==", "<", ">"):
            continue
        left, right = (_filled(side, row, free, known | ready) for side in (row.lhs, row.rhs))
        one, two = (free[side.names[0]][0] if side.is_name else 0 for side in (left, right))
        if row.op != "==":
            inequalities.append(left.minus(right) if row.op == ">" else right.minus(left))
        elif one and two:
            family.join(one, two)
        elif left.names or right.names:
            if (one and not right.names) or (two and not left.names):
                fixed_side, name_side = (right, left) if one else (left, right)
                pins.append(_Pin(one or two, float(fixed_side.evaluate({})), name_side.names[0]))
            else:
                equalities.append(left.minus(right))
        elif not abs(float(left.evaluate({})) - float(right.evaluate({}))) <= 1e-12:
            raise ModelError(f"'{row.lhs} == {row.rhs}' can't hold: both sides are fixed, and differ")
    return Constraints(
        definitions=tuple(ready.items()),
        equalities=(*_pinned(pins, family), *equalities),
        inequalities=tuple(inequalities),
        pairs=tuple(family.pairs),
    )


class _Pin(NamedTuple):
    number: int
    value: float
    label: str


class _Family:
    # Who is equal to whom, by a tree: the root speaks for all.
    def __init__(self) -> None:
        self.parent: dict[int, int] = {}
        self.pairs: list[Pair] = []

    def root(self, k: int) -> int:
        while self.parent.get(k, k) != k:
            self.parent[k] = self.parent.get(self.parent[k], self.parent[k])
            k = self.parent[k]
        return k

    def join(self, a: int, b: int) -> None:
        one, other = self.root(a), self.root(b)
        if one != other:
            self.parent[other] = one
            self.pairs.append((a, b))


def _pinned(pins: Sequence[_Pin], family: _Family) -> Iterator[Expression]:
    first: dict[int, _Pin] = {}
    for pin in pins:
        before = first.setdefault(family.root(pin.number), pin)
        if before is pin:
            yield name(pin.label).minus(number(pin.value))
        elif not abs(before.value - pin.value) <= 1e-12:
            message = f"{before.label!r} is to be {before.value:g} and {pin.label!r}, its equal, {pin.value:g}"
            raise ModelError(f"constraints contradict each other: {message}")


def _labels(rows: Sequence[Row]) -> tuple[dict[str, list[int]], dict[str, float]]:
    free: dict[str, list[int]] = {}
    fixed: dict[str, float] = {}
    for row in rows:
        if not row.group or not row.label:
            continue
        if row.free:
            free.setdefault(row.label, []).append(row.free)
        elif row.label in fixed and fixed[row.label] != row.value:
            values = f"{fixed[row.label]:g} and {row.value:g}"
            raise ModelError(f"the label {row.label!r} makes parameters equal that are fixed to {values}")
        elif not math.isnan(row.value):
            fixed[row.label] = row.value
    return free, fixed


def _definitions(
    rows: Sequence[Row], free: Mapping[str, Sequence[int]], known: dict[str, Expression]
) -> dict[str, Expression]:
    written: dict[str, Row] = {}
    for row in rows:
        if row.op == ":=":
            if row.lhs in written:
                raise ModelError(f"{row.lhs!r} is defined twice")
            if row.lhs in free or row.lhs in known:
                raise ModelError(f"{row.lhs!r} is the label of a parameter and defined (:=) as well")
            written[row.lhs] = row
    raw = {label: read_expression(row.rhs) for label, row in written.items()}
    every = [*free, *known, *written]
    for label, expression in raw.items():
        _check_names(expression, f"{label} := {written[label].rhs}", every)
    ready: dict[str, Expression] = {}
    for label in _in_order(raw):
        ready[label] = raw[label].substitute(known | {n: ready[n] for n in raw[label].names if n in ready})
    return {label: ready[label] for label in raw}


def _in_order(raw: Mapping[str, Expression]) -> list[str]:
    # Each after what it needs; the loop of a chain that bites its tail is named.
    needs = {label: [n for n in expression.names if n in raw] for label, expression in raw.items()}
    done: dict[str, None] = {}
    for start in raw:
        path = [start]
        while path:
            label = path[-1]
            missing = next((n for n in needs[label] if n not in done), None)
            if missing is None:
                done[label] = None
                path.pop()
            elif missing in path:
                loop = [*path[path.index(missing) :], missing]
                raise ModelError(f"definitions go round in a circle: {' needs '.join(map(repr, loop))}")
            else:
                path.append(missing)
    return list(done)


def _filled(side: str, row: Row, free: Mapping[str, Sequence[int]], filled: Mapping[str, Expression]) -> Expression:
    expression = read_expression(side)
    _check_names(expression, f"{row.lhs} {row.op} {row.rhs}", [*free, *filled])
    return expression.substitute(filled)


def _check_names(expression: Expression, where: str, known: Sequence[str]) -> None:
    for label in expression.names:
        if label not in known:
            offer = closest(label, known) or (
                f"; labels are {listing(known)}" if known else "; no parameter has a label"
            )
            raise ModelError(f"{label!r} in '{where}' is no label of a parameter, nor defined{offer}")
