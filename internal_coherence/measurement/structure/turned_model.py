"""Exploratory structural equation models: every item may belong to every factor, and factors are turned to the scales.

The model is fitted with as many entries fixed as a rotation can choose: in each factor's column the loadings of the other factors'
anchor items are 0, and all variances 1. Its fit is that of any rotation. Then the loadings are turned towards the scales.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from internal_coherence.errors import ModelError, check_level, listing
from internal_coherence.latent import ParTable, SemFit, cfa
from internal_coherence.latent.preparing import Column, Missing
from internal_coherence.latent.table.writing import quoted
from internal_coherence.measurement.structure.target import towards
from internal_coherence.records import Record
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Scales = Mapping[str, Sequence[str]]
STEP: Final = 1e-4
"""Of a parameter's size: far above what the rotation leaves undone, whatever the number of rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ExploratoryModel(Record):
    """An exploratory structural equation model, its factors turned to the scales.

    Parameters
    ----------
    loadings : DataFrame
        Items by factors, standardised: the pattern.
    correlations : DataFrame
        Of the factors.
    scales : mapping of scale to item names
        What they were turned to.
    converged : bool
        Whether the model was fitted; else all is NaN.
    """

    loadings: pd.DataFrame
    correlations: pd.DataFrame
    scales: Mapping[str, tuple[str, ...]]
    converged: bool
    _fit: SemFit
    _T: Array

    @property
    def fit(self) -> SemFit:
        """The fit, before rotation: measures of fit do not depend on it, estimates do."""
        return self._fit

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return every loading and factor correlation with its standard error.

        Parameters
        ----------
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, target, est, se, ci_lower, ci_upper``; `target` says whether it is a loading of the factor's own scale.

        Notes
        -----
        Standard errors by the delta method through the rotation, whose slopes are found by differences.
        """
        check_level(level)
        items, factors = list(self.loadings.index), list(self.loadings.columns)
        own = {(f, i) for f, scale in self.scales.items() for i in scale}
        rows: list[dict[str, Any]] = [
            {"lhs": f, "op": "=~", "rhs": i, "target": (f, i) in own} for i in items for f in factors
        ]
        pairs = [(a, b) for k, a in enumerate(factors) for b in factors[k + 1 :]]
        rows += [{"lhs": a, "op": "~~", "rhs": b, "target": False} for a, b in pairs]
        upper = np.triu_indices(len(factors), 1)
        estimates = np.concatenate([self.loadings.to_numpy().ravel(), self.correlations.to_numpy()[upper]])
        se = self._errors(upper) if self.converged else np.full(len(estimates), np.nan)
        reach = float(ndtri((1 + level) / 2)) * se
        return pd.DataFrame(rows).assign(est=estimates, se=se, ci_lower=estimates - reach, ci_upper=estimates + reach)

    def _errors(self, upper: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Array:
        fit = self._fit
        zeros = _zeros(list(self.loadings.index), self.scales)

        def turned(theta: Array) -> Array:
            L, phi, _ = towards(_standardized(fit, theta), zeros, self._T)
            return np.concatenate([L.ravel(), phi[upper]])

        slopes = np.stack(
            [
                (turned(fit.coef + STEP * e) - turned(fit.coef - STEP * e)) / (2 * STEP)
                for e in np.eye(len(fit.coef)) * np.maximum(np.abs(fit.coef), 0.1)[:, None]
            ],
            axis=1,
        ) / np.maximum(np.abs(fit.coef), 0.1)
        return np.asarray(np.sqrt(np.einsum("kq,qr,kr->k", slopes, fit.vcov, slopes)), dtype=np.float64)

    def __repr__(self) -> str:
        if not self.converged:
            return f"<ExploratoryModel of {len(self.scales)} factors: not converged>"
        crossed = self.loadings.to_numpy()[_zeros(list(self.loadings.index), self.scales)]
        worst = float(np.abs(crossed).max(initial=0.0))
        return f"<ExploratoryModel of {len(self.scales)} factors; the largest loading on another scale is {worst:.2f}>"


def exploratory_model(
    data: pd.DataFrame | Responses,
    scales: Scales | None = None,
    *,
    estimator: str = "ML",
    missing: Missing = "listwise",
    cluster: Column = None,
) -> ExploratoryModel:
    """Fit an exploratory structural equation model: items may load on every factor, turned to their own scale's.

    Parameters
    ----------
    data : DataFrame or Responses
        Rows are teachers.
    scales : mapping of scale to item names, optional
        What the factors are turned to; `Responses` know theirs. Scales of fewer than two items are left out.
    estimator, missing, cluster
        As `cfa` takes them.

    Returns
    -------
    ExploratoryModel

    Raises
    ------
    ModelError
        Without scales, with fewer than two, or too few items for so many factors.

    Notes
    -----
    Asparouhov & Muthén (2009); Marsh et al. (2014). ``lavaan::cfa('efa("b")*f1 + efa("b")*f2 =~ ...', rotation = "target")`` with a
    target whose own loadings are NA. Loadings on other scales that are not small say that items, or scales, are not as separate
    as the confirmatory model has them; its factor correlations are then too high.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> two = {"pub": [f"pub_{k}" for k in range(1, 5)], "saf": [f"saf_{k}" for k in range(1, 5)]}
    >>> ic.exploratory_model(district, two).loadings.shape
    (8, 2)
    """
    if scales is None:
        if not isinstance(data, Responses):
            raise ModelError("exploratory_model needs scales=, a mapping of each scale to the names of its items")
        scales = {scale.key: scale.item_keys for scale in data.instrument.scales}
    kept = {str(name): tuple(items) for name, items in scales.items() if len(items) > 1}
    table = exploratory_table(data, kept, estimator=estimator, missing=missing, cluster=cluster)
    return turned_to(cfa(data, table, estimator=estimator, missing=missing, cluster=cluster), kept)


def exploratory_table(
    data: pd.DataFrame | Responses,
    scales: Mapping[str, tuple[str, ...]],
    *,
    estimator: str,
    missing: Missing,
    cluster: Column,
) -> ParTable:
    """Return the model before rotation, beginning where the confirmatory one ends.

    Parameters
    ----------
    data : DataFrame or Responses
        Rows are teachers.
    scales : mapping of scale to item names
        Two or more, of two items or more.
    estimator, missing, cluster
        As `cfa` takes them.

    Returns
    -------
    ParTable
    """
    refuse_too_few(scales)
    items = [item for scale in scales.values() for item in scale]
    means = missing == "fiml" or cluster is not None or isinstance(data, Responses)
    names = {scale: f"{scale}_factor" if scale in items else scale for scale in scales}
    said = "\n".join(f"{quoted(names[s])} =~ {' + '.join(map(quoted, scale))}" for s, scale in scales.items())
    confirmatory = cfa(
        data, said, std_lv=True, estimator=estimator, missing=missing, cluster=cluster, meanstructure=means
    )
    begin = {
        (row.lhs, row.op, row.rhs): float(confirmatory.coef[row.free - 1])
        for row in confirmatory.table.entries
        if row.free and confirmatory.converged
    }
    anchors = {names[s]: max(scale, key=_sizes(begin, names[s])) for s, scale in scales.items()}
    rows: list[dict[str, Any]] = []
    for f in names.values():
        for item in items:
            fixed = item in anchors.values() and anchors[f] != item
            start = begin.get((f, "=~", item), 0.0)
            rows.append(_row(f, "=~", item, fixed=0.0 if fixed else math.nan, start=start))
    factors = list(names.values())
    for k, f in enumerate(factors):
        rows.append(_row(f, "~~", f, fixed=1.0))
        rows += [_row(f, "~~", g, start=begin.get((f, "~~", g), 0.0)) for g in factors[k + 1 :]]
    rows += [_row(item, "~~", item, start=begin.get((item, "~~", item), math.nan)) for item in items]
    if means:
        rows += [_row(item, "~1", "", start=begin.get((item, "~1", ""), math.nan)) for item in items]
        rows += [_row(f, "~1", "", fixed=0.0) for f in factors]
    return ParTable.from_frame(pd.DataFrame(rows))


def refuse_too_few(scales: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse scales that are too few, or have too few items, for factors that may all touch them.

    Parameters
    ----------
    scales : mapping of scale to item names

    Raises
    ------
    ModelError
    """
    items = [item for scale in scales.values() for item in scale]
    p, m = len(items), len(scales)
    if m < 2:
        raise ModelError("exploratory_model needs two scales or more, of two items or more")
    if twice := sorted({item for item in items if items.count(item) > 1}):
        raise ModelError(f"exploratory_model: in two scales: {listing(twice)}")
    if (p - m) ** 2 < p + m:
        raise ModelError(f"exploratory_model: {p} items are too few for {m} factors that may all touch them")


