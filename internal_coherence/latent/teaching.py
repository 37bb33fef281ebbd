"""What a user should know of a model and data before the estimates are looked at: said as warnings, and kept as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceWarning, SmallSampleWarning, listing, warn
from internal_coherence.latent.estimation.estimators import Estimator
from internal_coherence.latent.preparing import Rows
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.table.par_table import ParTable

Array = NDArray[np.float64]
FEW_CATEGORIES: Final = 4
"""With so few answers to choose from, taking them for numbers bends loadings and tests (Rhemtulla et al. 2012)."""
ROWS_A_PARAMETER: Final = 5
"""Fewer rows a free parameter make estimates unstable, by a common rule of thumb (Bentler & Chou 1987)."""
GLANCE: Final = 200
"""Rows after which most items are known to have many different answers."""
NAMES_OF_SCHOOLS: Final = ("school", "school_id", "schoolid", "school id")


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
    for column in rows.frame.columns:
        if str(column).strip().casefold() in NAMES_OF_SCHOOLS:
            n = rows.frame[column].nunique()
            if 5 <= n <= len(rows.frame) / 2:
                return str(column)
    return None


def _few_answers(table: ParTable, samples: Sequence[Sample]) -> list[str]:
    """Return the indicators that took few whole numbers."""
    indicators = {row.rhs for row in table.entries if row.op == "=~"}
    found = []
    for k, name in enumerate(table.observed):
        if name not in indicators:
            continue
        values = [s.X[:, k] for s in samples if s.X is not None]
        # A glance at some rows spares sorting all of most items.
        if all(_is_few(x[:GLANCE]) for x in values) and _is_few(np.concatenate(values or [np.zeros(0)])):
            found.append(name)
    return found


def _is_few(values: Array) -> bool:
    """Return whether these are at most a few different whole numbers."""
    distinct = np.unique(values[~np.isnan(values)])
    return len(distinct) <= FEW_CATEGORIES and bool((distinct == np.rint(distinct)).all())
