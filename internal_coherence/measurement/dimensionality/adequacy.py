"""Are these correlations worth a factor analysis?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from internal_coherence.measurement.dimensionality.correlations import correlated, invertible, items_index, sample_size
from internal_coherence.measurement.entrance import Data
from internal_coherence.moments.levels import Missing
from internal_coherence.records import Record

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SamplingAdequacy(Record):
    """The Kaiser–Meyer–Olkin measure, from 0 to 1: Kaiser called .8 meritorious and anything below .5 unacceptable.

    Parameters
    ----------
    overall : float
        Of all items together.
    by_item : DataFrame
        Column ``msa``, indexed by item.
    n_items : int
        Items.
    missing : {"pairwise", "listwise", "em", "given"}
        How missing answers were treated.
    """

    overall: float
    by_item: pd.DataFrame
    n_items: int
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """Return the measure of each item.

        Returns
        -------
        DataFrame
            Columns ``item``, ``msa``.
        """
        return self.by_item.reset_index()

    def __repr__(self) -> str:
        weakest = self.by_item["msa"].idxmin()
        return f"<KMO {self.overall:.3f}, {self.n_items} items, lowest {self.by_item['msa'].min():.3f} ({weakest})>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Sphericity(Record):
    """Bartlett's test that the items do not correlate at all.

    Parameters
    ----------
    chisq : float
        The statistic.
    df : int
        Its degrees of freedom, k(k − 1)/2.
    p_value : float
        Of uncorrelated, normal items.
    n : int
        Teachers that the test counts.
    n_items : int
        Items.
    missing : {"pairwise", "listwise", "em", "given"}
        How missing answers were treated.
    """

    chisq: float
    df: int
    p_value: float
    n: int
    n_items: int
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """Return a table of one row.

        Returns
        -------
        DataFrame
        """
        return pd.DataFrame([self.as_row()])

    def __repr__(self) -> str:
        return (
            f"<Bartlett's sphericity: χ² = {self.chisq:.1f}, df = {self.df}, p = {self.p_value:.3g},"
            f" {self.n_items} items, n = {self.n}>"
        )


def kmo(data: Data, *, missing: Missing = "pairwise") -> SamplingAdequacy:
    """Kaiser–Meyer–Olkin measure of sampling adequacy: do the items share more than pairs of them do alone?

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        NaN is missing. `Responses` of one wave give all their items.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.

    Returns
    -------
    SamplingAdequacy

    Raises
    ------
    ResponseError
        With fewer than two items, or items that do not vary.
    ModelError
        If the correlations have no inverse, as with two items that are the same.

    Notes
    -----
    Σr² / (Σr² + Σq²) over the pairs, q the correlation of a pair with all other items held constant.
    ``psych::KMO(x)``: ``MSA``, ``MSAi``. Kaiser (1970); Kaiser & Rice (1974).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> round(ic.kmo(ic.example_responses().select(wave=2025)).overall, 2)
    0.91
    """
    moments = correlated(data, missing, "kmo", least=2)
    R = invertible(moments, "kmo")
    r2, q2 = _off_diagonal_squares(R), _off_diagonal_squares(partial_correlations(R))
    by_item = pd.DataFrame({"msa": r2.sum(axis=0) / (r2 + q2).sum(axis=0)}, index=items_index(moments))
    return SamplingAdequacy(
        overall=float(r2.sum() / (r2 + q2).sum()), by_item=by_item, n_items=len(R), missing=moments.missing
    )


def bartlett_sphericity(data: Data, *, missing: Missing = "pairwise", n: int | None = None) -> Sphericity:
    """Bartlett's test of sphericity: could all correlations be zero?

    Parameters
    ----------
    data : DataFrame or (n, k) array of items, Moments, or Responses
        NaN is missing. `Responses` of one wave give all their items.
    missing : {"pairwise", "listwise", "em"}
        How missing answers are treated.
    n : int, optional
        Teachers to count; by default those who answered every item (listwise) or any item.

    Returns
    -------
    Sphericity

    Raises
    ------
    ResponseError
        With fewer than two items, or items that do not vary.
    ModelError
        If the correlations have no inverse, or n is not known.

    Notes
    -----
    ``−(n − 1 − (2k + 5)/6) log |R|`` is about χ². ``psych::cortest.bartlett(R, n)``. Bartlett (1951). With hundreds of
    teachers it is all but always significant, and says little.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.bartlett_sphericity(ic.example_responses().select(wave=2025)).df
    1225
    """
    moments = correlated(data, missing, "bartlett_sphericity", least=2)
    R = invertible(moments, "bartlett_sphericity")
    size = sample_size(moments, n, "bartlett_sphericity")
    k = len(R)
    chisq, df = -(size - 1 - (2 * k + 5) / 6) * float(np.linalg.slogdet(R)[1]), k * (k - 1) // 2
    return Sphericity(
        chisq=chisq, df=df, p_value=float(chdtrc(df, chisq)), n=size, n_items=k, missing=moments.missing
    )  # fmt: skip


def squared_multiple_correlations(R: Array) -> Array:
    """Return each item's squared multiple correlation with all the others: 1 − 1/r^jj.

    Parameters
    ----------
    R : (..., k, k) array
        Correlations that have an inverse.

    Returns
    -------
    (..., k) array
    """
    smc: Array = 1 - 1 / np.diagonal(np.linalg.inv(R), axis1=-2, axis2=-1)
    return smc


def partial_correlations(R: Array) -> Array:
    """Return the correlation of each pair of items with all other items held constant.

    Parameters
    ----------
    R : (k, k) array
        Correlations that have an inverse.

    Returns
    -------
    (k, k) array
    """
    P = np.linalg.inv(R)
    d = np.sqrt(np.diag(P))
    partial: Array = 2 * np.eye(len(R)) - P / np.outer(d, d)
    return partial


def _off_diagonal_squares(R: Array) -> Array:
    return np.where(np.eye(len(R), dtype=bool), 0.0, R * R)
