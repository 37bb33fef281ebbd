"""A forest of reliabilities."""

from __future__ import annotations

from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.measurement import Reliability
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE
from internal_coherence.report.wording import level_text

WIDTH, ROW = 7.0, 0.42
LETTERS = 58
"""In a line of what is assumed, so that the key has room beside it."""
CUSTOM = (0.70, 0.80)
"""Where custom draws its lines; they decide nothing."""


def draw_reliability(reliability: Reliability, ax: Axes | None = None) -> Axes:
    """Draw every scale's alpha and omega with their intervals, and how many teachers and items stand behind them.

    Parameters
    ----------
    reliability : Reliability
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    scales = reliability.scales
    if ax is None:
        height = ROW * max(len(scales), 2) + 1.3
        ax = Figure(figsize=(WIDTH, height), layout="constrained").add_subplot()
    for row, scale in enumerate(scales):
        for nudge, colour, marker, value, interval in (
            (-0.13, BLUE, "o", scale.alpha, scale.alpha_interval),
            (0.13, ORANGE, "s", scale.omega, scale.omega_interval),
        ):
            ax.plot(
                [interval.lower, interval.upper], [row + nudge] * 2, color=colour, linewidth=2, solid_capstyle="butt"
            )
            ax.plot([value], [row + nudge], marker=marker, color=colour, markersize=5, linestyle="none")
    for line in CUSTOM:
        ax.axvline(line, color=PALE, linewidth=1, zorder=0)
    ax.set_yticks(range(len(scales)), [f"{s.scale.replace('_', ' ')}\n" + _counts(s.n, s.n_items) for s in scales])
    for label in ax.get_yticklabels():
        label.set_fontsize(7.5)
        label.set_parse_math(False)
    ax.set_ylim(len(scales) - 0.4, -0.6)
    limits = [x for s in scales for i in (s.alpha_interval, s.omega_interval) for x in (i.lower, i.upper) if x == x]
    ax.set_xlim(min([0.6, *limits]) - 0.02, 1.0)
    ax.set_xlabel(f"Reliability of the scale score, with {level_text(reliability.level)} intervals", fontsize=8.5)
    ax.set_title("\n".join(wrap(_assumptions(reliability), LETTERS)), fontsize=8, color=GREY, loc="left")
    ax.plot([], [], color=BLUE, marker="o", markersize=5, linewidth=2, label="alpha")
    ax.plot([], [], color=ORANGE, marker="s", markersize=5, linewidth=2, label="omega")
    ax.legend(loc="lower right", bbox_to_anchor=(1.02, 1.0), fontsize=8, frameon=False, ncols=2, borderaxespad=0.2)
    ax.tick_params(axis="x", labelsize=8)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def _counts(n: int | None, k: int) -> str:
    return f"{k} items" if n is None else f"n = {n}, {k} items"


def _assumptions(reliability: Reliability) -> str:
    assumed = list(dict.fromkeys(s.assumed for s in reliability.scales))
    return f"Intervals assume: {'; '.join(assumed)}. Lines at .70 and .80: custom."
