"""`FactorScoreRegression`: paths between latent variables from scores, plain and corrected, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import check_level
from internal_coherence.latent.scoring.three_ways import APPROACHES
from internal_coherence.records import Record, plain

Array = NDArray[np.float64]
SPOKEN: Final = {"plain": "plain scores", "skrondal_laake": "Skrondal & Laake's"}
ALIKE: Final = 0.005
"""Paths that differ by a smaller share than this are called the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FactorScoreRegression(Record):
    """Paths between latent variables and covariates, estimated from factor scores in three ways.

    Parameters
    ----------
    model : str
        The paths.
    method : {"regression", "bartlett"}
        Which scores the plain way and Croon's rest on.
    standardized : bool
        Whether paths are in standard deviations.
    factors, covariates, groups : tuple of str
        Names.
    n : int
        Rows.
    n_schools : int
        Schools; 0 if rows are taken as independent.
    resampled : {"rows", "schools", ""}
        What standard errors rest on; empty if none were asked for.
    draws, n_failed : int
        Resampled data sets, and those from which the measurement model or one of the paths could not be estimated.
    notes : tuple of str
        Why a way has no estimates, and what else was said.
    """

    model: str
    method: str
    standardized: bool
    factors: tuple[str, ...]
    covariates: tuple[str, ...]
    groups: tuple[str, ...]
    n: int
    n_schools: int
    resampled: str
    draws: int
    n_failed: int
    notes: tuple[str, ...]
    _paths: tuple[tuple[str, str, str, str, str], ...]
    _estimates: Array  # (3, k)
    _drawn: Array  # (draws left, 3, k)

    @property
    def _errors(self) -> Array:
        if len(self._drawn) < 2 or self.n_failed > 0.1 * self.draws:
            return np.full(self._estimates.shape, np.nan)
        return np.asarray(self._drawn.std(axis=0, ddof=1))

    def to_frame(self) -> pd.DataFrame:
        """Return the paths, the three ways side by side.

        Returns
        -------
        DataFrame
            ``group, lhs, op, rhs, label``; the estimates ``plain``, ``skrondal_laake``, ``croon``; their standard errors
            ``se_plain``, …; ``plain_relative`` and ``skrondal_laake_relative``, by what share of Croon's estimate the other is
            farther from 0 (below 0: nearer to it); and ``reading``, that in words.
        """
        table = pd.DataFrame(list(self._paths), columns=["group", "lhs", "op", "rhs", "label"])
        for name, values, errors in zip(APPROACHES, self._estimates, self._errors, strict=True):
            table[name], table[f"se_{name}"] = values, errors
        corrected = self._estimates[-1]
        for name, values in zip(SPOKEN, self._estimates[:-1], strict=True):
            table[f"{name}_relative"] = (
                np.divide(values, corrected, out=np.full(len(values), np.nan), where=corrected != 0) - 1
            )
        table["reading"] = [
            _reading(values, float(c)) for values, c in zip(self._estimates[:-1].T, corrected, strict=True)
        ]
        order = ["group", "lhs", "op", "rhs", "label", *APPROACHES, *(f"se_{name}" for name in APPROACHES)]
        return table[[*order, *(f"{name}_relative" for name in SPOKEN), "reading"]]

    def limits(self, level: float = 0.95) -> pd.DataFrame:
        """Return every estimate with its standard error and limits: the middle share of the resampled estimates.

        Parameters
        ----------
        level : float
            That share.

        Returns
        -------
        DataFrame
            ``group, lhs, op, rhs, approach, est, se, ci_lower, ci_upper``; NaN without draws, and where more than one in ten failed.
        """
        check_level(level)
        lost = np.isnan(self._errors).all()
        tails = [(1 - level) / 2, (1 + level) / 2]
        lower, upper = np.full((2, *self._estimates.shape), np.nan) if lost else np.quantile(self._drawn, tails, axis=0)
        rows = [
            (*path[:4], name, self._estimates[a, k], self._errors[a, k], lower[a, k], upper[a, k])
            for k, path in enumerate(self._paths)
            for a, name in enumerate(APPROACHES)
        ]
        return pd.DataFrame(
            rows, columns=["group", "lhs", "op", "rhs", "approach", "est", "se", "ci_lower", "ci_upper"]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: the paths, and the decisions.

        Returns
        -------
        dict
        """
        return {**Record.to_dict(self), "paths": plain(self.to_frame())}

    def __repr__(self) -> str:
        shown = [
            f"{lhs} {op} {rhs}{f' in {group}' if group else ''}: {corrected:.3f} by Croon, {simple:.3f} plain"
            for (group, lhs, op, rhs, _), simple, corrected in zip(
                self._paths, self._estimates[0], self._estimates[-1], strict=True
            )
        ]
        behind = f"{self.draws} draws of {self.resampled}" if self.draws else "without standard errors"
        return f"<FactorScoreRegression, {self.method} scores, n = {self.n}, {behind}: {'; '.join(shown)}>"


def _reading(values: Array, corrected: float) -> str:
    """Say how the other ways differ from Croon's."""
    if np.isnan(corrected):
        return "no corrected estimate to compare with"
    return "; ".join(
        f"{SPOKEN[name]} {_beside(float(value), corrected)}"
        for name, value in zip(SPOKEN, values, strict=True)
        if not np.isnan(value)
    )


def _beside(value: float, corrected: float) -> str:
    share = value / corrected - 1 if corrected else float("inf")
    if abs(share) < ALIKE:
        return "as Croon's"
    if share < -1:
        return "of the other sign than Croon's"
    if np.isinf(share):
        return "not 0, as Croon's is"
    return f"{abs(share):.0%} {'nearer to' if share < 0 else 'farther from'} 0 than Croon's"
