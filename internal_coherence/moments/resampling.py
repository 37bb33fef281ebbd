"""Bootstrap draws of moments: whole schools, or teachers as if they were independent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.moments.grouping import Groups
from internal_coherence.moments.one_pass import a_centre
from internal_coherence.moments.pairs import PairSums

Array = NDArray[np.float64]
NUMBERS: Final = 8_000_000
"""Numbers held at a time, of weights or of products."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResampledMoments:
    """The moments of B bootstrap samples.

    Parameters
    ----------
    cov : (B, k, k) array
        Covariances, divisor n − 1.
    cor : (B, k, k) array
        Correlations, each with the pair's own standard deviations.
    n_units : int
        Schools, or teachers, that were drawn from.
    """

    cov: Array
    cor: Array
    n_units: int


def resample(X: Array, groups: Groups | None, draws: int, rng: np.random.Generator) -> ResampledMoments:
    """Draw bootstrap samples and return their covariances.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing; each covariance is of the rows that have both.
    groups : Groups or None
        Draw whole schools; if None, draw rows.
    draws : int
        Samples, B.
    rng : Generator
        The source of chance.

    Returns
    -------
    ResampledMoments

    Raises
    ------
    ResponseError
        With fewer than two schools, or two rows, in which anyone answered.

    Notes
    -----
    A sample's sums are those of its units, weighted by how often each was drawn, so no row is copied. Rows with the
    same answers are one unit drawn with their number's probability, which gives the same distribution. Davison &
    Hinkley (1997, §3.8) on drawing whole groups without drawing again inside them.
    """
    answered = np.asarray(~np.isnan(X).all(axis=1))
    X, groups = X[answered], groups if groups is None else groups.keeping(answered)
    k, about = X.shape[1], a_centre(X)
    Z = X - about
    if groups is None:
        Z, shares = np.unique(Z, axis=0, return_counts=True)
        n_units, unit = int(shares.sum()), np.arange(len(Z))
    else:
        shares, n_units, unit = np.ones(groups.n_schools, dtype=np.intp), groups.n_schools, groups.codes
    if n_units < 2:
        raise ResponseError(f"a bootstrap needs at least two {'rows' if groups is None else 'schools'}; got {n_units}")
    order = np.argsort(unit, kind="stable")
    Z, unit = Z[order], unit[order]
    owner = np.repeat(np.arange(len(shares)), shares)
    batch = max(min(draws, NUMBERS // n_units), 1)
    sizes = [min(batch, draws - start) for start in range(0, draws, batch)]
    drawn = [_weighted_sums(Z, unit, _weights(owner, len(shares), size, rng)) for size in sizes]
    sums = np.concatenate(drawn).reshape(draws, 4, k, k)
    moments = PairSums(n=sums[:, 0], sums=sums[:, 1], products=sums[:, 2], squares=sums[:, 3]).centred(about)
    with np.errstate(invalid="ignore", divide="ignore"):
        cov = np.where(moments.n > 1, moments.cross / (moments.n - 1), np.nan)
        cor = moments.cross / np.sqrt(moments.square * np.swapaxes(moments.square, 1, 2))
    return ResampledMoments(cov=cov, cor=cor, n_units=n_units)


def _weights(owner: NDArray[np.intp], n: int, draws: int, rng: np.random.Generator) -> Array:
    """Return how often each of n units was drawn in each sample, (draws, n)."""
    drawn = owner[rng.integers(len(owner), size=(draws, len(owner)))]
    drawn += n * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=n * draws).reshape(draws, n).astype(np.float64)


def _weighted_sums(Z: Array, unit: NDArray[np.intp], weights: Array) -> Array:
    """Return each draw's sums, (B, 4k²): the units' sums times the units' weights."""
    total = np.zeros((len(weights), 4 * Z.shape[1] ** 2))
    for first, products in _unit_sums(Z, unit):
        total += weights[:, first : first + len(products)] @ products
    return total


def _unit_sums(Z: Array, unit: NDArray[np.intp]) -> Iterator[tuple[int, Array]]:
    """Yield (first unit, (u, 4k²) sums) of consecutive units; rows are sorted by unit."""
    rows = max(NUMBERS // (4 * Z.shape[1] ** 2), 1)
    for begin in range(0, len(Z), rows):  # a unit that is cut in two comes twice, with a part of its sums each time
        part, owner = Z[begin : begin + rows], unit[begin : begin + rows]
        M = (~np.isnan(part)).astype(np.float64)
        part = np.where(M > 0, part, 0.0)
        pairs = np.stack([_outer(M, M), _outer(part, M), _outer(part, part), _outer(part**2, M)], axis=1)
        flat = pairs.reshape(len(part), -1)
        first = int(owner[0])
        yield first, np.add.reduceat(flat, np.flatnonzero(np.diff(owner, prepend=-1)), axis=0)


def _outer(A: Array, B: Array) -> Array:
    return A[:, :, None] * B[:, None, :]
