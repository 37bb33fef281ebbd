"""Do items worded against their scale measure something of their own?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError, check_option, closest, listing
from internal_coherence.limits import (
    ConfidenceInterval,
    Limits,
    WaldLimits,
    interval_at,
)
from internal_coherence.measurement.bootstrapping import bootstrap_limits
from internal_coherence.measurement.entrance import Items, ItemTable, each_scale, item_table
from internal_coherence.measurement.items.wording import wording_halves
from internal_coherence.moments.sufficient import Moments, moments_of_table
from internal_coherence.records import ByScale, Record
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Missing = Literal["pairwise", "listwise"]
Of = Literal["disattenuated_r", "difference"]
MISSING: Final[tuple[str, ...]] = get_args(Missing)
OF: Final[tuple[str, ...]] = get_args(Of)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class WordingEffect(Record):
    """How far the items worded with and against a scale go together.

    Parameters
    ----------
    disattenuated_r : float
        Correlation of the two halves of the scale, freed of their errors of measurement: 1 if both measure the same.
    difference : float
        ``r_within − r_between``; 0 if wording makes no difference.
    r_halves : float
        Correlation of the sums of the two halves as they stand.
    alpha_positive, alpha_negative : float
        Of the halves; NaN for a half of one item.
    r_positive, r_negative : float
        Mean correlation between the items of a half; NaN for a half of one item.
    r_within : float
        Mean correlation of all pairs of items worded alike.
    r_between : float
        Mean correlation of the pairs worded unlike.
    n_positive, n_negative : int
        Items of the halves.
    n : int
        Teachers that count.
    missing : {"pairwise", "listwise"}
        How missing answers were treated.
    note : str
        Why numbers are NaN; empty where none are.
    """

    disattenuated_r: float
    difference: float
    r_halves: float
    alpha_positive: float
    alpha_negative: float
    r_positive: float
    r_negative: float
    r_within: float
    r_between: float
    n_positive: int
    n_negative: int
    n: int
    missing: Missing
    note: str
    _limits: Mapping[str, Limits]

    def confidence_interval(self, level: float = 0.95, *, of: Of = "disattenuated_r") -> ConfidenceInterval:
        """Return a bootstrap interval.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        of : {"disattenuated_r", "difference"}
            Of which number.

        Returns
        -------
        ConfidenceInterval
            NaN where the number is.

        Raises
        ------
        ModelError
            If the level is not between 0 and 1, or there is no interval of that number.
        """
        check_option("of", of, OF)
        limits = self._limits.get(of, WaldLimits(se=float("nan"), method="none"))
        return interval_at(limits, getattr(self, of), level)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row, with the 95 % intervals.

        Returns
        -------
        DataFrame
        """
        row = self.as_row()
        intervals = {name: self.confidence_interval(of=name) for name in ("disattenuated_r", "difference")}
        ends: dict[str, float] = {}
        for name, interval in intervals.items():
            ends |= {name: row.pop(name), f"{name}_lower": interval.lower, f"{name}_upper": interval.upper}
        return pd.DataFrame([{**ends, **row}])

    def __repr__(self) -> str:
        halves = f"{self.n_positive} items worded with the scale, {self.n_negative} against"
        if np.isnan(self.r_between):
            return f"<{halves}: {self.note}>"
        shown = [f"r within {self.r_within:.3f}, between {self.r_between:.3f}"]
        if not np.isnan(self.disattenuated_r):
            interval = self.confidence_interval()
            shown = [f"disattenuated r {self.disattenuated_r:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]", *shown]
        return f"<{halves}: {'; '.join([*shown, self.note] if self.note else shown)}>"


