"""A walk along an order, laid out for a page."""

from __future__ import annotations

from dataclasses import dataclass

from internal_coherence.ordering import Order, WeakStage
from internal_coherence.report import ordering_wording as wording


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """One stage as a page draws it: positions in percent of the track's width."""

    label: str
    verdict: str
    words: str
    left: float
    width: float
    point: float
    bar: float
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order: what was concluded, what to do now and to build toward, and its stages."""

    title: str
    basis: str
    conclusion: str
    steps: tuple[tuple[str, str], ...]
    stages: tuple[StageView, ...]


def order_view(found: WeakStage, order: Order | None = None) -> OrderView:
    """Lay a walk out.

    Parameters
    ----------
    found : WeakStage
        The walk.
    order : Order, optional
        To say where it comes from.

    Returns
    -------
    OrderView
    """
    ends = [abs(v) for r in found.readings for v in (r.lower, r.upper, r.bar) if v == v]
    low, high = (0.0, 100.0) if found.metric == "response" else (-max(ends, default=1.0), max(ends, default=1.0))

    def at(value: float) -> float:
        return round(min(max(100 * (value - low) / (high - low), 0), 100), 1)

    stages = []
    for reading in found.readings:
        drawn = reading.estimate == reading.estimate
        stages.append(
            StageView(
                label=reading.label,
                verdict=reading.verdict,
                words=wording.stage_position(reading, found.metric),
                left=at(reading.lower) if drawn else 0,
                width=round(at(reading.upper) - at(reading.lower), 1) if drawn else 0,
                point=at(reading.estimate) if drawn else 0,
                bar=at(reading.bar) if drawn else 0,
                drawn=drawn,
            )
        )
    return OrderView(
        title=found.order_title,
        basis=wording.order_basis(order) if order else "",
        conclusion=wording.stage_conclusion(found),
        steps=tuple(wording.do_now(found)),
        stages=tuple(stages),
    )
