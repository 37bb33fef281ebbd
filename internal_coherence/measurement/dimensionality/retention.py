"""How many factors? More than chance would give: parallel analysis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from internal_coherence.errors import ModelError, check_option
from internal_coherence.measurement.dimensionality.correlations import correlated, invertible, sample_size
from internal_coherence.measurement.dimensionality.null_eigenvalues import (
    eigenvalues,
    normal_correlations,
    permuted_correlations,
    reduced_eigenvalues,
)
from internal_coherence.measurement.entrance import Data, item_table
from internal_coherence.moments.levels import Missing
from internal_coherence.moments.sufficient import Moments
from internal_coherence.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
ParallelMethod = Literal["horn", "permuted"]
Communalities = Literal["one_factor", "smc"]
PARALLEL_METHODS: Final[tuple[str, ...]] = get_args(ParallelMethod)
COMMUNALITIES: Final[tuple[str, ...]] = get_args(Communalities)
BATCH: Final = 100
"""Draws at a time: their matrices stay in the processor's cache. Another number gives other draws of one seed."""


HEYWOOD_VALUE: Final = 0.9
"""A common factor of a chance draw explains as much as an item only where one item became the factor."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ParallelAnalysis(Record):
    """Eigenvalues of the items beside those of items that have nothing in common.

    Parameters
    ----------
    eigenvalues : DataFrame
        Indexed by ``number``, 1 to k. For components, the eigenvalues of the correlations: ``component`` observed,
        ``component_mean`` over the draws, and ``component_lower``, ``component_upper``, the quantiles between which
        the draws lie. For common factors, the eigenvalues with communalities on the diagonal: ``factor``,
        ``factor_mean``, ``factor_lower``, ``factor_upper``.
    n_components, n_factors : int
        How many lead the row of those above the draws' upper quantile.
    method : {"horn", "permuted"}
        Draws of independent normal items, or the answers shuffled item by item.
    communalities : {"one_factor", "smc"}
        Those of one minres factor, or squared multiple correlations.
    draws : int
        Draws.
    quantile : float
        The upper one; the lower is one minus it.
    n : int
        Teachers in each draw.
    n_items : int
        k.
    missing : {"pairwise", "listwise", "em", "given"}
        How missing answers were treated.
    """

    eigenvalues: pd.DataFrame
    n_components: int
    n_factors: int
    method: ParallelMethod
    communalities: Communalities
    draws: int
    quantile: float
    n: int
    n_items: int
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """Return the eigenvalues, a row each.

        Returns
        -------
        DataFrame
        """
        return self.eigenvalues.reset_index()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the scree of the eigenvalues over the band of the draws.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_scree

        return draw_scree(self, ax)

    def __repr__(self) -> str:
        return (
            f"<parallel analysis: {self.n_factors} factors, {self.n_components} components,"
            f" {self.draws} draws ({self.method}), {self.n_items} items, n = {self.n}{self._heywood()}>"
        )

    def _heywood(self) -> str:
        """Say that chance itself made Heywood cases, so that a weak first factor can't be told from it."""
        first = float(self.eigenvalues["factor_upper"].iloc[0])
        if self.communalities == "smc" or first < HEYWOOD_VALUE:
            return ""
        return "; chance draws hit Heywood cases and may hide the first factor: compare communalities='smc'"


