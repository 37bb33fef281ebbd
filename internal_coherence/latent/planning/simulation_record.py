"""`SimulatedPower`: how a model did in many simulated surveys."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from internal_coherence.records import Record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SimulatedPower(Record):
    """What became of a model in simulated surveys of teachers in schools.

    Parameters
    ----------
    parameters : DataFrame
        A row a parameter; see `to_frame`.
    rejection, rejection_mcse : float
        Share of fits whose test of the model rejects it at `alpha`, and its Monte Carlo error. If the model is that of the
        population it ought to be `alpha`, else it is the power to see that the model is wrong.
    df : int
        Degrees of freedom of that test; 0 if there is none.
    draws : int
        Surveys that were drawn.
    converged, improper : int
        Surveys in which a minimum was found, on which everything here rests; and, of those, with impossible estimates.
    failures : dict
        Why no minimum was found in the others, with how often.
    schools, teachers, n : int
        Schools, teachers of each, and all.
    icc : float
        Share of variances and covariances between schools; of an instrument, of its constructs.
    categories : int
        Of the answers; 0 where they are numbers, or as an instrument has them.
    skew : float
        Of the answers.
    estimator : str
        Of the fits.
    clustered : bool
        Whether the fits knew the schools.
    alpha, level : float
        Level of the tests, and of the confidence intervals.
    """

    parameters: pd.DataFrame
    rejection: float
    rejection_mcse: float
    df: int
    draws: int
    converged: int
    improper: int
    failures: dict[str, int]
    schools: int
    teachers: int
    n: int
    icc: float
    categories: int
    skew: float
    estimator: str
    clustered: bool
    alpha: float
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the parameters, unrounded.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, label``; ``truth``, what endlessly many teachers would give; ``mean`` of the estimates, ``bias``,
            ``relative_bias``; ``sd`` of the estimates and ``mean_se``, what their standard errors make of it; ``coverage`` of
            the truth by confidence intervals; ``power`` to tell the parameter from 0. Names that end in ``_mcse`` are Monte
            Carlo errors.
        """
        return self.parameters

    def __repr__(self) -> str:
        left = self.draws - self.converged
        lost = f", {left} did not converge" if left else ""
        odd = f", {self.improper} improper" if self.improper else ""
        test = f"; model rejected in {self.rejection:.3f} ± {self.rejection_mcse:.3f}" if self.df else ""
        return (
            f"<SimulatedPower, {self.estimator}: {self.draws} surveys of {self.n} teachers in {self.schools} schools{lost}{odd}"
            f"{test}>"
        )
