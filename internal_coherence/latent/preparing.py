"""A user's data as the samples of a model: checked once, at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import is_numeric_dtype

from internal_coherence.errors import ModelError, ResponseError, closest, listing
from internal_coherence.latent.sample import Sample, count_schools
from internal_coherence.moments.saturated import pattern_moments, saturated_normal
from internal_coherence.moments.sufficient import Moments
from internal_coherence.moments.trouble import smallest_eigenvalue
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Data = pd.DataFrame | Responses | Moments
Column = str | ArrayLike | pd.Series | None
Missing = Literal["listwise", "pairwise", "fiml"]
SINGULAR: Final = 1e-10
"""A smallest eigenvalue of the correlations below this is none."""
NAMES_OF_SCHOOLS: Final = ("school", "school_id", "schoolid", "school id")
MISSING: Final[tuple[str, ...]] = get_args(Missing)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """A user's rows: the columns, and what is known of each row beside them.

    Parameters
    ----------
    frame : DataFrame
        All columns.
    columns : tuple
        What they are called.
    group : (n,) array of int
        Which group, from 0.
    labels : tuple of str
        The groups, in the order in which they first occur; one empty name if there is one group.
    cluster : (n,) array of int or None
        Which school, from 0.
    weights : (n,) array or None
        Sampling weights, as given.
    schools : tuple of str
        What they are called.
    """

    frame: pd.DataFrame
    columns: tuple[object, ...]
    group: NDArray[np.intp]
    labels: tuple[str, ...]
    cluster: NDArray[np.intp] | None
    weights: Array | None
    schools: tuple[str, ...] = ()

    @cached_property
    def like_schools(self) -> dict[str, int]:
        """The columns that are named as schools are, and how many different values each has."""
        named = [k for k, c in enumerate(self.columns) if str(c).strip().casefold() in NAMES_OF_SCHOOLS]
        return {str(self.columns[k]): int(self.frame.iloc[:, k].nunique()) for k in named}

    def in_order(self, labels: Sequence[str]) -> Rows:
        """Return the rows with the groups in another order."""
        place = np.array([list(labels).index(label) for label in self.labels], dtype=np.intp)
        return replace(self, group=place[self.group], labels=tuple(labels))


def rows_of(data: pd.DataFrame | Responses, group: Column, cluster: Column, weights: Column, what: str) -> Rows:
    """Return a user's rows.

    Parameters
    ----------
    data : DataFrame or Responses
        `Responses` of one wave give their items.
    group, cluster, weights : str, array or None
        A column's name, or one value a row; of `Responses` also ``"school"``, ``"role"``.
    what : str
        The verb, for messages.

    Returns
    -------
    Rows

    Raises
    ------
    ResponseError
        For columns that are not there, are missing in some rows, or are of another length.
    """
    if isinstance(data, Responses):
        wave = data.one_wave(what)
        people = wave.people
        frame = pd.concat([wave.items, people.drop(columns=[c for c in people if c in wave.items])], axis=1)
    elif isinstance(data, pd.DataFrame):
        frame = data
    else:
        hint = "; data come first, then the model" if isinstance(data, str) else ""
        raise ResponseError(f"{what} takes a data frame, Responses or Moments, not {type(data).__name__}{hint}")
    if not frame.columns.is_unique:
        raise ResponseError(f"{what}: columns of the same name: {listing(frame.columns[frame.columns.duplicated()])}")
    grouped = column_of(frame, group, "group", what)
    codes = np.zeros(len(frame), dtype=np.intp)
    labels: tuple[str, ...] = ("",)
    if grouped is not None:
        codes, found = pd.factorize(grouped)
        codes, labels = codes.astype(np.intp), tuple(str(x) for x in found)
        if len(labels) < 2:
            raise ResponseError(f"{what}: group= has one value only, {labels[0]!r}")
    clustered = column_of(frame, cluster, "cluster", what)
    weighted = column_of(frame, weights, "sampling_weights", what)
    school, schools = (None, ()) if clustered is None else pd.factorize(clustered)
    return Rows(
        frame=frame,
        columns=tuple(frame.columns.tolist()),
        group=codes,
        labels=labels,
        cluster=None if school is None else school.astype(np.intp),
        weights=None if weighted is None else _positive(weighted, what),
        schools=tuple(map(str, schools)),
    )


def column_of(frame: pd.DataFrame, given: Column, option: str, what: str) -> pd.Series | None:
    """Return what each row is, by a column or as given.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    given : str, array or None
        A column's name, or one value a row.
    option : str
        The argument's name, for messages.
    what : str
        The verb, for messages.

    Returns
    -------
    Series or None

    Raises
    ------
    ResponseError
        If there is no such column, it is missing in some rows, or of another length.
    """
    if given is None:
        return None
    if isinstance(given, str):
        if given not in frame:
            raise ResponseError(f"{what}: {option}={given!r} is no column{closest(given, frame.columns)}")
        values = frame[given]
    else:
        values = pd.Series(given)
        if isinstance(given, pd.Series) and len(given) == len(frame) and not given.index.equals(frame.index):
            raise ResponseError(f"{what}: {option}= has another index than the data")
        if len(values) != len(frame):
            raise ResponseError(f"{what}: {option}= has {len(values)} entries for {len(frame)} rows")
    if missing := int(values.isna().sum()):
        raise ResponseError(
            f"{what}: {option}= is missing in {missing} of {len(frame)} rows; leave those rows out first"
        )
    return values


def _positive(values: pd.Series, what: str) -> Array:
    weights = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    if not (weights > 0).all() or not np.isfinite(weights).all():
        raise ResponseError(f"{what}: sampling_weights= must be numbers above 0")
    return weights


def samples_of(
    rows: Rows, names: Sequence[str], missing: Missing, *, fixed: Sequence[str] = (), wishart: bool, what: str
) -> tuple[tuple[Sample, ...], int]:
    """Return the samples of the model's variables, and how many rows were left out.

    Parameters
    ----------
    rows : Rows
        The data.
    names : sequence of str
        The observed variables.
    missing : {"listwise", "pairwise", "fiml"}
        What is done with missing answers.
    fixed : sequence of str
        Covariates that are taken as given: a row without one of them tells nothing.
    wishart : bool
        Whether covariances are divided by n − 1.
    what : str
        The verb, for messages.

    Returns
    -------
    tuple of Sample
        One a group.
    int

    Raises
    ------
    ResponseError
        For variables that are not there, are no numbers or do not vary, and groups that are too small.
    """
    X = _numbers(rows, names, what)
    gaps = np.isnan(X)
    keep = np.logical_not(gaps.any(axis=1) if missing == "listwise" else gaps.all(axis=1))
    if fixed:
        keep &= ~gaps[:, [name in fixed for name in names]].any(axis=1)
    if missing == "pairwise" and (rows.weights is not None or rows.cluster is not None):
        raise ModelError(
            f"{what}: missing='pairwise' takes rows as independent, each counting once; it goes with neither"
            " cluster= nor sampling_weights="
        )
    incomplete = missing != "listwise" and bool(gaps[keep].any())  # in any group: all are estimated alike
    samples = []
    cluster = None
    if rows.cluster is not None:
        cluster = np.full(len(X), -1, dtype=np.intp)
        cluster[keep] = np.unique(rows.cluster[keep], return_inverse=True)[1]
        if keep.any() and not cluster.max() > 0:
            raise ResponseError(
                f"{what}: all rows are of one school; standard errors by school need several, leave out cluster="
            )
    for g, label in enumerate(rows.labels):
        own = keep & (rows.group == g)
        part = _Part(
            label=label,
            rows=np.flatnonzero(own),
            cluster=None if cluster is None else cluster[own],
            weights=None if rows.weights is None else rows.weights[own] * keep.sum() / rows.weights[keep].sum(),
        )
        where = f"{what}: group {label!r}: " if label else f"{what}: "
        mine = X if len(part.rows) == len(X) else X[own]
        samples.append(_sample(mine, part, names, missing if incomplete else "listwise", wishart, where))
    return count_schools(samples), int((~keep).sum())


class _Part(NamedTuple):
    """The rows of one group that are used: which, of what schools, and their weights."""

    label: str
    rows: NDArray[np.intp]
    cluster: NDArray[np.intp] | None
    weights: Array | None


def _numbers(rows: Rows, names: Sequence[str], what: str) -> Array:
    there = set(rows.columns)
    if absent := [name for name in names if name not in there]:
        hint = closest(absent[0], rows.frame.columns)
        raise ResponseError(f"{what}: the data have no column {listing(absent)}{hint}")
    X = _as_numbers(rows.frame if rows.columns == tuple(names) else rows.frame[list(names)], names, what)
    if np.isinf(X).any():
        raise ResponseError(f"{what}: infinite values in {listing(np.array(names)[np.isinf(X).any(axis=0)])}")
    return X


def _as_numbers(part: pd.DataFrame, names: Sequence[str], what: str) -> Array:
    """Return the numbers of a frame; columns that are no plain numbers are looked at one by one."""
    values = part.to_numpy()
    if values.dtype.kind in "fiu":
        return values.astype(np.float64, copy=False)
    if wrong := [str(name) for name, kind in zip(names, part.dtypes, strict=True) if not is_numeric_dtype(kind)]:
        raise ResponseError(
            f"{what}: variables must be numbers; these columns are not: {listing(wrong)}. Turn texts into numbers with"
            " pandas.to_numeric, or read them with a codebook (ic.read_responses)"
        )
    return part.to_numpy(dtype=np.float64, na_value=np.nan)


def _sample(X: Array, part: _Part, names: Sequence[str], missing: Missing, wishart: bool, where: str) -> Sample:
    n, weights = len(X), part.weights
    if n < 2:
        raise ResponseError(f"{where}{n} rows are left to estimate from")
    if missing != "listwise":
        _refuse_constant(X, names, where)
        return _incomplete(X, part, names, missing, wishart, where)
    if n <= X.shape[1]:
        _refuse_constant(X, names, where)
        raise ResponseError(f"{where}{n} rows for {X.shape[1]} variables: their covariances are singular")
    total = float(n) if weights is None else float(weights.sum())
    mean = X.sum(axis=0) / total if weights is None else weights @ X / total
    Z = X - mean
    cov = (Z if weights is None else Z * weights[:, None]).T @ Z / (total - 1 if wishart else total)
    # A variance of rounding size may be none; only then every answer is looked at again.
    if (cov.diagonal() <= 1e-20 * np.maximum(mean**2, 1e-280)).any():
        _refuse_constant(X, names, where)
    if not smallest_eigenvalue(cov) >= SINGULAR:
        raise ResponseError(f"{where}some of the variables determine others: {listing(names)}")
    return Sample(
        label=part.label,
        n=total,
        cov=cov,
        mean=mean,
        unbiased=wishart,
        X=X,
        weights=weights,
        cluster=part.cluster,
        rows=part.rows,
    )


def _refuse_constant(X: Array, names: Sequence[str], where: str) -> None:
    if nobody := [name for name, x in zip(names, X.T, strict=True) if np.isnan(x).all()]:
        raise ResponseError(f"{where}nobody answered {listing(nobody)}")
    still = [name for name, x in zip(names, X.T, strict=True) if not np.nanmax(x) > np.nanmin(x)]
    if still:
        raise ResponseError(f"{where}everyone gave the same answer to {listing(still)}")


def _incomplete(X: Array, part: _Part, names: Sequence[str], missing: Missing, wishart: bool, where: str) -> Sample:
    """Return the sample of rows with missing answers, by maximum likelihood or by pairs."""
    n = float(len(X))
    if missing == "pairwise":
        m = Moments.from_data(pd.DataFrame(X, columns=list(names)), missing="pairwise")
        cov = m.cov if wishart else m.cov * (n - 1) / n
        return Sample(label=part.label, n=n, cov=cov, mean=m.mean, unbiased=wishart, rows=part.rows)
    if part.weights is not None:
        raise ModelError(f"{where}sampling_weights= goes with complete data or missing='listwise'")
    fit = saturated_normal(X, tuple(names))
    if not fit.converged:
        raise ResponseError(f"{where}the means and covariances of incomplete answers could not be estimated")
    return Sample(
        label=part.label,
        n=n,
        cov=fit.cov,
        mean=fit.mean,
        X=X,
        cluster=part.cluster,
        rows=part.rows,
        patterns=pattern_moments(X - fit.mean),
        saturated_log_likelihood=fit.log_likelihood,
    )


def samples_of_moments(moments: Moments, names: Sequence[str], *, wishart: bool, what: str) -> tuple[Sample, ...]:
    """Return the sample of a model whose data are moments.

    Parameters
    ----------
    moments : Moments
        Of one group; their covariances have the divisor n − 1, those by EM n.
    names : sequence of str
        The observed variables.
    wishart : bool
        Whether that divisor is kept.
    what : str
        The verb, for messages.

    Returns
    -------
    tuple of Sample

    Raises
    ------
    ModelError
        If n is not known.
    """
    part = moments.select(names)
    n = moments.n_units
    if n is None:
        raise ModelError(f"{what}: these moments do not say of how many teachers they are; pass n= to Moments.from_cov")
    if (trouble := part.trouble()) or part.smallest_eigenvalue() < SINGULAR:
        raise ModelError(f"{what}: {trouble or 'some of the variables determine others'}")
    if n <= len(names):
        raise ResponseError(f"{what}: {n} rows for {len(names)} variables: their covariances are singular")
    factor = 1.0 if wishart or moments.missing == "em" else (n - 1) / n
    return (Sample(label="", n=float(n), cov=part.cov * factor, mean=np.nan_to_num(part.mean), unbiased=wishart),)
