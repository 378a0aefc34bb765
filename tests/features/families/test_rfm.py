"""The RFM features on tables small enough to work out by hand."""

from __future__ import annotations

import math

import pytest

from tests.features.made_up import features_of, line, snapshot
from tests.reference.raw_rows import Line


def test_recency_and_tenure_count_whole_days_up_to_the_date() -> None:
    ada = [line("ada", "2021-01-01 23:59:59", 10), line("ada", "2021-01-21 00:00:00", 20), line("ada", "2021-02-10", 30)]
    row = features_of("ada", ada, "2021-03-01")
    assert row["days_since_last_order"] == 19  # 10 Feb to 1 Mar
    assert row["days_since_first_order"] == 59  # 1 Jan to 1 Mar, whatever the hour
    assert row["days_first_to_last_order"] == 40
    assert (row["order_count"], row["order_day_count"]) == (3, 3)


def test_an_order_on_the_day_of_the_snapshot_is_not_seen() -> None:
    ada = [line("ada", "2021-02-28 23:59:59.999999", 10), line("ada", "2021-03-01 00:00:00", 500)]
    row = features_of("ada", ada, "2021-03-01")
    assert (row["order_count"], row["spend_sum"], row["days_since_last_order"]) == (1, 10, 1)


def test_a_window_holds_the_order_of_exactly_its_length_ago_and_not_the_one_a_day_earlier() -> None:
    ada = [line("ada", "2021-03-01 12:00", 10), line("ada", "2021-02-28 12:00", 5)]  # 30 and 31 days before
    row = features_of("ada", ada, "2021-03-31", windows_days=(30,))
    assert (row["order_count_30d"], row["spend_sum_30d"], row["spend_per_order_30d"]) == (1, 10, 10)
    assert (row["order_count"], row["spend_sum"], row["spend_per_order"]) == (2, 15, 7.5)


def test_a_window_reaches_over_the_leap_day() -> None:
    ada = [line("ada", "2012-02-29", 10), line("ada", "2012-02-28", 5)]  # 1 and 2 days before 1 March 2012
    row = features_of("ada", ada, "2012-03-01", windows_days=(1, 2))
    assert (row["order_count_1d"], row["order_count_2d"]) == (1, 2)


def test_an_empty_window_has_no_orders_no_spend_and_no_average() -> None:
    row = features_of("ada", [line("ada", "2021-01-01", 10)], "2021-12-31", windows_days=(30,))
    assert (row["order_count_30d"], row["spend_sum_30d"]) == (0, 0)
    assert math.isnan(row["spend_per_order_30d"])


def test_change_is_this_window_less_the_one_before_it() -> None:
    ada = [
        line("ada", "2021-03-30", 10),  # 1 day before: in the last 30
        line("ada", "2021-03-01", 10),  # 30 days before: in the last 30
        line("ada", "2021-02-28", 7),  # 31 days before: in the 30 days before those
        line("ada", "2021-01-30", 100),  # 60 days before: the last day of them
        line("ada", "2021-01-29", 1000),  # 61 days before: in neither
    ]
    row = features_of("ada", ada, "2021-03-31", windows_days=(30,))
    assert row["order_count_change_30d"] == 2 - 2
    assert row["spend_sum_change_30d"] == 20 - 107


def test_rhythm_is_the_days_between_order_days() -> None:
    ada = [
        line("ada", "2021-01-01", 10),
        line("ada", "2021-01-11 08:00", 10),
        line("ada", "2021-01-11 20:00", 10),  # a second order on a day makes no gap of 0
        line("ada", "2021-01-31", 10),
    ]
    row = features_of("ada", ada, "2021-03-02")  # gaps 10 and 20, last order 30 days ago
    assert (row["order_count"], row["order_day_count"]) == (4, 3)
    assert row["gap_days_mean"] == 15
    assert row["gap_days_std"] == pytest.approx(math.sqrt(50))  # (25 + 25) / (2 - 1)
    assert row["gap_days_max"] == 20
    assert row["overdue_ratio"] == 2


def test_equal_gaps_do_not_vary() -> None:
    ada = [line("ada", f"2021-01-{day:02}", 10) for day in (1, 8, 15, 22)]
    assert features_of("ada", ada, "2021-02-01")["gap_days_std"] == 0


def test_a_customer_with_one_order_has_no_rhythm() -> None:
    row = features_of("ada", [line("ada", "2021-01-01", 10)], "2021-02-01")
    assert all(math.isnan(row[name]) for name in ("gap_days_mean", "gap_days_std", "gap_days_max", "overdue_ratio"))
    assert (row["order_day_count"], row["days_first_to_last_order"]) == (1, 0)


def test_a_customer_with_two_orders_has_a_gap_that_cannot_vary_yet() -> None:
    row = features_of("ada", [line("ada", "2021-01-01", 10), line("ada", "2021-01-11", 10)], "2021-02-01")
    assert (row["gap_days_mean"], row["gap_days_max"]) == (10, 10)
    assert math.isnan(row["gap_days_std"])


def test_refunds_are_counted_apart_from_spend() -> None:
    ada = [
        line("ada", "2020-01-01", 100),
        line("ada", "2020-02-01", -10, "returned"),
        line("ada", "2020-02-01", -15, "returned"),
        line("ada", "2021-01-01", 60),
        line("ada", "2021-01-31", -15),
    ]
    row = features_of("ada", ada, "2021-02-10")
    assert (row["order_count"], row["spend_sum"]) == (2, 160)
    assert (row["refund_count"], row["refund_sum"], row["refund_sum_365d"]) == (2, 40, 15)
    assert row["refund_share_of_spend"] == 40 / 160
    assert row["days_since_last_refund"] == 10
    assert row["days_since_last_order"] == 40  # a refund is no order


