"""The model as data: syntax, completion as lavaan does it, constraints, and writing it back."""

from __future__ import annotations

import json
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.latent.syntax.arithmetic import read_expression
from internal_coherence.latent.table.identification import check_identification, degrees_of_freedom, rank_deficient
from internal_coherence.latent.table.par_table import ParTable

LAVAAN = json.loads((Path(__file__).parent / "reference" / "lavaan_partables.json").read_text())
MODELS = [key for key in LAVAAN if key != ".meta"]
PARAMETERS = ("=~", "~", "~~", "~1")


def table_of(case) -> ParTable:
    options = {name.replace(".", "_"): value for name, value in (case["options"] or {}).items()}
    groups = [f"group {g + 1}" for g in range(case["groups"])] if case["groups"] > 1 else ()
    return ParTable.from_syntax(case["model"], kind=case["fun"], groups=groups, **options)


def listed(value):
    return value if isinstance(value, list) else [value]


def rows_of(case):
    columns = case["rows"]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def number_or_nan(value):
    return math.nan if value in (None, "NA") else float(value)


@pytest.mark.parametrize("key", MODELS)
def test_rows_are_lavaans(key):
    # lavaan 0.6-14: parTable(cfa/sem/growth(model, do.fit = FALSE, ...)), the same rows in the same order
    case = LAVAAN[key]
    table = table_of(case)
    theirs = [row for row in rows_of(case) if row["op"] in PARAMETERS]
    ours = [row for row in table.entries if row.op in PARAMETERS]
    for column in ("lhs", "op", "rhs", "user", "group", "free", "exo"):
        assert [getattr(row, column) for row in ours] == [row[column] for row in theirs], column
    for mine, other in zip(ours, theirs, strict=True):
        given = number_or_nan(other["ustart"])
        if not mine.free:
            assert mine.value == given or (mine.exo and math.isnan(mine.value)), mine.name
        elif mine.op != "~1":  # lavaan starts some free means at 0
            assert mine.start == given or (math.isnan(mine.start) and math.isnan(given)), mine.name
    assert list(table.observed) == listed(case["observed"])
    assert list(table.latent) == listed(case["latent"])
    assert table.meanstructure == case["meanstructure"]
    assert [(r.lhs, r.op, r.user) for r in table.entries if r.op not in (*PARAMETERS, "==")] == [
        (r["lhs"], r["op"], r["user"]) for r in rows_of(case) if r["op"] not in (*PARAMETERS, "==")
    ]


@pytest.mark.parametrize("key", MODELS)
def test_labels_and_constraints_are_lavaans(key):
    case = LAVAAN[key]
    table = table_of(case)
    theirs = rows_of(case)
    labels = [row["label"] for row in theirs if row["op"] in PARAMETERS]
    ours = [row.label for row in table.entries if row.op in PARAMETERS]
    assert ours == labels or "effect" in key  # effect coding needs labels that lavaan's plabels stand for
    theta = np.random.default_rng(1).uniform(0.5, 1.5, table.n_free)
    number_of = {row[name]: row["free"] for row in reversed(theirs) for name in ("label", "plabel") if row["free"]}
    expected = [
        augmented(read_expression(row["lhs"]).minus(read_expression(row["rhs"])), number_of, theta, definitions(theirs))
        for row in theirs
        if row["op"] == "=="
    ]
    mine = {row.label: row.free for row in reversed(table.entries) if row.free and row.label}
    found = [augmented(e, mine, theta) for e in table.equalities]
    for a, b in table.equal_pairs:
        row = np.zeros(len(theta) + 1)
        row[a - 1], row[b - 1], row[-1] = 1, -1, theta[a - 1] - theta[b - 1]
        found.append(row)
    # The same constraints, whatever their combination: both span the same space.
    rank = [np.linalg.matrix_rank(np.array(m)) if m else 0 for m in (expected, found, expected + found)]
    assert rank[0] == rank[1] == rank[2]
    assert len(found) == rank[1], "our constraints do not repeat each other"


