"""Results from several sets of drawn values, joined by Rubin's (1987) rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from internal_coherence.errors import ModelError, check_level, listing
from internal_coherence.records import Record

Array = NDArray[np.float64]
Table = pd.DataFrame | Mapping[int, pd.Series] | Sequence[pd.Series] | ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PooledEstimates(Record):
    """Estimates joined over sets of drawn values.

    Parameters
    ----------
    names : tuple of str
        Of the k estimates.
    estimate : (k,) array
        Their means over the sets.
    se : (k,) array
        √(within + (1 + 1/m) between).
    df : (k,) array
        Degrees of freedom of Student's t; infinite where the sets all agree and the data's own are not known.
    within, between : (k,) array
        The mean of the variances, and the variance of the estimates over the sets.
    fraction_missing : (k,) array
        The share of what is to be known that the draws leave open, (r + 2/(df + 3))/(1 + r) with r the relative increase of
        variance.
    n_sets : int
        m.
    df_complete : float
        What the degrees of freedom would be were the values known.
    """

    names: tuple[str, ...]
    estimate: Array
    se: Array
    df: Array
    within: Array
    between: Array
    fraction_missing: Array
    n_sets: int
    df_complete: float

    @property
    def relative_increase(self) -> Array:
        """By what share the draws increase the variance, r = (1 + 1/m) between/within."""
        with np.errstate(divide="ignore", invalid="ignore"):
            increase: Array = (1 + 1 / self.n_sets) * self.between / self.within
        return increase

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return the estimates with tests and limits.

        Parameters
        ----------
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            ``name, est, se, t, df, pvalue, ci_lower, ci_upper, within, between, relative_increase, fraction_missing``.
        """
        check_level(level)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = self.estimate / self.se
        reach = np.where(
            np.isinf(self.df),
            ndtri((1 + level) / 2),
            stdtrit(np.where(np.isinf(self.df), 1.0, self.df), (1 + level) / 2),
        )
        tail = np.where(
            np.isinf(self.df), ndtr(-np.abs(t)), stdtr(np.where(np.isinf(self.df), 1.0, self.df), -np.abs(t))
        )
        return pd.DataFrame(
            {
                "name": list(self.names),
                "est": self.estimate,
                "se": self.se,
                "t": t,
                "df": self.df,
                "pvalue": 2 * tail,
                "ci_lower": self.estimate - reach * self.se,
                "ci_upper": self.estimate + reach * self.se,
                "within": self.within,
                "between": self.between,
                "relative_increase": self.relative_increase,
                "fraction_missing": self.fraction_missing,
            }
        )

    def __repr__(self) -> str:
        shown = ", ".join(f"{n} {e:.3f} ({s:.3f})" for n, e, s in zip(self.names, self.estimate, self.se, strict=True))
        return f"<PooledEstimates of {self.n_sets} sets: {shown}>"


