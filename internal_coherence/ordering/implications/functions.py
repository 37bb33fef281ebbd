"""Partial correlations, paths and effects as functions of the stages' covariances, and what each school adds to them.

Every function takes Φ (k × k) and the schools' contributions ι (J × k × k) to it, and returns values with their own contributions: a
squared standard error is J/(J − 1) Σⱼ of their squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def partial_correlation(matrix: Array, moved: Array, i: int, j: int, given: Sequence[int]) -> tuple[float, Array]:
    """Return the correlation of two stages given others.

    Parameters
    ----------
    matrix : (k, k) array
        Φ.
    moved : (J, k, k) array
        What each school adds to it.
    i, j : int
        The two.
    given : sequence of int
        The others.

    Returns
    -------
    r : float
    moved : (J,) array
        What each school adds to r.

    Notes
    -----
    With Ω the inverse of the part of Φ, and a, b its columns of the two: r = −Ω_ij/√(Ω_ii Ω_jj), and
    dr = a'dΦb/√(Ω_ii Ω_jj) + ½r(a'dΦa/Ω_ii + b'dΦb/Ω_jj).
    """
    at = [i, j, *given]
    precision = np.linalg.inv(matrix[np.ix_(at, at)])
    a, b = precision[0], precision[1]
    s = np.sqrt(a[0] * b[1])
    r = float(-a[1] / s)
    part = moved[:, at][:, :, at]
    left, right = part @ a, part @ b
    change = (left @ b) / s + r / 2 * ((left @ a) / a[0] + (right @ b) / b[1])
    return r, change


def fisher_z(matrix: Array, moved: Array, i: int, j: int, given: Sequence[int]) -> tuple[float, Array]:
    """Return Fisher's transformation of a partial correlation, and what each school adds to it.

    Parameters
    ----------
    matrix, moved, i, j, given
        As in `partial_correlation`.

    Returns
    -------
    z : float
    moved : (J,) array
    """
    r, change = partial_correlation(matrix, moved, i, j, given)
    return float(np.arctanh(r)), change / (1 - r**2)


def path_coefficients(matrix: Array, moved: Array, parents: Sequence[Sequence[int]]) -> tuple[Array, Array]:
    """Return the regression of every stage on those before it.

    Parameters
    ----------
    matrix, moved : (k, k), (J, k, k) array
        Φ, and what each school adds to it.
    parents : sequence of sequence of int
        The direct causes of each stage.

    Returns
    -------
    B : (k, k) array
        B[j, i] of i → j.
    moved : (J, k, k) array

    Notes
    -----
    b = Φ_PP⁻¹Φ_Pj and db = Φ_PP⁻¹(dΦ_Pj − dΦ_PP b). In an ancestral graph a stage's error is unrelated to all stages before it,
    confounded ones included, so that its parents are regressors enough (Richardson & Spirtes 2002).
    """
    B, change = regressions(matrix, parents), np.zeros(moved.shape)
    for j, P in enumerate(map(list, parents)):
        if P:
            inverse = np.linalg.inv(matrix[np.ix_(P, P)])
            change[:, j, P] = (moved[:, P, j] - moved[:, P][:, :, P] @ B[j, P]) @ inverse
    return B, change


def regressions(matrix: Array, parents: Sequence[Sequence[int]]) -> Array:
    """Return the regression of every stage on those before it, for one Φ or many.

    Parameters
    ----------
    matrix : (..., k, k) array
        Φ.
    parents : sequence of sequence of int
        The direct causes of each stage.

    Returns
    -------
    (..., k, k) array
        B[..., j, i] of i → j.
    """
    B = np.zeros(matrix.shape)
    for j, P in enumerate(map(list, parents)):
        if P:
            B[..., j, P] = np.linalg.solve(matrix[..., P, :][..., P], matrix[..., P, j, None])[..., 0]
    return B


def total_effects(B: Array, moved: Array) -> tuple[Array, Array]:
    """Return the total effects, (I − B)⁻¹ − I.

    Parameters
    ----------
    B, moved : (k, k), (J, k, k) array
        Path coefficients, and what each school adds to them.

    Returns
    -------
    T : (k, k) array
        T[j, i] of i on j.
    moved : (J, k, k) array
    """
    whole = np.linalg.inv(np.eye(len(B)) - B)
    return whole - np.eye(len(B)), whole @ moved @ whole


def product_along(B: Array, moved: Array, path: Sequence[int]) -> tuple[float, Array]:
    """Return the product of the coefficients along one path.

    Parameters
    ----------
    B, moved : (k, k), (J, k, k) array
        Path coefficients, and what each school adds to them.
    path : sequence of int
        Stages, one after the other.

    Returns
    -------
    float
    (J,) array
        What each school adds to it.
    """
    steps = list(pairwise(path))
    b = np.array([B[j, i] for i, j in steps])
    rest = np.array([np.prod(np.delete(b, s)) for s in range(len(b))])
    change = np.stack([moved[:, j, i] for i, j in steps], axis=1) @ rest
    return float(b.prod()), change


def implied_covariance(
    matrix: Array, parents: Sequence[Sequence[int]], confounded: Sequence[tuple[int, int]] = ()
) -> Array:
    """Return the covariances that a path model says, estimated from Φ, one or many.

    Parameters
    ----------
    matrix : (..., k, k) array
        Φ.
    parents : sequence of sequence of int
        The direct causes of each stage.
    confounded : sequence of pairs of int
        Stages with an unmeasured cause in common.

    Returns
    -------
    (..., k, k) array
        TΩT' with T = (I − B)⁻¹; Ω holds the residuals' variances, and the covariances of confounded stages.
    """
    identity = np.eye(matrix.shape[-1])
    free = identity - regressions(matrix, parents)
    residual = free @ matrix @ free.swapaxes(-1, -2)
    kept = identity.astype(bool)
    for a, b in confounded:
        kept[a, b] = kept[b, a] = True
    whole = np.linalg.inv(free)
    implied: Array = whole @ np.where(kept, residual, 0.0) @ whole.swapaxes(-1, -2)
    return implied
