"""The one-factor model by maximum likelihood: loadings λ and residual variances ψ with Σ = λλ' + diag ψ.

Small and unrestricted enough to be fitted to a whole stack of covariance matrices at once, as a bootstrap needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
TOLERANCE: Final = 1e-10
MOST_STEPS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneFactor:
    """One-factor solutions of a stack of B covariance matrices.

    Parameters
    ----------
    loadings : (B, k) array
        λ, turned so that they sum to 0 or more; NaN where there is no solution.
    residuals : (B, k) array
        ψ. Below 0 in a Heywood case, which is let stand and said.
    discrepancy : (B,) array
        ``log |Σ| + tr(SΣ⁻¹) − log |S| − k``.
    converged : (B,) array of bool
        Whether the gradient vanished.
    """

    loadings: Array
    residuals: Array
    discrepancy: Array
    converged: Mask

    @property
    def improper(self) -> Mask:
        """Which solutions have a negative residual variance."""
        return np.asarray((self.residuals < 0).any(axis=-1))


def one_factor(C: Array, start: tuple[Array, Array] | None = None) -> OneFactor:
    """Fit the one-factor model to every matrix of a stack.

    Parameters
    ----------
    C : (B, k, k) array
        Covariances of three or more items.
    start : tuple of (k,) arrays, optional
        Loadings and residual variances to begin from, for instance the whole sample's.

    Returns
    -------
    OneFactor

    Notes
    -----
    Fisher scoring with step halving, on the items in standard deviations. With W = Σ⁻¹, G = W − WCW and w = Wλ the
    gradient is (2Gλ, diag G), the expected second derivatives 2(ww' + λ'w W), 2 W∘w' and W∘W. Lawley & Maxwell (1971).
    ``lavaan::cfa`` with ``std.lv = TRUE``.
    """
    k = C.shape[-1]
    sd = np.sqrt(np.diagonal(C, axis1=1, axis2=2))
    usable = np.asarray(np.isfinite(C).all(axis=(1, 2)) & (sd > 0).all(axis=1))
    sd = np.where(usable[:, None], sd, 1.0)
    R = np.where(usable[:, None, None], C / (sd[:, :, None] * sd[:, None, :]), np.eye(k))
    theta = _starts(R, None if start is None else (start[0] / sd, start[1] / sd**2))
    f, converged = np.full(len(R), np.nan), np.zeros(len(R), dtype=bool)
    active = np.flatnonzero(usable)
    for _ in range(MOST_STEPS):
        f[active], gradient, hessian = _likelihood(R[active], theta[active])
        done = np.abs(gradient).max(axis=1) < TOLERANCE
        converged[active[done]] = True
        active, gradient, hessian = active[~done], gradient[~done], hessian[~done]
        if not len(active):
            break
        theta[active] = _halving(R[active], theta[active], f[active], -_solve(hessian, gradient))
    theta = np.where(converged[:, None], theta, np.nan)
    sign = np.where(np.nan_to_num(theta[:, :k].sum(axis=1)) < 0, -1.0, 1.0)
    with np.errstate(invalid="ignore"):
        log_det = np.linalg.slogdet(R)[1]
    return OneFactor(
        loadings=theta[:, :k] * sd * sign[:, None],
        residuals=theta[:, k:] * sd**2,
        discrepancy=np.where(converged, f - log_det - k, np.nan),
        converged=converged,
    )


def sampling_covariance(loadings: Array, residuals: Array, n: int) -> Array:
    """Return the sampling covariances of (λ, ψ) from the expected information, for n independent normal rows.

    Parameters
    ----------
    loadings, residuals : (k,) array
        The solution.
    n : int
        Rows.

    Returns
    -------
    (2k, 2k) array
    """
    theta = np.concatenate([loadings, residuals])[None]
    _, _, hessian = _likelihood(_implied(theta), theta)
    covariance: Array = 2 / n * np.linalg.pinv(hessian[0])
    return covariance


def _implied(theta: Array) -> Array:
    k = theta.shape[1] // 2
    loadings = theta[:, :k]
    return loadings[:, :, None] * loadings[:, None, :] + np.eye(k) * theta[:, k:, None]


def _likelihood(R: Array, theta: Array) -> tuple[Array, Array, Array]:
    """Return log |Σ| + tr(RΣ⁻¹), infinite where Σ is not positive definite, its gradient and expected Hessian."""
    k = R.shape[-1]
    loadings, sigma = theta[:, :k], _implied(theta)
    inside = np.linalg.eigvalsh(sigma)[:, 0] > 1e-12
    W = np.linalg.inv(np.where(inside[:, None, None], sigma, np.eye(k)))
    RW = R @ W
    f = np.where(inside, np.linalg.slogdet(sigma)[1] + np.trace(RW, axis1=1, axis2=2), np.inf)
    G = W - W @ RW
    w = (W @ loadings[:, :, None])[:, :, 0]
    gradient = np.concatenate([2 * (G @ loadings[:, :, None])[:, :, 0], np.diagonal(G, axis1=1, axis2=2)], axis=1)
    hessian = np.empty((len(R), 2 * k, 2 * k))
    hessian[:, :k, :k] = 2 * (w[:, :, None] * w[:, None, :] + (w * loadings).sum(axis=1)[:, None, None] * W)
    hessian[:, :k, k:] = 2 * W * w[:, None, :]
    hessian[:, k:, :k] = np.swapaxes(hessian[:, :k, k:], 1, 2)
    hessian[:, k:, k:] = W**2
    return f, gradient, hessian


def _solve(H: Array, g: Array) -> Array:
    ridge = 1e-12 * np.trace(H, axis1=1, axis2=2)[:, None, None] * np.eye(H.shape[-1])
    return np.linalg.solve(H + ridge, g[:, :, None])[:, :, 0]


def _halving(R: Array, theta: Array, f: Array, move: Array) -> Array:
    """Return the next points: the whole step, or as much of it as does not raise the discrepancy."""
    length = np.ones(len(R))
    for _ in range(30):
        trial = theta + length[:, None] * move
        worse = ~(_likelihood(R, trial)[0] <= f + 1e-14 * np.abs(f))
        if not worse.any():
            break
        length = np.where(worse, length / 2, length)
    return np.where(worse[:, None], theta, trial)


def _starts(R: Array, given: tuple[Array, Array] | None) -> Array:
    """Return where to begin: what was given, or the principal axis, halfway between its communalities and none."""
    if given is not None:
        return np.concatenate(given, axis=1)
    e, V = np.linalg.eigh(R)
    axis = V[:, :, -1] * np.sqrt(np.maximum(e[:, -1:] - 1, 0.1))
    loadings = np.clip(axis, -0.9, 0.9)
    return np.concatenate([loadings, 1 - loadings**2], axis=1)
