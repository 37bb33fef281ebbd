"""Could agreement like this come about by chance? Groups drawn from a null distribution, for every size of school."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from internal_coherence.errors import ModelError, check_option
from internal_coherence.moments.grouping import Groups
from internal_coherence.schools.agreement.nulls import Null

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Statistic = Callable[[Array, int], Array]
NullItems = Literal["correlated", "independent"]
NULL_ITEMS: Final[tuple[str, ...]] = get_args(NullItems)
LEVEL: Final = 0.05
FEWEST: Final = 100
"""Draws that a p-value below .05 can be told from."""
NUMBERS: Final = 2_000_000
"""Answers drawn at a time."""
MOST: Final = 5_000_000_000
"""Correlated answers in all: a few minutes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chance:
    """What to draw.

    Parameters
    ----------
    shares : (A,) array
        Of the answers under the null distribution.
    n_items : int
        Items, k.
    correlation : (k, k) array or None
        Of the normal variables behind the items; None for independent items.
    draws : int
        Groups of each size.
    rng : Generator
        The source of chance.
    """

    shares: Array
    n_items: int
    correlation: Array | None
    draws: int
    rng: np.random.Generator

    def test(self, observed: Array, size: Integers, statistic: Statistic) -> tuple[Array, Array]:
        """Return each school's p-value, and the value at which p would be .05.

        Parameters
        ----------
        observed : (J,) array
            Spread of the answers in each school; less of it is more agreement.
        size : (J,) array of int
            Teachers.
        statistic : callable
            From counts of answers, (draws, k, A), and the number of teachers to the same spread.

        Returns
        -------
        p_value, critical : (J,) array
            (1 + draws of no more spread)/(1 + draws); the largest spread with p ≤ .05, NaN if there is none. NaN
            for schools of fewer than two teachers.
        """
        p_value, critical = np.full(len(size), np.nan), np.full(len(size), np.nan)
        sizes = np.unique(size[size >= 2])
        for n, counts in zip(sizes, self._counts(sizes), strict=True):
            drawn, of_size = np.sort(statistic(counts, int(n))), size == n
            # Equal spreads may differ in their last digit, for they were summed in another order.
            at_most = np.searchsorted(drawn, observed[of_size] + 1e-9, side="right")
            p_value[of_size] = (1 + at_most) / (1 + self.draws)
            critical[of_size] = _critical(drawn)
        return p_value, critical

    def _counts(self, sizes: Integers) -> Iterator[Array]:
        """Yield the counts of each answer, (draws, k, A), for groups of rising size: each is the last one grown."""
        counts = np.zeros((self.draws, self.n_items, len(self.shares)))
        before = 0
        for n in sizes:
            more, R = int(n) - before, self.correlation
            counts += self._independent(more) if R is None else self._correlated(more, R)
            before = int(n)
            yield counts

    def _independent(self, n: int) -> Array:
        drawn: Array = self.rng.multinomial(n, self.shares, size=(self.draws, self.n_items)).astype(np.float64)
        return drawn

    def _correlated(self, n: int, R: Array) -> Array:
        """Return counts of n teachers whose items are cut from correlated normal variables."""
        value, vector = np.linalg.eigh(R)
        root = vector * np.sqrt(np.maximum(value, 0))
        cuts = ndtri(np.minimum(np.cumsum(self.shares)[:-1], 1))
        B, k, A = self.draws, self.n_items, len(self.shares)
        cell = (np.arange(B * k) * A).reshape(B, 1, k)
        counts, batch = np.zeros(B * k * A), max(NUMBERS // (B * k), 1)
        for start in range(0, n, batch):
            z = self.rng.standard_normal((B, min(batch, n - start), k)) @ root.T
            counts += np.bincount((np.searchsorted(cuts, z) + cell).ravel(), minlength=len(counts))
        return counts.reshape(B, k, A)


def _critical(drawn: Array) -> float:
    """Return the largest drawn value of which p is at most .05; `drawn` is sorted."""
    allowed = int(np.floor(LEVEL * (1 + len(drawn)) + 1e-9)) - 1
    place = int(np.searchsorted(drawn, drawn[allowed] - 1e-9)) - 1
    return float(drawn[place]) if place >= 0 else float("nan")


def chance(null: Null, X: Array, groups: Groups, draws: int, null_items: NullItems, rng: np.random.Generator) -> Chance:
    """Return what to draw, for items that were answered.

    Parameters
    ----------
    null : Null
        Its shares must be known.
    X : (n, k) array
        Answers, without NaN.
    groups : Groups
        Of the n teachers.
    draws : int
        At least 100.
    null_items : {"correlated", "independent"}
        Whether the drawn items have the correlations of the answers within schools.
    rng : Generator
        The source of chance.

    Returns
    -------
    Chance

    Raises
    ------
    ModelError
        If the shares are not known, or more would be drawn than is reasonable.
    """
    check_option("null_items", null_items, NULL_ITEMS)
    if null.shares is None:
        raise ModelError(
            "draws= needs the share of each answer, and a variance does not tell it; give null= the shares"
        )
    k, largest = X.shape[1], int(np.bincount(groups.codes).max(initial=0))
    if null_items == "independent" or k == 1:
        return Chance(shares=null.shares, n_items=k, correlation=None, draws=draws, rng=rng)
    if largest * k * draws > MOST:
        msg = (
            f"draws={draws} of a school of {largest} teachers and {k} correlated items are too many answers;"
            " take fewer draws, or null_items='independent'"
        )
        raise ModelError(msg)
    correlation = correlation_within(X, groups)
    return Chance(shares=null.shares, n_items=k, correlation=correlation, draws=draws, rng=rng)


def check_draws(draws: object) -> int:
    """Return the number of draws, if it is one.

    Parameters
    ----------
    draws : object
        What a user passed.

    Returns
    -------
    int

    Raises
    ------
    ModelError
        If it is neither 0 nor a whole number of 100 or more.
    """
    whole = isinstance(draws, (int, np.integer)) and not isinstance(draws, bool)
    if not whole or not (draws == 0 or draws >= FEWEST):  # type: ignore[operator]  # a whole number by now
        raise ModelError(f"draws is 0, for no test, or at least {FEWEST} groups of each size; got {draws!r}")
    return int(draws)  # type: ignore[call-overload,no-any-return]  # a whole number by now


def correlation_within(X: Array, groups: Groups) -> Array:
    """Return the items' correlations within schools, 0 for an item that does not vary there.

    Parameters
    ----------
    X : (n, k) array
        Answers, without NaN.
    groups : Groups
        Of the n teachers.

    Returns
    -------
    (k, k) array
    """
    Z = X - X.mean(axis=0) if len(X) else X
    size = np.maximum(np.bincount(groups.codes, minlength=groups.n_schools), 1)
    Z = Z - (groups.sums(Z) / size[:, None])[groups.codes]
    length = np.sqrt((Z**2).sum(axis=0))
    Z = np.where(length > 1e-9, Z / np.where(length > 1e-9, length, 1), 0.0)
    correlation: Array = Z.T @ Z
    np.fill_diagonal(correlation, 1.0)
    return correlation
