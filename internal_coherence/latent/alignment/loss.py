"""The alignment loss of one factor: what differences of loadings and intercepts between groups cost, and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def component_loss(x: Array, epsilon: float) -> Array:
    """Return f(x) = (x² + ε)^¼ of Asparouhov & Muthén (2014).

    Parameters
    ----------
    x : array
        Differences between groups.
    epsilon : float
        ε, which rounds the kink at 0.

    Returns
    -------
    array
        Nearly √|x|: one large difference costs less than many small ones of the same sum.
    """
    found: Array = np.sqrt(np.sqrt(x * x + epsilon))
    return found


def component_slopes(x: Array, epsilon: float) -> tuple[Array, Array]:
    """Return f′ and f″.

    Parameters
    ----------
    x : array
        Differences between groups.
    epsilon : float
        ε.

    Returns
    -------
    array, array
    """
    q = x * x + epsilon
    root = np.sqrt(np.sqrt(q)) / q
    return 0.5 * x * root, 0.5 * (epsilon - 0.5 * x * x) * root / q


def pair_weights(sizes: Array) -> Array:
    """Return √(N_g N_h) for every two groups, 0 on the diagonal.

    Parameters
    ----------
    sizes : (G,) array
        Rows of each group.

    Returns
    -------
    (G, G) array
    """
    root = np.sqrt(sizes)
    W: Array = np.outer(root, root)
    np.fill_diagonal(W, 0.0)
    return W


@dataclass(frozen=True, eq=False)
class AlignmentLoss:
    """F = Σ_p Σ_{g<h} w_gh [f(λ_gp − λ_hp) + f(ν_gp − ν_hp)] as a function of factor means α and log standard deviations t = ½ log ψ.

    With λ⁰ and ν⁰ the configural model's, λ_gp = λ⁰_gp e^{−t_g} and ν_gp = ν⁰_gp − α_g λ_gp.

    Parameters
    ----------
    loadings, intercepts : (P, G) array
        λ⁰ and ν⁰, items by groups.
    weights : (G, G) array
        w, symmetric with 0 on the diagonal.
    epsilon : float
        ε.
    """

    loadings: Array
    intercepts: Array
    weights: Array
    epsilon: float

    @property
    def n_groups(self) -> int:
        """G."""
        return len(self.weights)

    def with_epsilon(self, epsilon: float) -> AlignmentLoss:
        """Return the loss with another ε.

        Parameters
        ----------
        epsilon : float
            ε.

        Returns
        -------
        AlignmentLoss
        """
        return replace(self, epsilon=epsilon)

    def aligned(self, y: Array) -> tuple[Array, Array]:
        """Return λ and ν.

        Parameters
        ----------
        y : (2G,) array
            α, then t.

        Returns
        -------
        (P, G) array, (P, G) array
        """
        alpha, t = np.split(y, 2)
        lam = self.loadings * np.exp(-t)
        return lam, self.intercepts - alpha * lam

    def contributions(self, y: Array) -> tuple[Array, Array]:
        """Return what each item's loadings and intercepts add to F.

        Parameters
        ----------
        y : (2G,) array
            α, then t.

        Returns
        -------
        (P,) array, (P,) array
        """
        costs = [component_loss(a[:, :, None] - a[:, None, :], self.epsilon) for a in self.aligned(y)]
        lam, nu = (0.5 * np.einsum("pgh,gh->p", cost, self.weights) for cost in costs)
        return lam, nu

    def value(self, y: Array) -> float:
        """Return F.

        Parameters
        ----------
        y : (2G,) array
            α, then t.

        Returns
        -------
        float
        """
        lam, nu = self.contributions(y)
        return float(lam.sum() + nu.sum())

    def _curved(self, a: Array) -> tuple[Array, Array]:
        """Return the gradient (P, G) and Hessian (P, G, G) of one kind's loss by its aligned parameters."""
        first, second = component_slopes(a[:, :, None] - a[:, None, :], self.epsilon)
        second *= self.weights
        K = -second
        diagonal = np.arange(self.n_groups)
        K[:, diagonal, diagonal] = second.sum(axis=2)
        return np.einsum("pgh,gh->pg", first, self.weights), K

    def derivatives(self, y: Array) -> tuple[Array, Array]:
        """Return the gradient and the Hessian of F.

        Parameters
        ----------
        y : (2G,) array
            α, then t.

        Returns
        -------
        (2G,) array, (2G, 2G) array
        """
        G, alpha = self.n_groups, y[: self.n_groups]
        lam, nu = self.aligned(y)
        (g_lam, K_lam), (g_nu, K_nu) = self._curved(lam), self._curved(nu)
        M_nu = np.einsum("pg,ph,pgh->gh", lam, lam, K_nu)
        M_lam = np.einsum("pg,ph,pgh->gh", lam, lam, K_lam)
        slope_nu, slope_lam = (g_nu * lam).sum(axis=0), (g_lam * lam).sum(axis=0)
        H = np.empty((2 * G, 2 * G))
        H[:G, :G] = M_nu
        H[:G, G:] = -M_nu * alpha + np.diag(slope_nu)
        H[G:, :G] = H[:G, G:].T
        H[G:, G:] = M_lam + np.outer(alpha, alpha) * M_nu + np.diag(slope_lam - alpha * slope_nu)
        return np.concatenate([-slope_nu, alpha * slope_nu - slope_lam]), H

    def mixed_derivatives(self, y: Array) -> Array:
        """Return how the gradient changes with the configural model's parameters.

        Parameters
        ----------
        y : (2G,) array
            α, then t.

        Returns
        -------
        (2G, G, 2P) array
            By group, λ⁰ of its items and then ν⁰.
        """
        G, P = self.n_groups, len(self.loadings)
        alpha, t = np.split(y, 2)
        u = np.exp(-t)
        lam, nu = self.aligned(y)
        (g_lam, K_lam), (g_nu, K_nu) = self._curved(lam), self._curved(nu)
        C = np.zeros((2 * G, G, 2 * P))
        by_nu = np.einsum("pg,pgh->ghp", lam, K_nu)
        by_lam = np.einsum("pg,pgh->ghp", lam, K_lam)
        own = np.arange(G)
        C[:G, :, P:] = -by_nu
        C[:G, :, :P] = by_nu * (alpha * u)[:, None]
        C[own, own, :P] -= (g_nu * u).T
        C[G:, :, P:] = alpha[:, None, None] * by_nu
        C[G:, :, :P] = -by_lam * u[:, None] - alpha[:, None, None] * by_nu * (alpha * u)[:, None]
        C[G + own, own, :P] += (u * (alpha * g_nu - g_lam)).T
        return C
