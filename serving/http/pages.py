"""Pages for people on the same service: the description of the API, signing in, and the retention desk."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.http.access import COOKIE, Access, Scope
from serving.http.docs_page import described
from serving.http.refusals import Refused

logger = logging.getLogger("cvm")
HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-store"),
)
HTML = (b"content-type", b"text/html; charset=utf-8")
SIGN_IN = "/desk/sign_in"
ASGIScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Pages:
    """Answers whatever is not of the API."""

    def __init__(self, desk_routes: Sequence[Route] = ()) -> None:
        templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
        self._desk = Starlette(routes=list(desk_routes), exception_handlers={HTTPException: _no_such_page})
        self.described = templates.get_template("docs.html").render(described())
        self._sign_in = templates.get_template("sign_in.html")

    async def answer(self, access: Access, scope: ASGIScope, receive: Receive, send: Send) -> int:
        """The page of a path. Raises Refused where there is none, or where it is not for who asks."""
        path, method = scope["path"], scope["method"]
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if method not in ("GET", "HEAD", "POST"):
            raise Refused(405, "wrong_method", f"{method[:20]}: pages take GET and POST", headers={"allow": "GET, HEAD, POST"})
        if path in ("/", "/docs", "/docs/pages.css") and method != "POST":
            if path == "/":
                return await _moved(send, "/desk")
            if path == "/docs/pages.css":
                return await _page(
                    send, 200, (HERE / "templates/pages.css").read_text(encoding="utf-8"), kind=b"text/css; charset=utf-8"
                )
            return await _page(send, 200, self.described)
        if path == SIGN_IN:
            return await self._signing_in(access, headers, method, receive, send)
        if path == "/desk" or path.startswith("/desk/"):
            return await self._at_the_desk(access, headers, scope, receive, send)
        raise Refused(404, "no_such_path", f"{path[:200]}: no such path; /docs lists what there is")

    async def _at_the_desk(
        self, access: Access, headers: Mapping[bytes, bytes], scope: ASGIScope, receive: Receive, send: Send
    ) -> int:
        changes = scope["method"] == "POST"
        needed: Scope = "plan" if changes else "read"
        try:
            token = access.enter(headers, needed, is_page=True)
            if changes:
                _refuse_other_sites(headers)
        except Refused as refused:
            if refused.status == 401 and not changes and b"authorization" not in headers:
                return await _moved(send, SIGN_IN)
            raise
        if changes:  # read before the page asks for it: what is refused of a body would be a fault inside of Starlette
            receive = _again(await receive(), receive)
        scope["cvm_who"], scope["cvm_may_mark"] = token.name, "plan" in token.scopes
        return await _secured(self._desk, scope, receive, send)

    async def _signing_in(
        self, access: Access, headers: Mapping[bytes, bytes], method: str, receive: Receive, send: Send
    ) -> int:
        """Shows the token once; the browser keeps what opens the desk, out of reach of scripts and of other sites."""
        if method != "POST":
            return await _page(send, 200, self._sign_in.render(wrong=False))
        _refuse_other_sites(headers)
        shown = parse_qs((await _form(receive)).decode("utf-8", "replace")).get("token", [""])[0].strip()
        token = access.of_bearer(shown)
        if token is None:
            return await _page(send, 401, self._sign_in.render(wrong=True))
        secure = "; Secure" if headers.get(b"x-forwarded-proto") == b"https" else ""
        cookie = f"{COOKIE}={token.session}; Path=/desk; HttpOnly; SameSite=Strict{secure}"
        return await _moved(send, "/desk", [(b"set-cookie", cookie.encode())])


async def _secured(app: Starlette, scope: ASGIScope, receive: Receive, send: Send) -> int:
    """A page with the headers that keep it from running or loading anything else."""
    status = 0

    async def sending(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            own = {name for name, _ in message["headers"]}
            message = {**message, "headers": [*message["headers"], *(pair for pair in SECURITY_HEADERS if pair[0] not in own)]}
        await send(message)

    try:
        await app(scope, receive, sending)
    except Exception:
        if not status:
            raise
        logger.exception("%s of the desk", scope["method"])  # the page says that something went wrong
    return status


def _no_such_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    refused = Refused(status, "no_such_page", f"{request.method} {request.url.path[:200]}: no such page")
    headers = getattr(error, "headers", None)
    return Response(msgspec.json.encode(refused.answer()), status, headers=headers, media_type="application/json")


def _again(message: MutableMapping[str, Any], receive: Receive) -> Receive:
    """A message that has been taken, and after it what is still to come."""
    messages = iter([message])

    async def receiving() -> MutableMapping[str, Any]:
        return next(messages, None) or await receive()

    return receiving


async def _form(receive: Receive) -> bytes:
    message = await receive()
    found: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        found += message.get("body", b"")
    return found


async def _page(send: Send, status: int, text: str, *, kind: bytes = HTML[1]) -> int:
    body = text.encode()
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *SECURITY_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status


async def _moved(send: Send, to: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> int:
    own = [(b"location", to.encode()), (b"content-length", b"0"), *headers, *SECURITY_HEADERS]
    await send({"type": "http.response.start", "status": 303, "headers": own})
    await send({"type": "http.response.body", "body": b""})
    return 303


def _refuse_other_sites(headers: Mapping[bytes, bytes]) -> None:
    """A form of another site must not be sent in the name of who uses the desk."""
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin and urlsplit(origin).netloc != headers.get(b"host", b"").decode("latin-1"):
        raise Refused(
            403,
            "other_site",
            "forms are taken from this service's own pages only; a proxy in front has to pass the header Host on",
        )
