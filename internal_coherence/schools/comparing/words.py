"""What a comparison of schools says, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan
from typing import Final

import pandas as pd

from internal_coherence.schools.comparing.differences import SchoolDifference

SIDES: Final = {"groups": "schools", "pairs": "pairs of schools", "roles": "schools", "waves": "schools"}
UNRELIABLE: Final = 0.7
"""Below it much of what tells school means apart is chance."""


def p_text(p: float) -> str:
    """Return p as papers print it.

    Parameters
    ----------
    p : float
        Between 0 and 1.

    Returns
    -------
    str
        For instance ``"p = .031"``.
    """
    if isnan(p):
        return "no p"
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def difference_in_words(d: SchoolDifference, first: str, second: str, design: str, level: float) -> str:
    """Say what differs on one scale.

    Parameters
    ----------
    d : SchoolDifference
        The numbers.
    first, second : str
        What is compared.
    design : str
        How the schools belong together.
    level : float
        Of the intervals.

    Returns
    -------
    str
    """
    name = d.scale.replace("_", " ")
    if d.note:
        return f"{name}: not compared, {d.note}."
    counts = f"{d.n_first} and {d.n_second}" if design == "groups" else f"{d.n_first}"
    side = "above" if d.difference > 0 else "below"
    clear = "which leaves zero out" if d.lower * d.upper > 0 else "which takes zero in"
    parts = [
        f"{name}: {first} {abs(d.difference):.2f} scale points {side} {second} ({counts} {SIDES[design]}),",
        f"{100 * level:.4g} % interval {d.lower:.2f} to {d.upper:.2f}, {clear};",
        f"g = {d.hedges_g:.2f} in standard deviations of school means; {p_text(d.p_value)},",
        f"by permutation {p_text(d.p_permutation)}",
    ]
    adjusted = f", {p_text(d.p_holm)} for all scales together (Holm)" if d.p_holm != d.p_value else ""
    return " ".join(parts) + adjusted + "."


def manner_in_words(
    differences: Sequence[SchoolDifference], design: str, n_left_out: int, audience: str | None
) -> list[str]:
    """Say how a comparison was made, and what limits it.

    Parameters
    ----------
    differences : sequence of SchoolDifference
        Of all scales.
    design : str
        How the schools belong together.
    n_left_out : int
        Schools that are not in it, or not on every scale.
    audience : str or None
        Whom it is for.

    Returns
    -------
    list of str
        Sentences.
    """
    said = ["Each school is one vote, whatever its size; schools that choose to differ may differ in other ways too."]
    floor = max((d.p_attainable for d in differences if isfinite(d.p_attainable)), default=float("nan"))
    if floor > 0.01:
        said.append(f"So few {SIDES[design]} allow no permutation p below {floor:.3g}.")
    said += reliability_in_words([r for d in differences for r in (d.reliability_first, d.reliability_second)])
    return said + entry_in_words(n_left_out, audience)


def reliability_in_words(reliabilities: Sequence[float]) -> list[str]:
    """Say whether the school means are too unreliable to be compared at face value.

    Parameters
    ----------
    reliabilities : sequence of float
        Of the school means.

    Returns
    -------
    list of str
        Empty where all are high, or none is known.
    """
    known = [r for r in reliabilities if isfinite(r)]
    if not known or min(known) >= UNRELIABLE:
        return []
    msg = (
        f"School means of reliability down to {min(known):.2f} are blurred by who answered: standardised differences and"
        " correlations come out smaller than those of the schools themselves."
    )
    return [msg]


def schools_left_out(left_out: pd.DataFrame) -> int:
    """Return how many schools a list of who is not in a comparison speaks of.

    Parameters
    ----------
    left_out : DataFrame
        Columns ``school`` (empty where it must not be told) and ``n_schools``; a school may have a row a scale.

    Returns
    -------
    int
    """
    named = left_out["school"] != ""
    return int(left_out.loc[named, "school"].nunique() + left_out.loc[~named, "n_schools"].sum())


def entry_in_words(n_left_out: int, audience: str | None) -> list[str]:
    """Say who is not in a comparison, and whom it is for.

    Parameters
    ----------
    n_left_out : int
        Schools that are not in it, or not on every scale.
    audience : str or None
        None for plain scores.

    Returns
    -------
    list of str
    """
    said = [f"Left out: {n_left_out} school{'' if n_left_out == 1 else 's'} (see .left_out)."] if n_left_out else []
    if audience is None:
        said.append("From plain scores, to which no rule of confidentiality was applied: the analyst's own table.")
    elif audience == "research":
        said.append("For research: schools that a district would not see are in it.")
    return said
