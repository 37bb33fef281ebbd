"""Mean and covariance of incomplete answers by maximum likelihood: the EM algorithm, by pattern of missing answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ConvergenceWarning, ResponseError, listing, warn

Array = NDArray[np.float64]
CHUNK: Final = 2_000_000
"""Numbers in one batch of matrices, a matrix a pattern."""
TOLERANCE: Final = 1e-10
"""The last step of a mean or covariance, in standard deviations, at which the algorithm stops."""
MOST_STEPS: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SaturatedNormal:
    """The multivariate normal distribution most likely to have given incomplete answers.

    Parameters
    ----------
    mean : (k,) array
        Its means.
    cov : (k, k) array
        Its covariances, maximum likelihood (divisor n).
    log_likelihood : float
        Of the answers given.
    n, n_patterns, n_steps : int
        Rows with any answer, distinct patterns of missing answers, steps of the algorithm.
    converged : bool
        False if it stopped for want of steps: then its numbers are NaN.
    """

    mean: Array
    cov: Array
    log_likelihood: float
    n: int
    n_patterns: int
    n_steps: int
    converged: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patterns:
    """Rows with the same items answered, as moments; entries of items that were not answered are 0.

    Parameters
    ----------
    answered : (P, k) array
        1 where answered.
    n : (P,) array
        Rows.
    mean : (P, k) array
        Means of the rows.
    cross : (P, k, k) array
        Cross-products about them.
    """

    answered: Array
    n: Array
    mean: Array
    cross: Array


def saturated_normal(X: Array, names: Sequence[str]) -> SaturatedNormal:
    """Estimate the saturated normal model.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing; answers are taken to be missing at random.
    names : sequence of str
        Of the k items, for messages.

    Returns
    -------
    SaturatedNormal

    Raises
    ------
    ResponseError
        If an item was not answered or does not vary, or items determine each other.

    Warns
    -----
    ConvergenceWarning
        If the algorithm ran out of steps.

    Notes
    -----
    Dempster, Laird & Rubin (1977), accelerated by squared extrapolation (Varadhan & Roland 2008). With W the inverse
    covariance of the items that a pattern answered, framed by zeros, D its cross-products about the current mean μ
    and d their sum, G = Σ (W D W − n W) and g = Σ W d: the next mean is μ + Σg/n, the next covariance
    Σ + ΣGΣ/n − δδ' with δ the step of the mean.
    """
    X = X[~np.isnan(X).all(axis=1)]
    present = ~np.isnan(X)
    counts = present.sum(axis=0)
    centre, spread = _scale(X, present)
    if bad := [n for n, c, s in zip(names, counts, spread, strict=True) if c < 2 or not s > 0]:
        raise ResponseError(f"EM needs items that vary; {listing(bad)} got fewer than two different answers")
    if (together := present.T.astype(float) @ present).min() == 0:
        a, b = np.argwhere(together == 0)[0]
        raise ResponseError(f"EM: nobody answered both {names[a]!r} and {names[b]!r}, so their covariance is unknown")
    chunks = pattern_moments((X - centre) / spread)
    n, k = len(X), X.shape[1]

    def step(theta: Array) -> tuple[Array, float]:
        return _em_step(theta, chunks, n, k)

    try:
        theta, logl, n_steps, converged = _squared_extrapolation(np.concatenate([np.zeros(k), np.eye(k).ravel()]), step)
    except np.linalg.LinAlgError:
        raise ResponseError(
            "EM: the covariance of the items is singular; some items determine others, or too few answered them"
        ) from None
    if not converged:
        warn(f"EM stopped after {n_steps} steps before it was done", ConvergenceWarning)
    done = 1.0 if converged else float("nan")
    return SaturatedNormal(
        mean=(centre + spread * theta[:k]) * done,
        cov=theta[k:].reshape(k, k) * np.outer(spread, spread) * done,
        log_likelihood=(logl - float(counts @ np.log(spread))) * done,
        n=n,
        n_patterns=sum(len(c.n) for c in chunks),
        n_steps=n_steps,
        converged=converged,
    )


def _scale(X: Array, present: NDArray[np.bool_]) -> tuple[Array, Array]:
    counts = np.maximum(present.sum(axis=0), 1)
    centre = np.where(present, X, 0.0).sum(axis=0) / counts
    centre += np.where(present, X - centre, 0.0).sum(axis=0) / counts
    return centre, np.sqrt((np.where(present, X - centre, 0.0) ** 2).sum(axis=0) / counts)


def pattern_moments(Z: Array) -> list[Patterns]:
    """Return the rows by pattern of missing answers, in batches that fit the memory.

    Parameters
    ----------
    Z : (n, k) array
        NaN is missing; no row is wholly empty.

    Returns
    -------
    list of Patterns
    """
    present = ~np.isnan(Z)
    packed = np.packbits(present, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, pattern = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(pattern, kind="stable")
    edges = np.searchsorted(pattern[order], np.arange(len(first) + 1))
    k = Z.shape[1]
    Z = np.where(present, Z, 0.0)
    size = max(CHUNK // (k * k), 1)
    return [
        _batch(Z, order, edges[start : start + size + 1], present[first[start : start + size]])
        for start in range(0, len(first), size)
    ]


def _batch(Z: Array, order: NDArray[np.intp], edges: NDArray[np.intp], answered: NDArray[np.bool_]) -> Patterns:
    P, k = answered.shape
    n = np.diff(edges).astype(np.float64)
    mean = np.add.reduceat(Z[order[edges[0] : edges[-1]]], edges[:-1] - edges[0], axis=0) / n[:, None]
    cross = np.zeros((P, k, k))
    for p in np.flatnonzero(n > 1):
        E = Z[order[edges[p] : edges[p + 1]]] - mean[p]
        cross[p] = E.T @ E
    return Patterns(answered=answered.astype(np.float64), n=n, mean=mean, cross=cross)


def _em_step(theta: Array, chunks: Sequence[Patterns], n: int, k: int) -> tuple[Array, float]:
    """Return the next mean and covariance, one long vector, and the log-likelihood of the present ones."""
    mu, sigma = theta[:k], theta[k:].reshape(k, k)
    G, g, logl = np.zeros((k, k)), np.zeros(k), 0.0
    for c in chunks:
        frame = c.answered[:, :, None] * c.answered[:, None, :]
        # The identity in the rows that were not answered makes every matrix of the batch invertible.
        L = np.linalg.cholesky(np.where(frame > 0, sigma, np.eye(k)))
        inverse = np.linalg.inv(L)
        W = np.swapaxes(inverse, 1, 2) @ inverse * frame
        d = (c.mean - mu) * c.answered
        D = c.cross + c.n[:, None, None] * d[:, :, None] * d[:, None, :]
        WD = W @ D
        log_det = 2 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
        answers = c.answered.sum(axis=1)
        logl -= 0.5 * float(c.n @ (answers * np.log(2 * np.pi) + log_det) + np.trace(WD, axis1=1, axis2=2).sum())
        G += (WD @ W).sum(axis=0) - np.tensordot(c.n, W, axes=1)
        g += np.einsum("pab,pb,p->a", W, d, c.n)
    delta = sigma @ g / n
    following = sigma + sigma @ G @ sigma / n - np.outer(delta, delta)
    return np.concatenate([mu + delta, ((following + following.T) / 2).ravel()]), logl


def _squared_extrapolation(
    theta: Array, step: Callable[[Array], tuple[Array, float]]
) -> tuple[Array, float, int, bool]:
    """Return the fixed point of an EM step, its log-likelihood, the steps taken, and whether it was reached."""
    once, logl = step(theta)
    n_steps = 1
    while n_steps < MOST_STEPS:
        twice, _ = step(once)
        n_steps += 1
        r, v = once - theta, twice - 2 * once + theta
        if np.abs(twice - once).max() < TOLERANCE:
            return twice, step(twice)[1], n_steps, True
        reach = max(float(np.linalg.norm(r)) / max(float(np.linalg.norm(v)), 1e-300), 1.0)
        theta = theta + 2 * reach * r + reach**2 * v
        try:
            once, leap = step(theta)
        except np.linalg.LinAlgError:
            leap = -np.inf
        if leap < logl or not np.isfinite(leap):  # too far: take the plain step
            theta = twice
            once, leap = step(theta)
        logl = leap
        n_steps += 1
    return once, step(once)[1], n_steps, False
