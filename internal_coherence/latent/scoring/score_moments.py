"""`corrected_score_moments`: the moments of latent variables and covariates, as scores tell them after Croon's correction."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np

from internal_coherence.errors import ModelError, check_option, listing
from internal_coherence.latent.scoring.correcting import croon, together
from internal_coherence.latent.scoring.measured import measured, refuse_other_than_measurement, weights_of
from internal_coherence.latent.scoring.rows_beside import Covariates, covariate_names, covariates_of
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.moments.sufficient import Moments

Corrected = Literal["regression", "bartlett"]
METHODS: Final[tuple[Corrected, ...]] = get_args(Corrected)


def corrected_score_moments(
    fit: SemFit, covariates: Covariates = None, *, method: Corrected = "regression", group: int | str | None = None
) -> Moments:
    r"""Return moments of a fit's latent variables and of covariates, from factor scores corrected for their errors.

    Parameters
    ----------
    fit : SemFit
        A measurement model, as by `cfa`.
    covariates : DataFrame or Series, optional
        Observed variables of the same rows, on the index of the data that were fitted; taken as measured without error.
    method : {"regression", "bartlett"}
        From which scores. Where the latent variables' covariances are free, both give the same moments.
    group : int or str, optional
        Which group, by its number from 1 or its name; needed if there are several.

    Returns
    -------
    Moments
        Of the latent variables that have indicators of their own, then of the covariates. Give them to `sem` with a model of paths
        between them.

    Raises
    ------
    ModelError
        If the fit did not converge, is more than a measurement model, has several groups and `group` is not given, or only moments
        where covariates are given.
    ResponseError
        For covariates that do not fit the rows.

    Warns
    -----
    ImproperSolutionWarning
        If the corrected covariances are impossible, which happens in small samples of unreliable scores; `sem` refuses them.

    Notes
    -----
    cov(f) = K⁻¹(A S A' − A Θ A')K⁻ᵀ and cov(f, z) = K⁻¹A cov(x, z), with the scores' weights A, K = AΛ, and S as observed
    (under ``missing="fiml"`` as estimated from all rows). Croon (2002); Devlieger, Mayer & Rosseel (2016). It is the first step
    of ``lavaan::sam(model, data, mm.list = list(<all latent variables>))``; of a `cfa` with ``orthogonal=True`` it is that of
    latent variables measured each apart. A second-order factor may be part of the later model, measured by the first-order ones.

    The standard errors that `sem` then gives take the moments as observed: they know nothing of the measurement step, and are too
    small. `factor_score_regression` resamples both steps.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> from internal_coherence.latent.scoring import corrected_score_moments
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> items = "pub =~ pub_1 + pub_2 + pub_3 + pub_4\ntsu =~ tsu_1 + tsu_2 + tsu_3"
    >>> moments = corrected_score_moments(ic.cfa(district, items, estimator="MLR"))
    >>> moments.names
    ('pub', 'tsu')
    """
    check_option("method", method, METHODS)
    what = "corrected moments"
    fitted = fit._solved(what)
    p = fitted.problem
    refuse_other_than_measurement(p.rams, what)
    if group is None and len(fit.groups) > 1:
        raise ModelError(f"{what} are of one group: say which by group=, of {listing(fit.groups)}")
    g = fit._group(1 if group is None else group)
    part = measured(p.rams[g], p.samples[g], fitted.theta)
    names = covariate_names(covariates, part.names, what)
    data = together(p.samples[g], covariates_of(fit, covariates, names, what)[g])
    cov, mean = croon(part, weights_of(part, method), data)
    n = round(data.n)
    factor = 1.0 if p.samples[g].unbiased else n / (n - 1)
    return Moments.from_cov(cov * factor, n, mean=np.asarray(mean), names=[*part.names, *names])
