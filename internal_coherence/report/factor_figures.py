"""Pictures of factors: the scree of eigenvalues over what chance gives, and the loadings."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.measurement.dimensionality.factor_solution import FactorSolution
from internal_coherence.measurement.dimensionality.retention import ParallelAnalysis
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE

MOST_TICKS = 12
MANY = 30
"""Items, from which on their rows stand closer."""


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
    title = f"Dashed: mean of {parallel.draws} draws of {drawn};\nbands: their quantiles {band}"
    ax.legend(fontsize=8, frameon=False, title=title, title_fontsize=7.5, alignment="left")
    return ax


def _ticks(k: int) -> list[int]:
    step = next(step for step in (1, 2, 5, 10, k) if k / step <= MOST_TICKS or step == k)
    return sorted({1, *range(step, k + 1, step)})


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
        The band is ±1.96/√n, the reach of chance for one correlation; that of a loading is somewhat wider. Loadings
        inside it are grey.
    """
    L = solution.loadings.to_numpy()
    k, m = L.shape
    if ax is None:
        column, row = min(1.3, 7 / m), 0.2 if k <= MANY else 0.16
        ax = Figure(figsize=(max(1.2 + column * m, 4), 0.95 + row * k), layout="constrained").add_subplot()
    y = -np.arange(k)
    lowest, highest = min(-0.55, float(L.min()) - 0.1), max(1.0, float(L.max()) + 0.1)
    zeros = (highest - lowest + 0.15) * np.arange(m)
    chance = 1.96 / np.sqrt(solution.n) if solution.n else 0.0
    for zero, column_of in zip(zeros, L.T, strict=True):
        ax.axvspan(zero - chance, zero + chance, color=PALE, linewidth=0, zorder=0)
        ax.vlines(zero, 0.5 - k, 0.5, color=GREY, linewidth=0.8, zorder=1)
        ax.vlines([zero - 0.5, zero + 0.5], 0.5 - k, 0.5, color=GREY, linewidth=0.5, linestyle=":", zorder=0)
        small = np.abs(column_of) < chance
        for rows, colour, marker, size in (
            (small, GREY, "o", 1.5),
            (~small & (column_of >= 0), BLUE, "o", 3.5),
            (~small & (column_of < 0), ORANGE, "D", 3.0),
        ):
            ends = zero + column_of[rows]
            ax.hlines(y[rows], zero, ends, color=colour, linewidth=1.8, zorder=2)
            ax.plot(ends, y[rows], marker, color=colour, markersize=size, zorder=3)
    ax.set_yticks(y, [str(name) for name in solution.loadings.index], fontsize=7 if k <= MANY else 6, parse_math=False)
    ax.set_xticks(zeros, list(solution.loadings.columns), fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set_ylim(0.5 - k, 0.5)
    ax.set_xlim(lowest, zeros[-1] + highest)
    ax.spines[:].set_visible(False)
    turned = f" ({solution.rotation})" if m > 1 else ""
    band = f"\nGrey: within ±1.96/√n, n = {solution.n}." if solution.n else ""
    ax.set_xlabel(f"Loadings{turned}. Dotted: ±.5. Orange diamonds: negative.{band}", fontsize=7)
    return ax
