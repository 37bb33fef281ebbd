"""What `cfa` and `sem` may be asked for, together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from internal_coherence.errors import ModelError, check_option, listing
from internal_coherence.latent.estimation.estimators import Estimator, estimator_of
from internal_coherence.latent.preparing import MISSING, Column, Missing
from internal_coherence.latent.table.groups import Partial

Kind = Literal["cfa", "sem"]
BOUNDS: Final = (None, "none", "pos_var")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """The options of `cfa` and `sem`, which say what each means."""

    kind: Kind
    estimator: str
    missing: Missing
    auxiliary: Sequence[str]
    group: Column
    group_equal: str | Sequence[str]
    group_partial: Partial
    cluster: Column
    sampling_weights: Column
    std_lv: bool
    orthogonal: bool
    effect_coding: bool
    meanstructure: bool | None
    fixed_x: bool
    information: str | None
    se: str | None
    test: str | None
    likelihood: str
    bounds: str | None
    insist: bool

    def __post_init__(self) -> None:
        check_option("missing", self.missing, MISSING)
        check_option("bounds", self.bounds, BOUNDS)
        if isinstance(self.auxiliary, str):
            raise ModelError(f"auxiliary= takes a list of names, such as [{self.auxiliary!r}]")
        if self.auxiliary and self.missing != "fiml":
            raise ModelError(
                f"auxiliary= tells of missing answers under missing='fiml'; with missing={self.missing!r} it has no use"
            )

    def how(self, *, clustered: bool, weighted: bool) -> Estimator:
        """Return what the estimator's name and the options beside it mean together.

        Parameters
        ----------
        clustered, weighted : bool
            Whether the rows' schools are known, and whether they have sampling weights.

        Returns
        -------
        Estimator
        """
        return estimator_of(
            self.estimator,
            se=self.se,
            test=self.test,
            information=self.information,
            likelihood=self.likelihood,
            fiml=self.missing == "fiml",
            clustered=clustered,
            weighted=weighted,
        )

    def refuse_what_a_table_says(self) -> None:
        """Refuse options that complete a written model, where a whole table was given."""
        given = {
            "std_lv": self.std_lv,
            "orthogonal": self.orthogonal,
            "effect_coding": self.effect_coding,
            "group_equal": self.group_equal,
            "group_partial": self.group_partial,
            "meanstructure": self.meanstructure is not None,
        }
        if named := [name for name, value in given.items() if value]:
            raise ModelError(
                f"{self.kind}: a ParTable is complete, so {listing(named)} would be ignored; give it to "
                "ParTable.from_syntax or from_instrument"
            )
