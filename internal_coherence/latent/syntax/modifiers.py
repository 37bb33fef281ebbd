"""What stands before a variable with ``*``: values, labels, starting values, one for all groups or one a group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from internal_coherence.errors import closest
from internal_coherence.latent.syntax.arithmetic import finite
from internal_coherence.latent.syntax.words import Word, trouble

Kind = Literal["value", "label", "start"]
UNSUPPORTED: Final = {
    "equal": "equal() is not supported; give both parameters the same label",
    "lower": "bounds are not supported as modifiers; label the parameter and say 'a > 0'",
    "upper": "bounds are not supported as modifiers; label the parameter and say 'a < 1'",
    "prior": "priors belong to Bayesian models",
    "rv": "random slopes are not supported",
    "efa": "exploratory blocks are not supported in a model; see efa()",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """What is said of a parameter.

    Parameters
    ----------
    kind : {"value", "label", "start"}
        A fixed value (NaN: free), a label (empty: none), or a starting value (NaN: none).
    values : tuple
        One for all groups, or one a group.
    place : int
        Where in the text.
    """

    kind: Kind
    values: tuple[float | str, ...]
    place: int = 0


def read_modifiers(source: str, given: Sequence[Word], k: int) -> tuple[tuple[Modifier, ...], int]:
    """Read what stands before a variable.

    Parameters
    ----------
    source : str
        The whole text, for messages.
    given : sequence of Word
        A statement's right side, its end included.
    k : int
        Where a term begins.

    Returns
    -------
    tuple of Modifier, int
        What was read, and where the variable stands.

    Raises
    ------
    ModelError
        Pointing at what can't be read.
    """
    found: list[Modifier] = []
    while True:
        after = _end_of_factor(given, k)
        if not given[after].is_sign("*"):
            if after > k + 1 and given[after - 1].is_sign(")"):
                raise trouble(source, given[after].start, "'*' and a variable should stand here")
            return tuple(found), k
        found.append(_modifier(source, given[k:after]))
        k = after + 1


def _end_of_factor(given: Sequence[Word], k: int) -> int:
    if given[k].is_sign("-", "+") and given[k + 1].kind == "number":
        k += 1
    if given[k].kind == "end":
        return k
    if not given[k + 1].is_sign("("):
        return k + 1
    depth, k = 0, k + 1
    while given[k].kind != "end":
        depth += given[k].is_sign("(") - given[k].is_sign(")")
        k += 1
        if depth == 0:
            break
    return k


def _modifier(source: str, given: Sequence[Word]) -> Modifier:
    first = given[0]
    if len(given) > 1 and given[1].is_sign("(") and first.kind == "name":
        return _called(source, first, given[2:-1])
    return _of(source, [_entry(source, given)], first)


def _called(source: str, function: Word, inside: Sequence[Word]) -> Modifier:
    if function.text in UNSUPPORTED:
        raise trouble(source, function.start, UNSUPPORTED[function.text])
    if function.text not in ("c", "start", "label"):
        offer = closest(function.text, ("start", "label"))
        raise trouble(source, function.start, f"{function.text!r} is no modifier: c(), start() and label() are{offer}")
    if function.text != "c" and len(inside) > 2 and inside[0].text == "c" and inside[1].is_sign("("):
        inside = inside[2:-1]  # start(c(0.5, 0.6))
    entries = [_entry(source, part) for part in _parts(source, function, inside)]
    if function.text == "c":
        return _of(source, entries, function)
    if function.text == "label":
        for value, word in entries:
            if not isinstance(value, str) and not math.isnan(value):
                raise trouble(source, word.start, "a label is a word, not a number")
        return Modifier(kind="label", values=_labels(source, entries), place=function.start)
    numbers = []
    for value, word in entries:
        if isinstance(value, str):
            raise trouble(source, word.start, "a starting value is a number")
        numbers.append(value)
    return Modifier(kind="start", values=tuple(numbers), place=function.start)


def _parts(source: str, function: Word, inside: Sequence[Word]) -> list[list[Word]]:
    parts: list[list[Word]] = [[]]
    for word in inside:
        if word.is_sign(","):
            parts.append([])
        else:
            parts[-1].append(word)
    if not all(parts):
        raise trouble(source, function.start, f"{function.text}() has an empty entry")
    return parts


def _entry(source: str, given: Sequence[Word]) -> tuple[float | str, Word]:
    # A number, NA (which is NaN), or a label.
    word = given[-1]
    negative = given[0].is_sign("-")
    if word.kind == "number" and (len(given) == 1 or (len(given) == 2 and given[0].is_sign("-", "+"))):
        return (-1 if negative else 1) * finite(source, word), word
    if len(given) == 1 and word.kind == "name":
        return (math.nan if word.text == "NA" else word.text), word
    if len(given) == 1 and word.kind == "text":
        return word.text, word
    raise trouble(source, given[0].start, "a modifier is a number, NA, a label, or one of c(), start(), label()")


def _of(source: str, entries: Sequence[tuple[float | str, Word]], first: Word) -> Modifier:
    if not any(isinstance(value, str) for value, _ in entries):
        return Modifier(kind="value", values=tuple(value for value, _ in entries), place=first.start)
    return Modifier(kind="label", values=_labels(source, entries), place=first.start)


def _labels(source: str, entries: Sequence[tuple[float | str, Word]]) -> tuple[str, ...]:
    labels = []
    for value, word in entries:
        if isinstance(value, str):
            if value and not is_label(value):
                message = f"{value!r} is no label: letters, digits, '_' and '.', beginning with a letter, are"
                raise trouble(source, word.start, message)
            labels.append(value)
        elif math.isnan(value):
            labels.append("")
        else:
            raise trouble(source, word.start, "labels and numbers are mixed in one c(); write two modifiers")
    return tuple(labels)


def is_label(text: str) -> bool:
    """Return whether a text may be a label: a word that arithmetic can name.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
    """
    head, rest = text[:1], text[1:]
    good = all(c.isalnum() or c in "._" for c in rest)
    return good and bool(head) and (head.isalpha() or head in "._") and not (head == "." and rest[:1].isdigit())
