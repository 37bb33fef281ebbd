"""Pictures of fitted models, and the reading of one: what is drawn and what is said, by the objects and texts themselves."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch, Rectangle
from scipy.stats import chi2
from semopy.examples import holzinger39, political_democracy

import internal_coherence as ic
from internal_coherence.report import (
    draw_loading_map,
    draw_modification_indices,
    draw_path_diagram,
    draw_residual_map,
    read_fit,
)
from internal_coherence.report.figures import BLUE, ORANGE
from internal_coherence.report.model_figures import largest_by_chance, largest_of
from internal_coherence.report.path_ink import coefficient
from internal_coherence.report.path_layers import crossings, depths, stacked, with_few_crossings
from internal_coherence.report.path_layout import beside

M3 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
POLDEM = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ ind60
dem65 ~ ind60 + dem60
y1 ~~ y5
y2 ~~ y4
"""


@pytest.fixture(scope="module")
def hs() -> pd.DataFrame:
    return holzinger39.get_data()


@pytest.fixture(scope="module")
def three(hs):
    return ic.cfa(hs, M3)


@pytest.fixture(scope="module")
def groups(hs):
    return ic.cfa(hs, M3, group="school")


@pytest.fixture(scope="module")
def district():
    return ic.simulate_responses(n_schools=150, teachers=10, rng=1)


@pytest.fixture(scope="module")
def eleven(district):
    return quietly(lambda: ic.cfa(district))


