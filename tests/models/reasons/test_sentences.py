"""Every feature, family and unit can be said in every language."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from features.catalogue import catalogue
from features.feature import FAMILY_ZH, Family, Unit, Words
from features.tables import CONTRACTS
from models.bundle import Bundle
from models.contract import InputColumn
from models.languages import LANGUAGES, writer
from models.reasons.sentences import Numbers, wordless


def test_every_family_has_a_chinese_name_and_every_unit_is_written_in_both_languages() -> None:
    assert set(FAMILY_ZH) == set(get_args(Family))
    for unit in get_args(Unit):
        said = [writer(unit, "EUR", language)(3.0) for language in LANGUAGES]
        assert all(said)


def test_no_feature_of_a_company_that_maps_everything_is_wordless() -> None:
    words = Words(
        windows_days=(30, 90),
        horizon_days=90,
        mapped={name: tuple(column.name for column in table.columns) for name, table in CONTRACTS.items()},
        categories=("tea",),
        kinds=("email_open", "email_click", "complaint", "survey_invite"),
        channels=("phone",),
        instruments=("nps", "csat"),
        numeric=("age",),
        levels={"plan": ("basic",)},
    )
    known = catalogue(words)
    assert len(known) > 100
    assert wordless((InputColumn.of(feature) for feature in known), ()) == []


def test_whatever_has_no_text_is_named(bundle: Bundle) -> None:
    first, *_ = bundle.contract.explained
    output = bundle.contract.outputs[0]
    assert wordless(bundle.contract.explained, bundle.contract.outputs) == []
    assert wordless([first.model_copy(update={"meaning_zh": " "})], [output.model_copy(update={"label": ""})]) == [
        f"{first.name} has no text in English and Chinese: the catalogue says '{first.meaning}' and ' ' and '{FAMILY_ZH[first.family]}'",
        f"{output.name} has no text in English and Chinese: the catalogue says '' and '{output.label_zh}'",
    ]


@pytest.mark.parametrize(
    ("code", "en", "zh"),
    [("GBP", "£1,234.50", "£1,234.50"), ("JPY", "JP¥1,234", "JP¥1,234"), ("XTS", "XTS 1,234.50", "XTS 1,234.50")],
)
def test_money_has_the_symbol_and_the_decimals_of_its_currency(code: str, en: str, zh: str) -> None:
    assert (writer("money", code, "en")(1234.5), writer("money", code, "zh")(1234.5)) == (en, zh)


@pytest.mark.parametrize("count", [3, 200])
def test_an_amount_that_rounds_to_nothing_has_no_sign_alone_or_among_many(count: int) -> None:
    numbers = np.resize([-0.004, 0.0, 0.004], count)
    said = Numbers.of(np.zeros(count, dtype=np.intp), numbers, np.array([2]))
    texts = said.said([writer("money", "EUR", "en")])
    assert {texts[place] for place in said.place} == {"€0.00"}
