"""What someone who reads the tables knows beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pandas as pd

from internal_coherence.errors import ModelError, listing
from internal_coherence.records import Record
from internal_coherence.responses import Responses, score
from internal_coherence.schools.disclosure.released import ALL, Table, frame_of

Counts = Table | Responses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Attacker(Record):
    """What someone who reads the tables knows beside them.

    Parameters
    ----------
    own_answer : bool
        Whether it may be one of the teachers, any one of them, who knows their own answers. Then every small group is
        tested for the mean of the others.
    counts : table, Responses, or several of them, optional
        How many answered, where the tables leave it out: everyone in a small school knows how many they are. A frame has
        classifying columns, ``n`` and, unless the numbers hold for every scale, ``scale``; of `Responses` the scores by
        school, wave and role are counted.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.Attacker(own_answer=False)
    <Attacker: knows the n's of the tables>
    """

    own_answer: bool = True
    counts: Counts | Sequence[Counts] = field(default=())

    def __post_init__(self) -> None:
        given = self.counts
        several = tuple(given) if isinstance(given, (list, tuple)) else (given,)
        object.__setattr__(self, "counts", tuple(_read(known) for known in several))

    def known_counts(self, columns: Collection[str]) -> list[pd.DataFrame]:
        """Return the numbers of teachers, by columns that tables have.

        Parameters
        ----------
        columns : collection of str
            The tables' classifying columns; those of the counts that are not among them are summed over.

        Returns
        -------
        list of DataFrame
            Classifying columns, ``scale`` where it matters, and ``n``.
        """
        return [_summed(_counted(known) if isinstance(known, Responses) else known, columns) for known in several(self)]

    def __repr__(self) -> str:
        more = " and further counts" if several(self) else ""
        own = ", and their own answer" if self.own_answer else ""
        return f"<Attacker: knows the n's of the tables{more}{own}>"


def _read(known: object) -> pd.DataFrame | Responses:
    if isinstance(known, Responses):
        return known
    if not isinstance(known, pd.DataFrame) and not hasattr(known, "to_frame"):
        raise ModelError(f"counts takes a table or Responses, not {type(known).__name__}")
    frame = known if isinstance(known, pd.DataFrame) else frame_of(known)  # type: ignore[arg-type]
    if "n" not in frame:
        raise ModelError(f"counts has no column 'n'; it has {listing(frame.columns)}")
    return frame


def several(attacker: Attacker) -> tuple[pd.DataFrame | Responses, ...]:
    """Return the sources of counts.

    Parameters
    ----------
    attacker : Attacker

    Returns
    -------
    tuple of DataFrame or Responses
        Tables as frames.
    """
    return attacker.counts  # type: ignore[return-value]  # made a tuple when the record was made


def _counted(responses: Responses) -> pd.DataFrame:
    """Count who has a score, by school, wave and role, on every scale."""
    people = responses.people[[c for c in ("school", "wave", "role") if c in responses.people]]
    if "role" in people:
        people = people.assign(role=people["role"].fillna("no role given"))
    by = [people[column] for column in people.columns]
    return (
        score(responses)
        .notna()
        .groupby(by)
        .sum()
        .melt(var_name="scale", value_name="n", ignore_index=False)
        .reset_index()
    )


def _summed(known: pd.DataFrame, columns: Collection[str]) -> pd.DataFrame:
    frame = known.reset_index(drop=all(name is None for name in known.index.names))
    kept = [column for column in frame.columns if column in columns or column == "scale"]
    beside = [
        column
        for column in frame.columns
        if column not in (*kept, "n") and not pd.api.types.is_float_dtype(frame[column]) and column[:2] != "n_"
    ]
    frame = frame[~(frame[beside].astype(object) == ALL).any(axis=1)] if beside else frame
    frame = frame[[*kept, "n"]].dropna(subset="n")
    if not (beside and kept):
        return frame
    return frame.groupby(kept, sort=False)["n"].sum().reset_index()
