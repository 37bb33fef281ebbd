"""`unmeasured_confounding`: how strong something unmeasured would have to be to explain an arrow away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError
from internal_coherence.ordering.doubt.claims import Doubted
from internal_coherence.ordering.doubt.confounding import (
    adjusted,
    as_strong_as,
    critical_f,
    partial_r2,
    robustness_value,
)
from internal_coherence.ordering.doubt.confounding_record import UnmeasuredConfounding, pvalue
from internal_coherence.ordering.doubt.residuals import slope
from internal_coherence.ordering.evidence import Level, StageCovariance
from internal_coherence.ordering.graphs import Graph, MixedGraph
from internal_coherence.ordering.orders import Order
from internal_coherence.responses import Responses

ARROWS: Final = (
    *("cause", "effect", "given", "estimate", "se", "df", "partial_r2", "robustness_value"),
    *("robustness_value_alpha", "scale"),
)
BENCHMARKS: Final = (
    *("cause", "effect", "benchmark", "strength", "given", "r2_cause", "r2_effect", "estimate"),
    *("adjusted_estimate", "adjusted_se", "adjusted_pvalue"),
)


def unmeasured_confounding(
    responses: Responses,
    order: Order,
    *,
    at: Level = "within",
    strengths: Sequence[float] = (1, 2, 3),
    q: float = 1.0,
    alpha: float = 0.05,
) -> UnmeasuredConfounding:
    """Ask of every arrow how strong an unmeasured common cause would have to be to explain it away.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order
        With the arrows as drawn; where a stage is not measured, those among its neighbours.
    at : {"within", "between"}
        Of teachers within schools, or of schools.
    strengths : sequence of float
        Times as strong as a stage that does not come after the cause.
    q : float
        Share of the estimate to be explained away.
    alpha : float
        Of a two-sided test.

    Returns
    -------
    UnmeasuredConfounding

    Raises
    ------
    ModelError
        For options that make no sense, or an order without arrows among measured stages.
    ResponseError
        As `check_ordering`.

    Notes
    -----
    Cinelli & Hazlett (2020); of independent rows ``sensemakr::sensemakr``. Stages are freed of measurement error, and schools taken
    into account in standard errors, with J − 1 degrees of freedom. What is held constant beside the effect's causes are only stages
    that do not come after the cause.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}
    >>> district = ic.simulate_responses(n_schools=40, teachers=20, graph=truth, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> ic.unmeasured_confounding(district, order).arrows[["cause", "effect", "estimate", "robustness_value"]].round(2)
              cause               effect  estimate  robustness_value
    0    leadership         team_support      0.48              0.42
    1  team_support  collective_efficacy      0.44              0.39
    """
    doubted = Doubted.of(responses, order, "unmeasured_confounding")
    covariance = doubted.covariance(at)
    return confounding_of(covariance, doubted.measured, doubted.graph, strengths=strengths, q=q, alpha=alpha)


def confounding_of(
    covariance: StageCovariance,
    measured: MixedGraph,
    graph: Graph,
    *,
    strengths: Sequence[float] = (1, 2, 3),
    q: float = 1.0,
    alpha: float = 0.05,
) -> UnmeasuredConfounding:
    """Ask the same of covariances that are known.

    Parameters
    ----------
    covariance : StageCovariance
    measured, graph : MixedGraph, Graph
        Arrows among its stages, and the whole order.
    strengths, q, alpha
        As in `unmeasured_confounding`.

    Returns
    -------
    UnmeasuredConfounding
    """
    _check(strengths, q, alpha)
    if not measured.arrows:
        raise ModelError("no arrow joins the measured stages of this order: there is nothing to be explained away")
    standard = covariance.standardized()
    arrows, benchmarks = [], []
    for cause, effect in measured.arrows:
        given = [a for a, b in measured.arrows if b == effect and a != cause]
        arrows.append(_arrow(standard, cause, effect, given, q, alpha))
        later = graph.descendants(cause)
        for benchmark in standard.stages:
            if benchmark not in later:
                benchmarks += _benchmarks(standard, cause, effect, given, benchmark, strengths)
    return UnmeasuredConfounding(
        level=covariance.level,
        arrows=pd.DataFrame(arrows, columns=list(ARROWS)),
        benchmarks=pd.DataFrame(benchmarks, columns=list(BENCHMARKS)),
        q=q,
        alpha=alpha,
        n_schools=covariance.n_schools,
    )


def _check(strengths: Sequence[float], q: float, alpha: float) -> None:
    if isinstance(strengths, (int, float)) or not all(k > 0 for k in strengths):
        raise ModelError(f"strengths is a list of numbers above 0, such as [1, 2, 3], not {strengths!r}")
    if not q > 0:
        raise ModelError(f"q={q!r}: the share of the estimate to be explained away is above 0, 1 for all of it")
    if not 0 < alpha < 1:
        raise ModelError(f"alpha={alpha!r} is not between 0 and 1")


def _places(covariance: StageCovariance, *stages: str) -> list[int]:
    return [covariance.stages.index(stage) for stage in stages]


def _arrow(
    covariance: StageCovariance, cause: str, effect: str, given: Sequence[str], q: float, alpha: float
) -> tuple[object, ...]:
    """Return a row of `arrows`."""
    d, y, *x = _places(covariance, cause, effect, *given)
    own, df = slope(covariance.matrix, covariance.contributions, d, y, x), float(covariance.n_schools - 1)
    f = abs(own.estimate) / own.scale
    reach = critical_f(own.se, df, own.scale, alpha)
    return (
        cause,
        effect,
        ", ".join(given),
        own.estimate,
        own.se,
        df,
        partial_r2(own.estimate, own.scale),
        float(robustness_value(q * f)),
        float(robustness_value(q * f, reach)),
        own.scale,
    )


def _benchmarks(
    covariance: StageCovariance,
    cause: str,
    effect: str,
    given: Sequence[str],
    benchmark: str,
    strengths: Sequence[float],
) -> list[tuple[object, ...]]:
    """Return rows of `benchmarks`: the arrow with the benchmark held constant, and something as strong as it beside."""
    matrix, moved, df = covariance.matrix, covariance.contributions, float(covariance.n_schools - 1)
    d, y, b = _places(covariance, cause, effect, benchmark)
    rest = _places(covariance, *(stage for stage in given if stage != benchmark))
    own = slope(matrix, moved, d, y, [b, *rest])
    to_cause, to_effect = slope(matrix, moved, b, d, rest), slope(matrix, moved, b, y, [d, *rest])
    k = np.asarray(strengths, dtype=np.float64)
    r2_cause, r2_effect = as_strong_as(
        partial_r2(to_cause.estimate, to_cause.scale), partial_r2(to_effect.estimate, to_effect.scale), k
    )
    found, se = adjusted(own.estimate, own.se, df, own.scale, r2_effect, r2_cause)
    held = ", ".join([benchmark, *(stage for stage in given if stage != benchmark)])
    p = pvalue(found, se, df)
    return [
        (cause, effect, benchmark, k[i], held, r2_cause[i], r2_effect[i], own.estimate, found[i], se[i], p[i])
        for i in range(len(k))
    ]
