"""The provisional causal order, as data: stages, arrows, and what measures a stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from internal_coherence.errors import (
    InstrumentError,
    MissingDataWarning,
    ModelError,
    check_option,
    closest,
    listing,
    warn,
)
from internal_coherence.instrument import Provenance
from internal_coherence.ordering.graphs import (
    CompletedGraph,
    EffectKind,
    Graph,
    Independence,
    InstrumentalVariable,
    Kind,
    adjustment_sets,
    completed,
    equivalent_graphs,
    implied_independences,
    instrumental_variables,
    read_graph,
    to_dagitty,
    to_dot,
    to_networkx,
)
from internal_coherence.records import Record

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

Basis = Provenance | Literal["inference"]
Reading = Literal["chain", "complete"]
READINGS: Final[tuple[str, ...]] = get_args(Reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of an order.

    Parameters
    ----------
    key, label : str
        The name in programs, and the name for readers.
    measured_by : tuple of str
        Keys of the scales that measure it; empty if none does.
    measured_by_basis : str
        Whether a source says so (``"stated"``), or it is our ``"inference"``, or the ``"user"``'s; empty if none does.
    outcome : bool
        Something beyond the survey, such as achievement.
    """

    key: str
    label: str
    measured_by: tuple[str, ...] = ()
    measured_by_basis: str = ""
    outcome: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """That one stage comes before another.

    Parameters
    ----------
    cause, effect : str
        Keys of stages.
    basis : Provenance or "inference"
        Who says so.
    note : str
        What an inference rests on.
    """

    cause: str
    effect: str
    basis: Basis
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Order(Record):
    """A provisional causal order of stages.

    Parameters
    ----------
    key, title : str
        The name in programs, and the name for readers.
    statement : Provenance
        Where the order is stated.
    stages : tuple of Stage
        In the order in which they are walked.
    arrows : tuple of Arrow
        Between stages, forwards only.
    provisional : bool
        True of every order that has not been tested.
    notes : str
        What a reader should know.

    Raises
    ------
    InstrumentError
        If keys repeat, a scale is in two stages, an arrow leads nowhere or backwards, or there is a cycle.
    """

    key: str
    title: str
    statement: Provenance
    stages: tuple[Stage, ...]
    arrows: tuple[Arrow, ...]
    provisional: bool = True
    notes: str = ""

    def __post_init__(self) -> None:
        where = f"order {self.key!r}"
        keys = [stage.key for stage in self.stages]
        if len(keys) < 2:
            raise InstrumentError(f"{where} has {len(keys)} stage(s); an order has at least two")
        if repeated := sorted({key for key in keys if keys.count(key) > 1}):
            raise InstrumentError(f"{where}: stages named twice: {listing(repeated)}")
        home: dict[str, str] = {}
        for stage in self.stages:
            for scale in stage.measured_by:
                if home.setdefault(scale, stage.key) != stage.key:
                    raise InstrumentError(f"{where}: scale {scale!r} measures both {home[scale]!r} and {stage.key!r}")
        for arrow in self.arrows:
            for end in (arrow.cause, arrow.effect):
                if end not in keys:
                    raise InstrumentError(
                        f"{where}: an arrow names the stage {end!r}, which it has not{closest(end, keys)}"
                    )
        try:
            self.graph()
        except ModelError as wrong:
            raise InstrumentError(f"{where}: {wrong}; stages that act on each other are one stage") from None
        for arrow in self.arrows:
            if keys.index(arrow.cause) > keys.index(arrow.effect):
                msg = f"{where}: the arrow {arrow.cause!r} → {arrow.effect!r} goes against the order in which the stages are listed"
                raise InstrumentError(msg)

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        key: str = "mine",
        title: str = "",
        measured_by: Mapping[str, str | Sequence[str]] | None = None,
        outcomes: Sequence[str] = (),
    ) -> Order:
        """Write an order of your own as arrows.

        Parameters
        ----------
        text : str
            ``"safety -> teams -> efficacy; leadership -> teams"``: arrows of either direction, split by semicolons or new lines, or a
            graph in dagitty's words.
        key, title : str
            The name in programs, and the name for readers.
        measured_by : mapping, optional
            Stage to the keys of its scales; a stage that is not named here is measured by the scale of its own name, if the survey
            has it, unless the text marks it ``[latent]``.
        outcomes : sequence of str
            Stages beyond the survey, of which schools' values can be joined.

        Returns
        -------
        Order

        Raises
        ------
        InstrumentError
            If it contradicts itself.
        ModelError
            If the text can't be read: where, and what was expected.

        Examples
        --------
        >>> import internal_coherence as ic
        >>> ic.Order.from_text("leadership -> team_support -> collective_efficacy")
        <Order 'mine': provisional; leadership → team_support → collective_efficacy>
        """
        if measured_by is not None and not isinstance(measured_by, Mapping):
            raise InstrumentError(
                f"measured_by says stage by stage which scales measure it, as in {{'teams': ['team_support']}}, not {measured_by!r}"
            )
        read = read_graph(text)
        graph = read.graph
        given = {stage: (s,) if isinstance(s, str) else tuple(s) for stage, s in (measured_by or {}).items()}
        for stage in (*given, *outcomes):
            if stage not in graph.nodes:
                raise InstrumentError(f"order {key!r} has no stage {stage!r}{closest(stage, graph.nodes)}")
        unseen = read.unmeasured | set(outcomes)
        own = {stage: () if stage in unseen else (stage,) for stage in graph.nodes} | given
        user = Provenance("user")
        return cls(
            key=key,
            title=title or key,
            statement=user,
            stages=tuple(
                Stage(
                    key=stage,
                    label=stage,
                    measured_by=own[stage],
                    measured_by_basis="user" if own[stage] else "",
                    outcome=stage in outcomes,
                )
                for stage in graph.in_order()
            ),
            arrows=tuple(Arrow(cause=a, effect=b, basis=user) for a, b in graph.arrows),
        )

    def graph(self, reading: Reading = "chain") -> Graph:
        """Return the order as a graph of its stages.

        Parameters
        ----------
        reading : {"chain", "complete"}
            The arrows as they are drawn, and no others, which data can contradict; or every later arrow too, which no data can.

        Returns
        -------
        Graph
        """
        check_option("reading", reading, READINGS)
        keys = tuple(stage.key for stage in self.stages)
        drawn = tuple((arrow.cause, arrow.effect) for arrow in self.arrows)
        every = tuple((a, b) for i, a in enumerate(keys) for b in keys[i + 1 :])
        return Graph(nodes=keys, arrows=drawn if reading == "chain" else every)

    def implications(
        self, measured: Collection[str] | None = None, *, reading: Reading = "chain", kind: Kind = "basis_set"
    ) -> tuple[Independence, ...]:
        """Return the independences that the order implies.

        Parameters
        ----------
        measured : collection of str, optional
            Stages of which there are data; by default those that scales measure.
        reading : {"chain", "complete"}
        kind : {"basis_set", "missing_edge", "local_markov"}
            One claim for each two stages that no arrow joins; each two given every smallest set that separates them; or each stage
            and what does not come after it, given its causes.

        Returns
        -------
        tuple of Independence

        Examples
        --------
        >>> import internal_coherence as ic
        >>> [str(claim) for claim in ic.load_order("elmore-boston").implications()]
        ['leadership_practice ⟂ collective_efficacy | structure_and_process']
        """
        return implied_independences(self.graph(reading), self._measured(measured), kind=kind)

    def adjustment_sets(
        self, cause: str, effect: str, *, of: EffectKind = "total", measured: Collection[str] | None = None
    ) -> tuple[frozenset[str], ...]:
        """Return what must be held constant for a regression to tell an effect, were the order right.

        Parameters
        ----------
        cause, effect : str
            Stages.
        of : {"total", "direct"}
        measured : collection of str, optional
            Stages of which there are data; by default those that scales measure.

        Returns
        -------
        tuple of frozenset of str
            All sets of which nothing can be left out; empty if there is none.
        """
        return adjustment_sets(self.graph(), cause, effect, of=of, measured=self._measured(measured))

    def instruments(
        self, cause: str, effect: str, measured: Collection[str] | None = None
    ) -> tuple[InstrumentalVariable, ...]:
        """Return the stages that are instruments for an arrow.

        Parameters
        ----------
        cause, effect : str
            The arrow's ends.
        measured : collection of str, optional
            Stages of which there are data; by default those that scales measure.

        Returns
        -------
        tuple of InstrumentalVariable
        """
        return instrumental_variables(self.graph(), cause, effect, self._measured(measured))

    def equivalents(self) -> tuple[Graph, ...]:
        """Return every graph of all its stages that implies the same, the order's own first.

        Returns
        -------
        tuple of Graph
        """
        return equivalent_graphs(self.graph())

    def completed(self) -> CompletedGraph:
        """Return what all equivalent graphs have in common: which arrows point the same way in all of them.

        Returns
        -------
        CompletedGraph
        """
        return completed(self.graph())

    def _measured(self, measured: Collection[str] | None) -> Collection[str]:
        return [stage.key for stage in self.stages if stage.measured_by] if measured is None else measured

    @property
    def published(self) -> bool:
        """Whether a source states it."""
        return self.statement.mark in ("verified", "stated")

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Keys of the stages that no scale measures."""
        return tuple(stage.key for stage in self.stages if not stage.measured_by)

    def to_text(self) -> str:
        """Return the arrows as `from_text` reads them, one a line.

        Returns
        -------
        str
        """
        return "\n".join(f'"{arrow.cause}" -> "{arrow.effect}"' for arrow in self.arrows)

    def to_dot(self) -> str:
        """Return the order in Graphviz's words; stages that nothing measures are dashed.

        Returns
        -------
        str
        """
        return to_dot(self.graph(), {stage.key: stage.label for stage in self.stages}, self.unmeasured)

    def to_dagitty(self) -> str:
        """Return the order as dagitty reads it; stages that nothing measures are latent.

        Returns
        -------
        str
        """
        return to_dagitty(self.graph(), self.unmeasured)

    def to_networkx(self) -> nx.DiGraph[str]:
        """Return the order as a graph of networkx.

        Returns
        -------
        networkx.DiGraph
        """
        return to_networkx(self.graph())

    def to_toml(self) -> str:
        """Return the order as `load_order` reads it.

        Returns
        -------
        str
        """
        import tomli_w

        return tomli_w.dumps(
            {
                "key": self.key,
                "title": self.title,
                "provisional": self.provisional,
                "statement": self.statement.to_toml(),
                "notes": self.notes,
                "stages": [_stage_table(stage) for stage in self.stages],
                "arrows": [_arrow_table(arrow) for arrow in self.arrows],
            }
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the order: stages from left to right, what is inferred or not measured dashed.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_order

        return draw_order(self, ax)

    def __repr__(self) -> str:
        provisional = "provisional; " if self.provisional else ""
        return f"<Order {self.key!r}: {provisional}{' → '.join(stage.key for stage in self.stages)}>"


def check_order(given: object, verb: str) -> None:
    """Refuse what is no order, such as its name.

    Parameters
    ----------
    given : object
        Passed as order.
    verb : str
        What was asked, for the message.

    Raises
    ------
    ModelError
    """
    if not isinstance(given, Order):
        raise ModelError(
            f"{verb} takes an Order, as load_order() or Order.from_text() make them, not {type(given).__name__}"
        )


def warn_of_misspelt_scales(order: Order, known: Collection[str], verb: str) -> None:
    """Warn of scales that the survey has not, but has one that is called nearly so: the stage counts as not measured.

    Parameters
    ----------
    order : Order
    known : collection of str
        Keys of the survey's scales.
    verb : str
        What was asked, for the message.

    Warns
    -----
    MissingDataWarning
    """
    for stage in order.stages:
        for scale in stage.measured_by:
            if scale not in known and (hint := closest(scale, known)):
                message = (
                    f"the survey has no scale {scale!r}, so stage {stage.key!r} is taken as not measured by it{hint}"
                )
                warn(f"{verb}: {message}", MissingDataWarning)


def _stage_table(stage: Stage) -> dict[str, Any]:
    return {
        "key": stage.key,
        "label": stage.label,
        "measured_by": list(stage.measured_by),
        "measured_by_basis": stage.measured_by_basis,
        "outcome": stage.outcome,
    }


def _arrow_table(arrow: Arrow) -> dict[str, Any]:
    basis = arrow.basis if isinstance(arrow.basis, str) else arrow.basis.to_toml()
    return {"from": arrow.cause, "to": arrow.effect, "basis": basis, "note": arrow.note}
