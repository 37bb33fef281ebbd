"""How many teachers a model needs: semTools' numbers, published tables, simulation, and cut-offs made for a model."""

from __future__ import annotations

import warnings
from math import asin, pi

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from semopy.examples import holzinger39

import internal_coherence as ic
from internal_coherence.latent.planning import (
    cutting_off,
    dynamic_cutoffs,
    power_cfa,
    power_nested,
    power_parameters,
    simulate_power,
)
from internal_coherence.latent.planning.at_population import MANY, discrepancy, fit_to_population
from internal_coherence.latent.planning.chisquare_power import (
    design_effect_of_covariances,
    power_of_chisquare,
    smallest_n,
)
from internal_coherence.latent.planning.factor_models import standardised
from internal_coherence.latent.planning.misspecifying import (
    FactorModel,
    coefficient_h,
    cross_loading,
    misspecifications,
)
from internal_coherence.latent.planning.populations import population_of
from internal_coherence.latent.planning.power_plan import PlannedTest
from internal_coherence.latent.planning.replicates import quantile_error, replicated, wishart
from internal_coherence.latent.planning.survey_generator import SurveyGenerator, covariances_of_codes, cut_points
from internal_coherence.report.power_figure import draw_power

TRUTH = "trust =~ .7*t1 + .7*t2 + .7*t3\nvoice =~ .6*v1 + .6*v2 + .6*v3\ntrust ~~ .2*voice"
MODEL = "trust =~ t1 + t2 + t3\nvoice =~ v1 + v2 + v3"
HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def hs():
    return holzinger39.get_data()


# tests of fit


def test_power_is_semtools(reference):
    # semTools 0.5-6: findRMSEApower(rmsea0, rmseaA, df, n)
    for case in reference("semtools_power")["power"]:
        plan = power_cfa(case["df"], rmsea0=case["rmsea0"], rmsea1=case["rmsea1"])
        assert plan.power_at(case["n"]) == pytest.approx(case["power"], abs=1e-8)


def test_power_of_several_groups_is_semtools_for_as_many_who_count(reference):
    # semTools counts N − 1 rows of all groups, χ² N − G
    for case in reference("semtools_power")["groups"]:
        plan = power_cfa(case["df"], groups=case["groups"])
        assert plan.power_at(case["n"] + case["groups"] - 1) == pytest.approx(case["power"], abs=1e-8)


def test_teachers_needed_are_semtools(reference):
    # semTools 0.5-6: findRMSEAsamplesize
    for case in reference("semtools_power")["needed"]:
        assert power_cfa(case["df"]).n_needed == case["close"]
        assert power_cfa(case["df"], test="not_close").n_needed == case["not_close"]
        assert power_cfa(case["df"], test="exact", power=0.9, alpha=0.01).n_needed == case["exact"]


def test_power_is_that_of_the_paper():
    # MacCallum, Browne & Sugawara (1996), Table 2: n = 100, 200, 300, 400, 500
    printed = {
        (5, "close"): (0.127, 0.199, 0.269, 0.335, 0.397),
        (5, "not_close"): (0.081, 0.124, 0.181, 0.248, 0.324),
        (5, "exact"): (0.112, 0.188, 0.273, 0.362, 0.449),
    }
    for (df, test), row in printed.items():
        plan = power_cfa(df, test=test, n=(100, 200, 300, 400, 500))
        table = plan.to_frame().set_index("n")["power"]
        assert table.loc[[100, 200, 300, 400, 500]].round(3).tolist() == list(row)


def test_teachers_needed_are_the_papers():
    # MacCallum, Browne & Sugawara (1996), Table 4; their program halves steps until power is near enough to .80
    printed = {
        2: (3488, 2382),
        4: (1807, 1426),
        10: (782, 750),
        20: (435, 474),
        40: (252, 307),
        60: (187, 240),
        100: (132, 178),
    }
    for df, numbers in printed.items():
        for test, n in zip(("close", "not_close"), numbers, strict=True):
            assert power_cfa(df, test=test).n_needed == pytest.approx(n, abs=1, rel=0.0025)


def test_nested_models_are_semtools_and_the_papers(reference):
    # semTools 0.5-6: findRMSEApowernested, findRMSEAsamplesizenested; the first case is the example of MacCallum et al. (2006): .79
    found = reference("semtools_power")
    for case in found["nested"]:
        plan = power_nested(*case["df"], rmsea0=tuple(case["rmsea0"]), rmsea1=tuple(case["rmsea1"]))
        assert plan.power_at(case["n"]) == pytest.approx(case["power"], abs=1e-8)
    assert round(power_nested(22, 20, rmsea1=(0.06, 0.04)).power_at(200), 2) == 0.79
    case = found["nested_n"]
    assert power_nested(*case["df"], rmsea1=tuple(case["rmsea1"])).n_needed == case["n"]


