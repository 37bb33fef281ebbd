"""What a graph implies: which nodes tell nothing of each other, given which others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, get_args

from internal_coherence.errors import ModelError, check_option, closest
from internal_coherence.ordering.graphs.graph import Graph, d_separated, minimal_separators

Kind = Literal["basis_set", "missing_edge", "local_markov"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Independence:
    """That two nodes tell nothing of each other, given others."""

    first: str
    second: str
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.first} ⟂ {self.second}" + (f" | {', '.join(self.given)}" if self.given else "")


@dataclass(frozen=True, slots=True)
class MixedGraph:
    """What is left of a graph where some nodes are not measured: a maximal ancestral graph.

    Parameters
    ----------
    nodes : tuple of str
        Those that are measured.
    arrows : tuple of (str, str)
        From what comes before to what comes after.
    confounded : tuple of (str, str)
        Joined by unmeasured causes alone.
    """

    nodes: tuple[str, ...]
    arrows: tuple[tuple[str, str], ...]
    confounded: tuple[tuple[str, str], ...] = ()


def implied_independences(
    graph: Graph, measured: Collection[str] | None = None, *, kind: Kind = "basis_set"
) -> tuple[Independence, ...]:
    """Return the independences that a graph implies.

    Parameters
    ----------
    graph : Graph
    measured : collection of str, optional
        Nodes of which there are data; all by default.
    kind : {"basis_set", "missing_edge", "local_markov"}
        One for each two nodes that are not joined, given the causes of both, from which all others follow; each two given every set
        that separates them and has nothing to spare; or each node and what does not come after it, given its causes.

    Returns
    -------
    tuple of Independence

    Raises
    ------
    ModelError
        For nodes that are not there, and ``"local_markov"`` of a graph with unmeasured nodes.

    Notes
    -----
    Shipley (2000); with unmeasured nodes what is given are the measured ancestors of the two (Richardson & Spirtes 2002). In R,
    ``dagitty::impliedConditionalIndependencies`` with ``type`` ``"missing.edge"`` and ``"basis.set"`` (the local Markov claims).
    """
    check_option("kind", kind, KINDS)
    seen = measured_nodes(graph, measured)
    if kind == "local_markov":
        return _local_markov(graph, seen)
    found: list[Independence] = []
    for j, second in enumerate(seen):
        for first in seen[:j]:
            if (given := _separator(graph, first, second, seen)) is None:
                continue
            if kind == "basis_set":
                found.append(Independence(first, second, given))
            else:
                found += [Independence(first, second, g) for g in minimal_separators(graph, first, second, seen)]
    return tuple(found)


def projected(graph: Graph, measured: Collection[str] | None = None) -> MixedGraph:
    """Return what is left of a graph of which only some nodes are measured.

    Parameters
    ----------
    graph : Graph
    measured : collection of str, optional
        All by default.

    Returns
    -------
    MixedGraph

    Notes
    -----
    Two nodes are joined if no measured set separates them; by an arrow if one comes before the other (Richardson & Spirtes 2002).
    """
    seen = measured_nodes(graph, measured)
    arrows, confounded = [], []
    for j, second in enumerate(seen):
        for first in seen[:j]:
            if _separator(graph, first, second, seen) is not None:
                continue
            if first in graph.ancestors(second):
                arrows.append((first, second))
            else:
                confounded.append((first, second))
    return MixedGraph(seen, tuple(arrows), tuple(confounded))


def measured_nodes(graph: Graph, measured: Collection[str] | None) -> tuple[str, ...]:
    """Return the measured nodes, causes first.

    Parameters
    ----------
    graph : Graph
    measured : collection of str or None

    Returns
    -------
    tuple of str
    """
    for name in measured or ():
        if name not in graph.nodes:
            raise ModelError(f"the graph has no node {name!r}{closest(name, graph.nodes)}")
    return tuple(node for node in graph.in_order() if measured is None or node in measured)


def _separator(graph: Graph, first: str, second: str, seen: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return what separates two measured nodes: the causes of both, or, where some are not measured, all before them."""
    causes = {*graph.parents(first), *graph.parents(second)} - {first, second}
    if not graph.adjacent(first, second) and causes <= set(seen):
        return tuple(node for node in seen if node in causes)
    before = graph.ancestors(first, second) - {first, second}
    given = tuple(node for node in seen if node in before)
    return given if d_separated(graph, first, second, given) else None


def _local_markov(graph: Graph, seen: tuple[str, ...]) -> tuple[Independence, ...]:
    if len(seen) < len(graph.nodes):
        raise ModelError("kind='local_markov' needs every node to be measured; kind='basis_set' does not")
    found = []
    for node in seen:
        causes = graph.parents(node)
        after = graph.descendants(node)
        found += [Independence(node, other, causes) for other in seen if other not in after and other not in causes]
    return tuple(found)
