"""A model's text as words, each with its place, so that an error can point at it."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from internal_coherence.errors import ModelError

Kind = Literal["name", "text", "number", "sign", "newline", "end"]

_WORD: Final = re.compile(
    r"""(?P<space>[^\S\n]+ | [#!][^\n]*)
      | (?P<newline>[\n;])
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>(?:[^\W\d]|\.(?!\d))[\w.]*)
      | (?P<text>"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)
      | (?P<sign>~\*~|=~|<~|~~|:=|==|<=|>=|[~=<>|+\-*/^(),:?])""",
    re.VERBOSE,
)
MOST_WORDS: Final = 200_000


class Word(NamedTuple):
    """One word of a model: what kind, how it is spelt (without quotes), and where it starts and ends in the text."""

    kind: Kind
    text: str
    start: int
    end: int

    def is_sign(self, *signs: str) -> bool:
        """Return whether this is one of some signs."""
        return self.kind == "sign" and self.text in signs


def trouble(source: str, place: int, message: str) -> ModelError:
    """Return an error that shows the line and points at the place.

    Parameters
    ----------
    source : str
        The model's whole text.
    place : int
        Where in the text, from 0.
    message : str
        What is wrong.

    Returns
    -------
    ModelError
        To be raised.
    """
    place = min(place, len(source))
    line = source.count("\n", 0, place) + 1
    start = source.rfind("\n", 0, place) + 1
    end = source.find("\n", start)
    shown = source[start : end if end >= 0 else len(source)]
    column = place - start
    if len(shown) > 120:
        cut = max(0, column - 60)
        shown, column_shown = shown[cut : cut + 120], column - cut
    else:
        column_shown = column
    shown = "".join(c if c.isprintable() else " " for c in shown)
    return ModelError(f"model syntax, line {line}, column {column + 1}: {message}\n  {shown}\n  {' ' * column_shown}^")


def words(source: str) -> list[Word]:
    """Split a model's text into words; comments and blanks are left out.

    Parameters
    ----------
    source : str
        The text, lines ending in a newline.

    Returns
    -------
    list of Word
        The last is of the kind ``"end"``.

    Raises
    ------
    ModelError
        At a character that has no meaning in a model.
    """
    found: list[Word] = []
    place = 0
    while place < len(source):
        match = _WORD.match(source, place)
        if match is None:
            raise trouble(source, place, _no_word(source[place]))
        if match.lastgroup != "space":
            spelt = match[0][1:-1] if match.lastgroup == "text" else match[0]
            found.append(Word(match.lastgroup, spelt, place, match.end()))  # type: ignore[arg-type]  # the groups are the kinds
        place = match.end()
        if len(found) > MOST_WORDS:
            raise ModelError(f"the model has over {MOST_WORDS} words: this is hardly meant")
    found.append(Word("end", "", len(source), len(source)))
    return found


def _no_word(character: str) -> str:
    if character in "\"'`":
        return "this quote is not closed on its line"
    return f"{character!r} has no meaning in a model; a name with such characters must stand in quotes"


def statements(source: str) -> list[list[Word]]:
    """Split a model's text into statements.

    A statement ends with its line or with ``;``. It goes on where the line ends in a sign, the next one begins with a
    sign, or a parenthesis is open.

    Parameters
    ----------
    source : str
        The text.

    Returns
    -------
    list of list of Word
        None of them empty; the last word of each is of the kind ``"end"``.

    Raises
    ------
    ModelError
        For parentheses that do not match.
    """
    every = words(source)
    done: list[list[Word]] = []
    current: list[Word] = []
    open_at: list[int] = []
    for k, word in enumerate(every):
        if word.kind in ("newline", "end"):
            hard = word.text == ";" or word.kind == "end"
            if open_at and hard:
                raise trouble(source, open_at[-1], "this parenthesis is not closed")
            if current and (hard or not (open_at or _goes_on(current[-1], _next(every, k)))):
                done.append([*current, Word("end", "", current[-1].end, current[-1].end)])
                current = []
            continue
        if word.is_sign("("):
            open_at.append(word.start)
        elif word.is_sign(")"):
            if not open_at:
                raise trouble(source, word.start, "this parenthesis was not opened")
            open_at.pop()
        current.append(word)
    return done


def _next(every: list[Word], k: int) -> Word:
    while every[k].text == "\n":
        k += 1
    return every[k]


def _goes_on(last: Word, following: Word) -> bool:
    return (last.kind == "sign" and last.text != ")") or (following.kind == "sign" and following.text != "(")
