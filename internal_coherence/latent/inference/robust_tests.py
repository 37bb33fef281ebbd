"""By how much χ² must be scaled for answers that are not normal, or rows that are not independent.

Yuan & Bentler's (2000) factor, as Mplus has it, compares two models' traces tr(information⁻¹ · meat): that of the
saturated model less that of the model, by the degrees of freedom. Of complete data the saturated trace is a closed form: with
z the rows in the metric of S, ‖z‖² = d²,

    p + ½ (mean d⁴ − p)                                            rows that are independent (Mardia's kurtosis),
    J/(J−1) n⁻¹ Σ_c {½ tr[(Z_c'Z_c − n_c I)²] + ‖Σ z‖²}            schools c.

Satorra & Bentler's (1994) factor is tr(UΓ)/df; of complete data tr(UΓ) needs no Γ (Γ would have p(p+1)/2 rows). Where schools are
known, Γ is that of their sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.ram import inverse
from internal_coherence.latent.sample import Sample, told_by_covariates

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
BLOCK: Final = 2048
"""Rows walked through together."""
NEEDS: Final = "a robust test needs"


def saturated_trace(sample: Sample, some: Integers, *, clustered: bool = False) -> tuple[float, float]:
    """Return tr(information⁻¹ meat) of the saturated model, of complete data.

    Parameters
    ----------
    sample : Sample
        Of one group.
    some : (s,) array of int
        The variables of which it is the model.
    clustered : bool
        Whether rows of a school go together.

    Returns
    -------
    tuple of float
        The part of the covariances, and that of the means.
    """
    metric = np.zeros((sample.p, len(some)))
    metric[some] = inverse(np.asarray(np.linalg.cholesky(sample.cov[some[:, None], some]))).T
    if clustered:
        return _by_school(sample, metric, diagonal=False)
    covariances = means = 0.0
    for D, weights in _deviations(sample):
        Z, w2 = D @ metric, weights**2
        lengths = np.einsum("np,np->n", Z, Z)
        covariances += 0.5 * float(w2 @ (lengths**2 - 2 * lengths + len(some)))
        means += float(w2 @ lengths)
    return covariances / sample.n, means / sample.n


def independence_trace(sample: Sample, free: Integers, *, clustered: bool = False) -> tuple[float, float]:
    """Return tr(information⁻¹ meat) of the model of independent variables, of complete data.

    Parameters
    ----------
    sample : Sample
        Of one group.
    free : (f,) array of int
        Variables whose variances and means are free.
    clustered : bool
        Whether rows of a school go together.

    Returns
    -------
    tuple of float
        The part of the variances, and that of the means.
    """
    sd = np.sqrt(np.diag(sample.cov))
    if clustered:
        return _by_school(sample, np.diag(1 / sd)[:, free], diagonal=True)
    variances = means = 0.0
    for D, weights in _deviations(sample):
        Z, w2 = (D / sd)[:, free], weights**2
        squares = Z * Z
        means += float((w2 @ squares).sum())
        squares -= 1
        variances += 0.5 * float((w2 @ (squares * squares)).sum())
    return variances / sample.n, means / sample.n


def _deviations(sample: Sample) -> Iterator[tuple[Array, Array]]:
    """Yield the rows' deviations from their means and the rows' weights, a block at a time."""
    X = sample.answers(NEEDS)
    for start in range(0, len(X), BLOCK):
        rows = slice(start, start + BLOCK)
        D = X[rows] - sample.mean
        yield D, np.ones(len(D)) if sample.weights is None else sample.weights[rows]


def _by_school(sample: Sample, metric: Array, *, diagonal: bool) -> tuple[float, float]:
    """Return the two parts of a trace where rows of a school go together; variances only, or all covariances."""
    X = sample.answers(NEEDS)
    squares = sums = 0.0
    for rows in sample.schools():
        Z = (X[rows] - sample.mean) @ metric
        weighted = Z if sample.weights is None else Z * sample.weights[rows][:, None]
        size = float(len(rows)) if sample.weights is None else float(sample.weights[rows].sum())
        excess = np.einsum("np,np->p", weighted, Z) if diagonal else (weighted.T @ Z).ravel()
        excess[:: 1 if diagonal else Z.shape[1] + 1] -= size
        total = weighted.sum(axis=0)
        squares += float(excess @ excess)
        sums += float(total @ total)
    widen = sample.n_schools / (sample.n_schools - 1) / sample.n
    return widen * 0.5 * squares, widen * sums


def satorra_bentler_trace(sample: Sample, W: Array, *, means: bool) -> float:
    """Return tr(VΓ) with V the normal-theory weight at W = Σ⁻¹, of the moments of one group.

    Parameters
    ----------
    sample : Sample
        Of one group, complete.
    W : (p, p) array
        The inverse of the implied covariances.
    means : bool
        Whether the model speaks of means.

    Returns
    -------
    float
        From which the model's own part, tr(information⁻¹ cov(scores)), is taken.
    """
    told = told_by_covariates(sample, np.eye(sample.p))
    S = sample.cov if told is None else sample.cov - told.T @ sample.cov @ told  # what covariates leave
    if sample.cluster is not None:
        return _by_schools_products(sample, W, S, told, means=means)
    WS = W @ S
    metric, constant = WS @ W, 0.5 * float((WS * WS.T).sum())
    total = 0.0
    for D, weights in _deviations(sample):
        DW, left = D @ W, D
        quadratic = 0.5 * np.einsum("np,np->n", DW, D) ** 2
        crossed = np.einsum("np,np->n", D @ metric, D)
        if told is not None:
            H = D @ told
            left = D - H
            quadratic += 0.5 * np.einsum("np,np->n", H @ W, H) ** 2 - np.einsum("np,np->n", DW, H) ** 2
            crossed -= np.einsum("np,np->n", H @ metric, H)
        of_rows = quadratic - crossed + constant
        if means:
            of_rows += np.einsum("np,np->n", left @ W, left)
        total += float(weights**2 @ of_rows)
    return total / sample.n


def _by_schools_products(sample: Sample, W: Array, S: Array, told: Array | None, *, means: bool) -> float:
    """Return tr(VΓ) where Γ is of schools' sums of products about the means: ½ tr[(WM)²] of M = Σ zz' − nS, school by school."""
    X, total = sample.answers(NEEDS), 0.0
    for rows in sample.schools():
        D = X[rows] - sample.mean
        weights = np.ones(len(D)) if sample.weights is None else sample.weights[rows]
        H = np.zeros_like(D) if told is None else D @ told
        M = (D * weights[:, None]).T @ D - (H * weights[:, None]).T @ H - weights.sum() * S
        WM, z = W @ M, weights @ (D - H)
        total += 0.5 * float((WM * WM.T).sum()) + (float(z @ W @ z) if means else 0.0)
    return total * sample.n_schools / (sample.n_schools - 1) / sample.n


def u_gamma(
    weights: Sequence[Array], gammas: Sequence[Array], jacobians: Sequence[Array], share: Array, Z: Array
) -> Array:
    """Return UΓ of all groups, for tests that need the trace of its square.

    Parameters
    ----------
    weights, gammas : sequence of (p*, p*) array
        V and Γ of every group.
    jacobians : sequence of (p*, Q) array
        Of the moments by all parameters.
    share : (G,) array
        Of every group among all rows.
    Z : (Q, r) array
        A basis of what the constraints leave free.

    Returns
    -------
    (P, P) array
        P the number of moments of all groups.
    """
    blocks = [s * V for s, V in zip(share, weights, strict=True)]
    J = np.concatenate(jacobians) @ Z
    sizes = [len(b) for b in blocks]
    V, G = np.zeros((sum(sizes),) * 2), np.zeros((sum(sizes),) * 2)
    start = 0
    for block, gamma, s, size in zip(blocks, gammas, share, sizes, strict=True):
        at = slice(start, start + size)
        V[at, at], G[at, at] = block, gamma / s
        start += size
    VJ = V @ J
    U = V - VJ @ np.linalg.solve(J.T @ VJ, VJ.T)
    found: Array = U @ G
    return found
