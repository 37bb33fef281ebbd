"""The manners that all results share: they print in a line and turn into plain JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, closest, listing

R = TypeVar("R", bound="Framed")


def library_version() -> str:
    """Return the installed version of this library, ``"unknown"`` in a bare source tree.

    Returns
    -------
    str
        For instance ``"0.1.0"``.
    """
    try:
        return version("internal-coherence")
    except PackageNotFoundError:
        return "unknown"


def plain(value: Any) -> Any:
    """Turn a record, or anything that a record holds, into what the ``json`` module writes; NaN becomes None.

    Parameters
    ----------
    value : object
        A dataclass, named tuple, mapping, sequence, array, frame or scalar. Fields whose names begin with ``_`` are left out.

    Returns
    -------
    object
        Dictionaries, lists, strings, numbers, booleans and None only.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if not f.name.startswith("_")}
    if isinstance(value, pd.DataFrame):
        named = value.reset_index() if value.index.name is not None else value
        return [plain(row) for row in named.to_dict("records")]
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


class Record:
    """A base for frozen results, arrays and frames included: ``to_dict`` gives numbers, decisions, and the version."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # every record is a dataclass
            value = object.__getattribute__(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        # A frame is handed out as a copy on write: whoever changes it changes their own.
        return value.copy(deep=False) if isinstance(value, pd.DataFrame) else value

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready values.

        Returns
        -------
        dict
            One key a field, and ``made_by``.
        """
        return {**plain(self), "made_by": f"internal_coherence {library_version()}"}

    def as_row(self) -> dict[str, Any]:
        """Return the record as one row of a table, numbers as they are.

        Returns
        -------
        dict
            Field name to value.
        """
        shown = (f.name for f in fields(self) if not f.name.startswith("_"))  # type: ignore[arg-type]  # all are dataclasses
        return {name: getattr(self, name) for name in shown}


class Framed(Protocol):
    """What can be laid in a table."""

    def to_frame(self) -> pd.DataFrame:
        """Return the tidy, unrounded table."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""


class NoSuchScaleError(ModelError, KeyError):
    """No result has this scale; a `KeyError` too, as a mapping's manners are."""

    __str__ = Exception.__str__


class ByScale(Mapping[str, R], Generic[R]):
    """One result for every scale, in the instrument's order: a mapping from scale key to record.

    Parameters
    ----------
    results : mapping
        Scale key to record.
    """

    __slots__ = ("_results",)

    def __init__(self, results: Mapping[str, R]) -> None:
        self._results = dict(results)

    def __getitem__(self, scale: str) -> R:
        if scale not in self._results:
            raise NoSuchScaleError(
                f"no scale {scale!r}; there are {listing(self._results)}{closest(scale, self._results)}"
            )
        return self._results[scale]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def to_frame(self) -> pd.DataFrame:
        """Return one table with a row for every row of every scale's own table.

        Returns
        -------
        DataFrame
            Indexed by ``scale``; the columns are those of the records.
        """
        tables = {scale: result.to_frame() for scale, result in self._results.items()}
        return pd.concat(tables, names=["scale"]).droplevel(-1)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            Scale key to the record's own ``to_dict``.
        """
        return {scale: result.to_dict() for scale, result in self._results.items()}

    def __repr__(self) -> str:
        return f"<{len(self)} scales>\n" + "\n".join(f"{scale}: {result!r}" for scale, result in self._results.items())
