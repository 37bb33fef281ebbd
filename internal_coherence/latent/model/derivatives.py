"""How Σ and μ change with each parameter, and what that makes of the gradient and the curvature of the likelihood.

Every derivative of Σ has rank two: with b_i the columns of B and c_j the rows of C,

    ∂Σ/∂A_ij = b_i c_j' + c_j b_i',     ∂Σ/∂S_ij = b_i b_j' + b_j b_i'  (half of it where i = j),
    ∂μ/∂A_ij = b_i η_j,                 ∂μ/∂m_i = b_i.

Written as u v' + v u', the columns u, v (and ∂μ) of all parameters are the matrices U, V (and M): columns of [B C'], half
of them where i = j. With W = Σ⁻¹, d the observed means less μ, S̃ = S + dd' and G = W − W S̃ W, the discrepancy
F = ½(log|Σ| + tr S̃W) has the gradient

    diag(U'GV) − M'Wd,

and its expectation the curvature (U'WU)∘(V'WV) + K∘K' + M'WM with K = U'WV: no matrix has more rows than parameters. All of
it is done at one point, or at a stack of points: (..., p, q) arrays have a point a layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.ram import Implied, Places
from internal_coherence.latent.model.symmetric import triangle

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """The derivatives by q parameters, at one point or at a stack of them.

    Parameters
    ----------
    U, V : (..., p, q) array
        ∂Σ = u v' + v u'; zero for a mean.
    M : (..., p, q) array
        ∂μ; zero for a covariance.
    """

    U: Array
    V: Array
    M: Array

    def jacobian(self) -> Array:
        """Return the derivatives of the p(p + 1)/2 different entries of Σ, row by row of its lower triangle.

        Returns
        -------
        (p(p + 1)/2, q) array
        """
        i, j = triangle(len(self.U))
        return self.U[i] * self.V[j] + self.V[i] * self.U[j]


def columns(at: Implied, places: Places) -> Columns:
    """Return the derivatives by the parameters that stand in some places.

    Parameters
    ----------
    at : Implied
        Where.
    places : Places
        Of q parameters, free ones or others.

    Returns
    -------
    Columns
    """
    both, k = at.beside, len(places.u)
    u, v = both.take(places.u, axis=-1), both.take(places.v, axis=-1) * places.halves
    if len(places) == k and not at.has_means:
        return Columns(U=u, V=v, M=np.zeros_like(u))
    U, V, M = np.zeros((3, *both.shape[:-1], len(places)))
    U[..., :k], V[..., :k], n_a = u, v, places.n_a
    M[..., :n_a] = U[..., :n_a] * at.eta[..., None, places.a_col]
    M[..., k:] = both.take(places.m_row, axis=-1)
    return Columns(U=U, V=V, M=M)


def products(at: Implied, W: Array) -> Array:
    """Return the products of these columns, [B C']'W[B C'].

    Parameters
    ----------
    at : Implied
        Where.
    W : (..., p, p) array
        A weight.

    Returns
    -------
    (..., 2t, 2t) array
    """
    both = at.beside
    found: Array = both.mT @ W @ both
    return found


def gradient(c: Columns, G: Array, y: Array) -> Array:
    """Return the derivatives of a discrepancy, diag(U'GV) − M'y.

    Parameters
    ----------
    c : Columns
        Of q parameters.
    G : (..., p, p) array
        Its derivatives by Σ.
    y : (..., p) array
        Those by μ, their sign turned: Wd.

    Returns
    -------
    (..., q) array
    """
    slope: Array = np.einsum("...pq,...pq->...q", c.U, G @ c.V) - np.vecmat(y, c.M)
    return slope


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gram:
    """U'WU, V'WV and U'WV of the k arrows and covariances, for one weight W: a choice of the products of [B C']."""

    UU: Array
    VV: Array
    UV: Array

    @classmethod
    def of(cls, P: Array, places: Places) -> Gram:
        """Take those of the columns that stand in some places."""
        u, v, halves = places.u, places.v, places.halves
        from_u, from_v = P.take(u, axis=-2), P.take(v, axis=-2)
        return cls(
            UU=from_u.take(u, axis=-1),
            VV=from_v.take(v, axis=-1) * (halves[:, None] * halves),
            UV=from_u.take(v, axis=-1) * halves,
        )


def expected_information(at: Implied, places: Places, c: Columns, W: Array) -> Array:
    """Return the expected curvature of the discrepancy, an observation.

    Parameters
    ----------
    at : Implied
        Where.
    places, c : Places, Columns
        Of q parameters.
    W : (..., p, p) array
        Σ⁻¹, or what stands for it.

    Returns
    -------
    (..., q, q) array
    """
    g = Gram.of(products(at, W), places)
    return _with_means(g.UU * g.VV + g.UV * g.UV.mT, c, W)


def _with_means(H: Array, c: Columns, W: Array) -> Array:
    """Return the curvature of arrows and covariances, with that which all parameters have by the means."""
    k = H.shape[-1]
    if not c.M.any():
        return H
    whole: Array = c.M.mT @ (W @ c.M)
    whole[..., :k, :k] += H
    return whole


def observed_information(at: Implied, places: Places, c: Columns, W: Array, G: Array, y: Array) -> Array:
    """Return the curvature of the discrepancy itself, an observation: its Hessian.

    Parameters
    ----------
    at : Implied
        Where.
    places, c : Places, Columns
        Of q parameters.
    W, G : (..., p, p) array
        Σ⁻¹, and the derivatives of the discrepancy by Σ, W − W S̃ W: 0 where the model fits, and the expected curvature is left.
    y : (..., p) array
        Wd.

    Returns
    -------
    (..., q, q) array
    """
    of_W, of_G = products(at, W), products(at, G)
    w, g = Gram.of(of_W, places), Gram.of(of_G, places)
    K = w.UV.mT
    turned = K * g.UV
    misfit = w.UU * g.VV + g.UU * w.VV + turned + turned.mT
    H = _with_means(w.UU * w.VV + K * w.UV - misfit, c, W)
    if y.any() and c.M.any():
        WM = W @ c.M
        P = np.vecmat(y, c.U)[..., None] * (c.V.mT @ WM) + np.vecmat(y, c.V)[..., None] * (c.U.mT @ WM)
        H += P + P.mT
    return H + second_derivative_part(at, places, of_G, y)


def second_derivative_part(at: Implied, places: Places, P: Array, y: Array) -> Array:
    """Return what second derivatives give of the curvature: ½ tr(G ∂²Σ) − y'∂²μ, linear in G and y.

    Parameters
    ----------
    at : Implied
        Where.
    places : Places
        Of q parameters.
    P : (..., 2t, 2t) array
        The products of [B C'] by G = W − R.
    y : (..., p) array
        Wd.

    Returns
    -------
    (..., q, q) array
    """
    i, j, r, s, h = places.a_row, places.a_col, places.s_row, places.s_col, places.m_row
    t, n_a, both = places.n_variables, places.n_a, places.n_a + places.n_s
    from_origin, at_ends = at.E.take(j, axis=-2), P[..., :t, :t].take(i, axis=-2)
    D = np.zeros((*y.shape[:-1], len(places), len(places)))
    # Two arrows: Σ bends by the way through both, either first, and by what their origins have in common.
    pull = P[..., :t, t:].take(i, axis=-2).take(j, axis=-1)
    if y.any():
        By = np.vecmat(y, at.B).take(i, axis=-1)[..., None]
        pull -= By * at.eta.take(j, axis=-1)[..., None, :]
        D[..., :n_a, both:] = -By * from_origin.take(h, axis=-1)
        D[..., both:, :n_a] = D[..., :n_a, both:].mT
    through = from_origin.take(i, axis=-1) * pull
    origins = at.omega.take(j, axis=-2).take(j, axis=-1)
    D[..., :n_a, :n_a] = through + through.mT + origins * at_ends.take(i, axis=-1)
    mixed = from_origin.take(r, axis=-1) * at_ends.take(s, axis=-1)
    mixed += from_origin.take(s, axis=-1) * at_ends.take(r, axis=-1)
    D[..., :n_a, n_a:both] = mixed * places.half
    D[..., n_a:both, :n_a] = D[..., :n_a, n_a:both].mT
    return D


def casewise_scores(D: Array, W: Array, at: Implied, places: Places, has: Integers) -> Array:
    """Return the derivatives of each row's log-likelihood.

    Parameters
    ----------
    D : (n, h) array
        Complete rows of h of the variables, less their means as implied or as observed.
    W : (h, h) array
        The inverse of Σ over these variables.
    at : Implied
        Where.
    places : Places
        Of q parameters.
    has : (h,) array of int
        Which variables these are.

    Returns
    -------
    (q, n) array
        With Y = WD', (U'Y)∘(V'Y) − diag(U'WV) + M'Y; the columns of U, V and M are those of B and C', so that only these are
        multiplied.
    """
    B, C = at.B[has], at.C[:, has]
    n_a, n_s = places.n_a, places.n_s
    Y = W @ D.T
    BY, CY = B.T @ Y, C @ Y
    WB = W @ B
    CWB, BWB = C @ WB, B.T @ WB
    scores = np.empty((len(places), len(D)))
    arrows, covariances, means = scores[:n_a], scores[n_a : n_a + n_s], scores[n_a + n_s :]
    if at.has_means:  # an arrow from a variable that has a mean moves μ too
        CY = CY + at.eta[:, None]
    np.multiply(BY[places.a_row], CY[places.a_col], out=arrows)
    arrows -= CWB[places.a_col, places.a_row][:, None]
    np.multiply(BY[places.s_row], BY[places.s_col], out=covariances)
    covariances -= BWB[places.s_row, places.s_col][:, None]
    covariances *= places.half[:, None]
    means[:] = BY[places.m_row]
    return scores
