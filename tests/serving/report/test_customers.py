"""From a figure of the report to the customers behind it, and what moved the value of those that moved most."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.project import Project
from features.snapshots import Manifest
from serving.report.moved import gather_moved
from serving.report.page import gather_report, render
from serving.scoring.scorer import Scorer
from tests.serving.report.made_up_report import in_words
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import page as page
from tests.serving.report.made_up_report import project as project
from tests.serving.report.made_up_report import scored as scored
from tests.serving.report.made_up_report import scorer as scorer
from tests.serving.report.made_up_report import snapshot as snapshot


def customer_data(page: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="customer-data">(.*?)</script>', page, flags=re.DOTALL)
    return dict(json.loads(found))


def members(data: dict[str, Any], group_id: str) -> list[bool]:
    (group,) = [group for group in data["groups"] if group["id"] == group_id]
    bits = np.unpackbits(np.frombuffer(b64decode(group["members"]), dtype=np.uint8), bitorder="little")
    return [bool(bit) for bit in bits[: len(data["columns"][0]["cells"])]]


def test_every_figure_that_is_a_link_leads_to_as_many_customers(page: str) -> None:
    links = dict(re.findall(r'href="#customers\?([^"]+)"[^>]*>([^<]+)<', page))
    data = customer_data(page)
    counts = {group["id"]: group["count"] for group in data["groups"]}
    assert len(links) > 10
    assert set(links) <= set(counts)
    for group_id, said in links.items():
        assert sum(members(data, group_id)) == counts[group_id]
        if "%" not in said:
            assert said.strip() == f"{counts[group_id]:,}"


def test_the_customers_of_a_group_are_those_the_figure_counts(page: str, snapshot: pd.DataFrame) -> None:
    data = customer_data(page)
    ids = np.array(data["columns"][0]["cells"])
    by_id = snapshot.set_index("customer_id")
    refunded = by_id.loc[ids, "refund_count"].to_numpy() > 0
    bought = by_id.loc[ids, "order_day_count"].to_numpy() > 0
    assert members(data, "refund-rate") == list(refunded & bought)
    assert members(data, "active") == list(by_id.loc[ids, "days_since_last_order"].to_numpy() <= 365)


def test_tiers_and_segments_have_every_eligible_customer_once(page: str, scored: pd.DataFrame) -> None:
    data = customer_data(page)
    ids = data["columns"][0]["cells"]
    eligible = scored.set_index("customer_id").loc[ids, "eligible"].tolist()
    segments = [members(data, group["id"]) for group in data["groups"] if group["id"].startswith("segment-")]
    assert [sum(row) for row in zip(*segments, strict=True)] == [int(one) for one in eligible]
    tiers = [members(data, group["id"]) for group in data["groups"] if group["id"].startswith("tier-")]
    assert max(sum(row) for row in zip(*tiers, strict=True)) == 1


def test_the_list_has_the_numbers_and_the_strongest_reason_of_each_customer(page: str, scored: pd.DataFrame) -> None:
    columns = {column["title"]: column["cells"] for column in customer_data(page)["columns"]}
    rows = scored.set_index("customer_id").loc[columns["customer"]]
    assert columns["risk of leaving"][0] == pytest.approx(rows["churn_probability"].iloc[0], abs=1e-4)
    at_risk = [number for number in columns["value at risk"] if number is not None]
    assert at_risk == sorted(at_risk, reverse=True)
    first = rows["churn_probability_explanation"].iloc[0]["reasons"][0]
    said = columns["strongest reason"]["texts"][columns["strongest reason"]["place"][0]]
    assert said == f"{'+' if first['share'] > 0 else '-'}{first['label']}"


def test_of_more_customers_than_fit_those_with_most_at_stake_are_on_the_page(
    page: str, project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("serving.report.customers.CUSTOMERS_MAX", 7)
    fewer = render(gather_report(project, manifest, scorer, snapshot=snapshot, predictions=scored))
    assert "7 of 200 known customers, those with most at stake; all are in predictions.parquet" in in_words(fewer)
    assert customer_data(fewer)["columns"][0]["cells"] == customer_data(page)["columns"][0]["cells"][:7]


def test_what_moved_a_value_adds_up_to_the_change(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    eligible = snapshot[scored["eligible"].to_numpy()]
    moved = gather_moved(project, manifest, scorer, eligible)
    assert moved is not None
    assert moved.then == "29 Aug 2023"
    for one in (*moved.fell, *moved.rose):
        then, now, change, rest, *whys = (
            amount_of(said) for said in (one.then, one.now, one.change, one.rest, *(why.amount for why in one.whys))
        )
        assert now - then == pytest.approx(change, abs=0.011)
        assert sum(whys) + rest == pytest.approx(change, abs=0.03)
        assert (change < 0) == (one in moved.fell)


def amount_of(said: str) -> float:
    return float(re.sub(r"[€,+]", "", said))
