"""The mapping's expressions: what they make of a row, and why some cannot be used."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from features.engines.engine import connect
from features.mappings import TableMapping
from features.problems import BadData
from features.project import SourceSection
from features.raw.expressions import columns_used, map_table, text_columns
from features.raw.sources import read_source
from tests.features.made_up import project


def mapping(pattern: Path | str, **expressions: str) -> TableMapping:
    columns = {"customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"} | expressions
    return project(tables={"orders": {"from": str(pattern)} | columns}).mappings()["orders"]


def mapped(folder: Path, csv: str, *, time_zone: str = "UTC", **expressions: str) -> pd.DataFrame:
    (folder / "orders.csv").write_text(csv, encoding="utf-8")
    own = mapping(folder / "orders.csv", **expressions)
    source = read_source(connect(SourceSection(time_zone=time_zone)), "orders", own, folder)
    return map_table(source, "orders", own).execute()


def problem(folder: Path, csv: str, **expressions: str) -> str:
    with pytest.raises(BadData) as caught:
        mapped(folder, csv, **expressions)
    (found,) = caught.value.problems
    return found


def test_text_is_trimmed_and_empty_text_is_missing(tmp_path: Path) -> None:
    csv = 'c,o,t,a\n" ada\t",1,2020-01-01,1\n"  ",2,2020-01-01,1\n,3,2020-01-01,1\n"a b",4,2020-01-01,1\n'
    assert mapped(tmp_path, csv).customer_id.fillna("missing").tolist() == ["ada", "missing", "missing", "a b"]


@pytest.mark.parametrize("customer_id", ["007", "12345678901234567890123", "1e5", "TRUE", "2020-01-01", "17850.0", "NaN"])
def test_ids_are_kept_to_the_letter(tmp_path: Path, customer_id: str) -> None:
    assert mapped(tmp_path, f"c,o,t,a\n{customer_id},1,2020-01-01,1\n").customer_id.tolist() == [customer_id]


def test_an_id_that_an_expression_computes_with_has_the_type_of_its_values(tmp_path: Path) -> None:
    assert mapped(tmp_path, "c,o,t,a\n7,1,2020-01-01,1\n8,1,2020-01-01,1\n", where="c % 2 = 0").customer_id.tolist() == ["8"]


def test_one_letter_in_the_last_row_makes_the_whole_column_text(tmp_path: Path) -> None:
    lines = "".join(f"{number},1,2020-01-01,1\n" for number in range(30_000))
    found = mapped(tmp_path, "c,o,t,a\n" + lines + "A1,1,2020-01-01,1\n", customer_id="upper(c::VARCHAR)")
    assert found.customer_id.tolist()[-1] == "A1"


def test_numbers_are_exact_decimals_and_those_too_large_or_not_finite_are_missing(tmp_path: Path) -> None:
    amounts = ("0.1", "-2.00005", "1e13", "NaN", "-9999999999999")
    found = mapped(tmp_path, "c,o,t,a\n" + "".join(f"ada,1,2020-01-01,{amount}\n" for amount in amounts))
    assert [None if pd.isna(amount) else amount for amount in found.amount] == [
        Decimal("0.1"),
        Decimal("-2.0001"),
        None,
        None,
        Decimal(-9999999999999),
    ]


def test_an_optional_number_says_where_it_was_lost(tmp_path: Path) -> None:
    csv = "c,o,t,a,q\nada,1,2020-01-01,1,NaN\nada,2,2020-01-01,1,\nada,3,2020-01-01,1,2.5\n"
    assert mapped(tmp_path, csv, quantity="q")["_lost_quantity"].tolist() == [True, False, False]
    assert "_lost_quantity" not in mapped(tmp_path, csv, quantity="3").columns


def test_a_condition_is_1_where_it_is_true_and_0_where_not(tmp_path: Path) -> None:
    csv = "c,o,t,a\nada,1,2020-01-01,1\nbo,2,2020-01-01,\ncy,3,2020-01-01,-1\n"
    found = mapped(tmp_path, csv, quantity="a > 0").quantity
    assert [None if pd.isna(value) else int(value) for value in found] == [1, None, 0]


def test_expressions_compute_columns_and_where_leaves_rows_out(tmp_path: Path) -> None:
    csv = "c,o,t,a,n\nada,1,20200201,2.5,3\nbo,2,20200202,1,0\n"
    found = mapped(
        tmp_path, csv, occurred_at="strptime(t::VARCHAR, '%Y%m%d')", amount="a * n", where="n > 0", quantity="n::INT"
    )
    columns = ["customer_id", "order_id", "occurred_at", "amount", "quantity"]
    assert list(found.columns) == [*columns, "_unread_occurred_at", "_unread_amount"]
    assert found[columns].values.tolist() == [["ada", "1", pd.Timestamp("2020-02-01"), Decimal("7.5"), Decimal(3)]]


def test_where_nothing_came_of_a_value_its_text_is_kept_and_where_there_was_none_not(tmp_path: Path) -> None:
    csv = "c,o,t,h,a\nada,1,31.12.2020,8,1\nada,2,12/31/2020,9,1\nada,3,,10,1\nada,4,  ,11,1\nada,5,12/31/2020,,1\n"
    found = mapped(tmp_path, csv, occurred_at="try_strptime(t || ' ' || h, '%d.%m.%Y %H')")
    texts = found["_unread_occurred_at"]
    assert [None if pd.isna(text) else text for text in texts] == [None, "12/31/2020 9", None, None, None]


def test_chinese_column_names_and_amounts_are_read_as_they_are_exported(tmp_path: Path) -> None:
    csv = '\ufeff客户编号,订单号,下单日期,金额（元）\nA001,1,2025/3/7,"¥1,200.50"\nA002,2,2025/12/31,¥3\n'
    found = mapped(
        tmp_path,
        csv,
        customer_id="客户编号",
        order_id='"订单号"',
        occurred_at="下单日期",
        amount="replace(replace(\"金额（元）\", '¥', ''), ',', '')::DECIMAL",
    )
    assert found.customer_id.tolist() == ["A001", "A002"]
    assert found.amount.tolist() == [Decimal("1200.5"), Decimal(3)]
    assert found.occurred_at.tolist() == [pd.Timestamp("2025-03-07"), pd.Timestamp("2025-12-31")]


def test_a_chinese_name_that_needs_quotes_is_suggested_with_them(tmp_path: Path) -> None:
    csv = "客户编号,o,t,a\nada,1,2020-01-01,1\n"
    assert problem(tmp_path, csv, customer_id="客户编码").endswith(
        "the table has no column '客户编码'; did you mean '\"客户编号\"'?"
    )


def test_timestamps_with_a_zone_fall_on_the_local_day_and_naive_ones_stay(tmp_path: Path) -> None:
    csv = "c,o,t,r,a\nada,1,2020-01-01T20:00:00Z,2020-01-01 20:00:00,1\n"
    found = mapped(tmp_path, csv, time_zone="Asia/Shanghai", recorded_at="r")
    assert found.occurred_at.tolist() == [pd.Timestamp("2020-01-02 04:00")]
    assert found.recorded_at.tolist() == [pd.Timestamp("2020-01-01 20:00")]
    assert mapped(tmp_path, csv).occurred_at.tolist() == [pd.Timestamp("2020-01-01 20:00")]


def test_dates_computed_from_timestamps_with_a_zone_are_local_too(tmp_path: Path) -> None:
    csv = "c,o,t,a\nada,1,2020-01-01T20:00:00Z,1\n"
    found = mapped(tmp_path, csv, time_zone="Asia/Shanghai", occurred_at="CAST(t AS DATE)")
    assert found.occurred_at.tolist() == [pd.Timestamp("2020-01-02")]


def test_a_zone_in_a_parquet_file_is_turned_into_local_time(tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": ["ada"], "o": ["1"], "a": [1.0], "t": pd.to_datetime(["2020-01-01 20:00"], utc=True)})
    frame.to_parquet(tmp_path / "orders.parquet")
    own = mapping(tmp_path / "orders.parquet")
    for zone, expected in (("Asia/Shanghai", "2020-01-02 04:00"), ("America/New_York", "2020-01-01 15:00")):
        source = read_source(connect(SourceSection(time_zone=zone)), "orders", own, tmp_path)
        assert map_table(source, "orders", own).execute().occurred_at.tolist() == [pd.Timestamp(expected)]


def test_column_names_are_matched_whatever_their_case(tmp_path: Path) -> None:
    assert mapped(tmp_path, "C,O,T,A\nada,1,2020-01-01,1\n").customer_id.tolist() == ["ada"]


def test_a_name_that_needs_quotes_is_suggested_with_them(tmp_path: Path) -> None:
    said = problem(tmp_path, "c,Order No,t,a\nada,1,2020-01-01,1\n", order_id="Order_No")
    assert "the table has no column 'Order_No'; did you mean '\"Order No\"'" in said


def test_a_name_with_a_quote_in_it_is_quoted_as_sql_wants_it(tmp_path: Path) -> None:
    csv = 'c,o,t,"am""ount"\nada,1,2020-01-01,2\n'
    found = mapped(tmp_path, csv, amount='"am""ount" * 2')
    assert (found.amount.tolist(), found["_unread_amount"].isna().tolist()) == ([Decimal(4)], [True])
    assert """did you mean '"am""ount"'?""" in problem(tmp_path, csv, amount="amount")


TEXT_DATES = [
    ("03/25/2025", "for values such as '03/25/2025' write try_strptime(t, '%m/%d/%Y')"),
    ("25/03/2025", "write try_strptime(t, '%d/%m/%Y')"),
    ("03/07/2025", "write try_strptime(t, '%d/%m/%Y'), or '%m/%d/%Y' if the month comes first"),
    ("03/07/2025 10:00:00", "write try_strptime(t, '%d/%m/%Y %H:%M:%S'), or '%m/%d/%Y %H:%M:%S' if"),
    ("2025年3月7日", "write try_strptime(t, '%Y年%m月%d日')"),
    ("20250307", "is int64, expected a date or timestamp; for values such as '20250307' write try_strptime((t)::VARCHAR, '%Y%m%d')"),
    ("soon", "for text write e.g. try_strptime(t, '%Y-%m-%d')"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "hint"), TEXT_DATES)
def test_dates_kept_as_text_are_never_guessed_and_the_message_names_their_format(tmp_path: Path, value: str, hint: str) -> None:
    assert hint in problem(tmp_path, f"c,o,t,a\nada,1,{value},1\n")


def test_days_with_a_clock_and_without_are_text_and_the_suggested_cast_reads_both(tmp_path: Path) -> None:
    csv = "c,o,t,a\nada,1,2025/3/7,1\nada,2,2025/12/31 08:05:00,1\n"
    assert problem(tmp_path, csv).endswith("is string, expected a date or timestamp; write e.g. try_cast(t AS TIMESTAMP)")
    found = mapped(tmp_path, csv, occurred_at="try_cast(t AS TIMESTAMP)").occurred_at
    assert found.tolist() == [pd.Timestamp("2025-03-07"), pd.Timestamp("2025-12-31 08:05")]


def test_the_suggested_format_reads_the_dates(tmp_path: Path) -> None:
    found = mapped(tmp_path, "c,o,t,a\nada,1,7/3/2025,1\n", occurred_at="try_strptime(t, '%d/%m/%Y')")
    assert found.occurred_at.tolist() == [pd.Timestamp("2025-03-07")]


TEXT_NUMBERS = {
    "a comma before a point": (["¥1,200.50"], "for values such as '¥1,200.50' write e.g. try_cast(replace(replace(a, '¥', ''), ',', '') AS DOUBLE)"),
    "no number": (["1O.5"], "for text write e.g. try_cast(a AS DOUBLE)"),
    "a sign and no comma": (["€5", "€7.5"], "for values such as '€5' write e.g. try_cast(replace(a, '€', '') AS DOUBLE)"),
    "two digits behind the comma": (
        ["53,38 €"],
        "for values such as '53,38 €' write e.g. try_cast(replace(replace(replace(a, ' ', ''), '€', ''), ',', '.') AS DOUBLE)",
    ),
    "a currency's name behind it": (
        ["53,38 EUR", "7 EUR"],
        "for values such as '53,38 EUR' write e.g. try_cast(replace(replace(replace(a, ' ', ''), 'EUR', ''), ',', '.') AS DOUBLE)",
    ),
    "a currency's name before it": (["kr12.50", "kr3"], "for values such as 'kr12.50' write e.g. try_cast(replace(a, 'kr', '') AS DOUBLE)"),
    "a unit in Chinese": (["12元"], "for values such as '12元' write e.g. try_cast(replace(a, '元', '') AS DOUBLE)"),
    "a letter by mistake": (["12", "13", "14l"], "for text write e.g. try_cast(a AS DOUBLE)"),
    "a point before the comma": (["1.234,56"], "for values such as '1.234,56' write e.g. try_cast(replace(replace(a, '.', ''), ',', '.') AS DOUBLE)"),
    "a point in few values": (
        ["249,00"] * 300 + ["1.249,00"],
        "for values such as '249,00' write e.g. try_cast(replace(replace(a, '.', ''), ',', '.') AS DOUBLE)",
    ),
    "three decimals": (["1.234,567"], "for values such as '1.234,567' write e.g. try_cast(replace(replace(a, '.', ''), ',', '.') AS DOUBLE)"),
    "decimals in some values only": (["1,234", "-3,5"], "for values such as '-3,5' write e.g. try_cast(replace(a, ',', '.') AS DOUBLE)"),
    "thousands in most values": (["1,234.50", "7", "2,345.00", "1,5"], "for values such as '1,234.50' write e.g. try_cast(replace(a, ',', '') AS DOUBLE)"),
    "either": (
        ["1,234", "7"],
        "for values such as '1,234' write e.g. try_cast(replace(a, ',', '') AS DOUBLE) where the comma groups thousands, "
        "try_cast(replace(a, ',', '.') AS DOUBLE) where it is a decimal comma",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXT_NUMBERS)
def test_numbers_kept_as_text_are_named_with_what_to_write(tmp_path: Path, case: str) -> None:
    values, hint = TEXT_NUMBERS[case]
    csv = "c,o,t,a\n" + "".join(f'ada,1,2020-01-01,"{value}"\n' for value in values)
    assert problem(tmp_path, csv).endswith(f"is string, expected a number; {hint}")


def test_the_suggested_expression_reads_a_decimal_comma(tmp_path: Path) -> None:
    csv = 'c,o,t,a\nada,1,2020-01-01,"1.234,56"\nada,2,2020-01-01,"53,38"\n'
    found = mapped(tmp_path, csv, amount="try_cast(replace(replace(a, '.', ''), ',', '.') AS DOUBLE)")
    assert found.amount.tolist() == [Decimal("1234.56"), Decimal("53.38")]


def test_a_table_without_most_of_the_columns_is_named_once_with_those_it_has(tmp_path: Path) -> None:
    said = problem(tmp_path, "kunde,rechnung,t,betrag\nada,1,2020-01-01,1\n")
    assert said == (
        f"tables.orders.from = '{tmp_path / 'orders.csv'}': there is no column 'c', 'o', 'a'; "
        "its columns are 'kunde', 'rechnung', 't', 'betrag'"
    )


def test_two_columns_that_are_not_there_are_named_each_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(BadData) as caught:
        mapped(tmp_path, "c,o,day,total\nada,1,2020-01-01,1\n")
    assert [said.partition(" = ")[0] for said in caught.value.problems] == ["tables.orders.occurred_at", "tables.orders.amount"]


def test_the_columns_that_a_mapping_uses_are_those_in_its_expressions() -> None:
    own = mapping("x.csv", customer_id='"Customer ID"', amount="price * n", where="state = 'paid'", order_id="this (is not SQL")
    assert columns_used(own) == {"customer id", "t", "price", "n", "state"}


def test_the_columns_that_are_text_are_those_that_are_only_taken_over() -> None:
    own = mapping("x.csv", product_id="sku", category="left(sku, 2)", channel="shop", where="c > 0")
    assert text_columns(own) == {"o", "shop"}
