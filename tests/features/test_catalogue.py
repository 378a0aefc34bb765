"""The catalogue and the snapshot hold the same features, and each one is explained in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import ibis
import pandas as pd
import pytest

from features.catalogue import catalogue, make_facts, steps_and_features
from features.catalogue_page import EVERYTHING, catalogue_page
from features.definitions import Ratio, Sum, columns_read
from features.feature import FAMILY_ZH, Family, Feature, Unit, Words, step
from features.problems import BadConfig
from tests.features.made_up import REQUIRED, SCHEMA, line, snapshot

WINDOWS_DAYS = (7, 30, 365)
CATEGORIES = ("Tea & Baking", "toys")
OPTIONAL = ("recorded_at", "product_id", "category", "quantity")
ORDERS = ibis.table(SCHEMA, name="orders")
WORDS = Words(windows_days=WINDOWS_DAYS, horizon_days=45, mapped={"orders": tuple(SCHEMA)})


def described(mapped: tuple[str, ...], categories: tuple[str, ...] = CATEGORIES) -> tuple[Feature, ...]:
    words = Words(windows_days=WINDOWS_DAYS, horizon_days=45, categories=categories, mapped={"orders": mapped})
    return catalogue(words)


@pytest.mark.parametrize("left_out", [None, *OPTIONAL])
def test_the_columns_of_a_snapshot_are_the_names_in_the_catalogue_in_order(left_out: str | None) -> None:
    columns = tuple(column for column in SCHEMA if column != left_out)
    categories = CATEGORIES if "category" in columns else ()
    lines = [line("ada", "2021-01-01", 10, category="toys", product_id="p", quantity=1)]
    rows = snapshot(lines, "2021-02-01", windows_days=WINDOWS_DAYS, horizon_days=45, categories=categories, columns=columns)
    names = [feature.name for feature in described(columns, categories)]
    assert list(rows.columns) == ["customer_id", "as_of", "not_eligible_because", *names]
    assert set(rows.dtypes[3:].astype(str)) == {"float64"}


def test_every_name_is_there_once() -> None:
    names = [feature.name for feature in catalogue(EVERYTHING)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("feature", catalogue(EVERYTHING), ids=lambda feature: feature.name)
def test_every_feature_has_a_meaning_in_both_languages_a_unit_and_a_family(feature: Feature) -> None:
    assert feature.meaning.strip()
    assert any("一" <= sign <= "鿿" for sign in feature.meaning_zh) or feature.meaning == feature.meaning_zh == "attribute"
    assert feature.unit in get_args(Unit)
    assert feature.family in get_args(Family)
    assert all(EVERYTHING.has(need) for need in feature.needs)


def test_every_family_has_a_name_in_chinese() -> None:
    assert set(FAMILY_ZH) == set(get_args(Family))
    assert all(FAMILY_ZH.values())


def test_windows_horizon_and_categories_stand_in_the_names_and_meanings() -> None:
    by_name = {feature.name: feature for feature in described(tuple(SCHEMA))}
    assert "7 days" in by_name["order_count_7d"].meaning
    assert "45 days" in by_name["spend_sum_same_45d_last_year"].meaning
    assert "Tea & Baking" in by_name["spend_sum_365d_of_tea_baking"].meaning
    assert "Tea & Baking" in by_name["spend_sum_365d_of_tea_baking"].meaning_zh


def test_features_of_columns_that_are_not_mapped_are_absent() -> None:
    names = {feature.name for feature in described(REQUIRED)}
    absent = {feature.name for feature in described(tuple(SCHEMA))} - names
    assert absent == {
        "quantity_per_order",
        "product_count",
        "category_count",
        "price_rise_count",
        "units_after_over_before_price_rise",
    } | {
        f"{stem}_of_{category}"
        for stem in ("order_count_365d", "spend_sum_365d", "days_since_last_order")
        for category in ("tea_baking", "toys")
    }


def test_a_chosen_family_brings_its_features_and_no_others() -> None:
    names = [feature.name for feature in catalogue(EVERYTHING.model_copy(update={"families": ("rhythm",)}))]
    assert names == ["gap_days_mean", "gap_days_std", "gap_days_max", "overdue_ratio"]


def test_everything_a_feature_follows_from_is_computed_before_it() -> None:
    there: set[str] = set()
    for feature in steps_and_features(EVERYTHING):
        assert set(columns_read(feature.definition)) <= there, feature.name
        there.add(feature.name)
    assert {feature.name for feature in catalogue(EVERYTHING)} <= there


def test_only_the_facts_that_are_needed_are_made() -> None:
    recency = steps_and_features(EVERYTHING.model_copy(update={"families": ("recency",)}))
    assert list(make_facts(recency, {"orders": ORDERS}, WORDS)) == ["orders"]


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("orders.spent", r"feature wrong: no facts have the measure orders\.spent; did you mean 'orders\.spend'\?"),
        ("zzz.spend", r"feature wrong: no facts have the measure zzz\.spend"),
    ],
)
def test_a_measure_that_no_facts_have_is_said_with_the_feature_that_reads_it(measure: str, said: str) -> None:
    features = (step("right", Sum("orders.spend")), step("wrong", Sum(measure)))
    with pytest.raises(ValueError, match=said):
        make_facts(features, {"orders": ORDERS}, WORDS)


def test_a_column_that_nothing_computes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    ratio = Feature("ratio", "rhythm", "ratio", "a ratio", "比率", Ratio("order_count", "visit_count"))
    monkeypatch.setattr(
        "features.catalogue.FAMILIES", (("orders", lambda _: [step("order_count", Sum("orders.order_count")), ratio]),)
    )
    with pytest.raises(ValueError, match="features follow from visit_count: no feature and no step before them"):
        steps_and_features(WORDS)


def test_the_page_of_features_is_what_the_catalogue_says() -> None:
    page = Path(__file__).parents[2] / "docs" / "features.md"
    assert page.read_text(encoding="utf-8") == catalogue_page(), "python -m features catalogue > docs/features.md"


@pytest.mark.parametrize("optional", [(), ("recorded_at",), ("quantity", "product_id")])
def test_unmapped_columns_change_no_other_feature(optional: tuple[str, ...]) -> None:
    lines = [
        line("ada", "2012-01-01", 10, "1", product_id="p1", category="toys", quantity=2.0),
        line("ada", "2012-01-01", 5, "1", product_id="p2", quantity=1.0),
        line("ada", "2012-02-01", -5, "2", category="toys"),
        line("bo", "2012-02-02", 7),
    ]
    everything, fewer = snapshot(lines, "2012-02-29"), snapshot(lines, "2012-02-29", columns=(*REQUIRED, *optional))
    shared = [name for name in fewer.columns if name in everything.columns]
    assert shared == list(fewer.columns)  # none that only a company with fewer columns has
    pd.testing.assert_frame_equal(fewer[shared], everything[shared])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"kinds": ("order",)}, r"two features would be called order_count: 'orders so far' and, from tables\.interactions"),
        ({"kinds": ("interaction",)}, "two features would be called interaction_count"),
        ({"numeric": ("spend_sum",)}, r"called spend_sum: .* and, from tables\.customers, .*rename the word of your data"),
        ({"numeric": ("region_is_north",), "levels": {"region": ("north",)}}, "two features would be called region_is_north"),
    ],
)
def test_a_word_of_the_data_that_would_take_the_name_of_another_feature_is_refused(words: dict[str, Any], said: str) -> None:
    mapped = {"orders": REQUIRED, "interactions": ("kind",), "customers": ("customer_id",)}
    with pytest.raises(BadConfig, match=said):
        catalogue(Words(windows_days=(30,), horizon_days=90, mapped=mapped, **words))


def test_a_feature_of_a_family_that_is_not_wanted_is_a_step_where_another_follows_from_it() -> None:
    loyalty = EVERYTHING.model_copy(update={"families": ("loyalty",)})
    computed = {feature.name: feature for feature in steps_and_features(loyalty)}
    assert computed["order_day_count"].is_step  # has_reordered follows from it
    assert [name for name, feature in computed.items() if not feature.is_step] == [f.name for f in catalogue(loyalty)]
