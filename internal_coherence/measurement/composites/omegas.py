"""Coefficient omega: how much of a sum of items its factors give, and how much the general one alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from tqdm import tqdm

from internal_coherence.errors import (
    ConvergenceWarning,
    ImproperSolutionWarning,
    ModelError,
    ResponseError,
    check_option,
    warn,
)
from internal_coherence.limits import Limits
from internal_coherence.measurement.bootstrapping import bootstrap_limits
from internal_coherence.measurement.composites.general_factor import (
    EXTRACTIONS,
    TOTALS,
    Extraction,
    GeneralFactor,
    Shares,
    TotalVariance,
    general_factor,
    shares,
)
from internal_coherence.measurement.composites.omega_record import Omega
from internal_coherence.measurement.consistency.coefficients import coefficient_alpha, lambda_6
from internal_coherence.measurement.dimensionality.rotation import RotationMethod
from internal_coherence.measurement.entrance import (
    Data,
    ItemTable,
    each_scale,
    refuse_unused_school,
    refuse_with_moments,
)
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.resampling import ResampledMoments
from internal_coherence.moments.sufficient import Moments, moments_of_table
from internal_coherence.records import ByScale

Array = NDArray[np.float64]
OmegaInterval = Literal["none", "bootstrap", "cluster_bootstrap"]
INTERVALS: Final[tuple[str, ...]] = get_args(OmegaInterval)
OBLIQUE: Final = ("oblimin", "quartimin", "promax", "geomin", "bentler")


def omega(
    data: Data,
    *,
    n_factors: int = 1,
    missing: Missing = "pairwise",
    extraction: Extraction = "minres",
    rotation: RotationMethod = "oblimin",
    standardized: bool = True,
    variance: TotalVariance = "observed",
    interval: OmegaInterval = "none",
    school: ArrayLike | pd.Series | None = None,
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> Omega | ByScale[Omega]:
    """Coefficient omega of a scale, or of every scale of a survey: total, hierarchical, limit, by group factor.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Rows are teachers; NaN missing. `Responses` of one wave give every scale.
    n_factors : int
        1 for a scale that is meant to have one; more for a general factor beside that many group factors.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated. `Moments` keep their own.
    extraction : {"minres", "ml"}
        Minimum residuals, or maximum likelihood.
    rotation : {"oblimin", "quartimin", "promax", "geomin", "bentler"}
        Of the group factors before they are split.
    standardized : bool
        Of the items in standard deviations, as psych does; False for the items as they are scored, like raw alpha.
    variance : {"observed", "model"}
        Divide by the sum's observed variance, or by the one that the model implies.
    interval : {"none", "bootstrap", "cluster_bootstrap"}
        Draw teachers, or whole schools. `Moments` have none. For a one-factor model's delta interval see
        `composite_reliability`.
    school : (n,) array or Series, optional
        Each teacher's school, for the cluster bootstrap; `Responses` know theirs.
    draws : int
        Bootstrap samples; each is a factor analysis, some milliseconds.
    rng : Generator, int or None
        The bootstrap's source of chance.
    progress : bool
        Show a bar.

    Returns
    -------
    Omega, or mapping of scale to Omega

    Raises
    ------
    ResponseError
        With fewer than three items, or values that are not finite.
    ModelError
        For an option that does not exist, or more factors than the items can determine.

    Warns
    -----
    ImproperSolutionWarning
        For a Heywood case.
    ConvergenceWarning
        If the factors could not be found: the coefficients are NaN.

    Notes
    -----
    ``psych::omega(x, nfactors = n_factors)`` with its defaults: ``omega.tot``, ``omega_h``, ``omega.lim``,
    ``omega.group``. ``lavaan::cfa`` of one factor with ``semTools::reliability``'s ``omega`` is ``extraction="ml",
    standardized=False, variance="model"``; with ``variance="observed"``, ``omega_hierarchical`` is
    ``omega3`` and ``compRelSEM``. An item that
    loads negatively on the general factor is turned round, and named. McDonald (1999); Zinbarg et al. (2005).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> teachers = ic.example_responses().select(wave=2025)
    >>> ic.omega(teachers)["leadership"]
    <omega total 0.842, 5 standardised items, 1 factor by minres>
    """
    check_option("missing", missing, MISSING)
    check_option("extraction", extraction, EXTRACTIONS)
    check_option("rotation", rotation, OBLIQUE)
    check_option("variance", variance, TOTALS)
    check_option("interval", interval, INTERVALS)
    refuse_unused_school(school, interval)
    if not isinstance(n_factors, (int, np.integer)) or n_factors < 1:
        raise ModelError(f"n_factors={n_factors!r} is not a whole number of 1 or more")
    settings = _Settings(n_factors, extraction, rotation, standardized, variance)
    if isinstance(data, Moments):
        refuse_with_moments("omega", interval=None if interval == "none" else interval, school=school)
        return _omega(data, settings, {})
    run = partial(
        _omega_of_table,
        settings=settings,
        missing=missing,
        interval=interval,
        draws=draws,
        rng=np.random.default_rng(rng),
        progress=progress,
    )
    return each_scale(data, "omega", run, school=school)


@dataclass(frozen=True, slots=True)
class _Settings:
    n_factors: int
    extraction: Extraction
    rotation: RotationMethod
    standardized: bool
    variance: TotalVariance


def _omega_of_table(
    table: ItemTable,
    *,
    settings: _Settings,
    missing: Missing,
    interval: OmegaInterval,
    draws: int,
    rng: np.random.Generator,
    progress: bool,
) -> Omega:
    moments = moments_of_table(table, missing)
    if interval == "none":
        return _omega(moments, settings, {}, table.where)

    def coefficients(drawn: ResampledMoments) -> dict[str, Array]:
        matrices = zip(drawn.cov, drawn.cor, strict=True)
        bar = tqdm(matrices, total=len(drawn.cov), disable=not progress, desc=f"omega {table.scale}".strip())
        found = [_drawn_shares(cov, cor, settings) for cov, cor in bar]
        total = np.array([np.nan if s is None else s.total for s in found])
        hierarchical = np.array([np.nan if s is None else s.hierarchical for s in found])
        return {"omega_total": total, "omega_hierarchical": hierarchical}

    limits = bootstrap_limits(table, missing, interval == "cluster_bootstrap", draws, rng, coefficients)
    return _omega(moments, settings, limits, table.where)


def _drawn_shares(cov: Array, cor: Array, settings: _Settings) -> Shares | None:
    """Return the shares in one bootstrap sample, or None where its factors could not be found."""
    try:
        solution = _solution(cov, cor, settings)
    except (ModelError, np.linalg.LinAlgError):
        return None
    return _shares(solution, cov, cor, settings) if solution.converged else None


def _solution(cov: Array, cor: Array, settings: _Settings) -> GeneralFactor:
    """Return the factors of the correlations; raw items have those that belong to their covariances."""
    sd = np.sqrt(np.diag(cov))
    R = cor if settings.standardized else cov / np.outer(sd, sd)
    return general_factor(R, settings.n_factors, settings.extraction, settings.rotation)


def _shares(solution: GeneralFactor, cov: Array, cor: Array, settings: _Settings) -> Shares:
    if settings.standardized:
        return shares(solution, cor, settings.variance)
    return shares(solution.in_units(np.sqrt(np.diag(cov))), cov, settings.variance)


def _omega(moments: Moments, settings: _Settings, limits: Mapping[str, Limits], where: str = "") -> Omega:
    k, m = len(moments.names), settings.n_factors
    if k < 3:
        raise ResponseError(f"{where}omega needs at least three items; got {k}")
    if (k - m) ** 2 < k + m:
        msg = f"{where}{k} items do not determine {m} factors: infinitely many solutions fit without any residual"
        raise ModelError(msg)
    cov, cor = moments.cov, moments.cor
    if np.isnan(cor).any():
        raise ResponseError(f"{where}omega: {moments.trouble() or 'some correlation is missing'}")
    solution = _solution(cov, cor, settings)
    found = _shares(solution, cov, cor, settings)
    note = _note(solution, where)
    C = (cor if settings.standardized else cov) * np.outer(solution.signs, solution.signs)
    lost = 1.0 if solution.converged else float("nan")
    return Omega(
        omega_total=found.total * lost,
        omega_hierarchical=found.hierarchical * lost,
        omega_limit=found.limit * lost if m > 1 else float("nan"),
        ecv=found.ecv * lost,
        alpha=float(coefficient_alpha(C)),
        lambda_6=lambda_6(C),
        groups=_groups(found) * lost,
        loadings=_loadings(solution, moments.names) * lost,
        n_factors=m,
        n_items=k,
        n=moments.n_units,
        extraction=settings.extraction,
        rotation=settings.rotation if m > 1 else "none",
        variance=settings.variance,
        standardized=settings.standardized,
        missing=moments.missing,
        turned=tuple(n for n, s in zip(moments.names, solution.signs, strict=True) if s < 0),
        note=note,
        _limits=limits,
    )


def _note(solution: GeneralFactor, where: str) -> str:
    if not solution.converged:
        note = "the factors could not be found"
        warn(f"{where}omega is NaN: {note}", ConvergenceWarning)
        return note
    if solution.improper:
        note = "a Heywood case: an item has no residual variance left"
        warn(f"{where}omega: {note}", ImproperSolutionWarning)
        return note
    if solution.groups.shape[1] == 2:
        return "two factors do not determine a general one: taken as equally strong in both"
    return ""


def _groups(found: Shares) -> pd.DataFrame:
    names = ["g", *(f"F{f + 1}*" for f in range(len(found.by_group)))]
    head = [[found.total, found.hierarchical, found.groups]]
    rows = np.concatenate([head, found.by_group]) if len(found.by_group) else np.array(head)
    return pd.DataFrame(rows, columns=["total", "general", "group"], index=pd.Index(names, name="factor"))


def _loadings(solution: GeneralFactor, names: tuple[str, ...]) -> pd.DataFrame:
    columns = ["g", *(f"F{f + 1}*" for f in range(solution.groups.shape[1]))]
    loadings = np.column_stack([solution.general, solution.groups])
    table = pd.DataFrame(loadings, columns=columns, index=pd.Index(names, name="item"))
    return table.assign(
        h2=1 - solution.residuals, u2=solution.residuals, p2=solution.general**2 / (loadings**2).sum(axis=1)
    )
