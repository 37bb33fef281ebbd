"""A scale as one factor measured by items of their own loadings: composite and maximal reliability, variance extracted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from internal_coherence.errors import (
    ConvergenceWarning,
    ImproperSolutionWarning,
    ResponseError,
    check_option,
    warn,
)
from internal_coherence.limits import ConfidenceInterval, Limits, WaldLimits, interval_at
from internal_coherence.measurement.bootstrapping import DRAWS, bootstrap_limits
from internal_coherence.measurement.composites.model_based import (
    composite_gradient,
    extracted_gradient,
    factor_share,
    implied_total,
    maximal_gradient,
    maximal_reliability,
    variance_extracted,
)
from internal_coherence.measurement.composites.one_factor import OneFactor, one_factor, sampling_covariance
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
from internal_coherence.records import ByScale, Record

Array = NDArray[np.float64]
CongenericInterval = Literal["delta", "bootstrap", "cluster_bootstrap"]
INTERVALS: Final[tuple[str, ...]] = get_args(CongenericInterval)
Coefficient = Literal["omega", "maximal_reliability", "average_variance_extracted"]
COEFFICIENTS: Final[tuple[str, ...]] = get_args(Coefficient)
FORMULAS: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "omega": lambda lam, psi: factor_share(lam, implied_total(lam, psi)),
    "maximal_reliability": maximal_reliability,
    "average_variance_extracted": lambda lam, psi: variance_extracted(lam, lam**2 + psi),
}
GRADIENTS: Final = {
    "omega": composite_gradient,
    "maximal_reliability": maximal_gradient,
    "average_variance_extracted": extracted_gradient,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CompositeReliability(Record):
    """What a one-factor model says of a scale.

    Parameters
    ----------
    omega : float
        The reliability of the sum of the raw items: composite reliability, or ω of a single factor.
    maximal_reliability : float
        H, that of the best weighted sum.
    average_variance_extracted : float
        The share of the items' variance that the factor explains.
    loadings : DataFrame
        An item a row: ``loading`` (factor of variance 1), ``residual`` variance, ``standardized`` loading.
    chisq, df, p_value : float, int, float
        The test that one factor is enough, for independent teachers.
    n_items : int
        Items.
    n : int or None
        Teachers.
    missing : str
        How missing answers were treated.
    interval : str
        The kind of interval.
    note : str
        What is odd about the solution; empty where nothing is.
    """

    omega: float
    maximal_reliability: float
    average_variance_extracted: float
    loadings: pd.DataFrame
    chisq: float
    df: int
    p_value: float
    n_items: int
    n: int | None
    missing: str
    interval: CongenericInterval
    note: str
    _limits: Mapping[str, Limits]

    def confidence_interval(self, level: float = 0.95, *, of: Coefficient = "omega") -> ConfidenceInterval:
        """Return an interval.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        of : {"omega", "maximal_reliability", "average_variance_extracted"}
            Of which coefficient.

        Returns
        -------
        ConfidenceInterval

        Raises
        ------
        ModelError
            If the level is not between 0 and 1, or there is no such coefficient.
        """
        check_option("of", of, COEFFICIENTS)
        return interval_at(self._limits[of], getattr(self, of), level)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of three rows, a coefficient each, with 95 % intervals.

        Returns
        -------
        DataFrame
            Columns ``coefficient``, ``estimate``, ``ci_lower``, ``ci_upper``, ``n``, ``n_items``, ``interval``, ``note``.
        """
        rows = []
        for of in COEFFICIENTS:
            interval = interval_at(self._limits[of], getattr(self, of), 0.95)
            rows.append((of, getattr(self, of), interval.lower, interval.upper))
        table = pd.DataFrame(rows, columns=["coefficient", "estimate", "ci_lower", "ci_upper"])
        return table.assign(n=self.n, n_items=self.n_items, interval=self.interval, note=self.note)

    def __repr__(self) -> str:
        interval = self.confidence_interval()
        note = f"; {self.note}" if self.note else ""
        return (
            f"<omega {self.omega:.3f} [{interval.lower:.3f}, {interval.upper:.3f}], H {self.maximal_reliability:.3f},"
            f" AVE {self.average_variance_extracted:.3f}, {self.n_items} items, {interval.method}{note}>"
        )


