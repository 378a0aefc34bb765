"""What nobody should send: always the one shape of errors with the path of what is wrong, never a fault."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from serving.http.description import REFUSALS
from serving.http.routes import ROUTES
from tests.serving.broken.asking import JSON, LOCAL, Asked, request
from tests.serving.broken.bad_bodies import bad_bodies

MB = 2**20
ORDER = {"order_id": "A1", "occurred_at": "2011-05-31T09:30:00", "amount": 120.5}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def good(ask: Asked, eligible: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """A good request for each path, with all its fields."""
    columns = ask.live.champions.release.words.mapped["orders"]
    order = {name: value for name, value in ORDER.items() if name in columns}
    features = ask.live.champions.release.scorer.features
    return [
        ("/v1/score", {"customer_ids": eligible[:3], "top_reasons": 3, "tasks": ["churn", "clv"]}),
        (
            "/v1/score_rows",
            {"rows": [{features[0]: 4.5, features[1]: None}, {features[7]: 3}], "top_reasons": 2, "tasks": ["clv"]},
        ),
        (
            "/v1/score_events",
            {"customer_id": "new", "as_of": "2011-12-01", "events": {"orders": [order, order]}, "top_reasons": 3},
        ),
        (
            "/v1/what_if",
            {
                "customer_id": eligible[0],
                "changes": [{"kind": "add", "table": "orders", "values": {"amount": 50}}],
                "top_reasons": 1,
            },
        ),
        ("/v1/nearest", {"customer_id": eligible[0], "below": 0.3}),
        ("/v1/plan", {"customer_ids": eligible[:3], "budget": 10}),
    ]


def test_good_requests_are_answered(ask: Asked, good: list[tuple[str, dict[str, Any]]]) -> None:
    for path, body in good:
        assert ask(path, body).status == 200, (path, ask(path, body).body)


def refuses_or_answers(ask: Asked, path: str, body: bytes) -> int:
    """Whatever it is: a documented status, the one shape of errors, something to mend, and not much of it."""
    reply = ask(path, body)
    assert reply.status == 200 or str(reply.status) in REFUSALS, (path, body[:300], reply)
    if reply.status != 200:
        assert reply.status < 500
        error = reply.error
        assert len(reply.body) < 50_000
        assert error["code"] != "bad_request" or error["problems"], (path, body[:300], error)
    else:
        json.loads(reply.body, parse_constant=pytest.fail)
    return reply.status


def test_two_thousand_bad_bodies_are_refused_in_one_shape(ask: Asked, good: list[tuple[str, dict[str, Any]]]) -> None:
    found = [refuses_or_answers(ask, path, body) for path, body in bad_bodies(good, 2_000, seed=1)]
    assert found.count(400) > 1_000
    test_good_requests_are_answered(ask, good)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_twenty_thousand_more_are_refused_too(ask: Asked, good: list[tuple[str, dict[str, Any]]], seed: int) -> None:
    for path, body in bad_bodies(good, 2_000, seed=seed):
        refuses_or_answers(ask, path, body)


def with_order(**values: Any) -> dict[str, Any]:
    return {"events": {"orders": [ORDER, {**ORDER, **values}]}}


def happens(**values: Any) -> dict[str, Any]:
    add = {"kind": "add", "table": "orders", "values": {"amount": 50}}
    return {"customer_id": "12352", "changes": [add, {**add, "values": values}]}


BAD_FIELDS = [
    ("/v1/score", {"customer_ids": ["a", 7]}, "customer_ids[1]"),
    ("/v1/score", {"customer_ids": ["a", None]}, "customer_ids[1]"),
    ("/v1/score", {"customer_ids": [""]}, "customer_ids[0]"),
    ("/v1/score", {"customer_ids": ["x" * 201]}, "customer_ids[0]"),
    ("/v1/score", {"customer_ids": "abc"}, "customer_ids"),
    ("/v1/score", {"customer_ids": ["a"] * 10_001}, "customer_ids"),
    ("/v1/score", {}, "customer_ids"),
    ("/v1/score", {"customer_ids": [], "top_reasons": True}, "top_reasons"),
    ("/v1/score", {"customer_ids": [], "top_reasons": -1}, "top_reasons"),
    ("/v1/score", {"customer_ids": [], "top_reasons": 10**40}, "top_reasons"),
    ("/v1/score", {"customer_ids": [], "tasks": []}, "tasks"),
    ("/v1/score", {"customer_ids": [], "tasks": ["fraud"]}, "tasks[0]"),
    ("/v1/score", {"customer_ids": [], "more": 1}, "more"),
    ("/v1/score", {"customer_ids": [], SCRIPT: 1}, SCRIPT),
    ("/v1/score_rows", {"rows": [{}, {"order_cuont": 1}]}, "rows[1].order_cuont"),
    ("/v1/score_rows", {"rows": [{"'; DROP TABLE x; --": 1}]}, "rows[0].'; DROP TABLE x; --"),
    ("/v1/score_rows", {"rows": [{"order_count": "many"}]}, "rows[0].order_count"),
    ("/v1/score_rows", {"rows": [{"order_count": True}]}, "rows[0].order_count"),
    ("/v1/score_rows", {"rows": [{"order_count": 10**400}]}, "rows[0].order_count"),
    ("/v1/score_rows", {"rows": [{"spend_sum": 1, "order_count": 1.1e15}]}, "rows[0].order_count"),
    ("/v1/score_rows", {"rows": [{"order_count": -1e300}]}, "rows[0].order_count"),
    ("/v1/score_rows", {"rows": [[]]}, "rows[0]"),
    ("/v1/score_rows", {"rows": [{}] * 10_001}, "rows"),
    ("/v1/score_events", {"events": []}, "events"),
    ("/v1/score_events", {"events": {"orders": {}}}, "events.orders"),
    ("/v1/score_events", {"events": {"orders": [1]}}, "events.orders[0]"),
    ("/v1/score_events", {"events": {"ordres": []}}, "events.ordres"),
    ("/v1/score_events", {"events": {f"orders; {SCRIPT}": []}}, f"events.orders; {SCRIPT}"),
    ("/v1/score_events", with_order(amonut=1), "events.orders.amonut"),
    ("/v1/score_events", with_order(amount="much"), "events.orders[1].amount"),
    ("/v1/score_events", with_order(amount=True), "events.orders[1].amount"),
    ("/v1/score_events", with_order(amount=1e300), "events.orders[1].amount"),
    ("/v1/score_events", with_order(amount=-(10**30)), "events.orders[1].amount"),
    ("/v1/score_events", with_order(amount=[]), "events.orders[1].amount"),
    ("/v1/score_events", with_order(occurred_at=None), "events.orders[1].occurred_at"),
    ("/v1/score_events", with_order(amount=None), "events.orders[1].amount"),
    ("/v1/score_events", with_order(order_id=7), "events.orders[1].order_id"),
    ("/v1/score_events", with_order(customer_id="another"), "events.orders[1].customer_id"),
    ("/v1/score_events", with_order(occurred_at="noon"), "events.orders[1].occurred_at"),
    ("/v1/score_events", with_order(occurred_at=20110531), "events.orders[1].occurred_at"),
    ("/v1/score_events", with_order(occurred_at="0000-00-00T00:00:00"), "events.orders[1].occurred_at"),
    ("/v1/score_events", with_order(occurred_at="9999-12-31T23:59:59-14:00"), "events.orders[1].occurred_at"),
    ("/v1/score_events", with_order(occurred_at="0001-01-01T00:00:00+14:00"), "events.orders[1].occurred_at"),
    ("/v1/score_events", {"events": {}, "as_of": "0000-00-00"}, "as_of"),
    ("/v1/score_events", {"events": {}, "as_of": "9999-12-31"}, "as_of"),
    ("/v1/score_events", {"events": {}, "as_of": "1899-12-31"}, "as_of"),
    ("/v1/score_events", {"events": {}, "as_of": 5}, "as_of"),
    ("/v1/what_if", {"customer_id": "a", "changes": []}, "changes"),
    ("/v1/what_if", {"customer_id": "a", "changes": [{"kind": "steal"}]}, "changes[0].kind"),
    (
        "/v1/what_if",
        {"customer_id": "a", "changes": [{"kind": "add", "table": "orders", "values": {"a": []}}]},
        "changes[0].values.a",
    ),
    ("/v1/what_if", happens(amount=-5), "changes[1].values.amount"),
    ("/v1/what_if", happens(amount=True), "changes[1].values.amount"),
    ("/v1/what_if", happens(amount=None), "changes[1].values.amount"),
    ("/v1/what_if", happens(amount=10**400), "changes[1].values.amount"),
    ("/v1/what_if", happens(amount=10**30), "changes[1].values.amount"),
    ("/v1/what_if", happens(amount=5, amont=5), "changes[1].values.amont"),
    ("/v1/what_if", happens(amount=5, occurred_at="2011-01-01"), "changes[1].values.occurred_at"),
    ("/v1/what_if", happens(), "changes[1].values.amount"),
    ("/v1/what_if", {"customer_id": "12352", "changes": [{"kind": "settle"}]}, "changes[0]"),
    ("/v1/what_if", {"customer_id": "12352", "changes": [{"kind": "set", "name": "country", "value": 1}]}, "changes[0].value"),
    ("/v1/nearest", {"customer_id": "a", "below": 1}, "below"),
    ("/v1/nearest", {"customer_id": "a", "below": 0}, "below"),
    ("/v1/plan", {"customer_ids": ["a", "b", "a"]}, "customer_ids[0]"),
    ("/v1/plan", {"customer_ids": [], "budget": -1}, "budget"),
]


@pytest.mark.parametrize(
    ("path", "body", "where"), BAD_FIELDS, ids=[f"{path[4:]}-{where[:40]}-{k}" for k, (path, _, where) in enumerate(BAD_FIELDS)]
)
def test_the_field_that_is_wrong_is_named_by_its_path(ask: Asked, path: str, body: Any, where: str) -> None:
    reply = ask(path, body)
    assert reply.status == 400
    assert reply.paths == [where]


SEVERAL = [
    (
        "/v1/score",
        {"customer_ids": ["a", 7, ""], "top_reasons": 99, "tasks": ["churn", "fraud"], "more": 1},
        ["customer_ids[1]", "customer_ids[2]", "top_reasons", "tasks[1]", "more"],
    ),
    ("/v1/score_rows", {"rows": [{"a": "x", "b": 1, "c": True}, [], {}]}, ["rows[0].a", "rows[0].c", "rows[1]"]),
    (
        "/v1/score_events",
        {"events": {"orders": [{"amount": []}, 1], "surveys": {}}, "as_of": "noon"},
        ["events.orders[0].amount", "events.orders[1]", "events.surveys", "as_of"],
    ),
    (
        "/v1/what_if",
        {
            "changes": [
                {"kind": "steal"},
                {},
                {"kind": "add", "table": 1, "values": {"a": {}}, "more": 2},
                {"kind": "set", "name": "x"},
            ]
        },
        [
            "customer_id",
            "changes[0].kind",
            "changes[1].kind",
            "changes[2].table",
            "changes[2].values.a",
            "changes[2].more",
            "changes[3].value",
        ],
    ),
]


@pytest.mark.parametrize(("path", "body", "where"), SEVERAL, ids=[path[4:] for path, _, _ in SEVERAL])
def test_everything_that_is_wrong_is_named_at_once(ask: Asked, path: str, body: Any, where: list[str]) -> None:
    reply = ask(path, body)
    assert (reply.status, reply.error["code"]) == (400, "bad_request")
    assert reply.paths == where
    assert reply.error["message"].endswith(f" and {len(where) - 1} more")


def test_of_thousands_of_wrong_entries_twenty_are_named(ask: Asked) -> None:
    assert ask("/v1/score", {"customer_ids": [1] * 10_000}).paths == [f"customer_ids[{k}]" for k in range(20)]


def test_what_lies_beyond_what_is_looked_at_is_still_refused(ask: Asked) -> None:
    assert ask("/v1/score_events", {"events": {"orders": [{}] * 150_000 + [1]}}).paths == ["events.orders[150000]"]


BODIES = {
    "empty": b"",
    "truncated": b'{"customer_ids": ["a"',
    "nested": b"[" * 100_000,
    "nested in an id": b'{"customer_ids": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "utf-16": '{"customer_ids": []}'.encode("utf-16"),
    "latin-1": '{"customer_ids": ["é"]}'.encode("latin-1"),
    "with a BOM": b'\xef\xbb\xbf{"customer_ids": []}',
    "a lone surrogate": b'{"customer_ids": ["\\ud800"]}',
    "a surrogate in UTF-8": b'{"customer_ids": ["\xed\xa0\x80"]}',
    "broken UTF-8": b'{"customer_ids": ["\xff"]}',
    "NaN": b'{"customer_ids": [], "top_reasons": NaN}',
    "two values": b'{"customer_ids": []} {"customer_ids": []}',
    "zeros": b"\x00" * 1_000,
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_json_is_said_to_be_none(ask: Asked, what: str) -> None:
    reply = ask("/v1/score", BODIES[what])
    assert reply.status == 400
    assert reply.error["code"] in ("not_json", "bad_request")


@pytest.mark.parametrize(
    "body",
    [
        b'{"rows": [{"a": "x"}], "rows": [5]}',
        b'{"rows": [{"a": "x"}], "rows": 5}',
        b'{"events": {"a": [{"b": []}]}, "events": [1]}',
        b'{"customer_id": "a", "changes": [{"kind": "add", "table": "t", "values": {"a": []}}], "changes": [{"values": 3}]}',
    ],
)
def test_a_name_that_stands_twice_does_not_hide_what_is_wrong(ask: Asked, body: bytes) -> None:
    for path in ("/v1/score_rows", "/v1/score_events", "/v1/what_if"):
        assert ask(path, body).status == 400
        assert ask(path, body).error["code"] == "bad_request"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/xml"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "application/json", "content-encoding": "x" * 1_000},
    ],
)
def test_what_is_not_said_to_be_json_is_not_read(ask: Asked, headers: dict[str, str]) -> None:
    reply = ask("/v1/score", b'{"customer_ids": []}', headers={**LOCAL, **headers})
    assert reply.status == 415
    assert reply.error["code"] in ("not_json", "compressed")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;"])
def test_json_may_be_said_in_other_letters(ask: Asked, kind: str) -> None:
    assert ask("/v1/score", b'{"customer_ids": []}', headers={**LOCAL, "content-type": kind}).status == 200


@pytest.mark.parametrize("length", [str(50 * MB), "9" * 20, "9" * 5_000])
def test_a_body_that_says_to_be_too_large_is_not_waited_for(ask: Asked, length: str) -> None:
    reply = ask("/v1/score", b"", headers={**JSON, "content-length": length})
    assert reply.status == 413
    assert reply.error["code"] == "too_large"


@pytest.mark.parametrize("path", ["/v1/score", "/desk/sign_in", "/desk/mark"])
def test_fifty_megabytes_in_pieces_are_read_up_to_the_limit(ask: Asked, path: str) -> None:
    piece = b" " * MB
    reply = asyncio.run(request(ask.application, path, [piece] * 50))
    assert reply.status == 413
    assert reply.error["code"] == "too_large"


def test_names_of_megabytes_are_refused_at_once(ask: Asked) -> None:
    for name in ("a" * 4 * MB, "a" * 4 * MB + "!", "." * 4 * MB + "!", ": " * MB):
        assert ask("/v1/score_rows", {"rows": [{name: 1}]}).status == 400
        assert ask("/v1/score_events", {"events": {name: []}}).status == 400
        assert len(ask("/v1/score_events", {"events": {"orders": [{name: 1}]}}).body) < 5_000


def test_a_hundred_thousand_wrong_names_are_refused_at_once_and_twenty_of_them_said(ask: Asked) -> None:
    names = {f"column_{k}": 1 for k in range(100_000)}
    for path, body in (("/v1/score_rows", {"rows": [names]}), ("/v1/score_events", {"events": {"orders": [names]}})):
        assert len(ask(path, body).paths) == 20


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO", "X" * 500])
def test_other_methods_are_refused_with_the_one_there_is(ask: Asked, route: Any, method: str) -> None:
    if method == route.method:
        return
    reply = ask(route.path, b"{}", method=method)
    assert reply.status == 405
    assert reply.error["code"] == "wrong_method"
    assert reply.headers["allow"] == route.method
    assert len(reply.body) < 500


@pytest.mark.parametrize("path", ["/metrics", "/openapi.json"])
def test_what_is_only_read_takes_no_other_method(ask: Asked, path: str) -> None:
    assert ask(path).status == 200
    assert ask(path, method="HEAD").status == 200
    assert ask(path, b"{}", method="DELETE").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/v1/score/",
        "//v1/score",
        "/v1//score",
        "/v1/../metrics",
        "/../../etc/passwd",
        "/docs/../../access.py",
        "/docs/pages.css/../docs.html",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/templates/docs.html",
        "/static/..%2f..%2faccess.py",
        "/v1/score\x00",
        "/é",
        "/" + "a" * 100_000,
        f"/{SCRIPT}",
        "",
        "*",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_paths_that_there_are_none_of_are_not_found(ask: Asked, path: str, method: str) -> None:
    reply = ask(path, b"", method=method)
    assert reply.status == 404
    assert reply.error["code"] == "no_such_path"
    assert len(reply.body) < 1_000


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer " + "x" * 100_000},
        {"authorization": "Bearer \xff\x00"},
        {"authorization": "Basic " + "=" * 100},
        {"cookie": "cvm_desk=" + "x" * 100_000},
        {"cookie": ";;;=\xff; $Version=1"},
        {"content-length": "-1"},
        {"content-length": "abc"},
        {"content-length": "1_000"},
        {"transfer-encoding": "chunked", "content-length": "3"},
        {"x-forwarded-for": "x" * 100_000},
        {"accept": "image/png"},
        {"origin": "http://evil"},
    ],
)
def test_odd_and_over_long_headers_do_no_harm(ask: Asked, headers: dict[str, str]) -> None:
    assert ask("/v1/score", b'{"customer_ids": []}', headers={**JSON, **headers}).status == 200
    with_tokens = ask.with_(tokens="shop:read:0123456789abcdef0123")
    if "authorization" in headers or "cookie" in headers:
        assert with_tokens("/v1/score", b'{"customer_ids": []}', headers={**JSON, **headers}).status == 401
        assert with_tokens("/desk", headers={**JSON, **headers}).status in (303, 401)


def test_a_web_socket_is_closed(ask: Asked) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    asyncio.run(ask.application({"type": "websocket", "path": "/v1/score", "headers": []}, receive, send))
    assert [one["type"] for one in sent] == ["websocket.close"]


def test_ids_with_markup_come_back_only_inside_json(ask: Asked) -> None:
    reply = ask("/v1/score", {"customer_ids": [SCRIPT]})
    assert reply.status == 200
    assert reply.json()["answers"][0]["customer_id"] == SCRIPT
    for other in (reply, ask("/v1/plan", {"customer_ids": [SCRIPT, SCRIPT]}), ask(f"/{SCRIPT}"), ask("/v1/score", {SCRIPT: 1})):
        assert other.headers["content-type"] == "application/json"
        assert other.headers["x-content-type-options"] == "nosniff"


PAGES = ["/docs", "/docs/pages.css", "/", "/desk/sign_in"]
ERRORS = ["/nothing", "/v1/score", "/desk/sign_in?x", "/v1/nothing"]
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
}


@pytest.mark.parametrize("path", [*PAGES, *ERRORS])
def test_pages_and_errors_have_headers_that_let_nothing_else_in(ask: Asked, path: str) -> None:
    reply = ask(path)
    for name, value in HEADERS.items():
        assert reply.headers[name] == value
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "unsafe" not in reply.headers["content-security-policy"]


def test_answers_are_not_kept_and_not_guessed_at(ask: Asked) -> None:
    for path in ("/v1/health", "/v1/models", "/openapi.json", "/metrics"):
        reply = ask(path)
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-content-type-options"] == "nosniff"
