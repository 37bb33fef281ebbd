"""What was observed, group by group, in the form that estimation needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.moments.saturated import Patterns

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """The data of one group.

    Parameters
    ----------
    label : str
        The group's name; empty if it is the only one.
    n : float
        Rows, or the sum of their weights.
    cov : (p, p) array
        Covariances; under missing answers those of the saturated model.
    mean : (p,) array
        Means.
    unbiased : bool
        Whether their divisor is n − 1 in place of n.
    X : (n, p) array or None
        The rows, NaN where missing; None if only moments were given.
    weights : (n,) array or None
        Of the rows, summing to n.
    exogenous : tuple of int
        Positions of covariates that are fixed to the data.
    cluster : (n,) array of int or None
        The school of each row, numbered over all groups.
    rows : (n,) array of int or None
        Which rows of the user's these are, from 0.
    n_schools : int
        How many schools vary together: those of the group where no school is in two groups, else all; 0 without schools.
    patterns : sequence of Patterns
        Rows by pattern of missing answers, centred on `mean`; empty where all are complete.
    saturated_log_likelihood : float
        Of the saturated model under missing answers; NaN otherwise, where it is a closed form.
    """

    label: str
    n: float
    cov: Array
    mean: Array
    unbiased: bool = False
    X: Array | None = None
    weights: Array | None = None
    exogenous: tuple[int, ...] = ()
    cluster: Integers | None = None
    rows: Integers | None = None
    n_schools: int = 0
    patterns: Sequence[Patterns] = ()
    saturated_log_likelihood: float = float("nan")

    @property
    def p(self) -> int:
        """The number of observed variables."""
        return len(self.mean)

    @cached_property
    def log_det(self) -> float:
        """log|S|, in which every likelihood of these data begins."""
        return float(np.linalg.slogdet(self.cov)[1])

    def answers(self, what: str) -> Array:
        """Return the rows.

        Parameters
        ----------
        what : str
            What needs them, for the message.

        Returns
        -------
        (n, p) array

        Raises
        ------
        ModelError
            If only moments were given.
        """
        if self.X is None:
            raise ModelError(f"{what} the answers themselves; only their moments were given")
        return self.X

    def schools(self) -> Iterator[Integers]:
        """Yield the rows of each school, where schools are known."""
        school = np.asarray(self.cluster)
        order = np.argsort(school, kind="stable")
        for start, end in pairwise(np.append(np.flatnonzero(np.diff(school[order], prepend=-1)), len(order))):
            yield order[start:end]


def told_by_covariates(sample: Sample, rows: Array) -> Array | None:
    """Return what fixed covariates tell of rows by linear regression; None where nothing is fixed.

    Parameters
    ----------
    sample : Sample
        Of which group.
    rows : (b, p) array
        Deviations from its means.

    Returns
    -------
    (b, p) array or None
        Of the covariates themselves, the deviations as they are. Where covariates are fixed, fourth moments are those about
        this: of what they leave, and of it with them.
    """
    if not sample.exogenous:
        return None
    x = np.array(sample.exogenous)
    slopes = np.linalg.solve(sample.cov[x[:, None], x], sample.cov[x])
    told: Array = rows[:, x] @ slopes
    return told


def count_schools(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the samples with their numbers of schools filled in.

    Parameters
    ----------
    samples : sequence of Sample
        Of all groups, schools numbered over all of them.

    Returns
    -------
    tuple of Sample
    """
    schools = [np.unique(sample.cluster) for sample in samples if sample.cluster is not None]
    if not schools:
        return tuple(samples)
    own, everywhere = [len(found) for found in schools], len(np.unique(np.concatenate(schools)))
    nested = sum(own) == everywhere
    return tuple(replace(sample, n_schools=n if nested else everywhere) for sample, n in zip(samples, own, strict=True))


def shares(samples: Sequence[Sample]) -> Array:
    """Return each group's share of all that count: rows, or rows less one where covariances are divided by n − 1.

    Parameters
    ----------
    samples : sequence of Sample

    Returns
    -------
    (G,) array
    """
    n = np.array([sample.n - sample.unbiased for sample in samples])
    share: Array = n / n.sum()
    return share
