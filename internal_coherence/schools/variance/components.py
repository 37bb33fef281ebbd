"""`variance_components`: what differs between schools and within them, by likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from internal_coherence.errors import check_level, check_option, listing
from internal_coherence.limits import NAN, ConfidenceInterval
from internal_coherence.moments.spread import SchoolSpread, school_spread
from internal_coherence.records import ByScale, Record, plain
from internal_coherence.responses import Responses
from internal_coherence.schools.entrance import School, Values, Variables, of_each
from internal_coherence.schools.variance.covariates import Covariates, classes_with, design_of, effects_of
from internal_coherence.schools.variance.intraclass_estimates import refuse_too_few
from internal_coherence.schools.variance.profiling import mean_limits, ratio_limits, variance_limits
from internal_coherence.schools.variance.random_intercept import LIKELIHOODS, Likelihood, RandomIntercept, SizeClasses

Array = NDArray[np.float64]
Parameter = Literal["icc", "tau2", "sigma2", "tau", "sigma", "mean"]
PARAMETERS: Final[tuple[str, ...]] = get_args(Parameter)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VarianceComponents(Record):
    """The random-intercept model of one variable: a school's mean is μ + u, a teacher's score that plus e.

    Parameters
    ----------
    tau2, sigma2 : float
        Variance of u, between schools, and of e, within them.
    icc : float
        τ²/(τ² + σ²).
    mean, mean_se : float
        μ, in which a school counts by how much is known of it, and its standard error.
    log_likelihood : float
        Restricted or full, as `method` says; all constants included, as in lme4.
    method : {"reml", "ml"}
        Which likelihood was made largest.
    n, n_missing, n_schools : int
        Teachers used, teachers left out for a missing value, schools with anyone.
    note : str
        What is odd, for instance that τ² is 0; empty where nothing is.
    effects : DataFrame or None
        With covariates: their effects, ``term, est, se, z, pvalue, ci_lower, ci_upper``; `mean` is then the intercept.
    """

    tau2: float
    sigma2: float
    icc: float
    mean: float
    mean_se: float
    log_likelihood: float
    method: Likelihood
    n: int
    n_missing: int
    n_schools: int
    note: str
    effects: pd.DataFrame | None = None
    _model: RandomIntercept | None = None

    def reliability(self, n: int | Array) -> Array:
        """Return how reliable the mean of so many teachers is: nτ²/(nτ² + σ²).

        Parameters
        ----------
        n : int or array
            Teachers.

        Returns
        -------
        array
            NaN if nothing varies.
        """
        signal = np.asarray(n) * self.tau2
        with np.errstate(invalid="ignore"):
            share: Array = signal / (signal + self.sigma2)
        return share

    def confidence_interval(self, level: float = 0.95, *, of: Parameter = "icc") -> ConfidenceInterval:
        """Return limits by profile likelihood; of the mean by REML, or beside covariates, Student's t.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        of : {"icc", "tau2", "sigma2", "tau", "sigma", "mean"}
            Of which parameter; tau and sigma are the standard deviations.

        Returns
        -------
        ConfidenceInterval
            NaN where teachers of a school never differ. A lower limit of 0 for τ² or the ICC says that no difference
            between schools is likely enough.

        Raises
        ------
        ModelError
            For a parameter that does not exist, or a level outside 0–1.
        """
        check_option("of", of, PARAMETERS)
        check_level(level)
        lower, upper = self._limits(of, level) if self._model is not None else NAN
        by_t = of == "mean" and (self.method == "reml" or self.effects is not None)
        how = "Student's t, J - 1 degrees of freedom" if by_t else f"profile likelihood, {self.method.upper()}"
        return ConfidenceInterval(lower=lower, upper=upper, level=level, method=how)

    def _limits(self, of: Parameter, level: float) -> tuple[float, float]:
        if self._model is None:
            return NAN
        if of == "icc":
            lower, upper = ratio_limits(self._model, level)
            return lower / (1 + lower), 1.0 if np.isinf(upper) else upper / (1 + upper)
        if of == "mean":
            if self.method == "ml" and self.effects is None:
                return mean_limits(self._model, level)
            reach = float(stdtrit(self.n_schools - 1, (1 + level) / 2)) * self.mean_se
            return self.mean - reach, self.mean + reach
        squared: Literal["tau2", "sigma2"] = "tau2" if of.startswith("tau") else "sigma2"
        lower, upper = variance_limits(self._model, squared, level)
        return (lower, upper) if of == squared else (lower**0.5, upper**0.5)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row, with the limits of the ICC at 95 %.

        Returns
        -------
        DataFrame
        """
        row = {name: value for name, value in self.as_row().items() if name != "effects"}
        limits = self.confidence_interval()
        return pd.DataFrame([row | {"icc_lower": limits.lower, "icc_upper": limits.upper}])

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, with the limits of the ICC at 95 %.

        Returns
        -------
        dict
        """
        limits = self.confidence_interval()
        return {**Record.to_dict(self), "icc_interval": plain([limits.lower, limits.upper])}

    def __repr__(self) -> str:
        note = f"; {self.note}" if self.note else ""
        if self.effects is not None:
            note = f", given {listing(self.effects['term'].iloc[1:], 4)}{note}"
        return (
            f"<VarianceComponents: tau2 {self.tau2:.4f}, sigma2 {self.sigma2:.4f}, icc {self.icc:.3f},"
            f" {self.method.upper()}, {self.n} teachers in {self.n_schools} schools{note}>"
        )


def variance_components(
    values: Values,
    school: School = None,
    method: Likelihood = "reml",
    *,
    covariates: Covariates | None = None,
) -> VarianceComponents | ByScale[VarianceComponents]:
    """Estimate how much scores vary between schools and within them, by (restricted) maximum likelihood.

    Parameters
    ----------
    values : (n,) array or Series, (n, q) array or DataFrame, or Responses
        One number a teacher, or several; of a survey the scale scores. NaN is left out and counted.
    school : (n,) array or Series
        Each teacher's school; leave it out with `Responses`, which know it.
    method : {"reml", "ml"}
        Restricted maximum likelihood, which does not make τ² too small for having estimated the mean; or full, whose
        log-likelihoods can be compared between models of the mean.
    covariates : (n, m) DataFrame, optional
        Things that the mean may depend on, such as wave, level or country: numbers as they are, texts as categories,
        of which the first is the one that the others are compared with.

    Returns
    -------
    VarianceComponents, or ByScale of them

    Raises
    ------
    ResponseError
        With one school only, no school of two teachers, or covariates that are missing or determine each other.
    ModelError
        For a method that does not exist.

    Notes
    -----
    ``lme4::lmer(values ~ 1 + (1 | school))``, with covariates ``values ~ wave + (1 | school)``; ``nlme::lme``. The
    likelihood is profiled to one dimension, τ²/σ², and needs no more than each school's count, means and
    cross-products, so a survey of a million teachers takes no longer to maximise than one of a thousand.

    τ² = 0 is an estimate like others: schools then differ less than chance alone would have it. Where teachers of one
    school never differ, σ² is 0 and the likelihood has no maximum; τ² is then the variance of the schools' means.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> found = ic.variance_components(now)["team_support"]
    >>> found
    <VarianceComponents: tau2 0.2742, sigma2 1.6396, icc 0.143, REML, 593 teachers in 24 schools>
    >>> limits = found.confidence_interval()
    >>> round(limits.lower, 3), round(limits.upper, 3)
    (0.075, 0.263)
    """
    check_option("method", method, LIKELIHOODS)

    def run(table: Variables) -> list[VarianceComponents]:
        spread = school_spread(table.X, table.groups)
        names = None if table.single else table.names
        refuse_too_few(spread, "variance_components", names)
        n_missing = np.isnan(table.X).sum(axis=0)
        if covariates is not None:
            design = design_of(covariates, len(table.X), _index(values, school))
            classes = [classes_with(y, design, table.groups) for y in table.X.T]
            pairs = zip(classes, n_missing, strict=True)
            return [_of_classes(one, method, int(missing), list(design.columns)) for one, missing in pairs]
        return components_of(spread, method, n_missing)

    return of_each(values, school, "variance_components", run)


def _index(values: Values, school: School) -> pd.Index | None:
    """Return the index of the user's rows, where they have one."""
    if isinstance(values, Responses):
        return values.school.index
    for given in (values, school):
        if isinstance(given, (pd.Series, pd.DataFrame)):
            return given.index
    return None


