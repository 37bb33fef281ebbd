"""All that is said of an order and of schools along it, in one place: never as one thing's doing to another."""

from __future__ import annotations

from math import floor, isnan
from typing import Final

from internal_coherence.ordering import Order, StageChange, StageMap, StageMovement, StageReading, WeakStage
from internal_coherence.report.wording import NO_VALUE, level_text, percent, signed

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
DO_NOW: Final = "Do now"
BUILD_TOWARD: Final = "Build toward"
IN_PLACE: Final = "In place before it"
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
            *((IN_PLACE, _evidence(r)) for r in measured),
        ]
    if found.stage is None:
        return [(DO_NOW, _ask(r)) for r in measured if r.stage in found.undecided]
    place = [r.stage for r in found.readings].index(found.stage)
    said = [(IN_PLACE, _evidence(r)) for r in found.readings[:place]]
    named = found.readings[place]
    said.append((DO_NOW, f"Begin the conversation here. {_evidence(named)}"))
    return said + [(BUILD_TOWARD, _evidence(r)) for r in found.readings[place + 1 :]]


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
