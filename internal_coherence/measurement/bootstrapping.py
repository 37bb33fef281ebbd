"""Bootstrap limits of a reliability coefficient: of teachers as if independent, or of whole schools."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, SmallSampleWarning, warn
from internal_coherence.limits import Limits, PercentileLimits, Scale, SchoolLimits
from internal_coherence.measurement.entrance import ItemTable
from internal_coherence.moments.levels import Missing
from internal_coherence.moments.resampling import ResampledMoments, resample

Array = NDArray[np.float64]
K = TypeVar("K", bound=Hashable)
FEWEST_SCHOOLS: Final = 5
"""With fewer the spread between samples is hardly an estimate of anything."""
DRAWS: Final = 2000
"""Bootstrap samples, unless told otherwise: the limits then wander by about a twentieth of the interval's half."""


def bootstrap_limits(
    table: ItemTable,
    missing: Missing,
    by_school: bool,
    draws: int,
    rng: np.random.Generator,
    statistics: Callable[[ResampledMoments], Mapping[K, Array]],
    scale: Scale = "complement",
) -> dict[K, Limits]:
    """Return the limits of coefficients from bootstrap samples.

    Parameters
    ----------
    table : ItemTable
        The answers.
    missing : {"pairwise", "listwise"}
        How missing answers are treated.
    by_school : bool
        Draw whole schools.
    draws : int
        Samples.
    rng : Generator
        Their source of chance.
    statistics : callable
        From the samples' moments to each coefficient's name and its value in every sample.
    scale : {"complement", "log", "plain"}
        For schools: where the coefficients are most nearly normal.

    Returns
    -------
    dict
        Name to limits: percentiles for teachers; for schools, Student's t.

    Warns
    -----
    SmallSampleWarning
        With fewer than five schools.

    Raises
    ------
    ModelError
        If there are no schools to draw, fewer than 50 draws, or EM moments, which would have to be estimated anew.
    """
    if missing == "em":
        raise ModelError("a bootstrap goes with missing='pairwise' or 'listwise', not 'em'")
    if by_school and table.groups is None:
        raise ModelError("interval='cluster_bootstrap' needs school=, each teacher's school")
    if not isinstance(draws, (int, np.integer)):
        raise ModelError(f"draws={draws!r} is not a whole number")
    if draws < 50:
        raise ModelError(f"draws={draws}: a bootstrap interval needs at least 50, better 1000 or more")
    if by_school and table.groups is not None and 1 < table.groups.n_schools < FEWEST_SCHOOLS:
        count = table.groups.n_schools
        warn(
            f"{table.where}{count} schools are too few for a cluster bootstrap; its limits say little",
            SmallSampleWarning,
        )
    used = table.listwise() if missing == "listwise" else table
    drawn = resample(used.X, used.groups if by_school else None, draws, rng)
    n = drawn.n_units
    if not by_school:
        method = f"bootstrap of {n} independent teachers, {draws} draws"
        return {of: PercentileLimits(draws=values, method=method) for of, values in statistics(drawn).items()}
    method = f"cluster bootstrap of {n} schools, {draws} draws"
    return {
        of: SchoolLimits(draws=values, n_schools=n, method=method, scale=scale)
        for of, values in statistics(drawn).items()
    }
