"""What a number of teachers and schools buys: reliability of a school's mean, margins, power.

σ² is the variance of teachers within a school, τ² that between schools, ρ = τ²/(τ² + σ²) the intraclass correlation; k
teachers answer in each of J schools. All functions take numbers or arrays that broadcast.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import stdtrit

from internal_coherence.schools.planning.noncentral import noncentral_t

Array = NDArray[np.float64]
MOST_TEACHERS: Final = 100_000
"""Where a search for a number of teachers or schools gives up."""


def reliability_of_mean(rho: ArrayLike, k: ArrayLike) -> Array:
    """Return ICC(2) = kρ/(1 + (k − 1)ρ).

    Parameters
    ----------
    rho : array
        Intraclass correlation.
    k : array
        Teachers who answer in a school.

    Returns
    -------
    array
    """
    rho, k = np.asarray(rho, dtype=np.float64), np.asarray(k, dtype=np.float64)
    reliability: Array = k * rho / (1 + (k - 1) * rho)
    return reliability


def teachers_for_reliability(rho: float, target: float) -> float:
    """Return the k at which ICC(2) reaches a target: ICC2(1 − ρ)/(ρ(1 − ICC2)).

    Parameters
    ----------
    rho : float
        Intraclass correlation, from 0 to below 1.
    target : float
        Wanted ICC(2).

    Returns
    -------
    float
        Not yet rounded up; infinite if schools do not differ.
    """
    return target * (1 - rho) / (rho * (1 - target)) if rho > 0 else float("inf")


def design_effect_of(rho: ArrayLike, weighted_size: ArrayLike) -> Array:
    """Return 1 + (k_w − 1)ρ, where k_w = Σn²/Σn = k̄(1 + cv²) is the size of an average teacher's school.

    Parameters
    ----------
    rho : array
        Intraclass correlation.
    weighted_size : array
        k_w; with schools of one size, k.

    Returns
    -------
    array

    Notes
    -----
    Kish (1965, §5.4); Eldridge, Ashby & Kerry (2006) for schools of unequal size.
    """
    effect: Array = 1 + (np.asarray(weighted_size, dtype=np.float64) - 1) * np.asarray(rho, dtype=np.float64)
    return effect


def school_margin(sigma: ArrayLike, k: ArrayLike, staff: float, level: float) -> Array:
    """Return half the width of the interval of one school's mean: t(k − 1) · σ √((1 − k/M)/k).

    Parameters
    ----------
    sigma : array
        Standard deviation of teachers within a school.
    k : array
        Teachers who answer.
    staff : float
        Teachers of the school, M; infinite if those who answer stand for more than this year's staff.
    level : float
        Of the interval.

    Returns
    -------
    array
        Zero where all of a finite staff answer; NaN for one teacher.
    """
    k = np.asarray(k, dtype=np.float64)
    t = stdtrit(np.where(k > 1, k - 1, np.nan), (1 + level) / 2)
    margin: Array = t * np.asarray(sigma) * np.sqrt(np.maximum(1 - k / staff, 0) / k)
    return margin


def district_margin(
    tau2: ArrayLike, sigma2: ArrayLike, k: ArrayLike, J: ArrayLike, staff: float, district: float, level: float
) -> Array:
    """Return half the width of the interval of the mean of all schools.

    Parameters
    ----------
    tau2, sigma2 : array
        Variance between schools, and of teachers within them.
    k, J : array
        Teachers in each school, and schools.
    staff, district : float
        Teachers of a school, and schools of the district; infinite if these stand for more.
    level : float
        Of the interval.

    Returns
    -------
    array
        t(J − 1) · √((τ² + σ²/M)(1 − J/N)/J + σ²(1 − k/M)/(Jk)): two-stage sampling, Cochran (1977, §10.3), which is
        √(τ²/J + σ²/(Jk)) where the schools stand for more, whatever the staff. NaN for one school.
    """
    k, J = np.asarray(k, dtype=np.float64), np.asarray(J, dtype=np.float64)
    of_staff = np.asarray(tau2) + np.asarray(sigma2) / staff  # how much the means of whole staffs differ
    between = of_staff * np.maximum(1 - J / district, 0) / J
    within = np.asarray(sigma2) * np.maximum(1 - k / staff, 0) / (J * k)
    t = stdtrit(np.where(J > 1, J - 1, np.nan), (1 + level) / 2)
    margin: Array = t * np.sqrt(between + within)
    return margin


def school_change(sigma2: float, k: float, overlap: float, stability: float) -> tuple[float, float]:
    """Return the variance of one school's change between two waves, and its degrees of freedom.

    Parameters
    ----------
    sigma2 : float
        Variance of teachers within a school.
    k : float
        Teachers in each wave.
    overlap : float
        Share o of them who answer in both.
    stability : float
        Correlation r of such a teacher's two answers within the school.

    Returns
    -------
    variance : float
        2σ²(1 − o r)/k.
    df : float
        k − 1 for the same teachers, 2(k − 1) for others, in between by Derrick, Russ, Toher & White (2017).
    """
    pairs, single = overlap * k, (1 - overlap) * k
    df = (pairs - 1) + (2 * single + pairs - 1) / (2 * k) * 2 * single
    return 2 * sigma2 * (1 - overlap * stability) / k, df


def district_change(
    tau2: float, sigma2: float, k: float, J: float, school_stability: float, overlap: float, stability: float
) -> tuple[float, float]:
    """Return the variance of the mean change of J schools, each against itself, and its degrees of freedom.

    Parameters
    ----------
    tau2, sigma2 : float
        Variance between schools, and of teachers within them.
    k, J : float
        Teachers in each school and wave, and schools.
    school_stability : float
        Correlation R of a school's true means.
    overlap, stability : float
        As in `school_change`.

    Returns
    -------
    variance : float
        (2τ²(1 − R) + 2σ²(1 − o r)/k)/J.
    df : float
        J − 1.
    """
    one, _ = school_change(sigma2, k, overlap, stability)
    return (2 * tau2 * (1 - school_stability) + one) / J, J - 1


def power_of_t(change: float, variance: float, df: float, alpha: float) -> float:
    """Return the power of a two-sided t test.

    Parameters
    ----------
    change : float
        The true one.
    variance : float
        Of its estimate.
    df : float
        Degrees of freedom.
    alpha : float
        Level of the test.

    Returns
    -------
    float
        P(|t| > t(1 − α/2)) by the noncentral t, both tails; NaN without degrees of freedom.
    """
    if not df > 0:
        return float("nan")
    if variance <= 0:
        return 1.0 if change else alpha
    d, t = abs(change) / float(np.sqrt(variance)), float(stdtrit(df, 1 - alpha / 2))
    return noncentral_t(df, -d, -t) + noncentral_t(df, d, -t)


def detectable(variance: float, df: float, alpha: float, power: float) -> float:
    """Return the smallest change that a test sees with the power wanted.

    Parameters
    ----------
    variance : float
        Of the estimate.
    df : float
        Degrees of freedom.
    alpha : float
        Level of the test.
    power : float
        Wanted, above `alpha`.

    Returns
    -------
    float
        NaN without degrees of freedom.
    """
    if not df > 0:
        return float("nan")
    if variance <= 0:
        return 0.0
    high = 2.0
    while power_of_t(high, 1.0, df, alpha) < power:
        high *= 2
    return float(brentq(lambda d: power_of_t(d, 1.0, df, alpha) - power, 0.0, high, xtol=1e-12)) * float(
        np.sqrt(variance)
    )
