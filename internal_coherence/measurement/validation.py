"""The evidence for one survey, gathered: items, dimensions, reliability, structure, rivals, invariance, levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from internal_coherence.errors import (
    CoherenceError,
    ConvergenceWarning,
    ModelError,
    check_option,
    listing,
    told_once,
    warn,
)
from internal_coherence.latent import Invariance, SemFit, cfa, invariance
from internal_coherence.latent.estimation.estimators import KNOWN
from internal_coherence.latent.preparing import Column, Missing
from internal_coherence.latent.table.writing import quoted
from internal_coherence.measurement.dimensionality.adequacy import SamplingAdequacy, kmo
from internal_coherence.measurement.dimensionality.average_partial import (
    MinimumAveragePartial,
    minimum_average_partial,
)
from internal_coherence.measurement.dimensionality.retention import ParallelAnalysis, parallel_analysis
from internal_coherence.measurement.items.analysis import ItemAnalysis, item_analysis
from internal_coherence.measurement.multilevel.reliability_record import MultilevelReliability
from internal_coherence.measurement.multilevel.two_levels import multilevel_reliability
from internal_coherence.measurement.overview import Reliability, reliability
from internal_coherence.measurement.structure.rivals import rival_structures
from internal_coherence.measurement.structure.rivals_record import RivalStructures
from internal_coherence.records import ByScale, Record, library_version
from internal_coherence.responses import Responses
from internal_coherence.schools import AggregationEvidence, IntraclassCorrelation, aggregation_evidence, icc1

T = TypeVar("T")
SECTIONS: Final = ("items", "dimensionality", "reliability", "structure", "rivals", "invariance", "levels")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Validation(Record):
    """The evidence for one survey.

    Parameters
    ----------
    instrument : str
        Its title.
    status : str
        ``"reconstructed"`` where the bundled instrument is not the published one.
    wave : str
        Which; empty if none was read.
    n, n_schools, n_items : int
        Teachers, schools, items.
    estimator, missing : str
        Of the models.
    seed : int
        From which samples were drawn.
    version : str
        Of this library.
    warned : tuple of str
        What was warned of on the way, each once.
    not_done : mapping of section to reason
        What could not be computed.
    items, sampling, parallel, partials, reliabilities, fit, rivals, compared, evidence, shares, multilevel
        The results themselves; None where they could not be computed.
    """

    instrument: str
    status: str
    wave: str
    n: int
    n_schools: int
    n_items: int
    estimator: str
    missing: str
    seed: int
    version: str
    warned: tuple[str, ...]
    not_done: Mapping[str, str]
    items: ByScale[ItemAnalysis] | None
    sampling: SamplingAdequacy | None
    parallel: ParallelAnalysis | None
    partials: MinimumAveragePartial | None
    reliabilities: Reliability | None
    fit: SemFit | None
    rivals: RivalStructures | None
    compared: ByScale[Invariance] | None
    evidence: AggregationEvidence | None
    shares: ByScale[IntraclassCorrelation] | None
    multilevel: ByScale[MultilevelReliability] | None

    def to_frame(self) -> pd.DataFrame:
        """Return a row a section: whether it was done, and the gist of it.

        Returns
        -------
        DataFrame
            ``section, done, gist``.
        """
        gists = {
            "items": "" if self.items is None else f"{self.n_items} items of {len(self.items)} scales",
            "dimensionality": repr(self.parallel) if self.parallel is not None else "",
            "reliability": "" if self.reliabilities is None else repr(self.reliabilities).split("\n")[0],
            "structure": repr(self.fit) if self.fit is not None else "",
            "rivals": repr(self.rivals) if self.rivals is not None else "",
            "invariance": "" if self.compared is None else f"{len(self.compared)} scales",
            "levels": repr(self.evidence) if self.evidence is not None else "",
        }
        return pd.DataFrame(
            [{"section": s, "done": s not in self.not_done, "gist": self.not_done.get(s, gists[s])} for s in SECTIONS]
        )

    def to_html(self, path: Any = None) -> str:
        """Return the evidence as one self-contained page, and write it if a path is given.

        Parameters
        ----------
        path : path, optional
            A file to write as well.

        Returns
        -------
        str
            Figures and tables, no answers; school means are not in it, nor is any school named.
        """
        from internal_coherence.report import validation_page

        return validation_page(self, path)

    def __repr__(self) -> str:
        missing = f"; not done: {', '.join(self.not_done)}" if self.not_done else ""
        return f"<Validation of {self.instrument!r}: {self.n} teachers in {self.n_schools} schools{missing}>"


def validate_instrument(
    responses: Responses,
    *,
    group: Column = None,
    estimator: str = "MLR",
    missing: Missing = "listwise",
    folds: int = 10,
    seed: int = 1,
    progress: bool = False,
) -> Validation:
    """Gather the evidence for one survey, for a page that can stand as an appendix.

    Parameters
    ----------
    responses : Responses
        All waves; models are of the latest one.
    group : str or array, optional
        Groups between which the invariance of every scale is tested, one value a row of the latest wave, or a column such as
        ``"role"``. Without it, it is tested over waves if teachers have ids, else not at all.
    estimator, missing
        Of the models, as `cfa` takes them.
    folds : int
        In which schools are held out when rivals are compared; 0 for none.
    seed : int
        From which samples are drawn, so that the same page comes out again.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Validation
        What could not be computed is named in ``not_done`` with its reason, and on the page.

    Raises
    ------
    ModelError
        If these are no responses, or for an estimator or a group that does not exist.

    Notes
    -----
    Follows the sources of validity evidence on internal structure of the *Standards* (AERA, APA & NCME 2014). What it does not hold:
    content, response processes, relations to other variables, consequences.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=30, teachers=12, rng=1)
    >>> found = ic.validate_instrument(district, folds=0)  # doctest: +SKIP
    """
    if not isinstance(responses, Responses):
        raise ModelError(f"validate_instrument takes Responses (ic.read_responses), not {type(responses).__name__}")
    check_option("estimator", estimator, tuple(KNOWN))
    wave = responses.latest()
    if isinstance(group, str) and group not in wave.people and group not in wave.items:
        raise ModelError(
            f"group={group!r} is no column of the responses; there are {listing(wave.people.columns)}, or give one value a row"
        )
    said: set[str] = set()
    heard: list[str] = []
    not_done: dict[str, str] = {}
    bar = tqdm(total=len(SECTIONS), desc="validation", disable=not progress)

    def done(section: str, job: Callable[[], T]) -> T | None:
        try:
            return told_once(job, said, kept=heard)
        except CoherenceError as trouble:
            not_done[section] = f"{not_done[section]}; {trouble}" if section in not_done else str(trouble)
            return None

    def section(name: str, *jobs: Callable[[], Any]) -> list[Any]:
        found = [done(name, job) for job in jobs]
        bar.update()
        return found

    models: dict[str, Any] = {"estimator": estimator, "missing": missing}
    rng = np.random.default_rng(seed)
    [items] = section("items", lambda: item_analysis(wave))
    sampling, parallel, partials = section(
        "dimensionality",
        lambda: kmo(wave),
        lambda: parallel_analysis(wave, rng=rng.spawn(1)[0]),
        lambda: minimum_average_partial(wave),
    )
    [reliabilities] = section("reliability", lambda: reliability(wave, rng=rng.spawn(1)[0]))
    [fit] = section("structure", lambda: _solved(cfa(wave, **models)))
    [rivals] = section("rivals", lambda: rival_structures(wave, folds=folds, rng=rng.spawn(1)[0], **models))
    [compared] = section("invariance", lambda: _invariance(responses, wave, group, models))
    evidence, shares, multilevel = section(
        "levels",
        lambda: aggregation_evidence(wave),
        lambda: icc1(wave),
        lambda: multilevel_reliability(wave, interval="monte_carlo", rng=rng.spawn(1)[0]),
    )
    bar.close()
    return Validation(
        instrument=wave.instrument.title,
        status=wave.instrument.status,
        wave=wave.waves[0] if wave.waves else "",
        n=len(wave),
        n_schools=len(wave.schools),
        n_items=wave.items.shape[1],
        estimator=estimator,
        missing=missing,
        seed=seed,
        version=library_version(),
        warned=tuple(heard),
        not_done=not_done,
        items=items,
        sampling=sampling,
        parallel=parallel,
        partials=partials,
        reliabilities=reliabilities,
        fit=fit,
        rivals=rivals,
        compared=compared,
        evidence=evidence,
        shares=shares,
        multilevel=multilevel,
    )


def _solved(fit: SemFit) -> SemFit:
    if not fit.converged:
        raise ModelError(f"the model has no minimum: {fit.trouble}")
    return fit


def _invariance(responses: Responses, wave: Responses, group: Column, models: Mapping[str, Any]) -> ByScale[Invariance]:
    """Return the steps of invariance of every scale of three items or more, by itself."""
    over_time = group is None
    if over_time and (len(responses.waves) < 2 or responses.teacher is None):
        raise ModelError("no groups were given, and there are no waves of teachers with ids")
    found: dict[str, Invariance] = {}
    failed: dict[str, CoherenceError] = {}
    for scale in wave.instrument.scales:
        if len(scale.item_keys) > 2:
            name = f"{scale.key}_factor" if scale.key in wave.items else scale.key
            model = f"{quoted(name)} =~ {' + '.join(map(quoted, scale.item_keys))}"
            try:
                if over_time:
                    found[scale.key] = invariance(responses, model, wave="wave", person="teacher", **models)
                else:
                    found[scale.key] = invariance(wave, model, group, **models)
            except CoherenceError as trouble:
                failed[scale.key] = trouble
    if failed and not found:
        raise next(iter(failed.values()))
    for key, why in failed.items():
        warn(f"the invariance of {key!r} could not be tested: {why}", ConvergenceWarning)
    return ByScale(found)
