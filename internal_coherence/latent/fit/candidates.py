"""What a model fixes and might free: which modification indices are looked at, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.latent.fit.released import gains
from internal_coherence.latent.model.building import PARAMETERS, place_of
from internal_coherence.latent.model.ram import Places, Ram, implied
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.table.par_table import ParTable

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A parameter that is not free: its name in the model, and where it stands."""

    lhs: str
    op: str
    rhs: str
    kind: str
    row: int
    col: int


def modification_table(table: ParTable, fitted: Fitted) -> pd.DataFrame:
    """Return what freeing single parameters would do.

    Parameters
    ----------
    table : ParTable
        The model.
    fitted : Fitted
        Solved.

    Returns
    -------
    DataFrame
        ``lhs, op, rhs, group, mi, epc, sepc_lv, sepc_all``.
    """
    parts = []
    for g, ram in enumerate(fitted.problem.rams):
        found = candidates(table, ram, g + 1)
        if not found:
            continue
        arrows, covariances = ([c for c in found if c.kind == kind] for kind in "as")  # in this order they were found
        gain = gains(fitted, g, _places(arrows, covariances, len(ram.variables)))
        lv, everything = _scales(ram, fitted.theta, found)
        named = {end: [getattr(c, end) for c in found] for end in ("lhs", "op", "rhs")}
        sizes = {"mi": gain.statistic, "epc": gain.change}
        sizes |= {"sepc_lv": gain.change * lv, "sepc_all": gain.change * everything}
        parts.append(pd.DataFrame(named | {"group": g + 1} | sizes))
    if not parts:
        return pd.DataFrame(columns=["lhs", "op", "rhs", "group", "mi", "epc", "sepc_lv", "sepc_all"])
    whole = pd.concat(parts, ignore_index=True)
    return whole.loc[whole["mi"].notna()].reset_index(drop=True)


def candidates(table: ParTable, ram: Ram, group: int) -> list[Candidate]:
    """Return the parameters of a group that are fixed to 0 for not being mentioned, and might be free.

    Parameters
    ----------
    table : ParTable
        The model.
    ram : Ram
        Of the group.
    group : int
        From 1.

    Returns
    -------
    list of Candidate
        Loadings of indicators on other factors, covariances of residuals and of latent variables that are not there.
    """
    place = {name: k for k, name in enumerate(ram.variables)}
    rows = [row for row in table.entries if row.group == group and row.op in PARAMETERS]
    # A loading that is fixed to give its factor a scale may be free where equal ones give it too.
    marks = [row for row in rows if row.op == "=~" and not row.free and row.user]
    taken = {place_of(row, place) for row in rows if row not in marks}
    taken |= {(kind, j, i) for kind, i, j in taken if kind == "s"}
    arrows = {(i, j) for kind, i, j in taken if kind == "a"}
    indicators = [v for v in table.observed if any(row.op == "=~" and row.rhs == v for row in rows)]
    factors = [
        f for f in table.latent if any(row.op == "=~" and row.lhs == f and row.rhs in indicators for row in rows)
    ]
    found = [
        Candidate(lhs=f, op="=~", rhs=v, kind="a", row=place[v], col=place[f])
        for f in factors
        for v in indicators
        if ("a", place[v], place[f]) not in taken
    ]
    given = {row.lhs for row in rows if row.exo}
    for names in ([v for v in table.observed if v not in given], list(table.latent)):
        for k, one in enumerate(names):
            for other in names[k + 1 :]:
                i, j = place[one], place[other]
                if ("s", i, j) not in taken and (i, j) not in arrows and (j, i) not in arrows:
                    found.append(Candidate(lhs=one, op="~~", rhs=other, kind="s", row=i, col=j))
    return found


def _places(a: list[Candidate], s: list[Candidate], n_variables: int) -> Places:
    def of(found: list[Candidate], end: str) -> NDArray[np.intp]:
        return np.array([getattr(c, end) for c in found], dtype=np.intp)

    return Places(
        a_row=of(a, "row"),
        a_col=of(a, "col"),
        s_row=of(s, "row"),
        s_col=of(s, "col"),
        m_row=np.zeros(0, dtype=np.intp),
        parameter=np.arange(len(a) + len(s)),
        n_variables=n_variables,
    )


def _scales(ram: Ram, theta: Array, found: list[Candidate]) -> tuple[Array, Array]:
    """Return by what an expected change is multiplied to be standardised, by latent variables and by all."""
    sd = np.sqrt(np.diag(implied(ram, theta).omega))
    residual = np.sqrt(np.abs(np.diag(ram.matrices(theta)[1])))
    p = ram.n_observed
    lv, everything = np.ones(len(found)), np.ones(len(found))
    for k, c in enumerate(found):
        if c.kind == "a":
            lv[k], everything[k] = sd[c.col], sd[c.col] / sd[c.row]
        else:
            both = residual[c.row] * residual[c.col]
            lv[k], everything[k] = (1.0 if c.row < p else 1 / both), 1 / both
    return lv, everything
