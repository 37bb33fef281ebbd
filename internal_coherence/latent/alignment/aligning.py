"""`align`: latent means of many groups on one scale, without the same loadings and intercepts in all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent.alignment.alignment_record import Alignment
from internal_coherence.latent.alignment.configural import FactorOfGroups, factors_of
from internal_coherence.latent.alignment.entrance import (
    Failed,
    fitted_groups,
    fitted_together,
    rows_and_schools,
    rows_of_groups,
    table_of,
)
from internal_coherence.latent.alignment.laying_out import LaidOut, fits_table, lay_out, left_out_table
from internal_coherence.latent.alignment.loss import AlignmentLoss, pair_weights
from internal_coherence.latent.alignment.metric import Method, Metric, pulled
from internal_coherence.latent.alignment.minimising import Minimum, free_minimum, minimise
from internal_coherence.latent.alignment.sampling_errors import aligned_parameters
from internal_coherence.latent.alignment.telling import warn_of
from internal_coherence.latent.preparing import Column, Missing
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Unit = Literal["raw", "pooled_sd"]


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
        group moves for being held at 0.

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
    >>> found = align(items, "trust =~ t1 + t2 + t3 + t4 + t5", group=district, reference="north")
    >>> found
    <Alignment (fixed) of 1 factor in 4 groups: 2.5 % of parameters not invariant; 14 of 14 starts agree; n = 1000>
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
    rows, assumed = rows_and_schools(data, group, cluster)
    table = table_of(data, model, rows)
    found = fitted_groups(rows, table, estimator, missing, failed, progress)
    names = found.labels
    if reference is not None:
        check_option("reference", reference, names)
    factors = factors_of(found, fitted_together(rows, data, model, found, estimator, missing))
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
        n_clusters=0 if rows.cluster is None else len(np.unique(rows.cluster[rows_of_groups(rows, names)])),
        means=pd.concat([part.means for part in laid], ignore_index=True),
        parameters=pd.concat([part.parameters for part in laid], ignore_index=True),
        invariance=pd.concat([part.invariance for part in laid], ignore_index=True),
        search=pd.concat([part.search for part in laid], ignore_index=True),
        fits=fits_table(found),
        left_out=left_out_table(found),
        notes=(),
        _mean_cov=tuple(part.mean_cov for part in laid),
    )
    return replace(result, notes=warn_of(result, found, factors, assumed=assumed, named=reference is not None))


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
