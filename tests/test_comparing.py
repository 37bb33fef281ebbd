"""Groups of schools, pairs, roles, waves, and outcomes, with the school as the unit."""

from __future__ import annotations

import warnings
from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.schools.comparing.effects import (
    expanded_percentiles,
    hedges_of_groups,
    hedges_of_pairs,
    noncentral_limits,
    paired,
    resampled_means,
    small_sample_factor,
    welch,
)
from internal_coherence.schools.comparing.outcome_correlations import FisherLimits
from internal_coherence.schools.comparing.outcomes import correlate_with_outcome, correlations
from internal_coherence.schools.comparing.outside_tests import (
    adjusted,
    correlation,
    games_howell,
    rank_test,
    t_test,
    welch_anova,
)
from internal_coherence.schools.comparing.paired_schools import compare_matched_schools, compare_waves
from internal_coherence.schools.comparing.permuting import (
    MOST,
    SAMPLED,
    batches,
    flipped_signs,
    permuted_groups,
    permuted_outcomes,
)
from internal_coherence.schools.comparing.roles import compare_roles
from internal_coherence.schools.comparing.school_groups import compare_school_groups


@pytest.fixture(scope="module")
def r(reference):
    made = reference("school_comparisons")
    arrays = ("x", "y", "z", "pre", "post", "tied", "other", "a", "b")
    return made | {name: np.array(made[name]) for name in arrays}


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def schools_of(means, teachers=3, spread=0.5, start=0):
    """Teachers of schools whose means are exactly these."""
    offsets = spread * np.linspace(-1, 1, teachers)
    scores = (np.asarray(means)[:, None] + offsets).ravel()
    return scores, [f"S{start + j:03d}" for j in range(len(means)) for _ in range(teachers)]


# R


def test_groups_are_rs(r):
    # t.test(x, y), wilcox.test(x, y)
    mean, test = welch(r["x"], r["y"]), t_test(r["x"], r["y"], paired=False)
    expected = r["welch"]
    assert (test.statistic, test.df, test.p_value) == pytest.approx(
        (expected["statistic"], expected["df"], expected["p"]), rel=1e-10
    )
    assert mean.limits(0.95) == pytest.approx(tuple(expected["interval"]), rel=1e-10)
    assert mean.estimate / mean.se == pytest.approx(test.statistic, rel=1e-12)
    for x, y, name in (("x", "y", "mann_whitney"), ("tied", "other", "mann_whitney_tied")):
        ranks = rank_test(r[x], r[y], paired=False)
        assert ranks.statistic == r[name]["statistic"]
        assert ranks.p_value == pytest.approx(r[name]["p"], rel=1e-10)


def test_pairs_are_rs(r):
    # t.test(post, pre, paired = TRUE), wilcox.test(post, pre, paired = TRUE); R's V is the sum of the positive ranks
    test, expected = t_test(r["post"], r["pre"], paired=True), r["paired"]
    assert (test.statistic, test.df, test.p_value) == pytest.approx(
        (expected["statistic"], expected["df"], expected["p"]), rel=1e-9
    )
    assert paired(r["post"] - r["pre"]).limits(0.95) == pytest.approx(tuple(expected["interval"]), rel=1e-9)
    ranks = rank_test(r["post"], r["pre"], paired=True)
    assert ranks.statistic == min(r["wilcoxon"]["statistic"], 36 - r["wilcoxon"]["statistic"])
    assert ranks.p_value == pytest.approx(r["wilcoxon"]["p"], rel=1e-12)


def test_effect_sizes_are_by_the_noncentral_t(r):
    # gamma functions, and uniroot on pt(t, df, ncp)
    g = hedges_of_groups(r["x"], r["y"], 0.95)
    assert g.g == pytest.approx(r["g"]["value"], rel=1e-12)
    assert (g.lower, g.upper) == pytest.approx(tuple(r["g"]["limits"]), rel=1e-8)
    g = hedges_of_pairs(r["post"], r["pre"], 0.95)
    assert g.g == pytest.approx(r["g_paired"]["value"], rel=1e-12)
    assert (g.lower, g.upper) == pytest.approx(tuple(r["g_paired"]["limits"]), rel=1e-8)
    import pingouin

    usual = pingouin.compute_effsize(r["x"], r["y"], eftype="hedges")  # by 1 − 3/(4m − 1)
    assert hedges_of_groups(r["x"], r["y"], 0.95).g == pytest.approx(usual, rel=1e-3)


