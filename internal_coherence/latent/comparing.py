"""`compare`: nested models against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ConvergenceWarning, ModelError, check_option, listing, warn
from internal_coherence.latent.estimation.scoring import at_once
from internal_coherence.latent.fit.indices import rmsea
from internal_coherence.latent.inference.nested import satorra_2000
from internal_coherence.latent.inference.testing import model_trace, p_value, satorra_bentler
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted
from internal_coherence.records import Record

Array = NDArray[np.float64]
Method = Literal["auto", "standard", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"]
SHOWN: Final = (
    *("model", "df", "aic", "bic", "chisq", "chisq_diff", "rmsea", "df_diff", "pvalue"),
    *("cfi_diff", "rmsea_diff", "srmr_diff"),
)
METHODS: Final[tuple[str, ...]] = get_args(Method)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FitComparison(Record):
    """Models in order of their degrees of freedom, each tested against the one before.

    Parameters
    ----------
    method : str
        How the difference of χ² is scaled.
    table : DataFrame
        ``model, df, aic, bic, chisq, chisq_diff, rmsea, df_diff, pvalue, cfi_diff, rmsea_diff, srmr_diff``.
    """

    method: str
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the table.

        Returns
        -------
        DataFrame
        """
        return self.table

    def __repr__(self) -> str:
        lines = [f"<FitComparison, {self.method}>"]
        for k, row in enumerate(self.table.to_dict("records")):
            tested = (
                f"; difference {row['chisq_diff']:.2f}, {row['df_diff']:.0f} df, p {row['pvalue']:.3f}" if k else ""
            )
            lines.append(f"{row['model']}: {row['chisq']:.2f}, {row['df']:.0f} df{tested}")
        return "\n".join(lines)


def compare(*fits: SemFit, names: tuple[str, ...] = (), method: Method = "auto") -> FitComparison:
    """Compare nested models of the same data by the difference of their χ².

    Parameters
    ----------
    *fits : SemFit
        Two or more, in any order.
    names : tuple of str
        What to call them; by default ``model 1`` and so on, in the order given.
    method : {"auto", "standard", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"}
        How the difference is corrected where χ² is; by default Satorra & Bentler's (2001) way, from the two scaling factors.
        Their difference can become negative; that of 2010 seldom does. Satorra's (2000) needs no factors, and corrects for
        unequal parts as well: it is the usual one after MLMV and kin.

    Returns
    -------
    FitComparison

    Raises
    ------
    ModelError
        For models of other data, other variables or another estimator, fits that did not converge, and models that can't be
        nested: with the same degrees of freedom, or the more restricted of which fits better.

    Notes
    -----
    ``lavaan::lavTestLRT``. The RMSEA is that of the difference: √((T − E)/(df N)), T the plain difference and E what the
    correction expects of it. Differences of CFI and RMSEA are those of the robust indices where the estimator has them.
    """
    check_option("method", method, METHODS)
    titles = names or tuple(f"model {k + 1}" for k in range(len(fits)))
    if len(titles) != len(fits) or len(set(titles)) < len(titles):
        raise ModelError(f"names must be {len(fits)} different names; got {listing(titles)}")
    chosen, rows = differences(fits, titles, method)
    return FitComparison(method=chosen, table=pd.DataFrame(rows, columns=list(SHOWN)))


