"""How the reliability of a school's mean rises with the number of its teachers."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.measurement.multilevel.reliability_record import MultilevelReliability
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE

WIDTH, HEIGHT = 6.2, 3.8
CUSTOM = 0.70
"""Where custom draws its line; it decides nothing."""
LABEL = {"random": "items stand for others like them", "fixed": "these items and no others"}


def draw_decision_study(result: MultilevelReliability, ax: Axes | None = None) -> Axes:
    """Draw the reliability of a school's mean by its number of teachers, and where this survey's schools are.

    Parameters
    ----------
    result : MultilevelReliability
        What to draw. Its interval for ``alpha_school_mean``, where there is one, is drawn at the survey's own size.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = Figure(figsize=(WIDTH, HEIGHT), layout="constrained").add_subplot()
    most = max(40.0, np.ceil(1.5 * result.harmonic_size))
    table = result.decision_study(np.linspace(1, most, 200))
    for facet, colour, style in (("fixed", ORANGE, "--"), ("random", BLUE, "-")):
        rows = table[table["facet"] == facet]
        ax.plot(rows["teachers"], rows["reliability"], color=colour, linestyle=style, linewidth=2, label=LABEL[facet])
    ax.axhline(CUSTOM, color=PALE, linewidth=1, zorder=0)
    size, value = result.harmonic_size, result.alpha_school_mean
    if result.interval is not None:
        limits = result.confidence_interval(of="alpha_school_mean")
        ax.plot([size, size], [limits.lower, limits.upper], color=BLUE, linewidth=2, solid_capstyle="butt")
    ax.plot([size], [value], marker="o", color=BLUE, markersize=6, linestyle="none")
    drawn = table["reliability"].dropna()
    ax.set_ylim(float(np.clip(drawn.min(), -0.5, 0.0)) if len(drawn) else 0.0, 1.0)
    ax.set_xlim(0, most)
    ax.set_xlabel("Teachers who answered, a school", fontsize=8.5)
    ax.set_ylabel("Reliability of the school's mean", fontsize=8.5)
    shown = f"{len(result.items)} items, {result.n} teachers in {result.n_schools} schools. Dot: schools of this survey"
    about = "without an interval" if result.interval is None else "with its 95 % interval"
    ax.set_title(f"{shown}, {about}.\nLine at .70: custom.", fontsize=8, color=GREY, loc="left")
    ax.legend(loc="lower right", fontsize=8, frameon=False)
    ax.tick_params(labelsize=8)
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
    return ax
