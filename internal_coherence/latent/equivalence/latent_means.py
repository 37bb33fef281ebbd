"""How groups, or waves, differ on the latent variables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.equivalence.waves import in_wave
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.row import Row


def mean_differences(fit: SemFit, labels: Sequence[str], *, over_waves: bool, level: float) -> pd.DataFrame:
    """Return the differences of latent means from the first group, or wave.

    Parameters
    ----------
    fit : SemFit
        With equal intercepts and free means.
    labels : sequence of str
        The groups, or the waves.
    over_waves : bool
        Whether they are waves of one group.
    level : float
        Of the limits.

    Returns
    -------
    DataFrame
        As `Invariance.latent_means`.

    Raises
    ------
    ModelError
        If no factor has a mean of its own that is free: below others, or predicted, it has an intercept.
    """
    rows = {(row.lhs, row.group): row for row in fit.table.entries if row.op == "~1"}
    below = {row.rhs for row in fit.table.entries if row.op == "=~"}
    predicted = {row.lhs for row in fit.table.entries if row.op == "~"}
    free = {name for (name, _), row in rows.items() if row.free}
    top = [f for f in fit.latent if f not in below | predicted]
    still = [f for f in top if not over_waves and f not in free]
    if not top or still:
        why = f"the means of {listing(still)} are fixed" if still else "all latent variables are predicted by something"
        raise ModelError(
            f"no means of latent variables to compare: {why}. Of a factor above others fix the intercepts of those below it"
            " ('lower ~ 0*1'), and leave regressions out of the model"
        )
    factors = (
        [f.removesuffix(in_wave("", labels[0])) for f in top if f.endswith(in_wave("", labels[0]))]
        if over_waves
        else top
    )
    found = []
    for factor in factors:
        names = (
            [(in_wave(factor, w), 1) for w in labels] if over_waves else [(factor, g + 1) for g in range(len(labels))]
        )
        omega = fit._fitted.implied[0].omega
        variance = omega[(k := fit._fitted.problem.rams[0].variables.index(names[0][0])), k]
        for label, name in zip(labels[1:], names[1:], strict=True):
            est, se = _difference(fit, rows[name], rows[names[0]])
            found.append({"factor": factor, "label": label, "est": est, "se": se, "d": est / np.sqrt(variance)})
    table = pd.DataFrame(found, columns=["factor", "label", "est", "se", "d"])
    differences, errors = table["est"].to_numpy(), table["se"].to_numpy()
    z = np.where(errors > 0, differences / np.where(errors > 0, errors, 1.0), np.nan)
    reach = float(ndtri((1 + level) / 2)) * errors
    table = table.assign(z=z, pvalue=2 * ndtr(-np.abs(z)), ci_lower=differences - reach, ci_upper=differences + reach)
    return table[["factor", "label", "est", "se", "z", "pvalue", "ci_lower", "ci_upper", "d"]]


def _difference(fit: SemFit, one: Row, first: Row) -> tuple[float, float]:
    """Return a mean less the first, and its standard error; either may be fixed."""
    slope, est = np.zeros(len(fit.coef)), 0.0
    for row, sign in ((one, 1.0), (first, -1.0)):
        est += sign * (float(fit.coef[row.free - 1]) if row.free else row.value)
        if row.free:
            slope[row.free - 1] += sign
    return est, float(np.sqrt(slope @ fit.vcov @ slope))
