"""What could plausibly happen to customers of a company that has everything."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import serving.what_if.plausible
from features.changes import Attribute, Event, Settled, WhatIfSection, open_complaints
from features.kept import events_of, kept_table
from features.project import Project
from features.snapshots import Manifest
from features.tables import TableName
from serving.what_if.plausible import plausible_changes

SECTION = WhatIfSection(attributes=("segment", "age"))


def test_orders_are_as_large_as_those_of_others_and_of_what_she_has_bought_most(
    whole_company: tuple[Project, Manifest],
) -> None:
    project, manifest = whole_company
    orders = kept_table(project, "orders").to_pandas()
    customer_id = orders.loc[orders["category"].isin(manifest.categories), "customer_id"].iloc[0]
    found = plausible_changes(project, manifest, WhatIfSection(), customer_id, events_of(project, manifest.words, customer_id))
    recent = orders[
        (orders["occurred_at"].dt.date >= manifest.scored_at.replace(year=manifest.scored_at.year - 1)) & (orders["amount"] > 0)
    ]
    totals = recent.groupby(["customer_id", "order_id", recent["occurred_at"].dt.date])["amount"].sum().astype(float)
    sizes = [change.values["amount"] for change in found["order"] if isinstance(change, Event)]
    assert sizes == sorted(sizes)
    assert sizes == pytest.approx(list(np.quantile(totals, [0.1, 0.25, 0.5, 0.75, 0.9])), abs=0.01)
    own = orders[(orders["customer_id"] == customer_id) & orders["category"].isin(manifest.categories)][
        "category"
    ].value_counts()
    assert {change.values["category"] for change in found["order"] if isinstance(change, Event)} <= set(
        own[own == own.max()].index
    )


def test_order_numbers_that_start_anew_with_every_customer_make_no_large_orders(
    whole_company: tuple[Project, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, manifest = whole_company

    def sizes() -> list[object]:
        found = plausible_changes(project, manifest, WhatIfSection(), "nobody", {"orders": []})
        return [change.values["amount"] for change in found["order"] if isinstance(change, Event)]

    by_number = sizes()

    def numbered_anew(project: Project, name: TableName, columns: list[str]) -> pa.Table:
        rows = kept_table(project, name, columns).to_pandas()
        own = rows.groupby("customer_id")["order_id"].transform(lambda numbers: numbers.factorize()[0])
        return pa.Table.from_pandas(rows.assign(order_id=own.astype(str)))

    monkeypatch.setattr(serving.what_if.plausible, "kept_table", numbered_anew)
    assert sizes() == pytest.approx(by_number)


def test_complaints_are_settled_only_where_one_is_open(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    seen = set()
    for customer_id in kept_table(project, "interactions", ["customer_id"])["customer_id"].unique().to_pylist()[:150]:
        events = events_of(project, manifest.words, customer_id)
        is_open = open_complaints(events, manifest.scored_at) > 0
        assert (
            plausible_changes(project, manifest, WhatIfSection(), customer_id, events).get("complaint", [])
            == [Settled()] * is_open
        )
        seen.add(is_open)
    assert seen == {True, False}


def test_answers_are_better_than_her_last_one(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    surveys = kept_table(project, "surveys").to_pandas()
    answers = surveys[surveys["instrument"] == "nps"].assign(
        day=surveys["occurred_at"].dt.date, score=surveys["score"].astype(float)
    )
    nps = answers.groupby(["customer_id", "day"])["score"].mean().groupby("customer_id").last()
    for customer_id, last in nps.head(30).items():
        found = plausible_changes(
            project, manifest, WhatIfSection(), str(customer_id), events_of(project, manifest.words, str(customer_id))
        )
        scores = [change.values["score"] for change in found.get("nps", []) if isinstance(change, Event)]
        assert scores == [score for score in range(11) if score > last]


def test_only_attributes_that_may_change_are_tried_and_numbers_near_her_own_first(
    whole_company: tuple[Project, Manifest],
) -> None:
    project, manifest = whole_company
    own = kept_table(project, "customers").to_pandas().dropna(subset=["age", "segment"]).iloc[0]
    customer_id = own["customer_id"]
    events = events_of(project, manifest.words, customer_id)
    assert not {"segment", "age"} & set(plausible_changes(project, manifest, WhatIfSection(), customer_id, events))
    found = plausible_changes(project, manifest, SECTION, customer_id, events)
    levels = [change.value for change in found["segment"] if isinstance(change, Attribute)]
    assert set(levels) == set(manifest.words.levels["segment"]) - {own["segment"]}
    far = [abs(float(change.value) - float(own["age"])) for change in found["age"] if isinstance(change, Attribute)]
    assert far == sorted(far)
    assert min(far) > 0


def test_who_has_never_answered_is_offered_good_answers_only_and_who_has_answers_on_her_own_scale(
    whole_company: tuple[Project, Manifest],
) -> None:
    project, manifest = whole_company
    customer_id = kept_table(project, "orders", ["customer_id"])["customer_id"][0].as_py()
    events = events_of(project, manifest.words, customer_id)

    def scores(*answers: dict[str, object], of: str = "nps") -> list[float]:
        found = plausible_changes(project, manifest, WhatIfSection(), customer_id, {**events, "surveys": answers})
        return [change.values["score"] for change in found.get(of, []) if isinstance(change, Event)]

    answer = {"instrument": "nps", "occurred_at": datetime(2020, 1, 1), "score": 80}
    assert scores() == [6, 7, 8, 9, 10]
    assert scores(of="csat") == [4, 5]
    assert scores({**answer, "scale_max": 100}) == [9, 10]
    assert scores({**answer, "score": 3, "scale_min": 1, "scale_max": 5}) == [6, 7, 8, 9, 10]


def test_whose_number_is_not_known_may_have_any_that_others_have(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    customer_id = kept_table(project, "orders", ["customer_id"])["customer_id"][0].as_py()
    events = events_of(project, manifest.words, customer_id)
    unknown = {**events, "customers": [{**events["customers"][0], "age": None}]}
    found = plausible_changes(project, manifest, WhatIfSection(attributes=("age",)), customer_id, unknown)["age"]
    ages = kept_table(project, "customers").to_pandas()
    ages = ages[~(ages["acquired_at"] >= pd.Timestamp(manifest.scored_at))]["age"].dropna().astype(float)
    quantiles = np.quantile(ages, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert found[0] == Attribute("age", quantiles[2])
    assert {change.value for change in found if isinstance(change, Attribute)} == set(quantiles)


def test_who_has_no_row_of_attributes_has_none_that_could_change(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    brought = next(row for row in kept_table(project, "customers").to_pylist() if row["referred_by"])
    customer_id = brought["referred_by"]
    events = {**events_of(project, manifest.words, customer_id), "customers": [brought]}
    assert not {"segment", "age"} & set(plausible_changes(project, manifest, SECTION, customer_id, events))
