"""Items that run against their scale, and items that are worded against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ReversedItemWarning, listing, warn
from internal_coherence.measurement.consistency.coefficients import average_off_diagonal, coefficient_alpha

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
        warn(message, ReversedItemWarning)


def wording_halves(C: Array, R: Array, negative: NDArray[np.bool_]) -> dict[str, Array]:
    """Return how the items worded alike and unlike go together.

    Parameters
    ----------
    C, R : (..., k, k) array
        Covariances and correlations of the items.
    negative : (k,) array of bool
        Which items are worded against the scale.

    Returns
    -------
    dict
        Name to (...) array; NaN where a half has too few items.
    """
    p, q = np.flatnonzero(~negative), np.flatnonzero(negative)
    none = np.full(C.shape[:-2], np.nan)
    alphas, averages, weights = [], [], []
    for half in (p, q):
        enough = len(half) > 1
        alphas.append(coefficient_alpha(_block(C, half, half)) if enough else none)
        averages.append(average_off_diagonal(_block(R, half, half)) if enough else none)
        weights.append(len(half) * (len(half) - 1))
    weighted = [np.where(w > 0, w * r, 0.0) for w, r in zip(weights, averages, strict=True)]
    within = (weighted[0] + weighted[1]) / sum(weights) if any(weights) else none
    between = _block(R, p, q).mean(axis=(-2, -1)) if len(p) and len(q) else none
    with np.errstate(invalid="ignore", divide="ignore"):
        PP, NN, PN = (_block(C, a, b).sum(axis=(-2, -1)) for a, b in ((p, p), (q, q), (p, q)))
        r = PN / np.sqrt(PP * NN)
        disattenuated = r / np.sqrt(np.where((alphas[0] > 0) & (alphas[1] > 0), alphas[0] * alphas[1], np.nan))
    return {
        "disattenuated_r": disattenuated,
        "difference": within - between,
        "r_halves": r,
        "alpha_positive": alphas[0],
        "alpha_negative": alphas[1],
        "r_positive": averages[0],
        "r_negative": averages[1],
        "r_within": within,
        "r_between": between,
    }


def _block(C: Array, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Array:
    block: Array = C[..., rows[:, None], columns]
    return block
