"""One group, published twice with different numbers of teachers: late forms came in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError

EDITION = "late forms"


def with_editions(
    columns: tuple[str, ...], keys: list[Any], rows: pd.DataFrame, names: Sequence[str]
) -> tuple[tuple[str, ...], list[Any], pd.DataFrame]:
    """Tell releases apart in which the same groups have different numbers, the smaller taken as part of the larger.

    Tables are taken in the order of their release. One in which a group has another number of teachers than before
    begins a new edition; the teachers who are in one and not in the other become a group of their own.

    Parameters
    ----------
    columns : tuple of str
        What teachers are classified by.
    keys : list of Key
        The groups.
    rows : DataFrame
        ``table, key, scale, n`` among its columns.
    names : sequence of str
        Of the tables.

    Returns
    -------
    columns, keys, rows
        With one more column, if there are several editions.

    Raises
    ------
    ModelError
        If a table says two numbers for one group, or if between two editions some groups grew and others shrank.
    """
    editions: list[pd.Series] = []
    edition_of = []
    for number, name in enumerate(names):
        n = rows[rows["table"] == number].dropna(subset="n").groupby(["key", "scale"])["n"]
        if (n.max() > n.min()).any():
            raise ModelError(
                f"{name} has two numbers of teachers for one group; is a classifying column missing from by=?"
            )
        own = n.first()
        at = _belongs(own, editions)
        edition_of.append(at)
        if at == len(editions):
            editions.append(own)
        else:
            editions[at] = editions[at].combine_first(own)
    if len(editions) == 1:
        return columns, keys, rows
    level = _levels(editions, [names[edition_of.index(e)] for e in range(len(editions))])
    return (*columns, EDITION), *_relabelled(keys, rows, np.array([level[e] for e in edition_of]))


def _belongs(own: pd.Series, editions: Sequence[pd.Series]) -> int:
    """Return the latest edition that agrees wherever both speak of the same group; a new one if none does."""
    for at in range(len(editions) - 1, -1, -1):
        both = editions[at].reindex(own.index)
        if not ((both - own).abs() > 1e-9).any():
            return at
    return len(editions)


def _levels(editions: Sequence[pd.Series], names: Sequence[str]) -> list[int]:
    """Return each edition's place from the fewest teachers to the most."""
    larger = np.zeros(len(editions), dtype=int)
    for a in range(len(editions)):
        for b in range(a):
            more = (editions[a] - editions[b]).dropna()
            if (more > 0).any() and (more < 0).any():
                msg = (
                    f"between {names[b]} and {names[a]} some groups grew and others shrank, so neither is part of the"
                    " other; add a classifying column that says which forms each row covers, for instance"
                    " ('early', 'late')"
                )
                raise ModelError(msg)
            larger[a if (more > 0).any() else b] += 1
    return [int(place) for place in np.argsort(np.argsort(larger, kind="stable"))]


def _relabelled(keys: list[Any], rows: pd.DataFrame, level: Any) -> tuple[list[Any], pd.DataFrame]:
    pairs = pd.Series(list(zip(rows["key"], level[rows["table"]], strict=True)))
    codes, distinct = pd.factorize(pairs)
    forms = [frozenset(map(str, range(top + 1))) for top in range(int(level.max()) + 1)]
    return [(*keys[key], forms[top]) for key, top in distinct], rows.assign(key=codes)
