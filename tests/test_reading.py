"""Survey exports of every format, read to the same answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import internal_coherence as ic

LABELS = ["Strongly disagree", "Disagree", "Agree", "Strongly agree"]
KEYS = ["t1", "t2", "t3", "c1", "c2", "c3"]


def as_labels(answers: pd.DataFrame) -> pd.DataFrame:
    return answers.replace({key: dict(enumerate(LABELS, 1)) for key in KEYS})


def check_same(responses: ic.Responses, answers: pd.DataFrame) -> None:
    np.testing.assert_array_equal(responses.raw.to_numpy(), answers[KEYS].to_numpy(dtype=float))
    assert list(responses.school) == list(answers["school"])


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("kind", ["frame", "csv", "semicolon", "tab", "bom", "utf16", "xlsx", "parquet"])
def test_every_format_gives_the_same_answers(kind, labelled, answers, codebook, tmp_path):
    data = as_labels(answers) if labelled else answers
    path = tmp_path / ("export.xlsx" if kind == "xlsx" else "export.parquet" if kind == "parquet" else "export.csv")
    if kind == "frame":
        path = data
    elif kind == "xlsx":
        data.to_excel(path, index=False)
    elif kind == "parquet":
        data.to_parquet(path)
    else:
        encoding = {"bom": "utf-8-sig", "utf16": "utf-16"}.get(kind, "utf-8")
        data.to_csv(path, index=False, sep={"semicolon": ";", "tab": "\t"}.get(kind, ","), encoding=encoding)
    check_same(ic.read_responses(path, codebook, school="school"), answers)


def test_windows_encoding_is_read_and_logged(answers, codebook, tmp_path):
    path = tmp_path / "export.csv"
    answers.replace({"school": {"Elm": "Éluard"}}).to_csv(path, index=False, encoding="cp1252")
    responses = ic.read_responses(path, codebook, school="school")
    assert "Éluard" in responses.schools
    assert ("file read as Windows-1252, for it is not UTF-8", 1) in responses.log.counts


def test_spss_labels_and_user_missing_values_are_honoured(answers, codebook, tmp_path):
    import pyreadstat

    data = answers.copy()
    data["t1"] = 5 - data["t1"]  # the file codes agreement the other way round, and says so in its labels
    data.loc[0, "c1"] = 9
    turned = dict(zip((4.0, 3.0, 2.0, 1.0), LABELS, strict=True))
    path = tmp_path / "export.sav"
    pyreadstat.write_sav(
        data,
        path,
        variable_value_labels={"t1": turned, "c1": {9.0: "No answer"}},
        missing_ranges={"c1": [9]},
    )
    responses = ic.read_responses(path, codebook, school="school")
    expected = answers.astype(dict.fromkeys(KEYS, float))
    expected.loc[0, "c1"] = np.nan
    check_same(responses, expected)
    counts = dict(responses.log.counts)
    assert counts["user-missing values of the file"] == 1
    assert counts["codes changed to those of the codebook's labels"] == 12
    assert list(responses.log.where("user-missing values of the file")["row"]) == [2]


def test_stata_missing_letters_and_labelled_schools(answers, codebook, tmp_path):
    import pyreadstat

    data = answers.copy()
    data["school"] = data["school"].map({"Elm": 1, "Oak": 2, "Yew": 3})
    data["t2"] = data["t2"].astype(object)
    data.loc[1, "t2"] = "a"
    path = tmp_path / "export.dta"
    pyreadstat.write_dta(
        data,
        path,
        variable_value_labels={"school": {1: "Elm", 2: "Oak", 3: "Yew"}},
        missing_user_values={"t2": ["a"]},
    )
    responses = ic.read_responses(path, codebook, school="school")
    expected = answers.astype(dict.fromkeys(KEYS, float))
    expected.loc[1, "t2"] = np.nan
    check_same(responses, expected)


def test_qualtrics_heading_rows_previews_and_question_texts(answers, codebook, tmp_path):
    questions = {key: f"{n}. {item.text}" for n, (key, item) in enumerate(zip(KEYS, codebook.items, strict=True), 1)}
    data = as_labels(answers).rename(columns={key: f"Q{n}" for n, key in enumerate(KEYS, 1)})
    data.insert(0, "Status", "IP Address")
    data.loc[11, "Status"] = "Survey Preview"
    texts = {
        "Status": "Response Type",
        "school": "Your school?\nPlease choose",
        **{f"Q{n}": questions[k] for n, k in enumerate(KEYS, 1)},
    }
    ids = {column: f'{{"ImportId":"{column}"}}' for column in data.columns}
    path = tmp_path / "export.csv"
    pd.concat([pd.DataFrame([texts, ids]), data])[list(data.columns)].to_csv(path, index=False)
    responses = ic.read_responses(path, codebook, school="school")
    check_same(responses, answers.iloc[:11])
    counts = dict(responses.log.counts)
    assert counts["Qualtrics heading rows"] == 2
    assert counts["Qualtrics previews, tests and spam left out"] == 1
    assert counts["columns found by their question's text"] == 6
    assert responses.raw.index[0] == 4


def test_google_forms_questions_as_column_names(answers, codebook, tmp_path):
    names = {key: item.text for key, item in zip(KEYS, codebook.items, strict=True)}
    names["c3"] = f"How far do you agree? [{names['c3']}]"
    data = as_labels(answers).rename(columns=names)
    data.insert(0, "Timestamp", "2025/03/01 10:00:00 AM")
    path = tmp_path / "form.csv"
    data.to_csv(path, index=False)
    check_same(ic.read_responses(path, codebook, school="school", format="google_forms"), answers)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("strongly AGREE", 4),
        ("  Strongly   agree ", 4),
        ("Ştrongly ágree", 4),
        ("4 - Strongly agree", 4),
        ("4. Strongly agree", 4),
        ("(4) Strongly agree", 4),
        ("Strongly agree (4)", 4),
        ("4=Strongly agree", 4),
        ("4", 4),
        ("4,0", 4),
        (4.0, 4),
        ("strongly-agree!", 4),
    ],
)
def test_labels_are_recognised_however_typed(cell, code, answers, codebook):
    data = answers.astype(object)
    data.loc[0, "t1"] = cell
    assert ic.read_responses(data, codebook, school="school").raw.loc[0, "t1"] == code


def test_what_r_writes_for_nothing_is_no_answer(answers, codebook, tmp_path):
    data = answers.astype(object)
    data.loc[0, "t1"] = data.loc[1, "c1"] = None
    data.loc[2, "school"] = None
    data.to_csv(tmp_path / "export.csv", index=False, na_rep="NA")
    responses = ic.read_responses(tmp_path / "export.csv", codebook, school="school")
    counts = dict(responses.log.counts)
    assert counts["cells that say NA, read as no answer"] == 2
    assert counts["rows without a school left out"] == 1


@pytest.mark.parametrize(
    "cell", ["5 - Strongly agree", "3 - Strongly agree", "Strongly agre", "yes", "inf", "nan", "1_0", 3.5]
)
def test_what_is_neither_code_nor_label_is_refused(cell, answers, codebook):
    data = answers.astype(object)
    data.loc[0, "t1"] = cell
    with pytest.raises(ic.ResponseError, match="item 't1' of scale 'trust' has 1 response outside 1–4"):
        ic.read_responses(data, codebook, school="school")


def test_an_unknown_label_is_named_with_the_closest_known_one(answers, codebook):
    data = as_labels(answers)
    data.loc[[0, 1], "t1"] = "Strongly agre"
    with pytest.raises(ic.ResponseError, match=r"\{'Strongly agre': 2\}; did you mean 'Strongly agree'"):
        ic.read_responses(data, codebook, school="school")


def test_declared_missing_codes_are_missing_and_counted(answers, codebook):
    data = answers.astype(object)
    data.loc[0, "t1"], data.loc[1, "t2"], data.loc[2, "c1"], data.loc[3, "c2"] = 9, "N/A", "don't know", -99
    responses = ic.read_responses(data, codebook, school="school", missing_codes=[9, -99, "N/A", "Don’t know"])
    assert int(responses.raw.isna().sum().sum()) == 4
    assert ("declared missing codes", 4) in responses.log.counts
    assert list(responses.log.where("declared missing codes")["row"]) == [0, 1, 2, 3]


def test_out_of_range_may_be_set_to_missing_by_choice(answers, codebook):
    data = answers.copy()
    data.loc[0, "t1"], data.loc[5, "t1"] = 0, 7
    responses = ic.read_responses(data, codebook, school="school", invalid="missing")
    assert responses.raw["t1"].isna().sum() == 2
    assert ("answers that the item does not allow, set to missing", 2) in responses.log.counts


def test_columns_are_mapped_from_item_to_column(answers, codebook):
    data = answers.rename(columns={"t1": "Q17"})
    check_same(ic.read_responses(data, codebook, school="school", columns={"t1": "Q17"}), answers)
    with pytest.raises(ic.ResponseError, match="maps item keys to column names, not the reverse"):
        ic.read_responses(data, codebook, school="school", columns={"Q17": "t1"})
    with pytest.raises(ic.ResponseError, match="no column 'Q18'; did you mean 'Q17'"):
        ic.read_responses(data, codebook, school="school", columns={"t1": "Q18"})
    with pytest.raises(ic.ResponseError, match="items 't1' and 't2' would both be read from column 't2'"):
        ic.read_responses(data, codebook, school="school", columns={"t1": "t2"})


def test_a_column_with_an_item_key_that_is_mapped_elsewhere_is_not_lost(answers, codebook):
    data = answers.assign(extra=answers["t1"])
    data["t1"] = 1
    check_same(ic.read_responses(data, codebook, school="school", columns={"t1": "extra"}), answers)


def test_leaders_are_left_out_unless_kept(answers, codebook):
    data = answers.assign(role=["Principal", "VICE-PRINCIPAL"] + ["Teacher"] * 9 + [None])
    responses = ic.read_responses(data, codebook, school="school", role="role")
    assert len(responses) == 10
    assert ("leaders' rows left out", 2) in responses.log.counts
    assert len(ic.read_responses(data, codebook, school="school", role="role", keep_leaders=True)) == 12
    other = ic.read_responses(data, codebook, school="school", role="role", leader_roles=["teacher"])
    assert len(other) == 3


def test_impossible_answers_of_a_leader_who_is_left_out_do_no_harm(answers, codebook):
    data = answers.assign(role=["Principal"] + ["Teacher"] * 11)
    data.loc[0, "t1"] = 77
    assert len(ic.read_responses(data, codebook, school="school", role="role")) == 11


def test_of_a_teachers_rows_the_fullest_stands_then_the_last(answers, codebook):
    data = answers.astype(dict.fromkeys(KEYS, float)).assign(teacher=[f"x{n}" for n in range(12)])
    data.loc[[1, 2, 3], "teacher"] = "x0"
    data.loc[1, KEYS[:3]] = np.nan
    data.loc[4, "teacher"] = data.loc[8, "teacher"] = None
    data.loc[5, "teacher"] = "x9"  # the same name in another school is another row
    with pytest.warns(ic.CoherenceWarning, match=r"3 of 12 rows .* if the data hold several waves, pass wave="):
        responses = ic.read_responses(data, codebook, school="school", teacher="teacher")
    assert list(responses.raw.index) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    counts = dict(responses.log.counts)
    assert counts["further rows of the same teacher left out"] == 3
    assert counts["rows without a teacher's identifier, kept"] == 2
    assert counts["teachers who answered in several schools, kept in each"] == 1


def test_blank_rows_and_rows_without_school_or_wave_are_left_out(answers, codebook):
    data = answers.astype(dict.fromkeys(KEYS, float)).assign(wave=2024)
    data.loc[0, KEYS] = np.nan
    data.loc[1, "school"] = "  "
    data["wave"] = data["wave"].astype(object)
    data.loc[2, "wave"] = None
    responses = ic.read_responses(data, codebook, school="school", wave="wave")
    assert list(responses.raw.index) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    counts = dict(responses.log.counts)
    assert counts["rows without any answer left out"] == 1
    assert counts["rows without a school left out"] == 1
    assert counts["rows without a wave left out"] == 1
    assert responses.log.n_read - responses.log.n_kept == 3


def test_identifiers_of_any_type_are_one_text(codebook, answers, tmp_path):
    answers["school"] = ["007"] * 4 + ["7"] * 4 + ["8"] * 4
    answers.to_csv(tmp_path / "export.csv", index=False)
    assert ic.read_responses(tmp_path / "export.csv", codebook, school="school").schools == ("007", "7", "8")
    answers["school"] = [7, 7.0, "7", " 7 "] + [8.0] * 4 + [10] * 4
    responses = ic.read_responses(answers, codebook, school="school")
    assert responses.schools == ("7", "8", "10")
    assert ("school names tidied", 1) in responses.log.counts


def test_waves_select_and_refuse(example):
    assert example.waves == ("2023", "2024", "2025")
    assert example.latest().waves == ("2025",)
    with pytest.raises(ic.ResponseError, match=r"of 3 waves.*choose one with \.select\(wave='2025'\)"):
        ic.alpha(example)
    with pytest.raises(ic.ResponseError, match="no wave '2026'; there are '2023', '2024', '2025'"):
        example.select(wave=2026)
    with pytest.raises(ic.ResponseError, match="did you mean 'Alder'"):
        example.select(school="Aldr")
    part = example.select(wave=[2023, 2024], school="Alder", role="Teacher")
    assert part.schools == ("Alder",)
    assert part.log.counts[-1][1] == len(example) - len(part)


def test_waves_whose_order_can_not_be_told_are_not_guessed(answers, codebook):
    data = pd.concat([answers.assign(wave="Spring"), answers.assign(wave="Autumn")], ignore_index=True)
    responses = ic.read_responses(data, codebook, school="school", wave="wave")
    with pytest.raises(ic.ResponseError, match="can't tell which of the waves"):
        responses.latest()


def test_rosters_of_every_shape(answers, codebook, tmp_path):
    sizes = {"Elm": 6, "Oak": 5, "Yew": 4, "Ash": 9}
    table = pd.DataFrame({"school": list(sizes), "teachers": list(sizes.values())})
    table.to_csv(tmp_path / "roster.csv", index=False)
    for roster in (sizes, pd.Series(sizes), table, table.set_axis(["A", "B"], axis=1), tmp_path / "roster.csv"):
        responses = ic.read_responses(answers, codebook, school="school", roster=roster)
        rates = ic.aggregate(responses, audience="research").to_frame().drop_duplicates("school")
        assert list(rates["response_rate"]) == [4 / 6, 4 / 5, 1]
        assert ("schools on the roster from which nobody answered", 1) in responses.log.counts


def test_a_roster_by_wave(answers, codebook):
    data = pd.concat([answers.assign(wave=1), answers.assign(wave=2)], ignore_index=True)
    roster = pd.DataFrame(
        {"wave": [1, 1, 1, 2, 2, 2], "school": ["Elm", "Oak", "Yew"] * 2, "teachers": [8, 8, 8, 5, 5, 5]}
    )
    responses = ic.read_responses(data, codebook, school="school", wave="wave", roster=roster).select(wave=2)
    assert set(ic.aggregate(responses, audience="research").to_frame()["response_rate"]) == {0.8}


def test_frames_that_come_out_are_copies(example):
    items = example.items
    items.iloc[0, 0] = 99
    items["extra"] = 1
    raw = example.raw
    raw.iloc[0, 0] = 99
    assert example.raw.iloc[0, 0] != 99
    assert list(example.items.columns) == [item.key for item in example.instrument.items]


@given(st.floats(-50, 50), st.integers(-10, 10), st.integers(1, 20))
def test_reversing_twice_leads_back_and_swaps_the_ends(x, low, width):
    high = low + width
    assert ic.reverse_code(float(low), low, high) == high
    if low <= x <= high:
        assert ic.reverse_code(ic.reverse_code(x, low, high), low, high) == pytest.approx(x)
    else:
        with pytest.raises(ic.ResponseError, match="outside"):
            ic.reverse_code(x, low, high)


@pytest.mark.parametrize("surplus", ["", "x"])
def test_a_row_with_a_cell_too_many_moves_nothing(surplus, codebook, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(f"school,t1,t2,t3,c1,c2,c3\nElm,1,2,3,4,1,2,{surplus}\nOak,2,2,3,4,1,2\n")
    if surplus:
        with pytest.raises(ic.ResponseError, match="row 2 has 8 cells, the heading 7"):
            ic.read_responses(path, codebook, school="school")
    else:
        responses = ic.read_responses(path, codebook, school="school")
        assert list(responses.school) == ["Elm", "Oak"]
        assert list(responses.raw.iloc[0]) == [1, 2, 3, 4, 1, 2]


def test_delimiters_inside_quotes_do_not_count(answers, codebook, tmp_path):
    data = answers.rename(
        columns={key: f"{item.text}, really, now" for key, item in zip(KEYS, codebook.items, strict=True)}
    )
    data.to_csv(tmp_path / "export.csv", index=False, sep=";", quoting=1)
    columns = dict(zip(KEYS, data.columns[1:], strict=True))
    check_same(ic.read_responses(tmp_path / "export.csv", codebook, school="school", columns=columns), answers)


def test_value_labels_that_agree_in_part_are_refused(answers, codebook, tmp_path):
    import pyreadstat

    path = tmp_path / "export.sav"
    ends = {"t1": {1.0: "Strongly agree", 4.0: "Strongly disagree"}}
    pyreadstat.write_sav(answers, path, variable_value_labels=ends)
    with pytest.raises(ic.ResponseError, match="item 't1': the file's labels and the codebook's agree for some codes"):
        ic.read_responses(path, codebook, school="school")
    zero_based = answers.assign(t1=answers["t1"] - 1)
    labels = {"t1": {float(k): label for k, label in enumerate(LABELS)}}
    pyreadstat.write_sav(zero_based, path, variable_value_labels=labels)
    check_same(ic.read_responses(path, codebook, school="school"), answers)
    with pytest.raises(ic.ResponseError, match="missing code 0 is labelled 'Strongly disagree' in the file"):
        ic.read_responses(path, codebook, school="school", missing_codes=[0])


@pytest.mark.parametrize("cell", ["4;5", "4, 5", "1 or 2", "3-Apr", "3/4", "3+", "3 3", "1,000"])
def test_without_labels_only_what_is_plainly_a_code_is_one(cell):
    book = ic.read_codebook(pd.DataFrame({"item": ["a", "b"], "scale": "s", "low": 1, "high": 5}))
    data = pd.DataFrame({"school": "Elm", "a": ["1", cell], "b": ["4 - Agree", "5. Wholly"]})
    with pytest.raises(ic.ResponseError, match="item 'a' of scale 's' has 1 response outside 1–5"):
        ic.read_responses(data, book, school="school")
    responses = ic.read_responses(data.assign(a=1), book, school="school")
    assert list(responses.raw["b"]) == [4, 5]


def test_rosters_keep_their_zeros_and_their_whole_numbers(answers, codebook, tmp_path):
    answers["school"] = answers["school"].map({"Elm": "007", "Oak": "8.0", "Yew": "9"})
    answers.to_csv(tmp_path / "export.csv", index=False)
    (tmp_path / "roster.csv").write_text("School,Teachers\n007,5\n8,6\n9,7\n")
    responses = ic.read_responses(tmp_path / "export.csv", codebook, school="school", roster=tmp_path / "roster.csv")
    assert responses.schools == ("007", "8", "9")
    assert "schools not on the roster, withheld since their response rate is unknown" not in dict(responses.log.counts)


@pytest.mark.parametrize(
    ("waves", "latest"),
    [
        (("2024 pilot", "2025"), "2025"),
        (("2022-23 pilot", "2023"), "2023"),
        (("9", "10"), "10"),
        (("2024-03", "2024-11"), "2024-11"),
    ],
)
def test_the_latest_wave_is_the_latest_in_time(waves, latest, answers, codebook):
    data = pd.concat([answers.assign(wave=wave) for wave in waves], ignore_index=True)
    assert ic.read_responses(data, codebook, school="school", wave="wave").latest().waves == (latest,)


def test_selecting_roles_gives_up_the_roster(example):
    assert example.select(role="Teacher").roster is None
    assert example.select(wave=2025).roster is not None


def test_the_log_prints_counts_and_keeps_rows_to_the_analyst(answers, codebook):
    data = answers.assign(role=["Principal"] + ["Teacher"] * 11)
    log = ic.read_responses(data, codebook, school="school", role="role").log
    assert "leaders' rows left out" in str(log)
    assert "rows" not in str(log.to_dict()["entries"][0].keys())
    assert list(log.to_frame().columns) == ["rule", "subject", "count"]
