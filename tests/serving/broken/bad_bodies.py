"""Bodies that somebody could send, made from good ones: values swapped, names changed, bytes broken."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

HUGE = "9" * 400
RAW = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", HUGE, f"-{HUGE}", "9" * 5_000, "01", "0x10", "1e308", "1e-400")
NASTY = (
    "'; DROP TABLE orders; --",
    '" OR "1"="1',
    "customer_id) FROM x --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../etc/passwd",
    "%00%0a",
    "a\x00b",
    "\u202eabc",
    "\ud800",
    "😀" * 50,
    "a: b: c",
    "rows[0].x",
    "[...]",
    "`$.rows`",
    "",
    " ",
    "x" * 201,
    "x" * 100_000,
)
DATES = (
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "2011-02-30",
    "2011-12-09",
    "1969-12-31",
    "2200-01-02",
    "2011-12-09T00:00:00",
    "20111209",
    "٢٠١١-١٢-٠٩",
    "2011-13-01",
    "-2011-01-01",
)
TIMES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2011-05-31T09:30:00+23:59",
    "2011-05-31T09:30:00-23:59:59.999999",
    "2011-05-31T09:30:00+24:00",
    "2011-05-31T24:00:00",
    "2011-05-31T09:30:60",
    "2011-05-31T09:30:00[Europe/London]",
    "2011-03-27T01:30:00",
    "noon",
    "1e9",
    "2011-W22-2",
)
NUMBERS: tuple[Any, ...] = (-1, 0, 1e15, -1e15, 1e308, 10**18, 10**30, 99999999999999.9999, 1e-300, 2**63, -(2**63) - 1, 0.1)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"a": None}, {"": 1})
VALUES: tuple[Any, ...] = (*NASTY, *DATES, *TIMES, *NUMBERS, *OTHERS)
MARK = "\x01raw\x01"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a body."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from places(one, (*path, name))


def changed(body: Any, path: Sequence[Any], value: Any) -> Any:
    """A copy with another value at a path."""
    if not path:
        return value
    found = copy.deepcopy(body)
    at = found
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return found


def renamed(body: Any, path: Sequence[Any], name: str) -> Any:
    """A copy in which something has another name."""
    if not path or not isinstance(path[-1], str):
        return changed(body, path, name)
    found = copy.deepcopy(body)
    at = found
    for one in path[:-1]:
        at = at[one]
    at[name] = at.pop(path[-1])
    return found


def broken(raw: bytes, chance: random.Random) -> bytes:
    """Bytes that are no longer what they were."""
    text, at = raw.decode("utf-8", "surrogatepass"), chance.randrange(1, max(len(raw), 2))
    return chance.choice(
        (
            raw[:at],
            raw[at:],
            raw + raw,
            raw + b"\x00",
            text.encode("utf-16", "surrogatepass"),
            text.encode("utf-32", "surrogatepass"),
            ("\u00e9" + text).encode("latin-1", "replace"),
            text.replace('"', '"\u00e9', 1).encode("latin-1", "replace"),
            b"\xef\xbb\xbf" + raw,
            raw[:at] + b"\xff\xfe" + raw[at:],
            raw[:at] + b"\xed\xa0\x80" + raw[at:],
            raw.replace(b":", b"=", 1),
            raw.replace(b'"', b"'"),
            raw.replace(b"}", b",}", 1),
            b"",
            b" ",
            b"null",
            b"[" * chance.choice((10, 1_000, 100_000)),
            b'{"a":' * chance.choice((10, 1_000, 100_000)),
            b'{"customer_ids":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
            b'{"rows":[{"a":' + b"[" * 2_000 + b"]" * 2_000 + b"}]}",
        )
    )


def doubled(body: dict[str, Any], chance: random.Random) -> bytes:
    """The same name twice, with another value."""
    name = chance.choice(list(body))
    other = json.dumps({name: chance.choice(VALUES)})[1:-1]
    own = json.dumps(body)[1:-1]
    return f"{{{', '.join(chance.sample((own, other), 2))}}}".encode()


def bad_bodies(good: Sequence[tuple[str, dict[str, Any]]], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """So many paths with bodies; some are still good."""
    chance = random.Random(seed)
    for k in range(count):
        path, body = good[k % len(good)]
        kind = chance.randrange(6)
        where = chance.choice(list(places(body)))
        if kind == 0:
            yield path, broken(json.dumps(body).encode(), chance)
        elif kind == 1:
            yield path, doubled(body, chance)
        elif kind == 2:
            marked = json.dumps(changed(body, where, MARK))
            yield path, marked.replace(json.dumps(MARK), chance.choice(RAW)).encode()
        elif kind == 3:
            yield path, json.dumps(renamed(body, where, chance.choice(NASTY))).encode()
        else:
            found = changed(body, where, chance.choice(VALUES))
            again = chance.choice(list(places(found)))
            yield path, json.dumps(changed(found, again, chance.choice(VALUES)) if kind == 5 else found).encode()
