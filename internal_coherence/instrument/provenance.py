"""How surely we know what a field says, and who says so."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

from internal_coherence.errors import InstrumentError, closest, listing

Mark = Literal["verified", "stated", "background", "unknown", "user"]
"""*verified* in a public source; *stated* in a digest or poster; *background* knowledge, unverified; *unknown*; or the
*user*'s own word. The first two carry a citation."""

MARKS: Final[tuple[str, ...]] = get_args(Mark)
NEEDS_CITATION: Final = frozenset({"verified", "stated"})


@cache
def bundled_sources() -> Mapping[str, str]:
    """Return the sources that the bundled definitions may cite: key to full citation.

    Returns
    -------
    mapping
        The whole list; nothing outside of it is ever cited by a bundled definition.
    """
    text = files("internal_coherence.instrument").joinpath("data/sources.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text)["sources"].items()}


@dataclass(frozen=True, slots=True)
class Provenance:
    """The mark of one field and, where the mark needs one, the citation.

    Parameters
    ----------
    mark : {"verified", "stated", "background", "unknown", "user"}
        How surely the field is known.
    citation : str, optional
        The full citation; required with ``verified`` and ``stated``.

    Raises
    ------
    InstrumentError
        For an unknown mark, or a mark that lacks its citation.
    """

    mark: Mark
    citation: str | None = None

    def __post_init__(self) -> None:
        if self.mark not in MARKS:
            msg = f"provenance mark {self.mark!r} is not one of {listing(MARKS)}{closest(self.mark, MARKS)}"
            raise InstrumentError(msg)
        if self.mark in NEEDS_CITATION and not (self.citation or "").strip():
            raise InstrumentError(f"provenance mark {self.mark!r} needs a citation: name the source")

    def __str__(self) -> str:
        return f"{self.mark} ({self.citation})" if self.citation else self.mark

    @classmethod
    def parse(cls, entry: object, where: str) -> Provenance:
        """Read a provenance as definitions write it.

        Parameters
        ----------
        entry : str or mapping
            ``"background"``, or ``{mark = "stated", source = "serp-poster"}`` with a key of the bundled list, or
            ``{mark = "verified", citation = "full text"}``.
        where : str
            What the entry belongs to, for the message.

        Returns
        -------
        Provenance
        """
        table = {"mark": entry} if isinstance(entry, str) else entry
        if not isinstance(table, Mapping) or "mark" not in table or not set(table) <= {"mark", "source", "citation"}:
            msg = f"{where}: a provenance is a mark, or a table of mark and source or citation; got {entry!r}"
            raise InstrumentError(msg)
        citation = table.get("citation")
        if (source := table.get("source")) is not None:
            if source not in bundled_sources():
                hint = closest(source, bundled_sources())
                raise InstrumentError(f"{where}: {source!r} is not a source this library knows{hint}")
            citation = bundled_sources()[str(source)]
        try:
            return cls(table["mark"], citation)
        except InstrumentError as error:
            raise InstrumentError(f"{where}: {error}") from None

    def to_toml(self) -> str | dict[str, str]:
        """Return the entry that `parse` reads back.

        Returns
        -------
        str or dict
        """
        if self.citation is None:
            return str(self.mark)
        for key, text in bundled_sources().items():
            if text == self.citation:
                return {"mark": self.mark, "source": key}
        return {"mark": self.mark, "citation": self.citation}


class Provenances(Mapping[str, Provenance]):
    """The provenance of each field of one item, scale or dimension: field name to `Provenance`, unchanging.

    Parameters
    ----------
    fields : mapping, optional
        Field name to provenance.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Provenance] | None = None) -> None:
        self._fields = dict(fields or {})

    def __getitem__(self, field: str) -> Provenance:
        return self._fields[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __hash__(self) -> int:
        return hash(frozenset(self._fields.items()))

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{field}: {mark.mark}" for field, mark in self._fields.items()) + "}"
