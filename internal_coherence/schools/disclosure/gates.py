"""What may be shown of a school, so that no teacher's answer can be told from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from internal_coherence.errors import ModelError, check_option
from internal_coherence.schools.disclosure.reasons import NOT_ON_ROSTER, low_rate, too_few

Audience = Literal["school", "district", "research"]
AUDIENCES: Final[tuple[str, ...]] = get_args(Audience)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The least that must hold before a number about a school is shown.

    Parameters
    ----------
    min_response_rate : float
        Share of the roster that answered; the published rule of the survey is 0.65. An unknown rate does not block.
    min_teachers : int
        Teachers behind any mean.
    min_distribution : int
        Teachers behind a distribution, or the answers to one item.
    min_cell : int
        Teachers in any bar of a distribution, and in either part of a share, that is shown by itself.
    min_reference_schools : int
        Schools to choose a Reference School High and Low from; for a school's own profile at least one more besides
        itself, since mean, SD, High and Low together tell the means of so few.
    min_other_schools : int
        Schools besides its own that a school may be compared with: the mean and SD of fewer tell each one's mean.

    Raises
    ------
    ModelError
        For a rate outside 0–1, or counts that can't protect.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.Gates(min_teachers=8, min_response_rate=0.5).reason_to_withhold(n=7, response_rate=0.9)
    'fewer than 8 teachers answered'
    """

    min_response_rate: float = 0.65
    min_teachers: int = 5
    min_distribution: int = 10
    min_cell: int = 3
    min_reference_schools: int = 5
    min_other_schools: int = 3

    def __post_init__(self) -> None:
        counts = ("min_teachers", "min_distribution", "min_cell", "min_reference_schools", "min_other_schools")
        for name in counts:
            if isinstance(value := getattr(self, name), bool) or not isinstance(value, int):
                raise ModelError(f"{name} must be a whole number, not {value!r}")
        if not 0 <= self.min_response_rate <= 1:
            raise ModelError(f"min_response_rate={self.min_response_rate} is not between 0 and 1")
        if self.min_teachers < 3:
            raise ModelError(
                f"min_teachers={self.min_teachers}: below 3, one teacher can tell another's answer from the mean"
            )
        if self.min_distribution < self.min_teachers:
            msg = (
                f"min_distribution={self.min_distribution} can't be less than min_teachers={self.min_teachers}: a distribution"
                " says more than a mean; raise both"
            )
            raise ModelError(msg)
        if self.min_cell < 2 or self.min_reference_schools < 3 or self.min_other_schools < 2:
            raise ModelError("min_cell and min_other_schools must be at least 2, min_reference_schools at least 3")

    def reason_to_withhold(self, n: int, response_rate: float | None = None, *, on_roster: bool = True) -> str:
        """Return why a mean may not be shown, or an empty text if it may.

        Parameters
        ----------
        n : int
            Teachers who answered.
        response_rate : float, optional
            None if not known.
        on_roster : bool
            False if there is a roster and the school is not on it.

        Returns
        -------
        str
        """
        if n < self.min_teachers:
            return too_few(self.min_teachers)
        if response_rate is not None and response_rate < self.min_response_rate:
            return low_rate(response_rate, self.min_response_rate)
        if not on_roster and self.min_response_rate > 0:
            return NOT_ON_ROSTER
        return ""

    def __str__(self) -> str:
        return (
            f"response rate of at least {self.min_response_rate:.0%}, at least {self.min_teachers} teachers for a mean"
            f" and {self.min_distribution} for a distribution"
        )


def check_audience(audience: str) -> None:
    """Refuse an audience that is not known.

    Parameters
    ----------
    audience : str
        One of `AUDIENCES`.

    Raises
    ------
    ModelError
    """
    check_option("audience", audience, AUDIENCES)
