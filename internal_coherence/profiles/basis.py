"""What the profiles of one survey share, computed once: scores, schools, gates, reference and error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import DisclosureError, ResponseError, closest, listing
from internal_coherence.moments.grouping import SchoolMoments, group, school_moments
from internal_coherence.profiles.computing import SamplingError, Standing, sampling_error, standing
from internal_coherence.profiles.parts import Choices, ReferenceSD, WithinSD
from internal_coherence.profiles.reference import Reference, ReferenceChoice, from_norms, from_schools, school_mask
from internal_coherence.profiles.yardstick import Yardstick, yardstick_of
from internal_coherence.responses import Responses, score
from internal_coherence.responses.record import as_label, check_responses
from internal_coherence.schools.disclosure.gates import Audience, Gates, check_audience
from internal_coherence.schools.disclosure.spreads import FEWEST_HIDDEN, spreads_hidden
from internal_coherence.schools.disclosure.withholding import school_reasons, withheld_reasons
from internal_coherence.schools.response_rates import response_rates

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Items = Literal["all"] | Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """One school against its reference.

    Parameters
    ----------
    yardstick : Yardstick
    standing : Standing
        Where the school stands, with covariances.
    withheld : tuple of str
        By scale, why its numbers may not be shown; empty where they may.
    extremes_shown : (q,) array of bool
        By scale, whether there are enough schools to show the highest and lowest.
    """

    yardstick: Yardstick
    standing: Standing
    withheld: tuple[str, ...]
    extremes_shown: Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """The survey as its profiles need it.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    audience, choices : Audience, Choices
        Who reads, and what was decided.
    scores, answers : (n, q) and (n, p) arrays
        Teachers by scales, and by items.
    selected : tuple of str
        Items to show.
    rows : list of arrays
        Each school's rows.
    rates : DataFrame
        Each school's response.
    closed : list of str
        Why a school may not be reported at all; empty if it may.
    moments : SchoolMoments
        Of the scores.
    reasons : (J, q) array of str
        Why a school's mean is not for a district; empty if it is.
    spread_hidden : (J, q) array of bool
        Whose spread is not for a district although the mean is.
    mask : (J, q) array of bool
        Schools that make the reference.
    n_reference_withheld : int
        Schools that were asked for as a reference but don't pass the gates.
    norms : Reference or None
        Where the reference is a table.
    error : SamplingError
        Of the schools' means.
    whole : Yardstick
        That of a school which is not left out of its reference.
    """

    responses: Responses
    audience: Audience
    choices: Choices
    scores: Array
    answers: Array
    selected: tuple[str, ...]
    rows: list[NDArray[np.intp]]
    rates: pd.DataFrame
    closed: list[str]
    moments: SchoolMoments
    reasons: NDArray[np.object_]
    spread_hidden: Mask
    mask: Mask
    n_reference_withheld: int
    norms: Reference | None
    error: SamplingError
    whole: Yardstick

    @classmethod
    def of(
        cls,
        responses: Responses,
        *,
        reference: ReferenceChoice,
        sd: ReferenceSD,
        audience: Audience,
        within_sd: WithinSD,
        include_self: bool,
        reference_error: bool,
        finite_population: bool,
        items: Items,
        min_answered: float,
        level: float,
        gates: Gates,
    ) -> Basis:
        """Prepare the latest wave of a survey; the arguments are those of `profile`."""
        check_audience(audience)
        choices = Choices(
            reference=_kind(reference),
            sd=sd,
            within_sd=within_sd,
            include_self=include_self,
            reference_error=reference_error,
            finite_population=finite_population,
            min_answered=min_answered,
            level=level,
            gates=gates,
        )
        check_responses(responses, "profile")
        responses = responses.latest()
        scores = score(responses, min_answered=min_answered).to_numpy()
        groups = group(responses.school, len(scores))
        moments = school_moments(scores, groups)
        rates = response_rates(responses).reindex(list(moments.labels))
        reasons = withheld_reasons(responses, scores, groups, moments, gates)
        passes = reasons == ""
        chosen = np.ones(len(passes), dtype=bool)
        if choices.reference == "schools":
            chosen = school_mask(list(reference), moments.labels)
        mask = np.logical_and(passes, chosen[:, None])
        norms = None
        if isinstance(reference, pd.DataFrame):
            norms = from_norms(reference, responses.instrument, len(passes))
            mask = np.zeros_like(mask)
        elif not mask.any():
            raise ResponseError(f"reference: none of {int(chosen.sum())} schools passes the gates ({gates})")
        spread_hidden = spreads_hidden(moments.size, passes, gates)
        if audience == "district":
            small = spread_hidden & (moments.size < gates.min_distribution)
            _check_spreads(mask, small, FEWEST_HIDDEN if choices.reference == "schools" else 2, sd, include_self)
        pool = mask if mask.any() else passes if passes.any() else moments.size > 0
        error = sampling_error(moments, pool, within_sd, _roster(rates) if finite_population else None)
        order = np.argsort(groups.codes, kind="stable")
        return cls(
            responses=responses,
            audience=audience,
            choices=choices,
            scores=scores,
            answers=responses.items.to_numpy(),
            selected=_selected(items, responses),
            rows=np.split(order, np.cumsum(np.bincount(groups.codes))[:-1]),
            rates=rates,
            closed=school_reasons(responses, gates),
            moments=moments,
            reasons=reasons,
            spread_hidden=spread_hidden,
            mask=mask,
            n_reference_withheld=0 if norms else int((chosen & ~mask.any(axis=1)).sum()),
            norms=norms,
            error=error,
            whole=yardstick_of(
                norms or from_schools(moments, mask, sd), mask, moments, error, responses, choices, audience
            ),
        )

    @property
    def gates(self) -> Gates:
        """What must hold before anything is shown."""
        return self.choices.gates

    def position(self, school: object) -> int:
        """Return the position of a school, which must have answers."""
        label, labels = as_label(school), self.moments.labels
        if label not in labels:
            hint = closest(label, labels)
            raise ResponseError(f"nobody answered from a school {label!r}; there are {listing(labels)}{hint}")
        return labels.index(label)

    def response(self, j: int) -> tuple[int, int | None, float | None]:
        """Return how many answered in a school, how many were asked, and the rate; None where not known."""
        n, n_roster, rate = (self.rates[column].iloc[j] for column in ("n", "n_roster", "response_rate"))
        return (int(n), None, None) if np.isnan(rate) else (int(n), int(n_roster), float(rate))

    def own_reasons(self, j: int) -> tuple[str, ...]:
        """Return for each scale why a school's mean may not be shown; a researcher sees everything."""
        return ("",) * self.reasons.shape[1] if self.audience == "research" else tuple(self.reasons[j])

    def compare(self, j: int) -> Comparison:
        """Compare a school with its reference."""
        yardstick = self._yardstick_for(j)
        others = yardstick.n_by_scale - self.whole.mask[j] * (yardstick is self.whole)
        enough = self.gates.min_reference_schools + 1 if self.audience == "school" else 0
        return Comparison(
            yardstick=yardstick,
            standing=standing(j, self.moments, self.error, yardstick.reference, yardstick.error),
            withheld=self._withheld(j, yardstick.reference, others),
            extremes_shown=others >= enough,
        )

    def _yardstick_for(self, j: int) -> Yardstick:
        """Return what a school is measured by: the whole reference, or that without the school itself."""
        if self.norms is not None or self.choices.include_self or not self.mask[j].any():
            return self.whole
        mask = self.mask.copy()
        mask[j] = False
        reference = from_schools(self.moments, mask, self.choices.sd)
        return yardstick_of(reference, mask, self.moments, self.error, self.responses, self.choices, self.audience)

    def _withheld(self, j: int, reference: Reference, others: NDArray[np.intp]) -> tuple[str, ...]:
        """Return for each scale why it is not shown: by the gates, or for want of something to compare it with."""
        least = 1 if self.audience != "school" else self.gates.min_other_schools
        reasons = list(self.own_reasons(j))
        for a, reason in enumerate(reasons):
            if reason:
                continue
            n = self.moments.size[j, a]
            if n == 0:
                reasons[a] = "nobody answered it"
            elif self.norms is None and others[a] < least:
                reasons[a] = (
                    f"fewer than {least} other schools to compare with"
                    if least > 1
                    else "no other school to compare with"
                )
            elif np.isnan(reference.sd[a]):
                reasons[a] = "the reference does not vary on it"
            elif np.isnan(self.error.covariance[j, a, a]):
                reasons[a] = "its spread within schools is not known"
            elif not self.error.shared and self.audience != "research" and self.spread_hidden[j, a]:
                few = n < self.gates.min_distribution
                reasons[a] = (
                    f"with fewer than {self.gates.min_distribution} teachers its own spread is not shown"
                    if few
                    else "its own spread is not shown, so that a smaller school's can't be worked out from it"
                )
        return tuple(reasons)


