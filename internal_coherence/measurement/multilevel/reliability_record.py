"""`MultilevelReliability`: a scale's coefficients at both levels, and what its school means are worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option
from internal_coherence.limits import NAN, ConfidenceInterval, Limits, interval_at
from internal_coherence.measurement.multilevel.coefficients import (
    COEFFICIENTS,
    MEANING,
    OF_EQUAL,
    OF_FREE,
    Coefficient,
)
from internal_coherence.measurement.multilevel.decision_study import (
    Facet,
    SchoolMeanComponents,
    TeachersNeeded,
    decision_table,
    school_mean_components,
    teachers_for,
)
from internal_coherence.measurement.multilevel.estimating import Estimator
from internal_coherence.records import Record

Array = NDArray[np.float64]
Interval = Literal["monte_carlo", "cluster_bootstrap"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MultilevelReliability(Record):
    """Reliability of one scale, of teachers and of schools.

    Parameters
    ----------
    alpha_within, omega_within : float
        Of teachers against their own school (Geldhof et al. 2014), from W alone.
    alpha_between, omega_between : float
        Of the schools' true means, as if each had endless teachers (Geldhof et al. 2014), from B alone.
    alpha_two_level, omega_two_level : float
        Of teachers' scores, whatever their school (Lai 2021); omega with the same loadings at both levels.
    alpha_school_mean, omega_school_mean : float
        Of the schools' means as observed, with `harmonic_size` teachers each (Lai 2021); omega as above.
    omega_within_equal, omega_two_level_free, omega_school_mean_free : float
        The same with the other choice of loadings: the same at both levels, or each level's own.
    icc : float
        The share of the sum's variance that lies between schools.
    within, between : (k, k) array
        The items' covariances W and B.
    items : tuple of str
        Their names.
    loadings : DataFrame
        Items × loadings and residual variances of both one-factor models.
    models : DataFrame
        How both fit: log-likelihood, and χ², df, p against W and B without a model.
    log_likelihood : float
        With W and B without a model; NaN by MUML.
    n, n_missing : int
        Teachers who answered every item, and who did not and are left out.
    n_schools, n_schools_lost : int
        Schools that are in, and that had nobody who answered every item.
    mean_size, harmonic_size : float
        Teachers a school; the latter, ñ, is what the reliability of school means counts with.
    estimator : {"ml", "muml"}
        Maximum likelihood, or mean squares.
    converged : bool
        Whether W and B were found.
    interval : {"monte_carlo", "cluster_bootstrap"} or None
        The kind of interval.
    note : str
        What is odd, or why a number is NaN.
    """

    alpha_within: float
    alpha_between: float
    alpha_two_level: float
    alpha_school_mean: float
    omega_within: float
    omega_between: float
    omega_two_level: float
    omega_school_mean: float
    omega_within_equal: float
    omega_two_level_free: float
    omega_school_mean_free: float
    icc: float
    within: Array
    between: Array
    items: tuple[str, ...]
    loadings: pd.DataFrame
    models: pd.DataFrame
    log_likelihood: float
    n: int
    n_missing: int
    n_schools: int
    n_schools_lost: int
    mean_size: float
    harmonic_size: float
    estimator: Estimator
    converged: bool
    interval: Interval | None
    note: str
    _limits: Mapping[Coefficient, Limits]

    def confidence_interval(self, level: float = 0.95, *, of: Coefficient = "alpha_school_mean") -> ConfidenceInterval:
        """Return the interval of a coefficient.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        of : str
            Which coefficient, for instance ``"alpha_within"``.

        Returns
        -------
        ConfidenceInterval
            NaN where the coefficient is, or where more than one draw in ten has none.

        Raises
        ------
        ModelError
            If no interval was asked for, or for a name or level that does not exist.
        """
        check_option("of", of, COEFFICIENTS)
        if self.interval is None:
            raise ModelError(
                "this was computed without an interval; pass interval='monte_carlo' or 'cluster_bootstrap'"
                " to multilevel_reliability"
            )
        return interval_at(self._limits[of], getattr(self, of), level)

    @property
    def components(self) -> SchoolMeanComponents:
        """Components of variance of one answer: schools, items in schools, teachers, chance."""
        return school_mean_components(self.within, self.between)

    def decision_study(
        self, teachers: Iterable[float] = (5, 10, 15, 20, 30, 40), items: Iterable[int] | int | None = None
    ) -> pd.DataFrame:
        """Return how reliable a school's mean would be with other numbers of teachers, or of items.

        Parameters
        ----------
        teachers : iterable of float
            Teachers a school.
        items : int or iterable of int, optional
            Items; by default those of the scale.

        Returns
        -------
        DataFrame
            Columns ``teachers``, ``items``, ``facet`` (items that stand for others like them, "random", or these and no
            others, "fixed"), ``universe``, ``error``, ``standard_error``, ``reliability``; in the units of an item.

        Raises
        ------
        ModelError
            For numbers that are not above 0.
        """
        counts = [len(self.items)] if items is None else [items] if isinstance(items, int) else items
        return decision_table(self.components, teachers, counts)

    def teachers_needed(
        self, target: float = 0.70, *, items: int | None = None, facet: Facet = "random"
    ) -> TeachersNeeded:
        """Return how many teachers a school give its mean a reliability.

        Parameters
        ----------
        target : float
            The reliability wanted.
        items : int, optional
            Items; by default those of the scale.
        facet : {"random", "fixed"}
            Items that stand for others like them, or these and no others.

        Returns
        -------
        TeachersNeeded
            With random items it may be out of reach whatever the number; ``limit`` says how far it goes.

        Raises
        ------
        ModelError
            For a target that is not between 0 and 1, or an option that does not exist.
        """
        return teachers_for(self.components, target, items, facet)

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return a table with a row for every coefficient.

        Parameters
        ----------
        level : float
            Of the intervals.

        Returns
        -------
        DataFrame
            Columns ``coefficient``, ``estimate``, ``lower``, ``upper`` (NaN without an interval), ``of``, ``loadings``,
            ``n_items``, ``n``, ``n_schools``, ``estimator``, ``interval``.
        """
        rows = []
        for name in COEFFICIENTS:
            limits = NAN
            if self.interval is not None:
                found = self.confidence_interval(level, of=name)
                limits = found.lower, found.upper
            loadings = "free" if name in OF_FREE else "equal" if name in OF_EQUAL else ""
            rows.append((name, getattr(self, name), *limits, MEANING[name], loadings))
        table = pd.DataFrame(rows, columns=["coefficient", "estimate", "lower", "upper", "of", "loadings"])
        return table.assign(
            n_items=len(self.items),
            n=self.n,
            n_schools=self.n_schools,
            estimator=self.estimator,
            interval=self.interval or "none",
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw how the reliability of a school's mean rises with its teachers.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_decision_study

        return draw_decision_study(self, ax)

    def __repr__(self) -> str:
        note = "; see .note" if self.note else ""
        return (
            f"<multilevel reliability ({self.estimator}): alpha within {self.alpha_within:.3f},"
            f" school mean {self.alpha_school_mean:.3f}, {len(self.items)} items,"
            f" {self.n} teachers in {self.n_schools} schools{note}>"
        )
