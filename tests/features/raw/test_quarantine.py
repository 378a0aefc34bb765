"""Rows that break the contract are set aside with their reason; suspicious ones are kept and counted; all in one report."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from features.problems import BadData
from features.raw.quarantine import IDENTICAL, NO_ROWS, check_tables, tables_report
from features.raw.sources import connect
from tests.features.raw_tables import ORDERS, check_raw, raw_project

ROWS = """customer_id,order_id,occurred_at,amount
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


def test_every_row_is_kept_or_set_aside_with_its_first_reason(tmp_path: Path) -> None:
    checked = check_raw(tmp_path, {"orders": ROWS})["orders"]
    assert sorted(checked.kept.order_id.execute()) == ["1", "8", "9"]
    assert checked.kept.columns == ("customer_id", "order_id", "occurred_at", "amount")
    assert checked.quarantined.columns == (*checked.kept.columns, "reason")
    assert checked.reasons == {
        "amount (amount) is missing, not finite, or not below 1e+13": 2,
        "customer_id (customer_id) is missing": 2,  # the empty row too: one reason each
        "occurred_at (occurred_at) is missing": 1,
        "order_id (order_id) is missing": 1,
    }
    assert (checked.rows_read, checked.rows_kept, checked.rows_quarantined, checked.rows_left_out_by_where) == (9, 3, 6, 0)
    assert checked.quarantined.execute().reason.value_counts().to_dict() == checked.reasons


def test_examples_of_a_reason_are_orders_and_where_there_is_none_the_customer(tmp_path: Path) -> None:
    checked = check_raw(tmp_path, {"orders": ROWS})["orders"]
    assert checked.examples == {
        "amount (amount) is missing, not finite, or not below 1e+13": ("5", "6"),
        "customer_id (customer_id) is missing": ("2",),
        "occurred_at (occurred_at) is missing": ("4",),
        "order_id (order_id) is missing": ("bo",),
    }


def test_a_value_that_is_there_and_not_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    csv = "customer_id,order_id,occurred_at,amount\nada,1,31.12.2020,1\nbo,2,12/31/2020,1\ncy,3,,1\nda,,5.5.2020 noon,1\n"
    keys = {"orders": {"occurred_at": "try_strptime(occurred_at, '%d.%m.%Y')"}}
    checked = check_raw(tmp_path, {"orders": csv}, keys)["orders"]
    unread = "occurred_at (try_strptime(occurred_at, '%d.%m.%Y')) makes nothing of the value that is there"
    assert checked.reasons == {
        unread: 1,
        "occurred_at (try_strptime(occurred_at, '%d.%m.%Y')) is missing": 1,
        "order_id (order_id) is missing": 1,
    }
    assert checked.examples[unread] == ("2: '12/31/2020'",)
    assert checked.quarantined.columns == ("customer_id", "order_id", "occurred_at", "amount", "reason")


def test_an_optional_value_that_is_not_read_is_noted(tmp_path: Path) -> None:
    csv = f"customer_id,started_at,ended_at\nada,2020-01-01,12/31/2020\nada,2020-02-01,\nada,2020-03-01,{'9' * 50}\n"
    keys = {"subscriptions": {"ended_at": "try_strptime(ended_at, '%d.%m.%Y')"}}
    checked = check_raw(tmp_path, {"subscriptions": csv}, keys)["subscriptions"]
    noted = "ended_at (try_strptime(ended_at, '%d.%m.%Y')) makes nothing of the value that is there, and is taken as missing"
    assert checked.notes == {noted: 2}
    assert checked.examples == {noted: ("ada: '12/31/2020'", f"ada: '{'9' * 40}'")}
    assert checked.kept.columns == ("customer_id", "started_at", "ended_at")


def test_of_a_row_without_any_id_the_value_alone_is_shown(tmp_path: Path) -> None:
    keys = {"customers": {"customer_id": "nullif(customer_id, 'x')"}}
    checked = check_raw(tmp_path, {"customers": "customer_id\nada\nx\n"}, keys)["customers"]
    assert list(checked.examples.values()) == [("'x'",)]


