"""`align`: latent means of many groups on one scale, without the same loadings and intercepts in all of them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, ResponseError, check_option, closest, listing
from internal_coherence.latent.alignment.alignment_record import Alignment
from internal_coherence.latent.alignment.configural import (
    FactorOfGroups,
    GroupFits,
    check_alignable,
    factors_of,
    fit_groups,
)
from internal_coherence.latent.alignment.laying_out import LaidOut, fits_table, lay_out, left_out_table
from internal_coherence.latent.alignment.loss import AlignmentLoss, pair_weights
from internal_coherence.latent.alignment.metric import Method, Metric, pulled
from internal_coherence.latent.alignment.minimising import Minimum, free_minimum, minimise
from internal_coherence.latent.alignment.sampling_errors import aligned_parameters
from internal_coherence.latent.alignment.telling import warn_of
from internal_coherence.latent.fitting import cfa
from internal_coherence.latent.preparing import Column, Missing, Rows, rows_of
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.moments.sufficient import Moments
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Unit = Literal["raw", "pooled_sd"]
Failed = Literal["raise", "leave_out"]
WHAT: Final = "align"


def align(
    data: pd.DataFrame | Responses,
    model: str | ParTable | None = None,
    *,
    group: Column,
    estimator: str = "ML",
    missing: Missing = "listwise",
    cluster: Column = None,
    method: Method = "fixed",
    reference: str | None = None,
    epsilon: float = 0.01,
    unit: Unit = "raw",
    failed: Failed = "raise",
    starts: int = 6,
    rng: np.random.Generator | int | None = 0,
    progress: bool = False,
) -> Alignment:
    """Compare factor means over many groups by alignment, where loadings and intercepts are not all the same.

    Parameters
    ----------
    data : DataFrame or Responses
        Rows are teachers.
    model : str or ParTable, optional
        Factors and their items, as for `cfa`; each item in one factor. Of `Responses` by default one factor a scale.
    group : str or array
        A column, or one value a row: districts, countries, schools.
    estimator, missing : str
        As `cfa` takes them; standard errors are robust where the estimator's are.
    cluster : str or array, optional
        Each row's school; with `Responses` their schools, unless they are the groups.
    method : {"fixed", "free"}
        Factor means are 0 in the reference group; or all are free, which needs parameters that differ between groups.
    reference : str, optional
        The group whose factor means are 0 and variances 1; by default the one nearest the middle. With ``"free"`` there is none,
        and the variances multiply to 1 over groups.
    epsilon : float
        ε of the loss (x² + ε)^¼; smaller ones ignore large differences more, and are harder to minimise.
    unit : {"raw", "pooled_sd"}
        The unit of items in the loss: their own, as in Mplus; or their standard deviation within groups, which matters where
        items have different ranges.
    failed : {"raise", "leave_out"}
        What happens if the model can't be fitted in a group; left out, it is named in `left_out`.
    starts : int
        Random starts, beside those at no differences, at medians and at each item.
    rng : Generator, int or None
        By which these are drawn.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Alignment

    Raises
    ------
    ModelError
        For cross-loadings, equalities, options that do not exist, or groups that are schools with ``cluster=``.
    ResponseError
        For one group, columns that are not there, and groups in which the model can't be fitted, naming them.

    Warns
    -----
    SmallSampleWarning
        For groups of fewer than 100 rows.
    ImproperSolutionWarning
        For groups with negative variances.
    CoherenceWarning
        If more than a quarter of the parameters are not invariant, if nothing tells where the means lie, or if the reference
        group is drawn to the middle.

    Notes
    -----
    Mplus's ``ALIGNMENT = FIXED`` and ``FREE``; in R ``sirt::invariance.alignment`` (there ``meth = 3`` and ``4``,
    ``align.pow = c(.5, .5)``, ``eps = .01``, ``wgt`` the square roots of the groups' sizes). Asparouhov & Muthén (2014).

    The loss is minimised with the factor variances multiplying to 1: with one group's fixed to 1 it is lowest, in many groups,
    where all other variances are endless. And in many groups a mean that is held at 0 without lying in the middle is given up
    for the sake of the others, so the reference is best left to be found. Standard errors are by the delta method through the
    minimum.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> district = np.repeat(["north", "south", "east", "west"], 250)
    >>> trust = rng.normal(size=1000) + np.repeat([0, 0.5, -0.3, 0.2], 250)
    >>> items = pd.DataFrame({f"t{k}": 4 + 0.8 * trust + rng.normal(0, 0.6, 1000) for k in range(1, 6)})
    >>> items.loc[district == "south", "t5"] += 0.7  # the item means something else there
    >>> found = align(items, "trust =~ t1 + t2 + t3 + t4 + t5", group=district)
    >>> found
    <Alignment (fixed) of 1 factor in 4 groups: 2.5 % of parameters not invariant; 13 of 13 starts agree; n = 1000>
    >>> found.to_frame()[["group", "mean", "se"]].round(2)
       group  mean    se
    0  north  0.00  0.00
    1  south  0.72  0.11
    2   east -0.33  0.11
    3   west  0.29  0.11
    """
    for name, given, allowed in (
        ("method", method, get_args(Method)),
        ("unit", unit, get_args(Unit)),
        ("failed", failed, get_args(Failed)),
    ):
        check_option(name, given, allowed)
    if not 0 < epsilon < np.inf:
        raise ModelError(f"align: epsilon={epsilon} is not above 0")
    if starts < 0:
        raise ModelError(f"align: starts={starts} is below 0")
    if method == "free" and reference is not None:
        raise ModelError("align: with method='free' no group is the reference; leave reference= out")
    rows, assumed = _rows(data, group, cluster)
    table = _table(data, model, rows)
    found = _fitted(rows, table, estimator, missing, failed, progress)
    names = found.labels
    if reference is not None:
        check_option("reference", reference, names)
    factors = factors_of(found, _joint(rows, data, model, found, estimator, missing))
    sizes = np.array([fit.n for fit in found.fits], dtype=np.float64)
    losses = [_loss(factor, sizes, epsilon, unit) for factor in factors]
    free = [free_minimum(loss) for loss in losses]
    central = int(np.argmin(sum(np.abs(y[: len(names)]) for y in free)))
    metric = Metric(len(names), method, "product", central if reference is None else names.index(reference))
    drawn = np.random.default_rng(rng)
    laid = [
        _aligned(factor, loss, metric, minimise(loss, metric, starts, drawn, y), y, unit, sizes, names)
        for factor, loss, y in zip(factors, losses, free, strict=True)
    ]
    result = Alignment(
        factors=tuple(factor.name for factor in factors),
        groups=names,
        reference=names[metric.reference] if method == "fixed" else "",
        method=method,
        epsilon=float(epsilon),
        unit=unit,
        estimator=found.fits[0].estimator,
        missing=missing,
        n=sum(fit.n for fit in found.fits),
        n_excluded=sum(fit.n_excluded for fit in found.fits),
        n_clusters=0 if rows.cluster is None else len(np.unique(rows.cluster[_of(rows, names)])),
        means=pd.concat([part.means for part in laid], ignore_index=True),
        parameters=pd.concat([part.parameters for part in laid], ignore_index=True),
        invariance=pd.concat([part.invariance for part in laid], ignore_index=True),
        search=pd.concat([part.search for part in laid], ignore_index=True),
        fits=fits_table(found),
        left_out=left_out_table(found),
        notes=(),
        _mean_cov=tuple(part.mean_cov for part in laid),
    )
    return replace(result, notes=warn_of(result, found, factors, assumed))


def _rows(data: pd.DataFrame | Responses, group: Column, cluster: Column) -> tuple[Rows, str]:
    """Return the rows, and what was assumed of schools."""
    if isinstance(data, Moments):
        raise ResponseError("align needs the answers themselves, not moments")
    if group is None:
        raise ModelError("align: group= says which group each row is in, by a column's name or one value a row")
    own = cluster if cluster is not None or not isinstance(data, Responses) else "school"
    rows = rows_of(data, group, own, None, WHAT)
    if rows.cluster is None or len(np.unique(np.stack([rows.group, rows.cluster]), axis=1).T) > len(rows.labels):
        return rows, ""
    if cluster is not None:
        raise ModelError(
            "align: each group is one school, so within a group there is nothing for cluster= to allow for; leave it out"
        )
    return replace(rows, cluster=None), "each group is one school, so rows are taken as independent within groups"


def _table(
    data: pd.DataFrame | Responses, model: str | ParTable | None, rows: Rows, groups: tuple[str, ...] = ()
) -> ParTable:
    """Return the model of one group, or of several, checked."""
    if isinstance(model, ParTable):
        if model.groups:
            raise ModelError("align: the model is of one group, and the same in all; this ParTable has several")
        if not model.meanstructure:
            raise ModelError("align: a ParTable must be made with std_lv=True and meanstructure=True")
        table = model
    elif model is not None:
        columns = tuple(map(str, rows.frame.columns))
        table = ParTable.from_syntax(
            model, groups=groups, std_lv=True, meanstructure=True, kind="cfa", observed=columns
        )
    elif isinstance(data, Responses):
        table = ParTable.from_instrument(data.instrument, groups=groups, std_lv=True, meanstructure=True)
    else:
        raise ModelError("align: what is the model? It may be left out only with Responses, whose instrument tells it")
    if not groups:
        check_alignable(table)
    if absent := [name for name in table.observed if name not in rows.frame.columns]:
        hint = closest(absent[0], rows.frame.columns)
        raise ResponseError(f"align: the data have no column {listing(absent)}{hint}")
    return table


def _fitted(rows: Rows, table: ParTable, estimator: str, missing: Missing, failed: Failed, progress: bool) -> GroupFits:
    """Return the groups' fits; refuse groups without one, unless they may be left out."""
    found = fit_groups(rows, table, estimator, missing, progress=progress)
    reasons = sorted(set(found.failed.values()))
    if len(found.labels) < 2 and len(reasons) == 1:
        raise ResponseError(f"align: in {'every' if not found.labels else 'all but one'} group: {reasons[0]}")
    if found.failed and (failed == "raise" or len(found.labels) < 2):
        told = [f"{label!r} ({reason})" for label, reason in found.failed.items()]
        more = f" and {len(told) - 6} more" if len(told) > 6 else ""
        way = "merge these groups with others, take their rows out, or pass failed='leave_out', which names them in .left_out"
        raise ResponseError(
            f"align: the model can't be fitted in {len(told)} of {len(rows.labels)} groups: {'; '.join(told[:6])}{more}. "
            + (way if failed == "raise" else "Too few groups are left to compare")
        )
    return found


