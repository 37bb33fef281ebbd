"""The bar that a stage is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.ordering.orders import Order
from internal_coherence.profiles.parts import Estimate

Metric = Literal["response", "relative"]
METRICS: Final[tuple[str, ...]] = get_args(Metric)
Bar = float | Mapping[str, float] | None


def bars_of(bar: Bar, metric: Metric, order: Order, known: Mapping[str, Estimate]) -> dict[str, float]:
    """Return the bar of each scale.

    Parameters
    ----------
    bar : float or mapping, optional
        As the user gave it.
    metric : {"response", "relative"}
        What it is in.
    order : Order
        Whose scales are judged.
    known : mapping
        Scale key to estimate, of the scales that the profile has.

    Returns
    -------
    dict
        Scale key to bar: in percent of the scale's response range, or in SDs from the reference mean.

    Raises
    ------
    ModelError
        For a bar outside of the response format, for scales that are not there, or not for each that is.
    """
    scales = [scale for stage in order.stages for scale in stage.measured_by if scale in known]
    if metric == "relative":
        if isinstance(bar, Mapping):
            raise ModelError("a relative bar is one number, in SDs from the reference mean")
        return dict.fromkeys(scales, 0.0 if bar is None else float(bar))
    if isinstance(bar, Mapping):
        for key in bar:
            if key not in scales:
                raise ModelError(f"bar: {key!r} is not a scale of this order and profile{closest(key, scales)}")
        if missing := [scale for scale in scales if scale not in bar]:
            raise ModelError(f"bar: no point given for scale {listing(missing)}")
    elif bar is not None and len({(known[s].low, known[s].high) for s in scales}) > 1:
        raise ModelError(
            "the scales have different response formats, so one bar can't serve all; give a mapping by scale key"
        )
    percent = {}
    for scale in scales:
        low, high = known[scale].low, known[scale].high
        point = (low + high) / 2 if bar is None else bar[scale] if isinstance(bar, Mapping) else bar
        if not low <= point <= high:
            raise ModelError(f"bar {point:g} for scale {scale!r} lies outside its response format {low:g}–{high:g}")
        percent[scale] = 100 * (point - low) / (high - low)
    return percent
