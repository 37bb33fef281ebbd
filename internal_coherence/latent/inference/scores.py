"""Every row's part in the gradient: what sandwiches, robust tests and first-order information are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.model.derivatives import Columns, casewise_scores, columns
from internal_coherence.latent.model.ram import Ram, implied, inverse
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]


def scores_of(ram: Ram, sample: Sample, theta: Array, *, about_means: bool = False) -> Array:
    """Return the derivatives of each row's log-likelihood by the group's parameters, times the row's weight.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of one group.
    theta : (Q,) array
        All parameters.
    about_means : bool
        Count deviations from the observed means in place of the implied ones, as fourth moments do.

    Returns
    -------
    (n, q) array
        In the order of the group's own parameters.

    Raises
    ------
    ModelError
        If only moments were given.
    """
    if sample.X is None:
        raise ModelError("robust standard errors and tests need the answers themselves; only their moments were given")
    at = implied(ram, theta)
    c = columns(at, ram.free)
    mu = sample.mean if about_means or not ram.has_means else at.mu
    rows = (
        _by_pattern(sample.X, mu, at.sigma, c)
        if len(sample.patterns)
        else casewise_scores(sample.X, mu, inverse(at.sigma), c)
    )
    return rows if sample.weights is None else rows * sample.weights[:, None]


def _by_pattern(X: Array, mu: Array, sigma: Array, c: Columns) -> Array:
    """Return the scores of incomplete rows, all rows of a pattern of missing answers together."""
    present = ~np.isnan(X)
    distinct, pattern = np.unique(present, axis=0, return_inverse=True)
    order = np.argsort(pattern.ravel(), kind="stable")
    edges = np.searchsorted(pattern.ravel()[order], np.arange(len(distinct) + 1))
    scores = np.empty((len(X), c.U.shape[1]))
    for k, answered in enumerate(distinct):
        rows, has = order[edges[k] : edges[k + 1]], np.flatnonzero(answered)
        part = Columns(U=c.U[has], V=c.V[has], M=c.M[has])
        W = inverse(sigma[np.ix_(has, has)])
        scores[rows] = casewise_scores(X[np.ix_(rows, has)], mu[has], W, part)
    return scores


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
    total = np.zeros((n_parameters, n_parameters))
    sums: dict[str, Array] = {}
    if clustered:
        J = 1 + max(int(sample.cluster.max()) for sample in samples if sample.cluster is not None)
        sums["all"] = np.zeros((J, n_parameters))
    for ram, sample in zip(rams, samples, strict=True):
        own, rows = ram.free.parameter, scores_of(ram, sample, theta)
        if clustered and sample.cluster is not None:
            for k, column in zip(own, rows.T, strict=True):
                sums["all"][:, k] += np.bincount(sample.cluster, column, len(sums["all"]))
        else:
            total[np.ix_(own, own)] += rows.T @ rows
    if clustered:
        S = sums["all"]
        total = S.T @ S * (len(S) / (len(S) - 1))
    return total / N
