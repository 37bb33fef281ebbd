"""What an exploratory factor analysis finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from internal_coherence.measurement.dimensionality.rotation import RotationMethod
from internal_coherence.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ExtractionMethod = Literal["minres", "ml"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FactorSolution(Record):
    """Factors of some items.

    Parameters
    ----------
    loadings : DataFrame
        The pattern, items × factors ``F1``, ``F2``, …, the factor that explains most first.
    phi : DataFrame
        Correlations of the factors.
    items : DataFrame
        Indexed by ``item``: ``communality``, ``uniqueness``, Hofmann's ``complexity``, and the ``mean`` and ``sd`` of
        the answers.
    variance : DataFrame
        Indexed by ``factor``: ``ss_loadings`` (the variance explained, correlations of factors included),
        ``proportion`` of all variance and ``cumulative``, ``proportion_explained`` of what the factors explain and
        ``cumulative_explained``, and ``R2``, the squared multiple correlation of the factor with its regression scores.
    cor : DataFrame
        The items' correlations.
    n_factors : int
        m.
    extraction : {"minres", "ml"}
        How the factors were extracted.
    rotation : str
        How they were rotated.
    objective : float
        ``log |Σ| − log |R| + tr(RΣ⁻¹) − k``.
    chisq, p_value : float
        Bartlett's test that m factors are enough; p is NaN without degrees of freedom.
    df : int
        Degrees of freedom.
    rms : float
        Root mean square of the residual correlations.
    rmsea, rmsea_lower, rmsea_upper : float
        Root mean square error of approximation and its 90 % interval.
    tli, cfi, bic : float
        Tucker–Lewis index, comparative fit index, χ² − df log n.
    heywood : tuple of str
        Items whose uniqueness rests on its lower bound of .005.
    converged : bool
        Extraction and rotation; where False, all measures of fit are NaN.
    criterion : float
        The value that the rotation reached.
    n_starts, n_agreeing : int
        Starts of the rotation, and how many ended at that value.
    n : int or None
        Teachers that the test counts.
    missing : {"pairwise", "listwise", "em", "given"}
        How missing answers were treated.
    """

    loadings: pd.DataFrame
    phi: pd.DataFrame
    items: pd.DataFrame
    variance: pd.DataFrame
    cor: pd.DataFrame
    n_factors: int
    extraction: ExtractionMethod
    rotation: RotationMethod
    objective: float
    chisq: float
    df: int
    p_value: float
    rms: float
    rmsea: float
    rmsea_lower: float
    rmsea_upper: float
    tli: float
    cfi: float
    bic: float
    heywood: tuple[str, ...]
    converged: bool
    criterion: float
    n_starts: int
    n_agreeing: int
    n: int | None
    missing: str

    @property
    def structure(self) -> pd.DataFrame:
        """Correlations of the items with the factors, ΛΦ."""
        return self.loadings @ self.phi

    @property
    def communalities(self) -> pd.Series:
        """Variance that an item shares with the factors."""
        return self.items["communality"]

    @property
    def uniquenesses(self) -> pd.Series:
        """Variance of an item's own."""
        return self.items["uniqueness"]

    @property
    def complexity(self) -> pd.Series:
        """Hofmann's (1978) number of factors that an item loads on, as it were: (Σλ²)² / Σλ⁴."""
        return self.items["complexity"]

    @property
    def R2(self) -> pd.Series:  # noqa: N802 - as psych calls it
        """Squared multiple correlation of each factor with its regression scores."""
        return self.variance["R2"]

    def to_frame(self) -> pd.DataFrame:
        """Return a row an item: the loadings, then communality, uniqueness and complexity.

        Returns
        -------
        DataFrame
        """
        return self.loadings.join(self.items[["communality", "uniqueness", "complexity"]]).reset_index()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the loadings.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_loadings

        return draw_loadings(self, ax)

    def __repr__(self) -> str:
        return (
            f"<{self.n_factors} factors of {len(self.loadings)} items ({self.extraction}, {self.rotation}):"
            f" χ² = {self.chisq:.1f}, df = {self.df}, RMSEA {self.rmsea:.3f}, RMS {self.rms:.3f}, n = {self.n}>"
        )
