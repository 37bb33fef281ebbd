"""Limits of defined parameters by drawing the estimates (MacKinnon, Lockwood & Williams 2004; Preacher & Selig 2012).

A product of two normal estimates is not normal; but draws of the two, multiplied, have the product's own distribution.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.latent.table.par_table import ParTable

Array = NDArray[np.float64]


def monte_carlo_table(
    table: ParTable, theta: Array, vcov: Array, level: float, draws: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the defined parameters with percentile limits.

    Parameters
    ----------
    table : ParTable
        The model.
    theta, vcov : (Q,) and (Q, Q) array
        The estimates and their covariances.
    level : float
        Of the limits.
    draws : int
        How many sets of estimates are drawn.
    rng : Generator
        By which.

    Returns
    -------
    DataFrame
        ``lhs, est, se, ci_lower, ci_upper``.
    """
    e, V = np.linalg.eigh(vcov)  # under equality constraints the covariances are singular
    drawn = theta + rng.standard_normal((draws, len(theta))) @ (V * np.sqrt(np.maximum(e, 0.0))).T
    at: dict[str, float] = {}
    of_draws: dict[str, Array] = {}
    for row in table.entries:
        if row.label and row.op != ":=":
            at.setdefault(row.label, float(theta[row.free - 1]) if row.free else row.value)
            of_draws.setdefault(row.label, drawn[:, row.free - 1] if row.free else np.full(draws, row.value))
    tail = (1 - level) / 2
    rows = []
    for name, expression in table.definitions:
        values = np.broadcast_to(np.asarray(expression.evaluate(of_draws)), draws)
        lower, upper = np.quantile(values, [tail, 1 - tail])
        rows.append((name, float(expression.evaluate(at)), float(values.std(ddof=1)), float(lower), float(upper)))
    return pd.DataFrame(rows, columns=["lhs", "est", "se", "ci_lower", "ci_upper"])
