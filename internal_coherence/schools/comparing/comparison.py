"""`SchoolComparison`: two groups of schools, or pairs of them, on every scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from internal_coherence.errors import listing
from internal_coherence.records import Record
from internal_coherence.schools.comparing.differences import SchoolDifference
from internal_coherence.schools.comparing.words import difference_in_words, manner_in_words, schools_left_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Design = Literal["groups", "pairs", "roles", "waves"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolComparison(Record):
    """What two groups of schools, or the two sides of pairs, differ in.

    Parameters
    ----------
    design : {"groups", "pairs", "roles", "waves"}
        Different schools, schools in pairs, or the same schools seen by two roles or in two waves.
    first, second : str
        What is compared: a difference is the first less the second.
    differences : tuple of SchoolDifference
        One a scale or item.
    left_out : DataFrame
        Columns ``school``, ``scale`` (empty: all), ``reason``, ``n_schools``: who is not in it; ``school`` is
        empty where it must not be told.
    level : float
        Of the intervals.
    draws : int
        Of the bootstrap.
    audience : {"district", "research"} or None
        Whom it is for; None for plain scores, which have no gates and are the analyst's own.
    """

    design: Design
    first: str
    second: str
    differences: tuple[SchoolDifference, ...]
    left_out: pd.DataFrame
    level: float
    draws: int
    audience: str | None

    def __getitem__(self, scale: str) -> SchoolDifference:
        """Return one scale's difference."""
        for one in self.differences:
            if one.scale == scale:
                return one
        raise KeyError(f"no {scale!r}; there are {listing(one.scale for one in self.differences)}")

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a scale, unrounded.

        Returns
        -------
        DataFrame
            Indexed by ``scale``.
        """
        rows = [{"first": self.first, "second": self.second, **d.as_row()} for d in self.differences]
        return pd.DataFrame(rows).set_index("scale")

    def in_words(self) -> str:
        """Say in words what was found, and how far it can be trusted.

        Returns
        -------
        str
            A line a scale, then how it was done.
        """
        lines = [difference_in_words(d, self.first, self.second, self.design, self.level) for d in self.differences]
        absent = schools_left_out(self.left_out)
        return "\n".join([*lines, *manner_in_words(self.differences, self.design, absent, self.audience)])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a forest: every scale's difference with its interval.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_comparison

        return draw_comparison(self, ax)

    def __repr__(self) -> str:
        count = f"{len(self.differences)} scale{'' if len(self.differences) == 1 else 's'}"
        head = f"<SchoolComparison of {self.design}, {self.first} less {self.second}, {count}; schools as units>"
        return "\n".join([head, *map(repr, self.differences)])
