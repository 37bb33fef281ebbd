"""Standardised estimates, and how they change with the parameters.

An estimate is divided by the standard deviation of what it starts from and multiplied by that of what it leads to, or the
other way round: every standardised value is est · Π ω^½ over variances ω that the model implies, so that its derivatives
by the parameters need only those of est and ω, and these have rank two like all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.derivatives import columns
from internal_coherence.latent.model.ram import Implied, Ram

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Which = Literal["lv", "all"]
ARROW, COVARIANCE, MEAN = 0, 1, 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Entries:
    """Entries of the matrices of a group.

    Parameters
    ----------
    kind : (k,) array of int
        `ARROW`, `COVARIANCE` or `MEAN`.
    row, col : (k,) array of int
        Where they stand; a mean has column 0.
    parameter : (k,) array of int
        Their numbers, from 0; −1 where they are fixed.
    """

    kind: Integers
    row: Integers
    col: Integers
    parameter: Integers

    @cached_property
    def is_arrow(self) -> NDArray[np.bool_]:
        """Which are arrows."""
        return np.asarray(self.kind == ARROW)

    @cached_property
    def is_between(self) -> NDArray[np.bool_]:
        """Which are covariances of two variables."""
        return np.asarray((self.kind == COVARIANCE) & (self.row != self.col))

    @cached_property
    def times(self) -> Array:
        """How often each is divided by the standard deviation of its row: a variance twice."""
        return np.where((self.kind == COVARIANCE) & (self.row == self.col), 2.0, 1.0)

    def values(self, ram: Ram, theta: Array) -> Array:
        """Return what stands there.

        Parameters
        ----------
        ram : Ram
            Of the group.
        theta : (Q,) array
            The estimates.

        Returns
        -------
        (k,) array
        """
        t = len(ram.variables)
        here = np.where(self.kind == MEAN, self.row, self.row * t + self.col)
        return ram.entries(theta).take(self.kind * t * t + here)


def standardized_values(at: Implied, ram: Ram, theta: Array, entries: Entries, which: Which) -> Array:
    """Return standardised values of entries.

    Parameters
    ----------
    at : Implied
        What the model says at the estimates.
    ram : Ram
        Of one group.
    theta : (Q,) array
        The estimates.
    entries : Entries
        Which, k of them.
    which : {"lv", "all"}
        Give variance 1 to the latent variables only, or to all.

    Returns
    -------
    (k,) array
    """
    return entries.values(ram, theta) * scale_of(at, entries, which)


def standardized(at: Implied, ram: Ram, theta: Array, entries: Entries, which: Which) -> tuple[Array, Array]:
    """Return standardised values of entries, and their derivatives by all parameters.

    Parameters
    ----------
    at, ram, theta, entries, which
        As in `standardized_values`.

    Returns
    -------
    (k,) array
    (k, Q) array
    """
    f, (total, residual) = ram.free, _variances(at)
    c = columns(replace(at, n_observed=len(total)), f)
    d_total, d_residual = np.zeros((len(total), len(theta))), np.zeros((len(total), len(theta)))
    d_total[:, f.parameter] = 2 * c.U * c.V
    own, same = f.parameter[f.n_a : f.n_a + f.n_s], f.s_row == f.s_col
    d_residual[f.s_row[same], own[same]] = 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        halves = d_total.T / (2 * total), d_residual.T / (2 * residual)
    scale, est = scale_of(at, entries, which), entries.values(ram, theta)
    slopes: Array = (est * scale)[:, None] * _exponent(*halves, _unscaled(at, which), entries).T
    is_free = np.flatnonzero(entries.parameter >= 0)
    slopes[is_free, entries.parameter[is_free]] += scale[is_free]
    return est * scale, slopes


def scale_of(at: Implied, entries: Entries, which: Which) -> Array:
    """Return by what estimates are multiplied to standardise them.

    Parameters
    ----------
    at, entries, which
        As in `standardized_values`.

    Returns
    -------
    (k,) array
    """
    total, residual = _variances(at)
    with np.errstate(invalid="ignore", divide="ignore"):
        exponent = _exponent(0.5 * np.log(total), 0.5 * np.log(residual), _unscaled(at, which), entries)
    scale: Array = np.exp(exponent)
    return scale


def _variances(at: Implied) -> tuple[Array, Array]:
    """Return all variables' variances, in total and what nothing explains."""
    return at.omega.diagonal(), at.S.diagonal()


def _unscaled(at: Implied, which: Which) -> int:
    """Return how many variables, the first ones, keep their variance."""
    return at.n_observed if which == "lv" else 0


def _exponent(total: Array, residual: Array, unscaled: int, entries: Entries) -> Array:
    """Return the logarithm of what estimates are multiplied by, or its derivatives.

    It is a sum of halves of logarithms of variances, in total or of residuals, (..., t), of their derivatives likewise; here those
    of variables that keep their variance are overwritten.
    """
    total[..., :unscaled] = residual[..., :unscaled] = 0.0
    row, col = entries.row, entries.col
    found = np.where(entries.is_arrow, total.take(col, axis=-1), 0.0) - entries.times * total.take(row, axis=-1)
    return np.where(entries.is_between, -(residual.take(row, axis=-1) + residual.take(col, axis=-1)), found)
