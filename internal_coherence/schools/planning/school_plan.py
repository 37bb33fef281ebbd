"""`SchoolPlan`: what numbers of teachers and schools buy, and how many are needed."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite, isnan
from typing import TYPE_CHECKING

import pandas as pd

from internal_coherence.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolPlan(Record):
    """A plan: a grid of teachers and schools, and what was assumed.

    Parameters
    ----------
    grid : DataFrame
        A row for every scale, number of teachers and number of schools; see `to_frame`.
    answers : DataFrame
        What is needed; see `needed`.
    icc : dict
        Scale to intraclass correlation.
    sd : float
        Of a teacher's score, between and within schools together; the unit of margins and changes.
    target_icc2, margin, change : float
        What is wanted of a school's mean, of its margin, and to be seen between waves; NaN where nothing is.
    staff, district : float
        Teachers of a school and schools of the district; infinite if those who answer stand for more.
    overlap, stability, school_stability : float
        Share of teachers who answer in both waves; correlation of such a teacher's answers; of a school's true means.
    power, alpha, level : float
        Wanted power, level of the test, of the margins.
    """

    grid: pd.DataFrame
    answers: pd.DataFrame
    icc: dict[str, float]
    sd: float
    target_icc2: float
    margin: float
    change: float
    staff: float
    district: float
    overlap: float
    stability: float
    school_stability: float
    power: float
    alpha: float
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the grid, unrounded.

        Returns
        -------
        DataFrame
            ``scale, icc, teachers, schools``; ``icc2``, the reliability of a school's mean; ``school_margin`` and
            ``district_margin``, half the width of their intervals; ``design_effect`` and ``effective_n`` of all teachers;
            ``school_power`` and ``district_power`` to see `change` in one school, and in the mean of all; and
            ``school_detectable`` and ``district_detectable``, the changes seen with the power wanted.
        """
        return self.grid

    def needed(self) -> pd.DataFrame:
        """Return how many are needed.

        Returns
        -------
        DataFrame
            A row a scale and number of teachers: ``teachers_for_icc2``, a school's teachers for the target;
            ``teachers_for_margin``, for the margin of one school's mean; ``teachers_for_change``, for one school's change;
            ``schools_for_change``, schools with that many teachers for the mean change. NaN where nothing was asked or no
            number is enough.
        """
        return self.answers

    def in_words(self) -> str:
        """Say in words how many are needed.

        Returns
        -------
        str
            A paragraph a scale.
        """
        return "\n".join(self._of_scale(scale, rows) for scale, rows in self.answers.groupby("scale", sort=False))

    def _of_scale(self, scale: object, rows: pd.DataFrame) -> str:
        first = rows.iloc[0]
        name = str(scale).replace("_", " ")
        reaches = (
            f"{name} (ICC {first['icc']:.2f}): a school's mean reaches a reliability of {self.target_icc2:.2f} with"
            f" {_number(first['teachers_for_icc2'])} teachers."
        )
        said = [reaches]
        if not isnan(self.margin):
            said.append(
                f"One school's mean is known to ±{self.margin:g} with {_number(first['teachers_for_margin'])} teachers."
            )
        if not isnan(self.change):
            schools = " or ".join(
                f"{_number(n)} schools of {k:g} teachers"
                for n, k in zip(rows["schools_for_change"], rows["teachers"], strict=True)
            )
            said.append(
                f"A change of {self.change:g} is seen with a power of {self.power:.2f} in one school by"
                f" {_number(first['teachers_for_change'])} teachers in each wave, in the mean of schools by {schools}."
            )
        return " ".join(said)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the reliability of a school's mean against the number of teachers.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_plan

        return draw_plan(self, ax)

    def __repr__(self) -> str:
        count = f"{len(self.icc)} scale{'' if len(self.icc) == 1 else 's'}"
        return f"<SchoolPlan for {count}, {len(self.grid)} points>\n{self.in_words()}"


def _number(n: float) -> str:
    return f"{ceil(n)}" if isfinite(n) else "no number of"
