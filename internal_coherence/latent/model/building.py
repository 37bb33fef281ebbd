"""From a parameter table to the matrices of each group, and to the constraints between parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, closest
from internal_coherence.latent.model.ram import Places, Ram
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.syntax.expressions import Expression
from internal_coherence.latent.syntax.grammar import read_model
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.row import Row

Array = NDArray[np.float64]
Place = tuple[str, int, int]
PARAMETERS = ("=~", "~", "~~", "~1")


def rams(table: ParTable, samples: tuple[Sample, ...]) -> tuple[Ram, ...]:
    """Return the model of every group.

    Parameters
    ----------
    table : ParTable
        The parameters.
    samples : tuple of Sample
        One a group; what is fixed to the data, of exogenous covariates, is taken from them.

    Returns
    -------
    tuple of Ram
    """
    return tuple(_filled(*laid, sample) for laid, sample in zip(_laid_out(table), samples, strict=True))


@lru_cache(maxsize=64)
def _laid_out(table: ParTable) -> tuple[tuple[Ram, tuple[Place, ...]], ...]:
    """Return the model of every group, and where the data are to be filled in."""
    variables = (*table.observed, *table.latent)
    place = {name: k for k, name in enumerate(variables)}
    rows: list[list[Row]] = [[] for _ in range(table.n_groups)]
    for row in table.entries:
        if row.op in PARAMETERS:
            rows[row.group - 1].append(row)
    return tuple(_ram(own, variables, place, len(table.observed)) for own in rows)


def _filled(ram: Ram, of_data: tuple[Place, ...], sample: Sample) -> Ram:
    """Return the model of a group with what is fixed to its data."""
    if not of_data:
        return ram
    S, m = ram.S.copy(), ram.m.copy()
    for kind, i, j in of_data:
        if kind == "m":
            m[i] = sample.mean[i]
        else:
            S[i, j] = S[j, i] = sample.cov[i, j]
    return replace(ram, S=S, m=m)


def place_of(row: Row, place: Mapping[str, int]) -> Place:
    """Return where a row stands: in A, S or m, in which row and column.

    Parameters
    ----------
    row : Row
        A parameter.
    place : mapping of str to int
        Positions of the variables.

    Returns
    -------
    tuple of ("a", "s" or "m"), int, int
        A mean has column 0.
    """
    if row.op == "~1":
        return "m", place[row.lhs], 0
    i, j = place[row.lhs], place[row.rhs]
    if row.op == "=~":  # the arrow goes from the latent variable to its indicator
        return "a", j, i
    return ("a" if row.op == "~" else "s"), i, j


def _ram(
    rows: list[Row], variables: tuple[str, ...], place: Mapping[str, int], n_observed: int
) -> tuple[Ram, tuple[Place, ...]]:
    t = len(variables)
    A, S, m = np.zeros((t, t)), np.zeros((t, t)), np.zeros(t)
    found: dict[str, list[tuple[int, int, int]]] = {"a": [], "s": [], "m": []}
    of_data = []
    for row in rows:
        kind, i, j = place_of(row, place)
        if row.free:
            found[kind].append((i, j, row.free - 1))
        elif row.exo:
            of_data.append((kind, i, j))
        elif kind == "a":
            A[i, j] = row.value
        elif kind == "s":
            S[i, j] = S[j, i] = row.value
        else:
            m[i] = row.value
    for shared in (A, S, m):  # by all fits of the table
        shared.flags.writeable = False
    a, s, mean = (np.array(found[kind], dtype=np.intp).reshape(-1, 3) for kind in "asm")
    free = Places(
        a_row=a[:, 0],
        a_col=a[:, 1],
        s_row=s[:, 0],
        s_col=s[:, 1],
        m_row=mean[:, 0],
        parameter=np.concatenate([a[:, 2], s[:, 2], mean[:, 2]]),
        n_variables=t,
    )
    return Ram(variables=variables, n_observed=n_observed, A=A, S=S, m=m, free=free), tuple(of_data)


@dataclass(frozen=True, kw_only=True, eq=False)
class Equalities:
    """What must hold between parameters: some are equal, some expressions of labelled ones are 0.

    Parameters
    ----------
    n_parameters : int
        Of all groups.
    pairs : tuple of (int, int)
        Parameters that are equal, counted from 0.
    expressions : tuple of Expression
        Of labels; each is 0.
    labels : mapping of str to int
        Label to the first parameter that bears it.
    """

    n_parameters: int
    pairs: tuple[tuple[int, int], ...]
    expressions: tuple[Expression, ...]
    labels: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.pairs) + len(self.expressions)

    def residual(self, theta: Array) -> Array:
        """Return how far each is from holding."""
        apart = self._of_pairs @ theta
        if not self.expressions:
            return apart
        values = {label: float(theta[k]) for label, k in self.labels.items()}
        return np.append(apart, [float(e.evaluate(values)) for e in self.expressions])

    def jacobian(self, theta: Array) -> Array:
        """Return the derivatives of the residuals by the parameters."""
        if not self.expressions:
            return self._of_pairs
        J = np.concatenate([self._of_pairs, np.zeros((len(self.expressions), self.n_parameters))])
        values = {label: float(theta[k]) for label, k in self.labels.items()}
        for row, expression in enumerate(self.expressions, start=len(self.pairs)):
            for label, slope in expression.gradient(values).items():
                J[row, self.labels[label]] += slope
        return J

    @cached_property
    def _of_pairs(self) -> Array:
        """The derivatives of the pairs' differences, the same everywhere."""
        J = np.zeros((len(self.pairs), self.n_parameters))
        for row, (a, b) in enumerate(self.pairs):
            J[row, a], J[row, b] = 1.0, -1.0
        J.flags.writeable = False
        return J


