"""Inequalities among the parameters: those that would be broken are held at their limit, the others are left alone.

The model is fitted without them; what it breaks is made an equality, and fitted again, until nothing is broken. An inequality
h(θ) ≥ 0 that is held has a multiplier, ∇F = Σ μ∇h: where it is negative the discrepancy would fall on the allowed side, and
the inequality is let go again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.scoring import Constraints, Objective, Solution, score

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
BROKEN: Final = -1e-8
"""An inequality is broken below this."""
IMPOSSIBLE: Final = "the model's inequalities can't be satisfied together, or no minimum was found at their limits"


@dataclass(frozen=True)
class Together:
    """Equalities, and the inequalities that are held at their limits.

    Parameters
    ----------
    equalities, inequalities : Constraints or None
        Of the same parameters.
    held : (m,) array of bool
        Which inequalities are held.
    """

    equalities: Constraints | None
    inequalities: Constraints
    held: Booleans

    def residual(self, theta: Array) -> Array:
        """Return how far each is from holding."""
        own = self.inequalities.residual(theta)[self.held]
        return own if self.equalities is None else np.concatenate([self.equalities.residual(theta), own])

    def jacobian(self, theta: Array) -> Array:
        """Return the derivatives of the residuals."""
        own = self.inequalities.jacobian(theta)[self.held]
        return own if self.equalities is None else np.concatenate([self.equalities.jacobian(theta), own])


def score_within(
    objective: Objective,
    start: Array,
    equalities: Constraints | None,
    inequalities: Constraints,
    lower: Array | None = None,
) -> Solution:
    """Find the parameters that make the discrepancy smallest and break no inequality.

    Parameters
    ----------
    objective : Objective
        The discrepancy.
    start : (q,) array
        Where to begin.
    equalities : Constraints or None
        What must hold.
    inequalities : Constraints
        What must be 0 or more.
    lower : (q,) array, optional
        Lower bounds.

    Returns
    -------
    Solution
        Whose `held` says which inequalities rest on their limit.
    """
    m = len(inequalities.residual(start))
    held = np.zeros(m, dtype=bool)
    seen: list[bytes] = []
    solution = score(objective, start, equalities, lower)
    while held.tobytes() not in seen:
        seen.append(held.tobytes())
        values = inequalities.residual(solution.theta)
        letting_go = (
            _outward(solution, Together(equalities, inequalities, held)) if solution.converged else held & False
        )
        broken = ~held & ~(values >= BROKEN)
        if not broken.any() and not letting_go.any():
            lost = not solution.converged and held.any()
            return replace(solution, held=held, trouble=IMPOSSIBLE if lost else solution.trouble)
        held = (held | broken) & ~letting_go
        # Where nothing was found without them, the start may be better than where that ended.
        begin = solution.theta if solution.converged else start
        solution = score(objective, begin, Together(equalities, inequalities, held), lower)
    return replace(solution, held=held, converged=False, trouble=IMPOSSIBLE)


def _outward(solution: Solution, constraints: Together) -> Booleans:
    """Return which of the held inequalities the discrepancy would rather have obeyed."""
    held = constraints.held.copy()
    if held.any():
        J = constraints.jacobian(solution.theta)
        multipliers = np.linalg.lstsq(J.T, solution.point.gradient, rcond=None)[0]
        held[held] = multipliers[len(J) - int(held.sum()) :] < 0
    return held
