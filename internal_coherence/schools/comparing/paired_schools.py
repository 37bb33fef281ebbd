"""Schools in pairs: matched by hand, or each with itself in another wave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, ResponseError, closest
from internal_coherence.responses import Responses
from internal_coherence.responses.record import as_label
from internal_coherence.schools.comparing.comparison import SchoolComparison
from internal_coherence.schools.comparing.named_schools import known_schools
from internal_coherence.schools.comparing.school_units import SchoolUnits, school_units
from internal_coherence.schools.comparing.two_sides import DRAWS, Manner, Seed, Side, compared
from internal_coherence.schools.disclosure.gates import Audience, Gates
from internal_coherence.schools.entrance import School, Values

Pairs = Iterable[tuple[object, object]] | pd.DataFrame


def compare_matched_schools(
    values: Values,
    pairs: Pairs,
    *,
    school: School = None,
    names: Sequence[str] | None = None,
    audience: Audience | None = None,
    gates: Gates | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    rng: Seed = 0,
) -> SchoolComparison:
    """Compare schools that were matched in pairs, on every scale.

    Parameters
    ----------
    values : Responses, or (n,) array or Series, or (n, q) array or DataFrame
        A survey of one wave, of which every scale is taken, or scores of teachers.
    pairs : sequence of (school, school), or DataFrame of two columns
        Each pair's first and second school. A school stands in one pair only.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    names : two texts, optional
        What the first and the second schools are; by default the columns' names, or "first" and "second".
    audience, gates, level, draws, rng
        As in `compare_school_groups`.

    Returns
    -------
    SchoolComparison

    Raises
    ------
    DisclosureError, ResponseError
        With fewer than four pairs of which both schools may enter, on every scale; or a school in two pairs.

    Warns
    -----
    SmallSampleWarning
        With fewer than ten pairs.

    Notes
    -----
    ``t.test(x, y, paired = TRUE)``, ``wilcox.test(x, y, paired = TRUE)``, Fisher's exact test of all 2^J choices of signs
    up to fifteen pairs, Hedges' g by the average variance of both sides, a bootstrap of pairs.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> pairs = list(zip(now.schools[:12], now.schools[12:]))
    >>> ic.compare_matched_schools(now, pairs).to_frame()[["n_first", "difference"]].head(2).round(3)
                     n_first  difference
    scale
    leadership            10       0.038
    public_learning       10       0.050
    """
    manner = Manner(level=level, draws=draws, rng=rng, what="compare_matched_schools")
    units = school_units(values, school, audience, gates, manner.what)
    couples = _couples(pairs)
    if names is None:
        names = list(map(str, pairs.columns)) if isinstance(pairs, pd.DataFrame) else ["first", "second"]
    if isinstance(names, str) or len(names) != 2 or names[0] == names[1]:
        raise ModelError(f"names={names!r}: give two different names, for the first and the second school of a pair")
    everyone = [label for couple in couples for label in couple]
    here = set(known_schools(everyone, units.labels, "pairs"))
    whole = [couple for couple in couples if set(couple) <= here]
    left_out = [(label, "nobody answered") for label in everyone if label not in here]
    left_out += [(label, "the other school of its pair has no answers") for c in couples for label in c
                 if not set(c) <= here and label in here]  # fmt: skip
    left_out += [(label, "in no pair") for label in units.labels if label not in everyone]
    sides = [
        Side(name=name, units=units, rows=units.rows(couple[k] for couple in whole)) for k, name in enumerate(names)
    ]
    return compared(sides[0], sides[1], "pairs", manner, left_out)


def _couples(pairs: Pairs) -> list[tuple[str, str]]:
    """Return the pairs as labels, each school once."""
    rows = list(pairs.itertuples(index=False, name=None)) if isinstance(pairs, pd.DataFrame) else list(pairs)
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
    for number, row in enumerate(rows, 1):
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != 2:
            raise ResponseError(f"pairs: entry {number} is {row!r}, not a pair of two schools")
    couples = [(as_label(a), as_label(b)) for a, b in rows]
    seen: set[str] = set()
    for label in (label for couple in couples for label in couple):
        if label in seen:
            raise ResponseError(f"pairs: school {label!r} is there twice; a school stands in one pair only")
        seen.add(label)
    return couples


def compare_waves(
    responses: Responses,
    before: object = None,
    after: object = None,
    *,
    audience: Audience = "district",
    gates: Gates | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    rng: Seed = 0,
) -> SchoolComparison:
    """Compare each school with itself in another wave, on every scale.

    Parameters
    ----------
    responses : Responses
        Of two waves or more.
    before, after : optional
        Two waves; by default the first and the last. A difference is after less before.
    audience, gates, level, draws, rng
        As in `compare_school_groups`.

    Returns
    -------
    SchoolComparison
        Of the schools that may be shown in both waves.

    Raises
    ------
    DisclosureError, ResponseError
        If there are not two waves, or fewer than four schools in both.

    Warns
    -----
    SmallSampleWarning
        With fewer than ten schools.

    Notes
    -----
    The tests are those of `compare_matched_schools`. What all schools have in common, such as a change of the times, is
    in the difference too: without schools for comparison it is no effect of anything in particular.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.compare_waves(ic.example_responses(), 2024, 2025)["leadership"]
    leadership: +0.03 [-0.13, 0.18], g = 0.05, p = 0.718, permutation p = 0.706
    """
    manner = Manner(level=level, draws=draws, rng=rng, what="compare_waves")
    if not isinstance(responses, Responses) or len(responses.waves) < 2:
        raise ResponseError("compare_waves needs Responses of two waves or more")
    known = responses.waves
    chosen = [as_label(known[0] if before is None else before), as_label(known[-1] if after is None else after)]
    for wave in chosen:
        if wave not in known:
            raise ResponseError(f"no wave {wave!r}; there are {', '.join(known)}{closest(wave, known)}")
    if chosen[0] == chosen[1]:
        raise ResponseError(f"both waves are {chosen[0]!r}; choose two")
    late, early = (
        school_units(responses.select(wave=wave), None, audience, gates, manner.what) for wave in reversed(chosen)
    )
    sides, left_out = same_schools(late, early, f"wave {chosen[1]}", f"wave {chosen[0]}")
    return compared(sides[0], sides[1], "waves", manner, left_out)


def same_schools(
    first: SchoolUnits, second: SchoolUnits, first_name: str, second_name: str
) -> tuple[tuple[Side, Side], list[tuple[str, str]]]:
    """Return the schools that are on both sides, and those that are on one only.

    Parameters
    ----------
    first, second : SchoolUnits
        School means of both sides.
    first_name, second_name : str
        What they are.

    Returns
    -------
    sides : two Sides
    left_out : list of (school, reason)
    """
    both = [label for label in first.labels if label in set(second.labels)]
    left_out = [(label, f"no answers of {second_name}") for label in first.labels if label not in both]
    left_out += [(label, f"no answers of {first_name}") for label in second.labels if label not in both]
    return (
        Side(name=first_name, units=first, rows=first.rows(both)),
        Side(name=second_name, units=second, rows=second.rows(both)),
    ), left_out