def test_several_groups_are_rs(r):
    # oneway.test(v ~ g), ptukey and qtukey
    values = np.concatenate([r["x"], r["y"], r["z"]])
    group = np.repeat([0, 1, 2], [7, 9, 6])
    test, df1 = welch_anova(values, group)
    assert (test.statistic, test.p_value) == pytest.approx((r["oneway"]["statistic"], r["oneway"]["p"]), rel=1e-10)
    assert (df1, test.df) == pytest.approx(tuple(r["oneway"]["df"]), rel=1e-10)
    table = games_howell(values, group)
    for row, name in zip(table.to_dict("records"), ("xy", "xz", "yz"), strict=True):
        expected = r["games_howell"][name]
        assert (row["t"], row["df"]) == pytest.approx((expected["t"], expected["df"]), rel=1e-10)
        assert row["p_value"] == pytest.approx(expected["p"], rel=1e-7)
    scores, school = schools_of(values)
    found = compare_school_groups(
        scores, dict(zip(dict.fromkeys(school), np.array(list("xyz"))[group], strict=True)), school=school
    )
    frame = found.to_frame()
    assert (frame["upper"] - frame["difference"]).to_numpy() == pytest.approx(
        [r["games_howell"][name]["reach"] for name in ("xy", "xz", "yz")], rel=1e-6
    )
    assert "no two groups are clearly apart" in found.in_words()
    assert found.plot().get_legend() is not None


def test_correlations_are_rs(r, rng):
    # cor.test(a, b), and method = "spearman", exact = TRUE
    pearson, spearman = (correlation(r["a"], r["b"], ranks=ranks) for ranks in (False, True))
    assert (pearson.statistic, pearson.p_value) == pytest.approx(
        (r["pearson"]["estimate"], r["pearson"]["p"]), rel=1e-10
    )
    assert FisherLimits(n=8).at(pearson.statistic, 0.95) == pytest.approx(tuple(r["pearson"]["interval"]), rel=1e-10)
    assert spearman.statistic == pytest.approx(r["spearman"]["estimate"], rel=1e-12)
    ranks = [v.argsort().argsort().astype(float) for v in (r["a"], r["b"])]
    exact = permuted_outcomes(ranks[0], ranks[1], rng)
    assert exact.exact
    assert exact.n == 40320
    assert exact.p_value == pytest.approx(r["spearman"]["p"], rel=1e-12)


def test_adjusted_p_are_rs(r):
    # p.adjust(p, "holm"), p.adjust(p, "BH"); a test that does not exist does not count
    p = np.array(r["adjust"]["p"])
    assert adjusted(p, "holm") == pytest.approx(r["adjust"]["holm"], rel=1e-12)
    assert adjusted(np.insert(p, 2, np.nan), "fdr_bh") == pytest.approx(
        np.insert(r["adjust"]["bh"], 2, np.nan), rel=1e-12, nan_ok=True
    )
    assert np.isnan(adjusted(np.full(2, np.nan), "holm")).all()


# permutations


def test_permutations_by_brute_force(r, rng):
    x, y = r["x"][:4], r["y"][:5]
    pooled = np.concatenate([x, y])
    observed = abs(x.mean() - y.mean())
    apart = [
        abs(pooled[list(c)].mean() - np.delete(pooled, list(c)).mean()) >= observed - 1e-12
        for c in combinations(range(9), 4)
    ]
    found = permuted_groups(x, y, rng)
    assert (found.p_value, found.n, found.exact) == (pytest.approx(np.mean(apart)), 126, True)
    assert found.attainable == 1 / 126
    d = r["post"][:6] - r["pre"][:6]
    flipped = [abs(np.dot(s, d)) >= abs(d.sum()) - 1e-12 for s in product([-1, 1], repeat=6)]
    found = flipped_signs(d, rng)
    assert (found.p_value, found.n, found.attainable) == (pytest.approx(np.mean(flipped)), 64, 2 / 64)
    a, b = r["a"][:6], r["b"][:6]
    observed = abs(np.corrcoef(a, b)[0, 1])
    stronger = [abs(np.corrcoef(a, b[list(order)])[0, 1]) >= observed - 1e-12 for order in permutations(range(6))]
    assert permuted_outcomes(a, b, rng).p_value == pytest.approx(np.mean(stronger))


