"""Reading a company's files through the mapping."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from features.problems import BadData
from features.project import TableMapping
from features.sources import connect, file_fingerprint, map_table, read_source, source_files
from tests.features.made_up import project


def mapping(pattern: Path | str, **expressions: str) -> TableMapping:
    columns = {"customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"} | expressions
    return project(tables={"orders": {"from": str(pattern)} | columns}).mappings()["orders"]


def mapped(folder: Path, csv: str, **expressions: str) -> pd.DataFrame:
    (folder / "orders.csv").write_text(csv, encoding="utf-8")
    own = mapping(folder / "orders.csv", **expressions)
    return map_table(read_source(connect(), "orders", own), "orders", own).execute()


def test_files_are_found_by_pattern_in_name_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "notes.md"):
        (tmp_path / name).write_text("c,o,t,a\n")
    assert [file.name for file in source_files("orders", mapping(tmp_path / "*.csv"))] == ["a.csv", "b.csv"]


def test_no_file_and_an_unknown_ending_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"tables\.orders\.from = '.*\*\.csv': no such file"):
        source_files("orders", mapping(tmp_path / "*.csv"))
    (tmp_path / "orders.xlsx").touch()
    with pytest.raises(BadData, match=r"cannot read .*orders\.xlsx; known endings: \.parquet, \.csv"):
        source_files("orders", mapping(tmp_path / "*"))


def test_several_files_are_one_table(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.csv").write_text(f"c,o,t,a\nada,{number},2020-01-0{number},{number}\n")
    own = mapping(tmp_path / "*.csv")
    assert read_source(connect(), "orders", own).count().execute() == 2


def test_parquet_files_are_read(tmp_path: Path) -> None:
    pd.DataFrame({"c": ["ada"], "o": ["1"], "t": pd.to_datetime(["2020-01-01"]), "a": [1.5]}).to_parquet(
        tmp_path / "orders.parquet"
    )
    own = mapping(tmp_path / "orders.parquet")
    assert list(map_table(read_source(connect(), "orders", own), "orders", own).execute().amount) == [Decimal("1.5")]


def test_a_file_that_is_not_what_its_ending_says_is_named(tmp_path: Path) -> None:
    (tmp_path / "orders.parquet").write_text("c,o,t,a\n")
    with pytest.raises(BadData, match=r"tables\.orders\.from = '.*orders\.parquet': "):
        read_source(connect(), "orders", mapping(tmp_path / "orders.parquet"))


def test_text_is_trimmed_and_empty_text_is_missing(tmp_path: Path) -> None:
    found = mapped(tmp_path, 'c,o,t,a\n" ada ",1,2020-01-01,1\n"  ",2,2020-01-01,1\n,3,2020-01-01,1\n')
    assert found.customer_id.fillna("missing").tolist() == ["ada", "missing", "missing"]


def test_customer_ids_keep_their_leading_zeros(tmp_path: Path) -> None:
    assert mapped(tmp_path, "c,o,t,a\n007,1,2020-01-01,1\n").customer_id.tolist() == ["007"]


def test_one_letter_in_the_last_row_makes_the_whole_column_text(tmp_path: Path) -> None:
    lines = "".join(f"{number},1,2020-01-01,1\n" for number in range(30_000))
    found = mapped(tmp_path, "c,o,t,a\n" + lines + "A1,1,2020-01-01,1\n")
    assert found.customer_id.tolist()[-1] == "A1"


def test_numbers_are_exact_decimals_and_those_too_large_or_not_finite_are_missing(tmp_path: Path) -> None:
    found = mapped(
        tmp_path,
        "c,o,t,a\n" + "".join(f"ada,1,2020-01-01,{amount}\n" for amount in ("0.1", "-2.00005", "1e13", "NaN", "Infinity")),
    )
    assert [None if pd.isna(amount) else amount for amount in found.amount] == [
        Decimal("0.1"),
        Decimal("-2.0001"),
        None,
        None,
        None,
    ]


def test_expressions_compute_columns_and_where_leaves_rows_out(tmp_path: Path) -> None:
    csv = "c,o,t,a,n\nada,1,20200201,2.5,3\nbo,2,20200202,1,0\n"
    found = mapped(tmp_path, csv, occurred_at="strptime(t::VARCHAR, '%Y%m%d')", amount="a * n", where="n > 0", quantity="n")
    assert found.values.tolist() == [["ada", "1", pd.Timestamp("2020-02-01"), Decimal("7.5"), Decimal(3)]]
    assert list(found.columns) == ["customer_id", "order_id", "occurred_at", "amount", "quantity"]


def test_column_names_are_matched_whatever_their_case(tmp_path: Path) -> None:
    assert mapped(tmp_path, "C,O,T,A\nada,1,2020-01-01,1\n").customer_id.tolist() == ["ada"]


def test_a_name_that_needs_quotes_is_suggested_with_them(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="the table has no column 'Order_No'; did you mean '\"Order No\"'"):
        mapped(tmp_path, "c,Order No,t,a\nada,1,2020-01-01,1\n", order_id="Order_No")


def test_the_fingerprint_changes_with_any_byte_of_any_file_and_not_with_the_names(tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file in files:
        file.write_text("one")
    before = file_fingerprint(files)
    assert file_fingerprint([file.rename(file.with_suffix(".txt")) for file in files]) == before
    for file in files:
        file.write_text("one")
    files[1].write_text("onf")
    assert file_fingerprint(files) != before
