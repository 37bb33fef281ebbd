"""`OutcomeCorrelations`: how school means go with something else that is known of the schools."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from internal_coherence.errors import listing
from internal_coherence.limits import ConfidenceInterval, interval_at
from internal_coherence.records import Record
from internal_coherence.schools.comparing.words import entry_in_words, p_text, reliability_in_words, schools_left_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAN: Final = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class FisherLimits:
    """tanh(artanh r ± z/√(J − 3))."""

    n: int
    method: str = "Fisher's z, schools as units"

    def at(self, estimate: float, level: float) -> tuple[float, float]:
        """Return Fisher's limits.

        Parameters
        ----------
        estimate : float
            The correlation.
        level : float
            Between 0 and 1.

        Returns
        -------
        lower, upper : float
            NaN for a correlation of 1, or fewer than four schools.
        """
        if self.n < 4 or abs(estimate) >= 1:
            return NAN, NAN
        reach = float(ndtri((1 + level) / 2)) / np.sqrt(self.n - 3)
        return float(np.tanh(np.arctanh(estimate) - reach)), float(np.tanh(np.arctanh(estimate) + reach))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OutcomeCorrelation(Record):
    """The correlation of one scale's school means with an outcome.

    Parameters
    ----------
    scale : str
    n_schools, n_teachers : int
        Schools, and the teachers behind their means.
    r, lower, upper : float
        Pearson's, with Fisher's limits.
    bootstrap_lower, bootstrap_upper : float
        Limits from drawing schools.
    p_value : float
        By Student's t.
    p_permutation, p_rho_permutation : float
        Of r and of rho, by shuffling the outcome.
    n_permutations : int
    permutation_exact : bool
        Whether these are all orders.
    p_attainable : float
        The smallest p that they allow.
    rho, p_rho : float
        Spearman's, with p by Student's t.
    reliability : float
        Of the school means.
    r_disattenuated : float
        r/√(reliability · the outcome's): what it would be if every teacher's answer had been had. It may exceed 1.
    r_lowest, r_highest : float
        When any one school is left out.
    most_influential : str
        The school without which r changes most.
    p_holm, p_bh : float
        `p_value` adjusted for all scales.
    note : str
        Why numbers are missing; empty where none are.
    """

    scale: str
    n_schools: int
    n_teachers: int
    r: float = NAN
    lower: float = NAN
    upper: float = NAN
    bootstrap_lower: float = NAN
    bootstrap_upper: float = NAN
    p_value: float = NAN
    p_permutation: float = NAN
    n_permutations: int = 0
    permutation_exact: bool = False
    p_attainable: float = NAN
    rho: float = NAN
    p_rho: float = NAN
    p_rho_permutation: float = NAN
    reliability: float = NAN
    r_disattenuated: float = NAN
    r_lowest: float = NAN
    r_highest: float = NAN
    most_influential: str = ""
    p_holm: float = NAN
    p_bh: float = NAN
    note: str = ""

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Return Fisher's interval of r.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        ConfidenceInterval
        """
        return interval_at(FisherLimits(n=self.n_schools), self.r, level)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        if self.note:
            return f"{self.scale}: {self.note}"
        return (
            f"{self.scale}: r = {self.r:.2f} [{self.lower:.2f}, {self.upper:.2f}], p = {self.p_value:.3g},"
            f" rho = {self.rho:.2f}, {self.n_schools} schools"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OutcomeCorrelations(Record):
    """How the school means of every scale go with an outcome.

    Parameters
    ----------
    outcome : str
        Its name.
    outcome_reliability : float
        As it was given; 1 if it was not.
    correlations : tuple of OutcomeCorrelation
        One a scale.
    left_out : DataFrame
        Columns ``school``, ``scale`` (empty: all), ``reason``, ``n_schools``.
    level : float
        Of the intervals.
    draws : int
        Of the bootstrap.
    audience : {"district", "research"} or None
        Whom it is for; None for plain scores.
    """

    outcome: str
    outcome_reliability: float
    correlations: tuple[OutcomeCorrelation, ...]
    left_out: pd.DataFrame
    level: float
    draws: int
    audience: str | None

    def __getitem__(self, scale: str) -> OutcomeCorrelation:
        """Return one scale's correlation."""
        for one in self.correlations:
            if one.scale == scale:
                return one
        raise KeyError(f"no {scale!r}; there are {listing(one.scale for one in self.correlations)}")

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a scale, unrounded.

        Returns
        -------
        DataFrame
            Indexed by ``scale``.
        """
        return pd.DataFrame([c.as_row() for c in self.correlations]).set_index("scale")

    def in_words(self) -> str:
        """Say in words what was found, and how far it can be trusted.

        Returns
        -------
        str
            A line a scale, then how it was done.
        """
        lines = [self._line(c) for c in self.correlations]
        said = ["Schools that go together in two things need not have one from the other; each school is one vote."]
        said += reliability_in_words([c.reliability for c in self.correlations])
        return "\n".join([*lines, *said, *entry_in_words(schools_left_out(self.left_out), self.audience)])

    def _line(self, c: OutcomeCorrelation) -> str:
        name = c.scale.replace("_", " ")
        if c.note:
            return f"{name}: no correlation, {c.note}."
        corrected = f", {c.r_disattenuated:.2f} if corrected for it" if isfinite(c.r_disattenuated) else ""
        return (
            f"{name} and {self.outcome}: r = {c.r:.2f} in {c.n_schools} schools, {100 * self.level:.4g} % interval"
            f" {c.lower:.2f} to {c.upper:.2f}; {p_text(c.p_value)}, {p_text(c.p_holm)} for all scales together (Holm);"
            f" by ranks {c.rho:.2f}. Weakened by unreliable school means{corrected}. Without one school"
            f" {c.r_lowest:.2f} to {c.r_highest:.2f} ({c.most_influential} matters most)."
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a forest: every scale's correlation with its interval.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_correlations

        return draw_correlations(self, ax)

    def __repr__(self) -> str:
        count = f"{len(self.correlations)} scale{'' if len(self.correlations) == 1 else 's'}"
        head = f"<OutcomeCorrelations with {self.outcome}, {count}; schools as units>"
        return "\n".join([head, *map(repr, self.correlations)])
