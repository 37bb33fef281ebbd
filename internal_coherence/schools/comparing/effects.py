"""Differences between groups of schools in scale points and in standard deviations, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtri, gammaln, ndtr, stdtrit

from internal_coherence.schools.comparing.permuting import batches
from internal_coherence.schools.planning.noncentral import noncentral_t

Array = NDArray[np.float64]
FAR: Final = 1e4
"""A t beyond this is as much as certain, and the noncentral distribution is hard to compute."""
ENOUGH_DRAWS: Final = 5
"""As many draws beyond a limit as it takes to say where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference:
    """A difference, its standard error and Student's degrees of freedom."""

    estimate: float
    se: float
    df: float

    def limits(self, level: float) -> tuple[float, float]:
        """Return estimate ± t · se.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        lower, upper : float
        """
        reach = float(stdtrit(self.df, (1 + level) / 2)) * self.se
        return self.estimate - reach, self.estimate + reach


def welch(x: Array, y: Array) -> MeanDifference:
    """Return Welch's difference of two groups: variances of their own, Satterthwaite's degrees of freedom.

    Parameters
    ----------
    x, y : (J₁,) and (J₂,) array
        School means.

    Returns
    -------
    MeanDifference
    """
    v, w = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    df = (v + w) ** 2 / (v**2 / (len(x) - 1) + w**2 / (len(y) - 1))
    return MeanDifference(estimate=float(x.mean() - y.mean()), se=float(np.sqrt(v + w)), df=float(df))


def paired(d: Array) -> MeanDifference:
    """Return the mean of differences within pairs.

    Parameters
    ----------
    d : (J,) array
        Differences.

    Returns
    -------
    MeanDifference
    """
    return MeanDifference(estimate=float(d.mean()), se=float(d.std(ddof=1) / np.sqrt(len(d))), df=float(len(d) - 1))


def small_sample_factor(m: float) -> float:
    """Return Hedges' J(m) = Γ(m/2) / (√(m/2) Γ((m − 1)/2)), by which d is too large on average.

    Parameters
    ----------
    m : float
        Degrees of freedom of the standard deviation, above 1.

    Returns
    -------
    float

    Notes
    -----
    Hedges (1981). The usual 1 − 3/(4m − 1) is near to it; with three schools a group it is off by half a percent.
    """
    return float(np.exp(gammaln(m / 2) - gammaln((m - 1) / 2)) / np.sqrt(m / 2))


def noncentral_limits(t: float, df: float, level: float) -> tuple[float, float]:
    """Return the noncentralities that put the observed t at the upper and the lower tail.

    Parameters
    ----------
    t : float
        Student's t.
    df : float
        Its degrees of freedom.
    level : float
        Between 0 and 1.

    Returns
    -------
    lower, upper : float

    Notes
    -----
    Steiger & Fouladi (1997); exact for normal means of equal variance. So far out that the normal part of t no longer
    counts, its square is the noncentrality's, divided by χ²/df.
    """
    tail, reach = (1 - level) / 2, 12 + 3 * abs(t)
    if abs(t) > FAR:
        low, high = sorted(t * np.sqrt(chdtri(df, np.array([1 - tail, tail])) / df))
        return float(low), float(high)
    lower, upper = (
        brentq(lambda d, p=p: noncentral_t(df, d, t) - p, t - reach, t + reach, xtol=1e-12, rtol=1e-14)
        for p in (1 - tail, tail)
    )
    return float(lower), float(upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSize:
    """Hedges' g and its limits."""

    g: float
    lower: float
    upper: float


def hedges_of_groups(x: Array, y: Array, level: float) -> EffectSize:
    """Return the difference in pooled standard deviations of school means, free of small-sample bias.

    Parameters
    ----------
    x, y : (J₁,) and (J₂,) array
        School means.
    level : float
        Of the interval.

    Returns
    -------
    EffectSize
    """
    m = len(x) + len(y) - 2
    s = np.sqrt(((len(x) - 1) * x.var(ddof=1) + (len(y) - 1) * y.var(ddof=1)) / m)
    return _hedges(float((x.mean() - y.mean()) / s), float(np.sqrt(1 / len(x) + 1 / len(y))), m, level)


def hedges_of_pairs(x: Array, y: Array, level: float) -> EffectSize:
    """Return the mean difference in standard deviations of school means, the average of both sides' variances.

    Parameters
    ----------
    x, y : (J,) array
        School means, pair by pair.
    level : float
        Of the interval.

    Returns
    -------
    EffectSize

    Notes
    -----
    d_av (Cumming 2012) times J(J − 1), with limits of t = d̄√J/s_d by the noncentral t (Algina & Keselman 2003).
    """
    s = np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / 2)
    d = x - y
    return _hedges(float(d.mean() / s), float(d.std(ddof=1) / np.sqrt(len(d)) / s), len(d) - 1, level)


def _hedges(d: float, unit: float, m: int, level: float) -> EffectSize:
    """Return g = J d and its limits; `unit` is how much of d one unit of t is."""
    factor = small_sample_factor(m)
    lower, upper = noncentral_limits(d / unit, m, level)
    return EffectSize(g=factor * d, lower=factor * lower * unit, upper=factor * upper * unit)


def expanded_percentiles(draws: Array, df: float, level: float) -> tuple[float, float]:
    """Return percentile limits, moved out to where Student's t has its tails.

    Parameters
    ----------
    draws : (B,) array
        Bootstrap draws of the statistic.
    df : float
        Degrees of freedom of its standard error.
    level : float
        Between 0 and 1.

    Returns
    -------
    lower, upper : float
        NaN where the tails are too far out for so many draws, or more than one in twenty does not exist.

    Notes
    -----
    Percentiles of a few schools' bootstrap are too narrow, since a resampled variance is (J − 1)/J of what it should
    be and is not known but estimated. The first is mended where the draws are made; for the second the tail is
    Φ(t(α/2, df)) instead of α/2 (Hesterberg 2015, §3.3).
    """
    usable = draws[np.isfinite(draws)]
    tail = float(ndtr(stdtrit(df, (1 - level) / 2)))
    if len(usable) < 0.95 * len(draws) or tail * len(usable) < ENOUGH_DRAWS:
        return float("nan"), float("nan")
    lower, upper = np.quantile(usable, [tail, 1 - tail])
    return float(lower), float(upper)


def resampled_means(x: Array, draws: int, rng: np.random.Generator) -> Array:
    """Return means of schools drawn with replacement, spread out by √(J/(J − 1)) so that their variance is s²/J.

    Parameters
    ----------
    x : (J,) array
        School means.
    draws : int
        How many samples.
    rng : Generator
        The source of chance.

    Returns
    -------
    (draws,) array
    """
    J = len(x)
    drawn = np.concatenate([x[rng.integers(J, size=(size, J))].mean(axis=1) for size in batches(draws, J)])
    means: Array = x.mean() + (drawn - x.mean()) * np.sqrt(J / (J - 1))
    return means
