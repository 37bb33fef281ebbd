"""Scale scores: one number a teacher and scale, from enough of its items."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.responses.record import Responses, check_responses

Method = Literal["mean", "sum", "pomp"]
METHODS: Final[tuple[str, ...]] = get_args(Method)


def score(responses: Responses, method: Method = "mean", min_answered: float = 0.5) -> pd.DataFrame:
    """Score every scale for every teacher.

    Parameters
    ----------
    responses : Responses
        Their items are reverse-coded already.
    method : {"mean", "sum", "pomp"}
        The mean of the answered items, on the response scale; that mean times the number of items; or the percent of
        the maximum possible, 0–100.
    min_answered : int or float
        How much of a scale must be answered: a whole number counts items (``1``: any one), a share below or equal to
        1.0 is a share of the scale's items (``0.5``: half, ``1.0``: all).

    Returns
    -------
    DataFrame
        Teachers × scales on the index of ``responses.items``; NaN where too little was answered. ``attrs`` records
        `method` and `min_answered`.

    Raises
    ------
    ResponseError
        For an unknown method, or a minimum that no scale could meet.

    Notes
    -----
    Nothing is imputed; the mean of answered items stands for the scale, and the sum is that mean times the number of
    items. In R: ``rowMeans(x, na.rm = TRUE)`` where ``rowSums(!is.na(x)) >= m``. POMP: Cohen, Cohen, Aiken & West (1999).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> responses = ic.example_responses().select(wave=2025)
    >>> ic.score(responses, "pomp")[["leadership", "team_support"]].mean().round(1)
    leadership      64.9
    team_support    64.5
    dtype: float64
    """
    check_responses(responses, "score")
    if method not in METHODS:
        raise ResponseError(f"method={method!r} is not one of 'mean', 'sum', 'pomp'")
    items = responses.items
    columns = {}
    for scale in responses.instrument.scales:
        need = items_needed(min_answered, len(scale.items))
        mean = mean_of_answered(items[scale.item_keys].to_numpy(), need)
        if method == "sum":
            mean = mean * len(scale.items)
        elif method == "pomp":
            mean = 100 * (mean - scale.low) / (scale.high - scale.low)
        columns[scale.key] = mean
    scores = pd.DataFrame(columns, index=items.index)
    scores.attrs |= {"method": method, "min_answered": min_answered}
    return scores


def items_needed(min_answered: float, n_items: int) -> int:
    """Return how many of a scale's items a score needs.

    Parameters
    ----------
    min_answered : int or float
        A count (int) or a share (float).
    n_items : int
        Of the scale.

    Returns
    -------
    int

    Raises
    ------
    ResponseError
        If it is neither a count from 1 to the scale's length nor a share above 0 and up to 1.
    """
    if isinstance(min_answered, (int, np.integer)) and not isinstance(min_answered, bool):
        if 1 <= min_answered <= n_items:
            return int(min_answered)
        raise ResponseError(f"min_answered={min_answered} items: a scale of {n_items} items allows 1 to {n_items}")
    if isinstance(min_answered, (float, np.floating)) and 0 < min_answered <= 1:
        return int(np.ceil(min_answered * n_items - 1e-9))
    msg = f"min_answered={min_answered!r}: give a number of items (an int from 1) or a share of them (a float, above 0 and up to 1.0)"
    raise ResponseError(msg)


def mean_of_answered(items: NDArray[np.float64], need: int) -> NDArray[np.float64]:
    """Return each row's mean over what it answered.

    Parameters
    ----------
    items : (n, k) array
        NaN is missing.
    need : int
        The least number of answers.

    Returns
    -------
    (n,) array
        NaN where fewer were given.
    """
    answered = ~np.isnan(items)
    count = answered.sum(axis=1)
    total = np.where(answered, items, 0.0).sum(axis=1)
    return np.where(count >= need, total / np.maximum(count, 1), np.nan)
