"""Why something is withheld, in words: the only place where these sentences stand."""

from __future__ import annotations

from typing import Final

import numpy as np

ANSWERS_ALIKE: Final = "the answers are too alike to be shown"
"""So few teachers differ from the rest, or from the end of the scale, that a mean would tell what each one answered."""

NOT_ON_ROSTER: Final = "it is not on the roster, so its response rate is unknown"

COMPLEMENTARY: Final = "withheld so that a smaller group can't be worked out from it"
"""Large enough by itself; but with it, something that is withheld could be had by subtraction."""


def too_few(min_teachers: int) -> str:
    """Return the reason of a group that is too small.

    Parameters
    ----------
    min_teachers : int
        The fewest allowed.

    Returns
    -------
    str
    """
    return f"fewer than {min_teachers} teachers answered"


def low_rate(response_rate: float, least: float) -> str:
    """Return the reason of a school of which too few answered.

    Parameters
    ----------
    response_rate, least : float
        What it is, and what it must be.

    Returns
    -------
    str
        The rate is rounded down, so that it never looks as if it had passed.
    """
    return f"response rate {np.floor(response_rate * 1000) / 10:.1f}% is below {least:.0%}"
