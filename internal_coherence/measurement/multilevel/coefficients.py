"""The coefficients of two levels, as functions of W and B, or of a one-factor solution. All work on stacks too."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from internal_coherence.measurement.consistency.coefficients import coefficient_alpha, total_variance
from internal_coherence.measurement.multilevel.two_level_factor import FactorParts

Array = NDArray[np.float64]
Coefficient = Literal[
    "alpha_within",
    "alpha_between",
    "alpha_two_level",
    "alpha_school_mean",
    "omega_within",
    "omega_between",
    "omega_two_level",
    "omega_school_mean",
    "omega_within_equal",
    "omega_two_level_free",
    "omega_school_mean_free",
    "icc",
]
COEFFICIENTS: Final[tuple[Coefficient, ...]] = get_args(Coefficient)
OF_FREE: Final = ("omega_within", "omega_between", "omega_two_level_free", "omega_school_mean_free")
"""Those of one factor with each level's own loadings."""
OF_EQUAL: Final = ("omega_two_level", "omega_school_mean", "omega_within_equal")
"""Those of one factor with the same loadings at both levels."""
MEANING: Final[dict[str, str]] = {
    "alpha_within": "teachers against their own school",
    "alpha_between": "schools' true means",
    "alpha_two_level": "teachers, whatever their school",
    "alpha_school_mean": "means of schools as observed",
    "omega_within": "teachers against their own school",
    "omega_between": "schools' true means",
    "omega_two_level": "teachers, whatever their school",
    "omega_school_mean": "means of schools as observed",
    "omega_within_equal": "teachers against their own school",
    "omega_two_level_free": "teachers, whatever their school",
    "omega_school_mean_free": "means of schools as observed",
    "icc": "share of the sum's variance between schools",
}


def shared(C: Array) -> Array:
    """Return the variance that the items share, as alpha counts it: k/(k−1) times the sum off the diagonal.

    Parameters
    ----------
    C : (..., k, k) array

    Returns
    -------
    (...) array
    """
    k = C.shape[-1]
    sums: Array = k / (k - 1) * (C.sum(axis=(-2, -1)) - np.trace(C, axis1=-2, axis2=-1))
    return sums


def alphas(W: Array, B: Array, size: float) -> dict[Coefficient, Array]:
    """Return alpha of every kind, and the intraclass correlation of the sum.

    Parameters
    ----------
    W, B : (..., k, k) array
        Covariances within and between schools.
    size : float
        Teachers a school, ñ: the harmonic mean.

    Returns
    -------
    dict
        NaN where the sum of the items has no variance there.

    Notes
    -----
    Within and between: Geldhof, Preacher & Zyphur (2014). Two-level, and of school means: Lai (2021).
    """
    return {
        "alpha_within": coefficient_alpha(W),
        "alpha_between": coefficient_alpha(B),
        "alpha_two_level": coefficient_alpha(W + B),
        "alpha_school_mean": shared(B) / total_variance(B + W / size),
        "icc": B.sum(axis=(-2, -1)) / total_variance(W + B),
    }


def omegas(parts: FactorParts, size: float) -> dict[str, Array]:
    """Return omega of every kind.

    Parameters
    ----------
    parts : FactorParts
        One solution, or a stack.
    size : float
        Teachers a school, ñ: the harmonic mean.

    Returns
    -------
    dict
        Keys ``within``, ``between``, ``two_level``, ``school_mean``; NaN where the sum has no variance there.

    Notes
    -----
    Within and between: Geldhof, Preacher & Zyphur (2014). Two-level, and of school means: Lai (2021).
    """
    true_w, true_b = parts.lambda_w.sum(-1) ** 2, parts.phi_b * parts.lambda_b.sum(-1) ** 2
    error_w, error_b = parts.psi_w.sum(-1), parts.psi_b.sum(-1)
    return {
        "within": _share(true_w, error_w),
        "between": _share(true_b, error_b),
        "two_level": _share(true_w + true_b, error_w + error_b),
        "school_mean": _share(true_b, error_b + (true_w + error_w) / size),
    }


def _share(true: Array, error: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(true + error > 0, true / (true + error), np.nan)


def of_both(free: FactorParts, equal: FactorParts, size: float) -> dict[Coefficient, Array]:
    """Return every omega by its full name.

    Parameters
    ----------
    free, equal : FactorParts
        Solutions with each level's own loadings, and with the same at both.
    size : float
        Teachers a school, ñ.

    Returns
    -------
    dict
    """
    own, same = omegas(free, size), omegas(equal, size)
    return {
        "omega_within": own["within"],
        "omega_between": own["between"],
        "omega_two_level": same["two_level"],
        "omega_school_mean": same["school_mean"],
        "omega_within_equal": same["within"],
        "omega_two_level_free": own["two_level"],
        "omega_school_mean_free": own["school_mean"],
    }
