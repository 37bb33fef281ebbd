"""From data, a model and options to a fitted record."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import (
    ConvergenceWarning,
    ImproperSolutionWarning,
    MissingDataWarning,
    ModelError,
    listing,
    warn,
)
from internal_coherence.latent.estimation.estimators import Estimator
from internal_coherence.latent.estimation.starting import starting_values
from internal_coherence.latent.judging import judge
from internal_coherence.latent.model.building import equalities, inequalities, rams
from internal_coherence.latent.options import Options
from internal_coherence.latent.preparing import Data, Rows, rows_of, samples_of, samples_of_moments
from internal_coherence.latent.sample import Sample
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.solving import Fitted, Problem
from internal_coherence.latent.table.auxiliary import with_auxiliary
from internal_coherence.latent.table.identification import check_identification, rank_deficient
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.teaching import refuse_few_schools, teach
from internal_coherence.latent.unstructured import Apart
from internal_coherence.moments.sufficient import Moments
from internal_coherence.responses import Responses

Array = NDArray[np.float64]


def fit_model(data: Data, model: str | ParTable | None, o: Options) -> SemFit:
    """Fit a model.

    Parameters
    ----------
    data : DataFrame, Responses or Moments
        As `cfa` takes them.
    model : str, ParTable or None
        None for the instrument's own.
    o : Options
        All else.

    Returns
    -------
    SemFit
    """
    return Answers.of(data, o).fit(model, o)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """A user's data at the door, looked at once for all models that are fitted to them; so are the samples of the same variables.

    Parameters
    ----------
    data : DataFrame, Responses or Moments
        As they were given.
    rows : Rows or None
        Of them; None for moments.
    """

    data: Data
    rows: Rows | None
    _samples: dict[object, tuple[tuple[Sample, ...], int]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Data, o: Options) -> Answers:
        """Look at the data."""
        cluster = "school" if isinstance(data, Responses) and o.cluster is None else o.cluster
        rows = None if isinstance(data, Moments) else rows_of(data, o.group, cluster, o.sampling_weights, o.kind)
        if rows is None and (o.group is not None or cluster is not None or o.sampling_weights is not None):
            raise ModelError(
                f"{o.kind}: group=, cluster= and sampling_weights= need the answers themselves, not moments"
            )
        if not o.insist:
            refuse_few_schools(data, rows, o.kind)
        return cls(data=data, rows=rows)

    def fit(self, model: str | ParTable | None, o: Options) -> SemFit:
        """Fit a model, under the same options but for how it is completed."""
        data, rows = self.data, self.rows
        if rows is not None and isinstance(model, ParTable) and set(model.groups) == set(rows.labels):
            rows = rows.in_order(model.groups)
        how = o.how(
            clustered=rows is not None and rows.cluster is not None,
            weighted=rows is not None and rows.weights is not None,
        )
        table = _table(data, model, o, rows, how)
        wanted = (table.groups, table.observed, table.covariates)
        if wanted not in self._samples:
            self._samples[wanted] = _samples(data, rows, table, how, o)
        samples, excluded = self._samples[wanted]
        try:
            return _estimate(table, samples, rows, how, o, excluded)
        except np.linalg.LinAlgError as broken:
            raise ModelError(
                f"{o.kind}: a matrix could not be inverted ({broken}); variables nearly determine each other, or the model is"
                " not identified where it was estimated"
            ) from broken


def _table(data: Data, model: str | ParTable | None, o: Options, rows: Rows | None, how: Estimator) -> ParTable:
    """Return the completed table."""
    labels = rows.labels if rows is not None and len(rows.labels) > 1 else ()
    if isinstance(model, ParTable):
        o.refuse_what_a_table_says()
        if set(model.groups) != set(labels):
            has = f"the groups {listing(model.groups)}" if model.groups else "no groups"
            raise ModelError(
                f"{o.kind}: the model has {has}, the data {listing(labels) if labels else 'none'}; see group="
            )
        if o.missing == "fiml" and not model.meanstructure:
            raise ModelError(f"{o.kind}: missing='fiml' estimates means too; make the ParTable with meanstructure=True")
        table = model
    else:
        means = o.meanstructure
        if means is None and (labels or o.missing == "fiml" or how.se == "robust.cluster"):
            means = True
        table = (
            _instruments_own(data, o, labels, means) if model is None else _written(model, o, rows, how, labels, means)
        )
    if not o.auxiliary:
        return table
    if not table.meanstructure:
        raise ModelError(f"{o.kind}: auxiliary= needs a model with means; this ParTable has none")
    return with_auxiliary(table, o.auxiliary)


def _instruments_own(data: Data, o: Options, labels: tuple[str, ...], means: bool | None) -> ParTable:
    if not isinstance(data, Responses):
        raise ModelError(
            f"{o.kind}: what is the model? It may be left out only with Responses, whose instrument tells it"
        )
    if o.orthogonal:
        raise ModelError(f"{o.kind}: an instrument's own model has correlated factors; orthogonal=True needs model=")
    return ParTable.from_instrument(
        data.instrument,
        groups=labels,
        meanstructure=bool(means),
        std_lv=o.std_lv,
        effect_coding=o.effect_coding,
        group_equal=o.group_equal,
        group_partial=o.group_partial,
    )


def _written(
    model: str, o: Options, rows: Rows | None, how: Estimator, labels: tuple[str, ...], means: bool | None
) -> ParTable:
    # Least squares weigh all moments, as in lavaan; only a likelihood can be conditional on covariates.
    return ParTable.from_syntax(
        model,
        groups=labels,
        meanstructure=means,
        std_lv=o.std_lv,
        orthogonal=o.orthogonal,
        effect_coding=o.effect_coding,
        fixed_x=o.fixed_x and not o.auxiliary and how.discrepancy == "ML",
        group_equal=o.group_equal,
        group_partial=o.group_partial,
        kind=o.kind,
        observed=None if rows is None else tuple(map(str, rows.columns)),
    )


def _samples(
    data: Data, rows: Rows | None, table: ParTable, how: Estimator, o: Options
) -> tuple[tuple[Sample, ...], int]:
    # Weighted least squares keeps the unbiased covariances, as lavaan does.
    unbiased = how.wishart or how.discrepancy != "ML"
    if rows is None:
        return samples_of_moments(data, table.observed, wishart=unbiased, what=o.kind), 0  # type: ignore[arg-type]  # rows are None for Moments
    fixed = table.covariates
    samples, excluded = samples_of(rows, table.observed, o.missing, fixed=fixed, wishart=unbiased, what=o.kind)
    if o.missing == "fiml" and fixed and excluded:
        message = (
            f"{excluded} rows were left out for a missing covariate ({listing(fixed, 3)}); fixed_x=False keeps them"
        )
        warn(f"{o.kind}: {message}", MissingDataWarning)
    elif excluded > 0.2 * (excluded + sum(s.n for s in samples)):
        message = f"{excluded} rows were left out for missing answers; missing='fiml' keeps them"
        warn(f"{o.kind}: {message}", MissingDataWarning)
    return samples, excluded


def _estimate(
    table: ParTable, samples: tuple[Sample, ...], rows: Rows | None, how: Estimator, o: Options, excluded: int
) -> SemFit:
    check_identification(table)
    given = _positions(table, table.covariates)
    if given:
        samples = tuple(replace(sample, exogenous=given) for sample in samples)
    matrices = rams(table, samples)
    equal, unequal = equalities(table), inequalities(table)
    asked = np.array([row.start for row in table.entries if row.free], dtype=np.float64)
    problem = Problem(
        rams=matrices,
        samples=samples,
        n_parameters=table.n_free,
        estimator=how,
        constraints=equal if len(equal) else None,
        inequalities=unequal if len(unequal) else None,
        lower=_bounds(table, o.bounds),
    )
    start = starting_values(matrices, samples, asked)
    solution = problem.solve(
        start.theta, lambda: starting_values(matrices, samples, asked, plain=True).theta, doubtful=start.weak
    )
    solution.theta.flags.writeable = False
    fitted = Fitted(problem, solution)
    clusters = _n_clusters(samples)
    notes = teach(table, samples, rows, how, fitted.n_free, o.kind)
    judged = None
    if solution.converged:
        _refuse_unidentified(fitted, table)
        apart = Apart(
            exogenous=given,
            covariates=_covariates(table),
            auxiliary=_positions(table, o.auxiliary),
        )
        judged = judge(fitted, apart, clusters)
        notes += _improper(fitted, table, o.kind)
    else:
        notes.append(solution.trouble)
        warn(f"{o.kind} did not converge: {solution.trouble}; standard errors and fit are left out", ConvergenceWarning)
    return SemFit(
        table=table,
        estimator=how.name,
        missing=o.missing,
        auxiliary=tuple(o.auxiliary),
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
        _index=None if rows is None else rows.frame.index,
        _schools=_schools(samples, rows),
    )


def _covariates(table: ParTable) -> tuple[int, ...]:
    """Return the observed causes of others that are nobody's effect."""
    causes = {row.rhs for row in table.entries if row.op == "~"}
    return _positions(table, causes & set(table.exogenous)) if causes else ()


