"""What reading did to the answers: every rule that dropped or changed something, how often, and where."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from internal_coherence.errors import listing
from internal_coherence.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One rule at work.

    Parameters
    ----------
    rule : str
        What was done, in words.
    count : int
        How many answers, rows, columns or schools it touched.
    subject : str
        The item, column or school concerned; empty where it concerns rows as a whole.
    rows : tuple
        The labels of the rows concerned; in a file the line that a spreadsheet shows.
    """

    rule: str
    count: int
    subject: str = ""
    rows: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CodingLog(Record):
    """The entries, in the order of the work. Counts may be reported; rows stay with the analyst.

    Parameters
    ----------
    n_read, n_kept : int
        Rows in the source, and rows that became respondents.
    entries : tuple of LogEntry
        Empty if nothing was dropped or changed.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> print(ic.example_responses().log)
    1803 rows read, 1779 kept
      leaders' rows left out        24
      answers reverse-coded       6975
    """

    n_read: int
    n_kept: int
    entries: tuple[LogEntry, ...] = ()

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """Each rule with its total count: what a report may show."""
        totals: dict[str, int] = {}
        for entry in self.entries:
            totals[entry.rule] = totals.get(entry.rule, 0) + entry.count
        return tuple(totals.items())

    def to_frame(self) -> pd.DataFrame:
        """Return the entries with counts, without rows.

        Returns
        -------
        DataFrame
            Columns ``rule``, ``subject``, ``count``.
        """
        rows = [(e.rule, e.subject, e.count) for e in self.entries]
        return pd.DataFrame(rows, columns=["rule", "subject", "count"])

    def where(self, rule: str | None = None) -> pd.DataFrame:
        """Return the rows concerned, for the analyst's own eyes.

        Parameters
        ----------
        rule : str, optional
            One rule only.

        Returns
        -------
        DataFrame
            Columns ``rule``, ``subject``, ``row``: one row a place.
        """
        places = [(e.rule, e.subject, row) for e in self.entries if rule in (None, e.rule) for row in e.rows]
        return pd.DataFrame(places, columns=["rule", "subject", "row"])

    def adding(self, entries: Iterable[LogEntry], n_kept: int) -> CodingLog:
        """Return the log with more entries.

        Parameters
        ----------
        entries : iterable of LogEntry
            What was done next.
        n_kept : int
            Rows left after it.

        Returns
        -------
        CodingLog
        """
        return CodingLog(n_read=self.n_read, n_kept=n_kept, entries=(*self.entries, *entries))

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; rows are left out.

        Returns
        -------
        dict
        """
        counts = [{"rule": e.rule, "subject": e.subject, "count": e.count} for e in self.entries]
        return {"n_read": self.n_read, "n_kept": self.n_kept, "entries": counts}

    def _named(self, rule: str) -> str:
        """Name the columns or schools that a rule concerns, as far as a line holds them."""
        if not rule.startswith(("columns", "schools", "items")):
            return ""
        return f"  {listing(dict.fromkeys(e.subject for e in self.entries if e.rule == rule), 4)}"

    def __repr__(self) -> str:
        lines = [f"{self.n_read} rows read, {self.n_kept} kept"]
        if self.counts:
            width = max(len(rule) for rule, _ in self.counts) + 2
            lines += [f"  {rule:<{width}}{count:>9}{self._named(rule)}" for rule, count in self.counts]
        return "\n".join(lines)
