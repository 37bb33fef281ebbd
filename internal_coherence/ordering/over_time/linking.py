"""Who answered in which waves: rows of the same teachers, and how many of them there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from internal_coherence.errors import CoherenceWarning, MissingDataWarning, ResponseError, listing, warn
from internal_coherence.responses import Responses
from internal_coherence.responses.labels import number
from internal_coherence.responses.record import check_responses, in_time

FEWEST_LINKED: Final = 50
"""Teachers seen in two waves in a row, below whom no model of lags is fitted."""
FEW_SHARE: Final = 0.5
"""If fewer of a wave's teachers are found again in the next, a warning says so."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linked:
    """Teachers over waves.

    Parameters
    ----------
    frame : DataFrame
        A row a teacher; column ``<name>.t<k>`` is the variable in the k-th wave, NaN if not answered then.
    school : Series
        Each teacher's school when first seen.
    patterns : DataFrame
        ``waves, n_waves, teachers``: how many answered in exactly these waves.
    n_moved : int
        Teachers seen in more than one school.
    """

    frame: pd.DataFrame
    school: pd.Series
    patterns: pd.DataFrame
    n_moved: int


def at_wave(name: str, k: int) -> str:
    """Return what an answer is called in the k-th wave."""
    return f"{name}.t{k}"


def waves_in_time(responses: Responses, least: int, what: str, why: str) -> tuple[str, ...]:
    """Return the waves in their order.

    Parameters
    ----------
    responses : Responses
        Of several waves.
    least : int
        How many it takes.
    what, why : str
        The verb, and what takes so many, for messages.

    Returns
    -------
    tuple of str

    Raises
    ------
    ResponseError
        If there are fewer, or their names do not tell their order.
    """
    check_responses(responses, what)
    waves = responses.waves
    if len(waves) < least:
        there = f"are of {len(waves)}, {listing(waves)}" if waves else "were read without wave=..."
        raise ResponseError(f"{what}: {why} takes {least} waves or more; these answers {there}")
    ordered = in_time(waves)
    if ordered is None:
        raise ResponseError(
            f"{what}: can't tell the order of the waves {listing(waves)}; name them by numbers, dates or years"
        )
    return tuple(ordered)


def times_of(waves: Sequence[str], given: Sequence[float] | None, what: str) -> tuple[float, ...]:
    """Return when the waves were, the first at 0.

    Parameters
    ----------
    waves : sequence of str
        In their order.
    given : sequence of float, optional
        As a user says; by default the waves' names where they are numbers, such as years (or compact dates, ``202110``, in years), or
        else 0, 1, 2, ….
    what : str
        The verb, for messages.

    Returns
    -------
    tuple of float

    Raises
    ------
    ResponseError
        If they are not one a wave and ascending.
    """
    named = [_year(wave) for wave in waves]
    if given is None:
        found = [float(k) for k in range(len(waves))] if None in named else [float(x) for x in named if x is not None]
    else:
        found = [float(x) for x in given]
    if len(found) != len(waves) or not np.isfinite(found).all() or (np.diff(found) <= 0).any():
        raise ResponseError(
            f"{what}: times={given!r}: give {len(waves)} ascending numbers, for the waves {listing(waves)}"
        )
    return tuple(x - found[0] for x in found)