def test_rows_left_out_by_where_are_counted_and_not_checked(tmp_path: Path) -> None:
    where = {"where": "customer_id IS NOT NULL AND order_id IS NOT NULL"}
    checked = check_raw(tmp_path, {"orders": ROWS}, {"orders": where})["orders"]
    assert (checked.rows_left_out_by_where, checked.rows_kept, checked.rows_quarantined) == (3, 3, 3)


# Each table has one good row, about ada, and one that breaks the rule, about bad; the rest of the mapping is by name.
BREAKS = {
    "an order before the calendars": (
        "orders",
        "customer_id,order_id,occurred_at,amount\nada,1,1900-01-01,1\nbad,2,1899-12-31 23:59:59,1\n",
        "occurred_at (occurred_at) is before 1900-01-01 or after 2199-12-31 "
        "(make a date that stands for none missing, e.g. with nullif)",
    ),
    "a recording time that stands for none": (
        "orders",
        "customer_id,order_id,occurred_at,amount,recorded_at\nada,1,2020-01-01,1,2199-12-31 23:59:59\nbad,2,2020-01-01,1,9999-12-31\n",
        "recorded_at (recorded_at) is before 1900-01-01 or after 2199-12-31",
    ),
    "an order in the future": (
        "orders",
        "customer_id,order_id,occurred_at,amount\nada,1,2020-12-31 23:59:59,1\nbad,2,2021-01-01,1\n",
        "occurred_at (occurred_at) is not before dates.data_until = 2021-01-01",
    ),
    "a negative discount": (
        "orders",
        "customer_id,order_id,occurred_at,amount,discount\nada,1,2020-01-01,1,0\nbad,2,2020-01-01,1,-0.01\n",
        "discount (discount) is below 0",
    ),
    "another currency": (
        "orders",
        "customer_id,order_id,occurred_at,amount,currency\nada,1,2020-01-01,1,eur\nada,3,2020-01-01,1,\nbad,2,2020-01-01,1,USD\n",
        "currency (currency) is not project.currency = EUR",
    ),
    "a fee in another currency": (
        "subscriptions",
        "customer_id,started_at,ended_at,currency\nada,2020-01-01,2020-02-01,EUR\nbad,2020-01-01,2020-02-01,GBP\n",
        "currency (currency) is not project.currency = EUR",
    ),
    "a customer of the future": (
        "customers",
        "customer_id,acquired_at\nada,2020-12-31\nbad,2021-01-01\n",
        "acquired_at (acquired_at) is not before dates.data_until = 2021-01-01",
    ),
    "a contact without a channel": (
        "interactions",
        "customer_id,occurred_at,channel,kind\nada,2020-01-01,web,visit\nbad,2020-01-01,,visit\n",
        "channel (channel) is missing",
    ),
    "a complaint settled before it was made": (
        "interactions",
        "customer_id,occurred_at,channel,kind,resolved_at\nada,2020-01-02 10:00:00,web,complaint,2020-01-02 10:00:00\n"
        "ada,2020-01-02 10:00:00,web,complaint,2020-01-02 00:00:00\n"  # a date without a clock
        "ada,2020-01-02 10:00:00,phone,complaint,\nbad,2020-01-02 10:00:00,web,complaint,2020-01-02 09:59:59\n",
        "resolved_at (resolved_at) is before occurred_at (occurred_at)",
    ),
    "an unknown instrument": (
        "surveys",
        "customer_id,occurred_at,instrument,score\nada,2020-01-01,nps,1\nbad,2020-01-01,NPS,1\n",
        "instrument (instrument) is not one of nps, csat, ces, rating",
    ),
    "a score below its scale": (
        "surveys",
        "customer_id,occurred_at,instrument,score\nada,2020-01-01,nps,0\nbad,2020-01-01,csat,0\n",
        "score (score) is outside its scale (nps 0 to 10, csat 1 to 5, ces 1 to 7, rating 1 to 5, or scale_min to scale_max)",
    ),
    "a score above its scale": (
        "surveys",
        "customer_id,occurred_at,instrument,score\nada,2020-01-01,ces,7\nbad,2020-01-01,rating,5.5\n",
        "score (score) is outside its scale",
    ),
    "a score outside the scale that the row gives": (
        "surveys",
        "customer_id,occurred_at,instrument,score,scale_min,scale_max\nada,2020-01-01,csat,-3,-3,3\nada,2020-01-01,csat,4,,\n"
        "bad,2020-01-01,csat,4,-3,3\n",
        "score (score) is outside its scale",
    ),
    "a scale that ends where it begins": (
        "surveys",
        "customer_id,occurred_at,instrument,score,scale_min,scale_max\nada,2020-01-01,csat,2,1,3\nbad,2020-01-01,csat,3,3,3\n",
        "scale_min (scale_min) is not below the highest score of its scale",
    ),
    "a scale that ends below the usual lowest score": (
        "surveys",
        "customer_id,occurred_at,instrument,score,scale_max\nada,2020-01-01,csat,2,3\nbad,2020-01-01,csat,1,1\n",
        "scale_max (scale_max) is not above the lowest score of its scale",
    ),
    "a score that is not finite": (
        "surveys",
        "customer_id,occurred_at,instrument,score\nada,2020-01-01,nps,9\nbad,2020-01-01,nps,NaN\n",
        "score (score) is missing, not finite, or not below 1e+13",
    ),
    "a period that ends before it starts": (
        "subscriptions",
        "customer_id,started_at,ended_at\nada,2020-01-02,2020-01-02\nada,2020-01-03,\nbad,2020-01-02,2020-01-01\n",
        "ended_at (ended_at) is before started_at (started_at)",
    ),
    "a period that starts in the future": (
        "subscriptions",
        "customer_id,started_at,ended_at\nada,2020-01-02,2021-06-30\nbad,2021-01-01,2021-06-30\n",
        "started_at (started_at) is not before dates.data_until = 2021-01-01",
    ),
    "a treatment neither random nor by rule": (
        "treatments",
        "customer_id,occurred_at,action,assignment\nada,2020-01-01,call,random\nada,2020-01-02,call,rule\nada,2020-01-03,call,\n"
        "bad,2020-01-01,call,coin\n",
        "assignment (assignment) is not random or rule",
    ),
    "a propensity of nothing": (
        "treatments",
        "customer_id,occurred_at,action,propensity\nada,2020-01-01,call,1\nada,2020-01-02,call,\nbad,2020-01-01,call,0\n",
        "propensity (propensity) is not above 0 and up to 1",
    ),
    "a propensity in percent": (
        "treatments",
        "customer_id,occurred_at,action,propensity\nada,2020-01-01,call,0.5\nbad,2020-01-01,call,50\n",
        "propensity (propensity) is not above 0 and up to 1",
    ),
    "an outcome that is neither 0 nor 1": (
        "labels",
        "customer_id,as_of,churned\nada,2022-01-01,1\nada,2020-01-01,\nbad,2020-01-01,2\n",
        "churned (churned) is not 0 or 1",
    ),
    "a purchase that is neither 0 nor 1": (
        "labels",
        "customer_id,as_of,bought_tea\nada,2020-01-01,0\nbad,2020-01-01,0.5\n",
        "bought_tea (bought_tea) is not 0 or 1",
    ),
    "an alias that points at itself": ("identities", "alias,customer_id\na1,ada\nbad,bad\n", "alias (alias) points at itself"),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKS)
