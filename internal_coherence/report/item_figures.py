"""Pictures of the items of a scale."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath
from numpy.typing import NDArray
from scipy.special import stdtrit

from internal_coherence.errors import ModelError
from internal_coherence.measurement.items.analysis import ItemAnalysis
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE
from internal_coherence.report.wording import decimal, percent

Array = NDArray[np.float64]
Colour = tuple[float, float, float]
MARGIN, NAMES, BARS, MEANS, MISSING = 0.15, 2.25, 3.1, 1.3, 0.68
"""Widths of the margin and of the columns of the picture, in inches."""
GAP: Final = 0.22
ROW: Final = 0.46
BAR: Final = 0.27
MIDDLE_GREY: Final = 0.179
"""Luminance on which black and white letters stand out equally."""
HEAD: Final = 0.62
NEUTRAL: Final = "#D9D9D9"
SMALL: Final = 7.5


def draw_likert(analysis: ItemAnalysis, ax: Axes | None = None) -> Axes:
    """Draw the answers to each item as a bar about the middle of its response scale, its mean and interval beside it.

    Parameters
    ----------
    analysis : ItemAnalysis
        Of one scale, made from answers of at most twenty different codes.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
        Laid out in inches: a row an item. Percentages are of the answers to an item, those missing of all teachers.
        The intervals, 95 %, take teachers as independent; teachers of one school are not quite, so they are somewhat
        too narrow.

    Raises
    ------
    ModelError
        If there are several scales, or no shares of answers: of moments, or of too many different codes.
    """
    if not isinstance(analysis, ItemAnalysis):
        raise ModelError("draw_likert draws one scale: choose it, as in item_analysis(responses)['leadership']")
    shares = analysis.frequencies
    if shares.empty or len(shares.columns) < 3:
        raise ModelError("draw_likert needs the shares of each answer: an item analysis of answers with few codes")
    items = analysis.to_frame()
    key = _key(analysis, [name for name in shares.columns if name != "miss"])
    caption = textwrap.wrap(_caption(analysis), _letters(_WIDTH - 2 * MARGIN))
    foot = 0.2 * (key[-1].row + 1) + 0.14 * len(caption) + 0.25
    head = HEAD if analysis.label or analysis.scale else HEAD - 0.3
    height = head + ROW * len(items) + foot
    if ax is None:
        ax = Figure(figsize=(_WIDTH, height)).add_axes((0, 0, 1, 1))
    ax.set_xlim(0, _WIDTH)
    ax.set_ylim(-ROW * len(items) - foot, head)
    ax.set_axis_off()
    _draw_heads(ax, analysis, len(items))
    _draw_bars(ax, shares.drop(columns="miss").to_numpy(), [part.colour for part in key])
    _draw_means(ax, items, analysis, [float(name) for name in shares.columns if name != "miss"])
    for row, (item, missing) in enumerate(zip(items["item"], shares["miss"], strict=True)):
        _draw_name(ax, row, analysis, item)
        _text(ax, _WIDTH - MARGIN, _middle(row), percent(missing), ha="right", color=GREY)
    bottom = -ROW * len(items) - 0.2
    for part in key:
        y = bottom - 0.2 * part.row
        ax.add_patch(Rectangle((part.left, y - 0.06), 0.12, 0.12, color=part.colour))
        _text(ax, part.left + 0.17, y, part.words)
    _text(ax, MARGIN, bottom - 0.2 * key[-1].row - 0.16, "\n".join(caption), va="top", color=GREY, linespacing=1.25)
    return ax


_LEFT: Final = MARGIN + NAMES
_MEANS: Final = _LEFT + BARS + GAP
_WIDTH: Final = _MEANS + MEANS + MISSING + MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyPart:
    """One answer in the key: its colour, its words, and where it stands."""

    colour: Colour
    words: str
    left: float
    row: int


def _key(analysis: ItemAnalysis, codes: list[str]) -> list[_KeyPart]:
    """Return the key, laid out in rows below the bars."""
    labels = analysis.labels if len(analysis.labels) == len(codes) else ("",) * len(codes)
    left, row = MARGIN, 0
    parts: list[_KeyPart] = []
    for code, label, colour in zip(codes, labels, likert_colours(len(codes)), strict=True):
        words = f"{code} {label}".strip()
        wide = 0.17 + _wide(words) + 0.18
        if left + wide > _WIDTH and parts:
            left, row = MARGIN, row + 1
        parts.append(_KeyPart(colour=colour, words=words, left=left, row=row))
        left += wide
    return parts


def likert_colours(n: int) -> list[Colour]:
    """Return the colours of a response scale: orange, over grey in the middle of an odd number, to blue.

    Parameters
    ----------
    n : int
        Answers.

    Returns
    -------
    list of (float, float, float)
        Red, green and blue, for each answer from the lowest; told apart also without red or green.
    """
    half = n // 2
    strength = np.linspace(1.0, 0.35, half) if half > 1 else np.array([0.8])
    low, high = ([_faded(colour, s) for s in strength] for colour in (ORANGE, BLUE))
    return [*low, *([_faded(NEUTRAL, 1.0)] if n % 2 else []), *high[::-1]]


def _faded(colour: str, strength: float) -> Colour:
    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def _caption(analysis: ItemAnalysis) -> str:
    parts = [
        f"{analysis.n} teachers." if analysis.n is not None else "",
        "Means with 95 % intervals that take teachers as independent.",
    ]
    if any(analysis.reversed):
        parts.append("R: worded against the scale, and turned round here.")
    return " ".join(part for part in parts if part)


def _wide(words: str, size: float = SMALL) -> float:
    """Return the width of some words in inches."""
    return float(TextPath((0, 0), words, size=size).get_extents().width) / 72 if words.strip() else 0.0


def _letters(width: float) -> int:
    """Return how many letters of the small text fit, on average."""
    return int(width / _wide("a sentence of average letters") * 29)


def _middle(row: int) -> float:
    return -ROW * (row + 0.5)


def _text(ax: Axes, x: float, y: float, words: str, **style: Any) -> None:
    ax.text(x, y, words, **{"fontsize": SMALL, "va": "center", "parse_math": False, **style})


def _draw_heads(ax: Axes, analysis: ItemAnalysis, n_items: int) -> None:
    if title := analysis.label or analysis.scale:
        _text(ax, MARGIN, HEAD - 0.2, title, fontsize=10, fontweight="bold")
    for x, words, side in (
        (_LEFT, "Answers, %", "left"),
        (_MEANS + MEANS / 2, "Mean", "center"),
        (_WIDTH - MARGIN, "Missing", "right"),
    ):
        _text(ax, x, 0.1, words, ha=side, color=GREY)
    for row in range(n_items + 1):
        ax.plot([MARGIN, _WIDTH - MARGIN], [-ROW * row] * 2, color=PALE, linewidth=0.6, zorder=0)


def _draw_name(ax: Axes, row: int, analysis: ItemAnalysis, item: str) -> None:
    turned = " (R)" if analysis.reversed and analysis.reversed[row] else ""
    words = analysis.texts[row] if analysis.texts else ""
    if not words:
        _text(ax, MARGIN, _middle(row), f"{item}{turned}", fontsize=8.5)
        return
    lines = textwrap.wrap(f"{item}{turned}  {words}", _letters(NAMES - 0.1), max_lines=3, placeholder=" …")
    _text(ax, MARGIN, _middle(row), "\n".join(lines), fontsize=7, linespacing=1.15)


def _draw_bars(ax: Axes, shares: Array, colours: list[Colour]) -> None:
    """Draw each item's shares to either side of the middle, where half of a middle answer stands on each."""
    n = shares.shape[1]
    before = np.concatenate([np.zeros((len(shares), 1)), np.cumsum(shares, axis=1)], axis=1)
    below = before[:, n // 2] + (shares[:, n // 2] / 2 if n % 2 else 0)
    reach_left, reach_right = np.nanmax(below), np.nanmax(before[:, -1] - below)
    unit = BARS / (reach_left + reach_right)
    centre = _LEFT + unit * reach_left
    for row, (edges, share) in enumerate(zip(before - below[:, None], shares, strict=True)):
        for start, part, colour in zip(edges, share, colours, strict=False):
            if not part > 0:
                continue
            left, wide = centre + unit * start, unit * part
            ax.add_patch(
                Rectangle((left, _middle(row) - BAR / 2), wide, BAR, facecolor=colour, edgecolor="white", linewidth=0.6)
            )
            number = f"{100 * part:.0f}"
            if wide >= _wide(number, 7) + 0.05:
                ink = "white" if _luminance(colour) < MIDDLE_GREY else "black"
                _text(ax, left + wide / 2, _middle(row), number, ha="center", color=ink, fontsize=7)
    ax.plot([centre, centre], [-ROW * len(shares), 0], color="black", linewidth=0.8, zorder=0.5)


def _luminance(colour: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _draw_means(ax: Axes, items: pd.DataFrame, analysis: ItemAnalysis, codes: list[float]) -> None:
    """Draw each item's mean and interval on its response scale."""
    low, high = analysis.bounds or (min(codes), max(codes))
    n_items = len(items)

    def at(answer: float) -> float:
        return _MEANS + MEANS * (answer - low) / (high - low)

    for code in (low, high):
        ax.plot([at(code)] * 2, [-ROW * n_items, 0], color=PALE, linewidth=0.8, zorder=0)
        _text(ax, at(code), 0.1, f"{code:g}", ha="center", color=GREY)
    for row, (n, mean, sd) in enumerate(items[["n", "mean", "sd"]].to_numpy()):
        if not n > 1:
            continue
        reach = float(stdtrit(n - 1, 0.975)) * sd / np.sqrt(n)
        y, left, right = _middle(row) - 0.08, at(max(mean - reach, low)), at(min(mean + reach, high))
        ax.add_patch(Rectangle((left, y - 0.03), right - left, 0.06, color=GREY, linewidth=0))
        ax.plot([at(mean)] * 2, [y - 0.07, y + 0.07], color="black", linewidth=1.4, solid_capstyle="butt")
        words = f"{decimal(mean)} ± {decimal(reach)}"
        room = _wide(words, 7) / 2 + 0.03
        _text(ax, np.clip(at(mean), _MEANS + room, _MEANS + MEANS - room), y + 0.17, words, ha="center", fontsize=7)
