"""One model on many samples at once: Newton's method in stacks of matrices.

A stack has a sample a layer, so that numpy is called as often for a thousand samples as for one. For complete rows, maximum
likelihood, and equalities between parameters; starting from the estimates of a sample that is like them, so that full steps are
nearly always right. What finds no minimum this way is left to `scoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.derivatives import (
    Columns,
    columns,
    expected_information,
    gradient,
    observed_information,
)
from internal_coherence.latent.model.ram import Implied, Ram, implied

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
NEAR: Final = 1e-9
"""Squared length of a step, an observation, below which it is taken unseen: the discrepancy falls by less than can be told."""
DONE: Final = 1e-10
"""Below this the step taken is the last: it leaves its square, which is far shorter than any standard error."""
FAR: Final = 1e-2
MOST_STEPS: Final = 25
HALVINGS: Final = 8
CACHED: Final = 2**14
"""Numbers of one stack of curvatures, 128 kB: more leave a processor's cache, and are asked anew of the system each time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """The moments of one group in B samples.

    Parameters
    ----------
    ram : Ram
        The model of the group.
    cov : (B, p, p) array
    mean : (B, p) array
    share : (B,) array
        The group's share of the rows.
    """

    ram: Ram
    cov: Array
    mean: Array
    share: Array

    def of(self, layers: Flags | slice) -> Stack:
        """Return some of the samples."""
        return Stack(ram=self.ram, cov=self.cov[layers], mean=self.mean[layers], share=self.share[layers])


def solve_many(stacks: Sequence[Stack], start: Array, Z: Array | None) -> tuple[Array, Flags]:
    """Return the estimates of many samples.

    Parameters
    ----------
    stacks : sequence of Stack
        Group by group.
    start : (Q,) array
        Where all begin; satisfies the equalities.
    Z : (Q, r) array or None
        A basis of the directions that equalities leave free; None without equalities.

    Returns
    -------
    (B, Q) array
    (B,) array of bool
        Which found a minimum; the others are where they came to.
    """
    B = len(stacks[0].cov)
    theta, done, active = np.tile(start, (B, 1)), np.zeros(B, dtype=bool), np.arange(B)
    try:
        points = _Points.at(stacks, start[None])  # all begin at the same
        for step in range(MOST_STEPS):
            move, size = _step(points, Z, observed=step > 0)
            last = (size >= 0) & (size < DONE)
            theta[active[last]] += move[last]
            done[active[last]] = True
            if last.all():
                break
            if last.any():
                points, active, move, size = points.of(~last), active[~last], move[~last], size[~last]
            theta[active], points, fallen = _downhill(points, theta[active], move, size)
            if not fallen.all():
                points, active = points.of(fallen), active[fallen]
            if not len(active):
                break
    except np.linalg.LinAlgError:
        pass  # one of them has no Σ there, or is not identified: each is tried by itself
    return theta, done


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layers:
    """One group's discrepancy in every sample: what is implied, Σ⁻¹, G and Wd; one layer where all are at the same point."""

    stack: Stack
    at: Implied
    W: Array
    G: Array
    y: Array

    def of(self, layers: Flags | slice) -> _Layers:
        """Return some of the samples."""
        at, stack, G, y = self.at, self.stack.of(layers), self.G[layers], self.y[layers]
        if len(self.W) < len(self.G):  # all are at the same point
            return _Layers(stack=stack, at=at, W=self.W, G=G, y=y)
        at = replace(at, E=at.E[layers], S=at.S[layers], omega=at.omega[layers], eta=at.eta[layers])
        return _Layers(stack=stack, at=at, W=self.W[layers], G=G, y=y)

    @cached_property
    def columns(self) -> Columns:
        """The derivatives of Σ and μ."""
        return columns(self.at, self.stack.ram.free)

    def curvature(self, *, observed: bool) -> Array:
        """Return the discrepancy's own curvature, or its expectation."""
        places = self.stack.ram.free
        if observed:
            return observed_information(self.at, places, self.columns, self.W, self.G, self.y)
        return expected_information(self.at, places, self.columns, self.W)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Points:
    """Where every sample has come to: the discrepancy but for what does not change, (B,), and what it is made of, by group.

    The groups have no parameter in common; `order` is where each stands among those of one group after the other.
    """

    value: Array
    groups: Sequence[_Layers]
    order: NDArray[np.intp]

    @classmethod
    def at(cls, stacks: Sequence[Stack], theta: Array) -> _Points:
        """Work out the discrepancies ½(log|Σ| + tr S̃Σ⁻¹); raises LinAlgError if one has no Σ."""
        value, groups = np.zeros(len(stacks[0].cov)), []
        for stack in stacks:
            at = implied(stack.ram, theta)
            L = np.linalg.cholesky(at.sigma)
            back = np.linalg.inv(L)
            W = back.mT @ back
            d = stack.mean - at.mu if at.has_means else np.zeros_like(stack.mean)
            WS, y = W @ stack.cov, np.matvec(W, d)
            log_det = np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
            value += stack.share * (log_det + 0.5 * (np.trace(WS, axis1=1, axis2=2) + (d * y).sum(axis=1)))
            groups.append(_Layers(stack=stack, at=at, W=W, G=W - WS @ W - y[..., None] * y[:, None], y=y))
        order = np.argsort(np.concatenate([stack.ram.free.parameter for stack in stacks]))
        return cls(value=value, groups=groups, order=order)

    def of(self, layers: Flags | slice) -> _Points:
        """Return some of the samples."""
        groups = [group.of(layers) for group in self.groups]
        return _Points(value=self.value[layers], groups=groups, order=self.order)

    def slope(self) -> Array:
        """Return the derivatives, (B, Q)."""
        slopes = [g.stack.share[:, None] * gradient(g.columns, g.G, g.y) for g in self.groups]
        return np.concatenate(slopes, axis=1).take(self.order, axis=1)

    def curvature(self, *, observed: bool) -> Array:
        """Return the curvatures, (B, Q, Q)."""
        found, first = np.zeros((len(self.value), len(self.order), len(self.order))), 0
        for g in self.groups:
            own = slice(first, first + len(g.stack.ram.free))
            found[:, own, own], first = g.stack.share[:, None, None] * g.curvature(observed=observed), own.stop
        return found.take(self.order, axis=1).take(self.order, axis=2)


