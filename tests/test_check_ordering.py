"""An order checked: against lavaan and base R, its definitions, and known truths."""

from __future__ import annotations

import itertools
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from semopy.examples import holzinger39, political_democracy

import internal_coherence as ic
from internal_coherence.ordering import Arrow
from internal_coherence.ordering import evidence as ev
from internal_coherence.ordering import implications as im
from internal_coherence.ordering.discovering import rows_with
from internal_coherence.ordering.evidence.between import SchoolCrossProducts
from internal_coherence.ordering.evidence.stage_likelihood import likelihood_of_rows
from internal_coherence.ordering.evidence.within import deviations
from internal_coherence.ordering.graphs import Independence, implied_independences
from internal_coherence.ordering.rivals import Shape, compare_with_rivals
from internal_coherence.ordering.rivals.comparing import folds_of_schools
from internal_coherence.report import ordering_wording as say

SCALES = ("lead", "team", "trust", "eff")
CHAIN = ic.Order.from_text("lead -> team -> trust -> eff", key="chain")


def book(scales=SCALES, n_items=3):
    rows = [
        {"item": f"{s}_{i}", "scale": s, "low": 1, "high": 5, "text": f"topic {i} of {s}"}
        for s in scales
        for i in range(1, n_items + 1)
    ]
    return ic.read_codebook(pd.DataFrame(rows))


def chain(names, effect=0.5):
    return dict.fromkeys(itertools.pairwise(names), effect)


@pytest.fixture(scope="module")
def answers():
    frame = pd.read_csv(Path(__file__).parent / "reference" / "data" / "ordering.csv")
    return ic.read_responses(frame, book(), school="school")


@pytest.fixture(scope="module")
def checked(answers):
    return ic.check_ordering(answers, CHAIN, fewest_schools=40, rng=1)


# Against lavaan 0.6-14 and base R


def test_correlations_and_errors_of_lavaan(checked, reference):
    ours = checked.correlations
    theirs = pd.DataFrame(reference("ordering")["correlations"])
    within = ours[ours["level"] == "within"]
    np.testing.assert_allclose(within["correlation"], theirs["est"], rtol=1e-5)
    np.testing.assert_allclose(within["se"], theirs["se"], rtol=1e-5)


