"""What an unmeasured cause of cause and effect would do to a regression coefficient (Cinelli & Hazlett 2020).

D is the cause, Y the effect, X what is held constant, Z what was not measured. `r2_cause` is the partial R² of Z with D given X,
`r2_effect` that of Z with Y given D and X. `scale` is the ratio of residual standard deviations, of Y given D and X to D given X;
of independent rows it is se √df, and with schools, whose standard errors are others, it is given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Array = NDArray[np.float64]


def partial_r2(estimate: float, scale: float) -> float:
    """Return the partial R² of D with Y given X.

    Parameters
    ----------
    estimate : float
        The coefficient of D.
    scale : float
        As in the module's head.

    Returns
    -------
    float

    Notes
    -----
    ``sensemakr::partial_r2``. It is also what a confounder that explains all the rest of Y must explain of D to take the estimate
    to 0.
    """
    f2 = (estimate / scale) ** 2
    return float(f2 / (1 + f2))


def critical_f(se: float, df: float, scale: float, alpha: float) -> float:
    """Return f* = t*/√(df − 1), in general the reach of a test in units of the coefficient's Cohen's f.

    Parameters
    ----------
    se, df : float
        Standard error of the coefficient, and its degrees of freedom.
    scale : float
    alpha : float
        Two-sided.

    Returns
    -------
    float
    """
    return float(stdtrit(df - 1, 1 - alpha / 2) * se * np.sqrt(df / (df - 1)) / scale)


def robustness_value(f: ArrayLike, f_critical: ArrayLike = 0.0) -> Array:
    """Return how much of cause and effect alike a confounder must explain to change a conclusion.

    Parameters
    ----------
    f : array_like
        Cohen's |f| of the coefficient, times q where a share q of the estimate is to go.
    f_critical : array_like
        f*, of `critical_f`; 0 asks about the estimate, not its test.

    Returns
    -------
    array
        The smallest R such that some confounder with both partial R² ≤ R would do; 0 where none is needed.

    Notes
    -----
    ``sensemakr::robustness_value``. With both R² at R: (f − f*) √(1 − R) = R. Where f*² > 1 − R a confounder does more by explaining
    less of the effect than R, since its explaining shrinks standard errors; then R = (f² − f*²)/(1 + f²).
    """
    f, f_critical = np.abs(np.asarray(f, dtype=np.float64)), np.asarray(f_critical, dtype=np.float64)
    g2 = (f - f_critical) ** 2
    both = (np.sqrt(g2**2 + 4 * g2) - g2) / 2
    inside = (f**2 - f_critical**2) / (1 + f**2)
    value = np.where(f_critical**2 <= 1 - both, both, inside)
    return np.asarray(np.where(f > f_critical, value, 0.0), dtype=np.float64)


def bias(scale: float, r2_effect: ArrayLike, r2_cause: ArrayLike) -> Array:
    """Return by how much, in absolute value, a confounder would have moved the coefficient.

    Parameters
    ----------
    scale : float
    r2_effect, r2_cause : array_like
        Partial R² of the confounder; they are broadcast.

    Returns
    -------
    array
    """
    r2_effect, r2_cause = np.asarray(r2_effect, dtype=np.float64), np.asarray(r2_cause, dtype=np.float64)
    return np.asarray(scale * np.sqrt(r2_effect * r2_cause / (1 - r2_cause)), dtype=np.float64)


def adjusted(
    estimate: float, se: float, df: float, scale: float, r2_effect: ArrayLike, r2_cause: ArrayLike
) -> tuple[Array, Array]:
    """Return what the coefficient would be, and its standard error, had the confounder been held constant too.

    Parameters
    ----------
    estimate, se, df : float
        As found.
    scale : float
    r2_effect, r2_cause : array_like
        Partial R² of the confounder, which is taken to have made the estimate too large in absolute value.

    Returns
    -------
    estimate, se : array

    Notes
    -----
    ``sensemakr::adjusted_estimate``, ``adjusted_se``. Of schools, the standard error is taken to shrink and grow as that of
    independent rows would.
    """
    r2_effect, r2_cause = np.asarray(r2_effect, dtype=np.float64), np.asarray(r2_cause, dtype=np.float64)
    moved = estimate - np.sign(estimate) * bias(scale, r2_effect, r2_cause)
    error = se * np.sqrt((1 - r2_effect) / (1 - r2_cause) * df / (df - 1))
    return np.asarray(moved, dtype=np.float64), np.asarray(error, dtype=np.float64)


def as_strong_as(r2_cause: float, r2_effect: float, k: ArrayLike) -> tuple[Array, Array]:
    """Return the most that a confounder k times as strong as something measured can explain.

    Parameters
    ----------
    r2_cause, r2_effect : float
        Partial R² of what is measured, Xⱼ, with D given the rest of X, and with Y given D and the rest of X.
    k : array_like
        How many times as much Z explains of D, and of Y, as Xⱼ does.

    Returns
    -------
    r2_cause, r2_effect : array
        Of Z. NaN where k times as much is more than there is.

    Notes
    -----
    ``sensemakr::ovb_bounds``; Z is unrelated to X, so that its part in the effect is seen
    only beside that of D: |R_YZ|DX| ≤ η f_YXⱼ, η = (√k + |R_ZXⱼ|DX|)/√(1 − R²_ZXⱼ|DX).
    """
    k = np.asarray(k, dtype=np.float64)
    f2_cause, f2_effect = r2_cause / (1 - r2_cause), r2_effect / (1 - r2_effect)
    cause = k * f2_cause
    share = np.where(k * r2_cause < 1, k * r2_cause, np.nan)
    with_own = share / (1 - share) * f2_cause
    with np.errstate(invalid="ignore"):
        eta = (np.sqrt(k) + np.sqrt(with_own)) / np.sqrt(1 - with_own)
    effect = np.minimum(eta**2 * f2_effect, 1.0)
    possible = (cause < 1) & (with_own < 1)
    return np.where(possible, cause, np.nan), np.where(possible, effect, np.nan)