def test_degrees_of_freedom_are_counted(hs):
    assert power_cfa(HS).tests[0].df == 24
    assert power_cfa(HS, groups=2).tests[0].df == 48
    assert power_cfa(ic.ParTable.from_syntax(HS)).n_needed == power_cfa(24).n_needed
    assert power_cfa(ic.cfa(hs, HS)).n_needed == power_cfa(24).n_needed
    two = power_cfa(ic.cfa(hs, HS, group="school"))
    assert (two.n_groups, two.tests[0].df, two.n_needed) == (2, 48, power_cfa(48, groups=2).n_needed)


@given(st.integers(1, 200), st.floats(0, 0.1), st.floats(0, 0.1), st.integers(50, 2000), st.floats(0.01, 0.2))
def test_power_rises_from_the_level_with_teachers(df, null, true, n, alpha):
    test = PlannedTest(name="fit", statistic="chisq", df=df, null=df * null**2, true=df * true**2, lost=1, alpha=alpha)
    few, many = test.power(n), test.power(2 * n)
    assert power_of_chisquare(df, n * test.null, n * test.null, alpha) == pytest.approx(alpha, abs=1e-9)
    assert alpha - 1e-9 <= few <= many + 1e-9


@given(st.integers(2, 150), st.sampled_from(["close", "not_close", "exact"]), st.floats(0.5, 0.95))
@settings(max_examples=30)
def test_no_fewer_teachers_are_enough(df, test, power):
    plan = power_cfa(df, test=test, power=power)
    assert plan.power_at(plan.n_needed) >= power > plan.power_at(plan.n_needed - 1)


def test_teachers_in_schools():
    alone, together = power_cfa(24), power_cfa(24, teachers=20, icc=0.3)
    effect = 1 + 19 * 0.3**2
    assert together.design_effect == pytest.approx(effect)
    assert together.power_at(effect * 300) == pytest.approx(alone.power_at(300))
    assert together.n_needed == pytest.approx(effect * alone.n_needed, abs=effect)
    assert together.power_at(together.n_needed) >= 0.8 > together.power_at(together.n_needed - 1)
    assert power_cfa(24, design_effect=effect).n_needed == together.n_needed
    assert power_cfa(24, teachers=20, icc=0).n_needed == alone.n_needed


# tests of parameters


def test_parameters_are_semtools(reference):
    # semTools 0.5-6: SSpower(model, n, nparam, popModel, std.lv = TRUE)
    case = reference("semtools_power")["satorra_saris"]
    asked = {"covariance": "trust ~~ voice", "value": "voice ~~ trust == .5", "equal": "trust =~ t1 == trust =~ t2"}
    plan = power_parameters(case["pop"], list(asked.values()))
    for name, test in asked.items():
        title = next(t.name for t in plan.tests if t.name == test)
        for row in case[name]:
            assert plan.power_at(row["n"], title) == pytest.approx(row["power"], abs=1e-8), name
    wrong = power_cfa(case["model"], population=case["cross"], test="exact")
    for row in case["fit"]:
        assert wrong.power_at(row["n"]) == pytest.approx(row["power"], abs=1e-8)
    wald = power_parameters(case["cross"], "voice =~ t2").tests[1]
    assert wald.statistic == "wald"
    assert wald.true == pytest.approx(case["wald"]["noncentrality"], rel=1e-6)


def test_a_population_is_what_is_written(reference):
    case = reference("semtools_power")["satorra_saris"]
    frame = population_of(case["cross"], "").frame()
    names = case["cross_cov"]["names"]
    assert frame.loc[names, names].to_numpy() == pytest.approx(np.array(case["cross_cov"]["cov"]))
    standard = population_of(
        "f =~ .8*a + .6*b + -.5*c\ng =~ .7*d + .4*e + .2*a\nf ~~ .5*g\nh =~ .6*f + .6*x\nx =~ .9*u + .9*w\ng ~~ .2*h",
        "",
    )
    assert np.diag(standard.cov) == pytest.approx(1)
    path = population_of("y ~ .5*m\nm ~ .4*x", "").frame()
    assert path.loc["x", "y"] == pytest.approx(0.2)
    assert np.diag(path) == pytest.approx(1)
    start = population_of("f =~ start(.8)*a + .6*b + .5*c", "").frame()
    assert start.loc["a", "b"] == pytest.approx(0.48)


