"""Whether stages are measured alike in all waves: what has to hold before they are followed over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from internal_coherence.errors import CoherenceError, CoherenceWarning, listing, told_once, warn
from internal_coherence.latent import Invariance, invariance
from internal_coherence.latent.preparing import Missing
from internal_coherence.ordering.over_time.precedence import MeasuredStages
from internal_coherence.responses import Responses

FEWEST_ITEMS = 3
STEPS = ("configural", "metric", "scalar")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredAlike:
    """Invariance over waves, scale by scale.

    Parameters
    ----------
    table : DataFrame
        ``stage, scale, n_items, holds`` (the last step that holds, empty if none), ``enough`` (whether that suffices), ``why`` (why
        it was not tested).
    found : mapping of str to Invariance
        The steps of each scale.
    """

    table: pd.DataFrame
    found: Mapping[str, Invariance]


def measured_alike(
    responses: Responses, stages: MeasuredStages, missing: Missing, needs_means: bool, progress: bool, what: str
) -> MeasuredAlike:
    """Test every scale of every stage over waves.

    Parameters
    ----------
    responses : Responses
        With waves and ids.
    stages : MeasuredStages
        Stages and their scales.
    missing : {"listwise", "fiml"}
        As in `invariance`.
    needs_means : bool
        Whether the model compares levels over waves, so that intercepts have to be equal; loadings have to in any case.
    progress : bool
        Whether to show a progress bar.
    what : str
        The verb, for messages.

    Returns
    -------
    MeasuredAlike

    Warns
    -----
    CoherenceWarning
        Naming the scales for which it does not hold, or could not be tested.
    """
    of = {scale.key: list(scale.item_keys) for scale in responses.instrument.scales}
    chosen = [(stage, scale) for stage, scales in stages.scales.items() for scale in scales]
    found: dict[str, Invariance] = {}
    said: set[str] = set()
    rows = []
    for stage, scale in _shown(chosen, progress):
        why = "" if len(of[scale]) >= FEWEST_ITEMS else f"fewer than {FEWEST_ITEMS} items"
        if not why:
            try:
                found[scale] = told_once(partial(_steps, responses, scale, of[scale], missing), said)
            except CoherenceError as trouble:
                why = str(trouble)
        holds = found[scale].highest if scale in found else ""
        enough = holds == "scalar" or (holds == "metric" and not needs_means)
        rows.append((stage, scale, len(of[scale]), holds, enough, why))
    table = pd.DataFrame(rows, columns=["stage", "scale", "n_items", "holds", "enough", "why"])
    _say(table, needs_means, what)
    return MeasuredAlike(table=table, found=found)


def _steps(responses: Responses, scale: str, items: list[str], missing: Missing) -> Invariance:
    return invariance(
        responses,
        f"{scale}_ =~ {' + '.join(items)}",
        wave="wave",
        person="teacher",
        steps=STEPS,
        missing=missing,
        estimator="MLR",
    )


def _shown(chosen: list[tuple[str, str]], progress: bool) -> list[tuple[str, str]]:
    if not progress:
        return chosen
    from tqdm.auto import tqdm

    return tqdm(chosen, desc="invariance over waves", leave=False)  # type: ignore[return-value]  # iterated only


def _say(table: pd.DataFrame, needs_means: bool, what: str) -> None:
    if len(failed := table[~table["enough"] & (table["why"] == "")]):
        needed = "equal loadings and intercepts" if needs_means else "equal loadings"
        warn(
            f"{what}: {needed} over waves do not hold, by the CFI, for {listing(failed['scale'])}: what looks like"
            " change there may be another understanding of the questions",
            CoherenceWarning,
        )
    if len(untested := table[table["why"] != ""]):
        reasons = "; ".join(f"{scale}: {why}" for scale, why in zip(untested["scale"], untested["why"], strict=True))
        warn(
            f"{what}: whether it is measured alike over waves was not tested for some scales ({reasons})",
            CoherenceWarning,
        )
