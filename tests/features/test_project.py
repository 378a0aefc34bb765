"""The mapping file: a typo fails at once, names its key and suggests the nearest valid one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from features.problems import BadConfig, nearest
from features.project import Settings, read_project, read_section

GOOD = """
[project]
name = "shop"
currency = "EUR"

[tables.orders]
from = "orders.csv"
customer_id = "c"
order_id = "o"
occurred_at = "t"
amount = "a"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.toml"


def problems_of(file: Path, content: str) -> tuple[str, ...]:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        read_project(file)
    return tuple(problem.removeprefix(f"{file}: ") for problem in caught.value.problems)


def test_a_short_file_is_enough_and_the_rest_are_defaults(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    project = read_project(file)
    assert (project.name, project.horizon, project.folder) == ("shop", timedelta(days=90), Path("out/shop"))
    assert project.features.windows_days == (30, 90, 180, 365)
    assert project.mappings()["orders"].expressions() == {
        "customer_id": "c",
        "order_id": "o",
        "occurred_at": "t",
        "amount": "a",
    }


def test_optional_columns_and_dates_are_read(file: Path) -> None:
    file.write_text(GOOD + 'quantity = "q"\nrecorded_at = "r"\n[dates]\njudged_at = 2011-09-09', encoding="utf-8-sig")
    project = read_project(file)
    assert list(project.mappings()["orders"].expressions()) == [
        "customer_id",
        "order_id",
        "occurred_at",
        "amount",
        "recorded_at",
        "quantity",
    ]
    assert project.dates.judged_at == date(2011, 9, 9)


UNKNOWN = [
    ("[project]", "[projet]", "unknown section [projet]; did you mean 'project'?"),
    ("[tables.orders]", "[table.orders]", "unknown section [table]; did you mean 'tables'?"),
    ("[tables.orders]", "[tables.order]", "unknown key tables.order; did you mean 'orders'?"),
    ("customer_id", "custmer_id", "unknown key tables.orders.custmer_id; did you mean 'customer_id'?"),
    ("from", "form", "unknown key tables.orders.form; did you mean 'from'?"),
    ("currency", "curency", "unknown key project.curency; did you mean 'currency'?"),
    ("[tables", "[dates]\njudgd_at = 2011-09-09\n[tables", "unknown key dates.judgd_at; did you mean 'judged_at'?"),
    ("[tables", "[features]\nwindow_days = [30]\n[tables", "unknown key features.window_days; did you mean 'windows_days'?"),
    (
        "[tables",
        "[quarantine.share_max_of]\nordrs = 0.1\n[tables",
        "unknown key quarantine.share_max_of.ordrs; did you mean 'orders'?",
    ),
    ("[tables", "[source]\ntimezone = 'UTC'\n[tables", "unknown key source.timezone; did you mean 'time_zone'?"),
    (
        "[tables",
        "[quarantine]\nxyz = 1\n[tables",
        "unknown key quarantine.xyz; valid: share_max, share_max_of, unknown_customers",
    ),
]


@pytest.mark.parametrize(("old", "new", "problem"), UNKNOWN)
def test_an_unknown_key_names_the_nearest_valid_one(file: Path, old: str, new: str, problem: str) -> None:
    assert problem in problems_of(file, GOOD.replace(old, new))


@pytest.mark.parametrize("key", ["customer_id", "order_id", "occurred_at", "amount", "from"])
def test_a_required_key_that_is_missing_is_named(file: Path, key: str) -> None:
    content = "\n".join(line for line in GOOD.splitlines() if not line.startswith(key))
    assert problems_of(file, content) == (f"tables.orders.{key} is missing",)


def test_missing_sections_are_named(file: Path) -> None:
    assert problems_of(file, "") == ("project is missing", "tables is missing")
    assert problems_of(file, GOOD.split("[tables")[0] + "[tables]") == (
        "tables: map at least one of orders, subscriptions, labels",
    )


def test_customers_must_come_from_somewhere(file: Path) -> None:
    content = GOOD.split("[tables")[0] + '[tables.customers]\nfrom = "c.csv"\ncustomer_id = "id"\n'
    assert problems_of(file, content) == ("tables: map at least one of orders, subscriptions, labels",)


def test_only_the_mapped_tables_are_there_in_the_order_of_the_contracts(file: Path) -> None:
    more = '[tables.labels]\nfrom = "l.csv"\ncustomer_id = "id"\nas_of = "d"\nchurned = "left"\n'
    file.write_text(GOOD.replace("[tables.orders]", more + "[tables.orders]"), encoding="utf-8")
    assert list(read_project(file).mappings()) == ["orders", "labels"]


WRONG = [
    ('name = "shop"', 'name = "My Shop"', "project.name = 'My Shop': expected small letters, digits and _"),
    ('name = "shop"', 'name = "../shop"', "project.name = '../shop': expected small letters, digits and _"),
    ('name = "shop"', "name = 3", "project.name = 3: expected text in quotes"),
    ('"EUR"', '"euro"', "project.currency = 'euro': expected three capital letters, as EUR"),
    ("[tables", "horizon_days = 0\n[tables", "project.horizon_days = 0: expected at least 1"),
    (
        "[tables",
        'horizon_days = "three months"\n[tables',
        "project.horizon_days = 'three months': expected a whole number",
    ),
    ('amount = "a"', "amount = 1", "tables.orders.amount = 1: expected text in quotes"),
    (
        "[tables",
        '[source]\nbackend = "duckbd"\n[tables',
        "source.backend = 'duckbd': expected 'duckdb', 'postgres' or 'pyspark'",
    ),
    (
        "[tables",
        '[source]\ntime_zone = "Asia/Shangai"\n[tables',
        "source.time_zone = 'Asia/Shangai': no such time zone; did you mean 'Asia/Shanghai'?",
    ),
    ("[tables", '[source]\ntime_zone = ""\n[tables', "source.time_zone = '': no such time zone; e.g. Asia/Shanghai"),
    ("[tables", '[source]\nbackend = "postgres"\n[tables', "source: backend postgres needs connection_from_env"),
    ("[tables", '[source]\nmaster = "yarn"\n[tables', "source: master is for backend pyspark, not duckdb"),
    (
        "[tables",
        '[source]\nconnection_from_env = "DB"\n[tables',
        "source: connection_from_env is for backend postgres, not duckdb",
    ),
    (
        "[tables",
        '[quarantine]\nunknown_customers = "drop"\n[tables',
        "quarantine.unknown_customers = 'drop': expected 'keep' or 'quarantine'",
    ),
    (
        "[tables",
        "[quarantine.share_max_of]\norders = 2\n[tables",
        "quarantine.share_max_of.orders = 2: expected less than 1",
    ),
    ("[tables", '[dates]\njudged_at = "soon"\n[tables', "dates.judged_at = 'soon': expected a date, as 2024-12-31"),
    ("[tables", "[quarantine]\nshare_max = 1.0\n[tables", "quarantine.share_max = 1.0: expected less than 1"),
    (
        "[tables",
        "[features]\nwindows_days = [30, 0]\n[tables",
        "features.windows_days.1 = 0: expected at least 1",
    ),
    ("[tables", "[features]\nwindows_days = [30, 30]\n[tables", "features.windows_days = [30, 30]: a window is there twice"),
    ("[tables", "dates = 3\n[tables", "unknown key project.dates"),
]


@pytest.mark.parametrize(("old", "new", "problem"), WRONG)
def test_a_wrong_value_is_shown_with_what_was_expected(file: Path, old: str, new: str, problem: str) -> None:
    (found,) = problems_of(file, GOOD.replace(old, new))
    assert found.startswith(problem)


def test_a_section_that_is_not_a_section_is_named(file: Path) -> None:
    (found,) = problems_of(file, "dates = 3\n" + GOOD)
    assert found.startswith("dates = 3: input should be a valid dictionary")


def test_all_problems_are_in_one_message(file: Path) -> None:
    content = (
        GOOD.replace("custome", "custme").replace('"EUR"', '"euro"').replace('amount = "a"', "")
        + "[date]\n[cohort]\norders_mn = 1"
    )
    found = problems_of(file, content)
    assert found[0] == "unknown section [date]; did you mean 'dates'?"
    assert {problem.split(" = ")[0].split(";")[0] for problem in found[1:]} == {
        "project.currency",
        "tables.orders.customer_id is missing",
        "tables.orders.amount is missing",
        "unknown key tables.orders.custmer_id",
        "unknown key cohort.orders_mn",
    }
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        read_project(file)
    assert str(caught.value).splitlines() == list(caught.value.problems)


def test_a_file_that_is_not_toml_is_named_with_the_place(file: Path) -> None:
    (found,) = problems_of(file, "[project]\nname = shop\n")
    assert found.startswith("not a readable TOML file: ")
    assert "line 2" in found


def test_a_file_that_is_not_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfig, match="not a readable TOML file"):
        read_project(file)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"nowhere\.toml: no such mapping file"):
        read_project(tmp_path / "nowhere.toml")
    with pytest.raises(BadConfig, match="not a readable TOML file"):
        read_project(tmp_path)


