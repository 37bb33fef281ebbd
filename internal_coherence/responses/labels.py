"""From what stands in a cell, a number or a label however typed, to the item's code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from math import isfinite
from typing import Final

from internal_coherence.errors import ResponseError, closest
from internal_coherence.instrument import Item
from internal_coherence.instrument.spelling import fold

_THOUSANDS: Final = re.compile(r"\d,\d{3}(?!\d)")
_NUMBERED: Final = re.compile(r"^\(?\s*([-+]?\d+)\s*\)?\s*(?:[-–—.:=)]\s*)?(.*)$", re.DOTALL)
_PLAINLY_NUMBERED: Final = re.compile(r"^\(?([-+]?\d+)(?:\)|\s*=|\s+[-–—:]|[.:])\s+([^\d]+)$")
_NUMBER_LAST: Final = re.compile(r"^(.*?)\s*[\[(]\s*([-+]?\d+)\s*[\])]$", re.DOTALL)


def number(text: str) -> float | None:
    """Return the finite number that a text is, or None; a comma may be the decimal mark.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    float or None
    """
    if "_" in text or _THOUSANDS.search(text):
        return None
    try:
        value = float(text.strip().replace(",", ".", 1))
    except ValueError:
        return None
    return value if isfinite(value) else None


class MissingCodes:
    """The codes declared to mean *no answer*, as numbers or as words.

    Parameters
    ----------
    codes : iterable
        For instance ``[9, 99, "N/A", "Don't know"]``. A declared 9 also means the text ``"9"``.
    """

    __slots__ = ("numbers", "words")

    def __init__(self, codes: Iterable[object]) -> None:
        texts = [str(code) for code in codes]
        self.numbers = frozenset(n for n in map(number, texts) if n is not None)
        self.words = frozenset(fold(text) for text in texts if number(text) is None)

    def __contains__(self, cell: object) -> bool:
        text = str(cell)
        value = number(text)
        return fold(text) in self.words if value is None else value in self.numbers


class Labels:
    """The labels of one item, ready to be recognised.

    Parameters
    ----------
    item : Item
        Whose labels they are.
    """

    __slots__ = ("codes", "item")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.codes = {fold(label): code for code, label in item.options if label}

    def code(self, cell: str) -> float | None:
        """Return the code that a cell's text means.

        Parameters
        ----------
        cell : str
            A number, a label, or both, as ``"5 - Strongly agree"`` or ``"Strongly agree (5)"``.

        Returns
        -------
        float or None
            A number as it stands (its range is checked later); None for a text that is neither.
        """
        value = number(cell)
        if value is not None:
            return value
        if (known := self.codes.get(fold(cell))) is not None:
            return float(known)
        if not self.codes:  # then nothing tells "4 - Agree" from "3-Apr", but for how it is set
            plainly = _PLAINLY_NUMBERED.match(cell.strip())
            return number(plainly[1]) if plainly else None
        for pattern, value_at, label_at in ((_NUMBERED, 1, 2), (_NUMBER_LAST, 2, 1)):
            if match := pattern.match(cell.strip()):
                value = number(match[value_at])
                if value is not None and self.codes.get(fold(match[label_at])) == value:
                    return value
        return None

    def suggestion(self, cell: str) -> str:
        """Return the end of a message about an unknown label: the closest known one.

        Parameters
        ----------
        cell : str
            What was typed.

        Returns
        -------
        str
        """
        return closest(cell, [label for _, label in self.item.options if label])

    def recoding(self, value_labels: Mapping[float, str], used: Collection[float]) -> dict[float, int]:
        """Return how a labelled file's codes become the item's, where its labels say that they differ.

        Parameters
        ----------
        value_labels : mapping
            The file's code to the file's label.
        used : collection of float
            The codes that occur as answers.

        Returns
        -------
        dict
            Empty if the codes already mean the same, or if the labels can't be compared.

        Raises
        ------
        ResponseError
            If the labels would recode some of the codes in use and leave others.
        """
        matched = {code: self.codes[fold(label)] for code, label in value_labels.items() if fold(label) in self.codes}
        if all(code == known for code, known in matched.items()):
            return {}
        if not set(used) <= set(matched) or len(set(matched.values())) < len(matched):
            file = ", ".join(f"{code:g} = {label!r}" for code, label in value_labels.items())
            book = ", ".join(f"{code} = {label!r}" for code, label in self.item.options)
            msg = (
                f"item {self.item.key!r}: the file's labels and the codebook's agree for some codes and not for others;"
                f" the file has {file}; the codebook has {book}; make them alike"
            )
            raise ResponseError(msg)
        return matched
