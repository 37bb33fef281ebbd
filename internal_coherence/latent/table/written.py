"""From statements to what the user says of each parameter, in every group."""

from __future__ import annotations

import math
from dataclasses import dataclass

from internal_coherence.errors import ModelError
from internal_coherence.latent.syntax.grammar import Formula, Statements, Term
from internal_coherence.latent.syntax.modifiers import Modifier
from internal_coherence.latent.syntax.words import trouble

Triple = tuple[str, str, str]


@dataclass(slots=True, kw_only=True)
class Written:
    """What was written of one parameter; one entry a group in each list.

    Parameters
    ----------
    lhs, op, rhs : str
        Which.
    values : list of float or None
        Fixed to it; NaN where it must be free, None where nothing is said.
    labels : list of str
        Empty where there is none.
    starts : list of float
        NaN where there is none.
    """

    lhs: str
    op: str
    rhs: str
    values: list[float | None]
    labels: list[str]
    starts: list[float]

    @property
    def triple(self) -> Triple:
        """Its lhs, op and rhs."""
        return self.lhs, self.op, self.rhs


def written(model: Statements, n_groups: int) -> list[Written]:
    """Return what was written, a parameter a row; what is said of one in several places is put together.

    Parameters
    ----------
    model : Statements
        As read.
    n_groups : int
        How many entries ``c()`` should have.

    Returns
    -------
    list of Written
        In order of appearance.

    Raises
    ------
    ModelError
        If two places contradict each other, or ``c()`` has another number of entries.
    """
    found: dict[Triple, Written] = {}
    latent = {name for formula in model.formulas if formula.op == "=~" for name in formula.lhs}
    for formula in model.formulas:
        for lhs in formula.lhs:
            for term in formula.terms:
                key = _key(formula, lhs, term)
                other = (key[2], key[1], key[0])
                turned = key[0] not in latent and key[2] in latent  # latent variables come first, as in lavaan
                if key[1] == "~~" and (other in found or (turned and key not in found)):
                    key = other
                if key not in found:
                    found[key] = Written(
                        lhs=key[0],
                        op=key[1],
                        rhs=key[2],
                        values=[None] * n_groups,
                        labels=[""] * n_groups,
                        starts=[math.nan] * n_groups,
                    )
                for modifier in term.modifiers:
                    _apply(model.source, found[key], modifier, n_groups)
    return list(found.values())


def _key(formula: Formula, lhs: str, term: Term) -> Triple:
    return (lhs, "~1", "") if formula.op == "~" and not term.variable else (lhs, formula.op, term.variable)


def _apply(source: str, row: Written, modifier: Modifier, n_groups: int) -> None:
    given = modifier.values
    if len(given) not in (1, n_groups):
        message = f"{len(given)} entries for {n_groups} group{'s' * (n_groups > 1)}: give one, or one a group"
        raise _refused(source, modifier.place, message)
    what = f"{row.lhs} {row.op} {row.rhs}".rstrip()
    for g in range(n_groups):
        value = given[g] if len(given) > 1 else given[0]
        if isinstance(value, str):
            if value and row.labels[g] and row.labels[g] != value:
                raise _refused(source, modifier.place, f"'{what}' has the labels {row.labels[g]!r} and {value!r}")
            row.labels[g] = value or row.labels[g]
        elif modifier.kind == "start":
            row.starts[g] = value
        else:
            before = row.values[g]
            if before is not None and not (before == value or (math.isnan(before) and math.isnan(value))):
                raise _refused(source, modifier.place, f"'{what}' is said to be {_says(before)} and {_says(value)}")
            row.values[g] = value


def _says(value: float) -> str:
    return "free (NA)" if math.isnan(value) else f"{value:g}"


def _refused(source: str, place: int, message: str) -> ModelError:
    return trouble(source, place, message) if source else ModelError(message)
