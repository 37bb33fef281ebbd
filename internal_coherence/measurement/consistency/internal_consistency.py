"""Coefficient alpha, and its intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from internal_coherence.errors import (
    ImproperSolutionWarning,
    MissingDataWarning,
    ResponseError,
    check_option,
    warn,
)
from internal_coherence.limits import ConfidenceInterval, Limits, interval_at
from internal_coherence.measurement.bootstrapping import DRAWS
from internal_coherence.measurement.consistency.alpha_limits import (
    INTERVALS,
    OF_ANSWERS,
    Interval,
    limits_of_answers,
    limits_of_moments,
    standard_error,
)
from internal_coherence.measurement.consistency.coefficients import (
    average_off_diagonal,
    coefficient_alpha,
    lambda_6,
    median_off_diagonal,
    signal_to_noise,
    total_variance,
)
from internal_coherence.measurement.entrance import (
    Data,
    ItemTable,
    each_scale,
    refuse_unused_school,
    refuse_with_moments,
)
from internal_coherence.measurement.items.wording import warn_of_reversed
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.sufficient import Moments, moments_of_table
from internal_coherence.records import ByScale, Record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Alpha(Record):
    """Coefficient alpha of one scale.

    Parameters
    ----------
    alpha : float
        Of the raw items.
    alpha_standardized : float
        Of the items in standard deviations; NaN if an item does not vary.
    average_r, median_r : float
        Mean and median correlation between the items.
    signal_to_noise : float
        k r̄ / (1 − r̄).
    lambda_6 : float
        Guttman's λ6 of the standardised items, psych's G6(smc); NaN if some items determine another.
    mean, sd : float
        Of the scale score, the mean of the items that a teacher answered.
    se : float
        Duhachek & Iacobucci's standard error of alpha, for independent teachers and normal items.
    n_items : int
        Items on the scale.
    n : int or None
        Teachers that the interval counts: under listwise deletion those who answered every item, else those who
        answered any; schools, for moments between schools; None if not known.
    n_complete : int or None
        Teachers who answered every item; None if not known.
    n_smallest_pair : int or None
        The fewest teachers behind any one covariance.
    missing : {"pairwise", "listwise", "em", "given"}
        How missing answers were treated.
    interval : str
        The kind of interval.
    note : str
        Why a number is NaN; empty where none is.
    """

    alpha: float
    alpha_standardized: float
    average_r: float
    median_r: float
    signal_to_noise: float
    lambda_6: float
    mean: float
    sd: float
    se: float
    n_items: int
    n: int | None
    n_complete: int | None
    n_smallest_pair: int | None
    missing: Missing | Literal["given"]
    interval: Interval
    note: str
    _limits: Limits

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Return the interval for the raw alpha.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        ConfidenceInterval
            Its ``method`` says how it was made and whether teachers were taken as independent. Teachers of one
            school are not quite: then all intervals but the cluster bootstrap are too narrow.

        Raises
        ------
        ModelError
            If the level is not between 0 and 1.
        """
        return interval_at(self._limits, self.alpha, level)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row, with the 95 % interval.

        Returns
        -------
        DataFrame
        """
        interval = self.confidence_interval()
        row = self.as_row()
        limits = {"ci_lower": interval.lower, "ci_upper": interval.upper}
        return pd.DataFrame([{"alpha": row.pop("alpha"), **limits, **row}])

    def __repr__(self) -> str:
        interval = self.confidence_interval()
        shown = f"alpha {self.alpha:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]"
        note = f"; {self.note}" if self.note else ""
        return f"<{shown}, {self.n_items} items, n = {self.n} ({self.missing}), {interval.method}{note}>"


def alpha(
    data: Data,
    *,
    missing: Missing = "pairwise",
    interval: Interval = "feldt",
    school: ArrayLike | pd.Series | None = None,
    draws: int = DRAWS,
    rng: np.random.Generator | int | None = None,
) -> Alpha | ByScale[Alpha]:
    """Coefficient alpha of a scale, or of every scale of a survey.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Rows are teachers; items coded in one direction; NaN missing. `Responses` of one wave give every scale.
    missing : {"pairwise", "listwise", "em"}
        Each covariance from the teachers who answered both items; all from those who answered every item; or by
        maximum likelihood from everyone. `Moments` keep their own.
    interval : {"feldt", "bonett", "duhachek", "adf", "bootstrap", "cluster_bootstrap"}
        Feldt's and Bonett's are for parallel normal items, Duhachek & Iacobucci's for normal items, the
        asymptotically distribution-free one for any, all of independent teachers who answered everything (``adf``
        uses only those); ``bootstrap`` draws teachers, ``cluster_bootstrap`` whole schools. `Moments` have the first three.
    school : (n,) array or Series, optional
        Each teacher's school, for the cluster bootstrap; `Responses` know theirs.
    draws : int
        Bootstrap samples.
    rng : Generator, int or None
        The bootstrap's source of chance.

    Returns
    -------
    Alpha, or mapping of scale to Alpha

    Raises
    ------
    ResponseError
        With fewer than two items, or values that are not finite.
    ModelError
        For an option that does not exist or that the data have no room for.

    Warns
    -----
    ReversedItemWarning
        If an item correlates negatively with the rest of its scale.
    MissingDataWarning
        If alpha is NaN, for instance since nobody answered an item; ``note`` says why.
    ImproperSolutionWarning
        If pairwise covariances contradict each other.

    Notes
    -----
    ``psych::alpha(x)``: ``total`` (raw_alpha, std.alpha, G6(smc), average_r, S/N, ase, mean, sd, median_r) and ``feldt``,
    from pairwise covariances and correlations as there (version 2.5.3). Under pairwise deletion psych counts every
    row, also those without any answer; here those do not count. Cronbach (1951); Feldt, Woodruff & Salih (1987);
    Bonett (2002); Duhachek & Iacobucci (2004); Maydeu-Olivares, Coffman & Hartmann (2007).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> teachers = ic.example_responses().select(wave=2025)
    >>> by_scale = ic.alpha(teachers, interval="cluster_bootstrap", rng=1)
    >>> round(by_scale["leadership"].alpha, 2)
    0.84
    >>> by_scale["leadership"].confidence_interval().method
    'cluster bootstrap of 24 schools, 2000 draws'
    """
    check_option("missing", missing, MISSING)
    check_option("interval", interval, INTERVALS)
    refuse_unused_school(school, interval)
    if isinstance(data, Moments):
        refuse_with_moments("alpha", interval=interval if interval in OF_ANSWERS else None, school=school)
        return alpha_of_moments(data, limits_of_moments(data, interval), interval)
    source = np.random.default_rng(rng)
    return each_scale(
        data,
        "alpha",
        partial(alpha_of_table, missing=missing, interval=interval, draws=draws, rng=source),
        school=school,
    )


def alpha_of_table(
    table: ItemTable, *, missing: Missing, interval: Interval, draws: int, rng: np.random.Generator
) -> Alpha:
    """Return alpha of items that have been checked; the parameters are those of `alpha`."""
    _at_least_two(table.names, table.where)
    moments = moments_of_table(table, missing)
    if interval in OF_ANSWERS:
        limits = limits_of_answers(table, missing, interval, draws, rng)
    else:
        limits = limits_of_moments(moments, interval)
    return alpha_of_moments(moments, limits, interval, table)


def alpha_of_moments(moments: Moments, limits: Limits, interval: Interval, table: ItemTable | None = None) -> Alpha:
    """Return alpha of moments, with limits made beforehand."""
    _at_least_two(moments.names)
    C, R = moments.cov, moments.cor
    where, scale = (table.where, table.scale) if table else ("", "")
    value, note = float(coefficient_alpha(C)), moments.trouble()
    if value > 1:
        note = "pairwise covariances that no complete data could have: too few answered together"
        warn(f"{where}alpha is above 1: {note}", ImproperSolutionWarning)
    if np.isnan(value):
        note = note or "the sum of the items does not vary"
        warn(f"{where}alpha is NaN: {note}", MissingDataWarning)
    else:
        warn_of_reversed(C, moments.names, scale)
    scores = moments.scores
    return Alpha(
        alpha=value,
        alpha_standardized=float(coefficient_alpha(R)),
        average_r=float(average_off_diagonal(R)),
        median_r=float(median_off_diagonal(R)),
        signal_to_noise=float(signal_to_noise(R)),
        lambda_6=lambda_6(R),
        mean=float(moments.mean.mean()) if scores is None else scores.mean,
        sd=float(np.sqrt(total_variance(C))) / len(C) if scores is None else scores.sd,
        se=standard_error(moments),
        n_items=len(C),
        n=moments.n_units,
        n_complete=None if scores is None else scores.n_complete,
        n_smallest_pair=None if moments.n is None else int(np.min(moments.n)),
        missing=moments.missing,
        interval=interval,
        note=note,
        _limits=limits,
    )


def _at_least_two(names: tuple[str, ...], where: str = "") -> None:
    if len(names) < 2:
        raise ResponseError(f"{where}alpha needs at least two items; got {len(names)}")