def test_implications_of_lavaan(checked, reference):
    expected = reference("ordering")
    tests = checked.at("within").tests
    assert list(tests["implication"]) == [
        "lead ⟂ trust | team",
        "lead ⟂ eff | trust",
        "team ⟂ eff | lead, trust",
    ]
    z = np.array(expected["z"])
    np.testing.assert_allclose(np.arctanh(tests["estimate"]), z, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(tests["statistic"], z / expected["se_z"], rtol=1e-4, atol=1e-5)
    joint = checked.at("within").joint
    F = expected["wald"] * (40 - 3) / (3 * 39)
    assert joint.statistic == pytest.approx(F, rel=1e-4)
    assert joint.pvalue == pytest.approx(stats.f.sf(F, 3, 37), rel=1e-3)


def test_effects_of_lavaan(checked, answers, reference):
    expected = reference("ordering")
    table = checked.at("within").effects
    kinds = table.set_index(["cause", "effect", "kind"])
    asked = [("lead", "team"), ("team", "trust"), ("trust", "eff")]
    rows = [kinds.loc[(*pair, "direct")] for pair in asked]
    rows += [kinds.loc[(a, b, "total")] for a, b in [("lead", "trust"), ("team", "eff"), ("lead", "eff")]]
    np.testing.assert_allclose([row["estimate"] for row in rows], expected["chain"], rtol=1e-5)
    np.testing.assert_allclose([row["se"] for row in rows], expected["se_chain"], rtol=1e-5)
    whole = ic.check_ordering(answers, CHAIN, reading="complete", levels=["within"]).effects
    direct = whole[whole["kind"] == "direct"].set_index(["effect", "cause"])
    theirs = pd.DataFrame(expected["complete"]).set_index(["lhs", "rhs"])
    np.testing.assert_allclose(direct.loc[theirs.index, "estimate"], theirs["est.std"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(direct.loc[theirs.index, "se"], theirs["se"], rtol=1e-5)


def test_schools_against_base_r(checked, reference):
    expected = reference("ordering")
    part = checked.at("between")
    np.testing.assert_allclose(part.covariance.matrix, np.array(expected["between"]), rtol=1e-9)
    z = np.array(expected["z_between"])
    np.testing.assert_allclose(np.arctanh(part.tests["estimate"]), z, rtol=1e-9)
    np.testing.assert_allclose(part.tests["statistic"], z / expected["se_z_between"], rtol=1e-6)
    F = expected["wald_between"] * (40 - 3) / (3 * 39)
    assert part.joint.statistic == pytest.approx(F, rel=1e-6)


def lavaan_estimates(reference, key):
    table = pd.DataFrame(reference("lavaan_models")[key]["pe"])
    return table.set_index(table["lhs"] + table["op"] + table["rhs"])


def as_schools(V):
    """Return contributions of units whose covariance is V."""
    e, U = np.linalg.eigh(V)
    moved = (U * np.sqrt(np.maximum(e, 0))).T
    return moved * np.sqrt((len(V) - 1) / len(V))


@pytest.mark.filterwarnings("ignore::internal_coherence.SmallSampleWarning")
def test_effects_of_political_democracy(reference):
    """lavaan 0.6-20, poldem.mediation.ML: the structural part is saturated, so that two steps are one."""
    pd_data = political_democracy.get_data()
    model = "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + y2 + y3 + y4\ndem65 =~ y5 + y6 + y7 + y8"
    fit = ic.cfa(pd_data, model)
    names = ("ind60", "dem60", "dem65")
    free = {row.name: row.free - 1 for row in fit.table.entries if row.free}
    at = [(a, b, free[n]) for a in range(3) for b in range(a, 3) for n in [f"{names[a]}~~{names[b]}"] if n in free]
    assert len(at) == 6
    own = [k for _, _, k in at]
    rows = as_schools(fit.vcov[np.ix_(own, own)])
    phi, moved = np.zeros((3, 3)), np.zeros((len(rows), 3, 3))
    for c, (a, b, k) in enumerate(at):
        phi[a, b] = phi[b, a] = fit.coef[k]
        moved[:, a, b] = moved[:, b, a] = rows[:, c]
    path = im.PathModel.of(phi, moved, [[], [0], [0, 1]])
    found = {(e.cause, e.effect, e.kind): k for k, e in enumerate(path.effects())}
    values, changes = path.values(path.effects())
    errors = np.sqrt(np.diag(ev.covariance_by_school(changes)))
    table = lavaan_estimates(reference, "poldem.mediation.ML")
    keys = {"dem60~ind60": (0, 1, "direct"), "dem65~dem60": (1, 2, "direct"), "dem65~ind60": (0, 2, "direct")}
    keys |= {"ind:=a*b": (0, 2, "indirect"), "total:=cp+a*b": (0, 2, "total")}
    for name, key in keys.items():
        assert values[found[key]] == pytest.approx(table.loc[name, "est"], rel=1e-5)
        assert errors[found[key]] == pytest.approx(table.loc[name, "se"], rel=1e-5)


def test_effects_of_observed_mediation(reference):
    """lavaan 0.6-20, path.observed.mediation: x1 → x4 → x9 with x1 and x7 as causes of x9 too."""
    data = holzinger39.get_data()[["x1", "x7", "x4", "x9"]].to_numpy(dtype=float)
    parents = [[], [], [0], [0, 1, 2]]
    # lavaan's errors rest on the model's covariances: x4 unrelated to x7 given x1.
    n, S = len(data), im.implied_covariance(np.cov(data.T, bias=True), parents, [(0, 1)])
    first, second = np.tril_indices(4)
    G = (S[np.ix_(first, first)] * S[np.ix_(second, second)] + S[np.ix_(first, second)] * S[np.ix_(second, first)]) / n
    rows = as_schools(G)
    moved = np.zeros((len(rows), 4, 4))
    moved[:, first, second] = moved[:, second, first] = rows
    path = im.PathModel.of(S, moved, parents)
    found = {(e.cause, e.effect, e.kind): k for k, e in enumerate(path.effects())}
    values, changes = path.values(path.effects())
    errors = np.sqrt(np.diag(ev.covariance_by_school(changes)))
    table = lavaan_estimates(reference, "path.observed.mediation")
    keys = {"x4~x1": (0, 2, "direct"), "x9~x4": (2, 3, "direct"), "x9~x1": (0, 3, "direct")}
    keys |= {"ab:=a*b": (0, 3, "indirect"), "tot:=c+a*b": (0, 3, "total")}
    for name, key in keys.items():
        assert values[found[key]] == pytest.approx(table.loc[name, "est"], rel=1e-6)
        assert errors[found[key]] == pytest.approx(table.loc[name, "se"], rel=1e-5)


# Definitions


def test_contributions_are_derivatives():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((4, 9))
    phi = A @ A.T / 9
    d = rng.standard_normal((1, 4, 4)) * 1e-6
    d = d + d.transpose(0, 2, 1)
    parents = [[], [0], [0, 1], [1, 2]]

    def all_values(matrix):
        path = im.PathModel.of(matrix, np.zeros((0, 4, 4)), parents)
        r, _ = im.partial_correlation(matrix, np.zeros((0, 4, 4)), 0, 3, [1, 2])
        return np.append(path.values(path.effects())[0], r)

    path = im.PathModel.of(phi, d, parents)
    moved = np.append(path.values(path.effects())[1][0], im.partial_correlation(phi, d, 0, 3, [1, 2])[1][0])
    numeric = (all_values(phi + d[0]) - all_values(phi - d[0])) / 2
    np.testing.assert_allclose(moved, numeric, rtol=1e-5, atol=1e-12)


def test_partial_correlation_is_that_of_residuals():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((200, 4)) @ rng.standard_normal((4, 4))
    X -= X.mean(axis=0)
    left = [X[:, k] - X[:, [2, 3]] @ np.linalg.lstsq(X[:, [2, 3]], X[:, k], rcond=None)[0] for k in (0, 1)]
    r, _ = im.partial_correlation(np.cov(X.T), np.zeros((0, 4, 4)), 0, 1, [2, 3])
    assert r == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-12)


def test_implied_covariances_meet_the_implications():
    rng = np.random.default_rng(3)
    A = rng.standard_normal((5, 12))
    phi = A @ A.T
    graph = ic.Order.from_text("a -> b -> d; a -> c -> d; d -> e").graph()
    shape = Shape.of(graph)
    implied = im.implied_covariance(phi, shape.parents)
    place = {n: k for k, n in enumerate(graph.nodes)}
    for claim in implied_independences(graph):
        r, _ = im.partial_correlation(
            implied, np.zeros((0, 5, 5)), place[claim.first], place[claim.second], [place[x] for x in claim.given]
        )
        assert abs(r) < 1e-10
    for pair in [("a", "a"), ("a", "b"), ("a", "c"), ("b", "b"), ("c", "c")]:
        at = tuple(place[n] for n in pair)
        assert implied[at] == pytest.approx(phi[at], rel=1e-10)


def test_the_likelihood_of_rows_is_the_normal_density():
    rng = np.random.default_rng(4)
    L, T = rng.uniform(0.5, 1, (7, 3)), np.diag(rng.uniform(0.3, 1, 7))
    X = rng.standard_normal((30, 7))
    X[rng.random(X.shape) < 0.2] = np.nan
    X[0] = np.nan
    X[:, 0] = rng.standard_normal(30)
    own = likelihood_of_rows(X, rng.integers(0, 5, 30), L, T)
    phis = []
    for _ in range(3):
        A = rng.standard_normal((3, 5))
        phis.append(A @ A.T)

    def density(phi):
        total = 0.0
        for x in X:
            has = ~np.isnan(x)
            total += stats.multivariate_normal.logpdf(
                x[has], np.zeros(has.sum()), (L @ phi @ L.T + T)[np.ix_(has, has)]
            )
        return total

    ours, theirs = own.values(np.stack(phis)), [density(phi) for phi in phis]
    np.testing.assert_allclose(np.diff(ours), np.diff(theirs), rtol=1e-9)
    assert own.by_school(phis[0], 5).sum() == pytest.approx(ours[0], rel=1e-12)
    units = np.array([2.0, 0.5, 3.0])
    assert own.in_units(units).values((phis[0] / np.outer(units, units))[None])[0] == pytest.approx(ours[0], rel=1e-10)


def test_the_jackknife_leaves_schools_out(answers):
    stages = ev.measured_stages(CHAIN, answers.instrument)
    scores = ev.stage_scores(answers, stages)
    sums = SchoolCrossProducts.of(scores.teachers, scores.school, 40)
    without = sums.between_without_each()
    for j in (0, 17, 39):
        kept = scores.school != j
        _, again = np.unique(scores.school[kept], return_inverse=True)
        np.testing.assert_allclose(
            without[j], SchoolCrossProducts.of(scores.teachers[kept], again, 39).between(), atol=1e-12
        )


def test_what_is_left_without_a_fold_is_what_a_fit_without_it_gives(answers):
    stages = ev.measured_stages(CHAIN, answers.instrument)
    whole = ev.within_schools(answers, stages)
    fold = folds_of_schools(40, 5, np.random.default_rng(1))[0]
    kept = [name for name, out in zip(whole.schools, fold, strict=True) if not out]
    fitted = ev.within_schools(answers.select(school=kept), stages)
    near = whole.matrix - whole.contributions[fold].sum(axis=0) * 40 / (40 - fold.sum())
    assert np.abs(near - fitted.matrix).max() < 0.25 * np.abs(whole.matrix - fitted.matrix).max()


def test_composites_are_means_of_scales(answers):
    order = ic.Order.from_text("first -> eff", measured_by={"first": ["lead", "team", "trust"]})
    apart = ev.within_schools(answers, ev.measured_stages(CHAIN, answers.instrument))
    joined = ev.within_schools(answers, ev.measured_stages(order, answers.instrument))
    W = np.array([[1 / 3, 1 / 3, 1 / 3, 0], [0, 0, 0, 1]])
    np.testing.assert_allclose(joined.matrix, W @ apart.matrix @ W.T, rtol=1e-6)
    np.testing.assert_allclose(joined.contributions, W @ apart.contributions @ W.T, rtol=1e-4, atol=1e-8)
    assert joined.standardized().matrix[0, 1] == pytest.approx(joined.correlations[0, 1])


@pytest.mark.filterwarnings("ignore::internal_coherence.SmallSampleWarning")
def test_a_common_factor_of_scales(answers):
    """A stage as a latent variable above its scales: lavaan's second-order model by our engine."""
    order = ic.Order.from_text("first -> eff", measured_by={"first": ["lead", "team", "trust"]})
    stages = ev.measured_stages(order, answers.instrument)
    found = ev.within_schools(answers, stages, stage_as="factor")
    apart = deviations(answers, [i.key for i in answers.instrument.items])
    frame = pd.DataFrame(apart.answers, columns=[i.key for i in answers.instrument.items])
    syntax = (
        "\n".join(f"{s} =~ " + " + ".join(f"{s}_{i}" for i in (1, 2, 3)) for s in SCALES)
        + "\nfirst =~ lead + team + trust"
    )
    fit = ic.cfa(frame, syntax, cluster=apart.school, std_lv=True, estimator="MLR", insist=True)
    std = fit.parameter_estimates().set_index(["lhs", "op", "rhs"])
    row = std.loc[("eff", "~~", "first")] if ("eff", "~~", "first") in std.index else std.loc[("first", "~~", "eff")]
    assert found.matrix[0, 1] == pytest.approx(row["est"], rel=1e-6)
    assert found.to_frame()["se"].iloc[0] == pytest.approx(row["se"], rel=1e-6)


# Known truths


@pytest.fixture(scope="module")
def five():
    names = ("a", "b", "c", "d", "e")
    responses = ic.simulate_responses(book(names), n_schools=80, teachers=25, icc=0.1, graph=chain(names), rng=5)
    return names, responses


def test_a_chain_among_all_its_permutations(five):
    names, responses = five
    found = ic.check_ordering(responses, ic.Order.from_text(" -> ".join(names)), levels=["within"], rng=1)
    rivals = found.rivals
    assert found.verdict in ("compatible", "cannot tell")
    assert (rivals.n_orders, rivals.n_possible, rivals.n_classes) == (120, 120, 60)
    assert rivals.least_p == pytest.approx(2 / 120)
    assert rivals.informative
    assert rivals.rank == 1
    assert rivals.permutation_p == pytest.approx(2 / 120)
    table = rivals.to_frame()
    assert set(table["n_orders"]) == {2}
    assert table.iloc[0]["held_out"] == 0
    assert rivals.tied == ("a → b → c → d → e", "e → d → c → b → a")
    assert found.same_shape == ("e → d → c → b → a",)
    assert len(found.equivalent_orders) == 5
    # every class but its own is contradicted
    assert (table.loc[~table["own"], "pvalue"] < 0.05).all()


def test_wrong_orders_are_contradicted_and_complete_ones_are_untestable(five):
    names, responses = five
    wrong = ic.check_ordering(responses, ic.Order.from_text("b -> a -> c -> e -> d"), levels=["within"], rivals=False)
    assert wrong.verdict == "contradicted"
    assert wrong.rivals is None
    whole = ic.check_ordering(
        responses, ic.Order.from_text("b -> a -> c -> e -> d"), reading="complete", levels=["within"]
    )
    assert whole.verdict == "untestable"
    assert whole.rivals is None
    assert "support" not in whole.to_html()
    assert len(whole.equivalent_orders) == 120
    again = ic.check_ordering(responses, ic.Order.from_text(" -> ".join(names)), reading="complete", levels=["within"])
    assert again.fit["log_likelihood_ratio"].iloc[0] == pytest.approx(0, abs=1e-6)


def test_equivalent_orders_fit_the_same(five):
    _names, responses = five
    ways = ["a -> b -> c -> d -> e", "e -> d -> c -> b -> a", "c -> b -> a; c -> d -> e"]
    found = [ic.check_ordering(responses, ic.Order.from_text(way), levels=["within"], rivals=False) for way in ways]
    for other in found[1:]:
        assert other.at("within").log_likelihood_ratio == pytest.approx(
            found[0].at("within").log_likelihood_ratio, abs=1e-8
        )
        # The test's value depends on which basis of the same implications is taken, a little.
        assert other.joint.statistic == pytest.approx(found[0].joint.statistic, rel=0.05)


def test_unmeasured_stages_in_the_middle(five):
    _, responses = five
    order = ic.Order.from_text("a -> hidden -> b -> c", measured_by={"hidden": []})
    found = ic.check_ordering(responses, order, levels=["within"])
    plain = ic.check_ordering(responses, ic.Order.from_text("a -> b -> c"), levels=["within"])
    pd.testing.assert_frame_equal(found.local_tests, plain.local_tests)
    assert any("nothing measures 'hidden'" in note for note in found.notes)


def test_unmeasured_common_causes(five):
    _, responses = five
    order = ic.Order.from_text("hidden -> a; hidden -> c; a -> b; c -> d", measured_by={"hidden": []})
    found = ic.check_ordering(responses, order, levels=["within"])
    assert found.rivals is None
    assert found.equivalent_orders == ()
    assert any("stand behind a and c" in note for note in found.notes)
    assert len(found.local_tests) == 3


@pytest.mark.parametrize("interval", ["monte_carlo", "bootstrap"])
def test_other_limits_are_near_the_delta_methods(five, interval):
    _names, responses = five
    order = ic.Order.from_text("a -> b -> c")
    draws = 4000 if interval == "monte_carlo" else 200
    other = ic.check_ordering(responses, order, interval=interval, draws=draws, rng=3, rivals=False).effects
    delta = ic.check_ordering(responses, order, rivals=False).effects
    wide = (delta["ci_upper"] - delta["ci_lower"]).to_numpy()
    for limit in ("ci_lower", "ci_upper"):
        assert (
            np.abs(other[limit] - delta[limit]).to_numpy() < (0.1 if interval == "monte_carlo" else 0.25) * wide
        ).all()
    again = ic.check_ordering(responses, order, interval=interval, draws=draws, rng=3, rivals=False).effects
    pd.testing.assert_frame_equal(other, again)


def test_naive_tests_reject_too_often_and_ours_do_not():
    """At ICC .3 with shifts of whole schools a test of single teachers would reject a true independence of schools' parts."""
    rng = np.random.default_rng(11)
    names = ("a", "b", "c")
    order = ic.Order.from_text("a -> b -> c")
    rejected = 0
    for _ in range(40):
        responses = ic.simulate_responses(book(names), n_schools=24, teachers=15, icc=0.3, graph=chain(names), rng=rng)
        rejected += ic.check_ordering(responses, order, levels=["within"], rivals=False).joint.pvalue < 0.05
    assert rejected <= 6  # .05 of 40 is 2; 6 or fewer in 99.7 % of all runs


def test_detectable_is_what_power_says():
    """Of a violation as large as `detectable`, four fifths of surveys would find it: by noncentral t."""
    claims = [Independence("a", "b")]
    moved = np.full((30, 1), 0.01)
    own = im.Associations(claims=tuple(claims), z=np.zeros(1), moved=moved)
    table = im.local_tests(own, "within", alpha=0.05, matters=0.1)
    nc = np.arctanh(table["detectable"].iloc[0]) / own.se[0]
    assert stats.nct.sf(stats.t.ppf(0.975, 29), 29, nc) == pytest.approx(0.8, rel=1e-6)


def test_multiplicity_is_statsmodels(checked):
    from statsmodels.stats.multitest import multipletests

    table = checked.at("within").tests
    np.testing.assert_allclose(table["pvalue_holm"], multipletests(table["pvalue"], method="holm")[1])
    np.testing.assert_allclose(table["pvalue_bh"], multipletests(table["pvalue"], method="fdr_bh")[1])
    C = -2 * np.log(table["pvalue"]).sum()
    assert checked.at("within").joint.fisher_pvalue == pytest.approx(stats.chi2.sf(C, 6), rel=1e-9)


# Outcomes


def test_an_outcome_is_joined_by_school(five):
    _names, responses = five
    rng = np.random.default_rng(1)
    means = ic.score(responses).groupby(responses.school)["c"].mean()
    achievement = (means - means.mean()) / means.std() + rng.standard_normal(len(means)) * 1.5
    order = ic.Order.from_text("a -> b -> c -> achievement", outcomes=["achievement"])
    found = ic.check_ordering(responses, order, outcomes={"achievement": achievement}, rivals=False)
    assert found.at("between").covariance.stages == ("a", "b", "c", "achievement")
    assert found.at("within").covariance.stages == ("a", "b", "c")
    direct = found.effects.set_index(["level", "cause", "effect", "kind"]).loc[
        ("between", "c", "achievement", "direct")
    ]
    assert direct["ci_lower"] > 0
    few = achievement.iloc[:7]
    with pytest.raises(ic.ResponseError, match="outcome 'achievement' is known for 7 of 80 schools"):
        ic.check_ordering(responses, order, outcomes={"achievement": few})
    with pytest.raises(ic.ModelError, match="outcomes says stage by stage"):
        ic.check_ordering(responses, order, outcomes=achievement)
    for wrong, message in [
        (achievement.rename(lambda s: f"x{s}"), "known for none of the 80 schools"),
        (achievement * 0 + 1, "does not vary"),
        (pd.concat([achievement, achievement]), "several values"),
        (achievement.to_numpy(), "give a Series indexed by school"),
        (
            achievement.astype(object).where(achievement > -9, "x").mask(achievement.index == "School 03", "high"),
            "no numbers, such as 'high'",
        ),
    ]:
        with pytest.raises(ic.ResponseError, match=message):
            ic.check_ordering(responses, order, outcomes={"achievement": wrong})
    with pytest.raises(ic.ModelError, match="stage 'a' is measured by scales"):
        ic.check_ordering(responses, order, outcomes={"a": achievement})
    with pytest.raises(ic.ModelError, match="has no stage 'achievment'; did you mean 'achievement'"):
        ic.check_ordering(responses, order, outcomes={"achievment": achievement})


# Records and pages


def test_the_record_is_plain_and_the_page_says_what_it_should(checked, tmp_path):
    text = json.dumps(checked.to_dict())
    assert "made_by" in text
    page = checked.to_html(tmp_path / "chain.html")
    assert (tmp_path / "chain.html").read_text(encoding="utf-8") == page
    for words in (
        "provisional",
        "can&#39;t establish",
        "Rivals",
        "Design",
        "no survey at one time can tell",
        "40 schools",
    ):
        assert words in page
    assert repr(checked).startswith("<OrderingResult 'chain', chain: within schools")
    assert checked.plot().texts
    assert checked.rivals.plot().get_xlabel()
    assert list(checked.fit["level"]) == ["within", "between"]
    assert checked.joint.n_implications == 6
    assert "causes" not in page


def test_nothing_is_worded_as_an_effect(checked, five, causal_words):
    _, responses = five
    wrong = ic.check_ordering(responses, ic.Order.from_text("b -> a -> c -> e -> d"), levels=["within"], rng=1)
    whole = ic.check_ordering(responses, ic.Order.from_text("a -> b -> c"), reading="complete", levels=["within"])
    said = [say.CHECK_CAUTION, say.ROBUSTNESS]
    for found in (checked, wrong, whole):
        said.append(say.verdict_sentence(found))
        said += say.order_sentences(found.order, found.reading) + say.equivalence_sentences(found)
        for part in found.levels:
            said += say.level_sentences(part, 0.05, 0.1)
            said += say.rivals_sentences(part.rivals) if part.rivals else []
    assert any("fails: the partial correlation is" in sentence for sentence in said)
    assert any("untestable" in sentence for sentence in said)
    for sentence in said:
        assert not causal_words.search(sentence), sentence
        assert "support" not in sentence.replace("no support", "").replace("supported", "")


def test_the_page_asks_how_wrong_it_could_be(five):
    _, responses = five
    order = ic.Order.from_text("a -> b -> c")
    found = ic.check_ordering(responses, order, levels=["within"], rivals=False)
    page = found.to_html()
    assert "How wrong could it be?" in page
    assert "robustness value" in page
    more = ic.ordering_sensitivity(responses, order)
    assert "All that was asked" in found.to_html(sensitivity=more)
    with pytest.raises(ic.ModelError, match=r"sensitivity= is what ordering_sensitivity\(\) gives of the order 'mine'"):
        found.to_html(sensitivity=found)


def test_hostile_names_are_escaped():
    names = ("<script>alert(1)</script>", 'b"c', "d\\e")
    responses = ic.simulate_responses(book(("x", "y", "z")), n_schools=30, teachers=10, rng=1)
    user = ic.Provenance("user")
    order = ic.Order(
        key="x<y",
        title="<b>bold</b>",
        statement=user,
        stages=tuple(ic.Stage(key=n, label=n, measured_by=(s,)) for n, s in zip(names, "xyz", strict=True)),
        arrows=tuple(Arrow(cause=a, effect=b, basis=user) for a, b in pairwise(names)),
    )
    page = ic.check_ordering(responses, order, levels=["within"]).to_html()
    assert "<script>alert" not in page
    assert "<b>bold" not in page


# Bad input


def test_what_cannot_be_checked(answers, five, example):
    with pytest.raises(ic.ModelError, match="did you mean 'chain'"):
        ic.check_ordering(answers, CHAIN, reading="chains")
    with pytest.raises(ic.ModelError, match="levels is a list"):
        ic.check_ordering(answers, CHAIN, levels="within")
    with pytest.raises(ic.ModelError, match="'school' is not one of"):
        ic.check_ordering(answers, CHAIN, levels=["school"])
    with pytest.raises(ic.ModelError, match="alpha=5"):
        ic.check_ordering(answers, CHAIN, alpha=5)
    with pytest.raises(ic.ModelError, match="takes an Order"):
        ic.check_ordering(answers, "elmore-boston")
    with pytest.raises(ic.ResponseError, match="takes Responses"):
        ic.check_ordering(answers.items, CHAIN)
    with pytest.raises(ic.ResponseError, match="select"):
        ic.check_ordering(example, ic.load_order("elmore-boston"))
    with pytest.raises(ic.ModelError, match="measures 0 of its stages"):
        ic.check_ordering(answers, ic.load_order("elmore-boston"))
    with pytest.raises(ic.ModelError, match="n_folds=1"):
        ic.check_ordering(answers, CHAIN, n_folds=1)
    half = ic.Order.from_text("x -> eff", measured_by={"x": ["lead", "nothing"]})
    with pytest.raises(ic.ModelError, match="this survey has no 'nothing'"):
        ic.check_ordering(answers, half)
    twice = {"x": ["lead"], "y": ["lead"]}
    with pytest.raises(ic.InstrumentError, match="scale 'lead' measures both 'x' and 'y'"):
        ic.Order.from_text("x -> y", measured_by=twice)
    with pytest.raises(ic.InstrumentError, match="cycle"):
        ic.Order(
            key="c",
            title="c",
            statement=ic.Provenance("user"),
            stages=CHAIN.stages,
            arrows=(*CHAIN.arrows, type(CHAIN.arrows[0])(cause="eff", effect="lead", basis="inference")),
        )


def test_few_schools(answers):
    few = ic.simulate_responses(book(), n_schools=3, teachers=80, graph=chain(SCALES), rng=3)
    found = ic.check_ordering(few, CHAIN, rivals=False)
    assert [level for level, _ in found.refused] == ["between"]
    assert "3 schools" in found.refused[0][1]
    assert found.joint.method == "bonferroni"
    assert found.joint.pvalue == pytest.approx(min(1, 3 * found.local_tests["pvalue"].min()))
    assert np.isnan(found.joint.statistic)
    assert found.verdict != "compatible"
    with pytest.raises(ic.ResponseError, match="not looked at with fewer than 40"):
        ic.check_ordering(few, CHAIN, levels=["between"])
    for k in (1, 2):
        with pytest.raises(ic.ResponseError, match=rf"{k} school\(s\) answered, and the order has 3 arrow\(s\)"):
            ic.check_ordering(answers.select(school=list(answers.schools[:k])), CHAIN)
    with pytest.raises(ic.ResponseError, match=r"12 school\(s\) answered, and the order has 15 arrow\(s\)"):
        ic.check_ordering(ic.simulate_responses(n_schools=12, rng=1), ic.load_order("working-scales"))


def test_a_teacher_alone_is_left_out_and_counted(answers):
    frame = answers.raw.assign(school=answers.school.to_numpy())
    alone = frame.iloc[[0]].assign(school="Alone")
    responses = ic.read_responses(pd.concat([frame, alone], ignore_index=True), answers.instrument, school="school")
    found = ic.check_ordering(responses, CHAIN, levels=["within"], rivals=False)
    plain = ic.check_ordering(answers, CHAIN, levels=["within"], rivals=False)
    assert found.at("within").covariance.n_excluded == 1
    np.testing.assert_allclose(found.local_tests["estimate"], plain.local_tests["estimate"], rtol=1e-6)


def test_answers_that_do_not_vary(answers):
    frame = answers.raw.assign(school=answers.school.to_numpy(), eff_1=3)
    responses = ic.read_responses(frame, answers.instrument, school="school")
    with pytest.raises(ic.ResponseError, match="all answer alike on 'eff_1'"):
        ic.check_ordering(responses, CHAIN, levels=["within"])


def test_missing_answers(answers):
    rng = np.random.default_rng(1)
    frame = answers.raw.astype(float).mask(rng.random(answers.raw.shape) < 0.05)
    responses = ic.read_responses(frame.assign(school=answers.school.to_numpy()), answers.instrument, school="school")
    whole = ic.check_ordering(answers, CHAIN, levels=["within"], rivals=False).correlations
    fiml = ic.check_ordering(responses, CHAIN, levels=["within"], rivals=False).correlations
    np.testing.assert_allclose(fiml["correlation"], whole["correlation"], atol=0.06)
    with pytest.warns(ic.MissingDataWarning, match="left out"):
        listwise = ic.check_ordering(responses, CHAIN, levels=["within"], rivals=False, missing="listwise")
    assert listwise.at("within").covariance.n_excluded > 100
    assert any("left out" in note for note in listwise.notes)


def test_sampled_rivals(five):
    _, responses = five
    found = ic.check_ordering(
        responses, ic.Order.from_text("a -> b -> c -> d -> e"), levels=["within"], most_orders=30, rng=1
    )
    assert found.rivals.n_orders == 30
    assert found.rivals.n_possible == 120
    same = ic.check_ordering(
        responses, ic.Order.from_text("a -> b -> c -> d -> e"), levels=["within"], most_orders=30, rng=1
    )
    pd.testing.assert_frame_equal(found.rivals.to_frame(), same.rivals.to_frame())


def test_a_fork_and_a_collider_are_told_apart(five):
    """c ← b → d implies what the chain does; b → c ← e implies something else."""
    _, responses = five
    covariance = ev.within_schools(
        responses, ev.measured_stages(ic.Order.from_text("a -> b -> c"), responses.instrument)
    )
    rng = np.random.default_rng(1)
    collider = Shape(parents=((), (), (0, 1)))
    found = compare_with_rivals(covariance, collider, alpha=0.05, most=100, n_folds=0, rng=rng)
    assert (found.n_orders, found.n_classes) == (6, 3)
    assert found.to_frame()["held_out"].isna().all()
    assert found.to_frame().loc[found.to_frame()["own"], "pvalue"].iloc[0] < 0.05


# Searches, for comparison


@pytest.mark.filterwarnings("ignore:.*:SyntaxWarning", "ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")
def test_searches_find_the_class_of_a_chain(five):
    pytest.importorskip("causallearn")
    names, responses = five
    found = ic.check_ordering(responses, ic.Order.from_text(" -> ".join(names)), levels=["within"], rivals=False)
    chain_pairs = {frozenset(pair) for pair in pairwise(names)}
    for method in ("pc", "ges"):
        searched = ic.discover_order(found, method=method)
        assert {frozenset(pair) for pair in searched.undirected} == chain_pairs
        assert searched.arrows == ()
        assert searched.to_frame()["joined_alike"].all()
    held = ic.discover_order(found, background=True)
    assert set(held.arrows) == set(pairwise(names))
    assert 200 < held.n_effective < 2000  # of 2 000 teachers whose answers have error
    with pytest.raises(ic.ModelError, match="method='pc' only"):
        ic.discover_order(found, method="ges", background=True)


def test_rows_have_the_correlations_that_were_asked_for():
    R = np.array([[1, 0.5, 0.2], [0.5, 1, -0.3], [0.2, -0.3, 1]])
    np.testing.assert_allclose(np.corrcoef(rows_with(R, 50).T), R, atol=1e-12)


# Edges


def test_many_implications_between_schools_are_joined_by_their_smallest_p():
    """F of Wald's form rejects too often there; of three it does not."""
    names = ("a", "b", "c", "d", "e")
    responses = ic.simulate_responses(book(names), n_schools=60, teachers=12, icc=0.4, graph=chain(names), rng=2)
    found = ic.check_ordering(responses, ic.Order.from_text(" -> ".join(names)), rivals=False)
    between, within = found.at("between"), found.at("within")
    assert (within.joint.method, between.joint.method, found.joint.method) == ("hotelling", "bonferroni", "bonferroni")
    assert between.joint.pvalue == pytest.approx(min(1, 6 * between.tests["pvalue"].min()))
    assert np.isfinite(between.joint.statistic)


def test_two_levels_that_contradict_are_a_contradiction(five):
    _, responses = five
    wrong = ic.check_ordering(responses, ic.Order.from_text("b -> a -> c -> e -> d"), rivals=False)
    assert wrong.verdict == "contradicted"


def test_an_outcome_may_stand_first(five):
    _, responses = five
    rng = np.random.default_rng(1)
    outcome = pd.Series(rng.standard_normal(80), index=list(responses.schools))
    order = ic.Order.from_text("y -> a -> b", outcomes=["y"])
    for interval in ("delta", "bootstrap"):
        found = ic.check_ordering(
            responses,
            order,
            levels=["between"],
            outcomes={"y": outcome},
            interval=interval,
            draws=200,
            rng=1,
            rivals=False,
        )
        assert found.at("between").covariance.stages == ("y", "a", "b")


def test_too_many_equivalents_are_said_to_be(five):
    order = ic.load_order("working-scales")
    responses = ic.simulate_responses(n_schools=30, teachers=12, rng=1)
    found = ic.check_ordering(responses, order, reading="complete", levels=["within"], missing="listwise")
    assert found.equivalent_orders == ()
    assert "No other graph" not in found.to_html()
    assert any("more than 1000 graphs imply the same" in note for note in found.notes)


def test_other_sequences_of_the_same_shape(five):
    """b → a, b → c can be said with a and c in either place; c is no other sequence of the same arrows."""
    _, responses = five
    fork = ic.check_ordering(responses, ic.Order.from_text("a <- b -> c"), levels=["within"], rivals=False)
    assert fork.same_shape == ()
    line = ic.check_ordering(responses, ic.Order.from_text("a -> b -> c"), levels=["within"], rivals=False)
    assert line.same_shape == ("c → b → a",)


def test_schools_are_not_told_by_the_record(checked):
    told = checked.to_dict()
    assert "contributions" not in json.dumps(told)
    assert "School 07" not in json.dumps(told)


def test_whole_scales_left_out_in_small_schools(five):
    """Complete teachers are about their own means; with everyone, correlations come out too small, and a note says so."""
    names, _ = five
    whole = ic.simulate_responses(book(names), n_schools=300, teachers=4, icc=0.1, graph=chain(names, 0.6), rng=8)
    rng = np.random.default_rng(1)
    gaps = np.repeat(rng.random((len(whole), 5)) < 0.3, 3, axis=1)
    frame = whole.raw.astype(float).mask(gaps).assign(school=whole.school.to_numpy())
    responses = ic.read_responses(frame, whole.instrument, school="school")
    order = ic.Order.from_text("a -> b -> c")
    truth = ic.check_ordering(whole, order, levels=["within"], rivals=False).correlations["correlation"]
    fiml = ic.check_ordering(responses, order, levels=["within"], rivals=False)
    with pytest.warns(ic.MissingDataWarning, match="left out for missing answers"):
        listwise = ic.check_ordering(responses, order, levels=["within"], rivals=False, missing="listwise")
    assert any("come out too small" in note for note in fiml.notes)
    assert (
        np.abs(listwise.correlations["correlation"] - truth).max()
        < np.abs(fiml.correlations["correlation"] - truth).max()
    )


def test_a_sensitivity_of_another_order_is_refused(five):
    _, responses = five
    found = ic.check_ordering(responses, ic.Order.from_text("a -> b -> c"), levels=["within"], rivals=False)
    other = ic.ordering_sensitivity(responses, ic.Order.from_text("c -> b -> a"))
    with pytest.raises(ic.ModelError, match="sensitivity="):
        found.to_html(sensitivity=other)


def test_a_misspelt_stage_is_warned_of(now):
    order = ic.Order.from_text("leadership -> team_suport -> team_processes")
    with pytest.warns(ic.MissingDataWarning, match="no scale 'team_suport'.*did you mean 'team_support'"):
        found = ic.check_ordering(now, order, levels=["within"], rivals=False)
    assert found.verdict == "untestable"
    with pytest.raises(ic.InstrumentError, match="measured_by says stage by stage"):
        ic.Order.from_text("a -> b", measured_by=["a"])
    with pytest.raises(ic.InstrumentError, match="takes a name or a path, not 5"):
        ic.load_order(5)
    with pytest.raises(ic.InstrumentError, match=r"there is no file 'none\.toml'"):
        ic.load_order("none.toml")


def test_few_schools_and_near_twins_are_noted(answers):
    few = answers.select(school=list(answers.schools[:9]))
    found = ic.check_ordering(few, ic.Order.from_text("lead -> team -> trust"), levels=["within"], rivals=False)
    assert any("9 schools are so few" in note for note in found.notes)
