"""The stages' covariances in samples of schools."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent import bootstrap
from internal_coherence.ordering.evidence.between import SchoolCrossProducts
from internal_coherence.ordering.evidence.stage_covariance import StageCovariance
from internal_coherence.ordering.evidence.within import MeasuredFit

Array = NDArray[np.float64]


def redrawn(covariance: StageCovariance, draws: int, rng: np.random.Generator, *, progress: bool = False) -> Array:
    """Estimate Φ again from samples of whole schools.

    Parameters
    ----------
    covariance : StageCovariance
    draws : int
        Samples.
    rng : Generator
    progress : bool
        Show a progress bar.

    Returns
    -------
    (draws, k, k) array
        NaN where the measurement model found no minimum.
    """
    source = covariance._source
    if isinstance(source, SchoolCrossProducts):
        J = covariance.n_schools
        return np.stack([source.redrawn(rng.integers(0, J, J)) for _ in range(draws)])
    if isinstance(source, MeasuredFit):
        drawn = bootstrap(source.fit, draws=draws, rng=rng, progress=progress)
        return np.stack([source.plan.matrix_at(source.fit, theta) for theta in drawn.estimates])
    raise ModelError("these covariances were given as they are: there are no schools to draw")
