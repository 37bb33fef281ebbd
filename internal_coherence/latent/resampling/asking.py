"""`bootstrap`: a fitted model on samples drawn from its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from internal_coherence.errors import (
    ConvergenceWarning,
    ModelError,
    SmallSampleWarning,
    check_draws,
    check_option,
    closest,
    listing,
    warn,
)
from internal_coherence.latent.comparing import refuse_unlike
from internal_coherence.latent.resampling.drawing import FEW_SCHOOLS, Units, reordered, where_it_holds
from internal_coherence.latent.resampling.record import Bootstrap
from internal_coherence.latent.resampling.refitting import Refit, Refitted, Samples, Wanted
from internal_coherence.latent.resampling.running import batch_size, mapped
from internal_coherence.latent.sem_fit import SemFit

Resample = Literal["auto", "schools", "rows"]
COMPARED: Final = ("chisq", "cfi", "rmsea", "srmr")
FEWEST: Final = 50


def bootstrap(
    fit: SemFit,
    *,
    against: SemFit | None = None,
    draws: int = 1000,
    resample: Resample = "auto",
    bollen_stine: bool = False,
    studentized: bool = False,
    measures: Sequence[str] = (),
    rng: np.random.Generator | int | None = None,
    workers: int = 1,
    progress: bool = False,
) -> Bootstrap:
    """Fit a model again and again to samples drawn from its own, whole schools where teachers sit in schools.

    Parameters
    ----------
    fit : SemFit
        A fit of rows, converged.
    against : SemFit, optional
        A less restricted model of the same data: the differences of measures of fit are then drawn too, as between two steps of
        `invariance`.
    draws : int
        Samples; 50 or more, 1000 for limits that stay where they are.
    resample : {"auto", "schools", "rows"}
        What is drawn: by default schools where the fit knows them, else rows; within each group, unless a school is in several.
    bollen_stine : bool
        Draw from rows that were moved to where `fit` holds: its χ², and differences from `against`, then show how large they become
        where it is true, whatever the answers' distribution and the schools.
    studentized : bool
        Keep each draw's standard errors, for ``interval="studentized"``.
    measures : sequence of str
        Measures of fit to keep, such as ``"cfi"``; with `against` or `bollen_stine` by default χ², CFI, RMSEA and SRMR.
    rng : Generator or int, optional
        By which samples are drawn; a number for the same every time, on however many processes.
    workers : int
        Processes; −1 for one on every core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Bootstrap

    Raises
    ------
    ModelError
        For a fit of moments, or one that did not converge; drawing schools that are not known; models that are not of the same data;
        measures that do not exist.

    Warns
    -----
    SmallSampleWarning
        With fewer than 30 schools.
    ConvergenceWarning
        Where more than a tenth of the draws failed.

    Notes
    -----
    ``lavaan::bootstrapLavaan(fit, type = "ordinary")``, or ``"bollen.stine"``, which draw rows only. Each draw starts from the
    estimates. What did not converge is counted, and left out of limits. A plain bootstrap of measures of fit adds the sample's own
    misfit to each draw's, so that they come out worse than they are (Bollen & Stine 1992): see ``bias``.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> fit = ic.cfa(district, "pub =~ pub_1 + pub_2 + pub_3 + pub_4", estimator="MLR")
    >>> drawn = ic.bootstrap(fit, draws=50, rng=1)
    >>> drawn.n_units, drawn.n_failed
    (120, 0)
    """
    check_option("resample", resample, get_args(Resample))
    n = check_draws(draws, FEWEST)
    if not fit.converged:
        raise ModelError(f"bootstrap: this fit did not converge; {fit.trouble}")
    if fit.missing == "pairwise":
        raise ModelError("bootstrap: missing='pairwise' keeps covariances only; use 'listwise' or 'fiml'")
    if against is not None:
        refuse_unlike((fit, against), ("the model", "against="))
        if against.df >= fit.df:
            has = f"{against.df} degrees of freedom, and the model {fit.df}"
            raise ModelError(
                f"bootstrap: against= is the less restricted model, but it has {has}; is it the other way round?"
            )
    kept = _measures(fit, measures, default=COMPARED if against is not None or bollen_stine else ())
    by_school = resample == "schools" or (resample == "auto" and fit.n_clusters > 0)
    own = tuple(fit._fitted.problem.samples)
    units = Units.of(own, by_school=by_school)
    if by_school and units.n_units < FEW_SCHOOLS:
        warn(f"bootstrap: of {units.n_units} schools; limits from so few are too narrow", SmallSampleWarning)
    moved = where_it_holds(fit._fitted) if bollen_stine else own
    job = _Job(
        refits=tuple(Refit.of(f) for f in (fit, against) if f is not None),
        samples=(moved,) if against is None else (moved, reordered(moved, fit, against)),
        units=units,
        wanted=Wanted(measures=kept, errors=studentized),
    )
    rngs = np.random.default_rng(rng).spawn(n)
    batch = batch_size(units.n_rows * len(fit.observed))
    found = mapped(job, rngs, batch=batch, workers=workers, progress=progress, what="bootstrap")
    drawn = Bootstrap.of(fit, against, found, units=units, measures=kept, bollen_stine=bollen_stine)
    if drawn.n_failed > 0.1 * n:
        warn(f"bootstrap: {drawn.n_failed} of {n} draws found no minimum and are left out", ConvergenceWarning)
    return drawn


def _measures(fit: SemFit, given: Sequence[str], default: tuple[str, ...]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    known = list(fit.fit_measures().index)
    if unknown := [name for name in names if name not in known]:
        raise ModelError(
            f"measures: there is no {listing(unknown)}{closest(unknown[0], known)} (all: fit.fit_measures())"
        )
    return tuple(dict.fromkeys((*default, *names)))


@dataclass(frozen=True)
class _Job:
    """A batch of draws: the same rows for every model."""

    refits: tuple[Refit, ...]
    samples: tuple[Samples, ...]
    units: Units
    wanted: Wanted

    def __call__(self, rngs: Sequence[np.random.Generator]) -> list[tuple[Refitted, ...]]:
        draws = [self.units.draw(rng) for rng in rngs]
        found = [refit.drawn(s, draws, self.wanted) for refit, s in zip(self.refits, self.samples, strict=True)]
        return list(zip(*found, strict=True))
