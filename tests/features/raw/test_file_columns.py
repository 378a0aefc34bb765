"""The files of one table must have the columns that the mapping uses, of one kind."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.engines.engine import connect
from features.problems import BadData
from features.raw.sources import read_source
from tests.features.made_up import project

GOOD = "c,o,t,a,x\nada,1,2020-01-01,1,1\n"


def read(folder: Path, *files: str, suffix: str = ".csv", **more: str) -> pd.DataFrame:
    for number, text in enumerate(files, start=1):
        (folder / f"{number}{suffix}").write_text(text)
    columns = {"customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"} | more
    own = project(tables={"orders": {"from": str(folder / f"*{suffix}")} | columns}).mappings()["orders"]
    (folder / "scratch").mkdir(exist_ok=True)
    return read_source(connect(), "orders", own, folder / "scratch").execute()


def problems(folder: Path, *files: str, **more: str) -> list[str]:
    with pytest.raises(BadData) as caught:
        read(folder, *files, **more)
    start = f"tables.orders.from = '{folder / '*.csv'}': "
    assert all(problem.startswith(start) for problem in caught.value.problems)
    return [problem.removeprefix(start) for problem in caught.value.problems]


def test_a_column_of_another_kind_in_some_files_is_named_with_them(tmp_path: Path) -> None:
    text = "c,o,t,a,x\nada,1,2020-01-01,one,1\n"
    assert problems(tmp_path, GOOD, text) == ["column 'a' is a number in 1.csv but text in 2.csv"]


def test_a_column_that_some_files_do_not_have_is_named_with_them(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD, *["c,o,t\nada,1,2020-01-01\n"] * 5)
    assert found == ["column 'a' is in 1.csv but not in 2.csv, 3.csv, 4.csv and 2 more (2.csv: its columns are 'c', 'o', 't')"]


def test_columns_that_a_file_lacks_are_named_once_with_those_it_has(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD, "c~o~t~a\nada~1~2020-01-01~1,5\nbo~2~2020-01-01~2,5\n") == [
        "columns 'a', 'c', 'o', 't' are in 1.csv but not in 2.csv (2.csv: its columns are 'ada~1~2020-01-01~1', '5'; "
        "they seem to be separated by '~': set tables.orders.delimiter = '~')"
    ]


def test_all_problems_of_the_files_are_in_one_message(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD, "c,t,a\nada,soon,1\n") == [
        "column 'o' is in 1.csv but not in 2.csv (2.csv: its columns are 'c', 't', 'a')",
        "column 't' is a date in 1.csv but text in 2.csv",
    ]


def test_columns_that_the_mapping_does_not_use_may_differ(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD, "c,o,t,a\nbo,2,2020-01-02,2\n", "c,o,t,a,x\ncy,3,2020-01-03,3,three\n")
    assert sorted(rows.c) == ["ada", "bo", "cy"]


def test_whole_and_broken_numbers_go_together(tmp_path: Path) -> None:
    assert sorted(read(tmp_path, GOOD, "c,o,t,a\nbo,2,2020-01-02,2.5\n").a) == [1, 2.5]


def test_days_and_times_go_together(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD, "c,o,t,a\nbo,2,2020-01-02 10:00:00,2.5\n")
    assert sorted(rows.t) == [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02 10:00")]


@pytest.mark.parametrize(("column", "kind"), [("a", "number"), ("t", "date")])
def test_a_column_that_is_empty_in_a_file_is_of_any_kind(tmp_path: Path, column: str, kind: str) -> None:
    empty = {"a": "c,o,t,a\nbo,2,2020-01-02,\n", "t": "c,o,t,a\nbo,2,,5\n"}[column]
    rows = read(tmp_path, GOOD, empty, "c,o,t,a,x\ncy,3,2020-01-03 12:00:00,3.5,1\n")
    values = rows.sort_values("c")[column]
    assert values.isna().tolist() == [False, True, False]
    assert pd.api.types.is_numeric_dtype(values) if kind == "number" else pd.api.types.is_datetime64_any_dtype(values)


def test_a_file_with_names_only_goes_with_the_others(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD, "c,o,t,a\n").a.tolist() == [1]


def test_ids_that_are_digits_in_one_file_and_letters_in_another_go_together(tmp_path: Path) -> None:
    assert sorted(read(tmp_path, "c,o,t,a\n007,1,2020-01-01,1\n", "c,o,t,a\nA7,1,2020-01-01,1\n").c) == ["007", "A7"]


def test_parquet_columns_without_values_go_with_any(tmp_path: Path) -> None:
    when = pd.to_datetime(["2020-01-01"])
    pd.DataFrame({"c": ["ada"], "o": ["1"], "t": when, "a": [None]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"c": ["bo"], "o": ["2"], "t": [None], "a": [2.5]}).to_parquet(tmp_path / "2.parquet")
    rows = read(tmp_path, suffix=".parquet").sort_values("c")
    assert rows.a.isna().tolist() == [True, False]
    assert rows.t.tolist()[0] == when[0]
