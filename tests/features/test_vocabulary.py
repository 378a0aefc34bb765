"""The words a company's data brings, and the features of categories, on tables small enough to work out by hand."""

from __future__ import annotations

import math
from datetime import date, datetime

import pytest

from features.feature import Words, slug
from features.problems import BadConfig
from features.project import Project
from features.vocabulary import choose_words
from tests.features.made_up import features_of, line, orders_table, project, rows_of
from tests.features.made_up_company import tables_of, types_of
from tests.reference.raw_rows import Answer, Asked, Company, Contact, Customer


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
    rows = rows_of(lines, "2021-02-01", categories=("tea", "toys")).set_index("customer_id")
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


def words(project: Project, company: Company, before: date = date(2021, 2, 1)) -> Words:
    mapping = project.mappings().get("customers")
    asked = Asked(numeric=tuple(getattr(mapping, "numeric", ())), levels=dict.fromkeys(getattr(mapping, "categorical", ()), ()))
    return choose_words(project, tables_of(company, types_of(company, asked)), before)


def contacts(**channel_of_kind: str) -> list[Contact]:
    return [Contact("ada", datetime(2021, 1, 1), channel, kind) for kind, channel in channel_of_kind.items()]


ORDERS = [line("ada", "2021-01-01", 10, category="tea")]


def test_main_kinds_and_channels_are_those_most_customers_had_before_the_first_date() -> None:
    early, late = datetime(2021, 1, 1), datetime(2021, 2, 1)
    interactions = [
        *[Contact(who, early, "web", "visit") for who in ("ada", "bo")],
        *[Contact("ada", early, "phone", "call") for _ in range(5)],
        *[Contact(who, late, "app", "later") for who in ("ada", "bo", "cy")],
        *[Contact(who, early, "app", "late", recorded_at=late) for who in ("ada", "bo", "cy")],
    ]
    found = words(project(), Company(orders=ORDERS, interactions=interactions))
    assert (found.kinds, found.channels) == (("visit", "call"), ("web", "phone"))
    fewer = project(features={"main_kind_count": 1, "main_channel_count": 0})
    found = words(fewer, Company(orders=ORDERS, interactions=interactions))
    assert (found.kinds, found.channels) == (("visit",), ())


def test_named_kinds_are_taken_in_their_order_and_unknown_ones_are_refused_with_the_nearest() -> None:
    company = Company(orders=ORDERS, interactions=contacts(visit="web", complaint="web"))
    assert words(project(features={"main_kinds": ["complaint", "visit"]}), company).kinds == ("complaint", "visit")
    with pytest.raises(BadConfig, match=r"features\.main_kinds: no interaction has kind 'complain'; did you mean 'complaint'"):
        words(project(features={"main_kinds": ["complain"]}), company)


def test_an_unknown_category_is_refused() -> None:
    with pytest.raises(BadConfig, match=r"features\.main_categories: no order has category 'teas'; did you mean 'tea'"):
        words(project(features={"main_categories": ["teas"]}), Company(orders=ORDERS))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("main_categories", r"features\.main_categories is set, but tables\.orders\.category is not mapped"),
        ("main_kinds", r"features\.main_kinds is set, but tables\.interactions is not mapped"),
    ],
)
def test_words_of_what_is_not_mapped_are_refused(key: str, said: str) -> None:
    company = Company(orders=ORDERS)
    tables = tables_of(company, types_of(company, Asked(), ("orders.category",)))
    with pytest.raises(BadConfig, match=said):
        choose_words(project(features={key: ["tea"]}), tables, date(2021, 2, 1))


def test_channels_that_share_a_column_name_are_refused() -> None:
    company = Company(orders=ORDERS, interactions=contacts(visit="E-mail", call="e mail"))
    with pytest.raises(BadConfig, match=r"tables\.interactions\.channel: the words .* share the column name \['e_mail'\]"):
        words(project(), company)


def test_instruments_are_those_with_an_answer_in_the_order_of_their_scales() -> None:
    answers = [Answer("ada", datetime(2021, 1, 1), name, 3) for name in ("ces", "nps")]
    assert words(project(), Company(orders=ORDERS, surveys=answers)).instruments == ("nps", "ces")
    assert words(project(), Company(orders=ORDERS)).instruments == ()


def test_levels_are_the_most_common_of_each_attribute_at_any_time() -> None:
    tables = {
        "orders": {"from": "orders.csv", "customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a"},
        "customers": {"from": "customers.csv", "customer_id": "c", "numeric": ["age"], "categorical": ["region"]},
    }
    regions = ["north", "north", "east", "west", "west", "west", None]
    customers = [Customer(str(number), attributes={"region": region}) for number, region in enumerate(regions)]
    two = project(tables=tables, features={"main_level_count": 2})
    found = words(two, Company(orders=ORDERS, customers=customers))
    assert (found.numeric, found.levels) == (("age",), {"region": ("north", "west")})  # east is rarer
    more = [*customers, *(Customer(f"{number}", attributes={"region": "north"}) for number in range(10, 20))]
    assert words(two, Company(orders=ORDERS, customers=more)).levels == found.levels  # in the same order


@pytest.mark.parametrize(
    ("category", "name"),
    [("Tea & Baking", "tea_baking"), ("  toys!", "toys"), ("儿童 玩具", "儿童_玩具"), ("A_b", "a_b"), ("&&", "")],
)
def test_a_category_is_written_in_column_names_with_word_signs_only(category: str, name: str) -> None:
    assert slug(category) == name
