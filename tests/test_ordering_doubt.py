"""How wrong an order's check could be: confounding, correlated errors, common method, shared raters, reliability, who answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.ordering.doubt import (
    common_method,
    correlated_errors,
    ignored_schools,
    imperfect_reliability,
    ordering_sensitivity,
    selective_response,
    split_sample_ordering,
    unmeasured_confounding,
)
from internal_coherence.ordering.doubt.answers import teachers_covariance, within_covariance, within_reliability
from internal_coherence.ordering.doubt.claims import turning_point
from internal_coherence.ordering.doubt.confounding import (
    adjusted,
    as_strong_as,
    bias,
    critical_f,
    partial_r2,
    robustness_value,
)
from internal_coherence.ordering.doubt.errors_in_common import indirect_at, vanishing_rho
from internal_coherence.ordering.doubt.halves import SchoolTeachers, average, halved
from internal_coherence.ordering.doubt.method_factor import marker_adjusted
from internal_coherence.ordering.doubt.residuals import held_constant, slope
from internal_coherence.ordering.evidence import between_schools, measured_stages, stage_scores
from internal_coherence.report.confounding_figure import draw_confounding

CHAIN = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
TRUTH = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}


@pytest.fixture(scope="module")
def district() -> ic.Responses:
    rates = np.linspace(0.5, 1, 60).tolist()
    return ic.simulate_responses(n_schools=60, teachers=20, graph=TRUTH, response_rate=rates, rng=4)


# --- Cinelli & Hazlett -------------------------------------------------------------------------------------------------------------

# Their example of Darfur: rounded in the paper, in all digits in the tests that the authors publish with sensemakr. Something
# once to thrice as strong as the covariate `female`.
DARFUR = pd.DataFrame(
    {
        "r2_cause": [0.00916428667504862, 0.0183285733500972, 0.0274928600251459],
        "r2_effect": [0.12464092303637, 0.249324064199975, 0.374050471038094],
        "estimate": [0.0752202712144491, 0.0529151723844518, 0.0303960234641548],
        "se": [0.0218733277437572, 0.0203500620779637, 0.0186700648170924],
    }
)
DF = 783


def darfur() -> tuple[float, float]:
    """The unadjusted estimate and its standard error in all digits, from what was printed of the first two adjusted ones."""
    moved = np.sqrt(DARFUR["r2_effect"] * DARFUR["r2_cause"] / (1 - DARFUR["r2_cause"]))
    scale = -(DARFUR["estimate"][1] - DARFUR["estimate"][0]) / (moved[1] - moved[0])
    return DARFUR["estimate"][0] + scale * moved[0], scale / np.sqrt(DF)


def test_darfur_as_published():
    estimate, se = darfur()
    scale = se * np.sqrt(DF)
    assert (estimate, se, estimate / se) == pytest.approx((0.09732, 0.02326, 4.18445), abs=6e-6)
    assert partial_r2(estimate, scale) == pytest.approx(0.02187, abs=6e-6)
    f = estimate / scale
    assert robustness_value(f) == pytest.approx(0.13878, abs=6e-6)
    assert robustness_value(f, critical_f(se, DF, scale, 0.05)) == pytest.approx(0.07626, abs=6e-6)
    found, error = adjusted(estimate, se, DF, scale, DARFUR["r2_effect"], DARFUR["r2_cause"])
    np.testing.assert_allclose(found, DARFUR["estimate"], rtol=1e-8)
    np.testing.assert_allclose(error, DARFUR["se"], rtol=1e-8)


def test_darfurs_benchmarks_follow_from_the_first():
    """What once as strong says tells what the benchmark itself explains; twice and thrice as strong follow."""
    f2_cause = DARFUR["r2_cause"][0]
    r2_cause = f2_cause / (1 + f2_cause)
    with_own = f2_cause**2
    eta2 = (1 + np.sqrt(with_own)) ** 2 / (1 - with_own)
    f2_effect = DARFUR["r2_effect"][0] / eta2
    cause, effect = as_strong_as(r2_cause, f2_effect / (1 + f2_effect), [1, 2, 3])
    np.testing.assert_allclose(cause, DARFUR["r2_cause"], rtol=1e-10)
    np.testing.assert_allclose(effect, DARFUR["r2_effect"], rtol=1e-8)


def test_leaving_something_out_moves_a_coefficient_as_said(reference):
    """`adjusted` of the regression without W gives the one with W, to the last digit, standard error too."""
    found = reference("correlated_errors")["lm"]
    estimate, se = found["without.W"]
    df = found["df"] + 1
    scale = se * np.sqrt(df)
    moved = bias(scale, found["r2.effect"], found["r2.cause"])
    assert abs(found["estimate"] - estimate) == pytest.approx(moved, rel=1e-8)
    _, error = adjusted(estimate, se, df, scale, found["r2.effect"], found["r2.cause"])
    assert error == pytest.approx(found["se"], rel=1e-8)


@given(f=st.floats(0.01, 3), reach=st.floats(0, 2))
def test_a_robustness_value_is_the_least_that_does(f, reach):
    """No confounder below it changes the decision, and some confounder at it does: over a fine net of effect's shares."""
    value = float(robustness_value(f, reach))
    if f <= reach:
        assert value == 0
        return
    inside = np.linspace(0, value, 2001)[:, None]
    left = f * np.sqrt(1 - value) - np.sqrt(inside * value) - reach * np.sqrt(1 - inside)
    assert left.min() == pytest.approx(0, abs=2e-3)
    less = 0.98 * value
    inside = np.linspace(0, less, 2001)
    assert (f * np.sqrt(1 - less) - np.sqrt(inside * less) - reach * np.sqrt(1 - inside) > 0).all()


