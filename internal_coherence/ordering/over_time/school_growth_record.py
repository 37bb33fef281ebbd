"""`SchoolGrowth`: each school's line over waves, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from scipy.special import ndtri

from internal_coherence.errors import check_level, listing
from internal_coherence.records import Record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolGrowth(Record):
    """Growth of the stages of an order in schools.

    Parameters
    ----------
    order : str
        Which order.
    stages, unmeasured, missing_scales : tuple of str
        Stages with growth; stages without a scale in this survey; scales that the order names and the survey has not.
    waves : tuple of str
        In their order.
    times : tuple of float
        When they were, the first at 0; a slope is change in one unit of it.
    n_schools : int
        Schools.
    linked : bool
        Whether teachers' ids told which errors of two waves go together.
    audience : {"district", "research"}
        Whom `by_school` is for; to a district, schools that do not pass the gates have no numbers.
    parameters : DataFrame
        ``stage, intercept, intercept_se, slope, slope_se`` (means over schools), ``intercept_sd, slope_sd, correlation`` (of schools'
        true lines), ``wave_sd`` (of what their true means deviate by from the line), ``log_likelihood, converged``.
    by_school : DataFrame
        ``school, stage, n_waves, intercept, intercept_se, slope, slope_se, withheld``: shrunken to all schools' mean line.
    """

    order: str
    stages: tuple[str, ...]
    unmeasured: tuple[str, ...]
    missing_scales: tuple[str, ...]
    waves: tuple[str, ...]
    times: tuple[float, ...]
    n_schools: int
    linked: bool
    audience: str
    parameters: pd.DataFrame
    by_school: pd.DataFrame

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a school and stage, with limits.

        Parameters
        ----------
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            `by_school`, and ``slope_lower, slope_upper``.
        """
        check_level(level)
        reach = float(ndtri((1 + level) / 2))
        table = self.by_school
        return table.assign(
            slope_lower=table["slope"] - reach * table["slope_se"],
            slope_upper=table["slope"] + reach * table["slope_se"],
        )

    def __repr__(self) -> str:
        lost = self.parameters.loc[~self.parameters["converged"], "stage"]
        trouble = f"; not converged: {listing(lost)}" if len(lost) else ""
        return (
            f"<growth of {len(self.stages)} stages of {self.order!r} in {self.n_schools} schools over"
            f" {len(self.waves)} waves{trouble}>"
        )