@pytest.fixture(scope="module")
def unsolved(hs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = ic.cfa(hs, M3)
    return replace(
        fit, converged=False, trouble="the steps led nowhere", _judged=None, notes=("the steps led nowhere",)
    )


def quietly(make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return make()


def structured(district, structure):
    table = ic.ParTable.from_instrument(district.instrument, structure=structure, meanstructure=True)
    return quietly(lambda: ic.cfa(district, table))


def lines(ax) -> dict[tuple[str, str, str], FancyArrowPatch]:
    """Return the arrows of a diagram by source, kind and target."""
    return {tuple(p.get_gid().split(" ")): p for p in ax.patches if isinstance(p, FancyArrowPatch)}


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def note(ax) -> str:
    return next(text for text in words(ax) if "stimates" in text).replace("\n", " ")


def boxes_on_page(ax, chosen) -> np.ndarray:
    """Return the extents of some texts, (n, 4), in pixels."""
    figure = ax.get_figure()
    figure.canvas.draw()
    return np.array([t.get_window_extent().extents for t in ax.texts if chosen(t)])


# The path diagram


def test_what_is_latent_is_a_circle_and_what_was_observed_a_box(three):
    ax = draw_path_diagram(three)
    assert sum(isinstance(p, Ellipse) for p in ax.patches) == 3
    assert sum(isinstance(p, Rectangle) for p in ax.patches) == 9
    assert set(three.observed) | set(three.latent) <= set(words(ax))


def test_every_loading_and_correlation_is_a_line_with_its_number(three):
    ax, table = draw_path_diagram(three), three.standardized_solution()
    shown = table[(table["op"] == "=~") | ((table["op"] == "~~") & (table["lhs"] != table["rhs"]))]
    assert len(lines(ax)) == len(shown) == 12
    for value in shown["est_std"]:
        assert f"{value:.2f}".replace("0.", ".") in words(ax)


def test_the_larger_the_standardised_estimate_the_thicker_and_stronger_the_line(three):
    drawn = lines(draw_path_diagram(three))
    table = three.standardized_solution()
    loadings = table[table["op"] == "=~"].sort_values("est_std")
    order = [drawn[k.lhs, "loading", k.rhs] for k in loadings.itertuples()]
    assert np.all(np.diff([p.get_linewidth() for p in order]) > 0)
    assert np.all(np.diff([p.get_alpha() for p in order]) > 0)


def test_lines_go_by_standardised_size_whatever_the_numbers_are(three):
    raw, standardised = draw_path_diagram(three, standardized=False), draw_path_diagram(three)
    for key, line in lines(raw).items():
        assert line.get_linewidth() == lines(standardised)[key].get_linewidth()
    assert words(raw).count("1.00") == 3  # the loadings that give the factors their units
    assert note(raw).startswith("Estimates;")


def test_negative_is_orange_and_what_may_be_nothing_is_dashed(hs):
    turned = hs.assign(x2=-hs["x2"], noise=np.random.default_rng(2).normal(size=len(hs)))
    ax = draw_path_diagram(ic.cfa(turned, f"{M3}\nspeed =~ noise"))
    drawn = lines(ax)
    assert drawn["visual", "loading", "x2"].get_edgecolor()[:3] == pytest.approx(to_rgb(ORANGE))
    assert drawn["visual", "loading", "x1"].get_edgecolor()[:3] == pytest.approx(to_rgb(BLUE))
    assert drawn["speed", "loading", "noise"].get_linestyle() != "-"
    assert drawn["visual", "loading", "x1"].get_linestyle() in ("-", "solid")
    assert "Dashed: the 95 % interval holds 0" in note(ax)


def test_one_group_is_drawn_by_name_or_number(groups):
    first, second = draw_path_diagram(groups), draw_path_diagram(groups, group="Grant-White")
    assert "of group Pasteur" in note(first)
    assert words(second) == words(draw_path_diagram(groups, group=2))
    assert words(first) != words(second)
    table = groups.standardized_solution()
    one = table[(table["rhs"] == "x1") & (table["op"] == "=~") & (table["group"] == 2)]["est_std"].item()
    assert coefficient(one) in words(second)


def test_eleven_factors_have_a_table_of_all_their_correlations_and_no_arcs(eleven):
    ax = draw_path_diagram(eleven)
    assert {kind for _, kind, _ in lines(ax)} == {"loading"}
    table = eleven.standardized_solution()
    among = table[(table["op"] == "~~") & (table["lhs"] != table["rhs"])]
    cells = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_width() == pytest.approx(0.34)]
    assert len(among) == len(cells) == 55
    assert "At the left: correlations" in note(ax)
    assert "Not drawn: variances, means and intercepts." in note(ax)


@pytest.mark.parametrize("structure", ["correlated", "second_order", "bifactor", "method"])
def test_at_eleven_factors_and_fifty_items_no_name_or_number_is_upon_another(district, structure):
    ax = draw_path_diagram(structured(district, structure))
    found = boxes_on_page(ax, lambda t: t.get_text() and "stimates" not in t.get_text())
    a, b = found[:, None], found[None]
    slack = 1.5
    meet = (
        (a[..., 0] < b[..., 2] - slack)
        & (b[..., 0] < a[..., 2] - slack)
        & (a[..., 1] < b[..., 3] - slack)
        & (b[..., 1] < a[..., 3] - slack)
    )
    assert len(found) > 100
    assert meet.sum() == len(found)  # each with itself
    width, height = ax.get_figure().get_size_inches() * ax.get_figure().dpi
    assert found[:, [0, 1]].min() >= 0
    assert (found[:, 2] <= width).all()
    assert (found[:, 3] <= height).all()


def test_a_general_factor_stands_to_the_right_of_the_items_and_factors_of_factors_to_the_left(district):
    def middles(structure):
        ax = draw_path_diagram(structured(district, structure))
        return {t.get_text().replace("\n", " "): t.get_position()[0] for t in ax.texts}

    at = middles("bifactor")
    assert at["general"] > at["ldr_1"] > at["leadership"]
    at = middles("method")
    assert at["reversed items"] > at["ldr_1"] > at["leadership"]
    at = middles("second_order")
    assert at["structures"] < at["team support"] < at["tsu_1"]


def test_causes_stand_left_of_their_effects_with_their_items_below():
    fit = quietly(lambda: ic.sem(political_democracy.get_data(), POLDEM))
    ax = draw_path_diagram(fit)
    at = {t.get_text(): t.get_position() for t in ax.texts}
    assert at["ind60"][0] < at["dem60"][0] < at["dem65"][0]
    assert all(at[y][1] < at["dem60"][1] for y in ("y1", "y2", "y3", "y4"))
    assert ("ind60", "path", "dem65") in lines(ax)
    assert ("y1", "covariance", "y5") in lines(ax)
    bare = draw_path_diagram(fit, items=False)
    assert set(lines(bare)) == {("ind60", "path", "dem60"), ("ind60", "path", "dem65"), ("dem60", "path", "dem65")}
    assert "11 items, standardised loadings" in note(bare)
    assert "2 covariances of items" in note(bare)


def test_paths_of_observed_variables(now):
    scores = ic.score(now)
    ax = draw_path_diagram(ic.sem(scores, "team_processes ~ team_support\ncollective_efficacy ~ team_processes"))
    assert not any(isinstance(p, Ellipse) for p in ax.patches)
    assert {key[1] for key in lines(ax)} == {"path"}
    assert "team\nprocesses" in words(ax)


def test_it_draws_where_it_is_told_and_shrinks_to_fit(eleven):
    own = Figure(figsize=(4, 4)).add_subplot()
    assert draw_path_diagram(eleven, own) is own
    assert eleven.plot(own) is own
    assert max(t.get_fontsize() for t in own.texts) < 4 < max(t.get_fontsize() for t in eleven.plot().texts)


def test_numbers_and_labels_are_the_users(three):
    ax = draw_path_diagram(three, numbers=False, labels={"visual": "Seeing", "x1": "$cubes$"})
    assert {"Seeing", "$cubes$"} <= set(words(ax))
    assert not any(text.startswith(".") for text in words(ax))


def test_covariances_of_a_factor_on_the_right_are_said_in_words(hs):
    general = "g =~ x1+x2+x3+x4+x5+x6+x7+x8+x9\n" + M3
    apart = "g ~~ 0*visual + 0*speed\nvisual ~~ 0*textual + 0*speed\ntextual ~~ 0*speed"
    fit = quietly(lambda: ic.cfa(hs, f"{general}\n{apart}\ng ~~ 0.1*textual", std_lv=True, bounds="pos_var"))
    assert "Without a line: g with textual .10" in note(draw_path_diagram(fit))


def test_what_can_not_be_drawn_is_refused(three, groups, unsolved):
    with pytest.raises(ic.ModelError, match="group='Pasteurs' is not one of"):
        draw_path_diagram(groups, group="Pasteurs")
    with pytest.raises(ic.ModelError, match="group=3 is not there; the groups are 1 to 2"):
        draw_path_diagram(groups, group=3)
    with pytest.raises(ic.ModelError, match="level=95 is not between"):
        draw_path_diagram(three, level=95)
    for draw in (draw_path_diagram, draw_loading_map, draw_residual_map, draw_modification_indices):
        with pytest.raises(ic.ModelError, match=f"{draw.__name__}: this fit did not converge; the steps led nowhere"):
            draw(unsolved)


# The layout


def test_who_could_be_done_without():
    bifactor = {"g": ["a", "b", "c", "d"], "s": ["a", "b"], "t": ["c", "d"]}
    assert beside(bifactor) == ["g"]
    assert beside({"t1": ["a", "b", "c"], "t2": ["d", "e", "f"], "reversed": ["a", "d"]}) == ["reversed"]
    traits = {"t1": ["a1", "a2"], "t2": ["b1", "b2"], "m1": ["a1", "b1"], "m2": ["a2", "b2"]}
    assert sorted(beside(traits)) == ["m1", "m2"]
    assert beside({"f": ["a", "b"], "g": ["c", "a"]}) == []


def test_layers_follow_the_longest_way_and_circles_do_not_hang():
    assert depths("abcd", [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")]) == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert set(depths("ab", [("a", "b"), ("b", "a")])) == {"a", "b"}


def test_crossings_are_undone():
    layers, arrows = [["a", "b", "c"], ["x", "y", "z"]], [("a", "z"), ("b", "y"), ("c", "x")]
    assert crossings(layers, arrows) == 3
    assert crossings(with_few_crossings(layers, arrows), arrows) == 0


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 2)), min_size=1, max_size=8))
def test_nothing_is_stacked_upon_another_and_nobody_moves_without_need(pairs):
    wished, heights = (list(x) for x in zip(*pairs, strict=True))
    at = np.array(stacked(wished, heights))
    room = (np.array(heights[1:]) + np.array(heights[:-1])) / 2
    assert np.all(at[:-1] - at[1:] >= room - 1e-9)
    assert at.mean() == pytest.approx(np.mean(wished), abs=1e-9)
    assert stacked(list(at), heights) == pytest.approx(list(at), abs=1e-9)


