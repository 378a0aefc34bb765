"""More at once than is taken in, and bodies that do not end: the rest is told to come back, the others are answered."""

from __future__ import annotations

import asyncio
import json
import time
from threading import Event
from typing import Any

import pytest

from serving.http import body as body_module
from serving.http.app import Limits
from tests.serving.broken.asking import JSON, Asked, Reply, request

EVENTS = json.dumps({"events": {}}).encode()
IDS = json.dumps({"customer_ids": []}).encode()


def held(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Event:
    """What takes its time takes it until the event is set."""
    go, by_events = Event(), asked.application._room.by_events

    def slowly(_room: Any, body: Any) -> Any:
        assert go.wait(30)
        return by_events(body)

    monkeypatch.setattr("serving.live.room.Room.by_events", slowly)
    return go


def too_busy(replies: list[Reply]) -> int:
    """How many were told to come back, each in the one shape."""
    found = [one for one in replies if one.status == 429]
    assert all(one.error["code"] == "too_busy" and int(one.headers["retry-after"]) >= 1 for one in found)
    assert all(one.status in (200, 429) for one in replies)
    return len(found)


def test_more_that_takes_its_time_than_may_wait_is_told_to_come_back(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask.with_(limits=Limits(waiting=3))
    go = held(asked, monkeypatch)

    async def all_at_once() -> tuple[list[Reply], list[Reply], Reply]:
        slow = [asyncio.create_task(request(asked.application, "/v1/score_events", [EVENTS])) for _ in range(10)]
        await asyncio.sleep(0.1)
        quick = [await request(asked.application, "/v1/score", [IDS]) for _ in range(20)]
        go.set()
        replies = await asyncio.gather(*slow)
        return replies, quick, await request(asked.application, "/v1/score_events", [EVENTS])

    replies, quick, after = asyncio.run(all_at_once())
    assert too_busy(replies) == 7
    assert too_busy(quick) == 0  # what is quick does not wait for what is slow
    assert after.status == 200


def test_what_has_waited_too_long_is_told_to_come_back_before_work_is_done_for_it(
    ask: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.http.app.WAITS", 0.3)
    asked = ask.with_(limits=Limits(waiting=10))
    go = held(asked, monkeypatch)

    async def all_at_once() -> tuple[list[Reply], Reply]:
        tasks = [asyncio.create_task(request(asked.application, "/v1/score_events", [EVENTS])) for _ in range(5)]
        await asyncio.sleep(0.5)
        go.set()
        replies = await asyncio.gather(*tasks)
        return replies, await request(asked.application, "/v1/score_events", [EVENTS])

    replies, after = asyncio.run(all_at_once())
    assert [one.status for one in replies].count(200) == 1
    assert too_busy(replies) == 4
    assert after.status == 200


def test_more_at_once_than_are_taken_in_are_told_to_come_back(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask.with_(limits=Limits(in_flight=5, waiting=100))
    go = held(asked, monkeypatch)

    async def all_at_once() -> tuple[list[Reply], Reply]:
        tasks = [asyncio.create_task(request(asked.application, "/v1/score_events", [EVENTS])) for _ in range(20)]
        await asyncio.sleep(0.1)
        go.set()
        replies = await asyncio.gather(*tasks)
        return replies, await request(asked.application, "/v1/score", [IDS])

    replies, after = asyncio.run(all_at_once())
    assert too_busy(replies) == 15
    assert after.status == 200


@pytest.mark.parametrize("pieces", [[], [b'{"customer_ids"'], [b"{", b'"customer_ids"', b": ["]])
@pytest.mark.parametrize("path", ["/v1/score", "/v1/score_events", "/desk/sign_in"])
def test_a_body_that_does_not_end_is_waited_for_only_so_long(
    ask: Asked, path: str, pieces: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_module, "SECONDS", 0.05)
    began = time.monotonic()
    reply = asyncio.run(request(ask.application, path, pieces, ends=False))
    assert reply.status == 408
    assert reply.error["code"] == "too_slow"
    assert time.monotonic() - began < 5


def test_a_hundred_bodies_that_do_not_end_leave_room_for_others_once_their_time_is_over(
    ask: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_module, "SECONDS", 0.2)
    asked = ask.with_(limits=Limits(in_flight=100))

    async def all_at_once() -> tuple[Reply, list[Reply], Reply]:
        tasks = [asyncio.create_task(request(asked.application, "/v1/score", [], ends=False)) for _ in range(100)]
        await asyncio.sleep(0.05)
        meanwhile = await request(asked.application, "/v1/score", [IDS])
        replies = await asyncio.gather(*tasks)
        return meanwhile, replies, await request(asked.application, "/v1/score", [IDS])

    meanwhile, replies, after = asyncio.run(all_at_once())
    assert meanwhile.status == 429
    assert {one.status for one in replies} == {408}
    assert after.status == 200


def test_a_client_that_goes_away_while_it_sends_does_no_harm(ask: Asked) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/v1/score", "/desk/sign_in"):
        headers = [(name.encode(), value.encode()) for name, value in JSON.items()]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
        asyncio.run(ask.application(scope, receive, send))
    assert [one["status"] for one in sent if one["type"] == "http.response.start"] == [400, 400]
    assert ask("/v1/score", {"customer_ids": []}).status == 200


def test_a_fault_is_told_without_its_trace_and_the_next_request_is_answered(
    ask: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError("a secret of the code")

    with monkeypatch.context() as patch:
        patch.setattr("serving.answers.champions.Champions.by_id", fails)
        reply = ask("/v1/score", {"customer_ids": []})
    assert reply.status == 500
    assert reply.error["code"] == "fault"
    assert b"secret" not in reply.body
    assert "a secret of the code" in caplog.text
    assert ask("/v1/score", {"customer_ids": []}).status == 200
