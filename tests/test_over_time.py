"""The order over time: lavaan's and lme4's numbers, known truths, laws, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.instrument import Provenance
from internal_coherence.moments.grouping import group, school_moments
from internal_coherence.ordering.orders import Arrow
from internal_coherence.ordering.over_time import order_over_time, school_change, school_growth
from internal_coherence.ordering.over_time.errors_in_variables import (
    Step,
    corrected_regression,
    fixed_effects_bias,
)
from internal_coherence.ordering.over_time.growth_of_schools import growth_of_schools
from internal_coherence.ordering.over_time.joint_tests import joint_test
from internal_coherence.ordering.over_time.linking import times_of
from internal_coherence.ordering.over_time.precedence import measured_stages
from internal_coherence.ordering.over_time.school_waves import sampling_errors
from internal_coherence.ordering.over_time.wording import verdict

ITEMS = ["a1", "a2", "t1", "t2", "v1", "v2", "e1", "e2", "e3"]
SCALES = ["aims"] * 2 + ["trust"] * 2 + ["voice"] * 2 + ["eff"] * 3


def an_order(stages, arrows):
    return ic.Order(
        key="ours",
        title="ours",
        statement=Provenance.parse("user", "here"),
        stages=tuple(ic.Stage(key=k, label=k, measured_by=tuple(s)) for k, s in stages.items()),
        arrows=tuple(Arrow(cause=a, effect=b, basis="inference") for a, b in arrows),
    )


TWO = an_order(
    {"lead": ("aims", "trust", "voice"), "work": ("eff",), "marks": ()}, [("lead", "work"), ("work", "marks")]
)


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def book():
    return ic.read_codebook(pd.DataFrame({"item": ITEMS, "scale": SCALES, "low": 1, "high": 6, "text": "asked"}))


@pytest.fixture(scope="module")
def frame():
    # simulate_responses(book, n_schools=32, teachers=9, waves=3, turnover=0.08, missing=0.03, stability=0.6, icc=0.12, loading=0.85,
    #   graph={("aims", "trust"): 0.7, ("aims", "voice"): 0.7, ("aims", "eff"): 0.4}, rng=20), numpy 2.4
    return pd.read_csv(Path(__file__).parent / "reference" / "data" / "order_over_time.csv")


@pytest.fixture(scope="module")
def panel(frame, book):
    return ic.read_responses(frame, book, school="school", teacher="teacher", wave="wave")


CASES = {
    "cross_lagged": {"model": "cross_lagged", "measurement": "scores"},
    "cross_lagged.listwise": {"model": "cross_lagged", "measurement": "scores", "missing": "listwise"},
    "cross_lagged.equal": {"model": "cross_lagged", "measurement": "scores", "equal_lags": True},
    "cross_lagged.two": {"model": "auto", "measurement": "scores"},
    "random_intercept": {"model": "auto", "measurement": "scores"},
    "latent_change": {"model": "latent_change", "measurement": "scores", "leading": "both"},
    "latent_change.two": {"model": "latent_change", "measurement": "scores"},
    "growth": {"model": "growth", "measurement": "scores"},
    "latent.cross_lagged": {"model": "cross_lagged", "measurement": "latent"},
    "latent.random_intercept": {"model": "random_intercept", "measurement": "latent"},
    "latent.growth": {"model": "growth", "measurement": "latent"},
}


def found_for(panel, case):
    data = panel.select(wave=[1, 2]) if case.endswith(".two") else panel
    return quietly(lambda: order_over_time(data, TWO, invariance=False, **CASES[case]))


@pytest.mark.parametrize("case", CASES)
def test_paths_and_their_errors_are_lavaans(case, panel, reference):
    # lavaan 0.6-14: sem(model written in the R script, estimator = "MLR", cluster = "school", missing =, fixed.x = FALSE)
    theirs = reference("order_over_time")[case]
    found = found_for(panel, case)
    ours = found.fit.parameter_estimates().query("op == '~'").set_index(["lhs", "rhs"])
    for lhs, rhs, est, se, std in zip(*(theirs[k] for k in ("lhs", "rhs", "est", "se", "std")), strict=True):
        row = ours.loc[(lhs, rhs)]
        assert row["est"] == pytest.approx(est, abs=1e-5), (lhs, rhs)
        assert row["std_all"] == pytest.approx(std, abs=1e-5), (lhs, rhs)
        assert np.nan_to_num(row["se"]) == pytest.approx(se, abs=1e-5), (lhs, rhs)
    assert found.fit.df == theirs["df"]
    assert found.fit.chisq == pytest.approx(theirs["chisq"], abs=1e-4)
    assert found.n == theirs["n"]
    assert set(found.paths["est"]) <= set(ours["est"])


def test_the_model_is_written_as_lavaan_reads_it(panel):
    found = found_for(panel, "random_intercept")
    again = quietly(
        lambda: ic.sem(
            pd.DataFrame(
                np.random.default_rng(1).normal(size=(200, 6)),
                columns=[f"{s}_t{t}" for t in (1, 2, 3) for s in ("lead", "work")],
            ),
            found.syntax,
            fixed_x=False,
            meanstructure=True,
        )
    )
    assert again.df == found.fit.df == 1


def test_latent_change_of_two_waves_is_the_cross_lagged_model(panel):
    lagged, change = (found_for(panel, case) for case in ("cross_lagged.two", "latent_change.two"))
    a, b = (found.paths.set_index(["cause", "effect"])["est"] for found in (lagged, change))
    own = a.index.get_level_values(0) == a.index.get_level_values(1)
    assert b[~own].to_numpy() == pytest.approx(a[~own].to_numpy(), abs=1e-5)
    assert b[own].to_numpy() == pytest.approx(a[own].to_numpy() - 1, abs=1e-5)
    assert lagged.model == "cross_lagged"
    assert "same number" in change.in_words()
    for found in (lagged, change):
        assert "confounds stable differences with change" in found.in_words()
        assert "With two waves nothing can tell the two apart" in found.in_words()


def test_paths_are_told_by_the_order(panel):
    found = found_for(panel, "cross_lagged")
    kinds = found.paths.query("to_wave == '2'").set_index(["cause", "effect"])["kind"]
    assert kinds.to_dict() == {
        ("lead", "lead"): "autoregressive",
        ("work", "lead"): "backward",
        ("lead", "work"): "forward",
        ("work", "work"): "autoregressive",
    }
    assert found.unmeasured == ("marks",)
    assert found.linked["teachers"].sum() == found.n
    assert list(found.paths["lag"].unique()) == [1.0]
    t = found.paths["est"] / found.paths["se"]
    from scipy import stats

    assert found.paths["pvalue"].to_numpy() == pytest.approx(2 * stats.t.sf(t.abs(), found.n_schools - 1), rel=1e-9)
    forward = found.tests.iloc[0]
    assert forward["chisq"] == pytest.approx(
        found.fit.wald_test("ll_1_2_t2 == 0\nll_1_2_t3 == 0")["chisq"].item(), rel=1e-10
    )
    assert "teachers in 32 schools" in repr(found)
    assert {"paths", "fit", "verdict", "cautions"} <= set(found.to_dict())


def test_stages_that_nothing_measures_are_passed_by():
    book = ic.read_codebook(
        pd.DataFrame(
            {"item": list("abcdefgh"), "scale": [s for s in "pqrs" for _ in "12"], "low": 1, "high": 4, "text": "asked"}
        )
    )
    order = an_order(
        {"one": "p", "gap": (), "two": "q", "three": "r", "aside": "s"},
        [("one", "gap"), ("gap", "two"), ("two", "three")],
    )
    stages = measured_stages(order, book, "test")
    assert stages.before == {("one", "two"), ("one", "three"), ("two", "three")}
    assert stages.arrows == {("one", "two"), ("two", "three")}
    assert stages.kind("three", "one") == "backward"
    assert stages.kind("aside", "one") == "unordered"
    assert stages.unmeasured == ("gap",)


def test_invariance_comes_first_and_warns(panel):
    with pytest.warns(ic.CoherenceWarning, match="not tested for some scales .aims: fewer than 3 items"):
        found = quietly_but("not tested", lambda: order_over_time(panel, TWO, measurement="scores"))
    table = found.invariance_table.set_index("scale")
    assert list(table.index) == ["aims", "trust", "voice", "eff"]
    assert table.loc["eff", "holds"] == found.invariance["eff"].highest != ""
    direct = quietly(
        lambda: ic.invariance(
            panel,
            "f =~ e1 + e2 + e3",
            wave="wave",
            person="teacher",
            steps=("configural", "metric", "scalar"),
            missing="fiml",
            estimator="MLR",
        )
    )
    assert found.invariance["eff"].steps["chisq"].to_numpy() == pytest.approx(
        direct.steps["chisq"].to_numpy(), rel=1e-6
    )


def quietly_but(message, job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        warnings.filterwarnings("always", message=f".*{message}", category=ic.CoherenceWarning)
        return job()


def test_other_questions_in_one_wave_are_seen(frame, book):
    moved = frame.copy()
    late = moved["wave"] == 3
    moved.loc[late, "e2"] = (moved.loc[late, "e2"] - 2).clip(lower=1)
    data = ic.read_responses(moved, book, school="school", teacher="teacher", wave="wave")
    with pytest.warns(
        ic.CoherenceWarning, match="equal loadings and intercepts over waves do not hold, by the CFI, for 'eff'"
    ):
        quietly_but("equal loadings", lambda: order_over_time(data, TWO, model="growth", measurement="scores"))


def test_scores_are_standardised_once_over_all_waves(panel):
    from internal_coherence.ordering.over_time.stage_variables import stage_scores

    stages = measured_stages(TWO, panel.instrument, "test")
    scores, scales = stage_scores(panel, stages, "test"), ic.score(panel)
    z = (scales - scales.mean()) / scales.std()
    assert scores["lead"].to_numpy() == pytest.approx(
        z[["aims", "trust", "voice"]].mean(axis=1, skipna=False).to_numpy(), nan_ok=True
    )
    assert abs(scores["work"].groupby(panel.wave).mean()).max() > 1e-4  # waves keep their differences


def test_latent_stages_need_teachers(panel):
    few = panel.select(school=[f"S{k:02d}" for k in range(1, 12)])
    found = quietly(lambda: order_over_time(few, TWO, model="cross_lagged", invariance=False))
    assert found.measurement == "scores"
    assert "free parameters" in found.measurement_why
    many = quietly(lambda: order_over_time(panel.select(wave=[1, 2]), TWO, invariance=False))
    assert many.measurement == "latent"
    assert many.measurement_why == ""


# ---- known truths -------------------------------------------------------------------------------------------------------------


def fine_responses(values, school, *, teachers=True):
    """Return Responses of (n, waves, 2) values, in steps so small that they do not matter."""
    codes = np.clip(np.round(500 + 60 * values / values.std()), 0, 1000)
    book = ic.read_codebook(
        pd.DataFrame(
            {
                "item": ["a", "b", "c", "d"],
                "scale": ["one", "one", "two", "two"],
                "low": 0,
                "high": 1000,
                "text": "asked",
            }
        )
    )
    parts = [
        pd.DataFrame(codes[:, t][:, [0, 0, 1, 1]], columns=list("abcd")).assign(
            school=school, wave=t + 1, teacher=np.arange(len(codes))
        )
        for t in range(values.shape[1])
    ]
    return ic.read_responses(
        pd.concat(parts), book, school="school", wave="wave", teacher="teacher" if teachers else None
    )


PAIR = an_order({"first": ("one",), "second": ("two",)}, [("first", "second")])


def going_on(rng, n, path, own, waves=3, noise=1.0):
    A, x, kept = np.array([[own, 0.0], [path, own]]), np.zeros((n, 2)), []
    for t in range(30 + waves):
        x = x @ A.T + noise * rng.standard_normal((n, 2))
        if t >= 30:
            kept.append(x)
    return np.stack(kept, axis=1)


def stable(rng, n):
    return (rng.standard_normal((n, 2)) @ np.linalg.cholesky(np.array([[1, 0.6], [0.6, 1]])).T)[:, None, :]


@pytest.mark.parametrize("path", [0.0, 0.3])
def test_stable_differences_are_not_taken_for_change(path):
    rng = np.random.default_rng(3)
    values = 0.9 * going_on(rng, 4000, path, 0.4) + 1.2 * stable(rng, 4000)
    data = fine_responses(values, np.arange(4000) // 50)
    apart, mixed = (
        quietly(
            lambda m=m: order_over_time(data, PAIR, model=m, measurement="scores", equal_lags=True, invariance=False)
        ).paths
        for m in ("random_intercept", "cross_lagged")
    )
    unit = values[..., 0].std() / values[..., 1].std()
    found, confounded = (x.query("kind == 'forward'").iloc[0] for x in (apart, mixed))
    assert abs(found["est"] - path * unit) < 3.5 * found["se"]
    assert found["se"] < 0.05
    back = apart.query("kind == 'backward'").iloc[0]
    assert abs(back["est"]) < 3.5 * back["se"]
    if path == 0:
        assert confounded["est"] > 10 * confounded["se"]  # the cross-lagged model sees a path that is not there


def test_growth_finds_slopes_that_follow_levels():
    rng = np.random.default_rng(5)
    start = 1.5 * rng.standard_normal((3000, 2))
    slope = 0.5 * rng.standard_normal((3000, 2)) + np.array([0.0, 0.3]) * start[:, [0]]
    times = np.array([0.0, 1.0, 3.0])
    values = start[:, None] + slope[:, None] * times[None, :, None] + rng.standard_normal((3000, 3, 2))
    data = fine_responses(values, np.arange(3000) // 50)
    found = quietly(
        lambda: order_over_time(data, PAIR, model="growth", measurement="scores", times=(0, 1, 3), invariance=False)
    )
    paths = found.paths.set_index("kind")
    sd = np.array([values[..., k].std() for k in (0, 1)])
    assert paths.loc["forward", "est"] == pytest.approx(0.3 * sd[0] / sd[1], abs=0.02)
    assert abs(paths.loc["backward", "est"]) < 3.5 * paths.loc["backward", "se"]
    assert found.verdict == "forward only"
    assert found.times == (0.0, 1.0, 3.0)


# ---- schools ------------------------------------------------------------------------------------------------------------------


def two_steps(K, waves=2):
    at = [np.eye(K, waves * K, k=t * K) for t in range(waves)]
    return [Step(Z=at[t - 1], X=at[t - 1], Y=at[t] - at[t - 1]) for t in range(1, waves)]


def test_without_sampling_error_it_is_regression_with_errors_by_school():
    from statsmodels.api import OLS, add_constant

    rng = np.random.default_rng(1)
    m = rng.standard_normal((60, 4)) @ rng.standard_normal((4, 4))
    found = corrected_regression(m, np.zeros((60, 4, 4)), two_steps(2))
    for e in range(2):
        theirs = OLS(m[:, 2 + e] - m[:, e], add_constant(m[:, :2])).fit(cov_type="HC0")
        assert found.b[:, e] == pytest.approx(theirs.params[1:], rel=1e-9)
        own = found.vcov.reshape(2, 2, 2, 2)[:, e, :, e]
        assert own == pytest.approx(theirs.cov_params()[1:, 1:] * 60 / 59, rel=1e-9)
    assert found.b == pytest.approx(found.plain)


def test_waves_pooled_are_clustered_by_school():
    from statsmodels.api import OLS

    rng = np.random.default_rng(2)
    m = rng.standard_normal((50, 3)).cumsum(axis=1)
    found = corrected_regression(m, np.zeros((50, 3, 3)), two_steps(1, 3))
    x, y = m[:, :2].T.ravel(), np.diff(m, axis=1).T.ravel()
    wave = np.repeat([0, 1], 50)
    design = np.column_stack([x, wave == 0, wave == 1]).astype(float)
    theirs = OLS(y, design).fit(
        cov_type="cluster", cov_kwds={"groups": np.tile(np.arange(50), 2), "use_correction": False}
    )
    assert found.b.item() == pytest.approx(theirs.params[0], rel=1e-9)
    assert found.vcov.item() == pytest.approx(theirs.cov_params()[0, 0] * 50 / 49, rel=1e-9)


def test_sampling_error_is_taken_out():
    # One stage, reliability .5: plain regression of change on level is pulled by chance, the corrected one is not.
    rng = np.random.default_rng(4)
    J, n = 4000, 6
    true = rng.standard_normal(J)
    later = 0.7 * true + 0.5 * rng.standard_normal(J)
    teachers = np.stack([true, later], axis=1)[:, None] + np.sqrt(n) * rng.standard_normal((J, n, 2))
    school = np.repeat(np.arange(J), n)
    X = np.full((2 * J * n, 2), np.nan)  # other teachers in each wave
    X[: J * n, 0], X[J * n :, 1] = teachers[..., 0].ravel(), teachers[..., 1].ravel()
    moments = school_moments(X, group(np.tile(school, 2), len(X)))
    found = corrected_regression(moments.mean, sampling_errors(moments), two_steps(1))
    assert found.b.item() == pytest.approx(-0.3, abs=3.5 * np.sqrt(found.vcov.item()))
    assert np.sqrt(found.vcov.item()) < 0.06
    assert found.plain.item() == pytest.approx(-1 + 0.7 * 0.5, abs=0.05)
    assert (found.true / found.observed).item() == pytest.approx(0.5, abs=0.03)


def test_sampling_errors_of_the_same_teachers_go_together():
    rng = np.random.default_rng(6)
    X = rng.standard_normal((40, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    school = np.repeat([0, 1, 2, 3], 10)
    whole = sampling_errors(school_moments(X, group(school, 40)))
    within = sum((10 - 1) * np.cov(X[school == j].T) for j in range(4)) / 36
    assert whole == pytest.approx(np.broadcast_to(within / 10, (4, 2, 2)))
    # Some teachers leave and others come: what is expected of the estimate is the truth.
    C = np.array([[1.0, 0.5], [0.5, 2.0]])
    root, drawn = np.linalg.cholesky(C), []
    for _ in range(3000):
        values = rng.standard_normal((14, 2)) @ root.T
        values[:4, 0] = np.nan
        values[9:, 1] = np.nan
        drawn.append(sampling_errors(school_moments(values, group(np.zeros(14, dtype=int), 14)))[0])
    expected = C * np.array([[1 / 10, 5 / 90], [5 / 90, 1 / 9]])
    assert np.mean(drawn, axis=0) == pytest.approx(expected, rel=0.06)


def test_differences_leave_stable_schools_out():
    rng = np.random.default_rng(7)
    true = going_on(rng, 3000, 0.4, 0.5) + 1.5 * stable(rng, 3000)
    values = np.repeat(true, 4, axis=0) + rng.standard_normal((12000, 3, 2))
    data = fine_responses(values, np.repeat(np.arange(3000), 4), teachers=False)
    unit = values[..., 0].std() / values[..., 1].std()
    lagged = school_change(data, PAIR)
    apart = quietly(lambda: school_change(data, PAIR, model="differenced"))
    row = apart.paths.set_index("kind").loc["forward"]
    assert abs(row["est"] - 0.4 * unit) < 3.5 * row["se"]
    assert row["se"] < 0.15
    one = lagged.paths.set_index("kind").loc["forward"]
    assert abs(one["est"] - 0.4 * unit) > 5 * one["se"]
    assert not apart.linked
    assert "Without ids" in apart.in_words()
    assert "Nickell" in lagged.in_words()
    assert (apart.reliability["strength"] > 10).all()


@pytest.mark.parametrize(("rho", "periods"), [(0.5, 2), (0.5, 3), (0.8, 4), (-0.2, 3)])
def test_bias_of_fixed_effects_is_nickells(rho, periods):
    rng = np.random.default_rng(8)
    J = 200_000
    y = np.empty((J, periods + 1))
    y[:, 0] = rng.standard_normal(J) / np.sqrt(1 - rho**2)
    for t in range(periods):
        y[:, t + 1] = rho * y[:, t] + rng.standard_normal(J)
    before, after = (x - x.mean(axis=1, keepdims=True) for x in (y[:, :-1], y[:, 1:]))
    assert fixed_effects_bias(rho, periods) == pytest.approx(
        (before * after).sum() / (before**2).sum() - rho, abs=0.006
    )
    assert fixed_effects_bias(rho, 2) == pytest.approx(-(1 + rho) / 2)


def test_no_bias_is_told_where_there_is_none_to_tell():
    assert np.isnan(fixed_effects_bias(1.1, 3))
    assert np.isnan(fixed_effects_bias(0.5, 1))


def children(reference):
    theirs = reference("order_over_time")["schools"]
    table = pd.DataFrame({k: theirs[k] for k in ("school", "time", "mean")}).pivot(
        index="school", columns="time", values="mean"
    )
    return theirs, table


def test_growth_of_schools_is_lme4s(reference):
    # lme4 1.1-31: lmer(distance ~ age + (age | Subject), nlme::Orthodont), age from 8 on
    theirs, table = children(reference)
    found = growth_of_schools(table.to_numpy(), np.zeros((27, 4, 4)), table.columns.to_numpy(dtype=float))
    assert found.converged
    assert found.log_likelihood == pytest.approx(theirs["logl"], abs=1e-7)
    assert found.gamma == pytest.approx(theirs["gamma"], abs=1e-6)
    assert np.sqrt(np.diag(found.gamma_vcov)) == pytest.approx(theirs["gamma_se"], abs=1e-5)
    assert pytest.approx(np.array(theirs["G"]), abs=1e-5) == found.G
    assert found.omega2 == pytest.approx(theirs["omega2"], abs=1e-5)
    place = [theirs["labels"].index(label) for label in table.index]
    assert found.school[:, 0] == pytest.approx(np.array(theirs["intercept"])[place], abs=1e-5)
    assert found.school[:, 1] == pytest.approx(np.array(theirs["slope"])[place], abs=1e-5)


def test_known_error_is_part_of_what_deviates(reference):
    _, table = children(reference)
    m, times = table.to_numpy(), table.columns.to_numpy(dtype=float)
    none = growth_of_schools(m, np.zeros((27, 4, 4)), times)
    some = growth_of_schools(m, np.broadcast_to(0.6 * np.eye(4), (27, 4, 4)), times)
    assert some.omega2 == pytest.approx(none.omega2 - 0.6, abs=1e-4)
    assert some.log_likelihood == pytest.approx(none.log_likelihood, abs=1e-8)
    assert some.school == pytest.approx(none.school, abs=1e-4)


def test_lines_of_schools_miss_the_truth_by_their_standard_errors():
    rng = np.random.default_rng(9)
    J, times = 1500, np.array([0.0, 1.0, 2.0])
    G = np.array([[1.0, 0.1], [0.1, 0.2]])
    lines = np.array([0.5, 0.2]) + rng.standard_normal((J, 2)) @ np.linalg.cholesky(G).T
    size = rng.integers(4, 40, J)
    E = np.eye(3) * (4 / size)[:, None, None]
    m = (
        lines @ np.vstack([np.ones(3), times])
        + np.sqrt(0.3) * rng.standard_normal((J, 3))
        + 2 * rng.standard_normal((J, 3)) / np.sqrt(size)[:, None]
    )
    m[: J // 5, 2] = np.nan
    E[: J // 5, 2] = E[: J // 5, :, 2] = 0
    found = growth_of_schools(m, E, times)
    assert pytest.approx(G, abs=0.15) == found.G
    assert found.omega2 == pytest.approx(0.3, abs=0.08)
    z = (found.school - lines) / np.sqrt(np.diagonal(found.school_vcov, axis1=1, axis2=2))
    assert z.std(axis=0) == pytest.approx([1, 1], abs=0.06)
    errors = np.sqrt(found.school_vcov[:, 1, 1])
    assert errors[J // 5 :].mean() < errors[: J // 5].mean()


@given(shift=st.floats(-5, 5), factor=st.floats(0.2, 5))
@settings(max_examples=10)
def test_units_do_not_matter_to_schools(shift, factor):
    rng = np.random.default_rng(10)
    m = rng.standard_normal((40, 6)).cumsum(axis=1)
    E = np.broadcast_to(0.05 * np.eye(6), (40, 6, 6))
    a = corrected_regression(m, E, two_steps(2, 3))
    b = corrected_regression(factor * m + shift, factor**2 * E, two_steps(2, 3))
    assert b.b == pytest.approx(a.b, rel=1e-6, abs=1e-8)
    assert b.vcov == pytest.approx(a.vcov, rel=1e-6, abs=1e-10)


def test_a_path_of_a_known_error_needs_so_many_schools(panel):
    found = quietly(lambda: school_change(panel, TWO))
    needed = found.schools_needed(effect=0.2, power=0.8).set_index("kind")
    se = needed.loc["forward", "se"]
    assert needed.loc["forward", "schools_needed"] == np.ceil(32 * (2.801585 * se / 0.2) ** 2)
    with pytest.raises(ic.ModelError, match="Not 0"):
        found.schools_needed(effect=0)


def test_growth_of_schools_is_gated(panel, frame, book):
    found = quietly(lambda: school_growth(panel, TWO))
    assert (found.by_school["withheld"] == "").equals(found.by_school["slope"].notna())
    assert set(found.by_school["withheld"].str.replace(r"wave .: ", "", regex=True)) == {
        "",
        "the answers are too alike to be shown",
        "withheld so that a smaller group can't be worked out from it",
    }
    hidden = found.by_school[found.by_school["withheld"] != ""].groupby("stage").size()
    assert (hidden >= 2).all()  # one alone could be worked out from the others and the mean line
    assert len(found.to_frame()) == 64
    few = frame[(frame["school"] != "S01") | (frame["wave"] != 2) | (frame.groupby(["school", "wave"]).cumcount() < 3)]
    data = ic.read_responses(few, book, school="school", teacher="teacher", wave="wave")
    shown = school_growth(data, TWO).by_school.set_index(["school", "stage"])
    assert shown.loc[("S01", "work"), "withheld"] == "wave 2: fewer than 5 teachers answered"
    assert np.isnan(shown.loc[("S01", "work"), "slope"])
    research = school_growth(data, TWO, audience="research").by_school.set_index(["school", "stage"])
    assert np.isfinite(research.loc[("S01", "work"), "slope"])
    with pytest.raises(ic.ModelError, match="gates= protect"):
        school_growth(data, TWO, audience="research", gates=ic.Gates())


# ---- words and tests ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forward", "backward", "said"),
    [
        (0.01, 0.5, "forward only"),
        (0.01, 0.02, "both ways"),
        (0.2, 0.02, "backward only"),
        (0.2, 0.3, "neither shown"),
        (np.nan, 0.3, "not estimated"),
    ],
)
def test_verdicts(forward, backward, said):
    assert verdict(forward, backward, 0.05) == said


def test_joint_test_is_hotellings():
    rng = np.random.default_rng(11)
    x = rng.standard_normal((12, 3)) + 0.4
    mean, V = x.mean(axis=0), np.cov(x.T) / 12
    found = joint_test(mean, V, 12)
    from scipy import stats

    T2 = 12 * mean @ np.linalg.inv(np.cov(x.T)) @ mean
    assert found["chisq"] == pytest.approx(T2)
    assert found["pvalue_f"] == pytest.approx(stats.f.sf((12 - 3) / (11 * 3) * T2, 3, 9))
    assert np.isnan(joint_test(mean, np.ones((3, 3)), 12)["pvalue_f"])
    assert np.isnan(joint_test(mean, V, 3)["f"])


# ---- what is refused ----------------------------------------------------------------------------------------------------------


def read(frame, book, **columns):
    return ic.read_responses(frame, book, **({"school": "school", "teacher": "teacher", "wave": "wave"} | columns))


def test_one_wave_is_no_time(panel):
    for verb, what in (
        (order_over_time, "order_over_time"),
        (school_change, "school_change"),
        (school_growth, "school_growth"),
    ):
        with pytest.raises(ic.ResponseError, match=f"{what}.*waves or more; these answers are of 1, '2'"):
            verb(panel.select(wave=2), TWO)


@pytest.mark.parametrize("model", ["random_intercept", "growth"])
def test_what_takes_three_waves_is_refused_with_two(model, panel):
    with pytest.raises(ic.ResponseError, match=f"model='{model}' takes 3 waves or more; these answers are of 2"):
        order_over_time(panel.select(wave=[1, 2]), TWO, model=model)
    with pytest.raises(ic.ResponseError, match="model='differenced' takes 3 waves"):
        school_change(panel.select(wave=[1, 2]), TWO, model="differenced")


def test_ids_that_do_not_link(frame, book):
    with pytest.raises(ic.ResponseError, match=r"without teacher=.*school_change"):
        order_over_time(read(frame, book, teacher=None), TWO)
    other = frame.assign(teacher=frame["teacher"] + "-" + frame["wave"].astype(str))
    with pytest.raises(
        ic.ResponseError, match=r"0 teachers are found in all of the waves '1', '2', '3' \(teachers in 1: 288"
    ):
        order_over_time(read(other, book), TWO)
    some = frame.assign(teacher=frame["teacher"].where(frame["school"] < "S15", other["teacher"]))
    with pytest.warns(ic.MissingDataWarning, match="of 288 teachers of wave"):
        quietly_but(
            "of 288",
            lambda: order_over_time(
                read(some, book), TWO, model="cross_lagged", measurement="scores", invariance=False
            ),
        )


def test_ids_of_a_school_are_not_ids(frame, book):
    within = frame.assign(teacher=frame.groupby(["wave", "school"]).cumcount())
    with pytest.raises(ic.ResponseError, match="the same teacher stands twice in wave '1'"):
        order_over_time(read(within, book), TWO)
    assert quietly(lambda: school_change(read(within, book), TWO)).linked


def test_missing_ids_are_refused(frame, book):
    gone = frame.assign(teacher=frame["teacher"].where(frame.index > 4))
    with pytest.raises(ic.ResponseError, match="missing in 5 rows"):
        order_over_time(read(gone, book), TWO)


def test_who_changes_schools_counts_to_the_first(frame, book):
    moved = frame.copy()
    at = (moved["teacher"] == "T00001") & (moved["wave"] > 1)
    moved.loc[at, "school"] = "S09"
    with pytest.warns(ic.CoherenceWarning, match="1 teacher changed schools, and count to the first"):
        found = quietly_but(
            "changed schools",
            lambda: order_over_time(
                read(moved, book), TWO, model="cross_lagged", measurement="scores", invariance=False
            ),
        )
    assert found.n_moved == 1
    before = quietly(
        lambda: order_over_time(read(frame, book), TWO, model="cross_lagged", measurement="scores", invariance=False)
    )
    assert found.paths["se"].to_numpy() == pytest.approx(before.paths["se"].to_numpy(), rel=1e-9)


def test_orders_that_can_not_be_followed(panel):
    with pytest.raises(ic.InstrumentError, match="measures both"):
        an_order({"lead": ("aims",), "work": ("aims", "eff")}, [("lead", "work")])
    for verb in (order_over_time, school_change, school_growth):
        with pytest.raises(ic.ModelError, match=r"measures 1 \('lead'\).*Without a scale: 'work'"):
            verb(panel, an_order({"lead": ("aims",), "work": ("strangers",)}, [("lead", "work")]))
        with pytest.raises(ic.ModelError, match="no arrow"):
            verb(panel, an_order({"lead": ("aims",), "work": ("eff",)}, []))
        with pytest.raises(ic.ModelError, match="takes an Order"):
            verb(panel, "elmore-boston")
    with pytest.raises(ic.ModelError, match="must begin with a letter"):
        order_over_time(panel, an_order({"the lead": ("aims",), "work": ("eff",)}, [("the lead", "work")]))


def test_fewer_schools_than_paths(panel):
    few = panel.select(school=["S01", "S02", "S03"])
    with pytest.raises(ic.ResponseError, match=r"3 schools for 2 paths|are found in all"):
        order_over_time(few, TWO, model="cross_lagged")
    three = an_order({"a": ("aims",), "b": ("trust",), "c": ("voice",)}, [("a", "b"), ("b", "c")])
    with pytest.raises(ic.ResponseError, match="3 schools for 3 paths between the 3 stages"):
        school_change(few, three)
    with pytest.raises(ic.ResponseError, match="1 school for"):
        school_change(panel.select(school="S01"), TWO)
    with pytest.raises(ic.ResponseError, match="3 schools have means in all of the waves"):
        school_growth(few, TWO)


def test_few_schools_of_many_teachers_are_refused():
    rng = np.random.default_rng(12)
    data = fine_responses(going_on(rng, 120, 0.2, 0.4), np.arange(120) // 40)
    with pytest.raises(ic.ResponseError, match="order_over_time: 3 schools for 2 paths"):
        order_over_time(data, PAIR, model="cross_lagged", measurement="scores")


def test_options_that_make_no_sense(panel):
    with pytest.raises(ic.ModelError, match="did you mean 'cross_lagged'"):
        order_over_time(panel, TWO, model="crosslagged")
    with pytest.raises(ic.ModelError, match="leading='change' is for"):
        order_over_time(panel, TWO, model="growth", leading="change")
    with pytest.raises(ic.ModelError, match="equal_lags=True"):
        order_over_time(panel, TWO, equal_lags=True, times=(0, 1, 5))
    with pytest.raises(ic.ResponseError, match="give 3 ascending numbers"):
        order_over_time(panel, TWO, times=(0, 2, 1))
    with pytest.raises(ic.ModelError, match="not between 0 and 1"):
        school_change(panel, TWO, level=95)


def test_waves_without_an_order(frame, book):
    named = frame.assign(wave=frame["wave"].map({1: "autumn", 2: "spring", 3: "summer"}))
    with pytest.raises(ic.ResponseError, match="can't tell the order of the waves"):
        order_over_time(read(named, book), TWO)


def test_nothing_varies(frame, book):
    with pytest.raises(ic.ResponseError, match="nothing varies in 'eff'"):
        order_over_time(read(frame.assign(e1=3, e2=3, e3=3), book), TWO, measurement="scores", invariance=False)


def test_means_that_are_all_chance_give_no_numbers():
    rng = np.random.default_rng(13)
    data = fine_responses(rng.standard_normal((200, 2, 2)), np.arange(200) // 5, teachers=False)
    with (
        pytest.warns(ic.SmallSampleWarning, match="less than half"),
        pytest.warns(ic.SmallSampleWarning, match="nothing is left"),
    ):
        found = school_change(data, PAIR)
    assert (found.reliability["reliability"] < 0.5).all()
    assert found.paths[["est", "se"]].isna().all().all()
    assert found.verdict == "not estimated"
    assert "can be trusted" in found.in_words()


def test_impossible_variances_are_told():
    noise = np.random.default_rng(4).standard_normal((400, 4, 2))
    values = (
        noise[:, 1:] + noise[:, :-1]
    )  # waves in a row go together, the first and the third do not: less than nothing is stable
    data = fine_responses(values, np.arange(400) // 10)
    with pytest.warns(ic.ImproperSolutionWarning):
        found = quietly_but("variance", lambda: order_over_time(data, PAIR, measurement="scores", invariance=False))
    assert found.improper
    assert "negative, which none can be" in found.in_words()


def test_what_does_not_converge_has_no_numbers(panel):
    from dataclasses import replace

    fit = found_for(panel, "cross_lagged").fit
    lost = replace(
        fit, converged=False, trouble="no minimum was found", _judged=None, _vcov=np.full_like(fit.vcov, np.nan)
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("internal_coherence.ordering.over_time.asking.sem", lambda *_, **__: lost)
        found = found_for(panel, "cross_lagged")
    assert found.paths[["est", "se", "std", "pvalue"]].isna().all().all()
    assert found.verdict == "not estimated"
    assert "not converged; no minimum was found" in repr(found)
    assert "equal_lags=True" in found.in_words()


@pytest.mark.parametrize(
    ("waves", "times"),
    [
        (["2021", "2022", "2024"], (0, 1, 3)),
        (["202110", "202204", "202210"], (0, 0.5, 1)),
        (["20211001", "20220401", "20221001"], (0, 0.5, 1)),
        (["autumn", "spring"], (0, 1)),
        (["1", "2", "3"], (0, 1, 2)),
    ],
)
def test_when_waves_were(waves, times):
    assert times_of(waves, None, "growth") == pytest.approx(times)