def test_what_explains_all_of_the_effect_needs_the_partial_r2_of_the_cause():
    share = partial_r2(0.3, 1.2)
    assert adjusted(0.3, 0.1, 50, 1.2, 1.0, share)[0] == pytest.approx(0, abs=1e-12)


def test_too_strong_a_benchmark_is_none():
    cause, effect = as_strong_as(0.4, 0.3, [1, 2])
    assert np.isfinite([cause[0], effect[0]]).all()
    assert np.isnan([cause[1], effect[1]]).all()


def test_slopes_of_independent_rows_are_those_of_lm(reference):
    """Each row a school of its own, contributions as of a normal distribution: scale is se √n."""
    stored = reference("correlated_errors")
    S = np.array(stored["covariance"])
    own = slope(S, normal_contributions(S, stored["n"]), 1, 2, [0, 3])
    assert own.estimate == pytest.approx(stored["lm"]["estimate"], rel=1e-8)
    n, df = stored["n"], stored["lm"]["df"]
    assert own.scale == pytest.approx(stored["lm"]["se"] * np.sqrt(df), rel=1e-8)
    assert own.se == pytest.approx(stored["lm"]["se"] * np.sqrt(df / n), rel=1e-8)


def test_arrows_are_benchmarked_by_what_does_not_come_after_their_cause(district):
    found = unmeasured_confounding(district, CHAIN)
    assert found.to_frame()[["cause", "effect"]].to_numpy().tolist() == [list(pair) for pair in TRUTH]
    assert set(found.benchmarks["cause"]) == {"team_support"}
    assert set(found.benchmarks["benchmark"]) == {"leadership"}
    assert (found.arrows["robustness_value_alpha"] < found.arrows["robustness_value"]).all()
    value = found.arrow("leadership", "team_support")["robustness_value"]
    gone = found.adjusted("leadership", "team_support", value, value)
    assert gone["estimate"].item() == pytest.approx(0, abs=1e-12)
    value = found.arrow("leadership", "team_support")["robustness_value_alpha"]
    assert found.adjusted("leadership", "team_support", value, value)["pvalue"].item() == pytest.approx(0.05, abs=1e-9)
    assert "leadership" in repr(found)


