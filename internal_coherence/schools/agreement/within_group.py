"""Do the teachers of a school agree, against answering at random? r_WG, r_WG(J) and r*_WG(J)."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.records import ByScale
from internal_coherence.schools.agreement.agreement_record import FORMULA, Agreement, Index, summary
from internal_coherence.schools.agreement.chance import NullItems, chance, check_draws
from internal_coherence.schools.agreement.from_counts import mean_item_variance
from internal_coherence.schools.agreement.nulls import NullChoice, check_n_options, null_distribution
from internal_coherence.schools.agreement.ratings import Answers, Ratings, School, of_items, of_scales

Array = NDArray[np.float64]
Rng = np.random.Generator | int | None

__all__ = ["Agreement", "rwg", "rwg_j", "rwg_j_lindell"]


def rwg(
    values: Answers,
    school: School = None,
    n_options: int | None = None,
    *,
    null: NullChoice = "uniform",
    draws: int = 0,
    rng: Rng = None,
) -> Agreement | ByScale[Agreement]:
    """r_WG: how far the teachers of each school agree on one item, against answering at random.

    Parameters
    ----------
    values : (n,) array or Series, (n, q) array or DataFrame, or Responses
        One item; or several, each by itself, from the teachers who answered it.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    n_options : int, optional
        Response options of an item, A, 2 or more: 6 for 1–6. `Responses` know it.
    null : {"uniform", "triangular", "slight_skew", "moderate_skew", "heavy_skew"}, float or (A,) array
        The null distribution, its variance, or its share of each answer. `Agreement.across` compares several.
    draws : int
        Groups of each size to draw at random for ``p_value`` and ``critical``; 0 for none.
    rng : Generator, int or None
        The source of chance.

    Returns
    -------
    Agreement, or mapping of item to Agreement
        For the analyst: the table is not gated, and small schools' values are close to telling answers.

    Raises
    ------
    ResponseError
        If the answers span more options than there are, or the schools are not known.
    ModelError
        For a null distribution that does not exist.

    Notes
    -----
    1 − s²/σ² with s² the variance within a school (divisor n − 1), set to σ² where larger, and σ² that of the null
    distribution. ``multilevel::rwg(x, grpid, ranvar = (A^2 - 1)/12)``. James, Demaree & Wolf (1984); the test is that of
    Dunlap, Burke & Smith-Crowe (2003), ``multilevel::rwg.sim``.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.rwg([4, 4, 5, 1, 6, 3], ["Elm"] * 3 + ["Oak"] * 3, n_options=6).by_school.round(3)
      grpid    rwg  gsize
    0   Elm  0.886      3
    1   Oak  0.000      3
    """
    draws, source = check_draws(draws), np.random.default_rng(rng)
    run = partial(
        _agreement, index="rwg", n_options=n_options, null=null, draws=draws, null_items="independent", rng=source
    )
    return of_items(values, school, "rwg", run)


def rwg_j(
    items: Answers,
    school: School = None,
    n_options: int | None = None,
    *,
    null: NullChoice = "uniform",
    draws: int = 0,
    null_items: NullItems = "correlated",
    rng: Rng = None,
) -> Agreement | ByScale[Agreement]:
    """r_WG(J): how far the teachers of each school agree over the items of a scale, against answering at random.

    Parameters
    ----------
    items : (n, k) DataFrame or array, or Responses
        Items coded in one direction; teachers with a missing answer are left out. `Responses` of one wave give every
        scale.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    n_options : int, optional
        Response options of an item, A, 2 or more: 6 for 1–6. `Responses` know it.
    null : {"uniform", "triangular", "slight_skew", "moderate_skew", "heavy_skew"}, float or (A,) array
        The null distribution, its variance, or its share of each answer. `Agreement.across` compares several.
    draws : int
        Groups of each size to draw at random for ``p_value`` and ``critical``; 0 for none.
    null_items : {"correlated", "independent"}
        Whether the items drawn go together: cut from normal variables with the items' correlations within schools.
        Independent items make agreement look rarer than it is.
    rng : Generator, int or None
        The source of chance.

    Returns
    -------
    Agreement, or mapping of scale to Agreement
        For the analyst: the table is not gated, and small schools' values are close to telling answers.

    Raises
    ------
    ResponseError
        With fewer than two items or options, or if the answers span more options than there are.
    ModelError
        For a null distribution that does not exist.

    Notes
    -----
    k (1 − s̄²/σ²) / (k (1 − s̄²/σ²) + s̄²/σ²) with s̄² the mean item variance (divisor n − 1), set to σ² where larger.
    ``multilevel::rwg.j(x, grpid, ranvar = (A^2 - 1)/12)``. James, Demaree & Wolf (1984). The test is that of Cohen, Doveh &
    Eick (2001), ``multilevel::rwg.j.sim``, and with correlated items of Cohen, Doveh & Nahum-Shani (2009).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> items = [[4, 4], [4, 5], [5, 4], [1, 2], [6, 5], [3, 6]]
    >>> agreement = ic.rwg_j(items, ["Elm"] * 3 + ["Oak"] * 3, n_options=6)
    >>> agreement.by_school.round(3)
      grpid  rwg_j  gsize
    0   Elm  0.939      3
    1   Oak  0.000      3
    >>> agreement.across(["uniform", "slight_skew"])[["null", "null_variance", "mean"]].round(3)
              null  null_variance  mean
    0      uniform          2.917  0.47
    1  slight_skew          1.850  0.45
    """
    draws, source = check_draws(draws), np.random.default_rng(rng)
    run = partial(
        _agreement, index="rwg_j", n_options=n_options, null=null, draws=draws, null_items=null_items, rng=source
    )
    return of_scales(items, school, "rwg_j", run)


def rwg_j_lindell(
    items: Answers,
    school: School = None,
    n_options: int | None = None,
    *,
    null: NullChoice = "uniform",
    draws: int = 0,
    null_items: NullItems = "correlated",
    rng: Rng = None,
) -> Agreement | ByScale[Agreement]:
    """r*_WG(J): agreement over the items of a scale, on a measure that does not rise with their number.

    Parameters
    ----------
    items, school, n_options, null, draws, null_items, rng
        As in `rwg_j`.

    Returns
    -------
    Agreement, or mapping of scale to Agreement
        Negative where a school's teachers differ more than at random. For the analyst: the table is not gated.

    Raises
    ------
    ResponseError, ModelError
        As in `rwg_j`.

    Notes
    -----
    1 − s̄²/σ². ``multilevel::rwg.j.lindell(x, grpid, ranvar = (A^2 - 1)/12)``. Lindell, Brandt & Whitney (1999).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> items = [[4, 4], [4, 5], [5, 4], [1, 2], [6, 5], [3, 6]]
    >>> ic.rwg_j_lindell(items, ["Elm"] * 3 + ["Oak"] * 3, n_options=6).by_school.round(3)
      grpid  rwg_lindell  gsize
    0   Elm        0.886      3
    1   Oak       -0.829      3
    """
    draws, source = check_draws(draws), np.random.default_rng(rng)
    run = partial(
        _agreement, index="rwg_lindell", n_options=n_options, null=null, draws=draws, null_items=null_items, rng=source
    )
    return of_scales(items, school, "rwg_j_lindell", run)


def _agreement(
    ratings: Ratings,
    *,
    index: Index,
    n_options: int | None,
    null: NullChoice,
    draws: int,
    null_items: NullItems,
    rng: np.random.Generator,
) -> Agreement:
    if index != "rwg" and ratings.n_items < 2:
        raise ResponseError(f"{ratings.where} takes a table, teachers × at least two items; for one item take rwg")
    A = check_n_options(ratings.n_options(n_options))
    chosen = null_distribution(null, A)
    variance = ratings.mean_item_variance()
    values = FORMULA[index](variance, ratings.n_items, chosen.variance)
    table = {"grpid": list(ratings.groups.labels), index: values, "gsize": ratings.size}
    if draws:
        drawing = chance(chosen, ratings.X, ratings.groups, draws, null_items, rng)
        table["p_value"], critical = drawing.test(variance, ratings.size, mean_item_variance)
        table["critical"] = FORMULA[index](critical, ratings.n_items, chosen.variance)
    return Agreement(
        by_school=pd.DataFrame(table),
        index=index,
        **summary(values, variance, chosen.variance),
        null=chosen.name,
        null_variance=chosen.variance,
        n=len(ratings.X),
        n_missing=ratings.n_missing,
        n_items=ratings.n_items,
        n_options=A,
        draws=draws,
        null_items=null_items if draws else "",
        _variance=variance,
    )
