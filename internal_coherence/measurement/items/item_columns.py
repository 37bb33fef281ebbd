"""The columns of an item analysis: what moments tell, and what only the answers do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

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

Array = NDArray[np.float64]
MOST_CATEGORIES: Final = 20
"""With more different answers than this, their shares are not laid out one by one."""


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


def of_answers(X: Array, bounds: tuple[float, float] | None, skew_type: SkewType, where: str) -> dict[str, Array]:
    """Return the columns that need the answers.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    bounds : (low, high) or None
        The answers allowed; if None, the lowest and highest that was given.
    skew_type : {1, 2, 3}
        Which skew and kurtosis.
    where : str
        How a message begins.

    Returns
    -------
    dict
        Column name to (k,) array.

    Raises
    ------
    ResponseError
        If answers lie outside of the bounds.
    """
    n = np.count_nonzero(~np.isnan(X), axis=0)
    low, high = np.fmin.reduce(X, axis=None, initial=np.inf), np.fmax.reduce(X, axis=None, initial=-np.inf)
    if bounds is not None:
        if low < bounds[0] or high > bounds[1]:
            raise ResponseError(
                f"{where}answers from {low:g} to {high:g} lie outside of the bounds {bounds[0]:g}–{bounds[1]:g}"
            )
        low, high = bounds
    skew, kurtosis = kernels.shape(X, skew_type)
    mean = np.nansum(X, axis=0) / np.where(n > 0, n, np.nan)
    return {
        "n": n,
        "mean": mean,
        "sd": np.sqrt(np.nansum((X - mean) ** 2, axis=0) / np.where(n > 1, n - 1, np.nan)),
        "skew": skew,
        "kurtosis": kurtosis,
        "floor": (low == X).sum(axis=0) / np.where(n > 0, n, np.nan),
        "ceiling": (high == X).sum(axis=0) / np.where(n > 0, n, np.nan),
        "raw_r": kernels.item_mean_correlation(X),
    }


def frequencies_of(X: Array, names: Sequence[str], bounds: tuple[float, float] | None, missing: Array) -> pd.DataFrame:
    """Return the share of each code among the answers to each item.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    names : sequence of str
        The items.
    bounds : (low, high) or None
        Between which every whole number is a code, chosen or not.
    missing : (k,) array
        Share of teachers without an answer.

    Returns
    -------
    DataFrame
        A row an item, a column a code, and ``miss``; without columns where the codes are too many.
    """
    index = pd.Index(names, name="item")
    codes = np.unique(X[~np.isnan(X)])
    if bounds is not None and (np.rint(codes) == codes).all():
        codes = np.union1d(codes, np.arange(bounds[0], bounds[1] + 1))
    if len(codes) > MOST_CATEGORIES:
        return pd.DataFrame(index=index)
    n = np.count_nonzero(~np.isnan(X), axis=0)
    shares = {f"{code:g}": (code == X).sum(axis=0) / np.where(n > 0, n, np.nan) for code in codes}
    return pd.DataFrame({**shares, "miss": missing}, index=index)
