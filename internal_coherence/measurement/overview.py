"""One table of a survey's reliabilities: every scale, both coefficients, their intervals, and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from internal_coherence.errors import ModelError, check_option
from internal_coherence.limits import ConfidenceInterval
from internal_coherence.measurement.bootstrapping import DRAWS, FEWEST_SCHOOLS
from internal_coherence.measurement.composites.congeneric import (
    CompositeReliability,
    CongenericInterval,
    congeneric_of_moments,
    congeneric_of_table,
)
from internal_coherence.measurement.consistency.alpha_limits import Interval, limits_of_moments
from internal_coherence.measurement.consistency.coefficients import alpha_if_dropped
from internal_coherence.measurement.consistency.internal_consistency import Alpha, alpha_of_moments, alpha_of_table
from internal_coherence.measurement.entrance import (
    Data,
    Items,
    ItemTable,
    item_table,
    refuse_with_moments,
    scale_tables,
)
from internal_coherence.measurement.items.item_statistics import item_rest_correlation
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.sufficient import Moments, moments_of_table
from internal_coherence.records import Record
from internal_coherence.responses import Responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ReliabilityInterval = Literal["auto", "independent", "cluster_bootstrap"]
INTERVALS: Final[tuple[str, ...]] = get_args(ReliabilityInterval)
INDEPENDENT: Final = "independent teachers, normal items, those of alpha parallel"
MANY_SCHOOLS: Final = 10
"""With fewer schools than this the table says that they are few."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ScaleReliability(Record):
    """A row of the table: how reliable one scale is.

    Parameters
    ----------
    scale : str
        Its key.
    n, n_complete, n_smallest_pair : int or None
        Teachers that the intervals count; who answered every item; behind the least known covariance.
    n_items : int
        Items.
    alpha, omega : float
        Of the sum of the raw items; omega of one factor by maximum likelihood, NaN for a scale of two items.
    alpha_interval, omega_interval : ConfidenceInterval
        At the table's level; `method` says how each was made.
    average_r : float
        Mean correlation between the items.
    worst_item : str
        The item that goes least with the rest.
    worst_r_drop : float
        Its correlation with the sum of the rest.
    alpha_without_worst : float
        Alpha of the rest; NaN for a scale of two items.
    missing : str
        How missing answers were treated.
    assumed : str
        What the intervals take for granted.
    note : str
        What is odd; empty where nothing is.
    """

    scale: str
    n: int | None
    n_complete: int | None
    n_smallest_pair: int | None
    n_items: int
    alpha: float
    alpha_interval: ConfidenceInterval
    omega: float
    omega_interval: ConfidenceInterval
    average_r: float
    worst_item: str
    worst_r_drop: float
    alpha_without_worst: float
    missing: str
    assumed: str
    note: str

    def __repr__(self) -> str:
        alpha, omega = self.alpha_interval, self.omega_interval
        return (
            f"{self.scale}: alpha {self.alpha:.2f} [{alpha.lower:.2f}, {alpha.upper:.2f}],"
            f" omega {self.omega:.2f} [{omega.lower:.2f}, {omega.upper:.2f}], n = {self.n},"
            f" {self.n_items} items{'; ' + self.note if self.note else ''}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Reliability(Record):
    """The reliabilities of every scale.

    Parameters
    ----------
    scales : tuple of ScaleReliability
        In the instrument's order.
    level : float
        Of the intervals.
    """

    scales: tuple[ScaleReliability, ...]
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a scale.

        Returns
        -------
        DataFrame
            Indexed by ``scale``; an interval's limits and method are columns of their own.
        """
        rows = []
        for scale in self.scales:
            row = scale.as_row()
            for of in ("alpha", "omega"):
                made: ConfidenceInterval = row.pop(f"{of}_interval")
                row |= {f"{of}_lower": made.lower, f"{of}_upper": made.upper, f"{of}_method": made.method}
            rows.append(row)
        columns = [
            "scale",
            "n",
            "n_items",
            "alpha",
            "alpha_lower",
            "alpha_upper",
            "omega",
            "omega_lower",
            "omega_upper",
        ]
        table = pd.DataFrame(rows)
        rest = [c for c in table.columns if c not in columns]
        return table[columns + rest].set_index("scale")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a forest: every scale's alpha and omega with their intervals.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_reliability

        return draw_reliability(self, ax)

    def __repr__(self) -> str:
        assumed = "; ".join(dict.fromkeys(s.assumed for s in self.scales))
        count = f"{len(self.scales)} scale{'' if len(self.scales) == 1 else 's'}"
        return "\n".join([f"<Reliability of {count}; {assumed}>", *map(repr, self.scales)])


def reliability(
    data: Data,
    scales: Mapping[str, Sequence[str]] | None = None,
    *,
    missing: Missing = "pairwise",
    interval: ReliabilityInterval = "auto",
    level: float = 0.95,
    school: ArrayLike | pd.Series | None = None,
    draws: int = DRAWS,
    rng: np.random.Generator | int | None = 0,
) -> Reliability:
    """One table of the reliabilities of a survey: alpha and omega of every scale, with intervals that know schools.

    Parameters
    ----------
    data : Responses, or DataFrame or (n, k) array of items, or Moments
        `Responses` of one wave; items coded in one direction.
    scales : mapping of scale to item names, optional
        Which items make which scale; `Responses` know theirs, and without it all items are one scale.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated. `Moments` keep their own.
    interval : {"auto", "independent", "cluster_bootstrap"}
        Draw whole schools where five or more are known, else take teachers as independent (Feldt's for alpha, the delta
        method's for omega); or insist on either.
    level : float
        Of the intervals.
    school : (n,) array or Series, optional
        Each teacher's school, where `data` are items.
    draws : int
        Bootstrap samples.
    rng : Generator, int or None
        The bootstrap's source of chance; by default the same every time, so that a table does not change when it is
        made again.

    Returns
    -------
    Reliability

    Raises
    ------
    ResponseError
        With fewer than two items, or values that are not finite.
    ModelError
        For an option that does not exist or that the data have no room for.

    Warns
    -----
    ReversedItemWarning, MissingDataWarning, ImproperSolutionWarning, ConvergenceWarning
        As `alpha` and `composite_reliability` do.

    Notes
    -----
    Alpha as `alpha` gives it, omega as `composite_reliability` does, both of the items as they are scored.
    ``psych::alpha`` and ``semTools::reliability`` with Feldt's and the delta method's intervals; neither has one that
    knows schools.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> table = ic.reliability(ic.example_responses().select(wave=2025)).to_frame()
    >>> table.loc["leadership", ["n", "n_items"]].tolist()
    [593, 5]
    >>> bool((table["alpha_lower"] > 0.7).all())
    True
    """
    check_option("missing", missing, MISSING)
    check_option("interval", interval, INTERVALS)
    if scales is not None and not (isinstance(scales, Mapping) and scales):
        raise ModelError("scales= is empty or no mapping; leave it out, or map each scale to the names of its items")
    if isinstance(data, Moments):
        asked = interval if interval == "cluster_bootstrap" else None
        refuse_with_moments("reliability", interval=asked, school=school)
        parts = {"items": data} if scales is None else {s: data.select(items) for s, items in scales.items()}
        rows = [_row_of_moments(str(scale), moments, level) for scale, moments in parts.items()]
    else:
        source = np.random.default_rng(rng)
        tables = _tables(data, scales, school)
        rows = [_row(table, missing, interval, level, draws, source) for table in tables]
    return Reliability(scales=tuple(rows), level=level)


def _tables(
    data: Items, scales: Mapping[str, Sequence[str]] | None, school: ArrayLike | pd.Series | None
) -> list[ItemTable]:
    if isinstance(data, Responses) and scales is None and school is None:
        return list(scale_tables(data, "reliability").values())
    whole = item_table(data, "reliability", school=school)
    if scales is None:
        return [whole]
    return [whole.select(items, str(scale)) for scale, items in scales.items()]


def _row(
    table: ItemTable,
    missing: Missing,
    interval: ReliabilityInterval,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> ScaleReliability:
    known = table.groups.n_schools if table.groups is not None else 0
    by_school = interval == "cluster_bootstrap" or (interval == "auto" and known >= FEWEST_SCHOOLS and missing != "em")
    of_alpha: Interval = "cluster_bootstrap" if by_school else "feldt"
    of_omega: CongenericInterval = "cluster_bootstrap" if by_school else "delta"
    first = alpha_of_table(table, missing=missing, interval=of_alpha, draws=draws, rng=rng)
    second = None
    if _has_factor(first):
        second = congeneric_of_table(table, missing=missing, interval=of_omega, draws=draws, rng=rng)
    assumed = INDEPENDENT
    if by_school:
        assumed = f"{known} independent schools" + ("" if known >= MANY_SCHOOLS else ", which are few")
    elif interval == "auto" and known > 1:
        why = (
            f"{known} schools are too few to draw" if known < FEWEST_SCHOOLS else "EM estimates have no bootstrap here"
        )
        assumed += f", since {why}"
    return _record(table.scale or "items", moments_of_table(table, missing), first, second, level, assumed)


def _has_factor(found: Alpha) -> bool:
    """Say whether a one-factor model can be tried: three items or more, all of which vary."""
    return found.n_items > 2 and not np.isnan(found.alpha_standardized)


def _row_of_moments(scale: str, moments: Moments, level: float) -> ScaleReliability:
    first = alpha_of_moments(moments, limits_of_moments(moments, "feldt"), "feldt")
    second = congeneric_of_moments(moments, "delta") if _has_factor(first) else None
    return _record(scale, moments, first, second, level, INDEPENDENT)


def _record(
    scale: str, moments: Moments, first: Alpha, second: CompositeReliability | None, level: float, assumed: str
) -> ScaleReliability:
    nothing = ConfidenceInterval(lower=float("nan"), upper=float("nan"), level=level, method="none")
    apart = item_rest_correlation(moments.cov)
    worst = int(np.nanargmin(apart)) if np.isfinite(apart).any() else None
    without = alpha_if_dropped(moments.cov)
    notes = [first.note, "two items do not determine a factor" if first.n_items == 2 else ""]
    return ScaleReliability(
        scale=scale,
        n=first.n,
        n_complete=first.n_complete,
        n_smallest_pair=first.n_smallest_pair,
        n_items=first.n_items,
        alpha=first.alpha,
        alpha_interval=first.confidence_interval(level),
        omega=float("nan") if second is None else second.omega,
        omega_interval=nothing if second is None else second.confidence_interval(level),
        average_r=first.average_r,
        worst_item="" if worst is None else moments.names[worst],
        worst_r_drop=float("nan") if worst is None else float(apart[worst]),
        alpha_without_worst=float("nan") if worst is None else float(without[worst]),
        missing=first.missing,
        assumed=assumed,
        note="; ".join(n for n in [*notes, second.note if second else ""] if n),
    )
