"""Small groups joined with the next smallest of their school."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import pandas as pd

from internal_coherence.responses.record import natural_order

Label = tuple[str, ...]


def joined(sizes: Mapping[str, int], least: int) -> dict[str, Label]:
    """Join the smallest group with the next smallest, until none is too small or one is left.

    Parameters
    ----------
    sizes : mapping of str to int
        Teachers in each group.
    least : int
        The fewest that a group may have.

    Returns
    -------
    dict
        For each group the groups that it is shown with, itself included.

    Examples
    --------
    >>> joined({"Aide": 2, "Coach": 4, "Teacher": 20}, least=5)
    {'Aide': ('Aide', 'Coach'), 'Coach': ('Aide', 'Coach'), 'Teacher': ('Teacher',)}
    """
    groups: list[tuple[int, Label]] = sorted(((n, (name,)) for name, n in sizes.items()), key=_by_size)
    while len(groups) > 1 and groups[0][0] < least:
        (n, one), (m, other), *rest = groups
        groups = sorted([(n + m, tuple(sorted((*one, *other), key=natural_order))), *rest], key=_by_size)
    return {name: label for _, label in sorted(groups, key=_by_size) for name in label}


def _by_size(group: tuple[int, Label]) -> tuple[int, list[tuple[int, float, str]]]:
    return group[0], [natural_order(name) for name in group[1]]


def pooled_labels(groups: pd.DataFrame, least: int) -> pd.Series:
    """Return for every teacher the groups with which their own is shown.

    Parameters
    ----------
    groups : DataFrame
        One row a teacher; in each combination of all columns but the last, groups of the last are joined.
    least : int
        The fewest teachers.

    Returns
    -------
    Series
        A tuple of values where several are joined, else the value.
    """
    *within, last = list(groups.columns)
    sizes = groups.groupby(list(groups.columns), sort=False).size()
    shown: dict[Hashable, str | Label] = {}
    for place, own in sizes.groupby(level=within, sort=False):
        where = place if isinstance(place, tuple) else (place,)
        for name, label in joined({str(index[-1]): int(n) for index, n in own.items()}, least).items():  # type: ignore[index]
            shown[(*where, name)] = label[0] if len(label) == 1 else label
    return pd.Series(
        [shown[row] for row in groups.itertuples(index=False, name=None)], index=groups.index, name=last, dtype=object
    )
