"""Which graphs imply the same, so that no survey at one time can tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from internal_coherence.errors import ModelError
from internal_coherence.ordering.graphs.graph import Graph

Arrow = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CompletedGraph:
    """What all graphs of a class have in common.

    Parameters
    ----------
    nodes : tuple of str
    arrows : tuple of (str, str)
        Those that point the same way in all.
    undirected : tuple of (str, str)
        Those that point one way in some, the other way in others.
    """

    nodes: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    undirected: tuple[Arrow, ...]


def v_structures(graph: Graph) -> frozenset[tuple[str, str, str]]:
    """Return the places where two causes meet that are not joined themselves.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    frozenset of (str, str, str)
        Cause, effect, cause; the causes in alphabetical order.
    """
    return frozenset(
        (min(a, b), node, max(a, b))
        for node in graph.nodes
        for a, b in combinations(graph.parents(node), 2)
        if not graph.adjacent(a, b)
    )


def markov_equivalent(a: Graph, b: Graph) -> bool:
    """Return whether two graphs imply the same independences.

    Parameters
    ----------
    a, b : Graph
        Of the same nodes.

    Returns
    -------
    bool

    Notes
    -----
    Verma & Pearl (1990): they do if, and only if, they join the same nodes and have the same v-structures.
    """
    same = {frozenset(arrow) for arrow in a.arrows} == {frozenset(arrow) for arrow in b.arrows}
    return set(a.nodes) == set(b.nodes) and same and v_structures(a) == v_structures(b)


def completed(graph: Graph) -> CompletedGraph:
    """Return what all equivalent graphs have in common, the essential graph.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    CompletedGraph

    Notes
    -----
    The arrows of v-structures, and what Meek's (1995) rules turn after them; Andersson, Madigan & Perlman (1997).
    ``dagitty::equivalenceClass``.
    """
    directed = {(cause, node) for a, node, b in v_structures(graph) for cause in (a, b)}
    undirected = {frozenset(arrow) for arrow in graph.arrows} - {frozenset(arrow) for arrow in directed}
    _turn(graph, directed, undirected)
    return CompletedGraph(
        nodes=graph.nodes,
        arrows=tuple(arrow for arrow in graph.arrows if arrow in directed),
        undirected=tuple(arrow for arrow in graph.arrows if frozenset(arrow) in undirected),
    )


def equivalent_graphs(graph: Graph, *, limit: int = 10_000) -> tuple[Graph, ...]:
    """Return every graph that implies the same as this one.

    Parameters
    ----------
    graph : Graph
    limit : int
        More are refused.

    Returns
    -------
    tuple of Graph
        The graph itself first.

    Raises
    ------
    ModelError
        If there are more.

    Notes
    -----
    Each undirected line of the completed graph is turned both ways, and Meek's rules turn what follows from it, so that none is found
    twice. ``dagitty::equivalentDAGs``.
    """
    essence = completed(graph)
    found: list[Graph] = []
    waiting = [(set(essence.arrows), {frozenset(line) for line in essence.undirected})]
    while waiting:
        directed, undirected = waiting.pop()
        if not undirected:
            found.append(_with_arrows(graph, directed))
            if len(found) > limit:
                raise ModelError(f"more than {limit} graphs imply the same as this one; see completed(graph)")
            continue
        a, b = min(tuple(sorted(line)) for line in undirected)
        for arrow in ((b, a), (a, b)):
            turned, left = directed | {arrow}, undirected - {frozenset(arrow)}
            _turn(graph, turned, left)
            waiting.append((turned, left))
    own = set(graph.arrows)
    found.sort(key=lambda other: (set(other.arrows) != own, other.arrows))
    return tuple(found)


def _with_arrows(graph: Graph, directed: set[Arrow]) -> Graph:
    """Return the graph with its arrows turned, each at its place."""
    return Graph(graph.nodes, tuple((a, b) if (a, b) in directed else (b, a) for a, b in graph.arrows))


def _turn(graph: Graph, directed: set[Arrow], undirected: set[frozenset[str]]) -> None:
    """Turn lines by Meek's four rules until none applies."""
    while turned := next(
        ((a, b) for line in undirected for a, b in _both_ways(line) if _must_point(graph, a, b, directed, undirected)),
        None,
    ):
        directed.add(turned)
        undirected.discard(frozenset(turned))


def _both_ways(line: frozenset[str]) -> tuple[Arrow, Arrow]:
    a, b = sorted(line)
    return (a, b), (b, a)


def _must_point(graph: Graph, a: str, b: str, directed: set[Arrow], undirected: set[frozenset[str]]) -> bool:
    """Return whether a — b can only be a → b."""
    into_a = [c for c in graph.nodes if (c, a) in directed]
    if any(not graph.adjacent(c, b) for c in into_a):  # else a new v-structure
        return True
    if any((c, b) in directed for c in graph.nodes if (a, c) in directed):  # else a cycle
        return True
    beside = [c for c in graph.nodes if frozenset((a, c)) in undirected]
    into_b = [c for c in beside if (c, b) in directed]
    if any(not graph.adjacent(c, d) for c, d in combinations(into_b, 2)):
        return True
    return any(
        (c, d) in directed and (d, b) in directed and not graph.adjacent(c, b)
        for c in beside
        for d in graph.nodes
        if graph.adjacent(a, d)
    )
