"""What the past looked like, day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import ibis
import pandas as pd
import pytest

from features.engines.engine import connect
from features.fingerprints import DayHashes, changed_days, day_hashes, past_hash
from features.tables import EXACT
from tests.features.made_up import line, orders_table
from tests.features.made_up_company import Asked, tables_of, types_of
from tests.reference.raw_rows import Company, Contact, Customer, Line, Period

LINES = [line("ada", "2021-01-01", 10), line("ada", "2021-01-02", 20), line("bo", "2021-01-02", 20)]


def hashes_of(**tables: ibis.Table) -> DayHashes:
    connection = connect()
    return day_hashes(connection, {name: connection.create_table(name, table) for name, table in tables.items()})


def of_orders(lines: list[Line]) -> dict[date, str]:
    return hashes_of(orders=orders_table(lines))["orders"]


def of_company(**tables: Any) -> DayHashes:
    company = Company(orders=LINES, **tables)
    return hashes_of(**tables_of(company, types_of(company, Asked())))


def test_each_day_on_which_rows_became_known_has_a_hash() -> None:
    late = line("ada", "2021-01-01", 10, recorded_at="2021-02-01")
    assert list(of_orders([*LINES, late])) == [date(2021, 1, 1), date(2021, 1, 2), date(2021, 2, 1)]


def test_the_order_of_the_rows_does_not_matter() -> None:
    many = [line("ada", "2021-01-01", number / 100, str(number)) for number in range(500)]
    assert of_orders(many[::-1]) == of_orders(many)


def test_a_row_more_or_less_or_twice_is_another_hash_of_its_day_alone() -> None:
    before = of_orders(LINES)
    for lines in ([*LINES, LINES[2]], LINES[:2], [*LINES[:2], replace(LINES[2], amount=20.0001)]):
        after = of_orders(lines)
        assert after[date(2021, 1, 1)] == before[date(2021, 1, 1)]
        assert after[date(2021, 1, 2)] != before[date(2021, 1, 2)]


def test_one_more_mapped_column_is_another_hash() -> None:
    columns = ("customer_id", "order_id", "occurred_at", "amount")
    fewer, more = (hashes_of(orders=orders_table(LINES, names)) for names in (columns, (*columns, "category")))
    assert fewer["orders"].keys() == more["orders"].keys()
    assert all(fewer["orders"][day] != more["orders"][day] for day in fewer["orders"])


NEW_YEAR, EASTER = datetime(2021, 1, 1), datetime(2021, 4, 4)
COMES_LATER = {
    "interactions": (
        [Contact("ada", NEW_YEAR, "web", "complaint")],
        [Contact("ada", NEW_YEAR, "web", "complaint", resolved_at=EASTER)],
    ),
    "subscriptions": ([Period("ada", NEW_YEAR)], [Period("ada", NEW_YEAR, EASTER)]),
}


@pytest.mark.parametrize("table", COMES_LATER)
def test_a_settlement_or_an_end_changes_the_day_it_came_and_not_the_day_of_its_row(table: str) -> None:
    before, after = (of_company(**{table: rows})[table] for rows in COMES_LATER[table])
    assert list(before) == [date(2021, 1, 1)]
    assert list(after) == [date(2021, 1, 1), date(2021, 4, 4)]
    assert after[date(2021, 1, 1)] == before[date(2021, 1, 1)]


def test_customers_without_a_date_belong_to_the_past_of_every_date() -> None:
    hashes = of_company(customers=[Customer("ada"), Customer("bo", NEW_YEAR)])["customers"]
    assert list(hashes) == [date(1900, 1, 1), date(2021, 1, 1)]


def labels(*as_of: str, churned: float = 0.0) -> ibis.Table:
    frame = pd.DataFrame({"customer_id": "ada", "as_of": pd.to_datetime(list(as_of)), "churned": churned})
    table = ibis.memtable(frame)
    return table.mutate(churned=table.churned.cast(EXACT))


def test_outcomes_are_no_part_of_the_past() -> None:
    assert set(hashes_of(orders=orders_table(LINES), labels=labels("2021-01-01"))) == {"orders"}


def test_where_labels_tell_who_is_a_customer_they_belong_to_the_past_of_their_own_date() -> None:
    one, two, other = (
        hashes_of(labels=table)
        for table in (labels("2021-01-01"), labels("2021-01-01", "2021-03-01"), labels("2021-01-01", churned=1.0))
    )
    assert past_hash(one, date(2021, 1, 1)) == past_hash(two, date(2021, 1, 1)) != past_hash({}, date(2021, 1, 1))
    assert past_hash(two, date(2021, 3, 1)) != past_hash(one, date(2021, 3, 1))
    assert other == one


BEFORE: DayHashes = {"orders": {date(2021, 1, 1): "a", date(2021, 1, 2): "b"}}


def test_a_past_is_what_became_known_before_the_date_and_the_settings() -> None:
    past = past_hash(BEFORE, date(2021, 1, 2), "windows 30")
    assert past == past_hash({"orders": BEFORE["orders"] | {date(2021, 1, 2): "c"}}, date(2021, 1, 2), "windows 30")
    assert past != past_hash(BEFORE, date(2021, 1, 3), "windows 30")
    assert past != past_hash({"orders": {date(2021, 1, 1): "c"}}, date(2021, 1, 2), "windows 30")
    assert past != past_hash({"surveys": BEFORE["orders"]}, date(2021, 1, 2), "windows 30")
    assert past != past_hash(BEFORE, date(2021, 1, 2), "windows 60")


def test_changed_days_are_those_before_the_date_that_came_went_or_differ() -> None:
    after: DayHashes = {
        "orders": {date(2021, 1, 1): "other", date(2021, 1, 3): "new", date(2021, 2, 1): "later"},
        "surveys": {date(2021, 1, 5): "s"},
    }
    found = changed_days(BEFORE, after, date(2021, 2, 1))
    assert found == {"orders": [date(2021, 1, 1), date(2021, 1, 2), date(2021, 1, 3)], "surveys": [date(2021, 1, 5)]}
    assert changed_days(BEFORE, BEFORE, date(2021, 2, 1)) == {}
