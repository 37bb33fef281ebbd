"""`common_method`: stages' associations if part of them comes of the same teachers answering everything."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import CoherenceWarning, ModelError, closest
from internal_coherence.latent import SemFit, cfa
from internal_coherence.ordering.doubt.claims import Doubted, claim_test
from internal_coherence.ordering.evidence import StageCovariance, within_schools
from internal_coherence.ordering.evidence.measurement_model import MeasurementPlan
from internal_coherence.ordering.evidence.within import Deviations, deviations
from internal_coherence.ordering.graphs import Independence
from internal_coherence.ordering.orders import Order, Stage
from internal_coherence.records import Record
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
LOADINGS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
COLUMNS: Final = ("taken_out", "loading", "first", "second", "given", "estimate", "se", "pvalue")
WEAK: Final = 0.04
"""A share of items' variance whose standard error is larger is told by the answers in name only."""


def marker_adjusted(r: float, r_marker: float, moved: Array, moved_marker: Array) -> tuple[float, Array]:
    """Return a correlation less what a marker says that the method makes.

    Parameters
    ----------
    r, r_marker : float
        Of two stages; of what has nothing to do with them but the method.
    moved, moved_marker : (J,) array
        What each school adds to both.

    Returns
    -------
    float
        (r − r_M)/(1 − r_M).
    (J,) array

    Notes
    -----
    Lindell & Whitney (2001).
    """
    value = (r - r_marker) / (1 - r_marker)
    return value, (moved + (value - 1) * moved_marker) / (1 - r_marker)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CommonMethod(Record):
    """Stages' associations within schools, less what a common method may make of them.

    Parameters
    ----------
    associations : DataFrame
        ``taken_out``: ``"nothing"``, ``"method factor"`` or ``"marker"``; ``loading``, how strongly every item loads on the
        method factor, or the correlation of the marker; ``first, second, given, estimate, se, pvalue``: correlations of stages,
        and partial correlations that the order says are 0. NaN where so much can't be taken out.
    loading, loading_se : float
        Of the method factor as the data tell it; NaN where they do not tell it.
    marker : str or None
        The scale.
    n_teachers, n_schools : int
        Whose answers.
    notes : tuple of str
        What a reader should know.
    """

    associations: pd.DataFrame
    loading: float
    loading_se: float
    marker: str | None
    n_teachers: int
    n_schools: int
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the associations.

        Returns
        -------
        DataFrame
        """
        return self.associations

    def __repr__(self) -> str:
        told = f"loading {self.loading:.3f} (se {self.loading_se:.3f})" if self.loading == self.loading else "not told"
        marker = f"; marker {self.marker!r}" if self.marker else ""
        of = f"{self.n_teachers} teachers in {self.n_schools} schools"
        return f"<CommonMethod: method factor {told} by the answers{marker}; {of}>"


def common_method(
    responses: Responses, order: Order, *, loadings: Sequence[float] = LOADINGS, marker: str | None = None
) -> CommonMethod:
    """Take out of the stages' associations what one method factor, or a marker, would account for.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order
    loadings : sequence of float
        How strongly each item may load on the method factor, in its standard deviation within schools, from 0 to below 1; with 0,
        nothing is taken out. The loading as the data tell it is added.
    marker : str, optional
        A scale of the survey that has nothing to do with the order's stages, measured in the same way.

    Returns
    -------
    CommonMethod

    Raises
    ------
    ModelError
        For a loading that can't be, a marker that is no scale, or one of the order's.
    ResponseError
        As `check_ordering`.

    Notes
    -----
    All items load alike on a factor that has nothing to do with the stages (Podsakoff et al. 2003), within schools. Whether data tell
    its loading depends on scales whose own loadings differ; where they do not, it is told with a large standard error or not at
    all, and the fixed loadings are what there is. A factor behind all stages that is no method, such as a good school year, is
    taken out with it. The marker's correlation is the smallest of its correlations with stages, but not below 0 (Lindell &
    Whitney 2001), here of latent variables.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=40, teachers=20, shared_rater=0.4, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support")
    >>> ic.common_method(district, order, loadings=[0, 0.4]).associations.query("loading in (0, 0.4)")["estimate"].round(2).tolist()
    [0.6, 0.46]
    """
    doubted = Doubted.of(responses, order, "common_method")
    if isinstance(loadings, (int, float)) or not all(0 <= h < 1 for h in loadings):
        raise ModelError(f"loadings is a list of numbers from 0 to below 1, not {loadings!r}")
    plan = MeasurementPlan.of(doubted.responses.instrument, doubted.stages, "composite")
    apart = deviations(doubted.responses, plan.items)
    claims = _pairs(doubted.names, doubted.claims)
    plain = within_schools(doubted.responses, doubted.stages).standardized()
    rows: list[tuple[object, ...]] = []
    for h in loadings:
        if h == 0:
            rows += _rows("nothing", h, claims, doubted.names, (plain.matrix, plain.contributions))
        else:
            found = _read(plan, _fitted(apart, plan, h**2))
            rows += _rows("method factor", h, claims, doubted.names, found)
    told = _told(apart, plan)
    if told.found is not None:
        rows += _rows("method factor", told.loading, claims, doubted.names, told.found)
    if marker is not None:
        rows += _by_marker(doubted, marker)
    return CommonMethod(
        associations=pd.DataFrame(rows, columns=list(COLUMNS)),
        loading=told.loading,
        loading_se=told.se,
        marker=marker,
        n_teachers=plain.n_teachers,
        n_schools=plain.n_schools,
        notes=(told.why,) if told.why else (),
    )


def _pairs(names: Sequence[str], claims: Sequence[Independence]) -> list[Independence]:
    pairs = [Independence(a, b) for j, b in enumerate(names) for a in names[:j]]
    return pairs + [claim for claim in claims if claim.given]


def _rows(
    taken: str, h: float, claims: Sequence[Independence], names: Sequence[str], found: tuple[Array, Array] | None
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for claim in claims:
        nan = float("nan")
        r, se, p = (nan, nan, nan) if found is None else claim_test(found[0], found[1], names, claim)
        rows.append((taken, h, claim.first, claim.second, ", ".join(claim.given), r, se, p))
    return rows


def _fitted(apart: Deviations, plan: MeasurementPlan, share: float | None) -> SemFit | None:
    """Fit the measurement model with a method factor that makes a share of each item's variance; None if there is none."""
    given = "NA" if share is None else repr(float(share))
    lines = ["method =~ " + " + ".join(f"1*v{i}" for i in range(len(plan.items))), f"method ~~ {given}*method"]
    lines += [f"method ~~ 0*s{m}" for m in range(plan.n_scales)]
    frame = pd.DataFrame(apart.answers, columns=[f"v{i}" for i in range(len(plan.items))])
    model = "\n".join([plan.syntax(), *lines])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoherenceWarning)  # what goes wrong is told by NaN and a note
        try:
            fit = cfa(frame, model, estimator="MLR", missing="fiml", cluster=apart.school, std_lv=True)
        except ModelError:
            return None
    return fit if fit.converged else None


