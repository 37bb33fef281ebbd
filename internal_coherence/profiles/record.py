"""`Profile`: what one school is told, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from internal_coherence.errors import ModelError, ResponseError, closest
from internal_coherence.records import Record
from internal_coherence.responses.record import as_label
from internal_coherence.schools.disclosure import Audience, Gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from internal_coherence.ordering import Order

Array = NDArray[np.float64]
ReferenceSD = Literal["teachers", "schools"]
WithinSD = Literal["pooled", "own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Where a school stands on one scale or dimension.

    Parameters
    ----------
    kind : {"scale", "dimension"}
    key, label, dimension : str
        Name, name for readers, and the dimension it belongs to (its own key for a dimension).
    low, high : float
        The response format; NaN for a dimension.
    n : int or None
        Teachers behind the estimate; None for a dimension, and where so few that the number itself is withheld.
    mean, mean_se : float
        On the response scale; NaN for a dimension.
    z, se, df : float
        In standard deviations from the reference mean, with standard error and degrees of freedom.
    reference_mean, reference_sd : float
        What z is counted from and in; NaN for a dimension.
    reference_high, reference_low : float
        z of the highest and lowest school of the reference; NaN where there are too few schools to choose from.
    high_school, low_school : str
        Their names, for a district or a researcher only.
    withheld : str
        Why the numbers are missing; empty if they are not.
    """

    kind: Literal["scale", "dimension"]
    key: str
    label: str
    dimension: str
    low: float
    high: float
    n: int | None
    mean: float
    mean_se: float
    z: float
    se: float
    df: float
    reference_mean: float
    reference_sd: float
    reference_high: float
    reference_low: float
    high_school: str = ""
    low_school: str = ""
    withheld: str = ""

    def confidence_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the limits of z, by the t distribution.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        tuple of float
        """
        if not 0 < level < 1:
            raise ModelError(f"level={level} is not between 0 and 1")
        reach = float(stdtrit(self.df, (1 + level) / 2)) * self.se
        return self.z - reach, self.z + reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a distribution: the options from `first` to `last`, and the share of teachers closest to them."""

    first: float
    last: float
    first_label: str
    last_label: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How the teachers' scores on a scale are spread, in bars that each hold enough teachers."""

    scale: str
    bars: tuple[Bar, ...] = ()
    withheld: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemShare:
    """The share of favourable answers to one item, out of those who answered it.

    Parameters
    ----------
    item, scale, text : str
        Names and wording.
    reversed : bool
        Then favourable means disagreeing.
    share : float
        Of answers above the middle of the response format, after reversal.
    bound : {"", "at most", "at least"}
        Where so few answered one way that only a bound is shown.
    withheld : str
        Why there is no share; empty if there is.
    """

    item: str
    scale: str
    text: str
    reversed: bool
    share: float
    bound: str = ""
    withheld: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The decisions behind a profile, as the user made them.

    Parameters
    ----------
    reference : {"all", "schools", "norms"}
        All schools that pass the gates, the ones named, or a table of norms.
    sd : {"teachers", "schools"}
        Whose standard deviation is the unit.
    within_sd : {"pooled", "own"}
        Which spread of teachers the standard error comes from.
    include_self : bool
        Whether the school itself belongs to the reference.
    reference_error : bool
        Whether the interval counts the uncertainty of the reference mean.
    finite_population : bool
        Whether the interval is for the present staff, all of whom could have answered.
    min_answered : int or float
        How much of a scale a teacher's score needs.
    level : float
        Of the intervals.
    gates : Gates
        What had to hold.
    """

    reference: Literal["all", "schools", "norms"] = "all"
    sd: ReferenceSD = "teachers"
    within_sd: WithinSD = "pooled"
    include_self: bool = True
    reference_error: bool = True
    finite_population: bool = False
    min_answered: float = 0.5
    level: float = 0.95
    gates: Gates = Gates()

    def __post_init__(self) -> None:
        if self.sd not in ("teachers", "schools"):
            raise ModelError(f"sd={self.sd!r} is neither 'teachers' nor 'schools'")
        if self.within_sd not in ("pooled", "own"):
            raise ModelError(f"within_sd={self.within_sd!r} is neither 'pooled' nor 'own'")
        if not 0 < self.level < 1:
            raise ModelError(f"level={self.level} is not between 0 and 1")


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
        columns = [
            "kind", "key", "label", "dimension", "n", "mean", "mean_se", "z", "se", "df", "ci_lower", "ci_upper",
            "reference_mean", "reference_sd", "reference_high", "reference_low", "high_school", "low_school", "withheld",
        ]  # fmt: skip
        rows = []
        for estimate in self.estimates:
            lower, upper = estimate.confidence_interval(self.choices.level)
            limits = {"ci_lower": lower, "ci_upper": upper}
            rows.append([limits[c] if c in limits else getattr(estimate, c) for c in columns])
        frame = pd.DataFrame(rows, columns=columns)
        frame["n"] = frame["n"].astype(float)
        return frame

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

    def to_html(self, path: str | Path | None = None, order: Order | Sequence[Order] | None = None) -> str:
        """Write the profile as one self-contained page.

        Parameters
        ----------
        path : path, optional
            A file to write as well.
        order : Order or sequence of Order, optional
            Along which to read the profile; by default both published statements of the provisional causal order.

        Returns
        -------
        str
            The page.
        """
        from internal_coherence.report import profile_page

        return profile_page(self, path, order)

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
        return f"<Profile of {self.school!r}, {self.n} teachers: {'; '.join(parts)}>"


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
        tables = []
        for school, one in self._profiles.items():
            frame = one.to_frame()
            if one.withheld:
                frame = pd.DataFrame([{"withheld": one.withheld}]).reindex(columns=frame.columns)
            counts = {"n_teachers": one.n, "response_rate": one.response_rate}
            tables.append(frame.assign(**{k: np.nan if v is None else float(v) for k, v in counts.items()}, school=school))
        return pd.concat([t.astype({"ci_lower": float}) for t in tables]).set_index("school")

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
        workers: int = 1,
        progress: bool = False,
    ) -> dict[str, Path]:
        """Write one page a school.

        Parameters
        ----------
        folder : path
            Where to; made if need be.
        order : Order or sequence of Order, optional
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

        return write_pages(self, folder, order, workers=workers, progress=progress)

    def __repr__(self) -> str:
        withheld = sum(bool(one.withheld) for one in self._profiles.values())
        return f"<Profiles of {len(self)} schools, {withheld} withheld>"
