"""The front door, as a user meets it: good input, and one clear message for every kind of bad input."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.features.conftest import CONFIG, HEADER, LINES, Shop, changed

ROOT = Path(__file__).parents[2]
ORDERS = HEADER + LINES


def test_building_says_what_became_of_the_rows_and_where_the_snapshots_are(shop: Shop) -> None:
    answer = shop.build()
    assert answer.status == 0
    assert answer.err == ""
    assert "orders: 72 rows read, 0 left out by `where`, 72 kept, 0 quarantined" in answer.out
    assert "  24 orders of 1,224.00 EUR in all, 51.00 EUR the median order (refunds not taken off)\n" in answer.out
    assert "54 features at 10 dates; 2 eligible customers at the last" in answer.out
    assert "in out/shop/features" in answer.out
    assert sorted(path.name for path in shop.built.iterdir()) == [
        "manifest.json",
        "orders.parquet",
        "quarantine_orders.parquet",
        "snapshots",
    ]


def test_what_is_odd_about_the_end_of_the_data_is_noted_at_every_build(shop: Shop) -> None:
    shop.write(config=changed(CONFIG, ("every_days = 30", "every_days = 30\ndata_until = 2021-03-01")))
    for _ in range(2):
        assert "  note: no row of tables.orders in the last 88 days before dates.data_until = 2021-03-01" in shop.build().out


def test_once_per_leaves_out_lines_that_are_there_twice(shop: Shop) -> None:
    once_per = '["customer", "invoice", "bought_on -- a comment", "price", "kind"]'
    config = changed(CONFIG, ("[tables.orders]", f"[tables.orders]\nonce_per = {once_per}"))
    shop.write(config=config, orders=ORDERS + LINES)
    answer = shop.build()
    assert "orders: 144 rows read, 0 left out by `where`, 72 by `once_per`, 72 kept, 0 quarantined" in answer.out
    assert "the same as another row" not in answer.out
    shop.write(orders=ORDERS + LINES)
    assert (
        "note: 72 rows: the same as another row in all mapped columns but recorded_at (is a file there twice? `once_per`"
        in shop.build().out
    )


def test_a_table_of_strangers_is_noted(shop: Shop) -> None:
    (shop.folder / "answers.csv").write_text("who,day,score\n1,2020-05-05,9\n")
    mapping = '[tables.surveys]\nfrom = "answers.csv"\ncustomer_id = "who"\noccurred_at = "day"\ninstrument = "\'nps\'"\nscore = "score"\n'
    shop.write(config=CONFIG + mapping)
    assert (
        "  note: tables.surveys.customer_id: none of 1 ids (such as 1) is in tables.orders (such as ada, bo)."
        in shop.build().out
    )


def test_building_names_the_reason_of_quarantined_rows(shop: Shop) -> None:
    shop.write(
        config=CONFIG + "[quarantine]\nshare_max = 0.1", orders=ORDERS + ",x1,2020-05-05,3.0,tea\n,x2,2020-05-05,3.0,tea\n"
    )
    answer = shop.build()
    assert answer.status == 0
    assert (
        "74 rows read, 0 left out by `where`, 72 kept, 2 quarantined\n    2 rows: customer_id (customer) is missing"
        in answer.out
    )
    aside = pd.read_parquet(shop.built / "quarantine_orders.parquet")
    assert list(aside.order_id) == ["x1", "x2"]
    assert set(aside.reason) == {"customer_id (customer) is missing"}


def test_dates_kept_as_text_are_read_with_try_strptime_and_the_unreadable_ones_are_quarantined(shop: Shop) -> None:
    orders = changed(ORDERS, ("2020-07-01", "1 July 2020"), ("2020-08-02", "2020-02-30"))
    config = changed(CONFIG, ('"bought_on"', "\"try_strptime(bought_on, '%Y-%m-%d')\""))
    shop.write(config=config + "[quarantine]\nshare_max = 0.1", orders=orders)
    answer = shop.build()
    assert answer.status == 0
    assert (
        "66 kept, 6 quarantined\n    6 rows: occurred_at (try_strptime(bought_on, '%Y-%m-%d')) makes nothing of the value "
        in answer.out
    )
    assert "that is there (e.g. ada7: '1 July 2020', bo8: '2020-02-30')\n" in answer.out
    aside = pd.read_parquet(shop.built / "quarantine_orders.parquet")
    assert set(aside.order_id) == {"ada7", "bo8"}
    assert set(aside.columns) == {"customer_id", "order_id", "occurred_at", "amount", "category", "reason"}


MAPPING = {
    "missing file": (
        [('"orders.csv"', '"ordres.csv"')],
        ["tables.orders.from = 'ordres.csv'", "no such file", "paths start at the current folder"],
    ),
    "a file of another kind": (
        [('"orders.csv"', '"shop.toml"')],
        ["tables.orders.from", "cannot read shop.toml", ".parquet, .csv"],
    ),
    "unknown column": (
        [('"customer"', '"upper(custmer)"')],
        ["tables.orders.customer_id = 'upper(custmer)'", "no column 'custmer'", "did you mean 'customer'?"],
    ),
    "unknown column in where": (
        [("customer_id", 'where = "prise > 0"\ncustomer_id')],
        ["tables.orders.where = 'prise > 0'", "no column 'prise'", "did you mean 'price'?"],
    ),
    "expression that does not parse": (
        [('"price"', '"price *"')],
        ["tables.orders.amount = 'price *'", "does not parse as SQL at line 1, column 7"],
    ),
    "empty expression": ([('"price"', '""')], ["tables.orders.amount = ''", "does not parse as SQL"]),
    "expression with a name": ([('"price"', '"price AS p"')], ["tables.orders.amount = 'price AS p'", "leave out AS p"]),
    "unknown function": ([('"price"', '"net(price)"')], ["tables.orders.amount = 'net(price)'", "cannot be computed", "net does not exist"]),
    "sum over rows": ([('"price"', '"sum(price)"')], ["tables.orders.amount = 'sum(price)'", "not computed row by row"]),
    "one row made into many": ([('"price"', '"unnest([price, 1])"')], ["tables.orders.amount", "not computed row by row"]),
    "all columns": ([('"price"', '"*"')], ["tables.orders.amount = '*'", "not computed row by row"]),
    "number expected": ([('"price"', '"kind"')], ["tables.orders.amount = 'kind'", "expected a number", "try_cast(kind AS DOUBLE)"]),
    "date expected": ([('"bought_on"', '"price"')], ["tables.orders.occurred_at = 'price'", "expected a date or timestamp"]),
    "value that cannot be converted": (
        [('"price"', '"CAST(kind AS DOUBLE)"')],
        ["tables.orders.amount = 'CAST(kind AS DOUBLE)'", "fails on a row", "'tea'", "try_cast"],
    ),
    "where that is no condition": ([("customer_id", 'where = "price"\ncustomer_id')], ["tables.orders.where = 'price'", "expected a condition"]),
    "where over many rows": ([("customer_id", 'where = "max(price) > 3"\ncustomer_id')], ["tables.orders.where", "not computed row by row"]),
    "where that looks at other rows": (
        [("customer_id", 'where = "row_number() OVER (PARTITION BY invoice ORDER BY bought_on DESC) = 1"\ncustomer_id')],
        ["tables.orders.where = 'row_number()", "looks at other rows, later ones too", "`once_per` keeps one"],
    ),
    "where over the number of the row": ([("customer_id", 'where = "row_number() OVER () > 3"\ncustomer_id')], ["looks at other rows"]),
    "where that asks all rows": (
        [("customer_id", "where = \"bought_on < (SELECT max(bought_on) FROM 'orders.csv')\"\ncustomer_id")],
        ["tables.orders.where", "not computed row by row"],
    ),
    "column that looks at other rows": ([('"kind"', '"last(kind) OVER (PARTITION BY customer)"')], ["tables.orders.category", "looks at other rows"]),
    "number of the row that is no id": ([('"price"', '"row_number() OVER ()"')], ["tables.orders.amount", "looks at other rows"]),
    "name of a line that is not there": (
        [("customer_id", 'once_per = ["invoice", "lyne"]\ncustomer_id')],
        ["tables.orders.once_per[2] = 'lyne'", "the table has no column 'lyne'"],
    ),
    "name of a line that fails on a row": (
        [("customer_id", 'once_per = ["kind::INT"]\ncustomer_id')],
        ["tables.orders.once_per[1] = 'kind::INT' fails on a row"],
    ),
    "names of a line that are no list": (
        [("customer_id", 'once_per = "invoice"\ncustomer_id')],
        ["tables.orders.once_per", 'expected a list of columns, such as ["Invoice", "Line"]'],
    ),
    "where that fails on a row": ([("customer_id", 'where = "kind = 3"\ncustomer_id')], ["tables.orders.where = 'kind = 3'", "fails on a row"]),
    "where that leaves nothing": (
        [("customer_id", 'where = "price > 10000"\ncustomer_id')],
        ["tables.orders.where = 'price > 10000'", "leaves out all 72 rows"],
    ),
    "all rows quarantined": (
        [('"customer"', '"nullif(customer, customer)"')],
        ["tables.orders", "all 72 rows break the contract", "customer_id (nullif(customer, customer)) makes nothing of the value that is there (e.g. ada10: 'ada',"],
    ),
    "more rows quarantined than allowed": (
        [('"customer"', "\"nullif(customer, 'bo')\"")],
        ["tables.orders: 50.0% of the rows", "quarantine.share_max = 1.0%", "36 rows: customer_id (nullif(customer, 'bo'))", "Mend the data"],
    ),
    "rows in the future": (
        [("every_days", "data_until = 2020-12-01\nevery_days")],
        ["6 rows: occurred_at (bought_on) is not before dates.data_until = 2020-12-01", "move dates.data_until on if the data go on"],
    ),
    "horizon longer than the history": (
        [("horizon_days = 30", "horizon_days = 200")],
        ["project.horizon_days = 200 is too long", "2020-01-01 to 2020-12-02", "dates.history_days_min = 60"],
    ),
    "judged date whose window has not closed": (
        [("every_days", "judged_at = 2020-11-04\nevery_days")],
        ["dates.judged_at = 2020-11-04", "closes on 2020-12-04", "ends before 2020-12-03", "latest possible date is 2020-11-03"],
    ),
    "unknown main category": (
        [("[dates]", '[features]\nmain_categories = ["tee", "toys"]\n[dates]')],
        ["features.main_categories", "no order has category 'tee'", "did you mean 'tea'?"],
    ),
    "main categories without a category column": (
        [("[dates]", '[features]\nmain_categories = ["tea"]\n[dates]'), ('category = "kind"', "")],
        ["features.main_categories is set, but tables.orders.category is not mapped"],
    ),
    "categories that would share a column": (
        [('"kind"', "\"CASE kind WHEN 'tea' THEN 'Toys!' ELSE kind END\"")],
        ["tables.orders.category", "'Toys!', 'toys'", "share the column name", "rename one"],
    ),
    "recording times after every date": (
        [("amount", "recorded_at = \"TIMESTAMP '2022-01-01'\"\namount")],
        ["tables.orders.recorded_at", "2022-01-01", "nobody is known at 10 of 10 dates (first: 2020-03-08)", "leave it out"],
    ),
    "recording times after the first dates": (
        [("amount", "recorded_at = \"greatest(bought_on, DATE '2020-06-06')\"\namount")],
        ["tables.orders.recorded_at", "the first was recorded on 2020-06-06", "4 of 10 dates", "dates.history_days_min"],
    ),
    "outputs where there is a file": ([("horizon_days", 'out = "orders.csv"\nhorizon_days')], ["cannot make the folder orders.csv/shop", "project.out"]),
}  # fmt: skip


def assert_one_message(shop: Shop, *expected: str) -> None:
    answer = shop.build()
    assert answer.status == 2
    assert answer.err.startswith("\nStopped; this step wrote nothing. 1 to mend:\n  - ")
    assert answer.err.count("\n") == 3
    assert "Traceback" not in answer.err + answer.out
    for text in expected:
        assert text in answer.err
    assert not (shop.folder / "out").exists()


@pytest.mark.parametrize("case", MAPPING)
def test_a_mapping_that_cannot_be_used_stops_with_one_message_and_writes_nothing(shop: Shop, case: str) -> None:
    changes, expected = MAPPING[case]
    shop.write(config=changed(CONFIG, *changes))
    assert_one_message(shop, *expected)


DATA = {
    "no lines": (HEADER, ["tables.orders.from = 'orders.csv' has no rows"]),
    "an empty file": ("", ["tables.orders.from = 'orders.csv' has no rows"]),
    "dates as text": (
        changed(ORDERS, ("2020-", "on 2020-")),
        ["tables.orders.occurred_at = 'bought_on'", "is string", "try_strptime(bought_on, '%Y-%m-%d')"],
    ),
    "a number with a letter": (ORDERS + "cy,cy1,2020-05-05,1O.5,tea\n", ["tables.orders.amount = 'price'", "is string", "try_cast(price AS DOUBLE)"]),
    "numbers that are not finite": (
        changed(ORDERS, (",11.5,", ",NaN,")),
        ["tables.orders: 8.3% of the rows", "6 rows: amount (price) is missing, not finite, or not below 1e+13"],
    ),
    "lines of different length": (
        changed(ORDERS, ("ada,ada7", "ada,ada7,more,and,more")),
        ["tables.orders.from = 'orders.csv'", "do not split into columns", "line 20 has 8 values, the first has 5"],
    ),
    "a last line with more values than the others": (
        HEADER + "ada,1,2020-01-01,3,tea\nada,2,2020-01-02,3,tea,more\n",
        ["tables.orders.from = 'orders.csv'", "line 3 has 6 values, the first has 5"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA)
def test_data_that_cannot_be_used_stops_with_one_message_and_writes_nothing(shop: Shop, case: str) -> None:
    orders, expected = DATA[case]
    shop.write(orders=orders)
    assert_one_message(shop, *expected)


def test_a_broken_line_deep_in_a_text_file_is_named(shop: Shop) -> None:
    lines = [f"c{i},{i},2020-{i % 12 + 1:02}-01,{i},tea\n" for i in range(40_000)]
    shop.write(orders=HEADER + "".join([*lines[:30_000], "ada,1\n", *lines[30_000:]]))
    assert_one_message(
        shop, "tables.orders.from = 'orders.csv'", "CSV Error on Line: 30002", "Expected Number of Columns: 5 Found: 2"
    )


def test_a_text_file_that_is_not_utf_8_is_named(shop: Shop) -> None:
    (shop.folder / "orders.csv").write_bytes(changed(ORDERS, ("tea", "thé")).encode("latin-1"))
    assert_one_message(shop, "tables.orders.from: orders.csv is not UTF-8 (line 2)", 'tables.orders.encoding = "cp1252"')


def test_a_column_name_with_a_space_must_be_quoted_and_the_message_shows_how(shop: Shop) -> None:
    orders = changed(ORDERS, ("customer,", "Customer ID,"))
    shop.write(config=changed(CONFIG, ('"customer"', '"Customer ID"')), orders=orders)
    assert_one_message(shop, "tables.orders.customer_id = 'Customer ID'", 'must be quoted: "Customer ID"')
    shop.write(config=changed(CONFIG, ('"customer"', "'\"Customer ID\"'")), orders=orders)
    assert shop.build().status == 0


def test_every_wrong_expression_is_in_the_one_message(shop: Shop) -> None:
    shop.write(config=changed(CONFIG, ('"customer"', '"custmer"'), ('"price"', '"price *"'), ('"bought_on"', '"kind"')))
    answer = shop.build()
    assert answer.status == 2
    assert "3 to mend" in answer.err
    assert all(f"tables.orders.{key} = " in answer.err for key in ("customer_id", "amount", "occurred_at"))


def test_bad_input_leaves_the_snapshots_of_an_earlier_run_as_they_were(shop: Shop) -> None:
    assert shop.build().status == 0
    before = {path: path.read_bytes() for path in shop.built.rglob("*.*")}
    shop.write(config=changed(CONFIG, ('"price"', '"prise"')))
    assert shop.build().status == 2
    assert {path: path.read_bytes() for path in shop.built.rglob("*.*")} == before


def test_a_comment_at_the_end_of_an_expression_ends_there(shop: Shop) -> None:
    config = changed(
        CONFIG, ('"price"', '"price -- in euros"'), ("customer_id", 'where = "price > 12 -- not the cheap ones"\ncustomer_id')
    )
    shop.write(config=config)
    answer = shop.build()
    assert answer.status == 0
    assert "6 left out by `where`, 66 kept" in answer.out


def run_front_door(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TZ": "America/New_York"}
    command = [sys.executable, "-m", "features", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_time_zone_of_the_machine_changes_no_date(shop: Shop) -> None:
    """Lines at half past midnight in Greenwich are the evening before in New York."""
    shop.write(orders=changed(ORDERS, (",2020-", ",2020-"), *[(f"-0{day},", f"-0{day} 00:30:00+00,") for day in (1, 2)]))
    done = run_front_door("build", "shop.toml", folder=shop.folder)
    assert done.returncode == 0, done.stderr
    orders = pd.read_parquet(shop.built / "orders.parquet")
    assert set(pd.to_datetime(orders.occurred_at).dt.strftime("%d %H:%M")) == {"01 00:30", "02 00:30"}
    assert '"data_from": "2020-01-01"' in (shop.built / "manifest.json").read_text()


def test_the_command_ends_with_status_2_and_no_traceback_for_bad_input(shop: Shop) -> None:
    done = run_front_door("build", "shp.toml", folder=shop.folder)
    assert done.returncode == 2
    assert done.stderr == "\nStopped; this step wrote nothing. 1 to mend:\n  - shp.toml: no such mapping file\n"


def test_a_made_up_company_is_written_and_its_mapping_file_reads(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "features", "simulate", str(tmp_path / "company"), "--customers", "120", "--seed", "3"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert "orders: " in done.stdout
    assert f"features of it: python -m features build {tmp_path}/company/company.toml" in done.stdout
    check = [sys.executable, "-m", "training", "check", str(tmp_path / "company/company.toml")]
    assert "well-formed" in subprocess.run(check, check=True, capture_output=True, text=True, cwd=ROOT, timeout=60).stdout


def test_the_catalogue_command_prints_the_page() -> None:
    words = [sys.executable, "-m", "features", "catalogue"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout == (ROOT / "docs/features.md").read_text(encoding="utf-8")
