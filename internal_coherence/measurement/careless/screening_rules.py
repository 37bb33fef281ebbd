"""Where a sign of careless answering begins to be flagged, and the counting of flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError

INDICES: Final = ("longstring", "irv", "mahalanobis", "even_odd", "completion")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningCutoffs:
    """Where an index begins to be flagged; None where it never is.

    Parameters
    ----------
    longstring : int or float or None
        At least so many identical answers in a row: a whole number counts items, a share is one of all items.
    irv_fence : float or None
        A variability so many interquartile ranges below the lower quartile of all teachers, or 0.
    mahalanobis_p : float or None
        A probability below this.
    even_odd : float or None
        A consistency below this.
    completion : float or None
        A share of answered items below this.
    """

    longstring: float | None
    irv_fence: float | None
    mahalanobis_p: float | None
    even_odd: float | None
    completion: float | None

    def __post_init__(self) -> None:
        for name, low, high in (("mahalanobis_p", 0, 1), ("even_odd", -1, 1), ("completion", 0, 1)):
            if (value := getattr(self, name)) is not None and not low <= value <= high:
                raise ModelError(f"{name}={value!r} is not between {low} and {high}; None flags nobody")
        if self.irv_fence is not None and not self.irv_fence >= 0:
            raise ModelError(f"irv_fence={self.irv_fence!r} is below 0; None flags nobody")
        self.longest_run(1)

    def longest_run(self, n_items: int) -> float:
        """Return how many identical answers in a row are flagged.

        Parameters
        ----------
        n_items : int
            Items of the questionnaire.

        Returns
        -------
        float
            At least 2; NaN if none are.

        Raises
        ------
        ModelError
            If the cut-off is neither a number of items nor a share of them.
        """
        given = self.longstring
        if given is None:
            return float("nan")
        if isinstance(given, (int, np.integer)) and not isinstance(given, bool) and given >= 2:
            return float(given)
        if isinstance(given, (float, np.floating)) and 0 < given <= 1:
            return float(max(np.ceil(given * n_items - 1e-9), 2))
        msg = (
            f"longstring={given!r}: give a number of items (an int from 2) or a share of them (a float, above 0 and up"
            " to 1.0); None flags nobody"
        )
        raise ModelError(msg)


def flagged(indices: pd.DataFrame, cutoffs: ScreeningCutoffs, n_items: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return each teacher's flags, and how many each index flags.

    Parameters
    ----------
    indices : DataFrame
        A row a teacher.
    cutoffs : ScreeningCutoffs
        What is flagged.
    n_items : int
        Items of the questionnaire.

    Returns
    -------
    flags, summary : DataFrame
        ``flag_…`` and ``n_flags`` on the index of `indices`; and a row an index, then ``any`` and ``two_or_more``.
    """
    rules = {
        "longstring": ("so many identical answers in a row, or more", cutoffs.longest_run(n_items)),
        "irv": ("variability of this or less", _fence(indices["irv"].to_numpy(), cutoffs.irv_fence)),
        "mahalanobis": ("probability below", cutoffs.mahalanobis_p),
        "even_odd": ("consistency below", cutoffs.even_odd),
        "completion": ("share of items answered below", cutoffs.completion),
    }
    columns, rows = {}, {}
    for index, (rule, cutoff) in rules.items():
        values = indices["mahalanobis_p" if index == "mahalanobis" else index]
        edge = float("nan") if cutoff is None else float(cutoff)
        flag = values >= edge if index == "longstring" else values <= edge if index == "irv" else values < edge
        columns[f"flag_{index}"] = flag
        rows[index] = (rule, edge, int(values.notna().sum()), int(flag.sum()))
    flags = pd.DataFrame(columns, index=indices.index)
    count = flags.sum(axis=1)
    for name, least in (("any", 1), ("two_or_more", 2)):
        rows[name] = ("so many flags, or more", float(least), len(flags), int((count >= least).sum()))
    summary = pd.DataFrame.from_dict(rows, orient="index", columns=["rule", "cutoff", "n_computed", "n_flagged"])
    summary["share"] = summary["n_flagged"] / summary["n_computed"].where(summary["n_computed"] > 0)
    return flags.assign(n_flags=count), summary.rename_axis("index")


def _fence(values: np.ndarray, reach: float | None) -> float | None:
    """Return Tukey's lower fence, at least 0, so that a variability of 0 is always flagged."""
    if reach is None or np.isnan(values).all():
        return None
    lower, upper = np.nanquantile(values, [0.25, 0.75])
    return max(float(lower - reach * (upper - lower)), 0.0)
