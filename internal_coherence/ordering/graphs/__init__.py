"""Graphs of stages: what they imply, what must be held constant, and which of them no data can tell apart."""

from internal_coherence.ordering.graphs.adjusting import (
    EffectKind,
    InstrumentalVariable,
    adjustment_sets,
    instrumental_variables,
    is_adjustment_set,
)
from internal_coherence.ordering.graphs.equivalence import (
    CompletedGraph,
    completed,
    equivalent_graphs,
    markov_equivalent,
    v_structures,
)
from internal_coherence.ordering.graphs.graph import Graph, d_separated, minimal_separators
from internal_coherence.ordering.graphs.implied import Independence, Kind, MixedGraph, implied_independences, projected
from internal_coherence.ordering.graphs.reading import GraphText, from_text, read_graph
from internal_coherence.ordering.graphs.writing import to_dagitty, to_dot, to_networkx

__all__ = [
    "CompletedGraph",
    "EffectKind",
    "Graph",
    "GraphText",
    "Independence",
    "InstrumentalVariable",
    "Kind",
    "MixedGraph",
    "adjustment_sets",
    "completed",
    "d_separated",
    "equivalent_graphs",
    "from_text",
    "implied_independences",
    "instrumental_variables",
    "is_adjustment_set",
    "markov_equivalent",
    "minimal_separators",
    "projected",
    "read_graph",
    "to_dagitty",
    "to_dot",
    "to_networkx",
    "v_structures",
]
