"""Whether several paths are zero together, when what is independent are schools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, ndtri, stdtr, stdtrit

from internal_coherence.errors import ResponseError, SmallSampleWarning, warn
from internal_coherence.ordering.over_time.precedence import Kind, MeasuredStages

Array = NDArray[np.float64]
FEW_SCHOOLS: Final = 30
"""Below this, standard errors by school are themselves uncertain."""
TESTED: Final[tuple[Kind, ...]] = ("forward", "backward")


def joint_test(estimates: Array, vcov: Array, n_schools: int) -> dict[str, float]:
    """Return Wald's test that q estimates are all 0, by χ² and by F.

    Parameters
    ----------
    estimates : (q,) array
        The estimates.
    vcov : (q, q) array
        Their covariances, from schools as clusters.
    n_schools : int
        Schools, J.

    Returns
    -------
    dict
        ``n_paths, chisq, df, pvalue, f, df_f, pvalue_f``. F = W (J − q)/((J − 1) q) with q and J − q degrees of freedom, as
        Hotelling's T²: the covariances themselves are estimated from J schools. NaN where they have not rank q.
    """
    q, nan = len(estimates), float("nan")
    sd = np.sqrt(np.diag(vcov)) if q else np.zeros(0)
    good = q > 0 and np.isfinite(vcov).all() and bool((sd > 0).all())
    good = good and n_schools > q and np.linalg.matrix_rank(vcov / np.outer(sd, sd), tol=1e-8) == q
    W = float(estimates @ np.linalg.solve(vcov, estimates)) if good else nan
    F = W * (n_schools - q) / ((n_schools - 1) * q) if good else nan
    return {
        "n_paths": q,
        "chisq": W,
        "df": float(q),
        "pvalue": float(chdtrc(q, W)) if good else nan,
        "f": F,
        "df_f": float(n_schools - q),
        "pvalue_f": float(fdtrc(q, n_schools - q, F)) if good else nan,
    }


def tests_of(kinds: Sequence[str], estimates: Array, vcov: Array, n_schools: int) -> pd.DataFrame:
    """Return the joint tests of all forward and of all backward paths.

    Parameters
    ----------
    kinds : sequence of str
        Of every path.
    estimates, vcov : (q,) and (q, q) array
        Of all paths.
    n_schools : int
        Schools.

    Returns
    -------
    DataFrame
        ``kind`` and what `joint_test` gives, ``n_positive`` of the estimates too.
    """
    rows: list[dict[str, Any]] = []
    for kind in TESTED:
        at = np.array([k for k, own in enumerate(kinds) if own == kind], dtype=np.intp)
        found = joint_test(estimates[at], vcov[np.ix_(at, at)], n_schools)
        rows.append({"kind": kind, **found, "n_positive": int((estimates[at] > 0).sum())})
    return pd.DataFrame(rows)


def with_limits(table: pd.DataFrame, df: float, level: float) -> pd.DataFrame:
    """Add t, p-values and limits to a table of estimates and standard errors.

    Parameters
    ----------
    table : DataFrame
        With ``est`` and ``se``.
    df : float
        Degrees of freedom of Student's t: one less than schools.
    level : float
        Of the limits.

    Returns
    -------
    DataFrame
        With ``t, df, pvalue, ci_lower, ci_upper``.
    """
    reach = float(stdtrit(df, (1 + level) / 2)) if np.isfinite(df) else float(ndtri((1 + level) / 2))
    t = table["est"] / table["se"]
    return table.assign(
        t=t,
        df=df,
        pvalue=2 * stdtr(df, -t.abs().to_numpy()),
        ci_lower=table["est"] - reach * table["se"],
        ci_upper=table["est"] + reach * table["se"],
    )


def check_schools(n_schools: int, paths: int, stages: MeasuredStages, what: str) -> None:
    """Refuse fewer schools than paths to be tested together, and warn of few.

    Parameters
    ----------
    n_schools : int
        Schools.
    paths : int
        The most paths tested together.
    stages : MeasuredStages
        For the message.
    what : str
        The verb.

    Raises
    ------
    ResponseError

    Warns
    -----
    SmallSampleWarning
        With fewer than 30 schools.
    """
    if n_schools <= paths + 1:
        raise ResponseError(
            f"{what}: {n_schools} school{'s' * (n_schools != 1)} for {paths} paths between the {len(stages.keys)}"
            f" stages that are to be tested together; it takes at least {paths + 2} schools. Take fewer stages, or"
            " fewer waves"
        )
    if n_schools < FEW_SCHOOLS:
        warn(
            f"{what}: {n_schools} schools are few; standard errors by school are rough, and only strong paths can be shown",
            SmallSampleWarning,
        )
