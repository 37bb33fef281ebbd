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
_HEAD: Final = re.compile(r"^\s*dag\b[^{\n]*(?={)")


@dataclass(frozen=True, slots=True)
class GraphText:
    """A graph that was read.

    Parameters
    ----------
    graph : Graph
        Nodes in the sequence in which they are first named.
    unmeasured : frozenset of str
        Those marked ``[latent]``.
    """

    graph: Graph
    unmeasured: frozenset[str]

    @property
    def measured(self) -> tuple[str, ...]:
        """The other nodes."""
        return tuple(node for node in self.graph.nodes if node not in self.unmeasured)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def from_text(text: str) -> Graph:
    """Read a graph; see `read_graph`.

    Parameters
    ----------
    text : str

    Returns
    -------
    Graph
    """
    return read_graph(text).graph


def read_graph(text: str) -> GraphText:
    """Read a graph and which of its nodes nothing measures.

    Parameters
    ----------
    text : str
        ``"a -> b -> c; d -> c"``, with arrows of either direction, and ``;`` or new lines between statements; names with spaces in
        double quotes; ``# comments``; a node alone; also what dagitty writes, ``dag { a -> b c [latent] }``, of whose options only
        ``latent`` counts.

    Returns
    -------
    GraphText

    Raises
    ------
    ModelError
        With line and column, and what was expected.
    """
    if not isinstance(text, str):
        raise ModelError(f"a graph is read from text such as 'a -> b', not from a {type(text).__name__}")
    nodes: dict[str, None] = {}
    arrows: dict[tuple[str, str], None] = {}
    unmeasured: set[str] = set()
    before: str | None = None
    arrow: _Token | None = None
    body = _HEAD.sub(lambda found: " " * len(found[0]), text)
    for token in _tokens(text, body):
        if token.kind == "options":
            if before is not None and "latent" in re.split(r"[^a-z]+", token.text):
                unmeasured.add(before)
        elif token.kind == "end":
            if arrow is not None:
                raise _wrong(text, token.place, f"the arrow {arrow.text!r} leads to nothing")
            before = None
        elif token.kind == "arrow":
            if before is None or arrow is not None:
                raise _wrong(text, token.place, f"the arrow {token.text!r} comes from nothing; a name was expected")
            arrow = token
        else:
            if before is not None and arrow is None and body == text:  # dagitty needs nothing between statements
                raise _wrong(text, token.place, f"an arrow, ';' or a new line was expected before {token.text!r}")
            nodes.setdefault(token.text)
            if arrow is not None and before is not None:
                ends = (before, token.text) if arrow.text in ("->", "→") else (token.text, before)
                arrows.setdefault(ends)
            before, arrow = token.text, None
    if not nodes:
        raise ModelError("a graph has nodes, as in 'a -> b'; this text names none")
    return GraphText(Graph(tuple(nodes), tuple(arrows)), frozenset(unmeasured))


def _tokens(text: str, body: str) -> Iterator[_Token]:
    """Yield names, their options, arrows and ends of statements."""
    at = 0
    while at < len(body):
        found = _TOKEN.match(body, at)
        if found is None:
            raise _wrong(text, at, f"{body[at]!r} can't stand here; names with such signs are put in double quotes")
        kind = str(found.lastgroup)
        if kind == "quoted":
            yield _Token("name", re.sub(r"\\(.)", r"\1", found["quoted"]), at)
        elif kind in ("arrow", "end", "name", "options"):
            yield _Token(kind, found[kind], at)
        at = found.end()
    yield _Token("end", "", len(body))


def _wrong(text: str, at: int, what: str) -> ModelError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return ModelError(f"line {line}, column {column}: {what}")
