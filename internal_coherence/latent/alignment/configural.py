"""The configural model: the same factors in every group, everything else free, fitted group by group."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import (
    CoherenceError,
    CoherenceWarning,
    ConvergenceWarning,
    ImproperSolutionWarning,
    MissingDataWarning,
    ModelError,
    SmallSampleWarning,
)
from internal_coherence.latent.fitting import cfa
from internal_coherence.latent.preparing import Missing, Rows
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable

Array = NDArray[np.float64]
Warned = tuple[type[CoherenceWarning], str]
ABOUT_ONE_GROUP: Final = (SmallSampleWarning, ConvergenceWarning, MissingDataWarning)
"""Warnings that are told once for all groups, and not once a group."""


@dataclass(frozen=True, eq=False)
class FactorOfGroups:
    """A factor's configural parameters in every group, with the factor's mean 0 and variance 1.

    Parameters
    ----------
    name : str
        The factor.
    items : tuple of str
        What measures it.
    loadings, intercepts : (P, G) array
        λ⁰ and ν⁰.
    cov : (G, 2P, 2P) or (G, 2P, G, 2P) array
        Covariances of each group's loadings and then intercepts; of all groups together where schools lie in several.
    sds : (P,) array
        The items' standard deviations within groups, pooled.
    """

    name: str
    items: tuple[str, ...]
    loadings: Array
    intercepts: Array
    cov: Array
    sds: Array


@dataclass(frozen=True, eq=False)
class GroupFits:
    """The model in each group.

    Parameters
    ----------
    labels : tuple of str
        Groups that could be fitted.
    fits : tuple of SemFit
        Theirs.
    failed : dict
        Groups that could not be fitted, and why.
    rows : dict
        Rows of each failed group.
    improper : dict
        Groups with estimates that can't be, and which.
    warned : tuple
        What was warned of that is not about one group.
    """

    labels: tuple[str, ...]
    fits: tuple[SemFit, ...]
    failed: dict[str, str]
    rows: dict[str, int]
    improper: dict[str, str]
    warned: tuple[Warned, ...]


def check_alignable(table: ParTable) -> None:
    """Refuse a model whose factors can't be aligned each on its own.

    Parameters
    ----------
    table : ParTable
        Of one group, with a mean structure.

    Raises
    ------
    ModelError
        For cross-loadings, factors of factors, regressions, equalities, and loadings or intercepts that are not free.
    """
    of: dict[str, str] = {}
    for row in table.entries:
        if row.op not in ("=~", "~~", "~1"):
            raise ModelError(f"align: the model may hold factors and residual covariances only, not {row.name!r}")
        if row.op == "=~":
            if row.rhs in table.latent:
                raise ModelError(f"align: {row.lhs!r} is a factor of factors; only factors of items can be aligned")
            if row.rhs in of:
                raise ModelError(
                    f"align: item {row.rhs!r} loads on {of[row.rhs]!r} and on {row.lhs!r}; with cross-loadings factors can't"
                    " be aligned each on its own, so give the item to one of them"
                )
            of[row.rhs] = row.lhs
        free = row.op == "=~" or (row.op == "~1" and row.lhs in table.observed)
        if free and not row.free:
            raise ModelError(f"align: {row.name} is fixed; loadings and intercepts must be free in every group")
        if row.lhs in table.latent and not _is_standard(row):
            raise ModelError(f"align: {row.name} must be fixed, factors having mean 0 and variance 1 in every group")
    if table.equal_pairs or table.equalities or table.inequalities:
        raise ModelError("align: the model has equalities or limits; the configural model has none")


def _is_standard(row: Any) -> bool:
    """Return whether a row that may be a factor's variance or mean is fixed to 1 or 0."""
    if row.op == "~~" and row.lhs == row.rhs:
        return not row.free and row.value == 1.0
    return row.op != "~1" or (not row.free and row.value == 0.0)


