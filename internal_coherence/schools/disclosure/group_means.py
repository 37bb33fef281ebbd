"""Number, mean and spread of every group of teachers, its school, and all schools together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from internal_coherence.errors import ModelError, ResponseError, listing
from internal_coherence.moments.grouping import Groups
from internal_coherence.moments.spread import school_spread
from internal_coherence.responses import Responses, score
from internal_coherence.responses.record import as_label, natural_order
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.released import ALL, COUNTS, NEEDED
from internal_coherence.schools.disclosure.withholding import cell_reasons, school_reasons

By = str | pd.Series | ArrayLike | Sequence[str | pd.Series | ArrayLike]
NOT_GIVEN = "not given"


def teachers_groups(responses: Responses, by: By) -> pd.DataFrame:
    """Return each teacher's school and groups as text.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    by : "role", Series, array, or a list of these
        What groups the teachers; Series and arrays have a row for each of them.

    Returns
    -------
    DataFrame
        ``school`` and a column for each of `by`; who gave none is ``"not given"``.

    Raises
    ------
    ResponseError
        If rows do not fit, or a label is the word that stands for all.
    ModelError
        If a name is not known or is that of another column.
    """
    people = responses.people[["school"]].copy()
    for number, one in enumerate(by if isinstance(by, list | tuple) and _several(by, len(people)) else [by]):
        name, values = _named(responses, one, number)
        if name in people or name in (*NEEDED, *COUNTS, "withheld", "sd", "se", "wave") or name[:2] == "n_":
            raise ModelError(f"by=: {name!r} is the name of another column, or of a count; rename the Series")
        people[name] = [
            NOT_GIVEN if gap else as_label(v)
            for v, gap in zip(values, pd.isna(np.array([*values, None], dtype=object))[:-1], strict=True)
        ]
    for column in people:
        if (people[column] == ALL).any():
            raise ResponseError(f"a {column} is called {ALL!r}, which stands for all of them here; rename it")
    return people


def _several(by: Sequence[object], n: int) -> bool:
    """Tell a list of groupings from a list of one label a teacher."""
    return len(by) != n or not all(isinstance(one, (str, int, float)) or one is None for one in by) or n == 1


def _named(responses: Responses, one: object, number: int) -> tuple[str, Sequence[object]]:
    if isinstance(one, str):
        people = responses.people
        if one in ("school", "teacher", "wave") or one not in people:
            known = [c for c in people if c == "role"]
            hint = f"{listing(known)} or " if known else ""
            raise ModelError(f"by={one!r}: give {hint}a Series with a value for each teacher")
        return one, people[one].tolist()
    values = one if isinstance(one, pd.Series) else pd.Series(np.asarray(one).ravel().tolist(), dtype=object)
    if len(values) != len(responses):
        raise ResponseError(f"by= has {len(values)} values for {len(responses)} teachers")
    if isinstance(one, pd.Series) and not one.index.equals(responses.people.index):
        raise ResponseError("by= has another index than the responses, so its rows may not belong to theirs")
    name = (
        values.name
        if isinstance(one, pd.Series) and values.name is not None
        else f"group{number + 1 if number else ''}"
    )
    return str(name), values.tolist()


def cells_of(
    responses: Responses, groups: pd.DataFrame, joined: pd.DataFrame, min_answered: float, gates: Gates
) -> pd.DataFrame:
    """Return every group's mean, its school's, each group's over all schools, and that of all teachers.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    groups : DataFrame
        ``school`` and the grouping columns, one row a teacher.
    joined : DataFrame
        The same, with a tuple where a school's small groups are joined; totals over schools are of the groups themselves.
    min_answered : int or float
        How much of a scale a teacher's score needs.
    gates : Gates
        What must hold.

    Returns
    -------
    DataFrame
        The grouping columns, ``scale, n, mean, sd, se, withheld``: all numbers, and why they may not be shown.
    """
    scores = score(responses, min_answered=min_answered)
    own = list(groups.columns)
    closed = dict(zip(responses.schools, school_reasons(responses, gates), strict=True))
    parts = []
    for kept in (own, own[:1], own[1:], []):
        labels = (joined if kept == own else groups).assign(**{column: ALL for column in own if column not in kept})
        codes, distinct = pd.factorize(pd.Series(list(labels.itertuples(index=False, name=None))))
        order = sorted(range(len(distinct)), key=lambda k: [natural_order(_text(v)) for v in distinct[k]])
        place = np.argsort(order)
        table = _statistics(responses, scores, Groups(codes=place[codes].astype(np.intp), labels=()), len(order), gates)
        names = [distinct[k] for k in order]
        q = scores.shape[1]
        for c, column in enumerate(own):
            table.insert(c, column, pd.Series([name[c] for name in names for _ in range(q)], dtype=object))
        table["withheld"] = [closed.get(s, "") or w for s, w in zip(table[own[0]], table["withheld"], strict=True)]
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _text(value: object) -> str:
    return " + ".join(value) if isinstance(value, tuple) else str(value)


def _statistics(responses: Responses, scores: pd.DataFrame, codes: Groups, J: int, gates: Gates) -> pd.DataFrame:
    """Return number, mean and spread by group and scale, and why they may not be shown."""
    groups = Groups(codes=codes.codes, labels=tuple(map(str, range(J))))
    X = scores.to_numpy()
    spread = school_spread(X, groups)
    n, ss, mean = spread.size, spread.sum_of_squares, np.where(spread.size > 0, spread.mean, np.nan)
    scales = responses.instrument.scales
    low, high = (np.array([getattr(scale, end) for scale in scales]) for end in ("low", "high"))
    reasons = cell_reasons(X, groups, spread, low, high, gates)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.where(n > 1, np.sqrt(ss / (n - 1)), np.nan)
        se = sd / np.sqrt(n)
    columns = {"n": n, "mean": mean, "sd": sd, "se": se}
    return pd.DataFrame(
        {"scale": np.array([scale.key for scale in scales] * J, dtype=object)}
        | {name: values.ravel() for name, values in columns.items()}
        | {"withheld": reasons.ravel()}
    )
