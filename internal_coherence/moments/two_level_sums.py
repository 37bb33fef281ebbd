"""Sizes, means and cross-products by school: all that the two-level normal model needs of complete answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.grouping import Groups

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoLevelSums:
    """Sufficient statistics of complete answers, schools of one size together.

    Parameters
    ----------
    n : float
        Teachers, N.
    size, count : (D,) array
        The distinct sizes d, and schools of each, J_d.
    mean : (D, k) array
        Mean of those schools' means.
    scatter : (D, k, k) array
        Sum of outer products of the schools' means about it.
    within : (k, k) array
        Cross-products about the schools' own means, S.
    """

    n: float
    size: Array
    count: Array
    mean: Array
    scatter: Array
    within: Array

    @property
    def n_schools(self) -> float:
        """Schools, J."""
        return float(self.count.sum())

    @property
    def total_mean(self) -> Array:
        """The mean of all teachers, (k,)."""
        mean: Array = (self.size * self.count) @ self.mean / float(self.size @ self.count)
        return mean

    def as_balanced(self) -> TwoLevelSums:
        """Return Muthén's (1989) stand-in: J schools of k₀ teachers with the same mean squares.

        Returns
        -------
        TwoLevelSums
            Of one size, whose likelihood is MUML's.
        """
        N, J, weight = self.n, self.n_schools, self.size * self.count
        apart = self.mean - self.total_mean
        squares = np.tensordot(self.size, self.scatter, 1) + np.einsum("d,da,db", weight, apart, apart)
        k0 = (N - float(weight @ self.size) / N) / (J - 1)
        return TwoLevelSums(
            n=N,
            size=np.array([k0]),
            count=np.array([J]),
            mean=self.total_mean[None],
            scatter=(J / (J - 1) / k0 * squares)[None],
            within=self.within,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolSums:
    """Every school's own statistics, from which whole schools can be drawn.

    Parameters
    ----------
    size : (J,) array
        Teachers.
    mean : (J, k) array
        Their mean.
    within : (J, k, k) array or None
        Cross-products about it; None where only their sum is kept.
    total_within : (k, k) array
        Their sum over schools.
    """

    size: Array
    mean: Array
    within: Array | None
    total_within: Array

    def gathered(self, times: Array | None = None) -> TwoLevelSums:
        """Gather the schools by size.

        Parameters
        ----------
        times : (J,) array, optional
            How often each school counts; once by default. It needs each school's own cross-products.

        Returns
        -------
        TwoLevelSums
        """
        there = slice(None) if times is None else times > 0
        size, mean = self.size[there], self.mean[there]
        weight = np.ones(len(size)) if times is None else times[there]
        within = self.total_within
        if times is not None and self.within is not None:
            within = np.tensordot(weight, self.within[there], 1)
        distinct, place = np.unique(size, return_inverse=True)
        count = np.bincount(place, weight).astype(np.float64)
        middle = np.stack([np.bincount(place, weight * x, len(distinct)) for x in mean.T], axis=1) / count[:, None]
        apart = (mean - middle[place])[order := np.argsort(place, kind="stable")]
        weight, edges = weight[order, None], np.searchsorted(place[order], np.arange(1, len(distinct)))
        parts = zip(np.split(apart, edges), np.split(weight, edges), strict=True)
        scatter = np.stack([(w * z).T @ z for z, w in parts])
        return TwoLevelSums(
            n=float(distinct @ count), size=distinct, count=count, mean=middle, scatter=scatter, within=within
        )


def school_sums(X: Array, groups: Groups, *, of_each: bool = False) -> SchoolSums:
    """Return the schools' sizes, means and cross-products.

    Parameters
    ----------
    X : (n, k) array
        Complete answers.
    groups : Groups
        Of the n rows; every school has at least one.
    of_each : bool
        Keep each school's own cross-products, which drawing schools needs.

    Returns
    -------
    SchoolSums
    """
    size = np.bincount(groups.codes, minlength=groups.n_schools).astype(np.float64)
    centre = X.mean(axis=0)
    mean = groups.sums(Z := X - centre) / size[:, None]
    Z -= mean[groups.codes]
    within = None
    if of_each:
        k = X.shape[1]
        within = np.empty((groups.n_schools, k, k))
        for a in range(k):
            for b in range(a, k):
                within[:, a, b] = within[:, b, a] = np.bincount(groups.codes, Z[:, a] * Z[:, b], groups.n_schools)
    return SchoolSums(size=size, mean=mean + centre, within=within, total_within=Z.T @ Z)
