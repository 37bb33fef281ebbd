"""`OrderOverTime`: the paths between stages from wave to wave, tested both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from internal_coherence.latent import Invariance, SemFit
from internal_coherence.ordering.over_time.lagged_models import Leading, Model
from internal_coherence.ordering.over_time.wording import AGAINST, ASK_LESS, SAYS, Verdict, cautions, verdict
from internal_coherence.records import Record, plain

Measurement = Literal["latent", "scores"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OrderOverTime(Record):
    """Whether earlier stages of an order are followed by later ones, in the same teachers over waves.

    Parameters
    ----------
    order : str
        Which order.
    model : {"cross_lagged", "random_intercept", "latent_change", "growth"}
        Which model.
    leading : {"level", "change", "both"}
        What of the earlier stage comes before, in latent change.
    measurement : {"latent", "scores"}
        What stands for a stage.
    measurement_why : str
        Why scores were taken; empty if that was asked for, or for latent stages.
    stages, unmeasured, missing_scales : tuple of str
        Stages in the model; stages without a scale in this survey; scales that the order names and the survey has not.
    waves : tuple of str
        In their order.
    times : tuple of float
        When they were, the first at 0.
    equal_lags : bool
        Whether paths are the same between all waves.
    missing : {"listwise", "fiml"}
        How missing answers and waves were treated.
    n, n_schools, n_moved : int
        Teachers in the model; schools; teachers seen in more than one, who count to their first.
    linked : DataFrame
        ``waves, n_waves, teachers``: how many answered in exactly these waves.
    paths : DataFrame
        ``cause, effect, kind, arrow, of, by, from_wave, to_wave, lag, est, se, t, df, pvalue, ci_lower, ci_upper, std``. `kind` is
        ``"autoregressive"``, ``"forward"`` (earlier stage to later), ``"backward"``, or ``"unordered"``; `arrow` says whether the
        order has it directly; ``of`` and ``by`` whether a level or a change follows a level or a change; `lag` is time between the
        waves. Limits are Student's with one degree of freedom less than there are schools.
    tests : DataFrame
        Joint tests that all forward, and all backward, paths are 0.
    level : float
        Of the limits; the verdict's tests are at 1 − level.
    fit : SemFit
        The model.
    syntax : str
        The model as it was fitted, in lavaan's syntax.
    invariance_table : DataFrame or None
        Scale by scale up to which step the waves measure alike; None if it was not asked for.
    """

    order: str
    model: Model
    leading: Leading
    measurement: Measurement
    measurement_why: str
    stages: tuple[str, ...]
    unmeasured: tuple[str, ...]
    missing_scales: tuple[str, ...]
    waves: tuple[str, ...]
    times: tuple[float, ...]
    equal_lags: bool
    missing: str
    n: int
    n_schools: int
    n_moved: int
    linked: pd.DataFrame
    paths: pd.DataFrame
    tests: pd.DataFrame
    level: float
    fit: SemFit
    syntax: str
    invariance_table: pd.DataFrame | None
    _invariance: Mapping[str, Invariance]

    @property
    def invariance(self) -> Mapping[str, Invariance]:
        """The steps of invariance over waves, by scale; empty if they were not asked for."""
        return self._invariance

    @property
    def converged(self) -> bool:
        """Whether the model found a minimum."""
        return self.fit.converged

    @property
    def verdict(self) -> Verdict:
        """Which way was shown: by the F tests, at 1 − level."""
        forward, backward = self.tests["pvalue_f"]
        return verdict(float(forward), float(backward), 1 - self.level)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What this model of so many waves can't tell."""
        return cautions(self.model, len(self.waves), self.improper)

    @property
    def improper(self) -> bool:
        """Whether the model estimated a variance to be negative."""
        table = self.fit.parameter_estimates()
        own = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
        return self.converged and bool((own["est"] < 0).any())

    def in_words(self) -> str:
        """Say what was found, and what can't be told.

        Returns
        -------
        str
        """
        forward = self.paths.loc[self.paths["kind"] == "forward", "est"]
        against = (AGAINST,) if self.verdict in ("forward only", "both ways") and (forward < 0).any() else ()
        less = () if self.converged else (ASK_LESS,)
        return " ".join((SAYS[self.verdict], *less, *against, *self.cautions))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a path.

        Returns
        -------
        DataFrame
            As `paths`.
        """
        return self.paths

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: the paths, the tests, the fit, and the decisions.

        Returns
        -------
        dict
        """
        return {
            **Record.to_dict(self),
            "fit": plain(self.fit.to_dict()),
            "verdict": self.verdict,
            "cautions": list(self.cautions),
        }

    def __repr__(self) -> str:
        if not self.converged:
            return f"<{self.order!r} over {len(self.waves)} waves, {self.model}: not converged; {self.fit.trouble}>"
        p = dict(zip(self.tests["kind"], self.tests["pvalue_f"], strict=True))
        improper = (
            "; the solution is improper"
            if any("negative variance" in n or "impossible" in n for n in self.fit.notes)
            else ""
        )
        return (
            f"<{self.order!r} over {len(self.waves)} waves, {self.model} of {self.measurement}: {self.verdict}{improper}"
            f" (forward p = {p['forward']:.3f}, backward p = {p['backward']:.3f}); {self.n} teachers in"
            f" {self.n_schools} schools>"
        )