def pool_estimates(estimates: Table, variances: Table, *, df_complete: float = np.inf) -> PooledEstimates:
    """Join the results of one analysis that was done on every set of plausible or imputed values.

    Parameters
    ----------
    estimates : DataFrame, mapping or sequence of Series, or (m, k) array
        One row a set, one column an estimate; m numbers are one estimate.
    variances : as `estimates`
        Their sampling variances: squared standard errors.
    df_complete : float
        Degrees of freedom that the analysis would have were the values known, such as n − k of a regression, or schools less one;
        by default there is no limit, which suits large samples only.

    Returns
    -------
    PooledEstimates

    Raises
    ------
    ModelError
        For fewer than two sets, tables that do not match, values that are missing, or negative variances.

    Notes
    -----
    ``mice::pool.scalar``; ``mitools::MIcombine``, whose degrees of freedom differ where `df_complete` is given, since it leaves
    1 + 1/m out of the share of variance that lies between sets. The variance is that within sets plus that between them, the
    latter times 1 + 1/m (Rubin 1987); the degrees of freedom are Barnard & Rubin's (1999), never more than the complete data's own.

    Examples
    --------
    >>> from internal_coherence.latent.scoring import pool_estimates
    >>> pooled = pool_estimates([0.52, 0.47, 0.55, 0.50, 0.46], [0.01, 0.012, 0.011, 0.01, 0.012], df_complete=98)
    >>> print(f"{pooled.estimate[0]:.3f} {pooled.se[0]:.4f} {pooled.df[0]:.1f}")
    0.500 0.1123 62.3
    """
    Q, names = _table(estimates, "estimates")
    U, others = _table(variances, "variances")
    if Q.shape != U.shape:
        raise ModelError(
            f"estimates are {_size(Q)}, variances {_size(U)}: there must be one variance for each estimate"
        )
    if names and others and names != others:
        raise ModelError(f"estimates are named {listing(names)}, variances {listing(others)}")
    if len(Q) < 2:
        raise ModelError("Rubin's rules need the results of two sets at least, better five or more; got one")
    if not np.isfinite(Q).all() or not np.isfinite(U).all():
        raise ModelError(
            "estimates and variances must be numbers in every set; leave a set out, or find out why it has none"
        )
    if (U < 0).any():
        raise ModelError("variances must not be negative; give squared standard errors")
    if not df_complete > 0:
        raise ModelError(f"df_complete={df_complete!r} is not above 0")
    m, within, between = len(Q), U.mean(axis=0), Q.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    df = barnard_rubin_df(m, within, between, df_complete)
    return PooledEstimates(
        names=names or others or tuple(f"estimate {k + 1}" for k in range(Q.shape[1])),
        estimate=Q.mean(axis=0),
        se=np.sqrt(total),
        df=df,
        within=within,
        between=between,
        fraction_missing=fraction_missing(m, within, between, df),
        n_sets=m,
        df_complete=float(df_complete),
    )


def barnard_rubin_df(m: int, within: Array, between: Array, df_complete: float) -> Array:
    """Return Barnard & Rubin's (1999) degrees of freedom.

    Parameters
    ----------
    m : int
        Sets.
    within, between : (k,) array
        Variances within and between them.
    df_complete : float
        ν_com, of the complete data.

    Returns
    -------
    (k,) array
        (1/ν_m + 1/ν_obs)⁻¹ with λ = (1 + 1/m) B/T, ν_m = (m − 1)/λ² and ν_obs = (ν_com + 1)/(ν_com + 3) ν_com (1 − λ).
    """
    B = (1 + 1 / m) * between
    share = np.divide(B, within + B, out=np.zeros_like(B), where=B > 0)
    with np.errstate(divide="ignore"):
        by_sets = (m - 1) / share**2
        if np.isinf(df_complete):
            return by_sets
        by_data = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
        df: Array = 1 / (1 / by_sets + 1 / by_data)
    return df


def fraction_missing(m: int, within: Array, between: Array, df: Array) -> Array:
    """Return the fraction of missing information (Rubin 1987).

    Parameters
    ----------
    m : int
        Sets.
    within, between : (k,) array
        Variances within and between them.
    df : (k,) array
        Degrees of freedom.

    Returns
    -------
    (k,) array
        (r + 2/(df + 3))/(1 + r); 1 where all variance is between.
    """
    B = (1 + 1 / m) * between
    r = np.divide(B, within, out=np.where(B > 0, np.inf, 0.0), where=within > 0)
    finite = np.where(np.isinf(r), 0.0, r)
    fraction: Array = np.where(np.isinf(r), 1.0, (finite + 2 / (df + 3)) / (1 + finite))
    return fraction


def _table(given: Table, what: str) -> tuple[Array, tuple[str, ...]]:
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, Sequence) and given and all(isinstance(x, pd.Series) for x in given):
        given = pd.DataFrame(list(given))
    names = tuple(map(str, given.columns)) if isinstance(given, pd.DataFrame) else ()
    try:
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelError(f"{what} must be numbers, one row a set and one column an estimate") from None
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.size:
        raise ModelError(f"{what} must be a table: one row a set, one column an estimate")
    return array, names


def _size(table: Array) -> str:
    return f"{table.shape[0]} sets × {table.shape[1]}"
