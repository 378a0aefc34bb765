"""The description of the service, written from its routes: OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import cleandoc
from typing import Any

import msgspec

from features.version import code_version
from serving.answers.errors import ErrorSaid
from serving.http.routes import ROUTES, Route

DESCRIPTION_PATH = "/openapi.json"
REFUSALS = {
    "400": "the request cannot be read or says something that cannot be; `problems` has the path of each thing to mend",
    "401": "no token was shown (`no_token`), or none that is known (`unknown_token`)",
    "403": "the token does not open this",
    "404": "there is no such path",
    "405": "the path takes another method; `Allow` says which",
    "408": "the body did not arrive in time",
    "413": "the body is larger than is read",
    "415": "the body is not JSON by its header",
    "429": "too much at once; come back after the seconds in `Retry-After`",
    "500": "a fault of the service, whose log says more",
    "503": "the prediction log cannot be written, so nothing is answered",
}

OF_ALL = ("401", "403", "404", "405", "429", "500")


def describe(routes: Sequence[Route] = ROUTES) -> dict[str, Any]:
    """An OpenAPI document with an example for each request and answer."""
    kinds = [kind for route in routes for kind in (route.takes, route.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components([*kinds, ErrorSaid], ref_template="#/components/schemas/{name}")
    found = dict(zip([id(kind) for kind in kinds], schemas, strict=False))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cvm",
            "version": code_version("serving"),
            "description": "Which customers will leave, what they are worth, what they will buy, why, and what to do about it.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {route.path: {route.method.lower(): _operation(route, found, components)} for route in routes},
        "components": {
            "schemas": {name: _said(schema) for name, schema in components.items()},
            "responses": {status: _refusal(status, schemas[-1]) for status in REFUSALS},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "not needed where the service is started without"}
            },
        },
    }


def _operation(route: Route, schemas: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.path.removeprefix("/v1/"),
        "summary": route.summary,
        "description": f"Needs the scope {' or '.join(route.scopes)}.",
        "responses": {"200": _content("the answer", schemas[id(route.gives)])}
        | {status: {"$ref": f"#/components/responses/{status}"} for status in REFUSALS if route.takes or status in OF_ALL},
    }
    if route.takes is not None:
        schema = schemas[id(route.takes)]
        body = _content("", schema | {"examples": [_example(components[route.takes.__name__])]})
        found["requestBody"] = body | {"required": True}
    return found


def _example(schema: dict[str, Any]) -> dict[str, Any]:
    """A request that can be sent as it is, from the examples of what it must have."""
    return {name: schema["properties"][name]["examples"][0] for name in schema["required"]}


def _refusal(status: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The example is one of a request that is refused for what it says."""
    own = schema if status == "400" else {key: schema[key] for key in schema if key != "examples"}
    return _content(REFUSALS[status], own)


def _content(said: str, schema: Any) -> dict[str, Any]:
    return ({"description": said} if said else {}) | {"content": {"application/json": {"schema": schema}}}


def _said(schema: dict[str, Any]) -> dict[str, Any]:
    """With its description without the margin of the code; what tells several kinds apart is a field, too."""
    fields = schema["properties"]
    tag = {"kind": {"description": "which kind it is", **fields["kind"]}} if "enum" in fields.get("kind", {}) else {}
    return schema | {"description": cleandoc(schema["description"]), "properties": fields | tag}
