"""Pictures of schools along an order: a district's map, and a school's movement between waves."""

from __future__ import annotations

from textwrap import wrap
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from internal_coherence.ordering import StageMap, StageMovement
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE
from internal_coherence.report.school_figures import MOST_NAMES
from internal_coherence.report.wording import level_text

WEAK: Final = LinearSegmentedColormap.from_list("white to orange", ["#FFFFFF", ORANGE])
NONE: Final = LinearSegmentedColormap.from_list("white to blue", ["#FFFFFF", BLUE])
NONE_BELOW: Final = "none below the bar"
INK: Final = "#000000"
LINE: Final = 26
"""Letters to a line of a label; what is longer than two lines is cut."""


def draw_stage_map(found: StageMap, ax: Axes | None = None) -> Axes:
    """Draw schools by stages: how probably each stage is the earliest weak one.

    Parameters
    ----------
    found : StageMap
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
        A ring marks what is named. What is withheld is hatched; what the survey does not measure is grey.
    """
    names = [one.school for one in found.schools] + [school for school, _ in found.withheld]
    labels = [label for _, label in found.stages] + [NONE_BELOW]
    chances = np.full((len(names), len(labels)), np.nan)
    for row, one in enumerate(found.schools):
        chances[row] = [reading.p_earliest for reading in one.readings] + [one.p_none]
    named = len(names) <= MOST_NAMES
    if ax is None:
        size = (2.4 + 0.85 * len(labels), min(max(0.2 * len(names), 1.5), 10) + 2.4)
        ax = Figure(figsize=size, layout="constrained").add_subplot()
    style: dict[str, Any] = {"vmin": 0, "vmax": 1, "edgecolors": PALE, "linewidth": 0.5 if named else 0}
    last = np.arange(len(labels)) == len(labels) - 1
    image = ax.pcolormesh(np.ma.masked_where(last | np.isnan(chances), chances), cmap=WEAK, **style)
    ax.pcolormesh(np.ma.masked_where(~last | np.isnan(chances), chances), cmap=NONE, **style)
    _mark_cells(ax, found, chances)
    ax.set_xticks(
        np.arange(len(labels)) + 0.5,
        [_short(x) for x in labels],
        rotation=40,
        ha="right",
        fontsize=7.5,
        parse_math=False,
    )
    ax.set_yticks(np.arange(len(names)) + 0.5 if named else [], names if named else [], fontsize=7, parse_math=False)
    ax.set_ylim(len(names), 0)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    figure = ax.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(image, ax=ax, shrink=0.5, pad=0.02)
        bar.set_label("probability of being the earliest below the bar (blue: of none below)", fontsize=7.5)
        bar.ax.tick_params(labelsize=7)
    return ax


def _mark_cells(ax: Axes, found: StageMap, chances: np.ndarray) -> None:
    """Ring what is named, hatch what is withheld, and grey what is not measured."""
    for row, one in enumerate(found.schools):
        at = [reading.stage for reading in one.readings].index(one.stage) if one.stage else len(one.readings)
        if one.conclusion != "cannot tell":
            ax.plot(at + 0.5, row + 0.5, "o", markersize=5, markerfacecolor="none", color=INK)
    unmeasured = [
        bool(found.schools) and all(one.readings[k].verdict == "not measured" for one in found.schools)
        for k in range(len(found.stages))
    ]
    for row, column in np.argwhere(np.isnan(chances)):
        if column < len(unmeasured) and unmeasured[column]:
            ax.add_patch(Rectangle((column, row), 1, 1, facecolor=PALE, edgecolor="white", linewidth=0.5))
        else:
            ax.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor=GREY, hatch="////", linewidth=0))
    keys = [
        ax.plot([], [], "o", markersize=5, markerfacecolor="none", color=INK, linestyle="", label="named")[0],
        Patch(facecolor="white", edgecolor=GREY, hatch="////", label="withheld", linewidth=0),
        Patch(facecolor=PALE, label="not measured", linewidth=0),
    ]
    ax.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=7, frameon=False, ncols=3)


def _short(label: str) -> str:
    return "\n".join(wrap(label, LINE, max_lines=2, placeholder=" …"))


def draw_stage_movement(found: StageMovement, ax: Axes | None = None) -> Axes:
    """Draw the change of every stage with its limits.

    Parameters
    ----------
    found : StageMovement
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
        In points of a hundred of the response range; reliable changes are filled.
    """
    if ax is None:
        ax = Figure(figsize=(6.4, 0.45 * len(found.changes) + 1.4), layout="constrained").add_subplot()
    ax.axvline(0, color=PALE, linewidth=1.2, zorder=0)
    for row, change in enumerate(found.changes):
        if np.isnan(change.change):
            ax.text(0, row, change.verdict, fontsize=7.5, color=GREY, ha="center", va="center")
            continue
        reliable = change.verdict in ("higher", "lower")
        ax.hlines(row, change.lower, change.upper, color=BLUE, linewidth=1.6)
        ax.plot(change.change, row, "o", color=BLUE, markersize=6, markerfacecolor=BLUE if reliable else "white")
    rows = np.arange(len(found.changes))
    ax.set_yticks(rows, [_short(change.label) for change in found.changes], fontsize=7.5, parse_math=False)
    ax.set_ylim(len(found.changes) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(
        f"Wave {found.waves[1]} less {found.waves[0]}, points of a hundred of the response range", fontsize=8.5
    )
    title = f"{found.school}: {level_text(found.level)} limits over all stages; filled: reliable change"
    ax.set_title(title, fontsize=8, color=GREY, loc="left", parse_math=False)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    return ax
