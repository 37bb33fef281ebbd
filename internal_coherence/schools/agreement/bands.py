"""Customary words for amounts of agreement, and whose custom they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
UNKNOWN: Final = "no value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Ordered words, and the values that part them.

    Parameters
    ----------
    cuts : tuple of float
        Rising.
    words : tuple of str
        One more than the cuts.
    closed : {"left", "right"}
        Whether a value at a cut belongs to the band above it or below it.
    source : str
        Whose custom.
    """

    cuts: tuple[float, ...]
    words: tuple[str, ...]
    closed: str
    source: str

    def of(self, values: Array) -> list[str]:
        """Return the word for each value.

        Parameters
        ----------
        values : (J,) array
            NaN is told as such.

        Returns
        -------
        list of str
        """
        # A value that equals a cut but for its last digit belongs to the cut.
        hair = 1e-9 if self.closed == "left" else -1e-9
        place = np.searchsorted(np.array(self.cuts), values + hair, side="right" if self.closed == "left" else "left")
        return [UNKNOWN if lost else self.words[k] for k, lost in zip(place, np.isnan(values), strict=True)]

    def counted(self, values: Array) -> str:
        """Return how many values each word gets.

        Parameters
        ----------
        values : (J,) array
            NaN is left out.

        Returns
        -------
        str
            For instance ``"strong agreement in 4 schools, weak agreement in 1 school"``.
        """
        found = self.of(values)
        counts = [(word, found.count(word)) for word in reversed(self.words)]
        parts = [f"{word} in {n} school{'' if n == 1 else 's'}" for word, n in counts if n]
        return ", ".join(parts) or "no school has a value"


RWG_BANDS: Final = Bands(
    cuts=(0.30, 0.50, 0.70, 0.90),
    words=("lack of agreement", "weak agreement", "moderate agreement", "strong agreement", "very strong agreement"),
    closed="right",
    source="LeBreton & Senter (2008)",
)
AWG_BANDS: Final = Bands(
    cuts=(0.60, 0.70, 0.80),
    words=("unacceptable agreement", "weak agreement", "moderate agreement", "strong agreement"),
    closed="left",
    source="Brown & Hauenstein (2005)",
)


def deviation_bands(n_options: int) -> Bands:
    """Return the bands of an average deviation: up to A/6 of a scale point, or more.

    Parameters
    ----------
    n_options : int
        Response options, A.

    Returns
    -------
    Bands
    """
    return Bands(
        cuts=(n_options / 6,),
        words=("within A/6", "beyond A/6"),
        closed="right",
        source="Burke & Dunlap (2002)",
    )
