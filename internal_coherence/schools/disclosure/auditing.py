"""Would these tables, together, give away what they withhold?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import DisclosureError
from internal_coherence.instrument import Instrument
from internal_coherence.records import Record, plain
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.attacker import Attacker
from internal_coherence.schools.disclosure.examination import COLUMNS, finding
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.plain_leaks import plain_leaks
from internal_coherence.schools.disclosure.question import Ends, Parts, Question, ask
from internal_coherence.schools.disclosure.relations import groups_by_scale
from internal_coherence.schools.disclosure.released import Released, Table

Array = NDArray[np.float64]
FINDING: Final = ("table", "cell", "scale", "leak", "lower", "upper", "width", "in_words")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DisclosureAudit(Record):
    """What a set of tables would give away.

    Parameters
    ----------
    findings : DataFrame
        One row a leak: ``table, cell, scale, leak, lower, upper, width, in_words``; empty if the set may be released.
        ``lower`` and ``upper`` are what the mean (or, for answers alike, every answer) must lie between.
    n_tables : int
        How many were looked at together.
    width : float
        In scale points; what can be told more narrowly counts as known.
    attacker : str
        What the reader was taken to know.
    gates : Gates
        What had to hold.
    """

    findings: pd.DataFrame
    _cells: pd.DataFrame
    n_tables: int
    width: float
    attacker: str
    gates: Gates

    @property
    def passes(self) -> bool:
        """Whether nothing was found."""
        return len(self.findings) == 0

    def to_frame(self) -> pd.DataFrame:
        """Return every protected group and how closely its mean can be told.

        Returns
        -------
        DataFrame
            One row a group and scale: ``table`` (empty if no table lists it), ``cell, scale, kind, n, lower, upper, width``,
            ``width_to_colleague`` (what is left to a teacher who knows their own answer, of the mean of the others in
            the group; where it is enough, a bound from below; NaN if not asked for) and ``safe``.
        """
        return self._cells.copy()

    def raise_if_failed(self) -> None:
        """Refuse to go on with tables that give something away.

        Raises
        ------
        DisclosureError
            Naming the first findings.
        """
        if not self.passes:
            first = "; ".join(
                f"{row.table}, {row.cell}, {row.scale}: {row.in_words}" for row in self.findings[:3].itertuples()
            )
            more = f"; and {len(self.findings) - 3} more" if len(self.findings) > 3 else ""
            raise DisclosureError(f"these tables give away what they withhold. {first}{more}")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            The protected groups under ``cells``, the findings, and the decisions.
        """
        return {"passes": self.passes, "cells": plain(self._cells), **Record.to_dict(self)}

    def __repr__(self) -> str:
        tables = f"{self.n_tables} table{'s' if self.n_tables > 1 else ''}"
        outcome = (
            "passes" if self.passes else f"fails, {len(self.findings)} finding{'s' if len(self.findings) > 1 else ''}"
        )
        return f"<DisclosureAudit of {tables}: {outcome}; {len(self._cells)} protected means, width {self.width:g}>"


def audit_disclosure(
    tables: Table | Sequence[Table] | Mapping[str, Table],
    *,
    attacker: Attacker | None = None,
    low: Ends = None,
    high: Ends = None,
    instrument: Instrument | Responses | None = None,
    width: float = 1.0,
    by: Collection[str] | None = None,
    composites: Parts | None = None,
    decimals: int | None = None,
    gates: Gates | None = None,
) -> DisclosureAudit:
    """Find out whether tables, laid beside each other, give away what one of them withholds.

    Parameters
    ----------
    tables : table, sequence or mapping of tables
        Everything that the same readers have or will have, in the order of release: `SchoolTable`, `SubgroupTable`, or
        DataFrames with ``scale``, ``n``, ``mean`` (NaN where withheld), further statistics, and columns that classify the
        teachers. In these, a value stands for those teachers, a tuple of values for all of them together, ``"all"`` for
        everyone; a table without a column is over all of it.
    attacker : Attacker, optional
        What a reader knows; by default every n in the tables, and their own answer.
    low, high : float or mapping of scale to float, optional
        The ends of the response scale.
    instrument : Instrument or Responses, optional
        From which to take the ends instead. `Responses` among the attacker's counts will do too.
    width : float
        In scale points. A mean that must lie within less is known.
    by : collection of str, optional
        The classifying columns of DataFrames. By default all that hold neither fractions nor counts.
    composites : mapping, optional
        Which scales are means of scales: ``{"efficacy": ["individual_efficacy", "collective_efficacy"]}``, or with
        weights, ``{"efficacy": {"individual_efficacy": 0.5, ...}}``.
    decimals : int, optional
        To which the means are rounded. By default they are exact, which is the harder case.
    gates : Gates, optional
        How few are too few.

    Returns
    -------
    DisclosureAudit

    Raises
    ------
    ModelError
        If tables lack columns or contradict each other, or a number of teachers is needed that nobody gave.

    Notes
    -----
    The unknowns are the sums of the smallest groups that the tables tell apart, bounded by n·low and n·high. Every shown
    mean is an equation between them, up to its rounding. Two linear programs give the least and the most that a
    protected sum can be, as in the auditing of suppressed tables (Fischetti & Salazar 2001; sdcTable, τ-Argus). Protected
    are means that are withheld, unlisted groups of fewer than ``min_teachers`` and differences of shown groups that are
    as small. A mean withheld only for the sake of others must not be told exactly.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> import pandas as pd
    >>> nan = float("nan")
    >>> schools = pd.DataFrame({"school": ["Elm", "Oak", "Yew"], "scale": "trust", "n": [20, 15, 3], "mean": [4.1, 3.8, nan]})
    >>> ic.audit_disclosure(schools, low=1, high=6)
    <DisclosureAudit of 1 table: passes; 1 protected means, width 1>
    >>> district = pd.DataFrame({"scale": ["trust"], "n": [38], "mean": [3.85]})
    >>> audit = ic.audit_disclosure([schools, district], low=1, high=6)
    >>> audit.findings[["cell", "lower", "upper", "in_words"]].round(2)
             cell  lower  upper                                       in_words
    0  school Yew   2.43   2.43  the withheld mean must lie within 0.00 points
    """
    question = ask(
        tables,
        attacker=attacker,
        low=low,
        high=high,
        instrument=instrument,
        width=width,
        by=by,
        composites=composites,
        decimals=decimals,
        gates=gates,
    )
    return answer(question, question.tables, question.released)


def answer(question: Question, tables: Mapping[str, Table], released: Released) -> DisclosureAudit:
    """Return the audit of tables that have been read.

    Parameters
    ----------
    question : Question
        How to look at them.
    tables : mapping
        By name.
    released : Released
        The same, read.

    Returns
    -------
    DisclosureAudit
    """
    plain = plain_leaks(tables, released, question.gates, question.low, question.high, question.width)
    examined = question.examined(released, groups_by_scale(released, question.composites))
    found = [*plain, *(finding(e, released) for e in examined if not e.safe)]
    cells = pd.DataFrame([e.row(released) for e in examined], columns=list(COLUMNS))
    return DisclosureAudit(
        findings=pd.DataFrame(found, columns=list(FINDING)),
        _cells=cells,
        n_tables=len(tables),
        width=question.width,
        attacker=repr(question.attacker)[1:-1].removeprefix("Attacker: "),
        gates=question.gates,
    )
