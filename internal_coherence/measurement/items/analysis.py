"""Does each item do its work on the scale?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import MissingDataWarning, ModelError, ResponseError, check_option, listing, warn
from internal_coherence.instrument import Scale
from internal_coherence.measurement.consistency.coefficients import average_off_diagonal, coefficient_alpha
from internal_coherence.measurement.entrance import Data, ItemTable, each_scale, item_table
from internal_coherence.measurement.items.item_columns import of_answers, of_moments
from internal_coherence.measurement.items.item_cutoffs import ItemCutoffs
from internal_coherence.measurement.items.item_statistics import SkewType, item_rest_correlation
from internal_coherence.measurement.items.wording import warn_of_reversed
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.sufficient import Moments, moments_of_table
from internal_coherence.records import ByScale, Record, plain
from internal_coherence.responses import Responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
SKEW_TYPES: Final[tuple[int, ...]] = get_args(SkewType)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ItemAnalysis(Record):
    """The items of one scale, one by one.

    Parameters
    ----------
    alpha : float
        Of all the items, as a yardstick for ``alpha_if_dropped``.
    average_r : float
        Mean correlation between the items.
    scale_flags : str
        What stands out about the items together; empty where nothing does.
    n : int or None
        Teachers that count; None of moments that do not say.
    missing : {"pairwise", "listwise", "em", "given"}
        How missing answers were treated.
    skew_type : {1, 2, 3}
        Which skew and kurtosis.
    bounds : (low, high) or None
        The lowest and highest answer allowed; None where they are not known.
    labels : tuple of str
        What the answers are called, from the lowest to the highest; empty where it is not known.
    texts : tuple of str
        What each item asks; empty where it is not known.
    reversed : tuple of bool
        Which items were turned round; empty where it is not known.
    cutoffs : ItemCutoffs
        What was flagged.
    scale, label : str
        Its key and its name for readers; empty where the items are not one of a survey's scales.
    note : str
        Why numbers are NaN; empty where none are.
    """

    _items: pd.DataFrame
    _frequencies: pd.DataFrame
    _inter_item: pd.DataFrame
    alpha: float
    average_r: float
    scale_flags: str
    n: int | None
    missing: str
    skew_type: SkewType
    bounds: tuple[float, float] | None
    labels: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    reversed: tuple[bool, ...] = ()
    cutoffs: ItemCutoffs
    scale: str = ""
    label: str = ""
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table, one row an item.

        Returns
        -------
        DataFrame
            ``item``; ``n mean sd skew kurtosis`` of its answers; ``floor`` and ``ceiling``, shares of the answers at
            the lowest and highest code; ``missing``, share of all teachers; ``raw_r``, ``std_r``, ``r_cor``, ``r_drop``
            as psych names them; ``r_within``, the item–rest correlation within schools; ``average_r``, the mean
            correlation with the other items; ``average_r_if_dropped``, ``alpha_if_dropped`` and ``std_alpha_if_dropped``
            of the other items; ``flags``, in words.
        """
        return self._items.copy()

    @property
    def frequencies(self) -> pd.DataFrame:
        """Shares of each item's answers by code, and ``miss``, the share of all teachers without one; a row an item."""
        return self._frequencies.copy()

    @property
    def inter_item(self) -> pd.DataFrame:
        """Correlations between the items."""
        return self._inter_item.copy()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the answers to each item, with its mean.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_likert

        return draw_likert(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            The tables under ``items`` and ``frequencies``, and the decisions.
        """
        record = Record.to_dict(self)
        return {"items": plain(self._items), "frequencies": plain(self._frequencies), **record}

    def __repr__(self) -> str:
        flagged = self._items.loc[self._items["flags"] != "", "item"]
        shown = f"flagged {listing(flagged)}" if len(flagged) else "none flagged"
        n = "n not known" if self.n is None else f"n = {self.n}"
        whole = f"; {self.scale_flags}" if self.scale_flags else ""
        return f"<Analysis of {len(self._items)} items, alpha {self.alpha:.3f}, {n} ({self.missing}): {shown}{whole}>"


def item_analysis(
    data: Data,
    *,
    missing: Missing = "pairwise",
    school: ArrayLike | pd.Series | None = None,
    bounds: tuple[float, float] | None = None,
    skew_type: SkewType = 3,
    cutoffs: ItemCutoffs | None = None,
) -> ItemAnalysis | ByScale[ItemAnalysis]:
    """Describe every item of a scale, and how it goes with the others.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Rows are teachers; items coded in one direction; NaN missing. `Responses` of one wave give every scale. `Moments`
        give what needs no answers; the rest is NaN.
    missing : {"pairwise", "listwise", "em"}
        Each covariance from the teachers who answered both items; all, and the descriptives, from those who answered
        every item; or covariances by maximum likelihood. Not used with `Moments`.
    school : (n,) array or Series, optional
        Each row's school, for ``r_within``. `Responses` know theirs.
    bounds : (low, high), optional
        The lowest and highest answer allowed, for floor, ceiling and frequencies; by default the lowest and highest that
        was given. `Responses` know theirs.
    skew_type : {1, 2, 3}
        Which skew and kurtosis, as in psych.
    cutoffs : ItemCutoffs, optional
        What to flag.

    Returns
    -------
    ItemAnalysis, or mapping of scale to ItemAnalysis

    Raises
    ------
    ResponseError
        With fewer than two items, values that are not finite, or answers outside of the bounds.
    ModelError
        For an option that does not exist.

    Warns
    -----
    ReversedItemWarning
        If an item correlates negatively with the rest of its scale.
    MissingDataWarning
        If correlations are NaN, for instance since everyone gave the same answer; ``note`` says why.

    Notes
    -----
    ``psych::alpha(x)``: ``item.stats``, ``alpha.drop`` and ``response.freq``, and ``psych::describe(x)``. ``raw_r``
    correlates an item with the mean of the answered items; ``std_r``, ``r_drop``, ``alpha_if_dropped`` come from the
    covariances or correlations; ``r_cor`` frees the item–total correlation of the item's own part (Cureton 1966), by
    its squared multiple correlation. psych's ``alpha.drop$average_r`` is ``average_r_if_dropped``. ``r_within`` uses
    covariances pooled within schools, so what schools differ in is left out of it; under ``missing="em"`` those are
    pairwise.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> items = ic.item_analysis(ic.example_responses().select(wave=2025))["leadership"].to_frame()
    >>> items[["item", "mean", "r_drop", "alpha_if_dropped"]].round(2).head(2)
        item  mean  r_drop  alpha_if_dropped
    0  ldr_1  ...
    """
    check_option("missing", missing, MISSING)
    check_option("skew_type", skew_type, SKEW_TYPES)
    cutoffs = cutoffs or ItemCutoffs()
    if isinstance(data, Moments):
        return _analysis(data, None, None, bounds, skew_type, cutoffs)

    def run(table: ItemTable) -> ItemAnalysis:
        asked = data.instrument.scale(table.scale) if isinstance(data, Responses) else None
        limits = (asked.low, asked.high) if asked else bounds
        if len(table.names) < 2:
            raise ResponseError(f"{table.where}item_analysis needs at least two items; got {len(table.names)}")
        used = table.listwise() if missing == "listwise" else table
        return _analysis(moments_of_table(used, missing), table, asked, limits, skew_type, cutoffs)

    if isinstance(data, Responses) and school is None:
        if bounds is not None:
            raise ModelError("bounds= is for items without a codebook; these responses know theirs")
        return each_scale(data, "item_analysis", run)
    return run(item_table(data, "item_analysis", school=school))


def _analysis(
    moments: Moments,
    table: ItemTable | None,
    asked: Scale | None,
    bounds: tuple[float, float] | None,
    skew_type: SkewType,
    cutoffs: ItemCutoffs,
) -> ItemAnalysis:
    cov, R, names = moments.cov, moments.cor, moments.names
    columns: dict[str, Any] = {"item": names, **of_moments(moments)}
    frequencies = pd.DataFrame(index=pd.Index(names, name="item"))
    if table is not None:
        used = table.listwise() if moments.missing == "listwise" else table
        found = of_answers(used, moments, bounds, skew_type)
        columns |= found.columns
        columns["missing"] = np.array([np.count_nonzero(x != x) for x in table.X.T]) / max(len(table.X), 1)
        frequencies = found.frequencies
        if len(frequencies.columns):
            frequencies = frequencies.assign(miss=columns["missing"])
        if table.groups is not None:
            policy: Missing = "listwise" if moments.missing == "listwise" else "pairwise"
            columns["r_within"] = item_rest_correlation(moments_of_table(used, policy, "within").cov)
    items = pd.DataFrame(columns)
    alpha, average_r = float(coefficient_alpha(cov)), float(average_off_diagonal(R))
    scale = table.scale if table is not None else ""
    note = _warn(moments, scale)
    return ItemAnalysis(
        _items=items.assign(flags=cutoffs.flags(items, alpha)),
        _frequencies=frequencies,
        _inter_item=pd.DataFrame(R, index=list(names), columns=list(names)),
        alpha=alpha,
        average_r=average_r,
        scale_flags=cutoffs.scale_flags(average_r),
        n=moments.n_units,
        missing=moments.missing,
        skew_type=skew_type,
        bounds=bounds,
        labels=asked.items[0].labels if asked else (),
        texts=tuple(item.text for item in asked.items) if asked else (),
        reversed=tuple(item.reversed for item in asked.items) if asked else (),
        label=asked.label if asked else "",
        cutoffs=cutoffs,
        scale=scale,
        note=note,
    )


def _warn(moments: Moments, scale: str) -> str:
    """Warn of what makes correlations NaN or negative, and return the note."""
    trouble = moments.trouble()
    where = f"scale {scale!r}: " if scale else ""
    if np.isnan(moments.cor).any():
        warn(f"{where}some correlations are NaN: {trouble}", MissingDataWarning)
    elif not trouble:
        warn_of_reversed(moments.cov, moments.names, scale)
    return trouble