def definitions(rows):
    return {row["lhs"]: read_expression(row["rhs"]) for row in rows if row["op"] == ":="}


def augmented(expression, number_of, theta, defined=None):
    while defined and any(name in defined for name in expression.names):
        expression = expression.substitute(defined)
    values = {name: theta[number_of[name] - 1] for name in expression.names}
    row = np.zeros(len(theta) + 1)
    for name, slope in expression.gradient(values).items():
        row[number_of[name] - 1] += slope
    row[-1] = expression.evaluate(values)
    return row


@pytest.mark.parametrize("key", MODELS)
def test_written_and_read_back_it_is_the_same_model(key):
    table = table_of(LAVAAN[key])
    back = ParTable.from_syntax(
        table.to_lavaan(),
        groups=table.groups,
        auto=False,
        fixed_x=table.fixed_x,
        meanstructure=table.meanstructure or None,
    )
    assert contents(back) == contents(table)
    assert sorted(back.equal_pairs) == sorted(table.equal_pairs)
    assert (back.n_free, back.observed, back.latent) == (table.n_free, table.observed, table.latent)
    assert len(back.equalities) == len(table.equalities)
    assert [name for name, _ in back.definitions] == [name for name, _ in table.definitions]


def contents(table):
    keys = (
        (r.group, r.lhs, r.op, r.rhs, r.free, r.exo, repr(r.value), repr(r.start)) for r in table.entries if r.group
    )
    return sorted(keys)


@pytest.mark.parametrize("key", MODELS)
def test_lavaans_own_table_is_read(key):
    # from_frame(parTable(fit)): equal by label, by plabel and by ==, as from the syntax
    case = LAVAAN[key]
    table = ParTable.from_frame(pd.DataFrame(rows_of(case)).replace({None: np.nan}))
    ours = table_of(case)
    shown = ["lhs", "op", "rhs", "user", "group", "free", "exo"]
    kept = ours.rows["group"] > 0
    pd.testing.assert_frame_equal(table.rows.loc[table.rows["group"] > 0, shown], ours.rows.loc[kept, shown])
    assert sorted(table.equal_pairs) == sorted(ours.equal_pairs)
    assert {name for name, _ in table.definitions} == {name for name, _ in ours.definitions}
    # lavaan repeats in the second group what equal labels have said of the first
    assert len(table.equalities) == len(ours.equalities) or key == "groups.effect.coding.equal"


# Expressions


