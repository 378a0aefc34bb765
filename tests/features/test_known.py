"""What was known before a date: rows recorded late are invisible until they were recorded."""

from __future__ import annotations

import math

import pytest

from tests.features.made_up import features_of, line, rows_of, snapshot


@pytest.mark.parametrize(
    ("recorded_at", "is_seen"),
    [
        (None, True),
        ("2021-01-05 00:00:00", True),  # earlier than it happened: known when it happened
        ("2021-01-10 12:00:00", True),
        ("2021-02-28 23:59:59.999999", True),
        ("2021-03-01 00:00:00", False),
        ("2021-04-01 00:00:00", False),
    ],
)
def test_a_row_is_seen_iff_it_was_recorded_before_the_date(recorded_at: str | None, is_seen: bool) -> None:
    late = line("ada", "2021-01-10 12:00", 10, recorded_at=recorded_at)
    rows = rows_of([late, line("bo", "2021-01-01", 1)], "2021-03-01").set_index("customer_id")
    assert ("ada" in rows.index) is is_seen


def test_a_row_recorded_before_it_happens_is_not_seen_before_it_happens() -> None:
    booked = line("ada", "2021-03-10", 10, recorded_at="2021-01-01")
    rows = rows_of([booked, line("bo", "2021-01-01", 1)], "2021-03-10", "2021-03-11")
    assert list(zip(rows.customer_id, rows.as_of.astype(str), strict=True)) == [
        ("bo", "2021-03-10"),
        ("ada", "2021-03-11"),
        ("bo", "2021-03-11"),
    ]


def test_a_late_row_counts_on_the_day_it_happened_once_it_is_known() -> None:
    ada = [line("ada", "2021-01-01", 10), line("ada", "2021-01-11", 20, recorded_at="2021-02-20")]
    before, after = features_of("ada", ada, "2021-02-20"), features_of("ada", ada, "2021-02-21")
    assert (before["order_count"], before["days_since_last_order"]) == (1, 50)
    assert (after["order_count"], after["days_since_last_order"], after["gap_days_mean"]) == (2, 41, 10)


def test_an_order_whose_lines_become_known_on_several_days_is_one_order() -> None:
    ada = [
        line("ada", "2021-01-01", 10, "1", recorded_at="2021-01-01"),
        line("ada", "2021-01-01", 20, "1", recorded_at="2021-01-05"),
        line("ada", "2021-01-01", 5, "1", recorded_at="2021-01-09"),
    ]
    rows = rows_of(ada, "2021-01-02", "2021-01-06", "2021-01-10").set_index("as_of")
    assert list(rows.order_count) == [1, 1, 1]
    assert list(rows.order_day_count) == [1, 1, 1]
    assert list(rows.spend_sum) == [10, 30, 35]
    assert list(rows.order_spend_max) == [10, 30, 35]
    assert list(rows.line_count_per_order) == [1, 2, 3]


def test_an_order_counts_from_the_day_its_first_bought_line_is_known() -> None:
    ada = [
        line("ada", "2021-01-01", -5, "1", recorded_at="2021-01-01"),
        line("ada", "2021-01-01", 20, "1", recorded_at="2021-01-05"),
    ]
    rows = rows_of(ada, "2021-01-02", "2021-01-06")
    assert list(rows.order_count) == [0, 1]
    assert list(rows.refund_count) == [1, 1]


def test_a_refund_whose_lines_become_known_on_several_days_is_one_refund() -> None:
    ada = [line("ada", "2021-01-01", -5, "1", recorded_at=f"2021-01-0{day}") for day in (1, 3, 5)]
    rows = rows_of(ada, "2021-01-02", "2021-01-10")
    assert list(rows.refund_count) == [1, 1]
    assert list(rows.refund_sum) == [5, 15]


def test_orders_of_one_day_that_become_known_on_two_days_make_no_gap() -> None:
    ada = [
        line("ada", "2021-01-01", 10),
        line("ada", "2021-01-11", 10, "2", recorded_at="2021-01-11"),
        line("ada", "2021-01-11", 10, "3", recorded_at="2021-01-15"),
        line("ada", "2021-01-31", 10),
    ]
    row = features_of("ada", ada, "2021-02-01")
    assert (row["order_count"], row["order_day_count"], row["gap_days_mean"], row["gap_days_max"]) == (4, 3, 15, 20)


def test_products_count_from_the_day_they_were_first_known() -> None:
    ada = [
        line("ada", "2021-01-01", 10, product_id="cup", recorded_at="2021-02-01"),
        line("ada", "2021-01-10", 10, product_id="cup"),
        line("ada", "2021-01-01", 10, product_id="pot", recorded_at="2021-02-01"),
    ]
    rows = rows_of(ada, "2021-01-11", "2021-02-02")
    assert list(rows.product_count) == [1, 2]


def test_an_old_order_recorded_late_does_not_lengthen_the_history_of_earlier_dates() -> None:
    """Last year's season is missing on a date when nobody could have known that the data would reach so far back."""
    lines = [line("ada", "2021-06-01", 10), line("bo", "2019-01-01", 10, recorded_at="2021-10-01")]
    rows = snapshot(lines, "2021-09-09", "2021-10-02").set_index(["customer_id", "as_of"])
    assert [math.isnan(value) for value in rows.loc["ada"]["order_count_same_90d_last_year"]] == [True, False]
