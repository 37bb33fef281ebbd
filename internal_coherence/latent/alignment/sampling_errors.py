"""How aligned parameters vary from sample to sample: the delta method through the minimum of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.alignment.loss import AlignmentLoss
from internal_coherence.latent.alignment.metric import Metric

Array = NDArray[np.float64]
FLAT: Final = 1e-8
"""A direction in which the loss curves less than this share of its steepest curvature is not determined."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """A factor's aligned parameters and their covariances, in the metric in which they are told.

    Parameters
    ----------
    mean, variance : (G,) array
        α and ψ.
    mean_cov : (G, G) array
        Covariances of the means.
    variance_se : (G,) array
        Standard errors of the variances.
    parameters : (2P, G) array
        Loadings of the items, then intercepts.
    parameter_cov : (2P, G, G) array
        For each of these, its covariances over groups.
    determined : bool
        Whether the minimum is a point; if not, all covariances are NaN.
    """

    mean: Array
    variance: Array
    mean_cov: Array
    variance_se: Array
    parameters: Array
    parameter_cov: Array
    determined: bool


def aligned_parameters(loss: AlignmentLoss, metric: Metric, y: Array, V: Array) -> Aligned:
    """Return the aligned parameters at a minimum, with covariances.

    Parameters
    ----------
    loss : AlignmentLoss
        Of one factor.
    metric : Metric
        What was free.
    y : (2G,) array
        The minimum: α, then t = ½ log ψ.
    V : (G, 2P, 2P) or (G, 2P, G, 2P) array
        Covariances of each group's configural loadings and then intercepts, or those of all groups together.

    Returns
    -------
    Aligned

    Notes
    -----
    At the minimum the gradient h(x, θ) along the free coordinates x is 0 whatever the configural parameters θ, so
    dx/dθ = −(∂h/∂x)⁻¹ ∂h/∂θ; λ and ν are functions of both.
    """
    G, P = loss.n_groups, len(loss.loadings)
    slopes = _slopes_of_minimum(loss, metric, y)
    determined = slopes is not None
    dy = np.full((2 * G, G, 2 * P), np.nan) if slopes is None else slopes
    y, dy = metric.reported(y, dy)
    alpha, t = np.split(y, 2)
    lam = loss.loadings * np.exp(-t)
    variance = np.exp(2 * t)
    of_variances = 2 * variance[:, None, None] * dy[G:]
    own, covs = np.arange(G), np.empty((2 * P, G, G))
    for p in range(P):
        L = -lam[p][:, None, None] * dy[G:]
        L[own, own, p] += np.exp(-t)
        covs[p] = _sandwich(L, V)
        L = -alpha[:, None, None] * L - lam[p][:, None, None] * dy[:G]
        L[own, own, P + p] += 1.0
        covs[P + p] = _sandwich(L, V)
    return Aligned(
        mean=alpha,
        variance=variance,
        mean_cov=_sandwich(dy[:G], V),
        variance_se=_roots(np.einsum("gki,gki->g", _times(of_variances, V), of_variances)),
        parameters=np.concatenate([lam, loss.intercepts - alpha * lam]),
        parameter_cov=covs,
        determined=determined,
    )


def _slopes_of_minimum(loss: AlignmentLoss, metric: Metric, y: Array) -> Array | None:
    """Return dy/dθ, (2G, G, 2P); None where the minimum is no point."""
    H = metric.reduce(loss.derivatives(y)[1])
    if not np.isfinite(H).all():
        return None
    e = np.linalg.eigvalsh(H)
    if not e[0] > FLAT * e[-1]:
        return None
    C = metric.pull(loss.mixed_derivatives(y))
    dx = np.linalg.solve(H, -C.reshape(len(H), -1))
    return metric.push(np.asarray(dx, dtype=np.float64).reshape(C.shape))


def _times(L: Array, V: Array) -> Array:
    """Return LV for derivatives (K, G, 2P)."""
    if V.ndim == 3:
        found: Array = np.matmul(L.transpose(1, 0, 2), V).transpose(1, 0, 2)
        return found
    q = V.shape[0] * V.shape[1]
    whole: Array = (L.reshape(len(L), q) @ V.reshape(q, q)).reshape(L.shape)
    return whole


def _sandwich(L: Array, V: Array) -> Array:
    found: Array = _times(L, V).reshape(len(L), -1) @ L.reshape(len(L), -1).T
    return found


def _roots(variances: Array) -> Array:
    """Return standard errors; NaN for a variance that rounding made negative."""
    return np.sqrt(np.where(variances < 0, np.nan, variances))
