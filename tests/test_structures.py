"""Rival structures of one survey, what tells scales apart, and exploratory structural equation models."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from semopy.examples import holzinger39

import internal_coherence as ic
from internal_coherence.measurement.structure.held_out import folds_of, held_out_likelihood, log_density
from internal_coherence.measurement.structure.target import towards

SCALES = {"v": ["x1", "x2", "x3"], "t": ["x4", "x5", "x6"], "s": ["x7", "x8", "x9"]}


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def hs():
    return holzinger39.get_data()


@pytest.fixture(scope="module")
def three():
    """Holzinger & Swineford's tests as the items of an instrument of three scales in one dimension, in twenty schools."""
    data = holzinger39.get_data().reset_index(drop=True)
    book = pd.DataFrame(
        {
            "item": [f"x{k}" for k in range(1, 10)],
            "scale": np.repeat(["v", "t", "s"], 3),
            "low": 0,
            "high": 12,
            "text": "a test",
        }
    )
    frame = data[book["item"]].round().clip(0, 12).assign(school=np.arange(len(data)) % 20)
    return ic.read_responses(frame, ic.read_codebook(book), school="school")


@pytest.fixture(scope="module")
def rivals(three):
    return quietly(lambda: ic.rival_structures(three, folds=5))


def test_an_exploratory_model_is_lavaans(hs, reference):
    # lavaan 0.6-14: cfa('efa("b")*...', rotation = "target")
    expected = reference("lavaan_exploratory")
    found = ic.exploratory_model(hs, SCALES)
    assert found.fit.chisq == pytest.approx(expected["chisq"], rel=1e-6)
    assert found.fit.df == expected["df"]
    theirs = pd.DataFrame(expected["solution"])
    both = found.to_frame().merge(theirs, on=["lhs", "op", "rhs"], suffixes=("", "_theirs"))
    assert len(both) == 30
    np.testing.assert_allclose(both["est"], both["est.std"], atol=2e-5)
    # lavaan takes the rotation as if the items' standard deviations were known; ours lets them vary with the sample.
    np.testing.assert_allclose(both["se"], both["se_theirs"], rtol=0.12, atol=1e-9)
    np.testing.assert_allclose(both["se"], both["se_theirs"], atol=0.008)


def test_standard_errors_of_turned_loadings_are_those_of_drawn_samples(hs):
    found = ic.exploratory_model(hs, SCALES)
    rng, items = np.random.default_rng(1), found.loadings.index
    rows = [rng.integers(len(hs), size=len(hs)) for _ in range(120)]
    drawn = [quietly(lambda k=k: ic.exploratory_model(hs.iloc[k], SCALES)).loadings.to_numpy() for k in rows]
    se = found.to_frame()["se"].to_numpy()[: len(items) * 3].reshape(-1, 3)
    ratio = np.std(drawn, axis=0) / se
    assert np.median(ratio) == pytest.approx(1, abs=0.15)
    assert ratio.min() > 0.6
    assert ratio.max() < 1.8


def test_turning_reaches_the_target_where_it_can_be_reached():
    rng = np.random.default_rng(2)
    L = np.kron(np.eye(3), np.ones((4, 1))) * rng.uniform(0.5, 0.9, (12, 3))
    phi = np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]])
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    found, between, T = towards(L @ np.linalg.cholesky(phi) @ turn, L == 0)
    sign = np.sign(found.sum(axis=0))
    np.testing.assert_allclose(found * sign, L, atol=1e-6)
    np.testing.assert_allclose(between * np.outer(sign, sign), phi, atol=1e-6)
    np.testing.assert_allclose((T**2).sum(axis=0), 1)


def test_the_fit_of_an_exploratory_model_does_not_depend_on_the_anchors(hs):
    straight = ic.exploratory_model(hs, SCALES).fit.chisq
    turned = ic.exploratory_model(hs, dict(reversed(SCALES.items()))).fit.chisq
    assert straight == pytest.approx(turned, rel=1e-7)


def test_rows_of_the_table_are_the_fits(rivals, three):
    table = rivals.to_frame().set_index("structure")
    assert list(table.index) == ["correlated", "one_factor", "second_order", "bifactor", "exploratory"]
    alone = quietly(lambda: ic.cfa(three, estimator="MLR"))
    m = alone.fit_measures()
    row = table.loc["correlated"]
    assert row["chisq"] == m["chisq_scaled"]
    assert (row["cfi"], row["bic"], row["srmr"]) == (m["cfi_robust"], m["bic"], m["srmr"])
    assert rivals.n_schools == 20
    assert table.loc["second_order", "same_as"] == "correlated"  # three factors under one are three that correlate
    assert table.loc["exploratory", "n_parameters"] > row["n_parameters"]