def test_a_sample_of_permutations_is_near_the_exact_test(rng):
    x, y = rng.normal(0.7, 1, 9), rng.normal(0, 1, 9)
    exact = permuted_groups(x, y, rng)
    assert exact.exact
    assert exact.n == 48620 <= MOST
    more = permuted_groups(np.append(x, 0.2), y, rng)
    assert (more.exact, more.n) == (False, SAMPLED)
    assert more.attainable == pytest.approx(1 / (SAMPLED + 1))
    from scipy import stats

    d = rng.normal(0.4, 1, 16)
    sampled = flipped_signs(d, rng)
    every = 1 - 2 * ((np.arange(2**16)[:, None] >> np.arange(16)) & 1)
    assert not sampled.exact
    assert sampled.p_value == pytest.approx(np.mean(np.abs(every @ d) >= abs(d.sum()) - 1e-12), abs=0.012)
    a, b = rng.normal(size=12), rng.normal(size=12)
    assert permuted_outcomes(a, b, rng).p_value == pytest.approx(stats.pearsonr(a, b).pvalue, abs=0.05)


def test_the_smallest_p_is_the_attainable_one(rng):
    far = permuted_groups(np.arange(3.0) + 10, np.arange(3.0), rng)
    assert far.p_value == far.attainable == 2 / 20
    assert flipped_signs(np.arange(1.0, 5), rng).p_value == 2 / 16


def test_many_schools_are_drawn_in_batches(rng):
    assert batches(10, 3) == [10]
    assert sum(batches(SAMPLED, 3000)) == SAMPLED
    assert max(batches(SAMPLED, 3000)) * 3000 <= 4_000_000
    x, y = rng.normal(size=(2, 600))
    assert permuted_outcomes(x, y, rng).p_value == pytest.approx(correlation(x, y, ranks=False).p_value, abs=0.02)
    assert permuted_groups(x, y, rng).p_value == pytest.approx(t_test(x, y, paired=False).p_value, abs=0.02)
    assert flipped_signs(x - y, rng).p_value == pytest.approx(t_test(x, y, paired=True).p_value, abs=0.02)


# bootstrap, simulation


@pytest.mark.parametrize(("J1", "J2"), [(7, 7), (5, 12)])
def test_the_bootstrap_of_few_schools_covers(J1, J2):
    rng = np.random.default_rng(1)
    hits, plain, reps = 0, 0, 600
    for _ in range(reps):
        x, y = rng.normal(0.4, 0.3, J1), rng.normal(0, 0.5, J2)
        drawn = resampled_means(x, 2000, rng) - resampled_means(y, 2000, rng)
        lower, upper = expanded_percentiles(drawn, welch(x, y).df, 0.95)
        hits += lower < 0.4 < upper
        a, b = x[rng.integers(J1, size=(500, J1))].mean(1), y[rng.integers(J2, size=(500, J2))].mean(1)
        low, high = np.quantile(a - b, [0.025, 0.975])
        plain += low < 0.4 < high
    assert 0.92 < hits / reps < 0.98
    assert hits > plain + 0.02 * reps  # plain percentiles are too narrow


def test_the_bootstrap_says_nothing_where_it_can_not(rng):
    drawn = resampled_means(rng.normal(size=3), 2000, rng)
    assert np.isnan(expanded_percentiles(drawn, 1.2, 0.95)).all()
    assert np.isnan(expanded_percentiles(np.full(2000, np.nan), 12, 0.95)).all()
    means = resampled_means(np.array([1.0, 2, 4, 9, 3]), 200_000, rng)
    assert means.var() == pytest.approx(np.var([1, 2, 4, 9, 3], ddof=1) / 5, rel=0.02)