def test_numbers_are_written_as_models_are_labelled():
    written = {0.714: ".71", -0.714: "−.71", -0.001: ".00", 1.024: "1.02", -1.2: "−1.20", 0.0: ".00", float("nan"): "–"}
    assert {x: coefficient(x) for x in written if x == x} == {x: s for x, s in written.items() if x == x}
    assert coefficient(float("nan")) == "–"
    assert coefficient(0.0071, 3) == ".007"


# Loadings, residuals, indices


def test_the_map_of_loadings_holds_the_standardised_solution(three):
    ax = draw_loading_map(three)
    grid = np.ma.filled(ax.collections[0].get_array().reshape(9, 3), np.nan)
    table = three.standardized_solution()
    loadings = table[table["op"] == "=~"]
    wanted = loadings.pivot_table(index="rhs", columns="lhs", values="est_std").loc[
        list(three.observed), list(three.latent)
    ]
    assert np.allclose(grid, wanted.to_numpy(), equal_nan=True)
    first = loadings.iloc[0]
    limits = f"[{coefficient(first['ci_lower'])}, {coefficient(first['ci_upper'])}]"
    assert f"{coefficient(first['est_std'])} {limits}" in words(ax)
    low, high = ax.collections[0].get_clim()
    assert (low, high) == (-1, 1)


