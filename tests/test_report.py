"""Pages, figures and tables that people read."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

import internal_coherence as ic
from internal_coherence.report import wording
from internal_coherence.report.figures import draw_spreads
from internal_coherence.report.pages import file_names
from internal_coherence.report.tables import inert


class Reader(HTMLParser):
    """Collects what a check of a page needs: tags in balance, ids, outside links, tables and their headings."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "path", "use", "rect", "line", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [v for k, v in attrs if k in ("href", "src", "xlink:href") and v and not v.startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def page(example) -> str:
    return ic.profile(example, "Juniper").to_html()


def test_the_page_is_sound_and_needs_nothing_from_outside(page):
    reader = read(page)
    assert len(set(reader.ids)) == len(reader.ids)
    assert reader.links == []
    assert reader.tags.count("svg") == 2
    assert reader.tags.count("table") == 3
    assert page.startswith("<!DOCTYPE html>")


def test_the_page_says_what_it_rests_on(page):
    text = " ".join(" ".join(read(page).text).split())
    for part in (
        "34 of 42 teachers answered (81.0 %)",
        "a reconstruction, not the published form",
        "for learning together",
        "all schools that pass the gates: 22, this school among them; 2 left out",
        "of teachers' scores over the reference",
        "response rate of at least 65%",
        "leaders' rows left out: 24",
        "Earliest weak stage: Organisational structure and process",
        "Not measured by this survey",
        "does not show what would follow from work on a stage",
    ):
        assert part in text, part


def test_pictures_have_words_beside_them(page):
    assert re.search(r'role="img" aria-labelledby="(profile-\w+)-title \1-desc"', page)
    assert "Leadership for instructional practice: above the reference mean" in page


def test_a_withheld_page_shows_the_reason_and_no_numbers(example):
    page = ic.profile(example, "Poplar").to_html()
    reader = read(page)
    assert "fewer than 5 teachers answered" in page
    assert "svg" not in reader.tags
    assert "table" not in reader.tags


def test_a_bar_of_ones_own_is_read_along_the_order(example):
    profile = ic.profile(example, "Juniper")
    page = profile.to_html(metric="relative", bar=-0.5)
    assert "runs over standard deviations from the reference mean" in page
    assert "lower than this group of schools, which is not low in itself" in page
    assert "bar −0.50" in page


def test_the_same_profile_gives_the_same_page(example, page):
    assert ic.profile(example, "Juniper").to_html() == page


def test_figures_draw_where_they_are_told(example):
    profile = ic.profile(example, "Juniper")
    own = profile.plot()
    assert own.get_title(loc="left") == "Juniper, wave 2025"
    ax = Figure().add_subplot()
    assert profile.plot(ax) is ax
    assert "Withheld" in ic.profile(example, "Poplar").plot().texts[0].get_text()


def test_bars_that_are_all_joined_leave_no_gap(example):
    profile = ic.profile(example, "Cedar")
    joined = next(s for s in profile.spreads if len(s.bars) > 1 and all(bar.first < bar.last for bar in s.bars))
    figure = draw_spreads(replace(profile, spreads=(joined,)))
    bars = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in figure.axes[0].patches]
    assert all(right == pytest.approx(left) for (_, right), (left, _) in itertools.pairwise(bars))


def test_pages_of_all_schools_on_two_processes_are_those_of_one(example, tmp_path):
    profiles = ic.profile_schools(example.select(school=["Alder", "Aspen", "Beech", "Poplar"]))
    one = profiles.to_html(tmp_path / "one")
    two = profiles.to_html(tmp_path / "two", workers=2)
    assert [p.name for p in one.values()] == [p.name for p in two.values()]
    assert all(one[s].read_bytes() == two[s].read_bytes() for s in profiles)
    with pytest.raises(ic.ModelError, match="workers=0"):
        profiles.to_html(tmp_path, workers=0)


def test_file_names_are_plain_and_distinct():
    names = file_names(["Elm", "elm!", "../../etc/passwd", "", "学校", "a" * 300, "<b>", "ELM?"])
    assert len(set(names.values())) == 8
    assert names["../../etc/passwd"] == "profile-etc-passwd.html"
    assert max(map(len, names.values())) < 80


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        (" =x", "' =x"),
        ("\t=x", "'\t=x"),
        ("Elm", "Elm"),
        (-1.5, -1.5),
    ],
)
def test_spreadsheets_run_nothing(cell, safe):
    assert inert(cell) == safe


def test_csv_keeps_every_digit(now, tmp_path):
    table = ic.aggregate(now)
    back = pd.read_csv(table.to_csv(tmp_path / "t.csv"), keep_default_na=False, na_values=[""])
    pd.testing.assert_series_equal(back["mean"], table.to_frame()["mean"])


def test_notebooks_show_tables(example, now):
    assert "<table" in ic.profile(example, "Juniper")._repr_html_()
    assert "withheld" in ic.profile(example, "Poplar")._repr_html_()
    assert "<table" in ic.aggregate(now)._repr_html_()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.004, "+0.004"), (-0.0008, "−0.001"), (1e-9, "0.00"), (-1.5, "−1.50"), (2, "+2.00"), (float("nan"), "–")],
)
def test_signed_numbers(value, text):
    assert wording.signed(value) == text


def test_norms_and_choices_are_put_in_words(example):
    keys = [s.key for s in example.instrument.scales]
    norms = pd.DataFrame({"mean": 3.5, "sd": 1.0}, index=keys)
    page = ic.profile(
        example, "Alder", reference=norms, within_sd="own", finite_population=True, min_answered=2
    ).to_html()
    for part in (
        "a table of norms supplied by the user",
        "of this school alone",
        "about the present staff",
        "2 item(s)",
    ):
        assert part in page
