"""What can be fitted with more or less held equal: groups of different teachers, or the same teachers over waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from internal_coherence.errors import ModelError, ResponseError, listing
from internal_coherence.instrument import Instrument
from internal_coherence.latent.equivalence.steps import Step
from internal_coherence.latent.equivalence.waves import SCHOOL, names_without_waves, over_waves, panel
from internal_coherence.latent.estimating import Answers
from internal_coherence.latent.options import Options
from internal_coherence.latent.preparing import Column, column_of
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.groups import Triple, kind_of
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.latent.table.roles import roles
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

    @classmethod
    def of(cls, data: pd.DataFrame | Responses, model: str | None, options: Options) -> Measurement:
        """Take a user's model, or that of the responses' instrument."""
        if model is None and not isinstance(data, Responses):
            raise ModelError(
                "invariance: what is the model? It may be left out only with Responses, whose instrument tells it"
            )
        if model is None and options.orthogonal:
            raise ModelError(
                "invariance: an instrument's own model has correlated factors; orthogonal=True needs model="
            )
        if model is not None and not isinstance(model, str):
            raise ModelError(f"invariance takes a model in lavaan's syntax, not {type(model).__name__}")
        return cls(
            model=data.instrument if model is None and isinstance(data, Responses) else str(model),
            std_lv=options.std_lv,
            orthogonal=options.orthogonal,
            effect_coding=options.effect_coding,
        )

    def kinds(self) -> dict[Triple, str]:
        """Return the free parameters, and which kind each is; covariances both ways round."""
        table = self.table(("1", "2"))
        who = roles((row.lhs, row.op, row.rhs) for row in table.entries if row.group and not row.exo)
        found: dict[Triple, str] = {}
        for row in table.entries:
            is_mean = row.op == "~1" and row.lhs in table.latent  # fixed, until intercepts are equal
            if row.group == 1 and (row.free or is_mean):
                found[row.lhs, row.op, row.rhs] = kind_of(row, who)
                if row.op == "~~":
                    found[row.rhs, row.op, row.lhs] = kind_of(row, who)
        return found

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
    answers : Answers
        Of all groups.
    model : str or None
        None for the instrument's own.
    options : Options
        Of every fit; what is equal is filled in.
    kinds : mapping of (str, str, str) to str
        The model's parameters that could be held equal.
    """

    answers: Answers
    model: str | None
    options: Options
    kinds: Mapping[Triple, str]
    over: str = "groups"

    @classmethod
    def of(cls, data: pd.DataFrame | Responses, model: str | None, options: Options) -> OverGroups:
        """Set out from a user's data; the model is read once, to know its parameters."""
        measurement = Measurement.of(data, model, options)
        return cls(answers=Answers.of(data, options), model=model, options=options, kinds=measurement.kinds())

    def kind(self, parameter: Triple) -> str:
        """Return which kind a parameter is; empty if it is fixed or not there."""
        return self.kinds.get(parameter, "")

    def fit(self, step: Step, partial: Sequence[Triple]) -> SemFit:
        """Fit one step."""
        equal = replace(self.options, group_equal=step.equal, group_partial=tuple(partial) if step.equal else ())
        return self.answers.fit(self.model, equal)

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
    answers : Answers
        A row a teacher.
    measurement : Measurement
        The model of one wave.
    waves : tuple of str
        In their order.
    options : Options
        Of every fit.
    kinds : mapping of (str, str, str) to str
        The model's parameters that could be held equal, named without waves.
    names : mapping of str to str
        What every variable of a wave is called without it.
    """

    answers: Answers
    measurement: Measurement
    waves: tuple[str, ...]
    options: Options
    kinds: Mapping[Triple, str]
    names: Mapping[str, str]
    over: str = "waves"

    def kind(self, parameter: Triple) -> str:
        """Return which kind a parameter is; empty if it is fixed or not there."""
        return self.kinds.get(parameter, "")

    def fit(self, step: Step, partial: Sequence[Triple]) -> SemFit:
        """Fit one step."""
        return self.answers.fit(over_waves(self.measurement.table(self.waves, step.equal, partial)), self.options)

    def plain(self, row: Row) -> Triple:
        """Return a parameter under its name without the wave."""
        return self.names[row.lhs], row.op, self.names[row.rhs] if row.rhs else ""

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
    measurement = Measurement.of(data, model, options)
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
    return OverTime(
        answers=Answers.of(laid.frame, of_rows),
        measurement=measurement,
        waves=laid.waves,
        options=of_rows,
        kinds=measurement.kinds(),
        names=names_without_waves(measurement.table(laid.waves)),
    )
