"""Covariates of a fit's rows: columns that were no part of the model, on the same teachers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from internal_coherence.errors import ModelError, ResponseError, closest, listing
from internal_coherence.latent.sem_fit import SemFit

Array = NDArray[np.float64]
Covariates = pd.DataFrame | pd.Series | None


def covariate_names(covariates: Covariates, taken: Sequence[str], what: str) -> tuple[str, ...]:
    """Return the names of covariates.

    Parameters
    ----------
    covariates : DataFrame, Series or None
        As given.
    taken : sequence of str
        Names of latent variables, which they must not have.
    what : str
        The verb, for messages.

    Returns
    -------
    tuple of str

    Raises
    ------
    ResponseError
        For what is no table.
    ModelError
        For names that are there twice.
    """
    if covariates is None:
        return ()
    if not isinstance(covariates, (pd.DataFrame, pd.Series)):
        raise ResponseError(
            f"{what}: covariates= takes a data frame on the index of the fit's data, not {type(covariates).__name__}"
        )
    names = tuple(map(str, pd.DataFrame(covariates).columns))
    if len(set(names)) < len(names) or set(names) & set(taken):
        twice = sorted({x for x in names if names.count(x) > 1} | (set(names) & set(taken)))
        raise ModelError(f"{what}: covariates and latent variables of the same name: {listing(twice)}")
    return names


def covariates_of(fit: SemFit, covariates: Covariates, names: Sequence[str], what: str) -> list[Array | None]:
    """Return the covariates of each group's rows.

    Parameters
    ----------
    fit : SemFit
        Whose rows.
    covariates : DataFrame, Series or None
        As given, with one row for every row of the data that were fitted.
    names : sequence of str
        Which.
    what : str
        The verb, for messages.

    Returns
    -------
    list of ((n, r) array or None)

    Raises
    ------
    ResponseError
        For another index than the data's, columns that are no numbers, and missing values unless the fit is by
        ``missing="fiml"``.
    """
    samples = fit._fitted.problem.samples
    if covariates is None or not names:
        return [None] * len(samples)
    table = pd.DataFrame(covariates)
    table = table.set_axis([str(c) for c in table.columns], axis=1)
    if absent := [name for name in names if name not in table]:
        raise ResponseError(f"{what}: covariates have no column {listing(absent)}{closest(absent[0], table.columns)}")
    if fit._index is None:
        raise ModelError(f"{what}: covariates= needs the answers themselves; this fit was given moments")
    if not table.index.equals(fit._index):
        raise ResponseError(
            f"{what}: covariates have another index than the data of the fit; give one row for each of its rows"
        )
    table = table[list(names)]
    if wrong := [name for name in names if not is_numeric_dtype(table[name])]:
        raise ResponseError(f"{what}: covariates must be numbers; these are not: {listing(wrong)}")
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)
    found = [values[np.asarray(sample.rows)] for sample in samples]
    for Z in found:
        if np.isinf(Z).any():
            raise ResponseError(f"{what}: infinite values among {listing(names)}")
        if (gaps := int(np.isnan(Z).any(axis=1).sum())) and fit.missing != "fiml":
            raise ResponseError(
                f"{what}: {gaps} of {len(Z)} rows lack a covariate; fit the model to the other rows, or by missing='fiml'"
            )
        if (np.nanmax(Z, axis=0, initial=-np.inf) == np.nanmin(Z, axis=0, initial=np.inf)).any():
            raise ResponseError(f"{what}: a covariate has one value only, among {listing(names)}")
    return list(found)