def test_one_restriction_of_a_true_model_is_a_comparison_of_two():
    cross = f"{TRUTH}\nvoice =~ .3*t3"
    one = power_parameters(cross, "voice =~ t3")
    two = power_nested(MODEL, f"{MODEL}\nvoice =~ t3", population=cross)
    fit = power_cfa(MODEL, population=cross, test="exact")
    assert one.tests[0].true == pytest.approx(two.tests[0].true, rel=1e-7)
    assert one.tests[0].true == pytest.approx(fit.tests[0].true, rel=1e-7)
    assert one.n_needed == two.n_needed
    assert fit.rmsea1[0] == pytest.approx(np.sqrt(fit.tests[0].true / 8))
    assert power_nested(MODEL, f"{MODEL}\nvoice =~ t3", population=TRUTH).n_needed is None


def test_several_restrictions_and_labels():
    labelled = "trust =~ a*t1 + b*t2 + t3\nvoice =~ c*v1 + v2 + v3"
    plan = power_parameters(TRUTH, ["a == c", "a == b", "trust ~~ voice; a == c", "a == 2*c"], model=labelled)
    named = power_parameters(TRUTH, "trust =~ t1 == voice =~ v1")
    true = {t.name: (t.df, t.true) for t in plan.tests if t.statistic == "chisq"}
    assert true["a == c"][1] == pytest.approx(named.tests[0].true, rel=1e-6)
    assert true["a == b"] == (1, 0.0)
    assert true["trust ~~ voice; a == c"][0] == 2
    assert true["a == 2*c"][1] > true["a == c"][1]
    assert plan.n_needed is None  # a and b are equal
    assert plan.needed().set_index(["test", "statistic"])["n_needed"].isna().sum() == 2
    with pytest.raises(ic.ModelError, match="which test"):
        plan.power_at(100)
    with pytest.raises(ic.ModelError, match="did you mean 'a == c'"):
        plan.power_at(100, "a == cc")
    held = "trust =~ a*t1 + a*t2 + t3\nvoice =~ v1 + v2 + v3"
    equal = power_parameters(TRUTH, "trust ~~ voice", model=held)
    assert equal.tests[0].true == pytest.approx(power_parameters(TRUTH, "trust ~~ voice").tests[0].true, rel=0.05)


@given(st.floats(0.5, 3))
@settings(max_examples=10)
def test_units_do_not_matter(scale):
    written = f"f =~ {0.7 * scale}*x1 + .6*x2 + .5*x3 + .4*x4\nx1 ~~ {0.51 * scale**2}*x1\nf =~ .3*x5"
    asked = "f =~ x1 == 0"
    plain = "f =~ .7*x1 + .6*x2 + .5*x3 + .4*x4 + .3*x5"
    for one, two in zip(power_parameters(written, asked).tests, power_parameters(plain, asked).tests, strict=True):
        assert one.true == pytest.approx(two.true, rel=1e-6)


def test_power_is_how_often_a_parameter_is_seen():
    # 40 schools of 10 teachers; the closed form knows them by their design effect
    plan = power_parameters(TRUTH, "trust ~~ voice", teachers=10, icc=0.3)
    found = simulate_power(TRUTH, schools=40, teachers=10, icc=0.3, draws=600, rng=3)
    table = found.to_frame().set_index(["lhs", "op", "rhs"])
    row = table.loc[("trust", "~~", "voice")]
    wald = plan.tests[1].power(400 / plan.design_effect)
    assert row["power"] == pytest.approx(wald, abs=0.01 + 3 * row["power_mcse"])
    # the standard deviation of estimates is that of n/deff independent teachers
    fit = fit_to_population(MODEL, population_of(TRUTH, ""), "", std_lv=True)
    rows = fit.parameter_estimates()
    se = rows[rows["se"] > 0].set_index(["lhs", "op", "rhs"])["se"] * np.sqrt(MANY * plan.design_effect / 400)
    ratio = table["sd"] / se.loc[table.index]
    assert ratio.mean() == pytest.approx(1, abs=0.06)
    assert table["coverage"].mean() == pytest.approx(0.94, abs=0.02)
    assert table["truth"].to_numpy() == pytest.approx(rows.set_index(["lhs", "op", "rhs"]).loc[table.index, "est"])
    assert (table["bias"].abs() < 0.02).all()
    assert (found.converged, found.failures, found.df) == (600, {}, 8)


