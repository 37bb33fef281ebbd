"""Graphs against what others print of them: dagitty's guide and manual, Shrier & Platt, Pearl, and ggm 2.5."""

from __future__ import annotations

from itertools import combinations

import pytest

from internal_coherence.ordering.graphs import (
    Graph,
    InstrumentalVariable,
    adjustment_sets,
    completed,
    d_separated,
    equivalent_graphs,
    from_text,
    implied_independences,
    instrumental_variables,
    is_adjustment_set,
    projected,
    read_graph,
)

LETTERS = "abcde"

# --- What others have printed ---------------------------------------------------------------------------------------

# The two models of the vignette "A SEM user's guide to dagitty for R" (Textor, dagitty 0.3-4), which take up Kyono's
# "Commentator" (2010); each a <-> b is written as an unmeasured common cause.
GUIDE_1 = read_graph("""dag { W1 -> Z1 -> X -> Y  Z1 <- V -> Z2  W2 -> Z2 -> Y
    X <- u1 -> W1 <- u2 -> W2 <- u3 -> Y  u1 [latent] u2 [latent] u3 [latent] }""")
GUIDE_2 = read_graph("""dag { Y <- X <- Z1 <- V -> Z2 -> Y  Z1 <- W1 <- u -> W2 -> Z2
    X <- W1 -> Y  X <- W2 -> Y  u [latent] }""")

# dagitty's example "Shrier" (Shrier & Platt 2008, figure 2).
SHRIER = from_text("""
    Coach -> FitnessLevel; Coach -> TeamMotivation; Genetics -> FitnessLevel
    Genetics -> NeuromuscularFatigue; Genetics -> ConnectiveTissueDisorder; TeamMotivation -> PreviousInjury
    TeamMotivation -> WarmUpExercises; PreGameProprioception -> WarmUpExercises; ConnectiveTissueDisorder -> TissueWeakness
    ConnectiveTissueDisorder -> NeuromuscularFatigue; ContactSport -> IntraGameProprioception; ContactSport -> PreviousInjury
    TissueWeakness -> Injury; IntraGameProprioception -> Injury; FitnessLevel -> PreGameProprioception
    FitnessLevel -> NeuromuscularFatigue; NeuromuscularFatigue -> IntraGameProprioception; NeuromuscularFatigue -> Injury
    WarmUpExercises -> IntraGameProprioception""")


def claims(printed: str) -> set[tuple[frozenset[str], frozenset[str]]]:
    """Read claims as dagitty prints them, ``X _||_ Y | A, B``."""
    found = set()
    for line in printed.strip().splitlines():
        pair, _, behind = line.partition(" | ")
        first, second = (side.strip() for side in pair.split("_||_"))
        found.add((frozenset((first, second)), frozenset(v.strip() for v in behind.split(",") if v)))
    return found


def as_claims(found):
    return {(frozenset((c.first, c.second)), frozenset(c.given)) for c in found}


def sets(text: str) -> set[frozenset[str]]:
    return {frozenset(part.split()) for part in text.split("/")}


def test_implied_independences_are_the_guides():
    printed = """V _||_ W1\nV _||_ W2\nV _||_ X | W1, Z1\nV _||_ Y | W1, W2, Z1, Z2\nW1 _||_ Z2 | W2\nW2 _||_ Z1 | W1
        X _||_ Z2 | V, W2\nX _||_ Z2 | W1, W2, Z1\nZ1 _||_ Z2 | V, W2\nZ1 _||_ Z2 | V, W1"""
    found = implied_independences(GUIDE_1.graph, GUIDE_1.measured, kind="missing_edge")
    assert len(found) == 10
    assert as_claims(found) == claims(printed)


