"""Aligned factor means of many groups in order, and which loadings and intercepts are not the same in which groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from internal_coherence.errors import check_option
from internal_coherence.latent.alignment.alignment_record import Alignment, Shown
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE
from internal_coherence.report.school_figures import MOST_NAMES

SHORT = {"loading": "λ", "intercept": "ν"}


def draw_alignment(
    result: Alignment, ax: Axes | None = None, *, factor: str | None = None, of: Shown = "means", level: float = 0.95
) -> Axes:
    """Draw an alignment: the groups' means, or what is not invariant.

    Parameters
    ----------
    result : Alignment
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.
    factor : str, optional
        Which; by default the first.
    of : {"means", "parameters"}
        What of it.
    level : float
        Of the intervals of the means.

    Returns
    -------
    Axes
    """
    check_option("of", of, ("means", "parameters"))
    name = result.factors[0] if factor is None else factor
    check_option("factor", name, result.factors)
    return _draw_means(result, name, ax, level) if of == "means" else _draw_parameters(result, name, ax)


def _draw_means(result: Alignment, factor: str, ax: Axes | None, level: float) -> Axes:
    table = result.to_frame(level)
    table = table[table["factor"] == factor].sort_values("mean", kind="stable")
    G = len(table)
    named = G <= MOST_NAMES
    if ax is None:
        height = min(max(0.19 * G, 1.2), 9.0) + 1.2 if named else 6.0
        ax = Figure(figsize=(6.0, height), layout="constrained").add_subplot()
    y = np.arange(G)
    ax.axvline(0, color=PALE, linewidth=1.2, zorder=0)
    ax.hlines(y, table["lower"], table["upper"], color=BLUE, linewidth=1.6 if named else 0.5)
    ax.plot(table["mean"], y, "o", color=BLUE, markersize=4 if named else 1.5)
    ax.set_yticks(y if named else [], table["group"] if named else [], fontsize=7, parse_math=False)
    ax.set_ylim(-0.8, G - 0.2)
    unit = f"standard deviations of {result.reference}" if result.method == "fixed" else "a common metric"
    ax.set_xlabel(f"Mean of {factor}, in {unit}", fontsize=8.5, parse_math=False)
    share = _noninvariant(result, factor)
    ax.set_title(
        f"Aligned means with {100 * level:g} % intervals; {100 * share:.0f} % of parameters not invariant",
        fontsize=8,
        color=GREY,
        loc="left",
    )
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=8)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    return ax


def _draw_parameters(result: Alignment, factor: str, ax: Axes | None) -> Axes:
    table = result.parameters[result.parameters["factor"] == factor]
    order = table[["kind", "item"]].drop_duplicates()
    cells = table.pivot_table(index="group", columns=["kind", "item"], values="difference", sort=False, dropna=False)
    marked = table.pivot_table(index="group", columns=["kind", "item"], values="invariant", sort=False)
    groups = [g for g in result.groups if g in cells.index][::-1]
    columns = pd.MultiIndex.from_frame(order)
    away = np.sign(cells.reindex(index=groups, columns=columns).to_numpy())
    away[marked.reindex(index=groups, columns=columns).to_numpy() == 1] = 0.0
    G, K = away.shape
    named = G <= MOST_NAMES
    if ax is None:
        height = min(max(0.19 * G, 1.2), 9.0) + 1.6 if named else 7.0
        ax = Figure(figsize=(1.8 + 0.32 * K, height), layout="constrained").add_subplot()
    row, column = np.nonzero(away)
    colours = [ORANGE if away[i, j] > 0 else BLUE for i, j in zip(row, column, strict=True)]
    ax.bar(column, 1.0, width=1.0, bottom=row - 0.5, color=colours, edgecolor="white", linewidth=0.5 if named else 0)
    ax.set_xlim(-0.5, K - 0.5)
    ax.set_ylim(-0.5, G - 0.5)
    ax.axvline(K / 2 - 0.5, color=PALE, linewidth=1.2)
    labels = [f"{SHORT[kind]} {item}" for kind, item in order.itertuples(index=False)]
    ax.set_xticks(range(K), labels, rotation=90, fontsize=7, parse_math=False)
    ax.set_yticks(range(G) if named else [], groups if named else [], fontsize=7, parse_math=False)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_color(PALE)
    key = [
        Patch(color=ORANGE, label="higher than in the invariant groups"),
        Patch(color=BLUE, label="lower"),
        Patch(facecolor="white", edgecolor=PALE, label="invariant"),
    ]
    ax.legend(handles=key, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, fontsize=7, frameon=False)
    return ax


def _noninvariant(result: Alignment, factor: str) -> float:
    table = result.parameters
    return float(1 - table.loc[(table["factor"] == factor) & table["pvalue"].notna(), "invariant"].mean())
