"""How unevenly units pull at estimates, from their scores: the acceleration of bootstrap limits, without a further fit.

A unit, a row or a school, with score s moves the estimates by I⁻¹s, and a function of them by its slopes times that (Davison &
Hinkley 1997, §2.7); the acceleration is a sixth of the skewness of these influences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.estimation.scores import blocks_of_scores
from internal_coherence.latent.solving import Fitted

Array = NDArray[np.float64]


def accelerations(fitted: Fitted, slopes: Array, *, by_school: bool) -> Array:
    """Return the acceleration of functions of the estimates.

    Parameters
    ----------
    fitted : Fitted
        Solved by maximum likelihood, of rows.
    slopes : (K, Q) array
        The derivatives of the functions by the parameters.
    by_school : bool
        Whether schools are the units; else rows.

    Returns
    -------
    (K,) array
        NaN for what does not vary.

    Raises
    ------
    ModelError
        For other estimators than maximum likelihood.
    """
    p = fitted.problem
    if p.estimator.discrepancy != "ML":
        raise ModelError(
            "interval='bca' needs scores of rows, which least squares do not have; take 'percentile' or 'studentized'"
        )
    pull = slopes @ fitted.bread
    sums = np.zeros((3, len(slopes)))
    n_schools = max((int(s.cluster.max()) + 1 for s in p.samples if s.cluster is not None), default=0)
    schools = np.zeros((len(slopes), n_schools))
    for ram, sample in zip(p.rams, p.samples, strict=True):
        own = pull[:, ram.free.parameter]
        for rows, scores in blocks_of_scores(ram, sample, fitted.theta):
            influence = own @ scores
            if by_school:
                np.add.at(schools.T, np.asarray(sample.cluster)[rows], influence.T)
            else:
                sums += _powers(influence)
    n = float(n_schools if by_school else p.n)
    if by_school:
        sums = _powers(schools)
    mean = sums[0] / n
    second = sums[1] - n * mean**2
    third = sums[2] - 3 * mean * sums[1] + 2 * n * mean**3
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = np.where(second > 1e-20 * np.maximum(sums[1], 1e-300), third / (6 * second**1.5), np.nan)
    return found


def _powers(influence: Array) -> Array:
    return np.stack([(influence**k).sum(axis=1) for k in (1, 2, 3)])
