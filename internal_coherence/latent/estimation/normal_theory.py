"""Discrepancies of complete data that need no more than means and covariances: maximum likelihood, GLS, ULS.

Each is half of the usual function, F = ½[…], so that 2nF is χ² and its curvature an observation's information. All have a
gradient of one form, diag(U'GV) − M'Wd, and differ in G and in the weight W:

    ML     ½[log|Σ| − log|S| + tr(SΣ⁻¹) − p + d'Σ⁻¹d]      W = Σ⁻¹    G = W − W(S + dd')W
    GLS    ¼ tr[(S⁻¹(S − Σ))²] + ½ d'S⁻¹d                  W = S⁻¹    G = −W(S − Σ)W
    ULS    ½ Σ (s − σ)² over different entries + ½ d'd      W = I      G = −(R + diag R), R = S − Σ
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.estimation.scoring import Point
from internal_coherence.latent.model.derivatives import (
    Columns,
    columns,
    expected_information,
    gradient,
    observed_information,
)
from internal_coherence.latent.model.ram import Implied, Places, Ram, implied, inverse
from internal_coherence.latent.model.symmetric import precision
from internal_coherence.latent.sample import Sample, shares

Array = NDArray[np.float64]
Kind = Literal["ML", "GLS", "ULS"]


@dataclass(frozen=True, kw_only=True, eq=False)
class AtOnePoint:
    """What one group's discrepancy is made of: its value, what is implied, W, G, and y = Wd."""

    value: float
    at: Implied
    W: Array
    G: Array
    y: Array
    places: Places

    @cached_property
    def columns(self) -> Columns:
        """The derivatives of Σ and μ."""
        return columns(self.at, self.places)


@dataclass(frozen=True)
class NormalTheory:
    """The discrepancy of a model of one or several groups.

    Parameters
    ----------
    rams : sequence of Ram
        The model, group by group.
    samples : sequence of Sample
        The data.
    kind : {"ML", "GLS", "ULS"}
        Which discrepancy.
    n_parameters : int
        Over all groups.
    """

    rams: Sequence[Ram]
    samples: Sequence[Sample]
    kind: Kind
    n_parameters: int
    _constants: tuple[Array, ...] = field(init=False, repr=False)
    _shares: Array = field(init=False, repr=False)
    _last: list[tuple[bytes, list[AtOnePoint] | None]] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_constants", tuple(self._constant(sample.cov) for sample in self.samples))
        object.__setattr__(self, "_shares", shares(self.samples))

    def _constant(self, S: Array) -> Array:
        """Return what does not change with the parameters: log|S|, or the weight."""
        if self.kind == "ML":
            return np.asarray(np.linalg.slogdet(S)[1], dtype=np.float64)
        return inverse(S) if self.kind == "GLS" else np.eye(len(S))

    @cached_property
    def unit(self) -> float:
        """The mean square of the variances for ULS, whose discrepancy is in their unit; else 1."""
        return float(np.mean([np.mean(np.diag(s.cov) ** 2) for s in self.samples])) if self.kind == "ULS" else 1.0

    def value(self, theta: Array) -> float:
        """Return the discrepancy; infinite where a Σ is not positive definite."""
        found = self._groups(theta)
        return float("inf") if found is None else sum(s * g.value for s, g in zip(self._shares, found, strict=True))

    def point(self, theta: Array) -> Point:
        """Return the discrepancy, its gradient and its expected curvature."""
        q = self.n_parameters
        slope, found = np.zeros(q), self._groups(theta)
        if found is None:
            return Point(value=float("inf"), gradient=slope, expected=lambda: np.zeros((q, q)))
        for ram, share, g in zip(self.rams, self._shares, found, strict=True):
            slope[ram.free.parameter] += share * gradient(g.columns, g.G, g.y)
        return Point(value=self.value(theta), gradient=slope, expected=lambda: self._expected(found))

    def _expected(self, found: list[AtOnePoint]) -> Array:
        total = np.zeros((self.n_parameters,) * 2)
        for ram, share, g in zip(self.rams, self._shares, found, strict=True):
            own = ram.free.parameter
            total[own[:, None], own] += share * self._curvature(g)
        return total

    def hessian(self, theta: Array) -> Array | None:
        """Return the curvature of the likelihood itself; None for the other discrepancies."""
        if self.kind != "ML":
            return None
        H, found = np.zeros((self.n_parameters,) * 2), self._groups(theta)
        if found is None:
            return None
        for ram, share, g in zip(self.rams, self._shares, found, strict=True):
            own = ram.free.parameter
            H[own[:, None], own] += share * observed_information(g.at, ram.free, g.columns, g.W, g.G, g.y)
        return H

    def _groups(self, theta: Array) -> list[AtOnePoint] | None:
        """Return what the discrepancy is made of; the last point is kept, since it is asked for more than once."""
        key = theta.tobytes()
        if self._last and self._last[0][0] == key:
            return self._last[0][1]
        try:
            found = [self._of_group(g, theta) for g in range(len(self.rams))]
        except np.linalg.LinAlgError:
            found = None
        self._last[:] = [(key, found)]
        return found

    def _curvature(self, g: AtOnePoint) -> Array:
        c = g.columns
        if self.kind != "ULS":
            return expected_information(g.at, g.places, c, g.W)
        J = c.jacobian()
        return J.T @ J + c.M.T @ c.M

    def _of_group(self, g: int, theta: Array) -> AtOnePoint:
        ram, sample = self.rams[g], self.samples[g]
        at, S = implied(ram, theta), sample.cov
        sigma = at.sigma
        d = sample.mean - at.mu if ram.has_means else np.zeros(sample.p)
        if self.kind == "ML":
            W, log_det = precision(sigma)
            WS, y = W @ S, W @ d
            value = 0.5 * (log_det - float(self._constants[g]) + float(np.vdot(W, S)) - len(S) + float(d @ y))
            G = W - WS @ W - y[:, None] * y
        else:
            W, R = self._constants[g], S - sigma
            y = W @ d
            if self.kind == "GLS":
                WR = W @ R
                value = 0.25 * float((WR * WR.T).sum()) + 0.5 * float(d @ y)
                G = -WR @ W
            else:
                G = -R - np.diag(np.diag(R))
                value = -0.25 * float((R * G).sum()) + 0.5 * float(d @ y)
        return AtOnePoint(value=value, at=at, W=W, G=G, y=y, places=ram.free)
