"""How fit changes as more is held equal."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.latent import Invariance
from internal_coherence.report.figures import BLUE, GREY, ORANGE

WIDTH: Final = 8.0
ROW: Final = 0.62
MARKS: Final = (
    ("cfi_diff", -1, BLUE, "o", "CFI, fall"),
    ("rmsea_diff", 1, ORANGE, "s", "RMSEA, rise"),
    ("srmr_diff", 1, GREY, "D", "SRMR, rise"),
)


def draw_invariance(found: Invariance, ax: Axes | None = None) -> Axes:
    """Draw by how much the CFI falls, and the RMSEA and SRMR rise, at every step, beside their cut-offs.

    Parameters
    ----------
    found : Invariance
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
        Worsening is to the right. The RMSEA of each step, with its 90 % interval, stands beside the step's name.
    """
    rows = found.steps.to_dict("records")
    if ax is None:
        figure = Figure(figsize=(WIDTH, 1.4 + ROW * len(rows)), layout="constrained")
        ax = figure.subplots()
    cutoffs = found.cutoffs
    for column, sign, colour, marker, label in MARKS:
        places = [(sign * row[column], k) for k, row in enumerate(rows) if row[column] == row[column]]
        ax.plot([x for x, _ in places], [k for _, k in places], marker, color=colour, label=label, linestyle="none")
        for k, row in enumerate(rows):
            limit = cutoffs.limit(column.removesuffix("_diff"), row["equal"].split(", ")[-1])
            if k and limit < inf:
                ax.plot([limit, limit], [k - 0.32, k + 0.32], color=colour, linewidth=1.2, linestyle=(0, (2, 1.5)))
    ax.axvline(0.0, color=GREY, linewidth=0.8)
    ax.set_yticks(range(len(rows)), [_named(row) for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(f"worsening from the step before; dashes: cut-offs, {cutoffs.source}")
    ax.legend(loc="best", fontsize="small", frameon=False)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


def _named(row: Mapping[Any, Any]) -> str:
    if not row["converged"]:
        return f"{row['step']}\ndid not converge"
    free = f"; {row['n_released']:.0f} free" if row["n_released"] else ""
    return f"{row['step']}{free}\nRMSEA {row['rmsea']:.3f} [{row['rmsea_ci_lower']:.3f}, {row['rmsea_ci_upper']:.3f}]"
