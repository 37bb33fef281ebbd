"""Confirmatory models: lavaan's numbers, the algebra against differences, laws, and what can't be fitted."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from semopy.examples import holzinger39, political_democracy

import internal_coherence as ic
from internal_coherence.latent.estimation.fiml import curvature_of_patterns, saturated_information
from internal_coherence.latent.fit.indices import noncentrality
from internal_coherence.latent.inference.missing_data import as_if_complete
from internal_coherence.latent.model.derivatives import (
    casewise_scores,
    columns,
    expected_information,
    observed_information,
)
from internal_coherence.latent.model.ram import Places, Ram, implied
from internal_coherence.latent.solving import Fitted

M3 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
BIFACTOR = f"g =~ x1+x2+x3+x4+x5+x6+x7+x8+x9\n{M3}"
POLDEM = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ ind60
dem65 ~ ind60 + dem60
y1 ~~ y5
y2 ~~ y4 + y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8
"""
MEDIATION = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ a*ind60
dem65 ~ cp*ind60 + b*dem60
ind := a*b
total := cp + a*b
prop := ind/total
"""
STEPS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
    "means": ("loadings", "intercepts", "residuals", "means"),
}
ESTIMATORS = ("MLR", "MLM", "MLMV", "GLS", "WLS", "DWLS", "ULS", "ULSM")


def read():
    hs = holzinger39.get_data()
    missing = hs.copy()
    row = np.arange(1, len(hs) + 1)
    for j in range(1, 10):
        missing.loc[(7 * row + 3 * j) % 11 == 0, f"x{j}"] = np.nan
    missing.loc[((hs["x1"] < 3.5) & (row % 2 == 0)).to_numpy(), "x9"] = np.nan
    return {
        "hs": hs,
        "missing": missing,
        "democracy": political_democracy.get_data(),
        "demo": pd.read_csv(Path(__file__).parent / "reference" / "data" / "demo_twolevel.csv"),
    }


@pytest.fixture(scope="module")
def data():
    return read()


def fits(data):
    hs, gone, democracy, demo = (data[k] for k in ("hs", "missing", "democracy", "demo"))
    four = "f =~ y1 + y2 + y3 + y4"
    return {
        "hs3.ML": lambda: ic.cfa(hs, M3),
        "hs3.ML.wishart": lambda: ic.cfa(hs, M3, likelihood="wishart"),
        "hs3.ML.stdlv": lambda: ic.cfa(hs, M3, std_lv=True),
        "hs3.ML.meanstructure": lambda: ic.cfa(hs, M3, meanstructure=True),
        "hs3.ML.effectcoding": lambda: ic.cfa(hs, M3, effect_coding=True),
        "hs3.ML.expected": lambda: ic.cfa(hs, M3, information="expected"),
        "hs3.ML.observed": lambda: ic.cfa(hs, M3, information="observed"),
        "hs3.ML.robust.sem.SB": lambda: ic.cfa(hs, M3, se="robust.sem", test="satorra.bentler"),
        **{f"hs3.{e}": (lambda e=e: ic.cfa(hs, M3, estimator=e)) for e in ESTIMATORS},
        "hs3miss.FIML": lambda: ic.cfa(gone, M3, missing="fiml"),
        "hs3miss.FIML.MLR": lambda: ic.cfa(gone, M3, missing="fiml", estimator="MLR"),
        "hs3miss.FIML.expected": lambda: ic.cfa(gone, M3, missing="fiml", information="expected"),
        "hs3miss.listwise": lambda: ic.cfa(gone, M3),
        **{f"hs3.inv.ML.{k}": (lambda v=v: ic.cfa(hs, M3, group="school", group_equal=v)) for k, v in STEPS.items()},
        "hs.second.order": lambda: ic.cfa(hs, f"{M3}\ng =~ visual + textual + speed"),
        "hs.bifactor": lambda: ic.cfa(hs, BIFACTOR, orthogonal=True, std_lv=True),
        "poldem": lambda: ic.sem(democracy, POLDEM),
        "poldem.mediation.ML": lambda: ic.sem(democracy, MEDIATION),
        "path.observed.mediation": lambda: ic.sem(hs, "x4 ~ a*x1\nx9 ~ b*x4 + c*x1 + x7\nab := a*b\ntot := c + a*b"),
        "demo.noncluster.MLR": lambda: ic.cfa(demo, f"{four} + y5 + y6", estimator="MLR"),
        "demo.cluster.robust4": lambda: ic.cfa(demo, four, estimator="MLR", cluster="cluster"),
        "demo.robust4.nocluster": lambda: ic.cfa(demo, four, estimator="MLR"),
    }


KEYS = tuple(fits(dict.fromkeys(("hs", "missing", "democracy", "demo"))))
EM = tuple(k for k in KEYS if "FIML" in k)
STOPPED_EARLY = ("hs3.inv.ML.configural", "poldem", "hs3.WLS", "hs3.DWLS", "hs.bifactor", "demo.noncluster.MLR")
"""Fits that lavaan stopped at a gradient at which residuals still wander in the sixth digit."""


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def fitted(data):
    made: dict[str, ic.SemFit] = {}
    jobs = fits(data)

    def get(key):
        if key not in made:
            made[key] = quietly(jobs[key])
        return made[key]

    return get


@pytest.mark.parametrize("key", KEYS)
def test_fit_measures_are_lavaans(key, fitted, reference):
    # lavaan 0.6-20: fitMeasures(fit). Its EM stops at 1e-5, so what rests on it agrees to 2e-5; p-values of tests near
    # 0 magnify a difference of 1e-7 in their statistic.
    measures = fitted(key).fit_measures()
    for name, expected in reference("lavaan_models")[key]["fit"].items():
        if expected is None or own_sums(key, name):
            continue
        rel = 2e-5 if key in EM else 1e-5 if key in STOPPED_EARLY else 4e-6
        if "pvalue" in name:
            rel = 3e-4 if key in EM else 1e-5
        assert measures[name.replace(".", "_")] == pytest.approx(expected, rel=rel, abs=1e-8), name


def own_sums(key, name):
    # The GFI of incomplete answers weighs the moments in a way that is not documented; and with information="expected" the
    # robust indices of lavaan mix two informations.
    gfi = key in EM and name in ("gfi", "agfi", "pgfi")
    return gfi or (key == "hs3miss.FIML.expected" and name.endswith(".robust"))


@pytest.mark.parametrize("key", KEYS)
def test_estimates_and_standard_errors_are_lavaans(key, fitted, reference):
    # lavaan 0.6-20: parameterEstimates(fit, standardized = TRUE)
    expected = pd.DataFrame(reference("lavaan_models")[key]["pe"])
    expected = expected[expected["op"] != "=="].assign(rhs=lambda t: t["rhs"].fillna(""))
    expected["rhs"] = expected["rhs"].where(expected["op"] != ":=", "")
    found = fitted(key).parameter_estimates()
    found["rhs"] = found["rhs"].where(found["op"] != ":=", "")
    on = ["lhs", "op", "rhs"] + (["group"] if "group" in expected else [])
    both = expected.merge(found, on=on, suffixes=("_lavaan", ""), how="left", validate="one_to_one")
    scale = np.maximum(both["se_lavaan"].astype(float), 0.01)
    off = 3e-4 if key in STOPPED_EARLY else 5e-5  # in standard errors
    assert (((both["est"] - both["est_lavaan"]).abs() / scale) < off).all()
    np.testing.assert_allclose(
        both["se"], both["se_lavaan"].astype(float), rtol=3e-4 if key == "hs.bifactor" else 2e-5, atol=1e-9
    )
    for ours, theirs in (("std_lv", "std.lv"), ("std_all", "std.all")):
        np.testing.assert_allclose(both[ours], both[theirs].astype(float), atol=2e-4 if ours == "std_lv" else 3e-5)


@pytest.mark.parametrize("key", ["hs3.ML", "hs3.MLR", "hs3miss.FIML", "hs3.inv.ML.scalar", "poldem", "hs.second.order"])
def test_the_standardised_solution_is_lavaans(key, fitted, reference):
    expected = reference("lavaan_models")[key]["std"]
    found = fitted(key).standardized_solution()
    found = found[found["op"] != ":="]
    n = len(found)
    np.testing.assert_allclose(
        np.sort(found["est_std"]), np.sort(np.array(expected["est.std"][:n], dtype=float)), atol=3e-5
    )
    theirs = np.array([np.nan if x is None else x for x in expected["se"][:n]], dtype=float)
    np.testing.assert_allclose(np.sort(found["se"]), np.sort(np.nan_to_num(theirs)), atol=1e-5)


@pytest.mark.parametrize("key", ["hs3.ML", "hs3.ML.stdlv", "hs3miss.FIML", "poldem"])
def test_modification_indices_are_lavaans(key, fitted, reference):
    # lavaan 0.6-20: modindices(fit, sort. = FALSE)
    expected = pd.DataFrame(reference("lavaan_models")[key]["modindices"])
    expected = expected[expected["op"] != "=="]
    both = expected.merge(
        fitted(key).modification_indices(), on=["lhs", "op", "rhs"], suffixes=("_lavaan", ""), how="outer"
    )
    assert len(both) == len(expected)
    assert both[["mi", "mi_lavaan"]].notna().all().all()
    np.testing.assert_allclose(both["mi"], both["mi_lavaan"], rtol=1e-4, atol=1e-4)
    for ours, theirs in (("epc", "epc_lavaan"), ("sepc_lv", "sepc.lv"), ("sepc_all", "sepc.all")):
        np.testing.assert_allclose(both[ours], both[theirs], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("key", "within"), [("hs3.ML", 2e-6), ("hs3miss.FIML", 5e-6)])
def test_factor_scores_are_lavaans(key, within, fitted, reference):
    for method, name in (("regression", "lavPredict10"), ("bartlett", "lavPredictBartlett10")):
        expected = reference("lavaan_models")[key][name]
        np.testing.assert_allclose(fitted(key).factor_scores(method).head(10), expected, atol=within)


def test_score_and_wald_tests_are_lavaans(data, fitted, reference):
    # lavaan 0.6-20: lavTestScore, lavTestWald
    expected = reference("lavaan_models")["hs3.wald.score"]
    free = ic.cfa(data["hs"], "visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + c*x5 + d*x6\nspeed =~ x7 + x8 + x9")
    wald = free.wald_test("a == b\nc == d").iloc[0]
    assert wald["chisq"] == pytest.approx(expected["wald"]["stat"], rel=1e-5)
    equal = ic.cfa(data["hs"], "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + c*x5 + c*x6\nspeed =~ x7 + x8 + x9")
    score = equal.score_test()
    np.testing.assert_allclose(score["chisq"].iloc[:2], expected["score"]["uni"]["X2"], rtol=1e-5)
    assert score["chisq"].iloc[2] == pytest.approx(expected["score"]["test"]["X2"], rel=1e-5)
    expected = reference("lavaan_models")["hs3.inv.ML.scalar.score"]
    score = fitted("hs3.inv.ML.scalar").score_test()
    np.testing.assert_allclose(score["chisq"].iloc[:-1], expected["uni"]["X2"], rtol=1e-4, atol=1e-5)
    assert score["chisq"].iloc[-1] == pytest.approx(expected["test"]["X2"], rel=1e-5)
    with pytest.raises(ic.ModelError, match="labelled 'z'"):
        free.wald_test("a == z")
    with pytest.raises(ic.ModelError, match="nothing in this model is held equal"):
        free.score_test()


def test_comparisons_are_lavaans(data, fitted, reference):
    # lavaan 0.6-20: lavTestLRT
    ladder = ic.compare(*[fitted(f"hs3.inv.ML.{k}") for k in STEPS], names=tuple(STEPS)).to_frame()
    expected = reference("lavaan_models")["hs3.inv.ML.LRT"]
    for ours, theirs in (("chisq_diff", "Chisq diff"), ("rmsea", "RMSEA"), ("pvalue", "Pr(>Chisq)")):
        np.testing.assert_allclose(ladder[ours].iloc[1:], expected[theirs][1:], rtol=1e-5)
    np.testing.assert_allclose(ladder["bic"], expected["BIC"], rtol=1e-8)
    hs = data["hs"]
    robust = [ic.cfa(hs, M3, estimator="MLR", orthogonal=o) for o in (False, True)]
    nested = reference("lavaan_models")["hs3.nested"]
    for method, key in (("satorra.bentler.2001", "SB2001"), ("satorra.bentler.2010", "SB2010")):
        found = ic.compare(*robust, method=method).to_frame()
        assert found["chisq_diff"].iloc[1] == pytest.approx(nested[key]["Chisq diff"][1], rel=5e-6)
    invariance = [
        quietly(lambda v=v: ic.cfa(hs, M3, estimator="MLR", group="school", group_equal=v))
        for v in list(STEPS.values())[:3]
    ]
    expected = reference("lavaan_models")["hs3.MLR.LRT.invariance.2010"]["s2001"]["Chisq diff"]
    np.testing.assert_allclose(ic.compare(*invariance).to_frame()["chisq_diff"].iloc[1:], expected[1:], rtol=2e-5)


def test_models_that_are_not_nested_are_not_compared(data, fitted):
    hs, three = data["hs"], fitted("hs3.ML")
    with pytest.raises(ic.ModelError, match="same degrees of freedom"):
        ic.compare(three, fitted("hs.second.order"))
    with pytest.raises(ic.ModelError, match="other variables: 'x1', 'x2', 'x3'"):
        ic.compare(three, ic.cfa(hs, "textual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"))
    with pytest.raises(ic.ModelError, match="another estimator"):
        ic.compare(three, fitted("hs3.MLR"))
    with pytest.raises(ic.ModelError, match="another n: 300"):
        ic.compare(three, ic.cfa(hs.iloc[1:], M3, orthogonal=True))


# --- the algebra ---


@st.composite
def models(draw):
    """A model with a cycle, covariances and means at a random point, and a sample."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    arrows = [(0, 5), (1, 5), (2, 5), (3, 6), (4, 6), (6, 5), (1, 3), (3, 1)]
    pairs = [*[(i, i) for i in range(7)], (0, 4), (5, 6)]
    means = np.array([0, 1, 2, 5, 6])
    a, s = np.array(arrows), np.array(pairs)
    q = len(a) + len(s) + len(means)
    places = Places(
        a_row=a[:, 0], a_col=a[:, 1], s_row=s[:, 0], s_col=s[:, 1], m_row=means, parameter=np.arange(q), n_variables=7
    )
    ram = Ram(
        variables=tuple("abcdefg"), n_observed=5, A=np.zeros((7, 7)), S=np.zeros((7, 7)), m=np.zeros(7), free=places
    )
    theta = np.r_[rng.uniform(0.2, 0.7, len(a)), rng.uniform(0.8, 1.5, 7), 0.2, 0.1, rng.normal(size=len(means))]
    return ram, theta, rng.normal(size=(40, 5))