def test_a_row_that_breaks_its_contract_is_set_aside_and_the_others_are_kept(tmp_path: Path, case: str) -> None:
    name, csv, reason = BREAKS[case]
    checked = check_raw(tmp_path, {name: csv}, dates={"data_until": date(2021, 1, 1)})[name]
    (found,) = checked.reasons
    assert found.startswith(reason)
    assert checked.reasons[found] == 1
    assert checked.kept.customer_id.execute().unique().tolist() == ["ada"]
    (example,) = checked.examples[found]
    assert example in ("2", "bad", "bad -> bad")


def test_a_long_expression_is_cut_short_in_reasons_and_put_in_one_line(tmp_path: Path) -> None:
    amount = "CASE WHEN amount > 5 THEN amount\n  WHEN amount > 10 THEN amount " + "WHEN amount = 0 THEN 0 " * 5 + "END"
    checked = check_raw(tmp_path, {"orders": ROWS}, {"orders": {"amount": amount, "where": "customer_id = 'cy'"}})["orders"]
    (reason,) = checked.reasons
    assert reason.startswith("amount (CASE WHEN amount > 5 THEN amount WHEN amount > 10 THEN amount WHEN amount = 0")
    assert len(reason) < 170


def test_of_identical_rows_with_one_key_one_is_kept(tmp_path: Path) -> None:
    csv = "customer_id,acquisition_cost\nada,1\nbo,2\nbo,2\nbo,2\n"
    checked = check_raw(tmp_path, {"customers": csv})["customers"]
    assert checked.reasons == {"copy of another row": 2}
    assert checked.examples == {"copy of another row": ("bo",)}
    assert sorted(checked.kept.customer_id.execute()) == ["ada", "bo"]


