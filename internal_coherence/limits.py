"""Confidence limits: what an interval needs to know, kept beside the estimate so that any level can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, ndtri, stdtrit

from internal_coherence.errors import check_level

Array = NDArray[np.float64]
NAN: Final = (float("nan"), float("nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceInterval:
    """An interval and how it was made: `lower`, `upper`, `level`, `method`."""

    lower: float
    upper: float
    level: float
    method: str


class Limits(Protocol):
    """What can put limits around an estimate."""

    @property
    def method(self) -> str:
        """How, and what was assumed."""

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return the lower and the upper limit."""


def interval_at(limits: Limits, estimate: float, level: float) -> ConfidenceInterval:
    """Return an interval around an estimate.

    Parameters
    ----------
    limits : Limits
        Feldt's, Bonett's, Wald's or a bootstrap's.
    estimate : float
        The coefficient.
    level : float
        Between 0 and 1.

    Returns
    -------
    ConfidenceInterval

    Raises
    ------
    ModelError
        If the level is not between 0 and 1.
    """
    check_level(level)
    lower, upper = limits.at(estimate, level) if np.isfinite(estimate) else NAN
    return ConfidenceInterval(lower=lower, upper=upper, level=level, method=limits.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeldtLimits:
    """(1 − α̂)/(1 − α) follows F with n − 1 and (n − 1)(k − 1) degrees of freedom: parallel normal items."""

    n: int
    k: int
    method: str = "feldt, independent teachers"

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return Feldt's limits (Feldt, Woodruff & Salih 1987); NaN for fewer than two teachers or an alpha above 1."""
        if self.n < 2 or estimate > 1:
            return NAN
        df1, df2, tail = self.n - 1, (self.n - 1) * (self.k - 1), (1 - level) / 2
        lower, upper = (1 - (1 - estimate) * float(fdtri(df1, df2, p)) for p in (1 - tail, tail))
        return lower, upper


@dataclass(frozen=True, slots=True, kw_only=True)
class BonettLimits:
    """ln(1 − α̂) is nearly normal with variance 2k/((k − 1)(n − 2)): parallel normal items."""

    n: int
    k: int
    method: str = "bonett, independent teachers"

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return Bonett's limits (2002); NaN for fewer than three teachers or an alpha of 1 or more."""
        if self.n < 3 or estimate >= 1:
            return NAN
        reach = float(ndtri((1 + level) / 2)) * np.sqrt(2 * self.k / ((self.k - 1) * (self.n - 2)))
        return 1 - (1 - estimate) * float(np.exp(reach)), 1 - (1 - estimate) * float(np.exp(-reach))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaldLimits:
    """The estimate and so many of its standard errors to either side."""

    se: float
    method: str

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return estimate ± z · se."""
        reach = float(ndtri((1 + level) / 2)) * self.se
        return estimate - reach, estimate + reach


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PercentileLimits:
    """The middle share of the bootstrap draws."""

    draws: Array
    method: str

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return the quantiles of the draws that exist; NaN if fewer than nine in ten do."""
        del estimate
        usable = self.draws[np.isfinite(self.draws)]
        if len(usable) < 0.9 * len(self.draws):
            return NAN
        lower, upper = np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
        return float(lower), float(upper)


Scale = Literal["complement", "log", "plain"]
TO: Final[Mapping[Scale, Callable[[Array], Array]]] = {
    "complement": lambda x: -np.log1p(-x),
    "log": np.log,
    "plain": np.asarray,
}
BACK: Final[Mapping[Scale, Callable[[Array], Array]]] = {
    "complement": lambda x: -np.expm1(-x),
    "log": np.exp,
    "plain": np.asarray,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolLimits:
    """The standard deviation of the draws of whole schools, widened for their number, with Student's t.

    A few tens of schools make percentiles too narrow: a resampled variance is (J − 1)/J of what it should be, and the
    spread itself is estimated from J schools.

    Parameters
    ----------
    draws : (B,) array
        The coefficient in each sample.
    n_schools : int
        Drawn from.
    method : str
        How, in words.
    scale : {"complement", "log", "plain"}
        On which the estimate is most nearly normal: −ln(1 − x) for a reliability, ln x for a ratio, x itself.
    """

    draws: Array
    n_schools: int
    method: str
    scale: Scale = "complement"

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return the limits, turned back; NaN if the estimate or more than one draw in ten is not on the scale."""
        with np.errstate(invalid="ignore", divide="ignore"):
            middle, drawn = TO[self.scale](np.array(estimate)), TO[self.scale](self.draws)
        usable = drawn[np.isfinite(drawn)]
        if len(usable) < 0.9 * len(drawn) or not np.isfinite(middle) or self.n_schools < 2:
            return NAN
        J = self.n_schools
        reach = float(stdtrit(J - 1, (1 + level) / 2)) * float(usable.std(ddof=1)) * np.sqrt(J / (J - 1))
        lower, upper = BACK[self.scale](middle + reach * np.array([-1.0, 1.0]))
        return float(lower), float(upper)
