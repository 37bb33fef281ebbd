"""Lines between circles and boxes, as cubic pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot, sqrt

from internal_coherence.report.path_layout import Spot

Point = tuple[float, float]


def edge(spot: Spot, towards: Point) -> Point:
    """Return where a line from the middle of a circle or box to a point leaves it.

    Parameters
    ----------
    spot : Spot
    towards : (float, float)

    Returns
    -------
    (float, float)
    """
    dx, dy = towards[0] - spot.x, towards[1] - spot.y
    if dx == dy == 0:
        return spot.x, spot.y
    across, along = dx / (spot.width / 2), dy / (spot.height / 2)
    share = 1 / (hypot(across, along) if spot.latent else max(abs(across), abs(along)))
    return spot.x + share * dx, spot.y + share * dy


def port(spot: Spot, side: int, up: float) -> Point:
    """Return a point on one side of a circle or box.

    Parameters
    ----------
    spot : Spot
    side : {-1, 1}
        Left or right.
    up : float
        How far above its middle, in halves of its height.

    Returns
    -------
    (float, float)
    """
    reach = sqrt(max(1 - up**2, 0.0)) if spot.latent else 1.0
    return spot.x + side * reach * spot.width / 2, spot.y + up * spot.height / 2


def straight(start: Point, end: Point) -> tuple[Point, ...]:
    """Return a straight line as a cubic piece.

    Parameters
    ----------
    start, end : (float, float)

    Returns
    -------
    tuple of (float, float)
    """
    x, y = (end[0] - start[0]) / 3, (end[1] - start[1]) / 3
    return start, (start[0] + x, start[1] + y), (end[0] - x, end[1] - y), end


def bowed(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return a curve through points, level at its ends, and as steep between as from the point before to the one after.

    Parameters
    ----------
    points : sequence of (float, float)
        Two or more.

    Returns
    -------
    tuple of (float, float)
    """
    slopes = [0.0] * len(points)
    for n in range(1, len(points) - 1):
        (x0, y0), (x1, y1) = points[n - 1], points[n + 1]
        slopes[n] = (y1 - y0) / (x1 - x0) if x1 != x0 else 0.0
    found = [points[0]]
    for n, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        h = 0.42 * (x1 - x0)
        found += [(x0 + h, y0 + h * slopes[n]), (x1 - h, y1 - h * slopes[n + 1]), (x1, y1)]
    return tuple(found)


def arc(start: Point, end: Point, bulge: float) -> tuple[Point, ...]:
    """Return a curve between points that goes out to one side.

    Parameters
    ----------
    start, end : (float, float)
    bulge : float
        How far its handles go beyond the further of the two; negative to the left.

    Returns
    -------
    tuple of (float, float)
    """
    x = (min if bulge < 0 else max)(start[0], end[0]) + bulge
    return start, (x, start[1]), (x, end[1]), end


def point_on(points: Sequence[Point], share: float) -> Point:
    """Return the point at a share of a curve's pieces.

    Parameters
    ----------
    points : sequence of (float, float)
        Of cubic pieces, as in `Way`.
    share : float
        0 at its start, 1 at its end.

    Returns
    -------
    (float, float)
    """
    pieces = (len(points) - 1) // 3
    k = min(int(share * pieces), pieces - 1)
    t = share * pieces - k
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    four = points[3 * k : 3 * k + 4]
    return (
        sum(w * x for w, (x, _) in zip(weights, four, strict=True)),
        sum(w * y for w, (_, y) in zip(weights, four, strict=True)),
    )
