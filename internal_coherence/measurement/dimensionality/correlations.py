"""Correlations that a factor analysis can use."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, ResponseError, check_option, listing
from internal_coherence.measurement.dimensionality.extraction import SINGULAR
from internal_coherence.measurement.entrance import Data, moments_of
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.sufficient import Moments

Array = NDArray[np.float64]


def correlated(data: Data, missing: Missing, what: str, *, least: int) -> Moments:
    """Return the moments of items all of whose correlations are known.

    Parameters
    ----------
    data : DataFrame, array, Moments or Responses
    missing : {"pairwise", "listwise", "em"}
    what : str
        The statistic, for messages.
    least : int
        The fewest items it makes sense for.

    Returns
    -------
    Moments

    Raises
    ------
    ResponseError
        For too few items, or correlations that can't be computed.
    """
    check_option("missing", missing, MISSING)
    moments = moments_of(data, missing, what)
    if len(moments.names) < least:
        raise ResponseError(f"{what} needs at least {least} items; got {len(moments.names)}")
    if np.isnan(moments.cor).any():
        raise ResponseError(f"{what}: {moments.trouble()}")
    return moments


def invertible(moments: Moments, what: str) -> Array:
    """Return the correlations, having made sure that they are positive definite.

    Parameters
    ----------
    moments : Moments
    what : str
        The statistic, for messages.

    Returns
    -------
    (k, k) array

    Raises
    ------
    ModelError
        If they are not, saying why.
    """
    R = moments.cor
    e, V = np.linalg.eigh(R)
    if e[0] > SINGULAR:
        return R
    involved = listing(
        name for name, v in zip(moments.names, V[:, 0], strict=True) if abs(v) > 0.1 * abs(V[:, 0]).max()
    )
    if e[0] < -SINGULAR:
        raise ModelError(
            f"{what}: the {moments.missing} correlations are not positive definite (smallest eigenvalue {e[0]:.2g}), most of"
            f" all those of {involved}; use missing='listwise' or 'em', or leave an item out"
        )
    raise ModelError(
        f"{what}: the correlations have no inverse: of {involved} one is determined by the others;"
        " leave one out, or use more teachers than items"
    )


def sample_size(moments: Moments, n: int | None, what: str) -> int:
    """Return the number of teachers to count.

    Parameters
    ----------
    moments : Moments
    n : int or None
        What the caller said.
    what : str
        The statistic, for messages.

    Returns
    -------
    int

    Raises
    ------
    ModelError
        If it is not known, or below 2.
    """
    size = known_size(moments, n, what)
    if size is None:
        raise ModelError(f"{what}: these moments do not say how many teachers they are of; give n=")
    return size


def known_size(moments: Moments, n: int | None, what: str) -> int | None:
    """Return the number of teachers to count where it is known.

    Parameters
    ----------
    moments : Moments
    n : int or None
        What the caller said.
    what : str
        The statistic, for messages.

    Returns
    -------
    int or None

    Raises
    ------
    ModelError
        If it is below 2.
    """
    size = moments.n_units if n is None else n
    if size is not None and size < 2:
        raise ModelError(f"{what}: n={size} is not 2 or more")
    return None if size is None else int(size)


def items_index(moments: Moments) -> pd.Index:
    """Return the items' names as the index of a table.

    Parameters
    ----------
    moments : Moments

    Returns
    -------
    Index
        Called ``item``.
    """
    return pd.Index(moments.names, name="item")
