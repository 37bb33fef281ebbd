"""Answering at random: the null distributions with which agreement is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from internal_coherence.errors import ModelError, ResponseError, check_option, listing

Array = NDArray[np.float64]
NullName = Literal["uniform", "triangular", "slight_skew", "moderate_skew", "heavy_skew"]
NULLS: Final[tuple[NullName, ...]] = get_args(NullName)
NullChoice = NullName | float | ArrayLike

FIVE_OPTIONS: Final[Mapping[str, tuple[float, ...]]] = {
    "slight_skew": (0.05, 0.15, 0.20, 0.35, 0.25),
    "moderate_skew": (0.00, 0.10, 0.15, 0.40, 0.35),
    "heavy_skew": (0.00, 0.00, 0.10, 0.40, 0.50),
}
"""Shares of the answers 1 to 5 (James, Demaree & Wolf 1984; LeBreton & Senter 2008)."""

PUBLISHED: Final[Mapping[str, Mapping[int, float]]] = {
    "slight_skew": {5: 1.34, 6: 1.85, 7: 2.90, 8: 3.47, 9: 5.66, 10: 6.30, 11: 7.31},
    "moderate_skew": {5: 0.90, 6: 1.26, 7: 2.14, 8: 2.79, 9: 4.73, 10: 5.09, 11: 6.32},
    "heavy_skew": {5: 0.44, 6: 0.69, 7: 1.39, 8: 2.35, 9: 3.16, 10: 3.46, 11: 4.02},
}
"""Variances by number of options (LeBreton & Senter 2008, Table 2)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Null:
    """How people would answer who do not look at the school.

    Parameters
    ----------
    name : str
        The choice, ``"given"`` for shares or a variance of the user's own.
    variance : float
        Of an answer.
    shares : (A,) array or None
        Of the answers, lowest first; None where only the variance is known.
    source : str
        Where they come from.
    """

    name: str
    variance: float
    shares: Array | None
    source: str


def null_distribution(null: NullChoice, n_options: int) -> Null:
    """Return a null distribution.

    Parameters
    ----------
    null : {"uniform", "triangular", "slight_skew", "moderate_skew", "heavy_skew"}, float or (A,) array
        Its name, its variance, or the share of each answer, lowest first.
    n_options : int
        Response options, A.

    Returns
    -------
    Null

    Raises
    ------
    ModelError
        For a name that does not exist, a variance that A options can't have, or shares that are none.

    Notes
    -----
    Uniform: (A² − 1)/12. Triangular: shares in the proportions 1, 2, …, 2, 1, so (A² + 2A − 3)/24 for an odd number of
    options and (A² + 2A − 2)/24 for an even one (James, Demaree & Wolf 1984). Skewed: the published shares of five
    options; the published variance of 6 to 11 options (LeBreton & Senter 2008, Table 2), and for others the shape of
    five options stretched, which is a rule of this library. Where a simulation needs shares of 6 to 11 options, the
    stretched shape is warped until its variance is the published one.

    Examples
    --------
    >>> [round(null_distribution(name, 6).variance, 2) for name in ("uniform", "triangular", "slight_skew")]
    [2.92, 1.92, 1.85]
    """
    if isinstance(null, str):
        check_option("null", null, NULLS)
        return _NAMED[null](null, n_options)
    given = _numbers(null)
    return _of_variance(float(given), n_options) if given.ndim == 0 else _of_shares(given, n_options)


def check_n_options(n_options: object) -> int:
    """Return the number of response options, if it is one.

    Parameters
    ----------
    n_options : object
        What a user passed.

    Returns
    -------
    int

    Raises
    ------
    ResponseError
        If it is not a whole number of 2 or more.
    """
    if isinstance(n_options, bool) or not isinstance(n_options, (int, np.integer)) or n_options < 2:
        raise ResponseError(f"n_options is the number of response options of an item, 2 or more; got {n_options!r}")
    return int(n_options)


def variance_of(shares: Array) -> float:
    """Return the variance of an answer.

    Parameters
    ----------
    shares : (A,) array
        Of the answers one point apart.

    Returns
    -------
    float
    """
    answer = np.arange(len(shares)) - (len(shares) - 1) / 2
    return float(shares @ answer**2 - (shares @ answer) ** 2)


def _uniform(name: str, A: int) -> Null:
    return Null(name=name, variance=(A**2 - 1) / 12, shares=np.full(A, 1 / A), source="every answer equally likely")


def _triangular(name: str, A: int) -> Null:
    rising = np.minimum(np.arange(1, A + 1), np.arange(A, 0, -1)).astype(np.float64)
    variance = (A**2 + 2 * A - (3 if A % 2 else 2)) / 24
    return Null(name=name, variance=variance, shares=rising / rising.sum(), source="James, Demaree & Wolf (1984)")


def _skewed(name: str, A: int) -> Null:
    if A == 5:
        shares = np.array(FIVE_OPTIONS[name])
        return Null(name=name, variance=variance_of(shares), shares=shares, source="James, Demaree & Wolf (1984)")
    if (published := PUBLISHED[name].get(A)) is None:
        shares = _stretched(name, A)
        return Null(name=name, variance=variance_of(shares), shares=shares, source="five options, stretched")
    warp = brentq(lambda c: variance_of(_stretched(name, A, c)) - published, 0.5, 1.5, xtol=1e-14)
    return Null(
        name=name,
        variance=published,
        shares=_stretched(name, A, float(warp)),
        source="LeBreton & Senter (2008); shares stretched from five options",
    )


def _stretched(name: str, A: int, warp: float = 1.0) -> Array:
    """Return the five options' distribution, taken as even within each option, cut into A options."""
    below = np.concatenate([[0.0], np.cumsum(FIVE_OPTIONS[name])])
    cuts = np.linspace(0, 1, A + 1) ** warp
    return np.diff(np.interp(cuts, np.linspace(0, 1, 6), below))


def _numbers(null: object) -> Array:
    try:
        given = None if null is None or isinstance(null, bool) else np.asarray(null, dtype=np.float64)
    except (TypeError, ValueError):
        given = None
    if given is None:
        msg = f"null={null!r} is not one of {listing(NULLS)}, a variance, or the share of each answer; for several see .across()"
        raise ModelError(msg)
    return given


def _of_variance(variance: float, A: int) -> Null:
    most = (A - 1) ** 2 / 4
    if not 0 < variance <= most:
        raise ModelError(
            f"null={variance:g}: the variance of an answer among {A} options lies above 0 and up to {most:g}"
        )
    return Null(name="given", variance=variance, shares=None, source="given as a variance")


def _of_shares(shares: Array, A: int) -> Null:
    if shares.shape != (A,) or not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ModelError(f"null: the shares of {A} answers are {A} numbers, none negative, with sum 1; got {shares!r}")
    if not (variance := variance_of(shares / shares.sum())) > 0:
        raise ModelError("null: all answers alike have no variance, so nothing can be compared with them")
    return Null(name="given", variance=variance, shares=shares / shares.sum(), source="given as shares")


_NAMED: Final[Mapping[str, Callable[[str, int], Null]]] = {
    "uniform": _uniform,
    "triangular": _triangular,
    "slight_skew": _skewed,
    "moderate_skew": _skewed,
    "heavy_skew": _skewed,
}
