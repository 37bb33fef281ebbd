"""What was asked for, checked: groups, means, units of latent variables, what is equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from internal_coherence.errors import ModelError, check_option, listing
from internal_coherence.latent.syntax.grammar import Statements
from internal_coherence.latent.table.completing import Habits, Kind
from internal_coherence.latent.table.groups import Partial, Triple, check_kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of `ParTable`'s constructors, as they were given; see `ParTable.from_syntax`."""

    groups: Sequence[object] = ()
    std_lv: bool = False
    orthogonal: bool = False
    meanstructure: bool | None = None
    effect_coding: bool | str | Sequence[str] = False
    fixed_x: bool = True
    auto: bool = True
    covary_outcomes: bool = True
    group_equal: str | Sequence[str] = ()
    group_partial: Partial = ()
    kind: Kind = "sem"
    observed: Iterable[object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `ParTable.from_syntax` was asked for.

    Parameters
    ----------
    groups : tuple of str
        Labels; none for one group.
    habits : Habits
        How to complete.
    group_equal : tuple of str
        What is equal across groups.
    group_partial : tuple of str or (str, str, str)
        What is not, all the same.
    columns : tuple of str or None
        The variables that the data have.
    """

    groups: tuple[str, ...]
    habits: Habits
    group_equal: tuple[str, ...]
    group_partial: tuple[str | Triple, ...]
    columns: tuple[str, ...] | None


def checked(model: Statements, asked: Asked) -> Options:
    """Return the options, checked against the model and each other.

    Parameters
    ----------
    model : Statements
    asked : Asked

    Returns
    -------
    Options

    Raises
    ------
    ModelError
        For an option that does not exist, or options that contradict each other.
    """
    kinds = check_kinds(asked.group_equal)
    given = asked.group_partial
    partial = (given,) if isinstance(given, str) else tuple(tuple(p) if isinstance(p, list) else p for p in given)
    labels = checked_groups(asked.groups, kinds, partial)
    check_option("kind", asked.kind, get_args(Kind))
    means = wants_means(asked.meanstructure, model, max(1, len(labels)), kinds, asked.kind)
    habits = Habits(
        std_lv=asked.std_lv,
        orthogonal=asked.orthogonal,
        meanstructure=means,
        effect_coding=effect_kinds(asked.effect_coding, meanstructure=means, std_lv=asked.std_lv),
        fixed_x=asked.fixed_x,
        auto=asked.auto,
        covary_outcomes=asked.covary_outcomes,
        kind=asked.kind,
    )
    columns = None if asked.observed is None else tuple(map(str, asked.observed))
    return Options(groups=labels, habits=habits, group_equal=kinds, group_partial=partial, columns=columns)


def has_means(model: Statements) -> bool:
    """Return whether a model speaks of intercepts or means.

    Parameters
    ----------
    model : Statements

    Returns
    -------
    bool
    """
    return any(not term.variable for formula in model.formulas for term in formula.terms)


def wants_means(given: bool | None, model: Statements, n_groups: int, group_equal: Sequence[str], kind: str) -> bool:
    """Return whether means and intercepts are part of the model.

    Parameters
    ----------
    given : bool or None
        What was asked for; None leaves it to the model: of several groups, of growth, or with intercepts written.
    model : Statements
    n_groups : int
    group_equal : sequence of str
    kind : str
        ``"growth"`` has means.

    Returns
    -------
    bool

    Raises
    ------
    ModelError
        If they are refused where something needs them.
    """
    needed = {
        "the model has intercepts (~ 1)": has_means(model),
        "group_equal has intercepts or means": bool({"intercepts", "means"} & set(group_equal)),
        "a growth model is one of means": kind == "growth",
    }
    if given is False:
        for reason, true in needed.items():
            if true:
                raise ModelError(f"meanstructure=False, but {reason}")
        return False
    return bool(given) or any(needed.values()) or n_groups > 1


def effect_kinds(given: bool | str | Sequence[str], *, meanstructure: bool, std_lv: bool) -> tuple[str, ...]:
    """Return what is effect-coded.

    Parameters
    ----------
    given : bool, str or sequence of str
        True is loadings and, with a mean structure, intercepts.
    meanstructure, std_lv : bool

    Returns
    -------
    tuple of str

    Raises
    ------
    ModelError
        For a kind that does not exist, or a second unit beside `std_lv`.
    """
    if isinstance(given, bool):
        given = ("loadings", "intercepts") if given else ()
    kinds = (given,) if isinstance(given, str) else tuple(given)
    for kind in kinds:
        check_option("effect_coding", kind, ("loadings", "intercepts"))
    if std_lv and "loadings" in kinds:
        raise ModelError("effect_coding and std_lv both give latent variables a unit; choose one")
    return tuple(kind for kind in kinds if kind == "loadings" or meanstructure)


def checked_groups(
    groups: Sequence[object], group_equal: Sequence[str], group_partial: Sequence[object]
) -> tuple[str, ...]:
    """Return the labels of groups as text.

    Parameters
    ----------
    groups : sequence
        Labels.
    group_equal, group_partial : sequence
        What needs groups.

    Returns
    -------
    tuple of str

    Raises
    ------
    ModelError
        If labels repeat, or something is to be equal in one group.
    """
    if isinstance(groups, str):
        raise ModelError(f"groups are a list of labels, not the text {groups!r}")
    labels = tuple(str(g) for g in groups)
    if len(set(labels)) < len(labels):
        raise ModelError(f"two groups have the same label: {listing(labels)}")
    if len(labels) < 2 and (group_equal or group_partial):
        raise ModelError("group_equal and group_partial need at least two groups")
    return labels if len(labels) > 1 else ()
