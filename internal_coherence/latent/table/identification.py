"""Can the parameters be told from the data at all? A count, the usual slips by name, and the rank of a Jacobian."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.table.row import Row

if TYPE_CHECKING:
    from internal_coherence.latent.table.par_table import ParTable

Array = NDArray[np.float64]


def n_statistics(table: ParTable) -> int:
    """Return how many variances, covariances and means the data give a model to explain.

    Parameters
    ----------
    table : ParTable

    Returns
    -------
    int
        Of all groups; those among covariates that are taken as given are not counted.
    """
    p, x = len(table.observed), len(table.covariates)
    moments = p * (p + 1) // 2 - x * (x + 1) // 2
    return table.n_groups * (moments + (p - x if table.meanstructure else 0))


def degrees_of_freedom(table: ParTable) -> int:
    """Return statistics less free parameters, those that are equal counted once.

    Parameters
    ----------
    table : ParTable

    Returns
    -------
    int
        Negative for a model with more parameters than the data can tell.
    """
    return n_statistics(table) - table.n_free + len(table.equal_pairs) + len(table.equalities)


@lru_cache(maxsize=64)
def check_identification(table: ParTable) -> None:
    """Refuse a model that can't be identified, where that shows without any data; one that passed is not looked at again.

    Parameters
    ----------
    table : ParTable

    Raises
    ------
    ModelError
        Naming the latent variable and what it lacks, or the count.
    """
    tied = _tied(table)
    for group in range(1, table.n_groups + 1):
        rows = [row for row in table.entries if row.group == group]
        where = f" in group {table.groups[group - 1]!r}" if table.groups else ""
        for complaint in _complaints(rows, table.latent, tied):
            raise ModelError(f"the model is not identified{where}: {complaint}")
    df = degrees_of_freedom(table)
    if df < 0:
        equal = len(table.equal_pairs) + len(table.equalities)
        less = f", {equal} of them tied by constraints" if equal else ""
        counted = (
            f"{table.n_free} free parameters{less}, but only {n_statistics(table)} variances, covariances and means"
        )
        if not table.meanstructure:
            counted = counted.replace("variances, covariances and means", "variances and covariances")
        raise ModelError(
            f"the model is not identified: it has {counted} of {len(table.observed)} variables (df = {df})"
        )


def rank_deficient(jacobian: Array, names: Sequence[str], tolerance: float = 1e-8) -> tuple[str, ...]:
    """Return the parameters that can move without anything changing that the data could show.

    Parameters
    ----------
    jacobian : (s, q) array
        Derivatives of what is observed by the parameters; add a row for each constraint.
    names : sequence of str
        Of the q parameters.
    tolerance : float
        A singular value this much smaller than the largest counts as 0.

    Returns
    -------
    tuple of str
        Those with a part in the null space; none if the rank is full.

    Examples
    --------
    >>> import numpy as np
    >>> rank_deficient(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), ["a", "b", "c"])
    ('a', 'b')
    """
    J = np.asarray(jacobian, dtype=np.float64)
    scale = np.sqrt((J**2).sum(axis=0))
    J = J / np.where(scale > 0, scale, 1.0)  # the unit of a parameter says nothing of its rank
    _, size, right = np.linalg.svd(J, full_matrices=True)
    rank = int((size > tolerance * max(size.max(initial=0.0), 1e-300)).sum())
    share = (right[rank:] ** 2).sum(axis=0)
    return tuple(name for name, s in zip(names, share, strict=True) if s > 1e-6)


def _tied(table: ParTable) -> set[int]:
    # Parameters that a constraint speaks of: what it says of them is not looked into here.
    tied = {number for pair in table.equal_pairs for number in pair}
    labels = {name for expression in table.equalities for name in expression.names}
    return tied | {row.free for row in table.entries if row.free and row.label in labels}


def _complaints(rows: Sequence[Row], latent: Sequence[str], tied: set[int]) -> Iterator[str]:
    loadings: dict[str, list[Row]] = defaultdict(list)
    variance: dict[str, Row] = {}
    mean: dict[str, Row] = {}
    about: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.op == "=~":
            loadings[row.lhs].append(row)
        if row.op == "~~" and row.lhs == row.rhs:
            variance[row.lhs] = row
        elif row.op == "~1":
            mean[row.lhs] = row
        elif row.free or row.value != 0:
            about[row.lhs].append(row)
            about[row.rhs].append(row)
    for f in latent:
        yield from _no_unit(f, loadings[f][0].rhs, variance.get(f), about[f], tied)
        yield from _too_few(f, loadings[f], variance, about, tied)
        yield from _no_origin(f, loadings[f], mean, tied)


def _no_unit(f: str, item: str, variance: Row | None, about: Sequence[Row], tied: set[int]) -> Iterator[str]:
    if variance is None or not variance.free:
        return
    if all(row.free and row.free not in tied for row in (*about, variance)):
        yield (
            f"the latent variable {f!r} has no unit: fix one of its loadings ({f} =~ 1*{item}),"
            f" or its variance ({f} ~~ 1*{f})"
        )


def _no_origin(f: str, loadings: Sequence[Row], mean: dict[str, Row], tied: set[int]) -> Iterator[str]:
    concerned = [mean.get(v) for v in (f, *(row.rhs for row in loadings))]
    if all(row is not None and row.free and row.free not in tied for row in concerned):
        yield (
            f"the mean of {f!r} can't be told from the intercepts of its indicators: fix it ({f} ~ 0*1), or one of"
            f" theirs ({loadings[0].rhs} ~ 0*1)"
        )


def _too_few(
    f: str, loadings: Sequence[Row], variance: dict[str, Row], about: dict[str, list[Row]], tied: set[int]
) -> Iterator[str]:
    free = [row for row in [*loadings, variance.get(f)] if row is not None and row.free]
    residuals = [variance[row.rhs] for row in loadings if row.rhs in variance and variance[row.rhs].free]
    items = [row.rhs for row in loadings]
    if any(row.free in tied for row in (*free, *residuals)) or len(residuals) < len(items):
        return
    elsewhere = [row for row in about[f] if row.op != "=~" or row.lhs != f]
    causes = any(row.op == "~" and row.rhs == f for row in elsewhere)
    if len(items) == 1 and free and not causes and len(about[items[0]]) == 1:
        yield (
            f"{f!r} has one indicator, {items[0]!r}, whose error can't be told from it: fix its residual variance"
            f" ({items[0]} ~~ 0*{items[0]})"
        )
    if len(items) == 2 and len(free) > 1 and not elsewhere and all(len(about[item]) == 1 for item in items):
        yield (
            f"{f!r} has two indicators, {listing(items)}, and goes with nothing else: fix both loadings"
            f" ({f} =~ 1*{items[0]} + 1*{items[1]}), or let it covary with another variable"
        )