def test_what_is_held_out_is_not_seen(three):
    fit = quietly(lambda: ic.cfa(three, estimator="MLR"))
    folds = folds_of(fit, 4, np.random.default_rng(0))
    assert sorted(np.concatenate(folds)) == list(range(20))
    found = held_out_likelihood(fit, folds)
    schools = [fit._schools[k] for k in folds[1]]
    without = quietly(
        lambda: ic.cfa(three.select(school=[s for s in three.schools if s not in schools]), estimator="MLR")
    )
    at = without._fitted.implied[0]
    for k, school in zip(folds[1], schools, strict=True):
        rows = three.items[(three.school == school).to_numpy()][list(fit.observed)].to_numpy(dtype=float)
        expected = multivariate_normal(at.mu, at.sigma).logpdf(rows).sum()
        assert found[k] == pytest.approx(expected, rel=1e-6)


def test_densities_are_of_what_was_answered():
    rng = np.random.default_rng(3)
    X, mu = rng.normal(size=(6, 3)), np.array([0.1, 0.2, 0.3])
    sigma = np.eye(3) + 0.4
    X[2, 1] = X[4, 0] = X[4, 2] = np.nan
    expected = [
        multivariate_normal(mu[a], sigma[np.ix_(a, a)]).logpdf(x[a]) for x in X for a in [np.flatnonzero(~np.isnan(x))]
    ]
    np.testing.assert_allclose(log_density(X, mu, sigma), expected)


def test_held_out_differences_are_from_the_best(rivals):
    table = rivals.to_frame().set_index("structure")
    best = table["held_out"].idxmax()
    assert table.loc[best, "held_out_diff"] == 0
    np.testing.assert_allclose(table["held_out_diff"], table["held_out"].max() - table["held_out"])
    assert table.loc["one_factor", "held_out_diff"] > 2 * table.loc["one_factor", "held_out_se"]
    assert table.loc["second_order", "held_out"] == pytest.approx(table.loc["correlated", "held_out"], abs=1e-4)


def test_what_tells_scales_apart_is_of_the_same_answers(rivals, three):
    validity = rivals.validity
    std = rivals.fits["correlated"].standardized_solution()
    first = std[(std["op"] == "~~") & (std["lhs"] == "v") & (std["rhs"] == "t")].iloc[0]
    assert validity.loc[0, "correlation"] == first["est_std"]
    htmt = ic.htmt(three, missing="listwise").to_frame()
    np.testing.assert_allclose(validity["htmt2"], htmt["htmt2"])
    raw = rivals.fits["correlated"].parameter_estimates()
    lam = raw[(raw["op"] == "=~") & (raw["lhs"] == "v")]["est"].to_numpy()
    phi = raw[(raw["op"] == "~~") & (raw["lhs"] == "v") & (raw["rhs"] == "v")]["est"].iloc[0]
    psi = raw[(raw["op"] == "~~") & (raw["lhs"] == raw["rhs"]) & raw["lhs"].isin(["x1", "x2", "x3"])]["est"].sum()
    assert validity.loc[0, "ave"] == pytest.approx(phi * (lam**2).sum() / (phi * (lam**2).sum() + psi))
    assert validity["fornell_larcker"].tolist() == [
        bool(r.correlation**2 < min(r.ave, r.ave_other)) for r in validity.itertuples()
    ]


def test_the_general_factors_share_is_that_of_its_loadings():
    district = ic.simulate_responses(n_schools=60, teachers=15, rng=1)
    found = quietly(lambda: ic.rival_structures(district, ("correlated", "bifactor"), estimator="ML", folds=0))
    whole, fit = found.general.iloc[0], found.fits["bifactor"]
    std = fit.standardized_solution()
    loads = std[std["op"] == "=~"]
    g = loads[loads["lhs"] == "general"]["est_std"].to_numpy()
    own = loads[loads["lhs"] != "general"]["est_std"].to_numpy()
    assert whole["ecv"] == pytest.approx((g**2).sum() / ((g**2).sum() + (own**2).sum()))
    sizes = np.array([len(scale.item_keys) for scale in district.instrument.scales])
    assert whole["puc"] == pytest.approx(1 - (sizes * (sizes - 1)).sum() / (50 * 49))
    raw, total = fit.parameter_estimates(), fit._fitted.implied[0].sigma.sum()
    variance = raw[(raw["op"] == "~~") & (raw["lhs"] == "general") & (raw["rhs"] == "general")]["est"].iloc[0]
    lam = raw[(raw["op"] == "=~") & (raw["lhs"] == "general")]["est"].sum()
    assert whole["omega_hierarchical"] == pytest.approx(lam**2 * variance / total)
    assert len(found.general) == 12
    assert "In the bifactor model" in found.describe()


