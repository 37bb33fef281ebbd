"""Tables made safe: what must not be shown taken out, and what it could be worked out from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option, listing
from internal_coherence.instrument import Instrument
from internal_coherence.records import Record
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.attacker import Attacker
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.plain_leaks import alike
from internal_coherence.schools.disclosure.question import Ends, Parts, Question, ask
from internal_coherence.schools.disclosure.reasons import ANSWERS_ALIKE, COMPLEMENTARY
from internal_coherence.schools.disclosure.released import COUNTS, NEEDED, Table, frame_of, name_tables
from internal_coherence.schools.disclosure.shown_totals import over_what_is_shown, total_rows
from internal_coherence.schools.disclosure.suppression import withheld_for_others

Flags = NDArray[np.bool_]
Totals = Literal["all", "shown"]
TOTALS: Final[tuple[str, ...]] = get_args(Totals)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ProtectedTables(Record):
    """Tables that may be released together, and what was taken out of them.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Their numbers of teachers and means, without what must not be shown; ``withheld`` says why.
    left_out : mapping of str to tuple of str
        The columns that each table lost, because no more than counts and means can be vouched for.
    width : float
        In scale points; what can be told more narrowly counts as known.
    totals : {"all", "shown"}
        Over whom totals are.
    gates : Gates
        What had to hold.
    """

    tables: Mapping[str, pd.DataFrame]
    left_out: Mapping[str, tuple[str, ...]]
    width: float
    totals: Totals
    gates: Gates

    def to_frame(self) -> pd.DataFrame:
        """Return how many means were withheld, by table and reason.

        Returns
        -------
        DataFrame
            ``table, withheld, count``.
        """
        parts = [
            table.loc[table["withheld"] != "", "withheld"]
            .value_counts()
            .rename("count")
            .reset_index()
            .assign(table=name)
            for name, table in self.tables.items()
        ]
        return pd.concat(parts, ignore_index=True)[["table", "withheld", "count"]]

    def __repr__(self) -> str:
        rows = pd.concat([table["withheld"] for table in self.tables.values()])
        tables = f"{len(self.tables)} table{'s' if len(self.tables) > 1 else ''}"
        others = int((rows == COMPLEMENTARY).sum())
        hidden = int((rows != "").sum())
        gone = list(dict.fromkeys(column for columns in self.left_out.values() for column in columns))
        without = f"; without {listing(gone)}" if gone else ""
        return (
            f"<ProtectedTables: {tables}, {len(rows)} means; "
            f"{hidden - others} withheld, and {others} for others' sake{without}>"
        )


def protect_tables(
    tables: Table | Sequence[Table] | Mapping[str, Table],
    *,
    released: Sequence[Table] = (),
    gates: Gates | None = None,
    totals: Totals = "all",
    attacker: Attacker | None = None,
    low: Ends = None,
    high: Ends = None,
    instrument: Instrument | Responses | None = None,
    width: float = 1.0,
    by: Collection[str] | None = None,
    composites: Parts | None = None,
) -> ProtectedTables:
    """Withhold what must not be shown, and as much more as keeps it from being worked out.

    Parameters
    ----------
    tables : table, sequence or mapping of tables
        What is to be released together, with all numbers (for instance ``aggregate(..., audience="research")``), in the
        form that `audit_disclosure` takes. A reason in a column ``withheld`` is kept.
    released : sequence of table
        What the same readers have already; it can't be taken back, so more of the new tables may have to go.
    gates : Gates, optional
        What must hold before a mean is shown.
    totals : {"all", "shown"}
        Whether totals are over everyone, which costs further means, or over the groups of the same table that are shown.
    attacker, low, high, instrument, width, by, composites
        As for `audit_disclosure`. Means are taken as exact, which protects rounded ones too.

    Returns
    -------
    ProtectedTables

    Raises
    ------
    DisclosureError
        If what was released before gives a group away, whatever is withheld now.
    ModelError
        If tables lack columns or contradict each other.

    Notes
    -----
    Only numbers of teachers, response rates and means are released. A spread, an estimate that borrows from other schools,
    a share or a measure of agreement leads back to means and answers in ways of its own, so those columns are left out, and
    ``left_out`` names them.

    First go the means that do not pass the gates, and those that lie so near an end of the scale that they tell every
    answer. Then the audit drives: as long as a protected mean is told within `width`, the smallest shown group in the
    relations that tell it is withheld too. The outcome depends on nothing but the tables; it is not always the fewest
    that would do, a problem too hard to solve for many schools.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"school": ["Elm", "Oak", "Yew", "all"], "scale": "trust", "n": [20, 15, 3, 38], "mean": [4.1, 3.8, 2.5, 3.86]}
    ... )
    >>> safe = ic.protect_tables(table, low=1, high=6)
    >>> safe
    <ProtectedTables: 1 table, 4 means; 1 withheld, and 1 for others' sake>
    >>> safe.tables["table 1"][["school", "mean", "withheld"]]
      school  mean                                           withheld
    0    Elm  4.10
    1    Oak   NaN  withheld so that a smaller group can't be work...
    2    Yew   NaN                     fewer than 5 teachers answered
    3    all  3.86
    """
    check_option("totals", totals, TOTALS)
    named = name_tables(tables)
    before = {f"released {k}": table for k, table in enumerate(released, 1)}
    if clash := before.keys() & named.keys():
        raise ModelError(f"{min(clash)!r} is the name of an earlier table; give the table another name")
    question = ask(
        {**before, **named},
        attacker=attacker,
        low=low,
        high=high,
        instrument=instrument,
        width=width,
        by=by,
        composites=composites,
        decimals=None,
        gates=gates,
    )
    safe = _protected(question, len(before), totals)
    left_out = {name: tuple(c for c in frame_of(named[name]).columns if c not in table) for name, table in safe.items()}
    return ProtectedTables(tables=safe, left_out=left_out, width=width, totals=totals, gates=question.gates)


def _protected(question: Question, n_before: int, totals: Totals) -> dict[str, pd.DataFrame]:
    R = question.released
    new = R.rows[R.rows["table"] >= n_before]
    frames = {name: frame_of(table) for name, table in list(question.tables.items())[n_before:]}
    reasons = pd.concat(
        [_own_reasons(question, frame, number + n_before) for number, frame in enumerate(frames.values())]
    )
    at = (new["key"].to_numpy(), new["scale"].to_numpy())
    published = np.zeros(R.mean.shape, dtype=bool)
    old = R.rows[(R.rows["table"] < n_before) & R.rows["mean"].notna()]
    published[old["key"], old["scale"]] = True
    why = np.full(R.mean.shape, "", dtype=object)
    why[at[0][::-1], at[1][::-1]] = ""
    for k, s, reason in zip(*at, reasons, strict=True):
        why[k, s] = why[k, s] or reason
    dropped = np.zeros(R.mean.shape, dtype=bool)
    if totals == "shown":
        of_totals = np.concatenate(
            [
                total_rows(R, new[new["table"] == number + n_before], frame)
                for number, frame in enumerate(frames.values())
            ]
        )
        dropped[at[0][of_totals], at[1][of_totals]] = True
    dropped &= ~published
    stage = replace(question, released=replace(R, listed=R.listed & ~dropped, mean=np.where(dropped, np.nan, R.mean)))
    hidden = (why != "") & ~published
    more = withheld_for_others(stage, hidden, ~published)
    why[more & (why == "")] = COMPLEMENTARY
    result = {}
    for number, (name, frame) in enumerate(frames.items()):
        rows = new[new["table"] == number + n_before]
        own = why[rows["key"], rows["scale"]]
        safe = taken_out(frame, R.columns, own, R.n[rows["key"], rows["scale"]], question.gates)
        result[name] = over_what_is_shown(safe, R, rows) if totals == "shown" else safe
    return result


def _own_reasons(question: Question, frame: pd.DataFrame, number: int) -> pd.Series:
    """Return why each row's mean must go, whatever the others show."""
    R, gates = question.released, question.gates
    rows = R.rows[R.rows["table"] == number]
    k, s = rows["key"].to_numpy(), rows["scale"].to_numpy()
    n = R.n[k, s]
    given = frame["withheld"].fillna("").astype(str) if "withheld" in frame else pd.Series("", index=frame.index)
    rate = frame["response_rate"].to_numpy(dtype=float) if "response_rate" in frame else np.full(len(frame), np.nan)
    near = alike(n, rows["mean"].to_numpy(), question.low[s], question.high[s], question.width)
    if "sd" in frame:
        near |= frame["sd"].to_numpy(dtype=float) < 1e-9
    reasons = []
    for text, count, share, close in zip(given, n, rate, near, strict=True):
        own = "" if np.isnan(count) else gates.reason_to_withhold(int(count), None if np.isnan(share) else float(share))
        reasons.append(str(text) or own or (ANSWERS_ALIKE if close else ""))
    return pd.Series(reasons, dtype=object)


def taken_out(frame: pd.DataFrame, columns: Collection[str], why: Any, n: Any, gates: Gates) -> pd.DataFrame:
    """Return a table's numbers of teachers and means, without those that are withheld.

    Parameters
    ----------
    frame : DataFrame
        With all numbers.
    columns : collection of str
        What teachers are classified by. Further columns are left out: nobody has shown that they are safe.
    why : (m,) array of str
        Why each row's mean is withheld; empty if it is not.
    n : (m,) array
        Teachers.
    gates : Gates
        How few are too few.

    Returns
    -------
    DataFrame
    """
    safe = frame[[column for column in frame.columns if column in (*columns, *COUNTS, *NEEDED)]].copy()
    safe["mean"] = safe["mean"].mask(np.asarray(why != ""))
    tiny = n < gates.min_teachers
    for column in ("n", "response_rate"):
        if column in safe:
            safe[column] = safe[column].astype(float).mask(tiny) if tiny.any() else safe[column]
    safe["withheld"] = np.asarray(why, dtype=object)
    return safe
