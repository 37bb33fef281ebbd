"""Coefficient alpha, and its interval."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtri

from internal_coherence.errors import ImproperSolutionWarning, MissingDataWarning, ModelError, ResponseError, listing
from internal_coherence.measurement.wording import warn_of_reversed
from internal_coherence.moments.covariance import pairwise_covariance
from internal_coherence.records import ByScale, Record
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Missing = Literal["pairwise", "listwise"]
Interval = Literal["feldt"]
MISSING: Final[tuple[str, ...]] = get_args(Missing)
INTERVALS: Final[tuple[str, ...]] = get_args(Interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceInterval:
    """An interval and how it was made: `lower`, `upper`, `level`, `method`."""

    lower: float
    upper: float
    level: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Alpha(Record):
    """Coefficient alpha of one scale.

    Parameters
    ----------
    alpha : float
        Of the raw items.
    alpha_standardized : float
        Of the items in standard deviations; NaN if an item does not vary.
    average_r : float
        Mean correlation between the items.
    n_items : int
        Items on the scale.
    n : int
        Teachers that the interval counts: under listwise deletion those who answered every item, under pairwise
        deletion those who answered any.
    n_complete : int
        Teachers who answered every item.
    n_smallest_pair : int
        The fewest teachers behind any one covariance.
    missing : {"pairwise", "listwise"}
        How missing answers were treated.
    interval : {"feldt"}
        The kind of interval.
    note : str
        Why a number is NaN; empty where none is.
    """

    alpha: float
    alpha_standardized: float
    average_r: float
    n_items: int
    n: int
    n_complete: int
    n_smallest_pair: int
    missing: Missing
    interval: Interval
    note: str = ""

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Return the interval for the raw alpha.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        ConfidenceInterval
            Feldt's takes teachers as independent; teachers of one school are not quite, so it is somewhat too narrow.

        Raises
        ------
        ModelError
            If the level is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise ModelError(f"level={level} is not between 0 and 1")
        lower, upper = feldt_interval(self.alpha, self.n_items, self.n, level)
        return ConfidenceInterval(lower=lower, upper=upper, level=level, method="feldt, independent teachers")

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
        return f"<{shown}, {self.n_items} items, n = {self.n} ({self.missing}){note}>"


def alpha(
    data: pd.DataFrame | ArrayLike | Responses,
    *,
    missing: Missing = "pairwise",
    interval: Interval = "feldt",
) -> Alpha | ByScale[Alpha]:
    """Coefficient alpha of a scale, or of every scale of a survey.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, or Responses
        Rows are teachers; items coded in one direction; NaN missing. `Responses` of one wave give every scale.
    missing : {"pairwise", "listwise"}
        Each covariance from the teachers who answered both items, or all from those who answered every item.
    interval : {"feldt"}
        Feldt's, exact for independent teachers and parallel normal items.

    Returns
    -------
    Alpha, or mapping of scale to Alpha

    Raises
    ------
    ResponseError
        With fewer than two items, or values that are not finite.
    ModelError
        For an option that does not exist.

    Warns
    -----
    ReversedItemWarning
        If an item correlates negatively with the rest of its scale.
    MissingDataWarning
        If alpha is NaN, for instance since nobody answered an item; ``note`` says why.
    ImproperSolutionWarning
        If pairwise covariances contradict each other so that alpha is above 1.

    Notes
    -----
    ``psych::alpha(x)``: ``total$raw_alpha``, ``std.alpha``, ``average_r`` and ``feldt``, from pairwise covariances and
    correlations as there (version 2.5.3). Under pairwise deletion psych counts every row, also
    those without any answer; here those do not count. Cronbach (1951); Feldt, Woodruff & Salih (1987).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> by_scale = ic.alpha(ic.example_responses().select(wave=2025))
    >>> round(by_scale["leadership"].alpha, 2)
    0.84
    """
    if missing not in MISSING:
        raise ModelError(f"missing={missing!r} is not one of {listing(MISSING)}")
    if interval not in INTERVALS:
        raise ModelError(f"interval={interval!r} is not one of {listing(INTERVALS)}")
    if isinstance(data, Responses):
        items = data.one_wave("alpha").items
        return ByScale({s.key: _alpha(items[s.item_keys], missing, interval, s.key) for s in data.instrument.scales})
    return _alpha(_frame(data), missing, interval)


def _frame(data: pd.DataFrame | ArrayLike) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        frame = data
    else:
        array = np.asarray(data)
        if array.ndim != 2:
            raise ResponseError(f"items are a table, teachers × items; got {array.ndim} dimension(s)")
        frame = pd.DataFrame(array, columns=[f"item {k + 1}" for k in range(array.shape[1])])
    if wrong := [str(name) for name, kind in frame.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]:
        raise ResponseError(f"items must be numbers; these columns are not: {listing(wrong)}")
    return frame


def _alpha(items: pd.DataFrame, missing: Missing, interval: Interval, scale: str = "") -> Alpha:
    X = items.to_numpy(dtype=np.float64, na_value=np.nan)
    names = [str(name) for name in items.columns]
    where = f"scale {scale!r}: " if scale else ""
    if X.shape[1] < 2:
        raise ResponseError(f"{where}alpha needs at least two items; got {X.shape[1]}")
    if np.isinf(X).any():
        raise ResponseError(
            f"{where}infinite values in {listing(n for n, x in zip(names, X.T, strict=True) if np.isinf(x).any())}"
        )
    answered = ~np.isnan(X)
    complete = answered.all(axis=1)
    used = X[complete] if missing == "listwise" else X
    n = int(complete.sum()) if missing == "listwise" else int(answered.any(axis=1).sum())
    pairs = pairwise_covariance(used)
    cov = pairs.cov
    note = _note(cov, pairs.n, names)
    if alpha_from_covariance(cov) > 1:
        note = "pairwise covariances that no complete data could have: too few answered together"
        warnings.warn(f"{where}alpha is above 1: {note}", ImproperSolutionWarning, stacklevel=3)
    if np.isnan(alpha_from_covariance(cov)):
        warnings.warn(f"{where}alpha is NaN: {note}", MissingDataWarning, stacklevel=3)
    else:
        warn_of_reversed(cov, names, scale)
    R = pairs.cor
    return Alpha(
        alpha=alpha_from_covariance(cov),
        alpha_standardized=alpha_from_covariance(R),
        average_r=float(R[~np.eye(len(R), dtype=bool)].mean()),
        n_items=X.shape[1],
        n=n,
        n_complete=int(complete.sum()),
        n_smallest_pair=int(pairs.n.min()),
        missing=missing,
        interval=interval,
        note=note,
    )


def _note(cov: Array, n: Array, names: Sequence[str]) -> str:
    """Say why a coefficient can't be computed, or what about it is odd."""
    if unanswered := [name for name, count in zip(names, np.diag(n), strict=True) if count < 2]:
        return f"fewer than two answers to {listing(unanswered)}"
    if np.isnan(cov).any():
        return "some pair of items was never answered by two teachers together"
    if constant := [name for name, variance in zip(names, np.diag(cov), strict=True) if variance <= 0]:
        return f"everyone gave the same answer to {listing(constant)}"
    if not cov.sum() > 0:
        return "the sum of the items does not vary"
    return ""


