"""By how much χ² must be scaled for answers that are not normal, or rows that are not independent.

Yuan & Bentler's (2000) factor, as Mplus has it, compares two models' traces tr(information⁻¹ · meat): that of the
saturated model less that of the model, by the degrees of freedom. Of complete data the saturated trace is a closed form: with
z the rows in the metric of S, ‖z‖² = d²,

    p + ½ (mean d⁴ − p)                                            rows that are independent (Mardia's kurtosis),
    J/(J−1) n⁻¹ Σ_c {½ tr[(Z_c'Z_c − n_c I)²] + ‖Σ z‖²}            schools c.

Satorra & Bentler's (1994) factor is tr(UΓ)/df; of complete data tr(UΓ) needs no Γ (Γ would have p(p+1)/2 rows).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.model.ram import inverse
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


def _rows(sample: Sample) -> tuple[Array, Array]:
    """Return the deviations from the means, and the rows' weights."""
    if sample.X is None:
        raise ModelError("a robust test needs the answers themselves; only their moments were given")
    weights = np.ones(len(sample.X)) if sample.weights is None else sample.weights
    return sample.X - sample.mean, weights


def saturated_trace(sample: Sample, *, n_clusters: int = 0) -> tuple[float, float]:
    """Return tr(information⁻¹ meat) of the saturated model, of complete data.

    Parameters
    ----------
    sample : Sample
        Of one group.
    n_clusters : int
        Schools, over all groups; 0 where rows are independent.

    Returns
    -------
    tuple of float
        The part of the covariances, and that of the means.
    """
    Z, weights = _rows(sample)
    Z = Z @ inverse(np.linalg.cholesky(sample.cov)).T
    if n_clusters and sample.cluster is not None:
        return _clustered(Z, weights, sample.cluster, n_clusters, sample.n, diagonal=False)
    w2, lengths = weights**2, np.einsum("np,np->n", Z, Z)
    covariances = 0.5 * float(w2 @ (lengths**2 - 2 * lengths + Z.shape[1])) / sample.n
    return covariances, float(w2 @ lengths) / sample.n


def independence_trace(sample: Sample, free: Integers, *, n_clusters: int = 0) -> tuple[float, float]:
    """Return tr(information⁻¹ meat) of the model of independent variables, of complete data.

    Parameters
    ----------
    sample : Sample
        Of one group.
    free : (f,) array of int
        Variables whose variances and means are free.
    n_clusters : int
        Schools, over all groups; 0 where rows are independent.

    Returns
    -------
    tuple of float
        The part of the variances, and that of the means.
    """
    Z, weights = _rows(sample)
    Z = Z[:, free] / np.sqrt(np.diag(sample.cov)[free])
    if n_clusters and sample.cluster is not None:
        return _clustered(Z, weights, sample.cluster, n_clusters, sample.n, diagonal=True)
    squares, w2 = Z * Z, weights**2
    variances = 0.5 * float((w2 @ (squares - 1) ** 2).sum()) / sample.n
    return variances, float((w2 @ squares).sum()) / sample.n


def _clustered(Z: Array, weights: Array, cluster: Integers, J: int, n: float, *, diagonal: bool) -> tuple[float, float]:
    p = Z.shape[1]
    sums = np.stack([np.bincount(cluster, weights * z, J) for z in Z.T], axis=1)
    size = np.bincount(cluster, weights, J)
    widen = J / (J - 1) / n
    means = widen * float((sums**2).sum())
    if diagonal:
        squares = np.stack([np.bincount(cluster, weights * z**2, J) for z in Z.T], axis=1)
        return widen * 0.5 * float(((squares - size[:, None]) ** 2).sum()), means
    total = 0.0
    for a in range(p):
        for b in range(a + 1):
            own = np.bincount(cluster, weights * Z[:, a] * Z[:, b], J) - (size if a == b else 0.0)
            total += float(own @ own) * (1 if a == b else 2)
    return widen * 0.5 * total, means


def satorra_bentler_trace(sample: Sample, W: Array) -> float:
    """Return tr(VΓ) with V the normal-theory weight at W = Σ⁻¹, of the covariances of one group.

    Parameters
    ----------
    sample : Sample
        Of one group, complete.
    W : (p, p) array
        The inverse of the implied covariances.

    Returns
    -------
    float
        From which the model's own part, tr(information⁻¹ cov(scores)), is taken.
    """
    Z, weights = _rows(sample)
    ZW = Z @ W
    WSW = W @ sample.cov @ W
    quadratic = np.einsum("np,np->n", ZW, Z)
    crossed = np.einsum("np,np->n", Z @ WSW, Z)
    WS = W @ sample.cov
    return float(weights @ (0.5 * quadratic**2 - crossed)) / sample.n + 0.5 * float((WS * WS.T).sum())


def u_gamma(
    weights: Sequence[Array], gammas: Sequence[Array], jacobians: Sequence[Array], share: Array, Z: Array
) -> Array:
    """Return UΓ of all groups, for tests that need the trace of its square.

    Parameters
    ----------
    weights, gammas : sequence of (p*, p*) array
        V and Γ of every group.
    jacobians : sequence of (p*, Q) array
        Of the moments by all parameters.
    share : (G,) array
        Of every group among all rows.
    Z : (Q, r) array
        A basis of what the constraints leave free.

    Returns
    -------
    (P, P) array
        P the number of moments of all groups.
    """
    blocks = [s * V for s, V in zip(share, weights, strict=True)]
    J = np.concatenate(jacobians) @ Z
    sizes = [len(b) for b in blocks]
    V, G = np.zeros((sum(sizes),) * 2), np.zeros((sum(sizes),) * 2)
    start = 0
    for block, gamma, s, size in zip(blocks, gammas, share, sizes, strict=True):
        at = slice(start, start + size)
        V[at, at], G[at, at] = block, gamma / s
        start += size
    VJ = V @ J
    U = V - VJ @ np.linalg.solve(J.T @ VJ, VJ.T)
    found: Array = U @ G
    return found
