"""Whatever a report may say is there in Chinese, for any company; and the catalogue has nothing that no report says."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from features.snapshots import Manifest
from serving.report.build import report_file
from serving.report.page import own_chinese
from serving.report.shown import shown_texts
from serving.report.translation import Chinese, catalogue
from tests.serving.conftest import Demo
from tests.serving.report.kinds_of_pages import Shown, pages, sayings
from tests.serving.report.made_up_report import EVIL
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import snapshot as snapshot
from tests.serving.report.test_translation import STAYS, half_translated, values

BROUGHT = (  # by the company's data
    "tea & toys", "tea", "toys", "card", "pianos", "harps", "bags", "made_up", EVIL,
    "churnxxxxxxxxxxx", "clvxxxxxxxxxxxxx", "propensityxxxxxx", "f" * 16, "3 trials & more",
)  # fmt: skip
COLUMN = re.compile(r"\w+ \(\w+\)|(?<=（)\w+(, \w+)?(?=）有)", re.ASCII)  # and its expression


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest, snapshot: pd.DataFrame) -> list[Shown]:
    return [*pages(tmp_path_factory.mktemp("pages"), manifest, snapshot), sayings()]


def translated(one: Shown) -> dict[str, str | None]:
    chinese = Chinese({word: word for word in BROUGHT} | dict(one.known))
    return {text: chinese.say_text(text) for text in one.texts}


def test_every_text_is_there_in_chinese(shown: list[Shown]) -> None:
    missing = {en for one in shown for en, zh in translated(one).items() if zh is None and re.search("[A-Za-z]", en)}
    assert "\n".join(sorted(en for en in missing if en not in BROUGHT and not STAYS.fullmatch(en))) == ""


def test_no_english_is_left_within_chinese(shown: list[Shown]) -> None:
    found = {en: COLUMN.sub("", zh) for one in shown for en, zh in translated(one).items() if zh and zh != en}
    names = ("orders", "customers", "labels", "subscriptions", "acquired_at", "once_per", "propensity")
    names += ("spend_sum", "visits", "recorded_at", "assignment")
    assert "\n".join(sorted(set(half_translated(found, (*BROUGHT, *names))))) == ""


def test_values_are_the_same_in_both_languages(shown: list[Shown]) -> None:
    pairs = {(en, zh) for one in shown for en, zh in translated(one).items() if zh and one.known.get(en) != zh}
    assert "\n".join(f"{en} = {zh}" for en, zh in sorted(pairs) if values(en) != values(zh)) == ""


def test_every_message_is_said_by_some_page(shown: list[Shown], demo: Demo) -> None:
    html = report_file(demo.project).read_text(encoding="utf-8")
    known = own_chinese(demo.models) | {"orders": "orders", "GBP": "GBP"}
    numbered = {en: f"{zh}⟦{place}⟧" for place, (en, zh) in enumerate(catalogue().items())}
    said = ""
    for one in (*shown, Shown(tuple(shown_texts(html)), known)):
        chinese = Chinese(one.known, numbered)
        said += "".join(chinese.say_text(text) or "" for text in one.texts)
    places = {int(place) for place in re.findall(r"⟦(\d+)⟧", said)}
    assert "\n".join(en for place, en in enumerate(numbered) if place not in places) == ""
