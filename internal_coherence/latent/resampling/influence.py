"""What leaving each school out changes: influence on estimates and fit, and the jackknife's standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.latent.fit.estimates import listed_rows
from internal_coherence.latent.resampling.drawing import Units
from internal_coherence.latent.resampling.record import values_of_draws
from internal_coherence.latent.resampling.refitting import Refit, Refitted, Samples, Wanted
from internal_coherence.latent.resampling.running import batch_size, mapped
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.records import Record

Array = NDArray[np.float64]
MEASURES: Final = ("chisq", "cfi", "rmsea", "srmr")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolInfluence(Record):
    """A fit without each school in turn.

    Parameters
    ----------
    n_schools, n_failed : int
        Schools; those without which no minimum was found.
    schools : DataFrame
        As `to_frame` gives it.
    """

    n_schools: int
    n_failed: int
    schools: pd.DataFrame
    _fit: SemFit
    _theta: Array
    _labels: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row a school, the most influential first.

        Returns
        -------
        DataFrame
            ``school, n, converged, cook, largest, parameter, chisq_change, cfi_change, rmsea_change, srmr_change``: its teachers; how
            far the estimates move without it, all together, q⁻¹ Δ'V⁻¹Δ with V⁻¹ their information; the one that moves most in its
            standard errors, and by how many; and how measures of fit change.
        """
        return self.schools

    def parameter_estimates(self) -> pd.DataFrame:
        """Return the estimates with the jackknife's standard errors.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, group, label, est, se, bias``.

        Notes
        -----
        Of J schools: se² = (J − 1)/J Σ (θ₋ⱼ − mean)², bias = (J − 1)(mean − θ).
        """
        listed = listed_rows(self._fit.table, self._fit.auxiliary)
        values, slopes = listed.raw(self._fit._fitted)
        kept = values_of_draws(self._fit, listed, self._theta)
        kept = kept[np.isfinite(kept).all(axis=1)]
        J, mean = len(kept), kept.mean(axis=0)
        se = np.sqrt((J - 1) / J * ((kept - mean) ** 2).sum(axis=0)) * slopes.any(axis=1)
        return listed.framed({"est": values, "se": se, "bias": (J - 1) * (mean - values)})

    def changes(self) -> pd.DataFrame:
        """Return by how much each estimate moves without each school, in its standard errors.

        Returns
        -------
        DataFrame
            Schools by parameters, named as ``f=~x1``.
        """
        names = [row.name for row in self._fit.table.entries if row.free]
        moved = _moved(self._fit, self._theta)
        return pd.DataFrame(moved, index=pd.Index(self._labels, name="school"), columns=names)

    def __repr__(self) -> str:
        first = self.schools.iloc[0]
        failed = f"; {self.n_failed} fits failed" if self.n_failed else ""
        most = f"the most by {first['school']!r}, Cook's distance {first['cook']:.3f}"
        return f"<SchoolInfluence of {self.n_schools} schools: {most}{failed}>"


def school_influence(fit: SemFit, *, workers: int = 1, progress: bool = False) -> SchoolInfluence:
    """Fit a model without each school in turn, and say what each changes.

    Parameters
    ----------
    fit : SemFit
        Of rows whose schools are known (``cluster=``), converged.
    workers : int
        Processes; −1 for one on every core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    SchoolInfluence
        It names schools: it is for those who analyse, not for those who read.

    Raises
    ------
    ModelError
        Without schools, with fewer than three, or for a fit that did not converge.

    Notes
    -----
    The generalised Cook's distance of Pek & MacCallum (2011), by school; the jackknife of whole schools.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> fit = ic.cfa(district, "pub =~ pub_1 + pub_2 + pub_3 + pub_4", estimator="MLR")
    >>> ic.school_influence(fit).n_failed
    0
    """
    if not fit.converged:
        raise ModelError(f"school_influence: this fit did not converge; {fit.trouble}")
    samples = tuple(fit._fitted.problem.samples)
    units = Units.of(samples, by_school=True)
    if units.n_units < 3:
        raise ModelError(f"school_influence: {units.n_units} schools; leaving one out needs three or more")
    measures = MEASURES if "chisq" in fit.fit_measures() else ()
    job = _Job(refit=Refit.of(fit), samples=samples, units=units, wanted=Wanted(measures=measures))
    batch = batch_size(units.n_rows * len(fit.observed))
    found = mapped(job, range(units.n_units), batch=batch, workers=workers, progress=progress, what="schools")
    theta = np.stack([r.theta for r in found])
    changes = np.stack([r.measures for r in found]) - np.array([fit.fit_measures()[m] for m in measures])
    moved, names = _moved(fit, theta), [row.name for row in fit.table.entries if row.free]
    most = np.where(np.isfinite(moved), np.abs(moved), -1.0).argmax(axis=1)
    k = np.arange(len(found))
    frame = pd.DataFrame(
        {
            "school": [fit._schools[code] for code in units.codes],
            "n": np.bincount(np.concatenate([np.asarray(s.cluster) for s in samples]))[units.codes],
            "converged": [r.converged for r in found],
            "cook": _cook(fit, theta),
            "largest": moved[k, most],
            "parameter": [names[j] for j in most],
            **{f"{m}_change": changes[:, i] for i, m in enumerate(measures)},
        }
    )
    return SchoolInfluence(
        n_schools=len(found),
        n_failed=sum(not r.converged for r in found),
        schools=frame.sort_values("cook", ascending=False, ignore_index=True),
        _fit=fit,
        _theta=theta,
        _labels=tuple(fit._schools[code] for code in units.codes),
    )


def _moved(fit: SemFit, theta: Array) -> Array:
    """Return by how many standard errors every parameter moves, (J, Q); 0 where it can't."""
    se = np.sqrt(np.diag(fit.vcov))
    moved: Array = np.where(se > 0, (theta - fit.coef) / np.where(se > 0, se, 1.0), 0.0)
    return moved


def _cook(fit: SemFit, theta: Array) -> Array:
    """Return r⁻¹ N Δ'IΔ, (J,), within the r directions that constraints leave free.

    The information I, not covariances of schools' scores: of few schools these are singular.
    """
    fitted = fit._fitted
    Z = fitted.free_directions
    inside = (theta - fit.coef) @ Z
    information = Z.T @ fitted.information(fitted.problem.estimator.information) @ Z
    distance: Array = fitted.problem.n_counted * np.einsum("jr,rs,js->j", inside, information, inside) / Z.shape[1]
    return distance


@dataclass(frozen=True)
class _Job:
    """The fit without each of some schools."""

    refit: Refit
    samples: Samples
    units: Units
    wanted: Wanted

    def __call__(self, schools: Sequence[int]) -> list[Refitted]:
        return self.refit.drawn(self.samples, [self.units.without(school) for school in schools], self.wanted)