def test_disattenuated_correlations_recover_the_truth():
    rng = np.random.default_rng(3)
    found, raw = [], []
    for _ in range(12):
        true = rng.normal(size=60)
        outcome = pd.Series(0.6 * true + 0.8 * rng.normal(size=60), index=[f"s{j}" for j in range(60)], name="maths")
        scores = np.repeat(true, 6) + rng.normal(0, 2, 360)
        result = correlate_with_outcome(scores, outcome, school=np.repeat(outcome.index, 6), draws=1000)["V1"]
        found.append(result.r_disattenuated)
        raw.append(result.r)
        assert result.reliability == pytest.approx(0.6, abs=0.3)
    assert np.mean(found) == pytest.approx(0.6, abs=0.08)
    assert np.mean(raw) < 0.52


def test_hedges_factor_unbiases(rng):
    assert small_sample_factor(4) == pytest.approx(np.sqrt(2 / np.pi), rel=1e-12)
    assert small_sample_factor(200) == pytest.approx(1 - 3 / 799, rel=1e-5)
    g = [hedges_of_groups(rng.normal(1, 1, 4), rng.normal(0, 1, 4), 0.95).g for _ in range(1500)]
    assert np.mean(g) == pytest.approx(1, abs=0.07)
    near, far = (np.array(noncentral_limits(t, 20, 0.95)) / t for t in (0.99e4, 1.01e4))  # computed in two ways
    assert near == pytest.approx(far, rel=1e-6)
    assert noncentral_limits(-1e6, 5, 0.9) == pytest.approx([-v for v in noncentral_limits(1e6, 5, 0.9)[::-1]])


# laws

means = st.lists(st.integers(0, 40).map(lambda k: k / 8), min_size=5, max_size=6)


@given(means, means)
def test_swapping_the_groups_turns_the_signs(x, y):
    x, y = np.array(x), np.array(y)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return
    one, two = hedges_of_groups(x, y, 0.9), hedges_of_groups(y, x, 0.9)
    assert (one.g, one.lower, one.upper) == pytest.approx((-two.g, -two.upper, -two.lower), abs=1e-8)
    assert welch(x, y).limits(0.9) == pytest.approx(tuple(-v for v in welch(y, x).limits(0.9)[::-1]))
    rng = np.random.default_rng(0)
    assert permuted_groups(x, y, rng).p_value == permuted_groups(y, x, rng).p_value
    shifted, scaled = welch(x + 100, y + 100), welch(3 * x, 3 * y)
    assert shifted.se == pytest.approx(welch(x, y).se, rel=1e-9)
    assert scaled.estimate == pytest.approx(3 * welch(x, y).estimate, abs=1e-9)
    assert permuted_groups(x + 100, y + 100, rng).p_value == permuted_groups(x, y, rng).p_value


@settings(max_examples=8)
@given(st.permutations(range(10)))
def test_the_order_of_teachers_does_not_matter(order):
    scores, school = schools_of([1.0, 2, 4, 3, 2.5], teachers=2)
    outcome = {f"S00{j}": v for j, v in enumerate([3, 1, 4, 1, 5])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.SmallSampleWarning)
        one = correlate_with_outcome(scores, outcome, school=school, draws=1000)["V1"]
        two = correlate_with_outcome(scores[list(order)], outcome, school=np.array(school)[list(order)], draws=1000)[
            "V1"
        ]
    assert two.r == pytest.approx(one.r, abs=1e-12)
    assert two.p_permutation == one.p_permutation


def test_correlations_of_rows():
    X, Y = np.random.default_rng(1).normal(size=(2, 4, 9))
    assert correlations(X, Y) == pytest.approx([np.corrcoef(a, b)[0, 1] for a, b in zip(X, Y, strict=True)])
    X[2] = 0.1 + 0.2
    assert np.isnan(correlations(X, Y)).tolist() == [False, False, True, False]


# the verbs


def halves(responses):
    return {school: "north" if k % 2 else "south" for k, school in enumerate(responses.schools)}