def test_a_real_confounder_is_no_stronger_than_its_benchmark_says():
    """X is as strong as Z and unrelated to it: the coefficient with Z lies within what `once X` says, and Z's shares at the bound."""
    rng = np.random.default_rng(1)
    n = 200_000
    x, z = rng.standard_normal((2, n))
    d = 0.5 * x + 0.5 * z + rng.standard_normal(n)
    y = 0.3 * d + 0.4 * x + 0.4 * z + rng.standard_normal(n)
    S = np.cov([x, z, d, y])
    none = np.zeros((2, 4, 4))
    own, to_d, to_y = slope(S, none, 2, 3, [0]), slope(S, none, 0, 2, []), slope(S, none, 0, 3, [2])
    cause, effect = as_strong_as(partial_r2(to_d.estimate, to_d.scale), partial_r2(to_y.estimate, to_y.scale), [1.0])
    found, _ = adjusted(own.estimate, 0.1, 100, own.scale, effect, cause)
    assert own.estimate > 0.4
    assert found[0] <= 0.3 + 0.01
    assert cause[0] == pytest.approx(
        partial_r2(slope(S, none, 1, 2, [0]).estimate, slope(S, none, 1, 2, [0]).scale), abs=0.01
    )


def test_contours_are_drawn(district):
    found = unmeasured_confounding(district, CHAIN)
    ax = draw_confounding(found, arrow=("team_support", "collective_efficacy"))
    assert "team support → collective efficacy" in ax.get_title(loc="left")
    assert any("leadership" in text.get_text() for text in ax.texts)
    assert draw_confounding(found, ax) is ax


# --- Imai, Keele & Yamamoto ---------------------------------------------------------------------------------------------------------


def normal_contributions(S: np.ndarray, n: int) -> np.ndarray:
    """What 'schools' would add to a covariance matrix whose sampling variances are those of n normal rows."""
    p = len(S)
    acov = (np.einsum("ik,jl->ijkl", S, S) + np.einsum("il,jk->ijkl", S, S)).reshape(p * p, p * p) / n
    values, vectors = np.linalg.eigh(acov)
    kept = values > 1e-12 * values.max()
    moved = (vectors[:, kept] * np.sqrt(values[kept])).T.reshape(-1, p, p)
    J = len(moved)
    return moved * np.sqrt((J - 1) / J)


def test_indirect_effects_with_correlated_errors_are_lavaans(reference):
    stored = reference("correlated_errors")
    matrix = np.array(stored["covariance"])
    S, moved = held_constant(matrix, normal_contributions(matrix, stored["n"]), [0, 1, 2], [3])
    rho = [row["rho"] for row in stored["indirect"]]
    estimate, change = indirect_at(S, moved, rho)
    se = np.sqrt(len(moved) / (len(moved) - 1) * (change**2).sum(axis=0))
    np.testing.assert_allclose(estimate, [row["estimate"] for row in stored["indirect"]], atol=1e-6)
    np.testing.assert_allclose(se, [row["se"] for row in stored["indirect"]], atol=1e-5)


