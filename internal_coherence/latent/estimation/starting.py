"""Where scoring begins: values near the estimates that need no iteration.

A factor with three indicators or more gets the loadings that Hägglund's (1982) third instrumental-variables method
gives against its first indicator: with z the other indicators of the factor,

    λ_j = s_jz' S_zz⁻¹ s_1z / s_1z' S_zz⁻¹ s_1z.

Its variance is what best reproduces the covariances among the indicators, and each residual variance what is left;
covariances between factors are those that their indicators' show by least squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.ram import Ram, inverse
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]
LEAST, MOST = 0.1, 0.95
"""Shares of an indicator's variance between which its residual variance begins."""


LOW, HIGH = 0.05, 5.0
"""Standardised loadings, against the first, between which starts are kept."""
PLAIN: Final = 0.3
"""Share of an indicator's variance that a plain start has its factor explain."""


class Start(NamedTuple):
    """Starting values, (Q,), and whether they had to be kept from running away: what they rest on is hardly there."""

    theta: Array
    weak: bool


def starting_values(rams: Sequence[Ram], samples: Sequence[Sample], given: Array, *, plain: bool = False) -> Start:
    """Return starting values of all parameters.

    Parameters
    ----------
    rams : sequence of Ram
        The model of every group.
    samples : sequence of Sample
        The data of every group.
    given : (Q,) array
        What the user asks for; NaN where nothing.
    plain : bool
        Begin with equal standardised loadings and factors that do not covary: farther from the estimates, but never led
        astray by covariances that are small.

    Returns
    -------
    Start
    """
    theta = np.zeros(len(given))
    doubts = [_of_group(ram, sample, theta, plain) for ram, sample in zip(rams, samples, strict=True)]
    return Start(np.where(np.isnan(given), theta, given), any(doubts))


def _of_group(ram: Ram, sample: Sample, theta: Array, plain: bool) -> bool:
    """Write the starting values of one group's parameters into θ; return whether they are weak."""
    p, f, S = ram.n_observed, ram.free, sample.cov
    t = len(ram.variables)
    arrows, fixed_arrows = np.full((t, t), -1), ram.A != 0
    arrows[f.a_row, f.a_col] = f.parameter[: f.n_a]
    own = S.diagonal()
    residual = own * 0.5
    variance = np.full(t, 0.05)
    variance[:p] = residual
    weak = False
    for k in range(p, t):
        indicators = np.flatnonzero((arrows[:p, k] >= 0) | fixed_arrows[:p, k])
        if len(indicators) < 2:
            continue
        spread = np.sqrt(own[indicators] / own[indicators[0]])
        standardized = np.ones(len(indicators)) if plain else _loadings(S, indicators) / spread
        size = np.abs(standardized)
        if size.min() <= LOW or size.max() >= HIGH:
            weak = True
            standardized = np.where(size > LOW, np.clip(standardized, -HIGH, HIGH), LOW)
        loadings = standardized * spread
        marker = ram.A[indicators[0], k]
        phi = PLAIN * own[indicators[0]] if plain else _variance(S, indicators, loadings)
        stands_free = arrows[indicators[0], k] >= 0
        unit = np.sqrt(phi) if stands_free else 1.0 / marker
        for place, loading in zip(indicators, loadings, strict=True):
            if arrows[place, k] >= 0:
                theta[arrows[place, k]] = loading * unit
            explained = phi * loading**2
            residual[place] = min(max(own[place] - explained, LEAST * own[place]), MOST * own[place])
        variance[k] = 1.0 if stands_free else phi * marker**2
    variance[:p] = residual
    _higher_orders(ram, arrows, variance, theta)
    A, _, _ = ram.matrices(theta)
    _covariances(ram, S, variance, A[:p, p:] * (not plain), theta)
    intercepts = f.parameter[f.n_a + f.n_s :]
    theta[intercepts] = np.where(f.m_row < p, np.append(sample.mean, np.zeros(t - p))[f.m_row], 0.0)
    return weak


