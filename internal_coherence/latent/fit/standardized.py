"""Standardised estimates, and how they change with the parameters.

An estimate is divided by the standard deviation of what it starts from and multiplied by that of what it leads to, or the
other way round: every standardised value is est · Π ω^½ over variances ω that the model implies, so that its derivatives
by the parameters need only those of est and ω, and these have rank two like all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.latent.model.derivatives import columns
from internal_coherence.latent.model.ram import Ram, implied

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Which = Literal["lv", "all"]
ARROW, COVARIANCE, MEAN = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
        A, S, m = ram.matrices(theta)
        found: Array = np.choose(self.kind, [A[self.row, self.col], S[self.row, self.col], m[self.row]])
        return found


def standardized(ram: Ram, theta: Array, entries: Entries, which: Which) -> tuple[Array, Array]:
    """Return standardised values of entries, and their derivatives by all parameters.

    Parameters
    ----------
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
    (k, Q) array
    """
    at = implied(ram, theta)
    c = columns(replace(at, n_observed=len(ram.variables)), ram.free)
    scaled = np.arange(len(ram.variables)) >= (ram.n_observed if which == "lv" else 0)
    # Half the logarithm of every variance, total and residual, and its derivatives.
    total, residual = np.diag(at.omega), np.diag(ram.matrices(theta)[1])
    d_total, d_residual = np.zeros((len(total), len(theta))), np.zeros((len(total), len(theta)))
    d_total[:, ram.free.parameter] = 2 * c.U * c.V
    f = ram.free
    own, same = f.parameter[f.n_a : f.n_a + f.n_s], f.s_row == f.s_col
    d_residual[f.s_row[same], own[same]] = 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        log_total, log_residual = (np.where(scaled, 0.5 * np.log(v), 0.0) for v in (total, residual))
        by_total, by_residual = (
            np.where(scaled[:, None], d / (2 * v[:, None]), 0.0) for d, v in ((d_total, total), (d_residual, residual))
        )
    arrow, covariance = entries.kind == ARROW, (entries.kind == COVARIANCE) & (entries.row != entries.col)
    variance = (entries.kind == COVARIANCE) & ~covariance
    row, col = entries.row, entries.col
    power = -log_total[row] * (1.0 + variance) + log_total[col] * arrow
    slope = -by_total[row] * (1.0 + variance)[:, None] + by_total[col] * arrow[:, None]
    power[covariance] = -(log_residual[row] + log_residual[col])[covariance]
    slope[covariance] = -(by_residual[row] + by_residual[col])[covariance]
    est, scale = entries.values(ram, theta), np.exp(power)
    slopes: Array = (est * scale)[:, None] * slope
    is_free = np.flatnonzero(entries.parameter >= 0)
    slopes[is_free, entries.parameter[is_free]] += scale[is_free]
    return est * scale, slopes