def test_groups_of_a_survey(now):
    found = compare_school_groups(now, halves(now))
    assert (found.first, found.second, found.design, found.audience) == ("south", "north", "groups", "district")
    table = found.to_frame()
    assert list(table.index) == [scale.key for scale in now.instrument.scales]
    shown = ic.aggregate(now).to_frame().query("scale == 'leadership'").dropna(subset="mean").set_index("school")
    side = shown.index.map(halves(now))
    means = shown.groupby(side)["mean"].mean()
    assert table.loc["leadership", "difference"] == pytest.approx(means["south"] - means["north"], rel=1e-12)
    assert table.loc["leadership", "n_teachers"] == shown["n"].sum()
    assert set(found.left_out["school"]) == {"Poplar", "Spruce"}
    assert found["leadership"].confidence_interval(0.95).lower == pytest.approx(table.loc["leadership", "lower"])
    assert (table["p_holm"] >= table["p_bh"]).all()
    assert not {"Poplar", "Spruce"} & set(str(found.to_dict()["differences"]).split("'"))
    assert "bootstrap" in found.plot().get_legend().get_texts()[1].get_text()
    again = compare_school_groups(now, halves(now))
    pd.testing.assert_frame_equal(again.to_frame(), table)


def test_a_researcher_sees_all_schools(now):
    found = compare_school_groups(now, halves(now), audience="research")
    assert found.left_out.empty
    assert found["leadership"].n_first + found["leadership"].n_second == 24
    assert "a district would not see" in found.in_words()
    plain = compare_school_groups(ic.score(now), halves(now), school=now.school)
    pd.testing.assert_frame_equal(plain.to_frame(), found.to_frame())
    assert plain.audience is None
    assert "analyst's own" in plain.in_words()
    for protection in ({"audience": "research"}, {"audience": "district"}, {"gates": ic.Gates()}):
        with pytest.raises(ic.ModelError, match="plain scores have none; pass Responses"):
            compare_school_groups(ic.score(now), halves(now), school=now.school, **protection)


def test_a_group_of_two_schools_is_not_shown(now):
    groups = {school: "few" if k < 2 else "rest" for k, school in enumerate(now.schools)}
    with pytest.raises(ic.DisclosureError, match=r"group 'few' has 2 schools that may be shown; .* needs 3"):
        compare_school_groups(now, groups)
    with pytest.raises(ic.ResponseError, match="group 'few' has 2 schools with a mean; it needs at least 3"):
        compare_school_groups(now, groups, audience="research")
    with pytest.raises(ic.DisclosureError, match="needs 6"):
        compare_school_groups(
            now, {s: "ab"[k < 5] for k, s in enumerate(now.schools)}, gates=ic.Gates(min_other_schools=6)
        )
    with pytest.raises(ic.DisclosureError, match="it is for audience='district' or 'research'"):
        compare_school_groups(now, groups, audience="school")


def test_several_groups_of_a_survey(now):
    found = compare_school_groups(now, {s: "abc"[k % 3] for k, s in enumerate(now.schools)})
    assert found.groups == ("a", "b", "c")
    assert len(found.to_frame()) == 33
    assert found.overall["n_schools"].eq(22).all()
    assert repr(found).startswith("<SeveralGroups, a, b, c, 11 scales")
    few = {s: "a" if k < 10 else "b" if k < 22 else "c" for k, s in enumerate(now.schools)}
    with pytest.raises(ic.DisclosureError, match="group 'c' has 2 schools"):
        compare_school_groups(now, few)


def test_few_schools_are_said():
    scores, school = schools_of([1, 2, 3, 2.5, 3.5, 4])
    groups = dict(zip(dict.fromkeys(school), "aaabbb", strict=True))
    with pytest.warns(ic.SmallSampleWarning, match="6 schools or pairs"):
        found = compare_school_groups(scores, groups, school=school)
    assert "no permutation p below 0.1" in found.in_words()
    assert found["V1"].p_attainable == 0.1
    assert found["V1"].reliability_first == pytest.approx(1 - 0.25 / 3, abs=1e-12)


