"""`UnmeasuredConfounding`: how strong something unmeasured would have to be, arrow by arrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.ordering.doubt.confounding import adjusted
from internal_coherence.ordering.evidence import Level
from internal_coherence.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class UnmeasuredConfounding(Record):
    """How strong an unmeasured cause would have to be to explain arrows away.

    Parameters
    ----------
    level : {"within", "between"}
        Of teachers within schools, or of schools.
    arrows : DataFrame
        ``cause, effect, given`` (the effect's other causes), ``estimate, se, df`` of the arrow in standard deviations of stages;
        ``partial_r2`` of cause with effect; ``robustness_value``, what share of the rest of both cause and effect something
        unmeasured must explain to take the share `q` of the estimate away; ``robustness_value_alpha``, to take its significance
        away; ``scale``, the ratio of the rest's standard deviations.
    benchmarks : DataFrame
        Something ``strength`` times as strong as another stage that does not come after the cause, which is held constant too
        (``given``): ``r2_cause, r2_effect``, the most it can explain; ``estimate`` without, ``adjusted_estimate, adjusted_se,
        adjusted_pvalue`` with it. NaN where so strong a thing can't be.
    q, alpha : float
        As asked.
    n_schools : int
        Schools behind the standard errors.
    """

    level: Level
    arrows: pd.DataFrame
    benchmarks: pd.DataFrame
    q: float
    alpha: float
    n_schools: int

    def adjusted(self, cause: str, effect: str, r2_cause: ArrayLike, r2_effect: ArrayLike) -> pd.DataFrame:
        """Return what an arrow would be, had something that explains so much been held constant.

        Parameters
        ----------
        cause, effect : str
            An arrow.
        r2_cause, r2_effect : array_like
            Shares of the rest of cause and effect that it explains, from 0 to below 1; they are broadcast. ``r2_effect=1`` is the
            extreme scenario.

        Returns
        -------
        DataFrame
            ``r2_cause, r2_effect, estimate, se, pvalue``.

        Raises
        ------
        ModelError
            For an arrow that is not there, or shares outside of 0 to 1.
        """
        arrow = self.arrow(cause, effect)
        cause_share, effect_share = np.broadcast_arrays(
            np.asarray(r2_cause, dtype=np.float64), np.asarray(r2_effect, dtype=np.float64)
        )
        if not ((cause_share >= 0) & (cause_share < 1) & (effect_share >= 0) & (effect_share <= 1)).all():
            raise ModelError("r2_cause is a share from 0 to below 1, and r2_effect one from 0 to 1")
        found, se = adjusted(arrow["estimate"], arrow["se"], arrow["df"], arrow["scale"], effect_share, cause_share)
        return pd.DataFrame(
            {
                "r2_cause": cause_share.ravel(),
                "r2_effect": effect_share.ravel(),
                "estimate": found.ravel(),
                "se": se.ravel(),
                "pvalue": pvalue(found, se, arrow["df"]).ravel(),
            }
        )

    def arrow(self, cause: str, effect: str) -> pd.Series:
        """Return the row of an arrow.

        Parameters
        ----------
        cause, effect : str

        Returns
        -------
        Series

        Raises
        ------
        ModelError
            If there is none, naming those there are.
        """
        rows = self.arrows[(self.arrows["cause"] == cause) & (self.arrows["effect"] == effect)]
        if not len(rows):
            known = [f"{a} → {b}" for a, b in zip(self.arrows["cause"], self.arrows["effect"], strict=True)]
            asked = f"{cause} → {effect}"
            raise ModelError(f"there is no arrow {asked!r}{closest(asked, known)}; there are {listing(known)}")
        return rows.iloc[0]

    def to_frame(self) -> pd.DataFrame:
        """Return the arrows.

        Returns
        -------
        DataFrame
        """
        return self.arrows

    def plot(self, ax: Axes | None = None, *, arrow: tuple[str, str] | None = None) -> Axes:
        """Draw what an arrow would be by how much something unmeasured explains of cause and effect.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.
        arrow : (str, str), optional
            Cause and effect; by default the one that is explained away most easily.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_confounding

        return draw_confounding(self, ax, arrow=arrow)

    def __repr__(self) -> str:
        weakest = self.arrows.sort_values("robustness_value").iloc[0]
        arrow = f"{weakest['cause']} → {weakest['effect']}"
        return (
            f"<UnmeasuredConfounding {self.level} schools, {len(self.arrows)} arrows: the weakest, {arrow},"
            f" falls to what explains {weakest['robustness_value']:.3f} of both>"
        )


def pvalue(estimate: ArrayLike, se: ArrayLike, df: float) -> NDArray[np.float64]:
    """Return the p of an adjusted coefficient, for which one degree of freedom went.

    Parameters
    ----------
    estimate, se : array_like
    df : float
        Of the coefficient as found.

    Returns
    -------
    array
        Two-sided; NaN where the estimate is.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(np.asarray(estimate) / np.asarray(se))
    return np.asarray(2 * stdtr(df - 1, -t), dtype=np.float64)
