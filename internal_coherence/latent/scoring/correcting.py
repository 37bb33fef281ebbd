"""Covariances of latent variables and covariates from those of scores, corrected for the scores' errors or not.

With scores Ax, covariates z and K = AΛ,

    Croon (2002):              cov(f) = K⁻¹ (A S A' − A Θ A') K⁻ᵀ,   cov(f, z) = K⁻¹ A cov(x, z);
    Skrondal & Laake (2001):   regression scores, from their own indicators, of what explains, Bartlett's of what is explained:
                               the errors of the first do not bend a slope, since they are unrelated to the scores themselves,
                               nor do those of the second, which are unrelated to all else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.fit.factor_scoring import bartlett_weights
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.scoring.measured import Measured, regression_weights
from internal_coherence.moments.saturated import saturated_normal

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Together:
    """Moments of p indicators and r covariates.

    Parameters
    ----------
    cov : (p + r, p + r) array
        Covariances, with the divisor of the fit.
    mean : (p + r,) array
        Means.
    n : float
        Rows, or the sum of their weights.
    """

    cov: Array
    mean: Array
    n: float


def together(sample: Sample, Z: Array | None) -> Together:
    """Return the moments of indicators and covariates.

    Parameters
    ----------
    sample : Sample
        Of the indicators.
    Z : (n, r) array or None
        Covariates of the same rows; with missing values only where the indicators may have them too.

    Returns
    -------
    Together
        Where values are missing, the maximum likelihood estimates from all rows.
    """
    if Z is None or Z.shape[1] == 0:
        return Together(cov=sample.cov, mean=sample.mean, n=sample.n)
    both = np.column_stack([sample.answers("covariates need"), Z])
    if np.isnan(both).any():
        fit = saturated_normal(both, tuple(f"variable {k + 1}" for k in range(both.shape[1])))
        return Together(cov=fit.cov, mean=fit.mean, n=sample.n)
    w = np.ones(len(both)) if sample.weights is None else sample.weights
    mean = w @ both / sample.n
    d = both - mean
    return Together(cov=(d * w[:, None]).T @ d / (sample.n - sample.unbiased), mean=mean, n=sample.n)


def scored(part: Measured, A: Array, data: Together, error: Array | None = None) -> tuple[Array, Array]:
    """Return the moments of scores and covariates.

    Parameters
    ----------
    part : Measured
        The measurement part.
    A : (m, p) array
        The weights.
    data : Together
        Of indicators and covariates.
    error : (m, m) array, optional
        What is taken from the scores' covariances.

    Returns
    -------
    (m + r, m + r) array, (m + r,) array
        Covariances and means.
    """
    (m, p), t = A.shape, len(data.mean)
    T = np.zeros((m + t - p, t))
    T[:m, :p], T[m:, p:] = A, np.eye(t - p)
    cov = T @ data.cov @ T.T
    if error is not None:
        cov[:m, :m] -= error
    mean = np.concatenate([part.factor_mean + A @ (data.mean[:p] - part.mean), data.mean[p:]])
    return (cov + cov.T) / 2, mean


def croon(part: Measured, A: Array, data: Together) -> tuple[Array, Array]:
    """Return the moments of latent variables and covariates after Croon (2002).

    Parameters
    ----------
    part : Measured
        The measurement part.
    A : (m, p) array
        The weights of scores.
    data : Together
        Of indicators and covariates.

    Returns
    -------
    (m + r, m + r) array, (m + r,) array
        Covariances and means.

    Raises
    ------
    ModelError
        If the indicators show less dimensions than there are latent variables.
    """
    K = A @ part.loadings
    scale = np.sqrt(np.outer(np.abs(np.diag(K)), np.abs(np.diag(K))))
    if not (np.diag(K) != 0).all() or np.linalg.cond(K / scale) > 1e12:
        raise ModelError(
            f"the scores of {listing(part.names)} do not tell these latent variables apart: AΛ is singular"
        )
    M: Array = np.asarray(np.linalg.solve(K, A), dtype=np.float64)
    return scored(part, M, data, M @ part.residual @ M.T)


def skrondal_laake_weights(part: Measured, explaining: Sequence[int], explained: Sequence[int]) -> Array | str:
    """Return the weights of scores by which slopes are estimated without error, or why there are none.

    Parameters
    ----------
    part : Measured
        The measurement part.
    explaining, explained : sequence of int
        Positions of latent variables; no one is in both.

    Returns
    -------
    (m, p) array or str
        Weights are 0 for latent variables that are in neither.
    """
    shows = part.loadings != 0
    blocks = [np.flatnonzero(shows[:, list(block)].any(axis=1)) for block in (explaining, explained)]
    for block, items in zip((explaining, explained), blocks, strict=True):
        others = np.delete(shows, list(block), axis=1)
        if others[items].any():
            return "indicators load on latent variables of both sides, or on others"
    if (part.residual[np.ix_(*blocks)] != 0).any():
        return "residuals of the two sides' indicators covary"
    A = np.zeros(part.loadings.T.shape)
    if len(explaining):
        k, items = np.array(explaining), blocks[0]
        own = Measured(
            names=tuple(part.names[j] for j in k),
            loadings=part.loadings[items[:, None], k],
            residual=part.residual[items[:, None], items],
            phi=part.phi[k[:, None], k],
            mean=part.mean[items],
            factor_mean=part.factor_mean[k],
        )
        A[k[:, None], items] = regression_weights(own)
    if len(explained):
        k, items = np.array(explained), blocks[1]
        A[k[:, None], items] = bartlett_weights(part.loadings[items[:, None], k], part.residual[items[:, None], items])
    return A
