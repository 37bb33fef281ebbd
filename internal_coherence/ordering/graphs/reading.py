"""Graphs from text: arrows as they are typed, or dagitty's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from internal_coherence.errors import ModelError
from internal_coherence.ordering.graphs.graph import Graph

_TOKEN: Final = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*) | (?P<options>\[[^\]]*\]) | (?P<arrow>->|<-|→|←) | (?P<end>[;\n{}])
      | "(?P<quoted>(?:[^"\\\n]|\\.)*)" | (?P<name>[^\s;{}\[\]"<>←→\#-]+(?:-(?!>)[^\s;{}\[\]"<>←→\#-]+)*) | (?P<space>[^\S\n]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def from_text(text: str) -> Graph:
    """Read a graph.

    Parameters
    ----------
    text : str
        ``"a -> b -> c; d -> c"``, with arrows of either direction, and ``;`` or new lines between statements; names with spaces in
        double quotes; ``# comments``; a node alone; also what dagitty writes, ``dag { a -> b }``, whose options in brackets are
        passed over.

    Returns
    -------
    Graph
        Nodes in the sequence in which they are first named.

    Raises
    ------
    ModelError
        With line and column, and what was expected.
    """
    if not isinstance(text, str):
        raise ModelError(f"a graph is read from text such as 'a -> b', not from a {type(text).__name__}")
    nodes: dict[str, None] = {}
    arrows: dict[tuple[str, str], None] = {}
    before: str | None = None
    arrow: _Token | None = None
    for token in _tokens(text):
        if token.kind == "end":
            if arrow is not None:
                raise _wrong(text, token.place, f"the arrow {arrow.text!r} leads to nothing")
            before = None
        elif token.kind == "arrow":
            if before is None or arrow is not None:
                raise _wrong(text, token.place, f"the arrow {token.text!r} comes from nothing; a name was expected")
            arrow = token
        else:
            if before is not None and arrow is None:
                raise _wrong(text, token.place, f"an arrow, ';' or a new line was expected before {token.text!r}")
            nodes.setdefault(token.text)
            if arrow is not None and before is not None:
                ends = (before, token.text) if arrow.text in ("->", "→") else (token.text, before)
                arrows.setdefault(ends)
            before, arrow = token.text, None
    if not nodes:
        raise ModelError("a graph has nodes, as in 'a -> b'; this text names none")
    return Graph(tuple(nodes), tuple(arrows))


def _tokens(text: str) -> Iterator[_Token]:
    """Yield names, arrows and ends of statements."""
    body = re.sub(r"^\s*(dag|digraph)\b[^{\n]*(?={)", lambda found: " " * len(found[0]), text)
    at = 0
    while at < len(body):
        found = _TOKEN.match(body, at)
        if found is None:
            raise _wrong(text, at, f"{body[at]!r} can't stand here; names with such signs are put in double quotes")
        kind = str(found.lastgroup)
        if kind == "quoted":
            yield _Token("name", re.sub(r"\\(.)", r"\1", found["quoted"]), at)
        elif kind in ("arrow", "end", "name"):
            yield _Token(kind, found[kind], at)
        at = found.end()
    yield _Token("end", "", len(body))


def _wrong(text: str, at: int, what: str) -> ModelError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return ModelError(f"line {line}, column {column}: {what}")
