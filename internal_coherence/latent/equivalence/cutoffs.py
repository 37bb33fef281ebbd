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
    cfi, rmsea, srmr : float
        By which the CFI may fall, and the others rise; infinite where a source says nothing of it.
    cfi_loadings, rmsea_loadings, srmr_loadings : float, optional
        The same where loadings become equal, if that is another.
    source : str
        Who proposed it.
    """

    cfi: float
    rmsea: float = float("inf")
    srmr: float = float("inf")
    cfi_loadings: float | None = None
    rmsea_loadings: float | None = None
    srmr_loadings: float | None = None
    source: str

    def limit(self, index: str, kind: str) -> float:
        """Return by how much an index may worsen where parameters of one kind become equal.

        Parameters
        ----------
        index : {"cfi", "rmsea", "srmr"}
        kind : str
            As `group_equal` has it.

        Returns
        -------
        float
        """
        own = getattr(self, f"{index}_loadings") if kind == "loadings" else None
        return float(getattr(self, index) if own is None else own)

    def beyond(self, change: Mapping[str, float], kind: str) -> tuple[str, ...]:
        """Return the indices that worsened beyond their cut-offs.

        Parameters
        ----------
        change : mapping
            ``cfi_diff, rmsea_diff, srmr_diff``; NaN is not beyond.
        kind : str
            What became equal.

        Returns
        -------
        tuple of str
            Of ``"cfi"``, ``"rmsea"``, ``"srmr"``.
        """
        worse = {"cfi": -change["cfi_diff"], "rmsea": change["rmsea_diff"], "srmr": change["srmr_diff"]}
        return tuple(index for index, by in worse.items() if by >= self.limit(index, kind))


CHEN: Final = Cutoffs(cfi=0.010, rmsea=0.015, srmr=0.015, srmr_loadings=0.030, source="Chen (2007)")
CHEN_SMALL: Final = Cutoffs(
    cfi=0.005, rmsea=0.010, srmr=0.005, srmr_loadings=0.025, source="Chen (2007), 300 rows or fewer"
)
MANY: Final = Cutoffs(
    cfi=0.010, rmsea=0.010, cfi_loadings=0.020, rmsea_loadings=0.030, source="Rutkowski & Svetina (2014), many groups"
)
NAMED: Final[Mapping[str, Cutoffs]] = {
    "chen": CHEN,
    "cheung.rensvold": Cutoffs(cfi=0.010, source="Cheung & Rensvold (2002)"),
    "meade": Cutoffs(cfi=0.002, source="Meade, Johnson & Braddy (2008)"),
    "rutkowski.svetina": MANY,
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
