"""Which stages of an order a survey measures, and what every teacher says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, ResponseError, listing
from internal_coherence.instrument import Instrument
from internal_coherence.ordering.orders import Order, Stage, warn_of_misspelt_scales
from internal_coherence.responses import Responses, score

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageScores:
    """What teachers say of the stages that a survey measures.

    Parameters
    ----------
    stages : tuple of str
        Keys of the k measured stages, in the order's sequence.
    teachers : (n, k) array
        Each by stages: the mean of a stage's scales, each standardised over all teachers; no gaps.
    school : (n,) array of int
        Each teacher's school, as a place in `schools`.
    schools : tuple of str
        Names of the J schools.
    n_excluded : int
        Teachers left out, since a scale had too few answers.
    """

    stages: tuple[str, ...]
    teachers: Array
    school: Integers
    schools: tuple[str, ...]
    n_excluded: int


def measured_stages(order: Order, instrument: Instrument) -> tuple[Stage, ...]:
    """Return the stages that an instrument has scales for.

    Parameters
    ----------
    order : Order
    instrument : Instrument

    Returns
    -------
    tuple of Stage
        Two or more, in the order's sequence.

    Raises
    ------
    ModelError
        If fewer than two are measured, or a stage is measured only in part: it would be another stage then.
    """
    known = {scale.key for scale in instrument.scales}
    warn_of_misspelt_scales(order, known, "the order")
    for stage in order.stages:
        absent = [key for key in stage.measured_by if key not in known]
        if absent and len(absent) < len(stage.measured_by):
            raise ModelError(
                f"order {order.key!r}: stage {stage.key!r} is measured by {listing(stage.measured_by)}, but this survey has no"
                f" {listing(absent)}; without them it is another stage: write an order that says so"
            )
    found = tuple(stage for stage in order.stages if stage.measured_by and set(stage.measured_by) <= known)
    if len(found) < 2:
        missing = [stage.key for stage in order.stages if stage not in found]
        raise ModelError(
            f"order {order.key!r}: this survey measures {len(found)} of its stages, and an order of two is the least that can be"
            f" looked at; without a scale here: {listing(missing)}; the survey's scales are {listing(sorted(known))}"
        )
    return found


def stage_scores(responses: Responses, stages: Sequence[Stage]) -> StageScores:
    """Score every measured stage for every teacher.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    stages : sequence of Stage
        As `measured_stages` gives them.

    Returns
    -------
    StageScores

    Raises
    ------
    ResponseError
        If a scale does not vary, or nobody answered enough.
    """
    scales = [key for stage in stages for key in stage.measured_by]
    scores = score(responses)[scales].to_numpy(dtype=np.float64)
    kept = ~np.isnan(scores).any(axis=1)
    scores = scores[kept]
    if len(scores) < 2:
        raise ResponseError(f"{len(scores)} teachers answered enough of every scale of the order; nothing can be told")
    spread = scores.std(axis=0, ddof=1)
    if constant := [key for key, sd in zip(scales, spread, strict=True) if not sd > 0]:
        raise ResponseError(f"all teachers say the same on {listing(constant)}; an order needs answers that differ")
    standard = (scores - scores.mean(axis=0)) / spread
    ends = np.cumsum([len(stage.measured_by) for stage in stages])
    values = np.column_stack([part.mean(axis=1) for part in np.split(standard, ends[:-1], axis=1)])
    schools, school = np.unique(responses.school.to_numpy()[kept], return_inverse=True)
    return StageScores(
        stages=tuple(stage.key for stage in stages),
        teachers=values,
        school=school.astype(np.intp),
        schools=tuple(str(name) for name in schools),
        n_excluded=int((~kept).sum()),
    )
