"""Turning factors towards simple structure, by gradient projection."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option

Array = NDArray[np.float64]
Criterion = Callable[[Array], tuple[float, Array]]
RotationMethod = Literal[
    "none", "varimax", "promax", "oblimin", "quartimin", "geomin", "geomin_orthogonal", "bentler"
]  # fmt: skip
ROTATIONS: Final[tuple[str, ...]] = get_args(RotationMethod)
PROMAX_POWER: Final = 4
TOLERANCE: Final = 1e-8
STARTS: Final = {"geomin": 30, "geomin_orthogonal": 30}
"""Geomin has several optima, so it is sought from as many starts as lavaan takes."""
FEW_STARTS: Final = 10
"""The other criteria rarely have, but a clean structure can be a saddle point where one start stands still."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rotation:
    """Rotated loadings and how they were reached.

    Parameters
    ----------
    loadings : (p, m) array
        The pattern A(T')⁻¹ for loadings A as extracted.
    phi : (m, m) array
        Correlations T'T of the factors; the identity after an orthogonal rotation.
    T : (m, m) array
        The rotation.
    method : str
        Its name.
    criterion : float
        The value that was minimised, of the Kaiser-normalised loadings where those are used; NaN where nothing was.
    converged : bool
        Whether the projected gradient fell below the tolerance.
    iterations : int
        Steps from the best start.
    n_starts, n_agreeing : int
        Starts tried, and how many of them ended at the same best value.
    """

    loadings: Array
    phi: Array
    T: Array
    method: RotationMethod
    criterion: float = float("nan")
    converged: bool = True
    iterations: int = 0
    n_starts: int = 1
    n_agreeing: int = 1


class _Descent(NamedTuple):
    T: Array
    f: float
    iterations: int
    converged: bool


def rotate(
    A: Array,
    method: RotationMethod = "oblimin",
    *,
    epsilon: float = 0.01,
    n_starts: int | None = None,
    rng: np.random.Generator | int | None = 0,
    tolerance: float | None = None,
) -> Rotation:
    """Rotate loadings.

    Parameters
    ----------
    A : (p, m) array
        Loadings on uncorrelated factors, as extracted.
    method : {"none", "varimax", "promax", "oblimin", "quartimin", "geomin", "geomin_orthogonal", "bentler"}
        Varimax and promax (power 4) after Kaiser's normalisation of the rows, the others without. Oblimin is that
        with γ = 0, which is quartimin. Promax, oblimin, geomin and bentler let the factors correlate.
    epsilon : float
        Geomin's: .01 as in GPArotation and psych; lavaan takes .001.
    n_starts : int, optional
        The first start is the loadings as they are, the others are random; by default 30 for geomin,
        else 10. Varimax and promax as R stops them take the one.
    rng : Generator, int or None
        For the random starts.
    tolerance : float, optional
        Of the Frobenius norm of the projected gradient, by default 1e-8. But varimax and promax stop by default where R's
        do, once a step gains less than 1e-5, which may be 1e-3 from the optimum; with a tolerance they go on to it.

    Returns
    -------
    Rotation

    Raises
    ------
    ModelError
        For a method or an option that does not exist, or loadings on fewer factors than columns.

    Notes
    -----
    Gradient projection after Bernaards & Jennrich (2005), with the step lengths of Barzilai & Borwein (1988), which
    bring it to 1e-8 in tens of steps. Varimax and promax as R stops them are factor_analyzer's. Varimax:
    Kaiser (1958); promax: Hendrickson & White (1964); quartimin: Carroll (1953); geomin: Yates (1987), Browne (2001); Bentler (1977).
    """
    check_option("rotation", method, ROTATIONS)
    if not epsilon > 0:
        raise ModelError(f"geomin_epsilon={epsilon} is not above 0")
    starts = STARTS.get(method, FEW_STARTS) if n_starts is None else n_starts
    if starts < 1:
        raise ModelError(f"n_starts={starts} is not 1 or more")
    m = A.shape[1]
    if m == 1 or method == "none":
        return Rotation(loadings=A, phi=np.eye(m), T=np.eye(m), method=method)
    if tolerance is None and method in ("varimax", "promax"):
        return _as_r_stops(A, method)
    tolerance = TOLERANCE if tolerance is None else tolerance
    criterion, oblique = _criterion(method, epsilon)
    B = _kaiser(A) if method in ("varimax", "promax") else A
    try:
        descents = [
            descend(B, criterion, T, oblique=oblique, tolerance=tolerance)
            for T in _starts(m, starts, np.random.default_rng(rng))
        ]
        best = min(descents, key=lambda d: (not d.converged, d.f))
        T = _promax(B, best.T) if method == "promax" else best.T
    except np.linalg.LinAlgError:
        raise ModelError(f"{method}: these loadings do not span {m} factors; try fewer, or another rotation") from None
    return Rotation(
        loadings=A @ np.linalg.inv(T).T,
        phi=T.T @ T if oblique or method == "promax" else np.eye(m),
        T=T,
        method=method,
        criterion=best.f,
        converged=best.converged,
        iterations=best.iterations,
        n_starts=starts,
        n_agreeing=sum(d.f < best.f + 1e-6 for d in descents),
    )


