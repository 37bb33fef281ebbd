"""Survey answers from a stated truth: teachers in schools, over waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.instrument import Instrument, Item, load_instrument
from internal_coherence.responses.coding import reverse_code
from internal_coherence.responses.reading import read_responses
from internal_coherence.responses.record import Responses

Array = NDArray[np.float64]
PerScale = float | Mapping[str, float]
Arrows = Mapping[tuple[str, str], float]
Seed = np.random.Generator | int | None


def simulate_responses(
    instrument: Instrument | str | Path = "internal-coherence-survey",
    *,
    n_schools: int = 24,
    teachers: int | Sequence[int] = 30,
    loading: float | Mapping[str, float] = 0.75,
    icc: PerScale = 0.15,
    graph: Arrows | None = None,
    correlation: float = 0.5,
    thresholds: Mapping[str, ArrayLike] | None = None,
    shared_rater: float = 0.0,
    shifts: Mapping[tuple[str, str], float] | None = None,
    missing: float = 0.0,
    response_rate: float | Sequence[float] | Array = 1.0,
    waves: int | Sequence[object] = 1,
    stability: float = 0.7,
    school_stability: float = 0.9,
    turnover: float = 0.1,
    school_names: Sequence[str] | None = None,
    rng: Seed = None,
) -> Responses:
    """Simulate the answers of teachers in schools from a truth that the arguments state in full.

    Each construct is a standard normal variable, the sum of a school's part (share `icc`) and a teacher's part. At both
    levels the constructs follow the same `graph`, or all correlate alike. An item is its construct times the loading,
    plus a shared-rater part, plus error, in unit variance, cut at the thresholds into codes; reversed items are turned.

    Parameters
    ----------
    instrument : Instrument, name or path
        What is asked.
    n_schools : int
        How many schools.
    teachers : int or sequence of int
        Teachers on the roster, of every school or of each.
    loading : float or mapping
        Standardised loading, of every item or by item or scale key (others: 0.75).
    icc : float or mapping
        Share of a construct's variance that lies between schools, or by scale (others: 0.15).
    graph : mapping, optional
        Standardised effects, ``{("leadership", "team_support"): 0.5, ...}``, without a cycle.
    correlation : float
        Between any two constructs, where no graph is given.
    thresholds : mapping, optional
        Item or scale key to the standard-normal cut points between its codes, ascending.
    shared_rater : float
        How strongly a teacher's general mood colours every item, as a loading: the halo of one rater answering all.
    shifts : mapping, optional
        ``{(school, scale): shift}`` in construct SDs: what is planted in a school.
    missing : float
        Share of answers missing at random.
    response_rate : float or sequence of float
        Share of the roster that answers, of every school or of each.
    waves : int or sequence
        How many waves, or their names.
    stability, school_stability : float
        Correlation of a teacher's, and of a school's, part from one wave to the next.
    turnover : float
        Share of teachers replaced, with new identifiers, from one wave to the next.
    school_names : sequence of str, optional
        By default ``School 01`` and so on.
    rng : Generator, int or None
        Source of randomness, through `numpy.random.default_rng`.

    Returns
    -------
    Responses
        With teachers' identifiers, the roster and, for several waves, the wave.

    Raises
    ------
    ModelError
        For a truth that can't be: variances above one, a cycle, unknown names, shares outside 0–1.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.simulate_responses(n_schools=8, teachers=20, graph={("leadership", "team_support"): 0.6}, rng=1)
    <Responses: 160 teachers in 8 schools, 11 scales, 50 items>
    """
    if not isinstance(instrument, Instrument):
        instrument = load_instrument(instrument)
    truth = _truth(instrument, loading, icc, graph, correlation, thresholds, shared_rater)
    for name, share in (("missing", missing), ("turnover", turnover)):
        _share(name, share)
    for name, value in (("stability", stability), ("school_stability", school_stability)):
        _share(name, value)
    names = _school_names(n_schools, school_names)
    asked = _each("teachers", teachers, n_schools)
    if (asked % 1 != 0).any():
        raise ModelError("teachers must be whole numbers")
    sizes = asked.astype(int)
    rates = _each("response_rate", response_rate, n_schools)
    if (sizes < 1).any() or (rates < 0).any() or (rates > 1).any():
        raise ModelError("teachers must be at least 1 in each school, and response_rate between 0 and 1")
    if isinstance(waves, str):
        raise ModelError(f"waves is a number or a list of names, not the text {waves!r}")
    wave_names = [str(w) for w in (range(1, waves + 1) if isinstance(waves, int) else waves)]
    if not wave_names:
        raise ModelError("waves must be at least one")
    planted = _planted(shifts or {}, names, truth.scales)

    generator = np.random.default_rng(rng)
    school_of = np.repeat(np.arange(n_schools), sizes)
    schools = truth.structure(generator.standard_normal((n_schools, truth.n_scales)))
    persons = truth.structure(generator.standard_normal((len(school_of), truth.n_scales)))
    moods = generator.standard_normal(len(school_of))
    identifiers = np.arange(len(school_of))
    exports = []
    for number, wave in enumerate(wave_names):
        if number:
            schools = _next(schools, truth.structure(generator.standard_normal(schools.shape)), school_stability)
            persons = _next(persons, truth.structure(generator.standard_normal(persons.shape)), stability)
            moods = _next(moods, generator.standard_normal(moods.shape), stability)
            gone = generator.random(len(school_of)) < turnover
            fresh = generator.standard_normal((int(gone.sum()), truth.n_scales))
            persons[gone], moods[gone] = truth.structure(fresh), generator.standard_normal(int(gone.sum()))
            identifiers[gone] = identifiers.max() + 1 + np.arange(gone.sum())
        constructs = truth.mixed(schools[school_of], persons) + planted[school_of]
        codes = truth.answers(constructs, moods, generator)
        codes[generator.random(codes.shape) < missing] = np.nan
        frame = pd.DataFrame(codes, columns=[item.key for item in instrument.items])
        frame.insert(0, "teacher", [f"T{i + 1:05d}" for i in identifiers])
        if len(wave_names) > 1:
            frame.insert(0, "wave", wave)
        frame.insert(0, "school", np.array(names, dtype=object)[school_of])
        exports.append(frame[_answering(school_of, sizes, rates, generator)])
    return read_responses(
        pd.concat(exports, ignore_index=True),
        instrument,
        school="school",
        teacher="teacher",
        wave="wave" if len(wave_names) > 1 else None,
        roster=dict(zip(names, sizes.tolist(), strict=True)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Truth:
    """The population: scales in order, the structure's root, item loadings and cut points."""

    instrument: Instrument
    scales: list[str]
    icc: Array
    root: Array
    loadings: Array
    shared_rater: float
    cuts: list[Array]

    @property
    def n_scales(self) -> int:
        return len(self.scales)

    def structure(self, noise: Array) -> Array:
        """Turn independent noise (n × scales) into constructs of unit variance that follow the structure."""
        return noise @ self.root.T

    def mixed(self, schools: Array, persons: Array) -> Array:
        """Return constructs as the sum of a school's and a teacher's part."""
        return schools * np.sqrt(self.icc) + persons * np.sqrt(1 - self.icc)

    def answers(self, constructs: Array, moods: Array, rng: np.random.Generator) -> Array:
        """Return codes (n × items) as answered, reversed items turned."""
        error = np.sqrt(1 - self.loadings**2 - self.shared_rater**2)
        position = {key: k for k, key in enumerate(self.scales)}
        codes = np.empty((len(constructs), len(self.loadings)))
        of_scale = [position[s.key] for s in self.instrument.scales for _ in s.items]
        for j, item in enumerate(self.instrument.items):
            latent = constructs[:, of_scale[j]] * self.loadings[j] + moods * self.shared_rater
            latent = latent + rng.standard_normal(len(latent)) * error[j]
            code = item.low + np.searchsorted(self.cuts[j], latent)
            codes[:, j] = reverse_code(code.astype(np.float64), item.low, item.high) if item.reversed else code
        return codes


