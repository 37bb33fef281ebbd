"""Symmetric matrices: where their different entries stand, and the inverse and determinant of positive definite ones."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@lru_cache(maxsize=64)
def triangle(p: int, below: int = 0) -> tuple[Integers, Integers]:
    """Return where the different entries of a symmetric matrix stand, row by row of its lower triangle.

    Parameters
    ----------
    p : int
        Rows.
    below : int
        0 with the diagonal, −1 without.

    Returns
    -------
    (k,) array of int, (k,) array of int
        Rows and columns, read-only.
    """
    i, j = np.tril_indices(p, below)
    i.flags.writeable = j.flags.writeable = False
    return i, j


def precision(S: Array) -> tuple[Array, float]:
    """Return the inverse and the logarithm of the determinant.

    Parameters
    ----------
    S : (p, p) array
        Positive definite.

    Returns
    -------
    (p, p) array
    float

    Raises
    ------
    numpy.linalg.LinAlgError
        If S is not positive definite.
    """
    L = np.linalg.cholesky(S)
    back = np.linalg.inv(L)
    return back.T @ back, 2 * float(np.log(L.diagonal()).sum())
