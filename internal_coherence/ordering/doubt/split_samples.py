"""`split_sample_ordering`: an order between schools, with nobody telling of both cause and effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from internal_coherence.errors import ModelError, ResponseError, check_level, listing
from internal_coherence.ordering.doubt.claims import Doubted
from internal_coherence.ordering.doubt.halves import HalfProducts, SchoolTeachers, average, halved
from internal_coherence.ordering.evidence import StageScores, error_by_school, stage_scores
from internal_coherence.ordering.graphs import Independence
from internal_coherence.ordering.implications import partial_correlation
from internal_coherence.ordering.orders import Order
from internal_coherence.records import Record
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
FEWEST_SCHOOLS: Final = 30
"""With 24 schools of a dozen teachers every fifth or sixth survey gives halves that can't correlate so: see the documentation."""
FEWEST_TEACHERS: Final = 4
COLUMNS: Final = (
    *("kind", "first", "second", "given", "estimate", "se", "ci_lower", "ci_upper", "pvalue"),
    *("with_shared_raters", "school_means"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SplitSampleOrdering(Record):
    """How stages go together between schools if one half of the teachers tells of the cause and the other of the effect.

    What all teachers of a school have in common stays in, and so does what makes schools differ in several stages at once: a
    cause that was not measured, or the school's name, is as much behind one half as behind the other.

    Parameters
    ----------
    associations : DataFrame
        ``kind`` (``"correlation"`` of two stages, or ``"implied independence"``), ``first, second, given``; ``estimate``,
        corrected by the reliability of each half's means; ``se, ci_lower, ci_upper, pvalue`` from leaving out each school;
        ``with_shared_raters``, the same if all teachers tell of both; ``school_means``, of the schools' means as they are,
        uncorrected.
    reliability : DataFrame
        ``stage, half, whole``: of the mean of half of a school's teachers, and of all.
    n_splits : int or None
        Halvings; None for the average over all there are.
    n_schools, n_teachers : int
        Looked at.
    n_small_schools, n_excluded : int
        Schools with fewer than four teachers, and teachers without a score on some stage or in such a school, who are left out.
    level : float
        Of the limits.
    """

    associations: pd.DataFrame
    reliability: pd.DataFrame
    n_splits: int | None
    n_schools: int
    n_teachers: int
    n_small_schools: int
    n_excluded: int
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the associations.

        Returns
        -------
        DataFrame
        """
        return self.associations

    def __repr__(self) -> str:
        ways = "all ways to halve" if self.n_splits is None else f"{self.n_splits} halvings"
        pairs = self.associations.query("kind == 'correlation'")
        apart = (pairs["with_shared_raters"] - pairs["estimate"]).abs().max()
        of = f"{self.n_teachers} teachers in {self.n_schools} schools"
        return (
            f"<SplitSampleOrdering: {ways} of {of}; shared raters move correlations by up to {apart:.3f};"
            " what schools have unmeasured stays in>"
        )


def split_sample_ordering(
    responses: Responses,
    order: Order,
    *,
    n_splits: int | None = None,
    fewest_schools: int = FEWEST_SCHOOLS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> SplitSampleOrdering:
    """Look at an order between schools with one half of each school's teachers for the cause and the other for the effect.

    Teachers who answer everything colour everything: a good mood makes causes and effects go together. Here nobody tells of both.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order
    n_splits : int, optional
        Random halvings to average over; by default all there are, which has a closed form.
    fewest_schools : int
        Fewer are refused.
    level : float
        Of the limits.
    rng : Generator or int, optional
        For `n_splits`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    SplitSampleOrdering

    Raises
    ------
    ResponseError
        With too few schools of at least four teachers.
    ModelError
        If a stage does not differ between schools, or options make no sense.

    Notes
    -----
    Of halves A and B, cov(Ā_a, B̄_b)/√(cov(Ā_a, B̄_a) cov(Ā_b, B̄_b)), with either half first: the correlation of the
    half-schools' means over the root of both halves' reliabilities, where the covariance of one stage's means in both halves is
    its variance between schools, since no teacher is in both. Covariances, not correlations, are averaged over halvings. The
    average over all is the covariance of schools' means less the mean of each school's own Sⱼ/nⱼ; with equal nⱼ that is the
    analysis of variance's estimate, so that `check_ordering` between schools is free of shared raters as well. What school means
    do that are correlated as they are is beside it.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}
    >>> district = ic.simulate_responses(n_schools=120, teachers=12, icc=0.25, graph=truth, shared_rater=0.5, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> ic.split_sample_ordering(district, order).associations[["kind", "estimate", "se", "with_shared_raters"]].round(2)
                       kind  estimate    se  with_shared_raters
    0           correlation      0.55  0.10                0.81
    1           correlation      0.18  0.11                0.36
    2           correlation      0.54  0.08                0.77
    3  implied independence     -0.17  0.13                 NaN
    """
    doubted = Doubted.of(responses, order, "split_sample_ordering")
    check_level(level)
    if n_splits is not None and (isinstance(n_splits, bool) or not isinstance(n_splits, int) or n_splits < 2):
        raise ModelError(
            f"n_splits={n_splits!r}: it takes a whole number of at least 2 halvings, better 200, or None for all"
        )
    scores = stage_scores(doubted.responses, doubted.stages)
    values, school, n_small = _large_enough(scores, fewest_schools)
    teachers = SchoolTeachers.of(values, school)
    halves = teachers.every_half()
    if n_splits is not None:
        from tqdm import tqdm

        generator, centred = np.random.default_rng(rng), values - values.mean(axis=0)
        ways = tqdm(range(n_splits), desc="halving", unit="split", disable=not progress)
        halves = average(halved(centred, school, generator) for _ in ways)
    B = halves.covariance()
    _refuse_impossible(B, scores.stages, len(teachers.size))
    variances = np.diag(B)
    return SplitSampleOrdering(
        associations=_table(halves, scores.stages, doubted.claims, teachers.whole().covariance(), level),
        reliability=pd.DataFrame(
            {
                "stage": scores.stages,
                "half": variances / (variances + teachers.half_error()),
                "whole": variances / (variances + teachers.error()),
            }
        ),
        n_splits=n_splits,
        n_schools=len(teachers.size),
        n_teachers=len(values),
        n_small_schools=n_small,
        n_excluded=scores.n_excluded + len(scores.teachers) - len(values),
        level=level,
    )


def _large_enough(scores: StageScores, fewest: int) -> tuple[Array, NDArray[np.intp], int]:
    """Return values and schools of the schools with teachers enough to be halved, and how many have not."""
    size = np.bincount(scores.school, minlength=len(scores.schools))
    large = size >= FEWEST_TEACHERS
    least = max(fewest, 3)
    if large.sum() < least:
        raise ResponseError(
            f"{int(large.sum())} of {len(size)} schools have the {FEWEST_TEACHERS} teachers it takes to halve them; halves are"
            f" compared over {least} schools or more, since fewer too often give correlations that can't be"
        )
    kept = large[scores.school]
    return scores.teachers[kept], (np.cumsum(large) - 1)[scores.school[kept]].astype(np.intp), int((~large).sum())


def _refuse_impossible(B: Array, stages: Sequence[str], n_schools: int) -> None:
    if flat := [stage for stage, variance in zip(stages, np.diag(B), strict=True) if not variance > 0]:
        raise ModelError(
            f"between {n_schools} schools two halves of the teachers do not agree on {listing(flat)} at all"
        )
    if np.linalg.eigvalsh(B)[0] < 1e-8 * np.trace(B):
        raise ModelError(
            f"between {n_schools} schools the halves' correlations can't be: too few schools or teachers, or stages that are one"
        )


def _table(
    halves: HalfProducts,
    stages: Sequence[str],
    claims: Sequence[Independence],
    whole: Array,
    level: float,
) -> pd.DataFrame:
    """Return every correlation and implied independence, with standard errors from leaving out each school."""
    B, moved = halves.covariance(), halves.contributions()
    J, nothing = len(moved), np.zeros((0, *B.shape))
    pairs = [("correlation", Independence(a, b)) for j, b in enumerate(stages) for a in stages[:j]]
    rows = []
    for kind, claim in pairs + [("implied independence", claim) for claim in claims]:
        i, j, *given = (stages.index(stage) for stage in (claim.first, claim.second, *claim.given))
        r, change = partial_correlation(B, moved, i, j, given)
        z, se = np.arctanh(r), error_by_school(change) / (1 - r**2)
        reach = stdtrit(J - 1, (1 + level) / 2) * se
        p = 2 * stdtr(J - 1, -abs(z) / se)
        limits = np.tanh(z - reach), np.tanh(z + reach)
        rated = float("nan") if given else float(whole[i, j] / np.sqrt(B[i, i] * B[j, j]))
        means, _ = partial_correlation(whole, nothing, i, j, given)
        rows.append(
            (kind, claim.first, claim.second, ", ".join(claim.given), r, se * (1 - r**2), *limits, p, rated, means)
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
