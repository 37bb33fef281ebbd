"""An agreement index by school, and what can be asked of it without the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.records import Record
from internal_coherence.schools.agreement.bands import RWG_BANDS
from internal_coherence.schools.agreement.indices import (
    rwg_from_variance,
    rwg_j_from_variance,
    rwg_lindell_from_variance,
)
from internal_coherence.schools.agreement.nulls import NULLS, NullChoice, null_distribution

Array = NDArray[np.float64]
Index = Literal["rwg", "rwg_j", "rwg_lindell"]

FORMULA: Final[Mapping[str, Callable[[Array, int, float], Array]]] = {
    "rwg": lambda variance, _, null: rwg_from_variance(variance, null),
    "rwg_j": rwg_j_from_variance,
    "rwg_lindell": lambda variance, _, null: rwg_lindell_from_variance(variance, null),
}
ENOUGH: Final = 0.70
"""The custom of calling agreement of .70 enough; it has no better reason than custom (Lance, Butts & Michels 2006)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Agreement(Record):
    """An agreement index by school, for the analyst: the table is not gated.

    Parameters
    ----------
    by_school : DataFrame
        Columns ``grpid``, the index, ``gsize`` (teachers used), as in R's multilevel; NaN with fewer than two teachers.
        With draws also ``p_value``, the share of groups drawn at random that agree at least as much, and ``critical``,
        the least value with p ≤ .05 in a school of that size; NaN where even full agreement is not so rare.
    index : {"rwg", "rwg_j", "rwg_lindell"}
        The name of the index and of its column.
    mean, median : float
        Over the schools that have a value.
    n_schools, n_without : int
        Schools with a value, and schools of fewer than two usable teachers.
    n_at_floor : int
        Schools whose observed variance exceeded the null variance. It is set to it, which gives 0; r*_WG(J) has no
        floor, and is negative there.
    null : str
        The null distribution; ``"given"`` if it was none of the named.
    null_variance : float
        Its variance.
    missing : {"listwise"}
        Teachers count if they answered every item.
    n, n_missing : int
        Teachers used, and teachers left out for a missing answer.
    n_items, n_options : int
        Items, and their response options.
    draws : int
        Groups of each size drawn at random; 0 for none.
    null_items : str
        Whether the drawn items were ``"correlated"`` or ``"independent"``; empty without draws.
    """

    by_school: pd.DataFrame
    index: Index
    mean: float
    n_schools: int
    n_without: int
    n_at_floor: int
    null: str
    null_variance: float
    missing: str = "listwise"
    median: float
    n: int
    n_missing: int
    n_items: int
    n_options: int
    draws: int = 0
    null_items: str = ""
    _variance: Array = field(default_factory=lambda: np.empty(0))

    def under(self, null: NullChoice) -> Agreement:
        """Return the same answers compared with another null distribution, without a test.

        Parameters
        ----------
        null : str, float or (A,) array
            As in `rwg_j`.

        Returns
        -------
        Agreement
        """
        other = null_distribution(null, self.n_options)
        values = FORMULA[self.index](self._variance, self.n_items, other.variance)
        table = self.by_school[["grpid", self.index, "gsize"]].assign(**{self.index: values})
        return replace(
            self,
            by_school=table,
            **summary(values, self._variance, other.variance),
            null=other.name,
            null_variance=other.variance,
            draws=0,
            null_items="",
        )

    def across(self, nulls: Sequence[NullChoice] = NULLS) -> pd.DataFrame:
        """Return what becomes of the index under several null distributions: report a range (LeBreton & Senter 2008).

        Parameters
        ----------
        nulls : sequence
            Each as in `rwg_j`.

        Returns
        -------
        DataFrame
            A row each: ``null, null_variance, mean, median, share_at_least_70, n_at_floor, n_schools``.
        """
        if isinstance(nulls, str):
            raise ModelError(f"nulls is a list of null distributions; for one take .under({nulls!r})")
        rows = []
        for found in (self.under(null) for null in nulls):
            row = {name: getattr(found, name) for name in ("null", "null_variance", "mean", "median")}
            rows.append(
                row | {"share_at_least_70": found.share(), "n_at_floor": found.n_at_floor, "n_schools": found.n_schools}
            )
        return pd.DataFrame(rows)

    def share(self, at_least: float = ENOUGH) -> float:
        """Return the share of schools, of those with a value, whose index is at least so much.

        Parameters
        ----------
        at_least : float
            .70 by custom.

        Returns
        -------
        float
            NaN if no school has a value.
        """
        values = self.by_school[self.index].to_numpy()
        return float(np.mean(values[~np.isnan(values)] >= at_least)) if self.n_schools else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """Return the table by school, with a customary word for each value.

        Returns
        -------
        DataFrame
            ``by_school`` and ``reading``, in the bands of LeBreton & Senter (2008).
        """
        return self.by_school.assign(reading=RWG_BANDS.of(self.by_school[self.index].to_numpy()))

    def in_words(self) -> str:
        """Return how many schools agree how much.

        Returns
        -------
        str
            In the bands of LeBreton & Senter (2008), which are a custom and not a test.
        """
        counted = RWG_BANDS.counted(self.by_school[self.index].to_numpy())
        return f"{self.index} against a null distribution {self.null}: {counted}; bands of {RWG_BANDS.source}"

    def __repr__(self) -> str:
        return (
            f"<{self.index}: mean {self.mean:.3f} over {self.n_schools} schools, null {self.null}"
            f" (variance {self.null_variance:.3f})>"
        )


def summary(values: Array, variance: Array, null_variance: float) -> dict[str, Any]:
    """Return the fields of `Agreement` that sum up the schools.

    Parameters
    ----------
    values, variance : (J,) array
        The index and the observed variance of each school; NaN where there are not two teachers.
    null_variance : float
        Of answering at random.

    Returns
    -------
    dict
    """
    known = values[~np.isnan(values)]
    return {
        "mean": float(known.mean()) if len(known) else float("nan"),
        "median": float(np.median(known)) if len(known) else float("nan"),
        "n_schools": len(known),
        "n_without": len(values) - len(known),
        "n_at_floor": int((variance > null_variance).sum()),
    }
