"""The path model of an order at one level: its arrows, and the effects along them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from internal_coherence.errors import ImproperSolutionWarning, ModelError, warn
from internal_coherence.ordering.evidence import StageCovariance, covariance_by_school
from internal_coherence.ordering.implications.functions import path_coefficients, product_along, total_effects

Array = NDArray[np.float64]
Interval = Literal["delta", "monte_carlo", "bootstrap"]
INTERVALS: Final[tuple[str, ...]] = get_args(Interval)
COLUMNS: Final = ("level", "cause", "effect", "kind", "through", "estimate", "se", "pvalue", "ci_lower", "ci_upper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One effect to be told.

    Parameters
    ----------
    cause, effect : int
        Stages.
    kind : {"direct", "specific", "indirect", "total"}
        An arrow; the product along one path; all paths but the arrow; all paths.
    path : tuple of int
        Of a specific effect, its stages.
    """

    cause: int
    effect: int
    kind: Literal["direct", "specific", "indirect", "total"]
    path: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathModel:
    """The arrows' coefficients, and what each school adds to them.

    Parameters
    ----------
    parents : tuple of tuple of int
        The direct causes of each stage.
    B : (k, k) array
        B[j, i] of i → j.
    moved : (J, k, k) array
        What each school adds.
    """

    parents: tuple[tuple[int, ...], ...]
    B: Array
    moved: Array

    @classmethod
    def of(cls, matrix: Array, moved: Array, parents: Sequence[Sequence[int]]) -> PathModel:
        """Estimate it.

        Parameters
        ----------
        matrix, moved : (k, k), (J, k, k) array
            Φ, and what each school adds to it.
        parents : sequence of sequence of int
            The direct causes of each stage.

        Returns
        -------
        PathModel
        """
        B, change = path_coefficients(matrix, moved, parents)
        return cls(parents=tuple(tuple(own) for own in parents), B=B, moved=change)

    def effects(self) -> list[Effect]:
        """Return all effects there are: arrows, paths, and what they make together."""
        found = []
        k = len(self.parents)
        for cause in range(k):
            for effect in range(k):
                paths = list(self._paths(cause, effect)) if cause != effect else []
                longer = [path for path in paths if len(path) > 2]
                if len(longer) < len(paths):
                    found.append(Effect(cause=cause, effect=effect, kind="direct"))
                found += [Effect(cause=cause, effect=effect, kind="specific", path=path) for path in longer]
                if longer:
                    found.append(Effect(cause=cause, effect=effect, kind="indirect"))
                    found.append(Effect(cause=cause, effect=effect, kind="total"))
        return found

    def values(self, effects: Sequence[Effect]) -> tuple[Array, Array]:
        """Return effects, and what each school adds to them.

        Parameters
        ----------
        effects : sequence of Effect

        Returns
        -------
        (m,) array
        (J, m) array
        """
        T, moved = total_effects(self.B, self.moved)
        found, changes = [], []
        for e in effects:
            at = (e.effect, e.cause)
            if e.kind == "specific":
                value, change = product_along(self.B, self.moved, e.path)
            elif e.kind == "direct":
                value, change = self.B[at], self.moved[:, e.effect, e.cause]
            else:
                less = 1.0 if e.kind == "indirect" else 0.0
                value = T[at] - less * self.B[at]
                change = moved[:, e.effect, e.cause] - less * self.moved[:, e.effect, e.cause]
            found.append(value)
            changes.append(change)
        return np.array(found), np.stack(changes, axis=1) if changes else np.zeros((len(self.moved), 0))

    def drawn(self, effects: Sequence[Effect], draws: int, rng: np.random.Generator) -> Array:
        """Return effects of coefficients that are drawn from their normal distribution.

        Parameters
        ----------
        effects : sequence of Effect
        draws : int
        rng : Generator

        Returns
        -------
        (draws, m) array
        """
        arrows = [(j, i) for j, own in enumerate(self.parents) for i in own]
        rows, columns = (np.array(ends, dtype=np.intp) for ends in zip(*arrows, strict=True))
        covariance = covariance_by_school(self.moved[:, rows, columns])
        values = rng.multivariate_normal(self.B[rows, columns], covariance, size=draws, method="eigh")
        none = np.zeros((0, *self.B.shape))
        found = np.empty((draws, len(effects)))
        for d, value in enumerate(values):
            B = np.zeros_like(self.B)
            B[rows, columns] = value
            found[d], _ = PathModel(parents=self.parents, B=B, moved=none).values(effects)
        return found

    def _paths(self, cause: int, effect: int) -> Iterator[tuple[int, ...]]:
        """Yield the directed paths from one stage to another."""
        if cause == effect:
            yield (effect,)
            return
        for before in self.parents[effect]:
            for path in self._paths(cause, before):
                yield (*path, effect)


