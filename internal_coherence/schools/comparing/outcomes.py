"""Do school means go with an outcome of the schools, such as achievement?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from internal_coherence.errors import CoherenceError, ModelError, ResponseError
from internal_coherence.schools.comparing.differences import NO_VARIATION
from internal_coherence.schools.comparing.effects import expanded_percentiles
from internal_coherence.schools.comparing.named_schools import by_school, known_schools
from internal_coherence.schools.comparing.outcome_correlations import (
    FisherLimits,
    OutcomeCorrelation,
    OutcomeCorrelations,
)
from internal_coherence.schools.comparing.outside_tests import adjusted, correlation
from internal_coherence.schools.comparing.permuting import batches, permuted_outcomes
from internal_coherence.schools.comparing.school_units import (
    SchoolUnits,
    check_enough,
    school_units,
    warn_if_few,
)
from internal_coherence.schools.comparing.two_sides import DRAWS, Manner, Seed, Side, listed
from internal_coherence.schools.disclosure.gates import Audience, Gates
from internal_coherence.schools.entrance import School, Values

Array = NDArray[np.float64]
LEAST_SCHOOLS: Final = 5
"""With four the interval of any correlation is all of it."""
SAME_OUTCOME: Final = "the outcome is the same in all these schools"


def correlate_with_outcome(
    values: Values,
    outcome: object,
    *,
    school: School = None,
    name: str | None = None,
    outcome_reliability: float | None = None,
    audience: Audience | None = None,
    gates: Gates | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    rng: Seed = 0,
) -> OutcomeCorrelations:
    """Correlate the school means of every scale with an outcome of the schools.

    Parameters
    ----------
    values : Responses, or (n,) array or Series, or (n, q) array or DataFrame
        A survey of one wave, of which every scale is taken, or scores of teachers.
    outcome : mapping or Series of school to number
        A school without one is left out.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    name : str, optional
        Of the outcome; by default the Series' name.
    outcome_reliability : float, optional
        Of the outcome, if known; without it the correction is for the school means alone.
    audience, gates, level, draws, rng
        As in `compare_school_groups`.

    Returns
    -------
    OutcomeCorrelations

    Raises
    ------
    DisclosureError, ResponseError
        With fewer than five schools that may enter and have an outcome, on every scale.

    Warns
    -----
    SmallSampleWarning
        With fewer than ten schools.

    Notes
    -----
    ``cor.test(x, y)``, and with ``method = "spearman"``. Permutations are all gone through up to eight schools. The
    bootstrap draws schools; its percentiles are moved out to where Student's t has its tails (Hesterberg 2015). The
    school means' reliability is τ²/(τ² + σ² · mean(1/n)) by REML; it takes items and scale as given.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> pupils = {school: 50 + 7 * (k % 5) for k, school in enumerate(now.schools)}
    >>> ic.correlate_with_outcome(now, pupils, name="reading")["leadership"]
    leadership: r = 0.35 [-0.08, 0.67], p = 0.109, rho = 0.35, 22 schools
    """
    manner = Manner(level=level, draws=draws, rng=rng, what="correlate_with_outcome")
    if outcome_reliability is not None and not 0 < outcome_reliability <= 1:
        raise ModelError(f"outcome_reliability={outcome_reliability} is not above 0 and up to 1")
    units = school_units(values, school, audience, gates, manner.what)
    known = _numbers(by_school(outcome, "outcome"))
    here = set(known_schools(known, units.labels, "outcome"))
    left_out = [(label, "no outcome") for label in units.labels if label not in here]
    left_out += [(label, "nobody answered") for label in known if label not in here]
    labels = [label for label in units.labels if label in here]
    side = Side(name="outcome", units=units, rows=units.rows(labels))
    found = _every_scale(side, np.array([known[label] for label in labels]), outcome_reliability or 1.0, manner)
    warn_if_few(max(c.n_schools for c in found), manner.what)
    p = np.array([c.p_value for c in found])
    both = zip(found, adjusted(p, "holm"), adjusted(p, "fdr_bh"), strict=True)
    given = outcome.name if isinstance(outcome, pd.Series) else None
    return OutcomeCorrelations(
        outcome=name or str(given or "the outcome"),
        outcome_reliability=outcome_reliability or 1.0,
        correlations=tuple(replace(c, p_holm=float(holm), p_bh=float(bh)) for c, holm, bh in both),
        left_out=listed(left_out, side),
        level=level,
        draws=draws,
        audience=units.audience,
    )


def _numbers(outcome: dict[str, object]) -> dict[str, float]:
    """Return outcomes as numbers."""
    found = {}
    for label, value in outcome.items():
        try:
            found[label] = float(value)  # type: ignore[arg-type]  # a text of digits is a number, another is refused
        except (TypeError, ValueError):
            raise ResponseError(f"outcome: school {label!r} has {value!r}, which is no number") from None
        if not np.isfinite(found[label]):
            raise ResponseError(f"outcome: school {label!r} has an infinite value")
    return found


def _every_scale(side: Side, outcome: Array, reliability: float, manner: Manner) -> list[OutcomeCorrelation]:
    """Correlate every scale; if none can be, say why."""
    rng = np.random.default_rng(manner.rng)
    found, refusals = [], []
    for k, scale in enumerate(side.units.names):
        present = np.isfinite(side.mean(k))
        try:
            check_enough(int(present.sum()), side.units, LEAST_SCHOOLS, "the correlation", manner.what)
        except CoherenceError as refusal:
            refusals.append(refusal)
            found.append(OutcomeCorrelation(scale=scale, n_schools=0, n_teachers=0, note=str(refusal)))
            continue
        found.append(_one_scale(scale, k, side.units, side.rows[present], outcome[present], reliability, manner, rng))
    if len(refusals) == len(found):
        raise refusals[0]
    return found


def _one_scale(
    scale: str,
    k: int,
    units: SchoolUnits,
    used: NDArray[np.intp],
    y: Array,
    outcome_reliability: float,
    manner: Manner,
    rng: np.random.Generator,
) -> OutcomeCorrelation:
    """Correlate one scale."""
    x, reliability = units.mean[used, k], units.reliability(k, used)
    counts: dict[str, Any] = {"scale": scale, "n_schools": len(used), "n_teachers": units.teachers(k, used)}
    if np.ptp(y) == 0:
        return OutcomeCorrelation(**counts, reliability=reliability, note=SAME_OUTCOME)
    if np.ptp(x) < 1e-12:
        return OutcomeCorrelation(**counts, reliability=reliability, note=NO_VARIATION)
    r = correlation(x, y, ranks=False)
    without = _leaving_one_out(x, y)
    shift = np.abs(np.where(np.isfinite(without), without, r.statistic) - r.statistic)
    attenuation = np.sqrt(reliability * outcome_reliability)
    return OutcomeCorrelation(
        **counts,
        r=r.statistic,
        p_value=r.p_value,
        reliability=reliability,
        r_disattenuated=float(r.statistic / attenuation) if attenuation > 0 else float("nan"),
        r_lowest=float(np.nanmin(without)),
        r_highest=float(np.nanmax(without)),
        most_influential=units.labels[used[int(shift.argmax())]],
        **_intervals(x, y, r.statistic, manner, rng),
        **_permuted(x, y, rng),
    )


def _permuted(x: Array, y: Array, rng: np.random.Generator) -> dict[str, Any]:
    """Return what shuffling says, of the values and of their ranks."""
    ranks = [np.asarray(pd.Series(v.round(12)).rank(), dtype=np.float64) for v in (x, y)]
    rho = correlation(x, y, ranks=True)
    of_values, of_ranks = permuted_outcomes(x, y, rng), permuted_outcomes(ranks[0], ranks[1], rng)
    return {
        "rho": rho.statistic,
        "p_rho": rho.p_value,
        "p_permutation": of_values.p_value,
        "n_permutations": of_values.n,
        "permutation_exact": of_values.exact,
        "p_attainable": of_values.attainable,
        "p_rho_permutation": of_ranks.p_value,
    }


def _intervals(x: Array, y: Array, r: float, manner: Manner, rng: np.random.Generator) -> dict[str, Any]:
    """Return Fisher's limits, and the bootstrap's."""
    J = len(x)
    lower, upper = FisherLimits(n=J).at(r, manner.level)
    samples = (rng.integers(J, size=(size, J)) for size in batches(manner.draws, J))
    drawn = np.concatenate([correlations(x[rows], y[rows]) for rows in samples])
    tail = float(ndtr(np.sqrt(J / (J - 1)) * stdtrit(J - 2, (1 - manner.level) / 2)))
    boot = expanded_percentiles(drawn, float("inf"), 1 - 2 * tail)
    return {"lower": lower, "upper": upper, "bootstrap_lower": boot[0], "bootstrap_upper": boot[1]}


def correlations(X: Array, Y: Array) -> Array:
    """Return the correlation of each row of X with the same row of Y.

    Parameters
    ----------
    X, Y : (B, J) array
        Values.

    Returns
    -------
    (B,) array
        NaN where a row does not vary.
    """
    X, Y = X - X.mean(axis=1, keepdims=True), Y - Y.mean(axis=1, keepdims=True)
    square = (X**2).sum(axis=1) * (Y**2).sum(axis=1)
    varies = square > 1e-20 * square.max(initial=0.0)  # a resample of one school many times does so by rounding alone
    r: Array = (X * Y).sum(axis=1) / np.sqrt(np.where(varies, square, np.nan))
    return r


def _leaving_one_out(x: Array, y: Array) -> Array:
    """Return the correlation without each school in turn."""
    others = np.array([np.delete(np.arange(len(x)), j) for j in range(len(x))])
    return correlations(x[others], y[others])
