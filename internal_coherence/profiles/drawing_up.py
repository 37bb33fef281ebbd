"""`profile` and `profile_schools`: from responses to what each school is told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from internal_coherence.instrument import Dimension, Scale
from internal_coherence.profiles.basis import Basis, Comparison, Items
from internal_coherence.profiles.computing import composite
from internal_coherence.profiles.parts import Estimate, Extremes, ItemShare, ReferenceSD, Spread, WithinSD
from internal_coherence.profiles.record import Profile, Profiles
from internal_coherence.profiles.reference import ReferenceChoice
from internal_coherence.profiles.school_prior import SchoolPrior, prior_for
from internal_coherence.profiles.spread import bars, favourable
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.gates import Audience, Gates

Array = NDArray[np.float64]


def profile(
    responses: Responses,
    school: object,
    *,
    reference: ReferenceChoice = "all",
    sd: ReferenceSD = "teachers",
    audience: Audience = "school",
    within_sd: WithinSD = "pooled",
    include_self: bool = True,
    reference_error: bool = True,
    finite_population: bool = False,
    items: Items = "all",
    min_answered: float = 0.5,
    level: float = 0.95,
    gates: Gates | None = None,
) -> Profile:
    """Draw up the profile of one school.

    Each scale is the mean of its teachers' scores, in standard deviations from the reference mean; a dimension is the
    mean of its scales so standardised. Of several waves the latest is taken.

    Parameters
    ----------
    responses : Responses
        Of all schools: the others are the reference.
    school : str or number
        Which one.
    reference : "all", list of schools, or DataFrame
        All schools, the ones listed, or norms (index scale; columns ``mean``, ``sd``, perhaps ``se``). A school that
        does not pass the gates is never part of a reference, so that its answers can't be worked out by subtraction.
    sd : {"teachers", "schools"}
        The unit, and with it the mean: over all teachers of the reference, or over its schools' means. The published
        profile does not say which; the page prints the choice.
    audience : {"school", "district", "research"}
        Who reads it. Names of the Reference Schools High and Low are not for a school; withheld profiles are shown to a
        researcher, who holds the answers anyway.
    within_sd : {"pooled", "own"}
        The standard error is SD/√n with the spread within schools pooled over the schools that the reference is chosen
        from, this one among them, on N − J degrees of freedom; or with the school's own, on n − 1.
    include_self : bool
        Whether the school is part of its reference.
    reference_error : bool
        Count the error of the reference mean, or call it fixed.
    finite_population : bool
        The interval is for the present staff's mean: it shrinks to nothing as everyone on the roster answers. Needs a
        roster. By default it is for the school as a place where other teachers, too, might work.
    items : "all" or sequence of str
        Items of which to show the share of favourable answers.
    min_answered : int or float
        How much of a scale a teacher's score needs, as in `score`.
    level : float
        Of the intervals.
    gates : Gates, optional
        What must hold before anything is shown.

    Returns
    -------
    Profile
        Withheld, with the reason and nothing else, if the school does not pass the gates.

    Raises
    ------
    ResponseError
        For an unknown school, or a reference without schools.
    DisclosureError
        If the reference would let the reader work out another school's mean.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.profile(ic.example_responses(), "Poplar")
    <Profile of 'Poplar': withheld, fewer than 5 teachers answered>
    >>> juniper = ic.profile(ic.example_responses(), "Juniper")
    >>> juniper.to_frame().query("kind == 'dimension'")[["key", "z"]].round(1)
                            key    z
    0   leadership_for_practice  0.3
    5                structures -1.2
    11                 efficacy -0.0
    """
    basis = Basis.of(
        responses,
        reference=reference,
        sd=sd,
        audience=audience,
        within_sd=within_sd,
        include_self=include_self,
        reference_error=reference_error,
        finite_population=finite_population,
        items=items,
        min_answered=min_answered,
        level=level,
        gates=gates or Gates(),
    )
    return _draw_up(basis, basis.position(school))


def profile_schools(
    responses: Responses,
    *,
    reference: ReferenceChoice = "all",
    sd: ReferenceSD = "teachers",
    audience: Audience = "school",
    within_sd: WithinSD = "pooled",
    include_self: bool = True,
    reference_error: bool = True,
    finite_population: bool = False,
    items: Items = "all",
    min_answered: float = 0.5,
    level: float = 0.95,
    gates: Gates | None = None,
    progress: bool = False,
) -> Profiles:
    """Draw up the profiles of all schools that anyone answered from; `profile` says what the arguments mean.

    Parameters
    ----------
    responses : Responses
        Of all schools.
    reference, sd, audience, within_sd, include_self
        As in `profile`.
    reference_error, finite_population, items, min_answered, level, gates
        As in `profile`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Profiles
        School to `Profile`.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> profiles = ic.profile_schools(ic.example_responses(), audience="district")
    >>> profiles
    <Profiles of 24 schools, 2 withheld>
    >>> profiles["Alder"].dimensions[0].reference_schools.high_school
    'Walnut'
    """
    basis = Basis.of(
        responses,
        reference=reference,
        sd=sd,
        audience=audience,
        within_sd=within_sd,
        include_self=include_self,
        reference_error=reference_error,
        finite_population=finite_population,
        items=items,
        min_answered=min_answered,
        level=level,
        gates=gates or Gates(),
    )
    labels = basis.moments.labels
    schools = tqdm(enumerate(labels), total=len(labels), desc="profiles", disable=not progress)
    return Profiles({school: _draw_up(basis, j) for j, school in schools})


def _draw_up(basis: Basis, j: int) -> Profile:
    """Return the profile of the j-th school."""
    n, n_roster, rate = basis.response(j)
    research = basis.audience == "research"
    few = n < basis.gates.min_teachers and not research
    compared = basis.compare(j)
    reason = "" if research else basis.closed[j]
    if not reason and all(compared.withheld) and len(set(compared.withheld)) == 1:
        reason = compared.withheld[0]
    shown = not reason
    yardstick = compared.yardstick
    instrument = basis.responses.instrument
    return Profile(
        school=basis.moments.labels[j],
        wave=basis.responses.waves[0] if basis.responses.waves else None,
        audience=basis.audience,
        instrument=instrument.title,
        status=instrument.status,
        dimension_labels=tuple((d.key, d.label) for d in instrument.dimensions),
        n=None if few else n,
        n_roster=n_roster,
        response_rate=None if few else rate,
        withheld=reason,
        estimates=_estimates(basis, j, compared) if shown else (),
        spreads=_spreads(basis, j) if shown else (),
        items=_items(basis, j) if shown else (),
        scale_keys=tuple(s.key for s in instrument.scales),
        mean_covariance=_given_out(basis, compared, compared.standing.mean_covariance, shown),
        z_covariance=_given_out(basis, compared, compared.standing.z_covariance, shown),
        prior=_prior(basis, j, compared) if shown else None,
        n_reference_schools=yardstick.n_schools,
        n_reference_withheld=basis.n_reference_withheld,
        self_in_reference=bool(yardstick.mask[j].any()),
        choices=basis.choices,
        log_counts=basis.responses.log.counts,
    )


def _given_out(basis: Basis, compared: Comparison, covariance: Array, shown: bool) -> Array:
    """Return covariances that tell nothing of the teachers: none of withheld scales, none that are one school's own."""
    given = covariance.copy() if shown else np.empty((0, 0))
    if shown:
        hidden = np.array([reason != "" for reason in compared.withheld])
        given[hidden, :] = given[:, hidden] = np.nan
        if not basis.error.shared:
            given[~np.eye(len(given), dtype=bool)] = np.nan
    return np.frombuffer(given.tobytes()).reshape(given.shape)  # over bytes, which nothing can make writeable


