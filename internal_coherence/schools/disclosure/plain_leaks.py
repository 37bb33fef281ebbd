"""What a table gives away by itself, before anything is subtracted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.protected import in_words
from internal_coherence.schools.disclosure.released import COUNTS, Released, Table, frame_of

Array = NDArray[np.float64]
Finding = dict[str, object]
SPREADS = ("sd", "se", "var", "variance")


def plain_leaks(
    tables: Mapping[str, Table], released: Released, gates: Gates, low: Array, high: Array, width: float
) -> list[Finding]:
    """Find means of too few, means that tell every answer, and numbers beside a mean that is withheld.

    Parameters
    ----------
    tables : mapping
        The tables by name.
    released : Released
        The same, read.
    gates : Gates
        What must hold.
    low, high : (S,) array
        The ends of the scales.
    width : float
        Scale points between which an answer counts as known.

    Returns
    -------
    list of dict
        ``table, cell, scale, leak, lower, upper, width, in_words``.
    """
    found = []
    rows = released.rows
    for number, (name, table) in enumerate(tables.items()):
        frame = frame_of(table)
        own = rows[rows["table"] == number]
        k, s = own["key"].to_numpy(), own["scale"].to_numpy()
        n, mean = released.n[k, s], own["mean"].to_numpy()
        for leak, where, lower, upper, words in (
            *_of_means(frame, n, mean, low[s], high[s], gates, width),
            *_beside(frame, n, mean, gates),
        ):
            found += [
                {
                    "table": name,
                    "cell": in_words(released.columns, released.keys[k[i]]),
                    "scale": released.scales[s[i]],
                    "leak": leak,
                    "lower": lower[i],
                    "upper": upper[i],
                    "width": upper[i] - lower[i],
                    "in_words": words,
                }
                for i in np.flatnonzero(where)
            ]
    return found


Leak = tuple[str, NDArray[np.bool_], Array, Array, str]


def alike(n: Array, mean: Array, low: Array, high: Array, width: float) -> NDArray[np.bool_]:
    """Say whether a mean lies so near an end of the scale that it tells what every teacher answered.

    Parameters
    ----------
    n, mean, low, high : (m,) array
        Of m groups.
    width : float
        Scale points between which an answer counts as known.

    Returns
    -------
    (m,) array of bool
        Nobody can be further from the end than all are together, n·|mean − end|.
    """
    with np.errstate(invalid="ignore"):
        near: NDArray[np.bool_] = n * np.minimum(mean - low, high - mean) < width - 1e-9
    return near


def _of_means(
    frame: pd.DataFrame, n: Array, mean: Array, low: Array, high: Array, gates: Gates, width: float
) -> Iterator[Leak]:
    shown = ~np.isnan(mean)
    with np.errstate(invalid="ignore"):
        few = shown & ~(n >= gates.min_teachers)
    yield "too few", few, mean, mean, f"the mean of fewer than {gates.min_teachers} teachers is shown"
    at_low = mean - low < high - mean
    away = n * np.where(at_low, mean - low, high - mean)
    lower, upper = np.where(at_low, low, high - away), np.where(at_low, low + away, high)
    near = shown & ~few & alike(n, mean, low, high, width)
    yield "answers alike", near, lower, upper, "the mean is so near the end of the scale that it tells every answer"
    if "withheld" in frame:
        marked = frame["withheld"].fillna("").to_numpy() != ""
        yield (
            "shown though withheld",
            marked & shown & ~few,
            mean,
            mean,
            "a reason to withhold the mean is given, and the mean",
        )


def _beside(frame: pd.DataFrame, n: Array, mean: Array, gates: Gates) -> Iterator[Leak]:
    nowhere = np.full(len(frame), np.nan)
    for column in frame.columns:
        values = frame[column]
        if column == "mean" or column in COUNTS or str(column)[:2] == "n_" or not pd.api.types.is_numeric_dtype(values):
            continue
        if pd.api.types.is_bool_dtype(values) or (not pd.api.types.is_float_dtype(values) and column not in SPREADS):
            continue
        there = values.notna().to_numpy()
        words = f"{column!r} is shown where the mean is withheld, and leads back to it"
        yield "beside a withheld mean", there & np.isnan(mean), nowhere, nowhere, words
        if column in SPREADS:
            few = there & ~np.isnan(mean) & (n < gates.min_distribution)
            words = f"{column!r} of fewer than {gates.min_distribution} teachers is shown; with the mean it all but tells the answers"
            yield "spread of few", few, nowhere, nowhere, words
