"""`simulate_power`: how a model does in surveys that are drawn from a stated truth."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import (
    CoherenceWarning,
    ConvergenceWarning,
    ModelError,
    check_draws,
    check_level,
    listing,
    warn,
)
from internal_coherence.instrument import Instrument
from internal_coherence.latent.fitting import sem
from internal_coherence.latent.planning.at_population import fit_to_population, one_group
from internal_coherence.latent.planning.populations import population_of
from internal_coherence.latent.planning.simulated_fits import Design, estimated, run, share, summary
from internal_coherence.latent.planning.simulation_record import SimulatedPower
from internal_coherence.latent.planning.survey_generator import SurveyGenerator, cut_points
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.responses.simulation import simulate_responses

Array = NDArray[np.float64]
Seed = np.random.Generator | int | None
LARGE: Final = 100_000
"""Teachers of the one survey that tells what an instrument's parameters are."""
WHAT: Final = "simulate_power"


def simulate_power(
    population: str | Instrument,
    model: str | ParTable | None = None,
    *,
    schools: int,
    teachers: int,
    icc: float = 0.10,
    categories: int | None = None,
    skew: float = 0.0,
    answers: Mapping[str, Any] | None = None,
    estimator: str = "MLR",
    test: str | None = None,
    cluster: bool = True,
    alpha: float = 0.05,
    level: float = 0.95,
    draws: int = 500,
    rng: Seed = None,
    progress: bool = False,
) -> SimulatedPower:
    r"""Draw surveys of teachers in schools, fit a model to each, and say how often it tells the truth.

    Parameters
    ----------
    population : str or Instrument
        A model with all its values, ``"f =~ .7*x1 + .6*x2 + .5*x3"``, where variances that are not written are what makes each
        variable's variance 1; or an instrument, whose answers `simulate_responses` draws.
    model : str or ParTable, optional
        The model that is fitted, latent variables of variance 1 if it is written; by default that of the population.
    schools, teachers : int
        Schools, and teachers in each.
    icc : float
        Share of all variances and covariances that lies between schools; of an instrument, of its constructs' variances.
    categories : int, optional
        Of how many categories answers are; by default they are numbers. An instrument has its own.
    skew : float
        Skewness of answers in categories; negative where most are high.
    answers : mapping, optional
        Of an instrument, what else `simulate_responses` takes: ``{"loading": 0.6, "correlation": 0.4}``.
    estimator, test : str, optional
        As in `cfa`.
    cluster : bool
        Whether the fits know the schools; if not, what it costs to forget them is seen.
    alpha, level : float
        Level of the tests, and of the confidence intervals.
    draws : int
        Surveys.
    rng : Generator, int or None
        Source of randomness.
    progress : bool
        Show a bar.

    Returns
    -------
    SimulatedPower

    Raises
    ------
    ModelError
        For a population without values, a design that can't be, or a model that does not fit the variables.

    Warns
    -----
    ConvergenceWarning
        If more than one fit in ten fails; power and coverage then are of the fortunate surveys only.

    Notes
    -----
    Muthén & Muthén (2002). Truth is what the model estimates from the population's own covariances, those of the codes where
    answers have categories: cutting makes loadings smaller, which is not counted as bias. Of an instrument it is taken from one
    survey of 100 000 teachers. Fits with impossible estimates count; those without a minimum do not, and are told. The Monte
    Carlo error of a share is √(s(1 − s)/R): of a power of .80 it is .018 with 500 surveys, .009 with 2 000.

    Examples
    --------
    >>> from internal_coherence.latent.planning import simulate_power
    >>> truth = "trust =~ .7*t1 + .7*t2 + .7*t3\nvoice =~ .6*v1 + .6*v2 + .6*v3\ntrust ~~ .3*voice"
    >>> found = simulate_power(truth, schools=30, teachers=10, categories=5, draws=50, rng=1)
    >>> found
    <SimulatedPower, MLR: 50 surveys of 300 teachers in 30 schools; model rejected in ...>
    """
    count = check_draws(draws, 2)
    check_level(level)
    if not 0 < alpha < 1:
        raise ModelError(f"{WHAT}: alpha={alpha} is not between 0 and 1")
    for name, given, least in (("schools", schools, 2), ("teachers", teachers, 1)):
        if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < least:
            raise ModelError(f"{WHAT}: {name}={given!r} is no whole number of at least {least}")
    if not 0 <= icc < 1:
        raise ModelError(f"{WHAT}: icc={icc} is a share of variance, from 0 to below 1")
    options: dict[str, Any] = {"estimator": estimator, "test": test}
    generator = np.random.default_rng(rng)
    if isinstance(population, Instrument):
        if categories is not None or skew:
            raise ModelError(f"{WHAT}: an instrument has its own categories; thresholds= in answers= moves them")
        design = _of_instrument(
            population, model, schools, teachers, icc, dict(answers or {}), cluster, options, generator
        )
    else:
        if answers is not None:
            raise ModelError(f"{WHAT}: answers= goes with an instrument; a written population says all itself")
        surveys = SurveyGenerator(population=population_of(population, WHAT), icc=icc, cuts=_cuts(categories, skew))
        design = _of_population(surveys, model, schools, teachers, cluster, options)
    tally = run(design, count, generator, progress)
    converged = len(tally.estimates)
    if converged < 0.9 * count:
        warn(
            f"{WHAT}: {count - converged} of {count} fits failed; what is told rests on the {converged} others",
            ConvergenceWarning,
        )
    rejection = share(np.array(tally.p_values) < alpha) if tally.df and tally.p_values else (float("nan"), float("nan"))
    return SimulatedPower(
        parameters=summary(design.truth, tally, alpha, level),
        rejection=rejection[0],
        rejection_mcse=rejection[1],
        df=tally.df,
        draws=count,
        converged=converged,
        improper=tally.improper,
        failures=dict(tally.failures),
        schools=int(schools),
        teachers=int(teachers),
        n=int(schools) * int(teachers),
        icc=float(icc),
        categories=int(categories or 0),
        skew=float(skew),
        estimator=estimator,
        clustered=cluster,
        alpha=alpha,
        level=level,
    )


