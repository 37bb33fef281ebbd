"""Plausible values: draws of the latent variables of every row, given its answers (Rubin 1987; Mislevy 1991).

With Ω_lo the covariances of latent with observed variables and W = Σ⁻¹, what a row's answers tell of its latent variables is

    f | x ~ N(η + Ω_lo W (x − μ),  Φ − Ω_lo W Ω_ol),

each row by what it answered. The estimates are uncertain too: each set of draws has parameters of its own, from N(θ̂, V).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.fit.factor_scoring import by_pattern, centres, error_covariance, score_weights
from internal_coherence.latent.model.ram import Implied, Ram, implied
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]
ROUNDING: Final = 1e-8
"""An eigenvalue that is negative by less than this share of the largest is rounding."""
TRIES: Final = 1000
"""Sets of parameters that are drawn for one that is proper, before that is given up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """Draws of all rows' latent variables.

    Parameters
    ----------
    values : tuple of (D, n, m) array
        D sets of the m latent variables of n rows, one array a group.
    redrawn : int
        Sets of parameters that no population can have, which were drawn again.
    """

    values: tuple[Array, ...]
    redrawn: int


def root(V: Array) -> Array:
    """Return R with RR' = V, of covariances that may be singular.

    Parameters
    ----------
    V : (m, m) array
        Covariances.

    Returns
    -------
    (m, m) array
    """
    e, U = np.linalg.eigh(V)
    return np.asarray(U * np.sqrt(np.maximum(e, 0.0)), dtype=np.float64)


def is_proper(ram: Ram, theta: Array) -> bool:
    """Return whether a population can have these parameters: no negative variance, covariances that are some.

    Parameters
    ----------
    ram : Ram
        Of one group.
    theta : (Q,) array
        The parameters.

    Returns
    -------
    bool
    """
    _, S, _ = ram.matrices(theta)
    if (np.diag(S) < 0).any():
        return False
    at = implied(ram, theta)
    e = np.linalg.eigvalsh(at.omega)
    return bool(e[0] >= -ROUNDING * e[-1] and np.linalg.eigvalsh(at.sigma)[0] > 0)


def drawn_parameters(rams: Sequence[Ram], theta: Array, spread: Array, rng: np.random.Generator) -> tuple[Array, int]:
    """Draw parameters that are proper.

    Parameters
    ----------
    rams : sequence of Ram
        Of all groups.
    theta : (Q,) array
        The estimates.
    spread : (Q, Q) array
        A root of their covariances.
    rng : Generator
        By which.

    Returns
    -------
    (Q,) array
    int
        How many were not proper, and drawn again.

    Raises
    ------
    ModelError
        If none was in a thousand.
    """
    for redrawn in range(TRIES):
        drawn = theta + spread @ rng.standard_normal(len(theta))
        if all(is_proper(ram, drawn) for ram in rams):
            return drawn, redrawn
    raise ModelError(
        f"plausible values: {TRIES} sets of parameters drawn about the estimates all had negative variances or impossible"
        " covariances; the estimates lie at the edge of what can be. Simplify the model, or take parameters=False"
    )


def plausible_draws(
    rams: Sequence[Ram],
    samples: Sequence[Sample],
    theta: Array,
    vcov: Array | None,
    draws: int,
    rng: np.random.Generator,
) -> Draws:
    """Draw the latent variables of all rows.

    Parameters
    ----------
    rams, samples : sequence
        The model and the data, group by group.
    theta : (Q,) array
        The estimates.
    vcov : (Q, Q) array or None
        Their covariances; None to take them as known.
    draws : int
        D.
    rng : Generator
        By which.

    Returns
    -------
    Draws
    """
    answers = [sample.answers("plausible values need") for sample in samples]
    patterns = [list(by_pattern(X)) for X in answers]
    values = [
        np.empty((draws, len(X), len(ram.variables) - ram.n_observed)) for X, ram in zip(answers, rams, strict=True)
    ]
    spread, redrawn = None if vcov is None else root(vcov), 0
    for d in range(draws):
        at_theta = theta
        if spread is not None:
            at_theta, again = drawn_parameters(rams, theta, spread, rng)
            redrawn += again
        for g, (ram, sample, X) in enumerate(zip(rams, samples, answers, strict=True)):
            at = implied(ram, at_theta)
            mu, eta = centres(ram, sample, at)
            if spread is not None and not ram.has_means:  # the sample's means stand in for the model's, and err
                mu = mu + root(at.sigma / sample.n) @ rng.standard_normal(len(mu))
            for rows, has in patterns[g]:
                A = score_weights(ram, at_theta, at, has, "regression")
                noise = rng.standard_normal((len(rows), len(eta))) @ root(_posterior(A, at, has)).T
                values[g][d, rows] = eta + (X[np.ix_(rows, has)] - mu[has]) @ A.T + noise
    return Draws(values=tuple(values), redrawn=redrawn)


def _posterior(A: Array, at: Implied, has: NDArray[np.intp]) -> Array:
    V = error_covariance(A, at, has)
    return (V + V.T) / 2
