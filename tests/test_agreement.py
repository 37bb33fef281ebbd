"""Do the teachers of a school agree? The indices beside multilevel's, their tests by simulation, and the evidence table."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln

import internal_coherence as ic
from internal_coherence.moments.grouping import group
from internal_coherence.schools.agreement.bands import AWG_BANDS, RWG_BANDS
from internal_coherence.schools.agreement.chance import Chance, correlation_within
from internal_coherence.schools.agreement.deviations import average_deviation
from internal_coherence.schools.agreement.evidence import aggregation_evidence
from internal_coherence.schools.agreement.from_counts import mean_deviation, mean_item_variance, median_deviation
from internal_coherence.schools.agreement.given_mean import awg
from internal_coherence.schools.agreement.indices import (
    awg_from_moments,
    deviation_from_median,
    rwg_from_variance,
    rwg_j_from_variance,
    rwg_lindell_from_variance,
)
from internal_coherence.schools.agreement.nulls import PUBLISHED, null_distribution, variance_of
from internal_coherence.schools.agreement.within_group import rwg, rwg_j, rwg_j_lindell

LEAD = [f"LEAD{k:02d}" for k in range(1, 12)]
TSIG = [f"TSIG{k:02d}" for k in range(1, 4)]


def same(table: pd.DataFrame, column: str, expected: dict, theirs: str, size: str = "gsize") -> None:
    assert list(table["grpid"]) == expected["grpid"]
    assert list(table["gsize"]) == expected[size]
    values = np.array(expected[theirs], dtype=float)  # null is NaN
    np.testing.assert_allclose(table[column], values, rtol=1e-12, atol=1e-14)


# --- beside multilevel


@pytest.mark.parametrize(("variable", "n_items"), [("LEAD", 11), ("TSIG", 3)])
def test_agreement_is_multilevels(variable, n_items, lq2002, reference):
    # multilevel 2.8: rwg.j(x, group, ranvar = 2), five options
    expected = reference("multilevel_agreement")[f"rwg_j.{variable}"]
    items = lq2002[[f"{variable}{k:02d}" for k in range(1, n_items + 1)]]
    same(ic.rwg_j(items, lq2002["COMPID"], n_options=5).by_school, "rwg_j", expected, "rwg.j")


def test_the_other_indices_are_multilevels(lq2002, reference):
    # multilevel 2.7, the calls in multilevel_agreement_indices.R
    expected, school = reference("multilevel_agreement_indices"), lq2002["COMPID"]
    one, lead = lq2002["LEAD01"], lq2002[LEAD]
    same(rwg(one, school, 5).by_school, "rwg", expected["rwg.LEAD01"], "rwg")
    same(rwg(one, school, 5, null="slight_skew").by_school, "rwg", expected["rwg.LEAD01.slight"], "rwg")
    slight = ic.rwg_j(lead, school, 5, null="slight_skew")
    same(slight.by_school, "rwg_j", expected["rwg.j.LEAD.slight"], "rwg.j")
    for name, items in {"LEAD": lead, "TSIG": lq2002[TSIG]}.items():
        lindell = rwg_j_lindell(items, school, 5).by_school
        same(lindell, "rwg_lindell", expected[f"rwg.j.lindell.{name}"], "rwg.lindell")
    given = awg(lead, school, 1, 5).by_school
    same(given, "a_wg", expected["awg.LEAD"], "a.wg", "nraters")
    same(given, "avg_grp_var", expected["awg.LEAD"], "avg.grp.var", "nraters")
    for items, name in ((lead, "LEAD"), (one, "LEAD01")):
        same(average_deviation(items, school).by_school, "ad_m", expected[f"ad.m.{name}"], "AD.M")
        about_median = average_deviation(items, school, about="median").by_school
        same(about_median, "ad_md", expected[f"ad.m.{name}.median"], "AD.M")


def test_missing_answers_and_ends_of_the_scale_are_treated_as_by_multilevel(reference):
    stored = reference("multilevel_agreement_indices")
    items = pd.DataFrame(stored["odd.items"], dtype=float)
    school, expected = stored["odd.group"], stored["odd"]
    same(rwg(items["a"], school, 5).by_school, "rwg", expected["rwg"], "rwg")
    same(ic.rwg_j(items, school, 5).by_school, "rwg_j", expected["rwg.j"], "rwg.j")
    same(rwg_j_lindell(items, school, 5).by_school, "rwg_lindell", expected["rwg.j.lindell"], "rwg.lindell")
    same(average_deviation(items, school).by_school, "ad_m", expected["ad.m"], "AD.M")
    same(average_deviation(items, school, about="median").by_school, "ad_md", expected["ad.md"], "AD.M")
    found = awg(items, school, 1, 5)
    same(found.by_school, "a_wg", expected["awg"], "a.wg", "nraters")
    assert (found.n, found.n_missing, found.n_schools, found.n_without) == (15, 3, 3, 1)
    assert (found.n_outside, found.n_partly_outside, found.n_alike) == (1, 1, 0)
    assert "1 with means outside the interpretable range" in found.in_words()


# --- null distributions


def test_null_variances_of_the_papers():
    # James, Demaree & Wolf (1984); LeBreton & Senter (2008), Table 2
    for A, uniform in {5: 2.00, 6: 2.92, 7: 4.00, 8: 5.25, 9: 6.67, 10: 8.25, 11: 10.00}.items():
        assert null_distribution("uniform", A).variance == pytest.approx(uniform, abs=0.005)
    for name, by_options in PUBLISHED.items():
        for A, published in by_options.items():
            null = null_distribution(name, A)
            assert null.variance == pytest.approx(published, abs=1e-12)
            assert variance_of(null.shares) == pytest.approx(published, abs=1e-9)
            assert null.shares.min() >= 0
            assert null.shares @ np.arange(A) > (A - 1) / 2  # leans to the agreeable end


@given(st.integers(2, 40))
def test_formulas_of_null_variances_are_those_of_their_shares(A):
    for name in ("uniform", "triangular", "slight_skew", "moderate_skew", "heavy_skew"):
        null = null_distribution(name, A)
        assert null.shares.sum() == pytest.approx(1)
        assert variance_of(null.shares) == pytest.approx(null.variance, rel=1e-9)


def test_a_null_of_ones_own():
    shares = [0.1, 0.2, 0.4, 0.2, 0.1]
    given_shares = null_distribution(shares, 5)
    assert (given_shares.name, given_shares.variance) == ("given", pytest.approx(1.2))
    assert null_distribution(1.2, 5).shares is None
    items, school = [[4, 4], [4, 5], [2, 4]], ["a"] * 3
    one, other = (ic.rwg_j(items, school, 5, null=null) for null in (shares, 1.2))
    assert one.mean == pytest.approx(other.mean, rel=1e-12)
    for wrong, message in {
        "skewed": "null='skewed' is not one of",
        0.0: "lies above 0 and up to 4",
        4.1: "lies above 0 and up to 4",
        (0.5, 0.5): "5 answers are 5 numbers",
        (0.5, 0.6, -0.1, 0, 0): "none negative",
        (0, 0, 1, 0, 0): "all answers alike have no variance",
        ("a", "b"): "a variance, or the share of each answer",
        float("nan"): "lies above 0",
        None: "null=None is not one of",
        True: "null=True is not one of",
        ("uniform", "slight_skew"): r"for several see \.across\(\)",
    }.items():
        with pytest.raises(ic.ModelError, match=message):
            ic.rwg_j(items, school, 5, null=wrong)


def test_several_nulls_of_one_reading(lq2002):
    agreement = ic.rwg_j(lq2002[LEAD], lq2002["COMPID"], 5)
    table = agreement.across(["uniform", "slight_skew", 1.0]).set_index("null")
    assert list(table.index) == ["uniform", "slight_skew", "given"]
    again = ic.rwg_j(lq2002[LEAD], lq2002["COMPID"], 5, null="slight_skew")
    pd.testing.assert_frame_equal(agreement.under("slight_skew").by_school, again.by_school)
    assert table.loc["slight_skew", "mean"] == again.mean
    assert table.loc["slight_skew", "n_at_floor"] == again.n_at_floor == 16
    assert table.loc["uniform", "share_at_least_70"] == 1
    with pytest.raises(ic.ModelError, match=r"\.under\('uniform'\)"):
        agreement.across("uniform")


# --- laws

schools = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(1, 6)), min_size=2, max_size=40)


@given(schools)
def test_laws_of_the_variance_indices(rows):
    school, items = np.array(rows)[:, 0], np.array(rows)[:, 1:]
    whole, lindell = ic.rwg_j(items, school, 6).by_school, rwg_j_lindell(items, school, 6).by_school
    known = whole["rwg_j"].notna()
    assert known.equals(whole["gsize"] >= 2)
    assert whole.loc[known, "rwg_j"].between(0, 1).all()
    # r_WG(J) is r*_WG(J) stepped up by Spearman and Brown's formula, and not below 0
    r = lindell["rwg_lindell"].clip(lower=0)
    np.testing.assert_allclose(whole["rwg_j"], 2 * r / (1 + r), atol=1e-12)
    # items turned round, and teachers in another order, agree as much
    np.testing.assert_allclose(ic.rwg_j(7 - items, school, 6).by_school["rwg_j"], whole["rwg_j"], atol=1e-12)
    np.testing.assert_allclose(ic.rwg_j(items[::-1], school[::-1], 6).by_school["rwg_j"], whole["rwg_j"], atol=1e-12)


@given(schools)
def test_laws_of_the_deviations(rows):
    school, items = np.array(rows)[:, 0], np.array(rows)[:, 1:].astype(float)
    about_mean = average_deviation(items, school).by_school["ad_m"]
    about_median = average_deviation(items, school, about="median").by_school["ad_md"]
    assert (about_median[about_median.notna()] <= about_mean[about_mean.notna()] + 1e-12).all()  # the median is nearest
    # counted whole numbers, sorted fractions, and pandas agree
    sorted_ = average_deviation(items / 3, school, about="median").by_school["ad_md"] * 3
    np.testing.assert_allclose(sorted_, about_median, atol=1e-12)
    frame = pd.DataFrame(items).groupby(school)
    for about, found in (("mean", about_mean), ("median", about_median)):
        by_hand = (pd.DataFrame(items) - frame.transform(about)).abs().groupby(school).mean().mean(axis=1)
        np.testing.assert_allclose(found, by_hand.where(frame.size() >= 2), atol=1e-12)


@given(schools)
def test_laws_of_agreement_given_the_mean(rows):
    school, items = np.array(rows)[:, 0], np.array(rows)[:, 1:]
    found = awg(items, school, 1, 6)
    known = found.by_school["a_wg"].dropna()
    assert known.between(-1 - 1e-9, 1 + 1e-9).all()
    assert found.n_schools + found.n_without + found.n_outside == len(found.by_school)
    turned = awg(7 - items, school, 1, 6).by_school["a_wg"]
    np.testing.assert_allclose(turned, found.by_school["a_wg"], atol=1e-9)


def test_awg_at_its_ends():
    assert awg([1, 1, 6, 6], ["a"] * 4, 1, 6).mean == -1  # the most that four can disagree
    assert awg([3, 3, 3, 3], ["a"] * 4, 1, 6).mean == 1
    assert awg([6, 6, 6, 6], ["a"] * 4, 1, 6).mean == 1
    outside = awg([6, 6, 6, 5], ["a"] * 4, 1, 6)
    assert (outside.n_schools, outside.n_outside) == (0, 1)
    assert np.isnan(outside.mean)
    # Brown & Hauenstein's formula by hand: M = 3.5, s² = 1/3, k = 4, on 1–5
    kernel = awg_from_moments(np.array([[3.5]]), np.array([[1 / 3]]), np.array([[4.0]]), 1, 5)
    assert kernel[0, 0] == pytest.approx(1 - (2 / 3) / ((6 * 3.5 - 3.5**2 - 5) * 4 / 3))


def test_formulas_with_a_calculator():
    half = np.array([1.0, 0.0, 3.0])
    np.testing.assert_allclose(rwg_from_variance(half, 2.0), [0.5, 1, 0])
    np.testing.assert_allclose(rwg_j_from_variance(half, 10, 2.0), [10 * 0.5 / (10 * 0.5 + 0.5), 1, 0])
    np.testing.assert_allclose(rwg_lindell_from_variance(half, 2.0), [0.5, 1, -0.5])


def test_agreement_at_its_ends():
    same_answers = ic.rwg_j([[4, 4], [4, 4]], ["a", "a"], 6)
    assert same_answers.mean == 1
    wild = ic.rwg_j([[1, 1], [6, 6], [3, 3]], ["a", "a", "b"], 6)
    assert list(wild.by_school["rwg_j"].fillna(-1)) == [0, -1]
    assert (wild.n_at_floor, wild.n_without) == (1, 1)
    assert rwg_j_lindell([[1, 1], [6, 6]], ["a", "a"], 6).n_at_floor == 1


# --- significance


def test_simulated_nulls_are_multilevels(reference):
    # multilevel 2.7: rwg.sim(10, 5, 20000), rwg.j.sim and ad.m.sim of six items, independent and correlated .4
    expected = reference("multilevel_agreement_indices")["sim"]
    shares, draws = null_distribution("uniform", 5).shares, 20_000
    together = np.full((6, 6), 0.4) + 0.6 * np.eye(6)

    def drawn(n_items, correlation, statistic):
        drawing = Chance(
            shares=shares, n_items=n_items, correlation=correlation, draws=draws, rng=np.random.default_rng(5)
        )
        return statistic(next(drawing._counts(np.array([10]))), 10)

    for name, values, upper in (
        ("rwg", rwg_from_variance(drawn(1, None, mean_item_variance), 2.0), 0.95),
        ("rwg.j", rwg_j_from_variance(drawn(6, None, mean_item_variance), 6, 2.0), 0.95),
        ("rwg.j.correlated", rwg_j_from_variance(drawn(6, together, mean_item_variance), 6, 2.0), 0.95),
        ("ad.m", drawn(6, None, mean_deviation), 0.05),
        ("ad.m.one", drawn(1, None, mean_deviation), 0.05),
        ("ad.md", drawn(6, None, median_deviation), 0.05),
        ("ad.m.correlated", drawn(6, together, mean_deviation), 0.05),
    ):
        assert values.mean() == pytest.approx(expected[name]["mean"], abs=0.01)
        step = 0.041 if name == "ad.m.one" else 0.012  # one item has few values: two neighbours are .04 apart
        assert np.quantile(values, upper) == pytest.approx(expected[name]["quantile"], abs=step)


def test_p_values_of_a_small_group_are_the_exact_ones():
    # three teachers, one item of three options: all 27 patterns can be written down
    rows = np.array(np.meshgrid(*[[1, 2, 3]] * 3)).reshape(3, -1).T
    spread = rows.var(axis=1, ddof=1)
    values, school = rows.ravel(), np.repeat(np.arange(27), 3)
    found = rwg(values, school, 3, draws=20_000, rng=1).by_school
    exact = np.array([(spread <= s + 1e-9).mean() for s in spread])
    np.testing.assert_allclose(found["p_value"], exact, atol=0.012)
    assert found["critical"].isna().all()  # even full agreement comes about in 3 of 27


def test_deviations_drawn_are_distributed_as_all_patterns_are():
    # ten teachers, one item of five options: 1 001 counts of answers, with their multinomial probabilities
    counts = np.array([c for c in product(range(11), repeat=5) if sum(c) == 10], dtype=float)
    probability = np.exp(gammaln(11) - gammaln(counts + 1).sum(axis=1) - 10 * np.log(5))
    values, school = (
        np.repeat(np.tile(np.arange(5), len(counts)), counts.astype(int).ravel()),
        np.repeat(np.arange(len(counts)), 10),
    )
    for about, statistic in (("mean", mean_deviation), ("median", median_deviation)):
        exact = statistic(counts[:, None, :], 10)
        found = average_deviation(values, school, about=about, n_options=5, draws=20_000, rng=1).by_school
        np.testing.assert_allclose(found.iloc[:, 1], exact, atol=1e-12)
        at_most = np.array([probability[exact <= value + 1e-9].sum() for value in exact])
        np.testing.assert_allclose(found["p_value"], at_most, atol=0.012)


def test_p_values_are_as_often_small_as_they_say():
    rng = np.random.default_rng(2)
    school = np.repeat(np.arange(600), 8)
    items = rng.integers(1, 7, (len(school), 4))
    for index in (
        ic.rwg_j(items, school, 6, draws=2000, rng=1),
        average_deviation(items, school, n_options=6, draws=2000, rng=1),
    ):
        table = index.by_school
        assert (table["p_value"] <= 0.05).mean() == pytest.approx(0.05, abs=0.025)
        assert (table["p_value"] <= 0.5).mean() == pytest.approx(0.5, abs=0.06)
        agree = table["rwg_j"] >= table["critical"] if "rwg_j" in table else table["ad_m"] <= table["critical"] + 1e-9
        assert agree.equals(table["p_value"] <= 0.05)


def test_correlated_items_ask_for_more(lq2002):
    school = lq2002["COMPID"]
    loose, strict = (
        ic.rwg_j(lq2002[LEAD], school, 5, draws=1000, null_items=kind, rng=3) for kind in ("independent", "correlated")
    )
    assert (strict.by_school["critical"] > loose.by_school["critical"]).all()
    assert (strict.draws, strict.null_items, loose.null_items) == (1000, "correlated", "independent")
    again = ic.rwg_j(lq2002[LEAD], school, 5, draws=1000, rng=3)
    pd.testing.assert_frame_equal(again.by_school, strict.by_school)
    assert list(strict.under("slight_skew").by_school) == ["grpid", "rwg_j", "gsize"]


def test_correlations_within_schools(lq2002):
    items, school = lq2002[LEAD[:3]], lq2002["COMPID"]
    apart = items - items.groupby(school).transform("mean")
    found = correlation_within(items.to_numpy(float), group(school, len(items)))
    np.testing.assert_allclose(found, apart.corr(), atol=1e-10)
    constant = np.column_stack([items.iloc[:, 0], np.full(len(items), 3.0)])
    np.testing.assert_array_equal(correlation_within(constant, group(school, len(items))), np.eye(2))


def test_draws_that_make_no_sense():
    items, school = [[4, 4], [4, 5]], ["a", "a"]
    for draws in (-1, 50, 1.5, True, "many"):
        with pytest.raises(ic.ModelError, match="draws is 0, for no test, or at least 100"):
            ic.rwg_j(items, school, 6, draws=draws)
    with pytest.raises(ic.ModelError, match="needs the share of each answer"):
        ic.rwg_j(items, school, 6, draws=100, null=2.0)
    with pytest.raises(ic.ModelError, match="null_items='none' is not one of"):
        ic.rwg_j(items, school, 6, draws=100, null_items="none")
    with pytest.raises(ic.ModelError, match="needs n_options="):
        average_deviation(items, school, draws=100)
    with pytest.raises(ic.ModelError, match="too many answers"):
        ic.rwg_j(np.full((60_000, 2), 3), np.zeros(60_000, int), 6, draws=100_000)


def test_deviation_of_uniform_answers():
    # Burke, Finkelstein & Dusig (1999): AD of answers spread evenly over A options is (A² − 1)/(4A), or A/4 if A is even
    for A in range(2, 12):
        counts = np.full((1, 1, A), 7.0)
        even = (A**2 - 1) / (4 * A) if A % 2 else A / 4
        assert mean_deviation(counts, 7 * A)[0] == pytest.approx(even)
        assert median_deviation(counts, 7 * A)[0] == pytest.approx(even)


def test_a_known_agreement_is_found_again():
    # s² is unbiased, so r*_WG(J) is on average what the distribution within schools makes it, at any size of school
    rng, within = np.random.default_rng(7), np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    size = rng.integers(2, 12, 2_000)
    school = np.repeat(np.arange(len(size)), size)
    items = rng.choice(np.arange(1, 6), (len(school), 4), p=within)
    truth = 1 - variance_of(within) / 2
    assert rwg_j_lindell(items, school, 5).mean == pytest.approx(truth, abs=0.015)
    uniform = rng.integers(1, 6, (len(school), 4))
    assert rwg_j_lindell(uniform, school, 5).mean == pytest.approx(0, abs=0.015)
    assert awg(uniform[:, 0], np.repeat(np.arange(len(school) // 50 + 1), 50)[: len(school)], 1, 5).mean < 0.1


# --- words


def test_bands_of_the_papers():
    lowest = ["lack of agreement", "weak agreement", "moderate agreement", "strong agreement", "very strong agreement"]
    assert RWG_BANDS.of(np.array([0.0, 0.31, 0.51, 0.71, 0.91])) == lowest
    assert RWG_BANDS.of(np.array([0.30, 0.50, 0.70, 0.90, 1.0])) == lowest
    assert RWG_BANDS.of(np.array([-0.4, np.nan])) == ["lack of agreement", "no value"]
    assert AWG_BANDS.of(np.array([0.59, 0.6, 0.7, 0.8])) == [
        "unacceptable agreement",
        "weak agreement",
        "moderate agreement",
        "strong agreement",
    ]
    found = ic.rwg_j([[4, 4], [4, 5], [1, 1], [6, 6], [2, 2]], ["a", "a", "b", "b", "c"], 6)
    assert list(found.to_frame()["reading"]) == ["very strong agreement", "lack of agreement", "no value"]
    assert found.in_words().startswith(
        "rwg_j against a null distribution uniform: very strong agreement in 1 school, lack of agreement in 1 school"
    )
    away = average_deviation([1, 3, 1, 6], ["a", "a", "b", "b"], n_options=6)
    assert list(away.to_frame()["reading"]) == ["within A/6", "beyond A/6"]  # 1.0 is A/6 to the point
    assert (away.bound, away.n_within_bound, away.share_within_bound()) == (1, 1, 0.5)
    assert away.in_words() == (
        "ad_m with A/6 = 1.00: beyond A/6 in 1 school, within A/6 in 1 school; rule of Burke & Dunlap (2002)"
    )
    unknown = average_deviation([1, 3], ["a", "a"])
    assert list(unknown.to_frame()) == ["grpid", "ad_m", "gsize"]
    assert np.isnan(unknown.share_within_bound())
    with pytest.raises(ic.ModelError, match="give n_options="):
        unknown.in_words()


# --- a survey


def test_a_survey_gives_every_scale(now):
    scale = now.instrument.scale("team_support")
    items = now.items[scale.item_keys]
    by_hand = ic.rwg_j(items, now.school, 6)
    pd.testing.assert_frame_equal(rwg_j(now)["team_support"].by_school, by_hand.by_school)
    assert list(rwg_j(now)) == [s.key for s in now.instrument.scales]
    away = average_deviation(now, about="median")["team_support"]
    assert away.n_options == scale.high - scale.low + 1
    pd.testing.assert_frame_equal(away.by_school, average_deviation(items, now.school, about="median").by_school)
    pd.testing.assert_frame_equal(
        awg(now)["team_support"].by_school, awg(items, now.school, scale.low, scale.high).by_school
    )
    by_item = rwg(now)
    assert list(by_item) == [item.key for item in now.instrument.items]
    key = scale.item_keys[0]
    pd.testing.assert_frame_equal(by_item[key].by_school, rwg(items[key], now.school, 6).by_school)
    assert rwg(items, now.school, 6)[key].mean == by_item[key].mean
    assert {"rwg_j", "reading"} <= set(rwg_j(now).to_frame())


def test_a_survey_that_does_not_fit(example, now):
    for verb in (rwg, rwg_j, rwg_j_lindell, average_deviation, awg):
        with pytest.raises(ic.ResponseError, match=r"2 waves|several|waves"):
            verb(example)
        with pytest.raises(ic.ResponseError, match="know each teacher's school"):
            verb(now, now.school)
        with pytest.raises(ic.ResponseError, match="needs school="):
            verb(now.items)


def test_evidence_for_a_schools_mean(now):
    evidence = aggregation_evidence(now)
    table = evidence.to_frame().set_index("scale")
    scale, scores = "team_support", ic.score(now)["team_support"]
    items = now.items[now.instrument.scale(scale).item_keys]
    row, uniform = table.loc[scale], ic.rwg_j(items, now.school, 6)
    assert row["rwg_j_mean"] == uniform.mean
    assert row["rwg_j_median_slight_skew"] == ic.rwg_j(items, now.school, 6, null="slight_skew").median
    assert row["share_at_least_70"] == (uniform.by_school["rwg_j"] >= 0.7).mean()
    assert row["ad_m_mean"] == average_deviation(items, now.school).mean
    assert row["icc1"] == ic.icc1(scores, now.school).estimate
    assert row["icc2"] == ic.icc2(scores, now.school).estimate
    assert (row["n_teachers"], row["n_missing"], row["n_schools"]) == (uniform.n, uniform.n_missing, 24)
    for part in ("Do teachers share a view?", "Do schools differ?", "(ICC(2)). No threshold decides."):
        assert part in row["reading"]
    assert "no threshold decides whether a school's mean may speak for the school" in evidence.in_words()
    assert len(evidence.by_school) == len(table) * 24
    assert list(evidence.by_school) == ["scale", "grpid", "gsize", "rwg_j", "rwg_j_slight_skew", "ad_m"]
    assert evidence.to_dict()["null"] == "slight_skew"
    assert "no threshold decides" in repr(evidence)


def test_evidence_where_little_is_known(now, codebook, answers):
    alone = aggregation_evidence(now.select(school="Alder")).to_frame()
    assert alone["icc1"].isna().all()
    assert alone["rwg_j_mean"].notna().all()
    assert alone["reading"].str.contains("Do schools differ\\? Not known").all()
    one_each = ic.read_responses(answers.groupby("school").head(1), codebook, school="school")
    nothing = aggregation_evidence(one_each, null=0.9)
    assert nothing.to_frame()["rwg_j_mean_given"].isna().all()
    assert nothing.to_frame()["reading"].str.contains("nothing is known").all()
    with pytest.raises(ic.ResponseError, match="takes Responses"):
        aggregation_evidence(now.items)
    with pytest.raises(ic.ModelError, match="compared with anyway"):
        aggregation_evidence(now, null="uniform")


# --- what else may come


def test_answers_that_can_not_be_read(now):
    with pytest.raises(ic.ResponseError, match="n_options"):
        ic.rwg_j([[1, 2]], ["a"], 1)
    with pytest.raises(ic.ResponseError, match="n_options is the number of response options"):
        ic.rwg_j([[1, 2]], ["a"])
    with pytest.raises(ic.ResponseError, match="at least two items"):
        ic.rwg_j([[1], [2]], ["a", "a"], 5)
    with pytest.raises(ic.ResponseError, match="different indexes"):
        ic.rwg_j(now.items.iloc[::-1], now.school, 6)
    with pytest.raises(ic.ResponseError, match="more than 3 options"):
        ic.rwg_j(now.items, now.school, 3)
    with pytest.raises(ic.ResponseError, match="more than 3 options"):
        average_deviation(now.items, now.school, n_options=3)
    with pytest.raises(ic.ResponseError, match="infinite"):
        ic.rwg_j(pd.DataFrame({"a": [1, np.inf], "b": [1, 2]}), ["a", "a"], 5)
    with pytest.raises(ic.ResponseError, match="array of shape"):
        ic.rwg_j(np.ones((2, 2, 2)), ["a", "a"], 5)
    with pytest.raises(ic.ModelError, match="awg needs low= and high="):
        awg([1, 2], ["a", "a"], 1)
    with pytest.raises(ic.ModelError, match="not the ends of a scale"):
        awg([1, 2], ["a", "a"], 5, 1)
    with pytest.raises(ic.ResponseError, match="1 answers lie outside 1–5"):
        awg([1, 6], ["a", "a"], 1, 5)
    with pytest.raises(ic.ModelError, match="about='mode' is not one of"):
        average_deviation([1, 2], ["a", "a"], about="mode")


def test_schools_of_one_teacher_nobody_and_nothing():
    singles = [[1, 2], [3, 4]], ["a", "b"]
    nobody = [[np.nan, 2], [3, np.nan]], ["a", "a"]
    empty = np.empty((0, 2)), []
    for items, school in (singles, nobody, empty):
        found = ic.rwg_j(items, school, 6, draws=100, rng=1)
        assert (found.n_schools, found.n_without) == (0, len(set(school)))
        assert np.isnan([found.mean, found.median, found.share()]).all()
        assert found.in_words().count("no school has a value") == 1
        for about in ("mean", "median"):
            away = average_deviation(items, school, about=about, n_options=6, draws=100, rng=1)
            assert away.n_schools == 0
            assert away.by_school.iloc[:, 1].isna().all()
        assert awg(items, school, 1, 6).n_schools == 0
    assert ic.rwg_j(*nobody, 6).n_missing == 2


def test_hostile_names_and_constant_items():
    rng = np.random.default_rng(4)
    school = ["=1+1", "<b>x</b>", "  ", "Élan"] * 6
    items = pd.DataFrame({"=cmd|' /C calc'!A0": rng.integers(1, 7, 24), "": np.full(24, 3)})
    found = ic.rwg_j(items, school, 6, draws=200, rng=1)
    assert found.n_schools == 4
    assert found.by_school["p_value"].between(0, 1).all()
    assert rwg(items, school, 6)[""].mean == 1


def test_fractions_with_the_same_median():
    X = np.array([[0.1], [0.2], [0.7], [0.9], [0.3]])
    codes, size = np.array([0, 0, 0, 0, 1]), np.array([4, 1, 0])
    np.testing.assert_allclose(deviation_from_median(X, codes, size), [(0.35 + 0.25 + 0.25 + 0.45) / 4, 0, np.nan])


def test_records_are_json_ready_and_read_only(lq2002):
    found = ic.rwg_j(lq2002[TSIG], lq2002["COMPID"], 5)
    stored = found.to_dict()
    assert stored["by_school"][0]["grpid"] == "2"
    assert "_variance" not in stored
    assert repr(found) == f"<rwg_j: mean {found.mean:.3f} over 49 schools, null uniform (variance 2.000)>"
    assert repr(average_deviation(lq2002[TSIG], lq2002["COMPID"])).startswith("<ad_m: mean 0.")
    assert "49 schools" in repr(awg(lq2002[TSIG], lq2002["COMPID"], 1, 5))


def test_the_same_in_many_rows():
    rng = np.random.default_rng(6)
    items, school = rng.integers(1, 7, (200_000, 3)), rng.integers(0, 5_000, 200_000)
    table = ic.rwg_j(items, school, 6).by_school
    own = items[school == 17]
    expected = rwg_j_from_variance(np.array([own.var(axis=0, ddof=1).mean()]), 3, 35 / 12)[0]
    assert table.loc[17, "rwg_j"] == pytest.approx(expected, rel=1e-12)
