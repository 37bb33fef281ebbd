"""Fisher scoring, then Newton's method, under constraints, with a line search that only goes down.

Far from the minimum the expected curvature is safe, since it is never negative; near it the discrepancy's own is fast.

A step d from θ solves, with gradient g, curvature I, constraints h(θ) = 0 and their Jacobian J,

    I d + J'μ = −g,   J d = −h,

that is d = d₀ + Z z with d₀ = −J⁺h, Z a basis of the null space of J, and (Z'IZ) z = −Z'(g + I d₀).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import isfinite
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]
TOLERANCE: Final = 1e-18
"""Of z'Z'IZz, the squared length of the step, an observation: twice what the discrepancy could still fall by."""
LAST: Final = 1e-10
"""A step as short as this may be the last, if it leaves less than `TOLERANCE`."""
NEAR: Final = 1e-2
"""Below this the discrepancy's own curvature is used, where it is known and the expected one is slow."""
SLOW: Final = 1e-3
"""Steps whose squares shrink less than this are slow."""
CLOSE: Final = 1e-7
"""After a Newton step as short as this, if it was quick, the curvature hardly changes: the next step does with the same."""
ROUNDING: Final = 1e-13
"""Below this a step that finds nothing lower has met the rounding of the discrepancy, and is at the minimum."""
MOST_STEPS: Final = 300


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """The discrepancy at one θ, an observation; its derivatives are made only where they are asked for.

    Parameters
    ----------
    value : float
        The discrepancy; infinite where the model is impossible.
    slopes : callable
        Gives its derivatives, (q,).
    expected : callable
        Its expected curvature, (q, q).
    own : callable, optional
        Its own curvature, (q, q); None where that is not worth its cost.
    """

    value: float
    slopes: Callable[[], Array]
    expected: Callable[[], Array]
    own: Callable[[], Array] | None = None

    @classmethod
    def nowhere(cls, q: int) -> Point:
        """Return the point where the model is impossible."""
        return cls(value=float("inf"), slopes=lambda: np.zeros(q), expected=lambda: np.zeros((q, q)))

    @cached_property
    def gradient(self) -> Array:
        """The derivatives, (q,)."""
        return self.slopes()

    @cached_property
    def curvature(self) -> Array:
        """The expected curvature, (q, q)."""
        return self.expected()


class Objective(Protocol):
    """What is made small."""

    @property
    def unit(self) -> float:
        """In which the discrepancy is small or large: 1 where it has none."""

    def point(self, theta: Array) -> Point:
        """Return the discrepancy at some parameters, and what its derivatives are made of."""


class Constraints(Protocol):
    """What the parameters must satisfy."""

    def residual(self, theta: Array) -> Array:
        """Return h(θ), (m,)."""

    def jacobian(self, theta: Array) -> Array:
        """Return ∂h, (m, q)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Where scoring ended.

    Parameters
    ----------
    theta : (q,) array
        The parameters.
    point : Point
        The discrepancy there.
    converged : bool
        Whether the scaled gradient vanished.
    n_steps : int
        Steps taken.
    trouble : str
        Why it did not converge; empty if it did.
    at_bound : (q,) array of bool
        Which parameters rest on a bound.
    held : (m,) array of bool
        Which inequalities of the model rest on their limit; empty if it has none.
    """

    theta: Array
    point: Point
    converged: bool
    n_steps: int
    trouble: str
    at_bound: NDArray[np.bool_]
    held: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


def null_space(J: Array) -> Array:
    """Return a basis of what the constraints leave free, orthonormal columns.

    Parameters
    ----------
    J : (m, q) array
        Jacobian of the constraints; m may be 0.

    Returns
    -------
    (q, q − rank) array
    """
    return np.eye(J.shape[1]) if not len(J) else _split(J.tobytes(), J.shape)[0]


