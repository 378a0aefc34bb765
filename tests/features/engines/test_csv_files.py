"""A csv file becomes a parquet file whose columns have the types of all their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.engines.csv_files import csv_as_parquet
from features.engines.engine import connect


def column(folder: Path, *values: str, as_text: tuple[str, ...] = ()) -> tuple[str, list[Any]]:
    (folder / "rows.csv").write_text("x,Y\n" + "".join(f"{value},1\n" for value in values), encoding="utf-8")
    connection = connect()
    csv_as_parquet(connection, folder / "rows.csv", folder / "rows.parquet", as_text=as_text)
    table = connection.read_parquet(folder / "rows.parquet")
    return str(table.x.type()), table.x.cast("string").execute().tolist()


TYPES = [
    (("1", "2"), "int64"),
    (("1", "2.5"), "float64"),
    (("1", "A"), "string"),
    (("true", "false"), "boolean"),
    (("2020-01-02", "2020-01-03"), "timestamp(6)"),
    (("2020-01-02", "2020-01-02 11:00:00"), "timestamp(6)"),
    (("2020-01-02T11:00:00.25", "2020-01-02"), "timestamp(6)"),
    (("2025/3/7", "2025/12/31"), "timestamp(6)"),
    (("2020-01-02 11:00:00+08", "2020-01-02 11:00:00+08"), "timestamp('UTC', 6)"),
    (("03/07/2025", "04/07/2025"), "string"),
    (("07.03.2025", "31.12.2025"), "string"),
    (("03/07/2025 10:00:00", "04/07/2025 10:00:00"), "string"),
    (("03/25/2025 10:00", "04/07/2025 10:00"), "string"),
    (("2025/3/7", "2025/12/31 08:05:00"), "string"),
    (("007", "010"), "string"),
    (("10:00", "11:00"), "string"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "dtype"), TYPES)
def test_a_column_has_the_type_of_all_its_values_and_dates_only_with_the_year_first(
    tmp_path: Path, values: tuple[str, ...], dtype: str
) -> None:
    assert column(tmp_path, *values)[0] == dtype


def test_columns_asked_for_as_text_are_kept_to_the_letter(tmp_path: Path) -> None:
    values = ("12345678901234567890", "1e5", "03/07/2025")
    assert column(tmp_path, *values, as_text=("x", "y", "not_there")) == ("string", list(values))


def test_a_date_that_comes_late_in_the_file_is_looked_at_too(tmp_path: Path) -> None:
    values = ["", *[""] * 5000, "03/07/2025 10:00:00"]
    assert column(tmp_path, *values)[0] == "string"
