"""The words a company's data brings, and the features of categories, on tables small enough to work out by hand."""

from __future__ import annotations

import math
from datetime import date

import pytest

from features.feature import slug
from features.vocabulary import choose_words
from tests.features.made_up import features_of, line, orders_table, project, snapshot


def test_category_features_count_the_orders_with_a_category_in_the_last_365_days() -> None:
    ada = [
        line("ada", "2020-03-01", 7, category="tea"),  # 366 days before 2021-03-02
        line("ada", "2020-03-02", 10, category="tea"),  # 365
        line("ada", "2021-03-01", 20, "basket", category="tea"),
        line("ada", "2021-03-01", 30, "basket", category="tea"),
        line("ada", "2021-03-01", 40, "basket", category="toys"),
        line("ada", "2021-03-01", 50, "basket"),
    ]
    row = features_of("ada", ada, "2021-03-02", categories=("tea", "toys"))
    assert (row["order_count_365d_of_tea"], row["spend_sum_365d_of_tea"], row["days_since_last_order_of_tea"]) == (2, 60, 1)
    assert (row["order_count_365d_of_toys"], row["spend_sum_365d_of_toys"]) == (1, 40)


def test_a_category_never_bought_has_no_orders_no_spend_and_no_last_order() -> None:
    lines = [
        line("ada", "2021-01-01", 10, category="tea"),
        line("bo", "2021-01-01", 10),
        line("cy", "2021-01-01", -10, category="toys"),
    ]
    rows = snapshot(lines, "2021-02-01", categories=("tea", "toys")).set_index("customer_id")
    assert list(rows.order_count_365d_of_toys) == [0, 0, 0]
    assert list(rows.spend_sum_365d_of_toys) == [0, 0, 0]
    assert all(math.isnan(days) for days in rows.days_since_last_order_of_toys)
    assert list(rows.order_count_365d_of_tea) == [1, 0, 0]


def test_a_category_last_bought_long_ago_keeps_its_last_order() -> None:
    row = features_of("ada", [line("ada", "2019-01-01", 10, category="tea")], "2021-01-01", categories=("tea",))
    assert (row["order_count_365d_of_tea"], row["days_since_last_order_of_tea"]) == (0, 731)


def test_main_categories_are_those_with_the_most_buyers_known_before_the_first_date() -> None:
    lines = [
        *[line(customer, "2021-01-01", 1, category="tea") for customer in ("ada", "bo")],
        *[line("ada", f"2021-01-0{day}", 100, category="toys") for day in (1, 2, 3)],  # one buyer, however much she buys
        line("bo", "2021-01-01", 1, category="bags"),
        line("bo", "2021-01-01", -5, category="refunded"),
        *[line(customer, "2021-02-01", 1, category="later") for customer in ("ada", "bo", "cy")],
        *[line(customer, "2021-01-01", 1, category="late", recorded_at="2021-02-01") for customer in ("ada", "bo", "cy")],
        line("cy", "2021-01-01", 1),
    ]
    before = date(2021, 2, 1)
    tables = {"orders": orders_table(lines)}
    assert choose_words(project(), tables, before).categories == ("tea", "bags", "toys")
    fewer = project(features={"main_category_count": 2})
    assert choose_words(fewer, tables, before).categories == ("tea", "bags")  # as many buyers: by name


@pytest.mark.parametrize(
    ("category", "name"),
    [("Tea & Baking", "tea_baking"), ("  toys!", "toys"), ("儿童 玩具", "儿童_玩具"), ("A_b", "a_b"), ("&&", "")],
)
def test_a_category_is_written_in_column_names_with_word_signs_only(category: str, name: str) -> None:
    assert slug(category) == name
