"""Covariances of some stages once others are held constant, and what each school adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.ordering.evidence import error_by_school

Array = NDArray[np.float64]


def held_constant(matrix: Array, moved: Array, at: Sequence[int], given: Sequence[int]) -> tuple[Array, Array]:
    """Return the residual covariances of stages given others.

    Parameters
    ----------
    matrix, moved : (k, k), (J, k, k) array
        Φ, and what each school adds to it.
    at, given : sequence of int
        The stages, and those held constant.

    Returns
    -------
    matrix : (m, m) array
    moved : (J, m, m) array

    Notes
    -----
    A'ΦA with A = (I, −Φ_given⁻¹Φ_given,at) stacked; that A moves with Φ does not matter to first order, since residuals are unrelated
    to what is held constant.
    """
    a, g = list(at), list(given)
    A = np.vstack([np.eye(len(a)), -np.linalg.inv(matrix[np.ix_(g, g)]) @ matrix[np.ix_(g, a)]])
    order = [*a, *g]
    residual: Array = A.T @ matrix[np.ix_(order, order)] @ A
    change: Array = A.T @ moved[:, order][:, :, order] @ A
    return residual, change


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """The regression coefficient of one stage for another, others held constant.

    Parameters
    ----------
    estimate, se : float
        With what schools have in common in the standard error.
    scale : float
        Residual standard deviation of the effect over that of the cause.
    """

    estimate: float
    se: float
    scale: float


def slope(matrix: Array, moved: Array, cause: int, effect: int, given: Sequence[int]) -> Slope:
    """Regress one stage on another, others held constant.

    Parameters
    ----------
    matrix, moved : (k, k), (J, k, k) array
        Φ, and what each school adds to it.
    cause, effect : int
    given : sequence of int

    Returns
    -------
    Slope
    """
    S, change = held_constant(matrix, moved, [cause, effect], given)
    estimate = S[0, 1] / S[0, 0]
    left = S[1, 1] - S[0, 1] ** 2 / S[0, 0]
    return Slope(
        estimate=float(estimate),
        se=float(error_by_school((change[:, 0, 1] - estimate * change[:, 0, 0]) / S[0, 0])),
        scale=float(np.sqrt(left / S[0, 0])),
    )
