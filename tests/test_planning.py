"""Design effects, and how many teachers and schools a survey needs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

import internal_coherence as ic
from internal_coherence.schools.planning.design_effects import design_effect
from internal_coherence.schools.planning.drawing_up_plans import plan_schools
from internal_coherence.schools.planning.noncentral import noncentral_t
from internal_coherence.schools.planning.precision import (
    design_effect_of,
    detectable,
    district_change,
    district_margin,
    power_of_t,
    reliability_of_mean,
    school_change,
    school_margin,
    teachers_for_reliability,
)


@pytest.fixture(scope="module")
def r(reference):
    return reference("school_comparisons")["power"]


# R


def test_power_is_rs(r):
    # power.t.test(strict = TRUE): other teachers in the second wave are two samples, schools against themselves one
    two = school_change(0.8**2, 20, overlap=0, stability=0.5)
    assert two == (pytest.approx(2 * 0.64 / 20), 38)
    assert power_of_t(0.5, *two, 0.05) == pytest.approx(r["two_sample"], rel=1e-9)
    assert power_of_t(0.2, *school_change(1, 3, 0, 0), 0.05) == pytest.approx(r["two_sample_small"], rel=1e-9)
    assert power_of_t(-0.3, 0.4**2 / 12, 11, 0.05) == pytest.approx(r["paired"], rel=1e-9)
    assert detectable(*two, 0.05, 0.8) == pytest.approx(r["delta_two_sample"], rel=1e-8)
    assert detectable(0.4**2 / 12, 11, 0.05, 0.8) == pytest.approx(r["delta_paired"], rel=1e-8)


def test_numbers_needed_are_rs_rounded_up(r):
    plan = plan_schools(0.2, teachers=16, sd=0.8 / np.sqrt(0.8), change=0.5)
    assert plan.needed()["teachers_for_change"].item() == np.ceil(r["n_two_sample"])
    # one change of a school has the variance 2τ²(1 − R) + 2σ²/k, here 0.4²
    tau2, sigma2 = 0.2, 0.8
    stability = 1 - (0.4**2 - 2 * sigma2 / 16) / (2 * tau2)
    plan = plan_schools(0.2, teachers=16, change=0.3, school_stability=stability, power=0.9)
    assert plan.needed()["schools_for_change"].item() == np.ceil(r["n_paired"])


# worked examples


def test_design_effects_of_books():
    # Kish (1965): 1 + (b − 1)ρ; Eldridge, Ashby & Kerry (2006): 1 + ((cv² + 1)n̄ − 1)ρ
    assert float(design_effect(icc=0.05, sizes=[11] * 10)) == pytest.approx(1.5)
    sizes = np.array([4, 8, 12, 40])
    cv = sizes.std() / sizes.mean()
    found = design_effect(icc=0.1, sizes=sizes)
    assert found.estimate == pytest.approx(1 + ((cv**2 + 1) * sizes.mean() - 1) * 0.1)
    assert found.effective_n == pytest.approx(64 / found.estimate)
    assert found.se_inflation == pytest.approx(np.sqrt(found.estimate))
    assert found.size_cv == pytest.approx(cv)


def test_teachers_for_a_reliability():
    # Bliese (2000): ICC(1) = .12 needs k = .7 · .88/(.12 · .3) = 17.1 members for ICC(2) = .70
    assert teachers_for_reliability(0.12, 0.7) == pytest.approx(0.7 * 0.88 / (0.12 * 0.3))
    assert plan_schools(0.12).needed()["teachers_for_icc2"].unique() == [18]
    assert plan_schools(0.5, target_icc2=0.5).needed()["teachers_for_icc2"].unique() == [1]
    assert plan_schools(0.0).needed()["teachers_for_icc2"].isna().all()


# laws


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_the_teachers_needed_reach_the_target(rho, target):
    assert reliability_of_mean(rho, teachers_for_reliability(rho, target)) == pytest.approx(target, rel=1e-9)


@given(st.floats(0.0, 0.9), st.integers(2, 50), st.integers(2, 60), st.floats(0, 1), st.floats(0, 1))
def test_more_is_never_worse(rho, k, J, overlap, stability):
    few, more = school_change(1 - rho, k, overlap, stability), school_change(1 - rho, k + 1, overlap, stability)
    assert power_of_t(0.4, *more, 0.05) >= power_of_t(0.4, *few, 0.05) - 1e-9
    one = district_change(rho, 1 - rho, k, J, 0.8, overlap, stability)
    two = district_change(rho, 1 - rho, k, J + 1, 0.8, overlap, stability)
    assert power_of_t(0.1, *two, 0.05) >= power_of_t(0.1, *one, 0.05) - 1e-9
    assert school_margin(1, k + 1, np.inf, 0.95) < school_margin(1, k, np.inf, 0.95)
    assert school_change(1, k, 1, stability)[1] == pytest.approx(k - 1)
    assert school_change(1, k, 0, stability)[1] == pytest.approx(2 * k - 2)
    if few[0] > 1e-9:
        assert power_of_t(detectable(*few, 0.05, 0.8), *few, 0.05) == pytest.approx(0.8, abs=1e-6)


@given(st.integers(2, 30), st.integers(2, 30), st.floats(0, 0.9))
def test_margins_agree_with_the_design_effect(k, J, rho):
    # with infinite staff and district, the variance of the mean is that of n_eff independent teachers
    half = float(district_margin(rho, 1 - rho, k, J, np.inf, np.inf, 0.95))
    se = np.sqrt(1 / (J * k / design_effect_of(rho, k)))
    assert half == pytest.approx(stdtrit(J - 1, 0.975) * se)
    assert district_margin(rho, 1 - rho, k, J, k, J, 0.95) == 0  # everyone answered
    assert school_margin(1, k, k, 0.95) == 0


# simulation


def teachers_of(rng, tau2, sigma2, J, k):
    return rng.normal(0, np.sqrt(tau2), (J, 1)) + rng.normal(0, np.sqrt(sigma2), (J, k))


def test_margins_and_power_hold_in_simulation():
    rng = np.random.default_rng(11)
    tau2, sigma2, J, k, reps = 0.15, 0.85, 12, 10, 4000
    half = float(district_margin(tau2, sigma2, k, J, np.inf, np.inf, 0.95))
    means = np.array([teachers_of(rng, tau2, sigma2, J, k).mean() for _ in range(reps)])
    assert means.std() * stdtrit(J - 1, 0.975) == pytest.approx(half, rel=0.05)
    # a finite staff of 16 and a district of 20 schools, both drawn from without replacement
    staff = teachers_of(rng, tau2, sigma2, 20, 16)
    tau = staff.mean(1).var(ddof=1) - staff.var(1, ddof=1).mean() / 16
    drawn = [rng.permuted(staff, axis=1)[rng.permutation(20)[:J], :k].mean() for _ in range(reps)]
    expected = district_margin(tau, staff.var(1, ddof=1).mean(), k, J, 16, 20, 0.95) / stdtrit(J - 1, 0.975)
    assert np.std(drawn) == pytest.approx(float(expected), rel=0.05)


def test_power_to_see_a_change_holds_in_simulation():
    rng = np.random.default_rng(12)
    tau2, sigma2, J, k, R, r, same, change, reps = 0.2, 0.8, 9, 10, 0.7, 0.5, 6, 0.4, 3000
    between = np.sqrt(tau2) * rng.multivariate_normal([0, 0], [[1, R], [R, 1]], (reps, J))
    within = np.sqrt(sigma2) * rng.multivariate_normal([0, 0], [[1, r], [r, 1]], (reps, J, k))
    within[:, :, same:, 1] = np.sqrt(sigma2) * rng.normal(size=(reps, J, k - same))  # others came
    d = change + (between + within.mean(axis=2)) @ [-1, 1]
    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / np.sqrt(J))
    test = district_change(tau2, sigma2, k, J, R, same / k, r)
    assert d.mean(axis=1).var() == pytest.approx(test[0], rel=0.08)
    assert (np.abs(t) > stdtrit(J - 1, 0.975)).mean() == pytest.approx(power_of_t(change, *test, 0.05), abs=0.025)
    one = school_change(sigma2, k, same / k, r)
    assert (within[:, 0].mean(axis=1) @ [-1, 1]).var() == pytest.approx(one[0], rel=0.08)


def test_design_effects_are_those_of_repeated_samples():
    rng = np.random.default_rng(13)
    sizes = np.array([3, 5, 8, 20, 40] * 8)
    school = np.repeat(np.arange(40), sizes)
    means, variances, effects = [], [], []
    for _ in range(400):
        x = rng.normal(0, np.sqrt(0.2), 40)[school] + rng.normal(0, np.sqrt(0.8), len(school))
        means.append(x.mean())
        effects.append(float(design_effect(x, school)))
    variances = np.var(means) / (1 / len(school))
    assert np.mean(effects) == pytest.approx(variances, rel=0.15)
    assert np.mean(effects) == pytest.approx(1 + ((sizes @ sizes) / sizes.sum() - 1) * 0.2, rel=0.05)


# the verbs


def test_design_effect_of_a_survey(now):
    found = design_effect(now)
    table = found.to_frame()
    assert list(table.index) == [scale.key for scale in now.instrument.scales]
    score = ic.score(now)["leadership"]
    one = ic.icc1(score, now.school, group_size="k0")
    assert found["leadership"].icc == pytest.approx(one.estimate, rel=1e-12)
    single = design_effect(score, now.school, method="reml")
    assert single.icc == pytest.approx(found["leadership"].icc, abs=0.03)
    assert single.method == "reml"
    for method in ("reml", "ml"):
        components = ic.variance_components(score, now.school, method=method)
        assert design_effect(score, now.school, method=method).icc == pytest.approx(components.icc, rel=1e-12)
    assert design_effect(score, now.school, icc=0.1).method == "given"
    assert repr(single).startswith("<design effect")


def test_design_effects_at_their_ends():
    negative = design_effect([1, 6, 2, 5, 1, 6], ["a", "a", "b", "b", "c", "c"])
    assert negative.icc == pytest.approx(-1)
    assert negative.estimate == pytest.approx(0)
    assert np.isnan(negative.effective_n)
    alike = design_effect([1, 1, 2, 2, np.nan], list("aabbb"))
    assert (alike.icc, alike.estimate, alike.n_missing) == (1, 2, 1)
    assert np.isnan(float(design_effect([3, 3, 3, 3], list("aabb"))))
    for bad in ({"icc": 0.1}, {"sizes": [2, 3]}, {"values": [1, 2], "school": [1, 2], "sizes": [1, 1]}):
        with pytest.raises(ic.ModelError, match="design_effect"):
            design_effect(**bad)
    with pytest.raises(ic.ModelError, match="whole numbers"):
        design_effect(icc=0.1, sizes=[2.5])
    with pytest.raises(ic.ModelError, match="icc=2"):
        design_effect(icc=2, sizes=[2])
    with pytest.raises(ic.ModelError, match="method='mean'"):
        design_effect([1, 2], [1, 1], method="mean")
    for school, why in (([1, 1, 1], "at least two with answers"), ([1, 2, 3], "every school has one teacher")):
        with pytest.raises(ic.ResponseError, match=why):
            design_effect([1, 2, 3], school)


def test_a_plan():
    plan = plan_schools(
        {"trust": 0.1, "voice": 0.2},
        teachers=(20, 10),
        schools=[6, 30],
        margin=0.4,
        change=0.3,
        overlap=0.8,
        stability=0.6,
    )
    grid = plan.to_frame()
    assert len(grid) == 8
    assert grid["teachers"].tolist() == [10, 10, 20, 20] * 2
    row = grid.query("scale == 'voice' and teachers == 20 and schools == 30").iloc[0]
    assert row["icc2"] == pytest.approx(20 * 0.2 / (1 + 19 * 0.2))
    assert row["school_margin"] == pytest.approx(stdtrit(19, 0.975) * np.sqrt(0.8 / 20))
    assert row["effective_n"] == pytest.approx(600 / (1 + 19 * 0.2))
    assert row["district_power"] > row["school_power"]
    needed = plan.needed()
    n = int(needed["teachers_for_margin"].iloc[0])
    assert school_margin(np.sqrt(0.9), n, np.inf, 0.95) <= 0.4 < school_margin(np.sqrt(0.9), n - 1, np.inf, 0.95)
    J = int(needed["schools_for_change"].iloc[0])
    power = [power_of_t(0.3, *district_change(0.1, 0.9, 10, j, 0.9, 0.8, 0.6), 0.05) for j in (J - 1, J)]
    assert power[0] < 0.8 <= power[1]
    words = plan.in_words()
    assert "trust (ICC 0.10): a school's mean reaches a reliability of 0.70 with 21 teachers" in words
    assert f"{J} schools of 10 teachers" in words
    assert "SchoolPlan for 2 scales" in repr(plan)
    assert plan.to_dict()["staff"] is None
    ax = plan.plot()
    assert ax.get_ylim() == (0, 1)
    many = plan_schools({f"$s_{k}": 0.05 + 0.01 * k for k in range(9)})
    many.plot().figure.canvas.draw()


def test_a_plan_for_all_of_a_finite_staff():
    plan = plan_schools(0.15, teachers=[10, 20], schools=12, staff=20, district=12).to_frame()
    assert plan["school_margin"].iloc[1] == 0
    assert plan["district_margin"].iloc[1] == 0
    assert (
        plan["district_margin"].iloc[0]
        < plan_schools(0.15, teachers=10, schools=12).to_frame()["district_margin"].item()
    )


def test_plans_at_their_ends():
    alone = plan_schools(0.1, teachers=1, schools=1, change=0.3).to_frame().iloc[0]
    assert alone["icc2"] == pytest.approx(0.1)
    assert alone[["school_margin", "district_margin", "school_power", "district_power"]].isna().all()
    never = plan_schools(0.0, change=1e-6)
    assert never.needed()["teachers_for_change"].isna().all()
    assert "no number of teachers" in never.in_words()
    sure = plan_schools(0.1, teachers=5, schools=5, change=0.2, overlap=1, stability=1, school_stability=1).to_frame()
    assert (sure["district_power"].item(), sure["district_detectable"].item()) == (1, 0)
    assert noncentral_t(20, 35.0, -30.0) < 1e-12
    assert noncentral_t(20, -22.0, 20.0) == 1
    assert noncentral_t(5000, 47.0, 20.0) == 0
    assert power_of_t(50, 1, 20, 0.05) == 1
    assert plan_schools(pd.Series({"a": 0.1})).icc == {"a": 0.1}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"icc": -0.02}, "needs one from 0 to below 1"),
        ({"icc": 1}, "needs one from 0 to below 1"),
        ({"icc": float("nan")}, "needs one from 0 to below 1"),
        ({"icc": {}}, "icc is empty"),
        ({"icc": "high"}, "icc is a number"),
        ({"teachers": 0}, "teachers=0"),
        ({"schools": [2.5]}, "schools="),
        ({"teachers": []}, "teachers="),
        ({"sd": 0}, "sd=0"),
        ({"staff": 30}, "staff=30 is fewer than the 40 teachers"),
        ({"district": 3}, "district=3 is fewer than the 80 schools"),
        ({"overlap": 1.2}, "overlap=1.2"),
        ({"target_icc2": 1}, "target_icc2=1"),
        ({"power": 0.01}, "must be above alpha"),
        ({"change": 0}, "change=0"),
        ({"margin": -1}, "margin=-1"),
    ],
)
def test_plans_that_can_not_be(bad, said):
    with pytest.raises(ic.ModelError, match=said):
        plan_schools(**({"icc": 0.1} | bad))
