"""`school_growth`: from answers over three waves or more to each school's line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ConvergenceWarning, ModelError, ResponseError, check_option, listing, warn
from internal_coherence.moments.grouping import group
from internal_coherence.moments.spread import school_spread
from internal_coherence.ordering.orders import Order
from internal_coherence.ordering.over_time.growth_of_schools import Growth, growth_of_schools
from internal_coherence.ordering.over_time.linking import times_of, waves_in_time
from internal_coherence.ordering.over_time.precedence import MeasuredStages, measured_stages
from internal_coherence.ordering.over_time.school_growth_record import SchoolGrowth
from internal_coherence.ordering.over_time.school_waves import SchoolWaves, school_waves
from internal_coherence.ordering.over_time.stage_variables import stage_scores
from internal_coherence.responses import Responses, score
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.reasons import COMPLEMENTARY
from internal_coherence.schools.disclosure.withholding import withheld_reasons

Array = NDArray[np.float64]
WHAT: Final = "school_growth"
FEWEST_SCHOOLS: Final = 6
"""Four variances and covariances take some schools more."""


def school_growth(
    responses: Responses,
    order: Order,
    *,
    times: Sequence[float] | None = None,
    audience: str = "district",
    gates: Gates | None = None,
) -> SchoolGrowth:
    """Estimate each school's line over waves on each stage of an order: where it began, and how it changes.

    Parameters
    ----------
    responses : Responses
        Of three waves or more. Where teachers have ids, these tell which errors of two waves go together.
    order : Order
        For instance ``ic.load_order("elmore-boston")``.
    times : sequence of float, optional
        When the waves were; by default their names where these are numbers, such as years, and else 0, 1, 2, ….
    audience : {"district", "research"}
        Whom the schools' lines are for.
    gates : Gates, optional
        What must hold before a school's line is shown to a district, in every wave in which it answered.

    Returns
    -------
    SchoolGrowth

    Raises
    ------
    ResponseError
        For fewer than three waves, or six schools that have all of them.
    ModelError
        For an order of which this survey measures fewer than two stages; for options that make no sense.

    Warns
    -----
    ConvergenceWarning
        If no maximum was found.

    Notes
    -----
    Restricted maximum likelihood; a school's mean in a wave is its line, what it deviates by, and the sampling error of so many
    teachers, whose variance is known. With endless teachers ``lme4::lmer(mean ~ time + (time | school))``. Schools that missed waves
    are in with those they have. Schools' lines are drawn to the mean line as far as they are unsure (empirical Bayes).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=30, teachers=20, waves=3, icc=0.3, school_stability=0.7, rng=1)
    >>> ic.school_growth(district, ic.load_order("elmore-boston"))
    <growth of 3 stages of 'elmore-boston' in 30 schools over 3 waves>
    """
    check_option("audience", audience, ("district", "research"))
    if gates is not None and audience != "district":
        raise ModelError(f"{WHAT}: gates= protect schools before a district; audience={audience!r} has none")
    waves = waves_in_time(responses, 3, WHAT, "growth")
    when = times_of(waves, times, WHAT)
    stages = measured_stages(order, responses.instrument, WHAT)
    over = school_waves(stage_scores(responses, stages, WHAT), responses, waves, WHAT)
    whole = int((~np.isnan(over.mean)).all(axis=1).sum())
    if whole < FEWEST_SCHOOLS:
        raise ResponseError(
            f"{WHAT}: {whole} schools have means in all of the waves {listing(waves)}; it takes {FEWEST_SCHOOLS}"
        )
    K, T = len(stages.keys), len(waves)
    found = []
    for k, stage in enumerate(stages.keys):
        at = np.arange(T) * K + k
        one = growth_of_schools(over.mean[:, at], over.error[:, at[:, None], at[None, :]], np.array(when))
        found.append(one)
        if not one.converged:
            warn(f"{WHAT}: no maximum was found for stage {stage!r}; its numbers are left out", ConvergenceWarning)
    reasons = _withheld(responses, waves, stages, gates or Gates()) if audience == "district" else {}
    return SchoolGrowth(
        order=order.key,
        stages=stages.keys,
        unmeasured=stages.unmeasured,
        missing_scales=stages.missing_scales,
        waves=waves,
        times=when,
        n_schools=len(over.labels),
        linked=over.linked,
        audience=audience,
        parameters=pd.DataFrame([_parameters(stage, one) for stage, one in zip(stages.keys, found, strict=True)]),
        by_school=_by_school(over, stages, found, reasons),
    )


def _parameters(stage: str, one: Growth) -> dict[str, object]:
    sd = np.sqrt(np.diag(one.G))
    numbers = {
        "intercept": one.gamma[0],
        "intercept_se": np.sqrt(one.gamma_vcov[0, 0]),
        "slope": one.gamma[1],
        "slope_se": np.sqrt(one.gamma_vcov[1, 1]),
        "intercept_sd": sd[0],
        "slope_sd": sd[1],
        "correlation": one.G[0, 1] / (sd[0] * sd[1]) if sd.min() > 0 else np.nan,
        "wave_sd": np.sqrt(one.omega2),
        "log_likelihood": one.log_likelihood,
    }
    if not one.converged:
        numbers = dict.fromkeys(numbers, np.nan)
    return {"stage": stage, **numbers, "converged": one.converged}


def _by_school(
    over: SchoolWaves, stages: MeasuredStages, found: Sequence[Growth], reasons: dict[tuple[str, str], str]
) -> pd.DataFrame:
    """Return each school's line, NaN where it is withheld or was not found."""
    rows = []
    K = len(stages.keys)
    for k, (stage, one) in enumerate(zip(stages.keys, found, strict=True)):
        waves = (~np.isnan(over.mean[:, k::K])).sum(axis=1)
        errors = np.sqrt(np.diagonal(one.school_vcov, axis1=1, axis2=2))
        for j, school in enumerate(over.labels):
            reason = reasons.get((school, stage), "") or ("" if waves[j] else "no teacher has a score")
            line = [one.school[j, 0], errors[j, 0], one.school[j, 1], errors[j, 1]]
            shown = line if one.converged and not reason else [np.nan] * 4
            rows.append((school, stage, int(waves[j]), *shown, reason))
    columns = ["school", "stage", "n_waves", "intercept", "intercept_se", "slope", "slope_se", "withheld"]
    return pd.DataFrame(rows, columns=columns)


