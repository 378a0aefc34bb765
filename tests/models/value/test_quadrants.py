"""Profit against loyalty: four groups, everybody in one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.value.quadrants import QUADRANTS, Quadrants
from models.value.settings import QuadrantSettings

NAN = float("nan")


def names(profit: list[float], loyalty: list[float]) -> list[str]:
    quadrants = Quadrants(profit_above=99.5, loyalty_above=49.5)
    return [QUADRANTS[k].name for k in quadrants.of(np.array(profit), np.array(loyalty))]


def test_each_corner_has_its_name_and_what_is_not_known_is_not_high() -> None:
    assert names([99, 99, 100, 100], [49, 50, 49, 50]) == ["strangers", "barnacles", "butterflies", "true friends"]
    assert names([NAN, NAN, 500], [NAN, 90, NAN]) == ["strangers", "barnacles", "butterflies"]


def test_high_begins_where_the_settings_say() -> None:
    profit, loyalty = np.arange(1.0, 11.0), np.arange(10.0, 110.0, 10)
    found = Quadrants.fit(profit, loyalty, QuadrantSettings(profit_above_share=0.8, loyalty_above_share=0.5))
    assert found == Quadrants(profit_above=8.2, loyalty_above=55.0)
    assert Quadrants.fit(np.array([NAN]), np.array([1.0]), QuadrantSettings()) is None


@given(st.lists(st.tuples(st.floats(allow_infinity=False), st.floats(allow_infinity=False)), min_size=1))
def test_everybody_is_in_one_of_the_four(customers: list[tuple[float, float]]) -> None:
    profit, loyalty = (np.array(values) for values in zip(*customers, strict=True))
    place = Quadrants(profit_above=0.0, loyalty_above=0.0).of(profit, loyalty)
    assert set(place) <= set(range(len(QUADRANTS)))


def test_every_group_says_what_it_calls_for_in_both_languages() -> None:
    assert all(one.strategy and one.strategy_zh and one.name_zh for one in QUADRANTS)


def test_where_all_are_alike_nobody_is_high() -> None:
    alike = np.full(9, 7.0)
    found = Quadrants.fit(alike, alike, QuadrantSettings())
    assert found is not None
    assert set(found.of(alike, alike)) == {0}