def _sizes(begin: Mapping[tuple[str, str, str], float], factor: str) -> Callable[[str], float]:
    """Return how large items' loadings on a factor are."""
    return lambda item: abs(begin.get((factor, "=~", item), 0.0))


def _row(lhs: str, op: str, rhs: str, *, fixed: float = math.nan, start: float = math.nan) -> dict[str, Any]:
    return {"lhs": lhs, "op": op, "rhs": rhs, "free": float(math.isnan(fixed)), "value": fixed, "start": start}


def turned_to(fit: SemFit, scales: Mapping[str, tuple[str, ...]]) -> ExploratoryModel:
    """Turn the factors of a fitted model to the scales.

    Parameters
    ----------
    fit : SemFit
        Of `exploratory_table`.
    scales : mapping of scale to item names
        As there.

    Returns
    -------
    ExploratoryModel
    """
    items, m = list(fit.observed), len(scales)
    L, phi, T = np.full((len(items), m), np.nan), np.full((m, m), np.nan), np.eye(m)
    if fit.converged:
        L, phi, T = towards(_standardized(fit, fit.coef), _zeros(items, scales))
        sign = np.sign([L[[items.index(i) for i in scale], k].sum() for k, scale in enumerate(scales.values())])
        L, phi, T = L * sign, phi * np.outer(sign, sign), T * sign
    return ExploratoryModel(
        loadings=pd.DataFrame(L, index=pd.Index(items, name="item"), columns=list(scales)),
        correlations=pd.DataFrame(phi, index=list(scales), columns=list(scales)),
        scales=dict(scales),
        converged=fit.converged,
        _fit=fit,
        _T=T,
    )


def _zeros(items: Sequence[str], scales: Mapping[str, Sequence[str]]) -> NDArray[np.bool_]:
    return np.array([[item not in scale for scale in scales.values()] for item in items])


def _standardized(fit: SemFit, theta: Array) -> Array:
    """Return standardised loadings on uncorrelated factors: those of the model, times a root of their correlations."""
    ram = fit._fitted.problem.rams[0]
    A, S, _ = ram.matrices(theta)
    p = ram.n_observed
    phi = S[p:, p:]
    loadings = A[:p, p:] @ np.linalg.cholesky(phi)
    spread = np.sqrt((loadings**2).sum(axis=1) + np.diag(S)[:p])
    standardized: Array = loadings / spread[:, None]
    return standardized