names = st.sampled_from(["a", "b", "c.1", ".p2."])
expressions = st.recursive(
    st.one_of(names, st.integers(0, 9).map(str), st.floats(0.125, 9, width=16).map(repr)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^"), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda e: f"-({e})"),
        st.tuples(st.sampled_from(["exp", "log", "sqrt", "abs"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
    ),
    max_leaves=12,
)
AT = {"a": 0.7, "b": 1.3, "c.1": 2.1, ".p2.": 0.4}


@given(expressions)
def test_expressions_are_written_as_they_are_read(text):
    expression = read_expression(text)
    again = read_expression(str(expression))
    values = expression.evaluate(AT), again.evaluate(AT)
    assert values[0] == values[1] or all(map(np.isnan, values))
    assert str(again) == str(expression)


@given(expressions)
def test_slopes_are_those_of_small_steps(text):
    expression = read_expression(text)
    step = 1e-6
    for name, slope in expression.gradient(AT).items():
        ends = [expression.evaluate(AT | {name: AT[name] + k * step}) for k in (-1, 1)]
        middle = expression.evaluate(AT)
        difference = (ends[1] - ends[0]) / (2 * step)
        curved = abs(ends[0] + ends[1] - 2 * middle) > 1e-6 * max(1, abs(middle))  # a kink, or too steep to tell
        if np.isfinite([slope, *ends]).all() and abs(difference) < 1e4 and abs(middle) < 1e4 and not curved:
            assert slope == pytest.approx(difference, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("2^3^2", 512),
        ("8/4/2", 1),
        ("1 - 2 - 3", -4),
        ("-a*b", -6),
        ("(a + b)*2", 10),
        ("exp(log(a)) + sqrt(9) + abs(-b)", 8),
        ("1e-2*100", 1),
        (".5 + 1.", 1.5),
        ("+a", 2),
        ("a - -b", 5),
    ],
)
def test_arithmetic_is_that_of_r(text, value):
    assert read_expression(text).evaluate({"a": 2.0, "b": 3.0}) == pytest.approx(value, rel=1e-15)
    assert read_expression(str(read_expression(text))).evaluate({"a": 2.0, "b": 3.0}) == pytest.approx(value)


def test_expressions_take_draws():
    draws = np.array([1.0, 2.0, 4.0])
    assert read_expression("a*b + 1").evaluate({"a": draws, "b": 2.0}).tolist() == [3.0, 5.0, 9.0]
    assert np.isnan(read_expression("log(a)").evaluate({"a": -1.0}))
    assert read_expression("a/b").evaluate({"a": 1.0, "b": 0.0}) == np.inf
    assert read_expression("a^2 + 0*b").gradient({"a": -3.0, "b": 1.0}) == {"a": -6.0, "b": 0.0}
    assert read_expression("a^2").gradient({"a": 0.0}) == {"a": 0.0}
    with pytest.raises(ic.ModelError, match="no value for 'b'"):
        read_expression("a*b").evaluate({"a": 1.0})


def test_long_and_deep_expressions_are_no_danger():
    deep = read_expression("(" * 9000 + "a" + ")" * 9000)
    assert deep.evaluate({"a": 2.0}) == 2.0
    assert read_expression("+".join(["a"] * 5000)).gradient({"a": 1.0}) == {"a": 5000.0}
    doubling = "\n".join(f"d{k} := d{k - 1} + d{k - 1}" for k in range(1, 60))
    with pytest.raises(ic.ModelError, match="over 20000 steps"):
        ParTable.from_syntax(f"f =~ x1 + a*x2 + x3\nd0 := a\n{doubling}")
    with pytest.raises(ic.ModelError, match="is not one of the functions"):
        read_expression("__import__('os')")


def test_definitions_are_of_free_parameters_in_any_order():
    table = ParTable.from_syntax("y ~ a*x + 2*z + k*w\nw ~ k*x + 1*k*z\ntotal := ind + a\nind := a*b\nm ~ b*y")
    defined = dict(table.definitions)
    assert list(defined) == ["total", "ind"]
    assert str(defined["total"]) == "a*b+a"
    assert [str(e) for e in table.equalities] == ["k-1"]  # one of the parameters that bear the label k is fixed
    assert table.equal_pairs == [(2, 3)]


def test_definitions_that_equal_something_bind_the_parameters():
    table = ParTable.from_syntax("m ~ a*x\ny ~ b*m + c*x\nab := a*b\nab == c\na == b\nb == a\nc > ab\na < 1")
    assert [str(e) for e in table.equalities] == ["a*b-c"]
    assert table.equal_pairs == [(1, 2)], "said twice, meant once"
    assert [str(e) for e in table.inequalities] == ["c-a*b", "1-a"]


# Syntax


@pytest.mark.parametrize(
    "text",
    [
        "f =~ x1 + x2; f =~ x3",
        "f =~ x1 +\n x2 +\n x3",
        "f =~ x1\n  + x2 # two\n\n  + x3 ! three",
        "f\n=~ x1 + x2\r\n + x3\r\n",
        "# a model\n'f' =~ \"x1\" + `x2` + x3",
        "f =~ x1\nf =~ x2 + x3",
        "f =~ 1*x1 + x2 + x2 + x3",
        "f =~\tx1 + x2\u00a0+ x3;;",
    ],
)
def test_ways_to_write_the_same(text):
    assert contents(ParTable.from_syntax(text)) == contents(ParTable.from_syntax("f =~ x1 + x2 + x3"))


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("f =~ x1 + x2\ng =~ x3 x4", "before 'x4'", 2, 9),
        ("f =~", "a variable should stand after '=~'", 1, 5),
        ("=~ x1", "a name should stand before", 1, 1),
        ("f = x1", "'=' is no operator", 1, 3),
        ("f =~ x1 g =~ x2", "a second operator", 1, 11),
        ("x1 x2", "no operator", 1, 1),
        ("f =~ f + x", "can't be measured by itself", 1, 6),
        ("y ~ x + y", "can't be regressed on itself", 1, 9),
        ("y ~ x:z", "products of variables", 1, 6),
        ("level: 1\nf =~ x", "two levels", 1, 6),
        ("group: a\nf =~ x", "headings", 1, 6),
        ("f <~ x", "composites", 1, 3),
        ("x | t1", "thresholds", 1, 3),
        ("x ~*~ x", "response scales", 1, 3),
        ("f =~ (x1 + x2", "not closed", 1, 6),
        ("f =~ x1) + x2", "not opened", 1, 8),
        ("f =~ c(1, 2)*x1", "2 entries for 1 group", 1, 6),
        ("f =~ c(a, 1)*x1", "mixed", 1, 11),
        ("f =~ c(1, )*x1", "an empty entry", 1, 6),
        ("f =~ 'x1 + x2", "quote is not closed", 1, 6),
        ("f =~ x1 + start(a)*x2", "a starting value is a number", 1, 17),
        ("f =~ lower(0)*x1", "bounds", 1, 6),
        ("f =~ equal('f=~x2')*x1", "the same label", 1, 6),
        ("f =~ strat(1)*x1", "did you mean 'start'", 1, 6),
        ("f =~ 'a b'*x1", "'a b' is no label", 1, 6),
        ("f =~ label(3)*x1", "a label is a word", 1, 12),
        ("f =~ 1*x1 + x2 + 2*x1", "'f =~ x1' is said to be 1 and 2", 1, 18),
        ("f =~ 1*x1 + NA*x1", "1 and free", 1, 13),
        ("x1 ~~ a*x2\nx2 ~~ b*x1", "has the labels 'a' and 'b'", 2, 7),
        ("f =~ 1", "an intercept, which is written with ~", 1, 6),
        ("f =~ x1 & x2", "'&' has no meaning", 1, 9),
        ("f =~ 1e999*x1", "too large", 1, 6),
        ("f =~ x1\nq := sin(x)", "'sin' is not one of the functions", 2, 6),
        ("f =~ x1\nq := a +", "not finished", 2, 9),
        ("f =~ x1\na + b := 3", "one name should stand before ':='", 2, 1),
        ("a*f =~ x1", "modifiers stand on the right", 1, 2),
    ],
)
def test_errors_point_at_the_place(text, message, line, column):
    with pytest.raises(ic.ModelError) as caught:
        ParTable.from_syntax(text)
    said = str(caught.value)
    assert message in said
    assert f"line {line}, column {column}:" in said
    shown, caret = said.split("\n")[-2:]
    assert caret.index("^") == column + 1, "the caret stands under the place"
    assert shown.strip() == text.split("\n")[line - 1].strip()


