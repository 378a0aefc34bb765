"""Finding and reading a company's files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.engines.engine import connect
from features.mappings import TableMapping
from features.problems import BadData
from features.raw.sources import count_rows, file_fingerprint, read_source, source_files
from tests.features.made_up import project


def mapping(pattern: Path | str, **more: str) -> TableMapping:
    columns = {"customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"} | more
    return project(tables={"orders": {"from": str(pattern)} | columns}).mappings()["orders"]


def read(folder: Path, pattern: str = "*.csv", **more: str) -> pd.DataFrame:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return read_source(connect(), "orders", mapping(folder / pattern, **more), scratch).execute()


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


def test_encoding_and_delimiter_are_for_text_files_only(tmp_path: Path) -> None:
    (tmp_path / "orders.parquet").touch()
    with pytest.raises(
        BadData, match=r"tables\.orders\.encoding is for csv files; .*orders\.parquet has no encoding, leave it out"
    ):
        source_files("orders", mapping(tmp_path / "*", encoding="gbk"))
    with pytest.raises(BadData, match=r"tables\.orders\.delimiter is for csv files; .*orders\.parquet has no delimiter"):
        source_files("orders", mapping(tmp_path / "*", delimiter=";"))


def test_several_files_are_one_table_and_columns_are_matched_by_name(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("c,o,t,a\nada,1,2020-01-01,1\n")
    (tmp_path / "2.csv").write_text("a;t;o;c\n2;2020-01-02;2;bo\n")  # another order, and other signs between them
    assert read(tmp_path).sort_values("o")[["c", "a"]].values.tolist() == [["ada", 1], ["bo", 2]]


def test_parquet_files_are_read_where_they_are(tmp_path: Path) -> None:
    pd.DataFrame({"c": ["ada"], "a": [1.5]}).to_parquet(tmp_path / "orders.parquet")
    assert read(tmp_path, "*.parquet").values.tolist() == [["ada", 1.5]]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_file_that_is_not_what_its_ending_says_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.parquet").write_text("c,o,t,a\n")
    with pytest.raises(BadData, match=r"tables\.orders\.from = '.*1\.parquet': Invalid"):
        read(tmp_path, "1.parquet")
    with pytest.raises(BadData, match=r"tables\.orders\.from = '.*\*\.parquet', .*1\.parquet: Invalid"):
        read(tmp_path, "*.parquet")


def test_a_broken_line_is_named_with_its_file(tmp_path: Path) -> None:
    lines = "".join(f"c{i},{i},2020-01-01,1\n" for i in range(30_000))
    (tmp_path / "1.csv").write_text("c,o,t,a\n" + lines)
    (tmp_path / "2.csv").write_text("c,o,t,a\n" + lines + "ada,1\n" + lines)
    with pytest.raises(BadData, match=r"from = '.*\*\.csv', .*2\.csv: .*CSV Error on Line: 30002"):
        read(tmp_path)


def message(folder: Path, csv: str, **more: str) -> str:
    (folder / "1.csv").write_text(csv, encoding="utf-8")
    with pytest.raises(BadData) as caught:
        read(folder, **more)
    (said,) = caught.value.problems
    return said


@pytest.mark.parametrize(("sign", "shown"), [(";", "';'"), ("\t", '"\\t"')])
def test_of_a_file_that_does_not_split_the_line_that_differs_is_named(tmp_path: Path, sign: str, shown: str) -> None:
    csv = "\n".join(sign.join(values) for values in (("c", "o", "a"), ("ada", "1", "2"), ("bo", "2")))
    assert message(tmp_path, csv).endswith(
        f"1.csv do not split into columns (the first: {sign.join('coa')}); they seem to be separated by {shown}, "
        "but line 3 has 2 values, the first has 3"
    )


def test_a_delimiter_that_is_not_found_by_itself_is_named_and_can_be_set(tmp_path: Path) -> None:
    said = message(tmp_path, "c~a\nada~x\nbo~y\n")
    assert said.endswith("they seem to be separated by '~': set tables.orders.delimiter = '~'")
    assert read(tmp_path, delimiter="~").values.tolist() == [["ada", "x"], ["bo", "y"]]


def test_with_a_delimiter_a_line_that_differs_is_named(tmp_path: Path) -> None:
    assert message(tmp_path, "c~a\n" + "ada~1\n" * 50 + "bo~2~3\n", delimiter="~").endswith(
        "; line 52 has 3 values, the first has 2"
    )


def test_a_table_of_text_only_has_its_first_line_as_names(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("alias,customer\na,b\nc,d\n")
    assert read(tmp_path).values.tolist() == [["a", "b"], ["c", "d"]]


def test_a_file_name_with_a_quote_is_read(tmp_path: Path) -> None:
    (tmp_path / "o'rders.csv").write_text("c,a\nada,1\n")
    assert read(tmp_path).values.tolist() == [["ada", 1]]


def test_text_in_chinese_is_read_from_its_own_encoding(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes("c,品类\nada,茶叶\n".encode("gbk"))
    (tmp_path / "2.csv").write_bytes("c,品类\nbo,玩具\n".encode("gbk"))
    assert set(read(tmp_path, encoding="gbk")["品类"]) == {"茶叶", "玩具"}


def test_rows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("c,a\nada,1\nbo,2\n")
    own = mapping(tmp_path / "1.csv")
    assert count_rows(read_source(connect(), "orders", own, tmp_path), "orders", own) == 2


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