def test_loadings_that_may_be_nothing_are_hatched_and_counted(hs):
    noisy = hs.assign(noise=np.random.default_rng(2).normal(size=len(hs)))
    ax = draw_loading_map(ic.cfa(noisy, f"{M3}\nspeed =~ noise"))
    hatched = [p for p in ax.patches if p.get_hatch()]
    assert [(p.get_x(), p.get_y()) for p in hatched] == [(2, 9)]
    assert "Hatched: the interval holds 0 (1 of 10)" in ax.get_title("left")


def test_factors_of_factors_have_rows_and_general_ones_come_last(hs, district):
    ax = draw_loading_map(ic.cfa(hs, f"{M3}\nall =~ visual + textual + speed"))
    assert [t.get_text() for t in ax.get_yticklabels()][-3:] == ["visual", "textual", "speed"]
    ax = draw_loading_map(structured(district, "bifactor"))
    assert ax.get_xticklabels()[-1].get_text() == "general"
    assert len(ax.get_yticklabels()) == 50


def test_a_model_without_loadings_has_no_map_of_them(now):
    paths = ic.sem(ic.score(now), "team_processes ~ team_support\ncollective_efficacy ~ team_processes")
    with pytest.raises(ic.ModelError, match="has no loadings"):
        draw_loading_map(paths)
    assert draw_residual_map(paths).collections


def test_residuals_are_those_of_the_fit_and_colours_reach_equally_far(three):
    ax = draw_residual_map(three)
    R = three.residuals("cor.bollen").to_numpy()
    grid = ax.collections[0].get_array().reshape(9, 9)
    inside = np.tri(9, k=-1, dtype=bool)
    assert np.array_equal(~np.ma.getmaskarray(grid), inside)
    assert np.allclose(grid[inside], R[inside])
    low, high = ax.collections[0].get_clim()
    assert -low == high == pytest.approx(np.abs(R[inside]).max())
    i, j = largest_of(np.where(inside, R, np.nan), 1)[0]
    named = f"{three.observed[j]}, {three.observed[i]} {coefficient(R[i, j])}"
    assert any(named in text for text in words(ax))
    boxed = [(p.get_x(), p.get_y()) for p in ax.patches if isinstance(p, Rectangle)]
    assert boxed[0] == (j, i)
    assert len(boxed) == 5


def test_items_stand_by_factor_whatever_their_order_in_the_model(hs):
    mixed = "a =~ x1 + x4 + x7\nb =~ x2 + x5 + x8\nc =~ x3 + x6 + x9"
    ax = draw_residual_map(quietly(lambda: ic.cfa(hs, mixed)))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x1", "x4", "x7", "x2", "x5", "x8", "x3", "x6", "x9"]
    assert [line.get_xdata()[1] for line in ax.lines] == [3, 6]


