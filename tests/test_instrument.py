"""What was asked: definitions, provenance, codebooks, and the way there and back."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.instrument.provenance import bundled_sources
from internal_coherence.instrument.spelling import fold


@pytest.fixture(scope="module")
def survey() -> ic.Instrument:
    return ic.load_instrument("internal-coherence-survey")


def item(**changes) -> ic.Item:
    return ic.Item(**{"key": "q1", "low": 1, "high": 6, **changes})


def scale(*keys: str, **changes) -> ic.Scale:
    return ic.Scale(**{"key": "s", "dimension": "d", "items": [item(key=key) for key in keys], **changes})


def test_the_reconstruction_has_the_constructs_and_says_what_it_is(survey):
    assert [len(survey.in_dimension(d.key)) for d in survey.dimensions] == [4, 5, 2]
    assert survey.status == "reconstructed"
    assert "reconstruction, not the published form" in repr(survey)
    formats = {(s.low, s.high) for s in survey.scales}
    assert formats == {(1, 6), (1, 5)}


def test_reversed_items_of_the_reconstruction_are_the_negatively_worded(survey):
    assert [i.key for i in survey.items if i.reversed] == ["saf_4", "saf_5", "cef_5", "cef_6"]


def test_every_field_has_a_provenance_and_nothing_unknown_is_dressed_up(survey):
    for s in survey.scales:
        assert set(s.provenance) == {"construct", "dimension", "items"}
        assert s.provenance["items"].mark == "unknown"
        for i in s.items:
            assert set(i.provenance) == {"text", "format", "reversed"}
            assert i.provenance["format"].mark == "unknown"
            assert i.provenance["text"].mark == "background"


def test_citations_come_from_the_list_of_sources(survey):
    marks = [m for s in survey.scales for m in s.provenance.values()] + [
        m for d in survey.dimensions for m in d.provenance.values()
    ]
    cited = {m.citation for m in marks if m.citation}
    assert cited
    assert cited <= set(bundled_sources().values())


def test_toml_and_table_lead_back_to_the_same_instrument(survey, tmp_path):
    survey.to_toml(tmp_path / "survey.toml")
    survey.to_frame().to_csv(tmp_path / "survey.csv", index=False)
    survey.to_frame().to_excel(tmp_path / "survey.xlsx", index=False)
    assert ic.read_codebook(tmp_path / "survey.toml") == survey
    assert ic.read_codebook(survey.to_frame()) == survey
    assert ic.read_codebook(tmp_path / "survey.csv") == survey
    assert ic.read_codebook(tmp_path / "survey.xlsx") == survey


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="|"), min_size=1, max_size=8
)


def label_lists(n: int):
    labels = words.filter(lambda text: not text.lstrip("+-").isdecimal())
    return st.lists(labels, min_size=n, max_size=n, unique_by=fold)


@given(st.data())
def test_any_instrument_survives_toml_and_table(data):
    n_scales = data.draw(st.integers(1, 3))
    scales = []
    for s in range(n_scales):
        low = data.draw(st.integers(-3, 3))
        high = low + data.draw(st.integers(1, 6))
        labelled = data.draw(st.booleans())
        items = [
            ic.Item(
                key=f"i{s}_{k}",
                low=low,
                high=high,
                text=data.draw(words),
                labels=tuple(data.draw(label_lists(high - low + 1))) if labelled else (),
                reversed=data.draw(st.booleans()),
                provenance=user("text", "format", "reversed"),
            )
            for k in range(data.draw(st.integers(2, 4)))
        ]
        scales.append(
            ic.Scale(
                key=f"s{s}",
                label=data.draw(words),
                dimension="d",
                strand=data.draw(st.sampled_from(["", "team"])),
                items=items,
                provenance=user("construct", "dimension", "items"),
            )
        )
    dimension = ic.Dimension(key="d", label=data.draw(words), provenance=user("construct"))
    made = ic.Instrument(key="made", title="t", dimensions=[dimension], scales=scales)
    from internal_coherence.instrument.exchange import read_toml

    assert read_toml(made.to_toml(), "made") == made
    assert ic.read_codebook(made.to_frame()) == made


def user(*fields: str):
    from internal_coherence.instrument.definitions import user_provenance

    return user_provenance(*fields)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": 6, "high": 6}, "low must be less than high"),
        ({"low": 1.5}, "low must be a whole number"),
        ({"high": True}, "high must be a whole number"),
        ({"high": 5000}, "over the 1001 codes"),
        ({"labels": ("a", "b")}, "2 labels for the 6 codes 1 to 6"),
        ({"labels": ("0", "1", "2", "3", "4", "5")}, "code 1 has the label '0', which is another code"),
        ({"text": "a\x00b"}, "holds a line break or a control character"),
        ({"labels": "abcdef"}, "labels a list of texts"),
        ({"key": "a b"}, "item key 'a b' is not a name"),
        ({"reversed": "no"}, "reversed must be true or false"),
        ({"provenance": user("wording")}, "provenance of 'wording'"),
    ],
)
def test_items_that_contradict_themselves_are_refused(changes, message):
    with pytest.raises(ic.InstrumentError, match=message):
        item(**changes)


def test_scales_and_instruments_that_contradict_themselves_are_refused():
    with pytest.raises(ic.InstrumentError, match="has 1 item"):
        scale("a")
    with pytest.raises(ic.InstrumentError, match="used more than once: 'a'"):
        scale("a", "a")
    with pytest.raises(ic.InstrumentError, match="mixes the response formats 1–5, 1–6"):
        ic.Scale(key="s", dimension="d", items=[item(key="a"), item(key="b", high=5)])
    d = ic.Dimension(key="d")
    with pytest.raises(ic.InstrumentError, match="belongs to dimension 'e'"):
        ic.Instrument(key="i", dimensions=[d], scales=[scale("a", "b", dimension="e")])
    with pytest.raises(ic.InstrumentError, match="item keys must be unique"):
        ic.Instrument(key="i", dimensions=[d], scales=[scale("a", "b"), scale("b", "c", key="t")])
    with pytest.raises(ic.InstrumentError, match="dimensions without a scale: 'e'"):
        ic.Instrument(key="i", dimensions=[d, ic.Dimension(key="e")], scales=[scale("a", "b")])
    with pytest.raises(ic.InstrumentError, match="for a scale and for a dimension: 'd'"):
        ic.Instrument(key="i", dimensions=[d], scales=[scale("a", "b", key="d")])


def test_a_mark_that_needs_a_citation_has_one():
    with pytest.raises(ic.InstrumentError, match="needs a citation"):
        ic.Provenance("verified")
    with pytest.raises(ic.InstrumentError, match="did you mean 'verified'"):
        ic.Provenance("verifed", "a book")


def test_unknown_names_come_with_the_closest(survey):
    with pytest.raises(ic.InstrumentError, match="did you mean 'team_support'"):
        survey.scale("team_suport")
    with pytest.raises(ic.InstrumentError, match="did you mean 'internal-coherence-survey'"):
        ic.load_instrument("internal-coherence-surve")


def test_select_keeps_some_scales(survey):
    part = survey.select(["collective_efficacy", "individual_efficacy"])
    assert [s.key for s in part.scales] == ["individual_efficacy", "collective_efficacy"]
    assert [d.key for d in part.dimensions] == ["efficacy"]


BOOK = {"item": ["a", "b"], "scale": ["s", "s"], "low": [1, 1], "high": [5, 5]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": ["s", ""]}, "row 2: column 'scale' is empty"),
        ({"high": [5, "five"]}, "row 2, column 'high': 'five' is not a whole number"),
        ({"low": [1, 9]}, "row 2: item 'b': low must be less than high"),
        ({"reversed": ["no", "perhaps"]}, "row 2, column 'reversed': 'perhaps' is neither yes nor no"),
        ({"labels": ["a|b|c|d|e", "a|b"]}, "row 2: item 'b': 2 labels for the 5 codes"),
        ({"dimension": ["x", "y"]}, "row 2, column 'dimension': scale 's' is in 'y' here and in 'x' above"),
        ({"labels": ["a|b|c|d|A", ""]}, "row 1: item 'a': labels that can't be told apart: 'A', 'a'"),
        ({"scale_label": ["Trust", "Safety"]}, "row 2, column 'scale_label': scale 's' is 'Safety' here and 'Trust'"),
        ({"revers": ["", ""]}, "unknown column 'revers'; .*did you mean 'reversed'"),
        ({"text_provenance": ["", "verified"]}, "row 2, column 'text_provenance': .*needs a citation"),
    ],
)
def test_codebook_errors_name_row_and_column(changes, message):
    with pytest.raises(ic.InstrumentError, match=message):
        ic.read_codebook(pd.DataFrame({**BOOK, **changes}))


def test_codebook_files_that_can_not_be_read(tmp_path):
    with pytest.raises(ic.InstrumentError, match="no codebook file"):
        ic.read_codebook(tmp_path / "nowhere.csv")
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(ic.InstrumentError, match="is empty"):
        ic.read_codebook(empty)
    (tmp_path / "book.docx").write_text("x")
    with pytest.raises(ic.InstrumentError, match=r"a codebook is a \.toml, \.csv"):
        ic.read_codebook(tmp_path / "book.docx")
    (tmp_path / "latin.csv").write_bytes("item,scale,low,high\né,s,1,5\n".encode("cp1252"))
    with pytest.raises(ic.InstrumentError, match="not UTF-8"):
        ic.read_codebook(tmp_path / "latin.csv")
    (tmp_path / "wide.csv").write_text("item,scale,low,high,text\na,s,1,5,one, two\nb,s,1,5,x\n")
    with pytest.raises(ic.InstrumentError, match="row 2 has 6 cells, the heading 5"):
        ic.read_codebook(tmp_path / "wide.csv")
    with pytest.raises(ic.InstrumentError, match="has no column 'scale'"):
        ic.read_codebook(pd.DataFrame({"item": ["a"], "low": 1, "high": 2}))
    with pytest.raises(ic.InstrumentError, match="no rows"):
        ic.read_codebook(pd.DataFrame({"item": [], "scale": [], "low": [], "high": []}))


def test_toml_mistakes_are_named(tmp_path):
    path = tmp_path / "book.toml"
    path.write_text("key = 'x'\n[[scales]\n")
    with pytest.raises(ic.InstrumentError, match=r"is not TOML.*line 2"):
        ic.read_codebook(path)
    path.write_text(
        "key = 'x'\n[[scales]]\nkey = 's'\nitems = [{key = 'a', low = 1, high = 2}, {key = 'b', lo = 1, high = 2}]"
    )
    with pytest.raises(ic.InstrumentError, match=r"item 'b': unknown key 'lo'.*did you mean 'low'"):
        ic.read_codebook(path)
    path.write_text("key = 'x'\n[[scales]]\nkey = 's'\nformat = 'agree'\nitems = [{key = 'a'}, {key = 'b'}]")
    with pytest.raises(ic.InstrumentError, match=r"format 'agree' is not defined in \[formats\]"):
        ic.read_codebook(path)


def test_a_semicolon_codebook_with_a_mark_at_its_head_is_read(tmp_path):
    path = tmp_path / "book.csv"
    path.write_text("Item;Scale;Low;High;Text\na;s;1;5;one; \nb;s;1;5;\n".replace("one; ", "one"), encoding="utf-8-sig")
    assert [i.text for i in ic.read_codebook(path).items] == ["one", ""]


def test_bundled_files_are_plain_toml():
    folder = files("internal_coherence.instrument").joinpath("data")
    for name in ("sources.toml", "internal-coherence-survey.toml"):
        assert tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))
