"""Factor scores of confirmatory models, what they are worth, plausible values, and paths from scores."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from semopy.examples import holzinger39

import internal_coherence as ic
from internal_coherence.latent.fit.factor_scoring import bartlett_weights, ten_berge_weights
from internal_coherence.latent.resampling.drawing import Units
from internal_coherence.latent.scoring import (
    corrected_score_moments,
    factor_score_regression,
    pool_estimates,
)

M3 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
SECOND = f"{M3}\ng =~ visual + textual + speed"
INDIRECT = "textual ~ a*visual\nspeed ~ visual + b*textual\nab := a*b"
COVARIATES = "textual ~ visual + ageyr\nspeed ~ textual + ageyr + sex"
ITEMS = [f"x{k}" for k in range(1, 10)]
METHODS = ("regression", "bartlett", "ten_berge")
HERE = Path(__file__).parent / "reference" / "data"


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def hs():
    return holzinger39.get_data()


@pytest.fixture(scope="module")
def missing(hs):
    data, row = hs.copy(), np.arange(1, len(hs) + 1)
    for j in range(1, 10):
        data.loc[(7 * row + 3 * j) % 11 == 0, f"x{j}"] = np.nan
    data.loc[((hs["x1"] < 3.5) & (row % 2 == 0)).to_numpy(), "x9"] = np.nan
    return data


@pytest.fixture(scope="module")
def fits(hs, missing):
    return {
        "complete": ic.cfa(hs, M3),
        "missing": ic.cfa(missing, M3, missing="fiml"),
        "second": ic.cfa(hs, SECOND),
        "groups": ic.cfa(hs, M3, group="school", group_equal=("loadings", "intercepts")),
        "free": ic.cfa(hs, M3, std_lv=True, meanstructure=True),
        "apart": ic.cfa(hs, M3, orthogonal=True),
    }


@pytest.fixture(scope="module")
def expected(reference):
    return reference("latent_scores")


def paths(fit):
    rows = fit.parameter_estimates()
    return rows[rows["op"].isin(["~", ":="])]["est"].to_numpy()


def phi(fit, g=0):
    return fit._fitted.implied[g].omega[len(fit.observed) :, len(fit.observed) :]


# --- scores and their standard errors ---


@pytest.mark.parametrize(
    ("key", "method"),
    [(k, m) for k in ("complete", "missing") for m in METHODS[:2]] + [("second", "regression")],
)
def test_scores_and_standard_errors_are_lavaans(key, method, fits, expected):
    found, theirs = fits[key].factor_scores(method, se=True), expected["scores"][key][method]
    m, n = len(fits[key].latent), len(theirs["scores"])
    np.testing.assert_allclose(found.iloc[:n, :m], theirs["scores"], atol=1e-5)
    np.testing.assert_allclose(
        found.iloc[:n, m:], np.broadcast_to(theirs["se"], (n, m)), atol=1e-6
    )  # one row if all are alike
    assert list(found.columns[m:]) == [f"{name}_se" for name in fits[key].latent]
    pd.testing.assert_frame_equal(found.iloc[:, :m], fits[key].factor_scores(method))


def test_ten_berge_scores_are_psychs_of_the_standardised_solution(fits, expected):
    sd, n = np.sqrt(np.diag(phi(fits["complete"]))), 301
    # psych divides the answers by their standard deviations once more, with divisor n − 1.
    found = fits["complete"].factor_scores("ten_berge").iloc[:20] / sd * np.sqrt((n - 1) / n)
    np.testing.assert_allclose(found, expected["ten_berge"]["scores"], atol=1e-5)
    quality = fits["complete"].score_determinacy().set_index("method")
    np.testing.assert_allclose(quality.loc["ten_berge", "determinacy"], expected["ten_berge"]["correlation"], atol=1e-6)
    np.testing.assert_allclose(quality.loc["regression", "reliability"], expected["regression_r2"], atol=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 6))
def test_ten_berge_scores_have_the_factors_covariances_whatever_the_units(seed, m, more):
    rng = np.random.default_rng(seed)
    p = m + more
    L, B = rng.normal(size=(p, m)), rng.normal(size=(m, m))
    sd, units = np.exp(rng.normal(size=m)), np.exp(rng.normal(size=p))
    cov = (B @ B.T + np.eye(m)) * np.outer(sd, sd)
    cross = cov @ L.T
    sigma = L @ cross + np.diag(rng.uniform(0.2, 2, size=p))
    A = ten_berge_weights(sigma, cross, cov)
    np.testing.assert_allclose(A @ sigma @ A.T, cov, rtol=1e-6, atol=1e-8 * cov.max())
    rescaled = ten_berge_weights(sigma * np.outer(units, units), cross * units, cov)
    np.testing.assert_allclose(rescaled * units, A, rtol=1e-5, atol=1e-7 * np.abs(A).max())
    # No other scores with these covariances are nearer to the factors, in the metric of their covariances.
    e, V = np.linalg.eigh(cov)
    half = (V * np.sqrt(e)) @ V.T
    other = half @ np.linalg.qr(rng.normal(size=(m, m)))[0] @ np.linalg.solve(half, A)
    np.testing.assert_allclose(other @ sigma @ other.T, cov, rtol=1e-5, atol=1e-7 * cov.max())
    nearness, less = (np.trace(np.linalg.solve(cov, W @ cross.T)) for W in (A, other))
    assert less <= nearness + 1e-8 * abs(nearness)


def test_grices_three_questions_have_the_answers_the_methods_promise(fits):
    for key in ("complete", "groups"):
        table = fits[key].score_correlations()
        kept = table[table["method"] == "ten_berge"]
        np.testing.assert_allclose(kept["with_score"], kept["between_factors"], atol=1e-10)  # accuracy
        pure = table[(table["method"] == "bartlett") & (table["score"] != table["factor"])]
        own = table[(table["method"] == "bartlett") & (table["score"] == table["factor"])]["with_factor"]
        # Univocality: a Bartlett score is its factor and error, which shrinks all its correlations alike.
        np.testing.assert_allclose(pure["with_factor"] / pure["between_factors"], np.repeat(own, 2), rtol=1e-8)
    gaps = fits["complete"].score_determinacy().set_index("method")
    assert (gaps.loc["ten_berge", "accuracy_gap"] < 1e-10).all()
    assert (gaps.loc["regression", "accuracy_gap"] > 0.05).all()


def test_scores_of_a_group_stand_about_its_mean(fits, hs):
    scores = fits["groups"].factor_scores("bartlett")
    means = fits["groups"].parameter_estimates().query("op == '~1' and lhs == 'visual'").set_index("group")["est"]
    for number, name in enumerate(fits["groups"].groups, start=1):
        A = scores[(hs["school"] == name).to_numpy()]["visual"]
        assert A.mean() == pytest.approx(means[number], abs=0.05)


def test_rows_that_answered_nothing_of_a_factor_have_no_ten_berge_score_of_it(missing):
    data = missing.copy()
    data.loc[data.index[3], ["x7", "x8", "x9"]] = np.nan
    fit = ic.cfa(data, M3, missing="fiml")
    with pytest.warns(ic.MissingDataWarning, match="speed: 1"):
        scores = fit.factor_scores("ten_berge", se=True)
    assert scores.iloc[3].isna().to_dict() == {c: c.startswith("speed") for c in scores}
    assert fit.factor_scores("regression").notna().all(axis=None)
    bartlett = fit.factor_scores("bartlett", se=True).iloc[3]
    assert bartlett["speed_se"] == pytest.approx(np.sqrt(phi(fit)[2, 2]))  # nothing is known
    # Each pattern has its own weights: a row's error falls with what it answered.
    errors = fit.factor_scores(se=True)["visual_se"]
    answered = data[["x1", "x2", "x3"]].notna().sum(axis=1)
    assert errors.groupby(answered).mean().is_monotonic_decreasing


def test_an_answer_without_error_is_the_bartlett_score():
    loadings, residual = np.array([[1.0], [0.8]]), np.diag([0.0, 0.5])
    np.testing.assert_allclose(bartlett_weights(loadings, residual), [[1.0, 0.0]], atol=1e-12)


# --- what scores are worth ---


def test_determinacy_of_one_factor_is_the_closed_form(hs):
    fit = ic.cfa(hs, "f =~ x1 + x2 + x3", std_lv=True)
    rows = fit.parameter_estimates()
    loading = rows[rows["op"] == "=~"]["est"].to_numpy()
    theta = rows[(rows["op"] == "~~") & (rows["lhs"] != "f")]["est"].to_numpy()
    information = np.sum(loading**2 / theta)
    quality = fit.score_determinacy()
    np.testing.assert_allclose(
        quality["reliability"], information / (1 + information), rtol=1e-10
    )  # maximal reliability
    np.testing.assert_allclose(quality["minimal_correlation"], 2 * quality["reliability"] - 1, rtol=1e-10)
    assert quality[["univocality_gap", "accuracy_gap"]].isna().all(axis=None)  # there is no other factor
    assert (quality["determinacy"] ** 2 - quality["reliability"]).abs().max() < 1e-12


def test_regression_scores_are_the_most_determinate(fits):
    for key in ("complete", "groups", "second"):
        wide = fits[key].score_determinacy().pivot(index=["group", "factor"], columns="method", values="determinacy")
        assert (wide["regression"] >= wide["bartlett"].fillna(0) - 1e-12).all()
        assert (wide["regression"] >= wide["ten_berge"].fillna(0) - 1e-12).all()


def test_a_factor_measured_by_factors_has_a_determinacy_where_it_has_scores(fits):
    quality = fits["second"].score_determinacy().set_index(["factor", "method"])["determinacy"]
    scores = fits["second"].factor_scores(se=True)
    at = phi(fits["second"])
    assert quality["g", "regression"] == pytest.approx(np.sqrt(1 - scores["g_se"].iloc[0] ** 2 / at[3, 3]))
    assert np.isnan(quality["g", "bartlett"])
    with pytest.raises(ic.ModelError, match=r"'g'.*indicators of their own"):
        fits["second"].factor_scores("ten_berge")


def test_missing_answers_cost_reliability(fits):
    quality = fits["missing"].score_determinacy()
    assert (quality["reliability_as_answered"] < quality["reliability"]).all()
    errors = fits["missing"].factor_scores(se=True)["textual_se"]
    marginal = 1 - (errors**2).mean() / phi(fits["missing"])[1, 1]
    row = quality[(quality["factor"] == "textual") & (quality["method"] == "regression")]
    assert row["reliability_as_answered"].item() == pytest.approx(marginal)
    complete = fits["complete"].score_determinacy()
    pd.testing.assert_series_equal(complete["reliability"], complete["reliability_as_answered"], check_names=False)


def test_determinacy_needs_no_answers_but_scores_do(hs):
    fit = ic.cfa(ic.Moments.from_data(hs[ITEMS]), M3)
    full = ic.cfa(hs, M3)
    pd.testing.assert_frame_equal(fit.score_determinacy(), full.score_determinacy(), atol=1e-6)
    for ask in (fit.factor_scores, fit.plausible_values):
        with pytest.raises(ic.ModelError, match="the answers themselves"):
            ask()


# --- plausible values ---


def test_plausible_values_of_known_parameters_are_semtools_in_distribution(fits, expected):
    theirs, draws = expected["plausible"], expected["plausible"]["draws"]
    values = fits["free"].plausible_values(draws, parameters=False, rng=3)
    sets = [values.loc[d] for d in range(1, draws + 1)]
    error = 4 * np.sqrt(2 / draws)  # four standard errors of the difference of two means of draws
    covs = np.array([v.cov().to_numpy() for v in sets])
    assert (np.abs(covs.mean(axis=0) - theirs["cov"]) < error * np.array(theirs["sd_cov"])).all()
    design = [np.column_stack([np.ones(len(v)), v[["visual", "textual"]]]) for v in sets]
    slopes = np.array([np.linalg.lstsq(X, v["speed"])[0][1:] for X, v in zip(design, sets, strict=True)])
    assert (np.abs(slopes.mean(axis=0) - theirs["slopes"]) < error * np.array(theirs["sd_slopes"])).all()
    np.testing.assert_allclose(slopes.std(axis=0, ddof=1), theirs["sd_slopes"], rtol=0.2)
    rows = np.array([v["visual"].to_numpy()[:10] for v in sets])
    assert (np.abs(rows.mean(axis=0) - theirs["mean_rows"]) < error * np.array(theirs["sd_rows"])).all()


@pytest.mark.parametrize("key", ["complete", "missing", "groups", "second"])
def test_draws_have_the_posteriors_mean_and_variance(key, fits):
    draws = 600
    values = fits[key].plausible_values(draws, parameters=False, rng=1)
    scores = fits[key].factor_scores(se=True)
    names = list(fits[key].latent)
    cube = values.to_numpy().reshape(draws, len(scores), len(names))
    sd = scores[[f"{name}_se" for name in names]].to_numpy()
    z = (cube.mean(axis=0) - scores[names].to_numpy()) / (sd / np.sqrt(draws))
    assert np.abs(z).max() < 5.5
    assert np.mean(z**2) == pytest.approx(1, abs=0.12)
    np.testing.assert_allclose((cube.var(axis=0, ddof=1) / sd**2).mean(axis=0), 1, atol=0.02)
    assert values.loc[1].index.equals(scores.index)
    assert values.index.names[0] == "draw"


def test_what_scores_and_their_errors_vary_is_what_the_factors_do():
    # On data whose covariances are the model's, to the last digit.
    L, cov = np.kron(np.eye(2), np.array([[1.0], [0.8], [1.2]])), np.array([[1.0, 0.4], [0.4, 0.7]])
    sigma = L @ cov @ L.T + np.diag([0.5, 0.6, 0.7, 0.4, 0.5, 0.6])
    X = np.random.default_rng(0).normal(size=(400, 6))
    X -= X.mean(axis=0)
    X = X @ np.linalg.inv(np.linalg.cholesky(X.T @ X / 400)).T @ np.linalg.cholesky(sigma).T
    fit = ic.cfa(pd.DataFrame(X, columns=list("abcxyz")), "u =~ a + b + c\ng =~ x + y + z")
    scores = fit.factor_scores(se=True)
    np.testing.assert_allclose(phi(fit), cov, atol=1e-6)
    np.testing.assert_allclose(
        np.diag(np.cov(scores[["u", "g"]].T, bias=True)) + scores[["u_se", "g_se"]].iloc[0] ** 2,
        np.diag(cov),
        atol=1e-6,
    )
    np.testing.assert_allclose(np.cov(fit.factor_scores("ten_berge").T, bias=True), cov, atol=1e-6)
    values = fit.plausible_values(300, parameters=False, rng=2)
    whole = np.mean([np.cov(values.loc[d].T, bias=True) for d in range(1, 301)], axis=0)
    np.testing.assert_allclose(whole, cov, atol=0.02)


def test_pooled_slopes_have_the_full_models_estimates_and_errors(fits, expected):
    draws = 100
    values = fits["complete"].plausible_values(draws, rng=5)
    Q, U = [], []
    for d in range(1, draws + 1):
        v = values.loc[d]
        X = np.column_stack([np.ones(len(v)), v[["visual", "textual"]]])
        b = np.linalg.solve(X.T @ X, X.T @ v["speed"])
        s2 = np.sum((v["speed"] - X @ b) ** 2) / (len(v) - 3)
        Q.append(b[1:])
        U.append(s2 * np.diag(np.linalg.inv(X.T @ X))[1:])
    pooled = pool_estimates(Q, U, df_complete=298)
    full = {(r["lhs"], r["rhs"]): r for r in expected["sem"]}
    for k, cause in enumerate(("visual", "textual")):
        # A slope is a ratio: drawing its parts from a normal distribution moves its mean, by a fraction of its error.
        assert abs(pooled.estimate[k] - full["speed", cause]["est"]) < 0.4 * full["speed", cause]["se"]
        assert pooled.se[k] == pytest.approx(full["speed", cause]["se"], rel=0.15)
    known = fits["complete"].plausible_values(draws, parameters=False, rng=5)
    spread = [x.groupby("draw").cov().xs("visual", level=1)["speed"].std() for x in (values, known)]
    assert spread[0] > 1.2 * spread[1]  # what is unknown of the parameters is in the draws


def test_draws_that_cannot_be_are_counted_and_drawn_again():
    rng = np.random.default_rng(3)
    f = rng.normal(size=80)
    X = pd.DataFrame(np.column_stack([f + s * rng.normal(size=80) for s in (0.25, 0.9, 1.0)]), columns=["a", "b", "c"])
    fit = quietly(lambda: ic.cfa(X, "f =~ a + b + c"))
    with pytest.warns(ic.ImproperSolutionWarning, match=r"of \d+ sets of parameters .* drawn again"):
        values = fit.plausible_values(20, rng=1)
    assert np.isfinite(values).all(axis=None)
    assert len(values) == 20 * 80


def test_plausible_values_of_clusters_rest_on_their_errors():
    demo = pd.read_csv(HERE / "demo_twolevel.csv")
    plain, schools = (
        quietly(lambda c=c: ic.cfa(demo, "f =~ y1 + y2 + y3", meanstructure=True, cluster=c)) for c in (None, "cluster")
    )
    spread = [f.plausible_values(60, rng=1).groupby("draw")["f"].mean().std() for f in (plain, schools)]
    assert spread[1] > 1.3 * spread[0]


def test_plausible_values_are_refused_where_they_can_be_none(fits, hs):
    for draws in (0, 2.5, True):
        with pytest.raises(ic.ModelError, match="draws="):
            fits["complete"].plausible_values(draws)
    with pytest.raises(ic.ModelError, match="no standard errors"):
        ic.cfa(hs, M3, se="none").plausible_values()
    heywood = ic.Moments.from_cov(
        pd.DataFrame([[1, 0.8, 0.7], [0.8, 1, 0.4], [0.7, 0.4, 1]], index=list("abc"), columns=list("abc")), n=300
    )
    assert quietly(lambda: ic.cfa(heywood, "f =~ a + b + c")).parameter_estimates()["est"].min() < 0
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.multivariate_normal(np.zeros(3), heywood.cov, size=300), columns=list("abc"))
    fit = quietly(lambda: ic.cfa(X, "f =~ a + b + c"))
    with pytest.raises(ic.ModelError, match="negative variances"):
        fit.plausible_values()
    pd.testing.assert_frame_equal(
        fits["complete"].plausible_values(2, rng=7), fits["complete"].plausible_values(2, rng=7)
    )


# --- Rubin's rules ---


def test_pooling_is_mices_and_mitools(expected):
    theirs = expected["pooled"]
    for key, df in (("df98", 98), ("unlimited", np.inf)):
        found = pool_estimates(theirs["estimates"], theirs["variances"], df_complete=df)
        for name, value in (("est", found.estimate), ("se", found.se), ("df", found.df)):
            np.testing.assert_allclose(value, theirs[key][name], rtol=1e-10)
        np.testing.assert_allclose(found.relative_increase, theirs[key]["r"], rtol=1e-10)
        np.testing.assert_allclose(found.fraction_missing, theirs[key]["fmi"], rtol=1e-10)
    table = found.to_frame()
    np.testing.assert_allclose(table["ci_lower"], theirs["lower"], rtol=1e-8)
    np.testing.assert_allclose(table["ci_upper"], theirs["upper"], rtol=1e-8)


def test_sets_that_agree_are_one():
    found = pool_estimates([[0.5, 1.0]] * 3, [[0.01, 0.04]] * 3)
    np.testing.assert_allclose(found.se, [0.1, 0.2])
    assert np.isinf(found.df).all()
    assert found.to_frame()["ci_upper"].iloc[0] == pytest.approx(0.5 + 1.959963984540054 * 0.1)
    limited = pool_estimates([[0.5, 1.0]] * 3, [[0.01, 0.04]] * 3, df_complete=20)
    np.testing.assert_allclose(limited.df, 21 / 23 * 20)
    assert found.fraction_missing.tolist() == [0, 0]
    assert "3 sets" in repr(found)


def test_pooling_takes_series_and_keeps_their_names():
    Q = [pd.Series({"slope": 0.1 * k, "level": 1.0}) for k in range(3)]
    U = {k: pd.Series({"level": 0.2, "slope": 0.1}) for k in range(3)}
    with pytest.raises(ic.ModelError, match="named"):
        pool_estimates(Q, U)
    found = pool_estimates(Q, [u[["slope", "level"]] for u in U.values()])
    assert found.names == ("slope", "level")
    assert found.to_dict()["names"] == ["slope", "level"]


@pytest.mark.parametrize(
    ("Q", "U", "df", "message"),
    [
        ([0.5], [0.1], np.inf, "two sets"),
        ([0.5, 0.6], [0.1], np.inf, "one variance for each"),
        ([0.5, np.nan], [0.1, 0.1], np.inf, "must be numbers in every set"),
        ([0.5, 0.6], [0.1, -0.1], np.inf, "negative"),
        ([0.5, 0.6], [0.1, 0.1], 0, "df_complete=0"),
        (["a", "b"], [0.1, 0.1], np.inf, "must be numbers"),
    ],
)
def test_pooling_refuses(Q, U, df, message):
    with pytest.raises(ic.ModelError, match=message):
        pool_estimates(Q, U, df_complete=df)


# --- corrected moments ---


@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_corrected_moments_give_the_paths_of_lavaans_sam(method, fits, hs, expected):
    def est(key):
        return [r["est"] for r in expected["sam"][key]]

    joint = ic.sem(corrected_score_moments(fits["complete"], method=method), INDIRECT)
    np.testing.assert_allclose(paths(joint), est("joint"), atol=1e-6)
    apart = ic.sem(corrected_score_moments(fits["apart"], method=method), INDIRECT)
    np.testing.assert_allclose(paths(apart), est("apart"), atol=1e-6)
    moments = corrected_score_moments(fits["complete"], hs[["ageyr", "sex"]], method=method)
    assert moments.names == ("visual", "textual", "speed", "ageyr", "sex")
    np.testing.assert_allclose(paths(ic.sem(moments, COVARIATES)), est("covariates"), atol=1e-6)


def test_corrected_paths_are_near_the_full_models(fits, hs, expected):
    for model, key, beside in ((INDIRECT, "sem", None), (COVARIATES, "sem_covariates", hs[["ageyr", "sex"]])):
        found = paths(ic.sem(corrected_score_moments(fits["complete"], beside), model))
        full = np.array([[r["est"], r["se"]] for r in expected[key]])
        assert (np.abs(found - full[:, 0]) < 0.4 * full[:, 1]).all()
    # Where the paths only rewrite free covariances, they are the same.
    np.testing.assert_allclose(
        paths(ic.sem(corrected_score_moments(fits["complete"]), INDIRECT)),
        [r["est"] for r in expected["sem"]],
        atol=2e-6,
    )


@given(st.integers(0, 10_000))
def test_on_covariances_of_the_model_the_correction_finds_the_truth(seed):
    rng = np.random.default_rng(seed)
    L = np.kron(np.eye(3), np.ones((3, 1))) * rng.uniform(0.6, 1.4, size=(9, 1))
    L[::3] = np.kron(np.eye(3), np.ones((1, 1)))
    B = rng.normal(size=(3, 3))
    cov = B @ B.T + np.eye(3)
    sigma = L @ cov @ L.T + np.diag(rng.uniform(0.3, 1.5, size=9))
    moments = ic.Moments.from_cov(pd.DataFrame(sigma, index=ITEMS, columns=ITEMS), n=1000)
    fit = ic.cfa(moments, M3)
    found = {m: corrected_score_moments(fit, method=m) for m in ("regression", "bartlett")}
    for of_method in found.values():
        np.testing.assert_allclose(of_method.cov, cov, rtol=1e-4, atol=1e-4)
    full = ic.sem(moments, f"{M3}\n{INDIRECT}")
    np.testing.assert_allclose(paths(ic.sem(found["regression"], INDIRECT)), paths(full), rtol=1e-4, atol=1e-4)


def test_a_second_order_factor_may_be_in_the_later_model(hs, fits):
    moments = corrected_score_moments(fits["second"], hs["ageyr"])
    assert moments.names == ("visual", "textual", "speed", "ageyr")
    later = ic.sem(moments, "g =~ visual + textual + speed\ng ~ ageyr")
    full = ic.sem(hs, f"{SECOND}\ng ~ ageyr")
    assert paths(later)[0] == pytest.approx(paths(full)[0], abs=0.03)
    found = factor_score_regression(fits["second"], "g2 =~ visual + textual + speed\ng2 ~ ageyr", hs, draws=0)
    assert found.to_frame().query("op == '~'")["croon"].item() == pytest.approx(paths(later)[0], abs=1e-6)


def test_moments_of_groups_and_of_incomplete_answers(hs, missing, fits):
    with pytest.raises(ic.ModelError, match="group="):
        corrected_score_moments(fits["groups"])
    first = corrected_score_moments(fits["groups"], group=1)
    assert first.n == 156
    by_name = corrected_score_moments(fits["groups"], group=fits["groups"].groups[1])
    means = fits["groups"].parameter_estimates().query("op == '~1' and group == 2").set_index("lhs")["est"]
    np.testing.assert_allclose(by_name.mean, means[["visual", "textual", "speed"]], atol=0.05)
    found = corrected_score_moments(fits["missing"], hs[["ageyr", "sex"]])
    beside = corrected_score_moments(fits["complete"], hs[["ageyr", "sex"]])
    np.testing.assert_allclose(found.cor, beside.cor, atol=0.08)
    holes = hs["ageyr"].mask(np.arange(len(hs)) % 10 == 0)
    assert np.isfinite(corrected_score_moments(fits["missing"], holes).cov).all()
    with pytest.raises(ic.ResponseError, match="31 of 301 rows lack a covariate"):
        corrected_score_moments(fits["complete"], holes)


def test_corrected_moments_refuse(fits, hs):
    fit = fits["complete"]
    with pytest.raises(ic.ModelError, match="method"):
        corrected_score_moments(fit, method="ten_berge")
    with pytest.raises(ic.ResponseError, match="another index"):
        corrected_score_moments(fit, hs[["sex"]].iloc[1:])
    with pytest.raises(ic.ResponseError, match="must be numbers"):
        corrected_score_moments(fit, hs[["school"]])
    with pytest.raises(ic.ResponseError, match="one value only"):
        corrected_score_moments(fit, hs[["sex"]] * 0)
    with pytest.raises(ic.ResponseError, match="data frame"):
        corrected_score_moments(fit, ["sex"])
    with pytest.raises(ic.ModelError, match="same name"):
        corrected_score_moments(fit, hs[["sex"]].set_axis(["visual"], axis=1))
    mimic = ic.sem(hs, f"{M3}\nvisual ~ sex")
    with pytest.raises(ic.ModelError, match="'sex'"):
        corrected_score_moments(mimic)
    with pytest.raises(ic.ModelError, match="this one has none"):
        corrected_score_moments(ic.sem(hs, "x1 ~~ x2"))
    lost = quietly(lambda: ic.cfa(hs, f"{M3}\nvisual ~~ a*textual\na > 0.6\na < 0.5"))
    with pytest.raises(ic.ModelError, match="did not converge"):
        corrected_score_moments(lost)
    moments = ic.cfa(ic.Moments.from_data(hs[ITEMS]), M3)
    np.testing.assert_allclose(corrected_score_moments(moments).cov, corrected_score_moments(fit).cov, atol=1e-5)
    with pytest.raises(ic.ModelError, match="answers themselves"):
        corrected_score_moments(moments, hs[["sex"]])


# --- paths from scores ---


def test_the_three_ways_are_those_of_lavaans_scores(fits, expected):
    theirs = expected["paths"]
    apart = factor_score_regression(fits["apart"], "textual ~ visual", draws=0).to_frame().iloc[0]
    assert apart["plain"] == pytest.approx(theirs["naive"], abs=1e-6)
    assert apart["skrondal_laake"] == pytest.approx(theirs["skrondal_laake"], abs=1e-6)
    joint = factor_score_regression(fits["complete"], "speed ~ visual + textual", draws=0).to_frame()
    np.testing.assert_allclose(joint["plain"], theirs["naive_joint"], atol=1e-6)
    np.testing.assert_allclose(joint["croon"], joint["skrondal_laake"], atol=1e-5)
    assert joint["reading"].iloc[0] == "plain scores 34% farther from 0 than Croon's; Skrondal & Laake's as Croon's"
    assert joint[["se_plain", "se_croon"]].isna().all(axis=None)


def test_standard_errors_carry_both_steps(fits, hs, expected):
    found = factor_score_regression(fits["complete"], INDIRECT, draws=300, rng=4)
    table = found.to_frame()
    full = pd.DataFrame(expected["sem"])
    np.testing.assert_allclose(table["croon"], full["est"], atol=2e-6)
    np.testing.assert_allclose(table["se_croon"][:3], full["se"][:3], rtol=0.2)
    naive = ic.sem(corrected_score_moments(fits["complete"]), INDIRECT).parameter_estimates()
    assert table["se_croon"][0] > 1.2 * naive[naive["op"] == "~"]["se"].iloc[0]
    assert (found.resampled, found.draws, found.n_failed) == ("rows", 300, 0)
    assert found.notes == ("Skrondal & Laake's way is closed: 'textual' is explained and explains",)
    limits = found.limits().query("approach == 'croon'")
    assert ((limits["ci_lower"] < limits["est"]) & (limits["est"] < limits["ci_upper"])).all()
    again = factor_score_regression(fits["complete"], INDIRECT, draws=300, rng=4)
    pd.testing.assert_frame_equal(found.to_frame(), again.to_frame())
    assert len(found.to_dict()["paths"]) == 4
    assert "by Croon" in repr(found)


def test_schools_are_drawn_whole_and_their_errors_are_the_robust_ones():
    demo = pd.read_csv(HERE / "demo_twolevel.csv")
    measures = "f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6"
    fit = quietly(lambda: ic.cfa(demo, measures, cluster="cluster", estimator="MLR"))
    found = factor_score_regression(fit, "g ~ f", draws=100, rng=2)
    full = quietly(lambda: ic.sem(demo, f"{measures}\ng ~ f", cluster="cluster", estimator="MLR")).parameter_estimates()
    row = full[full["op"] == "~"].iloc[0]
    table = found.to_frame().iloc[0]
    assert found.resampled == "schools"
    assert table["croon"] == pytest.approx(row["est"], abs=1e-4)
    assert table["se_croon"] == pytest.approx(row["se"], rel=0.2)
    drawn = Units.of(fit._fitted.problem.samples, by_school=True).draw(np.random.default_rng(0))[0]
    school = demo["cluster"].to_numpy()[drawn.rows]
    sizes = demo["cluster"].value_counts()
    of_draw = pd.Series(school).groupby(drawn.school)
    assert (of_draw.nunique() == 1).all()
    assert (of_draw.size().to_numpy() == sizes[of_draw.first()].to_numpy()).all()


def test_groups_have_their_own_paths(fits, hs):
    found = factor_score_regression(fits["groups"], "speed ~ visual", draws=50, rng=1)
    table = found.to_frame()
    assert table["group"].tolist() == list(fits["groups"].groups)
    for g, name in enumerate(fits["groups"].groups):
        moments = corrected_score_moments(fits["groups"], group=name)
        assert table["croon"][g] == pytest.approx(paths(ic.sem(moments, "speed ~ visual"))[0], abs=1e-6)


@pytest.mark.parametrize("across", [False, True])
def test_schools_of_two_groups_are_drawn_with_all_their_rows(across):
    demo = pd.read_csv(HERE / "demo_twolevel.csv").query("cluster <= 60")
    demo = demo.assign(part=np.arange(len(demo)) % 2 if across else demo["cluster"] % 2)
    measures = "f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6"
    fit = quietly(lambda: ic.cfa(demo, measures, group="part", cluster="cluster"))
    samples = fit._fitted.problem.samples
    drawn = Units.of(samples, by_school=True).draw(np.random.default_rng(0))
    schools = [set(d.school.tolist()) for d in drawn]
    assert bool(schools[0] & schools[1]) == across  # numbered apart where they are different schools
    assert len(schools[0] | schools[1]) == 60
    for sample, d in zip(samples, drawn, strict=True):
        of_draw = pd.Series(sample.cluster[d.rows]).groupby(d.school)
        size = pd.Series(sample.cluster).value_counts()
        assert (of_draw.nunique() == 1).all()
        assert (of_draw.size().to_numpy() == size[of_draw.first()].to_numpy()).all()
    found = quietly(lambda: factor_score_regression(fit, "g ~ f", draws=50, rng=1))
    assert np.isfinite(found.to_frame()["se_croon"]).all()


def test_incomplete_answers_and_covariates_go_together(fits, missing):
    found = factor_score_regression(fits["missing"], COVARIATES, missing, draws=50, rng=1)
    assert np.isfinite(found.to_frame()[["croon", "se_croon"]]).all(axis=None)
    scores = fits["missing"].factor_scores().join(missing[["ageyr", "sex"]])
    plain = ic.sem(scores, COVARIATES)
    np.testing.assert_allclose(found.to_frame()["plain"], paths(plain), atol=1e-6)


def test_weights_count_rows_as_often(hs):
    weights = np.resize([1, 2, 1], len(hs))
    twice = hs.loc[hs.index.repeat(weights)].reset_index(drop=True)
    fits = ic.cfa(hs, M3, sampling_weights=weights, estimator="MLR"), ic.cfa(twice, M3)
    found = [corrected_score_moments(f, d[["sex"]]) for f, d in zip(fits, (hs, twice), strict=True)]
    a, b = (m.cov * (m.n - 1) / m.n for m in found)
    np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(found[0].mean, found[1].mean, atol=1e-8)
    drawn = factor_score_regression(fits[0], "speed ~ visual", draws=50, rng=1).to_frame()
    assert np.isfinite(drawn["se_croon"]).all()


@pytest.mark.parametrize("options", [{"estimator": "GLS"}, {"likelihood": "wishart"}, {"estimator": "ULS"}])
def test_the_fits_own_divisor_is_kept(options, hs):
    fit = ic.cfa(hs, M3, **options)
    moments = corrected_score_moments(fit)
    S = fit._fitted.problem.samples[0].cov
    at = fit._fitted.implied[0]
    np.testing.assert_allclose(S, np.cov(hs[ITEMS].T), rtol=1e-10)
    # What is observed beside the model is added to the model's own covariances, as scores see it.
    A = np.linalg.solve(at.sigma, at.omega[:9, 9:]).T
    loadings = fit._fitted.problem.rams[0].matrices(fit.coef)[0][:9, 9:]
    M = np.linalg.solve(A @ loadings, A)
    np.testing.assert_allclose(moments.cov, phi(fit) + M @ (S - at.sigma) @ M.T, atol=1e-8)


def test_standardised_paths_do_not_depend_on_units(fits, hs):
    a = factor_score_regression(fits["complete"], INDIRECT, draws=0, standardized=True).to_frame()
    b = factor_score_regression(fits["free"], INDIRECT, draws=0, standardized=True).to_frame()
    np.testing.assert_allclose(a["croon"], b["croon"], atol=1e-5)
    np.testing.assert_allclose(a["plain"], b["plain"], atol=1e-5)


@pytest.mark.parametrize("model", ["textual ~ visual", "textual ~ visual\nageyr ~ visual", "visual ~ ageyr"])
def test_where_skrondal_and_laakes_way_is_open(model, fits, hs):
    table = factor_score_regression(fits["complete"], model, hs, draws=0).to_frame()
    np.testing.assert_allclose(table["skrondal_laake"], table["croon"], rtol=0.1, atol=0.02)


@pytest.mark.parametrize(
    ("measurement", "model", "reason"),
    [
        (M3, "textual ~ visual + ageyr", "covariates explain"),
        (f"{M3}\nx1 ~~ x4", "textual ~ visual", "residuals"),
        (f"{M3}\nvisual =~ x9", "speed ~ visual", "indicators load"),
        (M3, "g =~ visual + textual + speed\nageyr ~ g", "further latent variables"),
        (M3, "speed ~ visual\ntextual ~~ visual", "'textual' neither explains"),
    ],
)
def test_where_it_is_closed_the_reason_is_said(measurement, model, reason, hs):
    found = quietly(lambda: factor_score_regression(ic.cfa(hs, measurement), model, hs, draws=0))
    assert found.to_frame()["skrondal_laake"].isna().all()
    assert reason in found.notes[0]
    assert found.to_frame()["croon"].notna().all()


@pytest.mark.parametrize(("n", "share"), [(60, "more"), (150, "less")])
def test_draws_that_fail_are_counted(n, share):
    rng = np.random.default_rng(2)
    f = rng.normal(size=n)
    y = 0.3 * f + rng.normal(size=n)
    columns = [0.6 * factor + rng.normal(size=n) for factor in (f, y) for _ in range(3)]
    X = pd.DataFrame(np.column_stack(columns), columns=list("abcxyz"))
    fit = quietly(lambda: ic.cfa(X, "f =~ a + b + c\ng =~ x + y + z"))
    with pytest.warns(ic.ConvergenceWarning, match="of 100 resampled data sets gave no estimates") as caught:
        found = factor_score_regression(fit, "g ~ f", draws=100, rng=1)
    lost = found.n_failed > 10
    assert lost == (share == "more")
    assert f"{found.n_failed} of 100" in str(caught[0].message)
    assert found.to_frame()["se_croon"].isna().all() == lost
    assert found.limits()[["ci_lower", "ci_upper"]].isna().all(axis=None) == lost


def test_the_correction_finds_what_was_simulated():
    rng = np.random.default_rng(11)
    n = 4000
    visual, other = rng.normal(size=(2, n))
    textual = 0.5 * visual + other * np.sqrt(0.75)
    speed = 0.4 * visual + 0.3 * textual + 0.7 * rng.normal(size=n)
    X = np.column_stack([f + 0.9 * rng.normal(size=n) for f in (visual, textual, speed) for _ in range(3)])
    fit = ic.cfa(pd.DataFrame(X, columns=ITEMS), M3)
    found = factor_score_regression(fit, INDIRECT, draws=50, rng=1).to_frame()
    z = (found["croon"] - [0.5, 0.4, 0.3, 0.15]) / found["se_croon"]
    assert (z.abs() < 3).all()
    assert (((found["plain"] - found["croon"]) / found["se_croon"]).abs() > 3).any()


def test_paths_refuse(fits, hs):
    fit = fits["complete"]
    for model, message in (
        ("speed ~ visul", r"did you mean 'visual'"),
        ("speed ~ x1", "'x1' is no latent variable"),
        ("speed ~~ visual", "no path"),
        ("visual =~ x1 + x2\nspeed ~ visual", "no latent variable with indicators|has indicators already"),
    ):
        with pytest.raises(ic.ModelError, match=message):
            factor_score_regression(fit, model, draws=0)
    with pytest.raises(ic.ModelError, match="'g'"):
        factor_score_regression(fits["second"], "speed ~ g", draws=0)
    with pytest.raises(ic.ModelError, match="text such as"):
        factor_score_regression(fit, 3, draws=0)
    for draws in (10, 2.5, True, -1):
        with pytest.raises(ic.ModelError, match="draws="):
            factor_score_regression(fit, "speed ~ visual", draws=draws)
    moments = ic.cfa(ic.Moments.from_data(hs[ITEMS]), M3)
    with pytest.raises(ic.ModelError, match="draws=0"):
        factor_score_regression(moments, "speed ~ visual")
    table = factor_score_regression(moments, "speed ~ visual", draws=0).to_frame()
    beside = factor_score_regression(fit, "speed ~ visual", draws=0).to_frame()
    np.testing.assert_allclose(table["plain"], beside["plain"], atol=1e-6)
    lost = quietly(lambda: ic.cfa(hs, f"{M3}\nvisual ~~ a*textual\na > 0.6\na < 0.5"))
    with pytest.raises(ic.ModelError, match="did not converge"):
        factor_score_regression(lost, "speed ~ visual")


def test_impossible_covariances_are_said(hs):
    # Errors that are held larger than the answers vary.
    items = "a =~ 1*x1 + 1*x2\nb =~ x4 + x5 + x6\na ~~ 0.5*a\nx1 ~~ 1.9*x1\nx2 ~~ 1.9*x2"
    table = quietly(lambda: ic.cfa(hs, items))
    with pytest.warns(ic.ImproperSolutionWarning, match="Croon's covariances are impossible"):
        found = factor_score_regression(table, "b ~ a", draws=0)
    row = found.to_frame().iloc[0]
    assert np.isnan(row["croon"])
    assert np.isfinite(row["plain"])
    assert row["reading"] == "no corrected estimate to compare with"
    assert "Croon's covariances are impossible" in found.notes[-1]


def test_few_schools_are_said():
    demo = pd.read_csv(HERE / "demo_twolevel.csv").query("cluster <= 20")
    fit = quietly(lambda: ic.cfa(demo, "f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6", cluster="cluster"))
    with pytest.warns(ic.SmallSampleWarning, match="20 resampled schools"):
        found = factor_score_regression(fit, "g ~ f", draws=50, rng=1)
    assert any("20 resampled schools" in note for note in found.notes)