def _prior(basis: Basis, j: int, compared: Comparison) -> SchoolPrior | None:
    """Return how the reference's schools lie together; with each school's own spread, that would tell of those spreads."""
    if not basis.error.shared:
        return None
    yardstick = compared.yardstick
    return prior_for(yardstick.prior, yardstick.mask, j, np.array([reason != "" for reason in compared.withheld]))


def _estimates(basis: Basis, j: int, compared: Comparison) -> tuple[Estimate, ...]:
    """Return the dimensions, each followed by its scales."""
    instrument = basis.responses.instrument
    place = {scale.key: a for a, scale in enumerate(instrument.scales)}
    estimates: list[Estimate] = []
    for dimension, ends in zip(instrument.dimensions, compared.yardstick.dimensions, strict=True):
        own = instrument.in_dimension(dimension.key)
        parts = [_scale(basis, j, scale, place[scale.key], compared) for scale in own]
        at = [place[scale.key] for scale in own]
        covariance = compared.standing.z_covariance[np.ix_(at, at)]
        high_and_low = ends if compared.extremes_shown[at].all() else Extremes()
        estimates += [_dimension(dimension, parts, covariance, high_and_low), *parts]
    return tuple(estimates)


def _scale(basis: Basis, j: int, scale: Scale, a: int, compared: Comparison) -> Estimate:
    n = int(basis.moments.size[j, a])
    if reason := compared.withheld[a]:
        return Estimate(
            kind="scale",
            key=scale.key,
            label=scale.label,
            dimension=scale.dimension,
            low=float(scale.low),
            high=float(scale.high),
            n=n if n >= basis.gates.min_teachers else None,
            withheld=reason,
        )
    standing, yardstick = compared.standing, compared.yardstick
    return Estimate(
        kind="scale",
        key=scale.key,
        label=scale.label,
        dimension=scale.dimension,
        low=float(scale.low),
        high=float(scale.high),
        n=n,
        mean=float(basis.moments.mean[j, a]),
        mean_se=float(np.sqrt(standing.mean_covariance[a, a])),
        z=float(standing.z[a]),
        se=float(np.sqrt(standing.z_covariance[a, a])),
        df=float(basis.error.df[j, a]),
        reference_mean=float(yardstick.reference.mean[a]),
        reference_sd=float(yardstick.reference.sd[a]),
        reference_schools=yardstick.scales[a] if compared.extremes_shown[a] else Extremes(),
    )


