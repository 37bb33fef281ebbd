"""What an audit asks of tables: how much the reader knows, between which ends answers lie, what is too narrow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, listing
from internal_coherence.instrument import Instrument
from internal_coherence.responses import Responses
from internal_coherence.schools.disclosure.attacker import Attacker, several
from internal_coherence.schools.disclosure.examination import Examined, examine
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.protected import in_words
from internal_coherence.schools.disclosure.relations import Composites, Groups
from internal_coherence.schools.disclosure.released import Released, Table, classifying, frame_of, gather, name_tables

Array = NDArray[np.float64]
Ends = float | Mapping[str, float] | None
Parts = Mapping[str, Sequence[str] | Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Everything that an audit needs beside the means."""

    tables: dict[str, Table]
    released: Released
    low: Array
    high: Array
    composites: Composites
    decimals: int | None
    width: float
    attacker: Attacker
    gates: Gates

    def examined(
        self, released: Released, groups: list[Groups], known_safe: Set[tuple[int, str]] = frozenset()
    ) -> list[Examined]:
        """Return the protected groups of a stage of the release, and how closely each is told.

        Parameters
        ----------
        released : Released
            The tables with more or fewer means.
        groups : list of Groups
            The smallest groups on every scale.
        known_safe : set of (int, str)
            Groups that need no look.

        Returns
        -------
        list of Examined
        """
        return examine(
            released,
            groups,
            self.low,
            self.high,
            self.composites,
            self.decimals,
            self.width,
            self.attacker.own_answer,
            self.gates.min_teachers,
            known_safe,
        )


def ask(
    tables: Table | Sequence[Table] | Mapping[str, Table],
    *,
    attacker: Attacker | None,
    low: Ends,
    high: Ends,
    instrument: Instrument | Responses | None,
    width: float,
    by: Collection[str] | None,
    composites: Parts | None,
    decimals: int | None,
    gates: Gates | None,
) -> Question:
    """Check what a user passed, and read the tables.

    Parameters
    ----------
    tables, attacker, low, high, instrument, width, by, composites, decimals, gates
        As for `audit_disclosure`.

    Returns
    -------
    Question

    Raises
    ------
    ModelError
    """
    attacker = attacker or Attacker()
    named = name_tables(tables)
    if decimals is not None and (isinstance(decimals, bool) or not isinstance(decimals, int) or decimals < 0):
        raise ModelError(f"decimals={decimals!r} is not a whole number of decimals")
    weights = _weights(composites or {})
    columns = {c for table in named.values() for c in classifying(table, frame_of(table), by)}
    parts = [part for own in weights.values() for part in own]
    released = gather(named, attacker.known_counts(columns), by, parts)
    _check_agreement(released, decimals)
    weights = {name: own for name, own in weights.items() if name in released.scales}
    if not width > 0:
        raise ModelError(f"width={width} is not above 0")
    source = instrument or next((known for known in several(attacker) if isinstance(known, Responses)), None)
    asked = source.instrument if isinstance(source, Responses) else source
    low_of, high_of = (
        _ends(end, which, released.scales, asked, weights) for end, which in ((low, "low"), (high, "high"))
    )
    if (narrow := high_of - low_of <= width).any():
        s = int(np.flatnonzero(narrow)[0])
        msg = f"width={width:g} protects nothing on scale {released.scales[s]!r}, which runs from {low_of[s]:g} to {high_of[s]:g}"
        raise ModelError(msg)
    return Question(
        tables=named,
        released=released,
        low=low_of,
        high=high_of,
        composites=weights,
        decimals=decimals,
        width=float(width),
        attacker=attacker,
        gates=gates or Gates(),
    )


def _check_agreement(released: Released, decimals: int | None) -> None:
    """Refuse two means of the same teachers, up to their rounding."""
    tolerance = 1e-9 if decimals is None else 10.0**-decimals + 1e-9
    of_cell = released.rows.dropna(subset="mean").groupby(["key", "scale"])["mean"].agg(["min", "max"])
    for (k, s), low, high in of_cell[of_cell["max"] - of_cell["min"] > tolerance].itertuples(name=None):
        raise ModelError(
            f"the tables say two means of the same {released.n[k, s]:g} teachers "
            f"({in_words(released.columns, released.keys[k])}, scale {released.scales[s]!r}): {low:.6g} and {high:.6g}; "
            "correct one, or pass decimals= if they are rounded"
        )


def _weights(composites: Parts) -> dict[str, dict[str, float]]:
    weights = {}
    for name, parts in composites.items():
        if isinstance(parts, str) or not parts:
            raise ModelError(f"composites[{name!r}] takes the scales it is made of, as a list, not {parts!r}")
        weights[name] = dict(parts) if isinstance(parts, Mapping) else {part: 1 / len(parts) for part in parts}
    if nested := [part for own in weights.values() for part in own if part in weights]:
        raise ModelError(f"composites of composites: {listing(nested)}; give the scales that they are made of")
    return weights


def _ends(given: Ends, which: str, scales: Sequence[str], asked: Instrument | None, weights: Composites) -> Array:
    """Return one end of every scale; of a composite, from its parts where it is not given."""
    known: dict[str, float] = {}
    if asked is not None:
        known.update({scale.key: float(getattr(scale, which)) for scale in asked.scales})
    if isinstance(given, Mapping):
        known.update({str(scale): float(end) for scale, end in given.items()})
    elif given is not None:
        known = {scale: float(given) for scale in scales if scale not in weights}
    for name, parts in weights.items():
        if name not in known and all(part in known for part in parts):
            known[name] = sum(weight * known[part] for part, weight in parts.items())
    if missing := [scale for scale in scales if scale not in known]:
        raise ModelError(f"{which}= of {listing(missing)} is not known; give low= and high=, or instrument=")
    return np.array([known[scale] for scale in scales])
