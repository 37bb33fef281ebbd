"""All that is said of an order and of schools along it, in one place: never as one thing's doing to another."""

from __future__ import annotations

from math import floor, isnan
from typing import Final

import pandas as pd

from internal_coherence.ordering import (
    LevelResult,
    Order,
    OrderingResult,
    RivalOrders,
    StageChange,
    StageMap,
    StageMovement,
    StageReading,
    WeakStage,
)
from internal_coherence.report.wording import NO_VALUE, decimal, level_text, percent, signed

ORDER_CAUTION: Final = (
    "The order is provisional: it is a published way of thinking, not a tested law. A stage named here is a place to begin"
    " a conversation. The survey does not show what would follow from work on a stage."
)
MOVEMENT_CAUTION: Final = (
    "A change between two waves says that answers differ, not why. Other teachers may have answered, all schools may have moved"
    " alike, and a school that was looked at for being low is often higher next time with nothing changed there."
)
MAP_CAUTION: Final = (
    "Schools stand by the stage that is most probably the earliest below the bar. This is no ranking, and nothing for rating"
    " people or schools."
)
CHECK_CAUTION: Final = (
    "Answers of one time can contradict an order; they can't establish it. Every order that implies the same independences fits the"
    " same, and so does any arrangement in which something unmeasured stands behind the stages. The order stays provisional."
)
VERDICTS: Final = {
    "contradicted": "The order's implications are contradicted by these data.",
    "compatible": "These data could have contradicted the order and do not.",
    "cannot tell": "These data can't tell: they do not contradict the order, and could not have done so reliably.",
    "untestable": "Read so, the order implies nothing that data could contradict: it is untestable.",
}
ROBUSTNESS: Final = (
    "A robustness value of .20 says: something unmeasured that explains 20 % of what is left of the one stage, and of the other,"
    " would be enough to make the association along the arrow vanish; the second value, to make it no longer differ from 0. Beside"
    " it stands what would be left with something once, twice or three times as strong as a measured stage (Cinelli & Hazlett 2020)."
)
PLACE: Final = {"within": "Among the teachers of a school", "between": "Among schools"}
DO_NOW: Final = "Do now"
BUILD_TOWARD: Final = "Build toward"
IN_PLACE: Final = "In place"
NOT_KNOWN: Final = "Not known from this survey"
MOST_CERTAIN: Final = 0.99


def chance(p: float) -> str:
    """Return a probability, without a certainty that there is not."""
    if isnan(p):
        return NO_VALUE
    if p > MOST_CERTAIN:
        return "more than 99 %"
    if p < 1 - MOST_CERTAIN:
        return "less than 1 %"
    return percent(floor(100 * p + 1e-9) / 100)  # never up to a certainty that it does not reach


def order_basis(order: Order) -> str:
    """Say where an order comes from, and what about it is inference."""
    source = (order.statement.citation or "").rstrip(".")
    stated = {
        "verified": f"This order is stated in a public source: {source}.",
        "stated": f"This order is stated in: {source}.",
        "user": "This order is the user's own.",
    }.get(order.statement.mark, "The source of this order is not verified.")
    inferred = any(arrow.basis == "inference" for arrow in order.arrows)
    joined = " That neighbouring stages are joined is inference." if inferred else ""
    return f"{stated}{joined} Which scales measure a stage is a reading of it. {order.notes}".rstrip()


def track(found: WeakStage) -> str:
    """Say what the track of a stage runs over, what the bar is, and when a stage is named."""
    middle = "the middle of the response format" if found.metric == "response" else "the reference mean"
    bar_is = "chosen by whoever drew up this page" if found.own_bar else middle
    over = {
        "response": "runs over the response range, from its lowest to its highest answer",
        "relative": "runs over standard deviations from the reference mean, which is its middle",
    }[found.metric]
    return (
        f"Each track {over}. The dark mark is what this school's teachers answered, the shaded part its limits over all"
        f" stages together. The dashed mark is the bar, {bar_is}. {rule(found)} {borrowing(found)}"
    ).rstrip()


def rule(found: WeakStage) -> str:
    """Say when a stage is named."""
    return (
        f"A stage is named if it is, with a probability of {level_text(found.certainty)} or more, below the bar while every"
        " measured stage before it is not."
    )


def borrowing(found: WeakStage) -> str:
    """Say what the probabilities rest on."""
    if found.n_prior_schools:
        return (
            f"Probabilities weigh this school's answers with those of {found.n_prior_schools} schools: the fewer teachers"
            " answered, the more the others count."
        )
    return f"Probabilities rest on this school's answers alone: {found.prior_note}." if found.prior_note else ""


