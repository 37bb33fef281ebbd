"""The bundled example: 24 schools that do not exist."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from internal_coherence.responses.reading import read_responses
from internal_coherence.responses.record import Responses
from internal_coherence.responses.simulation import simulate_responses

SCHOOLS: Final = (
    "Alder", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Chestnut", "Cypress", "Elder", "Elm", "Fir", "Hawthorn",
    "Hazel", "Juniper", "Larch", "Linden", "Maple", "Oak", "Pine", "Poplar", "Rowan", "Spruce", "Walnut", "Willow",
)  # fmt: skip
TEACHERS: Final = (34, 26, 31, 40, 22, 28, 36, 30, 25, 33, 38, 27, 29, 42, 24, 32, 35, 45, 28, 5, 30, 26, 37, 31)
LOW_RESPONSE: Final = "Spruce"
TINY: Final = "Poplar"
WEAK_STRUCTURES: Final = "Juniper"
WEAK_LEADERSHIP: Final = "Hawthorn"

_GRAPH: Final = {
    ("leadership", "public_learning"): 0.5,
    ("public_learning", "psychological_safety"): 0.5,
    ("leadership", "professional_development"): 0.5,
    ("leadership", "improvement_strategy"): 0.4,
    ("professional_development", "improvement_strategy"): 0.3,
    ("psychological_safety", "instructional_decisions"): 0.5,
    ("improvement_strategy", "shared_understanding"): 0.5,
    ("leadership", "team_support"): 0.5,
    ("team_support", "team_processes"): 0.5,
    ("psychological_safety", "team_processes"): 0.2,
    ("team_processes", "individual_efficacy"): 0.3,
    ("team_processes", "collective_efficacy"): 0.3,
    ("shared_understanding", "collective_efficacy"): 0.3,
}
_LEADERSHIP: Final = ("leadership", "public_learning", "psychological_safety", "professional_development")
_STRUCTURES: Final = (
    "improvement_strategy", "instructional_decisions", "shared_understanding", "team_support", "team_processes",
)  # fmt: skip


def example_responses() -> Responses:
    """Return the bundled example: simulated answers of 24 invented schools in three yearly waves, with a roster.

    Each time it is called the answers are the same. What is planted: *Juniper* has strong leadership and weak structures
    and processes; *Hawthorn* has weak leadership; *Spruce* answers below the response gate; *Poplar* is tiny. Each
    school's principal answered too (role ``Principal``) and is left out, as the log says.

    Returns
    -------
    Responses
        Of the reconstruction of the Internal Coherence Survey.

    See Also
    --------
    simulate_responses : the model behind it.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.example_responses()
    <Responses: 1779 rows in 24 schools, 11 scales, 50 items; waves 2023, 2024, 2025>
    """
    rates = np.full(len(SCHOOLS), 0.82)
    rates[SCHOOLS.index(LOW_RESPONSE)] = 0.5
    simulated = simulate_responses(
        n_schools=len(SCHOOLS),
        teachers=TEACHERS,
        loading=0.75,
        icc=0.12,
        graph=_GRAPH,
        shared_rater=0.2,
        shifts={
            **{(WEAK_STRUCTURES, scale): 0.6 for scale in _LEADERSHIP[:3]},
            **{(WEAK_STRUCTURES, scale): -1.3 for scale in _STRUCTURES},
            **{(WEAK_LEADERSHIP, scale): -1.2 for scale in _LEADERSHIP},
        },
        missing=0.02,
        response_rate=rates,
        waves=(2023, 2024, 2025),
        school_names=SCHOOLS,
        rng=20260101,
    )
    return read_responses(
        _with_principals(simulated),
        simulated.instrument,
        school="school",
        teacher="teacher",
        wave="wave",
        role="role",
        roster=simulated.roster,
    )


def _with_principals(simulated: Responses) -> pd.DataFrame:
    """Return the answers as an export, with one favourable row a school from its principal in the last wave."""
    export = pd.concat([simulated.people.assign(role="Teacher"), simulated.raw], axis=1)
    principals = pd.DataFrame({"school": SCHOOLS, "wave": simulated.waves[-1], "role": "Principal"})
    principals["teacher"] = [f"P{k:02d}" for k in range(1, len(SCHOOLS) + 1)]
    for item in simulated.instrument.items:
        principals[item.key] = item.low + 1 if item.reversed else item.high - 1
    return pd.concat([export, principals], ignore_index=True)
