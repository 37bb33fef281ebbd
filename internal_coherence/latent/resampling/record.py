"""What samples drawn from a sample said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from internal_coherence.errors import ModelError, check_level, check_option
from internal_coherence.latent.estimation.scoring import unseen
from internal_coherence.latent.fit.estimates import Listed, listed_rows
from internal_coherence.latent.resampling.accelerating import accelerations
from internal_coherence.latent.resampling.drawing import Units
from internal_coherence.latent.resampling.limits import accelerated, percentile, studentized
from internal_coherence.latent.resampling.refitting import Refitted
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted
from internal_coherence.records import Record

Array = NDArray[np.float64]
Interval = Literal["percentile", "bca", "studentized", "normal"]
INTERVALS: Final = get_args(Interval)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Bootstrap(Record):
    """A model fitted to samples drawn from its own.

    Parameters
    ----------
    resample : {"schools", "rows"}
        What was drawn.
    n_units : int
        How many there are.
    bollen_stine : bool
        Whether rows were moved to where the model holds before they were drawn.
    n_draws, n_failed, n_improper : int
        Samples; those in which a model found no minimum, which are left out; those with a negative variance, which are not.
    measures : tuple of str
        Measures of fit that were kept.
    """

    resample: str
    n_units: int
    bollen_stine: bool
    n_draws: int
    n_failed: int
    n_improper: int
    measures: tuple[str, ...]
    _fit: SemFit
    _against: SemFit | None
    _theta: Array
    _errors: Array
    _measured: Array
    _measured_against: Array

    @classmethod
    def of(
        cls,
        fit: SemFit,
        against: SemFit | None,
        found: Sequence[tuple[Refitted, ...]],
        *,
        units: Units,
        measures: tuple[str, ...],
        bollen_stine: bool,
    ) -> Bootstrap:
        """Put the draws together."""
        good = [all(r.converged for r in draw) for draw in found]
        own = [draw[0] for draw in found]
        other = np.stack([draw[-1].measures for draw in found]) if against is not None else np.zeros((len(found), 0))
        stacked = {name: np.stack([getattr(r, name) for r in own]) for name in ("theta", "errors", "measures")}
        for values in (*stacked.values(), other):
            values[~np.array(good)] = np.nan
        return cls(
            resample="rows" if units.schools is None else "schools",
            n_units=units.n_units,
            bollen_stine=bollen_stine,
            n_draws=len(found),
            n_failed=len(found) - sum(good),
            n_improper=sum(r.improper for r in own),
            measures=measures,
            _fit=fit,
            _against=against,
            _theta=stacked["theta"],
            _errors=stacked["errors"],
            _measured=stacked["measures"],
            _measured_against=other,
        )

    @property
    def estimates(self) -> Array:
        """The free parameters' estimates in every sample, (draws, Q); NaN where none were found."""
        return self._theta

    @property
    def vcov(self) -> Array:
        """Covariances of the free parameters over the draws, in the order of ``fit.coef``."""
        kept = self._theta[np.isfinite(self._theta).all(axis=1)]
        return np.atleast_2d(np.cov(kept.T))

    def parameter_estimates(
        self, level: float = 0.95, interval: Interval = "percentile", *, standardized: bool = False
    ) -> pd.DataFrame:
        """Return the estimates with standard errors and limits from the draws.

        Parameters
        ----------
        level : float
            Of the limits.
        interval : {"percentile", "bca", "studentized", "normal"}
            Between quantiles of the draws; those corrected for bias and acceleration (Efron 1987); from the distribution of the
            estimates in their own standard errors, which needs ``studentized=True``; or the estimate, less its bias, and standard
            errors of the draws to both sides.
        standardized : bool
            Of the standardised values (std_all) in place of the estimates.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, group, label, est, se, bias, ci_lower, ci_upper``: the estimate of the sample itself, the spread of the
            draws, and their mean less the estimate.

        Raises
        ------
        ModelError
            After `bollen_stine`, whose draws are about a model that is made true; for intervals that need what was not kept.

        Notes
        -----
        ``lavaan::parameterEstimates(fit, boot.ci.type = "perc")``; ``"bca"`` of `boot::boot.ci`, the acceleration from scores.
        """
        check_level(level)
        check_option("interval", interval, INTERVALS)
        if self.bollen_stine:
            raise ModelError(
                "after bollen_stine=True the draws show the test, not the estimates; draw again without it"
            )
        fitted = self._fit._fitted
        listed = listed_rows(self._fit.table, self._fit.auxiliary)
        values, slopes = listed.standardized(fitted, "all") if standardized else listed.raw(fitted)
        draws = values_of_draws(self._fit, listed, self._theta, standardized=standardized)
        mean, se = np.nanmean(draws, axis=0), np.nanstd(draws, axis=0, ddof=1)
        varies = slopes.any(axis=1)
        if interval == "bca":
            pull = accelerations(fitted, slopes, by_school=self.resample == "schools")
            lower, upper = accelerated(draws, values, pull, level)
        elif interval == "studentized":
            lower, upper = self._students(draws, values, slopes, level, standardized)
        elif interval == "normal":
            reach = float(ndtri((1 + level) / 2)) * se
            lower, upper = values - (mean - values) - reach, values - (mean - values) + reach
        else:
            lower, upper = percentile(draws, level)
        frame = listed.framed({"est": values, "se": np.where(varies, se, 0.0), "bias": mean - values})
        return frame.assign(ci_lower=np.where(varies, lower, values), ci_upper=np.where(varies, upper, values))

    def _students(
        self, draws: Array, values: Array, slopes: Array, level: float, standardized: bool
    ) -> tuple[Array, Array]:
        if not self._errors.shape[1] or standardized:
            raise ModelError(
                "interval='studentized' is of estimates, not standardised ones, and needs bootstrap(..., studentized=True)"
            )
        error = np.sqrt(np.einsum("kq,qr,kr->k", slopes, self._fit.vcov, slopes))
        return studentized(draws, self._errors, values, error, level)

    def fit_measures(self, level: float = 0.95) -> pd.DataFrame:
        """Return measures of fit with the spread of the draws.

        Parameters
        ----------
        level : float
            Of the limits, quantiles of the draws.

        Returns
        -------
        DataFrame
            ``measure, value, mean, se, bias, ci_lower, ci_upper, pvalue``. After `bollen_stine` the limits are of what the measure
            would be if the model held, not of its value here, and ``pvalue`` is the share of draws that fit no better.
        """
        return self._table(self._values(self._fit), self._measured, level)

    def differences(self, level: float = 0.95) -> pd.DataFrame:
        """Return how measures of fit differ from those of the less restricted model, with the spread of the draws.

        Parameters
        ----------
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            As `fit_measures`; after `bollen_stine` ``pvalue`` is the share of draws in which the restriction, there true, costs as
            much as in the sample or more.

        Raises
        ------
        ModelError
            Without `against`.
        """
        if self._against is None:
            raise ModelError("differences are of two models: bootstrap(fit, against=a less restricted one)")
        value = self._values(self._fit) - self._values(self._against)
        return self._table(value, self._measured - self._measured_against, level)

    def _values(self, fit: SemFit) -> Array:
        measures = fit.fit_measures()
        return np.array([measures.get(name, np.nan) for name in self.measures], dtype=np.float64)

    def _table(self, value: Array, draws: Array, level: float) -> pd.DataFrame:
        check_level(level)
        if not self.measures:
            raise ModelError("no measures of fit were kept: bootstrap(fit, measures=('cfi', 'rmsea'))")
        mean = np.nanmean(draws, axis=0)
        lower, upper = percentile(draws, level)
        better = np.array([name.startswith(LARGER_IS_BETTER) for name in self.measures])
        as_bad = np.where(better, draws <= value, draws >= value)
        share = np.where(np.isfinite(draws), as_bad, np.nan)
        return pd.DataFrame(
            {
                "measure": self.measures,
                "value": value,
                "mean": mean,
                "se": np.nanstd(draws, axis=0, ddof=1),
                "bias": mean - value,
                "ci_lower": lower,
                "ci_upper": upper,
                "pvalue": np.nanmean(share, axis=0) if self.bollen_stine else np.nan,
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates with percentile limits; after `bollen_stine` the measures of fit.

        Returns
        -------
        DataFrame
        """
        return self.fit_measures() if self.bollen_stine else self.parameter_estimates()

    def __repr__(self) -> str:
        how = ", Bollen & Stine" if self.bollen_stine else ""
        failed = f"; {self.n_failed} failed" if self.n_failed else ""
        return f"<Bootstrap of {self.n_units} {self.resample}{how}: {self.n_draws} draws{failed}>"


def values_of_draws(fit: SemFit, listed: Listed, theta: Array, *, standardized: bool = False) -> Array:
    """Return all rows of the table of estimates for every draw.

    Parameters
    ----------
    fit : SemFit
        What was fitted.
    listed : Listed
        Its K rows.
    theta : (B, Q) array
        The parameters; NaN where a draw failed.
    standardized : bool
        Standardise them.

    Returns
    -------
    (B, K) array
    """
    found = np.full((len(theta), len(listed.rows)), np.nan)
    for b in np.flatnonzero(np.isfinite(theta).all(axis=1)):
        there = Fitted(fit._fitted.problem, unseen(theta[b]))
        found[b] = listed.standardized_values(there, "all") if standardized else listed.raw(there)[0]
    return found


LARGER_IS_BETTER: Final = (
    "cfi",
    "tli",
    "nnfi",
    "rfi",
    "nfi",
    "pnfi",
    "ifi",
    "rni",
    "gfi",
    "agfi",
    "pgfi",
    "mfi",
    "logl",
    "cn_",
    "pvalue",
    "rmsea_pvalue",
)
"""How measures begin of which a larger value is a better fit."""
