"""The path diagram of a fitted model: circles for what is latent, boxes for what was observed, lines by their size."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from internal_coherence.errors import check_level
from internal_coherence.latent import SemFit
from internal_coherence.report.figures import GREY
from internal_coherence.report.path_ink import NUMBER, Ink, coefficient, colour, wide
from internal_coherence.report.path_layout import Layout, Sizes, lay_out
from internal_coherence.report.path_lines import Way, far, reached, trunks, ways
from internal_coherence.report.path_parts import Link, Parts, group_number, parts_of, refuse_unsolved
from internal_coherence.report.wording import level_text

NAME: Final = 7.0
"""Size of the variables' names, in points."""
ARCS: Final = 6
"""Covariances beyond this number are a table of numbers, not a bundle of arcs."""
CELL: Final = (0.34, 0.24)
MARGIN: Final = 0.12
MOST_WORDS: Final = 8
SHORT: Final = 13
"""Letters of a name that stays on one line."""
NARROWEST: Final = 3.4


def draw_path_diagram(
    fit: SemFit,
    ax: Axes | None = None,
    *,
    standardized: bool = True,
    group: int | str = 1,
    items: bool = True,
    numbers: bool = True,
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw a fitted model: its variables, and lines between them by the size of the estimates.

    Parameters
    ----------
    fit : SemFit
        Converged.
    ax : Axes, optional
        Where to draw; by default on a figure as large as the model needs.
    standardized : bool
        Whether the numbers are standardised estimates; lines are by standardised size in any case.
    group : int or str
        Which group, by its number from 1 or its name.
    items : bool
        Whether the factors' items are drawn; without them, the lines among factors.
    numbers : bool
        Whether estimates are written beside their lines.
    level : float
        Of the intervals: where one holds 0, the line is dashed.
    labels : mapping of str to str, optional
        What to write in place of variables' names.

    Returns
    -------
    Axes
        In inches. More than six covariances among causes are a table beside them. Variances and means are not drawn; a note
        under the diagram says so, and what else is not there.

    Raises
    ------
    ModelError
        If the fit did not converge, for a group that is not there, and for a level that is none.
    """
    g = group_number(fit, group)
    refuse_unsolved(fit, "draw_path_diagram")
    check_level(level)
    parts = parts_of(fit, g, level, standardized=standardized)
    measured = {k.target for k in parts.of("loading")}
    said = labels or {}
    item = [v for v in parts.observed if v in measured]
    names = {v: said.get(v, v) if v in item else _broken(said.get(v, v), v in parts.latent) for v in parts.variables}
    layout = lay_out(parts, _sizes(parts, names, measured), items=items)
    drawn = [k for k in parts.links if k.source in layout.spots and k.target in layout.spots]
    among = _among_causes(drawn, layout)
    table = among if len(among) > ARCS else []
    in_words = far([k for k in drawn if k not in table], layout)
    note = _note(fit, g, parts, drawn, in_words, level=level, standardized=standardized, table=bool(table))
    lines = [k for k in drawn if k not in table and k not in in_words]
    found = ways(lines, layout)
    ink = paper(ax, layout, found, _rows(table, layout), note)
    for v, spot in layout.spots.items():
        ink.spot(spot, names[v], NAME if spot.latent else NAME - 0.4)
    for ends in trunks(layout):
        ink.trunk(*ends)
    for way in found:
        ink.way(way)
        if numbers:
            ink.number(way)
    if table:
        _draw_table(ink, table, layout, names)
    return ink.ax


def _broken(name: str, latent: bool) -> str:
    """Return a name in up to three lines, broken where words end."""
    words = name.replace("_", " ")
    if len(name) <= SHORT:
        return words if latent else name
    return "\n".join(textwrap.wrap(words, max([-(-len(name) // 3), *map(len, words.split())])))


def _sizes(parts: Parts, names: Mapping[str, str], measured: Collection[str]) -> Sizes:
    """Return how large circles and boxes must be for the names in them."""

    def room(some: Iterable[str], size: float) -> tuple[float, int]:
        some = list(some)
        widest = max((wide(names[v], size) for v in some), default=0.0)
        return widest, max((names[v].count("\n") + 1 for v in some), default=1)

    circle, lines = room(parts.latent, NAME)
    box, box_lines = room((v for v in parts.observed if v not in measured), NAME - 0.4)
    item, _ = room((v for v in parts.observed if v in measured), NAME - 0.4)
    return Sizes(
        circle=(max(1.3 * circle + 0.1, 0.7), 0.27 + 0.12 * lines),
        box=(max(box + 0.16, 0.5), 0.08 + 0.115 * box_lines),
        item=(max(item + 0.12, 0.4), 0.155),
        row=0.185,
    )


def _among_causes(links: Sequence[Link], layout: Layout) -> list[Link]:
    """Return the covariances between variables that nothing in the diagram points at."""
    reached = {k.target for k in links if k.kind != "covariance"}
    free = {v for v, spot in layout.spots.items() if v not in reached and spot.side == "column"}
    return [k for k in links if k.kind == "covariance" and k.source in free and k.target in free]


def _rows(table: Sequence[Link], layout: Layout) -> list[str]:
    """Return the variables of the table from the top."""
    return sorted({v for k in table for v in (k.source, k.target)}, key=lambda v: -layout.spots[v].y)


def paper(ax: Axes | None, layout: Layout, found: Sequence[Way], rows: Sequence[str], note: str) -> Ink:
    """Return what to draw on, its limits set about all that will be there, with the note written below.

    Parameters
    ----------
    ax : Axes or None
        None for a figure as large as the diagram.
    layout : Layout
    found : sequence of Way
        The lines.
    rows : sequence of str
        Of a table to the left.
    note : str

    Returns
    -------
    Ink
    """
    spots, points = layout.spots.values(), [point for way in found for point in reached(way)]
    left, right = (pick(x for x, _ in points) if points else 0.0 for pick in (min, max))
    left, right = min([left, *(s.left for s in spots)]), max([right, *(s.right for s in spots)])
    top = max([*(s.y + s.height / 2 for s in spots), *(y for _, y in points)])
    bottom = min([*(s.y - s.height / 2 for s in spots), *(y for _, y in points)])
    left = min(left, min(s.left for s in spots) - CELL[0] * max(len(rows) - 1, 0) - 0.1)
    right = max(right, left + NARROWEST)
    letters = int((right - left) / wide("a sentence of average letters", 6.5) * 29)
    wrapped = "\n".join(textwrap.wrap(note, letters))
    foot = bottom - 0.14
    left, right, bottom, top = (
        left - MARGIN,
        right + MARGIN,
        foot - 0.115 * (wrapped.count("\n") + 1) - MARGIN,
        top + MARGIN,
    )
    if ax is None:
        ax = Figure(figsize=(right - left, top - bottom)).add_axes((0, 0, 1, 1))
    figure, there = ax.get_figure(root=True), ax.get_window_extent()
    dpi = there.width if figure is None else figure.dpi
    scale = min(there.width / dpi / (right - left), there.height / dpi / (top - bottom))
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ink = Ink(ax=ax, scale=scale)
    ink.text(left + MARGIN, foot, wrapped, 6.5, ha="left", va="top", color=GREY, linespacing=1.25)
    return ink


def _draw_table(ink: Ink, table: Sequence[Link], layout: Layout, names: Mapping[str, str]) -> None:
    """Draw covariances as cells beside the variables, a row each, the first variable's column nearest."""
    rows = _rows(table, layout)
    spots = [layout.spots[v] for v in rows]
    edge_of = min(s.left for s in spots) - 0.06
    place = {v: k for k, v in enumerate(rows)}
    step = min(a.y - b.y for a, b in pairwise(spots))
    width, height = CELL[0], min(CELL[1], step)
    for k in table:
        i, j = sorted((place[k.source], place[k.target]))
        x, y = edge_of - width * (i + 0.5), spots[j].y
        strength = 0.0 if k.unclear else min(abs(k.size), 1.0)
        fill = tuple(1 - 0.85 * strength * (1 - part) for part in to_rgb(colour(k)))
        cell = Rectangle(
            (x - width / 2, y - height / 2), width, height, facecolor=fill, edgecolor="white", linewidth=0.8
        )
        ink.ax.add_patch(cell)
        ink.text(
            x, y, coefficient(k.shown), NUMBER, color="white" if strength > 0.6 else GREY if k.unclear else "black"
        )
    for i, v in enumerate(rows[:-1]):
        x, y = edge_of - width * (i + 0.5), spots[i + 1].y + height / 2 + 0.04
        ink.text(x, y, names[v], NUMBER, va="bottom", rotation=90, color=GREY, linespacing=1.0)


def _note(
    fit: SemFit,
    group: int,
    parts: Parts,
    drawn: Sequence[Link],
    said: Sequence[Link],
    *,
    level: float,
    standardized: bool,
    table: bool,
) -> str:
    """Say what the numbers are, and what is not drawn."""
    which = "Standardised estimates" if standardized else "Estimates"
    of = f" of group {fit.groups[group - 1]}" if len(fit.groups) > 1 else ""
    sentences = [
        f"{which}{of}; the stronger a line, the larger the standardised estimate. Blue: positive, orange: negative."
    ]
    if any(k.unclear for k in drawn):
        sentences.append(f"Dashed{' or without colour' if table else ''}: the {level_text(level)} interval holds 0.")
    if table:
        what = "correlations" if standardized else "covariances"
        sentences.append(f"At the left: {what} of what nothing points at.")
    if said:
        largest = sorted(said, key=lambda k: -abs(k.size))
        words = [f"{k.source} with {k.target} {coefficient(k.shown)}" for k in largest[:MOST_WORDS]]
        rest = f", and {len(said) - MOST_WORDS} smaller" if len(said) > MOST_WORDS else ""
        sentences.append(f"Without a line: {'; '.join(words)}{rest}.")
    sentences.append(_left_out(fit, parts, drawn))
    return " ".join(sentences)


def _left_out(fit: SemFit, parts: Parts, drawn: Sequence[Link]) -> str:
    missing = ["variances"]
    if fit.table.meanstructure:
        missing.append("means and intercepts")
    if fit.auxiliary:
        missing.append("auxiliary variables")
    hidden = [k for k in parts.links if k not in drawn]
    loadings = [k.size for k in hidden if k.kind == "loading"]
    if loadings:
        reach = f"{coefficient(min(loadings))} to {coefficient(max(loadings))}"
        missing.append(f"{len(loadings)} items, standardised loadings {reach}")
    if others := len(hidden) - len(loadings):
        missing.append(f"{others} covariances of items")
    return f"Not drawn: {', '.join(missing)}."