def _truth(
    instrument: Instrument,
    loading: PerScale,
    icc: PerScale,
    graph: Arrows | None,
    correlation: float,
    thresholds: Mapping[str, ArrayLike] | None,
    shared_rater: float,
) -> _Truth:
    scales = [scale.key for scale in instrument.scales]
    pairs = [(scale.key, item) for scale in instrument.scales for item in scale.items]
    _check_names("icc", icc if isinstance(icc, Mapping) else {}, scales)
    names = scales + [item.key for _, item in pairs]
    for what, given in (("loading", loading), ("thresholds", thresholds)):
        _check_names(what, given if isinstance(given, Mapping) else {}, names)
    shares = np.array([icc.get(key, 0.15) if isinstance(icc, Mapping) else icc for key in scales], dtype=float)
    if (shares < 0).any() or (shares > 1).any():
        raise ModelError("icc is a share of variance, between 0 and 1")
    loadings = np.array(
        [loading.get(i.key, loading.get(s, 0.75)) if isinstance(loading, Mapping) else loading for s, i in pairs],
        dtype=float,
    )
    if ((loadings**2 + shared_rater**2) > 1).any():
        raise ModelError("loading² + shared_rater² is above 1 for some item: no variance is left for its error")
    given_cuts = thresholds or {}
    return _Truth(
        instrument=instrument,
        scales=scales,
        icc=shares,
        root=_root(scales, graph, correlation),
        loadings=loadings,
        shared_rater=shared_rater,
        cuts=[_cuts(item, given_cuts.get(item.key, given_cuts.get(scale))) for scale, item in pairs],
    )


