"""Stages within schools: latent variables of the teachers' deviations from their school's mean."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import (
    ImproperSolutionWarning,
    ModelError,
    ResponseError,
    SmallSampleWarning,
    check_option,
    listing,
    warn,
)
from internal_coherence.latent import SemFit, cfa
from internal_coherence.ordering.evidence.measurement_model import STAGES_AS, MeasurementPlan, StageAs
from internal_coherence.ordering.evidence.stage_covariance import StageCovariance
from internal_coherence.ordering.evidence.stage_likelihood import likelihood_of_rows
from internal_coherence.ordering.orders import Stage
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Missing = Literal["listwise", "fiml"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deviations:
    """Teachers' answers as deviations from their school's mean.

    Parameters
    ----------
    answers : (n, p) array
        In units of their standard deviation within schools; NaN missing.
    school : (n,) array
        Each teacher's school.
    n_alone : int
        Teachers left out, since no other of their school answered.
    """

    answers: Array
    school: NDArray[np.object_]
    n_alone: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredFit:
    """The fitted measurement model, how to read it, and what is odd about it."""

    fit: SemFit
    plan: MeasurementPlan
    notes: tuple[str, ...] = ()


def within_schools(
    responses: Responses, stages: Sequence[Stage], *, missing: Missing = "fiml", stage_as: StageAs = "composite"
) -> StageCovariance:
    """Estimate how stages go together among the teachers of a school, freed of measurement error.

    Every scale is a latent variable that its items have in common. What a school's teachers share is taken out first, by deviations
    from the school's mean.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    stages : sequence of Stage
        Each with its scales.
    missing : {"fiml", "listwise"}
        All teachers, each with what was answered; or those who answered every item.
    stage_as : {"composite", "factor"}
        A stage is the mean of its scales, whatever they have to do with each other; or a latent variable above them.

    Returns
    -------
    StageCovariance

    Raises
    ------
    ResponseError
        With fewer than two schools, or an item that does not vary within them.
    ModelError
        If the measurement model finds no minimum, or correlations that can't be.

    Notes
    -----
    ``lavaan::cfa(…, std.lv = TRUE, cluster = "school")`` of ``x - ave(x, school)``. That the deviations of nⱼ teachers have only
    nⱼ − 1 degrees of freedom changes all variances by one factor, and correlations not at all.
    """
    check_option("missing", missing, ("fiml", "listwise"))
    check_option("stage_as", stage_as, STAGES_AS)
    plan = MeasurementPlan.of(responses.instrument, stages, stage_as)
    apart = deviations(responses, plan.items)
    measured = _fitted(apart, plan, missing)
    fit = measured.fit
    read = plan.read(fit)
    kept = ~np.isnan(apart.answers).any(axis=1) if missing == "listwise" else np.ones(len(apart.answers), dtype=bool)
    place = {school: j for j, school in enumerate(fit._schools)}
    return StageCovariance(
        level="within",
        stages=tuple(stage.key for stage in stages),
        matrix=read.matrix,
        contributions=read.contributions,
        schools=fit._schools,
        n_teachers=fit.n,
        n_excluded=int((~kept).sum()) + apart.n_alone,
        corrected=f"latent variables of {len(plan.items)} items",
        notes=(*measured.notes, *_of_single_items(plan)),
        _likelihood=likelihood_of_rows(
            apart.answers[kept],
            np.array([place[str(school)] for school in apart.school[kept]], dtype=np.intp),
            read.loadings,
            read.errors,
        ),
        _source=measured,
    )


def deviations(responses: Responses, items: Sequence[str]) -> Deviations:
    """Return answers as deviations from the school's mean.

    Parameters
    ----------
    responses : Responses
    items : sequence of str
        Keys.

    Returns
    -------
    Deviations

    Raises
    ------
    ResponseError
        With fewer than two schools of two teachers, or an item that does not vary within them.
    """
    answers = responses.items[list(items)].astype(np.float64)
    answers = answers[answers.notna().any(axis=1)]
    school = responses.school.loc[answers.index]
    of_school = school.groupby(school).transform("size").to_numpy()
    n_schools = school[of_school > 1].nunique()
    if n_schools < 2:
        raise ResponseError(
            f"{n_schools} school(s) with two or more teachers who answered: how stages go together within schools, and how surely,"
            " needs several"
        )
    answers, school, n_alone = answers[of_school > 1], school[of_school > 1], int((of_school < 2).sum())
    apart = answers - answers.groupby(school.to_numpy()).transform("mean")
    spread = apart.std()
    if constant := list(spread.index[~(spread > 1e-12)]):
        raise ResponseError(
            f"the teachers of each school all answer alike on {listing(constant)}: nothing can be told from that"
        )
    return Deviations(answers=(apart / spread).to_numpy(), school=school.to_numpy(dtype=object), n_alone=n_alone)


def _fitted(apart: Deviations, plan: MeasurementPlan, missing: Missing) -> MeasuredFit:
    frame = pd.DataFrame(apart.answers, columns=[f"v{i}" for i in range(len(plan.items))])
    odd: list[str] = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        fit = cfa(frame, plan.syntax(), estimator="MLR", missing=missing, cluster=apart.school, std_lv=True)
    for warning in heard:
        if issubclass(warning.category, ImproperSolutionWarning):
            odd.append(f"the measurement model within schools has a {warning.message}")
        elif not issubclass(warning.category, SmallSampleWarning):  # of a test that is not used here
            warn(str(warning.message), warning.category)  # type: ignore[arg-type]  # our own tree
    if not fit.converged:
        raise ModelError(f"the measurement model of the stages within schools found no minimum: {fit.trouble}")
    return MeasuredFit(fit=fit, plan=plan, notes=tuple(odd))


def _of_single_items(plan: MeasurementPlan) -> tuple[str, ...]:
    alone = [plan.items[plan.scale_of.index(m)] for m in range(plan.n_scales) if plan.scale_of.count(m) == 1]
    return (f"one item stands for a scale, and its measurement error stays in: {listing(alone)}",) if alone else ()
