"""A model as three matrices in which some entries are free: the reticular action model (McArdle & McDonald 1984).

The variables v, observed ones first, follow v = m + A v + e with cov(e) = S. Then, with E = (I − A)⁻¹ and the first p
rows of everything for what is observed,

    Ω = E S E',   Σ = Ω[:p, :p],   η = E m,   μ = η[:p].

An arrow from j to i is A_ij, a covariance S_ij, a mean or an intercept m_i.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
LONG: Final = 8
"""Arrows on a way beyond which total effects are found by inverting, as where ways come back."""


def inverse(S: Array) -> Array:
    """Return S⁻¹.

    Parameters
    ----------
    S : (p, p) array
        Covariances, or an information.

    Returns
    -------
    (p, p) array

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is singular.
    """
    return np.asarray(np.linalg.inv(S), dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where parameters stand in the matrices; the arrows come first, then the covariances, then the means.

    Parameters
    ----------
    a_row, a_col : (q_A,) array of int
        Of the arrows, from column to row.
    s_row, s_col : (q_S,) array of int
        Of the variances and covariances.
    m_row : (q_m,) array of int
        Of the means and intercepts.
    parameter : (q_A + q_S + q_m,) array of int
        The number of the parameter that stands there, from 0, over all groups.
    n_variables : int
        t, of all variables.
    """

    a_row: Integers
    a_col: Integers
    s_row: Integers
    s_col: Integers
    m_row: Integers
    parameter: Integers
    n_variables: int

    @property
    def n_a(self) -> int:
        """How many are arrows."""
        return len(self.a_row)

    @property
    def n_s(self) -> int:
        """How many are covariances."""
        return len(self.s_row)

    @cached_property
    def half(self) -> Array:
        """One half for variances, 1 for covariances: an entry off the diagonal stands there twice."""
        half: Array = np.where(self.s_row == self.s_col, 0.5, 1.0)
        return half

    @cached_property
    def u(self) -> Integers:
        """Which columns of [B C'] the arrows' and covariances' columns of U are."""
        return np.concatenate([self.a_row, self.s_row])

    @cached_property
    def v(self) -> Integers:
        """Which columns of [B C'] those of V are, but for a half."""
        return np.concatenate([self.n_variables + self.a_col, self.s_col])

    @cached_property
    def halves(self) -> Array:
        """By what those of V are multiplied: one half for variances, else 1."""
        return np.concatenate([np.ones(self.n_a), self.half])

    def __len__(self) -> int:
        return len(self.parameter)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ram:
    """The model of one group.

    Parameters
    ----------
    variables : tuple of str
        All, the observed ones first.
    n_observed : int
        p.
    A, S : (t, t) array
        Their fixed entries; 0 where a parameter stands.
    m : (t,) array
        The same of the means.
    free : Places
        Where the parameters stand.
    """

    variables: tuple[str, ...]
    n_observed: int
    A: Array
    S: Array
    m: Array
    free: Places

    @cached_property
    def has_means(self) -> bool:
        """Whether the model says anything of means."""
        return bool(len(self.free.m_row) or self.m.any())

    @cached_property
    def depth(self) -> int | None:
        """Arrows on the longest way through the model; None if ways come back to where they began, or are very long."""
        arrows = (self.A != 0).astype(np.float64)
        arrows[self.free.a_row, self.free.a_col] = 1.0
        ways = arrows
        for length in range(LONG):
            if not ways.any():
                return length
            ways = np.minimum(ways @ arrows, 1.0)
        return None

    def total_effects(self, A: Array) -> Array:
        """Return E = (I − A)⁻¹: where no way comes back, the finite sum I + A + A² + …

        Parameters
        ----------
        A : (..., t, t) array
            Arrows; a stack of them, if there are many.

        Returns
        -------
        (..., t, t) array
        """
        if self.depth is None:
            return inverse(self._identity - A)
        E = self._identity + A
        for _ in range(self.depth - 1):
            E = self._identity + A @ E
        return E

    @cached_property
    def _identity(self) -> Array:
        return np.eye(len(self.A))

    def matrices(self, theta: Array) -> tuple[Array, Array, Array]:
        """Return the matrices with the parameters filled in.

        Parameters
        ----------
        theta : (..., Q) array
            All parameters of all groups; or a stack of them.

        Returns
        -------
        (..., t, t) array, (..., t, t) array, (..., t) array
            A, S and m.
        """
        entries, t = self.entries(theta), len(self.A)
        square = (*theta.shape[:-1], t, t)
        return entries[..., : t * t].reshape(square), entries[..., t * t : -t].reshape(square), entries[..., -t:]

    def entries(self, theta: Array) -> Array:
        """Return all entries of the matrices in one row, those of A first, then those of S and m.

        Parameters
        ----------
        theta : (..., Q) array
            All parameters of all groups; or a stack of them.

        Returns
        -------
        (..., 2t² + t) array
        """
        (fixed, where, which), layers = self._layout, theta.shape[:-1]
        found = np.tile(fixed, (*layers, 1)) if layers else fixed.copy()
        found[..., where] = theta.take(which, axis=-1)
        return found

    @cached_property
    def _layout(self) -> tuple[Array, Integers, Integers]:
        """The fixed entries of A, S and m in one row, which of them parameters fill, and by what number."""
        f, t = self.free, len(self.A)
        a, s, m = f.a_row * t + f.a_col, f.s_row * t + f.s_col, f.m_row
        mirrored = f.s_col * t + f.s_row
        return (
            np.concatenate([self.A.ravel(), self.S.ravel(), self.m]),
            np.concatenate([a, t * t + s, t * t + mirrored, 2 * t * t + m]),
            np.concatenate([f.parameter[: f.n_a + f.n_s], f.parameter[f.n_a :]]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Implied:
    """What a model says at some value of its parameters, or at a stack of values.

    Parameters
    ----------
    E : (..., t, t) array
        (I − A)⁻¹, the total effects.
    S : (..., t, t) array
        Covariances that nothing in the model explains.
    omega : (..., t, t) array
        Ω, covariances of all variables.
    eta : (..., t) array
        Their means.
    n_observed : int
        p.
    has_means : bool
        Whether the model says anything of means; if not, they are 0.
    """

    E: Array
    S: Array
    omega: Array
    eta: Array
    n_observed: int
    has_means: bool

    @property
    def B(self) -> Array:
        """Total effects on the observed variables, (..., p, t)."""
        return self.E[..., : self.n_observed, :]

    @property
    def C(self) -> Array:
        """Covariances of all variables with the observed ones, (..., t, p)."""
        return self.omega[..., : self.n_observed]

    @cached_property
    def beside(self) -> Array:
        """[B C'], whose columns are all that derivatives are made of, (..., p, 2t)."""
        return np.concatenate([self.B, self.C.mT], axis=-1)

    @property
    def sigma(self) -> Array:
        """Σ, (..., p, p)."""
        return self.omega[..., : self.n_observed, : self.n_observed]

    @property
    def mu(self) -> Array:
        """μ, (..., p)."""
        return self.eta[..., : self.n_observed]


def implied(ram: Ram, theta: Array) -> Implied:
    """Return what a model says.

    Parameters
    ----------
    ram : Ram
        Of one group.
    theta : (..., Q) array
        All parameters; or a stack of them.

    Returns
    -------
    Implied

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the arrows feed back on themselves without end: I − A is singular.
    """
    (A, S, m), has_means = ram.matrices(theta), ram.has_means
    E = ram.total_effects(A)
    eta = np.matvec(E, m) if has_means else m
    return Implied(E=E, S=S, omega=E @ S @ E.mT, eta=eta, n_observed=ram.n_observed, has_means=has_means)
