"""What an omega analysis found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import pandas as pd

from internal_coherence.errors import ModelError, check_option
from internal_coherence.limits import ConfidenceInterval, Limits, interval_at
from internal_coherence.measurement.composites.general_factor import Extraction, TotalVariance
from internal_coherence.records import Record

Coefficient = Literal["omega_total", "omega_hierarchical"]
COEFFICIENTS: Final[tuple[str, ...]] = get_args(Coefficient)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Omega(Record):
    """Coefficient omega of one scale.

    Parameters
    ----------
    omega_total : float
        The share of the sum's variance that all factors give.
    omega_hierarchical : float
        The share that the general factor gives. Of a single factor, the same as the total by another formula.
    omega_limit : float
        The latter over the former: what hierarchical would tend to with ever more items of the kind; NaN for one factor.
    ecv : float
        The general factor's share of the common variance.
    alpha, lambda_6 : float
        Alpha and Guttman's λ6 of the same items in the same units, to compare with.
    groups : DataFrame
        Rows ``g`` and ``F1*``, …: the share of the sum of the items that load highest on the factor which both factors
        give, the general one, the group's.
    loadings : DataFrame
        An item a row: ``g``, ``F1*``, …, communality ``h2``, uniqueness ``u2``, the general factor's share ``p2``.
    n_factors, n_items : int
        Factors and items.
    n : int or None
        Teachers.
    extraction, rotation, variance : str
        How it was done.
    standardized : bool
        Whether of the items in standard deviations.
    missing : str
        How missing answers were treated.
    turned : tuple of str
        Items that load negatively on the general factor, and were turned round.
    note : str
        What is odd about the solution; empty where nothing is.
    """

    omega_total: float
    omega_hierarchical: float
    omega_limit: float
    ecv: float
    alpha: float
    lambda_6: float
    groups: pd.DataFrame
    loadings: pd.DataFrame
    n_factors: int
    n_items: int
    n: int | None
    extraction: Extraction
    rotation: str
    variance: TotalVariance
    standardized: bool
    missing: str
    turned: tuple[str, ...]
    note: str
    _limits: Mapping[str, Limits]

    def confidence_interval(self, level: float = 0.95, *, of: Coefficient = "omega_total") -> ConfidenceInterval:
        """Return the bootstrap interval of omega.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        of : {"omega_total", "omega_hierarchical"}
            Which.

        Returns
        -------
        ConfidenceInterval

        Raises
        ------
        ModelError
            If none was asked for, or the level is not between 0 and 1.
        """
        check_option("of", of, COEFFICIENTS)
        if of not in self._limits:
            raise ModelError("no interval was asked for: ic.omega(..., interval='bootstrap' or 'cluster_bootstrap')")
        return interval_at(self._limits[of], getattr(self, of), level)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        row = {name: value for name, value in self.as_row().items() if name not in ("groups", "loadings", "turned")}
        if self._limits:
            interval = self.confidence_interval()
            row = {"omega_total": row.pop("omega_total"), "ci_lower": interval.lower, "ci_upper": interval.upper, **row}
        return pd.DataFrame([row])

    def __repr__(self) -> str:
        of = f"{self.n_items} {'standardised' if self.standardized else 'raw'} items"
        how = f"{self.n_factors} factor{'s' if self.n_factors > 1 else ''} by {self.extraction}"
        note = f"; {self.note}" if self.note else ""
        general = f", hierarchical {self.omega_hierarchical:.3f}" if self.n_factors > 1 else ""
        return f"<omega total {self.omega_total:.3f}{general}, {of}, {how}{note}>"