def differences(fits: tuple[SemFit, ...], titles: tuple[str, ...], method: Method) -> tuple[str, list[dict[str, Any]]]:
    """Test each of several models against the one before.

    Parameters
    ----------
    fits : tuple of SemFit
        Two or more, in any order.
    titles : tuple of str
        What they are called.
    method : str
        As `compare` takes it.

    Returns
    -------
    str
        The method that was used.
    list of dict
        A row a model, in order of their degrees of freedom; the first has no differences.

    Raises
    ------
    ModelError
        As `compare`.
    """
    _refuse(fits, titles)
    order = sorted(range(len(fits)), key=lambda k: fits[k].df)
    robust = any(fit._judged is not None and fit._judged.robust is not None for fit in fits)
    if not robust and method not in ("auto", "standard"):
        raise ModelError(f"method={method!r} is for scaled tests; these fits have the standard one")
    if method == "satorra.2000" and fits[0]._fitted.problem.missing:
        raise ModelError("method='satorra.2000' needs complete data; with missing='fiml' take 'satorra.bentler.2001'")
    chosen = _usual(fits[0]) if method == "auto" else method
    if chosen.startswith("satorra.bentler") and _usual(fits[0]) == "satorra.2000":
        raise ModelError(
            f"method={method!r} needs tests that are scaled and nothing else; after {fits[0].estimator!r} take 'satorra.2000'"
        )
    rows = [_row(fits[k], titles[k]) for k in order]
    for (a, b), row, before in zip(pairwise(order), rows[1:], rows, strict=False):
        row |= _difference(fits[b], fits[a], chosen)
        row |= {f"{name}_diff": row[f"_{name}"] - before[f"_{name}"] for name in ("cfi", "rmsea", "srmr")}
    return chosen, rows


def _usual(fit: SemFit) -> str:
    """Return the usual way for an estimator: the factors of adjusted and shifted tests say too little for Satorra & Bentler's."""
    test = fit._fitted.problem.estimator.test
    if test in ("scaled.shifted", "mean.var.adjusted"):
        return "satorra.2000"
    return "satorra.bentler.2001" if fit._fitted.problem.estimator.robust else "standard"


def _refuse(fits: tuple[SemFit, ...], titles: tuple[str, ...]) -> None:
    if len(fits) < 2:
        raise ModelError("compare takes two models or more")
    refuse_unlike(fits, titles)
    ordered = sorted(zip(fits, titles, strict=True), key=lambda pair: pair[0].df)
    for (less, one), (more, other) in pairwise(ordered):
        if less.df == more.df:
            raise ModelError(
                f"{one} and {other} have the same degrees of freedom, {less.df}: neither is nested in the other"
            )
        if more.chisq < less.chisq - 1e-6 * max(less.chisq, 1.0):
            raise ModelError(f"{other} is more restricted than {one} and fits better, so they are not nested")


def refuse_unlike(fits: tuple[SemFit, ...], titles: tuple[str, ...]) -> None:
    """Refuse models that are not of the same data, estimated alike.

    Parameters
    ----------
    fits : tuple of SemFit
        Two or more.
    titles : tuple of str
        What to call them.

    Raises
    ------
    ModelError
        Naming the first difference, or those that did not converge.
    """
    if lost := [title for fit, title in zip(fits, titles, strict=True) if not fit.converged]:
        raise ModelError(f"did not converge: {listing(lost)}")
    first = fits[0]
    for fit, title in zip(fits, titles, strict=True):
        for what in ("estimator", "missing", "n", "groups", "n_clusters"):
            if getattr(fit, what) != getattr(first, what):
                has, other = (
                    ", ".join(map(str, x)) if isinstance(x, tuple) else x
                    for x in (getattr(fit, what), getattr(first, what))
                )
                raise ModelError(f"{title} has another {what}: {has or 'none'!r}, not {other or 'none'!r}")
        if set(fit.observed) != set(first.observed):
            raise ModelError(
                f"{title} is of other variables: {listing(sorted(set(fit.observed) ^ set(first.observed)))}"
            )
        order = [fit.observed.index(name) for name in first.observed]
        for a, b in zip(fit._fitted.problem.samples, first._fitted.problem.samples, strict=True):
            if a is not b and not np.allclose(a.cov[np.ix_(order, order)], b.cov, rtol=1e-9):
                raise ModelError(f"{title} is of other data")


