"""The difference of two nested models' χ² where answers are not normal (Satorra 2000).

With P the information of the larger model, B how its gradient varies, both at its own estimates, and A the directions in which
the smaller one may not move,

    M = A (P⁻¹ B P⁻¹) A' (A P⁻¹ A')⁻¹

has the eigenvalues by which the difference is a sum of χ² of one degree of freedom each. Their sum scales it; their squares
as well make it scaled and shifted (Asparouhov & Muthén 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.scoring import null_space
from internal_coherence.latent.model.derivatives import Columns, columns
from internal_coherence.latent.solving import Fitted

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A corrected difference of two χ².

    Parameters
    ----------
    chisq : float
        The corrected difference.
    expected : float
        To what the plain difference comes if the smaller model holds.
    """

    chisq: float
    expected: float


def satorra_2000(larger: Fitted, smaller: Fitted, order: Integers, *, clustered: bool) -> Difference:
    """Return the scaled and shifted difference.

    Parameters
    ----------
    larger, smaller : Fitted
        Solved, of the same complete data.
    order : (p,) array of int
        Where the larger model's variables stand in the smaller one.
    clustered : bool
        Whether rows of a school go together.

    Returns
    -------
    Difference
    """
    D1 = _by_moments(larger, np.arange(len(order))) @ larger.free_directions
    D0 = _by_moments(smaller, order) @ smaller.free_directions
    A = null_space(np.asarray(np.linalg.lstsq(D1, D0, rcond=None)[0].T, dtype=np.float64)).T
    Z = larger.free_directions
    P = Z.T @ larger.information(larger.problem.estimator.information) @ Z
    B = larger.products_of_schools if clustered else larger.meat_of_moments
    PA = np.linalg.solve(P, A.T)
    M = np.linalg.solve(A @ PA, PA.T @ (Z.T @ B @ Z) @ PA)
    first, second, df = float(np.trace(M)), float((M * M.T).sum()), len(A)
    scale = np.sqrt(second / df)
    plain = smaller.chisq - larger.chisq
    return Difference(chisq=plain / scale + df - first / scale, expected=first)


def _by_moments(fitted: Fitted, order: Integers) -> Array:
    """Return the derivatives of all groups' means and different covariances by all parameters, variables in some order."""
    p = fitted.problem
    parts = []
    for ram, at in zip(p.rams, fitted.implied, strict=True):
        c = columns(at, ram.free)
        c = Columns(U=c.U[order], V=c.V[order], M=c.M[order])
        part = np.zeros((c.U.shape[0] * (c.U.shape[0] + 3) // 2, p.n_parameters))
        part[:, ram.free.parameter] = np.concatenate([c.M, c.jacobian()])
        parts.append(part)
    return np.concatenate(parts)
