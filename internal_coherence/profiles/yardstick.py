"""A reference with all schools laid against it: their z values, and the highest and lowest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.grouping import SchoolMoments
from internal_coherence.profiles.computing import SamplingError, error_of_reference, extremes
from internal_coherence.profiles.parts import Choices, Extremes
from internal_coherence.profiles.reference import Reference
from internal_coherence.profiles.school_prior import SchoolPrior, school_prior
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.gates import Audience

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Yardstick:
    """A reference, and all schools measured by it.

    Parameters
    ----------
    reference : Reference
    mask : (J, q) array of bool
        Which schools make the reference of which scale; none for norms.
    error : (q, q) array or None
        Covariance of the reference means, unless they are called fixed.
    z : (J, q) array
        Every school's distance from the reference mean.
    n_schools : int
        Schools that make the reference of any scale.
    n_by_scale : (q,) array of int
        Schools that make the reference of each.
    scales, dimensions : tuple of Extremes
        The highest and lowest school of each.
    prior : SchoolPrior
        How its schools' means lie, and lie together.
    """

    reference: Reference
    mask: Mask
    error: Array | None
    z: Array
    n_schools: int
    n_by_scale: NDArray[np.intp]
    scales: tuple[Extremes, ...]
    dimensions: tuple[Extremes, ...]
    prior: SchoolPrior


def yardstick_of(
    reference: Reference,
    mask: Mask,
    moments: SchoolMoments,
    error: SamplingError,
    responses: Responses,
    choices: Choices,
    audience: Audience,
) -> Yardstick:
    """Measure all schools by a reference, and find its extremes.

    Parameters
    ----------
    reference : Reference
    mask : (J, q) array of bool
        The schools that make it.
    moments, error : SchoolMoments, SamplingError
        Of the schools' scores.
    responses, choices, audience : Responses, Choices, Audience
        The survey, what was decided, and who reads.

    Returns
    -------
    Yardstick
    """
    z: Array = (moments.mean - reference.mean) / reference.sd
    instrument = responses.instrument
    found = partial(
        _extremes, labels=moments.labels, least=choices.gates.min_reference_schools, named=audience != "school"
    )
    groups = [
        [a for a, scale in enumerate(instrument.scales) if scale.dimension == dimension.key]
        for dimension in instrument.dimensions
    ]
    return Yardstick(
        reference=reference,
        mask=mask,
        error=error_of_reference(reference, error) if choices.reference_error else None,
        z=z,
        n_schools=int(mask.any(axis=1).sum()),
        n_by_scale=mask.sum(axis=0),
        scales=tuple(found(z[:, a], mask[:, a]) for a in range(z.shape[1])),
        dimensions=tuple(found(z[:, at].mean(axis=1), np.logical_and.reduce(mask[:, at], axis=1)) for at in groups),
        prior=school_prior(moments, error, mask),
    )


def _extremes(z: Array, eligible: Mask, labels: Sequence[str], least: int, named: bool) -> Extremes:
    found = extremes(z, np.logical_and(eligible, np.isfinite(z)), least)
    if found is None:
        return Extremes()
    high, low = found
    names = {"high_school": labels[high], "low_school": labels[low]} if named else {}
    return Extremes(high=float(z[high]), low=float(z[low]), **names)
