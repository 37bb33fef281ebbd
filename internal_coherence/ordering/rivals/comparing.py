"""How well each class of orders does: its implications tested, its likelihood here and at schools that were not used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from internal_coherence.ordering.evidence import StageCovariance
from internal_coherence.ordering.implications import Associations, fisher_z, implied_covariance
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

    tests = _tests(covariance, shape, alpha)
    implied = _implied(covariance.matrix, shape, labels)
    joint = [tests(at) for at in tqdm(labels, desc="orders", disable=not progress)]
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


def _tests(covariance: StageCovariance, shape: Shape, alpha: float) -> Callable[[Labels], tuple[float, float, int]]:
    """Return what gives F of all implications of an order, their joint p, and how many fail alone.

    An implication is computed once, however many orders have it.
    """

    @cache
    def one(claim: tuple[int, int, tuple[int, ...]]) -> tuple[float, Array]:
        return fisher_z(covariance.matrix, covariance.contributions, *claim)

    def of(at: Labels) -> tuple[float, float, int]:
        claims = shape.claims(at)
        if not claims:
            return float("nan"), float("nan"), 0
        z, moved = zip(*map(one, claims), strict=True)
        # What the claims are called is of no matter here.
        found = Associations(claims=(), z=np.array(z), moved=np.stack(moved, axis=1))
        joint = found.joint(covariance.level)
        return joint.statistic, joint.pvalue, int((found.pvalues < alpha).sum())

    return of