def discrepancy(ram, theta, S, mean):
    at = implied(ram, theta)
    W, d = np.linalg.inv(at.sigma), mean - at.mu
    return 0.5 * (np.linalg.slogdet(at.sigma)[1] + (W * S).sum() + d @ W @ d)


def gradient(ram, theta, S, mean):
    at = implied(ram, theta)
    c, W, d = columns(at, ram.free), np.linalg.inv(at.sigma), mean - at.mu
    G = W - W @ (S + np.outer(d, d)) @ W
    return np.einsum("pq,pq->q", c.U, G @ c.V) - c.M.T @ W @ d


@given(models())
@settings(max_examples=25)
def test_gradient_and_curvature_are_those_of_the_discrepancy(case):
    ram, theta, X = case
    S, mean, h = np.cov(X.T, bias=True), X.mean(axis=0), 1e-5
    steps = np.eye(len(theta)) * h
    slope = [(discrepancy(ram, theta + e, S, mean) - discrepancy(ram, theta - e, S, mean)) / (2 * h) for e in steps]
    np.testing.assert_allclose(gradient(ram, theta, S, mean), slope, rtol=1e-5, atol=1e-6)
    at = implied(ram, theta)
    c, W = columns(at, ram.free), np.linalg.inv(at.sigma)
    y = W @ (mean - at.mu)
    H = observed_information(at, ram.free, c, W, W - W @ S @ W - np.outer(y, y), y)
    bend = [(gradient(ram, theta + e, S, mean) - gradient(ram, theta - e, S, mean)) / (2 * h) for e in steps]
    np.testing.assert_allclose(H, bend, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        casewise_scores(X - at.mu, W, at, ram.free, np.arange(5)).mean(axis=1),
        -gradient(ram, theta, S, mean),
        atol=1e-10,
    )
    where_it_fits = observed_information(at, ram.free, c, W, np.zeros((5, 5)), np.zeros(5))
    np.testing.assert_allclose(where_it_fits, expected_information(at, ram.free, c, W), atol=1e-10)


