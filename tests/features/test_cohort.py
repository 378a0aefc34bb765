"""Who is eligible on a date, and the reason given for the others."""

from __future__ import annotations

import pandas as pd

from tests.features.made_up import line, snapshot

LINES = [
    line("refunded", "2021-01-01", -10),
    line("free", "2021-01-01", 0),
    line("once", "2021-02-01", 10),
    line("twice", "2020-01-01", 10),
    line("twice", "2020-12-31", 10),
]


def reasons(**cohort: int) -> dict[str, str | None]:
    rows = snapshot(LINES, "2021-03-01", cohort=cohort)
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
    assert list(snapshot(LINES, "2020-06-01").customer_id) == ["twice"]
