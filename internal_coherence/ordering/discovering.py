"""Graphs that a search finds without an order in mind, for comparison only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option
from internal_coherence.ordering.checking import OrderingResult
from internal_coherence.ordering.evidence import StageCovariance
from internal_coherence.ordering.graphs import Graph, projected
from internal_coherence.records import Record

Array = NDArray[np.float64]
Search = Literal["pc", "ges"]
SEARCHES: Final[tuple[str, ...]] = get_args(Search)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DiscoveredGraph(Record):
    """What a search made of the stages.

    Parameters
    ----------
    method : {"pc", "ges"}
        By tests of independence, or by a score.
    level : {"within", "between"}
        Of teachers within schools, or of schools.
    background : bool
        Whether no arrow was allowed against the order.
    n_effective : float
        Independent teachers that would make correlations as sure as they are.
    arrows, undirected : tuple of (str, str)
        What the search turned, and what it left open.
    pairs : DataFrame
        As `to_frame` gives it.
    """

    method: str
    level: str
    background: bool
    n_effective: float
    arrows: tuple[tuple[str, str], ...]
    undirected: tuple[tuple[str, str], ...]
    pairs: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return every two stages with what the order has between them, and what the search found.

        Returns
        -------
        DataFrame
            ``first, second, order, found, joined_alike``; ``→``, ``←``, ``—`` or nothing.
        """
        return self.pairs

    def __repr__(self) -> str:
        alike = int(self.pairs["joined_alike"].sum())
        known = ", the order held" if self.background else ""
        return (
            f"<DiscoveredGraph by {self.method}{known}, {self.level} schools: {alike} of {len(self.pairs)} pairs joined as in the"
            " order; for comparison only>"
        )


def discover_order(
    result: OrderingResult,
    *,
    method: Search = "pc",
    at: str | None = None,
    alpha: float = 0.05,
    background: bool = False,
) -> DiscoveredGraph:
    """Search for a graph of the stages without the order, or holding to it, for comparison.

    A search finds one of many graphs that fit, errs often where effects are small or stages many, and takes for granted that nothing
    unmeasured stands behind the stages. It is no test of the order.

    Parameters
    ----------
    result : OrderingResult
        Of `check_ordering`.
    method : {"pc", "ges"}
        The PC algorithm, by tests of partial correlations; or greedy equivalence search, by BIC.
    at : {"within", "between"}, optional
        By default the first.
    alpha : float
        Of the PC algorithm's tests.
    background : bool
        Allow no arrow from a later stage to an earlier one; with ``"pc"`` only.

    Returns
    -------
    DiscoveredGraph

    Raises
    ------
    ModelError
        Without the package causal-learn (``pip install 'internal-coherence[discovery]'``), and for options that make no sense.

    Notes
    -----
    ``causallearn.search.ConstraintBased.PC.pc`` and ``causallearn.search.ScoreBased.GES.ges``, given the stages' correlations freed
    of measurement error, and as many rows as independent teachers would make them as sure as the schools do. Spirtes, Glymour &
    Scheines (2000); Chickering (2002).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}
    >>> district = ic.simulate_responses(n_schools=60, teachers=20, graph=truth, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> checked = ic.check_ordering(district, order, levels=["within"], rivals=False)
    >>> ic.discover_order(checked)  # doctest: +SKIP
    <DiscoveredGraph by pc, within schools: 3 of 3 pairs joined as in the order; for comparison only>
    """
    check_option("method", method, SEARCHES)
    if background and method == "ges":
        raise ModelError("background=True holds the order in method='pc' only")
    if not 0 < alpha < 1:
        raise ModelError(f"alpha={alpha!r} is not between 0 and 1")
    part = result.levels[0] if at is None else result.at(at)
    stages = part.covariance.stages
    n = effective_teachers(part.covariance)
    rows = rows_with(part.covariance.correlations, max(round(n), len(stages) + 2))
    matrix = _by_pc(rows, stages, alpha, background) if method == "pc" else _by_ges(rows, stages)
    arrows, undirected = [], []
    for i, j in combinations(range(len(stages)), 2):
        if matrix[i, j] == -1 and matrix[j, i] == 1:
            arrows.append((stages[i], stages[j]))
        elif matrix[i, j] == 1 and matrix[j, i] == -1:
            arrows.append((stages[j], stages[i]))
        elif matrix[i, j] or matrix[j, i]:
            undirected.append((stages[i], stages[j]))
    own = projected(result.order.graph(result.reading), stages)
    return DiscoveredGraph(
        method=method,
        level=part.level,
        background=background,
        n_effective=n,
        arrows=tuple(arrows),
        undirected=tuple(undirected),
        pairs=_beside(Graph(own.nodes, own.arrows), arrows, undirected),
    )


def effective_teachers(covariance: StageCovariance) -> float:
    """Return how many independent teachers, measured without error, would make the correlations as sure as they are.

    Parameters
    ----------
    covariance : StageCovariance

    Returns
    -------
    float
        3 + 1/v, with v the mean variance of Fisher's z of the correlations.
    """
    table = covariance.to_frame()
    errors = table["se"].to_numpy() / (1 - table["correlation"].to_numpy() ** 2)
    return float(3 + 1 / np.mean(errors**2))


def rows_with(correlations: Array, n: int) -> Array:
    """Return rows that have certain correlations to the last digit.

    Parameters
    ----------
    correlations : (k, k) array
    n : int
        Rows, more than k.

    Returns
    -------
    (n, k) array
        Of mean 0 and variance 1.
    """
    noise = np.random.default_rng(0).standard_normal((n, len(correlations)))
    whitened, _ = np.linalg.qr(noise - noise.mean(axis=0))
    rows: Array = np.sqrt(n) * whitened @ np.linalg.cholesky(correlations).T
    return rows


def _by_pc(rows: Array, stages: Sequence[str], alpha: float, background: bool) -> Array:
    pc, _, knowledge, node = _causal_learn()
    known = None
    if background:
        known, nodes = knowledge(), [node(stage) for stage in stages]
        for earlier, later in combinations(nodes, 2):
            known.add_forbidden_by_node(later, earlier)
    found = pc(rows, alpha, "fisherz", show_progress=False, node_names=list(stages), background_knowledge=known)
    return np.asarray(found.G.graph)


def _by_ges(rows: Array, stages: Sequence[str]) -> Array:
    _, ges, _, _ = _causal_learn()
    return np.asarray(ges(rows, "local_score_BIC", node_names=list(stages))["G"].graph)


def _causal_learn() -> tuple[Any, Any, Any, Any]:
    try:
        from causallearn.graph.GraphNode import GraphNode
        from causallearn.search.ConstraintBased.PC import pc
        from causallearn.search.ScoreBased.GES import ges
        from causallearn.utils.PCUtils.BackgroundKnowledge import BackgroundKnowledge
    except ImportError as absent:
        raise ModelError(
            "discover_order needs the package causal-learn: pip install 'internal-coherence[discovery]'"
        ) from absent
    return pc, ges, BackgroundKnowledge, GraphNode


def _beside(own: Graph, arrows: Sequence[tuple[str, str]], undirected: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Lay what the order has between every two stages beside what was found."""
    rows = []
    for first, second in combinations(own.nodes, 2):
        stated = "→" if (first, second) in own.arrows else "←" if (second, first) in own.arrows else ""
        found = "→" if (first, second) in arrows else "←" if (second, first) in arrows else ""
        if (first, second) in undirected or (second, first) in undirected:
            found = "—"
        rows.append((first, second, stated, found, bool(stated) == bool(found)))
    return pd.DataFrame(rows, columns=["first", "second", "order", "found", "joined_alike"])
