"""The models that fit indices compare with: independent variables, and the saturated model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.scoring import at_once
from internal_coherence.latent.model.ram import Places, Ram
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.solving import Fitted, Problem

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Observed variables that stand apart, by their positions.

    Parameters
    ----------
    exogenous : tuple of int
        Covariates whose means and covariances are fixed to the data.
    covariates : tuple of int
        Observed causes, which covary with each other in the baseline too.
    auxiliary : tuple of int
        Variables beside the model, which covary with everything.
    """

    exogenous: tuple[int, ...] = ()
    covariates: tuple[int, ...] = ()
    auxiliary: tuple[int, ...] = ()


def unstructured(problem: Problem, apart: Apart = Apart(), *, covariances: bool) -> Fitted:
    """Return a fit of the same samples without structure: all variables independent, or all covariances free.

    Parameters
    ----------
    problem : Problem
        Whose samples and estimator.
    apart : Apart
        Variables of which something else holds.
    covariances : bool
        Whether covariances are free.

    Returns
    -------
    Fitted
    """
    rams, starts, first = [], [], 0
    for ram, sample in zip(problem.rams, problem.samples, strict=True):
        found, start = _of_group(sample, apart, first, means=ram.has_means, covariances=covariances)
        rams.append(found)
        starts.append(start)
        first += len(start)
    plain = replace(problem, rams=tuple(rams), n_parameters=first, constraints=None, inequalities=None, lower=None)
    start = np.concatenate(starts)
    if plain.estimator.discrepancy == "ML" and not plain.missing:  # the observed moments are the estimates
        return Fitted(plain, at_once(plain.objective, start))
    return Fitted(plain, plain.solve(start))


def _of_group(sample: Sample, apart: Apart, first: int, *, means: bool, covariances: bool) -> tuple[Ram, Array]:
    p = sample.p
    given, causes, beside = np.zeros((3, p), dtype=bool)
    for which, some in zip((given, causes, beside), (apart.exogenous, apart.covariates, apart.auxiliary), strict=True):
        which[list(some)] = True
    row, col = triangle(p)
    fixed = given[row] & given[col]
    related = beside[row] | beside[col] | (causes[row] & causes[col])
    free = ~fixed & ((row == col) | covariances | related)
    S, m = np.zeros((p, p)), np.zeros(p)
    S[row[fixed], col[fixed]] = S[col[fixed], row[fixed]] = sample.cov[row[fixed], col[fixed]]
    moved = np.flatnonzero(~given) if means else np.zeros(0, dtype=np.intp)
    if means:
        m[given] = sample.mean[given]
    nothing = np.zeros(0, dtype=np.intp)
    places = Places(
        a_row=nothing,
        a_col=nothing,
        s_row=row[free],
        s_col=col[free],
        m_row=moved,
        parameter=first + np.arange(int(free.sum()) + len(moved)),
        n_variables=p,
    )
    ram = Ram(variables=tuple(map(str, range(p))), n_observed=p, A=np.zeros((p, p)), S=S, m=m, free=places)
    return ram, np.concatenate([sample.cov[row[free], col[free]], sample.mean[moved]])
