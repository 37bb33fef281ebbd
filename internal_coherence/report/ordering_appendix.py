"""An order, checked, on one page: the order, its source, implications, tests, rivals, equivalents, design and versions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd

from internal_coherence.errors import ModelError
from internal_coherence.ordering import OrderingResult, OrderingSensitivity
from internal_coherence.ordering.doubt.confounded_arrows import confounding_of
from internal_coherence.ordering.graphs import projected
from internal_coherence.records import Record
from internal_coherence.report import ordering_wording as say
from internal_coherence.report.figures import as_svg
from internal_coherence.report.order_figure import draw_order
from internal_coherence.report.pages import environment, written
from internal_coherence.report.rival_orders_figure import draw_rival_orders
from internal_coherence.report.sections import Section, captioned
from internal_coherence.report.wording import level_text, made_by

TEST_COLUMNS: Final = (
    *("implication", "estimate", "ci_lower", "ci_upper", "statistic", "df", "pvalue", "pvalue_holm", "pvalue_bh"),
    *("detectable", "verdict"),
)
EFFECT_COLUMNS: Final = ("cause", "effect", "kind", "through", "estimate", "se", "pvalue", "ci_lower", "ci_upper")
MOST_GRAPHS: Final = 60


def ordering_page(found: OrderingResult, path: str | Path | None = None, sensitivity: Record | None = None) -> str:
    """Return the check of an order as one self-contained page.

    Parameters
    ----------
    found : OrderingResult
    path : path, optional
        A file to write as well.
    sensitivity : OrderingSensitivity, optional
        Of the same order.

    Raises
    ------
    ModelError
        For what is no sensitivity of this order.

    Returns
    -------
    str
    """
    if sensitivity is not None and not (
        isinstance(sensitivity, OrderingSensitivity) and sensitivity.graph == found.order.graph()
    ):
        raise ModelError(f"sensitivity= is what ordering_sensitivity() gives of the order {found.order.key!r}")
    makers: list[Callable[[OrderingResult], Section]] = [
        _order, _implied, _tests, _effects, _rivals, _equivalents, partial(_doubts, more=sensitivity), _design
    ]  # fmt: skip
    page = (
        environment()
        .get_template("ordering.html.j2")
        .render(
            found=found,
            verdict=say.verdict_sentence(found),
            caution=say.CHECK_CAUTION,
            sections=[make(found) for make in makers],
            made_by=made_by(),
        )
    )
    return written(page, path)


def _order(found: OrderingResult) -> Section:
    order = found.order
    section = Section(
        title="The order and its source",
        question="What is said to come before what, and who says so?",
        paragraphs=say.order_sentences(order, found.reading),
    )
    section.figures.append(as_svg(draw_order(order), "order", order.title, "The stages and arrows of the tables"))
    stages = [
        (stage.label, ", ".join(stage.measured_by) or "nothing", stage.measured_by_basis, stage.outcome)
        for stage in order.stages
    ]
    section.tables.append(
        captioned("Stages", pd.DataFrame(stages, columns=["stage", "measured by", "says who", "beyond the survey"]))
    )
    arrows = [(arrow.cause, arrow.effect, str(arrow.basis), arrow.note) for arrow in order.arrows]
    section.tables.append(captioned("Arrows", pd.DataFrame(arrows, columns=["from", "to", "says who", "resting on"])))
    return section


def _implied(found: OrderingResult) -> Section:
    claims = found.local_tests[["level", "implication"]] if len(found.local_tests) else found.local_tests
    section = Section(
        title="What it implies",
        question="What would have to hold if the order were right, and what must be held constant to read an effect off it?",
    )
    if not len(claims):
        section.paragraphs.append(say.VERDICTS["untestable"])
    else:
        section.paragraphs.append(
            "Two stages that no arrow joins tell nothing of each other, given the stages that act on them. From these claims all else"
            " that the order implies follows."
        )
        section.tables.append(captioned("Independences", claims))
    section.tables.append(captioned("What to hold constant, were the order right", found.adjustment))
    return section


def _tests(found: OrderingResult) -> Section:
    section = Section(title="Tests", question="Do the answers contradict what the order implies, and could they have?")
    for part in found.levels:
        section.paragraphs.extend(say.level_sentences(part, found.alpha, found.matters))
        if len(part.tests):
            section.tables.append(
                captioned(
                    f"{say.PLACE[part.level]}: each implication, teachers of a school going together",
                    part.tests,
                    TEST_COLUMNS,
                )
            )
    section.tables.append(
        captioned("All implications together; Fisher's C takes the tests for independent of each other", found.fit)
    )
    section.paragraphs.extend([f"{say.PLACE[level]} nothing was tested: {reason}." for level, reason in found.refused])
    return section


def _effects(found: OrderingResult) -> Section:
    section = Section(
        title="What the arrows come to",
        question="If the order were right and nothing unmeasured stood behind the stages, how strong would its arrows be?",
    )
    for part in found.levels:
        drawn = draw_order(found.order, result=found, at=part.level)
        section.figures.append(as_svg(drawn, f"order-{part.level}", say.PLACE[part.level], "Numbers as in the table"))
        section.tables.append(
            captioned(f"{say.PLACE[part.level]}, in standard deviations of the stages", part.effects, EFFECT_COLUMNS)
        )
    section.tables.append(captioned("Correlations of the stages, freed of measurement error", found.correlations))
    return section


def _rivals(found: OrderingResult) -> Section:
    compared = any(part.rivals is not None for part in found.levels)
    section = Section(
        title="Rivals",
        question="Do other orders of the same stages do as well, or better?",
        missing=""
        if compared
        else "no other order was compared, or none is told apart from this one by what it implies",
    )
    for part in found.levels:
        if part.rivals is None:
            continue
        section.paragraphs.extend(say.rivals_sentences(part.rivals))
        drawn = draw_rival_orders(part.rivals)
        section.figures.append(as_svg(drawn, f"rivals-{part.level}", "Rival orders", "As in the table"))
        section.tables.append(
            captioned(
                f"{say.PLACE[part.level]}: classes of orders, the likeliest first", part.rivals.to_frame().head(50)
            )
        )
    return section


def _equivalents(found: OrderingResult) -> Section:
    section = Section(
        title="What no survey at one time can tell apart",
        question="Which other arrows would leave every correlation as it is?",
        paragraphs=say.equivalence_sentences(found),
    )
    if len(found.equivalent_orders) > 1:
        graphs = pd.DataFrame({"graph": [str(graph) for graph in found.equivalent_orders[:MOST_GRAPHS]]})
        section.tables.append(captioned("Graphs that imply the same, the order's own first", graphs))
    return section


def _doubts(found: OrderingResult, more: OrderingSensitivity | None) -> Section:
    section = Section(
        title="How wrong could it be?",
        question="How strongly would something unmeasured have to be tied to both ends of an arrow to explain it away?",
        paragraphs=[say.ROBUSTNESS],
    )
    graph = found.order.graph(found.reading)
    for part in found.levels:
        left = projected(graph, part.covariance.stages)
        asked = confounding_of(part.covariance, left, graph, alpha=found.alpha)
        where = say.PLACE[part.level]
        section.tables.append(captioned(f"{where}: each arrow", asked.arrows))
        section.tables.append(captioned(f"{where}: something as strong as a stage that is measured", asked.benchmarks))
    if more is not None:
        section.tables.append(captioned("All that was asked", more.to_frame()))
        section.paragraphs.extend(f"{note[0].upper()}{note[1:]}." for note in more.notes)
    return section


def _design(found: OrderingResult) -> Section:
    rows: list[tuple[str, str]] = [("Reading", found.reading)]
    for part in found.levels:
        n = part.covariance
        rows.append(
            (
                say.PLACE[part.level],
                f"{n.n_teachers} teachers in {n.n_schools} schools, {n.n_excluded} left out; {n.corrected}",
            )
        )
    rows += [
        ("Tests", f"{level_text(found.alpha)}, t and F with the number of schools; Holm and Benjamini–Hochberg"),
        ("What would matter", f"a partial correlation of {found.matters:g}"),
        ("Intervals", f"{level_text(found.level)}, {found.interval.replace('_', ' ')}"),
    ]
    section = Section(
        title="Design",
        question="What was done, with whom?",
        tables=[captioned("Decisions", pd.DataFrame(rows, columns=["what", "how"]))],
    )
    section.paragraphs.extend([f"{note[0].upper()}{note[1:]}." for note in found.notes])
    return section
