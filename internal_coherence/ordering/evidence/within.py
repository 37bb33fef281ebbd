"""Stages within schools: latent variables of the teachers' deviations from their school's mean."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import (
    ImproperSolutionWarning,
    MissingDataWarning,
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
MANY_GAPS: Final = 0.05
SMALL_SCHOOLS: Final = 15
"""Whole scales left out by so many, in schools no larger, move correlations by a few hundredths."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deviations:
    """Teachers' answers as deviations from their school's mean.

    Parameters
    ----------
    answers : (n, p) array
        In units of their standard deviation within schools; NaN missing.
    school : (n,) array
        Each teacher's school.
    n_excluded : int
        Teachers left out, for missing answers or since no other of their school answered.
    """

    answers: Array
    school: NDArray[np.object_]
    n_excluded: int


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
    nⱼ − 1 degrees of freedom changes all variances by one factor, and correlations not at all. Where teachers of small schools leave
    out whole scales, the means of two scales are of different teachers, and ``"fiml"`` makes correlations a little too small: a note
    says so, and ``"listwise"`` does not.
    """
    check_option("missing", missing, ("fiml", "listwise"))
    check_option("stage_as", stage_as, STAGES_AS)
    plan = MeasurementPlan.of(responses.instrument, stages, stage_as)
    apart = deviations(responses, plan.items, complete=missing == "listwise")
    measured = _fitted(apart, plan, missing)
    fit = measured.fit
    read = plan.read(fit)
    place = {school: j for j, school in enumerate(fit._schools)}
    return StageCovariance(
        level="within",
        stages=tuple(stage.key for stage in stages),
        matrix=read.matrix,
        _contributions=read.contributions,
        _schools=fit._schools,
        n_teachers=fit.n,
        n_excluded=apart.n_excluded,
        corrected=f"latent variables of {len(plan.items)} items",
        notes=(*measured.notes, *_of_single_items(plan), *_of_gaps(apart, plan)),
        _likelihood=likelihood_of_rows(
            apart.answers,
            np.array([place[str(school)] for school in apart.school], dtype=np.intp),
            read.loadings,
            read.errors,
        ),
        _source=measured,
    )


def deviations(responses: Responses, items: Sequence[str], *, complete: bool = False) -> Deviations:
    """Return answers as deviations from the school's mean.

    Parameters
    ----------
    responses : Responses
    items : sequence of str
        Keys.
    complete : bool
        Of teachers only who answered every item.

    Returns
    -------
    Deviations
        Where one teacher alone answered an item in a school, it is missing.

    Raises
    ------
    ResponseError
        With fewer than two schools of two teachers, or an item that does not vary within them.

    Warns
    -----
    MissingDataWarning
        Where more than a fifth of the teachers are left out for missing answers.
    """
    answers = responses.items[list(items)].astype(np.float64)
    asked = answers[answers.notna().any(axis=1)]
    answers = asked.dropna() if complete else asked
    if len(answers) < 0.8 * len(asked):
        message = f"{len(asked) - len(answers)} teachers are left out for missing answers; missing='fiml' keeps them"
        warn(f"check_ordering: {message}", MissingDataWarning)
    school = responses.school.loc[answers.index]
    of_school = school.groupby(school).transform("size").to_numpy()
    n_schools = school[of_school > 1].nunique()
    if n_schools < 2:
        raise ResponseError(
            f"{n_schools} school(s) with two or more teachers who answered: how stages go together within schools, and how surely,"
            " needs several"
        )
    answers = answers[of_school > 1]
    labels = school[of_school > 1].to_numpy(dtype=object)
    by_school = answers.groupby(labels)
    apart = (answers - by_school.transform("mean")).where(by_school.transform("count") > 1)
    spread = apart.std()
    if constant := list(spread.index[~(spread > 1e-12)]):
        raise ResponseError(
            f"the teachers of each school all answer alike on {listing(constant)}: nothing can be told from that"
        )
    told = apart.notna().any(axis=1).to_numpy()
    return Deviations(
        answers=(apart / spread).to_numpy()[told], school=labels[told], n_excluded=len(asked) - int(told.sum())
    )


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


def _of_gaps(apart: Deviations, plan: MeasurementPlan) -> tuple[str, ...]:
    """Say where whole scales are missing in small schools."""
    missing = np.isnan(apart.answers)
    scale = np.array(plan.scale_of)
    gaps = np.stack([missing[:, scale == m].all(axis=1) for m in range(plan.n_scales)]).mean()
    size = len(apart.school) / len(set(apart.school))
    if gaps < MANY_GAPS or size > SMALL_SCHOOLS:
        return ()
    left_out = f"{100 * gaps:.0f} % of scales are left out as a whole, in schools of {size:.0f} teachers on average"
    return (f"{left_out}: correlations within schools come out too small; missing='listwise' avoids that",)
