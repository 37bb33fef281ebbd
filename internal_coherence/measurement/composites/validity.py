"""Do the items of a scale belong together, and apart from other scales? Variance extracted, and HTMT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError, check_option, closest, listing
from internal_coherence.limits import ConfidenceInterval, Limits, interval_at
from internal_coherence.measurement.bootstrapping import DRAWS, bootstrap_limits
from internal_coherence.measurement.composites.congeneric import CompositeReliability, composite_reliability
from internal_coherence.measurement.composites.model_based import variance_extracted
from internal_coherence.measurement.entrance import Data, item_table, refuse_unused_school, refuse_with_moments
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.resampling import ResampledMoments
from internal_coherence.moments.sufficient import Moments, moments_of_table
from internal_coherence.records import ByScale, Record
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Version = Literal["htmt", "htmt2"]
VERSIONS: Final[tuple[str, ...]] = get_args(Version)
HtmtInterval = Literal["none", "bootstrap", "cluster_bootstrap"]
INTERVALS: Final[tuple[str, ...]] = get_args(HtmtInterval)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Heterotrait(Record):
    """Heterotrait–monotrait ratios: how nearly two scales measure the same.

    Parameters
    ----------
    htmt, htmt2 : DataFrame
        Scales × scales, 1 on the diagonal: by arithmetic means of the correlations, which takes a scale's items as
        equally good, and by geometric means, which does not.
    missing : str
        How missing answers were treated.
    n : int or None
        Teachers.
    interval : {"none", "bootstrap", "cluster_bootstrap"}
        The kind of interval.
    """

    htmt: pd.DataFrame
    htmt2: pd.DataFrame
    missing: str
    n: int | None
    interval: HtmtInterval
    _limits: Mapping[tuple[str, str], Limits]

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a pair of scales.

        Returns
        -------
        DataFrame
            Columns ``scale``, ``other``, ``htmt``, ``htmt2`` and, where an interval was asked for, the 95 % limits of
            htmt2, ``ci_lower`` and ``ci_upper``.
        """
        rows = []
        for a, b in combinations([str(scale) for scale in self.htmt.index], 2):
            ratios = {v: float(getattr(self, v).loc[a, b]) for v in VERSIONS}
            row = {"scale": a, "other": b, **ratios}
            if self._limits:
                interval = interval_at(self._limits[a, b], ratios["htmt2"], 0.95)
                row |= {"ci_lower": interval.lower, "ci_upper": interval.upper}
            rows.append(row)
        return pd.DataFrame(rows)

    def confidence_interval(self, scale: str, other: str, level: float = 0.95) -> ConfidenceInterval:
        """Return the interval of HTMT2 of two scales.

        Parameters
        ----------
        scale, other : str
            Their keys.
        level : float
            Between 0 and 1.

        Returns
        -------
        ConfidenceInterval

        Raises
        ------
        ModelError
            If none was asked for, there is no such pair, or the level is not between 0 and 1.
        """
        if not self._limits:
            raise ModelError("no interval was asked for: ic.htmt(..., interval='bootstrap' or 'cluster_bootstrap')")
        limits = self._limits.get((scale, other)) or self._limits.get((other, scale))
        if limits is None:
            raise ModelError(f"no two scales {scale!r} and {other!r}; there are {listing(self.htmt.index)}")
        return interval_at(limits, float(self.htmt2.to_numpy()[self._place(scale), self._place(other)]), level)

    def _place(self, scale: str) -> int:
        return [str(key) for key in self.htmt.index].index(scale)

    def __repr__(self) -> str:
        table = self.to_frame()
        if table["htmt2"].isna().all():
            return f"<HTMT of {len(self.htmt)} scales>"
        worst = table.iloc[int(table["htmt2"].argmax())]
        return (
            f"<HTMT of {len(self.htmt)} scales; the highest HTMT2 is {worst['htmt2']:.3f},"
            f" {worst['scale']} with {worst['other']}>"
        )


