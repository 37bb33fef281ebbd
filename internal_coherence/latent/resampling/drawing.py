"""Samples drawn from a sample: rows, or whole schools, within each group; and rows moved to where a model holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.sample import Sample, count_schools
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted
from internal_coherence.moments.saturated import pattern_moments, saturated_normal

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
NEEDS: Final = "resampling needs"
FEW_SCHOOLS: Final = 30
"""Limits from fewer drawn schools are too narrow (Cameron, Gelbach & Miller 2008)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Which rows of a group are taken.

    Parameters
    ----------
    rows : (m,) array of int
        Positions within the group; a row may stand there several times.
    school : (m,) array of int or None
        Of each, numbered over all groups: a school that is drawn twice is two schools. None where rows are drawn.
    """

    rows: Integers
    school: Integers | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """What is drawn: rows, or whole schools.

    Parameters
    ----------
    sizes : tuple of int
        Rows of each group.
    schools : tuple of tuple of array, or None
        For each stratum its schools, each as one array of rows a group. A group is a stratum where no school is in two groups;
        otherwise all groups are one.
    codes : (U,) array of int
        The schools' numbers, stratum by stratum; empty where rows are drawn.
    """

    sizes: tuple[int, ...]
    schools: tuple[tuple[tuple[Integers, ...], ...], ...] | None
    codes: Integers

    @classmethod
    def of(cls, samples: Sequence[Sample], *, by_school: bool) -> Units:
        """Find what samples can be drawn from."""
        sizes = tuple(len(sample.answers(NEEDS)) for sample in samples)
        if not by_school:
            return cls(sizes=sizes, schools=None, codes=np.zeros(0, dtype=np.intp))
        if any(sample.cluster is None for sample in samples):
            raise ModelError("drawing schools, or leaving them out, takes a fit that knows them: fit with cluster=")
        nobody, rows = np.zeros(0, dtype=np.intp), [_rows_of_schools(np.asarray(s.cluster)) for s in samples]
        own = [sorted(found) for found in rows]
        every = sorted({code for codes in own for code in codes})
        strata = own if sum(map(len, own)) == len(every) else [every]
        schools = tuple(
            tuple(tuple(found.get(code, nobody) for found in rows) for code in stratum) for stratum in strata
        )
        return cls(
            sizes=sizes, schools=schools, codes=np.array([c for stratum in strata for c in stratum], dtype=np.intp)
        )

    @property
    def n_rows(self) -> int:
        """Rows of all groups."""
        return sum(self.sizes)

    @property
    def n_units(self) -> int:
        """How many can be drawn."""
        return sum(self.sizes) if self.schools is None else sum(map(len, self.schools))

    def draw(self, rng: np.random.Generator) -> list[Drawn]:
        """Draw as many as there are, with replacement, within each group or stratum."""
        if self.schools is None:
            return [Drawn(rows=rng.integers(n, size=n), school=None) for n in self.sizes]
        taken = [stratum[k] for stratum in self.schools for k in rng.integers(len(stratum), size=len(stratum))]
        return self._of(taken)

    def without(self, left_out: int) -> list[Drawn]:
        """Return all schools but one, counted over the strata."""
        every = [school for stratum in self.schools or () for school in stratum]
        return self._of([school for k, school in enumerate(every) if k != left_out])

    def _of(self, taken: Sequence[tuple[Integers, ...]]) -> list[Drawn]:
        drawn = []
        for g in range(len(self.sizes)):
            rows = np.concatenate([school[g] for school in taken])
            drawn.append(
                Drawn(rows=rows, school=np.repeat(np.arange(len(taken)), [len(school[g]) for school in taken]))
            )
        return drawn


def _rows_of_schools(school: Integers) -> dict[int, Integers]:
    """Return each school's rows."""
    order = np.argsort(school, kind="stable")
    codes, first = np.unique(school[order], return_index=True)
    return dict(zip(codes.tolist(), np.split(order, first[1:]), strict=True))


