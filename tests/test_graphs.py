"""Graphs against their definitions: all labelled graphs of up to five nodes, and published examples."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import combinations, pairwise, product

import numpy as np
import pytest

import internal_coherence as ic
from internal_coherence.ordering import graphs as g

NAMES = "abcde"
PAIRS = {n: list(combinations(range(n), 2)) for n in range(1, 6)}


@cache
def all_graphs(n):
    """Return every labelled acyclic graph, as parents' bit masks."""
    found = []
    for ways in product(range(3), repeat=len(PAIRS[n])):
        parents = [0] * n
        for (i, j), way in zip(PAIRS[n], ways, strict=True):
            if way == 1:
                parents[j] |= 1 << i
            elif way == 2:
                parents[i] |= 1 << j
        if acyclic(parents):
            found.append(tuple(parents))
    return found


def acyclic(parents):
    left = (1 << len(parents)) - 1
    while left:
        free = next((v for v in range(len(parents)) if left >> v & 1 and not parents[v] & left), None)
        if free is None:
            return False
        left &= ~(1 << free)
    return True


def graph(parents):
    n = len(parents)
    arrows = tuple((NAMES[i], NAMES[j]) for j in range(n) for i in range(n) if parents[j] >> i & 1)
    return g.Graph(tuple(NAMES[:n]), arrows)


def names(mask):
    return tuple(NAMES[v] for v in range(5) if mask >> v & 1)


def above(parents, mask):
    while True:
        more = mask
        for v, causes in enumerate(parents):
            if mask >> v & 1:
                more |= causes
        if more == mask:
            return mask
        mask = more


def moral_separated(parents, x, y, given):
    """Lauritzen's criterion: separated in the moral graph of the ancestors."""
    kept = above(parents, given | 1 << x | 1 << y)
    near = [0] * len(parents)
    for v, causes in enumerate(parents):
        if kept >> v & 1:
            family = causes | 1 << v
            for u in range(len(parents)):
                if family >> u & 1:
                    near[u] |= family
    seen, edge = 1 << x, 1 << x
    while edge:
        reached = 0
        for v in range(len(parents)):
            if edge >> v & 1:
                reached |= near[v]
        edge = reached & ~seen & ~given
        seen |= edge
    return not seen >> y & 1


def path_separated(parents, x, y, given):
    """Pearl's definition: every path has a closed collider, or something given that is none."""
    n = len(parents)
    near = [[u for u in range(n) if parents[v] >> u & 1 or parents[u] >> v & 1] for v in range(n)]
    opened = above(parents, given)

    def blocked(path):
        for a, v, b in zip(path, path[1:], path[2:], strict=False):
            collider = parents[v] >> a & 1 and parents[v] >> b & 1
            if (collider and not opened >> v & 1) or (not collider and given >> v & 1):
                return True
        return False

    def paths(path):
        if path[-1] == y:
            yield path
            return
        for u in near[path[-1]]:
            if u not in path:
                yield from paths([*path, u])

    return all(blocked(path) for path in paths([x]))


def questions(n):
    for x, y in PAIRS[n]:
        rest = [v for v in range(n) if v not in (x, y)]
        for size in range(len(rest) + 1):
            for some in combinations(rest, size):
                yield x, y, sum(1 << v for v in some)


@cache
def separations(parents):
    """Return all separations of a graph as one number."""
    return sum(moral_separated(parents, *q) << k for k, q in enumerate(questions(len(parents))))


def test_there_are_as_many_graphs_and_classes_as_counted_by_others():
    """Robinson (1973); Gillispie & Perlman (2002): 8 782 classes of five nodes."""
    assert [len(all_graphs(n)) for n in range(1, 6)] == [1, 3, 25, 543, 29_281]
    assert [len({separations(p) for p in all_graphs(n)}) for n in range(1, 6)] == [1, 2, 11, 185, 8782]


