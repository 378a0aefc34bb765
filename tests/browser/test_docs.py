"""The page of the API is readable on a phone: nothing of it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from serving.http.pages import HERE, Pages


@pytest.mark.parametrize("width", [1440, 768, 390, 320])
def test_the_page_of_the_api_fits_its_width(browser: Browser, tmp_path: Path, width: int) -> None:
    css = (HERE / "templates/pages.css").as_uri()
    (tmp_path / "docs.html").write_text(Pages().described.replace("/docs/pages.css", css), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((tmp_path / "docs.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
