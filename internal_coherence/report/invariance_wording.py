"""Steps of invariance in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from internal_coherence.errors import ModelError
from internal_coherence.latent import Invariance
from internal_coherence.report.wording import decimal, signed

SAYS: Final = {
    "": "the same items belong to the same factors",
    "loadings": "items go with their factors alike",
    "intercepts": "who stands alike on the factors answers alike, so that means of factors can be compared",
    "residuals": "what items have of their own varies alike, so that means of scale scores can be compared too",
    "means": "the factors have the same means",
}
LEAST_CFI: Final = 0.90
MOST_RMSEA: Final = 0.08
"""Beyond these a model is commonly said not to fit (Hu & Bentler 1999; Browne & Cudeck 1993)."""
CAUTION: Final = (
    "That fit does not worsen beyond a cut-off does not show that nothing differs, and cut-offs were found by simulating particular"
    " models."
)


def describe_invariance(found: Invariance) -> str:
    """Say in a paragraph what the steps came to.

    Parameters
    ----------
    found : Invariance

    Returns
    -------
    str
    """
    where = "over time" if found.over == "waves" else "in the groups"
    names = ", ".join(found.labels[:6]) + (f" and {len(found.labels) - 6} more" if len(found.labels) > 6 else "")
    said = [
        f"Whether the survey measures alike {where} ({names}; n = {found.n}) was tested step by step ({found.estimator})."
    ]
    said += [_step(row) for row in found.steps.to_dict("records")]
    said.append(_first_step(found))
    if found.partial:
        said.append(f"Free in all steps, as was asked: {'; '.join(found.partial)}.")
    if len(found.released):
        listed = "; ".join(
            f"{row['parameter']} at {row['step']}{'' if row['chisq'] == row['chisq'] else ' with its loading'}"
            for row in found.released.to_dict("records")
        )
        said.append(
            f"Free all the same, found by score tests: {listed}. A search on the same data finds chance too: what it found should be"
            " tried on other data."
        )
    if found.partial or len(found.released):
        said.append("What a step says holds for the items that are equal; what is free can still move scale scores.")
    said.append(_means(found))
    said.append(f"Cut-offs: {found.cutoffs.source}. {CAUTION}")
    return " ".join(part for part in said if part)


def _first_step(found: Invariance) -> str:
    first = found.steps.to_dict("records")[0]
    if not first["converged"] or (first["cfi"] >= LEAST_CFI and first["rmsea"] <= MOST_RMSEA):
        return ""
    return (
        "The first step itself fits poorly, by the usual marks (CFI .90, RMSEA .08): that later ones fit not much worse does not make"
        " the model right."
    )


def _step(row: Mapping[Any, Any]) -> str:
    kind = row["equal"].split(", ")[-1]
    meaning = SAYS.get(kind, f"{kind.replace('_', ' ')} are equal")
    head = f"{row['step'].capitalize()} ({meaning}):"
    if not row["converged"]:
        return f"{head} the model did not converge, and nothing can be said."
    fit = f"CFI {decimal(row['cfi'], 3)}, RMSEA {decimal(row['rmsea'], 3)}, SRMR {decimal(row['srmr'], 3)}"
    if row["chisq_diff"] != row["chisq_diff"]:
        return f"{head} {fit}."
    p = row["pvalue_diff"]
    test = (
        f"Δχ²({row['df_diff']:.0f}) = {decimal(row['chisq_diff'])}, p {'< .001' if p < 0.001 else f'= {decimal(p, 3)}'}"
    )
    verdict = "fit worsens beyond the cut-off" if row["worse"] else "fit worsens less than the cut-off"
    tested = "rejects" if row["rejected"] else "does not reject"
    changes = (
        f"ΔCFI {signed(row['cfi_diff'], 3)}, ΔRMSEA {signed(row['rmsea_diff'], 3)}, ΔSRMR {signed(row['srmr_diff'], 3)}"
    )
    return f"{head} {fit}; {changes}: {verdict}; the test {tested} ({test})."


def _means(found: Invariance) -> str:
    try:
        means = found.latent_means()
    except ModelError:
        return ""
    rows = means.to_dict("records")
    clear = [row for row in rows if row["pvalue"] < found.alpha]
    taken = [row["step"] for row in found.steps.to_dict("records")]
    until = found.steps.to_dict("records")[: taken.index(found.means_step) + 1]
    shaky = [row["step"] for row in until if row["worse"]]
    caution = f" This leans on what is equal at {' and '.join(shaky)}, where fit worsened." if shaky else ""
    if not clear:
        return f"No factor's mean differs clearly from {found.labels[0]}.{caution}"
    largest = max(clear, key=lambda row: abs(row["d"]))
    return (
        f"{len(clear)} of {len(rows)} means of factors differ from {found.labels[0]} (each test by itself, at {found.alpha:g}); the"
        f" most, {largest['factor']} in {largest['label']}, by {signed(largest['d'])} standard deviations.{caution}"
    )
