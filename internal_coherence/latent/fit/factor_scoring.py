"""Scores of the latent variables: what is to be expected of each row's, what fits it best, or what keeps their covariances.

A score is η + A(x − μ). With Ω_lo the covariances of latent with observed variables, Φ those of the latent ones and W = Σ⁻¹; Λ the
loadings and Θ the residual covariances, both carried on by arrows between observed variables,

    regression   A = Ω_lo W,                          Bartlett   A = (Λ'Θ⁻¹Λ)⁻¹ Λ'Θ⁻¹,
    ten Berge    A = Φ½ (L'WL)^−½ L'W,  L' = Φ^−½ Ω_lo,

the last by ten Berge, Krijnen, Wansbeek & Shapiro (1999): AΣA' = Φ, and of all such scores f̂ these have the least expected distance
(f̂ − f)'Φ⁻¹(f̂ − f) from what they score. A row with missing answers has the weights of what it answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.ram import Implied, Ram, implied
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
ScoreMethod = Literal["regression", "bartlett", "ten_berge"]
METHODS: Final[tuple[ScoreMethod, ...]] = get_args(ScoreMethod)
NOTHING: Final = 1e-10
"""An eigenvalue below this share of the largest is none."""


def latent_scores(ram: Ram, sample: Sample, theta: Array, method: ScoreMethod) -> tuple[Array, Array]:
    """Return the scores of every row of a group, and their standard errors.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of the group.
    theta : (Q,) array
        The estimates.
    method : {"regression", "bartlett", "ten_berge"}
        Which.

    Returns
    -------
    (n, m) array
        Of the m latent variables. A row with missing answers is scored by what it answered; NaN where that gives no score that
        keeps covariances.
    (n, m) array
        Roots of the mean squared distance from what is scored, given the estimates: of regression scores the posterior's standard
        deviations.
    """
    X = sample.answers("factor scores need")
    at = implied(ram, theta)
    mu, eta = centres(ram, sample, at)
    scores, errors = np.full((2, len(X), len(eta)), np.nan)
    for rows, has in by_pattern(X):
        A = score_weights(ram, theta, at, has, method)
        scores[rows] = eta + (X[np.ix_(rows, has)] - mu[has]) @ A.T
        errors[rows] = _roots(np.diag(error_covariance(A, at, has)), np.diag(at.omega)[ram.n_observed :])
    return scores, errors


def _roots(variances: Array, scale: Array) -> Array:
    """Return square roots; 0 where a variance is negative by rounding, NaN where by more."""
    none = np.where(variances < -NOTHING * np.abs(scale), np.nan, 0.0)
    return np.sqrt(np.maximum(variances, none))


def by_pattern(X: Array) -> Iterator[tuple[Integers, Integers]]:
    """Yield the rows of each pattern of missing answers, and which variables they answered.

    Parameters
    ----------
    X : (n, p) array
        NaN is missing.

    Yields
    ------
    array of int, array of int
        Positions of rows, and of variables.
    """
    present = ~np.isnan(X)
    if present.all():
        yield np.arange(len(X)), np.arange(X.shape[1])
        return
    distinct, pattern = np.unique(present, axis=0, return_inverse=True)
    for k, answered in enumerate(distinct):
        yield np.flatnonzero(pattern.ravel() == k), np.flatnonzero(answered)


def centres(ram: Ram, sample: Sample, at: Implied) -> tuple[Array, Array]:
    """Return μ, (p,), and η of the latent variables, (m,); of a model without means the sample's, and 0.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of the group.
    at : Implied
        What the model says.

    Returns
    -------
    (p,) array, (m,) array
    """
    p = ram.n_observed
    return (at.mu, at.eta[p:]) if ram.has_means else (sample.mean, np.zeros(len(at.eta) - p))


def measurement_part(ram: Ram, theta: Array) -> tuple[Array, Array]:
    """Return Λ, (p, m), and Θ, (p, p): loadings and residual covariances, carried on by arrows between observed variables.

    Parameters
    ----------
    ram : Ram
        Of the group.
    theta : (Q,) array
        The estimates.

    Returns
    -------
    (p, m) array, (p, p) array
    """
    A, S, _ = ram.matrices(theta)
    p = ram.n_observed
    through = np.linalg.inv(np.eye(p) - A[:p, :p])
    return through @ A[:p, p:], through @ S[:p, :p] @ through.T


def score_weights(ram: Ram, theta: Array, at: Implied, has: Integers, method: ScoreMethod) -> Array:
    """Return by what the deviations of the answers given are weighed.

    Parameters
    ----------
    ram : Ram
        Of the group.
    theta : (Q,) array
        The estimates.
    at : Implied
        What the model says there.
    has : (a,) array of int
        Which observed variables were answered.
    method : {"regression", "bartlett", "ten_berge"}
        Which scores.

    Returns
    -------
    (m, a) array
        A.
    """
    p = ram.n_observed
    sigma, cross = at.omega[np.ix_(has, has)], at.omega[p:][:, has]
    if method == "regression":
        return np.asarray(np.linalg.solve(sigma, cross.T).T, dtype=np.float64)
    loadings, residual = measurement_part(ram, theta)
    if method == "bartlett":
        return bartlett_weights(loadings[has], residual[has[:, None], has])
    phi = at.omega[p:, p:]
    weights = np.full(cross.shape, np.nan)
    # What shows in answers only through other latent variables has no score that keeps its covariances with them.
    own = np.flatnonzero((loadings[has] != 0).any(axis=0) & (np.diag(phi) > 0))
    weights[own] = ten_berge_weights(sigma, cross[own], phi[own[:, None], own])
    return weights


def bartlett_weights(loadings: Array, residual: Array) -> Array:
    """Return (Λ'Θ⁻¹Λ)⁻¹ Λ'Θ⁻¹, also where a residual variance is 0.

    Parameters
    ----------
    loadings : (p, m) array
        Λ.
    residual : (p, p) array
        Θ.

    Returns
    -------
    (m, p) array
        A latent variable that no loading shows has weights of 0.
    """
    # (Θ + ΛΛ')⁻¹ gives the same weights as Θ⁻¹, and is there where an answer has no residual.
    weighted = np.linalg.pinv(residual + loadings @ loadings.T, hermitian=True) @ loadings
    bartlett: Array = np.linalg.pinv(loadings.T @ weighted, hermitian=True) @ weighted.T
    return bartlett


def ten_berge_weights(sigma: Array, cross: Array, phi: Array) -> Array:
    """Return the weights of scores whose covariances are Φ and that correlate highest with the latent variables.

    Parameters
    ----------
    sigma : (p, p) array
        Σ.
    cross : (m, p) array
        Ω_lo.
    phi : (m, m) array
        Φ, with a positive diagonal.

    Returns
    -------
    (m, p) array
        NaN where Φ is singular or the observed variables show less than m dimensions.
    """
    d = np.sqrt(np.diag(phi))  # the scores are the same without it, but units would decide what counts as singular
    e, V = np.linalg.eigh(phi / np.outer(d, d))
    if len(d) == 0 or e[0] <= NOTHING * e[-1]:
        return np.full(cross.shape, np.nan)
    L = (V / np.sqrt(e)) @ V.T @ (cross / d[:, None])
    shown = np.linalg.solve(sigma, L.T).T
    g, U = np.linalg.eigh(shown @ L.T)
    if g[0] <= NOTHING * g[-1]:
        return np.full(cross.shape, np.nan)
    weights: Array = d[:, None] * ((V * np.sqrt(e)) @ V.T @ (U / np.sqrt(g)) @ U.T @ shown)
    return weights


def error_covariance(A: Array, at: Implied, has: Integers) -> Array:
    """Return the covariances of the scores' distances from what they score: AΣA' − AΩ_ol − Ω_loA' + Φ.

    Parameters
    ----------
    A : (m, a) array
        The weights.
    at : Implied
        What the model says.
    has : (a,) array of int
        Which observed variables were answered.

    Returns
    -------
    (m, m) array
        Of regression scores the covariances of the posterior; of Bartlett's (Λ'Θ⁻¹Λ)⁻¹.
    """
    p = at.n_observed
    both = A @ at.omega[has, p:]
    covariance: Array = A @ at.omega[np.ix_(has, has)] @ A.T - both - both.T + at.omega[p:, p:]
    return covariance
