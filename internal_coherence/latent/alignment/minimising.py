"""The deepest minimum of the alignment loss: Newton's method from several starts, then a search group by group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.alignment.loss import AlignmentLoss, component_loss
from internal_coherence.latent.alignment.metric import Metric

Array = NDArray[np.float64]
PATH: Final = (10_000.0, 100.0, 10.0, 1.0)
"""Multiples of ε by which the loss, smooth at first, is sharpened."""
TOLERANCE: Final = 1e-10
MOST_STEPS: Final = 300
LONGEST: Final = 1.0
"""A step changes no mean and no log standard deviation by more."""
SAME: Final = 1e-7
"""Losses that differ by less, relatively, are the same minimum."""
SWEEPS: Final = 20


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where the loss is lowest.

    Parameters
    ----------
    y : (2G,) array
        α, then t.
    value : float
        F.
    converged : bool
        Whether the gradient vanished.
    ends : (S,) array
        F where each start ended, sorted; NaN where it ended nowhere.
    """

    y: Array
    value: float
    converged: bool
    ends: Array

    @property
    def n_agreeing(self) -> int:
        """How many starts ended at this minimum."""
        return int(np.sum(self.ends <= self.value * (1 + SAME)))


def minimise(
    loss: AlignmentLoss,
    metric: Metric,
    n_random: int = 6,
    rng: np.random.Generator | int | None = 0,
    near: Array | None = None,
) -> Minimum:
    """Find the deepest minimum of the loss.

    Parameters
    ----------
    loss : AlignmentLoss
        Of one factor; its weights may be of any size.
    metric : Metric
        What is free.
    n_random : int
        Random starts, beside one at no differences, one at medians, and one at each item as an anchor.
    rng : Generator, int or None
        By which they are drawn.
    near : (2G,) array, optional
        One start more.

    Returns
    -------
    Minimum
    """
    ends: list[tuple[float, float, Array, bool]] = []
    more = [] if near is None else [(metric.obeyed(near), PATH[-1:])]
    for y, path in chain(_starts(loss, metric, n_random, np.random.default_rng(rng)), more):
        for factor in path:
            y, converged = newton(loss.with_epsilon(factor * loss.epsilon), metric, y)
        first = loss.value(y)
        known = next((end for end in ends if abs(end[0] - first) <= 1e-9 * first), None)
        if known is None:
            y, converged = _searched(loss, metric, y, converged)
            known = (first, loss.value(y), y, converged)
        ends.append(known)
    values = np.sort([value if converged else np.nan for _, value, _, converged in ends])
    _, value, y, converged = min(ends, key=lambda end: (not end[3], end[1]))
    return Minimum(y, value, converged, values)


def free_minimum(loss: AlignmentLoss) -> Array:
    """Return where the loss is low if all means are free: the lie of the groups before one of them is held at 0.

    Parameters
    ----------
    loss : AlignmentLoss

    Returns
    -------
    (2G,) array
        α, then t, with Πψ = 1. Where nothing tells the means' location, it is one of many; their differences are not.
    """
    y, metric = np.zeros(2 * loss.n_groups), Metric(loss.n_groups, "free")
    for factor in PATH:
        y, _ = newton(loss.with_epsilon(factor * loss.epsilon), metric, y)
    return y


def newton(loss: AlignmentLoss, metric: Metric, y: Array) -> tuple[Array, bool]:
    """Go down from one start by Newton's method, every step made downhill.

    Parameters
    ----------
    loss : AlignmentLoss
    metric : Metric
    y : (2G,) array
        Where to begin, obeying the constraints.

    Returns
    -------
    (2G,) array
    bool
        Whether the gradient vanished.
    """
    unit = float(loss.weights.sum(axis=1).mean()) * len(loss.loadings)
    value, still = loss.value(y), 0
    for _ in range(MOST_STEPS):
        full, H = loss.derivatives(y)
        gradient = metric.pull(full) / unit
        steepest = float(np.abs(gradient).max(initial=0.0))
        # Below the rounding of the loss only the gradient tells; it is polished a few times, and then taken as it is.
        if steepest <= TOLERANCE or still > 3:
            return y, steepest <= 1e3 * TOLERANCE
        step = metric.push(_downhill(metric.reduce(H) / unit, gradient))
        step *= min(1.0, LONGEST / np.abs(step).max())
        slope, length, rounding = unit * float(gradient @ metric.pull(step)), 1.0, 1e-14 * value
        still += -slope < rounding
        while not (found := loss.value(y + length * step)) <= value + 1e-4 * length * slope + rounding:
            length /= 2
            if length < 1e-10:
                return y, False
        y, value = y + length * step, found
    return y, False


