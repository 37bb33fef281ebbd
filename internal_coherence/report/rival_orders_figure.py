"""The whole field of orders of the same stages, with the one that was asked about."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.ordering import RivalOrders
from internal_coherence.report.figures import BLUE, GREY, ORANGE
from internal_coherence.report.wording import decimal

MOST_NAMED: Final = 12
"""So many classes are named one by one; more are a cloud."""


def draw_rival_orders(result: RivalOrders, ax: Axes | None = None) -> Axes:
    """Draw every class of orders by how likely it makes the answers; orders that can't be told apart are one point.

    Parameters
    ----------
    result : RivalOrders
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    table = result.to_frame()
    named = len(table) <= MOST_NAMED
    if ax is None:
        size = (7.0, 1.3 + 0.34 * len(table)) if named else (6.0, 3.8)
        ax = Figure(figsize=size, layout="constrained").add_subplot()
    own = table["own"].to_numpy(dtype=bool)
    x = table["log_likelihood"].to_numpy(dtype=float)
    y = np.arange(len(table), 0, -1) if named else table["violated"].to_numpy(dtype=float)
    ax.plot(x[~own], y[~own], "o", color=GREY, markersize=5, alpha=1.0 if named else 0.5)
    ax.plot(x[own], y[own], "D", color=ORANGE, markersize=7, label="the order asked about, and its equals", zorder=3)
    best = table["rank"].to_numpy() == 1
    ax.plot(x[best], y[best], "o", markersize=11, markerfacecolor="none", markeredgecolor=BLUE, label="likeliest")
    ax.set_xlabel("log-likelihood less that of the likeliest", fontsize=8)
    if named:
        ax.set_yticks(y, [_short(text) for text in table["orders"]], fontsize=7, parse_math=False)
        ax.set_ylim(0.3, len(table) + 0.7)
    else:
        ax.set_ylabel("implications that fail", fontsize=8)
    ax.tick_params(axis="x", labelsize=7)
    ax.set_title(_title(result), fontsize=8, loc="left", parse_math=False)
    ax.legend(fontsize=7, frameon=False, loc="best" if named else "upper right")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


def _short(orders: str) -> str:
    """Return a class as its first order and how many others."""
    several = orders.split("; ")
    first = several[0].replace("_", " ")
    return (
        first
        if len(several) == 1
        else f"{first}\n= {several[1].replace('_', ' ')}" + (" = …" if len(several) > 2 else "")
    )


def _title(result: RivalOrders) -> str:
    chance = f"permutation p {decimal(result.permutation_p, 3)}, the least possible {decimal(result.least_p, 3)}"
    end = "" if result.informative else ": uninformative"
    some = f" of {result.n_possible}" if result.n_orders < result.n_possible else ""
    return (
        f"{result.level.capitalize()} schools: {result.n_orders}{some} orders in {result.n_classes} classes; rank {result.rank}\n"
        f"{chance}{end}"
    )
