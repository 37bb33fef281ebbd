"""What an order says before any data: which graphs imply the same, and what a regression must hold constant."""

from __future__ import annotations

from collections.abc import Collection
from itertools import permutations
from typing import Final

import pandas as pd

from internal_coherence.errors import ModelError
from internal_coherence.ordering.graphs import (
    Graph,
    MixedGraph,
    adjustment_sets,
    equivalent_graphs,
    instrumental_variables,
)
from internal_coherence.ordering.rivals import Shape

MOST_EQUIVALENT: Final = 1000
"""Equivalent graphs beyond these are not listed."""
MOST_PERMUTED: Final = 7
"""Stages up to which all their sequences are looked through."""
MOST_SEARCHED: Final = 10
"""Measured stages up to which all sets are tried that might be held constant."""


def equivalents(left: MixedGraph) -> tuple[tuple[Graph, ...], tuple[str, ...]]:
    """Return the graphs that imply the same, and those of them that are the order in another sequence.

    None where unmeasured stages stand behind several, or where there are too many to list.

    Parameters
    ----------
    left : MixedGraph
        The order among its measured stages.

    Returns
    -------
    tuple of Graph
        The order's own first.
    tuple of str
        Sequences.
    """
    if left.confounded:
        return (), ()
    own = Graph(left.nodes, left.arrows)
    try:
        every = equivalent_graphs(own, limit=MOST_EQUIVALENT)
    except ModelError:
        return (), ()
    shape, k = Shape.of(left), len(left.nodes)
    if k > MOST_PERMUTED:
        return every, ()
    labels = tuple(permutations(range(k)))
    same, drawn = shape.class_of(labels[0]), shape.arrows(labels[0])
    others = [at for at in labels if shape.class_of(at) == same and shape.arrows(at) != drawn]
    distinct = {shape.arrows(at): at for at in reversed(others)}
    return every, tuple(" → ".join(left.nodes[n] for n in at) for at in reversed(distinct.values()))


def adjustment_table(graph: Graph, measured: Collection[str]) -> pd.DataFrame:
    """Say for each two stages that arrows lead between what a regression must hold constant.

    Parameters
    ----------
    graph : Graph
        The whole order.
    measured : collection of str
        Its measured stages.

    Returns
    -------
    DataFrame
        As `OrderingResult.adjustment` documents.
    """
    few = len(measured) <= MOST_SEARCHED
    rows = []
    for cause in graph.nodes:
        for effect in graph.nodes:
            if cause == effect or effect not in graph.descendants(cause) or not {cause, effect} <= set(measured):
                continue
            total = adjustment_sets(graph, cause, effect, measured=measured) if few else None
            joined = (cause, effect) in graph.arrows
            direct = adjustment_sets(graph, cause, effect, of="direct", measured=measured) if joined and few else None
            found = instrumental_variables(graph, cause, effect, measured) if joined and few else ()
            rows.append(
                (
                    cause,
                    effect,
                    _sets_in_words(total, graph),
                    _sets_in_words(direct, graph),
                    "; ".join(one.variable + (f" given {', '.join(one.given)}" if one.given else "") for one in found),
                )
            )
    return pd.DataFrame(rows, columns=["cause", "effect", "total", "direct", "instruments"])


def _sets_in_words(sets: tuple[frozenset[str], ...] | None, graph: Graph) -> str:
    if sets is None:
        return ""
    if not sets:
        return "not possible"
    named = [", ".join(node for node in graph.nodes if node in one) or "nothing" for one in sets]
    return " or ".join(named)
