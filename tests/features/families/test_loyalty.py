"""The loyalty family on tables small enough to work out by hand."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest

from tests.features.made_up import line
from tests.features.made_up_company import Asked, online_row, online_rows
from tests.reference.raw_rows import Company, Contact, Line


def of_orders(orders: list[Line], as_of: str = "2021-12-31", **tables: Any) -> dict[str, Any]:
    return online_row("ada", Company(orders=orders, **tables), as_of, asked=Asked())


def contact(occurred_at: str, kind: str) -> Contact:
    return Contact("ada", datetime.fromisoformat(occurred_at), "web", kind)


def test_she_has_reordered_once_she_has_ordered_on_two_days() -> None:
    rows = online_rows(
        Company(
            orders=[
                *[line("never", "2021-01-01", -5)],
                *[line("once", "2021-01-01", 10, number) for number in ("1", "2")],
                *[line("twice", day, 10) for day in ("2021-01-01", "2021-01-02")],
            ]
        ),
        "2021-02-01",
        asked=Asked(),
    )
    assert dict(zip(rows.customer_id, rows.has_reordered, strict=True)) == {"never": 0, "once": 0, "twice": 1}


def test_variation_is_the_spread_of_the_gaps_over_their_mean() -> None:
    row = of_orders([line("ada", day, 10) for day in ("2021-01-01", "2021-01-11", "2021-01-31")])  # gaps of 10 and 20 days
    assert row["gap_days_variation"] == pytest.approx(math.sqrt(50) / 15)


@pytest.mark.parametrize(("first_contact", "days"), [("2021-01-01", 9), ("2021-01-10", 0), ("2021-01-12", -2)])
def test_days_to_the_first_order_count_from_the_first_contact(first_contact: str, days: int) -> None:
    contacts = [contact(first_contact, "visit"), contact("2021-05-01", "visit")]
    orders = [line("ada", "2021-01-10", 10), line("ada", "2021-03-01", 10)]
    assert of_orders(orders, interactions=contacts)["days_first_contact_to_first_order"] == days


def test_days_to_the_first_order_are_missing_without_a_contact() -> None:
    assert math.isnan(of_orders([line("ada", "2021-01-10", 10)], interactions=[])["days_first_contact_to_first_order"])


def test_the_discounted_share_is_spend_on_lines_with_a_discount_over_all_spend() -> None:
    row = of_orders(
        [
            line("ada", "2020-12-30", 40, discount=4.0),  # 366 days before
            line("ada", "2021-06-01", 30, "1", discount=1.5),
            line("ada", "2021-06-01", 10, "1", discount=0.0),
            line("ada", "2021-07-01", 20, discount=None),
            line("ada", "2021-07-02", -30, discount=1.5),  # a refund is no spend, and its discount was not taken again
        ]
    )
    assert row["discounted_spend_share"] == 0.7
    assert row["discounted_spend_share_365d"] == 0.5
    assert row["discount_sum"] == 5.5


def test_a_price_rise_compares_a_purchase_with_the_one_before_it_of_the_same_product() -> None:
    row = of_orders(
        [
            line("ada", "2021-01-01", 10, product_id="cup", quantity=5.0),  # 2 each
            line("ada", "2021-02-01", 12, product_id="cup", quantity=4.0),  # 3 each: a rise, 4 units after 5
            line("ada", "2021-03-01", 18, product_id="cup", quantity=6.0),  # 3 each: none
            line("ada", "2021-04-01", 6, product_id="cup", quantity=3.0),  # 2 each: a fall
            line("ada", "2021-05-01", 5, product_id="cup", quantity=2.0),  # 2.50 each: a rise, 2 units after 3
            line("ada", "2021-06-01", 99, product_id="pot", quantity=1.0),  # another product
        ]
    )
    assert row["price_rise_count"] == 2
    assert row["units_after_over_before_price_rise"] == (4 + 2) / (5 + 3)


def test_a_price_counts_over_all_lines_of_a_day_and_without_a_product_or_units_not_at_all() -> None:
    row = of_orders(
        [
            line("ada", "2021-01-01", 10, "1", product_id="cup", quantity=1.0),
            line("ada", "2021-01-01", 20, "2", product_id="cup", quantity=9.0),  # 3 each on the day
            line("ada", "2021-02-01", 8, product_id="cup", quantity=2.0),  # 4 each: a rise
            line("ada", "2021-03-01", 50, product_id="cup"),
            line("ada", "2021-03-02", 50, quantity=1.0),
            line("ada", "2021-03-03", -50, product_id="cup", quantity=-1.0),
        ]
    )
    assert (row["price_rise_count"], row["units_after_over_before_price_rise"]) == (1, 0.2)


def test_without_a_price_rise_the_ratio_is_missing() -> None:
    row = of_orders([line("ada", "2021-01-01", 10, product_id="cup", quantity=5.0)])
    assert row["price_rise_count"] == 0
    assert math.isnan(row["units_after_over_before_price_rise"])


def test_a_purchase_that_becomes_known_late_follows_those_that_were_known_before_it() -> None:
    orders = [
        line("ada", "2021-01-01", 3, product_id="cup", quantity=1.0, recorded_at="2021-03-01"),  # 3 each
        line("ada", "2021-02-01", 2, product_id="cup", quantity=1.0),  # 2 each, known first
    ]
    rows = online_rows(Company(orders=orders), "2021-02-15", "2021-04-01", asked=Asked())
    assert list(rows.price_rise_count) == [0, 1]


def test_she_came_back_if_she_ordered_again_after_a_refund() -> None:
    row = of_orders([line("ada", "2021-01-01", 10), line("ada", "2021-01-05", -10), line("ada", "2021-02-01", 20)])
    assert (row["comeback_count"], row["comeback_share"]) == (1, 1)


def test_troubles_in_a_row_are_one_and_the_last_may_still_be_open() -> None:
    row = of_orders(
        [
            line("ada", "2021-01-01", 10),
            line("ada", "2021-01-05", -2),
            line("ada", "2021-01-06", -3),
            line("ada", "2021-02-01", 20),  # back from both
            line("ada", "2021-03-01", -20),  # not back yet
        ]
    )
    assert (row["comeback_count"], row["comeback_share"]) == (1, 0.5)


def test_on_a_day_with_both_the_order_came_first() -> None:
    row = of_orders([line("ada", "2021-01-01", 10, "1"), line("ada", "2021-01-01", -10, "2")])
    assert (row["comeback_count"], row["comeback_share"]) == (0, 0)


def test_a_complaint_is_a_trouble_and_a_visit_is_none() -> None:
    orders = [line("ada", "2021-01-01", 10), line("ada", "2021-02-01", 20)]
    complained = of_orders(orders, interactions=[contact("2021-01-15", "complaint")])
    visited = of_orders(orders, interactions=[contact("2021-01-15", "visit")])
    assert (complained["comeback_count"], complained["comeback_share"]) == (1, 1)
    assert visited["comeback_count"] == 0
    assert math.isnan(visited["comeback_share"])


def test_a_refund_that_becomes_known_after_her_next_order_is_followed_by_nothing_yet() -> None:
    orders = [
        line("ada", "2021-01-01", 10),
        line("ada", "2021-01-05", -5, recorded_at="2021-03-01"),
        line("ada", "2021-02-01", 20),
    ]
    row = of_orders(orders)
    assert (row["comeback_count"], row["comeback_share"]) == (0, 0)
