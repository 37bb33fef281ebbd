"""Answers as they were given, in the order of the questionnaire, and what is needed to turn them in one direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError, ResponseError, closest, listing
from internal_coherence.measurement.entrance import ItemTable, item_table
from internal_coherence.responses import Responses, reverse_code
from internal_coherence.responses.record import CODED

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AsGiven:
    """Answers before any reversal.

    Parameters
    ----------
    table : ItemTable
        Codes as given.
    scales : tuple of tuple of int
        The columns of each scale of two items or more, in order.
    low, high : (k,) array
        The items' lowest and highest code; 0 and 1 where they are not known.
    reversed : (k,) array of bool
        Which items are worded against their scale.
    """

    table: ItemTable
    scales: tuple[tuple[int, ...], ...]
    low: Array
    high: Array
    reversed: NDArray[np.bool_]

    def coded(self, rows: slice) -> Array:
        """Return some rows in one direction, on 0–1 of the bounds where those are known.

        Parameters
        ----------
        rows : slice
            Which.

        Returns
        -------
        (n, k) array
        """
        X = self.table.X[rows].copy()
        for j in np.flatnonzero(self.reversed):
            X[:, j] = reverse_code(X[:, j], self.low[j], self.high[j])
        X -= self.low
        X /= self.high - self.low
        return X


def of_responses(responses: Responses) -> AsGiven:
    """Return the answers of a survey.

    Parameters
    ----------
    responses : Responses
        Of one wave.

    Returns
    -------
    AsGiven
    """
    items = responses.instrument.items
    names = tuple(item.key for item in items)
    place = {name: j for j, name in enumerate(names)}
    raw = responses.raw
    return AsGiven(
        table=ItemTable(X=raw[list(names)].to_numpy(dtype=np.float64, na_value=np.nan), names=names, index=raw.index),
        scales=tuple(tuple(place[key] for key in scale.item_keys) for scale in responses.instrument.scales),
        low=np.array([item.low for item in items], dtype=np.float64),
        high=np.array([item.high for item in items], dtype=np.float64),
        reversed=np.array([item.reversed for item in items]),
    )


def of_frame(
    data: pd.DataFrame | ArrayLike,
    scales: Mapping[str, Sequence[str]],
    reversed: Sequence[str],
    bounds: tuple[float, float] | None,
) -> AsGiven:
    """Return the answers of a table, checked.

    Parameters
    ----------
    data : (n, k) DataFrame or array
        As given.
    scales : mapping of str to sequence of str
        The items of each scale.
    reversed : sequence of str
        Items worded against their scale.
    bounds : (low, high) or None
        Of all items.

    Returns
    -------
    AsGiven

    Raises
    ------
    ResponseError
        For items that were turned round already, or that do not exist.
    ModelError
        For reversed items without bounds.
    """
    if isinstance(data, pd.DataFrame) and data.attrs.get(CODED):
        msg = (
            "screen_responses looks at answers as given, and these items are turned round already: pass the Responses"
            " themselves, or .raw with scales=, reversed= and bounds="
        )
        raise ResponseError(msg)
    table = item_table(data, "screen_responses")
    place = {name: j for j, name in enumerate(table.names)}
    for what, names in (("reversed", list(reversed)), *((f"scale {key!r}", list(v)) for key, v in scales.items())):
        if unknown := [name for name in names if name not in place]:
            msg = f"{what}: no item {listing(unknown)}; the items are {listing(place)}{closest(unknown[0], place)}"
            raise ResponseError(msg)
    if len(reversed) and bounds is None:
        raise ModelError("reversed items need bounds=(low, high), the lowest and highest code allowed")
    low, high = bounds or (0.0, 1.0)
    if not low < high:
        raise ModelError(f"bounds={bounds!r}: low must be less than high")
    k = len(table.names)
    return AsGiven(
        table=table,
        scales=tuple(tuple(place[name] for name in items) for items in scales.values() if len(items) > 1),
        low=np.full(k, float(low)),
        high=np.full(k, float(high)),
        reversed=np.isin(table.names, list(reversed)),
    )
