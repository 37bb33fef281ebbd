"""How likely several normal variables are to lie on given sides of given points.

Of (Z₁, …, Z_K), standard normal with correlations R, this gives G_k = Pr(Z₁ ≤ z₁, …, Z_k ≤ z_k) for every k: to two
variables by Owen's T, to three by one integral over it (Genz 2004), beyond by Genz's (1992) separation of variables over a
lattice, which is no matter of chance: the same question has the same answer always.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, owens_t

Array = NDArray[np.float64]
FURTHEST: Final = 9.0
"""Standard deviations beyond which nothing lies."""
PANELS, NODES = 36, 20
LATTICE: Final = 2**17
LEAST: Final = 1e-12
"""Of the eigenvalues of R: variables that are functions of each other are kept apart by so much."""


def lower_orthants(z: Array, R: Array) -> Array:
    """Return the probability that the first k variables lie at or below their points, for every k.

    Parameters
    ----------
    z : (K,) array
        Points; may be infinite.
    R : (K, K) array
        Correlations.

    Returns
    -------
    (K,) array
        G₁ ≥ G₂ ≥ …, to 1e-8 up to the third unless correlations are within 1e-3 of 1, beyond to 2e-5 or so.

    Notes
    -----
    ``mvtnorm::pmvnorm(upper = z[1:k], corr = R[1:k, 1:k])``.
    """
    G = np.ones(len(z))
    free = np.flatnonzero(np.isfinite(z))
    found = _finite(z[free], R[np.ix_(free, free)]) if len(free) else np.ones(0)
    for k in range(len(z)):
        if np.isneginf(z[: k + 1]).any():
            G[k] = 0.0
        elif below := int((free <= k).sum()):
            G[k] = found[below - 1]
    return np.minimum.accumulate(np.clip(G, 0.0, 1.0))


def _finite(z: Array, R: Array) -> Array:
    G = np.array([float(ndtr(z[0]))])
    if len(z) > 1:
        G = np.append(G, bivariate(z[0], z[1], R[0, 1]))
    if len(z) > 2:
        G = np.append(G, trivariate(z[:3], R[:3, :3]))
    return np.append(G, by_lattice(z, R)[3:]) if len(z) > 3 else G


def bivariate(h: Array | float, k: Array | float, r: Array | float) -> Array:
    """Return Pr(X ≤ h, Y ≤ k) of two standard normal variables with correlation r.

    Parameters
    ----------
    h, k : array
        Points.
    r : array
        Correlation, −1 to 1.

    Returns
    -------
    array

    Notes
    -----
    Owen (1956): ½Φ(h) + ½Φ(k) − T(h, (k − rh)/(h√(1 − r²))) − T(k, (h − rk)/(k√(1 − r²))) − β, β being ½ where h and k lie
    on different sides of 0. ``mvtnorm::pmvnorm(upper = c(h, k), corr = matrix(c(1, r, r, 1), 2))``.
    """
    # T(0, a) depends on the side from which 0 is reached; a point so near to it is as good.
    h, k = (np.where(np.abs(x) < 1e-15, 1e-15, x) for x in (h, k))
    root = np.sqrt(np.maximum(1 - np.square(r), LEAST))
    halves = (ndtr(h) + ndtr(k)) / 2 - np.where(h * k < 0, 0.5, 0.0)
    found: Array = halves - owens_t(h, (k - r * h) / (h * root)) - owens_t(k, (h - r * k) / (k * root))
    return np.clip(found, 0.0, 1.0)


def trivariate(z: Array, R: Array) -> Array:
    """Return Pr(Z₁ ≤ z₁, Z₂ ≤ z₂, Z₃ ≤ z₃).

    Parameters
    ----------
    z : (3,) array
        Points.
    R : (3, 3) array
        Correlations.

    Returns
    -------
    array
        One number: ∫ φ(y) Pr(the other two | Z = y) dy up to the point of the variable least like the others.
    """
    off = np.abs(R - np.eye(3)).max(axis=1)
    a = int(np.argmin(off))
    b, c = (i for i in range(3) if i != a)
    top = float(np.clip(z[a], -FURTHEST, FURTHEST))
    t, weight = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(-FURTHEST, top, PANELS + 1)
    half = np.diff(edges)[:, None] / 2
    y = (edges[:-1, None] + half * (1 + t)).ravel()
    sb, sc = (np.sqrt(max(1 - R[a, i] ** 2, LEAST)) for i in (b, c))
    r = float(np.clip((R[b, c] - R[a, b] * R[a, c]) / (sb * sc), -1, 1))
    inner = bivariate((z[b] - R[a, b] * y) / sb, (z[c] - R[a, c] * y) / sc, r)
    density = np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(((half * weight).ravel() * density * inner).sum())


def by_lattice(z: Array, R: Array) -> Array:
    """Return Pr(Z₁ ≤ z₁, …, Z_k ≤ z_k) for every k, by separation of variables over a lattice.

    Parameters
    ----------
    z : (K,) array
        Points.
    R : (K, K) array
        Correlations.

    Returns
    -------
    (K,) array
    """
    K = len(z)
    roots, Q = np.linalg.eigh(R)
    L = np.linalg.cholesky((Q * np.maximum(roots, 1e-8)) @ Q.T)
    number = np.arange(1, LATTICE + 1)
    p, y, G = np.ones(LATTICE), np.empty((LATTICE, K)), np.empty(K)
    for i, prime in enumerate(_primes(K)):
        e = ndtr((z[i] - y[:, :i] @ L[i, :i]) / L[i, i])
        p = p * e
        G[i] = p.mean()
        w = np.abs(2 * ((number * np.sqrt(prime)) % 1) - 1)  # folded, so that both ends of the range meet
        y[:, i] = ndtri(np.clip(w * e, 1e-300, 1 - 1e-16))
    return G


def _primes(count: int) -> list[int]:
    """Return the first prime numbers, whose roots are unlike each other's multiples."""
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found
