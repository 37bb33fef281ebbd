"""Intervals by which two schools, chosen beforehand, may be compared by eye (Goldstein & Healy 1995).

Two intervals m ± c·s that do not overlap should say what a test of the difference says. For one pair that takes
c = z √(s₁² + s₂²)/(s₁ + s₂); here one c serves for all, so that over all pairs the chance that intervals of two equal
schools do not overlap is, on average, the error that was asked for.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
MOST_ERRORS: Final = 1000
"""Different standard errors of which all pairs are looked at."""


def comparison_multiplier(se: Array, level: float = 0.95) -> float:
    """Return the c by which standard errors are multiplied.

    Parameters
    ----------
    se : (J,) array
        Standard errors of the schools' means, above 0.
    level : float
        1 less the average chance of an error over the pairs.

    Returns
    -------
    float
        z/√2 if all are equal, 1.386 at 95 %; NaN for fewer than two schools.
    """
    distinct, times = np.unique(se, return_counts=True)
    count = times.astype(np.float64)
    if len(distinct) > MOST_ERRORS:  # as many, spread alike
        distinct, count = np.quantile(se, (np.arange(MOST_ERRORS) + 0.5) / MOST_ERRORS), np.ones(MOST_ERRORS)
    a, b = np.triu_indices(len(distinct))
    pairs = np.where(a == b, count[a] * (count[a] - 1) / 2, count[a] * count[b])
    if pairs.sum() < 1:
        return float("nan")
    ratio = (distinct[a] + distinct[b]) / np.hypot(distinct[a], distinct[b])
    z = float(ndtri((1 + level) / 2))

    def excess(c: float) -> float:
        return float(pairs @ (2 * ndtr(-c * ratio))) / float(pairs.sum()) - (1 - level)

    return float(brentq(excess, z / 2, z * 1.0001, xtol=1e-13))
