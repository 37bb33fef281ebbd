"""What users get wrong, and what they are told."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import internal_coherence as ic

SMALL = ic.Gates(min_teachers=3, min_distribution=3, min_other_schools=2)
KEYS = ["t1", "t2", "t3", "c1", "c2", "c3"]


def test_a_missing_column_is_named_with_the_closest(answers, codebook):
    with pytest.raises(ic.ResponseError, match=r"no column for 1 of 6 items: 't2' \(did you mean 't2x'\?\)"):
        ic.read_responses(answers.rename(columns={"t2": "t2x"}), codebook, school="school")
    with pytest.raises(ic.ResponseError, match=r"read with instrument\.select\(\['trust'\]\)"):
        ic.read_responses(answers.drop(columns=["c1", "c2", "c3"]), codebook, school="school")
    with pytest.raises(ic.ResponseError, match=r"school='School': .* no such column; .*did you mean 'school'"):
        ic.read_responses(answers, codebook, school="School")


def test_a_column_whose_coding_is_shifted_is_pointed_out(answers, codebook):
    data = answers.assign(t1=answers["t1"] - 1)
    with pytest.raises(ic.ResponseError, match="its answers run 0–3, as if they were coded otherwise than 1–4"):
        ic.read_responses(data, codebook, school="school")
    with pytest.warns(ic.CoherenceWarning, match="item 't1' of scale 'trust'; its answers run 0–3"):
        ic.read_responses(data, codebook, school="school", invalid="missing")


def test_only_columns_that_are_free_are_suggested(answers, codebook):
    with pytest.raises(ic.ResponseError) as error:
        ic.read_responses(answers.rename(columns={"t2": "other"}), codebook, school="school")
    assert "did you mean" not in str(error.value)


def test_codes_out_of_range_are_counted_by_item(answers, codebook):
    data = answers.copy()
    data.loc[[0, 1, 2], "t1"] = [0, 0, 7]
    data.loc[3, "c2"] = 5
    with pytest.raises(ic.ResponseError) as error:
        ic.read_responses(data, codebook, school="school")
    assert "item 't1' of scale 'trust' has 3 responses outside 1–4: {0: 2, 7: 1}" in str(error.value)
    assert "item 'c2' of scale 'clarity' has 1 response outside 1–4: {5: 1}" in str(error.value)


def test_schools_that_differ_by_space_are_one_and_by_case_are_refused(answers, codebook):
    data = answers.copy()
    data.loc[0, "school"] = "Elm "
    responses = ic.read_responses(data, codebook, school="school")
    assert responses.schools == ("Elm", "Oak", "Yew")
    assert ("school names tidied", 1) in responses.log.counts
    data.loc[1, "school"] = "ELM"
    with pytest.raises(ic.ResponseError, match=r"'Elm' \(3 rows\) and 'ELM' \(1 rows\) differ only in case or accents"):
        ic.read_responses(data, codebook, school="school")


def test_one_school_alone_has_nothing_to_be_compared_with(codebook, answers):
    gates = ic.Gates(min_teachers=3, min_distribution=3)
    data = answers.assign(school="Elm")
    responses = ic.read_responses(data, codebook, school="school")
    for audience in ("school", "district"):
        alone = ic.profile(responses, "Elm", gates=gates, audience=audience)
        assert alone.withheld in ("no other school to compare with", "fewer than 3 other schools to compare with")
        assert alone.estimates == ()
    norms = pd.DataFrame({"mean": [2.5, 2.5], "sd": [0.8, 0.8]}, index=["trust", "clarity"])
    assert not ic.profile(responses, "Elm", reference=norms, gates=gates).withheld
    with pytest.raises(ic.ResponseError, match="needs at least two with answers, and there is 1"):
        ic.icc1(ic.score(responses)["trust"], responses.school)


def test_two_schools_would_tell_each_others_mean(codebook, answers):
    responses = ic.read_responses(answers[answers["school"] != "Yew"], codebook, school="school")
    gates = ic.Gates(min_teachers=3, min_distribution=3)
    assert ic.profile(responses, "Elm", gates=gates).withheld == "fewer than 3 other schools to compare with"
    assert ic.profile(responses, "Elm", audience="district", gates=gates).n == 4


def test_a_school_of_one_teacher_is_withheld(codebook, answers):
    data = answers.copy()
    data.loc[0, "school"] = "Solo"
    responses = ic.read_responses(data, codebook, school="school")
    gates = ic.Gates(min_teachers=3, min_distribution=3)
    solo = ic.profile(responses, "Solo", gates=gates)
    assert solo.withheld == "fewer than 3 teachers answered"
    assert solo.n is None
    assert solo.estimates == ()
    assert solo.to_frame().empty
    with pytest.raises(ic.DisclosureError, match="withheld"):
        ic.earliest_weak_stage(solo, ic.load_order("elmore-boston"))


def test_every_school_of_one_teacher(codebook, answers):
    responses = ic.read_responses(answers.assign(school=range(12)), codebook, school="school")
    with pytest.raises(ic.ResponseError, match="every school has one teacher"):
        ic.icc1(ic.score(responses)["trust"], responses.school)
    with pytest.raises(ic.ResponseError, match="none of 12 schools passes the gates"):
        ic.profile(responses, 3)
    assert ic.rwg_j(responses.items[KEYS[:3]], responses.school, 4).n_schools == 0


def test_an_item_that_nobody_answered(codebook, answers):
    data = answers.astype(dict.fromkeys(KEYS, float))
    data["t2"] = np.nan
    responses = ic.read_responses(data, codebook, school="school")
    assert ("items that nobody answered", 1) in responses.log.counts
    with pytest.warns(ic.MissingDataWarning, match="scale 'trust': alpha is NaN: fewer than two answers to 't2'"):
        alphas = ic.alpha(responses)
    assert np.isnan(alphas["trust"].alpha)
    assert alphas["clarity"].alpha > 0
    assert ic.score(responses)["trust"].notna().all()


def test_a_scale_with_one_item_left(codebook, answers):
    data = answers.astype(dict.fromkeys(KEYS, float))
    data[["t2", "t3"]] = np.nan
    responses = ic.read_responses(data, codebook, school="school")
    assert ic.score(responses)["trust"].isna().all()
    with pytest.warns(ic.MissingDataWarning):
        assert np.isnan(ic.alpha(responses)["trust"].alpha)
    profile = ic.profile(responses, "Elm", gates=SMALL)
    trust = next(e for e in profile.scales if e.key == "trust")
    assert trust.withheld == "fewer than 3 teachers answered"
    assert np.isnan(trust.z)
    assert profile.dimensions[0].withheld == "for lack of: trust"


def test_a_constant_item_is_said(codebook, answers):
    data = answers.assign(t1=3)
    result = ic.alpha(ic.read_responses(data, codebook, school="school"))["trust"]
    assert result.note == "everyone gave the same answer to 't1'"
    assert np.isnan(result.alpha_standardized)
    assert not np.isnan(result.alpha)


def test_answers_reversed_twice_are_refused_or_warned_of(codebook, answers):
    responses = ic.read_responses(answers, codebook, school="school")
    with pytest.raises(ic.ResponseError, match="reverse-coded already"):
        ic.read_responses(responses.items.assign(school="Elm"), codebook, school="school")
    turned = answers.assign(t3=5 - answers["t3"])
    with pytest.warns(ic.ReversedItemWarning, match="scale 'trust': .*'t3' correlate negatively"):
        ic.alpha(ic.read_responses(turned, codebook, school="school"))


def test_empty_and_broken_files(codebook, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(ic.ResponseError, match="is empty"):
        ic.read_responses(empty, codebook, school="school")
    empty.write_text("school,t1,t2,t3,c1,c2,c3\n")
    with pytest.raises(ic.ResponseError, match="is empty: it has 0 rows"):
        ic.read_responses(empty, codebook, school="school")
    empty.write_text("school,t1,t2,t3,c1,c2,c3\nElm,,,,,,\n")
    with pytest.raises(ic.ResponseError, match="none of 1 rows is a teacher's answer"):
        ic.read_responses(empty, codebook, school="school")
    empty.write_text("school,t1,t1,t3,c1,c2,c3\nElm,1,1,1,1,1,1\n")
    with pytest.raises(ic.ResponseError, match="more than one column named 't1'"):
        ic.read_responses(empty, codebook, school="school")
    (tmp_path / "renamed.csv").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(ic.ResponseError, match="zipped file"):
        ic.read_responses(tmp_path / "renamed.csv", codebook, school="school")
    (tmp_path / "broken.xlsx").write_bytes(b"nothing")
    with pytest.raises(ic.ResponseError, match=r"broken.xlsx can't be read as xlsx"):
        ic.read_responses(tmp_path / "broken.xlsx", codebook, school="school")
    (tmp_path / "export.xyz").write_text("x")
    with pytest.raises(ic.ResponseError, match="can't tell the format"):
        ic.read_responses(tmp_path / "export.xyz", codebook, school="school")
    with pytest.raises(ic.ResponseError, match="there is no file"):
        ic.read_responses(tmp_path / "nowhere.csv", codebook, school="school")


def test_items_whose_sum_does_not_vary():
    with pytest.warns(ic.MissingDataWarning, match="the sum of the items does not vary"):
        result = ic.alpha(pd.DataFrame({"a": [1, 2, 3, 4, 4.0], "b": [4, 3, 2, 1, 1.0]}))
    assert np.isnan(result.alpha)


def test_statistics_of_columns_say_what_they_take(now):
    with pytest.raises(ic.ResponseError, match="icc1: Responses know each teacher's school"):
        ic.icc1(now, now.school)
    with pytest.raises(ic.ResponseError, match="icc1 needs school="):
        ic.icc1([1, 2, 3])


def test_things_of_the_wrong_kind_are_named(codebook, answers, example):
    for source in ([1, 2], 7):
        with pytest.raises(ic.ResponseError, match="give a data frame or a file's path"):
            ic.read_responses(source, codebook, school="school")
    with pytest.raises(ic.ResponseError, match="instrument must be an Instrument, a name or a path, not DataFrame"):
        ic.read_responses(answers, answers, school="school")
    with pytest.raises(ic.ResponseError, match="leader_roles is a list"):
        ic.read_responses(answers, codebook, school="school", leader_roles="Principal")
    with pytest.raises(ic.ResponseError, match="a roster is a mapping"):
        ic.read_responses(answers, codebook, school="school", roster=[1])
    with pytest.raises(ic.ResponseError, match="reference is 'all', a list of schools"):
        ic.profile(example, "Alder", reference=3)
    with pytest.raises(ic.ModelError, match=r"gates must be Gates\(\.\.\.\)"):
        ic.profile(example, "Alder", gates={"min_teachers": 3})
    with pytest.raises(ic.ResponseError, match="a word can't mean both"):
        ic.read_responses(answers, codebook, school="school", missing_codes=["agree"])


def test_an_alpha_that_can_not_be_is_said():
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(300):
        X = rng.normal(size=(8, 4)) + rng.normal(size=(8, 1)) * 3
        X[rng.random(X.shape) < 0.3] = np.nan
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = ic.alpha(X)
        if result.alpha > 1:
            found += 1
            assert any(issubclass(w.category, ic.ImproperSolutionWarning) for w in caught)
            assert np.isnan(result.confidence_interval().lower)
    assert found


def test_options_that_do_not_exist(codebook, answers):
    with pytest.raises(ic.ResponseError, match="invalid='drop' is neither"):
        ic.read_responses(answers, codebook, school="school", invalid="drop")
    with pytest.raises(ic.ResponseError, match="missing_codes is a list"):
        ic.read_responses(answers, codebook, school="school", missing_codes="N/A")
    with pytest.raises(ic.ResponseError, match="missing code 3 is one of the answers 1–4 of item 't1'"):
        ic.read_responses(answers, codebook, school="school", missing_codes=[3])
    with pytest.raises(ic.ResponseError, match="format='excel' is not one of"):
        ic.read_responses(answers, codebook, school="school", format="excel")


def test_rosters_that_can_not_be(codebook, answers):
    with pytest.raises(
        ic.ResponseError, match=r"more respondents than teachers in 1 place\(s\): 'Elm' \(4 answered, 3 on"
    ):
        ic.read_responses(answers, codebook, school="school", roster={"Elm": 3, "Oak": 9, "Yew": 9})
    with pytest.raises(ic.ResponseError, match="school 'Oak' has many teachers"):
        ic.read_responses(answers, codebook, school="school", roster={"Elm": 9, "Oak": "many"})
    with pytest.raises(ic.ResponseError, match="listed more than once: 'Elm'"):
        ic.read_responses(
            answers, codebook, school="school", roster=pd.DataFrame({"school": ["Elm", "Elm"], "teachers": [9, 9]})
        )
    responses = ic.read_responses(answers, codebook, school="school", roster={"Elm": 9, "Oak": 9, "Yewe": 9})
    notes = responses.log.to_frame().set_index("rule")["subject"]
    assert notes["schools not on the roster, withheld since their response rate is unknown"] == "Yew"


def test_hostile_names_are_only_text(codebook, answers, tmp_path):
    names = {"Elm": "<script>alert(1)</script>", "Oak": '=HYPERLINK("http://x")', "Yew": "$\\frac{\x00../..\n"}
    responses = ic.read_responses(answers.replace({"school": names}), codebook, school="school")
    gates = ic.Gates(min_teachers=3, min_distribution=3)
    profiles = ic.profile_schools(responses, audience="district", gates=gates)
    for path in profiles.to_html(tmp_path).values():
        page = path.read_text(encoding="utf-8")
        assert path.parent == tmp_path
        assert "<script>" not in page
        assert "\x00" not in page
    file = ic.aggregate(responses, gates=gates).to_csv(tmp_path / "table.csv")
    assert not any(line.startswith(("=", '"=')) for line in file.read_text(encoding="utf-8-sig").splitlines())


def test_duplicate_columns_in_a_frame(codebook, answers):
    data = pd.concat([answers, answers[["t1"]]], axis=1)
    with pytest.raises(ic.ResponseError, match="more than one column named 't1'"):
        ic.read_responses(data, codebook, school="school")


def test_a_million_rows(codebook):
    rng = np.random.default_rng(1)
    n = 1_000_000
    data = pd.DataFrame(rng.integers(1, 5, (n, 6)), columns=KEYS).assign(school=rng.integers(0, 5000, n))
    responses = ic.read_responses(data, codebook, school="school")
    scores = ic.score(responses)
    result = ic.icc1(scores["trust"], responses.school)
    assert (result.n, result.n_schools) == (n, 5000)
    assert abs(result.estimate) < 0.01


@pytest.mark.parametrize("verb", [ic.score, ic.aggregate, ic.profile_schools, lambda x: ic.subgroup_table(x, "role")])
def test_a_frame_that_was_not_read_is_refused(verb):
    with pytest.raises(ic.ResponseError, match=r"takes Responses, as read_responses\(\) returns them, not DataFrame"):
        verb(pd.DataFrame({"a": [1.0]}))


def test_scales_that_no_result_has(example):
    now = example.select(wave=2025)
    with pytest.raises(ic.CoherenceError, match=r"no scale 'team_suport'; .*did you mean 'team_support'"):
        ic.icc1(now)["team_suport"]
    assert "team_suport" not in ic.icc1(now)
