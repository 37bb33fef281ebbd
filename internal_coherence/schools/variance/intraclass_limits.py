"""Limits of an intraclass correlation: by the F distribution, for large samples, by likelihood, by drawing schools.

Both correlations rise with one number, the ratio F of the mean squares or λ = τ²/σ² of the variances, so limits of
that number are turned into theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, ndtri

from internal_coherence.limits import NAN, SchoolLimits
from internal_coherence.schools.variance.analysis_of_variance import icc1_from_ratio, icc2_from_ratio
from internal_coherence.schools.variance.profiling import ratio_limits
from internal_coherence.schools.variance.random_intercept import RandomIntercept

Array = NDArray[np.float64]
Kind = Literal["icc1", "icc2"]
Interval = Literal["f", "smith", "profile", "cluster_bootstrap"]
INTERVALS: Final[tuple[str, ...]] = get_args(Interval)


def from_mean_squares(kind: Kind, F: float, k: float) -> float:
    """Return a correlation from the ratio of the mean squares.

    Parameters
    ----------
    kind : {"icc1", "icc2"}
        Which.
    F, k : float
        MSB/MSW, and the group size.

    Returns
    -------
    float
    """
    ratio = np.array(F)
    return float(icc1_from_ratio(ratio, k) if kind == "icc1" else icc2_from_ratio(ratio))


def from_variances(kind: Kind, ratio: float, k: float) -> float:
    """Return a correlation from the ratio of the variances.

    Parameters
    ----------
    kind : {"icc1", "icc2"}
        Which.
    ratio, k : float
        τ²/σ², and the group size.

    Returns
    -------
    float
    """
    stepped = ratio * (1.0 if kind == "icc1" else k)
    return 1.0 if np.isinf(stepped) else stepped / (1 + stepped)


@dataclass(frozen=True, slots=True, kw_only=True)
class FLimits:
    """MSB/MSW over its expectation follows F: exact for normal scores in schools of one size.

    For unequal sizes k₀ stands for the size (Searle 1971; Ukoumunne 2002).
    """

    kind: Kind
    F: float
    df_between: int
    df_within: int
    k: float
    method: str

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return the limits of F, turned into those of the correlation."""
        del estimate
        tail = (1 - level) / 2
        lower, upper = (self.F / float(fdtri(self.df_between, self.df_within, p)) for p in (1 - tail, tail))
        return from_mean_squares(self.kind, lower, self.k), from_mean_squares(self.kind, upper, self.k)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmithLimits:
    """The estimate and so many of Smith's (1957) standard errors to either side, for many schools of any size."""

    kind: Kind
    k: float
    se: float
    method: str = "smith, many schools, normal scores"

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return estimate ± z · se, the error of ICC(2) by the slope of its step up from ICC(1)."""
        icc1 = estimate if self.kind == "icc1" else estimate / (self.k - (self.k - 1) * estimate)
        slope = 1.0 if self.kind == "icc1" else self.k / (1 + (self.k - 1) * icc1) ** 2
        reach = float(ndtri((1 + level) / 2)) * self.se * slope
        return estimate - reach, estimate + reach


def smith_se(icc1: float, size: Array) -> float:
    """Return the large-sample standard error of the ANOVA's ICC(1) (Smith 1957; Ukoumunne 2002).

    Parameters
    ----------
    icc1 : float
        The estimate.
    size : (J,) array
        Teachers a school.

    Returns
    -------
    float
    """
    n = size[size > 0]
    N, J = n.sum(), len(n)
    k0 = (N - (n @ n) / N) / (J - 1)
    r = icc1
    within = (1 + r * (k0 - 1)) ** 2 / (N - J)
    unequal = n @ n - 2 * (n @ n**2) / N + ((n @ n) / N) ** 2
    between = ((J - 1) * (1 - r) * (1 + r * (2 * k0 - 1)) + r**2 * unequal) / (J - 1) ** 2
    return float(np.sqrt(2 * (1 - r) ** 2 / k0**2 * (within + between)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLimits:
    """All ratios of the variances whose likelihood is not too far below the best."""

    kind: Kind
    model: RandomIntercept
    k: float
    method: str

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return the limits of τ²/σ², turned into those of the correlation."""
        del estimate
        lower, upper = ratio_limits(self.model, level)
        return from_variances(self.kind, lower, self.k), from_variances(self.kind, upper, self.k)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnLimits:
    """Whole schools drawn again: Student's t on the logarithm of the ratio F."""

    kind: Kind
    F: float
    k: float
    drawn: SchoolLimits

    @property
    def method(self) -> str:
        """How, and of how many schools."""
        return self.drawn.method

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return the limits of F, turned into those of the correlation."""
        del estimate
        lower, upper = self.drawn.at(self.F, level)
        return (
            NAN
            if np.isnan(lower)
            else (from_mean_squares(self.kind, lower, self.k), from_mean_squares(self.kind, upper, self.k))
        )