def drawn_samples(samples: Sequence[Sample], drawn: Sequence[Drawn], *, saturated: bool) -> tuple[Sample, ...]:
    """Return the samples of the rows that were drawn.

    Parameters
    ----------
    samples : sequence of Sample
        What they were drawn from.
    drawn : sequence of Drawn
        Group by group.
    saturated : bool
        Estimate the saturated model of incomplete rows too, which only measures of fit need.

    Returns
    -------
    tuple of Sample
    """
    pairs = list(zip(samples, drawn, strict=True))
    total = sum(float(s.weights[d.rows].sum()) for s, d in pairs if s.weights is not None)
    factor = sum(len(d.rows) for d in drawn) / total if total else 1.0  # weights sum to the rows, over all groups
    found = [_sample(s, d, None if s.weights is None else s.weights[d.rows] * factor, saturated) for s, d in pairs]
    return count_schools(_numbered(found))


def _numbered(samples: Sequence[Sample]) -> list[Sample]:
    """Return samples whose schools are counted without gaps."""
    known = [s.cluster for s in samples if s.cluster is not None]
    if not known:
        return list(samples)
    codes = np.unique(np.concatenate(known))
    return [s if s.cluster is None else replace(s, cluster=np.searchsorted(codes, s.cluster)) for s in samples]


def _sample(sample: Sample, drawn: Drawn, weights: Array | None, saturated: bool) -> Sample:
    X = sample.answers(NEEDS)[drawn.rows]
    same = replace(sample, X=X, weights=weights, cluster=drawn.school, rows=None, n_schools=0)
    if not sample.patterns:
        n = float(len(X)) if weights is None else float(weights.sum())
        mean = X.mean(axis=0) if weights is None else weights @ X / n
        Z = X - mean
        cov = (Z if weights is None else Z * weights[:, None]).T @ Z / (n - sample.unbiased)
        return replace(same, n=n, mean=mean, cov=cov)
    if not saturated:
        return replace(same, n=float(len(X)), patterns=pattern_moments(X - sample.mean))
    fit = saturated_normal(X, [str(k) for k in range(sample.p)])
    return replace(
        same,
        n=float(len(X)),
        mean=fit.mean,
        cov=fit.cov,
        patterns=pattern_moments(X - fit.mean),
        saturated_log_likelihood=fit.log_likelihood,
    )


def where_it_holds(fitted: Fitted) -> tuple[Sample, ...]:
    """Return the samples with every row moved so that the model fits them exactly.

    Parameters
    ----------
    fitted : Fitted
        Solved, of complete rows.

    Returns
    -------
    tuple of Sample
        Rows (x − x̄) S^−½ Σ^½ + μ, whose means and covariances are those that the model implies.

    Raises
    ------
    ModelError
        For incomplete rows, or weighted ones.

    Notes
    -----
    Bollen & Stine (1992).
    """
    p = fitted.problem
    if p.missing or any(sample.weights is not None for sample in p.samples):
        raise ModelError("Bollen & Stine's bootstrap takes complete rows without weights; use missing='listwise'")
    found = []
    for ram, sample, at in zip(p.rams, p.samples, fitted.implied, strict=True):
        turn = _power(sample.cov, -0.5) @ _power(at.sigma, 0.5)
        mu = at.mu if ram.has_means else sample.mean
        X = (sample.answers(NEEDS) - sample.mean) @ turn + mu
        found.append(replace(sample, X=X, mean=mu, cov=at.sigma))
    return tuple(found)


def reordered(samples: Sequence[Sample], of: SemFit, like: SemFit) -> tuple[Sample, ...]:
    """Return samples with their variables in the order that another model has them.

    Parameters
    ----------
    samples : sequence of Sample
        In the order of the first.
    of, like : SemFit
        Models of the same variables.

    Returns
    -------
    tuple of Sample
    """
    order = np.array([of.observed.index(name) for name in like.observed])
    return tuple(
        replace(
            sample,
            X=sample.answers(NEEDS)[:, order],
            mean=sample.mean[order],
            cov=sample.cov[order[:, None], order],
            exogenous=other.exogenous,
        )
        for sample, other in zip(samples, like._fitted.problem.samples, strict=True)
    )


def _power(S: Array, exponent: float) -> Array:
    e, V = np.linalg.eigh(S)
    root: Array = (V * e**exponent) @ V.T
    return root
