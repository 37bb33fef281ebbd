"""`StageMovement`: a school along an order in two waves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from internal_coherence.ordering.use.weak_stage_record import NAN, WeakStage
from internal_coherence.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Direction = Literal["higher", "lower", "no reliable change", "cannot tell", "not measured"]
COLUMNS: Final = (
    "stage", "label", "earlier", "later", "change", "se", "df", "lower", "upper", "reliable_change_index", "verdict",
    "p_earliest_earlier", "p_earliest_later", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """How one stage of a school differs between two waves.

    Parameters
    ----------
    stage, label : str
        Name, and name for readers.
    earlier, later, change : float
        The school's own means, and the later less the earlier, in percent of the response range.
    se, df : float
        Of the difference between two means of teachers.
    lower, upper : float
        Its limits, simultaneous over the stages.
    reliable_change_index : float
        `change` in standard errors.
    verdict : {"higher", "lower", "no reliable change", "cannot tell", "not measured"}
        *higher* and *lower* are reliable: the limits leave 0 out.
    note : str
        Why there are no numbers.
    """

    stage: str
    label: str
    earlier: float = NAN
    later: float = NAN
    change: float = NAN
    se: float = NAN
    df: float = NAN
    lower: float = NAN
    upper: float = NAN
    reliable_change_index: float = NAN
    verdict: Direction
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StageMovement(Record):
    """How a school stands along an order in two waves.

    Parameters
    ----------
    school, order, order_title : str
        Whose, along which order, and the order's name for readers.
    waves : two texts
        The earlier and the later one.
    earlier, later : WeakStage
        What each wave says by itself.
    changes : tuple of StageChange
        All stages in order.
    error_correlation : float
        Between the errors of the two waves' means; 0 counts their teachers as different people.
    level : float
        Of the limits, over all stages together.
    """

    school: str
    order: str
    order_title: str
    waves: tuple[str, str]
    earlier: WeakStage
    later: WeakStage
    changes: tuple[StageChange, ...]
    error_correlation: float
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row a stage.

        Returns
        -------
        DataFrame
        """
        before, after = ({r.stage: r.p_earliest for r in one.readings} for one in (self.earlier, self.later))
        rows: list[dict[str, Any]] = []
        for change in self.changes:
            chances = {"p_earliest_earlier": before[change.stage], "p_earliest_later": after[change.stage]}
            rows.append({c: chances[c] if c in chances else getattr(change, c) for c in COLUMNS})
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the change of every stage with its limits.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_stage_movement

        return draw_stage_movement(self, ax)

    def to_html(self, path: str | Path | None = None) -> str:
        """Write the changes in words, with what they are not, as one self-contained page.

        Parameters
        ----------
        path : path, optional
            A file to write as well.

        Returns
        -------
        str
            The page.
        """
        from internal_coherence.report import stage_movement_page

        return stage_movement_page(self, path)

    def __repr__(self) -> str:
        moved = [f"{c.stage} {c.verdict}" for c in self.changes if c.verdict in ("higher", "lower")]
        return (
            f"<{self.school!r} along {self.order!r} from {self.waves[0]} to {self.waves[1]}:"
            f" {', '.join(moved) or 'no reliable change on any stage'}>"
        )
