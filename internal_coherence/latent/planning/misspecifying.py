"""How a factor model is made wrong, little by little, to see what its indices of fit then say.

A model of one factor (McNeish & Wolf 2023, *Behavior Research Methods*): residuals of items correlate by .3, in pairs: of a
third of the items, of two thirds, of all. A model of m factors (McNeish & Wolf 2023, *Psychological Methods*), after Hu & Bentler
(1999): at level l = 1, …, m − 1 the l items of lowest loading load on a second factor as strongly as on their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOST_EXPLAINED: Final = 0.95
"""Of an item's variance, by both of its factors."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorModel:
    """A standardised factor model.

    Parameters
    ----------
    loadings : (p, m) array
        Λ.
    factors : (m, m) array
        Φ, correlations.
    residuals : (p, p) array
        Θ, such that ΛΦΛ' + Θ has a diagonal of ones.
    """

    loadings: Array
    factors: Array
    residuals: Array

    @property
    def correlations(self) -> Array:
        """ΛΦΛ' + Θ, (p, p)."""
        found: Array = self.loadings @ self.factors @ self.loadings.T + self.residuals
        return found

    def simple(self) -> NDArray[np.bool_]:
        """Return which items have one loading and no residual correlation, (p,)."""
        alone = np.count_nonzero(self.residuals, axis=1) == 1
        found: NDArray[np.bool_] = (np.count_nonzero(self.loadings, axis=1) == 1) & alone
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Misspecification:
    """A level.

    Parameters
    ----------
    level : int
        From 1.
    omitted : tuple of (int, int, float)
        What the fitted model lacks: two items and the correlation of their residuals, or a factor, an item, and the loading.
    correlations : (p, p) array
        Of a population that has it.
    """

    level: int
    omitted: tuple[tuple[int, int, float], ...]
    correlations: Array


def misspecifications(model: FactorModel, correlation: float) -> list[Misspecification]:
    """Return the levels.

    Parameters
    ----------
    model : FactorModel
        What is fitted.
    correlation : float
        Of residuals, in a model of one factor.

    Returns
    -------
    list of Misspecification
        Fewer than three, or m − 1, where the items don't suffice.
    """
    one = model.loadings.shape[1] == 1
    return list(_residual_correlations(model, correlation) if one else _cross_loadings(model))


def _residual_correlations(model: FactorModel, correlation: float) -> Iterator[Misspecification]:
    """Pair the items of a one-factor model from the lowest loading upwards."""
    strength = np.abs(model.loadings[:, 0])
    order = [int(k) for k in np.argsort(strength, kind="stable") if model.simple()[k]]
    items, level, before = len(order), 0, 0
    sd = np.sqrt(np.diag(model.residuals))
    for third in (1, 2, 3):
        pairs = items * third // 6
        if pairs == before:
            continue
        before, level = pairs, level + 1
        R, omitted = model.correlations.copy(), []
        for a, b in zip(order[0 : 2 * pairs : 2], order[1 : 2 * pairs : 2], strict=True):
            R[a, b] = R[b, a] = R[a, b] + correlation * sd[a] * sd[b]
            omitted.append((min(a, b), max(a, b), correlation))
        yield Misspecification(level=level, omitted=tuple(omitted), correlations=R)


def _cross_loadings(model: FactorModel) -> Iterator[Misspecification]:
    """Let the items of lowest loading load on the most reliable of the other factors."""
    L, m = model.loadings, model.loadings.shape[1]
    strength = np.abs(L).max(axis=1)
    order = [int(k) for k in np.argsort(strength, kind="stable") if model.simple()[k]]
    reliability = [coefficient_h(L[:, k]) for k in range(m)]
    changed, omitted = L.copy(), []
    for level, item in enumerate(order[: m - 1], start=1):
        own = int(np.abs(L[item]).argmax())
        other = max((k for k in range(m) if k != own), key=lambda k: reliability[k])
        size = cross_loading(float(L[item, own]), float(model.factors[own, other]))
        changed[item, other] = size
        omitted.append((other, item, size))
        R = changed @ model.factors @ changed.T
        off = ~np.eye(len(R), dtype=bool)
        R[off] += model.residuals[off]
        np.fill_diagonal(R, 1.0)
        yield Misspecification(level=level, omitted=tuple(omitted), correlations=R)


def cross_loading(loading: float, correlation: float) -> float:
    """Return the second loading of an item: as large as the first, or as large as leaves 5 % of its variance unexplained.

    Parameters
    ----------
    loading : float
        λ, the first, standardised.
    correlation : float
        r, of the two factors.

    Returns
    -------
    float
        c with the sign of λ; λ² + 2λcr + c² ≤ .95.
    """
    own, r = abs(loading), correlation
    room = (own * r) ** 2 + MOST_EXPLAINED - own**2
    most = np.sqrt(room) - own * r if room > 0 else 0.0
    return float(np.sign(loading) * max(min(own, most), 0.0))


def coefficient_h(loadings: Array) -> float:
    """Return Hancock & Mueller's (2001) coefficient H, the reliability of a factor's best sum of its items.

    Parameters
    ----------
    loadings : (p,) array
        Standardised, 0 where an item does not load.

    Returns
    -------
    float
    """
    squares = np.minimum(loadings**2, 1 - 1e-9)
    total = float((squares / (1 - squares)).sum())
    return total / (1 + total)
