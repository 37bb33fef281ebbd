"""Three ways from scores to paths: plain, Skrondal & Laake's (2001), and Croon's (2002)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.fit.factor_scoring import ScoreMethod, latent_scores, score_weights
from internal_coherence.latent.scoring.correcting import croon, scored, skrondal_laake_weights, together
from internal_coherence.latent.scoring.measured import measured, measured_places, weights_of
from internal_coherence.latent.scoring.structure import Structure
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.table.par_table import ParTable

Array = NDArray[np.float64]
Found = tuple[Array, Array] | str
APPROACHES = ("plain", "skrondal_laake", "croon")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """The three ways from scores to paths, of whatever rows.

    Parameters
    ----------
    method : {"regression", "bartlett"}
        Which scores plain and corrected ones are.
    sides : (tuple of int, tuple of int) or str
        Which latent variables explain and which are explained; or why that is not clear-cut.
    """

    method: ScoreMethod
    sides: tuple[tuple[int, ...], tuple[int, ...]] | str

    def moments(self, fitted: Fitted, covariates: Sequence[Array | None]) -> list[tuple[Found, ...]]:
        """Return each group's covariances, with divisor n, and means, in each of the ways; or why there are none.

        Parameters
        ----------
        fitted : Fitted
            The measurement model.
        covariates : sequence of ((n, r) array or None)
            Of its rows, group by group.

        Returns
        -------
        list of tuple
            One a group, of three pairs of covariances and means, or reasons.
        """
        return [self._of_group(fitted, g, Z) for g, Z in enumerate(covariates)]

    def _of_group(self, fitted: Fitted, g: int, Z: Array | None) -> tuple[Found, ...]:
        p = fitted.problem
        ram, sample, theta = p.rams[g], p.samples[g], fitted.theta
        part, data = measured(ram, sample, theta), together(sample, Z)
        own = measured_places(ram)
        divisor = (sample.n - 1) / sample.n if sample.unbiased else 1.0
        if sample.X is not None and np.isnan(sample.X).any():
            # Each row by its own weights, as a user of scores has them.
            scores = latent_scores(ram, sample, theta, self.method)[0][:, own]
            simple: Found = _of_rows(scores, Z, data.mean[sample.p :], data.cov[sample.p :, sample.p :])
        else:
            A = score_weights(ram, theta, fitted.implied[g], np.arange(sample.p), self.method)[own]
            simple = scored(part, A, data)
        sided: Found = self.sides if isinstance(self.sides, str) else ""
        if not isinstance(self.sides, str):
            weights = skrondal_laake_weights(part, *self.sides)
            sided = weights if isinstance(weights, str) else scored(part, weights, data)
        corrected = croon(part, weights_of(part, self.method), data)
        return tuple(x if isinstance(x, str) else (x[0] * divisor, x[1]) for x in (simple, sided, corrected))

    def estimates(self, structures: Sequence[Structure], moments: Sequence[tuple[Found, ...]], fitted: Fitted) -> Array:
        """Return the paths of all groups in each of the ways; NaN where there are none.

        Parameters
        ----------
        structures : sequence of Structure
            The paths, group by group.
        moments : sequence of tuple
            As by `moments`.
        fitted : Fitted
            The measurement model.

        Returns
        -------
        (3, k) array
        """
        rows = []
        for a in range(len(APPROACHES)):
            row = []
            for s, of_group, sample in zip(structures, moments, fitted.problem.samples, strict=True):
                found = of_group[a]
                values = None if isinstance(found, str) else s.estimates(*found, sample.n)
                row.append(np.full(len(s.paths), np.nan) if values is None else values)
            rows.append(np.concatenate(row))
        return np.array(rows)


def _of_rows(scores: Array, Z: Array | None, mean: Array, cov: Array) -> tuple[Array, Array]:
    """Return the moments of scores as they are, row by row, and of covariates.

    The covariates' own moments are those from all rows, where some lack them; their covariances with scores rest on the others.
    """
    m = scores.shape[1]
    if Z is None:
        return np.atleast_2d(np.cov(scores.T, bias=True)), scores.mean(axis=0)
    has = ~np.isnan(Z).any(axis=1)
    both = np.column_stack([scores[has], Z[has]])
    whole = np.cov(both.T, bias=True)
    if has.all():
        return whole, both.mean(axis=0)
    whole[:m, :m], whole[m:, m:] = np.cov(scores.T, bias=True), cov
    return whole, np.concatenate([scores.mean(axis=0), mean])


def sides_of(table: ParTable, factors: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]] | str:
    """Return which latent variables explain and which are explained, or why Skrondal & Laake's way is closed.

    Parameters
    ----------
    table : ParTable
        The model of paths.
    factors : sequence of str
        The latent variables that have indicators.

    Returns
    -------
    (tuple of int, tuple of int) or str
        Positions among `factors`.
    """
    paths = [row for row in table.entries if row.op == "~"]
    explaining, explained = {row.rhs for row in paths}, {row.lhs for row in paths}
    if table.latent:
        return "the model measures further latent variables"
    both = sorted(explaining & explained & set(factors))
    if both:
        return f"{both[0]!r} is explained and explains"
    if explaining & set(factors) and explaining - set(factors):
        return "covariates explain beside latent variables"
    if aside := [name for name in factors if name in table.observed and name not in explaining | explained]:
        return f"{aside[0]!r} neither explains nor is explained"
    place = {name: k for k, name in enumerate(factors)}
    return (
        tuple(place[name] for name in factors if name in explaining),
        tuple(place[name] for name in factors if name in explained),
    )
