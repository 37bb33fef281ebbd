"""Discrepancies of complete data that need no more than means and covariances: maximum likelihood, GLS, ULS.

Each is half of the usual function, F = ½[…], so that 2nF is χ² and its curvature an observation's information. All have a
gradient of one form, diag(U'GV) − M'Wd, and differ in G and in the weight W:

    ML     ½[log|Σ| − log|S| + tr(SΣ⁻¹) − p + d'Σ⁻¹d]      W = Σ⁻¹    G = W − W(S + dd')W
    GLS    ¼ tr[(S⁻¹(S − Σ))²] + ½ d'S⁻¹d                  W = S⁻¹    G = −W(S − Σ)W
    ULS    ½ Σ (s − σ)² over different entries + ½ d'd      W = I      G = −(R + diag R), R = S − Σ
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    _weights: tuple[Array | None, ...] = field(init=False, repr=False)
    _shares: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_weights", tuple(self._weight(sample.cov) for sample in self.samples))
        object.__setattr__(self, "_shares", shares(self.samples))

    def _weight(self, S: Array) -> Array | None:
        """Return the weight where it does not change with the parameters."""
        return None if self.kind == "ML" else inverse(S) if self.kind == "GLS" else np.eye(len(S))

    @cached_property
    def unit(self) -> float:
        """The mean square of the variances for ULS, whose discrepancy is in their unit; else 1."""
        return float(np.mean([np.mean(np.diag(s.cov) ** 2) for s in self.samples])) if self.kind == "ULS" else 1.0

    def point(self, theta: Array) -> Point:
        """Return the discrepancy and its derivatives; it is infinite where a Σ is not positive definite."""
        try:
            found = [
                self._of_group(*parts, theta) for parts in zip(self.rams, self.samples, self._weights, strict=True)
            ]
        except np.linalg.LinAlgError:
            return Point.nowhere(self.n_parameters)
        return Point(
            value=sum(share * g.value for share, g in zip(self._shares.tolist(), found, strict=True)),
            slopes=lambda: self._slopes(found),
            expected=lambda: self._summed(found, self._expected),
            own=(lambda: self._summed(found, self._own)) if self.kind == "ML" else None,
        )

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        """Where each parameter stands among those of the groups, one group after the other."""
        return np.argsort(np.concatenate([ram.free.parameter for ram in self.rams]))

    def _slopes(self, found: Sequence[AtOnePoint]) -> Array:
        slopes = [share * gradient(g.columns, g.G, g.y) for share, g in zip(self._shares, found, strict=True)]
        return np.concatenate(slopes).take(self._order)

    def _summed(self, found: Sequence[AtOnePoint], curvature: Callable[[AtOnePoint], Array]) -> Array:
        """Return a curvature of all groups, which have no parameter in common, in the order of the parameters."""
        total, first = np.zeros((self.n_parameters,) * 2), 0
        for share, g in zip(self._shares, found, strict=True):
            own = slice(first, first + len(g.places))
            total[own, own], first = share * curvature(g), own.stop
        return total.take(self._order, axis=0).take(self._order, axis=1)

    def _expected(self, g: AtOnePoint) -> Array:
        c = g.columns
        if self.kind != "ULS":
            return expected_information(g.at, g.places, c, g.W)
        J = c.jacobian()
        return J.T @ J + c.M.T @ c.M

    def _own(self, g: AtOnePoint) -> Array:
        return observed_information(g.at, g.places, g.columns, g.W, g.G, g.y)

    def _of_group(self, ram: Ram, sample: Sample, weight: Array | None, theta: Array) -> AtOnePoint:
        at, S = implied(ram, theta), sample.cov
        sigma = at.sigma
        d = sample.mean - at.mu if ram.has_means else np.zeros(sample.p)
        if weight is None:
            W, log_det = precision(sigma)
            y = W @ d
            value = 0.5 * (log_det - sample.log_det + float(np.vdot(W, S)) - len(S) + float(d @ y))
            G = W - W @ S @ W - y[:, None] * y
        else:
            W, R = weight, S - sigma
            y = W @ d
            if self.kind == "GLS":
                WR = W @ R
                value = 0.25 * float((WR * WR.T).sum()) + 0.5 * float(d @ y)
                G = -WR @ W
            else:
                G = -R - np.diag(np.diag(R))
                value = -0.25 * float((R * G).sum()) + 0.5 * float(d @ y)
        return AtOnePoint(value=value, at=at, W=W, G=G, y=y, places=ram.free)
