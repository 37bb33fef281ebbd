"""The columns of an item analysis: what moments tell, and what only the answers do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.measurement.consistency.coefficients import (
    alpha_if_dropped,
    average_off_diagonal,
    dropping_each,
)
from internal_coherence.measurement.items import item_statistics as kernels
from internal_coherence.measurement.items.item_statistics import SkewType
from internal_coherence.moments.sufficient import Moments
from internal_coherence.moments.tables import ItemTable

Array = NDArray[np.float64]


def of_moments(moments: Moments) -> dict[str, Array]:
    """Return the columns of the table, those that need the answers as NaN.

    Parameters
    ----------
    moments : Moments
        Of the k items.

    Returns
    -------
    dict
        Column name to (k,) array.
    """
    cov, R = moments.cov, moments.cor
    unknown = np.full(len(cov), np.nan)
    whole = moments.missing in ("given", "listwise")  # everyone answered all: the mean of the items goes with their sum
    return {
        "n": np.diag(moments.pairs.n),
        "mean": moments.mean,
        "sd": np.sqrt(np.diag(cov)),
        **dict.fromkeys(("skew", "kurtosis", "floor", "ceiling", "missing"), unknown),
        "raw_r": kernels.item_total_correlation(cov) if whole else unknown,
        "std_r": kernels.item_total_correlation(R),
        "r_cor": kernels.corrected_item_total_correlation(R),
        "r_drop": kernels.item_rest_correlation(cov),
        "r_within": kernels.item_rest_correlation(cov) if moments.level == "within" else unknown,
        "average_r": (R.sum(axis=1) - 1) / (len(R) - 1),
        "average_r_if_dropped": average_off_diagonal(dropping_each(R)) if len(R) > 2 else unknown,
        "alpha_if_dropped": alpha_if_dropped(cov),
        "std_alpha_if_dropped": alpha_if_dropped(R),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfAnswers:
    """What only the answers themselves tell.

    Parameters
    ----------
    columns : dict
        Column name to (k,) array.
    frequencies : DataFrame
        A row an item, a column a code, and ``miss``; without columns where the codes are too many.
    """

    columns: dict[str, Array]
    frequencies: pd.DataFrame


def of_answers(
    table: ItemTable, moments: Moments, bounds: tuple[float, float] | None, skew_type: SkewType
) -> OfAnswers:
    """Return the columns that need the answers.

    Parameters
    ----------
    table : ItemTable
        The answers; under listwise deletion those of the teachers who answered all.
    moments : Moments
        Of the same items.
    bounds : (low, high) or None
        The answers allowed; if None, the lowest and highest that was given.
    skew_type : {1, 2, 3}
        Which skew and kurtosis.

    Returns
    -------
    OfAnswers

    Raises
    ------
    ResponseError
        If answers lie outside of the bounds.
    """
    X = table.X
    low, high = lowest, highest = _range(X)
    if bounds is not None:
        low, high = bounds
        if lowest < low or highest > high:
            raise ResponseError(
                f"{table.where}answers from {lowest:g} to {highest:g} lie outside of the bounds {low:g}–{high:g}"
            )
    counts = kernels.code_counts(X, low, high)
    if counts is None:
        found = kernels.distribution_of_numbers(X)
        ends = np.array([[np.count_nonzero(x == end) for x in X.T] for end in (low, high)], dtype=np.float64)
    else:
        found = kernels.distribution_of_codes(counts, low)
        ends = counts[:, [0, -1]].T
    n, answered = found.n, np.where(found.n > 0, found.n, np.nan)
    skew, kurtosis = kernels.shape(found, skew_type)
    complete = bool((n == len(X)).all())
    columns = {
        "n": n,
        "mean": found.mean,
        "sd": found.sd,
        "skew": skew,
        "kurtosis": kurtosis,
        "floor": ends[0] / answered,
        "ceiling": ends[1] / answered,
        "raw_r": kernels.item_total_correlation(moments.cov) if complete else _with_score(table),
    }
    shares = _shares(X, low, counts) if counts is not None or bounds is None else {}
    index = pd.Index(table.names, name="item")
    return OfAnswers(columns=columns, frequencies=pd.DataFrame(shares, index=index))


def _with_score(table: ItemTable) -> Array:
    counts, sums = table.row_totals()
    return kernels.item_score_correlation(table.X, sums / np.where(counts > 0, counts, np.nan))


def _range(X: Array) -> tuple[float, float]:
    columns = [(np.fmin.reduce(x, initial=np.inf), np.fmax.reduce(x, initial=-np.inf)) for x in X.T]
    return float(min(low for low, _ in columns)), float(max(high for _, high in columns))


def _shares(X: Array, low: float, counts: Array | None) -> dict[str, Array]:
    """Return the share of each code among the answers to each item; nothing where there are too many codes."""
    if counts is not None:
        codes = low + np.arange(counts.shape[1])
    else:
        codes = np.unique(X[X == X])
        if len(codes) > kernels.MOST_CATEGORIES:
            return {}
        counts = np.array([[np.count_nonzero(x == code) for code in codes] for x in X.T], dtype=np.float64)
    n = counts.sum(axis=1)
    shares: Array = counts / np.where(n > 0, n, np.nan)[:, None]
    return {f"{code:g}": share for code, share in zip(codes, shares.T, strict=True)}
