"""What may be shown: gates, joined bars, coded shares."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import internal_coherence as ic
from internal_coherence.schools.disclosure.coding import coded_share, pooled_bins

counts = st.lists(st.integers(0, 12), min_size=2, max_size=9).filter(lambda c: sum(c) >= 10)


@given(counts, st.integers(2, 5))
def test_no_bar_holds_few_teachers_and_none_is_lost(counts, min_cell):
    bins = pooled_bins(np.array(counts), min_cell)
    if not bins:
        return
    assert all(count == 0 or count >= min_cell for *_, count in bins)
    assert sum(count for *_, count in bins) == sum(counts)
    assert [first for first, *_ in bins] == [0, *[last + 1 for _, last, _ in bins[:-1]]]
    assert bins[-1][1] == len(counts) - 1
    assert sum(count > 0 for *_, count in bins) >= 2


@given(counts, st.integers(2, 5))
def test_only_answers_that_lie_close_together_are_hidden_altogether(counts, min_cell):
    large = [c for c in counts if c >= min_cell]
    if len(large) >= 3:
        assert pooled_bins(np.array(counts), min_cell)


def test_the_rule_holds_for_every_small_histogram():
    for counts in itertools.product(range(6), repeat=5):
        if sum(counts) >= 6:
            bins = pooled_bins(np.array(counts), 3)
            assert all(count == 0 or count >= 3 for *_, count in bins), counts
            assert not bins or sum(count for *_, count in bins) == sum(counts)


def test_unanimous_answers_have_no_distribution():
    assert pooled_bins(np.array([0, 0, 14, 0]), 3) == []
    assert pooled_bins(np.array([0, 1, 14, 1]), 3) == []


def test_bars_that_are_large_enough_stay_as_they_are():
    assert pooled_bins(np.array([3, 0, 4, 5]), 3) == [(0, 0, 3), (1, 1, 0), (2, 2, 4), (3, 3, 5)]


@given(st.integers(10, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(2, 5))
def test_a_share_never_singles_out_a_few(pair, min_cell):
    count, n = pair
    share, bound = coded_share(count, n, min_cell)
    assert min_cell / n <= share <= (n - min_cell) / n
    if bound == "at most":
        assert count < min_cell
    elif bound == "at least":
        assert n - count < min_cell
    else:
        assert share == count / n


def test_gates_give_their_reasons():
    gates = ic.Gates()
    assert gates.reason_to_withhold(5, 0.65) == ""
    assert gates.reason_to_withhold(5, None) == ""
    assert gates.reason_to_withhold(4, 0.9) == "fewer than 5 teachers answered"
    assert gates.reason_to_withhold(20, 0.6496) == "response rate 64.9% is below 65%"
    assert gates.reason_to_withhold(20, None, on_roster=False).startswith("it is not on the roster")
    assert gates.reason_to_withhold(20, 0.649) == "response rate 64.9% is below 65%"
    assert str(gates) == "response rate of at least 65%, at least 5 teachers for a mean and 10 for a distribution"


@pytest.mark.parametrize(
    "gates",
    [
        {"min_teachers": 2},
        {"min_response_rate": 65},
        {"min_distribution": 4},
        {"min_cell": 1},
        {"min_reference_schools": 2},
        {"min_other_schools": 1},
        {"min_teachers": float("nan")},
        {"min_teachers": 12},
    ],
)
def test_gates_that_protect_nobody_are_refused(gates):
    with pytest.raises(ic.ModelError):
        ic.Gates(**gates)
