"""One difference between two sets of school means, by every test that a reader may ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.limits import ConfidenceInterval, interval_at
from internal_coherence.records import Record
from internal_coherence.schools.comparing.effects import (
    MeanDifference,
    expanded_percentiles,
    hedges_of_groups,
    hedges_of_pairs,
    paired,
    resampled_means,
    welch,
)
from internal_coherence.schools.comparing.outside_tests import adjusted, rank_test, t_test
from internal_coherence.schools.comparing.permuting import flipped_signs, permuted_groups

Array = NDArray[np.float64]
NAN: Final = float("nan")
NO_VARIATION: Final = "these school means do not vary: there is nothing to test against"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolDifference(Record):
    """The first group's mean of school means less the second's, on one scale.

    Parameters
    ----------
    scale : str
        Or item.
    n_first, n_second : int
        Schools; for pairs both are the number of pairs.
    n_teachers : int
        Who stand behind the means.
    mean_first, mean_second, sd_first, sd_second : float
        Of school means, each school one vote, in scale points.
    difference, se, lower, upper : float
        In scale points, with Student's limits (Welch's for groups).
    bootstrap_lower, bootstrap_upper : float
        Limits from drawing schools, or pairs, with replacement; NaN where they are too few for it.
    t, df, p_value : float
        Welch's test of two groups, or Student's of pairs.
    hedges_g, g_lower, g_upper : float
        In standard deviations of school means, not of teachers: larger than what a study of teachers calls d.
    p_permutation : float
        Exact where `permutation_exact`; else of a seeded sample.
    n_permutations : int
        Assignments gone through.
    permutation_exact : bool
        Whether these are all.
    p_attainable : float
        The smallest p that a permutation of so many schools allows.
    rank_statistic, p_rank : float
        Mann and Whitney's U, or Wilcoxon's W.
    reliability_first, reliability_second : float
        How reliably the means tell the schools of each side apart.
    p_holm, p_bh : float
        `p_value` adjusted for all scales of the comparison: Holm's, and Benjamini and Hochberg's.
    note : str
        Why numbers are missing; empty where none are.
    """

    scale: str
    n_first: int
    n_second: int
    n_teachers: int
    mean_first: float = NAN
    mean_second: float = NAN
    sd_first: float = NAN
    sd_second: float = NAN
    difference: float = NAN
    se: float = NAN
    lower: float = NAN
    upper: float = NAN
    bootstrap_lower: float = NAN
    bootstrap_upper: float = NAN
    t: float = NAN
    df: float = NAN
    p_value: float = NAN
    hedges_g: float = NAN
    g_lower: float = NAN
    g_upper: float = NAN
    p_permutation: float = NAN
    n_permutations: int = 0
    permutation_exact: bool = False
    p_attainable: float = NAN
    rank_statistic: float = NAN
    p_rank: float = NAN
    reliability_first: float = NAN
    reliability_second: float = NAN
    p_holm: float = NAN
    p_bh: float = NAN
    note: str = ""

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Return Student's interval of the difference.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        ConfidenceInterval
        """
        return interval_at(_Student(se=self.se, df=self.df), self.difference, level)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        if self.note:
            return f"{self.scale}: {self.note}"
        return (
            f"{self.scale}: {self.difference:+.2f} [{self.lower:.2f}, {self.upper:.2f}], g = {self.hedges_g:.2f},"
            f" p = {self.p_value:.3g}, permutation p = {self.p_permutation:.3g}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Student:
    """Student's limits at any level."""

    se: float
    df: float
    method: str = "Student's t, schools as units"

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        return MeanDifference(estimate=estimate, se=self.se, df=self.df).limits(level)


def tested(x: Array, y: Array, *, pairs: bool, level: float, draws: int, rng: np.random.Generator) -> dict[str, Any]:
    """Test two sets of school means against each other.

    Parameters
    ----------
    x, y : (J₁,) and (J₂,) array
        School means, without NaN; of pairs in the same order.
    pairs : bool
        Whether they come in pairs.
    level : float
        Of the intervals.
    draws : int
        Bootstrap samples.
    rng : Generator
        Of the bootstrap, and of permutations that can't all be gone through.

    Returns
    -------
    dict
        Fields of a `SchoolDifference`.
    """
    numbers = {
        "mean_first": float(x.mean()),
        "mean_second": float(y.mean()),
        "sd_first": float(x.std(ddof=1)),
        "sd_second": float(y.std(ddof=1)),
        "difference": float(x.mean() - y.mean()),
    }
    spread = [x - y] if pairs else [x - x.mean(), y - y.mean()]
    if np.ptp(np.concatenate(spread)) < 1e-12 or np.ptp(x) + np.ptp(y) < 1e-12:
        return numbers | {"note": NO_VARIATION}
    mean = paired(x - y) if pairs else welch(x, y)
    lower, upper = mean.limits(level)
    t, ranks = t_test(x, y, paired=pairs), rank_test(x, y, paired=pairs)
    effect = (hedges_of_pairs if pairs else hedges_of_groups)(x, y, level)
    permuted = flipped_signs(x - y, rng) if pairs else permuted_groups(x, y, rng)
    drawn = resampled_means(x - y, draws, rng) if pairs else _drawn_difference(x, y, draws, rng)
    bootstrap = expanded_percentiles(drawn, mean.df, level)
    return numbers | {
        "se": mean.se,
        "lower": lower,
        "upper": upper,
        "bootstrap_lower": bootstrap[0],
        "bootstrap_upper": bootstrap[1],
        "t": t.statistic,
        "df": t.df,
        "p_value": t.p_value,
        "hedges_g": effect.g,
        "g_lower": effect.lower,
        "g_upper": effect.upper,
        "p_permutation": permuted.p_value,
        "n_permutations": permuted.n,
        "permutation_exact": permuted.exact,
        "p_attainable": permuted.attainable,
        "rank_statistic": ranks.statistic,
        "p_rank": ranks.p_value,
    }


def _drawn_difference(x: Array, y: Array, draws: int, rng: np.random.Generator) -> Array:
    return resampled_means(x, draws, rng) - resampled_means(y, draws, rng)


def with_adjusted(differences: list[SchoolDifference]) -> tuple[SchoolDifference, ...]:
    """Return the differences with p adjusted for their number.

    Parameters
    ----------
    differences : list of SchoolDifference
        All that are looked at together.

    Returns
    -------
    tuple of SchoolDifference
    """
    p = np.array([d.p_value for d in differences])
    holm, bh = adjusted(p, "holm"), adjusted(p, "fdr_bh")
    return tuple(replace(d, p_holm=float(a), p_bh=float(b)) for d, a, b in zip(differences, holm, bh, strict=True))