def test_direct_effects_are_the_guides():
    printed = {"V Z1": "", "V Z2": "", "W1 Z1": "", "W2 Z2": "", "Z1 X": "W1", "Z2 Y": "W1 W2 Z1 / V W2"}
    for cause in GUIDE_1.measured:
        for effect in GUIDE_1.graph.children(cause):
            found = adjustment_sets(GUIDE_1.graph, cause, effect, of="direct", measured=GUIDE_1.measured)
            said = printed.get(f"{cause} {effect}")
            assert set(found) == (set() if said is None else sets(said)), (cause, effect)
    found = adjustment_sets(GUIDE_2.graph, "X", "Y", of="direct", measured=GUIDE_2.measured)
    assert set(found) == sets("W1 W2 Z2 / V W1 W2 / W1 W2 Z1")


def test_total_effects_are_the_guides():
    printed = {"V Z2": "", "V Y": "", "V Z1": "", "V X": "", "W1 Z1": "", "W2 Z2": "", "Z1 X": "W1"}
    printed |= {"Z1 Y": "W1 W2 Z2 / V W1", "Z2 Y": "W1 W2 Z1 / V W2"}
    for cause in GUIDE_1.measured:
        for effect in GUIDE_1.graph.descendants(cause) - {cause}:
            found = adjustment_sets(GUIDE_1.graph, cause, effect, measured=GUIDE_1.measured)
            said = printed.get(f"{cause} {effect}")
            assert set(found) == (set() if said is None else sets(said)), (cause, effect)
    found = adjustment_sets(GUIDE_2.graph, "X", "Y", measured=GUIDE_2.measured)
    assert set(found) == sets("W1 W2 Z2 / V W1 W2 / W1 W2 Z1")


def test_instrumental_variables_are_the_guides():
    """The guide names one set for a variable; we name all of the smallest ones, its own among them."""
    printed = {
        "V Z1": {"Z2": "W1"},
        "V Z2": {"X": "W2", "Z1": "W2"},
        "W1 Z1": {"W2": "", "Z2": "V"},
        "W2 Z2": {"W1": "", "X": "V", "Z1": "V"},
        "X Y": {"V": "W2 Z2", "Z1": "W1 W2 Z2"},
        "Z1 X": {"V": "", "W2": "", "Z2": ""},
        "Z2 Y": {"V": "X", "W1": "X", "Z1": "X"},
    }
    for cause in GUIDE_1.measured:
        for effect in GUIDE_1.graph.children(cause):
            found = instrumental_variables(GUIDE_1.graph, cause, effect, GUIDE_1.measured)
            said = printed.get(f"{cause} {effect}", {})
            assert {iv.variable for iv in found} == set(said), (cause, effect)


def test_small_answers_of_dagittys_manual():
    """Examples and checks of the R package dagitty 0.3-4, in its manual and its own tests."""
    chain = from_text("x -> m -> y")
    assert as_claims(implied_independences(chain)) == claims("x _||_ y | m")
    assert implied_independences(chain, ["x", "y"], kind="missing_edge") == ()
    assert not d_separated(chain, "x", "y")
    assert d_separated(chain, "x", "y", "m")
    iv = from_text("i -> x -> y; x <- u -> y")
    assert instrumental_variables(iv, "x", "y", ["i", "x", "y"]) == (InstrumentalVariable("i"),)
    conditional = from_text("y <- w -> i -> x -> y; x <- u -> y")
    assert instrumental_variables(conditional, "x", "y", ["w", "i", "x", "y"]) == (InstrumentalVariable("i", ("w",)),)
    assert len(equivalent_graphs(from_text("a -> b; a -> c; a -> d; b -> c; b -> d"))) == 10
    mediation = from_text("x -> m -> y -> S")
    assert is_adjustment_set(mediation, "x", "y", ())
    assert not is_adjustment_set(mediation, "x", "y", "m")


