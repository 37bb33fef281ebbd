"""What a reader of a check should know beside its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from internal_coherence.errors import listing
from internal_coherence.ordering.checking.without_data import MOST_EQUIVALENT
from internal_coherence.ordering.evidence import StageCovariance
from internal_coherence.ordering.graphs import Graph, MixedGraph
from internal_coherence.ordering.orders import Order

FEW_SCHOOLS: Final = 10
ALMOST_ONE: Final = 0.9


def notes_of(
    order: Order, found: Sequence[StageCovariance], left: MixedGraph, equivalent: tuple[Graph, ...]
) -> tuple[str, ...]:
    """Return what to know of a check: what is not measured, left out, not listed, or unsteady.

    Parameters
    ----------
    order : Order
    found : sequence of StageCovariance
        Of the levels that were looked at.
    left : MixedGraph
        The order among its measured stages.
    equivalent : tuple of Graph
        As listed.

    Returns
    -------
    tuple of str
    """
    notes = [note for covariance in found for note in (*covariance.notes, *_cautions(covariance))]
    seen = {stage for covariance in found for stage in covariance.stages}
    if hidden := [stage.key for stage in order.stages if stage.key not in seen]:
        notes.append(
            f"nothing measures {listing(hidden)}: arrows through it join its neighbours, and what is said is said of them"
        )
    if not left.confounded and not equivalent:
        notes.append(f"more than {MOST_EQUIVALENT} graphs imply the same, and are not listed")
    if left.confounded:
        pairs = ", ".join(f"{a} and {b}" for a, b in left.confounded)
        notes.append(
            f"unmeasured stages stand behind {pairs}: other orders are not compared, and equivalents not listed"
        )
    notes += [
        f"{covariance.level} schools: {covariance.n_excluded} teachers are left out, for missing answers or as a school's only one"
        for covariance in found
        if covariance.n_excluded
    ]
    return tuple(notes)


def _cautions(covariance: StageCovariance) -> Iterator[str]:
    """Say what makes a level's numbers unsteady."""
    if covariance.n_schools < FEW_SCHOOLS:
        yield f"{covariance.level} schools: {covariance.n_schools} schools are so few that their standard errors can't be leant on"
    first, second = np.triu_indices(len(covariance.stages), 1)
    for i, j in zip(first, second, strict=True):
        if abs(r := covariance.correlations[i, j]) > ALMOST_ONE:
            pair = f"{covariance.stages[i]} and {covariance.stages[j]}"
            yield f"{covariance.level} schools: {pair} correlate {r:.2f}; one given the other is next to nothing"
