"""Where the variables of a model stand in a path diagram, in inches; nothing is drawn here.

A model that only measures is a column of items, in blocks, with the factors to their left; factors of factors stand further
left, and factors whose items all have another one (a general factor, a method factor) to the right. A model with
regressions runs from left to right, causes before effects, each factor's items stacked below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from internal_coherence.report.path_layers import layered, stacked
from internal_coherence.report.path_parts import Parts

BLOCK: Final = 0.15
"""Between the items of one factor and the next."""
FAN: Final = 1.35
"""From a factor to its items, or to the factors below it."""
REACH: Final = 0.95
"""From one layer of causes and effects to the next."""
SPINE: Final = 0.16
"""How far left of stacked items the line stands from which they branch."""
ROOM: Final = 0.28
"""For the loading that stands in the box of a stacked item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one variable stands: its middle, and its size.

    Parameters
    ----------
    x, y : float
        The middle; y grows upwards.
    width, height : float
        Of the circle or box.
    latent : bool
        A circle rather than a box.
    side : {"column", "items", "right", "stack"}
        In a column of the model, of items, or to the right of these; or in the stack below its factor.
    """

    x: float
    y: float
    width: float
    height: float
    latent: bool
    side: str = "column"

    @property
    def left(self) -> float:
        """Of the left edge."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """Of the right edge."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large things are, in inches.

    Parameters
    ----------
    circle, box : (float, float)
        Width and height of a latent and of an observed variable among causes and effects.
    item : (float, float)
        Of an item in a column or a stack.
    row : float
        From one item to the next.
    """

    circle: tuple[float, float]
    box: tuple[float, float]
    item: tuple[float, float]
    row: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A model laid out.

    Parameters
    ----------
    spots : mapping of str to Spot
        Every variable that is drawn.
    owner : mapping of str to str
        Each item's own factor, whose block it stands in.
    bends : mapping of (str, str) to sequence of (float, float)
        Points through which a path goes from a cause to an effect that is further than the next layer.
    measures_only : bool
        Whether the model has items in one column and no regressions.
    """

    spots: Mapping[str, Spot]
    owner: Mapping[str, str]
    bends: Mapping[tuple[str, str], Sequence[tuple[float, float]]]
    measures_only: bool


def lay_out(parts: Parts, sizes: Sizes, *, items: bool) -> Layout:
    """Return where everything stands.

    Parameters
    ----------
    parts : Parts
        The model of one group.
    sizes : Sizes
        Of what is drawn.
    items : bool
        Whether items are drawn at all.

    Returns
    -------
    Layout
    """
    if parts.of("path") or not items:
        return _causes(parts, sizes, items=items)
    return _measurement(parts, sizes)


