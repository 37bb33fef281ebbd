"""What a model would estimate from endlessly many teachers of a population, and how far it stays from it."""

from __future__ import annotations

from typing import Final

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.latent.fitting import sem
from internal_coherence.latent.planning.populations import Population
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.moments.sufficient import Moments

MANY: Final = 1_000_000
"""Teachers that the moments of a population are given as; all that is kept is divided by their number again."""


def fit_to_population(model: str | ParTable, population: Population, what: str, *, std_lv: bool = False) -> SemFit:
    """Fit a model to a population's covariances.

    Parameters
    ----------
    model : str or ParTable
        Of one group.
    population : Population
        Which has all of its variables.
    what : str
        The verb, for messages.
    std_lv : bool
        Whether the latent variables of a written model have variance 1.

    Returns
    -------
    SemFit
        Of a million teachers: `discrepancy` and ``vcov`` times their number are those of one.

    Raises
    ------
    ModelError
        If the population lacks a variable, or no minimum is found.
    """
    table = one_group(model, what, std_lv=std_lv)
    if strange := [name for name in table.observed if name not in population.names]:
        raise ModelError(
            f"{what}: the population has no {listing(strange)}; it has {listing(population.names)}"
            f"{closest(strange[0], population.names)}"
        )
    fit = sem(Moments.from_cov(population.frame(), n=MANY), table, likelihood="wishart")
    if not fit.converged:
        raise ModelError(f"{what}: the model can't be fitted to the population: {fit.trouble}")
    return fit


def one_group(model: str | ParTable, what: str, *, std_lv: bool = False, means: bool | None = None) -> ParTable:
    """Return a model's table.

    Parameters
    ----------
    model : str or ParTable
        As it was given.
    what : str
        The verb, for messages.
    std_lv : bool
        Whether the latent variables of a written model have variance 1.
    means : bool, optional
        Whether means are part of a written model.

    Returns
    -------
    ParTable

    Raises
    ------
    ModelError
        For a model of several groups.
    """
    if not isinstance(model, (str, ParTable)):
        raise ModelError(f"{what}: a model is a text in lavaan's language or a ParTable, not {type(model).__name__}")
    table = (
        ParTable.from_syntax(model, std_lv=std_lv, fixed_x=False, meanstructure=means)
        if isinstance(model, str)
        else model
    )
    if table.n_groups > 1:
        raise ModelError(f"{what}: a population is of one group; the model has {table.n_groups}")
    return table


def discrepancy(fit: SemFit) -> float:
    """Return F, of which N times is the noncentrality of χ².

    Parameters
    ----------
    fit : SemFit
        To a population.

    Returns
    -------
    float
        0 where it is of the size of rounding.
    """
    found = fit.chisq / (MANY - 1)
    return found if found > 1e-11 else 0.0
