"""Schools as the units of a comparison: their means, how reliable these are, and which schools may not enter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import DisclosureError, ModelError, ResponseError, SmallSampleWarning, warn
from internal_coherence.moments.spread import SchoolSpread, school_spread
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.gates import Audience, Gates, check_audience
from internal_coherence.schools.disclosure.withholding import withheld_reasons
from internal_coherence.schools.entrance import School, Values, variables
from internal_coherence.schools.variance.components import components_of

Array = NDArray[np.float64]
FEW_SCHOOLS: Final = 10
"""With fewer in a comparison, only very large differences can be seen, and no test of assumptions has any power."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolUnits:
    """School means.

    Parameters
    ----------
    labels : tuple of str
        The J schools.
    names : tuple of str
        The q scales.
    mean, size, sum_of_squares : (J, q) array
        Mean of a school's teachers, how many they are, and their squares about it. The mean is NaN where a school has
        none, or may not enter.
    withheld : (J, q) array of str
        Why it may not; empty where it may.
    audience : {"district", "research"} or None
        Whom the comparison is for; None for plain scores, which are the analyst's own.
    gates : Gates
        What had to hold.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    mean: Array
    size: Array
    sum_of_squares: Array
    withheld: NDArray[np.object_]
    audience: Audience | None
    gates: Gates

    @property
    def guarded(self) -> bool:
        """Whether what comes of it is for others than the analyst."""
        return self.audience == "district"

    def rows(self, schools: Iterable[str]) -> NDArray[np.intp]:
        """Return the positions of schools.

        Parameters
        ----------
        schools : iterable of str
            Labels; they must be there.

        Returns
        -------
        (m,) array of int
        """
        place = {label: j for j, label in enumerate(self.labels)}
        return np.array([place[school] for school in schools], dtype=np.intp)

    def reliability(self, k: int, used: NDArray[np.intp]) -> float:
        """Return how reliable the means of some schools are on one scale.

        Parameters
        ----------
        k : int
            The scale.
        used : (m,) array of int
            The schools.

        Returns
        -------
        float
            τ²/(τ² + σ² · mean(1/n)), variances by REML; 1 where the teachers of each school agree, NaN where every school
            has one teacher, or nothing varies.
        """
        n, mean, ss = (a[used, k, None] for a in (self.size, self.mean, self.sum_of_squares))
        if len(used) < 2 or n.sum() <= len(used):
            return float("nan")
        spread = SchoolSpread(labels=tuple(self.labels[j] for j in used), size=n, mean=mean, sum_of_squares=ss)
        [found] = components_of(spread, "reml", np.zeros(1, dtype=np.intp))
        total = found.tau2 + found.sigma2 * float((1 / n).mean())
        return float(found.tau2 / total) if total > 0 else float("nan")

    def teachers(self, k: int, used: NDArray[np.intp]) -> int:
        """Return how many teachers stand behind the means of some schools on one scale.

        Parameters
        ----------
        k : int
            The scale.
        used : (m,) array of int
            The schools.

        Returns
        -------
        int
        """
        return int(self.size[used, k].sum())


def school_units(
    values: Values, school: School, audience: Audience | None, gates: Gates | None, what: str
) -> SchoolUnits:
    """Return school means from what a user passed.

    Parameters
    ----------
    values, school : as in `schools.entrance.variables`
        Scores and each teacher's school, or Responses.
    audience : {"district", "research"}, optional
        Whom the result is for; a survey's is for the district unless told otherwise. To a district, schools that do not
        pass the gates do not enter. Plain scores have none: that table is the analyst's.
    gates : Gates, optional
        What must hold.
    what : str
        The verb, for messages.

    Returns
    -------
    SchoolUnits

    Raises
    ------
    DisclosureError
        For an audience that a comparison of schools is not for.
    ModelError
        For an unknown audience, or an audience or gates of plain scores.
    """
    if audience is not None:
        check_audience(audience)
    if audience == "school":
        raise DisclosureError(f"{what} compares schools: it is for audience='district' or 'research'")
    if isinstance(values, Responses):
        audience = audience or "district"
    elif audience is not None or gates is not None:
        msg = f"{what}: gates= and audience= protect a survey; plain scores have none; pass Responses"
        raise ModelError(msg)
    gates = gates or Gates()
    table = variables(values, school, what)
    spread = school_spread(table.X, table.groups)
    withheld: NDArray[np.object_] = np.full(spread.mean.shape, "", dtype=object)
    if isinstance(values, Responses) and audience == "district":
        withheld = withheld_reasons(values.one_wave(what), table.X, table.groups, spread, gates)
    mean = np.where((withheld == "") & (spread.size > 0), spread.mean, np.nan)
    withheld[(spread.size == 0) & (withheld == "")] = "no teacher has a value"
    return SchoolUnits(
        labels=spread.labels,
        names=table.names,
        mean=mean,
        size=spread.size,
        sum_of_squares=spread.sum_of_squares,
        withheld=withheld,
        audience=audience,
        gates=gates,
    )


def check_enough(count: int, units: SchoolUnits, least: int, of: str, what: str) -> None:
    """Refuse a comparison of too few schools.

    Parameters
    ----------
    count : int
        Schools that may enter.
    units : SchoolUnits
        Whom it is for, and the gates.
    least : int
        What the statistic needs.
    of : str
        Of what they are, for messages: ``"group 'north'"``.
    what : str
        The verb.

    Raises
    ------
    DisclosureError
        If a district could tell the means of so few.
    ResponseError
        If a statistic can't be had of so few.
    """
    if units.guarded and count < units.gates.min_other_schools:
        msg = (
            f"{what}: {of} has {count} schools that may be shown; a mean of schools needs {units.gates.min_other_schools}"
            " (Gates.min_other_schools)"
        )
        raise DisclosureError(msg)
    if count < least:
        raise ResponseError(f"{what}: {of} has {count} schools with a mean; it needs at least {least}")


def warn_if_few(count: int, what: str) -> None:
    """Warn of a comparison of few schools.

    Parameters
    ----------
    count : int
        Schools or pairs in it.
    what : str
        The verb.
    """
    if count < FEW_SCHOOLS:
        warn(
            f"{what}: {count} schools or pairs of schools in all; only very large differences can be told from chance",
            SmallSampleWarning,
        )