def beside(indicators: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the factors that all others could do without: every item of theirs has another factor.

    Parameters
    ----------
    indicators : mapping of str to sequence of str
        Each factor's observed items.

    Returns
    -------
    list of str
        General factors and factors of methods. Of those that could go, the one that meets the most others goes first, the
        last written of them, until none can.
    """
    left = {f: set(own) for f, own in indicators.items() if own}
    gone: list[str] = []
    while True:
        meets = {
            f: sum(bool(own & other) for g, other in left.items() if g != f)
            for f, own in left.items()
            if own <= set().union(*(other for g, other in left.items() if g != f))
        }
        if not meets:
            return gone
        most = max(meets.values())
        last = [f for f, count in meets.items() if count == most][-1]
        gone.append(last)
        del left[last]


def owners(parts: Parts, apart: Sequence[str] = ()) -> dict[str, str]:
    """Return in which factor's block each item stands: that on which it loads highest.

    Parameters
    ----------
    parts : Parts
    apart : sequence of str
        Factors that own no items.

    Returns
    -------
    dict of str to str
    """
    found: dict[str, tuple[float, str]] = {}
    for link in parts.of("loading"):
        if link.source not in apart and link.target in parts.observed:
            best = found.get(link.target)
            if best is None or abs(link.size) > best[0] + 1e-9:
                found[link.target] = (abs(link.size), link.source)
    return {item: factor for item, (_, factor) in found.items()}


def _measurement(parts: Parts, sizes: Sizes) -> Layout:
    """Lay out a model without regressions."""
    below = {f: [k.target for k in parts.of("loading") if k.source == f] for f in parts.latent}
    apart = beside({f: [v for v in own if v in parts.observed] for f, own in below.items()})
    own = owners(parts, apart)
    level = _levels(below)
    blocks = _blocks(parts, below, own, [f for f in parts.latent if f not in apart])
    spots = _column_of_items(blocks, sizes)
    (cw, ch), bw = sizes.circle, sizes.item[0]
    for depth in range(max(level.values(), default=0) + 1):
        wished = {f: _middle(f, below, spots, own) for f in parts.latent if level[f] == depth and f not in apart}
        x = -FAN - cw / 2 - depth * (FAN + cw)
        for f, y in _in_a_column(wished, ch + 0.06):
            spots[f] = Spot(x=x, y=y, width=cw, height=ch, latent=True)
    reach = {f: [spots[v].y for v in below[f] if v in spots] for f in apart}
    for f, y in _in_a_column({f: sum(ys) / len(ys) for f, ys in reach.items()}, ch + 0.1):
        x = bw + min(max(0.28 * (max(reach[f]) - min(reach[f])), FAN), 2.3 if len(reach[f]) > 8 else 1.6) + cw / 2
        spots[f] = Spot(x=x, y=y, width=cw, height=ch, latent=True, side="right")
    return Layout(spots=spots, owner=own, bends={}, measures_only=True)


def _in_a_column(wished: Mapping[str, float], height: float) -> Iterator[tuple[str, float]]:
    """Yield factors from the top, and their heights, none upon another."""
    order = sorted(wished, key=lambda f: -wished[f])
    return zip(order, stacked([wished[f] for f in order], [height] * len(order)), strict=True)


def _levels(below: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many factors stand between each and its items."""
    level = dict.fromkeys(below, 0)
    for _ in below:
        level = {f: max([level[v] + 1 for v in own if v in level], default=0) for f, own in below.items()}
    return {f: min(depth, len(below)) for f, depth in level.items()}


def _blocks(
    parts: Parts, below: Mapping[str, Sequence[str]], own: Mapping[str, str], factors: Sequence[str]
) -> list[list[str]]:
    """Return the items of every factor, factors of one higher factor together; and observed variables of none."""
    order: dict[str, None] = {}

    def visit(f: str) -> None:
        for v in below[f]:
            if v in below and v not in order:
                visit(v)
        order.setdefault(f)

    measured = {v for f in factors for v in below[f]}
    for f in [*(f for f in factors if f not in measured), *factors]:
        if f not in order:
            visit(f)
    found = [[v for v in below[f] if own.get(v) == f] for f in order if f in factors]
    alone = [[v] for v in parts.observed if v not in own]
    return [block for block in found if block] + alone


def _column_of_items(blocks: Sequence[Sequence[str]], sizes: Sizes) -> dict[str, Spot]:
    spots, y = {}, 0.0
    width, height = sizes.item
    for block in blocks:
        spare = max(sizes.circle[1] - sizes.row * len(block), 0.0) / 2
        y -= spare
        for item in block:
            spots[item] = Spot(x=width / 2, y=y - sizes.row / 2, width=width, height=height, latent=False, side="items")
            y -= sizes.row
        y -= spare + BLOCK
    return spots


def _middle(
    factor: str, below: Mapping[str, Sequence[str]], spots: Mapping[str, Spot], own: Mapping[str, str]
) -> float:
    at = [spots[v].y for v in below[factor] if v in spots and own.get(v, factor) == factor]
    at = at or [spots[v].y for v in below[factor] if v in spots] or [0.0]
    return sum(at) / len(at)


def _causes(parts: Parts, sizes: Sizes, *, items: bool) -> Layout:
    """Lay out a model with regressions: causes to the left of their effects, items below their factors."""
    linked = {v for k in parts.of("path") for v in (k.source, k.target)}
    own = {v: f for v, f in owners(parts).items() if v not in linked}
    stack = {f: [v for v in parts.observed if own.get(v) == f] if items else [] for f in parts.latent}
    nodes = [v for v in (*parts.latent, *parts.observed) if v not in own]
    arrows = [(k.source, k.target) for k in parts.of("path", "loading") if k.source in nodes and k.target in nodes]
    (cw, ch), (bw, bh), iw = sizes.circle, sizes.box, sizes.item[0] + ROOM
    head = {v: ch if v in parts.latent else bh for v in nodes}
    foot = {v: sizes.row * len(stack.get(v, ())) + (0.06 if stack.get(v) else 0.0) for v in nodes}
    widths = [cw if v in parts.latent else bw for v in nodes]
    widths += [0.24 + SPINE + iw] * any(stack.values())
    placed = layered(nodes, arrows, [head[v] for v in nodes], [foot[v] for v in nodes], max(widths) + REACH)
    spots = {}
    for v, (x, y) in placed.at.items():
        latent = v in parts.latent
        spots[v] = Spot(x=x, y=y, width=cw if latent else bw, height=head[v], latent=latent)
        top = y - head[v] / 2 - 0.06
        for k, item in enumerate(stack.get(v, ())):
            spots[item] = Spot(
                x=x - cw / 2 + 0.12 + SPINE + iw / 2,
                y=top - sizes.row * (k + 0.5),
                width=iw,
                height=sizes.item[1],
                latent=False,
                side="stack",
            )
    return Layout(spots=spots, owner=own, bends=placed.bends, measures_only=False)
