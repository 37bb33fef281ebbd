"""At the door of an alignment: the rows, the model, and a fit of it in every group."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceWarning, ModelError, ResponseError, closest, listing
from internal_coherence.latent.alignment.configural import GroupFits, check_alignable, fit_groups
from internal_coherence.latent.fitting import cfa
from internal_coherence.latent.preparing import NAMES_OF_SCHOOLS, Column, Missing, Rows, rows_of
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.moments.sufficient import Moments
from internal_coherence.responses import Responses

Failed = Literal["raise", "leave_out"]
WHAT: Final = "align"


def rows_and_schools(data: pd.DataFrame | Responses, group: Column, cluster: Column) -> tuple[Rows, str]:
    """Return the rows with their groups and schools.

    Parameters
    ----------
    data, group, cluster
        As `align` takes them.

    Returns
    -------
    Rows
    str
        What was assumed of schools; empty if nothing was.

    Raises
    ------
    ModelError, ResponseError
        Without groups, for moments, and for schools within groups that are schools.
    """
    if isinstance(data, Moments):
        raise ResponseError("align needs the answers themselves, not moments")
    if group is None:
        raise ModelError("align: group= says which group each row is in, by a column's name or one value a row")
    own = cluster if cluster is not None or not isinstance(data, Responses) else "school"
    rows = rows_of(data, group, own, None, WHAT)
    if rows.cluster is None or len(np.unique(np.stack([rows.group, rows.cluster]), axis=1).T) > len(rows.labels):
        return rows, ""
    if cluster is not None:
        raise ModelError(
            "align: each group is one school, so within a group there is nothing for cluster= to allow for; leave it out"
        )
    return replace(rows, cluster=None), "each group is one school, so rows are taken as independent within groups"


def table_of(
    data: pd.DataFrame | Responses, model: str | ParTable | None, rows: Rows, groups: tuple[str, ...] = ()
) -> ParTable:
    """Return the model of one group, or of several, checked.

    Parameters
    ----------
    data, model
        As `align` takes them.
    rows : Rows
        The data.
    groups : tuple of str
        Labels; none for the model of one group.

    Returns
    -------
    ParTable

    Raises
    ------
    ModelError, ResponseError
        For a model that can't be aligned, or whose variables the data do not have.
    """
    if isinstance(model, ParTable):
        if model.groups:
            raise ModelError("align: the model is of one group, and the same in all; this ParTable has several")
        if not model.meanstructure:
            raise ModelError("align: a ParTable must be made with std_lv=True and meanstructure=True")
        table = model
    elif model is not None:
        columns = tuple(map(str, rows.frame.columns))
        table = ParTable.from_syntax(
            model, groups=groups, std_lv=True, meanstructure=True, kind="cfa", observed=columns
        )
    elif isinstance(data, Responses):
        table = ParTable.from_instrument(data.instrument, groups=groups, std_lv=True, meanstructure=True)
    else:
        raise ModelError("align: what is the model? It may be left out only with Responses, whose instrument tells it")
    if not groups:
        check_alignable(table)
    if absent := [name for name in table.observed if name not in rows.frame.columns]:
        hint = closest(absent[0], rows.frame.columns)
        raise ResponseError(f"align: the data have no column {listing(absent)}{hint}")
    return table


def fitted_groups(
    rows: Rows, table: ParTable, estimator: str, missing: Missing, failed: Failed, progress: bool
) -> GroupFits:
    """Return the groups' fits; refuse groups without one, unless they may be left out.

    Parameters
    ----------
    rows : Rows
        The data.
    table : ParTable
        The model of one group.
    estimator, missing, failed, progress
        As `align` takes them.

    Returns
    -------
    GroupFits

    Raises
    ------
    ResponseError
        Naming the groups, and why.
    """
    found = fit_groups(rows, table, estimator, missing, progress=progress)
    reasons = sorted(set(found.failed.values()))
    if len(found.labels) < 2 and len(reasons) == 1:
        raise ResponseError(f"align: in {'every' if not found.labels else 'all but one'} group: {reasons[0]}")
    if (column := _unused_schools(rows)) is not None:
        message = f"the rows are of schools ({column!r}); without cluster={column!r} they are taken as independent"
        found = replace(found, warned=((CoherenceWarning, message), *found.warned))
    if found.failed and (failed == "raise" or len(found.labels) < 2):
        told = [f"{label!r} ({reason})" for label, reason in found.failed.items()]
        more = f" and {len(told) - 6} more" if len(told) > 6 else ""
        way = "Merge these groups with others, take their rows out, or pass failed='leave_out', which names them in .left_out"
        raise ResponseError(
            f"align: the model can't be fitted in {len(told)} of {len(rows.labels)} groups: {'; '.join(told[:6])}{more}. "
            + (way if failed == "raise" else "Too few groups are left to compare")
        )
    return found


def _unused_schools(rows: Rows) -> str | None:
    """Return a column that looks like schools within the groups, where none were given."""
    if rows.cluster is not None:
        return None
    for column in rows.frame.columns:
        if str(column).strip().casefold() in NAMES_OF_SCHOOLS:
            school = pd.factorize(rows.frame[column])[0]
            within = len(np.unique(np.stack([rows.group, school]), axis=1).T)
            if 5 <= len(np.unique(school)) <= len(school) / 2 and within > len(rows.labels):
                return str(column)
    return None


def rows_of_groups(rows: Rows, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which rows are of groups with these names.

    Parameters
    ----------
    rows : Rows
    names : tuple of str

    Returns
    -------
    (n,) array of bool
    """
    inside = np.array([label in names for label in rows.labels])
    kept: NDArray[np.bool_] = inside[rows.group]
    return kept


def fitted_together(
    rows: Rows,
    data: pd.DataFrame | Responses,
    model: str | ParTable | None,
    found: GroupFits,
    estimator: str,
    missing: Missing,
) -> SemFit | None:
    """Return the model of all groups at once where schools lie in several groups, which then vary together; else None.

    Parameters
    ----------
    rows : Rows
        The data.
    data, model, estimator, missing
        As `align` takes them.
    found : GroupFits
        The groups' own fits.

    Returns
    -------
    SemFit or None

    Raises
    ------
    ModelError, ResponseError
        For a model that can't be made for several groups, or does not converge.
    """
    if rows.cluster is None:
        return None
    keep = rows_of_groups(rows, found.labels)
    both = np.unique(np.stack([rows.group[keep], rows.cluster[keep]]), axis=1)
    if len(np.unique(both[1])) == both.shape[1]:
        return None
    if isinstance(model, ParTable):
        raise ModelError(
            "align: schools lie in several groups; then the model must be given as text, not as a ParTable"
        )
    names = np.array(rows.labels, dtype=object)[rows.group[keep]]
    table = table_of(data, model, rows, found.labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the groups' own fits have told
        fit = cfa(
            rows.frame.loc[keep, list(table.observed)],
            table,
            estimator=estimator,
            missing=missing,
            group=names,
            cluster=rows.cluster[keep],
        )
    if not fit.converged:
        raise ResponseError(
            f"align: schools lie in several groups, and the model of all groups did not converge: {fit.trouble}"
        )
    return fit
