"""Covariates of a school's mean, such as wave, level or country, as the columns of a design."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from internal_coherence.errors import ResponseError, listing
from internal_coherence.moments.grouping import Groups
from internal_coherence.schools.variance.random_intercept import Profiled, SizeClasses

Array = NDArray[np.float64]
Covariates = pd.DataFrame | pd.Series | ArrayLike


def design_of(covariates: Covariates, n: int, index: pd.Index | None = None) -> pd.DataFrame:
    """Return the columns of the mean: the intercept, numbers as they are, a column for each category but the first.

    Parameters
    ----------
    covariates : (n, m) DataFrame, Series or array
        What the mean may depend on.
    n : int
        Teachers.
    index : Index, optional
        Of the teachers' rows, which the covariates must have too.

    Returns
    -------
    DataFrame

    Raises
    ------
    ResponseError
        If covariates are missing, of other rows, do not vary, or determine each other.
    """
    given = pd.DataFrame(covariates) if isinstance(covariates, (pd.Series, pd.DataFrame)) else _framed(covariates)
    given = given.rename(columns=str).reset_index(drop=True)
    if len(given) != n:
        raise ResponseError(
            f"covariates have {len(given)} row{'s' * (len(given) != 1)} for {n} teachers; "
            "give a Series or DataFrame with a row for each"
        )
    if index is not None and isinstance(covariates, (pd.Series, pd.DataFrame)) and not covariates.index.equals(index):
        raise ResponseError("values and covariates have different indexes, so their rows may not belong together")
    if missing := [name for name in given if given[name].isna().any()]:
        raise ResponseError(f"covariates are missing in some rows: {listing(missing)}; leave those rows out first")
    texts = [name for name in given if not pd.api.types.is_numeric_dtype(given[name])]
    given = given.astype(dict.fromkeys(texts, str))  # a level that nobody has is no level
    design = pd.get_dummies(given, columns=texts, drop_first=True, dtype=float).astype(float)
    design.insert(0, "(intercept)", 1.0)
    return design


def _framed(covariates: ArrayLike) -> pd.DataFrame:
    return pd.DataFrame(np.atleast_2d(np.asarray(covariates).T).T)


def classes_with(y: Array, design: pd.DataFrame, groups: Groups) -> SizeClasses:
    """Return schools by size, as the model with covariates needs them.

    Parameters
    ----------
    y : (n,) array
        Scores; NaN is left out.
    design : (n, m) DataFrame
        As `design_of` makes it.
    groups : Groups
        Of the n rows.

    Returns
    -------
    SizeClasses

    Raises
    ------
    ResponseError
        If covariates determine each other, or leave nothing over, among those who have a score.
    """
    keep = ~np.isnan(y)
    own = groups.keeping(keep)
    columns = np.column_stack([design.to_numpy()[keep], y[keep]])
    X = columns[:, :-1]
    if np.linalg.matrix_rank(X) < X.shape[1] or len(X) <= X.shape[1]:
        raise ResponseError(f"covariates do not vary, or determine each other: {listing(design.columns[1:])}")
    size = np.bincount(own.codes).astype(np.float64)
    means = own.sums(columns) / size[:, None]
    if np.linalg.matrix_rank(means[:, :-1]) >= len(size):
        raise ResponseError(f"covariates leave nothing of what varies between schools: {listing(design.columns[1:])}")
    apart = columns - means[own.codes]
    within = apart.T @ apart
    left = within[-1, -1] - within[-1, :-1] @ np.linalg.pinv(within[:-1, :-1]) @ within[:-1, -1]
    if within[-1, -1] > 0 and left <= 1e-12 * within[-1, -1]:
        raise ResponseError(f"covariates leave nothing of what varies within schools: {listing(design.columns[1:])}")
    return SizeClasses.of_columns(size, means, within)


def effects_of(found: Profiled, terms: list[str]) -> pd.DataFrame:
    """Return the effects as a table, with normal limits at 95 %.

    Parameters
    ----------
    found : Profiled
        The likelihood at its maximum.
    terms : list of str
        Names of the effects.

    Returns
    -------
    DataFrame
        ``term, est, se, z, pvalue, ci_lower, ci_upper``.
    """
    est, se = found.effects, found.standard_errors
    reach = float(ndtri(0.975)) * se
    limits = {"ci_lower": est - reach, "ci_upper": est + reach}
    return pd.DataFrame(
        {"term": terms, "est": est, "se": se, "z": est / se, "pvalue": 2 * ndtr(-np.abs(est / se)), **limits}
    )
