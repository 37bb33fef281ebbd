"""`SchoolChange`: whether schools that stand, or change, on an earlier stage change on a later one thereafter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from internal_coherence.errors import ModelError, check_level
from internal_coherence.ordering.over_time.wording import AGAINST, SAYS, Verdict, school_cautions, verdict
from internal_coherence.records import Record

SchoolModel = Literal["lagged", "differenced"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolChange(Record):
    """Schools over waves, corrected for the sampling errors of their means.

    Parameters
    ----------
    order : str
        Which order.
    model : {"lagged", "differenced"}
        Changes on levels one wave before; or changes on changes one step before, instrumented by levels two waves before.
    stages, unmeasured, missing_scales : tuple of str
        Stages in the model; stages without a scale in this survey; scales that the order names and the survey has not.
    waves : tuple of str
        In their order.
    linked : bool
        Whether teachers' ids told which errors of two waves go together.
    n, n_schools, n_schools_lost, n_steps : int
        Teachers' answers; schools in the model; schools that lack waves; schools times steps from wave to wave.
    paths : DataFrame
        ``cause, effect, kind, arrow, of, by, est, se, t, df, pvalue, ci_lower, ci_upper, std, uncorrected, fixed_effects_bias``. The
        unit is a teacher's standard deviation; `std` is in standard deviations of schools' true levels, or changes. `uncorrected` is
        what plain regression (or instruments) of the observed means gives. `fixed_effects_bias` is what demeaning each school would
        do to the path of a stage on itself.
    tests : DataFrame
        Joint tests that all forward, and all backward, paths are 0.
    reliability : DataFrame
        ``stage, sd, reliability, strength``: the standard deviation of what the causes truly are in schools (levels, or changes), the
        share that this is of the variance of what is observed, and, of ``"differenced"``, the F of the instruments.
    level : float
        Of the limits; the verdict's tests are at 1 − level.
    """

    order: str
    model: SchoolModel
    stages: tuple[str, ...]
    unmeasured: tuple[str, ...]
    missing_scales: tuple[str, ...]
    waves: tuple[str, ...]
    linked: bool
    n: int
    n_schools: int
    n_schools_lost: int
    n_steps: int
    paths: pd.DataFrame
    tests: pd.DataFrame
    reliability: pd.DataFrame
    level: float

    @property
    def verdict(self) -> Verdict:
        """Which way was shown: by the F tests, at 1 − level."""
        forward, backward = self.tests["pvalue_f"]
        return verdict(float(forward), float(backward), 1 - self.level)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What can't be estimated, or told, from so many waves."""
        return school_cautions(self.model, len(self.waves), self.linked)

    def in_words(self) -> str:
        """Say what was found, and what can't be told.

        Returns
        -------
        str
        """
        forward = self.paths.loc[self.paths["kind"] == "forward", "est"]
        against = (AGAINST,) if self.verdict in ("forward only", "both ways") and (forward < 0).any() else ()
        return " ".join((SAYS[self.verdict], *against, *self.cautions))

    def schools_needed(self, effect: float = 0.2, power: float = 0.8) -> pd.DataFrame:
        """Return how many schools like these would show a path of a given size, each by itself.

        Parameters
        ----------
        effect : float
            The path, in the unit of ``est``.
        power : float
            How surely it should be found, at 1 − level.

        Returns
        -------
        DataFrame
            ``cause, effect, kind, se, n_schools, schools_needed``: with the same waves and teachers, from the standard error found
            here, which shrinks with the root of the number of schools.

        Raises
        ------
        ModelError
            For an effect of 0, or a power that is not between 0 and 1.
        """
        check_level(power)
        if not np.isfinite(effect) or effect == 0:
            raise ModelError(f"effect={effect!r}: how large should the path be that is to be found? Not 0")
        reach = float(ndtri((1 + self.level) / 2) + ndtri(power))
        needed = self.n_schools * (reach * self.paths["se"] / abs(effect)) ** 2
        found = self.paths[["cause", "effect", "kind", "se"]].assign(
            n_schools=self.n_schools, schools_needed=np.ceil(needed)
        )
        return found[found["kind"] != "autoregressive"].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a path.

        Returns
        -------
        DataFrame
            As `paths`.
        """
        return self.paths

    def __repr__(self) -> str:
        p = dict(zip(self.tests["kind"], self.tests["pvalue_f"], strict=True))
        return (
            f"<{self.order!r} in {self.n_schools} schools over {len(self.waves)} waves, {self.model}: {self.verdict}"
            f" (forward p = {p['forward']:.3f}, backward p = {p['backward']:.3f})>"
        )