def random_covariance(seed: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((p, 2 * p))
    moved = rng.standard_normal((3, p, p))
    return half @ half.T, moved + np.swapaxes(moved, 1, 2)


@given(seed=st.integers(0, 10_000))
def test_what_schools_add_is_the_derivative(seed):
    S, moved = random_covariance(seed, 5)
    step = 1e-6

    def at(matrix: np.ndarray) -> np.ndarray:
        inner, change = held_constant(matrix, moved, [0, 1, 2], [3, 4])
        return np.append(indirect_at(inner, change, [-0.4, 0.0, 0.7])[0], vanishing_rho(inner, change)[0])

    inner, change = held_constant(S, moved, [0, 1, 2], [3, 4])
    said = np.column_stack([indirect_at(inner, change, [-0.4, 0.0, 0.7])[1], vanishing_rho(inner, change)[1]])
    for one, own in zip(moved, said, strict=True):
        seen = (at(S + step * one) - at(S - step * one)) / (2 * step)
        np.testing.assert_allclose(own, seen, rtol=2e-4, atol=1e-5 * max(1, np.abs(seen).max()))


@given(seed=st.integers(0, 10_000))
def test_the_indirect_effect_vanishes_where_it_is_said_to(seed):
    S, moved = random_covariance(seed, 3)
    rho, _ = vanishing_rho(S, moved)
    assert indirect_at(S, moved, [rho])[0][0] == pytest.approx(0, abs=1e-9)
    assert indirect_at(S, moved, [0.0])[0][0] == pytest.approx(
        S[0, 1] / S[0, 0] * np.linalg.solve(S[:2, :2], S[:2, 2])[1], rel=1e-6, abs=1e-9
    )


def test_a_planted_correlation_of_errors_is_undone():
    rng = np.random.default_rng(2)
    n, rho = 400_000, 0.4
    errors = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    x = rng.standard_normal(n)
    m = 0.5 * x + errors[:, 0]
    y = 0.3 * m + 0.2 * x + errors[:, 1]
    S = np.cov([x, m, y])
    found, _ = indirect_at(S, np.zeros((2, 3, 3)), [0.0, rho])
    assert found[1] == pytest.approx(0.15, abs=0.005)
    assert found[0] > 0.3


def test_every_two_arrows_in_a_row_are_a_path(district):
    found = correlated_errors(district, CHAIN, rho=[-0.5, 0, 0.5])
    assert found.to_frame()[["cause", "mediator", "effect"]].to_numpy().tolist() == [[s.key for s in CHAIN.stages]]
    assert found.curve["rho"].tolist() == [-0.5, 0, 0.5]
    assert found.curve["estimate"].is_monotonic_decreasing
    here = found.curve.query("rho == 0").iloc[0]
    assert here["estimate"] == found.paths["estimate"].item()
    other = ic.Order.from_text(
        "leadership -> team_support -> collective_efficacy; leadership -> public_learning -> collective_efficacy"
    )
    paths = correlated_errors(district, other).paths
    assert paths["given"].tolist() == ["", ""]  # the other mediator comes after the cause
    two = ic.Order.from_text("leadership -> team_support")
    assert "no stage stands between" in repr(correlated_errors(district, two))


# --- common method ------------------------------------------------------------------------------------------------------------------


def test_lindell_and_whitneys_correction():
    """Their equation: r 0.30 with a marker of 0.10 leaves 0.222; a marker of 0 leaves everything."""
    none = np.zeros(3)
    assert marker_adjusted(0.30, 0.10, none, none)[0] == pytest.approx(2 / 9)
    assert marker_adjusted(0.30, 0.0, none, none)[0] == 0.30
    one, step = np.array([1.0]), 1e-6
    r = (marker_adjusted(0.3 + step, 0.1, none, none)[0] - marker_adjusted(0.3 - step, 0.1, none, none)[0]) / (2 * step)
    m = (marker_adjusted(0.3, 0.1 + step, none, none)[0] - marker_adjusted(0.3, 0.1 - step, none, none)[0]) / (2 * step)
    assert marker_adjusted(0.3, 0.1, one, 0 * one)[1] == pytest.approx(r)
    assert marker_adjusted(0.3, 0.1, 0 * one, one)[1] == pytest.approx(m)


@pytest.fixture(scope="module")
def moody() -> ic.Responses:
    """Teachers whose mood colours every item by 0.4; items of a scale load from .45 to .85."""
    survey = ic.load_instrument("internal-coherence-survey")
    loadings = {item.key: 0.45 + 0.08 * (k % 6) for scale in survey.scales for k, item in enumerate(scale.items)}
    return ic.simulate_responses(
        n_schools=80, teachers=20, graph=TRUTH, shared_rater=0.4, loading=loadings, icc=0.05, rng=5
    )


def test_a_planted_mood_is_found_and_taken_out(moody):
    found = common_method(moody, CHAIN, loadings=[0], marker="public_learning")
    assert found.loading == pytest.approx(0.4, abs=3 * found.loading_se)
    assert found.loading_se < 0.06
    ends = found.associations.query("first == 'leadership' and second == 'collective_efficacy' and given == ''")
    ends = ends.set_index("taken_out")
    assert ends.loc["nothing", "estimate"] > 0.38
    assert ends.loc["method factor", "estimate"] == pytest.approx(0.25, abs=2.5 * ends.loc["method factor", "se"])
    assert ends.loc["marker", "estimate"] == pytest.approx(0.25, abs=2.5 * ends.loc["marker", "se"])
    assert not found.notes


def test_a_fixed_loading_takes_out_more_the_larger_it_is(moody):
    table = common_method(moody, CHAIN, loadings=[0, 0.2, 0.4]).associations
    pair = table.query("first == 'leadership' and second == 'team_support' and loading in (0, .2, .4)")
    assert pair["estimate"].is_monotonic_decreasing
    assert len(pair) == 3


def test_where_loadings_are_alike_a_method_factor_is_not_told(district):
    found = common_method(district, CHAIN, loadings=[0])
    assert np.isnan(found.loading)
    assert found.notes
    assert set(found.associations["taken_out"]) == {"nothing"}


# --- halves -------------------------------------------------------------------------------------------------------------------------


def teachers(seed: int, J: int = 40, k: int = 3, even: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    size = np.full(J, 8) if even else rng.integers(4, 12, J)
    school = np.repeat(np.arange(J), size)
    mood = rng.standard_normal((len(school), 1))
    return rng.standard_normal((J, k))[school] + rng.standard_normal((len(school), k)) + mood, school


def test_the_average_over_all_halves_is_that_of_every_halving_listed():
    """Three schools of four teachers: 6 × 6 × 6 ways to halve, one after the other."""
    from itertools import combinations, product

    values, _ = teachers(1, J=3, even=True)
    values = values[np.tile(np.arange(4), 3) + np.repeat([0, 8, 16], 4)]
    values = values - values.mean(axis=0)
    school = np.repeat(np.arange(3), 4)
    ways = list(combinations(range(4), 2))
    listed = []
    for choice in product(ways, repeat=3):
        A = np.array([values[4 * j + np.array(own)].mean(axis=0) for j, own in enumerate(choice)])
        B = np.array([values[4 * j + np.setdiff1d(range(4), own)].mean(axis=0) for j, own in enumerate(choice)])
        listed.append((A, B))
    closed, seen = SchoolTeachers.of(values, school).every_half(), average(listed)
    np.testing.assert_allclose(closed.covariance(), seen.covariance(), atol=1e-12)
    np.testing.assert_allclose(closed.without_each(), seen.without_each(), atol=1e-12)
    np.testing.assert_allclose(
        closed.covariance(), np.mean([np.cov(A.T, B.T)[:3, 3:] for A, B in listed], axis=0), atol=1e-12
    )


def test_random_halves_come_to_the_closed_form():
    values, school = teachers(2)
    values = values - values.mean(axis=0)
    rng = np.random.default_rng(3)
    every = SchoolTeachers.of(values, school).every_half()
    few, many = (average(halved(values, school, rng) for _ in range(n)) for n in (20, 2000))
    near, far = (np.abs(some.covariance() - every.covariance()).max() for some in (many, few))
    assert near < 0.01 < far
    np.testing.assert_allclose(many.contributions(), every.contributions(), atol=0.005)


def test_halves_share_no_teacher_and_leave_none_out():
    _, school = teachers(4)
    size = np.bincount(school)
    marks = np.column_stack([2.0 ** (np.arange(len(school)) % 20), np.ones(len(school))])
    A, B = halved(marks, school, np.random.default_rng(1))
    assert (A[:, 1] == 1).all()
    assert (B[:, 1] == 1).all()
    total = np.bincount(school, marks[:, 0])
    half = size // 2
    possible = np.stack([A[:, 0] * half + B[:, 0] * (size - half), A[:, 0] * (size - half) + B[:, 0] * half])
    assert np.isclose(possible, total).any(axis=0).all()


def test_without_each_school_is_the_same_without_it():
    values, school = teachers(5)
    values = values - values.mean(axis=0)
    every = SchoolTeachers.of(values, school).every_half()
    left = school != 7
    alone = SchoolTeachers.of(values[left], np.unique(school[left], return_inverse=True)[1]).every_half()
    np.testing.assert_allclose(every.without_each()[7], alone.covariance(), atol=1e-12)


def test_with_schools_of_one_size_halves_are_the_analysis_of_variance(moody):
    """Then the check of an order between schools is free of shared raters already."""
    scores = stage_scores(moody, measured_stages(CHAIN, moody.instrument))
    found = SchoolTeachers.of(scores.teachers, scores.school).every_half().covariance()
    np.testing.assert_allclose(found, between_schools(scores).matrix, atol=1e-12)


def test_shared_raters_are_out_of_halves_and_in_school_means():
    """Stages that have nothing in common but their raters: over 40 surveys, halves say 0 and school means do not."""
    rng = np.random.default_rng(6)
    halves, means = [], []
    for _ in range(40):
        J, n = 60, 10
        school = np.repeat(np.arange(J), n)
        mood = rng.standard_normal((J * n, 1))
        values = 0.5 * rng.standard_normal((J, 2))[school] + rng.standard_normal((J * n, 2)) + mood
        own = SchoolTeachers.of(values, school)
        for found, into in ((own.every_half(), halves), (own.whole(), means)):
            C = found.covariance()
            into.append(C[0, 1] / np.sqrt(C[0, 0] * C[1, 1]))
    assert np.mean(halves) == pytest.approx(0, abs=3 * np.std(halves) / np.sqrt(40))
    assert np.mean(means) > 0.15


def test_the_record_of_halves(district):
    found = split_sample_ordering(district, CHAIN)
    assert found.associations["kind"].tolist() == ["correlation"] * 3 + ["implied independence"]
    assert (found.reliability["half"] < found.reliability["whole"]).all()
    assert found.n_schools == 60
    assert "unmeasured stays in" in repr(found)
    some = split_sample_ordering(district, CHAIN, n_splits=300, rng=1)
    np.testing.assert_allclose(some.associations["estimate"], found.associations["estimate"], atol=0.06)
    again = split_sample_ordering(district, CHAIN, n_splits=300, rng=1)
    pd.testing.assert_frame_equal(some.associations, again.associations)
    assert found.associations.loc[3, "ci_lower"] < 0 < found.associations.loc[3, "ci_upper"]


def test_small_schools_are_left_out_and_counted():
    sizes = [3] * 5 + [12] * 60
    survey = ic.simulate_responses(n_schools=65, teachers=sizes, graph=TRUTH, icc=0.3, rng=7)
    found = split_sample_ordering(survey, CHAIN)
    assert (found.n_schools, found.n_small_schools, found.n_teachers, found.n_excluded) == (60, 5, 720, 15)
    with pytest.raises(ic.ResponseError, match="60 of 65 schools have the 4 teachers"):
        split_sample_ordering(survey, CHAIN, fewest_schools=61)


# --- reliability, schools, response -------------------------------------------------------------------------------------------------


def test_a_less_reliable_stage_between_hides_what_is_there(district):
    found = imperfect_reliability(district, CHAIN)
    middle = found.curve.query("stage == 'team_support'").dropna()
    assert middle["estimate"].is_monotonic_increasing  # the more the score is trusted, the more is left beside it
    own = found.reliability.set_index("stage")["reliability"]
    assert own.between(0.6, 0.95).all()
    turn = found.turning.query("stage == 'team_support'").iloc[0]
    at = middle.set_index("reliability")["pvalue"]
    if np.isfinite(turn["turns_at"]):
        assert (at.loc[turn["turns_at"]] < found.alpha) != turn["rejected"]


def test_reliability_of_a_scale_alone_is_alpha_within_schools(district):
    stages = measured_stages(CHAIN, district.instrument)
    scores = stage_scores(district, stages)
    found = within_reliability(district, stages, scores)
    for k, stage in enumerate(stages):
        items = district.items[list(district.instrument.scale(stage.measured_by[0]).item_keys)]
        apart = items - items.groupby(district.school).transform("mean")
        assert found[k] == pytest.approx(ic.alpha(apart).alpha, abs=1e-9)


def test_scores_and_what_schools_add_to_their_covariances(district):
    scores = stage_scores(district, measured_stages(CHAIN, district.instrument))
    matrix, moved = teachers_covariance(scores)
    np.testing.assert_allclose(matrix, np.cov(scores.teachers.T), atol=1e-12)
    np.testing.assert_allclose(moved.sum(axis=0), 0, atol=1e-12)
    frame = pd.DataFrame(scores.teachers)
    apart = frame - frame.groupby(scores.school).transform("mean")
    within, moved = within_covariance(scores)
    np.testing.assert_allclose(within, apart.T @ apart / (len(frame) - 60), atol=1e-12)
    np.testing.assert_allclose(moved.sum(axis=0), 0, atol=1e-12)


def test_schools_ignored_make_tests_too_sure():
    apart = ic.simulate_responses(n_schools=40, teachers=25, graph=TRUTH, icc=0.5, rng=8)
    row = ignored_schools(apart, CHAIN).tests.iloc[0]
    assert row["design_effect"] > 1.5
    assert row["pvalue_teachers"] < row["pvalue_schools"]


def test_turning_points():
    grid, p = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.01, 0.2, np.nan, 0.4])
    assert turning_point(grid, p, start=3.0, rejected=False, alpha=0.05) == 0.0
    assert turning_point(grid, p, start=0.0, rejected=True, alpha=0.05) == 1.0
    assert np.isnan(turning_point(grid, np.full(4, 0.5), start=0.0, rejected=False, alpha=0.05))


