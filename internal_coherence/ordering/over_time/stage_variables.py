"""What stands for a stage: a score, or a latent variable with its indicators."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from internal_coherence.errors import ResponseError, listing
from internal_coherence.ordering.over_time.precedence import MeasuredStages
from internal_coherence.responses import Responses, score


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageVariables:
    """Values of teachers in waves, and which of them belong to which stage.

    Parameters
    ----------
    values : DataFrame
        On the rows of the responses: stage scores, or indicators.
    indicators : dict of str to tuple of str
        Stage to its indicators; empty for scores.
    """

    values: pd.DataFrame
    indicators: dict[str, tuple[str, ...]]


def standardised(values: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return columns less their means, by their standard deviations: the same constants for all waves.

    Parameters
    ----------
    values : DataFrame
        Of all waves together.
    what : str
        The verb, for messages.

    Returns
    -------
    DataFrame

    Raises
    ------
    ResponseError
        If somewhere nothing varies.
    """
    sd = values.std(ddof=1)
    if flat := [name for name, own in sd.items() if not own > 0]:
        raise ResponseError(f"{what}: nothing varies in {listing(flat)}")
    return (values - values.mean()) / sd


def stage_scores(responses: Responses, stages: MeasuredStages, what: str) -> pd.DataFrame:
    """Return one score a stage: the mean of its standardised scale scores.

    Parameters
    ----------
    responses : Responses
        Of all waves.
    stages : MeasuredStages
        Stages and their scales.
    what : str
        The verb, for messages.

    Returns
    -------
    DataFrame
        Rows × stages; NaN where a scale of the stage has no score.
    """
    scales = standardised(score(responses)[[k for found in stages.scales.values() for k in found]], what)
    return pd.DataFrame({key: scales[list(found)].mean(axis=1, skipna=False) for key, found in stages.scales.items()})


def stage_indicators(responses: Responses, stages: MeasuredStages, what: str) -> StageVariables:
    """Return indicators of latent stages: scale scores, or the items of a stage that has one scale.

    Parameters
    ----------
    responses, stages, what
        As in `stage_scores`.

    Returns
    -------
    StageVariables
        All indicators are standardised over all waves.
    """
    scales, items = score(responses), responses.items
    of = {scale.key: tuple(scale.item_keys) for scale in responses.instrument.scales}
    indicators = {key: of[found[0]] if len(found) == 1 else found for key, found in stages.scales.items()}
    parts = [(items if len(stages.scales[key]) == 1 else scales)[list(names)] for key, names in indicators.items()]
    return StageVariables(values=standardised(pd.concat(parts, axis=1), what), indicators=indicators)