def test_forgetting_the_schools_rejects_true_models():
    design = {"schools": 30, "teachers": 20, "icc": 0.3, "draws": 150}
    forgetful = simulate_power(TRUTH, **design, cluster=False, rng=4)
    aware = simulate_power(TRUTH, **design, test="satorra.bentler", rng=4)
    assert forgetful.rejection > 0.4
    assert aware.rejection < 0.15
    assert forgetful.to_frame()["coverage"].mean() < 0.85 < aware.to_frame()["coverage"].mean()
    wrong = simulate_power(
        f"{TRUTH}\nvoice =~ .35*t3", MODEL, schools=30, teachers=10, icc=0, cluster=False, draws=150, rng=5
    )
    expected = power_cfa(MODEL, population=f"{TRUTH}\nvoice =~ .35*t3", test="exact").power_at(300)
    assert wrong.rejection == pytest.approx(expected, abs=0.02 + 3 * wrong.rejection_mcse)


# answers


def test_covariances_of_codes_are_those_of_cut_normals():
    r = np.array([-0.9, -0.3, 0.0, 0.5, 0.95])
    for value in r:
        R = np.array([[1, value], [value, 1]])
        # cut in the middle, P(both above) = 1/4 + arcsin(r)/2π
        assert covariances_of_codes(R, np.zeros(1))[0, 1] == pytest.approx(asin(value) / (2 * pi), abs=1e-6)
    rng = np.random.default_rng(1)
    R = np.array([[1, 0.6, 0.3], [0.6, 1, 0.1], [0.3, 0.1, 1]])
    cuts = cut_points(5, -1.0)
    codes = np.searchsorted(cuts, rng.standard_normal((400_000, 3)) @ np.linalg.cholesky(R).T)
    assert covariances_of_codes(R, cuts) == pytest.approx(np.cov(codes.T), abs=0.006)


@given(st.integers(2, 9), st.floats(-1.5, 1.5))
def test_answers_are_as_skewed_as_asked(categories, skew):
    cuts = cut_points(categories, skew)
    assert (np.diff(cuts) > 0).all()
    chance = np.diff(norm.cdf(cuts), prepend=0, append=1)
    codes = np.arange(categories)
    d = codes - chance @ codes
    assert (chance @ d**3) / (chance @ d**2) ** 1.5 == pytest.approx(skew, abs=1e-6)


def test_five_categories_are_cut_as_in_the_paper():
    # Rhemtulla, Brosseau-Liard & Savalei (2012), Table 1: symmetric thresholds of 5 and 7 categories
    assert cut_points(5, 0) == pytest.approx([-1.5, -0.5, 0.5, 1.5])
    assert cut_points(7, 0) == pytest.approx([-1.79, -1.07, -0.36, 0.36, 1.07, 1.79], abs=0.006)


def test_schools_have_their_share():
    known = population_of(TRUTH, "")
    surveys = SurveyGenerator(population=known, icc=0.25, cuts=np.zeros(0))
    X, school = surveys.draw(4000, 6, np.random.default_rng(2))
    assert np.cov(X.T) == pytest.approx(known.cov, abs=0.04)
    means = pd.DataFrame(X).groupby(school).mean().to_numpy()
    between = np.cov(means.T) - (1 - 0.25) * known.cov / 6
    assert between == pytest.approx(0.25 * known.cov, abs=0.03)


def test_categories_and_skew():
    found = simulate_power(TRUTH, schools=40, teachers=12, categories=5, skew=-1, draws=60, rng=6)
    table = found.to_frame()
    assert (found.categories, found.skew, found.n) == (5, -1.0, 480)
    assert (table["bias"].abs() < 4 * table["bias_mcse"] + 0.01).all()
    again = simulate_power(TRUTH, schools=40, teachers=12, categories=5, skew=-1, draws=60, rng=6)
    pd.testing.assert_frame_equal(table, again.to_frame())
    assert found.to_dict()["converged"] == 60


def test_an_instrument_draws_its_own_answers(codebook):
    answers = {"loading": 0.8, "correlation": 0.4}
    found = simulate_power(codebook, schools=25, teachers=12, icc=0.1, answers=answers, draws=30, rng=1)
    table = found.to_frame().set_index(["lhs", "op", "rhs"])
    assert table.loc[("trust", "~~", "clarity"), "truth"] == pytest.approx(0.4, abs=0.03)
    assert (table["bias"].abs() < 5 * table["bias_mcse"] + 0.01).all()
    one = simulate_power(codebook, "trust =~ t1 + t2 + t3\nt1 ~~ 0*t2", schools=25, teachers=12, draws=2, rng=1)
    assert one.df == 0
    assert np.isnan(one.rejection)


