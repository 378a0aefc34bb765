"""The sections [tables.X]: contract columns, attributes, outcomes, encodings."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.mappings import TableMapping
from features.problems import BadConfig
from features.project import Project, read_project

HEAD = '[project]\nname = "shop"\ncurrency = "EUR"\n'
LABELS = '[tables.labels]\nfrom = "l.csv"\ncustomer_id = "id"\nas_of = "d"\n'
CUSTOMERS = '[tables.customers]\nfrom = "c.csv"\ncustomer_id = "id"\n'


def read(folder: Path, content: str) -> Project:
    (folder / "shop.toml").write_text(HEAD + content, encoding="utf-8")
    return read_project(folder / "shop.toml")


def customers(folder: Path, more: str) -> TableMapping:
    return read(folder, LABELS + 'churned = "left"\n' + CUSTOMERS + more).mappings()["customers"]


def problem(folder: Path, content: str) -> str:
    with pytest.raises(BadConfig) as caught:
        read(folder, content)
    (found,) = caught.value.problems
    return found.removeprefix(f"{folder / 'shop.toml'}: ")


def test_attributes_are_source_columns_or_expressions_and_come_after_the_contract(tmp_path: Path) -> None:
    mapping = customers(
        tmp_path,
        'categorical = ["city", "group"]\nacquired_at = "since"\n[tables.customers.numeric]\nage = "try_cast(age AS DOUBLE)"',
    )
    assert mapping.expressions() == {
        "customer_id": "id",
        "acquired_at": "since",
        "age": "try_cast(age AS DOUBLE)",
        "city": '"city"',
        "group": '"group"',  # a word of SQL, as a name
    }
    assert [(m.column.name, m.column.kind, m.key) for m in mapping.mapped()][2:] == [
        ("age", "number", "numeric.age"),
        ("city", "text", "categorical.city"),
        ("group", "text", "categorical.group"),
    ]


ATTRIBUTES = [
    (
        'numeric = ["Age"]',
        "tables.customers.numeric = ['Age']: 'Age' cannot be the name of an attribute (small letters, digits and _); "
        "give it one in the table form, e.g. age = '\"Age\"'",
    ),
    ('numeric = ["年龄"]', "give it one in the table form, e.g. my_name = '\"年龄\"'"),
    ('numeric = ["2nd age"]', "give it one in the table form, e.g. my_name = '\"2nd age\"'"),
    ('[tables.customers.categorical]\n"City Name" = "c"', "e.g. city_name = 'c'"),
    ('numeric = ["age", "age"]', "tables.customers.numeric = ['age', 'age']: age is there twice"),
    ('numeric = "age"', "tables.customers.numeric = 'age': expected a list of columns, or a table of names and SQL expressions"),
    ("numeric = [3]", "tables.customers.numeric = [3]: expected a list of columns"),
    ("[tables.customers.numeric]\nage = 3", "tables.customers.numeric.age = 3: expected text in quotes"),
    ('numeric = ["referred_by"]', "tables.customers: numeric has referred_by, a name that is taken; give it another in the table form"),
    ('categorical = ["reason"]', "tables.customers: categorical has reason, a name that is taken"),
    ('numeric = ["tier"]', "tables.customers: numeric has tier, a name that is taken; give it another in the table form"),
    ('numeric = ["clv_90d"]', "tables.customers: numeric has clv_90d, a name that is taken"),
    ('numeric = ["age"]\ncategorical = ["age"]', "tables.customers: categorical has age, a name that is taken"),
    ('numerical = ["age"]', "unknown key tables.customers.numerical; did you mean 'numeric'?"),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "expected"), ATTRIBUTES)
def test_an_attribute_that_cannot_be_is_named_with_what_to_do(tmp_path: Path, attributes: str, expected: str) -> None:
    assert expected in problem(tmp_path, LABELS + 'churned = "left"\n' + CUSTOMERS + attributes)


def test_only_customers_have_attributes(tmp_path: Path) -> None:
    assert "unknown key tables.labels.numeric" in problem(tmp_path, LABELS + 'churned = "left"\nnumeric = ["age"]')


def test_outcomes_may_be_any_number_of_purchases(tmp_path: Path) -> None:
    mapping = read(tmp_path, LABELS + 'bought_tea = "t > 0"\nvalue = "v"\nbought_toys_2 = "y"').mappings()["labels"]
    assert mapping.expressions() == {
        "customer_id": "id",
        "as_of": "d",
        "value": "v",
        "bought_tea": "t > 0",
        "bought_toys_2": "y",
    }
    assert {m.column.kind for m in mapping.mapped()[2:]} == {"number"}


OUTCOMES = [
    ("", "tables.labels: map at least one outcome: churned, value or bought_<name>"),
    ('bougth_tea = "t"', "unknown key tables.labels.bougth_tea; did you mean 'bought_<name>'?"),
    ('chruned = "t"', "unknown key tables.labels.chruned; did you mean 'churned'?"),
    ("bought_tea = 1", "tables.labels.bought_tea = 1: expected text in quotes"),
    ('bought_Tea = "t"', "tables.labels.bought_Tea = 'bought_Tea': expected bought_ and a name of small letters"),
    ('bought_ = "t"', "tables.labels = 'bought_': expected bought_ and a name of small letters"),
]  # fmt: skip


@pytest.mark.parametrize(("outcomes", "expected"), OUTCOMES)
def test_an_outcome_that_cannot_be_is_named(tmp_path: Path, outcomes: str, expected: str) -> None:
    assert expected in problem(tmp_path, LABELS + outcomes)


def test_an_encoding_is_any_text_codec_of_python(tmp_path: Path) -> None:
    for encoding in ("gbk", "GB18030", "cp1252", "utf-16", "utf-8-sig"):
        content = LABELS + f'churned = "left"\nencoding = "{encoding}"'
        assert read(tmp_path, content).mappings()["labels"].encoding == encoding


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("gbk2", "tables.labels.encoding = 'gbk2': no such text encoding; did you mean 'gbk'?"),
        ("base64", "tables.labels.encoding = 'base64': no such text encoding; "),
        ("undefined", "tables.labels.encoding = 'undefined': no such text encoding; "),
    ],
)
def test_an_encoding_that_is_none_is_named(tmp_path: Path, encoding: str, expected: str) -> None:
    assert expected in problem(tmp_path, LABELS + f'churned = "left"\nencoding = "{encoding}"')


@pytest.mark.parametrize("name", ["interactions", "surveys", "subscriptions", "treatments", "labels", "identities"])
def test_required_columns_of_every_table_are_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadConfig, match=rf"tables\.{name}\.customer_id is missing"):
        read(tmp_path, f'{LABELS}churned = "left"\n'.replace('customer_id = "id"\n', "" if name == "labels" else 'customer_id = "id"\n')
             + ("" if name == "labels" else f'[tables.{name}]\nfrom = "x.csv"\n'))  # fmt: skip


def test_every_setting_is_in_what_snapshots_are_made_from(tmp_path: Path) -> None:
    written = read(tmp_path, LABELS + 'bought_tea = "t"\n' + CUSTOMERS + 'numeric = ["age"]').model_dump_json(by_alias=True)
    assert '"bought_tea":"t"' in written
    assert '"age"' in written
