"""Everything of a body that does not fit its type, each with its path: asked only where something does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import count, islice
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from serving.answers.errors import Problem
from serving.http.refusals import MESSAGE_LONGEST, PATH_LONGEST, PROBLEMS_MOST

LOOKED_AT_MOST = 100_000  # values of a body: a fifth of a second
AT = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)
FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(.*)`", re.DOTALL)
LENGTH = re.compile(r"Expected `(array|str)` of length (<=|>=) (\d+)")


def faults(kind: Any, value: Any) -> list[Problem]:
    """What does not fit, in the order of the type, so many as are said; none where nothing is found in what is looked at."""
    return list(islice(_faults(kind, value, "", count()), PROBLEMS_MOST))


def fault(said: str, path: str = "") -> Problem:
    """What msgspec says, in words for who asked; `path` is where what it speaks of stands."""
    at = AT.fullmatch(said)
    message, inner = at.groups() if at else (said, "")
    if own := FIELD.fullmatch(message):
        inner = f"{inner}.{own[1]}".strip(".")
        message = "unknown field" if "unknown" in message else "missing"
    whole = f"{path}{inner}" if inner.startswith("[") else f"{path}.{inner}".strip(".")
    message = LENGTH.sub(_length, message).replace("`", "")
    return Problem(whole[:PATH_LONGEST], f"{message[:1].lower()}{message[1:MESSAGE_LONGEST]}")


def _faults(kind: Any, value: Any, path: str, looked: Iterator[int]) -> Iterator[Problem]:
    if next(looked) > LOOKED_AT_MOST:
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        own = fault(str(error), path)
    else:
        return
    inner = _inner(_plain(kind, value), value, path, looked)
    first = next(inner, None)
    yield first or own
    yield from inner


def _inner(kind: Any, value: Any, path: str, looked: Iterator[int]) -> Iterator[Problem]:
    """The faults of what a value is made of; none where it is of another kind, or too long."""
    origin = get_origin(kind)
    if origin is list and isinstance(value, list):
        (of_item,) = get_args(kind)
        for k, one in enumerate(value[:LOOKED_AT_MOST]):
            yield from _faults(of_item, one, f"{path}[{k}]", looked)
    elif origin is dict and isinstance(value, dict):
        _, of_value = get_args(kind)
        for name, one in islice(value.items(), LOOKED_AT_MOST):
            yield from _faults(of_value, one, f"{path}.{name}".strip("."), looked)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        yield from _of_fields(kind, value, path, looked)


def _of_fields(kind: type[msgspec.Struct], value: dict[str, Any], path: str, looked: Iterator[int]) -> Iterator[Problem]:
    hints, config = _hints(kind), kind.__struct_config__
    for one in msgspec.structs.fields(kind):
        at = f"{path}.{one.name}".strip(".")
        if one.name in value:
            yield from _faults(hints[one.name], value[one.name], at, looked)
        elif one.required:
            yield Problem(at, "missing")
    for name in value:
        if name not in hints and name != config.tag_field:
            yield Problem(f"{path}.{name}".strip(".")[:PATH_LONGEST], "unknown field")


def _plain(kind: Any, value: Any) -> Any:
    """Without what is said about it and without null; of several structs the one whose tag the value has."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    several = [one for one in get_args(kind) if one is not NoneType] if NoneType in get_args(kind) else list(get_args(kind))
    if get_origin(kind) in (list, dict) or not several:
        return kind
    if len(several) == 1:
        return _plain(several[0], value)
    return next((one for one in several if _has_tag(one, value)), kind)


def _has_tag(kind: Any, value: Any) -> bool:
    config = getattr(kind, "__struct_config__", None)
    return config is not None and isinstance(value, dict) and value.get(config.tag_field) == config.tag


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _length(found: re.Match[str]) -> str:
    what = "entries" if found[1] == "array" else "characters"
    return f"expected {'at most' if found[2] == '<=' else 'at least'} {int(found[3]):,} {what}"
