"""The pages of the desk and their addresses. All of them work as plain links and forms; htmx only swaps parts of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from serving.desk.customer import customer_of
from serving.desk.desk import RetentionDesk
from serving.desk.export import as_csv, file_name
from serving.desk.history import FIRST, KINDS
from serving.desk.language import Texts, language_of, text
from serving.desk.listing import DESK, customer_address, list_address, listing
from serving.desk.marks import NOTE_MAX, Mark, state_of
from serving.desk.problems import NotReady, RefusedMark
from serving.desk.scored_table import EXPLANATION, Row, Scored
from serving.desk.words import Words
from serving.desk.work_list import Question, asked_for, in_parts

HERE = Path(__file__).parent
STATIC = {
    "desk.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "favicon.svg": "image/svg+xml",
}
COOKIE, COOKIE_SECONDS = "lang", 365 * 24 * 3600
SNOOZES = {"week": 7, "month": 30}  # days
REASON = "|"  # between the number and the feature of a reason in a form
WHO, MAY_MARK = "cvm_who", "cvm_may_mark"  # the keys of the scope under which whoever let the request in says who it is


class _Anything(Convertor[str]):
    """A customer_id in an address: it may hold slashes, and even line breaks."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("customer_id", _Anything())


def desk_routes(desk: RetentionDesk) -> list[Route]:
    """All pages, under /desk. Reading changes nothing; what changes something is posted."""
    pages = DeskPages(desk)
    return [
        Route(DESK, pages.show_list, methods=["GET"]),
        Route(f"{DESK}/export.csv", pages.export, methods=["GET"]),
        Route(f"{DESK}/static/{{name}}", pages.static, methods=["GET"]),
        Route(f"{DESK}/customers/{{customer_id:customer_id}}/marks", pages.take_mark, methods=["POST"]),
        Route(f"{DESK}/customers/{{customer_id:customer_id}}", pages.show_customer, methods=["GET"]),
    ]


@dataclass(frozen=True)
class Asked:
    """What every page needs of a request."""

    request: Request
    say: Texts

    @property
    def parameters(self) -> dict[str, str]:
        """Those of the address."""
        return dict(self.request.query_params)

    def in_other_language(self, language: str) -> str:
        """The same page in a language."""
        pairs = self.parameters | {"lang": language}
        return f"{_quoted_path(self.request)}?{urlencode(pairs)}"


