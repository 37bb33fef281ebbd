"""Every row's part in the gradient: what sandwiches, robust tests and first-order information are made of.

Rows are walked through in blocks, so that no matrix has a row a teacher and a column a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.derivatives import casewise_scores
from internal_coherence.latent.model.ram import Ram, implied, inverse
from internal_coherence.latent.sample import Sample, told_by_covariates

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Rows = slice | Integers
BLOCK: Final = 250_000
"""Scores in one block: few enough to stay in a processor's cache."""


def blocks_of_scores(
    ram: Ram, sample: Sample, theta: Array, *, about_means: bool = False
) -> Iterator[tuple[Rows, Array]]:
    """Yield the derivatives of each row's log-likelihood by the group's parameters, times the row's weight.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of one group.
    theta : (Q,) array
        All parameters.
    about_means : bool
        Count deviations from the observed means in place of the implied ones, as fourth moments do.

    Yields
    ------
    slice or (b,) array of int
        Which rows, those of a school one after the other.
    (q, b) array
        Their scores, in the order of the group's own parameters.

    Raises
    ------
    ModelError
        If only moments were given.
    """
    X = sample.answers("robust standard errors and tests need")
    at = implied(ram, theta)
    mu = sample.mean if about_means or not ram.has_means else at.mu
    for rows, has in _alike(X, sample, max(BLOCK // max(len(ram.free), 1), 64)):
        W = inverse(at.sigma[np.ix_(has, has)])
        deviations = X[rows] - mu if len(has) == sample.p else X[rows][:, has] - mu[has]
        scores = casewise_scores(deviations, W, at, ram.free, has)
        if about_means and (told := told_by_covariates(sample, deviations)) is not None:
            scores -= casewise_scores(told, W, at, ram.free, has)
        yield rows, scores if sample.weights is None else scores * sample.weights[rows]


def _alike(X: Array, sample: Sample, size: int) -> Iterator[tuple[Rows, Integers]]:
    """Yield rows that answered the same items, and these items: by pattern, then by school, a block at a time."""
    n, everything = len(X), np.arange(sample.p)
    school = np.zeros(n, dtype=np.intp) if sample.cluster is None else sample.cluster
    if not len(sample.patterns):
        order = None if sample.cluster is None else np.argsort(school, kind="stable")
        for start in range(0, n, size):
            block = slice(start, min(start + size, n))
            yield block if order is None else order[block], everything
        return
    distinct, pattern = np.unique(~np.isnan(X), axis=0, return_inverse=True)
    order = np.lexsort((school, pattern.ravel()))
    edges = np.searchsorted(pattern.ravel()[order], np.arange(len(distinct) + 1))
    for answered, start, end in zip(distinct, edges[:-1], edges[1:], strict=True):
        for first in range(start, end, size):
            yield order[first : min(first + size, end)], np.flatnonzero(answered)


def meat(rams: Sequence[Ram], samples: Sequence[Sample], theta: Array, n_parameters: int, *, clustered: bool) -> Array:
    """Return the mean product of scores, an observation; of whole schools' sums where rows are clustered.

    Parameters
    ----------
    rams, samples : sequence
        The model and the data, group by group.
    theta : (Q,) array
        All parameters.
    n_parameters : int
        Q.
    clustered : bool
        Sum the scores of a school before they are multiplied, times J/(J − 1) for J schools.

    Returns
    -------
    (Q, Q) array
    """
    N = sum(sample.n for sample in samples)
    if clustered:
        return _of_schools(rams, samples, theta, n_parameters) / N
    total = np.zeros((n_parameters, n_parameters))
    for ram, sample in zip(rams, samples, strict=True):
        own = np.zeros((len(ram.free),) * 2)
        for _, scores in blocks_of_scores(ram, sample, theta):
            own += scores @ scores.T
        total[ram.free.parameter[:, None], ram.free.parameter] += own
    return total / N


def sums_of_schools(rams: Sequence[Ram], samples: Sequence[Sample], theta: Array, n_parameters: int) -> Array:
    """Return the sums of the scores of every school's rows, over all groups.

    Parameters
    ----------
    rams, samples : sequence
        The model and the data, group by group; rows' schools are known.
    theta : (Q,) array
        All parameters.
    n_parameters : int
        Q.

    Returns
    -------
    (Q, J) array
    """
    J = 1 + max(int(sample.cluster.max()) for sample in samples if sample.cluster is not None)
    together = np.zeros((n_parameters, J))
    for ram, sample in zip(rams, samples, strict=True):
        together[ram.free.parameter] += _sums_by_school(ram, sample, theta, J)
    return together


def _of_schools(rams: Sequence[Ram], samples: Sequence[Sample], theta: Array, n_parameters: int) -> Array:
    """Return the products of schools' sums; group by group, unless schools are in several groups."""
    J = 1 + max(int(sample.cluster.max()) for sample in samples if sample.cluster is not None)
    parts = [_sums_by_school(ram, sample, theta, J) for ram, sample in zip(rams, samples, strict=True)]
    total, together = np.zeros((n_parameters, n_parameters)), np.zeros((n_parameters, J))
    for ram, sample, sums in zip(rams, samples, parts, strict=True):
        own = ram.free.parameter
        together[own] += sums
        total[own[:, None], own] += _products(sums, sample.n_schools)
    across = samples[0].n_schools == J and len(samples) > 1
    return _products(together, J) if across else total


def meat_about_means(ram: Ram, sample: Sample, theta: Array) -> Array:
    """Return the covariances of one group's scores about the observed means, an observation of it.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of one group, complete; rows of a school go together where schools are known.
    theta : (Q,) array
        All parameters.

    Returns
    -------
    (q, q) array
    """
    q = len(ram.free)
    if sample.cluster is not None:
        J = 1 + int(sample.cluster.max())
        sums = _sums_by_school(ram, sample, theta, J, about_means=True)
        sums -= np.outer(sums.sum(axis=1) / sample.n, np.bincount(sample.cluster, sample.weights, J))
        return _products(sums, sample.n_schools) / sample.n
    # Σ w²(s − m)(s − m)', with m the weighted mean of the scores.
    products, total, twice, squares = np.zeros((q, q)), np.zeros(q), np.zeros(q), 0.0
    for rows, scores in blocks_of_scores(ram, sample, theta, about_means=True):
        w = np.ones(scores.shape[1]) if sample.weights is None else sample.weights[rows]
        products += scores @ scores.T
        total += scores.sum(axis=1)
        twice += scores @ w
        squares += float(w @ w)
    mean = total / sample.n
    mixed = np.outer(mean, twice)
    return (products - mixed - mixed.T + squares * np.outer(mean, mean)) / sample.n


def _sums_by_school(ram: Ram, sample: Sample, theta: Array, J: int, *, about_means: bool = False) -> Array:
    """Return the sums of the scores of every school, (q, J)."""
    sums, school = np.zeros((len(ram.free), J)), np.asarray(sample.cluster)
    for rows, scores in blocks_of_scores(ram, sample, theta, about_means=about_means):
        of_rows = school[rows]
        first = np.flatnonzero(np.diff(of_rows, prepend=-1))
        sums[:, of_rows[first]] += np.add.reduceat(scores, first, axis=1)
    return sums


def _products(sums: Array, J: int) -> Array:
    products: Array = sums @ sums.T * (J / (J - 1))
    return products
