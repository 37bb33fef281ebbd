"""Nothing that is withheld can be had by subtracting: the auditor, what it drives, and brute force against both."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.schools.disclosure.attacker import Attacker
from internal_coherence.schools.disclosure.auditing import audit_disclosure
from internal_coherence.schools.disclosure.protecting import protect_tables
from internal_coherence.schools.disclosure.reasons import ANSWERS_ALIKE, COMPLEMENTARY
from internal_coherence.schools.disclosure.subgroups import subgroup_table

NAN = float("nan")
ENDS = {"low": 1, "high": 6}


def frame(columns: list[str], *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*columns, "n", "mean"]).assign(scale="trust")


def schools(*rows: tuple) -> pd.DataFrame:
    return frame(["school"], *rows)


def intervals(audit: ic.Record | object) -> dict[str, tuple[float, float]]:
    return {row.cell: (row.lower, row.upper) for row in audit.to_frame().itertuples()}


# Planted leaks


THREE = schools(("Elm", 20, 4.1), ("Oak", 15, 3.8), ("Yew", 3, NAN))


def test_one_withheld_school_and_the_total_give_it_away():
    assert audit_disclosure(THREE, **ENDS).passes
    audit = audit_disclosure([THREE, frame([], (38, (82 + 57 + 7.5) / 38))], **ENDS)
    assert not audit.passes
    assert audit.findings.loc[0, "cell"] == "school Yew"
    assert intervals(audit)["school Yew"] == pytest.approx((2.5, 2.5))
    with pytest.raises(ic.DisclosureError, match=r"school Yew, trust: the withheld mean must lie within 0\.00"):
        audit.raise_if_failed()


def test_a_subgroup_by_subtraction():
    roles = frame(["school", "role"], ("Elm", "Teacher", 18, 4.0), ("Elm", "Aide", 2, NAN))
    audit = audit_disclosure([roles, schools(("Elm", 20, 3.9))], **ENDS)
    assert intervals(audit)["school Elm, role Aide"] == pytest.approx((3.0, 3.0))
    assert not audit.passes


def test_all_teachers_and_all_but_the_leaders():
    audit = audit_disclosure(
        [schools(("Elm", 20, 3.9)), frame(["school", "role"], ("Elm", "Teacher", 18, 4.0))], **ENDS
    )
    assert audit.findings[["cell", "leak"]].to_numpy().tolist() == [["school Elm, role any other", "small group"]]


def test_a_report_given_again_with_one_late_form():
    first, again = schools(("Elm", 20, 4.0), ("Oak", 9, 3.0)), schools(("Elm", 21, 3.9), ("Oak", 9, 3.0))
    for order in ([first, again], [again, first]):
        audit = audit_disclosure(order, **ENDS)
        assert intervals(audit) == {"school Elm, late forms": pytest.approx((1.9, 1.9))}
        assert not audit.passes
    apart = [first.assign(wave="2024"), again.assign(wave="2025")]
    assert audit_disclosure(apart, **ENDS).passes  # other years are other answers


def test_late_forms_that_are_many_are_a_group_like_any_other():
    assert audit_disclosure([schools(("Elm", 20, 4.0)), schools(("Elm", 26, 3.9))], **ENDS).passes


def test_a_dimension_minus_its_scales():
    table = pd.DataFrame({"school": "Elm", "scale": ["a", "b", "dim"], "n": [20, 20, 20], "mean": [4.0, NAN, 3.5]})
    assert audit_disclosure(table, low=1, high=6).passes
    audit = audit_disclosure(table, low=1, high=6, composites={"dim": ["a", "b"]})
    assert audit.to_frame().loc[0, ["lower", "upper"]].tolist() == pytest.approx([3.0, 3.0])
    weighted = audit_disclosure(table, low=1, high=6, composites={"dim": {"a": 0.75, "b": 0.25}})
    assert weighted.to_frame().loc[0, "lower"] == pytest.approx(2.0)


def test_pooled_waves_minus_one_wave():
    waves = frame(["school", "wave"], ("Elm", 2024, 20, 4.0), ("Elm", 2025, 4, NAN))
    assert not audit_disclosure([waves, schools(("Elm", 24, 3.75))], **ENDS).passes


def test_a_mean_at_the_end_tells_every_answer():
    audit = audit_disclosure(schools(("Elm", 20, 6.0), ("Oak", 8, 5.9), ("Yew", 20, 5.9)), **ENDS)
    assert audit.findings["leak"].tolist() == ["answers alike", "answers alike"]
    assert audit.findings["cell"].tolist() == ["school Elm", "school Oak"]
    assert audit.findings.loc[1, "lower"] == pytest.approx(5.2)


def test_what_stands_beside_a_withheld_mean():
    table = schools(("Elm", 20, NAN), ("Oak", 4, 3.0), ("Yew", 8, 3.0)).assign(
        sd=[1.0, NAN, 1.0], eb_mean=[3.0, NAN, 3.0], withheld=["response rate 50.0% is below 65%", "", "because"]
    )
    found = audit_disclosure(table, **ENDS).findings
    assert sorted(found["leak"]) == sorted(
        ["beside a withheld mean", "beside a withheld mean", "too few", "shown though withheld", "spread of few"]
    )


def test_pairs_of_withheld_groups_protect_each_other_only_if_they_are_large_enough():
    total = (82 + 57 + 3 * 2.5) / 38
    hidden = schools(("Elm", 20, 4.1), ("Oak", 15, NAN), ("Yew", 3, NAN))
    assert audit_disclosure([hidden.assign(withheld=["", COMPLEMENTARY, "few"]), frame([], (38, total))], **ENDS).passes
    tiny = schools(("Elm", 20, 4.1), ("Oak", 2, NAN), ("Yew", 2, NAN))
    audit = audit_disclosure([tiny, frame([], (24, 4.0))], attacker=Attacker(own_answer=False), **ENDS)
    assert "difference" in set(audit.findings["leak"])  # both together are four, and their mean is known


def test_a_colleague_knows_more_than_an_outsider():
    hidden = schools(("Elm", 20, 4.0), ("Fir", 1, NAN), ("Yew", 4, NAN))
    tables = [hidden, frame([], (25, (80 + 14) / 25))]
    outside = audit_disclosure(tables, attacker=Attacker(own_answer=False), gates=ic.Gates(min_teachers=3), **ENDS)
    assert outside.passes
    inside = audit_disclosure(tables, gates=ic.Gates(min_teachers=3), **ENDS)
    assert not inside.passes  # the one at Fir subtracts their own answer
    assert "own answer" in inside.findings.loc[inside.findings["cell"] == "school Yew", "in_words"].item()


def test_overlapping_groups_are_given_as_tuples():
    joined = pd.DataFrame({"school": [("Elm", "Yew"), "Elm"], "scale": "trust", "n": [23, 20], "mean": [4.0, 4.1]})
    audit = audit_disclosure(joined, **ENDS)
    assert intervals(audit) == {"school Yew": pytest.approx(((92 - 82) / 3, (92 - 82) / 3))}


def test_rounding_leaves_room_and_is_counted():
    tables = [THREE, frame([], (38, round((82 + 57 + 7.5) / 38, 1)))]
    audit = audit_disclosure(tables, decimals=1, **ENDS)
    lower, upper = intervals(audit)["school Yew"]
    reach = 0.05 * (38 + 20 + 15) / 3
    middle = (38 * 3.9 - 82 - 57) / 3
    assert (lower, upper) == pytest.approx((max(1, middle - reach), min(6, middle + reach)), abs=1e-6)


def test_counts_that_tables_leave_out_are_asked_for():
    hidden = THREE.assign(n=[20, 15, NAN])
    total = frame([], (45, 3.9))
    with pytest.raises(ic.ModelError, match=r"how many teachers are in .*Yew.*Attacker\(counts="):
        audit_disclosure(
            [hidden.drop(index=2).pipe(lambda t: pd.concat([t, hidden[2:], hidden[2:].assign(school="Fir")])), total],
            **ENDS,
        )
    counts = pd.DataFrame({"school": ["Elm", "Oak", "Yew", "Fir"], "n": [20, 15, 3, 7]})
    both = pd.concat([hidden, schools(("Fir", NAN, NAN))])
    assert audit_disclosure([both, total], attacker=Attacker(counts=counts), **ENDS).passes


# Against exact arithmetic


@given(
    st.lists(st.integers(1, 3), min_size=4, max_size=4),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
@settings(max_examples=60)
def test_intervals_are_those_of_every_possible_set_of_answers(n, draw, shown):
    """Two schools by two roles with all margins: the extreme sums are whole numbers, so trying all of them is exact."""
    T = [n_k + d % (2 * n_k + 1) for n_k, d in zip(n, draw, strict=True)]  # answers 1 to 3
    cells = list(itertools.product("AB", "xy"))
    rows = [(*cell, n_k, t / n_k if show else NAN) for cell, n_k, t, show in zip(cells, n, T, shown, strict=True)]
    pick = {"A": (0, 1), "B": (2, 3), "x": (0, 2), "y": (1, 3), "all": (0, 1, 2, 3)}
    margins = [("A", "all"), ("B", "all"), ("all", "x"), ("all", "y"), ("all", "all")]
    for a, b in margins:
        k = pick[a if b == "all" else b] if (a, b) != ("all", "all") else pick["all"]
        rows.append((a, b, sum(n[i] for i in k), sum(T[i] for i in k) / sum(n[i] for i in k)))
    audit = audit_disclosure(frame(["school", "role"], *rows), low=1, high=3, attacker=Attacker(own_answer=False))
    possible = [
        X
        for X in itertools.product(*(range(n_k, 3 * n_k + 1) for n_k in n))
        if all(x == t for x, t, show in zip(X, T, shown, strict=True) if show)
        and all(sum(X[i] for i in pick[m]) == sum(T[i] for i in pick[m]) for m in ("A", "B", "x", "y"))
    ]
    found = intervals(audit)
    for k, (a, b) in enumerate(cells):
        if not shown[k]:
            sums = [X[k] for X in possible]
            assert found[f"school {a}, role {b}"] == pytest.approx((min(sums) / n[k], max(sums) / n[k]), abs=1e-6)


# Over random districts


def districts(rng: np.random.Generator, D: int) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """D districts of random schools, roles and waves, each with the same random kinds of tables."""
    J, roles, waves = int(rng.integers(2, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
    parts = [[f"{letter}{k}" for k in range(size)] for letter, size in (("d", D), ("s", J), ("r", roles), ("w", waves))]
    atoms = pd.DataFrame(itertools.product(*parts), columns=["district", "school", "role", "wave"])
    atoms["n"] = rng.integers(0, 14, len(atoms))
    atoms["sum"] = [float(rng.integers(1, 7, n).sum()) for n in atoms["n"]]
    margins = [m for size in range(4) for m in itertools.combinations(["school", "role", "wave"], size)]
    chosen = [margins[k] for k in rng.choice(len(margins), size=int(rng.integers(2, 5)), replace=False)]
    tables = {}
    for by in chosen:
        table = atoms.groupby(["district", *by], as_index=False)[["n", "sum"]].sum()
        table = table[table["n"] > 0].reset_index(drop=True)
        tables[" × ".join(by) or "total"] = table.assign(scale="trust", mean=table["sum"] / table["n"]).drop(
            columns="sum"
        )
    return tables, atoms[atoms["n"] > 0].reset_index(drop=True)


def recovered(tables: dict[str, pd.DataFrame], atoms: pd.DataFrame) -> int:
    """In how many districts a withheld mean lies in the span of the shown ones: none of the library's own means."""
    found = 0
    for where, own in atoms.groupby("district"):
        shown, hidden = [], []
        for table in tables.values():
            columns = [c for c in ("school", "role", "wave") if c in table]
            here = table[table["district"] == where]
            inside = np.ones((len(here), len(own)), dtype=bool)
            for c in columns:
                inside &= here[c].to_numpy()[:, None] == own[c].to_numpy()[None, :]
            open_ = (here["withheld"] == "").to_numpy()
            shown.append(inside[open_])
            hidden.append(inside[~open_])
        S, H = np.concatenate(shown).astype(float), np.concatenate(hidden).astype(float)
        if len(S) and len(H):
            basis = np.linalg.svd(S)[2][: np.linalg.matrix_rank(S)]
            found += bool((np.linalg.norm(H - H @ basis.T @ basis, axis=1) < 1e-9).any())
    return found


