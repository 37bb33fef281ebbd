"""Which stages and which arrows are doubted, and how an implied independence stands when the covariances are others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from internal_coherence.errors import ResponseError, check_option
from internal_coherence.ordering.evidence import (
    Level,
    StageCovariance,
    StageScores,
    between_schools,
    error_by_school,
    measured_stages,
    stage_scores,
    within_schools,
)
from internal_coherence.ordering.graphs import Graph, Independence, MixedGraph, implied_independences, projected
from internal_coherence.ordering.implications import partial_correlation
from internal_coherence.ordering.orders import Order, Stage, check_order
from internal_coherence.responses import Responses
from internal_coherence.responses.record import check_responses

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """What an order says of the stages that a survey measures.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    stages : tuple of Stage
        Those measured, in the order's sequence.
    graph : Graph
        The order, with what is not measured.
    measured : MixedGraph
        What is left of it among measured stages.
    claims : tuple of Independence
        What it implies for them.
    """

    responses: Responses
    stages: tuple[Stage, ...]
    graph: Graph
    measured: MixedGraph
    claims: tuple[Independence, ...]

    @classmethod
    def of(cls, responses: Responses, order: Order, verb: str) -> Doubted:
        """Check what was passed to a verb.

        Parameters
        ----------
        responses : Responses
        order : Order
        verb : str
            Its name, for messages.

        Returns
        -------
        Doubted

        Raises
        ------
        ModelError
            If it is no order, or fewer than two of its stages are measured.
        ResponseError
            If there are several waves.
        """
        check_responses(responses, verb)
        check_order(order, verb)
        stages = measured_stages(order, responses.instrument)
        names = [stage.key for stage in stages]
        graph = order.graph()
        return cls(
            responses=responses.one_wave(verb),
            stages=stages,
            graph=graph,
            measured=projected(graph, names),
            claims=implied_independences(graph, names),
        )

    def covariance(self, at: Level) -> StageCovariance:
        """Return how the stages go together, freed of measurement error.

        Parameters
        ----------
        at : {"within", "between"}
            Among teachers of a school, or among schools.

        Returns
        -------
        StageCovariance

        Raises
        ------
        ModelError
            For another level.
        """
        check_option("at", at, get_args(Level))
        if at == "within":
            return within_schools(self.responses, self.stages)
        return between_schools(stage_scores(self.responses, self.stages))

    def refuse_one_school(self, scores: StageScores) -> None:
        """Refuse to say what schools do where there is only one.

        Parameters
        ----------
        scores : StageScores

        Raises
        ------
        ResponseError
        """
        several = int((np.bincount(scores.school) > 1).sum())
        if several < 2:
            raise ResponseError(
                f"{several} school(s) with two or more teachers: what schools have to do with it takes several"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of the stages."""
        return tuple(stage.key for stage in self.stages)


def concerns(stage: str, claim: Independence) -> bool:
    """Return whether a claim is about a stage; every claim is about ``"all"``.

    Parameters
    ----------
    stage : str
    claim : Independence

    Returns
    -------
    bool
    """
    return stage == "all" or stage in (claim.first, claim.second, *claim.given)


def claim_test(matrix: Array, moved: Array, stages: Sequence[str], claim: Independence) -> tuple[float, float, float]:
    """Test an implied independence in given covariances.

    Parameters
    ----------
    matrix, moved : (k, k), (J, k, k) array
        Φ, and what each school adds to it.
    stages : sequence of str
        What its rows are.
    claim : Independence

    Returns
    -------
    estimate, se, pvalue : float
        The partial correlation, its standard error, and p of its Fisher z by t; NaN where the covariances can't be.
    """
    J = len(moved)
    place = {stage: k for k, stage in enumerate(stages)}
    at = [place[claim.first], place[claim.second], *(place[stage] for stage in claim.given)]
    if not np.linalg.eigvalsh(matrix[np.ix_(at, at)])[0] > 1e-10 * np.trace(matrix):
        return float("nan"), float("nan"), float("nan")
    r, change = partial_correlation(matrix, moved, at[0], at[1], at[2:])
    se = float(error_by_school(change))
    return r, se, float(2 * stdtr(J - 1, -abs(np.arctanh(r)) * (1 - r**2) / se))


def turning_point(grid: Array, pvalues: Array, *, start: float, rejected: bool, alpha: float) -> float:
    """Return the value nearest to where one stands at which a test would decide otherwise.

    Parameters
    ----------
    grid, pvalues : (m,) array
        Values that were tried, and the p found there; NaN where there is none.
    start : float
        Where one stands.
    rejected : bool
        What is decided there.
    alpha : float

    Returns
    -------
    float
        NaN if every value tried leads to the same decision.
    """
    with np.errstate(invalid="ignore"):
        other = (pvalues < alpha) != rejected
    other &= np.isfinite(pvalues)
    if not other.any():
        return float("nan")
    return float(grid[other][np.argmin(np.abs(grid[other] - start))])
