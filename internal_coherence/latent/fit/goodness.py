"""All fit measures of a model, under lavaan's names with underscores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from internal_coherence.latent.fit import indices
from internal_coherence.latent.fit.residual_matrices import residuals_of, root_mean_square, squares_of
from internal_coherence.latent.inference.missing_data import AsIfComplete
from internal_coherence.latent.inference.testing import TestOfFit
from internal_coherence.latent.model.ram import inverse
from internal_coherence.latent.model.symmetric import triangle
from internal_coherence.latent.sample import shares
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.unstructured import Apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A corrected test statistic and what it was divided by, from which robust indices are made.

    Parameters
    ----------
    scaled, df : float
        The statistic, near χ² with so many degrees of freedom if the model holds.
    factor : float
        What turns its excess into the unit of the standard χ².
    """

    scaled: float
    df: float
    factor: float

    @property
    def excess(self) -> float:
        """The noncentrality in the unit of the standard χ²."""
        return self.factor * (self.scaled - self.df)


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A fitted model and what it is judged by.

    Parameters
    ----------
    fitted, baseline : Fitted
        The model, and that of independent variables.
    df, baseline_df : int
        Their degrees of freedom.
    test, baseline_test : TestOfFit
        The standard tests.
    robust, baseline_robust : TestOfFit or None
        The corrected ones, where the estimator has them.
    log_likelihood, saturated_log_likelihood : float
        NaN where the discrepancy is no likelihood.
    trace, saturated_trace : float
        tr(information⁻¹ meat) of the model and of the saturated one, for Yuan–Bentler tests; else NaN.
    n_saturated : int
        Parameters of the saturated model.
    apart : Apart
        Variables that are fixed to the data, and those that are no part of the model, whose residuals do not count.
    complete, baseline_complete : AsIfComplete or None
        Under missing answers, the misfit that complete data would show.
    """

    fitted: Fitted
    baseline: Fitted
    df: int
    baseline_df: int
    test: TestOfFit
    baseline_test: TestOfFit
    robust: TestOfFit | None
    baseline_robust: TestOfFit | None
    log_likelihood: float
    saturated_log_likelihood: float
    trace: float
    saturated_trace: float
    n_saturated: int
    apart: Apart
    complete: AsIfComplete | None = None
    baseline_complete: AsIfComplete | None = None

    @cached_property
    def measures(self) -> Mapping[str, float]:
        """All measures of fit by name, in lavaan's order; NaN where a measure does not exist."""
        return all_measures(self)

    @property
    def misfit(self) -> tuple[Misfit, Misfit] | None:
        """The robust misfit of the model and of the baseline; None where there is none."""
        if self.df == 0:
            return None
        if self.complete is not None and self.baseline_complete is not None:
            return _as_misfit(self.complete, self.df), _as_misfit(self.baseline_complete, self.baseline_df)
        if self.robust is None or self.baseline_robust is None:
            return None
        tests = (self.robust, self.baseline_robust)
        own, base = (Misfit(scaled=t.chisq, df=t.df, factor=t.scaling_factor) for t in tests)
        return own, base


def _as_misfit(found: AsIfComplete, df: int) -> Misfit:
    factor = found.expected / df
    return Misfit(scaled=found.chisq / factor, df=df, factor=factor)


def all_measures(j: Judged) -> dict[str, float]:
    """Return the measures by name.

    Parameters
    ----------
    j : Judged
        A fitted model.

    Returns
    -------
    dict
        In lavaan's order; NaN where a measure does not exist.
    """
    p = j.fitted.problem
    measures = {"npar": float(j.fitted.n_free), "fmin": j.test.chisq / (2 * p.n_reported)}
    measures |= _tests(j) | _incremental(j) | _likelihood(j) | _approximation(j) | _robust(j) | _of_residuals(j)
    n, chisq, df = p.n_counted, j.test.chisq, j.df
    measures |= {"cn_05": indices.critical_n(chisq, df, n, 0.05), "cn_01": indices.critical_n(chisq, df, n, 0.01)}
    measures |= _absolute(j)
    return measures | {
        "mfi": indices.mcdonald_fit(chisq, df, n),
        "ecvi": indices.ecvi(chisq, j.fitted.n_free, n),
    }


