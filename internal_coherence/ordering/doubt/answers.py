"""Covariances of teachers' stage scores as they are, and what each school adds to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_coherence.measurement.consistency.coefficients import coefficient_alpha
from internal_coherence.ordering.doubt.halves import SchoolTeachers
from internal_coherence.ordering.evidence import StageScores
from internal_coherence.ordering.orders import Stage
from internal_coherence.responses import Responses, score

Array = NDArray[np.float64]


def teachers_covariance(scores: StageScores) -> tuple[Array, Array]:
    """Return the covariances of all teachers, whatever their school.

    Parameters
    ----------
    scores : StageScores

    Returns
    -------
    matrix : (k, k) array
    moved : (J, k, k) array
    """
    X = scores.teachers - scores.teachers.mean(axis=0)
    n, J, k = len(X), len(scores.schools), X.shape[1]
    products = np.zeros((J, k, k))
    np.add.at(products, scores.school, np.einsum("ia,ib->iab", X, X))
    matrix = products.sum(axis=0) / (n - 1)
    size = np.bincount(scores.school, minlength=J)
    return matrix, products / (n - 1) - size[:, None, None] / n * matrix


def within_covariance(scores: StageScores) -> tuple[Array, Array]:
    """Return the covariances of teachers about their school's mean.

    Parameters
    ----------
    scores : StageScores
        Of two schools or more; teachers alone in their school add nothing.

    Returns
    -------
    matrix : (k, k) array
    moved : (J', k, k) array
        Of the schools with two teachers or more.
    """
    size = np.bincount(scores.school)
    several = size > 1
    kept = several[scores.school]
    teachers = SchoolTeachers.of(scores.teachers[kept], (np.cumsum(several) - 1)[scores.school[kept]].astype(np.intp))
    df = teachers.size - 1
    share = (df / df.sum())[:, None, None]
    matrix = (share * teachers.scatter).sum(axis=0)
    return matrix, share * (teachers.scatter - matrix)


def within_reliability(responses: Responses, stages: Sequence[Stage], scores: StageScores) -> Array:
    """Return the reliability of each stage's score, of teachers against their own school.

    Parameters
    ----------
    responses : Responses
    stages : sequence of Stage
    scores : StageScores
        Of these.

    Returns
    -------
    (k,) array
        Alpha, stratified by the stage's scales.
    """
    items, school = responses.items, responses.school
    scales = score(responses)[[key for stage in stages for key in stage.measured_by]]
    complete = scales.dropna()
    school_means = complete.groupby(school.loc[complete.index]).transform("mean")
    apart = items - items.groupby(school).transform("mean")
    df = len(complete) - school.loc[complete.index].nunique()
    variances = ((complete - school_means) ** 2).sum() / df / complete.var()
    matrix, _ = within_covariance(scores)
    found = []
    for k, stage in enumerate(stages):
        unshared = [
            variances[key]
            * (1 - float(coefficient_alpha(apart[responses.instrument.scale(key).item_keys].cov().to_numpy())))
            for key in stage.measured_by
        ]
        found.append(1 - float(np.sum(unshared)) / len(unshared) ** 2 / matrix[k, k])
    return np.array(found)
