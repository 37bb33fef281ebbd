"""The one tree of errors and warnings.

Every error is also a ``ValueError``, and its message says what was given, what is allowed, and where.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Final, TypeVar

HERE: Final = str(Path(__file__).parent)
T = TypeVar("T")


class CoherenceError(ValueError):
    """The root: whatever this library refuses to do, it refuses with one of these."""


class InstrumentError(CoherenceError):
    """The definition of an instrument, a codebook or an order contradicts itself or can't be read."""


class ResponseError(CoherenceError):
    """The answers do not fit the instrument, or are too few for what was asked."""


class ModelError(CoherenceError):
    """A model, an option of a statistic, or a combination of options makes no sense."""


class DisclosureError(CoherenceError):
    """What was asked for could tell what one teacher, or one small group, answered."""


class CoherenceWarning(UserWarning):
    """The root of the warnings."""


class ConvergenceWarning(CoherenceWarning):
    """An optimiser stopped before it was done; the result holds NaN, not numbers that look like one."""


class ImproperSolutionWarning(CoherenceWarning):
    """An estimate lies outside of what is possible, for instance a negative variance."""


class SmallSampleWarning(CoherenceWarning):
    """A number rests on so few schools or teachers that it should not be leant on."""


class MissingDataWarning(CoherenceWarning):
    """Missing answers keep a statistic from being computed, or change what it means."""


class ReversedItemWarning(CoherenceWarning):
    """An item runs against its scale: perhaps it should be reverse-coded, or already was."""


def closest(name: object, known: Iterable[object]) -> str:
    """Return ``"; did you mean 'x'?"`` where a known name is close to `name`, else ``""``.

    Parameters
    ----------
    name : object
        What was given.
    known : iterable
        What is allowed.

    Returns
    -------
    str
        The end of an error message.
    """
    folded = {str(k).casefold(): str(k) for k in known}
    match = get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[match[0]]!r}?" if match else ""


def listing(names: Iterable[object], most: int = 12) -> str:
    """Return the names, quoted and joined by commas; where there are very many, the first and how many more.

    Parameters
    ----------
    names : iterable
        What to list.
    most : int
        How many to spell out.

    Returns
    -------
    str
        For instance ``"'a', 'b' and 7 more"``.
    """
    quoted = [repr(str(n)) for n in names]
    if len(quoted) <= most:
        return ", ".join(quoted)
    return f"{', '.join(quoted[:most])} and {len(quoted) - most} more"


def warn(message: str, category: type[CoherenceWarning]) -> None:
    """Warn, pointing at the line outside of this library that called into it.

    Parameters
    ----------
    message : str
        What is odd.
    category : type
        Which warning.
    """
    frame, depth = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, category, stacklevel=depth)


def told_once(job: Callable[[], T], said: set[str], kept: list[str] | None = None) -> T:
    """Do a job, and pass on only those of its warnings that differ from earlier ones by more than their numbers.

    Parameters
    ----------
    job : callable
        What may warn.
    said : set of str
        What was warned of before, without numbers; what is new is added.
    kept : list of str, optional
        Where messages are put, in place of warning.

    Returns
    -------
    object
        What the job returns.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", CoherenceWarning)
        done = job()
    for warning in heard:
        message = str(warning.message)
        gist = "".join(c for c in message if not c.isdigit())
        if gist not in said:
            said.add(gist)
            if kept is not None:
                kept.append(message)
                continue
            warn(message, warning.category)  # type: ignore[arg-type]  # warnings are errors elsewhere, or ours
    return done


def check_option(name: str, given: object, allowed: Sequence[object]) -> None:
    """Refuse an option that does not exist.

    Parameters
    ----------
    name : str
        The argument's.
    given : object
        What was passed.
    allowed : sequence
        What may be.

    Raises
    ------
    ModelError
        Naming what may be, and the closest.
    """
    if given not in allowed:
        raise ModelError(f"{name}={given!r} is not one of {listing(allowed)}{closest(given, allowed)}")


def check_level(level: float) -> None:
    """Refuse a level of confidence that is none.

    Parameters
    ----------
    level : float
        Between 0 and 1.

    Raises
    ------
    ModelError
    """
    if not isinstance(level, Real) or not 0 < level < 1:
        hint = f"; for {level:g} % write {level / 100:g}" if isinstance(level, Real) and 1 < level < 100 else ""
        raise ModelError(f"level={level!r} is not between 0 and 1{hint}")


def check_draws(draws: object, least: int) -> int:
    """Refuse a number of samples that is none, or too small to say anything.

    Parameters
    ----------
    draws : object
        What was passed.
    least : int
        The fewest.

    Returns
    -------
    int

    Raises
    ------
    ModelError
    """
    if isinstance(draws, bool) or not isinstance(draws, Integral) or draws < least:
        raise ModelError(f"draws={draws!r}: it takes a whole number of at least {least} samples, better 1000")
    return int(draws)