def test_a_limit_of_its_own_holds_for_one_table(file: Path) -> None:
    file.write_text(GOOD + "[quarantine]\nshare_max = 0.02\nshare_max_of.orders = 0.25", encoding="utf-8")
    quarantine = read_project(file).quarantine
    assert quarantine.share_max_and_key("orders") == (0.25, "quarantine.share_max_of.orders")
    assert quarantine.share_max_and_key("surveys") == (0.02, "quarantine.share_max")


class Trials(Settings):
    """A section of another package."""

    trial_count: int = 20


def test_another_package_reads_its_section_and_gets_defaults_where_the_file_is_silent(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    assert read_section(file, "training", Trials).trial_count == 20
    file.write_text(GOOD + "[training]\ntrial_count = 5", encoding="utf-8")
    assert read_section(file, "training", Trials).trial_count == 5
    file.write_text(GOOD + "[training]\ntrials_count = 5", encoding="utf-8")
    with pytest.raises(BadConfig, match=r"unknown key training\.trials_count; did you mean 'trial_count'\?"):
        read_section(file, "training", Trials)


def test_settings_cannot_be_changed(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    with pytest.raises(ValueError, match="frozen"):
        read_project(file).project.horizon_days = 30


def test_a_hint_names_the_nearest_word_or_lists_them_all() -> None:
    assert nearest("custmer_id", ["customer_id", "order_id"]) == "did you mean 'customer_id'?"
    assert nearest("zzz", ["b", "a"]) == "valid: a, b"
