"""Features and events at the ends of what a number can be: answered with numbers, as described, or refused."""

from __future__ import annotations

import random
from typing import Any

import jsonschema_rs
import pytest

from serving.http.description import describe
from tests.serving.broken.asking import Asked

EXTREMES = (0, -1, 5e-324, 1e-300, 1e-9, 0.5, 1e9, -1e9, 10**13, 1e15, -1e15, None)


def validator(path: str) -> Any:
    """Of the answers of a path."""
    document = describe()
    schema = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


def conforms(path: str, answer: Any) -> None:
    errors = [f"{error.instance_path}: {error.message}"[:300] for error in validator(path).iter_errors(answer)]
    assert not errors


def rows_of_extremes(features: list[str], seed: int) -> list[dict[str, Any]]:
    """Each feature alone, all at once, and mixtures."""
    chance = random.Random(seed)
    alone = [{name: chance.choice(EXTREMES)} for name in features]
    at_once = [dict.fromkeys(features, value) for value in EXTREMES]
    return [*alone, *at_once, *({name: chance.choice(EXTREMES) for name in features} for _ in range(100))]


@pytest.mark.parametrize("top", [0, 5])
def test_rows_of_extreme_numbers_are_answered_as_described(ask: Asked, top: int) -> None:
    features = list(ask.live.champions.release.scorer.features)
    for row in rows_of_extremes(features, seed=top):
        reply = ask("/v1/score_rows", {"rows": [row], "top_reasons": top})
        assert reply.status in (200, 400), (row, reply)
        if reply.status == 200:
            conforms("/v1/score_rows", reply.json())
            (answer,) = reply.json()["answers"]
            assert 0 <= answer["churn_probability"] <= 1
            assert all(0 <= chance <= 1 for chance in answer["propensity"].values())
            assert answer["clv"]["value"] is not None
        else:
            assert reply.paths


def events_of_extremes(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    amounts = (0, -0.0001, 1e-300, 9_999_999_999_999.0, -9_999_999_999_999.0, 0.00005, 5)
    times = ("1970-01-01T00:00:00", "2011-12-09T23:59:59.999999", "2100-01-01T00:00:00", "2011-10-30T01:30:00", "2011-05-31")
    return [
        {"order_id": f"o{chance.randrange(3)}", "occurred_at": chance.choice(times), "amount": chance.choice(amounts)}
        for _ in range(chance.choice((1, 2, 50)))
    ]


@pytest.mark.parametrize("as_of", ["1970-01-01", "2011-12-10", "2200-01-01"])
def test_events_of_extreme_numbers_and_times_are_answered_as_described(ask: Asked, as_of: str) -> None:
    for seed in range(15):
        reply = ask("/v1/score_events", {"events": {"orders": events_of_extremes(seed)}, "as_of": as_of, "top_reasons": 3})
        assert reply.status in (200, 400), reply
        if reply.status == 200:
            conforms("/v1/score_events", reply.json())
        else:
            assert reply.paths


@pytest.mark.parametrize("budget", [0, 1e-300, 0.5, 6.0, 1e12, None])
def test_plans_of_extreme_budgets_are_answered_as_described(ask: Asked, eligible: list[str], budget: float | None) -> None:
    reply = ask("/v1/plan", {"customer_ids": [*eligible[:50], "nobody"], "budget": budget})
    assert reply.status == 200
    conforms("/v1/plan", reply.json())
    assert reply.json()["cost"] <= (1e300 if budget is None else budget)


def test_all_customers_and_all_plans_are_answered_as_described(ask: Asked) -> None:
    ids = list(ask.live.champions.known().place)
    for path in ("/v1/score", "/v1/plan"):
        conforms(path, ask(path, {"customer_ids": ids}).json())


def test_the_nearest_change_at_either_end_of_a_risk_is_answered_as_described(ask: Asked, eligible: list[str]) -> None:
    for below in (5e-324, 1e-6, 0.5, 0.9999999999999999):
        reply = ask("/v1/nearest", {"customer_id": eligible[3], "below": below})
        assert reply.status == 200
        conforms("/v1/nearest", reply.json())


@pytest.mark.parametrize("amount", [0.0001, 1e-9, 9_999_999_999_999.0, 5])
def test_a_change_at_either_end_of_money_is_answered_as_described(ask: Asked, eligible: list[str], amount: float) -> None:
    change = {"kind": "add", "table": "orders", "values": {"amount": amount}}
    for count in (1, 100):
        reply = ask("/v1/what_if", {"customer_id": eligible[3], "changes": [change] * count})
        assert reply.status in (200, 400)
        if reply.status == 200:
            conforms("/v1/what_if", reply.json())
