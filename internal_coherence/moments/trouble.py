"""What keeps covariances from being used as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import listing

Array = NDArray[np.float64]
INDEFINITE: Final = 1e-10
"""An eigenvalue of the correlations below minus this is negative beyond rounding."""


def trouble(cov: Array, counts: Array, names: Sequence[str]) -> str:
    """Say what keeps covariances from being used; empty if nothing does.

    Parameters
    ----------
    cov : (k, k) array
        NaN where too few answered both items.
    counts : (k,) array
        Who answered each item; NaN where that is not known.
    names : sequence of str
        The items.

    Returns
    -------
    str
    """
    if few := [name for name, count in zip(names, counts, strict=True) if count < 2]:
        return f"fewer than two answers to {listing(few)}"
    if np.isnan(cov).any():
        return "some pair of items was never answered by two teachers together"
    if constant := [name for name, variance in zip(names, np.diag(cov), strict=True) if variance <= 0]:
        return f"everyone gave the same answer to {listing(constant)}"
    if (least := smallest_eigenvalue(cov)) < -INDEFINITE:
        return f"the covariances contradict each other: the smallest eigenvalue of the correlations is {least:.2g}"
    return ""


def smallest_eigenvalue(cov: Array) -> float:
    """Return the smallest eigenvalue of covariances, each variable scaled by its variance.

    Parameters
    ----------
    cov : (k, k) array

    Returns
    -------
    float
        NaN if an entry is missing or a variance is not positive.
    """
    variances = cov.diagonal()
    if not (variances > 0).all() or np.isnan(cov).any():
        return float("nan")
    sd = np.sqrt(variances)
    return float(np.linalg.eigvalsh(cov / (sd[:, None] * sd))[0])
