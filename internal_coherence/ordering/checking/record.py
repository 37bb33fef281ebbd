"""`OrderingResult`: what a survey says of a provisional order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from internal_coherence.errors import check_option
from internal_coherence.ordering.evidence import StageCovariance
from internal_coherence.ordering.graphs import CompletedGraph, Graph
from internal_coherence.ordering.implications import JointTest, Verdict
from internal_coherence.ordering.orders import Order, Reading
from internal_coherence.ordering.rivals import RivalOrders
from internal_coherence.records import Record, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LevelResult(Record):
    """An order at one level.

    Parameters
    ----------
    level : {"within", "between"}
        Of teachers within schools, or of schools.
    covariance : StageCovariance
        How the stages go together there.
    tests, effects : DataFrame
        As in `OrderingResult`.
    joint : JointTest
        All implications together.
    log_likelihood_ratio : float
        Of the order against stages that go together freely, twice; it does not know of schools, and is for description.
    srmr : float
        Root mean squared difference between the stages' correlations and those that the order says.
    verdict : str
        Of this level.
    rivals : RivalOrders or None
        All other orders of the same stages.
    """

    level: str
    covariance: StageCovariance
    tests: pd.DataFrame
    effects: pd.DataFrame
    joint: JointTest
    log_likelihood_ratio: float
    srmr: float
    verdict: Verdict
    rivals: RivalOrders | None

    def __repr__(self) -> str:
        return f"<LevelResult {self.level} schools: {self.verdict}; {self.covariance!r}>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OrderingResult(Record):
    """What a survey at one time says of a provisional order: whether it contradicts it, and how much it could have.

    Parameters
    ----------
    order : Order
        The order.
    reading : {"chain", "complete"}
        The arrows as drawn, and no others; or every later arrow too, which implies nothing.
    levels : tuple of LevelResult
        Where it was looked at.
    refused : tuple of (str, str)
        Levels where it was not, and why.
    joint : JointTest
        All implications at all levels together.
    verdict : {"contradicted", "compatible", "cannot tell", "untestable"}
        *Compatible* means that no violation of size `matters` or more was found where it would have been, with 80 % power; it does
        not mean that the order is right. *Cannot tell* is what is left where the data could not have contradicted it.
    equivalent_orders : tuple of Graph
        Every graph of the measured stages that implies the same, the order's own first: no survey at one time can tell them apart.
        Empty where stages have unmeasured causes in common, or where there are more than a thousand.
    completed : CompletedGraph or None
        What they have in common: arrows that point the same way in all, and those that don't.
    same_shape : tuple of str
        Those of them that are the order with its stages in another sequence; looked for with up to seven stages.
    adjustment : DataFrame
        ``cause, effect, total, direct, instruments``: for every two stages that arrows lead between, what must be held constant for a
        regression to tell the effect, were the order right; sets are joined by "or", ``"nothing"`` is needed, or ``"not possible"``.
    alpha, matters, level : float
        Of the tests; the smallest partial correlation that would matter; of the limits.
    interval : str
        How limits of effects were found.
    notes : tuple of str
        What a reader should know.
    """

    order: Order
    reading: Reading
    levels: tuple[LevelResult, ...]
    refused: tuple[tuple[str, str], ...]
    joint: JointTest
    verdict: Verdict
    equivalent_orders: tuple[Graph, ...]
    completed: CompletedGraph | None
    same_shape: tuple[str, ...]
    adjustment: pd.DataFrame
    alpha: float
    matters: float
    level: float
    interval: str
    notes: tuple[str, ...]

    @property
    def local_tests(self) -> pd.DataFrame:
        """Each implication tested alone.

        ``level, implication, first, second, given``; ``estimate, ci_lower, ci_upper``, the partial correlation of the stages, freed
        of measurement error; ``statistic, df, pvalue`` of Fisher's z by t with J − 1 degrees of freedom, teachers of a school going
        together; ``pvalue_holm, pvalue_bh``; ``detectable``, the smallest partial correlation that would have been found with 80 %
        power; ``verdict``.
        """
        return _stacked([part.tests for part in self.levels])

    @property
    def effects(self) -> pd.DataFrame:
        """What the order's arrows come to, in standard deviations of the stages.

        ``level, cause, effect, kind, through, estimate, se, pvalue, ci_lower, ci_upper``, where kind is ``direct`` (an arrow),
        ``specific`` (the product along one path), ``indirect`` (all paths but the arrow) or ``total``. They are associations that
        would be effects if the order were right and nothing unmeasured were behind them.
        """
        return _stacked([part.effects for part in self.levels])

    @property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the stages freed of measurement error: ``level, first, second, correlation, se``."""
        return _stacked([part.covariance.to_frame() for part in self.levels])

    @property
    def fit(self) -> pd.DataFrame:
        """How the order does as a whole, a row a level.

        ``level, n_teachers, n_schools, n_implications, statistic, df, df_residual, pvalue`` of the joint cluster-robust test;
        ``fisher_c, fisher_df, fisher_pvalue``, which take the tests for independent of each other; ``log_likelihood_ratio, srmr``;
        ``verdict``.
        """
        return pd.DataFrame(
            [
                {
                    "level": part.level,
                    "n_teachers": part.covariance.n_teachers,
                    "n_schools": part.covariance.n_schools,
                    **{k: v for k, v in part.joint.as_row().items() if k not in ("level", "n_schools")},
                    "log_likelihood_ratio": part.log_likelihood_ratio,
                    "srmr": part.srmr,
                    "verdict": part.verdict,
                }
                for part in self.levels
            ]
        )

    @property
    def rivals(self) -> RivalOrders | None:
        """All orders of the same stages at the first level; None if they were not asked for, or there is nothing to tell them by."""
        return self.levels[0].rivals

    def at(self, level: str) -> LevelResult:
        """Return what was found at one level.

        Parameters
        ----------
        level : {"within", "between"}

        Returns
        -------
        LevelResult
        """
        check_option("level", level, [part.level for part in self.levels])
        return next(part for part in self.levels if part.level == level)

    def to_frame(self) -> pd.DataFrame:
        """Return the tests of the implications, as `local_tests`.

        Returns
        -------
        DataFrame
        """
        return self.local_tests

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: decisions, tests, effects and rivals.

        Returns
        -------
        dict
        """
        tables = {name: plain(getattr(self, name)) for name in ("fit", "local_tests", "effects", "correlations")}
        return {**Record.to_dict(self), **tables, "rivals": plain(self.rivals)}

    def to_html(self, path: str | Path | None = None, *, sensitivity: Record | None = None) -> str:
        """Write everything on one self-contained page, as an appendix.

        Parameters
        ----------
        path : path, optional
            Where to save it.
        sensitivity : OrderingSensitivity, optional
            Of `ordering_sensitivity`, to be added; without it the page asks only what something unmeasured would have to explain.

        Returns
        -------
        str
            The page.
        """
        from internal_coherence.report import ordering_page

        return ordering_page(self, path, sensitivity)

    def plot(self, ax: Axes | None = None, at: str | None = None) -> Axes:
        """Draw the order with what its arrows come to at one level.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.
        at : {"within", "between"}, optional
            By default the first.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_order

        return draw_order(self.order, ax, result=self, at=at)

    def __repr__(self) -> str:
        n = self.levels[0].covariance
        looked = " and ".join(f"{part.level} schools {part.verdict}" for part in self.levels)
        least = self.local_tests["detectable"].max() if len(self.local_tests) else float("nan")
        could = f"; smallest violation detectable {least:.2f}" if not isnan(least) else ""
        same = f"; {len(self.equivalent_orders)} equivalent graphs" if self.equivalent_orders else ""
        of = f"{n.n_teachers} teachers in {n.n_schools} schools"
        return f"<OrderingResult {self.order.key!r}, {self.reading}: {looked}{could}{same}; {of}>"


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one under the other; those without rows add none."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]
