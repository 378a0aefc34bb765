"""Who may ask: tokens with scopes, the cookie of the desk, and without tokens only this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from features.problems import BadConfig
from serving.http.access import Access, read_access, refuse_open_doors
from serving.http.listening import named_hosts
from serving.open import open_application
from serving.settings import Settings, read_settings
from tests.serving.conftest import Demo

READ, PLAN, ADMIN = "r" * 24, "p" * 24, "a" * 24
TOKENS = f"shop:read:{READ} anna:read+plan:{PLAN} ops:admin:{ADMIN}"
BODY = {"customer_ids": ["nobody"]}


def opened(demo: Demo, tokens: str = "") -> TestClient:
    settings: Settings = read_settings({"CVM_CONFIG": str(demo.config), "CVM_TOKENS": tokens})
    _, application = open_application(dataclasses.replace(settings, has_log=False))
    return TestClient(application, base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(scope="module")
def locked(demo: Demo) -> TestClient:
    return opened(demo, TOKENS)


@pytest.fixture(scope="module")
def unlocked(demo: Demo) -> TestClient:
    return opened(demo)


@pytest.fixture
def anna(locked: TestClient) -> Iterator[TestClient]:
    locked.cookies.clear()
    response = locked.post("/desk/sign_in", data={"token": PLAN})
    assert (response.status_code, response.headers["location"]) == (303, "/desk")
    yield locked
    locked.cookies.clear()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_without_a_token_nothing_is_told(locked: TestClient) -> None:
    for method, path in (("POST", "/v1/score"), ("GET", "/v1/models"), ("GET", "/openapi.json"), ("GET", "/metrics")):
        response = locked.request(method, path, json=BODY)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "no_token"), path
        assert response.headers["www-authenticate"] == 'Bearer realm="cvm"'
    unknown = locked.post("/v1/score", json=BODY, headers=bearer("r" * 23))
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (401, "unknown_token")
    other = locked.post("/v1/score", json=BODY, headers={"authorization": f"Basic {READ}"})
    assert (other.status_code, other.json()["error"]["code"]) == (401, "no_token")


def test_a_token_opens_what_its_scopes_say(locked: TestClient) -> None:
    asked = {"/v1/score": BODY, "/v1/plan": BODY | {"budget": 1}}
    found = {
        (token, path): locked.post(path, json=body, headers=bearer(token)).status_code
        for token in (READ, PLAN, ADMIN)
        for path, body in asked.items()
    }
    assert [found[READ, path] for path in asked] == [200, 403]
    assert [found[PLAN, path] for path in asked] == [200, 400]  # let in, and no action is configured
    assert [found[ADMIN, path] for path in asked] == [403, 403]
    assert locked.get("/metrics", headers=bearer(ADMIN)).status_code == 200
    assert [locked.get("/v1/health", headers=bearer(token)).status_code for token in (READ, ADMIN)] == [200, 200]
    assert locked.get("/metrics", headers=bearer(PLAN)).json()["error"]["code"] == "wrong_scope"


def test_the_desk_asks_for_a_token_once_and_keeps_a_cookie_that_is_not_the_token(locked: TestClient) -> None:
    locked.cookies.clear()
    assert locked.get("/desk").headers["location"] == "/desk/sign_in"
    wrong = locked.post("/desk/sign_in", data={"token": "x" * 24})
    assert (wrong.status_code, "No such token" in wrong.text) == (401, True)
    right = locked.post("/desk/sign_in", data={"token": READ})
    cookie = right.headers["set-cookie"]
    assert READ not in cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/desk"} <= set(cookie.split("; "))
    assert locked.get("/desk").status_code == 200
    assert locked.post("/v1/score", json=BODY).status_code == 401  # a cookie opens pages only
    locked.cookies.clear()


def test_the_desk_is_for_its_own_forms_and_marks_need_the_scope_plan(anna: TestClient) -> None:
    mark = {"kind": "done", "note": "called"}
    customer = anna.get("/desk/export.csv").text.splitlines()[1].split(",")[0].lstrip("\ufeff'")
    address = f"/desk/customers/{customer}/marks"
    assert anna.post(address, data=mark, headers={"origin": "https://evil.example"}).status_code == 403
    assert anna.post(address, data=mark, headers={"origin": "http://127.0.0.1"}).status_code == 303
    assert "anna" in anna.get(f"/desk/customers/{customer}").text
    anna.cookies.clear()
    anna.post("/desk/sign_in", data={"token": READ})
    assert anna.post(address, data=mark, headers={"origin": "http://127.0.0.1"}).status_code == 403


def test_pages_cannot_load_or_run_what_is_not_theirs(unlocked: TestClient) -> None:
    for path in ("/desk", "/docs", "/desk/sign_in", "/desk/customers/nobody", "/desk/static/desk.js"):
        headers = unlocked.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
    assert unlocked.get("/").headers["location"] == "/desk"


def test_without_tokens_only_the_names_of_this_machine_are_answered(unlocked: TestClient) -> None:
    assert unlocked.post("/v1/score", json=BODY).status_code == 200
    assert unlocked.post("/v1/score", json=BODY, headers={"host": "localhost:3000"}).status_code == 200
    assert unlocked.post("/v1/score", json=BODY, headers={"host": "[::1]:3000"}).status_code == 200
    rebound = unlocked.post("/v1/score", json=BODY, headers={"host": "evil.example:3000"})
    assert (rebound.status_code, rebound.json()["error"]["code"]) == (403, "wrong_host")
    assert unlocked.get("/desk", headers={"host": "evil.example"}).status_code == 403


def test_there_is_one_shape_of_errors_on_unknown_paths(unlocked: TestClient) -> None:
    for method, path, status in (
        ("GET", "/v2/score", 404),
        ("GET", "/v1/score", 405),
        ("DELETE", "/desk", 405),
        ("GET", "/desk/nothing/here", 404),
        ("POST", "/desk", 405),
    ):
        response = unlocked.request(method, path)
        assert (response.status_code, response.json()["error"]["status"]) == (status, status), path


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ("shop", "entry 1: expected name:scope+scope:token"),
        (f"shop:raed:{READ}", "entry 1: no scope raed; valid: read, plan, admin"),
        (f"ops:admin:{ADMIN} shop:read:short", "entry 2: a token has at least 16 characters"),
    ],
)
def test_wrong_tokens_are_named_without_their_secret(tokens: str, said: str) -> None:
    with pytest.raises(BadConfig) as bad:
        read_access(tokens)
    assert said in str(bad.value)
    assert "short" not in str(bad.value)
    assert READ not in str(bad.value)


def test_others_are_let_in_with_tokens_only() -> None:
    refuse_open_doors(Access(), ["127.0.0.1", "::1", "localhost"])
    refuse_open_doors(read_access(TOKENS), ["0.0.0.0"])
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.com"):
        with pytest.raises(BadConfig, match="CVM_TOKENS names no token"):
            refuse_open_doors(Access(), ["127.0.0.1", host])


def test_the_address_is_read_from_the_command_and_the_environment() -> None:
    assert named_hosts(["bentoml", "serve", "x", "--host", "0.0.0.0"], {}) == ["0.0.0.0"]
    assert named_hosts(["bentoml", "serve", "x", "--host=::"], {"BENTOML_HOST": "127.0.0.1"}) == ["::"]
    assert named_hosts(["bentoml", "serve"], {"BENTOML_HOST": "0.0.0.0"}) == ["0.0.0.0"]
    assert named_hosts(["bentoml", "serve"], {}) == []
