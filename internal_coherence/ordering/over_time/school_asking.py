"""`school_change`: from answers over waves to what changes in schools, whether or not teachers can be followed."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import SmallSampleWarning, check_level, check_option, listing, warn
from internal_coherence.ordering.orders import Order
from internal_coherence.ordering.over_time.errors_in_variables import (
    Regression,
    Step,
    corrected_regression,
    fixed_effects_bias,
)
from internal_coherence.ordering.over_time.joint_tests import check_schools, tests_of, with_limits
from internal_coherence.ordering.over_time.linking import waves_in_time
from internal_coherence.ordering.over_time.precedence import MeasuredStages, measured_stages
from internal_coherence.ordering.over_time.school_change_record import SchoolChange, SchoolModel
from internal_coherence.ordering.over_time.school_waves import SchoolWaves, school_waves
from internal_coherence.ordering.over_time.stage_variables import stage_scores
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
WHAT: Final = "school_change"
LEAST_WAVES: Final[dict[SchoolModel, int]] = {"lagged": 2, "differenced": 3}
WEAK: Final = 10.0
"""Instruments with a smaller F are called weak (Staiger & Stock 1997)."""
UNRELIABLE: Final = 0.5
"""If less of the variance of observed means is true, a warning says so."""


def school_change(
    responses: Responses,
    order: Order,
    *,
    model: Literal["lagged", "differenced"] = "lagged",
    level: float = 0.95,
) -> SchoolChange:
    """Ask whether schools that stand, or change, on an earlier stage of an order change on a later one thereafter.

    It takes no ids: schools are followed, not teachers. Their means are known only as well as so many teachers tell, which makes
    plain regression wrong twice over: paths are drawn to 0 or anywhere, and who is high by chance falls back. So the sampling errors
    are taken out of all variances and covariances first.

    Parameters
    ----------
    responses : Responses
        Of two waves or more. Where teachers have ids, these tell which errors of two waves go together.
    order : Order
        For instance ``ic.load_order("elmore-boston")``.
    model : {"lagged", "differenced"}
        Each stage's change on the levels of all stages one wave before, which confounds stable differences between schools with
        change; or, with three waves or more, on the changes of all stages one step before, which does not. Those changes go with
        what moves the stage now, so levels two waves before stand in for them (Anderson & Hsiao 1981).
    level : float
        Of the limits; the verdict is at 1 − level.

    Returns
    -------
    SchoolChange

    Raises
    ------
    ResponseError
        For too few waves; for fewer schools than paths that are tested together.
    ModelError
        For an order of which this survey measures fewer than two stages; for options that make no sense.

    Warns
    -----
    SmallSampleWarning
        With fewer than 30 schools; if means, or changes, tell mostly of chance, or instruments are weak.

    Notes
    -----
    Fuller (1987), with sandwich errors by school; a teacher's errors about the school are pooled over schools. With endless teachers
    ``lm(change ~ levels)`` and ``sandwich::vcovCL(cluster = school, type = "HC0", cadjust = TRUE)``. Bias of fixed effects: Nickell
    (1981). Errors are those of schools whose teachers stand for others like them; where all teachers answered it corrects too far.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=80, teachers=20, waves=2, icc=0.3, school_stability=0.6, turnover=0.2, rng=1)
    >>> found = ic.school_change(district, ic.load_order("elmore-boston"))
    >>> found.to_frame()[["cause", "effect", "kind"]].head(2)
                       cause               effect            kind
    0    leadership_practice  leadership_practice  autoregressive
    1  structure_and_process  leadership_practice        backward
    """
    check_option("model", model, get_args(SchoolModel))
    check_level(level)
    waves = waves_in_time(responses, LEAST_WAVES[model], WHAT, f"model={model!r}")
    stages = measured_stages(order, responses.instrument, WHAT)
    over = school_waves(stage_scores(responses, stages, WHAT), responses, waves, WHAT)
    steps = steps_of(model, len(waves), len(stages.keys))
    found = corrected_regression(over.mean, over.error, steps)
    check_schools(found.n_schools, max(stages.count("forward"), stages.count("backward")), stages, WHAT)
    paths, kinds = _paths(found, stages, model, len(waves), level)
    return SchoolChange(
        order=order.key,
        model=model,
        stages=stages.keys,
        unmeasured=stages.unmeasured,
        missing_scales=stages.missing_scales,
        waves=waves,
        linked=over.linked,
        n=len(responses),
        n_schools=found.n_schools,
        n_schools_lost=len(over.labels) - found.n_schools,
        n_steps=found.n_rows,
        paths=paths,
        tests=tests_of(kinds, found.b.T.ravel(), _by_effect(found.vcov, len(stages.keys)), found.n_schools),
        reliability=_reliability(found, over, steps, model),
        level=level,
    )


def steps_of(model: SchoolModel, n_waves: int, K: int) -> list[Step]:
    """Return the steps from wave to wave that a model pools.

    Parameters
    ----------
    model : {"lagged", "differenced"}
        Which.
    n_waves : int
        Waves.
    K : int
        Stages.

    Returns
    -------
    list of Step
    """
    at = [np.eye(K, n_waves * K, k=t * K) for t in range(n_waves)]
    if model == "lagged":
        return [Step(Z=at[t - 1], X=at[t - 1], Y=at[t] - at[t - 1]) for t in range(1, n_waves)]
    return [Step(Z=at[t - 2], X=at[t - 1] - at[t - 2], Y=at[t] - at[t - 1]) for t in range(2, n_waves)]


def _by_effect(vcov: Array, K: int) -> Array:
    """Return covariances of b' read row by row, from those of b: effects first, as paths are listed."""
    turned = np.arange(K * K).reshape(K, K).T.ravel()
    return vcov[np.ix_(turned, turned)]