def test_the_sports_example_of_shrier_and_platt():
    """dagitty: 6 equivalent graphs, 3 arrows reversible; with fitness adjusted for, three sets without three others."""
    assert len(equivalent_graphs(SHRIER)) == 6
    assert len(completed(SHRIER).undirected) == 3
    left_out = {"Genetics", "ConnectiveTissueDisorder", "IntraGameProprioception", "WarmUpExercises", "Injury"}
    others = [node for node in SHRIER.nodes if node not in left_out | {"FitnessLevel"}]
    tried = [{"FitnessLevel", *some} for k in range(len(others) + 1) for some in combinations(others, k)]
    valid = [z for z in tried if is_adjustment_set(SHRIER, "WarmUpExercises", "Injury", z)]
    assert {frozenset(z) for z in valid if not any(y < z for y in valid)} == sets(
        "Coach FitnessLevel / FitnessLevel NeuromuscularFatigue TissueWeakness / FitnessLevel TeamMotivation"
    )


def test_pearls_examples():
    # Pearl (2009), figure 3.4 and the text below: {x3, x4} and {x4, x5} will do, {x4} will not.
    back_door = from_text("""x1 -> x3 -> xi; x1 -> x4; x2 -> x4; x2 -> x5 -> xj; x4 -> xi; x4 -> xj; xi -> x6 -> xj""")
    assert set(adjustment_sets(back_door, "xi", "xj")) == sets("x3 x4 / x4 x5 / x1 x4 / x2 x4")
    assert not is_adjustment_set(back_door, "xi", "xj", "x4")
    # The front door (Pearl 2009, figure 3.5): smoking, tar, cancer, and an unmeasured genotype.
    front = from_text("smoking -> tar -> cancer; smoking <- genotype -> cancer")
    seen = ["smoking", "tar", "cancer"]
    assert adjustment_sets(front, "smoking", "cancer", measured=seen) == ()
    assert adjustment_sets(front, "smoking", "tar", measured=seen) == (frozenset(),)
    assert adjustment_sets(front, "tar", "cancer", measured=seen) == (frozenset({"smoking"}),)
    # M-bias: nothing needs to be adjusted for, and the collider must not be, unless one of its causes is as well.
    m_bias = from_text("x <- a -> z <- b -> y; x -> y")
    assert adjustment_sets(m_bias, "x", "y") == (frozenset(),)
    assert not is_adjustment_set(m_bias, "x", "y", "z")
    assert is_adjustment_set(m_bias, "x", "y", ("z", "a"))
    # By hand, after the rule of Shipley (2000): each pair without an arrow, given the direct causes of both.
    shipley = from_text("A -> B -> C; A -> B -> D; C -> E; D -> E")
    assert as_claims(implied_independences(shipley)) == claims(
        "A _||_ C | B\nA _||_ D | B\nA _||_ E | C, D\nB _||_ E | A, C, D\nC _||_ D | B"
    )


# --- What ggm computes ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(reference):
    read = reference("ggm_graphs")["graphs"]
    return [(Graph(tuple(g["nodes"]), tuple(map(tuple, g["arrows"]))), g) for g in read]


def test_basis_sets_are_ggms(drawn):
    for graph, expected in drawn:
        theirs = {(frozenset(claim[:2]), frozenset(claim[2:])) for claim in expected["basis"]}
        assert as_claims(implied_independences(graph)) == theirs


def test_completed_graphs_are_ggms(drawn):
    for graph, expected in drawn:
        ours = completed(graph)
        assert set(ours.arrows) == set(map(tuple, expected["compelled"]))
        assert {frozenset(edge) for edge in ours.undirected} == set(map(frozenset, expected["reversible"]))


def test_projections_are_ggms(drawn):
    for graph, expected in drawn:
        ours = projected(graph, [node for node in graph.nodes if node not in expected["hidden"]])
        assert set(ours.arrows) == set(map(tuple, expected["mag_arrows"]))
        assert {frozenset(pair) for pair in ours.confounded} == set(map(frozenset, expected["mag_confounded"]))


def test_separations_are_ggms(drawn):
    for graph, expected in drawn:
        for asked in expected["asked"]:
            assert d_separated(graph, asked["first"], asked["second"], asked["given"]) == asked["separated"]
