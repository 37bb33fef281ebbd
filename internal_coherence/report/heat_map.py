"""Matrices in colour, items in the order of their factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from internal_coherence.latent import SemFit
from internal_coherence.report.figures import BLUE, ORANGE
from internal_coherence.report.path_layout import beside, owners
from internal_coherence.report.path_parts import parts_of

Array = NDArray[np.float64]
COLOURS: Final = LinearSegmentedColormap.from_list("orange to blue", [ORANGE, "#FFFFFF", BLUE])
MANY: Final = 30
"""Rows, from which on they stand closer."""
FEW_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The variables of a model in the order in which a map shows them.

    Parameters
    ----------
    observed : tuple of str
        In the order of their factors; those that measure nothing come last.
    factors : tuple of str
        General ones and those of methods last.
    breaks : tuple of int
        Before which of `observed` another factor's items begin.
    """

    observed: tuple[str, ...]
    factors: tuple[str, ...]
    breaks: tuple[int, ...]


def in_order(fit: SemFit, group: int) -> Order:
    """Return the variables of a model in the order in which a map shows them.

    Parameters
    ----------
    fit : SemFit
        Converged.
    group : int
        From 1.

    Returns
    -------
    Order
    """
    parts = parts_of(fit, group, 0.95, standardized=True)
    loads = parts.of("loading")
    apart = beside({f: [k.target for k in loads if k.source == f and k.target in parts.observed] for f in fit.latent})
    own = owners(parts, apart)
    factors = [f for f in fit.latent if f not in apart]
    rows = [v for f in factors for v in parts.observed if own.get(v) == f]
    rows += [v for v in parts.observed if v not in own]
    breaks = [k for k in range(1, len(rows)) if own.get(rows[k]) != own.get(rows[k - 1])]
    return Order(observed=tuple(rows), factors=(*factors, *apart), breaks=tuple(breaks))


def draw_map(ax: Axes, values: Array, span: float) -> QuadMesh:
    """Draw a matrix, its first row at the top, in colours from orange over white to blue.

    Parameters
    ----------
    ax : Axes
    values : (r, c) array
        NaN is left empty.
    span : float
        How far the colours reach to either side of 0.

    Returns
    -------
    QuadMesh
    """
    masked = np.ma.masked_invalid(values)
    image = ax.pcolormesh(masked, cmap=COLOURS, vmin=-span, vmax=span, edgecolors="white", linewidth=0.3)
    ax.set_ylim(values.shape[0], 0)
    ax.set_xlim(0, values.shape[1])
    return image


def name_cells(ax: Axes, rows: Sequence[str], columns: Sequence[str], *, same: bool) -> None:
    """Write the names of rows and columns.

    Parameters
    ----------
    ax : Axes
    rows, columns : sequence of str
    same : bool
        Whether the columns are items like the rows, rather than factors.
    """
    size = 7 if len(rows) <= MANY else 6
    turned: dict[str, Any] = {"rotation": 90} if same else {"rotation": 40, "ha": "right"}
    if not same and len(columns) <= FEW_COLUMNS:
        turned = {}
    names = columns if same else [c.replace("_", " ") for c in columns]
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=size, parse_math=False)
    ax.set_xticks(np.arange(len(columns)) + 0.5, names, fontsize=size, parse_math=False, **turned)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def draw_colour_key(ax: Axes, image: QuadMesh, label: str, *, inside: bool) -> None:
    """Draw the key of the colours.

    Parameters
    ----------
    ax : Axes
    image : QuadMesh
    label : str
        What they stand for.
    inside : bool
        In the empty upper right corner of a triangle, rather than beside the map.
    """
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
