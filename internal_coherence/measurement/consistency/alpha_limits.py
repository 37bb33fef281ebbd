"""The intervals of coefficient alpha, and what each assumes."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np

from internal_coherence.limits import BonettLimits, FeldtLimits, Limits, WaldLimits
from internal_coherence.measurement.bootstrapping import bootstrap_limits
from internal_coherence.measurement.consistency.coefficients import (
    alpha_influence,
    alpha_variance_normal,
    coefficient_alpha,
)
from internal_coherence.measurement.entrance import ItemTable
from internal_coherence.moments.levels import Missing
from internal_coherence.moments.sufficient import Moments

Interval = Literal["feldt", "bonett", "duhachek", "adf", "bootstrap", "cluster_bootstrap"]
INTERVALS: Final[tuple[str, ...]] = get_args(Interval)
OF_ANSWERS: Final = ("adf", "bootstrap", "cluster_bootstrap")
"""The intervals that moments alone can't give."""


def standard_error(moments: Moments) -> float:
    """Return Duhachek & Iacobucci's standard error of alpha.

    Parameters
    ----------
    moments : Moments
        Of the items.

    Returns
    -------
    float
        NaN if n is not known.
    """
    n = moments.n_units
    return float("nan") if n is None else float(np.sqrt(np.maximum(alpha_variance_normal(moments.cov), 0.0) / n))


def limits_of_moments(moments: Moments, interval: Interval) -> Limits:
    """Return the limits that need no more than the moments.

    Parameters
    ----------
    moments : Moments
        Of the items.
    interval : {"feldt", "bonett", "duhachek"}
        Which.

    Returns
    -------
    Limits
    """
    n, k = moments.n_units or 0, len(moments.names)
    method = f"{interval}, independent {'schools' if moments.level == 'between' else 'teachers'}"
    if interval == "bonett":
        return BonettLimits(n=n, k=k, method=method)
    if interval == "duhachek":
        return WaldLimits(se=standard_error(moments), method=method)
    return FeldtLimits(n=n, k=k, method=method)


def limits_of_answers(
    table: ItemTable, missing: Missing, interval: Interval, draws: int, rng: np.random.Generator
) -> Limits:
    """Return the limits that need the answers.

    Parameters
    ----------
    table : ItemTable
        The answers.
    missing : {"pairwise", "listwise"}
        How missing answers are treated.
    interval : {"adf", "bootstrap", "cluster_bootstrap"}
        Which.
    draws : int
        Bootstrap samples.
    rng : Generator
        Their source of chance.

    Returns
    -------
    Limits

    Raises
    ------
    ModelError
        For a cluster bootstrap without schools, or a bootstrap of EM estimates.
    """
    if interval != "adf":
        by_school = interval == "cluster_bootstrap"
        of_alpha = bootstrap_limits(
            table, missing, by_school, draws, rng, lambda drawn: {"alpha": coefficient_alpha(drawn.cov)}
        )
        return of_alpha["alpha"]
    Z = table.listwise().X
    if len(Z) < 2:
        return WaldLimits(se=float("nan"), method="adf: fewer than two teachers answered every item")
    Z = Z - Z.mean(axis=0)
    influence = alpha_influence(Z, Z.T @ Z / (len(Z) - 1))
    se = float(np.sqrt(influence.var(ddof=1) / len(Z)))
    return WaldLimits(se=se, method=f"adf, {len(Z)} independent teachers who answered every item")
