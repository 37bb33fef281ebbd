"""Reliability at both levels against the papers' formulas, lavaan and Lai's figures, analysis of variance, and simulation."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.measurement.multilevel.coefficients import COEFFICIENTS, alphas, omegas
from internal_coherence.measurement.multilevel.decision_study import school_mean_components
from internal_coherence.measurement.multilevel.two_level_factor import FactorParts
from internal_coherence.measurement.multilevel.two_levels import multilevel_reliability

ITEMS = ["y1", "y2", "y3"]


@pytest.fixture(scope="module")
def demo() -> pd.DataFrame:
    from pathlib import Path

    return pd.read_csv(Path(__file__).parent / "reference" / "data" / "demo_twolevel.csv")


@pytest.fixture(scope="module")
def found(demo):
    return multilevel_reliability(demo[ITEMS], demo["cluster"])


def survey(seed=0, J=30, n=8, k=4, between=0.6, own=0.4):
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(J), n)
    of_school = between * rng.normal(size=(J, 1)) + own * rng.normal(size=(J, k))
    return of_school[school] + rng.normal(size=(J * n, 1)) + rng.normal(size=(J * n, k)) + 3, school


# -- the published figures of Demo_twolevel


@pytest.mark.parametrize(
    ("coefficient", "figure", "off"),
    [
        ("alpha_within", 0.668229, 2e-6),  # Geldhof et al.
        ("alpha_between", 0.910523, 2e-6),
        ("omega_within", 0.676231, 2e-6),
        ("omega_between", 0.935234, 2e-6),
        ("alpha_two_level", 0.752334, 2e-6),  # Lai
        ("alpha_school_mean", 0.761356, 2e-6),
        ("omega_two_level", 0.766938, 5e-6),  # Lai, loadings equal
        ("omega_school_mean", 0.783751, 5e-6),
        ("omega_within_equal", 0.676127, 5e-6),
        ("omega_two_level_free", 0.766136, 5e-6),
        ("omega_school_mean_free", 0.782019, 5e-6),
    ],
)
def test_demo(found, coefficient, figure, off):
    assert getattr(found, coefficient) == pytest.approx(figure, abs=off)


def test_demo_sizes_and_fit(found, reference):
    assert (found.n, found.n_schools, found.n_missing, found.n_schools_lost) == (2500, 200, 0, 0)
    assert found.mean_size == 12.5
    assert found.harmonic_size == pytest.approx(9.6, abs=0.01)
    assert found.note == ""
    theirs = reference("multilevel_reliability")["demo"]
    models = found.models.set_index("loadings")
    assert models.loc["equal", "df"] == theirs["equal"]["df"] == 2
    # lavaan's saturated log-likelihood is its EM's, 1.1e-4 short; against the just-identified model's it is ours
    chisq = 2 * (theirs["free"]["log_likelihood"] - theirs["equal"]["log_likelihood"])
    assert models.loc["equal", "chisq"] == pytest.approx(chisq, abs=1e-6)
    assert models.loc["free", "df"] == 0


def test_demo_by_mean_squares(demo):
    muml = multilevel_reliability(demo[ITEMS], demo["cluster"], estimator="muml")
    assert muml.alpha_within == pytest.approx(0.667876, abs=1e-6)
    assert muml.alpha_between == pytest.approx(0.910119, abs=1e-6)
    assert muml.omega_within == pytest.approx(0.676, abs=2e-3)


def test_omega_of_the_papers_formulas():
    loading, psi_w, psi_b, phi_b, n = (
        np.array([0.8, 0.7, 0.6]),
        np.array([0.5, 0.6, 0.7]),
        np.array([0.1, 0.05, 0.1]),
        0.3,
        7.0,
    )
    parts = FactorParts(lambda_w=loading, psi_w=psi_w, lambda_b=loading, psi_b=psi_b, phi_b=np.array(phi_b))
    ours = omegas(parts, n)
    assert ours["within"] == pytest.approx(4.41 / (4.41 + 1.8))
    assert ours["between"] == pytest.approx(4.41 * 0.3 / (4.41 * 0.3 + 0.25))
    assert ours["two_level"] == pytest.approx(4.41 * 1.3 / (4.41 * 1.3 + 1.8 + 0.25))
    assert ours["school_mean"] == pytest.approx(4.41 * 0.3 / (4.41 * (0.3 + 1 / 7) + 0.25 + 1.8 / 7))


# -- generalisability


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
def test_components_are_those_of_the_analysis_of_variance():
    X, school = survey(J=20, n=6, k=4)
    J, n, k = 20, 6, 4
    Y = X.reshape(J, n, k)
    grand, s, i, si, ts = Y.mean(), Y.mean((1, 2)), Y.mean((0, 1)), Y.mean(1), Y.mean(2)
    ms_s = n * k * ((s - grand) ** 2).sum() / (J - 1)
    ms_si = n * ((si - s[:, None] - i + grand) ** 2).sum() / ((J - 1) * (k - 1))
    ms_ts = k * ((ts - s[:, None]) ** 2).sum() / (J * (n - 1))
    ms_tsi = ((Y - ts[:, :, None] - si[:, None, :] + s[:, None, None]) ** 2).sum() / (J * (n - 1) * (k - 1))
    ours = multilevel_reliability(X, school, estimator="muml").components
    assert ours.residual == pytest.approx(ms_tsi, rel=1e-10)
    assert ours.teacher == pytest.approx((ms_ts - ms_tsi) / k, rel=1e-10)
    assert ours.school_item == pytest.approx((ms_si - ms_tsi) / n, rel=1e-10)
    assert ours.school == pytest.approx((ms_s - ms_ts - ms_si + ms_tsi) / (n * k), rel=1e-10)


def test_with_random_items_it_is_lais_alpha_of_school_means(found):
    table = found.decision_study([found.harmonic_size]).set_index("facet")
    assert table.loc["random", "reliability"] == pytest.approx(found.alpha_school_mean, rel=1e-12)
    assert table.loc["fixed", "reliability"] > table.loc["random", "reliability"]
    endless = found.decision_study([1e12]).set_index("facet")
    assert endless.loc["random", "reliability"] == pytest.approx(found.alpha_between, rel=1e-9)
    assert endless.loc["fixed", "reliability"] == pytest.approx(1)


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
@given(st.floats(0.05, 0.99), st.sampled_from(["random", "fixed"]), st.integers(1, 20))
def test_teachers_needed_are_just_enough(found, target, facet, items):
    needed = found.teachers_needed(target, items=items, facet=facet)
    if needed.teachers is None:
        assert needed.limit <= target
        assert float(needed) == np.inf
        assert f"cannot pass {needed.limit:.3f}" in repr(needed)
        return
    counts = [needed.teachers] if needed.teachers == 1 else [needed.teachers - 1, needed.teachers]
    table = found.decision_study(counts, items)
    reached = table.loc[table["facet"] == facet, "reliability"].to_numpy()
    assert reached[-1] >= target - 1e-9
    assert len(reached) == 1 or reached[0] < target


def test_no_teachers_are_enough_where_schools_do_not_differ():
    W, B = np.eye(3) + 0.5, np.full((3, 3), -0.01)
    from internal_coherence.measurement.multilevel.decision_study import teachers_for

    assert teachers_for(school_mean_components(W, B), 0.7, None, "random").teachers is None
    assert teachers_for(school_mean_components(W, B), 0.7, None, "fixed").teachers is None


# -- laws


@given(st.integers(0, 1000))
def test_shifting_and_one_scale_for_all_change_nothing(seed):
    X, school = survey(seed, J=25)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.errors.CoherenceWarning)
        one = multilevel_reliability(X, school)
        other = multilevel_reliability(3 * X[:, ::-1] - 7, [f"school {s}" for s in school])
    for name in COEFFICIENTS:
        a, b = getattr(one, name), getattr(other, name)
        assert a == pytest.approx(b, abs=1e-6, nan_ok=True)


def test_stacks_are_their_members():
    rng = np.random.default_rng(0)
    W, B = (np.stack([np.cov(rng.normal(size=(4, 30))) for _ in range(3)]) for _ in range(2))
    for name, values in alphas(W, B, 5.0).items():
        each = [alphas(w, b, 5.0)[name] for w, b in zip(W, B, strict=True)]
        np.testing.assert_allclose(values, np.array(each, dtype=float), rtol=1e-14)


def test_parallel_items_with_the_same_loadings_have_equal_alpha_and_omega():
    loading, ones = np.full(4, 0.8), np.ones(4)
    parts = FactorParts(lambda_w=loading, psi_w=ones, lambda_b=loading, psi_b=0.1 * ones, phi_b=np.array(0.4))
    W = 0.64 * np.ones((4, 4)) + np.eye(4)
    B = 0.4 * 0.64 * np.ones((4, 4)) + 0.1 * np.eye(4)
    of_alpha, of_omega = alphas(W, B, 9.0), omegas(parts, 9.0)
    for name in ("within", "between", "two_level", "school_mean"):
        assert of_alpha[f"alpha_{name}"] == pytest.approx(of_omega[name])


# -- known truth, and intervals


def test_truth_is_recovered_and_covered():
    J, n, k, between, own = 60, 10, 4, 0.6, 0.4
    W, B = np.ones((k, k)) + np.eye(k), between**2 * np.ones((k, k)) + own**2 * np.eye(k)
    truth = {name: float(value) for name, value in alphas(W, B, n).items()}
    truth |= {"omega_within": truth["alpha_within"], "omega_school_mean": truth["alpha_school_mean"]}
    hits, estimates = dict.fromkeys(truth, 0), {name: [] for name in truth}
    for seed in range(120):
        X, school = survey(seed, J, n, k, between, own)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ic.errors.ImproperSolutionWarning)
            result = multilevel_reliability(X, school, interval="monte_carlo", draws=400, rng=seed)
        for name, value in truth.items():
            interval = result.confidence_interval(of=name)  # type: ignore[arg-type]
            hits[name] += interval.lower <= value <= interval.upper
            estimates[name].append(getattr(result, name))
    for name, value in truth.items():
        error = np.std(estimates[name]) / np.sqrt(120)
        assert abs(np.mean(estimates[name]) - value) < 3 * error + 0.02, name
        assert hits[name] / 120 > 0.87, name


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
def test_intervals_are_seeded_and_agree(demo):
    small = demo[demo["cluster"] <= 60]
    by = {
        kind: multilevel_reliability(small[ITEMS], small["cluster"], interval=kind, draws=200, rng=3)
        for kind in ("monte_carlo", "cluster_bootstrap")
    }
    for kind, result in by.items():
        again = multilevel_reliability(small[ITEMS], small["cluster"], interval=kind, draws=200, rng=3)
        pd.testing.assert_frame_equal(result.to_frame(), again.to_frame())
        table = result.to_frame()
        assert (table["lower"] < table["estimate"]).all()
        assert (table["upper"] > table["estimate"]).all()
        assert kind.split("_")[0] in result.confidence_interval(of="alpha_within").method.lower()
    one, other = (result.to_frame()["upper"] - result.to_frame()["lower"] for result in by.values())
    assert ((one / other > 0.5) & (one / other < 2)).all()


def test_the_bootstrap_fits_what_it_draws(demo):
    """A draw of every school once is the sample itself."""
    from internal_coherence.measurement.multilevel.estimating import ROUGH, estimated
    from internal_coherence.moments.grouping import group
    from internal_coherence.moments.two_level_sums import school_sums

    X = demo[ITEMS].to_numpy()
    schools = school_sums(X, group(demo["cluster"], len(X)), of_each=True)
    whole = estimated(schools.gathered(), "ml")
    again = estimated(schools.gathered(np.ones(200)), "ml", whole, ROUGH).coefficients()
    for name, value in whole.coefficients().items():
        assert again[name] == pytest.approx(value, abs=1e-6)


# -- manners


def test_every_scale_of_a_survey(now):
    with pytest.warns(ic.errors.ImproperSolutionWarning):
        by_scale = multilevel_reliability(now)
    assert list(by_scale) == [scale.key for scale in now.instrument.scales]
    table = by_scale.to_frame()
    assert len(table) == 11 * len(COEFFICIENTS)
    one = by_scale["team_support"]
    assert one.n + one.n_missing == len(now)
    assert one.to_dict()["n_schools"] == 24
    assert "_limits" not in one.to_dict()


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
def test_missing_answers_are_counted():
    X, school = survey(J=25)
    X[:8, 0] = np.nan  # the whole of one school
    X[20, 1] = np.nan
    result = multilevel_reliability(X, school, estimator="muml")
    assert (result.n, result.n_missing, result.n_schools, result.n_schools_lost) == (191, 9, 24, 1)


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
def test_two_items_have_alpha_and_no_omega():
    X, school = survey(k=2)
    result = multilevel_reliability(X, school)
    assert np.isfinite(result.alpha_school_mean)
    assert np.isnan(result.omega_two_level)
    assert "two items" in result.note
    assert result.models.empty


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
def test_few_schools_are_warned_of():
    X, school = survey(J=8, n=20)
    with pytest.warns(ic.errors.SmallSampleWarning, match="8 schools are few"):
        multilevel_reliability(X, school)


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ConvergenceWarning")
def test_schools_that_do_not_differ_are_said_and_not_cut():
    X, school = survey(3, J=40, between=0, own=0)
    X = X - np.repeat(X.reshape(40, 8, 4).mean(1), 8, axis=0)
    with pytest.warns(ic.errors.ImproperSolutionWarning, match="negative|differ less"):
        result = multilevel_reliability(X, school, estimator="muml")
    assert result.icc < 0
    assert np.isnan(result.alpha_between)
    assert result.teachers_needed().teachers is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, s: (X, None), "needs school="),
        (lambda X, s: (X, np.zeros(len(X))), "at least two schools"),
        (lambda X, s: (X, np.arange(len(X))), "every school has one teacher"),
        (lambda X, s: (X[:, :1], s), "at least two items"),
        (lambda X, s: (np.column_stack([X, np.full(len(X), 3.0)]), s), "'item 5' alike"),
        (lambda X, s: (np.column_stack([X, s]), s), "'item 5' alike"),
        (lambda X, s: (np.column_stack([X, X[:, 0]]), s), "determined by the others"),
        (lambda X, s: (np.full_like(X, np.nan), s), "at least two schools"),
        (lambda X, s: (np.where(X > 5, np.inf, X), s), "infinite"),
        (lambda X, s: (X, s[:-1]), "entries for"),
    ],
)
def test_bad_answers(change, message):
    with pytest.raises(ic.ResponseError, match=message):
        multilevel_reliability(*change(*survey()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "reml"}, "estimator='reml' is not one of"),
        ({"interval": "feldt"}, "interval='feldt' is not one of"),
        ({"interval": "monte_carlo", "draws": 3}, "at least 50"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ic.ModelError, match=message):
        multilevel_reliability(*survey(), **options)


def test_bad_questions(found):
    with pytest.raises(ic.ModelError, match="without an interval"):
        found.confidence_interval(of="alpha_within")
    with pytest.raises(ic.ModelError, match="of='alpha' is not one of"):
        found.confidence_interval(of="alpha")
    with pytest.raises(ic.ModelError, match=r"target=1\.5"):
        found.teachers_needed(1.5)
    with pytest.raises(ic.ModelError, match="numbers above 0"):
        found.decision_study((0, 5))
    with pytest.raises(ic.ModelError, match="not a whole number"):
        found.decision_study((5,), (2.5,))
    with pytest.raises(ic.ModelError, match="facet='any'"):
        found.teachers_needed(facet="any")


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
def test_names_may_be_anything():
    X, school = survey()
    names = ["<b>", "$x_1$", "a\nb", "=1+1"]
    result = multilevel_reliability(pd.DataFrame(X, columns=names), [f"={s}<i>" for s in school])
    assert result.items == tuple(names)
    assert list(result.loadings.index) == names


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.ImproperSolutionWarning")
def test_it_draws_itself(found, demo):
    ax = found.plot()
    assert "Reliability" in ax.get_ylabel()
    assert len(ax.get_lines()) == 4
    small = demo[demo["cluster"] <= 60]
    with_interval = multilevel_reliability(small[ITEMS], small["cluster"], interval="monte_carlo", rng=1)
    assert len(with_interval.plot().get_lines()) == 5
