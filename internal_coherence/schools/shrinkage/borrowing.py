"""`school_means`: from teachers' scores to empirical-Bayes means of their schools."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ImproperSolutionWarning, ModelError, ResponseError, check_option, listing, warn
from internal_coherence.moments.grouping import school_moments
from internal_coherence.moments.spread import SchoolSpread, school_spread
from internal_coherence.moments.two_level import two_level_point
from internal_coherence.moments.two_level_saturated import admissible, mean_squares, saturated_two_level
from internal_coherence.moments.two_level_sums import school_sums
from internal_coherence.records import ByScale
from internal_coherence.responses import Responses
from internal_coherence.responses.record import as_label
from internal_coherence.schools.disclosure.gates import Audience
from internal_coherence.schools.entrance import School, Values, Variables, of_each
from internal_coherence.schools.response_rates import response_rates
from internal_coherence.schools.shrinkage.across_scales import ShrunkenVectors, shrink_vectors
from internal_coherence.schools.shrinkage.empirical_bayes import of_present_staff, shrink
from internal_coherence.schools.shrinkage.school_means_record import (
    ERRORS,
    TARGETS,
    MeanError,
    SchoolMeans,
    Target,
)
from internal_coherence.schools.variance.components import VarianceComponents, components_of
from internal_coherence.schools.variance.intraclass_estimates import refuse_too_few
from internal_coherence.schools.variance.random_intercept import LIKELIHOODS, Likelihood

Array = NDArray[np.float64]
Staff = Mapping[object, int] | pd.Series | None


def school_means(
    values: Values,
    school: School = None,
    *,
    method: Likelihood = "reml",
    target: Target = "school",
    roster: Staff = None,
    error: MeanError = "estimated",
    across_scales: bool = False,
) -> SchoolMeans | ByScale[SchoolMeans]:
    """Empirical-Bayes means of schools: the less is known of a school, the more it borrows from all the others.

    Parameters
    ----------
    values : (n,) array or Series, (n, q) array or DataFrame, or Responses
        One number a teacher, or several; of a survey the scale scores. NaN is left out and counted.
    school : (n,) array or Series
        Each teacher's school; leave it out with `Responses`, which know it.
    method : {"reml", "ml"}
        How the variances between and within schools are estimated, as in `variance_components`.
    target : {"school", "staff"}
        What the mean is of. ``"school"``: the school as such, where any teachers like these might work; those who
        answered are a sample, however many they are. ``"staff"``: the people on the roster this year; if all have
        answered, their mean is known without error. The first is for comparing schools and for research, the second
        for describing a staff to itself.
    roster : mapping or Series, optional
        School to number of teachers, for ``target="staff"``; `Responses` that were read with a roster know it.
    error : {"estimated", "conditional"}
        Standard errors that count the error of the variances and of the mean of all (Prasad & Rao 1990), or the
        conditional ones of lme4, which take them as known and are too small with few schools.
    across_scales : bool
        Let a school's mean on one scale borrow from its means on the others, through the covariances of the scales
        within and between schools; then standard errors are conditional ones. For several scales only.

    Returns
    -------
    SchoolMeans, or ByScale of them
        For the analyst: the means are not gated. `aggregate` gives what a district may see.

    Raises
    ------
    ResponseError
        With one school only, no school of two teachers, or a roster that lacks a school or is smaller than those who
        answered.
    ModelError
        For an option that does not exist or does not go with the others.

    Notes
    -----
    ``lme4::ranef(lmer(values ~ 1 + (1 | school)), condVar = TRUE)`` gives ``effect`` and ``conditional_variance``.
    The means are biased towards the mean of all, school by school, and better than the raw means taken together.
    Raudenbush & Bryk (2002, ch. 3); Scott & Smith (1969) on finite populations.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> means = ic.school_means(now)["team_support"]
    >>> means
    <SchoolMeans of team_support: 24 school means, mean of all 4.245, reliability 0.40 to 0.86>
    >>> means.to_frame().loc[[19], ["school", "n", "raw_mean", "mean", "reliability"]].round(2)
        school  n  raw_mean  mean  reliability
    19  Poplar  4      4.56  4.37          0.4
    """
    check_option("method", method, LIKELIHOODS)
    check_option("target", target, TARGETS)
    check_option("error", error, ERRORS)
    if (roster is not None) and target == "school":
        raise ModelError("roster= goes with target='staff'; the mean of the school as such does not depend on it")

    def run(table: Variables) -> list[SchoolMeans]:
        spread = school_spread(table.X, table.groups)
        refuse_too_few(spread, "school_means", None if table.single else table.names)
        staff = _staff(values, roster, table, spread) if target == "staff" else None
        found = components_of(spread, method, np.isnan(table.X).sum(axis=0))
        vectors = _vectors(table) if across_scales else None
        names = ("",) if table.single else table.names
        return [
            of_components(name, spread, a, one, staff, error, vectors=vectors)
            for a, (name, one) in enumerate(zip(names, found, strict=True))
        ]

    return of_each(values, school, "school_means", run)


def of_components(
    name: str,
    spread: SchoolSpread,
    a: int,
    components: VarianceComponents,
    staff: Array | None = None,
    error: MeanError = "estimated",
    *,
    vectors: ShrunkenVectors | None = None,
    audience: Audience = "research",
) -> SchoolMeans:
    """Return the means of the a-th variable, its variance components being known.

    Parameters
    ----------
    name : str
        Of the variable.
    spread : SchoolSpread
        Counts, means and sums of squares by school.
    a : int
        Which variable.
    components : VarianceComponents
        Of it.
    staff : (J,) array, optional
        Teachers on the roster; then the means are of them.
    error : {"estimated", "conditional"}
        Which standard errors.
    vectors : ShrunkenVectors, optional
        Of all variables together.
    audience : {"district", "research"}
        Whom it is for.

    Returns
    -------
    SchoolMeans
    """
    size, mean = spread.size[:, a], spread.mean[:, a]
    centre = components.mean if vectors is None else float(vectors.centre[a])
    found = shrink(size, mean, centre, components.tau2, components.sigma2) if vectors is None else vectors.of_scale(a)
    effect = found.mean - centre
    if staff is not None:
        found = of_present_staff(found, mean, size, staff, components.sigma2)
    variance = found.mse if error == "estimated" else found.conditional
    table = pd.DataFrame(
        {
            "school": pd.Series(list(spread.labels), dtype="str"),
            "n": size.astype(int),
            "n_roster": np.full(len(size), np.nan) if staff is None else staff,
            "raw_mean": np.where(size > 0, mean, np.nan),
            "mean": found.mean,
            "effect": effect,
            "conditional_variance": found.conditional,
            "reliability": found.reliability,
            "se": np.sqrt(np.maximum(variance, 0.0)),
        }
    )
    return SchoolMeans(
        of=name,
        components=components,
        target="school" if staff is None else "staff",
        error="conditional" if vectors is not None else error,
        across_scales=vectors is not None,
        audience=audience,
        _table=table,
    )


def _staff(values: Values, roster: Staff, table: Variables, spread: SchoolSpread) -> Array:
    """Return how many teachers each school has."""
    labels = list(table.groups.labels)
    if roster is not None:
        given = pd.Series(roster)
        counts = pd.Series(given.to_numpy(dtype=float), index=[as_label(key) for key in given.index])
        if counts.index.duplicated().any():
            raise ResponseError(f"roster: listed twice: {listing(counts.index[counts.index.duplicated()])}")
        staff = counts.reindex(labels)
    elif isinstance(values, Responses) and values.roster is not None:
        staff = response_rates(values.one_wave("school_means"))["n_roster"].reindex(labels)
    else:
        raise ModelError("target='staff' needs roster=, each school's number of teachers")
    if (absent := staff.isna()).any():
        raise ResponseError(f"roster: no number of teachers for {listing(staff.index[absent])}")
    counted = staff.to_numpy(dtype=np.float64)
    if (few := counted < spread.size.max(axis=1)).any():
        raise ResponseError(f"roster: fewer teachers than answered in {listing(np.array(labels)[few])}")
    return counted


def _vectors(table: Variables) -> ShrunkenVectors:
    """Return the means of all scales together."""
    if table.X.shape[1] < 2:
        raise ModelError("across_scales=True borrows from other scales: pass a table of several, or Responses")
    complete = np.logical_not(np.isnan(table.X).any(axis=1))
    if not complete.any():
        raise ResponseError("across_scales=True: no teacher has a score on every scale")
    sums = school_sums(table.X[complete], table.groups.keeping(complete)).gathered()
    fit = saturated_two_level(sums)
    W, B, mu = fit.within, fit.between, fit.mean
    if not fit.converged or fit.improper:
        W, B = admissible(*mean_squares(sums))
        mu = two_level_point(sums, W, B).mean
        message = (
            "across_scales=True: these schools do not determine the covariances between schools; they are taken from the"
            " mean squares, negative variances set to nearly 0"
        )
        warn(message, ImproperSolutionWarning)
    moments = school_moments(table.X, table.groups)
    return shrink_vectors(moments.n, np.nan_to_num(moments.mean), mu, W, B)
