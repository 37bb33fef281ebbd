"""How likely it is that a school is among the lowest k: what a list of ranks hides."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NUMBERS: Final = 4_000_000
"""Means drawn at a time."""


def lowest_probabilities(mean: Array, se: Array, k: int, draws: int, rng: np.random.Generator) -> Array:
    """Return the share of draws from the schools' means in which each is among the lowest k.

    Parameters
    ----------
    mean, se : (J,) array
        Of each school's mean given its answers, taken as normal and independent.
    k : int
        How many are called lowest.
    draws : int
        Samples.
    rng : Generator
        The source of chance.

    Returns
    -------
    (J,) array
        They sum to k.
    """
    J = len(mean)
    counts = np.zeros(J)
    batch = max(NUMBERS // J, 1)
    for start in range(0, draws, batch):
        drawn = mean + se * rng.standard_normal((min(batch, draws - start), J))
        lowest = np.argpartition(drawn, k - 1, axis=1)[:, :k]
        counts += np.bincount(lowest.ravel(), minlength=J)
    return counts / draws
