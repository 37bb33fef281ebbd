"""Power against the number of teachers, drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from internal_coherence.latent.planning.power_plan import PowerPlan
from internal_coherence.report.figures import BLUE, GREEN, GREY, ORANGE

SIZE: Final = (6.5, 4.0)
COLOURS: Final = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", GREY)
STYLES: Final = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
FEWEST: Final = 50
"""Teachers at which the axis ends at least."""


def draw_power(plan: PowerPlan, ax: Axes | None = None) -> Axes:
    """Draw power against the number of teachers, a line a test by χ²; the power wanted is a dotted line.

    Parameters
    ----------
    plan : PowerPlan
        What to draw.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = Figure(figsize=SIZE, layout="constrained").add_subplot()
    tests = [test for test in plan.tests if test.statistic == "chisq"]
    needed = plan.needed().query("statistic == 'chisq'")["n_needed"].to_numpy(dtype=np.float64, na_value=np.nan)
    ends = [*needed[np.isfinite(needed)], *plan.n, FEWEST]
    n = np.linspace(plan.n_groups + 2, 1.3 * max(ends), 200)
    for k, (test, enough) in enumerate(zip(tests, needed, strict=True)):
        colour, style = COLOURS[k % len(COLOURS)], STYLES[k % len(STYLES)]
        power = [test.power(x / plan.design_effect) for x in n]
        ax.plot(n, power, color=colour, linestyle=style, linewidth=2, label=test.name)
        if np.isfinite(enough):
            ax.plot(enough, test.power(enough / plan.design_effect), "o", color=colour, markersize=5)
            ax.annotate(f"{enough:.0f}", (enough, plan.power), (4, -11), textcoords="offset points", fontsize=7.5,
                        color=colour)  # fmt: skip
    ax.axhline(plan.power, color=GREY, linewidth=1, linestyle=":")
    ax.text(n[0], plan.power, f"wanted {plan.power:g}", fontsize=7.5, color=GREY, va="bottom")
    if len(tests) > 1:
        ax.legend(fontsize=7.5, frameon=False, loc="best")
    ax.set_xlim(0, n[-1])
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("Teachers", fontsize=8.5)
    ax.set_ylabel("Power", fontsize=8.5)
    ax.tick_params(labelsize=8)
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
    return ax
