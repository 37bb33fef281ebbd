"""Tables for release, read as what they are to whoever subtracts: groups of teachers, their number and their mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, listing
from internal_coherence.records import Framed
from internal_coherence.responses.record import as_label
from internal_coherence.schools.disclosure.editions import with_editions
from internal_coherence.schools.disclosure.reasons import COMPLEMENTARY

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Key = tuple[frozenset[str] | None, ...]
Table = pd.DataFrame | Framed

ALL: Final = "all"
"""In a classifying column: over all of its values."""

COUNTS: Final = ("n", "n_roster", "n_schools", "response_rate")
NEEDED: Final = ("scale", "n", "mean")
WORDS: Final = ("scale", "withheld")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Released:
    """What the tables say of K groups of teachers on S scales.

    Parameters
    ----------
    columns : tuple of str
        What teachers are classified by.
    keys : tuple of Key
        For each group and column the values that it takes in; None for all.
    scales, names : tuple of str
        The S scales, and the tables' names.
    n : (K, S) array
        Teachers; NaN where nobody says.
    mean : (K, S) array
        NaN where it is withheld or not listed.
    listed : (K, S) array of bool
        Whether a table has a row for it.
    complementary : (K, S) array of bool
        Withheld for others' sake only.
    table : (K, S) array of int
        The first table that lists it.
    rows : DataFrame
        Every table row: ``table``, ``row`` (its position), ``key``, ``scale`` (positions).
    """

    columns: tuple[str, ...]
    keys: tuple[Key, ...]
    scales: tuple[str, ...]
    names: tuple[str, ...]
    n: Array
    mean: Array
    listed: Flags
    complementary: Flags
    table: NDArray[np.intp]
    rows: pd.DataFrame


def name_tables(tables: Table | Sequence[Table] | Mapping[str, Table]) -> dict[str, Table]:
    """Return tables by name.

    Parameters
    ----------
    tables : table, sequence of tables, or mapping
        As a user passes them.

    Returns
    -------
    dict
        ``table 1``, ``table 2``, … where they have no names.

    Raises
    ------
    ModelError
        If there are none, or something is no table.
    """
    if isinstance(tables, pd.DataFrame) or hasattr(tables, "to_frame"):
        tables = [tables]  # type: ignore[list-item]
    if not isinstance(tables, (Mapping, Sequence)) or isinstance(tables, str):
        raise ModelError(f"tables= is no table but {type(tables).__name__}; pass DataFrames, or what has .to_frame()")
    named = (
        {str(name): table for name, table in tables.items()}
        if isinstance(tables, Mapping)
        else {f"table {k}": table for k, table in enumerate(tables, 1)}
    )
    if not named:
        raise ModelError("there is no table")
    for name, table in named.items():
        if not (isinstance(table, pd.DataFrame) or hasattr(table, "to_frame")):
            raise ModelError(f"{name} is no table but {type(table).__name__}; pass DataFrames, or what has .to_frame()")
    return named


def frame_of(table: Table) -> pd.DataFrame:
    """Return a table as a frame with the default index; groups that were joined are tuples in it.

    Parameters
    ----------
    table : DataFrame, SchoolTable or SubgroupTable
        Of a `SchoolTable` of one wave, the wave becomes a column.

    Returns
    -------
    DataFrame
    """
    if isinstance(table, pd.DataFrame):
        return table.reset_index(drop=all(name is None for name in table.index.names))
    cells = getattr(table, "cells", None)
    frame: pd.DataFrame = (cells() if cells is not None else table.to_frame()).reset_index(drop=True)
    wave = getattr(table, "wave", None)
    if wave is not None and "wave" not in frame:
        frame.insert(0, "wave", wave)
    return frame


def classifying(table: Table, frame: pd.DataFrame, by: Collection[str] | None) -> list[str]:
    """Return which columns say who stands behind a row.

    Parameters
    ----------
    table : table
        As it was passed; the library's own know their columns.
    frame : DataFrame
        The same as a frame.
    by : collection of str, optional
        The user's choice; else all columns of a DataFrame that hold neither fractions nor counts.

    Returns
    -------
    list of str
    """
    if by is not None:
        return [str(column) for column in frame.columns if column in set(by)]
    if not isinstance(table, pd.DataFrame):
        own = {*getattr(table, "classified_by", ("school",)), "wave"}
        return [column for column in frame.columns if column in own]
    return [
        str(column)
        for column, kind in frame.dtypes.items()
        if not pd.api.types.is_float_dtype(kind)
        and column not in (*NEEDED, *WORDS, *COUNTS)
        and not str(column).startswith("n_")
    ]


def gather(
    tables: Mapping[str, Table],
    counts: Sequence[pd.DataFrame] = (),
    by: Collection[str] | None = None,
    more_scales: Sequence[str] = (),
) -> Released:
    """Lay all tables on one another.

    Parameters
    ----------
    tables : mapping
        By name, in the order of their release.
    counts : sequence of DataFrame
        Further numbers of teachers that are known: classifying columns, ``scale`` (or all alike) and ``n``.
    by : collection of str, optional
        The classifying columns.
    more_scales : sequence of str
        Scales that are in no table but behind one.

    Returns
    -------
    Released

    Raises
    ------
    ModelError
        If a table lacks a column, an identifier is missing, or two tables contradict each other.
    """
    frames = {name: frame_of(table) for name, table in tables.items()}
    for name, frame in frames.items():
        if lacking := [column for column in NEEDED if column not in frame]:
            raise ModelError(f"{name} lacks {listing(lacking)}; it has {listing(frame.columns)}")
    columns_of = {name: classifying(tables[name], frame, by) for name, frame in frames.items()}
    seen = [str(s) for frame in frames.values() for s in frame["scale"].unique()]
    scales = tuple(dict.fromkeys([*seen, *more_scales]))
    waves = {
        as_label(wave) for frame in frames.values() for wave in (frame["wave"].unique() if "wave" in frame else [ALL])
    }
    for number, frame in enumerate(counts):
        if "wave" not in frame and len(waves) == 1 and waves != {ALL}:
            frame = frame.assign(wave=min(waves))  # nobody counts teachers of a wave that no table is of
        known = frame if "scale" in frame else frame.merge(pd.DataFrame({"scale": scales}), how="cross")
        name = f"known counts {number + 1}"
        frames[name] = known[known["scale"].astype(str).isin(scales)].reset_index(drop=True)
        columns_of[name] = [str(column) for column in frame.columns if column not in ("scale", "n")]
    columns = tuple(dict.fromkeys(column for own in columns_of.values() for column in own))
    parts = [_keyed(frame, name, columns_of[name], columns, scales) for name, frame in frames.items()]
    labels, rows = _on_common_keys(parts)
    columns, labels, rows = with_editions(columns, labels, rows, list(frames))
    return _laid_out(columns, labels, scales, tuple(tables), rows)


def _keyed(
    frame: pd.DataFrame, name: str, own: list[str], columns: Sequence[str], scales: Sequence[str]
) -> tuple[list[Key], pd.DataFrame]:
    """Return the keys of a table and its rows with the position of each one's key."""
    distinct = frame[own].drop_duplicates() if own else frame.iloc[:1][[]]
    sets: list[Key] = [
        tuple(_values(row[own.index(c)], c, name) if c in own else None for c in columns) for row in _tuples(distinct)
    ]
    place = frame[own].merge(distinct.assign(_key=np.arange(len(distinct))), on=own, how="left")["_key"] if own else 0
    return sets, pd.DataFrame(
        {
            "row": np.arange(len(frame)),
            "key": np.asarray(place) if own else np.zeros(len(frame), dtype=int),
            "scale": pd.Categorical(frame["scale"].astype(str), categories=list(scales)).codes.astype(np.intp),
            "n": frame["n"].to_numpy(dtype=float, na_value=np.nan),
            "mean": frame["mean"].to_numpy(dtype=float, na_value=np.nan) if "mean" in frame else np.nan,
            "complementary": (frame["withheld"] == COMPLEMENTARY) if "withheld" in frame else False,
        }
    )


