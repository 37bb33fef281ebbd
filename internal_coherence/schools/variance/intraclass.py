"""How much of the variance lies between schools: ICC(1) and ICC(2)."""

from __future__ import annotations

import numpy as np

from internal_coherence.moments.spread import school_spread
from internal_coherence.records import ByScale
from internal_coherence.responses.simulation import Seed
from internal_coherence.schools.entrance import School, Values, Variables, of_each
from internal_coherence.schools.variance.intraclass_estimates import DRAWS, Asked, correlations_of, refuse_too_few
from internal_coherence.schools.variance.intraclass_limits import Interval, Kind
from internal_coherence.schools.variance.intraclass_record import GroupSize, IntraclassCorrelation, Method


def icc1(
    values: Values,
    school: School = None,
    *,
    method: Method = "anova",
    group_size: GroupSize = "mean",
    interval: Interval | None = None,
    draws: int = DRAWS,
    rng: Seed = None,
) -> IntraclassCorrelation | ByScale[IntraclassCorrelation]:
    """ICC(1): the share of variance between schools, or how reliable one teacher is as a witness of the school.

    Parameters
    ----------
    values : (n,) array or Series, (n, q) array or DataFrame, or Responses
        One number a teacher, or several; of a survey the scale scores. NaN is left out and counted.
    school : (n,) array or Series
        Each teacher's school; leave it out with `Responses`, which know it.
    method : {"anova", "reml", "ml"}
        From the mean squares, as ``multilevel::ICC1`` does, or τ²/(τ² + σ²) of the random-intercept model, as
        ``multilevel::mult.icc`` does by REML.
    group_size : {"mean", "k0"}
        For ANOVA: the plain mean size N/J, as ``multilevel::ICC1`` does, or the k₀ for unequal groups.
    interval : {"f", "smith", "profile", "cluster_bootstrap"}, optional
        For ANOVA by default ``"f"``: exact for schools of one size, with k₀ for unequal ones (Searle 1971);
        ``"smith"`` is for many schools. For REML and ML ``"profile"``, by their likelihood. ``"cluster_bootstrap"``
        draws whole schools and takes no shape of the scores for granted.
    draws : int
        Bootstrap samples.
    rng : Generator, int or None
        Source of chance for the bootstrap.

    Returns
    -------
    IntraclassCorrelation, or ByScale of them
        One result for one column; for a table or a survey one for each.

    Raises
    ------
    ResponseError
        With one school only, or no school of two teachers.
    ModelError
        For an option that does not exist, or an interval that does not go with the method.

    Notes
    -----
    (MSB − MSW) / (MSB + (k − 1) MSW). ``multilevel::ICC1(aov(values ~ school))``. Bliese (2000). With unequal groups
    it differs from the share that a mixed model estimates. Limits: Searle (1971), Smith (1957), both as compared by
    Ukoumunne (2002).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> values = [1, 2, 3, 4, 5, 6, 2, 2, 3]
    >>> found = ic.icc1(values, ["a"] * 3 + ["b"] * 3 + ["c"] * 3)
    >>> round(float(found), 4)
    0.7586
    >>> ic.icc1(ic.example_responses().select(wave=2025))["team_support"]
    <icc1 0.151 [0.082, 0.283], ANOVA, k = 24.71 (mean), 593 teachers in 24 schools>
    """
    return _correlations(values, school, _asked("icc1", method, group_size, interval, draws, rng))


def icc2(
    values: Values,
    school: School = None,
    *,
    method: Method = "anova",
    group_size: GroupSize = "mean",
    interval: Interval | None = None,
    draws: int = DRAWS,
    rng: Seed = None,
) -> IntraclassCorrelation | ByScale[IntraclassCorrelation]:
    """ICC(2): the reliability of a school's mean, at the average size of a school.

    Parameters
    ----------
    values, school, method, interval, draws, rng
        As in `icc1`.
    group_size : {"mean", "k0"}
        By ANOVA only recorded: ICC(2) is ICC(1) stepped up by the same k. By REML and ML the size of the school whose
        mean is meant.

    Returns
    -------
    IntraclassCorrelation, or ByScale of them

    Raises
    ------
    ResponseError, ModelError
        As in `icc1`.

    Notes
    -----
    (MSB − MSW) / MSB. ``multilevel::ICC2(aov(values ~ school))``. Bliese (2000).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> values = [1, 2, 3, 4, 5, 6, 2, 2, 3]
    >>> round(float(ic.icc2(values, ["a"] * 3 + ["b"] * 3 + ["c"] * 3)), 4)
    0.9041
    """
    return _correlations(values, school, _asked("icc2", method, group_size, interval, draws, rng))


def _asked(
    kind: Kind, method: Method, group_size: GroupSize, interval: Interval | None, draws: int, rng: Seed
) -> Asked:
    usual: Interval = "f" if method == "anova" else "profile"
    return Asked(kind=kind, method=method, group_size=group_size, interval=interval or usual, draws=draws, rng=rng)


def _correlations(
    values: Values, school: School, asked: Asked
) -> IntraclassCorrelation | ByScale[IntraclassCorrelation]:
    def run(table: Variables) -> list[IntraclassCorrelation]:
        spread = school_spread(table.X, table.groups)
        refuse_too_few(spread, asked.kind, None if table.single else table.names)
        return correlations_of(spread, asked, np.isnan(table.X).sum(axis=0))

    return of_each(values, school, asked.kind, run)
