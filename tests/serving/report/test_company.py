"""The section on the company: who is known, how many there were before, and the order of tiers."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from features.feature import Words
from features.snapshots import Manifest
from models.value.report import Grouping, Part
from serving.report.company import say_figure, who_is_known
from serving.report.value import _moves
from tests.serving.report.made_up_report import CUSTOMERS, in_words
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import page as page
from tests.serving.report.made_up_report import project as project
from tests.serving.report.made_up_report import scored as scored
from tests.serving.report.made_up_report import scorer as scorer
from tests.serving.report.made_up_report import snapshot as snapshot


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (("orders", "interactions"), "all with a row in orders so far"),
        (("orders", "customers"), "all with a row in orders or customers so far"),
        (("subscriptions", "customers", "labels"), "all with a row in subscriptions or customers so far"),
        (("labels", "customers"), "all who have a label of that date"),
    ],
)
def test_known_are_those_of_the_tables_that_tell_who_is_a_customer(tables: tuple[str, ...], said: str) -> None:
    assert who_is_known(Words(windows_days=(90,), horizon_days=90, mapped=dict.fromkeys(tables, ()))) == said


def test_new_and_active_customers_of_the_earlier_date_are_counted_too(page: str, snapshot: pd.DataFrame) -> None:
    new, active = ((snapshot[f"days_since_{which}_order"] <= days).sum() for which, days in (("first", 90), ("last", 365)))
    text = in_words(page)
    assert f"New customers first order in the last 90 days {new} {new} {CUSTOMERS}" in text
    assert f"Active customers an order in the last 365 days {active} {active} {CUSTOMERS}" in text


def test_an_nps_that_rounds_to_nothing_has_no_sign() -> None:
    assert [say_figure("nps", value) for value in (-0.4, 0.4, -0.6, 12.0)] == ["0", "0", "-1", "+12"]


def test_tiers_stand_from_the_highest_to_the_lowest_with_the_counts_that_are_theirs() -> None:
    parts = tuple(Part(name=name, name_zh="", customers=1, sums={}, mean_score=None) for name in ("bronze", "silver", "gold"))
    moved = ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16))
    heads, rows = _moves(Grouping(kind="tier", parts=parts, migration=moved))
    assert heads == ("gold", "silver", "bronze", "not known now")
    assert rows == (
        ("gold", ("11", "10", "9", "12")),
        ("silver", ("7", "6", "5", "8")),
        ("bronze", ("3", "2", "1", "4")),
        ("not known then", ("15", "14", "13", "16")),
    )


def test_the_pyramid_is_shown_from_its_top(page: str) -> None:
    tiers = page[page.index("<h3>Tiers</h3>") : page.index("<h3>Segments</h3>")]
    assert re.findall(r'<th scope="row">(\w+)<', tiers) == ["platinum", "gold", "silver", "bronze"]


def test_rows_that_models_learned_from_are_not_called_customers(page: str) -> None:
    learned = 3 * (CUSTOMERS - 10)
    assert f"that the models learned from: {learned} rows, one for each customer and date." in in_words(page)


def test_each_count_of_features_says_what_it_counts(page: str, manifest: Manifest) -> None:
    count, text = len(manifest.features()), in_words(page)
    assert f"of {count - 1} features have moved; the day of the year" in text
    assert f"features {count} of the snapshot" in text