def test_a_very_long_line_is_shown_in_part():
    with pytest.raises(ic.ModelError) as caught:
        ParTable.from_syntax("f =~ " + " + ".join(f"x{k}" for k in range(5000)) + " & y")
    shown, caret = str(caught.value).split("\n")[-2:]
    assert len(shown) < 130
    assert shown[caret.index("^")] == "&"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "the model is empty"),
        ("# nothing\n", {}, "the model is empty"),
        ("f =~ g\ng =~ f", {}, "nothing in it is observed"),
        ("f =~ x1 + a*x2\na == b", {}, "'b' in 'a == b' is no label"),
        ("f =~ x1 + x2\nq := a", {}, "'a' in 'q := a' is no label"),
        ("f =~ x1 + a*x2\nq := r\nr := s\ns := q", {}, "'q' needs 'r' needs 's' needs 'q'"),
        ("f =~ x1 + a*x2\nq := q + a", {}, "'q' needs 'q'"),
        ("f =~ x1 + a*x2\na := 3", {}, "the label of a parameter and defined"),
        ("f =~ x1 + a*x2\nq := a\nq := 2*a", {}, "defined twice"),
        ("f =~ x1 + a*x2 + b*x3\na == 1\na == b\nb == 2", {}, "'a' is to be 1 and 'b', its equal, 2"),
        ("f =~ a*x1 + a*x2 + x3\na == 2", {}, "contradict each other"),
        ("f =~ a*x1 + a*2*x2 + x3", {}, "makes parameters equal that are fixed to 1 and 2"),
        ("f =~ x1 + x2\n1 == 2", {}, "can't hold"),
        ("f =~ x1 + x2", {"observed": ["x1", "x3"]}, "'x2' is neither a column of the data"),
        ("f =~ x1 + x2", {"observed": ["x1", "x2", "f"]}, "'f' is measured in the model and a column"),
        ("f =~ x1 + x2", {"groups": "ab"}, "groups are a list"),
        ("f =~ x1 + x2", {"groups": ["a", "a"]}, "the same label"),
        ("f =~ x1 + x2", {"group_equal": "loadings"}, "need at least two groups"),
        ("f =~ x1 + x2", {"groups": [1, 2], "group_equal": "loading"}, "did you mean 'loadings'"),
        ("f =~ x1 + x2", {"groups": [1, 2], "group_equal": "loadings", "group_partial": "f =~ x9"}, "no parameter"),
        (
            "f =~ c(1, 2)*x1 + x2",
            {"groups": [1, 2], "group_equal": "loadings"},
            "is fixed to 1 and 2 in different groups",
        ),
        ("f =~ x1 + x2\nx1 ~ 1", {"meanstructure": False}, "the model has intercepts"),
        ("f =~ x1 + x2", {"meanstructure": False, "kind": "growth"}, "a growth model is one of means"),
        ("f =~ x1 + x2", {"effect_coding": "variances"}, "effect_coding='variances'"),
        ("f =~ x1 + x2", {"effect_coding": True, "std_lv": True}, "choose one"),
        ("f =~ x1 + x2", {"kind": "lavaan"}, "kind='lavaan'"),
        (None, {}, "a model is a text, not NoneType"),
    ],
)
def test_models_that_make_no_sense_are_refused(text, options, message):
    with pytest.raises(ic.ModelError, match=re.escape(message)):
        ParTable.from_syntax(text, **options)