def indices_of(fit: SemFit) -> dict[str, float]:
    """Return the indices of fit that models are compared by, corrected for non-normal answers where the estimator corrects.

    Parameters
    ----------
    fit : SemFit

    Returns
    -------
    dict
        ``cfi``, ``rmsea`` and its 90 % limits, ``srmr``: the robust ones where there are any, else the scaled, else the plain.
    """
    m: Mapping[str, float] = {} if fit._judged is None else fit._judged.measures

    def corrected(name: str) -> float:
        return float(next((m[name + end] for end in ("_robust", "_scaled", "") if name + end in m), np.nan))

    names = ("cfi", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
    return {name: corrected(name) for name in names} | {"srmr": float(m.get("srmr", np.nan))}


def _row(fit: SemFit, title: str) -> dict[str, Any]:
    m: Mapping[str, float] = {} if fit._judged is None else fit._judged.measures
    found = indices_of(fit)
    return {
        "model": title,
        "df": float(fit.df),
        "aic": m.get("aic", np.nan),
        "bic": m.get("bic", np.nan),
        "chisq": fit.chisq,
        **{f"_{name}": found[name] for name in ("cfi", "rmsea", "srmr")},
    }


def _difference(more: SemFit, less: SemFit, method: str) -> dict[str, float]:
    """Return the test of the restrictions by which one model has more degrees of freedom."""
    m, T, p = more.df - less.df, more.chisq - less.chisq, more._fitted.problem
    scaled, expected = T, float(m)
    if method == "satorra.2000":
        order = np.array([more.observed.index(name) for name in less.observed])
        found = satorra_2000(less._fitted, more._fitted, order, clustered=less.n_clusters > 0)
        scaled, expected = found.chisq, found.expected
    elif method != "standard":
        c1 = _factor_at(less, more) if method == "satorra.bentler.2010" else _factor(less)
        factor = (more.df * _factor(more) - less.df * c1) / m
        if not factor > 0:
            warn(
                f"compare: the difference has a negative scaling factor by {method!r}; take method='satorra.2000'",
                ConvergenceWarning,
            )
        scaled, expected = (T / factor, m * factor) if factor > 0 else (float("nan"), float("nan"))
    size = rmsea(T - expected + m, m, p.n_counted, len(p.samples))
    return {"chisq_diff": scaled, "rmsea": size, "df_diff": float(m), "pvalue": p_value(scaled, m)}


def _factor(fit: SemFit) -> float:
    robust = None if fit._judged is None else fit._judged.robust
    return 1.0 if fit.df == 0 else float("nan") if robust is None else robust.scaling_factor


def _mapped(of: SemFit, at: SemFit) -> Array:
    """Return the parameters of a model where another, nested in it, has its estimates."""
    known = {
        (r.lhs, r.op, r.rhs, r.group): float(value)
        for r, value in zip(at.table.entries, _values(at), strict=True)
        if r.op not in (":=", "==", "<", ">")
    }
    theta = of.coef.copy()
    for r in of.table.entries:
        if r.free:
            key = (r.lhs, r.op, r.rhs, r.group)
            other = (r.rhs, r.op, r.lhs, r.group)
            theta[r.free - 1] = known.get(key, known.get(other, 0.0))
    return theta


def _values(fit: SemFit) -> list[float]:
    return [float(fit.coef[r.free - 1]) if r.free else r.value for r in fit.table.entries]


def _factor_at(less: SemFit, more: SemFit) -> float:
    """Return the scaling factor of the larger model at the estimates of the smaller (Satorra & Bentler 2010)."""
    if less.df == 0 or less._judged is None:
        return 1.0
    own = {(r.lhs, r.op, r.rhs, r.group) for r in more.table.entries}
    if strangers := [
        r.name
        for r in less.table.entries
        if r.free and not {(r.lhs, r.op, r.rhs, r.group), (r.rhs, r.op, r.lhs, r.group)} & own and r.op == "=~"
    ]:
        raise ModelError(
            f"method='satorra.bentler.2010' needs models with the same loadings; one lacks {listing(strangers, 4)}"
        )
    problem, theta = less._fitted.problem, _mapped(less, more)
    there = Fitted(problem, at_once(problem.objective, theta))
    if problem.estimator.test == "satorra.bentler":
        return satorra_bentler(there) / less.df
    return (less._judged.saturated_trace - model_trace(there, clustered=less.n_clusters > 0)) / less.df
