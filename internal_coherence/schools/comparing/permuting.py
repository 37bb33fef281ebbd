"""Permutation tests: every assignment that could have been where they are few, a seeded sample of them where not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, permutations
from math import comb, factorial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]
Drawn = NDArray[Any]
MOST: Final = 50_000
"""As many assignments are all gone through: ten against eight schools, fifteen pairs, eight schools and an outcome."""
NUMBERS: Final = 4_000_000
"""Held at a time."""
SAMPLED: Final = 19_999
"""Drawn where there are more; the one that was observed counts as one more."""
TIE: Final = 1e-9
"""Statistics this close, relative to the observed one, are the same but for rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest:
    """What came of it.

    Parameters
    ----------
    p_value : float
        Share of the assignments whose statistic is as far from zero as the observed one, two-sided.
    n : int
        Assignments gone through.
    exact : bool
        Whether these are all.
    attainable : float
        The smallest p that so many schools allow, whatever they answer.
    """

    p_value: float
    n: int
    exact: bool
    attainable: float


def permuted_groups(x: Array, y: Array, rng: np.random.Generator) -> PermutationTest:
    """Fisher and Pitman's test: how often does a division into groups of these sizes give means as far apart?

    Parameters
    ----------
    x, y : (J₁,) and (J₂,) array
        School means of the two groups.
    rng : Generator
        Used where there are more than `MOST` divisions.

    Returns
    -------
    PermutationTest
    """
    pooled = np.concatenate([x, y]) - np.concatenate([x, y]).mean()
    J, J1 = len(pooled), len(x)
    total = comb(J, J1)
    parts: Iterable[Drawn]
    if exact := total <= MOST:
        parts = [np.array(list(combinations(range(J), J1)), dtype=np.intp)]
    else:
        parts = (rng.random((size, J)).argpartition(J1 - 1, axis=1)[:, :J1] for size in batches(SAMPLED, J))
    # the other group's sum is its negative, so the difference is a multiple of it
    sums = np.concatenate([pooled[chosen].sum(axis=1) for chosen in parts])
    return _counted(sums, float(pooled[:J1].sum()), exact, attainable=(2 if J == 2 * J1 else 1) / total)


def flipped_signs(d: Array, rng: np.random.Generator) -> PermutationTest:
    """Fisher's test of pairs: how often does a choice of signs give a mean difference as far from zero?

    Parameters
    ----------
    d : (J,) array
        Differences.
    rng : Generator
        Used where there are more than `MOST` choices of signs.

    Returns
    -------
    PermutationTest
    """
    J = len(d)
    parts: Iterable[Drawn]
    if exact := 2**J <= MOST:
        parts = [1 - 2 * ((np.arange(2**J)[:, None] >> np.arange(J)) & 1)]
    else:
        parts = (1 - 2 * rng.integers(2, size=(size, J)) for size in batches(SAMPLED, J))
    sums = np.concatenate([signs @ d for signs in parts])
    return _counted(sums, float(d.sum()), exact, attainable=2.0 ** (1 - J))


def permuted_outcomes(x: Array, y: Array, rng: np.random.Generator) -> PermutationTest:
    """Test a correlation: how often does a shuffled outcome correlate as strongly?

    Parameters
    ----------
    x, y : (J,) array
        School means and outcomes, or their ranks.
    rng : Generator
        Used where there are more than `MOST` orders.

    Returns
    -------
    PermutationTest
    """
    J = len(x)
    centred, outcome = x - x.mean(), y - y.mean()
    parts: Iterable[Drawn]
    if exact := factorial(J) <= MOST:
        parts = [outcome[np.array(list(permutations(range(J))), dtype=np.intp)]]
    else:
        parts = (rng.permuted(np.broadcast_to(outcome, (size, J)), axis=1) for size in batches(SAMPLED, J))
    products = np.concatenate([shuffled @ centred for shuffled in parts])
    return _counted(products, float(outcome @ centred), exact, attainable=float(np.exp(-gammaln(J + 1))))


def batches(total: int, width: int) -> list[int]:
    """Return how many rows of a width to hold at a time.

    Parameters
    ----------
    total : int
        Rows in all.
    width : int
        Numbers in a row.

    Returns
    -------
    list of int
        Adding up to the total.
    """
    rows = max(NUMBERS // width, 1)
    return [min(rows, total - start) for start in range(0, total, rows)]


def _counted(drawn: Array, observed: float, exact: bool, attainable: float) -> PermutationTest:
    """Count; a sample's p is (b + 1)/(B + 1), which can't be zero (Phipson & Smyth 2010)."""
    scale = max(abs(observed), float(np.abs(drawn).max()))
    as_far = int((np.abs(drawn) >= abs(observed) - TIE * scale).sum())
    p = as_far / len(drawn) if exact else (as_far + 1) / (len(drawn) + 1)
    floor = attainable if exact else max(attainable, 1 / (len(drawn) + 1))
    return PermutationTest(p_value=p, n=len(drawn), exact=exact, attainable=floor)
