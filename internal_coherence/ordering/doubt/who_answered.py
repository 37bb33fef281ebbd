"""`selective_response`: what those who did not answer could do to an order's tests."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceError, CoherenceWarning, ModelError, ResponseError
from internal_coherence.ordering.doubt.claims import Doubted, claim_test, concerns, turning_point
from internal_coherence.ordering.doubt.halves import SchoolTeachers
from internal_coherence.ordering.evidence import stage_scores, within_schools
from internal_coherence.ordering.orders import Order
from internal_coherence.records import Record
from internal_coherence.responses import Responses
from internal_coherence.schools.response_rates import response_rates

Array = NDArray[np.float64]
CUTS: Final = (0.0, 0.5, 0.65, 0.8)
SHIFTS: Final = tuple(shift / 10 for shift in range(-20, 21))
FEWEST_SCHOOLS: Final = 30
CUT: Final = ("level", "cut", "n_schools", "first", "second", "given", "estimate", "se", "pvalue")
SHIFT: Final = ("stage", "shift", "first", "second", "given", "estimate", "se", "pvalue")
TURNS: Final = ("stage", "first", "second", "given", "rejected", "turns_at")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SelectiveResponse(Record):
    """An order's implied independences, by who answered.

    Parameters
    ----------
    cuts : DataFrame
        ``level, cut, n_schools, first, second, given, estimate, se, pvalue``: with the schools only of which that share or more
        answered. NaN where they are too few.
    shifts : DataFrame
        ``stage, shift, first, second, given, estimate, se, pvalue`` between schools, were those who did not answer `shift`
        standard deviations above those of their school who did, on one stage or on ``"all"``.
    turning : DataFrame
        ``stage, first, second, given, rejected``, and the smallest shift, either way, at which it would be otherwise,
        ``turns_at``; NaN if none.
    n_schools, n_unknown : int
        Schools whose response rate is known, and not.
    alpha : float
        Of a two-sided test.
    notes : tuple of str
        What could not be looked at.
    """

    cuts: pd.DataFrame
    shifts: pd.DataFrame
    turning: pd.DataFrame
    n_schools: int
    n_unknown: int
    alpha: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the tests with other non-respondents.

        Returns
        -------
        DataFrame
        """
        return self.shifts

    def __repr__(self) -> str:
        nearest = self.turning["turns_at"].abs().min() if len(self.turning) else float("nan")
        told = f"a shift of {nearest:.3f} SD of those who did not answer" if nearest == nearest else "no shift tried"
        return f"<SelectiveResponse, {self.n_schools} schools: {told} changes a decision>"


def selective_response(
    responses: Responses,
    order: Order,
    *,
    cuts: Sequence[float] = CUTS,
    shifts: Sequence[float] = SHIFTS,
    alpha: float = 0.05,
    fewest_schools: int = FEWEST_SCHOOLS,
) -> SelectiveResponse:
    """Ask how an order's tests move without schools of which few answered, and how different the others would have to be.

    Parameters
    ----------
    responses : Responses
        Of one wave, with a roster.
    order : Order
    cuts : sequence of float
        Response rates, from 0 to 1; schools below are left out.
    shifts : sequence of float
        By how many standard deviations of teachers those who did not answer may differ from those of their school who did.
    alpha : float
        Of a two-sided test.
    fewest_schools : int
        Fewer are not compared with each other.

    Returns
    -------
    SelectiveResponse

    Raises
    ------
    ResponseError
        If no response rate is known.
    ModelError
        For options that make no sense.

    Notes
    -----
    A school's mean moves by δ(1 − rate): a delta-adjusted pattern mixture (Little 1993). That non-respondents differ alike in all
    schools is an assumption; so is that what joins stages within a school is the same for them, of which these answers say
    nothing.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> import numpy as np
    >>> truth = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}
    >>> rates = np.linspace(0.4, 1, 60)
    >>> district = ic.simulate_responses(n_schools=60, teachers=20, graph=truth, response_rate=rates, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> found = ic.selective_response(district, order)
    >>> found.cuts.query("level == 'within'")[["cut", "n_schools", "estimate", "pvalue"]].round(2)
        cut  n_schools  estimate  pvalue
    0  0.00         60      0.00    0.95
    2  0.50         52      0.01    0.84
    4  0.65         37      0.03    0.60
    6  0.80         23      0.03    0.72
    """
    doubted = Doubted.of(responses, order, "selective_response")
    _check(cuts, shifts, alpha)
    rates = response_rates(doubted.responses)["response_rate"]
    known = rates.dropna()
    if not len(known):
        raise ResponseError(
            "the response rate of no school is known: read the responses with roster=, see read_responses"
        )
    answered = replace(doubted, responses=doubted.responses.select(school=list(known.index)))
    rows: list[tuple[object, ...]] = []
    for cut in cuts:
        for level in ("within", "between"):
            rows += _cut(answered, level, float(cut), known, fewest_schools)
    shifted, notes = _shifted(answered, np.asarray(shifts, dtype=np.float64), known, fewest_schools)
    table = pd.DataFrame(shifted, columns=list(SHIFT))
    return SelectiveResponse(
        cuts=pd.DataFrame(rows, columns=list(CUT)),
        shifts=table,
        turning=_turning(table, alpha),
        n_schools=len(known),
        n_unknown=len(rates) - len(known),
        alpha=alpha,
        notes=notes,
    )