def _withheld(
    responses: Responses, waves: Sequence[str], stages: MeasuredStages, gates: Gates
) -> dict[tuple[str, str], str]:
    """Return why a school's line may not be shown: it would not be, on a scale of the stage, in a wave."""
    reasons: dict[tuple[str, str], str] = {}
    for wave in waves:
        one = responses.select(wave=wave)
        scores = score(one)
        X, groups = scores.to_numpy(), group(one.school, len(one))
        found = withheld_reasons(one, X, groups, school_spread(X, groups), gates)
        for stage, scales in stages.scales.items():
            columns = [scores.columns.get_loc(scale) for scale in scales]
            for j, school in enumerate(groups.labels):
                why = next((found[j, c] for c in columns if found[j, c]), "")
                if why:
                    reasons.setdefault((school, stage), f"wave {wave}: {why}")
    _withhold_another(reasons, responses.school.value_counts(), stages.keys)
    return reasons


def _withhold_another(reasons: dict[tuple[str, str], str], teachers: pd.Series, stages: Sequence[str]) -> None:
    """Where one school alone is withheld, withhold the smallest of the others: the mean line less all others would tell it."""
    for stage in stages:
        hidden = [school for school, of in reasons if of == stage]
        others = teachers.drop(hidden)
        if len(hidden) == 1 and len(others):
            reasons[str(others.idxmin()), stage] = COMPLEMENTARY