def _cuts(item: Item, given: ArrayLike | None) -> Array:
    """Return the cut points of an item: equally likely codes, moved so that answers lean to the favourable side."""
    if given is None:
        return ndtri(np.arange(1, item.n_options) / item.n_options) * 0.9 - 0.45
    cuts = np.asarray(given, dtype=float)
    if cuts.shape != (item.n_options - 1,) or not (np.diff(cuts) > 0).all():
        msg = f"item {item.key!r} has {item.n_options} codes: its thresholds are {item.n_options - 1} ascending numbers"
        raise ModelError(msg)
    return cuts


def _root(scales: list[str], graph: Arrows | None, correlation: float) -> Array:
    """Return a matrix that turns independent noise into constructs of unit variance with the stated structure."""
    size = len(scales)
    if graph is None:
        if not (-1 / max(size - 1, 1) < correlation < 1) and size > 1:
            raise ModelError(f"correlation={correlation}: {size} constructs can't all correlate so")
        return np.asarray(
            np.linalg.cholesky(np.full((size, size), correlation) + (1 - correlation) * np.eye(size)), dtype=np.float64
        )
    causes: dict[str, list[str]] = {key: [] for key in scales}
    for cause, effect in graph:
        _check_names("graph", {cause: 0.0, effect: 0.0}, scales)
        causes[effect].append(cause)
    try:
        in_order = list(TopologicalSorter(causes).static_order())
    except CycleError as error:
        raise ModelError(f"graph has a cycle: {' → '.join(error.args[1])}") from None
    place = {key: k for k, key in enumerate(scales)}
    built = np.zeros((size, size))
    for key in in_order:
        row = place[key]
        for cause in causes[key]:
            built[row] += graph[cause, key] * built[place[cause]]
        explained = float(built[row] @ built[row])
        if explained > 1:
            raise ModelError(
                f"graph: the causes of {key!r} explain {explained:.2f} of its variance of 1; lower their effects"
            )
        built[row, row] = np.sqrt(1 - explained)
    return built


def _planted(shifts: Mapping[tuple[str, str], float], names: Sequence[str], scales: list[str]) -> Array:
    planted = np.zeros((len(names), len(scales)))
    for (school, scale), shift in shifts.items():
        _check_names("shifts: school", {school: shift}, names)
        _check_names("shifts: scale", {scale: shift}, scales)
        planted[names.index(school), scales.index(scale)] = shift
    return planted


def _answering(
    school_of: NDArray[np.intp], sizes: NDArray[np.intp], rates: Array, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return who answers: in each school its rate times its size, rounded, drawn at random."""
    draw = rng.random(len(school_of))
    rank = np.empty(len(draw), dtype=np.intp)
    rank[np.lexsort((draw, school_of))] = np.concatenate([np.arange(size) for size in sizes])
    return rank < np.round(rates * sizes)[school_of]


def _next(now: Array, fresh: Array, stability: float) -> Array:
    moved: Array = stability * now + np.sqrt(1 - stability**2) * fresh
    return moved


def _school_names(n_schools: int, given: Sequence[str] | None) -> list[str]:
    if n_schools < 1:
        raise ModelError("n_schools must be at least 1")
    names = list(given) if given is not None else [f"School {k:02d}" for k in range(1, n_schools + 1)]
    if len(names) != n_schools or len(set(names)) != n_schools:
        raise ModelError(f"school_names must be {n_schools} different names")
    return names


def _each(name: str, given: float | Sequence[float] | Array, n_schools: int) -> Array:
    values = np.asarray(given, dtype=float)
    if values.ndim == 0:
        return np.full(n_schools, float(values))
    if values.shape != (n_schools,):
        raise ModelError(f"{name} has {values.size} values for {n_schools} schools")
    return values


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ModelError(f"{name}={value} is not between 0 and 1")


def _check_names(what: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    for key in given:
        if key not in known:
            raise ModelError(f"{what}: {key!r} is not one of {listing(known)}{closest(key, known)}")
