"""A model fitted again and again to samples of a normal population, by their covariances only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from internal_coherence.latent.estimation.estimators import KNOWN
from internal_coherence.latent.fit.indices import cfi, rmsea
from internal_coherence.latent.fit.residual_matrices import residuals_of, root_mean_square, squares_of
from internal_coherence.latent.model.ram import implied
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.solving import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replicates:
    """What indices of fit were in samples.

    Parameters
    ----------
    indices : (R, 3) array
        SRMR of the covariances, RMSEA and CFI of each sample in which a minimum was found.
    failed : int
        Samples in which none was.
    """

    indices: Array
    failed: int


def replicated(
    problem: Problem, df: int, cov: Array, start: Array, n: int, rng: np.random.Generator, turns: Iterable[int]
) -> Replicates:
    """Fit a model to samples of a population.

    Parameters
    ----------
    problem : Problem
        Of one group, with covariances only or means that it leaves free.
    df : int
        Its degrees of freedom.
    cov : (p, p) array
        The population's covariances.
    start : (Q,) array
        Where each fit begins, near its end.
    n : int
        Rows of a sample.
    rng : Generator
        Source of randomness.
    turns : iterable of int
        One a sample.

    Returns
    -------
    Replicates
    """
    [own] = problem.samples
    root, found, failed = np.asarray(np.linalg.cholesky(cov), dtype=np.float64), [], 0
    for _ in turns:
        S = wishart(root, n - 1, rng) / n
        sample = Sample(label="", n=float(n), cov=S, mean=own.mean)
        indices = _indices(replace(problem, samples=(sample,), estimator=KNOWN["ML"]), start, df)
        if indices is None:
            failed += 1
        else:
            found.append(indices)
    return Replicates(indices=np.array(found, dtype=np.float64).reshape(-1, 3), failed=failed)


def near(problem: Problem, cov: Array, start: Array, n: int) -> Array | None:
    """Return where a model ends in a population; None if it finds no minimum.

    Parameters
    ----------
    problem : Problem
        As in `replicated`.
    cov : (p, p) array
        The population's covariances.
    start : (Q,) array
        Where to begin.
    n : int
        Any number of rows.

    Returns
    -------
    (Q,) array or None
    """
    [own] = problem.samples
    sample = Sample(label="", n=float(n), cov=cov, mean=own.mean)
    solution = replace(problem, samples=(sample,), estimator=KNOWN["ML"]).solve(start)
    return solution.theta if solution.converged else None


def wishart(root: Array, df: int, rng: np.random.Generator) -> Array:
    """Draw the sum of products of normal rows about their means, by Bartlett's (1933) decomposition.

    Parameters
    ----------
    root : (p, p) array
        L, lower triangular, the covariances being LL'.
    df : int
        Rows less one.
    rng : Generator
        Source of randomness.

    Returns
    -------
    (p, p) array
        LTT'L', T lower triangular with standard normal entries below a diagonal of χ with df, df − 1, …
    """
    p = len(root)
    T = np.tril(rng.standard_normal((p, p)), -1)
    T[np.arange(p), np.arange(p)] = np.sqrt(rng.chisquare(df - np.arange(p)))
    half = root @ T
    product: Array = half @ half.T
    return product


def _indices(problem: Problem, start: Array, df: int) -> tuple[float, float, float] | None:
    solution = problem.solve(start)
    if not solution.converged:
        return None
    [ram], [sample] = problem.rams, problem.samples
    chisq = 2 * sample.n * max(solution.point.value, 0.0)
    p = sample.p
    baseline = sample.n * (float(np.log(np.diag(sample.cov)).sum()) - float(np.linalg.slogdet(sample.cov)[1]))
    left = squares_of(residuals_of(implied(ram, solution.theta), sample, "cor.bentler", means=False))
    return (
        root_mean_square(left.pairs + left.variances, p * (p + 1) / 2),
        rmsea(chisq, df, sample.n),
        cfi(chisq, df, baseline, p * (p - 1) / 2),
    )


def quantile_error(values: Array, share: float) -> float:
    """Return the Monte Carlo error of a quantile (Maritz & Jarrett 1978).

    Parameters
    ----------
    values : (R,) array
        Draws.
    share : float
        Which quantile.

    Returns
    -------
    float
        The standard deviation that the order statistic would have in samples from these draws.
    """
    x, R = np.sort(values), len(values)
    rank = int(np.floor(share * R + 0.5)) if R else 0
    rank = min(max(rank, 1), max(R, 1))
    if R < 2:
        return float("nan")
    weight = np.diff(betainc(rank, R - rank + 1, np.arange(R + 1) / R))
    mean = float(weight @ x)
    return float(np.sqrt(max(float(weight @ x**2) - mean**2, 0.0)))