def test_the_curvature_of_incomplete_answers_is_that_of_their_discrepancy(data):
    fit = quietly(lambda: ic.cfa(data["missing"], M3, missing="fiml"))
    problem, theta = fit._fitted.problem, fit.coef + 0.01
    at, sample = implied(problem.rams[0], theta), problem.samples[0]
    saturated = saturated_information(sample, at.sigma, at.mu, observed=True)
    H = curvature_of_patterns(at, problem.rams[0].free, sample, saturated, observed=True)
    h = 1e-5
    bend = [
        (problem.objective.point(theta + e).gradient - problem.objective.point(theta - e).gradient) / (2 * h)
        for e in np.eye(len(theta)) * h
    ]
    np.testing.assert_allclose(H, bend, rtol=1e-5, atol=1e-6)


def test_incomplete_answers_that_are_complete_are_complete_ones(data):
    hs = data["hs"].copy()
    complete = ic.cfa(hs, M3, meanstructure=True)
    hs.iloc[0, hs.columns.get_loc("x1")] = np.nan
    fiml = ic.cfa(hs, M3, missing="fiml")
    assert fiml.n == 301
    assert np.abs(fiml.coef - complete.coef).max() < 0.05
    one = as_if_complete(fiml._fitted, robust=False, clustered=False)
    assert one.expected == pytest.approx(fiml.df, rel=0.02)