def _downhill(H: Array, gradient: Array) -> Array:
    """Return Newton's step; where the loss curves downwards, that of the Hessian with enough added to its diagonal."""
    added, diagonal = 0.0, np.abs(np.diag(H)).mean()
    while True:
        try:
            np.linalg.cholesky(H)
        except np.linalg.LinAlgError:
            more = max(3 * added, 0.01 * diagonal)
            H = H + more * np.eye(len(H))
            added += more
            continue
        step: Array = np.asarray(np.linalg.solve(H, -gradient), dtype=np.float64)
        return step


def _starts(
    loss: AlignmentLoss, metric: Metric, n_random: int, rng: np.random.Generator
) -> Iterator[tuple[Array, tuple[float, ...]]]:
    """Yield starts, each with the multiples of ε it goes through."""
    G = loss.n_groups
    yield np.zeros(2 * G), PATH
    anchored = np.array([_anchored(loss, p) for p in range(len(loss.loadings))])
    middle = np.median(anchored, axis=0)
    yield metric.obeyed(middle), PATH[-2:]
    for y in anchored:
        yield metric.obeyed(y), PATH[-1:]
    spread = np.sqrt(np.square(anchored - middle).mean()) + 0.1
    for _ in range(n_random):
        yield metric.obeyed(middle + spread * rng.standard_normal(2 * G)), PATH[-1:]


def _anchored(loss: AlignmentLoss, item: int) -> Array:
    """Return the y in which one item is the same in all groups."""
    lam = loss.loadings[item]
    size = np.maximum(np.abs(lam), 0.2 * np.median(np.abs(lam)) + 1e-12)
    t = np.log(size) - np.log(size).mean()
    nu = loss.intercepts[item]
    return np.concatenate([np.exp(t) * (nu - np.median(nu)) / np.copysign(size, lam), t])


def _searched(loss: AlignmentLoss, metric: Metric, y: Array, converged: bool) -> tuple[Array, bool]:
    """Move single groups to where an item meets the other groups, as long as that makes the loss lower."""
    value = loss.value(y)
    for _ in range(SWEEPS):
        moved, changed = _sweep(loss, metric, y)
        if not changed:
            break
        found, there = newton(loss, metric, metric.obeyed(moved))
        lower = loss.value(found)
        if not (there and lower < value * (1 - SAME)):
            break
        y, converged, value = found, True, lower
    return y, converged


def _sweep(loss: AlignmentLoss, metric: Metric, y: Array) -> tuple[Array, bool]:
    """Return y after each group has taken the best of its candidates, the other groups as they were."""
    G, moved, changed = loss.n_groups, y.copy(), False
    lam, nu = loss.aligned(y)
    middle_lam, middle_nu = np.median(lam, axis=1), np.median(nu, axis=1)
    for g in range(G):
        if g == metric.reference and metric.method == "fixed":
            continue
        own, intercepts, w = loss.loadings[:, g], loss.intercepts[:, g], loss.weights[g]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.log(own / middle_lam)
            t = np.append(t[np.isfinite(t)], y[G + g])
            aligned = own * np.exp(-t)[:, None]
            alpha = ((intercepts - middle_nu) / aligned).reshape(-1)
        alpha, t = np.append(alpha, y[g]), np.append(np.repeat(t, len(own)), y[G + g])
        possible = np.isfinite(alpha)
        alpha, t = alpha[possible], t[possible]
        at = own * np.exp(-t)[:, None]
        cost = _cost(at, lam, w, loss.epsilon) + _cost(intercepts - alpha[:, None] * at, nu, w, loss.epsilon)
        best = int(np.argmin(cost))
        if cost[best] < cost[-1] * (1 - SAME):
            moved[[g, G + g]], changed = (alpha[best], t[best]), True
    return moved, changed


def _cost(candidates: Array, others: Array, w: Array, epsilon: float) -> Array:
    """Return the loss of candidates (C, P) of one group against all groups (P, G)."""
    cost: Array = component_loss(candidates[:, :, None] - others, epsilon).sum(axis=1) @ w
    return cost