def test_without_refunds_their_sum_is_zero_and_the_last_one_is_missing() -> None:
    row = features_of("ada", [line("ada", "2021-01-01", 60)], "2021-02-10")
    assert (row["refund_count"], row["refund_sum"], row["refund_share_of_spend"]) == (0, 0, 0)
    assert math.isnan(row["days_since_last_refund"])


def test_an_order_with_a_refunded_line_is_both_an_order_and_a_refund() -> None:
    ada = [line("ada", "2021-01-01", 60, "1"), line("ada", "2021-01-01", -20, "1")]
    row = features_of("ada", ada, "2021-02-01")
    assert (row["order_count"], row["spend_sum"], row["refund_count"], row["refund_sum"]) == (1, 60, 1, 20)
    assert row["order_spend_max"] == 60


def test_lines_of_amount_zero_are_neither_orders_nor_refunds() -> None:
    ada = [line("ada", "2021-01-01", 60, quantity=1), line("ada", "2021-01-20", 0, quantity=5)]
    row = features_of("ada", ada, "2021-02-01")
    assert (row["order_count"], row["refund_count"], row["days_since_last_order"]) == (1, 0, 31)
    assert (row["line_count_per_order"], row["quantity_per_order"]) == (1, 1)


def test_basket_is_what_an_order_holds_on_average() -> None:
    ada = [
        line("ada", "2021-01-01", 10, "1", quantity=1),
        line("ada", "2021-01-01", 20, "1", quantity=2),
        line("ada", "2021-01-01", 30, "1", quantity=6),
        line("ada", "2021-01-05", 40, "2", quantity=1),
        line("ada", "2021-01-06", -40, "2", quantity=-1),
    ]
    row = features_of("ada", ada, "2021-02-01")
    assert row["spend_per_order"] == 50
    assert row["order_spend_max"] == 60
    assert row["spend_per_line"] == 25
    assert row["line_count_per_order"] == 2
    assert row["quantity_per_order"] == 5  # what came back is not taken off


def test_units_nobody_recorded_are_missing_not_zero() -> None:
    assert math.isnan(features_of("ada", [line("ada", "2021-01-01", 10)], "2021-02-01")["quantity_per_order"])


def test_breadth_counts_different_products_and_categories_once() -> None:
    ada = [
        line("ada", "2021-01-01", 10, product_id="cup", category="tea"),
        line("ada", "2021-01-02", 10, product_id="cup", category="tea"),
        line("ada", "2021-01-03", 10, product_id="pot", category="tea"),
        line("ada", "2021-01-04", 10),
        line("ada", "2021-01-05", -10, product_id="toy", category="toys"),
        line("ada", "2021-01-06", 0, product_id="gift", category="toys"),
    ]
    row = features_of("ada", ada, "2021-02-01")
    assert (row["product_count"], row["category_count"]) == (2, 1)


def season_of(customer_id: str, lines: list[Line]) -> dict[str, float]:
    return dict(snapshot(lines, "2021-09-09", horizon_days=90).set_index("customer_id").loc[customer_id])


def test_same_season_last_year_starts_a_year_ago_and_lasts_a_horizon() -> None:
    ada = [
        line("ada", "2020-09-08", 1),  # 366 days before 2021-09-09: too early
        line("ada", "2020-09-09", 10),  # 365
        line("ada", "2020-12-07", 20),  # 276, the last of 90 days
        line("ada", "2020-12-08", 100),  # 275: too late
    ]
    row = season_of("ada", ada)
    assert (row["order_count_same_90d_last_year"], row["spend_sum_same_90d_last_year"]) == (2, 30)


def test_same_season_last_year_is_zero_for_a_customer_who_was_not_there_yet() -> None:
    lines = [line("bo", "2020-01-01", 5), line("ada", "2021-09-01", 10)]
    row = season_of("ada", lines)
    assert (row["order_count_same_90d_last_year"], row["spend_sum_same_90d_last_year"]) == (0, 0)


@pytest.mark.parametrize(("first_order", "is_missing"), [("2020-09-09", False), ("2020-09-10", True)])
def test_same_season_last_year_is_missing_when_the_data_does_not_reach_back_a_year(first_order: str, is_missing: bool) -> None:
    row = season_of("ada", [line("ada", first_order, 10)])
    assert math.isnan(row["order_count_same_90d_last_year"]) is is_missing
    assert math.isnan(row["spend_sum_same_90d_last_year"]) is is_missing


def test_customers_with_only_refunds_have_no_order_features() -> None:
    row = features_of("ada", [line("ada", "2021-01-01", -10)], "2021-02-01")
    assert (row["order_count"], row["order_day_count"], row["spend_sum"], row["refund_sum"]) == (0, 0, 0, 10)
    missing = ("days_since_last_order", "days_since_first_order", "order_spend_max", "spend_per_order", "refund_share_of_spend")
    assert all(math.isnan(row[name]) for name in missing)


def test_sums_of_cents_are_exact() -> None:
    ada = [line("ada", "2021-01-01", 0.1, "1"), line("ada", "2021-01-01", 0.2, "1"), line("ada", "2021-01-01", -0.3, "2")]
    row = features_of("ada", ada, "2021-02-01")
    assert (row["spend_sum"], row["refund_sum"], row["refund_share_of_spend"]) == (0.3, 0.3, 1.0)


@pytest.mark.parametrize(("horizon_days", "is_there"), [(365, True), (366, False)])
def test_a_stretch_of_last_year_that_is_not_over_yet_is_no_feature(horizon_days: int, is_there: bool) -> None:
    rows = snapshot([line("ada", "2020-01-01", 10)], "2021-06-01", horizon_days=horizon_days)
    assert (f"order_count_same_{horizon_days}d_last_year" in rows) is is_there
