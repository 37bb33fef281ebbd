"""What the verbs of planning are asked, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError
from internal_coherence.latent.planning.chisquare_power import design_effect_of_covariances
from internal_coherence.latent.planning.power_plan import Kind, PlannedTest, PowerPlan
from internal_coherence.latent.sem_fit import SemFit

ESTIMATES: Final = ["lhs", "op", "rhs", "label", "est", "std_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What every plan is asked for.

    Parameters
    ----------
    n : int or sequence of int
        Teachers whose power is to be told.
    power, alpha : float
        Wanted power, and level of the tests.
    teachers, icc, design_effect : float, optional
        What is known of schools.
    """

    n: int | Sequence[int]
    power: float
    alpha: float
    teachers: float | None
    icc: float | None
    design_effect: float | None

    def plan(
        self,
        kind: Kind,
        tests: tuple[PlannedTest, ...],
        what: str,
        *,
        rmsea0: tuple[float, ...] = (),
        rmsea1: tuple[float, ...] = (),
        groups: int = 1,
        fit: SemFit | None = None,
    ) -> PowerPlan:
        """Return the plan.

        Parameters
        ----------
        kind : {"fit", "difference", "parameters"}
            Of what.
        tests : tuple of PlannedTest
            The tests.
        what : str
            The verb, for messages.
        rmsea0, rmsea1 : tuple of float
            RMSEA under the hypothesis and in truth.
        groups : int
            Groups.
        fit : SemFit, optional
            To a population.

        Returns
        -------
        PowerPlan

        Raises
        ------
        ModelError
            For numbers that can't be.
        """
        for name, given in (("power", self.power), ("alpha", self.alpha)):
            if not 0 < given < 1:
                raise ModelError(f"{what}: {name}={given} is not between 0 and 1")
        if self.power <= self.alpha:
            raise ModelError(f"{what}: power={self.power} must be above alpha={self.alpha}, the power to see nothing")
        counts = [self.n] if isinstance(self.n, (int, float, np.number)) else self.n
        return PowerPlan(
            kind=kind,
            tests=tests,
            rmsea0=rmsea0,
            rmsea1=rmsea1,
            n=tuple(whole("n", n, groups + 2, what) for n in counts),
            n_groups=groups,
            power=self.power,
            alpha=self.alpha,
            design_effect=self._effect(what),
            estimates=pd.DataFrame(columns=ESTIMATES) if fit is None else fit.parameter_estimates()[ESTIMATES],
        )

    def _effect(self, what: str) -> float:
        """Return how many teachers tell as much as one who is independent."""
        teachers, icc, given = self.teachers, self.icc, self.design_effect
        if given is not None:
            if teachers is not None or icc is not None:
                raise ModelError(f"{what}: give either design_effect=, or teachers= of a school and icc=")
            if not isfinite(given) or given < 1:
                raise ModelError(f"{what}: design_effect={given} is below 1")
            return float(given)
        if teachers is None and icc is None:
            return 1.0
        if teachers is None or icc is None:
            raise ModelError(f"{what}: teachers= of a school and icc= go together")
        if not isfinite(teachers) or teachers < 1 or not 0 <= icc < 1:
            raise ModelError(f"{what}: teachers={teachers} of a school must be 1 or more, icc={icc} from 0 to below 1")
        return design_effect_of_covariances(icc, teachers)


def whole(name: str, given: object, least: int, what: str) -> int:
    """Return a whole number.

    Parameters
    ----------
    name : str
        The argument's.
    given : object
        What was passed.
    least : int
        The smallest that may be.
    what : str
        The verb, for messages.

    Returns
    -------
    int

    Raises
    ------
    ModelError
    """
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < least:
        raise ModelError(f"{what}: {name}={given!r} is no whole number of at least {least}")
    return int(given)
