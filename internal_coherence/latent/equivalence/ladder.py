"""Climbing the steps: fit, compare with the step before, and let go what does not hold where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import numpy as np

from internal_coherence.errors import CoherenceError, ConvergenceWarning, told_once, warn
from internal_coherence.latent.comparing import Method, compare, indices_of
from internal_coherence.latent.equivalence.cutoffs import Cutoffs, cutoffs_of
from internal_coherence.latent.equivalence.searching import Tie, may_go, ties
from internal_coherence.latent.equivalence.steps import Step
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.groups import Triple
from internal_coherence.latent.table.row import Row

Until = Literal["test", "indices"]
CHANGES: Final = ("chisq_diff", "df_diff", "pvalue_diff", "cfi_diff", "rmsea_diff", "srmr_diff")
MEASUREMENT: Final = ("loadings", "intercepts", "residuals", "residual_covariances")
"""Kinds among which a search may let parameters go; how groups differ in what is measured is a finding, not a fault."""


class Design(Protocol):
    """Something that can be fitted with more or less held equal."""

    def fit(self, step: Step, partial: Sequence[Triple]) -> SemFit:
        """Fit one step, some parameters free all the same."""

    def plain(self, row: Row) -> Triple:
        """Return a parameter as `partial` names it."""

    def labels(self, fit: SemFit) -> tuple[str, ...]:
        """Return what the groups, or waves, are called."""

    @property
    def over(self) -> str:
        """``"groups"`` or ``"waves"``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Released:
    """A parameter that was let go.

    Parameters
    ----------
    step : str
        At which.
    parameter : (str, str, str)
        Which.
    tie : Tie or None
        What its equality cost; None for what went with something else.
    """

    step: str
    parameter: Triple
    tie: Tie | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rung:
    """A step that was taken.

    Parameters
    ----------
    step : Step
        Which.
    fit : SemFit
        With what was let go.
    change : dict of str to float
        Against the last step that was fitted: ``chisq_diff, df_diff, pvalue_diff, cfi_diff, rmsea_diff, srmr_diff``; NaN at the
        first.
    full : dict of str to float
        The same before anything was let go at this step.
    n_released : int
        Parameters that are free all the same, at this step and before.
    """

    step: Step
    fit: SemFit
    change: dict[str, float]
    full: dict[str, float]
    n_released: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rules:
    """When a step holds, and what may be done if not.

    Parameters
    ----------
    method : str
        How differences of χ² are scaled.
    alpha : float
        Level of their test.
    cutoffs : str or Cutoffs
        Of the other indices, by name or as they are.
    search : {"test", "indices"} or None
        Let parameters go until the test does not reject, or the indices hold; None keeps all.
    protected : frozenset of (str, str, str)
        What stays equal in any case.
    """

    method: Method
    alpha: float
    cutoffs: str | Cutoffs
    search: Until | None = None
    protected: frozenset[Triple] = frozenset()

    def rejects(self, change: dict[str, float]) -> bool:
        """Return whether the test of the difference rejects."""
        return bool(change["pvalue_diff"] < self.alpha)

    def beyond(self, change: dict[str, float], step: Step, n: int) -> tuple[str, ...]:
        """Return the indices of n rows that worsened beyond their cut-offs; the CFI decides."""
        return cutoffs_of(self.cutoffs, n).beyond(change, loadings=step.kind == "loadings")

    def goes_on(self, change: dict[str, float], step: Step, n: int) -> bool:
        """Return whether something more must be let go."""
        if self.search is None or step.kind not in MEASUREMENT or not np.isfinite(change["chisq_diff"]):
            return False
        return self.rejects(change) if self.search == "test" else "cfi" in self.beyond(change, step, n)


@dataclass(slots=True, kw_only=True, eq=False)
class Ladder:
    """The steps taken so far.

    Parameters
    ----------
    design : Design
        What is fitted.
    rules : Rules
        When a step holds.
    partial : list of (str, str, str)
        What is free all the same.
    rungs : list of Rung
        In their order.
    released : list of Released
        What a search let go.
    said : set of str
        Warnings, without their numbers.
    """

    design: Design
    rules: Rules
    partial: list[Triple]
    rungs: list[Rung] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def climb(self, step: Step) -> None:
        """Take one step."""
        fit = told_once(lambda: self.design.fit(step, self.partial), self.said)
        if not fit.converged:
            warn(
                f"invariance: step {step.name!r} did not converge; later steps are compared with the one before it",
                ConvergenceWarning,
            )
        full = change = self._change(step, fit)
        while fit.converged and self.rules.goes_on(change, step, fit.n):
            tie = next((t for t in ties(fit, step.kind) if may_go(t, fit, step.kind, self._protected(fit))), None)
            if tie is None:
                break
            self._let_go(step, tie)
            fit = told_once(lambda: self.design.fit(step, self.partial), self.said)
            change = self._change(step, fit)
        self.rungs.append(Rung(step=step, fit=fit, change=change, full=full, n_released=len(self.partial)))

    def _protected(self, fit: SemFit) -> set[Triple]:
        return {
            (row.lhs, row.op, row.rhs)
            for row in fit.table.entries
            if row.group and self.design.plain(row) in self.rules.protected
        }

    def _let_go(self, step: Step, tie: Tie) -> None:
        parameter = self.design.plain(tie.row)
        self.partial.append(parameter)
        self.released.append(Released(step=step.name, parameter=parameter, tie=tie))
        if step.kind == "loadings" and (intercept := (parameter[2], "~1", "")) not in self.partial:
            # Of an item whose loading differs, an equal intercept means nothing.
            self.partial.append(intercept)
            self.released.append(Released(step=step.name, parameter=intercept, tie=None))

    def _change(self, step: Step, fit: SemFit) -> dict[str, float]:
        """Return how fit changed from the last step that converged."""
        nothing = dict.fromkeys(CHANGES, float("nan"))
        before = next((rung.fit for rung in reversed(self.rungs) if rung.fit.converged), None)
        if before is None or not fit.converged:
            return nothing
        new, old = indices_of(fit), indices_of(before)
        changed = nothing | {f"{name}_diff": new[name] - old[name] for name in ("cfi", "rmsea", "srmr")}
        if fit.df == before.df:
            return changed | {"df_diff": 0.0}
        try:
            row = compare(before, fit, names=("before", step.name), method=self.rules.method).table.iloc[1]
        except CoherenceError as trouble:
            warn(f"invariance: step {step.name!r} can't be compared with the one before: {trouble}", ConvergenceWarning)
            return changed
        return changed | {"chisq_diff": row["chisq_diff"], "df_diff": row["df_diff"], "pvalue_diff": row["pvalue"]}


def climbed(design: Design, steps: Sequence[Step], rules: Rules, partial: Sequence[Triple]) -> Ladder:
    """Take all steps.

    Parameters
    ----------
    design : Design
        What is fitted.
    steps : sequence of Step
        In their order.
    rules : Rules
        When a step holds.
    partial : sequence of (str, str, str)
        What is free from the beginning.

    Returns
    -------
    Ladder
    """
    ladder = Ladder(design=design, rules=rules, partial=list(partial))
    for step in steps:
        ladder.climb(step)
    return ladder