def wording_effect(
    data: Items,
    negative: Sequence[str] | None = None,
    *,
    missing: Missing = "pairwise",
    school: ArrayLike | pd.Series | None = None,
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> WordingEffect | ByScale[WordingEffect]:
    """Check whether the items worded against a scale make a factor of their own.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, or Responses
        Items already coded in one direction. `Responses` of one wave give every scale; one whose items are all worded
        alike has NaN, and a note.
    negative : sequence of str
        The items worded against the scale. `Responses` know theirs.
    missing : {"pairwise", "listwise"}
        Each covariance from the teachers who answered both items, or all from those who answered every item.
    school : (n,) array or Series, optional
        Each row's school: then whole schools are drawn. `Responses` know theirs.
    draws : int
        Bootstrap samples, at least 50.
    rng : Generator, int or None
        The source of chance.

    Returns
    -------
    WordingEffect, or mapping of scale to WordingEffect
        An upper limit of ``disattenuated_r`` below 1, or a lower limit of ``difference`` above 0, says that wording
        matters.

    Raises
    ------
    ResponseError
        For items that do not exist, or values that are not finite.
    ModelError
        For an option that does not exist, or without `negative` for a table of items.

    Notes
    -----
    The halves' correlation over the root of the product of their alphas (Spearman 1904), which is the mean covariance
    between the halves over the geometric mean of the mean covariances within them. It supposes that the items of a half
    are about equally good; if they are not, a confirmatory model with a factor for the wording is the stricter check
    (Marsh 1996; DiStefano & Motl 2006). A half of one item has no alpha: then only ``difference`` is computed.
    Intervals: percentiles over teachers or, where schools are known, Student's t with the spread over drawn schools.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> wording = ic.wording_effect(ic.example_responses().select(wave=2025), rng=1)
    >>> wording["psychological_safety"].n_negative
    2
    """
    check_option("missing", missing, MISSING)
    generator = np.random.default_rng(rng)

    def run(table: ItemTable) -> WordingEffect:
        return _effect(table, np.isin(table.names, against[table.scale]), missing, draws, generator)

    if isinstance(data, Responses) and school is None:
        if negative is not None:
            raise ModelError("negative= is for items without a codebook; these responses know theirs")
        against = {s.key: [item.key for item in s.items if item.reversed] for s in data.instrument.scales}
        return each_scale(data, "wording_effect", run)
    if isinstance(data, Moments):
        raise ModelError("wording_effect needs the answers themselves; moments do not hold them")
    table = item_table(data, "wording_effect", school=school)
    if negative is None:
        raise ModelError("negative= must name the items that are worded against the scale")
    if unknown := [name for name in negative if name not in table.names]:
        msg = f"no item {listing(unknown)}; there are {listing(table.names)}{closest(unknown[0], table.names)}"
        raise ModelError(msg)
    against = {"": list(negative)}
    return run(table)


def _effect(
    table: ItemTable, negative: NDArray[np.bool_], missing: Missing, draws: int, rng: np.random.Generator
) -> WordingEffect:
    moments = moments_of_table(table, missing)
    estimates = wording_halves(moments.cov, moments.cor, negative)
    note = _note(negative, moments.trouble())
    limits: dict[str, Limits] = {}
    if table.groups is not None and table.groups.n_schools < 2:
        note = "; ".join(part for part in (note, "one school only: no interval") if part)
    elif not np.isnan(estimates["difference"]):
        limits = bootstrap_limits(
            table,
            missing,
            table.groups is not None,
            draws,
            rng,
            lambda drawn: wording_halves(drawn.cov, drawn.cor, negative),
            "plain",
        )
    return WordingEffect(
        **{name: float(value) for name, value in estimates.items()},
        n_positive=int((~negative).sum()),
        n_negative=int(negative.sum()),
        n=moments.n_rows or 0,
        missing=missing,
        note=note,
        _limits=limits,
    )


def _note(negative: NDArray[np.bool_], trouble: str) -> str:
    if not negative.any() or negative.all():
        return (
            f"{'no' if not negative.any() else 'every'} item is worded against the scale: there is nothing to compare"
        )
    one = "against" if negative.sum() == 1 else "with" if (~negative).sum() == 1 else ""
    short = f"one item worded {one} the scale has no alpha: no disattenuated r" if one else ""
    return "; ".join(part for part in (short, trouble) if part)
