"""The application: reads a request, asks, writes the answer. Everything it takes in is bounded."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from features.problems import BadInput
from serving.http import metrics
from serving.http.access import Access
from serving.http.body import read_body, read_request, whole_body
from serving.http.description import DESCRIPTION_PATH, describe
from serving.http.pages import SECURITY_HEADERS, Pages
from serving.http.refusals import Refused, of_bad_input, too_busy
from serving.http.routes import LIGHT, ROUTES, Route
from serving.live.prediction_log import LogFull, PredictionLog
from serving.live.room import Room

logger = logging.getLogger("cvm")
encode = msgspec.json.Encoder().encode
ASGIScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
BY_PATH = {route.path: route for route in ROUTES}
WAITS = 60  # seconds at most, for others that take their time; the server gives up a request after 120
FORM_BYTES = 2**20  # of what is sent to a page
PACKED_FROM = 64_000  # bytes of an answer, three customers with reasons: packing less takes longer than sending it
PACKS = re.compile(rb"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
JSON = (b"content-type", b"application/json")
ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


@dataclass(frozen=True)
class Limits:
    """How much is taken in at once."""

    body_bytes: int = 16 * 2**20
    in_flight: int = 256  # requests being read or answered
    waiting: int = 16  # of those that take their time, which are answered one after the other


class Application:
    """The service as an ASGI application."""

    def __init__(self, room: Room, access: Access, limits: Limits, log: PredictionLog | None, pages: Pages) -> None:
        self._room, self._access, self._limits, self._log, self._pages = room, access, limits, log, pages
        self._slowly = ThreadPoolExecutor(1, thread_name_prefix="slowly")
        self._in_flight = self._waiting = 0
        self._description = encode(describe(ROUTES))

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return
        began, path = time.perf_counter(), scope["path"]
        self._in_flight += 1
        try:
            status = await self._answer(path, scope, receive, send)
        finally:
            self._in_flight -= 1
        metrics.count(_counted(path), status, time.perf_counter() - began)

    async def _answer(self, path: str, scope: ASGIScope, receive: Receive, send: Send) -> int:
        started = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if self._in_flight > self._limits.in_flight:
                raise too_busy(f"{self._limits.in_flight} requests are being answered")
            return await self._dispatch(path, scope, receive, sending)
        except Refused as refused:
            found = refused
        except BadInput as bad:
            found = of_bad_input(bad)
        except LogFull as full:
            logger.error("the prediction log cannot be written: %s", full)
            found = Refused(
                503,
                "log_unavailable",
                "the prediction log cannot be written, so nothing is answered",
                headers={"retry-after": "5"},
            )
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # a fault of ours: its trace is for the log, not for who asked
            logger.exception("%s %s", scope["method"], _counted(path))
            found = Refused(500, "fault", "a fault of the service; its log says more")
        if started:
            raise ConnectionResetError("the answer had begun when it failed")
        await _send(sending, found.status, encode(found.answer()), found.headers, SECURITY_HEADERS)
        return found.status

    async def _dispatch(self, path: str, scope: ASGIScope, receive: Receive, send: Send) -> int:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        route = BY_PATH.get(path)
        if route is not None:
            self._access.enter(headers, *route.scopes, is_page=False)
            _refuse_method(scope["method"], route.method)
            return await _send_answer(send, await self._ask(route, headers, receive), headers)
        if path == DESCRIPTION_PATH:
            self._access.enter(headers, "read", is_page=False)
            _refuse_method(scope["method"], "GET")
            return await _send_answer(send, self._description, headers)
        if path == "/metrics":
            self._access.enter(headers, "admin", is_page=False)
            _refuse_method(scope["method"], "GET")
            return await _send(
                send, 200, metrics.exposition(self._room.live), {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
            )
        return await self._pages.answer(self._access, scope, _whole(receive, min(FORM_BYTES, self._limits.body_bytes)), send)

    async def _ask(self, route: Route, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The answer as JSON. What takes long is answered by a thread, one after the other, so that others need not wait."""
        if route.takes is None:
            return encode(route.answer(self._room, None))
        asked = read_request(route.takes, await read_body(headers, receive, self._limits.body_bytes))
        if route.weight(asked) <= LIGHT:
            return self._said(route, asked)
        if self._waiting >= self._limits.waiting:
            raise too_busy(f"{self._limits.waiting} requests that take their time are waiting")
        self._waiting += 1
        try:
            answer = partial(self._said_in_time, route, asked, time.monotonic() + WAITS)
            return await asyncio.get_running_loop().run_in_executor(self._slowly, answer)
        finally:
            self._waiting -= 1

    def _said_in_time(self, route: Route, asked: Any, until: float) -> bytes:
        """Who has waited too long is no longer there, and those behind would wait in vain, too."""
        if time.monotonic() > until:
            raise too_busy("others take their time, and this request has waited too long")
        return self._said(route, asked)

    def _said(self, route: Route, asked: Any) -> bytes:
        answer = route.answer(self._room, asked)
        if route.logged_as is not None:
            if self._log is not None:
                self._log.write(route.logged_as, answer)
            metrics.CUSTOMERS.labels(route.path).inc(len(answer.answers))
        return encode(answer)


async def _send_answer(send: Send, body: bytes, asked: Mapping[bytes, bytes]) -> int:
    """Packed where that is worth it and who asks can unpack it; by a thread, so that others need not wait."""
    if len(body) < PACKED_FROM:
        return await _send(send, 200, body)
    if not PACKS.search(asked.get(b"accept-encoding", b"")):
        return await _send(send, 200, body, {"vary": "accept-encoding"})
    packed = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
    return await _send(send, 200, packed, {"content-encoding": "gzip", "vary": "accept-encoding"})


async def _send(
    send: Send,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    always: Sequence[tuple[bytes, bytes]] = ALWAYS,
) -> int:
    own = {name.encode(): value.encode() for name, value in (headers or {}).items()}
    content = [] if b"content-type" in own else [JSON]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*content, length, *always, *own.items()]})
    await send({"type": "http.response.body", "body": body})
    return status


def _refuse_method(asked: str, known: str) -> None:
    if asked != known and (asked, known) != ("HEAD", "GET"):  # whose body the server leaves out
        raise Refused(405, "wrong_method", f"{asked[:20]}: this path takes {known}", headers={"allow": known})


def _whole(receive: Receive, most: int) -> Receive:
    """The same with the body in one piece, bounded in size and time; it is read when a page that may be seen asks for it."""
    is_read = False

    async def receiving() -> MutableMapping[str, Any]:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": await whole_body(receive, most), "more_body": False}

    return receiving


def _counted(path: str) -> str:
    """Paths under which requests are counted: those there are, not those that somebody makes up."""
    if path in BY_PATH:
        return path
    return "/desk" if path.startswith("/desk") else "other"
