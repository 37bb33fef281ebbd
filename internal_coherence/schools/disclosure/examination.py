"""How closely each protected mean is told."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.schools.disclosure.bounds import CONTRADICTION, FIXED, reach
from internal_coherence.schools.disclosure.colleagues import colleague_reach
from internal_coherence.schools.disclosure.partition import Parts, in_parts
from internal_coherence.schools.disclosure.protected import Protected, protected_groups
from internal_coherence.schools.disclosure.relations import Composites, Groups, relations
from internal_coherence.schools.disclosure.released import Released

Array = NDArray[np.float64]
COLUMNS: Final = (
    "table",
    "cell",
    "scale",
    "kind",
    "n",
    "lower",
    "upper",
    "width",
    "width_to_colleague",
    "safe",
)
EXACTLY: Final = 1e-4
"""Scale points; narrower is exact, within what the solver promises."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examined:
    """A protected group, what its mean must lie between, and what makes it so narrow.

    Parameters
    ----------
    target : Protected
        Who.
    lower, upper : float
        Of the mean, to an outsider.
    colleague : float
        The width left to a teacher; NaN if not asked for.
    safe : bool
        Whether that is enough.
    causes : tuple of (int, int)
        The published groups and scales whose means make it narrow.
    """

    target: Protected
    lower: float
    upper: float
    colleague: float
    safe: bool
    causes: tuple[tuple[int, int], ...]

    def row(self, released: Released) -> dict[str, Any]:
        """Return a row of the audit's table.

        Parameters
        ----------
        released : Released
            For the names.

        Returns
        -------
        dict
        """
        t = self.target
        values = (
            released.names[t.table] if t.table >= 0 else "",
            t.cell,
            released.scales[t.scale],
            t.kind,
            t.n,
            self.lower,
            self.upper,
            self.upper - self.lower,
            self.colleague,
            self.safe,
        )
        return dict(zip(COLUMNS, values, strict=True))


def examine(
    released: Released,
    groups: list[Groups],
    low: Array,
    high: Array,
    composites: Composites,
    decimals: int | None,
    width: float,
    own_answer: bool,
    min_teachers: int,
    known_safe: Set[tuple[int, str]] = frozenset(),
) -> list[Examined]:
    """Bound every protected mean.

    Parameters
    ----------
    released : Released
        The tables.
    groups : list of Groups
        From `groups_by_scale`.
    low, high : (S,) array
        The ends of the scales.
    composites : mapping
        Which scales are weighted means of which.
    decimals : int or None
        To which the means are rounded.
    width : float
        In scale points; narrower is known.
    own_answer : bool
        Whether a teacher may be the one who subtracts.
    min_teachers : int
        The fewest whose mean may be known.
    known_safe : set of (int, str)
        Scale and `Protected.mark` of groups that need no look.

    Returns
    -------
    list of Examined
    """
    R = relations(released, groups, low, high, composites, decimals)
    everyone = protected_groups(released, groups, min_teachers, low, high, width)
    targets = [t for t in everyone if (t.scale, t.mark) not in known_safe]
    kept = np.zeros(len(R.n), dtype=bool)
    if targets:
        kept[np.concatenate([t.unknowns for t in targets])] = True
    parts = in_parts(R, kept)
    return [_bounded(t, parts, low[t.scale], high[t.scale], width, own_answer) for t in targets]


def _bounded(t: Protected, parts: Parts, low: float, high: float, width: float, own_answer: bool) -> Examined:
    if np.isnan(t.n):  # in no relation, or their number would have been asked for
        return Examined(target=t, lower=low, upper=high, colleague=np.nan, safe=True, causes=())
    c, P = parts.problem(t.unknowns)
    outside = reach(c, P)
    if outside is None:
        raise ModelError(CONTRADICTION)
    enough = EXACTLY if t.kind == "withheld for others" else width
    rows, colleague = outside.rows, np.nan
    safe = outside.width >= t.n * (enough - FIXED)
    if safe and own_answer and t.kind != "withheld for others":
        if len(P.rows) == 0 and P.hidden.all():
            colleague = high - low
        else:
            colleague, rows = colleague_reach(c, P, t.n, enough, outside)
        safe = colleague >= enough - FIXED
    return Examined(
        target=t,
        lower=outside.least / t.n,
        upper=outside.most / t.n,
        colleague=float(colleague),
        safe=bool(safe),
        causes=tuple((int(k), int(s)) for k, s in parts.R.source[rows]),
    )


def finding(e: Examined, released: Released) -> dict[str, object]:
    """Return a row of the findings.

    Parameters
    ----------
    e : Examined
        Of a group that is told too closely.
    released : Released
        For the names.

    Returns
    -------
    dict
    """
    row = e.row(released)
    if e.upper - e.lower >= e.colleague:
        words = f"to a teacher who knows their own answer, the mean of the others lies within {e.colleague:.2f} points"
    elif e.target.kind == "withheld for others":
        words = "withheld for others' sake, it can be worked out"
    elif e.target.kind == "withheld":
        words = f"the withheld mean must lie within {e.upper - e.lower:.2f} points"
    else:
        words = f"no table shows these {e.target.n:g}, but their mean must lie within {e.upper - e.lower:.2f} points"
    leak = {"withheld for others": "withheld", "withheld": "withheld"}.get(e.target.kind, e.target.kind)
    shown = {key: row[key] for key in ("cell", "scale", "lower", "upper", "width")}
    table = row["table"] or " and ".join(dict.fromkeys(released.names[released.table[k, s]] for k, s in e.causes))
    return {"table": table, "leak": leak, **shown, "in_words": words}