def only_primary(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {
        name: t.assign(withheld=t["withheld"].where(t["withheld"] != COMPLEMENTARY, "")) for name, t in tables.items()
    }


def test_over_thousands_of_districts_nothing_withheld_is_recovered():
    rng = np.random.default_rng(20)
    leaked_before = 0
    for _ in range(40):
        tables, atoms = districts(rng, 50)
        counts = Attacker(own_answer=False, counts=atoms.drop(columns="sum"))
        safe = protect_tables(tables, attacker=counts, **ENDS).tables
        assert recovered(safe, atoms) == 0
        leaked_before += recovered(only_primary(safe), atoms)
    assert leaked_before > 100  # of 2000, without complementary suppression


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_whatever_the_district_nothing_withheld_is_recovered(seed):
    tables, atoms = districts(np.random.default_rng(seed), 1)
    safe = protect_tables(tables, attacker=Attacker(counts=atoms.drop(columns="sum")), **ENDS).tables
    assert recovered(safe, atoms) == 0


def test_what_was_protected_passes_the_audit_colleagues_included():
    rng = np.random.default_rng(21)
    for _ in range(15):
        tables, atoms = districts(rng, 2)
        attacker = Attacker(counts=atoms.drop(columns="sum"))
        safe = protect_tables(tables, attacker=attacker, **ENDS)
        audit = audit_disclosure(safe.tables, attacker=attacker, **ENDS)
        assert audit.passes, audit.findings
        again = protect_tables(tables, attacker=attacker, **ENDS)
        assert all(safe.tables[name].equals(again.tables[name]) for name in tables)


def test_dimensions_are_withheld_with_the_scale_that_they_would_tell():
    table = pd.DataFrame({"school": ["Elm"] * 3 + ["Oak"] * 3, "scale": ["a", "b", "dim"] * 2})
    table = table.assign(n=[20, 4, 20, 20, 20, 20], mean=[4.0, 3.0, 3.5, 2.0, 3.0, 2.5])
    safe = protect_tables(table, composites={"dim": ["a", "b"]}, **ENDS).tables["table 1"]
    assert safe["withheld"].tolist() == ["", "fewer than 5 teachers answered", COMPLEMENTARY, "", "", ""]


def test_what_was_released_before_is_reckoned_with():
    total = frame([], (38, (82 + 57 + 7.5) / 38))
    full = THREE.assign(mean=[4.1, 3.8, 2.5])
    assert (protect_tables(full, **ENDS).tables["table 1"]["withheld"] == COMPLEMENTARY).sum() == 0
    after = protect_tables(full, released=[total], **ENDS).tables["table 1"]
    assert after["withheld"].tolist() == ["", COMPLEMENTARY, "fewer than 5 teachers answered"]
    with pytest.raises(ic.DisclosureError, match="published already"):
        protect_tables(full, released=[total, THREE], **ENDS)


def test_totals_over_what_is_shown_cost_nothing_more():
    table = pd.concat(
        [THREE.assign(mean=[4.1, 3.8, 2.5]), schools(("all", 38, (82 + 57 + 7.5) / 38))], ignore_index=True
    )
    safe = protect_tables(table, totals="shown", **ENDS).tables["table 1"]
    assert safe["withheld"].tolist() == ["", "", "fewer than 5 teachers answered", ""]
    assert safe.loc[3, "mean"] == pytest.approx((82 + 57) / 35)
    assert safe.loc[3, "school"] == ("Elm", "Oak")
    assert audit_disclosure(safe, attacker=Attacker(counts=THREE[["school", "n"]]), **ENDS).passes


def test_answers_too_alike_are_withheld():
    protected = protect_tables(schools(("Elm", 20, 5.99), ("Oak", 20, 3.0)).assign(sd=[0.1, 0.0]), **ENDS)
    safe = protected.tables["table 1"]
    assert safe["withheld"].tolist() == [ANSWERS_ALIKE, ANSWERS_ALIKE]
    assert safe["mean"].isna().all()
    assert protected.left_out == {"table 1": ("sd",)}
    assert repr(protected).endswith("for others' sake; without 'sd'>")


def test_only_counts_and_means_are_vouched_for(now):
    """From n, the means, EB means and reliabilities of the others a withheld mean follows to the last digit."""
    safe = protect_tables(ic.aggregate(now, audience="research"), instrument=now)
    [table] = safe.tables.values()
    assert list(table) == ["wave", "school", "scale", "n", "n_roster", "response_rate", "mean", "withheld"]
    assert safe.left_out["table 1"] == ("sd", "se", "eb_mean", "eb_se", "reliability", "rwg_j")


def test_spreads_from_which_that_of_few_can_be_worked_out():
    cells = frame(["role"], ("A", 10, 3.0), ("B", 5, 4.0), ("all", 15, 10 / 3)).assign(sd=[0.8, np.nan, 0.9])
    audit = audit_disclosure(cells, **ENDS)
    assert "spread of a total" in set(audit.findings["leak"])
    assert audit_disclosure(cells.assign(sd=[0.8, np.nan, np.nan]), **ENDS).passes
    all_of_them = schools(("Elm", 6, 3.0), ("Oak", 12, 4.0), ("Yew", 14, 3.5))
    larger = schools(("Oak", 12, 4.0), ("Yew", 14, 3.5)).assign(sd=[0.8, 0.9])
    audit = audit_disclosure([all_of_them.assign(sd=np.nan), larger], **ENDS)
    assert set(audit.findings["leak"]) == {"spread hidden elsewhere"}
    assert len(audit.findings) == 2
    assert audit_disclosure(larger, **ENDS).passes


def test_those_who_are_left_and_all_answered_at_the_end():
    cells = frame(["role"], ("A", 20, 3.0), ("all", 26, 96 / 26))  # six others, each of whom said 6
    audit = audit_disclosure(cells, **ENDS)
    assert set(audit.findings["leak"]) == {"difference"}
    assert audit.findings["lower"].tolist() == pytest.approx([6.0])
    assert audit_disclosure(frame(["role"], ("A", 20, 3.0), ("all", 26, 90 / 26)), **ENDS).passes
    assert not audit_disclosure([schools(("Elm", 20, 3.0)), schools(("Elm", 26, 96 / 26))], **ENDS).passes
    assert protect_tables(cells, **ENDS).tables["table 1"]["mean"].isna().any()


@pytest.mark.parametrize(
    ("column", "value"), [("sum", 9), ("percent", "33 %"), ("n_favourable", 0), ("SD", 0.5), ("median", 3.0)]
)
def test_numbers_beside_a_withheld_mean_whatever_their_type(column, value):
    table = schools(("Elm", 20, 4.1), ("Oak", 15, 3.8), ("Yew", 3, np.nan)).assign(**{column: value})
    audit = audit_disclosure(table, by=["school"], **ENDS)
    assert set(audit.findings["leak"]) == {"beside a withheld mean"}
    assert list(protect_tables(table, by=["school"], **ENDS).left_out.values()) == [(column,)]


def test_a_wave_written_as_a_fraction_is_no_statistic():
    table = schools(("Elm", 20, 4.1), ("Yew", 3, np.nan)).assign(wave=2025.0)
    assert audit_disclosure(table, by=["school", "wave"], **ENDS).passes


def test_two_means_of_the_same_teachers_contradict_each_other():
    with pytest.raises(ic.ModelError, match=r"say two means of the same 20 teachers .*school Elm.*4\.1 and 4\.15"):
        audit_disclosure([schools(("Elm", 20, 4.1)), schools(("Elm", 20, 4.15))], **ENDS)
    assert audit_disclosure([schools(("Elm", 20, 4.1)), schools(("Elm", 20, 4.15))], decimals=1, **ENDS).passes


# Subgroups


@pytest.fixture(scope="module")
def staff(now: ic.Responses) -> tuple[ic.Responses, pd.Series]:
    few = now.select(school=list(now.schools[:6]))
    few = type(few)(
        instrument=few.instrument.select(["leadership"]),
        log=few.log,
        _answers=few.raw[[i.key for i in few.instrument.scale("leadership").items]],
        _people=few.people,
        _head_count=few.roster,
    )
    draw = np.random.default_rng(1).choice(["lower", "middle", "upper"], len(few), p=[0.6, 0.25, 0.15])
    return few, pd.Series(draw, index=few.items.index, name="grade")


def known(responses: ic.Responses, grade: pd.Series) -> Attacker:
    counts = (
        pd.concat([ic.score(responses).notna(), grade, responses.school], axis=1).groupby(["school", "grade"]).sum()
    )
    return Attacker(counts=counts.melt(var_name="scale", value_name="n", ignore_index=False).reset_index())


@pytest.mark.parametrize("small_groups", ["suppress", "pool"])
@pytest.mark.parametrize("totals", ["all", "shown"])
def test_subgroup_tables_pass_the_audit(staff, small_groups, totals):
    responses, grade = staff
    table = subgroup_table(responses, grade, small_groups=small_groups, totals=totals)
    cells = table.cells()
    audit = audit_disclosure(cells, attacker=known(responses, grade), instrument=responses)
    assert audit.passes, audit.findings
    shown = cells[cells["withheld"] == ""]
    assert (shown["n"] >= 5).all()
    assert cells.loc[cells["withheld"] != "", "mean"].isna().all()
    assert {"sd", "se"}.isdisjoint(cells)


def test_subgroup_means_are_the_means_of_the_scores(staff):
    responses, grade = staff
    table = subgroup_table(responses, grade, audience="research").to_frame().set_index(["school", "grade"])
    scores = ic.score(responses)["leadership"]
    expected = scores.groupby([responses.school, grade]).agg(["count", "mean", "std"])
    for where, row in expected.iterrows():
        assert table.loc[where, ["n", "mean"]].tolist() == pytest.approx([row["count"], row["mean"]])
    assert table.loc[("all", "all"), "mean"] == pytest.approx(scores.mean())
    assert table.loc[("all", "upper"), "mean"] == pytest.approx(scores[grade == "upper"].mean())
    assert (table["withheld"] != "").any()


def test_a_school_sees_its_own_groups_as_the_district_does(staff):
    responses, grade = staff
    district_sees = subgroup_table(responses, grade).to_frame()
    groups = district_sees[(district_sees["grade"] != "all") & (district_sees["withheld"] == "")]
    mine = groups["school"].iloc[0]
    own = subgroup_table(responses, grade, audience="school", school=mine).to_frame()
    pd.testing.assert_frame_equal(own, district_sees[district_sees["school"] == mine].reset_index(drop=True))


def test_pooled_groups_say_who_they_are(staff):
    responses, grade = staff
    table = subgroup_table(responses, grade, small_groups="pool", totals="shown").to_frame()
    assert table["grade"].str.contains(r"\w \+ \w").any()
    assert "SubgroupTable by grade, for district" in repr(subgroup_table(responses, grade, totals="shown"))


def test_two_groupings_at_once(staff):
    responses, grade = staff
    years = pd.Series(np.where(np.arange(len(grade)) % 2, "new", "old"), index=grade.index, name="years")
    table = subgroup_table(responses, [years, grade], totals="shown", small_groups="pool")
    assert table.by == ("years", "grade")
    assert {"school", "years", "grade", "scale", "n", "mean", "withheld"} == set(table.to_frame())


def test_what_may_not_be_shown_is_refused(staff):
    responses, _ = staff
    each = pd.Series(range(len(responses)), index=responses.items.index, name="person")
    with pytest.raises(ic.DisclosureError, match="no group of any school by 'person' may be shown: fewer than 5"):
        subgroup_table(responses, each, totals="shown")
    with pytest.raises(ic.ModelError, match="needs school="):
        subgroup_table(responses, each, audience="school")
    with pytest.raises(ic.ResponseError, match=r"no school 'Aldr'; .*did you mean 'Alder'"):
        subgroup_table(responses, each, school="Aldr")


# Bad input


def test_one_school_and_hostile_names():
    names = ["=1+1", "a + b", "all\n", "<b>", "'; --", "éà", "None", "nan"]
    table = pd.concat([schools((name, 12, 3.5)) for name in names[:2] + names[3:]], ignore_index=True)
    assert audit_disclosure([table, frame([], (84, 3.5))], **ENDS).passes
    assert audit_disclosure(schools(("Elm", 12, 3.5)), **ENDS).passes
    assert audit_disclosure(schools((7, 12, 3.5), ("7.0", 12, 3.5)), by=["school"], **ENDS).passes


@pytest.mark.parametrize(
    ("tables", "options", "message"),
    [
        ([], ENDS, "no table"),
        (3, ENDS, "no table but int"),
        (pd.DataFrame({"school": ["Elm"], "mean": [3.0]}), ENDS, "lacks 'scale', 'n'"),
        (THREE, {}, "low= of 'trust' is not known"),
        (THREE, {"low": 1, "high": 2}, "width=1 protects nothing"),
        (THREE, {**ENDS, "width": 0}, "not above 0"),
        (THREE, {**ENDS, "decimals": 1.5}, "whole number of decimals"),
        (THREE, {**ENDS, "composites": {"trust": "a"}}, "as a list"),
        (schools(("Elm", 12, 7.5)), ENDS, "outside of 1 to 6"),
        ([THREE, frame([], (30, 3.9))], ENDS, "fewer teachers than its parts"),
        ([THREE, frame([], (38, 1.5))], ENDS, "contradict each other"),
        (schools((None, 12, 3.5)), ENDS, "is missing in a row"),
        (
            [schools(("A", 9, 3.0), ("B", 9, 3.0)), schools(("A", 8, 3.0), ("B", 10, 3.0))],
            ENDS,
            "grew and others shrank",
        ),
        (schools(("A", 9, 3.0), ("A", 8, 3.0)), ENDS, "two numbers of teachers"),
    ],
)
def test_tables_that_can_not_be_audited_say_why(tables, options, message):
    with pytest.raises(ic.ModelError, match=message):
        audit_disclosure(tables, **options)


def test_nothing_is_withheld_and_nobody_is_left():
    assert audit_disclosure(schools(("Elm", 0, NAN), ("Oak", 0, NAN)), **ENDS).passes
    empty = THREE.iloc[:0]
    assert audit_disclosure(empty, **ENDS).passes
    assert audit_disclosure(THREE, **ENDS).to_dict()["passes"] is True


def test_a_survey_of_1284_schools_is_audited_in_seconds():
    rng = np.random.default_rng(1)
    n = rng.integers(1, 40, 1284)
    parts, total = [], []
    for scale in range(11):
        mean = rng.uniform(2, 5, len(n))
        parts.append(
            pd.DataFrame(
                {"school": np.arange(len(n)), "scale": f"s{scale}", "n": n, "mean": np.where(n < 5, NAN, mean)}
            )
        )
        total.append((f"s{scale}", n.sum(), n @ mean / n.sum()))
    started = time.perf_counter()
    audit = audit_disclosure([pd.concat(parts), pd.DataFrame(total, columns=["scale", "n", "mean"])], **ENDS)
    assert audit.passes
    assert len(audit.to_frame()) == 11 * (n < 5).sum()
    assert time.perf_counter() - started < 10
