"""What is known of a school before anyone there is asked: how the means of schools like it lie, and lie together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.grouping import SchoolMoments
from internal_coherence.profiles.computing import SamplingError
from internal_coherence.records import Record

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
FEWEST_OTHERS: Final = 10
"""Schools besides one's own: with fewer the covariances are guesses, and would tell too much of each of those schools."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolPrior(Record):
    """Mean and covariances of the means of q scales over the schools of a reference, each school one vote.

    Parameters
    ----------
    n_schools : int
        Schools behind any number here, at least.
    mean : (q,) array
        On the response scale.
    total : (q, q) array
        Covariance of the means as they were observed.
    between : (q, q) array
        Covariance of the schools themselves: `total` less the error of sampling teachers. Like any difference it may
        have a negative variance.
    """

    n_schools: int
    mean: Array
    total: Array
    between: Array

    def __repr__(self) -> str:
        return f"<SchoolPrior of {len(self.mean)} scales from {self.n_schools} schools>"

    def without(self, hidden: Mask) -> SchoolPrior:
        """Return the same with NaN for some scales.

        Parameters
        ----------
        hidden : (q,) array of bool
            Which.

        Returns
        -------
        SchoolPrior
        """
        pairs = hidden[:, None] | hidden[None, :]
        return replace(
            self,
            mean=np.where(hidden, np.nan, self.mean),
            total=np.where(pairs, np.nan, self.total),
            between=np.where(pairs, np.nan, self.between),
        )


def school_prior(moments: SchoolMoments, error: SamplingError, mask: Mask) -> SchoolPrior:
    """Return mean and covariances between schools, from the means of schools and their sampling errors.

    Parameters
    ----------
    moments, error : SchoolMoments, SamplingError
        Of all schools.
    mask : (J, q) array of bool
        Schools that count, by scale.

    Returns
    -------
    SchoolPrior
        NaN for scales, and pairs of scales, of fewer than two schools.

    Notes
    -----
    With S the covariance of J means m_j = θ_j + e_j about their plain mean and V_j = cov e_j, E S = B + Σ V_j/J: the
    moment estimator is B̂ = S − V̄ (Hedges & Olkin 1985, ch. 9, of one variable; ``metafor::rma(method = "HE")``). It
    is linear: a mean of scales has the same B̂, however it is reached.
    """
    there = np.logical_and(mask, np.isfinite(moments.mean))
    V = error.covariance
    both = there[:, :, None] & there[:, None, :] & np.isfinite(V)
    count = both.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        m = np.where(there, moments.mean, 0.0)
        first = np.where(both, m[:, :, None], 0.0).sum(axis=0) / count  # mean of a over the schools with a and b
        apart = np.where(both, m[:, :, None] - first, 0.0)
        total = (apart * np.swapaxes(apart, 1, 2)).sum(axis=0) / np.where(count > 1, count - 1, np.nan)
        sampling = np.where(both, V, 0.0).sum(axis=0) / count
    return SchoolPrior(n_schools=int(count.min()), mean=np.diag(first).copy(), total=total, between=total - sampling)


def prior_for(prior: SchoolPrior, mask: Mask, j: int, hidden: Mask) -> SchoolPrior | None:
    """Return what a school may be told of the others: None with too few of them.

    Parameters
    ----------
    prior : SchoolPrior
        Of the schools in `mask`.
    mask : (J, q) array of bool
        The schools behind it.
    j : int
        The school.
    hidden : (q,) array of bool
        Scales of which nothing is shown.

    Returns
    -------
    SchoolPrior or None
    """
    shown = mask[:, np.logical_not(hidden)]
    others = int(np.delete(shown, j, axis=0).all(axis=1).sum()) if shown.size else 0
    if others < FEWEST_OTHERS:
        return None
    return replace(prior.without(hidden), n_schools=others + int(shown[j].all()))
