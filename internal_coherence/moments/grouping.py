"""Teachers grouped by school: codes, sizes and sums, by which everything here is computed in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.responses.record import Responses, as_label, natural_order

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Which school each row belongs to.

    Parameters
    ----------
    codes : (n,) array of int
        Position of the row's school in `labels`.
    labels : tuple of str
        Schools, in natural order.
    """

    codes: Integers
    labels: tuple[str, ...]

    @property
    def n_schools(self) -> int:
        """The number of schools."""
        return len(self.labels)

    def keeping(self, rows: NDArray[np.bool_]) -> Groups:
        """Return the schools of some of the rows; a school that loses all its rows goes.

        Parameters
        ----------
        rows : (n,) array of bool
            Which to keep.

        Returns
        -------
        Groups
        """
        left, codes = np.unique(self.codes[rows], return_inverse=True)
        return Groups(codes=codes.astype(np.intp), labels=tuple(self.labels[j] for j in left))

    def sums(self, X: Array) -> Array:
        """Return each school's column sums.

        Parameters
        ----------
        X : (n, q) array
            Without NaN.

        Returns
        -------
        (J, q) array
        """
        return np.stack([np.bincount(self.codes, x, self.n_schools) for x in X.T], axis=1)


def numbers(values: object, school: object, what: str) -> Array:
    """Return a user's values as plain numbers, on the same rows as their schools.

    Parameters
    ----------
    values : array, Series or DataFrame
        What was passed.
    school : array or Series
        Each row's school.
    what : str
        The statistic, for messages.

    Returns
    -------
    array of float
        NaN is missing.

    Raises
    ------
    ResponseError
        For `Responses`, texts, infinite values, or rows in another order than their schools.
    """
    if isinstance(values, Responses):
        msg = (
            f"{what} takes numbers and each one's school, not Responses: pass a column of ic.score(responses), or columns of"
            " responses.items, and responses.school"
        )
        raise ResponseError(msg)
    if isinstance(values, (pd.Series, pd.DataFrame)):
        if isinstance(school, pd.Series) and len(school) == len(values) and not values.index.equals(school.index):
            raise ResponseError(
                f"{what}: values and school have different indexes, so their rows may not belong together"
            )
        values = values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan) if _numeric(values) else values
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ResponseError(f"{what} takes numbers; some of these values are not") from None
    if np.isinf(array).any():
        raise ResponseError(f"{what}: {int(np.isinf(array).sum())} values are infinite")
    return array


def _numeric(values: pd.Series | pd.DataFrame) -> bool:
    kinds = values.dtypes if isinstance(values, pd.DataFrame) else [values.dtype]
    return all(pd.api.types.is_numeric_dtype(kind) for kind in kinds)


def group(school: ArrayLike | pd.Series, n_rows: int) -> Groups:
    """Group rows by school.

    Parameters
    ----------
    school : array or Series of length n
        Identifiers of any type; ``7`` and ``"7"`` are one school.
    n_rows : int
        How many are expected.

    Returns
    -------
    Groups

    Raises
    ------
    ResponseError
        If the lengths differ or an identifier is missing.
    """
    identifiers = pd.Series(school) if not isinstance(school, pd.Series) else school
    if len(identifiers) != n_rows:
        raise ResponseError(f"school has {len(identifiers)} entries for {n_rows} rows")
    if missing := int(identifiers.isna().sum()):
        raise ResponseError(f"school is missing in {missing} of {n_rows} rows; leave those rows out first")
    whole = pd.api.types.is_integer_dtype(identifiers.dtype)
    place, distinct = pd.factorize(identifiers, sort=whole)
    if whole:  # in natural order already, and no two have one label
        return Groups(codes=place.astype(np.intp), labels=tuple(map(str, distinct.tolist())))
    names = [as_label(value) for value in distinct]
    labels = tuple(sorted(set(names), key=natural_order))
    position = {label: k for k, label in enumerate(labels)}
    return Groups(codes=np.array([position[name] for name in names], dtype=np.intp)[place], labels=labels)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchoolMoments:
    """Sufficient statistics of several variables by school, each pair from the teachers who have both.

    Parameters
    ----------
    labels : tuple of str
        Schools, J of them.
    n : (J, q, q) array
        Teachers who have both of a pair; the diagonal counts those who have the one.
    mean : (J, q) array
        NaN where a school has nobody.
    cross : (J, q, q) array
        Sums of cross-products about the school's means.
    """

    labels: tuple[str, ...]
    n: Array
    mean: Array
    cross: Array

    @property
    def size(self) -> Array:
        """Teachers who have each variable, (J, q)."""
        return np.diagonal(self.n, axis1=1, axis2=2)

    @property
    def sum_of_squares(self) -> Array:
        """Sums of squares about the school's means, (J, q)."""
        return np.diagonal(self.cross, axis1=1, axis2=2)


def school_moments(X: Array, groups: Groups) -> SchoolMoments:
    """Return each school's moments.

    Parameters
    ----------
    X : (n, q) array
        NaN is missing.
    groups : Groups
        Of the n rows.

    Returns
    -------
    SchoolMoments
    """
    J, q = groups.n_schools, X.shape[1]
    present = (~np.isnan(X)).astype(np.float64)
    centre = np.where(present.any(axis=0), np.nansum(X, axis=0) / np.maximum(present.sum(axis=0), 1), 0.0)
    Z = np.where(present > 0, X - centre, 0.0)
    size = groups.sums(present)
    with np.errstate(invalid="ignore"):
        mean = groups.sums(Z) / np.where(size > 0, size, np.nan)
    E = np.where(present > 0, Z - np.nan_to_num(mean)[groups.codes], 0.0)
    n, cross = np.empty((J, q, q)), np.empty((J, q, q))
    for a in range(q):
        for b in range(a, q):
            n[:, a, b] = n[:, b, a] = np.bincount(groups.codes, present[:, a] * present[:, b], J)
            cross[:, a, b] = cross[:, b, a] = np.bincount(groups.codes, E[:, a] * E[:, b], J)
    return SchoolMoments(labels=groups.labels, n=n, mean=mean + centre, cross=cross)
