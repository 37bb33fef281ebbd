"""Movement of a school along an order between two waves."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from internal_coherence.errors import ModelError, listing
from internal_coherence.ordering.orders import Order, Stage, check_order
from internal_coherence.ordering.use.bars import Bar
from internal_coherence.ordering.use.movement_record import StageChange, StageMovement
from internal_coherence.ordering.use.reading_stages import Values, stage_value, values_of
from internal_coherence.ordering.use.walking import CERTAINTY, earliest_weak_stage
from internal_coherence.ordering.use.weak_stage_record import StageReading
from internal_coherence.profiles import Profile
from internal_coherence.profiles.computing import Composite


def stage_movement(
    earlier: Profile,
    later: Profile,
    order: Order,
    *,
    bar: Bar = None,
    certainty: float = CERTAINTY,
    level: float = 0.95,
    error_correlation: float = 0.0,
) -> StageMovement:
    """Say of every stage of a school whether two waves differ by more than the choice of teachers would bring about.

    Parameters
    ----------
    earlier, later : Profile
        Of one school in two waves, each ``ic.profile(responses.select(wave=...), school)``, drawn up alike.
    order : Order
        For instance ``ic.load_order("elmore-boston")``.
    bar, certainty
        As in `earliest_weak_stage`, which is asked of each wave by itself.
    level : float
        Of the limits of the changes, simultaneous over the stages that both waves measure (Bonferroni).
    error_correlation : float
        Between the errors of the two waves' means, from 0 on to below 1. A profile does not know who answered twice. 0 takes
        the teachers as different people; where many are the same, standard errors are then too large, and a change called
        reliable is so all the more. Of teachers known by identifiers it is about r · n₁₂/√(n₁n₂), with r the correlation of
        the two answers of the n₁₂ who gave both.

    Returns
    -------
    StageMovement

    Raises
    ------
    DisclosureError
        For a withheld profile.
    ModelError
        For profiles of two schools, one wave, two audiences, or drawn up differently.

    Notes
    -----
    Jacobson & Truax's (1991) reliable change index, (later − earlier)/SE, with the standard error of the difference of two
    *school means* in place of that of one person's two scores, and Student's t (Welch & Satterthwaite) in place of 1.96.
    In percent of the response range: relative to the reference a school may move since the others did. Of schools that are
    looked at because they were low many are higher next time without anything having changed there. For all schools
    together there is `compare_waves`.

    References
    ----------
    Jacobson, N. S., & Truax, P. (1991). Clinical significance. *Journal of Consulting and Clinical Psychology*, 59, 12–19.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> waves = ic.example_responses()
    >>> before, after = (ic.profile(waves.select(wave=wave), "Maple") for wave in (2023, 2025))
    >>> moved = ic.stage_movement(before, after, ic.load_order("elmore-boston"))
    >>> moved
    <'Maple' along 'elmore-boston' from 2023 to 2025: no reliable change on any stage>
    """
    check_order(order, "stage_movement")
    _check_alike(earlier, later)
    if not 0 <= error_correlation < 1:
        raise ModelError(f"error_correlation={error_correlation} is not between 0 and 1")
    found = [earliest_weak_stage(one, order, bar=bar, certainty=certainty, level=level) for one in (earlier, later)]
    values = [values_of(one, "response") for one in (earlier, later)]
    pairs = list(zip(found[0].readings, found[1].readings, strict=True))
    told = sum(not np.isnan(a.estimate) and not np.isnan(b.estimate) for a, b in pairs)
    tail = (1 - level) / 2 / max(told, 1)
    changes = tuple(
        _change(stage, pair, values, error_correlation, tail) for stage, pair in zip(order.stages, pairs, strict=True)
    )
    return StageMovement(
        school=earlier.school,
        order=order.key,
        order_title=order.title,
        waves=(str(earlier.wave), str(later.wave)),
        earlier=found[0],
        later=found[1],
        changes=changes,
        error_correlation=error_correlation,
        level=level,
    )


def _change(
    stage: Stage, pair: tuple[StageReading, StageReading], values: list[Values], correlation: float, tail: float
) -> StageChange:
    """Return how a stage differs between the waves."""
    for reading in pair:
        if np.isnan(reading.estimate):
            missing = reading.verdict == "not measured"
            return StageChange(
                stage=stage.key,
                label=stage.label,
                verdict="not measured" if missing else "cannot tell",
                note=reading.note,
            )
    before, after = (stage_value(one, one.of_stage(stage)) for one in values)
    se, df = error_of_difference(before, after, correlation)
    change = after.estimate - before.estimate
    reach = float(stdtrit(df, 1 - tail)) * se
    return StageChange(
        stage=stage.key,
        label=stage.label,
        earlier=before.estimate,
        later=after.estimate,
        change=change,
        se=se,
        df=df,
        lower=change - reach,
        upper=change + reach,
        reliable_change_index=change / se if se > 0 else float("nan"),
        verdict="higher" if change > reach else "lower" if change < -reach else "no reliable change",
    )


def error_of_difference(first: Composite, second: Composite, correlation: float) -> tuple[float, float]:
    """Return the standard error of the difference of two means, and its degrees of freedom.

    Parameters
    ----------
    first, second : Composite
        The means.
    correlation : float
        Of their errors.

    Returns
    -------
    se : float
    df : float
        Welch and Satterthwaite's, of means that are not correlated; the correlation is taken as known.
    """
    a, b = first.se**2, second.se**2
    variance = a + b - 2 * correlation * first.se * second.se
    spread = a**2 / first.df + b**2 / second.df
    return float(np.sqrt(max(variance, 0.0))), float((a + b) ** 2 / spread) if spread > 0 else min(first.df, second.df)


def _check_alike(earlier: Profile, later: Profile) -> None:
    """Refuse two profiles that can't be compared."""
    for one in (earlier, later):
        if not isinstance(one, Profile):
            raise ModelError(f"stage_movement takes two profiles of one school, not {type(one).__name__}")
    if earlier.school != later.school:
        raise ModelError(f"stage_movement is of one school; these are {listing([earlier.school, later.school])}")
    if earlier.wave is None or later.wave is None or earlier.wave == later.wave:
        raise ModelError(
            f"stage_movement takes two waves; these profiles are of {earlier.wave or 'no wave'} and {later.wave or 'no wave'}"
        )
    if earlier.audience != later.audience:
        raise ModelError(f"the profiles are for two audiences, {earlier.audience!r} and {later.audience!r}")
    for name in ("within_sd", "finite_population", "min_answered"):
        first, second = getattr(earlier.choices, name), getattr(later.choices, name)
        if first != second:
            raise ModelError(f"the profiles were drawn up differently: {name} is {first!r} and {second!r}")
    formats = [{e.key: (e.low, e.high) for e in one.scales} for one in (earlier, later)]
    if other := [key for key, ends in formats[0].items() if formats[1].get(key, ends) != ends]:
        raise ModelError(f"two response formats over the waves: {listing(other)}")
