"""Bootstrap of rows and of schools, Bollen & Stine's, limits, and what leaving a school out changes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from semopy.examples import holzinger39

import internal_coherence as ic
from internal_coherence.latent.estimation.batches import Stack, solve_many
from internal_coherence.latent.resampling import drawn_moments as drawn_moments_
from internal_coherence.latent.resampling.accelerating import accelerations
from internal_coherence.latent.resampling.drawing import Units, drawn_samples, where_it_holds
from internal_coherence.latent.resampling.limits import accelerated, percentile, studentized
from internal_coherence.latent.resampling.refitting import Refit, Wanted
from internal_coherence.latent.resampling.running import batch_size

TWO = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
M3 = f"{TWO}\nspeed =~ x7 + x8 + x9"
F4 = "f =~ y1 + y2 + y3 + y4"


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def hs():
    return holzinger39.get_data().reset_index(drop=True)


@pytest.fixture(scope="module")
def demo():
    d = pd.read_csv(Path(__file__).parent / "reference" / "data" / "demo_twolevel.csv")
    return d[d["cluster"] <= 60].reset_index(drop=True)


def gaps(hs):
    out = hs.copy()
    row = np.arange(1, len(out) + 1)
    for j in range(1, 10):
        out.loc[(7 * row + 3 * j) % 11 == 0, f"x{j}"] = np.nan
    return out


CASES = {
    "one group": lambda hs, demo: (hs, {"model": M3}),
    "means": lambda hs, demo: (hs, {"model": M3, "meanstructure": True}),
    "equal over groups": lambda hs, demo: (
        hs,
        {"model": M3, "group": "school", "group_equal": ("loadings", "intercepts")},
    ),
    "an equation": lambda hs, demo: (hs, {"model": "visual =~ x1 + a*x2 + b*x3 + c*x4\na == b*c"}),
    "robust": lambda hs, demo: (hs, {"model": TWO, "estimator": "MLR"}),
    "least squares": lambda hs, demo: (hs, {"model": TWO, "estimator": "DWLS"}),
    "a covariate": lambda hs, demo: (hs, {"model": f"{TWO}\nvisual ~ ageyr"}),
    "incomplete": lambda hs, demo: (gaps(hs), {"model": TWO, "missing": "fiml"}),
    "weights": lambda hs, demo: (
        demo.assign(w=1 + demo["cluster"] % 3),
        {"model": F4, "estimator": "MLR", "sampling_weights": "w"},
    ),
    "weights in groups": lambda hs, demo: (
        demo.assign(w=1 + demo["cluster"] % 3, g=demo["cluster"] % 2),
        {"model": F4, "estimator": "MLR", "sampling_weights": "w", "group": "g"},
    ),
    "schools in groups": lambda hs, demo: (
        demo.assign(g=demo["cluster"] % 2),
        {"model": F4, "cluster": "cluster", "group": "g", "estimator": "MLR", "group_equal": "loadings"},
    ),
    "schools across groups": lambda hs, demo: (
        demo.assign(g=np.arange(len(demo)) % 2),
        {"model": F4, "cluster": "cluster", "group": "g", "estimator": "MLR"},
    ),
    "schools": lambda hs, demo: (demo, {"model": F4, "cluster": "cluster", "estimator": "MLR"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_draw_says_what_its_rows_say_when_they_are_fitted_by_themselves(case, hs, demo):
    data, options = CASES[case](hs, demo)
    verb = ic.sem if "~ ageyr" in options["model"] else ic.cfa
    fit = quietly(lambda: verb(data, **options))
    measures = (
        ("chisq", "cfi", "srmr", "chisq_scaled") if options.get("estimator") == "MLR" else ("chisq", "cfi", "srmr")
    )
    own = tuple(fit._fitted.problem.samples)
    units = Units.of(own, by_school=fit.n_clusters > 0)
    draws = [units.draw(np.random.default_rng(k)) for k in range(3)]
    found = Refit.of(fit).drawn(own, draws, Wanted(measures=measures, errors=True))
    for draw, one in zip(draws, found, strict=True):
        taken = pd.concat(
            [
                data.iloc[sample.rows[d.rows]].assign(**({} if d.school is None else {"cluster": d.school}))
                for sample, d in zip(own, draw, strict=True)
            ],
            ignore_index=True,
        )
        alone = quietly(lambda taken=taken: verb(taken, **options))
        np.testing.assert_allclose(one.theta, alone.coef, atol=1e-5 * np.sqrt(np.diag(alone.vcov)).max())
        rtol = 1e-5 if case != "incomplete" else 1e-4  # EM sets the saturated likelihood
        np.testing.assert_allclose(one.measures, alone.fit_measures()[list(measures)], rtol=rtol)
        np.testing.assert_allclose(one.errors, alone.parameter_estimates()["se"], rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("case", ["schools in groups", "weights in groups"])
@pytest.mark.parametrize("held", [2**22, 700])
def test_moments_of_many_draws_are_those_of_their_rows(case, held, hs, demo, monkeypatch):
    monkeypatch.setattr(drawn_moments_, "COUNTS", held)
    monkeypatch.setattr(drawn_moments_, "NUMBERS", held)
    data, options = CASES[case](hs, demo)
    own = tuple(quietly(lambda: ic.cfa(data, **options))._fitted.problem.samples)
    units = Units.of(own, by_school=own[0].cluster is not None)
    draws = [units.draw(np.random.default_rng(k)) for k in range(5)]
    moments = drawn_moments_.drawn_moments(own, draws)
    for k, draw in enumerate(draws):
        alone = drawn_samples(own, draw, saturated=False)
        for rows, found, was, d in zip(alone, moments, own, draw, strict=True):
            told = found.sample(k)
            by_numpy = np.cov(was.X[d.rows].T, bias=True, aweights=None if was.weights is None else was.weights[d.rows])
            np.testing.assert_allclose(told.cov, by_numpy, rtol=1e-10, atol=1e-13)
            assert (told.label, told.unbiased) == (rows.label, rows.unbiased)
            np.testing.assert_allclose(told.n, rows.n, rtol=1e-13)
            np.testing.assert_allclose(told.mean, rows.mean, rtol=1e-12)
            np.testing.assert_allclose(told.cov, rows.cov, rtol=1e-11, atol=1e-13)


def test_a_draw_without_anybody_of_a_group_fails_alone(demo):
    data = demo.assign(g=np.where(demo["cluster"] <= 2, "few", "many"))
    data.loc[data["cluster"] == 3, "g"] = np.where(np.arange((data["cluster"] == 3).sum()) % 2, "few", "many")
    fit = quietly(lambda: ic.cfa(data, F4, group="g", cluster="cluster", group_equal="loadings", estimator="MLR"))
    own = tuple(fit._fitted.problem.samples)
    units = Units.of(own, by_school=True)
    draws = [units.draw(np.random.default_rng(k)) for k in range(40)]
    empty = [any(len(d.rows) == 0 for d in draw) for draw in draws]
    assert 0 < sum(empty) < len(empty)
    found = quietly(lambda: Refit.of(fit).drawn(own, draws, Wanted()))
    assert not any(r.converged for r, nobody in zip(found, empty, strict=True) if nobody)
    assert sum(r.converged for r in found) > 20
    assert np.isfinite(found[empty.index(False)].theta).all()
    assert not np.allclose(found[empty.index(False)].theta, fit.coef)


def test_many_samples_in_one_stack_are_each_solved_as_alone(hs):
    rng = np.random.default_rng(1)
    fit = ic.cfa(hs, M3, meanstructure=True)
    problem, X = fit._fitted.problem, fit._fitted.problem.samples[0].X
    rows = [X[rng.integers(len(X), size=150)] for _ in range(120)]
    stack = Stack(
        ram=problem.rams[0],
        cov=np.stack([np.cov(x.T, bias=True) for x in rows]),
        mean=np.stack([x.mean(axis=0) for x in rows]),
        share=np.ones(len(rows)),
    )
    theta, done = solve_many([stack], fit.coef.copy(), None)
    assert done.mean() > 0.95
    for k in range(0, 120, 17):
        if done[k]:
            alone = quietly(lambda k=k: ic.cfa(pd.DataFrame(rows[k], columns=fit.observed), M3, meanstructure=True))
            np.testing.assert_allclose(theta[k], alone.coef, rtol=1e-5, atol=1e-6)


def test_standard_errors_and_bias_are_lavaans_but_for_chance(hs, reference):
    # lavaan 0.6-14: bootstrapLavaan(R = 4000); two such sets of draws differ by 1.6 % in a standard error
    expected = reference("lavaan_bootstrap")
    drawn = ic.bootstrap(ic.cfa(hs, TWO), draws=4000, rng=3)
    table = drawn.parameter_estimates()
    ours = table.assign(name=table["lhs"] + table["op"] + table["rhs"]).set_index("name").loc[expected["parameters"]]
    # A draw in several thousand has its minimum at an absurd variance (x1 at −21, in lavaan too), and rules a standard deviation.
    steady = ~ours.index.isin(["x1~~x1", "visual~~visual"])
    np.testing.assert_allclose(ours["se"][steady], np.array(expected["se"])[steady], rtol=0.06)
    np.testing.assert_allclose(ours["bias"][steady], np.array(expected["bias"])[steady], atol=0.006)
    limits = ours[["ci_lower", "ci_upper"]].to_numpy().T
    np.testing.assert_allclose(limits, expected["limits"], atol=0.06)
    path = ic.sem(hs, "x4 ~ a*x1\nx9 ~ b*x4 + c*x1\nab := a*b", fixed_x=False)
    indirect = ic.bootstrap(path, draws=4000, rng=3).parameter_estimates().set_index("lhs").loc["ab"]
    assert indirect["se"] == pytest.approx(expected["indirect"]["se"], rel=0.06)
    np.testing.assert_allclose(
        indirect[["ci_lower", "ci_upper"]].astype(float), expected["indirect"]["limits"], atol=0.006
    )


def test_bollen_and_stines_distribution_is_lavaans_but_for_chance(hs, reference):
    # lavaan 0.6-14: bootstrapLavaan(type = "bollen.stine", R = 4000)
    expected = reference("lavaan_bootstrap")["bollen.stine"]
    drawn = ic.bootstrap(ic.cfa(hs, TWO), draws=4000, bollen_stine=True, rng=5)
    test = drawn.fit_measures().set_index("measure").loc["chisq"]
    assert test["value"] == pytest.approx(expected["chisq"], rel=1e-6)
    assert test["pvalue"] == pytest.approx(expected["p"], abs=0.006)
    np.testing.assert_allclose(np.nanquantile(drawn._measured[:, 0], [0.1, 0.5, 0.9]), expected["quantiles"], rtol=0.05)


def test_rows_are_moved_to_where_the_model_holds(hs):
    for options in ({}, {"group": "school", "group_equal": ("loadings", "intercepts")}):
        fit = ic.cfa(hs, M3, **options)
        for sample, at in zip(where_it_holds(fit._fitted), fit._fitted.implied, strict=True):
            np.testing.assert_allclose(np.cov(sample.X.T, bias=True), at.sigma, atol=1e-10)
            np.testing.assert_allclose(sample.X.mean(axis=0), at.mu if options else sample.mean, atol=1e-10)


def test_accelerated_limits_are_those_of_scipy():
    rng = np.random.default_rng(0)
    x = rng.exponential(size=60)
    draws = np.array([x[rng.integers(60, size=60)].mean() for _ in range(3000)])
    d = x.mean() - x
    pull = np.array([-(d**3).sum() / (6 * (d**2).sum() ** 1.5)])
    lower, upper = accelerated(draws[:, None], np.array([x.mean()]), pull, 0.9)
    base = stats.bootstrap((x,), np.mean, n_resamples=9, method="percentile", confidence_level=0.9, rng=1)
    base.bootstrap_distribution = draws
    theirs = stats.bootstrap(
        (x,), np.mean, n_resamples=0, bootstrap_result=base, method="BCa", confidence_level=0.9, rng=1
    )
    np.testing.assert_allclose([lower[0], upper[0]], theirs.confidence_interval, rtol=1e-6)
    np.testing.assert_allclose(np.ravel(percentile(draws[:, None], 0.9)), np.quantile(draws, [0.05, 0.95]))


def test_studentized_limits_turn_the_distribution_about():
    draws, errors = np.array([[1.0], [2.0], [5.0]]), np.ones((3, 1))
    lower, upper = studentized(draws, errors, np.array([2.0]), np.array([2.0]), 0.999)
    assert (lower[0], upper[0]) == pytest.approx((2 - 3 * 2, 2 + 1 * 2), abs=0.02)


def test_the_acceleration_is_the_skewness_of_what_units_pull(hs):
    skewed = hs.assign(x1=np.exp(hs["x1"] / 2))
    fit = ic.sem(skewed, "x1 ~ 1\nx1 ~~ x1", estimator="MLR")
    x = skewed["x1"].to_numpy()
    d, v = x - x.mean(), (x - x.mean()) ** 2 - x.var()
    expected = [(u**3).sum() / (6 * (u**2).sum() ** 1.5) for u in (d, v)]
    means = [row.op == "~1" for row in fit.table.entries if row.free]
    pull = accelerations(fit._fitted, np.eye(2), by_school=False)
    np.testing.assert_allclose(pull[np.argsort(~np.array(means), kind="stable")], expected, rtol=1e-5)


def test_the_acceleration_of_schools_is_near_that_of_leaving_them_out(demo):
    fit = quietly(lambda: ic.cfa(demo, F4, cluster="cluster", estimator="MLR"))
    left_out = quietly(lambda: ic.school_influence(fit))._theta
    d = left_out.mean(axis=0) - left_out
    expected = (d**3).sum(axis=0) / (6 * (d**2).sum(axis=0) ** 1.5)
    np.testing.assert_allclose(accelerations(fit._fitted, np.eye(len(fit.coef)), by_school=True), expected, atol=0.006)


def test_schools_are_drawn_whole_and_within_groups(demo):
    data = demo.assign(g=np.where(demo["cluster"] % 2, "odd", "even"))
    fit = quietly(lambda: ic.cfa(data, F4, cluster="cluster", group="g", estimator="MLR"))
    own = tuple(fit._fitted.problem.samples)
    units = Units.of(own, by_school=True)
    assert [len(stratum) for stratum in units.schools] == [30, 30]
    drawn = drawn_samples(own, units.draw(np.random.default_rng(0)), saturated=False)
    assert [s.n_schools for s in drawn] == [30, 30]
    for sample in drawn:
        assert np.bincount(sample.cluster).sum() == len(sample.X)
        assert len(np.unique(sample.cluster)) == 30
    rows = units.without(0)
    assert sum(len(d.rows) for d in rows) == len(data) - (data["cluster"] == data.loc[own[0].rows[0], "cluster"]).sum()


def test_batches_are_smaller_the_more_work_a_draw_is():
    assert batch_size(301 * 9) == 200
    assert batch_size(1_000 * 10) == 100
    assert batch_size(5_000_000) == 50


def test_the_same_seed_gives_the_same_on_one_process_or_two(hs):
    fit = ic.cfa(hs, TWO)
    one, two = (ic.bootstrap(fit, draws=120, rng=9, workers=w, measures="cfi") for w in (1, 2))
    np.testing.assert_array_equal(one.vcov, two.vcov)
    pd.testing.assert_frame_equal(one.fit_measures(), two.fit_measures())
    other = ic.bootstrap(fit, draws=120, rng=10)
    assert not np.allclose(one.vcov, other.vcov)


def test_steps_of_invariance_are_tested_where_the_larger_is_true(hs):
    steps = ic.invariance(hs, M3, "school", steps=("configural", "metric", "scalar")).fits
    for more, less, holds in (("metric", "configural", True), ("scalar", "metric", False)):
        drawn = ic.bootstrap(steps[more], against=steps[less], draws=200, bollen_stine=True, rng=1)
        change = drawn.differences().set_index("measure")
        assert change.loc["chisq", "value"] == pytest.approx(steps[more].chisq - steps[less].chisq)
        assert (change.loc["chisq", "pvalue"] > 0.05) == holds
        assert change.loc["chisq", "mean"] == pytest.approx(6, abs=1.5)  # six restrictions, true
        assert (change.loc["cfi", "pvalue"] > 0.05) == holds


def test_models_written_in_another_order_are_of_the_same_draws(hs):
    fit = ic.cfa(hs, M3, orthogonal=True)
    turned = ic.cfa(hs, "speed =~ x9 + x8 + x7\nvisual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6")
    straight = ic.cfa(hs, M3)
    drawn = [ic.bootstrap(fit, against=other, draws=50, rng=2) for other in (turned, straight)]
    both = [d.differences().drop(columns="measure").astype(float) for d in drawn]
    np.testing.assert_allclose(both[0], both[1], rtol=1e-4, atol=1e-6)


def test_draws_that_fail_are_counted_and_left_out():
    rng = np.random.default_rng(2)
    f = rng.normal(size=(24, 1))
    few = pd.DataFrame(0.5 * f + rng.normal(size=(24, 4)), columns=list("abcd"))
    fit = quietly(lambda: ic.cfa(few, "f =~ a + b + c + d"))
    with pytest.warns(ic.ConvergenceWarning, match="found no minimum"):
        drawn = ic.bootstrap(fit, draws=50, rng=1)
    assert drawn.n_failed > 0
    assert drawn.n_improper > 0
    assert f"{drawn.n_failed} failed" in repr(drawn)
    assert np.isfinite(drawn.parameter_estimates()[["se", "ci_lower", "ci_upper"]]).all(axis=None)
    assert np.isfinite(drawn.vcov).all()


def test_limits_of_every_kind_hold_the_estimate_and_what_is_fixed(hs):
    drawn = ic.bootstrap(ic.cfa(hs, TWO), draws=400, rng=1, studentized=True)
    for interval in ("percentile", "bca", "studentized", "normal"):
        table = drawn.parameter_estimates(interval=interval)
        fixed = table["op"].eq("=~") & table["rhs"].isin(["x1", "x4"])
        assert (table.loc[fixed, ["se", "ci_lower", "ci_upper"]] == [0, 1, 1]).all(axis=None)
        assert (table["ci_lower"] <= table["est"]).all()
        assert (table["est"] <= table["ci_upper"]).all()
    std = drawn.parameter_estimates(standardized=True)
    np.testing.assert_allclose(std["est"], ic.cfa(hs, TWO).parameter_estimates()["std_all"])
    assert (std["ci_upper"][std["op"] == "=~"] < 1.1).all()


def test_leaving_a_school_out_is_fitting_without_it(demo):
    odd = demo.copy()
    odd.loc[odd["cluster"] == 7, "y3"] += 12
    fit = quietly(lambda: ic.cfa(odd, F4, cluster="cluster", estimator="MLR"))
    found = quietly(lambda: ic.school_influence(fit))
    first = found.to_frame().iloc[0]
    assert first["school"] == "7"
    without = quietly(lambda: ic.cfa(odd[odd["cluster"] != 7], F4, cluster="cluster", estimator="MLR"))
    assert first["n"] == (odd["cluster"] == 7).sum()
    assert first["chisq_change"] == pytest.approx(without.chisq - fit.chisq, rel=1e-5)
    assert first["cfi_change"] == pytest.approx(without.fit_measures()["cfi"] - fit.fit_measures()["cfi"], abs=1e-6)
    moved = (without.coef - fit.coef) / np.sqrt(np.diag(fit.vcov))
    np.testing.assert_allclose(found.changes().loc["7"], moved, rtol=1e-3, atol=1e-4)
    assert abs(first["largest"]) == pytest.approx(np.abs(moved).max(), rel=1e-3)
    plain = quietly(lambda: ic.cfa(odd, F4, meanstructure=True, information="observed"))
    d = without.coef - fit.coef
    assert first["cook"] == pytest.approx(d @ np.linalg.solve(plain.vcov, d) / len(d), rel=1e-3)
    assert repr(found).startswith("<SchoolInfluence of 60 schools: the most by '7'")


def test_schools_of_groups_keep_their_names(demo):
    odd = demo.assign(g=np.where(demo["cluster"] % 2, "odd", "even"))
    odd.loc[odd["cluster"] == 7, "y3"] += 12
    fit = quietly(lambda: ic.cfa(odd, F4, cluster="cluster", group="g", estimator="MLR"))
    found = quietly(lambda: ic.school_influence(fit))
    assert found.to_frame()["school"].iloc[0] == "7"
    sizes = odd["cluster"].astype(str).value_counts()
    table = found.to_frame().set_index("school")["n"]
    assert (table == sizes.loc[table.index]).all()
    moved = found.changes().abs().max(axis=1)
    assert moved.idxmax() == "7"


def test_the_share_of_draws_counts_in_the_direction_of_misfit(hs):
    drawn = ic.bootstrap(ic.cfa(hs, TWO), draws=200, bollen_stine=True, measures=("pvalue", "tli"), rng=5)
    shares = drawn.fit_measures().set_index("measure")["pvalue"]
    assert shares["pvalue"] == pytest.approx(shares["chisq"], abs=0.01)
    with pytest.raises(ic.ModelError, match="the other way round"):
        ic.bootstrap(ic.cfa(hs, TWO), against=ic.cfa(hs, TWO, orthogonal=True), draws=50)


def test_the_jackknife_of_schools_is_near_the_cluster_robust_error(demo):
    fit = quietly(lambda: ic.cfa(demo, F4, cluster="cluster", estimator="MLR"))
    table = quietly(lambda: ic.school_influence(fit)).parameter_estimates()
    np.testing.assert_allclose(table["se"], fit.parameter_estimates()["se"], rtol=0.12, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 10}, "at least 50"),
        ({"resample": "school"}, "did you mean 'schools'"),
        ({"resample": "schools"}, "fit with cluster="),
        ({"measures": "cfii"}, "there is no 'cfii'; did you mean 'cfi'"),
        ({"workers": 0}, "workers=0"),
    ],
)
def test_what_can_not_be_drawn_is_refused(options, message, hs):
    with pytest.raises(ic.ModelError, match=message):
        ic.bootstrap(ic.cfa(hs, TWO), **options)


def test_fits_that_can_not_be_drawn_from_are_refused(hs):
    moments = ic.Moments.from_data(hs[[f"x{k}" for k in range(1, 7)]])
    with pytest.raises(ic.ModelError, match="resampling needs the answers"):
        ic.bootstrap(ic.cfa(moments, TWO), draws=50)
    with pytest.raises(ic.ModelError, match="other variables"):
        ic.bootstrap(ic.cfa(hs, TWO), against=ic.cfa(hs, M3), draws=50)
    with pytest.raises(ic.ModelError, match="takes complete rows"):
        ic.bootstrap(ic.cfa(gaps(hs), TWO, missing="fiml"), bollen_stine=True, draws=50)
    with pytest.raises(ic.ModelError, match="fit with cluster="):
        ic.school_influence(ic.cfa(hs, TWO))
    drawn = ic.bootstrap(ic.cfa(hs, TWO), draws=50, bollen_stine=True, rng=1)
    with pytest.raises(ic.ModelError, match="draw again without it"):
        drawn.parameter_estimates()
    with pytest.raises(ic.ModelError, match="against="):
        drawn.differences()
    plain = ic.bootstrap(ic.cfa(hs, TWO), draws=50, rng=1)
    with pytest.raises(ic.ModelError, match="no measures"):
        plain.fit_measures()
    with pytest.raises(ic.ModelError, match="needs bootstrap"):
        plain.parameter_estimates(interval="studentized")
    with pytest.raises(ic.ModelError, match="least squares do not have"):
        ic.bootstrap(ic.cfa(hs, TWO, estimator="ULS"), draws=50, rng=1).parameter_estimates(interval="bca")


def test_few_schools_are_warned_of(demo):
    fit = quietly(lambda: ic.cfa(demo[demo["cluster"] <= 12], F4, cluster="cluster", estimator="MLR"))
    with pytest.warns(ic.SmallSampleWarning, match="of 12 schools"):
        ic.bootstrap(fit, draws=50, rng=1)
