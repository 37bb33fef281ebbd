"""What is left of means and covariances when the model has said its part, in three units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.ram import Implied
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]
Unit = Literal["raw", "cor.bentler", "cor.bollen"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residuals:
    """Residuals of one group.

    Parameters
    ----------
    cov : (p, p) array
        Observed less implied.
    mean : (p,) array
        The same of the means; 0 where the model does not speak of them.
    """

    cov: Array
    mean: Array

    def without(self, variables: Sequence[int]) -> Residuals:
        """Return the residuals of all other variables."""
        if not variables:
            return self
        kept = np.setdiff1d(np.arange(len(self.mean)), variables)
        return Residuals(cov=self.cov[kept[:, None], kept], mean=self.mean[kept])


def residuals_of(at: Implied, sample: Sample, unit: Unit, *, means: bool) -> Residuals:
    """Return residuals.

    Parameters
    ----------
    at : Implied
        What the model says of one group.
    sample : Sample
        Of it.
    unit : {"raw", "cor.bentler", "cor.bollen"}
        As they are; in standard deviations observed; or as differences of correlations.
    means : bool
        Whether the model speaks of means.

    Returns
    -------
    Residuals
    """
    S, sigma = sample.cov, at.sigma
    mean, mu = (sample.mean, at.mu) if means else (np.zeros(sample.p), np.zeros(sample.p))
    if unit == "raw":
        return Residuals(cov=S - sigma, mean=mean - mu)
    s, t = np.sqrt(S.diagonal()), np.sqrt(sigma.diagonal())
    if unit == "cor.bentler":
        return Residuals(cov=(S - sigma) / (s[:, None] * s), mean=(mean - mu) / s)
    return Residuals(cov=S / (s[:, None] * s) - sigma / (t[:, None] * t), mean=mean / s - mu / t)


class Squares(NamedTuple):
    """Sums of squared residuals of one group: of different covariances, of variances, and of means, of p variables."""

    pairs: float
    variances: float
    means: float
    p: int


def squares_of(residuals: Residuals) -> Squares:
    """Return the sums of squares.

    Parameters
    ----------
    residuals : Residuals
        Of one group.

    Returns
    -------
    Squares
    """
    own, mean, R = residuals.cov.diagonal(), residuals.mean, residuals.cov
    variances = float(own @ own)
    return Squares((float(np.vdot(R, R)) - variances) / 2, variances, float(mean @ mean), len(mean))


def root_mean_square(total: float, count: float) -> float:
    """Return the root of a mean square; 0 of nothing.

    Parameters
    ----------
    total : float
        Sum of squares.
    count : float
        Of how many.

    Returns
    -------
    float
    """
    return sqrt(max(total, 0.0) / count) if count else 0.0
