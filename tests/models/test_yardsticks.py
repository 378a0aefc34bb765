"""Medians of tiers, usual values, and the range that was seen."""

from __future__ import annotations

import numpy as np
import pytest

from features.feature import Usual
from models.contract import InputColumn
from models.inputs import Inputs
from models.yardsticks import Usuals, Yardsticks


def column(name: str, unit: str) -> InputColumn:
    return InputColumn(name=name, family="monetary", unit=unit, meaning=name, meaning_zh=name)


def told_by(name: str, usual: Usual) -> InputColumn:
    return column(name, "orders").model_copy(update={"usual": usual})


COLUMNS = (column("spend_sum", "money"), column("score", "points"), column("is_member", "yes or no"))


def rows(*numbers: tuple[float, float, float]) -> Inputs:
    return Inputs(tuple(one.name for one in COLUMNS), np.array(numbers))


def test_medians_are_of_all_customers_and_then_of_each_tier() -> None:
    spend = [(float(k), 10.0 if k < 80 else 2.0, 0.0) for k in range(100)]
    found = Yardsticks.fit(COLUMNS, rows(*spend), rows(*spend))
    assert [group[0] for group in found.medians] == [49.5, 39.5, 87.0, 96.5, 99.0]
    assert [group[1] for group in found.medians] == [10.0, 10.0, 2.0, 2.0, 2.0]
    assert found.of(rows((0, 0, 0), (90, 0, 0), (np.nan, 0, 0))).tolist() == [1, 2, 0]


def test_of_yes_and_no_it_is_the_share_with_yes_and_of_what_nobody_has_nothing() -> None:
    some = rows((1, np.nan, 1), (1, np.nan, 0), (1, np.nan, 0), (1, np.nan, np.nan))
    found = Yardsticks.fit(COLUMNS, some, some)
    assert found.medians[0] == (1.0, None, pytest.approx(1 / 3))
    assert (found.lowest[1], found.highest[1]) == (None, None)


def test_the_range_is_of_everything_learned_from_and_not_of_the_last_date_alone() -> None:
    found = Yardsticks.fit(COLUMNS, rows((5, 5, 0)), rows((5, 5, 0), (1, np.nan, 1), (9, 7, 0)))
    assert found.lowest == (1, 5, 0)
    assert found.highest == (9, 7, 1)


def test_a_usual_value_is_another_feature_or_what_one_comes_to_per_window() -> None:
    read = Inputs(
        ("order_count", "days_since_first_order", "same", "per_window", "absent", "since_absent", "none"),
        np.array([[8.0, 720.0], [2.0, 30.0], [np.nan, 50.0]]) @ np.eye(2, 7),
    )
    columns = [
        column(read.columns[0], "orders"),
        column(read.columns[1], "days"),
        told_by("same", Usual(feature="order_count")),
        told_by("per_window", Usual(feature="order_count", since="days_since_first_order", days=90)),
        told_by("absent", Usual(feature="gap_days_mean")),
        told_by("since_absent", Usual(feature="order_count", since="days_since_birth", days=90)),
        column("none", "orders"),
    ]
    usuals = Usuals.of(columns)
    every = np.arange(3)

    def at(place: int) -> list[float]:
        return usuals.at(read, every, np.full(3, place)).tolist()

    assert at(2) == pytest.approx([8, 2, np.nan], nan_ok=True)
    assert at(3) == pytest.approx([1, 2, np.nan], nan_ok=True)  # nobody's usual is more than she ever did
    for place in (0, 1, 4, 5, 6):
        assert np.isnan(at(place)).all()
    mixed = usuals.at(read, np.array([0, 0, 1]), np.array([3, 6, 2]))
    assert mixed == pytest.approx([1, np.nan, 2], nan_ok=True)