def _positions(table: ParTable, names: Collection[str]) -> tuple[int, ...]:
    return tuple(k for k, name in enumerate(table.observed) if name in names)


def _refuse_unidentified(fitted: Fitted, table: ParTable) -> None:
    """Refuse a model some of whose parameters can move without anything changing that the data could show."""
    if _well_conditioned(_scaled(fitted.within(fitted.expected))[0]):
        return
    p, (R, scale) = fitted.problem, _scaled(fitted.expected)
    e, V = np.linalg.eigh(R)
    J = (V * np.sqrt(np.maximum(e, 0.0))).T
    if p.constraints is not None:
        held = p.constraints.jacobian(fitted.theta) / scale
        J = np.concatenate([J, held / np.sqrt((held**2).sum(axis=1, keepdims=True))])
    names = [row.name for row in table.entries if row.free]
    if loose := rank_deficient(J, names, tolerance=1e-6):
        raise ModelError(f"the model is not identified: nothing in the data tells {listing(loose)}")


def _scaled(information: Array) -> tuple[Array, Array]:
    """Return an information with a diagonal of 1, and by what its rows and columns were divided."""
    scale = np.sqrt(np.maximum(information.diagonal(), 1e-300))
    return information / (scale[:, None] * scale), scale


def _well_conditioned(R: Array) -> bool:
    """Return whether the rank of an information is beyond doubt."""
    try:
        return bool(np.linalg.cholesky(R).diagonal().min() > 1e-3)
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


