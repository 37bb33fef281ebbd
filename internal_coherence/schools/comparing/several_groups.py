"""More than two groups of schools: one test of all, and every two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceError, listing
from internal_coherence.records import Record
from internal_coherence.schools.comparing.differences import NO_VARIATION
from internal_coherence.schools.comparing.effects import hedges_of_groups
from internal_coherence.schools.comparing.outside_tests import adjusted, games_howell, welch_anova
from internal_coherence.schools.comparing.school_units import check_enough, warn_if_few
from internal_coherence.schools.comparing.two_sides import LEAST_SCHOOLS, Manner, Side, listed
from internal_coherence.schools.comparing.words import entry_in_words, p_text, reliability_in_words, schools_left_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SeveralGroups(Record):
    """What several groups of schools differ in.

    Parameters
    ----------
    groups : tuple of str
        In the order in which they came.
    overall : DataFrame
        Welch's analysis of variance, a row a scale: ``scale, n_schools, n_teachers, F, df1, df2, p_value, p_holm, p_bh,
        reliability, note``.
    pairs : DataFrame
        Every two groups on every scale: ``scale, first, second, n_first, n_second, mean_first, mean_second, difference,
        se, lower, upper, t, df, p_games_howell, hedges_g, g_lower, g_upper``. Limits and p of the differences allow for
        all pairs of a scale.
    left_out : DataFrame
        Columns ``school``, ``scale`` (empty: all), ``reason``, ``n_schools``.
    level : float
        Of the intervals.
    audience : {"district", "research"} or None
        Whom it is for; None for plain scores.
    """

    groups: tuple[str, ...]
    overall: pd.DataFrame
    pairs: pd.DataFrame
    left_out: pd.DataFrame
    level: float
    audience: str | None

    def __getitem__(self, scale: str) -> pd.DataFrame:
        """Return every two groups on one scale: its rows of `pairs`."""
        if scale not in set(self.overall["scale"]):
            raise KeyError(f"no {scale!r}; there are {listing(self.overall['scale'])}")
        return self.pairs[self.pairs["scale"] == scale].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return the table of all pairs, unrounded.

        Returns
        -------
        DataFrame
            Indexed by ``scale``; the test of all groups at once is in ``overall``.
        """
        return self.pairs.set_index("scale")

    def in_words(self) -> str:
        """Say in words what was found.

        Returns
        -------
        str
            A line a scale, then how it was done.
        """
        lines = []
        for row in self.overall.to_dict("records"):
            name = row["scale"].replace("_", " ")
            if row["note"]:
                lines.append(f"{name}: not compared, {row['note']}.")
                continue
            of = self.pairs[(self.pairs["scale"] == row["scale"]) & (self.pairs["p_games_howell"] < 1 - self.level)]
            apart = "; ".join(f"{p.first} and {p.second} by {abs(p.difference):.2f}" for p in of.itertuples())
            lines.append(
                f"{name}: F({row['df1']:.0f}, {row['df2']:.1f}) = {row['F']:.2f}, {p_text(row['p_value'])},"
                f" {p_text(row['p_holm'])} for all scales together (Holm);"
                f" {'apart are ' + apart if apart else 'no two groups are clearly apart'}."
            )
        said = [
            "Each school is one vote, whatever its size; pairs by Games and Howell, which allows for all pairs of a scale."
        ]
        said += reliability_in_words(list(self.overall["reliability"]))
        return "\n".join([*lines, *said, *entry_in_words(schools_left_out(self.left_out), self.audience)])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a forest: every two groups' difference on every scale, with its interval.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_group_pairs

        return draw_group_pairs(self, ax)

    def __repr__(self) -> str:
        count = f"{len(self.overall)} scale{'' if len(self.overall) == 1 else 's'}"
        head = f"<SeveralGroups, {', '.join(self.groups)}, {count}; schools as units>"
        rows = [
            f"{r['scale']}: {r['note'] or 'F = {:.2f}, p = {:.3g}'.format(r['F'], r['p_value'])}"
            for r in self.overall.to_dict("records")
        ]
        return "\n".join([head, *rows])


