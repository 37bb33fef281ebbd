"""`correlated_errors`: an indirect effect, by how much its mediator and its outcome have unmeasured in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from internal_coherence.errors import ModelError, check_level
from internal_coherence.ordering.doubt.claims import Doubted
from internal_coherence.ordering.doubt.errors_in_common import indirect_at, vanishing_rho
from internal_coherence.ordering.doubt.residuals import held_constant
from internal_coherence.ordering.evidence import Level, StageCovariance, error_by_school
from internal_coherence.ordering.graphs import Graph, MixedGraph
from internal_coherence.ordering.orders import Order
from internal_coherence.records import Record
from internal_coherence.responses import Responses

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID: Final = tuple(rho / 10 for rho in range(-9, 10))
COLUMNS: Final = (
    *("cause", "mediator", "effect", "given", "estimate", "se", "pvalue", "ci_lower", "ci_upper"),
    *("vanishing_rho", "vanishing_rho_se", "vanishing_r2"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CorrelatedErrors(Record):
    """Indirect effects if something unmeasured were behind mediator and outcome.

    Parameters
    ----------
    level : {"within", "between"}
        Of teachers within schools, or of schools.
    paths : DataFrame
        ``cause, mediator, effect, given``; ``estimate, se, pvalue, ci_lower, ci_upper`` of the indirect effect in standard
        deviations, if the errors of mediator and outcome do not correlate; ``vanishing_rho, vanishing_rho_se``, the correlation
        of those errors at which there is no indirect effect; ``vanishing_r2``, its square: the product of the shares of both
        errors that an unmeasured cause would have to explain.
    curve : DataFrame
        ``cause, mediator, effect, rho, estimate, se, ci_lower, ci_upper``: the effect at each correlation of errors.
    confidence : float
        Of the limits.
    n_schools : int
        Schools behind the standard errors.
    """

    level: Level
    paths: pd.DataFrame
    curve: pd.DataFrame
    confidence: float
    n_schools: int

    def to_frame(self) -> pd.DataFrame:
        """Return the paths.

        Returns
        -------
        DataFrame
        """
        return self.paths

    def __repr__(self) -> str:
        if not len(self.paths):
            return f"<CorrelatedErrors {self.level} schools: no stage stands between two others>"
        least = self.paths.sort_values("vanishing_rho", key=abs).iloc[0]
        through = f"{least['cause']} → {least['mediator']} → {least['effect']}"
        return (
            f"<CorrelatedErrors {self.level} schools, {len(self.paths)} indirect effects: the weakest, {through},"
            f" vanishes where errors correlate {least['vanishing_rho']:.3f}>"
        )


def correlated_errors(
    responses: Responses,
    order: Order,
    *,
    at: Level = "within",
    rho: Sequence[float] = GRID,
    level: float = 0.95,
) -> CorrelatedErrors:
    """Ask of every indirect effect what it would be if something unmeasured were behind its mediator and its outcome.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order
        Each two arrows of which one ends where the other begins are looked at.
    at : {"within", "between"}
        Of teachers within schools, or of schools.
    rho : sequence of float
        Correlations of the errors, between −1 and 1.
    level : float
        Of the limits.

    Returns
    -------
    CorrelatedErrors

    Raises
    ------
    ModelError
        For correlations that can't be.
    ResponseError
        As `check_ordering`.

    Notes
    -----
    Imai, Keele & Yamamoto (2010), for straight lines ``mediation::medsens``, with standard errors by the delta method that know
    of schools. Held constant are the cause and the other causes of mediator and outcome, but nothing that comes after the
    mediator or that the cause acts on: what flows through such a stage counts to the direct effect, or, after the mediator, to
    the indirect one.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}
    >>> district = ic.simulate_responses(n_schools=40, teachers=20, graph=truth, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> ic.correlated_errors(district, order).paths[["estimate", "se", "vanishing_rho"]].round(2)
       estimate    se  vanishing_rho
    0      0.22  0.03           0.41
    """
    doubted = Doubted.of(responses, order, "correlated_errors")
    covariance = doubted.covariance(at)
    return correlated_errors_of(covariance, doubted.measured, doubted.graph, rho=rho, level=level)


def correlated_errors_of(
    covariance: StageCovariance,
    measured: MixedGraph,
    graph: Graph,
    *,
    rho: Sequence[float] = GRID,
    level: float = 0.95,
) -> CorrelatedErrors:
    """Ask the same of covariances that are known.

    Parameters
    ----------
    covariance : StageCovariance
    measured, graph : MixedGraph, Graph
        Arrows among its stages, and the whole order.
    rho, level
        As in `correlated_errors`.

    Returns
    -------
    CorrelatedErrors
    """
    grid = np.asarray(rho, dtype=np.float64)
    if grid.ndim != 1 or not (np.abs(grid) < 1).all():
        raise ModelError(f"rho is a list of correlations between −1 and 1, not {rho!r}")
    check_level(level)
    standard = covariance.standardized()
    paths, curves = [], []
    for cause, mediator in measured.arrows:
        for other, effect in measured.arrows:
            if other != mediator:
                continue
            given = _held(measured, graph, cause, mediator, effect)
            row, curve = _path(standard, (cause, mediator, effect), given, grid, level)
            paths.append(row)
            curves.append(curve)
    columns = ["cause", "mediator", "effect", "rho", "estimate", "se", "ci_lower", "ci_upper"]
    return CorrelatedErrors(
        level=covariance.level,
        paths=pd.DataFrame(paths, columns=list(COLUMNS)),
        curve=pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=columns),
        confidence=level,
        n_schools=covariance.n_schools,
    )


def _held(measured: MixedGraph, graph: Graph, cause: str, mediator: str, effect: str) -> list[str]:
    """Return what is held constant beside the cause: causes of mediator and outcome that the cause does not act on."""
    causes = {a for a, b in measured.arrows if b in (mediator, effect)} - {cause, mediator}
    return [stage for stage in measured.nodes if stage in causes and stage not in graph.descendants(cause)]


def _path(
    covariance: StageCovariance,
    path: tuple[str, str, str],
    given: Sequence[str],
    rho: NDArray[np.float64],
    level: float,
) -> tuple[tuple[object, ...], pd.DataFrame]:
    at, held = ([covariance.stages.index(stage) for stage in stages] for stages in (path, given))
    S, moved = held_constant(covariance.matrix, covariance.contributions, at, held)
    J = covariance.n_schools
    estimate, change = indirect_at(S, moved, np.concatenate([[0.0], rho]))
    se = error_by_school(change)
    reach = stdtrit(J - 1, (1 + level) / 2) * se
    lower, upper = estimate - reach, estimate + reach
    zero, of_schools = vanishing_rho(S, moved)
    row = (
        *(*path, ", ".join(given), estimate[0], se[0], 2 * stdtr(J - 1, -abs(estimate[0] / se[0])), lower[0], upper[0]),
        *(zero, float(error_by_school(of_schools)), zero**2),
    )
    named = dict(zip(("cause", "mediator", "effect"), path, strict=True))
    table = {"rho": rho, "estimate": estimate[1:], "se": se[1:], "ci_lower": lower[1:], "ci_upper": upper[1:]}
    return row, pd.DataFrame({**named, **table})