def _step(points: _Points, Z: Array | None, *, observed: bool) -> tuple[Array, Array]:
    """Return the step of every sample, and its squared length.

    Far from the minimum the expected curvature is safe: the first step is by it, and each that Newton's would lead uphill or far.
    """
    B, at_once = len(points.value), max(1, CACHED // len(points.order) ** 2)
    parts = [points.of(slice(k, k + at_once)) for k in range(0, B, at_once)] if at_once < B else [points]
    found = [_moves(part, Z, observed=observed) for part in parts]
    move, size = np.concatenate([m for m, _ in found]), np.concatenate([s for _, s in found])
    astray = ~((size > 0) & (size < FAR))
    if observed and astray.any():
        move[astray], size[astray] = _step(points.of(astray), Z, observed=False)
    return move, size


def _moves(points: _Points, Z: Array | None, *, observed: bool) -> tuple[Array, Array]:
    """Return the steps by one kind of curvature, and their squared lengths."""
    slope, curvature = points.slope(), points.curvature(observed=observed)
    if Z is None:
        move = np.asarray(-np.linalg.solve(curvature, slope[..., None])[..., 0], dtype=np.float64)
    else:
        move = -np.linalg.solve(Z.T @ curvature @ Z, (slope @ Z)[..., None])[..., 0] @ Z.T
    return move, -(slope * move).sum(axis=1)


def _downhill(points: _Points, theta: Array, move: Array, size: Array) -> tuple[Array, _Points, Flags]:
    """Return each sample's next place, halved until the discrepancy falls, what it is there, and whether it fell."""
    stacks = [g.stack for g in points.groups]
    length, near = np.ones(len(theta)), (size >= 0) & (size < NEAR)
    trial, there, fallen = theta, points, np.zeros(len(theta), dtype=bool)
    for _ in range(HALVINGS):
        trial = theta + length[:, None] * move
        try:
            there = _Points.at(stacks, trial)
            fallen = near | ((there.value <= points.value - 1e-4 * length * size) & (size > 0))
        except np.linalg.LinAlgError:  # a Σ that is not positive definite: all go half as far, which costs little
            fallen = np.zeros(len(theta), dtype=bool)
        if fallen.all():
            break
        length = np.where(fallen, length, length / 2)
    return trial, there, fallen
