"""What can be fitted with more or less held equal: groups of different teachers, or the same teachers over waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from internal_coherence.errors import ModelError, ResponseError, listing
from internal_coherence.instrument import Instrument
from internal_coherence.latent.equivalence.steps import Step
from internal_coherence.latent.equivalence.waves import SCHOOL, names_without_waves, over_waves, panel
from internal_coherence.latent.estimating import fit_model
from internal_coherence.latent.options import Options
from internal_coherence.latent.preparing import Column, column_of
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.groups import Triple
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.row import Row
from internal_coherence.responses import Responses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurement:
    """A measurement model, and how it is completed.

    Parameters
    ----------
    model : str or Instrument
        Written, or that of an instrument.
    std_lv, orthogonal, effect_coding : bool
        As `cfa` takes them.
    """

    model: str | Instrument
    std_lv: bool
    orthogonal: bool
    effect_coding: bool

    def table(self, groups: Sequence[str], equal: Sequence[str] = (), partial: Sequence[Triple] = ()) -> ParTable:
        """Return the model of several groups, some of it equal."""
        if isinstance(self.model, Instrument):
            return ParTable.from_instrument(
                self.model,
                groups=groups,
                meanstructure=True,
                std_lv=self.std_lv,
                effect_coding=self.effect_coding,
                group_equal=equal,
                group_partial=partial if equal else (),
            )
        return ParTable.from_syntax(
            self.model,
            groups=groups,
            meanstructure=True,
            std_lv=self.std_lv,
            orthogonal=self.orthogonal,
            effect_coding=self.effect_coding,
            group_equal=equal,
            group_partial=partial if equal else (),
            kind="cfa",
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OverGroups:
    """Groups of different teachers.

    Parameters
    ----------
    data : DataFrame or Responses
        The answers.
    model : str or None
        None for the instrument's own.
    options : Options
        Of every fit; what is equal is filled in.
    """

    data: pd.DataFrame | Responses
    model: str | None
    options: Options
    over: str = "groups"

    def fit(self, step: Step, partial: Sequence[Triple]) -> SemFit:
        """Fit one step."""
        equal = replace(self.options, group_equal=step.equal, group_partial=tuple(partial) if step.equal else ())
        return fit_model(self.data, self.model, equal)

    def plain(self, row: Row) -> Triple:
        """Return a parameter as it is written."""
        return row.lhs, row.op, row.rhs

    def labels(self, fit: SemFit) -> tuple[str, ...]:
        """Return the groups."""
        return fit.groups


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OverTime:
    """The same teachers over waves.

    Parameters
    ----------
    frame : DataFrame
        A row a teacher.
    measurement : Measurement
        The model of one wave.
    waves : tuple of str
        In their order.
    options : Options
        Of every fit.
    """

    frame: pd.DataFrame
    measurement: Measurement
    waves: tuple[str, ...]
    options: Options
    over: str = "waves"

    def fit(self, step: Step, partial: Sequence[Triple]) -> SemFit:
        """Fit one step."""
        return fit_model(self.frame, over_waves(self.measurement.table(self.waves, step.equal, partial)), self.options)

    def plain(self, row: Row) -> Triple:
        """Return a parameter under its name without the wave."""
        known = names_without_waves(self.measurement.table(self.waves))
        return known[row.lhs], row.op, known[row.rhs] if row.rhs else ""

    def labels(self, fit: SemFit) -> tuple[str, ...]:  # noqa: ARG002  # groups tell theirs by the fit
        """Return the waves."""
        return self.waves


def over_time(
    data: pd.DataFrame | Responses, model: str | None, options: Options, wave: Column, person: Column
) -> OverTime:
    """Lay out answers of the same teachers over waves.

    Parameters
    ----------
    data : DataFrame or Responses
        A row a teacher and wave.
    model : str or None
        None for the instrument's own.
    options : Options
        Of every fit.
    wave, person : str or array
        Of each row.

    Returns
    -------
    OverTime

    Raises
    ------
    ResponseError
        Without ids; and as `panel`.
    ModelError
        Without a model, or with weights.
    """
    if options.sampling_weights is not None:
        raise ModelError("invariance over time takes no sampling_weights=")
    if person is None:
        raise ResponseError(
            "invariance over time needs person=, the id that a teacher has in every wave; without ids the waves are not linked, and"
            " only averages of schools can be compared (ic.compare_waves)"
        )
    frame, cluster = data, options.cluster
    if isinstance(data, Responses):
        frame = pd.concat([data.items, data.people.drop(columns=[c for c in data.people if c in data.items])], axis=1)
        cluster = "school" if cluster is None else cluster
    if not isinstance(frame, pd.DataFrame):
        raise ResponseError(f"invariance takes a data frame or Responses, not {type(data).__name__}")
    if model is None and not isinstance(data, Responses):
        raise ModelError(
            "invariance: what is the model? It may be left out only with Responses, whose instrument tells it"
        )
    measurement = Measurement(
        model=data.instrument if model is None and isinstance(data, Responses) else str(model),
        std_lv=options.std_lv,
        orthogonal=options.orthogonal,
        effect_coding=options.effect_coding,
    )
    items = measurement.table(("1", "2")).observed
    if absent := [item for item in items if item not in frame]:
        raise ResponseError(f"invariance: the data have no column {listing(absent)}")
    when, who = (pd.Series(column_of(frame, c, name, "invariance")) for c, name in ((wave, "wave"), (person, "person")))
    school = column_of(frame, cluster, "cluster", "invariance")
    laid = panel(frame, items, wave=when, person=who, school=school)
    of_rows = replace(
        options,
        std_lv=False,
        orthogonal=False,
        effect_coding=False,
        meanstructure=None,
        cluster=None if school is None else SCHOOL,
    )
    return OverTime(frame=laid.frame, measurement=measurement, waves=laid.waves, options=of_rows)
