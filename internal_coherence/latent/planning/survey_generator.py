"""Answers of teachers in schools, drawn from a population's covariances, and the covariances of such answers.

A teacher's variables are the sum of a school's part and an own part, √ρ b + √(1 − ρ) w, both normal with the population's
covariances Σ, so that schools have the share ρ of every variance and covariance. Where answers have categories, each variable
is cut at the same points of its own standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from internal_coherence.errors import ModelError
from internal_coherence.latent.planning.populations import Population

Array = NDArray[np.float64]
WIDTH: Final = 5.0
"""Standard deviations that the categories divide evenly, those at the ends open (Rhemtulla, Brosseau-Liard & Savalei 2012)."""
TERMS: Final = 600
"""Of the series of a covariance of codes; what is left of it is below 1e-9 for correlations up to .97."""
FARTHEST: Final = 2.5
"""Standard deviations by which cut points may be moved to make answers skewed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyGenerator:
    """What draws surveys.

    Parameters
    ----------
    population : Population
        Of all teachers.
    icc : float
        ρ.
    cuts : (C − 1,) array
        Between the C categories, in standard deviations; empty where answers are numbers.
    """

    population: Population
    icc: float
    cuts: Array

    def draw(self, schools: int, teachers: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.intp]]:
        """Draw a survey.

        Parameters
        ----------
        schools, teachers : int
            Schools, and teachers in each.
        rng : Generator
            Source of randomness.

        Returns
        -------
        (n, p) array
            Answers: numbers, or categories from 1.
        (n,) array of int
            Each teacher's school.
        """
        root, p = np.linalg.cholesky(self.population.cov).T, len(self.population.names)
        school = np.repeat(np.arange(schools), teachers)
        shared = rng.standard_normal((schools, p))[school]
        own = rng.standard_normal((len(school), p))
        values = (np.sqrt(self.icc) * shared + np.sqrt(1 - self.icc) * own) @ root
        if not len(self.cuts):
            return values, school
        sd = np.sqrt(np.diag(self.population.cov))
        return 1.0 + np.searchsorted(self.cuts, values / sd), school

    def answers(self) -> Population:
        """Return the population of the answers: where they have categories, that of their codes."""
        if not len(self.cuts):
            return self.population
        known = self.population
        sd = np.sqrt(np.diag(known.cov))
        cov = covariances_of_codes(known.cov / np.outer(sd, sd), self.cuts)
        return Population(names=known.names, cov=cov, table=known.table)


def cut_points(categories: int, skew: float) -> Array:
    """Return where a standard normal variable is cut into categories whose codes have a skewness.

    Parameters
    ----------
    categories : int
        C, 2 or more.
    skew : float
        Skewness of the codes; negative where most answers are high.

    Returns
    -------
    (C − 1,) array

    Raises
    ------
    ModelError
        If cut points moved by 2.5 standard deviations don't give so much skew.
    """
    even = WIDTH * (np.arange(1, categories) / categories - 0.5)
    if skew == 0:
        return even
    most = abs(_skewness(even + FARTHEST))
    if abs(skew) > most:
        raise ModelError(f"skew={skew}: with {categories} categories it can be {-most:.1f} to {most:.1f}")
    shift = brentq(lambda by: _skewness(even + by) - skew, -FARTHEST, FARTHEST, xtol=1e-12)
    moved: Array = even + float(shift)
    return moved


def _skewness(cuts: Array) -> float:
    chance = np.diff(ndtr(cuts), prepend=0.0, append=1.0)
    codes = np.arange(len(chance)) - chance @ np.arange(len(chance))
    second, third = float(chance @ codes**2), float(chance @ codes**3)
    return third / float(second**1.5)


def covariances_of_codes(R: Array, cuts: Array) -> Array:
    """Return the covariances of standard normal variables that are cut into codes 1, 2, …

    Parameters
    ----------
    R : (p, p) array
        Their correlations.
    cuts : (C − 1,) array
        Where all are cut.

    Returns
    -------
    (p, p) array
        Σ_k a_k² r^k by Mehler's expansion, a_k = Σ_c φ(t_c) He_{k−1}(t_c)/√k!.
    """
    before, now = np.zeros_like(cuts), np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)
    cov, power = np.zeros_like(R), np.ones_like(R)
    for k in range(1, TERMS):  # `now` is φ(t) He_{k−1}(t)/√(k−1)!
        power = power * R
        cov += now.sum() ** 2 / k * power
        before, now = now, (cuts * now - np.sqrt(k - 1) * before) / np.sqrt(k)
    chance = np.diff(ndtr(cuts), prepend=0.0, append=1.0)
    codes = np.arange(len(chance))
    np.fill_diagonal(cov, chance @ codes**2 - (chance @ codes) ** 2)
    return cov