def stage_position(reading: StageReading, metric: str) -> str:
    """Say where a stage lies against the bar."""
    if reading.verdict == "not measured":
        return f"Not measured by this survey ({reading.note})."
    if isnan(reading.estimate):
        return f"Undecided: {reading.note}."
    if metric == "response":
        numbers = (
            f"{reading.estimate:.0f} % of the response range (limits {reading.lower:.0f} to {reading.upper:.0f});"
            f" bar {reading.bar:.0f} %"
        )
    else:
        numbers = (
            f"{signed(reading.estimate)} SD from the reference mean (limits {signed(reading.lower)} to"
            f" {signed(reading.upper)}); bar {signed(reading.bar)}"
        )
    verdict = {"below": "Clearly below the bar", "at or above": "Clearly at or above the bar", "undecided": "Undecided"}
    note = f" Part of the stage is {reading.note}." if reading.note else ""
    return f"{verdict[reading.verdict]}: {numbers}.{note} {stage_chances(reading)}"


def stage_chances(reading: StageReading) -> str:
    """Say how probably a stage is below the bar, and the earliest that is."""
    below = f"Below the bar with a probability of {chance(reading.p_below)}"
    if isnan(reading.p_earliest):
        return f"{below}; whether it is the earliest can't be known, since a stage before it is not shown."
    return f"{below}, the earliest below it with {chance(reading.p_earliest)}."


def stage_conclusion(found: WeakStage) -> str:
    """Say what a walk along an order found."""
    labels = {reading.stage: reading.label for reading in found.readings}
    low = (
        "below the bar"
        if found.metric == "response"
        else "lower than this group of schools, which is not low in itself"
    )
    sure = f"probability {chance(found.probability)}"
    if found.conclusion == "weak stage" and found.stage is not None:
        return f"Earliest weak stage: {labels[found.stage]}. It is {low}, and every measured stage before it is not ({sure})."
    if found.conclusion == "none below":
        return f"No measured stage is below the bar ({sure})."
    if not found.measures_any:
        return "Cannot tell: this survey measures no stage of this order."
    none = (
        ""
        if isnan(found.p_none)
        else f" That no measured stage is below the bar has a probability of {chance(found.p_none)}."
    )
    return f"Cannot tell: undecided on {'; '.join(labels[key] for key in found.undecided)}.{none}"


def do_now(found: WeakStage) -> list[tuple[str, str]]:
    """Say what to do now and what to build toward, as (heading, sentence): a sequence of conversations, each with its evidence."""
    measured = [r for r in found.readings if r.verdict != "not measured"]
    if found.conclusion == "none below":
        return [
            (
                DO_NOW,
                "Ask together what keeps these stages where they are, and whether the bar asks enough of this school.",
            ),
            *((_heading(r), _evidence(r)) for r in measured),
        ]
    if found.stage is None:
        return [(DO_NOW, _ask(r)) for r in measured if r.stage in found.undecided]
    place = [r.stage for r in found.readings].index(found.stage)
    said = [(_heading(r), _evidence(r)) for r in found.readings[:place]]
    named = found.readings[place]
    said.append((DO_NOW, f"Begin the conversation here. {_evidence(named)}"))
    return said + [(_heading(r, later=True), _evidence(r)) for r in found.readings[place + 1 :]]


def _heading(reading: StageReading, *, later: bool = False) -> str:
    """Return where a stage stands that is not the one to begin with: before it, or later."""
    if reading.verdict == "not measured" or reading.hidden:
        return NOT_KNOWN
    return BUILD_TOWARD if later or reading.p_below > 0.5 else IN_PLACE


def _evidence(reading: StageReading) -> str:
    if reading.verdict == "not measured":
        return f"{reading.label}: this survey does not measure it; talk about what else is known of it."
    if reading.hidden:
        return f"{reading.label}: not shown, {reading.note}."
    if reading.p_below < 0.5:
        return f"{reading.label}: at or above the bar with a probability of {chance(1 - reading.p_below)}."
    return f"{reading.label}: below the bar with a probability of {chance(reading.p_below)}."


def _ask(reading: StageReading) -> str:
    if reading.hidden:
        return f"{reading.label}: not shown, {reading.note}. Ask those who work there."
    return (
        f"{reading.label}: the answers leave it open (the earliest below the bar with a probability of"
        f" {chance(reading.p_earliest)}). Ask those who work there."
    )


