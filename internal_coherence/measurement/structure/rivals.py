"""`rival_structures`: one survey under several models of how its items hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from internal_coherence.errors import CoherenceError, ConvergenceWarning, ModelError, check_option, told_once, warn
from internal_coherence.latent import ParTable, SemFit, cfa
from internal_coherence.latent.comparing import indices_of, refuse_unlike
from internal_coherence.latent.preparing import Column, Missing
from internal_coherence.latent.table.par_table import Structure
from internal_coherence.measurement.structure.held_out import folds_of, held_out_likelihood
from internal_coherence.measurement.structure.rivals_record import RivalStructures
from internal_coherence.measurement.structure.telling_apart import general_of, scales_of, validity_of
from internal_coherence.measurement.structure.turned_model import exploratory_table, refuse_too_few, turned_to
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
KNOWN: Final = (*get_args(Structure), "exploratory")
EXACTLY: Final = 1e-5
"""χ² nearer than this, relative, with as many degrees of freedom, are of the same model."""


def rival_structures(
    responses: Responses,
    structures: Sequence[str] | Mapping[str, str | ParTable] | None = None,
    *,
    estimator: str = "MLR",
    missing: Missing = "listwise",
    cluster: Column = None,
    folds: int = 10,
    rng: np.random.Generator | int | None = 0,
    progress: bool = False,
) -> RivalStructures:
    """Fit rival structures to one survey, and lay them side by side.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    structures : sequence of str, or mapping of name to model, optional
        Of ``"one_factor"``, ``"correlated"`` (a factor a scale), ``"second_order"`` (by dimensions), ``"bifactor"``, ``"method"``
        (scales and a factor of reversed items) and ``"exploratory"``, by default all that the instrument has room for; or models
        of the user's own, in lavaan's syntax or as tables.
    estimator, missing, cluster
        As `cfa` takes them; schools are known from the responses.
    folds : int
        Parts into which schools are dealt to be held out in turn; 0 for none.
    rng : Generator, int or None
        By which schools are dealt.
    progress : bool
        Show a progress bar.

    Returns
    -------
    RivalStructures

    Raises
    ------
    ModelError
        For a structure that does not exist or that the instrument has no room for, for fewer than two, and for models of different
        items, or rows.
    ResponseError
        For responses of several waves.

    Warns
    -----
    ConvergenceWarning
        If a structure finds no minimum, or none can be fitted; it stays in the table.

    Notes
    -----
    ``semTools::compareFit``. Rivals are not nested: information criteria and held-out likelihood rank them, tests do not. A model
    that bends more, such as the bifactor one, fits better also where it is wrong (Bonifay & Cai 2017); what was held out
    allows for that. Validity: Fornell & Larcker (1981); Henseler, Ringle & Sarstedt (2015). General factor: Reise (2012); Rodriguez,
    Reise & Haviland (2016).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=220, teachers=6, rng=1)
    >>> found = ic.rival_structures(district, ("one_factor", "correlated"), estimator="ML", folds=0)
    >>> bool(found.to_frame()["bic"].diff().iloc[1] < 0)
    True
    """
    if not isinstance(responses, Responses):
        raise ModelError(f"rival_structures takes Responses (ic.read_responses), not {type(responses).__name__}")
    wave = responses.one_wave("rival_structures")
    options = {"estimator": estimator, "missing": missing, "cluster": cluster}
    models = _models(wave, structures)
    fits: dict[str, SemFit] = {}
    said: set[str] = set()
    trouble: dict[str, CoherenceError] = {}
    for name, model in tqdm(models.items(), desc="structures", disable=not progress):
        try:
            fits[name] = told_once(partial(_fitted, wave, model, options), said)
        except CoherenceError as found:
            trouble[name] = found
    if not any(fit.converged for fit in fits.values()):
        why = next(iter(trouble.values()), "none of the structures has a minimum")
        raise ModelError(f"rival_structures: nothing could be fitted: {why}")
    for name, why_not in trouble.items():
        warn(f"rival_structures: {name!r} could not be fitted: {why_not}", ConvergenceWarning)
    kept = {name: fit for name, fit in fits.items() if fit.converged}
    refuse_unlike(tuple(kept.values()), tuple(kept))
    held = _held_out(fits, folds, np.random.default_rng(rng), progress) if folds else {}
    own = isinstance(structures, Mapping)
    first = next(iter(fits.values()))
    return RivalStructures(
        n=first.n,
        n_schools=first.n_clusters,
        estimator=estimator,
        folds=folds,
        table=pd.DataFrame(_rows(models, fits, held)),
        validity=None if own else validity_of(wave, fits.get("correlated"), missing),
        general=None if own else general_of(wave, fits.get("bifactor")),
        _fits=fits,
        _exploratory=turned_to(fits["exploratory"], scales_of(wave)) if "exploratory" in fits and not own else None,
    )


def _models(
    wave: Responses, structures: Sequence[str] | Mapping[str, str | ParTable] | None
) -> dict[str, str | ParTable | None]:
    """Return the model of every structure; None for the exploratory one, which begins from a fit."""
    if isinstance(structures, Mapping):
        models: dict[str, str | ParTable | None] = dict(structures)
    else:
        models = {}
        for name in KNOWN if structures is None else tuple(structures):
            check_option("structures", name, KNOWN)
            try:
                models[name] = _model(wave, name)
            except ModelError:  # by default, what the instrument has no room for is left out
                if structures is not None:
                    raise
    if len(models) < 2:
        raise ModelError("rival_structures compares two structures or more")
    return models


def _model(wave: Responses, name: str) -> ParTable | None:
    if name != "exploratory":
        return ParTable.from_instrument(wave.instrument, structure=name, meanstructure=True)  # type: ignore[arg-type]  # checked above
    refuse_too_few(scales_of(wave))
    return None


def _fitted(wave: Responses, model: str | ParTable | None, options: Mapping[str, Any]) -> SemFit:
    table = exploratory_table(wave, scales_of(wave), **options) if model is None else model
    return cfa(wave, table, **options)


def _held_out(fits: Mapping[str, SemFit], folds: int, rng: np.random.Generator, progress: bool) -> dict[str, Array]:
    good = {name: fit for name, fit in fits.items() if fit.converged}
    parts = folds_of(next(iter(good.values())), folds, rng)
    return {
        name: held_out_likelihood(fit, parts)
        for name, fit in tqdm(good.items(), desc="held-out schools", disable=not progress)
    }


def _rows(models: Mapping[str, Any], fits: Mapping[str, SemFit], held: Mapping[str, Array]) -> list[dict[str, Any]]:
    best = max((h for h in held.values() if np.isfinite(h).all()), key=lambda h: h.sum(), default=None)
    rows: list[dict[str, Any]] = []
    for name in models:
        fit = fits.get(name)
        if fit is None or not fit.converged:
            rows.append({"structure": name, "converged": False, "improper": False, "same_as": ""})
            continue
        m, end = fit.fit_measures(), "_scaled" if "chisq_scaled" in fit.fit_measures() else ""
        own, n = held.get(name), fit.n
        lost = np.full(1, np.nan) if own is None or best is None else best - own
        rows.append(
            {
                "structure": name,
                "converged": True,
                "improper": fit._fitted.problem.is_improper(fit.coef),
                "same_as": _same(name, fit, fits),
                "n_parameters": fit._fitted.n_free,
                "df": fit.df,
                "chisq": m[f"chisq{end}"],
                "pvalue": m[f"pvalue{end}"],
                "cfi": indices_of(fit)["cfi"],
                "tli": m.get("tli_robust", m.get(f"tli{end}")),
                **{k: v for k, v in indices_of(fit).items() if k != "cfi"},
                **{k: m.get(k, np.nan) for k in ("aic", "bic", "bic2")},
                "held_out": np.nan if own is None else own.sum() / n,
                "held_out_diff": lost.sum() / n,
                "held_out_se": np.sqrt(len(lost)) * lost.std(ddof=1) / n if len(lost) > 1 else np.nan,
            }
        )
    return rows


def _same(name: str, fit: SemFit, fits: Mapping[str, SemFit]) -> str:
    """Name the structures before this one that are the same model."""
    before = list(fits)[: list(fits).index(name)]
    same = [
        other
        for other in before
        if fits[other].converged
        and fits[other].df == fit.df
        and abs(fits[other].chisq - fit.chisq) < EXACTLY * max(fit.chisq, 1.0)
    ]
    return ", ".join(same)
