"""One customer's page, marks made on it, and the export; names as odd as names can be."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from features.project import Project
from features.snapshots import Manifest, snapshot_folder
from serving.desk.desk import RetentionDesk
from serving.desk.pages import desk_routes
from tests.serving.desk.company import AS_OF, MODELS, customer, explained, visit, write_plan, write_project, write_scored

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)
ODD = [
    "<script>alert(1)</script>",
    "a/b//c",
    "../up",
    "what?x=1&y#z",
    "100% sure",
    "two\nlines",
    "ends with a line\n",
    "客户 一",
    'o\'neill "quoted"',
    "x/marks",
    "{{ 7*7 }}{n}",
    "semi;colon",
    " spaces ",
]


def links(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'class="open" href="([^"]*)"', page)]


@pytest.mark.parametrize("name", ODD)
def test_any_name_is_a_link_that_leads_to_its_customer(tmp_path: Path, name: str) -> None:
    project = write_project(tmp_path)
    write_scored(
        project,
        [
            customer(name, churn_probability_explanation=explained(30, [10], 10, said="<b>bold</b> & {x}")),
            customer("other", 0.1),
        ],
    )
    browser = visit(project)
    page = browser.get("/desk").text
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    answer = browser.get(links(page)[0])
    assert answer.status_code == 200
    assert (
        f'<h1 translate="no">{html.escape(name, quote=True).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")}</h1>'
        in answer.text
    )
    assert "<b>bold" not in answer.text
    (action,) = set(re.findall(r'action="([^"]*/marks[^"]*)" method="post"', answer.text))
    marked = browser.post(html.unescape(action), data={"kind": "done", "note": name})
    assert marked.status_code == 303
    again = browser.get(marked.headers["location"].partition("#")[0])
    assert 'class="state done"' in again.text
    assert links(browser.get("/desk").text) == ["/desk/customers/other"]
    assert len(links(browser.get("/desk?marked=done").text)) == 1


def test_a_customer_nobody_knows_is_a_page_with_the_way_back(project: Project) -> None:
    answer = visit(project).get("/desk/customers/nobody?" + urlencode({"list": "tier=gold&page=2&evil=1"}))
    assert answer.status_code == 404
    assert 'href="/desk?tier=gold&amp;page=2"' in answer.text


def test_who_is_not_eligible_has_a_page_with_the_why(project: Project) -> None:
    answer = visit(project).get("/desk/customers/dora")
    assert answer.status_code == 200
    assert "no order in 400 days" in answer.text
    assert "this customer is not eligible" in answer.text


def test_the_bars_and_the_figures_sum_to_the_number(project: Project) -> None:
    page = visit(project).get("/desk/customers/anna").text
    amounts = re.findall(r'class="amount">([^<]*)<', page)[:5]
    assert amounts == ["30 %", "+15.0 points", "+10.0 points", "+35.0 points", "90 %"]
    bars = [
        tuple(map(float, found)) for found in re.findall(r'x="([\d.]+)" width="([\d.]+)" height="10"/><rect class="zero"', page)
    ]
    assert bars == [(0.0, 33.33), (33.33, 16.67), (50.0, 11.11), (61.11, 38.89), (0.0, 100.0)]


def test_what_nobody_knows_is_said_with_the_reason(project: Project) -> None:
    page = visit(project).get("/desk/customers/anna").text
    assert "nobody records who brought whom" in page
    assert "There is no snapshot a horizon earlier to compare with." in page
    assert "What happened was not written when this table was scored" in page


def test_the_action_says_what_it_is_based_on(project: Project) -> None:
    write_plan(project, {"anna": "call", "bert": "none"})
    browser = visit(project)
    page = browser.get("/desk/customers/anna").text
    assert all(
        said in page for said in ("phone call", "£3.00", "£7.50", "assumed", "believed to save 20 % of the value at risk")
    )
    assert "None: within the budget nothing pays" in browser.get("/desk/customers/bert").text
    page = browser.get("/desk/customers/anna?lang=zh").text
    assert all(said in page for said in ("电话回访", "假定", "20%的在险价值"))


def test_the_language_asked_for_is_remembered(project: Project) -> None:
    browser = visit(project)
    assert '<html lang="en">' in browser.get("/desk").text
    answer = browser.get("/desk?lang=zh&tier=gold")
    assert "lang=zh" in answer.headers["set-cookie"]
    assert "流失风险" in browser.get("/desk/customers/anna").text
    assert 'href="/desk?lang=en&amp;tier=gold"' in answer.text.replace("tier=gold&amp;lang=en", "lang=en&amp;tier=gold")
    assert '<html lang="en">' in browser.get("/desk?lang=en").text
    assert '<html lang="zh-Hans">' in browser.get("/desk?lang=zh&lang=zh").text
    assert browser.get("/desk?lang=<b>").status_code == 200


def test_snoozed_until_a_day_and_then_open(project: Project) -> None:
    at = [NOW]
    browser = visit(project, clock=lambda: at[0])
    for form, day in (
        ({"for": "week"}, "17 Jan 2024"),
        ({"for": "month"}, "9 Feb 2024"),
        ({"for": "day", "until": "2024-03-01"}, "1 Mar 2024"),
    ):
        assert browser.post("/desk/customers/anna/marks", data={"kind": "snooze", **form}).status_code == 303
        assert f"Snoozed until {day}" in browser.get("/desk/customers/anna").text
    assert "anna" not in "".join(links(browser.get("/desk").text))
    assert "snoozed until 1 Mar 2024" in browser.get("/desk?marked=snoozed").text
    at[0] += timedelta(days=60)
    assert "anna" in "".join(links(browser.get("/desk").text))
    assert links(browser.get("/desk?marked=snoozed").text) == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "snooze", "until": "2024-01-10"}, "still to come"),
        ({"kind": "snooze", "until": "tomorrow"}, "still to come"),
        ({"kind": "wrong_reason", "reason": "churn_probability|invented"}, "Choose the reason"),
        ({"kind": "wrong_reason", "reason": "customer_id|x"}, "Choose the reason"),
        ({"kind": "drop"}, "cannot be marked"),
        ({}, "cannot be marked"),
        ({"kind": "done", "note": "x" * 2001}, "too long"),
    ],
)
def test_a_refused_mark_says_why_and_keeps_the_note(project: Project, form: dict[str, str], said: str) -> None:
    answer = visit(project, clock=lambda: NOW).post("/desk/customers/anna/marks", data={"note": "kept", **form})
    assert answer.status_code == 422
    assert said in answer.text
    assert ">kept</textarea>" in answer.text or "note" in form
    assert not (project.folder / "desk.sqlite").exists()


def test_a_wrong_reason_is_kept_with_who_said_it(project: Project) -> None:
    app = Starlette(routes=list(desk_routes(RetentionDesk.open(project, clock=lambda: NOW))))

    async def let_in(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "cvm_who": "Lin <lin>"}, receive, send)

    browser = TestClient(let_in, follow_redirects=False)
    browser.post(
        "/desk/customers/anna/marks",
        data={"kind": "wrong_reason", "reason": "churn_probability|feature_1", "note": "she moved\r\nhouse"},
    )
    page = browser.get("/desk/customers/anna").text
    assert all(
        said in page for said in ("Wrong reason", "feature_1", "she moved\nhouse", "Lin &lt;lin&gt;", "10 Jan 2024, 12:00 UTC")
    )
    assert [link.partition("?")[0] for link in links(browser.get("/desk?marked=wrong_reason").text)] == ["/desk/customers/anna"]
    assert "/desk/customers/anna" in "".join(links(browser.get("/desk").text))


def test_marks_are_posted_and_nothing_else_is(project: Project) -> None:
    browser = visit(project)
    assert browser.get("/desk/customers/anna/marks").status_code == 404  # nobody of that name
    assert browser.post("/desk").status_code == 405
    assert browser.post("/desk/customers/nobody/marks", data={"kind": "done"}).status_code == 404
    assert not (project.folder / "desk.sqlite").exists()


@pytest.mark.parametrize("odd", ["%00", "%ED%A0%80", "%FF", "%F0%9F%98%80", "a" * 5000])
def test_odd_bytes_find_nobody_and_break_nothing(project: Project, odd: str) -> None:
    browser = visit(project)
    assert browser.get(f"/desk?search={odd}&tier={odd}&page={odd}&sort={odd}").status_code == 200
    assert browser.get(f"/desk/customers/{odd}?list={odd}").status_code == 404
    assert browser.get(f"/desk/export.csv?search={odd}").status_code == 200
    note = f"kind=done&note={odd[:2000]}".encode()
    assert browser.post("/desk/customers/anna/marks", content=note).status_code == 303
    assert browser.get("/desk/customers/anna").status_code == 200


def test_static_files_are_those_of_the_page(project: Project) -> None:
    browser = visit(project)
    for name in re.findall(r'"(/desk/static/[^"]*)"', browser.get("/desk").text):
        assert browser.get(name).status_code == 200
    for name in ("pages.py", "zh.toml", "..%2Fbatch.py", "desk.css%00"):
        assert browser.get(f"/desk/static/{name}").status_code == 404


def test_pages_keep_to_a_strict_content_policy(project: Project) -> None:
    for path in ("/desk", "/desk/customers/anna", "/desk/customers/nobody"):
        page = visit(project).get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:|https?://", page)


def rows_of(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_the_export_is_the_list_as_it_is_asked_for(project: Project) -> None:
    write_plan(project, {"bert": "call"})
    browser = visit(project)
    answer = browser.get("/desk/export.csv?sort=customer_id&way=desc&eligible=yes&page=2")
    assert answer.headers["content-disposition"] == 'attachment; filename="small_2024-01-01.csv"'
    head, *rows = rows_of(answer.text)
    assert head[:4] == ["Customer", "Eligible", "Not eligible because", "Risk of leaving"]
    assert [row[0] for row in rows] == ["carl", "bert", "anna"]
    by_title = dict(zip(head, rows[1], strict=True))
    assert by_title["Suggested action"] == "phone call"
    assert float(by_title["Value at risk"]) == 50.0
    assert by_title["Marked"] == "open"
    head, *rows = rows_of(browser.get("/desk/export.csv?lang=zh").text)
    assert "在险价值" in head
    assert len(rows) == 4


def test_the_export_holds_no_formulas_and_every_name_whole(tmp_path: Path) -> None:
    names = ["=cmd|' /C calc'!A0", "+1", "-2", "@sum", "\tx", "\rx", 'with "quotes", and comma', "two\nlines", "客户"]
    project = write_project(tmp_path)
    write_scored(project, [customer(name, 0.5, float(1000 - k), tier="=gold") for k, name in enumerate(names)])
    _, *rows = rows_of(visit(project).get("/desk/export.csv").text)
    assert [row[0] for row in rows] == [f"'{name}" if name[0] in "=+-@\t\r" else name for name in names]
    assert all("'=gold" in row for row in rows)


@pytest.mark.parametrize(
    ("mapped", "said"),
    [("orders", "no order for {} days"), ("subscriptions", "no subscription after {} days"), ("labels", "within {} days")],
)
def test_the_risk_says_what_it_is_of(project: Project, whole_company: tuple[Project, Manifest], mapped: str, said: str) -> None:
    manifest = whole_company[1]
    words = manifest.words.model_copy(update={"mapped": {mapped: ("customer_id", "churned")}})
    (folder := snapshot_folder(project)).mkdir(parents=True)
    (folder / "manifest.json").write_text(manifest.model_copy(update={"words": words}).model_dump_json(), encoding="utf-8")
    write_scored(project, [customer("ada", 0.5, churn_probability_30d=0.3)])
    page = visit(project).get("/desk/customers/ada").text
    assert all(said.format(days) in page for days in (30, manifest.horizon_days))


def test_a_horizon_ago_is_shown_beside_now(project: Project) -> None:
    rows = [{"customer_id": "anna", "as_of": date(2023, 10, 3), "tier": "silver", "life_stage": "loyal", "value_at_risk": 10.0}]
    pq.write_table(pa.Table.from_pylist(rows), project.folder / "before.parquet")
    alert = {
        "customer_id": "anna",
        "then": "silver",
        "now": "gold",
        "rose": True,
        "moved": 5.0,
        "reason": "more orders",
        "reason_zh": "订单增加",
        "as_of": AS_OF,
    }
    pq.write_table(pa.Table.from_pylist([alert]), project.folder / "alerts.parquet")
    part = {"customers": 1, "sums": {}, "mean_score": None}
    tiers = [{"name": "silver", "name_zh": "银级", **part}, {"name": "gold", "name_zh": "金级", **part}]
    report = {
        "as_of": str(AS_OF),
        "models": MODELS,
        "before": "2023-10-03",
        "horizon_days": 365,
        "discount_rate_per_year": 0.1,
        "unrecorded": [],
        "influence_unknown": "nobody records who brought whom (tables.customers.referred_by)",
        "totals": {},
        "equity": None,
        "movement": None,
        "tiers": None,
        "groupings": [{"kind": "tier", "parts": tiers, "migration": None}],
        "score": None,
        "alerts": 1,
        "figures": [],
    }
    (project.folder / "value.json").write_text(json.dumps(report), encoding="utf-8")
    browser = visit(project)
    page = browser.get("/desk/customers/anna").text
    assert "Since 3 Oct 2023" in page
    assert "<td>silver</td><td>gold</td>" in page
    assert "<td>£10.00</td><td>£90.00</td>" in page
    assert "Another tier, because: more orders." in page
    assert "Not known as a customer on 3 Oct 2023." in browser.get("/desk/customers/bert").text
    page = browser.get("/desk/customers/anna?lang=zh").text
    assert "<td>银级</td><td>金级</td>" in page
    assert "订单增加" in page
    choices = re.findall(r'<option value="(\w+)">(\w+级)</option>', browser.get("/desk").text)
    assert choices == [("gold", "金级"), ("silver", "银级")]
    pq.write_table(pa.Table.from_pylist([alert | {"as_of": date(2024, 1, 31)}]), project.folder / "alerts.parquet")
    assert "more orders" not in browser.get("/desk/customers/anna?lang=en").text  # of a table that has come since
    for name in ("alerts.parquet", "before.parquet"):
        (project.folder / name).write_bytes(b"damaged")
        assert browser.get("/desk/customers/anna").status_code == 200
