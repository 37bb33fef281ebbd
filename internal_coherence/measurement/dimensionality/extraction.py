"""Extracting factors from a correlation matrix: minimum residuals and maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array, Array]]
HEYWOOD: Final = 0.005
"""No uniqueness is let below this, as in factanal and psych: beyond it lie Heywood cases."""
SINGULAR: Final = 1e-10
"""A smallest eigenvalue of the correlations at or below this is none: some item is a sum of others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extraction:
    """Unrotated factors.

    Parameters
    ----------
    loadings : (p, m) array
        Uncorrelated factors in their principal (minres) or canonical (maximum likelihood) order, each turned so that
        its loadings sum to 0 or more.
    uniquenesses : (p,) array
        Not below .005.
    objective : float
        What was minimised: half the squared residuals, or the likelihood's ``log |Σ| + tr(RΣ⁻¹) − log |R| − p``.
    converged : bool
        Whether the gradient fell below the tolerance.
    iterations : int
        Newton steps.
    """

    loadings: Array
    uniquenesses: Array
    objective: float
    converged: bool
    iterations: int

    @property
    def improper(self) -> NDArray[np.bool_]:
        """The items, as a (p,) mask, whose uniqueness rests on its bound: Heywood cases."""
        return self.uniquenesses <= HEYWOOD * (1 + 1e-9)


def minres(R: Array, n_factors: int, *, tolerance: float = 1e-9) -> Extraction:
    """Extract factors that leave the smallest residual correlations.

    Parameters
    ----------
    R : (p, p) array
        Correlations; it need not be positive definite.
    n_factors : int
        m, below p.
    tolerance : float
        Of the largest element of the gradient.

    Returns
    -------
    Extraction

    Notes
    -----
    Least squares concentrated on the uniquenesses (Jöreskog 1977), which at a proper solution is Harman & Jones's
    (1966) minres. For any Ψ the loadings are the m largest principal axes of R − Ψ.
    """
    psi, f, steps, converged = _best(
        lambda psi: least_squares(R, psi, n_factors), _start(R, n_factors), np.full(len(R), 0.5), HEYWOOD, tolerance
    )
    e, V = np.linalg.eigh(R - np.diag(psi))
    return _extraction(V, np.sqrt(np.maximum(e, 0)), n_factors, psi, f, converged, steps)


def maximum_likelihood(R: Array, n_factors: int, *, tolerance: float = 1e-9) -> Extraction:
    """Extract factors by maximum likelihood.

    Parameters
    ----------
    R : (p, p) array
        Correlations, positive definite.
    n_factors : int
        m, below p.
    tolerance : float
        Of the largest element of the gradient by log Ψ.

    Returns
    -------
    Extraction

    Raises
    ------
    ModelError
        If R is not positive definite.

    Notes
    -----
    Jöreskog (1967), Lawley & Maxwell (1971): the likelihood concentrated on the uniquenesses, over their logarithms.
    """
    if np.linalg.eigvalsh(R)[0] <= SINGULAR:
        raise ModelError(
            "maximum likelihood needs a positive definite correlation matrix; extraction='minres' does not"
        )
    start, other = np.log(_start(R, n_factors)), np.full(len(R), np.log(0.5))
    x, f, steps, converged = _best(lambda x: likelihood(R, x, n_factors), start, other, np.log(HEYWOOD), tolerance)
    root = np.exp(x / 2)
    theta, W = np.linalg.eigh(R / np.outer(root, root))
    return _extraction(
        root[:, None] * W, np.sqrt(np.maximum(theta - 1, 0)), n_factors, np.exp(x), f, converged, steps
    )  # fmt: skip


def least_squares(R: Array, psi: Array, m: int) -> tuple[float, Array, Array]:
    """Return half the squares of the residuals R − Ψ − ΛΛ' at the best Λ, with gradient and Hessian by ψ.

    Parameters
    ----------
    R : (p, p) array
    psi : (p,) array
    m : int

    Returns
    -------
    float, (p,) array, (p, p) array
    """
    e, V = np.linalg.eigh(R - np.diag(psi))
    k = len(R) - m
    residual, kept = e[:k], e[k:]
    V2, V1 = V[:, :k], V[:, k:]
    C = _ratio(-residual[:, None], kept - residual[:, None])
    return float(residual @ residual) / 2, -(V2**2) @ residual, (V2 @ V2.T) ** 2 + 2 * _coupled(V2, V1, C)