def _as_r_stops(A: Array, method: Literal["varimax", "promax"]) -> Rotation:
    """Return the rotation of factor_analyzer, whose steps and stop are those of R's ``varimax`` and ``promax``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from factor_analyzer.rotator import Rotator

        rotator = Rotator(method=method, power=PROMAX_POWER)
        loadings = rotator.fit_transform(A)
    T = np.linalg.inv(rotator.rotation_).T
    phi = T.T @ T if method == "promax" else np.eye(A.shape[1])
    value = varimax(_kaiser(A @ rotator.rotation_))[0] if method == "varimax" else float("nan")
    return Rotation(loadings=loadings, phi=phi, T=T, method=method, criterion=value)


def _criterion(method: str, epsilon: float) -> tuple[Criterion, bool]:
    """Return the function to minimise and whether the factors may correlate meanwhile."""
    criteria: dict[str, tuple[Criterion, bool]] = {
        "varimax": (varimax, False),
        "promax": (varimax, False),
        "oblimin": (quartimin, True),
        "quartimin": (quartimin, True),
        "geomin": (partial(geomin, epsilon=epsilon), True),
        "geomin_orthogonal": (partial(geomin, epsilon=epsilon), False),
        "bentler": (bentler, True),
    }
    return criteria[method]


def _starts(m: int, n: int, rng: np.random.Generator) -> list[Array]:
    return [np.eye(m), *(np.linalg.qr(rng.standard_normal((m, m)))[0] for _ in range(n - 1))]


def _kaiser(A: Array) -> Array:
    """Return rows of length 1."""
    h = np.sqrt((A * A).sum(axis=1, keepdims=True))
    normed: Array = A / np.where(h > 0, h, 1.0)
    return normed


def _promax(B: Array, T: Array) -> Array:
    """Return the oblique T whose pattern fits the varimax loadings raised to a power best."""
    V = B @ T
    U = np.linalg.lstsq(V, V * np.abs(V) ** (PROMAX_POWER - 1), rcond=None)[0]
    U = U * np.sqrt(np.diag(np.linalg.inv(U.T @ U)))
    oblique: Array = np.linalg.inv(T @ U).T
    return oblique


def varimax(L: Array) -> tuple[float, Array]:
    """Return Kaiser's criterion, minus a quarter of the squares' variation within columns, and its gradient."""
    B = L * L
    Q = B - B.mean(axis=0)
    return -float((Q * Q).sum()) / 4, -L * Q


def quartimin(L: Array) -> tuple[float, Array]:
    """Return Carroll's criterion, a quarter of the products of squared loadings in a row, and its gradient."""
    B = L * L
    others = B.sum(axis=1, keepdims=True) - B
    return float((B * others).sum()) / 4, L * others


def geomin(L: Array, *, epsilon: float) -> tuple[float, Array]:
    """Return Yates's criterion, the rows' geometric means of squared loadings (plus epsilon), and its gradient."""
    B = L * L + epsilon
    means = np.exp(np.log(B).mean(axis=1, keepdims=True))
    return float(means.sum()), 2 / L.shape[1] * L / B * means


def bentler(L: Array) -> tuple[float, Array]:
    """Return Bentler's invariant pattern simplicity and its gradient."""
    B = L * L
    M = B.T @ B
    d = np.diag(M)
    return (
        -float(np.linalg.slogdet(M)[1] - np.log(d).sum()) / 4,
        -L * (B @ (np.linalg.inv(M) - np.diag(1 / d))),
    )


def descend(
    A: Array, criterion: Criterion, T: Array, *, oblique: bool, tolerance: float = 1e-8, most: int = 5000
) -> _Descent:
    """Minimise a criterion over orthogonal T, or over T with columns of length 1.

    Parameters
    ----------
    A : (p, m) array
        Loadings.
    criterion : callable
        Rotated loadings to value and gradient.
    T : (m, m) array
        The start.
    oblique : bool
        Whether the columns need not be orthogonal.
    tolerance : float
        Of the projected gradient.
    most : int
        Steps.

    Returns
    -------
    named tuple
        ``T``, ``f``, ``iterations``, ``converged``.
    """
    f, G = _project_gradient(A, criterion, T, oblique)
    alpha = 1.0
    for step in range(most):
        s2 = float((G * G).sum())
        if s2 < tolerance**2:
            return _Descent(T, f, step, True)
        for _ in range(40):
            new = _project(T - alpha * G, oblique)
            f_new, G_new = _project_gradient(A, criterion, new, oblique)
            if f_new <= f - 1e-4 * alpha * s2 + 1e-14 * abs(f):  # the last term: rounding hides a smaller descent
                break
            alpha /= 2
        moved, bent = new - T, G_new - G
        curvature = float((moved * bent).sum())
        if curvature <= 0:
            alpha *= 2
        else:
            alpha = float((moved * moved).sum()) / curvature if step % 2 else curvature / float((bent * bent).sum())
        T, f, G = new, f_new, G_new
    return _Descent(T, f, most, False)


def _project_gradient(A: Array, criterion: Criterion, T: Array, oblique: bool) -> tuple[float, Array]:
    """Return the value at T, and the part of its gradient that stays within the allowed rotations."""
    if oblique:
        inverse = np.linalg.inv(T)
        L = A @ inverse.T
        f, Q = criterion(L)
        G = -(L.T @ Q @ inverse).T
        return f, G - T * (T * G).sum(axis=0)
    f, Q = criterion(A @ T)
    G = A.T @ Q
    M = T.T @ G
    return f, G - T @ (M + M.T) / 2


def _project(X: Array, oblique: bool) -> Array:
    """Return the allowed rotation nearest to X."""
    if oblique:
        columns: Array = X / np.sqrt((X * X).sum(axis=0))
        return columns
    U, _, Vt = np.linalg.svd(X)
    orthogonal: Array = U @ Vt
    return orthogonal
