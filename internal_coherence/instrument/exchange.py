"""An instrument as TOML and as a table, there and back."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import pandas as pd
import tomli_w

from internal_coherence.errors import InstrumentError, closest, listing
from internal_coherence.instrument.definitions import ONE_DIMENSION, Dimension, Instrument, Item, Scale, user_provenance
from internal_coherence.instrument.provenance import Provenance, Provenances

Table = Mapping[str, Any]

ITEM_FIELDS = ("text", "format", "reversed")
SCALE_FIELDS = ("construct", "dimension", "items")
LABEL_SEPARATOR = "|"


def read_toml(text: str, where: str) -> Instrument:
    """Read an instrument from TOML.

    Parameters
    ----------
    text : str
        The document.
    where : str
        Its name, for messages.

    Returns
    -------
    Instrument

    Raises
    ------
    InstrumentError
        With the line and column of a mistake of syntax, or the table and key of a mistake of content.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InstrumentError(f"{where} is not TOML: {error}") from None
    head = _known(
        document,
        {"key", "title", "status", "notes", "provenance", "formats", "dimensions", "scales"},
        f"{where}: top level",
    )
    formats = _table(head.get("formats", {}), f"{where}: formats")
    scale_tables = _tables(head.get("scales"), f"{where}: scales")
    dimensions = _dimensions(head.get("dimensions"), scale_tables, where)
    return Instrument(
        key=_text(head, "key", f"{where}: top level"),
        title=head.get("title", ""),
        status=head.get("status", "user"),
        notes=head.get("notes", ""),
        provenance=_provenances(head.get("provenance", {}), f"{where}: provenance"),
        dimensions=dimensions,
        scales=tuple(_scale(table, formats, where) for table in scale_tables),
    )


def _dimensions(given: object, scale_tables: list[Table], where: str) -> tuple[Dimension, ...]:
    """Read the dimensions; a document without any has those that its scales name."""
    if given is None:
        names = list(dict.fromkeys(str(table.get("dimension", ONE_DIMENSION)) for table in scale_tables))
        return tuple(Dimension(key=name, provenance=user_provenance("construct")) for name in names)
    dimensions = []
    for number, entry in enumerate(_tables(given, f"{where}: dimensions"), 1):
        place = f"{where}: dimension {entry.get('key', number)!r}"
        table = _known(entry, {"key", "label", "provenance"}, place)
        marks = _provenances(table["provenance"], place) if "provenance" in table else user_provenance("construct")
        dimensions.append(Dimension(key=_text(table, "key", place), label=table.get("label", ""), provenance=marks))
    return tuple(dimensions)


def _scale(entry: Table, formats: Table, where: str) -> Scale:
    place = f"{where}: scale {entry.get('key', '?')!r}"
    table = _known(
        entry,
        {
            "key",
            "label",
            "dimension",
            "strand",
            "format",
            "low",
            "high",
            "labels",
            "items",
            "provenance",
            "item_provenance",
        },
        place,
    )
    shared = _format(table, formats, place)
    marks = table.get("item_provenance")
    default = _provenances(marks, place) if marks is not None else user_provenance(*ITEM_FIELDS)
    items = tuple(
        _item(item, shared, default, formats, place) for item in _tables(table.get("items"), f"{place}: items")
    )
    given = table.get("provenance")
    return Scale(
        key=_text(table, "key", place),
        label=table.get("label", ""),
        dimension=str(table.get("dimension", ONE_DIMENSION)),
        strand=table.get("strand", ""),
        items=items,
        provenance=_provenances(given, place) if given is not None else user_provenance(*SCALE_FIELDS),
    )


def _item(entry: Table, shared: Table, default: Provenances, formats: Table, where: str) -> Item:
    place = f"{where}: item {entry.get('key', '?')!r}"
    table = _known(entry, {"key", "text", "reversed", "format", "low", "high", "labels", "provenance"}, place)
    layout = {**shared, **_format(table, formats, place)}
    if missing := {"low", "high"} - set(layout):
        raise InstrumentError(f"{place}: no {' and no '.join(sorted(missing))}; give them or name a format")
    own = _provenances(table.get("provenance", {}), place)
    try:
        return Item(
            key=_text(table, "key", place),
            text=table.get("text", ""),
            low=layout["low"],
            high=layout["high"],
            labels=tuple(layout.get("labels", ())),
            reversed=table.get("reversed", False),
            provenance=Provenances({**default, **own}),
        )
    except InstrumentError as error:
        raise InstrumentError(f"{where}: {error}") from None


def _format(table: Table, formats: Table, where: str) -> dict[str, Any]:
    """Return the low, high and labels that a table gives, itself or by the name of a format."""
    layout: dict[str, Any] = {}
    if (name := table.get("format")) is not None:
        if name not in formats:
            raise InstrumentError(f"{where}: format {name!r} is not defined in [formats]{closest(name, formats)}")
        layout = dict(_known(formats[name], {"low", "high", "labels"}, f"{where}: format {name!r}"))
    return {**layout, **{key: table[key] for key in ("low", "high", "labels") if key in table}}


