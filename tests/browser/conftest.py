"""A headless Chromium of the system, and the report of the main job in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from serving.report.build import report_file
from tests.serving.conftest import Demo
from tests.serving.conftest import demo as demo

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; on Debian it is the package chromium, elsewhere CHROMIUM names it."""
    assert CHROMIUM, "no Chromium found: install the package chromium, or name one in CHROMIUM"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield found
        found.close()


@pytest.fixture
def report(browser: Browser, demo: Demo) -> Iterator[Page]:
    """The report, open; whatever the page complains about fails the test."""
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((demo.folder / report_file(demo.project)).as_uri())
    yield page
    page.close()
    assert complaints == []