def test_matched_schools(now):
    pairs = list(zip(now.schools[:12], now.schools[12:], strict=True))
    found = compare_matched_schools(now, pairs, names=("programme", "others"))
    assert found["leadership"].n_first == 10
    assert set(found.left_out["school"]) == {"Poplar", "Spruce"}
    assert "programme" in found.in_words()
    turned = compare_matched_schools(now, pd.DataFrame(pairs, columns=["a", "b"])[["b", "a"]])
    assert (turned.first, turned.second) == ("b", "a")
    np.testing.assert_allclose(turned.to_frame()["difference"], -found.to_frame()["difference"], rtol=1e-12)
    np.testing.assert_allclose(turned.to_frame()["p_permutation"], found.to_frame()["p_permutation"])
    with pytest.raises(ic.ResponseError, match="school 'Alder' is there twice"):
        compare_matched_schools(now, [("Alder", "Birch"), ("Cedar", "Alder")])
    with pytest.raises(ic.ResponseError, match="entry 1 is 'AB', not a pair"):
        compare_matched_schools(now, ["AB"])
    with pytest.raises(ic.ResponseError, match="it needs at least 4"):
        compare_matched_schools(now, pairs[:3])
    with pytest.raises(ic.DisclosureError, match="needs 3"):
        compare_matched_schools(now, pairs[:2])
    with pytest.raises(ic.ModelError, match="two different names"):
        compare_matched_schools(now, pairs, names=("a", "a"))
    with pytest.warns(ic.SmallSampleWarning, match="9 schools or pairs"):
        partly = compare_matched_schools(now, [*pairs[:-1], (pairs[-1][0], "Nowhere")])
    assert "the other school of its pair has no answers" in set(partly.left_out["reason"])


def test_waves(example):
    found = compare_waves(example)
    assert (found.first, found.second) == ("wave 2025", "wave 2023")
    back = compare_waves(example, 2025, 2023)
    np.testing.assert_allclose(found.to_frame()["difference"], -back.to_frame()["difference"])
    assert len(found.left_out) == len(found.left_out.drop_duplicates())
    with pytest.raises(ic.ResponseError, match="no wave '2026'"):
        compare_waves(example, 2025, 2026)
    with pytest.raises(ic.ResponseError, match="both waves"):
        compare_waves(example, 2025, 2025)
    with pytest.raises(ic.ResponseError, match="two waves or more"):
        compare_waves(example.select(wave=2025))


@pytest.fixture(scope="module")
def staff():
    """Fifteen schools of two coaches, who see more team support by 0.8, and twenty teachers; one coach answers oddly."""
    answers = ic.simulate_responses(n_schools=15, teachers=22, rng=5)
    role = np.where(np.arange(len(answers)) % 22 < 2, "Coach", "Teacher")
    return answers, answers.people.assign(role=role)


def read_staff(staff, change=None):
    answers, people = staff
    raw = answers.raw.copy()
    if change is not None:
        change(raw, people["role"])
    return ic.read_responses(people.join(raw), answers.instrument, school="school", role="role", keep_leaders=True)


def test_roles_are_compared_within_schools(staff):
    def lift(raw, role):
        for item in staff[0].instrument.scales[7].items:
            toward = -1 if item.reversed else 1
            raw.loc[role == "Coach", item.key] = (raw[item.key] + toward).clip(item.low, item.high)

    survey = read_staff(staff, lift)
    scale = staff[0].instrument.scales[7]
    found = compare_roles(survey, "Coach", "Teacher")
    assert found[scale.key].difference > 0.4
    scores = ic.score(survey)[scale.key]
    by = scores.groupby([survey.school, survey.role]).mean().unstack()
    assert found[scale.key].difference == pytest.approx((by["Coach"] - by["Teacher"]).mean(), rel=1e-12)
    assert found[scale.key].n_first == 15
    assert not any(school in str(found.to_dict()) for school in survey.schools)
    items = compare_roles(survey, "Coach", ["Teacher"], of="items")
    assert len(items.differences) == len(survey.instrument.items)
    with pytest.raises(ic.ResponseError, match="no role 'Coahc'; there are 'Coach', 'Teacher'; did you mean 'Coach'"):
        compare_roles(survey, "Coahc", "Teacher")
    with pytest.raises(ic.ModelError, match="'Coach' is on both sides"):
        compare_roles(survey, "Coach", ["Teacher", "Coach"])
    with pytest.raises(ic.ModelError, match="of='scale'"):
        compare_roles(survey, "Coach", "Teacher", of="scale")


