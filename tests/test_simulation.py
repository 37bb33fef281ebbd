"""The simulator's truth is what its answers show."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import internal_coherence as ic

BOOK = ic.load_instrument("internal-coherence-survey").select(["leadership", "team_support", "individual_efficacy"])
FINE = {scale.key: np.linspace(-2.2, 2.2, scale.high - scale.low) for scale in BOOK.scales}


def test_the_same_seed_gives_the_same_answers():
    one, two = (ic.simulate_responses(BOOK, n_schools=3, teachers=5, missing=0.1, rng=4) for _ in range(2))
    np.testing.assert_array_equal(one.raw, two.raw)


def test_variance_between_schools_is_as_stated():
    responses = ic.simulate_responses(
        BOOK,
        n_schools=400,
        teachers=20,
        icc={"leadership": 0.3, "team_support": 0.0},
        loading=1.0,
        thresholds=FINE,
        rng=1,
    )
    scores = ic.score(responses)
    assert float(ic.icc1(scores["leadership"], responses.school)) == pytest.approx(0.29, abs=0.03)
    assert float(ic.icc1(scores["team_support"], responses.school)) == pytest.approx(0.0, abs=0.015)


def test_loadings_give_the_items_their_correlation():
    responses = ic.simulate_responses(BOOK, n_schools=50, teachers=100, loading=0.8, icc=0.1, rng=2)
    items = responses.items[BOOK.scale("leadership").item_keys]
    # the correlation of the normal variables behind two six-point items; cutting them lowers it a little
    observed = ic.alpha(items).average_r
    assert 0.85 * 0.64 < observed < 0.64


def test_effects_of_a_graph_are_the_correlations_of_its_constructs():
    graph = {("leadership", "team_support"): 0.6, ("team_support", "individual_efficacy"): 0.5}
    responses = ic.simulate_responses(
        BOOK, n_schools=200, teachers=50, loading=1.0, icc=0.2, graph=graph, thresholds=FINE, rng=3
    )
    r = ic.score(responses).corr().to_numpy()
    # within three standard errors of the design (200 schools carry a fifth of the variance), less what cutting costs
    assert r[0, 1] == pytest.approx(0.6 * 0.96, abs=0.06)
    assert r[1, 2] == pytest.approx(0.5 * 0.96, abs=0.06)
    assert r[0, 2] == pytest.approx(0.3 * 0.96, abs=0.07)


def test_thresholds_give_the_shares_of_codes():
    responses = ic.simulate_responses(
        BOOK, n_schools=100, teachers=100, icc=0.0, thresholds={"ldr_1": [-1, -0.5, 0, 0.5, 1]}, rng=5
    )
    shares = responses.raw["ldr_1"].value_counts(normalize=True).sort_index()
    expected = np.diff(stats.norm.cdf([-np.inf, -1, -0.5, 0, 0.5, 1, np.inf]))
    np.testing.assert_allclose(shares, expected, atol=0.015)


def test_a_shared_rater_ties_the_constructs_together():
    r = {}
    for bias in (0.0, 0.5):
        responses = ic.simulate_responses(
            BOOK, n_schools=40, teachers=60, correlation=0.0, icc=0.0, shared_rater=bias, loading=0.7, rng=6
        )
        r[bias] = ic.score(responses).corr().to_numpy()[0, 1]
    assert abs(r[0.0]) < 0.06
    assert r[0.5] > 0.25


def test_a_shift_is_planted_where_it_is_stated():
    shifts = {("School 02", "leadership"): -1.5}
    responses = ic.simulate_responses(BOOK, n_schools=4, teachers=200, icc=0.0, shifts=shifts, rng=8)
    means = ic.score(responses).groupby(responses.school.to_numpy()).mean()
    assert means.loc["School 02", "leadership"] < means["leadership"].drop("School 02").min() - 1
    assert means["team_support"].std() < 0.15


def test_teachers_stay_over_waves_and_some_are_replaced():
    responses = ic.simulate_responses(
        BOOK,
        n_schools=30,
        teachers=40,
        waves=(2024, 2025),
        turnover=0.2,
        stability=0.8,
        loading=1.0,
        icc=0.0,
        thresholds=FINE,
        rng=9,
    )
    first, second = (responses.select(wave=w) for w in responses.waves)
    both = set(first.teacher) & set(second.teacher)
    assert len(both) / len(first) == pytest.approx(0.8, abs=0.03)
    scores = [ic.score(part)["leadership"].set_axis(part.teacher) for part in (first, second)]
    linked = scores[0].to_frame("a").join(scores[1].rename("b"), how="inner")
    assert linked.corr().iloc[0, 1] == pytest.approx(0.8 * 0.97, abs=0.05)


def test_response_rates_and_missing_answers_are_as_stated():
    responses = ic.simulate_responses(
        BOOK, n_schools=2, teachers=[40, 20], response_rate=[0.5, 1.0], missing=0.2, rng=10
    )
    assert responses.school.value_counts().to_dict() == {"School 01": 20, "School 02": 20}
    assert responses.raw.isna().to_numpy().mean() == pytest.approx(0.2, abs=0.05)
    assert dict(zip(responses.roster["school"], responses.roster["teachers"], strict=True)) == {
        "School 01": 40,
        "School 02": 20,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"icc": 1.2}, "icc is a share"),
        ({"icc": {"leadreship": 0.1}}, "icc: 'leadreship' is not one of .*did you mean 'leadership'"),
        ({"loading": 0.9, "shared_rater": 0.6}, "no variance is left"),
        ({"graph": {("leadership", "team_support"): 1.2}}, "explain 1.44 of its variance"),
        ({"graph": {("leadership", "team_support"): 0.2, ("team_support", "leadership"): 0.2}}, "graph has a cycle: "),
        ({"graph": {("leadership", "luck"): 0.2}}, "graph: 'luck' is not one of"),
        ({"correlation": -0.9}, "can't all correlate so"),
        ({"missing": 1.5}, "missing=1.5 is not between"),
        ({"n_schools": 0}, "n_schools must be at least 1"),
        ({"teachers": [1, 2]}, "teachers has 2 values for 3 schools"),
        ({"teachers": 0}, "teachers must be at least 1"),
        ({"school_names": ["a", "a", "b"]}, "must be 3 different names"),
        ({"thresholds": {"leadership": [0, 0, 1, 2, 3]}}, "5 ascending numbers"),
        ({"shifts": {("Elm", "leadership"): 1}}, "shifts: school: 'Elm'"),
        ({"waves": ()}, "waves must be at least one"),
    ],
)
def test_truths_that_can_not_be_are_refused(options, message):
    with pytest.raises(ic.ModelError, match=message):
        ic.simulate_responses(BOOK, **{"n_schools": 3, "teachers": 5, **options})


def test_the_example_is_what_it_says(example, now):
    assert len(now.schools) == 24
    rates = ic.aggregate(now, audience="research").to_frame().drop_duplicates("school").set_index("school")
    assert rates.index[rates["response_rate"] < 0.65].tolist() == ["Spruce"]
    assert rates.index[rates["n"] < 5].tolist() == ["Poplar"]
    linked = set(example.select(wave=2023).teacher) & set(now.teacher)
    assert len(linked) > 300
