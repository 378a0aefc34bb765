"""Asks the application in this process, byte by byte, so that what no client would send can be sent, too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from serving.http.app import Application, Limits
from serving.http.pages import Pages
from serving.live.prediction_log import PredictionLog
from serving.live.watch import Live
from serving.open import open_application
from serving.settings import Settings, read_settings

LOCAL = {"host": "127.0.0.1:3000"}
JSON = {**LOCAL, "content-type": "application/json"}
SCORED = "/v1/score", "/v1/score_rows", "/v1/score_events"


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The one shape of errors, checked as it is read."""
        assert self.headers["content-type"] == "application/json", self
        found = self.json()
        assert set(found) == {"error"}, found
        error: dict[str, Any] = found["error"]
        assert set(error) == {"status", "code", "message", "problems"}, error
        assert error["status"] == self.status
        assert error["code"]
        assert error["message"]
        assert all(set(one) == {"path", "message"} and one["message"] for one in error["problems"]), error
        assert b"Traceback" not in self.body
        return error

    @property
    def paths(self) -> list[str]:
        """Where the request is wrong."""
        return [one["path"] for one in self.error["problems"]]


@dataclass(frozen=True)
class Asked:
    """The service as it would answer: the application with its live champions and its log."""

    live: Live
    application: Application
    settings: Settings

    def __call__(self, path: str, body: Any = None, *, method: str = "", headers: Mapping[str, str] | None = None) -> Reply:
        """One request; a body that is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        method = method or ("GET" if body is None else "POST")
        return asyncio.run(request(self.application, path, [raw], method=method, headers=JSON if headers is None else headers))

    def scores(self, path: str, body: Any) -> list[dict[str, Any]]:
        """The answers to a request that is right."""
        reply = self(path, body)
        assert reply.status == 200, reply.body[:500]
        answers: list[dict[str, Any]] = reply.json()["answers"]
        return answers

    def with_(self, *, log: PredictionLog | None = None, limits: Limits | None = None, tokens: str = "") -> Asked:
        """The same champions behind other limits, tokens or another log."""
        from serving.http.access import read_access

        settings = replace(self.settings, limits=limits or self.settings.limits, access=read_access(tokens))
        application = Application(self.application._room, settings.access, settings.limits, log, Pages())
        return Asked(self.live, application, settings)


async def request(
    application: Application,
    path: str,
    pieces: Sequence[bytes],
    *,
    method: str = "POST",
    headers: Mapping[str, str] = JSON,
    ends: bool = True,
    query: bytes = b"",
) -> Reply:
    """Send a body in pieces; one that does not end is waited for."""
    sent = iter(pieces)
    left, started, body = len(pieces), {}, b""

    async def receive() -> dict[str, Any]:
        nonlocal left
        await asyncio.sleep(0)
        if left == 0:
            await asyncio.Event().wait()
        left -= 1
        return {"type": "http.request", "body": next(sent), "more_body": left > 0 or not ends}

    async def send(message: Any) -> None:
        nonlocal body
        if message["type"] == "http.response.start":
            assert not started, "two answers"
            started.update(message)
        else:
            body += message.get("body", b"")

    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": query,
        "headers": raw,
        "scheme": "http",
        "server": ("127.0.0.1", 3000),
        "client": ("127.0.0.1", 50000),
    }
    await application(scope, receive, send)
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in started["headers"]}
    return Reply(started["status"], found, body)


@contextmanager
def opened(config: Path, log: Path, **environment: str) -> Iterator[Asked]:
    """The service on a project."""
    settings = read_settings({"CVM_CONFIG": str(config), "CVM_PREDICTION_LOG": str(log), **environment})
    live, application = open_application(settings)
    yield Asked(live, application, settings)
    live.stop()


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def lines_of(log: Path) -> list[dict[str, Any]]:
    """What a careful reader finds in a prediction log: every line that is whole."""
    found = []
    for line in log.read_bytes().split(b"\n"):
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found
