"""The earliest weak stage: where along a provisional order a school's conversation might begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import DisclosureError, ModelError, check_level, check_option
from internal_coherence.ordering.orders import Order, check_order
from internal_coherence.ordering.use.bars import METRICS, Bar, Metric, bars_of
from internal_coherence.ordering.use.posterior import StagePosterior, first_below, stage_posterior
from internal_coherence.ordering.use.reading_stages import (
    Values,
    read_stage,
    stage_covariance,
    stage_prior,
    values_of,
    why_alone,
)
from internal_coherence.ordering.use.weak_stage_record import NAN, Conclusion, StageReading, WeakStage
from internal_coherence.profiles import Profile

Array = NDArray[np.float64]
CERTAINTY: Final = 0.8


def earliest_weak_stage(
    profile: Profile,
    order: Order,
    *,
    bar: Bar = None,
    metric: Metric = "response",
    certainty: float = CERTAINTY,
    level: float = 0.95,
) -> WeakStage:
    """Walk a provisional order and name the earliest stage that is weak, if the answers make it probable enough.

    For every measured stage it gives the probability that it lies below the bar while all measured stages before it do
    not; together with the probability that none is below they sum to 1. A stage is named only from `certainty` on, and
    otherwise the outcome is *cannot tell*. A stage that no scale measures is shown, never skipped. The outcome is a place
    to begin a conversation: the survey does not show what would follow from work on a stage.

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
    certainty : float
        The probability from which on an outcome is named, more than one half.
    level : float
        Of the limits shown beside, simultaneous over the measured stages (Bonferroni).

    Returns
    -------
    WeakStage

    Raises
    ------
    DisclosureError
        For a withheld profile.
    ModelError
        For a bar that is outside of the response format, or not given for each scale, or a certainty that is none.

    Notes
    -----
    The stages of a school are held to be normally distributed together: the empirical-Bayes means of the school on all
    stages at once, with the mean and the covariances between schools of the profile's reference, and with their own error
    counted (Prasad & Rao 1990). With fewer than ten other schools, a table of norms, or ``within_sd="own"`` the school
    stands by its own answers, and `prior_note` says so; in the last case stages are taken to err independently. With a
    withheld stage the probabilities of the stages before it stand, those from it on are not known.
    ``mvtnorm::pmvnorm`` gives the same probabilities of the same moments.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> order = ic.load_order("elmore-boston")
    >>> ic.earliest_weak_stage(ic.profile(ic.example_responses(), "Juniper"), order)
    <'Juniper' along 'elmore-boston': earliest weak stage 'structure_and_process' (response scale); probability above .99; ...>
    >>> maple = ic.earliest_weak_stage(ic.profile(ic.example_responses(), "Maple"), order)
    >>> maple
    <'Maple' along 'elmore-boston': cannot tell; undecided: 'structure_and_process', 'collective_efficacy' (response scale)>
    >>> maple.to_frame()[["stage", "p_below", "p_earliest"]].round(2)
                       stage  p_below  p_earliest
    0    leadership_practice     0.11        0.11
    1  structure_and_process     0.68        0.58
    2    collective_efficacy     0.98        0.30
    3    student_performance      NaN         NaN
    """
    check_asked(metric, certainty, level)
    check_order(order, "earliest_weak_stage")
    if profile.withheld:
        raise DisclosureError(
            f"the profile of {profile.school!r} is withheld ({profile.withheld}); no stage can be read from it"
        )
    known = {estimate.key: estimate for estimate in profile.scales}
    bars = bars_of(bar, metric, order, known)
    values = values_of(profile, metric)
    n_measured = sum(bool(values.of_stage(stage)) for stage in order.stages)
    tail = (1 - level) / 2 / max(n_measured, 1)
    readings = [read_stage(stage, values, known, bars, tail) for stage in order.stages]
    posterior, n_prior = _posterior(profile, order, values, readings)
    told, p_none, p_open = with_probabilities(readings, posterior)
    stage, conclusion, undecided = concluded(told, p_none, p_open, certainty)
    return WeakStage(
        school=profile.school,
        order=order.key,
        stage=stage,
        conclusion=conclusion,
        undecided=undecided,
        readings=tuple(told),
        p_none=p_none,
        p_open=p_open,
        certainty=certainty,
        posterior_covariance=posterior.covariance,
        n_prior_schools=n_prior,
        prior_note="" if n_prior or not len(posterior.mean) else why_alone(profile),
        metric=metric,
        own_bar=bar is not None,
        level=level,
        order_title=order.title,
    )


def check_asked(metric: str, certainty: float, level: float) -> None:
    """Refuse what can't be asked.

    Parameters
    ----------
    metric : str
        Of `METRICS`.
    certainty, level : float
        As in `earliest_weak_stage`.

    Raises
    ------
    ModelError
    """
    check_option("metric", metric, METRICS)
    check_level(level)
    if not 0.5 < certainty < 1:
        raise ModelError(f"certainty={certainty} is not between one half and 1: with less, two outcomes could be named")


def _posterior(
    profile: Profile, order: Order, values: Values, readings: Sequence[StageReading]
) -> tuple[StagePosterior, int]:
    """Return the joint distribution of the stages that have a value, and how many schools stand behind it."""
    shown = [k for k, reading in enumerate(readings) if not np.isnan(reading.estimate)]
    if not shown:
        return StagePosterior(mean=np.zeros(0), covariance=np.zeros((0, 0))), 0
    places = [values.of_stage(order.stages[k]) for k in shown]
    prior = stage_prior(profile, values, places)
    m = np.array([readings[k].estimate for k in shown])
    return stage_posterior(m, stage_covariance(values, places), prior), prior.n_schools if prior else 0


def with_probabilities(
    readings: Sequence[StageReading], posterior: StagePosterior
) -> tuple[list[StageReading], float, float]:
    """Put to each stage how likely it is below the bar, and the earliest below.

    Parameters
    ----------
    readings : sequence of StageReading
        All stages in order.
    posterior : StagePosterior
        Of those that have an estimate.

    Returns
    -------
    readings : list of StageReading
    p_none : float
        That no measured stage is below; NaN if one is withheld, or none measured.
    p_open : float
        What is left for the first withheld stage and those after it.
    """
    shown = [k for k, reading in enumerate(readings) if not np.isnan(reading.estimate)]
    hidden = [k for k, reading in enumerate(readings) if reading.hidden]
    below, first = first_below(posterior, np.array([readings[k].bar for k in shown]))
    sd = np.sqrt(np.diag(posterior.covariance))
    told = list(readings)
    known = 0
    for i, k in enumerate(shown):
        before = not hidden or k < hidden[0]
        known += before
        told[k] = replace(
            readings[k],
            posterior_mean=float(posterior.mean[i]),
            posterior_sd=float(sd[i]),
            p_below=float(below[i]),
            p_earliest=float(first[i]) if before else NAN,
        )
    if hidden:
        return told, NAN, float(first[known:].sum())
    return told, float(first[-1]) if shown else NAN, 0.0


def concluded(
    readings: Sequence[StageReading], p_none: float, p_open: float, certainty: float
) -> tuple[str | None, Conclusion, tuple[str, ...]]:
    """Return the earliest weak stage, what was concluded, and the stages that leave it open.

    Parameters
    ----------
    readings : sequence of StageReading
        All stages in order, with probabilities.
    p_none, p_open : float
        That no stage is below, and what withheld stages leave open.
    certainty : float
        The probability from which on an outcome is named.

    Returns
    -------
    stage : str or None
    conclusion : {"weak stage", "none below", "cannot tell"}
    undecided : tuple of str
        If it can't be told: the most probable stages, until they and the chance that none is below make up `certainty`;
        and those that are withheld.
    """
    chances = {r.stage: r.p_earliest for r in readings if not np.isnan(r.p_earliest)}
    for stage, chance in chances.items():
        if chance >= certainty:
            return stage, "weak stage", ()
    if p_none >= certainty:
        return None, "none below", ()
    hidden = {r.stage for r in readings if r.hidden}
    outcomes = [(chance, {stage}) for stage, chance in chances.items()]
    outcomes.append((p_open, hidden) if hidden else (p_none, set()))
    among, reached = set(hidden), 0.0
    for chance, stages in sorted(outcomes, key=lambda outcome: -outcome[0]):
        if reached >= certainty:
            break
        among |= stages
        reached += chance
    return None, "cannot tell", tuple(r.stage for r in readings if r.stage in among)
