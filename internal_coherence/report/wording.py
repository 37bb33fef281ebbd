"""Numbers and decisions in words: the one place that rounds."""

from __future__ import annotations

from math import isnan

from internal_coherence.instrument import RECONSTRUCTION_NOTICE
from internal_coherence.ordering import Order, StageReading, WeakStage
from internal_coherence.profiles import Profile
from internal_coherence.profiles.parts import Bar, Choices, Estimate, ItemShare
from internal_coherence.records import library_version

FORMATIVE_USE = (
    "This profile is for learning together. It describes how teachers see their school; it is not a measure of any person,"
    " and not for rating people or ranking schools."
)
ORDER_CAUTION = (
    "The order is provisional: it is a published way of thinking, not a tested law. A stage named here is a place to begin"
    " a conversation. The survey does not show that working on it will raise the stages after it."
)
NO_VALUE = "–"


def decimal(value: float, digits: int = 2) -> str:
    """Return a number with a true minus sign; a dash for NaN."""
    return NO_VALUE if isnan(value) else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, with as many digits as that needs (up to two more); zero has none."""
    if isnan(value):
        return NO_VALUE
    text = next((t for d in range(digits, digits + 3) if float(t := f"{value:+.{d}f}")), f"{0:+.{digits}f}")
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def percent(share: float) -> str:
    """Return a share as a whole percentage."""
    return NO_VALUE if isnan(share) else f"{100 * share:.0f} %"


def level_text(level: float) -> str:
    """Return a level of confidence, such as ``95 %`` or ``99.5 %``."""
    return f"{100 * level:.4g} %"


def interval(estimate: Estimate, level: float) -> str:
    """Return the limits of z."""
    lower, upper = estimate.confidence_interval(level)
    return NO_VALUE if isnan(lower) else f"{signed(lower)} to {signed(upper)}"


def in_words(estimate: Estimate, level: float) -> str:
    """Say in a sentence where a school stands, and whether that differs from the reference."""
    if estimate.withheld:
        return f"{estimate.label}: not shown, {estimate.withheld}."
    lower, upper = estimate.confidence_interval(level)
    side = "above" if lower > 0 else "below" if upper < 0 else "not clearly different from"
    return (
        f"{estimate.label}: {side} the reference mean, {signed(estimate.z)} standard deviations"
        f" ({level_text(level)} interval {signed(lower)} to {signed(upper)})."
    )


def response(profile: Profile) -> str:
    """Say how many answered."""
    if profile.n is None:
        return "Fewer teachers answered than may be reported."
    if profile.n_roster is None or profile.response_rate is None:
        return f"{profile.n} teachers answered; how many were asked is unknown, and so is the response rate."
    return f"{profile.n} of {profile.n_roster} teachers answered ({100 * profile.response_rate:.1f} %)."


def bar_name(bar: Bar) -> str:
    """Name the answers that a bar stands for."""
    if bar.first_label and bar.last_label:
        return bar.first_label if bar.first == bar.last else f"{bar.first_label} to {bar.last_label}"
    return f"{bar.first:g}" if bar.first == bar.last else f"{bar.first:g}–{bar.last:g}"


def favourable_share(item: ItemShare) -> str:
    """Return the share of favourable answers, or the bound that may be shown."""
    return item.withheld or f"{item.bound} {percent(item.share)}".strip()


def _reference(profile: Profile) -> str:
    choices = profile.choices
    if choices.reference == "norms":
        return "a table of norms supplied by the user"
    which = "all schools" if choices.reference == "all" else "the schools chosen"
    place = "this school among them" if profile.self_in_reference else "this school not among them"
    left_out = ""
    if profile.n_reference_withheld:
        left_out = f"; {profile.n_reference_withheld} left out because they do not pass the gates"
    return f"{which} that pass the gates: {profile.n_reference_schools}, {place}{left_out}"


def _error(choices: Choices) -> str:
    spread = "pooled over schools" if choices.within_sd == "pooled" else "of this school alone"
    mean = "its error is included" if choices.reference_error else "taken as fixed"
    people = (
        "about the present staff (finite-population correction)"
        if choices.finite_population
        else "about the school as a place where other teachers, too, might work (no finite-population correction)"
    )
    return f"{level_text(choices.level)}, spread of teachers within schools {spread}; reference mean {mean}; {people}"


def choices_made(profile: Profile) -> list[tuple[str, str]]:
    """List the decisions behind a profile as (what, how)."""
    choices = profile.choices
    unit = {
        "teachers": "of teachers' scores over the reference; its mean is over teachers",
        "schools": "of school means over the reference; its mean is over schools. With few schools this unit is itself"
        " uncertain, which the intervals do not count",
    }[choices.sd]
    if choices.reference == "norms":
        unit = "of the norms"
    share = choices.min_answered
    need = f"{share} item(s)" if isinstance(share, int) else f"at least {percent(share)} of the items"
    if profile.withheld:
        return [("Gates", str(choices.gates))]
    return [
        ("Reference", _reference(profile)),
        ("Standard deviation", unit),
        ("Intervals", _error(choices)),
        ("A teacher's scale score", f"mean of the answered items, if {need} of the scale are answered"),
        ("A school's score", "mean of its teachers' scores"),
        ("A dimension's score", "mean of its scales' standardised scores"),
        ("Gates", str(choices.gates)),
        ("Wave", profile.wave or "not stated; one wave"),
    ]


def provenance(profile: Profile) -> str:
    """Say what instrument it is."""
    notice = (
        f" {RECONSTRUCTION_NOTICE}"
        if profile.status == "reconstructed"
        else " Its items are those of the codebook that the answers were read with."
    )
    return f"Instrument: {profile.instrument}.{notice}"


def made_by() -> str:
    """Name the software."""
    return f"Made with internal_coherence {library_version()}."


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


def track(metric: str, own_bar: bool) -> str:
    """Say what the track of a stage runs over, and what the bar is."""
    middle = "the middle of the response format" if metric == "response" else "the reference mean"
    bar_is = "chosen by whoever drew up this page" if own_bar else middle
    over = {
        "response": "runs over the response range, from its lowest to its highest answer",
        "relative": "runs over standard deviations from the reference mean, which is its middle",
    }[metric]
    return (
        f"Each track {over}. The dark mark is this school, the shaded part its limits over all stages together. The dashed"
        f" mark is the bar, {bar_is}: a stage counts as weak if all of the shaded part lies below it."
    )


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
    return f"{verdict[reading.verdict]}: {numbers}.{note}"


def stage_conclusion(found: WeakStage, order: Order) -> str:
    """Say what a walk along an order found."""
    labels = {stage.key: stage.label for stage in order.stages}
    low = (
        "below the bar"
        if found.metric == "response"
        else "lower than this group of schools, which is not low in itself"
    )
    if found.conclusion == "weak stage" and found.stage is not None:
        return f"Earliest weak stage: {labels[found.stage]}. It is clearly {low}, and every measured stage before it is clearly not."
    if found.conclusion == "none below":
        return "No measured stage is below the bar."
    if not found.undecided:
        return "Cannot tell: this survey measures no stage of this order."
    return f"Cannot tell: undecided on {'; '.join(labels[key] for key in found.undecided)}."


def agreement_of_orders(found: list[tuple[Order, WeakStage]]) -> str:
    """Say whether the orders shown lead to the same place."""
    if len(found) < 2:
        return ""
    conclusions = {outcome.conclusion for _, outcome in found}
    scales = [
        {scale for reading in outcome.readings if reading.stage == outcome.stage for scale in reading.scales}
        for _, outcome in found
    ]
    if len(conclusions) > 1 or (conclusions == {"weak stage"} and not set.intersection(*scales)):
        return "The published statements of the order lead to different readings here; both are shown, neither outranks the other."
    return "The published statements of the order differ in their stages; both are shown."