def test_failed_fits_are_counted():
    with pytest.warns(ic.ConvergenceWarning, match="4 of 4 fits failed"):
        lost = simulate_power(TRUTH, schools=2, teachers=2, draws=4, rng=1)
    assert lost.converged == 0
    assert sum(lost.failures.values()) == 4
    assert "4 rows for 6 variables" in next(iter(lost.failures))
    assert lost.to_frame()["power"].isna().all()
    assert "4 did not converge" in repr(lost)
    small = "f =~ .3*a + .3*b + .3*c + .3*d"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.ConvergenceWarning)
        weak = simulate_power(small, schools=5, teachers=6, draws=20, rng=2)
    assert weak.improper > 0
    assert weak.converged + sum(weak.failures.values()) == 20


# cut-offs


LOADINGS = np.array([0.671, -0.705, 0.704, -0.702, 0.750, -0.572, 0.744, -0.514, 0.605, -0.703])


@pytest.fixture(scope="module")
def extraversion():
    cov = np.outer(LOADINGS, LOADINGS)
    np.fill_diagonal(cov, 1)
    names = [f"E{k + 1}" for k in range(10)]
    moments = ic.Moments.from_cov(cov, n=1222, names=names)
    return ic.cfa(moments, f"extraversion =~ {' + '.join(names)}", likelihood="wishart")


def test_cutoffs_are_the_published_ones(extraversion):
    # Wolf & McNeish, the applied example of their tutorial on dynamic fit index cutoffs: n = 1 222, standardised loadings as
    # above, 500 replications
    found = dynamic_cutoffs(extraversion, rng=1)
    table = found.to_frame().set_index(["level", "index"])
    printed = {1: (0.025, 0.040, 0.986), 2: (0.037, 0.075, 0.953), 3: (0.043, 0.095, 0.928)}
    for level, row in printed.items():
        for index, value in zip(("srmr", "rmsea", "cfi"), row, strict=True):
            here = table.loc[(level, index)]
            # both are simulated: twice the variance, and three decimals
            assert here["cutoff"] == pytest.approx(value, abs=3 * np.sqrt(2) * here["cutoff_mcse"] + 0.0005)
            assert (here["rule"], here["beyond"]) == ("95/5", False)
            assert here["misspecified_rejected"] == pytest.approx(0.95, abs=0.003)
    assert found.omitted.groupby("level").size().tolist() == [1, 3, 5]
    assert found.failed == {0: 0, 1: 0, 2: 0, 3: 0}
    assert repr(found).splitlines()[1].startswith("level 1: srmr 0.02")
    again = dynamic_cutoffs(extraversion, rng=1)
    pd.testing.assert_frame_equal(found.to_frame(), again.to_frame())


def test_cross_loadings_are_the_published_ones(hs):
    # The vignette of the R package dynamic: two omitted cross-loadings, .424 and .570; the model is beyond both levels
    fit = ic.cfa(hs, HS)
    found = dynamic_cutoffs(fit, draws=200, rng=2)
    omitted = found.omitted.query("level == 2")
    assert omitted["size"].round(3).tolist() == [0.424, 0.570]
    assert omitted["rhs"].tolist() == ["x2", "x7"]
    assert set(omitted["lhs"]) == {"textual"}
    table = found.to_frame()
    assert table["beyond"].all()
    assert found.values == pytest.approx({"srmr": 0.065, "rmsea": 0.092, "cfi": 0.931}, abs=5e-4)
    assert set(table["rule"]) <= {"95", "95/5", "90/10", "none"}


def test_means_and_units_change_nothing(hs):
    plain = dynamic_cutoffs(ic.cfa(hs, HS), draws=200, rng=3).to_frame()
    scaled = hs.assign(x1=10 * hs["x1"], x5=hs["x5"] / 7)
    for fit in (ic.cfa(hs, HS, meanstructure=True), ic.cfa(hs, HS, std_lv=True), ic.cfa(scaled, HS)):
        found = dynamic_cutoffs(fit, draws=200, rng=3).to_frame()
        pd.testing.assert_frame_equal(found, plain, rtol=1e-5, atol=1e-7)
    clustered = dynamic_cutoffs(ic.cfa(hs, HS, estimator="MLR"), draws=200, rng=3)
    assert clustered.values["rmsea"] == ic.cfa(hs, HS, estimator="MLR").fit_measures()["rmsea_robust"]


