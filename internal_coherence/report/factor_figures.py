"""Pictures of factors: the scree of eigenvalues over what chance gives, and the loadings."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.measurement.dimensionality.factor_solution import FactorSolution
from internal_coherence.measurement.dimensionality.retention import ParallelAnalysis
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE

SPACING = 2.4
"""From one factor's zero to the next's, in loadings."""


def draw_scree(parallel: ParallelAnalysis, ax: Axes | None = None) -> Axes:
    """Draw the eigenvalues of components and of common factors over the bands of the draws.

    Parameters
    ----------
    parallel : ParallelAnalysis
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = Figure(figsize=(5.6, 3.8), layout="constrained").add_subplot()
    table = parallel.eigenvalues
    number = table.index.to_numpy()
    kinds = (
        ("component", BLUE, "o", parallel.n_components),
        ("factor", ORANGE, "s", parallel.n_factors),
    )
    for kind, colour, marker, retained in kinds:
        lower, mean, upper = (table[f"{kind}_{part}"] for part in ("lower", "mean", "upper"))
        ax.fill_between(number, lower, upper, color=colour, alpha=0.25, linewidth=0)
        ax.plot(number, mean, "--", color=colour, linewidth=1)
        ax.plot(
            number, table[kind], marker=marker, color=colour, markersize=4, linewidth=1.2, label=f"{kind}s: {retained} above"
        )  # fmt: skip
    ax.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    ax.set_xlabel("Number", fontsize=8)
    ax.set_ylabel("Eigenvalue", fontsize=8)
    ax.set_xticks(_ticks(len(number)))
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    drawn = "independent items" if parallel.method == "horn" else "shuffled answers"
    band = f"{1 - parallel.quantile:.4g} to {parallel.quantile:.4g}"
    ax.legend(
        fontsize=8, frameon=False, title=f"Bands: {parallel.n_draws} draws of {drawn},\nquantiles {band}", title_fontsize=7.5
    )  # fmt: skip
    return ax


def _ticks(k: int) -> list[int]:
    step = max(k // 12, 1)
    return list(range(1, k + 1, step))


def draw_loadings(solution: FactorSolution, ax: Axes | None = None) -> Axes:
    """Draw the loadings, an item a row and a factor a column, over the band that a correlation of zero would stay in.

    Parameters
    ----------
    solution : FactorSolution
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
        The band is ±1.96/√n, the reach of chance for one correlation; that of a loading is somewhat wider.
    """
    L = solution.loadings.to_numpy()
    k, m = L.shape
    if ax is None:
        ax = Figure(figsize=(1.6 + 1.1 * m, 0.9 + 0.2 * k), layout="constrained").add_subplot()
    y = -np.arange(k)
    chance = 1.96 / np.sqrt(solution.n) if solution.n else 0.0
    for j in range(m):
        zero = j * SPACING
        ax.axvspan(zero - chance, zero + chance, color=PALE, linewidth=0, zorder=0)
        ax.vlines(zero, 0.5 - k, 0.5, color=GREY, linewidth=0.8, zorder=1)
        ax.vlines([zero - 0.5, zero + 0.5], 0.5 - k, 0.5, color=GREY, linewidth=0.5, linestyle=":", zorder=0)
        for sign, colour, marker in ((1, BLUE, "o"), (-1, ORANGE, "D")):
            of_sign = np.sign(L[:, j]) == sign
            ax.hlines(y[of_sign], zero, zero + L[of_sign, j], color=colour, linewidth=1.8, zorder=2)
            ax.plot(zero + L[of_sign, j], y[of_sign], marker, color=colour, markersize=3.5, zorder=3)
    ax.set_yticks(y, [str(name) for name in solution.loadings.index], fontsize=7, parse_math=False)
    ax.set_xticks(SPACING * np.arange(m), list(solution.loadings.columns), fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set_ylim(0.5 - k, 0.5)
    reach = max(1.1, float(np.abs(L).max()) + 0.1)
    ax.set_xlim(-reach, (m - 1) * SPACING + reach)
    ax.spines[:].set_visible(False)
    words = "dotted ±.5; orange diamonds are negative"
    band = f"; grey: ±1.96/√n, n = {solution.n}" if solution.n else ""
    ax.set_xlabel(f"Loadings ({solution.rotation}), {words}{band}", fontsize=7)
    return ax
