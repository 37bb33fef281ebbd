"""`SchoolTable`: every school's mean on every scale, holding only what its audience may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import pandas as pd

from internal_coherence.errors import DisclosureError, ResponseError, closest, listing
from internal_coherence.records import ByScale, Record, plain
from internal_coherence.responses.record import as_label
from internal_coherence.schools.disclosure.gates import Audience, Gates
from internal_coherence.schools.shrinkage.school_means_record import SchoolMeans

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rule = Literal["teacher_scores", "item_means"]
RULES: Final[tuple[str, ...]] = get_args(Rule)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolTable(Record):
    """Schools by scales.

    Parameters
    ----------
    by_scale : DataFrame
        One row a scale: ``scale, n, n_schools, mean, icc1, icc1_lower, icc1_upper, F, p_value, icc2, icc2_lower,
        icc2_upper, tau2, sigma2, rwg_j``, over the schools that are shown; ``rwg_j`` is the mean of those shown.
    means : ByScale of SchoolMeans
        Empirical-Bayes means of the schools that are shown, of every scale on which they can be estimated.
    audience : {"district", "research"}
        Whom the table is for.
    rule : {"teacher_scores", "item_means"}
        What a school's score is.
    min_answered : int or float
        How much of a scale a teacher's score needs.
    gates : Gates
        What had to hold.
    wave : str or None
        Of the answers.
    status : {"reconstructed", "user"}
        Of the instrument.
    """

    by_scale: pd.DataFrame
    means: ByScale[SchoolMeans]
    audience: Audience
    rule: Rule
    min_answered: float
    gates: Gates
    wave: str | None
    status: str
    _table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the table, unrounded.

        Returns
        -------
        DataFrame
            One row a school and scale: ``school, scale, n, n_roster, response_rate, mean, sd, se, eb_mean, eb_se,
            reliability, rwg_j, withheld``. Where ``withheld`` gives a reason, the numbers that it protects are missing.
        """
        return self._table.copy()

    def of_school(self, school: object) -> pd.DataFrame:
        """Return the rows of one school.

        Parameters
        ----------
        school : object
            Its name.

        Returns
        -------
        DataFrame
            As `to_frame`, of the one school.

        Raises
        ------
        DisclosureError
            If nothing of this school may be shown to this audience.
        ResponseError
            For a school that is not in the table.
        """
        label = as_label(school)
        rows = self._table[self._table["school"] == label]
        if rows.empty:
            names = self._table["school"].unique()
            raise ResponseError(f"no school {label!r} in the table; there are {listing(names)}{closest(label, names)}")
        reasons = rows["withheld"].unique()
        if self.audience != "research" and "" not in reasons:
            raise DisclosureError(f"{label!r} may not be shown: {'; '.join(reasons)}")
        return rows.reset_index(drop=True)

    def plot(self, scale: str, ax: Axes | None = None) -> Axes:
        """Draw the schools' empirical-Bayes means on one scale, in order, with comparison intervals.

        Parameters
        ----------
        scale : str
            Its key.
        ax : matplotlib Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        if scale not in self.means:
            known = list(self.means)
            raise ResponseError(f"no means of a scale {scale!r}; there are {listing(known)}{closest(scale, known)}")
        return self.means[scale].plot(ax)

    def plot_heatmap(self, ax: Axes | None = None) -> Axes:
        """Draw schools by scales, in standard deviations of the school means; what is withheld is hatched.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_school_heatmap

        return draw_school_heatmap(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            The rows under ``table``, and the decisions.
        """
        record = Record.to_dict(self)
        return {"table": plain(self._table), **record, "means": self.means.to_dict()}

    def to_csv(self, path: str | Path) -> Path:
        """Write the table as CSV that a spreadsheet opens without running anything in it.

        Parameters
        ----------
        path : path
            The file to write.

        Returns
        -------
        Path
        """
        from internal_coherence.report import write_csv

        return write_csv(self._table, path)

    def to_xlsx(self, path: str | Path) -> Path:
        """Write the table as an Excel workbook, the scales on a sheet of their own, safe to open.

        Parameters
        ----------
        path : path
            The file to write.

        Returns
        -------
        Path
        """
        from internal_coherence.report import write_xlsx

        return write_xlsx({"schools": self._table, "scales": self.by_scale}, path)

    def _repr_html_(self) -> str:
        from internal_coherence.report import school_table

        return school_table(self)

    def __repr__(self) -> str:
        n_schools = self._table["school"].nunique()
        hidden = n_schools - self._table.loc[self._table["withheld"] == "", "school"].nunique()
        return (
            f"<SchoolTable: {n_schools} schools × {self._table['scale'].nunique()} scales, {hidden} schools withheld>"
        )
