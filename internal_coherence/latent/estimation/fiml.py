"""Full-information maximum likelihood: every row counts with what it answered.

Rows with the same items answered, a pattern, enter together by their number n_P, mean and cross-products; with W_P the inverse
of Σ over the items answered, framed by zeros, d_P their mean less μ and D_P = cross-products/n_P + d_P d_P',

    F = ½ Σ (n_P/n)(log|Σ_P| + tr W_P D_P) − saturated,   G = Σ (n_P/n)(W_P − W_P D_P W_P),   y = Σ (n_P/n) W_P d_P,

and the gradient is diag(U'GV) − M'y as for complete rows: the patterns are summed before anything is as large as the
parameters. The curvature by which steps are taken is that of complete data; that of the discrepancy itself is formed
once, for the standard errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.scoring import Point
from internal_coherence.latent.model.derivatives import (
    columns,
    expected_information,
    gradient,
    products,
    second_derivative_part,
)
from internal_coherence.latent.model.ram import Implied, Places, Ram, implied, inverse
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import Sample, shares
from internal_coherence.moments.saturated import Patterns

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfPatterns:
    """What a batch of patterns contributes at some Σ and μ.

    Parameters
    ----------
    share : (P,) array
        n_P/n.
    W, R : (P, p, p) array
        W_P, and W_P D_P W_P.
    y : (P, p) array
        W_P d_P.
    value : float
        Of the discrepancy, without the saturated part.
    """

    share: Array
    W: Array
    R: Array
    y: Array
    value: float


def of_patterns(sample: Sample, sigma: Array, mu: Array) -> Iterator[OfPatterns]:
    """Yield what the patterns of one group contribute.

    Parameters
    ----------
    sample : Sample
        With patterns.
    sigma : (p, p) array
        Σ.
    mu : (p,) array
        μ.

    Yields
    ------
    OfPatterns

    Raises
    ------
    numpy.linalg.LinAlgError
        If Σ is not positive definite.
    """
    identity, centred = np.eye(len(sigma)), mu - sample.mean
    for batch in sample.patterns:
        yield _of_batch(batch, sigma, centred, identity, sample.n)


def _of_batch(batch: Patterns, sigma: Array, mu: Array, identity: Array, n: float) -> OfPatterns:
    frame = batch.answered[:, :, None] * batch.answered[:, None, :]
    # The identity in the rows that were not answered makes every matrix of the batch invertible.
    L = np.linalg.cholesky(np.where(frame > 0, sigma, identity))
    back = np.linalg.inv(L)
    W = np.swapaxes(back, 1, 2) @ back * frame
    d = (batch.mean - mu) * batch.answered
    D = batch.cross / batch.n[:, None, None] + d[:, :, None] * d[:, None, :]
    WD = W @ D
    share = batch.n / n
    log_det = 2 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
    value = 0.5 * float(share @ (log_det + np.trace(WD, axis1=1, axis2=2)))
    return OfPatterns(share=share, W=W, R=WD @ W, y=np.einsum("pab,pb->pa", W, d), value=value)


def pull_of_patterns(sample: Sample, at: Implied) -> tuple[Array, Array]:
    """Return G and y, summed over the patterns of one group.

    Parameters
    ----------
    sample : Sample
        With patterns.
    at : Implied
        Where.

    Returns
    -------
    (p, p) array, (p,) array
    """
    G, y = np.zeros((sample.p, sample.p)), np.zeros(sample.p)
    for part in of_patterns(sample, at.sigma, at.mu):
        G += np.tensordot(part.share, part.W - part.R, 1)
        y += part.share @ part.y
    return G, y


@dataclass(frozen=True)
class FullInformation:
    """The discrepancy of a model of one or several groups whose answers are incomplete.

    Parameters
    ----------
    rams : sequence of Ram
        The model, group by group.
    samples : sequence of Sample
        The data, with patterns.
    n_parameters : int
        Over all groups.
    """

    rams: Sequence[Ram]
    samples: Sequence[Sample]
    n_parameters: int

    @property
    def unit(self) -> float:
        """1: the discrepancy has no unit."""
        return 1.0

    def point(self, theta: Array) -> Point:
        """Return the discrepancy, its gradient, and the curvature of complete data; steps by its own would cost more."""
        q = self.n_parameters
        total, slope, at = 0.0, np.zeros(q), []
        for g, share in enumerate(shares(self.samples)):
            try:
                at.append(implied(self.rams[g], theta))
                value, G, y = self._of_group(g, at[g])
            except np.linalg.LinAlgError:
                return Point.nowhere(q)
            places = self.rams[g].free
            total += share * value
            slope[places.parameter] += share * gradient(columns(at[g], places), G, y)
        return Point(value=total, slopes=lambda: slope, expected=lambda: self._of_complete_data(at))

    def _of_complete_data(self, at: Sequence[Implied]) -> Array:
        total = np.zeros((self.n_parameters,) * 2)
        for ram, there, share in zip(self.rams, at, shares(self.samples), strict=True):
            own = ram.free.parameter
            c, W = columns(there, ram.free), inverse(there.sigma)
            total[own[:, None], own] += share * expected_information(there, ram.free, c, W)
        return total

    def _of_group(self, g: int, at: Implied) -> tuple[float, Array, Array]:
        """Return the discrepancy of one group less the saturated one, G and y."""
        sample, p = self.samples[g], self.samples[g].p
        value, G, y = sample.saturated_log_likelihood / sample.n, np.zeros((p, p)), np.zeros(p)
        answers = 0.0
        for part, batch in zip(of_patterns(sample, at.sigma, at.mu), sample.patterns, strict=True):
            value += part.value
            answers += float(batch.n @ batch.answered.sum(axis=1))
            G += np.tensordot(part.share, part.W - part.R, 1)
            y += part.share @ part.y
        return value + 0.5 * np.log(2 * np.pi) * answers / sample.n, G, y


def saturated_information(sample: Sample, sigma: Array, mu: Array, *, observed: bool) -> Array:
    """Return the information that incomplete rows have about all covariances and means, an observation.

    Parameters
    ----------
    sample : Sample
        With patterns.
    sigma, mu : (p, p) and (p,) array
        Where.
    observed : bool
        The Hessian; else its expectation for these patterns.

    Returns
    -------
    (p* + p, p* + p) array
        The different covariances, row by row of the lower triangle, then the means.

    Notes
    -----
    Sums over patterns of products of two entries, Σ (n_P/n) W_ac W_bd and the like, are products of matrices with a row a
    pattern and a column a pair of variables.
    """
    p = len(mu)
    products, means, pulls = np.zeros((p * p, p * p)), np.zeros((p, p)), np.zeros((p, p * p))
    for part in of_patterns(sample, sigma, mu):
        W, R = part.W.reshape(-1, p * p), part.R.reshape(-1, p * p)
        weighted = W * part.share[:, None]
        if observed:
            mixed = weighted.T @ R
            products += mixed + mixed.T - weighted.T @ W
            pulls += (part.y * part.share[:, None]).T @ W
        else:
            products += weighted.T @ W
        means += weighted.sum(axis=0).reshape(p, p)
    i, j = triangle(p)
    halves = np.where(i == j, 0.5, 1.0)
    C = products.reshape(p, p, p, p)  # [a, c, b, d]
    k, size = np.arange(len(i)), len(i)
    rows, cols = k[:, None], k[None, :]
    own = C[i[rows], i[cols], j[rows], j[cols]] + C[i[rows], j[cols], j[rows], i[cols]]
    H = np.empty((size + p, size + p))
    H[:size, :size] = own * np.outer(halves, halves)
    H[size:, size:] = means
    Y = pulls.reshape(p, p, p)
    H[:size, size:] = (Y[i, j] + Y[j, i]) * halves[:, None]
    H[size:, :size] = H[:size, size:].T
    return H


def curvature_of_patterns(at: Implied, places: Places, sample: Sample, saturated: Array, *, observed: bool) -> Array:
    """Return the curvature of one group's discrepancy under missing answers, an observation.

    Parameters
    ----------
    at : Implied
        Where.
    places : Places
        Of q parameters.
    sample : Sample
        Of the group.
    saturated : (p* + p, p* + p) array
        The information about all moments there, as `saturated_information` gives it.
    observed : bool
        The Hessian; else its expectation for these patterns.

    Returns
    -------
    (q, q) array
    """
    c = columns(at, places)
    J = np.concatenate([c.jacobian(), c.M])
    H: Array = J.T @ saturated @ J
    if not observed:
        return H
    G, y = pull_of_patterns(sample, at)
    return H + second_derivative_part(at, places, products(at, G), y)