def test_separation_is_what_paths_say():
    for n in (2, 3, 4):
        for parents in all_graphs(n):
            own = graph(parents)
            for x, y, given in questions(n):
                expected = path_separated(parents, x, y, given)
                assert moral_separated(parents, x, y, given) == expected
                assert g.d_separated(own, NAMES[x], NAMES[y], names(given)) == expected


def test_separation_of_five_nodes():
    rng = np.random.default_rng(1)
    for k in rng.choice(29_281, 1000, replace=False):
        parents = all_graphs(5)[k]
        own = graph(parents)
        for x, y, given in questions(5):
            assert g.d_separated(own, NAMES[x], NAMES[y], names(given)) == moral_separated(parents, x, y, given)


def test_separation_of_sets():
    own = g.from_text("a -> c <- b; c -> d; b -> e")
    assert g.d_separated(own, ["a"], ["b", "e"])
    assert not g.d_separated(own, ["a", "d"], ["e"])
    assert not g.d_separated(own, "a", "e", "d")
    assert g.d_separated(own, "a", "e", ["d", "b"])


@pytest.mark.parametrize("n", [3, 4, 5])
def test_basis_sets(n):
    """A claim for each two nodes that are not joined, every claim true, and no more of them than arrows that are missing."""
    place = {q: k for k, q in enumerate(questions(n))}
    for parents in all_graphs(n):
        own = graph(parents)
        claims = g.implied_independences(own)
        assert len(claims) == len(PAIRS[n]) - len(own.arrows)
        said = separations(parents)
        for claim in claims:
            x, y = sorted(NAMES.index(v) for v in (claim.first, claim.second))
            assert said >> place[x, y, sum(1 << NAMES.index(v) for v in claim.given)] & 1
            assert set(claim.given) == (set(own.parents(claim.first)) | set(own.parents(claim.second))) - {
                claim.first,
                claim.second,
            }


def test_minimal_separators_and_local_claims():
    for parents in all_graphs(4):
        own = graph(parents)
        for x, y in PAIRS[4]:
            every = [q[2] for q in questions(4) if q[:2] == (x, y) and moral_separated(parents, *q)]
            least = {names(m) for m in every if not any(o != m and o & m == o for o in every)}
            found = [
                i.given
                for i in g.implied_independences(own, kind="missing_edge")
                if {i.first, i.second} == {NAMES[x], NAMES[y]}
            ]
            assert set(found) == least
        for claim in g.implied_independences(own, kind="local_markov"):
            x, y = (NAMES.index(v) for v in (claim.first, claim.second))
            assert moral_separated(parents, x, y, sum(1 << NAMES.index(v) for v in claim.given))


@pytest.mark.parametrize("n", [3, 4, 5])
def test_classes(n):
    """Graphs with the same separations have one completed graph, which is what their arrows have in common."""
    classes = defaultdict(list)
    for parents in all_graphs(n):
        classes[separations(parents)].append(graph(parents))
    for members in classes.values():
        common = set.intersection(*(set(m.arrows) for m in members))
        first = members[0]
        assert {frozenset(m.arrows) for m in g.equivalent_graphs(first)} == {frozenset(m.arrows) for m in members}
        assert g.equivalent_graphs(first)[0].arrows == first.arrows
        for member in members if n < 5 else members[:2]:
            essence = g.completed(member)
            assert set(essence.arrows) == common
            assert {frozenset(line) for line in essence.undirected} == {
                frozenset(a) for a in first.arrows if a not in common and a[::-1] not in common
            }
            assert g.markov_equivalent(first, member)


def test_graphs_of_different_classes_are_not_equivalent():
    some = [graph(p) for p in all_graphs(3)]
    keys = [separations(p) for p in all_graphs(3)]
    for a, one in zip(keys, some, strict=True):
        for b, other in zip(keys, some, strict=True):
            assert g.markov_equivalent(one, other) == (a == b)


