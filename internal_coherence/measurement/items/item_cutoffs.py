"""Where a number makes an item worth a second look. Every cut-off can be argued with, and replaced."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from internal_coherence.errors import ModelError


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCutoffs:
    """What flags an item; None flags nothing.

    Parameters
    ----------
    r_drop : float or None
        An item–rest correlation below this. Nunnally & Bernstein (1994): .30.
    average_r : (float, float) or None
        Clark & Watson's (1995) range, .15 to .50. An item is flagged if its mean correlation with the others is below
        it; the scale as a whole if the mean of all correlations is outside: above, the items may ask one thing twice.
    alpha_gain : float or None
        Alpha without the item is higher by more than this.
    floor, ceiling : float or None
        A share of the answers at the lowest or highest code above this. Ours: above half, the item no longer tells
        most teachers apart. The 15 % of Terwee et al. (2007) is for the scores of scales; of an item with five
        answers a fifth is at either end by chance.
    skew, kurtosis : float or None
        An absolute skew above this, an excess kurtosis above this. West, Finch & Curran (1995): 2 and 7.
    missing : float or None
        A share of missing answers above this. Schafer (1999): 5 % or fewer are of little consequence.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> strict = ic.ItemCutoffs(r_drop=0.4, kurtosis=None)
    """

    r_drop: float | None = 0.30
    average_r: tuple[float, float] | None = (0.15, 0.50)
    alpha_gain: float | None = 0.0
    floor: float | None = 0.50
    ceiling: float | None = 0.50
    skew: float | None = 2.0
    kurtosis: float | None = 7.0
    missing: float | None = 0.05

    def __post_init__(self) -> None:
        for name in ("floor", "ceiling", "missing"):
            if (value := getattr(self, name)) is not None and not 0 <= value <= 1:
                raise ModelError(f"{name}={value!r} is a share, between 0 and 1; None flags nothing")
        if self.average_r is not None and not self.average_r[0] <= self.average_r[1]:
            raise ModelError(f"average_r={self.average_r!r} is a range, the lower end first; None flags nothing")

    def flags(self, items: pd.DataFrame, alpha: float) -> list[str]:
        """Return in words what stands out about each item.

        Parameters
        ----------
        items : DataFrame
            One row an item, with the columns of an item analysis.
        alpha : float
            Of all the items.

        Returns
        -------
        list of str
            Empty texts where nothing does; a number that is missing flags nothing.
        """
        low = None if self.average_r is None else self.average_r[0]
        rules = [
            ("runs against the scale", items["r_drop"] < 0),
            *self._rule("item-rest correlation below {}", items["r_drop"], below=self.r_drop),
            *self._rule("average correlation below {}", items["average_r"], below=low),
            *self._rule("alpha is higher without it", items["alpha_if_dropped"] - alpha, above=self.alpha_gain),
            *self._rule("over {} of answers at the lowest code", items["floor"], above=self.floor),
            *self._rule("over {} of answers at the highest code", items["ceiling"], above=self.ceiling),
            *self._rule("skew beyond {}", items["skew"].abs(), above=self.skew),
            *self._rule("kurtosis above {}", items["kurtosis"], above=self.kurtosis),
            *self._rule("over {} missing", items["missing"], above=self.missing),
        ]
        return ["; ".join(words for words, holds in rules if holds.iloc[i]) for i in range(len(items))]

    def scale_flags(self, average_r: float) -> str:
        """Return in words what stands out about all the items together.

        Parameters
        ----------
        average_r : float
            The mean of the correlations between the items.

        Returns
        -------
        str
            Empty if nothing does.
        """
        if self.average_r is None:
            return ""
        low, high = self.average_r
        if average_r < low:
            return f"average correlation of the items below {low:g}"
        return f"average correlation of the items above {high:g}" if average_r > high else ""

    @staticmethod
    def _rule(
        words: str, values: pd.Series, *, below: float | None = None, above: float | None = None
    ) -> list[tuple[str, pd.Series]]:
        if below is not None:
            return [(words.format(f"{below:g}"), values < below)]
        return [] if above is None else [(words.format(f"{above:g}"), values > above)]
