"""The description of the service as a page for people: each path with what it takes, an example and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from serving.http.description import describe


def operations() -> list[dict[str, Any]]:
    """Each path with its examples."""
    described = describe()
    schemas = described["components"]["schemas"]
    found = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
            found.append(
                {
                    "path": path,
                    "method": method.upper(),
                    "summary": operation["summary"],
                    "needs": operation["description"],
                    "fields": _fields(content, schemas) if content else [],
                    "request": _pretty(_example(content, schemas)) if content else "",
                    "answer": _pretty(_example(answer, schemas)),
                }
            )
    return found


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    own = _resolved(schema, schemas)
    required = own.get("required", [])
    return [(name, _kind(field), name in required) for name, field in own["properties"].items()]


def _kind(field: Mapping[str, Any]) -> str:
    if "description" in field:
        return str(field["description"])
    if "anyOf" in field and (told := [one["description"] for one in field["anyOf"] if "description" in one]):
        return str(told[0])  # the other is null: left out
    if "anyOf" in field:
        return " or ".join(kind for kind in map(_kind, field["anyOf"]) if kind)
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {})) or 'anything'}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), Mapping):
        return f"object with values: {_kind(field['additionalProperties'])}"
    if "enum" in field:
        return ", ".join(str(one) for one in field["enum"])
    return str(field.get("format") or field.get("type") or field.get("$ref", "").rpartition("/")[2])


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    own = _resolved(schema, schemas)
    for found in (schema, own):
        if found.get("examples"):
            return found["examples"][0]
    return {name: field["examples"][0] for name, field in own.get("properties", {}).items() if field.get("examples")}


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    for ref in (schema.get("$ref"), *(one.get("$ref") for one in schema.get("allOf", []))):
        if ref:
            found: Mapping[str, Any] = schemas[ref.rpartition("/")[2]]
            return found
    return schema


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