def test_small_samples_have_no_cutoffs(hs):
    fit = ic.cfa(hs, HS)
    found = dynamic_cutoffs(fit, n=60, draws=200, rng=1).to_frame().query("level == 1")
    assert set(found["rule"]) == {"none"}
    assert found[["cutoff", "cutoff_mcse", "true_rejected"]].isna().all().all()
    assert found["beyond"].isna().all()
    large = dynamic_cutoffs(fit, n=2000, draws=200, rng=1).to_frame().query("level == 1")
    assert set(large["rule"]) == {"95/5"}


def test_a_replicate_is_a_fit_of_its_covariances(hs):
    fit = ic.cfa(hs, HS)
    fitted, n = fit._fitted, 250
    cov = fitted.implied[0].sigma
    found = replicated(fitted.problem, fit.df, cov, fit.coef, n, np.random.default_rng(7), range(3))
    rng = np.random.default_rng(7)
    for row in found.indices:
        S = wishart(np.linalg.cholesky(cov), n - 1, rng)
        moments = ic.Moments.from_cov(S / (n - 1), n=n, names=fit.observed)
        measures = ic.cfa(moments, HS).fit_measures()
        assert row == pytest.approx(measures[["srmr", "rmsea", "cfi"]].to_numpy(float), abs=1e-7)
    assert found.failed == 0


def test_wishart_draws_have_their_moments():
    cov = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]])
    rng, df = np.random.default_rng(8), 12
    draws = np.array([wishart(np.linalg.cholesky(cov), df, rng) for _ in range(20_000)])
    assert draws.mean(axis=0) == pytest.approx(df * cov, abs=0.15)
    # var(W_ij) = df (σ_ij² + σ_ii σ_jj)
    assert draws.var(axis=0) == pytest.approx(df * (cov**2 + np.outer(np.diag(cov), np.diag(cov))), rel=0.06)


@given(st.floats(-0.97, 0.97), st.floats(-0.95, 0.95))
def test_cross_loadings_leave_some_variance(loading, r):
    c = cross_loading(loading, r)
    assert abs(c) <= abs(loading) + 1e-12
    assert abs(loading) > np.sqrt(0.95) or loading**2 + 2 * loading * c * r + c**2 <= 0.95 + 1e-9
    assert c * loading >= 0


def test_levels_of_misspecification():
    def one(p):
        L = np.linspace(0.4, 0.8, p)[:, None]
        return FactorModel(loadings=L, factors=np.eye(1), residuals=np.diag(1 - L[:, 0] ** 2))

    counts = {p: [len(m.omitted) for m in misspecifications(one(p), 0.3)] for p in (4, 5, 6, 9, 12)}
    assert counts == {4: [1, 2], 5: [1, 2], 6: [1, 2, 3], 9: [1, 3, 4], 12: [2, 4, 6]}
    [level, *_] = misspecifications(one(6), 0.3)
    psi = 1 - np.linspace(0.4, 0.8, 6) ** 2
    moved = level.correlations - one(6).correlations
    assert moved[0, 1] == pytest.approx(0.3 * np.sqrt(psi[0] * psi[1]))
    assert np.count_nonzero(moved) == 2
    L = np.zeros((6, 2))
    L[:3, 0], L[3:, 1] = (0.3, 0.8, 0.8), (0.7, 0.6, 0.5)
    R = np.array([[1, 0.4], [0.4, 1]])
    theta = np.diag(1 - np.diag(L @ R @ L.T))
    theta[0, 1] = theta[1, 0] = 0.1  # the lowest loading has a residual correlation, and is passed over
    [only] = misspecifications(FactorModel(loadings=L, factors=R, residuals=theta), 0.3)
    assert [(a, b) for a, b, _ in only.omitted] == [(0, 5)]
    assert np.diag(only.correlations) == pytest.approx(1)
    assert only.correlations[0, 1] == pytest.approx(0.3 * 0.8 + 0.1)
    # Hancock & Mueller (2001): 1/(1 + 1/Σ λ²/(1 − λ²))
    assert coefficient_h(np.array([0.6, 0.8, 0])) == pytest.approx(1 / (1 + 1 / (0.36 / 0.64 + 0.64 / 0.36)))


def test_errors_of_quantiles_are_those_of_repeated_draws():
    rng = np.random.default_rng(9)
    draws = rng.standard_normal((400, 500))
    errors = [quantile_error(row, 0.05) for row in draws[:100]]
    assert np.mean(errors) == pytest.approx(np.quantile(draws, 0.05, axis=1).std(), rel=0.12)


