"""The earliest weak stage: where along a provisional order a school's conversation might begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from internal_coherence.errors import DisclosureError, ModelError, check_option, closest, listing
from internal_coherence.ordering.orders import Order, Stage
from internal_coherence.profiles import Profile
from internal_coherence.profiles.computing import composite
from internal_coherence.profiles.parts import Estimate
from internal_coherence.records import Record

Metric = Literal["response", "relative"]
Verdict = Literal["below", "at or above", "undecided", "not measured"]
METRICS: Final[tuple[str, ...]] = get_args(Metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReading:
    """Where one stage lies against the bar.

    Parameters
    ----------
    stage, label : str
        Name, and name for readers.
    scales : tuple of str
        The scales it was read from.
    estimate, lower, upper, bar : float
        Estimate with simultaneous limits, and the bar: in percent of the response range, or in SDs of the reference.
    verdict : {"below", "at or above", "undecided", "not measured"}
        *below* and *at or above* are clear: the whole interval lies on that side.
    note : str
        What a reader should know about this stage.
    """

    stage: str
    label: str
    scales: tuple[str, ...]
    estimate: float
    lower: float
    upper: float
    bar: float
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class WeakStage(Record):
    """The outcome of a walk along an order.

    Parameters
    ----------
    school, order : str
        Whose profile, and which order.
    stage : str or None
        The earliest weak stage; None if none is, or if it can't be told.
    conclusion : {"weak stage", "none below", "cannot tell"}
        Which of the three.
    undecided : tuple of str
        The measured stages that keep the walk from a conclusion.
    readings : tuple of StageReading
        All stages in order, also those that nothing measures.
    metric : {"response", "relative"}
        ``"relative"`` means lower than the reference group, not low in itself.
    level : float
        Of the limits, over all stages together.
    """

    school: str
    order: str
    stage: str | None
    conclusion: Literal["weak stage", "none below", "cannot tell"]
    undecided: tuple[str, ...]
    readings: tuple[StageReading, ...]
    metric: Metric
    level: float

    @property
    def measures_any(self) -> bool:
        """Whether the survey has a scale for any of the stages."""
        return any(reading.scales for reading in self.readings)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a stage.

        Returns
        -------
        DataFrame
        """
        columns = ["stage", "label", "estimate", "lower", "upper", "bar", "verdict", "note"]
        return pd.DataFrame([[getattr(r, c) for c in columns] for r in self.readings], columns=columns)

    def __repr__(self) -> str:
        found = {
            "weak stage": f"earliest weak stage {self.stage!r}",
            "none below": "no measured stage is below the bar",
            "cannot tell": f"cannot tell; undecided: {listing(self.undecided)}",
        }[self.conclusion]
        meaning = "response scale" if self.metric == "response" else "relative to the reference group"
        use = "; a place to begin a conversation" if self.stage else ""
        return f"<{self.school!r} along {self.order!r}: {found} ({meaning}){use}>"


def earliest_weak_stage(
    profile: Profile,
    order: Order,
    *,
    bar: float | Mapping[str, float] | None = None,
    metric: Metric = "response",
    level: float = 0.95,
) -> WeakStage:
    """Walk a provisional order and name the earliest stage that is clearly weak, if the answers are clear enough.

    A stage is named only if it is clearly below the bar and every earlier measured stage is clearly at or above it.
    Otherwise the outcome is *cannot tell*, with the stages that leave it open. A stage that no scale measures is shown,
    never skipped. The outcome is a place to begin a conversation: the survey does not show that work on one stage
    raises later ones.

    Parameters
    ----------
    profile : Profile
        Of one school.
    order : Order
        For instance ``ic.load_order("elmore-boston")``.
    bar : float or mapping, optional
        With ``metric="response"`` a point on the response scale, one for scales that share a format or by scale key; by
        default the middle of each format. With ``metric="relative"`` in SDs from the reference mean; by default 0.
    metric : {"response", "relative"}
        Judge what teachers answered, or how the school compares; *relative* says lower than this group of schools, not
        low in itself.
    level : float
        Of the limits, simultaneous over the measured stages (Bonferroni).

    Returns
    -------
    WeakStage

    Raises
    ------
    DisclosureError
        For a withheld profile.
    ModelError
        For a bar that is outside of the response format, or not given for each scale.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> juniper = ic.profile(ic.example_responses(), "Juniper")
    >>> ic.earliest_weak_stage(juniper, ic.load_order("elmore-boston"))
    <'Juniper' along 'elmore-boston': earliest weak stage 'structure_and_process' (response scale); a place to begin ...>
    """
    check_option("metric", metric, METRICS)
    if not 0 < level < 1:
        raise ModelError(f"level={level} is not between 0 and 1")
    if profile.withheld:
        raise DisclosureError(
            f"the profile of {profile.school!r} is withheld ({profile.withheld}); no stage can be read from it"
        )
    known = {estimate.key: estimate for estimate in profile.scales}
    n_measured = sum(any(scale in known for scale in stage.measured_by) for stage in order.stages)
    bars = _bars(bar, metric, order, known)
    tail = (1 - level) / 2 / max(n_measured, 1)
    readings = tuple(_read(stage, profile, known, bars, metric, tail) for stage in order.stages)
    stage, conclusion, undecided = walk(readings)
    return WeakStage(
        school=profile.school,
        order=order.key,
        stage=stage,
        conclusion=conclusion,
        undecided=undecided,
        readings=readings,
        metric=metric,
        level=level,
    )