def test_hostile_names_survive():
    table = ParTable.from_syntax("'a b' =~ 'x \"1' + \"it's\" + `if` + exp + x.y + _z + é + 'DROP TABLE; --'")
    assert contents(ParTable.from_syntax(table.to_lavaan(), auto=False)) == contents(table)
    short = table.to_mplus().names
    assert len({s.casefold() for s in short.values()}) == len(short)
    assert all(re.fullmatch(r"[A-Za-z]\w{0,7}", s, re.ASCII) for s in short.values())
    frame = pd.DataFrame({"lhs": ["f"], "op": ["=~"], "rhs": ["a\n\"b'`"], "free": 1})
    with pytest.raises(ic.ModelError, match="can't be written"):
        ParTable.from_frame(frame).to_lavaan()


def test_a_table_is_a_record():
    table = ParTable.from_syntax("f =~ x1 + a*x2 + x3")
    frame = table.rows
    frame["lhs"] = "changed"
    assert set(table.rows["lhs"]) == {"f", "x1", "x2", "x3"}
    assert table.to_dict()["entries"][1]["label"] == "a"
    assert pickle.loads(pickle.dumps(table)).rows.equals(table.rows)
    assert table.exogenous == ("f",)
    assert table.endogenous == ("x1", "x2", "x3")
    assert ParTable.from_syntax("y ~ x + z").covariates == ("x", "z")
    assert repr(ParTable.from_syntax("f =~ x1 + a*x2 + a*x3", groups=["u", "v"])) == (
        "<ParTable: 3 observed and 1 latent variables, 18 free parameters under 3 equality constraints; 2 groups>"
    )