def alpha_from_covariance(cov: Array) -> float:
    """Return alpha: k/(k−1) (1 − tr C / 1'C1).

    Parameters
    ----------
    cov : (k, k) array
        Covariances of the items, or their correlations for the standardised alpha.

    Returns
    -------
    float
        NaN where the sum of the items does not vary.
    """
    k = len(cov)
    total = float(cov.sum())
    if not total > 0:
        return float("nan")
    return k / (k - 1) * (1 - float(np.trace(cov)) / total)


def feldt_interval(alpha: float, k: int, n: int, level: float) -> tuple[float, float]:
    """Return Feldt's interval: (1 − α̂)/(1 − α) follows F with n − 1 and (n − 1)(k − 1) degrees of freedom.

    Parameters
    ----------
    alpha : float
        The estimate.
    k, n : int
        Items and teachers.
    level : float
        Of confidence.

    Returns
    -------
    tuple of float
        Lower and upper limit; NaN with fewer than two teachers, or an alpha above 1.
    """
    if n < 2 or np.isnan(alpha) or alpha > 1:
        return float("nan"), float("nan")
    df1, df2 = n - 1, (n - 1) * (k - 1)
    tail = (1 - level) / 2
    return 1 - (1 - alpha) * float(fdtri(df1, df2, 1 - tail)), 1 - (1 - alpha) * float(fdtri(df1, df2, tail))