def test_different_rows_with_one_key_are_all_set_aside(tmp_path: Path) -> None:
    csv = "customer_id,as_of,churned\nada,2020-01-01,0\nada,2020-02-01,1\nbo,2020-01-01,0\nbo,2020-01-01,1\nbo,2020-01-01,1\n"
    checked = check_raw(tmp_path, {"labels": csv})["labels"]
    assert checked.reasons == {"2 different rows for this key (customer_id, as_of)": 3}
    assert checked.kept.customer_id.execute().tolist() == ["ada", "ada"]


def test_two_outcomes_of_one_day_share_a_key_whatever_their_clocks(tmp_path: Path) -> None:
    csv = "customer_id,as_of,churned\nada,2020-01-01 00:00:00,0\nbo,2020-01-01 08:00:00,0\nbo,2020-01-01 09:00:00,1\n"
    checked = check_raw(tmp_path, {"labels": csv})["labels"]
    assert checked.reasons == {"2 different rows for this key (customer_id, as_of)": 2}
    assert checked.kept.customer_id.execute().tolist() == ["ada"]


def test_a_row_that_is_set_aside_for_another_reason_does_not_share_its_key(tmp_path: Path) -> None:
    csv = "customer_id,as_of,churned\nada,2020-01-01,0\nada,2020-01-01,7\n"
    checked = check_raw(tmp_path, {"labels": csv})["labels"]
    assert checked.reasons == {"churned (churned) is not 0 or 1": 1}
    assert checked.rows_kept == 1


