"""Screening for careless answers, against plain loops from the papers' definitions, and against an example by hand."""

from __future__ import annotations

import json
from itertools import groupby
from math import isnan, nan, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2

import internal_coherence as ic
from internal_coherence.measurement.careless import carelessness
from internal_coherence.measurement.careless.screening import screen_responses
from internal_coherence.moments import Moments

FLAGS = ["longstring", "irv", "mahalanobis", "even_odd", "completion"]


def run_of(row):
    """Johnson (2005): the longest run of identical answers; a missing one is none and ends a run."""
    return max(
        (len(list(same)) for code, same in groupby(row, key=lambda x: "" if isnan(x) else x) if code != ""), default=0
    )


def variability_of(row):
    """Dunn et al. (2018): the standard deviation within a person."""
    answers = [x for x in row if not isnan(x)]
    if len(answers) < 2:
        return nan
    mean = sum(answers) / len(answers)
    return sqrt(sum((x - mean) ** 2 for x in answers) / (len(answers) - 1))


def distance_of(row, mean, cov):
    """Mahalanobis (1936), over what was answered."""
    there = [j for j, x in enumerate(row) if not isnan(x)]
    if not there:
        return nan
    z = np.array([row[j] - mean[j] for j in there])
    return float(z @ np.linalg.inv(cov[np.ix_(there, there)]) @ z)


def consistency_of(row, scales):
    """Meade & Craig (2012): half scores correlated across scales within a person, stepped up by Spearman–Brown."""
    pairs = []
    for columns in scales:
        halves = [[row[j] for j in columns[start::2] if not isnan(row[j])] for start in (0, 1)]
        if all(halves):
            pairs.append([sum(half) / len(half) for half in halves])
    if len(pairs) < 3 or any(max(half) - min(half) < 1e-9 for half in zip(*pairs, strict=True)):
        return nan
    r = np.corrcoef(np.array(pairs).T)[0, 1]
    return -1.0 if r <= -1 / 3 else 2 * r / (1 + r)  # 2r/(1 + r) is below −1 from r = −1/3 on


codes = st.one_of(st.integers(1, 5).map(float), st.just(nan))
tables = arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(6, 9)), elements=codes)


@settings(max_examples=80)
@given(tables)
def test_indices_are_those_of_plain_loops(X):
    scales = [(0, 1), (2, 3), tuple(range(4, X.shape[1]))]
    np.testing.assert_array_equal(carelessness.longest_run(X), [run_of(row) for row in X])
    np.testing.assert_allclose(carelessness.response_variability(X), [variability_of(row) for row in X], atol=1e-12)
    np.testing.assert_allclose(
        carelessness.consistency(*carelessness.half_means(X, scales)),
        [consistency_of(row, scales) for row in X],
        rtol=1e-9,
        atol=1e-9,
    )


@settings(max_examples=60)
@given(tables, st.integers(0, 100))
def test_distances_over_the_answered_items_are_those_of_the_submatrix(X, seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(X.shape[1], X.shape[1]))
    cov, mean = A @ A.T + np.eye(X.shape[1]), rng.normal(size=X.shape[1])
    ours = carelessness.squared_distances(X - mean, np.linalg.inv(cov))
    np.testing.assert_allclose(ours, [distance_of(row, mean, cov) for row in X], rtol=1e-8)


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(11)
    n, k = 300, 12
    level = np.repeat(rng.normal(size=(n, 4)), 3, axis=1)
    X = np.clip(np.rint(3 + level + 0.7 * rng.normal(size=(n, k))), 1, 5)
    X[:20] = rng.integers(1, 6, size=(20, k))  # at random
    X[20:30] = 4  # straight down the page
    X[rng.random((n, k)) < 0.05] = np.nan
    X[0] = np.nan
    return pd.DataFrame(X, columns=[f"q{j}" for j in range(k)], index=[f"T{i}" for i in range(n)])


SCALES = {f"s{s}": [f"q{j}" for j in range(3 * s, 3 * s + 3)] for s in range(4)}


