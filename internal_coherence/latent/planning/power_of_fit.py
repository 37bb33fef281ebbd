"""`power_cfa` and `power_nested`: how many teachers a test of a model's fit needs, or one of two models' difference."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final, Literal

import numpy as np

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent.planning.at_population import discrepancy, fit_to_population, one_group
from internal_coherence.latent.planning.chisquare_power import discrepancy_of_rmsea
from internal_coherence.latent.planning.populations import population_of
from internal_coherence.latent.planning.power_plan import PlannedTest, PowerPlan
from internal_coherence.latent.planning.wanted import Wanted, whole
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.identification import check_identification, degrees_of_freedom
from internal_coherence.latent.table.par_table import ParTable

Fit = Literal["close", "not_close", "exact"]
Model = str | ParTable | SemFit | int
HYPOTHESES: Final = {"close": (0.05, 0.08), "not_close": (0.05, 0.01), "exact": (0.0, 0.05)}
"""RMSEA under the hypothesis and in truth, as MacCallum, Browne & Sugawara (1996) have them."""


def power_cfa(
    model: Model,
    *,
    test: Fit = "close",
    rmsea0: float | None = None,
    rmsea1: float | None = None,
    population: str | None = None,
    n: int | Sequence[int] = (),
    power: float = 0.80,
    alpha: float = 0.05,
    groups: int = 1,
    teachers: float | None = None,
    icc: float | None = None,
    design_effect: float | None = None,
) -> PowerPlan:
    """Say how many teachers a test of a model's fit needs, and what power a number of them has.

    Parameters
    ----------
    model : str, ParTable, SemFit or int
        The model, in lavaan's language or fitted already; or its degrees of freedom.
    test : {"close", "not_close", "exact"}
        To reject an RMSEA of .05 or less if it is .08; to reject one of .05 or more if it is .01, which shows that a model
        fits; or to reject a perfect fit if the RMSEA is .05.
    rmsea0, rmsea1 : float, optional
        Other values, under the hypothesis and in truth; if the true one is lower, the test is one of not-close fit.
    population : str, optional
        In place of `rmsea1`: a model with all its values, of which the tested one may be a part (Satorra & Saris 1985). Variances
        that are not written are what makes each variable's variance 1.
    n : int or sequence of int
        Teachers, of all groups, whose power is to be told.
    power, alpha : float
        Wanted power, and level of the test.
    groups : int
        How many groups, for degrees of freedom or a written model of one of them; others know theirs.
    teachers, icc : float, optional
        Teachers of a school, and the intraclass correlation of their answers, where they come in schools.
    design_effect : float, optional
        In place of these: how many teachers tell as much as one who is independent.

    Returns
    -------
    PowerPlan
        ``.n_needed``, ``.power_at(n)``, ``.to_frame()``, ``.plot()``.

    Raises
    ------
    ModelError
        For a model without degrees of freedom, and numbers that can't be.

    Notes
    -----
    ``semTools::findRMSEAsamplesize``, ``findRMSEApower`` and, with `population`, ``SSpower``. χ² has the noncentrality
    (N − G) df ε²/G: MacCallum, Browne & Sugawara (1996); Steiger (1998) for G groups, where semTools has N − 1. With
    `population` it is N F, as χ² is counted by ``cfa``.

    Teachers of a school are alike, and tell less. As an approximation, N is divided by 1 + (k − 1)ρ², by which the sampling
    variances of covariances grow if answers are normal and schools have the share ρ of all covariances. Kish's 1 + (k − 1)ρ is
    for means, and too much here. If schools differ in the factors more than in single answers, give the factors' ICC. A model
    fitted with ``cluster=`` has such a test; few schools, answers of few categories and skew it does not know:
    `simulate_power` does.

    Examples
    --------
    >>> from internal_coherence.latent.planning import power_cfa
    >>> plan = power_cfa("trust =~ t1 + t2 + t3 + t4 + t5 + t6 + t7 + t8", n=(200, 400))
    >>> plan
    <PowerPlan, test of close fit, 20 df, RMSEA 0.050 against 0.080: 434 teachers are enough for a power of 0.80 at the level 0.05>
    >>> plan.to_frame()[["n", "power"]].round(3)
         n  power
    0  200  0.454
    1  400  0.766
    2  434  0.800
    """
    what = "power_cfa"
    check_option("test", test, list(HYPOTHESES))
    wanted = Wanted(n=n, power=power, alpha=alpha, teachers=teachers, icc=icc, design_effect=design_effect)
    groups, df, table = _degrees(model, groups, what)
    usual0, usual1 = HYPOTHESES[test]
    null, fit = _rmsea("rmsea0", usual0 if rmsea0 is None else rmsea0, what), None
    F0 = discrepancy_of_rmsea(null, df, groups)
    if population is None:
        true = _rmsea("rmsea1", usual1 if rmsea1 is None else rmsea1, what)
        F1 = discrepancy_of_rmsea(true, df, groups)
        if null == true:
            raise ModelError(f"{what}: rmsea0 and rmsea1 are both {null:g}, so there is nothing to find")
    else:
        if rmsea1 is not None:
            raise ModelError(f"{what}: the true RMSEA is either rmsea1= or that in the population=")
        fit = fit_to_population(_needs_table(table, what), population_of(population, what), what)
        F1 = discrepancy(fit)
        true = sqrt(F1 / df)
        if (F1 < F0) != (test == "not_close") and F0 != F1:
            raise ModelError(
                f"{what}: in the population the model has an RMSEA of {true:.3f}, {'below' if F1 < F0 else 'above'} the"
                f" {null:g} of the hypothesis; that is a test of {'not-close' if F1 < F0 else 'close'} fit, see test="
            )
    lost = groups if population is None else 0
    planned = PlannedTest(name=_title(F0, F1), statistic="chisq", df=df, null=F0, true=F1, lost=lost, alpha=alpha)
    return wanted.plan("fit", (planned,), what, rmsea0=(null,), rmsea1=(true,), groups=groups, fit=fit)


def power_nested(
    restricted: Model,
    larger: Model,
    *,
    rmsea1: tuple[float, float] | None = None,
    rmsea0: tuple[float, float] = (0.0, 0.0),
    population: str | None = None,
    n: int | Sequence[int] = (),
    power: float = 0.80,
    alpha: float = 0.05,
    groups: int = 1,
    teachers: float | None = None,
    icc: float | None = None,
    design_effect: float | None = None,
) -> PowerPlan:
    """Say how many teachers it takes to see that a model fits worse than one in which it is nested.

    Parameters
    ----------
    restricted, larger : str, ParTable, SemFit or int
        The models, or their degrees of freedom; the restricted one has more.
    rmsea1 : tuple of float
        The true RMSEA of the restricted model, and of the larger one.
    rmsea0 : tuple of float
        The same under the hypothesis: a difference that is small enough to be left alone; by default none at all.
    population : str, optional
        In place of `rmsea1`: a model with all its values, as in `power_cfa`.
    n, power, alpha, groups, teachers, icc, design_effect
        As in `power_cfa`.

    Returns
    -------
    PowerPlan

    Raises
    ------
    ModelError
        For models that can't be nested so, and numbers that can't be.

    Notes
    -----
    ``semTools::findRMSEApowernested``, ``findRMSEAsamplesizenested``. The difference of χ² has the noncentrality
    (N − G)(df_A ε_A² − df_B ε_B²)/G (MacCallum, Browne & Cai 2006); with `population` N(F_A − F_B). Schools as in `power_cfa`.

    Examples
    --------
    >>> from internal_coherence.latent.planning import power_nested
    >>> round(power_nested(22, 20, rmsea1=(0.06, 0.04)).power_at(200), 3)
    0.789
    """
    what = "power_nested"
    wanted = Wanted(n=n, power=power, alpha=alpha, teachers=teachers, icc=icc, design_effect=design_effect)
    groups_of, df, tables = zip(*(_degrees(m, groups, what) for m in (restricted, larger)), strict=True)
    if df[0] <= df[1]:
        raise ModelError(
            f"{what}: the restricted model comes first and has more degrees of freedom; got {df[0]} and {df[1]}"
        )
    if groups_of[0] != groups_of[1]:
        raise ModelError(f"{what}: one model has {groups_of[0]} groups, the other {groups_of[1]}")
    if (rmsea1 is None) == (population is None):
        raise ModelError(f"{what}: the truth is either rmsea1=, of the restricted and the larger model, or population=")
    null, fit = _two(rmsea0, "rmsea0", what), None
    F0 = [discrepancy_of_rmsea(e, d, groups_of[0]) for e, d in zip(null, df, strict=True)]
    if population is None:
        true = _two(rmsea1 or (), "rmsea1", what)
        F1 = [discrepancy_of_rmsea(e, d, groups_of[0]) for e, d in zip(true, df, strict=True)]
    else:
        known = population_of(population, what)
        fits = [fit_to_population(_needs_table(table, what), known, what) for table in tables]
        F1, fit = [discrepancy(found) for found in fits], fits[1]
        true = (sqrt(F1[0] / df[0]), sqrt(F1[1] / df[1]) if df[1] else 0.0)
    for name, (a, b) in (("rmsea0", F0), ("rmsea1", F1)):
        if a < b - 1e-9:
            raise ModelError(f"{what}: by {name} the restricted model would fit better than the one it is nested in")
    planned = PlannedTest(
        name="difference",
        statistic="chisq",
        df=df[0] - df[1],
        null=max(F0[0] - F0[1], 0.0),
        true=max(F1[0] - F1[1], 0.0),
        lost=groups_of[0] if population is None else 0,
        alpha=alpha,
    )
    return wanted.plan("difference", (planned,), what, rmsea0=null, rmsea1=true, groups=groups_of[0], fit=fit)


def _title(null: float, true: float) -> str:
    return "exact fit" if null == 0 else "close fit" if true >= null else "not-close fit"


def _degrees(model: Model, groups: int, what: str) -> tuple[int, int, ParTable | None]:
    """Return groups, degrees of freedom and, where it is known, the table of a model."""
    whole("groups", groups, 1, what)
    if isinstance(model, SemFit):
        df, found, table = model.df, len(model.groups), model.table
        if not model.converged:
            raise ModelError(f"{what}: this fit did not converge; give the model itself")
    elif isinstance(model, (bool, float)) or not isinstance(model, (str, ParTable, int, np.integer)):
        raise ModelError(f"{what}: give a model, or its degrees of freedom as a whole number; got {model!r}")
    elif isinstance(model, (str, ParTable)):
        if isinstance(model, str) and groups > 1:
            table = ParTable.from_syntax(model, groups=range(1, groups + 1), fixed_x=False)
        else:
            table = one_group(model, what) if isinstance(model, str) else model
        check_identification(table)
        df, found = degrees_of_freedom(table), table.n_groups
    else:
        df, found, table = int(model), groups, None
    if df < (0 if what == "power_nested" else 1):
        raise ModelError(f"{what}: a model with {df} degrees of freedom can't be tested")
    return found, df, table


def _needs_table(table: ParTable | None, what: str) -> ParTable:
    if table is None:
        raise ModelError(f"{what}: with population= the model itself is needed, not its degrees of freedom")
    return table


def _rmsea(name: str, given: float, what: str) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float, np.floating)) or not 0 <= given < 1:
        raise ModelError(f"{what}: {name}={given!r} is no RMSEA; it lies between 0 and 1, mostly below .10")
    return float(given)


def _two(given: Sequence[float], name: str, what: str) -> tuple[float, float]:
    if isinstance(given, (int, float)) or len(given) != 2:
        raise ModelError(
            f"{what}: {name} is of the restricted model and of the larger one, as in (0.06, 0.04); got {given!r}"
        )
    return _rmsea(name, given[0], what), _rmsea(name, given[1], what)