def test_a_role_of_few_people_is_not_shown(staff):
    answers, people = staff
    few = people.assign(role=np.where(np.arange(len(people)) % 22 == 0, "Head of house", "Teacher"))
    few.loc[few["school"].isin(answers.schools[9:]), "role"] = "Teacher"
    survey = ic.read_responses(
        few.join(answers.raw), answers.instrument, school="school", role="role", keep_leaders=True
    )
    with pytest.raises(ic.DisclosureError, match=r"9 of role 'Head of house' answered .* needs 10"):
        compare_roles(survey, "Head of house", "Teacher")
    with pytest.warns(ic.SmallSampleWarning, match="9 schools"):
        research = compare_roles(survey, "Head of house", "Teacher", audience="research")
    assert set(research.left_out["school"]) == set(answers.schools[9:])
    with pytest.warns(ic.SmallSampleWarning, match="9 schools"):
        low = compare_roles(survey, "Head of house", "Teacher", gates=ic.Gates(min_distribution=9))
    assert low.left_out[["school", "n_schools"]].to_numpy().tolist() == [["", 6]]
    assert "Left out: 6 schools" in low.in_words()  # not which: it would say whose head did not answer


def test_a_role_that_answers_alike_is_not_shown(staff):
    scale = staff[0].instrument.scales[0]

    def alike(raw, role):
        for item in scale.items:
            raw.loc[role == "Coach", item.key] = item.low if item.reversed else item.high

    found = compare_roles(read_staff(staff, alike), "Coach", "Teacher")
    assert "the answers are too alike to be shown" in found[scale.key].note
    assert np.isnan(found[scale.key].mean_first)
    assert "not compared" in found.in_words()
    assert found.plot() is not None


def test_outcomes(now):
    scores = pd.Series({school: 50 + 7 * (k % 5) for k, school in enumerate(now.schools)}, name="reading")
    found = correlate_with_outcome(now, scores)
    one = found["leadership"]
    assert (found.outcome, one.n_schools) == ("reading", 22)
    assert one.r_disattenuated == pytest.approx(one.r / np.sqrt(one.reliability))
    half = correlate_with_outcome(now, scores, outcome_reliability=0.5)["leadership"]
    assert half.r_disattenuated == pytest.approx(one.r_disattenuated / np.sqrt(0.5))
    assert one.r_lowest <= one.r <= one.r_highest
    assert one.most_influential in now.schools
    assert one.confidence_interval().lower == pytest.approx(one.lower)
    assert "if corrected for it" in found.in_words()
    assert found.plot().get_xlim() == (-1, 1)
    scores["Alder"], scores["Nowhere"] = np.nan, 3
    fewer = correlate_with_outcome(now, scores)
    assert {"Alder", "Nowhere", "Poplar", "Spruce"} == set(fewer.left_out["school"])
    with pytest.raises(ic.ResponseError, match="school 'Aspen' has 'high', which is no number"):
        correlate_with_outcome(now, {"Aspen": "high"})
    with pytest.raises(ic.ModelError, match="outcome_reliability=0"):
        correlate_with_outcome(now, scores, outcome_reliability=0)
    with pytest.raises(ic.ResponseError, match="4 schools with a mean; it needs at least 5"):
        correlate_with_outcome(now, scores.loc[["Aspen", "Beech", "Birch", "Cedar"]])


# bad input


