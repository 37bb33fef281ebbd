"""Which other nodes must be held constant for a regression to tell an effect: back doors, single doors, instruments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, get_args

from internal_coherence.errors import ModelError, check_option
from internal_coherence.ordering.graphs.graph import Graph, Names, d_separated
from internal_coherence.ordering.graphs.implied import measured_nodes

EffectKind = Literal["total", "direct"]
EFFECT_KINDS: Final[tuple[str, ...]] = get_args(EffectKind)


@dataclass(frozen=True, slots=True)
class InstrumentalVariable:
    """A node that tells an effect that adjustment can't.

    Parameters
    ----------
    variable : str
        Which.
    given : tuple of str
        What must be held constant.
    """

    variable: str
    given: tuple[str, ...] = ()


def is_adjustment_set(graph: Graph, cause: str, effect: str, given: Names, *, of: EffectKind = "total") -> bool:
    """Return whether holding some nodes constant makes a regression tell an effect.

    Parameters
    ----------
    graph : Graph
    cause, effect : str
    given : str or collection of str
    of : {"total", "direct"}

    Returns
    -------
    bool

    Notes
    -----
    Total: the adjustment criterion of Shpitser, VanderWeele & Robins (2010), which is also necessary. Direct, in linear models: the
    single-door criterion (Pearl 2009, Theorem 5.3.1).
    """
    check_option("of", of, EFFECT_KINDS)
    given = frozenset([given] if isinstance(given, str) else given)
    if cause == effect or {cause, effect} & given:
        raise ModelError("cause, effect and what is held constant are different nodes")
    if of == "direct":
        rest = graph.without([(cause, effect)])
        return not given & graph.descendants(effect) and d_separated(rest, cause, effect, given)
    on_the_way = (graph.descendants(cause) & graph.ancestors(effect)) - {cause}
    if given & (graph.descendants(*on_the_way) if on_the_way else frozenset()):
        return False
    first_steps = [(cause, node) for node in graph.children(cause) if node in on_the_way]
    return d_separated(graph.without(first_steps), cause, effect, given)


def adjustment_sets(
    graph: Graph,
    cause: str,
    effect: str,
    *,
    of: EffectKind = "total",
    measured: Collection[str] | None = None,
) -> tuple[frozenset[str], ...]:
    """Return every set that makes a regression tell an effect and of which nothing can be left out.

    Parameters
    ----------
    graph : Graph
    cause, effect : str
    of : {"total", "direct"}
    measured : collection of str, optional
        What may be held constant; all by default.

    Returns
    -------
    tuple of frozenset of str
        The smallest first; empty if there is none, and one empty set if nothing need be held constant.

    Notes
    -----
    ``dagitty::adjustmentSets(effect = "total" or "direct")``.
    """
    pool = [node for node in measured_nodes(graph, measured) if node not in (cause, effect)]
    found: list[frozenset[str]] = []
    for size in range(len(pool) + 1):
        for some in map(frozenset, combinations(pool, size)):
            if any(less <= some for less in found):
                continue
            if is_adjustment_set(graph, cause, effect, some, of=of):
                found.append(some)
    return tuple(found)


def instrumental_variables(
    graph: Graph, cause: str, effect: str, measured: Collection[str] | None = None
) -> tuple[InstrumentalVariable, ...]:
    """Return the nodes that are instruments for an arrow, each with the least that must be held constant.

    Parameters
    ----------
    graph : Graph
        With the arrow.
    cause, effect : str
        Its ends.
    measured : collection of str, optional
        All by default.

    Returns
    -------
    tuple of InstrumentalVariable

    Notes
    -----
    Given W, ancestors of instrument or effect, the instrument is separated from the effect once the arrow is gone, and not from the
    cause (Brito & Pearl 2002; van der Zander, Textor & Liśkiewicz 2015). ``dagitty::instrumentalVariables``.
    """
    seen = measured_nodes(graph, measured)
    rest = graph.without([(cause, effect)])
    after = graph.descendants(effect)
    found = []
    for variable in seen:
        if variable in (cause, effect) or variable in after:
            continue
        near = rest.ancestors(variable, effect) - after - {cause, variable}
        pool = [node for node in seen if node in near]
        given = next(
            (
                some
                for size in range(len(pool) + 1)
                for some in combinations(pool, size)
                if d_separated(rest, variable, effect, some) and not d_separated(rest, variable, cause, some)
            ),
            None,
        )
        if given is not None:
            found.append(InstrumentalVariable(variable, given))
    return tuple(found)
