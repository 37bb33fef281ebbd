"""Reliability from a factor model's estimates: the formulas, once. Whoever fits the model supplies the numbers.

Loadings are on factors of variance 1. Every function takes stacks too: leading axes give one coefficient each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def omega_total(residuals: Array, total: Array) -> Array:
    """Return the share of the sum's variance that is not residual: 1 − Σψ/V.

    Parameters
    ----------
    residuals : (..., k) array
        Residual variances.
    total : (...) array
        The variance of the sum, as observed or as the model implies.

    Returns
    -------
    (...) array
    """
    share: Array = 1 - residuals.sum(axis=-1) / total
    return share


def factor_share(loadings: Array, total: Array) -> Array:
    """Return the share of the sum's variance that one factor gives: (Σλ)²/V.

    Of a general factor it is ω hierarchical; of a scale's only factor, with V as the model implies, composite
    reliability.

    Parameters
    ----------
    loadings : (..., k) array
        On that factor.
    total : (...) array
        The variance of the sum.

    Returns
    -------
    (...) array
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Array = loadings.sum(axis=-1) ** 2 / total
    return share


def implied_total(loadings: Array, residuals: Array) -> Array:
    """Return the variance of the sum that a model of uncorrelated factors implies.

    Parameters
    ----------
    loadings : (..., k) or (..., k, m) array
        On one factor, or on m.
    residuals : (..., k) array
        Residual variances.

    Returns
    -------
    (...) array
    """
    L = loadings[..., None] if loadings.ndim == residuals.ndim else loadings
    total: Array = (L.sum(axis=-2) ** 2).sum(axis=-1) + residuals.sum(axis=-1)
    return total


def maximal_reliability(loadings: Array, residuals: Array) -> Array:
    """Return H, the reliability of the best weighted sum: s/(1 + s) with s = Σ λ²/ψ (Hancock & Mueller 2001).

    Parameters
    ----------
    loadings, residuals : (..., k) array
        Of the items on their one factor.

    Returns
    -------
    (...) array
        NaN where a residual variance is not positive.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = np.where(residuals > 0, loadings**2 / residuals, np.nan).sum(axis=-1)
        best: Array = signal / (1 + signal)
    return best


def variance_extracted(loadings: Array, variances: Array) -> Array:
    """Return the share of the items' variance that their factor explains: Σλ²/Σσ² (Fornell & Larcker 1981).

    Parameters
    ----------
    loadings : (..., k) array
        On the factor.
    variances : (..., k) array
        Of the items, as observed or as the model implies.

    Returns
    -------
    (...) array
    """
    share: Array = (loadings**2).sum(axis=-1) / variances.sum(axis=-1)
    return share


def explained_common_variance(general: Array, groups: Array) -> Array:
    """Return the general factor's share of the common variance, ECV (Sijtsma 2009; Reise 2012).

    Parameters
    ----------
    general : (..., k) array
        Loadings on the general factor.
    groups : (..., k, m) array
        Loadings on the group factors.

    Returns
    -------
    (...) array
    """
    g = (general**2).sum(axis=-1)
    share: Array = g / (g + (groups**2).sum(axis=(-2, -1)))
    return share


def composite_gradient(loadings: Array, residuals: Array) -> Array:
    """Return the gradient of composite reliability in (λ, ψ): 2ab/t² and −a²/t², a = Σλ, b = Σψ, t = a² + b.

    Parameters
    ----------
    loadings, residuals : (k,) array
        The solution.

    Returns
    -------
    (2k,) array
    """
    a, b = loadings.sum(), residuals.sum()
    t = a**2 + b
    return np.concatenate([np.full(len(loadings), 2 * a * b / t**2), np.full(len(loadings), -(a**2) / t**2)])


def maximal_gradient(loadings: Array, residuals: Array) -> Array:
    """Return the gradient of H in (λ, ψ): 2λ/(ψ(1 + s)²) and −λ²/(ψ²(1 + s)²).

    Parameters
    ----------
    loadings, residuals : (k,) array
        The solution.

    Returns
    -------
    (2k,) array
    """
    s = (loadings**2 / residuals).sum()
    gradient: Array = np.concatenate([2 * loadings / residuals, -(loadings**2) / residuals**2]) / (1 + s) ** 2
    return gradient


def extracted_gradient(loadings: Array, residuals: Array) -> Array:
    """Return the gradient of the variance extracted in (λ, ψ): 2λb/t² and −q/t², q = Σλ², b = Σψ, t = q + b.

    Parameters
    ----------
    loadings, residuals : (k,) array
        The solution.

    Returns
    -------
    (2k,) array
    """
    q, b = (loadings**2).sum(), residuals.sum()
    t = q + b
    return np.concatenate([2 * loadings * b / t**2, np.full(len(loadings), -q / t**2)])