def several(sides: Sequence[Side], manner: Manner, left_out: Sequence[tuple[str, str]]) -> SeveralGroups:
    """Compare three groups or more on every scale.

    Parameters
    ----------
    sides : sequence of Side
        The groups.
    manner : Manner
        How.
    left_out : sequence of (school, reason)
        Who is in no group.

    Returns
    -------
    SeveralGroups
    """
    overall, pairs, refusals = [], [], []
    for k, scale in enumerate(sides[0].units.names):
        try:
            row, table = _one_scale(k, sides, manner)
        except CoherenceError as refusal:
            refusals.append(refusal)
            row, table = {"n_schools": 0, "n_teachers": 0, "note": str(refusal)}, []
        overall.append({"scale": scale, **row})
        pairs += [{"scale": scale, **line} for line in table]
    if len(refusals) == len(overall):
        raise refusals[0]
    warn_if_few(max(row["n_schools"] for row in overall), manner.what)
    frame = pd.DataFrame(overall).reindex(columns=OVERALL)
    p = frame["p_value"].to_numpy(dtype=np.float64)
    return SeveralGroups(
        groups=tuple(side.name for side in sides),
        overall=frame.assign(p_holm=adjusted(p, "holm"), p_bh=adjusted(p, "fdr_bh")),
        pairs=pd.DataFrame(pairs, columns=PAIRS),
        left_out=listed(left_out, *sides),
        level=manner.level,
        audience=sides[0].units.audience,
    )


OVERALL = [
    "scale", "n_schools", "n_teachers", "F", "df1", "df2", "p_value", "p_holm", "p_bh", "reliability", "note",
]  # fmt: skip
PAIRS = [
    "scale", "first", "second", "n_first", "n_second", "mean_first", "mean_second", "difference", "se", "lower",
    "upper", "t", "df", "p_games_howell", "hedges_g", "g_lower", "g_upper",
]  # fmt: skip


def _one_scale(k: int, sides: Sequence[Side], manner: Manner) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the test of all groups on one scale, and of every two."""
    units = sides[0].units
    rows = [side.rows[np.isfinite(side.mean(k))] for side in sides]
    for side, used in zip(sides, rows, strict=True):
        check_enough(len(used), units, LEAST_SCHOOLS, f"group {side.name!r}", manner.what)
    means = [units.mean[used, k] for used in rows]
    together = np.concatenate(rows)
    row: dict[str, Any] = {
        "n_schools": len(together),
        "n_teachers": units.teachers(k, together),
        "reliability": units.reliability(k, together),
        "note": "",
    }
    if any(np.ptp(x) < 1e-12 for x in means):
        return row | {"note": NO_VARIATION}, []
    values, group = np.concatenate(means), np.repeat(np.arange(len(sides), dtype=np.intp), [len(x) for x in means])
    test, df1 = welch_anova(values, group)
    row |= {"F": test.statistic, "df1": df1, "df2": test.df, "p_value": test.p_value}
    return row, _every_two([side.name for side in sides], means, games_howell(values, group), manner.level)


def _every_two(names: list[str], means: list[Array], tests: pd.DataFrame, level: float) -> list[dict[str, Any]]:
    """Return every two groups' difference, with limits from the studentised range as Games and Howell's p is."""
    from scipy.stats import studentized_range

    found = {(int(r["first"]), int(r["second"])): r for r in tests.to_dict("records")}
    lines: list[dict[str, Any]] = []
    for a, b in combinations(range(len(names)), 2):
        x, y, test = means[a], means[b], found[a, b]
        difference, effect = float(x.mean() - y.mean()), hedges_of_groups(x, y, level)
        reach = float(studentized_range.ppf(level, len(names), test["df"])) / np.sqrt(2) * test["se"]
        lines.append(
            {
                "first": names[a],
                "second": names[b],
                "n_first": len(x),
                "n_second": len(y),
                "mean_first": float(x.mean()),
                "mean_second": float(y.mean()),
                "difference": difference,
                "se": test["se"],
                "lower": difference - reach,
                "upper": difference + reach,
                "t": test["t"],
                "df": test["df"],
                "p_games_howell": test["p_value"],
                "hedges_g": effect.g,
                "g_lower": effect.lower,
                "g_upper": effect.upper,
            }
        )
    return lines