def components_of(spread: SchoolSpread, method: Likelihood, n_missing: NDArray[np.intp]) -> list[VarianceComponents]:
    """Return the variance components of each variable.

    Parameters
    ----------
    spread : SchoolSpread
        Counts, means and sums of squares by school.
    method : {"reml", "ml"}
        Which likelihood.
    n_missing : (q,) array of int
        Teachers left out.

    Returns
    -------
    list of VarianceComponents
    """
    parts = zip(spread.size.T, spread.mean.T, spread.sum_of_squares.T, n_missing, strict=True)
    return [_of_classes(SizeClasses.of(n, m, ss), method, int(missing)) for n, m, ss, missing in parts]


def _of_classes(
    classes: SizeClasses, method: Likelihood, n_missing: int, terms: list[str] | None = None
) -> VarianceComponents:
    n, J = int(classes.count @ classes.size), int(classes.count.sum())
    if classes.still:
        return _without_spread(classes, method, n, n_missing, J)
    model = RandomIntercept(classes, method)
    best = model.best
    return VarianceComponents(
        tau2=best.tau2,
        sigma2=best.sigma2,
        icc=best.ratio / (1 + best.ratio),
        mean=best.mean,
        mean_se=float(best.standard_errors[0]),
        log_likelihood=-best.deviance / 2,
        note="" if best.ratio > 0 else "tau2 is 0: schools differ no more than chance alone would have it",
        effects=None if terms is None else effects_of(best, terms),
        method=method,
        n=n,
        n_missing=n_missing,
        n_schools=J,
        _model=model,
    )


def _without_spread(classes: SizeClasses, method: Likelihood, n: int, n_missing: int, J: int) -> VarianceComponents:
    """Return what is left to say where teachers of one school never differ: σ² = 0, and the means are all there is."""
    between = classes.between / (J - (method == "reml"))
    varies = between > 0
    return VarianceComponents(
        tau2=between,
        sigma2=0.0,
        icc=1.0 if varies else float("nan"),
        mean=classes.centre + float(classes.products[:, 0, -1].sum()) / J,
        mean_se=float(np.sqrt(between / J)),
        log_likelihood=float("inf"),
        method=method,
        n=n,
        n_missing=n_missing,
        n_schools=J,
        note="sigma2 is 0: teachers of one school never differ" if varies else "nothing varies",
    )
