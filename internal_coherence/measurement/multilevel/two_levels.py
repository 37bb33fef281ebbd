"""The verb: reliability of a scale within and between schools, and of school means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import (
    ConvergenceWarning,
    ImproperSolutionWarning,
    ResponseError,
    SmallSampleWarning,
    check_draws,
    check_option,
    listing,
    warn,
)
from internal_coherence.limits import Limits
from internal_coherence.measurement.entrance import Items, ItemTable, each_scale
from internal_coherence.measurement.multilevel.coefficients import Coefficient
from internal_coherence.measurement.multilevel.estimating import (
    ESTIMATORS,
    Estimates,
    Estimator,
    cluster_bootstrap_limits,
    estimated,
    monte_carlo_limits,
)
from internal_coherence.measurement.multilevel.model_tables import loading_table, model_table
from internal_coherence.measurement.multilevel.reliability_record import Interval, MultilevelReliability
from internal_coherence.moments.grouping import Groups
from internal_coherence.moments.two_level_sums import school_sums
from internal_coherence.records import ByScale

Array = NDArray[np.float64]
INTERVALS: Final[tuple[str, ...]] = get_args(Interval)
FEW_SCHOOLS: Final = 20
"""With fewer, what is between schools is hardly known; simulations of these coefficients began at 50."""


def multilevel_reliability(
    items: Items,
    school: ArrayLike | pd.Series | None = None,
    *,
    estimator: Estimator = "ml",
    interval: Interval | None = None,
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> MultilevelReliability | ByScale[MultilevelReliability]:
    """Reliability of a scale within schools, between schools, and of school means.

    Parameters
    ----------
    items : DataFrame or (n, k) array of items, or Responses
        Rows are teachers; items coded in one direction; NaN missing. `Responses` of one wave give every scale.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    estimator : {"ml", "muml"}
        Covariances at both levels by maximum likelihood; or from mean squares (Muthén 1989), which is exact with schools
        of one size and needs no more than two schools.
    interval : {"monte_carlo", "cluster_bootstrap"}, optional
        Draws of the estimates' large-sample distribution, for normal answers and many schools; or samples of whole
        schools, each estimated anew.
    draws : int
        Of either kind. A bootstrap sample takes some hundredths of a second.
    rng : Generator, int or None
        The draws' source of chance.
    progress : bool
        Show a bar for the bootstrap.

    Returns
    -------
    MultilevelReliability, or mapping of scale to MultilevelReliability

    Raises
    ------
    ResponseError
        Without schools; with one school, or one teacher in every school; with fewer than two items, an item that
        does not vary within schools, or items that determine each other.
    ModelError
        For an option that does not exist.

    Warns
    -----
    SmallSampleWarning
        With fewer than 20 schools.
    ImproperSolutionWarning
        If variances between schools are negative, or held at 0 since the likelihood has no other maximum.
    ConvergenceWarning
        If a model could not be fitted: its coefficients are NaN.

    Notes
    -----
    Teachers who left out an item of the scale are left out, and counted. ``lavaan::sem`` with ``level:`` blocks, and
    ``semTools::compRelSEM`` or Lai's ``multilevel_alpha`` after it. Geldhof, Preacher & Zyphur (2014); Lai (2021);
    Raudenbush, Rowan & Kang (1991); Muthén (1994).

    Examples
    --------
    >>> import numpy as np
    >>> import internal_coherence as ic
    >>> rng = np.random.default_rng(1)
    >>> school = np.repeat(np.arange(40), 15)
    >>> of_schools = 0.5 * rng.normal(size=(40, 1)) + 0.3 * rng.normal(size=(40, 4))
    >>> items = of_schools[school] + rng.normal(size=(600, 1)) + rng.normal(size=(600, 4))
    >>> found = ic.multilevel_reliability(items, school)
    >>> round(found.alpha_within, 2), round(found.alpha_school_mean, 2)
    (0.82, 0.56)
    >>> found.teachers_needed(0.70)
    <34 teachers a school for 0.70 with 4 random items>
    """
    check_option("estimator", estimator, ESTIMATORS)
    if interval is not None:
        check_option("interval", interval, INTERVALS)
        check_draws(draws, 50)
    settings = _Settings(estimator, interval, int(draws), np.random.default_rng(rng), progress)
    return each_scale(items, "multilevel_reliability", partial(_of_table, settings=settings), school=school)


@dataclass(frozen=True, slots=True, eq=False)
class _Settings:
    estimator: Estimator
    interval: Interval | None
    draws: int
    rng: np.random.Generator
    progress: bool


def _of_table(table: ItemTable, *, settings: _Settings) -> MultilevelReliability:
    complete, groups = _checked(table)
    bootstrap = settings.interval == "cluster_bootstrap"
    schools = school_sums(complete.X, groups, of_each=bootstrap)
    _refuse_degenerate(complete, schools.total_within)
    sums = schools.gathered()
    found = estimated(sums, settings.estimator)
    note = _told(found, complete, groups)
    limits: dict[Coefficient, Limits] = {}
    if bootstrap:
        bar = f"schools {table.scale}".strip() if settings.progress else None
        limits |= cluster_bootstrap_limits(schools, settings.estimator, found, settings.draws, settings.rng, bar)
    elif settings.interval == "monte_carlo":
        limits |= monte_carlo_limits(found, settings.draws, settings.rng)
    J, whole = groups.n_schools, table.groups
    return MultilevelReliability(
        **found.coefficients(),
        within=found.saturated.within.copy(),
        between=found.saturated.between.copy(),
        items=table.names,
        loadings=loading_table(found, table.names),
        models=model_table(found, settings.estimator),
        log_likelihood=found.saturated.log_likelihood if settings.estimator == "ml" else float("nan"),
        n=len(complete.X),
        n_missing=len(table.X) - len(complete.X),
        n_schools=J,
        n_schools_lost=0 if whole is None else whole.n_schools - J,
        mean_size=len(complete.X) / J,
        harmonic_size=found.size,
        estimator=settings.estimator,
        converged=found.saturated.converged,
        interval=settings.interval,
        note=note,
        _limits=limits,
    )


def _checked(table: ItemTable) -> tuple[ItemTable, Groups]:
    """Return the complete rows, or say why they are not enough."""
    what = f"{table.where}multilevel_reliability"
    if table.groups is None:
        raise ResponseError(f"{what} needs school=, each teacher's school")
    if len(table.names) < 2:
        raise ResponseError(f"{what} needs at least two items; got {len(table.names)}")
    if infinite := table.infinite():
        raise ResponseError(f"{what}: infinite values in {listing(infinite)}")
    complete = table.listwise()
    groups, n = complete.groups or table.groups, len(complete.X)
    J = groups.n_schools if n else 0
    if J < 2:
        raise ResponseError(
            f"{what} needs at least two schools where anyone answered every item; there is {J or 'none'}"
        )
    if n <= J:
        raise ResponseError(f"{what}: every school has one teacher, so nothing is known of the spread within schools")
    return complete, groups


def _refuse_degenerate(table: ItemTable, within: Array) -> None:
    """Refuse items without variance within schools, or that determine each other there."""
    what, variances = f"{table.where}multilevel_reliability", np.diag(within)
    about = table.X.mean(axis=0) ** 2 * 1e-26 * len(table.X)
    if still := [name for name, v, least in zip(table.names, variances, about, strict=True) if v <= least]:
        raise ResponseError(f"{what}: within schools everybody answers {listing(still)} alike; leave it out")
    scale = 1 / np.sqrt(variances)
    if np.linalg.eigvalsh(scale[:, None] * within * scale)[0] < 1e-10:
        why = "some items are determined by the others within schools (twice the same item, or too few teachers)"
        raise ResponseError(f"{what}: {why}")


def _told(found: Estimates, table: ItemTable, groups: Groups) -> str:
    """Warn of what is odd, and return it as a note."""
    J, k, saturated = groups.n_schools, len(table.names), found.saturated
    few = [f"{J} schools are few to know what is between schools"] if J < FEW_SCHOOLS else []
    improper = ["some variance between schools is negative"] if saturated.improper else []
    if saturated.at_edge:
        improper.append("the variances between schools are held at 0 or above, as the likelihood has no other maximum")
    lost = [] if saturated.converged else ["the covariances of schools could not be found; see estimator='muml'"]
    for model in (found.free, found.equal):
        if model is None:
            continue
        if not model.converged:
            lost.append(f"one factor with {model.loadings} loadings could not be fitted")
        elif model.improper or model.at_edge:
            how = "negative" if model.improper else "held at 0 or above"
            improper.append(f"with {model.loadings} loadings residual variances are {how}")
    if not saturated.between.sum() > 0 and saturated.converged:
        improper.append("schools differ less on the sum than chance would have it")
    for notes, category in (
        (few, SmallSampleWarning),
        (improper, ImproperSolutionWarning),
        (lost, ConvergenceWarning),
    ):
        if notes:
            warn(f"{table.where}{'; '.join(notes)}", category)
    pair = ["two items do not determine a factor, so there is no omega"] if k == 2 else []
    return "; ".join([*few, *improper, *lost, *pair])
