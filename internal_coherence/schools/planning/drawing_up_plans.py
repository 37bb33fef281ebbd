"""Planning a survey: how many teachers in how many schools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import ceil, inf, isnan
from typing import Any, Final

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, check_level
from internal_coherence.schools.planning.precision import (
    MOST_TEACHERS,
    design_effect_of,
    detectable,
    district_change,
    district_margin,
    power_of_t,
    reliability_of_mean,
    school_change,
    school_margin,
    teachers_for_reliability,
)
from internal_coherence.schools.planning.school_plan import SchoolPlan

NAN: Final = float("nan")


def plan_schools(
    icc: float | Mapping[str, float] | pd.Series,
    *,
    teachers: int | Sequence[int] = (5, 10, 15, 20, 30, 40),
    schools: int | Sequence[int] = (5, 10, 20, 40, 80),
    sd: float = 1.0,
    target_icc2: float = 0.70,
    margin: float | None = None,
    change: float | None = None,
    staff: int | None = None,
    district: int | None = None,
    overlap: float = 0.0,
    stability: float = 0.0,
    school_stability: float = 0.9,
    power: float = 0.80,
    alpha: float = 0.05,
    level: float = 0.95,
) -> SchoolPlan:
    """Reliability, margins and power that numbers of teachers and schools buy, and how many are needed.

    Parameters
    ----------
    icc : float, or mapping or Series of scale to float
        Intraclass correlation, from 0 to below 1; a negative estimate counts as 0 only if you say so.
    teachers, schools : int or sequence of int
        Teachers who answer in each school, and schools: the grid.
    sd : float
        Standard deviation of teachers' scores over all schools: the unit of `margin` and `change`.
    target_icc2 : float
        Wanted reliability of a school's mean.
    margin : float, optional
        Wanted half-width of the interval of one school's mean.
    change : float, optional
        Change between two waves that is to be seen.
    staff, district : int, optional
        Teachers of a school, and schools of the district, where it is only about these and now: all of them answering
        leaves no margin. It narrows the margins; a change is always taken for more than the teachers of the day.
    overlap, stability : float
        Share of teachers who answer in both waves, and the correlation of such a teacher's answers within the school.
    school_stability : float
        Correlation of schools' true means between waves.
    power, alpha, level : float
        Wanted power, level of the two-sided test, and of the margins.

    Returns
    -------
    SchoolPlan

    Raises
    ------
    ModelError
        For numbers that can't be: an ICC of 1, no teachers, more teachers than staff, and so on.

    Notes
    -----
    ``power.t.test(n, delta, sd, strict = TRUE)`` where the teachers of the second wave are others; Spearman and Brown's
    formula; Kish (1965); Cochran (1977, §10.3). The formulas, and an example, are in the guide *Plan a survey*.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> plan = ic.plan_schools(0.12, teachers=20, schools=24, change=0.25)
    >>> plan.needed()[["teachers_for_icc2", "teachers_for_change", "schools_for_change"]]
       teachers_for_icc2  teachers_for_change  schools_for_change
    0               18.0                222.0                17.0
    """
    rhos = _iccs(icc)
    k, J = _counts("teachers", teachers), _counts("schools", schools)
    shares = {"overlap": overlap, "stability": stability, "school_stability": school_stability}
    _check(k, J, sd, staff, district, shares)
    for name, given in (("target_icc2", target_icc2), ("power", power), ("alpha", alpha)):
        if not 0 < given < 1:
            raise ModelError(f"{name}={given} is not between 0 and 1")
    check_level(level)
    if power <= alpha:
        raise ModelError(f"power={power} must be above alpha={alpha}, the power to see nothing")
    for name, wanted in (("margin", margin), ("change", change)):
        if wanted is not None and not 0 < wanted < inf:
            raise ModelError(f"{name}={wanted} is not above 0")
    plan: dict[str, Any] = {
        "sd": float(sd),
        "target_icc2": target_icc2,
        "margin": NAN if margin is None else float(margin),
        "change": NAN if change is None else float(change),
        "staff": inf if staff is None else float(staff),
        "district": inf if district is None else float(district),
        **shares,
        "power": power,
        "alpha": alpha,
        "level": level,
    }
    grid = [_point(scale, rho, n, m, plan) for (scale, rho), n, m in product(rhos.items(), k, J)]
    answers = [_needed(scale, rho, n, plan) for (scale, rho), n in product(rhos.items(), k)]
    return SchoolPlan(grid=pd.DataFrame(grid), answers=pd.DataFrame(answers), icc=rhos, **plan)


def _iccs(icc: float | Mapping[str, float] | pd.Series) -> dict[str, float]:
    """Return scale to ICC."""
    given = {str(k): v for k, v in icc.items()} if isinstance(icc, (Mapping, pd.Series)) else {"any scale": icc}
    try:
        rhos = {scale: float(rho) for scale, rho in given.items()}
    except (TypeError, ValueError):
        raise ModelError("icc is a number, or a mapping of scale to number") from None
    if not rhos:
        raise ModelError("icc is empty: there is nothing to plan for")
    for scale, rho in rhos.items():
        if not 0 <= rho < 1:
            raise ModelError(f"icc of {scale} is {rho}; a plan needs one from 0 to below 1")
    return rhos


def _counts(name: str, given: int | Sequence[int]) -> list[int]:
    """Return whole numbers, ascending."""
    values = np.unique(np.atleast_1d(np.asarray(given, dtype=np.float64)))
    if not len(values) or not np.isfinite(values).all() or (values < 1).any() or (values % 1 != 0).any():
        raise ModelError(f"{name}={given!r}: give whole numbers of at least 1")
    return [int(v) for v in values]


def _check(
    k: list[int], J: list[int], sd: float, staff: int | None, district: int | None, shares: Mapping[str, float]
) -> None:
    """Refuse what can't be."""
    if not 0 < sd < inf:
        raise ModelError(f"sd={sd} is not above 0")
    for name, most, counts, what in (("staff", staff, k, "teachers"), ("district", district, J, "schools")):
        if most is not None and counts[-1] > most:
            raise ModelError(f"{name}={most} is fewer than the {counts[-1]} {what} who are to answer")
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ModelError(f"{name}={share} is not between 0 and 1")