def test_the_paragraph_says_what_the_table_has(rivals):
    text = rivals.describe()
    assert "second_order is the same model as correlated" in text
    assert "Of 3 pairs of scales" in text
    assert "What schools answer that it was not fitted to" in text
    assert repr(rivals).startswith("<RivalStructures: 5 structures, the least BIC ")


def test_models_of_ones_own_can_be_rivals(three):
    own = {
        "one": f"g =~ {' + '.join(three.items.columns)}",
        "two": "a =~ x1 + x2 + x3\nb =~ x4 + x5 + x6 + x7 + x8 + x9",
    }
    found = quietly(lambda: ic.rival_structures(three, own, folds=0))
    assert found.to_frame()["structure"].tolist() == ["one", "two"]
    assert found.validity is None
    assert found.general is None
    assert found.exploratory is None
    assert "held_out" in found.to_frame()


@pytest.mark.parametrize(
    ("structures", "folds", "message"),
    [
        (("correlated",), 0, "two structures or more"),
        (("correlated", "bifacter"), 0, "did you mean 'bifactor'"),
        (("correlated", "method"), 0, "reversed items"),
        (("correlated", "one_factor"), 30, "no more than there are schools, 20"),
        (("correlated", "one_factor"), 1, "two or more"),
    ],
)
def test_what_can_not_be_compared_is_refused(structures, folds, message, three):
    with pytest.raises(ic.ModelError, match=message):
        quietly(lambda: ic.rival_structures(three, structures, folds=folds))


@pytest.mark.filterwarnings("ignore::internal_coherence.errors.SmallSampleWarning")
def test_a_structure_that_can_not_be_fitted_stays_in_the_table(three):
    broken = {
        "fine": "v =~ x1 + x2 + x3\nt =~ x4 + x5 + x6",
        "broken": "v =~ x1 + x2 + x3\nt =~ x4 + x5\nu =~ x6\nu ~~ x6",
    }
    with pytest.warns(ic.ConvergenceWarning, match="'broken' could not be fitted"):
        found = ic.rival_structures(three, broken, folds=0, estimator="ML")
    assert found.to_frame()["converged"].tolist() == [True, False]
    assert "Not fitted: broken" in found.describe()


def test_models_of_other_items_are_not_rivals(three):
    unlike = {"small": "v =~ x1 + x2 + x3 + x4", "big": "v =~ x1 + x2 + x3 + x4 + x5"}
    with pytest.raises(ic.ModelError, match="big is of other variables"):
        quietly(lambda: ic.rival_structures(three, unlike, folds=0))
    with pytest.raises(ic.ModelError, match="'MRL' is not one of"):
        quietly(lambda: ic.rival_structures(three, ("correlated", "one_factor"), estimator="MRL"))


def test_the_best_is_sought_among_proper_models_each_once(rivals):
    names = [row["structure"] for row in rivals.ranked]
    assert "second_order" not in names  # the same model as correlated
    best = min(rivals.ranked, key=lambda row: row["bic"])["structure"]
    assert f"the least BIC {best};" in repr(rivals)


def test_standard_errors_of_turned_loadings_shrink_with_the_root_of_n(hs):
    few = ic.exploratory_model(hs, SCALES).to_frame()["se"]
    many = ic.exploratory_model(pd.concat([hs] * 400, ignore_index=True), SCALES).to_frame()["se"]
    np.testing.assert_allclose(many * np.sqrt(400), few, rtol=1e-3)


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        (None, "needs scales="),
        ({"a": ["x1", "x2", "x3"]}, "two scales or more"),
        ({"a": ["x1", "x2"], "b": ["x2", "x3"]}, "in two scales: 'x2'"),
        ({"a": ["x1", "x2"], "b": ["x3", "x4"]}, "too few for 2 factors"),
    ],
)
def test_exploratory_models_that_make_no_sense_are_refused(scales, message, hs):
    with pytest.raises(ic.ModelError, match=message):
        ic.exploratory_model(hs, scales)
