"""`power_cfa`, `power_nested` and `power_parameters`: how many teachers a model needs, by formulas."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt
from typing import Final, Literal

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent.planning.at_population import discrepancy, fit_to_population, one_group
from internal_coherence.latent.planning.chisquare_power import design_effect_of_covariances, discrepancy_of_rmsea
from internal_coherence.latent.planning.populations import population_of
from internal_coherence.latent.planning.power_plan import PlannedTest, PowerPlan, Statistic
from internal_coherence.latent.planning.restrictions import restrictions_of, unlikeness
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.identification import check_identification, degrees_of_freedom
from internal_coherence.latent.table.par_table import ParTable

Fit = Literal["close", "not_close", "exact"]
Model = str | ParTable | SemFit | int
HYPOTHESES: Final = {"close": (0.05, 0.08), "not_close": (0.05, 0.01), "exact": (0.0, 0.05)}
"""RMSEA under the hypothesis and in truth, as MacCallum, Browne & Sugawara (1996) have them."""
ESTIMATES: Final = ["lhs", "op", "rhs", "label", "est", "std_all"]


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
    >>> import internal_coherence as ic
    >>> from internal_coherence.latent.planning.teachers_needed import power_cfa
    >>> plan = power_cfa("trust =~ t1 + t2 + t3 + t4 + t5 + t6 + t7 + t8", n=(200, 400))
    >>> plan
    <PowerPlan, test of fit, 20 df, RMSEA 0.050 against 0.080: 435 teachers are enough for a power of 0.80 at the level 0.05>
    >>> plan.to_frame()[["n", "power"]].round(3)
         n  power
    0  200  0.454
    1  400  0.766
    2  435  0.800
    """
    what = "power_cfa"
    check_option("test", test, list(HYPOTHESES))
    groups, df, table = _degrees(model, groups, what)
    null, true = HYPOTHESES[test]
    null = _rmsea("rmsea0", null if rmsea0 is None else rmsea0, what)
    estimates = pd.DataFrame(columns=ESTIMATES)
    if population is None:
        true = _rmsea("rmsea1", true if rmsea1 is None else rmsea1, what)
        if null == true:
            raise ModelError(f"{what}: rmsea0 and rmsea1 are both {null:g}, so there is nothing to find")
        F0, F1 = (discrepancy_of_rmsea(e, df, groups) for e in (null, true))
    else:
        if rmsea1 is not None:
            raise ModelError(f"{what}: the true RMSEA is either rmsea1= or that in the population=")
        fit = fit_to_population(_needs_table(table, what), population_of(population, what), what)
        F0, F1 = discrepancy_of_rmsea(null, df), discrepancy(fit)
        true, estimates = sqrt(F1 / df), _estimates(fit)
        if (F1 < F0) != (test == "not_close") and F0 != F1:
            raise ModelError(
                f"{what}: in the population the model has an RMSEA of {true:.3f}, {'below' if F1 < F0 else 'above'} the"
                f" {null:g} of the hypothesis; that is a test of {'not-close' if F1 < F0 else 'close'} fit, see test="
            )
    planned = PlannedTest(
        name=_title(F0, F1), statistic="chisq", df=df, null=F0, true=F1, lost=groups if population is None else 0, alpha=alpha
    )
    return _plan(
        "fit",
        (planned,),
        (null,),
        (true,),
        n,
        groups,
        power,
        alpha,
        _design_effect(teachers, icc, design_effect, what),
        estimates,
        what,
    )


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
    >>> import internal_coherence as ic
    >>> from internal_coherence.latent.planning.teachers_needed import power_nested
    >>> round(power_nested(22, 20, rmsea1=(0.06, 0.04)).power_at(200), 3)
    0.789
    """
    what = "power_nested"
    groups_of, df, tables = zip(*(_degrees(m, groups, what) for m in (restricted, larger)), strict=True)
    if df[0] <= df[1]:
        raise ModelError(
            f"{what}: the restricted model comes first and has more degrees of freedom; got {df[0]} and {df[1]}"
        )
    if groups_of[0] != groups_of[1]:
        raise ModelError(f"{what}: one model has {groups_of[0]} groups, the other {groups_of[1]}")
    null = _two(rmsea0, "rmsea0", what)
    estimates = pd.DataFrame(columns=ESTIMATES)
    if (rmsea1 is None) == (population is None):
        raise ModelError(f"{what}: the truth is either rmsea1=, of the restricted and the larger model, or population=")
    if rmsea1 is not None:
        true = _two(rmsea1, "rmsea1", what)
        F = [discrepancy_of_rmsea(e, d, groups_of[0]) for e, d in zip(true, df, strict=True)]
    else:
        known = population_of(str(population), what)
        fits = [fit_to_population(_needs_table(table, what), known, what) for table in tables]
        F = [discrepancy(fit) for fit in fits]
        true = (sqrt(F[0] / df[0]), sqrt(F[1] / df[1]) if df[1] else 0.0)
        estimates = _estimates(fits[1])
    base = [discrepancy_of_rmsea(e, d, groups_of[0]) for e, d in zip(null, df, strict=True)]
    for name, (a, b) in (("rmsea0", base), ("rmsea1", F)):
        if a < b - 1e-9:
            raise ModelError(f"{what}: by {name} the restricted model would fit better than the one it is nested in")
    planned = PlannedTest(
        name="difference",
        statistic="chisq",
        df=df[0] - df[1],
        null=max(base[0] - base[1], 0.0),
        true=max(F[0] - F[1], 0.0),
        lost=groups_of[0] if population is None else 0,
        alpha=alpha,
    )
    effect = _design_effect(teachers, icc, design_effect, what)
    return _plan("difference", (planned,), null, true, n, groups_of[0], power, alpha, effect, estimates, what)


def power_parameters(
    population: str,
    tested: str | Sequence[str],
    *,
    model: str | ParTable | None = None,
    n: int | Sequence[int] = (),
    power: float = 0.80,
    alpha: float = 0.05,
    teachers: float | None = None,
    icc: float | None = None,
    design_effect: float | None = None,
) -> PowerPlan:
    """Say how many teachers it takes to see that parameters of a model are not what a hypothesis says.

    Parameters
    ----------
    population : str
        A model with all its values, ``"f =~ .7*x1 + .6*x2 + .5*x3"``; variances that are not written are what makes each
        variable's variance 1.
    tested : str or sequence of str
        The hypotheses: a parameter's name if it is to be told from 0, ``"f ~~ g"``; ``"f ~~ g == 0.85"`` for another value,
        ``"f =~ x1 == f =~ x2"`` and ``"a == b"`` for equal ones. Several lines in one text are tested together.
    model : str or ParTable, optional
        The model that is fitted, latent variables of variance 1 if it is written; by default that of the population.
    n, power, alpha, teachers, icc, design_effect
        As in `power_cfa`.

    Returns
    -------
    PowerPlan
        A test by the difference of χ² (``statistic`` is ``"chisq"``) and by standard errors (``"wald"``) for each hypothesis;
        ``n_needed`` goes by the first, which holds better in small samples. ``estimates`` are what endlessly many teachers
        would give.

    Raises
    ------
    ModelError
        For values that are missing or impossible, and parameters that are not there.

    Notes
    -----
    Satorra & Saris (1985): the noncentrality a teacher is that of the population's covariances under the restricted model, less
    that without the restriction; by Wald it is (θ − θ₀)²/V, V the inverse of the expected information. Two-sided.
    ``semTools::SSpower``. Schools as in `power_cfa`.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> from internal_coherence.latent.planning.teachers_needed import power_parameters
    >>> truth = "trust =~ .7*t1 + .7*t2 + .7*t3\\nvoice =~ .6*v1 + .6*v2 + .6*v3\\ntrust ~~ .2*voice"
    >>> plan = power_parameters(truth, "trust ~~ voice")
    >>> plan.needed()[["test", "statistic", "n_needed"]]
                 test statistic  n_needed
    0  trust ~~ voice     chisq       348
    1  trust ~~ voice      wald       329
    """
    what = "power_parameters"
    known = population_of(population, what)
    fit = fit_to_population(known.model() if model is None else model, known, what, std_lv=True)
    planned = []
    for text in [tested] if isinstance(tested, str) else tested:
        asked = restrictions_of(text, fit.table, what)
        df, moved, wald = unlikeness(fit, asked, what)
        found: tuple[tuple[Statistic, float], ...] = (("chisq", moved), ("wald", wald))
        planned += [
            PlannedTest(name=asked.name, statistic=kind, df=df, null=0.0, true=true, lost=0, alpha=alpha)
            for kind, true in found
        ]
    if not planned:
        raise ModelError(f"{what}: tested= is empty")
    effect = _design_effect(teachers, icc, design_effect, what)
    return _plan("parameters", tuple(planned), (), (), n, 1, power, alpha, effect, _estimates(fit), what)


def _title(null: float, true: float) -> str:
    return "exact fit" if null == 0 else "close fit" if true >= null else "not-close fit"


def _degrees(model: Model, groups: int, what: str) -> tuple[int, int, ParTable | None]:
    """Return groups, degrees of freedom and, where it is known, the table of a model."""
    _whole("groups", groups, 1, what)
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


def _two(given: tuple[float, float], name: str, what: str) -> tuple[float, float]:
    if isinstance(given, (int, float)) or len(given) != 2:
        raise ModelError(f"{what}: {name} is of the restricted model and of the larger one, as in (0.06, 0.04); got {given!r}")
    return _rmsea(name, given[0], what), _rmsea(name, given[1], what)


def _whole(name: str, given: object, least: int, what: str) -> int:
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < least:
        raise ModelError(f"{what}: {name}={given!r} is no whole number of at least {least}")
    return int(given)


def _design_effect(teachers: float | None, icc: float | None, given: float | None, what: str) -> float:
    """Return how many teachers tell as much as one who is independent."""
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


def _plan(
    kind: Literal["fit", "difference", "parameters"],
    tests: tuple[PlannedTest, ...],
    rmsea0: tuple[float, ...],
    rmsea1: tuple[float, ...],
    n: int | Sequence[int],
    groups: int,
    power: float,
    alpha: float,
    effect: float,
    estimates: pd.DataFrame,
    what: str,
) -> PowerPlan:
    for name, given in (("power", power), ("alpha", alpha)):
        if not 0 < given < 1:
            raise ModelError(f"{what}: {name}={given} is not between 0 and 1")
    if power <= alpha:
        raise ModelError(f"{what}: power={power} must be above alpha={alpha}, the power to see nothing")
    counts = tuple(_whole("n", x, groups + 2, what) for x in ([n] if isinstance(n, (int, np.integer, float)) else n))
    return PowerPlan(
        kind=kind,
        tests=tests,
        rmsea0=rmsea0,
        rmsea1=rmsea1,
        n=counts,
        n_groups=groups,
        power=power,
        alpha=alpha,
        design_effect=effect,
        estimates=estimates,
    )


def _estimates(fit: SemFit) -> pd.DataFrame:
    return fit.parameter_estimates()[ESTIMATES]