def composite_reliability(
    data: Data,
    *,
    missing: Missing = "pairwise",
    interval: CongenericInterval = "delta",
    school: ArrayLike | pd.Series | None = None,
    draws: int = DRAWS,
    rng: np.random.Generator | int | None = None,
) -> CompositeReliability | ByScale[CompositeReliability]:
    """Composite reliability (omega of one factor), maximal reliability H and average variance extracted.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Rows are teachers; NaN missing. `Responses` of one wave give every scale.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated. `Moments` keep their own.
    interval : {"delta", "bootstrap", "cluster_bootstrap"}
        From the model's standard errors, for independent teachers and normal items; or from samples of teachers, or
        of whole schools.
    school : (n,) array or Series, optional
        Each teacher's school, for the cluster bootstrap; `Responses` know theirs.
    draws : int
        Bootstrap samples.
    rng : Generator, int or None
        The bootstrap's source of chance.

    Returns
    -------
    CompositeReliability, or mapping of scale to CompositeReliability

    Raises
    ------
    ResponseError
        With fewer than three items, which do not determine a factor, or covariances that are missing.
    ModelError
        For an option that does not exist or that the data have no room for.

    Warns
    -----
    ImproperSolutionWarning
        If a residual variance is negative.
    ConvergenceWarning
        If the model can't be fitted: the coefficients are NaN.

    Notes
    -----
    ``lavaan::cfa`` of one factor by maximum likelihood, and of its estimates ``(sum λ)² / ((sum λ)² + sum ψ)`` with its
    ``:=``, ``semTools::reliability``'s ``omega`` and ``avevar``. Under pairwise deletion n is the number of teachers who
    answered any item, so the delta interval is somewhat too narrow. Raykov (2001); Hancock & Mueller (2001);
    Fornell & Larcker (1981).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> teachers = ic.example_responses().select(wave=2025)
    >>> found = ic.composite_reliability(teachers)["leadership"]
    >>> found.omega < found.maximal_reliability
    True
    """
    check_option("missing", missing, MISSING)
    check_option("interval", interval, INTERVALS)
    refuse_unused_school(school, interval)
    if isinstance(data, Moments):
        asked = None if interval == "delta" else interval
        refuse_with_moments("composite_reliability", interval=asked, school=school)
        return congeneric_of_moments(data, interval)
    run = partial(congeneric_of_table, missing=missing, interval=interval, draws=draws, rng=np.random.default_rng(rng))
    return each_scale(data, "composite_reliability", run, school=school)


def congeneric_of_table(
    table: ItemTable, *, missing: Missing, interval: CongenericInterval, draws: int, rng: np.random.Generator
) -> CompositeReliability:
    """Return the one-factor coefficients of items that have been checked; parameters as of `composite_reliability`."""
    moments = moments_of_table(table, missing)
    if interval == "delta":
        return congeneric_of_moments(moments, interval, table.where)
    fitted = _fit(moments, table.where)
    start = (fitted.loadings[0], fitted.residuals[0]) if fitted.converged[0] else None

    def coefficients(drawn: ResampledMoments) -> dict[str, Array]:
        refitted = one_factor(drawn.cov, start)
        return {of: formula(refitted.loadings, refitted.residuals) for of, formula in FORMULAS.items()}

    limits = bootstrap_limits(table, missing, interval == "cluster_bootstrap", draws, rng, coefficients)
    return _record(moments, fitted, interval, limits, table.where)


def congeneric_of_moments(moments: Moments, interval: CongenericInterval, where: str = "") -> CompositeReliability:
    """Return the one-factor coefficients of moments."""
    fitted = _fit(moments, where)
    return _record(moments, fitted, interval, _delta_limits(fitted, moments.n_units), where)


def _fit(moments: Moments, where: str) -> OneFactor:
    if len(moments.names) < 3:
        raise ResponseError(f"{where}one factor needs at least three items; got {len(moments.names)}")
    cov = moments.cov
    if np.isnan(cov).any() or not (np.diag(cov) > 0).all():
        raise ResponseError(f"{where}one factor can't be fitted: {moments.trouble()}")
    return one_factor(cov[None])


def _delta_limits(fitted: OneFactor, n: int | None) -> dict[str, Limits]:
    lam, psi = fitted.loadings[0], fitted.residuals[0]
    known = n is not None and bool(fitted.converged[0])
    V = sampling_covariance(lam, psi, n) if known and n is not None else np.full((2 * len(lam),) * 2, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        gradients = {of: gradient(lam, psi) for of, gradient in GRADIENTS.items()}
    errors = {of: float(np.sqrt(g @ V @ g)) if np.isfinite(g).all() else np.nan for of, g in gradients.items()}
    return {of: WaldLimits(se=se, method="delta, independent teachers") for of, se in errors.items()}


def _record(
    moments: Moments, fitted: OneFactor, interval: CongenericInterval, limits: Mapping[str, Limits], where: str
) -> CompositeReliability:
    lam, psi, k, n = fitted.loadings[0], fitted.residuals[0], len(moments.names), moments.n_units
    df = k * (k + 1) // 2 - 2 * k
    chisq = float("nan") if n is None else max(float(fitted.discrepancy[0]), 0.0) * n
    table = {"loading": lam, "residual": psi, "standardized": lam / np.sqrt(lam**2 + psi)}
    return CompositeReliability(
        **{of: float(formula(lam, psi)) for of, formula in FORMULAS.items()},
        loadings=pd.DataFrame(table, index=pd.Index(moments.names, name="item")),
        chisq=chisq,
        df=df,
        p_value=float(chdtrc(df, chisq)) if df else float("nan"),
        n_items=k,
        n=n,
        missing=moments.missing,
        interval=interval,
        note=_note(fitted, where),
        _limits=limits,
    )


def _note(fitted: OneFactor, where: str) -> str:
    if not fitted.converged[0]:
        note = "one factor can't be fitted to these covariances"
        warn(f"{where}composite reliability is NaN: {note}", ConvergenceWarning)
        return note
    if fitted.improper[0]:
        note = "a Heywood case: a residual variance is negative"
        warn(f"{where}{note}", ImproperSolutionWarning)
        return note
    return ""
