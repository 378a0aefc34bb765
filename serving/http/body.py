"""A request's body: read up to a limit, and understood, or refused with the path of what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from serving.answers.errors import Problem
from serving.http.faults import fault, faults
from serving.http.refusals import Refused, of_problems, too_large

SECONDS = 30  # that a body may take to arrive
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Asked = TypeVar("Asked", bound=msgspec.Struct)


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, most: int) -> bytes:
    """All of it. Raises Refused where it is too large, not JSON by its header, or does not arrive."""
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Refused(415, "not_json", "expected the header content-type: application/json")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused(415, "compressed", "expected a body that is not compressed")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and float(length) > most:
        raise too_large(f"a body has at most {most:,} bytes; split the request")
    return await whole_body(receive, most)


async def whole_body(receive: Receive, most: int) -> bytes:
    """What comes, in one piece or many. Raises Refused where it is too large or does not arrive in time."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _pieces(receive, most)
    except TimeoutError:
        raise Refused(408, "too_slow", f"the body did not arrive within {SECONDS} seconds") from None


async def _pieces(receive: Receive, most: int) -> bytes:
    pieces: list[bytes] = []
    taken, has_more = 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "gone", "the request ended before its body")
        pieces.append(message.get("body", b""))
        taken += len(pieces[-1])
        if taken > most:
            raise too_large(f"a body has at most {most:,} bytes; split the request")
        has_more = message.get("more_body", False)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_request(kind: type[Asked], body: bytes) -> Asked:
    """The body as a request. Raises Refused with the path of each thing that does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise of_problems(_faults(kind, body) or [fault(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refused(400, "not_json", f"the body is no JSON that can be read: {said}") from None


def _faults(kind: type[Asked], body: bytes) -> list[Problem]:
    """None where the body cannot be read as a whole, or says the same name twice."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return faults(kind, msgspec.json.decode(body))
    return []
