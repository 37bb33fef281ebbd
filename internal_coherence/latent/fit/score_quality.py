"""What scores are worth: how they correlate with the latent variables, their own and others, and with each other.

The answers do not determine a latent variable. Of two sets of scores that fit the model equally well, each correlating by ρ with
all that the answers tell, the correlation can be as low as 2ρ² − 1 (Guttman 1955). Grice (2001) asks three things of scores: that
they correlate with their own factor (validity), with other factors no more than their own factor does (univocality), and with each
other as the factors do (correlational accuracy).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.latent.fit.factor_scoring import METHODS, Integers, ScoreMethod, by_pattern, score_weights
from internal_coherence.latent.model.ram import Implied
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.solving import Fitted

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreCorrelations:
    """Correlations of the scores of m latent variables, as the model says.

    Parameters
    ----------
    with_factor : (m, m) array
        Of each score, in rows, with each factor; the diagonal is Grice's validity, for regression scores the determinacy ρ.
    with_score : (m, m) array
        Of the scores.
    factors : (m, m) array
        Of the factors.
    """

    with_factor: Array
    with_score: Array
    factors: Array


def score_correlations(A: Array, at: Implied, has: Integers) -> ScoreCorrelations:
    """Return the correlations of scores.

    Parameters
    ----------
    A : (m, a) array
        Their weights.
    at : Implied
        What the model says.
    has : (a,) array of int
        Which observed variables were answered.

    Returns
    -------
    ScoreCorrelations
        NaN where a score or a factor does not vary.
    """
    p = at.n_observed
    phi, scores = at.omega[p:, p:], A @ at.omega[np.ix_(has, has)] @ A.T
    factor_sd, score_sd = (np.sqrt(np.where(np.diag(V) > 0, np.diag(V), np.nan)) for V in (phi, scores))
    return ScoreCorrelations(
        with_factor=A @ at.omega[has, p:] / np.outer(score_sd, factor_sd),
        with_score=scores / np.outer(score_sd, score_sd),
        factors=phi / np.outer(factor_sd, factor_sd),
    )


def of_group(fitted: Fitted, g: int, method: ScoreMethod, has: Integers | None = None) -> ScoreCorrelations:
    """Return the correlations of one group's scores.

    Parameters
    ----------
    fitted : Fitted
        Solved.
    g : int
        The group.
    method : {"regression", "bartlett", "ten_berge"}
        Of which scores.
    has : (a,) array of int, optional
        Which observed variables were answered; by default all.

    Returns
    -------
    ScoreCorrelations
    """
    ram, at = fitted.problem.rams[g], fitted.implied[g]
    answered = np.arange(ram.n_observed) if has is None else has
    return score_correlations(score_weights(ram, fitted.theta, at, answered, method), at, answered)


def determinacy_table(fitted: Fitted, groups: Sequence[str], latent: Sequence[str]) -> pd.DataFrame:
    """Return what the scores of every latent variable are worth.

    Parameters
    ----------
    fitted : Fitted
        Solved.
    groups, latent : sequence of str
        Names.

    Returns
    -------
    DataFrame
        ``group, factor, method, determinacy, reliability, reliability_as_answered, minimal_correlation, univocality_gap,
        accuracy_gap``.
    """
    rows = []
    for g, label in enumerate(groups):
        for method in METHODS:
            found = of_group(fitted, g, method)
            answered = _as_answered(fitted, g, method)
            univocal = _widest(found.with_factor - found.factors)
            accurate = _widest(found.with_score - found.factors)
            for k, name in enumerate(latent):
                r = float(found.with_factor[k, k])
                rows.append(
                    (label, name, method, r, r**2, answered[k], 2 * r**2 - 1, float(univocal[k]), float(accurate[k]))
                )
    columns = ["group", "factor", "method", "determinacy", "reliability", "reliability_as_answered"]
    table = pd.DataFrame(rows, columns=[*columns, "minimal_correlation", "univocality_gap", "accuracy_gap"])
    order = table["factor"].map({name: k for k, name in enumerate(latent)})
    return (
        table.assign(_order=order).sort_values(["_order"], kind="stable").drop(columns="_order").reset_index(drop=True)
    )


def correlation_table(fitted: Fitted, groups: Sequence[str], latent: Sequence[str]) -> pd.DataFrame:
    """Return how the scores correlate with all latent variables and all other scores.

    Parameters
    ----------
    fitted : Fitted
        Solved.
    groups, latent : sequence of str
        Names.

    Returns
    -------
    DataFrame
        ``group, method, score, factor, with_factor, with_score, between_factors``.
    """
    columns = ["group", "method", "score", "factor", "with_factor", "with_score", "between_factors"]
    return pd.DataFrame(list(_pairs(fitted, groups, latent)), columns=columns)


def _pairs(fitted: Fitted, groups: Sequence[str], latent: Sequence[str]) -> Iterator[tuple[str | float, ...]]:
    for g, label in enumerate(groups):
        for method in METHODS:
            r = of_group(fitted, g, method)
            for j, score in enumerate(latent):
                for k, factor in enumerate(latent):
                    found = (r.with_factor[j, k], r.with_score[j, k], r.factors[j, k])
                    yield label, method, score, factor, *map(float, found)


def _widest(gaps: Array) -> Array:
    """Return each row's largest value off the diagonal; NaN where there is none."""
    size = np.abs(gaps)
    np.fill_diagonal(size, -np.inf)
    if len(size) < 2:
        return np.full(len(size), np.nan)
    return np.where(np.isnan(np.diag(gaps)), np.nan, np.nanmax(np.where(np.isnan(size), -np.inf, size), axis=1))


def _as_answered(fitted: Fitted, g: int, method: ScoreMethod) -> list[float]:
    """Return the mean over rows of the squared correlation, each row's of what it answered; a row without a score counts 0."""
    sample: Sample = fitted.problem.samples[g]
    if sample.X is None or not np.isnan(sample.X).any():
        return [float(r) ** 2 for r in np.diag(of_group(fitted, g, method).with_factor)]
    weights = np.ones(len(sample.X)) if sample.weights is None else sample.weights
    whole = np.zeros(len(fitted.implied[g].omega) - sample.p)
    ever = np.zeros(len(whole), dtype=bool)
    for rows, has in by_pattern(sample.X):
        r = np.diag(of_group(fitted, g, method, has).with_factor)
        ever |= ~np.isnan(r)
        whole += weights[rows].sum() * np.nan_to_num(r) ** 2
    return [float(x) for x in np.where(ever, whole / weights.sum(), np.nan)]
