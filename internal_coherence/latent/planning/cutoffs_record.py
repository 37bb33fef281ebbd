"""`DynamicCutoffs`: what indices of fit would be if a model were wrong in ways that are stated."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from internal_coherence.records import Record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DynamicCutoffs(Record):
    """Cut-offs of SRMR, RMSEA and CFI for one model and one number of rows.

    Parameters
    ----------
    table : DataFrame
        A row for every level and index; see `to_frame`.
    omitted : DataFrame
        What the model lacks at each level: ``level, lhs, op, rhs, size``; a standardised loading, or a residual correlation.
    kind : {"one_factor", "multifactor"}
        Which misspecifications.
    n : int
        Rows of a sample.
    draws : int
        Samples of each level.
    failed : dict
        Level to the samples in which no minimum was found; they are left out. Level 0 is the model that holds.
    values : dict
        The fit's own indices; robust ones where it has them.
    note : str
        What is odd; empty if nothing is.
    """

    table: pd.DataFrame
    omitted: pd.DataFrame
    kind: str
    n: int
    draws: int
    failed: dict[int, int]
    values: dict[str, float]
    note: str

    def to_frame(self) -> pd.DataFrame:
        """Return the cut-offs, unrounded.

        Returns
        -------
        DataFrame
            ``level, index, rule, cutoff, cutoff_mcse, misspecified_rejected, true_rejected, value, beyond``. ``rule`` is ``"95/5"``,
            ``"90/10"`` or ``"none"``; at level 0 ``"95"``, what 95 % of samples keep to if the model holds. ``beyond`` is True
            where the fit's own value is as bad as the cut-off or worse, and missing where there is no cut-off.
        """
        return self.table

    def __repr__(self) -> str:
        rows = []
        for level, part in self.table[self.table["level"] > 0].groupby("level"):
            said = [
                f"{row.index_name} {'none' if row.rule == 'none' else f'{row.cutoff:.3f}'}"
                for row in part.rename(columns={"index": "index_name"}).itertuples()
            ]
            rows.append(f"level {level}: {', '.join(said)}")
        own = ", ".join(f"{name} {value:.3f}" for name, value in self.values.items())
        return "\n".join([f"<DynamicCutoffs, {self.draws} samples of {self.n}; the fit has {own}>", *rows])
