"""What tells the scales of a survey apart, and what they share: from models that are fitted already."""

from __future__ import annotations

import numpy as np
import pandas as pd

from internal_coherence.latent import SemFit
from internal_coherence.latent.preparing import Missing
from internal_coherence.measurement.composites.model_based import explained_common_variance, variance_extracted
from internal_coherence.measurement.composites.validity import htmt
from internal_coherence.responses import Responses


def scales_of(wave: Responses) -> dict[str, tuple[str, ...]]:
    """Return the items of every scale of two items or more.

    Parameters
    ----------
    wave : Responses

    Returns
    -------
    dict
    """
    return {scale.key: tuple(scale.item_keys) for scale in wave.instrument.scales if len(scale.item_keys) > 1}


def validity_of(wave: Responses, fit: SemFit | None, missing: Missing) -> pd.DataFrame | None:
    """Return what tells every two scales apart: correlation, variance extracted, HTMT.

    Parameters
    ----------
    wave : Responses
        The answers.
    fit : SemFit or None
        Of correlated scales.
    missing : {"listwise", "pairwise", "fiml"}
        As it was fitted; HTMT takes pairs unless it is listwise.

    Returns
    -------
    DataFrame or None
        As `RivalStructures.validity`; None without a fit.
    """
    if fit is None or not fit.converged or len(fit.latent) < 2:
        return None
    extracted = _extracted(fit)
    scales = {s: items for s, items in scales_of(wave).items() if s in fit.latent}
    ratios = htmt(wave, scales, missing="listwise" if missing == "listwise" else "pairwise").to_frame()
    std = fit.standardized_solution()
    pairs = std[(std["op"] == "~~") & (std["lhs"] != std["rhs"]) & std["lhs"].isin(fit.latent)]
    found = pairs.rename(columns={"lhs": "scale", "rhs": "other", "est_std": "correlation"})
    found = found[["scale", "other", "correlation", "ci_lower", "ci_upper"]].merge(
        ratios, on=["scale", "other"], how="left"
    )
    ave, other = found["scale"].map(extracted), found["other"].map(extracted)
    found.insert(5, "ave", ave)
    found.insert(6, "ave_other", other)
    found.insert(7, "fornell_larcker", found["correlation"] ** 2 < np.minimum(ave, other))
    return found


def _extracted(fit: SemFit) -> dict[str, float]:
    """Return the average variance extracted by each latent variable."""
    ram = fit._fitted.problem.rams[0]
    A, S, _ = ram.matrices(fit.coef)
    p = ram.n_observed
    found = {}
    for k, name in enumerate(fit.latent):
        own = np.flatnonzero(A[:p, p + k])
        loadings = A[own, p + k] * np.sqrt(S[p + k, p + k])
        found[name] = float(variance_extracted(loadings, loadings**2 + np.diag(S)[own]))
    return found


def general_of(wave: Responses, fit: SemFit | None) -> pd.DataFrame | None:
    """Return how much of the survey, and of each scale, the general factor of a bifactor model explains.

    Parameters
    ----------
    wave : Responses
        The answers.
    fit : SemFit or None
        Of the bifactor model, whose first latent variable is the general one.

    Returns
    -------
    DataFrame or None
        As `RivalStructures.general`; None without a fit.
    """
    if fit is None or not fit.converged:
        return None
    ram = fit._fitted.problem.rams[0]
    A, S, _ = ram.matrices(fit.coef)
    p = ram.n_observed
    loadings, residuals = A[:p, p:] * np.sqrt(np.diag(S)[p:]), np.diag(S)[:p]
    total = loadings @ loadings.T + np.diag(residuals)
    sd = np.sqrt(np.diag(total))
    general = loadings[:, 0]
    items = list(fit.observed)
    parts = {"whole survey": list(range(p))} | {
        s: [items.index(i) for i in scale if i in items] for s, scale in scales_of(wave).items()
    }
    standard = loadings / sd[:, None]
    within = sum(len(k) * (len(k) - 1) for name, k in parts.items() if name != "whole survey")
    rows = []
    for name, k in parts.items():
        common = loadings[k]
        variance = float(total[np.ix_(k, k)].sum())
        rows.append(
            {
                "factor": name,
                "omega": float((common.sum(axis=0) ** 2).sum()) / variance,
                "omega_hierarchical": float(general[k].sum()) ** 2 / variance,
                "ecv": float(explained_common_variance(standard[k, 0], standard[k, 1:])),
                "puc": 1 - within / (p * (p - 1)) if name == "whole survey" else np.nan,
            }
        )
    return pd.DataFrame(rows)
