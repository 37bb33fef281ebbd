"""`SchoolMeans`: every school's mean on one scale, with what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import ndtri

from internal_coherence.errors import DisclosureError, ModelError, check_draws, check_level
from internal_coherence.records import Record, plain
from internal_coherence.responses.simulation import Seed
from internal_coherence.schools.disclosure.gates import Audience
from internal_coherence.schools.shrinkage.comparing_two import comparison_multiplier
from internal_coherence.schools.shrinkage.lowest import lowest_probabilities
from internal_coherence.schools.variance.components import VarianceComponents

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Target = Literal["school", "staff"]
TARGETS: Final[tuple[str, ...]] = get_args(Target)
MeanError = Literal["estimated", "conditional"]
ERRORS: Final[tuple[str, ...]] = get_args(MeanError)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolMeans(Record):
    """Empirical-Bayes means of one variable: each school's mean, drawn towards that of all by what is uncertain in it.

    Parameters
    ----------
    of : str
        The variable's name; empty if it has none.
    components : VarianceComponents
        What the means are shrunken by.
    target : {"school", "staff"}
        The school as such, of which these teachers are a sample; or the mean of everyone on the roster.
    error : {"estimated", "conditional"}
        Whether `se` counts that the variances and the mean of all are estimates.
    across_scales : bool
        Whether a school's other scales were borrowed from too.
    audience : {"district", "research"}
        Whom it is for.
    """

    of: str
    components: VarianceComponents
    target: Target
    error: MeanError
    across_scales: bool
    audience: Audience
    _table: pd.DataFrame

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row a school.

        Parameters
        ----------
        level : float
            Of the limits, between 0 and 1.

        Returns
        -------
        DataFrame
            ``school, n, n_roster, raw_mean, mean, effect, conditional_variance, reliability, se, ci_lower, ci_upper``:
            ``raw_mean`` is that of those who answered, ``mean`` the shrunken one, ``effect`` its distance from the
            mean of all (lme4's ``ranef``), ``conditional_variance`` its variance if the variance components are known
            (lme4's ``condVar``).
        """
        reach = _z(level) * self._table["se"]
        return self._table.assign(ci_lower=self._table["mean"] - reach, ci_upper=self._table["mean"] + reach)

    def comparison_intervals(self, level: float = 0.95) -> pd.DataFrame:
        """Return intervals made for comparing two schools that were chosen beforehand: no overlap, a difference.

        Parameters
        ----------
        level : float
            1 less the chance, averaged over all pairs, that two equal schools seem to differ.

        Returns
        -------
        DataFrame
            ``school, mean, se, multiplier, lower, upper``. With schools picked from the picture, or all pairs at once,
            differences by chance are far more frequent.

        Notes
        -----
        Goldstein & Healy (1995). With equal standard errors the multiplier is 1.39 at 95 %.
        """
        _z(level)
        table = self._table[self._table["n"] > 0]
        multiplier = comparison_multiplier(table["se"].to_numpy(), level) if (table["se"] > 0).all() else np.nan
        reach = multiplier * table["se"]
        found = table[["school", "mean", "se"]].assign(multiplier=multiplier)
        return found.assign(lower=table["mean"] - reach, upper=table["mean"] + reach)

    def lowest(self, k: int, *, draws: int = 10_000, rng: Seed = None) -> pd.DataFrame:
        """Return how likely it is that each school is among the lowest k; for research only.

        Parameters
        ----------
        k : int
            From 1 to the number of schools.
        draws : int
            Samples from the means' distributions.
        rng : Generator, int or None
            Source of chance.

        Returns
        -------
        DataFrame
            ``school, probability``; the probabilities sum to k.

        Raises
        ------
        DisclosureError
            For any other audience: the survey is for learning, not for ranking schools.
        ModelError
            If k or draws is out of range.
        """
        if self.audience != "research":
            raise DisclosureError(
                "which schools are lowest is for audience='research' only: the survey is not for ranking"
            )
        table = self._table[self._table["n"] > 0]
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= len(table):
            raise ModelError(f"k={k!r} is not a whole number from 1 to {len(table)}, the schools with answers")
        draws = check_draws(draws, 100)
        mean, se = table["mean"].to_numpy(), table["se"].to_numpy()
        shares = lowest_probabilities(mean, se, int(k), draws, np.random.default_rng(rng))
        return pd.DataFrame({"school": table["school"].to_numpy(), "probability": shares})

    def plot(self, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
        """Draw the schools in order of their means, with comparison intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default on a figure of its own.
        level : float
            Of the intervals.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_school_means

        return draw_school_means(self, ax, level=level)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            The rows under ``schools``, and the decisions.
        """
        return {"schools": plain(self.to_frame()), **Record.to_dict(self)}

    def __repr__(self) -> str:
        known = self._table["reliability"].dropna()
        worth = f", reliability {known.min():.2f} to {known.max():.2f}" if len(known) else ""
        whose = "school means" if self.target == "school" else "means of the present staff"
        name = f" of {self.of}" if self.of else ""
        return f"<SchoolMeans{name}: {len(self._table)} {whose}, mean of all {self.components.mean:.3f}{worth}>"


def _z(level: float) -> float:
    check_level(level)
    return float(ndtri((1 + level) / 2))
