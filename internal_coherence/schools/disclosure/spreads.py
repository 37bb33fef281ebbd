"""Whose spread may not be shown although the mean may: mean and SD of few teachers tell nearly every score."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.schools.disclosure.gates import Gates

Flags = NDArray[np.bool_]
FEWEST_HIDDEN: Final = 3
"""Spreads that are hidden, if any is, so that none can be worked out from the spread of all schools together."""


def spreads_hidden(n: NDArray[np.float64], shown: Flags, gates: Gates) -> Flags:
    """Say which schools' spread to hide: that of few teachers, and never of fewer than three schools.

    Parameters
    ----------
    n : (J, q) array
        Teachers by school and scale.
    shown : (J, q) array of bool
        Whose mean is shown.
    gates : Gates
        What must hold.

    Returns
    -------
    (J, q) array of bool
        Among those whose mean is shown: fewer than ``min_distribution`` teachers, and with one or two of these on a scale
        the next smallest schools.
    """
    few = shown & (n < gates.min_distribution)
    for a in np.flatnonzero(few.any(axis=0)):
        others = np.flatnonzero(shown[:, a] & ~few[:, a])
        next_smallest = others[np.argsort(n[others, a], kind="stable")]
        few[next_smallest[: max(FEWEST_HIDDEN - int(few[:, a].sum()), 0)], a] = True
    return few
