"""The evidence for a school's mean, told in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from internal_coherence.schools.agreement.bands import RWG_BANDS

NO_THRESHOLD: Final = "No threshold decides."
WHAT_EACH_SUPPORTS: Final = (
    "Agreement supports reading a mean as the view that a school's teachers share; ICC(1) and F, that schools differ in it;"
    " ICC(2), that the means of so many teachers tell schools apart. None stands for another, and no threshold decides"
    " whether a school's mean may speak for the school: that is for you to argue."
)
ANSWERING: Final[Mapping[str, str]] = {
    "uniform": "uniform answering",
    "triangular": "triangular answering",
    "slight_skew": "slightly skewed answering",
    "moderate_skew": "moderately skewed answering",
    "heavy_skew": "heavily skewed answering",
    "given": "answering as you gave it",
}


def reading(row: Mapping[str, Any], null: str) -> str:
    """Return what a scale's evidence says.

    Parameters
    ----------
    row : mapping
        The scale's row of `AggregationEvidence.by_scale`.
    null : str
        The null distribution besides the uniform one.

    Returns
    -------
    str
    """
    parts = [_agreement(row, null), _deviation(row), _difference(row), _reliability(row), NO_THRESHOLD]
    return " ".join(part for part in parts if part)


def _agreement(row: Mapping[str, Any], null: str) -> str:
    if not row["n_schools"]:
        return "Do teachers share a view? No school has two who answered everything, so nothing is known."
    first, second = (
        f"{RWG_BANDS.of(np.array([row[f'rwg_j_median{end}']]))[0]} against {ANSWERING[name]} (median r_WG(J)"
        f" {row[f'rwg_j_median{end}']:.2f}, {row[f'share_at_least_70{end}']:.0%} of schools at .70 or more)"
        for end, name in (("", "uniform"), (f"_{null}", null))
    )
    return f"Do teachers share a view? {first[0].upper()}{first[1:]}, {second}."


def _deviation(row: Mapping[str, Any]) -> str:
    if not row["n_schools"]:
        return ""
    return (
        f"They lie {row['ad_m_mean']:.2f} points from their school's mean, within A/6 = {row['ad_m_bound']:.2f} in"
        f" {row['share_within_bound']:.0%} of schools."
    )


def _difference(row: Mapping[str, Any]) -> str:
    if np.isnan(row["icc1"]):
        return "Do schools differ? Not known."
    test = f"F = {row['F']:.2f}, p {_p(row['p_value'])}"
    if row["p_value"] <= 0.05:
        return f"Do schools differ? {row['icc1']:.0%} of the variance of scores lies between them ({test})."
    return f"Do schools differ? It is not shown that they do (ICC(1) {row['icc1']:.2f}, {test})."


def _reliability(row: Mapping[str, Any]) -> str:
    if np.isnan(row["icc2"]):
        return ""
    return f"Is a school's mean reliable? {row['icc2']:.2f} at the average size of a school (ICC(2))."


def _p(p: float) -> str:
    return "< .001" if p < 0.001 else f"= {p:.3f}".replace("= 0.", "= .")
