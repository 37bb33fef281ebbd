"""A measurement model estimated again from resampled rows: whole schools where the fit knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.latent.preparing import Rows, samples_of
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Which rows were drawn of one group.

    Parameters
    ----------
    rows : (n,) array of int
        Positions within the group's sample.
    school : (n,) array of int or None
        To which of the drawn schools each belongs: a school that is drawn twice counts as two.
    """

    rows: Integers
    school: Integers | None


def draw_rows(samples: Sequence[Sample], rng: np.random.Generator) -> list[Drawn]:
    """Draw rows with replacement, whole schools where they are known.

    Parameters
    ----------
    samples : sequence of Sample
        The data, group by group.
    rng : Generator
        By which.

    Returns
    -------
    list of Drawn
        One a group. Where no school is in two groups, each group keeps its number of schools; else all schools are drawn together,
        and bring their rows of all groups.
    """
    if any(sample.cluster is None for sample in samples):
        return [Drawn(rows=rng.integers(0, len(_answers(s)), len(_answers(s))), school=None) for s in samples]
    own = [np.unique(np.asarray(sample.cluster)) for sample in samples]
    everywhere = np.unique(np.concatenate(own))
    if sum(map(len, own)) == len(everywhere):
        found, first = [], 0
        for sample, schools in zip(samples, own, strict=True):
            found.append(_schools(sample, rng.choice(schools, len(schools)), first))
            first += len(schools)
        return found
    drawn = rng.choice(everywhere, len(everywhere))
    return [_schools(sample, drawn, 0) for sample in samples]


def _answers(sample: Sample) -> Array:
    return sample.answers("resampling needs")


def _schools(sample: Sample, drawn: Integers, first: int) -> Drawn:
    """Return the rows of the schools drawn, which are numbered from `first`."""
    school = np.asarray(sample.cluster)
    order = np.argsort(school, kind="stable")
    start, end = (np.searchsorted(school[order], drawn, side=side) for side in ("left", "right"))
    rows = [order[a:b] for a, b in zip(start, end, strict=True)]
    return Drawn(
        rows=np.concatenate(rows).astype(np.intp), school=np.repeat(np.arange(len(drawn)) + first, end - start)
    )


def refit(fit: SemFit, drawn: Sequence[Drawn]) -> Fitted | None:
    """Estimate a measurement model again, from its estimates.

    Parameters
    ----------
    fit : SemFit
        The model.
    drawn : sequence of Drawn
        Which rows, group by group.

    Returns
    -------
    Fitted or None
        None if no minimum was found.

    Raises
    ------
    ResponseError
        If the rows drawn can't be estimated from: too few, or some variable does not vary among them.
    """
    problem = fit._fitted.problem
    parts = list(zip(problem.samples, drawn, strict=True))
    clustered = all(d.school is not None for d in drawn)
    rows = Rows(
        frame=pd.DataFrame(np.concatenate([_answers(s)[d.rows] for s, d in parts]), columns=list(fit.observed)),
        group=np.repeat(np.arange(len(parts)), [len(d.rows) for d in drawn]),
        labels=fit.groups,
        cluster=np.concatenate([np.asarray(d.school) for d in drawn]) if clustered else None,
        weights=None
        if problem.samples[0].weights is None
        else np.concatenate([np.asarray(s.weights)[d.rows] for s, d in parts]),
    )
    samples, _ = samples_of(
        rows,
        fit.observed,
        fit.missing,  # type: ignore[arg-type]  # a fit's is one of the three
        wishart=problem.samples[0].unbiased,
        what="a resampled fit",
    )
    again = replace(problem, samples=samples)
    solution = again.solve(fit._fitted.theta)
    return Fitted(again, solution) if solution.converged else None
