"""What the variables of a model are: measured or latent, cause or outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Triple = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The variables of a model, as its written formulas use them.

    Parameters
    ----------
    latent : tuple of str
        What stands before ``=~``.
    observed : tuple of str
        Indicators first, then other outcomes, then covariates, then the rest; each in order of appearance.
    indicators : frozenset of str
        What is measured by a latent variable, latent ones too.
    outcomes : frozenset of str
        What stands before ``~``.
    predictors : frozenset of str
        What stands after ``~``.
    covariates : tuple of str
        Observed predictors that nothing predicts or measures, and of which no variance, covariance or mean is written.
    """

    latent: tuple[str, ...]
    observed: tuple[str, ...]
    indicators: frozenset[str]
    outcomes: frozenset[str]
    predictors: frozenset[str]
    covariates: tuple[str, ...]

    def exogenous_latent(self) -> list[str]:
        """Return the latent variables that nothing predicts or is measured by them."""
        return [f for f in self.latent if f not in self.outcomes and f not in self.indicators]

    def final_outcomes(self) -> list[str]:
        """Return what is predicted and neither predicts nor indicates anything; latent variables first."""
        return [
            v
            for v in (*self.latent, *self.observed)
            if v in self.outcomes and v not in self.predictors and v not in self.indicators
        ]


def roles(written: Iterable[Triple]) -> Roles:
    """Sort the variables of a model.

    Parameters
    ----------
    written : iterable of (str, str, str)
        lhs, op and rhs of what the user wrote, ``~1`` for intercepts.

    Returns
    -------
    Roles
    """
    latent: dict[str, None] = {}
    measured: dict[str, None] = {}
    predicted: dict[str, None] = {}
    predicting: dict[str, None] = {}
    others: dict[str, None] = {}
    random: set[str] = set()
    for lhs, op, rhs in written:
        if op == "=~":
            latent[lhs] = measured[rhs] = None
        elif op == "~":
            predicted[lhs] = predicting[rhs] = None
        else:
            both = {lhs: None, rhs: None} if rhs else {lhs: None}
            others |= both
            random |= set(both)
    order = (v for group in (measured, predicted, predicting, others) for v in group if v not in latent)
    return Roles(
        latent=tuple(latent),
        observed=tuple(dict.fromkeys(order)),
        indicators=frozenset(measured),
        outcomes=frozenset(predicted),
        predictors=frozenset(predicting),
        covariates=tuple(
            v for v in predicting if v not in latent and v not in measured and v not in predicted and v not in random
        ),
    )
