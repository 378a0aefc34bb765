"""A table that comes from several sources: [[tables.orders]] once for each."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.engines.engine import connect
from features.problems import BadConfig, BadData
from features.project import Project, read_project
from features.raw.quarantine import check_tables
from features.snapshots import build_snapshots

HEAD = '[project]\nname = "shop"\ncurrency = "EUR"\nhorizon_days = 30\n[quarantine]\nshare_max = 0.9\n'
WEB = '[[tables.orders]]\nfrom = "web.csv"\ncustomer_id = "who"\norder_id = "nr"\noccurred_at = "day"\namount = "price"\nchannel = "\'web\'"\n'
TILL = '[[tables.orders]]\nfrom = "till.csv"\nwhere = "total > 0"\ncustomer_id = "card"\norder_id = "receipt"\noccurred_at = "sold"\namount = "total"\nquantity = "pieces"\n'
WEB_ROWS = "who,nr,day,price\nada,w1,2020-01-01,10\nada,w2,2020-06-01,20\n"
TILL_ROWS = (
    "card,receipt,sold,total,pieces\nada,t1,2020-03-01,5.5,2\nbo,t2,2020-04-01,7,1\nbo,t3,2020-05-01,0,1\n,t4,2020-05-02,9,1\n"
)


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("web.csv").write_text(WEB_ROWS)
    Path("till.csv").write_text(TILL_ROWS)


def project(tables: str = WEB + TILL) -> Project:
    Path("shop.toml").write_text(HEAD + tables)
    return read_project(Path("shop.toml"))


def test_rows_of_all_sources_are_one_table_and_columns_a_source_lacks_are_missing() -> None:
    orders = check_tables(connect(), project())["orders"]
    rows = orders.kept.order_by("order_id").execute()
    assert rows.order_id.tolist() == ["t1", "t2", "w1", "w2"]
    assert rows.amount.astype(float).tolist() == [5.5, 7, 10, 20]
    assert rows.quantity.astype(float).fillna(-1).tolist() == [2, 1, -1, -1]
    assert rows.channel.fillna("").tolist() == ["", "", "web", "web"]
    assert rows.occurred_at.tolist() == [pd.Timestamp(f"2020-{month:02}-01") for month in (3, 4, 1, 6)]


def test_counts_are_of_all_sources_and_reasons_name_every_expression() -> None:
    orders = check_tables(connect(), project())["orders"]
    assert (orders.rows_read, orders.rows_left_out_by_where, orders.rows_kept) == (6, 1, 4)
    assert orders.reasons == {"customer_id (who | card) is missing": 1}


def test_one_source_in_the_form_of_several_is_that_source() -> None:
    assert project(WEB).mappings() == project(WEB.replace("[[", "[").replace("]]", "]")).mappings()


def test_a_source_without_rows_adds_none() -> None:
    Path("till.csv").write_text("card,receipt,sold,total,pieces\n")
    assert check_tables(connect(), project())["orders"].rows_kept == 2


def test_problems_of_all_sources_are_said_with_the_number_of_the_source() -> None:
    wrong = WEB.replace('"price"', '"prize"') + TILL.replace('"sold"', '"sold_on"')
    with pytest.raises(BadData) as caught:
        check_tables(connect(), project(wrong))
    assert caught.value.problems == (
        "tables.orders[1].amount = 'prize': the table has no column 'prize'; did you mean 'price'?",
        "tables.orders[2].occurred_at = 'sold_on': the table has no column 'sold_on'; did you mean 'sold'?",
    )


def test_a_file_that_is_not_there_is_named_with_the_number_of_its_source() -> None:
    Path("till.csv").unlink()
    with pytest.raises(BadData, match=r"tables.orders\[2\].from = 'till.csv': no such file"):
        check_tables(connect(), project())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('quantity = "pieces"', 'quantty = "pieces"', r"unknown key tables.orders\[2\].quantty; did you mean 'quantity'\?"),
        ('amount = "total"', "", r"tables.orders\[2\].amount is missing"),
        ("[[tables.orders]]", "[[tables.ordes]]", r"unknown key tables.ordes; did you mean 'orders'\?"),
    ],
)
def test_a_mistake_in_a_later_source_is_named_with_its_number(old: str, new: str, says: str) -> None:
    assert old in TILL
    with pytest.raises(BadConfig, match=says):
        project(WEB + TILL.replace(old, new))


def test_customers_and_labels_have_one_source() -> None:
    customers = '[[tables.customers]]\nfrom = "web.csv"\ncustomer_id = "who"\n'
    with pytest.raises(BadConfig, match=r"\[\[customers\]\] is there 2 times, but customers has one source"):
        project(WEB + customers + customers)


def test_a_change_in_any_source_is_seen() -> None:
    own = project()
    before = own.model_copy(update={"dates": own.dates.model_copy(update={"history_days_min": 30})})
    first = build_snapshots(before).data_fingerprint
    Path("till.csv").write_text(TILL_ROWS.replace("5.5", "6.5"))
    assert build_snapshots(before).data_fingerprint != first


def test_an_order_that_is_cancelled_in_a_later_export_counts_until_then() -> None:
    lines = (
        "who,nr,day,price,state,exported\nada,w1,2020-01-05,100,open,2020-02-01\nada,w1,2020-01-05,100,cancelled,2020-03-01\n"
    )
    Path("exports.csv").write_text(lines + "ada,w1,2020-01-05,100,cancelled,2020-04-01\nbo,w2,2020-01-06,7,paid,2020-02-01\n")
    own = WEB.replace("web.csv", "exports.csv") + 'once_per = ["nr"]\n'
    first = own + 'recorded_at = "exported"\n'
    back = own.replace('"day"', '"exported"').replace('"price"', '"-price"') + "where = \"state = 'cancelled'\"\n"
    kept = check_tables(connect(), project(first + back))["orders"].kept.order_by("recorded_at", "amount").execute()
    known = kept.recorded_at.fillna(kept.occurred_at).dt.strftime("%Y-%m-%d").tolist()
    assert list(zip(kept.order_id, kept.amount.astype(int), known, strict=True)) == [
        ("w2", 7, "2020-02-01"),
        ("w1", 100, "2020-02-01"),
        ("w1", -100, "2020-03-01"),
    ]
