"""`dynamic_cutoffs`: cut-offs of indices of fit that are made for a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ConvergenceWarning, ModelError, SmallSampleWarning, check_draws, listing, warn
from internal_coherence.latent.planning.cutoffs_record import DynamicCutoffs
from internal_coherence.latent.planning.factor_models import refuse, standardised
from internal_coherence.latent.planning.misspecifying import FactorModel, Misspecification, misspecifications
from internal_coherence.latent.planning.replicates import Replicates, near, quantile_error, replicated
from internal_coherence.latent.sem_fit import SemFit

Array = NDArray[np.float64]
INDICES: Final = ("srmr", "rmsea", "cfi")
RULES: Final = (("95/5", 0.05), ("90/10", 0.10))
"""What share of misspecified samples passes, and of true ones fails, at the most."""


def dynamic_cutoffs(
    fit: SemFit,
    *,
    n: int | None = None,
    residual_correlation: float = 0.3,
    draws: int = 500,
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> DynamicCutoffs:
    """Find cut-offs of SRMR, RMSEA and CFI for a factor model, by samples from the model made wrong.

    Parameters
    ----------
    fit : SemFit
        A factor model of one group, fitted by maximum likelihood.
    n : int, optional
        Rows of a sample; by default those of the fit. Teachers in schools tell less than as many independent ones:
        `power_cfa` says how their effective number is had.
    residual_correlation : float
        By which residuals correlate in a model of one factor.
    draws : int
        Samples of each level.
    rng : Generator, int or None
        Source of randomness.
    progress : bool
        Show a bar.

    Returns
    -------
    DynamicCutoffs

    Raises
    ------
    ModelError
        For fits that did not converge, of several groups, with impossible estimates, without degrees of freedom, or that are no
        factor model: regressions, factors of factors, or means that are not free.

    Warns
    -----
    ConvergenceWarning
        If more than one sample in ten of a level finds no minimum.
    SmallSampleWarning
        With fewer than 200 samples, whose fifth percentile is unsteady.

    Notes
    -----
    ``dynamic::cfaOne(fit)``, ``dynamic::cfaHB(fit)``. McNeish & Wolf (2023, *Psychological Methods* 28, 61–88; and *Behavior Research
    Methods* 55, 1157–1174). Samples are normal, of the standardised estimates, and fitted by maximum likelihood with the model
    as it is. At a level,

    - the cut-off is the 5th percentile of SRMR and RMSEA, the 95th of CFI, in misspecified samples, if at least 95 % of samples
      of the true model do better ("95/5"); else the 10th (90th) percentile, if 90 % do ("90/10"); else there is none;
    - one factor: residuals correlate by .3 within ⌊p/6⌋, ⌊2p/6⌋ and ⌊p/2⌋ pairs of the p items, about a third, two thirds and all
      of them. The sources don't say which: pairs are the two items of lowest loading (in size), the next two, and so on,
      which gives the authors' published cut-offs. An odd item is left alone. Levels without a pair more than the one
      before are dropped, so that 4 and 5 items have two;
    - m factors: at level l the l items with the lowest loadings also load on the factor of highest reliability but their own, as
      strongly as on their own, l = 1, …, m − 1. Reliability is coefficient H. Where the sources are silent: the
      second loading has the sign of the first and leaves at least 5 % of the item's variance unexplained; items that have two
      loadings or a residual correlation already are passed over.

    Means are no part of the SRMR here, nor of the fit's own beside it. Of a fit with a robust test the robust RMSEA and CFI
    are shown, which estimate what normal answers would show. Monte Carlo errors are Maritz & Jarrett's (1978). A cut-off says
    how a model of this kind and size looks if it is wrong by so much; it does not make the model right.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> from internal_coherence.latent.planning import dynamic_cutoffs
    >>> district = ic.simulate_responses(n_schools=60, teachers=10, icc=0, rng=1)
    >>> fit = ic.cfa(district.items, "cef =~ cef_1 + cef_2 + cef_3 + cef_4 + cef_5 + cef_6")
    >>> dynamic_cutoffs(fit, draws=200, rng=1)
    <DynamicCutoffs, 200 samples of 600; the fit has srmr ..., rmsea ..., cfi ...>
    level 1: srmr ..., rmsea ..., cfi ...
    level 2: srmr ..., rmsea ..., cfi ...
    level 3: srmr ..., rmsea ..., cfi ...
    """
    count = check_draws(draws, 20)
    rows = refuse(fit, n)
    if not 0 < abs(residual_correlation) < 1:
        raise ModelError(f"residual_correlation={residual_correlation} is not between 0 and 1")
    if count < 200:
        warn(f"dynamic_cutoffs: a fifth percentile of {count} samples is unsteady; take 500", SmallSampleWarning)
    model, scale = standardised(fit)
    levels = misspecifications(model, residual_correlation)
    if not levels:
        raise ModelError(
            "dynamic_cutoffs: no item has one loading and no residual correlation, so nothing can be made wrong"
        )
    generator = np.random.default_rng(rng)
    results: dict[int, Replicates] = {}
    for level in (None, *levels):
        number = 0 if level is None else level.level
        results[number] = _samples(fit, model, scale, level, rows, count, generator, progress)
    failed = {number: found.failed for number, found in results.items()}
    if many := [number for number, lost in failed.items() if lost > 0.1 * count]:
        warn(
            f"dynamic_cutoffs: more than a tenth of the samples found no minimum at level {listing(many)}",
            ConvergenceWarning,
        )
    values = _own(fit)
    table = pd.DataFrame([row for k in results for row in _cutoffs(k, results[0].indices, results[k].indices, values)])
    note = (
        "the rows of this fit are of schools; samples are of as many independent rows, see n="
        if fit.n_clusters and n is None
        else ""
    )
    return DynamicCutoffs(
        table=table.astype({"beyond": "boolean"}),
        omitted=_omitted(fit, levels),
        kind="one_factor" if model.loadings.shape[1] == 1 else "multifactor",
        n=rows,
        draws=count,
        failed=failed,
        values=values,
        note=note,
    )


def _samples(
    fit: SemFit,
    model: FactorModel,
    scale: Array,
    level: Misspecification | None,
    n: int,
    draws: int,
    rng: np.random.Generator,
    progress: bool,
) -> Replicates:
    """Fit the model to samples of one level."""
    name = "the true model" if level is None else f"level {level.level}"
    R = model.correlations if level is None else level.correlations
    if np.linalg.eigvalsh(R)[0] <= 1e-10:
        raise ModelError(f"dynamic_cutoffs: no population is misspecified as {name} would be")
    cov, problem = R * np.outer(scale, scale), fit._fitted.problem
    start = near(problem, cov, fit.coef, n)
    turns: Iterable[int] = range(draws)
    if progress:
        from tqdm import tqdm

        turns = tqdm(turns, desc=name)
    return replicated(problem, fit.df, cov, fit.coef if start is None else start, n, rng, turns)


def _own(fit: SemFit) -> dict[str, float]:
    m = fit.fit_measures()
    return {
        "srmr": float(m["srmr_bentler_nomean"]),
        "rmsea": float(m.get("rmsea_robust", m["rmsea"])),
        "cfi": float(m.get("cfi_robust", m["cfi"])),
    }


def _cutoffs(level: int, true: Array, wrong: Array, values: dict[str, float]) -> list[dict[str, Any]]:
    """Return the rows of one level."""
    rows = []
    for k, index in enumerate(INDICES):
        sign = -1.0 if index == "cfi" else 1.0  # so that larger is worse
        good, bad = sign * true[:, k], sign * wrong[:, k]
        rule, cutoff, error = _level_0(good) if level == 0 else _rule(good, bad)
        there = np.isfinite(cutoff)
        rows.append(
            {
                "level": level,
                "index": index,
                "rule": rule,
                "cutoff": sign * cutoff,
                "cutoff_mcse": error,
                "misspecified_rejected": float((bad >= cutoff).mean()) if there and level else np.nan,
                "true_rejected": float((good >= cutoff).mean()) if there else np.nan,
                "value": values[index],
                "beyond": bool(sign * values[index] >= cutoff) if there else pd.NA,
            }
        )
    return rows


def _level_0(good: Array) -> tuple[Literal["95"], float, float]:
    if len(good) < 2:
        return "95", float("nan"), float("nan")
    return "95", float(np.quantile(good, 0.95)), quantile_error(good, 0.95)


def _rule(good: Array, bad: Array) -> tuple[str, float, float]:
    """Return the first rule that tells misspecified samples from true ones, the cut-off, and its Monte Carlo error."""
    for name, share in RULES:
        if min(len(good), len(bad)) > 1:
            cutoff = float(np.quantile(bad, share))
            if cutoff > float(np.quantile(good, 1 - share)):
                return name, cutoff, quantile_error(bad, share)
    return "none", float("nan"), float("nan")


def _omitted(fit: SemFit, levels: list[Misspecification]) -> pd.DataFrame:
    one = len(fit.latent) == 1
    rows = [
        (level.level, fit.observed[a] if one else fit.latent[a], "~~" if one else "=~", fit.observed[b], size)
        for level in levels
        for a, b, size in level.omitted
    ]
    return pd.DataFrame(rows, columns=["level", "lhs", "op", "rhs", "size"])
