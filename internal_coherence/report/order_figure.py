"""Orders drawn: stages from left to right, and what their arrows come to."""

from __future__ import annotations

import textwrap
from math import isnan
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from internal_coherence.ordering import LevelResult, Order, OrderingResult
from internal_coherence.report.path_diagram import paper
from internal_coherence.report.path_ink import DASHES, INK, Ink, wide
from internal_coherence.report.path_layers import layered
from internal_coherence.report.path_layout import Layout, Spot
from internal_coherence.report.path_lines import ways
from internal_coherence.report.path_parts import Link
from internal_coherence.report.wording import decimal, level_text

SIZE: Final = 7.5
LINE: Final = 18
"""Letters to a line of a stage's name, where words allow."""


def draw_order(
    order: Order, ax: Axes | None = None, *, result: OrderingResult | None = None, at: str | None = None
) -> Axes:
    """Draw an order of stages, with the estimates of its arrows where it was tested.

    Parameters
    ----------
    order : Order
    ax : Axes, optional
        Where to draw; by default on a figure as large as the order needs.
    result : OrderingResult, optional
        Of this order.
    at : {"within", "between"}, optional
        Of the estimates; by default the first that was looked at.

    Returns
    -------
    Axes
        In inches.
    """
    part = None if result is None else result.levels[0] if at is None else result.at(at)
    names = {stage.key: _broken(stage.label or stage.key) for stage in order.stages}
    links = _links(order, part)
    layout = _layout(names, [(link.source, link.target) for link in links])
    found = ways(links, layout)
    ink = paper(ax, layout, found, [], _note(order, result, part))
    unseen = order.unmeasured if part is None else tuple(k for k in names if k not in part.covariance.stages)
    for key, spot in layout.spots.items():
        _box(ink, spot, names[key], dashed=key in unseen)
    for way in found:
        ink.way(way)
        if part is not None and not isnan(way.link.shown):
            ink.number(way)
    return ink.ax


def _broken(label: str) -> str:
    """Return a label in lines, broken where words end."""
    return "\n".join(textwrap.wrap(label.replace("_", " "), LINE, break_long_words=False))


def _links(order: Order, at: LevelResult | None) -> list[Link]:
    """Return the arrows; dashed where they are inferred or, once tested, where the interval of the estimate holds 0."""
    if at is None:
        return [_arrow(a.cause, a.effect, 0.25, unclear=a.basis == "inference") for a in order.arrows]
    direct = at.effects[at.effects["kind"] == "direct"]
    drawn = [(a.cause, a.effect) for a in order.arrows if not {a.cause, a.effect} <= set(at.covariance.stages)]
    found = [_arrow(a, b, 0.1, unclear=True) for a, b in drawn]
    columns = (direct[name].tolist() for name in ("cause", "effect", "estimate", "ci_lower", "ci_upper"))
    for cause, effect, estimate, lower, upper in zip(*columns, strict=True):
        found.append(_arrow(cause, effect, estimate, unclear=lower <= 0 <= upper, shown=estimate))
    return found


def _arrow(cause: str, effect: str, size: float, *, unclear: bool, shown: float = float("nan")) -> Link:
    return Link(source=cause, target=effect, kind="path", shown=shown, size=size, unclear=unclear)


def _layout(names: dict[str, str], arrows: list[tuple[str, str]]) -> Layout:
    width = max(wide(words, SIZE) for words in names.values()) + 0.2
    heights = [0.16 + 0.135 * (words.count("\n") + 1) for words in names.values()]
    placed = layered(list(names), arrows, heights, [0.0] * len(names), width + 0.75)
    spots = {
        key: Spot(x=x, y=y, width=width, height=height, latent=False)
        for (key, (x, y)), height in zip(placed.at.items(), heights, strict=True)
    }
    return Layout(spots=spots, owner={}, bends=placed.bends, measures_only=False)


def _box(ink: Ink, spot: Spot, words: str, *, dashed: bool) -> None:
    corner = (spot.left, spot.y - spot.height / 2)
    style = DASHES if dashed else "solid"
    ink.ax.add_patch(
        Rectangle(
            corner,
            spot.width,
            spot.height,
            facecolor="white",
            edgecolor=INK,
            linewidth=0.9 * ink.scale,
            linestyle=style,
            zorder=4,
        )
    )
    ink.text(spot.x, spot.y, words, SIZE, linespacing=1.0)
    ink.taken.append((spot.left, spot.right, corner[1], spot.y + spot.height / 2))


def _note(order: Order, result: OrderingResult | None, at: LevelResult | None) -> str:
    """Say what is dashed, and what numbers are."""
    provisional = f"{order.title}. A provisional order, not a tested law." if order.provisional else f"{order.title}."
    if result is None or at is None:
        return f"{provisional} Dashed boxes: nothing in the survey measures the stage. Dashed arrows: inferred."
    joint = f" (joint p {decimal(at.joint.pvalue, 3)})" if not isnan(at.joint.pvalue) else ""
    return (
        f"{provisional} {at.level.capitalize()} schools: associations in standard deviations, given the other stages with an arrow to"
        f" the same stage; they would be effects only if the order were right. Dashed arrow: its {level_text(result.level)}"
        f" interval holds 0. Dashed box: not measured. The order's implications are {verdict_in_words(at.verdict)}"
        f"{joint}."
    )


def verdict_in_words(verdict: str) -> str:
    """Return a verdict as the end of "the order's implications are …".

    Parameters
    ----------
    verdict : {"contradicted", "compatible", "cannot tell", "untestable"}

    Returns
    -------
    str
    """
    return {
        "contradicted": "contradicted by these data",
        "compatible": "compatible with these data, which could have contradicted them",
        "cannot tell": "neither contradicted nor supported: these data can't tell",
        "untestable": "none, so that no data could contradict it",
    }[verdict]
