"""Pictures of a fitted model: its loadings, what it leaves of the correlations, and what the data would free."""

from __future__ import annotations

from textwrap import wrap
from typing import Any, Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy.special import chdtri

from internal_coherence.errors import ModelError, check_level, check_option
from internal_coherence.latent import SemFit
from internal_coherence.report.figures import BLUE, GREY, ORANGE, PALE
from internal_coherence.report.path_ink import coefficient
from internal_coherence.report.path_layout import beside, owners
from internal_coherence.report.path_parts import group_number, parts_of
from internal_coherence.report.wording import decimal, level_text

Array = NDArray[np.float64]
Residual = Literal["cor.bollen", "cor.bentler", "normalized", "standardized"]
UNITS: Final[dict[str, str]] = {
    "cor.bollen": "Residual correlation (observed less implied)",
    "cor.bentler": "Residual covariance, in observed standard deviations",
    "normalized": "Residual, in standard errors of the observed covariance",
    "standardized": "Residual, in its own standard errors",
}
LEAST_SPAN: Final = {"cor.bollen": 0.1, "cor.bentler": 0.1, "normalized": 2.0, "standardized": 2.0}
"""How far the colours reach at the least, so that a model that leaves nothing does not look as if it did."""
NAMED: Final = 5
"""How many of the largest residuals carry their numbers."""
MANY: Final = 30
DARK: Final = 0.6
"""The size of a loading from which its cell is so dark that white letters stand out."""
LETTERS: Final = 72
"""In a line above the indices."""
COLOURS: Final = LinearSegmentedColormap.from_list("orange to blue", [ORANGE, "#FFFFFF", BLUE])


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
    _refuse_unsolved(fit, "draw_loading_map")
    check_level(level)
    g = group_number(fit, group)
    table = fit.standardized_solution(level=level)
    table = table[(table["op"] == "=~") & (table["group"] == g)]
    if table.empty:
        raise ModelError("draw_loading_map: this model has no loadings; draw_path_diagram draws its paths")
    rows, columns = in_order(fit, g)
    rows = [v for v in (*rows, *(f for f in fit.latent if f not in rows)) if v in set(table["rhs"])]
    if ax is None:
        tall, across = (0.2 if len(rows) <= MANY else 0.17), (0.95 if len(columns) <= 6 else 0.72)
        size = (max(1.6 + across * len(columns), 4.2), 1.7 + tall * len(rows))
        ax = Figure(figsize=size, layout="constrained").add_subplot()
    place = {v: k for k, v in enumerate(rows)}
    values, hatched = np.full((len(rows), len(columns)), np.nan), []
    for row in table.itertuples():
        i, j = place[row.rhs], columns.index(row.lhs)
        values[i, j] = row.est_std
        if row.ci_lower <= 0 <= row.ci_upper and row.se > 0:
            hatched.append((i, j))
    image = _map(ax, values, 1.0)
    for i, j in hatched:
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor="none", edgecolor=GREY, hatch="////", linewidth=0))
    small = 6.2 if len(rows) <= MANY else 5.6
    for row in table.itertuples():
        i, j = place[row.rhs], columns.index(row.lhs)
        limits = f" [{coefficient(row.ci_lower)}, {coefficient(row.ci_upper)}]" if row.se > 0 else ""
        ink = "white" if abs(row.est_std) > DARK else "black"
        _write(ax, j + 0.5, i + 0.5, f"{coefficient(row.est_std)}{limits}", small, color=ink, backed=(i, j) in hatched)
    _frame(ax, rows, columns)
    _bar(ax, image, "Standardised loading")
    of = f" of group {fit.groups[g - 1]}" if len(fit.groups) > 1 else ""
    title = f"Standardised loadings{of} with {level_text(level)} intervals.\nEmpty: not in the model."
    title += f" Hatched: the interval holds 0 ({len(hatched)} of {len(table)})." if hatched else ""
    ax.set_title(title, fontsize=7.5, color=GREY, loc="left", parse_math=False)
    return ax


