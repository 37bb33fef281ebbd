"""The examples of the explanation pages, and of the how-to pages that need no files, run as they stand."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
IN_CODE = (
    "reliability-table",
    "dimensionality",
    "item-analysis",
    "careless-responding",
    "checking-an-order",
    "comparing-schools",
    "confirmatory-models",
    "factor-scores",
    "how-wrong-could-the-order-be",
    "invariance",
    "many-groups",
    "model-syntax",
    "order-over-time",
    "planning-a-model",
    "planning-a-survey",
    "releasing-tables",
    "resampling-a-model",
    "rival-structures",
    "showing-a-model",
)
PAGES = [*sorted((DOCS / "explanation").glob("*.md")), *(DOCS / "how-to" / f"{page}.md" for page in IN_CODE)]
EXAMPLE = re.compile(r"^```pycon\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_give_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some save a figure
    code = "\n".join(EXAMPLE.findall(page.read_text(encoding="utf-8")))
    test = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append)
    assert not said, "".join(said)
