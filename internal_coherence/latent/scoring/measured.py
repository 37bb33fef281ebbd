"""The measurement part of a fit: which latent variables answers show, by what loadings, and with what error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.fit.factor_scoring import bartlett_weights, centres, measurement_part
from internal_coherence.latent.model.ram import Ram, implied
from internal_coherence.latent.sample import Sample

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """The latent variables f of one group that have indicators: x = ν + Λf + e, cov(f) = Φ, cov(e) = Θ.

    Parameters
    ----------
    names : tuple of str
        Of the m latent variables.
    loadings : (p, m) array
        Λ.
    residual : (p, p) array
        Θ.
    phi : (m, m) array
        Φ, as the model says.
    mean : (p,) array
        μ, of the indicators.
    factor_mean : (m,) array
        Of the latent variables.
    """

    names: tuple[str, ...]
    loadings: Array
    residual: Array
    phi: Array
    mean: Array
    factor_mean: Array


def refuse_other_than_measurement(rams: Sequence[Ram], what: str) -> None:
    """Refuse models in which observed variables cause others: their scores lean on more than indicators.

    Parameters
    ----------
    rams : sequence of Ram
        Of all groups.
    what : str
        The verb, for messages.

    Raises
    ------
    ModelError
        Naming the causes; or if there are no latent variables.
    """
    ram = rams[0]
    p, names = ram.n_observed, ram.variables
    beside = {names[j] for r in rams for j in (*r.free.a_col, *np.flatnonzero(r.A.any(axis=0))) if j < p}
    for r in rams:
        pairs = [*zip(r.free.s_row, r.free.s_col, strict=True), *zip(*np.nonzero(r.S), strict=True)]
        beside |= {names[min(i, j)] for i, j in pairs if min(i, j) < p <= max(i, j)}
    if beside:
        raise ModelError(
            f"{what} takes a measurement model, such as ic.cfa fits; in this one observed variables cause others or covary with"
            f" latent ones: {listing(sorted(beside))}. Leave that out of it, and pass them as covariates="
        )
    if not measured_places(ram):
        raise ModelError(f"{what} takes a model with latent variables that have indicators; this one has none")


def measured_places(ram: Ram) -> list[int]:
    """Return the positions, among latent variables, of those that have indicators of their own.

    Parameters
    ----------
    ram : Ram
        Of one group.

    Returns
    -------
    list of int
    """
    p, shown = ram.n_observed, ram.A[: ram.n_observed] != 0
    shown[ram.free.a_row[ram.free.a_row < p], ram.free.a_col[ram.free.a_row < p]] = True
    return [int(k) for k in np.flatnonzero(shown.any(axis=0)[p:])]


def measured(ram: Ram, sample: Sample, theta: Array) -> Measured:
    """Return the measurement part of one group.

    Parameters
    ----------
    ram, sample : Ram, Sample
        Of the group.
    theta : (Q,) array
        The estimates.

    Returns
    -------
    Measured
    """
    p, own = ram.n_observed, np.array(measured_places(ram))
    at = implied(ram, theta)
    mu, eta = centres(ram, sample, at)
    loadings, residual = measurement_part(ram, theta)
    return Measured(
        names=tuple(ram.variables[p + k] for k in own),
        loadings=loadings[:, own],
        residual=residual,
        phi=at.omega[p:, p:][own[:, None], own],
        mean=mu,
        factor_mean=eta[own],
    )


def regression_weights(part: Measured) -> Array:
    """Return ΦΛ'(ΛΦΛ' + Θ)⁻¹, (m, p).

    Parameters
    ----------
    part : Measured
        The measurement part.

    Returns
    -------
    (m, p) array
    """
    cross = part.loadings @ part.phi
    return np.asarray(np.linalg.solve(cross @ part.loadings.T + part.residual, cross).T, dtype=np.float64)


def weights_of(part: Measured, method: str) -> Array:
    """Return the weights of scores from complete answers.

    Parameters
    ----------
    part : Measured
        The measurement part.
    method : {"regression", "bartlett"}
        Which scores.

    Returns
    -------
    (m, p) array
        A.
    """
    return regression_weights(part) if method == "regression" else bartlett_weights(part.loadings, part.residual)
