"""How sure residuals are: the standard errors of observed moments, and of what the model leaves of them.

A residual's variance is that of its moment less what fitting takes away. With V the weight under which the model was fitted,
Γ the covariances of the moments and Δ their derivatives by the parameters, residuals are Q times the moments' own deviations,
Q = I − Δ(Δ'VΔ)⁻¹Δ'V, so that their covariances are QΓQ'. Where V is Γ⁻¹ this is Γ − Δ vcov Δ'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.estimation.fiml import saturated_information
from internal_coherence.latent.estimation.scores import meat
from internal_coherence.latent.model.derivatives import casewise_scores, columns
from internal_coherence.latent.model.ram import inverse
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.unstructured import unstructured

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
NUMBERS = 2_000_000
"""Numbers in one block of rows by moments."""
NEEDS = "robust standard errors of residuals need"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Errors:
    """Standard errors of one group's residuals.

    Parameters
    ----------
    cov : (p, p) array
        Of the covariances'.
    mean : (p,) array
        Of the means'.
    """

    cov: Array
    mean: Array


def residual_errors(fitted: Fitted, g: int, vcov: Array, *, of_fit: bool) -> Errors:
    """Return the standard errors of the residuals of one group.

    Parameters
    ----------
    fitted : Fitted
        Solved.
    g : int
        The group.
    vcov : (Q, Q) array
        Covariances of the estimates.
    of_fit : bool
        Of the residuals; else of the observed moments alone, as if the model were not estimated from them.

    Returns
    -------
    Errors
        0 where a residual can't be anything but 0.

    Raises
    ------
    ModelError
        For estimators without a theory of it.
    """
    p = fitted.problem
    sample = p.samples[g]
    robust = p.estimator.se not in ("standard", "first.order")
    if p.estimator.discrepancy in ("ULS", "DWLS") and not robust:
        raise ModelError(
            f"standard errors of residuals need those of the moments; estimator={p.estimator.name!r} has none of them, "
            "se='robust.sem' has"
        )
    if p.missing and robust and of_fit and (p.constraints is not None or len(p.samples) > 1):
        raise ModelError(
            "standardised residuals of incomplete answers under a robust estimator are there for one group without equalities;"
            " 'normalized' ones are in any case"
        )
    if p.missing:
        variances = _of_incomplete(fitted, g, vcov, robust=robust, of_fit=of_fit)
    elif robust or p.estimator.discrepancy == "WLS":
        variances = _of_rows(fitted, g, of_fit=of_fit)
    else:
        variances = _of_normal(fitted, g, vcov, of_fit=of_fit)
    variances = np.where(variances > 1e-12 * np.abs(_of_moments(sample)), variances, 0.0)
    i, j = triangle(sample.p)
    cov = np.zeros((sample.p, sample.p))
    cov[i, j] = cov[j, i] = np.sqrt(variances[: len(i)])
    return Errors(cov=cov, mean=np.sqrt(variances[len(i) :]))


def in_errors(residuals: Array, errors: Array) -> Array:
    """Return residuals in standard errors; 0 where there is none.

    Parameters
    ----------
    residuals, errors : array
        Of one shape.

    Returns
    -------
    array
    """
    return np.where(errors > 0, residuals / np.where(errors > 0, errors, 1.0), 0.0)


def _of_moments(sample: Sample) -> Array:
    """Return what the variances of the moments come to under normal and complete answers."""
    i, j = triangle(sample.p)
    S = sample.cov
    return np.concatenate([S[i, i] * S[j, j] + S[i, j] ** 2, np.diag(S)]) / sample.n


def _jacobian(fitted: Fitted, g: int) -> Array:
    """Return the derivatives of one group's covariances and means by its own parameters."""
    ram = fitted.problem.rams[g]
    c = columns(fitted.implied[g], ram.free)
    return np.concatenate([c.jacobian(), c.M])


def _of_normal(fitted: Fitted, g: int, vcov: Array, *, of_fit: bool) -> Array:
    p = fitted.problem
    own, sample = p.rams[g].free.parameter, p.samples[g]
    at_model = of_fit and p.estimator.discrepancy == "ML"
    sigma = fitted.implied[g].sigma if at_model else sample.cov
    i, j = triangle(sample.p)
    variances = np.concatenate([sigma[i, i] * sigma[j, j] + sigma[i, j] ** 2, np.diag(sigma)]) / sample.n
    if not of_fit:
        return variances
    J = _jacobian(fitted, g)
    taken: Array = np.einsum("kq,qr,kr->k", J, vcov[own[:, None], own], J)
    return variances - taken * (p.n_counted / p.n)  # in the same rows


