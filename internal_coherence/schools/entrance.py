"""What the verbs about schools accept: numbers and each teacher's school, or a survey, of which every scale is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.moments.grouping import Groups, group, numbers
from internal_coherence.records import ByScale, Framed
from internal_coherence.responses import Responses, score

Array = NDArray[np.float64]
Values = pd.DataFrame | pd.Series | ArrayLike | Responses
School = ArrayLike | pd.Series | None
R = TypeVar("R", bound=Framed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variables:
    """Numbers that have been checked.

    Parameters
    ----------
    X : (n, q) array
        NaN is missing.
    names : tuple of str
        Of the q variables.
    groups : Groups
        The n teachers' schools.
    single : bool
        Whether the user passed one variable, and expects one result.
    """

    X: Array
    names: tuple[str, ...]
    groups: Groups
    single: bool

    def each(self, results: Sequence[R]) -> R | ByScale[R]:
        """Return the only result, or all by the variables' names.

        Parameters
        ----------
        results : sequence
            One a variable.

        Returns
        -------
        result, or mapping of name to result
        """
        return results[0] if self.single else ByScale(dict(zip(self.names, results, strict=True)))


def variables(values: Values, school: School, what: str) -> Variables:
    """Check what a user passed.

    Parameters
    ----------
    values : (n,) array or Series, (n, q) array or DataFrame, or Responses
        One number a teacher, or several; of a survey of one wave, the scale scores.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    what : str
        The statistic, for messages.

    Returns
    -------
    Variables

    Raises
    ------
    ResponseError
        If schools are missing, lengths differ, or values are no numbers.
    """
    if isinstance(values, Responses):
        if school is not None:
            raise ResponseError(f"{what}: Responses know each teacher's school; leave school= out")
        one = values.one_wave(what)
        values, school = score(one), one.school
    elif school is None:
        raise ResponseError(f"{what} needs school=, each teacher's school")
    X = numbers(values, school, what)
    if X.ndim not in (1, 2):
        raise ResponseError(f"{what} takes one column, or a table of them; got {X.ndim} dimensions")
    if X.ndim == 2 and not X.shape[1]:
        raise ResponseError(f"{what}: the table has no columns")
    names = tuple(map(str, values.columns)) if isinstance(values, pd.DataFrame) else ()
    if isinstance(values, pd.Series) and values.name is not None:
        names = (str(values.name),)
    if len(set(names)) < len(names):
        raise ResponseError(f"{what}: two columns have the same name")
    table = X[:, None] if X.ndim == 1 else X
    return Variables(
        X=table,
        names=names or tuple(f"V{k + 1}" for k in range(table.shape[1])),
        groups=group(school, len(table)),
        single=X.ndim == 1,
    )


def of_each(values: Values, school: School, what: str, run: Callable[[Variables], Sequence[R]]) -> R | ByScale[R]:
    """Run a statistic on the variables given.

    Parameters
    ----------
    values, school : as in `variables`
        What the user passed.
    what : str
        The statistic, for messages.
    run : callable
        From all variables to one result each.

    Returns
    -------
    result, or mapping of name to result
    """
    table = variables(values, school, what)
    return table.each(run(table))
