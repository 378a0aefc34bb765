"""Rules of time and place that hold for any company: no row from the future, no other customer, no row order matters."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from features.snapshot_hash import snapshot_hash
from tests.features.made_up_company import (
    LEAP_DAY,
    ROWS,
    Asked,
    at,
    company_snapshot,
    online_rows,
    random_company,
    side_by_side,
)
from tests.reference.raw_rows import Answer, Company, Contact, Customer, Line, Period, Touch, is_seen

MIDNIGHT = datetime(2012, 2, 29)
# How far back the orders reach is the one thing that customers share: nobody who comes along may reach further.
OLDEST = Line("first", "1", datetime(2001, 1, 1), 5.0)
SOME, OTHERS = (side_by_side(*(random_company(seed, 60) for seed in seeds)) for seeds in ((1, 2, 3), (4, 5)))
HAPPENED = {"customers": "acquired_at", "subscriptions": "started_at"}
LATER = {"interactions": "resolved_at", "subscriptions": "ended_at"}  # what comes to a row that is there already


def on_leap_day(company: Company) -> pd.DataFrame:
    return company_snapshot(company, LEAP_DAY)


@pytest.fixture(scope="module")
def company() -> Company:
    """Any rows in every table, before and after the leap day."""
    return side_by_side(replace(SOME, orders=[OLDEST, *(SOME.orders or ())]))


@pytest.fixture(scope="module")
def expected(company: Company) -> pd.DataFrame:
    """Its snapshot of the leap day, alone and as the rows come: what none of the rules may change."""
    return on_leap_day(company)


def mapped_rows(company: Company, change: Any) -> Company:
    """The company with `change(table, rows)` in place of the rows of every table."""
    return Company(**{name: change(name, list(getattr(company, name))) for name in ROWS})


def the_past(company: Company) -> Company:
    """What was known before the leap day, settlements and ends that came later not among it."""

    def known(table: str, rows: list[Any]) -> list[Any]:
        happened, later = HAPPENED.get(table, "occurred_at"), LATER.get(table)
        kept = []
        for row in rows:
            when = getattr(row, happened)
            if when is None or is_seen(when, getattr(row, "recorded_at", None), LEAP_DAY):
                is_open = later and getattr(row, later) is not None and getattr(row, later) >= MIDNIGHT
                kept.append(replace(row, **{later: None}) if is_open else row)
        return kept

    return mapped_rows(company, known)


def with_a_future(past: Company, seed: int) -> Company:
    """The past, with rows nobody could know on the leap day: they happen later, or were recorded later."""
    rng, future = random.Random(seed), side_by_side(side_by_side(random_company(seed, 150)))

    def added(table: str, rows: list[Any]) -> list[Any]:
        happened, later = HAPPENED.get(table, "occurred_at"), LATER.get(table)
        after = [MIDNIGHT + timedelta(days=number % 50) for number in range(200)]
        old = [replace(row, **{later: rng.choice(after)}) if later and getattr(row, later) is None else row for row in rows]
        new = []
        for number, row in enumerate(getattr(future, table)):
            if table == "customers":  # one row each; they were brought by somebody who is there
                row = replace(
                    row, customer_id=f"new {number}", acquired_at=after[number], referred_by=rng.choice(["0 0 ada", "0 1 bo"])
                )
            elif number % 2:
                ends = {later: after[number] + timedelta(days=9)} if later else {}
                row = replace(row, **{happened: after[number], "recorded_at": None}, **ends)
            else:
                row = replace(row, recorded_at=after[number])
            new.append(row)
        mixed = old + new
        rng.shuffle(mixed)
        return mixed

    return mapped_rows(past, added)


def assert_same(rows: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(rows.reset_index(drop=True), expected, check_exact=True)
    assert snapshot_hash(rows) == snapshot_hash(expected)


def test_what_happens_or_is_recorded_from_the_date_on_changes_nothing(company: Company, expected: pd.DataFrame) -> None:
    past = the_past(company)
    assert_same(on_leap_day(past), expected)
    assert_same(on_leap_day(with_a_future(past, seed=9)), expected)


def test_the_order_of_the_rows_changes_nothing(company: Company, expected: pd.DataFrame) -> None:
    rng = random.Random(0)
    assert_same(on_leap_day(mapped_rows(company, lambda _, rows: rng.sample(rows, len(rows)))), expected)


def test_the_same_rows_give_the_same_snapshot_again(company: Company, expected: pd.DataFrame) -> None:
    assert_same(on_leap_day(company), expected)


def test_other_customers_change_nobody(expected: pd.DataFrame) -> None:
    rows = on_leap_day(side_by_side(replace(SOME, orders=[OLDEST, *(SOME.orders or ())]), OTHERS))
    assert_same(rows[rows.customer_id.str.startswith("0 ")], expected)


def test_a_date_has_the_same_rows_alone_and_among_other_dates(company: Company, expected: pd.DataFrame) -> None:
    dates = [LEAP_DAY + timedelta(days=days) for days in (-400, -1, 1, 30)]
    among = company_snapshot(company, LEAP_DAY, *dates)
    assert_same(among[pd.to_datetime(among.as_of) == pd.Timestamp(LEAP_DAY)], expected)


ON_NEW_YEAR = datetime(2021, 1, 1)
ORDERS = [Line("ada", "1", ON_NEW_YEAR, 10.0)]
THERE: dict[str, Any] = {
    "orders": ORDERS[0],
    "interactions": Contact("ada", ON_NEW_YEAR, "web", "visit"),
    "surveys": Answer("ada", ON_NEW_YEAR, "nps", 9.0),
    "subscriptions": Period("ada", ON_NEW_YEAR, fee=5.0),
    "treatments": Touch("ada", ON_NEW_YEAR, "call"),
    "customers": Customer("ada"),
}
WITH_KINDS = Asked(kinds=("complaint",), instruments=("nps",))
HAPPENED_AT, RECORDED_AT = datetime(2021, 1, 10), datetime(2021, 2, 10)
LATE: dict[str, Any] = {
    "orders": Line("ada", "2", HAPPENED_AT, 10.0, recorded_at=RECORDED_AT),
    "interactions": Contact("ada", HAPPENED_AT, "web", "complaint", RECORDED_AT),
    "surveys": Answer("ada", HAPPENED_AT, "nps", 3.0, RECORDED_AT),
    "subscriptions": Period("ada", HAPPENED_AT, None, RECORDED_AT),
    "treatments": Touch("ada", HAPPENED_AT, "call", RECORDED_AT),
    "customers": Customer("bo", RECORDED_AT, referred_by="ada"),
}


@pytest.mark.parametrize("table", LATE)
def test_a_row_that_becomes_known_between_two_dates_changes_the_later_and_not_the_earlier(table: str) -> None:
    before, after = (
        online_rows(replace(Company(orders=ORDERS), **{table: rows}), "2021-02-10", "2021-02-11", asked=WITH_KINDS)
        for rows in ([THERE[table]], [THERE[table], LATE[table]])
    )
    early, late = ([rows[rows.as_of == date(2021, 2, day)] for rows in (before, after)] for day in (10, 11))
    pd.testing.assert_frame_equal(early[0], early[1])
    assert snapshot_hash(late[0]) != snapshot_hash(late[1])


def test_a_settlement_and_an_end_that_come_between_two_dates_change_the_later_and_not_the_earlier() -> None:
    company = Company(
        orders=ORDERS,
        interactions=[Contact("ada", ON_NEW_YEAR, "web", "complaint", resolved_at=datetime(2021, 2, 10))],
        subscriptions=[Period("ada", ON_NEW_YEAR, datetime(2021, 2, 10))],
    )
    rows = company_snapshot(company, "2021-02-10", "2021-02-11")
    assert list(rows.complaint_open_count) == [1, 0]
    assert list(rows.running_subscription_count) == [1, 0]


def test_a_midnight_belongs_to_the_day_that_begins() -> None:
    company = Company(orders=[Line("ada", text, datetime.fromisoformat(text), 1.0) for text in MOMENTS])
    rows = company_snapshot(company, "2021-03-10", "2021-03-11", asked=Asked(windows_days=(1,)))
    assert list(rows.order_count) == [2, 4]
    assert list(rows.order_count_1d) == [1, 2]
    assert list(rows.days_since_last_order) == [1, 1]


MOMENTS = ("2021-03-08T23:59:59.999999", "2021-03-09T00:00:00", "2021-03-10T00:00:00", "2021-03-10T23:59:59.999999")


def test_somebody_with_one_order_and_somebody_with_none_have_a_row_each() -> None:
    company = Company(
        orders=[Line("once", "1", datetime(2021, 1, 1), 10.0)],
        customers=[Customer("never", at("2021-01-05")), Customer("later", at("2021-02-01"))],
    )
    rows = company_snapshot(company, "2021-02-01", asked=Asked()).set_index("customer_id")
    assert list(rows.index) == ["never", "once"]  # who is acquired on the date itself is not known before it
    assert list(rows.order_count) == [0, 1]
    assert rows.days_since_acquired["never"] == 27
    assert list(rows.not_eligible_because.isna()) == [False, True]


def test_a_customer_with_a_hundred_thousand_orders_takes_seconds() -> None:
    first, minute = datetime(2020, 1, 1), timedelta(minutes=1)
    orders = [
        Line("reseller", str(number), first + 5 * minute * number, 1.01, recorded_at=first + 9 * minute * number)
        for number in range(100_000)
    ]
    company = Company(orders=[*orders, Line("ada", "1", first, 10.0)])
    started = time.monotonic()
    rows = company_snapshot(company, "2021-01-01", "2022-01-01", asked=Asked()).set_index("customer_id").loc["reseller"]
    assert time.monotonic() - started < 20
    assert list(rows.order_count) == [58_560, 100_000]  # 366 days hold 527,040 minutes, 9 of them for each order
    assert list(rows.spend_sum) == [pytest.approx(59_145.60), pytest.approx(101_000)]