def district_rates(survey: ic.Responses) -> pd.Series:
    return survey.school.value_counts() / survey.roster.set_index("school")["teachers"]


def test_who_did_not_answer(district):
    found = selective_response(district, CHAIN, cuts=[0, 0.8], shifts=[-1, 0, 1])
    assert found.cuts.groupby("cut")["n_schools"].max().tolist() == [60, int(district_rates(district).ge(0.8).sum())]
    assert found.cuts.query("cut == 0.8 and level == 'between'")["estimate"].isna().all()
    assert found.shifts.groupby("shift").size().tolist() == [4, 4, 4]
    alike = found.shifts.query("shift == 0")["estimate"]
    assert alike.nunique() == 1
    assert found.shifts.query("stage == 'all'")["estimate"].nunique() == 3
    halves = split_sample_ordering(district, CHAIN).associations.query("kind == 'implied independence'")
    assert alike.iloc[0] == pytest.approx(halves["estimate"].item(), abs=1e-9)


def test_where_everybody_answered_no_shift_matters():
    full = ic.simulate_responses(n_schools=40, teachers=15, graph=TRUTH, icc=0.3, rng=9)
    found = selective_response(full, CHAIN, cuts=[0], shifts=[-2, 0, 2])
    assert found.shifts["estimate"].to_numpy() == pytest.approx(found.shifts["estimate"].iloc[0], abs=1e-12)
    assert found.turning["turns_at"].isna().all()


