"""Do the teachers of a school agree, given where their mean lies? a_WG, of which the ends of a scale make no agreement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, ResponseError
from internal_coherence.records import ByScale, Record
from internal_coherence.schools.agreement.bands import AWG_BANDS
from internal_coherence.schools.agreement.indices import awg_from_moments
from internal_coherence.schools.agreement.ratings import Answers, Ratings, School, of_scales

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AgreementGivenMean(Record):
    """a_WG by school, for the analyst: the table is not gated.

    Parameters
    ----------
    by_school : DataFrame
        Columns ``grpid``, ``a_wg``, ``gsize`` (teachers used), ``n_items_outside`` (items whose mean lies so near an end
        of the scale that they were left out), ``avg_grp_var`` (variance of the teachers' means over the items).
        ``a_wg`` is NaN with fewer than two teachers, or if every item was left out.
    mean, median : float
        Over the schools that have a value.
    n_schools, n_without : int
        Schools with a value, and schools of fewer than two usable teachers.
    n_outside, n_partly_outside : int
        Schools without a value since all of their means lie outside the interpretable range, and schools of which
        some items were left out for it.
    n_alike : int
        Schools whose teachers all gave the same answer to every item: 1, or no value outside the interpretable range.
    low, high : float
        Ends of the scale.
    missing : {"listwise"}
        Teachers count if they answered every item.
    n, n_missing, n_items : int
        Teachers used, teachers left out for a missing answer, items.
    """

    by_school: pd.DataFrame
    mean: float
    median: float
    n_schools: int
    n_without: int
    n_outside: int
    n_partly_outside: int
    n_alike: int
    low: float
    high: float
    missing: str = "listwise"
    n: int
    n_missing: int
    n_items: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table by school, with a customary word for each value.

        Returns
        -------
        DataFrame
            ``by_school`` and ``reading``, in the bands of Brown & Hauenstein (2005).
        """
        return self.by_school.assign(reading=AWG_BANDS.of(self.by_school["a_wg"].to_numpy()))

    def in_words(self) -> str:
        """Return how many schools agree how much.

        Returns
        -------
        str
            In the bands of Brown & Hauenstein (2005), which are a custom and not a test.
        """
        counted = AWG_BANDS.counted(self.by_school["a_wg"].to_numpy())
        outside = f"; {self.n_outside} with means outside the interpretable range" if self.n_outside else ""
        return f"a_wg: {counted}{outside}; bands of {AWG_BANDS.source}"

    def __repr__(self) -> str:
        outside = f", {self.n_outside} outside the interpretable range" if self.n_outside else ""
        return f"<a_wg: mean {self.mean:.3f} over {self.n_schools} schools{outside}>"


def awg(
    values: Answers, school: School = None, low: float | None = None, high: float | None = None
) -> AgreementGivenMean | ByScale[AgreementGivenMean]:
    """a_WG: how far the teachers of each school agree, against the most that they could disagree with that mean.

    Parameters
    ----------
    values : (n,) array or Series, (n, k) array or DataFrame, or Responses
        One item, or the items of one scale, over which the index is averaged; teachers with a missing answer are left
        out. `Responses` of one wave give every scale.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    low, high : float, optional
        Lowest and highest answer that can be given. `Responses` know them.

    Returns
    -------
    AgreementGivenMean, or mapping of scale to AgreementGivenMean
        For the analyst: the table is not gated, and small schools' values are close to telling answers.

    Raises
    ------
    ModelError
        If the ends of the scale are not given, or make none.
    ResponseError
        If answers lie outside of them.

    Notes
    -----
    1 − 2s²/{[(H + L)M − M² − HL] k/(k − 1)} for each item, then the mean over the items that have a value. −1 is the most
    disagreement that the mean allows, 0 half of it, 1 full agreement. A mean M below (L(k − 1) + H)/k or above
    (H(k − 1) + L)/k is outside the range in which k teachers can disagree to the full; that item has no value.
    A mean at the very end of the scale has only one pattern of answers, all alike, and there the index is 1. Of answers
    all alike between the end and the interpretable range nothing is said, as of any others there.

    ``multilevel::awg(x, grpid, range = c(low, high))``. Brown & Hauenstein (2005).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.awg([4, 4, 5, 1, 6, 3], ["Elm"] * 3 + ["Oak"] * 3, low=1, high=6).to_frame()[["grpid", "a_wg", "reading"]].round(3)
      grpid   a_wg                 reading
    0   Elm  0.920        strong agreement
    1   Oak -0.357  unacceptable agreement
    """
    return of_scales(values, school, "awg", partial(_given_mean, low=low, high=high))


def _given_mean(ratings: Ratings, *, low: float | None, high: float | None) -> AgreementGivenMean:
    L, H = _ends(ratings, low, high)
    spread, size = ratings.spread(), ratings.size[:, None]
    variance = spread.sum_of_squares / np.maximum(size - 1, 1)
    of_item = awg_from_moments(spread.mean, variance, size.astype(np.float64), L, H)
    outside = (np.isnan(of_item) & (size >= 2)).sum(axis=1)
    found = ratings.n_items - outside
    values = np.where(ratings.usable & (found > 0), np.nansum(of_item, axis=1) / np.maximum(found, 1), np.nan)
    known = values[~np.isnan(values)]
    table = pd.DataFrame(
        {
            "grpid": list(ratings.groups.labels),
            "a_wg": values,
            "gsize": ratings.size,
            "n_items_outside": outside,
            "avg_grp_var": _variance_of_means(ratings),
        }
    )
    return AgreementGivenMean(
        by_school=table,
        mean=float(known.mean()) if len(known) else float("nan"),
        median=float(np.median(known)) if len(known) else float("nan"),
        n_schools=len(known),
        n_without=int((~ratings.usable).sum()),
        n_outside=int((outside == ratings.n_items).sum()),
        n_partly_outside=int(((outside > 0) & (outside < ratings.n_items)).sum()),
        n_alike=int((ratings.usable & (variance < 1e-12 * (H - L) ** 2).all(axis=1)).sum()),
        low=L,
        high=H,
        n=len(ratings.X),
        n_missing=ratings.n_missing,
        n_items=ratings.n_items,
    )


def _ends(ratings: Ratings, low: float | None, high: float | None) -> tuple[float, float]:
    if low is None and high is None and ratings.formats:
        low, high = ratings.formats[0]
    if low is None or high is None:
        raise ModelError("awg needs low= and high=, the lowest and the highest answer that can be given")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ModelError(f"low={low!r} and high={high!r} are not the ends of a scale")
    if outside := int(np.count_nonzero(np.clip(ratings.X, low, high) != ratings.X)):
        raise ResponseError(f"awg: {outside} answers lie outside {low:g}–{high:g}")
    return float(low), float(high)


def _variance_of_means(ratings: Ratings) -> Array:
    """Return the variance of teachers' means over the items, in each school."""
    of_means = Ratings(X=ratings.X.mean(axis=1, keepdims=True), groups=ratings.groups, size=ratings.size, n_missing=0)
    squares = of_means.spread().sum_of_squares[:, 0]
    return np.where(ratings.usable, squares / np.maximum(ratings.size - 1, 1), np.nan)