def test_standardised_estimates_are_lavaans_std_all(hs):
    fit = ic.cfa(hs, HS, estimator="MLR")
    model, _ = standardised(fit)
    table = fit.standardized_solution().query("op == '=~'")
    assert np.sort(model.loadings[model.loadings != 0]) == pytest.approx(np.sort(table["est_std"].to_numpy()))
    assert np.diag(model.correlations) == pytest.approx(1)


def test_samples_without_a_minimum_are_told(extraversion, monkeypatch):
    real = cutting_off.replicated

    def half(*given):
        found = real(*given)
        return type(found)(indices=found.indices[::2], failed=len(found.indices) // 2)

    monkeypatch.setattr(cutting_off, "replicated", half)
    with pytest.warns(ic.ConvergenceWarning, match="level '0', '1', '2', '3'"):
        found = dynamic_cutoffs(extraversion, draws=200, rng=1)
    assert found.failed == {0: 100, 1: 100, 2: 100, 3: 100}


# what can't be


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (lambda: power_cfa("f =~ a + b + c"), "0 degrees of freedom"),
        (lambda: power_cfa(2.5), "whole number"),
        (lambda: power_cfa(20, test="closed"), "did you mean 'close'"),
        (lambda: power_cfa(20, rmsea0=0.05, rmsea1=0.05), "both 0.05"),
        (lambda: power_cfa(20, rmsea1=8), "no RMSEA"),
        (lambda: power_cfa(20, rmsea1=float("nan")), "no RMSEA"),
        (lambda: power_cfa(20, n=1), "n=1"),
        (lambda: power_cfa(20, power=0.04), "above alpha"),
        (lambda: power_cfa(20, alpha=0), "alpha=0"),
        (lambda: power_cfa(20, groups=0), "groups=0"),
        (lambda: power_cfa(20, teachers=10), "go together"),
        (lambda: power_cfa(20, teachers=10, icc=1), "icc=1"),
        (lambda: power_cfa(20, design_effect=0.5), "below 1"),
        (lambda: power_cfa(20, design_effect=2, icc=0.1), "either design_effect="),
        (lambda: power_cfa(20, population=TRUTH), "not its degrees of freedom"),
        (lambda: power_cfa(MODEL, population=TRUTH, rmsea1=0.08), "either rmsea1="),
        (lambda: power_cfa(MODEL, population=TRUTH), "test of not-close fit"),
        (lambda: power_cfa(MODEL, groups=2, population=TRUTH), "of one group"),
        (lambda: power_cfa(20).power_at(1), "too few"),
        (lambda: power_nested(20, 22, rmsea1=(0.06, 0.04)), "comes first"),
        (lambda: power_nested(22, 20), "either rmsea1="),
        (lambda: power_nested(22, 20, rmsea1=0.06), "of the larger one"),
        (lambda: power_nested(22, 20, rmsea1=(0.02, 0.08)), "fit better"),
        (lambda: power_parameters(TRUTH, "trust ~~ vioce"), "did you mean 'trust~~voice'"),
        (lambda: power_parameters(TRUTH, "t1 ~~ t1"), "can't be below 0"),
        (lambda: power_parameters(TRUTH, "trust ~~ voice; trust ~~ voice"), "says something twice"),
        (lambda: power_parameters(TRUTH, "trust ~~ voice == high"), "'high' is no free parameter"),
        (lambda: power_parameters(TRUTH, []), "empty"),
        (lambda: power_parameters(TRUTH, " "), "nothing is tested"),
        (lambda: power_parameters(TRUTH, "a == b"), "no parameter is labelled 'a'"),
        (lambda: power_parameters("f =~ .5*a + b + .5*c", "f =~ a"), "no value for 'f=~b'"),
        (lambda: power_parameters("f =~ .9*a + .5*b\ng =~ .9*a + .5*c\nf ~~ .5*g", "f =~ a"), "more than all"),
        (lambda: power_parameters("f =~ .5*a + .5*b\ng =~ .5*c + .5*d\nf ~~ 2*g", "f =~ a"), "no population"),
        (lambda: power_parameters("f =~ .5*a + .5*b + .5*c\na ~ 1", "f =~ a"), "leave intercepts"),
        (lambda: power_parameters(3, "f =~ a"), "not int"),
        (lambda: power_parameters(TRUTH, "trust =~ t1", model="trust =~ t1 + t2 + t9"), "no 't9'"),
        (lambda: simulate_power(TRUTH, schools=1, teachers=10), "schools=1"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=2.5), "teachers=2.5"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=10, icc=1), "icc=1"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=10, skew=1), "say how many"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=10, categories=1), "categories=1"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=10, categories=4, skew=9), "it can be"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=10, answers={}), "goes with an instrument"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=10, draws=1), "draws=1"),
        (lambda: simulate_power(TRUTH, schools=10, teachers=10, level=95), "level=95"),
        (lambda: simulate_power(TRUTH, "trust =~ t1 + t2 + t9", schools=10, teachers=10), "no 't9'"),
    ],
)
def test_plans_that_can_not_be(job, said):
    with pytest.raises(ic.ModelError, match=said):
        job()