def _of_rows(fitted: Fitted, g: int, *, of_fit: bool) -> Array:
    """Return the variances that rows, or whole schools, show of the residuals."""
    sample = fitted.problem.samples[g]
    size = sample.p * (sample.p + 3) // 2
    total = _of_other_groups(fitted, g) * sample.n**2 if of_fit else np.zeros(size)
    influence = _influence(fitted, g, of_fit=of_fit)
    if sample.cluster is None:
        n, block = len(sample.answers(NEEDS)), max(NUMBERS // size, 1)
        for start in range(0, n, block):
            total += (influence(np.arange(start, min(start + block, n))) ** 2).sum(axis=0)
        return total / sample.n**2
    own = np.zeros(size)
    for rows in sample.schools():
        own += influence(rows).sum(axis=0) ** 2
    return (total + own * sample.n_schools / (sample.n_schools - 1)) / sample.n**2


def _of_other_groups(fitted: Fitted, g: int) -> Array:
    """Return what the rows of other groups add, where parameters are equal over groups."""
    p = fitted.problem
    J, own = _jacobian(fitted, g), p.rams[g].free.parameter
    total = np.zeros(len(J))
    for h, (ram, sample) in enumerate(zip(p.rams, p.samples, strict=True)):
        if h != g:
            moved = J @ fitted.bread[own[:, None], ram.free.parameter]
            total += np.einsum("kq,qr,kr->k", moved, fitted.meat_of_group(h), moved) * sample.n / p.n**2
    return total


def _influence(fitted: Fitted, g: int, *, of_fit: bool) -> Callable[[Integers], Array]:
    """Return a function of rows: what each adds to the residuals of covariances and means, (b, p(p + 3)/2)."""
    p = fitted.problem
    ram, sample = p.rams[g], p.samples[g]
    X, (i, j) = sample.answers(NEEDS), triangle(sample.p)
    at, own, J = fitted.implied[g], ram.free.parameter, _jacobian(fitted, g)
    likelihood = p.estimator.discrepancy == "ML"
    W, everything = inverse(at.sigma), np.arange(sample.p)
    weighed = len(J) if ram.has_means else len(i)
    JV = np.zeros((0, 0)) if likelihood else J[:weighed].T @ p.weight(g)
    moved = (J @ fitted.bread[own[:, None], own]) * (sample.n / p.n)

    def of(rows: Integers) -> Array:
        D = X[rows] - sample.mean
        deviations = np.concatenate([D[:, i] * D[:, j] - sample.cov[i, j], D], axis=1)
        if of_fit:
            scores = casewise_scores(D, W, at, ram.free, everything) if likelihood else JV @ deviations[:, :weighed].T
            deviations -= (moved @ scores).T
        return deviations if sample.weights is None else deviations * sample.weights[rows][:, None]

    return of


def _of_incomplete(fitted: Fitted, g: int, vcov: Array, *, robust: bool, of_fit: bool) -> Array:
    p = fitted.problem
    ram, sample = p.rams[g], p.samples[g]
    at = fitted.implied[g]
    A = saturated_information(sample, at.sigma, at.mu, observed=p.estimator.information != "expected")
    gamma = inverse(A) / sample.n
    if robust:
        h1 = unstructured(p, covariances=True)
        own = h1.problem.rams[g].free.parameter
        B = meat(h1.problem.rams, p.samples, h1.theta, h1.problem.n_parameters, clustered=sample.cluster is not None)
        gamma = gamma @ B[own[:, None], own] @ gamma * p.n
    if not of_fit:
        return np.diag(gamma)
    J = _jacobian(fitted, g)
    if not robust:
        own = ram.free.parameter
        of_model: Array = np.diag(gamma) - np.einsum("kq,qr,kr->k", J, vcov[own[:, None], own], J)
        return of_model
    Q = np.eye(len(J)) - J @ np.linalg.pinv(J.T @ A @ J) @ J.T @ A
    left: Array = np.einsum("ab,bc,ac->a", Q, gamma, Q)
    return left