def htmt(
    data: Data,
    scales: Mapping[str, Sequence[str]] | None = None,
    *,
    missing: Missing = "pairwise",
    interval: HtmtInterval = "none",
    school: ArrayLike | pd.Series | None = None,
    draws: int = DRAWS,
    rng: np.random.Generator | int | None = None,
) -> Heterotrait:
    """Heterotrait–monotrait ratios of correlations, between every two scales.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Rows are teachers; items coded in one direction; NaN missing.
    scales : mapping of scale to item names, optional
        Which items measure what; `Responses` know theirs.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated. `Moments` keep their own.
    interval : {"none", "bootstrap", "cluster_bootstrap"}
        Draw teachers, or whole schools, for limits of HTMT2.
    school : (n,) array or Series, optional
        Each teacher's school, for the cluster bootstrap; `Responses` know theirs.
    draws : int
        Bootstrap samples.
    rng : Generator, int or None
        The bootstrap's source of chance.

    Returns
    -------
    Heterotrait

    Raises
    ------
    ModelError
        Without scales, with one scale only, a scale of one item, or an item that is not there.

    Notes
    -----
    The mean absolute correlation between the items of two scales, over the geometric mean of the mean absolute
    correlations within each. ``semTools::htmt(model, x)`` is HTMT2, with ``htmt2 = FALSE`` HTMT. Above .85 or .90 two
    scales are hard to tell apart. Henseler, Ringle & Sarstedt (2015); Roemer, Schuberth & Henseler (2021).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> teachers = ic.example_responses().select(wave=2025)
    >>> ic.htmt(teachers).htmt2.shape
    (11, 11)
    """
    check_option("missing", missing, MISSING)
    check_option("interval", interval, INTERVALS)
    refuse_unused_school(school, interval)
    if isinstance(data, Responses) and scales is None:
        scales = {s.key: s.item_keys for s in data.instrument.scales}
    if scales is None:
        raise ModelError("htmt needs scales=, a mapping of each scale to the names of its items")
    limits: dict[tuple[str, str], Limits] = {}
    if isinstance(data, Moments):
        moments = data
        refuse_with_moments("htmt", interval=None if interval == "none" else interval, school=school)
        places = _places(scales, moments.names)
    else:
        table = item_table(data, "htmt", school=school)
        moments, places = moments_of_table(table, missing), _places(scales, table.names)
        if interval != "none":
            pairs = list(combinations(range(len(places)), 2))
            keys = list(places)

            def ratios(drawn: ResampledMoments) -> dict[tuple[str, str], Array]:
                found = heterotrait_ratios(drawn.cor, list(places.values()), "htmt2")
                return {(keys[a], keys[b]): found[:, a, b] for a, b in pairs}

            source = np.random.default_rng(rng)
            limits = bootstrap_limits(table, missing, interval == "cluster_bootstrap", draws, source, ratios, "log")
    by_version = {v: heterotrait_ratios(moments.cor, list(places.values()), v) for v in VERSIONS}
    index = pd.Index(list(places), name="scale")
    frames = {v: pd.DataFrame(m, index=index, columns=list(places)) for v, m in by_version.items()}
    return Heterotrait(**frames, missing=moments.missing, n=moments.n_units, interval=interval, _limits=limits)


def _places(scales: Mapping[str, Sequence[str]], names: Sequence[str]) -> dict[str, list[int]]:
    if not isinstance(scales, Mapping) or len(scales) < 2:
        raise ModelError(f"htmt compares scales; got {len(scales)}")
    everything = [str(item) for items in scales.values() for item in items]
    if twice := sorted({item for item in everything if everything.count(item) > 1}):
        raise ModelError(f"htmt tells scales apart; {listing(twice)} stand in more than one")
    known = {name: k for k, name in enumerate(names)}
    for scale, items in scales.items():
        if len(items) < 2:
            raise ModelError(f"scale {scale!r} has {len(items)} item(s); htmt needs at least two")
        for item in items:
            if str(item) not in known:
                raise ModelError(f"scale {scale!r}: no item {str(item)!r}{closest(item, known)}")
    return {str(scale): [known[str(item)] for item in items] for scale, items in scales.items()}


