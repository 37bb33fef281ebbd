"""A model of samples, estimated: what the fitted record and everything computed from it stand on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.curvatures import Curvature, likelihood_curvature
from internal_coherence.latent.estimation.estimators import Estimator, Information
from internal_coherence.latent.estimation.fiml import FullInformation
from internal_coherence.latent.estimation.limits import score_within
from internal_coherence.latent.estimation.normal_theory import NormalTheory
from internal_coherence.latent.estimation.scores import meat, meat_about_means, sums_of_schools
from internal_coherence.latent.estimation.scoring import Constraints, Objective, Solution, null_space, score
from internal_coherence.latent.estimation.weighted import (
    WeightedLeastSquares,
    enough_rows,
    gamma,
    inverse_of_free,
    jacobian,
    normal_theory_weight,
)
from internal_coherence.latent.model.derivatives import columns
from internal_coherence.latent.model.ram import Implied, Ram, implied, inverse
from internal_coherence.latent.sample import Sample, shares

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A model, its data, and how the two are brought together.

    Parameters
    ----------
    rams, samples : sequence
        The model and the data, group by group.
    n_parameters : int
        Q, over all groups, equal ones counted each.
    estimator : Estimator
        How.
    constraints : Constraints or None
        What the parameters must satisfy.
    inequalities : Constraints or None
        What must be 0 or more.
    lower : (Q,) array or None
        Lower bounds.
    """

    rams: Sequence[Ram]
    samples: Sequence[Sample]
    n_parameters: int
    estimator: Estimator
    constraints: Constraints | None = None
    inequalities: Constraints | None = None
    lower: Array | None = None

    @property
    def missing(self) -> bool:
        """Whether rows are incomplete."""
        return any(len(sample.patterns) for sample in self.samples)

    @property
    def n(self) -> float:
        """Rows, N."""
        return float(sum(sample.n for sample in self.samples))

    @property
    def n_counted(self) -> float:
        """What χ² and standard errors count: N, or N less one a group where covariances are divided by n − 1."""
        fewer = self.estimator.wishart or self.estimator.discrepancy != "ML"
        return self.n - (len(self.samples) if fewer else 0)

    @property
    def n_reported(self) -> float:
        """By what twice the reported discrepancy is multiplied to give χ²: N, or n − 1 under Wishart."""
        return self.n_counted if self.estimator.wishart else self.n

    @cached_property
    def weights(self) -> list[Array]:
        """V of every group, for weighted least squares."""
        if self.estimator.discrepancy == "WLS":
            found = [enough_rows(s, means=ram.has_means) for ram, s in zip(self.rams, self.samples, strict=True)]
        else:
            found = [gamma(s, means=ram.has_means) for ram, s in zip(self.rams, self.samples, strict=True)]
            found = [np.diag(np.diag(G)) for G in found]
        return [inverse_of_free(G, sample) for G, sample in zip(found, self.samples, strict=True)]

    def weight(self, g: int) -> Array:
        """Return what weighs the squared residuals of one group's moments, where the discrepancy is no likelihood.

        Parameters
        ----------
        g : int
            The group.

        Returns
        -------
        (s, s) array
            Of the covariances, and of the means where the model speaks of them.
        """
        sample, kind, means = self.samples[g], self.estimator.discrepancy, self.rams[g].has_means
        if kind == "ULS":
            return np.eye(sample.p * (sample.p + 1) // 2 + means * sample.p)
        if kind != "GLS":
            return self.weights[g]
        return normal_theory_weight(inverse(sample.cov), means=means)

    @cached_property
    def objective(self) -> Objective:
        """The discrepancy."""
        kind = self.estimator.discrepancy
        if self.missing:
            return FullInformation(self.rams, self.samples, self.n_parameters)
        if kind in ("WLS", "DWLS"):
            return WeightedLeastSquares(self.rams, self.samples, self.weights, self.n_parameters)
        return NormalTheory(self.rams, self.samples, kind, self.n_parameters)  # type: ignore[arg-type]  # the other two are above

    def solve(self, start: Array, elsewhere: Callable[[], Array] | None = None, *, doubtful: bool = False) -> Solution:
        """Find the estimates.

        Parameters
        ----------
        start : (Q,) array
            Where to begin.
        elsewhere : callable, optional
            Gives another start, which is tried if the first leads nowhere, or to variances that can't be.
        doubtful : bool
            Try it in any case.

        Returns
        -------
        Solution
            The lowest minimum that was found.
        """
        best = self._solve(start)
        if elsewhere is None or (best.converged and not doubtful and not self.is_improper(best.theta)):
            return best
        other = self._solve(elsewhere())
        lower = other.point.value < best.point.value - 1e-10
        return other if other.converged and (lower or not best.converged) else best

    def is_improper(self, theta: Array) -> NDArray[np.bool_]:
        """Return whether a variance is negative; of a stack of parameters, (B, Q), where."""
        variances = [np.diagonal(ram.matrices(theta)[1], axis1=-2, axis2=-1) for ram in self.rams]
        return np.asarray(np.logical_or.reduce([(v < 0).any(axis=-1) for v in variances]))

    def _solve(self, start: Array) -> Solution:
        if self.inequalities is None:
            return score(self.objective, start, self.constraints, self.lower)
        return score_within(self.objective, start, self.constraints, self.inequalities, self.lower)


@dataclass(frozen=True)
class Fitted:
    """A solved problem.

    Parameters
    ----------
    problem : Problem
        What was solved.
    solution : Solution
        Where.
    """

    problem: Problem
    solution: Solution

    @property
    def theta(self) -> Array:
        """The estimates, (Q,)."""
        return self.solution.theta

    @cached_property
    def implied(self) -> tuple[Implied, ...]:
        """What the model says at the estimates, group by group."""
        return tuple(implied(ram, self.theta) for ram in self.problem.rams)

    @cached_property
    def free_directions(self) -> Array:
        """A basis of what the constraints, and inequalities at their limits, leave free, (Q, r)."""
        J = self._jacobian
        if self.problem.inequalities is not None:
            J = np.concatenate([J, self.problem.inequalities.jacobian(self.theta)[self.solution.held]])
        return null_space(J)

    @property
    def _jacobian(self) -> Array:
        p = self.problem
        return np.zeros((0, p.n_parameters)) if p.constraints is None else p.constraints.jacobian(self.theta)

    @cached_property
    def n_free(self) -> int:
        """Parameters that were estimated: Q less what equalities determine; where a limit is met is found in the data."""
        return (
            int(null_space(self._jacobian).shape[1])
            if self.problem.constraints is not None
            else self.problem.n_parameters
        )

    def within(self, information: Array) -> Array:
        """Return an information within the directions that equalities leave free.

        Parameters
        ----------
        information : (Q, Q) array
            An observation's.

        Returns
        -------
        (r, r) array
        """
        if self.problem.constraints is None:
            return information
        Z = null_space(self._jacobian)
        free: Array = Z.T @ information @ Z
        return free

    @property
    def chisq(self) -> float:
        """The standard test statistic."""
        return 2 * self.problem.n_counted * max(self.solution.point.value, 0.0)

    @property
    def n_moments(self) -> int:
        """Different covariances, and means where the model speaks of them, of all groups."""
        pairs = zip(self.problem.rams, self.problem.samples, strict=True)
        return sum(s.p * (s.p + 1) // 2 + (s.p if r.has_means else 0) for r, s in pairs)

    @cached_property
    def expected(self) -> Array:
        """The expected information, or the curvature of another discrepancy, an observation, (Q, Q)."""
        if self.problem.estimator.discrepancy == "ML" and self.problem.missing:
            return self._curvature("expected")
        return self.solution.point.curvature

    @cached_property
    def observed(self) -> Array:
        """The Hessian, or the curvature of another discrepancy, an observation, (Q, Q)."""
        return self.expected if self.problem.estimator.discrepancy != "ML" else self._curvature("observed")

    @cached_property
    def products_of_scores(self) -> Array:
        """The mean product of rows' scores, (Q, Q)."""
        p = self.problem
        return meat(p.rams, p.samples, self.theta, p.n_parameters, clustered=False)

    @cached_property
    def products_of_schools(self) -> Array:
        """The mean product of schools' sums of scores, an observation, (Q, Q)."""
        p = self.problem
        return meat(p.rams, p.samples, self.theta, p.n_parameters, clustered=True)

    @cached_property
    def contributions_of_schools(self) -> Array:
        """What each school adds to the estimates, to first order, (J, Q): its sum of scores, through the inverse information."""
        p = self.problem
        return sums_of_schools(p.rams, p.samples, self.theta, p.n_parameters).T @ self.bread / p.n_counted

    def _curvature(self, kind: Curvature) -> Array:
        p = self.problem
        return likelihood_curvature(p.rams, p.samples, self.theta, p.n_parameters, kind)

    def information(self, kind: Information) -> Array:
        """Return the information of one kind, an observation.

        Parameters
        ----------
        kind : {"expected", "observed", "first.order"}
            Which; of another discrepancy than the likelihood, its curvature.

        Returns
        -------
        (Q, Q) array
        """
        if kind == "first.order" and self.problem.estimator.discrepancy == "ML":
            return self.products_of_scores
        return self.observed if kind == "observed" else self.expected

    def inverted(self, information: Array) -> Array:
        """Return the inverse of an information within the directions that are free.

        Parameters
        ----------
        information : (Q, Q) array
            An observation's.

        Returns
        -------
        (Q, Q) array
        """
        if self.problem.constraints is None and not self.solution.held.any():
            return inverse(information)
        Z = self.free_directions
        within: Array = Z @ inverse(Z.T @ information @ Z) @ Z.T
        return within

    @cached_property
    def bread(self) -> Array:
        """The inverse of the information that standard errors rest on, an observation."""
        return self.inverted(self.information(self.problem.estimator.information))

    @cached_property
    def meat(self) -> Array:
        """The mean product of scores that a sandwich holds, an observation."""
        se = self.problem.estimator.se
        if se == "robust.sem":
            return self.meat_of_moments
        return self.products_of_schools if se == "robust.cluster" else self.products_of_scores

    @cached_property
    def meat_of_moments(self) -> Array:
        """Δ'VΓVΔ, an observation: how the gradient varies with the moments, whatever the model."""
        p = self.problem
        total = np.zeros((p.n_parameters, p.n_parameters))
        for g, share in enumerate(shares(p.samples)):
            own = p.rams[g].free.parameter
            total[np.ix_(own, own)] += share * self.meat_of_group(g)
        return total

    def meat_of_group(self, g: int) -> Array:
        """Return how one group's gradient varies with its moments, an observation of it.

        Parameters
        ----------
        g : int
            The group.

        Returns
        -------
        (q, q) array
            In the order of the group's own parameters.
        """
        p = self.problem
        ram, sample = p.rams[g], p.samples[g]
        if p.estimator.discrepancy == "ML":
            return meat_about_means(ram, sample, self.theta)
        J = jacobian(columns(self.implied[g], ram.free), means=ram.has_means)
        VJ = p.weight(g) @ J
        return VJ.T @ gamma(sample, means=ram.has_means) @ VJ

    @cached_property
    def vcov(self) -> Array:
        """Covariances of the estimates, (Q, Q); NaN where there is no minimum."""
        if not self.solution.converged or self.problem.estimator.se == "none":
            return np.full((self.problem.n_parameters,) * 2, np.nan)
        try:
            covariance = self.bread
        except np.linalg.LinAlgError:
            return np.full((self.problem.n_parameters,) * 2, np.nan)
        if self.problem.estimator.se not in ("standard", "first.order"):
            covariance = covariance @ self.meat @ covariance
        return covariance / self.problem.n_counted
