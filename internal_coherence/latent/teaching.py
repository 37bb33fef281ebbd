"""What a user should know of a model and data before the estimates are looked at: said as warnings, and kept as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceWarning, ModelError, SmallSampleWarning, listing, warn
from internal_coherence.latent.estimation.estimators import Estimator
from internal_coherence.latent.preparing import NAMES_OF_SCHOOLS, Data, Rows
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.moments.sufficient import Moments

Array = NDArray[np.float64]
FEW_CATEGORIES: Final = 4
"""With so few answers to choose from, taking them for numbers bends loadings and tests (Rhemtulla et al. 2012)."""
ROWS_A_PARAMETER: Final = 5
"""Fewer rows a free parameter make estimates unstable, by a common rule of thumb (Bentler & Chou 1987)."""
SCHOOLS: Final = 100
"""Fewer groups than this give untrustworthy estimates of a structure between them (Hox & Maas 2001)."""
GLANCES: Final = (25, 200)
"""Rows after which most items, and nearly all, are known to have many different answers."""


def teach(
    table: ParTable, samples: Sequence[Sample], rows: Rows | None, how: Estimator, n_free: int, kind: str
) -> list[str]:
    """Warn of what makes the results less than they seem.

    Parameters
    ----------
    table : ParTable
        The model.
    samples : sequence of Sample
        The data, group by group.
    rows : Rows or None
        As they were given; None for moments.
    how : Estimator
        How it is estimated.
    n_free : int
        Parameters that are estimated.
    kind : {"cfa", "sem"}
        The verb, for messages.

    Returns
    -------
    list of str
        What was said.
    """
    notes = []
    for message, category in _lessons(table, samples, rows, how, n_free):
        warn(f"{kind}: {message}", category)
        notes.append(message)
    return notes


def refuse_few_schools(data: Data, rows: Rows | None, kind: str) -> None:
    """Refuse a model of schools' means where there are few schools.

    Parameters
    ----------
    data : DataFrame, Responses or Moments
        As given.
    rows : Rows or None
        Of it; None for moments.
    kind : {"cfa", "sem"}
        The verb, for messages.

    Raises
    ------
    ModelError
        With the number of schools, and what to do in place of it.
    """
    schools = _schools_as_rows(data, rows)
    if 0 < schools < SCHOOLS:
        raise ModelError(
            f"{kind}: this is a model of schools, and {schools} schools are too few for one: loadings, standard errors and tests"
            f" want {SCHOOLS} or more (Hox & Maas 2001). Model the teachers with cluster=, or pass insist=True"
        )


def _schools_as_rows(data: Data, rows: Rows | None) -> int:
    """Return how many schools there are, if every row is one; else 0."""
    if isinstance(data, Moments):
        return int(data.n_units or 0) if data.level == "between" else 0
    if rows is None or len(rows.frame) < 2:
        return 0
    frame, n = rows.frame, len(rows.frame)
    named = [c for c in rows.columns if str(c).strip().casefold() in NAMES_OF_SCHOOLS]
    by_index = str(frame.index.name).strip().casefold() in NAMES_OF_SCHOOLS and frame.index.is_unique
    return n if by_index or any(frame[c].is_unique for c in named) else 0


def _lessons(
    table: ParTable, samples: Sequence[Sample], rows: Rows | None, how: Estimator, n_free: int
) -> Iterator[tuple[str, type[CoherenceWarning]]]:
    n = sum(sample.n for sample in samples)
    if n < ROWS_A_PARAMETER * n_free:
        yield f"{n:.0f} rows for {n_free} parameters are few; estimates and tests are unsteady", SmallSampleWarning
    schools = max((int(s.cluster.max()) + 1 for s in samples if s.cluster is not None), default=0)
    if 0 < schools <= n_free:
        message = f"{schools} schools for {n_free} parameters: the test that allows for schools can't be leant on"
        yield message, SmallSampleWarning
    elif 0 < schools < SCHOOLS and how.test == "yuan.bentler.mplus":
        message = (
            f"with {schools} schools the scaled test rejects true models too often; test='satorra.bentler' comes nearer"
        )
        yield message, SmallSampleWarning
    if rows is None:
        return
    if not schools and (column := _unused_schools(rows)) is not None:
        message = f"the rows are of schools ({column!r}); without cluster={column!r} they are taken as independent"
        yield message, CoherenceWarning
    if not how.robust and how.discrepancy in ("ML", "GLS") and (few := _few_answers(table, samples)):
        message = (
            f"items with {FEW_CATEGORIES} answers or fewer are taken for numbers: {listing(few, 4)}; estimator='MLR' makes the"
            " standard errors and the test right, not the loadings"
        )
        yield message, CoherenceWarning


def _unused_schools(rows: Rows) -> str | None:
    """Return a column that looks like the rows' schools."""
    return next((column for column, n in rows.like_schools.items() if 5 <= n <= len(rows.frame) / 2), None)


def _few_answers(table: ParTable, samples: Sequence[Sample]) -> list[str]:
    """Return the indicators that took few whole numbers."""
    indicators = {row.rhs for row in table.entries if row.op == "=~"}
    found = []
    for k, name in enumerate(table.observed):
        if name not in indicators:
            continue
        values = [s.X[:, k] for s in samples if s.X is not None]
        # A glance at some rows spares a look at all of most items.
        glances = (x[:rows] for rows in GLANCES for x in values)
        if values and all(map(_is_few, glances)) and _is_few(np.concatenate(values)):
            found.append(name)
    return found


def _is_few(values: Array) -> bool:
    """Return whether these are at most a few different whole numbers."""
    distinct = {x for x in values.tolist() if x == x}  # NaN is not itself
    return len(distinct) <= FEW_CATEGORIES and all(x == round(x) for x in distinct)
