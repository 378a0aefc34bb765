"""What an order is: the lines of one order_id of a customer on one day."""

from __future__ import annotations

from tests.features.made_up import features_of, line, rows_of


def test_lines_of_one_order_are_one_order_and_orders_of_one_day_are_one_day() -> None:
    ada = [
        line("ada", "2021-01-01 08:00", 1, "1"),
        line("ada", "2021-01-01 08:01", 2, "1"),
        line("ada", "2021-01-01 20:00", 4, "2"),
    ]
    row = features_of("ada", ada, "2021-02-01")
    assert (row["order_count"], row["order_day_count"], row["order_spend_max"]) == (2, 1, 4)


def test_an_order_whose_lines_fall_on_several_days_counts_on_each_of_them() -> None:
    standing = [line("ada", day, 10, "standing order") for day in ("2021-01-01", "2021-01-31", "2021-03-02")]
    row = features_of("ada", standing, "2021-03-12", windows_days=(30,))
    assert (row["order_count"], row["order_count_30d"], row["days_since_last_order"]) == (3, 1, 10)
    assert (row["gap_days_mean"], row["order_spend_max"]) == (30, 10)


def test_customers_who_share_an_order_id_have_an_order_each() -> None:
    rows = rows_of([line("ada", "2021-01-01", 10, "1"), line("bo", "2021-01-01", 20, "1")], "2021-02-01")
    assert list(rows.order_count) == [1, 1]
    assert list(rows.spend_sum) == [10, 20]
