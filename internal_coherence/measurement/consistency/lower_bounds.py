"""Lower bounds of reliability: Guttman's λ1–λ6, ten Berge & Zegers's series, and the greatest of them all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.measurement.consistency.coefficients import (
    coefficient_alpha,
    item_variances,
    lambda_6,
    squared_multiple_correlations,
    total_variance,
)
from internal_coherence.measurement.consistency.splits import every_half, split_coefficients
from internal_coherence.measurement.dimensionality.extraction import minres
from internal_coherence.measurement.entrance import Data, each_moments
from internal_coherence.moments.levels import Missing
from internal_coherence.moments.sufficient import Moments
from internal_coherence.records import ByScale, Record

Array = NDArray[np.float64]
GAP: Final = 1e-10
"""How far the greatest lower bound may be from its optimum, as a share of the variance of the sum."""
SHORTEST: Final = 1e-12
"""The shortest step, as a share of Newton's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LowerBounds(Record):
    """Lower bounds of the reliability of a sum of items.

    Parameters
    ----------
    lambda_1, lambda_2, lambda_3, lambda_4, lambda_5, lambda_5_plus, lambda_6 : float
        Guttman's; λ3 is alpha, λ4 the best split half, λ5+ takes k/(k − 1) times what λ5 adds to λ1.
    mu_0, mu_1, mu_2, mu_3 : float
        ten Berge & Zegers's series, which begins with alpha and λ2.
    glb : float
        The greatest lower bound: the largest error variances that leave the true covariances positive semidefinite.
    glb_factor : float
        psych's ``glb``: the communality of as many minres factors as the items' squared multiple correlations leave
        positive eigenvalues. It may lie above the glb.
    worst_split : float
        Revelle's β.
    n_items, n_splits : int
        Items, and splits looked at for λ4 and β.
    splits_sampled : bool
        Whether those are a sample.
    standardized : bool
        Whether of the items in standard deviations.
    n : int or None
        Teachers; None if not known.
    missing : str
        How missing answers were treated.
    note : str
        Why a bound is NaN; empty where none is.
    """

    lambda_1: float
    lambda_2: float
    lambda_3: float
    lambda_4: float
    lambda_5: float
    lambda_5_plus: float
    lambda_6: float
    mu_0: float
    mu_1: float
    mu_2: float
    mu_3: float
    glb: float
    glb_factor: float
    worst_split: float
    n_items: int
    n_splits: int
    splits_sampled: bool
    standardized: bool
    n: int | None
    missing: str
    note: str

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        of = "standardised" if self.standardized else "raw"
        shown = ", ".join(f"λ{i} {getattr(self, f'lambda_{i}'):.3f}" for i in range(1, 7))
        return f"<{shown}, glb {self.glb:.3f}; {self.n_items} {of} items{'; ' + self.note if self.note else ''}>"


def guttman(
    data: Data,
    *,
    missing: Missing = "pairwise",
    standardized: bool = True,
    rng: np.random.Generator | int | None = None,
) -> LowerBounds | ByScale[LowerBounds]:
    """Guttman's six lower bounds of reliability, ten Berge & Zegers's four, and the greatest lower bound.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Rows are teachers; items coded in one direction; NaN missing. `Responses` of one wave give every scale.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.
    standardized : bool
        Of the items in standard deviations, as psych does; False for the items as they are scored.
    rng : Generator, int or None
        The source of chance where the splits are sampled, from 21 items on.

    Returns
    -------
    LowerBounds, or mapping of scale to LowerBounds

    Raises
    ------
    ResponseError
        With fewer than two items, or values that are not finite.
    ModelError
        If there are no covariances to work with.

    Notes
    -----
    ``psych::guttman(x)`` and ``psych::glb.algebraic(cor(x))$glb``. In small samples λ4, λ6 and above all the glb lie too
    high, the more so the more items there are. Guttman (1945); ten Berge & Zegers (1978); Jackson & Agunwamba (1977);
    Bentler & Woodward (1980).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> teachers = ic.example_responses().select(wave=2025)
    >>> bounds = ic.guttman(teachers)["leadership"]
    >>> bounds.lambda_3 <= bounds.lambda_2 <= bounds.glb
    True
    """
    source = np.random.default_rng(rng)
    return each_moments(data, missing, "guttman", partial(_bounds, standardized=standardized, rng=source))


