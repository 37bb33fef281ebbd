"""The evidence for one survey on one page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from internal_coherence.instrument import RECONSTRUCTION_NOTICE
from internal_coherence.measurement import Validation
from internal_coherence.report import wording
from internal_coherence.report.figures import as_svg
from internal_coherence.report.model_figures import draw_residual_map
from internal_coherence.report.pages import environment, written
from internal_coherence.report.path_diagram import draw_path_diagram
from internal_coherence.report.reliability_figure import draw_reliability
from internal_coherence.report.rivals_wording import describe_rivals
from internal_coherence.report.sections import Section, captioned

ITEM_COLUMNS: Final = (
    *("scale", "item", "n", "mean", "sd", "skew", "floor", "ceiling", "missing"),
    *("r_drop", "alpha_if_dropped", "flags"),
)
STEP_COLUMNS: Final = (
    *("scale", "step", "n", "converged", "chisq", "df", "cfi", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr"),
    *("chisq_diff", "df_diff", "pvalue_diff", "cfi_diff", "rmsea_diff", "srmr_diff", "beyond"),
)
FIT: Final = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr")
LEVEL: Final = 0.95
"""Of every interval on the page."""


def validation_page(found: Validation, path: str | Path | None = None) -> str:
    """Return the evidence for a survey as one self-contained page.

    Parameters
    ----------
    found : Validation
        The evidence.
    path : path, optional
        A file to write as well.

    Returns
    -------
    str
    """
    makers: list[Callable[[Validation], Section]] = [
        _items, _dimensionality, _reliability, _structure, _rivals, _invariance, _levels
    ]  # fmt: skip
    page = (
        environment()
        .get_template("validation.html.j2")
        .render(
            found=found,
            sections=[make(found) for make in makers],
            notice=RECONSTRUCTION_NOTICE if found.status == "reconstructed" else "",
            level=wording.level_text(LEVEL),
            made_by=wording.made_by(),
        )
    )
    return written(page, path)


def _items(found: Validation) -> Section:
    section = Section(
        title="Items",
        question="Does every item vary, and go with the rest of its scale?",
        missing=found.not_done.get("items", ""),
    )
    if found.items is not None:
        frame = found.items.to_frame().reset_index()
        section.tables.append(captioned("Each item: answers, and what it gives its scale", frame, ITEM_COLUMNS))
        flagged = frame[frame["flags"].astype(str) != ""]
        section.paragraphs.append(f"{len(flagged)} of {len(frame)} items are flagged.")
    return section


def _dimensionality(found: Validation) -> Section:
    section = Section(
        title="Dimensions",
        question="How many things do the items measure, asked without any model of scales?",
        missing=found.not_done.get("dimensionality", ""),
    )
    rows: list[dict[str, Any]] = []
    if found.sampling is not None:
        rows.append({"method": "Kaiser–Meyer–Olkin", "result": f"{found.sampling.overall:.3f}"})
    if found.parallel is not None:
        rows.append(
            {
                "method": "parallel analysis",
                "result": f"{found.parallel.n_factors} factors, {found.parallel.n_components} components",
            }
        )
    if found.partials is not None:
        rows.append({"method": "minimum average partial", "result": f"{found.partials.n_components} components"})
    if rows:
        section.tables.append(captioned("Counted without a model", pd.DataFrame(rows)))
    return section


def _reliability(found: Validation) -> Section:
    section = Section(
        title="Reliability",
        question="How much of the differences between teachers' scores is not error?",
        missing=found.not_done.get("reliability", ""),
    )
    if found.reliabilities is not None:
        columns = [
            "scale",
            "n",
            "n_items",
            "alpha",
            "alpha_lower",
            "alpha_upper",
            "omega",
            "omega_lower",
            "omega_upper",
            "assumed",
        ]
        frame = found.reliabilities.to_frame().reset_index()
        section.tables.append(captioned("Alpha and omega with their intervals", frame, columns))
        drawn = draw_reliability(found.reliabilities)
        section.figures.append(as_svg(drawn, "validation-reliability", "Reliability", "As in the table"))
    return section


def _structure(found: Validation) -> Section:
    section = Section(
        title="Structure",
        question="Do the answers fit the instrument's own structure, a factor a scale?",
        missing=found.not_done.get("structure", ""),
    )
    fit = found.fit
    if fit is None:
        return section
    section.figures.append(
        as_svg(draw_path_diagram(fit), "validation-paths", "Path diagram", "Loadings as in the table")
    )
    section.figures.append(
        as_svg(draw_residual_map(fit), "validation-residuals", "Residual correlations", "Items by items")
    )
    m = fit.fit_measures()
    shown = [name + end for end in ("", "_scaled", "_robust") for name in FIT if name + end in m]
    std = fit.standardized_solution(level=LEVEL)
    numbers = ["est_std", "se", "ci_lower", "ci_upper"]
    loadings = std[std["op"] == "=~"].rename(columns={"lhs": "factor", "rhs": "item"})
    pairs = std[(std["op"] == "~~") & (std["lhs"] != std["rhs"])].rename(columns={"lhs": "factor", "rhs": "other"})
    section.tables.append(captioned("Fit", pd.DataFrame({"measure": shown, "value": [m[name] for name in shown]})))
    section.tables.append(captioned("Standardised loadings", loadings, ["factor", "item", *numbers]))
    section.tables.append(captioned("Correlations of factors", pairs, ["factor", "other", *numbers]))
    return section


def _rivals(found: Validation) -> Section:
    section = Section(
        title="Rival structures",
        question="Do other structures fit as well, or better, and are the scales apart from each other?",
        missing=found.not_done.get("rivals", ""),
    )
    if found.rivals is not None:
        section.paragraphs.append(describe_rivals(found.rivals))
        frame = found.rivals.to_frame()
        section.tables.append(captioned("Structures side by side", frame))
        if found.rivals.validity is not None:
            section.tables.append(captioned("What tells every two scales apart", found.rivals.validity))
        if found.rivals.general is not None:
            section.tables.append(captioned("The general factor of the bifactor model", found.rivals.general))
    return section


def _invariance(found: Validation) -> Section:
    section = Section(
        title="Invariance",
        question="Does each scale measure the same in different groups, or at different times?",
        missing=found.not_done.get("invariance", ""),
    )
    if found.compared is not None and len(found.compared):
        first = next(iter(found.compared.values()))
        held = [f"{scale}: {each.highest or 'no step'}" for scale, each in found.compared.items()]
        over = "over time" if first.over == "waves" else "in the groups"
        rule = f"the last step up to which fit worsens less than the cut-off ({first.cutoffs.source})"
        section.paragraphs.append(
            f"{over.capitalize()} {', '.join(first.labels)}, every scale by itself; {rule}: {'; '.join(held)}."
        )
        frame = found.compared.to_frame().reset_index()
        section.paragraphs.append(
            "Each rests on the teachers who can be compared, n in the table; over time those who answered every wave."
        )
        section.tables.append(captioned("Step by step", frame, STEP_COLUMNS))
    return section


def _levels(found: Validation) -> Section:
    section = Section(
        title="Teachers and schools",
        question="May a school's mean speak for the school, and how reliably does it?",
        missing=found.not_done.get("levels", ""),
    )
    if found.shares is not None:
        frame = found.shares.to_frame().reset_index()
        columns = ["scale", "estimate", "lower", "upper", "ci_lower", "ci_upper", "n_schools", "interval"]
        section.tables.append(captioned("ICC(1), the share of differences that lies between schools", frame, columns))
    if found.evidence is not None:
        frame = found.evidence.to_frame()
        columns = [
            "scale",
            "n_teachers",
            "n_schools",
            "median_size",
            "rwg_j_median",
            "share_at_least_70",
            "icc1",
            "icc2",
        ]
        section.tables.append(
            captioned(
                "Agreement within schools, and the reliability of their means",
                frame[[c for c in columns if c in frame]],
            )
        )
    if found.multilevel is not None:
        frame = found.multilevel.to_frame().reset_index()
        columns = ["scale", "coefficient", "estimate", "lower", "upper", "of"]
        section.tables.append(captioned("Reliability within and between schools", frame, columns))
    return section
