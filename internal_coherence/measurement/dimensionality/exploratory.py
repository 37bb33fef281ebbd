"""Exploratory factor analysis."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import (
    ConvergenceWarning,
    ImproperSolutionWarning,
    ModelError,
    check_option,
    listing,
    warn,
)
from internal_coherence.measurement.dimensionality.correlations import correlated, invertible, items_index, known_size
from internal_coherence.measurement.dimensionality.extraction import SINGULAR, Extraction, maximum_likelihood, minres
from internal_coherence.measurement.dimensionality.factor_fit import FactorFit, degrees_of_freedom, factor_fit
from internal_coherence.measurement.dimensionality.factor_solution import ExtractionMethod, FactorSolution
from internal_coherence.measurement.dimensionality.rotation import Rotation, RotationMethod, rotate
from internal_coherence.measurement.entrance import Data
from internal_coherence.moments.levels import Missing
from internal_coherence.moments.sufficient import Moments
from internal_coherence.moments.trouble import smallest_eigenvalue

Array = NDArray[np.float64]
EXTRACTIONS: Final[tuple[str, ...]] = get_args(ExtractionMethod)


def efa(
    data: Data,
    *,
    n_factors: int,
    extraction: ExtractionMethod = "minres",
    rotation: RotationMethod = "oblimin",
    missing: Missing = "pairwise",
    n: int | None = None,
    geomin_epsilon: float = 0.01,
    n_starts: int | None = None,
    rotation_tolerance: float | None = None,
    rng: np.random.Generator | int | None = 0,
) -> FactorSolution:
    """Exploratory factor analysis: which items go together?

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        NaN is missing. `Responses` of one wave give all their items.
    n_factors : int
        How many; `parallel_analysis` and `minimum_average_partial` advise.
    extraction : {"minres", "ml"}
        Smallest residual correlations, or maximum likelihood.
    rotation : {"none", "varimax", "promax", "oblimin", "quartimin", "geomin", "geomin_orthogonal", "bentler"}
        Factors may correlate after promax, oblimin (γ = 0, quartimin), geomin and bentler.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.
    n : int, optional
        Teachers to count; by default those who answered every item (listwise) or any item.
    geomin_epsilon : float
        Geomin's constant: .01 as in psych and GPArotation; lavaan takes .001. A smaller one tells small loadings from
        none, and has more local optima.
    n_starts : int, optional
        Starts of the rotation, all but the first at random; by default 30 for geomin,
        else 10. Varimax and promax as R stops them take the one.
    rotation_tolerance : float, optional
        How near its optimum a rotation must come, by default 1e-8 of the gradient. Varimax and promax stop where R's do
        by default, up to 1e-3 short of it; give a tolerance for the optimum itself.
    rng : Generator, int or None
        For those starts.

    Returns
    -------
    FactorSolution

    Raises
    ------
    ResponseError
        With fewer than three items, or items that do not vary.
    ModelError
        For options that do not exist, more factors than the items can tell, or, for ``"ml"``, correlations without an
        inverse.

    Warns
    -----
    ImproperSolutionWarning
        For a Heywood case; the item is named.
    ConvergenceWarning
        If extraction or rotation stopped early; the measures of fit are then NaN.

    Notes
    -----
    ``psych::fa(x, nfactors, fm = "minres", rotate = "oblimin")`` and ``factanal(factors, covmat, rotation)``. psych's
    oblique rotations end at 1e-5 of the criterion's gradient, these at 1e-8. The measures of fit
    are psych's, also its RMSEA √(χ²/(df·n) − 1/(n − 1)); χ² − df over df·(n − 1), as in lavaan, differs in the fourth
    digit. Promax has Kaiser's normalisation, as psych's ``"promax"``.
    lavaan's ``efa(rotation = "geomin")`` is ``extraction="ml", rotation="geomin", geomin_epsilon=0.001``.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> solution = ic.efa(ic.example_responses().select(wave=2025), n_factors=3)
    >>> list(solution.loadings.columns)
    ['F1', 'F2', 'F3']
    """
    check_option("extraction", extraction, EXTRACTIONS)
    moments = correlated(data, missing, "efa", least=3)
    _check_number(n_factors, len(moments.names))
    R = invertible(moments, "efa by maximum likelihood") if extraction == "ml" else moments.cor
    size = known_size(moments, n, "efa")
    found = (maximum_likelihood if extraction == "ml" else minres)(R, n_factors)
    _check_rank(found.loadings)
    turned = rotate(
        found.loadings, rotation, epsilon=geomin_epsilon, n_starts=n_starts, rng=rng, tolerance=rotation_tolerance
    )
    heywood = tuple(name for name, bad in zip(moments.names, found.improper, strict=True) if bad)
    if heywood:
        message = f"efa: Heywood case: no variance of its own is left to {listing(heywood)}; try fewer factors"
        warn(message, ImproperSolutionWarning)
    if extraction == "minres" and smallest_eigenvalue(R) < SINGULAR:
        message = "efa: the correlations have no inverse (some items determine another), so the measures of fit are NaN"
        warn(message, ImproperSolutionWarning)
    if not (found.converged and turned.converged):
        which = "extraction" if not found.converged else "rotation"
        warn(f"efa: the {which} did not converge", ConvergenceWarning)
    return _solution(moments, found, turned, extraction, heywood, size)


def _check_number(m: int, k: int) -> None:
    """Refuse factors that k items can't tell apart."""
    most = max(m for m in range(k) if degrees_of_freedom(k, m) >= 0)
    if isinstance(m, bool) or not isinstance(m, (int, np.integer)) or not 1 <= m <= most:
        raise ModelError(f"n_factors={m!r}: {k} items can tell 1 to {most} factors apart")


