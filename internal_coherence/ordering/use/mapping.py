"""Where the schools of a district stand along an order."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from internal_coherence.errors import DisclosureError, ModelError, listing
from internal_coherence.ordering.orders import Order, check_order
from internal_coherence.ordering.use.bars import Bar, Metric
from internal_coherence.ordering.use.stage_map_record import StageMap
from internal_coherence.ordering.use.walking import CERTAINTY, check_asked, earliest_weak_stage
from internal_coherence.ordering.use.weak_stage_record import WeakStage
from internal_coherence.profiles import Profiles


def stage_map(
    profiles: Profiles,
    order: Order,
    *,
    bar: Bar = None,
    metric: Metric = "response",
    certainty: float = CERTAINTY,
    level: float = 0.95,
    progress: bool = False,
) -> StageMap:
    """Lay the schools of a district along an order: how probably each stage is each school's earliest weak one.

    Parameters
    ----------
    profiles : Profiles
        From ``ic.profile_schools(responses, audience="district")``, or for research.
    order : Order
        For instance ``ic.load_order("elmore-boston")``.
    bar, metric, certainty, level
        As in `earliest_weak_stage`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    StageMap

    Raises
    ------
    DisclosureError
        For profiles made for schools: each of them is for its own school.
    ModelError
        For profiles of several audiences or waves, none at all, or what `earliest_weak_stage` refuses.

    Notes
    -----
    The map says where conversations might begin and how surely that is known. It is no ranking: along an order a school is
    not better for having its earliest weak stage late.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> profiles = ic.profile_schools(ic.example_responses(), audience="district")
    >>> here = ic.stage_map(profiles, ic.load_order("elmore-boston"))
    >>> here
    <StageMap along 'elmore-boston': 22 schools, 2 with an earliest weak stage, 18 with none below the bar, 2 that ...>
    >>> here.counts()[["stage", "named", "expected"]].round(2)
                       stage  named  expected
    0    leadership_practice      1      1.33
    1  structure_and_process      1      1.58
    2    collective_efficacy      0      0.63
    3    student_performance      0       NaN
    4                            18     18.46
    """
    check_asked(metric, certainty, level)
    check_order(order, "stage_map")
    if not isinstance(profiles, Profiles) or not len(profiles):
        raise ModelError(
            "stage_map takes the profiles of a district: ic.profile_schools(responses, audience='district')"
        )
    audiences, waves = ({getattr(one, name) for one in profiles.values()} for name in ("audience", "wave"))
    if "school" in audiences:
        raise DisclosureError(
            "stage_map: these profiles were made for schools, each for its own; a map of schools is for a district:"
            " profile_schools(responses, audience='district')"
        )
    if len(audiences) > 1 or len(waves) > 1:
        raise ModelError(
            f"stage_map: the profiles are for {listing(sorted(audiences))}, of waves {listing(sorted(map(str, waves)))};"
            " one map takes profiles for one audience, of one wave"
        )
    found = [
        earliest_weak_stage(one, order, bar=bar, metric=metric, certainty=certainty, level=level)
        for one in tqdm(profiles.values(), desc="schools", disable=not progress)
        if not one.withheld
    ]
    return StageMap(
        order=order.key,
        order_title=order.title,
        stages=tuple((stage.key, stage.label) for stage in order.stages),
        schools=tuple(sorted(found, key=_place)),
        withheld=tuple((one.school, one.withheld) for one in profiles.values() if one.withheld),
        audience=next(iter(audiences)),
        wave=next(iter(waves)),
    )


def _place(found: WeakStage) -> int:
    """Return the position of the most probable outcome; a school of which none is known comes last."""
    chances = np.nan_to_num([r.p_earliest for r in found.readings] + [found.p_none], nan=-1.0)
    return int(np.argmax(chances)) if chances.max() >= 0 else len(chances)
