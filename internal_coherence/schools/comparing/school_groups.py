"""Do groups of schools differ: those in a programme and those not, or districts?"""

from __future__ import annotations

import numpy as np

from internal_coherence.errors import ResponseError
from internal_coherence.responses.record import as_label
from internal_coherence.schools.comparing.comparison import SchoolComparison
from internal_coherence.schools.comparing.named_schools import by_school, known_schools
from internal_coherence.schools.comparing.school_units import SchoolUnits, school_units
from internal_coherence.schools.comparing.several_groups import SeveralGroups, several
from internal_coherence.schools.comparing.two_sides import DRAWS, Manner, Seed, Side, compared
from internal_coherence.schools.disclosure.gates import Audience, Gates
from internal_coherence.schools.entrance import School, Values


def compare_school_groups(
    values: Values,
    groups: object,
    *,
    school: School = None,
    audience: Audience | None = None,
    gates: Gates | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    rng: Seed = 0,
) -> SchoolComparison | SeveralGroups:
    """Compare the school means of two or more groups of schools, on every scale.

    Parameters
    ----------
    values : Responses, or (n,) array or Series, or (n, q) array or DataFrame
        A survey of one wave, of which every scale is taken, or scores of teachers.
    groups : mapping or Series of school to group
        Of two groups the one that comes first is the first; a school in none is left out.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    audience : {"district", "research"}, optional
        Whom a survey's result is for, by default the district. To a district, schools that do not pass the gates do not
        enter, and a group needs ``gates.min_other_schools`` of them. Plain scores have no gates: that table is the analyst's own.
    gates : Gates, optional
        What must hold of a survey.
    level : float
        Of the intervals.
    draws : int
        Bootstrap samples of schools; of two groups only.
    rng : Generator, int or None
        Of the bootstrap and of sampled permutations, which are of two groups only; a fixed seed by default.

    Returns
    -------
    SchoolComparison or SeveralGroups
        Of two groups, or of more.

    Raises
    ------
    DisclosureError
        If a group has too few schools for its mean to be shown, or for an audience that a comparison is not for.
    ModelError
        For an audience or gates of plain scores, which have none.
    ResponseError
        With fewer than three schools in a group on every scale, or fewer than two groups.

    Warns
    -----
    SmallSampleWarning
        With fewer than ten schools in all.

    Notes
    -----
    The unit is the school, each of one vote. Two groups: ``t.test(x, y)`` (Welch), ``wilcox.test(x, y)``, Hedges' g of
    school means with an interval by the noncentral t, a permutation test of the mean difference (exact up to 50 000
    divisions), a bootstrap of schools within groups with expanded percentiles (Hesterberg 2015). More: Welch's analysis
    of variance (``oneway.test``) and Games and Howell's comparisons of pairs.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> groups = {school: "north" if k < 12 else "south" for k, school in enumerate(now.schools)}
    >>> comparison = ic.compare_school_groups(now, groups)
    >>> comparison["leadership"]
    leadership: -0.01 [-0.50, 0.48], g = -0.01, p = 0.975, permutation p = 0.973
    """
    manner = Manner(level=level, draws=draws, rng=rng, what="compare_school_groups")
    units = school_units(values, school, audience, gates, manner.what)
    sides, left_out = _sides(units, groups)
    if len(sides) < 2:
        raise ResponseError(f"{manner.what}: all schools with answers are in one group, {sides[0].name!r}")
    if len(sides) == 2:
        return compared(sides[0], sides[1], "groups", manner, left_out)
    return several(sides, manner, left_out)


def _sides(units: SchoolUnits, groups: object) -> tuple[list[Side], list[tuple[str, str]]]:
    """Return the groups, in the order in which they come, and who is in none."""
    member = {label: as_label(name) for label, name in by_school(groups, "groups").items()}
    here = set(known_schools(member, units.labels, "groups"))
    left_out = [(label, "in no group") for label in units.labels if label not in member]
    left_out += [(label, "nobody answered") for label in member if label not in here]
    sides = []
    for name in dict.fromkeys(member.values()):
        rows = units.rows(label for label in units.labels if member.get(label) == name)
        if len(rows):
            sides.append(Side(name=name, units=units, rows=np.sort(rows)))
    return sides, left_out
