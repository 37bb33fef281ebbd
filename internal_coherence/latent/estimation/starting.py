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
    arrows = np.full((t, t), -1)
    arrows[f.a_row, f.a_col] = f.parameter[: f.n_a]
    measures = (arrows >= 0) | (ram.A != 0)
    own = S.diagonal()
    variance = np.full(t, 0.05)
    variance[:p] = own * 0.5
    weak = False
    for k in range(p, t):
        indicators = np.flatnonzero(measures[:p, k])
        if len(indicators) < 2:
            continue
        among, mine = S[indicators[:, None], indicators], own[indicators]
        spread = np.sqrt(mine / mine[0])
        standardized = np.ones(len(indicators)) if plain else _loadings(among) / spread
        size = np.abs(standardized)
        if size.min() <= LOW or size.max() >= HIGH:
            weak = True
            standardized = np.where(size > LOW, np.clip(standardized, -HIGH, HIGH), LOW)
        loadings = standardized * spread
        numbers, marker = arrows[indicators, k], ram.A[indicators[0], k]
        phi = PLAIN * mine[0] if plain else _variance(among, loadings)
        free, stands_free = numbers >= 0, numbers[0] >= 0
        theta[numbers[free]] = loadings[free] * (np.sqrt(phi) if stands_free else 1.0 / marker)
        variance[indicators] = np.minimum(np.maximum(mine - phi * loadings**2, LEAST * mine), MOST * mine)
        variance[k] = 1.0 if stands_free else phi * marker**2
    _higher_orders(ram, arrows, measures, variance, theta)
    A, _, _ = ram.matrices(theta)
    _covariances(ram, S, variance, A[:p, p:] * (not plain), theta)
    if len(f.m_row):
        theta[f.parameter[f.n_a + f.n_s :]] = np.append(sample.mean, np.zeros(t - p))[f.m_row]
    return weak


def _loadings(S: Array) -> Array:
    """Return the loadings against the first indicator, from the covariances of a factor's indicators."""
    loadings = np.ones(len(S))
    if len(S) < 3:
        loadings[1] = np.sign(S[0, 1]) * np.sqrt(S[1, 1] / S[0, 0])
        return loadings
    # Regressing the first indicator on all others but k takes the regression on all others, moved so that k has no part.
    among, s = S[1:, 1:], S[0, 1:]
    P = inverse(among)
    all_others = P @ s
    weight = all_others[:, None] - P * (all_others / P.diagonal())
    above, below = (among * weight).sum(axis=0), s @ weight
    usable = below > 1e-8 * S[0, 0]
    loadings[1:] = np.where(usable, above / np.where(usable, below, 1.0), 1.0)
    return loadings


def _variance(S: Array, loadings: Array) -> float:
    """Return the factor's variance in the unit of its first indicator, by least squares on the covariances."""
    squares, own = loadings**2, S.diagonal()
    # Twice the sums over different pairs: those over all, less those of each with itself.
    phi = float((loadings @ S @ loadings - squares @ own) / (squares.sum() ** 2 - squares @ squares))
    return min(max(phi, 0.05 * float(own[0])), 0.95 * float(own[0]))


def _higher_orders(
    ram: Ram, arrows: NDArray[np.intp], measures: NDArray[np.bool_], variance: Array, theta: Array
) -> None:
    """Let a factor of factors explain half of what each of them varies."""
    p = ram.n_observed
    above = measures[p:, p:].any(axis=0) & ~measures[:p, p:].any(axis=0)
    for k in p + np.flatnonzero(above):
        below = p + np.flatnonzero(measures[p:, k])
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
    own[:p][~is_caused[:p]] = S.diagonal()[~is_caused[:p]]
    np.fill_diagonal(start, own)
    theta[f.parameter[f.n_a : f.n_a + f.n_s]] = start[f.s_row, f.s_col]


def _among_factors(S: Array, loadings: Array, variance: Array) -> Array:
    """Return covariances among factors that no indicator shares, by least squares on those of their indicators."""
    squares = (loadings**2).sum(axis=0)
    weight = loadings / np.where(squares > 0, squares, 1.0)
    sd = np.sqrt(variance)
    R = weight.T @ S @ weight / (sd[:, None] * sd)
    R[(loadings != 0).T.astype(float) @ (loadings != 0) > 0] = 0.0
    R = np.minimum(np.maximum(R, -MOST), MOST)
    # Correlations that can't be together are drawn towards 0 until they can.
    lowest = float(np.linalg.eigvalsh(R)[0]) if len(R) else 0.0
    if lowest < LEAST - 1:
        R *= (1 - LEAST) / -lowest
    covariances: Array = R * sd[:, None] * sd
    return covariances