def draw_residual_map(
    fit: SemFit, ax: Axes | None = None, type: Residual = "cor.bollen", group: int | str = 1
) -> Axes:
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
        If the fit did not converge, for a kind or group that is not there, and where there are no such residuals.
    """
    check_option("type", type, tuple(UNITS))
    _refuse_unsolved(fit, "draw_residual_map")
    g = group_number(fit, group)
    rows, _ = in_order(fit, g)
    R = fit.residuals(type, group=g).drop(index="mean", errors="ignore").loc[rows, rows].to_numpy()
    p = len(rows)
    lower = np.where(np.tril(np.ones((p, p), dtype=bool), -1), R, np.nan)
    if ax is None:
        side = max((0.27 if p <= 15 else 0.19 if p <= MANY else 0.145) * p, 3.0)
        ax = Figure(figsize=(side + 1.5, side + 1.1), layout="constrained").add_subplot()
    sizes = np.abs(lower[np.isfinite(lower)])
    span = max(float(sizes.max(initial=0.0)), LEAST_SPAN[type])
    image = _map(ax, lower, span)
    for edge in _breaks(fit, g, rows):
        ax.plot([0, edge], [edge, edge], color=GREY, linewidth=0.6)
        ax.plot([edge, edge], [edge, p], color=GREY, linewidth=0.6)
    words: dict[int, list[tuple[int, str]]] = {}
    for i, j in largest_of(lower, NAMED):
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor="none", edgecolor="black", linewidth=1.0, zorder=4))
        words.setdefault(i, []).append((j, f"{rows[j]}, {rows[i]} {_residual(lower[i, j], type)}"))
    for i, several in words.items():  # to the right of the diagonal there is room
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
    _frame(ax, rows, rows)
    ax.set_aspect("equal")
    _bar(ax, image, UNITS[type], inside=True)
    of = f" of group {fit.groups[g - 1]}" if len(fit.groups) > 1 else ""
    said = f"{len(sizes)} residuals{of}; largest {_residual(float(sizes.max(initial=0.0)), type)} in size"
    if type in ("normalized", "standardized"):
        beyond = int((sizes > 1.96).sum())
        said += f"; beyond ±1.96: {beyond}, chance alone gives about {decimal(0.05 * len(sizes), 0)}"
    ax.set_title(f"{said}.\nBoxed: the {min(NAMED, len(sizes))} largest.", fontsize=7.5, color=GREY, loc="left", parse_math=False)
    return ax


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
        together, so that the line stands rather too far to the right.

    Raises
    ------
    ModelError
        If the fit did not converge, nothing could be freed, or `top` is no number from 1.
    """
    _refuse_unsolved(fit, "draw_modification_indices")
    if isinstance(top, bool) or not isinstance(top, (int, np.integer)) or top < 1:
        raise ModelError(f"top={top!r} is not a whole number from 1")
    every = fit.modification_indices()
    if every.empty:
        raise ModelError("draw_modification_indices: there is nothing in this model that could be freed")
    shown = every.sort_values("mi", ascending=False, kind="stable").head(int(top)).reset_index(drop=True)
    if ax is None:
        ax = Figure(figsize=(6.4, 1.5 + 0.23 * len(shown)), layout="constrained").add_subplot()
    chance = largest_by_chance(len(every))
    y = np.arange(len(shown))
    ax.axvline(chance, color=GREY, linewidth=1, linestyle="--", zorder=1)
    positive = (shown["epc"] >= 0).to_numpy()
    mi = shown["mi"].to_numpy(dtype=np.float64)
    ax.hlines(y, 0, mi, color=PALE, linewidth=1, zorder=0)
    for rows, colour, marker, name in (
        (positive, BLUE, "o", "would be positive"),
        (~positive, ORANGE, "D", "would be negative"),
    ):
        if rows.any():
            ax.plot(mi[rows], y[rows], marker, color=colour, markersize=4.5, linestyle="none", label=name, zorder=3)
    reach = max(float(mi.max()), chance)
    for k, row in enumerate(shown.itertuples()):
        ax.text(1.16 * reach, k, coefficient(row.sepc_all), fontsize=7, ha="right", va="center")
    ax.text(1.16 * reach, -0.85, "expected,\nstandardised", fontsize=6.5, ha="right", va="bottom", color=GREY)
    names = [_freed(row, fit) for row in shown.itertuples()]
    ax.set_yticks(y, names, fontsize=7, parse_math=False)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(0, 1.17 * reach)
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
    ax.set_title("\n".join(wrap(said, LETTERS)), fontsize=7.5, color=GREY, loc="left", pad=22)
    ax.legend(loc="lower right", bbox_to_anchor=(0.86, 0.0), fontsize=7, frameon=False)
    return ax


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
    """Return where the largest of a matrix stand, by size without sign; NaN are none.

    Parameters
    ----------
    values : (p, q) array
    n : int
        How many at the most.

    Returns
    -------
    list of (int, int)
        Rows and columns, the largest first; those of the first place among equals.
    """
    size = np.where(np.isfinite(values), np.abs(values), -1.0).ravel()
    order = np.argsort(-size, kind="stable")[:n]
    return [(int(k // values.shape[1]), int(k % values.shape[1])) for k in order if size[k] > 0]


def in_order(fit: SemFit, group: int) -> tuple[list[str], list[str]]:
    """Return the observed variables in the order of their factors, and the factors, general ones last.

    Parameters
    ----------
    fit : SemFit
    group : int
        From 1.

    Returns
    -------
    list of str
        Observed variables; those that measure nothing come last.
    list of str
        Latent ones.
    """
    own, apart = _owned(fit, group)
    factors = [f for f in fit.latent if f not in apart]
    observed = [v for v in fit.observed if v not in fit.auxiliary]
    rows = [v for f in factors for v in observed if own.get(v) == f]
    return [*rows, *(v for v in observed if v not in own)], [*factors, *apart]


def _owned(fit: SemFit, group: int) -> tuple[dict[str, str], list[str]]:
    parts = parts_of(fit, group, 0.95, standardized=True)
    items = {f: [k.target for k in parts.of("loading") if k.source == f and k.target in parts.observed] for f in fit.latent}
    apart = beside(items)
    return owners(parts, apart), apart


def _breaks(fit: SemFit, group: int, rows: list[str]) -> list[int]:
    """Return before which rows another factor's items begin."""
    own, _ = _owned(fit, group)
    return [k for k in range(1, len(rows)) if own.get(rows[k]) != own.get(rows[k - 1])]


def _refuse_unsolved(fit: SemFit, what: str) -> None:
    if not fit.converged:
        raise ModelError(f"{what}: this fit did not converge; {fit.trouble}")


def _residual(value: float, type: str) -> str:
    return coefficient(value) if type.startswith("cor") else decimal(value, 1)


def _freed(row: Any, fit: SemFit) -> str:
    words = f"{row.lhs} {row.op} {row.rhs}"
    return f"{words}  ({fit.groups[row.group - 1]})" if len(fit.groups) > 1 else words


def _map(ax: Axes, values: Array, span: float) -> QuadMesh:
    """Draw a matrix, its first row at the top, in colours from orange to blue."""
    masked = np.ma.masked_invalid(values)
    image = ax.pcolormesh(masked, cmap=COLOURS, vmin=-span, vmax=span, edgecolors="white", linewidth=0.3)
    ax.set_ylim(values.shape[0], 0)
    return image


def _frame(ax: Axes, rows: list[str], columns: list[str]) -> None:
    size = 7 if len(rows) <= MANY else 6
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=size, parse_math=False)
    few = len(columns) <= 4
    names = columns if columns is rows else [c.replace("_", " ") for c in columns]
    turned = {"rotation": 0} if few else {"rotation": 90} if columns is rows else {"rotation": 40, "ha": "right"}
    ax.set_xticks(np.arange(len(columns)) + 0.5, names, fontsize=size, parse_math=False, **turned)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _bar(ax: Axes, image: QuadMesh, label: str, *, inside: bool = False) -> None:
    """Draw the key of the colours: beside the map, or in its empty corner."""
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    if inside:
        bar = figure.colorbar(image, cax=ax.inset_axes((0.52, 0.955, 0.46, 0.018)), orientation="horizontal")
    else:
        bar = figure.colorbar(image, ax=ax, shrink=0.5, pad=0.02, aspect=30)
    bar.set_label(label, fontsize=7)
    bar.ax.tick_params(labelsize=6.5)
    bar.ax.locator_params(nbins=5)


def _write(ax: Axes, x: float, y: float, words: str, size: float, *, color: str, backed: bool) -> None:
    style: dict[str, Any] = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}} if backed else {}
    ax.text(x, y, words, fontsize=size, ha="center", va="center", color=color, **style)