class DeskPages:
    """Answers requests."""

    def __init__(self, desk: RetentionDesk) -> None:
        self._desk = desk

    def show_list(self, request: Request) -> Response:
        """The work list."""
        asked = self._asked(request)
        return self._if_ready(asked, lambda scored: self._list(asked, scored))

    def show_customer(self, request: Request) -> Response:
        """One customer."""
        asked = self._asked(request)
        return self._if_ready(asked, lambda scored: self._customer(asked, scored))

    async def take_mark(self, request: Request) -> Response:
        """A mark from the form of a customer's page; then that page again."""
        asked, body = self._asked(request), await request.body()
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return await run_in_threadpool(self._if_ready, asked, lambda scored: self._marked(asked, scored, form))

    def export(self, request: Request) -> Response:
        """The list as a file."""
        asked = self._asked(request)
        return self._if_ready(asked, lambda scored: self._file(asked, scored))

    def static(self, request: Request) -> Response:
        """Stylesheet, scripts and icon; nothing else."""
        name = request.path_params["name"]
        if name not in STATIC:
            return self._message(self._asked(request), 404, text("Nothing is here."))
        headers = {"Cache-Control": "public, max-age=86400"}  # the address has the hash of what is in it
        return Response((HERE / name).read_bytes(), media_type=STATIC[name], headers=headers)

    def _asked(self, request: Request) -> Asked:
        language = language_of(request.query_params.get("lang"), request.cookies.get(COOKIE))
        return Asked(request, Texts(language, self._desk.project.project.currency))

    def _if_ready(self, asked: Asked, answer: Callable[[Scored], Response]) -> Response:
        try:
            return answer(self._desk.table.now())
        except NotReady as why:
            return self._message(asked, 503, why.said, run=why.run)
        except sqlite3.Error:
            return self._message(asked, 503, text("The marks cannot be read or written just now. Try again in a moment."))

    def _list(self, asked: Asked, scored: Scored) -> Response:
        question = Question.read(asked.parameters, scored)
        marked = self._desk.marked(scored)
        found = asked_for(scored, question, marked.rows)
        page = listing(question, found, marked.states, Words(scored, asked.say))
        answer = self._page(asked, "list.html", scored, page=page, question=question)
        if "HX-Request" in asked.request.headers:  # an address that says no more than it must
            answer.headers["HX-Push-Url"] = list_address(question.address())
        return answer

    def _customer(self, asked: Asked, scored: Scored, refused: RefusedMark | None = None, note: str = "") -> Response:
        customer_id = asked.request.path_params["customer_id"]
        row, query = scored.customer(customer_id), self._list_query(asked, scored)
        if row is None:
            return self._message(
                asked, 404, text("No customer of this name was known on the scored date."), back=list_address(query)
            )
        marks = self._desk.marks.of(customer_id)
        return self._page(
            asked,
            "customer.html",
            scored,
            status=422 if refused else 200,
            customer=customer_of(scored, row, asked.say),
            row=row,
            back=list_address(query),
            here=customer_address(customer_id, query),
            marks_address=customer_address(customer_id).partition("?")[0] + "/marks" + _list_part(query),
            marks=marks,
            state=state_of(marks, scored.as_of, self._desk.marks.today),
            refused=refused.said if refused else "",
            may_mark=asked.request.scope.get(MAY_MARK, True),
            note=note,
            note_max=NOTE_MAX,
            tomorrow=self._desk.marks.today + timedelta(days=1),
            shown=None if asked.parameters.get("history") == "all" else FIRST,
            kinds=KINDS,
            split=REASON,
        )

    def _list_query(self, asked: Asked, scored: Scored) -> str:
        """The query of the list a reader came from: read and written again, so that it is one."""
        given = dict(parse_qsl(asked.parameters.get("list", "")))
        question = Question.read(given, scored)
        return question.address()

    def _marked(self, asked: Asked, scored: Scored, form: dict[str, str]) -> Response:
        customer_id = asked.request.path_params["customer_id"]
        row = scored.customer(customer_id)
        if row is None:
            return self._customer(asked, scored)
        note = form.get("note", "").replace("\r\n", "\n").strip()
        try:
            self._desk.marks.add(replace(self._mark(scored, row, form), note=note, who=_who(asked.request)))
        except RefusedMark as why:
            return self._customer(asked, scored, why, note)
        to = customer_address(customer_id, self._list_query(asked, scored))
        return RedirectResponse(f"{to}#marks", status_code=303)

    def _mark(self, scored: Scored, row: Row, form: dict[str, str]) -> Mark:
        """What a form says; a reason must be one that was shown."""
        kind = form.get("kind", "")
        number, _, feature = form.get("reason", "").partition(REASON)
        if kind == "wrong_reason":
            shown = scored.file.row(row["place"]).get(number + EXPLANATION) or {}
            if feature not in [reason["feature"] for reason in shown.get("reasons", [])]:
                number = feature = ""
        task = "churn" if number.startswith("churn") else "clv" if number.startswith("clv") else "propensity"
        models = scored.models.get(task, "") if kind == "wrong_reason" else "; ".join(scored.models.values())
        return Mark(
            customer_id=row["customer_id"],
            as_of=scored.as_of,
            kind=kind,  # type: ignore[arg-type]  # marks refuse what they do not know
            until=self._until(form) if kind == "snooze" else None,
            number=number if kind == "wrong_reason" else None,
            feature=feature if kind == "wrong_reason" else None,
            models=models,
            action=row.get("action"),
            cost=row.get("cost"),
        )

    def _until(self, form: dict[str, str]) -> date | None:
        if form.get("for") in SNOOZES:
            return self._desk.marks.today + timedelta(days=SNOOZES[form["for"]])
        try:
            return date.fromisoformat(form.get("until", ""))
        except ValueError:
            return None

    def _file(self, asked: Asked, scored: Scored) -> Response:
        question = Question.read(asked.parameters, scored)
        marked = self._desk.marked(scored)
        found = asked_for(scored, question, marked.rows)
        lines = as_csv(in_parts(scored, found), marked.states, Words(scored, asked.say))
        headers = {"Content-Disposition": f'attachment; filename="{file_name(scored)}"'}
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    def _message(self, asked: Asked, status: int, said: str, *, run: str = "", back: str = DESK) -> Response:
        return self._page(asked, "message.html", None, status=status, said=said, run=run, back=back)

    def _page(self, asked: Asked, template: str, scored: Scored | None, *, status: int = 200, **facts: Any) -> Response:
        words = Words(scored, asked.say) if scored else None
        page = (
            _rooms()
            .get_template(template)
            .render(
                t=asked.say,
                words=words,
                scored=scored,
                project=self._desk.project.name,
                asked=asked,
                other_models=self._desk.other_models(scored) if scored else [],
                is_behind=self._desk.table.is_behind,
                static=_static_address,
                **facts,
            )
        )
        answer = HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store", "Vary": "Cookie"})
        if asked.request.query_params.get("lang") == asked.say.language:
            answer.set_cookie(COOKIE, asked.say.language, max_age=COOKIE_SECONDS, path=DESK, httponly=True, samesite="lax")
        return answer


@cache
def _rooms() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _static_address(name: str) -> str:
    return f"{DESK}/static/{name}?v={sha256((HERE / name).read_bytes()).hexdigest()[:12]}"


def _quoted_path(request: Request) -> str:
    """The address without its query, as it can stand in a link; of what was posted, that of the page."""
    customer_id = request.path_params.get("customer_id")
    return customer_address(customer_id) if customer_id is not None else DESK


def _list_part(query: str) -> str:
    return f"?{urlencode({'list': query})}" if query else ""


def _who(request: Request) -> str:
    return str(request.scope.get(WHO) or "")
