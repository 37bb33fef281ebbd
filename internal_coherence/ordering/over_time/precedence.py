"""Which stage comes before which, when some stages are not measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from internal_coherence.errors import ModelError, listing
from internal_coherence.instrument import Instrument
from internal_coherence.ordering.orders import Order, check_order, warn_of_misspelt_scales

Kind = Literal["autoregressive", "forward", "backward", "unordered"]
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredStages:
    """The stages of an order that a survey measures.

    Parameters
    ----------
    scales : dict of str to tuple of str
        Stage to the scales that measure it, in the order of the stages.
    unmeasured : tuple of str
        Stages without a scale here.
    missing_scales : tuple of str
        Scales that the order names and the survey does not have.
    before : frozenset of (str, str)
        Pairs of measured stages of which the first comes before the second, by arrows, also over other stages.
    arrows : frozenset of (str, str)
        Those of them that no other measured stage lies between on some way of arrows.
    """

    scales: dict[str, tuple[str, ...]]
    unmeasured: tuple[str, ...]
    missing_scales: tuple[str, ...]
    before: frozenset[tuple[str, str]]
    arrows: frozenset[tuple[str, str]]

    @property
    def keys(self) -> tuple[str, ...]:
        """The measured stages, in their order."""
        return tuple(self.scales)

    def kind(self, cause: str, effect: str) -> Kind:
        """Return what a path from one stage to another is in this order."""
        if cause == effect:
            return "autoregressive"
        if (cause, effect) in self.before:
            return "forward"
        return "backward" if (effect, cause) in self.before else "unordered"

    def count(self, kind: Kind) -> int:
        """Return how many pairs of stages have paths of a kind."""
        return sum(self.kind(a, b) == kind for a in self.keys for b in self.keys)


def measured_stages(order: Order, instrument: Instrument, what: str) -> MeasuredStages:
    """Return the stages of an order that an instrument measures.

    Parameters
    ----------
    order : Order
        Stages and arrows.
    instrument : Instrument
        Whose scales are there.
    what : str
        The verb, for messages.

    Returns
    -------
    MeasuredStages

    Raises
    ------
    ModelError
        If fewer than two stages are measured, or no arrow leads from one to another; for keys that are no names.
    """
    check_order(order, what)
    here = {scale.key for scale in instrument.scales}
    warn_of_misspelt_scales(order, here, what)
    scales = {s.key: tuple(k for k in s.measured_by if k in here) for s in order.stages}
    measured = {key: found for key, found in scales.items() if found}
    unmeasured = tuple(key for key, found in scales.items() if not found)
    if len(measured) < 2:
        raise ModelError(
            f"{what}: of the stages of order {order.key!r} this survey measures {len(measured)}"
            f" ({listing(measured)}); it takes two. Without a scale: {listing(unmeasured)}"
        )
    if odd := [key for key in measured if not _NAME.fullmatch(key)]:
        raise ModelError(
            f"{what}: the stage keys {listing(odd)} must begin with a letter and have letters, digits and _ only"
        )
    before, arrows = _ways(order, frozenset(measured))
    if not before:
        raise ModelError(f"{what}: no arrow of order {order.key!r} leads from one measured stage to another")
    return MeasuredStages(
        scales=measured,
        unmeasured=unmeasured,
        missing_scales=tuple(k for s in order.stages for k in s.measured_by if k not in here),
        before=before,
        arrows=arrows,
    )


def _ways(order: Order, measured: frozenset[str]) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Return which measured stages come before which, and which do so without a measured one between."""
    effects: dict[str, list[str]] = {stage.key: [] for stage in order.stages}
    for arrow in order.arrows:
        effects[arrow.cause].append(arrow.effect)
    before: set[tuple[str, str]] = set()
    direct: set[tuple[str, str]] = set()
    for start in measured:
        for found, stops in ((before, frozenset[str]()), (direct, measured)):
            reached: set[str] = set()
            ahead = list(effects[start])
            while ahead:
                stage = ahead.pop()
                if stage not in reached:
                    reached.add(stage)
                    ahead += [] if stage in stops else effects[stage]
            found |= {(start, stage) for stage in reached & measured}
    return frozenset(before), frozenset(direct)
