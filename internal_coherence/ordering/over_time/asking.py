"""`order_over_time`: from the answers of the same teachers over waves to paths between the stages of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, check_level, check_option
from internal_coherence.latent import SemFit, sem
from internal_coherence.ordering.orders import Order
from internal_coherence.ordering.over_time.joint_tests import TESTED, check_schools, tests_of, with_limits
from internal_coherence.ordering.over_time.lagged_models import Leading, Model, WrittenModel
from internal_coherence.ordering.over_time.laying_out import LEAST_WAVES, WHAT, WRITE, Asked, laid_out
from internal_coherence.ordering.over_time.linking import times_of, waves_in_time
from internal_coherence.ordering.over_time.measuring_alike import measured_alike
from internal_coherence.ordering.over_time.order_over_time_record import Measurement, OrderOverTime
from internal_coherence.ordering.over_time.precedence import MeasuredStages, measured_stages
from internal_coherence.responses import Responses

COMPARES_LEVELS: Final = ("latent_change", "growth")
SCHOOL: Final = "school of the teacher"
"""The column that holds schools; no stage or item is called so."""


def order_over_time(
    responses: Responses,
    order: Order,
    *,
    model: Model | Literal["auto"] = "auto",
    measurement: Measurement | Literal["auto"] = "auto",
    leading: Leading = "level",
    equal_lags: bool = False,
    times: Sequence[float] | None = None,
    missing: Literal["listwise", "fiml"] = "fiml",
    invariance: bool = True,
    level: float = 0.95,
    progress: bool = False,
) -> OrderOverTime:
    """Ask whether earlier stages of an order are followed by later ones, in the same teachers over waves.

    Parameters
    ----------
    responses : Responses
        Of two waves or more, with ids that teachers keep (``teacher=`` of `read_responses`).
    order : Order
        For instance ``ic.load_order("elmore-boston")``. Stages that no scale measures are left out, and named in the result.
    model : {"auto", "cross_lagged", "random_intercept", "latent_change", "growth"}
        How stages in one wave go with all stages one wave before; the same beyond what teachers stably differ by; how changes go
        with levels before; how slopes go with the level at the beginning. ``"auto"`` is cross-lagged with two waves, and
        random-intercept with more.
    measurement : {"auto", "latent", "scores"}
        Stages as latent variables, measured alike in all waves by their scales' scores, or by the items of a stage's only scale; or
        as means of scale scores, standardised once over all waves. ``"auto"`` is latent if every stage has three indicators and there
        are five teachers a free parameter; the result says why not.
    leading : {"level", "change", "both"}
        For ``"latent_change"`` with three waves or more: what of the earlier stage comes before.
    equal_lags : bool
        Hold paths equal between all waves, which must lie evenly in time.
    times : sequence of float, optional
        When the waves were, for growth; by default their names where these are numbers, such as years, and else 0, 1, 2, ….
    missing : {"fiml", "listwise"}
        All teachers with what they answered, also who missed a wave, or those who answered everything in all waves.
    invariance : bool
        Test first whether each scale measures alike in all waves; a warning says where not.
    level : float
        Of the limits; the verdict is at 1 − level.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    OrderOverTime

    Raises
    ------
    ResponseError
        For one wave (or two, for models that take three); without ids, or too few teachers who are found again; for fewer schools
        than paths that are tested together.
    ModelError
        For an order of which this survey measures fewer than two stages; for options that make no sense.

    Warns
    -----
    CoherenceWarning
        If scales do not measure alike over waves, or teachers changed schools.
    MissingDataWarning
        If fewer than half of a wave's teachers are found again.
    SmallSampleWarning
        With fewer than 30 schools.

    Notes
    -----
    ``lavaan::sem(x$syntax, data, estimator = "MLR", cluster = "school", missing = "fiml", fixed.x = FALSE)``. Robust standard errors
    let teachers of a school (the first in which they were seen) go together; p-values use Student's t and Hotelling's F with schools
    as what is independent. Random intercepts: Hamaker, Kuiper & Grasman (2015); with several indicators Mulder & Hamaker (2021).
    Latent change: McArdle (2009). Growth: Bollen & Curran (2006).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> panel = ic.simulate_responses(n_schools=120, teachers=6, waves=3, turnover=0.05, rng=1)
    >>> found = ic.order_over_time(
    ...     panel, ic.load_order("elmore-boston"), model="cross_lagged", measurement="scores", invariance=False
    ... )
    >>> len(found.paths), found.unmeasured
    (18, ('student_performance',))
    """
    _check(model, measurement, leading, missing, level)
    waves = waves_in_time(responses, 2, WHAT, "an order over time")
    chosen: Model = model if model != "auto" else "cross_lagged" if len(waves) == 2 else "random_intercept"
    waves_in_time(responses, LEAST_WAVES[chosen], WHAT, f"model={chosen!r}")
    if leading != "level" and (chosen != "latent_change" or len(waves) < 3):
        raise ModelError(f"{WHAT}: leading={leading!r} is for model='latent_change' with three waves or more")
    when = times_of(waves, times, WHAT)
    if equal_lags and (chosen == "growth" or len(waves) < 3 or np.ptp(np.diff(when)) > 1e-9):
        raise ModelError(
            f"{WHAT}: equal_lags=True is for lags between three or more waves that lie evenly in time; not {when}"
        )
    stages = measured_stages(order, responses.instrument, WHAT)
    asked = Asked(responses, stages, chosen, waves, when, equal_lags, leading)
    laid = laid_out(asked, measurement)
    linked, written = laid.linked, laid.written
    check_schools(linked.school.nunique(), _most_tested(stages, written), stages, WHAT)
    alike = (
        measured_alike(responses, stages, missing, chosen in COMPARES_LEVELS, progress, WHAT) if invariance else None
    )
    fit = sem(
        linked.frame.assign(**{SCHOOL: linked.school}),
        written.syntax,
        estimator="MLR",
        missing=missing,
        cluster=SCHOOL,
        fixed_x=False,
        meanstructure=True,
    )
    paths = _paths(fit, written, asked, level)
    return OrderOverTime(
        order=order.key,
        model=chosen,
        leading=leading,
        measurement=laid.measurement,
        measurement_why=laid.why,
        stages=stages.keys,
        unmeasured=stages.unmeasured,
        missing_scales=stages.missing_scales,
        waves=waves,
        times=when,
        equal_lags=equal_lags,
        missing=missing,
        n=fit.n,
        n_schools=fit.n_clusters,
        n_moved=linked.n_moved,
        linked=linked.patterns,
        paths=paths.drop(columns="label"),
        tests=_tests(fit, paths),
        level=level,
        fit=fit,
        syntax=written.syntax,
        invariance_table=None if alike is None else alike.table,
        _invariance={} if alike is None else alike.found,
    )


def _check(model: str, measurement: str, leading: str, missing: str, level: float) -> None:
    check_option("model", model, ("auto", *WRITE))
    check_option("measurement", measurement, ("auto", *get_args(Measurement)))
    check_option("leading", leading, get_args(Leading))
    check_option("missing", missing, ("listwise", "fiml"))
    check_level(level)


def _most_tested(stages: MeasuredStages, written: WrittenModel) -> int:
    """Return how many paths are tested together, forward or backward, whichever are more."""
    kinds = [stages.kind(cause, effect) for _, cause, effect in {(p.label, p.cause, p.effect) for p in written.paths}]
    return max(kinds.count(kind) for kind in TESTED)


def _paths(fit: SemFit, written: WrittenModel, asked: Asked, level: float) -> pd.DataFrame:
    """Return one row a path, with its label."""
    table = fit.parameter_estimates(level)
    table = table[table["op"] == "~"].set_index(["lhs", "rhs"])
    rows = [
        {
            "cause": p.cause,
            "effect": p.effect,
            "kind": asked.stages.kind(p.cause, p.effect),
            "arrow": (p.cause, p.effect) in asked.stages.arrows,
            "of": p.of,
            "by": p.by,
            "from_wave": asked.waves[p.from_wave - 1],
            "to_wave": asked.waves[p.to_wave - 1],
            "lag": asked.times[p.to_wave - 1] - asked.times[p.from_wave - 1],
            "est": table.loc[(p.lhs, p.rhs), "est"] if fit.converged else np.nan,
            "se": table.loc[(p.lhs, p.rhs), "se"],
            "std": table.loc[(p.lhs, p.rhs), "std_all"] if fit.converged else np.nan,
            "label": p.label,
        }
        for p in written.paths
    ]
    found = with_limits(pd.DataFrame(rows), fit.n_clusters - 1, level)
    return found[[*(c for c in found if c not in ("std", "label")), "std", "label"]]


def _tests(fit: SemFit, paths: pd.DataFrame) -> pd.DataFrame:
    """Return the joint tests; a path that is the same between all waves counts once."""
    once = paths.drop_duplicates("label")
    place = {row.label: row.free - 1 for row in reversed(fit.table.entries) if row.label and row.free}
    at = np.array([place[label] for label in once["label"]], dtype=np.intp)
    return tests_of(once["kind"].tolist(), once["est"].to_numpy(), fit.vcov[np.ix_(at, at)], fit.n_clusters)
