"""Intraclass correlations of many variables, from each school's count, mean and sum of squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from internal_coherence.errors import ModelError, ResponseError, SmallSampleWarning, check_draws, check_option, warn
from internal_coherence.limits import Limits, SchoolLimits
from internal_coherence.moments.spread import SchoolSpread
from internal_coherence.responses.simulation import Seed
from internal_coherence.schools.variance.analysis_of_variance import (
    OneWay,
    one_way,
)
from internal_coherence.schools.variance.intraclass_limits import (
    INTERVALS,
    DrawnLimits,
    FLimits,
    Interval,
    Kind,
    ProfileLimits,
    SmithLimits,
    from_mean_squares,
    from_variances,
    smith_se,
)
from internal_coherence.schools.variance.intraclass_record import (
    GROUP_SIZES,
    METHODS,
    GroupSize,
    IntraclassCorrelation,
    Method,
)
from internal_coherence.schools.variance.random_intercept import RandomIntercept, SizeClasses

Array = NDArray[np.float64]
FEW_SCHOOLS: Final = 10
"""With fewer, a bootstrap of schools says little."""
DRAWS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """Which correlation, how it is estimated, and how its limits are made."""

    kind: Kind
    method: Method = "anova"
    group_size: GroupSize = "mean"
    interval: Interval = "f"
    draws: int = DRAWS
    rng: Seed = None

    def __post_init__(self) -> None:
        check_option("method", self.method, METHODS)
        check_option("group_size", self.group_size, GROUP_SIZES)
        check_option("interval", self.interval, INTERVALS)
        allowed = ("f", "smith", "cluster_bootstrap") if self.method == "anova" else ("profile",)
        if self.interval not in allowed:
            choice = " or ".join(map(repr, allowed))
            raise ModelError(f"interval={self.interval!r} does not go with method={self.method!r}; there is {choice}")
        if self.interval == "cluster_bootstrap":
            check_draws(self.draws, 50)


def correlations_of(spread: SchoolSpread, asked: Asked, n_missing: NDArray[np.intp]) -> list[IntraclassCorrelation]:
    """Return the correlation of every variable.

    Parameters
    ----------
    spread : SchoolSpread
        Counts, means and sums of squares by school, of q variables.
    asked : Asked
        Which, and how.
    n_missing : (q,) array of int
        Teachers left out.

    Returns
    -------
    list of IntraclassCorrelation
    """
    analysis = one_way(spread.size, spread.mean, spread.sum_of_squares)
    drawn = _drawn_ratios(spread, asked) if asked.interval == "cluster_bootstrap" else None
    found = []
    for a in range(spread.size.shape[1]):
        classes = SizeClasses.of(spread.size[:, a], spread.mean[:, a], spread.sum_of_squares[:, a])
        k = float((analysis.mean_size if asked.group_size == "mean" else analysis.k0)[a])
        if asked.method == "anova":
            estimate = from_mean_squares(asked.kind, float(analysis.ratio[a]), k)
            limits = _anova_limits(asked, analysis, a, spread.size[:, a], k, drawn)
        else:
            model = RandomIntercept(classes, asked.method)
            how = f"profile likelihood, {asked.method.upper()}"
            estimate, limits = (
                _share(asked.kind, model, k),
                ProfileLimits(kind=asked.kind, model=model, k=k, method=how),
            )
        found.append(_record(asked, analysis, a, k, estimate, limits, int(n_missing[a])))
    return found


def refuse_too_few(spread: SchoolSpread, what: str, names: tuple[str, ...] | None) -> None:
    """Refuse answers that cannot be compared between schools.

    Parameters
    ----------
    spread : SchoolSpread
        Of the variables.
    what : str
        The statistic, for messages.
    names : tuple of str, optional
        Of the variables, where there are several.

    Raises
    ------
    ResponseError
        With one school only, or no school of two teachers.
    """
    for a, size in enumerate(spread.size.T):
        where = what if names is None else f"{what} of {names[a]!r}"
        J, n = int((size > 0).sum()), int(size.sum())
        if J < 2:
            raise ResponseError(f"{where} compares schools: it needs at least two with answers, and there is {J}")
        if n <= J:
            raise ResponseError(
                f"{where}: every school has one teacher, so nothing is known of the spread within schools"
            )


def _record(
    asked: Asked, analysis: OneWay, a: int, k: float, estimate: float, limits: Limits, n_missing: int
) -> IntraclassCorrelation:
    n, J, F = int(analysis.n[a]), int(analysis.n_schools[a]), float(analysis.ratio[a])
    return IntraclassCorrelation(
        estimate=estimate,
        kind=asked.kind,
        method=asked.method,
        k=k,
        group_size=asked.group_size,
        n=n,
        n_missing=n_missing,
        n_schools=J,
        ms_between=float(analysis.ms_between[a]),
        ms_within=float(analysis.ms_within[a]),
        df_between=J - 1,
        df_within=n - J,
        F=F,
        p_value=0.0 if np.isposinf(F) else float(fdtrc(J - 1, n - J, F)),
        _limits=limits,
    )


def _share(kind: Kind, model: RandomIntercept, k: float) -> float:
    """Return τ²/(τ² + σ²), or that stepped up to k teachers; NaN if nothing varies."""
    if model.classes.still:
        return 1.0 if model.classes.between > 0 else float("nan")
    return from_variances(kind, model.best.ratio, k)


def _anova_limits(asked: Asked, analysis: OneWay, a: int, size: Array, k: float, drawn: Array | None) -> Limits:
    n, J, F = int(analysis.n[a]), int(analysis.n_schools[a]), float(analysis.ratio[a])
    if drawn is not None:
        method = f"cluster bootstrap of {J} schools, {len(drawn)} draws"
        schools = SchoolLimits(draws=drawn[:, a], n_schools=J, method=method, scale="log")
        return DrawnLimits(kind=asked.kind, F=F, k=k, drawn=schools)
    if asked.interval == "smith":
        return SmithLimits(
            kind=asked.kind, k=k, se=smith_se(from_mean_squares("icc1", float(analysis.ratio[a]), k), size)
        )
    balanced = len(np.unique(size[size > 0])) == 1
    method = "exact F, normal scores" if balanced else "F with k0 for unequal schools, normal scores"
    return FLimits(kind=asked.kind, F=F, df_between=J - 1, df_within=n - J, k=float(analysis.k0[a]), method=method)


def _drawn_ratios(spread: SchoolSpread, asked: Asked) -> Array:
    """Return F in each sample of whole schools, (B, q)."""
    J = len(spread.size)
    if J < FEW_SCHOOLS:
        warn(f"{J} schools are too few for a cluster bootstrap; its limits say little", SmallSampleWarning)
    times = np.random.default_rng(asked.rng).multinomial(J, np.full(J, 1 / J), size=int(asked.draws))
    return one_way(spread.size, spread.mean, spread.sum_of_squares, times.astype(np.float64)).ratio
