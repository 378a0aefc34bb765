"""What the retention team does with the desk: find, open, mark, take along; by mouse, by keyboard, on a phone, without scripts."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.project import Project
from serving.desk.desk import RetentionDesk
from serving.desk.pages import desk_routes
from tests.serving.desk.company import customer, write_plan, write_project, write_scored

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
LONG = "a-name-without-any-space-that-is-longer-than-a-phone-is-wide-" * 3
ODD = ("客户/一?", "100%25 %2F", "<img src=x onerror=alert(1)>", "../../etc", "x/marks", "a#b&c=d", "'\"")
SERIOUS = ("serious", "critical")


class WithPolicy:
    """The headers under which the desk is served."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", CSP.encode())]
            await send(message)

        await self._app({**scope, "cvm_who": "lin"}, receive, add)


def write_company(folder: Path) -> Project:
    project = write_project(folder)
    rows = [
        customer(f"c{k:03d}", 0.9 - k / 200, 100.0, tier="gold" if k % 3 else "silver", life_stage="lost" if k % 5 else "loyal")
        for k in range(120)
    ]
    write_scored(
        project, [*rows, *(customer(name, 0.02) for name in ODD), customer(LONG, 0.01), customer("not eligible", None)]
    )
    write_plan(project, {f"c{k:03d}": "call" for k in range(3)})
    before = [{"customer_id": "c000", "as_of": date(2023, 10, 3), "tier": "gold", "value_at_risk": 1.0}]
    pq.write_table(pa.Table.from_pylist(before), project.folder / "before.parquet")
    return project


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    desk = RetentionDesk.open(write_company(tmp_path))
    server = uvicorn.Server(uvicorn.Config(WithPolicy(Starlette(routes=list(desk_routes(desk)))), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/desk"
    server.should_exit = True
    thread.join()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page; whatever the browser complains about fails the test."""
    found = browser.new_page(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    found.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    yield found
    found.close()
    assert complaints == []


def ids(page: Page) -> list[str]:
    return page.locator("a.open").all_inner_texts()


def test_filters_narrow_the_list_without_a_new_page(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("window.same = true")
    expect(page.locator("#count")).to_have_text("129 customers, 1 to 50 shown")
    page.select_option("#tier", "silver")
    expect(page.locator("#count")).to_have_text("40 customers, 1 to 40 shown")
    assert page.url == f"{address}?tier=silver"
    page.fill("#search", "c00")
    expect(page.locator("#count")).to_have_text("4 customers, 1 to 4 shown")
    assert page.evaluate("document.activeElement.id") == "search"
    assert ids(page) == ["c000", "c003", "c006", "c009"]
    page.fill("#search", "nobody")
    expect(page.locator("#count")).to_have_text("No customer matches these filters.")
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.locator("#count")).to_have_text("4 customers, 1 to 4 shown")


def test_heads_sort_and_keep_the_focus(page: Page, address: str) -> None:
    page.goto(address)
    head = page.locator("#sort-churn_probability")
    head.focus()
    head.press("Enter")
    expect(page.locator("th.churn_probability")).to_have_attribute("aria-sort", "descending")
    assert page.evaluate("document.activeElement.id") == "sort-churn_probability"
    page.keyboard.press("Enter")
    expect(page.locator("th.churn_probability")).to_have_attribute("aria-sort", "ascending")
    assert ids(page)[0] == LONG
    assert page.input_value("#sort") == "churn_probability"
    assert page.input_value("#way") == "asc"
    page.click("#page-next")
    expect(page.locator("#count")).to_have_text("129 customers, 51 to 100 shown")


def test_by_keyboard_alone(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "c001"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("jk/")
    assert page.input_value("#search") == "jk/"
    page.fill("#search", "")
    expect(page.locator("#count")).to_contain_text("129 customers")
    page.locator("a.open").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("c002")


def test_marked_as_done_she_leaves_the_list_and_can_come_back(page: Page, address: str) -> None:
    page.goto(f"{address}?tier=silver")
    page.click("text=c000")
    page.fill("#note", "called, will stay")
    page.click("text=Mark as done")
    expect(page.locator("#state")).to_have_text("Done")
    expect(page.locator("#state")).to_be_focused()
    expect(page.locator("ol.marks")).to_contain_text("called, will stay")
    expect(page.locator("ol.marks")).to_contain_text("lin")
    page.click("text=Back to the list")
    assert page.url == f"{address}?tier=silver"
    expect(page.locator("#count")).to_contain_text("39 customers")
    page.select_option("#marked", "done")
    expect(page.locator("#count")).to_have_text("1 customer")
    page.click("text=c000")
    page.click("text=Open again")
    expect(page.locator("#state")).to_have_text("Open")
    page.click("summary:has-text('Snooze')")
    page.click("text=1 week")
    expect(page.locator("#state")).to_contain_text("Snoozed until")
    page.click("summary:has-text('A reason is wrong')")
    page.select_option("#reason", "churn_probability|feature_1")
    page.click("text=Say that it is wrong")
    expect(page.locator("ol.marks")).to_contain_text("feature_1")


def test_the_language_goes_with_the_reader(page: Page, address: str) -> None:
    page.goto(f"{address}?tier=gold")
    page.click("#language-zh")
    expect(page.locator("h1")).to_have_text("工作列表")
    assert page.input_value("#tier") == "gold"
    page.locator("a.open").first.click()
    expect(page.locator("h2").first).to_have_text("未来预测")
    page.click("#language-en")
    expect(page.locator("h2").first).to_have_text("What lies ahead")


def test_the_language_link_follows_the_filters(page: Page, address: str) -> None:
    page.goto(address)
    page.select_option("#tier", "silver")
    expect(page.locator("#count")).to_contain_text("40 customers")
    page.click("#language-zh")
    expect(page.locator("#count")).to_contain_text("共40位客户")


def test_the_list_is_taken_along_as_it_is(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(address)
    page.select_option("#action", "call")
    expect(page.locator("#count")).to_contain_text("3 customers")
    with page.expect_download() as waiting:
        page.click("a.export")
    assert waiting.value.suggested_filename == "small_2024-01-01.csv"
    waiting.value.save_as(tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert [row[0] for row in csv.reader(lines)] == ["Customer", "c000", "c001", "c002"]


@pytest.mark.parametrize("width", [1440, 1024, 768, 390, 320])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_wider_than_the_screen(page: Page, address: str, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("", "/customers/c000", f"/customers/{LONG}"):
        page.goto(f"{address}{path}?lang={language}&sort=value_at_risk&way=asc")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


@pytest.mark.parametrize("name", ODD)
def test_odd_names_open(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.fill("#search", name)
    expect(page.locator("#count")).to_have_text("1 customer")
    page.locator("a.open").press("Enter")
    expect(page.locator("h1")).to_have_text(name)
    page.click("text=Mark as done")
    expect(page.locator("#state")).to_have_text("Done")


def test_leaving_the_search_does_not_ask_again(page: Page, address: str) -> None:
    """An answer that came after a customer was opened would take the reader back to the list."""
    page.goto(address)
    page.fill("#search", "c000")
    expect(page.locator("#count")).to_have_text("1 customer")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("a.open").focus()
    page.wait_for_timeout(600)
    assert asked == []


def test_without_scripts_everything_works(browser: Browser, address: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    page.select_option("#tier", "silver")
    page.click("text=Show")
    assert page.inner_text("#count") == "40 customers, 1 to 40 shown"
    page.click("#sort-customer_id")
    assert ids(page)[:2] == ["c000", "c003"]
    page.click("text=c003")
    page.fill("#note", "by post")
    page.click("text=Mark as done")
    assert page.inner_text("#state") == "Done"
    assert page.url.endswith("#marks")
    page.click("text=Back to the list")
    assert page.inner_text("#count") == "39 customers, 1 to 39 shown"
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", ["", "/customers/c000", "/customers/not%20eligible"])
def test_nothing_keeps_anybody_out(browser: Browser, address: str, path: str, language: str, scheme: str) -> None:
    """By axe-core, which is put into the page past the content policy."""
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}{path}?lang={language}")
    for summary in page.locator("summary").all():
        summary.click()
    found = Axe().run(page).response["violations"]
    context.close()
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found if one["impact"] in SERIOUS] == []
