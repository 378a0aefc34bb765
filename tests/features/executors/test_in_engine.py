"""The engine's rows are those of the batch in memory: the same customers, reasons and columns, and values to 9 digits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd
import pytest

from features.engines.engine import connect
from features.executors import in_engine
from features.feature import Words
from tests.features.made_up import line, orders_table, random_lines
from tests.features.made_up_company import EXECUTORS, Asked, Executor, snapshot_of_tables, tables_of, types_of, words_of
from tests.reference.raw_rows import Company, Customer, Period

AS_OF = date(2012, 2, 29)
FEW = ("recency", "frequency", "season")  # Ibis takes ten seconds to write the query of all families


def assert_the_same(tables: dict[str, ibis.Table], words: Words, *dates: date, **cohort: Any) -> pd.DataFrame:
    """The rows, which are the same by both executors."""
    in_memory, in_engine = (rows_by(executor, tables, words, dates or (AS_OF,), **cohort) for executor in EXECUTORS)
    pd.testing.assert_frame_equal(in_engine, in_memory, rtol=1e-9)
    return in_memory


def rows_by(
    executor: Executor, tables: dict[str, ibis.Table], words: Words, dates: Sequence[date], **cohort: Any
) -> pd.DataFrame:
    connection = connect()
    kept = {name: connection.create_table(name, table, temp=True) for name, table in tables.items()}
    return snapshot_of_tables(connection, kept, words, dates, executor=executor, **cohort)


def of_orders(tables: dict[str, ibis.Table]) -> Words:
    mapped = {name: tuple(table.columns) for name, table in tables.items()}
    return Words(windows_days=(30,), horizon_days=90, mapped=mapped, families=FEW)


@pytest.mark.parametrize("cohort", [{}, {"orders_min": 3, "ordered_within_days": 40}])
def test_the_same_customers_have_the_same_rows_and_reasons(cohort: dict[str, int]) -> None:
    lines = [*random_lines(4, 60), line("refunded", "2012-01-01", -5), line("old", "2010-01-01", 5)]
    tables = {"orders": orders_table(lines)}
    rows = assert_the_same(tables, of_orders(tables), **cohort)
    assert rows.not_eligible_because.nunique(dropna=False) > 1


def test_many_dates_are_several_queries_with_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_engine, "DATES_AT_ONCE", 2)
    tables = {"orders": orders_table(random_lines(5, 60))}
    dates = [AS_OF + timedelta(days=days) for days in (30, -1, 0, -60, 7)]
    rows = assert_the_same(tables, of_orders(tables), *dates)
    assert len(set(rows.as_of)) == 5


def test_a_company_of_subscriptions_and_customers_has_the_same_rows() -> None:
    company = Company(
        subscriptions=[
            Period("ada", pd.Timestamp("2012-01-01").to_pydatetime(), None, None, 5.0),
            Period("bo", pd.Timestamp("2011-01-01").to_pydatetime(), pd.Timestamp("2012-02-28").to_pydatetime()),
        ],
        customers=[Customer("cy"), Customer("later", pd.Timestamp("2012-02-29").to_pydatetime())],
    )
    types = types_of(company, Asked())
    rows = assert_the_same(tables_of(company, types), words_of(types, Asked()))
    assert list(rows.customer_id) == ["ada", "bo", "cy"]


def test_where_labels_tell_who_is_a_customer_those_of_the_date_have_a_row() -> None:
    labels = pd.DataFrame({"customer_id": ["bo", "ada", "cy"], "as_of": pd.to_datetime([AS_OF, AS_OF, "2012-01-01"])})
    customers = pd.DataFrame({"customer_id": ["ada", "bo", "cy", "di"], "age": [40.0, None, 3.0, 4.0]})
    tables = {"labels": ibis.memtable(labels), "customers": ibis.memtable(customers)}
    mapped = {name: tuple(table.columns) for name, table in tables.items()}
    words = Words(windows_days=(30,), horizon_days=90, mapped=mapped, numeric=("age",))
    rows = assert_the_same(tables, words)
    assert list(rows.customer_id) == ["ada", "bo"]
    assert list(rows.age.fillna(-1)) == [40, -1]
    assert rows.not_eligible_because.isna().all()
