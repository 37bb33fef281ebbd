"""A covariance matrix from a paper, checked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError
from internal_coherence.moments.pairs import PairMoments

Array = NDArray[np.float64]


def given_moments(cov: ArrayLike | pd.DataFrame, n: int | ArrayLike | None, mean: ArrayLike | None) -> PairMoments:
    """Return the pair moments that a given covariance matrix stands for.

    Parameters
    ----------
    cov : (k, k) array
        Covariances, with divisor n − 1, or correlations.
    n : int, (k, k) array, or None
        Teachers; the counts are NaN where they are not known.
    mean : (k,) array or None
        Means of the items; NaN where they are not known.

    Returns
    -------
    PairMoments

    Raises
    ------
    ModelError
        If the matrix is not square, symmetric and finite, has a negative variance, n is below 2, or there are more or
        fewer means than items.
    """
    S = _covariance_matrix(cov)
    k = len(S)
    counts = _counts(n, k)
    centre = np.full(k, np.nan) if mean is None else np.asarray(mean, dtype=np.float64)
    if centre.shape != (k,):
        raise ModelError(f"mean must have {k} entries, one an item; got shape {centre.shape}")
    df = np.where(np.isnan(counts), 1.0, counts - 1)
    return PairMoments(n=counts, centre=centre, offset=np.zeros((k, k)), cross=S * df, square=np.diag(S)[:, None] * df)


def _covariance_matrix(cov: ArrayLike | pd.DataFrame) -> Array:
    try:
        S = np.array(cov, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelError("the covariance matrix must hold numbers") from None
    if S.ndim != 2 or S.shape[0] != S.shape[1] or len(S) == 0:
        raise ModelError(f"a covariance matrix is square; got shape {S.shape}")
    if not np.isfinite(S).all():
        raise ModelError("the covariance matrix has entries that are missing or infinite")
    if not np.allclose(S, S.T, rtol=1e-8, atol=1e-12 * np.abs(S).max()):
        half = not np.triu(S, 1).any() or not np.tril(S, -1).any()
        hint = "; of a triangle T, pass T + T' less its diagonal" if half else ""
        raise ModelError(f"the covariance matrix is not symmetric{hint}")
    if (np.diag(S) < 0).any():
        raise ModelError("the covariance matrix has a negative variance on its diagonal")
    if (np.outer(np.diag(S), np.diag(S)) * (1 + 1e-8) < S**2).any():
        raise ModelError("the covariance matrix has a correlation beyond −1 or 1")
    return (S + S.T) / 2


def _counts(n: int | ArrayLike | None, k: int) -> Array:
    if n is None:
        return np.full((k, k), np.nan)
    given = np.asarray(n)
    if given.dtype.kind not in "iuf" or given.shape not in ((), (k, k)) or not (given == np.rint(given)).all():
        raise ModelError(f"n={n!r} is not a whole number of teachers, nor a {k} × {k} table of them")
    if not (given >= 2).all():
        raise ModelError(f"n={n!r}: a covariance rests on at least two teachers")
    return np.broadcast_to(given.astype(np.float64), (k, k)).copy()
