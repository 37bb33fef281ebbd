"""`check_ordering`: a provisional order, tested as hard as the data allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import (
    ModelError,
    ResponseError,
    check_draws,
    check_level,
    check_option,
    closest,
)
from internal_coherence.ordering.checking.noting import notes_of
from internal_coherence.ordering.checking.record import LevelResult, OrderingResult
from internal_coherence.ordering.checking.without_data import adjustment_table, equivalents
from internal_coherence.ordering.evidence import (
    FEWEST_SCHOOLS,
    STAGES_AS,
    Level,
    Missing,
    StageAs,
    StageCovariance,
    between_schools,
    check_outcomes,
    measured_stages,
    stage_scores,
    within_schools,
)
from internal_coherence.ordering.evidence.redrawing import redrawn
from internal_coherence.ordering.graphs import (
    Graph,
    MixedGraph,
    completed,
    implied_independences,
    projected,
)
from internal_coherence.ordering.implications import (
    INTERVALS,
    Associations,
    Interval,
    JointTest,
    Verdict,
    effects_table,
    implied_covariance,
    joint_test,
    local_tests,
    together,
    verdict_of,
)
from internal_coherence.ordering.orders import READINGS, Order, Reading, check_order
from internal_coherence.ordering.rivals import RivalOrders, Shape, compare_with_rivals
from internal_coherence.responses import Responses
from internal_coherence.responses.record import check_responses

LEVELS: Final[tuple[str, ...]] = get_args(Level)


def check_ordering(
    responses: Responses,
    order: Order,
    *,
    reading: Reading = "chain",
    levels: Sequence[Level] | None = None,
    outcomes: Mapping[str, pd.Series] | None = None,
    missing: Missing = "fiml",
    stage_as: StageAs = "composite",
    alpha: float = 0.05,
    matters: float = 0.10,
    interval: Interval = "delta",
    level: float = 0.95,
    draws: int = 2000,
    rivals: bool = True,
    most_orders: int = 1000,
    n_folds: int = 10,
    fewest_schools: int = FEWEST_SCHOOLS,
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> OrderingResult:
    """Test a provisional causal order, as hard as a survey at one time allows.

    What the order implies can be tested, and nothing else: that stages which no arrow joins tell nothing of each other once the
    stages between are known. Every order that implies the same is listed; no survey at one time can tell them apart. That the data do
    not contradict an order is no support of it, and is called *compatible* only where they could have contradicted it.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order
        For instance ``ic.load_order("elmore-boston")``.
    reading : {"chain", "complete"}
        The arrows as drawn and no others; or every later arrow too, which implies nothing and is *untestable*.
    levels : sequence of {"within", "between"}, optional
        Among the teachers of a school, and among schools' means; by default both, the second where there are schools enough.
    outcomes : mapping, optional
        Stage of the order to a Series indexed by school, such as achievement; it is looked at between schools.
    missing : {"fiml", "listwise"}
        Within schools: all teachers, each with what was answered, or those who answered every item, which is quicker.
    stage_as : {"composite", "factor"}
        A stage is the mean of its scales' latent variables, as in a profile; or one latent variable above them.
    alpha : float
        Of the joint test, and of all single tests together.
    matters : float
        The smallest partial correlation that would matter.
    interval : {"delta", "monte_carlo", "bootstrap"}
        Limits of effects: by the delta method and t; by drawing coefficients; or by drawing schools and estimating all again.
    level : float
        Of the limits.
    draws : int
        For the latter two.
    rivals : bool
        Compare with all other orders of the same stages.
    most_orders : int
        More are sampled.
    n_folds : int
        Parts in which schools are held out; 0 for none.
    fewest_schools : int
        Fewer schools' means are not looked at.
    rng : Generator or int, optional
        For what is drawn.
    progress : bool
        Show progress bars.

    Returns
    -------
    OrderingResult

    Raises
    ------
    ModelError
        For an order of which the survey measures fewer than two stages, or options that make no sense.
    ResponseError
        For several waves, too few schools, or outcomes that don't fit.

    Notes
    -----
    First the stages' covariances are estimated, within schools by a factor model of the items, between them from the means less their
    teachers' error, with what each school adds to them; then everything else follows from these as in the two-step approach of
    structural after measurement (Rosseel & Loh 2022), standard errors with the measurement's own included. Joint test: Wald's, as
    Hotelling's T² of the schools. Implications: Shipley (2000). Rivals: Eulig et al. (2023).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}
    >>> district = ic.simulate_responses(n_schools=100, teachers=20, graph=truth, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> result = ic.check_ordering(district, order, levels=["within"])
    >>> result.verdict
    'compatible'
    >>> result.local_tests["implication"].tolist()
    ['leadership ⟂ collective_efficacy | team_support']
    >>> [str(graph) for graph in result.equivalent_orders][1:]
    ['team_support → leadership; collective_efficacy → team_support', 'team_support → leadership; team_support → collective_efficacy']
    """
    check_responses(responses, "check_ordering")
    _check_options(order, reading, levels, alpha, matters, interval, level, n_folds)
    check_option("missing", missing, ("fiml", "listwise"))
    check_option("stage_as", stage_as, STAGES_AS)
    one_wave = responses.one_wave("check_ordering")
    joined = _outcomes(order, {} if outcomes is None else outcomes)
    generator = np.random.default_rng(rng)
    found, refused = _covariances(one_wave, order, levels, joined, missing, stage_as, fewest_schools)
    manner = _Manner(
        alpha=alpha,
        matters=matters,
        interval=interval,
        level=level,
        draws=check_draws(draws, 200),
        rivals=rivals,
        most_orders=check_draws(most_orders, 2),
        n_folds=n_folds,
        progress=progress,
    )
    graph = order.graph(reading)
    parts = [_at_level(covariance, graph, manner, generator) for covariance in found]
    looked = [part for part, _ in parts]
    both = together([own for _, own in parts], [part.covariance.schools for part in looked])
    joint = joint_test(both, " and ".join(part.level for part in looked))
    widest = max(found, key=lambda covariance: len(covariance.stages))
    left = projected(graph, widest.stages)
    equivalent, same = equivalents(left)
    return OrderingResult(
        order=order,
        reading=reading,
        levels=tuple(looked),
        refused=tuple(refused),
        joint=joint,
        verdict=_overall(looked, both, joint, manner),
        equivalent_orders=equivalent,
        completed=None if left.confounded else completed(Graph(left.nodes, left.arrows)),
        same_shape=same,
        adjustment=adjustment_table(graph, widest.stages),
        alpha=alpha,
        matters=matters,
        level=level,
        interval=interval,
        notes=notes_of(order, found, left, equivalent),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How each level is looked at."""

    alpha: float
    matters: float
    interval: Interval
    level: float
    draws: int
    rivals: bool
    most_orders: int
    n_folds: int
    progress: bool


def _check_options(
    order: Order,
    reading: str,
    levels: Sequence[str] | None,
    alpha: float,
    matters: float,
    interval: str,
    level: float,
    n_folds: int,
) -> None:
    check_order(order, "check_ordering")
    check_option("reading", reading, READINGS)
    check_option("interval", interval, INTERVALS)
    check_level(level)
    if isinstance(levels, str) or (levels is not None and not len(levels)):
        raise ModelError(f"levels is a list such as ['within', 'between'], not {levels!r}")
    for one in levels or ():
        check_option("levels", one, LEVELS)
    for name, value in (("alpha", alpha), ("matters", matters)):
        if isinstance(value, str) or not 0 < value < 1:
            raise ModelError(f"{name}={value!r} is not between 0 and 1")
    if isinstance(n_folds, bool) or not isinstance(n_folds, int) or n_folds < 0 or n_folds == 1:
        raise ModelError(f"n_folds={n_folds!r}: schools are held out in 2 parts or more, or, with 0, not at all")


def _outcomes(order: Order, outcomes: Mapping[str, pd.Series]) -> Mapping[str, pd.Series]:
    """Check that outcomes are stages which no scale measures."""
    if not isinstance(outcomes, Mapping):
        raise ModelError(
            f"outcomes says stage by stage what schools have, as in {{'achievement': series}}, not a {type(outcomes).__name__}"
        )
    keys = [stage.key for stage in order.stages]
    for key in outcomes:
        if key not in keys:
            raise ModelError(f"outcomes: the order {order.key!r} has no stage {key!r}{closest(key, keys)}")
        if key not in order.unmeasured:
            raise ModelError(f"outcomes: stage {key!r} is measured by scales of the survey already")
    return outcomes


def _covariances(
    responses: Responses,
    order: Order,
    levels: Sequence[Level] | None,
    outcomes: Mapping[str, pd.Series],
    missing: Missing,
    stage_as: StageAs,
    fewest: int,
) -> tuple[list[StageCovariance], list[tuple[str, str]]]:
    """Estimate how stages go together at each level; a level that was not asked for by name may be refused."""
    stages = measured_stages(order, responses.instrument)
    n_arrows = len(projected(order.graph(), [stage.key for stage in stages]).arrows)
    if len(responses.schools) < max(n_arrows, 3):
        raise ResponseError(
            f"{len(responses.schools)} school(s) answered, and the order has {n_arrows} arrow(s) between measured stages: errors that"
            " count schools need as many schools as arrows, and three at the least"
        )
    check_outcomes(outcomes, responses.schools, fewest)
    found: list[StageCovariance] = []
    refused: list[tuple[str, str]] = []
    for one in levels or LEVELS:
        try:
            if one == "within":
                found.append(within_schools(responses, stages, missing=missing, stage_as=stage_as))
            else:
                scores = stage_scores(responses, stages)
                sequence = [s.key for s in order.stages if s in stages or s.key in outcomes]
                found.append(between_schools(scores, outcomes=outcomes, sequence=sequence, fewest=fewest))
        except (ModelError, ResponseError) as reason:
            if levels is not None:
                raise
            refused.append((one, str(reason)))
    if not found:
        raise ResponseError("; ".join(reason for _, reason in refused))
    return found, refused


def _at_level(
    covariance: StageCovariance, graph: Graph, how: _Manner, rng: np.random.Generator
) -> tuple[LevelResult, Associations]:
    """Look at the order at one level."""
    left = projected(graph, covariance.stages)
    shape = Shape.of(left)
    claims = implied_independences(graph, covariance.stages)
    own = Associations.of(covariance, claims)
    tests, joint = (
        local_tests(own, covariance.level, alpha=how.alpha, matters=how.matters),
        joint_test(own, covariance.level),
    )
    implied = implied_covariance(covariance.matrix, shape.parents, shape.confounded)
    both = covariance._likelihood.values(np.stack([covariance.matrix, implied]))
    sample = None
    if how.interval == "bootstrap":
        sample = redrawn(covariance, how.draws, rng, progress=how.progress)
    result = LevelResult(
        level=covariance.level,
        covariance=covariance,
        tests=tests,
        effects=effects_table(
            covariance,
            shape.parents,
            level=how.level,
            interval=how.interval,
            draws=how.draws,
            redrawn=sample,
            rng=rng,
        ),
        joint=joint,
        log_likelihood_ratio=float(2 * (both[0] - both[1])),
        srmr=_srmr(covariance.matrix, implied),
        verdict=verdict_of(tests, joint, how.alpha),
        rivals=_rivals(covariance, left, shape, how, rng) if how.rivals and claims else None,
    )
    return result, own


def _rivals(
    covariance: StageCovariance, left: MixedGraph, shape: Shape, how: _Manner, rng: np.random.Generator
) -> RivalOrders | None:
    """Compare with all orders of the same stages, unless unmeasured stages stand behind several of them."""
    if left.confounded:
        return None
    return compare_with_rivals(
        covariance,
        shape,
        alpha=how.alpha,
        most=how.most_orders,
        n_folds=min(how.n_folds, covariance.n_schools),
        rng=rng,
        progress=how.progress,
    )


def _srmr(matrix: NDArray[np.float64], implied: NDArray[np.float64]) -> float:
    sd = np.sqrt(np.diag(matrix))
    apart = ((matrix - implied) / np.outer(sd, sd))[np.triu_indices(len(sd))]
    return float(np.sqrt((apart**2).mean()))


def _overall(parts: Sequence[LevelResult], both: Associations, joint: JointTest, how: _Manner) -> Verdict:
    """Return the verdict over all levels: one test of everything, so that two levels are not two chances to reject."""
    if len(parts) == 1:
        return parts[0].verdict
    return verdict_of(local_tests(both, joint.level, alpha=how.alpha, matters=how.matters), joint, how.alpha)
