"""Rival structures in words."""

from __future__ import annotations

from math import nan
from typing import Final

from internal_coherence.measurement import RivalStructures
from internal_coherence.report.wording import decimal, percent

NAMES: Final = {
    "one_factor": "one factor for all items",
    "correlated": "a factor a scale, all correlated",
    "second_order": "factors of dimensions above those of scales",
    "bifactor": "a general factor beside one a scale",
    "method": "a factor a scale and one of the reversed items",
    "exploratory": "factors turned to the scales, every item free to touch each",
}


def describe_rivals(found: RivalStructures) -> str:
    """Say in a paragraph how rival structures compare.

    Parameters
    ----------
    found : RivalStructures

    Returns
    -------
    str
    """
    rows = found.table.to_dict("records")
    fitted = [row for row in rows if row["converged"]]
    lost = [row["structure"] for row in rows if not row["converged"]]
    where = f"{found.n} teachers in {found.n_schools} schools" if found.n_schools else f"{found.n} teachers"
    said = [f"{len(rows)} structures were fitted to the answers of {where} ({found.estimator})."]
    if lost:
        said.append(f"Not fitted: {', '.join(lost)}.")
    same = "is the same model as"
    said += [f"{r['structure']} {same} {r['same_as']}: no such data tell them apart." for r in fitted if r["same_as"]]
    said += [f"In {r['structure']} a variance is negative: its numbers mean little." for r in fitted if r["improper"]]
    said.append(_least_bic(found))
    said.append(_held_out(found))
    said.append(_apart(found))
    said.append(_general(found))
    said.append("A structure that fits best is not thereby true: others, untried, may fit as well.")
    return " ".join(part for part in said if part)


def _least_bic(found: RivalStructures) -> str:
    ranked = [row for row in found.ranked if row["bic"] == row["bic"]]
    if not ranked:
        return ""
    best = min(ranked, key=lambda row: row["bic"])
    fit = f"CFI {decimal(best['cfi'], 3)}, RMSEA {decimal(best['rmsea'], 3)}, SRMR {decimal(best['srmr'], 3)}"
    return f"The least BIC has {best['structure']} ({NAMES.get(best['structure'], 'as written')}): {fit}."


def _held_out(found: RivalStructures) -> str:
    rows = [row for row in found.ranked if row.get("held_out", nan) == row.get("held_out", nan)]
    if not found.folds or not rows:
        return ""
    first = max(rows, key=lambda row: row["held_out"])
    near = [r["structure"] for r in rows if r is not first and r["held_out_diff"] <= 2 * r["held_out_se"]]
    also = (
        f"{', '.join(near)} within two standard errors of it"
        if near
        else "no other is within two standard errors of it"
    )
    units = "schools" if found.n_schools else "teachers"
    lost = [r["structure"] for r in found.table.to_dict("records") if r["converged"] and r["held_out"] != r["held_out"]]
    without = f" {', '.join(lost)} could not be fitted with some {units} left out." if lost else ""
    return f"What {units} answer that it was not fitted to says {first['structure']} best; {also}.{without}"


def _apart(found: RivalStructures) -> str:
    if found.validity is None:
        return ""
    rows = found.validity.to_dict("records")
    close = sum(row["htmt2"] > 0.85 for row in rows)
    failed = sum(not row["fornell_larcker"] for row in rows)
    worst = max(rows, key=lambda row: abs(row["correlation"]))
    pairs = f"{len(rows)} pair{'s' * (len(rows) > 1)} of scales"
    highest = f"{decimal(worst['correlation'])}, {worst['scale']} with {worst['other']}"
    return (
        f"Of {pairs} {failed} have more in common with each other than one of the two has with its own items (Fornell & Larcker), and"
        f" {close} have an HTMT2 above .85; the highest correlation is {highest}."
    )


def _general(found: RivalStructures) -> str:
    if found.general is None:
        return ""
    whole = found.general.to_dict("records")[0]
    common, total = percent(whole["ecv"]), percent(whole["omega_hierarchical"])
    return f"In the bifactor model the general factor has {common} of the common variance and {total} of that of the total score."
