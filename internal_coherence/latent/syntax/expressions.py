"""Arithmetic of parameters: ``total := c + a*b``, read, evaluated and differentiated without ever running it as code.

An expression is kept in postfix order, ``a b * c +``: whatever is done to it is one loop over its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError, listing

Array = NDArray[np.float64]

PRECEDENCE: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "negative": 3, "^": 4}
MOST_STEPS: Final = 20_000

FUNCTIONS: Final[Mapping[str, Callable[[Array], Array]]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
_SLOPES: Final[Mapping[str, Callable[[Array], Array]]] = {
    "exp": np.exp,
    "log": lambda u: 1 / u,
    "sqrt": lambda u: 0.5 / np.sqrt(u),
    "abs": np.sign,
}


class Step(NamedTuple):
    """A number, a name, a function, or an operator, which work on what came before."""

    kind: Literal["number", "name", "function", "operator"]
    text: str
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Expression:
    """Parsed arithmetic with + − * / ^, parentheses, numbers, names, and exp, log, sqrt, abs.

    Parameters
    ----------
    steps : tuple of Step
        In postfix order.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if len(self.steps) > MOST_STEPS:
            raise ModelError(f"an expression of over {MOST_STEPS} steps, definitions filled in: this is hardly meant")

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it, in order of appearance."""
        return tuple(dict.fromkeys(step.text for step in self.steps if step.kind == "name"))

    @property
    def is_name(self) -> bool:
        """Whether it is a name and nothing else."""
        return len(self.steps) == 1 and self.steps[0].kind == "name"

    def evaluate(self, values: Mapping[str, ArrayLike]) -> float | Array:
        """Return its value; NaN or infinite where arithmetic has none.

        Parameters
        ----------
        values : mapping of str to float or array
            Of every name in it; other names may be there too.

        Returns
        -------
        float or array
            As the values are.

        Raises
        ------
        ModelError
            If a name has no value.
        """
        stack: list[Array] = []
        with np.errstate(all="ignore"):
            for step in self.steps:
                if step.kind == "number":
                    stack.append(np.asarray(step.value))
                elif step.kind == "name":
                    stack.append(np.asarray(_value(values, step.text), dtype=np.float64))
                elif step.kind == "function":
                    stack.append(FUNCTIONS[step.text](stack.pop()))
                elif step.text == "negative":
                    stack.append(-stack.pop())
                else:
                    right, left = stack.pop(), stack.pop()
                    stack.append(_combined(step.text, left, right))
        result = stack.pop()
        return result if result.ndim else float(result)

    def gradient(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the exact derivative by every name in it.

        Parameters
        ----------
        values : mapping of str to float
            Where.

        Returns
        -------
        dict of str to float
            One a name; forward-mode, to machine precision.
        """
        names = self.names
        unit = np.eye(len(names))
        nothing = np.zeros(len(names))
        stack: list[tuple[Array, Array]] = []
        with np.errstate(all="ignore"):
            for step in self.steps:
                if step.kind == "number":
                    stack.append((np.asarray(step.value), nothing))
                elif step.kind == "name":
                    value = np.asarray(_value(values, step.text), dtype=np.float64)
                    stack.append((value, unit[names.index(step.text)]))
                elif step.kind == "function":
                    u, du = stack.pop()
                    stack.append((FUNCTIONS[step.text](u), _scaled(_SLOPES[step.text](u), du)))
                elif step.text == "negative":
                    u, du = stack.pop()
                    stack.append((-u, -du))
                else:
                    (v, dv), (u, du) = stack.pop(), stack.pop()
                    stack.append((_combined(step.text, u, v), _slope(step.text, u, du, v, dv)))
        return dict(zip(names, map(float, stack.pop()[1]), strict=True))

    def substitute(self, known: Mapping[str, Expression]) -> Expression:
        """Return the expression with some names replaced.

        Parameters
        ----------
        known : mapping of str to Expression
            What stands for a name.

        Returns
        -------
        Expression
        """
        filled: list[Step] = []
        for step in self.steps:
            filled.extend(known[step.text].steps if step.kind == "name" and step.text in known else (step,))
            if len(filled) > MOST_STEPS:
                break
        return Expression(tuple(filled))

    def minus(self, other: Expression) -> Expression:
        """Return the difference of two expressions.

        Parameters
        ----------
        other : Expression
            What to subtract.

        Returns
        -------
        Expression
        """
        if other.steps == (Step("number", "0", 0.0),):
            return self
        return Expression((*self.steps, *other.steps, Step("operator", "-")))

    def __str__(self) -> str:
        stack: list[tuple[str, int]] = []
        for step in self.steps:
            if step.kind in ("number", "name"):
                stack.append((step.text, 9))
            elif step.kind == "function":
                stack.append((f"{step.text}({stack.pop()[0]})", 9))
            elif step.text == "negative":
                shown, inner = stack.pop()
                stack.append((f"-{shown if inner > 3 else f'({shown})'}", 3))
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(_written(step.text, left, right))
        return stack.pop()[0]


def number(value: float) -> Expression:
    """Return an expression that is a number.

    Parameters
    ----------
    value : float

    Returns
    -------
    Expression
    """
    size = Step("number", repr(abs(float(value))).removesuffix(".0"), abs(float(value)))
    return Expression((size, Step("operator", "negative")) if value < 0 else (size,))


def name(label: str) -> Expression:
    """Return an expression that is a name.

    Parameters
    ----------
    label : str

    Returns
    -------
    Expression
    """
    return Expression((Step("name", label),))


def _value(values: Mapping[str, ArrayLike], label: str) -> ArrayLike:
    if label not in values:
        raise ModelError(f"no value for {label!r} in an expression; there are values for {listing(values)}")
    return values[label]


def _combined(operator: str, left: Array, right: Array) -> Array:
    if operator == "+":
        return np.asarray(left + right)
    if operator == "-":
        return np.asarray(left - right)
    if operator == "*":
        return np.asarray(left * right)
    if operator == "/":
        return np.asarray(np.true_divide(left, right))
    return np.asarray(np.float_power(left, right))


def _slope(operator: str, u: Array, du: Array, v: Array, dv: Array) -> Array:
    if operator == "+":
        return du + dv
    if operator == "-":
        return du - dv
    if operator == "*":
        return _scaled(v, du) + _scaled(u, dv)
    if operator == "/":
        return _scaled(np.true_divide(1, v), du) - _scaled(np.true_divide(u, v * v), dv)
    by_base = np.asarray(v * np.float_power(u, v - 1)) if v != 0 else np.asarray(0.0)
    return _scaled(by_base, du) + _scaled(np.asarray(np.float_power(u, v) * np.log(u)), dv)


def _scaled(factor: Array, slope: Array) -> Array:
    # What does not depend on a name has no slope in it, even where the factor is infinite or missing.
    return np.where(slope == 0, 0.0, factor * slope)


def _written(operator: str, left: tuple[str, int], right: tuple[str, int]) -> tuple[str, int]:
    level = PRECEDENCE[operator]
    # a - (b - c), a/(b*c) and (a^b)^c need their parentheses; so does a negative number anywhere but in front.
    first = left[0] if left[1] > level or (left[1] == level and operator != "^") else f"({left[0]})"
    keep = right[1] > level or (right[1] == level and operator == "^")
    second = right[0] if keep and not right[0].startswith("-") else f"({right[0]})"
    return f"{first}{operator}{second}", level
