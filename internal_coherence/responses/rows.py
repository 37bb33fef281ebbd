"""The rules by which a row is a respondent: blank rows, rows without a school, leaders, and duplicates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceWarning, ResponseError, warn
from internal_coherence.instrument.spelling import fold, fold_accents
from internal_coherence.responses.log import LogEntry
from internal_coherence.responses.record import as_label

Mask = NDArray[np.bool_]

LEADER_ROLES: Final = (
    "principal", "vice principal", "assistant principal", "associate principal", "deputy principal", "head",
    "head teacher", "headteacher", "deputy head", "assistant head", "school leader", "leader", "leadership",
    "leadership team", "administrator", "admin", "administration", "director", "dean", "superintendent",
)  # fmt: skip
"""Roles that are taken for leaders, whatever their case, accents and punctuation."""

MANY_REPEATED: Final = 0.2
"""Beyond this share of repeated teachers the data may well hold several waves."""


def tidy_labels(cells: pd.Series) -> tuple[pd.Series, Mask]:
    """Return identifiers as tidy text, missing where blank, and which of them had to be tidied.

    Parameters
    ----------
    cells : Series
        Identifiers of any type.

    Returns
    -------
    Series
        Of texts and None.
    array of bool
        True where surplus spaces or control characters were taken out.

    Notes
    -----
    ``NA``, which R writes for nothing, is nothing.
    """
    place, distinct = pd.factorize(cells, use_na_sentinel=True)
    tidy = [as_label(value) for value in distinct]
    texts = np.array([*[None if text in ("", "NA") else text for text in tidy], None], dtype=object)
    changed = np.array([*[isinstance(v, str) and v != t for v, t in zip(distinct, tidy, strict=True)], False])
    return pd.Series(texts[place], index=cells.index, name=cells.name, dtype="str"), changed[place]


def check_spellings(schools: pd.Series, where: str = "") -> None:
    """Refuse two schools whose names differ in nothing but case or accents.

    Parameters
    ----------
    schools : Series
        Tidy names.
    where : str
        Where they stand, for the message.

    Raises
    ------
    ResponseError
        Naming the spellings and how often each occurs.
    """
    counts = schools.value_counts()
    seen: dict[str, str] = {}
    for name in counts.index:
        other = seen.setdefault(fold_accents(name), name)
        if other != name:
            msg = (
                f"{where}schools {other!r} ({counts[other]} rows) and {name!r} ({counts[name]} rows) differ only in case or accents;"
                " if they are one school, spell it alike; if not, tell them apart"
            )
            raise ResponseError(msg)


def is_leader(roles: pd.Series, leader_roles: Collection[str]) -> Mask:
    """Return which rows have a role that is a leader's.

    Parameters
    ----------
    roles : Series
        Tidy roles.
    leader_roles : collection of str
        What counts as one.

    Returns
    -------
    array of bool
    """
    wanted = {fold(role) for role in leader_roles}
    return roles.map(lambda role: fold(role) in wanted, na_action="ignore").eq(True).to_numpy(dtype=bool)


def is_superseded(people: pd.DataFrame, n_answered: NDArray[np.intp]) -> Mask:
    """Return which rows another row of the same teacher, school and wave supersedes.

    The row with the most answers stands; of several with as many, the last.

    Parameters
    ----------
    people : DataFrame
        With ``school`` and ``teacher``, perhaps ``wave``.
    n_answered : array of int
        Items answered, one a row.

    Returns
    -------
    array of bool
        Rows without a teacher's identifier are never superseded.
    """
    key = [column for column in ("wave", "school", "teacher") if column in people]
    order = np.argsort(n_answered, kind="stable")
    superseded = np.zeros(len(people), dtype=bool)
    superseded[order] = people.iloc[order].duplicated(key, keep="last").to_numpy()
    return superseded & people["teacher"].notna().to_numpy()


class RowFilter:
    """Leaves rows out, rule by rule, and keeps the log.

    Parameters
    ----------
    people, answers : DataFrame
        On one index.
    """

    def __init__(self, people: pd.DataFrame, answers: pd.DataFrame) -> None:
        self.people = people
        self.answers = answers
        self.entries: list[LogEntry] = []

    def leave_out_leaders(self, leader_roles: Collection[str]) -> None:
        """Leave out the rows whose role is a leader's, before their answers are looked at.

        Parameters
        ----------
        leader_roles : collection of str
            What counts as one.
        """
        if "role" in self.people:
            self._leave_out("leaders' rows left out", is_leader(self.people["role"], leader_roles))

    def leave_out_those_who_can_not_count(self) -> None:
        """Leave out, of coded answers, blank rows, rows without a school or wave, and superseded rows of a teacher."""
        self._leave_out("rows without any answer left out", self._answered() == 0)
        for column in ("school", "wave"):
            if column in self.people:
                absent = self.people[column].isna().to_numpy(dtype=bool)
                self._leave_out(f"rows without a {column} left out", absent)
        if "teacher" in self.people:
            superseded = is_superseded(self.people, self._answered())
            if superseded.mean() > MANY_REPEATED and "wave" not in self.people:
                message = (
                    f"{superseded.sum()} of {len(superseded)} rows are a teacher's second or later row, and are left out;"
                    " if the data hold several waves, pass wave=..."
                )
                warn(message, CoherenceWarning)
            self._leave_out("further rows of the same teacher left out", superseded)

    def _answered(self) -> NDArray[np.intp]:
        """Return how many items each row answers."""
        counts: NDArray[np.intp] = self.answers.notna().to_numpy().sum(axis=1)
        return counts

    def _leave_out(self, rule: str, out: Mask) -> None:
        if out.any():
            self.entries.append(LogEntry(rule=rule, count=int(out.sum()), rows=tuple(self.people.index[out])))
            self.people, self.answers = self.people[~out], self.answers[~out]
