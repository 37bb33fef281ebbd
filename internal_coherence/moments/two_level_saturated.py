"""W and B without any model: the saturated two-level normal, by maximum likelihood or from mean squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.two_level import EDGE, TwoLevelPoint, descend, two_level_point
from internal_coherence.moments.two_level_sums import TwoLevelSums

Array = NDArray[np.float64]
TOLERANCE: Final = 1e-20
"""In units of the deviance; an estimate is then about 1e-10 of its standard error from the maximum."""
BARRIERS: Final = (1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-9)
"""By which B is kept from becoming indefinite, ever lower."""
LEAST_ROOT: Final = 0.01
"""Of B against W where the search begins."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoLevelNormal:
    """Covariances within and between schools.

    Parameters
    ----------
    within, between : (k, k) array
        W and B. B may have negative variances in some direction, where schools differ less than chance would have it.
    mean : (k,) array
        μ.
    log_likelihood : float
        Of all answers; NaN where there is none.
    converged : bool
        Whether the maximum was found; if not, W and B are NaN.
    at_edge : bool
        Whether it is the maximum among B without negative variances only, there being no other.
    point : TwoLevelPoint
        The likelihood there.
    """

    within: Array
    between: Array
    mean: Array
    log_likelihood: float
    converged: bool
    at_edge: bool
    point: TwoLevelPoint

    @property
    def improper(self) -> bool:
        """Whether B is indefinite."""
        return bool(self.converged and np.linalg.eigvalsh(self.between)[0] < -1e-10 * np.trace(self.within))

    def draw(self, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw from the large-sample distribution of the estimates.

        Parameters
        ----------
        draws : int
            How many.
        rng : Generator
            The source of chance.

        Returns
        -------
        (draws, k, k) array
            Of W.
        (draws, k, k) array
            Of B.

        Notes
        -----
        The information falls apart like the step: in the coordinates of T each pair of items has a 2 × 2 covariance
        matrix, the inverse of its expected second derivatives, twice as large on the diagonal.
        """
        k = len(self.within)
        if not (self.converged and np.isfinite(self.log_likelihood)):
            return np.full((draws, k, k), np.nan), np.full((draws, k, k), np.nan)
        covariance = np.linalg.inv(np.moveaxis(self.point.curvature, (0, 1), (2, 3)))
        covariance[np.arange(k), np.arange(k)] *= 2
        errors = np.linalg.cholesky(covariance) @ rng.standard_normal((draws, k, k, 2, 1))
        upper = np.triu(np.moveaxis(errors[..., 0], -1, 0))
        both = upper + np.swapaxes(np.triu(upper, 1), -1, -2)
        W, B = self.point.basis @ both @ self.point.basis.T
        return self.within + W, self.between + B


def saturated_two_level(
    sums: TwoLevelSums, *, start: tuple[Array, Array] | None = None, tolerance: float = TOLERANCE
) -> TwoLevelNormal:
    """Return W and B by maximum likelihood.

    Parameters
    ----------
    sums : TwoLevelSums
        Of complete answers.
    start : tuple of (k, k) arrays, optional
        W and B to begin from; by default those of the mean squares.
    tolerance : float
        How small g'H⁻¹g must get, in units of the deviance.

    Returns
    -------
    TwoLevelNormal

    Notes
    -----
    Fisher scoring. B may be indefinite, and is let stand so. But with few schools of the largest size (one is few) the
    likelihood grows without bound as some V_d becomes singular, and where schools hardly differ the way there may lead
    over no maximum. Then B is the best without negative variances, to which ever lower barriers −ν log |B| lead
    (``at_edge``); such a B has variances of 0 in some directions. ``lavaan::sem`` with all covariances free at both
    levels, whose EM never lets B become indefinite. McDonald & Goldstein (1989); Muthén (1989).
    """
    first = two_level_point(sums, *start) if start is not None else None
    if first is None or not np.isfinite(first.deviance):
        first = two_level_point(sums, *admissible(*mean_squares(sums)))
    if not np.isfinite(first.deviance):
        return _result(first, converged=False)
    if sums.n_schools > len(first.W):
        point, converged = descend(first, _height(0.0), _newton(sums, 0.0), tolerance=tolerance)
        if converged:
            return _result(point, converged=True)
    point = two_level_point(sums, *admissible(first.W, first.B))
    for barrier in (b for b in BARRIERS if b >= 100 * tolerance):
        sharp = max(tolerance, 1e-6 * barrier)
        point, converged = descend(point, _height(barrier), _newton(sums, barrier), tolerance=sharp)
    return _result(point, converged=converged, at_edge=True)


def _height(barrier: float) -> Callable[[TwoLevelPoint], float]:
    """Return the deviance, and a barrier against an indefinite B: −ν log |W⁻¹B|."""

    def height(point: TwoLevelPoint) -> float:
        if not barrier or not np.isfinite(point.deviance):
            return point.deviance
        return point.deviance - barrier * float(np.log(point.roots).sum()) if point.roots[0] > 0 else float("inf")

    return height


def _newton(
    sums: TwoLevelSums, barrier: float
) -> Callable[[TwoLevelPoint], tuple[float, Callable[[float], TwoLevelPoint]]]:
    def newton(point: TwoLevelPoint) -> tuple[float, Callable[[float], TwoLevelPoint]]:
        slope, curvature = point.slope, point.curvature
        if barrier:
            inverse = barrier / point.roots
            slope = slope + np.array([barrier * np.eye(len(inverse)), np.diag(-inverse)])
            curvature = curvature.copy()
            curvature[1, 1] += np.outer(inverse, inverse) / barrier
        step = -np.linalg.solve(np.moveaxis(curvature, (0, 1), (2, 3)), np.moveaxis(slope, 0, 2)[..., None])[..., 0]
        step = np.moveaxis(step, 2, 0)
        dW, dB = point.basis @ step @ point.basis.T
        # A long step could leap over a maximum into the endless fall behind it.
        edge = max(EDGE, 0.2 * min(1.0, 1.0 + float(sums.size.max() * point.roots[0])))
        return (
            -float((step * slope).sum()),
            lambda length: two_level_point(sums, point.W + length * dW, point.B + length * dB, edge),
        )

    return newton


def from_mean_squares(sums: TwoLevelSums) -> TwoLevelNormal:
    """Return W and B from the mean squares: Muthén's MUML, exact for schools of one size.

    Parameters
    ----------
    sums : TwoLevelSums
        Of complete answers.

    Returns
    -------
    TwoLevelNormal
        Its likelihood is that of `TwoLevelSums.as_balanced`.
    """
    balanced = sums.as_balanced()
    W, B = mean_squares(sums)
    point = two_level_point(balanced, W, B)
    if np.isfinite(point.deviance):
        return _result(point, converged=True)
    # Few schools: W and B are there, but no likelihood is.
    return TwoLevelNormal(
        within=W,
        between=B,
        mean=sums.total_mean,
        log_likelihood=float("nan"),
        converged=True,
        at_edge=False,
        point=point,
    )


def mean_squares(sums: TwoLevelSums) -> tuple[Array, Array]:
    """Return W = S_w and B = (S_b − S_w)/k₀ of the multivariate one-way analysis of variance.

    Parameters
    ----------
    sums : TwoLevelSums
        Of complete answers.

    Returns
    -------
    (k, k) array
    (k, k) array
    """
    balanced = sums.as_balanced()
    W: Array = sums.within / (sums.n - sums.n_schools)
    B: Array = balanced.scatter[0] / sums.n_schools - W / balanced.size[0]
    return W, B


def admissible(W: Array, B: Array) -> tuple[Array, Array]:
    """Return W, and B with the negative part of its spectrum against W taken away: a place to begin.

    Parameters
    ----------
    W, B : (k, k) array
        W positive definite.

    Returns
    -------
    (k, k) array
    (k, k) array
    """
    try:
        L = np.linalg.cholesky(W)
    except np.linalg.LinAlgError:
        return W, B
    inverse = np.linalg.inv(L)
    roots, Q = np.linalg.eigh(inverse @ B @ inverse.T)
    T = L @ Q
    return W, (T * np.maximum(roots, LEAST_ROOT)) @ T.T


def _result(point: TwoLevelPoint, *, converged: bool, at_edge: bool = False) -> TwoLevelNormal:
    lost = 1.0 if converged else float("nan")
    return TwoLevelNormal(
        within=point.W * lost,
        between=point.B * lost,
        mean=point.mean * lost,
        log_likelihood=-point.deviance / 2 if converged else float("nan"),
        converged=converged,
        at_edge=at_edge,
        point=point,
    )
