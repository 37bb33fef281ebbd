"""Pictures of a fitted model: its loadings, what it leaves of the correlations, and what the data would free."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy.special import chdtri

from internal_coherence.errors import ModelError, check_level, check_option
from internal_coherence.latent import SemFit
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE
from internal_coherence.report.heat_map import MANY, draw_colour_key, draw_map, in_order, name_cells
from internal_coherence.report.path_ink import coefficient
from internal_coherence.report.path_parts import group_number, refuse_unsolved
from internal_coherence.report.wording import decimal, level_text

Array = NDArray[np.float64]
Residual = Literal["cor.bollen", "cor.bentler", "normalized", "standardized"]
UNITS: Final[dict[str, str]] = {
    "cor.bollen": "Residual correlation (observed less implied)",
    "cor.bentler": "Residual covariance, in observed standard deviations",
    "normalized": "Residual, in standard errors of the observed covariance",
    "standardized": "Residual, in its own standard errors",
}
IN_ERRORS: Final = ("normalized", "standardized")
LEAST_SPAN: Final = {"cor.bollen": 0.1, "cor.bentler": 0.1, "normalized": 2.0, "standardized": 2.0}
"""How far the colours reach at the least, so that a model that leaves nothing does not look as if it left much."""
NAMED: Final = 5
"""How many of the largest residuals carry their numbers."""
DARK: Final = 0.6
"""The size of a loading from which its cell is so dark that white letters stand out."""
LETTERS: Final = 72
"""In a line above the indices."""
SMALL: Final[dict[str, Any]] = {"fontsize": 7.5, "color": GREY, "loc": "left", "parse_math": False}


def draw_loading_map(fit: SemFit, ax: Axes | None = None, *, group: int | str = 1, level: float = 0.95) -> Axes:
    """Draw the standardised loadings, an item a row and a factor a column, with their intervals.

    Parameters
    ----------
    fit : SemFit
        Converged.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.
    group : int or str
        Which group, by its number from 1 or its name.
    level : float
        Of the intervals. Loadings whose interval holds 0 are hatched.

    Returns
    -------
    Axes
        What the model fixes to 0 is empty. Factors of factors have rows of their own, below the items.

    Raises
    ------
    ModelError
        If the fit did not converge or has no loadings, for a group that is not there, and for a level that is none.
    """
    refuse_unsolved(fit, "draw_loading_map")
    check_level(level)
    g = group_number(fit, group)
    table = fit.standardized_solution(level=level)
    loadings = table[(table["op"] == "=~") & (table["group"] == g)].to_dict("records")
    if not loadings:
        raise ModelError("draw_loading_map: this model has no loadings; draw_path_diagram draws its paths")
    order, measured = in_order(fit, g), {k["rhs"] for k in loadings}
    rows, columns = [v for v in (*order.observed, *order.factors) if v in measured], list(order.factors)
    if ax is None:
        tall, across = (0.2 if len(rows) <= MANY else 0.17), (0.95 if len(columns) <= 6 else 0.72)
        size = (max(1.6 + across * len(columns), 4.2), 1.7 + tall * len(rows))
        ax = Figure(figsize=size, layout="constrained").add_subplot()
    values = np.full((len(rows), len(columns)), np.nan)
    for k in loadings:
        values[rows.index(k["rhs"]), columns.index(k["lhs"])] = k["est_std"]
    image = draw_map(ax, values, 1.0)
    unclear = [k for k in loadings if k["ci_lower"] <= 0 <= k["ci_upper"] and k["se"] > 0]
    for k in loadings:
        at = (columns.index(k["lhs"]), rows.index(k["rhs"]))
        _write_loading(ax, k, at, 6.2 if len(rows) <= MANY else 5.6, hatched=k in unclear)
    name_cells(ax, rows, columns, same=False)
    draw_colour_key(ax, image, "Standardised loading", inside=False)
    title = f"Standardised loadings{_of(fit, g)} with {level_text(level)} intervals.\nEmpty: not in the model."
    title += f" Hatched: the interval holds 0 ({len(unclear)} of {len(loadings)})." if unclear else ""
    ax.set_title(title, **SMALL)
    return ax


def _write_loading(ax: Axes, loading: Any, at: tuple[int, int], size: float, *, hatched: bool) -> None:
    """Write a loading with its interval into its cell."""
    j, i = at
    style: dict[str, Any] = {"color": "white" if abs(loading["est_std"]) > DARK else "black"}
    if hatched:
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor="none", edgecolor=GREY, hatch="////", linewidth=0))
        style = {"color": "black", "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}
    words = coefficient(loading["est_std"])
    if loading["se"] > 0:
        words += f" [{coefficient(loading['ci_lower'])}, {coefficient(loading['ci_upper'])}]"
    ax.text(j + 0.5, i + 0.5, words, fontsize=size, ha="center", va="center", **style)


def draw_residual_map(fit: SemFit, ax: Axes | None = None, type: Residual = "cor.bollen", group: int | str = 1) -> Axes:
    """Draw what the model leaves of every correlation, items in the order of their factors.

    Parameters
    ----------
    fit : SemFit
        Converged.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.
    type : {"cor.bollen", "cor.bentler", "normalized", "standardized"}
        As in `SemFit.residuals`.
    group : int or str
        Which group, by its number from 1 or its name.

    Returns
    -------
    Axes
        Colours reach equally far to either side of 0. The five largest are numbered; lines part the factors.

    Raises
    ------
    ModelError
        If the fit did not converge, for a kind or group that is not there, where there are no such residuals, and for a model of
        a single variable.
    """
    check_option("type", type, tuple(UNITS))
    refuse_unsolved(fit, "draw_residual_map")
    g = group_number(fit, group)
    order = in_order(fit, g)
    rows, p = list(order.observed), len(order.observed)
    if p < 2:
        raise ModelError("draw_residual_map: this model has one observed variable, and no correlation")
    R = fit.residuals(type, group=g).drop(index="mean", errors="ignore").loc[rows, rows].to_numpy(dtype=np.float64)
    lower = np.where(np.tri(p, k=-1, dtype=bool), R, np.nan)
    if ax is None:
        side = max((0.27 if p <= 15 else 0.19 if p <= MANY else 0.145) * p, 3.0)
        ax = Figure(figsize=(side + 1.5, side + 1.1), layout="constrained").add_subplot()
    sizes = np.abs(lower[np.isfinite(lower)])
    image = draw_map(ax, lower, max(float(sizes.max(initial=0.0)), LEAST_SPAN[type]))
    for edge in order.breaks:
        ax.plot([0, edge, edge], [edge, edge, p], color=GREY, linewidth=0.6)
    _name_largest(ax, lower, rows, type)
    name_cells(ax, rows, rows, same=True)
    ax.set_aspect("equal")
    draw_colour_key(ax, image, UNITS[type], inside=True)
    said = f"{len(sizes)} residuals{_of(fit, g)}; largest {_residual(float(sizes.max(initial=0.0)), type)} in size"
    if type in IN_ERRORS:
        beyond = int((sizes > 1.96).sum())
        said += f"; beyond ±1.96: {beyond}, of which chance alone gives about {decimal(0.05 * len(sizes), 0)}"
    ax.set_title(f"{said}.\nBoxed: the {min(NAMED, len(sizes))} largest.", **SMALL)
    return ax


def _name_largest(ax: Axes, lower: Array, rows: Sequence[str], type: str) -> None:
    """Box the largest residuals, and write what they are to the right of the diagonal, where there is room."""
    words: dict[int, list[tuple[int, str]]] = {}
    for i, j in largest_of(lower, NAMED):
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor="none", edgecolor="black", linewidth=1.0, zorder=4))
        words.setdefault(i, []).append((j, f"{rows[j]}, {rows[i]} {_residual(lower[i, j], type)}"))
    for i, several in words.items():
        ax.annotate(
            "; ".join(text for _, text in several),
            (max(j for j, _ in several) + 1, i + 0.5),
            (i + 1.4, i + 0.5),
            fontsize=6,
            va="center",
            parse_math=False,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5},
        )


def _residual(value: float, type: str) -> str:
    return decimal(value, 1) if type in IN_ERRORS else coefficient(value)


def draw_modification_indices(fit: SemFit, ax: Axes | None = None, top: int = 15) -> Axes:
    """Draw the largest modification indices beside what chance alone would make of so many, and what each would change.

    Parameters
    ----------
    fit : SemFit
        Converged.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.
    top : int
        How many.

    Returns
    -------
    Axes
        A dot a parameter, with its expected standardised value beside it. The line stands where the largest of as many
        independent indices lies, half the time, if the model is true: what lies left of it needs no explanation. Indices go
        together, so that the line stands rather too far to the right; where answers are not normal or rows not independent,
        all indices are too large.

    Raises
    ------
    ModelError
        If the fit did not converge, nothing could be freed, or `top` is no number from 1.
    """
    refuse_unsolved(fit, "draw_modification_indices")
    if isinstance(top, bool) or not isinstance(top, (int, np.integer)) or top < 1:
        raise ModelError(f"top={top!r} is not a whole number from 1")
    every = fit.modification_indices()
    if every.empty:
        raise ModelError("draw_modification_indices: there is nothing in this model that could be freed")
    shown = every.sort_values("mi", ascending=False, kind="stable").head(int(top)).to_dict("records")
    if ax is None:
        ax = Figure(figsize=(6.4, 1.5 + 0.23 * len(shown)), layout="constrained").add_subplot()
    chance = largest_by_chance(len(every))
    reach = 1.17 * max(shown[0]["mi"], chance)
    _draw_dots(ax, shown)
    ax.axvline(chance, color=GREY, linewidth=1, linestyle="--", zorder=1)
    for k, row in enumerate(shown):
        ax.text(reach, k, coefficient(row["sepc_all"]), fontsize=7, ha="right", va="center")
    ax.text(reach, -0.85, "expected,\nstandardised", fontsize=6.5, ha="right", va="bottom", color=GREY)
    names = [f"{k['lhs']} {k['op']} {k['rhs']}{_in(fit, k['group'])}" for k in shown]
    ax.set_yticks(np.arange(len(shown)), names, fontsize=7, parse_math=False)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(0, reach)
    ax.set_xlabel("Modification index: by how much χ² would fall", fontsize=8)
    ax.tick_params(axis="x", labelsize=8)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    above = int((every["mi"] > chance).sum())
    said = (
        f"The {len(shown)} largest of {len(every)}. Dashed: {decimal(chance, 1)}, where the largest of so many independent ones"
        f" lies half the time if the model is true; {above} {'is' if above == 1 else 'are'} beyond."
    )
    if "chisq_scaled" in fit.fit_measures():
        said += " They take answers as normal and rows as independent, so they are too large where these are not."
    ax.set_title("\n".join(wrap(said, LETTERS)), pad=22, **SMALL)
    return ax


def _draw_dots(ax: Axes, shown: Sequence[Any]) -> None:
    """Draw the indices, by whether what they free would be positive or negative."""
    ax.hlines(range(len(shown)), 0, [k["mi"] for k in shown], color=PALE, linewidth=1, zorder=0)
    for positive, colour, marker in ((True, BLUE, "o"), (False, ORANGE, "D")):
        own = [(k["mi"], y) for y, k in enumerate(shown) if (k["epc"] >= 0) == positive]
        if own:
            label = f"would be {'positive' if positive else 'negative'}"
            x, y = zip(*own, strict=True)
            ax.plot(x, y, marker, color=colour, markersize=4.5, linestyle="none", label=label, zorder=3)
    ax.legend(loc="lower right", bbox_to_anchor=(0.86, 0.0), fontsize=7, frameon=False)


def largest_by_chance(k: int) -> float:
    """Return the median of the largest of k independent χ² of one degree of freedom.

    Parameters
    ----------
    k : int
        How many.

    Returns
    -------
    float
        The x with F(x)ᵏ = ½.
    """
    return float(chdtri(1, -np.expm1(np.log(0.5) / k)))


def largest_of(values: Array, n: int) -> list[tuple[int, int]]:
    """Return where the largest of a matrix stand, by size without sign; NaN and 0 are none.

    Parameters
    ----------
    values : (p, q) array
    n : int
        How many at the most.

    Returns
    -------
    list of (int, int)
        Rows and columns, the largest first.
    """
    size = np.where(np.isfinite(values), np.abs(values), 0.0).ravel()
    order = np.argsort(-size, kind="stable")[:n]
    return [divmod(int(k), values.shape[1]) for k in order if size[k] > 0]


def _of(fit: SemFit, group: int) -> str:
    return f" of group {fit.groups[group - 1]}" if len(fit.groups) > 1 else ""


def _in(fit: SemFit, group: int) -> str:
    return f"  ({fit.groups[group - 1]})" if len(fit.groups) > 1 else ""