@pytest.mark.parametrize("missing", ["pairwise", "listwise", "em"])
def test_every_index_of_a_table(answers, missing):
    table = screen_responses(answers, scales=SCALES, missing=missing).to_frame()
    X = answers.to_numpy()
    moments = Moments.from_data(answers, missing=missing)
    assert table.index.equals(answers.index)
    np.testing.assert_array_equal(table["longstring"], [run_of(row) for row in X])
    np.testing.assert_allclose(table["irv"], [variability_of(row) for row in X], rtol=1e-10)
    np.testing.assert_allclose(
        table["mahalanobis"], [distance_of(row, moments.mean, moments.cov) for row in X], rtol=1e-9
    )
    np.testing.assert_allclose(
        table["mahalanobis_p"], chi2.sf(table["mahalanobis"], answers.notna().sum(axis=1)), rtol=1e-9
    )
    scales = [tuple(range(3 * s, 3 * s + 3)) for s in range(4)]
    np.testing.assert_allclose(table["even_odd"], [consistency_of(row, scales) for row in X], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(table["completion"], answers.notna().mean(axis=1))


def test_an_example_by_hand():
    # three scales of two items; halves (4, 2, 5) and (5, 1, 3): deviations (1/3, −5/3, 4/3), (2, −2, 0),
    # r = 4 / √(42/9 · 8) = .65465, stepped up 2r/(1 + r) = .79129
    rows = pd.DataFrame([[4, 5, 2, 1, 5, 3], [3, 3, 3, 3, np.nan, 3], [1, 2, 2, 2, 2, 1]], columns=list("abcdef"))
    screening = screen_responses(rows, scales={"x": ["a", "b"], "y": ["c", "d"], "z": ["e", "f"]}, longstring=4)
    table = screening.to_frame()
    assert table["longstring"].to_list() == [1, 4, 4]
    # answers 4 5 2 1 5 3: mean 10/3, squares 80 − 6 · 100/9 = 40/3, variance 8/3; 1 2 2 2 2 1: mean 5/3, 4/3 over 5
    np.testing.assert_allclose(table["irv"], [sqrt(8 / 3), 0, sqrt(4 / 15)])
    assert table["even_odd"].iloc[0] == pytest.approx(0.79129, abs=5e-6)
    assert np.isnan(table["even_odd"].iloc[1])
    assert table["flag_longstring"].to_list() == [False, True, True]
    assert table["flag_irv"].to_list() == [False, True, False]  # a variability of 0 is always flagged
    assert screening.notes[0].startswith("mahalanobis: ")  # three teachers for six items
    assert table["mahalanobis"].isna().all()
    assert not table["flag_mahalanobis"].any()


def test_flags_follow_their_cutoffs(answers):
    screening = screen_responses(
        answers, scales=SCALES, longstring=0.7, even_odd=0.2, mahalanobis_p=0.01, completion=0.9
    )
    table, summary = screening.to_frame(), screening.summary()
    lower, upper = table["irv"].quantile([0.25, 0.75])
    expected = {
        "longstring": table["longstring"] >= 9,  # .7 of 12 items, rounded up
        "irv": table["irv"] <= max(lower - 1.5 * (upper - lower), 0),
        "mahalanobis": table["mahalanobis_p"] < 0.01,
        "even_odd": table["even_odd"] < 0.2,
        "completion": table["completion"] < 0.9,
    }
    for name, flag in expected.items():
        assert (table[f"flag_{name}"] == flag).all(), name
        assert summary.loc[name, "n_flagged"] == flag.sum() > 0
    assert (table["n_flags"] == table[[f"flag_{name}" for name in FLAGS]].sum(axis=1)).all()
    assert summary.loc["any", "n_flagged"] == (table["n_flags"] > 0).sum()
    assert summary.loc["two_or_more", "n_flagged"] == (table["n_flags"] > 1).sum()
    assert list(summary.index) == [*FLAGS, "any", "two_or_more"]
    assert summary.loc["irv", "n_computed"] == 299
    assert len(table) == len(answers)  # nobody is removed


def test_a_cutoff_of_none_flags_nobody(answers):
    nothing = dict.fromkeys(("longstring", "irv_fence", "mahalanobis_p", "even_odd", "completion"))
    screening = screen_responses(answers, scales=SCALES, **nothing)
    assert screening.summary().loc["any", "n_flagged"] == 0
    assert screening.to_frame()["irv"].notna().sum() == 299


def test_the_careless_are_flagged_more_often_than_the_others(answers):
    flagged = screen_responses(answers, scales=SCALES).to_frame()["n_flags"] > 0
    assert flagged.iloc[20:30].all()
    assert flagged.iloc[1:20].mean() > 2 * flagged.iloc[30:].mean()


def test_longest_runs_are_of_answers_as_given(codebook):
    # t3 is reversed: someone who ticks 4 throughout has a run of six, and after coding would not
    frame = pd.DataFrame([["Elm", 4, 4, 4, 4, 4, 4], ["Elm", 1, 2, 3, 4, 3, 2], ["Oak", 2, 2, 3, 1, 1, 4]])
    frame.columns = ["school", "t1", "t2", "t3", "c1", "c2", "c3"]
    responses = ic.read_responses(frame, codebook, school="school")
    table = screen_responses(responses).to_frame()
    assert table["longstring"].to_list() == [6, 1, 2]
    assert table["irv"].iloc[0] == 0
    assert table.index.equals(responses.items.index)


def test_a_survey_and_its_table_give_the_same(now):
    by_survey = screen_responses(now)
    agreement = [s for s in now.instrument.scales if s.high == 6]
    keys = [key for scale in agreement for key in scale.item_keys]
    turned = [item.key for scale in agreement for item in scale.items if item.reversed]
    kept = now.instrument.select([scale.key for scale in agreement])
    frame = now.raw[keys].assign(school=now.school)
    part = screen_responses(ic.read_responses(frame, kept, school="school")).to_frame()
    by_frame = screen_responses(
        now.raw[keys], scales={s.key: s.item_keys for s in agreement}, reversed=turned, bounds=(1, 6)
    ).to_frame()
    np.testing.assert_allclose(part.to_numpy(float), by_frame.to_numpy(float), rtol=1e-9)
    assert (by_survey.n, by_survey.n_items, by_survey.n_scales, by_survey.notes) == (593, 50, 11, ())


def test_formats_do_not_pass_for_consistency():
    # answers at random on 1–3 and on 1–9: as codes, the wide format alone would make halves agree
    rng = np.random.default_rng(5)
    names = [f"{s}{k}" for s in "abcdef" for k in range(4)]
    wide = np.array([9 if name[0] in "abc" else 3 for name in names])
    frame = pd.DataFrame(rng.integers(1, wide + 1, size=(400, 24)), columns=names)
    book = pd.DataFrame({"item": names, "scale": [n[0] for n in names], "low": 1, "high": wide})
    frame["school"] = "Elm"
    responses = ic.read_responses(frame, ic.read_codebook(book), school="school")
    as_codes = screen_responses(frame[names], scales={s: [f"{s}{k}" for k in range(4)] for s in "abcdef"})
    assert as_codes.to_frame()["even_odd"].median() > 0.5
    assert screen_responses(responses).to_frame()["even_odd"].median() < 0.3


def test_blocks_of_rows_do_not_show(answers, monkeypatch):
    whole = screen_responses(answers, scales=SCALES).to_frame()
    monkeypatch.setattr(carelessness, "ROWS", 7)
    monkeypatch.setattr(carelessness, "SMALL_SYSTEMS", 5)
    parts = screen_responses(answers, scales=SCALES).to_frame()
    np.testing.assert_allclose(parts.to_numpy(float), whole.to_numpy(float), rtol=1e-10)


def test_nothing_shows_a_teacher_but_the_analysts_table(answers):
    screening = screen_responses(answers, scales=SCALES)
    written = json.dumps(screening.to_dict()) + repr(screening) + str(screening) + screening.summary().to_csv()
    assert not any(f"T{i}" in written for i in range(300))
    assert set(screening.to_dict()) == {"summary", "n", "n_items", "n_scales", "cutoffs", "missing", "notes", "made_by"}
    assert repr(screening).startswith("<Screening of 300 teachers: flagged ")
    assert not hasattr(screening, "_repr_html_")
    table = screening.to_frame()
    table.loc[:, "irv"] = 0.0
    assert screening.to_frame()["irv"].max() > 0  # a copy


def test_too_few_scales_are_said(answers):
    assert screen_responses(answers).notes == ("even_odd: needs 3 scales of two items or more; none are known",)
    two = screen_responses(answers, scales={"x": ["q0", "q1"], "y": ["q2", "q3"], "z": ["q4"]})
    assert two.notes == ("even_odd: needs 3 scales of two items or more; there are 2",)
    assert two.to_frame()["even_odd"].isna().all()


def test_covariances_without_an_inverse_are_said(answers):
    constant = answers.assign(q3=2.0)
    screening = screen_responses(constant, scales=SCALES)
    assert screening.notes == ("mahalanobis: everyone gave the same answer to 'q3'",)
    assert screening.summary().loc["mahalanobis", ["n_computed", "n_flagged"]].to_list() == [0, 0]
    doubled = screen_responses(answers.fillna(3).assign(q1=answers.fillna(3)["q0"]), scales=SCALES)
    assert "singular" in doubled.notes[0]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"missing": "mean"}, ic.ModelError, "missing='mean' is not one of 'listwise', 'pairwise', 'em'"),
        ({"longstring": 1.5}, ic.ModelError, "longstring=1.5: give a number of items"),
        ({"longstring": 1}, ic.ModelError, "longstring=1: give a number"),
        ({"longstring": True}, ic.ModelError, "longstring=True: give"),
        ({"mahalanobis_p": 2}, ic.ModelError, "mahalanobis_p=2 is not between 0 and 1"),
        ({"even_odd": -3}, ic.ModelError, "even_odd=-3 is not between -1 and 1"),
        ({"irv_fence": -1}, ic.ModelError, "irv_fence=-1 is below 0"),
        ({"scales": {"x": ["q0", "q99"]}}, ic.ResponseError, "scale 'x': no item 'q99'; the items are 'q0'"),
        ({"reversed": ["q77"], "bounds": (1, 5)}, ic.ResponseError, "reversed: no item 'q77'"),
        ({"reversed": ["q1"]}, ic.ModelError, "reversed items need bounds"),
        ({"bounds": (5, 1)}, ic.ModelError, "low must be less than high"),
    ],
)
def test_what_is_refused(answers, change, error, message):
    with pytest.raises(error, match=message):
        screen_responses(answers, **change)


def test_surveys_that_are_refused(example, now):
    with pytest.raises(ic.ResponseError, match=r"screen_responses: these responses are of 3 waves"):
        screen_responses(example)
    with pytest.raises(ic.ResponseError, match="these items are turned round already"):
        screen_responses(now.items)
    with pytest.raises(ic.ModelError, match="are for a frame"):
        screen_responses(now, bounds=(1, 6))
