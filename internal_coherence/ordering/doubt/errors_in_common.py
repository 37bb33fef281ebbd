"""An indirect effect when mediator and outcome have an unmeasured cause in common (Imai, Keele & Yamamoto 2010).

X → M → Y, straight lines. ρ is the correlation of the errors of M and of Y: 0 if nothing unmeasured is behind both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def indirect_at(S: Array, moved: Array, rho: ArrayLike) -> tuple[Array, Array]:
    """Return the indirect effect of X on Y through M if the errors of M and Y correlated by ρ.

    Parameters
    ----------
    S : (3, 3) array
        Covariances of X, M, Y; what else is held constant is taken out of them.
    moved : (J, 3, 3) array
        What each school adds to them.
    rho : (m,) array_like
        Between −1 and 1.

    Returns
    -------
    estimate : (m,) array
    moved : (J, m) array

    Notes
    -----
    With s_MM, s_YY, s_MY the residual covariances of M and Y given X, D their determinant and λ = ρ/√(1 − ρ²), the effect is
    (s_XM/s_XX)(s_MY − λ√D)/s_MM: the paper's β₂(σ₁/σ₂){ρ̃ − ρ√((1 − ρ̃²)/(1 − ρ²))}. In R, ``mediation::medsens``.
    """
    rho = np.asarray(rho, dtype=np.float64)
    lam = rho / np.sqrt(1 - rho**2)
    b, R, db, dR = _beside_cause(S, moved)
    D = R[0, 0] * R[1, 1] - R[0, 1] ** 2
    dD = R[1, 1] * dR[:, 0, 0] + R[0, 0] * dR[:, 1, 1] - 2 * R[0, 1] * dR[:, 0, 1]
    c = (R[0, 1] - lam * np.sqrt(D)) / R[0, 0]
    dc = (dR[:, 0, 1, None] - lam * dD[:, None] / (2 * np.sqrt(D)) - c * dR[:, 0, 0, None]) / R[0, 0]
    return b * c, db[:, None] * c + b * dc


def vanishing_rho(S: Array, moved: Array) -> tuple[float, Array]:
    """Return the correlation of errors at which the indirect effect is 0.

    Parameters
    ----------
    S, moved : (3, 3), (J, 3, 3) array
        As in `indirect_at`.

    Returns
    -------
    rho : float
        ρ̃, the correlation of M and Y given X: whatever they have in common would be that unmeasured cause's.
    moved : (J,) array
    """
    _, R, _, dR = _beside_cause(S, moved)
    s = np.sqrt(R[0, 0] * R[1, 1])
    rho = float(R[0, 1] / s)
    change: Array = dR[:, 0, 1] / s - rho / 2 * (dR[:, 0, 0] / R[0, 0] + dR[:, 1, 1] / R[1, 1])
    return rho, change


def _beside_cause(S: Array, moved: Array) -> tuple[float, Array, Array, Array]:
    """Return M's slope on X, the residual covariances of M and Y given X, and what each school adds to both."""
    a = S[0, 1:] / S[0, 0]
    da = (moved[:, 0, 1:] - moved[:, 0, 0, None] * a) / S[0, 0]
    A = np.vstack([-a, np.eye(2)])
    return float(a[0]), A.T @ S @ A, da[:, 0], A.T @ moved @ A