def _tuples(distinct: pd.DataFrame) -> list[tuple[Any, ...]]:
    # Without columns there is one key, that of everyone; pandas 3.0 iterates over nothing there.
    return list(distinct.itertuples(index=False, name=None)) if len(distinct.columns) else [()] * len(distinct)


def _values(value: object, column: str, name: str) -> frozenset[str] | None:
    """Return what a cell of a classifying column takes in; None for everything."""
    if isinstance(value, (tuple, frozenset)):
        return frozenset(as_label(v) for v in value)
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        raise ModelError(f"{name}: {column!r} is missing in a row; write {ALL!r} where a row is over all of them")
    text = as_label(value)
    return None if text == ALL else frozenset((text,))


def _on_common_keys(parts: Sequence[tuple[list[Key], pd.DataFrame]]) -> tuple[list[Key], pd.DataFrame]:
    place: dict[Key, int] = {}
    rows = []
    for number, (sets, frame) in enumerate(parts):
        codes = np.array([place.setdefault(key, len(place)) for key in sets], dtype=np.intp)
        rows.append(frame.assign(table=number, key=codes[frame["key"]] if len(frame) else frame["key"]))
    return list(place), pd.concat(rows, ignore_index=True)


def _laid_out(
    columns: tuple[str, ...], keys: Sequence[Key], scales: tuple[str, ...], names: tuple[str, ...], rows: pd.DataFrame
) -> Released:
    shape = (len(keys), len(scales))
    own = rows[rows["table"] < len(names)]
    n, mean = np.full(shape, np.nan), np.full(shape, np.nan)
    listed, complementary = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    table = np.full(shape, -1, dtype=np.intp)
    for part, into in ((rows.dropna(subset="n"), n), (own.dropna(subset="mean"), mean), (own, table)):
        values = {id(n): "n", id(mean): "mean", id(table): "table"}[id(into)]
        last_first = part.iloc[::-1]  # the first to say it stands
        into[last_first["key"], last_first["scale"]] = last_first[values]
    listed[own["key"], own["scale"]] = True
    secondary = own[own["complementary"].astype(bool)]
    complementary[secondary["key"], secondary["scale"]] = True
    return Released(
        columns=columns,
        keys=tuple(keys),
        scales=scales,
        names=names,
        n=n,
        mean=mean,
        listed=listed,
        complementary=complementary & np.isnan(mean),
        table=table,
        rows=own[["table", "row", "key", "scale", "mean"]].reset_index(drop=True),
    )
