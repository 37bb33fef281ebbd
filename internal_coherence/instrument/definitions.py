"""The nouns of a survey: items on scales, scales in dimensions, dimensions in an instrument."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from internal_coherence.errors import InstrumentError, closest, listing
from internal_coherence.instrument.provenance import Provenance, Provenances
from internal_coherence.instrument.spelling import fold

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["reconstructed", "user"]
STATUSES: Final[tuple[str, ...]] = get_args(Status)
MOST_OPTIONS: Final = 1001
ONE_DIMENSION: Final = "all"
"""The key of the only dimension of an instrument that states none."""

RECONSTRUCTION_NOTICE: Final = (
    "This instrument is a reconstruction, not the published form: its items are illustrative and in our own words."
)
_KEY: Final = re.compile(r"\w[\w.-]*")


def _check_key(key: object, what: str) -> None:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        msg = (
            f"{what} key {key!r} is not a name: use letters, digits, '_', '-' and '.', starting with a letter or digit"
        )
        raise InstrumentError(msg)


def _check_fields(provenance: Provenances, allowed: Collection[str], where: str) -> None:
    for name in provenance:
        if name not in allowed:
            msg = f"{where}: provenance of {name!r}, which is not one of {listing(allowed)}{closest(name, allowed)}"
            raise InstrumentError(msg)


def _check_printable(key: str, *texts: str) -> None:
    for text in texts:
        if not text.isprintable():
            raise InstrumentError(f"{key!r}: the text {text!r} holds a line break or a control character")


def _check_unique(keys: Iterable[str], what: str) -> None:
    if repeated := [key for key, count in Counter(keys).items() if count > 1]:
        raise InstrumentError(f"{what} keys must be unique; used more than once: {listing(repeated)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question.

    Parameters
    ----------
    key : str
        The name of the item's column.
    text : str
        The wording, or the topic.
    low, high : int
        The lowest and the highest response code.
    labels : sequence of str, optional
        The labels of the codes from `low` to `high`, in order; an empty string for a code without a label.
    reversed : bool
        True when agreement speaks against the construct.
    provenance : Provenances, optional
        Of ``text``, ``format`` and ``reversed``.

    Raises
    ------
    InstrumentError
        If the bounds are not whole numbers with low < high, or the labels are not one for each code.
    """

    key: str
    text: str = ""
    low: int
    high: int
    labels: tuple[str, ...] = ()
    reversed: bool = False
    provenance: Provenances = field(default_factory=Provenances)

    def __post_init__(self) -> None:
        _check_key(self.key, "item")
        for name, bound in (("low", self.low), ("high", self.high)):
            if isinstance(bound, bool) or not isinstance(bound, int):
                raise InstrumentError(f"item {self.key!r}: {name} must be a whole number, not {bound!r}")
        if not self.low < self.high:
            raise InstrumentError(f"item {self.key!r}: low must be less than high, but {self.low} ≥ {self.high}")
        if self.n_options > MOST_OPTIONS:
            msg = f"item {self.key!r}: {self.low} to {self.high} is over the {MOST_OPTIONS} codes a format may have"
            raise InstrumentError(msg)
        if not isinstance(self.reversed, bool):
            raise InstrumentError(f"item {self.key!r}: reversed must be true or false, not {self.reversed!r}")
        if isinstance(self.labels, str) or not all(isinstance(text, str) for text in (self.text, *self.labels)):
            raise InstrumentError(f"item {self.key!r}: text must be a text, and labels a list of texts")
        object.__setattr__(self, "labels", tuple(self.labels))
        if self.labels and len(self.labels) != self.n_options:
            msg = (
                f"item {self.key!r}: {len(self.labels)} labels for the {self.n_options} codes {self.low} to {self.high};"
                " give one for each, in order"
            )
            raise InstrumentError(msg)
        for code, label in self.options:
            if label.strip().lstrip("+-").isdecimal() and int(label) != code:
                raise InstrumentError(f"item {self.key!r}: code {code} has the label {label!r}, which is another code")
        _check_printable(self.key, self.text, *self.labels)
        spelt = [fold(label) for label in self.labels if label]
        if alike := sorted({label for label in self.labels if label and spelt.count(fold(label)) > 1}):
            raise InstrumentError(f"item {self.key!r}: labels that can't be told apart: {listing(alike)}")
        _check_fields(self.provenance, ("text", "format", "reversed"), f"item {self.key!r}")

    @property
    def n_options(self) -> int:
        """The number of response codes."""
        return self.high - self.low + 1

    @property
    def options(self) -> tuple[tuple[int, str], ...]:
        """Every code with its label, an empty string where there is none."""
        labels = self.labels or ("",) * self.n_options
        return tuple(zip(range(self.low, self.high + 1), labels, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Items that measure one construct on one response format.

    Parameters
    ----------
    key, label : str
        The name in tables, and the name for readers.
    dimension : str
        Key of the dimension that the scale belongs to.
    items : sequence of Item
        At least two, with the same lowest and highest code.
    strand : str, optional
        A part of the dimension, for instance ``"whole-school"`` or ``"team"``.
    provenance : Provenances, optional
        Of ``construct``, ``dimension`` and ``items``.

    Raises
    ------
    InstrumentError
        With fewer than two items, items of different formats, or keys used twice.
    """

    key: str
    label: str = ""
    dimension: str
    items: tuple[Item, ...]
    strand: str = ""
    provenance: Provenances = field(default_factory=Provenances)

    def __post_init__(self) -> None:
        _check_key(self.key, "scale")
        object.__setattr__(self, "label", self.label or self.key.replace("_", " "))
        object.__setattr__(self, "items", tuple(self.items))
        _check_printable(self.key, self.label, self.strand)
        if len(self.items) < 2:
            raise InstrumentError(f"scale {self.key!r} has {len(self.items)} item(s); a scale has at least two")
        _check_unique((i.key for i in self.items), f"scale {self.key!r}: item")
        if len(formats := {(i.low, i.high) for i in self.items}) > 1:
            shown = ", ".join(f"{low}–{high}" for low, high in sorted(formats))
            msg = (
                f"scale {self.key!r} mixes the response formats {shown}: a mean over them has no unit;"
                " make it one scale for each format"
            )
            raise InstrumentError(msg)
        _check_fields(self.provenance, ("construct", "dimension", "items"), f"scale {self.key!r}")

    @property
    def low(self) -> int:
        """The lowest response code of its items."""
        return self.items[0].low

    @property
    def high(self) -> int:
        """The highest response code of its items."""
        return self.items[0].high

    @property
    def item_keys(self) -> list[str]:
        """The keys of its items, in order."""
        return [item.key for item in self.items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A group of scales that is reported together.

    Parameters
    ----------
    key, label : str
        The name in tables, and the name for readers.
    provenance : Provenances, optional
        Of ``construct``.
    """

    key: str
    label: str = ""
    provenance: Provenances = field(default_factory=Provenances)

    def __post_init__(self) -> None:
        _check_key(self.key, "dimension")
        named = "All scales" if self.key == ONE_DIMENSION else self.key.replace("_", " ")
        object.__setattr__(self, "label", self.label or named)
        _check_printable(self.key, self.label)
        _check_fields(self.provenance, ("construct",), f"dimension {self.key!r}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Instrument:
    """A survey: what was asked, as data.

    Parameters
    ----------
    key, title : str
        The name in programs, and the name for readers.
    status : {"user", "reconstructed"}
        Whether it is the user's own form, or a reconstruction of one that is not public.
    dimensions : sequence of Dimension
        Each has at least one scale.
    scales : sequence of Scale
        Each belongs to one of the dimensions; an item stands on one scale only.
    notes : str, optional
        What a reader should know.
    provenance : Provenances, optional
        Of ``title``.

    Raises
    ------
    InstrumentError
        When the parts contradict each other; the message says which and where.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.load_instrument("internal-coherence-survey")
    <Instrument 'internal-coherence-survey': 3 dimensions, 11 scales, 50 items; a reconstruction, not the published form>
    """

    key: str
    title: str = ""
    status: Status = "user"
    dimensions: tuple[Dimension, ...]
    scales: tuple[Scale, ...]
    notes: str = ""
    provenance: Provenances = field(default_factory=Provenances)

    def __post_init__(self) -> None:
        _check_key(self.key, "instrument")
        object.__setattr__(self, "title", self.title or self.key)
        object.__setattr__(self, "dimensions", tuple(self.dimensions))
        object.__setattr__(self, "scales", tuple(self.scales))
        if self.status not in STATUSES:
            raise InstrumentError(f"instrument status {self.status!r} is not one of {listing(STATUSES)}")
        if not self.scales:
            raise InstrumentError(f"instrument {self.key!r} has no scales")
        _check_unique((d.key for d in self.dimensions), "dimension")
        _check_unique((s.key for s in self.scales), "scale")
        _check_unique((i.key for i in self.items), "item")
        known = [d.key for d in self.dimensions]
        for scale in self.scales:
            if scale.dimension not in known:
                msg = (
                    f"scale {scale.key!r} belongs to dimension {scale.dimension!r}, which is not one of"
                    f" {listing(known)}{closest(scale.dimension, known)}"
                )
                raise InstrumentError(msg)
        if empty := set(known) - {s.dimension for s in self.scales}:
            raise InstrumentError(f"dimensions without a scale: {listing(sorted(empty))}")
        if both := {s.key for s in self.scales} & set(known):
            raise InstrumentError(f"names used for a scale and for a dimension: {listing(sorted(both))}")
        _check_fields(self.provenance, ("title",), f"instrument {self.key!r}")

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, scale by scale."""
        return tuple(item for scale in self.scales for item in scale.items)

    def scale(self, key: str) -> Scale:
        """Return one scale.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        Scale

        Raises
        ------
        InstrumentError
            If there is none of that name; the message offers the closest.
        """
        for scale in self.scales:
            if scale.key == key:
                return scale
        keys = [s.key for s in self.scales]
        raise InstrumentError(f"no scale {key!r}; the scales are {listing(keys)}{closest(key, keys)}")

    def in_dimension(self, key: str) -> tuple[Scale, ...]:
        """Return the scales of a dimension.

        Parameters
        ----------
        key : str
            The dimension's key.

        Returns
        -------
        tuple of Scale
        """
        return tuple(scale for scale in self.scales if scale.dimension == key)

    def select(self, scales: Sequence[str]) -> Instrument:
        """Return the instrument with some of its scales only, for a survey that left out the others.

        Parameters
        ----------
        scales : sequence of str
            The keys to keep.

        Returns
        -------
        Instrument
            In the order of the original.

        Examples
        --------
        >>> import internal_coherence as ic
        >>> ic.load_instrument("internal-coherence-survey").select(["individual_efficacy", "collective_efficacy"])
        <Instrument 'internal-coherence-survey': 1 dimension, 2 scales, 9 items; a reconstruction, ...>
        """
        if isinstance(scales, str):
            raise InstrumentError(f"select takes a list of scale keys, not the text {scales!r}")
        wanted = {self.scale(key).key for key in scales}
        kept = tuple(s for s in self.scales if s.key in wanted)
        used = {s.dimension for s in kept}
        return replace(self, scales=kept, dimensions=tuple(d for d in self.dimensions if d.key in used))

    def to_toml(self, path: str | Path | None = None) -> str:
        """Write the instrument as TOML, which `read_codebook` reads back unchanged.

        Parameters
        ----------
        path : path, optional
            A file to write as well.

        Returns
        -------
        str
            The text.
        """
        from internal_coherence.instrument.exchange import write_toml

        text = write_toml(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row an item, which `read_codebook` reads back.

        Returns
        -------
        DataFrame
            Columns as in a codebook file, and ``<field>_provenance``.
        """
        from internal_coherence.instrument.exchange import to_rows

        return to_rows(self)

    def __repr__(self) -> str:
        def count(n: int, what: str) -> str:
            return f"{n} {what}" + ("" if n == 1 else "s")

        parts = [
            count(len(self.dimensions), "dimension"),
            count(len(self.scales), "scale"),
            count(len(self.items), "item"),
        ]
        end = "; a reconstruction, not the published form" if self.status == "reconstructed" else ""
        return f"<Instrument {self.key!r}: {', '.join(parts)}{end}>"


def user_provenance(*fields: str) -> Provenances:
    """Return provenances that say of every field: the user's own word.

    Parameters
    ----------
    *fields : str
        Names of fields.

    Returns
    -------
    Provenances
    """
    return Provenances({name: Provenance("user") for name in fields})
