"""One model on many samples at once: Newton's method in stacks of matrices.

A stack has a sample a layer, so that numpy is called as often for a thousand samples as for one. For complete rows, maximum
likelihood, and equalities between parameters; starting from the estimates of a sample that is like them, so that full steps are
nearly always right. What finds no minimum this way is left to `scoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.derivatives import columns, expected_information, gradient, observed_information
from internal_coherence.latent.model.ram import Ram, implied

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
NEAR: Final = 1e-9
"""Squared length of a step, an observation, below which it is taken unseen: the discrepancy falls by less than can be told."""
DONE: Final = 1e-14
"""Below this the step taken is the last: it is far shorter than any standard error, and leaves its square."""
FAR: Final = 1e-2
MOST_STEPS: Final = 25
HALVINGS: Final = 8
CACHED: Final = 2**17
"""Numbers of one stack of curvatures: 1 MB."""


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
    B, size = len(stacks[0].cov), layers_at_once(len(start))
    parts = [slice(k, k + size) for k in range(0, B, size)]
    found = [_solve([stack.of(part) for stack in stacks], start, Z) for part in parts]
    return np.concatenate([theta for theta, _ in found]), np.concatenate([done for _, done in found])


def layers_at_once(n_parameters: int) -> int:
    """Return how many samples are solved together: so many that their curvatures stay in a processor's cache."""
    return max(1, CACHED // n_parameters**2)


def _solve(stacks: Sequence[Stack], start: Array, Z: Array | None) -> tuple[Array, Flags]:
    B = len(stacks[0].cov)
    theta, done, active = np.tile(start, (B, 1)), np.zeros(B, dtype=bool), np.ones(B, dtype=bool)
    for step in range(MOST_STEPS):
        which = np.flatnonzero(active)
        if not len(which):
            break
        layers, here = [stack.of(active) for stack in stacks], theta[active]
        try:
            value, move, size = _step(layers, here, Z, observed=step > 0)
        except np.linalg.LinAlgError:
            break  # one of them has no Σ there, or is not identified: each is tried by itself
        theta[which], lower = _downhill(layers, here, move, value, size)
        done[which[(size < DONE) & lower]] = True
        active[which[(size < DONE) | ~lower]] = False
    return theta, done


def _step(layers: Sequence[Stack], theta: Array, Z: Array | None, *, observed: bool) -> tuple[Array, Array, Array]:
    """Return the discrepancy of every sample, its step, and the squared length of that.

    Far from the minimum the expected curvature is safe: the first step is by it, and each that Newton's would lead uphill or far.
    """
    value, slope, curvature = _at(layers, theta, observed=observed)
    if Z is None:
        move = np.asarray(-np.linalg.solve(curvature, slope[..., None])[..., 0], dtype=np.float64)
    else:
        move = -np.linalg.solve(Z.T @ curvature @ Z, (slope @ Z)[..., None])[..., 0] @ Z.T
    size: Array = -(slope * move).sum(axis=1)
    astray = ~((size > 0) & (size < FAR))
    if observed and astray.any():
        part = [stack.of(astray) for stack in layers]
        _, move[astray], size[astray] = _step(part, theta[astray], Z, observed=False)
    return value, move, size


def _downhill(layers: Sequence[Stack], theta: Array, move: Array, value: Array, size: Array) -> tuple[Array, Flags]:
    """Return each sample's next point, halved until the discrepancy falls, and whether it did."""
    length, near = np.ones(len(theta)), (size >= 0) & (size < NEAR)
    trial, fallen = theta + move, near
    for _ in range(0 if near.all() else HALVINGS):
        trial = theta + length[:, None] * move
        try:
            fallen = near | ((_values(layers, trial) <= value - 1e-4 * length * size) & (size > 0))
        except np.linalg.LinAlgError:  # a Σ that is not positive definite: all go half as far, which costs little
            fallen = np.zeros(len(theta), dtype=bool)
        if fallen.all():
            break
        length = np.where(fallen, length, length / 2)
    return trial, fallen


def _values(layers: Sequence[Stack], theta: Array) -> Array:
    """Return ½(log|Σ| + tr S̃Σ⁻¹) of every sample: the discrepancy but for what does not change."""
    total = np.zeros(len(theta))
    for g in layers:
        at = implied(g.ram, theta)
        L = np.linalg.cholesky(at.sigma)
        back = np.linalg.inv(L)
        d = g.mean - at.mu if g.ram.has_means else np.zeros_like(g.mean)
        inside = ((back @ g.cov) * back).sum(axis=(1, 2)) + (np.matvec(back, d) ** 2).sum(axis=1)
        total += g.share * (np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1) + 0.5 * inside)
    return total


def _at(layers: Sequence[Stack], theta: Array, *, observed: bool) -> tuple[Array, Array, Array]:
    """Return the discrepancy, its gradient and its curvature of every sample: (B,), (B, Q), (B, Q, Q)."""
    B, Q = theta.shape
    value, slope, curvature = np.zeros(B), np.zeros((B, Q)), np.zeros((B, Q, Q))
    for g in layers:
        places = g.ram.free
        at = implied(g.ram, theta)
        L = np.linalg.cholesky(at.sigma)
        back = np.linalg.inv(L)
        W = back.mT @ back
        d = g.mean - at.mu if g.ram.has_means else np.zeros_like(g.mean)
        WS, y = W @ g.cov, np.matvec(W, d)
        log_det = np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
        value += g.share * (log_det + 0.5 * (np.trace(WS, axis1=1, axis2=2) + (d * y).sum(axis=1)))
        G, c = W - WS @ W - y[..., None] * y[:, None], columns(at, places)
        own = places.parameter
        slope[:, own] += g.share[:, None] * gradient(c, G, y)
        H = observed_information(at, places, c, W, G, y) if observed else expected_information(at, places, c, W)
        curvature[:, own[:, None], own] += g.share[:, None, None] * H
    return value, slope, curvature
