"""The earliest weak stage with its probabilities, the map of a district, movement between waves, and their wording."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import internal_coherence as ic
from internal_coherence.moments.grouping import SchoolMoments
from internal_coherence.ordering import StageChange, StageReading, stage_map, stage_movement
from internal_coherence.ordering.use.moving import error_of_difference
from internal_coherence.ordering.use.orthants import by_lattice, lower_orthants
from internal_coherence.ordering.use.posterior import (
    StagePosterior,
    StagePrior,
    first_below,
    stage_posterior,
    without_negative,
)
from internal_coherence.ordering.use.walking import concluded, with_probabilities
from internal_coherence.profiles.computing import Composite, SamplingError
from internal_coherence.profiles.school_prior import FEWEST_OTHERS, school_prior
from internal_coherence.report import ordering_wording
from internal_coherence.report.ordering_use_figures import draw_stage_map, draw_stage_movement
from internal_coherence.report.ordering_use_page import stage_map_page, stage_movement_page, weak_stage_page

ELMORE, POSTER = (ic.load_order(name) for name in ("elmore-boston", "serp-poster"))
NAN = float("nan")


@pytest.fixture(scope="module")
def district(example):
    return ic.profile_schools(example, audience="district")


@pytest.fixture(scope="module")
def stored(reference):
    return reference("stage_probabilities")


# Probabilities of orthants


def test_orthants_are_those_of_mvtnorm(stored):
    for case in stored["orthants"]:
        z, R, G = (np.array(case[name], dtype=float) for name in ("z", "R", "G"))
        found = lower_orthants(z, R)
        assert found[:3] == pytest.approx(G[:3], abs=1e-12)
        assert found[3:] == pytest.approx(G[3:], abs=2e-5)


@pytest.mark.parametrize("K", [2, 3, 5, 9])
@pytest.mark.parametrize("r", [0.0, 0.5, 0.9])
def test_equicorrelated_orthants_are_one_integral(K, r):
    """Pr(all Z ≤ h) = ∫ φ(y) Φ((h − √r y)/√(1 − r))^K dy (Tong 1990)."""
    from scipy.special import ndtr

    t, w = np.polynomial.hermite_e.hermegauss(180)
    for h in (-0.7, 0.0, 1.1):
        exact = (w * ndtr((h - math.sqrt(r) * t) / math.sqrt(1 - r)) ** K).sum() / math.sqrt(2 * math.pi)
        R = np.where(np.eye(K, dtype=bool), 1.0, r)
        assert lower_orthants(np.full(K, h), R)[-1] == pytest.approx(exact, abs=3e-5 if K > 3 or r > 0.8 else 1e-9)


def test_orthants_at_the_edges():
    R = np.full((3, 3), 0.3) + 0.7 * np.eye(3)
    one = lower_orthants(np.array([0.4]), np.eye(1))[0]
    assert lower_orthants(np.array([np.inf, 0.4, np.inf]), R) == pytest.approx([1, one, one], abs=1e-15)
    assert lower_orthants(np.array([0.4, -np.inf, 2.0]), R) == pytest.approx([one, 0, 0], abs=1e-15)
    same = lower_orthants(np.array([0.4, 0.4, 0.4]), np.ones((3, 3)))
    assert same == pytest.approx([one] * 3, abs=1e-4)  # variables that are one and the same
    assert lower_orthants(np.zeros(2), np.array([[1.0, -1.0], [-1.0, 1.0]]))[1] == pytest.approx(0, abs=1e-6)
    assert lower_orthants(np.zeros(0), np.zeros((0, 0))).shape == (0,)


def test_the_lattice_agrees_with_the_integral(stored):
    for case in stored["orthants"]:
        z, R = np.array(case["z"], dtype=float), np.array(case["R"], dtype=float)
        assert by_lattice(z, R)[:3] == pytest.approx(lower_orthants(z, R)[:3], abs=1e-4)


@given(
    st.integers(1, 5).flatmap(
        lambda K: st.tuples(
            st.lists(st.floats(-3, 3), min_size=K, max_size=K),
            st.lists(st.floats(-2, 2), min_size=K * K, max_size=K * K),
        )
    )
)
def test_the_probabilities_of_all_outcomes_sum_to_one(case):
    apart, entries = np.array(case[0]), np.array(case[1])
    K = len(apart)
    A = entries.reshape(K, K)
    below, first = first_below(StagePosterior(mean=apart, covariance=A @ A.T), np.zeros(K))
    assert first.sum() == pytest.approx(1, abs=1e-15)
    assert (first >= 0).all()
    assert first[0] == pytest.approx(below[0], abs=1e-12)
    assert (first[:-1] <= below + 3e-5).all()


# The posterior


def test_the_posterior_of_known_moments_is_the_conditional_normal(stored):
    case = {name: np.array(value, dtype=float) for name, value in stored["three_stages"].items()}
    known = StagePrior(n_schools=10**12, mean=case["mu"], total=case["B"] + case["V"], between=case["B"])
    found = stage_posterior(case["m"], case["V"], known)
    assert found.mean == pytest.approx(case["mean"], abs=1e-6)
    assert found.covariance == pytest.approx(case["covariance"], abs=1e-6)
    _, first = first_below(found, case["bar"])
    assert first == pytest.approx(np.append(case["first"], case["none"]), abs=1e-6)


def test_mean_and_variance_between_schools_are_metafors(stored):
    case = stored["one_stage"]
    y, v = (np.array(case[name])[:, None] for name in ("y", "v"))
    J = len(y)
    moments = SchoolMoments(labels=tuple("abcdefghijklmn"), n=np.ones((J, 1, 1)), mean=y, cross=np.zeros((J, 1, 1)))
    error = SamplingError(covariance=v[:, :, None], df=np.ones((J, 1)), shared=True)
    found = school_prior(moments, error, np.ones((J, 1), dtype=bool))
    assert found.between[0, 0] == pytest.approx(case["tau2"], rel=1e-9)
    assert found.mean[0] == pytest.approx(case["mean"], rel=1e-12)
    assert math.sqrt(found.total[0, 0] / J) == pytest.approx(case["se"], rel=1e-9)


def test_the_error_of_estimated_moments_is_what_repeated_surveys_show():
    """Mean squared error of the posterior mean over surveys, against g₁ + g₂ + 2g₃ at the true moments."""
    rng = np.random.default_rng(8)
    J = 24
    B, V = np.array([[30.0, 18.0], [18.0, 40.0]]), np.array([[20.0, 8.0], [8.0, 25.0]])
    LB, LV = np.linalg.cholesky(B), np.linalg.cholesky(V)
    errors, told = [], []
    for _ in range(1500):
        theta = rng.standard_normal((J, 2)) @ LB.T
        m = theta + rng.standard_normal((J, 2)) @ LV.T
        S = np.cov(m.T)
        found = stage_posterior(m[0], V, StagePrior(n_schools=J, mean=m.mean(axis=0), total=S, between=S - V))
        errors.append(np.outer(found.mean - theta[0], found.mean - theta[0]))
        told.append(found.covariance)
    mse, claimed = np.mean(errors, axis=0), np.mean(told, axis=0)
    alone = B - B @ np.linalg.inv(B + V) @ B
    assert np.diag(mse) == pytest.approx(np.diag(claimed), rel=0.08)
    assert (np.diag(mse) > 1.04 * np.diag(alone)).all()  # the known-moments error would be too small


def test_without_a_prior_the_school_stands_by_itself():
    m, V = np.array([1.0, 2.0]), np.array([[1.0, 0.2], [0.2, 2.0]])
    found = stage_posterior(m, V, None)
    assert found.mean is m
    assert found.covariance is V


def test_negative_variances_between_schools_are_taken_away():
    S = np.diag([4.0, 9.0])
    B = np.array([[-1.0, 0.0], [0.0, 3.0]])
    assert without_negative(B, S) == pytest.approx(np.diag([0.0, 3.0]), abs=1e-12)
    good = np.array([[1.0, 0.5], [0.5, 3.0]])
    assert without_negative(good, S) is good


def test_answers_of_everyone_leave_nothing_to_borrow():
    B = np.array([[3.0, 3.0], [3.0, 3.0]])
    prior = StagePrior(n_schools=20, mean=np.zeros(2), total=B + np.eye(2), between=B)
    found = stage_posterior(np.array([1.0, 1.5]), np.zeros((2, 2)), prior)
    assert np.isfinite(found.covariance).all()


# The rule


def reading(stage: str, p: float, verdict: str = "undecided", estimate: float = 0.0) -> StageReading:
    return StageReading(
        stage=stage, label=stage, scales=(stage,), estimate=estimate, lower=0, upper=0, bar=0, verdict=verdict,
        p_earliest=p,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ((0.85, 0.10, 0.05, 0.00), ("a", "weak stage", ())),
        ((0.05, 0.80, 0.10, 0.05), ("b", "weak stage", ())),
        ((0.05, 0.05, 0.02, 0.88), (None, "none below", ())),
        ((0.50, 0.35, 0.10, 0.05), (None, "cannot tell", ("a", "b"))),
        ((0.10, 0.10, 0.20, 0.60), (None, "cannot tell", ("c",))),
        ((0.30, 0.25, 0.25, 0.20), (None, "cannot tell", ("a", "b", "c"))),
    ],
)
def test_an_outcome_is_named_from_the_certainty_on(chances, expected):
    readings = [reading(stage, p) for stage, p in zip("abc", chances, strict=False)]
    assert concluded(readings, chances[3], 0.0, 0.8) == expected


def test_a_withheld_stage_leaves_those_before_it_as_they_are():
    readings = [reading("a", NAN), reading("b", NAN, estimate=NAN), reading("c", NAN)]
    posterior = StagePosterior(mean=np.array([-2.0, 1.0]), covariance=np.eye(2))
    told, p_none, p_open = with_probabilities(readings, posterior)
    assert told[0].p_earliest == pytest.approx(0.97725, abs=1e-5)
    assert math.isnan(told[2].p_earliest)
    assert told[2].p_below == pytest.approx(0.15866, abs=1e-5)
    assert math.isnan(p_none)
    assert told[0].p_earliest + p_open == pytest.approx(1, abs=1e-15)
    assert concluded(told, p_none, p_open, 0.8)[:2] == ("a", "weak stage")
    assert concluded(told, p_none, p_open, 0.99) == (None, "cannot tell", ("a", "b"))
    first = [readings[1], readings[0], readings[2]]
    told, p_none, p_open = with_probabilities(first, posterior)
    assert p_open == pytest.approx(1, abs=1e-15)
    assert concluded(told, p_none, p_open, 0.8) == (None, "cannot tell", ("b",))


# The verb


@pytest.mark.parametrize("order", [ELMORE, POSTER], ids=["elmore", "poster"])
@pytest.mark.parametrize("metric", ["response", "relative"])
def test_the_posterior_comes_from_the_profile(order, metric, district):
    """Written out for one school: the stage's numbers from the prior, by the formulas of the module's head."""
    profile = district["Maple"]
    found = ic.earliest_weak_stage(profile, order, metric=metric)
    stages = [stage for stage in order.stages if stage.measured_by]
    keys = list(profile.scale_keys)
    e = {one.key: one for one in profile.scales}
    unit = np.array([1 / e[k].reference_sd if metric == "relative" else 100 / (e[k].high - e[k].low) for k in keys])
    origin = np.array([e[k].reference_mean if metric == "relative" else e[k].low for k in keys])
    L = np.array([[(k in s.measured_by) / len(s.measured_by) for k in keys] for s in stages])
    error = profile.z_covariance if metric == "relative" else profile.mean_covariance * np.outer(unit, unit)
    df = e["leadership"].df
    V, U = L @ error @ L.T * df / (df - 2), L * unit
    B, S, J = U @ profile.prior.between @ U.T, U @ profile.prior.total @ U.T, profile.prior.n_schools
    mu, m = U @ (profile.prior.mean - origin), U @ (np.array([e[k].mean for k in keys]) - origin)
    assert np.linalg.eigvalsh(B)[0] > 0
    inverse = np.linalg.inv(B + V)
    back = V @ inverse
    g3 = back @ (S @ inverse @ S + np.trace(inverse @ S) * S) @ back.T / (J - 1)
    covariance = B - B @ inverse @ B + back @ S @ back.T / J + 2 * g3
    shown = [r for r in found.readings if r.scales]
    assert [r.posterior_mean for r in shown] == pytest.approx(mu + B @ inverse @ (m - mu), rel=1e-7)
    assert found.posterior_covariance == pytest.approx(covariance, rel=1e-6)
    assert [r.posterior_sd for r in shown] == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-6)
    assert found.n_prior_schools == J == 22


def test_probabilities_sum_to_one_for_every_school(district):
    for profile in district.values():
        if profile.withheld:
            continue
        for order in (ELMORE, POSTER):
            for metric in ("response", "relative"):
                found = ic.earliest_weak_stage(profile, order, metric=metric)
                chances = [r.p_earliest for r in found.readings if r.scales]
                assert math.fsum([*chances, found.p_none, found.p_open]) == pytest.approx(1, abs=1e-15)
                unmeasured = [r for r in found.readings if not r.scales]
                assert all(math.isnan(r.p_earliest) and r.verdict == "not measured" for r in unmeasured)


def test_no_chance_is_in_it(district):
    found = [ic.earliest_weak_stage(district["Maple"], ELMORE) for _ in range(2)]
    np.random.seed(1)  # noqa: NPY002  # the global state must not matter
    found.append(ic.earliest_weak_stage(district["Maple"], ELMORE))
    assert found[0].to_dict() == found[1].to_dict() == found[2].to_dict()
    json.dumps(found[0].to_dict(), allow_nan=False)


def test_few_schools_and_norms_give_no_prior(example):
    schools = [s for s in example.schools if s not in ("Poplar", "Spruce")]
    few = ic.profile(example, "Maple", reference=schools[:FEWEST_OTHERS])
    enough = ic.profile(example, "Maple", reference=schools[: FEWEST_OTHERS + 1])
    assert "Maple" not in schools[:FEWEST_OTHERS]
    assert few.prior is not None  # ten others
    assert enough.prior.n_schools == FEWEST_OTHERS + 1
    own = [*schools[: FEWEST_OTHERS - 1], "Maple"]
    alone = ic.profile(example, "Maple", reference=own)  # itself and nine others
    assert alone.prior is None
    found = ic.earliest_weak_stage(alone, ELMORE)
    assert found.n_prior_schools == 0
    assert found.prior_note == "too few other schools to borrow from"
    assert [r.posterior_mean for r in found.readings[:3]] == [r.estimate for r in found.readings[:3]]
    norms = pd.DataFrame({"mean": 4.0, "sd": 1.0}, index=[s.key for s in example.instrument.scales])
    by_norms = ic.profile(example, "Maple", reference=norms)
    assert by_norms.prior is None
    assert "table of norms" in ic.earliest_weak_stage(by_norms, ELMORE).prior_note
    assert "this school's answers alone" in ordering_wording.borrowing(found)


def test_the_prior_is_no_more_than_a_school_may_see(example):
    assert ic.profile(example, "Poplar").prior is None
    withheld = ic.profile(example, "Alder")
    assert not withheld.prior.mean.flags.writeable
    data = example.select(wave=2025)
    frame = data.raw.astype(float).assign(school=data.school)
    safety = data.instrument.scale("psychological_safety").item_keys
    frame.loc[(data.school == "Juniper").to_numpy(), safety] = np.nan
    responses = ic.read_responses(frame, data.instrument, school="school")
    profile = ic.profile(responses, "Juniper")
    at = profile.scale_keys.index("psychological_safety")
    assert np.isnan(profile.prior.total[at]).all()
    assert np.isnan(profile.prior.between[:, at]).all()
    assert np.isnan(profile.prior.mean[at])
    found = ic.earliest_weak_stage(profile, POSTER)
    assert found.conclusion == "cannot tell"
    assert found.undecided == ("safe_leadership",)
    assert found.p_open == pytest.approx(1, abs=1e-15)


def test_a_school_s_own_spread_leaves_probabilities(example):
    found = ic.earliest_weak_stage(ic.profile(example, "Oak", within_sd="own"), ELMORE)
    assert math.fsum([*(r.p_earliest for r in found.readings[:3]), found.p_none]) == pytest.approx(1, abs=1e-15)
    assert "own spread" in found.prior_note
    staff = ic.earliest_weak_stage(ic.profile(example, "Oak", finite_population=True), ELMORE)
    usual = ic.earliest_weak_stage(ic.profile(example, "Oak"), ELMORE)
    assert staff.readings[0].posterior_sd < usual.readings[0].posterior_sd


@pytest.mark.parametrize("certainty", [0.5, 1.0, 80, NAN])
def test_a_certainty_that_is_none(certainty, district):
    with pytest.raises(ic.ModelError, match="certainty="):
        ic.earliest_weak_stage(district["Maple"], ELMORE, certainty=certainty)


def test_a_spread_known_from_too_few_teachers(codebook, answers):
    frame = answers.groupby("school").head(3)  # of whose spread two degrees of freedom know
    responses = ic.read_responses(frame, codebook, school="school")
    stage = [replace(s, measured_by=(k,)) for s, k in zip(ELMORE.stages, ("trust", "clarity"), strict=False)]
    order = replace(ELMORE, stages=(*stage, *ELMORE.stages[2:]))
    gates = ic.Gates(min_teachers=3, min_distribution=3, min_other_schools=2)
    profile = ic.profile(responses, "Elm", audience="research", gates=gates, within_sd="own")
    found = ic.earliest_weak_stage(profile, order)
    assert found.conclusion == "cannot tell"
    assert "too few teachers" in found.readings[0].note


def test_named_stages_are_right_as_often_as_they_say():
    """A small piece of the table in the documentation: four in five of the named stages at least, in truth."""
    rng = np.random.default_rng(3)
    J, V = 24, np.array([[16.0, 8.0, 6.0], [8.0, 18.0, 7.0], [6.0, 7.0, 20.0]])
    B, mu = 25.0 * (0.4 * np.eye(3) + 0.6), np.array([53.0, 51.0, 51.0])
    right = named = 0
    for _ in range(60):
        theta = mu + rng.standard_normal((J, 3)) @ np.linalg.cholesky(B).T
        m = theta + rng.standard_normal((J, 3)) @ np.linalg.cholesky(V).T
        S = np.cov(m.T)
        prior = StagePrior(n_schools=J, mean=m.mean(axis=0), total=S, between=S - V)
        low = theta < 50
        truth = np.where(low.any(axis=1), low.argmax(axis=1), 3)
        for j in range(J):
            _, first = first_below(stage_posterior(m[j], V, prior), np.full(3, 50.0))
            if first[:3].max() >= 0.8:
                named += 1
                right += int(first[:3].argmax()) == truth[j]
    assert named > 100
    assert right / named > 0.85


# The map of a district


def test_the_map_holds_what_each_profile_says(district):
    found = stage_map(district, ELMORE)
    frame = found.to_frame()
    assert len(frame) == 24 * len(ELMORE.stages)
    for school in ("Maple", "Juniper"):
        own = ic.earliest_weak_stage(district[school], ELMORE).to_frame()
        there = frame[frame["school"] == school].drop(columns="school").reset_index(drop=True)
        pd.testing.assert_frame_equal(there, own, check_dtype=False)
    gone = frame[frame["verdict"] == "withheld"]
    assert set(gone["school"]) == {"Poplar", "Spruce"}
    assert gone.drop(columns=["school", "stage", "label", "verdict", "note"]).isna().all(axis=None)
    assert set(gone["note"]) == {district["Poplar"].withheld, district["Spruce"].withheld}


def test_the_map_is_sorted_by_the_most_probable_stage(district):
    found = stage_map(district, ELMORE)
    places = [int(np.nanargmax([*(r.p_earliest for r in one.readings), one.p_none])) for one in found.schools]
    assert places == sorted(places)
    assert found.schools[0].school == "Hawthorn"
    conclusions = found.conclusions()
    assert list(conclusions["school"][-2:]) == ["Poplar", "Spruce"]
    counts = found.counts()
    assert counts["named"].sum() == (conclusions["conclusion"].isin(["weak stage", "none below"])).sum()
    assert counts["expected"].sum() == pytest.approx(22, abs=1e-12)


def test_a_map_is_not_for_a_school(example, district):
    with pytest.raises(ic.DisclosureError, match="made for schools"):
        stage_map(ic.profile_schools(example), ELMORE)
    with pytest.raises(ic.ModelError, match="profiles of a district"):
        stage_map({"Alder": district["Alder"]}, ELMORE)
    other = ic.profile(example.select(wave=2024), "Alder", audience="district")
    two_waves = type(district)({"Alder": district["Alder"], "again": other})
    with pytest.raises(ic.ModelError, match="for one audience, of one wave"):
        stage_map(two_waves, ELMORE)
    with pytest.raises(ic.ModelError, match="certainty="):
        stage_map(district, ELMORE, certainty=0.2)


def test_the_picture_of_the_map_hatches_what_is_withheld(district):
    found = stage_map(district, POSTER)
    ax = draw_stage_map(found)
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    assert len(hatched) == 2 * 4  # two schools, three measured stages and none; what nobody measures is grey
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels[-2:] == ["Poplar", "Spruce"]
    own = Figure().add_subplot()
    assert draw_stage_map(found, own) is own
    only = stage_map(type(district)({"Poplar": district["Poplar"]}), POSTER)
    assert draw_stage_map(only) is not None
    assert only.counts()["named"].sum() == 0


# Movement between waves


def test_movement_is_the_difference_of_school_means(example):
    before, after = (ic.profile(example.select(wave=w), "Maple") for w in (2023, 2025))
    found = stage_movement(before, after, ELMORE)
    first = found.to_frame().iloc[0]
    readings = [ic.earliest_weak_stage(p, ELMORE).readings[0] for p in (before, after)]
    assert first["change"] == pytest.approx(readings[1].estimate - readings[0].estimate, rel=1e-12)
    assert first["reliable_change_index"] == pytest.approx(first["change"] / first["se"], rel=1e-12)
    assert first["p_earliest_later"] == readings[1].p_earliest
    assert found.changes[-1].verdict == "not measured"
    from scipy import stats

    reach = stats.t.ppf(1 - 0.05 / 2 / 3, first["df"]) * first["se"]
    assert first["upper"] - first["change"] == pytest.approx(reach, rel=1e-9)
    back = stage_movement(after, before, ELMORE)
    assert back.to_frame()["change"].iloc[0] == pytest.approx(-first["change"], rel=1e-12)
    paired = stage_movement(before, after, ELMORE, error_correlation=0.5)
    assert paired.changes[0].se < found.changes[0].se


def test_the_error_of_a_difference_is_welchs(reference):
    case = reference("school_comparisons")
    x, y = np.array(case["x"]), np.array(case["y"])
    one, other = (Composite(estimate=v.mean(), se=v.std(ddof=1) / math.sqrt(len(v)), df=len(v) - 1) for v in (x, y))
    se, df = error_of_difference(one, other, 0.0)
    assert (x.mean() - y.mean()) / se == pytest.approx(case["welch"]["statistic"], rel=1e-12)
    assert df == pytest.approx(case["welch"]["df"], rel=1e-12)
    same, _ = error_of_difference(one, one, 0.75)
    assert same == pytest.approx(one.se * math.sqrt(0.5), rel=1e-12)


def test_reliable_changes_are_rare_where_nothing_moved():
    """Schools as they were, most teachers the same: taken as different people they keep the limits wide."""
    rng = np.random.default_rng(12)
    moved = total = 0
    for _ in range(4):
        responses = ic.simulate_responses(
            n_schools=12, teachers=20, waves=2, school_stability=1.0, stability=0.7, turnover=0.2, rng=rng
        )
        waves = [ic.profile_schools(responses.select(wave=w), audience="district") for w in responses.waves]
        for school in waves[0]:
            found = stage_movement(waves[0][school], waves[1][school], ELMORE)
            moved += any(c.verdict in ("higher", "lower") for c in found.changes)
            total += 1
    assert moved / total <= 0.05


def test_a_planted_change_is_found():
    book = ic.load_instrument("internal-coherence-survey")
    common = {"n_schools": 6, "teachers": 30, "icc": 0.05}
    low = {("School 01", s): -1.2 for s in ELMORE.stages[0].measured_by}
    first = ic.simulate_responses(book, shifts=low, rng=1, **common)
    second = ic.simulate_responses(book, rng=2, **common)
    before, after = (replace(ic.profile(r, "School 01"), wave=w) for r, w in ((first, "1"), (second, "2")))
    found = stage_movement(before, after, ELMORE)
    assert found.changes[0].verdict == "higher"
    assert "leadership_practice higher" in repr(found)
    ax = draw_stage_movement(found)
    assert "reliable change" in ax.get_title(loc="left")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: replace(p, school="Oak"), "of one school"),
        (lambda p: replace(p, wave="2025"), "two waves"),
        (lambda p: replace(p, wave=None), "no wave"),
        (lambda p: replace(p, audience="district"), "two audiences"),
        (lambda p: replace(p, choices=replace(p.choices, within_sd="own")), "drawn up differently: within_sd"),
        (lambda p: replace(p, estimates=tuple(replace(e, high=9.0) for e in p.estimates)), "two response formats"),
        (lambda p: "Maple", "two profiles of one school, not str"),
    ],
)
def test_profiles_that_can_t_be_compared(change, message, example):
    before, after = (ic.profile(example.select(wave=w), "Maple") for w in (2023, 2025))
    with pytest.raises(ic.ModelError, match=message):
        stage_movement(change(before), after, ELMORE)


def test_movement_of_what_is_withheld_or_correlates_too_much(example):
    before, after = (ic.profile(example.select(wave=w), "Poplar") for w in (2023, 2025))
    with pytest.raises(ic.DisclosureError):
        stage_movement(before, after, ELMORE)
    before, after = (ic.profile(example.select(wave=w), "Maple") for w in (2023, 2025))
    with pytest.raises(ic.ModelError, match="error_correlation=1"):
        stage_movement(before, after, ELMORE, error_correlation=1)


# Words


def everything_said(example, district):
    """Return all sentences that the module makes, over every kind of outcome."""
    said = [ordering_wording.ORDER_CAUTION, ordering_wording.MOVEMENT_CAUTION, ordering_wording.MAP_CAUTION]
    found = []
    for order in (ELMORE, POSTER):
        without_notes = replace(order, notes="")  # the published account's own words
        said.append(ordering_wording.order_basis(without_notes))
        said += ordering_wording.map_summary(stage_map(district, order))
        for profile in district.values():
            if not profile.withheld:
                found += [ic.earliest_weak_stage(profile, order, metric=m) for m in ("response", "relative")]
    hidden = replace(found[0], readings=(reading("a", NAN, estimate=NAN), *found[0].readings[1:]), p_none=NAN)
    alone = replace(found[0], n_prior_schools=0, prior_note="too few other schools to borrow from", own_bar=True)
    open_ = replace(hidden, conclusion="cannot tell", undecided=("a",))
    for one in [*found, hidden, alone, open_]:
        said += [ordering_wording.stage_conclusion(one), ordering_wording.track(one)]
        said += [ordering_wording.stage_position(r, one.metric) for r in one.readings]
        said += [" ".join(step) for step in ordering_wording.do_now(one)]
    for pair in ([(ELMORE, found[0]), (POSTER, found[1])], [(ELMORE, a) for a in found[:40:11]], []):
        said.append(ordering_wording.agreement_of_orders(pair))
    before, after = (ic.profile(example.select(wave=w), "Maple") for w in (2023, 2025))
    moved = stage_movement(before, after, ELMORE)
    changes = [
        StageChange(stage="a", label="a", change=9.0, lower=1.0, upper=17.0, verdict=v)
        for v in ("higher", "lower", "no reliable change", "cannot tell", "not measured")
    ]
    said += ordering_wording.movement_in_words(replace(moved, changes=(*moved.changes, *changes)))
    return said


def test_nothing_is_worded_as_an_effect(example, district, causal_words):
    said = everything_said(example, district)
    assert len(said) > 200
    assert {one.conclusion for one in stage_map(district, ELMORE).schools} == {
        "weak stage",
        "none below",
        "cannot tell",
    }
    for sentence in said:
        assert not causal_words.search(sentence), sentence


@pytest.mark.parametrize(
    "sentence", ["It raises the next stage.", "Work on it leads to more.", "This improves trust.", "an effect of teams"]
)
def test_the_words_looked_for_are_found(sentence, causal_words):
    assert causal_words.search(sentence)


def test_do_now_and_build_toward(district):
    juniper = ic.earliest_weak_stage(district["Juniper"], ELMORE)
    steps = ordering_wording.do_now(juniper)
    assert [heading for heading, _ in steps] == ["In place", "Do now", "Build toward", "Not known from this survey"]
    assert "Organisational structure and process: below the bar with a probability of more than 99 %" in steps[1][1]
    assert "does not measure it" in steps[3][1]
    maple = ic.earliest_weak_stage(district["Maple"], ELMORE)
    assert {heading for heading, _ in ordering_wording.do_now(maple)} == {"Do now"}
    assert len(ordering_wording.do_now(maple)) == len(maple.undecided) == 2
    alder = ic.earliest_weak_stage(district["Alder"], ELMORE)
    assert ordering_wording.do_now(alder)[0][1].startswith("Ask together")


def test_the_page_of_a_walk(district, tmp_path):
    found = ic.earliest_weak_stage(district["Juniper"], ELMORE)
    page = weak_stage_page(found, tmp_path / "new" / "juniper.html")
    assert (tmp_path / "new" / "juniper.html").read_text(encoding="utf-8") == page
    for part in (
        "Do now",
        "Build toward",
        ordering_wording.ORDER_CAUTION,
        "Elmore&#39;s account, Boston",
        "80 % or more",
    ):
        assert part in page
    for other in district:
        assert other == "Juniper" or not re.search(rf"\b{other}\b", page)
    beyond = ELMORE.stages[3]
    unmeasured = replace(ELMORE, stages=(beyond, replace(beyond, key="more")), arrows=())
    assert "measures no stage" in weak_stage_page(ic.earliest_weak_stage(district["Juniper"], unmeasured))


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.797, "79 %"), (0.8, "80 %"), (0.58, "58 %"), (0.9999, "more than 99 %"), (0.001, "less than 1 %"), (NAN, "–")],
)
def test_a_probability_is_not_rounded_up_to_a_certainty(p, text):
    assert ordering_wording.chance(p) == text


def test_the_pages_of_a_map_and_of_a_movement(example, district, tmp_path):
    page = stage_map_page(stage_map(district, ELMORE), tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == page
    for part in (
        ordering_wording.MAP_CAUTION,
        "Leadership practice: named in 1 school.",
        "Not shown: 2 schools.",
        "<svg",
    ):
        assert part in page
    before, after = (ic.profile(example.select(wave=w), "Linden") for w in (2023, 2025))
    page = stage_movement_page(stage_movement(before, after, ELMORE))
    for part in (
        ordering_wording.MOVEMENT_CAUTION,
        "Collective efficacy: reliably higher than before, +20 points",
        "<svg",
    ):
        assert part in page
