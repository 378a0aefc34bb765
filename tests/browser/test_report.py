"""What an analyst does with the report: sort, take a table along, go from a figure to its customers, read it on a phone, print."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page

from features.snapshots import load_snapshot
from models.bundle import CHURN
from serving.scoring.everybody import predictions_file
from tests.serving.conftest import Demo


def column(table: Locator, number: int) -> list[str]:
    return table.locator(f"tbody tr > :nth-child({number})").all_inner_texts()


def downloaded(page: Page, button: str, folder: Path) -> list[list[str]]:
    """The rows of the CSV that a click on a button brings."""
    with page.expect_download() as waiting:
        page.click(button)
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


def test_a_click_on_a_head_sorts_and_another_one_turns_round(report: Page) -> None:
    table = report.locator("#company .parts").first
    assert column(table, 1) == ["platinum", "gold", "silver", "bronze"]
    head = table.locator("thead th").nth(2)
    head.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(table, 1) == ["platinum", "gold", "silver", "bronze"]
    head.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column(table, 1) == ["bronze", "silver", "gold", "platinum"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_days_are_sorted_as_days(report: Page, language: str) -> None:
    report.click(f'[data-language="{language}"]')
    table = report.locator("#data table").last
    days = table.locator("tbody time")
    in_order = [day.get_attribute("datetime") for day in days.all()]
    assert in_order == sorted(in_order)
    head = table.locator("thead th").first
    for turns in (in_order, in_order[::-1]):
        head.click()
        assert [day.get_attribute("datetime") for day in days.all()] == turns


def test_every_table_can_be_taken_along_as_csv(report: Page, tmp_path: Path) -> None:
    tables = report.locator(".box > table").count()
    assert report.locator("button.csv").count() == tables > 15
    rows = downloaded(report, "#drift button.csv", tmp_path)
    assert rows[0] == [
        "feature",
        "stability index",
        "verdict",
        "median then",
        "median now",
        "missing then (%)",
        "missing now (%)",
    ]
    assert [row[0] for row in rows[1:]] == column(report.locator("#drift table"), 1)


def test_in_a_csv_numbers_are_numbers_and_their_unit_is_in_the_head(report: Page, tmp_path: Path) -> None:
    shown = report.locator("#company .parts").first
    head, *rows = downloaded(report, "#company .box:has(.parts) button.csv >> nth=0", tmp_path)
    assert (head[1], head[3], head[7]) == ("above (£)", "share (%)", "expected value (£)")
    assert [row[1] for row in rows] == [one.strip("£-").replace(",", "") for one in column(shown, 2)]
    assert [float(row[7]) for row in rows] == [float(one.strip("£").replace(",", "")) for one in column(shown, 8)]


def test_a_figure_leads_to_the_customers_behind_it(report: Page, demo: Demo, tmp_path: Path) -> None:
    snapshot = load_snapshot(demo.project, demo.manifest.scored_at)
    returned = snapshot[(snapshot["refund_count"] > 0) & (snapshot["order_day_count"] > 0)]
    report.click('#company a[href="#customers?refund-rate"]')
    report.wait_for_function("document.querySelector('#customers select').value === 'refund-rate'")
    assert report.inner_text("#customers .told") == f"{len(returned):,} / {len(returned):,}"
    rows = downloaded(report, "#customers button.csv", tmp_path)
    assert {row[0] for row in rows[1:]} == set(returned["customer_id"])
    scored = pd.read_parquet(predictions_file(demo.project), columns=["customer_id", CHURN]).set_index("customer_id")[CHURN]
    for customer_id, risk, *_ in rows[1:50]:
        assert float(risk) == pytest.approx(scored[customer_id], abs=1e-4)


def test_the_list_of_customers_is_searched_sorted_and_read_on(report: Page) -> None:
    assert len(column(report.locator("#customers table"), 1)) == 50
    report.click("#customers .more")
    assert len(column(report.locator("#customers table"), 1)) == 100
    report.click("#customers thead th >> nth=1")
    risks = [float(said.removesuffix(" %")) for said in column(report.locator("#customers table"), 2)]
    assert risks == sorted(risks, reverse=True)
    wanted = column(report.locator("#customers table"), 1)[7]
    report.fill("#customers input", wanted)
    assert column(report.locator("#customers table"), 1) == [wanted]


@pytest.mark.parametrize("width", [1440, 768, 390])
def test_nothing_hangs_over_the_side(report: Page, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 900})
    assert report.evaluate("document.documentElement.scrollWidth") <= width


def test_it_prints_on_pages_without_buttons(report: Page, tmp_path: Path) -> None:
    report.emulate_media(media="print")
    assert not report.locator("button.csv").first.is_visible()
    report.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 100_000


def test_without_scripts_it_can_be_read_and_says_what_is_missing(report: Page) -> None:
    context = report.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(report.url)
    assert page.inner_text("#customers noscript") == "The list needs JavaScript; predictions.parquet has the same customers."
    assert page.locator("#company table").first.is_visible()
    context.close()


def test_the_page_speaks_chinese_at_a_press_and_english_again(report: Page) -> None:
    english = report.inner_text("main")
    report.click('[data-language="zh"]')
    assert report.get_attribute("html", "lang") == "zh-Hans"
    assert report.inner_text("#company h2") == "公司概况"
    assert column(report.locator("#company .parts").first, 1) == ["铂金级", "金级", "银级", "铜级"]
    assert report.inner_text("#customers thead th >> nth=1") == "流失风险"
    assert "使流失风险" in report.inner_text("#scored .risk")
    assert "流失风险的驱动因素" in report.inner_text("#churn")
    assert column(report.locator("#customers table"), 2)[0].endswith("%")
    assert " %" not in report.inner_text("main")
    report.click('[data-language="en"]')
    assert report.get_attribute("html", "lang") == "en"
    assert report.inner_text("main") == english


def test_the_address_may_ask_for_chinese(report: Page) -> None:
    report.goto(f"{report.url}?lang=zh")
    assert report.title().endswith("客户价值")
    assert report.inner_text("#summary h2") == "摘要"


def test_a_table_is_taken_along_in_the_language_of_the_page(report: Page, tmp_path: Path) -> None:
    report.locator('[data-language="zh"]').press("Enter")
    rows = downloaded(report, "#drift button.csv", tmp_path)
    assert rows[0] == ["特征", "稳定性指数（PSI）", "判断", "当时中位数", "现在中位数", "当时缺失 (%)", "现在缺失 (%)"]
    customers = downloaded(report, "#customers button.csv", tmp_path)
    assert customers[0][:2] == ["客户", "流失风险"]
    report.locator('[data-language="en"]').press("Enter")
    assert downloaded(report, "#drift button.csv", tmp_path)[0][0] == "feature"


def test_the_chosen_language_is_kept(report: Page) -> None:
    report.click('[data-language="zh"]')
    report.reload()
    assert report.inner_text("#summary h2") == "摘要"
    report.click('[data-language="en"]')
    report.reload()
    assert report.inner_text("#summary h2") == "Summary"


def test_a_reader_of_chinese_is_greeted_in_chinese(report: Page) -> None:
    context = report.context.browser.new_context(locale="zh-CN")  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(report.url)
    assert page.inner_text("#summary h2") == "摘要"
    context.close()


def test_customer_ids_are_nobodys_language(report: Page) -> None:
    ids = column(report.locator("#scored .risk"), 1)
    report.click('[data-language="zh"]')
    assert column(report.locator("#scored .risk"), 1) == ids


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_hangs_over_the_side_in_chinese(report: Page, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 900})
    report.click('[data-language="zh"]')
    assert report.evaluate("document.documentElement.scrollWidth") <= width
