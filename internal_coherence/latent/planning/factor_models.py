"""From a fit to the standardised factor model of a population: what can be sampled, and what can't."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.planning.misspecifying import FactorModel
from internal_coherence.latent.sem_fit import SemFit

Array = NDArray[np.float64]


def refuse(fit: SemFit, n: int | None) -> int:
    """Refuse what is no factor model, or can't be sampled.

    Parameters
    ----------
    fit : SemFit
        As given to `dynamic_cutoffs`.
    n : int, optional
        Rows of a sample.

    Returns
    -------
    int
        Rows of a sample.

    Raises
    ------
    ModelError
        Saying what is not as it must be.
    """
    what = "dynamic_cutoffs"
    if not isinstance(fit, SemFit):
        raise ModelError(f"{what} takes a fit of cfa, not {type(fit).__name__}")
    if not fit.converged:
        raise ModelError(f"{what}: this fit did not converge")
    if len(fit.groups) > 1:
        raise ModelError(f"{what}: this fit has {len(fit.groups)} groups; fit them one by one")
    if fit._fitted.problem.estimator.discrepancy != "ML":
        raise ModelError(f"{what}: this fit is by {fit.estimator!r}; cut-offs are of maximum likelihood")
    if fit.df < 1:
        raise ModelError(f"{what}: without degrees of freedom every sample fits")
    entries = fit.table.entries
    odd = [r.name for r in entries if r.op == "~" or (r.op == "=~" and r.rhs in fit.latent)]
    stray = [v for v in fit.observed if not any(r.op == "=~" and r.rhs == v for r in entries)]
    if odd or stray or not fit.latent:
        raise ModelError(
            f"{what}: this is no model of factors and their items; see {listing(odd or stray or fit.observed)}"
        )
    means = [r for r in entries if r.op == "~1"]
    if any(r.free == 0 for r in means if r.lhs in fit.observed) or any(r.free for r in means if r.lhs in fit.latent):
        raise ModelError(f"{what}: cut-offs are of covariances; leave every intercept free, and every factor's mean 0")
    if fit.table.inequalities or fit.auxiliary:
        raise ModelError(f"{what}: inequalities and auxiliary variables can't be had here")
    rows = fit.n if n is None else n
    if isinstance(rows, bool) or not isinstance(rows, (int, np.integer)) or rows <= len(fit.observed) + 1:
        raise ModelError(f"{what}: n={rows!r} is no whole number above that of the items, {len(fit.observed)}")
    return int(rows)


def standardised(fit: SemFit) -> tuple[FactorModel, Array]:
    """Return a factor model's standardised estimates, and the standard deviations that were taken out.

    Parameters
    ----------
    fit : SemFit
        Of one group.

    Returns
    -------
    FactorModel
    (p,) array

    Raises
    ------
    ModelError
        If estimates are impossible.
    """
    fitted = fit._fitted
    [ram], [at] = fitted.problem.rams, fitted.implied
    A, S, _ = ram.matrices(fitted.theta)
    p = ram.n_observed
    phi = at.omega[p:, p:]
    if np.diag(S).min() <= 0 or np.linalg.eigvalsh(S[:p, :p])[0] <= 0 or np.linalg.eigvalsh(phi)[0] <= 0:
        raise ModelError(
            "dynamic_cutoffs: estimates are impossible (a variance that is not above 0); no population has them"
        )
    sd, of_factors = np.sqrt(np.diag(at.sigma)), np.sqrt(np.diag(phi))
    model = FactorModel(
        loadings=A[:p, p:] * of_factors / sd[:, None],
        factors=phi / np.outer(of_factors, of_factors),
        residuals=S[:p, :p] / np.outer(sd, sd),
    )
    return model, sd
