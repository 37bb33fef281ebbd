"""What a school is compared with: the reference mean, its unit and its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError, closest, listing
from internal_coherence.instrument import Instrument
from internal_coherence.moments.grouping import SchoolMoments
from internal_coherence.profiles.parts import ReferenceSD
from internal_coherence.responses.record import as_label

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
ReferenceChoice = str | Sequence[object] | pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """Mean and unit of each of q scales, over a set of schools or from norms.

    Parameters
    ----------
    mean, sd : (q,) array
        NaN where no school has the scale, or it does not vary.
    weights : (J, q) array
        What each school contributes to the mean; zero throughout for norms.
    error : (q, q) array
        Covariance of the norms' means; zero where the reference is the schools themselves.
    """

    mean: Array
    sd: Array
    weights: Array
    error: Array


def school_mask(choice: Sequence[object], labels: Sequence[str]) -> Mask:
    """Return which schools a list names.

    Parameters
    ----------
    choice : sequence
        Names of schools.
    labels : sequence of str
        All schools.

    Returns
    -------
    (J,) array of bool

    Raises
    ------
    ResponseError
        For a name that is none of them.
    """
    wanted = [as_label(school) for school in choice]
    for name in wanted:
        if name not in labels:
            raise ResponseError(
                f"reference: no school {name!r} with answers; there are {listing(labels)}{closest(name, labels)}"
            )
    return np.isin(np.array(labels, dtype=object), wanted)


def from_schools(moments: SchoolMoments, mask: Mask, sd: ReferenceSD) -> Reference:
    """Return the reference that a set of schools makes.

    Parameters
    ----------
    moments : SchoolMoments
        Of the scale scores.
    mask : (J, q) array of bool
        Which schools count for which scale.
    sd : {"teachers", "schools"}
        ``"teachers"``: mean and SD over all teachers of those schools; ``"schools"``: over the schools' means.

    Returns
    -------
    Reference
    """
    size = np.where(mask, moments.size, 0.0)
    mean_of = np.where(mask, moments.mean, 0.0)
    count = size if sd == "teachers" else mask.astype(np.float64)
    total = count.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = count / total
        mean = np.where(total > 0, (weights * mean_of).sum(axis=0), np.nan)
        squares = (count * np.where(mask, moments.mean - mean, 0.0) ** 2).sum(axis=0)
        if sd == "teachers":
            squares = squares + np.where(mask, moments.sum_of_squares, 0.0).sum(axis=0)
        unit = np.sqrt(squares / (total - 1))
    q = len(mean)
    unit = np.where((total > 1) & (unit > 1e-9), unit, np.nan)
    return Reference(mean=mean, sd=unit, weights=np.nan_to_num(weights), error=np.zeros((q, q)))


def from_norms(norms: pd.DataFrame, instrument: Instrument, n_schools: int) -> Reference:
    """Return the reference that a table of norms states.

    Parameters
    ----------
    norms : DataFrame
        Indexed by scale key, or with a column ``scale``; columns ``mean``, ``sd``, and perhaps ``se`` of the mean.
    instrument : Instrument
        Whose scales are looked up.
    n_schools : int
        Schools in the data, J.

    Returns
    -------
    Reference

    Raises
    ------
    ResponseError
        For missing scales or columns, means outside of the format, or SDs that are not positive.
    """
    table = norms.set_index("scale") if "scale" in norms.columns else norms
    if missing := [c for c in ("mean", "sd") if c not in table.columns]:
        raise ResponseError(f"norms need the columns 'mean' and 'sd' by scale; missing: {listing(missing)}")
    keys = [scale.key for scale in instrument.scales]
    if absent := [key for key in keys if key not in table.index]:
        raise ResponseError(f"norms have no row for scale {listing(absent)}{closest(absent[0], table.index)}")
    if not table.index.is_unique:
        raise ResponseError("norms name a scale twice")
    table = table.loc[keys]
    mean, sd = table["mean"].to_numpy(dtype=float), table["sd"].to_numpy(dtype=float)
    for scale, m, s in zip(instrument.scales, mean, sd, strict=True):
        if not scale.low <= m <= scale.high or not s > 0:
            msg = f"norms of {scale.key!r}: mean {m:g}, sd {s:g}; the mean must lie in {scale.low}–{scale.high}, the sd above 0"
            raise ResponseError(msg)
    se = table["se"].to_numpy(dtype=float) if "se" in table else np.zeros(len(keys))
    return Reference(mean=mean, sd=sd, weights=np.zeros((n_schools, len(keys))), error=np.diag(se**2))
