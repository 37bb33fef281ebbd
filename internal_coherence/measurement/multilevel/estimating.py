"""All that the coefficients need from the answers: W and B, and one factor at both levels; and draws of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from internal_coherence.limits import Limits, PercentileLimits, SchoolLimits
from internal_coherence.measurement.multilevel.coefficients import COEFFICIENTS, Coefficient, alphas, of_both
from internal_coherence.measurement.multilevel.two_level_factor import (
    FactorParts,
    TwoLevelFactor,
    factor_parts,
    two_level_factor,
)
from internal_coherence.moments.two_level_saturated import TwoLevelNormal, from_mean_squares, saturated_two_level
from internal_coherence.moments.two_level_sums import SchoolSums, TwoLevelSums

Array = NDArray[np.float64]
Estimator = Literal["ml", "muml"]
ESTIMATORS: Final[tuple[str, ...]] = get_args(Estimator)
ROUGH: Final = 1e-8
"""What is left of the deviance in a bootstrap sample: a ten-thousandth of a standard error."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """Covariances at both levels, and one factor at both, with each level's own loadings and with the same ones.

    Parameters
    ----------
    saturated : TwoLevelNormal
        W and B.
    free, equal : TwoLevelFactor or None
        None with two items, which do not determine a factor.
    size : float
        The harmonic mean of the schools' sizes, ñ.
    """

    saturated: TwoLevelNormal
    free: TwoLevelFactor | None
    equal: TwoLevelFactor | None
    size: float

    def coefficients(self) -> dict[Coefficient, float]:
        """Return every coefficient by its name.

        Returns
        -------
        dict
            NaN where there is none.
        """
        nothing = np.full(4 * len(self.saturated.within), np.nan)
        free = factor_parts(nothing, "free") if self.free is None else self.free.parts
        equal = factor_parts(nothing, "free") if self.equal is None else self.equal.parts
        return _all(self.saturated.within, self.saturated.between, free, equal, self.size)

    def drawn(self, draws: int, rng: np.random.Generator) -> dict[Coefficient, Array]:
        """Draw the coefficients from the large-sample distribution of the estimates.

        Parameters
        ----------
        draws : int
            How many.
        rng : Generator
            The source of chance.

        Returns
        -------
        dict
            Coefficient to (draws,) array.
        """
        W, B = self.saturated.draw(draws, rng)
        nothing = factor_parts(np.full((draws, 4), np.nan), "free")
        free = nothing if self.free is None else self.free.draw(draws, rng)
        equal = nothing if self.equal is None else self.equal.draw(draws, rng)
        found = {**alphas(W, B, self.size), **of_both(free, equal, self.size)}
        return {name: np.asarray(found[name]) for name in COEFFICIENTS}


def _all(W: Array, B: Array, free: FactorParts, equal: FactorParts, size: float) -> dict[Coefficient, float]:
    found = {**alphas(W, B, size), **of_both(free, equal, size)}
    return {name: float(found[name]) for name in COEFFICIENTS}


def estimated(
    sums: TwoLevelSums, estimator: Estimator, start: Estimates | None = None, tolerance: float | None = None
) -> Estimates:
    """Estimate everything from sufficient statistics.

    Parameters
    ----------
    sums : TwoLevelSums
        Of complete answers.
    estimator : {"ml", "muml"}
        Maximum likelihood, or mean squares.
    start : Estimates, optional
        From which to begin.
    tolerance : float, optional
        How small g'H⁻¹g must get.

    Returns
    -------
    Estimates
    """
    size = sums.n_schools / float((sums.count / sums.size).sum())
    exact = {} if tolerance is None else {"tolerance": tolerance}
    if estimator == "muml":
        saturated, sums = from_mean_squares(sums), sums.as_balanced()
    else:
        begin = None if start is None or start.saturated.at_edge else start.saturated
        saturated = saturated_two_level(sums, start=None if begin is None else (begin.within, begin.between), **exact)
    if len(sums.within) < 3 or not saturated.converged:
        return Estimates(saturated=saturated, free=None, equal=None, size=size)
    both = saturated.within, saturated.between
    first = (None, None) if start is None else (_usable(start.free), _usable(start.equal))
    return Estimates(
        saturated=saturated,
        free=two_level_factor(sums, "free", both, start=first[0], **exact),
        equal=two_level_factor(sums, "equal", both, start=first[1], **exact),
        size=size,
    )


def _usable(found: TwoLevelFactor | None) -> Array | None:
    return found.theta if found is not None and found.converged and not found.at_edge else None


def monte_carlo_limits(estimates: Estimates, draws: int, rng: np.random.Generator) -> Mapping[Coefficient, Limits]:
    """Return limits from draws of the estimates' large-sample distribution.

    Parameters
    ----------
    estimates : Estimates
        Drawn around.
    draws : int
        How many.
    rng : Generator
        The source of chance.

    Returns
    -------
    mapping
        Coefficient to percentiles.
    """
    method = f"Monte Carlo, normal answers, {draws} draws"
    drawn = estimates.drawn(draws, rng)
    return {name: PercentileLimits(draws=values, method=method) for name, values in drawn.items()}


def cluster_bootstrap_limits(
    schools: SchoolSums,
    estimator: Estimator,
    estimates: Estimates,
    draws: int,
    rng: np.random.Generator,
    bar: str | None,
) -> Mapping[Coefficient, Limits]:
    """Return limits from samples of whole schools, each estimated anew.

    Parameters
    ----------
    schools : SchoolSums
        To draw from, each with its own cross-products.
    estimator : {"ml", "muml"}
        How each sample is estimated.
    estimates : Estimates
        From which each search begins.
    draws : int
        Samples.
    rng : Generator
        The source of chance.
    bar : str or None
        The name of a bar that shows how far it is; None for no bar.

    Returns
    -------
    mapping
        Coefficient to limits by Student's t.
    """
    J = len(schools.size)
    table = np.full((draws, len(COEFFICIENTS)), np.nan)
    for row in tqdm(table, disable=bar is None, desc=bar):
        times = np.bincount(rng.integers(J, size=J), minlength=J).astype(np.float64)
        sums = schools.gathered(times)
        if np.count_nonzero(times) < 2 or sums.n <= sums.n_schools:
            continue  # one school alone, or teachers one by one: this sample knows nothing of two levels
        try:
            row[:] = list(estimated(sums, estimator, estimates, ROUGH).coefficients().values())
        except np.linalg.LinAlgError:
            continue
    method = f"cluster bootstrap of {J} schools, {draws} draws"
    return {
        name: SchoolLimits(draws=values, n_schools=J, method=method, scale="plain" if name == "icc" else "complement")
        for name, values in zip(COEFFICIENTS, table.T.copy(), strict=True)
    }
