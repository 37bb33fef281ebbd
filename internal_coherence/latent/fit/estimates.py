"""The estimates as tables: with standard errors and limits, standardised, and what is defined from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from internal_coherence.latent.fit.standardized import (
    ARROW,
    COVARIANCE,
    MEAN,
    Entries,
    Which,
    standardized,
    standardized_values,
)
from internal_coherence.latent.model.building import PARAMETERS, place_of
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.syntax.expressions import Expression
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.row import Row

Array = NDArray[np.float64]
NAMES = ("lhs", "op", "rhs", "group", "label")
KINDS = {"a": ARROW, "s": COVARIANCE, "m": MEAN}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listed:
    """The parameters and definitions of a table, and where each group's stand in its matrices.

    Parameters
    ----------
    rows : tuple of Row
        Parameters and definitions, in the table's order.
    of_group : tuple of (array of int, Entries)
        For each group the positions of its rows, and their entries.
    definitions : sequence of (str, Expression)
        What is defined.
    names : DataFrame
        What the rows are called: ``lhs, op, rhs, group, label``.
    """

    rows: tuple[Row, ...]
    of_group: tuple[tuple[NDArray[np.intp], Entries], ...]
    definitions: Sequence[tuple[str, Expression]]
    names: pd.DataFrame

    def framed(self, found: Mapping[str, Array]) -> pd.DataFrame:
        """Return numbers of the rows as a table, beside what the rows are called."""
        values = pd.DataFrame(np.array(list(found.values())).T, columns=labels(tuple(found)))
        return pd.concat([self.names, values], axis=1)

    def raw(self, fitted: Fitted) -> tuple[Array, Array]:
        """Return the estimates and their derivatives by all parameters."""
        values, slopes = self._empty(fitted)
        for (own, entries), ram in zip(self.of_group, fitted.problem.rams, strict=True):
            values[own] = entries.values(ram, fitted.theta)
            free = entries.parameter >= 0
            slopes[own[free], entries.parameter[free]] = 1.0
        return self._defined(values, slopes)

    def standardized(self, fitted: Fitted, which: Which) -> tuple[Array, Array]:
        """Return the standardised values and their derivatives by all parameters."""
        values, slopes = self._empty(fitted)
        for (own, entries), ram, at in zip(self.of_group, fitted.problem.rams, fitted.implied, strict=True):
            values[own], slopes[own] = standardized(at, ram, fitted.theta, entries, which)
        return self._defined(values, slopes)

    def standardized_values(self, fitted: Fitted, which: Which) -> Array:
        """Return the standardised values alone."""
        values, slopes = self._empty(fitted)
        for (own, entries), ram, at in zip(self.of_group, fitted.problem.rams, fitted.implied, strict=True):
            values[own] = standardized_values(at, ram, fitted.theta, entries, which)
        return self._defined(values, slopes)[0]

    def _empty(self, fitted: Fitted) -> tuple[Array, Array]:
        return np.full(len(self.rows), np.nan), np.zeros((len(self.rows), fitted.problem.n_parameters))

    def _defined(self, values: Array, slopes: Array) -> tuple[Array, Array]:
        """Fill in what is defined from the labelled rows."""
        if not self.definitions:
            return values, slopes
        known: dict[str, float] = {}
        bends: dict[str, Array] = {}
        for k, row in enumerate(self.rows):
            if row.label and row.op != ":=" and row.label not in known:
                known[row.label], bends[row.label] = float(values[k]), slopes[k]
        for name, expression in self.definitions:
            parts = expression.gradient({n: known[n] for n in expression.names})
            known[name] = float(expression.evaluate(known))
            bends[name] = sum((slope * bends[n] for n, slope in parts.items()), np.zeros(slopes.shape[1]))
        for k, row in enumerate(self.rows):
            if row.op == ":=":
                values[k], slopes[k] = known[row.lhs], bends[row.lhs]
        return values, slopes


@lru_cache(maxsize=16)
def listed_rows(table: ParTable, left_out: tuple[str, ...] = ()) -> Listed:
    """List the parameters and definitions of a table.

    Parameters
    ----------
    table : ParTable
        The model.
    left_out : tuple of str
        Variables whose rows are not shown.

    Returns
    -------
    Listed
    """
    rows = tuple(
        row
        for row in table.entries
        if row.op in (*PARAMETERS, ":=") and row.lhs not in left_out and row.rhs not in left_out
    )
    place = {name: k for k, name in enumerate((*table.observed, *table.latent))}
    groups = []
    for group in range(1, table.n_groups + 1):
        own = [k for k, row in enumerate(rows) if row.group == group and row.op != ":="]
        found = [(KINDS[kind], i, j, rows[k].free - 1) for k in own for kind, i, j in [place_of(rows[k], place)]]
        kind, i, j, parameter = np.array(found, dtype=np.intp).reshape(-1, 4).T
        groups.append((np.array(own, dtype=np.intp), Entries(kind=kind, row=i, col=j, parameter=parameter)))
    names = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in NAMES})
    return Listed(rows=rows, of_group=tuple(groups), definitions=table.definitions, names=names)


@lru_cache(maxsize=64)
def labels(names: tuple[str, ...]) -> pd.Index:
    """Return names as labels of columns or rows; pandas would make them anew for every table.

    Parameters
    ----------
    names : tuple of str

    Returns
    -------
    Index
    """
    return pd.Index(names)


def estimate_table(
    table: ParTable, fitted: Fitted, vcov: Array, level: float, left_out: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return every row of the table with its estimate.

    Parameters
    ----------
    table : ParTable
        The model.
    fitted : Fitted
        Solved.
    vcov : (Q, Q) array
        Covariances of the estimates.
    level : float
        Of the limits.
    left_out : tuple of str
        Variables whose rows are not shown.

    Returns
    -------
    DataFrame
        ``lhs, op, rhs, group, label, est, se, z, pvalue, ci_lower, ci_upper, std_lv, std_all``.
    """
    listed = listed_rows(table, left_out)
    found = _with_errors("est", *listed.raw(fitted), vcov, level)
    for which in ("lv", "all"):
        found[f"std_{which}"] = listed.standardized_values(fitted, which)
    return listed.framed(found)


