"""Do the teachers of a school agree?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ResponseError
from internal_coherence.moments.grouping import group, numbers
from internal_coherence.records import Record

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Agreement(Record):
    """An agreement index by school.

    Parameters
    ----------
    by_school : DataFrame
        Columns ``grpid``, the index, ``gsize`` (teachers used), as in R's multilevel; NaN with fewer than two teachers.
    index : str
        The name of the index and of its column.
    mean : float
        Over the schools that have a value.
    n_schools, n_without : int
        Schools with a value, and schools of fewer than two usable teachers.
    n_at_floor : int
        Schools whose observed variance exceeded the null variance, and was set to it, which gives 0.
    null : str
        The null distribution.
    null_variance : float
        Its variance.
    missing : {"listwise"}
        Teachers count if they answered every item.
    """

    by_school: pd.DataFrame
    index: str
    mean: float
    n_schools: int
    n_without: int
    n_at_floor: int
    null: str
    null_variance: float
    missing: str = "listwise"

    def to_frame(self) -> pd.DataFrame:
        """Return the table by school.

        Returns
        -------
        DataFrame
        """
        return self.by_school.copy()

    def __repr__(self) -> str:
        return (
            f"<{self.index}: mean {self.mean:.3f} over {self.n_schools} schools, null {self.null}"
            f" (variance {self.null_variance:.3f})>"
        )


def rwg_j(items: pd.DataFrame | ArrayLike, school: ArrayLike | pd.Series, n_options: int) -> Agreement:
    """r_WG(J): how far the teachers of each school agree over the items of a scale, against answering at random.

    Parameters
    ----------
    items : (n, k) DataFrame or array
        Items coded in one direction; teachers with a missing answer are left out.
    school : (n,) array or Series
        Each teacher's school.
    n_options : int
        Response options of an item, 2 or more: 6 for 1–6.

    Returns
    -------
    Agreement
        Null distribution uniform: variance (A² − 1)/12. For the analyst: the table is not gated, and small schools'
        values are close to telling answers.

    Raises
    ------
    ResponseError
        With fewer than two items or options.

    Notes
    -----
    k (1 − s̄²/σ²) / (k (1 − s̄²/σ²) + s̄²/σ²) with s̄² the mean item variance (divisor n − 1), set to σ² where larger.
    ``multilevel::rwg.j(x, grpid, ranvar = (A^2 - 1)/12)``. James, Demaree & Wolf (1984).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> items = [[4, 4], [4, 5], [5, 4], [1, 2], [6, 5], [3, 6]]
    >>> ic.rwg_j(items, ["Elm"] * 3 + ["Oak"] * 3, n_options=6).by_school.round(3)
      grpid  rwg_j  gsize
    0   Elm  0.939      3
    1   Oak  0.000      3
    """
    X = numbers(items, school, "rwg_j")
    if X.ndim != 2 or X.shape[1] < 2:
        raise ResponseError("rwg_j takes a table, teachers × at least two items")
    if isinstance(n_options, bool) or not isinstance(n_options, (int, np.integer)) or n_options < 2:
        raise ResponseError(f"n_options is the number of response options of an item, 2 or more; got {n_options!r}")
    if np.nanmax(X, initial=-np.inf) - np.nanmin(X, initial=np.inf) > n_options - 1:
        raise ResponseError(f"the answers span more than {n_options} options")
    groups = group(school, len(X))
    complete = ~np.isnan(X).any(axis=1)
    null_variance = (n_options**2 - 1) / 12
    codes, X = groups.codes[complete], X[complete]
    J = groups.n_schools
    size = np.bincount(codes, minlength=J).astype(np.float64)
    centred = X - X.mean(axis=0) if len(X) else X
    variance = np.full(J, np.nan)
    usable = size >= 2
    total = np.zeros(J)
    for x in centred.T:
        sums = np.bincount(codes, x, J)
        residual = x - (sums / np.maximum(size, 1))[codes]
        total += np.bincount(codes, residual**2, J)
    variance[usable] = total[usable] / (size[usable] - 1) / X.shape[1]
    values = rwg_j_from_variance(variance, X.shape[1], null_variance)
    table = pd.DataFrame({"grpid": list(groups.labels), "rwg_j": values, "gsize": size.astype(int)})
    return Agreement(
        by_school=table,
        index="rwg_j",
        mean=float(np.mean(values[usable])) if usable.any() else float("nan"),
        n_schools=int(usable.sum()),
        n_without=int((~usable).sum()),
        n_at_floor=int((variance[usable] > null_variance).sum()),
        null="uniform",
        null_variance=null_variance,
    )


def rwg_j_from_variance(variance: Array, k: int, null_variance: float) -> Array:
    """Return r_WG(J) from the mean item variance.

    Parameters
    ----------
    variance : array
        Mean over the items of the variance within a school.
    k : int
        Items.
    null_variance : float
        Of answering at random; a larger observed variance is set to it.

    Returns
    -------
    array
    """
    noise = np.minimum(variance, null_variance) / null_variance
    values: Array = k * (1 - noise) / (k * (1 - noise) + noise)
    return values