def _provenances(entry: object, where: str) -> Provenances:
    table = _table(entry, f"{where}: provenance")
    return Provenances({name: Provenance.parse(mark, f"{where}: {name}") for name, mark in table.items()})


def _table(entry: object, where: str) -> Table:
    if not isinstance(entry, Mapping):
        raise InstrumentError(f"{where} must be a table, not {entry!r}")
    return entry


def _tables(entry: object, where: str) -> list[Table]:
    if not isinstance(entry, list) or not entry:
        raise InstrumentError(f"{where}: there must be at least one")
    return [_table(part, where) for part in entry]


def _known(table: object, allowed: set[str], where: str) -> Table:
    for key in _table(table, where):
        if key not in allowed:
            raise InstrumentError(
                f"{where}: unknown key {key!r}; allowed are {listing(sorted(allowed))}{closest(key, allowed)}"
            )
    return _table(table, where)


def _text(table: Table, key: str, where: str) -> str:
    if not isinstance(value := table.get(key), str):
        raise InstrumentError(f"{where}: {key!r} is required, as text")
    return value


def write_toml(instrument: Instrument) -> str:
    """Write an instrument as TOML, each distinct response format once.

    Parameters
    ----------
    instrument : Instrument
        What to write.

    Returns
    -------
    str
        The document that `read_toml` turns into an equal instrument.
    """
    names: dict[tuple[int, int, tuple[str, ...]], str] = {}
    for item in instrument.items:
        layout = (item.low, item.high, item.labels)
        names.setdefault(layout, f"format_{len(names) + 1}")
    formats = {
        name: {"low": low, "high": high, **({"labels": list(labels)} if labels else {})}
        for (low, high, labels), name in names.items()
    }
    document = {
        "key": instrument.key,
        "title": instrument.title,
        "status": instrument.status,
        "notes": instrument.notes,
        "provenance": _marks(instrument.provenance),
        "formats": formats,
        "dimensions": [
            {"key": d.key, "label": d.label, "provenance": _marks(d.provenance)} for d in instrument.dimensions
        ],
        "scales": [
            {
                "key": s.key,
                "label": s.label,
                "dimension": s.dimension,
                "strand": s.strand,
                "provenance": _marks(s.provenance),
                "item_provenance": {},
                "items": [
                    {
                        "key": i.key,
                        "text": i.text,
                        "format": names[i.low, i.high, i.labels],
                        "reversed": i.reversed,
                        "provenance": _marks(i.provenance),
                    }
                    for i in s.items
                ],
            }
            for s in instrument.scales
        ],
    }
    return tomli_w.dumps(document, multiline_strings=False)


def _marks(provenance: Provenances) -> dict[str, Any]:
    return {name: mark.to_toml() for name, mark in provenance.items()}


def to_rows(instrument: Instrument) -> pd.DataFrame:
    """Lay an instrument out as a codebook table, one row an item.

    Parameters
    ----------
    instrument : Instrument
        What to lay out.

    Returns
    -------
    DataFrame
        One row an item; ``labels`` joined by ``|``.
    """
    labels = {d.key: d.label for d in instrument.dimensions}
    marks_of_dimension = {d.key: d.provenance for d in instrument.dimensions}
    rows = []
    for scale in instrument.scales:
        for item in scale.items:
            if any(LABEL_SEPARATOR in label for label in item.labels):
                msg = f"item {item.key!r}: a label holds {LABEL_SEPARATOR!r}, which separates labels in a table; write TOML"
                raise InstrumentError(msg)
            marks = {f"{name}_provenance": item.provenance.get(name) for name in ITEM_FIELDS}
            marks |= {f"scale_{name}_provenance": scale.provenance.get(name) for name in SCALE_FIELDS}
            marks["dimension_construct_provenance"] = marks_of_dimension[scale.dimension].get("construct")
            rows.append(
                {
                    "item": item.key,
                    "scale": scale.key,
                    "low": item.low,
                    "high": item.high,
                    "reversed": item.reversed,
                    "text": item.text,
                    "labels": LABEL_SEPARATOR.join(item.labels),
                    "scale_label": scale.label,
                    "dimension": scale.dimension,
                    "dimension_label": labels[scale.dimension],
                    "strand": scale.strand,
                    "instrument": instrument.key,
                    "title": instrument.title,
                    "status": instrument.status,
                    "notes": instrument.notes,
                    "title_provenance": _written(instrument.provenance.get("title")),
                    **{name: _written(mark) for name, mark in marks.items()},
                }
            )
    return pd.DataFrame(rows)


def _written(mark: Provenance | None) -> str:
    return "" if mark is None else f"{mark.mark}: {mark.citation}" if mark.citation else str(mark.mark)