def _year(wave: str) -> float | None:
    """Return a wave's name as a number; of a compact date, YYYYMM or YYYYMMDD, the year and its part."""
    found = number(wave)
    date = re.fullmatch(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?", wave.strip())
    if date is None:
        return found
    return int(date[1]) + (int(date[2]) - 1 + (int(date[3] or 1) - 1) / 31) / 12


def link(values: pd.DataFrame, responses: Responses, waves: Sequence[str], need: int, what: str) -> Linked:
    """Lay out the same teachers over waves.

    Parameters
    ----------
    values : DataFrame
        On the rows of the responses.
    responses : Responses
        Who answered, and when.
    waves : sequence of str
        In their order.
    need : int
        Waves in a row in which `FEWEST_LINKED` teachers must have answered: 2, or 3 for models of stable differences.
    what : str
        The verb, for messages.

    Returns
    -------
    Linked

    Raises
    ------
    ResponseError
        Without ids; if one is missing or twice in a wave; if too few teachers are found again.

    Warns
    -----
    CoherenceWarning
        If teachers changed schools: they are counted to their first.
    MissingDataWarning
        If fewer than half of a wave's teachers are found again in the next.
    """
    who, when = _identified(responses, what)
    parts = []
    for k, wave in enumerate(waves, 1):
        rows = (when == wave).to_numpy()
        part = values[rows].set_axis(pd.Index(who[rows]))
        if part.index.has_duplicates:
            twice = part.index[part.index.duplicated()].unique()
            raise ResponseError(
                f"{what}: the same teacher stands twice in wave {wave!r}: {listing(twice, 4)}; where ids are those"
                " of a school, join school and id to one before reading"
            )
        parts.append(part.set_axis([at_wave(str(name), k) for name in part], axis=1))
    wide = pd.concat(parts, axis=1)
    seen = np.column_stack([wide.index.isin(part.index) for part in parts])
    _check_linked(seen, waves, need, what)
    school, n_moved = _first_schools(responses.school, who, when, waves, what)
    return Linked(frame=wide, school=school.loc[wide.index], patterns=_patterns(seen, waves), n_moved=n_moved)


def _identified(responses: Responses, what: str) -> tuple[pd.Series, pd.Series]:
    who, when = responses.teacher, responses.wave
    if who is None or when is None:
        raise ResponseError(
            f"{what}: these responses were read without teacher=..., the id that a teacher keeps from wave to wave;"
            " without ids only schools can be followed, by school_change"
        )
    if gone := int(who.isna().sum() + when.isna().sum()):
        raise ResponseError(f"{what}: teacher or wave is missing in {gone} rows; read the responses without these rows")
    return who, when


def _check_linked(seen: np.ndarray, waves: Sequence[str], need: int, what: str) -> None:
    """Refuse waves that too few teachers connect, and warn where many are lost."""
    for k in range(len(waves) - need + 1):
        run, both = waves[k : k + need], int(seen[:, k : k + need].all(axis=1).sum())
        if both < FEWEST_LINKED:
            counts = ", ".join(f"{wave}: {int(seen[:, k + i].sum())}" for i, wave in enumerate(run))
            raise ResponseError(
                f"{what}: {both} teachers are found in all of the waves {listing(run)} (teachers in {counts}); it takes"
                f" {FEWEST_LINKED}. Do ids mean the same person in every wave? If not, follow schools, by school_change"
            )
    for k in range(len(waves) - 1):
        stayed, began = int(seen[:, k : k + 2].all(axis=1).sum()), int(seen[:, k].sum())
        if stayed < FEW_SHARE * began:
            warn(
                f"{what}: of {began} teachers of wave {waves[k]!r} {stayed} answered in wave {waves[k + 1]!r}; who"
                " stays may differ from who goes",
                MissingDataWarning,
            )


def _first_schools(
    school: pd.Series, who: pd.Series, when: pd.Series, waves: Sequence[str], what: str
) -> tuple[pd.Series, int]:
    rows = pd.DataFrame({"school": school.to_numpy(), "wave": when.to_numpy(), "who": who.to_numpy()})
    place = {wave: k for k, wave in enumerate(waves)}
    schools = rows.sort_values("wave", key=lambda x: x.map(place), kind="stable").groupby("who")["school"]
    moved = int(schools.nunique().gt(1).sum())
    if moved:
        warn(f"{what}: {moved} teacher{'s' * (moved > 1)} changed schools, and count to the first", CoherenceWarning)
    return schools.first(), moved


def _patterns(seen: np.ndarray, waves: Sequence[str]) -> pd.DataFrame:
    counted = Counter(map(tuple, seen.tolist()))
    rows = [
        (", ".join(wave for wave, there in zip(waves, pattern, strict=True) if there), sum(pattern), n)
        for pattern, n in sorted(counted.items(), reverse=True)
    ]
    return pd.DataFrame(rows, columns=["waves", "n_waves", "teachers"])
