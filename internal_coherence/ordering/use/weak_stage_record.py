"""`WeakStage`: what a profile says along an order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import listing
from internal_coherence.ordering.use.bars import Metric
from internal_coherence.records import Record

Array = NDArray[np.float64]
Verdict = Literal["below", "at or above", "undecided", "not measured"]
Conclusion = Literal["weak stage", "none below", "cannot tell"]
NAN: Final = float("nan")
COLUMNS: Final = (
    "stage", "label", "p_earliest", "p_below", "posterior_mean", "posterior_sd",
    "estimate", "lower", "upper", "bar", "verdict", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReading:
    """Where one stage lies against the bar.

    Parameters
    ----------
    stage, label : str
        Name, and name for readers.
    scales : tuple of str
        The scales it was read from.
    estimate, lower, upper, bar : float
        Estimate from this school's answers alone, with simultaneous limits, and the bar: in percent of the response
        range, or in SDs of the reference.
    verdict : {"below", "at or above", "undecided", "not measured"}
        *below* and *at or above* are clear by those limits: the whole interval lies on that side.
    posterior_mean, posterior_sd : float
        Where the stage lies by these answers and those of the reference's schools together, in the same unit.
    p_below : float
        Probability that the stage is below the bar.
    p_earliest : float
        Probability that it is below, and every measured stage before it is not; NaN if that can't be known.
    note : str
        What a reader should know about this stage.
    """

    stage: str
    label: str
    scales: tuple[str, ...]
    estimate: float
    lower: float
    upper: float
    bar: float
    verdict: Verdict
    posterior_mean: float = NAN
    posterior_sd: float = NAN
    p_below: float = NAN
    p_earliest: float = NAN
    note: str = ""

    @property
    def hidden(self) -> bool:
        """Whether the survey measures the stage, but its value is not shown."""
        return self.verdict != "not measured" and bool(np.isnan(self.estimate))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class WeakStage(Record):
    """The outcome of a walk along an order.

    Parameters
    ----------
    school, order : str
        Whose profile, and which order.
    stage : str or None
        The earliest weak stage; None if none is, or if it can't be told.
    conclusion : {"weak stage", "none below", "cannot tell"}
        Which of the three.
    undecided : tuple of str
        Where it can't be told: the stages among which the earliest weak one is to be looked for, with `certainty`.
    readings : tuple of StageReading
        All stages in order, also those that nothing measures.
    p_none : float
        Probability that no measured stage is below its bar; NaN if that can't be known.
    p_open : float
        What is left for the stages from the first withheld one on; 0 if none is withheld.
    certainty : float
        The probability from which on an outcome is named.
    posterior_covariance : (K, K) array
        Of the stages that have a value, in order.
    n_prior_schools : int
        Schools that the school borrows from; 0 if it stands by itself.
    prior_note : str
        Why it stands by itself; empty if it doesn't.
    metric : {"response", "relative"}
        ``"relative"`` means lower than the reference group, not low in itself.
    own_bar : bool
        Whether the bar was given, rather than the middle of the response format or the reference mean.
    level : float
        Of the limits, over all stages together.
    order_title : str
        The order's name for readers.
    """

    school: str
    order: str
    stage: str | None
    conclusion: Conclusion
    undecided: tuple[str, ...]
    readings: tuple[StageReading, ...]
    p_none: float
    p_open: float
    certainty: float
    posterior_covariance: Array
    n_prior_schools: int
    prior_note: str
    metric: Metric
    own_bar: bool
    level: float
    order_title: str

    @property
    def measures_any(self) -> bool:
        """Whether the survey has a scale for any of the stages."""
        return any(reading.scales for reading in self.readings)

    @property
    def probability(self) -> float:
        """Of the conclusion; NaN if there is none."""
        if self.conclusion == "none below":
            return self.p_none
        return next((r.p_earliest for r in self.readings if r.stage == self.stage), NAN)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a stage.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([[getattr(r, c) for c in COLUMNS] for r in self.readings], columns=list(COLUMNS))

    def to_html(self, path: str | Path | None = None) -> str:
        """Write what to do now and what to build toward, with the evidence for each stage, as one self-contained page.

        Parameters
        ----------
        path : path, optional
            A file to write as well.

        Returns
        -------
        str
            The page.
        """
        from internal_coherence.report import weak_stage_page

        return weak_stage_page(self, path)

    def __repr__(self) -> str:
        found = {
            "weak stage": f"earliest weak stage {self.stage!r}",
            "none below": "no measured stage is below the bar",
            "cannot tell": f"cannot tell; undecided: {listing(self.undecided)}",
        }[self.conclusion]
        meaning = "response scale" if self.metric == "response" else "relative to the reference group"
        chance = self.probability
        sure = "" if np.isnan(chance) else "; probability above .99" if chance > 0.99 else f"; probability {chance:.2f}"
        use = "; a place to begin a conversation" if self.stage else ""
        return f"<{self.school!r} along {self.order!r}: {found} ({meaning}){sure}{use}>"
