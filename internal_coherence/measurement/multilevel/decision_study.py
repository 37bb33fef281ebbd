"""How reliable a school's mean is, and how many teachers it would take: (teachers : schools) × items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option
from internal_coherence.records import Record

Array = NDArray[np.float64]
Facet = Literal["random", "fixed"]
FACETS: Final[tuple[str, ...]] = get_args(Facet)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolMeanComponents(Record):
    """Components of variance of one answer: schools, items in schools, teachers, and teachers with items.

    Parameters
    ----------
    school : float
        σ²_s: what sets schools apart on every item; the mean covariance of two items between schools.
    school_item : float
        σ²_si: schools on single items.
    teacher : float
        σ²_ts: teachers in their school; the mean covariance of two items within schools.
    residual : float
        σ²_tsi,e: a teacher on a single item, and chance.
    n_items : int
        Items on the scale.
    """

    school: float
    school_item: float
    teacher: float
    residual: float
    n_items: int

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row a component, with its share of their sum.

        Returns
        -------
        DataFrame
        """
        names = ("school", "school_item", "teacher", "residual")
        values = np.array([getattr(self, name) for name in names])
        return pd.DataFrame({"component": names, "variance": values, "share": values / values.sum()})

    def __repr__(self) -> str:
        return (
            f"<components: school {self.school:.3f}, school × item {self.school_item:.3f},"
            f" teacher {self.teacher:.3f}, residual {self.residual:.3f}>"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class TeachersNeeded(Record):
    """How many teachers a school it takes; ``float()`` of it is their number, infinite where none would do.

    Parameters
    ----------
    teachers : int or None
        None where the target is out of reach.
    target : float
        The reliability wanted.
    limit : float
        The reliability with any number of teachers; 1 with fixed items.
    items : int
        On the scale.
    facet : {"random", "fixed"}
        Whether the items stand for others like them.
    """

    teachers: int | None
    target: float
    limit: float
    items: int
    facet: Facet

    def __float__(self) -> float:
        return float("inf") if self.teachers is None else float(self.teachers)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        items = f"{self.items} {self.facet} items"
        if self.teachers is None:
            why = "the components are not known" if np.isnan(self.limit) else f"it cannot pass {self.limit:.3f}"
            return f"<no number of teachers gives {self.target:.2f} with {items}: {why}>"
        return f"<{self.teachers} teachers a school for {self.target:.2f} with {items}>"


def school_mean_components(W: Array, B: Array) -> SchoolMeanComponents:
    """Return the components of variance from the covariances at both levels.

    Parameters
    ----------
    W, B : (k, k) array
        Within and between schools.

    Returns
    -------
    SchoolMeanComponents
    """
    k = len(W)
    apart = ~np.eye(k, dtype=bool)
    return SchoolMeanComponents(
        school=float(B[apart].mean()),
        school_item=float(np.diag(B).mean() - B[apart].mean()),
        teacher=float(W[apart].mean()),
        residual=float(np.diag(W).mean() - W[apart].mean()),
        n_items=k,
    )


def universe_and_error(
    c: SchoolMeanComponents, teachers: float | Array, items: int, facet: Facet
) -> tuple[float, float | Array]:
    """Return the variance of schools that is meant, and that which is not, in a school's mean.

    Parameters
    ----------
    c : SchoolMeanComponents
        Of one answer.
    teachers : float or array
        A school.
    items : int
        On the scale.
    facet : {"random", "fixed"}
        Items that stand for others like them, or these and no others.

    Returns
    -------
    float
    float or array
    """
    chance = (c.teacher + c.residual / items) / teachers
    of_items = c.school_item / items
    return (c.school, of_items + chance) if facet == "random" else (c.school + of_items, chance)


def decision_table(c: SchoolMeanComponents, teachers: Iterable[float], items: Iterable[int]) -> pd.DataFrame:
    """Return the reliability of a school's mean by numbers of teachers and items.

    Parameters
    ----------
    c : SchoolMeanComponents
        Of one answer.
    teachers : iterable of float
        Teachers a school.
    items : iterable of int
        Items.

    Returns
    -------
    DataFrame
        Columns ``teachers``, ``items``, ``facet``, ``universe``, ``error``, ``standard_error``, ``reliability``.

    Raises
    ------
    ModelError
        For numbers that are not above 0.
    """
    rows = []
    for facet in FACETS:
        for k in _above_zero("items", items):
            for n in _above_zero("teachers", teachers):
                universe, error = universe_and_error(c, n, int(k), facet)  # type: ignore[arg-type]  # of FACETS
                rows.append((n, int(k), facet, universe, error, _root(float(error)), _share(universe, float(error))))
    names = ["teachers", "items", "facet", "universe", "error", "standard_error", "reliability"]
    return pd.DataFrame(rows, columns=names)


def teachers_for(c: SchoolMeanComponents, target: float, items: int | None, facet: Facet) -> TeachersNeeded:
    """Return how many teachers a school give a reliability.

    Parameters
    ----------
    c : SchoolMeanComponents
        Of one answer.
    target : float
        The reliability wanted, between 0 and 1.
    items : int, optional
        Items; by default those of the scale.
    facet : {"random", "fixed"}
        Items that stand for others like them, or these and no others.

    Returns
    -------
    TeachersNeeded

    Raises
    ------
    ModelError
        For a target that is not between 0 and 1, or an option that does not exist.
    """
    check_option("facet", facet, FACETS)
    if not 0 < target < 1:
        raise ModelError(f"target={target} is not between 0 and 1")
    k = c.n_items if items is None else int(_above_zero("items", [items])[0])
    universe, chance = universe_and_error(c, 1.0, k, facet)
    lasting = c.school_item / k if facet == "random" else 0.0
    single = float(chance) - lasting
    limit = _share(universe, lasting)
    room = universe * (1 - target) / target - lasting
    teachers = max(int(np.ceil(single / room * (1 - 1e-12))), 1) if universe > 0 and room > 0 else None
    return TeachersNeeded(teachers=teachers, target=target, limit=limit, items=k, facet=facet)


def _share(universe: float, error: float) -> float:
    """Negative where components are, NaN where nothing varies; never cut off."""
    return universe / (universe + error) if universe + error > 0 else float("nan")


def _root(x: float) -> float:
    return float(np.sqrt(x)) if x >= 0 else float("nan")


def _above_zero(name: str, given: Iterable[float]) -> list[float]:
    """Return a list of numbers, or refuse it."""
    numbers = list(given) if isinstance(given, Iterable) else [given]
    wrong = [x for x in numbers if not isinstance(x, (int, float, np.integer, np.floating)) or not 0 < x < np.inf]
    if wrong or not numbers:
        raise ModelError(f"{name}={given!r}: numbers above 0, for instance {name}=(5, 10)")
    if name == "items" and (broken := [x for x in numbers if x != int(x)]):
        raise ModelError(f"items={broken[0]!r} is not a whole number")
    return numbers