def _dimension(dimension: Dimension, parts: list[Estimate], covariance: Array, ends: Extremes) -> Estimate:
    if gaps := [part.label for part in parts if part.withheld]:
        reason = f"for lack of: {', '.join(gaps)}"
        return Estimate(
            kind="dimension", key=dimension.key, label=dimension.label, dimension=dimension.key, withheld=reason
        )
    whole = composite(np.array([part.z for part in parts]), covariance, np.array([part.df for part in parts]))
    return Estimate(
        kind="dimension",
        key=dimension.key,
        label=dimension.label,
        dimension=dimension.key,
        z=whole.estimate,
        se=whole.se,
        df=whole.df,
        reference_schools=ends,
    )


def _spreads(basis: Basis, j: int) -> tuple[Spread, ...]:
    scores = basis.scores[basis.rows[j]]
    return tuple(
        Spread(scale=scale.key, withheld=reason) if reason else bars(scale, scores[:, a], basis.gates)
        for a, (scale, reason) in enumerate(zip(basis.responses.instrument.scales, basis.own_reasons(j), strict=True))
    )


def _items(basis: Basis, j: int) -> tuple[ItemShare, ...]:
    answers, reasons = basis.answers[basis.rows[j]], basis.own_reasons(j)
    pairs = [(a, item) for a, scale in enumerate(basis.responses.instrument.scales) for item in scale.items]
    scales = basis.responses.instrument.scales
    return tuple(
        favourable(item, scales[a].key, answers[:, p], basis.gates, reasons[a])
        for p, (a, item) in enumerate(pairs)
        if item.key in basis.selected
    )
