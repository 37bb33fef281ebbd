"""The one-factor model at both levels: W = λ_w λ_w' + diag ψ_w and B = λ_b λ_b' + diag ψ_b, by maximum likelihood.

With loadings equal across levels λ_w = λ, φ_w = 1 and B = φ_b λλ' + diag ψ_b: then the factor between schools is the
school's part of the same factor, in the same units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.two_level import TwoLevelPoint, descend, two_level_point
from internal_coherence.moments.two_level_sums import TwoLevelSums

Array = NDArray[np.float64]
Loadings = Literal["free", "equal"]
TOLERANCE: Final = 1e-18
BARRIERS: Final = (1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-9)
"""By which residual variances between schools are kept from below 0, ever lower."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoLevelFactor:
    """A one-factor solution at both levels.

    Parameters
    ----------
    loadings : {"free", "equal"}
        Each level's own, or the same at both.
    theta : (q,) array
        λ_w, ψ_w, λ_b, ψ_b; or λ, ψ_w, φ_b, ψ_b. NaN where there is no solution.
    log_likelihood : float
        Of all answers.
    converged : bool
        Whether the maximum was found.
    at_edge : bool
        Whether it is the maximum among residual variances between schools that are not negative, there being no other.
    covariance : (q, q) array
        Large-sample covariances of `theta`, by the expected information; NaN where they don't exist.
    """

    loadings: Loadings
    theta: Array
    log_likelihood: float
    converged: bool
    at_edge: bool
    covariance: Array

    @property
    def parts(self) -> FactorParts:
        """Loadings and variances by their names."""
        return factor_parts(self.theta, self.loadings)

    @property
    def improper(self) -> bool:
        """Whether a variance is negative."""
        parts = self.parts
        return bool(self.converged and min(parts.psi_w.min(), parts.psi_b.min(), parts.phi_b) < 0)

    def draw(self, draws: int, rng: np.random.Generator) -> FactorParts:
        """Draw from the large-sample distribution of the estimates.

        Parameters
        ----------
        draws : int
            How many.
        rng : Generator
            The source of chance.

        Returns
        -------
        FactorParts
            Of every draw; NaN where the estimates have no such distribution.
        """
        q = len(self.theta)
        errors = rng.standard_normal((draws, q))
        if not np.isfinite(self.covariance).all():
            return factor_parts(np.full((draws, q), np.nan), self.loadings)
        roots, axes = np.linalg.eigh(self.covariance)
        return factor_parts(self.theta + errors * np.sqrt(np.maximum(roots, 0)) @ axes.T, self.loadings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorParts:
    """The parameters of one solution, or of a stack of them.

    Parameters
    ----------
    lambda_w, lambda_b, psi_w, psi_b : (..., k) array
        Loadings and residual variances within and between schools.
    phi_b : (...) array
        The factor's variance between schools; within it is 1.
    """

    lambda_w: Array
    psi_w: Array
    lambda_b: Array
    psi_b: Array
    phi_b: Array


def factor_parts(theta: Array, loadings: Loadings) -> FactorParts:
    """Return parameters by their names.

    Parameters
    ----------
    theta : (..., q) array
        λ_w, ψ_w, λ_b, ψ_b; or λ, ψ_w, φ_b, ψ_b.
    loadings : {"free", "equal"}
        Which.

    Returns
    -------
    FactorParts
    """
    if loadings == "free":
        k = theta.shape[-1] // 4
        first, psi_w, second, psi_b = (theta[..., part * k : (part + 1) * k] for part in range(4))
        return FactorParts(lambda_w=first, psi_w=psi_w, lambda_b=second, psi_b=psi_b, phi_b=np.ones(theta.shape[:-1]))
    k = theta.shape[-1] // 3
    first, psi_w, phi_b, psi_b = np.split(theta, [k, 2 * k, 2 * k + 1], axis=-1)
    return FactorParts(lambda_w=first, psi_w=psi_w, lambda_b=first, psi_b=psi_b, phi_b=phi_b[..., 0])


def two_level_factor(
    sums: TwoLevelSums,
    loadings: Loadings,
    saturated: tuple[Array, Array],
    *,
    start: Array | None = None,
    tolerance: float = TOLERANCE,
) -> TwoLevelFactor:
    """Fit one factor at both levels.

    Parameters
    ----------
    sums : TwoLevelSums
        Of complete answers to three or more items.
    loadings : {"free", "equal"}
        Each level's own, or the same at both.
    saturated : tuple of (k, k) arrays
        W and B without a model, from which the search begins.
    start : (q,) array, optional
        Parameters from which it begins instead.
    tolerance : float
        How small g'H⁻¹g must get, in units of the deviance.

    Returns
    -------
    TwoLevelFactor

    Notes
    -----
    Fisher scoring by the chain rule through the saturated model's 2 × 2 systems. Heywood cases are let stand. Where the
    likelihood grows without bound as residual variances between schools fall below 0, the solution is the best with
    none below (``at_edge``). ``lavaan::cfa`` with a factor at each level and ``std.lv = TRUE``; equal loadings by labels.
    """
    solve = _Search(sums, loadings, _starting(*saturated, loadings))
    best, converged = (solve.at(solve.start), False) if start is None else solve.run(start, 0.0, tolerance)
    if not converged:
        best, converged = solve.run(solve.start, 0.0, tolerance)
    at_edge = not converged
    if at_edge:
        best = solve.at(solve.start)
        for barrier in (b for b in BARRIERS if b >= 100 * tolerance):
            best, converged = solve.run(best.theta, barrier, max(tolerance, 1e-6 * barrier))
    return _result(solve, best, converged=converged, at_edge=at_edge)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    theta: Array
    point: TwoLevelPoint


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    sums: TwoLevelSums
    loadings: Loadings
    start: Array

    def at(self, theta: Array) -> _Place:
        """Return the likelihood at some parameters."""
        p = factor_parts(theta, self.loadings)
        W = np.outer(p.lambda_w, p.lambda_w) + np.diag(p.psi_w)
        B = p.phi_b * np.outer(p.lambda_b, p.lambda_b) + np.diag(p.psi_b)
        return _Place(theta, two_level_point(self.sums, W, B))

    @property
    def guarded(self) -> slice | NDArray[np.intp]:
        """Which parameters are variances between schools."""
        k = self.sums.mean.shape[1]
        return slice(3 * k, None) if self.loadings == "free" else slice(2 * k, None)

    def slopes(self, place: _Place) -> tuple[Array, Array]:
        """Return the gradient and the expected second derivatives of the deviance."""
        p = factor_parts(place.theta, self.loadings)
        k = len(p.psi_w)
        unit, nothing = np.eye(k), np.zeros((k, k, k))
        own = unit[:, :, None] * unit[:, None, :]  # by residual variances: e e'
        by_w, by_b = (unit[:, :, None] * x + np.swapaxes(unit[:, :, None] * x, 1, 2) for x in (p.lambda_w, p.lambda_b))
        if self.loadings == "free":
            dW, dB = np.concatenate([by_w, own, nothing, nothing]), np.concatenate([nothing, nothing, by_b, own])
        else:
            common = np.outer(p.lambda_b, p.lambda_b)[None]
            dW = np.concatenate([by_w, own, 0 * common, nothing])
            dB = np.concatenate([p.phi_b * by_b, nothing, common, own])
        return place.point.chained(dW, dB)

    def run(self, theta: Array, barrier: float, tolerance: float) -> tuple[_Place, bool]:
        """Descend from some parameters."""
        guarded = self.guarded

        def height(place: _Place) -> float:
            if not barrier or not np.isfinite(place.point.deviance):
                return place.point.deviance
            variances = place.theta[guarded]
            return place.point.deviance - barrier * float(np.log(variances).sum()) if variances.min() > 0 else np.inf

        def newton(place: _Place) -> tuple[float, Callable[[float], _Place]]:
            gradient, hessian = self.slopes(place)
            if barrier:
                inverse = barrier / place.theta[guarded]
                gradient[guarded] -= inverse
                hessian[guarded, guarded] += np.diag(inverse**2) / barrier
            step = -_solved(hessian, gradient)
            return -float(step @ gradient), lambda length: self.at(place.theta + length * step)

        place = self.at(theta)
        if not np.isfinite(height(place)):
            return place, False
        return descend(place, height, newton, tolerance=tolerance)


def _solved(H: Array, g: Array) -> Array:
    """Return H⁻¹g, in units in which H has a diagonal of 1, where it exists and NaN where not."""
    scale = 1 / np.sqrt(np.maximum(np.diag(H), 1e-300))
    try:
        solved: Array = scale * np.linalg.solve(scale[:, None] * H * scale, scale * g)
    except np.linalg.LinAlgError:
        return np.full(len(g), np.nan)
    return solved


def _starting(W: Array, B: Array, loadings: Loadings) -> Array:
    """Return parameters to begin from: principal axes of W and of B."""
    lambda_w, psi_w = _axis(W, np.diag(W))
    if loadings == "free":
        return np.concatenate([lambda_w, psi_w, *_axis(B, np.diag(W))])
    off = 1 - np.eye(len(W))
    common = np.outer(lambda_w, lambda_w)
    phi_b = max(float((off * common * B).sum() / (off * common**2).sum()), 0.01)
    psi_b = np.maximum(np.diag(B) - phi_b * lambda_w**2, 0.01 * np.diag(W))
    return np.concatenate([lambda_w, psi_w, [phi_b], psi_b])


def _axis(C: Array, within: Array) -> tuple[Array, Array]:
    """Return the first principal axis, its communalities found by going round, and residual variances above 0."""
    least = np.maximum(np.diag(C), 0.02 * within)
    off, common = C - np.diag(np.diag(C)), 0.5 * least
    for _ in range(10):
        roots, axes = np.linalg.eigh(off + np.diag(common))
        axis = axes[:, -1] * np.sqrt(max(float(roots[-1]), 1e-6 * float(least.sum())))
        common = np.clip(axis**2, 0.05 * least, 0.95 * least)
    return np.sign(axis) * np.sqrt(common) * (-1 if axis.sum() < 0 else 1), least - common


def _result(solve: _Search, best: _Place, *, converged: bool, at_edge: bool) -> TwoLevelFactor:
    q = len(best.theta)
    theta, covariance = best.theta * (1.0 if converged else np.nan), np.full((q, q), np.nan)
    if converged:
        _, hessian = solve.slopes(best)
        scale = 1 / np.sqrt(np.diag(hessian))
        scaled = scale[:, None] * hessian * scale
        if np.linalg.cond(scaled) < 1e12:
            covariance = 2 * scale[:, None] * np.linalg.inv(scaled) * scale
        theta = _turned(theta, solve.loadings)
    return TwoLevelFactor(
        loadings=solve.loadings,
        theta=theta,
        log_likelihood=-best.point.deviance / 2 if converged else float("nan"),
        converged=converged,
        at_edge=at_edge,
        covariance=covariance,
    )


def _turned(theta: Array, loadings: Loadings) -> Array:
    """Return the solution with loadings that sum to 0 or more at each level."""
    k = len(theta) // (4 if loadings == "free" else 3)
    turned = theta.copy()
    for first in (0, 2 * k) if loadings == "free" else (0,):
        if turned[first : first + k].sum() < 0:
            turned[first : first + k] *= -1
    return turned