def _schools(samples: tuple[Sample, ...], rows: Rows | None) -> tuple[str, ...]:
    """Return what the schools are called, in the order in which the samples number them."""
    called: dict[int, str] = {}
    for sample in samples:
        if rows is not None and rows.cluster is not None and sample.cluster is not None and sample.rows is not None:
            own, first = np.unique(sample.cluster, return_index=True)
            called |= {int(k): rows.schools[rows.cluster[sample.rows[i]]] for k, i in zip(own, first, strict=True)}
    return tuple(called[k] for k in sorted(called))


def _improper(fitted: Fitted, table: ParTable, kind: str) -> list[str]:
    """Warn of estimates that can't be, and return what was said."""
    notes = []
    p = fitted.problem
    for ram, sample, at in zip(p.rams, p.samples, fitted.implied, strict=True):
        where = f" in group {sample.label!r}" if sample.label else ""
        variances, latent = at.S.diagonal(), at.omega[ram.n_observed :, ram.n_observed :]
        if (variances < 0).any():
            negative = [name for name, value in zip(ram.variables, variances, strict=True) if value < 0]
            notes.append(f"negative variance of {listing(negative)}{where}")
        elif len(latent) and np.linalg.eigvalsh(latent)[0] < -1e-8 * max(float(latent.trace()), 1e-300):
            notes.append(f"the covariances of the latent variables are impossible{where}")
    if fitted.solution.at_bound.any():
        names = [row.name for row in table.entries if row.free]
        at_bound = [name for name, there in zip(names, fitted.solution.at_bound, strict=True) if there]
        notes.append(
            f"held at its bound: {listing(at_bound)}; standard errors are rough there, and the test too strict"
        )
    if at_limit := [str(e) for e, there in zip(table.inequalities, fitted.solution.held, strict=False) if there]:
        notes.append(f"held at its limit: {listing(at_limit)} = 0; standard errors are given that it is there")
    for note in notes:
        warn(f"{kind}: {note}", ImproperSolutionWarning)
    return notes