def test_noncentrality_is_the_distributions():
    from scipy.stats import ncx2

    assert ncx2.cdf(85.3, 24, noncentrality(85.3, 24, 0.05)) == pytest.approx(0.05, abs=1e-9)
    assert noncentrality(5.0, 24, 0.95) == 0


# --- laws ---


@pytest.mark.parametrize("estimator", ["ML", "GLS", "WLS", "DWLS"])
def test_rescaling_items_changes_neither_chi_square_nor_standardised_estimates(estimator, data):
    hs = data["hs"]
    scaled = hs.assign(**{f"x{k}": hs[f"x{k}"] * 3.0 ** (k % 4 - 2) for k in range(1, 10)})
    a, b = (ic.cfa(d, M3, estimator=estimator) for d in (hs, scaled))
    assert a.chisq == pytest.approx(b.chisq, rel=1e-7)
    np.testing.assert_allclose(a.parameter_estimates()["std_all"], b.parameter_estimates()["std_all"], atol=1e-6)


def test_the_order_of_items_and_of_rows_does_not_matter(data):
    hs = data["hs"]
    a = ic.cfa(hs, M3, estimator="MLR")
    b = ic.cfa(
        hs.sample(frac=1, random_state=1),
        "speed =~ x7 + x9 + x8\nvisual =~ x1 + x3 + x2\ntextual =~ x4 + x6 + x5",
        estimator="MLR",
    )
    for name in ("chisq_scaled", "cfi_robust", "srmr"):
        assert a.fit_measures()[name] == pytest.approx(b.fit_measures()[name], rel=1e-8)


