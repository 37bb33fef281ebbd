"""A general factor beside group factors, by the transformation of Schmid & Leiman, and what it says of a sum of items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from internal_coherence.measurement.composites.model_based import (
    explained_common_variance,
    factor_share,
    implied_total,
    omega_total,
)
from internal_coherence.measurement.composites.one_factor import one_factor
from internal_coherence.measurement.dimensionality.extraction import HEYWOOD, maximum_likelihood, minres
from internal_coherence.measurement.dimensionality.rotation import RotationMethod, rotate

Array = NDArray[np.float64]
Extraction = Literal["minres", "ml"]
EXTRACTIONS: Final[tuple[str, ...]] = get_args(Extraction)
TotalVariance = Literal["observed", "model"]
TOTALS: Final[tuple[str, ...]] = get_args(TotalVariance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeneralFactor:
    """A general factor and m group factors, all uncorrelated; none of the latter with a single factor.

    Parameters
    ----------
    general : (k,) array
        Loadings on the general factor, 0 or more once the items are turned by `signs`.
    groups : (k, m) array
        Loadings on the group factors; first the one whose oblique factor explains most.
    residuals : (k,) array
        Residual variances of the oblique solution that was transformed.
    signs : (k,) array
        −1 for an item that had to be turned round, else 1.
    converged : bool
        Whether every step did.
    improper : bool
        Whether an item has next to no residual variance, or less than none: a Heywood case.
    """

    general: Array
    groups: Array
    residuals: Array
    signs: Array
    converged: bool
    improper: bool

    def in_units(self, sd: Array) -> GeneralFactor:
        """Return the solution in the items' own units.

        Parameters
        ----------
        sd : (k,) array
            Their standard deviations.

        Returns
        -------
        GeneralFactor
        """
        return GeneralFactor(
            general=self.general * sd,
            groups=self.groups * sd[:, None],
            residuals=self.residuals * sd**2,
            signs=self.signs,
            converged=self.converged,
            improper=self.improper,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """What the factors give to the variance of the sum of the items, and of the items of each group factor.

    Parameters
    ----------
    total, hierarchical, limit, ecv : float
        ω total, ω hierarchical, its limit for ever more items of the kind, the explained common variance.
    by_group : (m, 3) array
        For the items that load highest on a group factor: both factors' share, the general factor's, the group's.
    groups : float
        The group factors' share of the whole sum, each by its own items.
    """

    total: float
    hierarchical: float
    limit: float
    ecv: float
    by_group: Array
    groups: float


def general_factor(R: Array, m: int, extraction: Extraction, rotation: RotationMethod) -> GeneralFactor:
    """Extract m correlated factors and split them into a general factor and group factors.

    Parameters
    ----------
    R : (k, k) array
        Correlations.
    m : int
        Factors; 1 for a general factor alone.
    extraction : {"minres", "ml"}
        Of the factors; the general one is minres.
    rotation : str
        An oblique rotation.

    Returns
    -------
    GeneralFactor

    Notes
    -----
    With oblique loadings Λ and the loadings γ of the factors on a factor of their own, the general loadings are Λγ and
    the group loadings Λ√(1 − γ²). Two factors determine no γ: each gets √φ. Schmid & Leiman (1957).
    """
    if m == 1:
        return _single(R, extraction)
    first = minres(R, m) if extraction == "minres" else maximum_likelihood(R, m)
    oblique = rotate(first.loadings, rotation)
    if m == 2:
        phi = float(oblique.phi[0, 1])  # its sign is that of either factor's direction, which a rotation leaves open
        gamma, second = np.sqrt(abs(phi)) * np.array([1.0, np.sign(phi)]), True
    else:
        solution = minres(oblique.phi, 1)
        gamma, second = solution.loadings[:, 0], solution.converged
    general = oblique.loadings @ gamma
    general = general if general.sum() >= 0 else -general
    groups = oblique.loadings * np.sqrt(np.maximum(1 - gamma**2, 0.0))
    signs = np.where(general < 0, -1.0, 1.0)
    widest = np.argsort(-np.diag(oblique.phi @ oblique.loadings.T @ oblique.loadings))
    groups = groups[:, widest] * signs[:, None]
    return GeneralFactor(
        general=general * signs,
        groups=groups * np.where(groups.sum(axis=0) < 0, -1.0, 1.0),
        residuals=first.uniquenesses,
        signs=signs,
        converged=first.converged and oblique.converged and second,
        improper=bool((first.uniquenesses <= HEYWOOD).any()),
    )


def _single(R: Array, extraction: Extraction) -> GeneralFactor:
    if extraction == "minres":
        solution = minres(R, 1)
        loadings, residuals, converged = solution.loadings[:, 0], solution.uniquenesses, solution.converged
    else:
        fitted = one_factor(R[None])
        loadings, residuals, converged = fitted.loadings[0], fitted.residuals[0], bool(fitted.converged[0])
    signs = np.where(loadings < 0, -1.0, 1.0)
    nothing = np.zeros((len(R), 0))
    return GeneralFactor(
        general=loadings * signs,
        groups=nothing,
        residuals=residuals,
        signs=signs,
        converged=converged,
        improper=bool((residuals <= HEYWOOD).any()),
    )


def shares(solution: GeneralFactor, C: Array, variance: TotalVariance) -> Shares:
    """Return the omegas of a solution.

    Parameters
    ----------
    solution : GeneralFactor
        In the same units as C.
    C : (k, k) array
        Correlations or covariances of the items.
    variance : {"observed", "model"}
        Whether a sum's variance is that of C, or the model's.

    Returns
    -------
    Shares
    """
    g, F, psi = solution.general, solution.groups, solution.residuals
    turned = C * np.outer(solution.signs, solution.signs)
    everything = np.column_stack([g, F])
    owner = np.abs(F).argmax(axis=1) if F.shape[1] else np.zeros(len(g), dtype=np.intp)

    def variance_of(items: NDArray[np.bool_]) -> float:
        if variance == "model":
            return float(implied_total(everything[items], psi[items]))
        return float(turned[np.ix_(items, items)].sum())

    whole = variance_of(np.ones(len(g), dtype=bool))
    by_group = np.full((F.shape[1], 3), np.nan)
    own = np.zeros(F.shape[1])
    for f in range(F.shape[1]):
        if (items := owner == f).any():
            part = variance_of(items)
            own[f] = factor_share(F[items, f], np.array(whole))
            by_group[f, 1:] = factor_share(g[items], np.array(part)), factor_share(F[items, f], np.array(part))
    by_group[:, 0] = by_group[:, 1] + by_group[:, 2]
    total, hierarchical = float(omega_total(psi, np.array(whole))), float(factor_share(g, np.array(whole)))
    return Shares(
        total=total,
        hierarchical=hierarchical,
        limit=hierarchical / total,
        ecv=float(explained_common_variance(g, F)),
        by_group=by_group,
        groups=float(own.sum()),
    )
