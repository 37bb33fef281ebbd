"""How Σ and μ change with each parameter, and what that makes of the gradient and the curvature of the likelihood.

Every derivative of Σ has rank two: with b_i the columns of B and c_j the rows of C,

    ∂Σ/∂A_ij = b_i c_j' + c_j b_i',     ∂Σ/∂S_ij = b_i b_j' + b_j b_i'  (half of it where i = j),
    ∂μ/∂A_ij = b_i η_j,                 ∂μ/∂m_i = b_i.

Written as u v' + v u', the columns u, v (and ∂μ) of all parameters are the matrices U, V (and M). With W = Σ⁻¹, d the
observed means less μ, S̃ = S + dd' and G = W − W S̃ W, the discrepancy F = ½(log|Σ| + tr S̃W) has the gradient

    diag(U'GV) − M'Wd,

and its expectation the curvature (U'WU)∘(V'WV) + K∘K' + M'WM with K = U'WV: no matrix has more rows than parameters.
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
    """The derivatives by q parameters.

    Parameters
    ----------
    U, V : (p, q) array
        ∂Σ = u v' + v u'; zero for a mean.
    M : (p, q) array
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
    B, C, eta = at.B, at.C, at.eta
    n_a, both = places.n_a, places.n_a + places.n_s
    U, V, M = np.zeros((3, len(B), len(places)))
    U[:, :n_a], U[:, n_a:both] = B[:, places.a_row], B[:, places.s_row]
    V[:, :n_a], V[:, n_a:both] = C[places.a_col].T, B[:, places.s_col] * places.half
    if len(places) > both or eta.any():
        M[:, :n_a], M[:, both:] = U[:, :n_a] * eta[places.a_col], B[:, places.m_row]
    return Columns(U=U, V=V, M=M)


def gradient(c: Columns, G: Array, y: Array) -> Array:
    """Return the derivatives of a discrepancy, diag(U'GV) − M'y.

    Parameters
    ----------
    c : Columns
        Of q parameters.
    G : (p, p) array
        Its derivatives by Σ.
    y : (p,) array
        Those by μ, their sign turned: Wd.

    Returns
    -------
    (q,) array
    """
    slope: Array = np.einsum("pq,pq->q", c.U, G @ c.V) - c.M.T @ y
    return slope


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gram:
    """U'WU, V'WV and U'WV of the k arrows and covariances, for one weight W.

    The columns of U and V are columns of B and C', so that what is multiplied has no more rows than there are variables,
    and all else is a choice of its entries.
    """

    UU: Array
    VV: Array
    UV: Array

    @classmethod
    def of(cls, at: Implied, places: Places, W: Array) -> Gram:
        """Take the products of the columns that stand in some places."""
        B, C, n_a, half = at.B, at.C, places.n_a, places.half
        WB = W @ B
        BB, CB, CC = B.T @ WB, C @ WB, C @ (W @ C.T)
        first = np.concatenate([places.a_row, places.s_row])
        k = len(first)
        UV, VV = np.empty((k, k)), np.empty((k, k))
        from_arrow, from_covariance = CB[places.a_col], BB[places.s_col] * half[:, None]
        UV[:, :n_a], UV[:, n_a:] = from_arrow[:, first].T, from_covariance[:, first].T
        VV[:n_a, :n_a] = CC[places.a_col][:, places.a_col]
        VV[n_a:, n_a:] = from_covariance[:, places.s_col] * half
        VV[:n_a, n_a:] = from_arrow[:, places.s_col] * half
        VV[n_a:, :n_a] = VV[:n_a, n_a:].T
        return cls(UU=BB[first][:, first], VV=VV, UV=UV)


def expected_information(at: Implied, places: Places, c: Columns, W: Array) -> Array:
    """Return the expected curvature of the discrepancy, an observation.

    Parameters
    ----------
    at : Implied
        Where.
    places, c : Places, Columns
        Of q parameters.
    W : (p, p) array
        Σ⁻¹, or what stands for it.

    Returns
    -------
    (q, q) array
    """
    g = Gram.of(at, places, W)
    return _with_means(g.UU * g.VV + g.UV * g.UV.T, c, W)


def _with_means(H: Array, c: Columns, W: Array) -> Array:
    """Return the curvature of arrows and covariances, with that which all parameters have by the means."""
    k = len(H)
    if not c.M.any():
        return H
    whole: Array = c.M.T @ (W @ c.M)
    whole[:k, :k] += H
    return whole


def observed_information(at: Implied, places: Places, c: Columns, W: Array, S: Array, d: Array) -> Array:
    """Return the curvature of the discrepancy itself, an observation: its Hessian.

    Parameters
    ----------
    at : Implied
        Where.
    places, c : Places, Columns
        Of q parameters.
    W, S : (p, p) array
        Σ⁻¹, and the observed covariances.
    d : (p,) array
        The observed means less μ.

    Returns
    -------
    (q, q) array
    """
    y = W @ d
    R = W @ S @ W + y[:, None] * y
    w, r = Gram.of(at, places, W), Gram.of(at, places, R)
    mixed = w.UV.T * r.UV
    H = _with_means(w.UU * (r.VV - w.VV) + r.UU * w.VV - w.UV * w.UV.T + mixed + mixed.T, c, W)
    if y.any() and c.M.any():
        WM = W @ c.M
        P = (c.U.T @ y)[:, None] * (c.V.T @ WM) + (c.V.T @ y)[:, None] * (c.U.T @ WM)
        H += P + P.T
    return H + second_derivative_part(at, places, W - R, y)


def second_derivative_part(at: Implied, places: Places, G: Array, y: Array) -> Array:
    """Return what second derivatives give of the curvature: ½ tr(G ∂²Σ) − y'∂²μ, linear in G and y.

    Parameters
    ----------
    at : Implied
        Where.
    places : Places
        Of q parameters.
    G : (p, p) array
        W − R.
    y : (p,) array
        Wd.

    Returns
    -------
    (q, q) array
    """
    i, j, r, s, h = places.a_row, places.a_col, places.s_row, places.s_col, places.m_row
    BGC, BGB, By = at.B.T @ G @ at.C.T, at.B.T @ G @ at.B, at.B.T @ y
    E, eta = at.E, at.eta
    n_a, n_s = places.n_a, places.n_s
    D = np.zeros((len(places), len(places)))
    # Two arrows: Σ bends by the way through both, either first, and by what their origins have in common.
    across, down = i[:, None], j[:, None]
    both = E[down, i] * (BGC[across, j] - By[across] * eta[j])
    D[:n_a, :n_a] = both + both.T + at.omega[down, j] * BGB[across, i]
    mixed = (E[down, r] * BGB[across, s] + E[down, s] * BGB[across, r]) * places.half
    D[:n_a, n_a : n_a + n_s] = mixed
    D[n_a : n_a + n_s, :n_a] = mixed.T
    shift = -By[across] * E[down, h]
    D[:n_a, n_a + n_s :] = shift
    D[n_a + n_s :, :n_a] = shift.T
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
    if at.eta.any():  # an arrow from a variable that has a mean moves μ too
        CY = CY + at.eta[:, None]
    np.multiply(BY[places.a_row], CY[places.a_col], out=arrows)
    arrows -= CWB[places.a_col, places.a_row][:, None]
    np.multiply(BY[places.s_row], BY[places.s_col], out=covariances)
    covariances -= BWB[places.s_row, places.s_col][:, None]
    covariances *= places.half[:, None]
    means[:] = BY[places.m_row]
    return scores
