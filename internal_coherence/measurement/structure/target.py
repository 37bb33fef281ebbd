"""Turning factors towards a target of which some entries are asked to be 0."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.measurement.dimensionality.rotation import descend

Array = NDArray[np.float64]
STARTS: Final = 10


def towards(A: Array, zeros: NDArray[np.bool_], T: Array | None = None) -> tuple[Array, Array, Array]:
    """Rotate loadings so that some of them are as near to 0 as they can be.

    Parameters
    ----------
    A : (p, m) array
        Loadings on uncorrelated factors.
    zeros : (p, m) array of bool
        Which should be 0; the others are left free.
    T : (m, m) array, optional
        Where to begin; without it several starts are tried.

    Returns
    -------
    (p, m) array
        The pattern A(T')⁻¹.
    (m, m) array
        Correlations T'T of the factors.
    (m, m) array
        The rotation T.

    Notes
    -----
    Partially specified target rotation, oblique (Browne 1972, 2001): ½ Σ λ² over what should be 0, by gradient projection.
    """

    def criterion(L: Array) -> tuple[float, Array]:
        off = np.where(zeros, L, 0.0)
        return 0.5 * float((off * off).sum()), off

    m = A.shape[1]
    if T is None:
        rng = np.random.default_rng(0)
        starts = [
            _procrustes(A, zeros),
            np.eye(m),
            *(np.linalg.qr(rng.standard_normal((m, m)))[0] for _ in range(STARTS)),
        ]
    else:
        starts = [T]
    found = min((descend(A, criterion, start, oblique=True) for start in starts), key=lambda d: (not d.converged, d.f))
    return A @ np.linalg.inv(found.T).T, found.T.T @ found.T, found.T


def _procrustes(A: Array, zeros: NDArray[np.bool_]) -> Array:
    """Return the orthogonal turn that brings loadings nearest to ones where none should be 0."""
    U, _, Vt = np.linalg.svd(A.T @ (~zeros).astype(np.float64))
    turn: Array = U @ Vt
    return turn
