"""What groups have in common: `group_equal` and `group_partial`, and effect coding within each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent.syntax.grammar import read_model
from internal_coherence.latent.table.roles import Roles
from internal_coherence.latent.table.row import Row

KINDS: Final = (
    "loadings",
    "intercepts",
    "means",
    "regressions",
    "residuals",
    "residual_covariances",
    "lv_variances",
    "lv_covariances",
)
Triple = tuple[str, str, str]
Partial = str | Sequence[str | Triple]
"""What is not equal all the same: ``"f =~ x2"``, ``"x3 ~ 1"``, or left side, operator and right side apart."""


def check_kinds(group_equal: Sequence[str] | str) -> tuple[str, ...]:
    """Return the kinds of parameters that are to be equal, dots turned to underscores.

    Parameters
    ----------
    group_equal : str or sequence of str
        lavaan's names.

    Returns
    -------
    tuple of str

    Raises
    ------
    ModelError
        For a kind that does not exist.
    """
    given = (group_equal,) if isinstance(group_equal, str) else tuple(group_equal)
    kinds = tuple(kind.replace(".", "_") if isinstance(kind, str) else kind for kind in given)
    for kind in kinds:
        check_option("group_equal", kind, KINDS)
    return kinds


def released(group_partial: Partial) -> frozenset[Triple]:
    """Return the parameters that may differ all the same.

    Parameters
    ----------
    group_partial : str, or sequence of str or (str, str, str)
        For instance ``"f =~ x2"``, ``"x3 ~ 1"``, or ``("x3", "~1", "")``.

    Returns
    -------
    frozenset of (str, str, str)
        Covariances both ways round.
    """
    found: set[Triple] = set()
    for given in (group_partial,) if isinstance(group_partial, str) else group_partial:
        found |= set(_named(given)) if isinstance(given, str) else {given}
    return frozenset(found | {(rhs, op, lhs) for lhs, op, rhs in found if op == "~~"})


def _named(text: str) -> Iterator[Triple]:
    for formula in read_model(text).formulas:
        for lhs in formula.lhs:
            for term in formula.terms:
                yield lhs, formula.op if term.variable else "~1", term.variable


def kind_of(row: Row, roles: Roles) -> str:
    """Return which kind of parameter a row is; empty for what is never made equal.

    Parameters
    ----------
    row : Row
    roles : Roles

    Returns
    -------
    str
    """
    if row.op == "=~":
        return "loadings"
    if row.op == "~":
        return "regressions"
    latent = {row.lhs, row.rhs} & set(roles.latent)
    if not latent and (row.lhs in roles.covariates or row.rhs in roles.covariates):
        return ""
    if row.op == "~1":
        return "means" if latent else "intercepts"
    if row.lhs == row.rhs:
        return "lv_variances" if latent else "residuals"
    return "lv_covariances" if latent else "residual_covariances"


def free_of_units(groups: list[list[Row]], kinds: Sequence[str], *, std_lv: bool) -> list[list[Row]]:
    """Free in later groups what equal loadings or intercepts determine there.

    With equal intercepts the latent means of later groups, with `std_lv` and equal loadings their variances.

    Parameters
    ----------
    groups : list of list of Row
        All rows, by group.
    kinds : sequence of str
        What is equal.
    std_lv : bool
        Whether variances are 1 in the first group.

    Returns
    -------
    list of list of Row
    """
    latent = {row.lhs for row in groups[0] if row.op == "=~"}
    means = "intercepts" in kinds and "means" not in kinds
    variances = std_lv and "loadings" in kinds and "lv_variances" not in kinds

    def freed(row: Row) -> bool:
        if row.user or row.free or row.exo or row.lhs not in latent:
            return False
        return (means and row.op == "~1") or (variances and row.op == "~~" and row.lhs == row.rhs and row.value == 1)

    return [
        groups[0],
        *([r._replace(free=1, value=float("nan")) if freed(r) else r for r in rows] for rows in groups[1:]),
    ]


def equal_labels(
    groups: list[list[Row]], roles: Roles, kinds: Sequence[str], partial: frozenset[Triple]
) -> list[list[Row]]:
    """Give what is to be equal in all groups the same label; labels of the user's own stay as they are.

    Parameters
    ----------
    groups : list of list of Row
        By group, the same parameters in the same order.
    roles : Roles
        Of the variables.
    kinds : sequence of str
        What is equal.
    partial : frozenset of (str, str, str)
        What is not.

    Returns
    -------
    list of list of Row

    Raises
    ------
    ModelError
        If `partial` names a parameter that the model does not have, or values were written that are not equal.
    """
    present = {(row.lhs, row.op, row.rhs) for row in groups[0]}
    if unknown := [t for t in sorted(partial) if t not in present and (t[2], t[1], t[0]) not in present]:
        raise ModelError(f"group_partial: the model has no parameter {''.join(unknown[0])!r}")
    taken = {row.label for rows in groups for row in rows}
    new = [list(rows) for rows in groups]
    for k, first in enumerate(groups[0]):
        across = [rows[k] for rows in groups]
        if any(r.label for r in across) or (first.lhs, first.op, first.rhs) in partial:
            continue
        if kind_of(first, roles) not in kinds:
            continue
        values = {r.value for r in across if r.user and not r.free}
        if len(values) > 1:
            given = " and ".join(f"{value:g}" for value in sorted(values))
            message = f"{first.name!r} is fixed to {given} in different groups, and group_equal wants it equal"
            raise ModelError(f"{message}; release it with group_partial")
        free = [g for g, r in enumerate(across) if r.free]
        if len(free) < 2:
            continue
        label = unused(f".p{k + 1}.", taken)
        for g in free:
            new[g][k] = across[g]._replace(label=label)
    return new


def unused(label: str, taken: set[str]) -> str:
    """Return a label that nobody has taken.

    Parameters
    ----------
    label : str
        The first choice.
    taken : set of str
        What there is.

    Returns
    -------
    str
    """
    while label in taken:
        label = f"{label}_"
    return label