def likelihood(R: Array, x: Array, m: int) -> tuple[float, Array, Array]:
    """Return the discrepancy of the likelihood at the best Λ, with gradient and Hessian by x = log ψ.

    Parameters
    ----------
    R : (p, p) array
    x : (p,) array
    m : int

    Returns
    -------
    float, (p,) array, (p, p) array
    """
    root = np.exp(x / 2)
    theta, W = np.linalg.eigh(R / np.outer(root, root))
    k = len(R) - m
    t, kept = theta[:k], theta[k:]
    W2, W1 = W[:, :k], W[:, k:]
    C = _ratio((1 - t)[:, None] * (kept + t[:, None]), kept - t[:, None])
    H = ((W2 * t) @ W2.T) * (W2 @ W2.T) + _coupled(W2, W1, C)
    return float((t - 1 - np.log1p(t - 1)).sum()), W2**2 @ (1 - t), H


def _ratio(numerator: Array, gap: Array) -> Array:
    """Return the ratio, 0 where the gap between two eigenvalues is closed and there is no second derivative."""
    shape = np.broadcast_shapes(numerator.shape, gap.shape)
    ratio: Array = np.divide(numerator, gap, out=np.zeros(shape), where=gap > 0)
    return ratio


def _coupled(V2: Array, V1: Array, C: Array) -> Array:
    """Return Σ c_kl v_ik v_jk v_il v_jl over the residual axes k and the kept axes l."""
    outer = V1.T[:, :, None] * V1.T[:, None, :]
    coupled: Array = (outer * ((V2 * C.T[:, None, :]) @ V2.T)).sum(axis=0)
    return coupled


def _start(R: Array, m: int) -> Array:
    """Return Jöreskog's start, somewhat below one minus the squared multiple correlations."""
    p = len(R)
    if np.linalg.eigvalsh(R)[0] <= SINGULAR:
        return np.full(p, 0.5)
    start: Array = np.clip((1 - m / (2 * p)) / np.diag(np.linalg.inv(R)), HEYWOOD, 1.0)
    return start


def _extraction(
    V: Array, scale: Array, m: int, psi: Array, f: float, converged: bool, steps: int
) -> Extraction:  # fmt: skip
    L = (V * scale)[:, ::-1][:, :m]
    L = L * np.where(L.sum(axis=0) < 0, -1.0, 1.0)
    return Extraction(loadings=L, uniquenesses=psi, objective=f, converged=converged, iterations=steps)


def _best(
    objective: Objective, start: Array, other: Array, lowest: float, tolerance: float
) -> tuple[Array, float, int, bool]:
    """Minimise from one start and, where that ends on the bound, from another: there may be several minima."""
    found = _minimise(objective, start, lowest, tolerance)
    if (found[0] > lowest + 1e-6).all():
        return found
    again = _minimise(objective, other, lowest, tolerance)
    return again if again[3] and (again[1] < found[1] - 1e-9 or not found[3]) else found


def _minimise(
    objective: Objective, x: Array, lowest: float, tolerance: float, most: int = 200
) -> tuple[Array, float, int, bool]:
    """Minimise above a bound by Newton's steps, with directions of negative curvature turned round."""
    f, g, H = objective(x)
    for step in range(most):
        free = (x > lowest) | (g < 0)
        if np.abs(g[free]).max(initial=0) < tolerance:
            return x, f, step, True
        w, V = np.linalg.eigh(H[np.ix_(free, free)])
        w = np.maximum(np.abs(w), 1e-8 * np.abs(w).max())
        direction = np.zeros_like(x)
        direction[free] = -V @ ((V.T @ g[free]) / w)
        direction /= max(1.0, np.abs(direction).max())
        for halving in range(40):
            new = np.maximum(x + direction / 2**halving, lowest)
            f_new, g_new, H_new = objective(new)
            if f_new <= f + 1e-4 * g @ (new - x) + 1e-13 * (1 + abs(f)):  # the last term: rounding
                break
        x, f, g, H = new, f_new, g_new, H_new
    return x, f, most, False
