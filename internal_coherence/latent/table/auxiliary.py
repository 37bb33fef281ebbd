"""Variables that are no part of a model, but tell of missing answers: saturated correlates (Graham 2003).

Each covaries with every other one, and with every observed variable of the model, or what the model leaves of it. So they lend
the estimation what they know of those who did not answer, and take no degree of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, product

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.row import Row


def with_auxiliary(table: ParTable, names: Sequence[str]) -> ParTable:
    """Return a table with saturated correlates.

    Parameters
    ----------
    table : ParTable
        With means.
    names : sequence of str
        Of the auxiliary variables.

    Returns
    -------
    ParTable
        They are the last of `observed`, their rows the last of each group's.

    Raises
    ------
    ModelError
        If they are in the model already, or twice in the list.
    """
    if known := [name for name in names if name in (*table.observed, *table.latent)]:
        raise ModelError(f"auxiliary= names what is in the model already: {listing(known)}")
    if len(set(names)) < len(names):
        raise ModelError(f"auxiliary= names a variable twice: {listing(names)}")
    pairs = [*combinations_with_replacement(names, 2), *product(names, table.observed)]
    rows, n = list(table.entries), table.n_free
    for group in range(1, table.n_groups + 1):
        said = [*((a, "~~", b) for a, b in pairs), *((a, "~1", "") for a in names)]
        for lhs, op, rhs in said:
            n += 1
            rows.append(Row(lhs=lhs, op=op, rhs=rhs, block=group, group=group, free=n))
    return replace(table, entries=tuple(rows), observed=(*table.observed, *names))