def _tests(j: Judged) -> dict[str, float]:
    found = {"chisq": j.test.chisq, "df": float(j.df), "pvalue": j.test.p_value}
    if j.robust is not None:
        r = j.robust
        found |= {"chisq_scaled": r.chisq, "df_scaled": r.df, "pvalue_scaled": r.p_value}
        found |= {"chisq_scaling_factor": r.scaling_factor}
        if r.name == "scaled.shifted":
            found |= {"chisq_shift_parameters": r.shift}
    b = j.baseline_test
    found |= {"baseline_chisq": b.chisq, "baseline_df": float(j.baseline_df), "baseline_pvalue": b.p_value}
    if j.baseline_robust is not None:
        r = j.baseline_robust
        found |= {"baseline_chisq_scaled": r.chisq, "baseline_df_scaled": r.df, "baseline_pvalue_scaled": r.p_value}
        found |= {"baseline_chisq_scaling_factor": r.scaling_factor}
    return found


def _incremental(j: Judged) -> dict[str, float]:
    plain = (j.test.chisq, float(j.df), j.baseline_test.chisq, float(j.baseline_df))
    found = _compared(*plain, "")
    if j.robust is None or j.baseline_robust is None:
        return found
    r, b = j.robust, j.baseline_robust
    return found | _compared(r.chisq, r.df, b.chisq, b.df, "_scaled")


def _compared(chisq: float, df: float, chisq0: float, df0: float, end: str) -> dict[str, float]:
    nfi = indices.nfi(chisq, chisq0)
    tli = indices.tli(chisq, df, chisq0, df0)
    return {
        f"cfi{end}": indices.cfi(chisq, df, chisq0, df0),
        f"tli{end}": tli,
        f"nnfi{end}": tli,
        f"rfi{end}": indices.rfi(chisq, df, chisq0, df0),
        f"nfi{end}": nfi,
        f"pnfi{end}": df / df0 * nfi if df0 else float("nan"),
        f"ifi{end}": indices.ifi(chisq, df, chisq0),
        f"rni{end}": indices.rni(chisq, df, chisq0, df0),
    }


def _robust(j: Judged) -> dict[str, float]:
    """Return the indices that are meant to be what they would be under normal and complete answers.

    Brosseau-Liard & Savalei (2014) of CFI and TLI, Li & Bentler (2006) of the RMSEA, Zhang & Savalei (2023) under missing
    answers.
    """
    if j.misfit is None:
        return {}
    own, base = j.misfit
    # The statistics of normal and complete answers that would have these excesses.
    as_if = (own.excess + j.df, j.df, base.excess + j.baseline_df, j.baseline_df)
    tli = indices.tli(*as_if)
    p = j.fitted.problem
    n, G = p.n_counted, len(p.samples)
    unit = n * j.df / (own.factor * own.df)  # in which the RMSEA of the scaled statistic is that of the model
    lower, upper = indices.rmsea_limits(own.scaled, own.df, unit, G)
    return {
        "cfi_robust": indices.cfi(*as_if),
        "tli_robust": tli,
        "nnfi_robust": tli,
        "rni_robust": indices.rni(*as_if),
        "rmsea_robust": indices.rmsea(as_if[0], j.df, n, G),
        "rmsea_ci_lower_robust": lower,
        "rmsea_ci_upper_robust": upper,
        "rmsea_pvalue_robust": indices.rmsea_close_p(own.scaled, own.df, unit, G),
        "rmsea_notclose_pvalue_robust": indices.rmsea_notclose_p(own.scaled, own.df, unit, G),
    }


def _likelihood(j: Judged) -> dict[str, float]:
    p, k = j.fitted.problem, float(j.fitted.n_free)
    if p.estimator.discrepancy != "ML":
        return {}
    n, logl = p.n, j.log_likelihood
    found = {
        "logl": logl,
        "unrestricted_logl": j.saturated_log_likelihood,
        "aic": indices.aic(logl, k),
        "bic": indices.bic(logl, k, n),
        "ntotal": n,
        "bic2": indices.bic2(logl, k, n),
    }
    if np.isfinite(j.trace):
        found |= {"scaling_factor_h1": j.saturated_trace / j.n_saturated, "scaling_factor_h0": j.trace / k}
    return found


