"""Halves of schools' teachers: one half tells of the cause, the other of the effect, so that nobody tells of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.ordering.evidence import contributions_without
from internal_coherence.ordering.evidence.between import SchoolCrossProducts

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HalfProducts:
    """Products of the means of two halves of each school's teachers, either half first, averaged over ways to halve.

    Parameters
    ----------
    products : (J, k, k) array
        Of each school: one half's mean of a stage times the other half's mean of a stage.
    total : (k, k) array
        The same of the sums over all schools.
    total_without : (J, k, k) array
        The same of the sums over all schools but one.
    """

    products: Array
    total: Array
    total_without: Array

    def covariance(self) -> Array:
        """Return the covariance over schools of one half's means with the other half's.

        Returns
        -------
        (k, k) array
            Also its diagonal compares different teachers: it is the variance of schools' true means.
        """
        J = len(self.products)
        found: Array = (self.products.sum(axis=0) - self.total / J) / (J - 1)
        return found

    def without_each(self) -> Array:
        """Return the same without each school in turn.

        Returns
        -------
        (J, k, k) array
        """
        J = len(self.products)
        found: Array = (self.products.sum(axis=0) - self.products - self.total_without / (J - 1)) / (J - 2)
        return found

    def contributions(self) -> Array:
        """Return what each school adds to the covariance, to first order.

        Returns
        -------
        (J, k, k) array
            A function f of the covariance has the jackknife's squared standard error J/(J − 1) Σⱼ (∂f/∂Φ · ιⱼ)².
        """
        return contributions_without(self.without_each())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolTeachers:
    """What the teachers of each school say, summed up.

    Parameters
    ----------
    size : (J,) array
        Teachers, nⱼ.
    mean : (J, k) array
        Of each school, about the mean of all teachers.
    scatter : (J, k, k) array
        Covariances of each school's teachers, divisor nⱼ − 1.
    """

    size: Array
    mean: Array
    scatter: Array

    @classmethod
    def of(cls, values: Array, school: Integers) -> SchoolTeachers:
        """Sum up teachers' values.

        Parameters
        ----------
        values : (n, k) array
        school : (n,) array of int
            0 … J − 1, each with two teachers or more.

        Returns
        -------
        SchoolTeachers
        """
        sums = SchoolCrossProducts.of(values, school, int(school.max()) + 1)
        return cls(size=sums.size, mean=sums.mean, scatter=sums.within / (sums.size - 1)[:, None, None])

    def whole(self) -> HalfProducts:
        """Return what comes of not halving: every teacher tells of cause and effect alike.

        Returns
        -------
        HalfProducts
            Its covariance is that of the schools' observed means.
        """
        m = self.mean
        total, without = m.sum(axis=0), m.sum(axis=0) - m
        return HalfProducts(
            products=np.einsum("ja,jb->jab", m, m),
            total=np.outer(total, total),
            total_without=np.einsum("ja,jb->jab", without, without),
        )

    def every_half(self) -> HalfProducts:
        """Return the average over all ways to halve.

        Returns
        -------
        HalfProducts

        Notes
        -----
        Over all halvings, each two different teachers of a school are as often as any others one in either half. So the average
        is the mean of xᵢyᵢ' over i ≠ i', which is m m' − S/n; teachers of different schools are halved apart from each other, so that
        only a school's product with itself changes in the products of sums.
        """
        own = self.scatter / self.size[:, None, None]
        all_teachers = self.whole()
        return HalfProducts(
            products=all_teachers.products - own,
            total=all_teachers.total - own.sum(axis=0),
            total_without=all_teachers.total_without - (own.sum(axis=0) - own),
        )

    def error(self) -> Array:
        """Return the error variance of a school's mean, averaged over schools.

        Returns
        -------
        (k,) array
        """
        error: Array = (np.diagonal(self.scatter, axis1=1, axis2=2) / self.size[:, None]).mean(axis=0)
        return error

    def half_error(self) -> Array:
        """Return the error variance of a half's mean, averaged over schools and both halves.

        Returns
        -------
        (k,) array
        """
        small = np.floor(self.size / 2)
        share = (1 / small + 1 / (self.size - small)) / 2
        variances = np.diagonal(self.scatter, axis1=1, axis2=2)
        error: Array = (variances * share[:, None]).mean(axis=0)
        return error


def halved(values: Array, school: Integers, rng: np.random.Generator) -> tuple[Array, Array]:
    """Halve every school's teachers at random, and return both halves' means.

    Parameters
    ----------
    values : (n, k) array
    school : (n,) array of int
        0 … J − 1.
    rng : Generator

    Returns
    -------
    (J, k) array
    (J, k) array
        Of an odd number either half may have the teacher more.
    """
    size = np.bincount(school)
    order = np.lexsort((rng.random(len(school)), school))
    place = np.empty(len(school), dtype=np.intp)
    place[order] = np.arange(len(school)) - np.repeat(np.cumsum(size) - size, size)
    first = size // 2 + (size % 2) * rng.integers(0, 2, len(size))
    in_first = place < first[school]
    sums = np.stack([np.bincount(school, x * in_first, len(size)) for x in values.T], axis=1)
    rest = np.stack([np.bincount(school, x * ~in_first, len(size)) for x in values.T], axis=1)
    return sums / first[:, None], rest / (size - first)[:, None]


def average(halvings: Iterable[tuple[Array, Array]]) -> HalfProducts:
    """Return the average over some ways to halve.

    Parameters
    ----------
    halvings : iterable of two (J, k) arrays
        As `halved` gives them; at least one.

    Returns
    -------
    HalfProducts
    """
    products, total, without = np.zeros(()), np.zeros(()), np.zeros(())
    for n, (A, B) in enumerate(halvings, start=1):
        a, b = A.sum(axis=0), B.sum(axis=0)
        products = products + (np.einsum("ja,jb->jab", A, B) - products) / n
        total = total + (np.outer(a, b) - total) / n
        without = without + (np.einsum("ja,jb->jab", a - A, b - B) - without) / n
    return HalfProducts(
        products=_either_first(products), total=_either_first(total), total_without=_either_first(without)
    )


def _either_first(products: Array) -> Array:
    either: Array = (products + np.swapaxes(products, -1, -2)) / 2
    return either
