"""What a user says of schools by their names: which group, which outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from internal_coherence.errors import MissingDataWarning, ResponseError, closest, warn
from internal_coherence.responses.record import as_label


def by_school(given: object, what: str) -> dict[str, object]:
    """Return a mapping of school to something, under the schools' labels.

    Parameters
    ----------
    given : mapping or Series
        School to group, or to outcome. A missing value leaves a school out.
    what : str
        The argument, for messages.

    Returns
    -------
    dict

    Raises
    ------
    ResponseError
        If it is neither, or a school comes twice with different values.
    """
    if not isinstance(given, (Mapping, pd.Series)):
        msg = f"{what} must say it for each school, as a mapping or a Series indexed by school; got {type(given).__name__}"
        raise ResponseError(msg)
    found: dict[str, object] = {}
    for school, value in given.items():
        if pd.isna(value):
            continue
        label = as_label(school)
        if found.setdefault(label, value) != value:
            raise ResponseError(f"{what}: school {label!r} is there twice, with {found[label]!r} and {value!r}")
    return found


def known_schools(named: Iterable[str], labels: tuple[str, ...], what: str) -> list[str]:
    """Return those of the named schools from which anyone answered.

    Parameters
    ----------
    named : iterable of str
        Labels.
    labels : tuple of str
        Schools with answers.
    what : str
        The argument, for messages.

    Returns
    -------
    list of str

    Raises
    ------
    ResponseError
        If it is none of them.
    """
    named = list(dict.fromkeys(named))
    found = [school for school in named if school in set(labels)]
    if not found:
        hint = f", for instance not from {named[0]!r}{closest(named[0], labels)}" if named else ""
        raise ResponseError(f"{what}: from none of the {len(named)} schools named did anyone answer{hint}")
    free = [label for label in labels if label not in set(found)]
    if misspelt := [f"{s!r}{hint}" for s in named if s not in set(labels) and (hint := closest(s, free))]:
        warn(f"{what}: left out, since nobody answered from {', '.join(misspelt[:5])}", MissingDataWarning)
    return found
