"""What the verbs of agreement accept: answers and each teacher's school, or a survey, of which every scale is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.instrument import Item
from internal_coherence.moments.grouping import Groups, group, numbers
from internal_coherence.moments.spread import SchoolSpread, school_spread
from internal_coherence.moments.tables import item_table
from internal_coherence.records import ByScale, Framed
from internal_coherence.responses import Responses
from internal_coherence.schools.agreement.nulls import check_n_options

Array = NDArray[np.float64]
Answers = pd.DataFrame | pd.Series | ArrayLike | Responses
School = ArrayLike | pd.Series | None
R = TypeVar("R", bound=Framed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """The answers of the teachers who answered everything.

    Parameters
    ----------
    X : (n, k) array
        Teachers × items, without NaN.
    groups : Groups
        Of the n teachers; schools of which nobody is left are still among the labels.
    size : (J,) array of int
        Teachers by school.
    n_missing : int
        Teachers left out for a missing answer.
    formats : tuple of (int, int)
        Lowest and highest answer of each item, where an instrument tells them.
    where : str
        What a message begins with: ``"rwg_j of 'leadership'"``.
    """

    X: Array
    groups: Groups
    size: NDArray[np.intp]
    n_missing: int
    formats: tuple[tuple[int, int], ...] = ()
    where: str = ""

    @property
    def n_items(self) -> int:
        """The number of items."""
        return int(self.X.shape[1])

    @property
    def usable(self) -> NDArray[np.bool_]:
        """The schools of at least two teachers."""
        return self.size >= 2

    def spread(self) -> SchoolSpread:
        """Return each school's mean and sum of squares of each item."""
        return school_spread(self.X, self.groups)

    def mean_item_variance(self) -> Array:
        """Return the mean over the items of each school's variance (divisor n − 1), NaN with fewer than two teachers."""
        squares = self.spread().sum_of_squares.sum(axis=1)
        return np.where(self.usable, squares / np.maximum(self.size - 1, 1) / self.n_items, np.nan)

    def n_options(self, given: int | None) -> int | None:
        """Return the number of options that the user gave, else that of the items' format, else None.

        Parameters
        ----------
        given : int or None
            What the user passed.

        Returns
        -------
        int or None

        Raises
        ------
        ResponseError
            If it is no number of options, or the answers span more.
        """
        if given is None and self.formats:
            given = self.formats[0][1] - self.formats[0][0] + 1
        if given is None:
            return None
        A = check_n_options(given)
        if self.X.size and self.X.max() - self.X.min() > A - 1:
            low, high = self.X.min(), self.X.max()
            raise ResponseError(
                f"{self.where}: the answers run from {low:g} to {high:g}, which is more than {A} options"
            )
        return A


def complete(X: Array, groups: Groups, formats: tuple[tuple[int, int], ...] = (), where: str = "") -> Ratings:
    """Return the answers of the teachers who gave all of them.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    groups : Groups
        Of the n teachers.
    formats : tuple of (int, int)
        Lowest and highest answer of each item, where known.
    where : str
        What a message begins with.

    Returns
    -------
    Ratings
    """
    n, keep = len(X), ~np.isnan(X.sum(axis=1))
    if not keep.all():
        X, groups = X[keep], Groups(codes=groups.codes[keep], labels=groups.labels)
    size = np.bincount(groups.codes, minlength=groups.n_schools)
    return Ratings(X=X, groups=groups, size=size, n_missing=n - len(X), formats=formats, where=where)


def of_scales(answers: Answers, school: School, what: str, run: Callable[[Ratings], R]) -> R | ByScale[R]:
    """Run an index on one item, on the items of a scale, or on every scale of a survey.

    Parameters
    ----------
    answers : (n,) array or Series, (n, k) array or DataFrame, or Responses
        What the user passed; a table is the items of one scale.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    what : str
        The index, for messages.
    run : callable
        From ratings to a result.

    Returns
    -------
    result, or mapping of scale to result
    """
    if isinstance(answers, Responses):
        survey = _survey(answers, school, what)
        whole = item_table(survey, what)
        found = {}
        for scale in survey.instrument.scales:
            table = whole.select(scale.item_keys, scale.key)
            found[scale.key] = run(
                complete(table.X, _groups(table.groups), _formats(scale.items), f"{what} of {scale.key!r}")
            )
        return ByScale(found)
    X, groups, _ = _table(answers, school, what)
    return run(complete(X if X.ndim == 2 else X[:, None], groups, where=what))


def of_items(answers: Answers, school: School, what: str, run: Callable[[Ratings], R]) -> R | ByScale[R]:
    """Run an index on one item, or on each item of a table or a survey by itself.

    Parameters
    ----------
    answers : (n,) array or Series, (n, k) array or DataFrame, or Responses
        What the user passed.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    what : str
        The index, for messages.
    run : callable
        From ratings to a result.

    Returns
    -------
    result, or mapping of item to result
    """
    formats: tuple[tuple[int, int], ...] = ()
    if isinstance(answers, Responses):
        survey = _survey(answers, school, what)
        answers, school, formats = survey.items, survey.school, _formats(survey.instrument.items)
    X, groups, names = _table(answers, school, what)
    if X.ndim == 1:
        return run(complete(X[:, None], groups, where=what))
    each = (complete(X[:, [j]], groups, formats[j : j + 1], f"{what} of {name!r}") for j, name in enumerate(names))
    return ByScale({name: run(ratings) for name, ratings in zip(names, each, strict=True)})


def _survey(responses: Responses, school: School, what: str) -> Responses:
    if school is not None:
        raise ResponseError(f"{what} takes numbers and school=, or Responses alone: they know each teacher's school")
    return responses.one_wave(what)


def _table(answers: Answers, school: School, what: str) -> tuple[Array, Groups, tuple[str, ...]]:
    """Return numbers, (n,) or (n, k), the teachers' schools, and the columns' names."""
    if school is None:
        raise ResponseError(f"{what} needs school=, each teacher's school")
    if isinstance(answers, pd.DataFrame):
        table = item_table(answers, what, school=school)
        if infinite := table.infinite():
            raise ResponseError(f"{what}: infinite values in {', '.join(map(repr, infinite))}")
        return table.X, _groups(table.groups), table.names
    X = numbers(answers, school, what)
    if X.ndim not in (1, 2) or (X.ndim == 2 and not X.shape[1]):
        raise ResponseError(f"{what} takes one item, or a table, teachers × items; got an array of shape {X.shape}")
    return X, group(school, len(X)), tuple(f"V{j + 1}" for j in range(X.shape[-1]) if X.ndim == 2)


def _groups(groups: Groups | None) -> Groups:
    if groups is None:
        raise ResponseError("each teacher's school is not known")
    return groups


def _formats(items: tuple[Item, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((item.low, item.high) for item in items)