def _read(plan: MeasurementPlan, fit: SemFit | None) -> tuple[Array, Array] | None:
    if fit is None:
        return None
    try:
        read = plan.read(fit)
    except ModelError:
        return None
    return read.matrix, read.contributions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Told:
    """What the answers say of a method factor: its loading, and the stages without it; or why nothing."""

    loading: float = float("nan")
    se: float = float("nan")
    found: tuple[Array, Array] | None = None
    why: str = ""


def _told(apart: Deviations, plan: MeasurementPlan) -> _Told:
    fit = _fitted(apart, plan, None)
    if fit is None:
        return _Told(why="the answers do not tell a method factor apart from the stages")
    row = fit.parameter_estimates().query("lhs == 'method' and op == '~~' and rhs == 'method'").iloc[0]
    share, se = float(row["est"]), float(row["se"])
    if not se < WEAK:
        return _Told(
            why="the answers hardly tell a method factor apart from the stages: scales' own loadings are too alike"
        )
    if share <= 0:
        return _Told(
            why="the answers show no method factor: items of different scales have nothing in common that stages have not"
        )
    loading = float(np.sqrt(share))
    return _Told(loading=loading, se=se / (2 * loading), found=_read(plan, fit))


def _by_marker(doubted: Doubted, marker: str) -> list[tuple[object, ...]]:
    """Return the stages' correlations less the marker's."""
    scales = [scale.key for scale in doubted.responses.instrument.scales]
    if marker not in scales:
        raise ModelError(f"marker={marker!r} is no scale of this survey{closest(marker, scales)}")
    if any(marker in stage.measured_by for stage in doubted.stages):
        raise ModelError(f"marker={marker!r} measures a stage of the order; a marker has nothing to do with any")
    stage = Stage(key=marker, label=marker, measured_by=(marker,))
    covariance: StageCovariance = within_schools(doubted.responses, [*doubted.stages, stage]).standardized()
    R, moved, last = covariance.matrix, covariance.contributions, len(doubted.stages)
    nearest = int(np.argmin(R[last, :last]))
    positive = float(R[last, nearest] > 0)
    r_marker, by_school = positive * float(R[last, nearest]), positive * moved[:, last, nearest]
    k = len(doubted.stages)
    matrix, change = np.eye(k), np.zeros((len(moved), k, k))
    for j in range(k):
        for i in range(j):
            r, of_school = marker_adjusted(R[i, j], r_marker, moved[:, i, j], by_school)
            matrix[i, j] = matrix[j, i] = r
            change[:, i, j] = change[:, j, i] = of_school
    claims = _pairs(doubted.names, doubted.claims)
    return _rows("marker", r_marker, claims, doubted.names, (matrix, change))