def _cuts(categories: int | None, skew: float) -> Array:
    if categories is None:
        if skew:
            raise ModelError(f"{WHAT}: skew= is of answers in categories; say how many, categories=")
        return np.zeros(0)
    if isinstance(categories, bool) or not isinstance(categories, (int, np.integer)) or categories < 2:
        raise ModelError(f"{WHAT}: categories={categories!r} is no whole number of at least 2")
    return cut_points(int(categories), float(skew))


def _of_population(
    surveys: SurveyGenerator,
    model: str | ParTable | None,
    schools: int,
    teachers: int,
    cluster: bool,
    options: Mapping[str, Any],
) -> Design:
    """Return surveys of a written population."""
    known = surveys.population
    table = one_group(known.model() if model is None else model, WHAT, std_lv=True, means=cluster or None)
    truth = fit_to_population(table, surveys.answers(), WHAT)

    def fit(rng: np.random.Generator) -> SemFit:
        values, school = surveys.draw(schools, teachers, rng)
        frame = pd.DataFrame(values, columns=list(known.names))
        return sem(frame, table, cluster=school if cluster else None, **options)

    return Design(fit=fit, truth=estimated(truth))


def _of_instrument(
    instrument: Instrument,
    model: str | ParTable | None,
    schools: int,
    teachers: int,
    icc: float,
    answers: Mapping[str, Any],
    cluster: bool,
    options: Mapping[str, Any],
    rng: np.random.Generator,
) -> Design:
    """Return surveys of an instrument."""
    if own := {"instrument", "n_schools", "teachers", "icc", "rng", "waves"} & set(answers):
        raise ModelError(f"{WHAT}: answers= can't hold {listing(sorted(own))}; these are set here, or make no sense")
    if model is None:
        table = ParTable.from_instrument(instrument, std_lv=True, meanstructure=cluster)
    else:
        table = one_group(model, WHAT, std_lv=True, means=cluster or None)

    def fit(rng: np.random.Generator, n_schools: int = schools, known: bool = cluster) -> SemFit:
        drawn = simulate_responses(instrument, n_schools=n_schools, teachers=teachers, icc=icc, rng=rng, **answers)
        return sem(drawn.items, table, cluster=drawn.school.to_numpy() if known else None, **options)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoherenceWarning)
        truth = fit(rng, ceil(LARGE / teachers), False)
    if not truth.converged:
        raise ModelError(f"{WHAT}: the model can't be fitted to {LARGE} answers of the instrument: {truth.trouble}")
    return Design(fit=fit, truth=estimated(truth))
