"""Shrinkage of several scales together: a school's mean on one borrows from its means on the others.

With W and B the covariances within and between schools, and N_ab = n_ab/(n_a n_b) the share of teachers that two means
have in common, a school's vector of means m has the covariance B + W∘N about μ. Then

    û = B (B + W∘N)⁻¹ (m − μ),      cov(u | answers) = B − B (B + W∘N)⁻¹ B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.schools.shrinkage.empirical_bayes import Shrunken

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShrunkenVectors:
    """Empirical-Bayes means of q scales in J schools.

    Parameters
    ----------
    centre : (q,) array
        μ.
    mean : (J, q) array
        μ + û.
    covariance : (J, q, q) array
        Of u given the answers.
    reliability : (J, q) array
        Share of the variance of u that the answers tell of: 1 − var(u | answers)/var(u).
    """

    centre: Array
    mean: Array
    covariance: Array
    reliability: Array

    def of_scale(self, a: int) -> Shrunken:
        """Return the means of the a-th scale; their error is the conditional one."""
        own = self.covariance[:, a, a]
        return Shrunken(mean=self.mean[:, a], reliability=self.reliability[:, a], conditional=own, mse=own)


def shrink_vectors(n: Array, mean: Array, mu: Array, W: Array, B: Array) -> ShrunkenVectors:
    """Return the empirical-Bayes means of all scales.

    Parameters
    ----------
    n : (J, q, q) array
        Teachers who have both of two scales; the diagonal counts those who have the one.
    mean : (J, q) array
        Means; any number where nobody has the scale.
    mu : (q,) array
        Mean over schools.
    W, B : (q, q) array
        Covariances within and between schools, W positive definite.

    Returns
    -------
    ShrunkenVectors
    """
    size = np.diagonal(n, axis1=1, axis2=2)
    there = size > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, n / (size[:, :, None] * size[:, None, :]), 0.0)
    q = len(mu)
    both = there[:, :, None] & there[:, None, :]
    # The identity where a school has no answers, and no covariance with what it has, leaves that scale out.
    V = np.where(both, B + W * share, np.eye(q))
    C = np.where(there[:, None, :], B, 0.0)
    weights = np.swapaxes(np.linalg.solve(V, np.swapaxes(C, 1, 2)), 1, 2)
    apart = np.where(there, mean - mu, 0.0)
    covariance = B - weights @ np.swapaxes(C, 1, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        reliability = 1 - np.diagonal(covariance, axis1=1, axis2=2) / np.diag(B)
    return ShrunkenVectors(
        centre=mu,
        mean=mu + np.einsum("jab,jb->ja", weights, apart),
        covariance=(covariance + np.swapaxes(covariance, 1, 2)) / 2,
        reliability=reliability,
    )
