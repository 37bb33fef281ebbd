"""How far do the teachers of a school lie from its mean or median, in points of the scale? AD_M and AD_Md."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, check_option
from internal_coherence.records import ByScale, Record
from internal_coherence.schools.agreement.bands import deviation_bands
from internal_coherence.schools.agreement.chance import NullItems, chance, check_draws
from internal_coherence.schools.agreement.from_counts import mean_deviation, median_deviation
from internal_coherence.schools.agreement.indices import deviation_from_mean, deviation_from_median
from internal_coherence.schools.agreement.nulls import NullChoice, null_distribution
from internal_coherence.schools.agreement.ratings import Answers, Ratings, School, of_scales

About = Literal["mean", "median"]
ABOUT: Final[tuple[str, ...]] = get_args(About)
OBSERVED: Final = {"mean": deviation_from_mean, "median": deviation_from_median}
DRAWN: Final = {"mean": mean_deviation, "median": median_deviation}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AverageDeviation(Record):
    """Average deviations by school, for the analyst: the table is not gated.

    Parameters
    ----------
    by_school : DataFrame
        Columns ``grpid``, ``ad_m`` or ``ad_md`` in points of the scale, ``gsize`` (teachers used); NaN with fewer than
        two teachers. With draws also ``p_value``, the share of groups drawn at random that deviate no more, and
        ``critical``, the largest deviation with p ≤ .05 in a school of that size.
    index : {"ad_m", "ad_md"}
        The name of the index and of its column.
    about : {"mean", "median"}
        What teachers deviate from.
    mean, median : float
        Over the schools that have a value.
    n_schools, n_without : int
        Schools with a value, and schools of fewer than two usable teachers.
    n_options : int or None
        Response options, A; None if not known.
    bound : float
        A/6, up to which the deviation is small by custom (Burke & Dunlap 2002); NaN if A is not known.
    n_within_bound : int or None
        Schools that keep to it.
    missing : {"listwise"}
        Teachers count if they answered every item.
    n, n_missing, n_items : int
        Teachers used, teachers left out for a missing answer, items.
    null : str
        The null distribution; empty without draws.
    draws : int
        Groups of each size drawn at random; 0 for none.
    null_items : str
        Whether the drawn items were ``"correlated"`` or ``"independent"``; empty without draws.
    """

    by_school: pd.DataFrame
    index: Literal["ad_m", "ad_md"]
    about: About
    mean: float
    median: float
    n_schools: int
    n_without: int
    n_options: int | None
    bound: float
    n_within_bound: int | None
    missing: str = "listwise"
    n: int
    n_missing: int
    n_items: int
    null: str
    draws: int
    null_items: str

    def share_within_bound(self) -> float:
        """Return the share of schools, of those with a value, that keep to A/6.

        Returns
        -------
        float
            NaN if no school has a value, or A is not known.
        """
        if self.n_within_bound is None or not self.n_schools:
            return float("nan")
        return self.n_within_bound / self.n_schools

    def to_frame(self) -> pd.DataFrame:
        """Return the table by school, and where the number of options is known, whether each keeps to A/6.

        Returns
        -------
        DataFrame
            ``by_school``, and ``reading`` if the number of options is known.
        """
        if self.n_options is None:
            return self.by_school.copy()
        return self.by_school.assign(reading=deviation_bands(self.n_options).of(self.by_school[self.index].to_numpy()))

    def in_words(self) -> str:
        """Return how many schools keep to A/6.

        Returns
        -------
        str

        Raises
        ------
        ModelError
            If the number of options is not known.
        """
        if self.n_options is None:
            raise ModelError("what is a small deviation depends on the number of options; give n_options=")
        bands = deviation_bands(self.n_options)
        counted = bands.counted(self.by_school[self.index].to_numpy())
        return f"{self.index} with A/6 = {self.bound:.2f}: {counted}; rule of {bands.source}"

    def __repr__(self) -> str:
        return f"<{self.index}: mean {self.mean:.3f} points over {self.n_schools} schools>"


def average_deviation(
    values: Answers,
    school: School = None,
    *,
    about: About = "mean",
    n_options: int | None = None,
    null: NullChoice = "uniform",
    draws: int = 0,
    null_items: NullItems = "correlated",
    rng: np.random.Generator | int | None = None,
) -> AverageDeviation | ByScale[AverageDeviation]:
    """AD: how far the teachers of each school lie from its mean or its median on average, in points of the scale.

    Parameters
    ----------
    values : (n,) array or Series, (n, k) array or DataFrame, or Responses
        One item, or the items of one scale, over which the deviation is averaged; teachers with a missing answer are
        left out. `Responses` of one wave give every scale.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    about : {"mean", "median"}
        AD_M or AD_Md.
    n_options : int, optional
        Response options, A, for the bound A/6 and for draws. `Responses` know it.
    null : {"uniform", "triangular", "slight_skew", "moderate_skew", "heavy_skew"}, or (A,) array
        The distribution that groups are drawn from; only used with draws.
    draws : int
        Groups of each size to draw at random for ``p_value`` and ``critical``; 0 for none.
    null_items : {"correlated", "independent"}
        Whether the items drawn have the correlations of the answers within schools.
    rng : Generator, int or None
        The source of chance.

    Returns
    -------
    AverageDeviation, or mapping of scale to AverageDeviation
        For the analyst: the table is not gated, and small schools' values are close to telling answers.

    Raises
    ------
    ResponseError
        If the answers span more options than there are.
    ModelError
        For an option that does not exist, or draws without the number of options.

    Notes
    -----
    ``multilevel::ad.m(x, grpid, type = about)``, whose column is ``AD.M`` for both. Burke, Finkelstein & Dusig (1999);
    the bound is Burke & Dunlap's (2002), the test Dunlap, Burke & Smith-Crowe's (2003), ``multilevel::ad.m.sim``.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.average_deviation([4, 4, 5, 1, 6, 3], ["Elm"] * 3 + ["Oak"] * 3, n_options=6).to_frame().round(3)
      grpid   ad_m  gsize     reading
    0   Elm  0.444      3  within A/6
    1   Oak  1.778      3  beyond A/6
    """
    check_option("about", about, ABOUT)
    draws, source = check_draws(draws), np.random.default_rng(rng)
    run = partial(
        _deviation, about=about, n_options=n_options, null=null, draws=draws, null_items=null_items, rng=source
    )
    return of_scales(values, school, "average_deviation", run)


def _deviation(
    ratings: Ratings,
    *,
    about: About,
    n_options: int | None,
    null: NullChoice,
    draws: int,
    null_items: NullItems,
    rng: np.random.Generator,
) -> AverageDeviation:
    A = ratings.n_options(n_options)
    index: Literal["ad_m", "ad_md"] = "ad_m" if about == "mean" else "ad_md"
    observed = OBSERVED[about](ratings.X, ratings.groups.codes, ratings.size)
    values = np.where(ratings.usable, observed, np.nan)
    table = {"grpid": list(ratings.groups.labels), index: values, "gsize": ratings.size}
    null_name = ""
    if draws:
        if A is None:
            raise ModelError("draws= needs n_options=, the number of response options to draw from")
        chosen = null_distribution(null, A)
        drawing = chance(chosen, ratings.X, ratings.groups, draws, null_items, rng)
        table["p_value"], table["critical"] = drawing.test(values, ratings.size, DRAWN[about])
        null_name = chosen.name
    known, bound = values[ratings.usable], float("nan") if A is None else A / 6
    return AverageDeviation(
        by_school=pd.DataFrame(table),
        index=index,
        about=about,
        mean=float(known.mean()) if len(known) else float("nan"),
        median=float(np.median(known)) if len(known) else float("nan"),
        n_schools=len(known),
        n_without=len(values) - len(known),
        n_options=A,
        bound=bound,
        n_within_bound=None if A is None else int((known <= bound + 1e-9).sum()),
        n=len(ratings.X),
        n_missing=ratings.n_missing,
        n_items=ratings.n_items,
        null=null_name,
        draws=draws,
        null_items=null_items if draws else "",
    )
