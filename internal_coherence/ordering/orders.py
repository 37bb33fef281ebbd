"""The provisional causal order, as data: stages, arrows, and what measures a stage."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from internal_coherence.errors import InstrumentError, closest, listing
from internal_coherence.instrument import Provenance
from internal_coherence.records import Record

Basis = Provenance | Literal["inference"]
BUNDLED: Final = ("elmore-boston", "serp-poster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of an order.

    Parameters
    ----------
    key, label : str
        The name in programs, and the name for readers.
    measured_by : tuple of str
        Keys of the scales that measure it; empty if none does.
    measured_by_basis : str
        Whether a source says so (``"stated"``), or it is our ``"inference"``, or the ``"user"``'s; empty if none does.
    outcome : bool
        Something beyond the survey, such as achievement.
    """

    key: str
    label: str
    measured_by: tuple[str, ...] = ()
    measured_by_basis: str = ""
    outcome: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """That one stage comes before another, and who says so: a `Provenance`, or ``"inference"``."""

    cause: str
    effect: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Order(Record):
    """A provisional causal order of stages.

    Parameters
    ----------
    key, title : str
        The name in programs, and the name for readers.
    statement : Provenance
        Where the order is stated.
    stages : tuple of Stage
        In the order in which they are walked.
    arrows : tuple of Arrow
        Between stages, forwards only.
    provisional : bool
        True of every order that has not been tested.
    notes : str
        What a reader should know.

    Raises
    ------
    InstrumentError
        If keys repeat, a scale is in two stages, an arrow leads nowhere or backwards, or there is a cycle.
    """

    key: str
    title: str
    statement: Provenance
    stages: tuple[Stage, ...]
    arrows: tuple[Arrow, ...]
    provisional: bool = True
    notes: str = ""

    def __post_init__(self) -> None:
        where = f"order {self.key!r}"
        keys = [stage.key for stage in self.stages]
        if len(keys) < 2:
            raise InstrumentError(f"{where} has {len(keys)} stage(s); an order has at least two")
        if repeated := sorted({key for key in keys if keys.count(key) > 1}):
            raise InstrumentError(f"{where}: stages named twice: {listing(repeated)}")
        home: dict[str, str] = {}
        for stage in self.stages:
            for scale in stage.measured_by:
                if home.setdefault(scale, stage.key) != stage.key:
                    raise InstrumentError(f"{where}: scale {scale!r} measures both {home[scale]!r} and {stage.key!r}")
        for arrow in self.arrows:
            for end in (arrow.cause, arrow.effect):
                if end not in keys:
                    raise InstrumentError(
                        f"{where}: an arrow names the stage {end!r}, which it has not{closest(end, keys)}"
                    )
        try:
            TopologicalSorter({key: [a.cause for a in self.arrows if a.effect == key] for key in keys}).prepare()
        except CycleError as error:
            msg = f"{where} has a cycle: {' → '.join(error.args[1])}; stages that act on each other are one stage"
            raise InstrumentError(msg) from None
        for arrow in self.arrows:
            if keys.index(arrow.cause) > keys.index(arrow.effect):
                msg = f"{where}: the arrow {arrow.cause!r} → {arrow.effect!r} goes against the order in which the stages are listed"
                raise InstrumentError(msg)

    def __repr__(self) -> str:
        provisional = "provisional; " if self.provisional else ""
        return f"<Order {self.key!r}: {provisional}{' → '.join(stage.key for stage in self.stages)}>"


def list_orders() -> list[str]:
    """Return the names that `load_order` knows: the published statements of the provisional causal order.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.list_orders()
    ['elmore-boston', 'serp-poster']
    """
    return list(BUNDLED)


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
    if name_or_path in BUNDLED:
        text = files("internal_coherence.ordering").joinpath(f"data/{name_or_path}.toml").read_text(encoding="utf-8")
    else:
        path = Path(name_or_path)
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
        _check_keys(table, {"from", "to", "basis"}, {"from", "to"}, f"{where}: an arrow")
        basis = table.get("basis", "user")
        arrows.append(
            Arrow(
                cause=table["from"],
                effect=table["to"],
                basis="inference" if basis == "inference" else Provenance.parse(basis, f"{where}: an arrow's basis"),
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
