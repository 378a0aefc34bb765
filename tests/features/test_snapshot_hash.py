"""The hash over the rows of one date."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from features.snapshot_hash import SnapshotHash, snapshot_hash

ROWS = pd.DataFrame(
    {
        "customer_id": ["ada", "bo", "cy"],
        "as_of": [pd.Timestamp("2021-01-01").date()] * 3,
        "not_eligible_because": [None, "no order before the date", None],
        "spend_sum": [10.0, float("nan"), 0.1],
    }
)


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert snapshot_hash(ROWS.iloc[::-1]) == snapshot_hash(ROWS)


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("spend_sum", 0, 10.000000000000002),
        ("spend_sum", 1, 0.0),
        ("spend_sum", 1, -1.0),
        ("customer_id", 2, "di"),
        ("not_eligible_because", 0, ""),
        ("not_eligible_because", 0, "no order before the date"),
    ],
)
def test_any_other_value_is_another_hash(column: str, row: int, value: Any) -> None:
    other = ROWS.copy()
    other.loc[row, column] = value
    assert snapshot_hash(other) != snapshot_hash(ROWS)


def test_another_name_or_order_of_columns_is_another_hash() -> None:
    assert snapshot_hash(ROWS.rename(columns={"spend_sum": "spend"})) != snapshot_hash(ROWS)
    assert snapshot_hash(ROWS[["customer_id", "as_of", "spend_sum", "not_eligible_because"]]) != snapshot_hash(ROWS)


def test_words_that_run_together_are_not_taken_for_each_other() -> None:
    one, other = ROWS.assign(customer_id=["a", "bc", "d"]), ROWS.assign(customer_id=["ab", "c", "d"])
    assert snapshot_hash(one) != snapshot_hash(other)


def test_rows_that_come_in_several_tables_have_the_hash_of_all_of_them_together() -> None:
    together, in_parts = SnapshotHash(), SnapshotHash()
    table = pa.Table.from_pandas(ROWS, preserve_index=False)
    together.update(table)
    for first in range(3):
        in_parts.update(table.slice(first, 1))
    assert in_parts.hexdigest() == together.hexdigest()
    assert snapshot_hash(ROWS) == together.hexdigest()


def test_the_hash_is_the_same_on_every_machine_and_in_every_release() -> None:
    assert snapshot_hash(ROWS) == "102eb343b86d824a"