def agreement_of_orders(found: list[tuple[Order, WeakStage]]) -> str:
    """Say whether the orders shown come to the same place."""
    if len(found) < 2:
        return ""
    conclusions = {outcome.conclusion for _, outcome in found}
    scales = [
        {scale for reading in outcome.readings if reading.stage == outcome.stage for scale in reading.scales}
        for _, outcome in found
    ]
    if len(conclusions) > 1 or (conclusions == {"weak stage"} and not set.intersection(*scales)):
        return "The published statements of the order give different readings here; both are shown, neither outranks the other."
    return "The published statements of the order differ in their stages; both are shown."


def map_summary(found: StageMap) -> list[str]:
    """Say how many schools stand where."""
    labels = dict(found.stages)
    named = {key: sum(one.stage == key for one in found.schools) for key in labels}
    said = [f"{labels[key]}: named in {_schools(n)}." for key, n in named.items() if n]
    none = sum(one.conclusion == "none below" for one in found.schools)
    open_ = sum(one.conclusion == "cannot tell" for one in found.schools)
    said.append(f"No measured stage below the bar: {_schools(none)}. It can't be told of {_schools(open_)}.")
    return [*said, f"Not shown: {_schools(len(found.withheld))}."] if found.withheld else said


def _schools(n: int) -> str:
    return f"{n} school{'s' * (n != 1)}"


def change_in_words(change: StageChange, level: float) -> str:
    """Say how a stage differs between two waves."""
    if change.verdict == "not measured":
        return f"{change.label}: not measured by both surveys."
    if change.verdict == "cannot tell":
        return f"{change.label}: can't be told, {change.note}."
    found = {
        "higher": "reliably higher than before",
        "lower": "reliably lower than before",
        "no reliable change": "no reliable change",
    }[change.verdict]
    return (
        f"{change.label}: {found}, {signed(change.change, 0)} points of a hundred"
        f" ({level_text(level)} limits over all stages {signed(change.lower, 0)} to {signed(change.upper, 0)})."
    )


def movement_in_words(found: StageMovement) -> list[str]:
    """Say how a school's stages differ between two waves, stage by stage, and what each wave says by itself."""
    said = [change_in_words(change, found.level) for change in found.changes]
    for wave, one in zip(found.waves, (found.earlier, found.later), strict=True):
        said.append(f"Wave {wave}: {stage_conclusion(one)}")
    return said


def verdict_sentence(found: OrderingResult) -> str:
    """Say what was concluded, over all levels.

    Parameters
    ----------
    found : OrderingResult

    Returns
    -------
    str
    """
    only = "" if len(found.levels) > 1 else f" This is about {_about(found.levels[0].level)} only."
    return f"{VERDICTS[found.verdict]}{only}"


def order_sentences(order: Order, reading: str) -> list[str]:
    """Say where an order comes from, and how it was read.

    Parameters
    ----------
    order : Order
    reading : {"chain", "complete"}

    Returns
    -------
    list of str
    """
    how = {
        "chain": "It is read as drawn: the arrows there are, and no others. Stages that no arrow joins are said to tell nothing of"
        " each other once those between are known.",
        "complete": "It is read with every later arrow too: each stage may act on all that follow. Read so it allows any"
        " correlations, as does every other sequence of the same stages.",
    }[reading]
    return [order_basis(order), how]


def level_sentences(part: LevelResult, alpha: float, matters: float) -> list[str]:
    """Say what the tests of one level came to: which implication fails, by how much, and what could have been seen.

    Parameters
    ----------
    part : LevelResult
    alpha, matters : float
        As asked for.

    Returns
    -------
    list of str
    """
    n, j = part.covariance, part.joint
    said = [f"{PLACE[part.level]} ({n.n_teachers} teachers, {n.n_schools} schools): {VERDICTS[part.verdict]}"]
    if part.verdict == "untestable":
        return said
    if j.method == "hotelling":
        said.append(
            f"All {_count(j.n_implications, 'implication')} together: F({j.df}, {j.df_residual}) = {decimal(j.statistic)},"
            f" p = {decimal(j.pvalue, 3)}."
        )
    else:
        said.append(
            f"All {_count(j.n_implications, 'implication')} together: the smallest p, times their number, is {decimal(j.pvalue, 3)}."
            f" An F of so many with {j.n_schools} schools would not hold its level."
        )
    failed = part.tests[part.tests["verdict"] == "contradicted"]
    if len(failed) and part.verdict != "contradicted":
        said.append(
            "The test of all together, which decides, does not reject; single implications do fail when looked at alone:"
        )
    shown = failed.sort_values("pvalue").head(5)
    columns = (shown[name].tolist() for name in ("implication", "estimate", "ci_lower", "ci_upper", "pvalue_holm"))
    said += [
        f"{claim} fails: the partial correlation is {decimal(r)} ({decimal(lower)} to {decimal(upper)}), Holm's p ="
        f" {decimal(p, 3)}."
        for claim, r, lower, upper, p in zip(*columns, strict=True)
    ]
    if len(failed) > 5:
        said.append(f"{len(failed) - 5} more fail; see the table.")
    worst = float(part.tests["detectable"].max())
    said.append(
        f"A partial correlation of {decimal(worst)} would have been found with 80 % power for every implication, tested at"
        f" {level_text(alpha)} over all; what would matter was set at {decimal(matters)}."
    )
    return said + arrow_sentences(part)


