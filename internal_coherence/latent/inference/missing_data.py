"""How a model would fit complete data, judged from incomplete ones (Zhang & Savalei 2023).

Missing answers make misfit look smaller where less was answered. So the discrepancy of complete data is taken between
the saturated model's moments and the fitted model's, both estimated from all that was answered, and from it what chance
gives of it: with W_c and W_m the information of complete and of incomplete rows about all moments, Γ the covariances of
the saturated estimates and Δ their derivatives by the parameters,

    T = 2N F(S, Σ),   k = tr(W_c Q Γ Q'),   Q = I − Δ (Δ'W_mΔ)⁻¹ Δ'W_m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.fiml import saturated_information
from internal_coherence.latent.estimation.scores import meat
from internal_coherence.latent.model.derivatives import columns, expected_information
from internal_coherence.latent.model.ram import implied, inverse
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import Sample, shares
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.unstructured import Apart, unstructured

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AsIfComplete:
    """The misfit of complete data, and what of it chance gives.

    Parameters
    ----------
    chisq : float
        T.
    expected : float
        k, to which T comes if the model holds.
    """

    chisq: float
    expected: float


def as_if_complete(fitted: Fitted, *, robust: bool, clustered: bool) -> AsIfComplete:
    """Return the misfit that a model would show in complete data.

    Parameters
    ----------
    fitted : Fitted
        Solved, of incomplete rows.
    robust : bool
        Allow for answers that are not normal.
    clustered : bool
        And for what rows of a school have in common.

    Returns
    -------
    AsIfComplete
    """
    p = fitted.problem
    h1 = unstructured(p, Apart(exogenous=p.samples[0].exogenous), covariances=True)
    size = h1.problem.n_parameters
    Wc, Wm, D = np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, p.n_parameters))
    T, start, observed = 0.0, 0, p.estimator.information != "expected"
    for ram, saturated, sample, share in zip(p.rams, h1.problem.rams, p.samples, shares(p.samples), strict=True):
        at, there = implied(ram, fitted.theta), implied(saturated, h1.theta)
        own = slice(start, start + len(saturated.free))
        start = own.stop
        c = columns(at, ram.free)
        kept = _not_fixed(sample)
        D[own, ram.free.parameter] = np.concatenate([c.jacobian(), c.M])[kept]
        about_all = saturated_information(sample, there.sigma, there.mu, observed=observed)
        Wm[own, own] = share * about_all[kept[:, None], kept]
        there_c = columns(there, saturated.free)
        Wc[own, own] = share * expected_information(there, saturated.free, there_c, inverse(there.sigma))
        T += sample.n * _complete_discrepancy(sample.cov, sample.mean, at.sigma, at.mu)
    D = D @ fitted.free_directions
    Q = np.eye(size) - D @ np.linalg.solve(D.T @ Wm @ D, D.T @ Wm)
    gamma = inverse(Wm)
    if robust:
        gamma = gamma @ meat(h1.problem.rams, p.samples, h1.theta, size, clustered=clustered) @ gamma
    return AsIfComplete(chisq=T, expected=float(((Q.T @ Wc @ Q) * gamma).sum()))


def _not_fixed(sample: Sample) -> NDArray[np.intp]:
    """Return which moments are not those of fixed covariates: of the different covariances, then of the means."""
    given = np.isin(np.arange(sample.p), sample.exogenous)
    i, j = triangle(sample.p)
    return np.flatnonzero(np.concatenate([~(given[i] & given[j]), ~given]))


def _complete_discrepancy(S: Array, mean: Array, sigma: Array, mu: Array) -> float:
    W, d = inverse(sigma), mean - mu
    return float(np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(S)[1] + (W * S).sum() - len(S) + d @ W @ d)
