"""Load: clients on connections that are kept, all in one process, which does as little as it can for each answer."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import uvloop

JSON = "application/json"
HOST = "127.0.0.1"
PATIENCE = 60  # seconds for what is still under way at the end
END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"
Found = TypeVar("Found")


class Ask(NamedTuple):
    """A request as bytes, and the status it should get."""

    request: bytes
    expected: int = 200


class Got(NamedTuple):
    """An answer that is complete."""

    status: int
    body: bytes


def post(path: str, body: bytes, expected: int = 200, kind: str = JSON) -> Ask:
    """A POST."""
    head = f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return Ask(head.encode() + body, expected)


def answer_in(read: bytearray) -> Got | None:
    """The answer that has been read; None as long as a part is missing."""
    end = read.find(END)
    if end < 0:
        return None
    head, begins = bytes(read[:end]).lower(), end + len(END)
    status, at = int(head[9:12]), head.find(LENGTH)
    if at < 0:
        body = _chunks(read, begins) if b"\r\ntransfer-encoding: chunked" in head else b""
        return None if body is None else Got(status, body)
    until = begins + int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0])
    return Got(status, bytes(read[begins:until])) if len(read) >= until else None


def _chunks(read: bytearray, at: int) -> bytes | None:
    parts = []
    while (line := read.find(b"\r\n", at)) >= 0:
        size = int(bytes(read[at:line]).split(b";")[0], 16)
        if len(read) < line + size + 4:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(bytes(read[line + 2 : line + 2 + size]))
        at = line + size + 4
    return None


@dataclass(frozen=True)
class Measured:
    """What was answered in some seconds, and what went wrong, by status or `connection` or `unanswered`."""

    seconds: float
    milliseconds: np.ndarray
    wrong: Counter[str]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, which: float) -> float:
        """In milliseconds; infinite where nothing was answered."""
        return float(np.percentile(self.milliseconds, which)) if len(self.milliseconds) else float("inf")


class Load:
    """Some clients, each with one request under way, until `over` or until so many were asked."""

    def __init__(self, port: int, asks: Iterator[Ask], clients: int, most: float = float("inf")) -> None:
        self.over, self.answered, self.wrong = False, 0, Counter[str]()
        self.last = Got(0, b"")
        self._port, self._asks, self._clients, self._left = port, asks, clients, most
        self.forget()

    def forget(self) -> None:
        """Measure from now on. What went wrong is kept."""
        self._seconds, self._since = array("d"), time.perf_counter()

    def measured(self) -> Measured:
        """Since it was last forgotten."""
        spent = time.perf_counter() - self._since
        return Measured(spent, 1000 * np.array(self._seconds), Counter(self.wrong))

    def next(self) -> Ask | None:
        """What to ask now; None: nothing more."""
        if self.over or self._left <= 0:
            return None
        self._left -= 1
        return next(self._asks)

    def note(self, ask: Ask, got: Got, seconds: float) -> None:
        """One answer."""
        self.answered += 1
        self.last = got
        self._seconds.append(seconds)
        if got.status != ask.expected:
            self.wrong[str(got.status)] += 1

    async def run(self) -> None:
        """Ask, and wait for the last answer."""
        loop = asyncio.get_running_loop()
        clients = [_Client(self, loop.create_future()) for _ in range(self._clients)]
        keeping = [asyncio.create_task(self._keep(client)) for client in clients]
        await asyncio.wait([client.done for client in clients])
        for one in keeping:
            one.cancel()

    async def _keep(self, client: _Client) -> None:
        """Connected, and again where the connection is lost."""
        while not client.done.done():
            client.lost = asyncio.get_running_loop().create_future()
            try:
                await asyncio.get_running_loop().create_connection(lambda: client, HOST, self._port)
                await client.lost
            except OSError:
                self.wrong["connection"] += 1
                if self.over:
                    client.finish()
                await asyncio.sleep(0.05)


class _Client(asyncio.Protocol):
    """One connection, which asks again when it has been answered."""

    def __init__(self, load: Load, done: asyncio.Future[None]) -> None:
        self.done, self.lost, self._load = done, done, load
        self._ask: Ask | None = None
        self._read, self._began = bytearray(), 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self._transport, self._read = transport, bytearray()
        self._next()

    def data_received(self, data: bytes) -> None:
        """Note the answer when it is complete, and ask again."""
        self._read += data
        got = answer_in(self._read)
        if got is None or self._ask is None:
            return
        self._load.note(self._ask, got, time.perf_counter() - self._began)
        self._read.clear()
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        """The server has gone, or this client has."""
        if self._ask is not None:
            self._load.wrong["connection"] += 1
            self._ask = None
        if not self.lost.done():
            self.lost.set_result(None)

    def finish(self) -> None:
        """Ask no more."""
        if not self.done.done():
            self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> None:
        self._ask = self._load.next()
        if self._ask is None:
            self.finish()
            return
        self._began = time.perf_counter()
        self._transport.write(self._ask.request)


async def ended(load: Load, running: asyncio.Task[None]) -> None:
    """Nothing more is asked, and what is under way is answered or given up."""
    load.over = True
    done, _ = await asyncio.wait([running], timeout=PATIENCE)
    if not done:
        load.wrong["unanswered"] += 1
        running.cancel()
    else:
        running.result()


async def timed(load: Load, warm_up: float, seconds: float) -> Measured:
    """For some seconds, after some to warm up."""
    running = asyncio.create_task(load.run())
    await asyncio.sleep(warm_up)
    load.forget()
    await asyncio.sleep(seconds)
    measured = load.measured()
    await ended(load, running)
    return Measured(measured.seconds, measured.milliseconds, load.wrong)


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """On the loop of uvloop, so that clients cost little."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
