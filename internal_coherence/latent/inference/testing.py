"""The test of a model: χ², and χ² corrected for answers that are not normal or rows that are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from internal_coherence.latent.estimation.estimators import TestName
from internal_coherence.latent.estimation.weighted import gamma, jacobian, normal_theory_weight
from internal_coherence.latent.inference.robust_tests import (
    independence_trace,
    satorra_bentler_trace,
    saturated_trace,
    u_gamma,
)
from internal_coherence.latent.model.derivatives import columns
from internal_coherence.latent.model.ram import inverse
from internal_coherence.latent.sample import shares
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.unstructured import Apart, unstructured

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOfFit:
    """A test statistic.

    Parameters
    ----------
    chisq, df, p_value : float
        The statistic, its degrees of freedom, and the chance of a larger one if the model holds.
    scaling_factor : float
        What χ² was divided by; NaN for the standard test.
    shift : float
        What was then added; 0 but for the scaled and shifted test.
    name : str
        Which test.
    """

    chisq: float
    df: float
    p_value: float
    scaling_factor: float = float("nan")
    shift: float = 0.0
    name: TestName = "standard"


def p_value(chisq: float, df: float) -> float:
    """Return the chance of a larger χ²; NaN without degrees of freedom.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.

    Returns
    -------
    float
    """
    return float(chdtrc(df, chisq)) if df > 0 and np.isfinite(chisq) else float("nan")


def standard_test(fitted: Fitted, df: int) -> TestOfFit:
    """Return the standard test.

    Parameters
    ----------
    fitted : Fitted
        A solved model.
    df : int
        Its degrees of freedom.

    Returns
    -------
    TestOfFit
    """
    # Unweighted least squares have a χ² in name only.
    named = fitted.problem.estimator.discrepancy == "ULS"
    return TestOfFit(chisq=fitted.chisq, df=df, p_value=float("nan") if named else p_value(fitted.chisq, df))


def robust_test(fitted: Fitted, df: int, traces: float) -> TestOfFit:
    """Return the robust test that the model's estimator stands for.

    Parameters
    ----------
    fitted : Fitted
        A solved model.
    df : int
        Its degrees of freedom.
    traces : float
        For the tests of Yuan & Bentler, tr(information⁻¹ meat) of the saturated model less that of the model.

    Returns
    -------
    TestOfFit
        NaN for a model without degrees of freedom.
    """
    name, chisq = fitted.problem.estimator.test, fitted.chisq
    if df == 0:
        return TestOfFit(chisq=chisq, df=0, p_value=float("nan"), name=name)
    if name == "yuan.bentler.mplus":
        # Where a model is far off, observed information can bend the factor below 0; then there is no scaled test.
        factor = traces / df if traces > 0 else float("nan")
        scaled = chisq / factor
        return TestOfFit(chisq=scaled, df=df, p_value=p_value(scaled, df), scaling_factor=factor, name=name)
    if name == "satorra.bentler":
        factor = satorra_bentler(fitted) / df
        scaled = chisq / factor
        return TestOfFit(chisq=scaled, df=df, p_value=p_value(scaled, df), scaling_factor=factor, name=name)
    U = _u_gamma(fitted)
    first, second = float(np.trace(U)), float((U * U.T).sum())
    if name == "mean.var.adjusted":
        fewer, factor = first**2 / second, second / first
        scaled = chisq / factor
        return TestOfFit(chisq=scaled, df=fewer, p_value=p_value(scaled, fewer), scaling_factor=factor, name=name)
    factor = float(np.sqrt(second / df))
    shift = df - first / factor
    scaled = chisq / factor + shift
    return TestOfFit(chisq=scaled, df=df, p_value=p_value(scaled, df), scaling_factor=factor, shift=shift, name=name)


def model_trace(fitted: Fitted, *, clustered: bool) -> float:
    """Return tr(information⁻¹ meat) of a model, the information observed.

    Parameters
    ----------
    fitted : Fitted
        A solved model.
    clustered : bool
        Whether scores are summed within schools.

    Returns
    -------
    float
    """
    products = fitted.products_of_schools if clustered else fitted.products_of_scores
    return float((fitted.inverted(fitted.observed) * products).sum())


def independence_trace_of(baseline: Fitted, exogenous: tuple[int, ...], *, clusters: int) -> float:
    """Return tr(information⁻¹ meat) of the model of independent variables.

    Parameters
    ----------
    baseline : Fitted
        That model.
    exogenous : tuple of int
        Covariates that are fixed to the data.
    clusters : int
        Schools; 0 where rows are independent.

    Returns
    -------
    float
        The means count if the model speaks of them.
    """
    p = baseline.problem
    if p.missing:
        return model_trace(baseline, clustered=clusters > 0)
    total = 0.0
    for ram, sample in zip(p.rams, p.samples, strict=True):
        free = np.setdiff1d(np.arange(sample.p), exogenous)
        variances, means = independence_trace(sample, free, clustered=clusters > 0)
        total += variances + (means if ram.has_means else 0.0)
    return total


def saturated_trace_of(fitted: Fitted, exogenous: tuple[int, ...], *, clusters: int) -> float:
    """Return tr(information⁻¹ meat) of the saturated model of the same samples.

    Parameters
    ----------
    fitted : Fitted
        A solved model.
    exogenous : tuple of int
        Covariates that are fixed to the data: what the saturated model of these alone would have is taken away.
    clusters : int
        Schools; 0 where rows are independent.

    Returns
    -------
    float
        The means count if the model speaks of them.
    """
    p = fitted.problem
    if p.missing:
        return model_trace(unstructured(p, Apart(exogenous=exogenous), covariances=True), clustered=clusters > 0)
    total, given = 0.0, np.array(exogenous, dtype=np.intp)
    for ram, sample in zip(p.rams, p.samples, strict=True):
        for some, sign in ((np.arange(sample.p), 1), (given, -1)):
            if len(some):
                covariances, means = saturated_trace(sample, some, clustered=clusters > 0)
                total += sign * (covariances + (means if ram.has_means else 0.0))
    return total


def satorra_bentler(fitted: Fitted) -> float:
    """Return tr(UΓ).

    Parameters
    ----------
    fitted : Fitted
        A solved model of complete data.

    Returns
    -------
    float
    """
    p = fitted.problem
    if p.estimator.discrepancy != "ML":
        return float(np.trace(_u_gamma(fitted)))
    total = 0.0
    for ram, sample, at in zip(p.rams, p.samples, fitted.implied, strict=True):
        W = inverse(at.sigma)
        total += satorra_bentler_trace(sample, W, means=ram.has_means)
    return total - float((fitted.inverted(fitted.expected) * fitted.meat_of_moments).sum())


def _u_gamma(fitted: Fitted) -> Array:
    """Return UΓ of all groups, means included where the model speaks of them."""
    p = fitted.problem
    weights, gammas, jacobians = [], [], []
    for g, (ram, sample) in enumerate(zip(p.rams, p.samples, strict=True)):
        at, means = fitted.implied[g], ram.has_means
        own = jacobian(columns(at, ram.free), means=means)
        J = np.zeros((len(own), p.n_parameters))
        J[:, ram.free.parameter] = own
        jacobians.append(J)
        at_model = p.estimator.discrepancy == "ML"
        weights.append(normal_theory_weight(inverse(at.sigma), means=means) if at_model else p.weight(g))
        gammas.append(gamma(sample, means=means))
    return u_gamma(weights, gammas, jacobians, shares(p.samples), fitted.free_directions)
