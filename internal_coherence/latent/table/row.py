"""One parameter of a model."""

from __future__ import annotations

import math
from typing import NamedTuple


class Row(NamedTuple):
    """One row of the table, in lavaan's terms.

    Parameters
    ----------
    lhs, op, rhs : str
        What goes with what, and how: ``=~``, ``~``, ``~~``, ``~1`` (rhs is empty), or ``:=``, ``==``, ``<``, ``>``.
    user : int
        1 if it was written, 0 if it was added, 2 for a constraint that was added.
    block, group : int
        From 1; 0 for ``:=``, ``==``, ``<`` and ``>``.
    free : int
        The number of the parameter, from 1; 0 if it is fixed.
    value : float
        Where it is fixed; NaN if it is free, or fixed to what the data say.
    start : float
        The starting value that was asked for; NaN if none was.
    label : str
        Parameters with the same one are equal.
    exo : int
        1 for variances, covariances and means of covariates that are taken as given.
    """

    lhs: str
    op: str
    rhs: str = ""
    user: int = 0
    block: int = 0
    group: int = 0
    free: int = 0
    value: float = math.nan
    start: float = math.nan
    label: str = ""
    exo: int = 0

    @property
    def name(self) -> str:
        """The parameter in words of the model: ``f=~x1``, ``y~1``."""
        return f"{self.lhs}{self.op}{self.rhs}"
