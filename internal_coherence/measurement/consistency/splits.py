"""A scale cut in two halves, in every way there is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.measurement.consistency.coefficients import total_variance
from internal_coherence.measurement.entrance import Data, each_moments
from internal_coherence.moments.levels import Missing
from internal_coherence.moments.sufficient import Moments
from internal_coherence.records import ByScale, Record

Array = NDArray[np.float64]
MOST_SPLITS: Final = 100_000
"""A scale with more splits than this (from 21 items on) is sampled."""
SAMPLED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SplitHalves(Record):
    """The reliability of a scale by the agreement of its halves.

    Parameters
    ----------
    best, worst, mean : float
        Over the splits: Guttman's λ4, Revelle's β, and the mean, which for an even number of raw items is alpha.
    n_splits : int
        How many were looked at.
    sampled : bool
        Whether they are a sample: then the best is a lower bound of λ4, and the worst an upper one of β.
    standardized : bool
        Whether of the items in standard deviations.
    n : int or None
        Teachers; None if not known.
    missing : str
        How missing answers were treated.
    values : (n_splits,) array
        Each split's coefficient.
    best_half, worst_half : tuple of str
        The items of one half of those splits.
    """

    best: float
    worst: float
    mean: float
    n_splits: int
    sampled: bool
    standardized: bool
    n: int | None
    missing: str
    values: Array
    best_half: tuple[str, ...]
    worst_half: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        row = {
            name: getattr(self, name)
            for name in ("best", "worst", "mean", "n_splits", "sampled", "standardized", "n", "missing")
        }
        return pd.DataFrame([row])

    def __repr__(self) -> str:
        count = f"a sample of {self.n_splits}" if self.sampled else f"all {self.n_splits}"
        return f"<split halves: best {self.best:.3f}, mean {self.mean:.3f}, worst {self.worst:.3f}, {count} splits>"


def split_halves(
    data: Data,
    *,
    missing: Missing = "pairwise",
    standardized: bool = True,
    rng: np.random.Generator | int | None = None,
) -> SplitHalves | ByScale[SplitHalves]:
    """Return the reliability of a scale from every way to cut it into halves.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Rows are teachers; items coded in one direction; NaN missing. `Responses` of one wave give every scale.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.
    standardized : bool
        Of the items in standard deviations, as psych does; False for the items as they are scored.
    rng : Generator, int or None
        The source of chance where the splits are sampled: beyond 100 000 of them, 10 000 are.

    Returns
    -------
    SplitHalves, or mapping of scale to SplitHalves

    Raises
    ------
    ResponseError
        With fewer than two items, or values that are not finite.
    ModelError
        For an option that does not exist.

    Notes
    -----
    A split's coefficient is Guttman's, 2 (1 − (V_a + V_b)/V), with an odd number of items in halves of (k − 1)/2 and
    (k + 1)/2. ``psych::splitHalf(x, brute = TRUE)``: ``maxrb``, ``minrb``, ``meanr`` and ``raw``. Guttman (1945); Revelle
    (1979).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> teachers = ic.example_responses().select(wave=2025)
    >>> halves = ic.split_halves(teachers)["leadership"]
    >>> halves.worst < halves.mean < halves.best
    True
    """
    source = np.random.default_rng(rng)
    return each_moments(data, missing, "split_halves", partial(_split, standardized=standardized, rng=source))


def _split(moments: Moments, *, standardized: bool, rng: np.random.Generator) -> SplitHalves:
    C = moments.cor if standardized else moments.cov
    halves, sampled = every_half(len(C), rng)
    values = split_coefficients(C, halves)
    if np.isnan(values).all():
        raise ModelError(f"no split has a coefficient: {moments.trouble() or 'the sum of the items does not vary'}")
    best, worst = (tuple(np.array(moments.names)[halves[pick]].tolist()) for pick in (values.argmax(), values.argmin()))
    return SplitHalves(
        best=float(values.max()),
        worst=float(values.min()),
        mean=float(values.mean()),
        n_splits=len(values),
        sampled=sampled,
        standardized=standardized,
        n=moments.n_units,
        missing=moments.missing,
        values=values,
        best_half=best,
        worst_half=worst,
    )


def every_half(k: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], bool]:
    """Return the halves of k items, each split once, or a sample of them where there are very many.

    Parameters
    ----------
    k : int
        Items.
    rng : Generator
        The source of chance for a sample.

    Returns
    -------
    (s, k) array of bool
        Which items are in the smaller half.
    bool
        Whether they are a sample.
    """
    size = k // 2
    if comb(k, size) // (2 if k % 2 == 0 else 1) > MOST_SPLITS:
        order = rng.permuted(np.tile(np.arange(k), (SAMPLED, 1)), axis=1)
        return order < size, True
    chosen = np.array(list(combinations(range(k), size)), dtype=np.intp)
    if k % 2 == 0:  # each split comes twice, once by either half: keep the one with the first item
        chosen = chosen[: len(chosen) // 2]
    halves = np.zeros((len(chosen), k), dtype=bool)
    np.put_along_axis(halves, chosen, True, axis=1)
    return halves, False


def split_coefficients(C: Array, halves: NDArray[np.bool_]) -> Array:
    """Return each split's coefficient: 4 times the covariance of the halves over the variance of the whole.

    Parameters
    ----------
    C : (k, k) array
        Covariances or correlations.
    halves : (s, k) array of bool
        One half of each split.

    Returns
    -------
    (s,) array
    """
    H = halves.astype(np.float64)
    between: Array = ((H @ C) * (1 - H)).sum(axis=1)
    return 4 * between / total_variance(C)
