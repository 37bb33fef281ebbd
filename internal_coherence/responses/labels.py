"""From what stands in a cell, a number or a label however typed, to the item's code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Final

from internal_coherence.errors import closest
from internal_coherence.instrument import Item
from internal_coherence.instrument.spelling import fold

_NUMBERED: Final = re.compile(r"^\(?\s*([-+]?\d+(?:[.,]\d+)?)\s*\)?\s*(?:[-–—.:=)]\s*)?(.*)$", re.DOTALL)
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
    if "_" in text:
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
        for pattern, value_at, label_at in ((_NUMBERED, 1, 2), (_NUMBER_LAST, 2, 1)):
            if match := pattern.match(cell.strip()):
                value, label = number(match[value_at]), fold(match[label_at])
                if value is not None and (not self.codes or self.codes.get(label) == value):
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

    def by_value_label(self, value_labels: Mapping[float, str]) -> dict[float, int]:
        """Match the value labels of a labelled file with the item's own labels.

        Parameters
        ----------
        value_labels : mapping
            The file's code to the file's label.

        Returns
        -------
        dict
            The file's code to the item's code, for those whose labels agree but whose codes do not.
        """
        matched = {code: self.codes.get(fold(label)) for code, label in value_labels.items()}
        return {code: known for code, known in matched.items() if known is not None and known != code}