# --- together, and what is refused --------------------------------------------------------------------------------------------------


def test_all_doubts_in_one_table(district, monkeypatch):
    found = ordering_sensitivity(district, CHAIN)
    frame = found.to_frame()
    assert list(frame.columns) == ["doubt", "about", "measure", "now", "value"]
    assert set(frame["doubt"]) == {
        *("unmeasured confounding", "correlated errors", "common method", "shared raters", "reliability"),
        *("schools ignored", "selective response"),
    }
    row = frame.query("measure == 'robustness value' and about == 'leadership → team_support'").iloc[0]
    assert row["value"] == found.confounding.arrow("leadership", "team_support")["robustness_value"]
    assert len(repr(found).splitlines()) == 1
    assert isinstance(found.to_dict()["confounding"]["arrows"], list)
    import internal_coherence.report as report

    monkeypatch.setattr(report, "draw_confounding", draw_confounding, raising=False)
    assert found.plot().get_xlabel() == found.confounding.plot().get_xlabel()


def test_what_cannot_be_asked_is_noted(district):
    few = district.select(school=[f"School {k}" for k in range(30, 50)])
    answers = few.raw.assign(school=few.school)
    bare = ordering_sensitivity(ic.read_responses(answers, district.instrument, school="school"), CHAIN)
    assert bare.halves is None
    assert bare.response is None
    assert any(note.startswith("halves of schools: ") for note in bare.notes)
    assert any("response rate of no school is known" in note for note in bare.notes)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: unmeasured_confounding(r, CHAIN, strengths=[0]), "strengths is a list of numbers above 0"),
        (lambda r: unmeasured_confounding(r, CHAIN, q=-1), "share of the estimate"),
        (lambda r: unmeasured_confounding(r, CHAIN, at="total"), "at='total'"),
        (lambda r: unmeasured_confounding(r, "elmore-boston"), "takes an Order"),
        (lambda r: unmeasured_confounding(r, CHAIN).arrow("leadership", "collective_efficacy"), "there is no arrow"),
        (lambda r: unmeasured_confounding(r, CHAIN).adjusted("leadership", "team_support", 1.0, 0.5), "below 1"),
        (lambda r: unmeasured_confounding(r, ic.Order.from_text("leadership; team_support")), "no arrow joins"),
        (lambda r: correlated_errors(r, CHAIN, rho=[1.0]), "between −1 and 1"),
        (lambda r: common_method(r, CHAIN, loadings=[1.0]), "below 1"),
        (lambda r: common_method(r, CHAIN, marker="team_suport"), "did you mean"),
        (lambda r: common_method(r, CHAIN, marker="leadership"), "nothing to do with any"),
        (lambda r: split_sample_ordering(r, CHAIN, n_splits=0), "n_splits=0"),
        (lambda r: split_sample_ordering(r, CHAIN, level=95), "write 0.95"),
        (lambda r: imperfect_reliability(r, CHAIN, reliabilities=[0.0]), "above 0 and up to 1"),
        (lambda r: selective_response(r, CHAIN, cuts=[65]), "from 0 to 1"),
        (lambda r: selective_response(r, CHAIN, shifts=[1.0]), "has no 0"),
        (lambda r: selective_response(r, CHAIN, alpha=5), "alpha=5"),
        (lambda r: split_sample_ordering(pd.DataFrame(), CHAIN), "takes Responses"),
    ],
)
def test_what_makes_no_sense_is_refused(district, ask, message):
    with pytest.raises(ic.CoherenceError, match=message):
        ask(district)


def test_one_school_and_no_roster_are_refused(district, answers, codebook):
    alone = district.select(school="School 60")
    for verb in (ignored_schools, imperfect_reliability, unmeasured_confounding, split_sample_ordering):
        with pytest.raises(ic.ResponseError, match="school"):
            verb(alone, CHAIN)
    bare = ic.read_responses(answers, codebook, school="school")
    with pytest.raises(ic.ResponseError, match="roster"):
        selective_response(bare, ic.Order.from_text("trust -> clarity"))