# Identification


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f =~ NA*x1 + x2 + x3", "the latent variable 'f' has no unit"),
        ("f =~ x1 + x2", "'f' has two indicators, 'x1', 'x2', and goes with nothing else"),
        ("f =~ x1\nx1 ~~ x1\ng =~ y1 + y2 + y3", "'f' has one indicator, 'x1'"),
        ("f =~ x1 + x2 + x3\nx1 ~~ x2 + x3", "8 free parameters, but only 6 variances and covariances of 3 variables"),
        ("f =~ x1 + x2 + x3 + x4\nf ~ 1", "the mean of 'f' can't be told from the intercepts"),
        ("f =~ 0*x1 + x2 + x3", "the latent variable 'f' has no unit: fix one of its loadings"),
    ],
)
def test_what_is_not_identified_is_named(text, message):
    with pytest.raises(ic.ModelError, match=re.escape(message)):
        check_identification(ParTable.from_syntax(text))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("f =~ x1 + x2 + x3", {}),
        ("f =~ NA*x1 + x2 + x3\nf ~~ 1*f", {}),
        ("f =~ x1 + x2\ng =~ y1 + y2", {}),
        ("f =~ x1\ng =~ y1 + y2 + y3", {}),
        ("f =~ 1*x1 + 1*x2", {}),
        ("f =~ a*x1 + a*x2", {"std_lv": True}),
        ("f =~ x1 + x2 + x3", {"effect_coding": True, "meanstructure": True}),
        ("f =~ x1 + x2 + x3", {"groups": [1, 2], "group_equal": ["loadings", "intercepts"], "std_lv": True}),
        ("f =~ x1 + x2 + x3\nf ~ 1\nx1 ~ 0*1", {}),
        ("y ~ f\nz ~ f\nf =~ x1", {}),
        ("f =~ NA*x1 + x2 + x3\nf ~ 1*z", {}),
    ],
)
def test_what_is_identified_passes(text, options):
    check_identification(ParTable.from_syntax(text, **options))


# lavaan 0.6-20, lavaan::fitMeasures(fit, "df"), of models fitted to HolzingerSwineford1939 and PoliticalDemocracy
@pytest.mark.parametrize(
    ("key", "df"),
    [
        ("hs", 24),
        ("hs.std.lv", 24),
        ("hs.meanstructure", 24),
        ("hs.effect.coding", 24),
        ("hs.orthogonal", 27),
        ("second.order", 24),
        ("bifactor", 18),
        ("poldem", 38),
        ("mediation", 41),
        ("hs.groups.configural.FALSE", 48),
        ("hs.groups.loadings.FALSE", 54),
        ("hs.groups.metric.and.scalar.FALSE", 60),
        ("hs.groups.strict.FALSE", 69),
        ("hs.groups.means.FALSE", 72),
        ("observed.mediation", 1),
    ],
)
def test_degrees_of_freedom_are_lavaans(key, df):
    assert degrees_of_freedom(table_of(LAVAAN[key])) == df


