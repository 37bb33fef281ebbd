"""Moments of teachers, of teachers within their schools, and of schools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, ResponseError, listing
from internal_coherence.moments.grouping import Groups
from internal_coherence.moments.one_pass import ScoreMoments, pair_moments, table_moments
from internal_coherence.moments.pairs import PairMoments
from internal_coherence.moments.saturated import SaturatedNormal, saturated_normal
from internal_coherence.moments.tables import ItemTable

Array = NDArray[np.float64]
Missing = Literal["listwise", "pairwise", "em"]
Level = Literal["total", "within", "between"]
MISSING: Final[tuple[str, ...]] = get_args(Missing)
LEVELS: Final[tuple[str, ...]] = get_args(Level)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelMoments:
    """Moments at one level.

    Parameters
    ----------
    pairs : PairMoments
        Counts, means and cross-products.
    scores : ScoreMoments
        Of the teachers' means over the items.
    n_groups : (k, k) array
        Schools behind each pair; 1 at the total level.
    schools : tuple of str
        Which; none at the total level.
    fit : SaturatedNormal or None
        The EM algorithm's report.
    """

    pairs: PairMoments
    scores: ScoreMoments
    n_groups: Array
    schools: tuple[str, ...] = ()
    fit: SaturatedNormal | None = None


def level_moments(table: ItemTable, missing: Missing, level: Level) -> LevelMoments:
    """Compute the moments of items that have been checked.

    Parameters
    ----------
    table : ItemTable
        The answers.
    missing : {"listwise", "pairwise", "em"}
        How missing answers are treated.
    level : {"total", "within", "between"}
        Of what.

    Returns
    -------
    LevelMoments

    Raises
    ------
    ModelError
        If the level needs schools that are not known, or there is no EM for it.
    ResponseError
        For infinite values.
    """
    k = len(table.names)
    if level == "total":
        found = table_moments(table.X, listwise=missing == "listwise")
        _refuse_infinite(found.pairs, table)
        fit = saturated_normal(table.X, table.names) if missing == "em" else None
        pairs = found.pairs if fit is None else _of_normal(fit)
        return LevelMoments(pairs=pairs, scores=found.scores, n_groups=np.ones((k, k)), fit=fit)
    if missing == "em":
        raise ModelError(f"missing='em' is there for level='total' only; use 'pairwise' or 'listwise' for {level!r}")
    used = table.listwise() if missing == "listwise" else table
    if used.groups is None:
        raise ModelError(f"level={level!r} needs school=, each teacher's school")
    whole = table_moments(used.X)
    _refuse_infinite(whole.pairs, used)
    within, n_groups = pooled_within(used.X, used.groups)
    pairs = within if level == "within" else whole.pairs.less(within)
    return LevelMoments(pairs=pairs, scores=whole.scores, n_groups=n_groups, schools=used.groups.labels)


def _refuse_infinite(pairs: PairMoments, table: ItemTable) -> None:
    """Refuse infinite values, of which the sums tell: no walk of its own."""
    if not np.isfinite(pairs.cross).all() and (infinite := table.infinite()):
        raise ResponseError(f"{table.where}infinite values in {listing(infinite)}")


def _of_normal(fit: SaturatedNormal) -> PairMoments:
    k = len(fit.mean)
    cross = fit.cov * fit.n
    return PairMoments(
        n=np.full((k, k), float(fit.n)),
        centre=fit.mean,
        offset=np.zeros((k, k)),
        cross=cross,
        square=np.repeat(np.diag(cross)[:, None], k, axis=1),
    )


def pooled_within(X: Array, groups: Groups) -> tuple[PairMoments, Array]:
    """Return the cross-products about the schools' own means, summed over schools, and each pair's number of schools.

    Parameters
    ----------
    X : (n, k) array
        NaN is missing.
    groups : Groups
        Of the n rows.

    Returns
    -------
    PairMoments
        Its means are those of all rows.
    (k, k) array
    """
    k = X.shape[1]
    order = np.argsort(groups.codes, kind="stable")
    edges = np.searchsorted(groups.codes[order], np.arange(groups.n_schools + 1))
    within, n_groups = np.zeros((2, k, k)), np.zeros((k, k))
    for start, end in pairwise(edges):
        school = pair_moments(X[order[start:end]])
        within += np.stack([school.cross, school.square])
        n_groups += school.n > 0
    return replace(pair_moments(X), cross=within[0], square=within[1]), n_groups
