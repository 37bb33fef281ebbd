"""A model fitted again to other samples, from where it was: what a worker does with a batch of draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceError
from internal_coherence.latent.estimation.batches import Stack, solve_many
from internal_coherence.latent.estimation.scoring import at_once, null_space
from internal_coherence.latent.estimation.starting import starting_values
from internal_coherence.latent.fit.estimates import listed_rows
from internal_coherence.latent.judging import judge
from internal_coherence.latent.model.building import rams
from internal_coherence.latent.resampling.drawing import Drawn, drawn_samples
from internal_coherence.latent.resampling.drawn_moments import DrawnMoments, drawn_moments
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted, Problem
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.unstructured import Apart

Array = NDArray[np.float64]
Samples = tuple[Sample, ...]
CORRECTED: Final = ("_scaled", "_robust", "_scaling_factor", "_factor_h0", "_factor_h1", "_shift_parameters")
"""How measures end that rest on the rows themselves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """What is kept of a draw beyond the parameters.

    Parameters
    ----------
    measures : tuple of str
        Measures of fit.
    errors : bool
        Standard errors.
    """

    measures: tuple[str, ...] = ()
    errors: bool = False

    @property
    def more(self) -> bool:
        """Whether there is anything."""
        return bool(self.measures) or self.errors

    @property
    def corrected(self) -> bool:
        """Whether a measure rests on the rows themselves."""
        return any(name.endswith(CORRECTED) for name in self.measures)

    @property
    def rows(self) -> bool:
        """Whether moments do not suffice."""
        return self.errors or self.corrected


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refitted:
    """What one sample said; NaN where no minimum was found.

    Parameters
    ----------
    converged, improper : bool
        Whether a minimum was found, and whether a variance is negative there.
    theta : (Q,) array
        The parameters.
    errors : (K,) array
        Standard errors of all rows of the table of estimates; empty if they were not wanted.
    measures : (M,) array
        Measures of fit.
    """

    converged: bool
    improper: bool
    theta: Array
    errors: Array
    measures: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refit:
    """A model that can be fitted to other samples.

    Parameters
    ----------
    table : ParTable
        The model.
    problem : Problem
        With its own samples.
    theta : (Q,) array
        Its estimates, from which others are sought.
    apart : Apart
        Variables that stand apart.
    clusters : bool
        Whether rows go together within schools.
    auxiliary : tuple of str
        Names of variables beside the model.
    n_listed : int
        K, rows of the table of estimates.
    """

    table: ParTable
    problem: Problem
    theta: Array
    apart: Apart
    clusters: bool
    auxiliary: tuple[str, ...]
    n_listed: int

    @classmethod
    def of(cls, fit: SemFit) -> Refit:
        """Take a fit, without what can't travel to other processes."""
        solved, judged = fit._fitted, fit._judged
        return cls(
            table=fit.table,
            problem=replace(solved.problem),  # what it has worked out stays behind
            theta=np.array(solved.theta),
            apart=Apart() if judged is None else judged.apart,
            clusters=fit.n_clusters > 0,
            auxiliary=fit.auxiliary,
            n_listed=len(listed_rows(fit.table, fit.auxiliary).rows),
        )

    def drawn(self, samples: Samples, draws: Sequence[Sequence[Drawn]], wanted: Wanted) -> list[Refitted]:
        """Fit the model to each of several draws of rows.

        Parameters
        ----------
        samples : tuple of Sample
            What they were drawn from.
        draws : sequence of sequence of Drawn
            Draw by draw, group by group.
        wanted : Wanted
            Beyond the parameters.

        Returns
        -------
        list of Refitted
        """
        moments = drawn_moments(samples, draws) if self._moments_suffice else ()
        found = self._together(moments) if self._stacks else [None] * len(draws)

        def taken(k: int) -> Samples | None:
            if any(len(d.rows) <= sample.unbiased for d, sample in zip(draws[k], samples, strict=True)):
                return None  # nobody of a group
            if moments and not wanted.rows:
                return tuple(m.sample(k) for m in moments)
            return self._taken(samples, draws[k], wanted)

        return [self._of(theta, partial(taken, k), wanted) for k, theta in enumerate(found)]

    def alone(self, samples: Samples, draw: Sequence[Drawn]) -> Fitted | None:
        """Fit the model to one draw of rows.

        Parameters
        ----------
        samples : tuple of Sample
            What they were drawn from.
        draw : sequence of Drawn
            Group by group.

        Returns
        -------
        Fitted or None
            With the rows and, where rows are incomplete, the saturated model; None where there is no minimum.

        Raises
        ------
        ResponseError, numpy.linalg.LinAlgError
            Where such rows can't be estimated from.
        """
        return self._fitted(drawn_samples(samples, draw, saturated=True), None)

    def _taken(self, samples: Samples, draw: Sequence[Drawn], wanted: Wanted) -> Samples | None:
        try:
            return drawn_samples(samples, draw, saturated=bool(wanted.measures))
        except (
            CoherenceError,
            np.linalg.LinAlgError,
        ):  # where an item does not vary, incomplete rows have no saturated model
            return None

    @property
    def _moments_suffice(self) -> bool:
        return self.problem.estimator.discrepancy in ("ML", "GLS", "ULS") and not self.problem.missing

    @property
    def _stacks(self) -> bool:
        """Whether many samples can be solved in one stack."""
        p = self.problem
        plain = p.estimator.discrepancy == "ML" and not p.missing and not self.apart.exogenous
        return plain and p.inequalities is None and p.lower is None and not self.table.equalities

    def _together(self, moments: Sequence[DrawnMoments]) -> list[Array | None]:
        """Return the parameters of every draw, None where they were not found together with the others'."""
        p, n = self.problem, np.sum([m.counted for m in moments], axis=0)
        enough = np.all([m.counted > 0 for m in moments], axis=0)
        thetas, done = np.full((len(n), len(self.theta)), np.nan), np.zeros(len(n), dtype=bool)
        if enough.any():
            every = (
                Stack(ram=ram, cov=m.cov, mean=m.mean, share=m.counted / n)
                for ram, m in zip(p.rams, moments, strict=True)
            )
            Z = None if p.constraints is None else null_space(p.constraints.jacobian(self.theta))
            thetas[enough], done[enough] = solve_many([stack.of(enough) for stack in every], self.theta, Z)
        return [theta if ok else None for theta, ok in zip(thetas, done, strict=True)]

    def _of(self, theta: Array | None, taken: Callable[[], Samples | None], wanted: Wanted) -> Refitted:
        if theta is not None and not wanted.more:
            return self._kept(theta, np.zeros(0), np.zeros(0))
        try:
            samples = taken()
            fitted = None if samples is None else self._fitted(samples, theta)
            return self._nothing(wanted) if fitted is None else self._told(fitted, wanted)
        except np.linalg.LinAlgError:
            return self._nothing(wanted)

    def _fitted(self, samples: Samples, theta: Array | None) -> Fitted | None:
        """Return the fit to some samples, its parameters found already or not; None where there is no minimum."""
        own = rams(self.table, samples) if self.apart.exogenous else self.problem.rams
        problem = replace(self.problem, rams=own, samples=samples)
        if theta is not None:
            return Fitted(problem, at_once(problem.objective, theta))
        solution = problem.solve(self.theta)
        if not solution.converged:
            solution = problem.solve(starting_values(own, samples, np.full(problem.n_parameters, np.nan)).theta)
        return Fitted(problem, solution) if solution.converged else None

    def _told(self, fitted: Fitted, wanted: Wanted) -> Refitted:
        errors, measures = np.zeros(0), np.zeros(0)
        if wanted.errors:
            _, slopes = listed_rows(self.table, self.auxiliary).raw(fitted)
            errors = np.sqrt(np.einsum("kq,qr,kr->k", slopes, fitted.vcov, slopes))
        if wanted.measures:
            judged = fitted
            if not wanted.corrected:  # what is not asked for is not made
                plain = replace(fitted.problem.estimator, test="standard")
                judged = Fitted(replace(fitted.problem, estimator=plain), fitted.solution)
            found = judge(judged, self.apart, self._n_schools(fitted)).measures
            measures = np.array([found.get(name, np.nan) for name in wanted.measures])
        return self._kept(np.array(fitted.theta), errors, measures)

    def _kept(self, theta: Array, errors: Array, measures: Array) -> Refitted:
        improper = bool(self.problem.is_improper(theta))
        return Refitted(converged=True, improper=improper, theta=theta, errors=errors, measures=measures)

    def _n_schools(self, fitted: Fitted) -> int:
        return max((s.n_schools for s in fitted.problem.samples), default=0) if self.clusters else 0

    def _nothing(self, wanted: Wanted) -> Refitted:
        """Return what a sample says to which no model can be fitted."""
        return Refitted(
            converged=False,
            improper=False,
            theta=np.full(len(self.theta), np.nan),
            errors=np.full(self.n_listed * wanted.errors, np.nan),
            measures=np.full(len(wanted.measures), np.nan),
        )
