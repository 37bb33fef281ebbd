"""`power_parameters`: how many teachers it takes to see a parameter."""

from __future__ import annotations

from collections.abc import Sequence

from internal_coherence.errors import ModelError
from internal_coherence.latent.planning.at_population import fit_to_population
from internal_coherence.latent.planning.populations import population_of
from internal_coherence.latent.planning.power_plan import PlannedTest, PowerPlan, Statistic
from internal_coherence.latent.planning.restrictions import restrictions_of, unlikeness
from internal_coherence.latent.planning.wanted import Wanted
from internal_coherence.latent.table.par_table import ParTable


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
    r"""Say how many teachers it takes to see that parameters of a model are not what a hypothesis says.

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
    >>> from internal_coherence.latent.planning import power_parameters
    >>> truth = "trust =~ .7*t1 + .7*t2 + .7*t3\nvoice =~ .6*v1 + .6*v2 + .6*v3\ntrust ~~ .2*voice"
    >>> plan = power_parameters(truth, "trust ~~ voice")
    >>> plan.needed()[["test", "statistic", "n_needed"]]
                 test statistic  n_needed
    0  trust ~~ voice     chisq       417
    1  trust ~~ voice      wald       401
    """
    what = "power_parameters"
    wanted = Wanted(n=n, power=power, alpha=alpha, teachers=teachers, icc=icc, design_effect=design_effect)
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
    return wanted.plan("parameters", tuple(planned), what, fit=fit)
