"""Scale scores."""

from __future__ import annotations

import numpy as np
import pytest

import internal_coherence as ic

KEYS = ["t1", "t2", "t3", "c1", "c2", "c3"]


@pytest.fixture
def responses(answers, codebook):
    data = answers.astype(dict.fromkeys(KEYS, float))
    data.loc[0, ["t1", "t2"]] = np.nan
    data.loc[1, ["t1"]] = np.nan
    data.loc[2, ["t1", "t2", "t3"]] = np.nan
    return ic.read_responses(data, codebook, school="school")


def test_mean_sum_and_pomp_by_hand(responses):
    # teacher 1 answered t2 = 4 and t3 = 2, which is reversed to 3: mean 3.5 on 1–4
    assert ic.score(responses).loc[1, "trust"] == 3.5
    assert ic.score(responses, "sum").loc[1, "trust"] == 10.5
    assert ic.score(responses, "pomp").loc[1, "trust"] == pytest.approx(100 * 2.5 / 3)


@pytest.mark.parametrize(
    ("min_answered", "answered"),
    [(1, [True, True, False]), (0.5, [False, True, False]), (2, [False, True, False]), (1.0, [False, False, False])],
)
def test_too_little_answered_is_no_score(min_answered, answered, responses):
    scores = ic.score(responses, min_answered=min_answered)
    assert list(scores["trust"].notna()[:3]) == answered
    assert scores.attrs == {"method": "mean", "min_answered": min_answered}
    assert list(scores.index) == list(responses.items.index)


@pytest.mark.parametrize("min_answered", [0, 4, 0.0, 1.5, "half", True, -1])
def test_minima_that_can_not_be_met_are_refused(min_answered, responses):
    with pytest.raises(ic.ResponseError, match="min_answered"):
        ic.score(responses, min_answered=min_answered)


def test_an_unknown_method_is_refused(responses):
    with pytest.raises(ic.ResponseError, match="method='total' is not one of"):
        ic.score(responses, "total")