def _bounds(moments: Moments, *, standardized: bool, rng: np.random.Generator) -> LowerBounds:
    C = moments.cor if standardized else moments.cov
    if np.isnan(C).any() or np.isnan(total_variance(C)):
        raise ModelError(f"guttman: {moments.trouble() or 'the sum of the items does not vary'}")
    k, total, trace = len(C), float(total_variance(C)), float(item_variances(C).sum())
    off = C - np.diag(np.diag(C))
    lambda_1 = 1 - trace / total
    fifth = 2 * np.sqrt((off**2).sum(axis=0).max()) / total
    halves, sampled = every_half(k, rng)
    splits = split_coefficients(C, halves)
    sixth = lambda_6(C)
    notes = ["" if np.isfinite(sixth) else "some items determine another, so there is no λ6", moments.trouble()]
    return LowerBounds(
        lambda_1=lambda_1,
        lambda_2=float(lambda_1 + np.sqrt(k / (k - 1) * (off**2).sum()) / total),
        lambda_3=float(coefficient_alpha(C)),
        lambda_4=float(splits.max()),
        lambda_5=float(lambda_1 + fifth),
        lambda_5_plus=float(lambda_1 + k / (k - 1) * fifth),
        lambda_6=sixth,
        **{f"mu_{r}": _ten_berge(off, total, r) for r in range(4)},
        glb=greatest_lower_bound(C),
        glb_factor=_factor_bound(C),
        worst_split=float(splits.min()),
        n_items=k,
        n_splits=len(splits),
        splits_sampled=sampled,
        standardized=standardized,
        n=moments.n_units,
        missing=moments.missing,
        note="; ".join(n for n in notes if n),
    )


def _ten_berge(off: Array, total: float, r: int) -> float:
    """Return μᵣ = (p₀ + √(p₁ + √(p₂ + …√(k/(k−1) pᵣ))))/V, pₕ the sum of the covariances to the power 2ʰ."""
    k = len(off)
    inner = k / (k - 1) * float((off ** (2**r)).sum())
    for h in range(r - 1, -1, -1):
        inner = float((off ** (2**h)).sum()) + np.sqrt(inner)
    return inner / total


def greatest_lower_bound(C: Array) -> float:
    """Return the glb: 1 − max Σθᵢ / 1'C1 where C − diag θ is positive semidefinite and θ ≥ 0.

    Parameters
    ----------
    C : (k, k) array
        Covariances.

    Returns
    -------
    float
        NaN if C is not positive semidefinite; λ1 where C is singular in a way that leaves no error variance.

    Notes
    -----
    A semidefinite programme in k unknowns, by the barrier method (Boyd & Vandenberghe 2004, §11.3): Newton's method on
    −t Σθ − log |C − diag θ| − Σ log θ, t growing until the duality gap 2k/t is nothing. With M the inverse of
    C − diag θ the gradient is −t + diag M − 1/θ, the Hessian M∘M + diag 1/θ².
    """
    sd = np.sqrt(np.diag(C))
    if not (sd > 0).all() or (least := float(np.linalg.eigvalsh(C / np.outer(sd, sd))[0])) < -1e-10:
        return float("nan")
    total = float(total_variance(C))
    if least < 1e-10:
        return _glb_of_singular(C, total)
    k = len(C)
    theta = np.full(k, 0.5) * least * np.diag(C)
    scale, t = total / k, 1.0
    while 2 * k / t > GAP * total / scale:
        t *= 10
        theta = scale * _centre(C / scale, theta / scale, t)
    return 1 - float(theta.sum()) / total


def _centre(C: Array, theta: Array, t: float) -> Array:
    """Return the point of the central path at t."""
    for _ in range(200):
        M = np.linalg.inv(C - np.diag(theta))
        gradient = -t + np.diag(M) - 1 / theta
        step = -np.linalg.solve(M * M + np.diag(1 / theta**2), gradient)
        decrement = -float(gradient @ step)
        if decrement < 1e-10:
            break
        length = 1.0 if decrement < 0.25 else 1 / (1 + np.sqrt(decrement))
        while length > SHORTEST and not _inside(C, theta + length * step):
            length /= 2
        if length <= SHORTEST:  # at the edge of what the arithmetic can tell apart
            break
        theta = theta + length * step
    return theta


def _inside(C: Array, theta: Array) -> bool:
    edge = 4 * np.finfo(np.float64).eps * float(np.trace(C))
    return bool((theta > 0).all()) and bool(np.linalg.eigvalsh(C - np.diag(theta))[0] > edge)


def _glb_of_singular(C: Array, total: float) -> float:
    """Return the glb where some sum of items does not vary: items in it have no error, the rest may have some."""
    e, V = np.linalg.eigh(C)
    null = V[:, e < 1e-10 * e[-1]]
    free = np.abs(null).max(axis=1) < 1e-7
    if not free.any():
        return 1.0
    kept = (
        C[np.ix_(free, free)]
        - C[np.ix_(free, ~free)] @ np.linalg.pinv(C[np.ix_(~free, ~free)]) @ C[np.ix_(~free, free)]
    )
    return 1 - (1 - greatest_lower_bound(kept)) * float(total_variance(kept)) / total


def _factor_bound(C: Array) -> float:
    sd = np.sqrt(np.diag(C))
    if not (sd > 0).all():
        return float("nan")
    R = C / np.outer(sd, sd)
    smc = squared_multiple_correlations(R)
    if np.isnan(smc).any() or len(R) < 3:
        return float("nan")
    m = int((np.linalg.eigvalsh(R - np.diag(1 - smc)) > 0).sum())
    unique = 1 - (minres(R, min(max(m, 1), len(R) - 1)).loadings ** 2).sum(axis=1)
    return float(1 - (unique * sd**2).sum() / total_variance(C))
