"""From school means to a comparison: two sets of schools, or pairs, scale by scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceError, check_draws, check_level
from internal_coherence.schools.comparing.comparison import Design, SchoolComparison
from internal_coherence.schools.comparing.differences import SchoolDifference, tested, with_adjusted
from internal_coherence.schools.comparing.school_units import SchoolUnits, check_enough, warn_if_few

Array = NDArray[np.float64]
Seed = np.random.Generator | int | None
Guard = Callable[[int, Sequence[str]], None]
LEAST_SCHOOLS: Final = 3
"""A group of two has a variance of one degree of freedom: no interval of it means anything."""
LEAST_PAIRS: Final = 4
"""Three pairs allow no permutation p below 1/4."""
DRAWS: Final = 10_000
"""Bootstrap samples: the tails that few schools need are far out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How it is to be computed.

    Parameters
    ----------
    level : float
        Of the intervals.
    draws : int
        Of the bootstrap, at least 1 000.
    rng : Generator, int or None
        The source of chance.
    what : str
        The verb, for messages.

    Raises
    ------
    ModelError
        For a level outside 0–1, or too few draws.
    """

    level: float
    draws: int
    rng: Seed
    what: str

    def __post_init__(self) -> None:
        check_level(self.level)
        check_draws(self.draws, 1000)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One side: its name, the school means, and which schools.

    Parameters
    ----------
    name : str
        A group, a role, a wave.
    units : SchoolUnits
        School means.
    rows : (m,) array of int
        The schools of this side; of pairs in the same order on both sides.
    """

    name: str
    units: SchoolUnits
    rows: NDArray[np.intp]

    def mean(self, k: int) -> Array:
        """Return the schools' means on a scale, NaN where one may not enter.

        Parameters
        ----------
        k : int
            The scale.

        Returns
        -------
        (m,) array
        """
        means: Array = self.units.mean[self.rows, k]
        return means


def compared(
    first: Side,
    second: Side,
    design: Design,
    manner: Manner,
    left_out: Sequence[tuple[str, str]] = (),
    guard: Guard | None = None,
) -> SchoolComparison:
    """Compare two sides on every scale.

    Parameters
    ----------
    first, second : Side
        What is compared.
    design : {"groups", "pairs", "roles", "waves"}
        All but groups are pairs.
    manner : Manner
        How.
    left_out : sequence of (school, reason)
        Who did not even come this far.
    guard : callable, optional
        Given a scale's position and the schools in it; raises where their people are too few to be shown.

    Returns
    -------
    SchoolComparison

    Raises
    ------
    DisclosureError, ResponseError
        If no scale has schools enough.
    """
    rng = np.random.default_rng(manner.rng)
    differences, refusals = [], []
    for k, scale in enumerate(first.units.names):
        try:
            differences.append(_difference(scale, k, first, second, design, manner, guard, rng))
        except CoherenceError as refusal:
            refusals.append(refusal)
            differences.append(SchoolDifference(scale=scale, n_first=0, n_second=0, n_teachers=0, note=str(refusal)))
    if len(refusals) == len(differences):
        raise refusals[0]
    most = max(d.n_first + (d.n_second if design == "groups" else 0) for d in differences)
    warn_if_few(most, manner.what)
    return SchoolComparison(
        design=design,
        first=first.name,
        second=second.name,
        differences=with_adjusted(differences),
        left_out=listed(left_out, first, second),
        level=manner.level,
        draws=manner.draws,
        audience=first.units.audience,
    )


def _difference(
    scale: str,
    k: int,
    first: Side,
    second: Side,
    design: Design,
    manner: Manner,
    guard: Guard | None,
    rng: np.random.Generator,
) -> SchoolDifference:
    """Compare on one scale."""
    pairs = design != "groups"
    x, y = first.mean(k), second.mean(k)
    here, there = np.isfinite(x), np.isfinite(y)
    if pairs:
        here = there = here & there
        check_enough(int(here.sum()), first.units, LEAST_PAIRS, "what is compared in pairs", manner.what)
    else:
        for side, present in ((first, here), (second, there)):
            check_enough(int(present.sum()), side.units, LEAST_SCHOOLS, f"group {side.name!r}", manner.what)
    used, other = first.rows[here], second.rows[there]
    if guard is not None:
        guard(k, [first.units.labels[j] for j in used])
    return SchoolDifference(
        scale=scale,
        n_first=len(used),
        n_second=len(other),
        n_teachers=first.units.teachers(k, used) + second.units.teachers(k, other),
        reliability_first=first.units.reliability(k, used),
        reliability_second=second.units.reliability(k, other),
        **tested(x[here], y[there], pairs=pairs, level=manner.level, draws=manner.draws, rng=rng),
    )


def listed(left_out: Sequence[tuple[str, str]], *sides: Side) -> pd.DataFrame:
    """Return who is not in a comparison: a school left out of all scales has one row.

    Parameters
    ----------
    left_out : sequence of (school, reason)
        Left out of all scales; ``""`` for a school that must not be named.
    *sides : Side
        Whose withheld schools come behind.

    Returns
    -------
    DataFrame
        Columns ``school, scale, reason, n_schools``; schools that must not be named are counted by reason.
    """
    rows = [(school, "", reason) for school, reason in left_out]
    for side in sides:
        for j in side.rows:
            reasons = side.units.withheld[j]
            if len(set(reasons)) == 1 and reasons[0]:
                rows.append((side.units.labels[j], "", reasons[0]))
            else:
                rows += [(side.units.labels[j], side.units.names[k], r) for k, r in enumerate(reasons) if r]
    times = Counter(rows)  # in the order of their first
    table = pd.DataFrame(list(times), columns=["school", "scale", "reason"], dtype=object)
    table["n_schools"] = np.array([1 if row[0] else n for row, n in times.items()], dtype=np.int64)
    return table
