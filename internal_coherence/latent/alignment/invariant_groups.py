"""In which groups a parameter is the same: Asparouhov & Muthén's (2014) set of invariant groups, and R²."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
CONNECTS: Final = 0.01
"""Two groups whose parameters differ with a larger p are connected at the start."""
STAYS: Final = 0.001
"""A group that differs from the set's average with a larger p is in the set."""
MOST_ROUNDS: Final = 100


@dataclass(frozen=True, eq=False)
class InvariantSet:
    """The groups in which one parameter is the same.

    Parameters
    ----------
    members : (G,) array of bool
        Which groups are in the set.
    average : float
        Of the members, weighted by their rows.
    difference : (G,) array
        Each group's parameter less the average.
    pvalue : (G,) array
        Of that difference.
    settled : bool
        Whether the set stopped changing.
    """

    members: Flags
    average: float
    difference: Array
    pvalue: Array
    settled: bool


def invariant_set(values: Array, cov: Array, sizes: Array) -> InvariantSet:
    """Find the set of groups in which a parameter is the same.

    Parameters
    ----------
    values : (G,) array
        The aligned parameter in each group.
    cov : (G, G) array
        Covariances of these.
    sizes : (G,) array
        Rows of each group.

    Returns
    -------
    InvariantSet
        NaN p and no members if the covariances are NaN.

    Notes
    -----
    Asparouhov & Muthén (2014): groups are connected where a pair's difference has p > .01, and the largest set of groups that
    hang together begins. Then, until nothing changes: the set's average is taken, groups that differ from it with p < .001
    leave, and those with a larger p enter.
    """
    G = len(values)
    if np.isnan(cov).any():
        nothing = np.full(G, np.nan)
        return InvariantSet(np.zeros(G, dtype=bool), float("nan"), nothing, nothing, False)
    variance = np.diag(cov)
    pairs = p_values(values[:, None] - values, variance[:, None] + variance - 2 * cov)
    members = largest_connected(pairs > CONNECTS)
    seen: list[bytes] = []
    for _ in range(MOST_ROUNDS):
        seen.append(members.tobytes())
        average, difference, p = _against_average(values, cov, sizes, members)
        following = p >= STAYS
        if not following.any() or following.tobytes() in seen:
            break
        members = following
    average, difference, p = _against_average(values, cov, sizes, members)
    return InvariantSet(members, average, difference, p, bool(np.array_equal(p >= STAYS, members)))


def _against_average(values: Array, cov: Array, sizes: Array, members: Flags) -> tuple[float, Array, Array]:
    w = np.where(members, sizes, 0.0)
    w = w / w.sum()
    average = float(w @ values)
    with_average = cov @ w
    variance = np.diag(cov) - 2 * with_average + w @ with_average
    return average, values - average, p_values(values - average, variance)


def p_values(differences: Array, variances: Array) -> Array:
    """Return the two-sided p of differences by the normal distribution; 1 for none.

    Parameters
    ----------
    differences, variances : array

    Returns
    -------
    array
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(differences) / np.sqrt(np.maximum(variances, 0.0))
    # A group against itself, or a set's only member against the set, differs by rounding alone.
    same = np.abs(differences) <= 1e-12 * np.maximum(np.abs(differences).max(initial=0.0), 1e-300)
    found: Array = np.where(same, 1.0, 2 * ndtr(-z))
    return found


def largest_connected(linked: Flags) -> Flags:
    """Return the largest set of nodes that hang together; of several, that of the first node.

    Parameters
    ----------
    linked : (G, G) array of bool
        Symmetric.

    Returns
    -------
    (G,) array of bool
    """
    left, best = np.ones(len(linked), dtype=bool), np.zeros(len(linked), dtype=bool)
    while left.any():
        found = np.zeros_like(left)
        found[int(np.argmax(left))] = True
        while True:
            wider = found | linked[found].any(axis=0)
            if np.array_equal(wider, found):
                break
            found = wider
        left &= ~found
        if found.sum() > best.sum():
            best = found
    return best


def share_explained(configural: Array, residual: Array) -> Array:
    """Return R² of invariance: 1 − Var(what the aligned average leaves) / Var(configural), over groups.

    Parameters
    ----------
    configural : (P, G) array
        λ⁰, or ν⁰.
    residual : (P, G) array
        λ⁰ − √ψ λ̄, or ν⁰ − ν̄ − α λ̄.

    Returns
    -------
    (P,) array
        1 if the factor means and variances account for all differences between groups; NaN if there are none.
    """
    total, left = configural.var(axis=1), residual.var(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Array = np.where(total > 1e-20, 1 - left / total, np.nan)
    return share
