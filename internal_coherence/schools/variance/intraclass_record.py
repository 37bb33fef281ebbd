"""`IntraclassCorrelation`: an estimate, what it rests on, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import pandas as pd

from internal_coherence.limits import ConfidenceInterval, Limits, interval_at
from internal_coherence.records import Record
from internal_coherence.schools.variance.intraclass_limits import Kind

Method = Literal["anova", "reml", "ml"]
METHODS: Final[tuple[str, ...]] = get_args(Method)
GroupSize = Literal["mean", "k0"]
GROUP_SIZES: Final[tuple[str, ...]] = get_args(GroupSize)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class IntraclassCorrelation(Record):
    """An intraclass correlation; ``float()`` of it is the estimate.

    Parameters
    ----------
    estimate : float
        By ANOVA it may be negative; it is never cut off at zero.
    kind : {"icc1", "icc2"}
        Of one teacher's answer, or of the school's mean.
    method : {"anova", "reml", "ml"}
        From the mean squares, or from the variances that the likelihood chooses.
    k : float
        The group size that the formula used.
    group_size : {"mean", "k0"}
        The plain mean size N/J, or the k₀ for unequal groups.
    n, n_missing, n_schools : int
        Teachers used, teachers left out for a missing value, schools with anyone.
    ms_between, ms_within : float
        Mean squares.
    df_between, df_within : int
        Their degrees of freedom.
    F, p_value : float
        Test of no difference between schools.
    """

    estimate: float
    kind: Kind
    method: Method
    k: float
    group_size: GroupSize
    n: int
    n_missing: int
    n_schools: int
    ms_between: float
    ms_within: float
    df_between: int
    df_within: int
    F: float
    p_value: float
    _limits: Limits

    def __float__(self) -> float:
        return self.estimate

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Return the limits, of the kind that was asked for.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        ConfidenceInterval
        """
        return interval_at(self._limits, self.estimate, level)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row, with the limits at 95 %.

        Returns
        -------
        DataFrame
        """
        limits = self.confidence_interval()
        shown = {"ci_lower": limits.lower, "ci_upper": limits.upper, "interval": limits.method}
        return pd.DataFrame([self.as_row() | shown])

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, with the limits at 95 %.

        Returns
        -------
        dict
        """
        limits = self.confidence_interval()
        shown = {"lower": limits.lower, "upper": limits.upper, "level": limits.level, "method": limits.method}
        return {**Record.to_dict(self), "confidence_interval": shown}

    def __repr__(self) -> str:
        limits = self.confidence_interval()
        how = {"anova": "ANOVA", "reml": "REML", "ml": "ML"}[self.method]
        return (
            f"<{self.kind} {self.estimate:.3f} [{limits.lower:.3f}, {limits.upper:.3f}], {how},"
            f" k = {self.k:.2f} ({self.group_size}), {self.n} teachers in {self.n_schools} schools>"
        )