def _point(scale: str, rho: float, k: int, J: int, plan: Mapping[str, Any]) -> dict[str, object]:
    """Return a row of the grid."""
    tau2, sigma2 = rho * plan["sd"] ** 2, (1 - rho) * plan["sd"] ** 2
    deff = float(design_effect_of(rho, k))
    one = school_change(sigma2, k, plan["overlap"], plan["stability"])
    all_schools = district_change(tau2, sigma2, k, J, plan["school_stability"], plan["overlap"], plan["stability"])
    tests = {"school": one, "district": all_schools}
    return {
        "scale": scale,
        "icc": rho,
        "teachers": k,
        "schools": J,
        "icc2": float(reliability_of_mean(rho, k)),
        "school_margin": float(school_margin(np.sqrt(sigma2), k, plan["staff"], plan["level"])),
        "district_margin": float(district_margin(tau2, sigma2, k, J, plan["staff"], plan["district"], plan["level"])),
        "design_effect": deff,
        "effective_n": k * J / deff,
        **{
            f"{name}_power": NAN if isnan(plan["change"]) else power_of_t(plan["change"], *test, plan["alpha"])
            for name, test in tests.items()
        },
        **{f"{name}_detectable": detectable(*test, plan["alpha"], plan["power"]) for name, test in tests.items()},
    }


def _needed(scale: str, rho: float, k: int, plan: Mapping[str, Any]) -> dict[str, object]:
    """Return how many are needed, for schools of k teachers where it depends on that."""
    tau2, sigma2 = rho * plan["sd"] ** 2, (1 - rho) * plan["sd"] ** 2
    overlap, stability, alpha = plan["overlap"], plan["stability"], plan["alpha"]

    def precise(n: int) -> bool:
        return float(school_margin(np.sqrt(sigma2), n, plan["staff"], plan["level"])) <= float(plan["margin"])

    def seen_in_one(n: int) -> bool:
        return power_of_t(plan["change"], *school_change(sigma2, n, overlap, stability), alpha) >= float(plan["power"])

    def seen_in_all(n: int) -> bool:
        test = district_change(tau2, sigma2, k, n, plan["school_stability"], overlap, stability)
        return power_of_t(plan["change"], *test, alpha) >= float(plan["power"])

    exact = teachers_for_reliability(rho, plan["target_icc2"])
    return {
        "scale": scale,
        "icc": rho,
        "teachers": k,
        "teachers_for_icc2": float(max(ceil(exact - 1e-9), 1)) if exact < inf else NAN,
        "teachers_for_margin": NAN if isnan(plan["margin"]) else _fewest(precise),
        "teachers_for_change": NAN if isnan(plan["change"]) else _fewest(seen_in_one),
        "schools_for_change": NAN if isnan(plan["change"]) else _fewest(seen_in_all),
    }


def _fewest(enough: Callable[[int], bool]) -> float:
    """Return the smallest number from 2 that is enough, NaN if none up to the most is: more is never worse."""
    if not enough(MOST_TEACHERS):
        return NAN
    low, high = 1, MOST_TEACHERS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return float(high)
