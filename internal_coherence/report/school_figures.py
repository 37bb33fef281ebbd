"""Pictures of schools beside each other: their means in order, and all their scales at once."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from internal_coherence.report.figures import BLUE, GREY, PALE
from internal_coherence.report.wording import level_text
from internal_coherence.schools import SchoolMeans, SchoolTable

MOST_NAMES = 60
"""Beyond so many schools their names can't be read, and are left out."""


def draw_school_means(means: SchoolMeans, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
    """Draw the schools in order of their empirical-Bayes means, with comparison intervals and the raw means.

    Parameters
    ----------
    means : SchoolMeans
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.
    level : float
        Of the intervals.

    Returns
    -------
    Axes
    """
    table = means.comparison_intervals(level).merge(means.to_frame()[["school", "raw_mean"]], on="school")
    table = table.sort_values("mean", kind="stable").reset_index(drop=True)
    J = len(table)
    named = J <= MOST_NAMES
    if ax is None:
        height = min(max(0.19 * J, 1.2), 9.0) + 1.3 if named else 6.0
        ax = Figure(figsize=(6.4, height), layout="constrained").add_subplot()
    y = np.arange(J)
    ax.axvline(means.components.mean, color=PALE, linewidth=1.2, zorder=0)
    ax.hlines(y, table["lower"], table["upper"], color=BLUE, linewidth=1.6 if named else 0.5)
    ax.plot(table["mean"], y, "o", color=BLUE, markersize=4 if named else 1.5, label="empirical-Bayes mean")
    if named:
        ax.plot(table["raw_mean"], y, "|", color=GREY, markersize=7, label="mean of those who answered")
    ax.set_yticks(y if named else [], table["school"] if named else [], fontsize=7, parse_math=False)
    ax.set_ylim(-0.8, J - 0.2)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=8)
    ax.set_xlabel(f"Mean of the school{f' on {means.of}' if means.of else ''}", fontsize=8.5, parse_math=False)
    ax.set_title(
        f"{level_text(level)} comparison intervals: for two schools chosen beforehand,\nno overlap is a difference",
        fontsize=8,
        color=GREY,
        loc="left",
    )
    ax.legend(loc="lower right", fontsize=7.5, frameon=False)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    return ax


def draw_school_heatmap(table: SchoolTable, ax: Axes | None = None) -> Axes:
    """Draw schools by scales: how far each mean lies from that of all schools shown; what is withheld is hatched.

    Parameters
    ----------
    table : SchoolTable
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
        In standard deviations of the schools' means, each scale by itself.
    """
    frame = table.to_frame()
    wide = frame.pivot_table(index="school", columns="scale", values="mean", sort=False, dropna=False)
    wide = wide.reindex(index=frame["school"].unique(), columns=frame["scale"].unique())
    z = (wide - wide.mean()) / wide.std()
    z = z.iloc[::-1]  # the first at the top; not in order of their means: the survey is not for ranking
    J, q = z.shape
    named = J <= MOST_NAMES
    if ax is None:
        height = min(max(0.2 * J, 1.5), 10) + 2.0
        ax = Figure(figsize=(1.8 + 0.5 * q, height), layout="constrained").add_subplot()
    image = ax.pcolormesh(
        z.to_numpy(), cmap="PuOr_r", vmin=-2.5, vmax=2.5, edgecolors="white", linewidth=0.5 if named else 0
    )
    for row, column in np.argwhere(z.isna().to_numpy()):
        ax.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor=PALE, hatch="////", linewidth=0))
    ax.set_xticks(
        np.arange(q) + 0.5, [str(s).replace("_", " ") for s in z.columns], rotation=45, ha="right", fontsize=7.5
    )
    ax.set_yticks(np.arange(J) + 0.5 if named else [], z.index if named else [], fontsize=7, parse_math=False)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    figure = ax.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(image, ax=ax, shrink=0.5, pad=0.02)
        bar.set_label("SD of the schools' means", fontsize=7.5)
        bar.ax.tick_params(labelsize=7)
    hatched = Patch(facecolor="white", edgecolor=GREY, hatch="////", label="withheld", linewidth=0)
    ax.legend(handles=[hatched], loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=7.5, frameon=False)
    return ax