def standardized_table(
    table: ParTable, fitted: Fitted, vcov: Array, which: Which, level: float, left_out: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the standardised solution with its own standard errors, by the delta method.

    Parameters
    ----------
    table : ParTable
        The model.
    fitted : Fitted
        Solved.
    vcov : (Q, Q) array
        Covariances of the estimates.
    which : {"lv", "all"}
        Give variance 1 to the latent variables only, or to all.
    level : float
        Of the limits.
    left_out : tuple of str
        Variables whose rows are not shown.

    Returns
    -------
    DataFrame
        ``lhs, op, rhs, group, label, est_std, se, z, pvalue, ci_lower, ci_upper``.
    """
    listed = listed_rows(table, left_out)
    return listed.framed(_with_errors("est_std", *listed.standardized(fitted, which), vcov, level))


def _with_errors(name: str, values: Array, slopes: Array, vcov: Array, level: float) -> dict[str, Array]:
    """Return the columns of estimates with standard errors, tests and limits, by the delta method."""
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.sqrt(((slopes @ vcov) * slopes).sum(axis=1))  # NaN where a variance is negative
        se[~slopes.any(axis=1)] = 0.0
        z = np.where(se > 1e-9 * np.maximum(np.abs(values), 1e-300), values / se, np.nan)
    reach = float(ndtri((1 + level) / 2)) * se
    found = {name: values, "se": se, "z": z, "pvalue": 2 * ndtr(-np.abs(z))}
    return found | {"ci_lower": values - reach, "ci_upper": values + reach}


def r_squared(fitted: Fitted, g: int) -> Mapping[str, float]:
    """Return the share of every dependent variable's variance that the model explains.

    Parameters
    ----------
    fitted : Fitted
        Solved.
    g : int
        The group.

    Returns
    -------
    mapping of variable to share
    """
    ram = fitted.problem.rams[g]
    S, omega = fitted.implied[g].S, fitted.implied[g].omega.diagonal()
    caused = np.zeros(len(omega), dtype=bool)
    caused[ram.free.a_row] = True
    caused |= ram.A.any(axis=1)
    return {name: 1 - S[k, k] / omega[k] for k, name in enumerate(ram.variables) if caused[k]}
