"""Graphs in other programs' words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from internal_coherence.ordering.graphs.graph import Graph

if TYPE_CHECKING:
    import networkx as nx


def to_dot(graph: Graph, labels: Mapping[str, str] | None = None, unmeasured: Collection[str] = ()) -> str:
    """Return a graph as Graphviz reads it, from left to right.

    Parameters
    ----------
    graph : Graph
    labels : mapping, optional
        What nodes are called in the drawing.
    unmeasured : collection of str
        Drawn dashed.

    Returns
    -------
    str
    """
    named = labels or {}
    lines = ["digraph {", "  rankdir=LR;", "  node [shape=box];"]
    for node in graph.nodes:
        style = ", style=dashed" if node in unmeasured else ""
        lines.append(f"  {_quoted(node)} [label={_quoted(named.get(node, node))}{style}];")
    lines += [f"  {_quoted(cause)} -> {_quoted(effect)};" for cause, effect in graph.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def to_dagitty(graph: Graph, unmeasured: Collection[str] = ()) -> str:
    """Return a graph as dagitty reads it.

    Parameters
    ----------
    graph : Graph
    unmeasured : collection of str
        Latent.

    Returns
    -------
    str
    """
    lines = ["dag {"]
    lines += [f"{_quoted(node)} [latent]" if node in unmeasured else _quoted(node) for node in graph.nodes]
    lines += [f"{_quoted(cause)} -> {_quoted(effect)}" for cause, effect in graph.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def to_networkx(graph: Graph) -> nx.DiGraph[str]:
    """Return a graph of networkx.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    networkx.DiGraph
    """
    import networkx as nx

    made: nx.DiGraph[str] = nx.DiGraph()
    made.add_nodes_from(graph.nodes)
    made.add_edges_from(graph.arrows)
    return made


def _quoted(name: str) -> str:
    inside = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")
    return f'"{inside}"'
