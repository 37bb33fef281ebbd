"""The noncentral t distribution, also where its computation gives out."""

from __future__ import annotations

from math import isnan

from scipy.special import nctdtr


def noncentral_t(df: float, noncentrality: float, t: float) -> float:
    """Return P(T ≤ t) for Student's t about a noncentrality.

    Parameters
    ----------
    df : float
        Degrees of freedom.
    noncentrality : float
        True difference over its standard error.
    t : float
        The value.

    Returns
    -------
    float
        ``pt(t, df, ncp)``. In tails so far out that scipy gives NaN it is 0 or 1.
    """
    p = float(nctdtr(df, noncentrality, t))
    return p if not isnan(p) else float(noncentrality < t)
