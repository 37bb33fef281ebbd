"""What is left of means and covariances when the model has said its part, in three units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.ram import Implied
from internal_coherence.latent.model.symmetric import triangle
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
    s, t = np.sqrt(np.diag(S)), np.sqrt(np.diag(sigma))
    if unit == "raw":
        return Residuals(cov=S - sigma, mean=mean - mu)
    if unit == "cor.bentler":
        return Residuals(cov=(S - sigma) / np.outer(s, s), mean=(mean - mu) / s)
    return Residuals(cov=S / np.outer(s, s) - sigma / np.outer(t, t), mean=mean / s - mu / t)


def root_mean_square(of: Residuals, *, means: bool, diagonal: bool = True, extra: Array | None = None) -> float:
    """Return the root of the mean square of the different residuals.

    Parameters
    ----------
    of : Residuals
        Of one group.
    means : bool
        Count the means.
    diagonal : bool
        Count the variances.
    extra : (p,) array, optional
        What stands in for the residuals of the variances.

    Returns
    -------
    float
    """
    i, j = triangle(len(of.mean), -1)
    parts = [of.cov[i, j]]
    if diagonal:
        parts.append(np.diag(of.cov) if extra is None else extra)
    if means:
        parts.append(of.mean)
    values = np.concatenate(parts)
    return float(np.sqrt(values @ values / len(values))) if len(values) else 0.0