def test_identifications_are_the_same_model(data):
    hs = data["hs"]
    chisq = [
        ic.cfa(hs, M3, **o).chisq for o in ({}, {"std_lv": True}, {"effect_coding": True}, {"meanstructure": True})
    ]
    np.testing.assert_allclose(chisq, chisq[0], rtol=1e-9)


def test_moments_are_as_good_as_the_answers(data):
    items = data["hs"][[f"x{k}" for k in range(1, 10)]]
    moments = ic.Moments.from_cov(items.cov(), n=len(items))
    assert ic.cfa(moments, M3).chisq == pytest.approx(ic.cfa(data["hs"], M3).chisq, rel=1e-9)
    with pytest.raises(ic.ModelError, match=r"needs? the answers themselves"):
        ic.cfa(moments, M3, estimator="MLR")


def test_one_school_a_row_is_no_clustering_but_for_its_factor(data):
    hs = data["hs"].assign(own=np.arange(301))
    clustered = quietly(lambda: ic.cfa(hs, M3, estimator="MLR", cluster="own"))
    plain = ic.cfa(hs, M3, estimator="MLR", meanstructure=True)
    np.testing.assert_allclose(clustered.vcov, plain.vcov * 301 / 300, rtol=1e-8, atol=1e-12)


def test_weights_count_rows_as_often_as_they_say(data):
    hs = data["hs"].head(120)
    w = np.resize([1.0, 2.0, 3.0], 120)
    weighted = quietly(lambda: ic.cfa(hs, M3, sampling_weights=w))
    copies = quietly(lambda: ic.cfa(hs.loc[np.repeat(hs.index, w.astype(int))], M3))
    np.testing.assert_allclose(weighted.coef, copies.coef, rtol=1e-6)