def test_residuals_in_standard_errors_are_counted_against_chance(three, groups):
    ax = draw_residual_map(three, type="standardized")
    z = three.residuals("standardized").to_numpy()[np.tril_indices(9, -1)]
    assert f"beyond ±1.96: {(np.abs(z) > 1.96).sum()}, of which chance alone gives about 2" in ax.get_title("left")
    assert "of group Grant-White" in draw_residual_map(groups, group=2).get_title("left")
    with pytest.raises(ic.ModelError, match="type='raw' is not one of"):
        draw_residual_map(three, type="raw")


def test_a_nearly_perfect_fit_does_not_glow(eleven):
    low, high = draw_residual_map(eleven).collections[0].get_clim()
    assert (low, high) == (-0.1, 0.1)
    assert np.abs(eleven.residuals("cor.bollen").to_numpy()).max() < 0.1


@pytest.mark.parametrize("k", [1, 2, 55, 1725])
def test_the_line_of_chance_is_the_median_of_the_largest(k):
    assert chi2.cdf(largest_by_chance(k), 1) ** k == pytest.approx(0.5)


def test_true_models_have_their_largest_index_beyond_the_line_half_the_time_at_most():
    rng, beyond, line = np.random.default_rng(3), 0, None
    for _ in range(60):
        X = 0.7 * np.repeat(rng.normal(size=(400, 2)), 4, axis=1) + 0.7 * rng.normal(size=(400, 8))
        frame = pd.DataFrame(X, columns=[f"v{k}" for k in range(8)])
        indices = ic.cfa(frame, "f =~ v0+v1+v2+v3\ng =~ v4+v5+v6+v7").modification_indices()["mi"]
        line = largest_by_chance(len(indices))
        beyond += indices.max() > line
    assert 12 <= beyond <= 33


def test_indices_are_dots_in_order_with_their_change_beside(three):
    ax, table = draw_modification_indices(three, top=6), three.modification_indices()
    top = table.sort_values("mi", ascending=False).head(6)
    dots = sorted(
        (x, y) for line in ax.lines if line.get_marker() in "oD" for x, y in zip(*line.get_data(), strict=True)
    )
    assert [x for x, _ in dots][::-1] == pytest.approx(top["mi"].tolist())
    assert [t.get_text() for t in ax.get_yticklabels()] == [f"{k.lhs} {k.op} {k.rhs}" for k in top.itertuples()]
    assert [coefficient(x) for x in top["sepc_all"]] == words(ax)[:6]
    negative = next(line for line in ax.lines if line.get_label() == "would be negative")
    assert len(negative.get_xdata()) == (top["epc"] < 0).sum()
    said = ax.get_title("left").replace("\n", " ")
    line = largest_by_chance(len(table))
    assert f"The 6 largest of {len(table)}. Dashed: {line:.1f}" in said
    assert f"{(table['mi'] > line).sum()} are beyond" in said
    assert "too large" not in said


def test_indices_beside_a_corrected_test_say_that_they_are_not(hs, eleven):
    said = draw_modification_indices(eleven).get_title("left").replace("\n", " ")
    assert "take answers as normal and rows as independent, so they are too large where these are not" in said
    for top in (0, 2.5, True):
        with pytest.raises(ic.ModelError, match="is not a whole number from 1"):
            draw_modification_indices(eleven, top=top)
    full = ic.sem(hs, "x1 ~ x2 + x3")
    assert full.modification_indices().empty
    with pytest.raises(ic.ModelError, match="nothing in this model that could be freed"):
        draw_modification_indices(full)


def test_courtesy_methods_draw_the_same(three, groups):
    assert words(three.plot()) == words(draw_path_diagram(three))
    assert words(groups.plot_loadings(group=2)) == words(draw_loading_map(groups, group=2))
    assert words(three.plot_residuals(type="normalized")) == words(draw_residual_map(three, type="normalized"))
    assert words(three.plot_modification_indices(top=3)) == words(draw_modification_indices(three, top=3))
    assert three.read().text == read_fit(three).text


# The reading


