"""How far a sum can still lie for one of the teachers, who knows their own answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from internal_coherence.schools.disclosure.bounds import FIXED, Problem, Reach, reach

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


def colleague_reach(c: Array, P: Problem, n: float, enough: float, outside: Reach) -> tuple[float, Integers]:
    """Return the least width, a teacher, that is left to any one teacher who knows their own answer.

    Parameters
    ----------
    c : (v,) array of 0 and 1
        The protected group.
    P : Problem
        What hangs together with it.
    n : float
        Teachers in the protected group.
    enough : float
        The width that protects.
    outside : Reach
        What an outsider can tell; wide enough.

    Returns
    -------
    width : float
        Of the mean of the others in the group, if the teacher belongs to it, and of the group otherwise. Where it is
        enough, a bound from below.
    rows : array of int
        The relations that make it so narrow.

    Notes
    -----
    Own answer y of one of n teachers leaves the sum of the group between y + (n − 1)·low and y + (n − 1)·high. The width
    is a concave function of y, least at an end: low and high are tried, and the middle where an end is impossible. Most
    teachers need no trial: two possible answers of the whole staff that are far enough apart, and lie within the narrowed
    bounds, show that this teacher can't tell.
    """
    worst, rows = outside.width / n, outside.rows[:0]
    pairs = _far_apart(outside, P, n * enough)
    for v in _by_danger(c, P):
        others = n - 1 if c[v] else n
        if others < 1:
            continue
        possible = 0
        for share in (0.0, 1.0, 0.5):
            y = P.low[v] + share * (P.high[v] - P.low[v])
            if share == 0.5 and possible == 2:
                break
            lo, hi = P.lo.copy(), P.hi.copy()
            lo[v] = max(lo[v], y + (P.n[v] - 1) * P.low[v])
            hi[v] = min(hi[v], y + (P.n[v] - 1) * P.high[v])
            if any(lo[v] - FIXED <= min(p[v], q[v]) and max(p[v], q[v]) <= hi[v] + FIXED for p, q in pairs):
                possible += 1
                worst = min(worst, enough)
                continue
            left = reach(c, P, lo, hi)
            if left is None:
                continue
            possible += 1
            if left.width / others < worst:
                worst, rows = left.width / others, left.rows
            if worst < enough - FIXED:
                return float(worst), rows
            if left.width >= n * enough:
                pairs += _far_apart(left, P, n * enough)
    return float(worst), rows


def _by_danger(c: Array, P: Problem) -> list[int]:
    """Return the groups whose teachers to try, the smallest first; within one relation, groups of one size are alike."""
    places = [int(v) for v in np.argsort(P.n, kind="stable") if P.hidden[v]]
    if len(P.rows) != 1:
        return places
    kinds = {(c[v], P.n[v], P.low[v], P.high[v], P.lo[v], P.hi[v]): v for v in places[::-1]}
    return list(kinds.values())[::-1]


def _far_apart(found: Reach, P: Problem, distance: float) -> list[tuple[Array, Array]]:
    """Return two possible answers of the staff whose protected sums are this far apart, near the middle of what is possible."""
    if found.points is None or found.width < distance or found.width <= 0:
        return []
    centre, share = _centre(P), distance / found.width
    p, q = found.points
    return [(centre + share * (p - centre), centre + share * (q - centre))]


def _centre(P: Problem) -> Array:
    """Return possible sums that lie a teacher's range within their bounds, for as many groups as can be."""
    if P.centre:
        return P.centre[0]
    v, r = len(P.n), P.high - P.low
    inside, edge = sparse.eye_array(v), sparse.diags_array(r)
    nothing = sparse.csr_array((len(P.rows), v))
    A: Any = sparse.vstack(
        [
            sparse.hstack([sparse.csr_array(P.A), nothing]),
            sparse.hstack([sparse.csr_array(-P.A), nothing]),
            sparse.hstack([-inside, edge]),
            sparse.hstack([inside, edge]),
        ]
    )
    b = np.concatenate([P.b_hi, -P.b_lo, -P.n * P.low, P.n * P.high])
    limits = np.column_stack([np.concatenate([P.lo, np.zeros(v)]), np.concatenate([P.hi, np.ones(v)])])
    c = np.concatenate([np.zeros(v), -np.ones(v)])
    found = linprog(c, A_ub=A, b_ub=b, bounds=limits, method="highs")  # type: ignore[call-overload]
    middle = np.asarray(found.x)[:v] if found.status == 0 else (P.lo + P.hi) / 2
    P.centre.append(middle)
    return middle
