"""Weighted least squares: ADF (WLS), its diagonal (DWLS). Only for as many items as their moments' covariances allow.

With s the different covariances, and the means where the model speaks of them, and σ what it says they are,
F = ½ (s − σ)'V(s − σ), V the inverse of the covariances Γ of the s, which come from third and fourth moments (Browne 1984), or of
its diagonal alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.estimation.scoring import Point
from internal_coherence.latent.model.derivatives import Columns, columns
from internal_coherence.latent.model.ram import Implied, Ram, implied, inverse
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import Sample, shares, told_by_covariates

Array = NDArray[np.float64]


def moments_of_rows(sample: Sample, *, means: bool) -> Array:
    """Return what each row gives of the moments: products of two deviations from the mean, and the deviations.

    Where covariates are fixed to the data, less what these tell of the row.

    Parameters
    ----------
    sample : Sample
        With complete rows.
    means : bool
        Whether deviations follow the products.

    Returns
    -------
    (n, p(p + 1)/2) or (n, p(p + 1)/2 + p) array
        In the order of the lower triangle of S.
    """
    Z = sample.answers("the covariances of moments need") - sample.mean
    i, j = triangle(sample.p)
    products, deviations = Z[:, i] * Z[:, j], Z
    if (told := told_by_covariates(sample, Z)) is not None:
        products, deviations = products - told[:, i] * told[:, j], Z - told
    return np.concatenate([products, deviations], axis=1) if means else products


def gamma(sample: Sample, *, means: bool) -> Array:
    """Return Γ, n times the covariances of the moments, from third and fourth moments (divisor n).

    Parameters
    ----------
    sample : Sample
        With complete rows.
    means : bool
        Of the means too.

    Returns
    -------
    (s, s) array
    """
    P = moments_of_rows(sample, means=means)
    P -= P.mean(axis=0)
    fourth: Array = P.T @ P / len(P)
    return fourth


def jacobian(c: Columns, *, means: bool) -> Array:
    """Return the derivatives of the moments by q parameters.

    Parameters
    ----------
    c : Columns
        Of the parameters.
    means : bool
        Whether those of the means follow those of the covariances.

    Returns
    -------
    (s, q) array
    """
    return np.concatenate([c.jacobian(), c.M]) if means else c.jacobian()


def misfit(sample: Sample, at: Implied, *, means: bool) -> Array:
    """Return the observed moments less the implied ones.

    Parameters
    ----------
    sample : Sample
        Observed.
    at : Implied
        Implied.
    means : bool
        Whether means follow the covariances.

    Returns
    -------
    (s,) array
    """
    e: Array = (sample.cov - at.sigma)[triangle(sample.p)]
    return np.concatenate([e, sample.mean - at.mu]) if means else e


def enough_rows(sample: Sample, *, means: bool) -> Array:
    """Return Γ of a sample that has rows enough for it to be inverted.

    Parameters
    ----------
    sample : Sample
        With complete rows.
    means : bool
        Whether Γ is of the means too.

    Returns
    -------
    (s, s) array

    Raises
    ------
    ModelError
        If there are no more rows than moments.
    """
    moments = sample.p * (sample.p + 1) // 2 + means * sample.p
    if sample.X is not None and len(sample.X) <= moments:
        raise ModelError(
            f"estimator='WLS' weighs {moments} moments by their own covariances, which {len(sample.X)} rows"
            " can't tell; 'DWLS' and 'MLR' need fewer"
        )
    return gamma(sample, means=means)


def inverse_of_free(G: Array, sample: Sample) -> Array:
    """Return the inverse of covariances of moments; 0 for those among covariates that are fixed to the data.

    Parameters
    ----------
    G : (p*, p*) array
        Γ.
    sample : Sample
        Which covariates are fixed.

    Returns
    -------
    (p*, p*) array
    """
    i, j = triangle(sample.p)
    fixed = np.isin(i, sample.exogenous) & np.isin(j, sample.exogenous)
    if len(G) > len(fixed):
        fixed = np.concatenate([fixed, np.isin(np.arange(sample.p), sample.exogenous)])
    free = np.flatnonzero(~fixed)
    V = np.zeros_like(G)
    V[free[:, None], free] = inverse(G[free[:, None], free])
    return V


def normal_theory_weight(W: Array, *, means: bool) -> Array:
    """Return Γ⁻¹ of the moments under normal answers.

    Parameters
    ----------
    W : (p, p) array
        The inverse of their covariances, as implied or as observed.
    means : bool
        Whether means follow the covariances.

    Returns
    -------
    (s, s) array
    """
    i, j = triangle(len(W))
    halves = np.where(i == j, 0.5, 1.0)
    products = W[i[:, None], i] * W[j[:, None], j] + W[i[:, None], j] * W[j[:, None], i]
    weight: Array = products * halves[:, None] * halves
    if not means:
        return weight
    size = len(weight)
    whole = np.zeros((size + len(W),) * 2)
    whole[:size, :size], whole[size:, size:] = weight, W
    return whole


@dataclass(frozen=True)
class WeightedLeastSquares:
    """The discrepancy of a model of one or several groups.

    Parameters
    ----------
    rams : sequence of Ram
        The model, group by group.
    samples : sequence of Sample
        The data.
    weights : sequence of (p*, p*) array
        V of every group.
    n_parameters : int
        Over all groups.
    """

    rams: Sequence[Ram]
    samples: Sequence[Sample]
    weights: Sequence[Array]
    n_parameters: int

    @property
    def unit(self) -> float:
        """1: the discrepancy has no unit."""
        return 1.0

    def point(self, theta: Array) -> Point:
        """Return the discrepancy, its gradient and its expected curvature; steps by its own would cost more."""
        q = self.n_parameters
        total, gradient, curvature = 0.0, np.zeros(q), np.zeros((q, q))
        for ram, sample, V, share in zip(self.rams, self.samples, self.weights, shares(self.samples), strict=True):
            own = ram.free.parameter
            try:
                at = implied(ram, theta)
            except np.linalg.LinAlgError:
                return Point.nowhere(q)
            J, e = jacobian(columns(at, ram.free), means=ram.has_means), misfit(sample, at, means=ram.has_means)
            VJ = V @ J
            total += share * 0.5 * float(e @ V @ e)
            gradient[own] -= share * (VJ.T @ e)
            curvature[own[:, None], own] += share * (J.T @ VJ)
        return Point(value=total, slopes=lambda: gradient, expected=lambda: curvature)
