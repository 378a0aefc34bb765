"""Who is eligible on a date, and the reason given for the others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from tests.features.made_up import line, rows_of
from tests.features.made_up_company import online_rows
from tests.reference.raw_rows import Asked, Company, Customer, Period

LINES = [
    line("refunded", "2021-01-01", -10),
    line("free", "2021-01-01", 0),
    line("once", "2021-02-01", 10),
    line("twice", "2020-01-01", 10),
    line("twice", "2020-12-31", 10),
]


def reasons(**cohort: int) -> dict[str, str | None]:
    rows = rows_of(LINES, "2021-03-01", cohort=cohort)
    return {who: None if pd.isna(why) else why for who, why in zip(rows.customer_id, rows.not_eligible_because, strict=True)}


def test_customers_without_an_order_are_not_eligible_and_it_says_so() -> None:
    none = "no order before the date"
    assert reasons() == {"free": none, "once": None, "refunded": none, "twice": None}


def test_customers_with_too_few_orders_are_not_eligible() -> None:
    few = "fewer than 2 orders before the date"
    assert reasons(orders_min=2) == {"free": few, "once": few, "refunded": few, "twice": None}


def test_customers_whose_last_order_is_too_long_ago_are_not_eligible() -> None:
    none, long_ago = "no order before the date", "no order in the 59 days before the date"
    assert reasons(ordered_within_days=59) == {"free": none, "once": None, "refunded": none, "twice": long_ago}
    assert reasons(ordered_within_days=60)["twice"] is None  # 31 Dec is 60 days before 1 Mar


def test_customers_who_are_not_known_yet_are_not_in_the_snapshot() -> None:
    assert list(rows_of(LINES, "2020-06-01").customer_id) == ["twice"]


def known(as_of: str, **tables: Any) -> list[str]:
    return list(online_rows(Company(**tables), as_of, asked=Asked()).customer_id)


def test_somebody_is_known_from_the_first_of_order_subscription_and_acquisition() -> None:
    company: dict[str, Any] = {
        "orders": [line("ordered", "2021-01-01", 0)],
        "subscriptions": [Period("subscribed", datetime(2021, 1, 2)), Period("ordered", datetime(2021, 1, 2))],
        "customers": [
            Customer("acquired", datetime(2021, 1, 3)),
            Customer("always"),
            Customer("ordered", datetime(2021, 5, 1)),
        ],
    }
    assert known("2021-01-01", **company) == ["always"]
    assert known("2021-01-02", **company) == ["always", "ordered"]
    assert known("2021-01-04", **company) == ["acquired", "always", "ordered", "subscribed"]


def test_somebody_whose_first_row_was_recorded_late_is_known_from_then_on() -> None:
    late = {
        "subscriptions": [Period("late", datetime(2021, 1, 1), None, datetime(2021, 2, 1)), Period("ada", datetime(2020, 1, 1))]
    }
    assert known("2021-02-01", **late) == ["ada"]
    assert known("2021-02-02", **late) == ["ada", "late"]


def test_with_orders_and_subscriptions_the_orders_decide_who_is_eligible() -> None:
    company = Company(
        orders=[line("ordered", "2021-01-01", 10)],
        subscriptions=[
            Period("ordered", datetime(2020, 1, 1), datetime(2020, 2, 1)),
            Period("subscribed", datetime(2021, 1, 1)),
        ],
    )
    rows = online_rows(company, "2021-02-01", asked=Asked())
    assert list(rows.customer_id) == ["ordered", "subscribed"]
    assert list(rows.not_eligible_because.fillna("")) == ["", "no order before the date"]
