"""`RivalOrders`: every order of the same stages beside the one that was asked about."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from internal_coherence.ordering.evidence import StageCovariance
from internal_coherence.ordering.rivals.comparing import Performance, folds_of_schools, performance
from internal_coherence.ordering.rivals.permuting import Labels, Shape, arrangements, classes_of
from internal_coherence.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RivalOrders(Record):
    """Orders of the same stages in the same shape, by how well they fit.

    Parameters
    ----------
    level : {"within", "between"}
        Of teachers within schools, or of schools.
    n_orders, n_possible : int
        Orders that were tried, and k!, all there are.
    n_classes : int
        Classes of orders among them that no survey at one time can tell apart.
    rank : int
        Of the order's class by log-likelihood, 1 the best; all orders of a class are tied.
    permutation_p : float
        The share of the orders whose implications fail no more often than the order's own: small if the order is special.
    least_p : float
        The least that this share can be, since the orders of one class imply the same.
    informative : bool
        Whether it can be .05 or less; else `permutation_p` says nothing.
    alpha : float
        At which an implication counts as failed.
    classes : DataFrame
        As `to_frame` gives it.
    """

    level: str
    n_orders: int
    n_possible: int
    n_classes: int
    rank: int
    permutation_p: float
    least_p: float
    informative: bool
    alpha: float
    classes: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a row a class of orders that no survey at one time can tell apart, the likeliest first.

        Returns
        -------
        DataFrame
            ``rank, orders, n_orders, own, log_likelihood, bic, held_out, statistic, pvalue, violated``: the sequences of the class,
            at most twelve of them; how many they are; whether the order asked about is one; the log-likelihood of the answers less
            that of the best class; BIC, and the log-likelihood of an average school that was held out, less the best too; the joint
            test of all implications; how many of them fail alone, at `alpha` without correction.
        """
        return self.classes

    @property
    def tied(self) -> tuple[str, ...]:
        """The sequences that can't be told from the order."""
        return tuple(self.classes.loc[self.classes["own"], "orders"].iloc[0].split("; "))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the whole field of orders with the one that was asked about marked.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_rival_orders

        return draw_rival_orders(self, ax)

    def __repr__(self) -> str:
        chance = f"permutation p {self.permutation_p:.3f} (least possible {self.least_p:.3f})"
        told = chance if self.informative else f"{chance}, which is uninformative"
        return f"<RivalOrders {self.level} schools: rank {self.rank} of {self.n_classes} classes of {self.n_orders} orders; {told}>"


def compare_with_rivals(
    covariance: StageCovariance,
    shape: Shape,
    *,
    alpha: float,
    most: int,
    n_folds: int,
    rng: np.random.Generator,
    progress: bool = False,
) -> RivalOrders:
    """Try all orders of the same stages.

    Parameters
    ----------
    covariance : StageCovariance
        Its stages stand in the order's sequence.
    shape : Shape
        The order's.
    alpha : float
        At which an implication counts as failed.
    most : int
        More orders than these are sampled.
    n_folds : int
        Parts in which schools are held out; 0 for none.
    rng : Generator
    progress : bool
        Show a progress bar.

    Returns
    -------
    RivalOrders
    """
    tried = arrangements(shape.n_stages, most, rng)
    own, first = classes_of(shape, tried.labels)
    folds = folds_of_schools(covariance.n_schools, n_folds, rng)
    found = performance(
        covariance, shape, [tried.labels[f] for f in first], alpha=alpha, folds=folds, progress=progress
    )
    frame = _frame(covariance, tried.labels, own, found)
    violated = found.violated[own]
    return RivalOrders(
        level=covariance.level,
        n_orders=len(tried.labels),
        n_possible=tried.n_possible,
        n_classes=len(first),
        rank=int(frame.loc[frame["own"], "rank"].iloc[0]),
        permutation_p=float((violated <= violated[0]).mean()),
        least_p=own.count(own[0]) / len(own),
        informative=own.count(own[0]) / len(own) <= 0.05,
        alpha=alpha,
        classes=frame,
    )


def _frame(covariance: StageCovariance, labels: tuple[Labels, ...], own: list[int], found: Performance) -> pd.DataFrame:
    """Lay out the classes, the likeliest first; classes of equal likelihood share a rank."""
    members: dict[int, list[str]] = {}
    for c, at in zip(own, labels, strict=True):
        members.setdefault(c, []).append(" → ".join(covariance.stages[k] for k in at))
    shown = [members[c][:12] + (["…"] if len(members[c]) > 12 else []) for c in sorted(members)]
    bic = -2 * found.log_likelihood + found.n_parameters * log(covariance.n_teachers)
    frame = pd.DataFrame(
        {
            "rank": pd.Series(-found.log_likelihood).round(6).rank(method="min").astype(int),
            "orders": ["; ".join(names) for names in shown],
            "n_orders": [len(members[c]) for c in sorted(members)],
            "own": np.arange(len(members)) == own[0],
            "log_likelihood": found.log_likelihood - found.log_likelihood.max(),
            "bic": bic - bic.min(),
            "held_out": found.held_out - np.nanmax(found.held_out, initial=-np.inf),
            "statistic": found.statistic,
            "pvalue": found.pvalue,
            "violated": found.violated,
        }
    )
    return frame.sort_values(["rank", "orders"], ignore_index=True)
