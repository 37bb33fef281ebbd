"""How well factors reproduce the correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chndtr, chndtrinc

from internal_coherence.measurement.dimensionality.extraction import SINGULAR

Array = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorFit:
    """Fit of an exploratory factor solution; the fields are those of `FactorSolution`."""

    objective: float = NAN
    chisq: float = NAN
    p_value: float = NAN
    rms: float = NAN
    rmsea: float = NAN
    rmsea_lower: float = NAN
    rmsea_upper: float = NAN
    tli: float = NAN
    cfi: float = NAN
    bic: float = NAN


def degrees_of_freedom(p: int, m: int) -> int:
    """Return ((p − m)² − (p + m)) / 2 for m factors of p items.

    Parameters
    ----------
    p, m : int

    Returns
    -------
    int
    """
    return ((p - m) ** 2 - (p + m)) // 2


def factor_fit(R: Array, sigma: Array, m: int, n: int | None) -> FactorFit:
    """Return how well the correlations that factors imply fit those observed.

    Parameters
    ----------
    R, sigma : (p, p) array
        Observed and implied.
    m : int
        Factors.
    n : int or None
        Teachers.

    Returns
    -------
    FactorFit
        What needs n or an inverse of R is NaN without it.

    Notes
    -----
    χ² is Bartlett's (1950): (n − 1 − (2p + 5)/6 − 2m/3) times the likelihood's discrepancy, whatever was extracted.
    """
    p = len(R)
    df = degrees_of_freedom(p, m)
    rms = float(np.sqrt(np.mean((R - sigma)[np.tril_indices(p, -1)] ** 2)))
    if np.linalg.eigvalsh(R)[0] <= SINGULAR:
        return FactorFit(rms=rms)
    log_det = float(np.linalg.slogdet(R)[1])
    F = max(float(np.linalg.slogdet(sigma)[1]) - log_det + float(np.trace(np.linalg.solve(sigma, R))) - p, 0.0)
    if n is None or (multiplier := n - 1 - (2 * p + 5) / 6 - 2 * m / 3) <= 0:
        return FactorFit(objective=F, rms=rms)
    chisq, null = multiplier * F, -(n - 1 - (2 * p + 5) / 6) * log_det
    lower, upper = noncentrality_limits(chisq, df, 0.90)
    return FactorFit(
        objective=F,
        chisq=chisq,
        p_value=float(chdtrc(df, chisq)) if df else NAN,
        rms=rms,
        rmsea=rmsea(chisq, df, n),
        rmsea_lower=float(np.sqrt(lower / (df * (n - 1)))) if df else NAN,
        rmsea_upper=float(np.sqrt(upper / (df * (n - 1)))) if df else NAN,
        tli=tli(F, df, -log_det, p * (p - 1) // 2, multiplier),
        cfi=cfi(chisq, df, null, p * (p - 1) // 2),
        bic=chisq - df * float(np.log(n)),
    )


def rmsea(chisq: float, df: int, n: int) -> float:
    """Return psych's root mean square error of approximation, √(χ²/(df·n) − 1/(n − 1)).

    Parameters
    ----------
    chisq : float
    df, n : int

    Returns
    -------
    float
        0 where the root would be of a negative number; NaN without degrees of freedom.
    """
    return float(np.sqrt(max(chisq / (df * n) - 1 / (n - 1), 0.0))) if df else NAN


def tli(F: float, df: int, F_null: float, df_null: int, multiplier: float) -> float:
    """Return Tucker & Lewis's (1973) index from the discrepancies of the factors and of no factors.

    Parameters
    ----------
    F, F_null : float
        Discrepancies.
    df, df_null : int
        Degrees of freedom.
    multiplier : float
        What turns a discrepancy into χ².

    Returns
    -------
    float
        NaN without degrees of freedom.
    """
    if not df:
        return NAN
    return (F_null / df_null - F / df) / (F_null / df_null - 1 / multiplier)


def cfi(chisq: float, df: int, chisq_null: float, df_null: int) -> float:
    """Return the comparative fit index: 1 − (χ² − df) / (χ²₀ − df₀), within 0 to 1.

    Parameters
    ----------
    chisq, chisq_null : float
        Of the factors and of no factors.
    df, df_null : int
        Their degrees of freedom.

    Returns
    -------
    float
    """
    misfit = max(chisq - df, 0.0)
    null = max(chisq_null - df_null, misfit)
    return 1 - misfit / null if null > 0 else 1.0


def noncentrality_limits(chisq: float, df: int, level: float) -> tuple[float, float]:
    """Return the interval of the noncentrality of a χ².

    Parameters
    ----------
    chisq : float
    df : int
    level : float
        Of confidence.

    Returns
    -------
    tuple of float
        Each 0 where even a central χ² would be as small with that probability.
    """
    if not df:
        return NAN, NAN
    tails = (1 - (1 - level) / 2, (1 - level) / 2)
    lower, upper = (
        float(chndtrinc(chisq, df, tail)) if chndtr(chisq, df, 0.0) > tail else 0.0 for tail in tails
    )  # fmt: skip
    return lower, upper
