"""Why each school's mean may not be shown: the gates, applied to answers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.moments.grouping import Groups, SchoolMoments
from internal_coherence.moments.spread import SchoolSpread
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.reasons import ANSWERS_ALIKE
from internal_coherence.schools.response_rates import response_rates

Array = NDArray[np.float64]
KNOWN_WITHIN: Final = 1.0
"""Scale points: who can't be further than this from the end of the scale is known to stand there."""


def withheld_reasons(
    responses: Responses, scores: Array, groups: Groups, spread: SchoolMoments | SchoolSpread, gates: Gates
) -> NDArray[np.object_]:
    """Return why each school's mean on each scale may not be shown.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    scores : (n, q) array
        Teachers' scores on the response scale.
    groups, spread : Groups, SchoolSpread or SchoolMoments
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
    reasons = cell_reasons(scores, groups, spread, low, high, gates)
    for j, reason in enumerate(school_reasons(responses, gates)):
        if reason:
            reasons[j] = reason
    return reasons


def cell_reasons(
    X: Array, groups: Groups, spread: SchoolMoments | SchoolSpread, low: Array, high: Array, gates: Gates
) -> NDArray[np.object_]:
    """Return why the mean of each group of teachers on each variable may not be shown, whatever its school.

    Parameters
    ----------
    X : (n, q) array
        One row a teacher; NaN is missing.
    groups, spread : Groups, SchoolSpread or SchoolMoments
        Of the n rows: schools, or groups within them.
    low, high : (q,) array
        The ends of each variable.
    gates : Gates
        What must hold.

    Returns
    -------
    (J, q) array of str
        Empty where it may be shown.
    """
    alike = too_alike(X, groups, spread, low, high, gates)
    reasons: NDArray[np.object_] = np.where(alike, ANSWERS_ALIKE, "").astype(object)
    reasons[spread.size < gates.min_teachers] = gates.reason_to_withhold(0)
    return reasons


def too_alike(
    X: Array, groups: Groups, spread: SchoolMoments | SchoolSpread, low: Array, high: Array, gates: Gates
) -> NDArray[np.bool_]:
    """Tell which groups of teachers answer so much alike that their mean says what each of them answered.

    Parameters
    ----------
    X, groups, spread, low, high, gates
        As in `cell_reasons`.

    Returns
    -------
    (J, q) array of bool
        Where fewer than ``gates.min_cell`` are away from an end, all together are away by less than one scale point, or
        nobody differs.
    """
    apart = [spread.size - groups.sums((end == X).astype(np.float64)) for end in (low, high)]
    with np.errstate(invalid="ignore"):
        away = spread.size * np.minimum(spread.mean - low, high - spread.mean)
        near = away < KNOWN_WITHIN - 1e-9
    alike: NDArray[np.bool_] = (
        (np.minimum(*apart) < gates.min_cell) | near | (spread.sum_of_squares < 1e-12 * spread.size)
    )
    return alike


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
