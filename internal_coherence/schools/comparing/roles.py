"""Do two roles see their schools alike, such as teachers and those who lead them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import DisclosureError, ModelError, ResponseError, check_option, closest, listing
from internal_coherence.moments.grouping import Groups, group
from internal_coherence.moments.spread import school_spread
from internal_coherence.responses import Responses, score
from internal_coherence.responses.record import as_label
from internal_coherence.schools.comparing.comparison import SchoolComparison
from internal_coherence.schools.comparing.paired_schools import same_schools
from internal_coherence.schools.comparing.school_units import SchoolUnits
from internal_coherence.schools.comparing.two_sides import DRAWS, Guard, Manner, Seed, compared
from internal_coherence.schools.disclosure.gates import Audience, Gates, check_audience
from internal_coherence.schools.disclosure.reasons import ANSWERS_ALIKE
from internal_coherence.schools.disclosure.withholding import school_reasons, too_alike

Array = NDArray[np.float64]
Of = Literal["scales", "items"]
OF: Final[tuple[str, ...]] = get_args(Of)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answers:
    """Everyone's answers, on scales or items with these ends."""

    X: Array
    names: tuple[str, ...]
    low: Array
    high: Array
    school: pd.Series
    role: pd.Series


def compare_roles(
    responses: Responses,
    first: str | Sequence[str],
    second: str | Sequence[str],
    *,
    of: Of = "scales",
    audience: Audience = "district",
    gates: Gates | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    rng: Seed = 0,
) -> SchoolComparison:
    """Compare two roles within the same schools, on every scale or item.

    Parameters
    ----------
    responses : Responses
        Of one wave, read with ``role=`` and, to have leaders in them, ``keep_leaders=True``.
    first, second : str or sequence of str
        A role, or several that count as one.
    of : {"scales", "items"}
        What to compare them on.
    audience : {"district", "research"}
        To a district, only schools that pass the gates enter, and each role needs ``gates.min_distribution`` people in
        them who do not all answer alike: a principal is one person in a school, whose answer no table may tell.
    gates : Gates, optional
        What must hold.
    level, draws, rng
        As in `compare_school_groups`.

    Returns
    -------
    SchoolComparison
        Without any school's numbers; for a district it also does not say which schools have nobody of a role.

    Raises
    ------
    DisclosureError
        If a role has too few people to be shown, or for an audience that a comparison of schools is not for.
    ResponseError
        If no role was read, a role does not occur, or fewer than four schools have both.

    Warns
    -----
    SmallSampleWarning
        With fewer than ten schools.

    Notes
    -----
    The difference is taken within each school and the schools are the units, so that schools with many leaders, or only
    teachers' answers, do not tilt it. The tests are those of `compare_matched_schools`.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> answers = ic.simulate_responses(n_schools=15, teachers=20, rng=1)
    >>> people = answers.people.assign(role=["Coach" if k % 20 < 3 else "Teacher" for k in range(len(answers))])
    >>> export = people.join(answers.raw)
    >>> survey = ic.read_responses(export, answers.instrument, school="school", role="role", keep_leaders=True)
    >>> ic.compare_roles(survey, "Coach", "Teacher")["team_support"]
    team_support: +0.23 [-0.10, 0.55], g = 0.36, p = 0.164, permutation p = 0.166
    """
    check_audience(audience)
    if audience == "school":
        raise DisclosureError("compare_roles compares over schools: it is for audience='district' or 'research'")
    check_option("of", of, OF)
    manner = Manner(level=level, draws=draws, rng=rng, what="compare_roles")
    if not isinstance(responses, Responses):
        raise ResponseError("compare_roles takes Responses, which know each one's role")
    one, gates = responses.one_wave(manner.what), gates or Gates()
    answers = _answers(one, of)
    chosen = [_roles(answers.role, given) for given in (first, second)]
    if set(chosen[0]) & set(chosen[1]):
        raise ModelError(f"compare_roles: {listing(sorted(set(chosen[0]) & set(chosen[1])))} is on both sides")
    reasons = dict(zip(one.schools, school_reasons(one, gates), strict=True)) if audience == "district" else {}
    masks = [answers.role.isin(roles).to_numpy(dtype=bool) for roles in chosen]
    names = [" and ".join(roles) for roles in chosen]
    units = [_units(answers, mask, reasons, audience, gates) for mask in masks]
    sides, left_out = same_schools(units[0], units[1], names[0], names[1])
    if audience == "research":
        return compared(sides[0], sides[1], "roles", manner, left_out)
    guard = _guard(answers, masks, names, gates)
    return compared(sides[0], sides[1], "roles", manner, _unnamed(left_out), guard)


