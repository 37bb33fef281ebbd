"""`StageCovariance`: how stages go together, and what each school adds to it. All that a test of an order needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.ordering.evidence.stage_likelihood import StageLikelihood
from internal_coherence.records import Record

Array = NDArray[np.float64]
Level = Literal["within", "between"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StageCovariance(Record):
    """The covariances of an order's stages at one level, freed of measurement error.

    Parameters
    ----------
    level : {"within", "between"}
        Of teachers within their schools, or of schools.
    stages : tuple of str
        Keys of the k stages.
    matrix : (k, k) array
        Φ. A stage is the mean of its scales, each in units of its standard deviation; or, as a common factor, in its own.
    n_teachers, n_excluded : int
        Teachers behind the numbers; those left out for missing answers, or alone in their school.
    corrected : str
        What of measurement error was taken out, in words.
    notes : tuple of str
        What a reader should know.
    """

    level: Level
    stages: tuple[str, ...]
    matrix: Array
    n_teachers: int
    n_excluded: int
    corrected: str
    notes: tuple[str, ...]
    _contributions: Array
    _schools: tuple[str, ...]
    _likelihood: StageLikelihood
    _source: object = None

    @property
    def contributions(self) -> Array:
        """What each school adds to Φ, to first order, (J, k, k).

        Any function f of Φ has the squared standard error J/(J − 1) Σⱼ (∂f/∂Φ · ιⱼ)². They tell of single schools, and are no part
        of what the record gives away.
        """
        return self._contributions

    @property
    def schools(self) -> tuple[str, ...]:
        """Whose contributions they are."""
        return self._schools

    @property
    def n_schools(self) -> int:
        """Schools, J."""
        return len(self._schools)

    @property
    def correlations(self) -> Array:
        """Correlations of the stages, (k, k)."""
        sd = np.sqrt(np.diag(self.matrix))
        correlations: Array = self.matrix / np.outer(sd, sd)
        return correlations

    def standardized(self) -> StageCovariance:
        """Return the same with correlations for covariances.

        Returns
        -------
        StageCovariance
        """
        sd, R = np.sqrt(np.diag(self.matrix)), self.correlations
        moved = self.contributions / np.outer(sd, sd)
        own = np.diagonal(moved, axis1=1, axis2=2)
        moved = moved - R * (own[:, :, None] + own[:, None, :]) / 2
        return replace(self, matrix=R, _contributions=moved, _likelihood=self._likelihood.in_units(sd))

    def to_frame(self) -> pd.DataFrame:
        """Return the correlations of the stages with their standard errors.

        Returns
        -------
        DataFrame
            ``level, first, second, correlation, se``.
        """
        standard = self.standardized()
        first, second = np.triu_indices(len(self.stages), 1)
        return pd.DataFrame(
            {
                "level": self.level,
                "first": [self.stages[i] for i in first],
                "second": [self.stages[j] for j in second],
                "correlation": standard.matrix[first, second],
                "se": error_by_school(standard.contributions[:, first, second]),
            }
        )

    def __repr__(self) -> str:
        return (
            f"<StageCovariance {self.level} schools: {len(self.stages)} stages, {self.n_teachers} teachers in"
            f" {self.n_schools} schools; {self.corrected}>"
        )


def contributions_without(without: Array) -> Array:
    """Return what each unit adds to an estimate, to first order, from the estimates without each.

    Parameters
    ----------
    without : (J, ...) array

    Returns
    -------
    (J, ...) array
        Whose `covariance_by_school` is the jackknife's.
    """
    J = len(without)
    moved: Array = (without.mean(axis=0) - without) * ((J - 1) / J)
    return moved


def error_by_school(moved: Array) -> Array:
    """Return standard errors from what each school adds.

    Parameters
    ----------
    moved : (J, ...) array
        First-order contributions of J schools.

    Returns
    -------
    (...) array
    """
    J = len(moved)
    error: Array = np.sqrt(J / (J - 1) * (moved**2).sum(axis=0))
    return error


def covariance_by_school(moved: Array) -> Array:
    """Return covariances from what each school adds.

    Parameters
    ----------
    moved : (J, m) array
        First-order contributions of J schools.

    Returns
    -------
    (m, m) array
    """
    J = len(moved)
    variance: Array = moved.T @ moved * (J / (J - 1))
    return variance
