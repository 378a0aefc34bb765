"""The description of the service as a page for people: each path with what it takes, an example and its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from serving.http.description import describe

Schema = Mapping[str, Any]


def described() -> dict[str, Any]:
    """Each path with its examples, and every kind of object that stands in an answer with its fields."""
    document = describe()
    schemas = document["components"]["schemas"]
    found = [
        _operation(path, method, operation, schemas)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    asked = {_name(body) for body in _bodies(document)}
    kinds = {name: schema for name, schema in schemas.items() if name not in asked}
    objects = [{"name": name, "said": one["description"], "fields": _fields(one)} for name, one in kinds.items()]
    return {"operations": found, "objects": objects}


def _bodies(document: Schema) -> Iterator[Schema]:
    for methods in document["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                yield operation["requestBody"]["content"]["application/json"]["schema"]


def _operation(path: str, method: str, operation: Schema, schemas: Schema) -> dict[str, Any]:
    asked = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {
        "path": path,
        "method": method.upper(),
        "summary": operation["summary"],
        "needs": operation["description"],
        "fields": _fields(schemas[_name(asked)]) if asked else [],
        "request": _pretty(asked["examples"][0]) if asked else "",
        "gives": _name(answer),
        "answer": _pretty(answer["examples"][0]),
    }


def _fields(schema: Schema) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "kind": _kind(field),
            "said": field["description"],
            "needed": name in required,
            "objects": list(dict.fromkeys(_names(field))),
        }
        for name, field in schema["properties"].items()
    ]


def _kind(field: Schema) -> str:
    """What it is in JSON, in a few words."""
    if "anyOf" in field:
        return " or ".join(map(_kind, field["anyOf"]))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items') or {})}"
    if field.get("type") == "object":
        inner = field.get("additionalProperties")
        return f"object: name to {_kind(inner)}" if isinstance(inner, Mapping) else "object"
    if "enum" in field:
        return "one of " + ", ".join(str(one) for one in field["enum"])
    return str(_name(field) or field.get("format") or field.get("type") or "anything")


def _names(field: Any) -> Iterator[str]:
    """The kinds of objects that stand in a field."""
    if isinstance(field, Mapping):
        if "$ref" in field:
            yield _name(field)
        for inner in field.values():
            yield from _names(inner)
    elif isinstance(field, list):
        for inner in field:
            yield from _names(inner)


def _name(schema: Schema) -> str:
    """The kind of object that a schema refers to; empty where it is none."""
    refs = [schema.get("$ref", ""), *(one.get("$ref", "") for one in schema.get("allOf", []))]
    return next((ref.rpartition("/")[2] for ref in refs if ref), "")


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