def test_instruments_that_can_not_be(codebook):
    for more, said in (
        ({"categories": 5}, "its own categories"),
        ({"answers": {"icc": 0.2}}, "can't hold 'icc'"),
        ({"answers": {"loading": 2}}, "no variance is left"),
    ):
        with pytest.raises(ic.ModelError, match=said):
            simulate_power(codebook, schools=10, teachers=10, draws=2, **more)


def test_fits_without_cutoffs(hs, extraversion):
    jobs = {
        "takes a fit": lambda: dynamic_cutoffs(HS),
        "2 groups": lambda: dynamic_cutoffs(ic.cfa(hs, HS, group="school")),
        "maximum likelihood": lambda: dynamic_cutoffs(ic.cfa(hs, HS, estimator="GLS")),
        "degrees of freedom": lambda: dynamic_cutoffs(ic.cfa(hs, "f =~ x1 + x2 + x3")),
        "no model of factors": lambda: dynamic_cutoffs(ic.sem(hs, f"{HS}\nspeed ~ visual")),
        "see 'g=~visual'": lambda: dynamic_cutoffs(ic.cfa(hs, f"{HS}\ng =~ visual + textual + speed")),
        "whole number above": lambda: dynamic_cutoffs(extraversion, n=8),
        "residual_correlation": lambda: dynamic_cutoffs(extraversion, residual_correlation=0),
        "draws=3": lambda: dynamic_cutoffs(extraversion, draws=3),
        "every intercept free": lambda: dynamic_cutoffs(ic.cfa(hs, f"{HS}\nx1 ~ 4*1")),
    }
    for said, job in jobs.items():
        with pytest.raises(ic.ModelError, match=said):
            job()
    with pytest.warns(ic.SmallSampleWarning, match="unsteady"):
        dynamic_cutoffs(extraversion, draws=20, rng=1)
    rng = np.random.default_rng(1)
    noise = pd.DataFrame(rng.standard_normal((30, 6)), columns=list("abcdef"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        odd = ic.cfa(noise, "one =~ a + b + c\ntwo =~ d + e + f")
    with pytest.raises(ic.ModelError, match=r"did not converge|impossible"):
        dynamic_cutoffs(odd, draws=200)


def test_bars_are_shown_on_demand(extraversion, capsys):
    dynamic_cutoffs(extraversion, draws=200, rng=1, progress=True)
    simulate_power(TRUTH, schools=10, teachers=10, draws=2, rng=1, progress=True)
    said = capsys.readouterr().err
    assert all(name in said for name in ("the true model", "level 3", "surveys"))


def test_a_search_gives_up():
    assert smallest_n(lambda _: 0.1, 0.8, 2) is None
    assert smallest_n(lambda n: n / 1000, 0.8, 2) == 800
    assert design_effect_of_covariances(0.2, 1) == 1


def test_plans_are_drawn_and_kept():
    plan = power_parameters(TRUTH, ["trust ~~ voice", "trust =~ t1 == trust =~ t2"], n=(100, 900))
    ax = draw_power(plan)
    assert len(ax.get_lines()) == 4  # two tests, one number that is enough, and the power wanted
    assert ax.get_xlim()[1] > 900
    ax.figure.canvas.draw()
    draw_power(power_cfa(20)).figure.canvas.draw()
    kept = plan.to_dict()
    assert kept["tests"][0]["name"] == "trust ~~ voice"
    assert "no number of teachers" in repr(plan)
    frame = plan.to_frame()
    assert frame.query("test == 'trust =~ t1 == trust =~ t2' and statistic == 'chisq'")[
        "power"
    ].tolist() == pytest.approx([0.05] * 2)
    assert discrepancy(fit_to_population(MODEL, population_of(TRUTH, ""), "")) == 0
