"""From a solved model to what it is judged by: degrees of freedom, tests, baseline, likelihoods."""

from __future__ import annotations

from math import log, pi

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.fit.goodness import Judged
from internal_coherence.latent.inference.missing_data import as_if_complete
from internal_coherence.latent.inference.testing import (
    TestOfFit,
    independence_trace_of,
    model_trace,
    robust_test,
    saturated_trace_of,
    standard_test,
)
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.unstructured import Apart, unstructured

Array = NDArray[np.float64]


def judge(fitted: Fitted, apart: Apart, clusters: int) -> Judged:
    """Return what a model is judged by.

    Parameters
    ----------
    fitted : Fitted
        Solved, and converged.
    apart : Apart
        Variables that are fixed to the data, or beside the model.
    clusters : int
        Schools; 0 where rows are independent.

    Returns
    -------
    Judged
    """
    p, exogenous = fitted.problem, apart.exogenous
    given = len(exogenous)
    moments = fitted.n_moments
    for ram in p.rams:
        moments -= given * (given + 1) // 2 + (given if ram.has_means else 0)
    df = moments - fitted.n_free
    baseline = unstructured(p, apart, covariances=False)
    baseline_df = moments - baseline.n_free
    robust: TestOfFit | None = None
    baseline_robust: TestOfFit | None = None
    trace = saturated = baseline_trace = float("nan")
    if p.estimator.robust:
        if p.estimator.test.startswith("yuan"):
            saturated = saturated_trace_of(fitted, exogenous, clusters=clusters)
            trace = model_trace(fitted, clustered=clusters > 0)
            baseline_trace = independence_trace_of(baseline, exogenous, clusters=clusters)
        robust = robust_test(fitted, df, saturated - trace)
        baseline_robust = robust_test(baseline, baseline_df, saturated - baseline_trace)
    complete = [
        as_if_complete(f, robust=p.estimator.robust, clustered=clusters > 0) if p.missing and df else None
        for f in (fitted, baseline)
    ]
    likelihood = p.estimator.discrepancy == "ML"
    best = saturated_log_likelihood(fitted, exogenous) if likelihood else float("nan")
    return Judged(
        fitted=fitted,
        baseline=baseline,
        df=df,
        baseline_df=baseline_df,
        test=standard_test(fitted, df),
        baseline_test=standard_test(baseline, baseline_df),
        robust=robust,
        baseline_robust=baseline_robust,
        log_likelihood=best - p.n * fitted.solution.point.value,
        saturated_log_likelihood=best,
        trace=trace,
        saturated_trace=saturated,
        n_saturated=moments,
        apart=apart,
        complete=complete[0],
        baseline_complete=complete[1],
    )


def saturated_log_likelihood(fitted: Fitted, exogenous: tuple[int, ...]) -> float:
    """Return the log-likelihood of the saturated model.

    Parameters
    ----------
    fitted : Fitted
        Whose samples.
    exogenous : tuple of int
        Covariates on which the likelihood is conditional.

    Returns
    -------
    float
    """
    total = 0.0
    for sample in fitted.problem.samples:
        if len(sample.patterns):
            total += sample.saturated_log_likelihood
        else:
            total += _normal(sample.n, sample.p, sample.log_det)
        if exogenous:
            given = sample.cov[np.ix_(exogenous, exogenous)]
            total -= _normal(sample.n, len(given), float(np.linalg.slogdet(given)[1]))
    return total


def _normal(n: float, p: int, log_det: float) -> float:
    """Return the normal log-likelihood of n rows of p variables at their own means and covariances."""
    return -0.5 * n * (p * (log(2 * pi) + 1) + log_det)
