"""The one-way random-intercept model, y = μ + u + e, by its likelihood profiled to one dimension.

All that it needs is each school's size n, mean m and sum of squares. With λ = τ²/σ² and w = n/(1 + nλ),

    μ(λ) = Σ w m / Σ w,   Q(λ) = SSW + Σ w (m − μ)²,   σ²(λ) = Q/ν,

    −2 log L(λ) = ν (log(2πQ/ν) + 1) + Σ log(1 + nλ) + [log Σ w],

ν = N and without the bracket by maximum likelihood, ν = N − 1 and with it by restricted maximum likelihood. Schools of
one size enter together, so that an evaluation costs as many terms as there are distinct sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]
Likelihood = Literal["reml", "ml"]
LIKELIHOODS: Final[tuple[str, ...]] = get_args(Likelihood)
GRID: Final = 1 - np.geomspace(1, 1e-9, 200)
"""Shares of variance between schools, from 0 to nearly 1, between which a maximum is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizeClasses:
    """Schools gathered by their size.

    Parameters
    ----------
    size, count : (D,) array
        The distinct sizes, and schools of each.
    mean, spread : (D,) array
        Mean of those schools' means, and sum of squares of the means about it.
    within : float
        Sum of squares within all schools.
    """

    size: Array
    count: Array
    mean: Array
    spread: Array
    within: float

    @classmethod
    def of(cls, size: Array, mean: Array, sum_of_squares: Array) -> SizeClasses:
        """Gather schools; those without teachers are left out.

        Parameters
        ----------
        size, mean, sum_of_squares : (J,) array
            Of each school.

        Returns
        -------
        SizeClasses
        """
        there = size > 0
        distinct, place = np.unique(size[there], return_inverse=True)
        count = np.bincount(place).astype(np.float64)
        means = np.bincount(place, mean[there]) / count
        spread = np.asarray(np.bincount(place, (mean[there] - means[place]) ** 2), dtype=np.float64)
        return cls(size=distinct, count=count, mean=means, spread=spread, within=float(sum_of_squares[there].sum()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profiled:
    """What the likelihood is at one λ: the mean and its weight Σ w, the sum Q, the degrees ν, and −2 log L."""

    ratio: float
    mean: float
    weight: float
    q: float
    degrees: float
    deviance: float

    @property
    def sigma2(self) -> float:
        """The variance within schools, Q/ν."""
        return self.q / self.degrees

    @property
    def tau2(self) -> float:
        """The variance between schools, λσ²."""
        return self.ratio * self.sigma2

    @property
    def mean_se(self) -> float:
        """The standard error of the mean, √(σ²/Σ w)."""
        return float(np.sqrt(self.sigma2 / self.weight))


@dataclass(frozen=True)
class RandomIntercept:
    """The profiled likelihood of one variable.

    Parameters
    ----------
    classes : SizeClasses
        Schools by size.
    method : {"reml", "ml"}
        Restricted or full maximum likelihood.
    """

    classes: SizeClasses
    method: Likelihood

    @cached_property
    def n(self) -> float:
        """Teachers, N."""
        return float(self.classes.count @ self.classes.size)

    @property
    def degrees(self) -> float:
        """The divisor ν of Q."""
        return self.n - (self.method == "reml")

    def at(self, ratio: float, mean: float | None = None) -> Profiled:
        """Return the likelihood at one ratio of the variances.

        Parameters
        ----------
        ratio : float
            λ = τ²/σ², from 0.
        mean : float, optional
            Hold μ there; by default it is the best one.

        Returns
        -------
        Profiled
        """
        c = self.classes
        w = c.size / (1 + c.size * ratio)
        weight = float(c.count @ w)
        mu = float(c.count @ (w * c.mean)) / weight if mean is None else mean
        q = c.within + float(w @ (c.count * (c.mean - mu) ** 2 + c.spread))
        deviance = self.degrees * (np.log(2 * np.pi * q / self.degrees) + 1) if q > 0 else -np.inf
        deviance += float(c.count @ np.log1p(c.size * ratio)) + (np.log(weight) if self.method == "reml" else 0.0)
        return Profiled(ratio=ratio, mean=mu, weight=weight, q=q, degrees=self.degrees, deviance=float(deviance))

    def slope(self, ratio: float) -> float:
        """Return the derivative of −2 log L by λ.

        Parameters
        ----------
        ratio : float
            λ.

        Returns
        -------
        float
        """
        c = self.classes
        w = c.size / (1 + c.size * ratio)
        weight, squares = float(c.count @ w), float(c.count @ w**2)
        mu = float(c.count @ (w * c.mean)) / weight
        spread = c.count * (c.mean - mu) ** 2 + c.spread
        fall = self.degrees * float(w**2 @ spread) / (c.within + float(w @ spread))
        return weight - fall - (squares / weight if self.method == "reml" else 0.0)

    @cached_property
    def best(self) -> Profiled:
        """The likelihood at its maximum; λ = 0 if schools differ no more than chance has it.

        Several maxima are possible with a handful of schools of very different size; the highest is taken.
        """
        if self.classes.within <= 0:
            raise ZeroDivisionError("no variance within schools: the likelihood has no maximum")
        ratios = GRID / (1 - GRID)
        slopes = [self.slope(ratio) for ratio in ratios]
        maxima = [0.0] if slopes[0] >= 0 else []
        for a, b, before, after in zip(ratios, ratios[1:], slopes, slopes[1:], strict=False):
            if before < 0 <= after:
                maxima.append(float(brentq(self.slope, a, b, xtol=1e-300, rtol=1e-15)))
        return min((self.at(ratio) for ratio in maxima), key=lambda found: found.deviance)
