"""Empirical-Bayes means: each school's own mean, drawn towards the mean of all by as much as it is uncertain.

With γ = nτ²/(nτ² + σ²), the reliability of the mean m of n teachers,

    û = γ (m − μ),      var(u | answers) = τ²(1 − γ) = τ²σ²/(nτ² + σ²).

That variance takes τ², σ² and μ as known. Their own error adds to it (Prasad & Rao 1990; Datta & Lahiri 2000):

    MSE(μ̂ + û) = g₁ + g₂ + 2g₃,   g₁ = τ²(1 − γ),   g₂ = (1 − γ)² var(μ̂),
    g₃ = [σ⁴ V(τ̂²) + τ⁴ V(σ̂²) − 2σ²τ² C(τ̂², σ̂²)] / (n² v³),   v = τ² + σ²/n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shrunken:
    """Empirical-Bayes means of J schools.

    Parameters
    ----------
    mean : (J,) array
        μ + û; μ for a school without answers.
    reliability : (J,) array
        γ.
    conditional : (J,) array
        var(u | answers), lme4's ``condVar``.
    mse : (J,) array
        Mean squared error, with that of μ, τ² and σ².
    """

    mean: Array
    reliability: Array
    conditional: Array
    mse: Array


def shrink(size: Array, mean: Array, mu: float, tau2: float, sigma2: float) -> Shrunken:
    """Return the empirical-Bayes means.

    Parameters
    ----------
    size, mean : (J,) array
        Teachers, and their mean; any number where there is nobody.
    mu, tau2, sigma2 : float
        Of the random-intercept model, by REML.

    Returns
    -------
    Shrunken

    Notes
    -----
    Where σ² = 0 every mean is certain; where τ² = 0 too, nothing varies and reliabilities are NaN.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        gamma = size * tau2 / (size * tau2 + sigma2)
        apart = np.where(size > 0, mean - mu, 0.0)
        eb = mu + np.where(np.isnan(gamma), 0.0, gamma) * apart
        g1 = tau2 * np.where(np.isnan(gamma), 0.0, 1 - gamma)
    if sigma2 <= 0:
        return Shrunken(mean=eb, reliability=gamma, conditional=g1, mse=g1)
    total = sigma2 + size * tau2
    weight = (size / total).sum()
    g2 = (1 - gamma) ** 2 / weight
    V = variances_of_components(size[size > 0], tau2, sigma2)
    # 1/(n² v³) = n/(σ² + nτ²)³, which is 0 for a school without answers.
    g3 = size / total**3 * (sigma2**2 * V[0, 0] + tau2**2 * V[1, 1] - 2 * sigma2 * tau2 * V[0, 1])
    return Shrunken(mean=eb, reliability=gamma, conditional=g1, mse=g1 + g2 + 2 * g3)


def variances_of_components(size: Array, tau2: float, sigma2: float) -> Array:
    """Return the large-sample covariances of (τ̂², σ̂²): the inverse of their expected information.

    Parameters
    ----------
    size : (J,) array
        Teachers a school.
    tau2, sigma2 : float
        The estimates.

    Returns
    -------
    (2, 2) array
    """
    total = sigma2 + size * tau2
    between, mixed = ((size / total) ** 2).sum() / 2, (size / total**2).sum() / 2
    within = ((size - 1) / sigma2**2 + 1 / total**2).sum() / 2
    inverse: Array = np.linalg.inv(np.array([[between, mixed], [mixed, within]]))
    return inverse


def of_present_staff(found: Shrunken, mean: Array, size: Array, staff: Array, sigma2: float) -> Shrunken:
    """Return what the mean of everyone on the roster is, from those who answered (Scott & Smith 1969).

    Parameters
    ----------
    found : Shrunken
        Of the school as such.
    mean, size : (J,) array
        Of those who answered.
    staff : (J,) array
        Teachers on the roster.
    sigma2 : float
        Variance within schools.

    Returns
    -------
    Shrunken
        The share f = n/N that answered is known; only of the others the school's mean is an estimate, with their own
        scatter about it. Where everyone answered, nothing is left to estimate.
    """
    silent = 1 - size / staff
    answered = np.where(size > 0, (1 - silent) * mean, 0.0)
    scatter = silent * sigma2 / staff
    return Shrunken(
        mean=answered + silent * found.mean,
        reliability=found.reliability,
        conditional=silent**2 * found.conditional + scatter,
        mse=silent**2 * found.mse + scatter,
    )
