"""How much of the variance lies between schools: the intraclass correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from internal_coherence.errors import ResponseError, check_option
from internal_coherence.moments.grouping import group, numbers, school_moments
from internal_coherence.records import Record

GroupSize = Literal["mean", "k0"]
GROUP_SIZES: Final[tuple[str, ...]] = get_args(GroupSize)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class IntraclassCorrelation(Record):
    """An intraclass correlation from the one-way analysis of variance; ``float()`` of it is the estimate.

    Parameters
    ----------
    estimate : float
        It may be negative; it is never cut off at zero.
    kind : {"icc1", "icc2"}
        Of one teacher's answer, or of the school's mean.
    k : float
        The group size that the formula used.
    group_size : {"mean", "k0"}
        The plain mean size N/J, or the k₀ for unequal groups.
    n, n_missing, n_schools : int
        Teachers used, teachers left out for a missing value, schools with anyone.
    ms_between, ms_within : float
        Mean squares.
    df_between, df_within : int
        Their degrees of freedom.
    F, p_value : float
        Test of no difference between schools.
    """

    estimate: float
    kind: Literal["icc1", "icc2"]
    k: float
    group_size: GroupSize
    n: int
    n_missing: int
    n_schools: int
    ms_between: float
    ms_within: float
    df_between: int
    df_within: int
    F: float
    p_value: float

    def __float__(self) -> float:
        return self.estimate

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        return (
            f"<{self.kind} {self.estimate:.3f}, ANOVA, k = {self.k:.2f} ({self.group_size}),"
            f" {self.n} teachers in {self.n_schools} schools>"
        )


def icc1(
    values: ArrayLike | pd.Series, school: ArrayLike | pd.Series, *, group_size: GroupSize = "mean"
) -> IntraclassCorrelation:
    """ICC(1): the share of variance between schools, or how reliable one teacher is as a witness of the school.

    Parameters
    ----------
    values : (n,) array or Series
        One number a teacher; NaN is left out and counted.
    school : (n,) array or Series
        Each teacher's school.
    group_size : {"mean", "k0"}
        Divide by the plain mean size N/J, as ``multilevel::ICC1`` does, or by the k₀ for unequal groups.

    Returns
    -------
    IntraclassCorrelation

    Raises
    ------
    ResponseError
        With one school only, or no school of two teachers.

    Notes
    -----
    (MSB − MSW) / (MSB + (k − 1) MSW). ``multilevel::ICC1(aov(values ~ school))``. Bliese (2000). With unequal groups
    it differs from the share that a mixed model estimates.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> values = [1, 2, 3, 4, 5, 6, 2, 2, 3]
    >>> round(float(ic.icc1(values, ["a"] * 3 + ["b"] * 3 + ["c"] * 3)), 4)
    0.7586
    """
    return _icc("icc1", values, school, group_size)


def icc2(
    values: ArrayLike | pd.Series, school: ArrayLike | pd.Series, *, group_size: GroupSize = "mean"
) -> IntraclassCorrelation:
    """ICC(2): the reliability of a school's mean, at the average size of a school.

    Parameters
    ----------
    values : (n,) array or Series
        One number a teacher; NaN is left out and counted.
    school : (n,) array or Series
        Each teacher's school.
    group_size : {"mean", "k0"}
        Only recorded: ICC(2) is ICC(1) stepped up by the same k.

    Returns
    -------
    IntraclassCorrelation

    Raises
    ------
    ResponseError
        With one school only, or no school of two teachers.

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
    return _icc("icc2", values, school, group_size)


def _icc(
    kind: Literal["icc1", "icc2"], values: ArrayLike | pd.Series, school: ArrayLike | pd.Series, group_size: GroupSize
) -> IntraclassCorrelation:
    check_option("group_size", group_size, GROUP_SIZES)
    x = numbers(values, school, kind)
    if x.ndim != 1:
        raise ResponseError(f"{kind} takes one number a teacher, a single column; got {x.ndim} dimensions")
    groups = group(school, len(x))
    moments = school_moments(x[:, None], groups)
    size = moments.size[:, 0]
    present = size > 0
    n, J = int(size.sum()), int(present.sum())
    if J < 2:
        raise ResponseError(f"{kind} compares schools: it needs at least two with answers, and there is {J}")
    if n <= J:
        raise ResponseError(f"{kind}: every school has one teacher, so nothing is known of the spread within schools")
    mean = moments.mean[present, 0]
    grand = float(np.average(mean, weights=size[present]))
    ms_between = float(size[present] @ (mean - grand) ** 2) / (J - 1)
    ms_within = float(moments.sum_of_squares[:, 0].sum()) / (n - J)
    k = n / J if group_size == "mean" else (n - float(size @ size) / n) / (J - 1)
    F = float("inf") if ms_between > 0 == ms_within else _ratio(ms_between, ms_within)
    estimate = icc1_from(ms_between, ms_within, k) if kind == "icc1" else icc2_from(ms_between, ms_within)
    return IntraclassCorrelation(
        estimate=estimate,
        kind=kind,
        k=k,
        group_size=group_size,
        n=n,
        n_missing=int(np.isnan(x).sum()),
        n_schools=J,
        ms_between=ms_between,
        ms_within=ms_within,
        df_between=J - 1,
        df_within=n - J,
        F=F,
        p_value=0.0 if float("inf") == F else float(fdtrc(J - 1, n - J, F)),
    )


def icc1_from(ms_between: float, ms_within: float, k: float) -> float:
    """Return ICC(1) from the mean squares: (MSB − MSW) / (MSB + (k − 1) MSW).

    Parameters
    ----------
    ms_between, ms_within : float
        Mean squares of the one-way analysis of variance.
    k : float
        Group size.

    Returns
    -------
    float
        NaN if nothing varies.
    """
    return _ratio(ms_between - ms_within, ms_between + (k - 1) * ms_within)


def icc2_from(ms_between: float, ms_within: float) -> float:
    """Return ICC(2) from the mean squares: (MSB − MSW) / MSB.

    Parameters
    ----------
    ms_between, ms_within : float
        Mean squares of the one-way analysis of variance.

    Returns
    -------
    float
        NaN if schools do not differ at all.
    """
    return _ratio(ms_between - ms_within, ms_between)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("nan")
