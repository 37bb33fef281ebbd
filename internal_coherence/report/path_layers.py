"""A graph in layers, causes to the left of their effects, with few crossings (Sugiyama, Tagawa & Toda 1981)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arrow = tuple[str, str]
SWEEPS: Final = 12
GAP: Final = 0.32
"""Between two variables above each other."""
WAY: Final = 0.3
"""What a path takes that passes between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Nodes in layers.

    Parameters
    ----------
    at : mapping of str to (float, float)
        Where the middle of each node is.
    bends : mapping of (str, str) to list of (float, float)
        Where arrows pass that go further than to the next layer.
    """

    at: Mapping[str, tuple[float, float]]
    bends: Mapping[Arrow, list[tuple[float, float]]]


def layered(
    nodes: Sequence[str], arrows: Sequence[Arrow], heads: Sequence[float], feet: Sequence[float], step: float
) -> Layers:
    """Place nodes in layers from left to right.

    Parameters
    ----------
    nodes : sequence of str
        All, n of them.
    arrows : sequence of (str, str)
        From a cause to an effect.
    heads, feet : sequence of float
        (n,): the height of each node, and of what hangs below it.
    step : float
        From one layer to the next.

    Returns
    -------
    Layers
    """
    depth = depths(nodes, arrows)
    head, foot = dict(zip(nodes, heads, strict=True)), dict(zip(nodes, feet, strict=True))
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for v in nodes:
        layers[depth[v]].append(v)
    pieces: list[Arrow] = []
    ways: dict[Arrow, list[str]] = {}
    for a, b in dict.fromkeys(arrows):
        first, last = sorted((a, b), key=lambda v: depth[v])
        passing = [f"\0{a}\0{b}\0{d}" for d in range(depth[first] + 1, depth[last])]
        for d, v in enumerate(passing, depth[first] + 1):
            layers[d].append(v)
            head[v], foot[v] = WAY, 0.0
        chain = [first, *passing, last]
        pieces += list(pairwise(chain))
        ways[a, b] = passing if first == a else passing[::-1]
    ordered = with_few_crossings(layers, pieces)
    at = _heights(ordered, pieces, head, foot)
    place = {v: (step * d, at[v]) for d, layer in enumerate(ordered) for v in layer}
    bends = {arrow: [place[v] for v in passing] for arrow, passing in ways.items() if passing}
    return Layers(at={v: place[v] for v in nodes}, bends=bends)


def depths(nodes: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """Return the length of the longest way to each node; arrows that close a circle do not count.

    Parameters
    ----------
    nodes : sequence of str
    arrows : sequence of (str, str)

    Returns
    -------
    dict of str to int
    """
    causes = {v: [a for a, b in arrows if b == v and a != v] for v in nodes}
    found: dict[str, int] = {}

    def visit(v: str, way: tuple[str, ...]) -> int:
        if v not in found:
            found[v] = max((visit(a, (*way, v)) + 1 for a in causes[v] if a not in (*way, v)), default=0)
        return found[v]

    for v in nodes:
        visit(v, ())
    return found


def with_few_crossings(layers: Sequence[Sequence[str]], pieces: Sequence[Arrow]) -> list[list[str]]:
    """Order the nodes of every layer by the mean place of their neighbours, again and again; keep the best.

    Parameters
    ----------
    layers : sequence of sequence of str
    pieces : sequence of (str, str)
        Arrows from one layer to the next.

    Returns
    -------
    list of list of str
    """
    now = [list(layer) for layer in layers]
    best, fewest = [list(layer) for layer in now], crossings(now, pieces)
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        along = range(1, len(now)) if forwards else range(len(now) - 2, -1, -1)
        for d in along:
            fixed = {v: k for k, v in enumerate(now[d - 1 if forwards else d + 1])}
            place = {v: k for k, v in enumerate(now[d])}
            near = {v: [fixed[w] for p in pieces for w in p if v in p and w in fixed] for v in now[d]}
            mean = {v: sum(ks) / len(ks) if ks else place[v] for v, ks in near.items()}
            now[d].sort(key=lambda v: mean[v])
        if (count := crossings(now, pieces)) < fewest:
            best, fewest = [list(layer) for layer in now], count
    return best


def crossings(layers: Sequence[Sequence[str]], pieces: Sequence[Arrow]) -> int:
    """Return how often arrows between neighbouring layers cross.

    Parameters
    ----------
    layers : sequence of sequence of str
    pieces : sequence of (str, str)

    Returns
    -------
    int
    """
    place = {v: (d, k) for d, layer in enumerate(layers) for k, v in enumerate(layer)}
    ends = [(place[a], place[b]) for a, b in pieces]
    return sum(
        (a[1] - c[1]) * (b[1] - d[1]) < 0
        for k, (a, b) in enumerate(ends)
        for c, d in ends[:k]
        if a[0] == c[0] and b[0] == d[0]
    )


def _heights(
    layers: Sequence[Sequence[str]], pieces: Sequence[Arrow], head: Mapping[str, float], foot: Mapping[str, float]
) -> dict[str, float]:
    """Return the heights of the nodes: near the mean of their neighbours', and none upon another."""
    at: dict[str, float] = {}
    whole = {v: head[v] + foot[v] + GAP for layer in layers for v in layer}

    def settle(layer: Sequence[str], wished: Sequence[float]) -> None:
        # What is stacked are nodes with all that hangs below; the arrows go to their heads.
        middles = stacked([y - foot[v] / 2 for v, y in zip(layer, wished, strict=True)], [whole[v] for v in layer])
        at.update({v: m + foot[v] / 2 for v, m in zip(layer, middles, strict=True)})

    for layer in layers:
        settle(layer, [0.0] * len(layer))
    near: dict[str, list[str]] = {v: [] for v in whole}
    for a, b in pieces:
        near[a].append(b)
        near[b].append(a)
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            settle(layer, [sum(at[w] for w in near[v]) / len(near[v]) if near[v] else at[v] for v in layer])
    return at


def stacked(wished: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return heights as near the wished ones as can be, in the order given from the top, none upon another.

    Parameters
    ----------
    wished : sequence of float
        (n,): where each middle would like to be.
    heights : sequence of float
        (n,): how much room each takes.

    Returns
    -------
    list of float
        The least squares solution, by pooling neighbours that are in each other's way.
    """
    offset = np.concatenate([[0.0], np.cumsum((np.array(heights[1:]) + np.array(heights[:-1])) / 2)])[: len(heights)]
    blocks: list[tuple[float, int]] = []  # mean and number
    for target in np.array(wished, dtype=np.float64) + offset:
        mean, count = float(target), 1
        while blocks and blocks[-1][0] < mean:
            before, n = blocks.pop()
            mean, count = (before * n + mean * count) / (n + count), n + count
        blocks.append((mean, count))
    levels = [mean for mean, count in blocks for _ in range(count)]
    return [float(level - down) for level, down in zip(levels, offset, strict=True)]
