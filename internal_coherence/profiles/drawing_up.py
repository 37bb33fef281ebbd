"""`profile` and `profile_schools`: from responses to what each school is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from internal_coherence.errors import ResponseError, closest, listing
from internal_coherence.instrument import Scale
from internal_coherence.profiles.computing import SamplingError, Standing, error_of_reference, extremes, sampling_error, standing
from internal_coherence.profiles.record import Choices, Estimate, ItemShare, Profile, Profiles, ReferenceSD, Spread, WithinSD
from internal_coherence.profiles.reference import Reference, ReferenceChoice, from_norms, from_schools, school_mask
from internal_coherence.profiles.spread import bars, favourable
from internal_coherence.responses import Responses, score
from internal_coherence.responses.record import as_label
from internal_coherence.schools.aggregation import withheld_reasons
from internal_coherence.schools.disclosure import Audience, Gates, check_audience, check_others_hidden
from internal_coherence.schools.grouping import SchoolMoments, group, school_moments
from internal_coherence.schools.response_rates import response_rates

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Items = Literal["all"] | Sequence[str]


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
        The standard error is SD/√n with the spread within schools pooled over the reference, or the school's own.
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
    0  leadership_for_practice  0.6
    5               structures -1.4
    11                efficacy -0.3
    """
    basis = _Basis.of(
        responses,
        reference,
        audience,
        items,
        Choices(
            reference=_reference_kind(reference),
            sd=sd,
            within_sd=within_sd,
            include_self=include_self,
            reference_error=reference_error,
            finite_population=finite_population,
            min_answered=min_answered,
            level=level,
            gates=gates or Gates(),
        ),
    )
    return basis.profile(basis.position(school))


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
    reference, sd, audience, within_sd, include_self, reference_error, finite_population, items, min_answered, level, gates
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
    >>> profiles["Alder"].dimensions[0].high_school
    'Juniper'
    """
    basis = _Basis.of(
        responses,
        reference,
        audience,
        items,
        Choices(
            reference=_reference_kind(reference),
            sd=sd,
            within_sd=within_sd,
            include_self=include_self,
            reference_error=reference_error,
            finite_population=finite_population,
            min_answered=min_answered,
            level=level,
            gates=gates or Gates(),
        ),
    )
    labels = basis.moments.labels
    schools = tqdm(enumerate(labels), total=len(labels), desc="profiles", disable=not progress)
    return Profiles({school: basis.profile(j) for j, school in schools})


def _reference_kind(reference: ReferenceChoice) -> Literal["all", "schools", "norms"]:
    if isinstance(reference, pd.DataFrame):
        return "norms"
    if isinstance(reference, str):
        if reference != "all":
            msg = f"reference={reference!r} is not 'all'; to compare with one school or a few, give a list of names"
            raise ResponseError(msg)
        return "all"
    return "schools"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Basis:
    """All that the profiles of one survey share, computed once."""

    responses: Responses
    audience: Audience
    choices: Choices
    scores: Array
    answers: Array
    selected: tuple[str, ...]
    rows: list[NDArray[np.intp]]
    rates: pd.DataFrame
    moments: SchoolMoments
    reasons: NDArray[np.object_]
    mask: Mask
    n_asked_for: int
    norms: Reference | None
    whole: Reference
    error: SamplingError
    error_of_whole: Array | None

    @classmethod
    def of(
        cls, responses: Responses, reference: ReferenceChoice, audience: Audience, items: Items, choices: Choices
    ) -> _Basis:
        check_audience(audience)
        responses = responses.latest()
        selected = _selected(items, responses)
        scores = score(responses, min_answered=choices.min_answered).to_numpy()
        groups = group(responses.school, len(scores))
        moments = school_moments(scores, groups)
        reasons = withheld_reasons(responses, moments, choices.gates)
        rates = response_rates(responses).reindex(list(moments.labels))
        roster = rates["n_roster"].to_numpy() if choices.finite_population else None
        if roster is not None and np.isnan(roster).any():
            raise ResponseError("finite_population=True needs a roster that has every school; give roster= to read_responses")
        passes = reasons == ""
        chosen = np.ones(len(moments.labels), dtype=bool)
        if choices.reference == "schools":
            chosen = school_mask(list(reference), moments.labels)
        mask = passes & chosen[:, None]
        norms = None
        if isinstance(reference, pd.DataFrame):
            norms = from_norms(reference, responses.instrument, len(moments.labels))
        elif not mask.any():
            raise ResponseError(f"reference: none of {int(chosen.sum())} schools passes the gates ({choices.gates})")
        pool = (passes if norms is not None else mask) if passes.any() else moments.size > 0
        order = np.argsort(groups.codes, kind="stable")
        whole = norms or from_schools(moments, mask, choices.sd)
        error = sampling_error(moments, pool, choices.within_sd, roster)
        return cls(
            responses=responses,
            audience=audience,
            choices=choices,
            scores=scores,
            answers=responses.items.to_numpy(),
            selected=selected,
            rows=np.split(order, np.cumsum(np.bincount(groups.codes))[:-1]),
            rates=rates,
            moments=moments,
            reasons=reasons,
            mask=mask,
            n_asked_for=int(chosen.sum()),
            norms=norms,
            whole=whole,
            error=error,
            error_of_whole=error_of_reference(whole, error) if choices.reference_error else None,
        )

    def position(self, school: object) -> int:
        label, labels = as_label(school), self.moments.labels
        if label not in labels:
            raise ResponseError(f"nobody answered from a school {label!r}{closest(label, labels)}; there are {listing(labels)}")
        return labels.index(label)

    def profile(self, j: int) -> Profile:
        """Return the profile of the j-th school."""
        n, rate = int(self.rates["n"].iloc[j]), float(self.rates["response_rate"].iloc[j])
        known = not np.isnan(rate)
        reason = self.choices.gates.reason_to_withhold(n, rate if known else None)
        open_to_reader = not reason or self.audience == "research"
        few = n < self.choices.gates.min_teachers and self.audience != "research"
        reference, mask = self._reference(j)
        in_reference = mask.any(axis=1)
        estimates, where = self._estimates(j, reference, mask) if open_to_reader else ((), None)
        if open_to_reader and self.norms is None:
            check_others_hidden(int(in_reference.sum()) - int(in_reference[j]), self.audience)
        instrument = self.responses.instrument
        nothing = np.empty((0, 0))
        return Profile(
            school=self.moments.labels[j],
            wave=self.responses.waves[0] if self.responses.waves else None,
            audience=self.audience,
            instrument=instrument.title,
            status=instrument.status,
            dimension_labels=tuple((d.key, d.label) for d in instrument.dimensions),
            n=None if few else n,
            n_roster=int(self.rates["n_roster"].iloc[j]) if known else None,
            response_rate=rate if known and not few else None,
            withheld="" if open_to_reader else reason,
            estimates=estimates,
            spreads=self._spreads(j) if open_to_reader else (),
            items=self._items(j) if open_to_reader else (),
            scale_keys=tuple(s.key for s in instrument.scales),
            mean_covariance=_read_only(where.mean_covariance if where else nothing),
            z_covariance=_read_only(where.z_covariance if where else nothing),
            n_reference_schools=int(in_reference.sum()) if self.norms is None else 0,
            n_reference_withheld=self.n_asked_for - int(self.mask.any(axis=1).sum()) if self.norms is None else 0,
            self_in_reference=self.norms is None and bool(in_reference[j]),
            choices=self.choices,
            log_counts=self.responses.log.counts,
        )

    def _reference(self, j: int) -> tuple[Reference, Mask]:
        """Return the reference for a school, which may leave the school itself out."""
        if self.norms is not None or self.choices.include_self or not self.mask[j].any():
            return self.whole, self.mask
        mask = self.mask.copy()
        mask[j] = False
        if not mask.any():
            raise ResponseError(f"reference: without {self.moments.labels[j]!r} itself no school is left")
        return from_schools(self.moments, mask, self.choices.sd), mask

    def _shown(self, j: int) -> list[str]:
        """Return for each scale why it is withheld; a researcher sees everything."""
        return [""] * self.reasons.shape[1] if self.audience == "research" else list(self.reasons[j])

    def _estimates(self, j: int, reference: Reference, mask: Mask) -> tuple[tuple[Estimate, ...], Standing]:
        of_reference = self.error_of_whole
        if of_reference is not None and reference is not self.whole:
            of_reference = error_of_reference(reference, self.error)
        where = standing(j, self.moments, self.error, reference, of_reference)
        withheld = self._shown(j)
        hidden = np.array([reason != "" for reason in withheld])
        for covariance in (where.mean_covariance, where.z_covariance):
            covariance[hidden, :] = covariance[:, hidden] = np.nan
        z_all = (self.moments.mean - reference.mean) / reference.sd
        scales = self.responses.instrument.scales
        place = {scale.key: a for a, scale in enumerate(scales)}
        estimates: list[Estimate] = []
        for dimension in self.responses.instrument.dimensions:
            own = [scale for scale in scales if scale.dimension == dimension.key]
            at = [place[scale.key] for scale in own]
            parts = [self._scale(j, scale, place[scale.key], where, reference, mask, z_all, withheld) for scale in own]
            gaps = [part.label for part in parts if np.isnan(part.z)]
            reason = f"for lack of: {', '.join(gaps)}" if gaps else ""
            estimates.append(
                Estimate(
                    kind="dimension",
                    key=dimension.key,
                    label=dimension.label,
                    dimension=dimension.key,
                    low=np.nan,
                    high=np.nan,
                    n=None,
                    mean=np.nan,
                    mean_se=np.nan,
                    z=float(np.mean([part.z for part in parts])),
                    se=float(np.sqrt(where.z_covariance[np.ix_(at, at)].mean())),
                    df=min(part.df for part in parts),
                    reference_mean=np.nan,
                    reference_sd=np.nan,
                    withheld=reason,
                    **self._extremes(z_all[:, at].mean(axis=1), mask[:, at].all(axis=1)),
                )
            )
            estimates += parts
        return tuple(estimates), where

    def _scale(
        self,
        j: int,
        scale: Scale,
        a: int,
        where: Standing,
        reference: Reference,
        mask: Mask,
        z_all: Array,
        withheld: list[str],
    ) -> Estimate:
        reason = withheld[a]
        z = np.nan if reason else float(where.z[a])
        if not reason and np.isnan(z):
            reason = "the reference does not vary on this scale" if self.moments.size[j, a] else "nobody answered it"
        few = bool(reason) and self.moments.size[j, a] < self.choices.gates.min_teachers
        return Estimate(
            kind="scale",
            key=scale.key,
            label=scale.label,
            dimension=scale.dimension,
            low=float(scale.low),
            high=float(scale.high),
            n=None if few else int(self.moments.size[j, a]),
            mean=np.nan if reason else float(self.moments.mean[j, a]),
            mean_se=float(np.sqrt(where.mean_covariance[a, a])),
            z=z,
            se=float(np.sqrt(where.z_covariance[a, a])),
            df=np.nan if reason else float(self.error.df[j, a]),
            reference_mean=float(reference.mean[a]),
            reference_sd=float(reference.sd[a]),
            withheld=reason,
            **self._extremes(z_all[:, a], mask[:, a]),
        )

    def _extremes(self, z: Array, eligible: Mask) -> dict[str, float | str]:
        """Return the Reference Schools High and Low; with norms there are none."""
        found = None if self.norms is not None else extremes(z, eligible & ~np.isnan(z), self.choices.gates.min_reference_schools)
        if found is None:
            return {"reference_high": np.nan, "reference_low": np.nan}
        named = self.audience != "school"
        high, low = found
        return {
            "reference_high": float(z[high]),
            "reference_low": float(z[low]),
            "high_school": self.moments.labels[high] if named else "",
            "low_school": self.moments.labels[low] if named else "",
        }

    def _spreads(self, j: int) -> tuple[Spread, ...]:
        scores = self.scores[self.rows[j]]
        return tuple(
            Spread(scale=scale.key, withheld=reason) if reason else bars(scale, scores[:, a], self.choices.gates)
            for a, (scale, reason) in enumerate(zip(self.responses.instrument.scales, self._shown(j), strict=True))
        )

    def _items(self, j: int) -> tuple[ItemShare, ...]:
        answers, gates = self.answers[self.rows[j]], self.choices.gates
        pairs = [(scale.key, item) for scale in self.responses.instrument.scales for item in scale.items]
        return tuple(
            favourable(item, scale, answers[:, p], gates) for p, (scale, item) in enumerate(pairs) if item.key in self.selected
        )


def _selected(items: Items, responses: Responses) -> tuple[str, ...]:
    keys = [item.key for item in responses.instrument.items]
    if isinstance(items, str):
        if items != "all":
            raise ResponseError(f"items={items!r}: give 'all' or a list of item keys")
        return tuple(keys)
    for key in items:
        if key not in keys:
            raise ResponseError(f"items: the instrument has no item {key!r}{closest(key, keys)}")
    return tuple(items)


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array