def adjusts(parents, x, y, given):
    """The adjustment criterion in its own words, path by path."""
    n = len(parents)

    def down(mask):
        while True:
            more = mask | sum(1 << v for v in range(n) if parents[v] & mask)
            if more == mask:
                return mask
            mask = more

    def directed(path):
        return all(parents[b] >> a & 1 for a, b in pairwise(path))

    near = [[u for u in range(n) if parents[v] >> u & 1 or parents[u] >> v & 1] for v in range(n)]
    opened = above(parents, given)

    def paths(path):
        if path[-1] == y:
            yield path
            return
        for u in near[path[-1]]:
            if u not in path:
                yield from paths([*path, u])

    every = list(paths([x]))
    on_the_way = sum({1 << v for path in every if directed(path) for v in path[1:]})
    if on_the_way and given & down(on_the_way):
        return False
    for path in every:
        if directed(path):
            continue
        blocked = False
        for a, v, b in zip(path, path[1:], path[2:], strict=False):
            collider = parents[v] >> a & 1 and parents[v] >> b & 1
            blocked |= bool((collider and not opened >> v & 1) or (not collider and given >> v & 1))
        if not blocked:
            return False
    return True


def test_adjustment_sets():
    rng = np.random.default_rng(2)
    some = [*all_graphs(3), *all_graphs(4), *(all_graphs(5)[k] for k in rng.choice(29_281, 150, replace=False))]
    for parents in some:
        n, own = len(parents), graph(parents)
        for x, y in product(range(n), repeat=2):
            if x == y:
                continue
            rest = [v for v in range(n) if v not in (x, y)]
            masks = [sum(1 << v for v in s) for k in range(len(rest) + 1) for s in combinations(rest, k)]
            valid = [m for m in masks if adjusts(parents, x, y, m)]
            least = {frozenset(names(m)) for m in valid if not any(o != m and o & m == o for o in valid)}
            assert set(g.adjustment_sets(own, NAMES[x], NAMES[y])) == least


def regression(cov, y, xs):
    return np.linalg.solve(cov[np.ix_(xs, xs)], cov[xs, y])


def covariance(parents, rng):
    n = len(parents)
    B = np.array([[rng.uniform(0.3, 1) * (parents[j] >> i & 1) for i in range(n)] for j in range(n)])
    T = np.linalg.inv(np.eye(n) - B)
    return B, T, T @ np.diag(rng.uniform(0.5, 2, n)) @ T.T


def test_adjustment_tells_the_effects_of_linear_models():
    """In a linear model the regression given an adjustment set is the effect; direct ones by single doors."""
    rng = np.random.default_rng(3)
    checked = 0
    for k in rng.choice(29_281, 60, replace=False):
        parents = all_graphs(5)[k]
        own = graph(parents)
        B, T, cov = covariance(parents, rng)
        for x, y in product(range(5), repeat=2):
            if x == y:
                continue
            for of, truth in (("total", T[y, x]), ("direct", B[y, x])):
                for given in g.adjustment_sets(own, NAMES[x], NAMES[y], of=of):
                    xs = [x, *(NAMES.index(v) for v in given)]
                    assert regression(cov, y, xs)[0] == pytest.approx(truth, abs=1e-10)
                    checked += 1
    assert checked > 1000


def test_instruments_tell_the_arrow():
    rng = np.random.default_rng(4)
    checked = 0
    for k in rng.choice(29_281, 200, replace=False):
        parents = all_graphs(5)[k]
        own = graph(parents)
        B, _, cov = covariance(parents, rng)
        for x, y in product(range(5), repeat=2):
            if not parents[y] >> x & 1:
                continue
            for found in g.instrumental_variables(own, NAMES[x], NAMES[y]):
                z, w = NAMES.index(found.variable), [NAMES.index(v) for v in found.given]
                rest = cov - cov[:, w] @ np.linalg.solve(cov[np.ix_(w, w)], cov[w]) if w else cov
                assert rest[z, y] / rest[z, x] == pytest.approx(B[y, x], abs=1e-9)
                checked += 1
    assert checked > 50