def walk(
    readings: tuple[StageReading, ...],
) -> tuple[str | None, Literal["weak stage", "none below", "cannot tell"], tuple[str, ...]]:
    """Return the earliest weak stage, what was concluded, and the stages that leave it open.

    Parameters
    ----------
    readings : tuple of StageReading
        In the order of the stages.

    Returns
    -------
    stage : str or None
    conclusion : str
    undecided : tuple of str
    """
    measured = [reading for reading in readings if reading.verdict != "not measured"]
    undecided = tuple(reading.stage for reading in measured if reading.verdict == "undecided")
    for reading in measured:
        if reading.verdict == "below":
            return reading.stage, "weak stage", ()
        if reading.verdict == "undecided":
            return None, "cannot tell", undecided
    return (None, "none below", ()) if measured else (None, "cannot tell", ())


def _bars(
    bar: float | Mapping[str, float] | None, metric: Metric, order: Order, known: Mapping[str, Estimate]
) -> dict[str, float]:
    """Return the bar of each scale: in percent of its response range, or in SDs."""
    scales = [scale for stage in order.stages for scale in stage.measured_by if scale in known]
    if metric == "relative":
        if isinstance(bar, Mapping):
            raise ModelError("a relative bar is one number, in SDs from the reference mean")
        return dict.fromkeys(scales, 0.0 if bar is None else float(bar))
    if isinstance(bar, Mapping):
        for key in bar:
            if key not in scales:
                raise ModelError(f"bar: {key!r} is not a scale of this order and profile{closest(key, scales)}")
        if missing := [scale for scale in scales if scale not in bar]:
            raise ModelError(f"bar: no point given for scale {listing(missing)}")
    elif bar is not None and len({(known[s].low, known[s].high) for s in scales}) > 1:
        raise ModelError(
            "the scales have different response formats, so one bar can't serve all; give a mapping by scale key"
        )
    percent = {}
    for scale in scales:
        low, high = known[scale].low, known[scale].high
        point = (low + high) / 2 if bar is None else bar[scale] if isinstance(bar, Mapping) else bar
        if not low <= point <= high:
            raise ModelError(f"bar {point:g} for scale {scale!r} lies outside its response format {low:g}–{high:g}")
        percent[scale] = 100 * (point - low) / (high - low)
    return percent


def _read(
    stage: Stage,
    profile: Profile,
    known: Mapping[str, Estimate],
    bars: Mapping[str, float],
    metric: Metric,
    tail: float,
) -> StageReading:
    """Read one stage off the profile: the mean of its scales, with limits from their joint covariance."""
    nan = float("nan")
    scales = tuple(scale for scale in stage.measured_by if scale in known)
    absent = [scale for scale in stage.measured_by if scale not in known]
    note = f"not in this survey: {', '.join(absent)}" if absent else ""

    bar = float(np.mean([bars[s] for s in scales])) if scales else nan

    def reading(estimate: float, lower: float, upper: float, verdict: Verdict, note: str) -> StageReading:
        return StageReading(
            stage=stage.key,
            label=stage.label,
            scales=scales,
            estimate=estimate,
            lower=lower,
            upper=upper,
            bar=bar,
            verdict=verdict,
            note=note,
        )

    if not scales:
        return reading(
            nan, nan, nan, "not measured", note or ("an outcome beyond the survey" if stage.outcome else "no scale")
        )
    estimates = [known[scale] for scale in scales]
    if hidden := [e.label for e in estimates if np.isnan(e.z if metric == "relative" else e.mean)]:
        return reading(nan, nan, nan, "undecided", f"no value for: {', '.join(hidden)}")
    at = [profile.scale_keys.index(scale) for scale in scales]
    if metric == "relative":
        values = np.array([e.z for e in estimates])
        covariance = profile.z_covariance[np.ix_(at, at)]
    else:
        span = np.array([e.high - e.low for e in estimates])
        values = 100 * (np.array([e.mean for e in estimates]) - [e.low for e in estimates]) / span
        covariance = profile.mean_covariance[np.ix_(at, at)] * np.outer(100 / span, 100 / span)
    whole = composite(values, covariance, np.array([e.df for e in estimates]))
    reach = float(stdtrit(whole.df, 1 - tail)) * whole.se
    lower, upper = whole.estimate - reach, whole.estimate + reach
    verdict: Verdict = "below" if upper < bar else "at or above" if lower >= bar else "undecided"
    return reading(whole.estimate, lower, upper, verdict, note)
