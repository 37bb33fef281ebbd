"""By how much indices of fit may worsen when more is held equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from internal_coherence.errors import check_option
from internal_coherence.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs(Record):
    """How much worse fit may become at one step.

    Parameters
    ----------
    cfi : float
        By which the CFI may fall.
    rmsea, srmr_loadings, srmr_others : float
        By which the RMSEA may rise, and the SRMR where loadings, or other parameters, become equal; infinite where a source
        says nothing of it.
    source : str
        Who proposed it.
    """

    cfi: float
    rmsea: float = float("inf")
    srmr_loadings: float = float("inf")
    srmr_others: float = float("inf")
    source: str

    def beyond(self, change: Mapping[str, float], *, loadings: bool) -> tuple[str, ...]:
        """Return the indices that worsened beyond their cut-offs.

        Parameters
        ----------
        change : mapping
            ``cfi_diff, rmsea_diff, srmr_diff``; NaN is not beyond.
        loadings : bool
            Whether it was loadings that became equal.

        Returns
        -------
        tuple of str
            Of ``"cfi"``, ``"rmsea"``, ``"srmr"``.
        """
        found = {
            "cfi": change["cfi_diff"] <= -self.cfi,
            "rmsea": change["rmsea_diff"] >= self.rmsea,
            "srmr": change["srmr_diff"] >= (self.srmr_loadings if loadings else self.srmr_others),
        }
        return tuple(name for name, is_beyond in found.items() if is_beyond)


CHEN: Final = Cutoffs(cfi=0.010, rmsea=0.015, srmr_loadings=0.030, srmr_others=0.015, source="Chen (2007)")
CHEN_SMALL: Final = Cutoffs(
    cfi=0.005, rmsea=0.010, srmr_loadings=0.025, srmr_others=0.005, source="Chen (2007), 300 rows or fewer"
)
NAMED: Final[Mapping[str, Cutoffs]] = {
    "chen": CHEN,
    "cheung.rensvold": Cutoffs(cfi=0.010, source="Cheung & Rensvold (2002)"),
    "meade": Cutoffs(cfi=0.002, source="Meade, Johnson & Braddy (2008)"),
    "rutkowski.svetina": Cutoffs(
        cfi=0.020, rmsea=0.030, source="Rutkowski & Svetina (2014), many groups, equal loadings"
    ),
}


def check_cutoffs(given: str | Cutoffs) -> None:
    """Refuse a name that is not there.

    Parameters
    ----------
    given : str or Cutoffs
        By name, or the user's own.

    Raises
    ------
    ModelError
    """
    if not isinstance(given, Cutoffs):
        check_option("cutoffs", given, tuple(NAMED))


def cutoffs_of(given: str | Cutoffs, n: int) -> Cutoffs:
    """Return the cut-offs that were asked for.

    Parameters
    ----------
    given : {"chen", "cheung.rensvold", "meade", "rutkowski.svetina"} or Cutoffs
        By name, or the user's own.
    n : int
        Rows; Chen has stricter ones for small samples.

    Returns
    -------
    Cutoffs
    """
    if isinstance(given, Cutoffs):
        return given
    return CHEN_SMALL if given == "chen" and n <= 300 else NAMED[given]