@lru_cache(maxsize=8)
def _split(J: bytes, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Return a basis of what constraints leave free, and J⁺; those of equal parameters are the same at every step.

    Parameters that no constraint links stay apart in the basis: mixed, their units would be too, and one that is small against
    another would be lost in its rounding.
    """
    matrix = np.frombuffer(J, dtype=np.float64).reshape(shape)
    linked = (matrix != 0).astype(np.float64)
    _, block = connected_components(linked.T @ linked, directed=False)
    bases, back = [], np.zeros(shape[::-1])
    for k in range(block.max() + 1):
        own = np.flatnonzero(block == k)
        rows = np.flatnonzero(linked[:, own].any(axis=1))
        basis = np.eye(len(own))
        if len(rows):
            U, s, Vt = np.linalg.svd(matrix[np.ix_(rows, own)])
            rank = int((s > 1e-10 * max(float(s[0]), 1e-300)).sum())
            basis = Vt[rank:].T
            back[np.ix_(own, rows)] = (Vt[:rank].T / s[:rank]) @ U[:, :rank].T
        wide = np.zeros((shape[1], basis.shape[1]))
        wide[own] = basis
        bases.append(wide)
    Z = np.concatenate(bases, axis=1)
    Z.flags.writeable = back.flags.writeable = False
    return Z, back


def score(
    objective: Objective,
    start: Array,
    constraints: Constraints | None = None,
    lower: Array | None = None,
    *,
    most_steps: int = MOST_STEPS,
) -> Solution:
    """Find the parameters that make the discrepancy smallest.

    Parameters
    ----------
    objective : Objective
        The discrepancy.
    start : (q,) array
        Where to begin.
    constraints : Constraints, optional
        What the parameters must satisfy; need not hold at the start.
    lower : (q,) array, optional
        Lower bounds, −inf where there are none.
    most_steps : int
        When to give up.

    Returns
    -------
    Solution
    """
    theta = start.copy() if lower is None else np.maximum(start, lower)
    held = np.zeros(len(theta), dtype=bool)
    trouble = f"no minimum was found in {most_steps} steps"
    point = objective.point(theta)
    if not isfinite(point.value):
        return Solution(
            theta=theta,
            point=point,
            converged=False,
            n_steps=0,
            trouble="the starting values imply no covariances",
            at_bound=held,
        )
    last, quick, fast, H = np.inf, False, False, None
    for n_steps in range(most_steps):
        if lower is not None:
            held = (theta <= lower) & (point.gradient > 0)
        near = last < NEAR and not fast
        kept = near and quick and last < CLOSE and H is not None
        if not kept:
            H = point.own() if near and point.own else None
        own = None if H is None else _newton(point.gradient, H, theta, constraints, held)
        step = own or _step(point.gradient, point.curvature, theta, constraints, held)
        step = step._replace(size=step.size / objective.unit)
        shrinking = step.size / last
        quick = shrinking < SLOW
        fast = own is None and quick
        # What a step leaves: of Newton's the square, of others as much of it as it left of the last.
        left = step.size * (step.size if own and not kept else shrinking if quick else 1.0)
        stalled = step.size < ROUNDING and shrinking > 0.5
        if (step.size < TOLERANCE or (step.size < LAST and left < TOLERANCE) or stalled) and step.off < 1e-10:
            if step.size >= TOLERANCE and not stalled:
                theta = theta + step.move if lower is None else np.maximum(theta + step.move, lower)
                point = objective.point(theta)
            return Solution(theta=theta, point=point, converged=True, n_steps=n_steps, trouble="", at_bound=held)
        found = _downhill(objective, point, theta, step, lower)
        if found is None:
            if step.size < ROUNDING and step.off < 1e-8:
                return Solution(theta=theta, point=point, converged=True, n_steps=n_steps, trouble="", at_bound=held)
            trouble = "the discrepancy falls in no direction that the parameters may take"
            break
        (theta, point), last = found, step.size
    if step.off > 1e-6:
        trouble = "the constraints between parameters could not be satisfied together"
    return Solution(theta=theta, point=point, converged=False, n_steps=n_steps + 1, trouble=trouble, at_bound=held)


def at_once(objective: Objective, theta: Array) -> Solution:
    """Return the solution where it is known beforehand.

    Parameters
    ----------
    objective : Objective
        The discrepancy.
    theta : (q,) array
        Where it is smallest.

    Returns
    -------
    Solution
    """
    return Solution(
        theta=theta,
        point=objective.point(theta),
        converged=True,
        n_steps=0,
        trouble="",
        at_bound=np.zeros(len(theta), dtype=bool),
    )


def unseen(theta: Array) -> Solution:
    """Return a solution of which nothing but its parameters will be asked.

    Parameters
    ----------
    theta : (q,) array
        The parameters.

    Returns
    -------
    Solution
        With a discrepancy that is NaN.
    """
    nothing = np.full((len(theta),) * 2, np.nan)
    return Solution(
        theta=theta,
        point=Point(value=float("nan"), slopes=lambda: nothing[0], expected=lambda: nothing),
        converged=True,
        n_steps=0,
        trouble="",
        at_bound=np.zeros(len(theta), dtype=bool),
    )


class _Step(NamedTuple):
    """A step, the squared length of its free part, and how far the constraints are from holding."""

    move: Array
    size: float
    off: float


def _newton(
    gradient: Array, H: Array, theta: Array, constraints: Constraints | None, held: NDArray[np.bool_]
) -> _Step | None:
    """Return the step by the discrepancy's own curvature; None where that leads uphill, or far."""
    step = _step(gradient, H, theta, constraints, held)
    return step if 0 < step.size < NEAR and step.off < 1e-6 and float(gradient @ step.move) < 0 else None


def _step(
    gradient: Array, curvature: Array, theta: Array, constraints: Constraints | None, held: NDArray[np.bool_]
) -> _Step:
    """Return the step by some curvature."""
    if constraints is None and not held.any():
        z = -solve(curvature, gradient)
        return _Step(z, float(z @ curvature @ z), 0.0)
    J, h = np.eye(len(theta))[held], np.zeros(int(held.sum()))
    if constraints is not None:
        J, h = np.concatenate([constraints.jacobian(theta), J]), np.concatenate([constraints.residual(theta), h])
    Z, back = _split(J.tobytes(), J.shape)
    first = -back @ h
    H = Z.T @ curvature @ Z
    z = -solve(H, Z.T @ (gradient + curvature @ first))
    return _Step(first + Z @ z, float(z @ H @ z), float(np.abs(h).max(initial=0.0)))


def solve(H: Array, g: Array) -> Array:
    """Return H⁻¹g of a curvature that may be singular: directions without curvature are left alone.

    Parameters
    ----------
    H : (r, r) array
        Symmetric, not negative.
    g : (r,) array

    Returns
    -------
    (r,) array
    """
    scale = np.sqrt(np.maximum(H.diagonal(), 1e-300))
    R = H / (scale[:, None] * scale)
    try:
        if np.linalg.cholesky(R).diagonal().min() > 1e-7:
            return np.linalg.solve(R, g / scale) / scale
    except np.linalg.LinAlgError:
        pass
    e, V = np.linalg.eigh(R)
    kept = e > 1e-10 * max(float(e[-1]), 1e-300)
    solution: Array = (V[:, kept] / e[kept]) @ (V[:, kept].T @ (g / scale)) / scale
    return solution


def _downhill(
    objective: Objective, point: Point, theta: Array, step: _Step, lower: Array | None
) -> tuple[Array, Point] | None:
    """Return the first point along the step, halved again and again, that is low enough; None if there is none."""
    slope = float(point.gradient @ step.move)
    length = 1.0
    for _ in range(40):
        trial = theta + length * step.move
        if lower is not None:
            trial = np.maximum(trial, lower)
        there = objective.point(trial)
        # While the constraints do not hold yet, getting there may cost some discrepancy.
        allowed = point.value + 1e-4 * length * min(slope, 0.0) if step.off < 1e-10 else np.inf
        if isfinite(there.value) and there.value <= allowed:
            return trial, there
        length /= 2
    return None
