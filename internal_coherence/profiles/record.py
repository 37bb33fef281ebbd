"""`Profile`: what one school is told, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ResponseError, closest
from internal_coherence.profiles.parts import Choices, Estimate, ItemShare, Spread
from internal_coherence.profiles.school_prior import SchoolPrior
from internal_coherence.records import Record
from internal_coherence.responses.record import as_label
from internal_coherence.schools.disclosure.gates import Audience

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from internal_coherence.ordering import Order

Array = NDArray[np.float64]


TEXTS: Final = ("kind", "key", "label", "dimension", "high_school", "low_school", "withheld")
COLUMNS: Final = (
    "kind", "key", "label", "dimension", "n", "mean", "mean_se", "z", "se", "df", "ci_lower", "ci_upper",
    "reference_mean", "reference_sd", "reference_high", "reference_low", "high_school", "low_school", "withheld",
)  # fmt: skip


def _table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Lay rows of estimates out, numbers as floats."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    numbers = [column for column in COLUMNS if column not in TEXTS]
    return frame.astype(dict.fromkeys(numbers, float) | dict.fromkeys(TEXTS, "str"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Profile(Record):
    """One school's profile, holding only what its audience may see.

    Parameters
    ----------
    school : str
        Its name.
    wave : str or None
        The wave it is of.
    audience : {"school", "district", "research"}
        Who may read it.
    instrument, status : str
        Title of the instrument, and whether it is a reconstruction.
    dimension_labels : tuple of (key, label)
        In order.
    n, n_roster, response_rate : int, int, float or None
        Teachers who answered, who were asked, and their ratio; None if not known or withheld.
    withheld : str
        Why the profile shows nothing; empty if it is shown.
    estimates : tuple of Estimate
        Dimensions, each followed by its scales.
    spreads : tuple of Spread
    items : tuple of ItemShare
    scale_keys : tuple of str
        The order of the covariances.
    mean_covariance, z_covariance : array
        Covariances of the estimated means and z values of the scales.
    prior : SchoolPrior or None
        How the means of the reference's schools lie together; None with too few of them, with norms, or with each
        school's own spread.
    n_reference_schools, n_reference_withheld : int
        Schools in the reference, and schools left out of it since they do not pass the gates.
    self_in_reference : bool
        Whether this school is one of them.
    choices : Choices
        The decisions behind the numbers.
    log_counts : tuple of (rule, count)
        What reading dropped or changed, over the whole survey.
    """

    school: str
    wave: str | None
    audience: Audience
    instrument: str
    status: str
    dimension_labels: tuple[tuple[str, str], ...]
    n: int | None
    n_roster: int | None
    response_rate: float | None
    withheld: str
    estimates: tuple[Estimate, ...]
    spreads: tuple[Spread, ...]
    items: tuple[ItemShare, ...]
    scale_keys: tuple[str, ...]
    mean_covariance: Array
    z_covariance: Array
    prior: SchoolPrior | None
    n_reference_schools: int
    n_reference_withheld: int
    self_in_reference: bool
    choices: Choices
    log_counts: tuple[tuple[str, int], ...]

    @property
    def scales(self) -> tuple[Estimate, ...]:
        """The estimates of the scales."""
        return tuple(e for e in self.estimates if e.kind == "scale")

    @property
    def dimensions(self) -> tuple[Estimate, ...]:
        """The estimates of the dimensions."""
        return tuple(e for e in self.estimates if e.kind == "dimension")

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates, one row a dimension or scale, with the limits of z.

        Returns
        -------
        DataFrame
            Empty if the profile is withheld.
        """
        return _table([self._row(estimate) for estimate in self.estimates])

    def _row(self, estimate: Estimate) -> dict[str, Any]:
        """Return an estimate as a row of the table."""
        row = {f.name: getattr(estimate, f.name) for f in fields(estimate) if f.name in COLUMNS}
        lower, upper = estimate.confidence_interval(self.choices.level)
        ends = estimate.reference_schools
        return row | {
            "ci_lower": lower,
            "ci_upper": upper,
            "reference_high": ends.high,
            "reference_low": ends.low,
            "high_school": ends.high_school,
            "low_school": ends.low_school,
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw dimensions and scales with their intervals and references.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default on a figure of its own.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_profile

        return draw_profile(self, ax)

    def to_html(
        self,
        path: str | Path | None = None,
        order: Order | Sequence[Order] | None = None,
        *,
        bar: float | Mapping[str, float] | None = None,
        metric: Literal["response", "relative"] = "response",
    ) -> str:
        """Write the profile as one self-contained page.

        Parameters
        ----------
        path : path, optional
            A file to write as well.
        order : Order or sequence of Order, optional
            Along which to read the profile; by default both published statements of the provisional causal order.
        bar, metric : optional
            What counts as weak, as in `earliest_weak_stage`.

        Returns
        -------
        str
            The page.
        """
        from internal_coherence.report import profile_page

        return profile_page(self, path, order, bar=bar, metric=metric)

    def _repr_html_(self) -> str:
        from internal_coherence.report import profile_summary

        return profile_summary(self)

    def __repr__(self) -> str:
        if self.withheld:
            return f"<Profile of {self.school!r}: withheld, {self.withheld}>"
        level = self.choices.level
        parts = []
        for e in self.dimensions:
            lower, upper = e.confidence_interval(level)
            parts.append(f"{e.key} " + (f"{e.z:+.2f} [{lower:+.2f}, {upper:+.2f}]" if not e.withheld else "withheld"))
        wave = f", wave {self.wave}" if self.wave else ""
        return f"<Profile of {self.school!r}{wave}, {self.n} teachers: {'; '.join(parts)}>"


class Profiles(Mapping[str, Profile]):
    """The profiles of many schools: school to `Profile`.

    Parameters
    ----------
    profiles : mapping
        School to profile.
    """

    __slots__ = ("_profiles",)

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = dict(profiles)

    def __getitem__(self, school: object) -> Profile:
        try:
            return self._profiles[as_label(school)]
        except KeyError:
            raise ResponseError(f"no profile of school {school!r}{closest(school, self._profiles)}") from None

    def __contains__(self, school: object) -> bool:
        return as_label(school) in self._profiles

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def to_frame(self) -> pd.DataFrame:
        """Return all estimates, one row a school and dimension or scale.

        Returns
        -------
        DataFrame
            Indexed by ``school``. A withheld school has one row, with its reason only.
        """
        rows: list[dict[str, Any]] = []
        for school, one in self._profiles.items():
            about: dict[str, Any] = {"school": school, "n_teachers": one.n, "response_rate": one.response_rate}
            rows += [about | one._row(estimate) for estimate in one.estimates] or [about | {"withheld": one.withheld}]
        frame = _table(rows)
        for column in ("n_teachers", "response_rate"):
            frame[column] = [np.nan if row[column] is None else row[column] for row in rows]
        frame.index = pd.Index([row["school"] for row in rows], name="school", dtype="str")
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            School to the profile's own ``to_dict``.
        """
        return {school: one.to_dict() for school, one in self._profiles.items()}

    def to_html(
        self,
        folder: str | Path,
        order: Order | Sequence[Order] | None = None,
        *,
        bar: float | Mapping[str, float] | None = None,
        metric: Literal["response", "relative"] = "response",
        workers: int = 1,
        progress: bool = False,
    ) -> dict[str, Path]:
        """Write one page a school.

        Parameters
        ----------
        folder : path
            Where to; made if need be.
        order, bar, metric : optional
            As in `Profile.to_html`.
        workers : int
            Processes to draw with. With more than one, a script keeps its calls below ``if __name__ == "__main__":``.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        dict
            School to its file.
        """
        from internal_coherence.report import write_pages

        return write_pages(self, folder, order, bar=bar, metric=metric, workers=workers, progress=progress)

    def __repr__(self) -> str:
        withheld = sum(bool(one.withheld) for one in self._profiles.values())
        return f"<Profiles of {len(self)} schools, {withheld} withheld>"
