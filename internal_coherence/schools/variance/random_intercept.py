"""The random-intercept model, y = Xβ + u + e, by its likelihood profiled to one dimension.

All that it needs is each school's size n and the means m and cross-products of the columns [X y] within it. With
λ = τ²/σ², w = n/(1 + nλ), P the cross-products about the schools' means summed over schools, and

    A(λ) = P + Σ w m m',   in blocks   A_xx, A_xy, A_yy,

    β(λ) = A_xx⁻¹ A_xy,   Q(λ) = A_yy − A_xy' β,   σ²(λ) = Q/ν,

    −2 log L(λ) = ν (log(2πQ/ν) + 1) + Σ log(1 + nλ) + [log |A_xx|],

ν = N and without the bracket by maximum likelihood, ν = N − rank X and with it by restricted maximum likelihood. X is
a column of ones unless there are covariates. Schools of one size enter together, so that an evaluation costs as many
terms as there are distinct sizes.
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
ROUNDING: Final = 8 * float(np.finfo(np.float64).eps)
GRID: Final = 1 - np.geomspace(1, 1e-9, 200)
"""Shares of variance between schools, from 0 to nearly 1, between which a maximum is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizeClasses:
    """Schools gathered by their size.

    Parameters
    ----------
    size, count : (D,) array
        The distinct sizes, and schools of each.
    products : (D, m + 1, m + 1) array
        Sums of mm' over those schools, y last and counted from `centre`.
    within : (m + 1, m + 1) array
        P, cross-products about the schools' own means.
    centre : float
        Taken from every y, so that scores far from 0 cost no digits.
    noise : float
        What a sum of squares of y may come to by rounding alone.
    """

    size: Array
    count: Array
    products: Array
    within: Array
    centre: float
    noise: float

    @classmethod
    def of(cls, size: Array, mean: Array, sum_of_squares: Array) -> SizeClasses:
        """Gather schools for the model without covariates; those without teachers are left out.

        Parameters
        ----------
        size, mean, sum_of_squares : (J,) array
            Of each school.

        Returns
        -------
        SizeClasses
        """
        within = np.zeros((2, 2))
        within[1, 1] = sum_of_squares[size > 0].sum()
        return cls.of_columns(size, np.stack([np.ones(len(size)), mean], axis=1), within)

    @classmethod
    def of_columns(cls, size: Array, means: Array, within: Array) -> SizeClasses:
        """Gather schools.

        Parameters
        ----------
        size : (J,) array
            Teachers.
        means : (J, m + 1) array
            Of the columns of X, the first of them ones, and of y.
        within : (m + 1, m + 1) array
            Cross-products about the schools' own means.

        Returns
        -------
        SizeClasses
        """
        there = size > 0
        distinct, place = np.unique(size[there], return_inverse=True)
        centre = float(size[there] @ means[there, -1] / size[there].sum())
        m = means[there].copy()
        m[:, -1] -= centre
        k = m.shape[1]
        products = np.empty((len(distinct), k, k))
        for a in range(k):
            for b in range(a, k):
                products[:, a, b] = products[:, b, a] = np.bincount(place, m[:, a] * m[:, b])
        count = np.bincount(place).astype(np.float64)
        noise = float(size.sum()) * (ROUNDING * float(np.abs(means[there, -1]).max())) ** 2
        return cls(size=distinct, count=count, products=products, within=within, centre=centre, noise=noise)

    @property
    def still(self) -> bool:
        """Whether teachers of one school never differ."""
        return bool(self.within[-1, -1] <= self.noise)

    @property
    def between(self) -> float:
        """Sum of squares of the schools' means, each school counting once; 0 if all means are alike."""
        total = self.products.sum(axis=0)
        found = float(total[-1, -1] - total[0, -1] ** 2 / total[0, 0])
        return found if found > self.noise else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profiled:
    """What the likelihood is at one λ: the effects β, A_xx, Q, ν, and the sum of the logarithms."""

    ratio: float
    effects: Array
    information: Array
    q: float
    degrees: float
    logarithms: float

    @property
    def deviance(self) -> float:
        """−2 log L, with σ² at its best; minus infinity where nothing is left to explain."""
        if self.q <= 0:
            return float("-inf")
        return float(self.degrees * (np.log(2 * np.pi * self.q / self.degrees) + 1) + self.logarithms)

    def deviance_at(self, sigma2: float) -> float:
        """Return −2 log L at any σ².

        Parameters
        ----------
        sigma2 : float
            Variance within schools, above 0.

        Returns
        -------
        float
        """
        return float(self.degrees * np.log(2 * np.pi * sigma2) + self.q / sigma2 + self.logarithms)

    @property
    def sigma2(self) -> float:
        """The variance within schools, Q/ν."""
        return self.q / self.degrees

    @property
    def tau2(self) -> float:
        """The variance between schools, λσ²."""
        return self.ratio * self.sigma2

    @property
    def mean(self) -> float:
        """The mean μ, or the intercept."""
        return float(self.effects[0])

    @property
    def standard_errors(self) -> Array:
        """Of the effects, the roots of the diagonal of σ² A_xx⁻¹."""
        errors: Array = np.sqrt(self.sigma2 * np.diag(np.linalg.inv(self.information)))
        return errors


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
    def degrees(self) -> float:
        """The divisor ν of Q."""
        n = float(self.classes.count @ self.classes.size)
        return n - (len(self.classes.within) - 1) * (self.method == "reml")

    def at(self, ratio: float, mean: float | None = None) -> Profiled:
        """Return the likelihood at one ratio of the variances.

        Parameters
        ----------
        ratio : float
            λ = τ²/σ², from 0.
        mean : float, optional
            Hold μ there, in the model without covariates; by default it is the best one.

        Returns
        -------
        Profiled
        """
        c = self.classes
        A = c.within + np.tensordot(c.size / (1 + c.size * ratio), c.products, 1)
        xx, xy = A[:-1, :-1], A[:-1, -1]
        beta = np.linalg.solve(xx, xy) if mean is None else np.array([mean - c.centre])
        logarithms = float(c.count @ np.log1p(c.size * ratio))
        effects: Array = np.array(beta, dtype=np.float64)
        effects[0] += c.centre
        return Profiled(
            ratio=ratio,
            effects=effects,
            information=xx,
            q=float(A[-1, -1] - 2 * beta @ xy + beta @ xx @ beta),
            degrees=self.degrees,
            logarithms=logarithms + (float(np.linalg.slogdet(xx)[1]) if self.method == "reml" else 0.0),
        )

    def at_variances(self, tau2: float, sigma2: float) -> float:
        """Return −2 log L at any two variances, the effects at their best.

        Parameters
        ----------
        tau2, sigma2 : float
            Between schools, from 0, and within, above 0.

        Returns
        -------
        float
        """
        return self.at(tau2 / sigma2).deviance_at(sigma2)

    def slopes(self, ratios: Array) -> Array:
        """Return the derivative of −2 log L by λ at several ratios.

        Parameters
        ----------
        ratios : (R,) array
            λ.

        Returns
        -------
        (R,) array
        """
        c = self.classes
        w = c.size / (1 + np.multiply.outer(ratios, c.size))
        A, fall = (c.within + np.tensordot(w, c.products, 1)), np.tensordot(w**2, c.products, 1)  # A and −A'
        xx = A[:, :-1, :-1]
        beta = np.linalg.solve(xx, A[:, :-1, -1:])
        v = np.concatenate([-beta, np.ones((len(w), 1, 1))], axis=1)[:, :, 0]
        q = np.einsum("ri,rij,rj->r", v, A, v)
        slopes: Array = w @ c.count - self.degrees * np.einsum("ri,rij,rj->r", v, fall, v) / q
        if self.method == "reml":
            slopes -= np.trace(np.linalg.solve(xx, fall[:, :-1, :-1]), axis1=1, axis2=2)
        return slopes

    @cached_property
    def best(self) -> Profiled:
        """The likelihood at its maximum; λ = 0 if schools differ no more than chance has it.

        Several maxima are possible with a handful of schools of very different size; the highest is taken.
        """
        if self.classes.still:
            raise ZeroDivisionError("no variance within schools: the likelihood has no maximum")
        ratios = GRID / (1 - GRID)
        slopes = self.slopes(ratios)
        maxima = [0.0] if slopes[0] >= 0 else []
        for a, b, before, after in zip(ratios, ratios[1:], slopes, slopes[1:], strict=False):
            if before < 0 <= after:
                maxima.append(
                    float(brentq(lambda ratio: float(self.slopes(np.array([ratio]))[0]), a, b, xtol=1e-300, rtol=1e-15))
                )
        if not maxima:  # it rises to the end: nearly all that varies lies between schools
            maxima = [float(ratios[-1])]
        return min((self.at(ratio) for ratio in maxima), key=lambda found: found.deviance)
