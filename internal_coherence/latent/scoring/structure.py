"""Paths between latent variables and covariates, estimated from moments: once as any model, then again and again from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.latent.fit.estimates import listed_rows
from internal_coherence.latent.fitting import sem
from internal_coherence.latent.model.building import rams
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.moments.sufficient import Moments

Array = NDArray[np.float64]
PATHS = ("~", "=~", ":=")
WORST: float = 1e-8
"""Correlations with a smaller eigenvalue than this are impossible, or nearly so."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structure:
    """A model of paths, ready to be estimated from covariances.

    Parameters
    ----------
    fitted : Fitted
        As it was estimated first; from there later estimates start.
    table : ParTable
        The model.
    places : (k,) array of int
        Where its variables stand among those of the covariances.
    standardized : bool
        Whether paths are given standardised.
    """

    fitted: Fitted
    table: ParTable
    places: NDArray[np.intp]
    standardized: bool

    @property
    def paths(self) -> list[tuple[str, str, str, str]]:
        """The paths, loadings and defined values: ``lhs, op, rhs, label``."""
        rows = listed_rows(self.table).rows
        return [(row.lhs, row.op, row.rhs, row.label) for row in rows if row.op in PATHS]

    def estimates(self, cov: Array, mean: Array, n: float) -> Array | None:
        """Return the paths' estimates.

        Parameters
        ----------
        cov, mean : (t, t) and (t,) array
            Covariances, with divisor n, and means.
        n : float
            Rows.

        Returns
        -------
        (k,) array or None
            None if the covariances are impossible, or no minimum was found.
        """
        S = cov[self.places[:, None], self.places]
        if not is_possible(S):
            return None
        first = self.fitted.problem
        sample = Sample(label="", n=n, cov=S, mean=mean[self.places], exogenous=first.samples[0].exogenous)
        problem = replace(first, rams=rams(self.table, (sample,)), samples=(sample,))
        solution = problem.solve(self.fitted.theta)
        if not solution.converged:
            return None
        found = Fitted(problem, solution)
        listed = listed_rows(self.table)
        values = listed.standardized_values(found, "all") if self.standardized else listed.raw(found)[0]
        return values[[row.op in PATHS for row in listed.rows]]


def is_possible(S: Array) -> bool:
    """Return whether covariances are some: all variances above 0, and correlations positive definite.

    Parameters
    ----------
    S : (k, k) array

    Returns
    -------
    bool
    """
    d = np.diag(S)
    if not np.isfinite(S).all() or not (d > 0).all():
        return False
    return bool(np.linalg.eigvalsh(S / np.sqrt(np.outer(d, d)))[0] > WORST)


def variables_of(model: str, factors: Sequence[str], covariates: Sequence[str], what: str) -> ParTable:
    """Return a written model of paths whose variables are all there.

    Parameters
    ----------
    model : str
        In lavaan's syntax.
    factors, covariates : sequence of str
        What it may be about.
    what : str
        The verb, for messages.

    Returns
    -------
    ParTable

    Raises
    ------
    ModelError
        For a model that is none, names that are not there, and models without paths.
    """
    if not isinstance(model, str):
        raise ModelError(f"{what}: the model is a text such as 'efficacy ~ structures', not {type(model).__name__}")
    table = ParTable.from_syntax(model, kind="sem")
    known = [*factors, *covariates]
    if strange := [name for name in table.observed if name not in known]:
        beside = f", covariates {listing(covariates)}" if covariates else "; covariates= brings others"
        raise ModelError(
            f"{what}: {listing(strange)} is no latent variable with indicators and no covariate{closest(strange[0], known)};"
            f" there are latent variables {listing(factors)}{beside}"
        )
    if again := [name for name in table.latent if name in known]:
        raise ModelError(
            f"{what}: {listing(again)} has indicators already; the model is of paths between latent variables"
        )
    if not any(row.op == "~" for row in table.entries):
        raise ModelError(f"{what}: the model has no path, such as 'efficacy ~ structures'")
    return table


def structure(
    model: str, names: Sequence[str], cov: Array, mean: Array, n: float, *, standardized: bool, what: str
) -> Structure:
    """Estimate a model of paths for the first time.

    Parameters
    ----------
    model : str
        In lavaan's syntax.
    names : sequence of str
        Of the t variables.
    cov, mean : (t, t) and (t,) array
        Covariances, with divisor n, and means.
    n : float
        Rows.
    standardized : bool
        Whether paths are given standardised.
    what : str
        The verb, for messages.

    Returns
    -------
    Structure

    Raises
    ------
    ModelError
        If no minimum is found.
    """
    whole = round(n)
    fit = sem(Moments.from_cov(cov * (whole / (whole - 1)), whole, mean=mean, names=names), model)
    if not fit.converged:
        raise ModelError(f"{what}: the model of paths did not converge; {fit.trouble}")
    places = np.array([list(names).index(name) for name in fit.observed], dtype=np.intp)
    return Structure(fitted=fit._fitted, table=fit.table, places=places, standardized=standardized)
