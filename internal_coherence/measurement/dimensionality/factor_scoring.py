"""From factors back to teachers: factor scores."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ModelError, ResponseError, check_option, listing
from internal_coherence.measurement.dimensionality.extraction import SINGULAR
from internal_coherence.measurement.dimensionality.factor_solution import FactorSolution
from internal_coherence.measurement.entrance import item_table
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
ScoreMethod = Literal["regression", "bartlett", "tenberge"]
SCORE_METHODS: Final[tuple[str, ...]] = get_args(ScoreMethod)


def factor_scores(
    solution: FactorSolution,
    data: pd.DataFrame | ArrayLike | Responses,
    *,
    method: ScoreMethod = "regression",
) -> pd.DataFrame:
    """Scores of teachers on the factors of a solution.

    Parameters
    ----------
    solution : FactorSolution
        From answers, or from moments with means: a teacher stands relative to the teachers of the solution.
    data : DataFrame or (n, k) array of items, or Responses
        Those the solution was found in, or others'; a frame may have its columns in any order.
    method : {"regression", "bartlett", "tenberge"}
        Thurstone's (1935) regression, closest to the factor; Bartlett's (1937), unbiased for a teacher; or ten Berge's,
        that correlate as the factors do.

    Returns
    -------
    DataFrame
        Teachers × factors, on the index of the data; NaN for teachers who left an item out.

    Raises
    ------
    ModelError
        For a method that does not exist, a solution without means, or correlations without an inverse.
    ResponseError
        If an item of the solution is not in the data.

    Notes
    -----
    ``psych::factor.scores(x, f, method = "Thurstone" / "Bartlett" / "tenBerge")``, which standardises by the mean
    and standard deviation of the data at hand instead. ten Berge, Krijnen, Wansbeek & Shapiro (1999).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> teachers = ic.example_responses().select(wave=2025)
    >>> ic.factor_scores(ic.efa(teachers, n_factors=3), teachers).columns.tolist()
    ['F1', 'F2', 'F3']
    """
    check_option("method", method, SCORE_METHODS)
    if not isinstance(solution, FactorSolution):
        hint = "; a fitted model scores itself: fit.factor_scores()" if hasattr(solution, "factor_scores") else ""
        raise ModelError(f"factor_scores takes what ic.efa returns, not {type(solution).__name__}{hint}")
    mean, sd = (solution.items[part].to_numpy() for part in ("mean", "sd"))
    if np.isnan(mean).any():
        raise ModelError("this solution has no means of the items, so it can't tell who stands above them")
    table = item_table(data, "factor_scores")
    wanted = [str(name) for name in solution.loadings.index]
    if absent := [name for name in wanted if name not in table.names]:
        raise ResponseError(f"factor_scores: the data lack {listing(absent)} of the solution")
    Z = (table.X[:, [table.names.index(name) for name in wanted]] - mean) / sd
    W = score_weights(
        solution.loadings.to_numpy(),
        solution.phi.to_numpy(),
        solution.uniquenesses.to_numpy(),
        solution.cor.to_numpy(),
        method,
    )
    return pd.DataFrame(Z @ W, index=table.index, columns=solution.loadings.columns)


def score_weights(L: Array, phi: Array, psi: Array, R: Array, method: ScoreMethod) -> Array:
    """Return what a teacher's standardised answers are multiplied by.

    Parameters
    ----------
    L : (p, m) array
        The pattern.
    phi : (m, m) array
        Correlations of the factors.
    psi : (p,) array
        Uniquenesses; Bartlett's scores use them, the others R.
    R : (p, p) array
        Correlations of the items.
    method : {"regression", "bartlett", "tenberge"}

    Returns
    -------
    (p, m) array

    Raises
    ------
    ModelError
        If R has no inverse and is needed.
    """
    if method == "bartlett":
        weighted = L / psi[:, None]
        bartlett: Array = weighted @ np.linalg.inv(L.T @ weighted)
        return bartlett
    if np.linalg.eigvalsh(R)[0] <= SINGULAR:
        raise ModelError(f"{method} scores need correlations that have an inverse; method='bartlett' does not")
    if method == "regression":
        regression: Array = np.asarray(np.linalg.solve(R, L @ phi), dtype=np.float64)
        return regression
    root = _power(R, -0.5)
    C = root @ L @ _power(phi, 0.5)
    tenberge: Array = root @ C @ _power(C.T @ C, -0.5) @ _power(phi, 0.5)
    return tenberge


def _power(M: Array, exponent: float) -> Array:
    """Return a power of a positive definite matrix."""
    e, V = np.linalg.eigh(M)
    power: Array = (V * e**exponent) @ V.T
    return power
