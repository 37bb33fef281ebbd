"""The information in the data: the curvature of the discrepancy at the estimates, an observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.fiml import curvature_of_patterns, saturated_information
from internal_coherence.latent.model.derivatives import columns, expected_information, observed_information
from internal_coherence.latent.model.ram import Ram, implied, inverse
from internal_coherence.latent.sample import Sample, shares

Array = NDArray[np.float64]
Curvature = Literal["expected", "observed"]


def likelihood_curvature(
    rams: Sequence[Ram], samples: Sequence[Sample], theta: Array, n_parameters: int, kind: Curvature
) -> Array:
    """Return the information of the likelihood about all parameters, an observation.

    Parameters
    ----------
    rams, samples : sequence
        The model and the data, group by group.
    theta : (Q,) array
        All parameters.
    n_parameters : int
        Q.
    kind : {"expected", "observed"}
        Its expectation under the model, or the Hessian.

    Returns
    -------
    (Q, Q) array
    """
    total = np.zeros((n_parameters, n_parameters))
    for ram, sample, share in zip(rams, samples, shares(samples), strict=True):
        own = ram.free.parameter
        total[np.ix_(own, own)] += share * information_of_group(ram, sample, theta, observed=kind == "observed")
    return total


def information_of_group(ram: Ram, sample: Sample, theta: Array, *, observed: bool) -> Array:
    """Return one group's information about the parameters in its matrices, an observation.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of the group.
    theta : (Q,) array
        All parameters.
    observed : bool
        The Hessian; else its expectation.

    Returns
    -------
    (q, q) array
        In the order of the group's own parameters.
    """
    at = implied(ram, theta)
    if len(sample.patterns):
        saturated = saturated_information(sample, at.sigma, at.mu, observed=observed)
        return curvature_of_patterns(at, ram.free, sample, saturated, observed=observed)
    c, W = columns(at, ram.free), inverse(at.sigma)
    if not observed:
        return expected_information(at, ram.free, c, W)
    d = sample.mean - at.mu if ram.has_means else np.zeros(sample.p)
    y = W @ d
    G = W - W @ sample.cov @ W - y[:, None] * y
    return observed_information(at, ram.free, c, W, G, y)
