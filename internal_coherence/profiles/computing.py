"""Estimates of a school's means and of their distance from the reference, with every source of error counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.grouping import SchoolMoments
from internal_coherence.profiles.parts import WithinSD
from internal_coherence.profiles.reference import Reference

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
FEWEST_TO_POOL: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamplingError:
    """Covariances of each school's means, and the degrees of freedom of their scale.

    Parameters
    ----------
    covariance : (J, q, q) array
        Of the means of q scales in J schools; NaN where a school has none.
    df : (J, q) array
        Degrees of freedom behind each variance.
    shared : bool
        Whether the spread is that of several schools, so that no school's own can be read from it.
    """

    covariance: Array
    df: Array
    shared: bool


def sampling_error(moments: SchoolMoments, pool: Mask, within_sd: WithinSD, roster: Array | None) -> SamplingError:
    """Return how far each school's means may be from what other teachers like these would have said.

    Parameters
    ----------
    moments : SchoolMoments
        Of the scale scores.
    pool : (J, q) array of bool
        Schools over which a pooled spread is pooled.
    within_sd : {"pooled", "own"}
        One spread for all schools, or each school's own.
    roster : (J,) array, optional
        Teachers in each school; then the error is that of the present staff's mean only.

    Returns
    -------
    SamplingError

    Notes
    -----
    The means of two scales a, b have the covariance C_ab n_ab/(n_a n_b), with C the covariance within schools; with N
    teachers in all it is C_ab (n_ab/(n_a n_b) − 1/N).
    """
    n, size = moments.n, moments.size
    both = pool[:, :, None] & pool[:, None, :] & (n > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = n / (size[:, :, None] * size[:, None, :])
        if roster is not None:
            share = share - 1 / roster[:, None, None]
            own = np.diagonal(share, axis1=1, axis2=2)
            share = np.where(np.eye(n.shape[1], dtype=bool), np.maximum(own, 0.0)[:, :, None], share)
        if within_sd == "own":
            C = np.where(n > 1, moments.cross / (n - 1), np.nan)
            df = np.diagonal(n, axis1=1, axis2=2) - 1
        else:
            freedom = np.where(both, n - 1, 0.0).sum(axis=0)
            C = (np.where(both, moments.cross, 0.0).sum(axis=0) / np.where(freedom > 0, freedom, np.nan))[None]
            df = np.broadcast_to(np.diag(freedom), size.shape)
        covariance = np.where(np.isfinite(share), C * share, np.nan)
    covariance[(n == 0) & np.isfinite(share) & np.isnan(covariance)] = 0.0  # nobody in common: independent means
    shared = within_sd == "pooled" and bool((both.sum(axis=0).diagonal() >= FEWEST_TO_POOL).all())
    return SamplingError(covariance=covariance, df=df, shared=shared)


def error_of_reference(reference: Reference, error: SamplingError) -> Array:
    """Return the covariance of the reference means, from the sampling of the teachers of its schools.

    Parameters
    ----------
    reference : Reference
    error : SamplingError

    Returns
    -------
    (q, q) array
    """
    w = reference.weights
    covariance: Array = np.einsum("ka,kb,kab->ab", w, w, np.nan_to_num(error.covariance)) + reference.error
    return covariance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Where one school stands: z by scale, and the covariances of its means and of its z values."""

    z: Array
    mean_covariance: Array
    z_covariance: Array


def standing(
    j: int, moments: SchoolMoments, error: SamplingError, reference: Reference, of_reference: Array | None
) -> Standing:
    """Return a school's distance from the reference mean in the reference's unit.

    Parameters
    ----------
    j : int
        The school.
    moments, error : SchoolMoments, SamplingError
        Of all schools.
    reference : Reference
        What it is compared with; if the school is part of it, so much of its error cancels.
    of_reference : (q, q) array, optional
        Covariance of the reference means; without it they are called fixed.

    Returns
    -------
    Standing
    """
    V = error.covariance[j].copy()
    spread = V.copy()
    if of_reference is not None:
        w = reference.weights[j]
        spread *= 1 - w[:, None] - w[None, :]
        spread += of_reference
    z = (moments.mean[j] - reference.mean) / reference.sd
    return Standing(z=z, mean_covariance=V, z_covariance=spread / np.outer(reference.sd, reference.sd))


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """The mean of several estimates, its standard error, and the degrees of freedom of its t distribution."""

    estimate: float
    se: float
    df: float


def composite(values: Array, covariance: Array, df: Array) -> Composite:
    """Return the mean of several estimates.

    Parameters
    ----------
    values : (m,) array
    covariance : (m, m) array
        Of their errors. Where covariances are not known, the standard error is the largest that it could be.
    df : (m,) array
        The smallest counts.

    Returns
    -------
    Composite
    """
    variance = (
        float(covariance.mean()) if not np.isnan(covariance).any() else float(np.sqrt(np.diag(covariance)).mean()) ** 2
    )
    return Composite(estimate=float(values.mean()), se=float(np.sqrt(np.maximum(variance, 0.0))), df=float(df.min()))


def extremes(z: Array, eligible: Mask, min_schools: int) -> tuple[int, int] | None:
    """Return the positions of the highest and the lowest school, or None with too few to choose from.

    Parameters
    ----------
    z : (J,) array
    eligible : (J,) array of bool
    min_schools : int

    Returns
    -------
    tuple of int, or None
    """
    if eligible.sum() < min_schools:
        return None
    return int(np.argmax(np.where(eligible, z, -np.inf))), int(np.argmin(np.where(eligible, z, np.inf)))
