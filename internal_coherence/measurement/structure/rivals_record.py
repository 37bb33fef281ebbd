"""Rival structures of one survey, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from internal_coherence.latent import SemFit
from internal_coherence.measurement.structure.turned_model import ExploratoryModel
from internal_coherence.records import Record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RivalStructures(Record):
    """Rival structures of one survey, side by side.

    Parameters
    ----------
    n, n_schools : int
        Rows; schools, 0 where they are not known.
    estimator : str
        How all were estimated.
    folds : int
        Parts in which schools, or rows, were held out; 0 if none were.
    table : DataFrame
        As `to_frame` gives it.
    validity : DataFrame or None
        Of every two scales, in the model of correlated scales: ``scale, other, correlation, ci_lower, ci_upper, ave, ave_other,
        fornell_larcker, htmt, htmt2``; `fornell_larcker` says whether both scales share more with their own items than with
        each other.
    general : DataFrame or None
        Of the bifactor model: ``factor, omega, omega_hierarchical, ecv, puc``, in its first row of the whole survey.
    """

    n: int
    n_schools: int
    estimator: str
    folds: int
    table: pd.DataFrame
    validity: pd.DataFrame | None
    general: pd.DataFrame | None
    _fits: Mapping[str, SemFit]
    _exploratory: ExploratoryModel | None

    @property
    def fits(self) -> Mapping[str, SemFit]:
        """The fit of every structure, by its name: ``rivals.fits["correlated"]``."""
        return self._fits

    @property
    def exploratory(self) -> ExploratoryModel | None:
        """The exploratory model with its factors turned to the scales; None if it was not asked for."""
        return self._exploratory

    @property
    def ranked(self) -> list[dict[str, Any]]:
        """The rows among which a best one is sought: fitted, proper where any is, and each model once."""
        rows: list[dict[str, Any]] = [
            {str(k): v for k, v in row.items()}
            for row in self.table.to_dict("records")
            if row["converged"] and not row["same_as"]
        ]
        return [row for row in rows if not row["improper"]] or rows

    def to_frame(self) -> pd.DataFrame:
        """Return a row a structure.

        Returns
        -------
        DataFrame
            ``structure, converged, improper, same_as, n_parameters, df``; ``chisq, pvalue, cfi, tli, rmsea, rmsea_ci_lower,
            rmsea_ci_upper, srmr``, corrected where the estimator corrects; ``aic, bic, bic2``; ``held_out, held_out_diff,
            held_out_se``. ``same_as`` names a structure that fits exactly as well with as many parameters: no data of this kind tell
            the two apart. ``held_out`` is the mean log-likelihood of a teacher whose school was held out, NaN if the model could
            not be fitted without some of them; ``held_out_diff`` how much less it is than that of the best structure, with its
            standard error over schools.
        """
        return self.table

    def describe(self) -> str:
        """Return what was found, in a paragraph.

        Returns
        -------
        str
        """
        from internal_coherence.report import describe_rivals

        return str(describe_rivals(self))

    def __repr__(self) -> str:
        ranked = [row for row in self.ranked if row["bic"] == row["bic"]]
        best = min(ranked, key=lambda row: row["bic"])["structure"] if ranked else "none"
        schools = f" in {self.n_schools} schools" if self.n_schools else ""
        return f"<RivalStructures: {len(self.table)} structures, the least BIC {best}; n = {self.n}{schools}>"
