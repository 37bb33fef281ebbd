"""The two-level normal model: its density, its derivatives, its maximum, against lavaan and by first principles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal_coherence.measurement.multilevel.two_level_factor import two_level_factor
from internal_coherence.moments.grouping import group
from internal_coherence.moments.two_level import two_level_point
from internal_coherence.moments.two_level_saturated import from_mean_squares, mean_squares, saturated_two_level
from internal_coherence.moments.two_level_sums import TwoLevelSums, school_sums
from internal_coherence.schools.variance.random_intercept import RandomIntercept, SizeClasses


def survey(rng, J=30, k=3, least=2, most=12, between=0.5, own=0.4):
    """Answers of teachers in schools of unequal size, one factor at each level and some of each item's own."""
    size = rng.integers(least, most + 1, J)
    code = np.repeat(np.arange(J), size)
    of_school = between * rng.normal(size=(J, 1)) + own * rng.normal(size=(J, k))
    X = of_school[code] + rng.normal(size=(len(code), 1)) + rng.normal(size=(len(code), k)) + np.arange(k)
    return X, code


def sums_of(X, school) -> TwoLevelSums:
    return school_sums(X, group(school, len(X))).gathered()


def read(name, items, school):
    table = pd.read_csv(Path(__file__).parent / "reference" / "data" / f"{name}.csv")
    return sums_of(table[items].to_numpy(float), table[school])


DATA = {
    "demo": ("demo_twolevel", ["y1", "y2", "y3"], "cluster"),
    "team": ("lq2002", [f"LEAD{i:02d}" for i in range(1, 6)], "COMPID"),
    "lead": ("lq2002", [f"LEAD{i:02d}" for i in range(1, 12)], "COMPID"),
}


def test_the_deviance_is_the_density_of_all_answers():
    X, school = survey(np.random.default_rng(1), J=8)
    W, B, mu = np.array([[2, 0.5, 0.3], [0.5, 1.5, 0.2], [0.3, 0.2, 1.0]]), 0.3 * np.eye(3) + 0.2, np.zeros(3)
    point = two_level_point(sums_of(X, school), W, B)
    total, weight, pull = 0.0, np.zeros((3, 3)), np.zeros(3)
    for j in np.unique(school):
        own = X[school == j]
        n = len(own)
        V = np.kron(np.eye(n), W) + np.kron(np.ones((n, n)), B)
        one = np.kron(np.ones((n, 1)), np.eye(3))
        weight += one.T @ np.linalg.solve(V, one)
        pull += one.T @ np.linalg.solve(V, own.ravel())
    mu = np.linalg.solve(weight, pull)
    for j in np.unique(school):
        z = (X[school == j] - mu).ravel()
        n = len(z) // 3
        V = np.kron(np.eye(n), W) + np.kron(np.ones((n, n)), B)
        total += len(z) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + z @ np.linalg.solve(V, z)
    np.testing.assert_allclose(point.mean, mu, rtol=1e-12)
    assert point.deviance == pytest.approx(total, rel=1e-13)


def test_gradient_is_the_finite_difference():
    rng = np.random.default_rng(2)
    sums = sums_of(*survey(rng, k=4))
    W, B = mean_squares(sums)
    point = two_level_point(sums, W, B)
    for level in (0, 1):
        for _ in range(4):
            D = rng.normal(size=(4, 4))
            D = D + D.T
            ends = [
                two_level_point(sums, W + h * D * (level == 0), B + h * D * (level == 1)).deviance
                for h in (1e-5, -1e-5)
            ]
            slope = (ends[0] - ends[1]) / 2e-5
            assert slope == pytest.approx(float((point.gradient[level] * D).sum()), rel=1e-5, abs=1e-4)


def test_expected_curvature_is_the_trace_formula():
    sums = sums_of(*survey(np.random.default_rng(3), k=3))
    W, B = mean_squares(sums)
    point = two_level_point(sums, W, B)
    rng = np.random.default_rng(4)
    dW, dB = (np.stack([a + a.T for a in rng.normal(size=(2, 3, 3))]) for _ in range(2))
    _, hessian = point.chained(dW, dB)
    Wi = np.linalg.inv(W)
    brute = np.zeros((2, 2))
    for a in range(2):
        for b in range(2):
            brute[a, b] = (sums.n - sums.n_schools) * np.trace(Wi @ dW[a] @ Wi @ dW[b])
            for d, J in zip(sums.size, sums.count, strict=True):
                Vi = np.linalg.inv(W + d * B)
                brute[a, b] += J * np.trace(Vi @ (dW[a] + d * dB[a]) @ Vi @ (dW[b] + d * dB[b]))
    np.testing.assert_allclose(hessian, brute, rtol=1e-10)


