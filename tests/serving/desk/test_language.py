"""Every text of the desk has its Chinese, and no Chinese is left over."""

from __future__ import annotations

import re
from pathlib import Path

import serving.desk.language
from serving.desk.language import Texts, catalogue, language_of

HERE = Path(serving.desk.language.__file__).parent
IN_CODE = re.compile(r'\b(?:text|say|self)\(\s*"((?:[^"\\]|\\.)*)"')
IN_PAGES = re.compile(r"""\bt\(\s*(?:"([^"]*)"|'([^']*)')""")
SLOT = re.compile(r"\{\w+\}")


def texts() -> set[str]:
    code = (found for file in HERE.glob("*.py") for found in IN_CODE.findall(file.read_text(encoding="utf-8")))
    pages = (
        first or second for file in HERE.glob("*.html") for first, second in IN_PAGES.findall(file.read_text(encoding="utf-8"))
    )
    return {*code, *pages}


def test_every_text_has_its_chinese_and_none_is_left_over() -> None:
    assert texts() == set(catalogue())


def test_the_slots_are_the_same_and_the_chinese_is_chinese() -> None:
    for english, chinese in catalogue().items():
        assert sorted(SLOT.findall(english)) == sorted(SLOT.findall(chinese)), english
        assert re.search("[\u4e00-\u9fff]", chinese) or not re.search("[A-Za-z]", SLOT.sub("", english)), english


def test_templates_have_no_text_of_their_own() -> None:
    for file in HERE.glob("*.html"):
        bare = re.sub(
            r"\{% set.*?endset %\}|\{%.*?%\}|\{\{.*?\}\}|<code[^>]*>.*?</code>|<[^>]+>",
            " ",
            file.read_text(encoding="utf-8"),
            flags=re.S,
        )
        assert set(re.findall("[A-Za-z]{2,}", bare)) <= {"English", "UTC"}, file.name


def test_the_address_goes_before_what_is_remembered() -> None:
    assert [language_of(*wishes) for wishes in (("zh", "en"), (None, "zh"), ("fr", "zh"), (None, None), ("", "x"))] == [
        "zh",
        "zh",
        "zh",
        "en",
        "en",
    ]


def test_an_amount_that_reads_as_nothing_has_no_sign() -> None:
    say = Texts("en", "EUR")
    assert [say.signed_money(value) for value in (0.0, -0.004, 0.004, -0.006, 2.5)] == [
        "€0.00",
        "€0.00",
        "€0.00",
        "−€0.01",
        "+€2.50",
    ]
