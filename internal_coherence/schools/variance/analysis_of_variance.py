"""The one-way analysis of variance, of many variables at once, from each school's count, mean and sum of squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneWay:
    """Mean squares of q variables; arrays may have leading axes, one analysis each.

    Parameters
    ----------
    n, n_schools : (..., q) array
        Teachers, and schools with anyone.
    ms_between, ms_within : (..., q) array
        Mean squares; NaN where their degrees of freedom are none.
    mean_size, k0 : (..., q) array
        The plain mean size N/J, and k₀ = (N − Σn²/N)/(J − 1), by which unequal schools count (Searle, Casella &
        McCulloch 1992).
    """

    n: Array
    n_schools: Array
    ms_between: Array
    ms_within: Array
    mean_size: Array
    k0: Array

    @property
    def ratio(self) -> Array:
        """F, the ratio of the mean squares; infinite where nobody differs within schools, NaN where nothing varies."""
        with np.errstate(divide="ignore", invalid="ignore"):
            F: Array = self.ms_between / self.ms_within
        return F


def one_way(size: Array, mean: Array, sum_of_squares: Array, weights: Array | None = None) -> OneWay:
    """Return the analysis of variance.

    Parameters
    ----------
    size, mean, sum_of_squares : (J, q) array
        Of each school's teachers; the sums of squares about the school's own mean.
    weights : (B, J) array, optional
        How often each school counts in each of B samples.

    Returns
    -------
    OneWay
        With a leading axis of B where there are weights.
    """
    w = np.ones(len(size)) if weights is None else weights
    n, n_schools = w @ size, w @ (size > 0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (size * mean).sum(axis=0) / size.sum(axis=0)
        apart = np.where(size > 0, mean - centre, 0.0)
        between = w @ (size * apart**2) - (w @ (size * apart)) ** 2 / n
        within = w @ sum_of_squares
        return OneWay(
            n=n,
            n_schools=n_schools,
            ms_between=np.maximum(between, 0.0) / np.where(n_schools > 1, n_schools - 1, np.nan),
            ms_within=within / np.where(n > n_schools, n - n_schools, np.nan),
            mean_size=n / n_schools,
            k0=(n - (w @ size**2) / n) / (n_schools - 1),
        )


def icc1_from_ratio(F: Array, k: Array | float) -> Array:
    """Return ICC(1) from the ratio of the mean squares: (F − 1)/(F + k − 1).

    Parameters
    ----------
    F : array
        MSB/MSW; infinite gives 1.
    k : array or float
        Group size.

    Returns
    -------
    array
    """
    with np.errstate(invalid="ignore"):
        share: Array = np.where(np.isposinf(F), 1.0, (F - 1) / (F + k - 1))
    return share


def icc2_from_ratio(F: Array) -> Array:
    """Return ICC(2) from the ratio of the mean squares: 1 − 1/F.

    Parameters
    ----------
    F : array
        MSB/MSW.

    Returns
    -------
    array
        NaN where schools do not differ at all.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        reliability: Array = np.where(F > 0, 1 - 1 / F, np.nan)
    return reliability
