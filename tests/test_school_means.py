"""Empirical-Bayes means of schools, what they are worth, and how they may be compared."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

import internal_coherence as ic
from internal_coherence.schools.shrinkage.across_scales import shrink_vectors
from internal_coherence.schools.shrinkage.comparing_two import comparison_multiplier
from internal_coherence.schools.shrinkage.empirical_bayes import shrink, variances_of_components


def simulated(sizes, tau2, sigma2, rng, mu=3.0):
    school = np.repeat(np.arange(len(sizes)), sizes)
    u = rng.normal(size=len(sizes)) * np.sqrt(tau2)
    return mu + u[school] + rng.normal(size=len(school)) * np.sqrt(sigma2), school, mu + u


@pytest.mark.parametrize("variable", ["LEAD", "TSIG"])
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_means_are_lme4s(variable, method, lq2002, reference):
    # lme4 1.1-31: ranef(lmer(y ~ 1 + (1 | COMPID)), condVar = TRUE), its optimiser run to 1e-12
    expected = reference("lme4_school_means")[f"{variable}.{method}"]
    means = ic.school_means(lq2002[variable], lq2002["COMPID"], method=method)
    table = means.to_frame().set_index("school").loc[expected["school"]]
    np.testing.assert_allclose(table["effect"], expected["effect"], atol=1e-6)
    np.testing.assert_allclose(table["conditional_variance"], expected["condvar"], atol=1e-6)
    raw = lq2002.groupby("COMPID")[variable].mean()
    np.testing.assert_allclose(table["raw_mean"], raw.loc[[int(s) for s in table.index]], rtol=1e-12)
    np.testing.assert_allclose(table["mean"], means.components.mean + table["effect"], rtol=1e-14)


def test_the_conditional_error_is_lme4s_and_the_estimated_one_is_larger(lq2002):
    y, school = lq2002["LEAD"], lq2002["COMPID"]
    conditional = ic.school_means(y, school, error="conditional").to_frame()
    np.testing.assert_allclose(conditional["se"] ** 2, conditional["conditional_variance"], rtol=1e-12)
    assert (ic.school_means(y, school).to_frame()["se"] > conditional["se"]).all()


def test_variances_of_the_components_are_the_curvature_of_the_expected_likelihood():
    # Expected −log L at (τ², σ²) when the truth is (τ₀², σ₀²); its Hessian at the truth, by differences.
    size, truth = np.array([3.0, 5, 9, 9, 20]), np.array([0.4, 1.1])

    def expected(theta):
        t, s = theta
        d = s + size * t
        d0 = truth[1] + size * truth[0]
        return 0.5 * (((size - 1) * (np.log(s) + truth[1] / s)) + np.log(d) + d0 / d).sum()

    h, H = 1e-4, np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            e, f = np.eye(2)[i] * h, np.eye(2)[j] * h
            H[i, j] = (
                expected(truth + e + f) - expected(truth + e - f) - expected(truth - e + f) + expected(truth - e - f)
            ) / (4 * h * h)
    np.testing.assert_allclose(variances_of_components(size, *truth), np.linalg.inv(H), rtol=1e-5)


@pytest.mark.parametrize(("n_schools", "most"), [(12, 0.985), (40, 0.97)])
def test_intervals_cover_the_schools_own_means(n_schools, most):
    rng, covered = np.random.default_rng(6), {"estimated": [], "conditional": []}
    sizes = np.resize([5, 8, 15, 30], n_schools)
    for _ in range(150):
        y, school, truth = simulated(sizes, 0.15, 0.85, rng)
        for error, seen in covered.items():
            table = ic.school_means(y, school, error=error).to_frame()
            seen.append(((table["ci_lower"] <= truth) & (truth <= table["ci_upper"])).mean())
    assert 0.93 < np.mean(covered["estimated"]) < most
    assert np.mean(covered["conditional"]) < np.mean(covered["estimated"])


def test_shrunken_means_are_closer_to_the_truth_than_raw_ones():
    rng, gain = np.random.default_rng(7), []
    for _ in range(50):
        y, school, truth = simulated(np.resize([4, 10, 20], 30), 0.1, 0.9, rng)
        table = ic.school_means(y, school).to_frame()
        gain.append(((table["raw_mean"] - truth) ** 2).mean() - ((table["mean"] - truth) ** 2).mean())
    assert np.mean(gain) > 0


# --- the present staff ---


def test_everyone_on_the_roster_who_answered_is_known_without_error():
    y, school, _ = simulated([4, 6, 5, 8], 0.3, 0.7, np.random.default_rng(1))
    roster = {0: 4, 1: 12, 2: 5, 3: 16}
    table = ic.school_means(y, school, target="staff", roster=roster).to_frame()
    full = table["n"] == table["n_roster"]
    np.testing.assert_allclose(table.loc[full, "mean"], table.loc[full, "raw_mean"], rtol=1e-12)
    assert (table.loc[full, "se"] == 0).all()
    assert (table.loc[~full, "se"] > 0).all()


def test_a_very_large_staff_is_the_school_as_such():
    y, school, _ = simulated([4, 6, 5, 8], 0.3, 0.7, np.random.default_rng(1))
    staff = ic.school_means(y, school, target="staff", roster=dict.fromkeys(range(4), 10**9)).to_frame()
    whole = ic.school_means(y, school).to_frame()
    np.testing.assert_allclose(staff[["mean", "se"]], whole[["mean", "se"]], rtol=1e-7)


def test_intervals_cover_the_mean_of_the_present_staff():
    rng, staff, covered = np.random.default_rng(3), 12, []
    for _ in range(200):
        everyone, school, _ = simulated(np.full(25, staff), 0.2, 0.8, rng)
        answered = np.concatenate([rng.permutation(staff) < 9 for _ in range(25)])
        found = ic.school_means(
            everyone[answered], school[answered], target="staff", roster=dict.fromkeys(range(25), staff)
        )
        truth = everyone.reshape(25, staff).mean(axis=1)
        table = found.to_frame().set_index(found.to_frame()["school"].astype(int)).loc[range(25)]
        covered.append(((table["ci_lower"] <= truth) & (truth <= table["ci_upper"])).mean())
    assert 0.93 < np.mean(covered) < 0.97


def test_rosters_that_can_not_be_are_refused(now):
    y, school = [1, 2, 3, 4.0], list("aabb")
    with pytest.raises(ic.ModelError, match="needs roster="):
        ic.school_means(y, school, target="staff")
    with pytest.raises(ic.ModelError, match="goes with target='staff'"):
        ic.school_means(y, school, roster={"a": 2, "b": 2})
    with pytest.raises(ic.ResponseError, match="no number of teachers for 'b'"):
        ic.school_means(y, school, target="staff", roster={"a": 2})
    with pytest.raises(ic.ResponseError, match="fewer teachers than answered in 'b'"):
        ic.school_means(y, school, target="staff", roster={"a": 2, "b": 1})
    with pytest.raises(ic.ResponseError, match="listed twice: '1'"):
        ic.school_means(y, [1, 1, 2, 2], target="staff", roster=pd.Series([3, 3, 3], index=[1, 1.0, 2]))
    table = ic.school_means(now, target="staff")["leadership"].to_frame()
    assert (table["n_roster"] >= table["n"]).all()


# --- several scales together ---


def test_vectors_of_one_scale_are_the_univariate_means():
    size, mean = np.array([3.0, 7, 20]), np.array([2.5, 3.5, 3.2])
    alone = shrink(size, mean, 3.0, 0.3, 0.9)
    together = shrink_vectors(size[:, None, None], mean[:, None], np.array([3.0]), np.array([[0.9]]), np.array([[0.3]]))
    np.testing.assert_allclose(together.mean[:, 0], alone.mean, rtol=1e-12)
    np.testing.assert_allclose(together.covariance[:, 0, 0], alone.conditional, rtol=1e-12)
    np.testing.assert_allclose(together.reliability[:, 0], alone.reliability, rtol=1e-12)


def test_vectors_are_the_normal_conditional_expectation():
    rng = np.random.default_rng(4)
    A = rng.normal(size=(3, 3))
    B, W = A @ A.T, np.cov(rng.normal(size=(3, 30)))
    n = np.array([[6.0, 5, 4], [5, 7, 3], [4, 3, 5]])
    size, m, mu = np.diag(n), rng.normal(size=3), np.zeros(3)
    V = B + W * n / np.outer(size, size)
    found = shrink_vectors(n[None], m[None], mu, W, B)
    np.testing.assert_allclose(found.mean[0], B @ np.linalg.solve(V, m), rtol=1e-10)
    np.testing.assert_allclose(found.covariance[0], B - B @ np.linalg.solve(V, B), rtol=1e-9, atol=1e-12)
    # A scale that nobody in the school has is predicted from the others.
    without = shrink_vectors(n[None] * [[1, 1, 0], [1, 1, 0], [0, 0, 0]], m[None], mu, W, B)
    two = np.ix_([0, 1], [0, 1])
    np.testing.assert_allclose(without.mean[0], B[:, :2] @ np.linalg.solve(V[two], m[:2]), rtol=1e-10)


def test_borrowing_across_scales_makes_means_more_reliable(lq2002):
    data = lq2002[[f"LEAD{k:02d}" for k in range(1, 4)]]
    alone, together = (
        ic.school_means(data, lq2002["COMPID"]),
        ic.school_means(data, lq2002["COMPID"], across_scales=True),
    )
    for item in alone:
        a, b = alone[item].to_frame(), together[item].to_frame()
        assert (b["reliability"] > a["reliability"] - 0.02).all()
        assert b["reliability"].mean() > a["reliability"].mean()
        assert np.corrcoef(a["mean"], b["mean"])[0, 1] > 0.9
    with pytest.raises(ic.ModelError, match="pass a table of several"):
        ic.school_means(data["LEAD01"], lq2002["COMPID"], across_scales=True)


# --- comparing, ranking ---


def test_equal_errors_have_the_known_multiplier():
    assert comparison_multiplier(np.full(5, 0.3)) == pytest.approx(1.959963984540054 / np.sqrt(2), rel=1e-9)


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=40), st.floats(0.5, 0.99))
def test_the_average_error_over_pairs_is_what_was_asked_for(errors, level):
    se = np.array(errors)
    c = comparison_multiplier(se, level)
    i, j = np.triu_indices(len(se), 1)
    ratio = (se[i] + se[j]) / np.hypot(se[i], se[j])
    assert np.mean(2 * ndtr(-c * ratio)) == pytest.approx(1 - level, abs=1e-9)


def test_many_different_errors_are_gathered():
    se = np.random.default_rng(0).uniform(0.1, 0.4, 6000)
    i, j = np.triu_indices(1500, 1)
    few = se[:1500]
    ratio = (few[i] + few[j]) / np.hypot(few[i], few[j])
    assert np.mean(2 * ndtr(-comparison_multiplier(se) * ratio)) == pytest.approx(0.05, abs=2e-4)


def test_who_is_lowest_is_uncertain_and_for_research_only(now):
    means = ic.school_means(now)["team_support"]
    found = means.lowest(3, rng=1)
    assert found["probability"].sum() == pytest.approx(3)
    pd.testing.assert_frame_equal(found, means.lowest(3, rng=1))
    table = means.to_frame()
    lowest = table["school"][table["mean"].idxmin()]
    assert found.set_index("school")["probability"].idxmax() == lowest
    with pytest.raises(ic.DisclosureError, match="not for ranking"):
        ic.aggregate(now).means["team_support"].lowest(3)
    with pytest.raises(ic.ModelError, match="k=0 is not a whole number from 1 to 24"):
        means.lowest(0)


def test_two_schools_swap_places_as_often_as_their_difference_says():
    data = pd.DataFrame({"school": ["a"] * 30 + ["b"] * 30, "y": np.r_[np.arange(30) % 5, np.arange(30) % 5 + 0.4]})
    means = ic.school_means(data["y"], data["school"])
    table = means.to_frame()
    apart = np.diff(table["mean"])[0] / np.hypot(*table["se"])
    found = means.lowest(1, draws=200_000, rng=2)["probability"]
    assert found[0] == pytest.approx(ndtr(apart), abs=0.005)


# --- the ends ---


def test_a_school_where_nobody_answered_gets_the_mean_of_all_and_says_so():
    y = pd.DataFrame({"x": [1, 2, 4, 5, 3, 2.0], "z": [1, 2, 4, 5, np.nan, np.nan]})
    table = ic.school_means(y, list("aabbcc"))["z"].to_frame().set_index("school")
    assert table.loc["c", "n"] == 0
    assert np.isnan(table.loc["c", "raw_mean"])
    assert table.loc["c", "reliability"] == 0


def test_no_difference_between_schools_makes_all_means_one():
    table = ic.school_means([1, 6, 2, 5, 1, 6.0], list("aabbcc")).to_frame()
    assert table["mean"].nunique() == 1
    assert (table["reliability"] == 0).all()
    assert (table["se"] > 0).all()  # that τ² is 0 is an estimate
    still = ic.school_means([1, 1, 2, 2, 4, 4.0], list("aabbcc"))
    np.testing.assert_allclose(still.to_frame()["mean"], [1, 2, 4])
    assert still.comparison_intervals()["lower"].isna().all()


def test_a_record_can_be_kept(now):
    means = ic.school_means(now)["leadership"]
    assert len(json.loads(json.dumps(means.to_dict(), allow_nan=False))["schools"]) == 24
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(means)).to_frame(), means.to_frame())
    with pytest.raises(ic.ModelError, match="level=2"):
        means.to_frame(level=2)
    ax = means.plot()
    assert [text.get_text() for text in ax.get_yticklabels()][-1] == means.to_frame().sort_values("mean")[
        "school"
    ].iloc[-1]


# --- what a district's table may hold ---


def test_a_districts_means_borrow_from_nobody_who_is_withheld(now):
    shown = ic.aggregate(now)
    table = shown.to_frame()
    open_schools = table.loc[table["withheld"] == "", "school"].unique()
    alone = ic.aggregate(now.select(school=list(open_schools)))
    mine = table[table["withheld"] == ""].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, alone.to_frame().reset_index(drop=True))
    pd.testing.assert_frame_equal(shown.by_scale, alone.by_scale)


def test_spreads_are_hidden_in_threes_or_not_at_all(now):
    sizes = now.school.value_counts()
    small = sizes[sizes.between(5, 30)].index[-1]
    gates = ic.Gates(min_distribution=int(sizes[small]) + 1)
    table = ic.aggregate(now, gates=gates).to_frame().query("withheld == '' and scale == 'leadership'")
    hidden = table["sd"].isna()
    assert hidden.sum() == 0 or hidden.sum() >= 3
    assert (table.loc[hidden, ["se", "rwg_j"]].isna()).all().all()
    assert table.loc[hidden, "mean"].notna().all()


def test_one_school_of_a_table(now):
    table = ic.aggregate(now)
    assert len(table.of_school("Alder")) == 11
    with pytest.raises(ic.DisclosureError, match="'Poplar' may not be shown: fewer than 5 teachers"):
        table.of_school("Poplar")
    with pytest.raises(ic.ResponseError, match=r"no school 'Popler'.*did you mean 'Poplar'"):
        table.of_school("Popler")
    assert ic.aggregate(now, audience="research").of_school("Poplar")["mean"].notna().all()


def test_tables_are_safe_in_a_spreadsheet(codebook, answers, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    data = answers.replace({"school": {"Elm": "=HYPERLINK(1)"}})
    responses = ic.read_responses(data, codebook, school="school")
    table = ic.aggregate(responses, gates=ic.Gates(min_teachers=3))
    book = openpyxl.load_workbook(table.to_xlsx(tmp_path / "schools.xlsx"))
    assert book.sheetnames == ["schools", "scales"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "'=HYPERLINK(1)" in {cell.value for cell in cells}
    assert "'=HYPERLINK(1)" in table.to_csv(tmp_path / "schools.csv").read_text(encoding="utf-8-sig")


def test_pictures_of_schools(now):
    table = ic.aggregate(now)
    heat = table.plot_heatmap()
    assert len(heat.patches) == 2 * 11  # two schools withheld on eleven scales
    assert table.plot("team_support").get_xlabel() == "Mean of the school on team_support"
    with pytest.raises(ic.ResponseError, match="did you mean 'team_support'"):
        table.plot("team_suport")