CUSTOMERS = "customer_id,acquired_at,referred_by\nada,2020-01-02,\nbo,2020-01-02,ada\n"
ACQUIRED = {"customers": "customer_id,acquired_at\nada,2020-01-02 12:00:00\n"}
NOTES = {
    "recorded before it was ordered": (
        "orders",
        "customer_id,order_id,occurred_at,amount,recorded_at\nada,1,2020-01-02 12:00:00,1,2020-01-02 11:59:59\n"
        "ada,2,2020-01-02 12:00:00,1,2020-01-02 00:00:00\nada,3,2020-01-02 12:00:00,1,2020-01-01 00:00:00\n",
        "recorded_at (recorded_at) is before occurred_at (occurred_at)",
        ("1", "3"),  # the second was recorded on that day, at an unknown time
    ),
    "recorded before it started": (
        "subscriptions",
        "customer_id,started_at,ended_at,recorded_at\nada,2020-01-02,2020-02-02,2020-01-01\n",
        "recorded_at (recorded_at) is before started_at (started_at)",
        ("ada",),
    ),
    "an order of an unknown customer": (
        "orders", "customer_id,order_id,occurred_at,amount\nada,1,2020-06-01,10\nzoe,2,2020-06-01,10\n",
        "customer_id (customer_id) is not in tables.customers", ("2",),
    ),
    "a contact with an unknown customer": (
        "interactions", "customer_id,occurred_at,channel,kind\nzoe,2020-06-01,web,visit\n",
        "customer_id (customer_id) is not in tables.customers", ("zoe",),
    ),
    "an answer of an unknown customer": (
        "surveys", "customer_id,occurred_at,instrument,score\nzoe,2020-06-01,nps,1\n",
        "customer_id (customer_id) is not in tables.customers", ("zoe",),
    ),
    "a subscription of an unknown customer": (
        "subscriptions", "customer_id,started_at,ended_at\nzoe,2020-06-01,2020-07-01\n",
        "customer_id (customer_id) is not in tables.customers", ("zoe",),
    ),
    "a treatment of an unknown customer": (
        "treatments", "customer_id,occurred_at,action\nzoe,2020-06-01,call\n",
        "customer_id (customer_id) is not in tables.customers", ("zoe",),
    ),
    "an order before the customer was one": (
        "orders",
        "customer_id,order_id,occurred_at,amount\nada,1,2020-01-02,10\nada,2,2020-01-02 11:00:00,10\nada,3,2020-01-03,10\n",
        "occurred_at (occurred_at) is before acquired_at of the customer",
        ("2",),  # the first was ordered on that day, at an unknown time
    ),
    "a subscription before the customer was one": (
        "subscriptions", "customer_id,started_at,ended_at\nada,2020-01-01,2020-07-01\n",
        "started_at (started_at) is before acquired_at of the customer", ("ada",),
    ),
    "a customer who brought herself": (
        "customers", "customer_id,referred_by\nada,ada\nbo,ada\n",
        "referred_by (referred_by) is the customer", ("ada",),
    ),
    "a customer brought by a stranger": (
        "customers", "customer_id,referred_by\nada,zoe\nbo,ada\n",
        "referred_by (referred_by) is not in tables.customers", ("ada",),
    ),
    "the same line twice": (
        "orders", "customer_id,order_id,occurred_at,amount\nada,1,2020-06-01,10\nada,1,2020-06-01,10\nada,1,2020-06-01,20\n",
        IDENTICAL, ("1",),
    ),
    "an optional number that is not finite": (
        "orders", "customer_id,order_id,occurred_at,amount,quantity,cost\nada,1,2020-06-01,10,NaN,1\nada,2,2020-06-01,10,,1\n",
        "quantity (quantity) is not finite, or not below 1e+13, and taken as missing", ("1",),
    ),
    "an optional number that is too large": (
        "orders", "customer_id,order_id,occurred_at,amount,quantity\nada,1,2020-06-01,10,10000000000000\nada,2,2020-06-01,10,1\n",
        "quantity (quantity) is not finite, or not below 1e+13, and taken as missing", ("1",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTES)
def test_what_is_suspicious_is_kept_counted_and_reported_with_examples(tmp_path: Path, case: str) -> None:
    name, csv, note, examples = NOTES[case]
    others = ACQUIRED if "the customer" in note and name != "customers" else {}
    others = {"customers": CUSTOMERS} if "tables.customers" in note and name != "customers" else others
    early = {"orders": {"where": "false OR order_id IS NOT NULL"}}  # the one order that is always there is later
    checked = check_raw(tmp_path, others | {name: csv}, early)[name]
    assert checked.reasons == {}
    assert list(checked.notes) == [note]
    assert checked.notes[note] == len(examples)
    assert checked.examples[note] == examples
    assert checked.rows_kept == csv.count("\n") - 1


def test_only_three_examples_are_named(tmp_path: Path) -> None:
    csv = "customer_id,order_id,occurred_at,amount\n" + "".join(
        f"ada,{n},2020-01-01,1\n,{n},2020-01-01,1\n" for n in range(9, 0, -1)
    )
    checked = check_raw(tmp_path, {"orders": csv})["orders"]
    assert checked.examples == {"customer_id (customer_id) is missing": ("1", "2", "3")}


def test_unknown_customers_are_set_aside_on_request(tmp_path: Path) -> None:
    orders = "customer_id,order_id,occurred_at,amount\nada,1,2020-06-01,10\nzoe,2,2020-06-01,10\n"
    checked = check_raw(tmp_path, {"orders": orders, "customers": CUSTOMERS}, quarantine={"unknown_customers": "quarantine"})[
        "orders"
    ]
    assert checked.reasons == {"customer_id (customer_id) is not in tables.customers": 1}
    assert checked.notes == {}
    assert checked.kept.customer_id.execute().tolist() == ["ada"]


def test_without_a_table_of_customers_nobody_is_unknown(tmp_path: Path) -> None:
    assert check_raw(tmp_path, {}, quarantine={"unknown_customers": "quarantine"})["orders"].rows_kept == 1


def test_a_customer_whose_row_is_set_aside_is_unknown(tmp_path: Path) -> None:
    checked = check_raw(tmp_path, {"customers": "customer_id,acquired_at\nada,1800-01-01\nbo,2020-01-01\n"})
    assert checked["orders"].notes == {"customer_id (customer_id) is not in tables.customers": 1}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("customers", "customer_id,acquired_at"),
        ("interactions", "customer_id,occurred_at,channel,kind"),
        ("surveys", "customer_id,occurred_at,instrument,score"),
        ("treatments", "customer_id,occurred_at,action"),
        ("identities", "alias,customer_id"),
    ],
)
def test_an_optional_table_without_rows_is_a_note_and_has_its_columns(tmp_path: Path, name: str, columns: str) -> None:
    checked = check_raw(tmp_path, {name: columns + "\n"})
    assert checked[name].notes == {NO_ROWS: 0}
    assert list(checked[name].kept.execute().columns) == columns.split(",")
    assert checked[name].quarantined.columns == (*columns.split(","), "reason")
    assert checked["orders"].notes == {}


