"""`PowerPlan`: the power of tests of a model, and how many teachers they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.latent.planning.chisquare_power import power_of_chisquare, smallest_n
from internal_coherence.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["fit", "difference", "parameters"]
Statistic = Literal["chisq", "wald"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """A test by χ², of which the noncentrality grows with the number of teachers.

    Parameters
    ----------
    name : str
        What is tested.
    statistic : {"chisq", "wald"}
        By χ², or its difference between two models; or by the estimates and their standard errors.
    df : int
        Degrees of freedom.
    null, true : float
        Noncentrality a teacher, under the hypothesis and in truth.
    lost : int
        Teachers who do not count: G where covariances are taken to be divided by n − 1, else 0.
    alpha : float
        Level of the test.
    """

    name: str
    statistic: Statistic
    df: int
    null: float
    true: float
    lost: int
    alpha: float

    def noncentrality(self, n: float) -> float:
        """Return the true noncentrality for so many independent teachers."""
        return max(n - self.lost, 0.0) * self.true

    def power(self, n: float) -> float:
        """Return the power that so many independent teachers give."""
        count = max(n - self.lost, 0.0)
        return power_of_chisquare(self.df, count * self.null, count * self.true, self.alpha)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PowerPlan(Record):
    """What a number of teachers gives a test, and how many are needed.

    Parameters
    ----------
    kind : {"fit", "difference", "parameters"}
        Whether a model, what tells two models apart, or single parameters are tested.
    tests : tuple of PlannedTest
        The tests.
    rmsea0, rmsea1 : tuple of float
        RMSEA under the hypothesis and in truth, of one model or of two; empty where parameters are tested.
    n : tuple of int
        Numbers of teachers that were asked about.
    n_groups : int
        Groups; n counts the teachers of all.
    power, alpha : float
        Wanted power, and level of the tests.
    design_effect : float
        How many teachers in schools tell as much as one independent teacher.
    estimates : DataFrame
        What a model of endlessly many teachers would find; without rows where nothing is known of a population.
    """

    kind: Kind
    tests: tuple[PlannedTest, ...]
    rmsea0: tuple[float, ...]
    rmsea1: tuple[float, ...]
    n: tuple[int, ...]
    n_groups: int
    power: float
    alpha: float
    design_effect: float
    estimates: pd.DataFrame

    @property
    def n_needed(self) -> int | None:
        """Teachers whose number gives every test by χ² the power wanted; None if no number does."""
        needed = [self._needed(test) for test in self.tests if test.statistic == "chisq"]
        return None if None in needed else max(n for n in needed if n is not None)

    def power_at(self, n: float, test: str | None = None) -> float:
        """Return the power of a test by χ².

        Parameters
        ----------
        n : float
            Teachers, of all groups.
        test : str, optional
            Which, by its name in `to_frame`; may be left out if there is one.

        Returns
        -------
        float

        Raises
        ------
        ModelError
            For a test that is not there, and no more teachers than groups.
        """
        names = [t.name for t in self.tests if t.statistic == "chisq"]
        if test is None and len(names) > 1:
            raise ModelError(f"which test? There are {listing(names)}")
        if test is not None and test not in names:
            raise ModelError(f"no test {test!r}; there are {listing(names)}{closest(test, names)}")
        if not n > self.n_groups:
            raise ModelError(f"n={n} is too few")
        chosen = names[0] if test is None else test
        return next(t for t in self.tests if t.name == chosen).power(n / self.design_effect)

    def needed(self) -> pd.DataFrame:
        """Return how many teachers each test needs.

        Returns
        -------
        DataFrame
            ``test, statistic, df, n_needed, power`` (what they give, at least the power wanted). ``n_needed`` is missing where
            ten million are not enough.
        """
        rows = []
        for test in self.tests:
            n = self._needed(test)
            reached = float("nan") if n is None else test.power(n / self.design_effect)
            rows.append((test.name, test.statistic, test.df, n, reached))
        table = pd.DataFrame(rows, columns=["test", "statistic", "df", "n_needed", "power"])
        return table.astype({"n_needed": "Int64"})

    def _needed(self, test: PlannedTest) -> int | None:
        if test.null == test.true:
            return None
        return smallest_n(lambda n: test.power(n / self.design_effect), self.power, test.lost + 2)

    def to_frame(self) -> pd.DataFrame:
        """Return the power of every test for every number of teachers that was asked about, and for the number needed.

        Returns
        -------
        DataFrame
            ``test, statistic, df, n, effective_n, noncentrality, power``; unrounded.
        """
        rows = []
        for test in self.tests:
            needed = self._needed(test)
            counts = sorted({*self.n, *([] if needed is None else [needed])})
            for n in counts:
                independent = n / self.design_effect
                value = test.noncentrality(independent)
                rows.append((test.name, test.statistic, test.df, n, independent, value, test.power(independent)))
        names = ["test", "statistic", "df", "n", "effective_n", "noncentrality", "power"]
        return pd.DataFrame(rows, columns=names)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw power against the number of teachers.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_power

        return draw_power(self, ax)

    def __repr__(self) -> str:
        kinds = {
            "fit": f"test of {self.tests[0].name}",
            "difference": "two models",
            "parameters": "tests of parameters",
        }
        needed = self.n_needed
        many = "no number of teachers is" if needed is None else f"{needed} teacher{'s are' if needed != 1 else ' is'}"
        if self.kind != "parameters":
            detail = f", {self.tests[0].df} df"
        else:
            detail = f", {listing([t.name for t in self.tests if t.statistic == 'chisq'], 3)}"
        between = f", RMSEA {_pair(self.rmsea0)} against {_pair(self.rmsea1)}" if self.rmsea0 else ""
        schools = f", design effect {self.design_effect:.2f}" if self.design_effect != 1 else ""
        return (
            f"<PowerPlan, {kinds[self.kind]}{detail}{between}: {many} enough for a power of"
            f" {self.power:.2f} at the level {self.alpha:g}{schools}>"
        )


def _pair(rmsea: tuple[float, ...]) -> str:
    return " and ".join(f"{value:.3f}" for value in rmsea)
