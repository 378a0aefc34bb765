"""What may be sent and what answers can be called is told by the service itself, and holds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.serving.broken.asking import JSON, Asked, opened
from tests.serving.conftest import Demo


@pytest.fixture(scope="module")
def told(ask: Asked) -> dict[str, Any]:
    found: dict[str, Any] = ask("/v1/inputs").json()
    return found


def test_every_feature_that_is_listed_can_be_sent_and_no_other(ask: Asked, told: dict[str, Any]) -> None:
    row = dict.fromkeys(told["features"], 1.0)
    assert ask("/v1/score_rows", {"rows": [row]}).status == 200
    assert ask("/v1/score_rows", {"rows": [{**row, "shoe_size": 1.0}]}).paths == ["rows[0].shoe_size"]
    assert told["features"]["order_count"]["unit"] == "orders"
    assert told["features"]["order_count"]["models"]


def test_every_column_of_events_that_is_listed_can_be_sent_and_what_is_needed_has_to_be(
    ask: Asked, told: dict[str, Any]
) -> None:
    example = {"text": "x", "number": 5, "timestamp": "2011-05-31T09:30:00"}
    columns = told["events"]["orders"]
    row = {name: example[column["kind"]] for name, column in columns.items() if name != "customer_id"}
    assert ask("/v1/score_events", {"events": {"orders": [row]}}).status == 200
    needed = [name for name, column in columns.items() if column["needed"]]
    assert needed == ["order_id", "occurred_at", "amount"]
    for name in needed:
        reply = ask("/v1/score_events", {"events": {"orders": [{**row, name: None}]}})
        assert reply.paths == [f"events.orders[0].{name}"]


def test_what_can_be_added_by_a_change_is_listed_with_the_values_there_are(
    ask: Asked, told: dict[str, Any], eligible: list[str]
) -> None:
    columns = told["changes"]["add"]["orders"]
    assert [name for name, column in columns.items() if column["needed"]] == ["amount"]
    assert "occurred_at" not in columns
    for category in columns["category"]["values"]:
        change = {"kind": "add", "table": "orders", "values": {"amount": 50, "category": category}}
        assert ask("/v1/what_if", {"customer_id": eligible[0], "changes": [change]}).status == 200
    assert (told["changes"]["settle"], told["changes"]["set"]) == (False, {})


def test_every_name_in_an_answer_is_one_of_those_that_are_listed(ask: Asked, eligible: list[str]) -> None:
    listed = {kind: {one["name"] for one in names} for kind, names in ask("/v1/names").json().items()}
    known = ask.live.champions.known()
    for answer in ask.scores("/v1/score", {"customer_ids": [*list(known.place)[:300], "nobody"], "top_reasons": 20}):
        standing = answer["standing"] or {}
        for kind, name in (
            ("tiers", standing.get("tier")),
            ("life_stages", standing.get("life_stage")),
            ("quadrants", standing.get("quadrant")),
            ("rfm_segments", standing.get("rfm_segment")),
            ("not_eligible", answer["not_eligible_code"]),
        ):
            assert name is None or name in listed[kind]
        assert set(answer["propensity"]) <= listed["categories"]
        assert {why["family"] for one in answer["explanations"].values() for why in one["reasons"]} <= listed["families"]
    planned = ask("/v1/plan", {"customer_ids": eligible[:50]}).json()["customers"]
    assert {one["next_action"]["action"] for one in planned} <= listed["actions"] == {"none", "call", "mail"}


def test_every_name_has_a_label_in_chinese(ask: Asked) -> None:
    found = ask("/v1/names").json()
    labels = [one["label_zh"] for kind, names in found.items() for one in names if kind not in ("categories", "actions")]
    assert len(labels) > 30
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in label) for label in labels)
    assert all(one["strategy_zh"] for one in found["quadrants"])


def test_what_is_not_planned_here_has_a_code_of_its_own(demo: Demo, tmp_path: Path) -> None:
    with opened(demo.config, tmp_path / "log.jsonl", CVM_KEPT=str(tmp_path / "kept")) as without:
        reply = without("/v1/plan", {"customer_ids": ["12347"]})
        assert (reply.status, reply.error["code"]) == (400, "not_served")


def test_snapshots_of_other_settings_have_their_code_in_the_health(demo: Demo, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(demo.config.read_text(encoding="utf-8").replace("share_max = 0.80", "share_max = 0.81"), encoding="utf-8")
    with opened(other, tmp_path / "log.jsonl", CVM_KEPT=str(tmp_path / "kept")) as asked:
        health = asked("/v1/health").json()
        assert (health["status"], health["codes"], len(health["because"])) == ("degraded", ["snapshots_outdated"], 1)


def test_large_answers_are_packed_for_who_can_unpack_them_and_small_ones_never(ask: Asked, eligible: list[str]) -> None:
    few, many = {"customer_ids": eligible[:1]}, {"customer_ids": eligible[:10]}
    for accepted, packs in (("gzip, deflate, br", True), ("GZIP;q=0.5", True), ("br, gzip;q=0", False), ("identity", False)):
        headers = {**JSON, "accept-encoding": accepted}
        assert "content-encoding" not in ask("/v1/score", few, headers=headers).headers
        reply = ask("/v1/score", many, headers=headers)
        assert (reply.headers.get("content-encoding") == "gzip") is packs
        assert reply.headers["vary"] == "accept-encoding"
        assert reply.headers["content-length"] == str(len(reply.body))
        body = gzip.decompress(reply.body) if packs else reply.body
        assert json.loads(body) == ask("/v1/score", many).json()
