"""Numbers and decisions in words: the one place that rounds. What is said of an order is in `ordering_wording`."""

from __future__ import annotations

from math import isnan

from internal_coherence.instrument import RECONSTRUCTION_NOTICE
from internal_coherence.profiles import Profile
from internal_coherence.profiles.parts import Bar, Choices, Estimate, ItemShare
from internal_coherence.records import library_version

FORMATIVE_USE = (
    "This profile is for learning together. It describes how teachers see their school; it is not a measure of any person,"
    " and not for rating people or ranking schools."
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
