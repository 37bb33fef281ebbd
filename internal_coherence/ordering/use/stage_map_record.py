"""`StageMap`: the schools of a district along an order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from internal_coherence.ordering.use.weak_stage_record import COLUMNS, NAN, WeakStage
from internal_coherence.records import Record
from internal_coherence.schools.disclosure.gates import Audience

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERS: Final = tuple(c for c in COLUMNS if c not in ("stage", "label", "verdict", "note"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StageMap(Record):
    """Where schools stand along an order, for a district: nothing of a school or stage that does not pass the gates.

    Parameters
    ----------
    order, order_title : str
        Which order, and its name for readers.
    stages : tuple of (key, label)
        All stages in order, also those that nothing measures.
    schools : tuple of WeakStage
        What each school's profile says: by the stage that is most probably the earliest weak one, schools without any
        last; within it in the order of the profiles. It is no order of merit.
    withheld : tuple of (school, reason)
        Schools of which nothing is shown.
    audience : {"district", "research"}
        Who may read it.
    wave : str or None
        Of the profiles.
    """

    order: str
    order_title: str
    stages: tuple[tuple[str, str], ...]
    schools: tuple[WeakStage, ...]
    withheld: tuple[tuple[str, str], ...]
    audience: Audience
    wave: str | None

    def to_frame(self) -> pd.DataFrame:
        """Return one row a school and stage, schools in the order of the map.

        Returns
        -------
        DataFrame
            A withheld school has a row a stage with its reason as the ``note``.
        """
        rows: list[dict[str, Any]] = [
            {"school": found.school, **{c: getattr(reading, c) for c in COLUMNS}}
            for found in self.schools
            for reading in found.readings
        ]
        rows += [
            {"school": school, "stage": key, "label": label, "verdict": "withheld", "note": reason}
            for school, reason in self.withheld
            for key, label in self.stages
        ]
        return pd.DataFrame(rows, columns=["school", *COLUMNS]).astype(dict.fromkeys(NUMBERS, float))

    def conclusions(self) -> pd.DataFrame:
        """Return one row a school: what is concluded of it.

        Returns
        -------
        DataFrame
            Columns ``school, conclusion, stage, probability, p_none, undecided, withheld``.
        """
        rows: list[dict[str, Any]] = [
            {
                "school": found.school,
                "conclusion": found.conclusion,
                "stage": found.stage or "",
                "probability": found.probability,
                "p_none": found.p_none,
                "undecided": ", ".join(found.undecided),
                "withheld": "",
            }
            for found in self.schools
        ]
        rows += [
            {"school": school, "conclusion": "withheld", "stage": "", "probability": NAN, "p_none": NAN,
             "undecided": "", "withheld": reason}
            for school, reason in self.withheld
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def counts(self) -> pd.DataFrame:
        """Return one row a stage, and one for none: how many schools have it as their earliest weak stage.

        Returns
        -------
        DataFrame
            ``named``: schools of which it is named; ``expected``: the sum of the probabilities over the schools of which
            all are known, which counts those of which it can't be told, too. Stages that nothing measures have NaN.
        """
        whole = [found for found in self.schools if not np.isnan(found.p_none)]
        rows = []
        for k, (key, label) in enumerate(self.stages):
            expected = [found.readings[k].p_earliest for found in whole]
            named = sum(found.stage == key for found in self.schools)
            rows.append((key, label, named, _sum(expected)))
        none = sum(found.conclusion == "none below" for found in self.schools)
        rows.append(("", "none below the bar", none, _sum(found.p_none for found in whole)))
        return pd.DataFrame(rows, columns=["stage", "label", "named", "expected"])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw schools by stages: how probably each stage is the earliest weak one; what is withheld is hatched.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_stage_map

        return draw_stage_map(self, ax)

    def to_html(self, path: str | Path | None = None) -> str:
        """Write the map with its table and what it is not, as one self-contained page.

        Parameters
        ----------
        path : path, optional
            A file to write as well.

        Returns
        -------
        str
            The page.
        """
        from internal_coherence.report import stage_map_page

        return stage_map_page(self, path)

    def __repr__(self) -> str:
        named = sum(found.conclusion == "weak stage" for found in self.schools)
        none = sum(found.conclusion == "none below" for found in self.schools)
        open_ = len(self.schools) - named - none
        return (
            f"<StageMap along {self.order!r}: {len(self.schools)} schools, {named} with an earliest weak stage, {none} with"
            f" none below the bar, {open_} that can't be told; {len(self.withheld)} withheld>"
        )


def _sum(chances: Iterable[float]) -> float:
    values = [chance for chance in chances if not np.isnan(chance)]
    return float(sum(values)) if values else NAN
