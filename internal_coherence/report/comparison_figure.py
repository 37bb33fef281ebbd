"""Forests of what schools differ in, and of what goes with an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE
from internal_coherence.report.wording import level_text
from internal_coherence.schools.comparing.comparison import SchoolComparison
from internal_coherence.schools.comparing.outcome_correlations import OutcomeCorrelations
from internal_coherence.schools.comparing.several_groups import SeveralGroups

WIDTH: Final = 7.0
ROW: Final = 0.42
NUDGE: Final = 0.13


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of a forest; NaN is not drawn."""

    label: str
    estimate: float
    lower: float
    upper: float
    other_lower: float = float("nan")
    other_upper: float = float("nan")


def draw_comparison(comparison: SchoolComparison, ax: Axes | None = None) -> Axes:
    """Draw every scale's difference in scale points, with Student's and the bootstrap's interval.

    Parameters
    ----------
    comparison : SchoolComparison
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    rows = []
    for d in comparison.differences:
        counts = f"{d.n_first} and {d.n_second} schools" if comparison.design == "groups" else f"{d.n_first} pairs"
        rows.append(
            _Row(
                label=f"{d.scale.replace('_', ' ')}\n{'not compared' if d.note else counts}",
                estimate=d.difference,
                lower=d.lower,
                upper=d.upper,
                other_lower=d.bootstrap_lower,
                other_upper=d.bootstrap_upper,
            )
        )
    axis = f"{comparison.first} less {comparison.second}, scale points, {level_text(comparison.level)} intervals"
    return _forest(rows, axis, ("Student's t", "bootstrap of schools"), ax)


def draw_group_pairs(several: SeveralGroups, ax: Axes | None = None) -> Axes:
    """Draw every two groups' difference on every scale, with Games and Howell's interval.

    Parameters
    ----------
    several : SeveralGroups
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    rows = [
        _Row(
            label=f"{p['scale'].replace('_', ' ')}\n{p['first']} less {p['second']}",
            estimate=p["difference"],
            lower=p["lower"],
            upper=p["upper"],
        )
        for p in several.pairs.to_dict("records")
    ]
    axis = f"Difference in scale points, {level_text(several.level)} intervals for all pairs of a scale"
    return _forest(rows, axis, ("Games and Howell",), ax)


def draw_correlations(correlations: OutcomeCorrelations, ax: Axes | None = None) -> Axes:
    """Draw every scale's correlation with the outcome, with Fisher's and the bootstrap's interval.

    Parameters
    ----------
    correlations : OutcomeCorrelations
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    rows = [
        _Row(
            label=f"{c.scale.replace('_', ' ')}\n{'no correlation' if c.note else f'{c.n_schools} schools'}",
            estimate=c.r,
            lower=c.lower,
            upper=c.upper,
            other_lower=c.bootstrap_lower,
            other_upper=c.bootstrap_upper,
        )
        for c in correlations.correlations
    ]
    axis = f"r of school means with {correlations.outcome}, {level_text(correlations.level)} intervals"
    ax = _forest(rows, axis, ("Fisher's z", "bootstrap of schools"), ax)
    ax.set_xlim(-1, 1)
    return ax


def _forest(rows: Sequence[_Row], axis: str, methods: tuple[str, ...], ax: Axes | None) -> Axes:
    """Draw estimates and up to two intervals each, about a line at zero."""
    if ax is None:
        ax = Figure(figsize=(WIDTH, ROW * max(len(rows), 2) + 1.1), layout="constrained").add_subplot()
    ax.axvline(0, color=PALE, linewidth=1, zorder=0)
    two = len(methods) > 1
    for k, row in enumerate(rows):
        _interval(ax, k - NUDGE * two, row.estimate, row.lower, row.upper, BLUE, "o")
        if two:
            _interval(ax, k + NUDGE, row.estimate, row.other_lower, row.other_upper, ORANGE, "s")
    ax.set_yticks(range(len(rows)), [row.label for row in rows])
    for label in [*ax.get_yticklabels(), ax.xaxis.label]:
        label.set_parse_math(False)
    ax.tick_params(axis="y", labelsize=7.5, length=0)
    ax.tick_params(axis="x", labelsize=8)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel(axis, fontsize=8.5)
    ax.set_title("Each school is one vote", fontsize=8, color=GREY, loc="left")
    for method, colour, marker in zip(methods, (BLUE, ORANGE), "os", strict=False):
        ax.plot([], [], color=colour, marker=marker, markersize=5, linewidth=2, label=method)
    ax.legend(loc="lower right", bbox_to_anchor=(1.02, 1.0), fontsize=8, frameon=False, ncols=2, borderaxespad=0.2)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    return ax


def _interval(ax: Axes, at: float, estimate: float, lower: float, upper: float, colour: str, marker: str) -> None:
    if isfinite(lower):
        ax.plot([lower, upper], [at, at], color=colour, linewidth=2, solid_capstyle="butt")
        ax.plot([estimate], [at], marker=marker, color=colour, markersize=5, linestyle="none")