def test_the_reading_says_the_numbers_and_whose_cut_offs_they_are_laid_beside(three):
    m, text = three.fit_measures(), read_fit(three).text
    assert f"χ² = {m['chisq']:.2f} with 24 degrees of freedom, p below .001" in text
    limits = f"{m['rmsea_ci_lower']:.3f} to {m['rmsea_ci_upper']:.3f}".replace("0.", ".")
    assert f"RMSEA = .092 (90 % interval {limits})" in text
    assert "CFI = .931, TLI = .896" in text
    assert "SRMR = .065" in text
    for source in ("Browne & Cudeck (1993)", "Hu & Bentler (1999)", "McNeish & Wolf 2023", "Hancock & Mueller 2011"):
        assert source in text
    R = three.residuals("cor.bollen").abs()
    worst = R.stack().idxmax()
    assert f"The largest residual correlation is that of {worst[0]} with {worst[1]}" in text
    assert "Rows are taken as independent" in text
    assert "n = 301" not in text
    assert "301 rows" in text


def test_schools_and_corrections_are_told_of_and_the_robust_indices_read(eleven):
    text = read_fit(eleven).text
    m = eleven.fit_measures()
    assert "allow for what teachers of one of the 150 schools share" in text
    assert f"χ² = {m['chisq_scaled']:.2f}" in text
    assert "corrected for schools and answers that are not normal" in text
    assert "Robust CFI" in text
    assert "150 schools for 205 parameters" in text  # what the fit was warned of
    assert "The data do not contradict" in text
    assert "no proof" in text


def test_low_correlations_make_the_reading_doubt_cfi():
    rng = np.random.default_rng(4)
    X = 0.3 * np.repeat(rng.normal(size=(500, 2)), 4, axis=1) + rng.normal(size=(500, 8))
    frame = pd.DataFrame(X, columns=[f"v{k}" for k in range(8)])
    fit = ic.cfa(frame, "f =~ v0+v1+v2+v3\ng =~ v4+v5+v6+v7")
    m = fit.fit_measures()
    base = np.sqrt((m["baseline_chisq"] - m["baseline_df"]) / m["baseline_df"] / 500)
    assert 0.05 < base < 0.158
    then = 1 - (0.05 / base) ** 2
    text = read_fit(fit).text
    assert f"an RMSEA of .05 would have a TLI of {coefficient(then)} here" in text
    assert "With few degrees of freedom, here 19," in text


def test_the_worst_group_is_named(groups):
    text = read_fit(groups).text
    worst = max(
        groups.groups,
        key=lambda g: np.abs(np.tril(groups.residuals("cor.bollen", group=g).drop(index="mean"), -1)).max(),
    )
    assert f"in group {worst}" in text
    assert "301 rows in 2 groups" in text


def test_saturated_and_unsolved_models_are_not_read_as_fitting(hs, unsolved):
    full = read_fit(ic.cfa(hs, "f =~ x1 + x2 + x3"))
    assert "no degrees of freedom" in full.text
    assert "RMSEA" not in full.text
    lost = read_fit(unsolved)
    assert len(lost.sentences) == 1
    assert lost.text.startswith("The fit did not converge: the steps led nowhere.")


def test_discrepancies_that_are_no_likelihood_are_said_to_be_none(hs):
    text = read_fit(ic.cfa(hs, M3, estimator="ULS")).text
    assert "so that there is no p" in text
    assert "do not contradict" not in text
    assert "maximum likelihood, which ULS is not" in text


def test_the_reading_is_safe_in_a_page_and_a_record(hs):
    odd = hs.rename(columns={"x7": "<b>x7</b>"})
    reading = read_fit(ic.cfa(odd, M3.replace("x7", '"<b>x7</b>"')))
    page = reading._repr_html_()
    assert "that of x2 with <b>x7</b>" in reading.text
    assert "that of x2 with &lt;b&gt;x7&lt;/b&gt;" in page
    assert "<b>" not in page
    assert reading.to_dict()["sentences"] == list(reading.sentences)
    assert list(reading.to_frame()["sentence"]) == list(reading.sentences)
    assert str(reading) == reading.text
    assert repr(reading).startswith("<FitReading, ")
