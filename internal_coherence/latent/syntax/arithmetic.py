"""Reading arithmetic: from words to an expression in postfix order, by Dijkstra's shunting-yard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from internal_coherence.errors import closest, listing
from internal_coherence.latent.syntax.expressions import FUNCTIONS, PRECEDENCE, Expression, Step
from internal_coherence.latent.syntax.words import Word, trouble, words

SIGNS: Final = ("+", "-", "*", "/", "^")


def expression(source: str, given: Sequence[Word], after: Word) -> Expression:
    """Read arithmetic from words.

    Parameters
    ----------
    source : str
        The whole text, for messages.
    given : sequence of Word
        The words of the expression.
    after : Word
        What follows it.

    Returns
    -------
    Expression

    Raises
    ------
    ModelError
        Pointing at the word that does not fit.
    """
    if not given:
        raise trouble(source, after.start, "arithmetic of labels and numbers should stand here")
    done: list[Step] = []
    waiting: list[Word] = []  # signs, functions and open parentheses, whose turn has not come
    operand_next = True
    for k, word in enumerate(given):
        following = given[k + 1] if k + 1 < len(given) else after
        if operand_next:
            operand_next = _operand(source, word, following, done, waiting)
        elif word.is_sign(")"):
            while waiting and not waiting[-1].is_sign("("):
                done.append(_operator(waiting.pop()))
            if not waiting:
                raise trouble(source, word.start, "this parenthesis was not opened")
            waiting.pop()
            if waiting and waiting[-1].kind == "name":
                done.append(Step("function", waiting.pop().text))
        elif word.is_sign(*SIGNS):
            while waiting and _comes_first(waiting[-1], word):
                done.append(_operator(waiting.pop()))
            waiting.append(word)
            operand_next = True
        else:
            raise trouble(source, word.start, f"a sign such as + or * should stand before {word.text!r}")
    if operand_next:
        raise trouble(source, after.start, "the expression is not finished")
    while waiting:
        if waiting[-1].is_sign("("):
            raise trouble(source, waiting[-1].start, "this parenthesis is not closed")
        done.append(_operator(waiting.pop()))
    return Expression(tuple(done))


def read_expression(text: str) -> Expression:
    """Read arithmetic from a text.

    Parameters
    ----------
    text : str
        For instance ``"c + a*b"``.

    Returns
    -------
    Expression

    Raises
    ------
    ModelError
        Pointing at what does not fit.

    Examples
    --------
    >>> read_expression("c + a*b").gradient({"a": 2.0, "b": 3.0, "c": 1.0})
    {'c': 1.0, 'a': 3.0, 'b': 2.0}
    """
    *given, after = words(text)
    return expression(text, given, after)


def _operand(source: str, word: Word, following: Word, done: list[Step], waiting: list[Word]) -> bool:
    # Returns whether an operand is still to come.
    if word.kind == "number":
        done.append(Step("number", word.text, finite(source, word)))
        return False
    if word.kind == "name" and following.is_sign("("):
        if word.text not in FUNCTIONS:
            offer = closest(word.text, FUNCTIONS)
            raise trouble(source, word.start, f"{word.text!r} is not one of the functions {listing(FUNCTIONS)}{offer}")
        waiting.append(word)
        return True
    if word.kind == "name":
        done.append(Step("name", word.text))
        return False
    if word.is_sign("("):
        waiting.append(word)
        return True
    if word.is_sign("-"):
        waiting.append(Word("sign", "negative", word.start, word.end))
        return True
    if word.is_sign("+"):
        return True
    raise trouble(source, word.start, f"a label or a number should stand here, not {word.text!r}")


def finite(source: str, word: Word) -> float:
    """Return the number that a word spells.

    Parameters
    ----------
    source : str
        The whole text, for messages.
    word : Word
        Of the kind ``"number"``.

    Returns
    -------
    float

    Raises
    ------
    ModelError
        If it is too large to be a number.
    """
    value = float(word.text)
    if not math.isfinite(value):
        raise trouble(source, word.start, f"{word.text} is too large")
    return value


def _comes_first(waiting: Word, arriving: Word) -> bool:
    if waiting.kind != "sign" or waiting.text == "(":
        return False
    one, other = PRECEDENCE[waiting.text], PRECEDENCE[arriving.text]
    return one > other or (one == other and arriving.text != "^")


def _operator(word: Word) -> Step:
    return Step("operator", word.text)