# --- recovery ---


def test_robust_tests_hold_their_level_where_the_normal_one_does_not():
    rng, normal, robust = np.random.default_rng(4), [], []
    model = "f =~ y1 + y2 + y3 + y4 + y5"
    for _ in range(120):
        f = (rng.chisquare(2, (250, 1)) - 2) / 2
        e = (rng.chisquare(1, (250, 5)) - 1) / np.sqrt(2)
        fit = ic.cfa(
            pd.DataFrame(0.7 * f + 0.7 * e * (1 + f.clip(-1, None)), columns=[f"y{k}" for k in range(1, 6)]),
            model,
            estimator="MLM",
        )
        m = fit.fit_measures()
        normal.append(m["pvalue"] < 0.05)
        robust.append(m["pvalue_scaled"] < 0.05)
    assert np.mean(normal) > 0.2
    assert np.mean(robust) < np.mean(normal) / 2


def test_cluster_robust_intervals_cover_where_naive_ones_do_not():
    rng, covered = np.random.default_rng(5), {"cluster": [], "naive": []}
    school = np.repeat(np.arange(60), 15)
    for _ in range(60):
        f = np.sqrt(0.3) * rng.normal(size=60)[school] + np.sqrt(0.7) * rng.normal(size=900)
        X = (
            2
            + f[:, None] * [0.8, 0.7, 0.6, 0.7]
            + 0.7 * rng.normal(size=(900, 4))
            + 0.4 * rng.normal(size=(60, 4))[school]
        )
        frame = pd.DataFrame(X, columns=list("abcd"))
        for kind, options in (("cluster", {"cluster": school, "test": "satorra.bentler"}), ("naive", {})):
            table = ic.cfa(
                frame, "f =~ a + b + c + d", estimator="MLR", meanstructure=True, **options
            ).parameter_estimates()
            mean = table[(table["op"] == "~1") & (table["lhs"] == "a")].iloc[0]
            covered[kind].append(mean["ci_lower"] <= 2 <= mean["ci_upper"])
    assert np.mean(covered["cluster"]) > 0.88
    assert np.mean(covered["naive"]) < 0.75


# --- constraints, bounds, definitions ---