def effects_table(
    covariance: StageCovariance,
    parents: Sequence[Sequence[int]],
    *,
    level: float,
    interval: Interval,
    draws: int,
    redrawn: Array | None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Estimate the effects of an order in standard deviations of the stages.

    Parameters
    ----------
    covariance : StageCovariance
    parents : sequence of sequence of int
        The direct causes of each stage.
    level : float
        Of the limits.
    interval : {"delta", "monte_carlo", "bootstrap"}
        How limits are found.
    draws : int
        Of the Monte Carlo limits.
    redrawn : (draws, k, k) array or None
        Φ of samples of schools, for the bootstrap's limits.
    rng : Generator

    Returns
    -------
    DataFrame
        A row an effect, as `OrderingResult.effects` documents.
    """
    standard = covariance.standardized()
    model = PathModel.of(standard.matrix, standard.contributions, parents)
    effects = model.effects()
    if not effects:
        return pd.DataFrame(columns=list(COLUMNS))
    values, moved = model.values(effects)
    se, df = np.sqrt(np.diag(covariance_by_school(moved))), covariance.n_schools - 1
    reach = stdtrit(df, (1 + level) / 2) * se
    lower, upper = values - reach, values + reach
    if interval != "delta":
        sample = model.drawn(effects, draws, rng) if redrawn is None else _of_samples(redrawn, parents, effects)
        lower, upper = np.quantile(sample, [(1 - level) / 2, (1 + level) / 2], axis=0)
    names = covariance.stages
    return pd.DataFrame(
        {
            "level": covariance.level,
            "cause": [names[e.cause] for e in effects],
            "effect": [names[e.effect] for e in effects],
            "kind": [e.kind for e in effects],
            "through": [" → ".join(names[k] for k in e.path[1:-1]) for e in effects],
            "estimate": values,
            "se": se,
            "pvalue": 2 * stdtr(df, -np.abs(values / se)),
            "ci_lower": lower,
            "ci_upper": upper,
        }
    )


def _of_samples(redrawn: Array, parents: Sequence[Sequence[int]], effects: Sequence[Effect]) -> Array:
    """Return the effects in samples of schools; those whose covariances can't be are left out, and counted."""
    none = np.zeros((0, *redrawn.shape[1:]))
    found = []
    for matrix in redrawn:
        if np.isfinite(matrix).all() and np.linalg.eigvalsh(matrix)[0] > 0:
            sd = np.sqrt(np.diag(matrix))
            found.append(PathModel.of(matrix / np.outer(sd, sd), none, parents).values(effects)[0])
    lost, drawn = len(redrawn) - len(found), len(redrawn)
    if lost > drawn / 2:
        raise ModelError(
            f"interval='bootstrap': in {lost} of {drawn} samples of schools the stages' covariances are not positive definite;"
            " schools are too few for it. Take interval='delta'"
        )
    if lost:
        message = f"{lost} of {drawn} samples of schools gave covariances that can't be, and are left out of the limits"
        warn(f"check_ordering: {message}", ImproperSolutionWarning)
    return np.array(found)