def test_an_optional_table_of_which_where_leaves_nothing_is_a_note(tmp_path: Path) -> None:
    treatments = "customer_id,occurred_at,action\nada,2020-01-01,call\n"
    checked = check_raw(tmp_path, {"treatments": treatments}, {"treatments": {"where": "action = 'mail'"}})["treatments"]
    assert (checked.notes, checked.rows_read, checked.rows_left_out_by_where) == ({NO_ROWS: 0}, 1, 1)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("orders", "customer_id,order_id,occurred_at,amount"),
        ("subscriptions", "customer_id,started_at,ended_at"),
        ("labels", "customer_id,as_of,churned"),
    ],
)
def test_a_source_of_customers_without_rows_is_refused(tmp_path: Path, name: str, columns: str) -> None:
    with pytest.raises(BadData, match=rf"tables\.{name}\.from = '.*{name}\.csv' has no rows"):
        check_raw(tmp_path, {name: columns + "\n"})


def test_a_share_of_broken_rows_up_to_the_limit_is_allowed(tmp_path: Path) -> None:
    orders = "customer_id,order_id,occurred_at,amount\n" + "ada,1,2020-01-01,10\n" * 3 + ",7,2020-01-01,10\n"
    assert check_raw(tmp_path, {"orders": orders}, share_max=0.25)["orders"].rows_quarantined == 1
    expected = (
        "tables.orders: 25.0% of the rows break the contract, more than quarantine.share_max = 24.0% "
        "(1 row: customer_id (customer_id) is missing (e.g. 7)). Mend the data or the mapping, "
        "or raise quarantine.share_max if this is expected"
    )
    with pytest.raises(BadData, match=re.escape(expected)):
        check_raw(tmp_path, {"orders": orders}, share_max=0.24)