def fit_groups(rows: Rows, table: ParTable, estimator: str, missing: Missing, *, progress: bool = False) -> GroupFits:
    """Fit the model in every group.

    Parameters
    ----------
    rows : Rows
        The data.
    table : ParTable
        Of one group.
    estimator, missing : str
        As `cfa` takes them.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    GroupFits
    """
    frame = rows.frame[list(table.observed)]
    fits: dict[str, SemFit] = {}
    failed: dict[str, str] = {}
    sizes: dict[str, int] = {}
    improper: dict[str, str] = {}
    warned: dict[str, type[CoherenceWarning]] = {}
    for g, label in enumerate(_shown(rows.labels, progress)):
        own = rows.group == g
        cluster = None if rows.cluster is None else rows.cluster[own]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                fit = cfa(frame.loc[own], table, estimator=estimator, missing=missing, cluster=cluster)
            except CoherenceError as broken:
                failed[label], sizes[label] = str(broken).removeprefix("cfa: "), int(own.sum())
                continue
        for w in caught:
            message = str(w.message).removeprefix("cfa: ")
            if issubclass(w.category, ImproperSolutionWarning):
                improper[label] = message
            elif issubclass(w.category, CoherenceWarning) and not issubclass(w.category, ABOUT_ONE_GROUP):
                warned[message] = w.category
        reason = "" if fit.converged else f"did not converge: {fit.trouble}"
        if fit.converged and not np.isfinite(fit.vcov).all():
            reason = "its standard errors could not be computed"
        if reason:
            failed[label], sizes[label] = reason, int(own.sum())
        else:
            fits[label] = fit
    told = tuple((category, message) for message, category in warned.items())
    return GroupFits(tuple(fits), tuple(fits.values()), failed, sizes, improper, told)


def _shown(labels: Sequence[str], progress: bool) -> Iterable[str]:
    if not progress:
        return labels
    from tqdm import tqdm

    return tqdm(labels, desc="groups")


def factors_of(found: GroupFits, joint: SemFit | None = None) -> tuple[FactorOfGroups, ...]:
    """Return every factor's parameters in all groups, the factor pointing the same way in each.

    Parameters
    ----------
    found : GroupFits
        The fits.
    joint : SemFit, optional
        The same model of all groups at once, from which covariances between groups come.

    Returns
    -------
    tuple of FactorOfGroups
    """
    sizes = np.array([fit.n for fit in found.fits], dtype=np.float64)
    variances = np.array([np.diag(fit._fitted.problem.samples[0].cov) for fit in found.fits])
    pooled = dict(zip(found.fits[0].observed, np.sqrt(sizes @ variances / sizes.sum()), strict=True))
    return tuple(_factor(found, joint, name, pooled) for name in found.fits[0].latent)


def _factor(found: GroupFits, joint: SemFit | None, name: str, pooled: dict[str, float]) -> FactorOfGroups:
    table = found.fits[0].table
    items = tuple(row.rhs for row in table.entries if row.op == "=~" and row.lhs == name)
    at = _places(table, name, items, 1)
    estimates = np.array([fit.coef[at] for fit in found.fits])
    P, G = len(items), len(found.fits)
    signs = np.ones((G, 2 * P))
    signs[:, :P] = _orientation(estimates[:, :P])[:, None]
    if joint is None:
        cov = np.array([fit.vcov[np.ix_(at, at)] for fit in found.fits])
        cov = cov * signs[:, :, None] * signs[:, None, :]
    else:
        places = np.concatenate([_places(joint.table, name, items, g + 1) for g in range(G)])
        turned = np.concatenate([signs[:, :P] * _turns(joint, places, estimates), signs[:, P:]], axis=1).reshape(-1)
        cov = (joint.vcov[np.ix_(places, places)] * np.outer(turned, turned)).reshape(G, 2 * P, G, 2 * P)
    estimates = estimates * signs
    return FactorOfGroups(
        name, items, estimates[:, :P].T, estimates[:, P:].T, cov, np.array([pooled[item] for item in items])
    )


def _places(table: ParTable, name: str, items: Sequence[str], group: int) -> NDArray[np.intp]:
    """Return where a factor's loadings and its items' intercepts stand among the free parameters."""
    known = {(row.lhs, row.op, row.rhs): row.free - 1 for row in table.entries if row.group == group}
    found = [known[name, "=~", item] for item in items] + [known[item, "~1", ""] for item in items]
    return np.array(found, dtype=np.intp)


def _turns(joint: SemFit, places: NDArray[np.intp], estimates: Array) -> Array:
    """Return −1 for the groups whose factor points the other way in the joint fit than in the group's own, (G, 1)."""
    G, both = estimates.shape
    together = joint.coef[places].reshape(G, both)[:, : both // 2]
    return np.where((together * estimates[:, : both // 2]).sum(axis=1, keepdims=True) < 0, -1.0, 1.0)


def _orientation(loadings: Array) -> Array:
    """Return the sign of each group's factor (G,), so that all point the same way and most loadings are positive."""
    scaled = loadings / np.sqrt(np.square(loadings).mean(axis=0))
    common = np.linalg.svd(scaled, full_matrices=False)[2][0]
    if common.sum() < 0:
        common = -common
    turn: Array = np.where(scaled @ common < 0, -1.0, 1.0)
    return turn
