"""configs/zoho_crm.toml on made-up exports."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from features.problems import BadData
from tests.configs.building import Built, build
from tests.configs.zoho_exports import ADA, write_zoho_exports


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zoho_exports")
    write_zoho_exports(folder)
    return folder


@pytest.fixture(scope="module")
def built(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("zoho_crm", tmp_path_factory.mktemp("zoho_crm"), data=exports)


def records(exports: Path, module: str) -> list[dict[str, str]]:
    found = []
    for file in sorted(exports.glob(f"{module}*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            found += list(csv.DictReader(stream))
    return found


def test_deals_that_were_won_are_orders_whichever_file_they_are_in(built: Built, exports: Path) -> None:
    deals = records(exports, "Deals")
    won = [deal for deal in deals if deal["Stage"] == "Closed Won"]
    assert built.kept("orders") == (len(deals), len(won), 0)
    assert set(built.table("orders").order_id) == {deal["Record Id"] for deal in won}
    assert float(built.table("orders").amount.sum()) == sum(float(deal["Amount"]) for deal in won)


def test_every_record_is_of_an_account(built: Built, exports: Path) -> None:
    accounts = {account["Record Id"] for account in records(exports, "Accounts")}
    for name in ("orders", "interactions", "treatments"):
        assert set(built.table(name).customer_id) <= accounts
        assert built.manifest.tables[name].notes.get("customer_id is not in tables.customers", 0) == 0
        assert built.kept(name)[2] == 0


def test_what_is_not_done_yet_is_left_out(built: Built, exports: Path) -> None:
    calls, tasks, cases = (records(exports, module) for module in ("Calls", "Tasks", "Cases"))
    done = [task for task in tasks if task["Status"] == "Completed"]
    read = len(calls) + len(tasks) + len(cases)
    assert built.kept("interactions") == (read, len(calls) + len(done) + len(cases), 0)
    assert len(done) == len(tasks) - 1
    assert built.kept("treatments") == (62, 61, 0)  # but for a planned one


def test_the_features_of_one_account_by_hand(built: Built) -> None:
    assert built.manifest.scored_at == date(2025, 7, 1)
    ada = built.rows().loc[ADA]
    expected = {
        "order_count": 2, "spend_sum": 1250.5, "days_since_last_order": 30, "days_since_first_order": 487,
        "order_count_365d": 1, "spend_sum_365d": 250.5, "gap_days_mean": 457,
        "inbound_call_count": 1, "outbound_call_count": 1, "task_count": 1, "request_count": 1,
        "interaction_count": 6, "days_since_last_interaction": 2, "interaction_duration_mean_s": 90,
        "complaint_count": 2, "complaint_open_count": 1, "complaint_days_to_resolve_mean": 3, "comeback_count": 1,
        "treatment_count": 1, "days_since_last_treatment": 91,
        "days_since_acquired": 538, "employees": 12, "billing_country_is_uk": 1, "billing_country_is_india": 0,
    }  # fmt: skip
    assert ada[list(expected)].to_dict() == expected


def test_a_field_that_the_company_renamed_is_named(exports: Path, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"tables.orders.occurred_at = '\"Close Date\"': the table has no column 'Close Date'"):
        build("zoho_crm", tmp_path, ('"Closing Date"', '"Close Date"'), data=exports)