def test_a_table_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    orders = "customer_id,order_id,occurred_at,amount\nada,1,2020-01-01,10\n,7,2020-01-01,10\n"
    assert check_raw(tmp_path, {"orders": orders}, share_max=0.1, quarantine={"share_max_of": {"orders": 0.5}})
    with pytest.raises(
        BadData, match=r"more than quarantine\.share_max_of\.orders = 40\.0%.*or raise quarantine\.share_max_of\.orders"
    ):
        check_raw(tmp_path, {"orders": orders}, quarantine={"share_max_of": {"orders": 0.4}})


def test_a_table_of_broken_rows_only_is_refused_whatever_the_limit(tmp_path: Path) -> None:
    columns = "customer_id,order_id,occurred_at,amount\n"
    with pytest.raises(
        BadData, match=r"tables\.orders: the only row breaks the contract: 1 row: customer_id \(customer_id\) is missing"
    ):
        check_raw(tmp_path, {"orders": columns + ",1,2020-01-01,10\n"}, share_max=0.999)
    with pytest.raises(BadData, match=r"tables\.orders: all 2 rows break the contract: 2 rows: customer_id"):
        check_raw(tmp_path, {"orders": columns + ",1,2020-01-01,10\n,2,2020-01-01,10\n"}, share_max=0.999)


def test_the_problems_of_all_tables_are_in_one_message_in_the_order_of_the_contracts(tmp_path: Path) -> None:
    own = raw_project(
        tmp_path,
        {
            "orders": ORDERS,
            "customers": "customer_id,acquired_at\nada,x\n",
            "surveys": "customer_id,occurred_at,instrument,score\nada,2020-01-01,NPS,1\n",
            "identities": "alias,customer_id\na1,ada\n",
        },
        {"orders": {"amount": "amuont"}, "identities": {"from": "nowhere.csv"}, "customers": {"referred_by": "friend"}},
    )
    with pytest.raises(BadData) as caught:
        check_tables(connect(), own)
    assert [problem.partition(": ")[0].partition(" = ")[0] for problem in caught.value.problems] == [
        "tables.orders.amount",
        "tables.customers.acquired_at",
        "tables.customers.referred_by",
        "tables.surveys",
        "tables.identities.from",
    ]


def test_the_report_says_what_became_of_the_rows_with_reasons_notes_and_examples(tmp_path: Path) -> None:
    orders = ROWS + "cy,9,2020-01-09,-10\n"
    surveys = "customer_id,occurred_at,instrument,score\n"
    checked = check_raw(tmp_path, {"orders": orders, "surveys": surveys}, {"orders": {"where": "order_id IS NOT NULL"}})
    assert tables_report({name: table.report for name, table in checked.items()}) == [
        "orders: 10 rows read, 2 left out by `where`, 4 kept, 4 quarantined",
        "  2 rows: amount (amount) is missing, not finite, or not below 1e+13 (e.g. 5, 6)",
        "  1 row: customer_id (customer_id) is missing (e.g. 2)",
        "  1 row: occurred_at (occurred_at) is missing (e.g. 4)",
        f"  note: 1 row: {IDENTICAL} (e.g. 9)",
        "surveys: 0 rows read, 0 left out by `where`, 0 kept, 0 quarantined",
        f"  note: {NO_ROWS}",
    ]


def test_the_report_survives_its_file(tmp_path: Path) -> None:
    report = check_raw(tmp_path, {"orders": ROWS})["orders"].report
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_tables_can_be_checked_again_on_the_same_engine(tmp_path: Path) -> None:
    own, connection = raw_project(tmp_path, {}), connect()
    assert [check_tables(connection, own)["orders"].rows_kept for _ in range(2)] == [1, 1]