def _paths(
    found: Regression, stages: MeasuredStages, model: SchoolModel, n_waves: int, level: float
) -> tuple[pd.DataFrame, list[str]]:
    K = len(stages.keys)
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(_by_effect(found.vcov, K))).reshape(K, K)
        unit = np.sqrt(np.diag(found.true))[None, :] / np.sqrt(np.diag(found.effects))[:, None]
    rows = []
    for e, effect in enumerate(stages.keys):
        for c, cause in enumerate(stages.keys):
            kind = stages.kind(cause, effect)
            own = found.b[c, e] + (1.0 if model == "lagged" else 0.0)
            rows.append(
                {
                    "cause": cause,
                    "effect": effect,
                    "kind": kind,
                    "arrow": (cause, effect) in stages.arrows,
                    "of": "change",
                    "by": "level" if model == "lagged" else "change",
                    "est": found.b[c, e],
                    "se": se[e, c],
                    "std": found.b[c, e] * unit[e, c],
                    "uncorrected": found.plain[c, e],
                    "fixed_effects_bias": fixed_effects_bias(own, n_waves - 1) if c == e else np.nan,
                }
            )
    table = with_limits(pd.DataFrame(rows), found.n_schools - 1, level)
    last = ["std", "uncorrected", "fixed_effects_bias"]
    return table[[*(c for c in table if c not in last), *last]], [str(row["kind"]) for row in rows]


def _reliability(found: Regression, over: SchoolWaves, steps: list[Step], model: SchoolModel) -> pd.DataFrame:
    """Return how much of the causes is true, and warn of what is mostly chance."""
    true, observed = np.diag(found.true), np.diag(found.observed)
    strength = np.full(len(true), np.nan)
    if model == "differenced":
        strength = instrument_strength(over, steps)
    table = pd.DataFrame(
        {
            "stage": over.stages,
            "sd": np.sqrt(np.where(true > 0, true, np.nan)),
            "reliability": true / observed,
            "strength": strength,
        }
    )
    if len(low := table[~(table["reliability"] >= UNRELIABLE)]):
        of = "levels" if model == "lagged" else "changes"
        warn(
            f"{WHAT}: less than half of the variance of schools' observed {of} is true for {listing(low['stage'])}:"
            " corrected paths are unsure, and can be far off. More teachers a school would help",
            SmallSampleWarning,
        )
    if np.linalg.eigvalsh(found.true).min() <= 0:
        warn(
            f"{WHAT}: once sampling error is taken out, nothing is left by which schools' stages could be told"
            " apart; estimates are NaN. More teachers a school, or fewer stages, would help",
            SmallSampleWarning,
        )
    if len(weak := table[table["strength"] < WEAK]):
        warn(
            f"{WHAT}: the levels two waves before hardly tell the changes of {listing(weak['stage'])} (F below 10);"
            " estimates are unsure and drawn to what plain differences give",
            SmallSampleWarning,
        )
    return table


def instrument_strength(over: SchoolWaves, steps: list[Step]) -> Array:
    """Return, for each stage, the F of its change on the instruments, both without sampling error.

    Parameters
    ----------
    over : SchoolWaves
        Means and their errors.
    steps : list of Step
        With instruments.

    Returns
    -------
    (K,) array
    """
    first = corrected_regression(over.mean, over.error, [Step(Z=step.Z, X=step.Z, Y=step.X) for step in steps])
    K = len(first.b)
    vcov = _by_effect(first.vcov, K)
    blocks = [vcov[k * K : (k + 1) * K, k * K : (k + 1) * K] for k in range(K)]
    if not np.isfinite(vcov).all():
        return np.full(K, np.nan)
    return np.array([first.b[:, k] @ np.linalg.solve(blocks[k], first.b[:, k]) / K for k in range(K)])
