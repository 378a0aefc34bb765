"""The description of the service is valid, and the service answers as it says: to what it allows, and to what it does not."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving.http.description import DESCRIPTION_PATH, describe
from serving.http.routes import ROUTES
from tests.serving.broken.asking import LOCAL, Asked, request

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PATHS = [route.path for route in ROUTES]


def described() -> BaseSchema:
    """Without the tokens, which this service does not ask for."""
    document = json.loads(json.dumps(describe()))
    del document["security"], document["components"]["securitySchemes"]
    return schemathesis.openapi.from_dict(document)


DESCRIBED = described()


def call(ask: Asked, case: Case) -> Response:
    """What the service in this process answers to a case, as if it had come over a socket."""
    sent = requests.Request(**case.as_transport_kwargs("http://127.0.0.1:3000")).prepare()
    headers = {**LOCAL, **{name.lower(): str(value) for name, value in sent.headers.items()}}
    body = sent.body or b""
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    path = sent.path_url.partition("?")[0]
    reply = asyncio.run(request(ask.application, path, [raw], method=str(sent.method), headers=headers))
    told = gzip.decompress(reply.body) if reply.headers.get("content-encoding") == "gzip" else reply.body
    return Response(
        reply.status, {name: [value] for name, value in reply.headers.items()}, told, sent, elapsed=0.1, verify=False
    )


def conforms(ask: Asked, path: str, mode: GenerationMode, examples: int) -> None:
    """So many generated cases of an operation, each answered as described."""
    operation = DESCRIBED[path][ask_with(path)]

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: Case) -> None:
        response = call(ask, case)
        checks = [*CHECKS, negative_data_rejection] if mode is GenerationMode.NEGATIVE else CHECKS
        case.validate_response(response, checks=checks)

    answers_as_described()


def ask_with(path: str) -> str:
    return next(route.method for route in ROUTES if route.path == path)


def test_the_description_is_valid_and_every_operation_is_in_it(ask: Asked) -> None:
    document = ask(DESCRIPTION_PATH).json()
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document).validate()
    assert set(document["paths"]) == set(PATHS)


def test_every_schema_of_the_description_is_one(ask: Asked) -> None:
    for schema in ask(DESCRIPTION_PATH).json()["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def examples_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any], Any]]:
    """Every example with the schema it stands in."""
    found = []

    def look(at: Any, where: str) -> None:
        if isinstance(at, dict):
            if isinstance(at.get("examples"), list):
                found.extend((where, at, example) for example in at["examples"])
            for name, one in at.items():
                if name != "examples":
                    look(one, f"{where}/{name}")
        elif isinstance(at, list):
            for k, one in enumerate(at):
                look(one, f"{where}/{k}")

    look(document, "")
    return found


def test_every_example_is_one_of_its_schema(ask: Asked) -> None:
    document = ask(DESCRIPTION_PATH).json()
    found = examples_of(document)
    assert len(found) > 10
    for where, schema, example in found:
        whole = {**schema, "components": document["components"]}
        assert jsonschema_rs.validator_for(whole).is_valid(example), (where, example)


def test_no_field_of_a_request_or_an_answer_is_without_a_description(ask: Asked) -> None:
    schemas = ask(DESCRIPTION_PATH).json()["components"]["schemas"]
    fields = {f"{kind}.{name}": field for kind, one in schemas.items() for name, field in one["properties"].items()}
    assert len(fields) > 150
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert not any("\n  " in one["description"] for one in schemas.values())


def test_the_example_of_each_request_can_be_sent_as_it_is(ask: Asked) -> None:
    document = ask(DESCRIPTION_PATH).json()
    for route in ROUTES:
        if route.takes:
            body = document["paths"][route.path]["post"]["requestBody"]["content"]["application/json"]["schema"]
            (example,) = body["examples"]
            assert ask(route.path, example).status == 200, (route.path, example)


def test_the_example_of_an_answer_has_what_that_path_gives(ask: Asked) -> None:
    for path in ("/v1/score_rows", "/v1/score_events"):
        operation = ask(DESCRIPTION_PATH).json()["paths"][path]["post"]
        sent = operation["requestBody"]["content"]["application/json"]["schema"]["examples"][0]
        (given,) = operation["responses"]["200"]["content"]["application/json"]["schema"]["examples"]
        (told,), (answer,) = given["answers"], ask(path, sent).json()["answers"]
        assert {name for name in ("worth", "standing", "customer_id", "as_of") if answer[name] is not None} == {
            name for name in ("worth", "standing", "customer_id", "as_of") if told.get(name) is not None
        }


def test_every_status_that_an_operation_can_have_is_declared(ask: Asked) -> None:
    for methods in ask(DESCRIPTION_PATH).json()["paths"].values():
        for operation in methods.values():
            assert {"200", "401", "403", "404", "405", "429", "500"} <= set(operation["responses"])


@pytest.mark.parametrize("path", PATHS)
def test_what_the_description_allows_is_answered_as_described(ask: Asked, path: str) -> None:
    conforms(ask, path, GenerationMode.POSITIVE, 60 if ask_with(path) == "POST" else 5)


@pytest.mark.parametrize("path", [route.path for route in ROUTES if route.takes])
def test_what_the_description_does_not_allow_is_refused_as_described(ask: Asked, path: str) -> None:
    conforms(ask, path, GenerationMode.NEGATIVE, 60)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("path", [route.path for route in ROUTES if route.takes])
def test_a_thousand_cases_of_each_operation_are_answered_as_described(ask: Asked, path: str, mode: GenerationMode) -> None:
    conforms(ask, path, mode, 1_000)
