"""Profiles: numbers by another way, intervals that cover, and nothing that the reader may not see."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import internal_coherence as ic

OPEN = ic.Gates(min_teachers=3, min_distribution=3, min_response_rate=0, min_other_schools=2)
SMALL = ic.Gates(min_teachers=3, min_distribution=3, min_other_schools=2)


def scale(profile: ic.Profile, key: str):
    return next(e for e in profile.estimates if e.key == key)


@pytest.fixture(scope="module")
def small() -> ic.Responses:
    """Eight schools with a roster and missing answers, two scales in one dimension."""
    book = ic.load_instrument("internal-coherence-survey").select(["individual_efficacy", "collective_efficacy"])
    return ic.simulate_responses(
        book, n_schools=8, teachers=[12, 15, 11, 20, 14, 13, 18, 16], missing=0.25, response_rate=0.9, icc=0.2, rng=7
    )


def by_hand(responses: ic.Responses, sd: str, out: str | None = None):
    """Recompute reference mean, unit and pooled spread of each scale with pandas alone."""
    scores = ic.score(responses)
    school = responses.school.to_numpy()
    inside = scores[school != out] if out else scores
    groups = inside.groupby(school[school != out] if out else school)
    if sd == "teachers":
        mean, unit = inside.mean(), inside.std()
    else:
        mean, unit = groups.mean().mean(), groups.mean().std()
    every = scores.groupby(
        school
    )  # the spread is pooled over all schools, whether the school counts for the mean or not
    df = scores.count() - every.ngroups
    within = np.sqrt((every.var() * (every.count() - 1)).sum() / df)
    return scores, mean, unit, within, df


@pytest.mark.parametrize("out", [None, "School 03"])
@pytest.mark.parametrize("sd", ["teachers", "schools"])
def test_z_and_its_error_by_hand(sd, out, small):
    scores, mean, unit, within, df = by_hand(small, sd, out)
    target = ic.profile(small, "School 03", sd=sd, include_self=out is None, gates=OPEN)
    school = small.school.to_numpy()
    for key in scores:
        n = scores[key].groupby(school).count()
        weights = n / n.sum() if sd == "teachers" else n * 0 + 1 / 8
        if out:
            kept = n.drop(out)
            weights = (kept / kept.sum() if sd == "teachers" else kept * 0 + 1 / 7).reindex(n.index, fill_value=0)
        share = weights * -1
        share["School 03"] += 1  # the school's mean minus the reference mean, as one sum over independent schools
        se = within[key] * np.sqrt((share**2 / n).sum()) / unit[key]
        got = scale(target, key)
        own = scores.loc[school == "School 03", key].mean()
        assert got.z == pytest.approx((own - mean[key]) / unit[key], rel=1e-12)
        assert got.se == pytest.approx(se, rel=1e-10)
        assert got.df == df[key]
        lower, upper = got.confidence_interval(0.9)
        reach = stats.t.ppf(0.95, df[key]) * se
        assert [lower, upper] == pytest.approx([got.z - reach, got.z + reach], rel=1e-10)


def test_a_dimension_is_the_mean_of_its_scales_with_their_covariance(small):
    target = ic.profile(small, "School 05", reference_error=False, gates=OPEN)
    one, two, both = (scale(target, key) for key in ("individual_efficacy", "collective_efficacy", "efficacy"))
    assert both.z == pytest.approx((one.z + two.z) / 2, rel=1e-12)
    scores = ic.score(small)
    school = small.school.to_numpy()
    residual = scores - scores.groupby(school).transform("mean")
    complete = residual.notna().all(axis=1)
    df = sum(complete[school == s].sum() - 1 for s in small.schools)
    cov = (residual.iloc[:, 0] * residual.iloc[:, 1])[complete].sum() / df
    mine = school == "School 05"
    n = scores[mine].count()
    cross = cov * complete[mine].sum() / (n.iloc[0] * n.iloc[1]) / (one.reference_sd * two.reference_sd)
    assert both.se == pytest.approx(np.sqrt(one.se**2 + two.se**2 + 2 * cross) / 2, rel=1e-10)


def test_own_spread_and_present_staff(small):
    own = scale(
        ic.profile(small, "School 04", within_sd="own", reference_error=False, gates=OPEN), "collective_efficacy"
    )
    scores = ic.score(small).loc[(small.school == "School 04").to_numpy(), "collective_efficacy"]
    assert own.se == pytest.approx(scores.sem() / own.reference_sd, rel=1e-12)
    assert own.df == scores.count() - 1
    staff = ic.profile(small, "School 04", within_sd="own", reference_error=False, finite_population=True, gates=OPEN)
    corrected = scale(staff, "collective_efficacy")
    assert corrected.se == pytest.approx(own.se * np.sqrt(1 - scores.count() / 20), rel=1e-10)


def test_everyone_answered_leaves_no_error_about_the_present_staff(codebook, answers):
    roster = {"Elm": 4, "Oak": 4, "Yew": 4}
    responses = ic.read_responses(answers, codebook, school="school", roster=roster)
    target = ic.profile(responses, "Elm", finite_population=True, gates=OPEN)
    assert scale(target, "trust").se == pytest.approx(0, abs=1e-12)
    bare = ic.read_responses(answers, codebook, school="school")
    with pytest.raises(ic.ResponseError, match="finite_population=True needs a roster"):
        ic.profile(bare, "Elm", finite_population=True, gates=OPEN)


def test_norms(small):
    keys = ["individual_efficacy", "collective_efficacy"]
    norms = pd.DataFrame({"scale": keys, "mean": [4.0, 4.2], "sd": [0.9, 0.8], "se": [0.05, 0.0]})
    with_error = scale(ic.profile(small, "School 02", reference=norms, gates=OPEN), "individual_efficacy")
    fixed = scale(
        ic.profile(small, "School 02", reference=norms, reference_error=False, gates=OPEN), "individual_efficacy"
    )
    assert with_error.z == pytest.approx((with_error.mean - 4.0) / 0.9)
    assert with_error.se**2 == pytest.approx(fixed.se**2 + (0.05 / 0.9) ** 2)
    assert np.isnan(with_error.reference_schools.high)
    for broken, message in (
        (norms.drop(columns="sd"), "missing: 'sd'"),
        (norms.head(1), "no row for scale 'collective_efficacy'"),
        (norms.assign(sd=0), "sd 0"),
        (norms.assign(mean=9), "the mean must lie in 1–6"),
        (pd.concat([norms, norms]), "name a scale twice"),
    ):
        with pytest.raises(ic.ResponseError, match=message):
            ic.profile(small, "School 02", reference=broken, gates=OPEN)


def test_over_teachers_the_school_means_average_to_the_reference(small):
    profiles = ic.profile_schools(small, gates=OPEN)
    frame = profiles.to_frame().query("key == 'collective_efficacy'")
    assert np.average(frame["z"], weights=frame["n"]) == pytest.approx(0, abs=1e-12)
    frame = ic.profile_schools(small, sd="schools", gates=OPEN).to_frame().query("key == 'collective_efficacy'")
    assert frame["z"].mean() == pytest.approx(0, abs=1e-12)
    assert frame["z"].std() == pytest.approx(1, rel=1e-12)


def test_high_and_low_are_chosen_by_scale_and_named_to_a_district_only(small):
    district = ic.profile_schools(small, audience="district", gates=OPEN)
    frame = district.to_frame().query("key == 'individual_efficacy'")
    assert set(frame["high_school"]) == {frame["z"].idxmax()}
    assert set(frame["low_school"]) == {frame["z"].idxmin()}
    assert np.allclose(frame["reference_high"], frame["z"].max())
    school = ic.profile_schools(small, gates=OPEN).to_frame()
    assert (school["high_school"] == "").all()
    few = ic.profile(small, "School 01", reference=small.schools[:4], gates=OPEN)
    assert np.isnan(scale(few, "individual_efficacy").reference_schools.high)


def test_a_reference_of_some_schools(small):
    target = ic.profile(small, "School 01", reference=["School 02", "School 03", "School 04"], gates=OPEN)
    assert not target.self_in_reference
    assert target.n_reference_schools == 3
    chosen = small.select(school=["School 02", "School 03", "School 04"])
    assert scale(target, "individual_efficacy").reference_mean == pytest.approx(
        ic.score(chosen)["individual_efficacy"].mean()
    )
    with pytest.raises(ic.ResponseError, match=r"no school 'School 99' with answers; .*did you mean"):
        ic.profile(small, "School 01", reference=["School 99"], gates=OPEN)
    with pytest.raises(ic.ResponseError, match="is not 'all'"):
        ic.profile(small, "School 01", reference="School 02", gates=OPEN)


def test_a_withheld_school_is_in_nobodys_reference(example, now):
    target = ic.profile(example, "Alder", audience="district")
    kept = now.select(school=[s for s in now.schools if s not in ("Poplar", "Spruce")])
    assert target.n_reference_schools == 22
    assert target.n_reference_withheld == 2
    expected = ic.score(kept)["leadership"]
    assert scale(target, "leadership").reference_mean == pytest.approx(expected.mean(), rel=1e-12)
    assert scale(target, "leadership").reference_sd == pytest.approx(expected.std(), rel=1e-12)


def test_a_blocked_profile_says_why_and_nothing_else(example):
    for audience in ("school", "district"):
        spruce = ic.profile(example, "Spruce", audience=audience)
        assert spruce.withheld == "response rate 50.0% is below 65%"
        assert (spruce.estimates, spruce.spreads, spruce.items) == ((), (), ())
        assert spruce.mean_covariance.size == spruce.z_covariance.size == 0
        poplar = ic.profile(example, "Poplar", audience=audience)
        assert (poplar.n, poplar.response_rate) == (None, None)
    assert ic.profile(example, "Spruce", audience="research").estimates
    assert not ic.profile(example, "Spruce", gates=ic.Gates(min_response_rate=0.5)).withheld


def test_an_unknown_response_rate_does_not_block(codebook, answers):
    responses = ic.read_responses(answers, codebook, school="school")
    target = ic.profile(responses, "Elm", gates=SMALL)
    assert target.response_rate is None
    assert not target.withheld


def test_the_latest_wave_is_taken(example):
    assert ic.profile(example, "Alder").wave == "2025"
    assert ic.profile(example.select(wave=2023), "Alder").wave == "2023"


def test_an_unknown_school_is_named_with_the_closest(example):
    with pytest.raises(ic.ResponseError, match=r"nobody answered from a school 'Junper'; .*did you mean 'Juniper'"):
        ic.profile(example, "Junper")
    with pytest.raises(ic.ResponseError, match="no profile of school 'Junper'; did you mean"):
        ic.profile_schools(example)["Junper"]


def test_one_profile_is_the_one_among_all(example):
    one, among = ic.profile(example, "Maple"), ic.profile_schools(example)["Maple"]
    assert one.to_dict() == among.to_dict()


def test_a_profile_holds_no_teachers_values(example, now):
    profile = ic.profile(example, "Maple")
    again = pickle.loads(pickle.dumps(profile))
    assert again.to_dict() == profile.to_dict()
    n = profile.n
    lengths: list[int] = []

    def walk(part):
        if isinstance(part, dict):
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            lengths.append(len(part))
            for value in part:
                walk(value)

    walk(json.loads(json.dumps(profile.to_dict())))
    assert n not in lengths
    teachers = set(now.select(school="Maple").teacher)
    text = json.dumps(profile.to_dict()) + repr(profile) + profile.to_html()
    assert not [t for t in teachers if t in text]


def test_arrays_of_a_profile_can_not_be_changed(example):
    profile = ic.profile(example, "Maple")
    with pytest.raises(ValueError, match="read-only"):
        profile.z_covariance[0, 0] = 1
    with pytest.raises(AttributeError):
        profile.school = "Elm"


def test_covariances_tell_nothing_of_one_school(example, small):
    for profile in (ic.profile(example, "Maple"), ic.profile(example, "Maple", within_sd="own")):
        base = profile.mean_covariance.base
        while isinstance(base, np.ndarray):
            assert base.size <= profile.mean_covariance.size
            base = base.base
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            profile.mean_covariance.flags.writeable = True
    own = ic.profile(example, "Maple", within_sd="own")
    off = ~np.eye(len(own.scale_keys), dtype=bool)
    assert np.isnan(own.mean_covariance[off]).all()
    assert not np.isnan(ic.profile(example, "Maple").mean_covariance).any()
    few = ic.profile(
        small, "School 03", within_sd="own", gates=ic.Gates(min_teachers=5, min_distribution=15, min_response_rate=0)
    )
    assert few.withheld == "with fewer than 15 teachers its own spread is not shown"


def test_a_stage_read_without_covariances_has_wider_limits(example):
    order = ic.load_order("elmore-boston")
    pooled = ic.earliest_weak_stage(ic.profile(example, "Oak"), order).readings[0]
    own = ic.earliest_weak_stage(ic.profile(example, "Oak", within_sd="own"), order).readings[0]
    assert own.upper - own.lower > pooled.upper - pooled.lower


def test_drawing_up_one_profile_leaves_the_others_alone(codebook, answers):
    data = answers.astype(dict.fromkeys(["c1", "c2", "c3"], float))
    data.loc[data["school"] == "Elm", ["c1", "c2", "c3"]] = np.nan
    more = pd.concat([data, data.replace({"school": {"Elm": "Ash", "Oak": "Fir", "Yew": "Asp"}})], ignore_index=True)
    responses = ic.read_responses(more, codebook, school="school")
    together = ic.profile_schools(responses, include_self=False, gates=SMALL)
    for school in responses.schools:
        assert together[school].to_dict() == ic.profile(responses, school, include_self=False, gates=SMALL).to_dict()


def test_few_other_schools_are_not_told_to_a_school(small):
    three = small.select(school=small.schools[:3])
    gates = ic.Gates(min_response_rate=0)
    assert ic.profile(three, "School 01", gates=gates).withheld == "fewer than 3 other schools to compare with"
    assert not ic.profile(three, "School 01", gates=gates, audience="district").withheld
    six = small.select(school=small.schools[:6])
    assert np.isnan(scale(ic.profile(six, "School 01", gates=gates), "efficacy").reference_schools.high)
    assert not np.isnan(scale(ic.profile(small, "School 01", gates=gates), "efficacy").reference_schools.high)


def test_scales_that_no_teacher_answered_together_still_make_a_dimension():
    book = ic.load_instrument("internal-coherence-survey").select(["individual_efficacy", "collective_efficacy"])
    full = ic.simulate_responses(book, n_schools=8, teachers=24, rng=3)
    raw = full.raw.astype(float)
    half = np.arange(len(raw)) % 2 == 0
    raw.loc[half, book.scales[0].item_keys] = np.nan
    raw.loc[~half, book.scales[1].item_keys] = np.nan
    responses = ic.read_responses(raw.assign(school=full.school), book, school="school")
    one, two, both = (
        scale(ic.profile(responses, "School 02", reference_error=False), key)
        for key in ("individual_efficacy", "collective_efficacy", "efficacy")
    )
    assert both.se == pytest.approx(np.hypot(one.se, two.se) / 2, rel=1e-10)


def test_two_answers_show_no_items():
    book = ic.read_codebook(pd.DataFrame({"item": ["a", "b"], "scale": "s", "low": 0, "high": 1}))
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.integers(0, 2, (100, 2)), columns=["a", "b"]).assign(school=np.arange(100) % 5)
    profile = ic.profile(ic.read_responses(data, book, school="school"), 0)
    assert all(item.withheld.startswith("with two answers") for item in profile.items)


def test_distributions_and_items_are_guarded(example):
    gates = ic.Gates(min_distribution=30)
    for one in ic.profile_schools(example, gates=gates).values():
        for spread in one.spreads:
            assert bool(spread.bars) != bool(spread.withheld)
            assert all(bar.share == 0 or bar.share * one.n > 2.5 for bar in spread.bars)
            if one.n < 30:
                assert not spread.bars
        for item in one.items:
            if one.n < 30:
                assert item.withheld
            elif not item.withheld:
                assert 3 / one.n - 1e-12 <= item.share


def test_favourable_counts_agreement_after_reversal_and_leaves_missing_out(codebook):
    rows = 12
    data = pd.DataFrame({key: [3] * rows for key in ("t1", "t2", "c1", "c2", "c3")}).assign(school=["Elm"] * rows)
    data["t1"] = [1, 2, 3, 4] * 3
    data["t2"] = [2] * 3 + [3] * 8 + [np.nan]
    data["t3"] = [1] * 8 + [4] * 4  # reversed: eight favourable
    data["c1"] = [1] + [4] * 11
    norms = pd.DataFrame({"mean": [2.5, 2.5], "sd": [0.8, 0.8]}, index=["trust", "clarity"])
    responses = ic.read_responses(data, codebook, school="school")
    profile = ic.profile(responses, "Elm", reference=norms, items=["t1", "t2", "t3", "c1"])
    shares = {item.item: item for item in profile.items}
    assert shares["t1"].share == 0.5
    assert shares["t2"].share == 8 / 11
    assert shares["t3"].share == pytest.approx(8 / 12)
    assert (shares["c1"].share, shares["c1"].bound) == (9 / 12, "at least")
    with pytest.raises(ic.ResponseError, match="no item 't9'"):
        ic.profile(responses, "Elm", reference=norms, items=["t9"])


def test_options_that_do_not_exist(example):
    for options, message in (
        ({"sd": "pupils"}, "sd='pupils'"),
        ({"within_sd": "all"}, "within_sd='all'"),
        ({"audience": "press"}, "audience='press'"),
        ({"level": 95}, "level=95"),
    ):
        with pytest.raises(ic.ModelError, match=message):
            ic.profile(example, "Alder", **options)


@pytest.mark.parametrize("include_self", [True, False])
def test_intervals_cover_the_schools_own_mean(include_self):
    """Fixed schools, fresh teachers: 95 % of intervals hold the true distance from the reference mean."""
    rng = np.random.default_rng(11)
    book = ic.read_codebook(pd.DataFrame({"item": ["a", "b"], "scale": "s", "low": 0, "high": 1000}))
    truth = np.array([400.0, 480, 500, 520, 600, 510])
    sizes = np.array([6, 9, 12, 20, 8, 15])
    weights = sizes / sizes.sum()
    centre = weights @ truth if include_self else weights[1:] @ truth[1:] / weights[1:].sum()
    school = np.repeat(np.arange(6), sizes)
    hits = 0
    repeats = 200
    for _ in range(repeats):
        x = np.clip(np.round(truth[school] + rng.normal(0, 60, len(school))), 0, 1000)
        responses = ic.read_responses(pd.DataFrame({"school": school, "a": x, "b": x}), book, school="school")
        estimate = ic.profile(responses, 0, include_self=include_self).scales[0]
        lower, upper = estimate.confidence_interval()
        hits += lower <= (truth[0] - centre) / estimate.reference_sd <= upper
    # the unit itself is taken as fixed, so the difference of means is what the interval is about
    assert 0.90 <= hits / repeats <= 0.99


def few_and_many(sizes: dict[str, int]) -> ic.Responses:
    rng = np.random.default_rng(7)
    rows = [(s, *rng.integers(1, 7, 3)) for s, n in sizes.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["school", "i1", "i2", "i3"])
    codebook = pd.DataFrame({"item": ["i1", "i2", "i3"], "scale": "trust", "low": 1, "high": 6})
    return ic.read_responses(frame, ic.read_codebook(codebook), school="school")


def test_a_district_can_not_work_out_the_spread_of_a_small_school():
    responses = few_and_many({"Ash": 6, "Elm": 12, "Oak": 14, "Yew": 20, "Fir": 20})
    with pytest.raises(ic.DisclosureError, match="the spread within 1 school, one of them of few teachers"):
        ic.profile(responses, "Elm", reference=["Ash"], audience="district")
    with pytest.raises(ic.DisclosureError, match=r"include_self=False: .* tell every school's"):
        ic.profile_schools(responses, include_self=False, audience="district")
    assert ic.profile_schools(responses, include_self=False, sd="schools", audience="district")
    table = ic.aggregate(responses).to_frame().set_index("school")["sd"]
    hidden = set(table[table.isna()].index)
    assert hidden == {"Ash", "Elm", "Oak"}
    own = ic.profile_schools(responses, within_sd="own", audience="district").to_frame()
    assert set(own.index[own["withheld"] != ""].get_level_values("school")) == hidden


def test_agreement_of_few_complete_answers_is_not_for_a_district():
    frame = pd.DataFrame(np.random.default_rng(3).integers(1, 7, (48, 3)), columns=["i1", "i2", "i3"]).astype(float)
    frame.loc[2:11, "i3"] = np.nan  # of Ash two answered everything, twelve have a score
    frame["school"] = np.repeat(["Ash", "Elm", "Oak", "Yew"], 12)
    codebook = pd.DataFrame({"item": ["i1", "i2", "i3"], "scale": "trust", "low": 1, "high": 6})
    responses = ic.read_responses(frame, ic.read_codebook(codebook), school="school")
    table = ic.aggregate(responses).to_frame().set_index("school")
    assert table.loc["Ash", "n"] == 12
    assert table["rwg_j"].isna().tolist() == [True, False, False, False]
    assert ic.aggregate(responses, audience="research").to_frame()["rwg_j"].notna().all()
    by_items = ic.aggregate(responses, rule="item_means")
    assert (
        by_items.to_frame().set_index("school").loc["Ash", "withheld"] == "fewer than 5 teachers answered an item of it"
    )
    assert by_items.to_frame()["eb_mean"].isna().all()
    assert len(by_items.means) == 0


def test_a_mean_so_near_the_end_that_it_tells_every_answer_is_withheld():
    rng = np.random.default_rng(5)
    items = [f"i{k}" for k in range(8)]
    near = np.full((6, 8), 4)
    near[[0, 1, 2], [0, 1, 2]] = 3  # three teachers, each an eighth from the end
    answers = pd.DataFrame(np.vstack([near, rng.integers(1, 5, (40, 8))]), columns=items)
    answers["school"] = ["Ash"] * 6 + ["Elm", "Oak"] * 20
    codebook = pd.DataFrame({"item": items, "scale": "trust", "low": 1, "high": 4})
    responses = ic.read_responses(answers, ic.read_codebook(codebook), school="school")
    table = ic.aggregate(responses)
    assert table.to_frame().set_index("school").loc["Ash", "withheld"] == "the answers are too alike to be shown"
    assert ic.audit_disclosure(table, attacker=ic.Attacker(counts=responses)).passes
