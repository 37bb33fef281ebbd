"""Orders from the library's own files, and from yours."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from internal_coherence.errors import InstrumentError, closest, listing
from internal_coherence.instrument import Provenance
from internal_coherence.ordering.orders.stating import Arrow, Order, Stage

BUNDLED: Final = ("elmore-boston", "serp-poster", "working-scales")


def list_orders() -> list[str]:
    """Return the names that `load_order` knows: both published statements of the provisional causal order, and a finer one of ours.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.list_orders()
    ['elmore-boston', 'serp-poster', 'working-scales']
    """
    return list(BUNDLED)


def published_orders() -> tuple[Order, ...]:
    """Return the orders that a source states, as pages print them.

    Returns
    -------
    tuple of Order
    """
    return tuple(order for order in map(load_order, BUNDLED) if order.published)


def load_order(name_or_path: str | Path) -> Order:
    """Load a published order by name, or your own from a TOML file.

    Parameters
    ----------
    name_or_path : str or path
        One of `list_orders`, or a file laid out like them: ``key``, ``title``, ``[[stages]]`` with ``key``, ``label`` and
        ``measured_by`` (scale keys), ``[[arrows]]`` with ``from`` and ``to``.

    Returns
    -------
    Order

    Raises
    ------
    InstrumentError
        If there is none of that name, or the file contradicts itself.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.load_order("elmore-boston")
    <Order 'elmore-boston': provisional; leadership_practice → structure_and_process → collective_efficacy → ...>
    """
    if not isinstance(name_or_path, (str, Path)):
        raise InstrumentError(f"load_order takes a name or a path, not {name_or_path!r}")
    if name_or_path in BUNDLED:
        text = files("internal_coherence.ordering").joinpath(f"data/{name_or_path}.toml").read_text(encoding="utf-8")
    else:
        path = Path(name_or_path)
        if path.suffix and not path.is_file():
            raise InstrumentError(f"there is no file {str(path)!r}")
        if not path.is_file():
            hint = closest(name_or_path, BUNDLED)
            raise InstrumentError(
                f"no order {str(name_or_path)!r}; bundled are {listing(BUNDLED)}, or give a TOML file's path{hint}"
            )
        text = path.read_text(encoding="utf-8-sig")
    try:
        return _order(tomllib.loads(text), str(name_or_path))
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError(f"{name_or_path} is not TOML: {error}") from None


def _order(document: Mapping[str, Any], where: str) -> Order:
    _check_keys(
        document, {"key", "title", "provisional", "statement", "notes", "stages", "arrows"}, {"key", "stages"}, where
    )
    stages = []
    for table in _tables(document["stages"], f"{where}: stages"):
        place = f"{where}: stage {table.get('key', '?')!r}"
        _check_keys(table, {"key", "label", "measured_by", "measured_by_basis", "outcome"}, {"key"}, place)
        scales = table.get("measured_by", [])
        if not isinstance(scales, list) or not all(isinstance(scale, str) for scale in scales):
            raise InstrumentError(f"{place}: measured_by is a list of scale keys, not {scales!r}")
        stages.append(
            Stage(
                key=table["key"],
                label=table.get("label", table["key"]),
                measured_by=tuple(scales),
                measured_by_basis=table.get("measured_by_basis", "user" if scales else ""),
                outcome=table.get("outcome", False),
            )
        )
    arrows = []
    for table in _tables(document.get("arrows", []), f"{where}: arrows"):
        _check_keys(table, {"from", "to", "basis", "note"}, {"from", "to"}, f"{where}: an arrow")
        basis = table.get("basis", "user")
        arrows.append(
            Arrow(
                cause=table["from"],
                effect=table["to"],
                basis="inference" if basis == "inference" else Provenance.parse(basis, f"{where}: an arrow's basis"),
                note=table.get("note", ""),
            )
        )
    return Order(
        key=document["key"],
        title=document.get("title", document["key"]),
        statement=Provenance.parse(document.get("statement", "user"), f"{where}: statement"),
        stages=tuple(stages),
        arrows=tuple(arrows),
        provisional=document.get("provisional", True),
        notes=document.get("notes", ""),
    )


def _tables(entry: object, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(entry, list) or not all(isinstance(table, Mapping) for table in entry):
        raise InstrumentError(f"{where} must be written as tables, [[...]]")
    return entry


def _check_keys(table: Mapping[str, Any], allowed: set[str], required: set[str], where: str) -> None:
    for key in table:
        if key not in allowed:
            raise InstrumentError(
                f"{where}: unknown key {key!r}; allowed are {listing(sorted(allowed))}{closest(key, allowed)}"
            )
    if missing := required - set(table):
        raise InstrumentError(f"{where}: missing {listing(sorted(missing))}")
