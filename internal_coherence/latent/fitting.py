"""`cfa` and `sem`: from data and a model to a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import (
    ConvergenceWarning,
    ImproperSolutionWarning,
    MissingDataWarning,
    ModelError,
    check_option,
    listing,
    warn,
)
from internal_coherence.latent.estimation.estimators import Estimator, estimator_of
from internal_coherence.latent.estimation.starting import starting_values
from internal_coherence.latent.judging import judge
from internal_coherence.latent.model.building import equalities, rams
from internal_coherence.latent.model.ram import implied
from internal_coherence.latent.preparing import (
    MISSING,
    Column,
    Data,
    Missing,
    Rows,
    rows_of,
    samples_of,
    samples_of_moments,
)
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted, Problem
from internal_coherence.latent.table.identification import check_identification, rank_deficient
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.teaching import teach
from internal_coherence.moments.sufficient import Moments
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
Kind = Literal["cfa", "sem"]
BOUNDS: Final = (None, "none", "pos_var")


def cfa(
    data: Data,
    model: str | ParTable | None = None,
    *,
    estimator: str = "ML",
    missing: Missing = "listwise",
    group: Column = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    cluster: Column = None,
    sampling_weights: Column = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    effect_coding: bool = False,
    meanstructure: bool | None = None,
    information: str | None = None,
    se: str | None = None,
    test: str | None = None,
    likelihood: str = "normal",
    bounds: str | None = None,
) -> SemFit:
    """Fit a confirmatory factor model.

    Parameters
    ----------
    data : DataFrame, Responses or Moments
        Rows are teachers. `Responses` give their items and, unless told otherwise, their schools as `cluster`.
    model : str or ParTable, optional
        In lavaan's syntax, ``"trust =~ t1 + t2 + t3"``; of `Responses` by default one factor a scale.
    estimator : str
        ``"ML"``, ``"MLR"``, ``"MLM"``, ``"MLMV"``, ``"MLMVS"``, ``"MLF"``, ``"GLS"``, ``"ULS"``, ``"ULSM"``, ``"WLS"``, ``"DWLS"``:
        what these names stand for in lavaan, of answers taken as numbers.
    missing : {"listwise", "pairwise", "fiml"}
        Rows that answered everything; covariances of those who answered both; or all rows, each with what it answered.
    group : str or array, optional
        A column, or one value a row: a model of several groups.
    group_equal, group_partial : sequence of str
        What is equal over groups: ``"loadings"``, ``"intercepts"``, ``"residuals"``, ``"means"``, …; and which parameters
        are not, as ``"trust=~t2"``.
    cluster : str or array, optional
        Each row's school: standard errors and test then allow for what teachers of a school have in common.
    sampling_weights : str or array, optional
        Each row's weight.
    std_lv, orthogonal, effect_coding : bool
        Fix the variances of the latent variables to 1, in place of each first loading; let latent variables not
        correlate; or let the loadings of each average 1.
    meanstructure : bool, optional
        Whether means are part of the model; by default where they have to be.
    information : {"expected", "observed", "first.order"}, optional
        Which curvature standard errors rest on; by default that of the estimator.
    se, test : str, optional
        In place of what the estimator's name stands for.
    likelihood : {"normal", "wishart"}
        Covariances with divisor n, or n − 1.
    bounds : {"pos_var"}, optional
        Keep variances from becoming negative.

    Returns
    -------
    SemFit

    Raises
    ------
    ModelError
        For a model or options that make no sense.
    ResponseError
        For data that do not have the model's variables, or too few rows.

    Warns
    -----
    ConvergenceWarning
        If no minimum was found; standard errors and fit are NaN then.
    ImproperSolutionWarning
        If a variance is negative, or covariances are impossible.

    Notes
    -----
    ``lavaan::cfa``, with its option names, dots turned to underscores. Estimates, standard errors and measures agree with
    lavaan 0.6-20.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> fit = ic.cfa(now.items, "pub =~ pub_1 + pub_2 + pub_3 + pub_4", cluster=now.school, estimator="MLR")
    >>> fit.converged
    True
    """
    options = {
        "estimator": estimator,
        "missing": missing,
        "group": group,
        "group_equal": group_equal,
        "group_partial": group_partial,
        "cluster": cluster,
        "sampling_weights": sampling_weights,
        "meanstructure": meanstructure,
        "information": information,
        "se": se,
        "test": test,
        "likelihood": likelihood,
        "bounds": bounds,
        "of_table": {"std_lv": std_lv, "orthogonal": orthogonal, "effect_coding": effect_coding},
    }
    return _fit(data, model, "cfa", options)


def sem(
    data: Data,
    model: str | ParTable,
    *,
    estimator: str = "ML",
    missing: Missing = "listwise",
    group: Column = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    cluster: Column = None,
    sampling_weights: Column = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    effect_coding: bool = False,
    meanstructure: bool | None = None,
    fixed_x: bool = True,
    information: str | None = None,
    se: str | None = None,
    test: str | None = None,
    likelihood: str = "normal",
    bounds: str | None = None,
) -> SemFit:
    r"""Fit a structural equation model: latent variables, observed ones, and paths between them.

    Parameters
    ----------
    data, model, estimator, missing, group, group_equal, group_partial, cluster, sampling_weights
        As in `cfa`.
    std_lv, orthogonal, effect_coding, meanstructure, information, se, test, likelihood, bounds
        As in `cfa`.
    fixed_x : bool
        Take observed causes as given: their means and covariances are not part of the model.

    Returns
    -------
    SemFit

    Raises
    ------
    ModelError, ResponseError
        As `cfa`.

    Notes
    -----
    ``lavaan::sem``.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> now = ic.example_responses().select(wave=2025)
    >>> scores = ic.score(now)
    >>> model = "team_processes ~ a*team_support\ncollective_efficacy ~ b*team_processes\nindirect := a*b"
    >>> ic.sem(scores, model).df
    1
    """
    options = {
        "estimator": estimator,
        "missing": missing,
        "group": group,
        "group_equal": group_equal,
        "group_partial": group_partial,
        "cluster": cluster,
        "sampling_weights": sampling_weights,
        "meanstructure": meanstructure,
        "information": information,
        "se": se,
        "test": test,
        "likelihood": likelihood,
        "bounds": bounds,
        "of_table": {
            "std_lv": std_lv,
            "orthogonal": orthogonal,
            "effect_coding": effect_coding,
            "fixed_x": fixed_x,
        },
    }
    return _fit(data, model, "sem", options)


def _fit(data: Data, model: str | ParTable | None, kind: Kind, o: dict[str, Any]) -> SemFit:
    check_option("missing", o["missing"], MISSING)
    check_option("bounds", o["bounds"], BOUNDS)
    if isinstance(data, Responses) and o["cluster"] is None:
        o["cluster"] = "school"
    rows = None if isinstance(data, Moments) else rows_of(data, o["group"], o["cluster"], o["sampling_weights"], kind)
    if rows is None and (o["group"] is not None or o["cluster"] is not None or o["sampling_weights"] is not None):
        raise ModelError(f"{kind}: group=, cluster= and sampling_weights= need the answers themselves, not moments")
    how = estimator_of(
        o["estimator"],
        se=o["se"],
        test=o["test"],
        information=o["information"],
        likelihood=o["likelihood"],
        fiml=o["missing"] == "fiml",
        clustered=rows is not None and rows.cluster is not None,
    )
    table = _table(data, model, kind, o, rows, how)
    if table.inequalities:
        raise ModelError(
            f"{kind}: '{table.inequalities[0]} >= 0' can be written in a model, but is not kept when it is fitted; "
            "leave inequalities out, see whether the estimates obey them, and else fix the parameter at its limit"
        )
    samples, excluded = _samples(data, rows, table, o["missing"], how, kind)
    return _estimate(table, samples, rows, how, o, excluded, kind)


def _table(
    data: Data, model: str | ParTable | None, kind: Kind, o: dict[str, Any], rows: Rows | None, how: Estimator
) -> ParTable:
    """Return the completed table."""
    if isinstance(model, ParTable):
        return model
    labels = rows.labels if rows is not None and len(rows.labels) > 1 else ()
    means = o["meanstructure"]
    if means is None:
        means = bool(labels) or o["missing"] == "fiml" or how.se == "robust.cluster"
    if model is None:
        if not isinstance(data, Responses):
            raise ModelError(
                f"{kind}: what is the model? It may be left out only with Responses, whose instrument tells it"
            )
        if o["of_table"].get("orthogonal"):
            raise ModelError(f"{kind}: an instrument's own model has correlated factors; orthogonal=True needs model=")
        return ParTable.from_instrument(
            data.instrument,
            groups=labels,
            meanstructure=means,
            std_lv=o["of_table"]["std_lv"],
            effect_coding=o["of_table"]["effect_coding"],
            group_equal=tuple(o["group_equal"]),
            group_partial=tuple(o["group_partial"]),
        )
    columns = None if rows is None else tuple(map(str, rows.frame.columns))
    return ParTable.from_syntax(
        model,
        groups=labels,
        meanstructure=means,
        group_equal=tuple(o["group_equal"]),
        group_partial=tuple(o["group_partial"]),
        kind=kind,
        observed=columns,
        **o["of_table"],
    )


def _samples(
    data: Data, rows: Rows | None, table: ParTable, missing: Missing, how: Estimator, kind: Kind
) -> tuple[tuple[Sample, ...], int]:
    # Weighted least squares keeps the unbiased covariances, as lavaan does.
    unbiased = how.wishart or how.discrepancy != "ML"
    if rows is None:
        return samples_of_moments(data, table.observed, wishart=unbiased, what=kind), 0  # type: ignore[arg-type]  # rows are None for Moments
    samples, excluded = samples_of(rows, table.observed, missing, wishart=unbiased, what=kind)
    if excluded > 0.2 * (excluded + sum(s.n for s in samples)):
        warn(
            f"{kind}: {excluded} rows were left out for missing answers; missing='fiml' keeps them", MissingDataWarning
        )
    return samples, excluded


def _estimate(
    table: ParTable,
    samples: tuple[Sample, ...],
    rows: Rows | None,
    how: Estimator,
    o: dict[str, Any],
    excluded: int,
    kind: Kind,
) -> SemFit:
    check_identification(table)
    matrices = rams(table, samples)
    equal = equalities(table)
    given = np.array([row.start for row in table.entries if row.free], dtype=np.float64)
    problem = Problem(
        rams=matrices,
        samples=samples,
        n_parameters=table.n_free,
        estimator=how,
        constraints=equal if len(equal) else None,
        lower=_bounds(table, o["bounds"]),
    )
    solution = problem.solve(starting_values(matrices, samples, given))
    fitted = Fitted(problem, solution)
    clusters = _n_clusters(samples)
    taken = {row.lhs for row in table.entries if row.exo}
    exogenous = tuple(k for k, name in enumerate(table.observed) if name in taken)
    notes = teach(table, samples, rows, how, fitted.n_free, kind)
    judged = None
    if solution.converged:
        _refuse_unidentified(fitted, table)
        judged = judge(fitted, exogenous, clusters)
        notes += _improper(fitted, kind)
    else:
        notes.append(solution.trouble)
        warn(f"{kind} did not converge: {solution.trouble}; standard errors and fit are left out", ConvergenceWarning)
    return SemFit(
        table=table,
        estimator=how.name,
        missing=o["missing"],
        converged=solution.converged,
        trouble=solution.trouble,
        n_steps=solution.n_steps,
        n=round(problem.n),
        n_excluded=excluded,
        n_clusters=clusters,
        observed=table.observed,
        latent=table.latent,
        groups=tuple(sample.label for sample in samples),
        notes=tuple(notes),
        _fitted=fitted,
        _judged=judged,
        _vcov=fitted.vcov,
    )


def _refuse_unidentified(fitted: Fitted, table: ParTable) -> None:
    """Refuse a model some of whose parameters can move without anything changing that the data could show."""
    p, theta = fitted.problem, fitted.theta
    scale = np.sqrt(np.maximum(np.diag(fitted.expected), 1e-300))
    R = fitted.expected / np.outer(scale, scale)
    if p.constraints is None and _well_conditioned(R):
        return
    e, V = np.linalg.eigh(R)
    J = (V * np.sqrt(np.maximum(e, 0.0))).T
    if p.constraints is not None:
        J = np.concatenate([J, p.constraints.jacobian(theta) / scale])
    names = [row.name for row in table.entries if row.free]
    if loose := rank_deficient(J, names, tolerance=1e-6):
        raise ModelError(f"the model is not identified: nothing in the data tells {listing(loose)}")


def _well_conditioned(R: Array) -> bool:
    """Return whether the rank of an information is beyond doubt."""
    try:
        return bool(np.diag(np.linalg.cholesky(R)).min() > 1e-3)
    except np.linalg.LinAlgError:
        return False


def _bounds(table: ParTable, bounds: str | None) -> Array | None:
    if bounds in (None, "none"):
        return None
    variances = [row.op == "~~" and row.lhs == row.rhs for row in table.entries if row.free]
    return np.where(variances, 0.0, -np.inf)


def _n_clusters(samples: tuple[Sample, ...]) -> int:
    found = [int(sample.cluster.max()) + 1 for sample in samples if sample.cluster is not None]
    return max(found, default=0)


def _improper(fitted: Fitted, kind: Kind) -> list[str]:
    """Warn of estimates that can't be, and return what was said."""
    notes = []
    for ram, sample in zip(fitted.problem.rams, fitted.problem.samples, strict=True):
        _, S, _ = ram.matrices(fitted.theta)
        where = f" in group {sample.label!r}" if sample.label else ""
        negative = [name for name, value in zip(ram.variables, np.diag(S), strict=True) if value < 0]
        if negative:
            notes.append(f"negative variance of {listing(negative)}{where}")
        latent = implied(ram, fitted.theta).omega[ram.n_observed :, ram.n_observed :]
        if (
            len(latent)
            and not negative
            and np.linalg.eigvalsh(latent)[0] < -1e-8 * max(float(np.trace(latent)), 1e-300)
        ):
            notes.append(f"the covariances of the latent variables are impossible{where}")
    for note in notes:
        warn(f"{kind}: {note}", ImproperSolutionWarning)
    return notes
