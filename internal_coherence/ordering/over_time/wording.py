"""What was found along an order over time, in words: the one place where they stand."""

from __future__ import annotations

from typing import Final, Literal

Verdict = Literal["forward only", "backward only", "both ways", "neither shown", "not estimated"]

SAYS: Final[dict[Verdict, str]] = {
    "forward only": (
        "Earlier stages are followed by later ones, as the order says; the other way round nothing was shown."
    ),
    "backward only": (
        "Later stages of the order are followed by earlier ones; the way the order says nothing was shown."
    ),
    "both ways": (
        "Earlier stages are followed by later ones, and later ones by earlier ones too: the order is not the"
        " whole story."
    ),
    "neither shown": "Neither the way of the order nor the other was shown; that is no proof that there is nothing.",
    "not estimated": "The model found no estimates that can be trusted; nothing is said about the order.",
}
AGAINST: Final = (
    "Some of the paths along the order are negative: what comes earlier is followed by less of what comes later."
)
NOT_CAUSE: Final = "What follows is not thereby caused: something that changes over time may move both."
CONFOUNDS: Final = (
    "This model confounds stable differences with change: teachers who are always high on both stages make"
    " paths between them."
)
TWO_WAVES: Final = (
    "With two waves nothing can tell the two apart; three waves with ids that persist can (model='random_intercept')."
)
THREE_WAVES: Final = "With these waves model='random_intercept' tells the two apart."
SAME_AS_LAGGED: Final = (
    "Of two waves latent change is the cross-lagged model in other words: each path between stages is the same number."
)
FROM_LEVEL: Final = (
    "Paths go from the level in the first wave to the slope; with another wave as the first they would be"
    " other numbers."
)
BOTH_LEVELS: Final = (
    "Teachers of one school change together; paths mix what happens between schools with what happens within."
)
SCHOOLS_CONFOUND: Final = (
    "Stable differences between schools are not told from change here: a school that is always ahead on both"
    " stages makes paths."
)
NEED_THREE: Final = (
    "To tell them apart takes three waves of the same schools (model='differenced'), and many schools: see"
    " schools_needed()."
)
USE_DIFFERENCED: Final = "model='differenced' takes stable differences out, at a price in precision."
DEMEANED: Final = (
    "Taking each school's own mean out (fixed effects) is no way with few waves: the path of a stage on itself"
    " comes out too low by fixed_effects_bias (Nickell 1981). It is not offered."
)
DIFFERENCED: Final = (
    "Differences between schools that stay the same are out. What changes over time and moves both stages is not,"
    " and effects are taken to need one wave. Instruments are the levels two waves before, which holds if what"
    " moves a stage in one wave does not last."
)
ASK_LESS: Final = (
    "Paths that are the same between all waves (equal_lags=True), or scores (measurement='scores'), ask less of the"
    " data."
)
IMPROPER: Final = (
    "Some variances came out negative, which none can be: the model asks more of these data than they can tell,"
    " and its paths are not to be leant on."
)
WITHOUT_IDS: Final = (
    "Without ids that persist, teachers of different waves are taken as different persons; where many are the"
    " same, the errors of changes are smaller than is corrected for, and estimates are corrected too far."
)


def verdict(forward: float, backward: float, alpha: float) -> Verdict:
    """Return which way was shown.

    Parameters
    ----------
    forward, backward : float
        p-values of the joint tests; NaN if not estimated.
    alpha : float
        Level of the tests.

    Returns
    -------
    str
    """
    if forward != forward or backward != backward:
        return "not estimated"
    if forward < alpha:
        return "both ways" if backward < alpha else "forward only"
    return "backward only" if backward < alpha else "neither shown"


def cautions(model: str, n_waves: int, improper: bool = False) -> tuple[str, ...]:
    """Return what a model of teachers over waves can't tell.

    Parameters
    ----------
    model : str
        Which.
    n_waves : int
        How many waves.
    improper : bool
        Whether a variance was estimated to be negative.

    Returns
    -------
    tuple of str
    """
    said = [*([IMPROPER] if improper else []), NOT_CAUSE, BOTH_LEVELS]
    if model in ("cross_lagged", "latent_change"):
        said += [CONFOUNDS, TWO_WAVES if n_waves == 2 else THREE_WAVES]
    if model == "latent_change" and n_waves == 2:
        said.append(SAME_AS_LAGGED)
    if model == "growth":
        said.append(FROM_LEVEL)
    return tuple(said)


def school_cautions(model: str, n_waves: int, linked: bool) -> tuple[str, ...]:
    """Return what a model of schools over waves can't tell.

    Parameters
    ----------
    model : {"lagged", "differenced"}
        Which.
    n_waves : int
        How many waves.
    linked : bool
        Whether teachers' ids tell which errors of two waves go together.

    Returns
    -------
    tuple of str
    """
    said = [NOT_CAUSE]
    if model == "lagged":
        said += [SCHOOLS_CONFOUND, NEED_THREE if n_waves == 2 else USE_DIFFERENCED, DEMEANED]
    else:
        said.append(DIFFERENCED)
    return (*said, *(() if linked else (WITHOUT_IDS,)))
