"""`StageCovariance`: how stages go together, and what each school adds to it. All that a test of an order needs."""

from __future__ import annotations

from dataclasses import dataclass
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
    contributions : (J, k, k) array
        What each school adds to Φ, to first order: any function f of Φ has the squared standard error
        J/(J − 1) Σⱼ (∂f/∂Φ · ιⱼ)².
    schools : tuple of str
        Whose they are.
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
    contributions: Array
    schools: tuple[str, ...]
    n_teachers: int
    n_excluded: int
    corrected: str
    notes: tuple[str, ...]
    _likelihood: StageLikelihood

    @property
    def n_schools(self) -> int:
        """Schools, J."""
        return len(self.schools)

    @property
    def correlations(self) -> Array:
        """Correlations of the stages, (k, k)."""
        sd = np.sqrt(np.diag(self.matrix))
        correlations: Array = self.matrix / np.outer(sd, sd)
        return correlations

    def to_frame(self) -> pd.DataFrame:
        """Return the correlations of the stages with their standard errors.

        Returns
        -------
        DataFrame
            ``level, first, second, correlation, se``.
        """
        k = len(self.stages)
        pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
        R, sd = self.correlations, np.sqrt(np.diag(self.matrix))
        slopes = np.zeros((len(pairs), k, k))
        for slope, (i, j) in zip(slopes, pairs, strict=True):
            slope[i, j] = 1 / (sd[i] * sd[j])
            slope[i, i], slope[j, j] = (-R[i, j] / (2 * sd[a] ** 2) for a in (i, j))
        errors = np.sqrt(np.diag(self.variance_of(slopes)))
        rows = [
            (self.level, self.stages[i], self.stages[j], R[i, j], se) for (i, j), se in zip(pairs, errors, strict=True)
        ]
        return pd.DataFrame(rows, columns=["level", "first", "second", "correlation", "se"])

    def moved_by(self, slopes: Array) -> Array:
        """Return what each school adds to functions of Φ.

        Parameters
        ----------
        slopes : (m, k, k) or (k, k) array
            Derivatives of m functions by the entries of Φ, so that df = Σ slope · dΦ.

        Returns
        -------
        (J, m) array
        """
        k = len(self.stages)
        moved: Array = self.contributions.reshape(-1, k * k) @ np.reshape(slopes, (-1, k * k)).T
        return moved

    def variance_of(self, slopes: Array) -> Array:
        """Return the covariances of functions of Φ, teachers of a school going together.

        Parameters
        ----------
        slopes : (m, k, k) or (k, k) array
            Their derivatives.

        Returns
        -------
        (m, m) array
        """
        return variance_between(self.moved_by(slopes))

    def __repr__(self) -> str:
        return (
            f"<StageCovariance {self.level} schools: {len(self.stages)} stages, {self.n_teachers} teachers in"
            f" {self.n_schools} schools; {self.corrected}>"
        )


def variance_between(moved: Array) -> Array:
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
