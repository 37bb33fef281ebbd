"""What every verb of this room accepts: items, their moments, or a survey, of which every scale is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pandas as pd
from numpy.typing import ArrayLike

from internal_coherence.errors import ModelError, ResponseError, check_option
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.sufficient import Moments, moments_of_table
from internal_coherence.moments.tables import Items, ItemTable, item_table
from internal_coherence.records import ByScale, Framed
from internal_coherence.responses import Responses

Data = Items | Moments
R = TypeVar("R", bound=Framed)

__all__ = [
    "Data",
    "ItemTable",
    "Items",
    "each_moments",
    "each_scale",
    "item_table",
    "moments_of",
    "refuse_unused_school",
    "refuse_with_moments",
    "scale_tables",
]


def scale_tables(responses: Responses, what: str) -> dict[str, ItemTable]:
    """Return the items of every scale.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    what : str
        The statistic asked for, for messages.

    Returns
    -------
    dict
        Scale key to its items, with the teachers' schools.
    """
    whole = item_table(responses, what)
    return {s.key: whole.select(s.item_keys, s.key) for s in responses.instrument.scales}


def each_scale(
    data: Items, what: str, run: Callable[[ItemTable], R], *, school: ArrayLike | pd.Series | None = None
) -> R | ByScale[R]:
    """Run a statistic on the items given, or on every scale of a survey.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, or Responses
        What the user passed.
    what : str
        The statistic, for messages.
    run : callable
        From items to a result.
    school : (n,) array or Series, optional
        Each row's school; `Responses` know theirs.

    Returns
    -------
    result, or mapping of scale to result
    """
    if isinstance(data, Moments):
        raise ModelError(f"{what} needs the answers themselves; moments do not hold them")
    if isinstance(data, Responses) and school is None:
        return ByScale({scale: run(table) for scale, table in scale_tables(data, what).items()})
    return run(item_table(data, what, school=school))


def refuse_with_moments(what: str, **given: object) -> None:
    """Refuse arguments that need the answers, which moments do not hold.

    Parameters
    ----------
    what : str
        The statistic, for messages.
    **given : object
        Arguments; None where they were not passed.

    Raises
    ------
    ModelError
        Naming the first that was passed.
    """
    for name, value in given.items():
        if value is not None:
            shown = f"{name}={value!r}" if isinstance(value, str) else f"{name}="
            raise ModelError(f"{what}: {shown} needs the answers themselves; moments do not hold them")


def refuse_unused_school(school: object, interval: str) -> None:
    """Refuse schools that an interval would not use.

    Parameters
    ----------
    school : object
        What was passed.
    interval : str
        The kind of interval.

    Raises
    ------
    ModelError
        If schools were passed and the interval does not draw them.
    """
    if school is not None and interval != "cluster_bootstrap":
        raise ModelError(f"school= goes with interval='cluster_bootstrap'; interval={interval!r} does not use it")


def each_moments(data: Data, missing: Missing, what: str, run: Callable[[Moments], R]) -> R | ByScale[R]:
    """Run a statistic that needs no more than moments, on the items given or on every scale of a survey.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        What the user passed.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.
    what : str
        The statistic, for messages.
    run : callable
        From moments to a result.

    Returns
    -------
    result, or mapping of scale to result

    Raises
    ------
    ModelError
        For a `missing` that does not exist.
    ResponseError
        If there are fewer than two items.
    """
    check_option("missing", missing, MISSING)
    if isinstance(data, Responses):
        tables = scale_tables(data, what)
        return ByScale({scale: run(moments_of_table(table, missing)) for scale, table in tables.items()})
    return run(moments_of(data, missing, what))


def moments_of(data: Data, missing: Missing, what: str) -> Moments:
    """Return the moments of all the items together.

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        Moments are taken as they are.
    missing : {"listwise", "pairwise", "em"}
        How missing answers are treated.
    what : str
        The statistic, for messages.

    Returns
    -------
    Moments

    Raises
    ------
    ResponseError
        If there are fewer than two items.
    """
    source = data if isinstance(data, Moments) else item_table(data, what)
    if len(source.names) < 2:
        raise ResponseError(f"{what} needs at least two items; got {len(source.names)}")
    return source if isinstance(source, Moments) else moments_of_table(source, missing)
