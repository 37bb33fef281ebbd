"""Paths between observed variables: from arrows, pairs, or a mapping of causes to effects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from internal_coherence.errors import ModelError
from internal_coherence.latent.syntax.grammar import Formula, Statements, Term

Paths = str | Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]]
_ARROW: Final = re.compile(r"\s*(<->|->)\s*")


def statements_of(paths: Paths) -> Statements:
    """Return regressions, one an effect, and covariances.

    Parameters
    ----------
    paths : text, mapping, or iterable of (cause, effect)
        A text has a chain of arrows a line: ``a -> b -> c``, ``a -> b, c``, ``a <-> b``.

    Returns
    -------
    Statements

    Raises
    ------
    ModelError
        If an arrow has no end, points at its own start, or there are none.
    """
    causes: dict[str, list[str]] = {}
    together: list[tuple[str, str]] = []
    for cause, arrow, effect in _arrows(paths):
        if cause == effect:
            raise ModelError(f"the path {cause!r} {arrow} {effect!r} goes from a variable to itself")
        if arrow == "<->":
            together.append((cause, effect))
        elif cause not in causes.setdefault(effect, []):
            causes[effect].append(cause)
    if not causes and not together:
        raise ModelError("there are no paths")
    regressions = [
        Formula(lhs=(effect,), op="~", terms=tuple(Term(variable=c) for c in several))
        for effect, several in causes.items()
    ]
    covariances = [Formula(lhs=(a,), op="~~", terms=(Term(variable=b),)) for a, b in together]
    return Statements(formulas=(*regressions, *covariances))


def _arrows(paths: Paths) -> Iterator[tuple[str, str, str]]:
    if isinstance(paths, str):
        for k, line in enumerate(re.split(r"[\n;]", paths)):
            yield from _of_line(line.split("#")[0].strip(), k + 1)
    elif isinstance(paths, Mapping):
        for cause, effects in paths.items():
            for effect in [effects] if isinstance(effects, str) else effects:
                yield _name(cause), "->", _name(effect)
    else:
        for pair in paths:
            if isinstance(pair, str) or len(tuple(pair)) != 2:
                raise ModelError(f"a path is a pair (cause, effect), not {pair!r}")
            cause, effect = pair
            yield _name(cause), "->", _name(effect)


def _of_line(line: str, number: int) -> Iterator[tuple[str, str, str]]:
    if not line:
        return
    parts = _ARROW.split(line)
    if len(parts) < 3:
        raise ModelError(f"paths, line {number}: no arrow (a -> b or a <-> b) in {line!r}")
    ends = [[name.strip() for name in part.split(",")] for part in parts[::2]]
    if not all(name for several in ends for name in several):
        raise ModelError(f"paths, line {number}: an arrow in {line!r} has no end")
    for before, arrow, after in zip(ends, parts[1::2], ends[1:], strict=False):
        for cause in before:
            for effect in after:
                yield cause, arrow, effect


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ModelError(f"{value!r} is no name of a variable")
    return value
