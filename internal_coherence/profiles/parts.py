"""What a profile is made of: estimates, spreads, shares, and the choices behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from scipy.special import stdtrit

from internal_coherence.errors import ModelError
from internal_coherence.schools.disclosure.gates import Gates

ReferenceSD = Literal["teachers", "schools"]
WithinSD = Literal["pooled", "own"]
NAN: Final = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """The highest and the lowest school of a reference.

    Parameters
    ----------
    high, low : float
        Their z values; NaN where there are too few schools to choose from.
    high_school, low_school : str
        Their names, for a district or a researcher only.
    """

    high: float = float("nan")
    low: float = float("nan")
    high_school: str = ""
    low_school: str = ""


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
    reference_schools : Extremes
        The Reference Schools High and Low.
    withheld : str
        Why the numbers are missing; empty if they are not.
    """

    kind: Literal["scale", "dimension"]
    key: str
    label: str
    dimension: str
    low: float = NAN
    high: float = NAN
    n: int | None = None
    mean: float = NAN
    mean_se: float = NAN
    z: float = NAN
    se: float = NAN
    df: float = NAN
    reference_mean: float = NAN
    reference_sd: float = NAN
    reference_schools: Extremes = field(default_factory=Extremes)
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
    gates: Gates = field(default_factory=Gates)

    def __post_init__(self) -> None:
        if not isinstance(self.gates, Gates):
            raise ModelError(f"gates must be Gates(...), not {type(self.gates).__name__}")
        if self.sd not in ("teachers", "schools"):
            raise ModelError(f"sd={self.sd!r} is neither 'teachers' nor 'schools'")
        if self.within_sd not in ("pooled", "own"):
            raise ModelError(f"within_sd={self.within_sd!r} is neither 'pooled' nor 'own'")
        if not 0 < self.level < 1:
            raise ModelError(f"level={self.level} is not between 0 and 1")
