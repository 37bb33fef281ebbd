"""Relations in parts that do not hang together, so that each protected sum meets only what bears on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from internal_coherence.errors import ModelError
from internal_coherence.schools.disclosure.bounds import CONTRADICTION, FIXED, Problem
from internal_coherence.schools.disclosure.relations import Relations

Array = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """The relations, without what is settled, in parts that do not hang together."""

    R: Relations
    A: Any
    b_lo: Array
    b_hi: Array
    part: Integers
    rows_in: list[Integers]
    unknowns_in: list[Integers]
    _made: dict[tuple[int, ...], tuple[Integers, Problem]]

    def problem(self, unknowns: Integers) -> tuple[Array, Problem]:
        """Return all that bears on some unknowns, and which of its columns they are.

        Parameters
        ----------
        unknowns : array of int
            Positions among the relations' unknowns.

        Returns
        -------
        c : (v,) array of 0 and 1
        Problem
        """
        own = self.part[unknowns]
        parts = tuple(np.unique(own[own >= 0]).tolist())
        if (own < 0).any():  # with something that stands in no relation: rare, not worth keeping
            columns, P = self._of(parts, unknowns[own < 0])
        else:
            if parts not in self._made:
                self._made[parts] = self._of(parts, unknowns[:0])
            columns, P = self._made[parts]
        c = np.zeros(len(columns))
        c[np.searchsorted(columns, unknowns)] = 1.0
        return c, P

    def _of(self, parts: tuple[int, ...], beside: Integers) -> tuple[Integers, Problem]:
        rows = np.concatenate([self.rows_in[p] for p in parts]) if parts else np.zeros(0, dtype=np.intp)
        columns = np.sort(np.concatenate([*(self.unknowns_in[p] for p in parts), beside]).astype(np.intp))
        R = self.R
        A: Any = self.A[rows][:, columns] if parts else np.zeros((0, len(columns)))
        return columns, Problem(
            A=A.toarray() if parts and A.shape[0] * A.shape[1] < 100_000 else A,
            b_lo=self.b_lo[rows],
            b_hi=self.b_hi[rows],
            rows=rows,
            lo=R.lo[columns],
            hi=R.hi[columns],
            n=R.n[columns],
            hidden=~R.shown[columns],
            low=R.low[columns],
            high=R.high[columns],
        )


def in_parts(R: Relations, kept: NDArray[np.bool_]) -> Parts:
    """Settle what a shown mean settles, and part the rest into what hangs together.

    Parameters
    ----------
    R : Relations
        All of them.
    kept : (V,) array of bool
        Unknowns that must stay, since something protected is a sum of them.

    Returns
    -------
    Parts

    Raises
    ------
    ModelError
        If shown means contradict each other.
    """
    from scipy.sparse.csgraph import connected_components

    uses = np.bincount(R.A.indices, minlength=len(R.n))
    settled = (R.hi - R.lo <= FIXED) | (R.shown & (uses <= 1) & ~kept)
    middle, half = np.where(settled, (R.lo + R.hi) / 2, 0.0), np.where(settled, (R.hi - R.lo) / 2, 0.0)
    b_lo, b_hi = R.b_lo - R.A @ middle - abs(R.A) @ half, R.b_hi - R.A @ middle + abs(R.A) @ half
    A: Any = sparse.csr_array(R.A * (~settled).astype(np.float64)[None, :])
    A.eliminate_zeros()
    empty = np.diff(A.indptr) == 0
    slack = FIXED * np.maximum(1.0, np.abs(R.b_hi))
    if (empty & ((b_lo > slack) | (b_hi < -slack))).any():
        raise ModelError(CONTRADICTION)
    C, V = A.shape
    above: Any = sparse.hstack([sparse.csr_array((C, C)), A])
    graph: Any = sparse.vstack([above, sparse.csr_array((V, C + V))])
    _, label = connected_components(sparse.csr_array(graph), directed=False)
    used = np.bincount(A.indices, minlength=V) > 0
    names, of_row = np.unique(label[:C][~empty], return_inverse=True)
    part = np.where(used, np.searchsorted(names, label[C if C else 0 :]), -1).astype(np.intp)
    return Parts(
        R=R,
        A=A,
        b_lo=b_lo,
        b_hi=b_hi,
        part=part,
        rows_in=_split(np.flatnonzero(~empty), of_row, len(names)),
        unknowns_in=_split(np.flatnonzero(used), part[used], len(names)),
        _made={},
    )


def _split(values: Integers, part: Integers, n_parts: int) -> list[Integers]:
    """Return the values of each part, in their order."""
    order = np.argsort(part, kind="stable")
    return np.split(values[order], np.cumsum(np.bincount(part, minlength=n_parts))[:-1]) if n_parts else []