def test_constraints_hold_and_cost_degrees_of_freedom(data):
    hs = data["hs"]
    free = ic.cfa(hs, "visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9")
    for text, holds in (
        ("a == b", lambda t: t["a"] - t["b"]),
        ("a + b == 1.3", lambda t: t["a"] + t["b"] - 1.3),
        ("a == b^2", lambda t: t["a"] - t["b"] ** 2),
    ):
        fit = ic.cfa(hs, f"visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n{text}")
        table = fit.parameter_estimates()
        values = table[table["label"] != ""].drop_duplicates("label").set_index("label")["est"]
        assert holds(values) == pytest.approx(0, abs=1e-8)
        assert fit.df == free.df + 1
        assert fit.chisq > free.chisq


def test_bounds_keep_variances_from_being_negative(data):
    fit = quietly(lambda: ic.cfa(data["hs"], BIFACTOR, orthogonal=True, std_lv=True, bounds="pos_var"))
    table = fit.parameter_estimates()
    variances = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
    assert (variances["est"] >= 0).all()
    with pytest.warns(ic.ImproperSolutionWarning, match="negative variance of"):
        ic.cfa(data["hs"], BIFACTOR, orthogonal=True, std_lv=True)


# --- what can't be fitted ---


def test_bad_models_and_data_are_named(data):
    hs = data["hs"]
    with pytest.raises(ic.ModelError, match="'x1O'"):
        ic.cfa(hs, "f =~ x1 + x2 + x1O")
    with pytest.raises(ic.ModelError, match="estimator='WLSMV' is for ordered items"):
        ic.cfa(hs, M3, estimator="WLSMV")
    with pytest.raises(ic.ModelError, match="estimator='MLX' is not one of"):
        ic.cfa(hs, M3, estimator="MLX")
    with pytest.raises(ic.ResponseError, match="everyone gave the same answer to 'x2'"):
        ic.cfa(hs.assign(x2=1.0), M3)
    with pytest.raises(ic.ResponseError, match="determine others"):
        ic.cfa(hs.assign(x2=hs["x1"] + hs["x3"]), M3)
    with pytest.raises(ic.ResponseError, match="9 rows for 9 variables"):
        ic.cfa(hs.head(9), M3)
    with pytest.raises(ic.ResponseError, match="group 'b': "):
        ic.cfa(hs.assign(g=["a"] * 298 + ["b"] * 3), M3, group="g")
    with pytest.raises(ic.ModelError, match="not identified"):
        ic.cfa(hs, "f =~ x1 + x2")
    with pytest.raises(ic.ModelError, match=r"'[bc]'"):
        ic.sem(hs, "x1 ~ a*x2\nb := c + 1\nc := b*a")
    with pytest.raises(ic.ModelError, match="missing or infinite"):
        ic.cfa(ic.Moments.from_cov([[1, np.nan], [np.nan, 1]], n=10), "f =~ a + b")
    with pytest.raises(ic.ResponseError, match="cluster='schol' is no column; did you mean 'school'"):
        ic.cfa(hs, M3, cluster="schol", estimator="MLR")
    with pytest.raises(ic.ModelError, match="cluster= goes with estimator"):
        ic.cfa(hs, M3, cluster="school", estimator="GLS")
    with pytest.raises(ic.ModelError, match="what is the model"):
        ic.cfa(hs)


def test_a_fit_that_does_not_converge_holds_no_numbers(data, monkeypatch):
    monkeypatch.setattr("internal_coherence.latent.solving.score", _stopped)
    with pytest.warns(ic.ConvergenceWarning, match="did not converge"):
        fit = ic.cfa(data["hs"], M3)
    assert not fit.converged
    assert np.isnan(fit.chisq)
    assert np.isnan(fit.parameter_estimates()["se"].iloc[1])
    assert np.isnan(fit.fit_measures()["chisq"])
    with pytest.raises(ic.ModelError, match="did not converge"):
        fit.modification_indices()
    with pytest.raises(ic.ModelError, match="did not converge: 'model 1'"):
        ic.compare(fit, fit)


