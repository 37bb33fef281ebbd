"""The moments of many draws at once: counts of rows times what each row adds, so that no row is copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.resampling.drawing import NEEDS, Drawn
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]
NUMBERS: Final = 2**17
"""Products of answers that are held at a time, 1 MB."""
COUNTS: Final = 2**22
"""Counts of rows that are held at a time, 32 MB."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnMoments:
    """The moments of one group in B draws.

    Parameters
    ----------
    group : Sample
        What they were drawn from.
    n : (B,) array
        Rows, or the sum of their weights.
    mean : (B, p) array
    cov : (B, p, p) array
        Divisor as in the group.
    """

    group: Sample
    n: Array
    mean: Array
    cov: Array

    @property
    def counted(self) -> Array:
        """Rows, or rows less one where covariances are divided by n − 1, (B,)."""
        return self.n - self.group.unbiased

    def sample(self, draw: int) -> Sample:
        """Return one of the draws, of which nothing but its moments is known."""
        group = self.group
        return Sample(
            label=group.label,
            n=float(self.n[draw]),
            cov=self.cov[draw],
            mean=self.mean[draw],
            unbiased=group.unbiased,
            exogenous=group.exogenous,
        )


def drawn_moments(samples: Sequence[Sample], draws: Sequence[Sequence[Drawn]]) -> tuple[DrawnMoments, ...]:
    """Return the moments of draws of complete rows, group by group.

    Parameters
    ----------
    samples : sequence of Sample
        What they were drawn from.
    draws : sequence of sequence of Drawn
        Draw by draw, group by group.

    Returns
    -------
    tuple of DrawnMoments
        NaN where nobody of a group was drawn.
    """
    sums = [_sums(sample, [draw[g].rows for draw in draws]) for g, sample in enumerate(samples)]
    weighted = any(sample.weights is not None for sample in samples)
    n_rows = np.array([[len(d.rows) for d in draw] for draw in draws]).sum(axis=1)
    # Weights sum to the rows, over all groups.
    factor = n_rows / np.sum([s[:, 0] for s in sums], axis=0) if weighted else np.ones(len(draws))
    return tuple(_moments(sample, s * factor[:, None]) for sample, s in zip(samples, sums, strict=True))


def _sums(sample: Sample, rows: Sequence[NDArray[np.intp]]) -> Array:
    """Return of every draw the sums of 1, of deviations and of their products, (B, 1 + p + p(p + 1)/2), weighted."""
    X, p, (i, j) = sample.answers(NEEDS), sample.p, triangle(sample.p)
    if len(rows) > (most := max(1, COUNTS // len(X))):
        return np.concatenate([_sums(sample, rows[k : k + most]) for k in range(0, len(rows), most)])
    counts = np.stack([np.bincount(taken, minlength=len(X)) for taken in rows]).astype(np.float64)
    if sample.weights is not None:
        counts *= sample.weights
    total, some = np.zeros((len(rows), 1 + p + len(i))), max(1, NUMBERS // len(i))
    for first in range(0, len(X), some):
        Z, part = X[first : first + some] - sample.mean, counts[:, first : first + some]
        total[:, 0] += part.sum(axis=1)
        total[:, 1 : p + 1] += part @ Z
        total[:, p + 1 :] += part @ (Z[:, i] * Z[:, j])
    return total


def _moments(sample: Sample, sums: Array) -> DrawnMoments:
    n, p = sums[:, 0], sample.p
    i, j = triangle(p)
    products = np.empty((len(n), p, p))
    products[:, i, j] = products[:, j, i] = sums[:, p + 1 :]
    with np.errstate(invalid="ignore", divide="ignore"):
        d = sums[:, 1 : p + 1] / n[:, None]
        cov = (products - n[:, None, None] * d[:, :, None] * d[:, None]) / (n - sample.unbiased)[:, None, None]
    return DrawnMoments(group=sample, n=n, mean=sample.mean + d, cov=cov)
