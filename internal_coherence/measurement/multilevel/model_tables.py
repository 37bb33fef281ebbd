"""The one-factor models of both levels as tables: what they found, and how they fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from internal_coherence.measurement.multilevel.estimating import Estimates, Estimator
from internal_coherence.measurement.multilevel.two_level_factor import TwoLevelFactor

Array = NDArray[np.float64]


def loading_table(found: Estimates, names: tuple[str, ...]) -> pd.DataFrame:
    """Return loadings and residual variances, in units in which the factor has variance 1 at each level.

    Parameters
    ----------
    found : Estimates
        Of the scale.
    names : tuple of str
        Its items.

    Returns
    -------
    DataFrame
        One row an item; no columns with two items.
    """
    columns: dict[str, Array] = {}
    for model in (found.free, found.equal):
        if model is not None:
            p, end = model.parts, f"_{model.loadings}"
            columns |= {
                f"loading_within{end}": p.lambda_w,
                f"residual_within{end}": p.psi_w,
                f"loading_between{end}": p.lambda_b * np.sqrt(np.maximum(p.phi_b, 0)),
                f"residual_between{end}": p.psi_b,
            }
    return pd.DataFrame(columns, index=pd.Index(names, name="item"))


def model_table(found: Estimates, estimator: Estimator) -> pd.DataFrame:
    """Return how the one-factor models fit, each against W and B without a model.

    Parameters
    ----------
    found : Estimates
        Of the scale.
    estimator : {"ml", "muml"}
        By mean squares there is no likelihood, so no χ².

    Returns
    -------
    DataFrame
        One row a model; none with two items.
    """
    columns = ["loadings", "log_likelihood", "chisq", "df", "pvalue", "factor_variance_between", "converged", "at_edge"]
    models = [model for model in (found.free, found.equal) if model is not None]
    return pd.DataFrame([_fit(model, found, estimator) for model in models], columns=columns)


def _fit(model: TwoLevelFactor, found: Estimates, estimator: Estimator) -> tuple[object, ...]:
    k = len(found.saturated.within)
    df = k * (k + 1) - len(model.theta)
    chisq = 2 * (found.saturated.log_likelihood - model.log_likelihood)
    # Against a maximum that the model was not free to reach, the difference is no χ².
    known = estimator == "ml" and found.saturated.at_edge == model.at_edge and df > 0
    return (
        model.loadings,
        model.log_likelihood if estimator == "ml" else float("nan"),
        chisq if known else float("nan"),
        df,
        float(chdtrc(df, max(chisq, 0.0))) if known else float("nan"),
        float(model.parts.phi_b),
        model.converged,
        model.at_edge,
    )
