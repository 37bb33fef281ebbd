"""Directed acyclic graphs of named stages, and what separates their nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from internal_coherence.errors import ModelError, closest, listing

Names = str | Collection[str]


@dataclass(frozen=True, slots=True)
class Graph:
    """A directed acyclic graph.

    Parameters
    ----------
    nodes : tuple of str
        Their sequence is kept wherever the arrows leave a choice.
    arrows : tuple of (str, str)
        Cause and effect.

    Raises
    ------
    ModelError
        For a node or an arrow said twice, an arrow to nowhere, or a cycle, which is named.
    """

    nodes: tuple[str, ...]
    arrows: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        if twice := sorted({node for node in self.nodes if self.nodes.count(node) > 1}):
            raise ModelError(f"a graph has each node once; named twice: {listing(twice)}")
        for cause, effect in self.arrows:
            for end in (cause, effect):
                if end not in self.nodes:
                    raise ModelError(f"an arrow names {end!r}, which is no node{closest(end, self.nodes)}")
        if again := sorted({arrow for arrow in self.arrows if self.arrows.count(arrow) > 1}):
            raise ModelError(f"the arrow {' → '.join(again[0])} is drawn twice")
        try:
            TopologicalSorter({node: self.parents(node) for node in self.nodes}).prepare()
        except CycleError as error:
            raise ModelError(f"there is a cycle: {' → '.join(error.args[1])}") from None

    def parents(self, node: str) -> tuple[str, ...]:
        """Return the direct causes of a node, in the nodes' sequence."""
        causes = {cause for cause, effect in self.arrows if effect == node}
        return tuple(name for name in self.nodes if name in causes)

    def children(self, node: str) -> tuple[str, ...]:
        """Return what a node acts on directly, in the nodes' sequence."""
        effects = {effect for cause, effect in self.arrows if cause == node}
        return tuple(name for name in self.nodes if name in effects)

    def ancestors(self, *nodes: str) -> frozenset[str]:
        """Return everything from which arrows lead to some nodes, these included."""
        return _reached(nodes, {node: self.parents(node) for node in self.nodes})

    def descendants(self, *nodes: str) -> frozenset[str]:
        """Return everything to which arrows lead from some nodes, these included."""
        return _reached(nodes, {node: self.children(node) for node in self.nodes})

    def in_order(self) -> tuple[str, ...]:
        """Return the nodes so that causes come first, else in their own sequence."""
        left = list(self.nodes)
        found: list[str] = []
        before = {node: set(self.parents(node)) for node in self.nodes}
        while left:
            ready = next(node for node in left if before[node] <= set(found))
            left.remove(ready)
            found.append(ready)
        return tuple(found)

    def adjacent(self, a: str, b: str) -> bool:
        """Return whether an arrow joins two nodes, either way round."""
        return (a, b) in self.arrows or (b, a) in self.arrows

    def without(self, arrows: Iterable[tuple[str, str]]) -> Graph:
        """Return the graph without some arrows."""
        gone = set(arrows)
        return Graph(self.nodes, tuple(arrow for arrow in self.arrows if arrow not in gone))

    def __str__(self) -> str:
        alone = [node for node in self.nodes if not any(node in arrow for arrow in self.arrows)]
        return "; ".join([f"{cause} → {effect}" for cause, effect in self.arrows] + alone)


def d_separated(graph: Graph, first: Names, second: Names, given: Names = ()) -> bool:
    """Return whether given some nodes, others tell nothing of each other, whatever the arrows' strengths.

    Parameters
    ----------
    graph : Graph
    first, second, given : str or collection of str
        Disjoint sets of nodes.

    Returns
    -------
    bool

    Notes
    -----
    Pearl (1988). A node passes on what comes along an arrow to its effects, if it is not given, and back to its other causes, if it
    or something that it acts on is given; what comes from an effect it passes on all ways, if it is not given.
    """
    sources, targets, known = _set(graph, first), _set(graph, second), _set(graph, given)
    if sources & targets or sources & known or targets & known:
        raise ModelError("first, second and given must share no node")
    opens = graph.ancestors(*known) if known else frozenset()
    seen: set[tuple[str, bool]] = set()
    waiting = [(node, False) for node in sources]  # reached along an arrow (True), or from an effect (False)
    while waiting:
        node, along = state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        if node in targets:
            return False
        if node not in known:
            waiting += [(child, True) for child in graph.children(node)]
        if (along and node in opens) or (not along and node not in known):
            waiting += [(parent, False) for parent in graph.parents(node)]
    return True


def minimal_separators(graph: Graph, first: str, second: str, among: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return every set that separates two nodes and of which nothing can be left out.

    Parameters
    ----------
    graph : Graph
    first, second : str
    among : iterable of str
        What may be given.

    Returns
    -------
    tuple of tuple of str
        The smallest first.
    """
    from itertools import combinations

    # Whatever separates minimally lies among the ancestors of the two (van der Zander, Liśkiewicz & Textor 2014).
    near = graph.ancestors(first, second)
    pool = [node for node in graph.nodes if node in set(among) & near - {first, second}]
    found: list[tuple[str, ...]] = []
    for size in range(len(pool) + 1):
        for some in combinations(pool, size):
            if not any(set(less) <= set(some) for less in found) and d_separated(graph, first, second, some):
                found.append(some)
    return tuple(found)


def _set(graph: Graph, names: Names) -> frozenset[str]:
    chosen = frozenset([names] if isinstance(names, str) else names)
    for name in sorted(chosen):
        if name not in graph.nodes:
            raise ModelError(f"the graph has no node {name!r}{closest(name, graph.nodes)}")
    return chosen


def _reached(nodes: Iterable[str], steps: dict[str, tuple[str, ...]]) -> frozenset[str]:
    waiting, found = list(nodes), set()
    while waiting:
        node = waiting.pop()
        if node not in steps:
            raise ModelError(f"the graph has no node {node!r}{closest(node, steps)}")
        if node not in found:
            found.add(node)
            waiting += steps[node]
    return frozenset(found)
