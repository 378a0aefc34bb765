"""A request's body: read up to a limit, and understood, or refused with the path of what is wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from serving.answers.messages import Problem
from serving.answers.requests import bad_entry
from serving.http.refusals import MESSAGE_LONGEST, PATH_LONGEST, Refused, too_large

SECONDS = 30  # that a body may take to arrive
AT = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)
FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(.*)`", re.DOTALL)
LENGTH = re.compile(r"Expected `(array|str)` of length (<=|>=) (\d+)")
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
    """The body as a request. Raises Refused with the path of the first thing that does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refused(kind, body, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refused(400, "not_json", f"the body is no JSON that can be read: {said}") from None


def _refused(kind: type[msgspec.Struct], body: bytes, said: str) -> Refused:
    at = AT.fullmatch(said)
    message, path = at.groups() if at else (said, "")
    if own := FIELD.fullmatch(message):
        path = f"{path}.{own[1]}".strip(".")
        message = "unknown field" if "unknown" in message else "missing"
    if "[...]" in path:
        with suppress(msgspec.DecodeError, RecursionError, KeyError, TypeError, ValueError, IndexError):
            path = bad_entry(kind, msgspec.json.decode(body), path)
    message = LENGTH.sub(_length, message).replace("`", "")
    message = f"{message[:1].lower()}{message[1:MESSAGE_LONGEST]}"
    path = path[:PATH_LONGEST]
    return Refused(400, "bad_request", f"{path}: {message}" if path else message, [Problem(path, message)])


def _length(found: re.Match[str]) -> str:
    what = "entries" if found[1] == "array" else "characters"
    return f"expected {'at most' if found[2] == '<=' else 'at least'} {int(found[3]):,} {what}"
