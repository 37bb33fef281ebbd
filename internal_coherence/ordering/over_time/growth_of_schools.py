"""Growth of schools: a random intercept and slope, when the sampling errors of their means are known.

m_j = X γ + X ζ_j + e_j + u_j, ζ_j ~ N(0, G), e_jt ~ N(0, ω²), u_j ~ N(0, E_j) with E_j known; X has a row (1, time) a wave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Growth:
    """Growth of one stage in J schools.

    Parameters
    ----------
    gamma : (2,) array
        Mean intercept and slope.
    gamma_vcov : (2, 2) array
        Of these.
    G : (2, 2) array
        Covariances of schools' intercepts and slopes.
    omega2 : float
        What a school's true mean deviates by from its line in a wave.
    school : (J, 2) array
        Each school's intercept and slope, shrunken; of a school without means those of all.
    school_vcov : (J, 2, 2) array
        Of their errors, γ's counted.
    log_likelihood : float
        Restricted.
    converged : bool
        Whether the maximum was found.
    """

    gamma: Array
    gamma_vcov: Array
    G: Array
    omega2: float
    school: Array
    school_vcov: Array
    log_likelihood: float
    converged: bool


def unpacked(theta: Array) -> tuple[Array, float]:
    """Return G and ω² from the three entries of G's root and ω, of which signs do not matter."""
    L = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    return L @ L.T, float(theta[3] ** 2)


def inverse_covariances(E: Array, there: NDArray[np.bool_], X: Array, G: Array, omega2: float) -> tuple[Array, Array]:
    """Return the inverses of schools' V_j = X G X′ + ω²I + E_j, 0 where a mean is missing, and log|V_j|."""
    T = len(X)
    both = there[:, :, None] & there[:, None, :]
    V = np.where(both, X @ G @ X.T + omega2 * np.eye(T) + E, np.eye(T))
    _, log_det = np.linalg.slogdet(V)
    return np.where(both, np.linalg.inv(V), 0.0), log_det


def restricted_deviance(theta: Array, m: Array, E: Array, there: NDArray[np.bool_], X: Array) -> float:
    """Return −2 times the restricted log-likelihood.

    Parameters
    ----------
    theta : (4,) array
        As `unpacked` takes it.
    m : (J, T) array
        Means, 0 where missing.
    E : (J, T, T) array
        Covariances of their sampling errors.
    there : (J, T) array of bool
        Which are there.
    X : (T, 2) array
        Ones and times.

    Returns
    -------
    float
        Infinite where a V_j is singular.
    """
    G, omega2 = unpacked(theta)
    try:
        W, log_det = inverse_covariances(E, there, X, G, omega2)
    except np.linalg.LinAlgError:
        return float("inf")
    XWX, XWm = (X.T @ W @ X).sum(axis=0), np.einsum("ta,jts,js->a", X, W, m)
    sign, log_information = np.linalg.slogdet(XWX)
    quadratic = np.einsum("jt,jts,js->", m, W, m) - XWm @ np.linalg.solve(XWX, XWm)
    constant = (there.sum() - 2) * np.log(2 * np.pi)
    value = float(constant + log_det.sum() + log_information + quadratic)
    return value if sign > 0 and np.isfinite(value) else float("inf")


def growth_of_schools(mean: Array, error: Array, times: Array) -> Growth:
    """Estimate growth of one stage by restricted maximum likelihood.

    Parameters
    ----------
    mean : (J, T) array
        School means; NaN is missing.
    error : (J, T, T) array
        Covariances of their sampling errors.
    times : (T,) array
        When the waves were.

    Returns
    -------
    Growth

    Notes
    -----
    With E = 0, ``lme4::lmer(m ~ time + (time | school))``. School errors are those of the best linear unbiased prediction: γ's
    uncertainty is counted, that of G and ω² is not.
    """
    from scipy.optimize import minimize

    there = ~np.isnan(mean)
    m, X = np.where(there, mean, 0.0), np.column_stack([np.ones(len(times)), times])
    spread = float(np.nanstd(mean))
    span = float(np.ptp(times))
    best = None
    for share in (0.7, 0.3):
        start = spread * np.array([share, 0.0, share / span, 0.5])
        found = minimize(restricted_deviance, start, args=(m, error, there, X), method="BFGS", options={"gtol": 1e-6})
        found = minimize(
            restricted_deviance, found.x, args=(m, error, there, X), method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000},
        )  # fmt: skip
        best = found if best is None or found.fun < best.fun else best
    assert best is not None
    return at_estimates(best.x, m, error, there, X, bool(best.success and np.isfinite(best.fun)))


def at_estimates(theta: Array, m: Array, E: Array, there: NDArray[np.bool_], X: Array, converged: bool) -> Growth:
    """Return all that follows from G and ω²; arrays as in `restricted_deviance`."""
    G, omega2 = unpacked(theta)
    W, _ = inverse_covariances(E, there, X, G, omega2)
    gamma_vcov = np.linalg.inv((X.T @ W @ X).sum(axis=0))
    gamma = gamma_vcov @ np.einsum("ta,jts,js->a", X, W, m)
    pull = G @ X.T @ W  # (J, 2, T)
    residual = np.where(there, m - X @ gamma, 0.0)
    school = gamma + np.einsum("jat,jt->ja", pull, residual)
    kept = np.eye(2) - pull @ X
    vcov = kept @ G + kept @ gamma_vcov @ kept.transpose(0, 2, 1)
    return Growth(
        gamma=gamma,
        gamma_vcov=gamma_vcov,
        G=G,
        omega2=omega2,
        school=school,
        school_vcov=(vcov + vcov.transpose(0, 2, 1)) / 2,
        log_likelihood=-restricted_deviance(theta, m, E, there, X) / 2,
        converged=converged,
    )
