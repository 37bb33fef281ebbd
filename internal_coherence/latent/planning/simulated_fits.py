"""Models fitted to many surveys, and what their estimates come to."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from internal_coherence.errors import CoherenceError, ImproperSolutionWarning
from internal_coherence.latent.sem_fit import SemFit

Array = NDArray[np.float64]
NAMES: Final = ["lhs", "op", "rhs"]
MEASURES: Final = (
    *("mean", "bias", "bias_mcse", "relative_bias", "sd", "mean_se"),
    *("coverage", "coverage_mcse", "power", "power_mcse"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """What is drawn and how it is fitted.

    Parameters
    ----------
    fit : callable
        Draws a survey by a generator, and fits the model to it.
    truth : DataFrame
        The parameters that are judged, and what endlessly many teachers would give.
    """

    fit: Callable[[np.random.Generator], SemFit]
    truth: pd.DataFrame


@dataclass(slots=True, eq=False)
class Tally:
    """What the fits gave.

    Parameters
    ----------
    estimates, errors : list of (k,) array
        Of each fit that found a minimum.
    p_values : list of float
        Of the tests of the model.
    failures : Counter
        Why the others found none.
    improper : int
        Fits with impossible estimates.
    df : int
        Degrees of freedom.
    """

    estimates: list[Array] = field(default_factory=list)
    errors: list[Array] = field(default_factory=list)
    p_values: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    improper: int = 0
    df: int = 0


def estimated(fit: SemFit) -> pd.DataFrame:
    """Return the estimates that are not fixed, without intercepts.

    Parameters
    ----------
    fit : SemFit
        Of very many teachers.

    Returns
    -------
    DataFrame
        As ``parameter_estimates``.
    """
    table = fit.parameter_estimates()
    return table[(table["se"] > 0) & (table["op"] != "~1")].reset_index(drop=True)


def run(design: Design, draws: int, rng: np.random.Generator, progress: bool) -> Tally:
    """Draw surveys and fit the model to each.

    Parameters
    ----------
    design : Design
        How.
    draws : int
        How many.
    rng : Generator
        Source of randomness.
    progress : bool
        Show a bar.

    Returns
    -------
    Tally
    """
    tally = Tally()
    wanted = pd.MultiIndex.from_frame(design.truth[NAMES])
    turns: Any = range(draws)
    if progress:
        from tqdm import tqdm

        turns = tqdm(turns, desc="surveys")
    for _ in turns:
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                fit = design.fit(rng)
        except CoherenceError as error:
            tally.failures[str(error)] += 1
            continue
        if not fit.converged:
            tally.failures[fit.trouble] += 1
            continue
        tally.df = fit.df
        tally.improper += any(issubclass(w.category, ImproperSolutionWarning) for w in said)
        found = fit.parameter_estimates().drop_duplicates(NAMES).set_index(NAMES).loc[wanted]
        tally.estimates.append(found["est"].to_numpy())
        tally.errors.append(found["se"].to_numpy())
        measures = fit.fit_measures()
        tally.p_values.append(float(measures.get("pvalue_scaled", measures.get("pvalue", np.nan))))
    return tally


def share(hits: NDArray[np.bool_]) -> tuple[float, float]:
    """Return a share, and its Monte Carlo error.

    Parameters
    ----------
    hits : (R,) array of bool
        Of each fit.

    Returns
    -------
    float, float
        s, and √(s(1 − s)/R).
    """
    found = float(hits.mean())
    return found, float(np.sqrt(found * (1 - found) / len(hits)))


def summary(truth: pd.DataFrame, tally: Tally, alpha: float, level: float) -> pd.DataFrame:
    """Return what the fits tell of each parameter.

    Parameters
    ----------
    truth : DataFrame
        The parameters.
    tally : Tally
        What the fits gave.
    alpha, level : float
        Level of the tests, and of the confidence intervals.

    Returns
    -------
    DataFrame
        As `SimulatedPower.to_frame` says; NaN with fewer than two fits.
    """
    table = truth[[*NAMES, "label"]].copy()
    true = truth["est"].to_numpy()
    table["truth"] = true
    if len(tally.estimates) < 2:
        return table.assign(**dict.fromkeys(MEASURES, np.nan))
    estimates, errors = np.array(tally.estimates), np.array(tally.errors)
    covered = np.abs(estimates - true) <= ndtri((1 + level) / 2) * errors
    seen = np.abs(estimates) > ndtri(1 - alpha / 2) * errors
    bias, sd = estimates.mean(axis=0) - true, estimates.std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(np.abs(true) > 1e-9, bias / true, np.nan)
    shares = {name: [share(hit) for hit in hits.T] for name, hits in (("coverage", covered), ("power", seen))}
    columns = {
        "mean": estimates.mean(axis=0),
        "bias": bias,
        "bias_mcse": sd / np.sqrt(len(estimates)),
        "relative_bias": relative,
        "sd": sd,
        "mean_se": errors.mean(axis=0),
    }
    for name, found in shares.items():
        columns |= {name: np.array([s for s, _ in found]), f"{name}_mcse": np.array([e for _, e in found])}
    return table.assign(**columns)