def _approximation(j: Judged) -> dict[str, float]:
    p = j.fitted.problem
    n, G, df = p.n_counted, len(p.samples), float(j.df)
    lower, upper = indices.rmsea_limits(j.test.chisq, df, n, G)
    found = {
        "rmsea": indices.rmsea(j.test.chisq, df, n, G),
        "rmsea_ci_lower": lower,
        "rmsea_ci_upper": upper,
        "rmsea_ci_level": 0.90,
        "rmsea_pvalue": indices.rmsea_close_p(j.test.chisq, df, n, G),
        "rmsea_close_h0": 0.05,
        "rmsea_notclose_pvalue": indices.rmsea_notclose_p(j.test.chisq, df, n, G),
        "rmsea_notclose_h0": 0.08,
    }
    if j.robust is None or df == 0:
        return found
    r = j.robust
    # The scaled statistic's limits come from χ² itself against its own expectation, c·df (as Mplus has it).
    own = r.name in ("scaled.shifted", "mean.var.adjusted")
    scaled = (r.chisq, r.df) if own else (j.test.chisq, r.scaling_factor * df)
    lower, upper = indices.rmsea_limits(*scaled, n, G)
    found |= {
        "rmsea_scaled": indices.rmsea(r.chisq, r.df, n, G),
        "rmsea_ci_lower_scaled": lower,
        "rmsea_ci_upper_scaled": upper,
        "rmsea_pvalue_scaled": indices.rmsea_close_p(*scaled, n, G),
        "rmsea_notclose_pvalue_scaled": indices.rmsea_notclose_p(*scaled, n, G),
    }
    return found


def _of_residuals(j: Judged) -> dict[str, float]:
    p = j.fitted.problem
    share = shares(p.samples)
    means = any(ram.has_means for ram in p.rams)
    found: dict[str, list[float]] = {}
    for ram, sample, at in zip(p.rams, p.samples, j.fitted.implied, strict=True):
        every = (residuals_of(at, sample, u, means=ram.has_means) for u in ("raw", "cor.bentler", "cor.bollen"))
        raw, bentler, bollen = (squares_of(residuals.without(j.apart.auxiliary)) for residuals in every)
        pairs, variances = raw.p * (raw.p - 1) / 2, raw.p
        for end, count in (("", means), ("_nomean", False)):
            n_means, n = count * raw.p, pairs + variances + count * raw.p
            rows = {
                "rmr": root_mean_square(raw.pairs + raw.variances + count * raw.means, n),
                "srmr": root_mean_square(bentler.pairs + bentler.variances + count * bentler.means, n),
                "crmr": root_mean_square(bollen.pairs + count * bentler.means, pairs + n_means),
                "srmr_mplus": root_mean_square(bollen.pairs + bentler.variances + count * bollen.means, n),
            }
            for name, value in rows.items():
                found.setdefault(name + end, []).append(value)
    r = {name: float(share @ values) for name, values in found.items()}
    return {
        "rmr": r["rmr"],
        "rmr_nomean": r["rmr_nomean"],
        "srmr": r["srmr"],
        "srmr_bentler": r["srmr"],
        "srmr_bentler_nomean": r["srmr_nomean"],
        "crmr": r["crmr"],
        "crmr_nomean": r["crmr_nomean"],
        "srmr_mplus": r["srmr_mplus"],
        "srmr_mplus_nomean": r["srmr_mplus_nomean"],
    }


def _absolute(j: Judged) -> dict[str, float]:
    """Return the GFI, what share of the weighted squares of the moments the model explains, and its kin."""
    p = j.fitted.problem
    gfi = 0.0
    for g, (ram, share) in enumerate(zip(p.rams, shares(p.samples), strict=True)):
        left, whole = _weighted_squares(j, g, means=ram.has_means)
        gfi += share * (1 - left / whole)
    moments = j.fitted.n_moments
    return {
        "gfi": gfi,
        "agfi": 1 - moments / j.df * (1 - gfi) if j.df else 1.0,
        "pgfi": j.df / moments * gfi,
    }


def _weighted_squares(j: Judged, g: int, *, means: bool) -> tuple[float, float]:
    """Return the weighted squares of one group's residuals, and of its moments."""
    p, at = j.fitted.problem, j.fitted.implied[g]
    sample, sigma = p.samples[g], at.sigma
    S, R, mean = sample.cov.copy(), sample.cov - sigma, sample.mean.copy()
    d = sample.mean - at.mu
    if j.apart.exogenous:  # what is fixed to the data explains nothing
        given = np.ix_(j.apart.exogenous, j.apart.exogenous)
        S[given] = R[given] = mean[list(j.apart.exogenous)] = 0.0
    kind = p.estimator.discrepancy
    if kind in ("ULS", "WLS", "DWLS"):
        here, V = triangle(sample.p), p.weight(g)
        e, s = (np.concatenate([x[here], m]) if means else x[here] for x, m in ((R, d), (S, mean)))
        return float(e @ V @ e), float(s @ V @ s)
    W = inverse(sigma if kind == "ML" else sample.cov)
    WR, WS = W @ R, W @ S
    left, whole = 0.5 * float(np.vdot(WR, WR.T)), 0.5 * float(np.vdot(WS, WS.T))
    return (left + float(d @ W @ d), whole + float(mean @ W @ mean)) if means else (left, whole)
