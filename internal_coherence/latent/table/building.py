"""From statements to the rows of a table: written, completed, made equal across groups, numbered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.latent.syntax.grammar import Statements
from internal_coherence.latent.syntax.words import trouble
from internal_coherence.latent.table.asking import Options
from internal_coherence.latent.table.completing import complete
from internal_coherence.latent.table.effect_coding import effect_coding
from internal_coherence.latent.table.groups import equal_labels, free_of_units, released
from internal_coherence.latent.table.roles import Roles, roles
from internal_coherence.latent.table.row import Row
from internal_coherence.latent.table.written import written


def build(model: Statements, options: Options) -> tuple[list[Row], Roles]:
    """Return the rows of a model, and what its variables are.

    Parameters
    ----------
    model : Statements
        As read.
    options : Options
        As asked.

    Returns
    -------
    list of Row
        Numbered.
    Roles

    Raises
    ------
    ModelError
        If the model is empty or contradicts itself, the data or the options.
    """
    if not model.formulas:
        raise ModelError("the model is empty: it says nothing of any variable")
    n_groups = max(1, len(options.groups))
    habits = options.habits
    said = written(model, n_groups)
    who = roles(w.triple for w in said)
    if not who.observed:
        raise ModelError(f"the model has latent variables only, {listing(who.latent)}: nothing in it is observed")
    _check_columns(model, who, options.columns)
    groups = [complete(said, who, habits, g + 1) for g in range(n_groups)]
    if options.group_equal:
        groups = free_of_units(groups, options.group_equal, std_lv=habits.std_lv)
        groups = equal_labels(groups, who, options.group_equal, released(options.group_partial))
    added: list[Row] = []
    if habits.effect_coding and habits.auto:
        groups, added = effect_coding(groups, habits.effect_coding)
    constraints = [
        Row(lhs=str(c.lhs), op=c.op, rhs=str(c.rhs), user=1, label=str(c.lhs) if c.op == ":=" else "")
        for c in model.constraints
    ]
    return numbered([*chain.from_iterable(groups), *constraints, *added]), who


def numbered(rows: Sequence[Row]) -> list[Row]:
    """Return rows whose free parameters are counted from 1.

    Parameters
    ----------
    rows : sequence of Row
        `free` is 0 for what is fixed.

    Returns
    -------
    list of Row
    """
    done: list[Row] = []
    n = 0
    for row in rows:
        n += row.free > 0
        done.append(row._replace(free=n) if row.free else row)
    return done


def _check_columns(model: Statements, who: Roles, columns: Sequence[str] | None) -> None:
    if columns is None:
        return
    known = set(columns)
    for name in who.latent:
        if name in known:
            message = f"{name!r} is measured in the model and a column of the data as well; give the latent variable another name"
            raise _at(model, name, message)
    for name in who.observed:
        if name not in known:
            message = f"{name!r} is neither a column of the data nor measured (=~) in the model{closest(name, columns)}"
            raise _at(model, name, message)


def _at(model: Statements, name: str, message: str) -> ModelError:
    for formula in model.formulas:
        for term in formula.terms:
            if term.variable == name and model.source:
                return trouble(model.source, term.place, message)
    return ModelError(message)
