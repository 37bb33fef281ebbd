"""Stages between schools: the covariances of schools' true means, freed of the error of so many teachers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, ResponseError, listing
from internal_coherence.ordering.evidence.stage_covariance import StageCovariance, contributions_without
from internal_coherence.ordering.evidence.stage_likelihood import StageLikelihood
from internal_coherence.ordering.evidence.stages import StageScores

Array = NDArray[np.float64]
FEWEST_SCHOOLS: Final = 40
"""Fewer schools' means are not modelled: see the coverage in the documentation."""


def between_schools(
    scores: StageScores,
    *,
    outcomes: Mapping[str, pd.Series] | None = None,
    sequence: Sequence[str] = (),
    fewest: int = FEWEST_SCHOOLS,
) -> StageCovariance:
    """Estimate how stages go together among schools, freed of the sampling of teachers and of their answers' error.

    Parameters
    ----------
    scores : StageScores
        Teachers' scores.
    outcomes : mapping, optional
        Stage key to a value of every school, indexed by school: what is measured of schools, without teachers.
    sequence : sequence of str, optional
        In which the stages are laid out; by default outcomes come last.
    fewest : int
        Fewer schools are refused.

    Returns
    -------
    StageCovariance

    Raises
    ------
    ResponseError
        With too few schools, or an outcome that too few of them have.
    ModelError
        If a stage does not differ between schools by more than its teachers' error would make it.

    Notes
    -----
    (MS between − MS within)/n₀, n₀ = (N − Σnⱼ²/N)/(J − 1): Muthén's (1994) estimate, of several variables. What each school adds is
    found by leaving it out: the covariances' own standard errors are the jackknife's, those of functions of them by the delta method.
    """
    values, school, names, stages = _joined(scores, outcomes or {}, sequence)
    J = len(names)
    if fewest > J:
        raise ResponseError(
            f"{J} schools: an order between schools is not looked at with fewer than {fewest}, since so few can't tell its arrows"
        )
    if len(values) == J:
        raise ResponseError(f"each of the {J} schools has one teacher: how much of a mean is error can't be told")
    sums = SchoolCrossProducts.of(values, school, J)
    matrix = sums.between()
    if flat := [stage for stage, variance in zip(stages, np.diag(matrix), strict=True) if not variance > 0]:
        raise ModelError(
            f"between schools there is no more difference on {listing(flat)} than {len(values)} teachers' answers make by chance"
        )
    if np.linalg.eigvalsh(matrix)[0] < 1e-8 * np.trace(matrix):
        raise ModelError(
            f"between {J} schools the stages' estimated covariances are not positive definite: two stages can't be told apart, or"
            " schools are too few"
        )
    return StageCovariance(
        level="between",
        stages=stages,
        matrix=matrix,
        _contributions=contributions_without(sums.between_without_each()),
        _schools=names,
        n_teachers=len(values),
        n_excluded=scores.n_excluded + len(scores.teachers) - len(values),
        corrected="schools' means, without the error of their teachers",
        notes=(),
        _likelihood=sums.likelihood(),
        _source=sums,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolCrossProducts:
    """Every school's size, mean and cross-products.

    Parameters
    ----------
    size : (J,) array
        Teachers, nⱼ.
    mean : (J, k) array
        Of each school, about the mean of all teachers.
    within : (J, k, k) array
        Cross-products about it.
    """

    size: Array
    mean: Array
    within: Array

    @classmethod
    def of(cls, values: Array, school: NDArray[np.intp], n_schools: int) -> SchoolCrossProducts:
        """Sum up teachers' values.

        Parameters
        ----------
        values : (n, k) array
        school : (n,) array of int
        n_schools : int
            J.

        Returns
        -------
        SchoolCrossProducts
        """
        size = np.bincount(school, minlength=n_schools).astype(np.float64)
        centred = values - values.mean(axis=0)
        mean = np.stack([np.bincount(school, x, n_schools) for x in centred.T], axis=1) / size[:, None]
        apart = (centred - mean[school])[order := np.argsort(school, kind="stable")]
        edges = np.searchsorted(school[order], np.arange(1, n_schools))
        within = np.stack([part.T @ part for part in np.split(apart, edges)])
        return cls(size=size, mean=mean, within=within)

    def between(self) -> Array:
        """Return the covariances of schools' true means.

        Returns
        -------
        (k, k) array
        """
        n, m = self.size, self.mean
        sums = ((n @ m)[None], np.einsum("j,ja,jb->ab", n, m, m)[None], self.within.sum(axis=0)[None])
        covariances: Array = _between(np.array([n.sum()]), np.array([n @ n]), *sums, len(n))[0]
        return covariances

    def between_without_each(self) -> Array:
        """Return the same without each school in turn.

        Returns
        -------
        (J, k, k) array
        """
        n, m, W = self.size, self.mean, self.within
        products = np.einsum("j,ja,jb->jab", n, m, m)
        return _between(
            n.sum() - n,
            n @ n - n**2,
            n @ m - n[:, None] * m,
            products.sum(axis=0) - products,
            W.sum(axis=0) - W,
            len(n) - 1,
        )

    def redrawn(self, schools: NDArray[np.intp]) -> Array:
        """Return the covariances of schools' true means in a sample of schools.

        Parameters
        ----------
        schools : (J,) array of int
            Which, some of them more than once.

        Returns
        -------
        (k, k) array
        """
        drawn = SchoolCrossProducts(size=self.size[schools], mean=self.mean[schools], within=self.within[schools])
        return drawn.between()

    def likelihood(self) -> StageLikelihood:
        """Return what schools' means say of their true covariances.

        Returns
        -------
        StageLikelihood
        """
        pooled = self.within.sum(axis=0) / (self.size.sum() - len(self.size))
        # What is measured without error has a speck of it, lest its information be infinite.
        specks = 1e-6 * np.einsum("ja,ja->a", self.mean, self.mean) / len(self.mean)
        errors = pooled + np.diag(np.where(np.diag(pooled) > specks, 0.0, specks))
        information = self.size[:, None, None] * np.linalg.inv(errors)
        h = np.einsum("jab,jb->ja", information, self.mean)
        return StageLikelihood(
            information=information,
            products=np.einsum("ja,jb->jab", h, h),
            count=np.ones(len(self.size)),
            school=np.arange(len(self.size)),
        )


def _between(N: Array, squares: Array, total: Array, products: Array, within: Array, J: int) -> Array:
    """Return (MS between − MS within)/n₀ from sums, (r, k, k) for r sets of J schools."""
    n0 = (N - squares / N) / (J - 1)
    among = (products - np.einsum("ra,rb->rab", total, total) / N[:, None, None]) / (J - 1)
    inside = within / (N - J)[:, None, None]
    return np.asarray((among - inside) / n0[:, None, None], dtype=np.float64)


def _joined(
    scores: StageScores, outcomes: Mapping[str, pd.Series], sequence: Sequence[str]
) -> tuple[Array, NDArray[np.intp], tuple[str, ...], tuple[str, ...]]:
    """Return values, schools' codes and names, and stages, of the schools for which everything is known."""
    values, school = scores.teachers, scores.school
    known = np.ones(len(scores.schools), dtype=bool)
    columns = []
    for stage, given in outcomes.items():
        column = outcome_of(stage, given, scores.schools)
        known &= ~np.isnan(column)
        columns.append(column)
    if outcomes:
        values = np.column_stack([values, *(column[school] for column in columns)])
    kept = known[school]
    place = np.cumsum(known) - 1
    names = tuple(name for name, there in zip(scores.schools, known, strict=True) if there)
    stages = (*scores.stages, *outcomes)
    at = [stages.index(stage) for stage in sequence or stages]
    return values[kept][:, at], place[school[kept]], names, tuple(stages[k] for k in at)


def check_outcomes(outcomes: Mapping[str, pd.Series], schools: Sequence[str], fewest: int) -> None:
    """Refuse outcomes that can't be read, or that too few schools have.

    Parameters
    ----------
    outcomes : mapping
        Stage to values by school.
    schools : sequence of str
        The survey's.
    fewest : int

    Raises
    ------
    ResponseError
    """
    for stage, given in outcomes.items():
        known = int((~np.isnan(outcome_of(stage, given, schools))).sum())
        if known < fewest:
            raise ResponseError(
                f"outcome {stage!r} is known for {known} of {len(schools)} schools; an order between schools is not looked at with"
                f" fewer than {fewest}"
            )


def outcome_of(stage: str, given: pd.Series, schools: Sequence[str]) -> Array:
    """Return an outcome, school by school, in standard deviations about its mean.

    Parameters
    ----------
    stage : str
        Which.
    given : Series
        Indexed by school.
    schools : sequence of str

    Returns
    -------
    (J,) array
        NaN where it is not known.

    Raises
    ------
    ResponseError
        If a school is given twice, no school is known, or the outcome does not vary.
    """
    if not isinstance(given, pd.Series):
        raise ResponseError(f"outcome {stage!r}: give a Series indexed by school, not a {type(given).__name__}")
    named = given.set_axis(given.index.astype(str))
    if twice := list(named.index[named.index.duplicated()].unique()):
        raise ResponseError(f"outcome {stage!r} has several values of {listing(twice)}")
    column = pd.to_numeric(named.reindex(list(schools)), errors="coerce").to_numpy(dtype=np.float64)
    column = np.where(np.isinf(column), np.nan, column)
    unread = named.reindex(list(schools)).notna().to_numpy() & np.isnan(column)
    if unread.any():
        odd = named.reindex(list(schools))[unread].iloc[0]
        raise ResponseError(f"outcome {stage!r}: {int(unread.sum())} value(s) are no numbers, such as {odd!r}")
    there = ~np.isnan(column)
    if not there.any():
        raise ResponseError(
            f"outcome {stage!r} is known for none of the {len(schools)} schools; its index is {listing(named.index, 5)}"
        )
    spread = column[there].std(ddof=1) if there.sum() > 1 else 0.0
    if not spread > 0:
        raise ResponseError(f"outcome {stage!r} is known for {int(there.sum())} school(s) and does not vary")
    standard: Array = (column - column[there].mean()) / spread
    return standard
