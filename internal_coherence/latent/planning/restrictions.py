"""What is tested of a model's parameters: that one has a value, or that equations hold between them.

With h(θ) = 0 the restrictions and J their derivatives, both tests have a noncentrality a teacher:

    of the difference of χ²     F(θ̃) − F(θ̂),  θ̃ where F is smallest under h(θ̃) = 0        (Satorra & Saris 1985)
    of Wald's test              h'(J V J')⁻¹ h  at θ̂, V the inverse information of a teacher

θ̂ is what endlessly many teachers would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.latent.estimation.scoring import Constraints, null_space
from internal_coherence.latent.model.building import Equalities, equations
from internal_coherence.latent.planning.at_population import MANY
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.row import Row

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Restrictions:
    """Restrictions that are tested together.

    Parameters
    ----------
    name : str
        As they were asked for.
    matrix, values : (m, Q) array, (m,) array
        Those between parameters: the matrix times θ is these values.
    equations : Equalities or None
        Those between labels.
    """

    name: str
    matrix: Array
    values: Array
    equations: Equalities | None = None

    def residual(self, theta: Array) -> Array:
        """Return h(θ), (m,)."""
        own = self.matrix @ theta - self.values
        return own if self.equations is None else np.concatenate([own, self.equations.residual(theta)])

    def jacobian(self, theta: Array) -> Array:
        """Return J, (m, Q)."""
        return self.matrix if self.equations is None else np.concatenate([self.matrix, self.equations.jacobian(theta)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Both:
    """The constraints of a model and the restrictions that are tested."""

    parts: Sequence[Constraints]

    def residual(self, theta: Array) -> Array:
        return np.concatenate([part.residual(theta) for part in self.parts])

    def jacobian(self, theta: Array) -> Array:
        return np.concatenate([part.jacobian(theta) for part in self.parts])


def restrictions_of(text: str, table: ParTable, what: str) -> Restrictions:
    """Read what is to be tested.

    Parameters
    ----------
    text : str
        One restriction a line: a parameter, ``"f =~ x1"``, which is then 0; one with its value, ``"f ~~ g == 0.85"``; two that
        are equal, ``"f =~ x1 == f =~ x2"``; or an equation between labels, ``"a == 2*b"``.
    table : ParTable
        The model.
    what : str
        The verb, for messages.

    Returns
    -------
    Restrictions

    Raises
    ------
    ModelError
        For parameters that the model does not have free, and variances that would be 0.
    """
    free = _by_name(table)
    rows, values, written = [], [], []
    for line in (part.strip() for part in text.replace(";", "\n").splitlines() if part.strip()):
        left, _, right = (part.strip() for part in line.partition("=="))
        if right and "~" not in line:  # of labels
            written.append(line)
            continue
        first, second, number = free.get(_squeezed(left)), free.get(_squeezed(right)), _number(right or "0")
        if first is None or (second is None and number is None):
            raise ModelError(f"{what}: {_unknown(left if first is None else right, free)}")
        row = np.zeros(table.n_free)
        row[first.free - 1] = 1.0
        if second is not None:
            row[second.free - 1] -= 1.0
        elif first.op == "~~" and first.lhs == first.rhs and number == 0:
            raise ModelError(
                f"{what}: a variance can't be below 0, so a test that {first.name} is 0 has no power by χ²"
            )
        rows.append(row)
        values.append(0.0 if second is not None else float(number or 0.0))
    if not rows and not written:
        raise ModelError(f"{what}: nothing is tested by {text!r}")
    return Restrictions(
        name="; ".join(line.strip() for line in text.replace(";", "\n").splitlines() if line.strip()),
        matrix=np.array(rows, dtype=np.float64).reshape(-1, table.n_free),
        values=np.array(values, dtype=np.float64),
        equations=equations(table, "\n".join(written)) if written else None,
    )


def _by_name(table: ParTable) -> dict[str, Row]:
    names: dict[str, Row] = {}
    for row in table.entries:
        if row.free:
            names[row.name] = row
            if row.op == "~~":
                names[f"{row.rhs}~~{row.lhs}"] = row
            if row.label:
                names.setdefault(row.label, row)
    return names


def _squeezed(name: str) -> str:
    return "".join(name.split())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unknown(name: str, free: Mapping[str, Row]) -> str:
    known = list(dict.fromkeys(row.name for row in free.values()))
    return (
        f"{name!r} is no free parameter of the model; there are {listing(known)}"
        f"{closest(_squeezed(name), free)}; model= can have more than the population"
    )


def unlikeness(fit: SemFit, asked: Restrictions, what: str) -> tuple[int, float, float]:
    """Return how untrue restrictions are in a population.

    Parameters
    ----------
    fit : SemFit
        The model without them, fitted to the population.
    asked : Restrictions
        What is tested.
    what : str
        The verb, for messages.

    Returns
    -------
    int
        Degrees of freedom of their test.
    float, float
        Its noncentrality a teacher, by the difference of χ² and by Wald's test.

    Raises
    ------
    ModelError
        If they contradict or repeat each other, or no minimum is found under them.
    """
    fitted, theta = fit._fitted, fit.coef
    h, J = asked.residual(theta), asked.jacobian(theta)
    own = fitted.problem.constraints
    together = _Both(parts=[asked] if own is None else [own, asked])
    df = fitted.free_directions.shape[1] - null_space(together.jacobian(theta)).shape[1]
    if df < len(J):
        raise ModelError(f"{what}: {asked.name!r} says something twice, or what the model says already")
    solution = replace(fitted.problem, constraints=together).solve(theta)
    if not solution.converged:
        raise ModelError(f"{what}: the model can't be fitted under {asked.name!r}: {solution.trouble}")
    moved = 2 * (solution.point.value - fitted.solution.point.value)
    V = fit.vcov * (MANY - 1)
    wald = float(h @ np.linalg.solve(J @ V @ J.T, h))
    return df, moved if moved > 1e-11 else 0.0, wald if wald > 1e-11 else 0.0