def _check_rank(A: Array) -> None:
    """Refuse factors that explain nothing: no rotation could tell them from others."""
    if nothing := int((np.sqrt((A**2).sum(axis=0)) < 1e-4).sum()):
        few = A.shape[1] - nothing
        raise ModelError(f"n_factors={A.shape[1]}: these correlations hold {few} factor{'s' * (few != 1)} only")


def _solution(
    moments: Moments,
    found: Extraction,
    turned: Rotation,
    extraction: ExtractionMethod,
    heywood: tuple[str, ...],
    n: int | None,
) -> FactorSolution:
    R, A = moments.cor, found.loadings
    p, m = A.shape
    L, phi = in_order(turned)
    names, items = pd.Index([f"F{j + 1}" for j in range(m)], name="factor"), items_index(moments)
    sigma = A @ A.T
    np.fill_diagonal(sigma, np.diag(sigma) + found.uniquenesses)
    converged = found.converged and turned.converged
    fit = factor_fit(R, sigma, m, n) if converged else FactorFit()
    return FactorSolution(
        loadings=pd.DataFrame(L, index=items, columns=names),
        phi=pd.DataFrame(phi, index=names, columns=names),
        items=pd.DataFrame(
            {
                "communality": (A**2).sum(axis=1),
                "uniqueness": found.uniquenesses,
                "complexity": complexity(L),
                "mean": moments.mean,
                "sd": np.sqrt(np.diag(moments.cov)),
            },
            index=items,
        ),
        variance=_variance(L, phi, R, names),
        cor=pd.DataFrame(R, index=items, columns=list(moments.names)),
        n_factors=m,
        extraction=extraction,
        rotation=turned.method,
        df=degrees_of_freedom(p, m),
        **asdict(fit),
        heywood=heywood,
        converged=converged,
        criterion=turned.criterion,
        n_starts=turned.n_starts,
        n_agreeing=turned.n_agreeing,
        n=n,
        missing=moments.missing,
    )


def in_order(turned: Rotation) -> tuple[Array, Array]:
    """Return pattern and correlations of the factors, the one that explains most first, each mostly positive.

    Parameters
    ----------
    turned : Rotation

    Returns
    -------
    (p, m) array, (m, m) array
    """
    L, phi = turned.loadings, turned.phi
    order = np.argsort(-np.diag(phi @ L.T @ L), kind="stable")
    sign = np.where(L.sum(axis=0) < 0, -1.0, 1.0)
    return (L * sign)[:, order], (phi * np.outer(sign, sign) + 0.0)[np.ix_(order, order)]  # + 0: no minus zeros


def complexity(L: Array) -> Array:
    """Return Hofmann's complexity of each item: (Σλ²)² / Σλ⁴.

    Parameters
    ----------
    L : (p, m) array
        The pattern.

    Returns
    -------
    (p,) array
        Between 1 and m; NaN for an item without loadings.
    """
    squares = L**2
    fourth = (squares**2).sum(axis=1)
    hofmann: Array = np.divide(squares.sum(axis=1) ** 2, fourth, out=np.full(len(L), np.nan), where=fourth > 0)
    return hofmann


def _variance(L: Array, phi: Array, R: Array, names: pd.Index) -> pd.DataFrame:
    ss = np.diag(phi @ L.T @ L)
    S = L @ phi
    definite = np.linalg.eigvalsh(R)[0] > SINGULAR
    R2 = np.diag(S.T @ np.linalg.solve(R, S)) if definite else np.full(len(ss), np.nan)
    return pd.DataFrame(
        {
            "ss_loadings": ss,
            "proportion": ss / len(L),
            "cumulative": ss.cumsum() / len(L),
            "proportion_explained": ss / ss.sum(),
            "cumulative_explained": ss.cumsum() / ss.sum(),
            "R2": R2,
        },
        index=names,
    )