@pytest.mark.parametrize("key", ["hs.groups.metric.and.scalar.TRUE", "groups.effect.coding.equal"])
def test_degrees_of_freedom_do_not_depend_on_the_unit(key):
    assert degrees_of_freedom(table_of(LAVAAN[key])) == degrees_of_freedom(
        table_of(LAVAAN["hs.groups.metric.and.scalar.FALSE"])
    )


def test_parameters_in_the_null_space_are_named():
    J = np.array([[1e6, 1e-3, 0, 0], [2e6, 2e-3, 0, 0], [0, 0, 1, 0], [0, 0, 0, 5]])
    assert rank_deficient(J, ["a", "b", "c", "d"]) == ("a", "b")
    assert rank_deficient(np.eye(3), ["a", "b", "c"]) == ()
    assert rank_deficient(np.eye(3)[:, :2] * [[0.0, 1]], ["a", "b"]) == ("a",)


# From an instrument, from paths, from rows


def test_an_instruments_scales_are_factors(codebook):
    table = ParTable.from_instrument(codebook)
    written = ParTable.from_syntax("trust =~ t1 + t2 + t3\nclarity =~ c1 + c2 + c3")
    assert contents(table) == contents(written)


@pytest.mark.parametrize(
    ("structure", "factors", "df"),
    [
        ("correlated", 11, 1120),
        ("one_factor", 1, 1175),
        ("second_order", 14, 1161),
        ("bifactor", 12, None),
        ("method", 12, None),
    ],
)
def test_structures_of_the_survey(structure, factors, df):
    instrument = ic.load_instrument("internal-coherence-survey")
    table = ParTable.from_instrument(instrument, structure=structure)
    check_identification(table)
    assert len(table.latent) == factors
    assert table.observed == tuple(item.key for item in instrument.items)
    if df is not None:
        assert degrees_of_freedom(table) == df
    if structure in ("bifactor", "method"):
        own = "general" if structure == "bifactor" else "reversed_items"
        apart = [r for r in table.entries if r.op == "~~" and r.lhs != r.rhs and own in (r.lhs, r.rhs)]
        assert [r.value for r in apart] == [0.0] * (len(table.latent) - 1)


def test_structures_that_a_survey_can_not_have(codebook):
    for structure, message in (
        ("method", "there is 1 reversed item"),
        ("second_order", "do not determine a factor above them"),
        ("nested", "structure='nested'"),
    ):
        with pytest.raises(ic.ModelError, match=message):
            ParTable.from_instrument(codebook, structure=structure)
    one = codebook.select(["trust"])
    for structure in ("second_order", "bifactor"):
        with pytest.raises(ic.ModelError, match="at least two scales"):
            ParTable.from_instrument(one, structure=structure)
    with pytest.raises(ic.ModelError, match="no item 'trust_1'"):
        ParTable.from_instrument(codebook, items=["t1", "trust_1"])


def test_a_scale_of_one_item_is_that_item(codebook):
    table = ParTable.from_instrument(codebook, items=["t1", "c1", "c2", "c3"])
    residual = table.rows.query("lhs == 't1' and rhs == 't1'").iloc[0]
    assert (residual["free"], residual["value"]) == (0, 0.0)
    check_identification(table)


def test_a_scale_with_an_items_name_is_renamed():
    frame = pd.DataFrame({"item": ["trust", "t2", "t3"], "scale": "trust", "low": 1, "high": 4})
    assert ParTable.from_instrument(ic.read_codebook(frame)).latent == ("trust_factor",)


@pytest.mark.parametrize(
    "given",
    [
        "a -> b -> c\na -> c",
        "a -> b, c; b -> c # done",
        [("a", "b"), ("b", "c"), ("a", "c")],
        {"a": ["b", "c"], "b": "c"},
    ],
)
def test_paths_in_several_forms(given):
    table = ParTable.from_paths(given)
    arrows = {(r.rhs, r.lhs) for r in table.entries if r.op == "~"}
    assert arrows == {("a", "b"), ("b", "c"), ("a", "c")}
    assert table.covariates == ("a",)


