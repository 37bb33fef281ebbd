"""Between schools and within: intraclass correlations, agreement, and the school table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.moments.grouping import group, school_moments
from internal_coherence.schools.variance.analysis_of_variance import icc1_from_ratio, icc2_from_ratio


@pytest.mark.parametrize("variable", ["LEAD", "TSIG"])
def test_intraclass_correlations_are_multilevels(variable, lq2002, reference):
    # multilevel 2.8: ICC1(aov(y ~ group)), ICC2(...)
    expected = reference("multilevel_agreement")[variable]
    one = ic.icc1(lq2002[variable], lq2002["COMPID"])
    two = ic.icc2(lq2002[variable], lq2002["COMPID"])
    assert one.estimate == pytest.approx(expected["icc1"], rel=1e-12)
    assert two.estimate == pytest.approx(expected["icc2"], rel=1e-12)
    assert [one.ms_between, one.ms_within] == pytest.approx(expected["ms"], rel=1e-12)
    assert [one.df_between, one.df_within] == expected["df"]
    assert pytest.approx(expected["F"], rel=1e-12) == one.F
    assert one.p_value == pytest.approx(expected["p"], rel=1e-8)
    assert (one.n, one.n_schools) == (expected["n"], expected["groups"])


@pytest.mark.parametrize(
    ("ms_within", "ms_between", "icc1", "icc2"),
    [(1.4412, 10.9893, 0.2013, 0.8688), (0.9902, 11.9737, 0.2968, 0.9173), (0.6401, 2.3405, 0.0918, 0.7265)],
)
def test_mean_squares_of_a_published_table(ms_within, ms_between, icc1, icc2):
    # BMC Health Services Research 11:251, Table 3; k about 26.28, which its rounding leaves open in the fourth digit
    ratio = np.array(ms_between / ms_within)
    assert icc1_from_ratio(ratio, 26.28) == pytest.approx(icc1, abs=1.5e-4)
    assert icc2_from_ratio(ratio) == pytest.approx(icc2, abs=1e-4)


values = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=12, max_size=60)


@given(values)
def test_total_is_within_plus_between(pairs):
    school, x = np.array(pairs).T
    moments = school_moments(x[:, None].astype(float), group(school, len(x)))
    size, mean = moments.size[:, 0], moments.mean[:, 0]
    between = size @ (mean - x.mean()) ** 2
    assert moments.sum_of_squares.sum() + between == pytest.approx(((x - x.mean()) ** 2).sum(), rel=1e-10, abs=1e-9)


@given(values)
def test_icc2_is_icc1_stepped_up(pairs):
    school, x = np.array(pairs).T
    if len(set(school)) < 2 or len(set(school)) == len(school):
        return
    one, two = ic.icc1(x, school), ic.icc2(x, school)
    if np.isfinite(one.estimate) and np.isfinite(two.estimate):
        assert two.estimate == pytest.approx(
            one.k * one.estimate / (1 + (one.k - 1) * one.estimate), rel=1e-9, abs=1e-9
        )


def test_a_negative_intraclass_correlation_is_shown():
    result = ic.icc1([1, 6, 2, 5, 1, 6], ["a", "a", "b", "b", "c", "c"])
    assert result.estimate == pytest.approx(-1.0)
    assert float(result) == result.estimate


def test_unequal_groups_have_two_sizes():
    school = ["a"] * 2 + ["b"] * 3 + ["c"] * 7
    x = np.arange(12) % 5
    assert ic.icc1(x, school).k == 4
    assert ic.icc1(x, school, group_size="k0").k == pytest.approx((12 - (4 + 9 + 49) / 12) / 2)
    with pytest.raises(ic.ModelError, match="group_size='median'"):
        ic.icc1(x, school, group_size="median")


def test_missing_values_are_left_out_and_counted():
    x = np.array([1, 2, np.nan, 4, 5, 6.0])
    result = ic.icc1(x, [1, 1, 1, 2, 2, 2])
    assert (result.n, result.n_missing) == (5, 1)
    with pytest.raises(ic.ResponseError, match="school is missing in 1 of 6 rows"):
        ic.icc1(x, [1, 1, 1, 2, 2, None])
    with pytest.raises(ic.ResponseError, match="5 entries for 6 rows"):
        ic.icc1(x, [1, 1, 1, 2, 2])
    with pytest.raises(ic.ResponseError, match="one column, or a table"):
        ic.icc1(np.ones((3, 2, 2)), [1, 1, 2])
    with pytest.raises(ic.ResponseError, match="1 values are infinite"):
        ic.icc1([1, 2, np.inf], [1, 1, 2])


@pytest.fixture
def responses(answers, codebook):
    keys = ["t1", "t2", "t3", "c1", "c2", "c3"]
    data = answers.astype(dict.fromkeys(keys, float))
    data.loc[0, "t1"] = data.loc[5, "t2"] = data.loc[5, "t3"] = np.nan
    return ic.read_responses(data, codebook, school="school", roster={"Elm": 5, "Oak": 8, "Yew": 4})


def test_the_two_published_rules_of_a_school_score(responses):
    gates = ic.Gates(min_teachers=3, min_distribution=3, min_response_rate=0)
    items, school = responses.items[["t1", "t2", "t3"]], responses.school
    by_rule = {}
    for rule in ("teacher_scores", "item_means"):
        table = ic.aggregate(responses, rule=rule, min_answered=1, gates=gates).to_frame()
        by_rule[rule] = table[table["scale"] == "trust"].set_index("school")["mean"]
    teachers = items.mean(axis=1).groupby(school.to_numpy()).mean()
    of_items = items.groupby(school.to_numpy()).mean().mean(axis=1)
    np.testing.assert_allclose(by_rule["teacher_scores"], teachers, rtol=1e-12)
    np.testing.assert_allclose(by_rule["item_means"], of_items, rtol=1e-12)
    assert by_rule["teacher_scores"]["Elm"] != by_rule["item_means"]["Elm"]


def test_spread_and_standard_error_of_the_table(responses):
    gates = ic.Gates(min_teachers=3, min_distribution=3, min_response_rate=0)
    table = ic.aggregate(responses, min_answered=1, gates=gates).to_frame().set_index(["scale", "school"])
    scores = ic.score(responses, min_answered=1)["clarity"].groupby(responses.school.to_numpy())
    np.testing.assert_allclose(table.loc["clarity", "sd"], scores.std(), rtol=1e-12)
    np.testing.assert_allclose(table.loc["clarity", "se"], scores.sem(), rtol=1e-12)


def test_schools_below_the_gates_are_withheld_from_a_district_and_marked_for_a_researcher(responses):
    gates = ic.Gates(min_teachers=4, min_distribution=4, min_response_rate=0.6)
    district = ic.aggregate(responses, gates=gates).to_frame().set_index(["school", "scale"])
    assert district.loc[("Oak", "trust"), "withheld"] == "response rate 50.0% is below 60%"
    assert np.isnan(district.loc[("Oak", "trust"), "mean"])
    assert not np.isnan(district.loc[("Elm", "trust"), "mean"])
    research = ic.aggregate(responses, audience="research", gates=gates).to_frame().set_index(["school", "scale"])
    assert research.loc[("Oak", "trust"), "withheld"] == "response rate 50.0% is below 60%"
    assert not np.isnan(research.loc[("Oak", "trust"), "mean"])


def test_teachers_who_all_answered_alike_are_withheld(codebook, answers):
    data = answers.copy()
    data.loc[data["school"] == "Elm", ["c1", "c2", "c3"]] = 4
    responses = ic.read_responses(data, codebook, school="school")
    table = ic.aggregate(responses, gates=ic.Gates(min_teachers=3, min_distribution=3)).to_frame()
    row = table.query("school == 'Elm' and scale == 'clarity'").iloc[0]
    assert row["withheld"] == "the answers are too alike to be shown"
    assert np.isnan(row["mean"])


def test_a_table_of_all_schools_is_not_for_a_school(responses):
    with pytest.raises(ic.DisclosureError, match="audience='district' or 'research'"):
        ic.aggregate(responses, audience="school")
    with pytest.raises(ic.ModelError, match="audience='public' is not one of"):
        ic.aggregate(responses, audience="public")
    with pytest.raises(ic.ModelError, match="rule='median' is not one of"):
        ic.aggregate(responses, rule="median")


def test_moments_of_pairs_come_from_those_who_have_both():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    X[rng.random(X.shape) < 0.2] = np.nan
    school = rng.integers(0, 4, 60)
    moments = school_moments(X, group(school, 60))
    for j in range(4):
        own = pd.DataFrame(X[school == j])
        np.testing.assert_allclose(moments.mean[j], own.mean(), rtol=1e-12)
        np.testing.assert_allclose(moments.sum_of_squares[j], (own.var() * (own.count() - 1)), rtol=1e-12)
        both = own[[0, 1]].dropna().index
        residual = own - own.mean()
        assert moments.n[j, 0, 1] == len(both)
        assert moments.cross[j, 0, 1] == pytest.approx((residual[0] * residual[1]).loc[both].sum(), rel=1e-10)


def test_one_answer_apart_from_all_at_the_end_of_the_scale_is_withheld(codebook, answers):
    data = pd.concat([answers, answers], ignore_index=True)
    data.loc[data["school"] == "Elm", ["c1", "c2", "c3"]] = 4
    data.loc[0, "c1"] = 1
    responses = ic.read_responses(data, codebook, school="school")
    gates = ic.Gates(min_teachers=3, min_distribution=3, min_other_schools=2)
    table = ic.aggregate(responses, gates=gates).to_frame().set_index(["school", "scale"])
    assert table.loc[("Elm", "clarity"), "withheld"] == "the answers are too alike to be shown"
    profile = ic.profile(responses, "Elm", gates=gates)
    assert {item.withheld for item in profile.items if item.scale == "clarity"} == {
        "the answers are too alike to be shown"
    }
    assert {item.withheld for item in profile.items if item.scale == "trust"} == {""}


def test_the_spread_of_few_teachers_is_not_for_a_district(codebook, answers):
    responses = ic.read_responses(answers, codebook, school="school")
    gates = ic.Gates(min_teachers=3)
    table = ic.aggregate(responses, gates=gates).to_frame()
    assert table["mean"].notna().all()
    assert table[["sd", "se"]].isna().all().all()
    assert ic.aggregate(responses, gates=gates, audience="research").to_frame()["sd"].notna().all()


def test_a_school_that_a_roster_forgot_is_withheld(codebook, answers):
    responses = ic.read_responses(answers, codebook, school="school", roster={"Elm": 4, "Oak": 4})
    table = ic.aggregate(responses, gates=ic.Gates(min_teachers=3, min_distribution=3)).to_frame().set_index("school")
    assert set(table.loc["Yew", "withheld"]) == {"it is not on the roster, so its response rate is unknown"}


def test_rows_in_another_order_than_their_schools_are_refused(now):
    scores = ic.score(now)["leadership"]
    with pytest.raises(ic.ResponseError, match="different indexes"):
        ic.icc1(scores.sort_values(), now.school)
    with pytest.raises(ic.ResponseError, match="different indexes"):
        ic.rwg_j(now.items.iloc[::-1], now.school, 6)
    with pytest.raises(ic.ResponseError, match="takes numbers; some of these values are not"):
        ic.icc1(["a", "b"], [1, 2])
    with pytest.raises(ic.ResponseError, match="more than 3 options"):
        ic.rwg_j(now.items, now.school, 3)


def test_schools_that_agree_to_the_last_teacher():
    result = ic.icc1([1, 1, 2, 2], ["a", "a", "b", "b"])
    assert (result.estimate, result.F, result.p_value) == (1.0, float("inf"), 0.0)
