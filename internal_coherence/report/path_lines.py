"""Which way each line of a path diagram goes, and where its number stands; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Final

from internal_coherence.report.path_curves import Point, arc, bowed, edge, point_on, port, straight
from internal_coherence.report.path_layout import SPINE, Layout, Spot
from internal_coherence.report.path_parts import Link

PORTS: Final = 0.55
"""How far up and down a side arrows are spread, in halves of its height."""
ALONG: Final = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78)
"""Where a number may stand on its line, the best first."""
STEEP: Final = 1.2
"""How steep a loading may be before it is bent, so as to arrive level."""
NEAR: Final = 0.3
"""What is joined by an arc within this height has its number beside the arc, not on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way of one line.

    Parameters
    ----------
    link : Link
        What it stands for.
    points : tuple of (float, float)
        The start, and for each cubic piece its two handles and its end.
    spots : tuple of (float, float)
        Where its number may stand, the best first.
    """

    link: Link
    points: tuple[Point, ...]
    spots: tuple[Point, ...]


def ways(links: Sequence[Link], layout: Layout) -> list[Way]:
    """Return the way of every line.

    Parameters
    ----------
    links : sequence of Link
        Between variables that are laid out.
    layout : Layout

    Returns
    -------
    list of Way
    """
    ports = _ports([k for k in links if _is_path(k, layout)], layout)
    found = []
    for k in links:
        a, b = layout.spots[k.source], layout.spots[k.target]
        if k.kind == "covariance":
            found.append(_covariance(k, a, b, layout))
        elif _is_path(k, layout):
            start, end = ports[k.source, k.target]
            bends = layout.bends.get((k.source, k.target), ())
            points = arc(start, end, 0.5) if a.x == b.x else bowed([start, *bends, end])
            found.append(Way(link=k, points=points, spots=tuple(point_on(points, t) for t in ALONG)))
        elif b.side == "stack" and layout.owner.get(k.target) == k.source:
            points = straight((b.left - SPINE, b.y), (b.left, b.y))
            found.append(Way(link=k, points=points, spots=((b.right - 0.15, b.y),)))
        else:
            found.append(_loading(k, a, b))
    return found


def trunks(layout: Layout) -> Iterator[tuple[Point, Point]]:
    """Yield, for every factor with a stack of items, the line from which they branch.

    Parameters
    ----------
    layout : Layout

    Yields
    ------
    (float, float), (float, float)
        Its upper and lower end.
    """
    lowest: dict[str, Spot] = {}
    for item, factor in layout.owner.items():
        spot = layout.spots.get(item)
        if spot is not None and spot.side == "stack" and (factor not in lowest or spot.y < lowest[factor].y):
            lowest[factor] = spot
    for factor, spot in lowest.items():
        at, x = layout.spots[factor], spot.left - SPINE
        across = min(abs(x - at.x) / (at.width / 2), 1.0)
        yield (x, at.y - at.height / 2 * sqrt(1 - across**2)), (x, spot.y)


def far(links: Sequence[Link], layout: Layout) -> list[Link]:
    """Return covariances whose line would run across the whole diagram.

    Parameters
    ----------
    links : sequence of Link
    layout : Layout

    Returns
    -------
    list of Link
    """
    stacks = sorted({s.x for s in layout.spots.values() if s.side == "stack"})
    step = min((b - a for a, b in pairwise(stacks)), default=0.0)
    found = []
    for k in links:
        a, b = layout.spots[k.source], layout.spots[k.target]
        apart = a.side == b.side == "stack" and abs(a.x - b.x) > step + 0.01
        mixed = {a.side, b.side} & {"items", "stack"} and a.side != b.side
        if k.kind == "covariance" and ("right" in (a.side, b.side) or mixed or apart):
            found.append(k)
    return found


def reached(way: Way) -> list[Point]:
    """Return points all along a line, and where its number stands, so that they have room.

    Parameters
    ----------
    way : Way

    Returns
    -------
    list of (float, float)
    """
    x, y = way.spots[0]
    return [*(point_on(way.points, t / 20) for t in range(21)), (x - 0.15, y), (x + 0.15, y)]


def _is_path(k: Link, layout: Layout) -> bool:
    """Return whether a line is an arrow between columns of a model that runs from left to right."""
    if k.kind == "path":
        return True
    return k.kind == "loading" and not layout.measures_only and layout.spots[k.target].side == "column"


def _ports(links: Sequence[Link], layout: Layout) -> dict[tuple[str, str], tuple[Point, Point]]:
    """Return where each arrow starts and ends: several on one side of a variable stand above each other."""
    ends: dict[tuple[str, int], list[tuple[float, int, int]]] = {}
    for n, k in enumerate(links):
        a, b = layout.spots[k.source], layout.spots[k.target]
        way = [(a.x, a.y), *layout.bends.get((k.source, k.target), ()), (b.x, b.y)]
        forwards = -1 if b.x < a.x else 1
        ends.setdefault((k.source, forwards), []).append((way[1][1], n, 0))
        ends.setdefault((k.target, forwards if a.x == b.x else -forwards), []).append((way[-2][1], n, 1))
    found: dict[tuple[int, int], Point] = {}
    for (name, side), several in ends.items():
        for place, (_, n, which) in enumerate(sorted(several)):
            up = 0.0 if len(several) == 1 else PORTS * (2 * place / (len(several) - 1) - 1)
            found[n, which] = port(layout.spots[name], side, up)
    return {(k.source, k.target): (found[n, 0], found[n, 1]) for n, k in enumerate(links)}


def _loading(k: Link, factor: Spot, item: Spot) -> Way:
    """Return the way of a loading to an item, or a factor, beside its factor; its number stands before its end."""
    side = 1 if factor.x > item.x else -1
    end = port(item, side, 0.0)
    start = edge(factor, end)
    steep = abs(end[1] - start[1]) > STEEP * abs(end[0] - start[0])
    if (
        factor.side == "right" or steep
    ):  # from far above or below: it arrives level, so that its number stands by its item
        bend = (end[0] + 0.9 * side, end[1] + 0.12 * (start[1] - end[1]))
        bent = (start, bend, (end[0] + 0.75 * side, end[1]), end)
        return Way(link=k, points=bent, spots=tuple((end[0] + side * x, end[1]) for x in (0.25, 0.5, 0.75)))
    points = straight(start, end)
    last = 1 - 0.27 / max(abs(start[0] - end[0]), 1e-9)
    return Way(link=k, points=points, spots=tuple(point_on(points, max(last - t, 0.4)) for t in (0.0, 0.15, 0.3, 0.45)))


def _covariance(k: Link, a: Spot, b: Spot, layout: Layout) -> Way:
    if a.x != b.x and not (layout.measures_only and a.latent and b.latent):
        left, right = sorted((a, b), key=lambda s: s.x)
        start, end = (left.right, left.y), (right.left - SPINE - 0.03, right.y)
        if "stack" not in (a.side, b.side):
            start, end = edge(left, (right.x, right.y)), edge(right, (left.x, left.y))
        points = straight(start, end)
        return Way(link=k, points=points, spots=tuple(point_on(points, t) for t in ALONG))
    side = 1 if a.side in ("items", "stack") or (not layout.measures_only and a.x > 0) else -1
    start, end = port(a, side, 0.0), port(b, side, 0.0)
    height = abs(start[1] - end[1])
    beside = [s.right for s in layout.spots.values() if s.side == "stack" and a.side == "column" and _hangs(s, a, b)]
    beyond = max([0.0, *(right - start[0] for right in beside)]) if side > 0 else 0.0
    points = arc(start, end, side * (min(0.25 + 0.15 * height, 1.15) + 1.4 * beyond))
    spots = tuple(point_on(points, t) for t in ALONG)
    if height < NEAR:
        spots = ((spots[0][0] + side * 0.14, spots[0][1]), *spots)
    return Way(link=k, points=points, spots=spots)


def _hangs(item: Spot, a: Spot, b: Spot) -> bool:
    """Return whether an item stands between two factors of one layer."""
    return abs(item.x - a.x) < item.width and min(a.y, b.y) < item.y < max(a.y, b.y)
