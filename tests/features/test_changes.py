"""What could still happen, and what cannot: the past, an age, a column that is not there."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from features.changes import Attribute, Change, Event, Settled, WhatIfSection, changed, open_complaints, read_what_if, typed
from features.feature import Words
from features.problems import BadConfig, BadInput
from features.project import read_project

AS_OF = date(2024, 5, 1)
YESTERDAY = datetime(2024, 4, 30, 12)
WORDS = Words(
    windows_days=(30,),
    horizon_days=90,
    mapped={
        "orders": ("customer_id", "order_id", "occurred_at", "amount", "category"),
        "interactions": ("customer_id", "occurred_at", "channel", "kind", "resolved_at"),
        "surveys": ("customer_id", "occurred_at", "instrument", "score"),
        "customers": ("customer_id", "age", "plan"),
    },
    categories=("tea", "cups"),
    kinds=("complaint", "visit"),
    instruments=("nps",),
    numeric=("age",),
    levels={"plan": ("basic", "gold")},
)
SECTION = WhatIfSection(attributes=("plan",))
SETTLED_IN_MARCH = datetime(2024, 3, 9)
ADA: dict[str, list[dict[str, Any]]] = {
    "orders": [{"customer_id": "ada", "order_id": "1", "occurred_at": datetime(2024, 1, 2), "amount": 10, "category": "tea"}],
    "interactions": [
        {"customer_id": "ada", "kind": "complaint", "resolved_at": None},
        {"customer_id": "ada", "kind": "complaint", "resolved_at": SETTLED_IN_MARCH},
        {"customer_id": "ada", "kind": "visit", "resolved_at": None},
    ],
    "customers": [{"customer_id": "ada", "age": 40, "plan": "basic"}, {"customer_id": "eve", "age": 50, "plan": "gold"}],
}


def after(*changes: Change) -> dict[str, Any]:
    return dict(changed("ada", ADA, changes, AS_OF, WORDS, SECTION))


def problems(*changes: Change) -> list[str]:
    with pytest.raises(BadInput) as bad:
        after(*changes)
    return list(bad.value.problems)


def test_what_happens_happens_on_the_last_day_before_and_the_past_stays() -> None:
    found = after(Event("orders", {"amount": 50, "category": "cups"}), Event("orders", {"amount": 5}))
    new = {"customer_id": "ada", "occurred_at": YESTERDAY}
    assert found["orders"][0] == ADA["orders"][0]
    assert found["orders"][1:] == [
        {**new, "order_id": "what_if_0", "amount": 50, "category": "cups"},
        {**new, "order_id": "what_if_1", "amount": 5},
    ]
    assert len(ADA["orders"]) == 1
    assert {name: found[name] for name in ("interactions", "customers")} == {
        name: ADA[name] for name in ("interactions", "customers")
    }


def test_only_open_complaints_are_settled() -> None:
    settled = [row["resolved_at"] for row in after(Settled())["interactions"]]
    assert settled == [YESTERDAY, SETTLED_IN_MARCH, None]


@pytest.mark.parametrize(
    ("row", "is_open"),
    [
        ({"occurred_at": datetime(2024, 4, 1)}, True),
        ({"occurred_at": datetime(2024, 4, 1), "resolved_at": datetime(2024, 5, 2)}, True),  # settled only later
        ({"occurred_at": datetime(2024, 4, 1), "resolved_at": datetime(2024, 4, 30)}, False),
        ({"occurred_at": datetime(2024, 5, 1)}, False),  # has not happened yet
        ({"occurred_at": datetime(2024, 4, 1), "recorded_at": datetime(2024, 5, 3)}, False),  # nobody knows of it yet
    ],
)
def test_a_complaint_is_open_by_what_is_known_on_the_date(row: dict[str, Any], *, is_open: bool) -> None:
    events = {"interactions": [{"customer_id": "ada", "kind": "complaint", "resolved_at": None, **row}]}
    assert open_complaints(events, AS_OF) == is_open


MAPPING = """
[project]
name = "shop"
currency = "EUR"
[tables.customers]
from = "customers.csv"
customer_id = "id"
numeric = ["age"]
categorical = ["plan"]
[tables.labels]
from = "labels.csv"
customer_id = "id"
as_of = "day"
churned = "gone"
[what_if]
attributes = ["plan", "plans"]
"""


def test_only_attributes_of_the_mapping_file_may_be_said_to_change(tmp_path: Path) -> None:
    config = tmp_path / "shop.toml"
    config.write_text(MAPPING, encoding="utf-8")
    with pytest.raises(BadConfig) as bad:
        read_what_if(config, read_project(config))
    assert bad.value.problems == (f"{config}: what_if.attributes: no attribute plans; did you mean 'plan'?",)
    config.write_text(MAPPING.replace(', "plans"', ""), encoding="utf-8")
    assert read_what_if(config, read_project(config)).attributes == ("plan",)


def test_an_attribute_changes_only_for_the_customer_herself() -> None:
    assert [row["plan"] for row in after(Attribute("plan", "gold"))["customers"]] == ["gold", "gold"]
    assert [row["plan"] for row in ADA["customers"]] == ["basic", "gold"]


def test_a_customer_whom_only_other_tables_know_has_no_attribute_to_change() -> None:
    for customers in ([], ADA["customers"][1:]):  # nobody, or only whom she brought
        with pytest.raises(BadInput, match=r"customers\.plan cannot be changed: tables\.customers has no row of this customer"):
            changed("ada", {**ADA, "customers": customers}, [Attribute("plan", "gold")], AS_OF, WORDS, SECTION)


def test_a_table_she_has_no_rows_in_gets_its_first() -> None:
    (row,) = after(Event("surveys", {"instrument": "nps", "score": 9}))["surveys"]
    assert row == {"customer_id": "ada", "occurred_at": YESTERDAY, "instrument": "nps", "score": 9}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Attribute("age", 30), "customers.age cannot be changed: what_if.attributes in the mapping file names what can (plan)"),
        (Attribute("plan", "golden"), "customers.plan = 'golden': no feature knows it; did you mean 'gold'?"),
        (Attribute("plans", "gold"), "customers.plans: no such attribute; did you mean 'plan'?"),
        (Event("subscriptions", {}), "subscriptions: what can happen is a new row of orders, interactions, surveys"),
        (
            Event("treatments", {"action": "mail"}),
            "treatments: what a campaign changes can only be told from random treatments; "
            "what can happen is a new row of orders, interactions, surveys",
        ),
        (
            Event("orders", {"amount": 1, "occurred_at": datetime(2023, 1, 1)}),
            "orders.occurred_at: cannot be set, it would happen on 2024-04-30; the past stays as it is",
        ),
        (Event("orders", {"amount": -1}), "orders.amount = -1: expected more than 0"),
        (Event("orders", {"amount": "much"}), "orders.amount = 'much': expected a number"),
        (Event("orders", {"amount": True}), "orders.amount = True: expected a number"),
        (Event("orders", {"amount": float("nan")}), "orders.amount = nan: expected a number"),
        (Event("orders", {}), "orders.amount is missing"),
        (Event("orders", {"amount": 1, "categry": "tea"}), "orders.categry: not a mapped column; did you mean 'category'?"),
        (
            Event("orders", {"amount": 1, "category": "teas"}),
            "orders.category = 'teas': no feature knows it; did you mean 'tea'?",
        ),
        (Event("surveys", {"instrument": "nps", "score": 11}), "surveys.score = 11: expected 0 to 10 for nps"),
        (Event("interactions", {"kind": "visit"}), "interactions.channel is missing"),
        (
            Event("interactions", {"channel": "web", "kind": "visits"}),
            "interactions.kind = 'visits': no feature knows it; did you mean 'visit'?",
        ),
    ],
)
def test_what_cannot_happen_is_said(change: Change, said: str) -> None:
    assert problems(change) == [said]


def test_everything_that_cannot_happen_is_said_at_once() -> None:
    found = problems(Attribute("age", 1), Event("orders", {"amount": -1, "category": "teas", "cost": 3}))
    assert len(found) == 4


def test_without_open_complaints_none_can_be_settled() -> None:
    without = {**ADA, "interactions": ADA["interactions"][1:]}
    with pytest.raises(BadInput, match="no complaint of this customer is open"):
        changed("ada", without, [Settled()], AS_OF, WORDS, SECTION)
    unmapped = WORDS.model_copy(update={"mapped": {"orders": WORDS.mapped["orders"]}})
    with pytest.raises(BadInput, match=r"tables\.interactions\.resolved_at is not mapped"):
        changed("ada", ADA, [Settled()], AS_OF, unmapped, SECTION)


def test_values_written_as_text_become_numbers_where_the_column_is_one_and_nowhere_else() -> None:
    words = WORDS.model_copy(update={"levels": {"senior": ("0", "1")}})
    written = (
        Event("orders", {"amount": "50", "category": "2024", "product_id": "12345", "quantity": "2"}),
        Event("surveys", {"instrument": "nps", "score": "nine"}),
        Event("orderz", {"amount": "50"}),
        Attribute("senior", "1"),
        Attribute("age", "41"),
        Settled(),
    )
    assert typed(written, words) == (
        Event("orders", {"amount": 50.0, "category": "2024", "product_id": "12345", "quantity": 2.0}),
        Event("surveys", {"instrument": "nps", "score": "nine"}),
        Event("orderz", {"amount": "50"}),
        Attribute("senior", "1"),
        Attribute("age", 41.0),
        Settled(),
    )


def test_an_answer_may_bring_its_own_scale() -> None:
    mapped = {**WORDS.mapped, "surveys": (*WORDS.mapped["surveys"], "scale_min", "scale_max")}
    words = WORDS.model_copy(update={"mapped": mapped})

    def answer(**values: float) -> Event:
        return Event("surveys", {"instrument": "nps", **values})

    (row,) = changed("ada", ADA, [answer(score=80, scale_max=100)], AS_OF, words, SECTION)["surveys"]
    assert row["score"] == 80
    for event, said in (
        (answer(score=101, scale_max=100), "surveys.score = 101: expected 0 to 100 for nps"),
        (answer(score=5, scale_min=9, scale_max=2), "surveys.scale_max = 2: expected more than scale_min, 9"),
    ):
        with pytest.raises(BadInput) as bad:
            changed("ada", ADA, [event], AS_OF, words, SECTION)
        assert bad.value.problems == (said,)
