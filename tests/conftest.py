"""Fixtures that many tests share."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

import internal_coherence as ic

settings.register_profile("project", deadline=None, derandomize=True)  # the same cases everywhere, on any machine
settings.load_profile("project")

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="session")
def example() -> ic.Responses:
    return ic.example_responses()


@pytest.fixture(scope="session")
def now(example: ic.Responses) -> ic.Responses:
    return example.select(wave=2025)


@pytest.fixture(scope="session")
def reference():
    def load(name: str) -> dict[str, Any]:
        return json.loads((REFERENCE / f"{name}.json").read_text())

    return load


@pytest.fixture(scope="session")
def lq2002() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "lq2002.csv")


@pytest.fixture
def codebook() -> ic.Instrument:
    """Two scales of three items, 1–4 with labels; one item reversed."""
    return ic.read_codebook(
        pd.DataFrame(
            {
                "item": ["t1", "t2", "t3", "c1", "c2", "c3"],
                "scale": ["trust"] * 3 + ["clarity"] * 3,
                "low": 1,
                "high": 4,
                "reversed": ["", "", "yes", "", "", ""],
                "text": [f"Question about {topic}" for topic in ("help", "talk", "doubt", "goals", "plans", "steps")],
                "labels": "Strongly disagree|Disagree|Agree|Strongly agree",
            }
        )
    )


@pytest.fixture
def answers() -> pd.DataFrame:
    """Twelve teachers in three schools, codes as answered."""
    rows = [
        ("Elm", 4, 4, 1, 3, 3, 4),
        ("Elm", 3, 4, 2, 3, 4, 4),
        ("Elm", 3, 3, 2, 2, 3, 3),
        ("Elm", 4, 3, 1, 4, 4, 4),
        ("Oak", 2, 2, 3, 2, 1, 2),
        ("Oak", 1, 2, 4, 1, 2, 2),
        ("Oak", 2, 3, 3, 2, 2, 3),
        ("Oak", 2, 1, 3, 3, 2, 1),
        ("Yew", 3, 2, 2, 4, 3, 3),
        ("Yew", 3, 3, 3, 3, 3, 4),
        ("Yew", 2, 3, 2, 4, 4, 3),
        ("Yew", 4, 3, 2, 3, 2, 3),
    ]
    return pd.DataFrame(rows, columns=["school", "t1", "t2", "t3", "c1", "c2", "c3"])


@pytest.fixture(scope="session")
def causal_words() -> re.Pattern[str]:
    """What no sentence about an order may say."""
    return re.compile(
        r"\b(rais(e|es|ed|ing)|lead(s|ing)? to|led to|improv\w*|effects? (of|on)|because of|caus(e|es|ed|ing)|due to|thanks to"
        r"|results? in|boost\w*|driv(e|es|en|ing)|impacts?|influenc\w*|affect(s|ed)?|make(s)? .* (grow|better|higher)|produc\w*)\b",
        re.IGNORECASE,
    )
