"""What numbers of teachers buy, drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.report.figures import BLUE, GREEN, GREY, ORANGE
from internal_coherence.schools.planning.precision import reliability_of_mean
from internal_coherence.schools.planning.school_plan import SchoolPlan

SIZE: Final = (6.5, 4.0)
MANY: Final = 6
"""More lines than this are drawn in one colour, and only the extremes named."""
COLOURS: Final = (BLUE, ORANGE, GREEN, GREY, "#CC79A7", "#56B4E9")
STYLES: Final = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))


def draw_plan(plan: SchoolPlan, ax: Axes | None = None) -> Axes:
    """Draw the reliability of a school's mean against the number of teachers who answer, a line a scale.

    Parameters
    ----------
    plan : SchoolPlan
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = Figure(figsize=SIZE, layout="constrained").add_subplot()
    grid = plan.to_frame()
    k = np.linspace(1, max(grid["teachers"].max(), 2), 200)
    extremes = {min(plan.icc, key=plan.icc.__getitem__), max(plan.icc, key=plan.icc.__getitem__)}
    many = len(plan.icc) > MANY
    for number, (scale, rho) in enumerate(plan.icc.items()):
        named = not many or scale in extremes
        colour = (BLUE if scale in extremes else GREY) if many else COLOURS[number % len(COLOURS)]
        style = "-" if many else STYLES[number % len(STYLES)]
        ax.plot(k, reliability_of_mean(rho, k), color=colour, linestyle=style, linewidth=2 if named else 0.8)
        here = grid[grid["scale"] == scale].drop_duplicates("teachers")
        ax.plot(here["teachers"], here["icc2"], color=colour, marker="o", markersize=4, linestyle="none")
        if named:
            label = f" {scale.replace('_', ' ')} (ICC {rho:.2f})"
            ax.text(k[-1], float(reliability_of_mean(rho, k[-1])), label, fontsize=7.5, color=colour, va="center",
                    parse_math=False)  # fmt: skip
    ax.axhline(plan.target_icc2, color=GREY, linewidth=1, linestyle=":")
    ax.text(k[0], plan.target_icc2, f"target {plan.target_icc2:g}", fontsize=7.5, color=GREY, va="bottom")
    ax.set_xlim(0, k[-1])
    ax.set_ylim(0, 1)
    ax.set_xlabel("Teachers who answer in a school", fontsize=8.5)
    ax.set_ylabel("Reliability of a school's mean, ICC(2)", fontsize=8.5)
    ax.tick_params(labelsize=8)
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
    return ax
