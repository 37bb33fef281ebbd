"""What a school's answers, and those of schools like it, say of its stages together.

A school's observed means m = θ + e of K stages have error V = cov e; schools like it have θ ~ N(μ, B). Given the answers,

    θ̂ = μ + Γ(m − μ),      Γ = BΣ⁻¹,  Σ = B + V,      g₁ = (I − Γ)B.

μ and B are themselves estimates, from J schools whose observed means have the covariance S: B̂ = S − V̄. With
cov μ̂ = S/J and (J − 1)S about a Wishart matrix, their error adds (Prasad & Rao 1990, in several variables)

    MSE(θ̂) = g₁ + g₂ + 2g₃,   g₂ = (I − Γ)(S/J)(I − Γ)',   g₃ = VΣ⁻¹[SΣ⁻¹S + tr(Σ⁻¹S) S]Σ⁻¹V / (J − 1).

g₃ is E[d(Γ)(m − μ)(m − μ)'d(Γ)'] with d(Γ) = VΣ⁻¹ dS Σ⁻¹; it counts twice, since g₁ at B̂ is too small by as much. That V is
an estimate too is left out: it comes from all teachers of all schools.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.ordering.use.orthants import lower_orthants
from internal_coherence.schools.shrinkage.across_scales import shrink_vectors

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StagePrior:
    """How K stages lie in schools like this one.

    Parameters
    ----------
    n_schools : int
        J.
    mean : (K,) array
        μ̂.
    total, between : (K, K) array
        S and B̂.
    """

    n_schools: int
    mean: Array
    total: Array
    between: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StagePosterior:
    """Where the stages of one school lie, all at once: normal with these moments.

    Parameters
    ----------
    mean : (K,) array
        θ̂.
    covariance : (K, K) array
        Of θ about it.
    """

    mean: Array
    covariance: Array


def stage_posterior(m: Array, V: Array, prior: StagePrior | None) -> StagePosterior:
    """Return the joint distribution of a school's stages given its answers.

    Parameters
    ----------
    m : (K,) array
        Observed.
    V : (K, K) array
        Covariance of their errors.
    prior : StagePrior, optional
        Of schools like it; without it every value is held equally likely beforehand.

    Returns
    -------
    StagePosterior
    """
    if prior is None:
        return StagePosterior(mean=m, covariance=V)
    K, J, S = len(m), prior.n_schools, prior.total
    B = without_negative(prior.between, S)
    V = V + np.diag(1e-10 * np.diag(S))  # where all on the roster answered there is no error, and B may have no inverse
    shrunk = shrink_vectors(np.ones((1, K, K)), m[None], prior.mean, V, B)
    inverse = np.linalg.pinv(B + V, hermitian=True)
    back = V @ inverse  # I − Γ
    g2 = back @ S @ back.T / J
    g3 = back @ (S @ inverse @ S + np.trace(inverse @ S) * S) @ back.T / (J - 1)
    return StagePosterior(mean=shrunk.mean[0], covariance=shrunk.covariance[0] + g2 + 2 * g3)


def without_negative(B: Array, S: Array) -> Array:
    """Return B without its negative variances, reckoned in the standard deviations of the observed means.

    Parameters
    ----------
    B, S : (K, K) array
        Covariances between schools, and of the means as observed.

    Returns
    -------
    (K, K) array
        Positive semidefinite; B itself if it is that already.
    """
    sd = np.sqrt(np.where(np.diag(S) > 0, np.diag(S), 1.0))
    roots, Q = np.linalg.eigh(B / np.outer(sd, sd))
    return B if roots[0] >= 0 else ((Q * np.maximum(roots, 0.0)) @ Q.T) * np.outer(sd, sd)


def first_below(posterior: StagePosterior, bar: Array) -> tuple[Array, Array]:
    """Return for every stage how likely it lies below its bar, and how likely it is the first that does.

    Parameters
    ----------
    posterior : StagePosterior
        Of K stages in order.
    bar : (K,) array
        Their bars.

    Returns
    -------
    below : (K,) array
        Pr(θ_k < bar_k).
    first : (K + 1,) array
        Pr(θ₁ ≥ bar₁, …, θ_{k−1} ≥ bar_{k−1}, θ_k < bar_k), and last that none is below; the sum is 1.
    """
    apart = posterior.mean - bar
    sd = np.sqrt(np.maximum(np.diag(posterior.covariance), 0.0))
    sure = sd <= 1e-12 * np.maximum(np.abs(bar), 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(sure, np.where(apart >= 0, np.inf, -np.inf), apart / sd)
        R = posterior.covariance / np.outer(sd, sd)
    R = np.where(sure[:, None] | sure[None, :], 0.0, R)
    np.fill_diagonal(R, 1.0)
    above = np.concatenate([[1.0], lower_orthants(z, np.clip(R, -1, 1))])
    return np.array([1 - lower_orthants(z[[k]], np.ones((1, 1)))[0] for k in range(len(z))]), np.append(
        above[:-1] - above[1:], above[-1]
    )
