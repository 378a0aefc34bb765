"""A customer known under several ids is one customer in every table."""

from __future__ import annotations

from pathlib import Path

import ibis
import pandas as pd

from features.raw.identities import merge_identities
from tests.features.raw_tables import check_raw

IDENTITIES = "alias,customer_id\na1,ada\na2,ada\nb1,bo\n"


def table(**columns: list[str | None]) -> ibis.Table:
    return ibis.memtable(pd.DataFrame(columns), schema=dict.fromkeys(columns, "string"))


ALIASES = table(alias=["a1", "a2", "b1"], customer_id=["ada", "ada", "bo"])


def test_ids_are_final_in_every_table_and_rows_without_a_key_stay() -> None:
    orders = table(order_id=["1", "2", "3", "4"], customer_id=["a1", "ada", "zoe", None])
    merged = merge_identities({"orders": orders, "identities": ALIASES})
    rows = merged.tables["orders"].order_by("order_id").execute()
    assert rows.customer_id.fillna("missing").tolist() == ["ada", "ada", "zoe", "missing"]
    assert merged.tables["orders"].columns == ("order_id", "customer_id")
    assert merged.rows_dropped == {}


def test_without_identities_nothing_changes() -> None:
    orders = table(order_id=["1"], customer_id=["a1"])
    assert merge_identities({"orders": orders}).tables["orders"] is orders


def test_the_row_of_an_alias_makes_way_for_the_customers_own() -> None:
    customers = table(customer_id=["a1", "ada", "zoe"], city=["Rome", "Oslo", "Bern"])
    merged = merge_identities({"customers": customers, "identities": ALIASES})
    rows = merged.tables["customers"].order_by("customer_id").execute()
    assert rows.values.tolist() == [["ada", "Oslo"], ["zoe", "Bern"]]
    assert merged.rows_dropped == {"customers": 1}


def test_where_the_customer_has_no_row_that_of_the_first_alias_becomes_hers() -> None:
    customers = table(customer_id=["a2", "a1", "b1"], city=["Rome", "Oslo", "Bern"])
    merged = merge_identities({"customers": customers, "identities": ALIASES})
    rows = merged.tables["customers"].order_by("customer_id").execute()
    assert rows.values.tolist() == [["ada", "Oslo"], ["bo", "Bern"]]
    assert merged.rows_dropped == {"customers": 1}


def test_who_brought_a_customer_is_final_too() -> None:
    customers = table(customer_id=["zoe", "cy", "di"], referred_by=["a2", "ada", None])
    rows = (
        merge_identities({"customers": customers, "identities": ALIASES}).tables["customers"].order_by("customer_id").execute()
    )
    assert rows.referred_by.fillna("nobody").tolist() == ["ada", "nobody", "ada"]


def test_a_label_of_an_alias_makes_way_only_for_one_of_the_same_date() -> None:
    labels = table(customer_id=["ada", "a1", "a1"], as_of=["1 May", "1 May", "1 June"], churned=["0", "1", "1"])
    merged = merge_identities({"labels": labels, "identities": ALIASES})
    assert sorted(merged.tables["labels"].execute().values.tolist()) == [["ada", "1 June", "1"], ["ada", "1 May", "0"]]
    assert merged.rows_dropped == {"labels": 1}


def test_merged_rows_share_no_key_and_all_rows_are_accounted_for(tmp_path: Path) -> None:
    checked = check_raw(
        tmp_path,
        {
            "customers": "customer_id,acquisition_cost\nada,1\na1,2\nb1,3\nzoe,4\n",
            "labels": "customer_id,as_of,churned\nada,2020-01-01,0\na2,2020-01-01,1\n",
            "orders": "customer_id,order_id,occurred_at,amount\na1,1,2020-06-01,10\nb1,2,2020-06-01,10\n",
            "identities": IDENTITIES,
        },
        {"customers": {"where": "customer_id <> 'zoe'"}},
    )
    customers = checked["customers"]
    assert dict(customers.kept.execute().values.tolist()) == {"ada": 1, "bo": 3}
    assert (customers.rows_read, customers.rows_left_out_by_where, customers.rows_merged, customers.rows_kept) == (4, 1, 1, 2)
    assert (checked["labels"].rows_merged, checked["labels"].rows_kept) == (1, 1)
    assert sorted(checked["orders"].kept.execute().customer_id) == ["ada", "bo"]
    assert all(table.reasons == {} and table.notes == {} for table in checked.values())


def test_two_different_rows_of_one_alias_are_still_two(tmp_path: Path) -> None:
    customers = "customer_id,acquisition_cost\nb1,1\nb1,2\nada,3\n"
    checked = check_raw(tmp_path, {"customers": customers, "identities": IDENTITIES})["customers"]
    assert checked.reasons == {"2 different rows for this key (customer_id)": 2}


def test_an_alias_that_points_at_another_alias_is_set_aside_with_the_way_it_goes(tmp_path: Path) -> None:
    checked = check_raw(tmp_path, {"identities": "alias,customer_id\na,b\nb,c\nx,y\n"})["identities"]
    reason = "customer_id (customer_id) is itself an alias: point each at the final customer"
    assert checked.reasons == {reason: 1}
    assert checked.examples == {reason: ("a -> b -> c",)}
    assert sorted(checked.kept["alias"].execute()) == ["b", "x"]


def test_aliases_that_point_at_one_another_are_set_aside(tmp_path: Path) -> None:
    checked = check_raw(tmp_path, {"identities": "alias,customer_id\na,b\nb,a\nx,y\n"})["identities"]
    (examples,) = checked.examples.values()
    assert examples == ("a -> b -> a", "b -> a -> b")


def test_an_alias_of_two_customers_is_set_aside_and_merges_nobody(tmp_path: Path) -> None:
    orders = "customer_id,order_id,occurred_at,amount\na,1,2020-06-01,10\n"
    checked = check_raw(tmp_path, {"orders": orders, "identities": "alias,customer_id\na,b\na,c\nx,y\nx,y\n"})
    assert checked["identities"].reasons == {"2 different rows for this key (alias)": 2, "copy of another row": 1}
    assert checked["identities"].examples["2 different rows for this key (alias)"] == ("a -> b", "a -> c")
    assert checked["orders"].kept.customer_id.execute().tolist() == ["a"]


def test_an_alias_of_one_who_points_at_herself_is_kept(tmp_path: Path) -> None:
    checked = check_raw(tmp_path, {"identities": "alias,customer_id\na,b\nb,b\n"})["identities"]
    assert checked.reasons == {"alias (alias) points at itself": 1}
    assert checked.kept["alias"].execute().tolist() == ["a"]
