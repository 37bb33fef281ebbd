"""Pictures of a profile, by matplotlib, without its global state."""

from __future__ import annotations

import io
import re
import warnings
from html import escape
from math import ceil, isnan
from zlib import crc32

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.errors import ModelError
from internal_coherence.profiles import Profile
from internal_coherence.profiles.parts import Estimate, Spread
from internal_coherence.profiles.spread import MOST_BARS
from internal_coherence.report.wording import in_words, level_text, signed

BLUE, ORANGE, GREEN, GREY, PALE = "#0072B2", "#D55E00", "#009E73", "#555555", "#DDDDDD"
WIDTH = 4.8
ROW = 0.36
PANEL = 1.25


def draw_profile(profile: Profile, ax: Axes | None = None) -> Axes:
    """Draw each dimension and scale: estimate, interval, Reference Schools High and Low.

    Parameters
    ----------
    profile : Profile
        What to draw; a withheld one gives an empty plot that says why.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    estimates = profile.estimates
    if ax is None:
        height = ROW * max(len(estimates), 2) + 0.95
        ax = Figure(figsize=(WIDTH, height)).add_axes((0.03, 0.62 / height, 0.94, 1 - 0.95 / height))
    title = f"{profile.school}, wave {profile.wave}" if profile.wave else profile.school
    ax.set_title(title, fontsize=10, fontweight="bold", loc="left", parse_math=False)
    if profile.withheld:
        ax.text(0.5, 0.5, f"Withheld: {profile.withheld}", ha="center", va="center", transform=ax.transAxes)
        ax.set_axis_off()
        return ax
    reach = _reach(estimates, profile.choices.level)
    for row, estimate in enumerate(estimates):
        _draw_estimate(ax, -row, estimate, profile.choices.level, reach)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-len(estimates) + 0.35, 0.75)
    ax.set_yticks([])
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.set_xlabel(
        f"Standard deviations from the reference mean, {level_text(profile.choices.level)} intervals", fontsize=8
    )
    _draw_key(ax)
    return ax


def _reach(estimates: tuple[Estimate, ...], level: float) -> float:
    """Return how far the axis goes to either side: to the next half beyond all that is drawn."""
    values = [1.5]
    for e in estimates:
        values += [
            abs(v)
            for v in (*e.confidence_interval(level), e.reference_schools.high, e.reference_schools.low)
            if not isnan(v)
        ]
    return ceil(2 * (max(values) + 0.1)) / 2


def _draw_estimate(ax: Axes, y: float, estimate: Estimate, level: float, reach: float) -> None:
    whole = estimate.kind == "dimension"
    colour = BLUE if whole else GREY
    ax.text(
        -reach,
        y + 0.3,
        estimate.label,
        fontsize=8.5 if whole else 8,
        fontweight="bold" if whole else "normal",
        va="center",
        parse_math=False,
    )
    ax.plot([-reach, reach], [y, y], color=PALE, linewidth=0.8, zorder=0)
    ax.plot([0, 0], [y - 0.2, y + 0.1], color="black", linewidth=1, zorder=1)
    for value, marker in ((estimate.reference_schools.high, "^"), (estimate.reference_schools.low, "v")):
        if not isnan(value):
            ax.plot([value], [y], marker, color=ORANGE, markersize=7, markerfacecolor="none", zorder=5)
    if isnan(estimate.z):
        ax.text(reach, y, f"not shown: {estimate.withheld}", fontsize=7, ha="right", va="center", parse_math=False)
        return
    lower, upper = estimate.confidence_interval(level)
    ax.plot([lower, upper], [y, y], color=colour, linewidth=2.4 if whole else 1.6, solid_capstyle="butt", zorder=3)
    ax.plot([estimate.z], [y], "D" if whole else "o", color=colour, markersize=6 if whole else 5, zorder=4)
    ax.text(reach, y + 0.3, signed(estimate.z), fontsize=8, ha="right", va="center", color=colour)


def _draw_key(ax: Axes) -> None:
    shapes = [
        ax.plot([], [], "D", color=BLUE, markersize=6, label="dimension")[0],
        ax.plot([], [], "o", color=GREY, markersize=5, label="scale")[0],
        ax.plot([], [], "^", color=ORANGE, markerfacecolor="none", markersize=6, label="reference high")[0],
        ax.plot([], [], "v", color=ORANGE, markerfacecolor="none", markersize=6, label="low")[0],
    ]
    ax.legend(
        handles=shapes, loc="upper center", bbox_to_anchor=(0.5, -0.32 / ax.get_position().height / _height(ax)),
        ncols=4, fontsize=7.5, frameon=False, handletextpad=0.1, columnspacing=0.9,
    )  # fmt: skip


def _height(ax: Axes) -> float:
    return float(ax.get_figure(root=True).get_size_inches()[1])  # type: ignore[union-attr]  # it stands on a figure


def draw_spreads(profile: Profile) -> Figure:
    """Draw for each scale how its teachers' scores are spread, in the bars that may be shown.

    Parameters
    ----------
    profile : Profile

    Returns
    -------
    Figure
        One small histogram a scale that has bars, two in a row: the area of a bar is its share of teachers.
    """
    shown = [spread for spread in profile.spreads if spread.bars]
    n_columns = 1 if len(shown) == 1 else 2
    n_rows = max(ceil(len(shown) / n_columns), 1)
    height = PANEL * n_rows + 0.05
    figure = Figure(figsize=(WIDTH, height))
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))  # one set of axes, in inches: many are slow
    ax.set_axis_off()
    labels = {estimate.key: estimate for estimate in profile.scales}
    width = WIDTH / n_columns - 0.3
    for k, spread in enumerate(shown):
        row, column = divmod(k, n_columns)
        origin = (0.15 + column * WIDTH / 2, height - PANEL * row - 1.0)
        _draw_spread(ax, spread, labels[spread.scale], origin, width)
    return figure


def _draw_spread(ax: Axes, spread: Spread, estimate: Estimate, origin: tuple[float, float], width: float) -> None:
    """Draw one histogram above the point `origin`, all in inches."""
    by_option = estimate.high - estimate.low < MOST_BARS
    margin = 0.5 if by_option else 0.0
    left, bottom = origin
    unit = width / (estimate.high - estimate.low + 2 * margin)

    def at(answer: float) -> float:
        return left + (answer - estimate.low + margin) * unit

    starts = [at(bar.first - margin) for bar in spread.bars]
    widths = [at(bar.last + margin) - start for bar, start in zip(spread.bars, starts, strict=True)]
    heights = [bar.share / w for bar, w in zip(spread.bars, widths, strict=True)]
    tall = 0.5 / max(heights)
    ax.bar(
        starts, [h * tall for h in heights], widths, bottom, align="edge", color=BLUE, edgecolor="white", linewidth=1.5
    )
    for bar, start, wide, high in zip(spread.bars, starts, widths, heights, strict=True):
        if bar.share > 0:
            ax.text(
                start + wide / 2,
                bottom + high * tall + 0.02,
                f"{100 * bar.share:.0f}",
                fontsize=7,
                ha="center",
                va="bottom",
            )
    ax.plot([left, left + width], [bottom, bottom], color="black", linewidth=0.8)
    ax.plot([at(estimate.mean)], [bottom - 0.02], "^", color=ORANGE, markersize=5, zorder=5)
    for answer in np.arange(estimate.low, estimate.high + 1) if by_option else (estimate.low, estimate.high):
        ax.text(at(answer), bottom - 0.07, f"{answer:g}", fontsize=7, ha="center", va="top")
    title = estimate.label if len(estimate.label) <= 44 or width > WIDTH / 2 else estimate.label[:42].rstrip() + "…"
    ax.text(left, bottom + 0.72, title, fontsize=7, va="bottom", parse_math=False)


def profile_svg(profile: Profile) -> str:
    """Return the picture of a profile as an SVG element for a page.

    Parameters
    ----------
    profile : Profile

    Returns
    -------
    str
    """
    words = " ".join(in_words(estimate, profile.choices.level) for estimate in profile.dimensions)
    return as_svg(draw_profile(profile), f"profile-{_mark(profile)}", "Profile of dimensions and scales", words)


def spread_svg(profile: Profile) -> str:
    """Return the picture of the spread of scores as an SVG element, empty if no scale has bars to show.

    Parameters
    ----------
    profile : Profile

    Returns
    -------
    str
    """
    if not any(spread.bars for spread in profile.spreads):
        return ""
    words = "For each scale, the percentage of teachers whose score is closest to each answer, as in the table."
    return as_svg(draw_spreads(profile), f"spread-{_mark(profile)}", "Spread of teachers' scores", words)


def _mark(profile: Profile) -> str:
    """Return what tells the ids of this profile's pictures from another's in the same notebook."""
    return f"{crc32(f'{profile.school}|{profile.wave}'.encode()):08x}"


def as_svg(drawing: Axes | Figure, name: str, title: str, description: str) -> str:
    """Return a drawing as an SVG element, with real text and a description for screen readers.

    Parameters
    ----------
    drawing : Axes or Figure
    name : str
        Distinguishes its ids from those of other figures on the page.
    title, description : str
        What it shows.

    Returns
    -------
    str
    """
    figure = drawing if isinstance(drawing, Figure) else drawing.get_figure(root=True)
    if figure is None:
        raise ModelError("these axes stand on no figure")
    buffer = io.StringIO()
    with (
        matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif"}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings(
            "ignore", r"Glyph \d+ .* missing from font", UserWarning
        )  # the reader's fonts draw the text
        figure.savefig(
            buffer,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
            transparent=True,
        )
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{name}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, body = svg.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    return (
        f'{head} role="img" aria-labelledby="{name}-title {name}-desc" preserveAspectRatio="xMinYMin meet">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>{body}'
    )