def _unnamed(left_out: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return why schools have nobody of a role, not which: a school's only principal is a known person."""
    return [("", reason) for _, reason in left_out]


def _answers(responses: Responses, of: Of) -> _Answers:
    """Return what is compared."""
    role = responses.role
    if role is None:
        raise ResponseError("compare_roles: these responses were read without role=...; there is nothing to compare")
    table = score(responses) if of == "scales" else responses.items
    asked = responses.instrument.scales if of == "scales" else responses.instrument.items
    return _Answers(
        X=table.to_numpy(dtype=np.float64),
        names=tuple(map(str, table.columns)),
        low=np.array([float(a.low) for a in asked]),
        high=np.array([float(a.high) for a in asked]),
        school=responses.school,
        role=role,
    )


def _roles(role: pd.Series, given: str | Sequence[str]) -> tuple[str, ...]:
    """Return the labels of roles that do occur."""
    present = sorted(role.dropna().unique())
    labels = tuple(as_label(name) for name in ([given] if isinstance(given, str) else given))
    for label in labels:
        if label not in present:
            hint = "; leaders are in only with keep_leaders=True" if not closest(label, present) else ""
            raise ResponseError(f"no role {label!r}; there are {listing(present)}{closest(label, present)}{hint}")
    if not labels:
        raise ResponseError("compare_roles: name at least one role on each side")
    return labels


def _units(
    answers: _Answers, mask: NDArray[np.bool_], reasons: dict[str, str], audience: Audience, gates: Gates
) -> SchoolUnits:
    """Return the school means of one role."""
    X, groups = answers.X[mask], group(answers.school[mask], int(mask.sum()))
    spread = school_spread(X, groups)
    withheld: NDArray[np.object_] = np.full(spread.mean.shape, "", dtype=object)
    if audience == "research":  # that the one principal of a school left a scale out is not for a district
        withheld[spread.size == 0] = "nobody of a role has a value"
    for j, label in enumerate(spread.labels):
        if reasons.get(label):
            withheld[j] = reasons[label]
    return SchoolUnits(
        labels=spread.labels,
        names=answers.names,
        mean=np.where((withheld == "") & (spread.size > 0), spread.mean, np.nan),
        size=spread.size,
        sum_of_squares=spread.sum_of_squares,
        withheld=withheld,
        audience=audience,
        gates=gates,
    )


def _guard(answers: _Answers, masks: list[NDArray[np.bool_]], names: list[str], gates: Gates) -> Guard:
    """Return a check that enough people of each role, who do not all answer alike, stand behind a comparison."""

    def guard(k: int, schools: Sequence[str]) -> None:
        for mask, name in zip(masks, names, strict=True):
            x = answers.X[mask & answers.school.isin(list(schools)).to_numpy(dtype=bool), k]
            x = x[np.isfinite(x), None]
            if len(x) < gates.min_distribution:
                msg = (
                    f"{answers.names[k]}: {len(x)} of role {name!r} answered in the schools compared; a role needs"
                    f" {gates.min_distribution} (Gates.min_distribution)"
                )
                raise DisclosureError(msg)
            one = Groups(codes=np.zeros(len(x), dtype=np.intp), labels=(name,))
            if too_alike(x, one, school_spread(x, one), answers.low[[k]], answers.high[[k]], gates).any():
                raise DisclosureError(f"{answers.names[k]}: of role {name!r} {ANSWERS_ALIKE}")

    return guard
