"""`Responses`: checked answers, and who gave them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from internal_coherence.errors import ResponseError, closest, listing
from internal_coherence.instrument import Instrument
from internal_coherence.responses.coding import reverse_code
from internal_coherence.responses.labels import number
from internal_coherence.responses.log import CodingLog, LogEntry

CODED: Final = "internal_coherence.reverse_coded"
"""The attribute by which a frame says that its items are reverse-coded already."""

_WHOLE: Final = re.compile(r"^([-+]?\d+)\.0+$")
_YEAR: Final = re.compile(r"\d{4}(?!\d)")
_DATE: Final = re.compile(r"\d{4}-\d\d(-\d\d)?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Responses:
    """What was answered, checked and coded. Made by `read_responses`; frames that it gives are copies.

    Parameters
    ----------
    instrument : Instrument
        What was asked.
    log : CodingLog
        What reading dropped or changed.
    """

    instrument: Instrument
    log: CodingLog
    _answers: pd.DataFrame
    _people: pd.DataFrame
    _head_count: pd.DataFrame | None = None

    @property
    def raw(self) -> pd.DataFrame:
        """Teachers × items: codes as answered, nothing reversed, NaN missing."""
        return self._answers.copy(deep=False)

    @property
    def items(self) -> pd.DataFrame:
        """Teachers × items: reversed items turned round, so that more is more of the construct; NaN missing.

        To store answers and read them again take ``raw``: of a frame that was saved or joined with others nobody can
        tell that its items are turned already.
        """
        coded = self._answers.copy(deep=False)
        for item in self.instrument.items:
            if item.reversed:
                coded[item.key] = reverse_code(coded[item.key], item.low, item.high)
        coded.attrs[CODED] = True
        return coded

    @property
    def people(self) -> pd.DataFrame:
        """Who answered: ``school`` and, where read, ``teacher``, ``wave``, ``role``, as text, on the index of the items."""
        return self._people.copy(deep=False)

    @property
    def school(self) -> pd.Series:
        """Each teacher's school, as text."""
        return self._people["school"].copy(deep=False)

    @property
    def teacher(self) -> pd.Series | None:
        """Each teacher's identifier, as text, or None if none was read."""
        return self._person("teacher")

    @property
    def wave(self) -> pd.Series | None:
        """The wave of each row, as text, or None if none was read."""
        return self._person("wave")

    @property
    def role(self) -> pd.Series | None:
        """Each teacher's role, as text, or None if none was read."""
        return self._person("role")

    @property
    def roster(self) -> pd.DataFrame | None:
        """How many teachers were asked: columns ``wave``, ``school``, ``teachers``; None if not known."""
        return None if self._head_count is None else self._head_count.copy(deep=False)

    @property
    def schools(self) -> tuple[str, ...]:
        """The schools that anyone answered from, sorted; numbers by size."""
        return tuple(sorted(self._people["school"].unique(), key=natural_order))

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves, in order of time where their names tell it; empty if none was read."""
        if "wave" not in self._people:
            return ()
        names = list(self._people["wave"].unique())
        return tuple(in_time(names) or sorted(names, key=natural_order))

    def latest(self) -> Responses:
        """Return the responses of the latest wave; all of them if there is one wave, or none was read.

        Returns
        -------
        Responses

        Raises
        ------
        ResponseError
            If the names of the waves do not tell their order: they are neither numbers, nor dates, nor begin with
            different years.
        """
        if len(self.waves) < 2:
            return self
        if in_time(self.waves) is None:
            msg = (
                f"can't tell which of the waves {listing(self.waves)} is the latest; choose one with .select(wave=...)"
            )
            raise ResponseError(msg)
        return self.select(wave=self.waves[-1])

    def _person(self, column: str) -> pd.Series | None:
        return self._people[column].copy(deep=False) if column in self._people else None

    def __len__(self) -> int:
        return len(self._answers)

    def select(
        self,
        *,
        wave: object | Sequence[object] = None,
        school: object | Sequence[object] = None,
        role: object | Sequence[object] = None,
    ) -> Responses:
        """Keep some waves, schools or roles.

        Parameters
        ----------
        wave, school, role : value or sequence of values, optional
            What to keep; by default everything. A roster counts the whole staff, so selecting roles gives it up.

        Returns
        -------
        Responses
            The log says what was left out.

        Raises
        ------
        ResponseError
            For a value that does not occur, with the closest that does.

        Examples
        --------
        >>> import internal_coherence as ic
        >>> ic.example_responses().select(wave=2025, school=["Alder", "Birch"])
        <Responses: 61 teachers in 2 schools, 11 scales, 50 items; wave 2025>
        """
        keep = pd.Series(True, index=self._people.index)
        roster = self._head_count
        chosen = []
        for column, given in (("wave", wave), ("school", school), ("role", role)):
            if given is None:
                continue
            values = self._known(column, given)
            keep &= self._people[column].isin(values)
            chosen.append(f"{column}s")
            if column == "role":
                roster = None  # it counts the whole staff
            if roster is not None and column in ("wave", "school") and roster[column].notna().any():
                roster = roster[roster[column].isin(values)]
        if not keep.any():
            raise ResponseError("nobody answered in what was selected")
        entry = LogEntry(rule=f"rows left out by selecting {' and '.join(chosen)}", count=int((~keep).sum()))
        return Responses(
            instrument=self.instrument,
            log=self.log.adding([entry] if entry.count else [], int(keep.sum())),
            _answers=self._answers[keep],
            _people=self._people[keep],
            _head_count=roster,
        )

    def _known(self, column: str, given: object) -> list[str]:
        if column not in self._people:
            raise ResponseError(f"these responses were read without {column}=...; there is no {column} to select")
        values = [
            as_label(v) for v in (given if isinstance(given, Iterable) and not isinstance(given, str) else [given])
        ]
        present = list(self._people[column].dropna().unique())
        for value in values:
            if value not in present:
                msg = f"no {column} {value!r}; there are {listing(sorted(present))}{closest(value, present)}"
                raise ResponseError(msg)
        return values

    def one_wave(self, what: str) -> Responses:
        """Return these responses if they are of one wave.

        Parameters
        ----------
        what : str
            The statistic asked for, for the message.

        Returns
        -------
        Responses

        Raises
        ------
        ResponseError
            If they are of several: the same teachers would count more than once.
        """
        if len(self.waves) > 1:
            msg = (
                f"{what}: these responses are of {len(self.waves)} waves, {listing(self.waves)}, and the same teachers may"
                f" stand in each; choose one with .select(wave={self.waves[-1]!r})"
            )
            raise ResponseError(msg)
        return self

    def __repr__(self) -> str:
        parts = [
            f"{len(self)} {'rows' if len(self.waves) > 1 else 'teachers'} in {len(self.schools)} schools",
            f"{len(self.instrument.scales)} scales",
            f"{len(self.instrument.items)} items",
        ]
        waves = f"; wave{'s' if len(self.waves) > 1 else ''} {', '.join(self.waves)}" if self.waves else ""
        return f"<Responses: {', '.join(parts)}{waves}>"


def in_time(waves: Sequence[str]) -> list[str] | None:
    """Return waves in order of time, or None where their names do not tell it.

    Parameters
    ----------
    waves : sequence of str
        Numbers, dates, or names that begin with different years.

    Returns
    -------
    list of str, or None
    """
    years = [match[0] if (match := _YEAR.match(wave)) else None for wave in waves]
    if None not in years and len(set(years)) == len(years):
        return sorted(waves)
    if all(_DATE.fullmatch(wave) for wave in waves):
        return sorted(waves)
    if all(number(wave) is not None for wave in waves):
        return sorted(waves, key=natural_order)
    return None


def check_responses(given: object, what: str) -> None:
    """Refuse what was not read by `read_responses`, such as a bare DataFrame.

    Parameters
    ----------
    given : object
        Passed as responses.
    what : str
        The verb asked, for the message.

    Raises
    ------
    ResponseError
    """
    if not isinstance(given, Responses):
        raise ResponseError(f"{what} takes Responses, as read_responses() returns them, not {type(given).__name__}")


def as_label(value: object) -> str:
    """Return an identifier as the text under which it is kept: ``7``, ``7.0`` and ``" 7 "`` are all ``"7"``.

    Parameters
    ----------
    value : object
        A school, wave, role or teacher as a user writes it.

    Returns
    -------
    str
        Whitespace folded, control characters removed.
    """
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        text = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return _WHOLE.sub(r"\1", " ".join(text.split()))


def natural_order(label: Hashable) -> tuple[int, float, str]:
    """Return a key that sorts numbers by size, before words by their letters.

    Parameters
    ----------
    label : str
        An identifier.

    Returns
    -------
    tuple
    """
    text = str(label)
    value = number(text)
    return (1, 0.0, text.casefold()) if value is None else (0, value, text)