def heterotrait_ratios(R: Array, scales: Sequence[Sequence[int]], version: str) -> Array:
    """Return the ratios between every two scales.

    Parameters
    ----------
    R : (..., k, k) array
        Correlations.
    scales : sequence of m sequences of int
        The places of each scale's items.
    version : {"htmt", "htmt2"}
        Arithmetic or geometric means.

    Returns
    -------
    (..., m, m) array
    """
    size = np.abs(R)

    def middle(rows: Sequence[int], columns: Sequence[int]) -> Array:
        block = size[..., rows, :][..., columns]
        if rows is columns:
            a, b = np.tril_indices(len(rows), -1)
            block = block[..., a, b]
        else:
            block = block.reshape(*block.shape[:-2], -1)
        with np.errstate(divide="ignore"):
            mean: Array = np.exp(np.log(block).mean(axis=-1)) if version == "htmt2" else block.mean(axis=-1)
        return mean

    m = len(scales)
    ratios = np.ones((*R.shape[:-2], m, m))
    within = [middle(s, s) for s in scales]
    for a, b in combinations(range(m), 2):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios[..., a, b] = ratios[..., b, a] = middle(scales[a], scales[b]) / np.sqrt(within[a] * within[b])
    return ratios


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VarianceExtracted(Record):
    """The average variance extracted, AVE; ``float()`` of it is the estimate.

    Parameters
    ----------
    estimate : float
        The share of the items' variance that their factor explains.
    n_items : int
        Items.
    n : int or None
        Teachers; None if not known.
    note : str
        What is odd about the solution; empty where nothing is.
    """

    estimate: float
    n_items: int
    n: int | None
    note: str

    def __float__(self) -> float:
        return self.estimate

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        return f"<AVE {self.estimate:.3f}, {self.n_items} items{'; ' + self.note if self.note else ''}>"


def average_variance_extracted(
    data: Data, *, missing: Missing = "pairwise"
) -> VarianceExtracted | ByScale[VarianceExtracted]:
    """Return the average variance extracted of a scale, or of every scale of a survey.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, Responses, or (k,) array of loadings
        Of items, a one-factor model by maximum likelihood is fitted; a single row of numbers is taken as standardised
        loadings from elsewhere.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated. `Moments` keep their own.

    Returns
    -------
    VarianceExtracted, or mapping of scale to VarianceExtracted

    Raises
    ------
    ResponseError
        With fewer than three items.
    ModelError
        For loadings that are not finite numbers.

    Notes
    -----
    Σλ²/(Σλ² + Σψ) of the items as they are scored; of standardised loadings, the mean of their squares.
    ``semTools::AVE``. Its interval is `composite_reliability`'s. Above .50, and above the squared correlations with the
    other scales, is the custom. Fornell & Larcker (1981).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> round(float(ic.average_variance_extracted([0.7, 0.8, 0.6])), 3)
    0.497
    """
    if not isinstance(data, (pd.DataFrame, Moments, Responses)) and np.ndim(data) == 1:
        return _of_loadings(data)
    found = composite_reliability(data, missing=missing)
    return (
        ByScale({scale: _of_model(r) for scale, r in found.items()}) if isinstance(found, ByScale) else _of_model(found)
    )


def _of_loadings(loadings: ArrayLike) -> VarianceExtracted:
    try:
        lam = np.asarray(loadings, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelError("loadings must be numbers") from None
    if not len(lam) or not np.isfinite(lam).all():
        raise ModelError("loadings must be finite numbers, at least one")
    note = "a loading above 1: not standardised?" if (np.abs(lam) > 1).any() else ""
    estimate = float(variance_extracted(lam, np.ones(len(lam))))
    return VarianceExtracted(estimate=estimate, n_items=len(lam), n=None, note=note)


def _of_model(found: CompositeReliability) -> VarianceExtracted:
    estimate = found.average_variance_extracted
    return VarianceExtracted(estimate=estimate, n_items=found.n_items, n=found.n, note=found.note)
