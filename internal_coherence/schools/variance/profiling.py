"""Limits by profile likelihood: the values of one parameter that, with all others at their best, are likely enough.

A limit is where −2 log L has risen by the quantile of χ² with one degree of freedom above its minimum. A variance of
0 is as far as a limit goes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtri

from internal_coherence.schools.variance.random_intercept import RandomIntercept


def ratio_limits(model: RandomIntercept, level: float) -> tuple[float, float]:
    """Return the limits of λ = τ²/σ².

    Parameters
    ----------
    model : RandomIntercept
        The likelihood.
    level : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        The lower is 0 where λ = 0 is likely enough; the upper infinite where no share short of 1 is too unlikely.
    """

    def deviance(share: float) -> float:
        return model.at(share / (1 - share)).deviance

    best = model.best.ratio / (1 + model.best.ratio)
    lower, upper = _both_sides(deviance, best, model.best.deviance + _rise(level), 0.0, 1 - 1e-12)
    return lower / (1 - lower), np.inf if upper >= 1 - 1e-12 else upper / (1 - upper)


def variance_limits(model: RandomIntercept, which: str, level: float) -> tuple[float, float]:
    """Return the limits of τ² or of σ², the other at its best for every value.

    Parameters
    ----------
    model : RandomIntercept
        The likelihood.
    which : {"tau2", "sigma2"}
        Of which.
    level : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
    """
    best = model.best
    total = best.tau2 + best.sigma2

    def deviance(value: float) -> float:
        if which == "sigma2":
            return _least(lambda share: model.at_variances(total * share / (1 - share), value))
        return _least(lambda share: model.at_variances(value, total * (1 - share) / share))

    target = best.deviance + _rise(level)
    middle = best.tau2 if which == "tau2" else best.sigma2
    floor = 0.0 if which == "tau2" else middle * 1e-9
    return _both_sides(deviance, middle, target, floor, np.inf, step=total / 8)


def mean_limits(model: RandomIntercept, level: float) -> tuple[float, float]:
    """Return the limits of the mean μ by the full likelihood, the ratio of the variances at its best for every value.

    Parameters
    ----------
    model : RandomIntercept
        The likelihood, by ML.
    level : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
    """
    best = model.best

    def deviance(mean: float) -> float:
        return _least(lambda share: model.at((1 - share) / share, mean=mean).deviance)

    return _both_sides(
        deviance, best.mean, best.deviance + _rise(level), -np.inf, np.inf, step=float(best.standard_errors[0])
    )


def _rise(level: float) -> float:
    return float(ndtri((1 + level) / 2)) ** 2


def _least(deviance: Callable[[float], float]) -> float:
    """Return the least of a function of a share: a coarse look, then Brent's method about the best."""
    shares = np.clip(1 - np.linspace(0, 1, 65) ** 2, 1e-12, 1 - 1e-12)
    seen = [deviance(float(share)) for share in shares]
    k = int(np.argmin(seen))
    ends = (shares[min(k + 1, len(shares) - 1)], shares[max(k - 1, 0)])
    found = minimize_scalar(deviance, bounds=ends, method="bounded", options={"xatol": 1e-12})
    return float(min(found.fun, seen[k]))


def _both_sides(
    deviance: Callable[[float], float], best: float, target: float, least: float, most: float, step: float = 0.0
) -> tuple[float, float]:
    """Return where the deviance crosses the target below and above the best value, or the ends of the range."""
    limits = []
    for end, sign in ((least, -1.0), (most, 1.0)):
        far, reach = best, step or (abs(end - best))
        while deviance(far) < target and far != end:
            far = max(far + sign * reach, least) if sign < 0 else min(far + sign * reach, most)
            reach *= 2
        if deviance(far) < target:
            limits.append(end)
        else:
            limits.append(float(brentq(lambda x: deviance(x) - target, min(best, far), max(best, far), xtol=1e-14)))
    return limits[0], limits[1]
