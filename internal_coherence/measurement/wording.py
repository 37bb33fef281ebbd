"""Items that run against their scale."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ReversedItemWarning, listing

Array = NDArray[np.float64]


def item_rest_covariance(cov: Array) -> Array:
    """Return each item's covariance with the sum of the other items.

    Parameters
    ----------
    cov : (k, k) array

    Returns
    -------
    (k,) array
        Its sign is that of the item–rest correlation.
    """
    rest: Array = cov.sum(axis=1) - np.diag(cov)
    return rest


def warn_of_reversed(cov: Array, names: Sequence[str], scale: str = "") -> None:
    """Warn of items that correlate negatively with the rest of their scale, naming them.

    Parameters
    ----------
    cov : (k, k) array
        Of the coded items.
    names : sequence of str
        Their names.
    scale : str, optional
        The scale's name, for the message.
    """
    against = [name for name, c in zip(names, item_rest_covariance(cov), strict=True) if c < 0]
    if against:
        where = f"scale {scale!r}: " if scale else ""
        message = (
            f"{where}{listing(against)} correlate{'s' if len(against) == 1 else ''} negatively with the rest of the scale;"
            " check the codebook: an item worded against its scale must be marked reversed, and must not have been"
            " turned round already in the data"
        )
        warnings.warn(message, ReversedItemWarning, stacklevel=4)