def test_projection_has_the_separations_of_what_is_measured():
    """A mixed graph joins what no measured set separates, and its directed part is who comes before whom."""
    for parents in all_graphs(4):
        own = graph(parents)
        for seen in combinations(range(4), 3):
            measured = [NAMES[v] for v in seen]
            left = g.projected(own, measured)
            joined = {frozenset(a) for a in (*left.arrows, *left.confounded)}
            for x, y in combinations(seen, 2):
                others = [v for v in seen if v not in (x, y)]
                masks = [sum(1 << v for v in s) for k in range(len(others) + 1) for s in combinations(others, k)]
                separable = any(moral_separated(parents, x, y, m) for m in masks)
                assert (frozenset((NAMES[x], NAMES[y])) in joined) == (not separable)
            assert all(a in own.ancestors(b) for a, b in left.arrows)
            assert not any(a in own.ancestors(b) or b in own.ancestors(a) for a, b in left.confounded)
            for claim in g.implied_independences(own, measured):
                x, y = (NAMES.index(v) for v in (claim.first, claim.second))
                assert set(claim.given) <= set(measured)
                assert moral_separated(parents, x, y, sum(1 << NAMES.index(v) for v in claim.given))


# Published examples


def test_pearls_front_door_and_m_bias():
    """Pearl (2009), Figures 3.5 and 6.5: no measured set adjusts; nothing need be adjusted for, and the collider must not be."""
    front = g.from_text("u -> smoking -> tar -> cancer; u -> cancer")
    assert g.adjustment_sets(front, "smoking", "cancer", measured=["smoking", "tar", "cancer"]) == ()
    assert g.adjustment_sets(front, "tar", "cancer", measured=["smoking", "tar", "cancer"]) == (frozenset({"smoking"}),)
    bias = g.from_text("u1 -> x; u1 -> m; u2 -> m; u2 -> y; x -> y")
    assert g.adjustment_sets(bias, "x", "y") == (frozenset(),)
    assert not g.is_adjustment_set(bias, "x", "y", ["m"])
    assert g.is_adjustment_set(bias, "x", "y", ["m", "u1"])


# The first two graphs of dagitty's vignette for users of SEM (Textor, "A SEM user's guide to dagitty for R"), which follows Kyono's
# Commentator; a double-headed arrow there is an unmeasured cause here.
FIRST = g.from_text("W1 -> Z1 -> X -> Y; Z1 <- V -> Z2; W2 -> Z2 -> Y; X <- u1 -> W1 <- u2 -> W2 <- u3 -> Y")
SECOND = g.from_text("Y <- X <- Z1 <- V -> Z2 -> Y; Z1 <- W1 <- u1 -> W2 -> Z2; X <- W1 -> Y; X <- W2 -> Y")
SEEN = ["V", "W1", "W2", "X", "Y", "Z1", "Z2"]


def test_dagittys_vignette_implications():
    found = {
        (frozenset((i.first, i.second)), frozenset(i.given))
        for i in g.implied_independences(FIRST, SEEN, kind="missing_edge")
    }
    printed = [
        "V W1",
        "V W2",
        "V X | W1 Z1",
        "V Y | W1 W2 Z1 Z2",
        "W1 Z2 | W2",
        "W2 Z1 | W1",
        "X Z2 | V W2",
        "X Z2 | W1 W2 Z1",
    ]
    printed += ["Z1 Z2 | V W2", "Z1 Z2 | V W1"]
    expected = set()
    for line in printed:
        pair, _, given = line.partition(" | ")
        expected.add((frozenset(pair.split()), frozenset(given.split())))
    assert expected <= found
    # dagitty prints the smallest separators only
    smallest = {pair: min(len(given) for p, given in found if p == pair) for pair, _ in found}
    assert {pair for pair, _ in expected} == set(smallest)