def _stopped(objective, start, constraints=None, lower=None):
    from internal_coherence.latent.estimation.scoring import score

    return score(objective, start, constraints, lower, most_steps=2)


def test_what_users_should_know_is_said(data):
    rng = np.random.default_rng(0)
    rough = data["hs"].assign(**{f"x{k}": np.clip(np.rint(data["hs"][f"x{k}"] - 2), 1, 3) for k in range(1, 10)})
    with pytest.warns(ic.CoherenceWarning, match="4 answers or fewer are taken for numbers"):
        ic.cfa(rough, M3)
    with pytest.warns(ic.CoherenceWarning, match="without cluster='school_id' they are taken as independent"):
        ic.cfa(data["hs"].assign(school_id=rng.integers(0, 20, 301)), M3)
    with pytest.warns(ic.SmallSampleWarning, match="rows for 21 parameters are few"):
        ic.cfa(data["hs"].tail(60), M3)
    with pytest.warns(ic.CoherenceWarning) as said:
        ic.cfa(data["missing"], M3)
    assert any("rows were left out for missing answers" in str(w.message) for w in said)


def test_a_survey_brings_its_model_and_its_schools():
    survey = ic.simulate_responses(n_schools=150, teachers=12, rng=3)
    survey = ic.Responses(
        instrument=survey.instrument.select(["leadership", "team_support", "collective_efficacy"]),
        log=survey.log,
        _answers=survey.raw[
            [
                i.key
                for s in ("leadership", "team_support", "collective_efficacy")
                for i in survey.instrument.scale(s).items
            ]
        ],
        _people=survey.people,
    )
    fit = ic.cfa(survey, estimator="MLR")
    assert fit.n_clusters == 150
    assert fit.latent == ("leadership", "team_support", "collective_efficacy")
    assert fit.fit_measures()["rmsea_scaled"] < 0.03
    assert json.dumps(fit.to_dict(), allow_nan=False)
    assert "in 150 schools" in repr(fit)


def test_the_chi_square_of_a_true_model_is_one():
    rng, p_values = np.random.default_rng(8), []
    for _ in range(200):
        f = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], 300)
        X = np.repeat(f, 3, axis=1) * 0.8 + 0.6 * rng.normal(size=(300, 6))
        frame = pd.DataFrame(X, columns=[f"y{k}" for k in range(6)])
        p_values.append(ic.cfa(frame, "f =~ y0 + y1 + y2\ng =~ y3 + y4 + y5").fit_measures()["pvalue"])
    counts = np.histogram(p_values, bins=5, range=(0, 1))[0]
    assert chi2.sf(((counts - 40) ** 2 / 40).sum(), 4) > 0.001


def test_a_solved_problem_can_be_asked_again(fitted):
    fit = fitted("hs3.ML")
    assert isinstance(fit._fitted, Fitted)
    assert fit.residuals("raw").abs().max().max() < 0.3
    assert fit.residuals("cor.bollen").to_numpy().diagonal() == pytest.approx(np.zeros(9), abs=1e-12)
    share = fit.r_squared().set_index("variable")["r_squared"]
    assert share["x1"] == pytest.approx(0.595799, abs=1e-5)


def test_what_fits_of_the_same_text_share_can_not_be_changed_through_one_of_them(data):
    model = "visual =~ x1 + x2 + x3\nspeed =~ x7 + x8 + x9"
    first, second = (ic.cfa(data["hs"], model) for _ in range(2))
    assert first.table is second.table
    measures, estimates, rows = first.fit_measures(), first.parameter_estimates(), first.table.rows
    measures.index.name = estimates.columns.name = "spoilt"
    estimates.loc[0, "lhs"] = rows.loc[0, "lhs"] = "spoilt"
    assert second.fit_measures().index.name is None
    assert second.parameter_estimates().columns.name is None
    assert second.parameter_estimates()["lhs"].iloc[0] == second.table.rows["lhs"].iloc[0] == "visual"
    with pytest.raises(ValueError, match="read-only"):
        first._fitted.problem.rams[0].A[0, 0] = 1.0
