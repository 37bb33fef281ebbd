"""Every order of the same stages in the same shape, told apart as far as data can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np

from internal_coherence.ordering.graphs import Graph, MixedGraph

Labels = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An order without the names of its stages: places 0 … k − 1, in the order's sequence.

    Parameters
    ----------
    parents : tuple of tuple of int
        The direct causes of each place.
    confounded : tuple of pairs of int
        Places with an unmeasured cause in common.
    """

    parents: tuple[tuple[int, ...], ...]
    confounded: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, graph: Graph | MixedGraph) -> Shape:
        """Take the names off.

        Parameters
        ----------
        graph : Graph or MixedGraph

        Returns
        -------
        Shape
        """
        place = {node: k for k, node in enumerate(graph.nodes)}
        parents: list[list[int]] = [[] for _ in graph.nodes]
        for cause, effect in graph.arrows:
            parents[place[effect]].append(place[cause])
        pairs = getattr(graph, "confounded", ())
        return cls(
            parents=tuple(tuple(sorted(own)) for own in parents),
            confounded=tuple((place[a], place[b]) for a, b in pairs),
        )

    @property
    def n_stages(self) -> int:
        """Places, k."""
        return len(self.parents)

    def arrows(self, labels: Labels) -> frozenset[tuple[int, int]]:
        """Return the arrows among stages that stand at the places.

        Parameters
        ----------
        labels : tuple of int
            Which stage stands at each place.

        Returns
        -------
        frozenset of (int, int)
        """
        return frozenset((labels[i], labels[j]) for j, own in enumerate(self.parents) for i in own)

    def parents_of(self, labels: Labels) -> list[list[int]]:
        """Return the direct causes of each stage, where the stages stand at the places.

        Parameters
        ----------
        labels : tuple of int

        Returns
        -------
        list of list of int
        """
        found: list[list[int]] = [[] for _ in labels]
        for j, own in enumerate(self.parents):
            found[labels[j]] = [labels[i] for i in own]
        return found

    def class_of(self, labels: Labels) -> tuple[frozenset[frozenset[int]], frozenset[tuple[int, int, int]]]:
        """Return what data can tell of these arrows: which stages they join, and which meet in a stage without being joined.

        Parameters
        ----------
        labels : tuple of int

        Returns
        -------
        skeleton : frozenset of frozenset of int
        v_structures : frozenset of (int, int, int)

        Notes
        -----
        Verma & Pearl (1990): graphs without unmeasured causes imply the same independences if, and only if, both are the same.
        """
        joined = frozenset(frozenset(arrow) for arrow in self.arrows(labels))
        meeting = set()
        for effect, causes in enumerate(self.parents_of(labels)):
            for x, a in enumerate(causes):
                for b in causes[x + 1 :]:
                    if frozenset((a, b)) not in joined:
                        meeting.add((min(a, b), effect, max(a, b)))
        return joined, frozenset(meeting)

    def claims(self, labels: Labels) -> list[tuple[int, int, tuple[int, ...]]]:
        """Return the independences implied: stages that are not joined, given the direct causes of both.

        Parameters
        ----------
        labels : tuple of int

        Returns
        -------
        list of (int, int, tuple of int)
            Two stages and those given, sorted, so that equal claims of different orders are equal.

        Notes
        -----
        Shipley's (2000) basis set.
        """
        found = []
        for j in range(self.n_stages):
            for i in range(j):
                if i in self.parents[j] or j in self.parents[i]:
                    continue
                given = {labels[p] for p in (*self.parents[i], *self.parents[j])} - {labels[i], labels[j]}
                a, b = sorted((labels[i], labels[j]))
                found.append((a, b, tuple(sorted(given))))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangements:
    """The orders that are compared.

    Parameters
    ----------
    labels : tuple of tuple of int
        Which stage stands at each place, the order itself first.
    n_possible : int
        k!, all that there are.
    sampled : bool
        Whether they are a random sample of those.
    """

    labels: tuple[Labels, ...]
    n_possible: int
    sampled: bool


def arrangements(n_stages: int, most: int, rng: np.random.Generator) -> Arrangements:
    """Return all permutations of the stages, or a sample of them.

    Parameters
    ----------
    n_stages : int
        k.
    most : int
        More are sampled, without repetition.
    rng : Generator

    Returns
    -------
    Arrangements
    """
    possible = factorial(n_stages)
    own = tuple(range(n_stages))
    if possible <= most:
        return Arrangements(labels=tuple(permutations(own)), n_possible=possible, sampled=False)
    found: dict[Labels, None] = {own: None}
    for drawn in _endless(n_stages, rng):
        found.setdefault(drawn)
        if len(found) == most:
            break
    return Arrangements(labels=tuple(found), n_possible=possible, sampled=True)


def _endless(k: int, rng: np.random.Generator) -> Iterator[Labels]:
    while True:
        yield tuple(int(x) for x in rng.permutation(k))


def classes_of(shape: Shape, labels: Sequence[Labels]) -> tuple[list[int], list[int]]:
    """Return which orders no data can tell apart.

    Parameters
    ----------
    shape : Shape
    labels : sequence of tuple of int

    Returns
    -------
    class_of : list of int
        Of every order its class.
    first : list of int
        The first order of every class.
    """
    known: dict[object, int] = {}
    first: list[int] = []
    own: list[int] = []
    for number, at in enumerate(labels):
        key = shape.class_of(at)
        if key not in known:
            known[key] = len(first)
            first.append(number)
        own.append(known[key])
    return own, first
