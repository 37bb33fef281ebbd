"""Laying out what is modelled: teachers over waves, and the model in writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from internal_coherence.errors import listing
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.ordering.over_time.lagged_models import (
    Leading,
    Model,
    Plan,
    WrittenModel,
    cross_lagged,
    growth,
    in_wave,
    latent_change,
    random_intercept,
)
from internal_coherence.ordering.over_time.linking import Linked, at_wave, link
from internal_coherence.ordering.over_time.order_over_time_record import Measurement
from internal_coherence.ordering.over_time.precedence import MeasuredStages
from internal_coherence.ordering.over_time.stage_variables import StageVariables, stage_indicators, stage_scores
from internal_coherence.responses import Responses

WHAT: Final = "order_over_time"
WRITE: Final[dict[Model, Callable[[Plan], WrittenModel]]] = {
    "cross_lagged": cross_lagged,
    "random_intercept": random_intercept,
    "latent_change": latent_change,
    "growth": growth,
}
LEAST_WAVES: Final[dict[Model, int]] = {"cross_lagged": 2, "random_intercept": 3, "latent_change": 2, "growth": 3}
FEWEST_INDICATORS: Final = 3
ROWS_A_PARAMETER: Final = 5
"""Latent stages are taken by default with so many teachers a free parameter (Bentler & Chou 1987)."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is modelled.

    Parameters
    ----------
    responses : Responses
        The answers.
    stages : MeasuredStages
        What they measure.
    model : str
        Which model.
    waves : tuple of str
        In their order.
    times : tuple of float
        When they were, the first at 0.
    equal_lags : bool
        Whether paths are the same between all waves.
    leading : {"level", "change", "both"}
        What of the earlier stage comes before, in latent change.
    """

    responses: Responses
    stages: MeasuredStages
    model: Model
    waves: tuple[str, ...]
    times: tuple[float, ...]
    equal_lags: bool
    leading: Leading

    def written(self, indicators: dict[str, tuple[str, ...]]) -> WrittenModel:
        """Write the model."""
        plan = Plan(
            stages=self.stages.keys,
            n_waves=len(self.waves),
            times=self.times,
            indicators=indicators,
            equal_lags=self.equal_lags,
            leading=self.leading,
        )
        return WRITE[self.model](plan)

    def linked(self, values: pd.DataFrame) -> Linked:
        """Lay out teachers over waves; stable differences take three waves of the same teachers."""
        return link(values, self.responses, self.waves, LEAST_WAVES[self.model], WHAT)


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """Teachers over waves, and the model in writing.

    Parameters
    ----------
    linked : Linked
        The teachers.
    written : WrittenModel
        The model.
    measurement : {"latent", "scores"}
        What stands for a stage.
    why : str
        Why scores were taken though latent stages were not ruled out; else empty.
    """

    linked: Linked
    written: WrittenModel
    measurement: Measurement
    why: str


def laid_out(asked: Asked, measurement: str) -> LaidOut:
    """Lay out latent stages where that is asked for or feasible, and scores otherwise.

    Parameters
    ----------
    asked : Asked
        What is modelled.
    measurement : {"auto", "latent", "scores"}
        What is to stand for a stage.

    Returns
    -------
    LaidOut
    """
    why = ""
    if measurement != "scores":
        found = stage_indicators(asked.responses, asked.stages, WHAT)
        written = asked.written(found.indicators)
        who = asked.responses.teacher
        why = _too_few(found, written, 0 if who is None else who.nunique())
        if measurement == "latent" or not why:
            return LaidOut(asked.linked(found.values), written, "latent", "")
    linked = asked.linked(stage_scores(asked.responses, asked.stages, WHAT))
    names = {
        at_wave(stage, t): in_wave(stage, t) for stage in asked.stages.keys for t in range(1, len(asked.waves) + 1)
    }
    linked = replace(linked, frame=linked.frame.rename(columns=names))
    return LaidOut(linked, asked.written({}), "scores", why)


def _too_few(found: StageVariables, written: WrittenModel, n: int) -> str:
    """Return why latent stages are not feasible; empty if they are."""
    if short := [stage for stage, items in found.indicators.items() if len(items) < FEWEST_INDICATORS]:
        return f"fewer than {FEWEST_INDICATORS} indicators of {listing(short)}"
    free = ParTable.from_syntax(written.syntax, kind="sem", meanstructure=True, fixed_x=False)
    parameters = len({row.label or k for k, row in enumerate(free.entries) if row.free})
    return "" if n >= ROWS_A_PARAMETER * parameters else f"{n} teachers for {parameters} free parameters"
