"""Circles, boxes, arrows and numbers of a path diagram, in inches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, FancyArrowPatch, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from internal_coherence.report.figures import BLUE, ORANGE
from internal_coherence.report.path_curves import Point
from internal_coherence.report.path_layout import Spot
from internal_coherence.report.path_lines import Way
from internal_coherence.report.path_parts import Link
from internal_coherence.report.wording import decimal

NUMBER: Final = 6.3
"""Size of the numbers, in points."""
INK: Final = "#222222"
DASHES: Final = (0, (2.2, 1.4))


def coefficient(value: float, digits: int = 2) -> str:
    """Return an estimate as models are labelled, without the zero before the point.

    Parameters
    ----------
    value : float
    digits : int
        After the point.

    Returns
    -------
    str
    """
    text = decimal(value, digits)
    text = text.lstrip("−") if not text.strip("−0.") else text  # what is rounded to 0 has no sign
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def wide(words: str, size: float) -> float:
    """Return how wide the widest line of some words is, in inches.

    Parameters
    ----------
    words : str
        One line or several.
    size : float
        In points.

    Returns
    -------
    float
    """
    lines = [line for line in words.splitlines() if line.strip()]
    return max((float(TextPath((0, 0), line, size=size).get_extents().width) / 72 for line in lines), default=0.0)


def colour(link: Link) -> str:
    """Return the colour of a line: of positive or of negative estimates.

    Parameters
    ----------
    link : Link

    Returns
    -------
    str
    """
    return ORANGE if link.size < 0 else BLUE


@dataclass(slots=True, kw_only=True)
class Ink:
    """What draws on one plot, and remembers where there is something already.

    Parameters
    ----------
    ax : Axes
        Where.
    scale : float
        By which letters and lines shrink where the plot is smaller than the diagram.
    """

    ax: Axes
    scale: float
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, size: float, **style: Any) -> None:
        """Write, centred unless told otherwise."""
        style = {"ha": "center", "va": "center", "color": INK, "zorder": 6, "parse_math": False, **style}
        self.ax.text(x, y, words, fontsize=size * self.scale, **style)

    def spot(self, spot: Spot, words: str, size: float) -> None:
        """Draw a circle or box with its name; beside an item in a stack there is room for its loading."""
        look: dict[str, Any] = {"facecolor": "white", "edgecolor": INK, "linewidth": 0.9 * self.scale, "zorder": 4}
        corner = (spot.left, spot.y - spot.height / 2)
        if spot.latent:
            self.ax.add_patch(Ellipse((spot.x, spot.y), spot.width, spot.height, **look))
        else:
            self.ax.add_patch(Rectangle(corner, spot.width, spot.height, **look))
        if spot.side == "stack":
            self.text(spot.left + 0.05, spot.y, words, size, ha="left")
        else:
            self.text(spot.x, spot.y, words, size, linespacing=1.0)
        self.taken.append((spot.left, spot.right, corner[1], spot.y + spot.height / 2))

    def way(self, way: Way) -> None:
        """Draw a line with its arrowheads, as thick and strong as its size."""
        link, size = way.link, min(abs(way.link.size), 1.0)
        codes = [Path.MOVETO] + [Path.CURVE4] * (len(way.points) - 1)
        arrow = FancyArrowPatch(
            path=Path(way.points, codes),
            arrowstyle="<|-|>" if link.kind == "covariance" else "-|>",
            mutation_scale=(4.5 + 3 * size) * self.scale,
            linewidth=(0.55 + 1.8 * size) * self.scale,
            linestyle=DASHES if link.unclear else "solid",
            color=colour(link),
            alpha=0.5 + 0.45 * size,
            zorder=2,
            joinstyle="miter",
            gid=f"{link.source} {link.kind} {link.target}",
        )
        self.ax.add_patch(arrow)

    def number(self, way: Way) -> None:
        """Write an estimate where its line has room for it; if there is none, at the best place all the same."""
        words = coefficient(way.link.shown)
        half = wide(words, NUMBER) / 2 + 0.02
        boxes = [(x - half, x + half, y - 0.05, y + 0.05) for x, y in way.spots]
        free = next((k for k, box in enumerate(boxes) if not any(_meet(box, other) for other in self.taken)), 0)
        self.taken.append(boxes[free])
        back = {"facecolor": "white", "edgecolor": "none", "pad": 0.4 * self.scale}
        self.text(*way.spots[free], words, NUMBER, bbox=back)

    def trunk(self, start: Point, end: Point) -> None:
        """Draw the line from which the items of a stack branch."""
        self.ax.plot([start[0], end[0]], [start[1], end[1]], color=INK, linewidth=0.7 * self.scale, zorder=1.5)


def _meet(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
