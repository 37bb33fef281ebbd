"""How far a sum that was withheld can still lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from internal_coherence.errors import ModelError

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
FIXED = 1e-6
CONTRADICTION = (
    "the shown means contradict each other: no answers could have given all of them; if they are rounded, say to how many"
    " decimals=, and if a table was corrected, audit it with by= and a column that tells its forms apart"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Unknown sums that hang together: lo ≤ x ≤ hi, b_lo ≤ A x ≤ b_hi.

    Parameters
    ----------
    A : (c, v) array, dense or sparse
        The equations.
    b_lo, b_hi : (c,) array
        What their right-hand sides may be.
    rows : (c,) array of int
        Which of all relations they are.
    lo, hi : (v,) array
        Bounds of the sums.
    n : (v,) array
        Teachers behind each.
    hidden : (v,) array of bool
        Whether no mean of just this group is shown.
    low, high : (v,) array
        The ends of the scale.
    centre : list of (v,) array
        A point well inside, once it has been asked for.
    """

    A: Any
    b_lo: Array
    b_hi: Array
    rows: Integers
    lo: Array
    hi: Array
    n: Array
    hidden: NDArray[np.bool_]
    low: Array
    high: Array
    centre: list[Array] = field(default_factory=list)

    def twice(self) -> Any:
        """Return A over −A, for bounds from both sides.

        Returns
        -------
        (2c, v) array
        """
        A: Any = self.A
        both: Any = sparse.vstack([A, A * -1]) if sparse.issparse(self.A) else np.vstack([A, -A])
        return both


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """The least and the most that a sum can be, by which relations, and where (only if found by linear programming)."""

    least: float
    most: float
    rows: Integers
    points: tuple[Array, Array] | None = None

    @property
    def width(self) -> float:
        """The distance."""
        return self.most - self.least


def reach(c: Array, P: Problem, lo: Array | None = None, hi: Array | None = None) -> Reach | None:
    """Return the least and the most of c·x.

    Parameters
    ----------
    c : (v,) array of 0 and 1
        Whose sums to add.
    P : Problem
        The relations.
    lo, hi : (v,) array, optional
        Other bounds than the problem's.

    Returns
    -------
    Reach, or None
        None if no x fulfils the relations. One relation with equal weights is solved as it stands, the others by linear
        programming (HiGHS).
    """
    lo = P.lo if lo is None else lo
    hi = P.hi if hi is None else hi
    if (lo > hi + FIXED).any():
        return None
    if len(P.rows) == 0:
        return Reach(least=float(c @ lo), most=float(c @ hi), rows=P.rows)
    if len(P.rows) == 1 and _alike_weights(P):
        return _one_relation(c, P, lo, hi)
    ends, points, binding = [], [], np.zeros(len(P.rows), dtype=bool)
    box = np.column_stack([lo, np.maximum(lo, hi)])
    both: Any = P.twice()
    sides = np.concatenate([P.b_hi, -P.b_lo])
    for sign in (1.0, -1.0):
        found = linprog(sign * c, A_ub=both, b_ub=sides, bounds=box, method="highs")  # type: ignore[call-overload]
        if found.status == 2:
            return None
        if found.status != 0:
            raise ModelError(f"the bounds of a group could not be computed: {found.message}")
        ends.append(sign * float(found.fun))
        points.append(np.asarray(found.x))
        binding |= np.abs(found.ineqlin.marginals).reshape(2, -1).max(axis=0) > 1e-9
    return Reach(least=ends[0], most=max(ends), rows=P.rows[binding], points=(points[0], points[1]))


def _weights(P: Problem) -> Array:
    """Return the weights of the only relation."""
    return np.asarray(P.A[[0]].sum(axis=0), dtype=np.float64).ravel()


def _alike_weights(P: Problem) -> bool:
    a = _weights(P)
    own = a[a != 0]
    return bool(own[0] > 0 and np.ptp(own) <= 1e-12 * own[0])


def _one_relation(c: Array, P: Problem, lo: Array, hi: Array) -> Reach | None:
    """Subtract all others at their ends."""
    a = _weights(P)
    inside = a != 0
    weight = a[inside][0]
    b_lo, b_hi = P.b_lo[0] / weight, P.b_hi[0] / weight
    if lo[inside].sum() > b_hi + FIXED or hi[inside].sum() < b_lo - FIXED:
        return None
    mine, others, apart = inside & (c > 0), inside & (c == 0), ~inside & (c > 0)
    free = (lo[mine].sum(), hi[mine].sum())
    bound = (b_lo - hi[others].sum(), b_hi - lo[others].sum())
    least, most = max(free[0], bound[0]), min(free[1], bound[1])
    binds = bool(mine.any()) and (bound[0] > free[0] + FIXED or bound[1] < free[1] - FIXED)
    beside = (lo[apart].sum(), hi[apart].sum())
    return Reach(
        least=float(least + beside[0]),
        most=float(max(least, most) + beside[1]),
        rows=P.rows if binds else P.rows[:0],
    )
