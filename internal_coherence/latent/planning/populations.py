"""A population that is stated in full: a model with all its values."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.model.building import PARAMETERS, rams
from internal_coherence.latent.model.ram import Ram
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.row import Row

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """Covariances, and the model that they come from.

    Parameters
    ----------
    names : tuple of str
        The observed variables.
    cov : (p, p) array
        Their covariances.
    table : ParTable
        The model as it was written, completed.
    """

    names: tuple[str, ...]
    cov: Array
    table: ParTable

    def frame(self) -> pd.DataFrame:
        """Return the covariances by name."""
        return pd.DataFrame(self.cov, index=list(self.names), columns=list(self.names))

    def model(self) -> str:
        """Return the model that was written, without its values."""
        rows = [r for r in self.table.entries if r.user == 1 and not (r.op == "~~" and r.lhs == r.rhs)]
        return "\n".join(f"{r.lhs} {r.op} {r.rhs}" for r in rows)


def population_of(text: str, what: str) -> Population:
    """Read a population.

    Parameters
    ----------
    text : str
        A model in lavaan's language with a value for every parameter, ``"f =~ .7*x1 + .6*x2"``; variances may be left out:
        they are then what makes each variable's variance 1.
    what : str
        The verb, for messages.

    Returns
    -------
    Population

    Raises
    ------
    ModelError
        Naming the values that are missing, constraints, and values that no population can have.
    """
    if not isinstance(text, str):
        raise ModelError(
            f"{what}: a population is a text in lavaan's language with all values, not {type(text).__name__}"
        )
    table = ParTable.from_syntax(text, std_lv=True, fixed_x=False)
    if table.equalities or table.inequalities or table.equal_pairs:
        raise ModelError(f"{what}: a population has values, not constraints; write the values themselves")
    if table.meanstructure:
        raise ModelError(f"{what}: a population is one of covariances; leave intercepts and means out")
    rows = [row for row in table.entries if row.op in PARAMETERS]
    unwritten = [_is_unwritten_variance(row) for row in rows]
    valued = [
        row._replace(free=0, value=0.0) if fill else _valued(row) for row, fill in zip(rows, unwritten, strict=True)
    ]
    if missing := [row.name for row in valued if isnan(row.value)]:
        raise ModelError(
            f"{what}: the population gives no value for {listing(missing)}; write it before the name, as in 'f =~ 0.7*x1',"
            " and 0 for what is not there"
        )
    whole = ParTable(entries=tuple(valued), observed=table.observed, latent=table.latent, fixed_x=False)
    p = len(table.observed)
    [ram] = rams(whole, (Sample(label="", n=2.0, cov=np.eye(p), mean=np.zeros(p)),))
    cov = _covariances(ram, [row.lhs for row, fill in zip(rows, unwritten, strict=True) if fill], what)
    return Population(names=table.observed, cov=cov, table=table)


def _is_unwritten_variance(row: Row) -> bool:
    return row.op == "~~" and row.lhs == row.rhs and row.user == 0


def _valued(row: Row) -> Row:
    """Return a row fixed to the value that it has or would start from."""
    return row._replace(free=0, value=row.start if isnan(row.value) else row.value, label="")


def _covariances(ram: Ram, unwritten: list[str], what: str) -> Array:
    """Return Σ with the variances that were left out: what makes each variable's variance 1."""
    theta = np.zeros(0)
    A, S, _ = ram.matrices(theta)
    E = ram.total_effects(A)
    places = [ram.variables.index(name) for name in unwritten]
    S = S.copy()
    if places:
        explained = np.diag(E @ S @ E.T)[places]
        squares = (E * E)[np.ix_(places, places)]
        left = np.linalg.solve(squares, 1.0 - explained)
        wrong = [name for name, value in zip(unwritten, left, strict=True) if value < 0]
        if wrong:
            raise ModelError(
                f"{what}: in the population more than all of the variance of 1 would be explained of {listing(wrong)};"
                " lower the values, or write the variances"
            )
        S[places, places] = left
    omega = E @ S @ E.T
    p = ram.n_observed
    if np.linalg.eigvalsh(S)[0] < -1e-9 or not np.linalg.eigvalsh(omega[:p, :p])[0] > 1e-9:
        raise ModelError(f"{what}: no population has these variances and covariances together")
    cov: Array = omega[:p, :p]
    return cov
