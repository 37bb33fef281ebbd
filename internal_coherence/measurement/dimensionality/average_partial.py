"""How many components? Until what is left is each item's own: the minimum average partial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.measurement.dimensionality.correlations import correlated
from internal_coherence.measurement.dimensionality.extraction import SINGULAR
from internal_coherence.measurement.entrance import Data
from internal_coherence.moments.levels import Missing
from internal_coherence.records import Record

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MinimumAveragePartial(Record):
    """Velicer's minimum average partial correlation.

    Parameters
    ----------
    averages : DataFrame
        Indexed by ``n_components``, 0 to k − 1: the partial correlations' average ``squared`` (1976) and average
        ``fourth_power`` (2000) with that many components held constant.
    n_components : int
        Where the average square is smallest.
    n_components_revised : int
        Where the average fourth power is.
    n_items : int
        k.
    missing : {"pairwise", "listwise", "em", "given"}
        How missing answers were treated.
    """

    averages: pd.DataFrame
    n_components: int
    n_components_revised: int
    n_items: int
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """Return the averages, a row a number of components.

        Returns
        -------
        DataFrame
        """
        return self.averages.reset_index()

    def __repr__(self) -> str:
        return (
            f"<minimum average partial: {self.n_components} components (fourth power:"
            f" {self.n_components_revised}), {self.n_items} items>"
        )


def minimum_average_partial(data: Data, *, missing: Missing = "pairwise") -> MinimumAveragePartial:
    """Velicer's minimum average partial: how many components until what is left is each item's own?

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        NaN is missing. `Responses` of one wave give all their items.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.

    Returns
    -------
    MinimumAveragePartial

    Raises
    ------
    ResponseError
        With fewer than three items, or items that do not vary.

    Notes
    -----
    ``psych::vss(x)$map`` is the average square with 1, 2, … components; here no component is tried as well. An
    average is NaN where the components leave nothing of some item. Velicer (1976); Velicer, Eaton & Fava (2000).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.minimum_average_partial(ic.example_responses().select(wave=2025)).n_components
    11
    """
    moments = correlated(data, missing, "minimum_average_partial", least=3)
    averages = average_partials(moments.cor)
    index = pd.RangeIndex(len(averages), name="n_components")
    squared, fourth = (int(c) for c in np.nanargmin(averages, axis=0))
    return MinimumAveragePartial(
        averages=pd.DataFrame(averages, columns=["squared", "fourth_power"], index=index),
        n_components=squared,
        n_components_revised=fourth,
        n_items=len(averages),
        missing=moments.missing,
    )


def average_partials(R: Array) -> Array:
    """Return the average square and fourth power of the partial correlations with 0 to k − 1 components held constant.

    Parameters
    ----------
    R : (k, k) array
        Correlations.

    Returns
    -------
    (k, 2) array
        NaN from where a component's eigenvalue is not above 0 or an item is used up.
    """
    k = len(R)
    e, V = np.linalg.eigh(R)
    C, averages = R.copy(), np.full((k, 2), np.nan)
    others = ~np.eye(k, dtype=bool)
    for m in range(k):
        d = np.diag(C)
        if d.min() <= SINGULAR:
            break
        squares = (C * C / np.outer(d, d))[others]
        averages[m] = squares.mean(), (squares**2).mean()
        C = C - e[k - 1 - m] * np.outer(V[:, k - 1 - m], V[:, k - 1 - m])
    return averages