def test_what_can_not_be_is_refused(now):
    with pytest.raises(ic.ResponseError, match="from none of the 2 schools named did anyone answer"):
        compare_school_groups(now, {"x": 1, "y": 2})
    with pytest.raises(ic.ResponseError, match="all schools with answers are in one group"):
        compare_school_groups(now, dict.fromkeys(now.schools, "all"))
    with pytest.raises(ic.ResponseError, match="must say it for each school"):
        compare_school_groups(now, ["a", "b"])
    with pytest.raises(ic.ResponseError, match="school 'Elm' is there twice"):
        compare_school_groups(now, pd.Series(["a", "b"], index=["Elm", " Elm"]))
    with pytest.raises(ic.ModelError, match="level=95"):
        compare_school_groups(now, halves(now), level=95)
    with pytest.raises(ic.ModelError, match="draws=100"):
        compare_school_groups(now, halves(now), draws=100)
    with pytest.raises(ic.ResponseError, match="needs school="):
        compare_school_groups([1.0, 2.0], {"a": 1})
    with pytest.raises(ic.ResponseError, match="are of 3 waves"):
        compare_school_groups(ic.example_responses(), halves(now))


def test_constant_and_missing_variables(rng):
    scores, school = schools_of(rng.normal(size=12))
    table = pd.DataFrame({"fine": scores, "constant": 3.0, "empty": np.nan})
    labels = list(dict.fromkeys(school))
    groups = dict(zip(labels, ["a"] * 6 + ["b"] * 6, strict=True))
    found = compare_school_groups(table, groups, school=school)
    assert found["constant"].note.startswith("these school means do not vary")
    assert "has 0 schools with a mean" in found["empty"].note
    assert np.isfinite(found["fine"].p_value)
    assert found["fine"].p_holm == found["fine"].p_value
    assert found.plot() is not None
    several = compare_school_groups(table, {s: "abc"[k % 3] for k, s in enumerate(labels)}, school=school)
    assert several.overall["note"].ne("").tolist() == [False, True, True]
    flat = correlate_with_outcome(table, dict.fromkeys(labels, 4), school=school)
    assert flat["fine"].note == "the outcome is the same in all these schools"
    varied = correlate_with_outcome(table, {s: k for k, s in enumerate(labels)}, school=school)
    assert varied["constant"].note.startswith("these school means do not vary")
    assert several["fine"]["first"].tolist() == ["a", "a", "b"]
    assert several["constant"].empty
    with pytest.raises(KeyError, match="no 'V2'; there are 'fine'"):
        several["V2"]
    single = compare_school_groups(scores[::3], groups, school=school[::3])
    assert np.isnan(single["V1"].reliability_first)  # one teacher a school
    agreed = compare_matched_schools(
        np.repeat(rng.normal(size=20), 3), np.arange(20).reshape(10, 2), school=np.repeat(np.arange(20), 3)
    )
    assert agreed["V1"].reliability_first == 1  # teachers of a school agree
    with pytest.raises(KeyError, match="no 'V2'; there are 'V1'"):
        agreed["V2"]
    with pytest.raises(ic.ResponseError, match="has 0 schools"):
        compare_school_groups(np.full(36, np.nan), groups, school=school)


def test_hostile_names_do_no_harm(rng):
    scores, school = schools_of(rng.normal(size=12))
    names = {old: f"$x_{{{k}}}$<b>" for k, old in enumerate(dict.fromkeys(school))}
    groups = {new: "=cmd|' /C'!A0" if k < 6 else "$\\frac{1}{0}$" for k, new in enumerate(names.values())}
    found = compare_school_groups(pd.DataFrame({"$\\bad": scores}), groups, school=[names[s] for s in school])
    found.plot().figure.canvas.draw()
    found.in_words()


def test_many_teachers_are_quick(rng):
    school = rng.integers(0, 40, 300_000)
    scores = rng.normal(size=300_000) + 0.1 * (school % 2)
    found = compare_school_groups(scores, {j: "odd" if j % 2 else "even" for j in range(40)}, school=school)
    assert found["V1"].difference == pytest.approx(-0.1, abs=0.02)


def test_misspelt_schools_are_named(example):
    now = example.select(wave=2025)
    outcome = pd.Series(np.arange(24.0), index=now.schools).rename(index={"Alder": "alder"})
    with pytest.warns(ic.MissingDataWarning, match=r"nobody answered from 'alder'; did you mean 'Alder'\?"):
        found = ic.correlate_with_outcome(now, outcome)
    assert "alder" in set(found.left_out["school"])