@lru_cache(maxsize=64)
def equalities(table: ParTable) -> Equalities:
    """Return what must hold between the parameters of a table.

    Parameters
    ----------
    table : ParTable

    Returns
    -------
    Equalities
    """
    return Equalities(
        n_parameters=table.n_free,
        pairs=tuple((a - 1, b - 1) for a, b in table.equal_pairs),
        expressions=tuple(table.equalities),
        labels=_labelled(table),
    )


@lru_cache(maxsize=64)
def inequalities(table: ParTable) -> Equalities:
    """Return what must be 0 or more.

    Parameters
    ----------
    table : ParTable

    Returns
    -------
    Equalities
        Whose residuals must not be negative.
    """
    return Equalities(
        n_parameters=table.n_free, pairs=(), expressions=tuple(table.inequalities), labels=_labelled(table)
    )


def _labelled(table: ParTable) -> dict[str, int]:
    """Return the first parameter of every label."""
    labels: dict[str, int] = {}
    for row in table.entries:
        if row.free and row.label:
            labels.setdefault(row.label, row.free - 1)
    return labels


def equations(table: ParTable, text: str) -> Equalities:
    """Return equations between labels of a table.

    Parameters
    ----------
    table : ParTable
        Whose labels.
    text : str
        One a line, ``"a == b"``.

    Returns
    -------
    Equalities

    Raises
    ------
    ModelError
        If it is no equation, or names a label that is not there.
    """
    labels = _labelled(table)
    read = read_model(text).constraints
    if not read or any(c.op != "==" for c in read):
        raise ModelError(f"give equations between labels, one a line, such as 'a == b'; got {text!r}")
    found = [c.lhs.minus(c.rhs) for c in read]
    for name in (name for e in found for name in e.names):
        if name not in labels:
            raise ModelError(f"no parameter is labelled {name!r}{closest(name, labels)}")
    return Equalities(n_parameters=table.n_free, pairs=(), expressions=tuple(found), labels=labels)
