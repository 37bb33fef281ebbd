"""How well each class of orders does: its implications tested, its likelihood here and at schools that were not used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from internal_coherence.ordering.evidence import StageCovariance, covariance_by_school
from internal_coherence.ordering.implications import MOST_BETWEEN, implied_covariance, joint_pvalue, partial_correlation
from internal_coherence.ordering.rivals.permuting import Labels, Shape

Array = NDArray[np.float64]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Performance:
    """What every class of orders achieves, (c,) arrays.

    Parameters
    ----------
    log_likelihood : array
        Of the teachers' answers, but for a constant.
    n_parameters : array
        Arrows and variances.
    held_out : array
        The log-likelihood of schools that were not used, an average school; NaN where none were held out.
    statistic, pvalue : array
        The joint test of all implications.
    violated : array
        Implications that fail, each tested alone.
    """

    log_likelihood: Array
    n_parameters: Array
    held_out: Array
    statistic: Array
    pvalue: Array
    violated: Array


def performance(
    covariance: StageCovariance,
    shape: Shape,
    labels: Sequence[Labels],
    *,
    alpha: float,
    folds: Sequence[Chosen],
    progress: bool = False,
) -> Performance:
    """Try one order of every class.

    Parameters
    ----------
    covariance : StageCovariance
    shape : Shape
    labels : sequence of tuple of int
        c orders.
    alpha : float
        At which an implication fails.
    folds : sequence of (J,) array of bool
        The schools that are held out, fold by fold.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Performance
    """
    from tqdm import tqdm

    tests = _Tests(covariance=covariance, known={})
    implied = _implied(covariance.matrix, shape, labels)
    joint = [tests.joint(shape.claims(at), alpha) for at in tqdm(labels, desc="orders", disable=not progress)]
    arrows = sum(len(own) for own in shape.parents)
    return Performance(
        log_likelihood=covariance._likelihood.values(implied),
        n_parameters=np.full(len(labels), arrows + shape.n_stages, dtype=np.float64),
        held_out=held_out(covariance, shape, labels, folds),
        statistic=np.array([F for F, _, _ in joint]),
        pvalue=np.array([p for _, p, _ in joint]),
        violated=np.array([v for _, _, v in joint]),
    )


def held_out(covariance: StageCovariance, shape: Shape, labels: Sequence[Labels], folds: Iterable[Chosen]) -> Array:
    """Return how likely each order makes the answers of schools that were not used.

    Parameters
    ----------
    covariance : StageCovariance
    shape : Shape
    labels : sequence of tuple of int
        c orders.
    folds : iterable of (J,) array of bool
        The schools held out, fold by fold.

    Returns
    -------
    (c,) array
        Log-likelihood of an average school, but for a constant; NaN without folds, and where what is left without some schools gives
        covariances that can't be.

    Notes
    -----
    What the stages' covariances are without some schools is found from what these add, to first order (the infinitesimal jackknife;
    Giordano et al. 2019), so that nothing is fitted again. How items measure the scales is taken from all schools.
    """
    J, total, counted = covariance.n_schools, np.zeros(len(labels)), 0
    for fold in folds:
        out = int(fold.sum())
        kept = covariance.matrix - covariance.contributions[fold].sum(axis=0) * J / (J - out)
        chosen = fold[covariance._likelihood.school]
        implied = _implied(kept, shape, labels)
        proper = np.linalg.eigvalsh(implied)[:, 0] > 0
        total += np.where(proper, covariance._likelihood.values(implied, among=chosen), np.nan)
        counted += out
    return total / counted if counted else np.full(len(labels), np.nan)


def folds_of_schools(n_schools: int, n_folds: int, rng: np.random.Generator) -> list[Chosen]:
    """Return schools dealt out to folds at random.

    Parameters
    ----------
    n_schools, n_folds : int
    rng : Generator

    Returns
    -------
    list of (J,) array of bool
        Each school is in one of them.
    """
    dealt = rng.permutation(np.arange(n_schools) % n_folds) if n_folds > 1 else np.zeros(0, dtype=np.intp)
    return [dealt == fold for fold in range(n_folds)] if n_folds > 1 else []


def _implied(matrix: Array, shape: Shape, labels: Sequence[Labels]) -> Array:
    """Return what each order says of Φ, (c, k, k): the stages put in their places, and back."""
    at = np.array(labels)
    there = implied_covariance(matrix[at[:, :, None], at[:, None, :]], shape.parents, shape.confounded)
    back = np.argsort(at, axis=1)
    return np.asarray(there[np.arange(len(at))[:, None, None], back[:, :, None], back[:, None, :]], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tests:
    """Tests of implications, each computed once however many orders imply it."""

    covariance: StageCovariance
    known: dict[tuple[int, int, tuple[int, ...]], tuple[float, Array]]

    def joint(self, claims: Sequence[tuple[int, int, tuple[int, ...]]], alpha: float) -> tuple[float, float, int]:
        """Return F of all claims, its p, and how many fail alone."""
        q, J = len(claims), self.covariance.n_schools
        if not q:
            return float("nan"), float("nan"), 0
        z = np.array([self._one(claim)[0] for claim in claims])
        moved = np.stack([self._one(claim)[1] for claim in claims], axis=1)
        V = covariance_by_school(moved)
        p = 2 * stdtr(J - 1, -np.abs(z) / np.sqrt(np.diag(V)))
        W = float(z @ np.linalg.solve(V, z)) if q < J else float("nan")
        found = joint_pvalue(W, p, J, by_f=self.covariance.level == "within" or q <= MOST_BETWEEN)
        return found.statistic, found.pvalue, int((p < alpha).sum())

    def _one(self, claim: tuple[int, int, tuple[int, ...]]) -> tuple[float, Array]:
        """Return Fisher's z of a partial correlation, and what each school adds to it."""
        if claim not in self.known:
            c = self.covariance
            r, moved = partial_correlation(c.matrix, c.contributions, *claim)
            self.known[claim] = float(np.arctanh(r)), moved / (1 - r**2)
        return self.known[claim]
