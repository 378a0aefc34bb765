"""Fifths and the segments they make."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.inputs import Inputs
from models.value.segments import FIFTHS, RFM, SEGMENTS, can_be_told, fifths, rfm_fifths, segments


def test_ten_different_values_make_five_pairs() -> None:
    assert fifths(np.arange(10.0)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert fifths(np.arange(10.0), most_is_best=False).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_equal_values_share_a_fifth_and_unknown_ones_are_in_the_worst() -> None:
    assert fifths(np.array([1.0, 1, 1, 1, 1, 1, 7, 8, 9, np.nan])).tolist() == [2, 2, 2, 2, 2, 2, 4, 5, 5, 1]
    assert fifths(np.array([np.nan])).tolist() == [1]


def test_every_pair_of_fifths_is_in_exactly_one_segment() -> None:
    for last, weight in itertools.product(range(1, FIFTHS + 1), repeat=2):
        there = [s for s in SEGMENTS if s.recency[0] <= last <= s.recency[1] and s.weight[0] <= weight <= s.weight[1]]
        assert len(there) == 1, (last, weight)


@given(st.lists(st.tuples(*[st.one_of(st.floats(0, 1e6), st.just(np.nan))] * 3), min_size=1, max_size=60))
def test_every_customer_is_in_exactly_one_segment(rows: list[tuple[float, float, float]]) -> None:
    found = segments(Inputs(RFM, np.column_stack([np.array(rows), np.full(len(rows), np.nan)])))
    assert len(found) == len(rows)
    assert ((found >= 0) & (found < len(SEGMENTS))).all()


def test_who_bought_last_and_most_is_a_champion_and_who_did_long_ago_cannot_be_lost() -> None:
    rows = np.array([[float(days), 1.0, 10.0, 0.0] for days in range(1, 9)] + [[0.0, 9.0, 900.0, 0.0], [99.0, 9.0, 900.0, 0.0]])
    found = [SEGMENTS[place].name for place in segments(Inputs(RFM, rows))]
    assert found[-2:] == ["champions", "cannot lose"]


def test_without_one_of_them_nothing_can_be_told() -> None:
    assert can_be_told(Inputs(RFM, np.ones((1, 4))))
    assert not can_be_told(Inputs(RFM[:2], np.ones((1, 2))))


def test_money_that_was_given_back_is_no_spend() -> None:
    rows = np.column_stack([np.arange(5.0), np.ones(5), np.arange(5.0), [0.0, 0.0, 0.0, 0.0, 4.0]])
    assert rfm_fifths(Inputs(RFM, rows))[2].tolist() == [2, 3, 4, 5, 2]
