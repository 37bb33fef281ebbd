"""Bootstrap limits of a reliability coefficient: of teachers as if independent, or of whole schools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.measurement.entrance import ItemTable
from internal_coherence.measurement.limits import PercentileLimits, Scale, SchoolLimits
from internal_coherence.moments.levels import Missing
from internal_coherence.moments.resampling import ResampledMoments, resample

Array = NDArray[np.float64]
DRAWS: Final = 2000
"""Bootstrap samples, unless told otherwise: the limits then wander by about a twentieth of the interval's half."""


def bootstrap_limits(
    table: ItemTable,
    missing: Missing,
    by_school: bool,
    draws: int,
    rng: np.random.Generator,
    statistic: Callable[[ResampledMoments], Array],
    scale: Scale = "complement",
) -> PercentileLimits | SchoolLimits:
    """Return the limits of a coefficient from bootstrap samples.

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
    statistic : callable
        From the samples' moments to the coefficient of each.
    scale : {"complement", "log", "plain"}
        For schools: where the coefficient is most nearly normal.

    Returns
    -------
    PercentileLimits or SchoolLimits
        Percentiles for teachers; for schools, Student's t.

    Raises
    ------
    ModelError
        If there are no schools to draw, fewer than 50 draws, or EM moments, which would have to be estimated anew.
    """
    if missing == "em":
        raise ModelError("a bootstrap goes with missing='pairwise' or 'listwise', not 'em'")
    if by_school and table.groups is None:
        raise ModelError("interval='cluster_bootstrap' needs school=, each teacher's school")
    if draws < 50:
        raise ModelError(f"draws={draws}: a bootstrap interval needs at least 50, better 1000 or more")
    used = table.listwise() if missing == "listwise" else table
    drawn = resample(used.X, used.groups if by_school else None, draws, rng)
    values = statistic(drawn)
    if not by_school:
        return PercentileLimits(
            draws=values, method=f"bootstrap of {drawn.n_units} independent teachers, {draws} draws"
        )
    method = f"cluster bootstrap of {drawn.n_units} schools, {draws} draws"
    return SchoolLimits(draws=values, n_schools=drawn.n_units, method=method, scale=scale)