def _check_spreads(mask: Mask, small: Mask, fewest: int, sd: ReferenceSD, include_self: bool) -> None:
    """Refuse a reference from which the spread of a school of few teachers can be worked out."""
    inside = mask & small
    for a in np.flatnonzero(inside.any(axis=0)):
        n = int(mask[:, a].sum())
        if n < fewest:
            raise DisclosureError(
                f"reference: the spread within {n} school{'s' * (n > 1)}, one of them of few teachers, tells the spread of that"
                f" school; take {fewest} schools or more"
            )
        if not include_self and sd == "teachers":
            raise DisclosureError(
                "include_self=False: the spreads of all schools but one, each in its turn, tell every school's, and some are"
                " of few teachers; take sd='schools', include_self=True, or audience='school' for one school's own profile"
            )


def _kind(reference: ReferenceChoice) -> Literal["all", "schools", "norms"]:
    if isinstance(reference, pd.DataFrame):
        return "norms"
    if not isinstance(reference, (str, Sequence)):
        raise ResponseError(
            f"reference is 'all', a list of schools or a table of norms, not {type(reference).__name__}"
        )
    if isinstance(reference, str):
        if reference != "all":
            msg = f"reference={reference!r} is not 'all'; to compare with one school or a few, give a list of names"
            raise ResponseError(msg)
        return "all"
    return "schools"


def _roster(rates: pd.DataFrame) -> Array:
    roster = rates["n_roster"].to_numpy(dtype=np.float64)
    if np.isnan(roster).any():
        absent = rates.index[np.isnan(roster)]
        msg = f"finite_population=True needs a roster with every school; it lacks {listing(absent, 4)}"
        raise ResponseError(msg)
    return roster


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