def _check(cuts: Sequence[float], shifts: Sequence[float], alpha: float) -> None:
    if isinstance(cuts, (int, float)) or not all(0 <= cut <= 1 for cut in cuts):
        raise ModelError(f"cuts is a list of response rates from 0 to 1, not {cuts!r}")
    if isinstance(shifts, (int, float)) or not all(np.isfinite(shift) for shift in shifts):
        raise ModelError(f"shifts is a list of numbers of standard deviations, not {shifts!r}")
    if 0 not in shifts:
        raise ModelError("shifts has no 0: what is decided as answers stand is compared with")
    if not 0 < alpha < 1:
        raise ModelError(f"alpha={alpha!r} is not between 0 and 1")


def _cut(doubted: Doubted, level: str, cut: float, rates: pd.Series, fewest: int) -> list[tuple[object, ...]]:
    """Test every claim with the schools of which enough answered; NaN where they are too few."""
    kept = list(rates.index[rates >= cut])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoherenceWarning)  # what goes wrong with few schools is told by NaN
        try:
            found: tuple[Array, Array] | None = _covariance(
                replace(doubted, responses=doubted.responses.select(school=kept)), level, fewest
            )
        except CoherenceError:
            found = None
    nan = (float("nan"),) * 3
    return [
        (
            *(level, cut, len(kept) if found is None else len(found[1])),
            *(claim.first, claim.second, ", ".join(claim.given)),
            *(nan if found is None else claim_test(*found, doubted.names, claim)),
        )
        for claim in doubted.claims
    ]


def _covariance(doubted: Doubted, level: str, fewest: int) -> tuple[Array, Array]:
    """Return how stages go together at a level, and what each school adds to it."""
    if level == "within":
        found = within_schools(doubted.responses, doubted.stages)
        return found.matrix, found.contributions
    halves = _teachers(doubted, fewest)[0].every_half()
    return halves.covariance(), halves.contributions()


def _teachers(doubted: Doubted, fewest: int) -> tuple[SchoolTeachers, tuple[str, ...]]:
    """Return the teachers of the schools with two or more, summed up, and the schools' names."""
    scores = stage_scores(doubted.responses, doubted.stages)
    size = np.bincount(scores.school, minlength=len(scores.schools))
    several = size > 1
    if several.sum() < max(fewest, 3):
        raise ResponseError(
            f"{int(several.sum())} schools have two or more teachers who answered; it takes {max(fewest, 3)}"
        )
    kept = several[scores.school]
    codes = (np.cumsum(several) - 1)[scores.school[kept]].astype(np.intp)
    names = tuple(name for name, there in zip(scores.schools, several, strict=True) if there)
    return SchoolTeachers.of(scores.teachers[kept] / scores.teachers[kept].std(axis=0, ddof=1), codes), names


def _shifted(
    doubted: Doubted, shifts: Array, rates: pd.Series, fewest: int
) -> tuple[list[tuple[object, ...]], tuple[str, ...]]:
    """Test every claim between schools with the means that non-respondents would have made."""
    try:
        teachers, names = _teachers(doubted, fewest)
    except CoherenceError as reason:
        return [], (f"shifts of those who did not answer are not looked at: {reason}",)
    silent = 1 - rates.reindex(list(names)).to_numpy(dtype=np.float64)
    rows: list[tuple[object, ...]] = []
    for stage in ("all", *doubted.names):
        at = np.array([stage in ("all", name) for name in doubted.names], dtype=np.float64)
        for shift in shifts:
            moved = replace(teachers, mean=teachers.mean + shift * silent[:, None] * at)
            halves = moved.every_half()
            covariance, contributions = halves.covariance(), halves.contributions()
            rows += [
                (
                    *(stage, shift, claim.first, claim.second, ", ".join(claim.given)),
                    *claim_test(covariance, contributions, doubted.names, claim),
                )
                for claim in doubted.claims
                if concerns(stage, claim)
            ]
    return rows, ()


def _turning(table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    rows = []
    for by, part in table.groupby(["stage", "first", "second", "given"], sort=False):
        shifts, p = part["shift"].to_numpy(), part["pvalue"].to_numpy()
        now = bool((p[shifts == 0] < alpha).any())
        rows.append((*by, now, turning_point(shifts, p, start=0.0, rejected=now, alpha=alpha)))
    return pd.DataFrame(rows, columns=list(TURNS))
