"""What would be gained by freeing what is fixed, or by parting what is held equal: score tests.

At the estimates the gradient vanishes along all that is free. Along a new direction it does not, and how far the model
would go there tells how χ² would fall. With g the gradient and I the information of all parameters, new ones included, and Z a
basis of the directions that would be free,

    MI = N g'Z (Z'IZ)⁻¹ Z'g,     expected change = −Z (Z'IZ)⁻¹ Z'g     (Sörbom 1989; Saris, Satorra & Sörbom 1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.estimation.fiml import curvature_of_patterns, pull_of_patterns, saturated_information
from internal_coherence.latent.estimation.scoring import null_space, solve
from internal_coherence.latent.estimation.weighted import jacobian, misfit
from internal_coherence.latent.model.derivatives import (
    columns,
    expected_information,
    gradient,
)
from internal_coherence.latent.model.ram import Implied, Places, inverse
from internal_coherence.latent.sample import shares
from internal_coherence.latent.solving import Fitted

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gain:
    """What freeing single parameters would do.

    Parameters
    ----------
    statistic : (k,) array
        By how much χ² would fall, about.
    change : (k,) array
        From its fixed value, about.
    """

    statistic: Array
    change: Array


def gains(fitted: Fitted, g: int, candidates: Places) -> Gain:
    """Return what freeing single parameters of one group would do.

    Parameters
    ----------
    fitted : Fitted
        A solved model.
    g : int
        The group.
    candidates : Places
        Where the k parameters stand that are fixed now.

    Returns
    -------
    Gain
    """
    p = fitted.problem
    ram, share = p.rams[g], float(shares(p.samples)[g])
    at = fitted.implied[g]
    both = _together(ram.free, candidates)
    slope, information = _curvature(fitted, g, at, both.places)
    own = ram.free.parameter
    whole = fitted.expected
    bread = fitted.inverted(whole)
    mixed = share * information[np.ix_(both.new, both.kept)]
    left = share * np.diag(information)[both.new] - np.einsum("kq,qr,kr->k", mixed, bread[np.ix_(own, own)], mixed)
    gradient = share * slope[both.new]
    with np.errstate(divide="ignore", invalid="ignore"):
        # What is left of a candidate that the free ones can stand in for is rounding.
        usable = left > 1e-8 * share * np.diag(information)[both.new]
        statistic = np.where(usable, p.n * gradient**2 / left, np.nan)
        change = np.where(usable, -gradient / left, np.nan)
    return Gain(statistic=statistic, change=change)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Together:
    """Free parameters and candidates as places in one order, and which is which."""

    places: Places
    kept: NDArray[np.intp]
    new: NDArray[np.intp]


def _together(free: Places, new: Places) -> _Together:
    a, s = free.n_a + new.n_a, free.n_s + new.n_s
    m0, m1 = len(free.m_row), len(new.m_row)
    kept = np.concatenate([np.arange(free.n_a), a + np.arange(free.n_s), a + s + np.arange(m0)])
    added = np.concatenate(
        [free.n_a + np.arange(new.n_a), a + free.n_s + np.arange(new.n_s), a + s + m0 + np.arange(m1)]
    )
    places = Places(
        a_row=np.concatenate([free.a_row, new.a_row]),
        a_col=np.concatenate([free.a_col, new.a_col]),
        s_row=np.concatenate([free.s_row, new.s_row]),
        s_col=np.concatenate([free.s_col, new.s_col]),
        m_row=np.concatenate([free.m_row, new.m_row]),
        parameter=np.arange(a + s + m0 + m1),
        n_variables=free.n_variables,
    )
    return _Together(places=places, kept=kept, new=added)


def _curvature(fitted: Fitted, g: int, at: Implied, places: Places) -> tuple[Array, Array]:
    """Return the gradient and the information of one group by the parameters in some places."""
    p = fitted.problem
    sample, c = p.samples[g], columns(at, places)
    if p.missing:
        saturated = saturated_information(sample, at.sigma, at.mu, observed=False)
        H = curvature_of_patterns(at, places, sample, saturated, observed=False)
        return gradient(c, *pull_of_patterns(sample, at)), H
    d = sample.mean - at.mu if p.rams[g].has_means else np.zeros(sample.p)
    kind = p.estimator.discrepancy
    if kind in ("WLS", "DWLS", "ULS"):
        means = p.rams[g].has_means
        J, V, e = jacobian(c, means=means), p.weight(g), misfit(sample, at, means=means)
        return -(J.T @ (V @ e)), J.T @ V @ J
    W = inverse(sample.cov if kind == "GLS" else at.sigma)
    y = W @ d
    G = W @ (at.sigma - sample.cov) @ W
    if kind == "ML":
        G -= np.outer(y, y)
    return gradient(c, G, y), expected_information(at, places, c, W)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parting:
    """What parting equalities would do, from one decomposition for all of them.

    With J the Jacobian of the m constraints, J D = I and Z a basis of what they leave free, giving up the constraints in k adds
    the directions D_k to Z. Along Z the gradient vanishes, so that with R = I − I Z (Z'IZ)⁻¹ Z'I

        T = N (D_k'g)' (D_k'R D_k)⁻¹ D_k'g,     expected change = −(D_k'R D_k)⁻¹ D_k'g.

    Parameters
    ----------
    pull : (m,) array
        D'g.
    curvature : (m, m) array
        D'R D; NaN where a constraint follows from others, so that giving it up frees nothing.
    n : float
        N.
    """

    pull: Array
    curvature: Array
    n: float

    @classmethod
    def of(cls, fitted: Fitted, J: Array) -> Parting:
        """Set out from a solved model and the (m, Q) Jacobian of its constraints."""
        Z, D = null_space(J), np.linalg.pinv(J)
        information = fitted.expected
        ID = information @ D
        ZID = Z.T @ ID
        curvature = np.asarray(D.T @ ID - ZID.T @ np.linalg.solve(Z.T @ information @ Z, ZID), dtype=np.float64)
        idle = np.abs(J @ D - np.eye(len(J))).max(axis=1) > 1e-8
        curvature[idle] = curvature[:, idle] = np.nan
        return cls(pull=D.T @ fitted.solution.point.gradient, curvature=curvature, n=fitted.problem.n)

    def statistic(self, released: Sequence[int]) -> float:
        """Return the score test of giving up some constraints, the others kept: χ² with as many degrees of freedom."""
        k = np.array(released)
        H = self.curvature[k[:, None], k]
        return self.n * float(self.pull[k] @ solve(H, self.pull[k])) if np.isfinite(H).all() else float("nan")

    def alone(self) -> tuple[Array, Array]:
        """Return of each constraint, given up alone, the statistic and by how much its sides would part: (m,), (m,)."""
        own = self.curvature.diagonal()
        change: Array = np.where(own > 1e-12, -self.pull / np.where(own > 1e-12, own, 1.0), np.nan)
        return -self.n * self.pull * change, change


def wald(vcov: Array, residual: Array, J: Array) -> tuple[float, int]:
    """Return Wald's test that some functions of the estimates are 0.

    Parameters
    ----------
    vcov : (Q, Q) array
        Covariances of the estimates.
    residual : (m,) array
        The functions at the estimates.
    J : (m, Q) array
        Their derivatives.

    Returns
    -------
    float
        χ².
    int
        Its degrees of freedom.

    Raises
    ------
    ModelError
        If the functions follow from each other, or are held by the model.
    """
    covariance = J @ vcov @ J.T
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    if not (sd > 0).all() or np.linalg.matrix_rank(covariance / np.outer(sd, sd), tol=1e-8) < len(J):
        raise ModelError(
            "these equations follow from each other, or from what the model holds equal; leave out what is said twice"
        )
    return float(residual @ np.linalg.solve(J @ vcov @ J.T, residual)), len(J)
