"""One factor's alignment as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.latent.alignment.configural import FactorOfGroups, GroupFits
from internal_coherence.latent.alignment.invariant_groups import invariant_set, p_values, share_explained
from internal_coherence.latent.alignment.minimising import SAME, Minimum
from internal_coherence.latent.alignment.sampling_errors import Aligned

Array = NDArray[np.float64]
KINDS = ("loading", "intercept")
FIT = ("chisq", "df", "pvalue", "cfi", "rmsea", "srmr")
DIFFERS = 0.05


@dataclass(frozen=True, eq=False)
class LaidOut:
    """The tables of one factor, as `Alignment` holds them, and the covariances of its means (G, G)."""

    means: pd.DataFrame
    parameters: pd.DataFrame
    invariance: pd.DataFrame
    search: pd.DataFrame
    mean_cov: Array


def lay_out(
    factor: FactorOfGroups,
    aligned: Aligned,
    costs: tuple[Array, Array],
    minimum: Minimum,
    pull: float,
    sizes: Array,
    names: tuple[str, ...],
) -> LaidOut:
    """Lay one factor's alignment out.

    Parameters
    ----------
    factor : FactorOfGroups
        The configural model's.
    aligned : Aligned
        In the items' own units.
    costs : ((P,) array, (P,) array)
        What loadings and intercepts add to the loss.
    minimum : Minimum
        How it was found.
    pull : float
        How far the reference group moved for being held at 0.
    sizes : (G,) array
        Rows of each group.
    names : tuple of str
        The groups.

    Returns
    -------
    LaidOut
    """
    parameters, invariance = _parameters(factor, aligned, costs, sizes, names)
    others = minimum.ends[~(minimum.ends <= minimum.value * (1 + SAME))]
    search = {
        "factor": factor.name,
        "loss": minimum.value,
        "converged": minimum.converged,
        "n_starts": len(minimum.ends),
        "n_agreeing": minimum.n_agreeing,
        "next_loss": others[0] if len(others) else np.nan,
        "reference_pull": pull,
    }
    return LaidOut(
        means=_means(factor.name, aligned, sizes, names),
        parameters=parameters,
        invariance=invariance,
        search=pd.DataFrame([search]),
        mean_cov=aligned.mean_cov,
    )


def _means(factor: str, aligned: Aligned, sizes: Array, names: tuple[str, ...]) -> pd.DataFrame:
    mean, cov = aligned.mean, aligned.mean_cov
    variance = np.diag(cov)
    difference = mean[:, None] - mean
    lower = (difference > 0) & (p_values(difference, variance[:, None] + variance - 2 * cov) < DIFFERS)
    labels = np.array(names, dtype=object)
    return pd.DataFrame(
        {
            "factor": factor,
            "group": names,
            "n": sizes.astype(int),
            "mean": mean,
            "se": np.sqrt(np.where(variance < 0, np.nan, variance)),
            "variance": aligned.variance,
            "variance_se": aligned.variance_se,
            "rank": pd.Series(mean).rank(ascending=False, method="min").to_numpy(),
            "significantly_smaller": [tuple(labels[row]) for row in lower],
        }
    )


def _parameters(
    factor: FactorOfGroups, aligned: Aligned, costs: tuple[Array, Array], sizes: Array, names: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the aligned parameters by group, and in which groups each is the same."""
    P = len(factor.items)
    configural = np.concatenate([factor.loadings, factor.intercepts])
    explained, cost = _explained(factor, aligned), np.concatenate(costs)
    labels = np.array(names, dtype=object)
    rows, sets = [], []
    for k in range(2 * P):
        item, kind = factor.items[k % P], KINDS[k // P]
        found = invariant_set(aligned.parameters[k], aligned.parameter_cov[k], sizes)
        variance = np.diag(aligned.parameter_cov[k])
        row = {"factor": factor.name, "item": item, "kind": kind}
        of_groups = {
            "group": names,
            "configural": configural[k],
            "estimate": aligned.parameters[k],
            "se": np.sqrt(np.where(variance < 0, np.nan, variance)),
            "difference": found.difference,
            "pvalue": found.pvalue,
            "invariant": found.members,
        }
        rows.append(pd.DataFrame(row | of_groups))
        n = int(found.members.sum())
        of_set = {
            "average": found.average,
            "r_squared": explained[k],
            "n_invariant": n,
            "n_noninvariant": len(names) - n,
            "loss": cost[k],
            "noninvariant_groups": tuple(labels[~found.members]),
        }
        sets.append(row | of_set)
    return pd.concat(rows, ignore_index=True), pd.DataFrame(sets)


def _explained(factor: FactorOfGroups, aligned: Aligned) -> Array:
    """Return R² of every parameter: what factor means and variances account for with the average aligned parameters."""
    lam, nu = np.split(aligned.parameters.mean(axis=1), 2)
    by_loadings = factor.loadings - np.outer(lam, np.sqrt(aligned.variance))
    by_intercepts = factor.intercepts - nu[:, None] - np.outer(lam, aligned.mean)
    return np.concatenate(
        [share_explained(factor.loadings, by_loadings), share_explained(factor.intercepts, by_intercepts)]
    )


def fits_table(found: GroupFits) -> pd.DataFrame:
    """Return how the configural model fits in every group.

    Parameters
    ----------
    found : GroupFits

    Returns
    -------
    DataFrame
        ``group, n, n_excluded, chisq, df, pvalue, cfi, rmsea, srmr, note``.
    """
    rows = []
    for label, fit in zip(found.labels, found.fits, strict=True):
        m = fit.fit_measures()
        measures = {name: float(m.get(name, np.nan)) for name in FIT}
        about = {"group": label, "n": fit.n, "n_excluded": fit.n_excluded}
        rows.append(about | measures | {"note": found.improper.get(label, "")})
    return pd.DataFrame(rows)


def left_out_table(found: GroupFits) -> pd.DataFrame:
    """Return the groups that are not in, and why.

    Parameters
    ----------
    found : GroupFits

    Returns
    -------
    DataFrame
        ``group, n, reason``.
    """
    rows = [(label, found.rows[label], reason) for label, reason in found.failed.items()]
    return pd.DataFrame(rows, columns=["group", "n", "reason"])
