"""Alignment: documented numbers, a search by brute force, laws, standard errors, a known truth, and bad input."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import ndtr

import internal_coherence as ic
from internal_coherence.latent.alignment.aligning import align
from internal_coherence.latent.alignment.alignment_record import holm
from internal_coherence.latent.alignment.configural import factors_of, fit_groups
from internal_coherence.latent.alignment.invariant_groups import invariant_set, largest_connected, share_explained
from internal_coherence.latent.alignment.loss import AlignmentLoss, component_loss, pair_weights
from internal_coherence.latent.alignment.metric import Metric
from internal_coherence.latent.alignment.minimising import free_minimum, minimise
from internal_coherence.latent.alignment.sampling_errors import aligned_parameters
from internal_coherence.latent.preparing import rows_of
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.report.alignment_figure import draw_alignment

ITEMS = [f"x{k}" for k in range(5)]
MODEL = "f =~ " + " + ".join(ITEMS)


def drawn(seed, G=6, P=5, sd=0.03, differing=0.15):
    """Configural loadings and intercepts of groups some of whose parameters differ, and the truth."""
    rng = np.random.default_rng(seed)
    lam = 0.8 + sd * rng.standard_normal((P, G)) - 0.3 * (rng.random((P, G)) < differing)
    nu = 4.0 + sd * rng.standard_normal((P, G)) + 0.5 * (rng.random((P, G)) < differing)
    alpha, t = 0.4 * rng.standard_normal(G), 0.2 * rng.standard_normal(G)
    return lam * np.exp(t), nu + alpha * lam, rng.integers(50, 200, G).astype(float), alpha, t


def answers(seed=1, G=6, n=200, differing=(), weak=()):
    rng = np.random.default_rng(seed)
    alpha, sd = np.linspace(-0.5, 0.5, G), np.exp(np.linspace(-0.2, 0.2, G))
    lam, nu = np.full((G, 5), 0.8), np.full((G, 5), 4.0)
    for g, item in differing:
        nu[g, item] += 0.6
    for g, item in weak:
        lam[g, item] -= 0.4
    group = np.repeat(np.arange(G), n)
    eta = alpha[group] + sd[group] * rng.standard_normal(G * n)
    X = nu[group] + lam[group] * eta[:, None] + 0.6 * rng.standard_normal((G * n, 5))
    return pd.DataFrame(X, columns=ITEMS).assign(district=[f"d{g}" for g in group]), alpha, sd


@pytest.fixture(scope="module")
def districts():
    return answers(differing=[(1, 4), (4, 0)])[0]


@pytest.fixture(scope="module")
def aligned(districts):
    return align(districts, MODEL, group="district")


def slopes_by_difference(function, x, h=1e-6):
    return np.array([(function(x + h * e) - function(x - h * e)) / (2 * h) for e in np.eye(len(x))])


# What is printed elsewhere


def test_the_minimum_is_the_one_that_DMAR_prints(reference):
    # DMAR 1.0.0, measurement_alignment(d, paste0("x", 1:6), "cohort"): R² to seven digits, the loss to three decimals
    known = reference("alignment")["cohorts"]
    L, N, printed = np.array(known["lambda"]).T, np.array(known["nu"]).T, known["printed"]
    loss = AlignmentLoss(L, N, pair_weights(np.array(known["n"], dtype=float)), 0.01)
    found = minimise(loss, Metric(5, "fixed", "reference"))
    assert found.n_agreeing == len(found.ends)
    alpha, t = np.split(found.y, 2)
    np.testing.assert_allclose(alpha, printed["factor_mean"], atol=6e-4)
    np.testing.assert_allclose(np.exp(2 * t), printed["factor_variance"], rtol=4e-3)
    for ours, kind in zip(loss.contributions(found.y), ("loadings", "intercepts"), strict=True):
        np.testing.assert_allclose(ours, printed[f"loss_{kind}"], atol=1e-3)
    lam, nu = (a.mean(axis=1)[:, None] for a in loss.aligned(found.y))
    # its R² are shares of squares, not of variances
    for kind, given_, told in (("loadings", L, lam * np.exp(t)), ("intercepts", N, nu + lam * alpha)):
        share = 1 - np.square(given_ - told).sum(axis=1) / np.square(given_).sum(axis=1)
        np.testing.assert_allclose(share, printed[f"R2_{kind}"], atol=2e-7)


def test_two_studies_with_outliers_are_linked_as_sirt_prints(reference):
    # sirt, invariance.alignment, example 4: align.pow = .25 of (x² + eps), eps = .01, means centred
    known = reference("alignment")["studies"]
    N = np.array(known["nu"]).T
    loss = AlignmentLoss(np.ones_like(N), N, pair_weights(np.ones(2)), 0.01)
    alpha = minimise(loss, Metric(2)).y[:2]
    np.testing.assert_allclose(alpha - alpha.mean(), known["printed"]["mean"], atol=6e-4)


# The loss and its minimum


def test_derivatives_are_those_of_the_loss():
    L, N, n, alpha, t = drawn(3, G=4)
    loss = AlignmentLoss(L, N, pair_weights(n), 0.01)
    y = np.concatenate([alpha, t]) + 0.1
    gradient, H = loss.derivatives(y)
    np.testing.assert_allclose(gradient, slopes_by_difference(loss.value, y), atol=1e-5)
    np.testing.assert_allclose(H, slopes_by_difference(lambda z: loss.derivatives(z)[0], y), atol=1e-4)
    mixed = loss.mixed_derivatives(y)
    for g, k in itertools.product(range(4), range(10)):

        def gradient_at(by, g=g, k=k):
            E = np.zeros((10, 4))
            E[k, g] = by
            moved = AlignmentLoss(L + E[:5], N + E[5:], loss.weights, 0.01)
            return moved.derivatives(y)[0]

        by_difference = (gradient_at(1e-6) - gradient_at(-1e-6)) / 2e-6
        np.testing.assert_allclose(mixed[:, g, k], by_difference, atol=1e-4)


@pytest.mark.parametrize("scale", ["product", "reference"])
@pytest.mark.parametrize("method", ["fixed", "free"])
def test_a_metric_moves_only_what_is_free(method, scale):
    metric = Metric(5, method, scale, reference=2)
    rng = np.random.default_rng(1)
    x = rng.standard_normal(len(metric.kept))
    y = metric.push(x)
    alpha, t = np.split(y, 2)
    assert (alpha[2] == 0) == (method == "fixed")
    assert t[2] == 0 if scale == "reference" else abs(t.sum()) < 1e-12
    np.testing.assert_allclose(metric.pull(y), x, atol=1e-14)
    Z = np.array([metric.push(e) for e in np.eye(len(x))]).T
    H = rng.standard_normal((10, 10))
    H += H.T
    np.testing.assert_allclose(metric.reduce(H), Z.T @ H @ Z, atol=1e-12)
    np.testing.assert_allclose(metric.obeyed(y), y, atol=1e-12)


@pytest.mark.parametrize(("seed", "method"), [(1, "fixed"), (2, "fixed"), (7, "free")])
def test_brute_force_finds_nothing_deeper(seed, method):
    L, N, n, _, _ = drawn(seed, G=4)
    G, W = 4, pair_weights(n)

    def raw(x):
        """The loss as the paper writes it, by loops."""
        alpha = x[:G] if method == "free" else np.append(0.0, x[: G - 1])
        t = np.append(x[-(G - 1) :], -x[-(G - 1) :].sum())
        lam = L / np.exp(t)
        nu = N - alpha * lam
        total = 0.0
        for g, h in itertools.combinations(range(G), 2):
            total += W[g, h] * component_loss(np.concatenate([lam[:, g] - lam[:, h], nu[:, g] - nu[:, h]]), 0.01).sum()
        return total

    found = minimise(AlignmentLoss(L, N, W, 0.01), Metric(G, method))
    rng = np.random.default_rng(seed)
    size = 2 * G - 1 - (method == "fixed")
    ends = [minimize(raw, 0.5 * rng.standard_normal(size), method="BFGS", options={"gtol": 1e-7}) for _ in range(40)]
    best = min(ends, key=lambda end: end.fun)
    assert found.converged
    assert found.value == pytest.approx(best.fun, rel=1e-8)
    alpha = found.y[:G] if method == "free" else found.y[1:G]
    np.testing.assert_allclose(np.append(alpha, found.y[G:-1]), best.x, atol=1e-5)


@given(st.integers(0, 10_000), st.integers(3, 9))
@settings(max_examples=15)
def test_invariant_groups_are_recovered_exactly(seed, G):
    L, N, n, alpha, t = drawn(seed, G=G, sd=0.0, differing=0.0)
    found = minimise(AlignmentLoss(L, N, pair_weights(n), 0.01), Metric(G), n_random=1)
    y, _ = Metric(G).reported(found.y, np.zeros((2 * G, 1)))
    np.testing.assert_allclose(y[G:], t - t[0], atol=1e-7)
    np.testing.assert_allclose(y[:G], (alpha - alpha[0]) * np.exp(-t[0]), atol=1e-7)


def test_the_free_minimum_lies_between_the_groups():
    L, N, n, alpha, t = drawn(4, G=20)
    y = free_minimum(AlignmentLoss(L, N, pair_weights(n), 0.01))
    told = alpha * np.exp(-t.mean())
    assert np.corrcoef(y[:20], told)[0, 1] > 0.93
    assert abs(y[:20].mean()) < 0.2
    assert abs(y[20:].sum()) < 1e-10


# Standard errors


@pytest.mark.parametrize("method", ["fixed", "free"])
def test_standard_errors_are_the_delta_method_through_the_minimum(method):
    L, N, n, _, _ = drawn(2, G=4)
    rng = np.random.default_rng(0)
    A = 0.1 * rng.standard_normal((40, 40))
    V = A @ A.T  # the groups vary together
    metric = Metric(4, method, reference=1)

    def told(theta):
        loss = AlignmentLoss(theta.reshape(4, 10)[:, :5].T, theta.reshape(4, 10)[:, 5:].T, pair_weights(n), 0.01)
        at = minimise(loss, metric, 0, near=start).y
        found = aligned_parameters(loss, metric, at, V.reshape(4, 10, 4, 10))
        return found, np.concatenate([found.mean, found.variance, found.parameters.reshape(-1)]), at

    start = minimise(AlignmentLoss(L, N, pair_weights(n), 0.01), metric).y
    theta = np.concatenate([L, N]).T.reshape(-1)
    found = told(theta)[0]
    J = slopes_by_difference(lambda x: told(x)[1], theta, 1e-5).T
    cov = J @ V @ J.T
    np.testing.assert_allclose(found.mean_cov, cov[:4, :4], atol=2e-4 * np.abs(cov[:4, :4]).max())
    np.testing.assert_allclose(np.square(found.variance_se), np.diag(cov)[4:8], rtol=1e-3, atol=1e-8)
    for p in range(10):
        rows = slice(8 + 4 * p, 12 + 4 * p)
        np.testing.assert_allclose(found.parameter_cov[p], cov[rows, rows], atol=2e-4 * np.abs(cov[rows, rows]).max())


def test_covariances_by_group_are_those_of_all_groups_with_nothing_between_them():
    L, N, n, _, _ = drawn(2, G=4)
    loss, metric = AlignmentLoss(L, N, pair_weights(n), 0.01), Metric(4)
    y = minimise(loss, metric).y
    blocks = np.random.default_rng(1).standard_normal((4, 10, 10))
    blocks = blocks @ blocks.transpose(0, 2, 1)
    whole = np.zeros((4, 10, 4, 10))
    for g in range(4):
        whole[g, :, g] = blocks[g]
    a, b = aligned_parameters(loss, metric, y, blocks), aligned_parameters(loss, metric, y, whole)
    np.testing.assert_allclose(a.parameter_cov, b.parameter_cov, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(a.variance_se, b.variance_se, rtol=1e-9)


def test_nothing_tells_the_location_of_free_means_where_all_is_invariant():
    L, N, n, _, _ = drawn(5, G=4, sd=0.0, differing=0.0)
    loss, metric = AlignmentLoss(L, N, pair_weights(n), 0.01), Metric(4, "free")
    found = aligned_parameters(loss, metric, minimise(loss, metric).y, np.tile(np.eye(10), (4, 1, 1)))
    assert not found.determined
    assert np.isnan(found.mean_cov).all()


# What is invariant


def test_the_set_of_invariant_groups_follows_the_paper_step_by_step():
    # standard errors of 1: the first five hang together by p > .01 (|d| < 3.64); 20 is alone, and 4.2 hangs on 2 only
    values, cov = np.array([0.0, 0.5, 1.0, 2.0, 4.2, 20.0]), np.eye(6)
    pairs = np.abs(values[:, None] - values) / np.sqrt(2) < 2.5758293
    assert largest_connected(pairs).tolist() == [True] * 5 + [False]
    found = invariant_set(values, cov, np.ones(6))
    # against the average of the five, 1.54, nobody differs with p < .001 (|z| > 3.29)
    assert found.members.tolist() == [True] * 5 + [False]
    assert found.average == pytest.approx(1.54)
    assert found.difference[4] == pytest.approx(2.66)
    z = 2.66 / np.sqrt(1 - 2 / 5 + 1 / 5)
    assert found.pvalue[4] == pytest.approx(2 * ndtr(-z))
    assert found.settled


def test_groups_leave_and_enter_the_set():
    # one group is linked by a chain and leaves; sizes weigh the average
    values = np.array([0.0, 0.1, -0.1, 0.05, 3.5, 7.0])
    cov = np.diag([0.05, 0.05, 0.05, 0.05, 1.0, 1.0])
    found = invariant_set(values, cov, np.array([10.0, 20, 30, 40, 5, 5]))
    assert found.members.tolist() == [True] * 4 + [False, False]
    assert found.average == pytest.approx(np.average(values[:4], weights=[10, 20, 30, 40]))


def test_share_explained_is_one_under_invariance_and_nan_without_differences():
    lam0 = np.array([[0.8, 1.0, 1.2], [0.5, 0.5, 0.5]])
    share = share_explained(lam0, np.array([[0.1, 0.1, 0.1], [0.0, 0.0, 0.0]]))
    assert share[0] == 1.0
    assert np.isnan(share[1])


def test_holm_adjusts_by_steps():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.5])), [0.04, 0.09, 0.09, 0.5])


# The verb


def test_what_differs_is_found_and_the_means_are_right(aligned):
    _, alpha, sd = answers()
    r = aligned.groups.index(aligned.reference)
    table = aligned.to_frame()
    truth = (alpha - alpha[r]) / sd[r]
    assert ((table["lower"] <= truth) & (truth <= table["upper"])).all()
    assert table.loc[r, ["mean", "se", "variance", "variance_se"]].tolist() == [0, 0, 1, 0]
    off = aligned.parameters[~aligned.parameters["invariant"]]
    assert list(zip(off["group"], off["item"], off["kind"], strict=True)) == [
        ("d4", "x0", "intercept"),
        ("d1", "x4", "intercept"),
    ]
    assert aligned.noninvariant_share == pytest.approx(2 / 60)
    assert aligned.starts_agree
    where = aligned.invariance.set_index(["kind", "item"])["noninvariant_groups"]
    assert where["intercept", "x0"] == ("d4",)
    assert aligned.search["loss"].iloc[0] == pytest.approx(aligned.invariance["loss"].sum())


def test_ranks_and_pairs_say_the_same(aligned):
    pairs = aligned.pairwise()
    assert len(pairs) == 15
    assert (pairs["difference"] >= 0).all()
    smaller = {
        (a, b) for a, bs in zip(aligned.means["group"], aligned.means["significantly_smaller"], strict=True) for b in bs
    }
    told = pairs[pairs["pvalue"] < 0.05]
    assert smaller == set(zip(told["first"], told["second"], strict=True))
    first = aligned.means.loc[aligned.means["rank"] == 1, "group"].item()
    assert first == "d5"
    assert (pairs["p_holm"] >= pairs["pvalue"]).all()


def test_the_aligned_model_is_the_configural_one(aligned):
    # λ√ψ and ν + αλ are what the configural model has
    wide = aligned.parameters.merge(aligned.means[["group", "mean", "variance"]], on="group")
    lam = wide[wide["kind"] == "loading"]
    nu = wide[wide["kind"] == "intercept"].reset_index(drop=True)
    np.testing.assert_allclose(lam["estimate"] * np.sqrt(lam["variance"]), lam["configural"])
    np.testing.assert_allclose(nu["estimate"] + nu["mean"] * lam["estimate"].to_numpy(), nu["configural"])


def test_the_order_of_groups_does_not_matter(districts, aligned):
    order = ["d3", "d5", "d0", "d1", "d4", "d2"]
    turned = pd.concat([districts[districts["district"] == d] for d in order])
    other = align(turned, MODEL, group="district")
    assert other.reference == aligned.reference
    assert other.groups == tuple(order)
    columns = ["mean", "se", "variance", "variance_se", "rank"]
    np.testing.assert_allclose(
        other.means.set_index("group").loc[list(aligned.groups), columns], aligned.means[columns], rtol=1e-6, atol=1e-9
    )


def test_an_items_unit_changes_that_item_only(districts):
    by = 10.0
    plain = align(districts, MODEL, group="district", unit="pooled_sd")
    other = align(districts.assign(x2=by * districts["x2"] + 7), MODEL, group="district", unit="pooled_sd")
    np.testing.assert_allclose(other.means["mean"], plain.means["mean"], atol=1e-6)
    np.testing.assert_allclose(other.means["se"], plain.means["se"], atol=1e-6)
    scale = np.where(plain.parameters["item"] == "x2", by, 1.0)
    shift = np.where((plain.parameters["item"] == "x2") & (plain.parameters["kind"] == "intercept"), 7.0, 0.0)
    np.testing.assert_allclose(other.parameters["estimate"], plain.parameters["estimate"] * scale + shift, rtol=1e-5)
    np.testing.assert_allclose(other.parameters["se"], plain.parameters["se"] * scale, rtol=1e-4)
    with pytest.warns(ic.CoherenceWarning, match="unit='pooled_sd' makes them count alike"):
        align(districts.assign(x2=by * districts["x2"]), MODEL, group="district")


def test_items_that_run_the_other_way_turn_the_factor_of_no_group(districts):
    other = align(districts.assign(**{i: 8 - districts[i] for i in ("x0", "x3")}), MODEL, group="district")
    told = other.invariance[other.invariance["kind"] == "loading"].set_index("item")["average"]
    assert (told[["x0", "x3"]] < 0).all()
    assert (told[["x1", "x2", "x4"]] > 0).all()


def test_a_reference_far_from_the_middle_is_told():
    data, _, _ = answers(seed=3, G=20, n=120, weak=[(g, g % 5) for g in range(20)])
    with pytest.warns(ic.CoherenceWarning, match="'d0' moves against the others' by .* leave reference= out"):
        align(data, MODEL, group="district", reference="d0")


def test_free_means_have_no_reference(districts, aligned):
    free = align(districts, MODEL, group="district", method="free")
    assert free.reference == ""
    assert np.log(free.means["variance"]).sum() == pytest.approx(0, abs=1e-10)
    a, b = free.means["mean"].to_numpy(), aligned.means["mean"].to_numpy()
    unit = np.sqrt(free.means["variance"] / aligned.means["variance"]).mean()
    np.testing.assert_allclose(a - a.mean(), unit * (b - b.mean()), atol=0.02)


def test_too_many_differences_are_told():
    rng = np.random.default_rng(5)
    data, _, _ = answers(seed=5, G=6, n=300)
    for g, item in itertools.product(range(6), ITEMS):
        own = data["district"] == f"d{g}"
        data.loc[own, item] = rng.choice([-0.8, 0, 0.8]) + rng.choice([0.4, 1.0, 1.6]) * data.loc[own, item]
    with pytest.warns(ic.CoherenceWarning) as told:
        found = align(data, MODEL, group="district")
    assert any("aligned means are not to be trusted" in str(w.message) for w in told)
    assert found.noninvariant_share > 0.25
    assert any("not to be trusted" in note for note in found.notes)


def test_two_factors_are_aligned_each_on_its_own():
    one, two = answers(seed=1)[0], answers(seed=2, differing=[(2, 2)])[0]
    data = one.join(two[ITEMS].add_prefix("y"))
    second = "g =~ " + " + ".join(f"y{i}" for i in ITEMS)
    both = align(data, f"{MODEL}\n{second}", group="district")
    assert both.factors == ("f", "g")
    assert len(both.means) == 12
    off = both.parameters[~both.parameters["invariant"]]
    assert off[["factor", "item", "group"]].to_numpy().tolist() == [["g", "yx2", "d2"]]
    assert set(both.pairwise("g")["factor"]) == {"g"}


def test_small_recovery_by_simulation():
    inside, errors = [], []
    for seed in range(12):
        data, alpha, sd = answers(seed=100 + seed, G=8, n=150, differing=[(1, 4), (4, 0), (6, 2)])
        found = align(data, MODEL, group="district", starts=0)
        r = found.groups.index(found.reference)
        truth, table = (alpha - alpha[r]) / sd[r], found.to_frame()
        keep = np.arange(8) != r
        inside.append(((table["lower"] <= truth) & (truth <= table["upper"]))[keep].mean())
        errors.append((table["mean"] - truth)[keep])
    assert np.mean(inside) > 0.88
    assert abs(np.mean(errors)) < 0.05


# Schools


def with_schools(districts, crossed):
    rng = np.random.default_rng(8)
    district = districts["district"].str[1:].astype(int)
    school = rng.integers(0, 20, len(districts)) + (0 if crossed else 100 * district)
    view = pd.Series(rng.standard_normal(700)).loc[school].to_numpy()
    return districts.assign(**{i: districts[i] + 0.4 * view for i in ITEMS}, s=school)


def test_schools_within_groups_widen_standard_errors(districts):
    data = with_schools(districts, crossed=False)
    plain = align(data.drop(columns="s"), MODEL, group="district")
    by_school = align(data, MODEL, group="district", cluster="s")
    assert by_school.n_clusters == 120
    np.testing.assert_allclose(by_school.means["mean"], plain.means["mean"])
    keep = plain.means["se"] > 0
    assert (by_school.means["se"][keep] > 1.1 * plain.means["se"][keep]).all()


def test_schools_in_several_groups_make_groups_vary_together(districts):
    data = with_schools(districts, crossed=True)
    found = align(data, MODEL, group="district", cluster="s")
    assert found.n_clusters == 20
    # what schools have in common is in all groups alike, and does not blur their differences
    nested = align(with_schools(districts, crossed=False), MODEL, group="district", cluster="s")
    keep = (found.means["se"] > 0) & (nested.means["se"] > 0)
    assert (found.means["se"][keep] < nested.means["se"][keep]).all()


def test_groups_one_by_one_and_together_have_the_same_covariances(districts):
    data = with_schools(districts, crossed=False)
    rows = rows_of(data, "district", "s", None, "align")
    table = ParTable.from_syntax(MODEL, std_lv=True, meanstructure=True, kind="cfa")
    found = fit_groups(rows, table, "MLR", "listwise")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        joint = ic.cfa(data, MODEL, group="district", cluster="s", std_lv=True, estimator="MLR")
    apart, together = factors_of(found)[0], factors_of(found, joint)[0]
    for g in range(6):
        np.testing.assert_allclose(together.cov[g, :, g], apart.cov[g], rtol=1e-5, atol=1e-9)
    assert np.abs(together.cov[0, :, 1]).max() < 1e-12


def test_schools_that_are_not_named_are_told(districts):
    data = with_schools(districts, crossed=False).rename(columns={"s": "school"})
    with pytest.warns(ic.CoherenceWarning, match="without cluster='school' they are taken as independent"):
        align(data, MODEL, group="district")


def test_responses_bring_their_schools(now):
    half = np.array(["a", "b"])[pd.factorize(now.school)[0] % 2]
    scale = now.instrument.scales[0]
    model = f"f =~ {' + '.join(item.key for item in scale.items)}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        found = align(now, model, group=half)
    assert found.n_clusters == len(now.schools)
    assert found.groups == ("a", "b")


def test_missing_answers_are_kept_by_fiml(districts, aligned):
    data = districts.copy()
    data.loc[data.index % 7 == 0, "x1"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        listwise, fiml = (align(data, MODEL, group="district", missing=m) for m in ("listwise", "fiml"))
    assert listwise.n < fiml.n == 1200
    assert fiml.n_excluded == 0
    np.testing.assert_allclose(fiml.means["mean"], aligned.means["mean"], atol=0.1)


# Bad input


def test_groups_that_cannot_be_fitted_are_named(districts):
    few = districts.drop(districts.index[districts["district"] == "d2"][3:])
    with pytest.raises(ic.ResponseError, match=r"1 of 6 groups: 'd2' \(3 rows for 5 variables.*failed='leave_out'"):
        align(few, MODEL, group="district")
    still = districts.assign(x1=districts["x1"].where(districts["district"] != "d0", 4.0))
    with pytest.raises(ic.ResponseError, match=r"'d0' \(everyone gave the same answer to 'x1'\)"):
        align(still, MODEL, group="district")
    with pytest.warns(ic.SmallSampleWarning, match="1 groups are left out.*'d2'"):
        found = align(few, MODEL, group="district", failed="leave_out")
    assert found.groups == ("d0", "d1", "d3", "d4", "d5")
    assert found.left_out[["group", "n"]].to_numpy().tolist() == [["d2", 3]]
    with pytest.raises(ic.ModelError, match="reference='d2'"):
        align(few, MODEL, group="district", failed="leave_out", reference="d2")


def test_two_groups_are_aligned_and_one_is_refused(districts):
    two = districts[districts["district"].isin(["d2", "d3"])]
    found = align(two, MODEL, group="district")
    assert len(found.pairwise()) == 1
    with pytest.raises(ic.ResponseError, match="one value only"):
        align(districts[districts["district"] == "d2"], MODEL, group="district")
    lonely = pd.concat([two[two["district"] == "d2"], two[two["district"] == "d3"].head(3)])
    with pytest.raises(ic.ResponseError, match="all but one group: 3 rows for 5 variables"):
        align(lonely, MODEL, group="district", failed="leave_out")


def test_small_groups_are_told(districts):
    with pytest.warns(ic.SmallSampleWarning, match="6 of 6 groups have fewer than 100 rows, the smallest 50"):
        align(districts.groupby("district").head(50), MODEL, group="district")


def test_schools_as_groups_have_no_schools_within(districts, now):
    with pytest.raises(ic.ModelError, match="each group is one school"):
        align(districts, MODEL, group="district", cluster="district")
    scale = now.instrument.scales[0]
    model = f"f =~ {' + '.join(item.key for item in scale.items)}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        found = align(now, model, group="school", failed="leave_out")
    assert found.n_clusters == 0
    assert any("each group is one school" in note for note in found.notes)


@pytest.mark.parametrize(
    ("model", "options", "error", "message"),
    [
        ("f =~ x0 + x1 + x2\ng =~ x2 + x3 + x4", {}, ic.ModelError, "item 'x2' loads on 'f' and on 'g'"),
        ("f =~ x0 + x1 + x2\nf ~ x3", {}, ic.ModelError, "factors and residual covariances only"),
        ("f =~ a*x0 + a*x1 + x2 + x3", {}, ic.ModelError, "equalities"),
        ("f =~ 1*x0 + x1 + x2 + x3", {}, ic.ModelError, "f=~x0 is fixed"),
        ("f =~ x0 + x1 + x2 + x3\nf ~~ NA*f", {}, ic.ModelError, "f~~f must be fixed"),
        ("f =~ x0 + x1 + x9", {}, ic.ModelError, "x9"),
        (None, {}, ic.ModelError, "what is the model"),
        (MODEL, {"method": "both"}, ic.ModelError, "method='both'"),
        (MODEL, {"unit": "sd"}, ic.ModelError, "unit='sd'"),
        (MODEL, {"epsilon": 0.0}, ic.ModelError, "epsilon=0.0 is not above 0"),
        (MODEL, {"starts": -1}, ic.ModelError, "starts=-1"),
        (MODEL, {"reference": "d9"}, ic.ModelError, "reference='d9'"),
        (MODEL, {"reference": "d1", "method": "free"}, ic.ModelError, "no group is the reference"),
        (MODEL, {"group": None}, ic.ModelError, "group= says"),
        (MODEL, {"group": "distrct"}, ic.ResponseError, "did you mean 'district'"),
    ],
)
def test_what_makes_no_sense_is_refused(districts, model, options, error, message):
    with pytest.raises(error, match=message):
        align(districts, model, **{"group": "district", **options})


def test_other_data_and_tables_are_refused(districts):
    with pytest.raises(ic.ResponseError, match="not moments"):
        align(ic.Moments.from_data(districts[ITEMS]), MODEL, group="district")
    table = ParTable.from_syntax(MODEL, std_lv=True, meanstructure=True)
    assert align(districts, table, group="district", starts=0).factors == ("f",)
    with pytest.raises(ic.ModelError, match="meanstructure=True"):
        align(districts, ParTable.from_syntax(MODEL, std_lv=True), group="district")
    with pytest.raises(ic.ModelError, match="has several"):
        align(districts, ParTable.from_syntax(MODEL, std_lv=True, groups=["a", "b"]), group="district")
    with pytest.raises(ic.ResponseError, match=r"in every group: .*must be numbers"):
        align(districts.assign(x0="a lot"), MODEL, group="district")


# The record and its pictures


def test_the_record_turns_into_plain_values_and_pictures(aligned):
    told = aligned.to_dict()
    assert told["search"][0]["converged"] is True
    assert "6 groups" in repr(aligned)
    assert aligned.to_frame(0.9)["upper"].iloc[-1] < aligned.to_frame(0.99)["upper"].iloc[-1]
    with pytest.raises(ic.ModelError, match="factor='h'"):
        aligned.pairwise("h")
    means, parameters = aligned.plot(), aligned.plot(of="parameters")
    shown = [label.get_text() for label in means.get_yticklabels()]
    assert shown == aligned.means.sort_values("mean")["group"].tolist()
    assert len(parameters.patches) == 2  # a mark for each parameter that is not invariant
    with pytest.raises(ic.ModelError, match="of='both'"):
        draw_alignment(aligned, of="both")
