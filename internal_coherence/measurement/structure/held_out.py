"""How well a model says beforehand what other schools' teachers answer: the likelihood of schools that it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent import SemFit
from internal_coherence.latent.model.ram import implied
from internal_coherence.latent.resampling.drawing import Drawn, Units, drawn_samples
from internal_coherence.latent.resampling.refitting import Refit, Wanted

Array = NDArray[np.float64]


def folds_of(fit: SemFit, n_folds: int, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Return the units of each fold: schools where the fit knows them, else rows.

    Parameters
    ----------
    fit : SemFit
        Of one group.
    n_folds : int
        How many.
    rng : Generator
        By which units are dealt out.

    Returns
    -------
    list of array of int
        Positions of units.

    Raises
    ------
    ModelError
        If there are fewer units than folds, or fewer than two folds.
    """
    units = Units.of(fit._fitted.problem.samples, by_school=fit.n_clusters > 0)
    if n_folds < 2 or units.n_units < n_folds:
        what = "schools" if units.schools else "rows"
        raise ModelError(f"folds={n_folds}: it takes two or more, and no more than there are {what}, {units.n_units}")
    return [np.sort(part) for part in np.array_split(rng.permutation(units.n_units), n_folds)]


def held_out_likelihood(fit: SemFit, folds: Sequence[NDArray[np.intp]]) -> Array:
    """Return the log-likelihood of every unit under the model as the other folds have it.

    Parameters
    ----------
    fit : SemFit
        Of one group, converged.
    folds : sequence of array of int
        As `folds_of` gives them.

    Returns
    -------
    (U,) array
        Of schools the sum over their rows; NaN where the model could not be fitted without their fold.
    """
    own = tuple(fit._fitted.problem.samples)
    units = Units.of(own, by_school=fit.n_clusters > 0)
    members = (
        [school[0] for school in units.schools[0]] if units.schools else [np.array([k]) for k in range(units.n_units)]
    )
    found, refit = np.full(units.n_units, np.nan), Refit.of(fit)
    X = own[0].answers("held-out likelihoods need")
    for fold in folds:
        kept = np.setdiff1d(np.arange(units.n_units), fold)
        rows = np.concatenate([members[k] for k in kept]) if units.schools else kept
        school = np.repeat(np.arange(len(kept)), [len(members[k]) for k in kept]) if units.schools else None
        drawn = [Drawn(rows=rows, school=school)]
        [there] = refit.drawn(own, [drawn], Wanted())
        if there.converged:
            at = implied(fit._fitted.problem.rams[0], there.theta)
            mu = at.mu if fit._fitted.problem.rams[0].has_means else drawn_samples(own, drawn, saturated=True)[0].mean
            out = [members[k] for k in fold]
            density = log_density(X[np.concatenate(out)], mu, at.sigma)
            found[fold] = np.bincount(np.repeat(np.arange(len(fold)), list(map(len, out))), density, len(fold))
    return found


def log_density(X: Array, mu: Array, sigma: Array) -> Array:
    """Return the normal log-density of rows, by what each answered.

    Parameters
    ----------
    X : (n, p) array
        NaN is missing.
    mu, sigma : (p,) and (p, p) array
        Means and covariances.

    Returns
    -------
    (n,) array
    """
    present = ~np.isnan(X)
    distinct, pattern = np.unique(present, axis=0, return_inverse=True)
    found = np.zeros(len(X))
    for k, answered in enumerate(distinct):
        rows, has = pattern.ravel() == k, np.flatnonzero(answered)
        L = np.linalg.cholesky(sigma[has[:, None], has])
        z = np.linalg.solve(L, (X[rows][:, has] - mu[has]).T)
        found[rows] = -0.5 * (z**2).sum(axis=0) - np.log(np.diag(L)).sum() - 0.5 * len(has) * np.log(2 * np.pi)
    return found