def _of(rows: Rows, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which rows are of groups with these names."""
    inside = np.array([label in names for label in rows.labels])
    kept: NDArray[np.bool_] = inside[rows.group]
    return kept


def _joint(
    rows: Rows,
    data: pd.DataFrame | Responses,
    model: str | ParTable | None,
    found: GroupFits,
    estimator: str,
    missing: Missing,
) -> SemFit | None:
    """Return the model of all groups at once where schools lie in several groups, which then vary together; else None."""
    if rows.cluster is None:
        return None
    keep = _of(rows, found.labels)
    both = np.unique(np.stack([rows.group[keep], rows.cluster[keep]]), axis=1)
    if len(np.unique(both[1])) == both.shape[1]:
        return None
    if isinstance(model, ParTable):
        raise ModelError(
            "align: schools lie in several groups; then the model must be given as text, not as a ParTable"
        )
    names = np.array(rows.labels, dtype=object)[rows.group[keep]]
    table = _table(data, model, rows, found.labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the groups' own fits have told
        fit = cfa(
            rows.frame.loc[keep, list(table.observed)],
            table,
            estimator=estimator,
            missing=missing,
            group=names,
            cluster=rows.cluster[keep],
        )
    if not fit.converged:
        raise ResponseError(
            f"align: schools lie in several groups, and the model of all groups did not converge: {fit.trouble}"
        )
    return fit


def _loss(factor: FactorOfGroups, sizes: Array, epsilon: float, unit: Unit) -> AlignmentLoss:
    """Return a factor's loss, with its items in the unit asked for."""
    scale = _scale(factor, unit)[:, None]
    return AlignmentLoss(factor.loadings / scale, factor.intercepts / scale, pair_weights(sizes), epsilon)


def _scale(factor: FactorOfGroups, unit: Unit) -> Array:
    return factor.sds if unit == "pooled_sd" else np.ones(len(factor.items))


def _aligned(
    factor: FactorOfGroups,
    loss: AlignmentLoss,
    metric: Metric,
    minimum: Minimum,
    free: Array,
    unit: Unit,
    sizes: Array,
    names: tuple[str, ...],
) -> LaidOut:
    """Lay out one factor at the minimum, in the items' own units."""
    twice = np.tile(_scale(factor, unit), 2)
    V = factor.cov / (np.multiply.outer(twice, twice) if factor.cov.ndim == 3 else twice[:, None, None] * twice)
    y = minimum.y if minimum.converged else np.full_like(minimum.y, np.nan)
    aligned = aligned_parameters(loss, metric, y, V)
    aligned = replace(
        aligned,
        parameters=aligned.parameters * twice[:, None],
        parameter_cov=aligned.parameter_cov * np.square(twice)[:, None, None],
    )
    return lay_out(factor, aligned, loss.contributions(y), minimum, pulled(metric, y, free), sizes, names)
