"""Tests that pingouin and statsmodels compute: loaded when they are needed, their warnings contained, nothing rounded.

pingouin rounds the intervals that it gives, so none is taken from it; statistics, degrees of freedom and p it does not.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A statistic, its degrees of freedom (NaN for ranks), and p, two-sided."""

    statistic: float
    df: float
    p_value: float


@contextmanager
def _pingouin() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports, and of normality that it can't judge
        import pingouin

        yield pingouin


def t_test(x: Array, y: Array, *, paired: bool) -> Tested:
    """Welch's t test of two groups, or Student's of pairs.

    Parameters
    ----------
    x, y : (J₁,) and (J₂,) array
        School means.
    paired : bool
        Whether they come in pairs.

    Returns
    -------
    Tested
    """
    with _pingouin() as pg:
        row = _only_row(pg.ttest(x, y, paired=paired, correction=not paired))
    return Tested(statistic=float(row["T"]), df=float(row["dof"]), p_value=float(row["p_val"]))


def rank_test(x: Array, y: Array, *, paired: bool) -> Tested:
    """Mann and Whitney's U of two groups, or Wilcoxon's W of pairs; exact where no two ranks tie.

    Parameters
    ----------
    x, y : (J₁,) and (J₂,) array
        School means.
    paired : bool
        Whether they come in pairs.

    Returns
    -------
    Tested
        With ties by the normal approximation, corrected for continuity.
    """
    x, y = x.round(12), y.round(12)  # means that differ by rounding alone are tied
    d = (x - y).round(12) if paired else x
    ranked = np.abs(d) if paired else np.concatenate([x, y])
    tied = len(np.unique(ranked)) < len(ranked) or bool(paired and (ranked == 0).any())
    method = "exact" if not tied and len(ranked) < 50 else "asymptotic"
    with _pingouin() as pg:
        row = _only_row(pg.wilcoxon(d, method=method) if paired else pg.mwu(x, y, method=method))
    return Tested(statistic=float(row["W_val" if paired else "U_val"]), df=float("nan"), p_value=float(row["p_val"]))


def correlation(x: Array, y: Array, *, ranks: bool) -> Tested:
    """Pearson's or Spearman's correlation, with p by Student's t.

    Parameters
    ----------
    x, y : (J,) array
        School means and outcomes.
    ranks : bool
        Spearman's.

    Returns
    -------
    Tested
    """
    with _pingouin() as pg:
        row = _only_row(pg.corr(x, y, method="spearman" if ranks else "pearson"))
    return Tested(statistic=float(row["r"]), df=float(len(x) - 2), p_value=float(row["p_val"]))


def welch_anova(values: Array, groups: NDArray[np.intp]) -> tuple[Tested, float]:
    """Welch's analysis of variance of several groups.

    Parameters
    ----------
    values, groups : (J,) array
        School means, and the position of each school's group.

    Returns
    -------
    test : Tested
        F, with the degrees of freedom of the denominator.
    df1 : float
        Degrees of freedom of the numerator.
    """
    with _pingouin() as pg:
        row = _only_row(pg.welch_anova(pd.DataFrame({"x": values, "g": groups}), dv="x", between="g"))
    return Tested(statistic=float(row["F"]), df=float(row["ddof2"]), p_value=float(row["p_unc"])), float(row["ddof1"])


def games_howell(values: Array, groups: NDArray[np.intp]) -> pd.DataFrame:
    """Games and Howell's comparison of every two of several groups.

    Parameters
    ----------
    values, groups : (J,) array
        School means, and the position of each school's group.

    Returns
    -------
    DataFrame
        Columns ``first, second`` (positions), ``se``, ``t``, ``df``, ``p_value``.
    """
    with _pingouin() as pg:
        table = pg.pairwise_gameshowell(pd.DataFrame({"x": values, "g": groups}), dv="x", between="g")
    named = pd.DataFrame(table).rename(columns={"A": "first", "B": "second", "T": "t", "pval": "p_value"})
    return named[["first", "second", "se", "t", "df", "p_value"]]


def adjusted(p: Array, method: str) -> Array:
    """Return p adjusted for their number.

    Parameters
    ----------
    p : (q,) array
        NaN, which no test gave, stays NaN and does not count.
    method : {"holm", "fdr_bh"}
        Holm's, or Benjamini and Hochberg's.

    Returns
    -------
    (q,) array
    """
    from statsmodels.stats.multitest import multipletests

    out = np.full(len(p), np.nan)
    there = np.isfinite(p)
    if there.any():
        out[there] = multipletests(p[there], method=method)[1]
    return out


def _only_row(table: pd.DataFrame) -> dict[str, Any]:
    """Return the first row; older versions of pingouin write ``p-val`` for ``p_val``."""
    return {str(name).replace("-", "_"): value for name, value in table.iloc[0].items()}
