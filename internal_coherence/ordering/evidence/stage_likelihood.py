"""How likely answers are, given how stages go together: all of it in k × k matrices, whatever the number of items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
BLOCK: Final = 20_000
"""Matrices that are worked on at once."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageLikelihood:
    """What answers say of k stages, each entry the rows of one school that gave the same answers' kinds.

    Rows are x = Λη + ε with covariances Φ of η and Θ of ε; h = Λ'Θ⁻¹x and P = Λ'Θ⁻¹Λ hold all that x says of Φ.

    Parameters
    ----------
    information : (m, k, k) array
        P.
    products : (m, k, k) array
        Σ hh' of an entry's rows.
    count : (m,) array
        Its rows.
    school : (m,) array of int
        Its school.
    """

    information: Array
    products: Array
    count: Array
    school: Integers

    def in_units(self, units: Array) -> StageLikelihood:
        """Return the same for stages that are counted in other units.

        Parameters
        ----------
        units : (k,) array
            The new unit of each stage, in the old one.

        Returns
        -------
        StageLikelihood
        """
        scale = np.outer(units, units)
        return replace(self, information=self.information * scale, products=self.products * scale)

    def values(self, matrices: Array, among: NDArray[np.bool_] | None = None) -> Array:
        """Return log-likelihoods, but for a constant that is the same for all Φ.

        Parameters
        ----------
        matrices : (r, k, k) array
            Several Φ.
        among : (m,) array of bool, optional
            The entries that count; all by default.

        Returns
        -------
        (r,) array
            −½ Σ n log|I + ΦP| + ½ Σ tr[(Φ⁻¹ + P)⁻¹ H].
        """
        chosen = np.ones(len(self.count), dtype=bool) if among is None else among
        P, H, n = self.information[chosen], self.products[chosen], self.count[chosen]
        P, H, n = _alike(P, H, n)
        identity, found = np.eye(P.shape[-1]), np.empty(len(matrices))
        step = max(1, BLOCK // len(P))
        for first in range(0, len(matrices), step):
            phi = matrices[first : first + step, None]
            inner = identity + phi @ P
            _, logdet = np.linalg.slogdet(inner)
            trace = np.einsum("rmab,mba->r", np.linalg.solve(inner, np.broadcast_to(phi, inner.shape)), H)
            found[first : first + step] = (trace - logdet @ n) / 2
        return found

    def by_school(self, matrix: Array, n_schools: int) -> Array:
        """Return the log-likelihood of every school's rows at one Φ, (J,).

        Parameters
        ----------
        matrix : (k, k) array
            Φ.
        n_schools : int
            J.

        Returns
        -------
        (J,) array
        """
        inner = np.eye(len(matrix)) + matrix @ self.information
        _, logdet = np.linalg.slogdet(inner)
        solved = np.linalg.solve(inner, np.broadcast_to(matrix, inner.shape))
        each = -0.5 * self.count * logdet + 0.5 * np.einsum("mab,mba->m", solved, self.products)
        return np.asarray(np.bincount(self.school, each, n_schools), dtype=np.float64)


def _alike(P: Array, H: Array, n: Array) -> tuple[Array, Array, Array]:
    """Put entries of the same information together: without missing answers one is left."""
    distinct, place = np.unique(P.reshape(len(P), -1), axis=0, return_inverse=True)
    if len(distinct) == len(P):
        return P, H, n
    k = P.shape[-1]
    summed = np.zeros((len(distinct), k * k))
    np.add.at(summed, place.ravel(), H.reshape(len(H), -1))
    counted = np.asarray(np.bincount(place.ravel(), n, len(distinct)), dtype=np.float64)
    return distinct.reshape(-1, k, k), summed.reshape(-1, k, k), counted


def likelihood_of_rows(rows: Array, school: Integers, loadings: Array, errors: Array) -> StageLikelihood:
    """Return what rows say of the stages.

    Parameters
    ----------
    rows : (n, p) array
        About their mean; NaN missing.
    school : (n,) array of int
        Each row's.
    loadings, errors : (p, k), (p, p) array
        Λ and Θ.

    Returns
    -------
    StageLikelihood
    """
    answered = ~np.isnan(rows)
    kinds, kind = np.unique(answered, axis=0, return_inverse=True)
    k = loadings.shape[1]
    informations = np.empty((len(kinds), k, k))
    h = np.empty((len(rows), k))
    for a, has in enumerate(kinds):
        weights = np.linalg.solve(errors[np.ix_(has, has)], loadings[has])
        informations[a] = loadings[has].T @ weights
        own = kind.ravel() == a
        h[own] = rows[np.ix_(own, has)] @ weights
    entries, place = np.unique(np.column_stack([school, kind.ravel()]), axis=0, return_inverse=True)
    place, order = place.ravel(), np.argsort(place.ravel(), kind="stable")
    edges = np.searchsorted(place[order], np.arange(1, len(entries)))
    products = np.stack([part.T @ part for part in np.split(h[order], edges)])
    return StageLikelihood(
        information=informations[entries[:, 1]],
        products=products,
        count=np.bincount(place).astype(np.float64),
        school=entries[:, 0].astype(np.intp),
    )