def test_paths_with_two_ends():
    table = ParTable.from_paths("a -> c\nb -> d\nc <-> d", covary_outcomes=False)
    assert ("c", "d") in {(r.lhs, r.rhs) for r in table.entries if r.op == "~~"}
    apart = ParTable.from_paths("a -> c\nb -> d", covary_outcomes=False)
    assert ("c", "d") not in {(r.lhs, r.rhs) for r in apart.entries}
    for wrong, message in (
        ("a ->", "has no end"),
        ("a b", "no arrow"),
        ("", "there are no paths"),
        ([("a", "a")], "from a variable to itself"),
        (["ab"], "a pair"),
        ([("a", 3)], "3 is no name"),
    ):
        with pytest.raises(ic.ModelError, match=message):
            ParTable.from_paths(wrong)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lhs": ["f"], "op": ["=~"]}, "missing: 'rhs'"),
        ({"lhs": ["f"], "op": ["=!"], "rhs": ["x"]}, "row 1: the operator '=!'"),
        ({"lhs": ["x"], "op": ["|"], "rhs": ["t1"]}, "ordered items"),
        ({"lhs": ["f", "f"], "op": "=~", "rhs": ["x", "x"]}, "rows 1 and 2 are of the same parameter"),
        ({"lhs": ["x", "y"], "op": "~~", "rhs": ["y", "x"]}, "rows 1 and 2 are of the same parameter"),
        ({"lhs": ["f", "f"], "op": "=~", "rhs": ["x", "y"], "free": [0, 1]}, "neither free nor has it a value"),
        ({"lhs": ["f", "f"], "op": "=~", "rhs": ["x", "y"], "value": [1, "b"]}, "row 2: value is 'b'"),
        ({"lhs": ["f"], "op": ["=~"], "rhs": ["f"]}, "can't be measured by itself"),
        ({"lhs": ["f"], "op": ["=~"], "rhs": ["x"], "label": ["no label"]}, "'no label' is no label"),
        ({"lhs": ["f"], "op": ["=~"], "rhs": ["x"], "group": [0]}, "groups are counted from 1"),
        ({"lhs": [], "op": [], "rhs": []}, "no parameters"),
    ],
)
def test_rows_that_make_no_table(columns, message):
    with pytest.raises(ic.ModelError, match=re.escape(message)):
        ParTable.from_frame(pd.DataFrame(columns))


# Mplus


def test_mplus_says_everything():
    text = ParTable.from_syntax("f =~ x1 + a*x2 + x3\ng =~ y1 + y2 + y3\nf ~~ 0*g\nq := a^2\na > 0").to_mplus().text
    assert text.split("\n") == [
        "MODEL:",
        *[f"  f BY {item};" for item in ("x1@1", "x2* (a)", "x3*")],
        *[f"  g BY {item};" for item in ("y1@1", "y2*", "y3*")],
        "  f WITH g@0;",
        *[f"  {v}*;" for v in ("x1", "x2", "x3", "y1", "y2", "y3", "f", "g")],
        "MODEL CONSTRAINT:",
        "  NEW(q);",
        "  q = a**2;",
        "  a > 0;",
        "",
    ]


def test_mplus_names_are_short_and_all_different():
    scales = "\n".join(
        f"psychological_safety_{k} =~ item_number_{k}1 + item_number_{k}2 + Item_Number_{k}1b" for k in "ABC"
    )
    model = ParTable.from_syntax(
        scales, groups=["primary schools", "secondary schools"], group_equal="loadings"
    ).to_mplus()
    short = list(model.names.values())
    assert len({name.casefold() for name in short}) == len(short) == 12
    assert max(map(len, [*short, *model.labels.values()])) <= 8
    assert max(map(len, model.text.splitlines())) <= 90
    assert model.text.count("\nMODEL ") == 2, "a part of its own for each group"
