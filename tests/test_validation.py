"""The evidence for one survey on one page."""

from __future__ import annotations

import re
import warnings
from html import unescape

import numpy as np
import pandas as pd
import pytest
from semopy.examples import holzinger39

import internal_coherence as ic


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def survey():
    """Holzinger & Swineford's tests as a survey of twenty schools, an item with a hostile wording."""
    data = holzinger39.get_data().reset_index(drop=True)
    book = pd.DataFrame(
        {
            "item": [f"x{k}" for k in range(1, 10)],
            "scale": np.repeat(["v", "t", "s"], 3),
            "low": 0,
            "high": 12,
            "text": "<script>alert(1)</script>",
        }
    )
    frame = data[book["item"]].round().clip(0, 12)
    frame = frame.assign(school=[f"<b>school {k % 20}</b>" for k in range(len(data))], role=data["school"])
    return ic.read_responses(frame, ic.read_codebook(book), school="school", role="role")


@pytest.fixture(scope="module")
def found(survey):
    return quietly(lambda: ic.validate_instrument(survey, group="role", folds=4, seed=2))


def test_every_section_is_there_and_is_what_its_verb_gives(found, survey):
    assert found.not_done == {}
    assert found.to_frame()["done"].all()
    assert (found.n, found.n_schools, found.n_items) == (301, 20, 9)
    alone = quietly(lambda: ic.cfa(survey, estimator="MLR"))
    assert found.fit.chisq == alone.chisq
    one = quietly(lambda: ic.invariance(survey, "v =~ x1 + x2 + x3", "role", estimator="MLR"))
    pd.testing.assert_frame_equal(found.compared["v"].to_frame(), one.to_frame())
    pd.testing.assert_frame_equal(found.items.to_frame(), quietly(lambda: ic.item_analysis(survey)).to_frame())


def test_the_same_seed_gives_the_same_page(found, survey):
    again = quietly(lambda: ic.validate_instrument(survey, group="role", folds=4, seed=2))
    assert again.to_html() == found.to_html()


def test_the_page_holds_the_figures_and_names_no_school(found, tmp_path):
    page = found.to_html(tmp_path / "deep" / "page.html")
    assert (tmp_path / "deep" / "page.html").read_text(encoding="utf-8") == page
    text = re.sub(r"<[^>]+>", " ", page)
    for title in (
        "Items",
        "Dimensions",
        "Reliability",
        "Structure",
        "Rival structures",
        "Invariance",
        "Teachers and schools",
    ):
        assert re.search(rf"\d\. {title}", text), title
    assert "<script>" not in page
    assert "school 7" not in page
    m = found.fit.fit_measures()
    assert f"{m['srmr']:.3f}" in text
    assert page.count("<svg") == 3
    assert f"{found.rivals.to_frame()['bic'].iloc[0]:.3f}" in text
    assert "What this page does not show" in text
    assert "intervals 95 %" in text
    assert f"internal_coherence {ic.__version__}" in text
    assert "random draws from seed 2" in text


def test_warnings_stand_on_the_page_in_place_of_being_raised(survey):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ic.validate_instrument(survey, group="role", folds=0)
    assert any("20 schools" in message for message in found.warned)
    assert len(set(found.warned)) == len(found.warned)
    page = unescape(found.to_html())
    assert all(message in page for message in found.warned)


def test_what_can_not_be_computed_is_said(survey):
    few = survey.select(school=list(survey.schools)[:1])
    found = quietly(lambda: ic.validate_instrument(few, folds=0))
    assert {"structure", "invariance"} <= set(found.not_done)
    page = found.to_html()
    assert page.count("Not computed:") == len(found.not_done)
    assert "not done" in repr(found)


def test_over_waves_every_scale_is_by_itself(example):
    found = quietly(lambda: ic.validate_instrument(example, folds=0))
    assert found.compared is not None
    assert set(found.compared) == {scale.key for scale in example.instrument.scales if len(scale.item_keys) > 2}
    assert all(each.over == "waves" for each in found.compared.values())
    assert "reconstruction" in found.to_html()


def test_options_that_do_not_exist_are_refused_at_once(survey):
    with pytest.raises(ic.ModelError, match="'MRL' is not one of"):
        ic.validate_instrument(survey, estimator="MRL")
    with pytest.raises(ic.ModelError, match="'rol' is no column"):
        ic.validate_instrument(survey, group="rol")


def test_only_responses_are_taken():
    with pytest.raises(ic.ModelError, match="takes Responses"):
        ic.validate_instrument(holzinger39.get_data())
