"""Schools over waves: their stage means, and the covariances of these means' sampling errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError, listing
from internal_coherence.moments.grouping import SchoolMoments, group, school_moments
from internal_coherence.responses import Responses

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolWaves:
    """Means of J schools on K stages in T waves.

    Parameters
    ----------
    labels : tuple of str
        Schools.
    stages : tuple of str
        Stages.
    mean : (J, T·K) array
        Wave by wave, stages within; NaN where a school has no teacher then.
    error : (J, T·K, T·K) array
        Covariances of the sampling errors; 0 where a mean is missing.
    size : (J, T·K) array
        Teachers behind each mean.
    linked : bool
        Whether teachers' ids tell which errors of two waves go together.
    """

    labels: tuple[str, ...]
    stages: tuple[str, ...]
    mean: Array
    error: Array
    size: Array
    linked: bool

    def of(self, wave: int) -> slice:
        """Return the columns of the wave at a position, from 0."""
        K = len(self.stages)
        return slice(wave * K, (wave + 1) * K)


def sampling_errors(moments: SchoolMoments) -> Array:
    """Return the covariances of schools' means about what other teachers like theirs would have said.

    Parameters
    ----------
    moments : SchoolMoments
        Of q variables; each pair from the teachers who have both.

    Returns
    -------
    (J, q, q) array
        C_ab n_ab/(n_a n_b), with C pooled over schools; 0 where a mean is missing, or nobody has both.

    Notes
    -----
    Cross-products about means of n_a and n_b teachers, over the n_ab who have both, have the expectation
    C_ab n_ab (1 − 1/n_a − 1/n_b + n_ab/(n_a n_b)): with the same teachers in both, C_ab (n − 1).
    """
    n, size = moments.n, np.maximum(moments.size, 1.0)
    one, two = 1 / size[:, :, None], 1 / size[:, None, :]
    freedom = (n * (1 - one - two + n * one * two)).sum(axis=0)
    C = moments.cross.sum(axis=0) / np.where(freedom > 1e-9, freedom, np.inf)
    errors: Array = C * n * one * two
    return errors


def school_waves(scores: pd.DataFrame, responses: Responses, waves: Sequence[str], what: str) -> SchoolWaves:
    """Return schools' means over waves.

    Parameters
    ----------
    scores : DataFrame
        Stage scores on the rows of the responses.
    responses : Responses
        Who answered, when and where.
    waves : sequence of str
        In their order.
    what : str
        The verb, for messages.

    Returns
    -------
    SchoolWaves

    Raises
    ------
    ResponseError
        If a teacher stands twice in a wave of one school.
    """
    when, who = responses.wave, responses.teacher
    if when is None or when.isna().any():
        raise ResponseError(f"{what}: some rows have no wave")
    K = len(scores.columns)
    linked = who is not None and not who.isna().any()
    person = who if linked and who is not None else pd.Series([f"{k}" for k in range(len(scores))], index=scores.index)
    keys = pd.DataFrame({"school": responses.school, "person": person})
    doubled = keys.assign(wave=when).duplicated()
    if doubled.any():
        twice = person[doubled.to_numpy()].unique()
        raise ResponseError(f"{what}: the same teacher stands twice in one wave of a school: {listing(twice, 4)}")
    place, distinct = pd.factorize(pd.MultiIndex.from_frame(keys))
    X = np.full((len(distinct), len(waves) * K), np.nan)
    at = {wave: k for k, wave in enumerate(waves)}
    first = when.map(at).to_numpy(dtype=np.intp) * K
    for k in range(K):
        X[place, first + k] = scores.iloc[:, k].to_numpy()
    moments = school_moments(X, group(pd.Series(distinct.get_level_values(0)), len(X)))
    return SchoolWaves(
        labels=moments.labels,
        stages=tuple(scores.columns),
        mean=moments.mean,
        error=sampling_errors(moments),
        size=moments.size,
        linked=linked,
    )