def parallel_analysis(
    data: Data,
    *,
    method: ParallelMethod = "horn",
    communalities: Communalities = "one_factor",
    draws: int = 1000,
    quantile: float = 0.95,
    missing: Missing = "pairwise",
    n: int | None = None,
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> ParallelAnalysis:
    """Horn's parallel analysis: how many factors stand out from what chance would give?

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        NaN is missing. `Responses` of one wave give all their items.
    method : {"horn", "permuted"}
        Compare with independent normal items, or with the answers shuffled over teachers, item by item, which needs
        the answers.
    communalities : {"one_factor", "smc"}
        For common factors: of one minres factor, or the squared multiple correlations.
    draws : int
        Draws; a few hundred settle the number, some thousands the quantiles.
    quantile : float
        Of the draws, that an eigenvalue must exceed.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.
    n : int, optional
        Teachers in a normal draw; by default those who answered every item (listwise) or any item.
    rng : Generator, int or None
        Seed it to get the same draws again.
    progress : bool
        Show a bar.

    Returns
    -------
    ParallelAnalysis

    Raises
    ------
    ResponseError
        With fewer than three items, or items that do not vary.
    ModelError
        For options that do not exist or do not go together, or n not known.

    Notes
    -----
    ``psych::fa.parallel(x, quant = .95)``: ``fa.values``, ``pc.values`` (its ``SMC = TRUE`` is
    ``communalities="smc"``). psych draws data; here normal items' correlations are drawn as such, which is the same
    distribution (Bartlett 1933) without the data, and psych's resampling with replacement is permutation. Pairwise
    gaps do not widen the normal draws: give ``n`` the pairs' typical count if many are missing. Horn (1965); Glorfeld
    (1995) for the quantile; Humphreys & Ilgen (1969) for factors.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> parallel = ic.parallel_analysis(ic.example_responses().select(wave=2025), draws=100, rng=1)
    >>> parallel.n_factors
    11
    """
    _check_options(method, communalities, draws, quantile)
    moments = correlated(data, missing, "parallel_analysis", least=3)
    R = invertible(moments, "parallel_analysis") if communalities == "smc" else moments.cor
    k = len(R)
    size = sample_size(moments, n, "parallel_analysis")
    if communalities == "smc" and size <= k:
        raise ModelError(f"squared multiple correlations need more teachers than items; there are {size} and {k}")
    if method == "permuted":
        answers = _answers(data, missing, n)
        size, draw = len(answers), partial(permuted_correlations, answers)
    else:
        draw = partial(normal_correlations, size, k)
    drawn = _draws(draw, communalities, draws, k, np.random.default_rng(rng), progress)
    observed = np.stack([eigenvalues(R), reduced_eigenvalues(R[None], communalities)[0]])
    lower, upper = np.quantile(drawn, [1 - quantile, quantile], axis=1)
    columns = {
        f"{name}{ending}": values[i]
        for i, name in enumerate(("component", "factor"))
        for ending, values in (("", observed), ("_mean", drawn.mean(axis=1)), ("_lower", lower), ("_upper", upper))
    }
    n_components, n_factors = (int(np.argmin([*above, False])) for above in observed > upper)
    return ParallelAnalysis(
        eigenvalues=pd.DataFrame(columns, index=pd.RangeIndex(1, k + 1, name="number")),
        n_components=n_components,
        n_factors=n_factors,
        method=method,
        communalities=communalities,
        draws=draws,
        quantile=quantile,
        n=size,
        n_items=k,
        missing=moments.missing,
    )


def _check_options(method: str, communalities: str, draws: int, quantile: float) -> None:
    check_option("method", method, PARALLEL_METHODS)
    check_option("communalities", communalities, COMMUNALITIES)
    if draws < 1:
        raise ModelError(f"draws={draws} is not 1 or more")
    if not 0.5 <= quantile < 1:
        raise ModelError(f"quantile={quantile} is not between .5 and 1")


def _draws(
    draw: Callable[[int, np.random.Generator], Array],
    communalities: Communalities,
    draws: int,
    k: int,
    rng: np.random.Generator,
    progress: bool,
) -> Array:
    """Return the eigenvalues of draws: (components, factors) × draws × k."""
    drawn = np.empty((2, draws, k))
    with tqdm(total=draws, disable=not progress, desc="parallel analysis") as bar:
        for start in range(0, draws, BATCH):
            R = draw(min(BATCH, draws - start), rng)
            drawn[:, start : start + len(R)] = eigenvalues(R), reduced_eigenvalues(R, communalities)
            bar.update(len(R))
    return drawn


def _answers(data: Data, missing: Missing, n: int | None) -> Array:
    """Return the answers to shuffle."""
    if isinstance(data, Moments) or missing == "em" or n is not None:
        raise ModelError("method='permuted' shuffles the answers: it takes no Moments, no missing='em' and no n=")
    table = item_table(data, "parallel_analysis")
    return table.listwise().X if missing == "listwise" else table.X