def _loadings(S: Array, indicators: NDArray[np.intp]) -> Array:
    """Return the loadings against the first indicator."""
    first, loadings = indicators[0], np.ones(len(indicators))
    if len(indicators) < 3:
        cov, var = S[first, indicators[1]], S[first, first]
        loadings[1] = np.sign(cov) * np.sqrt(S[indicators[1], indicators[1]] / var)
        return loadings
    # Regressing the first indicator on all others but k takes the regression on all others, moved so that k has no part.
    others = indicators[1:]
    among = S[others[:, None], others]
    P = inverse(among)
    s = S[others, first]
    all_others = P @ s
    weight = all_others[:, None] - P * (all_others / P.diagonal())
    above, below = np.einsum("zk,zk->k", among, weight), s @ weight
    usable = below > 1e-8 * S[first, first]
    loadings[1:] = np.where(usable, above / np.where(usable, below, 1.0), 1.0)
    return loadings


def _variance(S: Array, indicators: NDArray[np.intp], loadings: Array) -> float:
    """Return the factor's variance in the unit of its first indicator, by least squares on the covariances."""
    i, j = triangle(len(indicators), -1)
    products = loadings[i] * loadings[j]
    phi = float(products @ S[indicators[i], indicators[j]] / (products @ products))
    own = float(S[indicators[0], indicators[0]])
    return min(max(phi, 0.05 * own), 0.95 * own)


def _higher_orders(ram: Ram, arrows: NDArray[np.intp], variance: Array, theta: Array) -> None:
    """Let a factor of factors explain half of what each of them varies."""
    p = ram.n_observed
    for k in range(p, len(variance)):
        on_observed = (arrows[:p, k] >= 0) | (ram.A[:p, k] != 0)
        below = p + np.flatnonzero((arrows[p:, k] >= 0) | (ram.A[p:, k] != 0))
        if on_observed.any() or not len(below):
            continue
        marker = ram.A[below[0], k]
        variance[k] = 0.5 * variance[below[0]] / marker**2 if marker else 1.0
        for i in below:
            if arrows[i, k] >= 0:
                theta[arrows[i, k]] = np.sqrt(0.5 * variance[i] / variance[k])
        variance[below] *= 0.5


def _covariances(ram: Ram, S: Array, variance: Array, loadings: Array, theta: Array) -> None:
    """Let observed causes covary as they do, factors as their indicators do, and nothing else."""
    f, p = ram.free, ram.n_observed
    start = np.zeros((len(variance),) * 2)
    start[:p, :p], start[p:, p:] = S, _among_factors(S, loadings, variance[p:])
    is_caused = np.zeros(len(variance), dtype=bool)
    is_caused[f.a_row] = True
    is_caused |= ram.A.any(axis=1)
    start[is_caused] = start[:, is_caused] = 0.0
    own = variance.copy()
    own[:p][~is_caused[:p]] = np.diag(S)[~is_caused[:p]]
    np.fill_diagonal(start, own)
    theta[f.parameter[f.n_a : f.n_a + f.n_s]] = start[f.s_row, f.s_col]


def _among_factors(S: Array, loadings: Array, variance: Array) -> Array:
    """Return covariances among factors that no indicator shares, by least squares on those of their indicators."""
    squares = (loadings**2).sum(axis=0)
    weight = loadings / np.where(squares > 0, squares, 1.0)
    sd = np.sqrt(variance)
    R = weight.T @ S @ weight / (sd[:, None] * sd)
    R[(loadings != 0).T.astype(float) @ (loadings != 0) > 0] = 0.0
    R = np.clip(R, -MOST, MOST)
    # Correlations that can't be together are drawn towards 0 until they can.
    lowest = float(np.linalg.eigvalsh(R)[0]) if len(R) else 0.0
    if lowest < LEAST - 1:
        R *= (1 - LEAST) / -lowest
    covariances: Array = R * sd[:, None] * sd
    return covariances
