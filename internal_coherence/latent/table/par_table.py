"""`ParTable`: a model as data, one row a parameter, as lavaan's parameter table is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent.syntax.expressions import Expression
from internal_coherence.latent.syntax.grammar import Statements, read_model
from internal_coherence.latent.table import frames, instruments, mplus, paths, writing
from internal_coherence.latent.table.asking import Asked, Options, checked
from internal_coherence.latent.table.building import build
from internal_coherence.latent.table.completing import Kind
from internal_coherence.latent.table.constraints import Constraints, constraints
from internal_coherence.latent.table.groups import Partial
from internal_coherence.latent.table.roles import roles
from internal_coherence.latent.table.row import Row
from internal_coherence.records import Record

if TYPE_CHECKING:
    from internal_coherence.instrument import Instrument
    from internal_coherence.latent.table.mplus import MplusModel

__all__ = ["Expression", "ParTable", "Row"]

COLUMNS = ("lhs", "op", "rhs", "user", "block", "group", "free", "value", "start", "label", "exo")
Structure = Literal["correlated", "one_factor", "second_order", "bifactor", "method"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ParTable(Record):
    """A model as a table. Made by `from_syntax`, `from_instrument`, `from_paths` or `from_frame`.

    Parameters
    ----------
    entries : tuple of Row
        One a parameter, a definition or a constraint.
    groups : tuple of str
        Labels; none where there is one group.
    observed, latent : tuple of str
        The variables: indicators first, then other outcomes, covariates, the rest.
    meanstructure : bool
        Whether means and intercepts are part of the model.
    fixed_x : bool
        Whether covariates of regressions are taken as given.
    """

    entries: tuple[Row, ...]
    groups: tuple[str, ...] = ()
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    meanstructure: bool = False
    fixed_x: bool = True
    _constraints: Constraints = field(init=False)
    _frame: pd.DataFrame | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_constraints", constraints(self.entries))

    @classmethod
    def from_syntax(
        cls,
        text: str,
        *,
        groups: Sequence[object] = (),
        std_lv: bool = False,
        orthogonal: bool = False,
        meanstructure: bool | None = None,
        effect_coding: bool | str | Sequence[str] = False,
        fixed_x: bool = True,
        auto: bool = True,
        group_equal: str | Sequence[str] = (),
        group_partial: Partial = (),
        kind: Kind = "sem",
        observed: Iterable[object] | None = None,
    ) -> ParTable:
        """Read a model in lavaan's language, and complete it as lavaan's ``cfa`` and ``sem`` do.

        Parameters
        ----------
        text : str
            ``=~`` measures, ``~`` depends on, ``~~`` goes with, ``~ 1`` is an intercept; ``:=`` defines, ``==``, ``<``
            and ``>`` constrain.
        groups : sequence, optional
            Labels of several groups.
        std_lv : bool
            Latent variables have variance 1; otherwise their first loading is 1.
        orthogonal : bool
            Latent variables that nothing predicts do not covary.
        meanstructure : bool, optional
            Means and intercepts are part of the model; by default where there are several groups, or intercepts.
        effect_coding : bool, or "loadings" or "intercepts" or both
            Loadings average to 1 and, with a mean structure, intercepts to 0.
        fixed_x : bool
            Covariates of regressions are taken as given.
        auto : bool
            Complete the model; if not, only what is written is in it.
        group_equal : str or sequence of str
            Of loadings, intercepts, means, regressions, residuals, residual_covariances, lv_variances, lv_covariances.
        group_partial : str, or sequence of str or (str, str, str)
            Parameters that differ all the same: ``"f =~ x2"``, ``"x3 ~ 1"``, or ``("x3", "~1", "")``.
        kind : {"cfa", "sem", "growth"}
            The first two are the same; in a growth model intercepts are 0 and latent means are free.
        observed : iterable, optional
            The columns of the data, to check names against.

        Returns
        -------
        ParTable

        Raises
        ------
        ModelError
            With line and column if the text can't be read; if it contradicts itself, the data or the options.

        Notes
        -----
        ``lavaan::lavaanify(text, auto = TRUE)`` as ``lavaan::cfa`` and ``lavaan::sem`` call it. A label that is given
        once holds in every group, so that the parameter is equal across groups.

        Examples
        --------
        >>> ParTable.from_syntax("trust =~ t1 + t2 + t3")
        <ParTable: 3 observed and 1 latent variables, 6 free parameters>
        """
        if not isinstance(text, str):
            raise ModelError(f"a model is a text, not {type(text).__name__}")
        asked = Asked(
            groups=groups,
            std_lv=std_lv,
            orthogonal=orthogonal,
            meanstructure=meanstructure,
            effect_coding=effect_coding,
            fixed_x=fixed_x,
            auto=auto,
            group_equal=group_equal,
            group_partial=group_partial,
            kind=kind,
            observed=observed,
        )
        return _written(text, checked(read_model(text), asked))

    @classmethod
    def from_instrument(
        cls,
        instrument: Instrument,
        *,
        structure: Structure = "correlated",
        items: Collection[str] | None = None,
        groups: Sequence[object] = (),
        std_lv: bool = False,
        meanstructure: bool | None = None,
        effect_coding: bool | str | Sequence[str] = False,
        group_equal: str | Sequence[str] = (),
        group_partial: Partial = (),
    ) -> ParTable:
        """Make the model that an instrument's own structure suggests.

        Parameters
        ----------
        instrument : Instrument
            Its scales and dimensions.
        structure : {"correlated", "one_factor", "second_order", "bifactor", "method"}
            One factor a scale, all correlated; one factor for all items; factors of dimensions above those of scales;
            a general factor and, uncorrelated, one a scale; or correlated scales and a factor of the reversed items.
        items : collection of str, optional
            Keys of the items that the data have; by default all.
        groups, std_lv, meanstructure, effect_coding, group_equal, group_partial : as in `from_syntax`

        Returns
        -------
        ParTable

        Raises
        ------
        ModelError
            If the instrument has too few scales or items for the structure.

        Notes
        -----
        A scale of which one item is left is that item, without error: its residual variance is 0. A dimension of one
        scale has no factor above it. Where two items share nothing but a factor that is uncorrelated with the others
        (bifactor, method), their loadings on it are equal, 1, and its variance is free. A scale with the name of an
        item is called ``<name>_factor``.

        Examples
        --------
        >>> import internal_coherence as ic
        >>> ParTable.from_instrument(ic.load_instrument("internal-coherence-survey"))
        <ParTable: 50 observed and 11 latent variables, 155 free parameters>
        """
        check_option("structure", structure, get_args(Structure))
        asked = Asked(
            groups=groups,
            std_lv=std_lv,
            meanstructure=meanstructure,
            effect_coding=effect_coding,
            group_equal=group_equal,
            group_partial=group_partial,
        )
        return _completed(instruments.statements_of(instrument, structure, items), asked)

    @classmethod
    def from_paths(
        cls,
        given: paths.Paths,
        *,
        fixed_x: bool = True,
        meanstructure: bool | None = None,
        covary_outcomes: bool = True,
        groups: Sequence[object] = (),
        group_equal: str | Sequence[str] = (),
        observed: Iterable[object] | None = None,
    ) -> ParTable:
        """Make a path model of observed variables.

        Parameters
        ----------
        given : text, mapping, or iterable of (cause, effect)
            ``"a -> b -> c"`` with a chain a line; ``{"a": ["b", "c"]}``; ``[("a", "b"), ("b", "c")]``.
        fixed_x, meanstructure, groups, group_equal, observed : as in `from_syntax`
        covary_outcomes : bool
            The residuals of outcomes that cause nothing covary, as lavaan has it.

        Returns
        -------
        ParTable

        Raises
        ------
        ModelError
            If an arrow has no end, or points at its own start.

        Examples
        --------
        >>> print(ParTable.from_paths("leadership -> trust -> learning").to_lavaan())
        trust ~ leadership
        learning ~ trust
        trust ~~ trust
        learning ~~ learning
        <BLANKLINE>
        """
        asked = Asked(
            groups=groups,
            fixed_x=fixed_x,
            meanstructure=meanstructure,
            covary_outcomes=covary_outcomes,
            group_equal=group_equal,
            observed=observed,
        )
        return _completed(paths.statements_of(given), asked)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, groups: Sequence[object] = (), fixed_x: bool = True) -> ParTable:
        """Take a table that is there already: rows as `rows` or lavaan's ``parTable`` have them.

        Parameters
        ----------
        frame : DataFrame
            Columns lhs, op, rhs; where there, user, group, free, value or ustart, start, label, exo. Nothing is added.
        groups : sequence, optional
            Labels of the groups; by default their numbers.
        fixed_x : bool
            Whether covariates are taken as given; rows with exo 1 always are.

        Returns
        -------
        ParTable

        Raises
        ------
        ModelError
            Naming the row that makes no sense.
        """
        rows = frames.rows_of(frame)
        n_groups = max(row.group for row in rows)
        labels = tuple(map(str, groups)) or (tuple(str(g + 1) for g in range(n_groups)) if n_groups > 1 else ())
        if max(1, len(labels)) != n_groups:
            raise ModelError(f"{len(labels)} labels for {n_groups} group{'s' * (n_groups > 1)}")
        who = roles((row.lhs, row.op, row.rhs) for row in rows if row.group and not row.exo)
        return cls(
            entries=tuple(rows),
            groups=labels if n_groups > 1 else (),
            observed=who.observed,
            latent=who.latent,
            meanstructure=any(row.op == "~1" for row in rows),
            fixed_x=fixed_x or any(row.exo for row in rows),
        )

    @property
    def rows(self) -> pd.DataFrame:
        """The table: lhs, op, rhs, user, block, group, free, value, start, label, exo."""
        if self._frame is None:
            frame = pd.DataFrame({column: [getattr(row, column) for row in self.entries] for column in COLUMNS})
            object.__setattr__(self, "_frame", frame)
        return self._frame  # type: ignore[return-value]  # it has just been made

    @property
    def n_groups(self) -> int:
        """How many groups there are, one at least."""
        return max(1, len(self.groups))

    @property
    def n_free(self) -> int:
        """How many parameters are free; those that are equal count each."""
        return max((row.free for row in self.entries), default=0)

    @property
    def endogenous(self) -> tuple[str, ...]:
        """What an arrow points at: indicators and outcomes, observed ones first."""
        reached = {row.rhs if row.op == "=~" else row.lhs for row in self.entries if row.op in ("=~", "~")}
        return tuple(v for v in (*self.observed, *self.latent) if v in reached)

    @property
    def exogenous(self) -> tuple[str, ...]:
        """What no arrow points at, observed variables first."""
        reached = set(self.endogenous)
        return tuple(v for v in (*self.observed, *self.latent) if v not in reached)

    @property
    def covariates(self) -> tuple[str, ...]:
        """The observed variables that are taken as given."""
        given = {row.lhs for row in self.entries if row.exo}
        return tuple(v for v in self.observed if v in given)

    @property
    def definitions(self) -> list[tuple[str, Expression]]:
        """What ``:=`` defines, as expressions of labels of free parameters."""
        return list(self._constraints.definitions)

    @property
    def equalities(self) -> list[Expression]:
        """Expressions of labels that are 0; what `equal_pairs` says is not among them."""
        return list(self._constraints.equalities)

    @property
    def inequalities(self) -> list[Expression]:
        """Expressions of labels that are 0 or more."""
        return list(self._constraints.inequalities)

    @property
    def equal_pairs(self) -> list[tuple[int, int]]:
        """Parameters that are equal, by their numbers from 1; no pair follows from the others."""
        return list(self._constraints.pairs)

    def to_frame(self) -> pd.DataFrame:
        """Return the table.

        Returns
        -------
        DataFrame
            As `rows`.
        """
        return self.rows

    def to_lavaan(self) -> str:
        """Write the model as lavaan's syntax, everything explicit.

        Returns
        -------
        str
            Read it back with ``from_syntax(text, auto=False)``, in R with ``lavaan::lavaan(text)``, with the same groups
            and `fixed_x`. Labels that were made here, ``.p7.``, become ``p7``. What a group does not have is 0 there.

        Raises
        ------
        ModelError
            If a name holds a line break, or every kind of quote.
        """
        return writing.to_lavaan(self)

    def to_mplus(self) -> MplusModel:
        """Write the model as Mplus input: MODEL, MODEL of further groups, MODEL CONSTRAINT.

        Returns
        -------
        MplusModel
            `text`, and `names`: Mplus allows eight characters.
        """
        return mplus.to_mplus(self)

    def __repr__(self) -> str:
        parts = f"{len(self.observed)} observed and {len(self.latent)} latent variables, {self.n_free} free parameters"
        equal = len(self._constraints.pairs) + len(self._constraints.equalities)
        tied = f" under {equal} equality constraint{'s' * (equal > 1)}" if equal else ""
        return f"<ParTable: {parts}{tied}{f'; {self.n_groups} groups' if self.groups else ''}>"


def _completed(model: Statements, asked: Asked) -> ParTable:
    return _table(model, checked(model, asked))


@lru_cache(maxsize=64)
def _written(text: str, options: Options) -> ParTable:
    """Return the table of a text: none of it changes, so that a model fitted again and again is laid out once."""
    return _table(read_model(text), options)


def _table(model: Statements, options: Options) -> ParTable:
    rows, who = build(model, options)
    return ParTable(
        entries=tuple(rows),
        groups=options.groups,
        observed=who.observed,
        latent=who.latent,
        meanstructure=options.habits.meanstructure,
        fixed_x=options.habits.fixed_x,
    )
