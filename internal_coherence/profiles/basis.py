"""What the profiles of one survey share, computed once: scores, schools, gates, reference and error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError, closest, listing
from internal_coherence.profiles.computing import (
    SamplingError,
    Standing,
    error_of_reference,
    sampling_error,
    standing,
)
from internal_coherence.profiles.parts import Choices, ReferenceSD, WithinSD
from internal_coherence.profiles.reference import Reference, ReferenceChoice, from_norms, from_schools, school_mask
from internal_coherence.responses import Responses, score
from internal_coherence.responses.record import as_label
from internal_coherence.schools.aggregation import withheld_reasons
from internal_coherence.schools.disclosure import Audience, Gates, check_audience, check_others_hidden
from internal_coherence.schools.grouping import SchoolMoments, group, school_moments
from internal_coherence.schools.response_rates import response_rates

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Items = Literal["all"] | Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """One school against its reference.

    Parameters
    ----------
    reference : Reference
    mask : (J, q) array of bool
        Which schools make the reference of which scale; none for norms.
    standing : Standing
        The school's z values and their covariances; NaN where withheld.
    z : (J, q) array
        Of all schools, against the same reference.
    withheld : tuple of str
        By scale, why this school's numbers may not be shown.
    """

    reference: Reference
    mask: Mask
    standing: Standing
    z: Array
    withheld: tuple[str, ...]


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
    moments : SchoolMoments
        Of the scores.
    reasons : (J, q) array of str
        Why a school's mean is not for a district; empty if it is.
    mask : (J, q) array of bool
        Schools that make the reference.
    n_reference_withheld : int
        Schools that were asked for as a reference but don't pass the gates.
    norms : Reference or None
        Where the reference is a table.
    whole : Reference
        That of a school which is not left out of it.
    error, error_of_whole : SamplingError, array or None
        Of the schools' means, and of the whole reference's.
    """

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
    n_reference_withheld: int
    norms: Reference | None
    whole: Reference
    error: SamplingError
    error_of_whole: Array | None

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
        responses = responses.latest()
        scores = score(responses, min_answered=min_answered).to_numpy()
        groups = group(responses.school, len(scores))
        moments = school_moments(scores, groups)
        rates = response_rates(responses).reindex(list(moments.labels))
        reasons = withheld_reasons(responses, moments, gates)
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
        pool = mask if mask.any() else passes if passes.any() else moments.size > 0
        whole = norms or from_schools(moments, mask, sd)
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
            moments=moments,
            reasons=reasons,
            mask=mask,
            n_reference_withheld=0 if norms else int((chosen & ~mask.any(axis=1)).sum()),
            norms=norms,
            whole=whole,
            error=error,
            error_of_whole=error_of_reference(whole, error) if reference_error else None,
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
            raise ResponseError(f"nobody answered from a school {label!r}{hint}; there are {listing(labels)}")
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
        reference, mask, of_reference = self._reference(j)
        withheld = self._withheld(j, reference, mask)
        found = standing(j, self.moments, self.error, reference, of_reference)
        hidden = np.array([reason != "" for reason in withheld])
        for covariance in (found.mean_covariance, found.z_covariance):
            covariance[hidden, :] = covariance[:, hidden] = np.nan
        z = (self.moments.mean - reference.mean) / reference.sd
        return Comparison(reference=reference, mask=mask, standing=found, z=z, withheld=withheld)

    def _reference(self, j: int) -> tuple[Reference, Mask, Array | None]:
        """Return the reference for a school, which may leave the school itself out."""
        if self.norms is not None or self.choices.include_self or not self.mask[j].any():
            return self.whole, self.mask, self.error_of_whole
        mask = self.mask.copy()
        mask[j] = False
        reference = from_schools(self.moments, mask, self.choices.sd)
        return reference, mask, error_of_reference(reference, self.error) if self.choices.reference_error else None

    def _withheld(self, j: int, reference: Reference, mask: Mask) -> tuple[str, ...]:
        """Return for each scale why it is not shown: by the gates, or since there is nothing to compare it with."""
        reasons = list(self.own_reasons(j))
        others = mask.sum(axis=0) - mask[j]
        if self.norms is None and not any(self.reasons[j]):
            check_others_hidden(int(others.max()), self.moments.labels[j], self.audience)
        for a, reason in enumerate(reasons):
            if reason:
                continue
            if self.moments.size[j, a] == 0:
                reasons[a] = "nobody answered it"
            elif self.norms is None and self.audience == "school" and others[a] == 1:
                reasons[a] = "one other school alone can be compared with, whose mean would be told"
            elif np.isnan(reference.sd[a]):
                reasons[a] = "the reference does not vary on it"
            elif np.isnan(self.error.covariance[j, a, a]):
                reasons[a] = "its spread within schools is not known"
        return tuple(reasons)


def _kind(reference: ReferenceChoice) -> Literal["all", "schools", "norms"]:
    if isinstance(reference, pd.DataFrame):
        return "norms"
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
