"""The same customer, asked for by id, by her features and by her events; long lists in their order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from features.kept import events_of
from tests.serving.broken.asking import Asked, plain
from tests.serving.conftest import Demo

ONLY_BY_ID = ("worth", "standing", "next_action")


def near(value: Any) -> Any:
    """Equal to 1e-9, whatever it is made of."""
    if isinstance(value, dict):
        return {name: near(one) for name, one in value.items()}
    if isinstance(value, list):
        return [near(one) for one in value]
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """What is said of a customer without comparing her with others."""
    return {name: value for name, value in answer.items() if name not in (*ONLY_BY_ID, "as_of", "customer_id")}


@pytest.mark.parametrize("place", range(0, 300, 50))
def test_a_customer_gets_the_same_numbers_and_reasons_by_id_by_row_and_by_events(
    ask: Asked, demo: Demo, eligible: list[str], place: int
) -> None:
    one, champions = eligible[place], ask.live.champions
    customers = champions.known()
    values = customers.rows([customers.place[one]])
    row = {
        name: None if number != number else float(number)
        for name, number in zip(values.columns, values.numbers[0], strict=True)
    }
    events = {
        table: [{name: plain(value) for name, value in own.items()} for own in rows]
        for table, rows in events_of(demo.project, demo.manifest.words, one).items()
    }
    (by_id,) = ask.scores("/v1/score", {"customer_ids": [one], "top_reasons": 20})
    (by_row,) = ask.scores("/v1/score_rows", {"rows": [row], "top_reasons": 20})
    (by_events,) = ask.scores("/v1/score_events", {"customer_id": one, "events": events, "top_reasons": 20})
    assert by_id["eligible"]
    assert by_id["explanations"]
    assert told(by_row) == near(told(by_id))
    assert told(by_events) == near(told(by_id))


def test_a_batch_with_duplicates_and_unknown_ids_keeps_its_order(ask: Asked, eligible: list[str]) -> None:
    ids = [*eligible[:5], "nobody", *eligible[4::-1], eligible[0], "nobody", " "]
    answers = ask.scores("/v1/score", {"customer_ids": ids})
    assert [one["customer_id"] for one in answers] == ids
    assert answers[0] == answers[10] == answers[11]
    assert answers[5] == answers[12]
    assert answers[5]["not_eligible_because"] == "unknown customer"


@pytest.mark.parametrize("top", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_ten_thousand_ids_are_answered_at_once_as_one_by_one(ask: Asked, eligible: list[str], top: int) -> None:
    ids = [eligible[k * 7 % len(eligible)] for k in range(10_000)]
    answers = ask.scores("/v1/score", {"customer_ids": ids, "top_reasons": top})
    assert [one["customer_id"] for one in answers] == ids
    for k in (0, 4_999, 9_999):
        (alone,) = ask.scores("/v1/score", {"customer_ids": [ids[k]], "top_reasons": top})
        assert answers[k] == near(alone)


def test_ten_thousand_rows_keep_their_order(ask: Asked) -> None:
    rows = [{"days_since_last_order": float(k % 400)} for k in range(10_000)]
    chances = [one["churn_probability"] for one in ask.scores("/v1/score_rows", {"rows": rows, "top_reasons": 0})]
    assert chances[:400] * 25 == near(chances)
    assert len(json.dumps(chances)) > 10_000
