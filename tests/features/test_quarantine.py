"""Rows that break the contract are set aside with their reason and counted; too many of them stop the run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.problems import BadData
from features.quarantine import Checked, check_table
from features.sources import connect
from tests.features.made_up import project

ROWS = """c,o,t,a
ada,1,2020-01-01,10
,2,2020-01-02,10
bo,,2020-01-03,10
bo,4,,10
bo,5,2020-01-05,
bo,6,2020-01-06,NaN
,,,
cy,8,2020-01-08,0
cy,9,2020-01-09,-10
"""


def check(folder: Path, rows: str = ROWS, *, share_max: float = 0.9, data_until: date | None = None, **more: str) -> Checked:
    (folder / "orders.csv").write_text(rows)
    columns = {
        "from": str(folder / "orders.csv"),
        "customer_id": "c",
        "order_id": "o",
        "occurred_at": "t",
        "amount": "a",
    } | more
    mapping = project(tables={"orders": columns}).mappings()["orders"]
    return check_table(connect(), "orders", mapping, share_max=share_max, data_until=data_until)


def test_every_row_is_kept_or_set_aside_with_its_first_reason(tmp_path: Path) -> None:
    checked = check(tmp_path)
    assert sorted(checked.kept.order_id.execute()) == ["1", "8", "9"]
    assert "reason" not in checked.kept.columns
    assert checked.reasons == {
        "amount (a) is missing, not finite, or not below 1e+13": 2,
        "customer_id (c) is missing": 2,  # the empty row too: one reason each
        "occurred_at (t) is missing": 1,
        "order_id (o) is missing": 1,
    }
    assert (checked.rows_read, checked.rows_kept, checked.rows_quarantined, checked.rows_left_out_by_where) == (9, 3, 6, 0)
    aside = checked.quarantined.execute()
    assert aside.reason.value_counts().to_dict() == checked.reasons


def test_rows_left_out_by_where_are_counted_and_not_checked(tmp_path: Path) -> None:
    checked = check(tmp_path, where="c IS NOT NULL AND o IS NOT NULL")
    assert (checked.rows_left_out_by_where, checked.rows_kept, checked.rows_quarantined) == (3, 3, 3)


def test_rows_from_the_end_of_the_data_on_are_set_aside_as_future(tmp_path: Path) -> None:
    rows = "c,o,t,a\nada,1,2020-01-01 23:59:59,10\nada,2,2020-01-02 00:00:00,10\n"
    checked = check(tmp_path, rows, data_until=date(2020, 1, 2))
    assert checked.kept.order_id.execute().tolist() == ["1"]
    assert checked.reasons == {"occurred_at (t) is not before dates.data_until = 2020-01-02": 1}


def test_missing_values_of_optional_columns_break_nothing(tmp_path: Path) -> None:
    checked = check(
        tmp_path, "c,o,t,a,r,q\nada,1,2020-01-01,10,,\nada,2,2020-01-01,10,2020-01-02,1\n", recorded_at="r", quantity="q"
    )
    assert (checked.rows_kept, checked.rows_quarantined) == (2, 0)


def test_a_share_of_broken_rows_up_to_the_limit_is_allowed(tmp_path: Path) -> None:
    rows = "c,o,t,a\n" + "ada,1,2020-01-01,10\n" * 3 + ",1,2020-01-01,10\n"
    assert check(tmp_path, rows, share_max=0.25).rows_quarantined == 1
    with pytest.raises(
        BadData, match=r"tables\.orders: 25\.0% of the rows break the contract, more than quarantine\.share_max = 24\.0%"
    ):
        check(tmp_path, rows, share_max=0.24)


def test_a_table_of_broken_rows_only_is_refused_whatever_the_limit(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"all 1 rows break the contract: 1 rows: customer_id \(c\) is missing"):
        check(tmp_path, "c,o,t,a\n,1,2020-01-01,10\n", share_max=0.999)
