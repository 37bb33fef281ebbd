"""Variance between schools: intraclass correlations with their limits, and the random-intercept model."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f, multivariate_normal

import internal_coherence as ic
from internal_coherence.moments.grouping import group
from internal_coherence.moments.spread import school_spread
from internal_coherence.schools.variance.analysis_of_variance import one_way
from internal_coherence.schools.variance.profiling import ratio_limits, variance_limits
from internal_coherence.schools.variance.random_intercept import RandomIntercept, SizeClasses


def simulated(n_schools, sizes, icc, rng, *, q=1):
    """Return scores of variance 1 and mean 3, and their schools."""
    school = np.repeat(np.arange(n_schools), np.resize(sizes, n_schools))
    u = rng.normal(size=(n_schools, q)) * np.sqrt(icc)
    y = 3 + u[school] + rng.normal(size=(len(school), q)) * np.sqrt(1 - icc)
    return y[:, 0] if q == 1 else y, school


def model_of(y, school, method):
    spread = school_spread(np.asarray(y, dtype=float)[:, None], group(school, len(y)))
    return RandomIntercept(SizeClasses.of(spread.size[:, 0], spread.mean[:, 0], spread.sum_of_squares[:, 0]), method)


# --- the random-intercept model ---


@pytest.mark.parametrize("variable", ["LEAD", "TSIG"])
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_variance_components_are_lme4s(variable, method, lq2002, reference):
    # lme4 1.1-31: lmer(y ~ 1 + (1 | COMPID), REML = ...), its optimiser run to 1e-12
    expected = reference("lme4_school_means")[f"{variable}.{method}"]
    found = ic.variance_components(lq2002[variable], lq2002["COMPID"], method)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=1e-6)
    assert found.sigma2 == pytest.approx(expected["sigma2"], abs=1e-6)
    assert found.mean == pytest.approx(expected["mean"], abs=1e-7)
    assert found.mean_se == pytest.approx(expected["mean_se"], abs=1e-7)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], rel=1e-10)
    assert found.log_likelihood >= expected["log_likelihood"] - 1e-10 * abs(expected["log_likelihood"])


@pytest.mark.parametrize("variable", ["LEAD", "TSIG"])
def test_profile_limits_are_lme4s(variable, lq2002, reference):
    # lme4 1.1-31: confint(lmer(..., REML = FALSE)), which interpolates its profile by splines: 1e-5
    expected = reference("lme4_school_means")[f"{variable}.ml"]["profile"]
    found = ic.variance_components(lq2002[variable], lq2002["COMPID"], "ml")
    for parameter in ("tau", "sigma", "mean"):
        limits = found.confidence_interval(of=parameter)
        assert [limits.lower, limits.upper] == pytest.approx(expected[parameter], rel=1e-5), parameter


@pytest.mark.parametrize("variable", ["LEAD", "TSIG"])
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_covariates_are_lme4s(variable, method, lq2002, reference):
    # lme4 1.1-31: lmer(y ~ number + level + (1 | COMPID))
    expected = reference("lme4_school_means")[f"{variable}.{method}"]["adjusted"]
    row = np.arange(1, len(lq2002) + 1)
    covariates = pd.DataFrame({"number": (row % 7) / 7, "level": np.array(["primary", "secondary", "middle"])[row % 3]})
    found = ic.variance_components(lq2002[variable], lq2002["COMPID"], method, covariates=covariates)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=1e-6)
    assert found.sigma2 == pytest.approx(expected["sigma2"], abs=1e-6)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], rel=1e-9)
    effects = found.effects
    assert list(effects["term"]) == ["(intercept)", "number", "level_primary", "level_secondary"]
    np.testing.assert_allclose(effects["est"], expected["est"], rtol=1e-6)
    np.testing.assert_allclose(effects["se"], expected["se"], rtol=1e-6)
    limits = found.confidence_interval(of="icc")
    assert limits.lower < found.icc < limits.upper


def test_the_profiled_likelihood_is_that_of_the_normal_distribution():
    rng = np.random.default_rng(2)
    y, school = simulated(6, [1, 2, 3, 5, 8, 4], 0.3, rng)
    tau2, sigma2 = 0.4, 0.8
    V = sigma2 * np.eye(len(y)) + tau2 * (school[:, None] == school)
    one, inverse = np.ones(len(y)), np.linalg.inv(V)
    mu = (one @ inverse @ y) / (one @ inverse @ one)
    direct = -2 * multivariate_normal(np.full(len(y), mu), V).logpdf(y)
    assert model_of(y, school, "ml").at_variances(tau2, sigma2) == pytest.approx(direct, rel=1e-12)
    restricted = direct + np.log(one @ inverse @ one) - np.log(2 * np.pi)
    assert model_of(y, school, "reml").at_variances(tau2, sigma2) == pytest.approx(restricted, rel=1e-12)


@given(st.integers(0, 10_000), st.sampled_from(["ml", "reml"]))
def test_the_slope_is_that_of_the_deviance(seed, method):
    rng = np.random.default_rng(seed)
    y, school = simulated(7, rng.integers(1, 9, 7) + (np.arange(7) == 0), 0.3, rng)
    model, ratio = model_of(y, school, method), float(rng.uniform(0.05, 2))
    step = 1e-5 * ratio
    by_differences = (model.at(ratio + step).deviance - model.at(ratio - step).deviance) / (2 * step)
    assert model.slopes(np.array([ratio]))[0] == pytest.approx(by_differences, rel=1e-5, abs=1e-6)
    at = model.at(ratio)
    assert model.at_variances(at.tau2, at.sigma2) == pytest.approx(at.deviance, rel=1e-11)


@given(st.integers(0, 10_000))
def test_no_other_ratio_is_likelier(seed):
    rng = np.random.default_rng(seed)
    y, school = simulated(5, rng.integers(1, 30, 5) + (np.arange(5) == 0), rng.uniform(0, 0.6), rng)
    model = model_of(y, school, "reml")
    shares = np.linspace(0, 0.999, 400)
    assert model.best.deviance <= min(model.at(s / (1 - s)).deviance for s in shares) + 1e-9


def test_balanced_reml_is_the_analysis_of_variance():
    y, school = simulated(12, 7, 0.3, np.random.default_rng(5))
    by_variances, by_squares = ic.icc1(y, school, method="reml"), ic.icc1(y, school)
    assert by_variances.estimate == pytest.approx(by_squares.estimate, rel=1e-9)
    assert ic.icc2(y, school, method="reml").estimate == pytest.approx(ic.icc2(y, school).estimate, rel=1e-9)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_profile_limits_are_where_the_likelihood_has_fallen(method):
    y, school = simulated(15, [3, 5, 9, 14], 0.25, np.random.default_rng(8))
    model = model_of(y, school, method)
    target = model.best.deviance + 1.959963984540054**2
    for limit in ratio_limits(model, 0.95):
        assert limit == 0 or model.at(limit).deviance == pytest.approx(target, abs=1e-8)
    grid = np.geomspace(1e-4, 50, 4000)
    for which in ("tau2", "sigma2"):
        lower, upper = variance_limits(model, which, 0.95)
        for limit in (lower, upper):
            pairs = [(limit, x) if which == "tau2" else (x, limit) for x in grid]
            least = min(model.at_variances(*pair) for pair in pairs)
            assert least == pytest.approx(target, abs=1e-3)  # as fine as the grid


def test_boundaries_are_said():
    alike = ic.variance_components([1, 6, 2, 5, 1, 6.0], list("aabbcc"))
    assert alike.tau2 == 0
    assert alike.note == "tau2 is 0: schools differ no more than chance alone would have it"
    assert alike.confidence_interval(of="icc").lower == 0
    still = ic.variance_components([1, 1, 2, 2, 4, 4.0], list("aabbcc"))
    assert (still.sigma2, still.icc) == (0, 1)
    assert still.tau2 == pytest.approx(np.var([1, 2, 4], ddof=1))
    assert "never differ" in still.note
    assert np.isnan(still.confidence_interval(of="tau2").lower)
    nothing = ic.variance_components([3, 3, 3, 3.0], list("aabb"))
    assert np.isnan(nothing.icc)
    assert nothing.note == "nothing varies"
    json.dumps(nothing.to_dict(), allow_nan=False)


# --- intraclass correlations ---


@pytest.mark.parametrize("variable", ["LEAD", "TSIG"])
def test_correlations_by_reml_are_multilevels_mult_icc(variable, lq2002, reference):
    # multilevel 2.8: mult.icc(x, group), by nlme, whose optimiser agrees with lme4's to 1e-6
    expected = {row["Variable"]: row for row in reference("lme4_school_means")["mult.icc"]}[variable]
    one = ic.icc1(lq2002[variable], lq2002["COMPID"], method="reml")
    two = ic.icc2(lq2002[variable], lq2002["COMPID"], method="reml")
    assert one.estimate == pytest.approx(expected["ICC1"], rel=1e-5)
    assert two.estimate == pytest.approx(expected["ICC2"], rel=1e-5)


def test_shrout_and_fleiss():
    # Shrout & Fleiss (1979), Table 2: six targets, four judges; ICC(1,1) and ICC(1,4), psych 2.5.3 in full precision
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    target = np.repeat(np.arange(6), 4)
    assert float(ic.icc1(np.ravel(ratings), target)) == pytest.approx(0.165742, abs=5e-7)
    assert float(ic.icc2(np.ravel(ratings), target)) == pytest.approx(0.442797, abs=5e-7)
    # psych 2.5.3: lower and upper bounds at 95 % of ICC1 and ICC1k
    limits = ic.icc1(np.ravel(ratings), target).confidence_interval()
    assert limits.method == "exact F, normal scores"
    F, J, k = 1.7947, 6, 4
    bounds = [F / f.ppf(0.975, J - 1, J * (k - 1)), F * f.ppf(0.975, J * (k - 1), J - 1)]
    assert [limits.lower, limits.upper] == pytest.approx([(b - 1) / (b + k - 1) for b in bounds], abs=1e-4)


def test_a_table_gives_a_result_for_every_column(lq2002):
    both = ic.icc1(lq2002[["LEAD", "TSIG"]], lq2002["COMPID"])
    assert list(both) == ["LEAD", "TSIG"]
    assert both["TSIG"].estimate == ic.icc1(lq2002["TSIG"], lq2002["COMPID"]).estimate
    assert list(both.to_frame().index) == ["LEAD", "TSIG"]
    assert {"ci_lower", "ci_upper", "interval"} <= set(both.to_frame())


def test_weights_count_schools_as_often_as_they_are_drawn():
    rng = np.random.default_rng(0)
    y, school = simulated(6, [2, 4, 7], 0.3, rng)
    spread = school_spread(y[:, None], group(school, len(y)))
    times = np.array([[2, 0, 1, 3, 0, 0.0]])
    drawn = one_way(spread.size, spread.mean, spread.sum_of_squares, times)
    copies = [(y[school == j], f"{j}.{c}") for j, t in enumerate(times[0]) for c in range(int(t))]
    again = ic.icc1(np.concatenate([c for c, _ in copies]), np.concatenate([[name] * len(c) for c, name in copies]))
    assert drawn.ratio[0, 0] == pytest.approx(again.F, rel=1e-12)
    assert drawn.k0[0, 0] == pytest.approx(
        (again.n - sum(len(c) ** 2 for c, _ in copies) / again.n) / (again.n_schools - 1), rel=1e-12
    )


@pytest.mark.parametrize(
    ("interval", "method", "sizes", "least", "most"),
    [
        ("f", "anova", (10,), 0.93, 0.97),
        ("f", "anova", (4, 8, 16, 24), 0.92, 0.97),
        ("smith", "anova", (4, 8, 16, 24), 0.86, 0.97),
        ("profile", "reml", (4, 8, 16, 24), 0.92, 0.97),
    ],
)
def test_limits_cover_the_truth(interval, method, sizes, least, most):
    rng, icc, covered = np.random.default_rng(11), 0.15, []
    y, school = simulated(30, sizes, icc, rng, q=600)
    for found in ic.icc1(pd.DataFrame(y), school, method=method, interval=interval).values():
        limits = found.confidence_interval()
        covered.append(limits.lower <= icc <= limits.upper)
    assert least <= np.mean(covered) <= most


def test_drawn_schools_cover_the_truth_for_scores_of_any_shape():
    rng, icc = np.random.default_rng(12), 0.15
    school = np.repeat(np.arange(40), np.resize([6, 12, 18], 40))
    u = (rng.chisquare(4, (40, 300)) - 4) / np.sqrt(8)
    e = (rng.chisquare(4, (len(school), 300)) - 4) / np.sqrt(8)
    y = np.sqrt(icc) * u[school] + np.sqrt(1 - icc) * e
    found = ic.icc1(pd.DataFrame(y), school, interval="cluster_bootstrap", draws=400, rng=1)
    limits = [one.confidence_interval() for one in found.values()]
    assert 0.89 <= np.mean([i.lower <= icc <= i.upper for i in limits]) <= 0.98


def test_both_correlations_have_the_same_limits_stepped_up():
    y, school = simulated(20, 8, 0.2, np.random.default_rng(3))
    for options in ({}, {"method": "reml"}, {"interval": "cluster_bootstrap", "rng": 4}):
        one, two = (verb(y, school, **options).confidence_interval() for verb in (ic.icc1, ic.icc2))
        for a, b in ((one.lower, two.lower), (one.upper, two.upper)):
            assert b == pytest.approx(8 * a / (1 + 7 * a), rel=1e-9)


@given(st.integers(0, 1000), st.floats(-50, 50), st.floats(0.1, 20))
def test_shifting_and_stretching_scores_changes_no_correlation(seed, shift, stretch):
    y, school = simulated(6, [3, 5, 8], 0.3, np.random.default_rng(seed))
    for method in ("anova", "reml"):
        a = ic.icc1(y, school, method=method).estimate
        assert ic.icc1(shift + stretch * y, school, method=method).estimate == pytest.approx(a, rel=1e-6, abs=1e-8)


def test_a_million_added_to_every_score_costs_no_digits():
    y, school = simulated(30, [4, 9], 0.2, np.random.default_rng(1))
    y = np.round(y * 64) / 64
    a, b = (ic.variance_components(x, school) for x in (y, y + 2**20))
    assert [b.tau2, b.sigma2] == pytest.approx([a.tau2, a.sigma2], rel=1e-9)


def test_options_that_do_not_go_together_are_refused():
    y, school = [1, 2, 3, 4.0], list("aabb")
    with pytest.raises(ic.ModelError, match="interval='profile' does not go with method='anova'"):
        ic.icc1(y, school, interval="profile")
    with pytest.raises(ic.ModelError, match="interval='f' does not go with method='reml'"):
        ic.icc2(y, school, method="reml", interval="f")
    with pytest.raises(ic.ModelError, match="method='bayes' is not one of"):
        ic.icc1(y, school, method="bayes")
    with pytest.raises(ic.ModelError, match="at least 50"):
        ic.icc1(y, school, interval="cluster_bootstrap", draws=3)
    with pytest.raises(ic.ModelError, match="level=95 is not between 0 and 1"):
        ic.icc1(y, school).confidence_interval(95)
    with pytest.raises(ic.ModelError, match="of='tau3'"):
        ic.variance_components(y, school).confidence_interval(of="tau3")
    with pytest.warns(ic.SmallSampleWarning, match="2 schools are too few"):
        ic.icc1(y, school, interval="cluster_bootstrap")


@pytest.mark.parametrize("verb", [ic.icc1, ic.icc2, ic.variance_components, ic.school_means])
def test_schools_that_can_not_be_compared_are_refused(verb):
    with pytest.raises(ic.ResponseError, match="at least two with answers, and there is 1"):
        verb([1, 2, 3.0], ["a"] * 3)
    with pytest.raises(ic.ResponseError, match="every school has one teacher"):
        verb([1, 2, 3.0], list("abc"))
    with pytest.raises(ic.ResponseError, match="of 'y' compares schools"):
        verb(pd.DataFrame({"x": [1, 2, 3, 4.0], "y": [1, 2, np.nan, np.nan]}), list("aabb"))
    with pytest.raises(ic.ResponseError, match="there is 0"):
        verb([np.nan, np.nan], list("ab"))
    with pytest.raises(ic.ResponseError, match="no columns"):
        verb(pd.DataFrame(index=range(3)), list("abc"))


def test_identifiers_of_schools_may_be_of_any_type():
    y = [1, 2, 4, 5, 2, 3.0]
    expected = ic.icc1(y, list("aabbcc")).estimate
    for school in ([7, 7, "8", "8", 9.0, 9.0], ["007", "007", "8", "8", "=x", "=x"], pd.Categorical(list("ppqqrr"))):
        found = ic.icc1(y, school)
        assert (found.estimate, found.n_schools) == (pytest.approx(expected), 3)


def test_covariates_that_tell_nothing_are_refused(lq2002):
    y, school = lq2002["LEAD"], lq2002["COMPID"]
    constant = pd.DataFrame({"wave": np.ones(len(y))})
    with pytest.raises(ic.ResponseError, match="do not vary, or determine each other: 'wave'"):
        ic.variance_components(y, school, covariates=constant)
    with pytest.raises(ic.ResponseError, match="missing in some rows: 'wave'"):
        ic.variance_components(y, school, covariates=constant.assign(wave=np.nan))
    with pytest.raises(ic.ResponseError, match=f"3 rows for {len(y)} teachers"):
        ic.variance_components(y, school, covariates=constant.head(3))
    with pytest.raises(ic.ResponseError, match="leave nothing of what varies between schools: 'COMPID_"):
        ic.variance_components(y, school, covariates=school.astype(str))


def test_sums_by_school_may_be_added_in_any_order():
    rng = np.random.default_rng(9)
    X = rng.normal(size=(90, 2))
    X[rng.random(X.shape) < 0.2] = np.nan
    groups = group(rng.integers(0, 5, 90), 90)
    whole = school_spread(X, groups)
    parts = [school_spread(X[i::3], type(groups)(codes=groups.codes[i::3], labels=groups.labels)) for i in range(3)]
    for order in itertools.permutations(parts):
        merged = order[0].merge(order[1]).merge(order[2])
        for name in ("size", "mean", "sum_of_squares"):
            np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), rtol=1e-10, atol=1e-12)


def test_components_given_covariates_say_so(lq2002):
    found = ic.variance_components(lq2002["LEAD"], lq2002["COMPID"], covariates=lq2002[["TSIG"]])
    assert repr(found).endswith("schools, given 'TSIG'>")
