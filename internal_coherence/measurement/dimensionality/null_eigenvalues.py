"""Eigenvalues of items that have nothing in common: what parallel analysis compares with. Kernels, in batches."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.measurement.dimensionality.adequacy import squared_multiple_correlations
from internal_coherence.measurement.dimensionality.extraction import HEYWOOD, minres
from internal_coherence.moments.one_pass import pair_moments

Array = NDArray[np.float64]
TOLERANCE: Final = 1e-9
"""Of the gradient by a loading."""
MOST_STEPS: Final = 60


def normal_correlations(n: int, k: int, draws: int, rng: np.random.Generator) -> Array:
    """Draw sample correlation matrices of independent normal items.

    Parameters
    ----------
    n, k : int
        Teachers and items.
    draws : int
        b, the number of matrices.
    rng : Generator

    Returns
    -------
    (b, k, k) array

    Notes
    -----
    Their cross-products are Wishart with n − 1 degrees of freedom, so Bartlett's (1933) decomposition draws them
    exactly from k(k + 1)/2 numbers instead of n·k: the root is triangular with normal entries, and with roots of
    χ²(n − 1), χ²(n − 2), … on its diagonal.
    """
    rank = min(k, n - 1)
    A = np.tril(rng.standard_normal((draws, k, rank)))
    i = np.arange(rank)
    A[:, i, i] = np.sqrt(rng.chisquare(n - 1 - i, size=(draws, rank)))
    A /= np.sqrt((A * A).sum(axis=2, keepdims=True))
    R: Array = A @ A.transpose(0, 2, 1)
    return R


def permuted_correlations(X: Array, draws: int, rng: np.random.Generator) -> Array:
    """Draw correlation matrices of the answers themselves, every item's shuffled over the teachers.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing; the gaps are shuffled along.
    draws : int
        b, the number of matrices.
    rng : Generator

    Returns
    -------
    (b, k, k) array
    """
    complete = not np.isnan(X).any()
    Z = np.ascontiguousarray(X.T)
    if complete:
        Z = Z - Z.mean(axis=1, keepdims=True)
        Z /= np.sqrt((Z * Z).sum(axis=1, keepdims=True))
    R = np.empty((draws, len(Z), len(Z)))
    for one in R:
        shuffled = rng.permuted(Z, axis=1)
        if complete:
            np.matmul(shuffled, shuffled.T, out=one)
        else:
            pairs = pair_moments(shuffled.T)
            one[:] = pairs.cross / np.sqrt(pairs.square * pairs.square.T)
    return R


def eigenvalues(R: Array) -> Array:
    """Return eigenvalues, largest first.

    Parameters
    ----------
    R : (..., k, k) array

    Returns
    -------
    (..., k) array
    """
    smallest_first: Array = np.asarray(np.linalg.eigvalsh(R), dtype=np.float64)
    return smallest_first[..., ::-1]


def reduced_eigenvalues(R: Array, communalities: str) -> Array:
    """Return the eigenvalues of correlations that have communalities on their diagonal.

    Parameters
    ----------
    R : (b, k, k) array
    communalities : {"one_factor", "smc"}
        Those of one minres factor, or the squared multiple correlations.

    Returns
    -------
    (b, k) array
        Largest first.
    """
    reduced, i = R.copy(), np.arange(R.shape[1])
    reduced[:, i, i] = squared_multiple_correlations(R) if communalities == "smc" else one_factor_communalities(R)
    return eigenvalues(reduced)


def one_factor_communalities(R: Array) -> Array:
    """Return the communalities of one minres factor, for a batch of correlation matrices.

    Parameters
    ----------
    R : (b, k, k) array

    Returns
    -------
    (b, k) array
        Not above .995.

    Notes
    -----
    Newton's method over the loadings, damped where it does not descend, for all matrices at once. Those that run
    into a Heywood case are left to `minres`, one by one.
    """
    off = R.copy()
    i = np.arange(R.shape[1])
    off[:, i, i] = 0.0
    e, V = np.linalg.eigh(off)
    lam = V[:, :, -1] * np.sqrt(0.8 * np.maximum(e[:, -1:], 0.0))
    f, g = _residuals(off, lam)
    damping = np.zeros(len(R))
    for _ in range(MOST_STEPS):
        a = np.flatnonzero((np.abs(g).max(axis=1) > TOLERANCE) & ((lam**2).max(axis=1) < 1 - HEYWOOD))
        if not len(a):
            break
        size = (lam[a] ** 2).sum(axis=1)
        H = 2 * lam[a, :, None] * lam[a, None, :] - off[a]
        H[:, i, i] = (size + damping[a])[:, None] - lam[a] ** 2
        new = lam[a] - np.linalg.solve(H, g[a, :, None])[:, :, 0]
        f_new, g_new = _residuals(off[a], new)
        down = f_new <= f[a] + 1e-15
        better, worse = a[down], a[~down]
        lam[better], f[better], g[better] = new[down], f_new[down], g_new[down]
        damping[better] = np.where(damping[better] < 1e-6, 0.0, damping[better] / 10)
        damping[worse] = np.maximum(10 * damping[worse], 1e-3 * size[~down])
    h2: Array = lam**2
    for b in np.flatnonzero((np.abs(g).max(axis=1) > TOLERANCE) | (h2.max(axis=1) > 1 - HEYWOOD)):
        h2[b] = 1 - minres(R[b], 1).uniquenesses
    return h2


def _residuals(off: Array, lam: Array) -> tuple[Array, Array]:
    """Return half the squared residual correlations, and their gradient, for each of a batch."""
    E = off - lam[:, :, None] * lam[:, None, :]
    i = np.arange(lam.shape[1])
    E[:, i, i] = 0.0
    return (E * E).sum(axis=(1, 2)) / 4, -(E @ lam[:, :, None])[:, :, 0]
