"""What a table gives away by itself, before anything is subtracted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.protected import in_words
from internal_coherence.schools.disclosure.released import COUNTS, NEEDED, WORDS, Released, Table, frame_of
from internal_coherence.schools.disclosure.shown_totals import total_rows

Array = NDArray[np.float64]
Finding = dict[str, object]
SPREADS = (
    "sd", "std", "se", "stderr", "sem", "var", "variance", "min", "max", "range", "median", "iqr", "q1", "q3", "rwg",
    "rwg_j", "awg", "ad",
)  # fmt: skip


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
    found: list[Finding] = []
    rows, frames = released.rows, [frame_of(table) for table in tables.values()]
    spread = [_any_spread(frame) for frame in frames]
    wholes = list(_spreads_of_wholes(frames, released, np.concatenate(spread), gates))
    for number, (name, frame) in enumerate(zip(tables, frames, strict=True)):
        own = rows[rows["table"] == number]
        k, s = own["key"].to_numpy(), own["scale"].to_numpy()
        n, mean = released.n[k, s], own["mean"].to_numpy()
        for leak, where, lower, upper, words in (
            *_of_means(frame, n, mean, low[s], high[s], gates, width),
            *_beside(frame, released.columns, n, mean, gates),
            *(leak for at, leak in wholes if at == number),
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


def _beside(frame: pd.DataFrame, columns: Sequence[str], n: Array, mean: Array, gates: Gates) -> Iterator[Leak]:
    """Yield numbers that stand where the mean is withheld, and numbers of few teachers that tell their answers."""
    nowhere = np.full(len(frame), np.nan)
    for column in frame.columns:
        if column in (*columns, *COUNTS, *NEEDED, *WORDS):
            continue
        there = _numbers(frame[column])
        words = f"{column!r} is shown where the mean is withheld, and leads back to it"
        yield "beside a withheld mean", there & np.isnan(mean), nowhere, nowhere, words
        if str(column).casefold() in SPREADS:
            few = there & ~np.isnan(mean) & (n < gates.min_distribution)
            words = f"{column!r} of fewer than {gates.min_distribution} teachers is shown; with the mean it all but tells the answers"
            yield "spread of few", few, nowhere, nowhere, words


def _any_spread(frame: pd.DataFrame) -> NDArray[np.bool_]:
    there = [_numbers(frame[column]) for column in frame.columns if str(column).casefold() in SPREADS]
    any_there: NDArray[np.bool_] = np.logical_or.reduce([np.zeros(len(frame), dtype=bool), *there])
    return any_there


def _numbers(values: pd.Series) -> NDArray[np.bool_]:
    """Say where a column holds a number, also one written as a percentage."""
    if pd.api.types.is_bool_dtype(values):
        return np.zeros(len(values), dtype=bool)
    if not pd.api.types.is_numeric_dtype(values):
        text = values.astype(object).where(values.notna(), "").astype(str)
        values = pd.to_numeric(text.str.replace("%", "").str.strip(), errors="coerce")
    return np.asarray(values.notna(), dtype=bool)


def _spreads_of_wholes(
    frames: Sequence[pd.DataFrame], released: Released, shown: NDArray[np.bool_], gates: Gates
) -> Iterator[tuple[int, Leak]]:
    """Yield spreads from which the spread of a part can be worked out: of a total, or one that another table hides.

    `shown` says of every row of `released` whether a spread stands in it.
    """
    rows = released.rows
    total = np.concatenate([total_rows(released, rows[rows["table"] == t], f) for t, f in enumerate(frames)])
    cell = pd.MultiIndex.from_frame(rows[["key", "scale"]])
    few = (released.n[rows["key"], rows["scale"]] < gates.min_distribution) | rows["mean"].isna().to_numpy()
    of_few = set(rows["scale"][few & ~total])
    hidden = set(cell[~shown & ~total])
    for t, frame in enumerate(frames):
        own = (rows["table"] == t).to_numpy()
        nowhere = np.full(len(frame), np.nan)
        whole = shown & total & rows["scale"].isin(of_few).to_numpy()
        words = "the spread of all is shown; with those of the larger groups it tells the spread of a small one"
        yield t, ("spread of a total", whole[own], nowhere, nowhere, words)
        elsewhere = shown & ~total & np.array([c in hidden for c in cell], dtype=bool)
        words = "a spread is shown that another table hides, so that those of small groups can't be worked out"
        yield t, ("spread hidden elsewhere", elsewhere[own], nowhere, nowhere, words)
