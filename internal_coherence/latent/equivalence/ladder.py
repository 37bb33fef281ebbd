"""Climbing the steps: fit, compare with the step before, and let go what does not hold where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal, Protocol

import numpy as np

from internal_coherence.errors import CoherenceError, ConvergenceWarning, ModelError, told_once, warn
from internal_coherence.latent.comparing import Method, differences, indices_of
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

    def kind(self, parameter: Triple) -> str:
        """Return a parameter's kind, as `group_equal` has it; empty if it is fixed or not there."""

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
        return cutoffs_of(self.cutoffs, n).beyond(change, step.kind)

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
    asked : tuple of (str, str, str)
        What the user has free in all steps.
    rungs : list of Rung
        In their order.
    released : list of Released
        What a search let go.
    said : set of str
        Warnings, without their numbers.
    """

    design: Design
    rules: Rules
    asked: tuple[Triple, ...]
    rungs: list[Rung] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def climb(self, step: Step) -> None:
        """Take one step."""
        fit = told_once(lambda: self.design.fit(step, self._free()), self.said)
        if not fit.converged:
            warn(
                f"invariance: step {step.name!r} did not converge; later steps are compared with the one before it",
                ConvergenceWarning,
            )
        full = change = self._change(step, fit)
        while fit.converged and self.rules.goes_on(change, step, fit.n):
            tie = self._worst(step, fit)
            if tie is None:
                break
            let_go = self._with(step, tie)
            freer = told_once(partial(self.design.fit, step, self._free(let_go)), self.said)
            if not freer.converged:
                named = " ".join(self.design.plain(tie.row))
                message = f"with {named!r} free it did not converge; what was found before stands"
                warn(f"invariance: the search ended at step {step.name!r}: {message}", ConvergenceWarning)
                break
            self.released += let_go
            fit, change = freer, self._change(step, freer)
        free = sum(self.design.kind(triple) in step.equal for triple in self._free())
        self.rungs.append(Rung(step=step, fit=fit, change=change, full=full, n_released=free))

    def _free(self, more: Sequence[Released] = ()) -> list[Triple]:
        """Return what is free all the same, by the user or the search."""
        return [*self.asked, *(released.parameter for released in (*self.released, *more))]

    def _worst(self, step: Step, fit: SemFit) -> Tie | None:
        """Return the parameter whose equality costs most, of those that may go and whose test rejects."""
        named = {(row.lhs, row.op, row.rhs): self.design.plain(row) for row in fit.table.entries if row.group}
        free = set(self._free())
        kept = {own for own, plain in named.items() if plain in self.rules.protected}
        gone = {own for own, plain in named.items() if plain in free}
        may = (tie for tie in ties(fit, step.kind) if may_go(tie, fit, step.kind, kept, gone))
        return next((tie for tie in may if tie.pvalue < self.rules.alpha), None)

    def _with(self, step: Step, tie: Tie) -> list[Released]:
        """Return a parameter, and what goes with it: of an item whose loading differs an equal intercept means nothing."""
        parameter = self.design.plain(tie.row)
        found = [Released(step=step.name, parameter=parameter, tie=tie)]
        intercept = (parameter[2], "~1", "")
        if step.kind == "loadings" and self.design.kind(intercept) == "intercepts" and intercept not in self._free():
            found.append(Released(step=step.name, parameter=intercept, tie=None))
        return found

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
            _, (_, row) = differences((before, fit), ("before", step.name), self.rules.method)
        except CoherenceError as trouble:
            warn(f"invariance: step {step.name!r} can't be compared with the one before: {trouble}", ConvergenceWarning)
            return changed
        return changed | {"chisq_diff": row["chisq_diff"], "df_diff": row["df_diff"], "pvalue_diff": row["pvalue"]}


def climbed(design: Design, steps: Sequence[Step], rules: Rules, asked: Sequence[Triple]) -> Ladder:
    """Take all steps.

    Parameters
    ----------
    design : Design
        What is fitted.
    steps : sequence of Step
        In their order.
    rules : Rules
        When a step holds.
    asked : sequence of (str, str, str)
        What is free in all steps.

    Returns
    -------
    Ladder

    Raises
    ------
    ModelError
        For something in `asked` that is never held equal.
    """
    every = steps[-1].equal
    for parameter in asked:
        kind = design.kind(parameter)
        if kind not in every:
            why = f"one of the {kind}, which no step holds equal" if kind else "fixed, or not in the model"
            raise ModelError(f"partial: {' '.join(parameter).strip()!r} is {why}; letting it differ changes nothing")
    ladder = Ladder(design=design, rules=rules, asked=tuple(asked))
    for step in steps:
        ladder.climb(step)
    return ladder