@pytest.mark.parametrize("name", list(DATA))
def test_no_fit_is_below_lavaans(name, reference):
    theirs = reference("multilevel_reliability")[name]
    sums = read(*DATA[name])
    ours = saturated_two_level(sums)
    assert ours.converged
    assert ours.log_likelihood >= theirs["free"]["unrestricted"]
    if theirs["saturated"]["df"] == 0 and theirs["saturated"]["chisq"] == 0:
        assert ours.log_likelihood >= theirs["saturated"]["log_likelihood"]
        assert ours.log_likelihood == pytest.approx(theirs["saturated"]["log_likelihood"], rel=1e-9)
        # lavaan stops where the likelihood is within 1e-6 of its maximum, so at some 1e-5 of the estimates
        np.testing.assert_allclose(ours.within, theirs["saturated"]["W"], atol=3e-5)
        np.testing.assert_allclose(ours.between, theirs["saturated"]["B"], atol=6e-5)
    for loadings in ("free", "equal"):
        fit, figures = two_level_factor(sums, loadings, (ours.within, ours.between)), theirs[loadings]
        assert fit.converged
        assert fit.log_likelihood >= figures["log_likelihood"]
        assert fit.log_likelihood == pytest.approx(figures["log_likelihood"], rel=1e-8)
        parts = fit.parts
        np.testing.assert_allclose(parts.lambda_w, figures["loading_within"], atol=3e-5)
        np.testing.assert_allclose(parts.lambda_b, figures["loading_between"], atol=3e-5)
        np.testing.assert_allclose(parts.psi_w, figures["residual_within"], atol=5e-5)
        np.testing.assert_allclose(parts.psi_b, figures["residual_between"], atol=5e-5)
        assert parts.phi_b == pytest.approx(figures["factor_between"], abs=5e-5)


def test_sampling_errors_are_lavaans(reference):
    theirs = reference("multilevel_reliability")["demo"]["se"]
    ours = saturated_two_level(read(*DATA["demo"]))
    W, B = ours.draw(40_000, np.random.default_rng(5))
    for drawn, se in ((W, theirs["within"]), (B, theirs["between"])):
        for a, b, figure in zip(theirs["lhs"], theirs["rhs"], se, strict=True):
            i, j = int(a[1]) - 1, int(b[1]) - 1
            assert drawn[:, i, j].std() == pytest.approx(figure, rel=0.02)


def test_where_the_likelihood_falls_without_end_the_edge_is_the_maximum_among_proper_ones():
    """LEAD of lq2002: one company of 99, so an indefinite B has no maximum; none lies higher than ours near the edge."""
    sums = read(*DATA["lead"])
    ours = saturated_two_level(sums)
    assert ours.at_edge
    assert not ours.improper
    roots, slope = ours.point.roots, ours.point.slope
    np.testing.assert_allclose(slope[0], 0, atol=1e-3)
    zero = roots < 1e-8
    assert zero.sum() >= 1
    np.testing.assert_allclose(slope[1][~zero][:, ~zero], 0, atol=1e-3)
    assert np.linalg.eigvalsh(slope[1][np.ix_(zero, zero)]).min() > 0  # more variance there would raise the deviance


def test_one_variable_is_the_random_intercept():
    X, school = survey(np.random.default_rng(6), k=1)
    sums = sums_of(X, school)
    ours = saturated_two_level(sums)
    schools = school_sums(X, group(school, len(X)), of_each=True)
    classes = SizeClasses.of(schools.size, schools.mean[:, 0], schools.within[:, 0, 0])
    best = RandomIntercept(classes=classes, method="ml").best
    assert ours.within[0, 0] == pytest.approx(best.sigma2, rel=1e-9)
    assert ours.between[0, 0] == pytest.approx(best.tau2, rel=1e-9)
    assert -2 * ours.log_likelihood == pytest.approx(best.deviance, rel=1e-12)


def test_mean_squares_are_the_maximum_of_the_stand_in():
    sums = sums_of(*survey(np.random.default_rng(7)))
    muml = from_mean_squares(sums)
    np.testing.assert_allclose(muml.point.slope, 0, atol=1e-8)


def test_schools_of_one_size_have_a_closed_form():
    X, school = survey(np.random.default_rng(8), least=6, most=6)
    sums = sums_of(X, school)
    W, B = mean_squares(sums)
    J = sums.n_schools
    ours = saturated_two_level(sums)
    np.testing.assert_allclose(ours.within, W, rtol=1e-9)
    np.testing.assert_allclose(ours.between, (J - 1) / J * (B + W / 6) - W / 6, rtol=1e-8, atol=1e-10)


@given(st.integers(0, 10_000))
def test_the_maximum_moves_with_the_items(seed):
    rng = np.random.default_rng(seed)
    X, school = survey(rng)
    A = rng.normal(size=(3, 3)) + 2 * np.eye(3)
    if np.linalg.cond(A) > 50:
        return
    one, other = saturated_two_level(sums_of(X, school)), saturated_two_level(sums_of(X @ A.T + 5, school))
    assert one.converged
    assert one.at_edge == other.at_edge
    if not one.at_edge:
        np.testing.assert_allclose(other.within, A @ one.within @ A.T, atol=1e-6)
        np.testing.assert_allclose(other.between, A @ one.between @ A.T, atol=1e-6)


def test_schools_drawn_twice_are_schools_given_twice():
    X, school = survey(np.random.default_rng(9), J=6)
    schools = school_sums(X, group(school, len(X)), of_each=True)
    times = np.array([2.0, 0, 1, 3, 1, 1])
    drawn = schools.gathered(times)
    rows, labels = [], []
    for j, count in enumerate(times.astype(int)):
        for again in range(count):
            rows.append(X[school == j])
            labels += [f"{j}-{again}"] * int((school == j).sum())
    given = sums_of(np.concatenate(rows), labels)
    assert drawn.n == given.n
    for name in ("size", "count", "mean", "within", "scatter"):
        np.testing.assert_allclose(getattr(drawn, name), getattr(given, name), atol=1e-10)


def test_fifty_items_are_easy():
    rng = np.random.default_rng(10)
    X, school = survey(rng, J=300, k=50, least=5, most=30)
    sums = sums_of(X, school)
    fit = saturated_two_level(sums)
    assert fit.converged
    assert two_level_factor(sums, "equal", (fit.within, fit.between)).converged
