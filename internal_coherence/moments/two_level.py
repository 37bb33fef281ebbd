"""The two-level normal model: answers y = μ + b + w of teachers in schools, with B = cov b and W = cov w, both k × k.

A school of d teachers has d − 1 contrasts with covariance W and a mean, times √d, with covariance V = W + dB. So

    −2 log L = Nk log 2π + (N − J) log |W| + tr W⁻¹S + Σ J_d (log |V_d| + d tr V_d⁻¹M_d),

S the cross-products about the schools' own means, M_d the mean outer product about μ of the J_d schools of d teachers.

With W = LL', L⁻¹BL⁻ᵀ = QΛQ' and T = LQ, all of W = TT', B = TΛT' and V_d = T(I + dΛ)T' become diagonal at once. In the
coordinates of T the expected second derivatives fall apart into a 2 × 2 system for every pair of items: a step of
Fisher scoring costs some products of k × k matrices a distinct size, however many parameters and schools there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.two_level_sums import TwoLevelSums

Array = NDArray[np.float64]
LOG_2PI: Final = float(np.log(2 * np.pi))
MOST_STEPS: Final = 300
EDGE: Final = 1e-3
"""The least share of W that V may be in any direction: nearer to nought the likelihood can grow without bound."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoLevelPoint:
    """The likelihood at one (W, B), μ being the best there, and its derivatives in the coordinates of T.

    Parameters
    ----------
    W, B : (k, k) array
        Where.
    deviance : float
        −2 log L of all answers; infinite where some V is not positive definite, and then nothing else is of use.
    mean : (k,) array
        μ by generalised least squares.
    basis, inverse : (k, k) array
        T and T⁻¹.
    roots : (k,) array
        The diagonal of Λ: B's variances where W has 1.
    slope : (2, k, k) array
        Derivatives of the deviance by T⁻¹WT⁻ᵀ and by T⁻¹BT⁻ᵀ.
    curvature : (2, 2, k, k) array
        Expected second derivatives: those of one pair of items make a 2 × 2 matrix, other pairs do not come in.
    """

    W: Array
    B: Array
    deviance: float
    mean: Array
    basis: Array
    inverse: Array
    roots: Array
    slope: Array
    curvature: Array

    @property
    def gradient(self) -> Array:
        """The derivatives of the deviance by the entries of W and of B, (2, k, k)."""
        slopes: Array = self.inverse.T @ self.slope @ self.inverse
        return slopes

    def chained(self, dW: Array, dB: Array) -> tuple[Array, Array]:
        """Return the gradient and the expected second derivatives by the parameters of a model W(θ), B(θ).

        Parameters
        ----------
        dW, dB : (q, k, k) array
            Derivatives of W and of B by each of q parameters; symmetric.

        Returns
        -------
        (q,) array
        (q, q) array
        """
        q = len(dW)
        w, b = ((self.inverse @ d @ self.inverse.T).reshape(q, -1) for d in (dW, dB))
        slope, curve = self.slope.reshape(2, -1), self.curvature.reshape(2, 2, -1)
        hessian = w @ (curve[0, 0] * w + curve[0, 1] * b).T + b @ (curve[1, 0] * w + curve[1, 1] * b).T
        return w @ slope[0] + b @ slope[1], hessian


def two_level_point(sums: TwoLevelSums, W: Array, B: Array, edge: float = EDGE) -> TwoLevelPoint:
    """Return the likelihood of the two-level model and its derivatives.

    Parameters
    ----------
    sums : TwoLevelSums
        Of the answers.
    W, B : (k, k) array
        Covariances within and between schools; B may be indefinite as long as every W + dB is positive definite.
    edge : float
        By this share of W at least.

    Returns
    -------
    TwoLevelPoint
    """
    k, d, J = len(W), sums.size, sums.count
    try:
        L = np.linalg.cholesky(W)
        L_inverse = np.linalg.inv(L)
        roots, Q = np.linalg.eigh(L_inverse @ B @ L_inverse.T)
    except np.linalg.LinAlgError:
        return _outside(W, B)
    V = 1 + d[:, None] * roots
    if not V.min() > edge:
        return _outside(W, B)
    T_inverse = Q.T @ L_inverse
    m = sums.mean @ T_inverse.T
    weight = (d * J)[:, None] / V
    mu = (weight * m).sum(axis=0) / weight.sum(axis=0)
    apart = m - mu
    P = T_inverse @ sums.scatter @ T_inverse.T + J[:, None, None] * apart[:, :, None] * apart[:, None, :]
    P *= d[:, None, None]  # J_d d M_d
    S = T_inverse @ sums.within @ T_inverse.T
    deviance = (
        sums.n * (k * LOG_2PI + 2 * float(np.log(np.diag(L)).sum()))
        + float(J @ np.log(V).sum(axis=1))
        + float(np.trace(S))
        + float((np.diagonal(P, axis1=1, axis2=2) / V).sum())
    )
    U = 1 / (V[:, :, None] * V[:, None, :])
    R = -P * U
    R[:, np.arange(k), np.arange(k)] += J[:, None] / V
    slope = np.stack([(sums.n - J.sum()) * np.eye(k) - S + R.sum(axis=0), np.tensordot(d, R, 1)])
    ww, wb, bb = (np.tensordot(J * d**power, U, 1) for power in range(3))
    return TwoLevelPoint(
        W=W,
        B=B,
        deviance=deviance,
        mean=L @ Q @ mu,
        basis=L @ Q,
        inverse=T_inverse,
        roots=roots,
        slope=slope,
        curvature=np.array([[ww + sums.n - J.sum(), wb], [wb, bb]]),
    )


def _outside(W: Array, B: Array) -> TwoLevelPoint:
    k = len(W)
    nothing = np.full((2, 2, k, k), np.nan)
    return TwoLevelPoint(
        W=W,
        B=B,
        deviance=float("inf"),
        mean=nothing[0, 0, 0],
        basis=nothing[0, 0],
        inverse=nothing[0, 0],
        roots=nothing[0, 0, 0],
        slope=nothing[0],
        curvature=nothing,
    )


P = TypeVar("P")


def descend(
    point: P,
    height: Callable[[P], float],
    newton: Callable[[P], tuple[float, Callable[[float], P]]],
    *,
    tolerance: float,
    most_steps: int = MOST_STEPS,
) -> tuple[P, bool]:
    """Descend by Fisher scoring, halving steps that lead up.

    Parameters
    ----------
    point : P
        Where to begin.
    height : callable
        What is to be made small, −2 log L for instance.
    newton : callable
        From a point to g'H⁻¹g, about what a step takes off the height, and to the points along the step by its length.
    tolerance : float
        The g'H⁻¹g under which the height has its minimum.
    most_steps : int
        Then it is given up.

    Returns
    -------
    P
    bool
        Whether it is the minimum.
    """
    here = height(point)
    for _ in range(most_steps):
        decrement, along = newton(point)
        if 0 <= decrement < tolerance:
            return point, True
        most = here + 1e-13 * abs(here)
        trials = (along(0.5**halvings) for halvings in range(12))
        following = next((trial for trial in trials if height(trial) <= most), None)
        if following is None:
            return point, False
        point, here = following, height(following)
    return point, False
