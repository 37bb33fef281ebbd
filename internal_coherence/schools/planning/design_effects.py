"""What it costs that teachers come in schools: the design effect and the effective number of teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError, check_option
from internal_coherence.moments.spread import SchoolSpread, school_spread
from internal_coherence.records import ByScale, Record
from internal_coherence.schools.entrance import School, Values, Variables, variables
from internal_coherence.schools.planning.precision import design_effect_of
from internal_coherence.schools.variance.analysis_of_variance import icc1_from_ratio, one_way
from internal_coherence.schools.variance.components import components_of
from internal_coherence.schools.variance.intraclass_estimates import refuse_too_few
from internal_coherence.schools.variance.intraclass_record import METHODS, Method

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DesignEffect(Record):
    """How much less a teacher tells because others of the same school answered too; ``float()`` of it is `estimate`.

    Parameters
    ----------
    estimate : float
        By how much the variance of the mean of all teachers is larger than if they were independent.
    icc : float
        The one used; never cut off at zero, so that the design effect may be below 1.
    method : {"anova", "reml", "ml", "given"}
        Where it is from.
    n, n_missing, n_schools : int
        Teachers, teachers left out for a missing value, and schools.
    mean_size, size_cv : float
        Teachers a school, and the coefficient of variation of that (divisor J).
    weighted_size : float
        Size of an average teacher's school, Σn²/Σn = mean_size (1 + size_cv²).
    effective_n : float
        Independent teachers who would tell as much: n/estimate.
    se_inflation : float
        √estimate: how much too short a standard error is that forgets the schools.
    """

    estimate: float
    icc: float
    method: Method | Literal["given"]
    n: int
    n_missing: int
    n_schools: int
    mean_size: float
    size_cv: float
    weighted_size: float
    effective_n: float
    se_inflation: float

    def __float__(self) -> float:
        return self.estimate

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        return (
            f"<design effect {self.estimate:.2f}: {self.n} teachers in {self.n_schools} schools tell as much as"
            f" {self.effective_n:.0f} independent ones; ICC {self.icc:.3f} ({self.method})>"
        )


def design_effect(
    values: Values | None = None,
    school: School = None,
    *,
    icc: float | None = None,
    sizes: ArrayLike | None = None,
    method: Method = "anova",
) -> DesignEffect | ByScale[DesignEffect]:
    """Design effect of teachers in schools, and how many independent teachers they are worth.

    Parameters
    ----------
    values : (n,) array or Series, (n, q) array or DataFrame, or Responses, optional
        One number a teacher, or several; of a survey of one wave, the scale scores.
    school : (n,) array or Series, optional
        Each teacher's school; `Responses` know theirs.
    icc : float, optional
        Take this intraclass correlation; with `sizes` no answers are needed.
    sizes : (J,) array of int, optional
        Teachers in each school, in place of `values`.
    method : {"anova", "reml", "ml"}
        How the intraclass correlation is had from answers: (MSB − MSW)/(MSB + (k₀ − 1)MSW), which may be negative, or
        τ²/(τ² + σ²) by restricted, or full, maximum likelihood.

    Returns
    -------
    DesignEffect, or mapping of scale to DesignEffect

    Raises
    ------
    ModelError
        For sizes without an ICC, both values and sizes, or an ICC that can't be.
    ResponseError
        With one school only, or no school of two teachers, and no ICC given.

    Notes
    -----
    1 + (k̄(1 + cv²) − 1)ρ: Kish (1965); Eldridge, Ashby & Kerry (2006). It holds for the mean of all teachers, each of one
    vote.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.design_effect(icc=0.10, sizes=[21] * 30)
    <design effect 3.00: 630 teachers in 30 schools tell as much as 210 independent ones; ICC 0.100 (given)>
    """
    check_option("method", method, METHODS)
    if icc is not None and not -1 <= float(icc) <= 1:
        raise ModelError(f"icc={icc} is not between -1 and 1")
    if values is not None and sizes is None:
        table = variables(values, school, "design_effect")
        return table.each(_each(table, icc, method))
    if sizes is None or values is not None:
        raise ModelError("design_effect takes either values and their schools, or sizes= of schools and icc=")
    if icc is None:
        raise ModelError("design_effect: sizes= tell nothing of how alike teachers are; give icc= as well")
    return _effect(_sizes(sizes), float(icc), "given", 0)


def _sizes(sizes: ArrayLike) -> Array:
    size = np.asarray(sizes, dtype=np.float64)
    if size.ndim != 1 or not len(size) or not np.isfinite(size).all() or (size < 1).any() or (size % 1 != 0).any():
        raise ModelError("sizes are whole numbers of at least 1, one a school")
    return size


def _each(table: Variables, icc: float | None, method: Method) -> Sequence[DesignEffect]:
    """Return each variable's design effect."""
    spread = school_spread(table.X, table.groups)
    if icc is None:
        refuse_too_few(spread, "design_effect", None if table.single else table.names)
    found = []
    for k, missing in enumerate(np.isnan(table.X).sum(axis=0)):
        size = spread.size[:, k]
        rho = float(icc) if icc is not None else _icc(spread.columns([k]), method)
        found.append(_effect(size[size > 0], rho, "given" if icc is not None else method, int(missing)))
    return found


def _icc(spread: SchoolSpread, method: Method) -> float:
    """Return the intraclass correlation of one variable; NaN if nothing varies."""
    if method == "anova":
        a = one_way(spread.size, spread.mean, spread.sum_of_squares)
        return float(icc1_from_ratio(a.ratio, a.k0)[0])
    [components] = components_of(spread, method, np.zeros(1, dtype=np.intp))
    return components.icc


def _effect(size: Array, rho: float, method: Method | Literal["given"], missing: int) -> DesignEffect:
    """Return the design effect of schools of these sizes."""
    n, k = float(size.sum()), float(size.mean())
    weighted = float(size @ size) / n
    effect = float(design_effect_of(rho, weighted))
    return DesignEffect(
        estimate=effect,
        icc=rho,
        method=method,
        n=int(n),
        n_missing=missing,
        n_schools=len(size),
        mean_size=k,
        size_cv=float(size.std() / k),
        weighted_size=weighted,
        effective_n=n / effect if effect > 0 else float("nan"),
        se_inflation=float(np.sqrt(effect)) if effect >= 0 else float("nan"),
    )