def test_dagittys_vignette_coefficients():
    def direct(graph, cause, effect):
        return set(g.adjustment_sets(graph, cause, effect, of="direct", measured=SEEN))

    assert direct(FIRST, "Z1", "X") == {frozenset({"W1"})}
    assert direct(SECOND, "X", "Y") == {frozenset({"W1", "W2", z}) for z in ("Z2", "V", "Z1")}
    for arrow in ("V Z1", "V Z2", "W1 Z1", "W2 Z2"):
        assert direct(FIRST, *arrow.split()) == {frozenset()}
    assert direct(FIRST, "Z2", "Y") == {frozenset({"W1", "W2", "Z1"}), frozenset({"V", "W2"})}
    assert direct(FIRST, "X", "Y") == set()


@pytest.mark.parametrize(
    ("text", "n"), [("a -> b -> c", 3), ("a -> b -> c -> d -> e -> f", 6), ("a -> c <- b", 1), ("a <- c -> b", 3)]
)
def test_how_many_graphs_are_equivalent(text, n):
    assert len(g.equivalent_graphs(g.from_text(text))) == n


def test_complete_graphs_are_all_equivalent():
    nodes = tuple("abcdef")
    full = g.Graph(nodes, tuple(combinations(nodes, 2)))
    assert len(g.equivalent_graphs(full)) == 720
    assert g.implied_independences(full) == ()
    with pytest.raises(ic.ModelError, match="more than 100 graphs"):
        g.equivalent_graphs(full, limit=100)


# Text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a -> -> b", "line 1, column 6: the arrow '->' comes from nothing"),
        ("a -> b\nc d", "line 2, column 3: an arrow, ';' or a new line was expected before 'd'"),
        ("a ->", "the arrow '->' leads to nothing"),
        ("-> a", "comes from nothing"),
        ("a -> b; b -> c; c -> a", "cycle: "),
        ("", "names none"),
        ("a > b", "column 3: '>' can't stand here"),
        ("a -> a", "cycle"),
    ],
)
def test_text_that_is_no_graph(text, message):
    with pytest.raises(ic.ModelError, match=message):
        g.from_text(text)


def test_text_and_back():
    hostile = g.Graph(('a "b"', "c;->d", "e\\", "{f}"), (('a "b"', "c;->d"), ("c;->d", "e\\")))
    assert g.from_text(g.to_dagitty(hostile)) == hostile
    assert g.from_text("a → b ← c").arrows == (("a", "b"), ("c", "b"))
    assert g.from_text("team-work -> b2").nodes == ("team-work", "b2")
    assert '"a" [latent]' in g.to_dagitty(g.from_text("a -> b"), unmeasured=["a"])
    assert 'label="A long name"' in g.to_dot(g.from_text("a -> b"), {"a": "A long name"})
    assert set(g.to_networkx(hostile).edges) == set(hostile.arrows)


def test_graphs_that_contradict_themselves():
    with pytest.raises(ic.ModelError, match="named twice: 'a'"):
        g.Graph(("a", "a"), ())
    with pytest.raises(ic.ModelError, match="an arrow names 'leadr', which is no node; did you mean 'leader'"):
        g.Graph(("leader", "team"), (("leadr", "team"),))
    with pytest.raises(ic.ModelError, match="a → b is drawn twice"):
        g.Graph(("a", "b"), (("a", "b"), ("a", "b")))
    own = g.from_text("a -> b")
    with pytest.raises(ic.ModelError, match="no node 'z'"):
        g.d_separated(own, "a", "z")
    with pytest.raises(ic.ModelError, match="share no node"):
        g.d_separated(own, "a", "a")
    with pytest.raises(ic.ModelError, match="needs every node to be measured"):
        g.implied_independences(own, ["a"], kind="local_markov")
    with pytest.raises(ic.ModelError, match="different nodes"):
        g.is_adjustment_set(own, "a", "b", ["a"])
