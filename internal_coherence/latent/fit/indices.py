"""Indices of fit, each as its paper has it: functions of a few numbers that can be checked with a calculator.

χ² and its degrees of freedom are those of the model, χ₀² and df₀ of the baseline model. N are the rows that χ² counts: all of
them, or one less a group where covariances are divided by n − 1. The criteria of AIC and kin count all.
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri, chndtr, chndtrinc


def cfi(chisq: float, df: float, chisq0: float, df0: float) -> float:
    """Return the comparative fit index (Bentler 1990): 1 − max(χ² − df, 0)/max(χ² − df, χ₀² − df₀, 0).

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    chisq0 : float
        The test statistic of the baseline model.
    df0 : float
        Its degrees of freedom.

    Returns
    -------
    float
    """
    if not np.isfinite(chisq - df + chisq0 - df0):
        return float("nan")
    own, most = max(chisq - df, 0.0), max(chisq - df, chisq0 - df0, 0.0)
    return 1.0 if own == 0 else 1 - own / most


def rni(chisq: float, df: float, chisq0: float, df0: float) -> float:
    """Return the relative noncentrality index (McDonald & Marsh 1990): the CFI, not kept between 0 and 1.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    chisq0 : float
        The test statistic of the baseline model.
    df0 : float
        Its degrees of freedom.

    Returns
    -------
    float
    """
    return 1 - (chisq - df) / (chisq0 - df0) if chisq0 != df0 else float("nan")


def tli(chisq: float, df: float, chisq0: float, df0: float) -> float:
    """Return the Tucker–Lewis index (1973), also called nonnormed fit index; 1 for a model without degrees of freedom.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    chisq0 : float
        The test statistic of the baseline model.
    df0 : float
        Its degrees of freedom.

    Returns
    -------
    float
    """
    if df == 0 or df0 == 0:
        return 1.0
    return (chisq0 / df0 - chisq / df) / (chisq0 / df0 - 1)


def nfi(chisq: float, chisq0: float) -> float:
    """Return the normed fit index (Bentler & Bonett 1980).

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    chisq0 : float
        The test statistic of the baseline model.

    Returns
    -------
    float
    """
    return (chisq0 - chisq) / chisq0 if chisq0 else float("nan")


def rfi(chisq: float, df: float, chisq0: float, df0: float) -> float:
    """Return the relative fit index (Bollen 1986).

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    chisq0 : float
        The test statistic of the baseline model.
    df0 : float
        Its degrees of freedom.

    Returns
    -------
    float
    """
    return (chisq0 / df0 - chisq / df) / (chisq0 / df0) if df and df0 and chisq0 else 1.0


def ifi(chisq: float, df: float, chisq0: float) -> float:
    """Return the incremental fit index (Bollen 1989).

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    chisq0 : float
        The test statistic of the baseline model.

    Returns
    -------
    float
    """
    return (chisq0 - chisq) / (chisq0 - df) if chisq0 != df else float("nan")


def rmsea(chisq: float, df: float, n: float, n_groups: int = 1) -> float:
    """Return the root mean square error of approximation (Steiger & Lind 1980; of several groups, Steiger 1998).

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    n : float
        N.
    n_groups : int
        Groups.

    Returns
    -------
    float
    """
    if df == 0:
        return 0.0
    return float(np.sqrt(max((chisq - df) / (df * n), 0.0)) * np.sqrt(n_groups))


def rmsea_limits(chisq: float, df: float, n: float, n_groups: int = 1, level: float = 0.90) -> tuple[float, float]:
    """Return limits of the RMSEA from those of the noncentrality (Browne & Cudeck 1993).

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    n : float
        N.
    n_groups : int
        Groups.
    level : float
        Of the limits.

    Returns
    -------
    float, float
    """
    if df == 0:
        return 0.0, 0.0
    tail = (1 - level) / 2
    ends = [noncentrality(chisq, df, p) for p in (1 - tail, tail)]
    lower, upper = (float(np.sqrt(end / (df * n)) * np.sqrt(n_groups)) for end in ends)
    return lower, upper


def noncentrality(chisq: float, df: float, share: float) -> float:
    """Return the noncentrality under which χ² would be exceeded by all but `share`; 0 if even none is too much.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    share : float
        Of the noncentral distribution that lies below χ².

    Returns
    -------
    float
    """
    if not np.isfinite(chisq) or not np.isfinite(df):
        return float("nan")
    if float(chndtr(chisq, df, 0.0)) <= share:
        return 0.0
    return float(chndtrinc(chisq, df, share))


def rmsea_close_p(chisq: float, df: float, n: float, n_groups: int = 1, h0: float = 0.05) -> float:
    """Return the chance of so much misfit or more if the RMSEA were `h0`: the test of close fit.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    n : float
        N.
    n_groups : int
        Groups.
    h0 : float
        The RMSEA that is tested.

    Returns
    -------
    float
    """
    if df == 0:
        return float("nan")
    return 1 - float(chndtr(chisq, df, n * df * h0**2 / n_groups))


def rmsea_notclose_p(chisq: float, df: float, n: float, n_groups: int = 1, h0: float = 0.08) -> float:
    """Return the chance of so little misfit or less if the RMSEA were `h0`: the test of not-close fit.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    n : float
        N.
    n_groups : int
        Groups.
    h0 : float
        The RMSEA that is tested.

    Returns
    -------
    float
    """
    if df == 0:
        return float("nan")
    return float(chndtr(chisq, df, n * df * h0**2 / n_groups))


def critical_n(chisq: float, df: float, n: float, alpha: float) -> float:
    """Return Hoelter's (1983) critical N: of how many rows this misfit would just be significant.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    n : float
        N.
    alpha : float
        Level of the test.

    Returns
    -------
    float
    """
    if df == 0 or chisq <= 0:
        return float("nan")
    return float(chdtri(df, alpha)) / (chisq / n) + 1


def mcdonald_fit(chisq: float, df: float, n: float) -> float:
    """Return McDonald's (1989) centrality index.

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    df : float
        Its degrees of freedom.
    n : float
        N.

    Returns
    -------
    float
    """
    return float(np.exp(-0.5 * (chisq - df) / n))


def ecvi(chisq: float, n_parameters: float, n: float) -> float:
    """Return the expected cross-validation index (Browne & Cudeck 1989).

    Parameters
    ----------
    chisq : float
        The test statistic of the model.
    n_parameters : float
        Free parameters.
    n : float
        N.

    Returns
    -------
    float
    """
    return chisq / n + 2 * n_parameters / n


def aic(log_likelihood: float, n_parameters: float) -> float:
    """Return Akaike's (1974) criterion.

    Parameters
    ----------
    log_likelihood : float
        Of the model.
    n_parameters : float
        Free parameters.

    Returns
    -------
    float
    """
    return -2 * log_likelihood + 2 * n_parameters


def bic(log_likelihood: float, n_parameters: float, n: float) -> float:
    """Return Schwarz's (1978) criterion.

    Parameters
    ----------
    log_likelihood : float
        Of the model.
    n_parameters : float
        Free parameters.
    n : float
        All rows.

    Returns
    -------
    float
    """
    return -2 * log_likelihood + n_parameters * float(np.log(n))


def bic2(log_likelihood: float, n_parameters: float, n: float) -> float:
    """Return Schwarz's criterion with Sclove's (1987) adjustment of the sample size, (n + 2)/24.

    Parameters
    ----------
    log_likelihood : float
        Of the model.
    n_parameters : float
        Free parameters.
    n : float
        All rows.

    Returns
    -------
    float
    """
    return bic(log_likelihood, n_parameters, (n + 2) / 24)
