"""Why each school's mean may not be shown: the gates, applied to answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.grouping import Groups, SchoolMoments
from internal_coherence.moments.spread import SchoolSpread
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.reasons import ANSWERS_ALIKE
from internal_coherence.schools.response_rates import response_rates

Array = NDArray[np.float64]


def withheld_reasons(
    responses: Responses, scores: Array, groups: Groups, moments: SchoolMoments | SchoolSpread, gates: Gates
) -> NDArray[np.object_]:
    """Return why each school's mean on each scale may not be shown.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    scores : (n, q) array
        Teachers' scores on the response scale.
    groups, moments : Groups, SchoolMoments or SchoolSpread
        Of the scores.
    gates : Gates
        What must hold.

    Returns
    -------
    (J, q) array of str
        Empty where the mean may be shown.
    """
    scales = responses.instrument.scales
    low, high = (np.array([getattr(scale, end) for scale in scales]) for end in ("low", "high"))
    apart = [moments.size - groups.sums((scores == end).astype(np.float64)) for end in (low, high)]
    alike = (np.minimum(*apart) < gates.min_cell) | (moments.sum_of_squares < 1e-12 * moments.size)
    reasons: NDArray[np.object_] = np.where(alike, ANSWERS_ALIKE, "").astype(object)
    few = gates.reason_to_withhold(0)
    reasons[moments.size < gates.min_teachers] = few
    for j, reason in enumerate(school_reasons(responses, gates)):
        if reason:
            reasons[j] = reason
    return reasons


def school_reasons(responses: Responses, gates: Gates) -> list[str]:
    """Return why each school, in order, may not be reported at all; empty where it may.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    gates : Gates
        What must hold.

    Returns
    -------
    list of str
    """
    rates = response_rates(responses)
    known = rates["response_rate"].notna()
    return [
        gates.reason_to_withhold(int(n), float(rate) if on else None, on_roster=responses.roster is None or bool(on))
        for n, rate, on in zip(rates["n"], rates["response_rate"], known, strict=True)
    ]