def arrow_sentences(part: LevelResult) -> list[str]:
    """Say which arrows are not seen, or run against what was thought.

    Parameters
    ----------
    part : LevelResult

    Returns
    -------
    list of str
    """
    direct = part.effects[part.effects["kind"] == "direct"] if len(part.effects) else part.effects
    unseen = direct[(direct["ci_lower"] <= 0) & (direct["ci_upper"] >= 0)] if len(direct) else direct
    against = direct[direct["ci_upper"] < 0] if len(direct) else direct
    said = []
    if len(unseen):
        said.append(
            f"Arrows that can't be told from 0: {_arrows(unseen)}. Where an interval is wide, that says little."
        )
    if len(against):
        said.append(f"Arrows along which more goes with less: {_arrows(against)}.")
    return said


def equivalence_sentences(found: OrderingResult) -> list[str]:
    """Say what no survey at one time can tell apart.

    Parameters
    ----------
    found : OrderingResult

    Returns
    -------
    list of str
    """
    n = len(found.equivalent_orders)
    if not n and found.completed is not None:
        return [
            "More graphs of these stages than can be listed imply the same, and no survey at one time can tell them apart."
        ]
    if not n:
        return ["Unmeasured stages stand behind several measured ones: the graphs that imply the same are not listed."]
    if n == 1:
        return ["No other graph of these stages, without anything unmeasured behind them, implies the same."]
    same = f" Among them are the stages in another sequence: {'; '.join(found.same_shape)}." if found.same_shape else ""
    told = "this one among them, imply exactly the same, and no survey at one time can tell them apart"
    fixed = found.completed.arrows if found.completed else ()
    arrows = ", ".join(f"{cause} → {effect}" for cause, effect in fixed) or "none"
    return [
        f"{n} graphs of the measured stages, {told}.{same}",
        f"Arrows that point the same way in all of them: {arrows}.",
    ]


def rivals_sentences(found: RivalOrders) -> list[str]:
    """Say how special an order is among all orders of its stages.

    Parameters
    ----------
    found : RivalOrders

    Returns
    -------
    list of str
    """
    place = f"{PLACE[found.level]}: "
    every = found.n_orders == found.n_possible
    tried = f"all {found.n_orders}" if every else f"{found.n_orders} of {found.n_possible}, drawn at random,"
    classes = f"fall into {found.n_classes} classes that data could tell apart"
    least = f"the least it could be is {decimal(found.least_p, 3)}"
    share = (
        f"The implications of {decimal(100 * found.permutation_p, 1)} % of them fail no more often than this order's"
    )
    said = [
        f"{place}{tried} orders of these stages in the same shape {classes}.",
        f"By likelihood this order's class is number {found.rank}.",
        f"{share} (its permutation p is {decimal(found.permutation_p, 3)}; {least}).",
    ]
    if not found.informative:
        said.append(
            "Since the least it could be is above .05, this share is uninformative: so few stages can't make an order special."
        )
    return said


def _about(level: str) -> str:
    return {"within": "how teachers of a school differ from each other", "between": "how schools differ"}[level]


def _arrows(rows: pd.DataFrame) -> str:
    ends = zip(*(rows[name] for name in ("cause", "effect", "estimate", "ci_lower", "ci_upper")), strict=True)
    return ", ".join(
        f"{cause} → {effect} ({decimal(estimate)}, {decimal(lower)} to {decimal(upper)})"
        for cause, effect, estimate, lower, upper in ends
    )


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
