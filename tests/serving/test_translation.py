"""The report in Chinese: every text has a message, and a message keeps the values of its text."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection

import pytest

from serving.report.build import report_file
from serving.report.translation import FILE, SLOT, Chinese, shown_texts
from tests.serving.conftest import Demo

CHINESE = Chinese({"risk of leaving": "流失风险", "orders": "orders", "bags": "bags", "EUR": "EUR"})
STAYS = re.compile(  # codes, versions, parameters of libraries, other languages
    r"English|AUC|CSV|[A-Z]{3}|[-\d.,]+ [A-Z]{3}|[\w]+(?:[.:-]\w+)+(?: v\d+)?|[0-9a-f]{12,16}|objective|subsample|gamma|ridge|max depth|"
    r"min child weight|colsample bytree|reg lambda|learning rate|tweedie variance power|monotone constraints"
)


@pytest.mark.parametrize(
    ("en", "zh"),
    [
        ("Summary", "摘要"),
        ("12.3 %", "12.3%"),
        ("9 Sep 2011", "2011年9月9日"),
        ("Jul 2010", "2010年7月"),
        ("9 December", "12月9日"),
        ("1 order", "1单"),
        ("94 days", "94天"),
        ("1.604 x", "1.604倍"),
        ("1,083 EUR", "1,083 EUR"),
        ("0.798 to 0.820", "0.798至0.820"),
        ("Rows of orders", "orders表的行数"),
        ("On AUC, Brier score and log-loss no difference to the best baseline can be told.", "在AUC、Brier分数、对数损失上，与最佳基线无法区分。"),
        ("Leaving means: no order within 90 days. No cost is mapped: it is revenue and not profit.", "流失指：90天内不下单。未映射成本：这是收入而非利润。"),
        ("What drives the risk of leaving", "流失风险的驱动因素"),
        (
            "Logistic regression is ahead on lift of the top tenth in 1, Brier score in 2 and log-loss in 2 of 8 categories.",
            "逻辑回归在首个十分位组的提升度（1）、Brier分数（2）、对数损失（2）上领先（共8个品类）。",
        ),
    ],
)  # fmt: skip
def test_texts_with_their_values(en: str, zh: str) -> None:
    assert CHINESE.say(en) == zh


def test_what_no_message_says_is_nothing() -> None:
    assert CHINESE.say("We went to the market to buy a hat.") is None
    assert CHINESE.say("something unheard of") is None


def test_every_message_fills_the_slots_of_its_text() -> None:
    for en, zh in tomllib.loads(FILE.read_text(encoding="utf-8")).items():
        assert set(SLOT.findall(en)) == set(SLOT.findall(zh)), en
        assert "(" not in zh or en.startswith("what the rhythm"), zh  # brackets of the language


def test_texts_of_a_page_are_read_as_they_are_seen() -> None:
    page = """<p title="a hint">one
      <b>two</b></p><script>no</script><code>no</code>
      <svg><g><text>days since</text> <text>the last order</text></g><g><text>high</text></g></svg>"""
    assert shown_texts(page) == ["a hint", "one", "two", "days since the last order", "high"]


def in_chinese(page: str) -> dict[str, str]:
    """The Chinese that a page brings along, by the English text."""
    (found,) = re.findall(r'<script type="application/json" id="zh">(.*?)</script>', page, flags=re.DOTALL)
    return dict(json.loads(found))


def untranslated(page: str, data: Collection[str]) -> list[str]:
    """The texts of a page that have no Chinese and should: neither codes nor words of the company's data."""
    chinese = in_chinese(page)
    missing = [text for text in shown_texts(page) if text not in chinese and re.search("[A-Za-z]", text)]
    return [text for text in missing if text not in data and not STAYS.fullmatch(text)]


@pytest.fixture(scope="module")
def page(demo: Demo) -> str:
    """The report of the main job."""
    return report_file(demo.project).read_text(encoding="utf-8")


def test_every_text_of_the_report_is_there_in_chinese(page: str, demo: Demo) -> None:
    assert untranslated(page, {*demo.manifest.categories, *demo.manifest.tables}) == []


def test_numbers_are_the_same_in_both_languages(page: str) -> None:
    chinese = in_chinese(page)
    assert len(chinese) > 500
    for en, zh in chinese.items():
        assert numbers(without_dates(en)) == numbers(re.sub(r"\d+年(\d+月(\d+日)?)?|\d+月\d+日", "", zh)), (en, zh)


def without_dates(text: str) -> str:
    months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    return re.sub(rf"\d{{4}}-\d\d-\d\d|(\d+ )?\b({months})\w* \d{{4}}|\d+ ({months})[a-z]*\b", "", text)


def numbers(text: str) -> list[str]:
    found = re.findall(r"\d[\d,]*\.?\d*", text)
    return sorted(one.rstrip(".,") for one in found)
