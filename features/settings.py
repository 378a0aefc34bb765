"""Sections of the mapping file as closed, frozen settings: whatever is wrong in one is said in the file's own keys."""

from __future__ import annotations

import re
import tomllib
import types
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from features.problems import BadConfig, nearest


class Settings(BaseModel):
    """A section of the mapping file: frozen, and closed against unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Settings)


def read_section(path: Path, name: str, settings: type[S]) -> S:
    """The section `name` of a mapping file as its owner's settings; defaults where the file is silent."""
    return validated(path, settings, read_toml(path).get(name, {}), prefix=(name,))


def read_toml(path: Path) -> dict[str, Any]:
    """What a mapping file says, section by section. Raises BadConfig when it cannot be read."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadConfig(f"{path}: no such mapping file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadConfig(f"{path}: not a readable TOML file: {error}") from None
    return content


def validated(path: Path, settings: type[S], content: Any, prefix: tuple[str, ...] = ()) -> S:
    """The content of a section as settings. Raises BadConfig with every unknown key, missing key and wrong value."""
    try:
        return settings.model_validate(content)
    except ValidationError as error:
        raise BadConfig([f"{path}: {_problem(settings, prefix, dict(e))}" for e in error.errors()]) from None


def _problem(settings: type[BaseModel], prefix: tuple[str, ...], error: dict[str, Any]) -> str:
    """One pydantic error in the words of the mapping file."""
    where = error["loc"]
    key = ".".join(str(part) for part in (*prefix, *where) if not _is_inner(part))
    key = re.sub(r"\._more\.(\d+)", lambda found: f"[{int(found[1]) + 2}]", key)
    if error["type"] == "extra_forbidden":
        return f"unknown key {key}; {nearest(str(where[-1]), _keys_at(settings, where[:-1]))}"
    if error["type"] == "missing":
        return f"{key} is missing"
    message = _expected(error) or error["msg"].removeprefix("Value error, ")
    if isinstance(error["input"], dict) or _holds_sections(error["input"]):  # the message says what is wrong inside it
        return f"{key}: {message[:1].lower()}{message[1:]}"
    return f"{key} = {error['input']!r}: {message[:1].lower()}{message[1:]}"


EXPECTED = {  # by the type of the error; the slots are those of its context
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected at least {ge:g}",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected at most {le:g}",
    "string_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "finite_number": "expected a finite number",
    "literal_error": "expected {expected}",
    "date_from_datetime_parsing": "expected a date, as 2024-12-31",
    "date_type": "expected a date, as 2024-12-31",
}
PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "small letters, digits and _, beginning with a letter",
    r"^[A-Z]{3}$": "three capital letters, as EUR",
    r"^bought_[a-z0-9_]+$": "bought_ and a name of small letters, digits and _",
    r"^(order|bought_\w+)$": "order, or bought_ and the name of a category",
}


def _expected(error: dict[str, Any]) -> str | None:
    """What a key takes, in plain words; None where the error itself says it."""
    if error["type"] == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return f"expected {PATTERNS.get(pattern, f'text like {pattern}')}"
    words = EXPECTED.get(error["type"])
    return words.format(**error.get("ctx", {})) if words else None


def _holds_sections(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _is_inner(part: int | str) -> bool:
    """Whether pydantic, not the user, put this part into a key."""
    return part in ("[key]", "bought_")


def _keys_at(settings: type[BaseModel], where: tuple[Any, ...]) -> list[str]:
    """The valid keys of the (nested) section at `where`."""
    for part in where:
        if part == "_more" or isinstance(part, int):  # another source of the same table
            continue
        nested = _section(settings.model_fields[str(part)].annotation)
        if nested is None:
            return []
        settings = nested
    keys = [field.alias or name for name, field in settings.model_fields.items() if field.alias != "_more"]
    return ["bought_<name>" if key == "bought_" else key for key in keys]


def _section(annotation: Any) -> type[BaseModel] | None:
    """The settings that a field holds, whether or not it may be left out; None if it holds a plain value."""
    choices = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return next((choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)), None)
