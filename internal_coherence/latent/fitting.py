"""`cfa` and `sem`: from data and a model to a fit."""

from __future__ import annotations

from collections.abc import Sequence

from internal_coherence.latent.estimating import fit_model
from internal_coherence.latent.options import Options
from internal_coherence.latent.preparing import Column, Data, Missing
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.groups import Partial
from internal_coherence.latent.table.par_table import ParTable


def cfa(
    data: Data,
    model: str | ParTable | None = None,
    *,
    estimator: str = "ML",
    missing: Missing = "listwise",
    auxiliary: Sequence[str] = (),
    group: Column = None,
    group_equal: str | Sequence[str] = (),
    group_partial: Partial = (),
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
    insist: bool = False,
) -> SemFit:
    """Fit a confirmatory factor model.

    Parameters
    ----------
    data : DataFrame, Responses or Moments
        Rows are teachers. `Responses` give their items and, unless told otherwise, their schools as `cluster`.
    model : str or ParTable, optional
        In lavaan's syntax, ``"trust =~ t1 + t2 + t3"``; of `Responses` by default one factor a scale.
    estimator : str
        ``"ML"``, ``"MLR"``, ``"MLM"``, ``"MLMV"``, ``"MLMVS"``, ``"MLF"``, ``"GLS"``, ``"ULS"``, ``"ULSM"``, ``"ULSMV"``,
        ``"ULSMVS"``, ``"WLS"``, ``"DWLS"``:
        what these names stand for in lavaan, of answers taken as numbers.
    missing : {"listwise", "pairwise", "fiml"}
        Rows that answered everything; covariances of those who answered both; or all rows, each with what it answered.
    auxiliary : sequence of str
        Under ``"fiml"``, columns that are no part of the model but go with missing answers or with who gave none; they
        covary with everything and take no degrees of freedom.
    group : str or array, optional
        A column, or one value a row: a model of several groups.
    group_equal, group_partial : str or sequence of str
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
        In place of what the estimator's name stands for; with `cluster` and fewer than a hundred schools,
        ``test="satorra.bentler"`` holds its level better than the default.
    likelihood : {"normal", "wishart"}
        Covariances with divisor n, or n − 1.
    bounds : {"pos_var"}, optional
        Keep variances from becoming negative.
    insist : bool
        Fit a model of fewer than 100 schools' means all the same, which is refused otherwise.

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
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> fit = ic.cfa(district, "pub =~ pub_1 + pub_2 + pub_3 + pub_4", estimator="MLR")
    >>> fit.converged
    True
    """
    options = Options(
        kind="cfa",
        estimator=estimator,
        missing=missing,
        auxiliary=auxiliary,
        group=group,
        group_equal=group_equal,
        group_partial=group_partial,
        cluster=cluster,
        sampling_weights=sampling_weights,
        std_lv=std_lv,
        orthogonal=orthogonal,
        effect_coding=effect_coding,
        meanstructure=meanstructure,
        fixed_x=True,
        information=information,
        se=se,
        test=test,
        likelihood=likelihood,
        bounds=bounds,
        insist=insist,
    )
    return fit_model(data, model, options)


def sem(
    data: Data,
    model: str | ParTable,
    *,
    estimator: str = "ML",
    missing: Missing = "listwise",
    auxiliary: Sequence[str] = (),
    group: Column = None,
    group_equal: str | Sequence[str] = (),
    group_partial: Partial = (),
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
    insist: bool = False,
) -> SemFit:
    r"""Fit a structural equation model: latent variables, observed ones, and paths between them.

    Parameters
    ----------
    data, model, estimator, missing, auxiliary, group, group_equal, group_partial, cluster, sampling_weights
        As in `cfa`.
    std_lv, orthogonal, effect_coding, meanstructure, information, se, test, likelihood, bounds, insist
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
    options = Options(
        kind="sem",
        estimator=estimator,
        missing=missing,
        auxiliary=auxiliary,
        group=group,
        group_equal=group_equal,
        group_partial=group_partial,
        cluster=cluster,
        sampling_weights=sampling_weights,
        std_lv=std_lv,
        orthogonal=orthogonal,
        effect_coding=effect_coding,
        meanstructure=meanstructure,
        fixed_x=fixed_x,
        information=information,
        se=se,
        test=test,
        likelihood=likelihood,
        bounds=bounds,
        insist=insist,
    )
    return fit_model(data, model, options)
