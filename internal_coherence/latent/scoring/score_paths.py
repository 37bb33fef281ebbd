"""`factor_score_regression`: paths between latent variables from their scores, with errors that carry both steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import (
    CoherenceError,
    ConvergenceWarning,
    ImproperSolutionWarning,
    ModelError,
    SmallSampleWarning,
    check_draws,
    check_option,
    warn,
)
from internal_coherence.latent.resampling.drawing import FEW_SCHOOLS, Units
from internal_coherence.latent.resampling.refitting import Refit
from internal_coherence.latent.scoring.measured import measured, refuse_other_than_measurement
from internal_coherence.latent.scoring.rows_beside import Covariates, covariate_names, covariates_of
from internal_coherence.latent.scoring.score_moments import METHODS, Corrected
from internal_coherence.latent.scoring.score_paths_record import FactorScoreRegression
from internal_coherence.latent.scoring.structure import Structure, structure, variables_of
from internal_coherence.latent.scoring.three_ways import APPROACHES, Found, Ways, sides_of
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted

Array = NDArray[np.float64]
WHAT = "factor score regression"
SPOKEN = ("the plain", "Skrondal & Laake's", "Croon's")


def factor_score_regression(
    fit: SemFit,
    model: str,
    covariates: Covariates = None,
    *,
    method: Corrected = "regression",
    standardized: bool = False,
    draws: int = 200,
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> FactorScoreRegression:
    r"""Estimate paths between a fit's latent variables from their scores: plain, and in two ways that allow for their errors.

    Parameters
    ----------
    fit : SemFit
        A measurement model, as by `cfa`.
    model : str
        Paths in lavaan's syntax, between latent variables that have indicators, and covariates: ``"efficacy ~ structures + size"``.
    covariates : DataFrame or Series, optional
        Observed variables of the same rows, on the index of the data that were fitted.
    method : {"regression", "bartlett"}
        Which scores the plain way and Croon's take.
    standardized : bool
        Give paths in standard deviations; of plain scores, their own.
    draws : int
        Resampled data sets behind standard errors; 50 at least, or 0 for none.
    rng : Generator or int, optional
        By which they are drawn; a number for the same every time.
    progress : bool
        Show how far the draws are.

    Returns
    -------
    FactorScoreRegression

    Raises
    ------
    ModelError
        If the fit did not converge, is more than a measurement model, or has only moments where draws or covariates are asked for;
        for names in the model that are not there.
    ResponseError
        For covariates that do not fit the rows.

    Warns
    -----
    ImproperSolutionWarning
        If covariances are impossible, as corrected ones may be: there are no estimates in that way then.
    ConvergenceWarning
        For draws that gave no estimates: how many.
    SmallSampleWarning
        If fewer than 30 schools are resampled.

    Notes
    -----
    Plain: the scores are taken for what they score, and their errors bend the paths, towards 0 or away from it. Skrondal & Laake
    (2001): regression scores of what explains, Bartlett's of what is explained, each side from its own indicators; this is possible
    where no latent variable is on both sides, the sides share no indicators or residual covariances, and no covariate explains
    beside latent variables. Croon (2002): see `corrected_score_moments`. ``lm`` on ``lavaan::lavPredict``; ``lavaan::sam``.

    Standard errors carry both steps: rows, or whole schools where the fit knows them, are drawn with replacement, and the
    measurement model and the paths estimated again, from the estimates. A draw in which one of the ways fails counts for none;
    where more than one in ten fails, standard errors are NaN. With several groups the paths are estimated in each by itself.
    Skrondal & Laake (2001); Croon (2002); Devlieger, Mayer & Rosseel (2016).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> from internal_coherence.latent.scoring import factor_score_regression
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> items = "pub =~ pub_1 + pub_2 + pub_3 + pub_4\ntsu =~ tsu_1 + tsu_2 + tsu_3"
    >>> fit = ic.cfa(district, items, estimator="MLR")
    >>> found = factor_score_regression(fit, "tsu ~ pub", draws=0)
    >>> found.to_frame()[["lhs", "op", "rhs"]].values.tolist()
    [['tsu', '~', 'pub']]
    """
    check_option("method", method, METHODS)
    fitted, n_draws = _checked(fit, draws)
    factors = measured(fitted.problem.rams[0], fitted.problem.samples[0], fitted.theta).names
    given = covariate_names(covariates, factors, WHAT)
    table = variables_of(model, factors, given, WHAT)
    used = tuple(name for name in given if name in table.observed)
    beside = covariates_of(fit, covariates, used, WHAT)
    ways = Ways(method=method, sides=sides_of(table, factors))
    moments = ways.moments(fitted, beside)
    structures = [
        structure(model, (*factors, *used), *_plain(of_group), sample.n, standardized=standardized, what=WHAT)
        for of_group, sample in zip(moments, fitted.problem.samples, strict=True)
    ]
    estimates = ways.estimates(structures, moments, fitted)
    notes = _explain(moments, estimates)
    drawn, failed = _resample(fit, ways, beside, structures, np.isfinite(estimates), n_draws, rng, progress)
    notes += _doubts(fit.n_clusters, n_draws, failed)
    return FactorScoreRegression(
        model=model,
        method=method,
        standardized=standardized,
        factors=factors,
        covariates=used,
        groups=fit.groups,
        n=fit.n,
        n_schools=fit.n_clusters,
        resampled="" if not n_draws else "schools" if fit.n_clusters else "rows",
        draws=n_draws,
        n_failed=failed,
        notes=tuple(notes),
        _paths=tuple((label, *path) for label, s in zip(fit.groups, structures, strict=True) for path in s.paths),
        _estimates=estimates,
        _drawn=drawn,
    )


def _checked(fit: SemFit, draws: int) -> tuple[Fitted, int]:
    fitted = fit._solved(WHAT)
    refuse_other_than_measurement(fitted.problem.rams, WHAT)
    n_draws = 0 if draws == 0 and not isinstance(draws, bool) else check_draws(draws, 50)
    if n_draws and any(sample.X is None for sample in fitted.problem.samples):
        raise ModelError(f"{WHAT}: standard errors need the answers themselves; of moments, take draws=0")
    return fitted, n_draws


def _plain(found: Sequence[Found]) -> tuple[Array, Array]:
    """Return the moments of plain scores, which there always are."""
    first = found[0]
    if isinstance(first, str):
        raise ModelError(f"{WHAT}: {first}")
    return first


def _explain(moments: Sequence[Sequence[Found]], estimates: Array) -> list[str]:
    """Return why ways have no estimates; warn where that is not a matter of the model alone."""
    notes = []
    for a, name in enumerate(SPOKEN):
        if closed := next((found[a] for found in moments if isinstance(found[a], str)), None):
            notes.append(f"{name} way is closed: {closed}")
        elif np.isnan(estimates[a]).any():
            notes.append(f"{name} covariances are impossible, or no paths could be estimated from them")
            warn(f"{WHAT}: {notes[-1]}", ImproperSolutionWarning)
    return notes


def _doubts(n_schools: int, draws: int, failed: int) -> list[str]:
    """Return, and warn of, what makes standard errors less than they seem."""
    notes = []
    if draws and 0 < n_schools < FEW_SCHOOLS:
        notes.append(f"standard errors rest on {n_schools} resampled schools; they are unsteady, and too small")
        warn(f"{WHAT}: {notes[-1]}", SmallSampleWarning)
    if failed:
        end = "; more than one in ten, so there are no standard errors" if failed > 0.1 * draws else ""
        notes.append(f"{failed} of {draws} resampled data sets gave no estimates{end}")
        warn(f"{WHAT}: {notes[-1]}", ConvergenceWarning)
    return notes


def _resample(
    fit: SemFit,
    ways: Ways,
    beside: Sequence[Array | None],
    structures: Sequence[Structure],
    wanted: NDArray[np.bool_],
    draws: int,
    rng: np.random.Generator | int | None,
    progress: bool,
) -> tuple[Array, int]:
    """Return the estimates of the draws that gave all that is wanted, and how many did not."""
    from tqdm import tqdm

    k = sum(len(s.paths) for s in structures)
    if not draws:
        return np.zeros((0, len(APPROACHES), k)), 0
    generator = np.random.default_rng(rng)
    own, refit = tuple(fit._fitted.problem.samples), Refit.of(fit)
    found: list[Array] = []
    units = Units.of(own, by_school=fit.n_clusters > 0)
    for _ in tqdm(range(draws), desc="resampling", disable=not progress):
        drawn = units.draw(generator)
        try:
            again = refit.alone(own, drawn)
            if again is None:
                continue
            Z = [None if z is None else z[d.rows] for z, d in zip(beside, drawn, strict=True)]
            estimates = ways.estimates(structures, ways.moments(again, Z), again)
        except (CoherenceError, np.linalg.LinAlgError):  # such rows can't be estimated from: counted below
            continue
        if np.isfinite(estimates[wanted]).all():
            found.append(estimates)
    return np.array(found).reshape(-1, len(APPROACHES), k), draws - len(found)
