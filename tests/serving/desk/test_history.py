"""What happened to a customer, as it was known on the scored date: later events, and ends that were still to come, are not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import pytest

from features.project import Project
from serving.desk import history
from serving.desk.history import Happened, history_of
from serving.desk.language import Texts
from serving.desk.scored_table import ScoredTable
from tests.serving.desk.company import AS_OF


def at(month: int, day: int) -> datetime:
    return datetime(2023, month, day, 9, 30)


EVENTS = {
    "orders": [
        {"order_id": "A1", "occurred_at": at(3, 1), "amount": 20, "category": "tea", "channel": "web"},
        {"order_id": "A1", "occurred_at": at(3, 1), "amount": 5, "category": "toys", "channel": "web"},
        {"order_id": "A2", "occurred_at": at(4, 2), "amount": -5, "category": None, "channel": None},
        {"order_id": "A3", "occurred_at": datetime(2024, 5, 1), "amount": 99, "category": "tea", "channel": "web"},
    ],
    "interactions": [
        {"kind": "complaint", "channel": "phone", "campaign_id": None, "occurred_at": at(5, 3), "resolved_at": at(5, 9)},
        {"kind": "email_open", "channel": "email", "campaign_id": "spring", "occurred_at": at(5, 4), "resolved_at": None},
        {"kind": "complaint", "channel": "phone", "occurred_at": at(12, 1), "resolved_at": datetime(2024, 2, 1)},
        {"kind": "visit", "channel": "web", "occurred_at": at(5, 5), "recorded_at": datetime(2024, 3, 1)},
    ],
    "surveys": [
        {"instrument": "nps", "score": 9, "occurred_at": at(6, 4)},
        {"instrument": "rating", "score": 4.5, "scale_max": 5, "occurred_at": at(6, 5)},
    ],
    "subscriptions": [
        {"plan": "gold", "fee": 30, "started_at": at(7, 1), "ended_at": at(8, 1)},
        {"plan": None, "fee": None, "started_at": at(7, 2), "ended_at": datetime(2024, 8, 1)},
    ],
    "treatments": [
        {"action": "none", "cost": None, "occurred_at": at(9, 1)},
        {"action": "call", "cost": 3, "occurred_at": at(9, 2)},
    ],
    "customers": [{"acquired_at": at(1, 1)}],
}


@pytest.fixture
def happened(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[Happened]:
    monkeypatch.setattr(history, "events_by_customer", lambda *_: EVENTS)
    scored = replace(ScoredTable(project).now(), manifest=SimpleNamespace())
    assert scored.as_of == AS_OF
    found = history_of(scored, "anna", Texts("en", "GBP"))
    assert found is not None
    return found.happened


def said(happened: list[Happened], kind: str) -> list[tuple[str, str]]:
    return [(one.said, one.amount) for one in happened if one.kind == kind]


def test_orders_are_added_up_and_refunds_are_told_apart(happened: list[Happened]) -> None:
    assert said(happened, "order") == [("A1 · tea, toys · web", "£25.00")]
    assert said(happened, "refund") == [("A2", "-£5.00")]


def test_contacts_that_were_not_known_yet_are_not_told_nor_what_settled_them_later(happened: list[Happened]) -> None:
    assert [one for one, _ in said(happened, "contact")] == [
        "complaint · phone",
        "email open · email · campaign spring",
        "complaint · phone · settled 9 May 2023",
    ]


def test_answers_have_their_scale_where_it_is_known(happened: list[Happened]) -> None:
    assert [one for one, _ in said(happened, "survey")] == ["rating · 4.5 of 5", "NPS · 9"]


def test_a_subscription_that_ended_later_was_running(happened: list[Happened]) -> None:
    assert said(happened, "subscription") == [("running", ""), ("gold · until 1 Aug 2023", "£30.00 a month")]


def test_campaigns_say_who_was_withheld(happened: list[Happened]) -> None:
    assert said(happened, "campaign") == [("call", "cost £3.00"), ("withheld, to compare with", "")]


def test_the_newest_comes_first_and_it_begins_with_becoming_a_customer(happened: list[Happened]) -> None:
    assert [one.at for one in happened] == sorted((one.at for one in happened), reverse=True)
    assert happened[-1].kind == "customer"
