"""`imperfect_reliability` and `ignored_schools`: what measurement error, and what schools, do to an order's tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtr

from internal_coherence.errors import ModelError
from internal_coherence.ordering.doubt.answers import teachers_covariance, within_covariance, within_reliability
from internal_coherence.ordering.doubt.claims import Doubted, claim_test, concerns, turning_point
from internal_coherence.ordering.evidence import stage_scores
from internal_coherence.ordering.orders import Order
from internal_coherence.records import Record
from internal_coherence.responses import Responses

RELIABILITIES: Final = tuple(r / 50 for r in range(25, 51))
CURVE: Final = ("stage", "reliability", "first", "second", "given", "estimate", "se", "pvalue")
TURNS: Final = ("stage", "first", "second", "given", "found", "rejected", "turns_at")
SCHOOLS: Final = (
    *("first", "second", "given", "estimate", "se_teachers", "se_schools", "design_effect"),
    *("pvalue_teachers", "pvalue_schools"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ImperfectReliability(Record):
    """An order's implied independences within schools, by how reliable the stages' scores are.

    Parameters
    ----------
    curve : DataFrame
        ``stage`` (one, the others as reliable as found; or ``"all"``, alike), ``reliability, first, second, given, estimate, se,
        pvalue``: the partial correlation were scores that reliable. NaN where they can't be so unreliable, going together as they
        do.
    turning : DataFrame
        ``stage, first, second, given``; ``found``, the reliability (of all, its mean); ``rejected``, whether the independence is;
        ``turns_at``, the nearest reliability at which it would be otherwise, NaN if at none.
    reliability : DataFrame
        ``stage, reliability``: alpha within schools, stratified by scales.
    alpha : float
        Of a two-sided test.
    """

    curve: pd.DataFrame
    turning: pd.DataFrame
    reliability: pd.DataFrame
    alpha: float

    def to_frame(self) -> pd.DataFrame:
        """Return the curve.

        Returns
        -------
        DataFrame
        """
        return self.curve

    def __repr__(self) -> str:
        moved = int(self.turning["turns_at"].notna().sum())
        return (
            f"<ImperfectReliability: {moved} of {len(self.turning)} decisions depend on how reliable a stage is;"
            f" reliabilities {self.reliability['reliability'].min():.3f} to {self.reliability['reliability'].max():.3f}>"
        )


def imperfect_reliability(
    responses: Responses, order: Order, *, reliabilities: Sequence[float] = RELIABILITIES, alpha: float = 0.05
) -> ImperfectReliability:
    """Ask at which reliability of the stages an implied independence would be decided otherwise.

    An unreliable stage between two others hides only part of what joins them, and an order that is right seems contradicted.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order
    reliabilities : sequence of float
        Above 0 and up to 1.
    alpha : float
        Of a two-sided test.

    Returns
    -------
    ImperfectReliability

    Raises
    ------
    ModelError
        For reliabilities that can't be.
    ResponseError
        As `check_ordering`.

    Notes
    -----
    Covariances of teachers' scores about their school's mean, with the reliability times the variance in the diagonal (Spearman
    1904). Reliabilities are taken as known. `check_ordering` takes measurement error out by a model of the items instead.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.6, ("team_support", "collective_efficacy"): 0.6}
    >>> district = ic.simulate_responses(n_schools=60, teachers=20, graph=truth, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> found = ic.imperfect_reliability(district, order)
    >>> found.turning.query("stage == 'team_support'")[["found", "rejected", "turns_at"]].round(2)
       found  rejected  turns_at
    2   0.77     False       0.9
    """
    doubted = Doubted.of(responses, order, "imperfect_reliability")
    grid = np.asarray(reliabilities, dtype=np.float64)
    if grid.ndim != 1 or not ((grid > 0) & (grid <= 1)).all():
        raise ModelError(f"reliabilities is a list of numbers above 0 and up to 1, not {reliabilities!r}")
    _check_alpha(alpha)
    scores = stage_scores(doubted.responses, doubted.stages)
    doubted.refuse_one_school(scores)
    S, moved = within_covariance(scores)
    own = within_reliability(doubted.responses, doubted.stages, scores)
    curve, turning = [], []
    for stage in ("all", *doubted.names):
        at = np.array([stage in ("all", name) for name in doubted.names])
        for claim in (claim for claim in doubted.claims if concerns(stage, claim)):
            words = (claim.first, claim.second, ", ".join(claim.given))
            now = claim_test(*_as_reliable(S, moved, own), doubted.names, claim)[2] < alpha
            found = [claim_test(*_as_reliable(S, moved, np.where(at, r, own)), doubted.names, claim) for r in grid]
            curve += [(stage, r, *words, *one) for r, one in zip(grid, found, strict=True)]
            start = float(own[at].mean())
            p = np.array([one[2] for one in found])
            turn = turning_point(grid, p, start=start, rejected=now, alpha=alpha)
            turning.append((stage, *words, start, now, turn))
    return ImperfectReliability(
        curve=pd.DataFrame(curve, columns=list(CURVE)),
        turning=pd.DataFrame(turning, columns=list(TURNS)),
        reliability=pd.DataFrame({"stage": doubted.names, "reliability": own}),
        alpha=alpha,
    )


def _as_reliable(S: np.ndarray, moved: np.ndarray, reliability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return covariances with only the reliable part of each variance, and what each school adds to them."""
    share = np.ones_like(S)
    np.fill_diagonal(share, reliability)
    return S * share, moved * share


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ModelError(f"alpha={alpha!r} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class IgnoredSchools(Record):
    """An order's implied independences, tested as if teachers were independent and as teachers of schools.

    Parameters
    ----------
    tests : DataFrame
        ``first, second, given, estimate`` (the partial correlation of scores, measurement error in); ``se_teachers, se_schools``
        of its Fisher z; ``design_effect``, the squared ratio of the two; ``pvalue_teachers, pvalue_schools``.
    n_teachers, n_schools : int
        Whose answers.
    """

    tests: pd.DataFrame
    n_teachers: int
    n_schools: int

    def to_frame(self) -> pd.DataFrame:
        """Return the tests.

        Returns
        -------
        DataFrame
        """
        return self.tests

    def __repr__(self) -> str:
        worst = f": design effects up to {self.tests['design_effect'].max():.3f}" if len(self.tests) else ""
        of = f"{self.n_teachers} teachers in {self.n_schools} schools"
        return f"<IgnoredSchools, {len(self.tests)} implied independences{worst}; {of}>"


def ignored_schools(responses: Responses, order: Order) -> IgnoredSchools:
    """Test an order's implied independences with and without schools, side by side.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order

    Returns
    -------
    IgnoredSchools

    Raises
    ------
    ResponseError
        With fewer than two schools, or as `check_ordering`.

    Notes
    -----
    Of all teachers' scores, both levels in one. Without schools Fisher's z has the standard error 1/√(n − 3 − m), m stages given.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.6, ("team_support", "collective_efficacy"): 0.6}
    >>> district = ic.simulate_responses(n_schools=60, teachers=20, graph=truth, icc=0.3, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> ic.ignored_schools(district, order)
    <IgnoredSchools, 1 implied independences: design effects up to 2.023; 1200 teachers in 60 schools>
    """
    doubted = Doubted.of(responses, order, "ignored_schools")
    scores = stage_scores(doubted.responses, doubted.stages)
    doubted.refuse_one_school(scores)
    S, moved = teachers_covariance(scores)
    rows, n = [], len(scores.teachers)
    for claim in doubted.claims:
        r, se, p = claim_test(S, moved, doubted.names, claim)
        se = se / (1 - r**2)  # of Fisher's z
        alone = 1 / np.sqrt(n - 3 - len(claim.given))
        naive = float(2 * ndtr(-abs(np.arctanh(r)) / alone))
        rows.append((claim.first, claim.second, ", ".join(claim.given), r, alone, se, (se / alone) ** 2, naive, p))
    return IgnoredSchools(tests=pd.DataFrame(rows, columns=list(SCHOOLS)), n_teachers=n, n_schools=len(scores.schools))
