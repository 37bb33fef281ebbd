"""The metric of an alignment: which factor means and variances are free, and where 0 and 1 lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Method = Literal["fixed", "free"]
Scale = Literal["product", "reference"]


@dataclass(frozen=True, eq=False)
class Metric:
    """The constraints under which the loss is minimised.

    Free coordinates x are made of y = (α, t) by a reflection that turns t's mean into its first coordinate, and by leaving out
    what is fixed to 0.

    Parameters
    ----------
    n_groups : int
        G.
    method : {"fixed", "free"}
        Whether α of the reference group is 0.
    scale : {"product", "reference"}
        Whether Πψ = 1, or ψ = 1 in the reference group.
    reference : int
        Which group that is.
    """

    n_groups: int
    method: Method = "fixed"
    scale: Scale = "product"
    reference: int = 0

    @cached_property
    def kept(self) -> NDArray[np.intp]:
        """Which coordinates are free, after the reflection."""
        G = self.n_groups
        keep = np.ones(2 * G, dtype=bool)
        if self.method == "fixed":
            keep[self.reference] = False
        keep[G + (self.reference if self.scale == "reference" else 0)] = False
        return np.flatnonzero(keep)

    @cached_property
    def _mirror(self) -> Array:
        v = np.full(self.n_groups, -1 / np.sqrt(self.n_groups))
        v[0] += 1.0
        found: Array = v / np.linalg.norm(v)
        return found

    def _reflected(self, A: Array) -> Array:
        """Return the rows of A with those of t reflected; doing it twice undoes it."""
        if self.scale == "reference":
            return A
        A = A.copy()
        v, rows = self._mirror, A[self.n_groups :]
        A[self.n_groups :] = rows - 2 * np.multiply.outer(v, np.tensordot(v, rows, axes=(0, 0)))
        return A

    def pull(self, A: Array) -> Array:
        """Return Z′A, what is left of derivatives by y along the free coordinates.

        Parameters
        ----------
        A : (2G, ...) array

        Returns
        -------
        (m, ...) array
        """
        found: Array = self._reflected(A)[self.kept]
        return found

    def push(self, x: Array) -> Array:
        """Return Zx, the y that free coordinates stand for.

        Parameters
        ----------
        x : (m, ...) array

        Returns
        -------
        (2G, ...) array
        """
        whole = np.zeros((2 * self.n_groups, *x.shape[1:]))
        whole[self.kept] = x
        return self._reflected(whole)

    def reduce(self, H: Array) -> Array:
        """Return Z′HZ.

        Parameters
        ----------
        H : (2G, 2G) array
            Symmetric.

        Returns
        -------
        (m, m) array
        """
        return self.pull(self.pull(H).T)

    def obeyed(self, y: Array) -> Array:
        """Return the nearest y of the same aligned differences that obeys the constraints.

        Parameters
        ----------
        y : (2G,) array
            α, then t.

        Returns
        -------
        (2G,) array
            Rescaled and, under ``"fixed"``, shifted.
        """
        alpha, t = np.split(y, 2)
        by = t[self.reference] if self.scale == "reference" else t.mean()
        alpha = alpha * np.exp(-by)
        if self.method == "fixed":
            alpha = alpha - alpha[self.reference]
        return np.concatenate([alpha, t - by])

    def reported(self, y: Array, dy: Array) -> tuple[Array, Array]:
        """Return the solution in the metric in which it is told: under ``"fixed"`` that of the reference group.

        Parameters
        ----------
        y : (2G,) array
            Where the minimum is.
        dy : (2G, ...) array
            Its derivatives by anything.

        Returns
        -------
        (2G,) array, (2G, ...) array
        """
        if self.method == "free":
            return y, dy
        G, r = self.n_groups, self.reference
        by = y[G + r]
        alpha = y[:G] * np.exp(-by)
        shape = (G, *(1,) * (dy.ndim - 1))
        slopes = np.exp(-by) * dy[:G] - alpha.reshape(shape) * dy[G + r]
        return np.concatenate([alpha, y[G:] - by]), np.concatenate([slopes, dy[G:] - dy[G + r]])


def pulled(metric: Metric, y: Array, free: Array) -> float:
    """Return how far the reference group moves against the others because its mean is held at 0.

    Parameters
    ----------
    metric : Metric
        Under which `y` was found.
    y, free : (2G,) array
        The minimum with the mean held, and without.

    Returns
    -------
    float
        In the metric of Πψ = 1, whatever the direction; NaN where no mean is held.
    """
    if metric.method == "free":
        return float("nan")
    G, r = metric.n_groups, metric.reference
    change = (y[:G] - y[r]) - (free[:G] - free[r])
    return float(abs(change.sum()) / (G - 1))
