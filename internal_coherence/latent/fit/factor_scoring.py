"""Scores of the latent variables: what is to be expected of each row's (regression), or what fits it best (Bartlett).

With Ω_lo the covariances of latent with observed variables and W = Σ⁻¹; Λ the loadings and Θ the residual covariances, both
carried on by arrows between observed variables,

    regression   η + Ω_lo W (x − μ),       Bartlett   η + (Λ'Θ⁻¹Λ)⁻¹ Λ'Θ⁻¹ (x − μ).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.ram import Ram, implied
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]
ScoreMethod = Literal["regression", "bartlett"]


def latent_scores(ram: Ram, sample: Sample, theta: Array, method: ScoreMethod) -> Array:
    """Return the scores of every row of a group.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of the group.
    theta : (Q,) array
        The estimates.
    method : {"regression", "bartlett"}
        Which.

    Returns
    -------
    (n, m) array
        Of the m latent variables. A row with missing answers is scored by what it answered.
    """
    X = sample.answers("factor scores need")
    at, p = implied(ram, theta), ram.n_observed
    mu = at.mu if ram.has_means else sample.mean
    eta = at.eta[p:] if ram.has_means else np.zeros(len(at.eta) - p)
    scores = np.full((len(X), len(eta)), np.nan)
    present = ~np.isnan(X)
    distinct, pattern = np.unique(present, axis=0, return_inverse=True)
    for k, answered in enumerate(distinct):
        rows, has = np.flatnonzero(pattern.ravel() == k), np.flatnonzero(answered)
        d = X[np.ix_(rows, has)] - mu[has]
        scores[rows] = eta + d @ _weights(ram, theta, at.omega, has, method).T
    return scores


def _weights(ram: Ram, theta: Array, omega: Array, has: NDArray[np.intp], method: ScoreMethod) -> Array:
    p = ram.n_observed
    sigma = omega[np.ix_(has, has)]
    if method == "regression":
        regression: Array = np.asarray(
            np.linalg.solve(sigma, omega[np.ix_(has, np.arange(p, len(omega)))]).T, dtype=np.float64
        )
        return regression
    A, S, _ = ram.matrices(theta)
    # Arrows between observed variables carry loadings and residuals on.
    through = np.linalg.inv(np.eye(p) - A[:p, :p])
    loadings = (through @ A[:p, p:])[has]
    theta_ee = (through @ S[:p, :p] @ through.T)[has[:, None], has]
    weighted = np.linalg.pinv(theta_ee, hermitian=True) @ loadings
    # What no indicator shows has no score: it gets 0.
    bartlett: Array = np.linalg.pinv(loadings.T @ weighted, hermitian=True) @ weighted.T
    return bartlett
