"""Lines that are there twice: the one known first counts, so that a later one changes nothing that was known before it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from features.problems import BadData
from features.raw.quarantine import Checked, tables_report
from tests.features.raw_tables import check_raw

HEAD = "customer_id,order_id,occurred_at,recorded_at,amount,channel\n"
ONE_EACH = {"orders": {"once_per": ["order_id"]}}


def orders(folder: Path, rows: str, once_per: list[str]) -> Checked:
    return check_raw(folder, {"orders": HEAD + rows}, {"orders": {"once_per": once_per}})["orders"]


def amounts(checked: Checked) -> list[float]:
    return checked.kept.order_by("amount").execute().amount.astype(float).tolist()


def test_of_two_states_of_a_line_the_one_recorded_first_counts(tmp_path: Path) -> None:
    rows = "ada,1,2020-01-01,2020-02-01,7,late\nada,1,2020-01-02,2020-01-03,5,first\nada,1,2020-01-01,2020-03-01,6,last\n"
    checked = orders(tmp_path, rows, ["order_id"])
    assert amounts(checked) == [5]
    assert (checked.rows_read, checked.rows_repeated, checked.rows_left_out_by_where) == (3, 2, 0)
    assert tables_report({"orders": checked.report}) == [
        "orders: 3 rows read, 0 left out by `where`, 2 by `once_per`, 1 kept, 0 quarantined"
    ]


def test_a_line_without_a_recording_time_was_known_when_it_happened(tmp_path: Path) -> None:
    rows = "ada,1,2020-01-05,,7,open\nada,1,2020-01-01,2020-01-06,5,paid\n"
    assert amounts(orders(tmp_path, rows, ["order_id"])) == [7]


def test_where_nothing_says_which_of_two_lines_came_first_none_is_chosen(tmp_path: Path) -> None:
    rows = "ada,1,2020-01-01,2020-01-01,5,x\nbo,2,2020-01-01,,7,open\nbo,2,2020-01-01,,0,cancelled\ncy,3,2020-01-01,,4,x\n"
    with pytest.raises(BadData) as caught:
        orders(tmp_path, rows, ["order_id"])
    assert caught.value.problems == (
        "tables.orders.once_per: nothing says which of several lines came first (1 times; of customer bo, say): they are alike "
        "in what once_per names, differ in other columns, and have no recorded_at. Map it (when a row became known, such as the "
        "day of its export), or name more columns",
    )
    assert amounts(orders(tmp_path, rows.replace("7,open", "0,cancelled"), ["order_id"])) == [0, 4, 5]
    assert amounts(orders(tmp_path, rows.replace("2020-01-01,,", "2020-01-01,2020-01-02,"), ["order_id"])) == [0, 4, 5]


def test_lines_that_differ_in_one_of_the_names_are_two_and_missing_ones_are_alike(tmp_path: Path) -> None:
    rows = "ada,1,2020-01-01,2020-01-01,1,a\nada,1,2020-01-02,,2,b\nada,1,2020-01-03,,3,\nada,1,2020-01-04,,4,\nada,1,2020-01-05,,5,A\n"
    assert amounts(orders(tmp_path, rows, ["order_id", "lower(channel)"])) == [1, 2, 3]


def test_lines_that_nothing_names_are_all_kept(tmp_path: Path) -> None:
    rows = "ada,1,2020-01-01,2020-01-01,1,\nada,2,2020-01-02,,2,\nada,3,2020-01-03,,3,x\nada,4,2020-01-04,,4,x\n"
    assert amounts(orders(tmp_path, rows, ["channel"])) == [1, 2, 3]


def test_a_line_that_breaks_the_contract_does_not_stand_for_one_that_honours_it(tmp_path: Path) -> None:
    checked = orders(tmp_path, "ada,1,2020-01-01,,,open\nada,1,2020-01-01,2020-01-02,5,paid\n", ["order_id"])
    assert amounts(checked) == [5]
    assert (checked.rows_repeated, checked.rows_quarantined) == (0, 1)


def test_sources_of_a_table_number_their_lines_themselves(tmp_path: Path) -> None:
    columns = {name: name for name in ("customer_id", "order_id", "occurred_at", "amount")}
    for name in ("web", "till", "phone"):
        (tmp_path / f"{name}.csv").write_text("customer_id,order_id,occurred_at,amount\n" + "ada,1,2020-01-01,1\n" * 2)
    sources = {name: columns | {"from": str(tmp_path / f"{name}.csv")} for name in ("web", "till", "phone")}
    once = [sources[name] | {"once_per": ["order_id"]} for name in ("web", "till")]
    checked = check_raw(tmp_path, {}, {"orders": once[0] | {"_more": [once[1], sources["phone"]]}})["orders"]
    assert (checked.rows_read, checked.rows_kept, checked.rows_repeated) == (6, 4, 2)


def test_a_later_line_changes_nothing_that_was_known_before_it(tmp_path: Path) -> None:
    """The canary: whatever rows come along later, of the earlier ones the same are kept."""
    rng = random.Random(5)

    def line(month: int) -> str:
        happened, recorded = f"2020-{rng.randint(1, month):02}-{rng.randint(1, 28)}", f"2020-{month:02}-{rng.randint(1, 28)}"
        return f"ada,{rng.randint(1, 40)},{happened},{recorded},{rng.randint(1, 10**9)},x\n"

    past, future = [line(3) for _ in range(200)], [line(7) for _ in range(400)]
    known = amounts(orders(tmp_path, "".join(past), ["order_id"]))
    mixed = rng.sample(past + future, 600)
    later = orders(tmp_path, "".join(mixed), ["order_id"])
    seen = later.kept.filter(later.kept.recorded_at < "2020-05-01").order_by("amount").execute()
    assert len(known) == 40
    assert seen.amount.astype(float).tolist() == known
