"""Statements of a model: ``f =~ x1 + a*x2``, ``y ~ x``, ``x1 ~~ x2``, ``y ~ 1``, ``ab := a*b``, ``a == b``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from internal_coherence.latent.syntax.arithmetic import expression
from internal_coherence.latent.syntax.expressions import Expression
from internal_coherence.latent.syntax.modifiers import Modifier, read_modifiers
from internal_coherence.latent.syntax.words import Word, statements, trouble

FORMULAS: Final = ("=~", "~", "~~")
CONSTRAINTS: Final = (":=", "==", "<", ">", "<=", ">=")
NOT_YET: Final = {
    "<~": "composites (<~) are not supported",
    "|": "thresholds (|) belong to ordered items, which are not supported yet",
    "~*~": "response scales (~*~) belong to ordered items, which are not supported yet",
    "=": "'=' is no operator of a model; '=~' measures, '~' regresses, '==' constrains",
    "?": "'?' is not supported; write start(0.8)*x for a starting value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a formula says of one variable.

    Parameters
    ----------
    variable : str
        Its name; empty for an intercept, ``y ~ 1``.
    modifiers : tuple of Modifier
        What stands before it with ``*``.
    place : int
        Where in the text.
    """

    variable: str
    modifiers: tuple[Modifier, ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Variables, an operator, and terms: each variable goes with each term.

    Parameters
    ----------
    lhs : tuple of str
        On the left.
    op : str
        ``=~``, ``~`` or ``~~``.
    terms : tuple of Term
        On the right.
    """

    lhs: tuple[str, ...]
    op: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A definition, an equality, or an inequality.

    Parameters
    ----------
    lhs, rhs : Expression
        Its sides; the left one of ``:=`` is a name.
    op : str
        ``:=``, ``==``, ``<`` or ``>``.
    place : int
        Where in the text.
    """

    lhs: Expression
    op: str
    rhs: Expression
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """A model as it was written.

    Parameters
    ----------
    formulas, constraints : tuple
        In order.
    source : str
        The text, for messages.
    """

    formulas: tuple[Formula, ...]
    constraints: tuple[Constraint, ...] = ()
    source: str = ""


@lru_cache(maxsize=64)
def read_model(text: str) -> Statements:
    """Read a model's text; one that is read again and again is read once.

    Parameters
    ----------
    text : str
        In lavaan's language.

    Returns
    -------
    Statements

    Raises
    ------
    ModelError
        With line, column and a caret where the text can't be read.
    """
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    formulas: list[Formula] = []
    constraints: list[Constraint] = []
    for statement in statements(source):
        at = _operator(source, statement)
        left, op, right = statement[:at], statement[at], statement[at + 1 :]
        if op.text in FORMULAS:
            formulas.append(_formula(source, left, op, right))
        else:
            constraints.append(_constraint(source, left, op, right))
    return Statements(formulas=tuple(formulas), constraints=tuple(constraints), source=source)


def _operator(source: str, statement: Sequence[Word]) -> int:
    places = [k for k, w in enumerate(statement) if w.is_sign(*FORMULAS, *CONSTRAINTS, *NOT_YET, ":")]
    if not places:
        message = (
            "this line has no operator: a model's lines say what measures (=~), depends on (~) or goes with (~~) what"
        )
        raise trouble(source, statement[0].start, message)
    word = statement[places[0]]
    if word.text == ":":
        raise trouble(source, word.start, _heading(statement[0].text))
    for k in places:
        if statement[k].text in NOT_YET:
            raise trouble(source, statement[k].start, NOT_YET[statement[k].text])
    if len(places) > 1:
        second = statement[places[1]]
        message = (
            "products of variables (x:z) are not supported; make the product a column of the data"
            if second.text == ":"
            else f"a second operator, {second.text!r}, in one statement: is a line break missing before it?"
        )
        raise trouble(source, second.start, message)
    return places[0]


def _heading(word: str) -> str:
    if word == "level":
        return "models of two levels (level: 1) are not supported yet"
    if word in ("group", "block"):
        return (
            f"headings ({word}: …) are not supported; give what differs between groups as c(…, …)*x, one entry a group"
        )
    return "':' has no meaning here; a definition is written with ':='"


def _formula(source: str, left: Sequence[Word], op: Word, right: Sequence[Word]) -> Formula:
    lhs = tuple(name for name, _ in _names(source, left, op))
    terms = tuple(_terms(source, op, right))
    for term in terms:
        if not term.variable and op.text != "~":
            raise trouble(source, term.place, "1 stands for an intercept, which is written with ~, as in 'y ~ 1'")
        if term.variable in lhs and op.text != "~~":
            what = "measured by itself" if op.text == "=~" else "regressed on itself"
            raise trouble(source, term.place, f"{term.variable!r} can't be {what}")
    return Formula(lhs=lhs, op=op.text, terms=terms)


def _names(source: str, left: Sequence[Word], op: Word) -> list[tuple[str, int]]:
    found = []
    for k, word in enumerate(left):
        if k % 2 == 0 and word.kind in ("name", "text"):
            found.append((word.text, word.start))
        elif not (k % 2 == 1 and word.is_sign("+")):
            message = f"names joined by + should stand before {op.text!r}, not {word.text!r}"
            if word.is_sign("*"):
                message += "; modifiers stand on the right"
            raise trouble(source, word.start, message)
    if len(left) % 2 == 0:
        raise trouble(source, op.start, f"a name should stand before {op.text!r}")
    for name, place in found:
        if not name.strip():
            raise trouble(source, place, "a name is empty")
    return found


def _terms(source: str, op: Word, right: Sequence[Word]) -> list[Term]:
    found: list[Term] = []
    k = 0
    if right[0].kind == "end":
        raise trouble(source, right[0].start, f"a variable should stand after {op.text!r}")
    while True:
        modifiers, k = read_modifiers(source, right, k)
        word = right[k]
        if word.kind == "number" and op.text == "~" and word.text in ("0", "1"):
            zero = () if word.text == "1" else (Modifier(kind="value", values=(0.0,), place=word.start),)
            found.append(Term(variable="", modifiers=(*modifiers, *zero), place=word.start))
        elif word.kind == "number" and word.text == "1":
            found.append(Term(variable="", modifiers=modifiers, place=word.start))
        elif word.kind in ("name", "text") and word.text.strip():
            found.append(Term(variable=word.text, modifiers=modifiers, place=word.start))
        else:
            shown = f", not {word.text!r}" if word.text else ""
            raise trouble(source, word.start, f"a variable should stand here{shown}")
        following = right[k + 1]
        if following.kind == "end":
            return found
        if not following.is_sign("+"):
            raise trouble(source, following.start, f"'+' or the end of the line should stand before {following.text!r}")
        k += 2


def _constraint(source: str, left: Sequence[Word], op: Word, right: Sequence[Word]) -> Constraint:
    lhs = expression(source, left, op)
    if op.text == ":=" and not lhs.is_name:
        raise trouble(source, left[0].start, "one name should stand before ':='")
    rhs = expression(source, right[:-1], right[-1])
    return Constraint(
        lhs=lhs, op=op.text.removesuffix("=") if op.text in ("<=", ">=") else op.text, rhs=rhs, place=op.start
    )
