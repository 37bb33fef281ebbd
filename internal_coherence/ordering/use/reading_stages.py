"""The stages of an order read off a profile: values, simultaneous limits, and the distribution of all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from internal_coherence.ordering.orders import Stage
from internal_coherence.ordering.use.bars import Metric
from internal_coherence.ordering.use.posterior import StagePrior
from internal_coherence.ordering.use.weak_stage_record import NAN, StageReading, Verdict
from internal_coherence.profiles import Profile
from internal_coherence.profiles.computing import Composite, composite
from internal_coherence.profiles.parts import Estimate

Array = NDArray[np.float64]
FEWEST_FREEDOM: Final = 3
"""Degrees of freedom, below which Student's t has no variance."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """A profile's scales in the unit of a metric: x = (response − origin) · unit.

    Parameters
    ----------
    keys : tuple of str
        The q scales.
    value : (q,) array
        NaN where withheld.
    covariance : (q, q) array
        Of their errors; NaN where not given out.
    df : (q,) array
        Degrees of freedom.
    origin, unit : (q,) array
        Of the metric.
    """

    keys: tuple[str, ...]
    value: Array
    covariance: Array
    df: Array
    origin: Array
    unit: Array

    def of_stage(self, stage: Stage) -> list[int]:
        """Return the positions of a stage's scales."""
        return [self.keys.index(scale) for scale in stage.measured_by if scale in self.keys]


def values_of(profile: Profile, metric: Metric) -> Values:
    """Return a profile's scales in percent of their response range, or in SDs from the reference mean.

    Parameters
    ----------
    profile : Profile
        Not withheld.
    metric : {"response", "relative"}
        Which of the two.

    Returns
    -------
    Values
    """
    by_key = {e.key: e for e in profile.scales}
    scales = [by_key[key] for key in profile.scale_keys]

    def each(name: str) -> Array:
        return np.array([getattr(e, name) for e in scales], dtype=np.float64)

    if metric == "relative":
        value, covariance = each("z"), profile.z_covariance
        origin, unit = each("reference_mean"), 1 / each("reference_sd")
    else:
        origin, unit = each("low"), 100 / (each("high") - each("low"))
        value = (each("mean") - origin) * unit
        covariance = profile.mean_covariance * np.outer(unit, unit)
    return Values(keys=profile.scale_keys, value=value, covariance=covariance, df=each("df"), origin=origin, unit=unit)


def read_stage(
    stage: Stage, values: Values, known: Mapping[str, Estimate], bars: Mapping[str, float], tail: float
) -> StageReading:
    """Read one stage off a profile: the mean of its scales, with limits from their joint covariance.

    Parameters
    ----------
    stage : Stage
        Which.
    values : Values
        Of the profile's scales.
    known : mapping
        Scale key to estimate.
    bars : mapping
        Scale key to bar.
    tail : float
        Probability that the stage lies beyond either limit.

    Returns
    -------
    StageReading
        Without probabilities.
    """
    at = values.of_stage(stage)
    scales = tuple(values.keys[a] for a in at)
    absent = [scale for scale in stage.measured_by if scale not in values.keys]
    note = f"not in this survey: {', '.join(absent)}" if absent else ""
    bar = float(np.mean([bars[s] for s in scales])) if scales else NAN

    def reading(estimate: float, lower: float, upper: float, verdict: Verdict, note: str) -> StageReading:
        return StageReading(
            stage=stage.key, label=stage.label, scales=scales, estimate=estimate, lower=lower, upper=upper, bar=bar,
            verdict=verdict, note=note,
        )  # fmt: skip

    if not scales:
        why = note or ("an outcome beyond the survey" if stage.outcome else "no scale")
        return reading(NAN, NAN, NAN, "not measured", why)
    if hidden := [known[values.keys[a]].label for a in at if np.isnan(values.value[a])]:
        return reading(NAN, NAN, NAN, "undecided", f"no value for: {', '.join(hidden)}")
    whole = stage_value(values, at)
    if whole.df < FEWEST_FREEDOM:
        return reading(NAN, NAN, NAN, "undecided", "too few teachers to know how far they differ")
    reach = float(stdtrit(whole.df, 1 - tail)) * whole.se
    lower, upper = whole.estimate - reach, whole.estimate + reach
    verdict: Verdict = "below" if upper < bar else "at or above" if lower >= bar else "undecided"
    return reading(whole.estimate, lower, upper, verdict, note)


def stage_value(values: Values, at: Sequence[int]) -> Composite:
    """Return a stage's value: the mean of its scales.

    Parameters
    ----------
    values : Values
        Of all scales.
    at : sequence of int
        The stage's.

    Returns
    -------
    Composite
    """
    return composite(values.value[at], values.covariance[np.ix_(at, at)], values.df[at])


def stage_covariance(values: Values, places: Sequence[Sequence[int]]) -> Array:
    """Return the covariance of the errors of several stages.

    Parameters
    ----------
    values : Values
        Of all scales.
    places : sequence of K sequences of int
        Each stage's scales.

    Returns
    -------
    (K, K) array
        With the variance of Student's t. Covariances that the profile does not give out are the largest that they can
        be within a stage, and 0 between stages.
    """
    whole = [stage_value(values, at) for at in places]
    spread = np.sqrt([one.df / (one.df - 2) for one in whole])
    V = np.empty((len(places), len(places)))
    for i, one in enumerate(places):
        for j, other in enumerate(places):
            V[i, j] = whole[i].se ** 2 if i == j else np.nan_to_num(values.covariance[np.ix_(one, other)]).mean()
    V *= np.outer(spread, spread)
    return V


def stage_prior(profile: Profile, values: Values, places: Sequence[Sequence[int]]) -> StagePrior | None:
    """Return how the stages lie in the reference's schools.

    Parameters
    ----------
    profile : Profile
        Whose reference.
    values : Values
        Its scales in the unit of a metric.
    places : sequence of K sequences of int
        Each stage's scales.

    Returns
    -------
    StagePrior or None
        None if the profile has none for one of the stages.
    """
    known = profile.prior
    if known is None:
        return None
    L = np.zeros((len(places), len(values.keys)))
    for i, at in enumerate(places):
        L[i, list(at)] = 1 / len(at)
    used = np.flatnonzero(L.any(axis=0))
    L, unit = L[:, used] * values.unit[used], np.ix_(used, used)
    found = StagePrior(
        n_schools=known.n_schools,
        mean=L @ (known.mean[used] - values.origin[used]),
        total=L @ known.total[unit] @ L.T,
        between=L @ known.between[unit] @ L.T,
    )
    return found if np.isfinite(found.total).all() else None


def why_alone(profile: Profile) -> str:
    """Say why a school borrows from no others.

    Parameters
    ----------
    profile : Profile
        Without a prior.

    Returns
    -------
    str
    """
    if profile.choices.reference == "norms":
        return "the reference is a table of norms, which does not say how schools lie together"
    if profile.choices.within_sd == "own":
        return "with each school's own spread it is not told how schools lie together"
    return "too few other schools to borrow from"
