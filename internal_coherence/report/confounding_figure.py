"""What an arrow would be by how much something unmeasured explains of cause and effect: contours (Cinelli & Hazlett 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from internal_coherence.report.figures import BLUE, GREY, ORANGE
from internal_coherence.report.wording import decimal

if TYPE_CHECKING:
    from internal_coherence.ordering.doubt import UnmeasuredConfounding

SIZE: Final = (6.0, 4.8)
POINTS: Final = 121
MOST: Final = 0.95
"""Of a share on an axis."""


def draw_confounding(
    result: UnmeasuredConfounding, ax: Axes | None = None, *, arrow: tuple[str, str] | None = None
) -> Axes:
    """Draw the estimate of an arrow, had something that explains so much of cause and effect been held constant.

    Parameters
    ----------
    result : UnmeasuredConfounding
    ax : Axes, optional
        Where to draw; by default on a figure of its own.
    arrow : (str, str), optional
        Cause and effect; by default the one that is explained away most easily.

    Returns
    -------
    Axes
        Grey contours of the estimate, an orange one where it is 0, a dashed one where it is not told from 0 any more; dots are
        confounders as strong as other stages, a diamond one that explains alike of both.
    """
    if ax is None:
        ax = Figure(figsize=SIZE, layout="constrained").add_subplot()
    weakest = result.arrows.sort_values("robustness_value").iloc[0]
    own = weakest if arrow is None else result.arrow(*arrow)
    marks = result.benchmarks[
        (result.benchmarks["cause"] == own["cause"]) & (result.benchmarks["effect"] == own["effect"])
    ].dropna()
    marks = marks[(marks["r2_cause"] < MOST) & (marks["r2_effect"] < MOST)]
    reach = min(MOST, 1.25 * max([own["robustness_value"], *marks["r2_cause"], *marks["r2_effect"], 0.05]))
    share = np.linspace(0, reach, POINTS)
    table = result.adjusted(own["cause"], own["effect"], *np.meshgrid(share, share))
    estimate, p = (table[column].to_numpy().reshape(POINTS, POINTS) for column in ("estimate", "pvalue"))
    toward = estimate * np.sign(own["estimate"])
    _contours(ax, share, estimate, toward, np.where(toward > 0, p, 1.0), result.alpha)
    ax.plot(own["robustness_value"], own["robustness_value"], "D", color=ORANGE, markersize=6, zorder=3)
    for mark in marks.itertuples():
        ax.plot(mark.r2_cause, mark.r2_effect, "o", color=BLUE, markersize=5, zorder=3)
        text = f"{mark.strength:g} × {mark.benchmark.replace('_', ' ')}: {decimal(mark.adjusted_estimate, 2)}"
        side, shift = ("right", -5) if mark.r2_cause > 0.6 * reach else ("left", 5)
        where = (mark.r2_cause, mark.r2_effect)
        ax.annotate(text, where, (shift, 4), textcoords="offset points", fontsize=7, color=BLUE, ha=side)
    ax.set_xlabel(f"share explained of the rest of {own['cause'].replace('_', ' ')}", fontsize=8)
    ax.set_ylabel(f"share explained of the rest of {own['effect'].replace('_', ' ')}", fontsize=8)
    ax.set_title(_title(result, own["cause"], own["effect"]), fontsize=8, loc="left", parse_math=False)
    ax.tick_params(labelsize=7)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


def _contours(
    ax: Axes, share: np.ndarray, estimate: np.ndarray, toward: np.ndarray, p: np.ndarray, alpha: float
) -> None:
    """Draw lines of equal estimates, of none, and of significance."""
    most = float(np.abs(estimate[0, 0]))
    levels = [level for level in MaxNLocator(10).tick_values(-most, most) if level != 0]
    lines = ax.contour(share, share, estimate, levels=levels, colors=GREY, linewidths=0.7)
    ax.clabel(lines, fontsize=6.5, fmt=lambda value: decimal(value, 2))
    if (toward < 0).any():
        ax.contour(share, share, estimate, levels=[0.0], colors=ORANGE, linewidths=1.6)
    if p.min() < alpha < p.max():
        ax.contour(share, share, p, levels=[alpha], colors=ORANGE, linewidths=1.2, linestyles="--")


def _title(result: UnmeasuredConfounding, cause: str, effect: str) -> str:
    own = result.arrow(cause, effect)
    name = f"{cause.replace('_', ' ')} → {effect.replace('_', ' ')}, {result.level} schools"
    return (
        f"{name}: {decimal(own['estimate'], 2)}; lines: what it would be\nhad something unmeasured been held constant."
        f" Orange: 0; dashed: not told from 0.\nDiamond: explains {decimal(own['robustness_value'], 2)} of both"
    )
