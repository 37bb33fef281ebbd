"""Power of a test by χ², and what makes the noncentrality of one.

If the hypothesis is that χ² has the noncentrality λ₀, and in truth it has λ₁, the test rejects beyond the point that χ² of λ₀
passes with chance α: above it where λ₁ ≥ λ₀, below it where λ₁ < λ₀ (a test that is to show that a model fits).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scipy.special import chndtr, chndtrix

MOST_TEACHERS: Final = 10_000_000
"""Where a search for a number of teachers gives up."""


def power_of_chisquare(df: float, null: float, true: float, alpha: float) -> float:
    """Return the chance that the test rejects.

    Parameters
    ----------
    df : float
        Degrees of freedom.
    null, true : float
        λ₀ and λ₁, the noncentrality under the hypothesis and in truth.
    alpha : float
        Level of the test.

    Returns
    -------
    float
        ``pchisq(qchisq(1 - alpha, df, null), df, true, lower = FALSE)``, and the other way round where λ₁ < λ₀.
    """
    if true >= null:
        return 1 - float(chndtr(chndtrix(1 - alpha, df, null), df, true))
    return float(chndtr(chndtrix(alpha, df, null), df, true))


def discrepancy_of_rmsea(rmsea: float, df: float, n_groups: int = 1) -> float:
    """Return the misfit of the covariances that an RMSEA stands for: F = df ε²/G.

    Parameters
    ----------
    rmsea : float
        ε.
    df : float
        Degrees of freedom.
    n_groups : int
        G.

    Returns
    -------
    float
        χ² has the noncentrality (N − G) F, N teachers of all groups (Steiger 1998).
    """
    return df * rmsea**2 / n_groups


def design_effect_of_covariances(icc: float, teachers: float) -> float:
    """Return by how much the variances of covariances grow if teachers come in schools: 1 + (k − 1)ρ².

    Parameters
    ----------
    icc : float
        ρ, the share of each answer's variance that lies between schools.
    teachers : float
        k, of a school.

    Returns
    -------
    float

    Notes
    -----
    If schools have the share ρ of all covariances, Σ_b = ρΣ, and answers are normal, the products z_i z_j of two teachers of a
    school covary by σ_b,ii σ_b,jj + σ_b,ij², which is ρ² times their variance. The mean of a school's products has thus the
    intraclass correlation ρ², where that of its answers is ρ, of which Kish's (1965) 1 + (k − 1)ρ is made.
    """
    return 1 + (teachers - 1) * icc**2


def smallest_n(power_at: Callable[[int], float], wanted: float, least: int) -> int | None:
    """Return the smallest number of teachers that gives the power wanted.

    Parameters
    ----------
    power_at : callable
        Power of a number of teachers, which rises with it.
    wanted : float
        The power.
    least : int
        Fewer are not tried.

    Returns
    -------
    int or None
        None if ten million are not enough.
    """
    low, high = least - 1, least
    while power_at(high) < wanted:
        if high >= MOST_TEACHERS:
            return None
        low, high = high, min(2 * high, MOST_TEACHERS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_at(middle) >= wanted else (middle, high)
    return high
